//! Chunks of Blosc 1: blocks, each of one or more packed streams, whose bytes or bits may be
//! shuffled (HDF5's registered filter 32001).
#![forbid(unsafe_code)]

use super::{bitshuffle, lz4, lzf, shuffle, zlib};
use crate::cursor::Cursor;
use crate::{Error, Result};

/// What stands in front of a chunk.
struct Head {
    flags: u8,
    itemsize: usize,
    block: usize,
}

const SHUFFLED: u8 = 1;
const STORED: u8 = 2;
const BITS_SHUFFLED: u8 = 4;
const ONE_STREAM: u8 = 16;

/// The header of a chunk is so long.
const HEAD: usize = 16;

/// Streams are of at least so many bytes.
const LEAST_STREAM: usize = 128;

/// At most so many streams make up a block.
const MOST_STREAMS: usize = 16;

fn head(bytes: &[u8], len: usize) -> Result<Head> {
    let mut cursor = Cursor::new(bytes);
    cursor.take(2, "versions of blosc")?;
    let flags = cursor.u8("flags")?;
    let itemsize = usize::from(cursor.u8("a size of elements")?);
    let all = cursor.u32_le("a length")?;
    let block = usize::try_from(cursor.u32_le("a length of blocks")?).unwrap_or(usize::MAX);
    cursor.take(4, "a packed length")?;
    if u64::from(all) != len as u64 || (block == 0 && len > 0) {
        let found = format!("{all} in blocks of {block}, packed with blosc");
        return Err(Error::corrupt(format_args!("{len} bytes"), found));
    }
    Ok(Head { flags, itemsize: itemsize.max(1), block: block.max(1) })
}

/// Unpacks a chunk into exactly `dst`.
pub(crate) fn unpack(bytes: &[u8], dst: &mut [u8]) -> Result<()> {
    let head = head(bytes, dst.len())?;
    if head.flags & STORED != 0 {
        let mut cursor = Cursor::new(bytes.get(HEAD..).unwrap_or_default());
        dst.copy_from_slice(cursor.take(dst.len(), "a chunk of blosc")?);
        return Ok(());
    }
    let mut starts = Cursor::new(bytes.get(HEAD..).unwrap_or_default());
    let mut scratch = Vec::new();
    for piece in dst.chunks_mut(head.block) {
        let start = usize::try_from(starts.u32_le("a start of a block")?).unwrap_or(usize::MAX);
        let packed = bytes.get(start..).unwrap_or_default();
        scratch.resize(piece.len(), 0);
        streams(packed, &head, &mut scratch).map_err(|e| e.shift(start as u64))?;
        if head.flags & SHUFFLED != 0 && head.itemsize > 1 {
            shuffle::unshuffle(&scratch, head.itemsize, piece);
        } else if head.flags & BITS_SHUFFLED != 0 && piece.len() >= head.itemsize {
            let whole = piece.len() / head.itemsize / 8 * 8 * head.itemsize;
            let (shuffled, rest) = scratch.split_at(whole);
            let (to, after) = piece.split_at_mut(whole);
            bitshuffle::block(shuffled, head.itemsize, to);
            after.copy_from_slice(rest);
        } else {
            piece.copy_from_slice(&scratch);
        }
    }
    Ok(())
}

/// Unpacks the streams of a block one after another.
fn streams(packed: &[u8], head: &Head, dst: &mut [u8]) -> Result<()> {
    let whole = dst.len() == head.block;
    let splits = head.flags & ONE_STREAM == 0
        && whole
        && head.itemsize <= MOST_STREAMS
        && head.block / head.itemsize >= LEAST_STREAM
        && head.block % head.itemsize == 0;
    let each = if splits { head.block / head.itemsize } else { dst.len() };
    let mut cursor = Cursor::new(packed);
    for part in dst.chunks_mut(each.max(1)) {
        let len = usize::try_from(cursor.u32_le("a length of a stream")?).unwrap_or(usize::MAX);
        let stream = cursor.take(len, "a stream of blosc")?;
        if len == part.len() {
            part.copy_from_slice(stream);
            continue;
        }
        match head.flags >> 5 {
            0 => blosclz(stream, part)?,
            1 => lz4::block(stream, part)?,
            3 => zlib::unpack_into(stream, part)?,
            4 => super::decode_into(super::Codec::ZSTD, stream, part)?,
            2 => return Err(Error::unsupported("snappy within blosc")),
            other => return Err(Error::unsupported(format_args!("codec {other} within blosc"))),
        }
    }
    Ok(())
}

/// Blosc's own codec, a form of `FastLZ`.
fn blosclz(bytes: &[u8], dst: &mut [u8]) -> Result<()> {
    let wrong = |at: usize| Error::corrupt("bytes packed with blosclz", "others").at(at as u64);
    let (mut from, mut to) = (0, 0);
    let next = |from: &mut usize| {
        *from += 1;
        let byte = bytes.get(*from - 1).map(|&byte| usize::from(byte));
        byte.ok_or_else(|| wrong(*from))
    };
    if bytes.is_empty() {
        return Err(wrong(0));
    }
    let mut control = next(&mut from)? & 31;
    loop {
        if control < 32 {
            let len = control + 1;
            let run = bytes.get(from..from + len).ok_or_else(|| wrong(from))?;
            dst.get_mut(to..to + len).ok_or_else(|| wrong(from))?.copy_from_slice(run);
            (from, to) = (from + len, to + len);
        } else {
            let mut len = (control >> 5) - 1;
            let mut back = (control & 31) << 8;
            if len == 6 {
                loop {
                    let more = next(&mut from)?;
                    len += more;
                    if more != 255 {
                        break;
                    }
                }
            }
            let low = next(&mut from)?;
            back += low;
            if low == 255 && back == (31 << 8) + 255 {
                back = (next(&mut from)? << 8) + next(&mut from)? + 8191;
            }
            let len = len + 3;
            lzf::repeat(dst, to, back + 1, len).ok_or_else(|| wrong(from))?;
            to += len;
        }
        if from >= bytes.len() {
            break;
        }
        control = next(&mut from)?;
    }
    if to != dst.len() {
        return Err(Error::corrupt(format_args!("{} bytes packed with blosclz", dst.len()), to));
    }
    Ok(())
}
