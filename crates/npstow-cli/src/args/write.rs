//! Commands that write.
#![forbid(unsafe_code)]

use super::Form;
use super::choice::{
    ByteOrder, Durable, ElementOrder, FormatVersion, IfMissing, Keep, Saving, Whose,
};
use clap::Args;
use std::ffi::OsString;
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  npstow convert run run.npz
  npstow convert run.npz small.npz --compress=9
  npstow convert run.npz:A000/photon photon.npy
  npstow convert big.npy native.npy --byte-order native
  gunzip < x.npy.gz | npstow convert - x.npy")]
pub(crate) struct Convert {
    /// The file or folder to read, or a place in it
    #[arg(value_name = "SRC")]
    pub(crate) source: OsString,
    /// The file or folder to write
    #[arg(value_name = "DST")]
    pub(crate) target: OsString,
    /// The order of the elements
    #[arg(long, default_value = "keep")]
    pub(crate) order: Keep<ElementOrder>,
    /// The order of the bytes in each element
    #[arg(long, value_name = "ORDER", default_value = "keep")]
    pub(crate) byte_order: Keep<ByteOrder>,
    /// The version of the NPY format; auto is the first that can hold the header
    #[arg(long, value_name = "VERSION", default_value = "auto")]
    pub(crate) format_version: FormatVersion,
    /// The protocol of a pickle, 2 to 5; by default 4, which Python reads from 3.4 on
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(2..=5))]
    pub(crate) protocol: Option<u8>,
    /// Leave metadata, names and labels behind, readable or not
    #[arg(long)]
    pub(crate) data_only: bool,
    #[command(flatten)]
    pub(crate) saving: Saving,
    #[command(flatten)]
    pub(crate) form: Form,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  npstow launder model.pkl clean.pkl
  npstow launder model.joblib clean.joblib
  npstow launder - - < model.pkl > clean.pkl")]
pub(crate) struct Launder {
    /// The pickle or dump, or a place in it
    #[arg(value_name = "SRC")]
    pub(crate) source: OsString,
    /// The pickle or dump to write
    #[arg(value_name = "DST")]
    pub(crate) target: OsString,
    /// The protocol, 2 to 5
    #[arg(long, value_name = "N", default_value = "4")]
    #[arg(value_parser = clap::value_parser!(u8).range(2..=5))]
    pub(crate) protocol: u8,
    #[command(flatten)]
    pub(crate) durability: Durable,
    #[command(flatten)]
    pub(crate) form: Form,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  npstow concat all.npy first.npy second.npy
  npstow concat all.npz run.npz:A000 run.npz:A001
  npstow concat all 'run:A*' --notes join --missing skip")]
pub(crate) struct Concat {
    /// The file or folder to write
    #[arg(value_name = "DST")]
    pub(crate) target: OsString,
    /// A file or folder, a place in it, or a GLOB of places: 'run.npz:A*'
    #[arg(value_name = "SRC", required = true)]
    pub(crate) sources: Vec<OsString>,
    /// Whose metadata, names and labels are kept: those of the first group; each line of all;
    /// none. Names of rows go with their rows
    #[arg(long, value_name = "WHOSE", default_value = "first")]
    pub(crate) notes: Whose,
    /// What to do where a group lacks an array
    #[arg(long, value_name = "WHAT", default_value = "refuse")]
    pub(crate) missing: IfMissing,
    #[command(flatten)]
    pub(crate) saving: Saving,
    #[command(flatten)]
    pub(crate) form: Form,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  npstow append hits.npy new-hits.npy
  npstow append run.h5:event/hit new-hits.npy")]
pub(crate) struct Append {
    /// The .npy file that grows, or the place in an HDF5 file
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
