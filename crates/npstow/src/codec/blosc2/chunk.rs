//! Chunks of Blosc 2: a header of 32 bytes, starts of blocks, and blocks of one or more streams
//! (`README_CHUNK_FORMAT`); or nothing but a value for all elements.
#![forbid(unsafe_code)]

use super::super::blosc::{self, BITS_SHUFFLED, ONE_STREAM, SHUFFLED, STORED};
use super::pipeline::{Pipeline, Work};
use crate::cursor::Cursor;
use crate::{Error, Result};

/// The header is so long.
const HEAD: usize = 32;

/// Both ways of shuffling at once stand for the longer header.
const LONG_HEAD: u8 = SHUFFLED | BITS_SHUFFLED;

/// Where the other flags say something that we do not read.
const DICTIONARY: u8 = 1;
const LONGER_HEAD: u8 = 2;
const ELSEWHERE: u8 = 8;
const INSTRUMENTED: u8 = 0x80;

/// The version that has other bytes in the last of the filters.
const ALPHA: u8 = 3;

/// A chunk, its header read.
#[derive(Debug)]
pub(super) struct Chunk<'a> {
    bytes: &'a [u8],
    /// Unpacked bytes.
    len: usize,
    content: Content<'a>,
}

#[derive(Debug)]
enum Content<'a> {
    /// A chunk of Blosc 1.
    Old,
    /// One value again and again.
    Value(&'a [u8]),
    /// All bytes as they are.
    Stored(&'a [u8]),
    Blocks(Blocks),
}

#[derive(Debug)]
struct Blocks {
    codec: u8,
    splits: bool,
    itemsize: usize,
    block_len: usize,
    pipeline: Pipeline,
}

/// The values that need not be written down.
pub(super) fn special(kind: u8, itemsize: usize) -> Result<&'static [u8]> {
    match (kind, itemsize) {
        // Nobody has set the fourth kind.
        (1 | 4, _) => Ok(&[0]),
        (2, 4) => Ok(&[0, 0, 0xc0, 0x7f]),
        (2, 8) => Ok(&[0, 0, 0, 0, 0, 0, 0xf8, 0x7f]),
        (2, _) => Err(Error::corrupt("NaN of 4 or 8 bytes", itemsize)),
        _ => Err(Error::unsupported(format_args!("the special value {kind} within blosc2"))),
    }
}

/// What the header of a chunk has behind the part that is like Blosc 1's.
struct More {
    filters: [u8; 6],
    codec: u8,
    metas: [u8; 6],
    flags: u8,
}

fn more(cursor: &mut Cursor<'_>) -> Result<More> {
    let filters = cursor.array("filters")?;
    let codec = cursor.u8("a codec")?;
    cursor.take(1, "a setting of the codec")?;
    let metas = cursor.array("settings of filters")?;
    match cursor.u8("flags")? {
        0 => {}
        1 => return Err(Error::unsupported("blocks of varying length within blosc2")),
        other => return Err(Error::unsupported(format_args!("the flags {other} within blosc2"))),
    }
    let flags = cursor.u8("flags")?;
    if flags & ELSEWHERE != 0 {
        return Err(Error::corrupt("a chunk of blosc2", "one that lies elsewhere"));
    }
    for (bit, what) in [
        (DICTIONARY, "a dictionary"),
        (LONGER_HEAD, "a longer header"),
        (INSTRUMENTED, "an instrumented codec"),
    ] {
        if flags & bit != 0 {
            return Err(Error::unsupported(format_args!("{what} within blosc2")));
        }
    }
    Ok(More { filters, codec, metas, flags })
}

impl<'a> Chunk<'a> {
    /// Reads the header. `whole`: the size of elements that the frame names.
    pub(super) fn parse(bytes: &'a [u8], whole: Option<usize>) -> Result<Self> {
        let mut cursor = Cursor::new(bytes);
        let version = cursor.u8("a version of blosc")?;
        cursor.take(1, "a version of a codec")?;
        let flags = cursor.u8("flags")?;
        let itemsize = usize::from(cursor.u8("a size of elements")?);
        let mut length = |what| Ok(usize::try_from(cursor.u32_le(what)?).unwrap_or(usize::MAX));
        let (len, block) = (length("a length")?, length("a length of blocks")?);
        let packed = length("a packed length")?;
        let Some(bytes) = bytes.get(..packed) else {
            return Err(Error::corrupt(format_args!("{packed} bytes of a chunk"), bytes.len()));
        };
        if flags & LONG_HEAD != LONG_HEAD {
            return Ok(Self { bytes, len, content: Content::Old });
        }
        if itemsize == 0 || (block == 0 && len > 0) {
            let found = format!("{itemsize} in blocks of {block}, packed with blosc2");
            return Err(Error::corrupt("elements of at least one byte", found));
        }
        let more = more(&mut cursor)?;
        let slots = if version == ALPHA { 5 } else { 6 };
        let body = bytes.get(HEAD..).unwrap_or_default();
        let content = match more.flags >> 4 & 7 {
            0 if flags & STORED != 0 && body.len() == len => Content::Stored(body),
            0 if flags & STORED != 0 => {
                return Err(Error::corrupt(format_args!("{len} bytes as they are"), body.len()));
            }
            0 => {
                let filters = more.filters.into_iter().zip(more.metas).take(slots);
                let sizes = (version, itemsize, whole.unwrap_or(itemsize));
                Content::Blocks(Blocks {
                    codec: codec(flags >> 5, more.codec)?,
                    splits: flags & ONE_STREAM == 0,
                    itemsize,
                    block_len: block.min(len).max(1),
                    pipeline: Pipeline::parse(sizes, filters)?,
                })
            }
            3 if !body.is_empty() && len % body.len() == 0 => Content::Value(body),
            3 => return Err(Error::corrupt(format_args!("a part of {len} bytes"), body.len())),
            kind => Content::Value(special(kind, itemsize)?),
        };
        Ok(Self { bytes, len, content })
    }

    /// A chunk of one value.
    pub(super) fn of(value: &'a [u8], len: usize) -> Self {
        Self { bytes: &[], len, content: Content::Value(value) }
    }

    /// Unpacked bytes.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Unpacks all of it into exactly `dst`.
    pub(super) fn unpack(&self, dst: &mut [u8], work: &mut Work) -> Result<()> {
        if self.len != dst.len() {
            let found = format!("{} packed with blosc2", self.len);
            return Err(Error::corrupt(format_args!("{} bytes", dst.len()), found));
        }
        match &self.content {
            Content::Old => blosc::unpack(self.bytes, dst),
            Content::Blocks(blocks) => {
                let block_len = blocks.block_len;
                for (number, piece) in dst.chunks_mut(block_len).enumerate() {
                    self.block(blocks, number, piece, work)?;
                }
                Ok(())
            }
            _ => self.part(0, dst, work),
        }
    }

    /// Unpacks what begins at `start`; of what is packed, that is one block.
    pub(super) fn part(&self, start: usize, dst: &mut [u8], work: &mut Work) -> Result<()> {
        match &self.content {
            Content::Old => Err(Error::unsupported("boxes in chunks of blosc 1")),
            Content::Value(value) => {
                if let [byte] = value {
                    dst.fill(*byte);
                    return Ok(());
                }
                let mut turned = value.to_vec();
                turned.rotate_left(start.checked_rem(value.len()).unwrap_or(0));
                for piece in dst.chunks_mut(value.len().max(1)) {
                    piece.iter_mut().zip(&turned).for_each(|(place, byte)| *place = *byte);
                }
                Ok(())
            }
            Content::Stored(body) => {
                let mut cursor = Cursor::new(body.get(start..).unwrap_or_default());
                dst.copy_from_slice(cursor.take(dst.len(), "a block of blosc2")?);
                Ok(())
            }
            Content::Blocks(blocks) if blocks.block_len == dst.len() => {
                self.block(blocks, start / blocks.block_len, dst, work)
            }
            Content::Blocks(blocks) => {
                Err(Error::corrupt(format_args!("blocks of {} bytes", dst.len()), blocks.block_len))
            }
        }
    }

    /// Unpacks a block and undoes its filters.
    fn block(&self, blocks: &Blocks, number: usize, dst: &mut [u8], work: &mut Work) -> Result<()> {
        let at = number.saturating_mul(4).saturating_add(HEAD);
        let mut starts = Cursor::new(self.bytes.get(at..).unwrap_or_default());
        let start = usize::try_from(starts.u32_le("a start of a block")?).unwrap_or(usize::MAX);
        if start < HEAD {
            return Err(Error::corrupt("a start of a block behind the header", start));
        }
        let packed = self.bytes.get(start..).unwrap_or_default();
        if blocks.pipeline.moves() {
            let mut scratch = std::mem::take(&mut work.one);
            scratch.resize(dst.len(), 0);
            let done = blocks.streams(packed, &mut scratch, work);
            work.one = scratch;
            done
        } else {
            blocks.streams(packed, dst, work)
        }
        .map_err(|e| e.shift(start as u64))?;
        blocks.pipeline.undo(number.saturating_mul(blocks.block_len), dst, work);
        Ok(())
    }
}

impl Blocks {
    /// Unpacks the streams of a block one after another.
    fn streams(&self, packed: &[u8], dst: &mut [u8], work: &mut Work) -> Result<()> {
        let count = if self.splits && dst.len() == self.block_len { self.itemsize } else { 1 };
        let each = dst.len() / count;
        if each == 0 || dst.len() % count != 0 {
            return Err(Error::corrupt(format_args!("a block of {count} streams"), dst.len()));
        }
        let mut cursor = Cursor::new(packed);
        for part in dst.chunks_mut(each) {
            let len = i32::from_le_bytes(cursor.array("a length of a stream")?);
            work.take(4)?;
            match usize::try_from(len) {
                Ok(0) => part.fill(0),
                Ok(len) => {
                    let at = cursor.position();
                    work.take(len)?;
                    let stream = cursor.take(len, "a stream of blosc2")?;
                    blosc::unpack_stream(self.codec, stream, part).map_err(|e| e.shift(at))?;
                }
                Err(_) => {
                    // A length below zero is a byte, where the first bit behind it says so.
                    let token = cursor.u8("a token")?;
                    let byte = u8::try_from(len.unsigned_abs()).ok().filter(|_| token & 1 != 0);
                    let found = format!("{len} with the token {token}");
                    part.fill(byte.ok_or_else(|| Error::corrupt("a byte that repeats", found))?);
                }
            }
        }
        Ok(())
    }
}

/// The number of a codec, or the name of one that is a plugin.
fn codec(number: u8, other: u8) -> Result<u8> {
    if number != 6 {
        return Ok(number);
    }
    let name = match other {
        32 => "ndlz",
        33..=35 => "zfp",
        36 => "openhtj2k",
        37 => "grok",
        38 => "openzl",
        39 => "j2k",
        40 => "htj2k",
        _ => "of a plugin",
    };
    Err(Error::unsupported(format_args!("the codec {other} ({name}) within blosc2")))
}
