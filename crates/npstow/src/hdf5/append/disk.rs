//! What is asked of a file that changes in place.
#![forbid(unsafe_code)]

use crate::sink::Locked;
use crate::{Error, FileSource, Result, Source};
use std::fmt;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;

/// A file that changes in place.
pub(super) trait Disk: fmt::Debug + Send + Sync {
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// Waits until all that was written is on the disk.
    fn sync(&mut self) -> io::Result<()>;

    fn set_len(&mut self, len: u64) -> io::Result<()>;

    /// What is in the file now.
    fn source(&self) -> Result<Arc<dyn Source>>;

    /// An error where the path stands for another file by now.
    fn still_at(&self, path: &Path) -> Result<()>;
}

impl Disk for Locked {
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let file = self.changed()?;
        file.seek(SeekFrom::Start(offset))?;
        file.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.changed()?.sync_data()
    }

    fn set_len(&mut self, len: u64) -> io::Result<()> {
        self.changed()?.set_len(len)
    }

    fn source(&self) -> Result<Arc<dyn Source>> {
        let clone = self.try_clone().map_err(|e| Error::io("opening for change", e))?;
        Ok(Arc::new(FileSource::new(clone)?))
    }

    fn still_at(&self, path: &Path) -> Result<()> {
        Self::still_at(self, path)
    }
}
