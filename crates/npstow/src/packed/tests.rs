#![forbid(unsafe_code)]

use super::pack::{Method, Packer};
use super::unpack::unpack_bytes;
use super::{Packing, sniff};
use crate::{ErrorKind, Limits, Sink};

const ALL: [(Method, Packing); 6] = [
    (Method::Zlib, Packing::Zlib),
    (Method::Gzip, Packing::Gzip),
    (Method::Bzip2, Packing::Bzip2),
    (Method::Xz, Packing::Xz),
    (Method::Lzma, Packing::Lzma),
    (Method::Lz4, Packing::Lz4),
];

fn packed(method: Method, level: u8, pieces: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut packer = Packer::new(method, level, &mut out).unwrap();
    pieces.iter().for_each(|piece| packer.write_all(piece).unwrap());
    packer.finish().unwrap();
    out
}

fn unpacked(bytes: &[u8]) -> crate::Result<Vec<u8>> {
    let packing = sniff(bytes).expect("it begins like something packed");
    unpack_bytes(packing, bytes, &Limits::default()).map(|buffer| buffer.to_vec())
}

/// Bytes that pack to about half.
fn sample(len: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 28) as u8
    };
    (0..len).map(|_| next()).collect()
}

#[test]
fn what_is_packed_is_told_and_unpacked() {
    for (method, packing) in ALL {
        for len in [0, 1, 1000, 1_200_000] {
            let bytes = sample(len);
            let file = packed(method, 1, &[&bytes]);
            assert_eq!(sniff(&file), Some(packing), "{packing:?} {len}");
            assert!(unpacked(&file).unwrap() == bytes, "{packing:?} {len}");
        }
    }
}

#[test]
fn the_bytes_do_not_depend_on_how_they_come() {
    let bytes = sample(2_500_000);
    for (method, packing) in ALL {
        let whole = packed(method, 1, &[&bytes]);
        let pieces: Vec<&[u8]> = bytes.chunks(777_777).collect();
        assert!(packed(method, 1, &pieces) == whole, "{packing:?}");
        let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        assert!(one.install(|| packed(method, 1, &[&bytes])) == whole, "{packing:?}");
        // Unpacked by one core, and by several.
        let many = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
        assert!(one.install(|| unpacked(&whole)).unwrap() == bytes, "{packing:?}");
        assert!(many.install(|| unpacked(&whole)).unwrap() == bytes, "{packing:?}");
    }
}

#[test]
fn files_are_cut_anywhere_and_refused() {
    for (method, packing) in ALL {
        let file = packed(method, 1, &[&sample(300)]);
        let start = sniff(&file).unwrap();
        for len in 0..file.len() {
            let e = unpack_bytes(start, &file[..len], &Limits::default());
            assert!(e.is_err(), "{packing:?} {len} of {}", file.len());
        }
        // lz4 and .lzma may hold several streams; what is none is refused.
        let mut more = file.clone();
        more.extend_from_slice(b"more");
        assert_eq!(unpacked(&more).unwrap_err().kind(), ErrorKind::Corrupt, "{packing:?}");
    }
}

#[test]
fn damage_is_found() {
    // Without a checksum, as lz4 and .lzma are, a byte more or less goes unnoticed.
    for (method, packing) in &ALL[..4] {
        let file = packed(*method, 1, &[&sample(1_500_000)]);
        for (step, at) in (20..file.len() - 20).step_by(file.len() / 40).enumerate() {
            let mut broken = file.clone();
            broken[at] ^= 1 << (step % 8);
            assert!(unpacked(&broken).is_err(), "{packing:?} {at}");
        }
    }
}

#[test]
fn bombs_are_stopped() {
    let zeros = vec![0; 8 << 20];
    let limits = Limits::default().total(1 << 20);
    for (method, packing) in ALL {
        let file = packed(method, 6.min(if method == Method::Lz4 { 0 } else { 6 }), &[&zeros]);
        let e = unpack_bytes(packing, &file, &limits).unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Limit, "{packing:?}");
        assert_eq!(unpacked(&file).unwrap(), zeros, "{packing:?}");
    }
}

#[test]
fn streams_one_after_another_are_one() {
    for (method, packing) in ALL {
        if packing == Packing::Lzma {
            continue;
        }
        let file = [packed(method, 1, &[b"first "]), packed(method, 1, &[b"second"])].concat();
        assert_eq!(unpacked(&file).unwrap(), b"first second", "{packing:?}");
    }
}

#[test]
fn zfiles_have_a_length_that_is_true() {
    let body = packed(Method::Zlib, 3, &[b"some bytes"]);
    let file = |text: &str| [b"ZF", text.as_bytes(), &body].concat();
    let good = file(&format!("{:<19}", "0xa"));
    assert_eq!(unpacked(&good).unwrap(), b"some bytes");
    // As Python 2 wrote it.
    assert_eq!(unpacked(&file(&format!("{:<20}", "0xaL"))).unwrap(), b"some bytes");
    for (text, kind) in [
        ("0xb", ErrorKind::Corrupt),
        ("0x9", ErrorKind::Corrupt),
        ("0x", ErrorKind::Corrupt),
        ("0x+a", ErrorKind::Corrupt),
        ("0xffffffffffffffff", ErrorKind::Limit),
    ] {
        let e = unpacked(&file(&format!("{text:<19}"))).unwrap_err();
        assert_eq!(e.kind(), kind, "{text}");
    }
    for len in 4..good.len() {
        assert!(unpacked(&good[..len]).is_err(), "{len}");
    }
}

#[test]
fn a_gzip_head_may_have_a_name_and_more() {
    let plain = packed(Method::Gzip, 3, &[b"some bytes"]);
    let mut file = vec![0x1f, 0x8b, 8, 4 | 8 | 16, 0, 0, 0, 0, 0, 3];
    file.extend_from_slice(b"\x03\0abcname\0comment\0");
    file.extend_from_slice(&plain[10..]);
    assert_eq!(unpacked(&file).unwrap(), b"some bytes");
}

#[cfg(feature = "zstd")]
#[test]
fn frames_of_zstd_are_unpacked_side_by_side() {
    let bytes = sample(400_000);
    let mut file = vec![0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3];
    for piece in bytes.chunks(90_000) {
        crate::codec::encode(crate::Codec::ZSTD, 3, piece, &mut file).unwrap();
    }
    let many = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
    assert!(many.install(|| unpacked(&file)).unwrap() == bytes);
    for len in [20, file.len() / 2, file.len() - 1] {
        assert!(many.install(|| unpacked(&file[..len])).is_err(), "{len}");
    }
}

#[test]
fn beginnings_of_other_things_are_none() {
    for start in [
        &b"\x93NUMPY"[..],
        b"PK\x03\x04",
        b"\x80\x04K\x07.",
        b"]q\x00.",
        b"(lp0\n.",
        b"xyz",
        b"BZ",
        b"ZF",
        b"",
    ] {
        assert_eq!(sniff(start), None, "{start:?}");
    }
}
