//! How a file is written, and how the elements of each array are stored.
#![forbid(unsafe_code)]

use super::write::filters::checked_level;
use crate::{Durability, Result};

/// How a file is written. By default in the oldest form, which everything since HDF5 1.6 opens,
/// with every array in one piece, but for those that were read from chunks of HDF5.
///
/// ```
/// use npstow::{Durability, hdf5};
/// let small = hdf5::WriteOptions::default().compress(4).durability(Durability::Full);
/// let ordered = hdf5::WriteOptions::default().latest();
/// ```
#[derive(Clone, Debug, Default)]
pub struct WriteOptions {
    pub(super) latest: bool,
    pub(super) durability: Durability,
    pub(super) storage: Option<Storage>,
    pub(super) resizable: bool,
}

impl WriteOptions {
    /// Writes the latest form, which HDF5 opens since 1.10: the order of names and attributes is
    /// kept, and structures have checksums.
    #[must_use]
    pub fn latest(mut self) -> Self {
        self.latest = true;
        self
    }

    /// What is waited for before a file counts as saved; used by the functions that take a path.
    #[must_use]
    pub fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// Shuffles and deflates every array with this level, in chunks: 1 is fast, 4 is what h5py
    /// does, 12 is the smallest. Arrays of less than a KiB stay as they are.
    #[must_use]
    pub fn compress(self, level: u8) -> Self {
        self.storage(Storage::chunked(&[]).shuffle().deflate(level))
    }

    /// How every array is stored that a [`Draft`](super::Draft) says nothing about. What has no
    /// axes, or less than a KiB, is in one piece all the same. Chunks of no lengths of their own are
    /// those of the file that an array was read from, if it was HDF5.
    #[must_use]
    pub fn storage(mut self, storage: Storage) -> Self {
        self.storage = Some(storage);
        self
    }

    /// Lets every array that has axes grow along the first one without end, in chunks: what rows
    /// are [appended](crate::append) to. Text and sequences stay as they are, and so does what a
    /// [`Draft`](super::Draft) says the storage of.
    #[must_use]
    pub fn resizable(mut self) -> Self {
        self.resizable = true;
        self
    }

    pub(super) fn check(&self) -> Result<()> {
        self.storage.as_ref().map_or(Ok(()), Storage::check)
    }
}

/// How the elements of one array are stored.
///
/// ```
/// use npstow::hdf5::Storage;
/// // As `create_dataset(chunks=(100, 64), maxshape=(None, 64), compression=4, shuffle=True)`.
/// let growing = Storage::chunked(&[100, 64]).resizable(&[None, Some(64)]).shuffle().deflate(4);
/// ```
#[derive(Clone, Debug)]
pub struct Storage {
    pub(super) kind: Kind,
    pub(super) most: Option<Vec<Option<u64>>>,
    pub(super) level: Option<u8>,
    pub(super) shuffle: bool,
    pub(super) fletcher32: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Contiguous,
    Compact,
    /// Empty: of our own choice.
    Chunked(Vec<u64>),
}

impl Default for Storage {
    fn default() -> Self {
        Self::contiguous()
    }
}

impl Storage {
    fn new(kind: Kind) -> Self {
        Self { kind, most: None, level: None, shuffle: false, fletcher32: false }
    }

    /// In one piece, which begins at a multiple of 64 bytes: what can be mapped.
    #[must_use]
    pub fn contiguous() -> Self {
        Self::new(Kind::Contiguous)
    }

    /// Within the description of the array: for at most some 64 KiB.
    #[must_use]
    pub fn compact() -> Self {
        Self::new(Kind::Compact)
    }

    /// In chunks of this shape; `[]` leaves the shape to npstow, which takes runs of some 512 KiB
    /// along the first axis.
    #[must_use]
    pub fn chunked(lengths: &[u64]) -> Self {
        Self::new(Kind::Chunked(lengths.to_vec()))
    }

    /// Lets the array grow later up to these lengths, on axes of `None` without end; in chunks.
    #[must_use]
    pub fn resizable(mut self, most: &[Option<u64>]) -> Self {
        self.most = Some(most.to_vec());
        self.into_chunked()
    }

    /// Packs each chunk with deflate of this level (0 to 12).
    #[must_use]
    pub fn deflate(mut self, level: u8) -> Self {
        self.level = Some(level);
        self.into_chunked()
    }

    /// Sorts the bytes of each chunk by their place in the elements, which then deflate better.
    #[must_use]
    pub fn shuffle(mut self) -> Self {
        self.shuffle = true;
        self.into_chunked()
    }

    /// Puts a checksum behind each chunk.
    #[must_use]
    pub fn fletcher32(mut self) -> Self {
        self.fletcher32 = true;
        self.into_chunked()
    }

    /// What only chunks can have makes chunks of it, as in h5py.
    fn into_chunked(mut self) -> Self {
        if !matches!(self.kind, Kind::Chunked(_)) {
            self.kind = Kind::Chunked(Vec::new());
        }
        self
    }

    pub(super) fn check(&self) -> Result<()> {
        self.level.map_or(Ok(()), |level| checked_level(level).map(drop))
    }
}
