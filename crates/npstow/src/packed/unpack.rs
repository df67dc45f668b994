//! Unpacking: the fast roads first; in steps where those fail, to say what is wrong.
#![forbid(unsafe_code)]

use super::{Packing, deflate, lz4, pieces};
#[cfg(feature = "joblib")]
use crate::ErrorKind;
use crate::codec::{self, Codec};
use crate::{Buffer, Error, Limits, Result, Source, read_stream};
use std::io::{self, Read};

/// What a packed file holds.
pub(crate) fn unpack(packing: Packing, source: &dyn Source, limits: &Limits) -> Result<Buffer> {
    unpack_bytes(packing, &packed(source)?, limits)
}

fn packed(source: &dyn Source) -> Result<Buffer> {
    let len = usize::try_from(source.len())
        .map_err(|_| Error::unsupported("a packed file larger than the address space"))?;
    source.read(0, len).map_err(|e| Error::io("reading a packed file", e).at(0))
}

/// What a packed file holds; of a damaged one what comes out in front of the damage, and what that
/// is.
#[cfg(feature = "joblib")]
pub(crate) fn unpack_damaged(
    packing: Packing,
    source: &dyn Source,
    limits: &Limits,
) -> Result<(Buffer, Option<Error>)> {
    let packed = packed(source)?;
    match unpack_bytes(packing, &packed, limits) {
        Ok(all) => Ok((all, None)),
        Err(e) if e.kind() == ErrorKind::Corrupt => {
            Ok((in_front_of_damage(packing, &packed, limits)?, Some(e)))
        }
        Err(e) => Err(e),
    }
}

/// What packed bytes hold.
pub(crate) fn unpack_bytes(packing: Packing, packed: &[u8], limits: &Limits) -> Result<Buffer> {
    let most = most(packing, packed, limits);
    match packing {
        Packing::Zfile => return zfile(packed, most),
        Packing::Zlib => {
            if let Some(buffer) = deflate::zlib(packed, None, most)? {
                return Ok(buffer);
            }
        }
        Packing::Gzip => {
            if let Some(buffer) = deflate::gzip(packed, most)? {
                return Ok(buffer);
            }
        }
        Packing::Bzip2 | Packing::Xz | Packing::Zstd => {
            if let Some(buffer) = pieces::unpack(packing, packed, most)? {
                return Ok(buffer);
            }
        }
        Packing::Lzma | Packing::Lz4 => {}
    }
    in_steps(packing, packed, most)
}

/// How many bytes it may become.
fn most(packing: Packing, packed: &[u8], limits: &Limits) -> u64 {
    let reach = match packing {
        Packing::Bzip2 => Codec::BZIP2.reach(),
        Packing::Xz | Packing::Lzma => Codec::XZ.reach(),
        Packing::Zstd => Codec::ZSTD.reach(),
        _ => 1,
    };
    limits.most_unpacked(packed.len() as u64, reach).min(limits.max_total())
}

/// Unpacks with little memory beside what comes of it; says what is wrong.
fn in_steps(packing: Packing, packed: &[u8], most: u64) -> Result<Buffer> {
    read_stream(&mut *reader(packing, packed)?, most).map_err(|e| explain(packing, e))
}

fn reader(packing: Packing, packed: &[u8]) -> Result<Box<dyn Read + '_>> {
    match packing {
        Packing::Gzip => Ok(Box::new(flate2::bufread::MultiGzDecoder::new(packed))),
        Packing::Lz4 => lz4::reader(packed),
        Packing::Zfile | Packing::Zlib => stream(Codec::ZLIB, packed),
        Packing::Bzip2 => stream(Codec::BZIP2, packed),
        Packing::Xz => stream(Codec::XZ, packed),
        Packing::Lzma => stream(Codec::LZMA_ALONE, packed),
        Packing::Zstd => stream(Codec::ZSTD, packed),
    }
}

/// What comes out of damaged bytes before the damage is met: whoever loads them as they come has
/// run it by then.
#[cfg(feature = "joblib")]
fn in_front_of_damage(packing: Packing, packed: &[u8], limits: &Limits) -> Result<Buffer> {
    let most = most(packing, packed, limits);
    let body = match packing {
        Packing::Zfile => zfile_body(packed),
        _ => packed,
    };
    let (mut all, mut piece) = (Vec::new(), vec![0; PIECE]);
    let mut whole = reader(packing, body)?.take(most);
    while let Ok(len @ 1..) = whole.read(&mut piece) {
        all.extend_from_slice(piece.get(..len).unwrap_or_default());
    }
    // A decoder that fails says nothing of what it has made in that call: again up to there, and
    // on byte by byte.
    let mut again = reader(packing, body)?.take(most);
    let skipped = io::copy(&mut again.by_ref().take(all.len() as u64), &mut io::sink());
    while let (Ok(_), Ok(1)) = (&skipped, again.read(piece.get_mut(..1).unwrap_or_default())) {
        all.extend(piece.first());
    }
    Ok(Buffer::from(all))
}

fn stream(codec: Codec, packed: &[u8]) -> Result<Box<dyn Read + '_>> {
    let reader = codec::reader(codec, Box::new(packed), u64::MAX)?;
    Ok(reader)
}

/// The packed bytes are in memory: what a decoder complains about is the file's fault.
fn explain(packing: Packing, e: Error) -> Error {
    let stream = format!("a {} stream", packing.name());
    let found = match e.io_error().map(io::Error::kind) {
        None | Some(io::ErrorKind::OutOfMemory) => return e,
        Some(io::ErrorKind::UnexpectedEof) => "its end too early".to_owned(),
        Some(_) => e.io_error().map(ToString::to_string).unwrap_or_default(),
    };
    let at = e.offset().unwrap_or_default();
    Error::corrupt(stream, found).at(at)
}

/// How much is unpacked at once of what is damaged.
#[cfg(feature = "joblib")]
const PIECE: usize = 64 << 10;

/// How long the text of the length is: Python's `hex(2**64)`.
const LENGTH: usize = 19;

/// What joblib wrote up to 0.9. With Python 2 the text may end with an `L`, and have one more space.
fn zfile(packed: &[u8], most: u64) -> Result<Buffer> {
    let text = packed.get(2..2 + LENGTH).unwrap_or_default();
    let digits = text.trim_ascii_end().strip_prefix(b"0x").unwrap_or_default();
    let digits = digits.strip_suffix(b"L").unwrap_or(digits);
    let len = std::str::from_utf8(digits).ok().filter(|digits| !digits.starts_with('+'));
    let len = len.and_then(|digits| u64::from_str_radix(digits, 16).ok());
    let wrong = || Error::corrupt("a length in hexadecimal", text.escape_ascii()).at(2);
    let len = len.ok_or_else(wrong)?;
    if len > most {
        return Err(Error::limit("an unpacked file (bytes)", most, len).at(2));
    }
    let body = zfile_body(packed);
    let buffer = match deflate::zlib(body, Some(len), most)? {
        Some(buffer) => buffer,
        None => in_steps(Packing::Zlib, body, most)?,
    };
    if buffer.len() as u64 != len {
        let found = format_args!("{}", buffer.len());
        return Err(Error::corrupt(format_args!("{len} unpacked bytes"), found).at(2));
    }
    Ok(buffer)
}

/// The stream behind the length.
fn zfile_body(packed: &[u8]) -> &[u8] {
    let body = packed.get(2 + LENGTH..).unwrap_or_default();
    body.strip_prefix(b" ").unwrap_or(body)
}
