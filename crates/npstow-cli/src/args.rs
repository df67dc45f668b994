//! What the command line may say: the definitions that parsing, help, completions and the manual
//! come from.
#![forbid(unsafe_code)]

use crate::exit::Failure;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use npstow::{Durability, MemoryOrder, MlType, Order, Selection, npy::Version};
use std::ffi::OsString;
use std::path::PathBuf;

const AFTER: &str = "\
PATH is a file, may name something inside (run.npz:photon), and - is standard input or output.

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
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Ls(Ls),
    Show(Show),
    Digest(Digest),
    Convert(Convert),
    Append(Append),
    Verify(Verify),
    Repair(Repair),
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

/// List every array: name, dtype, shape, order, size, and how it is stored
///
/// Only headers are read, however large the file.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "Examples:
  npstow ls photons.npy
  npstow ls --json run.npy | jq '.items[].shape'"
)]
pub(crate) struct Ls {
    /// The file, or a place in it: run.npz:photon
    pub(crate) path: OsString,
    #[command(flatten)]
    pub(crate) form: Form,
    /// Show long dtypes whole
    #[arg(short, long, conflicts_with = "json")]
    pub(crate) long: bool,
}

/// Show an array as NumPy prints it, large ones in summary
///
/// Of a large array only what is shown is read.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "Examples:
  npstow show photons.npy
  npstow show photons.npy -s '-5:, 0, ::2'
  npstow show weights.npy --as bfloat16"
)]
pub(crate) struct Show {
    /// The file, or a place in it: run.npz:photon
    pub(crate) path: OsString,
    /// The array inside the file
    pub(crate) name: Option<String>,
    // No doc comment: rustdoc's backticks would show.
    #[arg(short, long, allow_hyphen_values = true)]
    #[arg(help = "A part of it, written as in NumPy: '10:20, ::2', '-1', '[1,5,7], :', '...'")]
    pub(crate) slice: Option<Selection>,
    #[arg(long = "as", value_name = "TYPE", value_parser = ml_types(), conflicts_with = "json")]
    #[arg(help = "Take opaque elements (|V1, |V2) for this type of ml_dtypes")]
    pub(crate) as_type: Option<MlType>,
    #[command(flatten)]
    pub(crate) form: Form,
}

/// The names of `ml_dtypes`, told in the help and checked before a file is opened.
fn ml_types() -> impl TypedValueParser<Value = MlType> {
    PossibleValuesParser::new(MlType::ALL.map(|(_, name)| name)).try_map(|name| name.parse())
}

/// Print a SHA-256 of each array's content
///
/// It does not depend on the format, the byte order or the memory order.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "Examples:
  npstow digest photons.npy
  npstow digest --json run.npy"
)]
pub(crate) struct Digest {
    /// The file, or a place in it: run.npz:photon
    pub(crate) path: OsString,
    /// Hash the attributes too, as NAME@ATTRIBUTE
    #[arg(long)]
    pub(crate) attributes: bool,
    #[command(flatten)]
    pub(crate) form: Form,
}

/// Write an array anew: in another order, byte order, version or place
///
/// Without options the result has the very bytes of numpy.save. An old DST is replaced only when
/// the new one is whole; it may be SRC itself. Memory stays bounded, whatever the size.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "Examples:
  npstow convert big.npy native.npy --byte-order native
  npstow convert fortran.npy c.npy --order C
  gunzip < x.npy.gz | npstow convert - x.npy"
)]
pub(crate) struct Convert {
    /// The file to read, or a place in it
    #[arg(value_name = "SRC")]
    pub(crate) source: OsString,
    /// The file to write
    #[arg(value_name = "DST")]
    pub(crate) target: OsString,
    /// The format of DST; by default its extension says it
    #[arg(long, value_name = "FORMAT")]
    pub(crate) to: Option<To>,
    /// The order of the elements
    #[arg(long, default_value = "keep")]
    pub(crate) order: Keep<ElementOrder>,
    /// The order of the bytes in each element
    #[arg(long, value_name = "ORDER", default_value = "keep")]
    pub(crate) byte_order: Keep<ByteOrder>,
    /// The version of the NPY format; auto is the first that can hold the header
    #[arg(long, value_name = "VERSION", default_value = "auto")]
    pub(crate) format_version: FormatVersion,
    #[command(flatten)]
    pub(crate) durability: Durable,
    #[command(flatten)]
    pub(crate) form: Form,
}

/// Add the rows of one array to the end of another, in place
///
/// A reader of DST sees the old rows or the new ones, and so does everyone after a crash.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "Examples:
  npstow append hits.npy new-hits.npy"
)]
pub(crate) struct Append {
    /// The .npy file that grows
    #[arg(value_name = "DST")]
    pub(crate) target: PathBuf,
    /// The file that has the new rows, or a place in it
    #[arg(value_name = "SRC")]
    pub(crate) source: OsString,
    /// Add them so many times, each a step of its own
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub(crate) repeat: u64,
    #[command(flatten)]
    pub(crate) durability: Durable,
    #[command(flatten)]
    pub(crate) form: Form,
}

/// Read everything and report each fault: sizes, structure, invalid values
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "Examples:
  npstow verify photons.npy && echo sound"
)]
pub(crate) struct Verify {
    /// The file
    pub(crate) path: OsString,
    #[command(flatten)]
    pub(crate) form: Form,
}

/// Make a file whole again after a crash of the program that wrote it
///
/// Bytes behind the data are cut off; a header that promises more rows than are there is made to
/// count those that are.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "Examples:
  npstow repair --dry-run hits.npy
  npstow repair hits.npy"
)]
pub(crate) struct Repair {
    /// The .npy file
    pub(crate) path: PathBuf,
    /// Say what would be done, change nothing
    #[arg(short = 'n', long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) form: Form,
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

/// What a save waits for.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Durable {
    /// What must be on the disk before it counts as done: nothing; the data, where an old file
    /// is replaced; the data; the data and the folder's entry
    #[arg(long = "durability", value_name = "LEVEL", default_value = "replace")]
    level: Level,
}

impl Durable {
    pub(crate) fn get(self) -> Durability {
        match self.level {
            Level::None => Durability::None,
            Level::Replace => Durability::Replace,
            Level::File => Durability::File,
            Level::Full => Durability::Full,
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Level {
    None,
    Replace,
    File,
    Full,
}

/// A choice, or as the source has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep<T> {
    Keep,
    To(T),
}

impl<T> Keep<T> {
    pub(crate) fn get<U: From<T>>(self) -> Option<U> {
        match self {
            Self::Keep => None,
            Self::To(value) => Some(value.into()),
        }
    }
}

impl ValueEnum for Keep<ElementOrder> {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::To(ElementOrder::C), Self::To(ElementOrder::F), Self::Keep]
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(match self {
            Self::To(ElementOrder::C) => "C".into(),
            Self::To(ElementOrder::F) => "F".into(),
            Self::Keep => "keep".into(),
        })
    }
}

impl ValueEnum for Keep<ByteOrder> {
    fn value_variants<'a>() -> &'a [Self] {
        use ByteOrder::{Big, Little, Native};
        &[Self::To(Little), Self::To(Big), Self::To(Native), Self::Keep]
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(match self {
            Self::To(ByteOrder::Little) => "little".into(),
            Self::To(ByteOrder::Big) => "big".into(),
            Self::To(ByteOrder::Native) => "native".into(),
            Self::Keep => "keep".into(),
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ElementOrder {
    C,
    F,
}

impl From<ElementOrder> for MemoryOrder {
    fn from(order: ElementOrder) -> Self {
        match order {
            ElementOrder::C => Self::C,
            ElementOrder::F => Self::F,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ByteOrder {
    Little,
    Big,
    Native,
}

impl From<ByteOrder> for Order {
    fn from(order: ByteOrder) -> Self {
        match order {
            ByteOrder::Little => Self::Little,
            ByteOrder::Big => Self::Big,
            ByteOrder::Native => Self::NATIVE,
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum FormatVersion {
    Auto,
    #[value(name = "1.0")]
    V1,
    #[value(name = "2.0")]
    V2,
    #[value(name = "3.0")]
    V3,
}

impl FormatVersion {
    pub(crate) fn get(self) -> Option<Version> {
        match self {
            Self::Auto => None,
            Self::V1 => Some(Version::V1),
            Self::V2 => Some(Version::V2),
            Self::V3 => Some(Version::V3),
        }
    }
}

/// The formats by their names in `ls`; those not written are refused when they are asked for.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum To {
    Npy,
    Npz,
    Folder,
    Pickle,
    Joblib,
    Hdf5,
}

impl From<To> for npstow::Format {
    fn from(to: To) -> Self {
        match to {
            To::Npy => Self::Npy,
            To::Npz => Self::Npz,
            To::Folder => Self::Folder,
            To::Pickle => Self::Pickle,
            To::Joblib => Self::Joblib,
            To::Hdf5 => Self::Hdf5,
        }
    }
}

/// Understands the words of the command line.
pub(crate) fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Cli, Failure> {
    Cli::try_parse_from(words).map_err(Failure::Usage)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

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
        let Ok(Cli { quiet: true, command: Command::Convert(convert) }) = cli else { panic!() };
        assert_eq!(convert.order.get::<MemoryOrder>(), Some(MemoryOrder::F));
        assert_eq!(convert.byte_order.get::<Order>(), Some(Order::NATIVE));
        assert_eq!(convert.format_version.get(), Some(Version::V2));
        assert_eq!(convert.durability.get(), Durability::Replace);
        let cli = parsed("npstow convert a b --order keep --durability full");
        let Ok(Cli { quiet: false, command: Command::Convert(convert) }) = cli else { panic!() };
        assert_eq!(convert.order.get::<MemoryOrder>(), None);
        assert_eq!(convert.byte_order.get::<Order>(), None);
        assert_eq!(convert.format_version.get(), None);
        assert_eq!(convert.durability.get(), Durability::Full);
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
            "npstow append a b --repeat -1",
            "npstow completions tcl",
        ] {
            assert!(matches!(parsed(line), Err(Failure::Usage(_))), "{line}");
        }
    }
}
