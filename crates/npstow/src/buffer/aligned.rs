//! Memory for one array: zeroed by the kernel, aligned for every machine instruction, in huge
//! pages where it is large.
//!
//! Page faults cost more than the copy that follows them (4 KiB pages: 0.6 s a GiB; huge pages:
//! 0.11), so large buffers are anonymous maps that are advised huge before they are touched, and
//! never zeroed by hand. Small ones come from the allocator, with room to align by hand: that
//! needs no `unsafe`, and zeroing a few KiB is not measurable beside a system call.

use super::Buffer;
use crate::{Error, Result, parallel};
use memmap2::{MmapMut, MmapOptions};
use std::fmt;
use std::io;

/// Every buffer starts on such a boundary: a cache line, an AVX-512 register.
const ALIGN: usize = 64;

/// From this length on, the kernel is asked for fresh pages: from where the allocator would do so.
const MAPPED_FROM: usize = 128 << 10;

/// A huge page.
const HUGE: usize = 2 << 20;

/// The smallest page.
const PAGE: usize = 4 << 10;

/// Less than this is not given its pages beforehand.
const TOUCHED: usize = if cfg!(test) { 4 << 10 } else { 8 << 20 };

/// How much is mapped for `len` bytes: a large part of a huge page costs less as a whole one.
fn mapped(len: usize) -> usize {
    let whole = len.checked_next_multiple_of(HUGE).unwrap_or(len);
    if len >= HUGE && whole - len < HUGE - (HUGE >> 3) { whole } else { len }
}

/// Zeroed, 64-byte aligned bytes to be filled and then frozen into a [`Buffer`].
///
/// ```
/// use npstow::BufferMut;
/// let mut b = BufferMut::zeroed(1000)?;
/// b.bytes_mut()[0] = 7;
/// assert_eq!(b.bytes_mut().as_ptr() as usize % 64, 0);
/// let shared = b.freeze();
/// assert_eq!((shared[0], shared[999]), (7, 0));
/// # Ok::<(), npstow::Error>(())
/// ```
pub struct BufferMut(Memory);

enum Memory {
    /// `bytes[start..start + len]` is aligned.
    Heap { bytes: Vec<u8>, start: usize, len: usize },
    /// The first `len` bytes of it.
    Map { map: MmapMut, len: usize },
}

impl BufferMut {
    /// `len` zeroed bytes.
    ///
    /// # Errors
    /// `Io` (out of memory) where the system does not give them; the process is not aborted.
    pub fn zeroed(len: usize) -> Result<Self> {
        let failed = |e: io::Error| Error::io(format_args!("allocating {len} bytes"), e);
        if len >= MAPPED_FROM {
            let mut options = MmapOptions::new();
            options.len(mapped(len));
            if len < HUGE {
                // All pages at once: half of the time of one fault for each.
                options.populate();
            }
            let map = options.map_anon().map_err(failed)?;
            // A hint: kernels without huge pages refuse it, and lose nothing but speed.
            #[cfg(target_os = "linux")]
            if len >= HUGE {
                let _ = map.advise(memmap2::Advice::HugePage);
            }
            return Ok(Self(Memory::Map { map, len }));
        }
        let mut bytes = Vec::new();
        bytes
            .try_reserve_exact(len + ALIGN - 1)
            .map_err(|_| failed(io::Error::from(io::ErrorKind::OutOfMemory)))?;
        bytes.resize(len + ALIGN - 1, 0);
        let start = bytes.as_ptr().align_offset(ALIGN);
        Ok(Self(Memory::Heap { bytes, start, len }))
    }

    /// Has the system give the first `len` bytes now, on all cores. Else each page is given to the
    /// one thread that first writes to it, which waits meanwhile.
    ///
    /// They are still zero, unless something was written to them: then some of that is lost.
    pub(crate) fn touch(&mut self, len: usize) {
        if !self.is_touched(len) {
            return;
        }
        let len = len.min(self.len());
        let part = |bytes: &mut [u8]| {
            bytes.chunks_mut(PAGE).filter_map(<[u8]>::first_mut).for_each(|first| *first = 0);
            Ok::<(), std::convert::Infallible>(())
        };
        let parts = self.bytes_mut().get_mut(..len).unwrap_or_default().chunks_mut(HUGE);
        let _ = parallel::each(parts.collect(), part);
    }

    /// Whether [`touch`](Self::touch) does anything for so many bytes: less was given all at once,
    /// or is not worth a second core, and one alone gains nothing.
    pub(crate) fn is_touched(&self, len: usize) -> bool {
        len.min(self.len()) >= TOUCHED && parallel::width() > 1
    }

    /// The bytes, to be read.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match &self.0 {
            Memory::Heap { bytes, start, len } => &bytes[*start..*start + *len],
            Memory::Map { map, len } => &map[..*len],
        }
    }

    /// The bytes, to be filled.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        match &mut self.0 {
            Memory::Heap { bytes, start, len } => &mut bytes[*start..*start + *len],
            Memory::Map { map, len } => &mut map[..*len],
        }
    }

    /// The length in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes().len()
    }

    /// Whether there are no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Grows (or shrinks) to `len` bytes; what is there stays, new bytes are zero. Large memory
    /// is moved by page tables where the system can, not copied.
    ///
    /// # Errors
    /// `Io` (out of memory); the buffer is then as it was.
    pub fn resize(&mut self, len: usize) -> Result<()> {
        #[cfg(target_os = "linux")]
        if let Memory::Map { map, len: old } = &mut self.0 {
            if len >= MAPPED_FROM {
                // What is cut off within the last page would come back when growing again.
                let end = (*old).min(len.saturating_add(HUGE));
                map[len.min(end)..end].fill(0);
                let options = memmap2::RemapOptions::new().may_move(true);
                // SAFETY: the map is anonymous and private, so no file can be shorter than it;
                // `&mut self` proves that no slice of the old place is alive.
                #[allow(unsafe_code)]
                unsafe { map.remap(mapped(len), options) }
                    .map_err(|e| Error::io(format_args!("growing memory to {len} bytes"), e))?;
                *old = len;
                return Ok(());
            }
        }
        let mut grown = Self::zeroed(len)?;
        let keep = len.min(self.len());
        grown.bytes_mut()[..keep].copy_from_slice(&self.bytes()[..keep]);
        *self = grown;
        Ok(())
    }

    /// Gives up the right to write and shares the bytes. No copy.
    #[must_use]
    pub fn freeze(self) -> Buffer {
        Buffer::from_owner(self)
    }
}

impl AsRef<[u8]> for BufferMut {
    fn as_ref(&self) -> &[u8] {
        self.bytes()
    }
}

impl fmt::Debug for BufferMut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BufferMut({} bytes)", self.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aligned_and_zeroed_at_every_size() {
        for len in [0, 1, 63, 64, 65, 4096, MAPPED_FROM - 1, MAPPED_FROM, MAPPED_FROM + 1] {
            let mut b = BufferMut::zeroed(len).unwrap();
            assert_eq!((b.len(), b.is_empty()), (len, len == 0));
            assert!(b.bytes().iter().all(|&x| x == 0));
            assert_eq!(b.bytes_mut().as_ptr().align_offset(ALIGN), 0, "{len}");
        }
    }

    #[test]
    fn what_is_touched_is_zero_and_what_is_behind_it_stays() {
        for len in [0, 1, PAGE, PAGE + 1, HUGE - 1, 2 * HUGE + 5] {
            for touched in [0, 1, PAGE, PAGE + 1, HUGE, len.saturating_sub(1), len, usize::MAX] {
                let mut b = BufferMut::zeroed(len).unwrap();
                b.touch(touched);
                assert!(b.bytes().iter().all(|&x| x == 0), "{len} {touched}");
                b.bytes_mut().fill(7);
                b.touch(touched);
                let behind = b.bytes().get(touched..).unwrap_or_default();
                assert!(behind.iter().all(|&x| x == 7), "{len} {touched}");
            }
        }
    }

    #[test]
    fn growing_keeps_the_bytes_and_zeroes_the_rest() {
        let mut b = BufferMut::zeroed(100).unwrap();
        b.bytes_mut().fill(5);
        for len in [200, MAPPED_FROM, 5 * MAPPED_FROM, MAPPED_FROM + 7, 3 * HUGE - 9, 3 * HUGE, 50]
        {
            let before = b.len().min(len);
            b.resize(len).unwrap();
            assert_eq!(b.len(), len);
            assert!(b.bytes()[..before.min(100)].iter().all(|&x| x == 5), "{len}");
            assert!(b.bytes()[before.max(100).min(len)..].iter().all(|&x| x == 0), "{len}");
        }
    }

    #[test]
    fn too_much_is_an_error_and_no_abort() {
        assert!(BufferMut::zeroed(usize::MAX / 2).is_err());
    }
}
