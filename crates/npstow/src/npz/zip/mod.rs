//! The structures of a zip archive, as APPNOTE.TXT 6.3.10 describes them; `parse` beside `write`.
//!
//! They know bytes and nothing else: which of them to believe is decided in `directory` and
//! `locate`.
#![forbid(unsafe_code)]

mod central;
mod cp437;
mod descriptor;
mod end;
mod extra;
mod local;

pub(super) use central::CentralHeader;
pub(super) use cp437::decode as decode_cp437;
pub(super) use descriptor::DataDescriptor;
pub(super) use end::{EndRecord, Zip64EndRecord, Zip64Locator, write_end};
pub(super) use extra::{
    Alignment, BlockIndex, HeaderCopy, UnicodePath, Zip64, fields, find as find_extra,
};
pub(super) use local::LocalHeader;

use crate::cursor::Cursor;
use crate::error::quoted;
use crate::{Error, Result};
use std::fmt;

/// The general purpose bit flags (APPNOTE 4.4.4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Flags(pub(super) u16);

impl Flags {
    /// Bit 0: the data are encrypted.
    pub(super) const ENCRYPTED: Self = Self(1);
    /// Bit 1, of LZMA: a mark ends the stream.
    pub(super) const LZMA_MARK: Self = Self(1 << 1);
    /// Bit 3: CRC and sizes stand in a data descriptor behind the data.
    pub(super) const DESCRIPTOR: Self = Self(1 << 3);
    /// Bit 5: the data are a patch of something else.
    pub(super) const PATCHED: Self = Self(1 << 5);
    /// Bit 6: strong encryption.
    pub(super) const STRONG: Self = Self(1 << 6);
    /// Bit 11: name and comment are UTF-8.
    pub(super) const UTF8: Self = Self(1 << 11);
    /// Bit 13: the directory is encrypted, and the local header hides its values.
    pub(super) const MASKED: Self = Self(1 << 13);

    /// Whether any of these flags is set.
    pub(super) fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Both sets together.
    pub(super) const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whatever makes the data unreadable without a key.
    pub(super) const SECRET: Self = Self::ENCRYPTED.with(Self::STRONG).with(Self::MASKED);
}

/// How a member is packed (APPNOTE 4.4.5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Method(pub(super) u16);

impl Method {
    pub(super) const STORED: Self = Self(0);
    pub(super) const DEFLATE: Self = Self(8);
    pub(super) const BZIP2: Self = Self(12);
    pub(super) const LZMA: Self = Self(14);
    /// Zstandard; 20 is its first, withdrawn number.
    pub(super) const ZSTD: Self = Self(93);
    pub(super) const ZSTD_OLD: Self = Self(20);

    fn name(self) -> Option<&'static str> {
        Some(match self.0 {
            0 => "stored",
            1 => "Shrink",
            2..=5 => "Reduce",
            6 => "Implode",
            8 => "deflate",
            9 => "deflate64",
            10 | 18 => "TERSE",
            12 => "bzip2",
            14 => "LZMA",
            16 => "CMPSC",
            19 => "LZ77",
            20 | 93 => "Zstandard",
            94 => "MP3",
            95 => "XZ",
            96 => "JPEG",
            97 => "WavPack",
            98 => "PPMd",
            99 => "AES encryption",
            _ => return None,
        })
    }
}

impl Method {
    /// Whether APPNOTE 4.4.5 gives it a name.
    pub(crate) fn is_registered(self) -> bool {
        matches!(self.0, 0..=20 | 93..=99)
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "method {}", self.0),
        }
    }
}

/// 1980-01-01, the first day that the format knows: the same bytes whenever they are written.
pub(super) const DATE: u16 = 1 << 5 | 1;

/// What stands in a field of 32 bits whose value is in the zip64 field (APPNOTE 4.4.8).
const MANY: u32 = u32::MAX;

/// `value` as it is written in 32 bits, and whether the zip64 field has to hold it.
fn narrow(value: u64) -> (u32, bool) {
    match u32::try_from(value) {
        Ok(value) if value != MANY => (value, false),
        _ => (MANY, true),
    }
}

/// The part of a structure that has a fixed length, filled from its start.
struct Fixed<'a>(&'a mut [u8]);

impl<'a> Fixed<'a> {
    fn new(place: &'a mut [u8]) -> Self {
        Self(place)
    }

    fn bytes<const N: usize>(&mut self, bytes: [u8; N]) {
        let (place, rest) = std::mem::take(&mut self.0).split_at_mut(N);
        place.copy_from_slice(&bytes);
        self.0 = rest;
    }
}

/// Takes the four bytes that every structure begins with; `what` names the structure.
#[inline]
fn signature(cursor: &mut Cursor<'_>, signature: &[u8; 4], what: &str) -> Result<()> {
    let at = cursor.position();
    let found = cursor.take(signature.len(), what)?;
    if found == signature { Ok(()) } else { Err(other(found, signature, what).at(at)) }
}

/// What to say of four bytes that are another signature, or none.
#[cold]
fn other(found: &[u8], signature: &[u8; 4], what: &str) -> Error {
    let expected = format_args!("{what} '{}'", signature.escape_ascii());
    let found = quoted(&found.escape_ascii().to_string());
    Error::corrupt(expected, format_args!("'{found}'"))
}

/// The lengths of a name and of extra fields, as both headers have them.
fn lengths(name: &[u8], extra: &[u8]) -> Result<(u16, u16)> {
    let short = |bytes: &[u8], what: &str| {
        let len = bytes.len();
        let longer = |_| Error::invalid(format_args!("{what} of {len} bytes (at most 65535)"));
        u16::try_from(len).map_err(longer)
    };
    Ok((short(name, "a name")?, short(extra, "extra fields")?))
}
