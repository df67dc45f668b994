//! `npstow digest`: a hash of the content of each array.
#![forbid(unsafe_code)]

use crate::args::Digest;
use crate::exit::Exit;
use crate::json::Json;
use crate::place::{Place, label, walk};
use crate::progress::Progress;
use crate::render;
use npstow::{Entry, Node, NodeKind, Result};
use std::fmt::Write;

pub(super) fn run(args: &Digest, quiet: bool) -> Result<Exit> {
    let place = Place::new(&args.path);
    let progress = Progress::new(quiet);
    let mut named = Vec::new();
    for node in walk(place.node(&progress)?)? {
        if node.kind() == NodeKind::Array {
            named.push((node.name().to_owned(), node.entry()?));
        }
        if args.attributes {
            named.extend(attributes(&node)?);
        }
    }
    progress.expect(named.iter().map(|(_, entry)| entry.nbytes() as u64).sum());
    let at = |name: &str, e: npstow::Error| e.in_member(name).in_path(&place.path);
    let (mut text, mut items) = (String::new(), Vec::new());
    for (name, entry) in &named {
        let hash = npstow::digest(entry).map_err(|e| at(name, e))?;
        if args.form.json {
            items.push(render::digest(name, entry, &hash).map_err(|e| at(name, e))?);
        } else {
            let label = render::harmless(&label(name, &place.path));
            let _ = writeln!(text, "{}  {label}", render::hex(&hash));
        }
    }
    if args.form.json {
        text = format!("{}\n", Json::List(items));
    }
    // The bar goes before the answer comes.
    drop((named, progress));
    super::print(&text)
}

fn attributes(node: &Node) -> Result<Vec<(String, Entry)>> {
    let named = |(name, entry)| (format!("{}@{name}", node.name()), entry);
    Ok(node.attributes()?.into_iter().map(named).collect())
}
