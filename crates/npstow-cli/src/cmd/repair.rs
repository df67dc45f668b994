//! `npstow repair`: takes away what a crash left behind.
#![forbid(unsafe_code)]

use crate::args::Repair;
use crate::exit::Exit;
use crate::json::Json;
use crate::render::harmless;
use npstow::{Result, npy};

pub(super) fn run(args: &Repair, quiet: bool) -> Result<Exit> {
    let did = match args.dry_run {
        true => npy::diagnose(&args.path)?,
        false => npy::repair(&args.path)?,
    };
    let path = args.path.to_string_lossy();
    if args.form.json {
        let json = Json::Object(vec![
            ("path", path.as_ref().into()),
            ("changed", (!did.is_clean() && !args.dry_run).into()),
            ("rows_before", did.rows_before.into()),
            ("rows_after", did.rows_after.into()),
            ("trimmed", did.trimmed.into()),
        ]);
        return super::print(&format!("{json}\n"));
    }
    if quiet {
        return Ok(Exit::Done);
    }
    super::print(&format!("{}: {}\n", harmless(&path), told(did, args.dry_run)))
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
