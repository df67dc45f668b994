//! What the command line may say: the definitions that parsing, help, completions and the manual
//! come from.
#![forbid(unsafe_code)]

mod choice;
mod edit;
mod later;
mod read;
mod write;

pub(crate) use edit::{Add, Compact, Meta, MetaAction, Mv, Repair, Rm, Salvage};
pub(crate) use read::{Counts, Diff, Digest, Ls, Scan, Show, Survey, Verify};
pub(crate) use write::{Append, Concat, Convert, Launder};

use self::later::Later;
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
    /// List every array: name, dtype, shape, order, size, and how it is stored
    ///
    /// Only headers are read, however large the file. In a GLOB, * is any text within one step of a
    /// path, ** any text across steps, ? one character, [a-z] one of these.
    #[command(verbatim_doc_comment)]
    Ls(Later<Ls>),
    /// Show an array as NumPy prints it, large ones in summary
    ///
    /// Of a large array only what is shown is read. A slice is what stands between the brackets of
    /// x[...]; these may be written too, so '[[1,5]]' is x[[1,5]], and so is '[1,5]'; '1,5' is x[1,5].
    #[command(verbatim_doc_comment)]
    Show(Later<Show>),
    /// Print a SHA-256 of each array's content
    ///
    /// It does not depend on the format, the byte order or the memory order.
    #[command(verbatim_doc_comment)]
    Digest(Later<Digest>),
    /// Print how many rows the arrays of each group have
    ///
    /// Only headers are read. A line for each group, a column for each name.
    #[command(verbatim_doc_comment)]
    Counts(Later<Counts>),
    /// Tell what differs: names, dtypes, shapes, values, metadata
    ///
    /// The two may be of different formats. Byte order, memory order and compression are no
    /// differences. Numbers are equal where |A - B| <= ATOL + RTOL * |B|, as for numpy.isclose; without
    /// the options, only where they are the same. Exit code 1 where anything differs.
    #[command(verbatim_doc_comment)]
    Diff(Later<Diff>),
    /// Write arrays anew: in another format, order, byte order or place
    ///
    /// Array by array and piece by piece, so that memory stays bounded, whatever the size. Without
    /// options each array has the very bytes of numpy.save. An old DST is replaced only when the new
    /// one is whole; it may be SRC itself.
    #[command(verbatim_doc_comment)]
    Convert(Later<Convert>),
    /// Write the rows of several arrays or groups, one after another
    ///
    /// Groups are joined array by array; each must have the same arrays, with the same dtypes and
    /// shapes of rows. Memory stays bounded, whatever the size.
    #[command(verbatim_doc_comment)]
    Concat(Later<Concat>),
    /// Add the rows of one array to the end of another, in place
    ///
    /// A reader of DST sees the old rows or the new ones, and so does everyone after a crash.
    /// DST is a .npy file, or a dataset of HDF5 in chunks whose first axis may grow.
    #[command(verbatim_doc_comment)]
    Append(Later<Append>),
    /// Add arrays and groups to an archive, in place
    ///
    /// What is there is not written again. A reader sees the old archive or the new one, and so does
    /// everyone after a crash. What is added has its own name (its last step, or that of its file)
    /// unless NAME says another one; several go into the group NAME. The archive has to be there:
    /// convert makes one.
    #[command(verbatim_doc_comment)]
    Add(Later<Add>),
    /// Take arrays and groups out of an archive, in place
    ///
    /// They go on taking room until compact writes the archive anew.
    #[command(verbatim_doc_comment)]
    Rm(Later<Rm>),
    /// Give an array or a group of an archive another name, in place
    ///
    /// Its bytes are copied as they are packed, and the old ones take room until compact.
    #[command(verbatim_doc_comment)]
    Mv(Later<Mv>),
    /// Write an archive anew without what was replaced or removed
    ///
    /// Members are copied as they are packed, and stored ones are aligned so that they can be mapped.
    /// What stands in front of the archive stays there, up to the first member that was removed.
    #[command(verbatim_doc_comment)]
    Compact(Later<Compact>),
    /// Read and change metadata: a value for each key, beside an array or a group
    ///
    /// Folders have it in text files as NPFold does, archives in members of the same names. Of HDF5,
    /// attributes that are text are printed, and none is changed.
    #[command(verbatim_doc_comment)]
    Meta(Later<Meta>),
    /// Read everything and report each fault: sizes, structure, invalid values
    #[command(verbatim_doc_comment)]
    Verify(Later<Verify>),
    /// List every class and function that the pickles in a file name, without loading them
    ///
    /// Pickles, dumps of joblib, arrays of objects in NPY, NPZ and folders, other members of archives,
    /// checkpoints of PyTorch, shelves.
    ///
    /// CLASS says what is known of a name: data, which npstow rebuilds; harmless; unknown; code, which
    /// is known to run code or to reach for such. Pickles within pickles are looked into. npstow itself
    /// runs none of them. Exit code 1 where anything is unknown or code, or the pickle is broken.
    #[command(verbatim_doc_comment)]
    Scan(Later<Scan>),
    /// Write a pickle or a joblib dump anew with nothing in it but data
    ///
    /// What npstow knows to be data stays what it is; every other object, class or function becomes a
    /// dictionary that says what it was, as show --json does: {'$object': {'class': ..., 'args': ...}}.
    /// Loading the result in Python runs no code but that of numpy, datetime and the like.
    #[command(verbatim_doc_comment)]
    Launder(Later<Launder>),
    /// Make a file whole again after a crash of the program that wrote it
    ///
    /// Of a .npy file, bytes behind the data are cut off, and a header that promises more rows than are
    /// there is made to count those that are. Of an archive, what a change left that was not finished
    /// is taken away. An archive that lost its end is a case for salvage. An HDF5 file that a program
    /// left open, which others refuse therefore, is marked as closed where its structure is whole.
    #[command(verbatim_doc_comment)]
    Repair(Later<Repair>),
    /// Get out of a torn archive what is whole
    ///
    /// Members are found by their own headers, and their checksums say which are whole. Those are
    /// copied into a new archive; without DST it is only told what there is. Where the directory is
    /// there, it says what is lost, and what was removed and stays away. Exit code 1 where something is
    /// lost.
    #[command(verbatim_doc_comment)]
    Salvage(Later<Salvage>),
    /// Try every format on your data: size, speed, and which one to use
    ///
    /// Everything is written in each format into a temporary folder, listed, read back and compared by
    /// its digests; then the folder is removed. Reading is from the cache of the system.
    #[command(verbatim_doc_comment)]
    Survey(Later<Survey>),
    /// Print completions for a shell
    #[command(verbatim_doc_comment)]
    Completions(Later<Completions>),
    /// Print the manual page, or write one for each command into a folder
    #[command(verbatim_doc_comment)]
    Man(Later<Man>),
}

/// The other form of every answer.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Form {
    /// Answer in JSON, for programs
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  npstow completions bash > /etc/bash_completion.d/npstow
  npstow completions fish > ~/.config/fish/completions/npstow.fish")]
pub(crate) struct Completions {
    /// The shell
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  npstow man | man -l -
  npstow man /usr/local/share/man/man1")]
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
