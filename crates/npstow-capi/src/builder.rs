//! Values made by the caller, part by part.

use crate::array::NpstowArray;
use crate::call::{ErrorOut, Text, done, look, make, need, slice};
use crate::error::NpstowStatus;
use crate::value::NpstowValue;
use npstow::{Error, Part, Result, ValueBuilder};
use std::ffi::{c_char, c_void};

/// A value in the making: parts are made, put into one another, and one of them is what comes of it.
/// The same part put into several containers is the same object there; a list or dictionary may be
/// put into itself. One thread at a time.
pub struct NpstowBuilder(Option<ValueBuilder>);

/// A part of a builder: good for that one alone, and freed with it. 0 is none: what is returned
/// after a failure.
pub type NpstowPart = u64;

fn builder(given: Option<&mut NpstowBuilder>) -> Result<&mut ValueBuilder> {
    let builder = need(given, "builder")?.0.as_mut();
    builder.ok_or_else(|| Error::invalid("a builder after its end"))
}

fn of_number(number: NpstowPart) -> Result<Part> {
    Part::of_number(number).ok_or_else(|| Error::invalid(format_args!("the part {number}")))
}

/// # Safety
/// `parts` points to `count` numbers, or is NULL.
unsafe fn of_numbers(parts: *const NpstowPart, count: usize) -> Result<Vec<Part>> {
    // SAFETY: the caller's promise.
    let parts = unsafe { slice(parts, count, "parts")? };
    parts.iter().map(|part| of_number(*part)).collect()
}

fn part(
    given: Option<&mut NpstowBuilder>,
    error: ErrorOut,
    work: impl FnOnce(&mut ValueBuilder) -> Result<Part>,
) -> NpstowPart {
    make(error, || Ok(work(builder(given)?)?.number())).unwrap_or(0)
}

/// A new builder.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_builder_new() -> Option<Box<NpstowBuilder>> {
    look(None, || Some(Box::new(NpstowBuilder(Some(ValueBuilder::default())))))
}

/// Frees a builder and its parts; the value that came of it stays.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_builder_free(builder: Option<Box<NpstowBuilder>>) {
    look((), || drop(builder));
}

/// `None`
#[unsafe(no_mangle)]
pub extern "C" fn npstow_builder_none(
    builder: Option<&mut NpstowBuilder>,
    error: ErrorOut,
) -> NpstowPart {
    part(builder, error, |own| Ok(own.none()))
}

/// A boolean.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_builder_bool(
    builder: Option<&mut NpstowBuilder>,
    value: bool,
    error: ErrorOut,
) -> NpstowPart {
    part(builder, error, |own| Ok(own.bool(value)))
}

/// An integer.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_builder_int64(
    builder: Option<&mut NpstowBuilder>,
    value: i64,
    error: ErrorOut,
) -> NpstowPart {
    part(builder, error, |own| own.int(value))
}

/// An integer without a sign.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_builder_uint64(
    builder: Option<&mut NpstowBuilder>,
    value: u64,
    error: ErrorOut,
) -> NpstowPart {
    part(builder, error, |own| own.long(value.into()))
}

/// An integer of any size, from its decimal digits; at most 4300, as Python converts them.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_builder_digits(
    builder: Option<&mut NpstowBuilder>,
    digits: Text,
    error: ErrorOut,
) -> NpstowPart {
    part(builder, error, |own| own.digits(digits.get("digits")?))
}

/// A float.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_builder_double(
    builder: Option<&mut NpstowBuilder>,
    value: f64,
    error: ErrorOut,
) -> NpstowPart {
    part(builder, error, |own| own.float(value))
}

/// A complex number.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_builder_complex(
    builder: Option<&mut NpstowBuilder>,
    real: f64,
    imaginary: f64,
    error: ErrorOut,
) -> NpstowPart {
    part(builder, error, |own| own.complex(real, imaginary))
}

/// A copy of `len` bytes of text in UTF-8, which may have NULs in it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npstow_builder_str(
    builder: Option<&mut NpstowBuilder>,
    text: *const c_char,
    len: usize,
    error: ErrorOut,
) -> NpstowPart {
    part(builder, error, |own| {
        // SAFETY: the header asks for `len` bytes.
        let bytes = unsafe { slice::<u8>(text.cast(), len, "text")? };
        let text = std::str::from_utf8(bytes);
        own.text(text.map_err(|e| Error::invalid(format_args!("a text is not UTF-8: {e}")))?)
    })
}

/// A copy of `len` bytes, as `bytes`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npstow_builder_bytes(
    builder: Option<&mut NpstowBuilder>,
    bytes: *const c_void,
    len: usize,
    error: ErrorOut,
) -> NpstowPart {
    // SAFETY: the header asks for `len` bytes.
    part(builder, error, |own| own.bytes(unsafe { slice::<u8>(bytes.cast(), len, "bytes")? }))
}

/// A copy of `len` bytes, as a `bytearray`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npstow_builder_bytearray(
    builder: Option<&mut NpstowBuilder>,
    bytes: *const c_void,
    len: usize,
    error: ErrorOut,
) -> NpstowPart {
    // SAFETY: the header asks for `len` bytes.
    part(builder, error, |own| own.bytearray(unsafe { slice::<u8>(bytes.cast(), len, "bytes")? }))
}

/// A list without items.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_builder_list(
    builder: Option<&mut NpstowBuilder>,
    error: ErrorOut,
) -> NpstowPart {
    part(builder, error, ValueBuilder::list)
}

/// A dictionary without pairs.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_builder_dict(
    builder: Option<&mut NpstowBuilder>,
    error: ErrorOut,
) -> NpstowPart {
    part(builder, error, ValueBuilder::dict)
}

/// A set without members.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_builder_set(
    builder: Option<&mut NpstowBuilder>,
    error: ErrorOut,
) -> NpstowPart {
    part(builder, error, ValueBuilder::set_of_none)
}

/// A tuple of `count` parts.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npstow_builder_tuple(
    builder: Option<&mut NpstowBuilder>,
    parts: *const NpstowPart,
    count: usize,
    error: ErrorOut,
) -> NpstowPart {
    // SAFETY: the header asks for `count` parts.
    part(builder, error, |own| own.tuple(&unsafe { of_numbers(parts, count)? }))
}

/// A frozenset of `count` parts; those that are equal count once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npstow_builder_frozenset(
    builder: Option<&mut NpstowBuilder>,
    parts: *const NpstowPart,
    count: usize,
    error: ErrorOut,
) -> NpstowPart {
    // SAFETY: the header asks for `count` parts.
    part(builder, error, |own| own.frozenset(&unsafe { of_numbers(parts, count)? }))
}

/// An array; the elements are shared, not copied.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_builder_array(
    builder: Option<&mut NpstowBuilder>,
    array: Option<&NpstowArray>,
    error: ErrorOut,
) -> NpstowPart {
    part(builder, error, |own| own.array(&need(array, "array")?.array))
}

/// A value of a file or of another builder, with all below it. What is shared there, and with other
/// values of that file that were added, is shared here; what was not read yet stays in its file.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_builder_value(
    builder: Option<&mut NpstowBuilder>,
    value: Option<&NpstowValue>,
    error: ErrorOut,
) -> NpstowPart {
    part(builder, error, |own| own.value(&need(value, "value")?.value))
}

/// Adds a part to the end of a list, or to a set, where one that is equal is there once.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_builder_push(
    builder: Option<&mut NpstowBuilder>,
    container: NpstowPart,
    item: NpstowPart,
    error: ErrorOut,
) -> NpstowStatus {
    done(error, || self::builder(builder)?.push(of_number(container)?, of_number(item)?))
}

/// Sets the value under a key of a dictionary, in the place of the one that was there before.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_builder_put(
    builder: Option<&mut NpstowBuilder>,
    dict: NpstowPart,
    key: NpstowPart,
    value: NpstowPart,
    error: ErrorOut,
) -> NpstowStatus {
    done(error, || {
        let (dict, key) = (of_number(dict)?, of_number(key)?);
        self::builder(builder)?.set(dict, key, of_number(value)?)
    })
}

/// The value that a part is, with all that was put into it. The builder is only to be freed then.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_builder_finish(
    builder: Option<&mut NpstowBuilder>,
    part: NpstowPart,
    error: ErrorOut,
) -> Option<Box<NpstowValue>> {
    make(error, || {
        let part = of_number(part)?;
        let own = need(builder, "builder")?.0.take();
        let own = own.ok_or_else(|| Error::invalid("a builder after its end"))?;
        Ok(NpstowValue::boxed(own.finish(part)?))
    })
}
