//! CRC and sizes behind the data of a member that was written to a pipe (APPNOTE 4.3.9).
#![forbid(unsafe_code)]

use crate::Result;
use crate::cursor::Cursor;

/// What follows the data where flag bit 3 is set.
///
/// Nothing says whether its signature is there and whether its sizes have 64 bits: whoever reads
/// it has to try which of the four forms tells the truth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DataDescriptor {
    pub(crate) crc32: u32,
    pub(crate) packed_len: u64,
    pub(crate) unpacked_len: u64,
}

impl DataDescriptor {
    pub(crate) const SIGNATURE: &'static [u8; 4] = b"PK\x07\x08";
    /// The longest form.
    pub(crate) const SIZE: usize = 24;

    /// Reads one with or without a signature, with sizes of 64 (`wide`) or 32 bits.
    pub(crate) fn parse(cursor: &mut Cursor<'_>, signed: bool, wide: bool) -> Result<Self> {
        if signed {
            super::signature(cursor, Self::SIGNATURE, "a data descriptor")?;
        }
        let crc32 = cursor.u32_le("the CRC")?;
        let mut size = |what: &str| {
            if wide { cursor.u64_le(what) } else { cursor.u32_le(what).map(u64::from) }
        };
        let (packed_len, unpacked_len) = (size("the packed size")?, size("the size")?);
        Ok(Self { crc32, packed_len, unpacked_len })
    }

    /// Every form in which the bytes can be read, and how many of them it takes.
    pub(crate) fn readings(bytes: &[u8]) -> impl Iterator<Item = (Self, u64)> {
        let forms = [(true, false), (true, true), (false, false), (false, true)];
        forms.into_iter().filter_map(|(signed, wide)| {
            let mut cursor = Cursor::new(bytes);
            let one = Self::parse(&mut cursor, signed, wide).ok()?;
            Some((one, cursor.position()))
        })
    }

    /// Writes it with its signature; sizes that do not fit 32 bits need `wide`.
    #[cfg(test)]
    pub(crate) fn write(&self, out: &mut Vec<u8>, signed: bool, wide: bool) {
        if signed {
            out.extend_from_slice(Self::SIGNATURE);
        }
        out.extend(self.crc32.to_le_bytes());
        for size in [self.packed_len, self.unpacked_len] {
            if wide {
                out.extend(size.to_le_bytes());
            } else {
                out.extend(u32::try_from(size).unwrap().to_le_bytes());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_forms_round_trip() {
        let one = DataDescriptor { crc32: 7, packed_len: 1000, unpacked_len: 70_000 };
        for (signed, wide) in [(true, false), (true, true), (false, false), (false, true)] {
            let mut out = Vec::new();
            one.write(&mut out, signed, wide);
            let parsed = DataDescriptor::parse(&mut Cursor::new(&out), signed, wide).unwrap();
            assert_eq!(parsed, one);
            let whole = (one, out.len() as u64);
            assert!(DataDescriptor::readings(&out).any(|read| read == whole));
            assert!(out.len() <= DataDescriptor::SIZE);
            for len in 0..out.len() {
                let mut cursor = Cursor::new(&out[..len]);
                assert!(DataDescriptor::parse(&mut cursor, signed, wide).is_err(), "{len}");
            }
        }
    }
}
