//! What the fuzz targets do with packed bytes; panics are what they look for.
#![forbid(unsafe_code)]

use super::deflate::compress_block;
use super::walk::Walker;
use super::{Codec, decode_block, decode_into, encode, measure, reader, stream};
use std::io::Read;

const CODECS: [Codec; 5] =
    [Codec::DEFLATE, Codec::BZIP2, Codec::LZMA, Codec::LZMA_UNMARKED, Codec::ZSTD];

/// Walks over any bytes; they are a stream of `bytes` if zlib says so too.
pub fn walk(packed: &[u8], bytes: &[u8]) {
    let walked = Walker::new().walk(packed, bytes);
    let mut unpacked = vec![0; bytes.len()];
    let sound = stream::unpack(Codec::DEFLATE, packed, &mut unpacked).is_ok();
    assert_eq!(walked.is_some(), sound && unpacked == bytes);
}

/// Unpacks any bytes on all roads, by the codec that `which` stands for.
pub fn unpack(packed: &[u8], len: usize, which: usize) {
    let codec = CODECS[which % CODECS.len()];
    let (mut whole, mut stepped, mut read) = (vec![1; len], vec![2; len], Vec::new());
    let done = decode_into(codec, packed, &mut whole);
    let steps = stream::unpack(codec, packed, &mut stepped);
    let reader = reader(codec, Box::new(packed), len as u64);
    let reading = reader.expect("all codecs are built").read_to_end(&mut read);
    assert_eq!(reading.is_ok(), steps.is_ok());
    assert!(done.is_ok() || steps.is_err());
    if steps.is_ok() {
        assert!(whole == stepped && whole == read);
    }
    let block = decode_block(codec, packed, false, &mut whole);
    assert!(block.is_err() || codec == Codec::DEFLATE);
    if let Ok(found) = measure(codec, &mut &*packed, 1 << 20) {
        assert!(found.packed_len <= packed.len() as u64);
    }
}

/// Packs bytes in blocks of deflate, and by the codec that `which` stands for, and unpacks them.
pub fn pack(level: u8, block: usize, bytes: &[u8], which: usize) {
    let mut joined = Vec::new();
    let count = bytes.len().div_ceil(block).max(1);
    for (at, piece) in bytes.chunks(block).chain(bytes.is_empty().then_some(bytes)).enumerate() {
        let (start, last) = (joined.len(), at + 1 == count);
        compress_block(level, piece, last, &mut joined).expect("the level is there");
        let mut alone = vec![1; piece.len()];
        decode_block(Codec::DEFLATE, &joined[start..], last, &mut alone).expect("it was packed");
        assert!(alone == piece);
    }
    let mut whole = vec![1; bytes.len()];
    decode_into(Codec::DEFLATE, &joined, &mut whole).expect("it was packed");
    assert!(whole == bytes);
    whole.fill(1);
    stream::unpack(Codec::DEFLATE, &joined, &mut whole).expect("it was packed");
    assert!(whole == bytes);
    let (codec, mut packed) = (CODECS[which % CODECS.len()], Vec::new());
    if encode(codec, level.clamp(1, 9), bytes, &mut packed).is_ok() {
        whole.fill(1);
        decode_into(codec, &packed, &mut whole).expect("it was packed");
        assert!(whole == bytes);
    }
}

/// Unpacks any bytes as a frame or a chunk of Blosc 2.
#[cfg(feature = "hdf5")]
pub fn blosc2(packed: &[u8], len: usize) {
    let mut whole = vec![1; len];
    if super::blosc2::unpack(packed, &mut whole).is_ok() {
        let said = super::blosc2::unpacked_len(packed);
        assert_eq!(said.ok(), Some(len));
    }
}
