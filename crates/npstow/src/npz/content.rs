//! The content of a member that is written: bytes in order, and how they are packed.
#![forbid(unsafe_code)]

use crate::codec::{Crc32, deflate};
use crate::npy::Plan;
use crate::{Entry, Error, MemoryOrder, Result, parallel};

/// What a member holds.
#[derive(Clone, Copy, Debug)]
pub(super) enum Content<'a> {
    /// A whole `.npy`.
    Array(&'a Plan<'a>),
    /// Bytes of another file.
    Value(&'a Entry),
    Bytes(&'a [u8]),
}

impl<'a> Content<'a> {
    /// How much is hashed and written before the next piece is touched: it is in cache then.
    pub(super) const CACHED: usize = 256 << 10;

    /// The checksum of what is smaller than this is taken before it is written.
    const SMALL: u64 = 64 << 10;

    pub(super) fn len(&self) -> u64 {
        match self {
            Self::Array(plan) => plan.len(),
            Self::Value(entry) => entry.nbytes() as u64,
            Self::Bytes(bytes) => bytes.len() as u64,
        }
    }

    /// The NPY header, where there is one.
    pub(super) fn header(&self) -> Option<&'a [u8]> {
        match self {
            Self::Array(plan) => Some(plan.header()),
            Self::Value(_) | Self::Bytes(_) => None,
        }
    }

    pub(super) fn header_len(&self) -> Option<u64> {
        self.header().map(|header| header.len() as u64)
    }

    /// Gives all bytes in order.
    pub(super) fn give(&self, out: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        match self {
            Self::Array(plan) => {
                out(plan.header())?;
                plan.elements(out)
            }
            Self::Value(entry) => entry
                .pieces(MemoryOrder::C)?
                .try_for_each(|piece| out(piece?.bytes().unwrap_or_default())),
            Self::Bytes(bytes) => out(bytes),
        }
    }

    /// The checksum of what is small and lies in memory.
    pub(super) fn small_crc(&self) -> Result<Option<u32>> {
        let in_memory = match self {
            Self::Array(plan) => plan.contiguous().is_some(),
            Self::Value(_) => false,
            Self::Bytes(_) => true,
        };
        if !in_memory || self.len() > Self::SMALL {
            return Ok(None);
        }
        let mut crc = Crc32::new();
        self.give(&mut |bytes| {
            crc.update(bytes);
            Ok(())
        })?;
        Ok(Some(crc.finish()))
    }
}

/// A packed member, or its sizes alone.
#[derive(Debug, Default)]
pub(super) struct Packed {
    /// Empty where it was written as it came.
    pub(super) bytes: Vec<u8>,
    pub(super) len: u64,
    pub(super) crc32: u32,
    pub(super) log2_len: u8,
    /// Packed lengths of the blocks.
    pub(super) blocks: Vec<u32>,
}

/// How members are packed.
#[derive(Clone, Debug)]
pub(super) struct Packing {
    level: Option<u8>,
}

impl Packing {
    /// So much of what is to be packed is taken in before it is packed on all cores.
    pub(super) const BATCH: u64 = 8 << 20;

    /// So much of a packed member is held for a sink that wants its sizes first.
    pub(super) const HELD: usize = 64 << 20;

    /// The length of most blocks, as a power of two.
    const LOG2_LEN: u8 = 20;

    /// More blocks than this make an index longer than it is worth.
    const MOST_BLOCKS: u64 = 4096;

    pub(super) fn new(level: Option<u8>) -> Result<Self> {
        match level {
            Some(level) if level > deflate::MOST_LEVEL => {
                let most = deflate::MOST_LEVEL;
                Err(Error::invalid(format!("level {level} of deflate (0 to {most})")))
            }
            level => Ok(Self { level }),
        }
    }

    pub(super) fn is_stored(&self) -> bool {
        self.level.is_none()
    }

    fn log2_len(len: u64) -> u8 {
        let mut log2 = Self::LOG2_LEN;
        while len.div_ceil(1 << log2) > Self::MOST_BLOCKS {
            log2 += 1;
        }
        log2
    }

    /// How long the blocks of a member of `len` bytes are.
    pub(super) fn block_len(&self, len: u64) -> usize {
        1 << Self::log2_len(len)
    }

    /// Packs a member of one block.
    pub(super) fn pack(&self, content: &Content<'_>) -> Result<Packed> {
        let mut bytes = Vec::with_capacity(usize::try_from(content.len()).unwrap_or(0));
        content.give(&mut |piece| {
            bytes.extend_from_slice(piece);
            Ok(())
        })?;
        let (packed, crc) = self.block(&bytes, true)?;
        let len = packed.len();
        let short = u32::try_from(len).map_err(|_| Error::invalid("a packed block of 4 GiB"))?;
        Ok(Packed {
            bytes: packed,
            len: len as u64,
            crc32: crc.finish(),
            log2_len: Self::LOG2_LEN,
            blocks: vec![short],
        })
    }

    /// Packs a member block by block and gives what comes of it, in order.
    pub(super) fn blocks(
        &mut self,
        content: &Content<'_>,
        out: &mut dyn FnMut(&[u8]) -> Result<()>,
    ) -> Result<Packed> {
        let log2_len = Self::log2_len(content.len());
        let mut run = Run {
            packing: self,
            len: 1 << log2_len,
            left: content.len(),
            filling: Vec::new(),
            crc: Crc32::new(),
            packed: Packed { log2_len, ..Packed::default() },
        };
        content.give(&mut |piece| run.take(piece, out))?;
        if run.left > 0 {
            let expected = format!("{} bytes of data", content.len());
            let found = format!("{} fewer", run.left);
            return Err(Error::corrupt(expected, found));
        }
        let mut packed = run.packed;
        packed.crc32 = run.crc.finish();
        Ok(packed)
    }

    fn block(&self, bytes: &[u8], last: bool) -> Result<(Vec<u8>, Crc32)> {
        let mut crc = Crc32::new();
        crc.update(bytes);
        let mut packed = Vec::new();
        let level = self.level.unwrap_or_default();
        deflate::compress_block(level, bytes, last, &mut packed)?;
        Ok((packed, crc))
    }
}

/// A member that is being packed in blocks.
struct Run<'a> {
    packing: &'a Packing,
    len: usize,
    /// Bytes that are still to come.
    left: u64,
    /// The start of a block whose end is in the next piece.
    filling: Vec<u8>,
    crc: Crc32,
    packed: Packed,
}

impl Run<'_> {
    /// Packs all blocks that a piece completes; those that lie in it are not copied.
    fn take(&mut self, piece: &[u8], out: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        self.left = self
            .left
            .checked_sub(piece.len() as u64)
            .ok_or_else(|| Error::corrupt("the data that were announced", "more of them"))?;
        let wanted = if self.filling.is_empty() { 0 } else { self.len - self.filling.len() };
        let (start, rest) = piece.split_at(wanted.min(piece.len()));
        self.filling.extend_from_slice(start);
        let is_end = self.left == 0;
        let mut first = Vec::new();
        if self.filling.len() == self.len || (is_end && rest.is_empty()) {
            first = std::mem::take(&mut self.filling);
        }
        let whole = rest.chunks_exact(self.len);
        let tail = whole.remainder();
        let mut blocks: Vec<&[u8]> = Vec::with_capacity(whole.len() + 2);
        blocks.extend((!first.is_empty()).then_some(&first[..]));
        blocks.extend(whole);
        match is_end {
            true => blocks.extend((!tail.is_empty()).then_some(tail)),
            false => self.filling.extend_from_slice(tail),
        }
        let count = blocks.len();
        let blocks = blocks.into_iter().enumerate();
        let blocks = blocks.map(|(at, bytes)| (bytes, is_end && at + 1 == count));
        let packing = self.packing;
        let work = |(bytes, last): (&[u8], bool)| packing.block(bytes, last);
        let mut then = |block: Result<(Vec<u8>, Crc32)>| self.add(block?, out);
        match count {
            0 | 1 => blocks.map(work).try_for_each(then),
            _ => parallel::ordered(blocks, work, &mut then),
        }
    }

    /// Gives what came of a block, which is the next one.
    fn add(
        &mut self,
        (packed, crc): (Vec<u8>, Crc32),
        out: &mut dyn FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        self.crc.combine(&crc);
        self.packed.len += packed.len() as u64;
        let len = u32::try_from(packed.len());
        self.packed.blocks.push(len.map_err(|_| Error::invalid("a packed block of 4 GiB"))?);
        out(&packed)
    }
}
