//! Where bytes live: a file, a map, memory, a part of another source.
//!
//! A parser asks a [`Source`] for a bounded region and works on the bytes it gets; it never sees
//! a file. What cannot be read at an offset (a pipe) is taken in first, see [`read_stream`].
#![deny(unsafe_code)]

#[cfg(test)]
mod counting;
mod file;
mod memory;
mod mmap;
mod part;
mod stream;

#[cfg(test)]
pub(crate) use counting::Counting;
pub use file::FileSource;
pub use memory::MemorySource;
pub(crate) use mmap::MapMut;
pub use part::PartSource;
pub(crate) use stream::read_growing;
pub use stream::read_stream;

use crate::{Buffer, BufferMut, Result};
use std::fmt;
use std::io;

/// Bytes that can be read at any offset, by many threads at once.
///
/// Implement `len` and `read_into`; the rest follows.
///
/// ```
/// use npstow::{MemorySource, Source};
/// let source = MemorySource::new(vec![1u8, 2, 3, 4]);
/// let mut two = [0; 2];
/// source.read_into(1, &mut two)?;
/// assert_eq!(two, [2, 3]);
/// # Ok::<(), std::io::Error>(())
/// ```
#[allow(clippy::len_without_is_empty)]
pub trait Source: Send + Sync + fmt::Debug {
    /// How many bytes there are.
    fn len(&self) -> u64;

    /// Fills `dst` with the bytes from `offset` on.
    ///
    /// # Errors
    /// `UnexpectedEof` where fewer bytes are there; whatever the system says.
    fn read_into(&self, offset: u64, dst: &mut [u8]) -> io::Result<()>;

    /// The `len` bytes from `offset` on; free of copies where the source is in memory.
    ///
    /// # Errors
    /// As [`read_into`](Self::read_into); nothing is allocated for bytes that are not there.
    fn read(&self, offset: u64, len: usize) -> io::Result<Buffer> {
        read_copied(self, offset, len)
    }

    /// The very bytes, without a copy, or an error that says why not.
    ///
    /// # Errors
    /// `Unsupported` where the source has no memory to show; `Io` where mapping fails.
    fn view(&self, offset: u64, len: usize) -> Result<Buffer>;

    /// The bytes as they lie in memory already, where reading them costs no system call.
    fn in_memory(&self) -> Option<&[u8]> {
        None
    }

    /// The bytes in place of new memory with a copy of them, where nobody can change them, and where
    /// they are much of what is in memory as long as they are held.
    fn shared(&self, offset: u64, len: usize) -> Option<Buffer> {
        let _ = (offset, len);
        None
    }
}

/// Reads into memory of its own what is there.
pub(crate) fn read_copied<S>(source: &S, offset: u64, len: usize) -> io::Result<Buffer>
where
    S: Source + ?Sized,
{
    check_range(source.len(), offset, len)?;
    let mut buffer = BufferMut::zeroed(len).map_err(io::Error::other)?;
    source.read_into(offset, buffer.bytes_mut())?;
    Ok(buffer.freeze())
}

/// An error unless `len` bytes from `offset` lie within a source of `total` bytes.
pub(crate) fn check_range(total: u64, offset: u64, len: usize) -> io::Result<()> {
    match offset.checked_add(len as u64) {
        Some(end) if end <= total => Ok(()),
        _ => Err(io::Error::new(
            io::ErrorKind::UnexpectedEof,
            format!("{len} bytes at {offset} of a source of {total}"),
        )),
    }
}
