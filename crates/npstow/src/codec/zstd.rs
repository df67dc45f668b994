//! Unpacking and packing Zstandard.
#![forbid(unsafe_code)]

use super::steps::{State, Step, Steps};
use crate::{Error, Result};
use zstd::stream::raw::{Decoder, InBuffer, Operation, OutBuffer};

/// Zstandard in steps. Frames one after another are one stream (RFC 8878 3).
pub(super) struct Unzstd(Decoder<'static>);

impl Unzstd {
    pub(super) fn new() -> Result<Self> {
        Decoder::new().map(Self).map_err(|e| Error::io("making a decoder of zstd", e))
    }
}

impl Steps for Unzstd {
    fn step(&mut self, input: &[u8], output: &mut [u8], _: bool) -> Step {
        let (mut input, mut output) = (InBuffer::around(input), OutBuffer::around(output));
        let state = match self.0.run(&mut input, &mut output) {
            Ok(0) => State::Ended(0),
            Ok(_) => State::Going,
            Err(e) => State::Broken(e.to_string()),
        };
        Step { read: input.pos(), written: output.pos(), state }
    }

    /// The decoder begins the next frame by itself.
    fn restart(&mut self) -> bool {
        true
    }
}

/// Packs all of `bytes` and appends it to `out`; levels go from 1 to 22.
pub(super) fn encode(level: u8, bytes: &[u8], out: &mut Vec<u8>) -> Result<()> {
    if !(1..=22).contains(&level) {
        return Err(Error::invalid(format!("level {level} of zstd (1 to 22)")));
    }
    let packed = zstd::bulk::compress(bytes, level.into());
    out.extend(packed.map_err(|e| Error::io("packing with zstd", e))?);
    Ok(())
}
