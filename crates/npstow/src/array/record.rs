//! What `#[derive(Record)]` writes out calls these.
#![forbid(unsafe_code)]

use super::Element;
use super::element::private::Bits;
use crate::{Dtype, Field, Kind, Order, Record, Scalar};
use std::sync::Arc;

/// How a field of a dtype is recognised.
pub type Matches = fn(&Dtype) -> bool;

/// The dtype of a struct of that many bytes. The derive macro has checked the names, and the
/// compiler the sizes.
///
/// # Panics
/// Where they were not.
#[must_use]
pub fn record_of(fields: Vec<Field>, itemsize: usize) -> Dtype {
    let record = Record::new(fields, Some(itemsize));
    Dtype::from(record.expect("names and sizes were checked at compile time"))
}

/// The dtype of an array field, of as many lengths as there are brackets.
#[must_use]
pub fn array_of(base: Dtype, shape: &[usize]) -> Dtype {
    Dtype::Array(Arc::new(base), shape.into())
}

/// The dtype of a field of `len` bytes that is text.
///
/// # Panics
/// Beyond 2^31 - 1 bytes, which the derive macro has excluded.
#[must_use]
pub fn bytes_of_len(len: usize) -> Dtype {
    let scalar = Scalar::new(Kind::Bytes, Order::None, len);
    Dtype::Scalar(scalar.expect("the size was checked at compile time"))
}

/// Whether a dtype is that of an array field.
#[must_use]
pub fn array_matches(dtype: &Dtype, shape: &[usize], base: Matches) -> bool {
    matches!(dtype, Dtype::Array(found, lengths) if **lengths == *shape && base(found))
}

/// Whether a dtype is that of a struct: the same names at the same offsets. Titles do not matter.
#[must_use]
pub fn record_matches(dtype: &Dtype, itemsize: usize, fields: &[(&str, usize, Matches)]) -> bool {
    let Some(record) = dtype.as_record() else { return false };
    let same = |(found, (name, offset, matches)): (&Field, &(&str, usize, Matches))| {
        found.name() == *name && found.offset() == *offset && matches(found.dtype())
    };
    record.itemsize() == itemsize
        && record.fields().len() == fields.len()
        && record.fields().iter().zip(fields).all(same)
}

/// Whether bytes, from `offset` on, are `count` values of a type.
#[must_use]
pub fn are_valid<T: Bits>(bytes: &[u8], offset: usize, count: usize) -> bool {
    let bytes = bytes.get(offset..offset + count * size_of::<T>()).unwrap_or_default();
    size_of::<T>() == 0 || bytes.chunks_exact(size_of::<T>()).all(|one| T::read(one).is_some())
}

/// Fails to compile for types that may not be fields.
pub const fn assert_field<T: Element + bytemuck::CheckedBitPattern + bytemuck::NoUninit>() {}
