//! Shapes and strides: counts that cannot overflow, contiguity, the bytes a layout reaches.
#![forbid(unsafe_code)]

use crate::{Error, Result};
use std::fmt;

/// The most dimensions an array has: NumPy's `NPY_MAXDIMS`.
pub(crate) const MAX_NDIM: usize = 64;

/// In which order the elements of a contiguous array follow one another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum MemoryOrder {
    /// Row-major: the last index runs fastest. NumPy's `'C'`.
    #[default]
    C,
    /// Column-major: the first index runs fastest. NumPy's `'F'`.
    F,
}

/// How many elements a shape has.
///
/// As in NumPy (`PyArray_NewFromDescr`), a length of zero does not excuse the others: their
/// product must be addressable.
///
/// # Errors
///
/// `Limit` where it is not, or beyond 64 dimensions.
pub(crate) fn count(shape: &[usize], itemsize: usize) -> Result<usize> {
    let too_many = || {
        Error::limit(
            "an array (bytes)",
            isize::MAX as u64,
            format_args!("shape {} of items of {itemsize} bytes", Shape(shape)),
        )
    };
    if shape.len() > MAX_NDIM {
        return Err(Error::limit("a number of dimensions", MAX_NDIM as u64, shape.len()));
    }
    let mut product = 1_usize;
    for length in shape.iter().filter(|length| **length != 0) {
        product = product.checked_mul(*length).ok_or_else(too_many)?;
    }
    let nbytes = product.checked_mul(itemsize.max(1)).ok_or_else(too_many)?;
    isize::try_from(nbytes).map_err(|_| too_many())?;
    Ok(if shape.contains(&0) { 0 } else { product })
}

/// How many bytes a shape has; see [`count`].
pub(crate) fn nbytes(shape: &[usize], itemsize: usize) -> Result<usize> {
    // The product was checked by `count`.
    Ok(count(shape, itemsize)? * itemsize)
}

impl MemoryOrder {
    /// The other one.
    pub(crate) fn other(self) -> Self {
        match self {
            Self::C => Self::F,
            Self::F => Self::C,
        }
    }
}

/// The strides in bytes of a contiguous array whose shape has passed [`count`]; all zero where
/// there are no elements, as in NumPy 2.4.
pub(crate) fn strides(shape: &[usize], itemsize: usize, order: MemoryOrder) -> Vec<isize> {
    let mut strides = vec![0; shape.len()];
    if shape.contains(&0) {
        return strides;
    }
    let mut step = signed(itemsize);
    let mut put = |(stride, length): (&mut isize, &usize)| {
        *stride = step;
        step = step.saturating_mul(signed(*length));
    };
    match order {
        MemoryOrder::C => strides.iter_mut().zip(shape).rev().for_each(&mut put),
        MemoryOrder::F => strides.iter_mut().zip(shape).for_each(&mut put),
    }
    strides
}

/// Whether the elements lie back to back in that order, by NumPy's relaxed rules: axes of length
/// one do not matter, and an array without elements is contiguous in every order.
pub(crate) fn is_contiguous(
    shape: &[usize],
    strides: &[isize],
    itemsize: usize,
    order: MemoryOrder,
) -> bool {
    if shape.contains(&0) {
        return true;
    }
    let mut step = signed(itemsize);
    let mut fits = |(length, stride): (&usize, &isize)| {
        let fits = *length == 1 || *stride == step;
        step = step.saturating_mul(signed(*length));
        fits
    };
    match order {
        MemoryOrder::C => shape.iter().zip(strides).rev().all(&mut fits),
        MemoryOrder::F => shape.iter().zip(strides).all(&mut fits),
    }
}

/// The bytes that a layout reaches, relative to its first element: from `-before` to `after`
/// (exclusive). Without elements, none.
///
/// # Errors
///
/// `Invalid` where they do not fit an address.
pub(crate) fn extent(
    shape: &[usize],
    strides: &[isize],
    itemsize: usize,
) -> Result<(usize, usize)> {
    if shape.contains(&0) {
        return Ok((0, 0));
    }
    let too_far = || Error::invalid("strides that reach beyond the address space");
    let (mut before, mut after) = (0_usize, itemsize);
    for (length, stride) in shape.iter().zip(strides) {
        let reach = stride.unsigned_abs().checked_mul(length - 1).ok_or_else(too_far)?;
        let side = if *stride < 0 { &mut before } else { &mut after };
        *side = side.checked_add(reach).ok_or_else(too_far)?;
    }
    Ok((before, after))
}

/// A length that has passed [`count`] (or is that of memory) as a signed number.
pub(crate) fn signed(length: usize) -> isize {
    isize::try_from(length).unwrap_or(isize::MAX)
}

/// Prints a shape as Python does: `(3,)`, `(2, 3)`.
pub(crate) struct Shape<'a>(pub(crate) &'a [usize]);

impl fmt::Display for Shape<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(")?;
        for (i, length) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str(", ")?;
            }
            write!(f, "{length}")?;
        }
        f.write_str(if self.0.len() == 1 { ",)" } else { ")" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_checked_even_beside_zero() {
        assert_eq!(count(&[], 8).unwrap(), 1);
        assert_eq!(count(&[3, 0, 5], 8).unwrap(), 0);
        assert_eq!(count(&[1 << 40, 0], 8).unwrap(), 0);
        assert!(count(&[0, 1 << 62, 1 << 62], 8).is_err());
        assert!(count(&[1 << 61], 8).is_err());
        assert!(count(&[usize::MAX], 0).is_err());
        assert_eq!(count(&[4], 0).unwrap(), 4);
        assert!(count(&[1; 65], 1).is_err());
    }

    #[test]
    fn contiguity_is_relaxed_as_in_numpy() {
        let (c, f) = (MemoryOrder::C, MemoryOrder::F);
        assert_eq!(strides(&[2, 3, 4], 8, c), [96, 32, 8]);
        assert_eq!(strides(&[2, 3, 4], 8, f), [8, 16, 48]);
        assert!(is_contiguous(&[1, 3, 1], &[999, 8, -7], 8, c));
        assert!(is_contiguous(&[1, 3, 1], &[999, 8, -7], 8, f));
        assert!(is_contiguous(&[0, 3], &[1, 1], 8, f));
        assert!(!is_contiguous(&[2, 3], &[24, 8], 8, f));
        assert!(is_contiguous(&[], &[], 8, c));
    }

    #[test]
    fn extents_are_exact() {
        assert_eq!(extent(&[2, 3], &[-12, 4], 4).unwrap(), (12, 12));
        assert_eq!(extent(&[2, 0], &[-12, 4], 4).unwrap(), (0, 0));
        assert!(extent(&[3], &[isize::MAX], 2).is_err());
        assert!(extent(&[2, 2, 2], &[isize::MAX, isize::MAX, isize::MAX], 1).is_err());
    }

    #[test]
    fn shapes_print_as_python_tuples() {
        let text = |shape: &[usize]| Shape(shape).to_string();
        assert_eq!(
            (text(&[]), text(&[3]), text(&[2, 3])),
            ("()".into(), "(3,)".into(), "(2, 3)".into())
        );
    }
}
