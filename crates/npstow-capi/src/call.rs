//! The door between C and the library: what comes in is checked, what goes wrong becomes an
//! error, and no panic gets out.

use crate::error::{NPSTOW_OK, NpstowError, NpstowStatus};
use crate::fork::settle;
use npstow::{Error, Result};
use std::ffi::{CStr, CString, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// Where a function puts its error: `NpstowError **`.
///
/// Only C makes one. The header asks that it is NULL or may be written to.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct ErrorOut(*mut *mut NpstowError);

impl ErrorOut {
    fn set(self, error: NpstowError) {
        if !self.0.is_null() {
            // SAFETY: C made the pointer, and the header asks that it may be written to. What was
            // there is not dropped: it may be anything.
            unsafe { self.0.write(Box::into_raw(Box::new(error))) };
        }
    }
}

/// Where a function puts a handle: `NpstowArray **`, which is not NULL.
pub(crate) struct HandleOut<T>(*mut *mut T);

impl<T> HandleOut<T> {
    pub(crate) fn new(place: *mut *mut T, what: &str) -> Result<Self> {
        if place.is_null() { Err(null(what)) } else { Ok(Self(place)) }
    }

    /// Writes the handle, or NULL; what was there is not dropped: it may be anything.
    ///
    /// # Safety
    /// The place may be written to.
    pub(crate) unsafe fn put(self, handle: Option<Box<T>>) {
        let handle = handle.map_or(std::ptr::null_mut(), Box::into_raw);
        // SAFETY: not NULL, and the caller's promise.
        unsafe { self.0.write(handle) };
    }
}

/// Text from C: `const char *`.
///
/// Only C makes one. The header asks that it is NULL or ends in a NUL.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Text(*const c_char);

impl Text {
    fn bytes<'a>(self, what: &str) -> Result<&'a [u8]> {
        if self.0.is_null() {
            return Err(null(what));
        }
        // SAFETY: C made the pointer, which is not NULL; the header asks that it ends in a NUL and
        // does not change before the function returns, and nothing of it is kept.
        Ok(unsafe { CStr::from_ptr(self.0) }.to_bytes())
    }

    /// The text; `what` names the parameter.
    pub(crate) fn get<'a>(self, what: &str) -> Result<&'a str> {
        std::str::from_utf8(self.bytes(what)?)
            .map_err(|e| Error::invalid(format_args!("the argument '{what}' is not UTF-8: {e}")))
    }

    /// The text, `None` for NULL.
    pub(crate) fn optional<'a>(self, what: &str) -> Result<Option<&'a str>> {
        if self.0.is_null() { Ok(None) } else { self.get(what).map(Some) }
    }

    /// The text as a path of the system.
    pub(crate) fn path<'a>(self, what: &str) -> Result<&'a Path> {
        #[cfg(unix)]
        {
            use std::os::unix::ffi::OsStrExt;
            Ok(Path::new(std::ffi::OsStr::from_bytes(self.bytes(what)?)))
        }
        #[cfg(not(unix))]
        Ok(Path::new(self.get(what)?))
    }
}

fn null(what: &str) -> Error {
    Error::invalid(format_args!("the argument '{what}' is NULL"))
}

/// What a parameter points to; an error for NULL.
pub(crate) fn need<T>(given: Option<T>, what: &str) -> Result<T> {
    given.ok_or_else(|| null(what))
}

/// The numbers or bytes that an array of C holds; NULL is an error unless there are none.
///
/// # Safety
/// `start` is NULL or points to `len` initialised values, which do not change while the slice lives.
pub(crate) unsafe fn slice<'a, T: Copy>(
    start: *const T,
    len: usize,
    what: &str,
) -> Result<&'a [T]> {
    if len == 0 {
        return Ok(&[]);
    }
    check::<T>(start, len, what)?;
    // SAFETY: not NULL, aligned, of a size that fits (checked); the caller sees to the rest.
    Ok(unsafe { std::slice::from_raw_parts(start, len) })
}

/// As [`slice`], to be filled.
///
/// # Safety
/// `start` is NULL or points to `len` values that nobody else uses while the slice lives.
pub(crate) unsafe fn slice_mut<'a, T: Copy>(
    start: *mut T,
    len: usize,
    what: &str,
) -> Result<&'a mut [T]> {
    if len == 0 {
        return Ok(&mut []);
    }
    check::<T>(start, len, what)?;
    // SAFETY: not NULL, aligned, of a size that fits (checked); the caller sees to the rest. What
    // was not written to yet is numbers without meaning, and is overwritten.
    Ok(unsafe { std::slice::from_raw_parts_mut(start, len) })
}

fn check<T>(start: *const T, len: usize, what: &str) -> Result<()> {
    if start.is_null() {
        return Err(null(what));
    }
    if !start.is_aligned() {
        return Err(Error::invalid(format_args!("the argument '{what}' is not aligned")));
    }
    match len.checked_mul(size_of::<T>()) {
        Some(nbytes) if isize::try_from(nbytes).is_ok() => Ok(()),
        _ => Err(Error::invalid(format_args!("the length {len} of the argument '{what}'"))),
    }
}

/// Does what may fail, and puts the error where C wants it.
pub(crate) fn make<T>(out: ErrorOut, work: impl FnOnce() -> Result<T>) -> Option<T> {
    attempt(out, work).ok()
}

/// As [`make`], for what gives nothing but its success.
pub(crate) fn done(out: ErrorOut, work: impl FnOnce() -> Result<()>) -> NpstowStatus {
    match attempt(out, work) {
        Ok(()) => NPSTOW_OK,
        Err(status) => status,
    }
}

/// As [`done`], for what puts its result where `place` points to.
pub(crate) fn put<T>(
    out: ErrorOut,
    place: Option<&mut T>,
    what: &str,
    work: impl FnOnce() -> Result<T>,
) -> NpstowStatus {
    done(out, || {
        *need(place, what)? = work()?;
        Ok(())
    })
}

fn attempt<T>(out: ErrorOut, work: impl FnOnce() -> Result<T>) -> Result<T, NpstowStatus> {
    let settled = || {
        settle();
        work()
    };
    let error = match catch_unwind(AssertUnwindSafe(settled)) {
        Ok(Ok(made)) => return Ok(made),
        Ok(Err(error)) => NpstowError::new(&error),
        Err(panic) => NpstowError::panic(&*panic),
    };
    let status = error.status();
    out.set(error);
    Err(status)
}

/// Does what cannot fail; should it panic all the same, C gets `otherwise`.
pub(crate) fn look<T>(otherwise: T, work: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(otherwise)
}

/// Text for C. A NUL within, which no C string can hold, becomes U+FFFD.
pub(crate) fn c_string(text: &str) -> CString {
    CString::new(text).unwrap_or_else(|_| {
        CString::new(text.replace('\0', "\u{fffd}")).expect("every NUL was replaced")
    })
}

/// A path for C.
pub(crate) fn c_path(path: &Path) -> CString {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        CString::new(path.as_os_str().as_bytes()).unwrap_or_default()
    }
    #[cfg(not(unix))]
    c_string(&path.to_string_lossy())
}
