//! Commands that read.
#![forbid(unsafe_code)]

use super::Form;
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use npstow::trees::Glob;
use npstow::{MlType, Selection};
use std::ffi::OsString;
use std::path::PathBuf;

/// List every array: name, dtype, shape, order, size, and how it is stored
///
/// Only headers are read, however large the file. In a GLOB, * is any text within one step of a
/// path, ** any text across steps, ? one character, [a-z] one of these.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "Examples:
  npstow ls run.npz
  npstow ls run 'A*/hit' '**/photon'
  npstow ls --names run 'A*'
  npstow ls --json run.npy | jq '.items[].shape'"
)]
pub(crate) struct Ls {
    /// The file or folder, or a place in it: run.npz:photon
    pub(crate) path: OsString,
    /// Only what matches one of these, counted from PATH
    #[arg(value_name = "GLOB")]
    pub(crate) globs: Vec<Glob>,
    /// Names alone, one on each line
    #[arg(long, conflicts_with_all = ["json", "long"])]
    pub(crate) names: bool,
    #[command(flatten)]
    pub(crate) form: Form,
    /// Show long dtypes whole
    #[arg(short, long, conflicts_with = "json")]
    pub(crate) long: bool,
}

/// Show an array as NumPy prints it, large ones in summary
///
/// Of a large array only what is shown is read. A slice is what stands between the brackets of
/// x[...]; these may be written too, so '[[1,5]]' is x[[1,5]], and so is '[1,5]'; '1,5' is x[1,5].
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

/// Tell what differs: names, dtypes, shapes, values, metadata
///
/// The two may be of different formats. Byte order, memory order and compression are no
/// differences. Numbers are equal where |A - B| <= ATOL + RTOL * |B|, as for numpy.isclose; without
/// the options, only where they are the same. Exit code 1 where anything differs.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "Examples:
  npstow diff run.npz run
  npstow diff --rtol 1e-5 --strict-nan a.npz:photon b/A000:photon
  npstow diff --json a.npy b.npy | jq '.differences[].largest'"
)]
pub(crate) struct Diff {
    /// A file or folder, or a place in it: run.npz:photon
    #[arg(value_name = "A")]
    pub(crate) left: OsString,
    /// Another one
    #[arg(value_name = "B")]
    pub(crate) right: OsString,
    /// How far numbers may be apart, as a part of that of B
    #[arg(long, value_name = "PART", default_value_t = 0.0)]
    pub(crate) rtol: f64,
    /// How far numbers may be apart
    #[arg(long, value_name = "DIFFERENCE", default_value_t = 0.0)]
    pub(crate) atol: f64,
    /// Count nan as different from nan, and NaT from NaT, as == in NumPy does
    #[arg(long)]
    pub(crate) strict_nan: bool,
    /// Leave metadata, names and labels alone
    #[arg(long)]
    pub(crate) data_only: bool,
    #[command(flatten)]
    pub(crate) form: Form,
}

/// Print how many rows the arrays of each group have
///
/// Only headers are read. A line for each group, a column for each name.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "Examples:
  npstow counts run
  npstow counts run genstep,hit,photon
  npstow counts run 'ph*' --meta creator,'t_*'"
)]
pub(crate) struct Counts {
    /// The file or folder, or a place in it
    pub(crate) path: OsString,
    /// The arrays, by name or GLOB; by default all
    #[arg(value_name = "NAME", value_delimiter = ',')]
    pub(crate) names: Vec<Glob>,
    /// Values of metadata too, by key or GLOB
    #[arg(long, value_name = "KEY", value_delimiter = ',')]
    pub(crate) meta: Vec<Glob>,
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

/// List every class and function that the pickles in a file name, without loading them
///
/// Pickles, dumps of joblib, arrays of objects in NPY, NPZ and folders, other members of archives,
/// checkpoints of PyTorch, shelves.
///
/// CLASS says what is known of a name: data, which npstow rebuilds; harmless; unknown; code, which
/// is known to run code or to reach for such. Pickles within pickles are looked into. npstow itself
/// runs none of them. Exit code 1 where anything is unknown or code, or the pickle is broken.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "Examples:
  npstow scan model.pkl
  npstow scan model.joblib
  npstow scan model.pt
  npstow scan --json model.pkl | jq -r '.globals[] | select(.class == \"code\") | .name'"
)]
pub(crate) struct Scan {
    /// The file
    pub(crate) path: OsString,
    #[command(flatten)]
    pub(crate) form: Form,
}

/// Try every format on your data: size, speed, and which one to use
///
/// Everything is written in each format into a temporary folder, listed, read back and compared by
/// its digests; then the folder is removed. Reading is from the cache of the system.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "Examples:
  npstow survey run.npz
  npstow survey run:A000 --dir /mnt/data"
)]
pub(crate) struct Survey {
    /// The file or folder, or a place in it
    pub(crate) path: OsString,
    /// Where the temporary folder is made; by default where the system has them
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) form: Form,
}
