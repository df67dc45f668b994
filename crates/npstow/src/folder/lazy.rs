//! Files that are opened for each read.
#![forbid(unsafe_code)]

use super::root::{Root, failed};
use crate::{Buffer, Error, FileSource, Result, Source};
use std::fs::{File, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// What tells that a file is as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    len: u64,
    changed: Option<std::time::SystemTime>,
    #[cfg(unix)]
    number: u64,
}

impl Stamp {
    pub(super) fn of(metadata: &Metadata) -> Self {
        Self {
            len: metadata.len(),
            changed: metadata.modified().ok(),
            #[cfg(unix)]
            number: std::os::unix::fs::MetadataExt::ino(metadata),
        }
    }
}

/// A file that is opened for each read and closed again: thousands of them cost nothing.
#[derive(Debug)]
pub(super) struct LazyFile {
    root: Arc<Root>,
    path: PathBuf,
    stamp: Stamp,
    map: OnceLock<Buffer>,
}

impl LazyFile {
    pub(super) fn new(root: Arc<Root>, path: &Path, stamp: Stamp) -> Self {
        Self { root, path: path.to_owned(), stamp, map: OnceLock::new() }
    }

    /// The file, if it is still what was described.
    fn reopen(&self) -> io::Result<File> {
        let file = self.root.below(&self.path, false).map_err(|e| self.root.gone(e))?;
        if Stamp::of(&file.metadata()?) != self.stamp {
            return Err(io::Error::other("the file changed meanwhile"));
        }
        Ok(file)
    }
}

impl Source for LazyFile {
    fn len(&self) -> u64 {
        self.stamp.len
    }

    fn read_into(&self, offset: u64, dst: &mut [u8]) -> io::Result<()> {
        let file = self.reopen()?;
        #[cfg(unix)]
        return std::os::unix::fs::FileExt::read_exact_at(&file, dst, offset);
        #[cfg(not(unix))]
        FileSource::new(file).map_err(io::Error::other)?.read_into(offset, dst)
    }

    fn view(&self, offset: u64, len: usize) -> Result<Buffer> {
        let map = match self.map.get() {
            Some(map) => map,
            None => {
                let file = self.reopen().map_err(|e| failed("opening", &self.path, e))?;
                let source = FileSource::new(file)?;
                let whole = usize::try_from(source.len())
                    .map_err(|_| Error::unsupported("a map larger than the address space"))?;
                let map = source.view(0, whole)?;
                self.map.get_or_init(|| map)
            }
        };
        let start = usize::try_from(offset).ok();
        match start.and_then(|start| Some(start..start.checked_add(len)?)) {
            Some(range) if range.end <= map.len() => map.slice(range),
            _ => Err(failed("viewing", &self.path, io::ErrorKind::UnexpectedEof.into()).at(offset)),
        }
    }
}
