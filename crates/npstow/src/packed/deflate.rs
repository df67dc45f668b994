//! Streams of zlib and gzip in one go: block by block on all cores where they were written so, else
//! by the fast decoder, which wants room for all beforehand.
//!
//! Nothing in such a stream says that its blocks unpack apart. But each of ours ends with a mark
//! that is seldom elsewhere, and becomes just so many bytes; the checksum over all proves it.
#![forbid(unsafe_code)]

use super::pack::BLOCK;
use crate::codec::{Adler32, Crc32, deflate};
use crate::parallel::{each, summed};
use crate::{Buffer, BufferMut, Result};

/// The checksum at the end of a stream.
#[derive(Clone, Copy)]
enum Check {
    Adler(u32),
    Crc(u32),
}

/// A checksum under way.
enum Sum {
    Adler(Adler32),
    Crc(Crc32),
}

impl Check {
    fn of(self, bytes: &[u8]) -> Sum {
        match self {
            Self::Adler(_) => Sum::Adler(Adler32::of(bytes)),
            Self::Crc(_) => Sum::Crc(Crc32::of(bytes)),
        }
    }

    fn is(self, sum: Sum) -> bool {
        match (self, sum) {
            (Self::Adler(expected), Sum::Adler(sum)) => sum.finish() == expected,
            (Self::Crc(expected), Sum::Crc(sum)) => sum.finish() == expected,
            _ => false,
        }
    }
}

impl Sum {
    fn combine(&mut self, next: &Self) {
        match (self, next) {
            (Self::Adler(sum), Self::Adler(next)) => sum.combine(*next),
            (Self::Crc(sum), Self::Crc(next)) => sum.combine(next),
            _ => {}
        }
    }
}

/// What one stream of zlib holds; none where it is not just one that is sound. `len`: what it has
/// to become, where that is known.
pub(super) fn zlib(packed: &[u8], len: Option<u64>, most: u64) -> Result<Option<Buffer>> {
    let Some((body, sum)) = packed.split_last_chunk::<4>() else { return Ok(None) };
    let Some(([0x78, flags], body)) = body.split_first_chunk::<2>() else { return Ok(None) };
    if !super::is_zlib(*flags) {
        return Ok(None);
    }
    unpack(body, Check::Adler(u32::from_be_bytes(*sum)), len, most)
}

/// What one stream of gzip holds; none where it is not just one that is sound.
pub(super) fn gzip(packed: &[u8], most: u64) -> Result<Option<Buffer>> {
    let Some((rest, size)) = packed.split_last_chunk::<4>() else { return Ok(None) };
    let Some((rest, sum)) = rest.split_last_chunk::<4>() else { return Ok(None) };
    let Some(body) = gzip_body(rest) else { return Ok(None) };
    // RFC 1952 2.3.1: the length modulo 2³².
    let len = u64::from(u32::from_le_bytes(*size));
    let len = (len <= most && body.len() < (1 << 31)).then_some(len);
    unpack(body, Check::Crc(u32::from_le_bytes(*sum)), len, most)
}

/// Behind the head (RFC 1952 2.3): a name, a comment and the like are skipped.
fn gzip_body(packed: &[u8]) -> Option<&[u8]> {
    let (&[_, _, _, flags, ..], mut rest) = packed.split_first_chunk::<10>()?;
    if flags & 0xe0 != 0 {
        return None;
    }
    if flags & 4 != 0 {
        let (len, behind) = rest.split_first_chunk::<2>()?;
        rest = behind.get(usize::from(u16::from_le_bytes(*len))..)?;
    }
    for _ in 0..(flags >> 3 & 1) + (flags >> 4 & 1) {
        let end = rest.iter().position(|&byte| byte == 0)?;
        rest = rest.get(end + 1..)?;
    }
    if flags & 2 != 0 { rest.get(2..) } else { Some(rest) }
}

fn unpack(body: &[u8], check: Check, len: Option<u64>, most: u64) -> Result<Option<Buffer>> {
    match by_blocks(body, check, most)? {
        Some(buffer) => Ok(Some(buffer)),
        None => in_one(body, check, len, most),
    }
}

/// Where blocks end that unpack apart, as far as the marks tell.
fn ends(body: &[u8]) -> Vec<usize> {
    let is_joint = |at: &usize| body.get(*at..at + 4) == Some(&deflate::JOINT);
    let mut ends = Vec::new();
    let mut from = 0;
    // A byte of ff is rarer than one of zero.
    while let Some(found) = body.get(from..).and_then(|rest| rest.iter().position(|&b| b == 0xff)) {
        let at = from + found;
        if let Some(start) = at.checked_sub(2).filter(is_joint) {
            ends.push(start + 4);
            from = start + 4;
        } else {
            from = at + 1;
        }
    }
    ends
}

/// Whether the first block is one of ours: so that others lose no time.
fn is_ours(body: &[u8]) -> Result<bool> {
    let start = body.get(..body.len().min(BLOCK + BLOCK / 16)).unwrap_or_default();
    let Some(end) = ends(start).first().copied() else { return Ok(false) };
    let mut block = BufferMut::zeroed(BLOCK)?;
    let packed = body.get(..end).unwrap_or_default();
    Ok(deflate::unpack_block(packed, false, block.bytes_mut()) == Some(BLOCK))
}

fn by_blocks(body: &[u8], check: Check, most: u64) -> Result<Option<Buffer>> {
    if !is_ours(body)? {
        return Ok(None);
    }
    let mut starts = vec![0];
    starts.extend(ends(body));
    let count = starts.len();
    let room = count.checked_mul(BLOCK).filter(|room| (*room as u64) < most + BLOCK as u64);
    let Some(room) = room else { return Ok(None) };
    let mut buffer = BufferMut::zeroed(room)?;
    let ends = starts.iter().skip(1).copied().chain([body.len()]);
    let places = buffer.bytes_mut().chunks_mut(BLOCK).zip(starts.iter().zip(ends)).enumerate();
    let blocks = each(places.collect(), |(at, (place, (start, end)))| {
        let packed = body.get(*start..end).unwrap_or_default();
        let is_last = at + 1 == count;
        let len = deflate::unpack_block(packed, is_last, place).ok_or(())?;
        if !is_last && len != BLOCK {
            return Err(());
        }
        Ok((check.of(place.get(..len).unwrap_or_default()), len))
    });
    let Ok(blocks) = blocks else { return Ok(None) };
    let mut sum = check.of(&[]);
    blocks.iter().for_each(|(next, _)| sum.combine(next));
    let len: usize = blocks.iter().map(|(_, len)| len).sum();
    if !check.is(sum) || len as u64 > most {
        return Ok(None);
    }
    buffer.freeze().slice(0..len).map(Some)
}

/// The whole stream at once. Where nobody knows how long it becomes, room is guessed; the memory
/// that is not needed is never touched.
fn in_one(body: &[u8], check: Check, len: Option<u64>, most: u64) -> Result<Option<Buffer>> {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let guess = body.len().saturating_mul(4).max(64 << 10);
    let mut room = match len.and_then(|len| usize::try_from(len).ok()) {
        Some(len) if len / 1100 > body.len() => return Ok(None),
        Some(len) => len,
        None => guess.min(most),
    };
    loop {
        let mut buffer = BufferMut::zeroed(room)?;
        // Almost everything becomes longer by unpacking; no more is touched for a mere claim.
        buffer.touch(body.len());
        match deflate::unpack_at_most(body, buffer.bytes_mut()) {
            Some(Some(got)) if len.is_none_or(|len| len == got as u64) => {
                let got_bytes = buffer.bytes().get(..got).unwrap_or_default();
                let sum = summed(got_bytes, |part| check.of(part), Sum::combine);
                return match check.is(sum) {
                    true => buffer.freeze().slice(0..got).map(Some),
                    false => Ok(None),
                };
            }
            // More room may help.
            Some(None) if len.is_none() && room < most => room = room.saturating_mul(4).min(most),
            _ => return Ok(None),
        }
    }
}
