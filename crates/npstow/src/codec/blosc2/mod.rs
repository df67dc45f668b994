//! Blosc 2: frames of chunks, chunks of blocks, blocks of streams (HDF5's registered filter 32026).
//!
//! What HDF5 calls a chunk is here a contiguous frame, or one chunk without a frame. The blocks of a
//! frame with the metalayer `b2nd` are boxes, which a [`layout`] puts where they belong. Blocks are
//! unpacked straight into the result where they lie there in one piece.
//!
//! Values that a file calls uninitialised come out as zeros. Dictionaries, blocks and chunks of
//! varying length, and codecs and filters that are plugins are refused by name, except those of the
//! latter that have nothing to undo, and `bytedelta`.
#![forbid(unsafe_code)]

mod chunk;
mod frame;
mod layout;
mod msgpack;
mod pipeline;
#[cfg(test)]
mod tests;

use crate::cursor::Cursor;
use crate::{Error, Result};
use chunk::Chunk;
use frame::Frame;
use pipeline::Work;

/// How much longer than the result the blocks may be that are unpacked for it, padding included. A
/// block that fits is twice as long on no axis, and there are at most 8 of them.
const PADDING: usize = 1 << 8;

/// What is small enough not to be measured against the result.
const GRACE: usize = 64 << 10;

/// How many bytes there will be.
pub(crate) fn unpacked_len(bytes: &[u8]) -> Result<usize> {
    if frame::is_frame(bytes) {
        return Ok(Frame::parse(bytes)?.unpacked_len());
    }
    let mut cursor = Cursor::new(bytes);
    cursor.take(4, "the head of a chunk of blosc2")?;
    Ok(usize::try_from(cursor.u32_le("a length")?).unwrap_or(usize::MAX))
}

/// Unpacks a frame or a chunk into exactly `dst`.
pub(crate) fn unpack(bytes: &[u8], dst: &mut [u8]) -> Result<()> {
    let mut work = Work::new(bytes.len());
    if !frame::is_frame(bytes) {
        return Chunk::parse(bytes, None)?.unpack(dst, &mut work);
    }
    let frame = Frame::parse(bytes)?;
    if frame.unpacked_len() != dst.len() {
        let found = format!("{} packed with blosc2", frame.unpacked_len());
        return Err(Error::corrupt(format_args!("{} bytes", dst.len()), found));
    }
    frame.unpack(dst, &mut work)
}
