//! Folders of arrays as NPFold keeps them, one JSON object on each line:
//!
//! ```text
//! folder show PATH           what NPFold::Load gives: groups, arrays with their digest, notes
//! folder nodata PATH         the same from headers and text files alone
//! folder copy PATH TARGET    as npstow writes folders
//! folder npfold PATH TARGET  as NP.hh reads them: converted, or refused by name
//! folder messages FILE       what comes through a pipe of NP.hh
//! folder body FILE           an array with metadata behind it
//! folder pack FILE TARGET    the arrays of messages, written as messages again
//! ```

use npstow::folder::{Profile, WriteOptions, transport, write_with};
use npstow::{Array, Error, Meta, Node, NodeKind, Notes, Result, WriteSink};
use std::fs::File;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    if let Err(e) = run(&words) {
        eprintln!("folder: {e}");
        std::process::exit(1);
    }
}

fn run(words: &[&str]) -> Result<()> {
    match words {
        ["show", path] => show(&npstow::open(path)?.root(), true),
        ["nodata", path] => show(&npstow::open(path)?.root(), false),
        ["copy", path, target] => copy(path, target, Profile::Native),
        ["npfold", path, target] => copy(path, target, Profile::NpFold),
        ["messages", path] => {
            let mut stream = open(path)?;
            while let Some(message) = transport::read_message(&mut stream)? {
                print_message(&message.array, &message.meta)?;
            }
            Ok(())
        }
        ["body", path] => {
            let message = transport::read_body(&mut open(path)?)?;
            print_message(&message.array, &message.meta)
        }
        ["pack", path, target] => {
            let create = |e| Error::io("creating", e).in_path(target);
            let mut out = WriteSink(File::create(target).map_err(create)?);
            let mut stream = open(path)?;
            while let Some(message) = transport::read_message(&mut stream)? {
                transport::write_message(&mut out, &message.array, &message.meta)?;
            }
            Ok(())
        }
        _ => Err(Error::invalid("folder show|nodata|copy|npfold|messages|body|pack PATH [TARGET]")),
    }
}

fn open(path: &str) -> Result<File> {
    File::open(path).map_err(|e| Error::io("opening", e).in_path(path))
}

fn copy(path: &str, target: &str, profile: Profile) -> Result<()> {
    // Described, not read: large arrays go through a few MiB of memory.
    let tree = npstow::open(path)?.root().to_tree()?;
    write_with(target, &tree, &WriteOptions::default().profile(profile))
}

/// A node and all below it, in order; a group first, then its arrays, then the groups in it.
fn show(node: &Node, data: bool) -> Result<()> {
    let Notes { meta, names, .. } = node.notes()?;
    println!(
        "{{\"kind\":\"fold\",\"path\":{},\"meta\":{},\"names\":{}}}",
        text(node.name()),
        text(meta.as_str()),
        list(&names)
    );
    let children = node.children()?;
    for child in children.iter().filter(|child| child.kind() == NodeKind::Array) {
        let entry = child.entry()?;
        let Notes { meta, names, labels } = child.notes()?;
        let (nbytes, digest) = match data {
            true => (entry.nbytes(), hex(&child.digest()?)),
            false => (0, String::new()),
        };
        println!(
            "{{\"kind\":\"array\",\"path\":{},\"dtype\":{},\"shape\":{:?},\"nbytes\":{nbytes},\
             \"sha256\":\"{digest}\",\"meta\":{},\"names\":{},\"labels\":{}}}",
            text(child.name()),
            text(&entry.dtype().to_string()),
            entry.shape(),
            text(meta.as_str()),
            list(&names),
            list(&labels)
        );
    }
    children.iter().filter(|child| child.kind() == NodeKind::Group).try_for_each(|c| show(c, data))
}

fn print_message(array: &Array, meta: &Meta) -> Result<()> {
    let mut bytes = Vec::new();
    npstow::npy::write_to(&mut bytes, array)?;
    let source = std::sync::Arc::new(npstow::MemorySource::new(bytes));
    let entry = npstow::npy::open_source(source, &npstow::Limits::default())?;
    println!(
        "{{\"dtype\":{},\"shape\":{:?},\"sha256\":\"{}\",\"meta\":{}}}",
        text(&array.dtype().to_string()),
        array.shape(),
        hex(&npstow::digest(&entry)?),
        text(meta.as_str())
    );
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn list(texts: &[String]) -> String {
    format!("[{}]", texts.iter().map(|item| text(item)).collect::<Vec<_>>().join(","))
}

/// A JSON string.
fn text(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c < ' ' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out + "\""
}
