//! Commands that change a file in place.
#![forbid(unsafe_code)]

use super::Form;
use super::choice::Durable;
use clap::{Args, Subcommand};
use npstow::trees::Glob;
use std::ffi::OsString;
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  npstow add run.npz hit.npy
  npstow add run.npz:A001/hit hit.npy --replace
  npstow add run.npz:A002 run/A002/hit.npy run/A002/photon.npy --compress")]
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

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  npstow rm run.npz A001/hit
  npstow rm run.npz 'A*/photon' '**/record'")]
pub(crate) struct Rm {
    /// The .npz file
    #[arg(value_name = "ARCHIVE")]
    pub(crate) path: PathBuf,
    /// Names, or GLOBs as for ls; a name that is there is no pattern
    #[arg(value_name = "NAME", required = true)]
    pub(crate) names: Vec<Glob>,
    #[command(flatten)]
    pub(crate) durability: Durable,
    #[command(flatten)]
    pub(crate) form: Form,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  npstow mv run.npz A001/hit A001/hits")]
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

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  npstow compact run.npz")]
pub(crate) struct Compact {
    /// The .npz file
    #[arg(value_name = "ARCHIVE")]
    pub(crate) path: PathBuf,
    #[command(flatten)]
    pub(crate) durability: Durable,
    #[command(flatten)]
    pub(crate) form: Form,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  npstow meta get run:A000
  npstow meta get run.npz:A000/hit unit
  npstow meta set run creator 'a simulation'
  npstow meta rm run:A000 t_start")]
pub(crate) struct Meta {
    #[command(subcommand)]
    pub(crate) action: MetaAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum MetaAction {
    /// Print the metadata, or the value of one key
    Get {
        /// The file or folder, or an array or a group in it
        path: OsString,
        /// The key; of A|B the first one that has a value
        key: Option<String>,
        #[command(flatten)]
        form: Form,
    },
    /// Give a key a value, in place
    Set {
        /// The file or folder, or an array or a group in it
        path: OsString,
        /// The key
        key: String,
        /// Its value
        #[arg(allow_hyphen_values = true)]
        value: String,
        #[command(flatten)]
        durability: Durable,
    },
    /// Take keys out, in place
    Rm {
        /// The file or folder, or an array or a group in it
        path: OsString,
        /// The keys
        #[arg(value_name = "KEY", required = true)]
        keys: Vec<String>,
        #[command(flatten)]
        durability: Durable,
    },
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  npstow salvage torn.npz
  npstow salvage torn.npz saved.npz
  npstow salvage --removed run.npz old.npz")]
pub(crate) struct Salvage {
    /// The archive that does not open
    #[arg(value_name = "SRC")]
    pub(crate) source: PathBuf,
    /// The archive to write
    #[arg(value_name = "DST")]
    pub(crate) target: Option<PathBuf>,
    /// Save what was removed or replaced, too, unless another member has its name
    #[arg(long)]
    pub(crate) removed: bool,
    #[command(flatten)]
    pub(crate) form: Form,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  npstow repair --dry-run hits.npy
  npstow repair hits.npy
  npstow repair run.npz
  npstow repair run.h5")]
pub(crate) struct Repair {
    /// The .npy, .npz or HDF5 file
    pub(crate) path: PathBuf,
    /// Say what would be done, change nothing
    #[arg(short = 'n', long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) form: Form,
}
