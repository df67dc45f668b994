//! Unpacking LZMA as zip archives have it (APPNOTE 5.8): nine bytes that say how the stream was
//! made, then the stream; and as files have it: `.xz` and `.lzma`.
#![forbid(unsafe_code)]

use super::steps::{State, Step, Steps};
use lzma_rust2::{Action, DICT_SIZE_MAX, LzmaStream, Status, XzStream};
use std::io;

/// What stands before the stream: the version of the encoder (2), the length of the properties
/// (2), which is 5, and they themselves: the parameters (1) and the size of the window (4).
const HEADER: usize = 9;

/// LZMA in steps. The memory grows with what is unpacked, not with the window that is declared.
pub(super) struct Unlzma {
    header: Vec<u8>,
    stream: Option<LzmaStream>,
    unpacked_len: u64,
}

impl Unlzma {
    /// `unpacked_len` is `u64::MAX` for a stream with a mark at its end.
    pub(super) fn new(unpacked_len: u64) -> Self {
        Self { header: Vec::with_capacity(HEADER), stream: None, unpacked_len }
    }

    fn stream(&self) -> Result<LzmaStream, String> {
        let &[_, _, len, zero, parameters, a, b, c, d] = &self.header[..] else {
            return Err("no header".to_owned());
        };
        let len = u16::from_le_bytes([len, zero]);
        if len != 5 {
            return Err(format!("properties of {len} bytes instead of 5"));
        }
        // It grows with what is unpacked; a few bytes less than the most are as good as the most.
        let window = u32::from_le_bytes([a, b, c, d]).min(DICT_SIZE_MAX);
        LzmaStream::new_with_props(self.unpacked_len, parameters, window, None)
            .map_err(|e| e.to_string())
    }
}

impl Steps for Unlzma {
    fn step(&mut self, input: &[u8], output: &mut [u8], is_end: bool) -> Step {
        let broken = |found| Step { read: 0, written: 0, state: State::Broken(found) };
        let (head, rest) = input.split_at(input.len().min(HEADER - self.header.len()));
        self.header.extend_from_slice(head);
        if self.header.len() < HEADER {
            let state = if is_end { State::Short } else { State::Going };
            return Step { read: head.len(), written: 0, state };
        }
        let mut stream = match self.stream.take().map_or_else(|| self.stream(), Ok) {
            Ok(stream) => stream,
            Err(found) => return broken(found),
        };
        let action = if is_end { Action::Finish } else { Action::Run };
        let step = match stream.process(rest, output, action) {
            Err(e) => return fault(&e),
            Ok(step) => step,
        };
        let state = match step.status {
            Status::StreamEnd => State::Ended(stream.unused_input().len()),
            Status::Ok => State::Going,
        };
        self.stream = Some(stream);
        Step { read: head.len() + step.bytes_consumed, written: step.bytes_produced, state }
    }
}

fn fault(e: &io::Error) -> Step {
    let state = match e.kind() {
        io::ErrorKind::UnexpectedEof => State::Short,
        _ => State::Broken(e.to_string()),
    };
    Step { read: 0, written: 0, state }
}

/// The `.lzma` format: a header of 13 bytes, then the stream.
pub(super) struct UnlzmaAlone(LzmaStream);

impl UnlzmaAlone {
    /// The memory grows with what is unpacked, whatever the header declares.
    pub(super) fn new() -> Self {
        Self(LzmaStream::new_mem_limit(u32::MAX, None))
    }
}

impl Steps for UnlzmaAlone {
    fn step(&mut self, input: &[u8], output: &mut [u8], is_end: bool) -> Step {
        let action = if is_end { Action::Finish } else { Action::Run };
        let step = match self.0.process(input, output, action) {
            Err(e) => return fault(&e),
            Ok(step) => step,
        };
        let state = match step.status {
            Status::StreamEnd => State::Ended(self.0.unused_input().len()),
            Status::Ok => State::Going,
        };
        Step { read: step.bytes_consumed, written: step.bytes_produced, state }
    }
}

/// The `.xz` format; streams one after another are one, with padding between them.
pub(super) struct Unxz(XzStream);

impl Unxz {
    pub(super) fn new() -> Self {
        Self(XzStream::new(true))
    }
}

impl Steps for Unxz {
    fn step(&mut self, input: &[u8], output: &mut [u8], is_end: bool) -> Step {
        let action = if is_end { Action::Finish } else { Action::Run };
        let step = match self.0.process(input, output, action) {
            Err(e) => return fault(&e),
            Ok(step) => step,
        };
        let state = match step.status {
            Status::StreamEnd => State::Ended(0),
            Status::Ok => State::Going,
        };
        Step { read: step.bytes_consumed, written: step.bytes_produced, state }
    }
}
