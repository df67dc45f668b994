//! Commands that change a file in place.
#![forbid(unsafe_code)]

use super::Form;
use super::choice::Durable;
use clap::Args;
use npstow::trees::Glob;
use std::ffi::OsString;
use std::path::PathBuf;

/// Add arrays and groups to an archive, in place
///
/// What is there is not written again. A reader sees the old archive or the new one, and so does
/// everyone after a crash. What is added has its own name (its last step, or that of its file)
/// unless NAME says another one; several go into the group NAME.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "Examples:
  npstow add run.npz hit.npy
  npstow add run.npz:A001/hit hit.npy --replace
  npstow add run.npz:A002 run/A002/hit.npy run/A002/photon.npy --compress"
)]
pub(crate) struct Add {
    /// The .npz file, and what the new one is called there
    #[arg(value_name = "ARCHIVE[:NAME]")]
    pub(crate) target: OsString,
    /// A file or folder, or a place in it
    #[arg(value_name = "SRC", required = true)]
    pub(crate) sources: Vec<OsString>,
    /// Put it in the place of what has the name already
    #[arg(short, long)]
    pub(crate) replace: bool,
    /// Compress what is added: 1 is fast, 6 normal, 12 the smallest
    #[arg(long, value_name = "LEVEL", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "6", value_parser = clap::value_parser!(u8).range(0..=12))]
    pub(crate) compress: Option<u8>,
    #[command(flatten)]
    pub(crate) durability: Durable,
    #[command(flatten)]
    pub(crate) form: Form,
}

/// Take arrays and groups out of an archive, in place
///
/// They go on taking room until compact writes the archive anew.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "Examples:
  npstow rm run.npz A001/hit
  npstow rm run.npz 'A*/photon' '**/record'"
)]
pub(crate) struct Rm {
    /// The .npz file
    #[arg(value_name = "ARCHIVE")]
    pub(crate) path: PathBuf,
    /// Names, or GLOBs as for ls
    #[arg(value_name = "NAME", required = true)]
    pub(crate) names: Vec<Glob>,
    #[command(flatten)]
    pub(crate) durability: Durable,
    #[command(flatten)]
    pub(crate) form: Form,
}

/// Give an array or a group of an archive another name, in place
///
/// Its bytes are copied as they are packed, and the old ones take room until compact.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "Examples:
  npstow mv run.npz A001/hit A001/hits"
)]
pub(crate) struct Mv {
    /// The .npz file
    #[arg(value_name = "ARCHIVE")]
    pub(crate) path: PathBuf,
    /// The old name
    #[arg(value_name = "OLD")]
    pub(crate) from: String,
    /// The new name
    #[arg(value_name = "NEW")]
    pub(crate) to: String,
    #[command(flatten)]
    pub(crate) durability: Durable,
    #[command(flatten)]
    pub(crate) form: Form,
}

/// Write an archive anew without what was replaced or removed
///
/// Members are copied as they are packed, and stored ones are aligned so that they can be mapped.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "Examples:
  npstow compact run.npz"
)]
pub(crate) struct Compact {
    /// The .npz file
    #[arg(value_name = "ARCHIVE")]
    pub(crate) path: PathBuf,
    #[command(flatten)]
    pub(crate) durability: Durable,
    #[command(flatten)]
    pub(crate) form: Form,
}

/// Make a file whole again after a crash of the program that wrote it
///
/// Of a .npy file, bytes behind the data are cut off, and a header that promises more rows than are
/// there is made to count those that are. Of an archive, what a change left that was not finished
/// is taken away. An archive that lost its end is a case for salvage.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "Examples:
  npstow repair --dry-run hits.npy
  npstow repair hits.npy
  npstow repair run.npz"
)]
pub(crate) struct Repair {
    /// The .npy or .npz file
    pub(crate) path: PathBuf,
    /// Say what would be done, change nothing
    #[arg(short = 'n', long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) form: Form,
}
