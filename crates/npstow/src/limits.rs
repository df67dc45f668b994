//! What a file may claim before any of it is verified.
#![forbid(unsafe_code)]

use crate::{Error, Result};

/// Bounds on what reading a file may cost; every check in the library is against these.
///
/// The defaults let any file through that NumPy itself writes, and stop what is crafted to hurt:
/// none of them bounds the size of an array that the file really holds.
///
/// ```
/// use npstow::Limits;
/// let strict = Limits::default().header_len(10_000).array_nbytes(1 << 30);
/// assert_eq!(strict.max_header_len(), 10_000);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    header_len: u64,
    depth: usize,
    array_nbytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { header_len: 1 << 20, depth: 64, array_nbytes: u64::MAX }
    }
}

impl Limits {
    /// No bounds but those of the machine: for files that you trust.
    #[must_use]
    pub fn none() -> Self {
        // Nesting stays bounded: the parsers of headers recurse.
        Self { header_len: u64::MAX, depth: 128, array_nbytes: u64::MAX }
    }

    /// The longest text of an NPY header, in bytes. Default 1 MiB; NumPy's own default is 10,000
    /// characters, yet it writes version 2.0 only for headers of more than 65,535 bytes.
    #[must_use]
    pub fn header_len(mut self, bytes: u64) -> Self {
        self.header_len = bytes;
        self
    }

    /// How deep lists, tuples and records may lie in one another. Default 64, at most 128.
    #[must_use]
    pub fn depth(mut self, levels: usize) -> Self {
        self.depth = levels.min(128);
        self
    }

    /// The largest array that is read into memory, in bytes. Default: no bound but the file's size.
    #[must_use]
    pub fn array_nbytes(mut self, bytes: u64) -> Self {
        self.array_nbytes = bytes;
        self
    }

    /// The longest text of an NPY header, in bytes.
    #[must_use]
    pub fn max_header_len(&self) -> u64 {
        self.header_len
    }

    /// How deep lists, tuples and records may lie in one another.
    #[must_use]
    pub fn max_depth(&self) -> usize {
        self.depth
    }

    /// The largest array that is read into memory, in bytes.
    #[must_use]
    pub fn max_array_nbytes(&self) -> u64 {
        self.array_nbytes
    }

    /// Refuses an array of more bytes than allowed.
    pub(crate) fn check_array(&self, nbytes: u64) -> Result<()> {
        if nbytes > self.array_nbytes {
            return Err(Error::limit("an array (bytes)", self.array_nbytes, nbytes));
        }
        Ok(())
    }
}
