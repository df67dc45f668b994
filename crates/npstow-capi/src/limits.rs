//! What a file may claim before any of it is verified.

use crate::call::look;
use npstow::Limits;

/// Bounds on what reading a file may cost. One thread at a time; a file that was opened with it
/// has a copy.
pub struct NpstowLimits(pub(crate) Limits);

/// The bounds of a call: those given, or the library's own.
pub(crate) fn limits_of(given: Option<&NpstowLimits>) -> Limits {
    given.map_or_else(Limits::default, |given| given.0.clone())
}

fn change(limits: Option<&mut NpstowLimits>, set: impl FnOnce(Limits) -> Limits) {
    look((), || {
        if let Some(limits) = limits {
            limits.0 = set(limits.0.clone());
        }
    });
}

/// The bounds that npstow has by default: what NumPy writes gets through, what is crafted to hurt
/// does not, and no array that a file really holds is bounded.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_limits_new() -> Option<Box<NpstowLimits>> {
    look(None, || Some(Box::new(NpstowLimits(Limits::default()))))
}

/// No bounds but those of the machine: for files that you trust.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_limits_none() -> Option<Box<NpstowLimits>> {
    look(None, || Some(Box::new(NpstowLimits(Limits::none()))))
}

/// The longest text of an NPY header, in bytes.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_limits_set_header_len(limits: Option<&mut NpstowLimits>, most: u64) {
    change(limits, |it| it.header_len(most));
}

/// How deep lists, tuples, records and groups may lie in one another; at most 128.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_limits_set_depth(limits: Option<&mut NpstowLimits>, most: u64) {
    change(limits, |it| it.depth(usize::try_from(most).unwrap_or(usize::MAX)));
}

/// The largest array that is read into memory, in bytes.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_limits_set_array_nbytes(limits: Option<&mut NpstowLimits>, most: u64) {
    change(limits, |it| it.array_nbytes(most));
}

/// How many members an archive or a folder may have.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_limits_set_members(limits: Option<&mut NpstowLimits>, most: u64) {
    change(limits, |it| it.members(most));
}

/// How many times longer a deflated member may become when it is unpacked.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_limits_set_ratio(limits: Option<&mut NpstowLimits>, most: u64) {
    change(limits, |it| it.ratio(most));
}

/// How many bytes all members of an archive may unpack to together.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_limits_set_total(limits: Option<&mut NpstowLimits>, most: u64) {
    change(limits, |it| it.total(most));
}

/// How many values a pickle may have that are more than small numbers.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_limits_set_values(limits: Option<&mut NpstowLimits>, most: u64) {
    change(limits, |it| it.values(most));
}

/// How many parts of a virtual dataset of HDF5 may be missing: their elements are the fill value
/// then, and `npstow_file_warnings` says which they are. By default none may.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_limits_set_missing_parts(limits: Option<&mut NpstowLimits>, most: u64) {
    change(limits, |it| it.missing_parts(most));
}

/// Frees bounds.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_limits_free(limits: Option<Box<NpstowLimits>>) {
    look((), || drop(limits));
}
