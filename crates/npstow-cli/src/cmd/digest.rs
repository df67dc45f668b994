//! `npstow digest`: a hash of the content of each array.
#![forbid(unsafe_code)]

use crate::args::Digest;
use crate::exit::{Exit, complain};
use crate::json::Json;
use crate::place::{Place, label, walk};
use crate::progress::Progress;
use crate::render;
use npstow::{Attribute, Entry, Format, Limits, Node, NodeKind, Result, pickle};
use std::fmt::Write;
use std::path::Path;

pub(super) fn run(args: &Digest, quiet: bool) -> Result<Exit> {
    let place = Place::new(&args.path);
    let progress = Progress::new(quiet);
    let top = place.node(&progress)?;
    let mut nodes = walk(top.clone())?;
    let from = top.clone();
    if args.attributes && top.name().is_empty() && top.kind() == NodeKind::Group {
        // The root has no line of its own, but it may have attributes.
        nodes.insert(0, top);
    }
    let leaves: Vec<&Node> = nodes.iter().filter(|node| node.kind() != NodeKind::Group).collect();
    let mut total = 0;
    for leaf in &leaves {
        total += leaf.entry().map_or(0, |entry| entry.nbytes() as u64);
    }
    progress.expect(total);
    let mut answer = Answer { text: String::new(), items: Vec::new(), json: args.form.json };
    let mut errors = Vec::new();
    for node in &nodes {
        // One that cannot be read does not hide the others.
        if let Err(e) = answer.node(node, args.attributes, &place.path) {
            if answer.json {
                answer.items.push(render::no_digest(node.name(), &e));
            }
            errors.push(e);
        }
    }
    // The bar goes before the answer comes.
    let is_alone = leaves.len() == 1;
    drop((nodes, progress));
    super::say_left_out(&from);
    if is_alone && let Some(e) = errors.pop() {
        return Err(e);
    }
    errors.iter().for_each(|e| complain(&e.to_string()));
    let text = if answer.json { format!("{}\n", Json::List(answer.items)) } else { answer.text };
    super::print(&text)?;
    Ok(Exit::worst(errors.iter().map(|e| e.kind().into())))
}

/// What is printed at the end.
struct Answer {
    text: String,
    items: Vec<Json>,
    json: bool,
}

impl Answer {
    fn node(&mut self, node: &Node, attributes: bool, path: &Path) -> Result<()> {
        match node.kind() {
            NodeKind::Group => {}
            NodeKind::Value => {
                let hash = node.digest()?;
                let name = node.name();
                self.add(&label(name, path), &hash, render::value_digest(name, &hash));
            }
            _ => {
                let entry = node.entry()?;
                self.array(node.name(), &entry, path)?;
                let lists_one =
                    matches!(node.file().format(), Format::Npy | Format::Npz | Format::Folder);
                if lists_one && entry.is_objects() {
                    self.within(node.name(), &entry, path)?;
                }
            }
        }
        if attributes {
            for (name, attribute) in node.attributes()? {
                if let Attribute::Array(entry) = attribute {
                    self.array(&format!("{}@{name}", node.name()), &entry, path)?;
                }
            }
        }
        Ok(())
    }

    /// Arrays in an array of objects, by the element that each is first met in: `x[7]/weights`.
    fn within(&mut self, name: &str, entry: &Entry, path: &Path) -> Result<()> {
        let at = |e: npstow::Error| e.in_member(name).in_path(path);
        let value = entry.value()?;
        for (inner, entry) in pickle::arrays_in(&value, &Limits::default()).map_err(at)? {
            let name = match inner.strip_prefix("items/") {
                Some(step) => {
                    let (index, rest) = step.split_at(step.find('/').unwrap_or(step.len()));
                    format!("{name}[{index}]{rest}")
                }
                None if name.is_empty() => inner,
                None => format!("{name}/{inner}"),
            };
            self.array(&name, &entry, path)?;
        }
        Ok(())
    }

    fn array(&mut self, name: &str, entry: &Entry, path: &Path) -> Result<()> {
        let at = |e: npstow::Error| e.in_member(name).in_path(path);
        let hash = npstow::digest(entry).map_err(at)?;
        let json = match self.json {
            true => render::digest(name, entry, &hash).map_err(at)?,
            false => Json::Null,
        };
        self.add(&label(name, path), &hash, json);
        Ok(())
    }

    fn add(&mut self, label: &str, hash: &[u8; 32], json: Json) {
        if self.json {
            self.items.push(json);
        } else {
            let _ = writeln!(self.text, "{}  {}", render::hex(hash), render::harmless(label));
        }
    }
}
