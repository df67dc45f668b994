//! The filters of HDF5 over our codecs: those of the format itself, and registered ones.
#![forbid(unsafe_code)]

use super::border::filters as theirs;
use super::object::storage::Filter as Said;
use super::read::unknown;
use crate::chunk::Filter;
use crate::codec::{
    Codec, bitshuffle, blosc, blosc2, fletcher32, lz4, lzf, reader, scale_offset, shuffle, zfp,
    zlib,
};
use crate::{Error, Result};
use std::io::Read;
use std::sync::Arc;

/// What a filter of a pipeline is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Deflate,
    Shuffle(usize),
    Fletcher32,
    Szip(Vec<u32>),
    Nbit(Vec<u32>),
    ScaleOffset(scale_offset::ScaleOffset),
    Lzf,
    Lz4,
    Blosc,
    Blosc2,
    Bitshuffle(usize, usize, bitshuffle::Packing),
    Stream(Codec),
    Zfp(zfp::Head),
}

#[derive(Debug)]
struct Known {
    kind: Kind,
    name: &'static str,
}

/// The filter that a file names by its number.
pub(super) fn filter(said: &Said) -> Result<Arc<dyn Filter>> {
    let value = |at: usize| said.values.get(at).copied().unwrap_or(0);
    let size = |at: usize| usize::try_from(value(at)).unwrap_or(usize::MAX);
    let values = || said.values.clone();
    let (kind, name) = match said.id {
        1 => (Kind::Deflate, "deflate"),
        2 => (Kind::Shuffle(size(0)), "shuffle"),
        3 => (Kind::Fletcher32, "fletcher32"),
        4 => (Kind::Szip(values()), "szip"),
        5 => (Kind::Nbit(values()), "nbit"),
        6 => (Kind::ScaleOffset(scale_offset::ScaleOffset::parse(&said.values)?), "scaleoffset"),
        307 => (Kind::Stream(Codec::BZIP2), "bzip2"),
        32000 => (Kind::Lzf, "lzf"),
        32001 => (Kind::Blosc, "blosc"),
        32004 => (Kind::Lz4, "lz4"),
        32008 => {
            let packing = match value(4) {
                0 => bitshuffle::Packing::None,
                2 => bitshuffle::Packing::Lz4,
                3 => bitshuffle::Packing::Zstd,
                other => return Err(unknown("bitshuffle with the codec", other)),
            };
            (Kind::Bitshuffle(size(2), size(3), packing), "bitshuffle")
        }
        32013 => (Kind::Zfp(zfp::Head::parse(&said.values)?), "zfp"),
        32015 => (Kind::Stream(Codec::ZSTD), "zstd"),
        32026 => (Kind::Blosc2, "blosc2"),
        id => {
            let name = crate::error::quoted(&said.name);
            return Err(Error::unsupported(format_args!("the filter {id} '{name}' of HDF5")));
        }
    };
    Ok(Arc::new(Known { kind, name }))
}

/// What one step may give more than a chunk has: checksums, heads, and blocks that did not become
/// shorter.
fn most(expected: usize) -> usize {
    expected.saturating_mul(2).saturating_add(64 << 10)
}

impl Known {
    /// How many bytes there will be, where filters in front of this one have left fewer or more than
    /// the elements take.
    fn unpacked_len(&self, bytes: &[u8], expected: usize) -> Result<usize> {
        let len = match &self.kind {
            Kind::Lz4 => usize::try_from(lz4::lengths(bytes)?.0).unwrap_or(usize::MAX),
            Kind::Blosc => blosc::unpacked_len(bytes)?,
            Kind::Blosc2 => blosc2::unpacked_len(bytes)?,
            Kind::Bitshuffle(_, _, packing) => bitshuffle::unpacked_len(bytes, *packing)?,
            Kind::ScaleOffset(filter) => filter.unpacked_len(),
            _ => expected,
        };
        if len > most(expected) {
            return Err(Error::corrupt(format_args!("about {expected} bytes"), len));
        }
        Ok(len)
    }
}

impl Filter for Known {
    fn name(&self) -> &str {
        self.name
    }

    fn reach(&self) -> u64 {
        match self.kind {
            // Constant elements need no bits at all.
            Kind::ScaleOffset(_) | Kind::Nbit(_) | Kind::Szip(_) | Kind::Zfp(_) => 1 << 20,
            Kind::Stream(codec) => codec.reach(),
            // A header of 32 bytes may stand for 2 GiB that are all the same.
            Kind::Blosc2 => 1 << 16,
            Kind::Blosc | Kind::Bitshuffle(..) => Codec::ZSTD.reach(),
            _ => 1,
        }
    }

    fn decode(&self, bytes: &[u8], expected: usize) -> Result<Vec<u8>> {
        match &self.kind {
            Kind::Fletcher32 => Ok(fletcher32::checked(bytes)?.to_vec()),
            Kind::Szip(values) => theirs::szip(bytes, values, most(expected)),
            Kind::Nbit(values) => theirs::nbit(bytes, values, most(expected)),
            Kind::Deflate => {
                let mut made = vec![0; expected];
                match zlib::unpack_into(bytes, &mut made) {
                    Ok(()) => Ok(made),
                    Err(_) => zlib::unpack(bytes, most(expected)),
                }
            }
            Kind::Stream(codec) => stream(*codec, bytes, most(expected)),
            Kind::Lzf => {
                let mut made = vec![0; expected];
                let len = lzf::unpack_some(bytes, &mut made).or_else(|_| {
                    made.resize(most(expected), 0);
                    lzf::unpack_some(bytes, &mut made)
                })?;
                made.truncate(len);
                Ok(made)
            }
            Kind::Shuffle(_) => {
                let mut made = vec![0; bytes.len()];
                self.decode_into(bytes, &mut made)?;
                Ok(made)
            }
            Kind::Lz4
            | Kind::Blosc
            | Kind::Blosc2
            | Kind::Bitshuffle(..)
            | Kind::Zfp(_)
            | Kind::ScaleOffset(_) => {
                let mut made = vec![0; self.unpacked_len(bytes, expected)?];
                self.decode_into(bytes, &mut made)?;
                Ok(made)
            }
        }
    }

    fn decode_into(&self, bytes: &[u8], dst: &mut [u8]) -> Result<()> {
        match &self.kind {
            Kind::Deflate => zlib::unpack_into(bytes, dst),
            Kind::Lzf => lzf::unpack(bytes, dst),
            Kind::Lz4 => lz4::unpack(bytes, dst),
            Kind::Blosc => blosc::unpack(bytes, dst),
            Kind::Blosc2 => blosc2::unpack(bytes, dst),
            Kind::Zfp(head) => head.unpack(bytes, dst),
            Kind::ScaleOffset(filter) => filter.unpack(bytes, dst),
            Kind::Bitshuffle(itemsize, block, packing) => {
                bitshuffle::unpack(bytes, (*itemsize, *block, *packing), dst)
            }
            Kind::Shuffle(itemsize) => {
                same(bytes.len(), dst.len())?;
                shuffle::unshuffle(bytes, *itemsize, dst);
                Ok(())
            }
            _ => {
                let made = self.decode(bytes, dst.len())?;
                same(made.len(), dst.len())?;
                dst.copy_from_slice(&made);
                Ok(())
            }
        }
    }
}

fn same(made: usize, expected: usize) -> Result<()> {
    if made == expected {
        return Ok(());
    }
    Err(Error::corrupt(format_args!("a chunk of {expected} bytes"), made))
}

/// Unpacks a stream of at most so many bytes.
fn stream(codec: Codec, bytes: &[u8], most: usize) -> Result<Vec<u8>> {
    let mut made = Vec::new();
    let read = reader(codec, Box::new(bytes), u64::MAX)?
        .take(most.saturating_add(1) as u64)
        .read_to_end(&mut made);
    read.map_err(|e| Error::corrupt(format_args!("bytes packed with {}", codec.name()), e))?;
    if made.len() > most {
        return Err(Error::corrupt(format_args!("at most {most} bytes"), "more"));
    }
    Ok(made)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(id: u16, values: &[u32]) -> Arc<dyn Filter> {
        let said = Said { id, values: values.to_vec(), name: String::new() };
        filter(&said).unwrap()
    }

    #[test]
    fn filters_behind_others_unpack_what_those_left() {
        // 3 bytes as they are, then 7 from 3 back.
        let packed = [2, b'a', b'b', b'c', 5 << 5, 2];
        let lzf = known(32000, &[]);
        for chunk in [10, 4096, 2] {
            assert_eq!(lzf.decode(&packed, chunk).unwrap(), b"abcabcabca", "{chunk}");
        }
        assert!(lzf.decode_into(&packed, &mut [0; 11]).is_err());
        // Stored, 4 bytes in one block of 4.
        let mut stored = vec![2, 1, 2, 1, 4, 0, 0, 0, 4, 0, 0, 0, 20, 0, 0, 0];
        stored.extend(b"wxyz");
        let blosc = known(32001, &[]);
        for chunk in [4, 4096] {
            assert_eq!(blosc.decode(&stored, chunk).unwrap(), b"wxyz", "{chunk}");
        }
        // The same with the longer header of Blosc 2, which has 16 bytes more.
        let mut longer = stored.clone();
        (longer[0], longer[2], longer[12]) = (5, 1 | 2 | 4, 36);
        longer.splice(16..16, [0; 16]);
        let blosc2 = known(32026, &[]);
        for chunk in [4, 4096] {
            assert_eq!(blosc2.decode(&longer, chunk).unwrap(), b"wxyz", "{chunk}");
        }
        longer[4..8].fill(0xff);
        let e = blosc2.decode(&longer, 4096).unwrap_err();
        assert!(e.to_string().contains("about 4096 bytes"), "{e}");
        stored[4..8].fill(0xff);
        assert!(blosc.decode(&stored, 4096).is_err());
    }
}
