//! `npstow ls`: what is in a file, from its headers.
#![forbid(unsafe_code)]

use crate::args::Ls;
use crate::exit::Exit;
use crate::json::Json;
use crate::place::{Place, label, walk};
use crate::progress::Progress;
use crate::render::{self, Row, harmless};
use npstow::trees::Glob;
use npstow::{Error, Node, NodeKind, Result};
use std::path::Path;

pub(super) fn run(args: &Ls) -> Result<Exit> {
    let place = Place::new(&args.path);
    let top = place.node(&Progress::none())?;
    let format = top.file().format();
    let nodes = match args.globs.is_empty() {
        true => walk(top)?,
        false => found(&top, &args.globs)?,
    };
    if args.names {
        let names = nodes.iter().map(|node| harmless(&label(node.name(), &place.path)) + "\n");
        return super::print(&names.collect::<String>());
    }
    let mut rows = nodes.iter().map(row).collect::<Result<Vec<_>>>()?;
    if !args.form.json {
        // Without the folders: columns stay narrow, and whoever asks knows the path.
        let file = place.path.file_name().map_or(place.path.as_path(), Path::new);
        for row in &mut rows {
            row.name = label(&row.name, file);
        }
        return super::print(&render::table(&rows, args.long));
    }
    let items = rows.into_iter().map(|row| {
        let name = row.name.clone();
        render::item(row).map_err(|e| e.in_member(&name).in_path(&place.path))
    });
    let json = Json::Object(vec![
        ("path", place.path.to_string_lossy().into_owned().into()),
        ("format", format.name().into()),
        ("items", items.collect::<Result<Vec<_>>>()?.into()),
    ]);
    super::print(&format!("{json}\n"))
}

fn found(top: &Node, globs: &[Glob]) -> Result<Vec<Node>> {
    let nodes = top.find(globs)?;
    if nodes.is_empty() {
        let globs: Vec<&str> = globs.iter().map(Glob::as_str).collect();
        let what = format!("anything that matches '{}'", globs.join("' or '"));
        return Err(Error::not_found(what).in_member(top.name()).in_path(top.file().path()));
    }
    Ok(nodes)
}

fn row(node: &Node) -> Result<Row> {
    let entry = match node.kind() {
        NodeKind::Group => None,
        _ => Some(node.entry()?),
    };
    let at = |e: Error| e.in_member(node.name()).in_path(node.file().path());
    let attributes = render::attributes(node.attributes()?).map_err(at)?;
    Ok(Row { name: node.name().to_owned(), kind: node.kind(), entry, attributes })
}
