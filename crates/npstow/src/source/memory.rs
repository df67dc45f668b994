//! Bytes in memory as a source.
#![forbid(unsafe_code)]

use super::{Source, check_range};
use crate::{Buffer, Error, Result};
use std::io;

/// Bytes in memory; reading and viewing a region shares them.
///
/// ```
/// use npstow::{MemorySource, Source};
/// let source = MemorySource::new(b"some bytes".to_vec());
/// assert_eq!(source.view(5, 5)?.as_ref(), b"bytes");
/// # Ok::<(), npstow::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct MemorySource(Buffer);

impl MemorySource {
    /// Shares `bytes`.
    pub fn new(bytes: impl Into<Buffer>) -> Self {
        Self(bytes.into())
    }

    fn range(&self, offset: u64, len: usize) -> io::Result<Buffer> {
        check_range(self.0.len() as u64, offset, len)?;
        let start = usize::try_from(offset).map_err(io::Error::other)?;
        self.0.slice(start..start + len).map_err(io::Error::other)
    }
}

impl Source for MemorySource {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_into(&self, offset: u64, dst: &mut [u8]) -> io::Result<()> {
        dst.copy_from_slice(&self.range(offset, dst.len())?);
        Ok(())
    }

    fn read(&self, offset: u64, len: usize) -> io::Result<Buffer> {
        self.range(offset, len)
    }

    fn view(&self, offset: u64, len: usize) -> Result<Buffer> {
        self.range(offset, len).map_err(|e| Error::io("viewing memory", e).at(offset))
    }

    fn in_memory(&self) -> Option<&[u8]> {
        Some(&self.0)
    }
}
