//! `npstow ls`: what is in a file, from its headers.
#![forbid(unsafe_code)]

use crate::args::Ls;
use crate::exit::Exit;
use crate::json::Json;
use crate::place::{Place, label, walk};
use crate::progress::Progress;
use crate::render::{self, Row};
use npstow::{Error, Node, NodeKind, Result};
use std::path::Path;

pub(super) fn run(args: &Ls) -> Result<Exit> {
    let place = Place::new(&args.path);
    let top = place.node(&Progress::none())?;
    let format = top.file().format();
    let mut rows = walk(top)?.iter().map(row).collect::<Result<Vec<_>>>()?;
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

fn row(node: &Node) -> Result<Row> {
    let entry = match node.kind() {
        NodeKind::Group => None,
        _ => Some(node.entry()?),
    };
    let at = |e: Error| e.in_member(node.name()).in_path(node.file().path());
    let attributes = render::attributes(node.attributes()?).map_err(at)?;
    Ok(Row { name: node.name().to_owned(), kind: node.kind(), entry, attributes })
}
