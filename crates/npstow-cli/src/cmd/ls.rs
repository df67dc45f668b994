//! `npstow ls`: what is in a file, from its headers.
#![forbid(unsafe_code)]

use crate::args::Ls;
use crate::crew;
use crate::exit::{Exit, complain};
use crate::json::Json;
use crate::place::{Place, label, walk};
use crate::progress::Progress;
use crate::render::{self, Lines, Listing, Row, harmless};
use npstow::trees::Glob;
use npstow::{Error, Node, NodeKind, Result};
use std::path::Path;

pub(super) fn run(args: &Ls) -> Result<Exit> {
    let place = Place::new(&args.path);
    let top = place.node(&Progress::none())?;
    let from = top.clone();
    let (format, warning) = (from.file().format(), from.file().warning());
    let nodes = match args.globs.is_empty() {
        true => walk(top)?,
        false => found(&top, &args.globs)?,
    };
    if args.names {
        let names = nodes.iter().map(|node| harmless(&label(node.name(), &place.path)) + "\n");
        return super::print(&names.collect::<String>());
    }
    let is_alone = nodes.len() == 1;
    let (answer, mut errors) = match args.form.json {
        true => {
            let (rows, errors) = told(&nodes, |rows| rows.collect::<Vec<_>>());
            (Answer::Items(rows.into_iter().flatten().collect()), errors)
        }
        false => {
            let (lines, errors) = told(&nodes, |rows| lines(rows, &place, args.long));
            (Answer::Listing(Listing::of(lines)), errors)
        }
    };
    // One odd member does not hide the others; where there are no others, it is the answer.
    if is_alone && let Some(e) = errors.pop() {
        return Err(e);
    }
    errors.iter().for_each(|e| complain(&e.to_string()));
    let exit = Exit::worst(errors.iter().map(|e| e.kind().into()));
    match answer {
        Answer::Items(rows) => super::print(&items(rows, &place, format.name())?)?,
        Answer::Listing(listing) => super::print(&listing.text())?,
    };
    super::say_left_out(&from);
    if let Some(warning) = warning {
        complain(&format!("{}: {warning}", harmless(&place.path.to_string_lossy())));
    }
    Ok(exit)
}

/// What is answered, before anything is printed.
enum Answer {
    Items(Vec<Row>),
    Listing(Listing),
}

/// So many members are one thread's at a time.
const PIECE: usize = 128;

/// What `tell` makes of the rows of each piece, in order, and what could not be told of members.
fn told<T: Send>(
    nodes: &[Node],
    tell: impl Fn(&mut dyn Iterator<Item = Row>) -> T + Sync,
) -> (Vec<T>, Vec<Error>) {
    let pieces = crew::each(nodes.chunks(PIECE).collect(), |nodes: &[Node]| {
        let mut errors = Vec::new();
        let mut rows = nodes.iter().map(|node| {
            let (row, error) = row(node);
            errors.extend(error);
            row
        });
        let told = tell(&mut rows);
        (told, errors)
    });
    let (told, errors): (Vec<T>, Vec<Vec<Error>>) = pieces.into_iter().unzip();
    (told, errors.into_iter().flatten().collect())
}

/// For people: of thousands of members, each is written down before the next is looked at.
fn lines(rows: &mut dyn Iterator<Item = Row>, place: &Place, long: bool) -> Lines {
    // Without the folders: columns stay narrow, and whoever asks knows the path.
    let file = place.path.file_name().map_or(place.path.as_path(), Path::new);
    let mut lines = Lines::new(long);
    for mut row in rows {
        if row.name.is_empty() {
            row.name = label("", file);
        }
        lines.add(&row);
    }
    lines
}

/// For programs.
fn items(rows: Vec<Row>, place: &Place, format: &str) -> Result<String> {
    let items = rows.into_iter().map(|row| {
        let name = row.name.clone();
        render::item(row).map_err(|e| e.in_member(&name).in_path(&place.path))
    });
    let json = Json::Object(vec![
        ("path", place.path.to_string_lossy().into_owned().into()),
        ("format", format.into()),
        ("items", items.collect::<Result<Vec<_>>>()?.into()),
    ]);
    Ok(format!("{json}\n"))
}

fn found(top: &Node, globs: &[Glob]) -> Result<Vec<Node>> {
    let mut nodes = top.find(globs)?;
    if nodes.is_empty() && top.name().is_empty() {
        // A name that is there is no pattern, whatever it looks like.
        let named = globs.iter().filter_map(|glob| top.file().get(glob.as_str()).ok());
        nodes.extend(named.filter(|node| !node.name().is_empty()));
    }
    if nodes.is_empty() {
        let globs: Vec<&str> = globs.iter().map(Glob::as_str).collect();
        let what = format!("anything that matches '{}'", globs.join("' or '"));
        return Err(Error::not_found(what).in_member(top.name()).in_path(top.file().path()));
    }
    Ok(nodes)
}

/// What is told of a node, and what could not be.
fn row(node: &Node) -> (Row, Option<Error>) {
    let at = |e: Error| e.in_member(node.name()).in_path(node.file().path());
    let entry = match node.kind() {
        NodeKind::Group => Ok(None),
        _ => node.entry().map(Some),
    };
    let attributes = node.attributes().and_then(|all| render::attributes(all).map_err(at));
    let (name, kind) = (node.name().to_owned(), node.kind());
    let what = |e: &Error| Some(e.what().to_owned());
    let (entry, attributes, error, failed) = match (entry, attributes) {
        (Ok(entry), Ok(attributes)) => (entry, attributes, None, None),
        (Ok(entry), Err(e)) => (entry, Json::Null, what(&e), Some(e)),
        (Err(e), attributes) => (None, attributes.unwrap_or(Json::Null), what(&e), Some(e)),
    };
    (Row { name, kind, entry, attributes, error }, failed)
}
