//! The header in front of each member's data (APPNOTE 4.3.7).
#![forbid(unsafe_code)]

use super::extra::{self, Zip64};
use super::{Flags, MANY, Method, narrow};
use crate::Result;
use crate::cursor::Cursor;

/// What stands in front of a member's data: what is in the directory as well, where it was known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LocalHeader<'a> {
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
    /// Whether a zip64 field is there (it has both sizes); writing makes one where it must.
    pub(crate) zip64: bool,
    pub(crate) name: &'a [u8],
    /// The extra fields; a zip64 field among them is not written again.
    pub(crate) extra: &'a [u8],
}

impl<'a> LocalHeader<'a> {
    pub(crate) const SIGNATURE: &'static [u8; 4] = b"PK\x03\x04";
    /// Length without name and extra fields.
    pub(crate) const SIZE: usize = 30;
    /// Where the checksum is.
    pub(crate) const CRC_AT: usize = 14;

    /// Reads a header; where its extra fields are damaged, those behind are not found.
    pub(crate) fn parse(cursor: &mut Cursor<'a>) -> Result<Self> {
        super::signature(cursor, Self::SIGNATURE, "the header of a member")?;
        let needed = cursor.u16_le("the version")?;
        let flags = Flags(cursor.u16_le("the flags")?);
        let method = Method(cursor.u16_le("the method")?);
        let (time, date) = (cursor.u16_le("the time")?, cursor.u16_le("the date")?);
        let crc32 = cursor.u32_le("the CRC")?;
        let packed_len = cursor.u32_le("the packed size")?;
        let unpacked_len = cursor.u32_le("the size")?;
        let name_len = cursor.u16_le("the length of the name")?;
        let extra_len = cursor.u16_le("the length of the extra fields")?;
        let name = cursor.take(name_len.into(), "a name")?;
        let extra = cursor.take(extra_len.into(), "extra fields")?;
        let zip64 = extra::find(extra, Zip64::ID);
        let mut wide = Zip64::new(zip64);
        Ok(Self {
            needed,
            flags,
            method,
            time,
            date,
            crc32,
            // APPNOTE 4.5.3: in this order, and only those whose place says so.
            unpacked_len: wide.resolve(unpacked_len).unwrap_or(unpacked_len.into()),
            packed_len: wide.resolve(packed_len).unwrap_or(packed_len.into()),
            zip64: zip64.is_some(),
            name,
            extra,
        })
    }

    /// The length of a whole header, from its first [`SIZE`](Self::SIZE) bytes.
    pub(crate) fn whole_len(fixed: &[u8]) -> Result<u64> {
        let mut cursor = Cursor::new(fixed);
        super::signature(&mut cursor, Self::SIGNATURE, "the header of a member")?;
        cursor.take(22, "the header of a member")?;
        let name = cursor.u16_le("the length of the name")?;
        let extra = cursor.u16_le("the length of the extra fields")?;
        Ok(Self::SIZE as u64 + u64::from(name) + u64::from(extra))
    }

    /// How long the header will be.
    pub(crate) fn written_len(&self) -> usize {
        let wide = self.zip64 || narrow(self.packed_len).1 || narrow(self.unpacked_len).1;
        let zip64 = if wide { 4 + 16 } else { 0 };
        Self::SIZE + self.name.len() + zip64 + extra::with_zip64(self.extra, &[]).len()
    }

    /// Writes the header; sizes of 4 GiB and more, or `zip64`, bring a zip64 field.
    ///
    /// # Errors
    /// `Invalid` where the name or the extra fields are longer than 65,535 bytes.
    pub(crate) fn write(&self, out: &mut Vec<u8>) -> Result<()> {
        let ((packed, a), (unpacked, b)) = (narrow(self.packed_len), narrow(self.unpacked_len));
        let zip64 = self.zip64 || a || b;
        // APPNOTE 4.5.3: in a local header both sizes must be there.
        let both = [self.unpacked_len, self.packed_len];
        let extra = extra::with_zip64(self.extra, if zip64 { &both } else { &[] });
        let lengths = super::lengths(self.name, &extra)?;
        let (packed, unpacked) = if zip64 { (MANY, MANY) } else { (packed, unpacked) };
        let mut fixed = [0; Self::SIZE];
        let mut to = super::Fixed::new(&mut fixed);
        to.bytes(*Self::SIGNATURE);
        for value in [self.needed, self.flags.0, self.method.0, self.time, self.date] {
            to.bytes(value.to_le_bytes());
        }
        for value in [self.crc32, packed, unpacked] {
            to.bytes(value.to_le_bytes());
        }
        to.bytes(lengths.0.to_le_bytes());
        to.bytes(lengths.1.to_le_bytes());
        out.reserve(Self::SIZE + self.name.len() + extra.len());
        out.extend_from_slice(&fixed);
        out.extend_from_slice(self.name);
        out.extend_from_slice(&extra);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(zip64: bool, len: u64) -> LocalHeader<'static> {
        LocalHeader {
            needed: 20,
            flags: Flags::UTF8,
            method: Method::DEFLATE,
            time: 1,
            date: super::super::DATE,
            crc32: 0x1234_5678,
            packed_len: len / 2,
            unpacked_len: len,
            zip64,
            name: b"x.npy",
            extra: b"\x35\xd9\x04\0\x40\0\0\0",
        }
    }

    fn bytes(header: &LocalHeader<'_>) -> Vec<u8> {
        let mut out = Vec::new();
        header.write(&mut out).unwrap();
        out
    }

    #[test]
    fn headers_round_trip() {
        for (zip64, len) in [(false, 0), (false, 0xffff_fffe), (true, 5), (true, 1 << 40)] {
            let header = header(zip64, len);
            let written = bytes(&header);
            let mut cursor = Cursor::new(&written);
            let parsed = LocalHeader::parse(&mut cursor).unwrap();
            assert_eq!(cursor.position(), written.len() as u64);
            assert_eq!(LocalHeader::whole_len(&written).unwrap(), written.len() as u64);
            assert_eq!(LocalHeader { extra: header.extra, ..parsed }, header);
            assert_eq!(bytes(&parsed), written, "what was parsed is written the same");
        }
        // The largest number is the mark itself, so it needs the zip64 field.
        let written = bytes(&header(false, MANY.into()));
        let parsed = LocalHeader::parse(&mut Cursor::new(&written)).unwrap();
        assert_eq!((parsed.zip64, parsed.unpacked_len), (true, MANY.into()));
    }

    #[test]
    fn a_cut_header_is_refused_at_every_byte() {
        let written = bytes(&header(true, 1 << 40));
        for len in 0..written.len() {
            assert!(LocalHeader::parse(&mut Cursor::new(&written[..len])).is_err(), "{len}");
        }
        let e = LocalHeader::parse(&mut Cursor::new(b"PK\x01\x02")).unwrap_err();
        assert_eq!(
            e.to_string(),
            "at byte 0: expected the header of a member 'PK\\x03\\x04', found 'PK\\x01\\x02'"
        );
    }

    #[test]
    fn names_and_extra_fields_have_a_longest_length() {
        let name = vec![b'n'; 65_536];
        let e = LocalHeader { name: &name, ..header(false, 1) }.write(&mut Vec::new());
        assert_eq!(e.unwrap_err().to_string(), "a name of 65536 bytes (at most 65535)");
        let mut extra = Vec::new();
        for _ in 0..2 {
            extra.extend(b"\x35\xd9\xf8\x7f");
            extra.resize(extra.len() + 0x7ff8, 0);
        }
        let full = LocalHeader { extra: &extra, ..header(false, 1) };
        assert!(full.write(&mut Vec::new()).is_ok());
        assert!(LocalHeader { zip64: true, ..full }.write(&mut Vec::new()).is_err());
    }

    #[test]
    fn a_mark_without_a_zip64_field_is_a_number() {
        let mut written = bytes(&LocalHeader { extra: b"", ..header(false, 7) });
        written[18..26].fill(0xff);
        let parsed = LocalHeader::parse(&mut Cursor::new(&written)).unwrap();
        assert_eq!((parsed.packed_len, parsed.unpacked_len), (MANY.into(), MANY.into()));
    }
}
