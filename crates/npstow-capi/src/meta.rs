//! Metadata, names and labels.

use crate::call::{ErrorOut, Text, c_string, done, look, make, need};
use crate::error::NpstowStatus;
use crate::strings::NpstowStrings;
use npstow::{Error, Meta, Notes, Result};
use std::ffi::{CString, c_char};
use std::ptr;

/// What is written beside an array or a group: metadata (text with `key:value` on each line), names
/// of rows, labels of columns. One thread at a time may change it; any number may look at it
/// meanwhile nobody does.
#[derive(Clone, Default)]
pub struct NpstowMeta {
    notes: Notes,
    /// The same for C, made anew with every change.
    text: CString,
    pairs: Vec<(CString, CString)>,
}

impl NpstowMeta {
    fn new(notes: Notes) -> Self {
        let pairs = notes.meta.iter().map(|(key, value)| (c_string(key), c_string(value)));
        Self { text: c_string(notes.meta.as_str()), pairs: pairs.collect(), notes }
    }

    pub(crate) fn boxed(notes: Notes) -> Box<Self> {
        Box::new(Self::new(notes))
    }

    pub(crate) fn notes(&self) -> &Notes {
        &self.notes
    }

    /// The value for C that stands where this one does in the text.
    fn shown(&self, value: &str) -> *const c_char {
        let at = self.notes.meta.iter().position(|(_, other)| ptr::eq(other, value));
        at.and_then(|at| self.pairs.get(at)).map_or(ptr::null(), |(_, value)| value.as_ptr())
    }
}

/// Changes metadata, and what C sees of them.
fn change(
    meta: Option<&mut NpstowMeta>,
    work: impl FnOnce(&mut Notes) -> Result<()>,
) -> Result<()> {
    let meta = need(meta, "meta")?;
    work(&mut meta.notes)?;
    *meta = NpstowMeta::new(std::mem::take(&mut meta.notes));
    Ok(())
}

/// No metadata, no names, no labels.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_meta_new() -> Option<Box<NpstowMeta>> {
    look(None, || Some(Box::default()))
}

/// A copy; NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_meta_clone(meta: Option<&NpstowMeta>) -> Option<Box<NpstowMeta>> {
    look(None, || meta.map(|meta| Box::new(meta.clone())))
}

/// Frees metadata.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_meta_free(meta: Option<Box<NpstowMeta>>) {
    look((), || drop(meta));
}

/// The whole text; NULL for NULL. It lives until the metadata are changed or freed, as what the
/// next three functions give.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_meta_text(meta: Option<&NpstowMeta>) -> *const c_char {
    meta.map_or(ptr::null(), |meta| meta.text.as_ptr())
}

/// How many lines with a key there are; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_meta_len(meta: Option<&NpstowMeta>) -> usize {
    meta.map_or(0, |meta| meta.pairs.len())
}

/// The key of one of these lines; NULL beyond the last.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_meta_key(meta: Option<&NpstowMeta>, index: usize) -> *const c_char {
    let pair = meta.and_then(|meta| meta.pairs.get(index));
    pair.map_or(ptr::null(), |(key, _)| key.as_ptr())
}

/// The value of one of these lines; NULL beyond the last.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_meta_value(meta: Option<&NpstowMeta>, index: usize) -> *const c_char {
    let pair = meta.and_then(|meta| meta.pairs.get(index));
    pair.map_or(ptr::null(), |(_, value)| value.as_ptr())
}

/// The value of a key, or of the first one that has a value where several are given as "A|B"; NULL
/// where it is absent. A value without text counts as absent, as it does for NPFold. It lives until
/// the metadata are changed or freed.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_meta_get(meta: Option<&NpstowMeta>, key: Text) -> *const c_char {
    look(ptr::null(), || {
        let (Some(meta), Ok(key)) = (meta, key.get("key")) else { return ptr::null() };
        meta.notes.meta.get(key).map_or(ptr::null(), |value| meta.shown(value))
    })
}

fn number<T: std::str::FromStr>(meta: Option<&NpstowMeta>, key: Text) -> Result<T> {
    let key = key.get("key")?;
    let value = need(meta, "meta")?.notes.meta.get_as::<T>(key)?;
    value.ok_or_else(|| Error::not_found(format_args!("the key '{key}' of metadata")))
}

/// The value of a key as an integer; `NPSTOW_NOT_FOUND` where it is absent, `NPSTOW_MISMATCH` where
/// it is no integer that fits.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_meta_get_i64(
    meta: Option<&NpstowMeta>,
    key: Text,
    value: Option<&mut i64>,
    error: ErrorOut,
) -> NpstowStatus {
    crate::call::put(error, value, "value", || number(meta, key))
}

/// The value of a key as a number; `NPSTOW_NOT_FOUND` where it is absent, `NPSTOW_MISMATCH` where it
/// is none.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_meta_get_f64(
    meta: Option<&NpstowMeta>,
    key: Text,
    value: Option<&mut f64>,
    error: ErrorOut,
) -> NpstowStatus {
    crate::call::put(error, value, "value", || number(meta, key))
}

/// Gives a key a value: on every line where it stands already, else on a new line.
/// `NPSTOW_INVALID` for what would not be read back: an empty key, one with ':' or '|', a line end.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_meta_set(
    meta: Option<&mut NpstowMeta>,
    key: Text,
    value: Text,
    error: ErrorOut,
) -> NpstowStatus {
    done(error, || {
        let (key, value) = (key.get("key")?, value.get("value")?);
        change(meta, |notes| notes.meta.set(key, value))
    })
}

/// As `npstow_meta_set`, for an integer.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_meta_set_i64(
    meta: Option<&mut NpstowMeta>,
    key: Text,
    value: i64,
    error: ErrorOut,
) -> NpstowStatus {
    done(error, || {
        let key = key.get("key")?;
        change(meta, |notes| notes.meta.set(key, value))
    })
}

/// As `npstow_meta_set`, for a number: with as many digits as it takes to read back the same.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_meta_set_f64(
    meta: Option<&mut NpstowMeta>,
    key: Text,
    value: f64,
    error: ErrorOut,
) -> NpstowStatus {
    done(error, || {
        let key = key.get("key")?;
        change(meta, |notes| notes.meta.set_float(key, value))
    })
}

/// Takes out every line of a key; returns how many there were.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_meta_remove(meta: Option<&mut NpstowMeta>, key: Text) -> usize {
    look(0, || {
        let mut count = 0;
        let removed = key.get("key").and_then(|key| {
            change(meta, |notes| {
                count = notes.meta.remove(key);
                Ok(())
            })
        });
        removed.map_or(0, |()| count)
    })
}

/// Takes the place of the whole text, which stays as it is given.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_meta_set_text(
    meta: Option<&mut NpstowMeta>,
    text: Text,
    error: ErrorOut,
) -> NpstowStatus {
    done(error, || {
        let text = text.get("text")?;
        change(meta, |notes| {
            notes.meta = Meta::from_text(text);
            Ok(())
        })
    })
}

/// The names of rows, or a list of strings on its own, as a copy.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_meta_names(
    meta: Option<&NpstowMeta>,
    error: ErrorOut,
) -> Option<Box<NpstowStrings>> {
    make(error, || Ok(Box::new(NpstowStrings::new(&need(meta, "meta")?.notes.names))))
}

/// The labels of columns, as a copy.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_meta_labels(
    meta: Option<&NpstowMeta>,
    error: ErrorOut,
) -> Option<Box<NpstowStrings>> {
    make(error, || Ok(Box::new(NpstowStrings::new(&need(meta, "meta")?.notes.labels))))
}

/// Sets the names to copies of these.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_meta_set_names(
    meta: Option<&mut NpstowMeta>,
    names: Option<&NpstowStrings>,
    error: ErrorOut,
) -> NpstowStatus {
    done(error, || {
        need(meta, "meta")?.notes.names = need(names, "names")?.texts()?;
        Ok(())
    })
}

/// Sets the labels to copies of these.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_meta_set_labels(
    meta: Option<&mut NpstowMeta>,
    labels: Option<&NpstowStrings>,
    error: ErrorOut,
) -> NpstowStatus {
    done(error, || {
        need(meta, "meta")?.notes.labels = need(labels, "labels")?.texts()?;
        Ok(())
    })
}
