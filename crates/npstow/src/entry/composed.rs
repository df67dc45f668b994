//! Elements that come from several places.
#![forbid(unsafe_code)]

use super::{Entry, ReadOptions};
use crate::array::{MemoryOrder, Resolved, Strided, copy_strided, nbytes, strides};
use crate::{BufferMut, Limits, Result};
use std::fmt;
use std::ops::Range;

/// An array that is put together from others: a virtual dataset.
pub trait Composed: fmt::Debug + Send + Sync {
    /// What it is, for listings.
    fn what(&self) -> String;

    /// What it should be made of and is not there, and what stands in its place.
    fn left_out(&self) -> &[String] {
        &[]
    }

    /// Says whether there is enough of it.
    ///
    /// # Errors
    /// As [`Entry::check`](crate::Entry::check).
    fn check(&self, nbytes: usize, limits: &Limits) -> Result<()>;

    /// Writes the elements of a region, in C order and the byte order of the entry's dtype, into
    /// exactly `dst`. There is a range for each axis.
    ///
    /// # Errors
    /// As [`Entry::read`](crate::Entry::read).
    fn fill(&self, region: &[Range<usize>], dst: &mut [u8]) -> Result<()>;
}

impl Entry {
    /// The region that is all of it.
    pub(super) fn whole(&self) -> Vec<Range<usize>> {
        self.shape.iter().map(|&length| 0..length).collect()
    }

    /// What is put together comes in C order, and is brought into the other one.
    pub(super) fn fill_composed(
        &self,
        composed: &dyn Composed,
        dst: &mut [u8],
        options: &ReadOptions,
    ) -> Result<()> {
        let mut whole = BufferMut::zeroed(self.nbytes)?;
        composed.fill(&self.whole(), whole.bytes_mut())?;
        let itemsize = self.dtype.itemsize();
        let from = strides(&self.shape, itemsize, MemoryOrder::C);
        let to = strides(&self.shape, itemsize, MemoryOrder::F);
        let into = Strided { bytes: &mut *dst, offset: 0, strides: &to };
        let from = Strided { bytes: whole.bytes(), offset: 0, strides: &from };
        copy_strided(&self.shape, itemsize, into, &from);
        self.swap(dst, options)
    }

    /// Takes what is selected out of the boxes that have it.
    pub(super) fn gather_composed(
        &self,
        composed: &dyn Composed,
        selected: &Resolved,
        dst: &mut [u8],
    ) -> Result<()> {
        if dst.is_empty() {
            return Ok(());
        }
        let axes = selected.axes(self.shape.len());
        let mut sides = Vec::new();
        for (at, (indices, _)) in axes.iter().enumerate() {
            sides.push(apart(indices, at < SPLIT));
        }
        let boxes: usize = sides.iter().map(Vec::len).product();
        let steps = strides(selected.shape(), self.dtype.itemsize(), MemoryOrder::C);
        for number in 0..boxes {
            let mut rest = number;
            let one = |side: &Vec<Range<usize>>| {
                let range = side.get(rest % side.len().max(1)).cloned().unwrap_or(0..0);
                rest /= side.len().max(1);
                range
            };
            let region: Vec<Range<usize>> = sides.iter().map(one).collect();
            let shape: Vec<usize> = region.iter().map(ExactSizeIterator::len).collect();
            let len = nbytes(&shape, self.dtype.itemsize())?;
            composed.check(len, &self.limits)?;
            self.limits.check_array(len as u64)?;
            let mut part = BufferMut::zeroed(len)?;
            composed.fill(&region, part.bytes_mut())?;
            let from = strides(&shape, self.dtype.itemsize(), MemoryOrder::C);
            if boxes == 1 {
                self.cut(selected, &region, &from, (part.bytes(), &mut *dst));
            } else {
                let places = region.iter().zip(&axes).zip(&from);
                let places = places.map(|((side, (indices, to)), from)| {
                    let to = to.and_then(|to| steps.get(to)).copied().unwrap_or(0).unsigned_abs();
                    let of = indices.iter().enumerate().filter(|(_, index)| side.contains(index));
                    of.map(|(at, index)| ((index - side.start) * from.unsigned_abs(), at * to))
                        .collect()
                });
                let places: Vec<Vec<(usize, usize)>> = places.collect();
                scatter(&places, self.dtype.itemsize(), (0, 0), (part.bytes(), &mut *dst));
            }
        }
        Ok(())
    }

    /// Takes what is selected out of the only box.
    fn cut(
        &self,
        selected: &Resolved,
        region: &[Range<usize>],
        steps: &[isize],
        (from, dst): (&[u8], &mut [u8]),
    ) {
        let sides = region.iter().zip(steps);
        let base: usize = sides.map(|(side, step)| side.start * step.unsigned_abs()).sum();
        let mut filled = 0;
        for (at, len) in selected.runs(steps, self.dtype.itemsize()) {
            let at = usize::try_from(at).ok().and_then(|at| at.checked_sub(base));
            let run = at.and_then(|at| from.get(at..at.saturating_add(len)));
            if let (Some(run), Some(to)) = (run, dst.get_mut(filled..filled + len)) {
                to.copy_from_slice(run);
            }
            filled += len;
        }
    }
}

/// So many axes may have two ends with nothing between them.
const SPLIT: usize = 4;

/// The range that has all indices; two where most of it is a gap, as where corners are shown.
fn apart(indices: &[usize], may: bool) -> Vec<Range<usize>> {
    let mut sorted = indices.to_vec();
    sorted.sort_unstable();
    let (Some(&first), Some(&last)) = (sorted.first(), sorted.last()) else { return Vec::new() };
    let pairs = sorted.iter().zip(sorted.iter().skip(1));
    let widest = pairs.max_by_key(|(low, high)| *high - *low);
    match widest {
        Some((&low, &high)) if may && high - low > (last - first) / 2 + 1 => {
            vec![first..low + 1, high..last + 1]
        }
        _ => std::iter::once(first..last + 1).collect(),
    }
}

/// Copies the elements of all combinations of places on the axes.
fn scatter(
    axes: &[Vec<(usize, usize)>],
    itemsize: usize,
    (from, to): (usize, usize),
    (source, dst): (&[u8], &mut [u8]),
) {
    let Some((axis, rest)) = axes.split_first() else {
        let item = source.get(from..from + itemsize);
        if let (Some(item), Some(place)) = (item, dst.get_mut(to..to + itemsize)) {
            place.copy_from_slice(item);
        }
        return;
    };
    for (ahead, further) in axis {
        scatter(rest, itemsize, (from + ahead, to + further), (source, &mut *dst));
    }
}
