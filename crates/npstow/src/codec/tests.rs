#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::cast_possible_truncation)]

use super::*;
use crate::ErrorKind;
use deflate::samples;
use std::io::{self, Read};

/// Each codec that this build has, and a stream of it.
fn streams(bytes: &[u8]) -> Vec<(Codec, Vec<u8>)> {
    let mut streams = Vec::new();
    for codec in [Codec::DEFLATE, Codec::BZIP2, Codec::ZSTD] {
        let mut packed = Vec::new();
        if encode(codec, 6, bytes, &mut packed).is_ok() {
            streams.push((codec, packed));
        }
    }
    #[cfg(feature = "lzma")]
    for (codec, marked) in [(Codec::LZMA, true), (Codec::LZMA_UNMARKED, false)] {
        streams.push((codec, lzma(bytes, marked)));
    }
    streams
}

/// LZMA with the header of zip archives.
#[cfg(feature = "lzma")]
fn lzma(bytes: &[u8], marked: bool) -> Vec<u8> {
    use lzma_rust2::{LzmaOptions, LzmaWriter};
    use std::io::Write;
    let options = LzmaOptions::with_preset(1);
    let mut packed = vec![9, 4, 5, 0];
    let mut writer = LzmaWriter::new_no_header(Vec::new(), &options, marked).unwrap();
    packed.push(writer.props());
    packed.extend(options.dict_size.to_le_bytes());
    writer.write_all(bytes).unwrap();
    packed.extend(writer.finish().unwrap());
    packed
}

/// A reader that gives a few bytes at a time, and is interrupted.
struct Drops<'a>(&'a [u8], bool);

impl Read for Drops<'_> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        self.1 = !self.1;
        if self.1 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let len = to.len().min(7);
        self.0.read(&mut to[..len])
    }
}

/// All of a stream on each road, which agree; or the error of `decode_into`.
///
/// The fast decoder of deflate does not see what is behind the end, and takes codes of a single
/// word for complete.
fn unpacked(codec: Codec, packed: &[u8], len: usize) -> Result<Vec<u8>> {
    let mut stepped = vec![0xaa; len];
    let steps = stream::unpack(codec, packed, &mut stepped);
    let mut read = Vec::new();
    let mut reader = reader(codec, Box::new(Drops(packed, false)), len as u64)?;
    let reading = reader.read_to_end(&mut read);
    assert_eq!(steps.is_ok(), reading.is_ok(), "{codec:?}: {steps:?}, {reading:?}");
    let mut whole = vec![0xaa; len];
    let done = decode_into(codec, packed, &mut whole);
    assert!(done.is_ok() || steps.is_err());
    if steps.is_ok() {
        assert!(stepped == whole && read == whole);
    }
    assert!(done.is_ok() == steps.is_ok() || codec == Codec::DEFLATE, "{codec:?}: {steps:?}");
    done.map(|()| whole)
}

#[test]
fn whatever_was_packed_is_unpacked() {
    for len in [0, 1, 100, 65_536, 200_000] {
        for (name, bytes) in samples(len) {
            for (codec, packed) in streams(&bytes) {
                assert!(unpacked(codec, &packed, len).unwrap() == bytes, "{codec:?} {name} {len}");
                let measured = measure(
                    codec,
                    &mut Drops(&[&packed[..], b"PK\x01\x02"].concat(), false),
                    1 << 20,
                );
                let expected = Measured {
                    packed_len: packed.len() as u64,
                    unpacked_len: len as u64,
                    crc32: crc32(&bytes),
                };
                if codec == Codec::LZMA_UNMARKED {
                    // Nothing says where it ends.
                    assert!(measured.is_err());
                    continue;
                }
                assert_eq!(measured.unwrap(), expected, "{codec:?} {name} {len}");
            }
        }
    }
}

#[test]
fn too_much_too_little_and_what_is_behind_is_refused() {
    for len in [1, 100, 70_000] {
        for (name, bytes) in samples(len) {
            for (codec, packed) in streams(&bytes) {
                for wrong in [0, len - 1, len + 1, len + 100_000] {
                    let e = unpacked(codec, &packed, wrong).unwrap_err();
                    assert_eq!(e.kind(), ErrorKind::Corrupt, "{codec:?} {name}: {e}");
                    assert!(e.offset().unwrap() <= wrong as u64 + 1, "{codec:?} {name}: {e}");
                }
                for more in [&[0][..], b"PK\x01\x02", &[0xff; 100], &packed[..packed.len() - 1]] {
                    let packed = [&packed[..], more].concat();
                    let e = stream::unpack(codec, &packed, &mut vec![0; len]).unwrap_err();
                    assert_eq!(e.kind(), ErrorKind::Corrupt, "{codec:?} {name}: {e}");
                }
            }
        }
    }
    let mut packed = Vec::new();
    encode(Codec::DEFLATE, 6, b"ten bytes!", &mut packed).unwrap();
    let e = decode_into(Codec::DEFLATE, &packed, &mut [0; 12]).unwrap_err();
    assert_eq!(
        e.to_string(),
        "at byte 10: expected a stream of deflate, found the end after 10 bytes"
    );
    let e = decode_into(Codec::DEFLATE, &packed, &mut [0; 8]).unwrap_err();
    assert_eq!(e.to_string(), "at byte 8: expected a stream of deflate, found more than 8 bytes");
    packed.push(0);
    let e = stream::unpack(Codec::DEFLATE, &packed, &mut [0; 10]).unwrap_err();
    let expected = "expected a stream of deflate, found bytes behind the end of the stream";
    assert_eq!(e.to_string(), format!("at byte 10: {expected}"));
}

#[test]
fn cut_anywhere_a_stream_is_refused() {
    for (name, bytes) in samples(500) {
        for (codec, packed) in streams(&bytes) {
            for len in 0..packed.len() {
                let done = unpacked(codec, &packed[..len], bytes.len());
                let lzma = [Codec::LZMA, Codec::LZMA_UNMARKED].contains(&codec);
                if lzma && len + 1 == packed.len() && done.as_ref().is_ok_and(|all| *all == bytes) {
                    // Its last byte may be there for nothing.
                    continue;
                }
                let e = done.unwrap_err();
                assert_eq!(e.kind(), ErrorKind::Corrupt, "{codec:?} {name} {len}: {e}");
                assert!(measure(codec, &mut &packed[..len], 1 << 20).is_err());
            }
        }
    }
}

#[test]
fn a_flipped_bit_never_panics_and_the_roads_agree() {
    for (_, bytes) in samples(80) {
        for (codec, packed) in streams(&bytes) {
            for bit in 0..packed.len() * 8 {
                let mut packed = packed.clone();
                packed[bit / 8] ^= 1 << (bit % 8);
                let _ = unpacked(codec, &packed, bytes.len());
                let _ = measure(codec, &mut &packed[..], 1 << 20);
            }
        }
    }
}

#[test]
fn blocks_that_are_wrong_are_refused() {
    for (name, bytes) in samples(2000) {
        let mut packed = Vec::new();
        deflate::compress_block(6, &bytes, false, &mut packed).unwrap();
        let decode = |packed: &[u8], len| {
            let mut dst = vec![0; len];
            let done = decode_block(Codec::DEFLATE, packed, false, &mut dst);
            assert!(done.is_err() || dst == bytes);
            done
        };
        decode(&packed, 2000).unwrap();
        for len in [0, 1999, 2001] {
            let e = decode(&packed, len).unwrap_err();
            assert_eq!(e.kind(), ErrorKind::Corrupt, "{name} {len}: {e}");
        }
        for len in 0..packed.len() {
            assert!(decode(&packed[..len], 2000).is_err(), "{name} {len}");
        }
        assert!(decode(&[&packed[..], &[0xff]].concat(), 2000).is_err(), "{name}");
        let e = decode_block(Codec::DEFLATE, &packed, true, &mut [0; 2000]).unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Corrupt, "{name}: {e}");
    }
    let e = decode_block(Codec::ZSTD, &[], false, &mut []).unwrap_err();
    assert_eq!(e.to_string(), "not supported: blocks of zstd that unpack apart");
}

/// A hundred MB of zeros in some kB must not become memory, whatever is asked for.
#[test]
fn a_bomb_has_no_room() {
    let bytes = vec![0; 20 << 20];
    for (codec, packed) in streams(&bytes) {
        let e = unpacked(codec, &packed, 1000).unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Corrupt);
        if codec != Codec::LZMA_UNMARKED {
            assert!(e.to_string().ends_with("found more than 1000 bytes"), "{codec:?}: {e}");
        }
        let mut reader = reader(codec, Box::new(&packed[..]), u64::MAX).unwrap();
        reader.read_exact(&mut [1; 1000]).unwrap();
        if codec != Codec::LZMA_UNMARKED {
            let e = measure(codec, &mut &packed[..], 1 << 20).unwrap_err();
            assert_eq!(e.kind(), ErrorKind::Limit, "{codec:?}: {e}");
        }
    }
}

#[test]
fn streams_one_after_another_are_one_where_the_format_says_so() {
    for (codec, packed) in streams(b"once") {
        let two = [&packed[..], &packed].concat();
        let joins = [Codec::BZIP2, Codec::ZSTD].contains(&codec);
        let done = unpacked(codec, &two, 8);
        assert_eq!(done.is_ok_and(|bytes| bytes == b"onceonce"), joins, "{codec:?}");
        assert_eq!(
            stream::unpack(codec, &two, &mut [0; 4]).unwrap_err().kind(),
            ErrorKind::Corrupt
        );
        assert_eq!(measure(codec, &mut &two[..], 9).is_ok(), codec != Codec::LZMA_UNMARKED);
    }
}

#[test]
fn a_reader_without_a_length_reads_to_the_end() {
    for (codec, packed) in streams(b"some bytes") {
        let mut all = Vec::new();
        let mut reader = reader(codec, Box::new(&packed[..]), u64::MAX).unwrap();
        let done = reader.read_to_end(&mut all);
        if codec != Codec::LZMA_UNMARKED {
            done.unwrap();
            assert_eq!(all, b"some bytes");
        }
    }
}

#[test]
fn a_fault_stays_one() {
    for (codec, packed) in streams(b"some bytes") {
        let mut reader = reader(codec, Box::new(&packed[..packed.len() - 1]), 10).unwrap();
        let mut all = Vec::new();
        for _ in 0..3 {
            assert!(reader.read_to_end(&mut all).is_err(), "{codec:?}");
        }
    }
}

/// What a failing disk says is not taken for a broken stream.
#[test]
fn errors_of_the_system_come_through() {
    struct Bad;
    impl Read for Bad {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::PermissionDenied.into())
        }
    }
    let mut reader = reader(Codec::DEFLATE, Box::new(Bad), 10).unwrap();
    let e = reader.read(&mut [0; 4]).unwrap_err();
    assert_eq!(e.kind(), io::ErrorKind::PermissionDenied);
    assert_eq!(measure(Codec::DEFLATE, &mut Bad, 1).unwrap_err().kind(), ErrorKind::Io);
}

#[test]
fn levels_that_are_not_there() {
    for (codec, level) in
        [(Codec::DEFLATE, 13), (Codec::BZIP2, 0), (Codec::BZIP2, 10), (Codec::ZSTD, 23)]
    {
        let e = encode(codec, level, b"", &mut Vec::new()).unwrap_err();
        assert!(matches!(e.kind(), ErrorKind::Invalid | ErrorKind::Unsupported), "{codec:?}: {e}");
    }
    assert!(encode(Codec::LZMA, 1, b"", &mut Vec::new()).is_err());
}

#[test]
fn a_codec_that_is_not_there_is_named() {
    for (codec, there, text) in [
        (Codec::BZIP2, cfg!(feature = "bzip2"), "bzip2 in a build without the feature 'bzip2'"),
        (Codec::LZMA, cfg!(feature = "lzma"), "lzma in a build without the feature 'lzma'"),
        (Codec::ZSTD, cfg!(feature = "zstd"), "zstd in a build without the feature 'zstd'"),
    ] {
        let e = decode_into(codec, &[], &mut [0]).unwrap_err();
        assert_eq!(e.kind() == ErrorKind::Unsupported, !there, "{e}");
        if !there {
            assert_eq!(e.to_string(), format!("not supported: {text}"));
        }
    }
}

#[cfg(feature = "lzma")]
#[test]
fn lzma_headers_that_are_wrong() {
    let good = lzma(b"some bytes", true);
    for (at, byte, text) in [(2, 6, "properties of 6 bytes"), (3, 1, "of 261"), (4, 225, "props")] {
        let mut bad = good.clone();
        bad[at] = byte;
        let e = decode_into(Codec::LZMA, &bad, &mut [0; 10]).unwrap_err();
        assert!(e.kind() == ErrorKind::Corrupt && e.to_string().contains(text), "{e}");
    }
    // A window that is declared is not memory that is taken.
    let mut wide = good.clone();
    wide[5..9].fill(0xff);
    wide[5] = 0;
    decode_into(Codec::LZMA, &wide, &mut [0; 10]).unwrap();
}

#[cfg(feature = "lzma")]
#[test]
fn lzma_may_have_a_mark_that_no_flag_tells_of_and_any_window() {
    for len in [0, 1, 100, 70_000] {
        for (name, bytes) in samples(len) {
            let packed = lzma(&bytes, true);
            let mut all = vec![1; len];
            decode_into(Codec::LZMA_UNMARKED, &packed, &mut all).unwrap();
            assert!(all == bytes, "{name}");
            let mut longer = packed.clone();
            longer.push(0);
            assert!(decode_into(Codec::LZMA_UNMARKED, &longer, &mut all).is_err(), "{name}");
            assert!(decode_into(Codec::LZMA_UNMARKED, &packed, &mut vec![1; len + 1]).is_err());
        }
    }
    for (codec, marked) in [(Codec::LZMA, true), (Codec::LZMA_UNMARKED, false)] {
        let mut packed = lzma(b"some bytes", marked);
        packed[5..9].fill(0xff);
        assert_eq!(unpacked(codec, &packed, 10).unwrap(), b"some bytes");
    }
}
