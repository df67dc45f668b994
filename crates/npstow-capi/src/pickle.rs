//! Pickles: read as values, written from them.

use crate::call::{ErrorOut, Text, done, look, make, need, slice};
use crate::error::NpstowStatus;
use crate::limits::{NpstowLimits, limits_of};
use crate::make::borrowed;
use crate::options::NpstowSaveOptions;
use crate::save::{CallbackSink, NpstowWriteCallback, saving};
use crate::source::NpstowSource;
use crate::value::{NpstowValue, value};
use npstow::pickle::{self, Options, Python2};
use npstow::{Buffer, Error, Format, Item, Result, Tree};
use std::ffi::c_void;
use std::sync::Arc;

/// What a `str` of Python 2 is taken for: one of `NPSTOW_STRINGS_…`.
pub type NpstowStringsOf2 = i32;
/// Text where it is ASCII, bytes elsewhere. The default.
pub const NPSTOW_STRINGS_AUTO: NpstowStringsOf2 = 0;
/// Always bytes.
pub const NPSTOW_STRINGS_BYTES: NpstowStringsOf2 = 1;
/// Text in Latin-1, whatever it is.
pub const NPSTOW_STRINGS_LATIN1: NpstowStringsOf2 = 2;
/// Text in ASCII, else an error.
pub const NPSTOW_STRINGS_ASCII: NpstowStringsOf2 = 3;
/// Text in UTF-8, else an error.
pub const NPSTOW_STRINGS_UTF8: NpstowStringsOf2 = 4;

/// How pickles are read. One thread at a time.
#[derive(Default)]
pub struct NpstowPickleOptions {
    options: Options,
    buffers: Vec<Buffer>,
}

impl NpstowPickleOptions {
    fn options(&self) -> Options {
        self.options.clone().buffers(self.buffers.clone())
    }
}

fn reading(options: Option<&NpstowPickleOptions>) -> Options {
    options.map_or_else(Options::default, NpstowPickleOptions::options)
}

/// How pickles are read by default.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_pickle_options_new() -> Option<Box<NpstowPickleOptions>> {
    look(None, || Some(Box::default()))
}

/// What strings of Python 2 are taken for.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_pickle_options_set_strings(
    options: Option<&mut NpstowPickleOptions>,
    strings: NpstowStringsOf2,
    error: ErrorOut,
) -> NpstowStatus {
    done(error, || {
        let options = need(options, "options")?;
        let strings = match strings {
            NPSTOW_STRINGS_AUTO => Python2::Auto,
            NPSTOW_STRINGS_BYTES => Python2::Bytes,
            NPSTOW_STRINGS_LATIN1 => Python2::Latin1,
            NPSTOW_STRINGS_ASCII => Python2::Ascii,
            NPSTOW_STRINGS_UTF8 => Python2::Utf8,
            other => return Err(Error::invalid(format_args!("the treatment {other} of strings"))),
        };
        options.options = std::mem::take(&mut options.options).strings(strings);
        Ok(())
    })
}

/// Bounds what pickles may claim; NULL for those of `npstow_limits_new`. The bounds are copied.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_pickle_options_set_limits(
    options: Option<&mut NpstowPickleOptions>,
    limits: Option<&NpstowLimits>,
    error: ErrorOut,
) -> NpstowStatus {
    done(error, || {
        let options = need(options, "options")?;
        options.options = std::mem::take(&mut options.options).limits(limits_of(limits));
        Ok(())
    })
}

/// Adds a buffer that was pickled out of band (PEP 574); they come in their order. It is the
/// caller's memory, which is not copied and must stay as it is until `free` is called with
/// `context` (from any thread, once; not where this function fails). `free` may be NULL: the memory
/// stays for ever then, or as long as the options and anything that was read with them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npstow_pickle_options_add_buffer(
    options: Option<&mut NpstowPickleOptions>,
    bytes: *const c_void,
    len: usize,
    free: Option<unsafe extern "C" fn(context: *mut c_void)>,
    context: *mut c_void,
    error: ErrorOut,
) -> NpstowStatus {
    done(error, || {
        let options = need(options, "options")?;
        // SAFETY: the header asks for `len` bytes until `free` is called.
        options.buffers.push(unsafe { borrowed(bytes, len, "bytes", free, context)? });
        Ok(())
    })
}

/// Frees options.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_pickle_options_free(options: Option<Box<NpstowPickleOptions>>) {
    look((), || drop(options));
}

/// Reads the pickle in a file; long strings and arrays stay there until they are asked for, so the
/// file must stay as it is. Nothing that it names is ever run. Options may be NULL.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_pickle_open(
    path: Text,
    options: Option<&NpstowPickleOptions>,
    error: ErrorOut,
) -> Option<Box<NpstowValue>> {
    make(error, || Ok(NpstowValue::boxed(pickle::open(path.path("path")?, &reading(options))?)))
}

/// Reads the pickle that a copy of the caller's memory begins with. Options may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npstow_pickle_read(
    bytes: *const c_void,
    len: usize,
    options: Option<&NpstowPickleOptions>,
    error: ErrorOut,
) -> Option<Box<NpstowValue>> {
    make(error, || {
        // SAFETY: the header asks for `len` bytes.
        let bytes = Buffer::copy_of(unsafe { slice::<u8>(bytes.cast(), len, "bytes")? });
        Ok(NpstowValue::boxed(pickle::from_bytes(bytes, &reading(options))?))
    })
}

/// Reads the pickle that a source begins with. Options may be NULL.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_pickle_open_source(
    source: Option<&NpstowSource>,
    options: Option<&NpstowPickleOptions>,
    error: ErrorOut,
) -> Option<Box<NpstowValue>> {
    make(error, || {
        let source = Arc::clone(&need(source, "source")?.0);
        Ok(NpstowValue::boxed(pickle::from_source(source, &reading(options))?))
    })
}

/// The Python object in a file of any format that holds such: all of it, or what stands behind a colon,
/// as in "run.pkl:weights/0".
#[unsafe(no_mangle)]
pub extern "C" fn npstow_value_load(place: Text, error: ErrorOut) -> Option<Box<NpstowValue>> {
    make(error, || {
        let (path, name) = npstow::split_place(place.get("place")?);
        let (value, name) = (npstow::open(&path)?.root().value()?, name.unwrap_or_default());
        let none = || Error::not_found(format_args!("the path '{name}'")).in_path(&path);
        Ok(NpstowValue::boxed(value.find(&name).ok_or_else(none)?))
    })
}

fn tree(given: Option<&NpstowValue>) -> Result<Tree> {
    Ok(Tree::from(Item::try_from(value(given)?)?))
}

/// Saves a value in the format that the options name, or else the path's extension; an old file is
/// replaced only when the new one is whole. An array goes into any format, another object where the
/// format holds objects. Options may be NULL.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_value_save(
    path: Text,
    value: Option<&NpstowValue>,
    options: Option<&NpstowSaveOptions>,
    error: ErrorOut,
) -> NpstowStatus {
    done(error, || {
        let path = path.path("path")?;
        npstow::save_with(path, &tree(value)?, &saving(options))
    })
}

/// Writes a value to a function, as a pickle unless the options name another format. Options may be
/// NULL.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_value_save_to(
    callback: Option<&NpstowWriteCallback>,
    value: Option<&NpstowValue>,
    options: Option<&NpstowSaveOptions>,
    error: ErrorOut,
) -> NpstowStatus {
    done(error, || {
        let mut sink = CallbackSink::new(callback)?;
        let format = options.and_then(NpstowSaveOptions::format).unwrap_or(Format::Pickle);
        npstow::save_to(&mut sink, &tree(value)?, &saving(options).format(format))
    })
}

/// Writes the pickle of a file anew with nothing in it but data: all other objects, classes and
/// functions become dictionaries that say what they were. Options (protocol, durability) may be
/// NULL.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_pickle_launder(
    from: Text,
    to: Text,
    options: Option<&NpstowSaveOptions>,
    error: ErrorOut,
) -> NpstowStatus {
    done(error, || {
        let (from, to) = (from.path("from")?, to.path("to")?);
        let value = npstow::open(from)?.root().value()?;
        let tree = Tree::from(Item::try_from(&value)?);
        let saving = options.map_or_else(
            || NpstowSaveOptions::default().laundering(),
            NpstowSaveOptions::laundering,
        )?;
        npstow::save_with(to, &tree, &saving)
    })
}
