//! Chunks of Blosc 1: blocks, each of one or more packed streams, whose bytes or bits may be
//! shuffled (HDF5's registered filter 32001).
#![forbid(unsafe_code)]

use super::{bitshuffle, lz4, lzf, shuffle, zlib};
use crate::cursor::Cursor;
use crate::{Error, Result};

/// What stands in front of a chunk.
struct Head {
    version: u8,
    flags: u8,
    itemsize: usize,
    block: usize,
}

pub(super) const SHUFFLED: u8 = 1;
pub(super) const STORED: u8 = 2;
pub(super) const BITS_SHUFFLED: u8 = 4;
pub(super) const ONE_STREAM: u8 = 16;

/// The last version of the format that shuffles the bits of a block whole or not at all.
const ALL_OR_NOTHING: u8 = 2;

/// The header of a chunk is so long.
const HEAD: usize = 16;

/// Streams are of at least so many bytes.
const LEAST_STREAM: usize = 128;

/// At most so many streams make up a block.
const MOST_STREAMS: usize = 16;

fn head(bytes: &[u8], len: usize) -> Result<Head> {
    let mut cursor = Cursor::new(bytes);
    let version = cursor.u8("a version of blosc")?;
    cursor.take(1, "a version of a codec")?;
    let flags = cursor.u8("flags")?;
    let itemsize = usize::from(cursor.u8("a size of elements")?);
    let all = cursor.u32_le("a length")?;
    let block = usize::try_from(cursor.u32_le("a length of blocks")?).unwrap_or(usize::MAX);
    cursor.take(4, "a packed length")?;
    if u64::from(all) != len as u64 || (block == 0 && len > 0) {
        let found = format!("{all} in blocks of {block}, packed with blosc");
        return Err(Error::corrupt(format_args!("{len} bytes"), found));
    }
    Ok(Head { version, flags, itemsize: itemsize.max(1), block: block.max(1) })
}

/// How many bytes a chunk says that it has.
pub(crate) fn unpacked_len(bytes: &[u8]) -> Result<usize> {
    let mut cursor = Cursor::new(bytes);
    cursor.take(4, "the head of a chunk of blosc")?;
    Ok(usize::try_from(cursor.u32_le("a length")?).unwrap_or(usize::MAX))
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
        let bytes = head.flags & SHUFFLED != 0 && head.itemsize > 1;
        let bits = head.flags & BITS_SHUFFLED != 0 && piece.len() >= head.itemsize;
        if !bytes && !bits {
            streams(packed, &head, piece).map_err(|e| e.shift(start as u64))?;
            continue;
        }
        scratch.resize(piece.len(), 0);
        streams(packed, &head, &mut scratch).map_err(|e| e.shift(start as u64))?;
        match bytes {
            true => shuffle::unshuffle(&scratch, head.itemsize, piece),
            false => unshuffle_bits(head.version, head.itemsize, &scratch, piece),
        }
    }
    Ok(())
}

/// Brings the bits of a block together, as that version of the format shuffles them.
pub(super) fn unshuffle_bits(version: u8, itemsize: usize, bytes: &[u8], dst: &mut [u8]) {
    let whole = bits_shuffled(version, itemsize.max(1), bytes.len()).min(dst.len());
    let (shuffled, rest) = bytes.split_at(whole);
    let (to, after) = dst.split_at_mut(whole);
    bitshuffle::block(shuffled, itemsize, to);
    after.iter_mut().zip(rest).for_each(|(place, byte)| *place = *byte);
}

/// How many bytes of a block of that length have their bits shuffled.
fn bits_shuffled(version: u8, itemsize: usize, len: usize) -> usize {
    let elements = len / itemsize;
    // Until version 3, blocks with elements left over were not shuffled at all.
    let whole = match elements % 8 {
        0 => elements,
        _ if version <= ALL_OR_NOTHING => 0,
        over => elements - over,
    };
    whole * itemsize
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
        unpack_stream(head.flags >> 5, stream, part)?;
    }
    Ok(())
}

/// Unpacks a stream by the codec of that number; one that did not become shorter is stored as it is.
pub(super) fn unpack_stream(codec: u8, stream: &[u8], dst: &mut [u8]) -> Result<()> {
    if stream.len() == dst.len() {
        dst.copy_from_slice(stream);
        return Ok(());
    }
    match codec {
        0 => blosclz(stream, dst),
        1 => lz4::block(stream, dst),
        3 => zlib::unpack_into(stream, dst),
        4 => super::decode_into(super::Codec::ZSTD, stream, dst),
        2 => Err(Error::unsupported("snappy within blosc")),
        other => Err(Error::unsupported(format_args!("codec {other} within blosc"))),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// `hdf5plugin.Blosc(cname='lz4', clevel=9, shuffle=2)` of `np.arange(104, dtype='u2') // 7`.
    const EIGHTS: &[u8] = &[
        2, 1, 52, 2, 208, 0, 0, 0, 208, 0, 0, 0, 75, 0, 0, 0, 20, 0, 0, 0, 51, 0, 0, 0, 114, 128,
        63, 224, 15, 248, 3, 254, 7, 0, 114, 0, 192, 255, 15, 0, 252, 255, 7, 0, 114, 0, 0, 0, 240,
        255, 255, 255, 7, 0, 18, 0, 1, 0, 17, 255, 1, 0, 2, 12, 0, 15, 2, 0, 126, 80, 0, 0, 0, 0,
        0,
    ];

    /// The same of 101 elements.
    const OTHERS: &[u8] = &[
        2, 1, 52, 2, 202, 0, 0, 0, 202, 0, 0, 0, 87, 0, 0, 0, 20, 0, 0, 0, 63, 0, 0, 0, 25, 0, 1,
        0, 25, 1, 2, 0, 25, 2, 2, 0, 25, 3, 2, 0, 25, 4, 2, 0, 25, 5, 2, 0, 25, 6, 2, 0, 25, 7, 2,
        0, 25, 8, 2, 0, 25, 9, 2, 0, 25, 10, 2, 0, 25, 11, 2, 0, 25, 12, 2, 0, 25, 13, 2, 0, 96,
        14, 0, 14, 0, 14, 0,
    ];

    fn wanted(count: u16) -> Vec<u8> {
        (0..count).flat_map(|n| (n / 7).to_le_bytes()).collect()
    }

    #[test]
    fn bits_are_shuffled_in_blocks_of_eights_only() {
        for (packed, count) in [(EIGHTS, 104), (OTHERS, 101)] {
            let wanted = wanted(count);
            let mut dst = vec![0; wanted.len()];
            unpack(packed, &mut dst).unwrap();
            assert_eq!(dst, wanted, "{count}");
            for len in 0..packed.len() {
                assert!(unpack(&packed[..len], &mut dst).is_err(), "{len}");
            }
            assert!(unpack(packed, &mut dst[1..]).is_err());
        }
    }

    #[test]
    fn later_versions_shuffle_what_eights_there_are() {
        // A block of 9 elements in one stream that is not packed: 8 rows of bits, and one more.
        let block = [3, 0, 0, 0, 0, 0, 0, 0x40, 7];
        for (version, expected) in [(2, block), (3, [1, 1, 0, 0, 0, 0, 0x80, 0, 7])] {
            let mut packed = vec![version, 1, BITS_SHUFFLED | ONE_STREAM | 1 << 5, 1];
            for number in [9u32, 9, 33, 20, 9] {
                packed.extend(number.to_le_bytes());
            }
            packed.extend(block);
            let mut dst = [0; 9];
            unpack(&packed, &mut dst).unwrap();
            assert_eq!(dst, expected, "{version}");
        }
    }
}
