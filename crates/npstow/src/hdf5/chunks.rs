//! Where the chunks of a dataset are, whichever of six indices knows it.
#![forbid(unsafe_code)]

use super::arrays::{Numbered, extensible, fixed};
use super::border::Indexed;
use super::file::File;
use super::object::layout::{Grid, Index};
use super::object::space::Space;
use super::read::UNDEFINED;
use crate::array::nbytes;
use crate::chunk::{self, Stored};
use crate::{Error, Result};

/// Finds all chunks of a dataset.
pub(super) fn stored(file: &File, space: &Space, grid: &Grid) -> Result<Vec<Stored>> {
    if grid.address == UNDEFINED {
        return Ok(Vec::new());
    }
    let shape = space.lengths()?;
    let chunk = grid.lengths();
    let itemsize = usize::try_from(grid.itemsize).unwrap_or(usize::MAX);
    let each = nbytes(&chunk, itemsize)? as u64;
    let counts: Vec<usize> = shape.iter().zip(&chunk).map(|(&n, &c)| n.div_ceil(c)).collect();
    if counts.contains(&0) {
        return Ok(Vec::new());
    }
    let structures = file.structures();
    let numbering = Numbering::new(space, &grid.chunk, grid.index == Index::ExtensibleArray);
    let numbered = |all: Vec<Numbered>| all.iter().map(|one| numbering.indexed(one)).collect();
    let indexed: Vec<Indexed> = match grid.index {
        Index::BTree1 => structures.btree_1(grid.address, &grid.chunk)?,
        Index::BTree2 => structures.btree_2(grid.address, &grid.chunk)?,
        Index::FixedArray => numbered(fixed(file, grid.address)?),
        Index::ExtensibleArray => numbered(extensible(file, grid.address, numbering.end())?),
        Index::Single(packed) => {
            let (len, skipped) = packed.unwrap_or((each, 0));
            let origin = vec![0; chunk.len()];
            vec![Indexed { origin, address: grid.address, len, skipped }]
        }
        Index::Implicit => numbered(implicit(file, &numbering, grid.address, each)?),
    };
    check(&indexed, &chunk, grid.index == Index::BTree1)?;
    let place = |at: &Indexed| {
        let number = chunk::number(&counts, &chunk, &at.origin)?;
        let offset = at.address.checked_add(file.base())?;
        let len = if at.len == 0 { each } else { at.len };
        (at.address != UNDEFINED).then_some(Stored { number, offset, len, skipped: at.skipped })
    };
    Ok(indexed.iter().filter_map(place).collect())
}

/// Refuses chunks that begin within others, and those that a tree does not have in order: whoever
/// looks them up finds others than who lists them.
fn check(indexed: &[Indexed], chunk: &[usize], is_sorted: bool) -> Result<()> {
    let is_apart = |one: &&Indexed| {
        let mut axes = one.origin.iter().zip(chunk);
        axes.any(|(&at, &length)| at % (length as u64).max(1) != 0)
    };
    if let Some(odd) = indexed.iter().find(is_apart) {
        let expected = format!("a chunk that begins at multiples of {chunk:?}");
        return Err(Error::corrupt(expected, format!("one at {:?}", odd.origin)));
    }
    let odd =
        indexed.iter().zip(indexed.iter().skip(1)).find(|(one, next)| one.origin >= next.origin);
    match odd {
        Some((one, next)) if is_sorted => {
            let expected = format!("a chunk behind that at {:?}", one.origin);
            Err(Error::corrupt(expected, format!("one at {:?}", next.origin)))
        }
        _ => Ok(()),
    }
}

/// How arrays number the chunks of a dataset: over the largest lengths that it may take.
struct Numbering {
    /// Axes from the slowest on: which, its chunks now and at most, and the length of a chunk.
    axes: Vec<(usize, u64, u64, u64)>,
}

impl Numbering {
    /// Of arrays that grow, the axis without a bound is the slowest one.
    fn new(space: &Space, chunk: &[u32], grows: bool) -> Self {
        let most = space.most.as_deref().filter(|most| grows || !most.contains(&u64::MAX));
        let most = most.unwrap_or(&space.shape);
        let axis = |(axis, ((&now, &most), &chunk)): (usize, ((&u64, &u64), &u32))| {
            let chunk = u64::from(chunk).max(1);
            let most = if most == u64::MAX { now } else { most.max(now) };
            (axis, now.div_ceil(chunk), most.div_ceil(chunk), chunk)
        };
        let shapes = space.shape.iter().zip(most).zip(chunk);
        let mut axes: Vec<_> = shapes.enumerate().map(axis).collect();
        if grows {
            let slowest = most.iter().position(|&most| most == u64::MAX).unwrap_or(0);
            axes.get_mut(..=slowest).unwrap_or_default().rotate_right(1);
        }
        Self { axes }
    }

    /// How many chunks there can be at most; none where they cannot be counted.
    fn count(&self) -> Option<u64> {
        self.axes.iter().try_fold(1u64, |n, (_, _, most, _)| n.checked_mul(*most))
    }

    /// The number behind that of the last chunk.
    fn end(&self) -> u64 {
        let last = self.axes.iter().fold(0u64, |n, (_, now, most, _)| {
            n.saturating_mul(*most).saturating_add(now.saturating_sub(1))
        });
        last.saturating_add(1)
    }

    /// A chunk by its number; beyond the dataset where it is too large.
    fn indexed(&self, chunk: &Numbered) -> Indexed {
        let Numbered { number, address, len, skipped } = *chunk;
        let (mut rest, mut origin) = (number, vec![0; self.axes.len()]);
        for (place, &(axis, _, most, length)) in self.axes.iter().enumerate().rev() {
            let at = if place == 0 { rest } else { rest % most.max(1) };
            rest /= most.max(1);
            if let Some(first) = origin.get_mut(axis) {
                *first = at.saturating_mul(length);
            }
        }
        Indexed { origin, address, len, skipped }
    }
}

/// Chunks that lie one after another, all of them.
fn implicit(file: &File, numbering: &Numbering, address: u64, each: u64) -> Result<Vec<Numbered>> {
    let there = file.source().len().saturating_sub(file.position(address)?);
    let all = numbering.count();
    let all = all.filter(|all| all.checked_mul(each).is_some_and(|len| len <= there));
    let Some(all) = all else {
        let expected = format!("all chunks, of {each} bytes each");
        let found = format!("the end after {there} bytes");
        return Err(Error::corrupt(expected, found).at(file.base().saturating_add(address)));
    };
    let one = |number: u64| {
        let address = address + number * each;
        Numbered { number, address, len: each, skipped: 0 }
    };
    Ok((0..all).map(one).collect())
}
