//! What the command line may say: the definitions that parsing, help, completions and the manual
//! come from.
#![forbid(unsafe_code)]

mod choice;
mod edit;
mod read;
mod write;

pub(crate) use edit::{Add, Compact, Meta, MetaAction, Mv, Repair, Rm, Salvage};
pub(crate) use read::{Counts, Diff, Digest, Ls, Scan, Show, Survey, Verify};
pub(crate) use write::{Append, Concat, Convert, Launder};

use crate::exit::Failure;
use clap::{Args, Parser, Subcommand};
use std::ffi::OsString;
use std::path::PathBuf;

const AFTER: &str = "\
PATH is a file or folder, may name something inside (run.npz:photon), and - is standard input or
output.

Exit codes: 0 done; 1 the data differ or are invalid; 2 wrong usage; 3 could not read or write.
Errors are one line: npstow: PATH: NAME: at byte N: expected ..., found ...";

/// Lists, shows, checks and converts files that hold NumPy arrays.
///
/// Never runs code found in a file, and refuses what it cannot do rightly.
#[derive(Debug, Parser)]
#[command(name = "npstow", version, verbatim_doc_comment)]
#[command(after_help = AFTER, disable_help_subcommand = true)]
pub(crate) struct Cli {
    /// No progress bar and no remarks
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Read missing parts of virtual datasets (HDF5) as the fill value, and say which
    #[arg(long, global = true)]
    pub(crate) fill_missing: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Ls(Ls),
    Show(Show),
    Digest(Digest),
    Counts(Counts),
    Diff(Diff),
    Convert(Convert),
    Concat(Concat),
    Append(Append),
    Add(Add),
    Rm(Rm),
    Mv(Mv),
    Compact(Compact),
    Meta(Meta),
    Verify(Verify),
    Scan(Scan),
    Launder(Launder),
    Repair(Repair),
    Salvage(Salvage),
    Survey(Survey),
    Completions(Completions),
    Man(Man),
}

/// The other form of every answer.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Form {
    /// Answer in JSON, for programs
    #[arg(long)]
    pub(crate) json: bool,
}

/// Print completions for a shell
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "Examples:
  npstow completions bash > /etc/bash_completion.d/npstow
  npstow completions fish > ~/.config/fish/completions/npstow.fish"
)]
pub(crate) struct Completions {
    /// The shell
    pub(crate) shell: clap_complete::Shell,
}

/// Print the manual page, or write one for each command into a folder
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "Examples:
  npstow man | man -l -
  npstow man /usr/local/share/man/man1"
)]
pub(crate) struct Man {
    /// The folder; it is made where it is not there
    #[arg(value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,
}

/// Understands the words of the command line.
pub(crate) fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Cli, Failure> {
    Cli::try_parse_from(words).map_err(Failure::Usage)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;
    use npstow::trees::NotesPolicy;
    use npstow::{Durability, MemoryOrder, Order, npy::Version};

    fn parsed(line: &str) -> Result<Cli, Failure> {
        parse(line.split(' ').map(OsString::from))
    }

    #[test]
    fn the_definitions_hold_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn choices_are_typed() {
        let cli =
            parsed("npstow convert -q a - --order F --byte-order native --format-version 2.0");
        let Ok(Cli { quiet: true, command: Command::Convert(convert), .. }) = cli else { panic!() };
        assert_eq!(convert.order.get::<MemoryOrder>(), Some(MemoryOrder::F));
        assert_eq!(convert.byte_order.get::<Order>(), Some(Order::NATIVE));
        assert_eq!(convert.format_version.get(), Some(Version::V2));
        assert_eq!(convert.saving.durability.get(), Durability::Replace);
        let cli = parsed("npstow convert a b --order keep --durability full");
        let Ok(Cli { quiet: false, command: Command::Convert(convert), .. }) = cli else {
            panic!()
        };
        assert_eq!(convert.order.get::<MemoryOrder>(), None);
        assert_eq!(convert.byte_order.get::<Order>(), None);
        assert_eq!(convert.format_version.get(), None);
        assert_eq!(convert.saving.durability.get(), Durability::Full);
    }

    #[test]
    fn a_level_needs_its_sign() {
        for (line, level) in [("--compress", Some(6)), ("--compress=0", Some(0)), ("-q", None)] {
            let cli = parsed(&format!("npstow convert {line} a b"));
            let Ok(Cli { command: Command::Convert(convert), .. }) = cli else { panic!("{line}") };
            assert_eq!(convert.saving.compress, level, "{line}");
        }
        let Ok(Cli { command: Command::Concat(concat), .. }) = parsed("npstow concat a b c") else {
            panic!()
        };
        assert_eq!(
            (concat.sources.len(), NotesPolicy::from(concat.notes)),
            (2, NotesPolicy::First)
        );
    }

    #[test]
    fn slices_may_begin_with_a_minus() {
        for line in ["npstow show x -s -1", "npstow show x --slice=-5:,0", "npstow show - n -s ..."]
        {
            assert!(parsed(line).is_ok(), "{line}");
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for line in [
            "npstow",
            "npstow ls",
            "npstow ls x --yaml",
            "npstow ls x --json -l",
            "npstow show x -s 1:2:0x",
            "npstow show x --as float7",
            "npstow show x --as bfloat16 --json",
            "npstow convert a b --order c",
            "npstow convert a b --to zarr",
            "npstow convert a b --compress=13",
            "npstow ls a b[",
            "npstow ls a --names --json",
            "npstow diff a",
            "npstow diff a b --rtol x",
            "npstow concat a",
            "npstow concat a b --notes all",
            "npstow append a b --repeat -1",
            "npstow meta",
            "npstow meta set a k",
            "npstow meta rm a",
            "npstow completions tcl",
        ] {
            assert!(matches!(parsed(line), Err(Failure::Usage(_))), "{line}");
        }
    }
}
