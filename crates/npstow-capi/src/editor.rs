//! Archives changed where they are.

use crate::array::NpstowArray;
use crate::call::{ErrorOut, Text, c_string, done, look, make, need};
use crate::error::NpstowStatus;
use crate::meta::NpstowMeta;
use crate::options::NpstowSaveOptions;
use crate::tree::NpstowTree;
use npstow::npz::{Editor, WriteOptions};
use npstow::{Durability, Error, Format, Result};
use std::ffi::c_char;
use std::ptr;

/// Changes of an NPZ archive. Until they are committed the archive is as it was, and nobody else
/// changes it. One thread at a time.
pub struct NpstowEditor(Option<Editor>);

fn editor(given: Option<&mut NpstowEditor>) -> Result<&mut Editor> {
    let editor = need(given, "editor")?.0.as_mut();
    editor.ok_or_else(|| Error::invalid("a change of an archive after its commit"))
}

/// Opens an archive for changes. Options (level, durability, orders) are for what is added, and may
/// be NULL.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_editor_open(
    path: Text,
    options: Option<&NpstowSaveOptions>,
    error: ErrorOut,
) -> Option<Box<NpstowEditor>> {
    make(error, || {
        let options = match options {
            Some(options) => options.npz()?,
            None => WriteOptions::default(),
        };
        Ok(Box::new(NpstowEditor(Some(Editor::open_with(path.path("path")?, &options)?))))
    })
}

/// Adds an array.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_editor_add(
    editor: Option<&mut NpstowEditor>,
    name: Text,
    array: Option<&NpstowArray>,
    error: ErrorOut,
) -> NpstowStatus {
    done(error, || self::editor(editor)?.add(name.get("name")?, &need(array, "array")?.array))
}

/// Adds all of a tree, with its metadata.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_editor_add_tree(
    editor: Option<&mut NpstowEditor>,
    tree: Option<&NpstowTree>,
    error: ErrorOut,
) -> NpstowStatus {
    done(error, || self::editor(editor)?.add_tree(&need(tree, "tree")?.tree))
}

/// Puts an array in the place of the one of that name, or adds it.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_editor_replace(
    editor: Option<&mut NpstowEditor>,
    name: Text,
    array: Option<&NpstowArray>,
    error: ErrorOut,
) -> NpstowStatus {
    done(error, || self::editor(editor)?.replace(name.get("name")?, &need(array, "array")?.array))
}

/// Takes an array or a group out, with its metadata. What was added since the last commit stays:
/// `NPSTOW_INVALID`.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_editor_remove(
    editor: Option<&mut NpstowEditor>,
    name: Text,
    error: ErrorOut,
) -> NpstowStatus {
    done(error, || self::editor(editor)?.remove(name.get("name")?))
}

/// Gives an array or a group another name; the same holds for what was added since the last commit.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_editor_rename(
    editor: Option<&mut NpstowEditor>,
    from: Text,
    to: Text,
    error: ErrorOut,
) -> NpstowStatus {
    done(error, || self::editor(editor)?.rename(from.get("from")?, to.get("to")?))
}

/// Sets metadata, names and labels beside an array or group; "" is the archive itself.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_editor_set_meta(
    editor: Option<&mut NpstowEditor>,
    name: Text,
    meta: Option<&NpstowMeta>,
    error: ErrorOut,
) -> NpstowStatus {
    done(error, || self::editor(editor)?.set_notes(name.get("name")?, need(meta, "meta")?.notes()))
}

/// Makes all changes, together: after a failure the archive is as it was. The handle is only to be
/// freed then.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_editor_commit(
    editor: Option<&mut NpstowEditor>,
    error: ErrorOut,
) -> NpstowStatus {
    done(error, || {
        let taken = need(editor, "editor")?.0.take();
        taken.ok_or_else(|| Error::invalid("a second commit"))?.commit()
    })
}

/// Frees the handle; changes that were not committed are not made.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_editor_free(editor: Option<Box<NpstowEditor>>) {
    look((), || drop(editor));
}

/// Writes an archive anew without what was replaced or removed.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_npz_compact(path: Text, error: ErrorOut) -> NpstowStatus {
    done(error, || npstow::npz::compact(path.path("path")?, Durability::default()).map(drop))
}

/// Mends what a crash has left of a `.npy` file or an archive: the torn tail of an append, rows that
/// the header promises and that are not there. Returns a line that says what was done, to be freed
/// with `npstow_string_free`; NULL where that was not possible.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_repair(path: Text, error: ErrorOut) -> *mut c_char {
    let text = make(error, || {
        let path = path.path("path")?;
        // An archive may be so torn that it cannot be opened as it is: its name tells, too.
        let is_npz = match npstow::open(path) {
            Ok(file) => file.format() == Format::Npz,
            Err(_) => Format::of_path(path) == Some(Format::Npz),
        };
        let text = if is_npz {
            let done = npstow::npz::repair(path)?;
            format!("{} bytes cut off", done.trimmed)
        } else {
            let done = npstow::npy::repair(path)?;
            let (before, after, cut) = (done.rows_before, done.rows_after, done.trimmed);
            format!("{after} rows of {before}, {cut} bytes cut off")
        };
        Ok(c_string(&text).into_raw())
    });
    text.unwrap_or(ptr::null_mut())
}
