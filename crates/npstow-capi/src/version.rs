//! Which library this is.
#![forbid(unsafe_op_in_unsafe_fn)]

use crate::error::NpstowStatus;
use std::ffi::{CStr, c_char};

/// The version of the binary interface that this header describes; see `npstow_abi_version`.
pub const NPSTOW_ABI_VERSION: u32 = 0;

/// The version of the binary interface of the library that is linked. It is `NPSTOW_ABI_VERSION`
/// where the library fits the header.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_abi_version() -> u32 {
    NPSTOW_ABI_VERSION
}

/// The version of the library, as in "0.1.0"; it lives as long as the program.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_version() -> *const c_char {
    const VERSION: &CStr =
        match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
            Ok(version) => version,
            Err(_) => c"",
        };
    VERSION.as_ptr()
}

/// The name of a status, as in "corrupt"; "unknown" for numbers that are none. It lives as long
/// as the program.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_status_name(status: NpstowStatus) -> *const c_char {
    crate::error::name(status).as_ptr()
}
