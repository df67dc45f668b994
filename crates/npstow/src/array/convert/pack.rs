//! Arrays of any layout to elements back to back.
#![forbid(unsafe_code)]

use super::swap::{band_len, swap_band, swap_by};
use super::{Strided, copy_strided};
use crate::array::{Array, MemoryOrder, strides};
use crate::dtype::SwapPlan;
use std::ops::Range;

/// Fills `dst` with all elements in that order, each of them swapped by `plan`.
pub(in crate::array) fn pack(array: &Array, order: MemoryOrder, dst: &mut [u8], plan: &SwapPlan) {
    let itemsize = array.dtype.itemsize();
    if itemsize == 0 {
        return;
    }
    match array.bytes() {
        Some(src) if array.is_contiguous(order) => copy_swapped(dst, src, itemsize, plan),
        _ => {
            let whole = strides(&array.shape, itemsize, order);
            let to = Strided { bytes: &mut *dst, offset: 0, strides: &whole };
            copy_strided(&array.shape, itemsize, to, &source(array));
            swap_by(dst, itemsize, plan);
        }
    }
}

fn source(array: &Array) -> Strided<'_, &[u8]> {
    Strided { bytes: &array.data, offset: array.offset, strides: &array.strides }
}

/// Copies and swaps band by band, so that each band is swapped while it is in the cache.
fn copy_swapped(dst: &mut [u8], src: &[u8], itemsize: usize, plan: &SwapPlan) {
    let band = band_len(itemsize);
    let one = |(dst, src): (&mut [u8], &[u8])| {
        dst.copy_from_slice(src);
        swap_band(dst, itemsize, plan);
    };
    #[cfg(feature = "parallel")]
    if super::is_shared(dst.len()) {
        use rayon::prelude::*;
        dst.par_chunks_mut(band).zip(src.par_chunks(band)).for_each(one);
        return;
    }
    dst.chunks_mut(band).zip(src.chunks(band)).for_each(one);
}

/// Fills `dst` with the elements `range`, counted in that order.
pub(in crate::array) fn pack_range(
    array: &Array,
    order: MemoryOrder,
    range: Range<usize>,
    dst: &mut [u8],
) {
    let itemsize = array.dtype.itemsize();
    if itemsize == 0 || array.is_empty() {
        return;
    }
    if let Some(src) = array.bytes().filter(|_| array.is_contiguous(order)) {
        dst.copy_from_slice(&src[range.start * itemsize..range.end * itemsize]);
        return;
    }
    let (mut shape, mut steps) = (array.shape.clone(), array.strides.clone());
    if order == MemoryOrder::F {
        shape.reverse();
        steps.reverse();
    }
    rows(&array.data, itemsize, (&shape, &steps, array.offset), range, dst);
}

/// The elements `range` in C order: a part of a row, whole rows, a part of a row.
fn rows(
    src: &[u8],
    itemsize: usize,
    (shape, steps, start): (&[usize], &[isize], usize),
    range: Range<usize>,
    dst: &mut [u8],
) {
    if range.is_empty() {
        return;
    }
    let (Some((_, row_shape)), Some((step, row_steps))) =
        (shape.split_first(), steps.split_first())
    else {
        dst.copy_from_slice(&src[start..start + itemsize]);
        return;
    };
    let row_len: usize = row_shape.iter().product();
    let row_start = |row: usize| start.wrapping_add_signed(super::signed(row).wrapping_mul(*step));
    let (mut first, last) = (range.start / row_len, range.end / row_len);
    let (skip, more) = (range.start % row_len, range.end % row_len);
    let mut rest = dst;
    if skip > 0 {
        let end = if first == last { more } else { row_len };
        let (head, after) = rest.split_at_mut((end - skip) * itemsize);
        rows(src, itemsize, (row_shape, row_steps, row_start(first)), skip..end, head);
        if first == last {
            return;
        }
        rest = after;
        first += 1;
    }
    let whole = last - first;
    let (middle, tail) = rest.split_at_mut(whole * row_len * itemsize);
    if whole > 0 {
        let shape = [&[whole], row_shape].concat();
        let packed = strides(&shape, itemsize, MemoryOrder::C);
        let to = Strided { bytes: middle, offset: 0, strides: &packed };
        let from = Strided { bytes: src, offset: row_start(first), strides: steps };
        copy_strided(&shape, itemsize, to, &from);
    }
    rows(src, itemsize, (row_shape, row_steps, row_start(last)), 0..more, tail);
}
