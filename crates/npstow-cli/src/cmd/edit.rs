//! `npstow add`, `rm`, `mv`, `compact`: archives changed in place.
#![forbid(unsafe_code)]

use crate::args::{Add, Compact, Mv, Rm};
use crate::exit::Exit;
use crate::json::Json;
use crate::place::{Place, check_in_place, name_of, not_a};
use crate::progress::Progress;
use crate::render::harmless;
use crate::target::under;
use npstow::npz::{self, Editor, WriteOptions};
use npstow::{Durability, Error, ErrorKind, Format, Result};
use std::collections::HashSet;
use std::path::Path;

/// Says what is no archive before anything looks for one in it.
fn check(path: &Path) -> Result<()> {
    check_in_place(path)?;
    if path.is_dir() {
        let what = "changing a folder in place: change its files, or write it anew with convert";
        return Err(Error::unsupported(what).in_path(path));
    }
    Ok(())
}

pub(super) fn add(args: &Add, quiet: bool) -> Result<Exit> {
    let target = Place::new(&args.target);
    check(&target.path)?;
    let (mut trees, mut names, mut from) = (Vec::new(), Vec::new(), Vec::new());
    for typed in &args.sources {
        let place = Place::new(typed);
        let node = place.node(&Progress::none())?;
        let tree = node.to_tree()?;
        names.push(new_name(&target.name, &place, args.sources.len() == 1)?);
        trees.push(tree);
        from.push(node);
    }
    let mut options = WriteOptions::default().durability(args.durability.get());
    if let Some(level) = args.compress {
        options = options.compress(level);
    }
    let editor = Editor::open_with(&target.path, &options);
    let mut editor = editor.map_err(|e| not_a(Format::Npz, "changing", &target.path, e))?;
    let progress = Progress::new(quiet);
    for (name, tree) in names.iter().zip(progress.watch(trees)?) {
        if args.replace {
            match editor.remove(name) {
                Err(e) if e.kind() == ErrorKind::NotFound => {}
                done => done?,
            }
        }
        editor.add_tree(&under(tree, name)?)?;
    }
    editor.commit()?;
    drop(progress);
    from.iter().for_each(super::say_left_out);
    told(&target.path, "added", &names, args.form.json, quiet)
}

/// What a source is called in the archive.
fn new_name(asked: &str, source: &Place, is_alone: bool) -> Result<String> {
    let asked = asked.trim_matches('/');
    if is_alone && !asked.is_empty() {
        return Ok(asked.to_owned());
    }
    let own = name_of(source).ok_or_else(|| {
        Error::invalid("a source without a name: say one, as in run.npz:photon")
            .in_path(&source.path)
    })?;
    Ok(if asked.is_empty() { own } else { format!("{asked}/{own}") })
}

fn editor(path: &Path, durability: Durability) -> Result<Editor> {
    let editor = Editor::open_with(path, &WriteOptions::default().durability(durability));
    editor.map_err(|e| not_a(Format::Npz, "changing", path, e))
}

pub(super) fn rm(args: &Rm, quiet: bool) -> Result<Exit> {
    check(&args.path)?;
    let names = matching(args)?;
    let mut editor = editor(&args.path, args.durability.get())?;
    names.iter().try_for_each(|name| editor.remove(name))?;
    editor.commit()?;
    told(&args.path, "removed", &names, args.form.json, quiet)
}

/// The names that match; of a group that does, not what is in it.
fn matching(args: &Rm) -> Result<Vec<String>> {
    let file = npstow::open(&args.path)?;
    let root = file.root();
    let mut names: Vec<String> = Vec::new();
    let mut odd = HashSet::new();
    for glob in &args.names {
        // A name that is there means just that one, whatever else it would match as a pattern.
        if let Some(node) = file.get(glob.as_str()).ok().filter(|node| !node.name().is_empty()) {
            odd.extend(node.is_odd().then(|| node.name().to_owned()));
            names.push(node.name().to_owned());
            continue;
        }
        let found = root.find(std::slice::from_ref(glob))?;
        if found.is_empty() {
            let what = format!("anything that matches '{}'", harmless(glob.as_str()));
            return Err(Error::not_found(what).in_path(&args.path));
        }
        let odd_ones = found.iter().filter(|node| node.is_odd());
        odd.extend(odd_ones.map(|node| node.name().to_owned()));
        names.extend(found.iter().map(|node| node.name().to_owned()));
    }
    let all: HashSet<&str> = names.iter().map(String::as_str).collect();
    let is_within = |name: &&String| {
        // What its steps look like says nothing of an odd name.
        !odd.contains(*name)
            && name
                .match_indices('/')
                .any(|(at, _)| name.get(..at).is_some_and(|top| all.contains(top)))
    };
    let mut top: Vec<String> = names.iter().filter(|name| !is_within(name)).cloned().collect();
    let mut known = HashSet::new();
    top.retain(|name| known.insert(name.clone()));
    // Of an array and a group of one name the array goes first: what is left of the name is clear.
    top.sort_by_key(|name| !name.ends_with(".npy"));
    Ok(top)
}

pub(super) fn mv(args: &Mv) -> Result<Exit> {
    check(&args.path)?;
    let mut editor = editor(&args.path, args.durability.get())?;
    // An odd name may begin with a slash.
    let from = npstow::open(&args.path)?.get(&args.from).map(|node| node.name().to_owned());
    let from = from.unwrap_or_else(|_| args.from.trim_matches('/').to_owned());
    editor.rename(&from, args.to.trim_matches('/'))?;
    editor.commit()?;
    if args.form.json {
        let json = Json::Object(vec![
            ("path", args.path.to_string_lossy().into_owned().into()),
            ("from", args.from.as_str().into()),
            ("to", args.to.as_str().into()),
        ]);
        return super::print(&format!("{json}\n"));
    }
    Ok(Exit::Done)
}

pub(super) fn compact(args: &Compact, quiet: bool) -> Result<Exit> {
    check(&args.path)?;
    let done = npz::compact(&args.path, args.durability.get());
    let done = done.map_err(|e| not_a(Format::Npz, "compacting", &args.path, e))?;
    let path = args.path.to_string_lossy();
    if args.form.json {
        let json = Json::Object(vec![
            ("path", path.as_ref().into()),
            ("nbytes_before", done.before.into()),
            ("nbytes_after", done.after.into()),
        ]);
        return super::print(&format!("{json}\n"));
    }
    if quiet {
        return Ok(Exit::Done);
    }
    super::print(&format!("{}: {} bytes, {} before\n", harmless(&path), done.after, done.before))
}

fn told(
    path: &Path,
    verb: &'static str,
    names: &[String],
    json: bool,
    quiet: bool,
) -> Result<Exit> {
    let path = path.to_string_lossy();
    if json {
        let names = names.iter().map(|name| name.as_str().into()).collect::<Vec<Json>>();
        let json = Json::Object(vec![("path", path.as_ref().into()), (verb, names.into())]);
        return super::print(&format!("{json}\n"));
    }
    if quiet {
        return Ok(Exit::Done);
    }
    let lines = names.iter().map(|name| harmless(&format!("{path}: {name} {verb}")) + "\n");
    super::print(&lines.collect::<String>())
}
