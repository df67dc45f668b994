//! `npstow repair`: takes away what a crash left behind.
#![forbid(unsafe_code)]

use crate::args::Repair;
use crate::exit::Exit;
use crate::json::Json;
use crate::place::{check_in_place, not_a};
use crate::render::harmless;
use npstow::{Error, Format, Result, hdf5, npy, npz};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

pub(super) fn run(args: &Repair, quiet: bool) -> Result<Exit> {
    check_in_place(&args.path)?;
    let path = args.path.to_string_lossy();
    let named = |e| not_a(Format::Npy, "repairing", &args.path, e);
    let (changed, mut facts, text) = match kind(&args.path).map_err(named)? {
        Kind::Archive => {
            archive(args).map_err(|e| not_a(Format::Npz, "repairing", &args.path, e))?
        }
        Kind::Hdf5 => hdf5(args)?,
        Kind::Array => array(args).map_err(named)?,
    };
    if args.form.json {
        let mut json: Vec<(&'static str, Json)> = vec![("path", path.as_ref().into())];
        json.push(("changed", (changed && !args.dry_run).into()));
        json.append(&mut facts);
        return super::print(&format!("{}\n", Json::Object(json)));
    }
    if quiet {
        return Ok(Exit::Done);
    }
    super::print(&format!("{}: {text}\n", harmless(&path)))
}

/// What is repaired.
enum Kind {
    Array,
    Archive,
    Hdf5,
}

/// By the first bytes, since what is torn does not open.
fn kind(path: &Path) -> Result<Kind> {
    let mut start = [0; 8];
    let failed = |e| Error::io("opening", e).in_path(path);
    let mut file = File::open(path).map_err(failed)?;
    match file.read_exact(&mut start) {
        Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => return Ok(Kind::Array),
        done => done.map_err(failed)?,
    }
    Ok(match &start {
        [b'P', b'K', ..] => Kind::Archive,
        b"\x89HDF\r\n\x1a\n" => Kind::Hdf5,
        [0x93, b'N', ..] => Kind::Array,
        // There may be anything in front of an archive.
        _ if npstow::open(path).is_ok_and(|file| file.format() == Format::Npz) => Kind::Archive,
        _ => Kind::Array,
    })
}

/// Whether something is to be done, what is told in JSON, and in words.
type Told = (bool, Vec<(&'static str, Json)>, String);

fn array(args: &Repair) -> Result<Told> {
    let did = match args.dry_run {
        true => npy::diagnose(&args.path)?,
        false => npy::repair(&args.path)?,
    };
    let facts = vec![
        ("rows_before", did.rows_before.into()),
        ("rows_after", did.rows_after.into()),
        ("trimmed", did.trimmed.into()),
    ];
    Ok((!did.is_clean(), facts, told(did, args.dry_run)))
}

fn archive(args: &Repair) -> Result<Told> {
    let trimmed = match args.dry_run {
        true => npz::diagnose(&args.path)?.trimmed,
        false => npz::repair(&args.path)?.trimmed,
    };
    let text = match (trimmed, args.dry_run) {
        (0, _) => "whole, nothing to do".to_owned(),
        (n, true) => format!("{n} bytes behind the archive would be cut off"),
        (n, false) => format!("{n} bytes behind the archive cut off"),
    };
    Ok((trimmed > 0, vec![("trimmed", trimmed.into())], text))
}

fn hdf5(args: &Repair) -> Result<Told> {
    let did = match args.dry_run {
        true => hdf5::diagnose(&args.path)?,
        false => hdf5::repair(&args.path)?,
    };
    let text = match (did.was_open, args.dry_run) {
        (false, _) => "whole, nothing to do",
        (true, true) => "it would no longer be marked as open for writing",
        (true, false) => "no longer marked as open for writing",
    };
    Ok((did.was_open, vec![("was_open", did.was_open.into())], text.to_owned()))
}

fn told(did: npy::Repair, dry_run: bool) -> String {
    if did.is_clean() {
        return "whole, nothing to do".to_owned();
    }
    let rows = match did.rows_before == did.rows_after {
        true => format!("{} rows", did.rows_after),
        false => format!("{} of {} rows", did.rows_after, did.rows_before),
    };
    let verb = if dry_run { "would be " } else { "" };
    format!("{rows} {verb}kept, {} bytes behind them {verb}cut off", did.trimmed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done() {
        let did =
            |rows_before, rows_after, trimmed| npy::Repair { rows_before, rows_after, trimmed };
        assert_eq!(told(did(3, 3, 0), false), "whole, nothing to do");
        assert_eq!(told(did(3, 3, 5), false), "3 rows kept, 5 bytes behind them cut off");
        assert_eq!(
            told(did(3, 2, 1), true),
            "2 of 3 rows would be kept, 1 bytes behind them would be cut off"
        );
    }
}
