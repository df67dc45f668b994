//! What is known of a dtype by its text.

use crate::call::{ErrorOut, Text, c_string, look, make, put};
use crate::error::NpstowStatus;
use npstow::Dtype;
use std::ffi::{CString, c_char};
use std::ptr;

/// The fields of a dtype of records. They never change, and may be used by several threads at once.
pub struct NpstowFields(Vec<Field>);

struct Field {
    name: CString,
    descr: CString,
    shape: Vec<usize>,
    offset: usize,
}

fn parse(descr: Text) -> npstow::Result<Dtype> {
    Dtype::parse(descr.get("descr")?)
}

/// The dtype of one element of a subarray, and the lengths of its axes.
fn peeled(dtype: &Dtype) -> (&Dtype, Vec<usize>) {
    let mut shape = Vec::new();
    let mut dtype = dtype;
    while let Dtype::Array(base, lengths) = dtype {
        shape.extend_from_slice(lengths);
        dtype = base;
    }
    (dtype, shape)
}

/// Bytes of one element of a dtype, which is NumPy's text ("<f4", "float32") or a `descr` of
/// records.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_descr_itemsize(
    descr: Text,
    itemsize: Option<&mut usize>,
    error: ErrorOut,
) -> NpstowStatus {
    put(error, itemsize, "itemsize", || Ok(parse(descr)?.itemsize()))
}

/// A dtype as npstow writes it: "<f4" for "float32". To be freed with `npstow_string_free`.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_descr_normal(descr: Text, error: ErrorOut) -> *mut c_char {
    let text = make(error, || Ok(c_string(&parse(descr)?.to_string()).into_raw()));
    text.unwrap_or(ptr::null_mut())
}

/// The fields of a dtype, padding left out; none where it is no record.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_descr_fields(descr: Text, error: ErrorOut) -> Option<Box<NpstowFields>> {
    make(error, || {
        let dtype = parse(descr)?;
        let fields = dtype.as_record().map(npstow::Record::fields).unwrap_or_default();
        let field = |field: &npstow::Field| {
            let (base, shape) = peeled(field.dtype());
            let (name, descr) = (c_string(field.name()), c_string(&base.to_string()));
            Field { name, descr, shape, offset: field.offset() }
        };
        Ok(Box::new(NpstowFields(fields.iter().map(field).collect())))
    })
}

/// How many fields there are; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_fields_len(fields: Option<&NpstowFields>) -> usize {
    fields.map_or(0, |fields| fields.0.len())
}

fn get(fields: Option<&NpstowFields>, index: usize) -> Option<&Field> {
    fields?.0.get(index)
}

/// The name of a field; NULL beyond the last. It lives as long as the handle, as what the others
/// give.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_fields_name(fields: Option<&NpstowFields>, index: usize) -> *const c_char {
    get(fields, index).map_or(ptr::null(), |field| field.name.as_ptr())
}

/// The dtype of a field, or of one element where it is a subarray; NULL beyond the last.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_fields_descr(
    fields: Option<&NpstowFields>,
    index: usize,
) -> *const c_char {
    get(fields, index).map_or(ptr::null(), |field| field.descr.as_ptr())
}

/// Where a field begins in its record, in bytes; 0 beyond the last.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_fields_offset(fields: Option<&NpstowFields>, index: usize) -> usize {
    get(fields, index).map_or(0, |field| field.offset)
}

/// How many axes a field has: 0 unless it is a subarray.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_fields_ndim(fields: Option<&NpstowFields>, index: usize) -> usize {
    get(fields, index).map_or(0, |field| field.shape.len())
}

/// The lengths of a field's axes; NULL beyond the last.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_fields_shape(fields: Option<&NpstowFields>, index: usize) -> *const usize {
    get(fields, index).map_or(ptr::null(), |field| field.shape.as_ptr())
}

/// Frees fields.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_fields_free(fields: Option<Box<NpstowFields>>) {
    look((), || drop(fields));
}
