//! Selections: what NumPy calls basic indexing, and one list of indices, as runs of bytes.
//!
//! [`Selection::resolve`] turns what was asked for into what it means for a shape;
//! [`Resolved::runs`] walks it in C order of the result. Neighbours are joined, so that whole
//! inner axes are one run, and a run costs no allocation.
#![forbid(unsafe_code)]

mod rows;

pub(crate) use rows::Where;

use super::Shown;
use super::layout::{MAX_NDIM, signed};
use crate::{Error, Result};
use std::fmt;
use std::ops::{Bound, RangeBounds};

/// What is picked from one axis (or added as one) by a [`Selection`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Index {
    /// `start:stop:step`; what is out of range is clamped, negative numbers count from the end.
    Slice {
        /// The first index; by default the first in the direction of the step.
        start: Option<i64>,
        /// Where to stop, exclusive; by default after the last.
        stop: Option<i64>,
        /// Not zero.
        step: i64,
    },
    /// One index; the axis disappears. Negative ones count from the end.
    At(i64),
    /// These indices, in this order. One axis at most has a list.
    List(Vec<i64>),
    /// A new axis of length one: `None` in Python.
    NewAxis,
    /// All axes that are not named: `...` in Python.
    Ellipsis,
}

/// A part of an array, as written between brackets in NumPy.
///
/// As text, one pair of brackets around the whole may be there or not: they are those of the
/// indexing, `[:, 0]` and `:, 0` are `x[:, 0]`, `[[1, 5]]` is `x[[1, 5]]`. Only brackets around
/// nothing but numbers are a list even so: `[1, 5]` is `x[[1, 5]]`, while `1, 5` and `(1, 5)` are
/// `x[1, 5]`. Lists within lists are refused.
///
/// ```
/// use npstow::Selection;
/// let typed: Selection = "10:20, ..., [1, 5]".parse()?;
/// let built = Selection::all().slice(10..20).ellipsis().list([1, 5]);
/// assert_eq!(typed, built);
/// assert_eq!(built.resolve(&[100, 7, 6])?.shape(), [10, 7, 2]);
/// # Ok::<(), npstow::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection(Vec<Index>);

impl From<Vec<Index>> for Selection {
    fn from(indices: Vec<Index>) -> Self {
        Self(indices)
    }
}

impl Selection {
    /// Everything: the start of a selection built axis by axis.
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    /// Rows of the first axis.
    ///
    /// ```
    /// use npstow::Selection;
    /// assert_eq!(Selection::rows(-3..).resolve(&[10, 4])?.shape(), [3, 4]);
    /// # Ok::<(), npstow::Error>(())
    /// ```
    #[must_use]
    pub fn rows(range: impl RangeBounds<i64>) -> Self {
        Self::all().slice(range)
    }

    /// The next axis: from start to stop.
    #[must_use]
    pub fn slice(self, range: impl RangeBounds<i64>) -> Self {
        self.step(range, 1)
    }

    /// The next axis: from start to stop in steps, which may be negative.
    #[must_use]
    pub fn step(self, range: impl RangeBounds<i64>, step: i64) -> Self {
        let start = match range.start_bound() {
            Bound::Included(start) => Some(*start),
            Bound::Excluded(start) => Some(start.saturating_add(1)),
            Bound::Unbounded => None,
        };
        let stop = match range.end_bound() {
            // -1 as the last index has no successor that counts from the end.
            Bound::Included(-1) | Bound::Unbounded => None,
            Bound::Included(stop) => Some(stop.saturating_add(1)),
            Bound::Excluded(stop) => Some(*stop),
        };
        self.push(Index::Slice { start, stop, step })
    }

    /// The next axis: one index.
    #[must_use]
    pub fn at(self, index: i64) -> Self {
        self.push(Index::At(index))
    }

    /// The next axis: a list of indices.
    #[must_use]
    pub fn list(self, indices: impl Into<Vec<i64>>) -> Self {
        self.push(Index::List(indices.into()))
    }

    /// A new axis of length one.
    #[must_use]
    pub fn new_axis(self) -> Self {
        self.push(Index::NewAxis)
    }

    /// All axes that no other index names.
    #[must_use]
    pub fn ellipsis(self) -> Self {
        self.push(Index::Ellipsis)
    }

    /// The next index, whichever.
    #[must_use]
    pub fn push(mut self, index: Index) -> Self {
        self.0.push(index);
        self
    }

    /// The indices as given.
    #[must_use]
    pub fn indices(&self) -> &[Index] {
        &self.0
    }

    /// What the selection means for an array of this shape, by NumPy's rules.
    ///
    /// # Errors
    /// `Invalid`, naming axis and length: an index out of bounds, too many indices, two ellipses,
    /// a step of zero. `Unsupported`: more than one list.
    pub fn resolve(&self, shape: &[usize]) -> Result<Resolved> {
        let takes = |index: &&Index| !matches!(index, Index::NewAxis | Index::Ellipsis);
        let taken = self.0.iter().filter(takes).count();
        let ellipses = self.0.iter().filter(|i| matches!(i, Index::Ellipsis)).count();
        if ellipses > 1 {
            return Err(Error::invalid("an index can only have a single ellipsis ('...')"));
        }
        if self.0.iter().filter(|i| matches!(i, Index::List(_))).count() > 1 {
            return Err(Error::unsupported("more than one list of indices in a selection"));
        }
        let ndim = shape.len();
        let unnamed = ndim.checked_sub(taken).ok_or_else(|| {
            Error::invalid(format_args!(
                "too many indices: the array has {ndim} axes, but {taken} were indexed"
            ))
        })?;
        let mut picks = Picks::default();
        for index in &self.0 {
            match index {
                Index::Ellipsis => picks.rest(shape, unnamed),
                Index::NewAxis => picks.push(Pick::New, 1),
                Index::Slice { start, stop, step } => {
                    picks.slice(shape, *start, *stop, *step)?;
                }
                Index::At(index) => picks.at(shape, *index)?,
                Index::List(indices) => picks.list(shape, indices)?,
            }
        }
        if ellipses == 0 {
            picks.rest(shape, unnamed);
        }
        picks.finish()
    }
}

impl fmt::Display for Selection {
    /// As written in Python, without the outer brackets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = |n: &Option<i64>| n.map_or_else(String::new, |n| n.to_string());
        for (i, index) in self.0.iter().enumerate() {
            f.write_str(if i > 0 { ", " } else { "" })?;
            match index {
                Index::Slice { start, stop, step: 1 } => {
                    write!(f, "{}:{}", number(start), number(stop))?;
                }
                Index::Slice { start, stop, step } => {
                    write!(f, "{}:{}:{step}", number(start), number(stop))?;
                }
                Index::At(index) => write!(f, "{index}")?,
                Index::List(indices) => write!(f, "{indices:?}")?,
                Index::NewAxis => f.write_str("None")?,
                Index::Ellipsis => f.write_str("...")?,
            }
        }
        Ok(())
    }
}

/// A [`Selection`] applied to a shape: every index checked, every length known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    shape: Vec<usize>,
    /// For each axis of the result, where its elements come from.
    picks: Vec<Pick>,
    /// Axes of the array at one index, which the result does not have.
    fixed: Vec<(usize, usize)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Pick {
    New,
    Range { axis: usize, start: usize, step: isize },
    List { axis: usize, indices: Vec<usize> },
}

/// A [`Resolved`] in the making.
#[derive(Default)]
struct Picks {
    shape: Vec<usize>,
    picks: Vec<Pick>,
    fixed: Vec<(usize, usize)>,
    /// The next axis of the array.
    axis: usize,
    has_list: bool,
    /// Groups of neighbouring lists and single indices; within groups NumPy's result has the
    /// list's axis in place, with two or more groups it comes first (`mapping.c`, `consec`).
    groups: usize,
    in_group: bool,
}

impl Picks {
    fn push(&mut self, pick: Pick, length: usize) {
        self.picks.push(pick);
        self.shape.push(length);
        self.in_group = false;
    }

    fn rest(&mut self, shape: &[usize], axes: usize) {
        // An ellipsis that stands for no axis still parts its neighbours.
        self.in_group = false;
        for length in shape.iter().skip(self.axis).take(axes) {
            self.push(Pick::Range { axis: self.axis, start: 0, step: 1 }, *length);
            self.axis += 1;
        }
    }

    /// Takes the next axis and its length. That there is one was checked.
    fn next(&mut self, shape: &[usize]) -> (usize, usize) {
        let axis = self.axis;
        self.axis += 1;
        (axis, shape.get(axis).copied().unwrap_or(0))
    }

    /// Python's `slice.indices`.
    fn slice(
        &mut self,
        shape: &[usize],
        start: Option<i64>,
        stop: Option<i64>,
        step: i64,
    ) -> Result<()> {
        let (axis, length) = self.next(shape);
        if step == 0 {
            return Err(Error::invalid(format_args!(
                "the step of a slice is zero for axis {axis} with size {length}"
            )));
        }
        let n = signed(length) as i128;
        let (low, high) = if step > 0 { (0, n) } else { (-1, n - 1) };
        let clamped = |index: Option<i64>, default: i128| {
            index.map_or(default, |index| {
                let index = i128::from(index);
                (if index < 0 { index + n } else { index }).clamp(low, high)
            })
        };
        let (first, last) = if step > 0 { (low, high) } else { (high, low) };
        let (start, stop) = (clamped(start, first), clamped(stop, last));
        let step = i128::from(step);
        let span = if step > 0 { stop - start } else { start - stop };
        let picked = if span <= 0 { 0 } else { (span - 1) / step.abs() + 1 };
        // All of these lie within 0..=length, but for steps that are never taken.
        let start = if picked == 0 { 0 } else { usize::try_from(start).unwrap_or(0) };
        let step = if picked <= 1 { 1 } else { isize::try_from(step).unwrap_or(1) };
        self.push(Pick::Range { axis, start, step }, usize::try_from(picked).unwrap_or(0));
        Ok(())
    }

    fn group(&mut self) {
        self.groups += usize::from(!self.in_group);
        self.in_group = true;
    }

    fn at(&mut self, shape: &[usize], index: i64) -> Result<()> {
        let (axis, length) = self.next(shape);
        self.fixed.push((axis, in_bounds(index, axis, length)?));
        self.group();
        Ok(())
    }

    fn list(&mut self, shape: &[usize], indices: &[i64]) -> Result<()> {
        let (axis, length) = self.next(shape);
        let indices: Result<Vec<usize>> =
            indices.iter().map(|index| in_bounds(*index, axis, length)).collect();
        let indices = indices?;
        let picked = indices.len();
        self.group();
        self.has_list = true;
        self.picks.push(Pick::List { axis, indices });
        self.shape.push(picked);
        Ok(())
    }

    fn finish(mut self) -> Result<Resolved> {
        let ndim = self.shape.len();
        if ndim > MAX_NDIM {
            return Err(Error::limit("a number of dimensions", MAX_NDIM as u64, ndim));
        }
        if self.has_list && self.groups > 1 {
            let at = self.picks.iter().position(|pick| matches!(pick, Pick::List { .. }));
            if let Some(at) = at {
                self.picks[..=at].rotate_right(1);
                self.shape[..=at].rotate_right(1);
            }
        }
        Ok(Resolved { shape: self.shape, picks: self.picks, fixed: self.fixed })
    }
}

fn in_bounds(index: i64, axis: usize, length: usize) -> Result<usize> {
    let n = signed(length) as i128;
    let positive = i128::from(index) + if index < 0 { n } else { 0 };
    usize::try_from(positive).ok().filter(|index| *index < length).ok_or_else(|| {
        Error::invalid(format_args!(
            "index {index} is out of bounds for axis {axis} with size {length}"
        ))
    })
}

impl Resolved {
    /// The shape of the result.
    #[must_use]
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Where the result starts, relative to element `[0, 0, …]`, and its strides; `None` with a
    /// list, whose steps are not even. The start means nothing where the result is empty.
    pub(crate) fn view(&self, strides: &[isize]) -> Option<(isize, Vec<isize>)> {
        let mut start = self.fixed_offset(strides);
        let mut view = Vec::with_capacity(self.picks.len());
        for pick in &self.picks {
            match pick {
                Pick::New => view.push(0),
                Pick::Range { axis, start: first, step } => {
                    let stride = strides.get(*axis).copied().unwrap_or(0);
                    start = start.wrapping_add(signed(*first).wrapping_mul(stride));
                    view.push(stride.wrapping_mul(*step));
                }
                Pick::List { .. } => return None,
            }
        }
        Some((start, view))
    }

    /// For each axis of the array, the indices that are picked, and the axis of the result that
    /// they run along; none where there is one index, and the result has no such axis.
    pub(crate) fn axes(&self, ndim: usize) -> Vec<(Vec<usize>, Option<usize>)> {
        let mut axes = vec![(Vec::new(), None); ndim];
        for (axis, index) in &self.fixed {
            if let Some(place) = axes.get_mut(*axis) {
                *place = (vec![*index], None);
            }
        }
        for (to, (pick, length)) in self.picks.iter().zip(&self.shape).enumerate() {
            let (axis, indices) = match pick {
                Pick::New => continue,
                Pick::Range { axis, start, step } => {
                    let index = |i| start.wrapping_add_signed(signed(i).wrapping_mul(*step));
                    (*axis, (0..*length).map(index).collect())
                }
                Pick::List { axis, indices } => (*axis, indices.clone()),
            };
            if let Some(place) = axes.get_mut(axis) {
                *place = (indices, Some(to));
            }
        }
        axes
    }

    fn fixed_offset(&self, strides: &[isize]) -> isize {
        let stride = |axis: usize| strides.get(axis).copied().unwrap_or(0);
        let offsets = self.fixed.iter().map(|(axis, index)| signed(*index) * stride(*axis));
        // Not more than the array's extent, which was checked; without elements it may be.
        offsets.fold(0, isize::wrapping_add)
    }

    /// Of each axis of the result, the first `lead` and the last ones, where there is a `lead`;
    /// else all.
    pub(crate) fn corners(mut self, shown: &[Shown]) -> Self {
        let axes = self.picks.iter_mut().zip(&mut self.shape).zip(shown);
        for ((pick, length), (lead, trail)) in axes.filter(|(_, (lead, _))| *lead > 0) {
            let indices = (0..*lead).chain(trail.clone());
            *length = lead + trail.len();
            *pick = match pick {
                Pick::New => Pick::New,
                Pick::Range { axis, start, step } => {
                    let index = |i| start.wrapping_add_signed(signed(i).wrapping_mul(*step));
                    Pick::List { axis: *axis, indices: indices.map(index).collect() }
                }
                Pick::List { axis, indices: all } => {
                    let some = indices.filter_map(|i| all.get(i).copied()).collect();
                    Pick::List { axis: *axis, indices: some }
                }
            };
        }
        self
    }

    /// The same elements with the axes of the result in reverse: its runs are those of this one's
    /// result in Fortran order.
    pub(crate) fn reversed(mut self) -> Self {
        self.shape.reverse();
        self.picks.reverse();
        self
    }

    /// The result in C order as contiguous runs of bytes `(offset, len)`, offsets relative to
    /// element `[0, 0, …]` of an array of these strides. Neighbouring runs are joined.
    pub(crate) fn runs(&self, strides: &[isize], itemsize: usize) -> Runs<'_> {
        if itemsize == 0 || self.shape.contains(&0) {
            return Runs { levels: Vec::new(), unit: 0, current: 0, left: 0 };
        }
        let mut current = self.fixed_offset(strides);
        let mut levels: Vec<Level<'_>> = Vec::with_capacity(self.picks.len());
        for (pick, len) in self.picks.iter().zip(&self.shape) {
            let level = match pick {
                Pick::New => continue,
                Pick::Range { axis, start, step } => {
                    let stride = strides.get(*axis).copied().unwrap_or(0);
                    current += signed(*start) * stride;
                    Level { len: *len, at: 0, stride: stride.wrapping_mul(*step), indices: None }
                }
                Pick::List { axis, indices } => {
                    let stride = strides.get(*axis).copied().unwrap_or(0);
                    current += signed(indices.first().copied().unwrap_or(0)) * stride;
                    Level { len: *len, at: 0, stride, indices: Some(indices) }
                }
            };
            if *len > 1 {
                match levels.last_mut() {
                    Some(outer) if outer.holds(&level) => {
                        *outer = Level { len: outer.len * level.len, ..level };
                    }
                    _ => levels.push(level),
                }
            }
        }
        let mut unit = itemsize;
        while let Some(inner) = levels.last() {
            if inner.indices.is_some() || inner.stride != signed(unit) {
                break;
            }
            unit *= inner.len;
            levels.pop();
        }
        let left = levels.iter().map(|level| level.len).product();
        Runs { levels, unit, current, left }
    }
}

/// One axis of the walk.
#[derive(Clone, Debug)]
struct Level<'a> {
    len: usize,
    at: usize,
    stride: isize,
    indices: Option<&'a [usize]>,
}

impl Level<'_> {
    /// Whether a step of this axis is a whole walk along `inner`, so that the two are one.
    fn holds(&self, inner: &Level<'_>) -> bool {
        self.indices.is_none()
            && inner.indices.is_none()
            && inner.stride.checked_mul(signed(inner.len)) == Some(self.stride)
    }

    /// Where the index at `at` lies, relative to index 0 of the axis.
    fn offset(&self, at: usize) -> isize {
        let index = self.indices.map_or(at, |indices| indices.get(at).copied().unwrap_or(0));
        signed(index) * self.stride
    }
}

/// See [`Resolved::runs`].
#[derive(Clone, Debug)]
pub(crate) struct Runs<'a> {
    /// From the outermost to the innermost; none of length one.
    levels: Vec<Level<'a>>,
    /// The length of one run before neighbours are joined.
    unit: usize,
    /// Where the next run starts.
    current: isize,
    /// How many runs there are still, before neighbours are joined.
    left: usize,
}

impl Runs<'_> {
    /// Moves on to the next run of `unit` bytes.
    fn step(&mut self) {
        self.left -= 1;
        for level in self.levels.iter_mut().rev() {
            let here = level.offset(level.at);
            level.at += 1;
            if level.at < level.len {
                self.current += level.offset(level.at) - here;
                return;
            }
            level.at = 0;
            self.current += level.offset(0) - here;
        }
    }
}

impl Iterator for Runs<'_> {
    type Item = (isize, usize);

    fn next(&mut self) -> Option<(isize, usize)> {
        if self.left == 0 {
            return None;
        }
        let (start, mut len) = (self.current, self.unit);
        self.step();
        while self.left > 0 && self.current == start + signed(len) {
            len += self.unit;
            self.step();
        }
        Some((start, len))
    }
}

#[cfg(test)]
mod tests;
