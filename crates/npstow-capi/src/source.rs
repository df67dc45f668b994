//! Where bytes come from: files, memory, functions of the caller.

use crate::call::{ErrorOut, Text, look, make, need, slice};
use crate::file::NpstowFile;
use crate::limits::{NpstowLimits, limits_of};
use crate::make::borrowed;
use npstow::{Buffer, Error, FileSource, MemorySource, OpenOptions, Result, Source};
use std::ffi::{c_int, c_void};
use std::fmt;
use std::io;
use std::sync::Arc;

/// Bytes that can be read at any offset. It may be used by several threads at once; files that were
/// opened from it do not need the handle any more.
pub struct NpstowSource(pub(crate) Arc<dyn Source>);

/// A source of the caller's. The functions are called from several threads, at the same time, and
/// must not throw.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct NpstowReadCallbacks {
    /// Given to the functions as it is.
    pub context: *mut c_void,
    /// How many bytes there are; they must not change.
    pub len: u64,
    /// Puts `len` bytes from `offset` on into `dst`; returns 0, or an `errno`. It is never asked for
    /// more than there is.
    pub read_at: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            offset: u64,
            dst: *mut c_void,
            len: usize,
        ) -> c_int,
    >,
    /// Called once, when nothing needs the source any more; may be NULL.
    pub free: Option<unsafe extern "C" fn(context: *mut c_void)>,
}

struct CallbackSource(NpstowReadCallbacks);

// SAFETY: the header asks for functions that may be called from several threads.
unsafe impl Send for CallbackSource {}
// SAFETY: the same.
unsafe impl Sync for CallbackSource {}

impl fmt::Debug for CallbackSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CallbackSource({} bytes)", self.0.len)
    }
}

impl Drop for CallbackSource {
    fn drop(&mut self) {
        if let Some(free) = self.0.free {
            // SAFETY: the header asks for a function that takes this context; it is called once.
            unsafe { free(self.0.context) };
        }
    }
}

impl Source for CallbackSource {
    fn len(&self) -> u64 {
        self.0.len
    }

    fn read_into(&self, offset: u64, dst: &mut [u8]) -> io::Result<()> {
        let within = offset.checked_add(dst.len() as u64).is_some_and(|end| end <= self.0.len);
        if !within {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let Some(read_at) = self.0.read_at else { return Err(io::ErrorKind::InvalidInput.into()) };
        // SAFETY: the header asks for a function that takes these arguments and writes `len` bytes.
        match unsafe { read_at(self.0.context, offset, dst.as_mut_ptr().cast(), dst.len()) } {
            0 => Ok(()),
            errno => Err(io::Error::from_raw_os_error(errno)),
        }
    }

    fn view(&self, offset: u64, _: usize) -> Result<Buffer> {
        Err(Error::unsupported("a view of bytes that a function reads").at(offset))
    }
}

/// The bytes of a file, which stays open.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_source_from_path(
    path: Text,
    error: ErrorOut,
) -> Option<Box<NpstowSource>> {
    make(error, || {
        let source = FileSource::open(path.path("path")?)?;
        Ok(Box::new(NpstowSource(Arc::new(source))))
    })
}

/// The caller's memory, which is not copied and must stay as it is until `free` is called with
/// `context` (from any thread, once; not where this function fails). `free` may be NULL: the memory
/// stays for ever then, or as long as anything that came from it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npstow_source_from_memory(
    bytes: *const c_void,
    len: usize,
    free: Option<unsafe extern "C" fn(context: *mut c_void)>,
    context: *mut c_void,
    error: ErrorOut,
) -> Option<Box<NpstowSource>> {
    make(error, || {
        // SAFETY: the header asks for `len` bytes until `free` is called.
        let buffer = unsafe { borrowed(bytes, len, "bytes", free, context)? };
        Ok(Box::new(NpstowSource(Arc::new(MemorySource::new(buffer)))))
    })
}

/// A copy of the caller's memory.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npstow_source_from_copy(
    bytes: *const c_void,
    len: usize,
    error: ErrorOut,
) -> Option<Box<NpstowSource>> {
    make(error, || {
        // SAFETY: the header asks for `len` bytes.
        let buffer = Buffer::copy_of(unsafe { slice::<u8>(bytes.cast(), len, "bytes")? });
        Ok(Box::new(NpstowSource(Arc::new(MemorySource::new(buffer)))))
    })
}

/// Functions of the caller. Their struct is copied.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_source_from_callbacks(
    callbacks: Option<&NpstowReadCallbacks>,
    error: ErrorOut,
) -> Option<Box<NpstowSource>> {
    make(error, || {
        let callbacks = *need(callbacks, "callbacks")?;
        need(callbacks.read_at, "read_at")?;
        // No file is longer; a length that is not known is no number.
        if i64::try_from(callbacks.len).is_err() {
            return Err(Error::invalid(format_args!("a source of {} bytes", callbacks.len)));
        }
        Ok(Box::new(NpstowSource(Arc::new(CallbackSource(callbacks)))))
    })
}

/// How many bytes there are; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_source_len(source: Option<&NpstowSource>) -> u64 {
    look(0, || source.map_or(0, |source| source.0.len()))
}

/// Frees a handle of a source.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_source_free(source: Option<Box<NpstowSource>>) {
    look((), || drop(source));
}

/// Opens the bytes of a file in any source; `name` stands for the path in errors, and limits may be
/// NULL.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_open_source(
    source: Option<&NpstowSource>,
    name: Text,
    limits: Option<&NpstowLimits>,
    error: ErrorOut,
) -> Option<Box<NpstowFile>> {
    make(error, || {
        let source = Arc::clone(&need(source, "source")?.0);
        let options = OpenOptions::default().limits(limits_of(limits));
        Ok(NpstowFile::boxed(options.open_source(source, name.path("name")?)?))
    })
}
