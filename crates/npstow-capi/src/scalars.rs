//! Numbers, text and bytes of values, and names of classes.

use crate::call::{ErrorOut, c_string, done, look, make, need, put};
use crate::cast::cast;
use crate::error::NpstowStatus;
use crate::value::{NpstowValue, value};
use npstow::{Array, Dtype, Error, Kind, Result, Scalar, Value, ValueKind};
use std::ffi::{CString, c_char, c_void};
use std::ptr;
use std::sync::OnceLock;

fn mismatch<T>(expected: &str, found: &Value) -> Result<T> {
    Err(Error::mismatch(expected, found.kind().name()))
}

/// The one number of a scalar of NumPy, of one of these kinds, in another dtype.
fn scalar<const N: usize>(
    value: &Value,
    kinds: &[Kind],
    dtype: &str,
    expected: &str,
) -> Result<[u8; N]> {
    let own = value.dtype().and_then(Dtype::as_scalar).map(Scalar::kind);
    if value.kind() != ValueKind::Scalar || !own.is_some_and(|kind| kinds.contains(&kind)) {
        return mismatch(expected, value);
    }
    let array: Array = cast(&value.to_array()?, &Dtype::parse(dtype)?)?;
    let bytes = array.bytes().and_then(|bytes| <[u8; N]>::try_from(bytes).ok());
    bytes.map_or_else(|| mismatch(expected, value), Ok)
}

/// A boolean, also NumPy's, into `result`.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_value_bool(
    value: Option<&NpstowValue>,
    result: Option<&mut bool>,
    error: ErrorOut,
) -> NpstowStatus {
    put(error, result, "result", || {
        let value = self::value(value)?;
        match value.as_bool() {
            Some(own) => Ok(own),
            None => Ok(scalar::<1>(value, &[Kind::Bool], "|b1", "a boolean")? != [0]),
        }
    })
}

const WHOLE: &[Kind] = &[Kind::Bool, Kind::Int, Kind::Uint];

/// An integer, into `result`; also booleans, and integers of NumPy. `NPSTOW_MISMATCH` where it has
/// more than 64 bits, and for floats, whole or not.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_value_int64(
    value: Option<&NpstowValue>,
    result: Option<&mut i64>,
    error: ErrorOut,
) -> NpstowStatus {
    put(error, result, "result", || int64(self::value(value)?))
}

pub(crate) fn int64(value: &Value) -> Result<i64> {
    match (value.as_int(), value.kind()) {
        (Some(own), _) => Ok(own),
        (_, ValueKind::Int) => beyond("an integer of 64 bits", value),
        _ => scalar(value, WHOLE, "=i8", "an integer").map(i64::from_ne_bytes),
    }
}

/// As `npstow_value_int64`, without a sign; `NPSTOW_MISMATCH` where it is negative.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_value_uint64(
    value: Option<&NpstowValue>,
    result: Option<&mut u64>,
    error: ErrorOut,
) -> NpstowStatus {
    put(error, result, "result", || {
        let value = self::value(value)?;
        if value.kind() == ValueKind::Scalar {
            return scalar(value, WHOLE, "=u8", "an integer").map(u64::from_ne_bytes);
        }
        let Some(digits) = value.to_digits() else { return mismatch("an integer", value) };
        digits.parse().or_else(|_| beyond("an integer of 64 bits without a sign", value))
    })
}

fn beyond<T>(expected: &str, value: &Value) -> Result<T> {
    let digits = value.to_digits().unwrap_or_default();
    let found = match digits.len() {
        0..=40 => digits,
        len => format!("one of {len} digits"),
    };
    Err(Error::mismatch(expected, found))
}

/// An integer of any size as decimal digits, to be freed with `npstow_string_free`; beyond 4300
/// digits in hexadecimal, as "0x…".
#[unsafe(no_mangle)]
pub extern "C" fn npstow_value_digits(value: Option<&NpstowValue>, error: ErrorOut) -> *mut c_char {
    let text = make(error, || {
        let value = self::value(value)?;
        match value.to_digits() {
            Some(digits) => Ok(c_string(&digits)),
            None => mismatch("an integer", value),
        }
    });
    text.map_or(ptr::null_mut(), CString::into_raw)
}

/// A float, into `result`; also integers, rounded as Python rounds them, and real numbers of NumPy.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_value_double(
    value: Option<&NpstowValue>,
    result: Option<&mut f64>,
    error: ErrorOut,
) -> NpstowStatus {
    put(error, result, "result", || double(self::value(value)?))
}

pub(crate) fn double(value: &Value) -> Result<f64> {
    if let Some(own) = value.as_float() {
        return Ok(own);
    }
    let Some(digits) = value.to_digits() else {
        let real = [WHOLE, &[Kind::Float]].concat();
        return scalar(value, &real, "=f8", "a real number").map(f64::from_ne_bytes);
    };
    match digits.parse::<f64>() {
        Ok(own) if own.is_finite() => Ok(own),
        _ => beyond("a number that a double can hold", value),
    }
}

/// The parts of a complex number, into `real` and `imaginary`; also of all that
/// `npstow_value_double` takes.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_value_complex(
    value: Option<&NpstowValue>,
    real: Option<&mut f64>,
    imaginary: Option<&mut f64>,
    error: ErrorOut,
) -> NpstowStatus {
    done(error, || {
        let (value, real) = (self::value(value)?, need(real, "real")?);
        let imaginary = need(imaginary, "imaginary")?;
        let is_complex = |dtype: &Dtype| dtype.as_scalar().map(Scalar::kind) == Some(Kind::Complex);
        (*real, *imaginary) = match value.as_complex() {
            Some(own) => own,
            None if value.dtype().is_some_and(is_complex) => {
                let bytes = scalar::<16>(value, &[Kind::Complex], "=c16", "a complex number")?;
                let part = |at: usize| {
                    let part = bytes.get(at..at + 8).and_then(|part| part.try_into().ok());
                    f64::from_ne_bytes(part.unwrap_or_default())
                };
                (part(0), part(8))
            }
            None => (double(value)?, 0.0),
        };
        Ok(())
    })
}

fn lent(bytes: &[u8], len: Option<&mut usize>) -> Result<*const c_void> {
    *need(len, "len")? = bytes.len();
    // Nothing is there to be pointed to, and NULL is a failure.
    Ok(if bytes.is_empty() { c"".as_ptr().cast() } else { bytes.as_ptr().cast() })
}

/// A text in UTF-8, and its length in bytes into `len`; there is no NUL behind it, and there may be
/// some in it. It lives as long as the handle. NULL where it failed: `NPSTOW_UNSUPPORTED` where
/// surrogates stand alone, which is no text outside of Python.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_value_str(
    value: Option<&NpstowValue>,
    len: Option<&mut usize>,
    error: ErrorOut,
) -> *const c_char {
    let text = make(error, || {
        let own = need(value, "value")?;
        if let Some(text) = own.value.as_str() {
            return lent(text.as_bytes(), len);
        }
        if own.kept().bytes.get().is_none() {
            let text = own.value.to_text()?.into_owned().into_bytes();
            return lent(own.kept().bytes.get_or_init(|| text), len);
        }
        lent(own.kept().bytes.get().map_or(&[], Vec::as_slice), len)
    });
    text.unwrap_or(ptr::null()).cast()
}

/// The bytes of `bytes` or a `bytearray`, and how many into `len`. They live as long as the handle.
/// NULL where it failed.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_value_bytes(
    value: Option<&NpstowValue>,
    len: Option<&mut usize>,
    error: ErrorOut,
) -> *const c_void {
    let bytes = make(error, || {
        let own = need(value, "value")?;
        if let Some(bytes) = own.value.as_bytes() {
            return lent(bytes, len);
        }
        if own.value.kind() == ValueKind::Str {
            return mismatch("bytes", &own.value);
        }
        if own.kept().bytes.get().is_none() {
            let bytes = own.value.to_bytes()?.to_vec();
            return lent(own.kept().bytes.get_or_init(|| bytes), len);
        }
        lent(own.kept().bytes.get().map_or(&[], Vec::as_slice), len)
    });
    bytes.unwrap_or(ptr::null())
}

/// The module and the name of a class or function, or of the class of an object.
fn global(value: &Value) -> Option<(String, String)> {
    let class = value.class();
    let (module, name) = class.as_ref().unwrap_or(value).as_global()?;
    Some((module.to_owned(), name.to_owned()))
}

fn shown(
    value: Option<&NpstowValue>,
    place: impl Fn(&NpstowValue) -> &OnceLock<CString>,
    text: impl Fn(&Value) -> Option<String>,
) -> *const c_char {
    look(ptr::null(), || {
        let Some(value) = value else { return ptr::null() };
        let Some(text) = text(&value.value) else { return ptr::null() };
        place(value).get_or_init(|| c_string(&text)).as_ptr()
    })
}

/// The module of a class or function; of an object, or of an array of a subclass, that of its class.
/// NULL for all else. It lives as long as the handle.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_value_module(value: Option<&NpstowValue>) -> *const c_char {
    shown(value, |own| &own.kept().module, |own| global(own).map(|(module, _)| module))
}

/// The name of a class or function; of an object, or of an array of a subclass, that of its class.
/// NULL for all else. It lives as long as the handle.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_value_name(value: Option<&NpstowValue>) -> *const c_char {
    shown(value, |own| &own.kept().name, |own| global(own).map(|(_, name)| name))
}

/// The dtype of an array or a scalar, or the dtype that the value is, as NumPy's `descr`: "<f4".
/// NULL for all else. It lives as long as the handle.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_value_descr(value: Option<&NpstowValue>) -> *const c_char {
    shown(value, |own| &own.kept().descr, |own| own.dtype().map(Dtype::to_string))
}

/// The number of an extension (PEP 307), into `number`.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_value_extension(
    value: Option<&NpstowValue>,
    number: Option<&mut u32>,
    error: ErrorOut,
) -> NpstowStatus {
    put(error, number, "number", || {
        let value = self::value(value)?;
        value.extension().map_or_else(|| mismatch("an extension", value), Ok)
    })
}
