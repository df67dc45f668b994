//! What a full read must find.
#![forbid(unsafe_code)]

use crate::codec::Crc32;
use crate::{Error, Result, Source};

/// A checksum over more than the elements: a member of an archive, its header included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seal {
    /// The bytes it is over, in the source; of packed data it is over all that they unpack to.
    pub(crate) start: u64,
    pub(crate) len: u64,
    pub(crate) crc32: u32,
}

impl Seal {
    pub(super) fn check(&self, found: u32) -> Result<()> {
        if found != self.crc32 {
            let expected = format!("data with the CRC-32 {:08x}", self.crc32);
            return Err(Error::corrupt(expected, format!("{found:08x}")).at(self.start));
        }
        Ok(())
    }

    /// The end of what it is over.
    pub(super) fn end(&self) -> u64 {
        self.start.saturating_add(self.len)
    }

    /// Adds the bytes of a range of the source to a checksum.
    pub(super) fn hash(
        source: &dyn Source,
        range: std::ops::Range<u64>,
        crc: &mut Crc32,
    ) -> Result<()> {
        let mut bytes = [0; 8192];
        let mut at = range.start;
        while at < range.end {
            let step = usize::try_from(range.end - at).unwrap_or(usize::MAX).min(bytes.len());
            let bytes = &mut bytes[..step];
            source.read_into(at, bytes).map_err(|e| Error::io("reading the data", e).at(at))?;
            crc.update(bytes);
            at += step as u64;
        }
        Ok(())
    }
}
