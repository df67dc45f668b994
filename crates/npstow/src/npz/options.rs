//! How an archive is written.
#![forbid(unsafe_code)]

use crate::{Durability, npy};

/// How an archive is written. By default as `np.savez` does: members are stored as they are.
///
/// ```
/// use npstow::{Durability, npz};
/// let small = npz::WriteOptions::default().compress(6);
/// let fast_and_safe = npz::WriteOptions::default().compress(1).durability(Durability::Full);
/// ```
#[derive(Clone, Debug, Default)]
pub struct WriteOptions {
    pub(super) level: Option<u8>,
    pub(super) durability: Durability,
    pub(super) array: npy::WriteOptions,
}

impl WriteOptions {
    /// Deflates every member with this level: 1 is fast, 6 is what others call normal, 12 is the
    /// smallest; 0 packs without making anything smaller.
    ///
    /// Members of more than a block (1 MiB) are seekable: a part of one is read without unpacking
    /// the rest, and all cores unpack one together. For other readers they are plain deflate.
    #[must_use]
    pub fn compress(mut self, level: u8) -> Self {
        self.level = Some(level);
        self
    }

    /// What is waited for before a file counts as saved; used by the functions that take a path.
    #[must_use]
    pub fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// How each array is written: its orders, and the version of its header.
    #[must_use]
    pub fn array(mut self, options: npy::WriteOptions) -> Self {
        self.array = options;
        self
    }
}
