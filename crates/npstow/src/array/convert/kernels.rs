//! The loops that move bytes.
//!
//! Advice: the compiler must see item sizes as constants (`N`), or every element is a call to
//! `memcpy`. A tile is first gathered into a local array and then written row by row: the strided
//! side is touched once per cache line, and no index within the tile needs a check.
#![forbid(unsafe_code)]

use super::Axis;
use crate::array::layout::signed;

/// Copies along `axes`; `dst` starts with the first element, that of `src` is at `start`.
pub(super) fn copy(dst: &mut [u8], src: &[u8], start: usize, axes: &[Axis], unit: usize) {
    match unit {
        1 => sized::<1, 64>(dst, src, start, axes),
        2 => sized::<2, 32>(dst, src, start, axes),
        4 => sized::<4, 32>(dst, src, start, axes),
        8 => sized::<8, 16>(dst, src, start, axes),
        16 => sized::<16, 8>(dst, src, start, axes),
        _ => any(dst, src, start, axes, unit),
    }
}

/// A position `index` steps further.
fn moved(start: usize, index: usize, stride: isize) -> usize {
    start.wrapping_add_signed(signed(index).wrapping_mul(stride))
}

/// Units of a size that is not worth its own code: long runs, odd records.
fn any(dst: &mut [u8], src: &[u8], start: usize, axes: &[Axis], unit: usize) {
    let Some((outer, rest)) = axes.split_first() else {
        dst[..unit].copy_from_slice(&src[start..start + unit]);
        return;
    };
    if let Some((k, last)) = crossing(axes) {
        // Short units whose neighbours in the source are far apart in the destination.
        if unit < 256 && last.dst == unit {
            return blocked(dst, src, start, axes, k, &|dst, src, at, rows, columns| {
                for i in 0..rows.len {
                    let (d, s) = (i * rows.dst, moved(at, i, rows.src));
                    for j in 0..columns.len {
                        let (d, s) = (d + j * columns.dst, moved(s, j, columns.src));
                        dst[d..d + unit].copy_from_slice(&src[s..s + unit]);
                    }
                }
            });
        }
    }
    for i in 0..outer.len {
        any(&mut dst[i * outer.dst..], src, moved(start, i, outer.src), rest, unit);
    }
}

/// Units of `N` bytes; transpositions in tiles of `T` times `T`.
fn sized<const N: usize, const T: usize>(dst: &mut [u8], src: &[u8], start: usize, axes: &[Axis]) {
    if let Some((k, last)) = crossing(axes) {
        if last.dst == N {
            return blocked(dst, src, start, axes, k, &|dst, src, at, rows, columns| {
                transpose::<N, T>(dst, src, at, rows, columns);
            });
        }
    }
    match axes {
        [] => dst[..N].copy_from_slice(&src[start..start + N]),
        [line] => strided::<N>(dst, src, start, *line),
        [outer, rest @ ..] => {
            for i in 0..outer.len {
                let at = moved(start, i, outer.src);
                sized::<N, T>(&mut dst[i * outer.dst..], src, at, rest);
            }
        }
    }
}

/// One line of elements.
fn strided<const N: usize>(dst: &mut [u8], src: &[u8], start: usize, line: Axis) {
    if line.dst == N {
        for (i, to) in dst[..line.len * N].chunks_exact_mut(N).enumerate() {
            let at = moved(start, i, line.src);
            to.copy_from_slice(&src[at..at + N]);
        }
        return;
    }
    for i in 0..line.len {
        let (d, s) = (i * line.dst, moved(start, i, line.src));
        dst[d..d + N].copy_from_slice(&src[s..s + N]);
    }
}

/// The axis along which the source is densest, where that is not the last axis, along which the
/// destination is; and the last axis.
fn crossing(axes: &[Axis]) -> Option<(usize, Axis)> {
    let (last, outer) = axes.split_last()?;
    let densest = outer.iter().enumerate().filter(|(_, axis)| axis.src != 0);
    let (k, axis) = densest.min_by_key(|(_, axis)| axis.src.unsigned_abs())?;
    (axis.src.unsigned_abs() < last.src.unsigned_abs()).then_some((k, *last))
}

/// Where the two sides run across one another: walks axis `k` in blocks, within them all other
/// outer axes, and calls `tile(dst, src, at, rows, columns)` for each plane of axis `k` and the
/// last one. The blocks keep what is written between two passes in the cache.
fn blocked(
    dst: &mut [u8],
    src: &[u8],
    start: usize,
    axes: &[Axis],
    k: usize,
    tile: &impl Fn(&mut [u8], &[u8], usize, Axis, Axis),
) {
    const CACHED: usize = 128 << 10;
    let (rows, columns) = (axes[k], axes[axes.len() - 1]);
    let others: Vec<Axis> = axes[..axes.len() - 1]
        .iter()
        .enumerate()
        .filter_map(|(i, axis)| (i != k).then_some(*axis))
        .collect();
    let block = if others.is_empty() { rows.len } else { (CACHED / rows.dst.max(1)).max(64) };
    for first in (0..rows.len).step_by(block.max(1)) {
        let rows = Axis { len: block.min(rows.len - first), ..rows };
        let at = moved(start, first, rows.src);
        planes(&mut dst[first * rows.dst..], src, at, &others, &|dst, src, at| {
            tile(dst, src, at, rows, columns);
        });
    }
}

fn planes(
    dst: &mut [u8],
    src: &[u8],
    start: usize,
    others: &[Axis],
    plane: &impl Fn(&mut [u8], &[u8], usize),
) {
    let Some((outer, rest)) = others.split_first() else { return plane(dst, src, start) };
    for i in 0..outer.len {
        planes(&mut dst[i * outer.dst..], src, moved(start, i, outer.src), rest, plane);
    }
}

/// Elements at `rows` × `columns`; along the columns the destination is dense, along the rows the
/// source is denser.
fn transpose<const N: usize, const T: usize>(
    dst: &mut [u8],
    src: &[u8],
    start: usize,
    rows: Axis,
    columns: Axis,
) {
    let is_dense = rows.src == signed(N);
    let (whole_rows, whole_columns) = (rows.len - rows.len % T, columns.len - columns.len % T);
    for i in (0..rows.len).step_by(T) {
        let at = moved(start, i, rows.src);
        let mut j = 0;
        if is_dense && i < whole_rows {
            while j < whole_columns {
                tile::<N, T>(
                    &mut dst[i * rows.dst + j * N..],
                    src,
                    moved(at, j, columns.src),
                    (rows.dst, columns.src),
                );
                j += T;
            }
        }
        // What is left beside the whole tiles, or all of it.
        let rest = Axis { len: columns.len - j, ..columns };
        for row in i..rows.len.min(i + T) {
            let at = moved(moved(start, row, rows.src), j, columns.src);
            strided::<N>(&mut dst[row * rows.dst + j * N..], src, at, rest);
        }
    }
}

/// One whole tile: `T` runs of `T` elements from the source, each of which is a column.
fn tile<const N: usize, const T: usize>(
    dst: &mut [u8],
    src: &[u8],
    at: usize,
    (dst_step, src_step): (usize, isize),
) {
    let mut local = [[[0_u8; N]; T]; T];
    for (j, column) in local.iter_mut().enumerate() {
        let from = moved(at, j, src_step);
        let bytes = column.as_flattened_mut();
        bytes.copy_from_slice(&src[from..from + N * T]);
    }
    for i in 0..T {
        let row = &mut dst[i * dst_step..i * dst_step + N * T];
        for (to, column) in row.chunks_exact_mut(N).zip(&local) {
            to.copy_from_slice(&column[i]);
        }
    }
}
