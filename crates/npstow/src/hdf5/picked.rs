//! Which elements a virtual dataset takes, and where they go: runs in C order.
//!
//! What a few bytes of a file claim is never written out: blocks at even distances stay numbers,
//! and a list of blocks becomes a tree with at most one branch for each block and axis.
#![forbid(unsafe_code)]

use super::object::selection::{Axis, Block, Selected, UNLIMITED};
use crate::{Error, Result};
use std::ops::Range;

/// The elements of a selection.
#[derive(Clone, Debug)]
pub(super) struct Picked {
    /// None where there are no axes.
    top: Option<Level>,
    count: u64,
    lows: Vec<u64>,
    ends: Vec<u64>,
}

/// What is selected on an axis, and on those behind it.
#[derive(Clone, Debug)]
struct Level {
    spans: Spans,
    below: Below,
    /// Elements of all spans.
    count: u64,
}

/// Indices that lie one after another, in order.
#[derive(Clone, Debug)]
enum Spans {
    Even(Even),
    /// First indices, how many there are of each, and elements of the spans before.
    Listed(Vec<(u64, u64, u64)>),
}

/// Blocks at even distances; the last one may be cut.
#[derive(Clone, Copy, Debug)]
struct Even {
    start: u64,
    stride: u64,
    block: u64,
    /// Indices of all blocks.
    total: u64,
}

/// What is selected behind an axis.
#[derive(Clone, Debug)]
enum Below {
    /// It is the last one.
    Nothing,
    /// The same wherever one is on the axis.
    Same(Box<Level>),
    /// For each span of the axis.
    Each(Vec<Level>),
}

impl Even {
    /// Of an axis without a bound, the indices below `length`, or as many as are wanted.
    fn new(axis: Axis, length: u64, wanted: Option<u64>) -> Result<Self> {
        let Axis { start, stride, count, block } = axis;
        if count > 1 && block != UNLIMITED && stride < block {
            let found = format!("blocks of {block} at distances of {stride}");
            return Err(Error::corrupt("a selection of blocks that do not overlap", found));
        }
        let left = length.saturating_sub(start);
        let total = match (axis.is_unlimited(), wanted) {
            _ if block == 0 || count == 0 => 0,
            (false, _) => axis.len(),
            (true, Some(wanted)) => wanted,
            (true, None) if block == UNLIMITED || left == 0 => left,
            (true, None) => {
                let whole = (left - 1) / stride;
                let last = block.min(left - whole * stride);
                whole.saturating_mul(block).saturating_add(last)
            }
        };
        Ok(Self { start, stride, block, total })
    }

    fn span(&self, number: u64) -> Option<(u64, u64)> {
        let before = number.checked_mul(self.block).filter(|before| *before < self.total)?;
        let start = self.start.saturating_add(number.saturating_mul(self.stride));
        Some((start, self.block.min(self.total - before)))
    }

    /// The index behind the last one.
    fn end(&self) -> u64 {
        let last = self.total.checked_sub(1).and_then(|last| last.checked_div(self.block));
        let span = last.and_then(|last| self.span(last));
        span.map_or(0, |(start, len)| start.saturating_add(len))
    }
}

impl Spans {
    fn get(&self, number: u64) -> Option<(u64, u64)> {
        match self {
            Self::Even(even) => even.span(number),
            Self::Listed(all) => usize::try_from(number)
                .ok()
                .and_then(|n| all.get(n))
                .map(|&(start, len, _)| (start, len)),
        }
    }

    /// The number of the first span that may reach an index.
    fn first(&self, index: u64) -> u64 {
        match self {
            // A single block may be longer than its distance.
            Self::Even(even) if even.total <= even.block => 0,
            Self::Even(even) => {
                index.saturating_sub(even.start).checked_div(even.stride).unwrap_or(0)
            }
            Self::Listed(all) => {
                all.partition_point(|&(start, len, _)| start.saturating_add(len) <= index) as u64
            }
        }
    }
}

impl Level {
    /// Elements of each index of a span.
    fn each(&self, number: u64) -> u64 {
        self.below.get(number).map_or(1, |level| level.count)
    }

    /// Elements before a span.
    fn before(&self, number: u64) -> u64 {
        match &self.spans {
            Spans::Even(even) => {
                number.saturating_mul(even.block).saturating_mul(self.each(number))
            }
            Spans::Listed(all) => {
                let span = usize::try_from(number).ok().and_then(|number| all.get(number));
                span.map_or(self.count, |(_, _, before)| *before)
            }
        }
    }

    /// The span that has an element of that number, and the number of the element in the span.
    fn find(&self, element: u64) -> Option<(u64, u64)> {
        let number = match &self.spans {
            Spans::Even(even) => element.checked_div(self.each(0).saturating_mul(even.block))?,
            Spans::Listed(all) => {
                let behind = all.partition_point(|(_, _, before)| *before <= element);
                behind.checked_sub(1)? as u64
            }
        };
        Some((number, element.checked_sub(self.before(number))?))
    }

    /// Calls `take` with the runs within a region: the number of the first element among all that
    /// are selected, where it is, and how many there are.
    fn within(
        &self,
        axes: &[(Range<u64>, u64)],
        (number, base): (u64, u64),
        take: &mut impl FnMut(u64, u64, u64) -> Result<()>,
    ) -> Result<()> {
        let Some(((axis, step), rest)) = axes.split_first() else { return Ok(()) };
        for span in self.spans.first(axis.start).. {
            let Some((first, len)) = self.spans.get(span) else { break };
            if first >= axis.end {
                break;
            }
            let (start, end) = (first.max(axis.start), first.saturating_add(len).min(axis.end));
            let each = self.each(span);
            let number = number + self.before(span);
            let at = |index: u64| {
                let ahead = (index - first).saturating_mul(each);
                (number.saturating_add(ahead), base.wrapping_add(index.wrapping_mul(*step)))
            };
            match self.below.get(span) {
                _ if start >= end => {}
                None => {
                    let (number, place) = at(start);
                    take(number, place, end - start)?;
                }
                Some(below) => {
                    (start..end).try_for_each(|index| below.within(rest, at(index), take))?;
                }
            }
        }
        Ok(())
    }
}

impl Below {
    fn get(&self, number: u64) -> Option<&Level> {
        match self {
            Self::Nothing => None,
            Self::Same(level) => Some(level),
            Self::Each(all) => usize::try_from(number).ok().and_then(|n| all.get(n)),
        }
    }
}

impl Picked {
    /// The elements of a selection from axes of these lengths; of an axis without a bound, those
    /// within them, or as many as are wanted on it.
    ///
    /// # Errors
    /// `Corrupt` for another number of axes, and for blocks that overlap.
    pub(super) fn new(
        selected: &Selected,
        lengths: &[u64],
        wanted: Option<(usize, u64)>,
    ) -> Result<Self> {
        let rank = |found: usize| match found == lengths.len() {
            true => Ok(()),
            false => {
                let expected = format!("a selection of {} axes", lengths.len());
                Err(Error::corrupt(expected, found))
            }
        };
        let whole = |&length: &u64| Axis { start: 0, stride: 1, count: 1, block: length };
        match selected {
            Selected::All => {
                Self::even(&lengths.iter().map(whole).collect::<Vec<_>>(), |_| (0, None))
            }
            Selected::Regular(axes) => {
                rank(axes.len())?;
                Self::even(axes, |at| {
                    let wanted = wanted.filter(|(axis, _)| *axis == at);
                    (lengths.get(at).copied().unwrap_or(0), wanted.map(|(_, wanted)| wanted))
                })
            }
            Selected::Blocks(blocks) => {
                blocks.iter().try_for_each(|(low, _)| rank(low.len()))?;
                Self::listed(blocks, lengths.len())
            }
            Selected::Points(_) => Err(Error::unsupported("a virtual dataset of single points")),
        }
    }

    fn even(axes: &[Axis], of: impl Fn(usize) -> (u64, Option<u64>)) -> Result<Self> {
        let axes = axes.iter().enumerate().map(|(at, axis)| {
            let (length, wanted) = of(at);
            Even::new(*axis, length, wanted)
        });
        let axes = axes.collect::<Result<Vec<Even>>>()?;
        let count = axes.iter().fold(1u64, |n, axis| n.saturating_mul(axis.total));
        let ends = axes.iter().map(Even::end).collect();
        let lows = axes.iter().map(|axis| axis.start).collect();
        let top = axes.iter().rev().fold(None, |below: Option<Level>, axis| {
            let below = below.map_or(Below::Nothing, |level| Below::Same(Box::new(level)));
            let each = match &below {
                Below::Same(level) => level.count,
                _ => 1,
            };
            let count = axis.total.saturating_mul(each);
            Some(Level { spans: Spans::Even(*axis), below, count })
        });
        Ok(Self { top, count, lows, ends })
    }

    fn listed(blocks: &[Block], rank: usize) -> Result<Self> {
        let (mut count, mut lows, mut ends) = (0u64, vec![u64::MAX; rank], vec![0; rank]);
        for (low, high) in blocks {
            let mut size = 1u64;
            let edges = lows.iter_mut().zip(&mut ends);
            for ((low, high), (first, end)) in low.iter().zip(high).zip(edges) {
                *first = (*low).min(*first);
                let last = high.checked_sub(*low);
                let found = || Error::corrupt("a block that ends behind its start", high);
                size = size.saturating_mul(last.ok_or_else(found)?.saturating_add(1));
                *end = high.saturating_add(1).max(*end);
            }
            count = count.saturating_add(size);
        }
        let mut blocks: Vec<&Block> = blocks.iter().collect();
        let top = if rank == 0 { None } else { Some(branches(&mut blocks, 0, rank)?) };
        Ok(Self { top, count, lows, ends })
    }

    /// How many elements there are.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// The index behind the last one, of every axis.
    pub(super) fn ends(&self) -> &[u64] {
        &self.ends
    }

    /// The smallest region that has all of them; empty where there are none.
    pub(super) fn extent(&self) -> Region {
        let edges = self.lows.iter().zip(&self.ends);
        edges.map(|(&low, &end)| if self.count == 0 { 0..0 } else { low..end.max(low) }).collect()
    }

    /// Calls `take` with the runs within a region: the number of the first element among all that
    /// are selected, where it is within the region, and how many there are.
    pub(super) fn within(
        &self,
        region: &[Range<u64>],
        mut take: impl FnMut(u64, u64, u64) -> Result<()>,
    ) -> Result<()> {
        match &self.top {
            _ if self.count == 0 => Ok(()),
            None => take(0, 0, 1),
            Some(top) => {
                let (steps, base) = steps(region);
                let axes: Vec<_> = region.iter().cloned().zip(steps).collect();
                top.within(&axes, (0, base), &mut take)
            }
        }
    }

    /// Whether all of them are within these lengths, which are those of `what`.
    ///
    /// # Errors
    /// `Corrupt` where one is not.
    pub(super) fn check(&self, lengths: &[u64], what: &str) -> Result<()> {
        let mut axes = self.ends.iter().zip(lengths);
        match axes.find(|(end, length)| self.count > 0 && end > length) {
            Some((end, length)) => {
                let expected = format!("a selection of the {length} elements of an axis of {what}");
                Err(Error::corrupt(expected, format!("the element {}", end - 1)))
            }
            None => Ok(()),
        }
    }
}

/// What blocks select from an axis on: they are the same on it, or apart, as HDF5 writes them.
fn branches(blocks: &mut [&Block], axis: usize, rank: usize) -> Result<Level> {
    let on = |block: &&Block| {
        let of = |all: &[u64]| all.get(axis).copied().unwrap_or(0);
        (of(&block.0), of(&block.1))
    };
    blocks.sort_unstable_by_key(on);
    let (mut spans, mut below, mut end) = (Vec::new(), Vec::new(), None);
    let mut count = 0u64;
    for same in blocks.chunk_by_mut(|one, other| on(one) == on(other)) {
        let Some((low, high)) = same.first().map(on) else { continue };
        let is_last = axis + 1 == rank;
        if is_last && same.len() > 1 {
            return Err(Error::corrupt("blocks that do not overlap", "the same twice"));
        }
        if end.is_some_and(|end| low <= end) {
            return Err(Error::unsupported("a virtual dataset of blocks that lie across others"));
        }
        end = Some(high);
        let len = (high - low).saturating_add(1);
        spans.push((low, len, count));
        let mut each = 1;
        if !is_last {
            let level = branches(same, axis + 1, rank)?;
            each = level.count;
            below.push(level);
        }
        count = count.saturating_add(len.saturating_mul(each));
    }
    let below = if axis + 1 == rank { Below::Nothing } else { Below::Each(below) };
    Ok(Level { spans: Spans::Listed(spans), below, count })
}

/// A part of an array: indices on every axis.
pub(super) type Region = Vec<Range<u64>>;

/// Elements of a region from one index to the next, on every axis; and what is to be added, so
/// that they count from its first one.
fn steps(region: &[Range<u64>]) -> (Vec<u64>, u64) {
    let mut steps = vec![1u64; region.len()];
    let (mut step, mut before) = (1u64, 0u64);
    for (place, axis) in steps.iter_mut().zip(region).rev() {
        *place = step;
        before = before.wrapping_add(axis.start.wrapping_mul(step));
        step = step.saturating_mul(axis.end.saturating_sub(axis.start));
    }
    (steps, 0u64.wrapping_sub(before))
}

/// A walk over elements: runs of such as lie one after another, in C order.
pub(super) struct Runs<'a> {
    top: Option<&'a Level>,
    base: u64,
    /// How far the walk is on each axis, from the first one on.
    frames: Vec<Frame<'a>>,
    /// Elements of an array from one index to the next, on every axis.
    steps: Vec<u64>,
    /// The only element of an array without axes.
    single: bool,
}

struct Frame<'a> {
    level: &'a Level,
    /// What of the axes before it counts.
    base: u64,
    /// The next span, and what is left of this one.
    number: u64,
    at: u64,
    left: u64,
    below: Option<&'a Level>,
}

impl<'a> Frame<'a> {
    fn new(level: &'a Level, base: u64) -> Self {
        Self { level, base, number: 0, at: 0, left: 0, below: None }
    }

    /// Goes on to the next span where this one is at its end; false behind the last one.
    fn advance(&mut self) -> bool {
        if self.left == 0 {
            let Some((start, len)) = self.level.spans.get(self.number) else { return false };
            self.below = self.level.below.get(self.number);
            (self.at, self.left, self.number) = (start, len, self.number + 1);
        }
        true
    }
}

impl<'a> Runs<'a> {
    /// The elements, counted from the first one of a region that has all that are asked for.
    pub(super) fn new(picked: &'a Picked, region: &[Range<u64>]) -> Self {
        let (steps, base) = steps(region);
        // Nothing on one axis is nothing at all, however much there is on those before it.
        let top = picked.top.as_ref().filter(|_| picked.count > 0);
        let frames = top.map(|level| Frame::new(level, base)).into_iter().collect();
        Self { top, base, frames, steps, single: picked.top.is_none() && picked.count > 0 }
    }

    /// Goes to the element of that number among all that are selected.
    pub(super) fn seek(&mut self, mut element: u64) {
        self.frames.clear();
        let (mut level, mut base, mut steps) = (self.top, self.base, self.steps.iter());
        while let Some(here) = level {
            let Some((number, rest)) = here.find(element) else { return };
            let Some((start, len)) = here.spans.get(number) else { return };
            let each = here.each(number).max(1);
            let (ahead, below) = (rest / each, here.below.get(number));
            element = rest % each;
            let (at, left) = (start.saturating_add(ahead), len.saturating_sub(ahead));
            let mut frame = Frame { level: here, base, number: number + 1, at, left, below };
            if below.is_some() {
                base = base.wrapping_add(at.wrapping_mul(steps.next().copied().unwrap_or(1)));
                frame.at += 1;
                frame.left = left.saturating_sub(1);
            }
            self.frames.push(frame);
            level = below;
        }
    }

    /// Makes a region wider by `count` elements of the last run, `ahead` behind its first one.
    pub(super) fn widen(&self, region: &mut [Range<u64>], ahead: u64, count: u64) {
        for (axis, frame) in region.iter_mut().zip(&self.frames) {
            let one = match frame.below {
                Some(_) => frame.at.saturating_sub(1)..frame.at,
                None => frame.at.saturating_add(ahead)..frame.at.saturating_add(ahead + count),
            };
            *axis = match axis.is_empty() {
                true => one,
                false => axis.start.min(one.start)..axis.end.max(one.end),
            };
        }
    }
}

impl Iterator for Runs<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        if std::mem::take(&mut self.single) {
            return Some(0..1);
        }
        loop {
            let step = self.frames.len().checked_sub(1).and_then(|axis| self.steps.get(axis));
            let step = step.copied().unwrap_or(1);
            let frame = self.frames.last_mut()?;
            if !frame.advance() {
                self.frames.pop();
                continue;
            }
            let start = frame.base.wrapping_add(frame.at.wrapping_mul(step));
            let Some(below) = frame.below else {
                let end = start.saturating_add(std::mem::take(&mut frame.left));
                let index = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
                return Some(index(start)..index(end));
            };
            frame.at += 1;
            frame.left -= 1;
            self.frames.push(Frame::new(below, start));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    fn runs(selected: &Selected, shape: &[usize], wanted: Option<(usize, u64)>) -> Vec<usize> {
        let lengths: Vec<u64> = shape.iter().map(|&n| n as u64).collect();
        let picked = Picked::new(selected, &lengths, wanted).unwrap();
        let whole: Region = lengths.iter().map(|&n| 0..n).collect();
        let all: Vec<usize> = Runs::new(&picked, &whole).flatten().collect();
        assert_eq!(picked.count(), all.len() as u64);
        for number in 0..all.len() {
            let mut runs = Runs::new(&picked, &whole);
            runs.seek(number as u64);
            assert_eq!(runs.flatten().collect::<Vec<_>>(), all[number..]);
        }
        assert!(
            all.is_empty() || wanted.is_some() || shape.is_empty() || within(&picked, shape, &all)
        );
        all
    }

    /// Whether some regions of the array have just those elements that are in them.
    fn within(picked: &Picked, shape: &[usize], all: &[usize]) -> bool {
        (0..4u64).all(|step| {
            let sides = shape.iter().map(|&n| n as u64);
            let region: Region = sides.map(|n| (step % 2).min(n)..n - (step / 2).min(n)).collect();
            let mut found = Vec::new();
            let take = |number: u64, _, len: u64| {
                found.extend(number..number + len);
                Ok(())
            };
            picked.within(&region, take).unwrap();
            let is_in = |mut at: usize| {
                shape.iter().zip(&region).rev().all(|(&n, side)| {
                    let index = (at % n) as u64;
                    at /= n;
                    side.contains(&index)
                })
            };
            let wanted = (0u64..).zip(all).filter(|(_, at)| is_in(**at)).map(|(number, _)| number);
            found == wanted.collect::<Vec<_>>()
        })
    }

    fn axis(start: u64, stride: u64, count: u64, block: u64) -> Axis {
        Axis { start, stride, count, block }
    }

    /// Blocks of first and last indices.
    fn blocks(all: &[(&[u64], &[u64])]) -> Selected {
        Selected::Blocks(all.iter().map(|(low, high)| (low.to_vec(), high.to_vec())).collect())
    }

    fn refused(selected: &Selected, lengths: &[u64]) -> ErrorKind {
        let picked = Picked::new(selected, lengths, None);
        picked.and_then(|picked| picked.check(lengths, "x")).unwrap_err().kind()
    }

    #[test]
    fn even_blocks_and_their_list_are_the_same() {
        let even = Selected::Regular(vec![axis(1, 4, 3, 2)]);
        let list = blocks(&[(&[9], &[10]), (&[1], &[2]), (&[5], &[6])]);
        for selected in [even, list] {
            assert_eq!(runs(&selected, &[99], None), [1, 2, 5, 6, 9, 10]);
        }
        let even = Selected::Regular(vec![axis(0, 2, 2, 1), axis(1, 3, 2, 2)]);
        let list = blocks(&[
            (&[0, 1], &[0, 2]),
            (&[0, 4], &[0, 5]),
            (&[2, 1], &[2, 2]),
            (&[2, 4], &[2, 5]),
        ]);
        for selected in [even, list] {
            assert_eq!(runs(&selected, &[3, 6], None), [1, 2, 4, 5, 13, 14, 16, 17]);
        }
        assert_eq!(runs(&Selected::All, &[2, 3], None), [0, 1, 2, 3, 4, 5]);
        assert_eq!(runs(&Selected::All, &[], None), [0]);
        assert!(runs(&blocks(&[]), &[2, 3], None).is_empty());
    }

    #[test]
    fn uneven_blocks_are_walked_in_c_order() {
        // A corner, and what is left of the rows below it.
        let list = blocks(&[(&[1, 0], &[2, 0]), (&[0, 1], &[0, 2]), (&[1, 2], &[2, 2])]);
        assert_eq!(runs(&list, &[3, 3], None), [1, 2, 3, 5, 6, 8]);
        let list = blocks(&[(&[1, 0, 1], &[1, 1, 1]), (&[0, 1, 0], &[0, 1, 1])]);
        assert_eq!(runs(&list, &[2, 2, 2], None), [2, 3, 5, 7]);
    }

    #[test]
    fn what_has_no_bound_ends_with_the_axis_or_what_is_wanted() {
        let open = Selected::Regular(vec![axis(1, 3, UNLIMITED, 2)]);
        assert_eq!(runs(&open, &[8], None), [1, 2, 4, 5, 7]);
        assert_eq!(runs(&open, &[9], None), [1, 2, 4, 5, 7, 8]);
        assert_eq!(runs(&open, &[10], None), [1, 2, 4, 5, 7, 8]);
        assert!(runs(&open, &[1], None).is_empty());
        assert_eq!(runs(&open, &[0], Some((0, 3))), [1, 2, 4]);
        let block = Selected::Regular(vec![axis(2, 1, 1, UNLIMITED)]);
        assert_eq!(runs(&block, &[5], None), [2, 3, 4]);
        let picked = Picked::new(&open, &[0], Some((0, 3))).unwrap();
        assert_eq!(picked.ends(), [5]);
    }

    #[test]
    fn what_is_claimed_takes_no_memory() {
        let much = Selected::Regular(vec![axis(0, 2, 1 << 60, 1), axis(0, 1, 0, 1)]);
        assert!(runs(&much, &[9, 9], None).is_empty());
        let much = Selected::Regular(vec![axis(0, 2, 1 << 60, 1)]);
        assert_eq!(refused(&much, &[u64::MAX >> 8]), ErrorKind::Corrupt);
        let much = blocks(&[(&[0, 0], &[u64::MAX, 0]), (&[0, 7], &[u64::MAX, u64::MAX])]);
        assert_eq!(refused(&much, &[1 << 50, 1 << 50]), ErrorKind::Corrupt);
    }

    #[test]
    fn what_is_wrong_is_refused() {
        let corrupt = [
            (Selected::Regular(vec![axis(0, 1, 2, 2)]), &[9][..]),
            (Selected::Regular(vec![axis(0, 0, UNLIMITED, 1)]), &[9]),
            (Selected::Regular(vec![axis(0, 2, 2, 1)]), &[2]),
            (Selected::Regular(vec![]), &[2]),
            (blocks(&[(&[1], &[0])]), &[9]),
            (blocks(&[(&[1], &[9])]), &[9]),
            (blocks(&[(&[1, 0], &[1, 0])]), &[9]),
            (blocks(&[(&[1, 0], &[2, 3]), (&[1, 0], &[2, 3])]), &[9, 9]),
        ];
        for (selected, lengths) in corrupt {
            assert_eq!(refused(&selected, lengths), ErrorKind::Corrupt, "{selected:?}");
        }
        let unsupported = [
            (blocks(&[(&[0], &[3]), (&[2], &[5])]), &[9][..]),
            (blocks(&[(&[0, 0], &[3, 1]), (&[2, 5], &[5, 6])]), &[9, 9]),
            (Selected::Points(vec![(vec![1], vec![1])]), &[9]),
        ];
        for (selected, lengths) in unsupported {
            assert_eq!(refused(&selected, lengths), ErrorKind::Unsupported, "{selected:?}");
        }
    }
}
