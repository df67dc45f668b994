#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::cast_possible_truncation)]

use super::*;
use crate::codec::deflate::samples;
use libdeflater::{CompressionLvl, Compressor};

fn packed(level: i32, bytes: &[u8]) -> Vec<u8> {
    let mut compressor = Compressor::new(CompressionLvl::new(level).unwrap());
    let mut packed = vec![0; compressor.deflate_compress_bound(bytes.len())];
    let len = compressor.deflate_compress(bytes, &mut packed).unwrap();
    packed.truncate(len);
    packed
}

/// Where the last block begins, found the slow way: the only bit of all that, cleared, lets zlib
/// read everything and then want more.
fn slowly(packed: &[u8], bytes: &[u8]) -> Vec<usize> {
    let clears = |bit: &usize| {
        let mut packed = packed.to_vec();
        if packed[bit / 8] >> (bit % 8) & 1 == 0 {
            return false;
        }
        packed[bit / 8] ^= 1 << (bit % 8);
        let mut inflate = flate2::Decompress::new(false);
        let mut out = vec![0; bytes.len() + 1];
        let status = inflate.decompress(&packed, &mut out, flate2::FlushDecompress::None);
        let whole = inflate.total_in() == packed.len() as u64;
        status.is_ok_and(|status| status != flate2::Status::StreamEnd)
            && whole
            && &out[..bytes.len()] == bytes
            && inflate.total_out() == bytes.len() as u64
    };
    (0..packed.len() * 8).filter(clears).collect()
}

#[test]
fn the_last_block_is_where_zlib_says() {
    let mut walker = Walker::new();
    for (name, bytes) in samples(700) {
        for level in [0, 1, 6, 12] {
            let packed = packed(level, &bytes);
            let walked = walker.walk(&packed, &bytes).unwrap();
            assert!(slowly(&packed, &bytes).contains(&walked.last_block), "{name} {level}");
            assert_eq!(walked.end.div_ceil(8), packed.len());
        }
    }
}

#[test]
fn every_level_and_kind_of_data_is_proved() {
    let mut walker = Walker::new();
    for len in [0, 1, 2, 3, 17, 258, 259, 4000, 65_535, 65_536, 300_000, 700_001] {
        for (name, bytes) in samples(len) {
            let levels = if len > 100_000 { vec![1, 6] } else { (0..=12).collect() };
            for level in levels {
                let packed = packed(level, &bytes);
                assert!(walker.walk(&packed, &bytes).is_some(), "{name} of {len} at {level}");
            }
        }
    }
}

#[test]
fn streams_of_zlib_are_walked_too() {
    use std::io::Write;
    let mut walker = Walker::new();
    for (name, bytes) in samples(50_000) {
        for level in 0..=9 {
            let level = flate2::Compression::new(level);
            let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), level);
            // Blocks without codes of their own, and empty ones.
            encoder.write_all(&bytes[..10]).unwrap();
            encoder.flush().unwrap();
            encoder.write_all(&bytes[10..]).unwrap();
            let packed = encoder.finish().unwrap();
            assert!(walker.walk(&packed, &bytes).is_some(), "{name} {level:?}");
        }
    }
}

#[test]
fn what_is_not_the_stream_of_the_bytes_is_refused() {
    let mut walker = Walker::new();
    for (name, bytes) in samples(900) {
        for level in [0, 1, 9] {
            let packed = packed(level, &bytes);
            for len in 0..packed.len() {
                assert_eq!(walker.walk(&packed[..len], &bytes), None, "{name} {level} {len}");
            }
            assert_eq!(walker.walk(&[&packed[..], &[0]].concat(), &bytes), None, "{name} {level}");
            let more = [&bytes[..], &[0]].concat();
            assert_eq!(walker.walk(&packed, &more), None, "{name} {level}");
            assert_eq!(walker.walk(&packed, &bytes[1..]), None, "{name} {level}");
            let mut other = bytes.clone();
            for at in 0..bytes.len() {
                other[at] ^= 1;
                assert_eq!(walker.walk(&packed, &other), None, "{name} {level} {at}");
                other[at] ^= 1;
            }
        }
    }
}

/// A bit may be flipped to no effect (padding); otherwise the bytes are others.
#[test]
fn a_flipped_bit_is_noticed_where_zlib_notices_it() {
    let mut walker = Walker::new();
    for (name, bytes) in samples(400) {
        let good = packed(6, &bytes);
        for bit in 0..good.len() * 8 {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            let mut out = vec![0; bytes.len() + 1];
            let mut inflate = flate2::Decompress::new(false);
            let status = inflate.decompress(&bad, &mut out, flate2::FlushDecompress::Finish);
            let same = status.is_ok_and(|status| status == flate2::Status::StreamEnd)
                && inflate.total_in() == bad.len() as u64
                && out[..bytes.len()] == bytes[..]
                && inflate.total_out() == bytes.len() as u64;
            assert_eq!(walker.walk(&bad, &bytes).is_some(), same, "{name} {bit}");
        }
    }
}
