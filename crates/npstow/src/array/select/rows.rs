//! The part of a selection that falls on some rows of an array.
#![forbid(unsafe_code)]

use super::{Pick, Resolved, signed};
use std::ops::Range;

/// Where in the result of a selection a part of it belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Where {
    /// It is all of it.
    Everywhere,
    /// From this index of an axis on.
    From { axis: usize, start: usize },
    /// At these indices of an axis.
    At { axis: usize, indices: Vec<usize> },
}

impl Where {
    /// Where its bytes begin in a result of these strides in C order, if they lie back to back.
    pub(crate) fn contiguous(&self, shape: &[usize], strides: &[isize]) -> Option<usize> {
        match self {
            Self::Everywhere => Some(0),
            Self::From { axis, start } if shape.iter().take(*axis).all(|&n| n == 1) => {
                Some(start * strides.get(*axis)?.unsigned_abs())
            }
            _ => None,
        }
    }
}

/// Which of `count` steps from `start` on fall into `rows`.
fn steps_within(start: usize, step: isize, count: usize, rows: &Range<usize>) -> Range<usize> {
    let stride = step.unsigned_abs().max(1);
    // How many steps it takes to come to an index, or past it.
    let (first, end) = if step > 0 {
        let steps = |index: usize| index.saturating_sub(start).div_ceil(stride);
        (steps(rows.start), steps(rows.end))
    } else {
        let steps = |behind: usize| match start.checked_sub(behind) {
            Some(far) => far / stride + 1,
            None => 0,
        };
        (steps(rows.end), steps(rows.start))
    };
    first.min(count)..end.min(count).max(first.min(count))
}

impl Resolved {
    /// What of this falls on some rows of the first axis, for an array that has these rows only,
    /// and where in the result it belongs; `None` where nothing does.
    pub(crate) fn in_rows(&self, rows: &Range<usize>) -> Option<(Self, Where)> {
        let mut part = self.clone();
        if let Some((_, index)) = part.fixed.iter_mut().find(|(axis, _)| *axis == 0) {
            *index = rows.contains(index).then(|| *index - rows.start)?;
            let some = !self.shape.contains(&0);
            return some.then_some((part, Where::Everywhere));
        }
        let mut picks = part.picks.iter_mut().enumerate();
        let (axis, where_) = picks.find_map(|(at, pick)| match pick {
            Pick::Range { axis: 0, start, step } => {
                let steps = steps_within(*start, *step, self.shape[at], rows);
                let first = signed(*start) + signed(steps.start) * *step - signed(rows.start);
                *start = first.unsigned_abs();
                part.shape[at] = steps.len();
                Some((at, Where::From { axis: at, start: steps.start }))
            }
            Pick::List { axis: 0, indices } => {
                let here = |(_, index): &(usize, &usize)| rows.contains(index);
                let found = indices.iter().enumerate().filter(here);
                let (to, from) = found.map(|(at, index)| (at, index - rows.start)).unzip();
                *indices = from;
                part.shape[at] = indices.len();
                Some((at, Where::At { axis: at, indices: to }))
            }
            _ => None,
        })?;
        (part.shape[axis] > 0 && !self.shape.contains(&0)).then_some((part, where_))
    }
}
