//! Chunks, cut out of elements that come in C order, and packed.
#![forbid(unsafe_code)]

use super::elements::{Bytes, Run};
use super::plan::{Dataset, Grid};
use super::write::chunk_index::step;
use super::write::filters::{deflate, shuffle};
use crate::array::{MemoryOrder, Strided, copy_strided, strides};
use crate::codec::fletcher32;
use crate::{Buffer, Error, Result};

/// So many elements are taken in at once where they are not in memory, or one row of chunks.
const SLAB: usize = 8 << 20;

/// A chunk that went through all filters.
#[derive(Debug)]
pub(super) struct Packed {
    pub(super) bytes: Vec<u8>,
}

/// A chunk that is still to be cut: some rows of the array, and the chunk's place in the grid.
#[derive(Debug)]
pub(super) struct Cut<'a> {
    slab: Bytes<'a>,
    /// The first row of the slab, and how many there are.
    first: u64,
    rows: usize,
    at: Vec<u64>,
}

/// All chunks of an array in the order of the grid.
pub(super) struct Cuts<'a> {
    grid: &'a Grid,
    run: Run<'a>,
    /// Rows of a slab, a multiple of those of a chunk, and bytes of a row.
    slab_rows: usize,
    row_len: usize,
    rows: usize,
    /// What came beyond the slab.
    rest: Vec<u8>,
    slab: Option<(Bytes<'a>, u64, usize)>,
    at: Vec<u64>,
    left: u64,
}

impl<'a> Cuts<'a> {
    pub(super) fn new(dataset: &'a Dataset<'a>, grid: &'a Grid) -> Result<Self> {
        let shape = dataset.elements.shape();
        let rows = shape.first().copied().unwrap_or(1);
        let row_len = dataset.elements.nbytes().checked_div(rows).unwrap_or(0);
        let chunk_rows = usize::try_from(grid.lengths.first().copied().unwrap_or(1));
        let chunk_rows = chunk_rows.unwrap_or(usize::MAX).min(rows.max(1));
        let many = (SLAB / row_len.saturating_mul(chunk_rows).max(1)).max(1);
        Ok(Self {
            grid,
            run: dataset.elements.pieces()?,
            slab_rows: chunk_rows * many,
            row_len,
            rows,
            rest: Vec::new(),
            slab: None,
            at: vec![0; grid.lengths.len()],
            left: grid.count(),
        })
    }

    /// Takes in the next rows; those in memory are one slab.
    fn next_slab(&mut self, first: u64) -> Result<(Bytes<'a>, u64, usize)> {
        let before = usize::try_from(first).unwrap_or(usize::MAX);
        let left = self.rows.saturating_sub(before);
        let rows = left.min(self.slab_rows);
        let len = rows * self.row_len;
        while self.rest.len() < len {
            match self.run.next().transpose()? {
                Some(Bytes::Lent(bytes)) if self.rest.is_empty() => {
                    return Ok((Bytes::Lent(bytes), first, left));
                }
                Some(piece) if self.rest.is_empty() && piece.get().len() == len => {
                    return Ok((piece, first, rows));
                }
                Some(piece) => self.rest.extend_from_slice(piece.get()),
                None => {
                    let found = format!("the end after {}", self.rest.len());
                    return Err(Error::corrupt(format_args!("{len} bytes of data"), found));
                }
            }
        }
        let after = self.rest.split_off(len);
        let slab = Buffer::from(std::mem::replace(&mut self.rest, after));
        Ok((Bytes::Owned(slab), first, rows))
    }
}

impl<'a> Iterator for Cuts<'a> {
    type Item = Result<Cut<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let row = self.at.first()? * self.grid.lengths.first()?;
        let is_in = |slab: &(Bytes<'_>, u64, usize)| row < slab.1 + slab.2 as u64;
        if !self.slab.as_ref().is_some_and(is_in) {
            // The old one first, so that two are never held.
            self.slab = None;
            match self.next_slab(row) {
                Ok(slab) => self.slab = Some(slab),
                Err(e) => {
                    self.left = 0;
                    return Some(Err(e));
                }
            }
        }
        let (slab, first, rows) = self.slab.clone()?;
        let at = self.at.clone();
        step(&mut self.at, &self.grid.counts);
        Some(Ok(Cut { slab, first, rows, at }))
    }
}

/// Cuts a chunk out and packs it.
pub(super) fn pack(dataset: &Dataset<'_>, grid: &Grid, cut: &Cut<'_>) -> Result<Packed> {
    let mut bytes = elements(dataset, grid, cut);
    if grid.shuffle {
        bytes = shuffle(&bytes, dataset.itemsize);
    }
    if let Some(level) = grid.level {
        bytes = deflate(level, &bytes)?;
    }
    if grid.fletcher32 {
        let sum = fletcher32::sum(&bytes);
        bytes.extend_from_slice(&sum.to_le_bytes());
    }
    Ok(Packed { bytes })
}

/// The elements of a chunk; what lies beyond the array is zero.
fn elements(dataset: &Dataset<'_>, grid: &Grid, cut: &Cut<'_>) -> Vec<u8> {
    // Lengths of arrays and chunks fit, since their bytes do.
    let size = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    let mut slab_shape = dataset.elements.shape().to_vec();
    slab_shape[0] = cut.rows;
    let lengths: Vec<usize> = grid.lengths.iter().map(|n| size(*n)).collect();
    let mut starts: Vec<usize> =
        cut.at.iter().zip(&lengths).map(|(at, length)| size(*at) * length).collect();
    starts[0] -= size(cut.first);
    let there: Vec<usize> = (lengths.iter().zip(&slab_shape).zip(&starts))
        .map(|((length, n), start)| (*length).min(n - start))
        .collect();
    let from = strides(&slab_shape, dataset.itemsize, MemoryOrder::C);
    let offset: usize =
        starts.iter().zip(&from).map(|(start, stride)| start * stride.unsigned_abs()).sum();
    let slab = cut.slab.get();
    let is_run = there == lengths && lengths.iter().zip(&slab_shape).skip(1).all(|(l, n)| l == n);
    if is_run {
        return slab[offset..offset + grid.nbytes].to_vec();
    }
    let mut bytes = match grid.fill.is_empty() {
        true => vec![0; grid.nbytes],
        false => grid.fill.iter().copied().cycle().take(grid.nbytes).collect(),
    };
    let to = strides(&lengths, dataset.itemsize, MemoryOrder::C);
    copy_strided(
        &there,
        dataset.itemsize,
        Strided { bytes: &mut bytes, offset: 0, strides: &to },
        &Strided { bytes: slab, offset, strides: &from },
    );
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::zlib;
    use crate::hdf5::{Draft, Storage, WriteOptions, plan};
    use crate::{Array, Tree};

    /// All chunks of an array, packed.
    fn packed(array: &Array, storage: Storage) -> Vec<Packed> {
        let draft =
            Draft::new(Tree::new().with("x", array).unwrap()).storage("x", storage).unwrap();
        let datasets =
            plan::datasets(&draft.tree, &draft.extras, &WriteOptions::default()).unwrap();
        let plan::Stored::Chunked(grid) = &datasets[0].stored else { panic!("not cut") };
        let cuts = Cuts::new(&datasets[0], grid).unwrap();
        cuts.map(|cut| pack(&datasets[0], grid, &cut.unwrap()).unwrap()).collect()
    }

    #[test]
    fn chunks_hold_what_is_in_their_place_and_zeros_beyond() {
        let array = Array::from_vec((1..=7 * 5).collect::<Vec<u16>>()).reshape(&[7, 5]).unwrap();
        for array in [array.clone(), array.transpose()] {
            let (rows, columns) = (array.shape()[0], array.shape()[1]);
            let values = array.to_vec::<u16>().unwrap();
            for (height, width) in [(1, 1), (2, 3), (3, 5), (5, 2), (4, 4), (5, 5)] {
                let lengths = [height, width].map(|n| u64::try_from(n).unwrap());
                let found = packed(&array, Storage::chunked(&lengths));
                let mut expected = Vec::new();
                for top in (0..rows).step_by(height) {
                    for left in (0..columns).step_by(width) {
                        let value = |at: usize| {
                            let (row, column) = (top + at / width, left + at % width);
                            let is_in = row < rows && column < columns;
                            if is_in { values[row * columns + column] } else { 0 }
                        };
                        expected.push(
                            (0..height * width)
                                .flat_map(|at| value(at).to_le_bytes())
                                .collect::<Vec<u8>>(),
                        );
                    }
                }
                let found: Vec<Vec<u8>> = found.into_iter().map(|chunk| chunk.bytes).collect();
                assert_eq!(found, expected, "{rows} x {columns} by {height} x {width}");
            }
        }
    }

    #[test]
    fn no_filter_is_left_out() {
        // Nothing that deflate could make smaller, but for the second half.
        let mut state = 1u32;
        let mut noise = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state >> 24
        };
        let bytes: Vec<u8> = (0..2000).map(|_| u8::try_from(noise()).unwrap()).collect();
        let all = Array::from_vec([bytes, vec![7; 2000]].concat());
        for storage in [Storage::chunked(&[2000]), Storage::chunked(&[2000]).shuffle()] {
            let found = packed(&all, storage.deflate(6).fletcher32());
            let [noise, smooth] = &found[..] else { panic!("{} chunks", found.len()) };
            for (chunk, of) in [noise, smooth].into_iter().zip(all.bytes().unwrap().chunks(2000)) {
                let (bytes, sum) = chunk.bytes.split_last_chunk::<4>().unwrap();
                assert_eq!(fletcher32::sum(bytes), u32::from_le_bytes(*sum));
                assert_eq!(zlib::unpack(bytes, 2000).unwrap(), of);
            }
            assert!(noise.bytes.len() > 2004 && smooth.bytes.len() < 100);
        }
    }
}
