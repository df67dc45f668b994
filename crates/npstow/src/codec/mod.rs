//! How bytes are packed, and the checksums over them.
#![forbid(unsafe_code)]

mod crc;
pub(crate) mod deflate;

pub(crate) use crc::{Crc32, crc32};

use crate::{Error, Result};
use std::io::Read;

/// A way of packing bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Codec(u16);

impl Codec {
    /// Raw deflate, RFC 1951.
    pub const DEFLATE: Self = Self(1);
    /// bzip2.
    pub const BZIP2: Self = Self(2);
    /// LZMA as in zip archives.
    pub const LZMA: Self = Self(3);
    /// Zstandard, RFC 8878.
    pub const ZSTD: Self = Self(4);

    /// Its name in listings.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::DEFLATE => "deflate",
            Self::BZIP2 => "bzip2",
            Self::LZMA => "lzma",
            Self::ZSTD => "zstd",
            _ => "unknown",
        }
    }
}

fn unread(codec: Codec) -> Error {
    Error::unsupported(format_args!("unpacking {}", codec.name()))
}

/// Unpacks all of a stream into exactly `dst`.
pub(crate) fn decode_into(codec: Codec, packed: &[u8], dst: &mut [u8]) -> Result<()> {
    let _ = (packed, dst);
    Err(unread(codec))
}

/// Unpacks one block of a stream whose blocks unpack apart; `last` says that the stream ends with
/// it.
pub(crate) fn decode_block(codec: Codec, packed: &[u8], last: bool, dst: &mut [u8]) -> Result<()> {
    let _ = (packed, last, dst);
    Err(unread(codec))
}

/// Unpacks a stream forwards.
pub(crate) fn reader<'a>(
    codec: Codec,
    packed: Box<dyn Read + Send + 'a>,
    unpacked_len: u64,
) -> Result<Box<dyn Read + Send + 'a>> {
    let _ = (packed, unpacked_len);
    Err(unread(codec))
}
