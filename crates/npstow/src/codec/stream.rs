//! Unpacking in steps: from any reader, with the memory of a decoder and one buffer.
//!
//! The end is not believed but checked. As soon as the last byte is out, the stream has to end, and
//! the packed bytes with it.
#![forbid(unsafe_code)]

use super::steps::{State, Step, Steps};
use super::{Codec, Crc32};
use crate::{Error, Result};
use std::io::{self, BufRead, BufReader, Read};

/// So many packed bytes are read at once.
const BUFFER: usize = 64 << 10;

/// Unpacks a stream forwards; `unpacked_len` is what it has to give in all, `u64::MAX` where that
/// is not known.
///
/// What is wrong with the packed bytes is told as `InvalidData`, or as `UnexpectedEof` where they
/// end too early.
pub(crate) fn reader<'a>(
    codec: Codec,
    packed: Box<dyn Read + Send + 'a>,
    unpacked_len: u64,
) -> Result<Box<dyn Read + Send + 'a>> {
    let packed = BufReader::with_capacity(BUFFER, packed);
    Ok(Box::new(Unpacker::new(codec, packed, unpacked_len)?))
}

/// Unpacks all of `packed` into exactly `dst`.
pub(super) fn unpack(codec: Codec, packed: &[u8], dst: &mut [u8]) -> Result<()> {
    let mut unpacker = Unpacker::new(codec, packed, dst.len() as u64)?;
    let done = match dst.is_empty() {
        true => unpacker.read(&mut [0]).map(drop),
        false => unpacker.read_exact(dst),
    };
    done.map_err(|e| corrupt(codec, e, unpacker.written))
}

/// Unpacks a block that the rest of its stream follows, so that it has no end.
pub(super) fn unpack_open(codec: Codec, packed: &[u8], dst: &mut [u8]) -> Result<()> {
    let len = dst.len() as u64;
    let mut steps = codec.steps(len)?;
    let (mut input, mut rest, mut at) = (packed, dst, 0);
    loop {
        let full = rest.is_empty();
        // Room for a byte that should not be there.
        let to = if full { &mut [0][..] } else { &mut *rest };
        let Step { read, written, state } = steps.step(input, to, false);
        at += written as u64;
        let fault = match state {
            State::Broken(found) => broken(found),
            State::Short => short(),
            State::Ended(_) => broken("the end of the stream within it"),
            State::Going if full && written > 0 => too_much(len),
            State::Going if read + written == 0 && full && input.is_empty() => return Ok(()),
            State::Going if read + written == 0 => short(),
            State::Going => {
                input = input.get(read..).unwrap_or_default();
                rest = rest.get_mut(written..).unwrap_or_default();
                continue;
            }
        };
        return Err(corrupt(codec, fault, at));
    }
}

/// How long a stream is, and what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(dead_code)]
pub(crate) struct Measured {
    /// Its packed bytes; more may lie behind them.
    pub(crate) packed_len: u64,
    pub(crate) unpacked_len: u64,
    /// The checksum of the unpacked bytes.
    pub(crate) crc32: u32,
}

/// Finds the end of a stream that nobody gave the length of, which has to unpack to at most `limit`
/// bytes. Of streams that are one, it is the end of the first.
#[allow(dead_code)]
pub(crate) fn measure(codec: Codec, packed: &mut dyn Read, limit: u64) -> Result<Measured> {
    let packed = BufReader::with_capacity(BUFFER, packed);
    let mut unpacker = Unpacker::new(codec, packed, u64::MAX)?;
    let mut scratch = vec![0; BUFFER];
    let mut crc = Crc32::new();
    while !unpacker.ended {
        let len = unpacker.step(&mut scratch).map_err(|e| corrupt(codec, e, unpacker.written))?;
        crc.update(scratch.get(..len).unwrap_or_default());
        unpacker.written += len as u64;
        if unpacker.written > limit {
            return Err(Error::limit("an unpacked stream (bytes)", limit, "more"));
        }
    }
    let packed_len = unpacker.taken - unpacker.unread;
    Ok(Measured { packed_len, unpacked_len: unpacker.written, crc32: crc.finish() })
}

/// A stream being unpacked.
struct Unpacker<R> {
    packed: R,
    steps: Box<dyn Steps>,
    /// The bytes that the stream has to give; `u64::MAX` where that is not known.
    len: u64,
    written: u64,
    taken: u64,
    /// Whether the stream is behind its end, and how much of what it took is not its own.
    ended: bool,
    unread: u64,
    checked: bool,
    failed: bool,
}

impl<R: BufRead> Unpacker<R> {
    fn new(codec: Codec, packed: R, len: u64) -> Result<Self> {
        let steps = codec.steps(len)?;
        let (ended, checked, failed) = (false, false, false);
        Ok(Self { packed, steps, len, written: 0, taken: 0, ended, unread: 0, checked, failed })
    }

    /// One step; how many bytes came into `dst`, which may be none.
    fn step(&mut self, dst: &mut [u8]) -> io::Result<usize> {
        let input = buffered(&mut self.packed)?;
        let is_end = input.is_empty();
        if self.ended {
            if is_end && self.unread == 0 {
                return Ok(0);
            }
            if self.unread > 0 || !self.steps.restart() {
                return Err(broken("bytes behind the end of the stream"));
            }
            self.ended = false;
        }
        let Step { read, written, state } = self.steps.step(input, dst, is_end);
        self.packed.consume(read);
        self.taken += read as u64;
        match state {
            State::Going if is_end && written == 0 => Err(short()),
            // It would do so for ever.
            State::Going if read + written == 0 => Err(broken("what a decoder gets stuck at")),
            State::Going => Ok(written),
            State::Ended(unread) => {
                (self.ended, self.unread) = (true, unread as u64);
                Ok(written)
            }
            State::Short => {
                self.written += written as u64;
                Err(short())
            }
            State::Broken(found) => {
                self.written += written as u64;
                Err(broken(found))
            }
        }
    }

    /// Checks that the stream ends here, and the packed bytes with it.
    fn check_end(&mut self) -> io::Result<()> {
        while !self.checked {
            if self.step(&mut [0])? > 0 {
                return Err(too_much(self.len));
            }
            self.checked = self.ended && self.unread == 0 && buffered(&mut self.packed)?.is_empty();
        }
        Ok(())
    }

    fn read_some(&mut self, dst: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.len - self.written).unwrap_or(usize::MAX);
        let room = dst.len().min(left);
        let dst = dst.get_mut(..room).unwrap_or_default();
        while !dst.is_empty() {
            let len = self.step(dst)?;
            self.written += len as u64;
            if len > 0 && self.written < self.len {
                return Ok(len);
            }
            if len > 0 {
                self.check_end()?;
                return Ok(len);
            }
            if self.ended && buffered(&mut self.packed)?.is_empty() && self.unread == 0 {
                self.checked = true;
                if self.len == u64::MAX {
                    return Ok(0);
                }
                return Err(broken(format_args!("the end after {} bytes", self.written)));
            }
        }
        self.check_end()?;
        Ok(0)
    }
}

impl<R: BufRead> Read for Unpacker<R> {
    fn read(&mut self, dst: &mut [u8]) -> io::Result<usize> {
        if self.failed {
            return Err(broken("what is behind a fault"));
        }
        if dst.is_empty() || self.checked {
            return Ok(0);
        }
        let done = self.read_some(dst);
        self.failed = done.is_err();
        done
    }
}

/// The next packed bytes; none at the end.
fn buffered(packed: &mut impl BufRead) -> io::Result<&[u8]> {
    loop {
        match packed.fill_buf() {
            Ok([]) => return Ok(&[]),
            // They are there, so that asking again reads nothing. The borrow checker does not see
            // that the loop ends here.
            Ok(_) => return packed.fill_buf(),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
}

fn broken(found: impl std::fmt::Display) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, found.to_string())
}

fn too_much(len: u64) -> io::Error {
    broken(format_args!("more than {len} bytes"))
}

fn short() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "the end of the packed bytes")
}

fn corrupt(codec: Codec, e: io::Error, at: u64) -> Error {
    match e.kind() {
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => {
            Error::corrupt(format_args!("a stream of {}", codec.name()), e).at(at)
        }
        _ => Error::io("reading packed data", e),
    }
}
