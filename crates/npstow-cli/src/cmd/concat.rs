//! `npstow concat`: the rows of many arrays or groups, one after another.
#![forbid(unsafe_code)]

use crate::args::Concat;
use crate::exit::Exit;
use crate::json::Json;
use crate::place::Place;
use crate::progress::Progress;
use crate::target::Target;
use npstow::trees::{ConcatOptions, Glob, concat};
use npstow::{Error, Format, Node, Result, Tree};
use std::ffi::OsStr;

pub(super) fn run(args: &Concat, quiet: bool) -> Result<Exit> {
    let (mut sources, mut from): (Vec<(Place, Tree)>, Vec<Node>) = (Vec::new(), Vec::new());
    let mut format = Format::Npy;
    for typed in &args.sources {
        for (place, node) in nodes(typed)? {
            format = node.file().format();
            sources.push((place, node.to_tree()?));
            from.push(node);
        }
    }
    let to = args.saving.to.map(Into::into);
    let target = Target::new(&args.target, to, format, (args.form.json, quiet))?;
    let groups: Vec<(String, &Tree)> =
        sources.iter().map(|(place, tree)| (place.to_string(), tree)).collect();
    let options = ConcatOptions::new(args.notes.into()).missing(args.missing.into());
    let joined = concat(&groups, &options)?;
    let progress = Progress::new(quiet);
    let (first, count) = (&sources[0].0, sources.len());
    target.save(joined, first, args.saving.options(), &progress)?;
    drop(progress);
    from.iter().for_each(super::say_left_out);
    if args.form.json {
        let mut answer = target.answer()?;
        answer.push(("joined", count.into()));
        super::print(&format!("{}\n", Json::Object(answer)))?;
    }
    Ok(Exit::Done)
}

/// What was typed for SRC: a place, or a pattern of places.
fn nodes(typed: &OsStr) -> Result<Vec<(Place, Node)>> {
    let place = Place::new(typed);
    let file = place.open(&Progress::none())?;
    let at = |e: Error| e.in_path(&place.path);
    let glob: Glob = place.name.parse().map_err(at)?;
    let found = file.get(&place.name);
    let nodes = match found {
        // A name that is there is no pattern, whatever it looks like.
        Err(_) if glob.is_pattern() => file.root().find(&[glob])?,
        found => vec![found.map_err(at)?],
    };
    if nodes.is_empty() {
        let what = format!("anything that matches '{}'", crate::render::harmless(&place.name));
        return Err(at(Error::not_found(what)));
    }
    let placed = |node: Node| {
        let path = place.path.clone();
        (Place { path, name: node.name().to_owned() }, node)
    };
    Ok(nodes.into_iter().map(placed).collect())
}
