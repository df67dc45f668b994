//! Shuffled bits: the first bits of all elements of a block, then the second ones; each block may
//! be packed with LZ4 or Zstandard (HDF5's registered filter 32008).
#![forbid(unsafe_code)]

use super::lz4;
use crate::cursor::Cursor;
use crate::{Error, Result};

/// How the blocks are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packing {
    None,
    Lz4,
    Zstd,
}

/// Blocks are of so many bytes where nothing else is said.
const BLOCK: usize = 8192;

/// Elements come in eights; what is left over is not shuffled.
const EIGHT: usize = 8;

/// Elements of a block where nothing else is said.
fn default_block(itemsize: usize) -> usize {
    (BLOCK / itemsize.max(1) / EIGHT * EIGHT).max(128)
}

/// Brings the bits of the elements of a block together again: the row for bit `k` of byte `j` has
/// a bit for each element, the lowest first.
pub(super) fn block(bytes: &[u8], itemsize: usize, dst: &mut [u8]) {
    let row = bytes.len() / itemsize.max(1) / EIGHT;
    if row == 0 {
        return;
    }
    for (at, rows) in bytes.chunks_exact(row * EIGHT).enumerate() {
        for eight in 0..row {
            let mut word = [0; EIGHT];
            for (bit, place) in word.iter_mut().enumerate() {
                *place = rows.get(bit * row + eight).copied().unwrap_or(0);
            }
            for (element, byte) in transposed(word).into_iter().enumerate() {
                if let Some(place) = dst.get_mut((eight * EIGHT + element) * itemsize + at) {
                    *place = byte;
                }
            }
        }
    }
}

/// Rows of bits as columns.
fn transposed(rows: [u8; 8]) -> [u8; 8] {
    let mut x = u64::from_le_bytes(rows);
    // Squares of 1, 2 and 4 bits change places (Hacker's Delight, 7-3).
    for (shift, mask) in
        [(7, 0x00aa_00aa_00aa_00aa), (14, 0x0000_cccc_0000_cccc), (28, 0x0000_0000_f0f0_f0f0)]
    {
        let t = (x ^ (x >> shift)) & mask;
        x ^= t ^ (t << shift);
    }
    x.to_le_bytes()
}

/// How many bytes a chunk says that it has.
pub(crate) fn unpacked_len(bytes: &[u8], packing: Packing) -> Result<usize> {
    if packing == Packing::None {
        return Ok(bytes.len());
    }
    let all = u64::from_be_bytes(Cursor::new(bytes).array("a length")?);
    Ok(usize::try_from(all).unwrap_or(usize::MAX))
}

/// Unpacks a chunk into exactly `dst`. `block_len`: elements of a block, 0 for the default.
pub(crate) fn unpack(
    bytes: &[u8],
    (itemsize, block_len, packing): (usize, usize, Packing),
    dst: &mut [u8],
) -> Result<()> {
    if itemsize == 0 {
        return Err(Error::corrupt("elements of at least one byte", 0));
    }
    let mut cursor = Cursor::new(bytes);
    let mut elements = if block_len == 0 { default_block(itemsize) } else { block_len };
    if packing != Packing::None {
        let all = u64::from_be_bytes(cursor.array("a length")?);
        let block = u32::from_be_bytes(cursor.array("a length of a block")?);
        if all != dst.len() as u64 {
            let found = format!("{all} packed with bitshuffle");
            return Err(Error::corrupt(format_args!("{} bytes", dst.len()), found));
        }
        elements = usize::try_from(block).unwrap_or(usize::MAX) / itemsize;
    }
    if elements == 0 || elements % EIGHT != 0 {
        return Err(Error::corrupt("blocks of a multiple of 8 elements", elements));
    }
    let shuffled = dst.len() / itemsize / EIGHT * EIGHT * itemsize;
    let (whole, rest) = dst.split_at_mut(shuffled);
    let mut scratch = Vec::new();
    for piece in whole.chunks_mut(elements.saturating_mul(itemsize)) {
        if packing == Packing::None {
            block(cursor.take(piece.len(), "a block")?, itemsize, piece);
            continue;
        }
        let len = u32::from_be_bytes(cursor.array("a length of a block")?);
        let packed = cursor.take(usize::try_from(len).unwrap_or(usize::MAX), "a block")?;
        scratch.resize(piece.len(), 0);
        match packing {
            Packing::Zstd => super::decode_into(super::Codec::ZSTD, packed, &mut scratch)?,
            _ => lz4::block(packed, &mut scratch)?,
        }
        block(&scratch, itemsize, piece);
    }
    let left = cursor.take(rest.len(), "the last elements")?;
    rest.copy_from_slice(left);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shuffled(bytes: &[u8], itemsize: usize) -> Vec<u8> {
        let count = bytes.len() / itemsize;
        let mut out = vec![0; bytes.len()];
        for (i, item) in bytes.chunks_exact(itemsize).enumerate() {
            for (j, byte) in item.iter().enumerate() {
                for k in 0..8 {
                    out[(j * 8 + k) * (count / 8) + i / 8] |= (byte >> k & 1) << (i % 8);
                }
            }
        }
        out
    }

    #[test]
    fn bits_come_back() {
        let bytes: Vec<u8> = (0..1203u32).map(|i| (i * 31 % 256).try_into().unwrap()).collect();
        for itemsize in [1, 2, 3, 8] {
            let whole = bytes.len() / itemsize / 8 * 8 * itemsize;
            let mut packed = Vec::new();
            for piece in bytes[..whole].chunks(16 * itemsize) {
                packed.extend(shuffled(piece, itemsize));
            }
            packed.extend(&bytes[whole..]);
            let mut dst = vec![0; bytes.len()];
            unpack(&packed, (itemsize, 16, Packing::None), &mut dst).unwrap();
            assert_eq!(dst, bytes, "{itemsize}");
            assert!(unpack(&packed[1..], (itemsize, 16, Packing::None), &mut dst).is_err());
        }
        assert!(unpack(&bytes, (0, 16, Packing::None), &mut [0; 9]).is_err());
        assert!(unpack(&bytes, (2, 9, Packing::None), &mut [0; 9]).is_err());
    }

    #[test]
    fn blocks_in_lz4() {
        let bytes: Vec<u8> = (0..500u16).flat_map(|i| (i / 3).to_le_bytes()).collect();
        let mut packed = (bytes.len() as u64).to_be_bytes().to_vec();
        packed.extend(256u32.to_be_bytes());
        let whole = bytes.len() / 16 * 16;
        for piece in bytes[..whole].chunks(256) {
            let block = lz4_flex::block::compress(&shuffled(piece, 2));
            packed.extend(u32::try_from(block.len()).unwrap().to_be_bytes());
            packed.extend(block);
        }
        packed.extend(&bytes[whole..]);
        let mut dst = vec![0; bytes.len()];
        unpack(&packed, (2, 0, Packing::Lz4), &mut dst).unwrap();
        assert_eq!(dst, bytes);
        for len in 0..packed.len() {
            assert!(unpack(&packed[..len], (2, 0, Packing::Lz4), &mut dst).is_err(), "{len}");
        }
    }
}
