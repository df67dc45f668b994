//! Unpacking deflate: all at once by libdeflate, in steps by zlib-rs.
#![forbid(unsafe_code)]

use super::steps::{State, Step, Steps, since};
use flate2::{Decompress, FlushDecompress, Status};
use libdeflater::{DecompressionError, Decompressor};
use std::cell::RefCell;

thread_local! {
    /// Making a decoder costs as much as unpacking some KiB.
    static TOOLS: RefCell<(Decompressor, Vec<u8>)> = RefCell::default();
}

/// A stream of a block and nothing in it: what a block needs behind it to be a stream.
const END: [u8; 2] = [3, 0];

/// Memory for packed blocks that is kept for the next one.
const KEPT: usize = 4 << 20;

/// Unpacks a stream into exactly `dst`; false where that fails, for whatever reason.
pub(super) fn whole(packed: &[u8], dst: &mut [u8]) -> bool {
    TOOLS.with_borrow_mut(|(decoder, _)| decoder.deflate_decompress(packed, dst) == Ok(dst.len()))
}

/// Unpacks a block that the rest of its stream follows into exactly `dst`; false where that fails.
pub(super) fn block(packed: &[u8], dst: &mut [u8]) -> bool {
    TOOLS.with_borrow_mut(|(decoder, scratch)| {
        scratch.clear();
        scratch.extend_from_slice(packed);
        scratch.extend_from_slice(&END);
        let done = decoder.deflate_decompress(scratch, dst) == Ok(dst.len());
        if scratch.capacity() > KEPT {
            *scratch = Vec::new();
        }
        done
    })
}

/// Deflate in steps, with or without the frame of RFC 1950.
pub(super) struct Inflate {
    decoder: Decompress,
    has_frame: bool,
}

impl Inflate {
    pub(super) fn new() -> Self {
        Self { decoder: Decompress::new(false), has_frame: false }
    }

    pub(super) fn zlib() -> Self {
        Self { decoder: Decompress::new(true), has_frame: true }
    }
}

impl Steps for Inflate {
    fn step(&mut self, input: &[u8], output: &mut [u8], _: bool) -> Step {
        let (read, written) = (self.decoder.total_in(), self.decoder.total_out());
        let state = match self.decoder.decompress(input, output, FlushDecompress::None) {
            Ok(Status::StreamEnd) => State::Ended(0),
            Ok(Status::Ok | Status::BufError) => State::Going,
            Err(e) => State::Broken(e.message().unwrap_or("invalid data").to_owned()),
        };
        let read = since(self.decoder.total_in(), read);
        Step { read, written: since(self.decoder.total_out(), written), state }
    }

    /// joblib reads streams one after another as one; a raw stream is alone.
    fn restart(&mut self) -> bool {
        self.decoder.reset(self.has_frame);
        self.has_frame
    }
}

/// Unpacks what may be less than `dst` has room for: `None` where it is broken, `Some(None)` where
/// the room is too small. What stands behind the end of the stream is not looked at.
pub(super) fn at_most(packed: &[u8], dst: &mut [u8]) -> Option<Option<usize>> {
    TOOLS.with_borrow_mut(|(decoder, _)| match decoder.deflate_decompress(packed, dst) {
        Ok(len) => Some(Some(len)),
        Err(DecompressionError::InsufficientSpace) => Some(None),
        Err(DecompressionError::BadData) => None,
    })
}
