//! Arrays on their way between processes: written here, taken in by a decoder.

use crate::array::NpstowArray;
use crate::call::{ErrorOut, done, need};
use crate::error::NpstowStatus;
use crate::meta::NpstowMeta;
use crate::save::{CallbackSink, NpstowWriteCallback};
use npstow::folder::transport;
use npstow::{Error, Meta};

/// The form of an array in a stream: one of `NPSTOW_FORM_…`.
pub type NpstowForm = i32;
/// A `.npy` file after another, as `numpy.save` writes them to one file; without metadata.
pub const NPSTOW_FORM_NPY: NpstowForm = 0;
/// NP.hh's messages, one after another: a prefix of four numbers, the header, the data, metadata.
pub const NPSTOW_FORM_NP: NpstowForm = 1;
/// NP.hh's body of an HTTP request: a `.npy` file, and metadata to the end.
pub const NPSTOW_FORM_BODY: NpstowForm = 2;

/// Writes an array to a function in one of the forms; metadata may be NULL, and must be for
/// `NPSTOW_FORM_NPY`. What NP.hh does not read (records, strings, parts of 4 GiB and more) is refused
/// in its forms. Names and labels are not carried: metadata with any are refused.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_message_write(
    callback: Option<&NpstowWriteCallback>,
    array: Option<&NpstowArray>,
    meta: Option<&NpstowMeta>,
    form: NpstowForm,
    error: ErrorOut,
) -> NpstowStatus {
    done(error, || {
        let mut sink = CallbackSink::new(callback)?;
        let array = &need(array, "array")?.array;
        if let Some(meta) = meta {
            let notes = meta.notes();
            if !notes.names.is_empty() || !notes.labels.is_empty() {
                return Err(Error::unsupported("names and labels in a message"));
            }
            if form == NPSTOW_FORM_NPY && !notes.meta.is_empty() {
                return Err(Error::unsupported("metadata in a stream of .npy files"));
            }
        }
        let none = Meta::new();
        let text = meta.map_or(&none, |meta| &meta.notes().meta);
        match form {
            NPSTOW_FORM_NPY => npstow::npy::write_to(&mut sink, array),
            NPSTOW_FORM_NP => transport::write_message(&mut sink, array, text),
            NPSTOW_FORM_BODY => transport::write_body(&mut sink, array, text),
            other => Err(Error::invalid(format_args!("the form {other} of a message"))),
        }
    })
}
