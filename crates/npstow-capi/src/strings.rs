//! Lists of strings, and single ones.

use crate::call::{ErrorOut, Text, done, look, make, need};
use crate::error::NpstowStatus;
use std::ffi::{CString, c_char};
use std::ptr;

/// A list of strings. One thread at a time may change it; any number may look at it meanwhile
/// nobody does.
#[derive(Default)]
pub struct NpstowStrings {
    /// Each with a NUL behind it.
    items: Vec<Vec<u8>>,
}

impl NpstowStrings {
    pub(crate) fn new<T: AsRef<[u8]>>(texts: impl IntoIterator<Item = T>) -> Self {
        let ended = |text: T| [text.as_ref(), &[0]].concat();
        Self { items: texts.into_iter().map(ended).collect() }
    }

    /// As text; what is not UTF-8 came from elsewhere and is refused.
    pub(crate) fn texts(&self) -> npstow::Result<Vec<String>> {
        let text = |item: &Vec<u8>| {
            let bytes = item.strip_suffix(&[0]).unwrap_or(item);
            let text = std::str::from_utf8(bytes).map(str::to_owned);
            text.map_err(|e| npstow::Error::invalid(format_args!("a string is not UTF-8: {e}")))
        };
        self.items.iter().map(text).collect()
    }
}

/// An empty list, to be freed with `npstow_strings_free`.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_strings_new() -> Option<Box<NpstowStrings>> {
    look(None, || Some(Box::default()))
}

/// How many strings there are; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_strings_len(strings: Option<&NpstowStrings>) -> usize {
    strings.map_or(0, |strings| strings.items.len())
}

/// A string of the list, NUL-terminated; NULL beyond the end. It lives until the list is changed
/// or freed.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_strings_get(
    strings: Option<&NpstowStrings>,
    index: usize,
) -> *const c_char {
    let item = strings.and_then(|strings| strings.items.get(index));
    item.map_or(ptr::null(), |item| item.as_ptr().cast())
}

/// The number of bytes of a string, the NUL at its end not counted: more than `strlen` says where
/// a NUL is part of it. 0 beyond the end.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_strings_len_of(strings: Option<&NpstowStrings>, index: usize) -> usize {
    let item = strings.and_then(|strings| strings.items.get(index));
    item.map_or(0, |item| item.len().saturating_sub(1))
}

/// Adds a copy of `text`.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_strings_push(
    strings: Option<&mut NpstowStrings>,
    text: Text,
    error: ErrorOut,
) -> NpstowStatus {
    done(error, || {
        let text = text.get("text")?;
        need(strings, "strings")?.items.push([text.as_bytes(), &[0]].concat());
        Ok(())
    })
}

/// A copy of the list.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_strings_clone(
    strings: Option<&NpstowStrings>,
    error: ErrorOut,
) -> Option<Box<NpstowStrings>> {
    make(error, || {
        let items = need(strings, "strings")?.items.clone();
        Ok(Box::new(NpstowStrings { items }))
    })
}

/// Frees a list and its strings.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_strings_free(strings: Option<Box<NpstowStrings>>) {
    look((), || drop(strings));
}

/// Frees a string that a function gave as `char *`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npstow_string_free(text: *mut c_char) {
    if !text.is_null() {
        // SAFETY: the header asks for what one of our functions gave, and those make it with
        // `CString::into_raw`.
        drop(unsafe { CString::from_raw(text) });
    }
}
