//! What options may be, as types.
#![forbid(unsafe_code)]

use clap::{Args, ValueEnum};
use npstow::folder::Profile;
use npstow::trees::{Missing, NotesPolicy};
use npstow::{Durability, MemoryOrder, Order, SaveOptions, hdf5, npy::Version};

/// How a tree is saved.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Saving {
    /// The format of DST; by default its extension says it, and a folder has none
    #[arg(long, value_name = "FORMAT")]
    pub(crate) to: Option<To>,
    /// Compress each array (npz, hdf5) or the whole (joblib): 1 is fast, 6 normal, 12 the smallest
    #[arg(long, value_name = "LEVEL", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "6", value_parser = clap::value_parser!(u8).range(0..=12))]
    pub(crate) compress: Option<u8>,
    /// What packs a joblib dump; by default zlib where --compress is given, or what the extension
    /// says, as in x.joblib.gz
    #[arg(long, value_name = "NAME")]
    pub(crate) compressor: Option<PackedBy>,
    /// For whom a folder is written: npstow and NumPy, or NPFold, which reads less
    #[arg(long, value_name = "WHOM")]
    pub(crate) profile: Option<FolderProfile>,
    /// The form of an HDF5 file: the one that everything opens, or the latest, which keeps the
    /// order of names
    #[arg(long, value_name = "VERSION")]
    pub(crate) libver: Option<Libver>,
    /// Let the arrays of an HDF5 file grow along their first axis, so that rows can be appended;
    /// text cannot
    #[arg(long)]
    pub(crate) resizable: bool,
    #[command(flatten)]
    pub(crate) durability: Durable,
}

impl Saving {
    pub(crate) fn options(&self) -> SaveOptions {
        let mut options = SaveOptions::default().durability(self.durability.get());
        if let Some(level) = self.compress {
            options = options.compress(level);
        }
        if self.libver.is_some() || self.resizable {
            let form = hdf5::WriteOptions::default();
            let form = match self.libver {
                Some(Libver::Latest) => form.latest(),
                Some(Libver::Earliest) | None => form,
            };
            options = options.hdf5(if self.resizable { form.resizable() } else { form });
        }
        if let Some(compressor) = self.compressor {
            options = options.compressor(compressor.into());
        }
        match self.profile {
            Some(FolderProfile::Native) => options.profile(Profile::Native),
            Some(FolderProfile::Npfold) => options.profile(Profile::NpFold),
            None => options,
        }
    }
}

/// How old a version of HDF5 opens a file.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Libver {
    Earliest,
    Latest,
}

/// What packs a dump of joblib, by joblib's names.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum PackedBy {
    Zlib,
    Gzip,
    Bz2,
    Lzma,
    Xz,
    Lz4,
}

impl From<PackedBy> for npstow::joblib::Compressor {
    fn from(by: PackedBy) -> Self {
        match by {
            PackedBy::Zlib => Self::Zlib,
            PackedBy::Gzip => Self::Gzip,
            PackedBy::Bz2 => Self::Bzip2,
            PackedBy::Lzma => Self::Lzma,
            PackedBy::Xz => Self::Xz,
            PackedBy::Lz4 => Self::Lz4,
        }
    }
}

/// For whom a folder is written.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum FolderProfile {
    Native,
    Npfold,
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

/// Whose notes a joined array has.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Whose {
    First,
    Join,
    Drop,
}

impl From<Whose> for NotesPolicy {
    fn from(whose: Whose) -> Self {
        match whose {
            Whose::First => Self::First,
            Whose::Join => Self::Join,
            Whose::Drop => Self::Drop,
        }
    }
}

/// What is done where a group lacks an array.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum IfMissing {
    Refuse,
    Skip,
}

impl From<IfMissing> for Missing {
    fn from(missing: IfMissing) -> Self {
        match missing {
            IfMissing::Refuse => Self::Refuse,
            IfMissing::Skip => Self::Skip,
        }
    }
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
