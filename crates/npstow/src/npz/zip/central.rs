//! The entry of a member in the central directory (APPNOTE 4.3.12).
#![forbid(unsafe_code)]

use super::extra::{self, Zip64};
use super::{Flags, Method, narrow};
use crate::cursor::Cursor;
use crate::{Error, Result};

/// What the directory says of a member: the truth about it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct CentralHeader<'a> {
    /// Version and system (the upper byte; 3 is Unix) of whoever made it.
    pub(crate) made_by: u16,
    /// Version needed to extract, times ten.
    pub(crate) needed: u16,
    pub(crate) flags: Flags,
    pub(crate) method: Method,
    /// Time and date of MS-DOS.
    pub(crate) time: u16,
    pub(crate) date: u16,
    pub(crate) crc32: u32,
    pub(crate) packed_len: u64,
    pub(crate) unpacked_len: u64,
    pub(crate) name: &'a [u8],
    /// The extra fields; a zip64 field among them is not written again.
    pub(crate) extra: &'a [u8],
    pub(crate) comment: &'a [u8],
    /// The part of the archive that the member begins in; 0 where there is one part.
    pub(crate) disk: u16,
    pub(crate) internal: u16,
    pub(crate) external: u32,
    /// Where the local header is, from the start of the archive.
    pub(crate) offset: u64,
}

impl<'a> CentralHeader<'a> {
    pub(crate) const SIGNATURE: &'static [u8; 4] = b"PK\x01\x02";
    /// Length without name, extra fields and comment.
    pub(crate) const SIZE: usize = 46;

    /// Reads an entry.
    #[allow(clippy::inline_always)] // What the caller does not look at need not be taken apart.
    #[inline(always)]
    pub(crate) fn parse(cursor: &mut Cursor<'a>) -> Result<Self> {
        let start = cursor.position();
        super::signature(cursor, Self::SIGNATURE, "an entry of the directory")?;
        // All at once: directories have tens of thousands of these.
        let fixed: [u8; 42] = cursor.array("an entry of the directory")?;
        let u16_at = |at: usize| u16::from_le_bytes([fixed[at], fixed[at + 1]]);
        let u32_at = |at: usize| {
            u32::from_le_bytes([fixed[at], fixed[at + 1], fixed[at + 2], fixed[at + 3]])
        };
        let (name_len, extra_len, comment_len) = (u16_at(24), u16_at(26), u16_at(28));
        let name = cursor.take(name_len.into(), "a name")?;
        let extra_at = cursor.position();
        let extra = cursor.take(extra_len.into(), "extra fields")?;
        let comment = cursor.take(comment_len.into(), "a comment")?;
        let (packed_len, unpacked_len, offset) = (u32_at(16), u32_at(20), u32_at(38));
        let mut header = Self {
            made_by: u16_at(0),
            needed: u16_at(2),
            flags: Flags(u16_at(4)),
            method: Method(u16_at(6)),
            time: u16_at(8),
            date: u16_at(10),
            crc32: u32_at(12),
            packed_len: packed_len.into(),
            unpacked_len: unpacked_len.into(),
            name,
            extra,
            comment,
            disk: u16_at(30),
            internal: u16_at(32),
            external: u32_at(34),
            offset: offset.into(),
        };
        if !extra.is_empty() {
            let mut wide = Zip64::new(Self::zip64(extra).map_err(|e| e.shift(extra_at))?);
            let mut resolve = |narrow: u32, what: &str| {
                let short = || Error::corrupt(format_args!("{what} in the zip64 field"), "its end");
                wide.resolve(narrow).ok_or_else(|| short().at(start))
            };
            // APPNOTE 4.5.3: in this order, and only those whose place says so.
            header.unpacked_len = resolve(unpacked_len, "the size")?;
            header.packed_len = resolve(packed_len, "the packed size")?;
            header.offset = resolve(offset, "the offset")?;
            header.disk = wide.resolve_disk(header.disk);
        }
        Ok(header)
    }

    /// Checks the extra fields on the way to the zip64 field: readers must not differ about them.
    fn zip64(extra: &'a [u8]) -> Result<Option<&'a [u8]>> {
        let mut found = None;
        for field in extra::fields(extra) {
            let field = field?;
            if field.id == Zip64::ID && found.replace(field.payload).is_some() {
                return Err(Error::corrupt("one zip64 field", "two").at(field.at));
            }
        }
        Ok(found)
    }

    /// Writes the entry; what needs more than 32 bits goes into a zip64 field.
    ///
    /// # Errors
    /// `Invalid` where name, extra fields or comment are longer than 65,535 bytes.
    pub(crate) fn write(&self, out: &mut Vec<u8>) -> Result<()> {
        let (packed, a) = narrow(self.packed_len);
        let (unpacked, b) = narrow(self.unpacked_len);
        let (offset, c) = narrow(self.offset);
        let pairs = [(self.unpacked_len, b), (self.packed_len, a), (self.offset, c)];
        let (mut wide, mut count) = ([0; 3], 0);
        for (value, _) in pairs.iter().filter(|(_, is_wide)| *is_wide) {
            wide[count] = *value;
            count += 1;
        }
        let extra = extra::with_zip64(self.extra, &wide[..count]);
        let (name_len, extra_len) = super::lengths(self.name, &extra)?;
        let (comment_len, _) = super::lengths(self.comment, &[])
            .map_err(|_| Error::invalid("a comment of more than 65535 bytes"))?;
        // All at once: archives have tens of thousands of these.
        let mut fixed = [0; Self::SIZE];
        let mut to = super::Fixed::new(&mut fixed);
        to.bytes(*Self::SIGNATURE);
        for word in [self.made_by, self.needed, self.flags.0, self.method.0, self.time, self.date] {
            to.bytes(word.to_le_bytes());
        }
        for value in [self.crc32, packed, unpacked] {
            to.bytes(value.to_le_bytes());
        }
        for value in [name_len, extra_len, comment_len, self.disk, self.internal] {
            to.bytes(value.to_le_bytes());
        }
        to.bytes(self.external.to_le_bytes());
        to.bytes(offset.to_le_bytes());
        out.reserve(Self::SIZE + self.name.len() + extra.len() + self.comment.len());
        out.extend_from_slice(&fixed);
        out.extend_from_slice(self.name);
        out.extend_from_slice(&extra);
        out.extend_from_slice(self.comment);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(lengths: [u64; 3]) -> CentralHeader<'static> {
        let [unpacked_len, packed_len, offset] = lengths;
        CentralHeader {
            made_by: 0x0314,
            needed: 45,
            flags: Flags::UTF8,
            method: Method::ZSTD,
            time: 2,
            date: super::super::DATE,
            crc32: 0x89ab_cdef,
            packed_len,
            unpacked_len,
            name: b"a/b.npy",
            extra: b"np\x02\0\x01\x02",
            comment: b"said",
            disk: 0,
            internal: 1,
            external: 0o600 << 16,
            offset,
        }
    }

    fn bytes(header: &CentralHeader<'_>) -> Vec<u8> {
        let mut out = Vec::new();
        header.write(&mut out).unwrap();
        out
    }

    #[test]
    fn entries_round_trip_with_zip64_in_every_place() {
        let small = [5, 4, 3];
        let large = [1 << 33, u64::from(u32::MAX), u64::MAX];
        for mask in 0..8 {
            let mut lengths = small;
            for (i, len) in lengths.iter_mut().enumerate() {
                if mask >> i & 1 == 1 {
                    *len = large[i];
                }
            }
            let header = header(lengths);
            let written = bytes(&header);
            let wide = usize::try_from(u32::from(mask != 0) * 4 + 8 * u32::count_ones(mask));
            assert_eq!(written.len(), CentralHeader::SIZE + 7 + 6 + 4 + wide.unwrap());
            let mut cursor = Cursor::new(&written);
            let parsed = CentralHeader::parse(&mut cursor).unwrap();
            assert_eq!(cursor.position(), written.len() as u64);
            assert_eq!(CentralHeader { extra: header.extra, ..parsed }, header, "{mask}");
            assert_eq!(bytes(&parsed), written);
        }
    }

    #[test]
    fn a_cut_entry_is_refused_at_every_byte() {
        let written = bytes(&header([1 << 40, 1 << 39, 1 << 38]));
        for len in 0..written.len() {
            assert!(CentralHeader::parse(&mut Cursor::new(&written[..len])).is_err(), "{len}");
        }
    }

    #[test]
    fn the_part_of_the_archive_may_stand_in_the_zip64_field() {
        let told = |field: &[u8], disk: u16| {
            let header =
                CentralHeader { extra: b"", comment: b"", disk, ..header([u64::MAX, 1, 1]) };
            let mut written = bytes(&header);
            // The size alone was written; the part comes behind it.
            let at = written.len() - 10;
            let len = u16::try_from(8 + field.len()).unwrap();
            written[at..at + 2].copy_from_slice(&len.to_le_bytes());
            written.extend(field);
            written[30..32].copy_from_slice(&(len + 4).to_le_bytes());
            CentralHeader::parse(&mut Cursor::new(&written)).map(|header| header.disk).unwrap()
        };
        assert_eq!(told(&[0, 0, 0, 0], u16::MAX), 0);
        assert_eq!(told(&[1, 0, 0, 0], u16::MAX), 1);
        assert_eq!(told(&[0, 0, 1, 0], u16::MAX), u16::MAX);
        assert_eq!(told(&[], u16::MAX), u16::MAX);
        assert_eq!(told(&[5, 0, 0, 0], 0), 0);
    }

    #[test]
    fn extra_fields_are_checked() {
        let told = |extra: &[u8], mark: bool| {
            let mut written =
                bytes(&CentralHeader { extra: b"", comment: b"", ..header([1, 1, 1]) });
            written[30..32].copy_from_slice(&u16::try_from(extra.len()).unwrap().to_le_bytes());
            written.extend(extra);
            if mark {
                written[24..28].fill(0xff);
            }
            let parsed = CentralHeader::parse(&mut Cursor::new(&written));
            parsed.map(|h| h.unpacked_len).map_err(|e| e.to_string())
        };
        let wide = b"\x01\0\x08\0\x07\0\0\0\x01\0\0\0";
        assert_eq!(told(wide, true).unwrap(), (1 << 32) + 7);
        assert_eq!(told(wide, false).unwrap(), 1);
        assert_eq!(told(b"", true).unwrap(), u64::from(u32::MAX));
        // Up to three bytes at the end are padding.
        assert_eq!(told(b"\x02\0\0\0\0\0\0", false).unwrap(), 1);
        assert_eq!(
            told(&wide[..11], true).unwrap_err(),
            "at byte 53: expected an extra field of 8 bytes, found the end after 7"
        );
        assert_eq!(
            told(b"\x01\0\x04\0\0\0\0\0", true).unwrap_err(),
            "at byte 0: expected the size in the zip64 field, found its end"
        );
        let twice = [&wide[..], &wide[..]].concat();
        assert_eq!(
            told(&twice, true).unwrap_err(),
            "at byte 65: expected one zip64 field, found two"
        );
    }
}
