//! Files of several parts that unpack apart, side by side: blocks of xz, frames of Zstandard,
//! streams of bzip2.
//!
//! Only what is sound is unpacked here; of everything else none of it is, and the slow road says
//! what is wrong.
#![forbid(unsafe_code)]

use super::Packing;
use crate::codec::{self, Codec};
use crate::parallel::{each, width};
use crate::{Buffer, BufferMut, Result, read_stream};
use std::borrow::Cow;

/// A part, and what it becomes.
struct Piece<'a> {
    packed: Cow<'a, [u8]>,
    len: usize,
}

/// What several parts hold; none where there is only one, or one that is not sound.
pub(super) fn unpack(packing: Packing, packed: &[u8], most: u64) -> Result<Option<Buffer>> {
    if width() < 2 {
        return Ok(None);
    }
    let (codec, pieces) = match packing {
        Packing::Bzip2 => return bzip2(packed, most),
        Packing::Xz => (Codec::XZ, xz(packed)),
        _ => (Codec::ZSTD, zstd(packed)),
    };
    let Some(pieces) = pieces.filter(|pieces| pieces.len() > 1) else { return Ok(None) };
    let total = pieces.iter().try_fold(0_usize, |all, piece| all.checked_add(piece.len));
    let Some(total) = total.filter(|total| *total as u64 <= most) else { return Ok(None) };
    let mut buffer = BufferMut::zeroed(total)?;
    let mut rest = buffer.bytes_mut();
    let mut places = Vec::new();
    for piece in pieces {
        let (place, behind) = std::mem::take(&mut rest).split_at_mut(piece.len);
        places.push((piece.packed, place));
        rest = behind;
    }
    let done = each(places, |(packed, place)| codec::decode_into(codec, &packed, place));
    Ok(done.is_ok().then(|| buffer.freeze()))
}

/// The streams begin like this, behind the digit of their level.
const BZIP2_BLOCK: [u8; 6] = [0x31, 0x41, 0x59, 0x26, 0x53, 0x59];

/// Streams of bzip2 do not say how long they are: each gets memory of its own.
fn bzip2(packed: &[u8], most: u64) -> Result<Option<Buffer>> {
    let begins = |at: &usize| {
        let head = packed.get(*at..at + 10).unwrap_or_default();
        head.starts_with(b"BZh") && head.ends_with(&BZIP2_BLOCK)
    };
    let starts: Vec<usize> = (0..packed.len()).filter(begins).collect();
    if starts.len() < 2 || starts.first() != Some(&0) {
        return Ok(None);
    }
    let ends = starts.iter().skip(1).copied().chain([packed.len()]);
    let parts: Vec<_> = starts.iter().copied().zip(ends).collect();
    let done = each(parts, |(start, end)| {
        let part = packed.get(start..end).unwrap_or_default();
        let mut reader = codec::reader(Codec::BZIP2, Box::new(part), u64::MAX)?;
        // A part becomes no more than all may, and no more than its bytes may.
        let reach = (part.len() as u64).saturating_mul(1 << 20);
        read_stream(&mut *reader, most.min(reach))
    });
    let Ok(parts) = done else { return Ok(None) };
    let total = parts.iter().fold(0_usize, |all, part| all.saturating_add(part.len()));
    if total as u64 > most {
        return Ok(None);
    }
    let mut buffer = BufferMut::zeroed(total)?;
    let mut at = 0;
    for part in parts {
        let end = at + part.len();
        buffer.bytes_mut().get_mut(at..end).unwrap_or_default().copy_from_slice(&part);
        at = end;
    }
    Ok(Some(buffer.freeze()))
}

/// The frames of Zstandard (RFC 8878 3.1), where all say how long they become.
fn zstd(packed: &[u8]) -> Option<Vec<Piece<'_>>> {
    let (mut pieces, mut at) = (Vec::new(), 0);
    while at < packed.len() {
        let rest = packed.get(at..)?;
        if let [0x50..=0x5f, 0x2a, 0x4d, 0x18, a, b, c, d, ..] = *rest {
            let len = usize::try_from(u32::from_le_bytes([a, b, c, d])).ok()?;
            at = at.checked_add(8)?.checked_add(len)?;
            continue;
        }
        let (len, unpacked) = zstd_frame(rest)?;
        pieces.push(Piece { packed: Cow::Borrowed(rest.get(..len)?), len: unpacked });
        at += len;
    }
    (at == packed.len()).then_some(pieces)
}

/// How long the frame is that some bytes begin with, and how long it becomes.
fn zstd_frame(bytes: &[u8]) -> Option<(usize, usize)> {
    let [0x28, 0xb5, 0x2f, 0xfd, flags, ..] = *bytes else { return None };
    let is_single = flags & 0x20 != 0;
    let dictionary = match flags & 3 {
        3 => 4,
        len => usize::from(len),
    };
    let size = match (flags >> 6, is_single) {
        (0, false) => return None,
        (0, true) => 1,
        (power, _) => 1_usize << power,
    };
    let mut at = 5 + usize::from(!is_single) + dictionary;
    let field = bytes.get(at..at + size)?;
    let mut number = [0; 8];
    number.get_mut(..size)?.copy_from_slice(field);
    let unpacked = u64::from_le_bytes(number) + if size == 2 { 256 } else { 0 };
    at += size;
    loop {
        let [a, b, c] = *bytes.get(at..)?.first_chunk::<3>()?;
        let head = u32::from_le_bytes([a, b, c, 0]);
        // A block that is one byte again and again takes one byte.
        let len = if head >> 1 & 3 == 1 { 1 } else { usize::try_from(head >> 3).ok()? };
        at = at.checked_add(3 + len)?;
        if head & 1 != 0 {
            break;
        }
    }
    at += if flags & 4 != 0 { 4 } else { 0 };
    (at <= bytes.len()).then_some((at, usize::try_from(unpacked).ok()?))
}

/// The blocks of all streams of an xz file, each as a file of its own.
fn xz(packed: &[u8]) -> Option<Vec<Piece<'_>>> {
    let mut pieces = Vec::new();
    let mut end = packed.len();
    while end > 0 {
        // Padding between streams is zeros, by fours (the xz file format 2.2).
        if packed.get(end.checked_sub(4)?..end)? == [0; 4] {
            end -= 4;
            continue;
        }
        let (start, mut found) = xz_stream(packed.get(..end)?)?;
        found.reverse();
        pieces.extend(found);
        end = start;
    }
    pieces.reverse();
    Some(pieces)
}

/// The stream that some bytes end with: where it begins, and its blocks.
fn xz_stream(bytes: &[u8]) -> Option<(usize, Vec<Piece<'_>>)> {
    let footer = bytes.last_chunk::<12>()?;
    let [_, _, _, _, a, b, c, d, flags @ .., b'Y', b'Z'] = *footer else { return None };
    let index_len = (usize::try_from(u32::from_le_bytes([a, b, c, d])).ok()?).checked_add(1)?;
    let index_len = index_len.checked_mul(4)?;
    let index_start = bytes.len().checked_sub(12)?.checked_sub(index_len)?;
    let records = xz_index(bytes.get(index_start..bytes.len() - 12)?)?;
    let blocks = records.iter().try_fold(0_usize, |all, (unpadded, _)| {
        all.checked_add(unpadded.checked_next_multiple_of(4)?)
    })?;
    let start = index_start.checked_sub(blocks)?.checked_sub(12)?;
    let head = bytes.get(start..start + 12)?;
    if !head.starts_with(b"\xfd7zXZ\0") || head.get(6..8)? != flags {
        return None;
    }
    let (mut pieces, mut at) = (Vec::new(), start + 12);
    for (unpadded, len) in records {
        let next = at + unpadded.checked_next_multiple_of(4)?;
        let packed = Cow::Owned(xz_alone(head, bytes.get(at..next)?, unpadded, len));
        pieces.push(Piece { packed, len });
        at = next;
    }
    Some((start, pieces))
}

/// What an index says: of each block its length without padding, and how long it becomes.
fn xz_index(index: &[u8]) -> Option<Vec<(usize, usize)>> {
    let (body, crc) = index.split_last_chunk::<4>()?;
    if codec::crc32(body) != u32::from_le_bytes(*crc) {
        return None;
    }
    let mut rest = body.strip_prefix(&[0])?;
    let count = number(&mut rest)?;
    let mut records = Vec::new();
    for _ in 0..count {
        records.push((number(&mut rest)?, number(&mut rest)?));
    }
    rest.iter().all(|byte| *byte == 0).then_some(records)
}

/// A number of seven bits a byte, the lowest first.
fn number(rest: &mut &[u8]) -> Option<usize> {
    let mut value = 0_u64;
    for shift in 0..9 {
        let (byte, behind) = rest.split_first()?;
        *rest = behind;
        value |= u64::from(byte & 0x7f) << (7 * shift);
        if byte & 0x80 == 0 {
            return usize::try_from(value).ok();
        }
    }
    None
}

/// A block as a file: the head of its stream, the block, an index of it, an end.
fn xz_alone(head: &[u8], block: &[u8], unpadded: usize, len: usize) -> Vec<u8> {
    let mut index = vec![0, 1];
    for mut value in [unpadded, len] {
        while value >= 0x80 {
            index.push(value.to_le_bytes()[0] | 0x80);
            value >>= 7;
        }
        index.push(value.to_le_bytes()[0]);
    }
    index.resize(index.len().next_multiple_of(4), 0);
    let crc = codec::crc32(&index);
    index.extend_from_slice(&crc.to_le_bytes());
    // The length in fours, less one.
    let fours = u32::try_from(index.len() / 4 - 1).expect("an index of one block is short");
    let mut end = fours.to_le_bytes().to_vec();
    end.extend_from_slice(head.get(6..8).unwrap_or_default());
    let crc = codec::crc32(&end);
    [head, block, &index, &crc.to_le_bytes(), &end, b"YZ"].concat()
}
