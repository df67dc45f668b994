//! Where the chunks of a dataset are, whichever of six indices knows it.
#![forbid(unsafe_code)]

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
    // Arrays of chunks are counted over the largest lengths that a dataset may take.
    let most = space.most.as_deref().filter(|most| !most.contains(&u64::MAX));
    let most = most.unwrap_or(&space.shape);
    let indexed = match grid.index {
        Index::BTree1 => structures.btree_1(grid.address, &grid.chunk)?,
        Index::BTree2 => structures.btree_2(grid.address, &grid.chunk)?,
        Index::FixedArray => structures.fixed_array(grid.address, most, &grid.chunk)?,
        Index::ExtensibleArray => {
            let shapes = (&space.shape[..], space.most.as_deref());
            structures.extensible_array(grid.address, shapes, &grid.chunk)?
        }
        Index::Single(packed) => {
            let (len, skipped) = packed.unwrap_or((each, 0));
            let origin = vec![0; chunk.len()];
            vec![Indexed { origin, address: grid.address, len, skipped }]
        }
        Index::Implicit => implicit(file, (most, &grid.chunk), grid.address, each)?,
    };
    let place = |at: &Indexed| {
        let number = chunk::number(&counts, &chunk, &at.origin)?;
        let offset = at.address.checked_add(file.base())?;
        let len = if at.len == 0 { each } else { at.len };
        (at.address != UNDEFINED).then_some(Stored { number, offset, len, skipped: at.skipped })
    };
    Ok(indexed.iter().filter_map(place).collect())
}

/// Chunks that lie one after another, all of them.
fn implicit(
    file: &File,
    (shape, chunk): (&[u64], &[u32]),
    address: u64,
    each: u64,
) -> Result<Vec<Indexed>> {
    let counts: Vec<u64> =
        shape.iter().zip(chunk).map(|(n, &c)| n.div_ceil(u64::from(c).max(1))).collect();
    let all = counts.iter().try_fold(1u64, |n, &count| n.checked_mul(count));
    let there = file.source().len().saturating_sub(file.position(address)?);
    let all = all.filter(|all| all.checked_mul(each).is_some_and(|len| len <= there));
    let Some(all) = all else {
        let expected = format!("chunks of {each} bytes for the shape {shape:?}");
        let found = format!("the end after {there} bytes");
        return Err(Error::corrupt(expected, found).at(file.base().saturating_add(address)));
    };
    let one = |number: u64| {
        let mut rest = number;
        let mut origin: Vec<u64> = Vec::with_capacity(counts.len());
        for (&count, &chunk) in counts.iter().zip(chunk).rev() {
            origin.push(rest % count.max(1) * u64::from(chunk));
            rest /= count.max(1);
        }
        origin.reverse();
        Indexed { origin, address: address + number * each, len: each, skipped: 0 }
    };
    Ok((0..all).map(one).collect())
}
