//! Byte groups reversed in place, as fast as memory gives them.
#![forbid(unsafe_code)]

use crate::dtype::SwapPlan;

/// What one thread swaps at a time: it stays in the cache between a copy and the swap.
pub(super) const BAND: usize = 256 << 10;

/// Reverses everything that has a byte order in items that lie back to back.
#[cfg(test)]
pub(super) fn swap_in_place(bytes: &mut [u8], dtype: &crate::Dtype) {
    swap_by(bytes, dtype.itemsize(), &dtype.swaps());
}

/// Reverses what the plan says in items that lie back to back, on all cores where there is
/// enough to do. Fields must not overlap; see `Dtype::has_overlap`.
pub(crate) fn swap_by(bytes: &mut [u8], itemsize: usize, plan: &SwapPlan) {
    if itemsize == 0 || *plan == SwapPlan::Nothing {
        return;
    }
    #[cfg(feature = "parallel")]
    if super::is_shared(bytes.len()) {
        use rayon::prelude::*;
        bytes.par_chunks_mut(band_len(itemsize)).for_each(|band| swap_band(band, itemsize, plan));
        return;
    }
    swap_band(bytes, itemsize, plan);
}

/// Whole items of about [`BAND`] bytes.
pub(super) fn band_len(itemsize: usize) -> usize {
    (BAND / itemsize).max(1) * itemsize
}

/// Swaps whole items on this thread.
pub(super) fn swap_band(bytes: &mut [u8], itemsize: usize, plan: &SwapPlan) {
    match plan {
        SwapPlan::Nothing | SwapPlan::Uniform(0) => {}
        SwapPlan::Uniform(2) => uniform::<2>(bytes),
        SwapPlan::Uniform(4) => uniform::<4>(bytes),
        SwapPlan::Uniform(8) => uniform::<8>(bytes),
        SwapPlan::Uniform(16) => uniform::<16>(bytes),
        SwapPlan::Uniform(width) => {
            bytes.chunks_exact_mut(*width).for_each(<[u8]>::reverse);
        }
        // Part by part: a band is in the cache, and each part then has a loop without decisions.
        SwapPlan::Parts(parts) => parts.iter().for_each(|part| {
            let range = part.offset..part.offset + part.nbytes * part.count;
            let items = bytes.chunks_exact_mut(itemsize).map(|item| &mut item[range.clone()]);
            match part.plan {
                SwapPlan::Uniform(2) => items.for_each(uniform::<2>),
                SwapPlan::Uniform(4) => items.for_each(uniform::<4>),
                SwapPlan::Uniform(8) => items.for_each(uniform::<8>),
                _ => items.for_each(|item| swap_band(item, part.nbytes, &part.plan)),
            }
        }),
    }
}

/// A loop that the compiler turns into shuffles of whole registers, as it knows the width.
fn uniform<const N: usize>(bytes: &mut [u8]) {
    for group in bytes.chunks_exact_mut(N) {
        group.reverse();
    }
}
