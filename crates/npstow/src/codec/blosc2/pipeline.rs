//! The filters of Blosc 2, undone block by block.
#![forbid(unsafe_code)]

use super::super::{blosc, shuffle};
use crate::{Error, Result};

/// Memory that blocks share, and what their streams may take.
#[derive(Debug)]
pub(super) struct Work {
    /// Packed bytes that no stream has taken yet: none is part of two blocks.
    left: usize,
    pub(super) one: Vec<u8>,
    two: Vec<u8>,
    /// The first block of a chunk, which the others may be relative to.
    first: Vec<u8>,
}

impl Work {
    pub(super) fn new(packed_len: usize) -> Self {
        Self { left: packed_len, one: Vec::new(), two: Vec::new(), first: Vec::new() }
    }

    /// An error where streams take more than there is.
    pub(super) fn take(&mut self, len: usize) -> Result<()> {
        let left = self.left.checked_sub(len);
        self.left = left.ok_or_else(|| Error::corrupt("streams one after another", "the same"))?;
        Ok(())
    }
}

/// A filter that has something to undo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Shuffle(usize),
    Bits,
    Delta,
    ByteDelta(usize),
}

impl Step {
    /// Whether the bytes change places.
    fn moves(self) -> bool {
        matches!(self, Self::Shuffle(_) | Self::Bits)
    }
}

/// The filters of a chunk, in the order of undoing them.
#[derive(Debug, Default)]
pub(super) struct Pipeline {
    version: u8,
    itemsize: usize,
    steps: Vec<Step>,
}

impl Pipeline {
    /// `whole`: the size of elements that the frame names; a chunk has one byte for it.
    pub(super) fn parse(
        (version, itemsize, whole): (u8, usize, usize),
        filters: impl DoubleEndedIterator<Item = (u8, u8)>,
    ) -> Result<Self> {
        let mut steps = Vec::new();
        for (filter, meta) in filters.rev() {
            let meta = usize::from(meta);
            let name = match filter {
                // The fourth cuts digits off, the last but one bits; that is for good.
                0 | 4 | 36 => continue,
                1 => {
                    steps.push(Step::Shuffle(if meta == 0 { itemsize } else { meta }));
                    continue;
                }
                2 => {
                    steps.push(Step::Bits);
                    continue;
                }
                3 => {
                    steps.push(Step::Delta);
                    continue;
                }
                35 => {
                    steps.push(Step::ByteDelta(if meta == 0 { whole } else { meta }));
                    continue;
                }
                32 => "ndcell",
                33 => "ndmean",
                34 => "the first bytedelta",
                _ => "of a plugin",
            };
            let what = format!("the filter {filter} ({name}) within blosc2");
            return Err(Error::unsupported(what));
        }
        Ok(Self { version, itemsize, steps })
    }

    /// Whether the streams of a block are not unpacked into its place, but into the first scratch.
    pub(super) fn moves(&self) -> bool {
        self.steps.iter().any(|step| step.moves())
    }

    /// Undoes all of them; `start` is where in the chunk the block is.
    pub(super) fn undo(&self, start: usize, dst: &mut [u8], work: &mut Work) {
        let mut moves = self.steps.iter().filter(|step| step.moves()).count();
        for step in &self.steps {
            if step.moves() {
                moves -= 1;
                if moves == 0 {
                    self.moved(*step, &work.one, dst);
                    continue;
                }
                work.two.resize(dst.len(), 0);
                self.moved(*step, &work.one, &mut work.two);
                std::mem::swap(&mut work.one, &mut work.two);
                continue;
            }
            let here = if moves == 0 { &mut *dst } else { work.one.as_mut_slice() };
            match *step {
                Step::ByteDelta(planes) => undo_byte_delta(planes, here),
                _ => undo_delta(self.unit(), (start > 0).then_some(&work.first), here),
            }
        }
        if start == 0 && self.steps.contains(&Step::Delta) {
            work.first.clear();
            work.first.extend_from_slice(dst);
        }
    }

    fn moved(&self, step: Step, from: &[u8], to: &mut [u8]) {
        match step {
            Step::Shuffle(itemsize) => shuffle::unshuffle(from, itemsize, to),
            _ => blosc::unshuffle_bits(self.version, self.itemsize, from, to),
        }
    }

    /// What differences are taken of: elements, halves of wide ones, or bytes.
    fn unit(&self) -> usize {
        match self.itemsize {
            size @ (2 | 4 | 8) => size,
            size if size > 0 && size % 8 == 0 => 8,
            _ => 1,
        }
    }
}

/// Elements as differences (by exclusive or) to the ones before them, or to those of the first block.
fn undo_delta(unit: usize, first: Option<&Vec<u8>>, dst: &mut [u8]) {
    let items = dst.chunks_exact_mut(unit);
    if let Some(first) = first {
        for (item, other) in items.zip(first.chunks_exact(unit)) {
            item.iter_mut().zip(other).for_each(|(byte, other)| *byte ^= other);
        }
        return;
    }
    let mut before = [0; 8];
    for item in items {
        for (byte, last) in item.iter_mut().zip(&mut before) {
            *byte ^= *last;
            *last = *byte;
        }
    }
}

/// Bytes as differences to the ones before them, in each of so many planes.
fn undo_byte_delta(planes: usize, dst: &mut [u8]) {
    let each = dst.len().checked_div(planes).unwrap_or(0);
    if each == 0 {
        return;
    }
    for plane in dst.chunks_exact_mut(each).take(planes) {
        let mut last = 0u8;
        for byte in plane {
            last = last.wrapping_add(*byte);
            *byte = last;
        }
    }
}
