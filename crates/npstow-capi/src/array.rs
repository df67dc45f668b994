//! Arrays in memory: what they are.

use crate::call::{ErrorOut, Text, c_string, look, make, need};
use crate::options::{NpstowOrder, memory_order};
use crate::strings::NpstowStrings;
use npstow::{Array, Dtype, Error, Kind, PreviewOptions, Result};
use std::ffi::{CString, c_char, c_void};
use std::ptr;
use std::sync::OnceLock;

/// An array in memory: a dtype, a shape, strides and shared bytes. It never changes, and may be
/// used by several threads at once; handles of the same elements are cheap.
pub struct NpstowArray {
    pub(crate) array: Array,
    descr: OnceLock<CString>,
}

impl NpstowArray {
    pub(crate) fn boxed(array: Array) -> Box<Self> {
        Box::new(Self { array, descr: OnceLock::new() })
    }

    /// The first element.
    pub(crate) fn start(&self) -> *const u8 {
        self.array.buffer().as_ptr().wrapping_add(self.array.offset())
    }
}

/// Another handle of the same array; NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_array_clone(array: Option<&NpstowArray>) -> Option<Box<NpstowArray>> {
    look(None, || array.map(|array| NpstowArray::boxed(array.array.clone())))
}

/// Frees a handle; the elements are freed with the last one, and with the last view.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_array_free(array: Option<Box<NpstowArray>>) {
    look((), || drop(array));
}

/// The first element; the others lie as `npstow_array_strides` says. Not to be written to: others
/// may share the elements. NULL for NULL. It lives as long as the handle, as all that follows.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_array_data(array: Option<&NpstowArray>) -> *const c_void {
    array.map_or(ptr::null(), |array| array.start().cast())
}

/// What the elements are, as NumPy's `descr`: "<f4", "[('x', '<f4'), ('id', '<i8')]"; NULL for
/// NULL.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_array_descr(array: Option<&NpstowArray>) -> *const c_char {
    look(ptr::null(), || {
        let Some(array) = array else { return ptr::null() };
        array.descr.get_or_init(|| c_string(&array.array.dtype().to_string())).as_ptr()
    })
}

/// What the elements are, as NumPy's letter: 'f' 'i' 'u' 'b' 'c' (complex) 'U' 'S' 'V' (records,
/// too) 'M' 'm' 'O'; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_array_kind(array: Option<&NpstowArray>) -> c_char {
    let letter = |array: &NpstowArray| {
        let scalar = array.array.dtype().as_scalar();
        let letter = scalar.map_or(Kind::Void, npstow::Scalar::kind).letter();
        u8::try_from(letter).map_or(0, |letter| c_char::from_ne_bytes([letter]))
    };
    look(0, || array.map_or(0, letter))
}

/// The number of axes; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_array_ndim(array: Option<&NpstowArray>) -> usize {
    array.map_or(0, |array| array.array.ndim())
}

/// The number of elements; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_array_len(array: Option<&NpstowArray>) -> usize {
    array.map_or(0, |array| array.array.len())
}

/// Bytes of one element; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_array_itemsize(array: Option<&NpstowArray>) -> usize {
    array.map_or(0, |array| array.array.dtype().itemsize())
}

/// Bytes of all elements, without gaps between them; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_array_nbytes(array: Option<&NpstowArray>) -> usize {
    array.map_or(0, |array| array.array.nbytes())
}

/// The lengths of the axes; NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_array_shape(array: Option<&NpstowArray>) -> *const usize {
    array.map_or(ptr::null(), |array| array.array.shape().as_ptr())
}

/// For each axis, how many bytes on the next element lies; may be negative. NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_array_strides(array: Option<&NpstowArray>) -> *const isize {
    array.map_or(ptr::null(), |array| array.array.strides().as_ptr())
}

/// Whether the elements lie back to back in that order (`NPSTOW_ORDER_KEEP`: in one of the two);
/// false for NULL. Axes of length one do not matter.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_array_is_contiguous(
    array: Option<&NpstowArray>,
    order: NpstowOrder,
) -> bool {
    look(false, || {
        let Some(array) = array else { return false };
        match memory_order(order) {
            Ok(Some(order)) => array.array.is_contiguous(order),
            Ok(None) => array.array.is_c_contiguous() || array.array.is_f_contiguous(),
            Err(_) => false,
        }
    })
}

/// Whether the bytes of every number lie as this machine computes with them; false for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_array_is_native(array: Option<&NpstowArray>) -> bool {
    look(false, || array.is_some_and(|array| array.array.dtype().is_native()))
}

/// The first element, where the elements are of this dtype, in this machine's byte order, back to
/// back in C order, and aligned: what a pointer of the C type may be made of. The dtype is NumPy's
/// text ("<f4", "float32") or a `descr` of records; names, offsets and the item size of those must
/// agree, and booleans be 0 or 1. NULL and `NPSTOW_MISMATCH` otherwise, with a text that says what stands in the way.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_array_typed(
    array: Option<&NpstowArray>,
    descr: Text,
    error: ErrorOut,
) -> *const c_void {
    let start = make(error, || {
        let array = need(array, "array")?;
        typed(array, &Dtype::parse(descr.get("descr")?)?)?;
        Ok(array.start().cast())
    });
    start.unwrap_or(ptr::null())
}

fn typed(own: &NpstowArray, wanted: &Dtype) -> Result<()> {
    let array = &own.array;
    let dtype = array.dtype();
    if dtype != wanted {
        let hint = if dtype.to_order(npstow::Order::NATIVE) == *wanted {
            " (see npstow_array_to_native)"
        } else {
            ""
        };
        return Err(Error::mismatch(format!("the dtype {wanted}"), format!("{dtype}{hint}")));
    }
    if !dtype.is_native() {
        let expected = "the byte order of this machine (see npstow_array_to_native)";
        return Err(Error::mismatch(expected, dtype));
    }
    if !array.is_c_contiguous() {
        let found = match array.is_f_contiguous() {
            true => "Fortran order".to_owned(),
            false => format!("strides {:?} for shape {:?}", array.strides(), array.shape()),
        };
        let expected = "C-contiguous elements (see npstow_array_to_contiguous)";
        return Err(Error::mismatch(expected, found));
    }
    let alignment = dtype.alignment().max(1);
    if !array.is_empty() && !own.start().addr().is_multiple_of(alignment) {
        let expected = format!("elements aligned to {alignment} bytes");
        return Err(Error::mismatch(expected, "others (npstow_array_copy aligns them)"));
    }
    booleans(array)
}

/// A file may have any byte for a boolean; to C, others than 0 and 1 are undefined behaviour.
fn booleans(array: &Array) -> Result<()> {
    let mut places = Vec::new();
    boolean_places(array.dtype(), 0, &mut places);
    if places.is_empty() {
        return Ok(());
    }
    let bytes = array.bytes().unwrap_or_default();
    for (index, item) in bytes.chunks_exact(array.dtype().itemsize().max(1)).enumerate() {
        let wrong = places.iter().filter_map(|&at| item.get(at)).find(|&&byte| byte > 1);
        if let Some(byte) = wrong {
            let found = format!("{byte} in element {index}");
            return Err(Error::mismatch("booleans of 0 or 1", found));
        }
    }
    Ok(())
}

/// Where in an element booleans are.
fn boolean_places(dtype: &Dtype, start: usize, places: &mut Vec<usize>) {
    match dtype {
        Dtype::Scalar(scalar) if scalar.kind() == Kind::Bool => places.push(start),
        Dtype::Record(record) => {
            let fields = record.fields().iter();
            fields.for_each(|field| boolean_places(field.dtype(), start + field.offset(), places));
        }
        Dtype::Array(base, shape) => {
            let mut one = Vec::new();
            boolean_places(base, 0, &mut one);
            let count = if one.is_empty() { 0 } else { shape.iter().product() };
            let starts = (0..count).map(|n| start + n * base.itemsize());
            places.extend(starts.flat_map(|start| one.iter().map(move |at| start + at)));
        }
        _ => {}
    }
}

/// What NumPy would print; beyond `threshold` elements only the corners, in lines of at most
/// `linewidth` characters (NumPy has 1000 and 75). To be freed with `npstow_string_free`.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_array_preview(
    array: Option<&NpstowArray>,
    threshold: usize,
    linewidth: usize,
    error: ErrorOut,
) -> *mut c_char {
    let text = make(error, || {
        let options = PreviewOptions::default().threshold(threshold).linewidth(linewidth);
        Ok(c_string(&need(array, "array")?.array.preview(&options)).into_raw())
    });
    text.unwrap_or(ptr::null_mut())
}

/// One line, as in "(1000, 4, 4) <f4": to be freed with `npstow_string_free`; NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_array_desc(array: Option<&NpstowArray>) -> *mut c_char {
    look(ptr::null_mut(), || {
        let Some(array) = array else { return ptr::null_mut() };
        c_string(&described(array.array.dtype(), array.array.shape())).into_raw()
    })
}

/// "(1000, 4, 4) <f4".
pub(crate) fn described(dtype: &Dtype, shape: &[usize]) -> String {
    let lengths: Vec<String> = shape.iter().map(usize::to_string).collect();
    let comma = if lengths.len() == 1 { "," } else { "" };
    format!("({}{comma}) {dtype}", lengths.join(", "))
}

/// The texts of an array of strings ("U") or bytes ("S"), in C order. Bytes come as they are.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_array_strings(
    array: Option<&NpstowArray>,
    error: ErrorOut,
) -> Option<Box<NpstowStrings>> {
    make(error, || {
        let array = &need(array, "array")?.array;
        let is_bytes = array.dtype().as_scalar().is_some_and(|it| it.kind() == Kind::Bytes);
        Ok(Box::new(match is_bytes {
            true => NpstowStrings::new(array.to_byte_strings()?),
            false => NpstowStrings::new(array.to_strings()?),
        }))
    })
}
