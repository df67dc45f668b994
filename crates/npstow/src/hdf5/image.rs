//! The image of a metadata cache: what a program left to be written when it closed a file
//! (HDF5 IV.A.2.y, III.J). It stands for what is at its addresses.
#![forbid(unsafe_code)]

use super::read::Sizes;
use crate::cursor::Cursor;
use crate::source::read_copied;
use crate::{Buffer, Error, Result, Source};
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

/// A source with other bytes in some places.
#[derive(Debug)]
pub(super) struct Image {
    below: Arc<dyn Source>,
    /// By position.
    pieces: BTreeMap<u64, Buffer>,
    /// Of the longest one.
    longest: u64,
}

impl Image {
    /// Parses the block of an image; addresses count from `base`.
    pub(super) fn new(
        below: Arc<dyn Source>,
        base: u64,
        sizes: Sizes,
        block: &Buffer,
    ) -> Result<Self> {
        let mut cursor = Cursor::new(block);
        if cursor.take(4, "a signature")? != b"MDCI" {
            return Err(Error::corrupt("an image of a metadata cache", "something else").at(0));
        }
        cursor.take(2, "a version")?;
        let _ = sizes.length(&mut cursor, "a length")?;
        let count = cursor.u32_le("a number of entries")?;
        let (mut pieces, mut longest) = (BTreeMap::new(), 0);
        for _ in 0..count {
            cursor.take(8, "an entry")?;
            let parents = usize::from(cursor.u16_le("a number of parents")?);
            cursor.take(4, "a rank")?;
            let address = sizes.address(&mut cursor, "an address of an entry")?;
            let len = sizes.length(&mut cursor, "a length of an entry")?;
            cursor.take(parents * usize::from(sizes.offset), "addresses of parents")?;
            let start = usize::try_from(cursor.position()).unwrap_or(usize::MAX);
            let len = usize::try_from(len).unwrap_or(usize::MAX);
            cursor.take(len, "an entry")?;
            longest = longest.max(len as u64);
            pieces.insert(address.saturating_add(base), block.slice(start..start + len)?);
        }
        Ok(Self { below, pieces, longest })
    }

    /// Does `with(position, bytes)` for every piece that shares bytes with a range.
    fn touched(&self, offset: u64, len: usize, mut with: impl FnMut(u64, &[u8])) {
        let end = offset.saturating_add(len as u64);
        for (&at, piece) in self.pieces.range(offset.saturating_sub(self.longest)..end) {
            if at.saturating_add(piece.len() as u64) > offset {
                with(at, piece);
            }
        }
    }

    fn touches(&self, offset: u64, len: usize) -> bool {
        let mut any = false;
        self.touched(offset, len, |_, _| any = true);
        any
    }
}

impl Source for Image {
    fn len(&self) -> u64 {
        self.below.len()
    }

    fn read_into(&self, offset: u64, dst: &mut [u8]) -> io::Result<()> {
        self.below.read_into(offset, dst)?;
        self.touched(offset, dst.len(), |at, piece| {
            let skip = usize::try_from(offset.saturating_sub(at)).unwrap_or(usize::MAX);
            let start = usize::try_from(at.saturating_sub(offset)).unwrap_or(usize::MAX);
            let from = piece.get(skip..).unwrap_or_default();
            let to = dst.get_mut(start..).unwrap_or_default();
            to.iter_mut().zip(from).for_each(|(place, byte)| *place = *byte);
        });
        Ok(())
    }

    fn read(&self, offset: u64, len: usize) -> io::Result<Buffer> {
        match self.touches(offset, len) {
            true => read_copied(self, offset, len),
            false => self.below.read(offset, len),
        }
    }

    fn view(&self, offset: u64, len: usize) -> Result<Buffer> {
        match self.touches(offset, len) {
            true => Err(Error::unsupported("a view of what a metadata cache has changed")),
            false => self.below.view(offset, len),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemorySource;

    #[test]
    fn pieces_stand_for_what_is_below_them() {
        let mut block = b"MDCI\0\0".to_vec();
        block.extend(0u64.to_le_bytes());
        block.extend(2u32.to_le_bytes());
        for (address, bytes) in [(3u64, &b"abc"[..]), (8, b"d")] {
            block.extend([0; 8]);
            block.extend([0; 6]);
            block.extend(address.to_le_bytes());
            block.extend((bytes.len() as u64).to_le_bytes());
            block.extend(bytes);
        }
        let below: Arc<dyn Source> = Arc::new(MemorySource::new(b"0123456789".to_vec()));
        let sizes = Sizes::new(8, 8).unwrap();
        let image =
            |block: &[u8]| Image::new(Arc::clone(&below), 1, sizes, &Buffer::copy_of(block));
        let all = image(&block).unwrap();
        assert_eq!(&*all.read(0, 10).unwrap(), b"0123abc78d");
        assert_eq!(&*all.read(5, 2).unwrap(), b"bc");
        assert_eq!(&*all.read(0, 4).unwrap(), b"0123");
        assert!(all.view(7, 2).is_ok() && all.view(6, 2).is_err());
        assert!(all.read(8, 3).is_err());
        for len in 0..block.len() {
            assert!(image(&block[..len]).is_err(), "{len}");
        }
    }
}
