//! Deflate in the frame of zlib (RFC 1950), whole chunks at once.
#![forbid(unsafe_code)]

use crate::{Error, Result};
use libdeflater::Decompressor;
use std::cell::RefCell;
use std::io::Read;

thread_local! {
    /// Making a decoder costs as much as unpacking some KiB.
    static TOOL: RefCell<Decompressor> = RefCell::default();
}

/// Unpacks a stream into exactly `dst`.
pub(crate) fn unpack_into(bytes: &[u8], dst: &mut [u8]) -> Result<()> {
    let done = TOOL.with_borrow_mut(|tool| tool.zlib_decompress(bytes, dst));
    if done == Ok(dst.len()) {
        return Ok(());
    }
    let made = unpack(bytes, dst.len())?;
    if made.len() != dst.len() {
        let found = format!("{} packed with deflate", made.len());
        return Err(Error::corrupt(format_args!("{} bytes", dst.len()), found));
    }
    dst.copy_from_slice(&made);
    Ok(())
}

/// Unpacks a stream of at most so many bytes.
pub(crate) fn unpack(bytes: &[u8], most: usize) -> Result<Vec<u8>> {
    let mut made = Vec::new();
    let limit = most.saturating_add(1) as u64;
    let read = flate2::read::ZlibDecoder::new(bytes).take(limit).read_to_end(&mut made);
    read.map_err(|e| Error::corrupt("bytes packed with deflate", e))?;
    if made.len() > most {
        return Err(Error::corrupt(format_args!("at most {most} bytes"), "more after deflate"));
    }
    Ok(made)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn both_ways_agree() {
        let bytes: Vec<u8> = (0..5000u32).flat_map(|i| (i / 7).to_le_bytes()).collect();
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::new(4));
        encoder.write_all(&bytes).unwrap();
        let packed = encoder.finish().unwrap();
        let mut dst = vec![0; bytes.len()];
        unpack_into(&packed, &mut dst).unwrap();
        assert_eq!(dst, bytes);
        assert_eq!(unpack(&packed, bytes.len()).unwrap(), bytes);
        assert!(unpack(&packed, bytes.len() - 1).is_err());
        assert!(unpack_into(&packed, &mut vec![0; bytes.len() - 1]).is_err());
        assert!(unpack_into(&packed, &mut vec![0; bytes.len() + 1]).is_err());
        for len in (0..packed.len()).step_by(97) {
            assert!(unpack_into(&packed[..len], &mut dst).is_err(), "{len}");
        }
    }
}
