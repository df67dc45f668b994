//! Type strings: what `numpy.dtype` makes of a `str`, on Linux `x86_64`.
//!
//! The rules are those of `_convert_from_str` in NumPy's descriptor.c: comma strings first, then
//! an order, then dates, then one letter, then a letter and a size, then names.
#![forbid(unsafe_code)]

use super::scalar::MAX_ITEMSIZE;
use super::{Kind, Order, Scalar, Unit};
use crate::error::quoted;
use crate::{Error, Result};

/// What C's `strtol` takes for a number, where it is all of the text and fits an `int` from 0 on.
pub(super) fn c_int(text: &str) -> Option<u32> {
    let digits = text.trim_start_matches([' ', '\t', '\n', '\x0b', '\x0c', '\r']);
    let negative = digits.starts_with('-');
    let digits = digits.strip_prefix(['+', '-']).unwrap_or(digits);
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let value: u32 = digits.parse().ok()?;
    if value > 0x7fff_ffff || (negative && value > 0) {
        return None;
    }
    Some(value)
}

/// Letters that name a dtype by themselves, and what they are: kind and size in bytes.
fn letter(letter: u8) -> Option<(Kind, usize)> {
    Some(match letter {
        b'?' => (Kind::Bool, 1),
        b'b' => (Kind::Int, 1),
        b'h' => (Kind::Int, 2),
        b'i' => (Kind::Int, 4),
        b'l' | b'q' | b'n' | b'p' => (Kind::Int, 8),
        b'B' => (Kind::Uint, 1),
        b'H' => (Kind::Uint, 2),
        b'I' => (Kind::Uint, 4),
        b'L' | b'Q' | b'N' | b'P' => (Kind::Uint, 8),
        b'e' => (Kind::Float, 2),
        b'f' => (Kind::Float, 4),
        b'd' => (Kind::Float, 8),
        b'g' => (Kind::Float, 16),
        b'F' => (Kind::Complex, 8),
        b'D' => (Kind::Complex, 16),
        b'G' => (Kind::Complex, 32),
        b'S' => (Kind::Bytes, 0),
        b'c' => (Kind::Bytes, 1),
        b'U' => (Kind::Str, 0),
        b'V' => (Kind::Void, 0),
        b'O' => (Kind::Object, 8),
        b'M' => (Kind::Datetime, 8),
        b'm' => (Kind::Timedelta, 8),
        _ => return None,
    })
}

/// A letter and a number: `f8`, `U5`, `O4`.
fn sized(kind: u8, size: u32) -> Option<(Kind, usize)> {
    let size = usize::try_from(size).ok()?;
    Some(match (kind, size) {
        (b'b', 1) => (Kind::Bool, 1),
        (b'i', 1 | 2 | 4 | 8) => (Kind::Int, size),
        (b'u', 1 | 2 | 4 | 8) => (Kind::Uint, size),
        (b'f', 2 | 4 | 8 | 16) => (Kind::Float, size),
        (b'c', 8 | 16 | 32) => (Kind::Complex, size),
        // The size of a pointer on any machine; in memory it is that of this one.
        (b'O', 4 | 8) => (Kind::Object, 8),
        (b'M', 8) => (Kind::Datetime, 8),
        (b'm', 8) => (Kind::Timedelta, 8),
        (b'S' | b'a', _) => (Kind::Bytes, size),
        (b'V', _) => (Kind::Void, size),
        (b'U', _) => (Kind::Str, size.checked_mul(4).filter(|size| *size <= MAX_ITEMSIZE)?),
        _ => return None,
    })
}

/// The names in NumPy's `sctypeDict`, but for those of dates; they take no byte order.
fn named(name: &str) -> Option<(Kind, usize)> {
    Some(match name {
        "bool" | "bool_" => (Kind::Bool, 1),
        "int8" | "byte" => (Kind::Int, 1),
        "int16" | "short" => (Kind::Int, 2),
        "int32" | "intc" => (Kind::Int, 4),
        "int64" | "int" | "int_" | "intp" | "long" | "longlong" => (Kind::Int, 8),
        "uint8" | "ubyte" => (Kind::Uint, 1),
        "uint16" | "ushort" => (Kind::Uint, 2),
        "uint32" | "uintc" => (Kind::Uint, 4),
        "uint64" | "uint" | "uintp" | "ulong" | "ulonglong" => (Kind::Uint, 8),
        "float16" | "half" => (Kind::Float, 2),
        "float32" | "single" => (Kind::Float, 4),
        "float64" | "float" | "double" => (Kind::Float, 8),
        "float128" | "longdouble" => (Kind::Float, 16),
        "complex64" | "csingle" => (Kind::Complex, 8),
        "complex128" | "complex" | "cdouble" => (Kind::Complex, 16),
        "complex256" | "clongdouble" => (Kind::Complex, 32),
        "bytes" | "bytes_" | "a" => (Kind::Bytes, 0),
        "str" | "str_" | "unicode" => (Kind::Str, 0),
        "void" => (Kind::Void, 0),
        "object" | "object_" => (Kind::Object, 8),
        _ => return None,
    })
}

/// What NumPy knows and npstow does not: strings of any length, and the long doubles of 32-bit
/// machines.
fn is_elsewhere(order: Order, rest: &str) -> bool {
    match rest {
        "T" => order == Order::NATIVE,
        "f12" | "c24" | "float96" | "complex192" => true,
        _ => false,
    }
}

/// Reads one scalar; comma strings are not for here.
pub(super) fn scalar(text: &str) -> Result<Scalar> {
    let (order, rest) = match text.as_bytes().first() {
        Some(b'<') => (Order::Little, text.get(1..).unwrap_or_default()),
        Some(b'>') => (Order::Big, text.get(1..).unwrap_or_default()),
        Some(b'=' | b'|') => (Order::NATIVE, text.get(1..).unwrap_or_default()),
        _ => (Order::NATIVE, text),
    };
    if let Some((kind, unit)) = date(rest) {
        return Scalar::new(kind, order, 8)?.with_unit(Unit::parse(unit)?);
    }
    let found = match rest.as_bytes() {
        [] => None,
        [one] => letter(*one),
        [kind, ..] => rest.get(1..).and_then(c_int).and_then(|size| sized(*kind, size)),
    };
    let Some((kind, size)) = found.or_else(|| named(text)) else {
        let what = format!("'{}'", quoted(text));
        return Err(match is_elsewhere(order, rest) {
            true => Error::unsupported(format!("the dtype {what}")),
            false => Error::corrupt("a dtype that NumPy knows", what),
        });
    };
    Scalar::new(kind, order, size)
}

/// Whether a date or a duration is named, and the text of its unit.
fn date(text: &str) -> Option<(Kind, &str)> {
    let names = [
        ("M8", Kind::Datetime),
        ("m8", Kind::Timedelta),
        ("datetime64", Kind::Datetime),
        ("timedelta64", Kind::Timedelta),
    ];
    names.iter().find_map(|(name, kind)| Some((*kind, text.strip_prefix(name)?)))
}
