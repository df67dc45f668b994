//! Open files.

use crate::call::{ErrorOut, Text, c_path, look, make, need};
use crate::limits::{NpstowLimits, limits_of};
use crate::node::NpstowNode;
use crate::strings::NpstowStrings;
use crate::tree::NpstowTree;
use npstow::{File, Format, Limits, OpenOptions, Result};
use std::ffi::{CString, c_char};
use std::path::Path;
use std::ptr;

/// An open file or folder of any format, of which nothing is read until it is asked for. It may
/// be used by several threads at once. What came from it (nodes, arrays) does not need it any more.
pub struct NpstowFile {
    pub(crate) file: File,
    path: CString,
}

impl NpstowFile {
    pub(crate) fn boxed(file: File) -> Box<Self> {
        let path = c_path(file.path());
        Box::new(Self { file, path })
    }
}

pub(crate) fn open(path: &Path, limits: Limits) -> Result<File> {
    OpenOptions::default().limits(limits).open(path)
}

/// Opens a file of any format that npstow reads; told by its content, not by its name. A pipe is
/// taken into memory first. To be freed with `npstow_file_free`.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_open(path: Text, error: ErrorOut) -> Option<Box<NpstowFile>> {
    npstow_open_with(path, None, error)
}

/// As `npstow_open`, with bounds on what the file may claim; NULL for those of
/// `npstow_limits_new`.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_open_with(
    path: Text,
    limits: Option<&NpstowLimits>,
    error: ErrorOut,
) -> Option<Box<NpstowFile>> {
    make(error, || Ok(NpstowFile::boxed(open(path.path("path")?, limits_of(limits))?)))
}

/// Another handle of the same open file; NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_file_clone(file: Option<&NpstowFile>) -> Option<Box<NpstowFile>> {
    look(None, || file.map(|file| NpstowFile::boxed(file.file.clone())))
}

/// Frees a handle; the file is closed when nothing that came from it needs it any more.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_file_free(file: Option<Box<NpstowFile>>) {
    look((), || drop(file));
}

/// The format: "npy", "npz", "folder", "pickle", "joblib", "hdf5", "torch" or "shelve"; NULL for
/// NULL. It lives as long as the program.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_file_format(file: Option<&NpstowFile>) -> *const c_char {
    file.map_or(ptr::null(), |file| {
        let name = match file.file.format() {
            Format::Npy => c"npy",
            Format::Npz => c"npz",
            Format::Folder => c"folder",
            Format::Pickle => c"pickle",
            Format::Joblib => c"joblib",
            Format::Hdf5 => c"hdf5",
            Format::Torch => c"torch",
            Format::Shelve => c"shelve",
            _ => c"unknown",
        };
        name.as_ptr()
    })
}

/// The path that the file was opened by; NULL for NULL. It lives as long as the handle.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_file_path(file: Option<&NpstowFile>) -> *const c_char {
    file.map_or(ptr::null(), |file| file.path.as_ptr())
}

/// What whoever opened the file should know though it can be read, a sentence each: that an HDF5
/// file was never closed, and what was left out of the groups and arrays that were looked at
/// until now (links that lead nowhere or out of the folder, parts of virtual
/// datasets that are missing), and arrays that the index of a folder does not list.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_file_warnings(
    file: Option<&NpstowFile>,
    error: ErrorOut,
) -> Option<Box<NpstowStrings>> {
    make(error, || Ok(Box::new(NpstowStrings::new(need(file, "file")?.file.warnings()))))
}

/// The node that everything is below; of a `.npy` file, the array itself.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_file_root(
    file: Option<&NpstowFile>,
    error: ErrorOut,
) -> Option<Box<NpstowNode>> {
    make(error, || Ok(NpstowNode::boxed(need(file, "file")?.file.root())))
}

/// The node under a slash path; "" is the root.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_file_get(
    file: Option<&NpstowFile>,
    path: Text,
    error: ErrorOut,
) -> Option<Box<NpstowNode>> {
    make(error, || Ok(NpstowNode::boxed(need(file, "file")?.file.get(path.get("path")?)?)))
}

/// The slash paths of all arrays, in the file's order, groups in depth.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_file_arrays(
    file: Option<&NpstowFile>,
    error: ErrorOut,
) -> Option<Box<NpstowStrings>> {
    make(error, || {
        let arrays = need(file, "file")?.file.arrays()?;
        Ok(Box::new(NpstowStrings::new(arrays.iter().map(npstow::Node::name))))
    })
}

/// Reads everything into memory: thousands of arrays with few, large reads, and on all cores.
/// Small arrays share an allocation, which lives as long as any of them.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_file_load(
    file: Option<&NpstowFile>,
    error: ErrorOut,
) -> Option<Box<NpstowTree>> {
    make(error, || Ok(NpstowTree::boxed(need(file, "file")?.file.load()?)))
}
