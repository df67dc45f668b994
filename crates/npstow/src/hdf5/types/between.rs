//! How elements of one dtype become those of another, where a virtual dataset has parts of it.
//!
//! HDF5 2.0.0 was asked for all pairs of numbers. Only what loses nothing is done, and integers
//! that do not fit become the nearest ones that do; the rest is refused.
#![forbid(unsafe_code)]

use crate::{Dtype, Error, Kind, Order, Result, Scalar};

/// What is done to each element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::hdf5) enum Between {
    /// Nothing.
    Same,
    /// All of its numbers are brought to a byte order.
    Ordered(Order),
    /// It becomes another number.
    Number { from: Scalar, to: Scalar },
}

/// What makes elements of `to` of those of `from`.
///
/// # Errors
/// `Unsupported`, with both dtypes, for what is not done.
pub(in crate::hdf5) fn between(from: &Dtype, to: &Dtype) -> Result<Between> {
    if from == to {
        return Ok(Between::Same);
    }
    for order in [Order::Little, Order::Big] {
        if from.to_order(order) == *to {
            return Ok(Between::Ordered(order));
        }
    }
    match (from.as_scalar(), to.as_scalar()) {
        (Some(from), Some(to)) if is_done(from, to) => Ok(Between::Number { from, to }),
        _ => {
            let what = format!("a virtual dataset of {to} with a part of {from}");
            Err(Error::unsupported(what))
        }
    }
}

fn is_done(from: Scalar, to: Scalar) -> bool {
    let integer = |scalar: Scalar| matches!(scalar.kind(), Kind::Int | Kind::Uint);
    // The library takes the sign bit for what it is not where order and sign differ.
    if integer(from) && integer(to) {
        return from.itemsize() != to.itemsize() || from.order() == to.order();
    }
    let digits = match (from.kind(), from.itemsize()) {
        (Kind::Float, 4) => 24,
        (Kind::Int | Kind::Uint, len) => 8 * len,
        _ => return false,
    };
    match (to.kind(), to.itemsize()) {
        (Kind::Float, 4) => digits < 24,
        (Kind::Float, 8) => digits < 53,
        _ => false,
    }
}

impl Between {
    /// Puts elements that lie one after another where they go; each has so many bytes.
    pub(in crate::hdf5) fn put_all(
        self,
        (items, len): (&[u8], usize),
        (places, itemsize): (&mut [u8], usize),
    ) {
        if !matches!(self, Self::Number { .. }) && items.len() == places.len() {
            places.copy_from_slice(items);
            return;
        }
        let places = places.chunks_exact_mut(itemsize.max(1));
        let items = items.chunks_exact(len.max(1));
        items.zip(places).for_each(|(item, place)| self.put(item, place));
    }

    /// Puts an element where it goes; those of [`Between::Ordered`] are in that order already.
    fn put(self, item: &[u8], place: &mut [u8]) {
        let Self::Number { from, to } = self else {
            if item.len() == place.len() {
                place.copy_from_slice(item);
            }
            return;
        };
        let mut bytes: Bytes = [0; 16];
        let Some(low) = bytes.get_mut(..item.len()) else { return };
        low.copy_from_slice(item);
        if from.order() == Order::Big {
            low.reverse();
        }
        let made = match from.kind() {
            Kind::Float => wide(single(bytes).to_le_bytes()),
            kind => of_integer(integer(bytes, item.len(), kind == Kind::Int), to),
        };
        for (place, byte) in place.iter_mut().zip(made) {
            *place = byte;
        }
        if to.order() == Order::Big {
            place.reverse();
        }
    }
}

fn single([a, b, c, d, ..]: Bytes) -> f64 {
    f64::from(f32::from_le_bytes([a, b, c, d]))
}

fn integer(mut bytes: Bytes, len: usize, signed: bool) -> i128 {
    if signed && len.checked_sub(1).and_then(|at| bytes.get(at)).is_some_and(|top| *top > 127) {
        bytes.get_mut(len..).unwrap_or_default().fill(0xff);
    }
    i128::from_le_bytes(bytes)
}

/// The bytes of a number, the lowest first, and some that are not of it.
type Bytes = [u8; 16];

fn wide<const LEN: usize>(bytes: [u8; LEN]) -> Bytes {
    let mut all = [0; 16];
    all.iter_mut().zip(bytes).for_each(|(place, byte)| *place = byte);
    all
}

fn of_integer(n: i128, to: Scalar) -> Bytes {
    let bits = 8 * to.itemsize().min(8);
    let (least, most) = match to.kind() {
        Kind::Float => return float(n, to.itemsize()),
        Kind::Int => (-(1i128 << (bits - 1)), (1i128 << (bits - 1)) - 1),
        _ => (0, (1i128 << bits) - 1),
    };
    n.clamp(least, most).to_le_bytes()
}

/// An integer of at most 2 bytes, or 4 where the float has 8, which all are floats.
fn float(n: i128, itemsize: usize) -> Bytes {
    if itemsize == 4 {
        let n = i16::try_from(n).map(f32::from).or_else(|_| u16::try_from(n).map(f32::from));
        return wide(n.unwrap_or(f32::NAN).to_le_bytes());
    }
    let n = i32::try_from(n).map(f64::from).or_else(|_| u32::try_from(n).map(f64::from));
    wide(n.unwrap_or(f64::NAN).to_le_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dtype(text: &str) -> Dtype {
        Dtype::parse(text).unwrap()
    }

    fn made(from: &str, item: &[u8], to: &str) -> Vec<u8> {
        let to = dtype(to);
        let mut place = vec![0xee; to.itemsize()];
        between(&dtype(from), &to).unwrap().put(item, &mut place);
        place
    }

    #[test]
    fn what_only_differs_in_order_is_swapped() {
        let ordered = |from: &str, to: &str| between(&dtype(from), &dtype(to)).unwrap();
        assert_eq!(ordered("<f4", "<f4"), Between::Same);
        assert_eq!(ordered(">f4", "<f4"), Between::Ordered(Order::Little));
        assert_eq!(ordered("<c8", ">c8"), Between::Ordered(Order::Big));
        let records = "[('a', '<i4'), ('b', '|S3')]";
        assert_eq!(ordered(records, "[('a', '>i4'), ('b', '|S3')]"), Between::Ordered(Order::Big));
        assert_eq!(ordered(records, records), Between::Same);
    }

    #[test]
    fn integers_that_do_not_fit_are_the_nearest() {
        assert_eq!(made("<i2", &(-129i16).to_le_bytes(), "|i1"), [0x80]);
        assert_eq!(made("<i2", &300i16.to_le_bytes(), "|u1"), [0xff]);
        assert_eq!(made("|i1", &[0xff], ">i4"), [0xff; 4]);
        assert_eq!(made("|i1", &[0xff], "<u8"), [0; 8]);
        assert_eq!(made("|u1", &[0xff], ">u4"), [0, 0, 0, 0xff]);
        assert_eq!(made("<i4", &(-7i32).to_le_bytes(), "<u4"), [0; 4]);
        assert_eq!(made("<u8", &u64::MAX.to_le_bytes(), "<i8"), i64::MAX.to_le_bytes());
        assert_eq!(made(">u4", &[0xff; 4], ">i4"), i32::MAX.to_be_bytes());
        assert_eq!(made(">i8", &i64::MIN.to_be_bytes(), "<i4"), i32::MIN.to_le_bytes());
    }

    #[test]
    fn floats_are_made_where_nothing_is_lost() {
        assert_eq!(made(">f4", &1.5f32.to_be_bytes(), "<f8"), 1.5f64.to_le_bytes());
        assert_eq!(made("<f4", &f32::MIN_POSITIVE.to_le_bytes(), ">f8"), {
            f64::from(f32::MIN_POSITIVE).to_be_bytes()
        });
        assert_eq!(made("<i4", &i32::MIN.to_le_bytes(), "<f8"), f64::from(i32::MIN).to_le_bytes());
        assert_eq!(made(">u4", &[0xff; 4], "<f8"), f64::from(u32::MAX).to_le_bytes());
        assert_eq!(made("<i2", &i16::MIN.to_le_bytes(), "<f4"), (-32768f32).to_le_bytes());
        assert_eq!(made("<u2", &[0xff; 2], ">f4"), 65535f32.to_be_bytes());
    }

    #[test]
    fn what_could_lose_something_is_refused() {
        let record = "[('a', '<i4'), ('b', '<i4')]";
        for (from, to) in [
            ("<i4", "<f4"),
            ("<i8", "<f8"),
            ("<f4", "<i4"),
            ("<f8", "<f4"),
            ("<f2", "<f4"),
            ("<i4", ">u4"),
            ("|b1", "|i1"),
            ("|S3", "|S4"),
            ("|V4", "<i4"),
            ("<m8[s]", "<i8"),
            (record, "[('b', '<i4'), ('a', '<i4')]"),
            (record, "[('a', '<i4'), ('b', '<f4')]"),
            ("<i8", record),
        ] {
            let e = between(&dtype(from), &dtype(to)).unwrap_err();
            assert_eq!(e.kind(), crate::ErrorKind::Unsupported, "{from} {to}");
            let text = e.to_string();
            let both = [dtype(from), dtype(to)].map(|dtype| dtype.to_string());
            assert!(both.iter().all(|dtype| text.contains(dtype)), "{text}");
        }
    }
}
