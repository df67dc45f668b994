//! Runs of bytes, gathered one after another into contiguous memory.
#![forbid(unsafe_code)]

use super::coded::{Coded, Decoder};
use super::{BLOCK, Entry};
use crate::{Error, Result};

/// Reads runs of bytes one after another into contiguous memory.
pub(super) struct Gather<'a> {
    entry: &'a Entry,
    offset: u64,
    dst: &'a mut [u8],
    filled: usize,
    /// Runs that will be read as one: their extent, and each one's place.
    group: Vec<(usize, usize)>,
    low: usize,
    high: usize,
    scratch: Vec<u8>,
}

/// Bytes between two runs that are read along rather than skipped: what a system call costs.
const GAP: usize = 4096;

impl<'a> Gather<'a> {
    pub(super) fn new(entry: &'a Entry, offset: u64, dst: &'a mut [u8]) -> Self {
        let (group, scratch) = (Vec::new(), Vec::new());
        Self { entry, offset, dst, filled: 0, group, low: 0, high: 0, scratch }
    }

    /// `runs`: offset from the first element, and length.
    pub(super) fn run(mut self, runs: impl Iterator<Item = (isize, usize)>) -> Result<()> {
        let start = usize::try_from(self.offset).unwrap_or(usize::MAX);
        let memory = self.entry.source.in_memory().and_then(|bytes| bytes.get(start..));
        for (at, len) in runs {
            let at = position(at)?;
            if let Some(run) = memory.and_then(|bytes| bytes.get(at..at + len)) {
                self.dst[self.filled..self.filled + len].copy_from_slice(run);
                self.filled += len;
                continue;
            }
            let joined = self.low.min(at)..self.high.max(at + len);
            let near = at <= self.high + GAP && at + len + GAP >= self.low;
            if !self.group.is_empty() && (!near || joined.len() > BLOCK) {
                self.flush()?;
            }
            if self.group.is_empty() {
                (self.low, self.high) = (at, at + len);
            } else {
                (self.low, self.high) = (joined.start, joined.end);
            }
            self.group.push((at, len));
        }
        self.flush()
    }

    fn flush(&mut self) -> Result<()> {
        let offset = self.offset + self.low as u64;
        if let [(_, len)] = self.group[..] {
            self.entry.bytes_into(offset, &mut self.dst[self.filled..self.filled + len])?;
            self.filled += len;
        } else if !self.group.is_empty() {
            self.scratch.resize(self.high - self.low, 0);
            self.entry.bytes_into(offset, &mut self.scratch)?;
            for &(at, len) in &self.group {
                let run = &self.scratch[at - self.low..at - self.low + len];
                self.dst[self.filled..self.filled + len].copy_from_slice(run);
                self.filled += len;
            }
        }
        self.group.clear();
        Ok(())
    }
}

/// Gathers runs of what is packed, in one pass forwards: runs that do not ascend are sorted
/// first.
pub(super) fn gather_coded(
    entry: &Entry,
    coded: &Coded,
    dst: &mut [u8],
    runs: impl Iterator<Item = (isize, usize)> + Clone,
) -> Result<()> {
    let mut decoder = Decoder::new(entry, coded, false)?;
    let mut one = |at: isize, dst: &mut [u8]| decoder.read(coded.skip + position(at)? as u64, dst);
    let ascending = {
        let mut end = 0;
        runs.clone().all(|(at, len)| {
            let ascends = at >= end;
            end = at.saturating_add_unsigned(len);
            ascends
        })
    };
    let mut filled = 0;
    if ascending {
        for (at, len) in runs {
            one(at, &mut dst[filled..filled + len])?;
            filled += len;
        }
        return Ok(());
    }
    let mut sorted: Vec<(isize, usize, usize)> = Vec::new();
    for (at, len) in runs {
        sorted.push((at, len, filled));
        filled += len;
    }
    sorted.sort_unstable();
    sorted.into_iter().try_for_each(|(at, len, to)| one(at, &mut dst[to..to + len]))
}

fn position(at: isize) -> Result<usize> {
    usize::try_from(at).map_err(|_| Error::invalid("a selection that begins before the array"))
}
