//! What the targets share.
#![forbid(unsafe_code)]

use npstow::{Buffer, Error, Result, Source};
use std::io;

/// The same bytes as if they were in a file: nothing in memory, so nothing is looked at early.
#[derive(Debug)]
pub struct Far(pub Vec<u8>);

impl Source for Far {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_into(&self, offset: u64, dst: &mut [u8]) -> io::Result<()> {
        let start = usize::try_from(offset).map_err(io::Error::other)?;
        let end = start.saturating_add(dst.len());
        dst.copy_from_slice(self.0.get(start..end).ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn view(&self, offset: u64, len: usize) -> Result<Buffer> {
        self.read(offset, len).map_err(|e| Error::io("viewing", e))
    }
}
