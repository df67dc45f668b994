//! Python objects as data: what pickles hold.

use crate::call::{ErrorOut, Text, c_string, look, make, need, put};
use crate::error::NpstowStatus;
use npstow::{Result, Value, ValueKind};
use std::ffi::{CString, c_char};
use std::ptr;
use std::sync::OnceLock;

/// What a value is: one of `NPSTOW_VALUE_…`.
pub type NpstowValueKind = i32;
/// `None`
pub const NPSTOW_VALUE_NONE: NpstowValueKind = 0;
/// `bool`
pub const NPSTOW_VALUE_BOOL: NpstowValueKind = 1;
/// `int`, of any size.
pub const NPSTOW_VALUE_INT: NpstowValueKind = 2;
/// `float`
pub const NPSTOW_VALUE_FLOAT: NpstowValueKind = 3;
/// `complex`
pub const NPSTOW_VALUE_COMPLEX: NpstowValueKind = 4;
/// `str`
pub const NPSTOW_VALUE_STR: NpstowValueKind = 5;
/// `bytes`
pub const NPSTOW_VALUE_BYTES: NpstowValueKind = 6;
/// `bytearray`
pub const NPSTOW_VALUE_BYTEARRAY: NpstowValueKind = 7;
/// `list`
pub const NPSTOW_VALUE_LIST: NpstowValueKind = 8;
/// `tuple`
pub const NPSTOW_VALUE_TUPLE: NpstowValueKind = 9;
/// `set`
pub const NPSTOW_VALUE_SET: NpstowValueKind = 10;
/// `frozenset`
pub const NPSTOW_VALUE_FROZENSET: NpstowValueKind = 11;
/// `dict`, in the order of insertion.
pub const NPSTOW_VALUE_DICT: NpstowValueKind = 12;
/// `numpy.ndarray`, or a subclass of it.
pub const NPSTOW_VALUE_ARRAY: NpstowValueKind = 13;
/// `numpy.dtype`
pub const NPSTOW_VALUE_DTYPE: NpstowValueKind = 14;
/// A scalar of NumPy.
pub const NPSTOW_VALUE_SCALAR: NpstowValueKind = 15;
/// A class or function, by its name.
pub const NPSTOW_VALUE_GLOBAL: NpstowValueKind = 16;
/// Any other object: its class, and what it was made of.
pub const NPSTOW_VALUE_OBJECT: NpstowValueKind = 17;
/// A name for something outside of the file.
pub const NPSTOW_VALUE_PERSISTENT: NpstowValueKind = 18;
/// A class or function, by its number in a registry outside of the file.
pub const NPSTOW_VALUE_EXTENSION: NpstowValueKind = 19;

pub(crate) fn kind_of(kind: ValueKind) -> NpstowValueKind {
    match kind {
        ValueKind::None => NPSTOW_VALUE_NONE,
        ValueKind::Bool => NPSTOW_VALUE_BOOL,
        ValueKind::Int => NPSTOW_VALUE_INT,
        ValueKind::Float => NPSTOW_VALUE_FLOAT,
        ValueKind::Complex => NPSTOW_VALUE_COMPLEX,
        ValueKind::Str => NPSTOW_VALUE_STR,
        ValueKind::Bytes => NPSTOW_VALUE_BYTES,
        ValueKind::ByteArray => NPSTOW_VALUE_BYTEARRAY,
        ValueKind::List => NPSTOW_VALUE_LIST,
        ValueKind::Tuple => NPSTOW_VALUE_TUPLE,
        ValueKind::Set => NPSTOW_VALUE_SET,
        ValueKind::FrozenSet => NPSTOW_VALUE_FROZENSET,
        ValueKind::Dict => NPSTOW_VALUE_DICT,
        ValueKind::Array => NPSTOW_VALUE_ARRAY,
        ValueKind::Dtype => NPSTOW_VALUE_DTYPE,
        ValueKind::Scalar => NPSTOW_VALUE_SCALAR,
        ValueKind::Global => NPSTOW_VALUE_GLOBAL,
        ValueKind::Object => NPSTOW_VALUE_OBJECT,
        ValueKind::Persistent => NPSTOW_VALUE_PERSISTENT,
        ValueKind::Extension => NPSTOW_VALUE_EXTENSION,
        // A kind that this file does not know.
        _ => -1,
    }
}

/// A Python object as data: a handle on one of the values of a file, which is cheap to make and to
/// copy, and keeps all of them in memory. It never changes, and may be used by several threads at
/// once. Classes and functions are names: nothing is ever run.
pub struct NpstowValue {
    pub(crate) value: Value,
    pub(crate) kept: OnceLock<Box<Kept>>,
}

/// What was made for C, and lives as long as the handle.
#[derive(Default)]
pub(crate) struct Kept {
    pub(crate) bytes: OnceLock<Vec<u8>>,
    pub(crate) module: OnceLock<CString>,
    pub(crate) name: OnceLock<CString>,
    pub(crate) descr: OnceLock<CString>,
}

impl NpstowValue {
    pub(crate) fn boxed(value: Value) -> Box<Self> {
        Box::new(Self { value, kept: OnceLock::new() })
    }

    pub(crate) fn kept(&self) -> &Kept {
        self.kept.get_or_init(Box::default)
    }
}

/// The value of a handle.
pub(crate) fn value(given: Option<&NpstowValue>) -> Result<&Value> {
    Ok(&need(given, "value")?.value)
}

/// Another handle of the same value; NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_value_clone(value: Option<&NpstowValue>) -> Option<Box<NpstowValue>> {
    look(None, || value.map(|value| NpstowValue::boxed(value.value.clone())))
}

/// Frees a handle; the values of a file are freed with the last one.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_value_free(value: Option<Box<NpstowValue>>) {
    look((), || drop(value));
}

/// What it is; -1 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_value_kind(value: Option<&NpstowValue>) -> NpstowValueKind {
    look(-1, || value.map_or(-1, |value| kind_of(value.value.kind())))
}

/// Python's name of a kind: "int", "list", "ndarray", "object"; NULL for a number that is no
/// kind. It lives as long as the program.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_value_kind_name(kind: NpstowValueKind) -> *const c_char {
    const NAMES: [&std::ffi::CStr; 20] = [
        c"NoneType",
        c"bool",
        c"int",
        c"float",
        c"complex",
        c"str",
        c"bytes",
        c"bytearray",
        c"list",
        c"tuple",
        c"set",
        c"frozenset",
        c"dict",
        c"ndarray",
        c"dtype",
        c"scalar",
        c"global",
        c"object",
        c"persistent",
        c"extension",
    ];
    let name = usize::try_from(kind).ok().and_then(|kind| NAMES.get(kind));
    name.map_or(ptr::null(), |name| name.as_ptr())
}

/// Whether both are the very same object of a file, not only equal; false for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_value_is(
    value: Option<&NpstowValue>,
    other: Option<&NpstowValue>,
) -> bool {
    look(false, || match (value, other) {
        (Some(value), Some(other)) => value.value.is(&other.value),
        _ => false,
    })
}

/// A number that names the value among those of its file: who has the same one is the same object.
/// It tells shared parts, and where a cycle closes. 0 for NULL, and for no value.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_value_id(value: Option<&NpstowValue>) -> u64 {
    look(0, || value.map_or(0, |value| value.value.id()))
}

/// The value of the same file with that number.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_value_by_id(
    value: Option<&NpstowValue>,
    id: u64,
    error: ErrorOut,
) -> Option<Box<NpstowValue>> {
    make(error, || {
        let found = self::value(value)?.by_id(id);
        let none = || npstow::Error::invalid(format_args!("the number {id} of a value"));
        Ok(NpstowValue::boxed(found.ok_or_else(none)?))
    })
}

/// How many values the file has in all, small numbers not counted; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_value_count(value: Option<&NpstowValue>) -> usize {
    look(0, || value.map_or(0, |value| value.value.count()))
}

/// Whether two values are equal, of one file or of two, into `equal`: as Python has it, but NaN is
/// equal to NaN, arrays are equal where dtype (but for the byte order), shape and bytes are, and
/// objects where their classes are and all that they were made of. Keys that are objects themselves
/// have to come in the same order.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_value_equal(
    value: Option<&NpstowValue>,
    other: Option<&NpstowValue>,
    equal: Option<&mut bool>,
    error: ErrorOut,
) -> NpstowStatus {
    put(error, equal, "equal", || self::value(value)?.equals(&need(other, "other")?.value))
}

/// The value under a slash path from here, "" is itself. A step is a key of a dictionary, a position
/// in a list, or a part of an object: "weights/0", "args/1", "state/x".
#[unsafe(no_mangle)]
pub extern "C" fn npstow_value_find(
    value: Option<&NpstowValue>,
    path: Text,
    error: ErrorOut,
) -> Option<Box<NpstowValue>> {
    make(error, || {
        let path = path.get("path")?;
        let none = || npstow::Error::not_found(format_args!("the path '{path}'"));
        Ok(NpstowValue::boxed(self::value(value)?.find(path).ok_or_else(none)?))
    })
}

/// The value as Python prints it, to be freed with `npstow_string_free`; very long ones are cut.
/// NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_value_repr(value: Option<&NpstowValue>) -> *mut c_char {
    let text = look(None, || value.map(|value| c_string(&value.value.to_string())));
    text.map_or(ptr::null_mut(), CString::into_raw)
}

/// The value as JSON, to be freed with `npstow_string_free`. What JSON lacks is an object of one
/// key: `{"$tuple":[1,2]}`, `$bytes`, `$complex`, `$array` (dtype, shape, digest), `$object`; `$ref`
/// where a cycle closes.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_value_json(value: Option<&NpstowValue>, error: ErrorOut) -> *mut c_char {
    let text = make(error, || Ok(c_string(&self::value(value)?.to_json()?)));
    text.map_or(ptr::null_mut(), CString::into_raw)
}
