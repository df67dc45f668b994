//! Arrays made of the caller's memory, and of other arrays.

use crate::array::NpstowArray;
use crate::call::{ErrorOut, Text, make, need, slice};
use crate::options::{NpstowOrder, some_order};
use crate::strings::NpstowStrings;
use npstow::{Array, Buffer, BufferMut, Dtype, Error, MemoryOrder, Result};
use std::ffi::c_void;

/// Memory of the caller.
pub(crate) struct Borrowed {
    start: *const u8,
    len: usize,
    free: Option<unsafe extern "C" fn(*mut c_void)>,
    context: *mut c_void,
}

// SAFETY: the header asks for memory that does not change and for a function that may be called
// from any thread.
unsafe impl Send for Borrowed {}

impl AsRef<[u8]> for Borrowed {
    fn as_ref(&self) -> &[u8] {
        // SAFETY: checked when it was made (not NULL where there are bytes); the header asks for
        // memory that stays as it is until it is given back.
        unsafe { slice(self.start, self.len, "bytes") }.unwrap_or_default()
    }
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        if let Some(free) = self.free {
            // SAFETY: the header asks for a function that takes this context; it is called once.
            unsafe { free(self.context) };
        }
    }
}

/// The caller's memory as a buffer, which gives it back when nobody needs it.
///
/// # Safety
/// `start` points to `len` bytes which stay as they are until `free` is called (for ever where there
/// is no such function), which takes `context` from any thread.
pub(crate) unsafe fn borrowed(
    start: *const c_void,
    len: usize,
    what: &str,
    free: Option<unsafe extern "C" fn(*mut c_void)>,
    context: *mut c_void,
) -> Result<Buffer> {
    // SAFETY: the caller's promise.
    unsafe { slice::<u8>(start.cast(), len, what)? };
    Ok(Buffer::from_owner(Borrowed { start: start.cast(), len, free, context }))
}

/// Number of bytes of so many elements.
pub(crate) fn nbytes(shape: &[usize], dtype: &Dtype) -> Result<usize> {
    let len = shape.iter().try_fold(dtype.itemsize(), |len, &n| len.checked_mul(n));
    len.filter(|&len| isize::try_from(len).is_ok())
        .ok_or_else(|| Error::invalid("a shape beyond what memory can hold"))
}

/// Copies the elements at `data`, which lie back to back in that order, into a new array. The
/// dtype is NumPy's text ("<f4", "float32") or a `descr` of records.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npstow_array_from_copy(
    data: *const c_void,
    descr: Text,
    shape: *const usize,
    ndim: usize,
    order: NpstowOrder,
    error: ErrorOut,
) -> Option<Box<NpstowArray>> {
    make(error, || {
        let (dtype, order) = (Dtype::parse(descr.get("descr")?)?, some_order(order)?);
        // SAFETY: the header asks for `ndim` lengths.
        let shape = unsafe { slice(shape, ndim, "shape")? };
        let len = nbytes(shape, &dtype)?;
        // SAFETY: the header asks for as many elements as the shape says.
        let bytes = unsafe { slice::<u8>(data.cast(), len, "data")? };
        let mut copy = BufferMut::zeroed(len)?;
        copy.bytes_mut().copy_from_slice(bytes);
        Ok(NpstowArray::boxed(Array::new(dtype, shape, order, copy.freeze())?))
    })
}

/// An array over the caller's memory, which is not copied: `len` bytes from `data`, which must stay
/// as they are until `free` is called with `context` (from any thread, once, and not before this
/// function has returned an array; where it fails, `free` is not called). `free` may be NULL. With
/// `strides` (in bytes, from the first element at `data`, not negative) the elements may lie in any
/// way within the `len` bytes; with NULL they lie back to back in the order.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npstow_array_from_memory(
    data: *const c_void,
    len: usize,
    descr: Text,
    shape: *const usize,
    strides: *const isize,
    ndim: usize,
    order: NpstowOrder,
    free: Option<unsafe extern "C" fn(context: *mut c_void)>,
    context: *mut c_void,
    error: ErrorOut,
) -> Option<Box<NpstowArray>> {
    make(error, || {
        let dtype = Dtype::parse(descr.get("descr")?)?;
        // SAFETY: the header asks for `ndim` lengths.
        let shape = unsafe { slice(shape, ndim, "shape")? };
        // SAFETY: the header asks for `len` bytes. Without a function to call, for a trial.
        let trial = unsafe { borrowed(data, len, "data", None, std::ptr::null_mut())? };
        let array = |bytes: Buffer| {
            if strides.is_null() {
                return Array::new(dtype.clone(), shape, some_order(order)?, bytes);
            }
            // SAFETY: the header asks for `ndim` strides.
            let strides = unsafe { slice(strides, ndim, "strides")? };
            Array::from_parts(dtype.clone(), shape.to_vec(), strides.to_vec(), 0, bytes)
        };
        array(trial)?;
        // SAFETY: the header asks for `len` bytes until `free` is called.
        let bytes = unsafe { borrowed(data, len, "data", free, context)? };
        Ok(NpstowArray::boxed(array(bytes)?))
    })
}

/// An array of strings ("U"), as long as the longest.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_array_from_strings(
    strings: Option<&NpstowStrings>,
    error: ErrorOut,
) -> Option<Box<NpstowArray>> {
    make(error, || {
        let texts = need(strings, "strings")?.texts()?;
        Ok(NpstowArray::boxed(Array::from_strings(&texts)?))
    })
}

/// Loads an array: of a `.npy` file, or of an archive or a folder with the name behind a colon, as
/// in "run.npz:photon" and "run:event/photon". In the byte order of this machine.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_load(place: Text, error: ErrorOut) -> Option<Box<NpstowArray>> {
    make(error, || {
        let (path, name) = npstow::split_place(place.get("place")?);
        let node = npstow::open(path)?.get(name.as_deref().unwrap_or(""))?;
        Ok(NpstowArray::boxed(node.read()?.to_native()?))
    })
}

/// The function of an array that gives another one.
fn derive(
    array: Option<&NpstowArray>,
    error: ErrorOut,
    work: impl FnOnce(&Array) -> Result<Array>,
) -> Option<Box<NpstowArray>> {
    make(error, || Ok(NpstowArray::boxed(work(&need(array, "array")?.array)?)))
}

/// The same values in the byte order of this machine; a copy only where they are not.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_array_to_native(
    array: Option<&NpstowArray>,
    error: ErrorOut,
) -> Option<Box<NpstowArray>> {
    derive(array, error, Array::to_native)
}

/// The same elements back to back in that order; a copy only where they are not.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_array_to_contiguous(
    array: Option<&NpstowArray>,
    order: NpstowOrder,
    error: ErrorOut,
) -> Option<Box<NpstowArray>> {
    derive(array, error, |array| array.to_contiguous(some_order(order)?))
}

/// A copy in C order in memory of its own, aligned for any type.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_array_copy(
    array: Option<&NpstowArray>,
    error: ErrorOut,
) -> Option<Box<NpstowArray>> {
    derive(array, error, copy)
}

pub(crate) fn copy(array: &Array) -> Result<Array> {
    let packed = array.to_contiguous(MemoryOrder::C)?;
    let mut copy = BufferMut::zeroed(packed.nbytes())?;
    copy.bytes_mut().copy_from_slice(packed.bytes().unwrap_or_default());
    Array::new(packed.dtype().clone(), packed.shape(), MemoryOrder::C, copy.freeze())
}

/// The same elements with the axes in reverse order; no copy.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_array_transpose(
    array: Option<&NpstowArray>,
    error: ErrorOut,
) -> Option<Box<NpstowArray>> {
    derive(array, error, |array| Ok(array.transpose()))
}

/// The same elements, in C order, in another shape; a copy only where the array is not C-contiguous.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npstow_array_reshape(
    array: Option<&NpstowArray>,
    shape: *const usize,
    ndim: usize,
    error: ErrorOut,
) -> Option<Box<NpstowArray>> {
    derive(array, error, |array| {
        // SAFETY: the header asks for `ndim` lengths.
        array.reshape(unsafe { slice(shape, ndim, "shape")? })
    })
}

/// One field of an array of records, by its name or title; a view.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_array_field(
    array: Option<&NpstowArray>,
    name: Text,
    error: ErrorOut,
) -> Option<Box<NpstowArray>> {
    derive(array, error, |array| array.field(name.get("name")?))
}

/// The part that a selection picks, in NumPy's text (`10:20, ::2, -1`); a view where it can be.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_array_select(
    array: Option<&NpstowArray>,
    selection: Text,
    error: ErrorOut,
) -> Option<Box<NpstowArray>> {
    derive(array, error, |array| array.select(&selection.get("selection")?.parse()?))
}

/// The same bytes as elements of another dtype: each row of the first axis becomes a row of this
/// shape. Records `(n,)` become floats `(n, 4, 4)` so, and back; no copy.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npstow_array_view_as(
    array: Option<&NpstowArray>,
    descr: Text,
    row_shape: *const usize,
    row_ndim: usize,
    error: ErrorOut,
) -> Option<Box<NpstowArray>> {
    derive(array, error, |array| {
        // SAFETY: the header asks for `row_ndim` lengths.
        let row_shape = unsafe { slice(row_shape, row_ndim, "row_shape")? };
        array.view_as(Dtype::parse(descr.get("descr")?)?, row_shape)
    })
}
