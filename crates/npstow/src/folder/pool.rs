//! Memory that small files are read into, one behind another.
#![forbid(unsafe_code)]

use super::root::SMALL;
use crate::{BufferMut, Result};
use std::ops::Range;

/// Files begin at multiples of this.
const ALIGN: usize = 64;

/// What is read of a file at once: one byte more than a small one has.
const ROOM: usize = SMALL + 1;

/// Small files of one run, in memory that is asked for once: files of one folder are often of one
/// length, and pages that are given together cost half of those that are given one by one.
#[derive(Default)]
pub(super) struct Pool {
    memory: Option<BufferMut>,
    /// How many files are to come, and how many have come.
    files: usize,
    kept: usize,
    /// Where the last of them ends.
    end: usize,
}

impl Pool {
    pub(super) fn new(files: usize) -> Self {
        Self { files, ..Self::default() }
    }

    /// Where the next file begins.
    fn next(&self) -> usize {
        self.end.next_multiple_of(ALIGN)
    }

    /// Room for one byte more than a small file has.
    pub(super) fn room(&mut self) -> Result<&mut [u8]> {
        let start = self.next();
        let least = start + ROOM;
        if self.memory.is_none() {
            self.memory = Some(BufferMut::zeroed(least)?);
        }
        let Some(memory) = &mut self.memory else { return Ok(&mut []) };
        if memory.len() < least {
            // As much for each of the others, or half as much more than there was.
            let others = (start / self.kept.max(1)).saturating_mul(self.files);
            let more = memory.len() + memory.len() / 2;
            memory.resize(least.max(others.saturating_add(ROOM)).max(more))?;
        }
        Ok(memory.bytes_mut().get_mut(start..least).unwrap_or_default())
    }

    /// The first bytes of the room.
    pub(super) fn read(&self, len: usize) -> &[u8] {
        let start = self.next();
        self.get(start..start + len)
    }

    /// Keeps the first bytes of the room; what comes next is behind them.
    pub(super) fn keep(&mut self, len: usize) -> Range<usize> {
        let start = self.next();
        self.kept += 1;
        self.end = start + len;
        start..self.end
    }

    pub(super) fn get(&self, range: Range<usize>) -> &[u8] {
        let bytes = self.memory.as_ref().map(BufferMut::bytes).unwrap_or_default();
        bytes.get(range).unwrap_or_default()
    }

    /// All that was kept, and no more memory than that.
    pub(super) fn finish(self) -> Result<BufferMut> {
        match self.memory {
            Some(mut memory) => {
                memory.resize(self.end)?;
                Ok(memory)
            }
            None => BufferMut::zeroed(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_lie_behind_one_another_whatever_their_lengths() {
        let lengths: [&[usize]; 5] =
            [&[], &[0, 100, 3], &[SMALL; 40], &[1, 0, SMALL, 7, 7, SMALL], &[1700; 300]];
        for (files, lengths) in lengths.into_iter().enumerate() {
            // It is told fewer, as many, and more.
            let mut pool = Pool::new(files * 20);
            let mut kept = Vec::new();
            for (n, &len) in lengths.iter().enumerate() {
                let byte = u8::try_from(n % 251).unwrap();
                let room = pool.room().unwrap();
                assert_eq!(room.len(), ROOM);
                room.fill(255);
                room[..len].fill(byte);
                assert!(pool.read(len).iter().all(|&b| b == byte));
                let range = pool.keep(len);
                assert_eq!((range.start % ALIGN, range.len()), (0, len));
                kept.push((range, byte));
            }
            for (range, byte) in &kept {
                assert!(pool.get(range.clone()).iter().all(|b| b == byte));
            }
            let memory = pool.finish().unwrap();
            assert_eq!(memory.len(), kept.last().map_or(0, |(range, _)| range.end));
            assert_eq!(memory.bytes().as_ptr().align_offset(ALIGN), 0);
            for (range, byte) in kept {
                assert!(memory.bytes()[range].iter().all(|&b| b == byte));
            }
        }
    }
}
