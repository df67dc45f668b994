//! The command line, brought along.
#![forbid(unsafe_code)]

use crate::pool;
use pyo3::prelude::*;
use std::ffi::OsString;

/// Does what the words of a command line say, the first of which is the program's name; gives the
/// exit code.
#[pyfunction]
pub(crate) fn main(py: Python<'_>, words: Vec<OsString>) -> u8 {
    py.detach(|| pool::install(|| npstow_cli::run(words)))
}
