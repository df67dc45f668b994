//! All elements, or whole rows of chunks.
#![forbid(unsafe_code)]

use super::{Chunked, Stored};
use crate::array::{MemoryOrder, Strided, copy_strided, strides};
use crate::{Result, Source, parallel};
use std::ops::Range;

impl Chunked {
    /// How many rows of the array a band of chunks has; a scalar is one row.
    pub(crate) fn band_rows(&self) -> usize {
        self.chunk.first().copied().unwrap_or(1)
    }

    /// Bytes of one row.
    pub(crate) fn row_nbytes(&self) -> usize {
        let rows = self.shape.iter().skip(1);
        rows.fold(self.itemsize, |n, &length| n.saturating_mul(length))
    }

    /// Chunks of one band.
    fn per_band(&self) -> u64 {
        self.counts.iter().skip(1).fold(1, |n, &count| n.saturating_mul(count as u64))
    }

    /// The stored chunks of a band.
    fn band(&self, band: usize) -> Result<&[Stored]> {
        let index = self.index()?;
        let first = (band as u64).saturating_mul(self.per_band());
        let end = first.saturating_add(self.per_band());
        let start = index.partition_point(|chunk| chunk.number < first);
        let stop = index.partition_point(|chunk| chunk.number < end);
        Ok(index.get(start..stop).unwrap_or_default())
    }

    /// Reads all elements, in C order.
    pub(crate) fn read_into(&self, source: &dyn Source, dst: &mut [u8]) -> Result<()> {
        self.read_bands(source, 0, dst)
    }

    /// Reads whole bands from this one on, as many as `dst` is long.
    pub(crate) fn read_bands(
        &self,
        source: &dyn Source,
        first: usize,
        dst: &mut [u8],
    ) -> Result<()> {
        let band_nbytes = self.band_rows().saturating_mul(self.row_nbytes());
        if dst.is_empty() || band_nbytes == 0 {
            return Ok(());
        }
        // Found by one, before all need it.
        self.index()?;
        let bands: Vec<(usize, &mut [u8])> =
            dst.chunks_mut(band_nbytes).enumerate().map(|(i, bytes)| (first + i, bytes)).collect();
        if bands.len() >= 2 * parallel::width() {
            let one = |(band, dst): (usize, &mut [u8])| self.read_band(source, band, dst);
            return parallel::each(bands, one).map(drop);
        }
        bands.into_iter().try_for_each(|(band, dst)| self.read_wide(source, band, dst))
    }

    /// Reads one band, chunk after chunk.
    fn read_band(&self, source: &dyn Source, band: usize, dst: &mut [u8]) -> Result<()> {
        let stored = self.band(band)?;
        if let [chunk] = stored {
            if self.per_band() == 1 && self.is_band() && dst.len() == self.chunk_nbytes {
                return self.decode_into(source, chunk, dst);
            }
        }
        if (stored.len() as u64) < self.per_band() {
            self.fill(dst);
        }
        stored.iter().try_for_each(|chunk| {
            let bytes = self.decode(source, chunk)?;
            self.scatter(chunk, bytes.bytes(), band, dst);
            Ok(())
        })
    }

    /// Reads one band, several chunks at once.
    fn read_wide(&self, source: &dyn Source, band: usize, dst: &mut [u8]) -> Result<()> {
        let stored = self.band(band)?;
        if stored.len() < 2 {
            return self.read_band(source, band, dst);
        }
        if (stored.len() as u64) < self.per_band() {
            self.fill(dst);
        }
        for batch in stored.chunks(2 * parallel::width()) {
            let one = |chunk: &Stored| Ok((*chunk, self.decode(source, chunk)?));
            for (chunk, bytes) in parallel::each(batch.iter().collect(), one)? {
                self.scatter(&chunk, bytes.bytes(), band, dst);
            }
        }
        Ok(())
    }

    /// Whether a chunk is as wide as the array.
    fn is_band(&self) -> bool {
        self.shape.iter().zip(&self.chunk).skip(1).all(|(length, chunk)| length == chunk)
    }

    /// The indices of a chunk on every axis, those within the array.
    pub(super) fn extent(&self, mut number: u64) -> Vec<Range<usize>> {
        let mut extent: Vec<Range<usize>> = Vec::with_capacity(self.shape.len());
        for ((&count, &chunk), &length) in
            self.counts.iter().zip(&self.chunk).zip(&self.shape).rev()
        {
            let count = (count as u64).max(1);
            let at = usize::try_from(number % count).unwrap_or(usize::MAX);
            number /= count;
            let start = at.saturating_mul(chunk).min(length);
            extent.push(start..start.saturating_add(chunk).min(length));
        }
        extent.reverse();
        extent
    }

    /// Copies of a chunk what lies within the array into the band that it is in.
    fn scatter(&self, chunk: &Stored, bytes: &[u8], band: usize, dst: &mut [u8]) {
        let extent = self.extent(chunk.number);
        let shape: Vec<usize> = extent.iter().map(ExactSizeIterator::len).collect();
        let from = strides(&self.chunk, self.itemsize, MemoryOrder::C);
        let into = strides(&self.shape, self.itemsize, MemoryOrder::C);
        let first_row = band.saturating_mul(self.band_rows());
        let start = extent.iter().zip(&into).enumerate().map(|(axis, (range, stride))| {
            let first = if axis == 0 { range.start.saturating_sub(first_row) } else { range.start };
            first * stride.unsigned_abs()
        });
        let into = Strided { bytes: dst, offset: start.sum(), strides: &into };
        let from = Strided { bytes, offset: 0, strides: &from };
        copy_strided(&shape, self.itemsize, into, &from);
    }
}
