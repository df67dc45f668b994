//! Commands that read.
#![forbid(unsafe_code)]

use super::Form;
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use npstow::trees::Glob;
use npstow::{MlType, Selection};
use std::ffi::OsString;
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  npstow ls run.npz
  npstow ls run 'A*/hit' '**/photon'
  npstow ls --names run 'A*'
  npstow ls --json run.npy | jq '.items[].shape'")]
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

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  npstow show photons.npy
  npstow show photons.npy -s '-5:, 0, ::2'
  npstow show weights.npy --as bfloat16")]
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

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  npstow digest photons.npy
  npstow digest --json run.npy")]
pub(crate) struct Digest {
    /// The file, or a place in it: run.npz:photon
    pub(crate) path: OsString,
    /// Hash the attributes too, as NAME@ATTRIBUTE
    #[arg(long)]
    pub(crate) attributes: bool,
    #[command(flatten)]
    pub(crate) form: Form,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  npstow diff run.npz run
  npstow diff --rtol 1e-5 --strict-nan a.npz:photon b/A000:photon
  npstow diff --json a.npy b.npy | jq '.differences[].largest'")]
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

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  npstow counts run
  npstow counts run genstep,hit,photon
  npstow counts run 'ph*' --meta creator,'t_*'")]
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

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  npstow verify photons.npy && echo sound")]
pub(crate) struct Verify {
    /// The file
    pub(crate) path: OsString,
    #[command(flatten)]
    pub(crate) form: Form,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  npstow scan model.pkl
  npstow scan model.joblib
  npstow scan model.pt
  npstow scan --json model.pkl | jq -r '.globals[] | select(.class == \"code\") | .name'")]
pub(crate) struct Scan {
    /// The file
    pub(crate) path: OsString,
    #[command(flatten)]
    pub(crate) form: Form,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  npstow survey run.npz
  npstow survey run:A000 --dir /mnt/data")]
pub(crate) struct Survey {
    /// The file or folder, or a place in it
    pub(crate) path: OsString,
    /// Where the temporary folder is made; by default where the system has them
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) form: Form,
}
