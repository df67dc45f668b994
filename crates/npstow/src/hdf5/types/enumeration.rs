//! Datatypes that no dtype stands for, made of one that is like them.
#![forbid(unsafe_code)]

use super::from_dtype::{Form, begin, class, datatype, put_name};
use crate::error::quoted;
use crate::hdf5::write::emit::Emit;
use crate::{Dtype, Error, Kind, Order, Result, Scalar};
use std::collections::HashSet;

/// An enumeration over integers, in the latest form.
pub(in crate::hdf5) fn enumeration(dtype: &Dtype, names: &[(&str, i128)]) -> Result<Vec<u8>> {
    let is_integer = |scalar: &Scalar| matches!(scalar.kind(), Kind::Int | Kind::Uint);
    let Some(scalar) = dtype.as_scalar().filter(is_integer) else {
        return Err(Error::invalid(format_args!("an enumeration of {dtype}, which is no integer")));
    };
    if names.is_empty() {
        return Err(Error::invalid("an enumeration without names"));
    }
    let most = u16::MAX;
    let count = u16::try_from(names.len())
        .map_err(|_| Error::limit("names of an enumeration", most.into(), names.len()))?;
    let [low, high] = count.to_le_bytes();
    let mut out = Emit::new();
    let size = u32::try_from(scalar.itemsize()).expect("integers are of at most 8 bytes");
    begin(&mut out, 3, class::ENUM, [low, high, 0], size);
    out.bytes(&datatype(dtype, Form::Latest)?);
    let (mut values, mut seen, mut numbers) = (Emit::new(), HashSet::new(), HashSet::new());
    for (name, number) in names {
        let is_new = seen.insert(name) && numbers.insert(number);
        if name.is_empty() || name.contains('\0') || !is_new || !fits(scalar, *number) {
            let name = quoted(name);
            let what = format!("the name '{name}' for {number} in an enumeration of {dtype}");
            return Err(Error::invalid(what));
        }
        put_name(&mut out, name.as_bytes(), 3);
        let mut bytes = number.to_le_bytes();
        let bytes = bytes.get_mut(..scalar.itemsize()).unwrap_or_default();
        if scalar.order() == Order::Big {
            bytes.reverse();
        }
        values.bytes(bytes);
    }
    out.bytes(&values.finish());
    Ok(out.finish())
}

fn fits(scalar: Scalar, number: i128) -> bool {
    let bits = 8 * scalar.itemsize();
    let end = 1i128 << (if scalar.kind() == Kind::Int { bits - 1 } else { bits });
    let start = if scalar.kind() == Kind::Int { -end } else { 0 };
    (start..end).contains(&number)
}

/// Strings of fixed length in UTF-8, padded with NULs.
pub(in crate::hdf5) fn text_utf8(dtype: &Dtype) -> Result<Vec<u8>> {
    match dtype.as_scalar().filter(|scalar| scalar.kind() == Kind::Bytes) {
        Some(scalar) => {
            let mut out = Emit::new();
            let size = u32::try_from(scalar.itemsize()).expect("item sizes fit 31 bits");
            begin(&mut out, 1, class::STRING, [0x11, 0, 0], size);
            Ok(out.finish())
        }
        None => Err(Error::invalid(format_args!("text in UTF-8 of {dtype}, which is not S"))),
    }
}
