//! Pieces of an array that follow one another in C order and fit a bounded memory.
#![forbid(unsafe_code)]

use super::{Index, Selection};
use std::ops::Range;

/// Cuts an array of C order into contiguous pieces of at most `most` bytes (but one element at
/// least), in order. A piece is a range for every axis: single indices first, then a range on
/// one axis, then all of the faster ones.
pub(crate) fn bands(shape: &[usize], itemsize: usize, most: usize) -> Bands {
    // Elements of no bytes, however many, are no work.
    let empty = itemsize == 0 || shape.contains(&0);
    let mut inner = itemsize;
    let mut axis = shape.len();
    // The slowest axis on which a single step still fits.
    while axis > 0 {
        let larger = inner.saturating_mul(shape[axis - 1]);
        if larger > most {
            break;
        }
        inner = larger;
        axis -= 1;
    }
    // `axis` counts the axes in front of those that are taken whole.
    let step = match axis {
        0 => 1,
        _ => (most / (inner.max(1))).max(1),
    };
    let split = axis.checked_sub(1);
    Bands { shape: shape.to_vec(), split, step, next: (!empty).then(|| vec![0; axis]) }
}

/// Cuts an array of C order into pieces of `step` rows of its first axis, the last one of fewer.
pub(crate) fn rows(shape: &[usize], step: usize) -> Bands {
    let empty = shape.contains(&0);
    Bands { shape: shape.to_vec(), split: Some(0), step, next: (!empty).then(|| vec![0]) }
}

/// The selection of a piece, for an array whose axes are these.
pub(crate) fn selection(piece: &[Range<usize>]) -> Selection {
    // Lengths of arrays in memory fit.
    let end = |n: usize| Some(i64::try_from(n).unwrap_or(i64::MAX));
    let slice = |r: &Range<usize>| Index::Slice { start: end(r.start), stop: end(r.end), step: 1 };
    Selection::from(piece.iter().map(slice).collect::<Vec<_>>())
}

/// See [`bands`].
pub(crate) struct Bands {
    shape: Vec<usize>,
    /// The axis that is cut into ranges of `step`; the axes before it go index by index.
    split: Option<usize>,
    step: usize,
    /// The first index of the next piece, on the axes up to `split`.
    next: Option<Vec<usize>>,
}

impl Iterator for Bands {
    type Item = Vec<Range<usize>>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut at = self.next.take()?;
        let mut band: Vec<_> = self.shape.iter().map(|&n| 0..n).collect();
        let Some(split) = self.split else { return Some(band) };
        for (range, &start) in band.iter_mut().zip(&at) {
            *range = start..start + 1;
        }
        let end = (at[split] + self.step).min(self.shape[split]);
        band[split] = at[split]..end;
        at[split] = end;
        for axis in (0..=split).rev() {
            if at[axis] < self.shape[axis] {
                self.next = Some(at);
                break;
            }
            at[axis] = 0;
            if axis > 0 {
                at[axis - 1] += 1;
            }
        }
        Some(band)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_cover_everything_in_order_and_fit() {
        let shapes: [&[usize]; 8] =
            [&[], &[1], &[7], &[3, 4], &[2, 3, 4], &[1, 1, 9], &[5, 1, 1, 3], &[2, 2, 2, 2, 2]];
        for shape in shapes {
            let total: usize = shape.iter().product();
            for itemsize in [1, 3, 8] {
                for most in [1, 4, 10, 24, 100, 10_000] {
                    let mut next = 0;
                    for band in bands(shape, itemsize, most) {
                        let len: usize = band.iter().map(ExactSizeIterator::len).product();
                        let mut first = 0;
                        for (range, n) in band.iter().zip(shape) {
                            first = first * n + range.start;
                        }
                        assert_eq!(first, next, "{shape:?} {itemsize} {most} {band:?}");
                        assert!(len >= 1 && (len == 1 || len * itemsize <= most));
                        next += len;
                    }
                    assert_eq!(next, total, "{shape:?} {itemsize} {most}");
                }
            }
        }
        assert_eq!(bands(&[3, 0], 4, 100).count(), 0);
        assert_eq!(bands(&[usize::MAX], 0, 100).count(), 0);
    }
}
