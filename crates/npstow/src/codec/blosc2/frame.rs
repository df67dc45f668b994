//! Contiguous frames of Blosc 2: a header, chunks, the chunk of their places, a trailer
//! (`README_CFRAME_FORMAT`). The header is msgpack whose every number has its place.
#![forbid(unsafe_code)]

use super::chunk::{Chunk, special};
use super::layout::Layout;
use super::msgpack::number;
use super::pipeline::Work;
use super::{GRACE, PADDING};
use crate::cursor::Cursor;
use crate::{Error, Result};

const MAGIC: &[u8] = b"\xa8b2frame\0";

/// The header without metalayers.
const HEAD: usize = 87;

/// The last version of frames that is known.
const VERSION: u8 = 3;

/// Chunks that are not of one length, in the flags.
const VARYING: u8 = 0x40;

pub(super) fn is_frame(bytes: &[u8]) -> bool {
    bytes.get(1..).is_some_and(|rest| rest.starts_with(MAGIC))
}

/// A frame, its header read.
#[derive(Debug)]
pub(super) struct Frame<'a> {
    bytes: &'a [u8],
    head_len: usize,
    /// Unpacked and packed bytes of all chunks.
    len: usize,
    packed_len: usize,
    itemsize: usize,
    chunk_len: usize,
    layout: Option<Layout>,
}

impl<'a> Frame<'a> {
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self> {
        let mut cursor = Cursor::new(bytes);
        cursor.take(1 + MAGIC.len(), "the magic of a frame")?;
        let head_len = number::<4>(&mut cursor, 0xd2, "a length of a header")?;
        let frame_len = number::<8>(&mut cursor, 0xcf, "a length of a frame")?;
        let Some(bytes) = bytes.get(..frame_len).filter(|_| (HEAD..=frame_len).contains(&head_len))
        else {
            let found = format!("{} and a header of {head_len}", bytes.len());
            return Err(Error::corrupt(format_args!("a frame of {frame_len} bytes"), found));
        };
        let [_, flags, kind, _, _] = cursor.array("flags of a frame")?;
        if flags & 15 > VERSION {
            return Err(Error::unsupported(format_args!("frames of version {}", flags & 15)));
        }
        if kind != 0 {
            return Err(Error::unsupported(format_args!("frames of the type {kind}")));
        }
        if flags & VARYING != 0 {
            return Err(Error::unsupported("chunks of varying length within blosc2"));
        }
        let len = number::<8>(&mut cursor, 0xd3, "a length")?;
        let packed_len = number::<8>(&mut cursor, 0xd3, "a packed length")?;
        let itemsize = number::<4>(&mut cursor, 0xd2, "a size of elements")?;
        cursor.take(5, "a length of blocks")?;
        let chunk_len = number::<4>(&mut cursor, 0xd2, "a length of chunks")?;
        if itemsize == 0 || (chunk_len == 0 && len > 0) {
            let found = format!("elements of {itemsize} in chunks of {chunk_len}");
            return Err(Error::corrupt(format_args!("{len} bytes"), found));
        }
        let head = bytes.get(..head_len).unwrap_or_default();
        let layout = match boxes(head)? {
            Some(content) => Some(Layout::parse(content, itemsize)?),
            None => None,
        };
        let chunk_len = chunk_len.max(1);
        Ok(Self { bytes, head_len, len, packed_len, itemsize, chunk_len, layout })
    }

    pub(super) fn unpacked_len(&self) -> usize {
        self.layout.as_ref().map_or(self.len, Layout::len)
    }

    /// Unpacks all chunks into exactly `dst`.
    pub(super) fn unpack(&self, dst: &mut [u8], work: &mut Work) -> Result<()> {
        let Some(layout) = &self.layout else {
            let places = self.places(self.len.div_ceil(self.chunk_len), work)?;
            for (piece, place) in dst.chunks_mut(self.chunk_len).zip(places) {
                let (chunk, at) = self.chunk(place, piece.len())?;
                chunk.unpack(piece, work).map_err(|e| e.shift(at))?;
            }
            return Ok(());
        };
        let most = dst.len().saturating_mul(PADDING).saturating_add(GRACE);
        let fits = dst.len().saturating_mul(2).saturating_add(GRACE);
        if layout.block_len() > fits || layout.padded_len() > most {
            let found = format!("blocks of {} bytes", layout.block_len());
            return Err(Error::corrupt(format_args!("{} bytes", dst.len()), found));
        }
        let (count, mut scratch) = (layout.chunk_count(), Vec::new());
        for (number, place) in self.places(count, work)?.into_iter().enumerate() {
            let (chunk, at) = self.chunk(place, layout.chunk_len())?;
            for block in layout.blocks(number) {
                let mut unpack = |to: &mut [u8]| chunk.part(block.start, to, work);
                let done = match layout.in_place(&block, dst) {
                    Some(to) => unpack(to),
                    None => {
                        scratch.resize(layout.block_len(), 0);
                        unpack(&mut scratch).map(|()| layout.put(&block, &scratch, dst))
                    }
                };
                done.map_err(|e| e.shift(at))?;
            }
        }
        Ok(())
    }

    /// Where the chunks are, counted from the end of the header; below zero, what all their elements
    /// are.
    fn places(&self, count: usize, work: &mut Work) -> Result<Vec<i64>> {
        if count == 0 {
            return Ok(Vec::new());
        }
        let at = self.head_len.saturating_add(self.packed_len);
        let index = Chunk::parse(self.bytes.get(at..).unwrap_or_default(), None);
        let index = index.map_err(|e| e.shift(at as u64))?;
        let most = self.unpacked_len().saturating_mul(2).saturating_add(GRACE);
        let len = count.saturating_mul(8);
        if index.len() != len || len > most {
            let found = format!("{} bytes of their places", index.len());
            return Err(Error::corrupt(format_args!("{count} chunks"), found).at(at as u64));
        }
        let mut bytes = vec![0; len];
        index.unpack(&mut bytes, work).map_err(|e| e.shift(at as u64))?;
        let place = |bytes: &[u8]| i64::from_le_bytes(bytes.try_into().unwrap_or_default());
        Ok(bytes.chunks_exact(8).map(place).collect())
    }

    /// The chunk of that place, which must have so many bytes, and where it begins.
    fn chunk(&self, place: i64, len: usize) -> Result<(Chunk<'a>, u64)> {
        let Ok(at) = usize::try_from(place) else {
            let [.., top] = place.to_le_bytes();
            // One bit for each.
            let kind = [1, 4, 2].into_iter().find(|kind| top & kind != 0).unwrap_or(0);
            return Ok((Chunk::of(special(kind, self.itemsize)?, len), 0));
        };
        let start = self.head_len.saturating_add(at);
        let end = self.head_len.saturating_add(self.packed_len).min(self.bytes.len());
        let bytes = self.bytes.get(start..end).unwrap_or_default();
        let chunk = Chunk::parse(bytes, Some(self.itemsize)).map_err(|e| e.shift(start as u64))?;
        if chunk.len() != len {
            let expected = format!("a chunk of {len} bytes");
            return Err(Error::corrupt(expected, chunk.len()).at(start as u64));
        }
        Ok((chunk, start as u64))
    }
}

/// What the metalayer of the boxes says, if there is one; `caterva` is what it was called before.
fn boxes(head: &[u8]) -> Result<Option<&[u8]>> {
    let mut cursor = Cursor::new(head.get(HEAD..).unwrap_or_default());
    if cursor.rest().is_empty() {
        return Ok(None);
    }
    cursor.take(1, "metalayers")?;
    number::<2>(&mut cursor, 0xcd, "a length of metalayers")?;
    let count = number::<2>(&mut cursor, 0xde, "a number of metalayers")?;
    for _ in 0..count {
        let len = cursor.u8("a name of a metalayer")? & 31;
        let name = cursor.take(usize::from(len), "a name of a metalayer")?;
        let at = number::<4>(&mut cursor, 0xd2, "a place of a metalayer")?;
        if name == b"b2nd" || name == b"caterva" {
            let mut content = Cursor::new(head.get(at..).unwrap_or_default());
            let read = number::<4>(&mut content, 0xc6, "a length of a metalayer")
                .and_then(|len| content.take(len, "a metalayer"));
            return read.map(Some).map_err(|e| e.shift(at as u64));
        }
    }
    Ok(None)
}
