//! Shared bytes without lifetimes: whoever owns them, everyone may hold a piece.
#![deny(unsafe_code)]

mod aligned;

pub use aligned::BufferMut;

use crate::{Error, Result};
use bytes::Bytes;
use std::fmt;
use std::ops::{Deref, Range};

/// Immutable bytes over any owner: a vector, a mapped file, memory of another language.
///
/// Cloning and slicing cost one reference count and no copy.
///
/// ```
/// use npstow::Buffer;
/// let all = Buffer::from(vec![1u8, 2, 3, 4]);
/// let tail = all.slice(2..4)?;
/// assert_eq!(&*tail, &[3, 4]);
/// # Ok::<(), npstow::Error>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Buffer(Bytes);

impl Buffer {
    /// Holds on to `owner` for as long as any slice of its bytes lives.
    pub fn from_owner(owner: impl AsRef<[u8]> + Send + 'static) -> Self {
        Self(Bytes::from_owner(owner))
    }

    /// The same bytes as text-free constants of the program; no allocation.
    #[must_use]
    pub fn from_static(bytes: &'static [u8]) -> Self {
        Self(Bytes::from_static(bytes))
    }

    /// Copies `bytes`.
    #[must_use]
    pub fn copy_of(bytes: &[u8]) -> Self {
        Self(Bytes::copy_from_slice(bytes))
    }

    /// A piece of these bytes, sharing their owner.
    ///
    /// # Errors
    /// `Invalid` where the range does not lie within the bytes.
    pub fn slice(&self, range: Range<usize>) -> Result<Self> {
        if range.start > range.end || range.end > self.0.len() {
            return Err(Error::invalid(format_args!(
                "bytes {}..{} of a buffer of {}",
                range.start,
                range.end,
                self.0.len()
            )));
        }
        Ok(Self(self.0.slice(range)))
    }
}

impl Deref for Buffer {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for Buffer {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Bytes::from(bytes))
    }
}

impl From<BufferMut> for Buffer {
    fn from(bytes: BufferMut) -> Self {
        bytes.freeze()
    }
}

impl fmt::Debug for Buffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Buffer({} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_share_and_are_checked() {
        let b = Buffer::from(vec![0u8, 1, 2, 3]);
        assert_eq!(&*b.slice(1..3).unwrap(), &[1, 2]);
        assert_eq!(b.slice(1..3).unwrap().as_ptr(), b[1..].as_ptr());
        assert!(b.slice(3..5).is_err());
        #[allow(clippy::reversed_empty_ranges)]
        let reversed = b.slice(3..2);
        assert!(reversed.is_err());
        assert!(b.slice(4..4).unwrap().is_empty());
    }
}
