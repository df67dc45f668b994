//! What a chunk goes through on its way into the file: shuffle, deflate.
#![forbid(unsafe_code)]

use crate::{Error, Result};
use libdeflater::{CompressionLvl, Compressor};
use std::cell::RefCell;

/// The highest level that libdeflate has.
pub(crate) const MOST_LEVEL: u8 = 12;

/// Numbers of the filters (HDF5 IV.A.2.l).
pub(crate) const DEFLATE: u16 = 1;
pub(crate) const SHUFFLE: u16 = 2;
pub(crate) const FLETCHER32: u16 = 3;

thread_local! {
    /// Making a compressor costs as much as packing many KiB.
    static TOOLS: RefCell<Option<(u8, Compressor)>> = const { RefCell::new(None) };
}

/// The bytes of each element apart: all first ones, then all second ones.
pub(crate) fn shuffle(bytes: &[u8], itemsize: usize) -> Vec<u8> {
    let count = bytes.len().checked_div(itemsize).unwrap_or(0);
    if itemsize < 2 || count < 2 {
        return bytes.to_vec();
    }
    let (whole, rest) = bytes.split_at(count * itemsize);
    let mut out = match itemsize {
        2 => planes::<2>(whole),
        4 => planes::<4>(whole),
        8 => planes::<8>(whole),
        _ => {
            let mut out = Vec::with_capacity(bytes.len());
            for at in 0..itemsize {
                out.extend(whole.iter().skip(at).step_by(itemsize));
            }
            out
        }
    };
    out.extend_from_slice(rest);
    out
}

/// Elements of a size that the compiler knows, each read once.
fn planes<const N: usize>(bytes: &[u8]) -> Vec<u8> {
    let count = bytes.len() / N;
    let mut out = vec![0; bytes.len()];
    let mut planes: Vec<&mut [u8]> = out.chunks_exact_mut(count).collect();
    // Blocks that stay in the nearest cache, plane by plane.
    for (block, items) in bytes.chunks(1024 * N).enumerate() {
        for (at, plane) in planes.iter_mut().enumerate() {
            let start = block * 1024;
            let places = plane[start..].iter_mut();
            places.zip(items.chunks_exact(N)).for_each(|(place, item)| *place = item[at]);
        }
    }
    out
}

/// Packs into a stream of zlib, be it longer than what it is made of: the mask that says of a chunk
/// that this step was left out stays when HDF5 rewrites the chunk in as many bytes, and lies then.
///
/// # Errors
/// `Invalid` for a level that is not there.
pub(crate) fn deflate(level: u8, bytes: &[u8]) -> Result<Vec<u8>> {
    TOOLS.with_borrow_mut(|tools| {
        let (_, compressor) = match tools {
            Some(tools) if tools.0 == level => tools,
            other => other.insert((level, Compressor::new(checked_level(level)?))),
        };
        let mut out = vec![0; compressor.zlib_compress_bound(bytes.len())];
        let len = compressor.zlib_compress(bytes, &mut out);
        out.truncate(len.expect("the room that it asked for"));
        Ok(out)
    })
}

pub(crate) fn checked_level(level: u8) -> Result<CompressionLvl> {
    CompressionLvl::new(level.into())
        .map_err(|_| Error::invalid(format!("level {level} of deflate (0 to {MOST_LEVEL})")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::zlib;

    #[test]
    fn shuffled_bytes_are_where_they_belong() {
        let bytes: Vec<u8> = (0..=255).cycle().take(5003).collect();
        for itemsize in [0, 1, 2, 3, 4, 7, 8, 16, 3000, 6000] {
            let out = shuffle(&bytes, itemsize);
            let count = bytes.len().checked_div(itemsize).unwrap_or(0);
            let expected = |at: usize| match at {
                at if count < 2 || at >= count * itemsize => bytes[at],
                at => bytes[at % count * itemsize + at / count],
            };
            assert!((0..bytes.len()).all(|at| out[at] == expected(at)), "{itemsize}");
        }
    }

    #[test]
    fn what_does_not_shrink_is_a_stream_as_well() {
        assert!(deflate(6, &[7; 1000]).unwrap().len() < 50 && deflate(13, &[0; 9]).is_err());
        for (level, bytes) in [(6, &[1, 2, 3][..]), (0, &[7; 1000]), (12, &[])] {
            let packed = deflate(level, bytes).unwrap();
            assert!(packed.len() > bytes.len());
            assert_eq!(zlib::unpack(&packed, 1000).unwrap(), bytes);
        }
    }
}
