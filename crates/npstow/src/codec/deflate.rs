//! Deflate in blocks that unpack apart.
//!
//! Each block is packed by itself and refers to nothing before it. What libdeflate makes of it is a
//! whole stream; to become a part of one, it loses the mark of its last deflate block and gets an
//! empty stored block behind it, which ends at a byte: just what zlib's full flush leaves. Then the
//! packed blocks, one after another, are one stream for every inflater, and each is one for ours.
#![forbid(unsafe_code)]

#[cfg(not(feature = "npz"))]
use crate::Error;
use crate::Result;

/// The level that packs smallest.
pub(crate) const MOST_LEVEL: u8 = 12;

/// What each block but the last ends with: the length of an empty stored block.
pub(crate) const JOINT: [u8; 4] = [0, 0, 0xff, 0xff];

/// Packs one block of a stream and appends it to `out`; `last` ends the stream.
///
/// `Invalid` for a level that is not there.
#[cfg(feature = "npz")]
pub(crate) fn compress_block(level: u8, bytes: &[u8], last: bool, out: &mut Vec<u8>) -> Result<()> {
    pack::compress_block(level, bytes, last, out)
}

/// Packs one block of a stream and appends it to `out`; `last` ends the stream.
#[cfg(not(feature = "npz"))]
pub(crate) fn compress_block(level: u8, bytes: &[u8], last: bool, out: &mut Vec<u8>) -> Result<()> {
    let _ = (level, bytes, last, out);
    Err(Error::unsupported("deflate in a build without the feature 'npz'"))
}

/// Unpacks one block; how many bytes it became, none where it is broken or becomes more than `dst`.
#[cfg(feature = "npz")]
pub(crate) fn unpack_block(packed: &[u8], last: bool, dst: &mut [u8]) -> Option<usize> {
    match last {
        true => super::inflate::at_most(packed, dst).flatten(),
        false => {
            (packed.ends_with(&JOINT) && super::inflate::block(packed, dst)).then_some(dst.len())
        }
    }
}

/// Unpacks a whole stream that becomes no more than `dst`: none where it is broken, `Some(None)`
/// where the room is too small. What stands behind its end is not looked at.
#[cfg(feature = "npz")]
pub(crate) fn unpack_at_most(packed: &[u8], dst: &mut [u8]) -> Option<Option<usize>> {
    super::inflate::at_most(packed, dst)
}

#[cfg(feature = "npz")]
mod pack {
    use super::JOINT;
    use crate::codec::walk::{Walked, Walker};
    use crate::{Error, Result};
    use libdeflater::{CompressionLvl, Compressor};
    use std::cell::RefCell;

    thread_local! {
        /// Making a compressor costs as much as packing many KiB.
        static TOOLS: RefCell<Option<Tools>> = const { RefCell::new(None) };
    }

    struct Tools {
        level: u8,
        compressor: Compressor,
        walker: Walker,
        /// Room for the most that a block can become, which is seldom needed and never zeroed again.
        scratch: Vec<u8>,
    }

    impl Tools {
        fn new(level: u8) -> Result<Self> {
            let given = CompressionLvl::new(level.into()).map_err(|_| {
                let most = super::MOST_LEVEL;
                Error::invalid(format!("level {level} of deflate (0 to {most})"))
            })?;
            let compressor = Compressor::new(given);
            Ok(Self { level, compressor, walker: Walker::new(), scratch: Vec::new() })
        }
    }

    /// The most that a stored block holds.
    const STORED: usize = 0xffff;

    /// Room that is kept for the next block.
    const KEPT: usize = 8 << 20;

    pub(super) fn compress_block(
        level: u8,
        bytes: &[u8],
        last: bool,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        TOOLS.with_borrow_mut(|tools| {
            let tools = match tools {
                Some(tools) if tools.level == level => tools,
                other => other.insert(Tools::new(level)?),
            };
            match compress(tools, bytes, last) {
                Some(packed) => out.extend_from_slice(packed),
                None => store(bytes, last, out),
            }
            if tools.scratch.capacity() > KEPT {
                tools.scratch = Vec::new();
            }
            Ok(())
        })
    }

    /// The packed block; none where it is not worth it, or where it could not be proved right.
    fn compress<'a>(tools: &'a mut Tools, bytes: &[u8], last: bool) -> Option<&'a [u8]> {
        let Tools { compressor, walker, scratch, .. } = tools;
        let room = compressor.deflate_compress_bound(bytes.len()) + 1 + JOINT.len();
        if scratch.len() < room {
            scratch.resize(room, 0);
        }
        let len = compressor.deflate_compress(bytes, scratch).ok()?;
        if len > stored_len(bytes.len()) {
            return None;
        }
        if last {
            return scratch.get(..len);
        }
        let Walked { last_block, end } = walker.walk(scratch.get(..len)?, bytes)?;
        *scratch.get_mut(last_block / 8)? &= !(1 << (last_block % 8));
        // Three bits begin a stored block. They are zero, as what is left of the last byte is.
        let joint = end.div_ceil(8) + usize::from(!matches!(end % 8, 1..=5));
        scratch.get_mut(len..joint)?.fill(0);
        scratch.get_mut(joint..)?.first_chunk_mut().map(|place| *place = JOINT)?;
        scratch.get(..joint + JOINT.len())
    }

    /// How long a block becomes that is stored as it is.
    fn stored_len(len: usize) -> usize {
        len + 5 * len.div_ceil(STORED).max(1)
    }

    /// Appends the block as it is (RFC 1951 3.2.4).
    fn store(bytes: &[u8], last: bool, out: &mut Vec<u8>) {
        out.reserve(stored_len(bytes.len()) + 5);
        for chunk in bytes.chunks(STORED) {
            out.push(0);
            let len = u16::try_from(chunk.len()).expect("chunks are no longer than that");
            out.extend_from_slice(&len.to_le_bytes());
            out.extend_from_slice(&(!len).to_le_bytes());
            out.extend_from_slice(chunk);
        }
        out.push(last.into());
        out.extend_from_slice(&JOINT);
    }
}

#[cfg(test)]
#[cfg(feature = "npz")]
pub(super) use tests::samples;
#[cfg(test)]
#[cfg(feature = "npz")]
mod tests;
