//! What values are made of: items, keys, parts of objects, arrays.

use crate::array::NpstowArray;
use crate::call::{ErrorOut, Text, done, look, make, put, slice_mut};
use crate::error::NpstowStatus;
use crate::scalars::{double, int64};
use crate::value::{NpstowValue, NpstowValueKind, kind_of, value};
use npstow::{Error, Item, Result, Value, ValueKind};
use std::ffi::c_char;
use std::ptr;

/// The items of a container: also of an array of objects, and the values of a dictionary.
fn item(value: &Value, index: usize) -> Option<Value> {
    match value.kind() {
        ValueKind::Dict => value.pairs().nth(index).map(|(_, value)| value),
        ValueKind::Array => value.objects()?.nth(index),
        _ => value.items().nth(index),
    }
}

fn len(value: &Value) -> usize {
    match value.kind() {
        ValueKind::Dict => value.pairs().len(),
        ValueKind::Array => value.objects().map_or(0, |objects| objects.len()),
        _ => value.items().len(),
    }
}

/// How many items there are: of a list, a tuple, a set; the pairs of a dictionary; the elements of an
/// array of objects; what was appended to an object. 0 for all else, and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_value_len(value: Option<&NpstowValue>) -> usize {
    look(0, || value.map_or(0, |value| len(&value.value)))
}

fn beyond(what: &str, index: usize, len: usize) -> Error {
    Error::not_found(format_args!("{what} {index} of {len}"))
}

/// An item by its position (see `npstow_value_len`); of a dictionary, the value of that pair.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_value_item(
    value: Option<&NpstowValue>,
    index: usize,
    error: ErrorOut,
) -> Option<Box<NpstowValue>> {
    make(error, || {
        let value = self::value(value)?;
        let none = || beyond("the item", index, len(value));
        Ok(NpstowValue::boxed(item(value, index).ok_or_else(none)?))
    })
}

/// How many pairs a dictionary has, or were set on an object; 0 for all else, and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_value_pairs(value: Option<&NpstowValue>) -> usize {
    look(0, || value.map_or(0, |value| value.value.pairs().len()))
}

fn pair(value: Option<&NpstowValue>, index: usize) -> Result<(Value, Value)> {
    let value = self::value(value)?;
    value.pairs().nth(index).ok_or_else(|| beyond("the pair", index, value.pairs().len()))
}

/// The key of a pair, by its position.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_value_pair_key(
    value: Option<&NpstowValue>,
    index: usize,
    error: ErrorOut,
) -> Option<Box<NpstowValue>> {
    make(error, || Ok(NpstowValue::boxed(pair(value, index)?.0)))
}

/// The value of a pair, by its position.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_value_pair_value(
    value: Option<&NpstowValue>,
    index: usize,
    error: ErrorOut,
) -> Option<Box<NpstowValue>> {
    make(error, || Ok(NpstowValue::boxed(pair(value, index)?.1)))
}

/// The value under a key of text in a dictionary, or of what was set on an object. The keys are looked
/// at one by one.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_value_get(
    value: Option<&NpstowValue>,
    key: Text,
    error: ErrorOut,
) -> Option<Box<NpstowValue>> {
    make(error, || {
        let (value, key) = (self::value(value)?, key.get("key")?);
        if !matches!(value.kind(), ValueKind::Dict | ValueKind::Object) {
            return Err(Error::mismatch("a dictionary", value.kind().name()));
        }
        let none = || Error::not_found(format_args!("the key '{key}'"));
        Ok(NpstowValue::boxed(value.get(key).ok_or_else(none)?))
    })
}

fn part(
    given: Option<&NpstowValue>,
    error: ErrorOut,
    what: &str,
    work: impl FnOnce(&Value) -> Option<Value>,
) -> Option<Box<NpstowValue>> {
    make(error, || {
        let value = value(given)?;
        let none = || Error::not_found(format_args!("{what} of {}", value.kind().name()));
        Ok(NpstowValue::boxed(work(value).ok_or_else(none)?))
    })
}

/// The class of an object, or of an array of a subclass: a name, or what makes one.
/// `NPSTOW_NOT_FOUND` where there is none, as for all that follows.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_value_class(
    value: Option<&NpstowValue>,
    error: ErrorOut,
) -> Option<Box<NpstowValue>> {
    part(value, error, "the class", Value::class)
}

/// What an object was made with: a tuple.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_value_args(
    value: Option<&NpstowValue>,
    error: ErrorOut,
) -> Option<Box<NpstowValue>> {
    part(value, error, "the arguments", Value::args)
}

/// The state that an object was given, or what a subclass keeps beside an array.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_value_state(
    value: Option<&NpstowValue>,
    error: ErrorOut,
) -> Option<Box<NpstowValue>> {
    part(value, error, "the state", Value::state)
}

/// The identifier of something outside of the file.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_value_persistent_id(
    value: Option<&NpstowValue>,
    error: ErrorOut,
) -> Option<Box<NpstowValue>> {
    part(value, error, "the identifier", Value::persistent_id)
}

/// The number of axes of an array; 0 for all else, and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_value_ndim(value: Option<&NpstowValue>) -> usize {
    look(0, || value.and_then(|value| value.value.shape()).map_or(0, <[usize]>::len))
}

/// The lengths of the axes of an array; NULL for all else. They live as long as the handle.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_value_shape(value: Option<&NpstowValue>) -> *const usize {
    let shape = look(None, || value.and_then(|value| value.value.shape()).map(<[usize]>::as_ptr));
    shape.unwrap_or(ptr::null())
}

/// Reads an array into memory, or a scalar of NumPy as an array without axes; as it lies in the
/// file: byte order and memory order stay. An array of objects has items instead.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_value_array(
    value: Option<&NpstowValue>,
    error: ErrorOut,
) -> Option<Box<NpstowArray>> {
    make(error, || Ok(NpstowArray::boxed(self::value(value)?.to_array()?)))
}

/// The array where it lies in the mapped file, as `npstow_node_view`; `NPSTOW_UNSUPPORTED` where it
/// does not lie in one.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_value_view(
    value: Option<&NpstowValue>,
    error: ErrorOut,
) -> Option<Box<NpstowArray>> {
    make(error, || {
        let value = self::value(value)?;
        if value.kind() != ValueKind::Array {
            return Err(Error::mismatch("an array", value.kind().name()));
        }
        match Item::try_from(value)? {
            Item::Entry(entry) => Ok(NpstowArray::boxed(entry.view()?)),
            _ => Err(Error::unsupported("a view of objects, or of an array of a subclass")),
        }
    })
}

/// A value at a glance, for loops over long lists: what it is, and what fits in here.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct NpstowGlance {
    /// Names the value among those of its file; `npstow_value_by_id` makes a handle of it.
    pub id: u64,
    /// What it is.
    pub kind: NpstowValueKind,
    /// Of an integer, 1 where it has at most 64 bits, and else 0.
    pub is_int64: i32,
    /// A boolean, or an integer of at most 64 bits.
    pub integer: i64,
    /// A float, or the real part.
    pub real: f64,
    /// The imaginary part.
    pub imaginary: f64,
    /// Text in UTF-8, or bytes; NULL where they were not read yet, or are text with surrogates alone.
    /// They live as long as any handle of a value of the file.
    pub bytes: *const c_char,
    /// How many bytes.
    pub len: usize,
}

fn glance(value: &Value) -> NpstowGlance {
    let kind = value.kind();
    let (real, imaginary) = match (value.as_float(), value.as_complex()) {
        (Some(real), _) => (real, 0.0),
        (_, Some(parts)) => parts,
        _ => (0.0, 0.0),
    };
    let integer = value.as_int();
    let held = value.as_str().map(str::as_bytes).or_else(|| value.as_bytes());
    let bytes = match held {
        Some([]) => c"".as_ptr(),
        Some(bytes) => bytes.as_ptr().cast(),
        None => ptr::null(),
    };
    NpstowGlance {
        id: value.id(),
        kind: kind_of(kind),
        is_int64: i32::from(integer.is_some()),
        integer: integer.unwrap_or_default(),
        real,
        imaginary,
        bytes,
        len: held.map_or(0, <[u8]>::len),
    }
}

/// Looks at one value.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_value_glance(
    value: Option<&NpstowValue>,
    result: Option<&mut NpstowGlance>,
    error: ErrorOut,
) -> NpstowStatus {
    put(error, result, "result", || Ok(glance(self::value(value)?)))
}

/// Looks at `count` items from position `start` on (see `npstow_value_len`), into `result`, which has
/// room for as many.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npstow_value_glances(
    value: Option<&NpstowValue>,
    start: usize,
    result: *mut NpstowGlance,
    count: usize,
    error: ErrorOut,
) -> NpstowStatus {
    done(error, || {
        let value = self::value(value)?;
        check_range(start, count, len(value))?;
        // SAFETY: the header asks for room for `count` of them.
        let places = unsafe { slice_mut(result, count, "result")? }.iter_mut();
        match value.kind() {
            ValueKind::Dict => {
                let found = value.pairs().skip(start);
                places.zip(found).for_each(|(place, (_, value))| *place = glance(&value));
            }
            ValueKind::Array => {
                let found = value.objects().into_iter().flatten().skip(start);
                places.zip(found).for_each(|(place, value)| *place = glance(&value));
            }
            _ => {
                let found = value.items().skip(start);
                places.zip(found).for_each(|(place, value)| *place = glance(&value));
            }
        }
        Ok(())
    })
}

/// Looks at the keys of `count` pairs from position `start` on (see `npstow_value_pairs`), into
/// `keys`, and at their values, into `values`; each has room for as many, and may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npstow_value_pair_glances(
    value: Option<&NpstowValue>,
    start: usize,
    keys: *mut NpstowGlance,
    values: *mut NpstowGlance,
    count: usize,
    error: ErrorOut,
) -> NpstowStatus {
    done(error, || {
        let value = self::value(value)?;
        check_range(start, count, value.pairs().len())?;
        for (places, is_key) in [(keys, true), (values, false)] {
            if places.is_null() {
                continue;
            }
            // SAFETY: the header asks for room for `count` of them.
            let places = unsafe { slice_mut(places, count, "keys and values")? };
            for (place, (key, value)) in places.iter_mut().zip(value.pairs().skip(start)) {
                *place = glance(if is_key { &key } else { &value });
            }
        }
        Ok(())
    })
}

fn check_range(start: usize, count: usize, len: usize) -> Result<()> {
    match start.checked_add(count) {
        Some(end) if end <= len => Ok(()),
        _ => Err(Error::invalid(format_args!("{count} items from {start} on, of {len}"))),
    }
}

/// Fills `result` with what `number` makes of each item.
///
/// # Safety
/// `result` has room for `count` numbers, or is NULL.
unsafe fn numbers<T: Copy>(
    value: Option<&NpstowValue>,
    result: *mut T,
    count: usize,
    number: impl Fn(&Value) -> Result<T>,
) -> Result<()> {
    let value = self::value(value)?;
    if !matches!(value.kind(), ValueKind::List | ValueKind::Tuple) {
        return Err(Error::mismatch("a list or a tuple", value.kind().name()));
    }
    if value.items().len() != count {
        let found = format!("{} items", value.items().len());
        return Err(Error::mismatch(format!("{count} items"), found));
    }
    // SAFETY: the caller's promise.
    let places = unsafe { slice_mut(result, count, "result")? };
    for (at, (place, item)) in places.iter_mut().zip(value.items()).enumerate() {
        *place = number(&item).map_err(|e| e.in_member(&at.to_string()))?;
    }
    Ok(())
}

/// The numbers of a list or tuple, as `npstow_value_double` has them, into `result`, which has room
/// for all of them, and they are `count`; `NPSTOW_MISMATCH` where one is no number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npstow_value_doubles(
    value: Option<&NpstowValue>,
    result: *mut f64,
    count: usize,
    error: ErrorOut,
) -> NpstowStatus {
    // SAFETY: the header asks for room for `count` numbers.
    done(error, || unsafe { numbers(value, result, count, double) })
}

/// The integers of a list or tuple, as `npstow_value_int64` has them, into `result`, which has room
/// for all of them, and they are `count`; `NPSTOW_MISMATCH` where one is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npstow_value_int64s(
    value: Option<&NpstowValue>,
    result: *mut i64,
    count: usize,
    error: ErrorOut,
) -> NpstowStatus {
    // SAFETY: the header asks for room for `count` integers.
    done(error, || unsafe { numbers(value, result, count, int64) })
}
