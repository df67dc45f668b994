//! Unpacking LZMA as zip archives have it (APPNOTE 5.8): nine bytes that say how the stream was
//! made, then the stream; and as files have it: `.xz` and `.lzma`.
#![forbid(unsafe_code)]

use super::steps::{State, Step, Steps};
use lzma_rust2::{Action, DICT_SIZE_MAX, LzmaStream, Status, StreamResult, XzStream};
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
        let done = stream.process(rest, output, action(is_end));
        let step = told(done, stream.unused_input());
        self.stream = Some(stream);
        match step.state {
            State::Short | State::Broken(_) => step,
            _ => Step { read: head.len() + step.read, ..step },
        }
    }
}

fn action(is_end: bool) -> Action {
    if is_end { Action::Finish } else { Action::Run }
}

/// What a stream did, and the bytes behind its end that it took.
fn told(done: io::Result<StreamResult>, unused: &[u8]) -> Step {
    let (read, written, state) = match done {
        Ok(step) => match step.status {
            Status::Ok => (step.bytes_consumed, step.bytes_produced, State::Going),
            Status::StreamEnd => {
                (step.bytes_consumed, step.bytes_produced, State::Ended(unused.len()))
            }
        },
        Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => (0, 0, State::Short),
        Err(e) => (0, 0, State::Broken(e.to_string())),
    };
    Step { read, written, state }
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
        let done = self.0.process(input, output, action(is_end));
        told(done, self.0.unused_input())
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
        told(self.0.process(input, output, action(is_end)), &[])
    }
}
