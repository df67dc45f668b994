//! Elements from one layout to another, and from one byte order to the other.
//!
//! Every copy is first brought into a normal form ([`Plan`]): axes sorted so that the destination
//! is written front to back, axes that are one joined, the innermost run of bytes as long as it
//! can be. What remains is a `memcpy` of runs, a strided gather, or a transposition, which goes
//! by tiles: each side is then touched in whole cache lines. Large copies are halved along the
//! destination's outermost axis until the parts are worth a thread.
#![forbid(unsafe_code)]

mod kernels;
mod pack;
mod swap;

pub(super) use pack::{pack, pack_range};
pub(crate) use swap::swap_by;
#[cfg(test)]
use swap::swap_in_place;

use super::layout::signed;
use crate::Result;

/// Work below this many bytes is done by one thread; above, in parts of at least half of it.
#[cfg(feature = "parallel")]
const GRAIN: usize = 4 << 20;

/// One side of a copy: strides are in bytes, `offset` is where element `[0, 0, …]` starts.
#[derive(Debug)]
pub(crate) struct Strided<'a, B> {
    pub(crate) bytes: B,
    pub(crate) offset: usize,
    pub(crate) strides: &'a [isize],
}

/// Copies the elements of one layout into another of the same shape. Elements of `dst` must not
/// share bytes. Panics where a layout does not lie within its bytes.
// By value: the bytes are borrowed for writing.
#[allow(clippy::needless_pass_by_value)]
pub(crate) fn copy_strided(
    shape: &[usize],
    itemsize: usize,
    dst: Strided<'_, &mut [u8]>,
    src: &Strided<'_, &[u8]>,
) {
    if itemsize == 0 || shape.contains(&0) {
        return;
    }
    let Strided { bytes, offset, strides } = dst;
    let plan = Plan::new(shape, itemsize, strides, (src.offset, src.strides));
    let start = offset - plan.dst_back;
    part(&mut bytes[start..], src.bytes, plan.src_start, &plan.axes, plan.unit);
}

/// Whether work on so many bytes is for several threads.
#[cfg(feature = "parallel")]
fn is_shared(nbytes: usize) -> bool {
    nbytes > GRAIN && !crate::parallel::is_alone()
}

/// Does `fill(index, block)` for every block of `dst`, side by side where there are cores.
pub(crate) fn for_blocks(
    dst: &mut [u8],
    block: usize,
    fill: impl Fn(usize, &mut [u8]) -> Result<()> + Sync,
) -> Result<()> {
    #[cfg(feature = "parallel")]
    if is_shared(dst.len()) {
        use rayon::prelude::*;
        return dst.par_chunks_mut(block).enumerate().try_for_each(|(i, bytes)| fill(i, bytes));
    }
    dst.chunks_mut(block).enumerate().try_for_each(|(i, bytes)| fill(i, bytes))
}

/// As [`for_blocks`], and collects what each block gave, in order.
pub(crate) fn map_blocks<R: Send>(
    dst: &mut [u8],
    block: usize,
    fill: impl Fn(usize, &mut [u8]) -> Result<R> + Sync,
) -> Result<Vec<R>> {
    #[cfg(feature = "parallel")]
    if is_shared(dst.len()) {
        use rayon::prelude::*;
        return dst.par_chunks_mut(block).enumerate().map(|(i, bytes)| fill(i, bytes)).collect();
    }
    dst.chunks_mut(block).enumerate().map(|(i, bytes)| fill(i, bytes)).collect()
}

/// One axis of a copy.
#[derive(Clone, Copy, Debug)]
struct Axis {
    len: usize,
    /// Never negative.
    dst: usize,
    src: isize,
}

/// A copy in normal form.
struct Plan {
    /// From the largest step of the destination to the smallest; none of length one, no two that
    /// could be one.
    axes: Vec<Axis>,
    /// Contiguous bytes on both sides.
    unit: usize,
    /// How far before element `[0, 0, …]` the destination starts.
    dst_back: usize,
    src_start: usize,
}

impl Plan {
    fn new(
        shape: &[usize],
        itemsize: usize,
        dst_strides: &[isize],
        (src_offset, src_strides): (usize, &[isize]),
    ) -> Self {
        let (mut dst_back, mut src_start) = (0, src_offset);
        let mut axes: Vec<Axis> = Vec::with_capacity(shape.len());
        for ((len, dst), src) in shape.iter().zip(dst_strides).zip(src_strides) {
            if *len == 1 {
                continue;
            }
            let mut src = *src;
            if *dst < 0 {
                // The axis is walked from its other end on both sides.
                dst_back += dst.unsigned_abs() * (len - 1);
                src_start = src_start.wrapping_add_signed(src * signed(len - 1));
                src = -src;
            }
            axes.push(Axis { len: *len, dst: dst.unsigned_abs(), src });
        }
        axes.sort_by_key(|axis| std::cmp::Reverse(axis.dst));
        let mut joined: Vec<Axis> = Vec::with_capacity(axes.len());
        for axis in axes {
            match joined.last_mut() {
                Some(outer)
                    if outer.dst == axis.dst * axis.len
                        && outer.src == axis.src * signed(axis.len) =>
                {
                    *outer = Axis { len: outer.len * axis.len, ..axis };
                }
                _ => joined.push(axis),
            }
        }
        let mut unit = itemsize;
        if let Some(inner) = joined.last() {
            if inner.dst == unit && inner.src == signed(unit) {
                unit *= inner.len;
                joined.pop();
            }
        }
        Self { axes: joined, unit, dst_back, src_start }
    }
}

/// Copies a part: `dst` starts with its first element, `src` is everything.
#[cfg(feature = "parallel")]
fn part(dst: &mut [u8], src: &[u8], start: usize, axes: &[Axis], unit: usize) {
    let total = axes.iter().map(|axis| axis.len).product::<usize>().saturating_mul(unit);
    if !is_shared(total) {
        return kernels::copy(dst, src, start, axes, unit);
    }
    let Some((outer, rest)) = axes.split_first() else {
        let half = unit / 2;
        let (front, back) = dst.split_at_mut(half);
        rayon::join(
            || part(front, src, start, &[], half),
            || part(back, src, start + half, &[], unit - half),
        );
        return;
    };
    if outer.len == 1 {
        return part(dst, src, start, rest, unit);
    }
    let inner_extent = rest.iter().map(|axis| axis.dst * (axis.len - 1)).sum::<usize>() + unit;
    if outer.dst < inner_extent {
        // Rows of the destination lie between one another: no cut parts them.
        return kernels::copy(dst, src, start, axes, unit);
    }
    let half = outer.len / 2;
    let (front, back) = dst.split_at_mut(half * outer.dst);
    let with = |len: usize| {
        let mut axes = axes.to_vec();
        axes[0].len = len;
        axes
    };
    let (first, second) = (with(half), with(outer.len - half));
    let middle = start.wrapping_add_signed(signed(half) * outer.src);
    rayon::join(
        || part(front, src, start, &first, unit),
        || part(back, src, middle, &second, unit),
    );
}

/// Copies everything on this thread.
#[cfg(not(feature = "parallel"))]
fn part(dst: &mut [u8], src: &[u8], start: usize, axes: &[Axis], unit: usize) {
    kernels::copy(dst, src, start, axes, unit);
}

#[cfg(test)]
#[cfg(test)]
pub(super) mod tests;
