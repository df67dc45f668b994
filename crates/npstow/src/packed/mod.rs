//! Files that are packed as a whole: `x.npy.gz`, `model.pkl.xz`, what joblib compresses.
//!
//! What is in them cannot be read at an offset, so it is unpacked into memory first: on all cores
//! where the format has parts that unpack apart, else on one. Memory is bounded by the packed bytes
//! and [`Limits`](crate::Limits), whatever a header declares. Offsets in errors are those of the
//! unpacked bytes. How a file is packed is told by its content, never by its name.
#![forbid(unsafe_code)]

mod deflate;
mod lz4;
mod pack;
mod pieces;
mod source;
mod unpack;

#[cfg(feature = "joblib")]
pub(crate) use pack::{Method, Packer};
pub(crate) use source::Unpacked;
pub(crate) use unpack::unpack;
#[cfg(feature = "joblib")]
pub(crate) use unpack::unpack_damaged;

/// How a file is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packing {
    /// What joblib wrote up to 0.9: `ZF`, the length in text, a stream of zlib.
    Zfile,
    /// RFC 1950.
    Zlib,
    /// RFC 1952.
    Gzip,
    Bzip2,
    Xz,
    /// `.lzma`, which came before xz.
    Lzma,
    /// Frames of lz4.
    Lz4,
    /// RFC 8878.
    Zstd,
}

impl Packing {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Zfile => "ZF",
            Self::Zlib => "zlib",
            Self::Gzip => "gzip",
            Self::Bzip2 => "bzip2",
            Self::Xz => "xz",
            Self::Lzma => "lzma",
            Self::Lz4 => "lz4",
            Self::Zstd => "zstd",
        }
    }
}

/// How a file that begins so is packed. None of these beginnings is that of a pickle, or of another
/// format that npstow reads.
pub(crate) fn sniff(start: &[u8]) -> Option<Packing> {
    Some(match *start {
        [b'Z', b'F', b'0', b'x', ..] => Packing::Zfile,
        [0x1f, 0x8b, 8, ..] => Packing::Gzip,
        // RFC 1950 2.2: deflate with a window of 32 KiB, a sum that is a multiple of 31, and no
        // dictionary from elsewhere.
        [0x78, flags, ..] if is_zlib(flags) => Packing::Zlib,
        // The magic, then that of a block or of the end.
        [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, 0x26, ..]
        | [b'B', b'Z', b'h', b'1'..=b'9', 0x17, 0x72, 0x45, 0x38, ..] => Packing::Bzip2,
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Packing::Xz,
        // Parameters as everybody has them, and a window of whole 64 KiB.
        [0x5d, 0, 0, _, _, ..] => Packing::Lzma,
        [0x04, 0x22, 0x4d, 0x18, ..] => Packing::Lz4,
        // The magic, or a frame to be skipped, as pzstd begins; lz4 has such frames as well.
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Packing::Zstd,
        _ => return None,
    })
}

fn is_zlib(flags: u8) -> bool {
    (0x7800 + u32::from(flags)) % 31 == 0 && flags & 0x20 == 0
}

#[cfg(test)]
mod tests;
