//! The end of an archive: where its directory is (APPNOTE 4.3.14 to 4.3.16).
#![forbid(unsafe_code)]

use super::{MANY, narrow};
use crate::cursor::Cursor;
use crate::{Error, Result};

/// The end-of-central-directory record, the last structure of every archive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct EndRecord<'a> {
    /// Number of this part of the archive, and of the part where the directory begins.
    pub(crate) disk: u16,
    pub(crate) directory_disk: u16,
    pub(crate) entries_here: u16,
    pub(crate) entries: u16,
    pub(crate) directory_len: u32,
    /// From the start of the archive.
    pub(crate) directory_offset: u32,
    /// What it says; the comment may be shorter where the file was cut.
    pub(crate) comment_len: u16,
    pub(crate) comment: &'a [u8],
}

/// What stands in a field of 16 bits whose value is in the zip64 record.
const SOME: u16 = u16::MAX;

impl<'a> EndRecord<'a> {
    pub(crate) const SIGNATURE: &'static [u8; 4] = b"PK\x05\x06";
    /// Length without the comment.
    pub(crate) const SIZE: usize = 22;

    /// Reads the record; a comment that is cut short is taken as it is, as by others.
    pub(crate) fn parse(cursor: &mut Cursor<'a>) -> Result<Self> {
        super::signature(cursor, Self::SIGNATURE, "an end record")?;
        let disk = cursor.u16_le("the number of this part")?;
        let directory_disk = cursor.u16_le("the number of the directory's part")?;
        let entries_here = cursor.u16_le("the number of members here")?;
        let entries = cursor.u16_le("the number of members")?;
        let directory_len = cursor.u32_le("the length of the directory")?;
        let directory_offset = cursor.u32_le("the offset of the directory")?;
        let comment_len = cursor.u16_le("the length of the comment")?;
        let there = cursor.rest().len().min(comment_len.into());
        let comment = cursor.take(there, "the comment")?;
        Ok(Self {
            disk,
            directory_disk,
            entries_here,
            entries,
            directory_len,
            directory_offset,
            comment_len,
            comment,
        })
    }

    /// Writes the record as it is; [`write_end`] knows what belongs in it.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(Self::SIGNATURE);
        for value in [self.disk, self.directory_disk, self.entries_here, self.entries] {
            out.extend(value.to_le_bytes());
        }
        out.extend(self.directory_len.to_le_bytes());
        out.extend(self.directory_offset.to_le_bytes());
        out.extend(self.comment_len.to_le_bytes());
        out.extend_from_slice(self.comment);
    }

    /// Whether this and the zip64 record say the same: readers must not find two archives in one.
    pub(crate) fn agrees(&self, wide: &Zip64EndRecord) -> bool {
        let word = |narrow: u16, wide: u64| narrow == SOME || u64::from(narrow) == wide;
        let long = |narrow: u32, wide: u64| narrow == MANY || u64::from(narrow) == wide;
        word(self.disk, wide.disk.into())
            && word(self.directory_disk, wide.directory_disk.into())
            && word(self.entries_here, wide.entries_here)
            && word(self.entries, wide.entries)
            && long(self.directory_len, wide.directory_len)
            && long(self.directory_offset, wide.directory_offset)
    }
}

/// The end record of archives with more or larger things than 16 and 32 bits can count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Zip64EndRecord {
    /// Length of the record behind this number: 44, and what others may have added.
    pub(crate) rest_len: u64,
    pub(crate) made_by: u16,
    pub(crate) needed: u16,
    pub(crate) disk: u32,
    pub(crate) directory_disk: u32,
    pub(crate) entries_here: u64,
    pub(crate) entries: u64,
    pub(crate) directory_len: u64,
    /// From the start of the archive.
    pub(crate) directory_offset: u64,
}

impl Zip64EndRecord {
    pub(crate) const SIGNATURE: &'static [u8; 4] = b"PK\x06\x06";
    /// Length without what others may have added.
    pub(crate) const SIZE: usize = 56;
    /// What `rest_len` is then.
    pub(crate) const REST: u64 = 44;

    /// Reads the record; what others added behind it is left unread.
    pub(crate) fn parse(cursor: &mut Cursor<'_>) -> Result<Self> {
        super::signature(cursor, Self::SIGNATURE, "a zip64 end record")?;
        let at = cursor.position();
        let rest_len = cursor.u64_le("the length of the record")?;
        if rest_len < Self::REST {
            let expected = format_args!("a zip64 end record of at least {} bytes", Self::REST);
            return Err(Error::corrupt(expected, rest_len).at(at));
        }
        Ok(Self {
            rest_len,
            made_by: cursor.u16_le("the maker's version")?,
            needed: cursor.u16_le("the version")?,
            disk: cursor.u32_le("the number of this part")?,
            directory_disk: cursor.u32_le("the number of the directory's part")?,
            entries_here: cursor.u64_le("the number of members here")?,
            entries: cursor.u64_le("the number of members")?,
            directory_len: cursor.u64_le("the length of the directory")?,
            directory_offset: cursor.u64_le("the offset of the directory")?,
        })
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(Self::SIGNATURE);
        out.extend(self.rest_len.to_le_bytes());
        out.extend(self.made_by.to_le_bytes());
        out.extend(self.needed.to_le_bytes());
        out.extend(self.disk.to_le_bytes());
        out.extend(self.directory_disk.to_le_bytes());
        let lengths = [self.entries_here, self.entries, self.directory_len, self.directory_offset];
        for value in lengths {
            out.extend(value.to_le_bytes());
        }
    }
}

/// Where the zip64 end record is; stands right in front of the end record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Zip64Locator {
    /// The part with the zip64 end record.
    pub(crate) disk: u32,
    /// From the start of the archive.
    pub(crate) offset: u64,
    pub(crate) disks: u32,
}

impl Zip64Locator {
    pub(crate) const SIGNATURE: &'static [u8; 4] = b"PK\x06\x07";
    pub(crate) const SIZE: usize = 20;

    pub(crate) fn parse(cursor: &mut Cursor<'_>) -> Result<Self> {
        super::signature(cursor, Self::SIGNATURE, "a zip64 locator")?;
        Ok(Self {
            disk: cursor.u32_le("the number of a part")?,
            offset: cursor.u64_le("the offset of the zip64 end record")?,
            disks: cursor.u32_le("the number of parts")?,
        })
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(Self::SIGNATURE);
        out.extend(self.disk.to_le_bytes());
        out.extend(self.offset.to_le_bytes());
        out.extend(self.disks.to_le_bytes());
    }
}

/// Writes all that follows a directory of `entries` members and `len` bytes at `offset` of the
/// archive; zip64 records only where they must be.
///
/// # Errors
/// `Invalid` for a comment of more than 65,535 bytes.
pub(crate) fn write_end(
    out: &mut Vec<u8>,
    entries: u64,
    len: u64,
    offset: u64,
    comment: &[u8],
) -> Result<()> {
    let ((directory_len, a), (directory_offset, b)) = (narrow(len), narrow(offset));
    let short = u16::try_from(entries).ok().filter(|&count| count != SOME);
    if a || b || short.is_none() {
        let record = Zip64EndRecord {
            rest_len: Zip64EndRecord::REST,
            made_by: 3 << 8 | 45,
            needed: 45,
            entries_here: entries,
            entries,
            directory_len: len,
            directory_offset: offset,
            ..Zip64EndRecord::default()
        };
        record.write(out);
        let record_offset = offset.checked_add(len);
        let offset = record_offset.ok_or_else(|| Error::invalid("an archive of 2^64 bytes"))?;
        Zip64Locator { disk: 0, offset, disks: 1 }.write(out);
    }
    let longer = |_| Error::invalid("a comment of more than 65535 bytes");
    let comment_len = u16::try_from(comment.len()).map_err(longer)?;
    let count = short.unwrap_or(SOME);
    let record = EndRecord {
        entries_here: count,
        entries: count,
        directory_len,
        directory_offset,
        comment_len,
        comment,
        ..EndRecord::default()
    };
    record.write(out);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_round_trip_and_are_refused_when_cut() {
        let record = EndRecord {
            disk: 1,
            directory_disk: 2,
            entries_here: 3,
            entries: 4,
            directory_len: 5,
            directory_offset: 6,
            comment_len: 5,
            comment: b"hello",
        };
        let mut out = Vec::new();
        record.write(&mut out);
        assert_eq!(EndRecord::parse(&mut Cursor::new(&out)).unwrap(), record);
        for len in 0..out.len() {
            let parsed = EndRecord::parse(&mut Cursor::new(&out[..len]));
            assert_eq!(parsed.is_ok(), len >= EndRecord::SIZE, "{len}");
        }

        let record = Zip64EndRecord {
            rest_len: 44,
            made_by: 1,
            needed: 2,
            disk: 3,
            directory_disk: 4,
            entries_here: 5,
            entries: 6,
            directory_len: 1 << 40,
            directory_offset: u64::MAX,
        };
        let mut out = Vec::new();
        record.write(&mut out);
        assert_eq!(out.len(), Zip64EndRecord::SIZE);
        assert_eq!(Zip64EndRecord::parse(&mut Cursor::new(&out)).unwrap(), record);
        for len in 0..out.len() {
            assert!(Zip64EndRecord::parse(&mut Cursor::new(&out[..len])).is_err(), "{len}");
        }
        out[4] = 43;
        assert!(Zip64EndRecord::parse(&mut Cursor::new(&out)).is_err());

        let locator = Zip64Locator { disk: 0, offset: 1 << 50, disks: 1 };
        let mut out = Vec::new();
        locator.write(&mut out);
        assert_eq!(out.len(), Zip64Locator::SIZE);
        assert_eq!(Zip64Locator::parse(&mut Cursor::new(&out)).unwrap(), locator);
        for len in 0..out.len() {
            assert!(Zip64Locator::parse(&mut Cursor::new(&out[..len])).is_err(), "{len}");
        }
    }

    #[test]
    fn zip64_only_where_it_must_be() {
        let wide = Zip64EndRecord::SIZE + Zip64Locator::SIZE;
        let most = u64::from(u32::MAX);
        for (entries, len, offset, zip64) in [
            (0, 0, 0, false),
            (65_534, most - 1, most - 1, false),
            (65_535, 1, 1, true),
            (1, most, 1, true),
            (1, 1, most, true),
        ] {
            let mut out = Vec::new();
            write_end(&mut out, entries, len, offset, b"!").unwrap();
            assert_eq!(out.len(), EndRecord::SIZE + 1 + usize::from(zip64) * wide);
            let mut cursor = Cursor::new(&out);
            let record = zip64.then(|| Zip64EndRecord::parse(&mut cursor).unwrap());
            if let Some(record) = record {
                assert_eq!((record.entries, record.directory_len), (entries, len));
                let locator = Zip64Locator::parse(&mut cursor).unwrap();
                assert_eq!(locator.offset, offset + len);
            }
            let end = EndRecord::parse(&mut cursor).unwrap();
            assert!(record.is_none_or(|record| end.agrees(&record)));
            let other = Zip64EndRecord { entries: 7, ..record.unwrap_or_default() };
            assert_eq!(end.agrees(&other), entries == 65_535 && end.entries_here == SOME);
        }
        assert!(write_end(&mut Vec::new(), 0, 0, 0, &[0; 65_536]).is_err());
        assert!(write_end(&mut Vec::new(), 0, u64::MAX, 1, &[]).is_err());
    }
}
