//! Extra fields (APPNOTE 4.5): what others defined and we need, and two of our own.
//!
//! Ours are invisible to other readers, which skip fields they do not know.
#![forbid(unsafe_code)]

use super::MANY;
use crate::cursor::Cursor;
use crate::{Error, Result};
use std::borrow::Cow;

/// One extra field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Field<'a> {
    pub(crate) id: u16,
    pub(crate) payload: &'a [u8],
    /// Where it begins, from the first extra field on.
    pub(crate) at: u64,
}

impl Field<'_> {
    pub(crate) fn write(&self, out: &mut Vec<u8>) -> Result<()> {
        put(out, self.id, &[self.payload])
    }
}

/// The fields one after another; an error where one of them goes on beyond the end. Up to three
/// bytes behind the last one are padding.
pub(crate) fn fields(extra: &[u8]) -> impl Iterator<Item = Result<Field<'_>>> {
    let mut cursor = Cursor::new(extra);
    std::iter::from_fn(move || {
        if cursor.rest().len() < 4 {
            return None;
        }
        let at = cursor.position();
        let field = take(&mut cursor, at);
        if field.is_err() {
            // Nothing behind a damaged field can be found.
            cursor = Cursor::new(&[]);
        }
        Some(field)
    })
}

fn take<'a>(cursor: &mut Cursor<'a>, at: u64) -> Result<Field<'a>> {
    let id = cursor.u16_le("the kind of an extra field")?;
    let len = cursor.u16_le("the length of an extra field")?;
    let rest = cursor.rest().len();
    let short = |_| {
        let expected = format_args!("an extra field of {len} bytes");
        Error::corrupt(expected, format_args!("the end after {rest}")).at(at)
    };
    let payload = cursor.take(len.into(), "an extra field").map_err(short)?;
    Ok(Field { id, payload, at })
}

/// The payload of the first field of this kind in front of any damage.
pub(crate) fn find(extra: &[u8], id: u16) -> Option<&[u8]> {
    fields(extra).map_while(Result::ok).find(|field| field.id == id).map(|field| field.payload)
}

/// Appends a field.
///
/// # Errors
/// `Invalid` where the payload is longer than 65,535 bytes.
fn put(out: &mut Vec<u8>, id: u16, parts: &[&[u8]]) -> Result<()> {
    let len: usize = parts.iter().map(|part| part.len()).sum();
    let longer = |_| Error::invalid(format_args!("an extra field of {len} bytes (at most 65535)"));
    let short = u16::try_from(len).map_err(longer)?;
    out.reserve(4 + len);
    let ([a, b], [c, d]) = (id.to_le_bytes(), short.to_le_bytes());
    out.extend_from_slice(&[a, b, c, d]);
    parts.iter().for_each(|part| out.extend_from_slice(part));
    Ok(())
}

/// The extra fields as they are written: a zip64 field with these values, where there are any,
/// in the place of an old one.
pub(super) fn with_zip64<'a>(extra: &'a [u8], wide: &[u64]) -> Cow<'a, [u8]> {
    if wide.is_empty() && (extra.is_empty() || find(extra, Zip64::ID).is_none()) {
        return Cow::Borrowed(extra);
    }
    let mut new = Vec::with_capacity(extra.len() + 28);
    if !wide.is_empty() {
        Zip64::write(&mut new, wide);
    }
    copy_without_zip64(extra, &mut new);
    Cow::Owned(new)
}

/// Copies all fields but the zip64 one, whose content depends on where it stands.
fn copy_without_zip64(extra: &[u8], out: &mut Vec<u8>) {
    let mut copied = 0;
    for field in fields(extra).map_while(Result::ok) {
        let start = usize::try_from(field.at).unwrap_or(usize::MAX);
        let end = start.saturating_add(4 + field.payload.len());
        copied = end;
        if field.id != Zip64::ID {
            out.extend_from_slice(extra.get(start..end).unwrap_or_default());
        }
    }
    // Padding, or damage that is not ours to mend.
    out.extend_from_slice(extra.get(copied..).unwrap_or_default());
}

/// Sizes and offsets of more than 32 bits (APPNOTE 4.5.3).
pub(crate) struct Zip64<'a>(Option<Cursor<'a>>);

impl<'a> Zip64<'a> {
    pub(crate) const ID: u16 = 0x0001;

    pub(super) fn new(payload: Option<&'a [u8]>) -> Self {
        Self(payload.map(Cursor::new))
    }

    /// The value that a field of 32 bits stands for; `None` where the zip64 field is too short.
    /// Without a zip64 field, the mark is a number like any other.
    pub(super) fn resolve(&mut self, narrow: u32) -> Option<u64> {
        match &mut self.0 {
            Some(cursor) if narrow == MANY => cursor.u64_le("a size").ok(),
            _ => Some(narrow.into()),
        }
    }

    /// The part of the archive that 16 bits stand for: where they are all ones, it is in the field,
    /// if that has it. Parts that 16 bits cannot tell stay all ones.
    pub(super) fn resolve_disk(&mut self, narrow: u16) -> u16 {
        match &mut self.0 {
            Some(cursor) if narrow == u16::MAX => {
                let wide = cursor.u32_le("a part of the archive").ok();
                wide.and_then(|wide| u16::try_from(wide).ok()).unwrap_or(narrow)
            }
            _ => narrow,
        }
    }

    /// Appends a field with these values, of which there are at most three.
    pub(super) fn write(out: &mut Vec<u8>, values: &[u64]) {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        put(out, Self::ID, &[&bytes]).expect("three numbers are short");
    }
}

/// Info-ZIP's name in UTF-8 beside one in another encoding (APPNOTE 4.6.9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UnicodePath<'a> {
    /// CRC-32 of the name in the header: the field is out of date where it is another.
    pub(crate) name_crc32: u32,
    pub(crate) text: &'a [u8],
}

impl<'a> UnicodePath<'a> {
    pub(crate) const ID: u16 = 0x7075;

    /// `None` for a version that is not known.
    pub(crate) fn parse(payload: &'a [u8]) -> Result<Option<Self>> {
        let mut cursor = Cursor::new(payload);
        if cursor.u8("the version of a name in UTF-8")? != 1 {
            return Ok(None);
        }
        let name_crc32 = cursor.u32_le("the CRC of a name")?;
        Ok(Some(Self { name_crc32, text: cursor.rest() }))
    }

    #[cfg(test)]
    pub(crate) fn write(&self, out: &mut Vec<u8>) -> Result<()> {
        put(out, Self::ID, &[&[1], &self.name_crc32.to_le_bytes(), self.text])
    }
}

/// Padding that brings the data to an aligned offset, as Android's `zipalign` writes it: the
/// alignment, and zeros.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Alignment {
    /// What the payload's offset is a multiple of.
    pub(crate) to: u16,
    /// How many bytes the field takes, its own header included.
    pub(crate) len: usize,
}

impl Alignment {
    pub(crate) const ID: u16 = 0xd935;
    /// The shortest field: kind, length, alignment.
    const SIZE: usize = 6;
    /// The longest field that brings something to a multiple of 64, or of less.
    pub(crate) const MOST: usize = 64 + Self::SIZE - 1;

    /// The field that brings what would begin at `offset` to a multiple of `to`; `None` where it
    /// is one already.
    pub(crate) fn fitting(to: u16, offset: u64) -> Option<Self> {
        let step = u64::from(to.max(1));
        let mut len = (step - offset % step) % step;
        if len == 0 {
            return None;
        }
        while len < Self::SIZE as u64 {
            len += step;
        }
        Some(Self { to, len: usize::try_from(len).ok()? })
    }

    #[cfg(test)]
    pub(crate) fn parse(payload: &[u8]) -> Result<Self> {
        let to = Cursor::new(payload).u16_le("an alignment")?;
        Ok(Self { to, len: payload.len() + 4 })
    }

    /// Writes the field to the start of `zeros`, and gives as much of it as it takes.
    ///
    /// # Errors
    /// `Invalid` where there is no room.
    pub(crate) fn write<'a>(&self, zeros: &'a mut [u8]) -> Result<&'a [u8]> {
        let narrow = || Error::invalid("too much padding");
        let out = zeros.get_mut(..self.len).ok_or_else(narrow)?;
        let len = u16::try_from(self.len - 4).map_err(|_| narrow())?;
        let words = [Self::ID, len, self.to].map(u16::to_le_bytes);
        out.iter_mut().zip(words.as_flattened()).for_each(|(to, from)| *to = *from);
        Ok(out)
    }
}

/// Ours: the NPY header of a member again, in the directory, so that one read lists an archive.
///
/// Kind `0x706e` (`np`); a byte of version, 1; the length of the local header's extra fields (two
/// bytes), which tells where the data begin; the length of the whole NPY header (four bytes); its
/// major version (one byte); and its text without the padding at the end. What the member itself
/// begins with stays the truth: it is compared when the member is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HeaderCopy<'a> {
    /// Length of the extra fields in the local header.
    pub(crate) local_extra_len: u16,
    /// Length of the NPY header in the member, magic and padding included.
    pub(crate) len: u32,
    pub(crate) major: u8,
    pub(crate) text: &'a [u8],
}

impl<'a> HeaderCopy<'a> {
    pub(crate) const ID: u16 = 0x706e;
    const VERSION: u8 = 1;
    /// Longer headers are not repeated: the directory is to stay small.
    pub(crate) const MOST: usize = 16 << 10;

    /// `None` for a version that is not known.
    pub(crate) fn parse(payload: &'a [u8]) -> Result<Option<Self>> {
        let mut cursor = Cursor::new(payload);
        if cursor.u8("the version of a repeated header")? != Self::VERSION {
            return Ok(None);
        }
        let local_extra_len = cursor.u16_le("the length of extra fields")?;
        let len = cursor.u32_le("the length of a header")?;
        let major = cursor.u8("the version of a header")?;
        Ok(Some(Self { local_extra_len, len, major, text: cursor.rest() }))
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) -> Result<()> {
        let ([a, b], [c, d, e, f]) = (self.local_extra_len.to_le_bytes(), self.len.to_le_bytes());
        put(out, Self::ID, &[&[Self::VERSION, a, b, c, d, e, f, self.major], self.text])
    }

    /// The copy of a whole NPY header; `None` where it is too long, or none.
    pub(crate) fn of(header: &'a [u8], local_extra_len: u16) -> Option<Self> {
        let major = *header.get(6)?;
        let text = trimmed(header.get(if major == 1 { 10 } else { 12 }..)?);
        let copy = Self { local_extra_len, len: u32::try_from(header.len()).ok()?, major, text };
        (copy.text.len() <= Self::MOST).then_some(copy)
    }
}

/// A header's text without the spaces and the line feed at its end.
pub(crate) fn trimmed(text: &[u8]) -> &[u8] {
    let end = text.iter().rposition(|&b| b != b' ' && b != b'\n').map_or(0, |last| last + 1);
    text.get(..end).unwrap_or_default()
}

/// Ours: the blocks of a deflated member, each of which can be inflated without the others.
///
/// Kind `0x626e` (`nb`); a byte of version, 1; the logarithm of how many bytes each block holds
/// (the last one may hold fewer); and the packed length of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BlockIndex<'a> {
    /// A block holds two to the power of this.
    pub(crate) log2_len: u8,
    /// The packed lengths, four bytes each.
    packed: &'a [u8],
}

impl<'a> BlockIndex<'a> {
    pub(crate) const ID: u16 = 0x626e;
    const VERSION: u8 = 1;

    /// `None` for a version that is not known.
    pub(crate) fn parse(payload: &'a [u8]) -> Result<Option<Self>> {
        let mut cursor = Cursor::new(payload);
        if cursor.u8("the version of a block index")? != Self::VERSION {
            return Ok(None);
        }
        let log2_len = cursor.u8("the size of a block")?;
        let packed = cursor.rest();
        if packed.len() % 4 != 0 {
            let found = format_args!("{} bytes", packed.len());
            return Err(Error::corrupt("packed lengths of 4 bytes each", found).at(2));
        }
        Ok(Some(Self { log2_len, packed }))
    }

    /// How many blocks there are.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.packed.len() / 4
    }

    /// The packed length of each block.
    pub(crate) fn packed_lens(&self) -> impl ExactSizeIterator<Item = u32> + use<'a> {
        let lens = self.packed.chunks_exact(4);
        lens.map(|len| len.try_into().map_or(0, u32::from_le_bytes))
    }

    /// Appends the field.
    ///
    /// # Errors
    /// `Invalid` for more blocks than a field can hold.
    pub(crate) fn write(log2_len: u8, packed_lens: &[u32], out: &mut Vec<u8>) -> Result<()> {
        let bytes: Vec<u8> = packed_lens.iter().flat_map(|len| len.to_le_bytes()).collect();
        put(out, Self::ID, &[&[Self::VERSION, log2_len], &bytes])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Debug;

    /// One field, written, parsed, and refused or shorter at every byte where it is cut.
    fn payload(write: impl Fn(&mut Vec<u8>) -> Result<()>, id: u16) -> Vec<u8> {
        let mut out = Vec::new();
        write(&mut out).unwrap();
        let all: Vec<_> = fields(&out).map(Result::unwrap).collect();
        assert_eq!((all.len(), all[0].id, all[0].at), (1, id, 0));
        for len in 4..out.len() {
            assert!(fields(&out[..len]).next().unwrap().is_err(), "{len}");
        }
        all[0].payload.to_vec()
    }

    fn cut<T: PartialEq + Debug>(payload: &[u8], least: usize, parse: impl Fn(&[u8]) -> Result<T>) {
        for len in 0..payload.len() {
            assert_eq!(parse(&payload[..len]).is_ok(), len >= least, "{len}");
        }
    }

    #[test]
    fn fields_round_trip() {
        let path = UnicodePath { name_crc32: 0xdead_beef, text: "ä.npy".as_bytes() };
        let bytes = payload(|out| path.write(out), UnicodePath::ID);
        assert_eq!(UnicodePath::parse(&bytes).unwrap(), Some(path));
        cut(&bytes, 5, |p| UnicodePath::parse(p).map(|_| ()));
        assert_eq!(UnicodePath::parse(b"\x02").unwrap(), None);

        let copy =
            HeaderCopy { local_extra_len: 30, len: 128, major: 1, text: b"{'descr': '<f4'}" };
        let bytes = payload(|out| copy.write(out), HeaderCopy::ID);
        assert_eq!(HeaderCopy::parse(&bytes).unwrap(), Some(copy));
        cut(&bytes, 8, |p| HeaderCopy::parse(p).map(|_| ()));
        assert_eq!(HeaderCopy::parse(b"\x02").unwrap(), None);

        let lens = [1, 70_000, u32::MAX];
        let bytes = payload(|out| BlockIndex::write(20, &lens, out), BlockIndex::ID);
        let index = BlockIndex::parse(&bytes).unwrap().unwrap();
        assert_eq!((index.log2_len, index.len()), (20, 3));
        assert_eq!(index.packed_lens().collect::<Vec<_>>(), lens);
        for len in 0..bytes.len() {
            assert_eq!(BlockIndex::parse(&bytes[..len]).is_ok(), len >= 2 && len % 4 == 2, "{len}");
        }
        assert!(BlockIndex::write(20, &[0; 20_000], &mut Vec::new()).is_err());
    }

    #[test]
    fn the_copy_of_a_header_has_no_padding() {
        let header = b"\x93NUMPY\x01\0\x0c\0{'descr': }  \n";
        let copy = HeaderCopy::of(header, 9).unwrap();
        assert_eq!((copy.len, copy.major, copy.text), (24, 1, &b"{'descr': }"[..]));
        assert_eq!(HeaderCopy::of(b"\x93NUMPY\x03\0\x01\0\0\0\n", 0).unwrap().text, b"");
        assert!(HeaderCopy::of(&vec![b'x'; HeaderCopy::MOST + 13], 0).is_none());
        assert!(HeaderCopy::of(b"short", 0).is_none());
    }

    #[test]
    fn padding_fits() {
        for offset in 0..200 {
            let Some(field) = Alignment::fitting(64, offset) else {
                assert_eq!(offset % 64, 0);
                continue;
            };
            let mut zeros = [0; Alignment::MOST];
            let out = field.write(&mut zeros).unwrap();
            assert_eq!(out.len(), field.len);
            assert_eq!((offset + field.len as u64) % 64, 0);
            assert!(field.write(&mut vec![0; field.len - 1]).is_err());
            let payload = find(out, Alignment::ID).unwrap();
            assert_eq!(Alignment::parse(payload).unwrap(), field);
            cut(payload, 2, |p| Alignment::parse(p).map(|_| ()));
        }
    }

    #[test]
    fn what_is_behind_damage_is_not_found_and_not_lost() {
        let extra = b"\x01\0\x08\0\0\0\0\0\0\0\0\0\x02\0\x01\0x\x03\0\xff\0damaged";
        assert_eq!(find(extra, 2), Some(&b"x"[..]));
        assert_eq!(find(extra, 3), None);
        assert_eq!(fields(extra).count(), 3);
        let mut copied = Vec::new();
        copy_without_zip64(extra, &mut copied);
        assert_eq!(copied, &extra[12..]);
    }
}
