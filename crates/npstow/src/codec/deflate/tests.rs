#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::cast_possible_truncation)]

use super::*;
use crate::ErrorKind;
use crate::codec::{Codec, decode_block, decode_into};
use std::io::Read;

/// Data of the kinds that arrays hold, so many bytes of each.
pub(in crate::codec) fn samples(len: usize) -> Vec<(&'static str, Vec<u8>)> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let cut = |bytes: Vec<u8>| bytes.into_iter().take(len).collect::<Vec<u8>>();
    let steps = 0..u32::try_from(len / 4 + 1).unwrap();
    let smooth = steps.clone().flat_map(|i| (f64::from(i) * 1e-3).sin().to_le_bytes());
    let slow = steps.clone().flat_map(|i| ((f64::from(i) * 1e-5).sin() as f32).to_le_bytes());
    let text = steps.flat_map(|i| format!("event {} of {i}\n", i % 77).into_bytes());
    let mut samples = vec![
        ("constant", vec![7; len]),
        ("smooth f8", cut(smooth.collect())),
        ("slow f4", cut(slow.collect())),
        ("text", cut(text.collect())),
    ];
    let small = (0..len / 8 + 1).flat_map(|_| (random() % 1000).to_le_bytes()).collect();
    samples.push(("small integers", cut(small)));
    let noise = (0..len / 8 + 1).flat_map(|_| random().to_le_bytes()).collect();
    samples.push(("random", cut(noise)));
    samples
}

fn one(level: u8, bytes: &[u8], last: bool) -> Vec<u8> {
    let mut out = Vec::new();
    compress_block(level, bytes, last, &mut out).unwrap();
    out
}

/// What zlib makes of a stream; all of it has to be taken, and to end.
fn zlib(packed: &[u8], len: usize) -> Vec<u8> {
    let mut out = vec![0; len + 1];
    let mut inflate = flate2::Decompress::new(false);
    let status = inflate.decompress(packed, &mut out, flate2::FlushDecompress::Finish).unwrap();
    assert_eq!(status, flate2::Status::StreamEnd);
    assert_eq!(inflate.total_in(), packed.len() as u64);
    out.truncate(usize::try_from(inflate.total_out()).unwrap());
    out
}

/// Packs in blocks; each has to unpack alone, and all together by two decoders.
fn round_trip(level: u8, bytes: &[u8], block: usize) {
    let mut joined = Vec::new();
    let count = bytes.len().div_ceil(block).max(1);
    for at in 0..count {
        let piece = &bytes[at * block..bytes.len().min((at + 1) * block)];
        let last = at + 1 == count;
        let start = joined.len();
        compress_block(level, piece, last, &mut joined).unwrap();
        let packed = &joined[start..];
        assert_eq!(packed, one(level, piece, last));
        // As libdeflate gives it, and the blocks of a joint and an end.
        assert!(packed.len() <= piece.len() + piece.len() / 65_535 * 5 + 15);
        let mut alone = vec![0xaa; piece.len()];
        decode_block(Codec::DEFLATE, packed, last, &mut alone).unwrap();
        assert!(alone == piece);
        if !last {
            alone.fill(0xaa);
            crate::codec::stream::unpack_open(Codec::DEFLATE, packed, &mut alone).unwrap();
            assert!(alone == piece);
        }
    }
    assert!(zlib(&joined, bytes.len()) == bytes);
    let mut whole = vec![0xaa; bytes.len()];
    let mut libdeflate = libdeflater::Decompressor::new();
    assert_eq!(libdeflate.deflate_decompress(&joined, &mut whole), Ok(bytes.len()));
    assert!(whole == bytes);
    whole.fill(0xaa);
    decode_into(Codec::DEFLATE, &joined, &mut whole).unwrap();
    assert!(whole == bytes);
}

#[test]
fn blocks_are_streams_alone_and_together() {
    for len in [0, 1, 2, 99, 100, 101, 200, 3000] {
        for (_, bytes) in samples(len) {
            (0..=MOST_LEVEL).for_each(|level| round_trip(level, &bytes, 100));
        }
    }
    for len in [65_535, 65_536, 65_537, 131_072, 200_000] {
        for (_, bytes) in samples(len) {
            [0, 1, 6].iter().for_each(|level| round_trip(*level, &bytes, 1 << 16));
        }
    }
}

#[test]
fn large_blocks() {
    for (_, bytes) in samples((2 << 20) + 5) {
        [1, 6].iter().for_each(|level| round_trip(*level, &bytes, 1 << 20));
    }
}

/// Every place in a byte where a block can end needs another joint.
#[test]
fn blocks_end_at_every_bit() {
    let mut ends = [0; 8];
    let mut walker = crate::codec::walk::Walker::new();
    for len in 1..400 {
        for (_, bytes) in samples(len) {
            let packed = one(6, &bytes, true);
            ends[walker.walk(&packed, &bytes).unwrap().end % 8] += 1;
            round_trip(6, &bytes, len.div_ceil(2));
        }
    }
    assert!(ends.iter().all(|count| *count > 0), "{ends:?}");
}

#[test]
fn what_cannot_be_packed_is_stored() {
    let (_, noise) = samples(200_000).pop().unwrap();
    for level in 0..=MOST_LEVEL {
        for last in [false, true] {
            let packed = one(level, &noise, last);
            assert!(packed.len() <= noise.len() + 4 * 5 + 5 + 5, "{level}: {}", packed.len());
        }
    }
    assert_eq!(one(0, b"ab", false), b"\x00\x02\x00\xfd\xffab\x00\x00\x00\xff\xff");
}

#[test]
fn levels_pack_smaller_and_smaller() {
    let text = &samples(300_000)[3].1;
    let lens = [0, 1, 6, 9, 12].map(|level| one(level, text, false).len());
    assert!(lens.is_sorted_by(|a, b| a > b), "{lens:?}");
    let e = compress_block(13, b"a", true, &mut Vec::new()).unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Invalid);
    assert_eq!(e.to_string(), "level 13 of deflate (0 to 12)");
}

#[test]
fn threads_pack_the_same() {
    let bytes = &samples(300_000)[2].1;
    let expected = [one(1, bytes, false), one(6, bytes, false), one(1, bytes, true)];
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| [one(1, bytes, false), one(6, bytes, false), one(1, bytes, true)])
            })
            .collect();
        threads.into_iter().for_each(|thread| assert!(thread.join().unwrap() == expected));
    });
}

#[test]
fn a_reader_stops_anywhere_in_joined_blocks() {
    let bytes = &samples(300_000)[2].1;
    let mut joined = Vec::new();
    for (at, piece) in bytes.chunks(70_000).enumerate() {
        compress_block(6, piece, at == 4, &mut joined).unwrap();
    }
    for len in [0, 1, 69_999, 70_000, 70_001, 299_999, 300_000] {
        let packed = Box::new(&joined[..]);
        let mut reader = crate::codec::reader(Codec::DEFLATE, packed, 300_000).unwrap();
        let mut start = vec![0; len];
        reader.read_exact(&mut start).unwrap();
        assert!(start == bytes[..len]);
    }
}
