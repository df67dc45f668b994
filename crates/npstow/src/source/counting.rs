//! For tests: a source that counts what is read of it.
#![forbid(unsafe_code)]
#![allow(dead_code)] // Not every format counts.

use super::{MemorySource, Source};
use crate::{Buffer, Error, Result};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What is read of another source; its memory is shown only where that is asked for.
#[derive(Debug)]
pub(crate) struct Counting {
    inner: Arc<dyn Source>,
    shows: bool,
    reads: AtomicUsize,
    read: AtomicUsize,
}

impl Counting {
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        Self::over(Arc::new(MemorySource::new(bytes)))
    }

    pub(crate) fn over(inner: Arc<dyn Source>) -> Self {
        Self { inner, shows: false, reads: AtomicUsize::new(0), read: AtomicUsize::new(0) }
    }

    /// Says what it has in memory, as somebody who counts progress does.
    pub(crate) fn showing(self) -> Self {
        Self { shows: true, ..self }
    }

    /// Reads and bytes read since the last time.
    pub(crate) fn taken(&self) -> (usize, usize) {
        (self.reads.swap(0, Ordering::Relaxed), self.read.swap(0, Ordering::Relaxed))
    }
}

impl Source for Counting {
    fn len(&self) -> u64 {
        self.inner.len()
    }

    fn read_into(&self, offset: u64, dst: &mut [u8]) -> io::Result<()> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.read.fetch_add(dst.len(), Ordering::Relaxed);
        self.inner.read_into(offset, dst)
    }

    fn view(&self, offset: u64, len: usize) -> Result<Buffer> {
        self.read(offset, len).map_err(|e| Error::io("viewing", e))
    }

    fn in_memory(&self) -> Option<&[u8]> {
        self.inner.in_memory().filter(|_| self.shows)
    }
}
