//! Rows added to files: to one that is there, and to a new one.

use crate::array::NpstowArray;
use crate::call::{ErrorOut, Text, done, look, make, need, slice};
use crate::error::NpstowStatus;
use crate::make::{borrowed, nbytes};
use crate::options::{NpstowDurability, durability};
use npstow::npy::RowWriter;
use npstow::{Appender, Array, Dtype, Error, MemoryOrder, Result};
use std::ffi::c_void;
use std::ptr;

/// Adds rows to an array that is there: a `.npy` file, or a dataset of HDF5 in chunks whose first axis
/// may grow. At every moment the file holds the old rows or the new ones, and nobody else appends.
/// One thread at a time.
pub struct NpstowAppender {
    appender: Option<Appender>,
    dtype: Dtype,
    row_shape: Vec<usize>,
}

/// Writes a new `.npy` file row by row; it is there when it is finished. One thread at a time.
pub struct NpstowRowWriter {
    writer: Option<RowWriter>,
    dtype: Dtype,
    row_shape: Vec<usize>,
}

fn spent<T>(handle: Option<T>) -> Result<T> {
    handle.ok_or_else(|| Error::invalid("rows for a file that is finished"))
}

/// The caller's rows as an array, for the time of a call.
///
/// # Safety
/// `data` points to so many rows.
unsafe fn rows(data: *const c_void, rows: usize, row: &[usize], dtype: &Dtype) -> Result<Array> {
    let shape = [&[rows], row].concat();
    let len = nbytes(&shape, dtype)?;
    // SAFETY: the caller's promise; no writer keeps an array, all copy or write it at once.
    let bytes = unsafe { borrowed(data, len, "data", None, ptr::null_mut())? };
    Array::new(dtype.clone(), &shape, MemoryOrder::C, bytes)
}

/// Adds the rows of an array of shape `(n, *row_shape)`, or one row of shape `row_shape`, to a
/// `.npy` file, or to a dataset of HDF5, typed as `run.h5:event/hit`.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_append(
    path: Text,
    array: Option<&NpstowArray>,
    error: ErrorOut,
) -> NpstowStatus {
    done(error, || npstow::append(path.path("path")?, &need(array, "array")?.array))
}

/// Opens a `.npy` file, or a dataset of HDF5 as `npstow_append` takes it, to add rows; the header is
/// kept, whoever wrote it. A commit to a dataset writes chunks anew that are not full, and the room
/// of the old ones is lost.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_appender_open(
    path: Text,
    durability: NpstowDurability,
    error: ErrorOut,
) -> Option<Box<NpstowAppender>> {
    make(error, || {
        let path = path.path("path")?;
        let appender = Appender::open_with(path, self::durability(durability)?)?;
        let (row_shape, dtype) = (appender.row_shape().to_vec(), appender.dtype().clone());
        Ok(Box::new(NpstowAppender { appender: Some(appender), dtype, row_shape }))
    })
}

/// Adds the rows of an array of shape `(n, *row_shape)`, or one row of shape `row_shape`. Another
/// dtype or shape is `NPSTOW_MISMATCH`, and nothing is added.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_appender_push(
    appender: Option<&mut NpstowAppender>,
    array: Option<&NpstowArray>,
    error: ErrorOut,
) -> NpstowStatus {
    done(error, || {
        let appender = spent(need(appender, "appender")?.appender.as_mut())?;
        appender.push(&need(array, "array")?.array)
    })
}

/// Adds so many rows, which lie back to back at `data` as the file has them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npstow_appender_push_data(
    appender: Option<&mut NpstowAppender>,
    data: *const c_void,
    rows: usize,
    error: ErrorOut,
) -> NpstowStatus {
    done(error, || {
        let own = need(appender, "appender")?;
        // SAFETY: the header asks for so many rows.
        let array = unsafe { self::rows(data, rows, &own.row_shape, &own.dtype)? };
        spent(own.appender.as_mut())?.push(&array)
    })
}

/// How many rows the file has, those not committed included; 0 for NULL and when finished.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_appender_rows(appender: Option<&NpstowAppender>) -> usize {
    appender.and_then(|own| own.appender.as_ref()).map_or(0, Appender::rows)
}

/// Makes the header count the rows that were added.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_appender_commit(
    appender: Option<&mut NpstowAppender>,
    error: ErrorOut,
) -> NpstowStatus {
    done(error, || spent(need(appender, "appender")?.appender.as_mut())?.commit())
}

/// Commits and closes the file, and puts the number of its rows into `rows`, which may be NULL. The
/// handle is only to be freed then.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_appender_finish(
    appender: Option<&mut NpstowAppender>,
    rows: Option<&mut usize>,
    error: ErrorOut,
) -> NpstowStatus {
    done(error, || {
        let count = spent(need(appender, "appender")?.appender.take())?.finish()?;
        if let Some(rows) = rows {
            *rows = count;
        }
        Ok(())
    })
}

/// Frees the handle; rows that were not committed are taken back.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_appender_free(appender: Option<Box<NpstowAppender>>) {
    look((), || drop(appender));
}

/// Begins a `.npy` file of rows of this dtype and shape.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npstow_row_writer_create(
    path: Text,
    descr: Text,
    row_shape: *const usize,
    ndim: usize,
    error: ErrorOut,
) -> Option<Box<NpstowRowWriter>> {
    make(error, || {
        let (path, dtype) = (path.path("path")?, Dtype::parse(descr.get("descr")?)?);
        // SAFETY: the header asks for `ndim` lengths.
        let row_shape = unsafe { slice(row_shape, ndim, "row_shape")? }.to_vec();
        let writer = RowWriter::create(path, dtype.clone(), &row_shape)?;
        Ok(Box::new(NpstowRowWriter { writer: Some(writer), dtype, row_shape }))
    })
}

/// Adds the rows of an array of shape `(n, *row_shape)`, or one row of shape `row_shape`.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_row_writer_push(
    writer: Option<&mut NpstowRowWriter>,
    array: Option<&NpstowArray>,
    error: ErrorOut,
) -> NpstowStatus {
    done(error, || {
        let writer = spent(need(writer, "writer")?.writer.as_mut())?;
        writer.push(&need(array, "array")?.array)
    })
}

/// Adds so many rows, which lie back to back at `data`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npstow_row_writer_push_data(
    writer: Option<&mut NpstowRowWriter>,
    data: *const c_void,
    rows: usize,
    error: ErrorOut,
) -> NpstowStatus {
    done(error, || {
        let own = need(writer, "writer")?;
        // SAFETY: the header asks for so many rows.
        let array = unsafe { self::rows(data, rows, &own.row_shape, &own.dtype)? };
        spent(own.writer.as_mut())?.push(&array)
    })
}

/// Writes the number of rows and puts the file in its place; that number goes into `rows`, which
/// may be NULL. The handle is only to be freed then.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_row_writer_finish(
    writer: Option<&mut NpstowRowWriter>,
    rows: Option<&mut usize>,
    error: ErrorOut,
) -> NpstowStatus {
    done(error, || {
        let count = spent(need(writer, "writer")?.writer.take())?.finish()?;
        if let Some(rows) = rows {
            *rows = count;
        }
        Ok(())
    })
}

/// Frees the handle; a file that was not finished is not there, and an old one stays.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_row_writer_free(writer: Option<Box<NpstowRowWriter>>) {
    look((), || drop(writer));
}
