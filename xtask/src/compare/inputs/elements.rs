//! The elements of the inputs, and files of them that need no NumPy.
#![forbid(unsafe_code)]

use crate::shell::Result;
use std::fs::File;
use std::io::{BufWriter, Error, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// Magic, version, length, header text: as `np.save` pads them.
const HEADER: usize = 128;

/// How many elements each of the many arrays has.
pub(super) const MANY_LEN: usize = 400;

/// Eight elements from the first to the last.
pub(super) fn positions(len: usize) -> impl Iterator<Item = usize> {
    (0..8).map(move |step| (len - 1) * step / 7)
}

/// Element number `at` of every input: a whole number below 2^24, so sums are exact.
pub(super) fn element(at: usize) -> f64 {
    f64::from(mixed(at))
}

/// Element number `at` of one of the many arrays, which are laid end to end.
pub(super) fn many_at(array: usize, at: usize) -> f64 {
    element(array * MANY_LEN + at)
}

fn mixed(at: usize) -> u32 {
    let low = u32::try_from(at & 0xffff_ffff).unwrap_or(0);
    low.wrapping_mul(2_654_435_761) >> 8
}

pub(super) fn make(path: &Path, rows: usize, columns: usize) -> Result {
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
pub(in super::super) fn check_written(path: &Path, len: usize) -> Result {
    let found = sampled(path, len)?;
    match found.iter().zip(positions(len)).find(|(found, at)| **found != element(*at)) {
        Some((_, at)) => Err(format!("{}: element {at} is wrong", path.display())),
        None => Ok(()),
    }
}

/// The sum of eight elements of a file of so many.
pub(super) fn sum(path: &Path, len: usize) -> Result<f64> {
    Ok(sampled(path, len)?.iter().sum())
}

fn sampled(path: &Path, len: usize) -> Result<Vec<f64>> {
    let failed = |why: Error| format!("{}: {why}", path.display());
    let mut file = File::open(path).map_err(failed)?;
    let total = file.metadata().map_err(failed)?.len();
    let mut start = [0; 10];
    file.read_exact(&mut start).map_err(failed)?;
    let offset = 10 + u64::from(u16::from_le_bytes([start[8], start[9]]));
    if total != offset + 4 * len as u64 {
        return Err(format!("{}: {total} bytes, data from {offset} on", path.display()));
    }
    let mut found = Vec::new();
    for at in positions(len) {
        file.seek(SeekFrom::Start(offset + 4 * at as u64)).map_err(failed)?;
        let mut bytes = [0; 4];
        file.read_exact(&mut bytes).map_err(failed)?;
        found.push(f64::from(f32::from_le_bytes(bytes)));
    }
    Ok(found)
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
