//! Finding a member's data: its local header is read and held against the directory.
#![forbid(unsafe_code)]

use super::directory::{Directory, Member};
use super::zip::{Flags, LocalHeader, Method};
use crate::cursor::Cursor;
use crate::error::quoted;
use crate::{Buffer, Error, Result, Source};
use std::fmt::Display;

/// Where a member's data are; its local header agrees with the directory.
#[derive(Clone, Debug)]
pub(super) struct Located {
    pub(super) data_offset: u64,
    /// Length of the extra fields in the local header.
    pub(super) extra_len: usize,
    /// The first bytes of the data as they are stored: what came along with the local header.
    pub(super) start: Buffer,
}

/// A member that lies in memory as a whole.
pub(super) struct Inside<'a> {
    pub(super) data_offset: u64,
    /// Length of the extra fields in the local header.
    pub(super) extra_len: usize,
    /// All of the data as they are stored.
    pub(super) data: &'a [u8],
}

/// What is read behind the fixed part and the name of a local header: extra fields as long as
/// NumPy and npstow write them, and an NPY header of the usual length.
pub(super) const ALONG: u64 = 448;

/// How much is read at once where members are read one after another.
const WINDOW: u64 = 256 << 10;

/// Bytes of a source around the last read, for members that lie close together.
#[derive(Debug, Default)]
pub(super) struct Window<'a> {
    start: u64,
    bytes: Buffer,
    ahead: bool,
    /// Bytes that somebody else has read, and where they begin.
    given: (u64, &'a [u8]),
}

impl<'a> Window<'a> {
    /// For one member: nothing is read but what it needs.
    pub(super) fn single() -> Self {
        Self::default()
    }

    /// For many members in the order of the file: what is read reaches over several.
    pub(super) fn ahead() -> Self {
        Self { ahead: true, ..Self::default() }
    }

    /// With bytes at hand that were read for another reason.
    pub(super) fn given(start: u64, bytes: &'a [u8]) -> Self {
        Self { given: (start, bytes), ..Self::default() }
    }

    /// `len` bytes at `offset`, all of which are in the source.
    fn read(&mut self, source: &dyn Source, offset: u64, len: u64, small: bool) -> Result<Buffer> {
        if let Some(bytes) = self.held(offset, len) {
            return Ok(bytes);
        }
        let there = source.len().saturating_sub(offset);
        let most = if self.ahead && small { len.max(WINDOW).min(there) } else { len };
        let failed = |e| Error::io("reading the header of a member", e).at(offset);
        let fits = usize::try_from(most).unwrap_or(usize::MAX);
        self.bytes = source.read(offset, fits).map_err(failed)?;
        self.start = offset;
        self.held(offset, len).ok_or_else(|| {
            let found = format_args!("the end after {there}");
            Error::corrupt(format_args!("{len} bytes of a member"), found).at(offset)
        })
    }

    fn held(&self, offset: u64, len: u64) -> Option<Buffer> {
        let range = |start: u64| {
            let start = usize::try_from(offset.checked_sub(start)?).ok()?;
            Some(start..start.checked_add(usize::try_from(len).ok()?)?)
        };
        let (start, bytes) = self.given;
        if let Some(given) = range(start).and_then(|range| bytes.get(range)) {
            return Some(Buffer::copy_of(given));
        }
        // Asked first: most often it is not held, and an error takes time to make.
        let held = range(self.start).filter(|range| range.end <= self.bytes.len())?;
        self.bytes.slice(held).ok()
    }
}

/// Finds the data of the member at `index`.
///
/// # Errors
/// `Corrupt` where the local header says something else than the directory, or the data reach
/// into the next member; `Unsupported` for encrypted and patched members; `Io`.
pub(super) fn locate(
    source: &dyn Source,
    directory: &Directory,
    index: usize,
    window: &mut Window<'_>,
) -> Result<Located> {
    let member = directory.member(index)?;
    readable(member)
        .and_then(|()| open(source, directory, member, window))
        .map_err(|e| directory.place(index, e))
}

/// Refuses what cannot be read whatever its local header says.
pub(super) fn readable(member: &Member) -> Result<()> {
    if member.flags.has(Flags::SECRET) {
        return Err(Error::unsupported("an encrypted member"));
    }
    if member.flags.has(Flags::PATCHED) {
        return Err(Error::unsupported("a member that is a patch (flag bit 5)"));
    }
    if member.method == Method::STORED && member.packed_len != member.unpacked_len {
        let expected = format_args!("a stored member of {} bytes", member.unpacked_len);
        return Err(Error::corrupt(expected, format_args!("{} bytes", member.packed_len)));
    }
    Ok(())
}

fn open(
    source: &dyn Source,
    directory: &Directory,
    member: &Member,
    window: &mut Window<'_>,
) -> Result<Located> {
    let offset = member.offset;
    let room = member.limit - offset;
    let small = room < WINDOW;
    let name = directory.raw_name(member);
    let first = (LocalHeader::SIZE as u64 + name.len() as u64 + ALONG).min(room);
    let mut bytes = window.read(source, offset, first, small)?;
    let len = LocalHeader::whole_len(&bytes).map_err(|e| e.shift(offset))?;
    if len.checked_add(member.packed_len).is_none_or(|end| end > room) {
        let expected = format_args!("a member that ends before byte {}", member.limit);
        let found = format_args!("{len} bytes of header and {} of data", member.packed_len);
        return Err(Error::corrupt(expected, found).at(offset));
    }
    if len > first {
        bytes = window.read(source, offset, len, small)?;
    }
    let header = LocalHeader::parse(&mut Cursor::new(&bytes)).map_err(|e| e.shift(offset))?;
    compare(member, name, &header).map_err(|e| e.at(offset))?;
    let start = usize::try_from(len).unwrap_or(usize::MAX);
    let data = usize::try_from(member.packed_len).unwrap_or(usize::MAX);
    let end = start.saturating_add(data).min(bytes.len());
    let extra_len = header.extra.len();
    Ok(Located { data_offset: offset + len, extra_len, start: bytes.slice(start..end)? })
}

/// The local header that `bytes` begin with, which must be the member's; `None` where they do not
/// hold all of the member.
pub(super) fn within<'a>(
    directory: &Directory,
    member: &Member,
    bytes: &'a [u8],
) -> Result<Option<Inside<'a>>> {
    let offset = member.offset;
    let len = LocalHeader::whole_len(bytes).map_err(|e| e.shift(offset))?;
    let end = len.checked_add(member.packed_len).filter(|&end| end <= bytes.len() as u64);
    let Some(end) = end.and_then(|end| usize::try_from(end).ok()) else { return Ok(None) };
    let header = LocalHeader::parse(&mut Cursor::new(bytes)).map_err(|e| e.shift(offset))?;
    compare(member, directory.raw_name(member), &header).map_err(|e| e.at(offset))?;
    let data = usize::try_from(len).ok().and_then(|start| bytes.get(start..end));
    Ok(data.map(|data| Inside { data_offset: offset + len, extra_len: header.extra.len(), data }))
}

/// Two readers must not see two archives: what the local header says has to be the same.
fn compare(member: &Member, name: &[u8], local: &LocalHeader<'_>) -> Result<()> {
    if local.name != name {
        let shown = |name: &[u8]| quoted(&name.escape_ascii().to_string());
        return differ("name", shown(name), shown(local.name));
    }
    if local.method != member.method {
        return differ("method", member.method, local.method);
    }
    let secret = |flags: Flags| if flags.has(Flags::SECRET) { "encrypted" } else { "plain" };
    if secret(local.flags) != secret(member.flags) {
        return differ("kind of data", secret(member.flags), secret(local.flags));
    }
    let utf8 = |flags: Flags| if flags.has(Flags::UTF8) { "UTF-8" } else { "its code page" };
    if !name.is_ascii() && utf8(local.flags) != utf8(member.flags) {
        return differ("letters of the name", utf8(member.flags), utf8(local.flags));
    }
    // What was not known when the header was written is zero, and follows the data.
    let later = local.flags.has(Flags::DESCRIPTOR);
    let open = |local: u64| later && local == 0;
    if member.crc32 != local.crc32 && !open(local.crc32.into()) {
        let hex = |crc: u32| format!("{crc:08x}");
        return differ("CRC-32", hex(member.crc32), hex(local.crc32));
    }
    for (what, central, local) in [
        ("packed size", member.packed_len, local.packed_len),
        ("size", member.unpacked_len, local.unpacked_len),
    ] {
        if central != local && !open(local) {
            return differ(what, central, local);
        }
    }
    Ok(())
}

fn differ(what: &str, central: impl Display, local: impl Display) -> Result<()> {
    let expected = format_args!("the {what} '{central}', as in the directory");
    Err(Error::corrupt(expected, format_args!("'{local}' in the member's own header")))
}
