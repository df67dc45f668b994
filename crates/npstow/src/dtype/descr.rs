//! `descr`: the literal that describes a dtype in an NPY header.
//!
//! Reading is `numpy.lib.format.descr_to_dtype`, writing `numpy.lib.format.dtype_to_descr`.
#![forbid(unsafe_code)]

use super::scalar::MAX_ITEMSIZE;
use super::{Dtype, Field, Kind, Order, Record, Scalar, commas};
use crate::error::quoted;
use crate::{Error, Literal, Result};
use std::sync::Arc;

/// How deep dtypes may lie in one another: half of what brackets may, a record being a list of
/// tuples.
const MAX_DEPTH: usize = 64;

/// NumPy's bound of the dimensions of one subarray, `NPY_MAXDIMS`.
const MAX_DIMENSIONS: usize = 64;

/// `descr_to_dtype`.
pub(super) fn read(descr: &Literal) -> Result<Dtype> {
    read_at(descr, MAX_DEPTH)
}

fn read_at(descr: &Literal, depth: usize) -> Result<Dtype> {
    let Some(depth) = depth.checked_sub(1) else {
        return Err(Error::limit("a depth of nested dtypes", 64, "one more"));
    };
    match descr {
        Literal::Str(text) => commas::dtype(text),
        Literal::Tuple(parts) => match parts.as_slice() {
            [base, shape] => subarray(read_at(base, depth)?, shape),
            _ => Err(wrong("a dtype and a shape", descr)),
        },
        Literal::List(fields) => record(fields, depth),
        _ => Err(wrong("a dtype: a string, a tuple or a list", descr)),
    }
}

fn wrong(expected: &str, found: &Literal) -> Error {
    Error::corrupt(expected, quoted(&found.to_string()))
}

fn record(descrs: &[Literal], depth: usize) -> Result<Dtype> {
    let mut fields = Vec::with_capacity(descrs.len());
    let mut offset = 0_usize;
    for descr in descrs {
        let (Literal::Tuple(parts) | Literal::List(parts)) = descr else {
            return Err(wrong("a field: name, dtype and perhaps shape", descr));
        };
        let (name, dtype) = match parts.as_slice() {
            [name, base] => (name, read_at(base, depth)?),
            [name, base, shape] => (name, subarray(read_at(base, depth)?, shape)?),
            _ => return Err(wrong("a field: name, dtype and perhaps shape", descr)),
        };
        let next = offset.saturating_add(dtype.itemsize());
        if !is_padding(name, &dtype) {
            fields.push(field(name, dtype, offset)?);
        }
        offset = next;
    }
    Record::new(fields, Some(offset)).map(Dtype::from).map_err(|e| match e.kind() {
        crate::ErrorKind::Invalid => Error::corrupt("fields that make a record", e.what()),
        _ => e,
    })
}

/// `is_pad` of `descr_to_dtype`: no name, and NumPy's void type, which that of subarrays is too.
fn is_padding(name: &Literal, dtype: &Dtype) -> bool {
    matches!(name, Literal::Str(name) if name.is_empty()) && is_plain_void(dtype)
}

fn is_plain_void(dtype: &Dtype) -> bool {
    match dtype {
        Dtype::Scalar(scalar) => scalar.kind() == Kind::Void,
        Dtype::Array(..) => true,
        Dtype::Record(_) => false,
    }
}

fn field(name: &Literal, dtype: Dtype, offset: usize) -> Result<Field> {
    match name {
        Literal::Str(name) => Ok(Field::new(name.as_str(), dtype, offset)),
        Literal::Tuple(both) => match both.as_slice() {
            [Literal::None, Literal::Str(name)] => Ok(Field::new(name.as_str(), dtype, offset)),
            [Literal::Str(title), Literal::Str(name)] => {
                Ok(Field::new(name.as_str(), dtype, offset).with_title(title.as_str()))
            }
            // NumPy keeps any object there; it is nothing to look a field up by.
            [title, Literal::Str(_)] => {
                Err(Error::unsupported(format!("the title {}", quoted(&title.to_string()))))
            }
            _ => Err(wrong("a name, or a title and a name", name)),
        },
        _ => Err(wrong("a name, or a title and a name", name)),
    }
}

/// `numpy.dtype((base, shape))`: a subarray, or the size of a string without one.
pub(super) fn subarray(base: Dtype, shape: &Literal) -> Result<Dtype> {
    let lengths = match shape {
        Literal::Int(_) => std::slice::from_ref(shape),
        Literal::Tuple(lengths) => lengths,
        // NumPy takes a list for a shape where it is no list of fields.
        Literal::List(lengths) if !lengths.is_empty() => lengths,
        _ => return Err(wrong("a shape", shape)),
    };
    if let Dtype::Scalar(scalar) = &base {
        if scalar.is_unsized() {
            return resized(*scalar, shape).map(Dtype::Scalar);
        }
    }
    check_base(&base)?;
    let lengths = lengths.iter().map(|length| match length {
        Literal::Int(length) => usize::try_from(*length).map_err(|_| wrong("a length", shape)),
        _ => Err(wrong("lengths", shape)),
    });
    array(base, lengths.collect::<Result<_>>()?)
}

fn resized(scalar: Scalar, size: &Literal) -> Result<Scalar> {
    let Literal::Int(size) = size else { return Err(wrong("a size", size)) };
    let bytes = if scalar.kind() == Kind::Str { size.checked_mul(4) } else { Some(*size) };
    let bytes = bytes.and_then(|bytes| usize::try_from(bytes).ok());
    let bytes = bytes.ok_or_else(|| Error::corrupt("a size", size))?;
    let order = if scalar.order() == Order::None { Order::NATIVE } else { scalar.order() };
    Scalar::new(scalar.kind(), order, bytes)
}

/// NumPy takes an empty subarray for a void of unknown size: it refuses a shape for it, and takes
/// a number for its size in bytes, so that size and shape contradict one another.
fn check_base(base: &Dtype) -> Result<()> {
    if matches!(base, Dtype::Array(..)) && base.itemsize() == 0 {
        return Err(Error::unsupported("a subarray of empty subarrays"));
    }
    Ok(())
}

/// A subarray; the shape `()` is the base itself.
pub(super) fn array(base: Dtype, shape: Vec<usize>) -> Result<Dtype> {
    if shape.is_empty() {
        return Ok(base);
    }
    check_base(&base)?;
    if shape.len() > MAX_DIMENSIONS {
        return Err(Error::limit("a subarray's dimensions", 64, shape.len()));
    }
    // NumPy holds lengths, their product and the size in C ints, in this order.
    let fits = |value: usize| Some(value).filter(|value| *value <= MAX_ITEMSIZE);
    let lengths_fit = shape.iter().all(|length| fits(*length).is_some());
    let mut count = Some(1_usize);
    for length in &shape {
        if *length == 0 {
            count = count.and(Some(0));
            break;
        }
        count = count.and_then(|n| n.checked_mul(*length));
    }
    let nbytes = count.and_then(fits).and_then(|n| n.checked_mul(base.itemsize())).and_then(fits);
    if !lengths_fit || nbytes.is_none() {
        return Err(Error::limit(
            "a subarray (bytes)",
            0x7fff_ffff,
            quoted(&format!("{base} times {shape:?}")),
        ));
    }
    Ok(Dtype::Array(Arc::new(base), shape.into()))
}

/// `dtype_to_descr`, but for a subarray at the top, which NumPy would write as mere bytes.
pub(super) fn write(dtype: &Dtype) -> Result<Literal> {
    match dtype {
        Dtype::Scalar(scalar) => Ok(Literal::Str(scalar.typestr())),
        Dtype::Array(base, shape) => Ok(Literal::Tuple(vec![write(base)?, lengths(shape)])),
        Dtype::Record(record) => write_record(record).map(Literal::List),
    }
}

fn lengths(shape: &[usize]) -> Literal {
    let length = |n: &usize| Literal::Int(i128::try_from(*n).unwrap_or(i128::MAX));
    Literal::Tuple(shape.iter().map(length).collect())
}

/// `_array_descr` of `numpy/_core/_internal.py`: gaps become fields without a name.
fn write_record(record: &Record) -> Result<Vec<Literal>> {
    let padding = |len: usize| {
        Literal::Tuple(vec![Literal::Str(String::new()), Literal::Str(format!("|V{len}"))])
    };
    let mut descr = Vec::with_capacity(record.fields().len());
    let mut end = 0_usize;
    for field in record.fields() {
        if field.offset() < end {
            return Err(Error::unsupported("a descr of overlapping or out-of-order fields"));
        }
        if field.name().is_empty() && field.title().is_none() && is_plain_void(field.dtype()) {
            return Err(Error::unsupported("a descr of bytes without a name, which is padding"));
        }
        if field.offset() > end {
            descr.push(padding(field.offset() - end));
        }
        end = field.offset().saturating_add(field.dtype().itemsize());
        let name = Literal::Str(field.name().to_owned());
        let mut parts = vec![match field.title() {
            Some(title) => Literal::Tuple(vec![Literal::Str(title.to_owned()), name]),
            None => name,
        }];
        match field.dtype() {
            Dtype::Array(base, shape) => parts.extend([write(base)?, lengths(shape)]),
            dtype => parts.push(write(dtype)?),
        }
        descr.push(Literal::Tuple(parts));
    }
    if record.itemsize() > end {
        descr.push(padding(record.itemsize() - end));
    }
    Ok(descr)
}
