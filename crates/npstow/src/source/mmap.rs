//! The only place where files are mapped, and so one of the two with `unsafe`.

use crate::Buffer;
use memmap2::{Mmap, MmapMut, MmapOptions};
use std::fmt;
use std::fs::File;
use std::io;

/// Maps the first `len` bytes of `file` for reading.
///
/// The caveat that no library can take away stands on [`Entry::view`](crate::Entry::view):
/// whoever cuts a mapped file short makes its readers crash, and whoever writes to it changes
/// what they see. [`Entry::read`](crate::Entry::read) never maps.
pub(super) fn map(file: &File, len: u64) -> io::Result<Buffer> {
    let len = usize::try_from(len).map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
    if len == 0 {
        return Ok(Buffer::default());
    }
    // SAFETY: the map is read-only and shared, lives as long as the `Buffer` that owns it, and
    // bytes have no invalid patterns, so a change by another process can only change values. A
    // file cut short by another process raises SIGBUS: documented on the public function, which
    // is the only road to here.
    #[allow(unsafe_code)]
    let map: Mmap = unsafe { MmapOptions::new().len(len).map(file)? };
    Ok(Buffer::from_owner(map))
}

/// A writable map of a whole file, shared with the file or private to this process.
pub(crate) struct MapMut(Option<MmapMut>);

impl MapMut {
    /// Maps `len` bytes of `file` so that writes go to the file.
    pub(crate) fn shared(file: &File, len: u64) -> io::Result<Self> {
        let Some(len) = positive(len)? else { return Ok(Self(None)) };
        // SAFETY: as for `map`; the writer holds the map by `&mut` only.
        #[allow(unsafe_code)]
        let map = unsafe { MmapOptions::new().len(len).map_mut(file)? };
        Ok(Self(Some(map)))
    }

    /// Maps `len` bytes of `file` so that writes stay in this process (copy on write).
    pub(crate) fn private(file: &File, len: u64) -> io::Result<Self> {
        let Some(len) = positive(len)? else { return Ok(Self(None)) };
        // SAFETY: as for `map`; writes go to private pages.
        #[allow(unsafe_code)]
        let map = unsafe { MmapOptions::new().len(len).map_copy(file)? };
        Ok(Self(Some(map)))
    }

    /// The bytes, to be read.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.0.as_deref().unwrap_or_default()
    }

    /// The bytes, to be changed.
    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        self.0.as_deref_mut().unwrap_or_default()
    }

    /// Waits until what was written is on the disk.
    pub(crate) fn flush(&self) -> io::Result<()> {
        self.0.as_ref().map_or(Ok(()), MmapMut::flush)
    }
}

impl fmt::Debug for MapMut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MapMut({} bytes)", self.bytes().len())
    }
}

/// `None` for 0: the system refuses empty maps.
fn positive(len: u64) -> io::Result<Option<usize>> {
    let len = usize::try_from(len).map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
    Ok((len > 0).then_some(len))
}
