//! Saving arrays and trees.

use crate::array::NpstowArray;
use crate::call::{ErrorOut, Text, done, need};
use crate::error::NpstowStatus;
use crate::meta::NpstowMeta;
use crate::options::NpstowSaveOptions;
use crate::tree::NpstowTree;
use npstow::{Durability, Error, Format, SaveOptions, Sink, Tree};
use std::ffi::{c_int, c_void};
use std::io;

/// Where bytes go that a function writes. The function is called from one thread at a time, and
/// must not throw.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct NpstowWriteCallback {
    /// Given to the function as it is.
    pub context: *mut c_void,
    /// Takes all of the bytes; returns 0, or an `errno`.
    pub write: Option<
        unsafe extern "C" fn(context: *mut c_void, bytes: *const c_void, len: usize) -> c_int,
    >,
}

/// A sink that calls C.
pub(crate) struct CallbackSink(NpstowWriteCallback);

// SAFETY: the header says that the context goes from thread to thread, one at a time.
unsafe impl Send for CallbackSink {}

impl CallbackSink {
    pub(crate) fn new(callback: Option<&NpstowWriteCallback>) -> npstow::Result<Self> {
        let callback = *need(callback, "callback")?;
        need(callback.write, "write")?;
        Ok(Self(callback))
    }
}

impl Sink for CallbackSink {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Some(write) = self.0.write else { return Err(io::ErrorKind::InvalidInput.into()) };
        // SAFETY: the header asks for a function that takes these arguments.
        match unsafe { write(self.0.context, bytes.as_ptr().cast(), bytes.len()) } {
            0 => Ok(()),
            errno => Err(io::Error::from_raw_os_error(errno)),
        }
    }
}

pub(crate) fn saving(options: Option<&NpstowSaveOptions>) -> SaveOptions {
    options.map_or_else(SaveOptions::default, NpstowSaveOptions::save)
}

/// Saves one array as a `.npy` file, whatever the path's extension; an old file is replaced only
/// when the new one is whole.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_save(
    path: Text,
    array: Option<&NpstowArray>,
    error: ErrorOut,
) -> NpstowStatus {
    done(error, || {
        let path = path.path("path")?;
        npstow::npy::write(path, &need(array, "array")?.array)
    })
}

/// Saves a tree in the format that the path's extension names: `.npy`, `.npz`, or a folder where
/// there is none. An old file is replaced only when the new one is whole. Options may be NULL.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_save_tree(
    path: Text,
    tree: Option<&NpstowTree>,
    options: Option<&NpstowSaveOptions>,
    error: ErrorOut,
) -> NpstowStatus {
    done(error, || {
        npstow::save_with(path.path("path")?, &need(tree, "tree")?.tree, &saving(options))
    })
}

/// Writes a tree to a function. The options say the format, "npy" or "npz"; NPZ where there are
/// none.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_save_to(
    callback: Option<&NpstowWriteCallback>,
    tree: Option<&NpstowTree>,
    options: Option<&NpstowSaveOptions>,
    error: ErrorOut,
) -> NpstowStatus {
    done(error, || {
        let mut sink = CallbackSink::new(callback)?;
        let tree = &need(tree, "tree")?.tree;
        let format = options.and_then(NpstowSaveOptions::format).unwrap_or(Format::Npz);
        npstow::save_to(&mut sink, tree, &saving(options).format(format))
    })
}

/// Writes an array to a function, as a `.npy` file; options for another format are refused.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_save_array_to(
    callback: Option<&NpstowWriteCallback>,
    array: Option<&NpstowArray>,
    options: Option<&NpstowSaveOptions>,
    error: ErrorOut,
) -> NpstowStatus {
    done(error, || {
        let mut sink = CallbackSink::new(callback)?;
        let tree = Tree::from(&need(array, "array")?.array);
        let format = options.and_then(NpstowSaveOptions::format).unwrap_or(Format::Npy);
        if format != Format::Npy {
            return Err(Error::invalid(format_args!("an array without a name as {format}")));
        }
        npstow::save_to(&mut sink, &tree, &saving(options).format(format))
    })
}

/// Sets metadata, names and labels beside an array or group of a folder or an archive on the disk,
/// named as in "run.npz:photon" or "run:event/photon"; of the whole file where no name is given.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_set_meta(
    place: Text,
    meta: Option<&NpstowMeta>,
    error: ErrorOut,
) -> NpstowStatus {
    done(error, || {
        let (path, name) = npstow::split_place(place.get("place")?);
        let notes = need(meta, "meta")?.notes();
        npstow::set_notes(path, name.as_deref().unwrap_or(""), notes, Durability::default())
    })
}
