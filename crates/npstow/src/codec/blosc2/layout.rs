//! Arrays in boxes: blocks of several axes in chunks of several axes, both filled up at the far
//! edges (`README_B2ND_METALAYER`).
#![forbid(unsafe_code)]

use super::msgpack::{members, numbers};
use crate::cursor::Cursor;
use crate::{Error, Result};
use std::ops::Range;

/// At most so many axes.
const MOST_AXES: usize = 8;

/// The grid, its last axis in bytes. What is whole in array, chunk and block is part of the axis
/// before it.
#[derive(Debug)]
pub(super) struct Layout {
    axes: Vec<Axis>,
    len: usize,
    block_len: usize,
    chunk_len: usize,
    chunk_count: usize,
    padded_len: usize,
}

#[derive(Clone, Copy, Debug)]
struct Axis {
    len: usize,
    chunk: usize,
    block: usize,
}

impl Axis {
    /// Blocks of a chunk that is whole.
    fn blocks(self) -> usize {
        self.chunk.div_ceil(self.block)
    }

    fn chunks(self) -> usize {
        self.len.div_ceil(self.chunk)
    }

    /// How much the blocks cover that are there for elements.
    fn padded(self) -> Option<usize> {
        let last = (self.len % self.chunk).div_ceil(self.block);
        let whole = (self.len / self.chunk).checked_mul(self.blocks())?;
        whole.checked_add(last)?.checked_mul(self.block)
    }
}

/// A block: where it is in the chunk, and what of it is where in the array, axis by axis.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) start: usize,
    ranges: Vec<Range<usize>>,
}

impl Layout {
    /// Reads the metalayer.
    pub(super) fn parse(content: &[u8], itemsize: usize) -> Result<Self> {
        let mut cursor = Cursor::new(content);
        members(&mut cursor, "a metalayer b2nd")?;
        cursor.take(1, "a version of b2nd")?;
        let count = usize::from(cursor.u8("a number of axes")?);
        if count > MOST_AXES {
            return Err(Error::corrupt(format_args!("at most {MOST_AXES} axes"), count));
        }
        let shape = numbers::<8>(&mut cursor, (0xd3, count), "a shape")?;
        let chunk = numbers::<4>(&mut cursor, (0xd2, count), "a shape of chunks")?;
        let block = numbers::<4>(&mut cursor, (0xd2, count), "a shape of blocks")?;
        if chunk.iter().chain(&block).any(|&length| length == 0) {
            let found = format!("{chunk:?} in blocks of {block:?}");
            return Err(Error::corrupt("chunks of at least one element", found));
        }
        let axes = shape.iter().zip(&chunk).zip(&block);
        let mut axes: Vec<Axis> =
            axes.map(|((&len, &chunk), &block)| Axis { len, chunk, block }).collect();
        let mut last = Axis { len: itemsize, chunk: itemsize, block: itemsize };
        let large = || Error::corrupt("an array that memory can hold", format!("{shape:?}"));
        while last.len == last.chunk && last.chunk == last.block {
            let Some(axis) = axes.pop() else { break };
            let times = |a: usize, b: usize| a.checked_mul(b).ok_or_else(large);
            last = Axis {
                len: times(axis.len, last.len)?,
                chunk: times(axis.chunk, last.chunk)?,
                block: times(axis.block, last.block)?,
            };
        }
        axes.push(last);
        Self::new(axes).ok_or_else(large)
    }

    fn new(axes: Vec<Axis>) -> Option<Self> {
        let product = |of: fn(Axis) -> Option<usize>| {
            axes.iter().try_fold(1usize, |all, &axis| all.checked_mul(of(axis)?))
        };
        let len = product(|axis| Some(axis.len))?;
        let block_len = product(|axis| Some(axis.block))?;
        let chunk_len = product(|axis| axis.blocks().checked_mul(axis.block))?;
        let chunk_count = product(|axis| Some(axis.chunks()))?;
        let padded_len = product(Axis::padded)?;
        Some(Self { axes, len, block_len, chunk_len, chunk_count, padded_len })
    }

    /// Bytes of all elements.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Bytes of a block, of a chunk of whole blocks, and of all blocks with elements in them.
    pub(super) fn block_len(&self) -> usize {
        self.block_len
    }

    pub(super) fn chunk_len(&self) -> usize {
        self.chunk_len
    }

    pub(super) fn padded_len(&self) -> usize {
        self.padded_len
    }

    pub(super) fn chunk_count(&self) -> usize {
        self.chunk_count
    }

    /// The blocks of a chunk that have elements in them.
    pub(super) fn blocks(&self, number: usize) -> impl Iterator<Item = Block> + '_ {
        let chunk = unravel(number, self.axes.iter().map(|axis| axis.chunks()));
        let there: Vec<Range<usize>> = self.axes.iter().zip(chunk).map(Self::there).collect();
        let counts =
            there.iter().zip(&self.axes).map(|(range, axis)| range.len().div_ceil(axis.block));
        let counts: Vec<usize> = counts.collect();
        let count = counts.iter().product();
        (0..count).map(move |number| {
            let at = unravel(number, counts.iter().copied());
            let (mut place, mut ranges) = (0, Vec::with_capacity(at.len()));
            for ((axis, range), at) in self.axes.iter().zip(&there).zip(at) {
                place = place * axis.blocks() + at;
                let first = range.start + at * axis.block;
                ranges.push(first..range.end.min(first.saturating_add(axis.block)));
            }
            Block { start: place * self.block_len, ranges }
        })
    }

    /// What of an axis is in its chunk of that number.
    fn there((axis, number): (&Axis, usize)) -> Range<usize> {
        let first = number * axis.chunk;
        first..axis.len.min(first.saturating_add(axis.chunk))
    }

    /// The place of a block that lies in one piece and is whole.
    pub(super) fn in_place<'d>(&self, block: &Block, dst: &'d mut [u8]) -> Option<&'d mut [u8]> {
        let [range] = block.ranges.as_slice() else { return None };
        dst.get_mut(range.clone()).filter(|place| place.len() == self.block_len)
    }

    /// Puts the elements of a block where they belong, row by row.
    pub(super) fn put(&self, block: &Block, bytes: &[u8], dst: &mut [u8]) {
        let Some((last, outer)) = block.ranges.split_last() else { return };
        let Some(axis) = self.axes.last() else { return };
        let lengths: Vec<usize> = outer.iter().map(Range::len).collect();
        let mut at = vec![0; outer.len()];
        loop {
            let (mut from, mut to) = (0, 0);
            for ((axis, range), at) in self.axes.iter().zip(outer).zip(&at) {
                from = from * axis.block + at;
                to = to * axis.len + range.start + at;
            }
            let (from, to) = (from * axis.block, to * axis.len + last.start);
            let place = dst.get_mut(to..to + last.len());
            if let (Some(place), Some(row)) = (place, bytes.get(from..from + last.len())) {
                place.copy_from_slice(row);
            }
            if !next(&mut at, &lengths) {
                return;
            }
        }
    }
}

/// Goes on to the next place in C order, if there is one.
fn next(at: &mut [usize], lengths: &[usize]) -> bool {
    for (at, length) in at.iter_mut().zip(lengths).rev() {
        *at += 1;
        if *at < *length {
            return true;
        }
        *at = 0;
    }
    false
}

/// A number in C order as one for each axis.
fn unravel(mut number: usize, counts: impl DoubleEndedIterator<Item = usize>) -> Vec<usize> {
    let mut at = Vec::new();
    for count in counts.rev() {
        at.push(number.checked_rem(count).unwrap_or(0));
        number = number.checked_div(count).unwrap_or(0);
    }
    at.reverse();
    at
}
