//! Which elements are compared, and which rows are read: the same in every language.
#![forbid(unsafe_code)]

/// How many rows P11 reads.
const ROWS: usize = 1000;

/// The shape of each of the arrays of P5 to P8.
pub(crate) const SHAPE: [usize; 2] = [100, 4];

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

/// How many arrays P5 to P8 have; fewer where it is asked how the time grows with their number.
pub(crate) fn many_len() -> usize {
    let told = std::env::var("COMPARE_MANY").ok();
    told.and_then(|text| text.parse().ok()).unwrap_or(4000)
}

/// The name of one of the many arrays.
pub(crate) fn name(at: usize) -> String {
    format!("a{at:04}")
}

/// The many arrays, by name and in order.
pub(crate) fn many() -> impl Iterator<Item = (String, Vec<f32>)> {
    let len: usize = SHAPE.iter().product();
    (0..many_len()).map(move |at| (name(at), (at * len..(at + 1) * len).map(element).collect()))
}

/// Element number `at` of the many arrays, laid end to end: a whole number below 2^24.
fn element(at: usize) -> f32 {
    let low = u32::try_from(at & 0xffff_ffff).unwrap_or(0);
    let value = low.wrapping_mul(2_654_435_761) >> 8;
    #[allow(clippy::cast_precision_loss)] // Below 2^24: exact.
    let value = value as f32;
    value
}

/// How many arrays there are, and the sum of one element of eight of them, each somewhere else.
///
/// `get` answers with the element at a place of the array of a name, or `None` where there is no
/// such array or it has another size than all have.
pub(crate) fn sample_many(
    count: usize,
    mut get: impl FnMut(&str, usize) -> Option<f32>,
) -> Result<f64, String> {
    let last = SHAPE.iter().product::<usize>() - 1;
    let mut sum = 0.0;
    for step in 0..8 {
        let name = name((many_len() - 1) * step / 7);
        let value = get(&name, last * step / 7).ok_or_else(|| format!("no array '{name}'"))?;
        sum += f64::from(value);
    }
    #[allow(clippy::cast_precision_loss)] // A few thousand.
    let count = count as f64;
    Ok(count + sum)
}

/// The element at a place of an array, where the array has as many as each of the many.
pub(crate) fn at(values: &[f32], place: usize) -> Option<f32> {
    let right = values.len() == SHAPE.iter().product::<usize>();
    right.then(|| values.get(place).copied()).flatten()
}
