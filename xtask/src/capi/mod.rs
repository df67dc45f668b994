//! The C and C++ library: its header, its two libraries, its installation and its tests.
#![forbid(unsafe_code)]

mod check;
mod header;
mod install;
mod library;

pub(crate) use check::all;
pub(crate) use header::{check_header, write_header};
pub(crate) use install::install;

use crate::shell::Result;

const CRATE: &str = "crates/npstow-capi";

/// `cargo xtask capi`: everything about it that is tested.
pub(crate) fn run() -> Result {
    all(&crate::venv::python()?)?.close()
}
