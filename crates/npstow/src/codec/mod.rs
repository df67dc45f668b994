//! How bytes are packed, and the checksums over them.
//!
//! What is to be unpacked whole goes through [`decode_into`] and, where a stream is cut into
//! blocks, [`decode_block`]; a [`reader`] needs little memory and stops where its user does.
//! Deflate has two decoders: a fast one, which wants everything at once, and one that goes in
//! steps and can say where a stream is broken. All others go in steps.
#![forbid(unsafe_code)]

#[cfg(feature = "npz")]
mod adler;
#[cfg(feature = "npz")]
mod bits;
#[cfg(feature = "hdf5")]
pub(crate) mod bitshuffle;
#[cfg(feature = "hdf5")]
pub(crate) mod blosc;
#[cfg(feature = "hdf5")]
pub(crate) mod blosc2;
#[cfg(feature = "bzip2")]
mod bzip2;
mod crc;
pub(crate) mod deflate;
#[cfg(feature = "hdf5")]
pub(crate) mod fletcher32;
#[cfg(fuzzing)]
pub mod fuzzing;
#[cfg(feature = "npz")]
mod huffman;
#[cfg(feature = "npz")]
mod inflate;
#[cfg(feature = "pickle")]
pub(crate) mod latin1;
#[cfg(feature = "hdf5")]
pub(crate) mod lz4;
#[cfg(feature = "hdf5")]
pub(crate) mod lzf;
#[cfg(feature = "lzma")]
mod lzma;
#[cfg(feature = "hdf5")]
pub(crate) mod scale_offset;
#[cfg(feature = "hdf5")]
pub(crate) mod shuffle;
mod steps;
mod stream;
#[cfg(feature = "npz")]
mod walk;
#[cfg(feature = "hdf5")]
pub(crate) mod zfp;
#[cfg(feature = "hdf5")]
pub(crate) mod zlib;
#[cfg(feature = "zstd")]
mod zstd;

#[cfg(feature = "npz")]
pub(crate) use adler::Adler32;
pub(crate) use crc::{Crc32, crc32, crc32_of_many};
#[allow(unused_imports)] // Salvage is about to use it.
pub(crate) use stream::{Measured, measure, reader};

use crate::{Error, Result};
use steps::Steps;

/// A way of packing bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Codec(u16);

impl Codec {
    /// Raw deflate, RFC 1951.
    pub const DEFLATE: Self = Self(1);
    /// bzip2.
    pub const BZIP2: Self = Self(2);
    /// LZMA as in zip archives, with a mark at the end (APPNOTE 5.8, flag bit 1 set).
    pub const LZMA: Self = Self(3);
    /// Zstandard, RFC 8878.
    pub const ZSTD: Self = Self(4);
    /// LZMA as in zip archives, without a mark at the end: the length says where it is.
    pub const LZMA_UNMARKED: Self = Self(5);
    /// Bytes as the characters of Latin-1, in UTF-8.
    pub const LATIN1: Self = Self(6);
    /// Deflate in the frame of RFC 1950.
    pub(crate) const ZLIB: Self = Self(7);
    /// The xz format, of one or more streams.
    pub(crate) const XZ: Self = Self(8);
    /// LZMA in the frame that came before xz: `.lzma`.
    pub(crate) const LZMA_ALONE: Self = Self(9);

    /// Its name in listings.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::DEFLATE => "deflate",
            Self::BZIP2 => "bzip2",
            Self::LZMA | Self::LZMA_UNMARKED | Self::LZMA_ALONE => "lzma",
            Self::ZLIB => "zlib",
            Self::XZ => "xz",
            Self::ZSTD => "zstd",
            Self::LATIN1 => "latin1",
            _ => "unknown",
        }
    }

    /// How many times further than deflate it packs bytes that are all the same, at least.
    /// Deflate makes one byte of 1,032; Python's LZMA was measured to make one of 7,100, its bzip2
    /// of 1,300,000, and a block of Zstandard is at least 4 bytes for 128 KiB.
    pub(crate) fn reach(self) -> u64 {
        match self {
            Self::LZMA | Self::LZMA_UNMARKED | Self::LZMA_ALONE | Self::XZ => 16,
            Self::ZSTD => 64,
            Self::BZIP2 => 2048,
            _ => 1,
        }
    }

    /// What a stream may be after all that is broken by this codec: APPNOTE 4.4.4 has a flag for the
    /// mark at the end of LZMA, which some write without saying so.
    pub(crate) fn otherwise(self) -> Option<Self> {
        (self == Self::LZMA_UNMARKED).then_some(Self::LZMA)
    }

    /// A decoder for one stream that unpacks to `unpacked_len` bytes, `u64::MAX` where that is not
    /// known.
    fn steps(self, unpacked_len: u64) -> Result<Box<dyn Steps>> {
        let _ = unpacked_len;
        match self {
            #[cfg(feature = "npz")]
            Self::DEFLATE => Ok(Box::new(inflate::Inflate::new())),
            #[cfg(feature = "npz")]
            Self::ZLIB => Ok(Box::new(inflate::Inflate::zlib())),
            #[cfg(feature = "bzip2")]
            Self::BZIP2 => Ok(Box::new(bzip2::Bunzip::new())),
            #[cfg(feature = "lzma")]
            Self::LZMA => Ok(Box::new(lzma::Unlzma::new(u64::MAX))),
            #[cfg(feature = "lzma")]
            Self::LZMA_UNMARKED => Ok(Box::new(lzma::Unlzma::new(unpacked_len))),
            #[cfg(feature = "lzma")]
            Self::XZ => Ok(Box::new(lzma::Unxz::new())),
            #[cfg(feature = "lzma")]
            Self::LZMA_ALONE => Ok(Box::new(lzma::UnlzmaAlone::new())),
            #[cfg(feature = "zstd")]
            Self::ZSTD => Ok(Box::new(zstd::Unzstd::new()?)),
            #[cfg(feature = "pickle")]
            Self::LATIN1 => Ok(Box::new(latin1::Latin1::default())),
            _ => {
                let feature = match self {
                    Self::DEFLATE | Self::ZLIB => "npz",
                    Self::XZ => "lzma",
                    Self::LATIN1 => "pickle",
                    _ => self.name(),
                };
                let what = format!("{} in a build without the feature '{feature}'", self.name());
                Err(Error::unsupported(what))
            }
        }
    }
}

/// Unpacks all of a stream into exactly `dst`.
///
/// `Corrupt` where it gives fewer bytes or more, or is broken, with the place in the unpacked bytes.
/// Packed bytes behind the end are refused too, except behind a sound deflate stream: the fast
/// decoder does not tell how far it read. [`reader`] sees them.
pub(crate) fn decode_into(codec: Codec, packed: &[u8], dst: &mut [u8]) -> Result<()> {
    #[cfg(feature = "npz")]
    if codec == Codec::DEFLATE && inflate::whole(packed, dst) {
        return Ok(());
    }
    let done = stream::unpack(codec, packed, dst);
    match (&done, codec.otherwise()) {
        (Err(_), Some(other)) if stream::unpack(other, packed, dst).is_ok() => Ok(()),
        _ => done,
    }
}

/// Unpacks one block of a stream whose blocks unpack apart; `last` says that the stream ends with
/// it.
///
/// Errors are as those of [`decode_into`]; places count from the start of the block.
pub(crate) fn decode_block(codec: Codec, packed: &[u8], last: bool, dst: &mut [u8]) -> Result<()> {
    if last {
        return decode_into(codec, packed, dst);
    }
    if codec != Codec::DEFLATE {
        let what = format!("blocks of {} that unpack apart", codec.name());
        return Err(Error::unsupported(what));
    }
    if !packed.ends_with(&deflate::JOINT) {
        return Err(Error::corrupt("a block that ends with 00 00 ff ff", "another end"));
    }
    #[cfg(feature = "npz")]
    if inflate::block(packed, dst) {
        return Ok(());
    }
    stream::unpack_open(codec, packed, dst)
}

/// Packs all of `bytes` into one stream and appends it to `out`. The levels are those of the codec:
/// deflate has 0 to 12, bzip2 1 to 9, zstd 1 to 22.
#[allow(dead_code)] // Without joblib only tests pack so.
pub(crate) fn encode(codec: Codec, level: u8, bytes: &[u8], out: &mut Vec<u8>) -> Result<()> {
    match codec {
        Codec::DEFLATE => deflate::compress_block(level, bytes, true, out),
        #[cfg(feature = "bzip2")]
        Codec::BZIP2 => bzip2::encode(level, bytes, out),
        #[cfg(feature = "zstd")]
        Codec::ZSTD => zstd::encode(level, bytes, out),
        _ => Err(Error::unsupported(format_args!("packing with {}", codec.name()))),
    }
}

#[cfg(all(test, feature = "npz"))]
mod tests;
