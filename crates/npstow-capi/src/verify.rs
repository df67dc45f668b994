//! Whether everything in a file is there and sound.

use crate::call::{ErrorOut, Text, c_string, look, make};
use npstow::Fault;
use std::ffi::{CString, c_char};
use std::ptr;

/// What a look at all of a file has found. It never changes, and may be used by several threads at
/// once.
pub struct NpstowFaults(Vec<(bool, CString)>);

/// Reads all of a file and says what is wrong with it; an empty list where nothing is. NULL where
/// it cannot be opened at all.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_verify(path: Text, error: ErrorOut) -> Option<Box<NpstowFaults>> {
    make(error, || {
        let faults = npstow::verify(path.path("path")?)?;
        let told = |fault: &Fault| match fault {
            Fault::Error(error) => (true, c_string(&error.to_string())),
            Fault::Note(note) => (false, c_string(note)),
            _ => (true, c_string(&format!("{fault:?}"))),
        };
        Ok(Box::new(NpstowFaults(faults.iter().map(told).collect())))
    })
}

/// How many findings there are; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_faults_len(faults: Option<&NpstowFaults>) -> usize {
    faults.map_or(0, |faults| faults.0.len())
}

/// A finding as text; NULL beyond the last. It lives as long as the list.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_faults_message(
    faults: Option<&NpstowFaults>,
    index: usize,
) -> *const c_char {
    let fault = faults.and_then(|faults| faults.0.get(index));
    fault.map_or(ptr::null(), |(_, message)| message.as_ptr())
}

/// Whether the data are damaged, or cannot be read; false for a remark on something that the format
/// allows, and beyond the last.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_faults_is_error(faults: Option<&NpstowFaults>, index: usize) -> bool {
    faults.and_then(|faults| faults.0.get(index)).is_some_and(|(is_error, _)| *is_error)
}

/// Frees findings.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_faults_free(faults: Option<Box<NpstowFaults>>) {
    look((), || drop(faults));
}
