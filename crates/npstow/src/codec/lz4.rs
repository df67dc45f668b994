//! LZ4 in blocks, as HDF5's registered filter 32004 frames them.
#![forbid(unsafe_code)]

use crate::cursor::Cursor;
use crate::{Error, Result};

/// Unpacks one block without a frame into exactly `dst`.
pub(super) fn block(bytes: &[u8], dst: &mut [u8]) -> Result<()> {
    match lz4_flex::block::decompress_into(bytes, dst) {
        Ok(len) if len == dst.len() => Ok(()),
        Ok(len) => Err(Error::corrupt(format_args!("{} bytes packed with lz4", dst.len()), len)),
        Err(e) => Err(Error::corrupt("bytes packed with lz4", e)),
    }
}

/// How many bytes a frame says that it unpacks to, and how many a block of it.
pub(crate) fn lengths(bytes: &[u8]) -> Result<(u64, u32)> {
    let mut cursor = Cursor::new(bytes);
    let all = u64::from_be_bytes(cursor.array("a length")?);
    Ok((all, u32::from_be_bytes(cursor.array("a length of a block")?)))
}

/// Unpacks a frame into exactly `dst`: the lengths, big-endian, and blocks of which each has its
/// packed length in front; one that did not become shorter is stored as it is.
pub(crate) fn unpack(bytes: &[u8], dst: &mut [u8]) -> Result<()> {
    let (all, each) = lengths(bytes)?;
    if all != dst.len() as u64 || (each == 0 && all > 0) {
        let found = format!("{all} in blocks of {each}, packed with lz4");
        return Err(Error::corrupt(format_args!("{} bytes", dst.len()), found));
    }
    let mut cursor = Cursor::new(bytes.get(12..).unwrap_or_default());
    for piece in dst.chunks_mut(usize::try_from(each).unwrap_or(usize::MAX).max(1)) {
        let len = u32::from_be_bytes(cursor.array("a length of a block")?);
        let packed = cursor.take(usize::try_from(len).unwrap_or(usize::MAX), "a block of lz4")?;
        if packed.len() == piece.len() {
            piece.copy_from_slice(packed);
        } else {
            block(packed, piece)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_several_blocks() {
        let bytes: Vec<u8> = (0..1000u32).flat_map(|i| (i / 9).to_le_bytes()).collect();
        let mut packed = (bytes.len() as u64).to_be_bytes().to_vec();
        packed.extend(1500u32.to_be_bytes());
        for (i, piece) in bytes.chunks(1500).enumerate() {
            // The second one is stored as it is.
            let block = if i == 1 { piece.to_vec() } else { lz4_flex::block::compress(piece) };
            packed.extend(u32::try_from(block.len()).unwrap().to_be_bytes());
            packed.extend(block);
        }
        let mut dst = vec![0; bytes.len()];
        unpack(&packed, &mut dst).unwrap();
        assert_eq!(dst, bytes);
        for len in 0..packed.len() {
            assert!(unpack(&packed[..len], &mut dst).is_err(), "{len}");
        }
        assert!(unpack(&packed, &mut vec![0; bytes.len() - 1]).is_err());
    }
}
