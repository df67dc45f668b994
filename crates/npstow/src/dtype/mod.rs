//! NumPy's dtypes as data: scalars, subarrays, records.
#![forbid(unsafe_code)]

mod record;
mod scalar;

pub use record::{Field, Record};
pub use scalar::{Kind, Order, Scalar, Unit, UnitBase};

use std::sync::Arc;

/// What the elements of an array are.
///
/// Two dtypes are equal where NumPy's are, but for `align`, which only changes how new fields
/// would be laid out. The text form is NumPy's `descr`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Dtype {
    /// A number, a string, a date, an object.
    Scalar(Scalar),
    /// A subarray of fixed shape, in C order: `('<f4', (4, 4))`.
    Array(Arc<Dtype>, Box<[usize]>),
    /// Named fields.
    Record(Arc<Record>),
}
