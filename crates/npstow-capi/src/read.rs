//! Reading the arrays of an open file.

use crate::array::NpstowArray;
use crate::call::{ErrorOut, Text, done, make, slice_mut};
use crate::error::NpstowStatus;
use crate::node::{NpstowNode, entry};
use crate::options::{NPSTOW_BYTES_KEEP, NPSTOW_ORDER_C, NpstowByteOrder, NpstowOrder, reading};
use npstow::Selection;
use std::ffi::c_void;

/// Whether the array can be there: the file is long enough for it, and packed data are in proportion
/// to what they claim. For who allocates `npstow_node_nbytes` bytes, which a damaged file may
/// overstate; reading into them checks the same.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_node_check(node: Option<&NpstowNode>, error: ErrorOut) -> NpstowStatus {
    done(error, || entry(node)?.check())
}

/// Reads the array into new memory, as it lies in the file: byte order and memory order stay.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_node_read(
    node: Option<&NpstowNode>,
    error: ErrorOut,
) -> Option<Box<NpstowArray>> {
    make(error, || Ok(NpstowArray::boxed(entry(node)?.read()?)))
}

/// Reads the array into new memory, in the orders asked for.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_node_read_as(
    node: Option<&NpstowNode>,
    bytes: NpstowByteOrder,
    memory: NpstowOrder,
    error: ErrorOut,
) -> Option<Box<NpstowArray>> {
    make(error, || {
        let options = reading(bytes, memory)?;
        Ok(NpstowArray::boxed(entry(node)?.read_with(&options)?))
    })
}

/// The array where it lies in the mapped file: nothing is read before it is looked at. A file that
/// changes meanwhile changes the array, and one that shrinks ends the process; where that may
/// happen, read.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_node_view(
    node: Option<&NpstowNode>,
    error: ErrorOut,
) -> Option<Box<NpstowArray>> {
    make(error, || Ok(NpstowArray::boxed(entry(node)?.view()?)))
}

/// Reads the elements into the caller's memory of `len` bytes (`npstow_node_nbytes`): in C order,
/// with the byte order of the file.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npstow_node_read_into(
    node: Option<&NpstowNode>,
    dst: *mut c_void,
    len: usize,
    error: ErrorOut,
) -> NpstowStatus {
    // SAFETY: the same promises.
    unsafe { npstow_node_read_into_as(node, dst, len, NPSTOW_BYTES_KEEP, NPSTOW_ORDER_C, error) }
}

/// Reads the elements into the caller's memory of `len` bytes (`npstow_node_nbytes`), in the
/// orders asked for. After an error the memory holds nothing to rely on.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npstow_node_read_into_as(
    node: Option<&NpstowNode>,
    dst: *mut c_void,
    len: usize,
    bytes: NpstowByteOrder,
    memory: NpstowOrder,
    error: ErrorOut,
) -> NpstowStatus {
    done(error, || {
        let (entry, options) = (entry(node)?, reading(bytes, memory)?);
        // SAFETY: the header asks for `len` bytes that nobody else uses meanwhile.
        entry.read_into_with(unsafe { slice_mut(dst.cast(), len, "dst")? }, &options)
    })
}

/// Reads a part of the array, and no more than that where the file allows: the selection is
/// NumPy's text, as in `10:20, ::2, -1`.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_node_slice(
    node: Option<&NpstowNode>,
    selection: Text,
    error: ErrorOut,
) -> Option<Box<NpstowArray>> {
    make(error, || {
        let selection: Selection = selection.get("selection")?.parse()?;
        Ok(NpstowArray::boxed(entry(node)?.read_slice(&selection)?))
    })
}

/// Reads a part of the array into the caller's memory, whose `len` bytes the part fills: in the
/// orders of the file.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npstow_node_slice_into(
    node: Option<&NpstowNode>,
    selection: Text,
    dst: *mut c_void,
    len: usize,
    error: ErrorOut,
) -> NpstowStatus {
    done(error, || {
        let selection: Selection = selection.get("selection")?.parse()?;
        // SAFETY: the header asks for `len` bytes that nobody else uses meanwhile.
        let dst = unsafe { slice_mut(dst.cast(), len, "dst")? };
        entry(node)?.read_slice_into(&selection, dst)
    })
}
