//! A part of another source, with offsets of its own.
#![forbid(unsafe_code)]

use super::{Source, check_range};
use crate::{Buffer, Error, Result};
use std::io;
use std::sync::Arc;

/// `len` bytes of another source, from `start` on: a member of an archive, a file at its position.
///
/// ```
/// use npstow::{MemorySource, PartSource, Source};
/// let whole = std::sync::Arc::new(MemorySource::new(b"some bytes".to_vec()));
/// let part = PartSource::new(whole, 5, 5)?;
/// assert_eq!((part.len(), part.view(1, 2)?.as_ref()), (5, &b"yt"[..]));
/// # Ok::<(), npstow::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct PartSource {
    whole: Arc<dyn Source>,
    start: u64,
    len: u64,
}

impl PartSource {
    /// The part of `whole` that begins at `start` and has `len` bytes.
    ///
    /// # Errors
    /// `Corrupt` where the part does not lie within the whole.
    pub fn new(whole: Arc<dyn Source>, start: u64, len: u64) -> Result<Self> {
        if start.checked_add(len).is_none_or(|end| end > whole.len()) {
            let found = format_args!("{} bytes in all", whole.len());
            return Err(Error::corrupt(format_args!("{len} bytes"), found).at(start));
        }
        Ok(Self { whole, start, len })
    }
}

impl Source for PartSource {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_into(&self, offset: u64, dst: &mut [u8]) -> io::Result<()> {
        check_range(self.len, offset, dst.len())?;
        self.whole.read_into(self.start + offset, dst)
    }

    fn read(&self, offset: u64, len: usize) -> io::Result<Buffer> {
        check_range(self.len, offset, len)?;
        self.whole.read(self.start + offset, len)
    }

    fn view(&self, offset: u64, len: usize) -> Result<Buffer> {
        check_range(self.len, offset, len).map_err(|e| Error::io("viewing", e).at(offset))?;
        self.whole.view(self.start + offset, len)
    }

    fn in_memory(&self) -> Option<&[u8]> {
        let start = usize::try_from(self.start).ok()?;
        let end = start.checked_add(usize::try_from(self.len).ok()?)?;
        self.whole.in_memory()?.get(start..end)
    }

    fn shared(&self, offset: u64, len: usize) -> Option<Buffer> {
        check_range(self.len, offset, len).ok()?;
        self.whole.shared(self.start + offset, len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemorySource;

    #[test]
    fn a_part_cannot_be_left() {
        let whole: Arc<dyn Source> = Arc::new(MemorySource::new(vec![0u8, 1, 2, 3, 4]));
        let part = PartSource::new(Arc::clone(&whole), 1, 3).unwrap();
        assert_eq!((part.len(), part.in_memory()), (3, Some(&[1u8, 2, 3][..])));
        assert_eq!(&*part.read(1, 2).unwrap(), &[2, 3]);
        assert_eq!(&*part.view(0, 1).unwrap(), &[1]);
        let mut two = [0; 2];
        part.read_into(1, &mut two).unwrap();
        assert_eq!(two, [2, 3]);
        assert!(part.read_into(2, &mut two).is_err());
        assert!(part.read_into(u64::MAX, &mut two).is_err());
        assert!(part.read(1, 3).is_err());
        assert!(part.view(3, 1).is_err());
        assert!(PartSource::new(Arc::clone(&whole), 3, 3).is_err());
        assert!(PartSource::new(whole, u64::MAX, 3).is_err());
    }
}
