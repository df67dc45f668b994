//! The commands, one a file: each opens, asks the library, and prints what `render` makes of it.
#![forbid(unsafe_code)]

mod append;
mod concat;
mod convert;
mod counts;
mod diff;
mod digest;
mod edit;
mod launder;
mod ls;
mod man;
mod meta;
mod repair;
mod salvage;
mod scan;
mod show;
mod survey;
mod verify;

use crate::args::{Cli, Command};
use crate::exit::{Exit, Failure, complain};
use crate::json::Json;
use npstow::{Error, Node, Result};
use std::io::{self, Write};

/// Does what the command line says.
pub(crate) fn run(cli: Cli) -> Result<Exit, Failure> {
    let quiet = cli.quiet;
    if cli.fill_missing {
        crate::place::fill_missing();
    }
    Ok(match cli.command {
        Command::Ls(args) => ls::run(&args)?,
        Command::Show(args) => show::run(&args)?,
        Command::Digest(args) => digest::run(&args, quiet)?,
        Command::Counts(args) => counts::run(&args)?,
        Command::Diff(args) => diff::run(&args, quiet)?,
        Command::Convert(args) => convert::run(&args, quiet)?,
        Command::Concat(args) => concat::run(&args, quiet)?,
        Command::Append(args) => append::run(&args, quiet)?,
        Command::Add(args) => edit::add(&args, quiet)?,
        Command::Rm(args) => edit::rm(&args, quiet)?,
        Command::Mv(args) => edit::mv(&args)?,
        Command::Compact(args) => edit::compact(&args, quiet)?,
        Command::Meta(args) => meta::run(&args)?,
        Command::Verify(args) => verify::run(&args, quiet)?,
        Command::Repair(args) => repair::run(&args, quiet)?,
        Command::Salvage(args) => salvage::run(&args)?,
        Command::Scan(args) => scan::run(&args)?,
        Command::Launder(args) => launder::run(&args, quiet)?,
        Command::Survey(args) => survey::run(&args, quiet)?,
        Command::Completions(args) => man::completions(&args)?,
        Command::Man(args) => man::run(&args)?,
    })
}

/// Writes an answer to standard output. Whoever closes it has seen enough: `npstow show x.npy |
/// head -1` is no failure. Data are another matter; see `target`.
fn print(text: &str) -> Result<Exit> {
    print_bytes(text.as_bytes())
}

fn print_bytes(bytes: &[u8]) -> Result<Exit> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => Err(Error::io("writing the answer", e)),
        _ => Ok(Exit::Done),
    }
}

/// The most lines about what was left out of one file.
const MOST_LEFT_OUT: usize = 10;

/// Says what at and below a node was left out: links to other files that were not followed, parts
/// of virtual datasets.
fn say_left_out(node: &Node) {
    let left_out = node.left_out();
    let path = node.file().path().display();
    for (name, why) in left_out.iter().take(MOST_LEFT_OUT) {
        let of = if name.is_empty() { String::new() } else { format!("{name}: ") };
        complain(&format!("{path}: left out: {of}{why}"));
    }
    if let more @ 1.. = left_out.len().saturating_sub(MOST_LEFT_OUT) {
        complain(&format!("{path}: left out: {more} more"));
    }
}

/// An error as an answer in JSON has it.
fn fault(e: &Error) -> Json {
    Json::Object(vec![
        ("kind", format!("{:?}", e.kind()).to_lowercase().into()),
        ("name", e.member().unwrap_or_default().into()),
        ("offset", e.offset().into()),
        ("what", e.what().into()),
    ])
}
