#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used)]

use super::*;
use crate::ErrorKind;

/// What `corpus/gen_blosc2.py` made: frames and chunks, and what they unpack to.
fn samples() -> Vec<(&'static [u8], &'static [u8])> {
    let bytes: &[u8] = include_bytes!("../../../../../corpus/blosc2/frames.bin");
    let (mut cursor, mut samples) = (Cursor::new(bytes), Vec::new());
    while !cursor.rest().is_empty() {
        let lengths = [cursor.u32_le("packed").unwrap(), cursor.u32_le("plain").unwrap()];
        let [packed, plain] = lengths.map(|len| cursor.take(len as usize, "bytes").unwrap());
        samples.push((packed, plain));
    }
    samples
}

fn unpacked(packed: &[u8], len: usize) -> Result<Vec<u8>> {
    let mut dst = vec![0xaa; len];
    unpack(packed, &mut dst).map(|()| dst)
}

#[test]
fn whatever_blosc2_packs_is_unpacked() {
    let samples = samples();
    assert_eq!(samples.len(), 33);
    for (number, (packed, plain)) in samples.into_iter().enumerate() {
        assert_eq!(unpacked_len(packed).unwrap(), plain.len(), "{number}");
        assert!(unpacked(packed, plain.len()).unwrap() == plain, "{number}");
        for wrong in [0, plain.len() - 1, plain.len() + 1] {
            let e = unpacked(packed, wrong).unwrap_err();
            assert_eq!(e.kind(), ErrorKind::Corrupt, "{number}: {e}");
        }
    }
}

#[test]
fn cut_anywhere_they_are_refused() {
    for (number, (packed, plain)) in samples().into_iter().enumerate() {
        for len in 0..packed.len() {
            assert!(unpacked(&packed[..len], plain.len()).is_err(), "{number} {len}");
        }
        let more = [packed, b"more"].concat();
        assert!(unpacked(&more, plain.len()).unwrap() == plain, "{number}");
    }
}

#[test]
fn damaged_they_end_in_a_verdict() {
    for (packed, plain) in samples() {
        let mut damaged = packed.to_vec();
        for at in 0..packed.len() {
            for byte in [0, 0xff, 0x7f, packed[at] ^ 1, packed[at] ^ 0x80] {
                damaged[at] = byte;
                let _ = unpacked_len(&damaged);
                let _ = unpacked(&damaged, plain.len());
            }
            damaged[at] = packed[at];
        }
    }
}

/// Blocks of 64 bytes, each in one stream that is stored, which begin at these places.
fn chunk(starts: &[u32]) -> Vec<u8> {
    let count = u32::try_from(starts.len()).unwrap();
    let packed = 32 + count * 72;
    let mut bytes = vec![5, 1, 1 | 4 | 16, 1];
    for number in [count * 64, 64, packed] {
        bytes.extend(number.to_le_bytes());
    }
    bytes.extend([0; 16]);
    bytes.extend(starts.iter().flat_map(|start| start.to_le_bytes()));
    for number in 0..starts.len() {
        bytes.extend(64u32.to_le_bytes());
        bytes.extend([u8::try_from(number).unwrap(); 64]);
    }
    bytes
}

#[test]
fn no_stream_is_unpacked_again_and_again() {
    let sound = chunk(&[44, 112, 180]);
    let expected = [[0; 64], [1; 64], [2; 64]].concat();
    assert_eq!(unpacked(&sound, 192).unwrap(), expected);
    let starts = vec![32 + 4 * 99; 99];
    let e = unpacked(&chunk(&starts), 99 * 64).unwrap();
    assert_eq!(e, [0; 99 * 64]);
    let mut twice = chunk(&starts);
    // The chunk ends behind the one stream that all its blocks are.
    twice.truncate(32 + 4 * 99 + 68);
    let len = u32::try_from(twice.len()).unwrap();
    twice[12..16].copy_from_slice(&len.to_le_bytes());
    let e = unpacked(&twice, 99 * 64).unwrap_err();
    assert!(e.to_string().contains("streams one after another"), "{e}");
}

#[test]
fn what_is_not_read_is_named() {
    for (changes, name) in [
        (&[(31, 1)][..], "a dictionary within blosc2"),
        (&[(31, 2)], "a longer header within blosc2"),
        (&[(31, 0x80)], "an instrumented codec within blosc2"),
        (&[(31, 0x50)], "the special value 5 within blosc2"),
        (&[(30, 1)], "blocks of varying length within blosc2"),
        (&[(30, 4)], "the flags 4 within blosc2"),
        (&[(16, 32)], "the filter 32 (ndcell) within blosc2"),
        (&[(21, 34)], "the filter 34 (the first bytedelta) within blosc2"),
        (&[(18, 200)], "the filter 200 (of a plugin) within blosc2"),
        (&[(2, 0xd5), (22, 37)], "the codec 37 (grok) within blosc2"),
    ] {
        let mut bytes = chunk(&[36]);
        for (at, byte) in changes {
            bytes[*at] = *byte;
        }
        let e = unpacked(&bytes, 64).unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Unsupported, "{e}");
        assert!(e.to_string().contains(name), "{name}: {e}");
    }
}

#[test]
fn boxes_far_larger_than_the_array_are_refused() {
    let (packed, plain) = samples()[0];
    assert!(frame::is_frame(packed));
    let shape = [0xd2, 0, 0, 0, 4, 0xd2, 0, 0, 0, 8];
    let mark = packed.windows(10).position(|ten| ten == shape).unwrap();
    let mut damaged = packed.to_vec();
    // Rows of a block: 4 before, 2^24 now.
    damaged[mark + 1..mark + 5].copy_from_slice(&[1, 0, 0, 0]);
    let e = unpacked(&damaged, plain.len()).unwrap_err();
    assert!(e.to_string().contains("found blocks of 536870912 bytes"), "{e}");
}
