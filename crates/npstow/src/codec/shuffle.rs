//! Shuffled bytes: the first bytes of all elements, then the second ones (HDF5's filter 2).
#![forbid(unsafe_code)]

/// Brings the bytes of elements together again; what is no whole element stands at the end as it
/// is. Both must be of one length.
pub(crate) fn unshuffle(bytes: &[u8], itemsize: usize, dst: &mut [u8]) {
    let count = bytes.len().checked_div(itemsize).unwrap_or(0);
    if itemsize < 2 || count < 2 {
        return copy(bytes, dst);
    }
    let (shuffled, rest) = bytes.split_at(count * itemsize);
    let (whole, after) = dst.split_at_mut((count * itemsize).min(dst.len()));
    copy(rest, after);
    match itemsize {
        2 => planes::<2>(shuffled, count, whole),
        4 => planes::<4>(shuffled, count, whole),
        8 => planes::<8>(shuffled, count, whole),
        _ => {
            for (at, plane) in shuffled.chunks_exact(count).enumerate() {
                for (item, byte) in whole.chunks_exact_mut(itemsize).zip(plane) {
                    if let Some(place) = item.get_mut(at) {
                        *place = *byte;
                    }
                }
            }
        }
    }
}

/// Elements of a size that the compiler knows, each written once.
fn planes<const N: usize>(bytes: &[u8], count: usize, dst: &mut [u8]) {
    let planes: [&[u8]; N] =
        std::array::from_fn(|at| bytes.get(at * count..(at + 1) * count).unwrap_or_default());
    let mut planes = planes.map(<[u8]>::iter);
    let (items, _) = dst.as_chunks_mut_or_empty::<N>();
    for item in items {
        for (place, plane) in item.iter_mut().zip(&mut planes) {
            *place = plane.next().copied().unwrap_or(0);
        }
    }
}

/// `as_chunks_mut` of Rust 1.88, which the oldest compiler that we promise has not.
trait Chunks {
    fn as_chunks_mut_or_empty<const N: usize>(&mut self) -> (&mut [[u8; N]], usize);
}

impl Chunks for [u8] {
    fn as_chunks_mut_or_empty<const N: usize>(&mut self) -> (&mut [[u8; N]], usize) {
        let len = self.len() / N * N;
        let whole = self.get_mut(..len).unwrap_or_default();
        (bytemuck::try_cast_slice_mut(whole).unwrap_or_default(), len)
    }
}

fn copy(bytes: &[u8], dst: &mut [u8]) {
    dst.iter_mut().zip(bytes).for_each(|(place, byte)| *place = *byte);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_size_comes_back() {
        let bytes: Vec<u8> = (0..=255).chain(0..50).collect();
        for itemsize in [0, 1, 2, 3, 4, 5, 8, 16, 200, 400] {
            let count = bytes.len().checked_div(itemsize).unwrap_or(0);
            let mut shuffled = Vec::new();
            for at in 0..itemsize {
                shuffled.extend((0..count).map(|i| bytes[i * itemsize + at]));
            }
            shuffled.extend(&bytes[count * itemsize..]);
            let mut back = vec![0; bytes.len()];
            unshuffle(&shuffled, itemsize, &mut back);
            assert_eq!(back, bytes, "{itemsize}");
        }
    }
}
