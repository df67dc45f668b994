//! Which elements are compared, and which rows are read: the same in every language.
#![forbid(unsafe_code)]

/// How many rows P11 reads.
const ROWS: usize = 1000;

/// The sum of eight elements spread over the array.
pub(crate) fn sample(values: &[f32]) -> f64 {
    let last = values.len().saturating_sub(1);
    (0..8).map(|step| f64::from(values[last * step / 7])).sum()
}

/// The rows to read of an array of `len`: anywhere, in no order.
pub(crate) fn rows(len: usize) -> Vec<usize> {
    let mut state = 1u64;
    let mut next = || {
        state = (state * 1_103_515_245 + 12345) & 0x7fff_ffff;
        usize::try_from(state >> 8).unwrap_or(0) % len
    };
    (0..ROWS).map(|_| next()).collect()
}

/// The sum of one element of each row, each of another column, so that the order counts.
pub(crate) fn sample_rows(values: &[f32]) -> f64 {
    let columns = values.len() / ROWS;
    (0..ROWS).map(|row| f64::from(values[row * columns + row % columns])).sum()
}
