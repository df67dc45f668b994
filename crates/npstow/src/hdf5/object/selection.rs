//! Selections of elements, as references and virtual datasets have them (HDF5 VIII).
#![forbid(unsafe_code)]

use crate::cursor::Cursor;
use crate::hdf5::read::{unknown, unsigned};
use crate::{Error, Result};

/// First and last indices of a block, one list each with a number for every axis.
pub(in crate::hdf5) type Block = (Vec<u64>, Vec<u64>);

/// A selection of elements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::hdf5) enum Selected {
    All,
    /// Blocks that do not overlap.
    Blocks(Vec<Block>),
    /// Single elements, in an order of their own.
    Points(Vec<Block>),
    /// Blocks at even distances, on every axis.
    Regular(Vec<Axis>),
}

/// Blocks at even distances on one axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::hdf5) struct Axis {
    pub(in crate::hdf5) start: u64,
    pub(in crate::hdf5) stride: u64,
    pub(in crate::hdf5) count: u64,
    pub(in crate::hdf5) block: u64,
}

/// A count, or a length of a block, without a bound.
pub(in crate::hdf5) const UNLIMITED: u64 = u64::MAX;

impl Axis {
    /// Whether it goes on for as long as there are elements.
    pub(in crate::hdf5) fn is_unlimited(&self) -> bool {
        self.count == UNLIMITED || self.block == UNLIMITED
    }

    /// How many indices are selected.
    pub(in crate::hdf5) fn len(&self) -> u64 {
        self.count.saturating_mul(self.block)
    }

    /// Only the block of that number.
    pub(in crate::hdf5) fn block_of(&self, number: u64) -> Self {
        let start = self.start.saturating_add(number.saturating_mul(self.stride));
        Self { start, count: 1, ..*self }
    }

    fn last(&self) -> u64 {
        let blocks = self.count.saturating_sub(1).saturating_mul(self.stride);
        self.start.saturating_add(blocks).saturating_add(self.block.saturating_sub(1))
    }
}

impl Selected {
    /// Parses a selection, which nothing says the length of beforehand.
    pub(in crate::hdf5) fn parse(cursor: &mut Cursor<'_>) -> Result<Self> {
        let kind = cursor.u32_le("a type of a selection")?;
        let version = cursor.u32_le("a version of a selection")?;
        match (kind, version) {
            (0 | 3, _) => {
                cursor.take(8, "a length of a selection")?;
                Ok(if kind == 3 { Self::All } else { Self::Blocks(Vec::new()) })
            }
            (1, 1) => {
                cursor.take(8, "a length of a selection")?;
                points(cursor, 4)
            }
            (1, 2) => {
                let width = cursor.u8("a width of numbers")?.into();
                points(cursor, width)
            }
            (2, 1) => {
                cursor.take(8, "a length of a selection")?;
                let rank = rank(cursor)?;
                block_list(cursor, rank, 4)
            }
            (2, 2) => {
                let flags = cursor.u8("flags")?;
                cursor.take(4, "a length of a selection")?;
                hyperslab(cursor, 8, flags)
            }
            (2, 3) => {
                let flags = cursor.u8("flags")?;
                let width = cursor.u8("a width of numbers")?.into();
                hyperslab(cursor, width, flags)
            }
            (kind, version) => {
                Err(unknown("a selection of type and version", format!("{kind}.{version}")))
            }
        }
    }

    /// How many points are selected, and the first and the last indices of what holds them all.
    pub(in crate::hdf5) fn bounds(&self) -> (u64, Option<Block>) {
        match self {
            Self::All => (0, None),
            Self::Blocks(blocks) | Self::Points(blocks) => block_bounds(blocks),
            Self::Regular(axes) => {
                let points = axes.iter().fold(1u64, |n, axis| n.saturating_mul(axis.len()));
                let low = axes.iter().map(|axis| axis.start).collect();
                let high = axes.iter().map(Axis::last).collect();
                (points, (points > 0).then_some((low, high)))
            }
        }
    }
}

fn rank(cursor: &mut Cursor<'_>) -> Result<usize> {
    let rank = cursor.u32_le("a number of axes")?;
    let found = usize::try_from(rank).ok().filter(|rank| *rank <= 64);
    found.ok_or_else(|| Error::corrupt("a selection of at most 64 axes", rank))
}

/// A number of blocks, for each of which there must be bytes.
fn counted(cursor: &Cursor<'_>, count: u64, each: usize) -> Result<u64> {
    let there = (cursor.rest().len() / each.max(1)) as u64;
    if count > there {
        return Err(Error::corrupt(format_args!("{count} blocks"), there).at(cursor.position()));
    }
    Ok(count)
}

fn numbers(cursor: &mut Cursor<'_>, rank: usize, width: usize) -> Result<Vec<u64>> {
    (0..rank).map(|_| unsigned(cursor, width, "an index")).collect()
}

fn points(cursor: &mut Cursor<'_>, width: usize) -> Result<Selected> {
    let rank = rank(cursor)?;
    let count = unsigned(cursor, width, "a number of points")?;
    let count = counted(cursor, count, rank * width)?;
    let point = |_| numbers(cursor, rank, width).map(|at| (at.clone(), at));
    Ok(Selected::Points((0..count).map(point).collect::<Result<_>>()?))
}

fn block_list(cursor: &mut Cursor<'_>, rank: usize, width: usize) -> Result<Selected> {
    let count = unsigned(cursor, width, "a number of blocks")?;
    let count = counted(cursor, count, 2 * rank * width)?;
    let block = |_| Ok((numbers(cursor, rank, width)?, numbers(cursor, rank, width)?));
    Ok(Selected::Blocks((0..count).map(block).collect::<Result<_>>()?))
}

fn hyperslab(cursor: &mut Cursor<'_>, width: usize, flags: u8) -> Result<Selected> {
    let rank = rank(cursor)?;
    if flags & 1 == 0 {
        return block_list(cursor, rank, width);
    }
    let largest = u64::MAX.checked_shr(64 - 8 * u32::try_from(width.min(8)).unwrap_or(8));
    let open = |n: u64| if Some(n) == largest { UNLIMITED } else { n };
    let mut axes = Vec::with_capacity(rank);
    for _ in 0..rank {
        if let [start, stride, count, block] = numbers(cursor, 4, width)?[..] {
            axes.push(Axis { start, stride, count: open(count), block: open(block) });
        }
    }
    Ok(Selected::Regular(axes))
}

fn block_bounds(blocks: &[Block]) -> (u64, Option<Block>) {
    let mut points = 0u64;
    let mut all: Option<Block> = None;
    for (low, high) in blocks {
        let count = low.iter().zip(high).fold(1u64, |n, (low, high)| {
            n.saturating_mul(high.saturating_sub(*low).saturating_add(1))
        });
        points = points.saturating_add(count);
        match &mut all {
            None => all = Some((low.clone(), high.clone())),
            Some((least, most)) => {
                least.iter_mut().zip(low).for_each(|(least, low)| *least = (*least).min(*low));
                most.iter_mut().zip(high).for_each(|(most, high)| *most = (*most).max(*high));
            }
        }
    }
    (points, all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(numbers: &[u32]) -> Vec<u8> {
        numbers.iter().flat_map(|n| n.to_le_bytes()).collect()
    }

    #[test]
    fn blocks_points_and_regular_ones() {
        let blocks = words(&[2, 1, 0, 0, 2, 2, 0, 0, 1, 1, 5, 5, 5, 9]);
        let selected = Selected::parse(&mut Cursor::new(&blocks)).unwrap();
        assert_eq!(selected.bounds(), (9, Some((vec![0, 0], vec![5, 9]))));
        for len in 0..blocks.len() {
            assert!(Selected::parse(&mut Cursor::new(&blocks[..len])).is_err(), "{len}");
        }
        let points = words(&[1, 1, 0, 0, 1, 2, 7, 3]);
        let selected = Selected::parse(&mut Cursor::new(&points)).unwrap();
        assert_eq!(selected.bounds(), (2, Some((vec![3], vec![7]))));
        let mut regular = words(&[2, 2]);
        regular.push(1);
        regular.extend(words(&[0, 1]));
        for n in [1u64, 4, 3, 2] {
            regular.extend(n.to_le_bytes());
        }
        let selected = Selected::parse(&mut Cursor::new(&regular)).unwrap();
        assert_eq!(selected.bounds(), (6, Some((vec![1], vec![10]))));
    }
}
