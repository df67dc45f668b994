//! Unpacking and packing bzip2.
#![forbid(unsafe_code)]

use super::steps::{State, Step, Steps, since};
use bzip2::{Decompress, Error as Fault, Status};

/// bzip2 in steps. Streams one after another are one, as `bzip2` itself has it.
pub(super) struct Bunzip(Decompress);

impl Bunzip {
    pub(super) fn new() -> Self {
        Self(Decompress::new(false))
    }
}

impl Steps for Bunzip {
    fn step(&mut self, input: &[u8], output: &mut [u8], _: bool) -> Step {
        let (read, written) = (self.0.total_in(), self.0.total_out());
        let state = match self.0.decompress(input, output) {
            Ok(Status::StreamEnd) => State::Ended(0),
            Ok(Status::MemNeeded) => State::Broken("a stream that takes too much memory".into()),
            Ok(_) => State::Going,
            Err(Fault::DataMagic) => State::Broken("no 'BZh' at its start".into()),
            Err(_) => State::Broken("invalid data".into()),
        };
        let read = since(self.0.total_in(), read);
        Step { read, written: since(self.0.total_out(), written), state }
    }

    fn restart(&mut self) -> bool {
        *self = Self::new();
        true
    }
}

/// Packs all of `bytes` and appends it to `out`; levels go from 1 to 9.
pub(super) fn encode(level: u8, bytes: &[u8], out: &mut Vec<u8>) -> crate::Result<()> {
    use bzip2::{Action, Compress, Compression};
    if !(1..=9).contains(&level) {
        return Err(crate::Error::invalid(format!("level {level} of bzip2 (1 to 9)")));
    }
    let mut encoder = Compress::new(Compression::new(level.into()), 0);
    let mut rest = bytes;
    loop {
        out.reserve(bytes.len() / 4 + 1024);
        let before = encoder.total_in();
        let status = encoder.compress_vec(rest, out, Action::Finish);
        rest = rest.get(since(encoder.total_in(), before)..).unwrap_or_default();
        match status.expect("what was begun can be finished") {
            Status::StreamEnd => return Ok(()),
            _ => continue,
        }
    }
}
