//! NumPy's dtypes as data: scalars, subarrays, records.
//!
//! The truth is NumPy on Linux `x86_64`: there `int` is `<i8` and `longdouble` is `<f16`, and so
//! they are here on every machine.
#![forbid(unsafe_code)]

mod commas;
mod descr;
mod display;
mod record;
mod scalar;
mod swap;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod truth;
mod typestr;
mod unit;

pub use record::{Field, Record};
pub use scalar::{Kind, Order, Scalar, Unit, UnitBase};
#[cfg(test)]
use swap::SwapPart;
pub(crate) use swap::SwapPlan;

use crate::{Error, Literal, LiteralOptions, Result};
use std::sync::Arc;

/// What the elements of an array are.
///
/// Two dtypes are equal where NumPy's are. The text form is NumPy's `descr`.
///
/// ```
/// use npstow::Dtype;
/// let dtype = Dtype::parse("[('x', '<f4', (2,)), ('n', 'int')]")?;
/// assert_eq!(dtype.itemsize(), 16);
/// assert_eq!(dtype.to_string(), "[('x', '<f4', (2,)), ('n', '<i8')]");
/// # Ok::<(), npstow::Error>(())
/// ```
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

impl From<Scalar> for Dtype {
    fn from(scalar: Scalar) -> Self {
        Self::Scalar(scalar)
    }
}

impl From<Record> for Dtype {
    fn from(record: Record) -> Self {
        Self::Record(Arc::new(record))
    }
}

impl std::str::FromStr for Dtype {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

impl Dtype {
    /// A dtype without parts.
    #[must_use]
    pub fn scalar(scalar: Scalar) -> Self {
        Self::Scalar(scalar)
    }

    /// A subarray of fixed shape; the shape `[]` is the base itself.
    ///
    /// # Errors
    ///
    /// `Limit` beyond 64 dimensions or 2^31 - 1 bytes, NumPy's own bounds.
    pub fn array(base: Self, shape: &[usize]) -> Result<Self> {
        descr::array(base, shape.to_vec())
    }

    /// Reads what a person writes for a dtype: what `numpy.dtype` accepts as a string (`<f8`,
    /// `float64`, `i4,(2,)f4`), or the literal of a `descr` (`[('x', '<f4')]`). Blanks
    /// around it do not count.
    ///
    /// # Errors
    ///
    /// `Corrupt` for text that is no dtype to NumPy, `Unsupported` for dtypes that NumPy knows and
    /// npstow does not, `Limit` for sizes beyond NumPy's.
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.trim_matches([' ', '\t', '\n', '\r']);
        let is_literal = match text.as_bytes() {
            // `('<f4', (2,))` ends as it starts, `(2,)f4` does not.
            [b'[' | b'\'' | b'"' | b'{', ..] | [b'(', .., b')'] => true,
            _ => false,
        };
        if is_literal {
            return Self::from_descr(&Literal::parse(text, &LiteralOptions::default())?);
        }
        commas::dtype(text)
    }

    /// The dtype that a `descr` describes, as `numpy.lib.format.descr_to_dtype`.
    ///
    /// # Errors
    ///
    /// `Corrupt` where the literal describes no dtype, `Unsupported` where it names one that
    /// NumPy knows and npstow does not, `Limit` for sizes beyond NumPy's.
    pub fn from_descr(descr: &Literal) -> Result<Self> {
        descr::read(descr)
    }

    /// The `descr` of an NPY header, as `numpy.lib.format.dtype_to_descr`.
    ///
    /// # Errors
    ///
    /// `Unsupported` where fields overlap or are out of order: a `descr` cannot say that.
    pub fn to_descr(&self) -> Result<Literal> {
        descr::write(self)
    }

    /// Bytes of one item: NumPy's `dtype.itemsize`.
    #[must_use]
    pub fn itemsize(&self) -> usize {
        match self {
            Self::Scalar(scalar) => scalar.itemsize(),
            // Checked when the array was made; a hand-made variant saturates.
            Self::Array(base, shape) => {
                if shape.contains(&0) {
                    return 0;
                }
                shape.iter().fold(base.itemsize(), |n, length| n.saturating_mul(*length))
            }
            Self::Record(record) => record.itemsize(),
        }
    }

    /// Where in memory NumPy puts items: `dtype.alignment`.
    #[must_use]
    pub fn alignment(&self) -> usize {
        match self {
            Self::Scalar(scalar) => scalar.alignment(),
            Self::Array(base, _) => base.alignment(),
            Self::Record(record) => record.alignment(),
        }
    }

    /// Whether there are Python objects in it: then the payload is a pickle.
    #[must_use]
    pub fn has_object(&self) -> bool {
        self.any_scalar(&|scalar| scalar.kind() == Kind::Object)
    }

    /// Whether every byte order is this machine's, or none.
    #[must_use]
    pub fn is_native(&self) -> bool {
        !self.any_scalar(&|scalar| scalar.order() == Order::SWAPPED)
    }

    /// Whether fields of a record in it share bytes.
    pub(crate) fn has_overlap(&self) -> bool {
        match self {
            Self::Scalar(_) => false,
            Self::Array(base, _) => base.has_overlap(),
            Self::Record(record) => record.has_overlap(),
        }
    }

    fn any_scalar(&self, is: &dyn Fn(Scalar) -> bool) -> bool {
        match self {
            Self::Scalar(scalar) => is(*scalar),
            Self::Array(base, _) => base.any_scalar(is),
            Self::Record(record) => record.fields().iter().any(|f| f.dtype().any_scalar(is)),
        }
    }

    /// The same in another byte order, in all of its parts: `dtype.newbyteorder`.
    #[must_use]
    pub fn to_order(&self, order: Order) -> Self {
        match self {
            Self::Scalar(scalar) => Self::Scalar(scalar.to_order(order)),
            Self::Array(base, shape) => Self::Array(Arc::new(base.to_order(order)), shape.clone()),
            Self::Record(record) => {
                let fields = record.fields.iter();
                let fields =
                    fields.map(|f| Field { dtype: f.dtype.to_order(order), ..f.clone() }).collect();
                Self::Record(Arc::new(Record { fields, ..Record::clone(record) }))
            }
        }
    }

    /// The scalar, where it is one.
    #[must_use]
    pub fn as_scalar(&self) -> Option<Scalar> {
        match self {
            Self::Scalar(scalar) => Some(*scalar),
            _ => None,
        }
    }

    /// The record, where it is one.
    #[must_use]
    pub fn as_record(&self) -> Option<&Record> {
        match self {
            Self::Record(record) => Some(record),
            _ => None,
        }
    }
}
