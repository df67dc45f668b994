//! Where bytes go: a file that replaces the old one at the end, memory, a pipe.
//!
//! Writers plan first and write forwards once, so a [`Sink`] cannot seek.
#![forbid(unsafe_code)]

mod atomic;
mod lock;
mod owner;

pub(crate) use atomic::reserve;
pub use atomic::{AtomicFile, Durability};
pub(crate) use lock::Locked;
pub(crate) use owner::Owner;

use std::io::{self, Write};

/// Takes bytes in order.
///
/// Everything that implements [`std::io::Write`] becomes one by [`WriteSink`].
pub trait Sink: Send {
    /// Writes all of `bytes`.
    ///
    /// # Errors
    /// Whatever the system says; what was written before stays written.
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Hears how many bytes will be written in all, before the first: a file may ask the system
    /// for the room, and fail before anything is lost.
    ///
    /// # Errors
    /// No space left.
    fn reserve(&mut self, len: u64) -> io::Result<()> {
        let _ = len;
        Ok(())
    }

    /// Overwrites bytes that were written before, at `offset` from the first one; the next write
    /// goes on at the end. `None` where the sink cannot: a pipe.
    fn patch(&mut self, offset: u64, bytes: &[u8]) -> Option<io::Result<()>> {
        let _ = (offset, bytes);
        None
    }

    /// Whether [`patch`](Self::patch) can be relied on; asked before what needs it is written.
    fn can_patch(&self) -> bool {
        false
    }
}

impl Sink for Vec<u8> {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.extend_from_slice(bytes);
        Ok(())
    }

    fn reserve(&mut self, len: u64) -> io::Result<()> {
        let len = usize::try_from(len).map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
        self.try_reserve(len).map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))
    }

    fn patch(&mut self, offset: u64, bytes: &[u8]) -> Option<io::Result<()>> {
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let place = self.get_mut(start..).and_then(|rest| rest.get_mut(..bytes.len()));
        Some(match place {
            Some(place) => {
                place.copy_from_slice(bytes);
                Ok(())
            }
            None => Err(io::Error::from(io::ErrorKind::InvalidInput)),
        })
    }

    fn can_patch(&self) -> bool {
        true
    }
}

/// A [`std::io::Write`] as a sink: a pipe, a socket, a compressor.
#[derive(Debug)]
pub struct WriteSink<W>(pub W);

impl<W: Write + Send> Sink for WriteSink<W> {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }
}
