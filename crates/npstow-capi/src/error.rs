//! Errors: a status, a text, and where it went wrong.

use crate::call::{c_path, c_string, look};
use npstow::{Error, ErrorKind};
use std::any::Any;
use std::ffi::{CStr, CString, c_char};
use std::io;
use std::ptr;

/// How a call ended: `NPSTOW_OK`, or who has to act. Numbers are never given another meaning.
pub type NpstowStatus = i32;

/// Done.
pub const NPSTOW_OK: NpstowStatus = 0;
/// The operating system refused: no such file, no permission, no space left, no memory.
pub const NPSTOW_IO: NpstowStatus = 10;
/// The file is damaged or was never of its format.
pub const NPSTOW_CORRUPT: NpstowStatus = 20;
/// The file is valid (or may be), but npstow does not do this.
pub const NPSTOW_UNSUPPORTED: NpstowStatus = 30;
/// A bound of `NpstowLimits` was reached.
pub const NPSTOW_LIMIT: NpstowStatus = 40;
/// The data are fine but not what the caller asked for: another dtype, shape or layout.
pub const NPSTOW_MISMATCH: NpstowStatus = 50;
/// No such name in the file.
pub const NPSTOW_NOT_FOUND: NpstowStatus = 60;
/// The name or file is there already.
pub const NPSTOW_EXISTS: NpstowStatus = 70;
/// The call makes no sense: NULL where a handle is needed, an axis that is not there.
pub const NPSTOW_INVALID: NpstowStatus = 80;
/// A bug of npstow; nothing was damaged, please report the text.
pub const NPSTOW_PANIC: NpstowStatus = 90;

/// The name of a status.
pub(crate) fn name(status: NpstowStatus) -> &'static CStr {
    match status {
        NPSTOW_OK => c"ok",
        NPSTOW_IO => c"io",
        NPSTOW_CORRUPT => c"corrupt",
        NPSTOW_UNSUPPORTED => c"unsupported",
        NPSTOW_LIMIT => c"limit",
        NPSTOW_MISMATCH => c"mismatch",
        NPSTOW_NOT_FOUND => c"not found",
        NPSTOW_EXISTS => c"exists",
        NPSTOW_INVALID => c"invalid",
        NPSTOW_PANIC => c"panic",
        _ => c"unknown",
    }
}

fn status(kind: ErrorKind) -> NpstowStatus {
    match kind {
        ErrorKind::Io => NPSTOW_IO,
        ErrorKind::Corrupt => NPSTOW_CORRUPT,
        ErrorKind::Unsupported => NPSTOW_UNSUPPORTED,
        ErrorKind::Limit => NPSTOW_LIMIT,
        ErrorKind::Mismatch => NPSTOW_MISMATCH,
        ErrorKind::NotFound => NPSTOW_NOT_FOUND,
        ErrorKind::Exists => NPSTOW_EXISTS,
        ErrorKind::Invalid => NPSTOW_INVALID,
        // A kind that this file does not know.
        _ => NPSTOW_PANIC,
    }
}

/// What went wrong, and where. It never changes, and may be looked at from several threads; who
/// got it frees it with `npstow_error_free`.
pub struct NpstowError {
    status: NpstowStatus,
    message: CString,
    path: Option<CString>,
    member: Option<CString>,
    offset: Option<u64>,
    errno: i32,
}

impl NpstowError {
    pub(crate) fn new(error: &Error) -> Self {
        Self {
            status: status(error.kind()),
            message: c_string(&error.to_string()),
            path: error.path().map(c_path),
            member: error.member().map(c_string),
            offset: error.offset(),
            errno: error.io_error().and_then(io::Error::raw_os_error).unwrap_or(0),
        }
    }

    pub(crate) fn panic(panic: &(dyn Any + Send)) -> Self {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no reason");
        let message = c_string(&format!("a bug of npstow: {text}"));
        let (status, errno) = (NPSTOW_PANIC, 0);
        Self { status, message, path: None, member: None, offset: None, errno }
    }

    pub(crate) fn status(&self) -> NpstowStatus {
        self.status
    }
}

fn shown(text: Option<&CString>) -> *const c_char {
    text.map_or(ptr::null(), |text| text.as_ptr())
}

/// The status; `NPSTOW_OK` for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_error_status(error: Option<&NpstowError>) -> NpstowStatus {
    error.map_or(NPSTOW_OK, |error| error.status)
}

/// The whole text: the file, the member, the offset where they are known, and what was expected
/// and found; in one line, fit for a terminal. It lives as long as the error; "" for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_error_message(error: Option<&NpstowError>) -> *const c_char {
    error.map_or(c"".as_ptr(), |error| error.message.as_ptr())
}

/// The path of the file; NULL where it is not known. It lives as long as the error.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_error_path(error: Option<&NpstowError>) -> *const c_char {
    shown(error.and_then(|error| error.path.as_ref()))
}

/// The array or group within the file; NULL where it is not known. It lives as long as the error.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_error_member(error: Option<&NpstowError>) -> *const c_char {
    shown(error.and_then(|error| error.member.as_ref()))
}

/// Puts the byte of the file (or of the unpacked member) where the error is into `offset`, and
/// returns true; false where it is not known, `offset` stays as it is. `offset` may be NULL.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_error_offset(
    error: Option<&NpstowError>,
    offset: Option<&mut u64>,
) -> bool {
    let known = error.and_then(|error| error.offset);
    if let (Some(known), Some(offset)) = (known, offset) {
        *offset = known;
    }
    known.is_some()
}

/// The number of the system's error (`errno`) behind this one; 0 where there is none.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_error_errno(error: Option<&NpstowError>) -> i32 {
    error.map_or(0, |error| error.errno)
}

/// Frees an error.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_error_free(error: Option<Box<NpstowError>>) {
    look((), || drop(error));
}
