//! The library's errors as exceptions: the one place that says which is which.
//!
//! Each is an `npstow.Error`, and also what users of NumPy catch. The classes are Python's
//! (`_errors.py`), imported when the first error happens.
#![forbid(unsafe_code)]

use npstow::{Error, ErrorKind};
use pyo3::prelude::*;
use pyo3::types::PyAnyMethods;
use std::ffi::OsStr;
use std::io;
use std::path::Path;

/// What `_errors.make` calls a kind.
fn name(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Io => "io",
        ErrorKind::Corrupt => "corrupt",
        ErrorKind::Unsupported => "unsupported",
        ErrorKind::Limit => "limit",
        ErrorKind::Mismatch => "mismatch",
        ErrorKind::NotFound => "not found",
        ErrorKind::Exists => "exists",
        ErrorKind::Invalid => "invalid",
        // Kinds to come are errors at least.
        _ => "other",
    }
}

/// The exception for an error.
// By value, for `map_err`.
#[allow(clippy::needless_pass_by_value)]
pub(crate) fn raise(error: Error) -> PyErr {
    if is_archive(&error) { raise_zip(error) } else { exception(&error, name(error.kind())) }
}

/// Whether the file is an archive by its name.
fn is_archive(error: &Error) -> bool {
    let extension = error.path().and_then(Path::extension).and_then(OsStr::to_str);
    extension.is_some_and(|it| ["npz", "zip"].iter().any(|known| it.eq_ignore_ascii_case(known)))
}

/// As [`raise`], of an archive: what is corrupt is a `zipfile.BadZipFile`, too.
#[allow(clippy::needless_pass_by_value)]
pub(crate) fn raise_zip(error: Error) -> PyErr {
    let kind = if error.kind() == ErrorKind::Corrupt { "bad zip" } else { name(error.kind()) };
    exception(&error, kind)
}

/// As [`raise`], for what stands between brackets: an `IndexError`, too.
#[allow(clippy::needless_pass_by_value)]
pub(crate) fn raise_selection(error: Error) -> PyErr {
    let kind = if error.kind() == ErrorKind::Invalid { "index" } else { name(error.kind()) };
    exception(&error, kind)
}

fn exception(error: &Error, kind: &str) -> PyErr {
    Python::attach(|py| {
        // What Python raised below us comes out as it was.
        if let Some(raised) = error.io_error().and_then(|e| raised(py, e)) {
            return raised;
        }
        let errno = error.io_error().and_then(io::Error::raw_os_error);
        let memory = error.io_error().is_some_and(|e| e.kind() == io::ErrorKind::OutOfMemory);
        let kind = if memory { "memory" } else { kind };
        let place = (error.path(), error.member(), error.offset(), errno);
        let make = || {
            let make = py.import("npstow._errors")?.getattr("make")?;
            make.call1((kind, error.to_string(), place.0, place.1, place.2, place.3))
        };
        match make() {
            Ok(exception) => PyErr::from_value(exception),
            Err(failed) => failed,
        }
    })
}

/// An exception of Python within an error of the system.
fn raised(py: Python<'_>, error: &io::Error) -> Option<PyErr> {
    error.get_ref()?.downcast_ref::<PyErr>().map(|raised| raised.clone_ref(py))
}
