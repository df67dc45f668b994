//! Headers of NPY on their own, for programs that read or write what follows them themselves.

use crate::call::{ErrorOut, Text, c_string, look, make, slice};
use crate::limits::{NpstowLimits, limits_of};
use crate::options::{NpstowOrder, order_number, some_order};
use npstow::npy::Header;
use npstow::{Dtype, Kind, Result, Scalar};
use std::ffi::{CString, c_char, c_void};
use std::ptr;

/// What an NPY header says. It never changes, and may be looked at from several threads.
pub struct NpstowHeader {
    header: Header,
    descr: CString,
    nbytes: usize,
    /// As it is written to a file.
    bytes: Vec<u8>,
}

impl NpstowHeader {
    fn new(header: Header, bytes: Vec<u8>) -> Result<Box<Self>> {
        let descr = c_string(&header.dtype().to_string());
        let nbytes = header.nbytes()?;
        Ok(Box::new(Self { header, descr, nbytes, bytes }))
    }
}

/// The length of a whole header, from the first 12 bytes of the file (10 are enough for version
/// 1.0): where the data begin, and how much `npstow_header_parse` needs. 0 on failure.
///
/// # Safety
/// `prefix` points to `len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npstow_header_len(
    prefix: *const c_void,
    len: usize,
    limits: Option<&NpstowLimits>,
    error: ErrorOut,
) -> usize {
    make(error, || {
        // SAFETY: the caller's promise.
        let prefix = unsafe { slice(prefix.cast::<u8>(), len, "prefix")? };
        Header::len_of(prefix, &limits_of(limits))
    })
    .unwrap_or(0)
}

/// Reads the header at the start of `bytes`; what follows it is not looked at. To be freed with
/// `npstow_header_free`; `limits` may be NULL.
///
/// # Safety
/// `bytes` points to `len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npstow_header_parse(
    bytes: *const c_void,
    len: usize,
    limits: Option<&NpstowLimits>,
    error: ErrorOut,
) -> Option<Box<NpstowHeader>> {
    make(error, || {
        // SAFETY: the caller's promise.
        let bytes = unsafe { slice(bytes.cast::<u8>(), len, "bytes")? };
        let limits = limits_of(limits);
        let header = Header::parse(bytes, &limits)?;
        let own = bytes.get(..Header::len_of(bytes, &limits)?).unwrap_or(bytes);
        NpstowHeader::new(header, own.to_vec())
    })
}

/// The header that NumPy would write for an array of this dtype, shape and order. To be freed
/// with `npstow_header_free`.
///
/// # Safety
/// `shape` points to `ndim` lengths, or is NULL where `ndim` is 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npstow_header_new(
    descr: Text,
    shape: *const usize,
    ndim: usize,
    order: NpstowOrder,
    error: ErrorOut,
) -> Option<Box<NpstowHeader>> {
    make(error, || {
        // SAFETY: the caller's promise.
        let shape = unsafe { slice(shape, ndim, "shape")? };
        let header = Header::new(Dtype::parse(descr.get("descr")?)?, shape, some_order(order)?)?;
        let bytes = header.to_bytes(None)?;
        NpstowHeader::new(header, bytes)
    })
}

/// The dtype as NumPy's `descr`: `<f4`, or a list of fields. It lives as long as the header; NULL
/// for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_header_descr(header: Option<&NpstowHeader>) -> *const c_char {
    header.map_or(ptr::null(), |header| header.descr.as_ptr())
}

/// The letter of NumPy's `dtype.kind`; NUL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_header_kind(header: Option<&NpstowHeader>) -> c_char {
    let letter = |header: &NpstowHeader| {
        let scalar = header.header.dtype().as_scalar();
        let letter = scalar.map_or(Kind::Void, Scalar::kind).letter();
        u8::try_from(letter).map_or(0, |letter| c_char::from_ne_bytes([letter]))
    };
    look(0, || header.map_or(0, letter))
}

/// Whether numbers lie in this machine's byte order; false for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_header_is_native(header: Option<&NpstowHeader>) -> bool {
    header.is_some_and(|header| look(false, || header.header.dtype().is_native()))
}

/// The size of an element in bytes; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_header_itemsize(header: Option<&NpstowHeader>) -> usize {
    header.map_or(0, |header| header.header.dtype().itemsize())
}

/// The number of axes; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_header_ndim(header: Option<&NpstowHeader>) -> usize {
    header.map_or(0, |header| header.header.shape().len())
}

/// The lengths of the axes, as many as `npstow_header_ndim` says. They live as long as the header;
/// NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_header_shape(header: Option<&NpstowHeader>) -> *const usize {
    header.map_or(ptr::null(), |header| header.header.shape().as_ptr())
}

/// `NPSTOW_ORDER_C` or `NPSTOW_ORDER_F`: `fortran_order` in the file. `NPSTOW_ORDER_C` for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_header_order(header: Option<&NpstowHeader>) -> NpstowOrder {
    header.map_or(0, |header| order_number(header.header.order()))
}

/// The size of the data behind the header, in bytes; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_header_nbytes(header: Option<&NpstowHeader>) -> usize {
    header.map_or(0, |header| header.nbytes)
}

/// The header as it stands in a file, `*len` bytes of it; `len` may be NULL. The data begin behind
/// it. It lives as long as the header; NULL and 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_header_bytes(
    header: Option<&NpstowHeader>,
    len: Option<&mut usize>,
) -> *const c_void {
    if let Some(len) = len {
        *len = header.map_or(0, |header| header.bytes.len());
    }
    header.map_or(ptr::null(), |header| header.bytes.as_ptr().cast())
}

/// Frees a header.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_header_free(header: Option<Box<NpstowHeader>>) {
    look((), || drop(header));
}
