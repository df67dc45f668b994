//! The files that the contestants read, and what must be found in them.
#![forbid(unsafe_code)]

use super::options::Options;
use crate::shell::Result;
use std::fs::{self, File};
use std::io::{BufWriter, Error, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process;

/// Magic, version, length, header text: as `np.save` pads them.
const HEADER: usize = 128;

/// A folder of our own in memory and one on the disk, removed in the end.
pub(super) struct Inputs {
    memory: PathBuf,
    disk: PathBuf,
    /// One large array, and its number of elements.
    pub(super) large: PathBuf,
    pub(super) large_len: usize,
    /// An array of many rows of 100, and how many.
    pub(super) rows: PathBuf,
    pub(super) rows_len: usize,
    /// An array of shape (123, 4).
    pub(super) small: PathBuf,
}

impl Inputs {
    /// Writes what the chosen workloads need.
    pub(super) fn make(options: &Options) -> Result<Self> {
        let own = format!("npstow-compare-{}", process::id());
        let memory = options.dir.join(&own);
        let side = if options.quick { 1 << 12 } else { 1 << 14 };
        let inputs = Self {
            disk: options.disk.join(&own),
            large: memory.join("large.npy"),
            large_len: side * side,
            rows: memory.join("rows.npy"),
            rows_len: if options.quick { 62_500 } else { 1_000_000 },
            small: memory.join("small.npy"),
            memory,
        };
        for folder in [&inputs.memory, &inputs.disk] {
            fs::create_dir_all(folder).map_err(|why| format!("{}: {why}", folder.display()))?;
        }
        if ["p1", "p2", "p3"].iter().any(|key| options.wants(key)) {
            make(&inputs.large, side, side)?;
        }
        if options.wants("p11") {
            make(&inputs.rows, inputs.rows_len, 100)?;
        }
        make(&inputs.small, 123, 4)?;
        Ok(inputs)
    }

    /// Where a contestant writes: in memory, or on the disk.
    pub(super) fn output(&self, disk: bool) -> PathBuf {
        let folder = if disk { &self.disk } else { &self.memory };
        folder.join("out.npy")
    }

    /// The size of the large array's elements.
    pub(super) fn large_bytes(&self) -> usize {
        self.large_len * 4
    }

    /// What every reader of the large array reports.
    pub(super) fn large_sum(&self) -> f64 {
        positions(self.large_len).map(element).sum()
    }

    /// What every reader of rows reports: one element of each, as `compare/src/pattern.rs` does.
    pub(super) fn rows_sum(&self) -> f64 {
        let mut state = 1usize;
        let mut next = || {
            state = (state * 1_103_515_245 + 12345) & 0x7fff_ffff;
            (state >> 8) % self.rows_len
        };
        (0..1000).map(|row| element(next() * 100 + row % 100)).sum()
    }
}

impl Drop for Inputs {
    fn drop(&mut self) {
        // What cannot be removed is left for the user to see.
        let _ = fs::remove_dir_all(&self.memory);
        let _ = fs::remove_dir_all(&self.disk);
    }
}

/// Eight elements from the first to the last.
fn positions(len: usize) -> impl Iterator<Item = usize> {
    (0..8).map(move |step| (len - 1) * step / 7)
}

/// Element number `at` of every input: a whole number below 2^24, so sums are exact.
fn element(at: usize) -> f64 {
    f64::from(mixed(at))
}

fn mixed(at: usize) -> u32 {
    let low = u32::try_from(at & 0xffff_ffff).unwrap_or(0);
    low.wrapping_mul(2_654_435_761) >> 8
}

fn make(path: &Path, rows: usize, columns: usize) -> Result {
    let failed = |why: Error| format!("{}: {why}", path.display());
    let mut file = BufWriter::with_capacity(1 << 20, File::create(path).map_err(failed)?);
    file.write_all(&header(rows, columns)).map_err(failed)?;
    for at in 0..rows * columns {
        #[allow(clippy::cast_precision_loss)] // Below 2^24: exact.
        let value = mixed(at) as f32;
        file.write_all(&value.to_le_bytes()).map_err(failed)?;
    }
    file.flush().map_err(failed)
}

fn header(rows: usize, columns: usize) -> Vec<u8> {
    let text =
        format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {columns}), }}");
    let mut bytes = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    bytes.extend_from_slice(text.as_bytes());
    bytes.resize(HEADER - 1, b' ');
    bytes.push(b'\n');
    bytes
}

/// Whether the file at `path` holds as many bytes of data as an input, with the same elements.
pub(super) fn check_written(path: &Path, len: usize) -> Result {
    let failed = |why: Error| format!("{}: {why}", path.display());
    let mut file = File::open(path).map_err(failed)?;
    let total = file.metadata().map_err(failed)?.len();
    let mut start = [0; 10];
    file.read_exact(&mut start).map_err(failed)?;
    let offset = 10 + u64::from(u16::from_le_bytes([start[8], start[9]]));
    if total != offset + 4 * len as u64 {
        return Err(format!("{}: {total} bytes, data from {offset} on", path.display()));
    }
    for at in positions(len) {
        file.seek(SeekFrom::Start(offset + 4 * at as u64)).map_err(failed)?;
        let mut bytes = [0; 4];
        file.read_exact(&mut bytes).map_err(failed)?;
        if f64::from(f32::from_le_bytes(bytes)) != element(at) {
            return Err(format!("{}: element {at} is wrong", path.display()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_padded_as_by_numpy() {
        let bytes = header(1_000_000, 100);
        assert_eq!((bytes.len(), bytes.last()), (HEADER, Some(&b'\n')));
        assert_eq!(usize::from(bytes[8]) + 10, HEADER);
    }
}
