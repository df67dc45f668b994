//! Rust types that are NumPy's scalars, subarrays and records.
#![forbid(unsafe_code)]

use super::{Datetime64, LongDouble, Timedelta64};
use crate::{Dtype, Kind, Order, Scalar};
use std::sync::Arc;

/// A Rust type whose values lie in memory as those of a NumPy dtype do.
///
/// Numbers and `bool` have it, arrays `[T; N]` of them (subarrays), [`Datetime64`],
/// [`Timedelta64`], [`LongDouble`], `char` (`U1`), with their features `num_complex::Complex` and
/// `half::f16`, and structs through `#[derive(Record)]` (feature `derive`). It cannot be
/// implemented by hand without `unsafe`: only types without padding, and of which every bit
/// pattern is valid or can be checked, qualify.
///
/// ```
/// use npstow::Element;
/// assert_eq!(<[f32; 4]>::dtype().to_string(), "('<f4', (4,))");
/// ```
pub trait Element: Copy + Send + Sync + 'static + private::Bits {
    /// The dtype of this type in the byte order of this machine.
    fn dtype() -> Dtype;

    /// Whether items of `dtype` are values of this type as they lie in memory: the same dtype,
    /// or one of several (a [`Datetime64`] counts any unit).
    #[must_use]
    fn matches(dtype: &Dtype) -> bool {
        *dtype == Self::dtype()
    }
}

/// What makes casts sound; `bytemuck` stands behind it, out of sight of the public interface.
pub mod private {
    pub use super::super::record::{
        Matches, are_valid, array_matches, array_of, assert_field, bytes_of_len, record_matches,
        record_of,
    };
    pub use bytemuck;
    use bytemuck::checked::{
        CheckedCastError, try_cast_slice, try_cast_slice_mut, try_pod_read_unaligned,
    };
    use bytemuck::{CheckedBitPattern, NoUninit, PodCastError, cast_slice};

    /// Why bytes are no values of a type.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum CastError {
        /// The first byte does not lie at a multiple of the alignment.
        Misaligned,
        /// The bytes are no whole number of values.
        Length,
        /// Some value is not one of the type: a bool that is neither 0 nor 1.
        Invalid,
    }

    impl From<CheckedCastError> for CastError {
        fn from(e: CheckedCastError) -> Self {
            match e {
                CheckedCastError::InvalidBitPattern => Self::Invalid,
                CheckedCastError::PodCastError(
                    PodCastError::TargetAlignmentGreaterAndInputNotAligned,
                ) => Self::Misaligned,
                CheckedCastError::PodCastError(_) => Self::Length,
            }
        }
    }

    /// Types without padding whose bit patterns can be checked.
    pub trait Bits: Sized {
        /// The values, where the bytes are some.
        ///
        /// # Errors
        /// Why they are none.
        fn slice_of(bytes: &[u8]) -> Result<&[Self], CastError>;
        /// The values, to be changed.
        ///
        /// # Errors
        /// Why the bytes are none.
        fn slice_of_mut(bytes: &mut [u8]) -> Result<&mut [Self], CastError>;
        /// The bytes of values.
        fn bytes_of(values: &[Self]) -> &[u8];
        /// One value from bytes anywhere.
        fn read(bytes: &[u8]) -> Option<Self>;
    }

    impl<T: CheckedBitPattern + NoUninit> Bits for T {
        fn slice_of(bytes: &[u8]) -> Result<&[Self], CastError> {
            if size_of::<T>() == 0 {
                return Err(CastError::Length);
            }
            if bytes.is_empty() {
                return Ok(&[]);
            }
            try_cast_slice(bytes).map_err(CastError::from)
        }

        fn slice_of_mut(bytes: &mut [u8]) -> Result<&mut [Self], CastError> {
            if size_of::<T>() == 0 {
                return Err(CastError::Length);
            }
            if bytes.is_empty() {
                return Ok(&mut []);
            }
            try_cast_slice_mut(bytes).map_err(CastError::from)
        }

        fn bytes_of(values: &[Self]) -> &[u8] {
            if size_of::<T>() == 0 { &[] } else { cast_slice(values) }
        }

        fn read(bytes: &[u8]) -> Option<Self> {
            try_pod_read_unaligned(bytes).ok()
        }
    }
}

/// A scalar in this machine's byte order.
fn native(kind: Kind, itemsize: usize) -> Dtype {
    let scalar = Scalar::new(kind, Order::NATIVE, itemsize);
    Dtype::Scalar(scalar.expect("callers name sizes that the kind has"))
}

macro_rules! scalars {
    ($($type:ty, $kind:ident;)*) => {$(
        impl Element for $type {
            fn dtype() -> Dtype {
                native(Kind::$kind, size_of::<$type>())
            }
        }
    )*};
}

scalars! {
    bool, Bool;
    i8, Int;
    i16, Int;
    i32, Int;
    i64, Int;
    u8, Uint;
    u16, Uint;
    u32, Uint;
    u64, Uint;
    f32, Float;
    f64, Float;
    LongDouble, Float;
    char, Str;
}

#[cfg(feature = "half")]
scalars! {
    half::f16, Float;
}

#[cfg(feature = "complex")]
scalars! {
    num_complex::Complex<f32>, Complex;
    num_complex::Complex<f64>, Complex;
}

/// NumPy has no such dtype: `ml_dtypes` saves it as `V2`, in this machine's byte order.
#[cfg(feature = "half")]
impl Element for half::bf16 {
    fn dtype() -> Dtype {
        native(Kind::Void, 2)
    }
}

/// Whether a dtype is a native scalar of a kind, in whatever unit.
fn is_native(dtype: &Dtype, kind: Kind) -> bool {
    dtype.as_scalar().is_some_and(|s| s.kind() == kind && s.order() == Order::NATIVE)
}

impl Element for Datetime64 {
    fn dtype() -> Dtype {
        native(Kind::Datetime, 8)
    }

    fn matches(dtype: &Dtype) -> bool {
        is_native(dtype, Kind::Datetime)
    }
}

impl Element for Timedelta64 {
    fn dtype() -> Dtype {
        native(Kind::Timedelta, 8)
    }

    fn matches(dtype: &Dtype) -> bool {
        is_native(dtype, Kind::Timedelta)
    }
}

impl<T: Element, const N: usize> Element for [T; N]
where
    [T; N]: private::Bits,
{
    /// Nested Rust arrays are one subarray of several lengths, as NumPy's own arrays have them.
    fn dtype() -> Dtype {
        // Not through `Dtype::array`: a Rust type may be larger than NumPy's bound on an item,
        // and is refused where it is used.
        match T::dtype() {
            Dtype::Array(base, shape) => {
                Dtype::Array(base, [N].iter().chain(&*shape).copied().collect())
            }
            base => Dtype::Array(Arc::new(base), [N].into()),
        }
    }

    fn matches(dtype: &Dtype) -> bool {
        let Dtype::Array(base, shape) = dtype else { return false };
        match shape.split_first() {
            Some((n, [])) => *n == N && T::matches(base),
            Some((n, rest)) => *n == N && T::matches(&Dtype::Array(base.clone(), rest.into())),
            None => Self::matches(base),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_have_the_dtypes_that_numpy_has() {
        let order = if Order::NATIVE == Order::Little { '<' } else { '>' };
        assert_eq!(bool::dtype().to_string(), "|b1");
        assert_eq!(u64::dtype().to_string(), format!("{order}u8"));
        assert_eq!(char::dtype().to_string(), format!("{order}U1"));
        assert_eq!(LongDouble::dtype().to_string(), format!("{order}f16"));
        assert_eq!(<[[i16; 3]; 2]>::dtype().to_string(), format!("('{order}i2', (2, 3))"));
    }

    #[test]
    fn dates_match_every_unit_but_no_other_order() {
        assert!(Datetime64::matches(&Dtype::parse("M8[25s]").unwrap()));
        assert!(Datetime64::matches(&Dtype::parse("M8").unwrap()));
        assert!(!Datetime64::matches(&Dtype::parse("m8[s]").unwrap()));
        assert!(!Datetime64::matches(&Datetime64::dtype().to_order(Order::SWAPPED)));
        assert!(<[Datetime64; 2]>::matches(&Dtype::parse("(2,)M8[D]").unwrap()));
        assert!(!<[Datetime64; 2]>::matches(&Dtype::parse("(3,)M8[D]").unwrap()));
    }

    #[test]
    fn subarrays_match_nested_or_flat() {
        let flat = Dtype::parse("(2,3)f4").unwrap();
        let inner = Dtype::array(f32::dtype(), &[3]).unwrap();
        let nested = Dtype::array(inner, &[2]).unwrap();
        assert!(<[[f32; 3]; 2]>::matches(&flat) && <[[f32; 3]; 2]>::matches(&nested));
        assert!(!<[[f32; 2]; 3]>::matches(&flat) && !<[f32; 6]>::matches(&flat));
    }
}
