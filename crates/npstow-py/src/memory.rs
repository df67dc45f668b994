//! Memory that Python and the library share: the only unsafe code of the package.
//!
//! Three roads, each one type. `Memory` gives memory of the library to Python. `Writable` and
//! `Borrowed` give memory of Python to the library; they hold Python's buffer, and with it the
//! memory, for as long as they live.
#![allow(unsafe_code)]

use npstow::{Buffer, BufferMut};
use pyo3::exceptions::{PyBufferError, PyTypeError};
use pyo3::ffi;
use pyo3::prelude::*;
use std::ffi::{c_int, c_void};
use std::ptr;

/// Memory of the library with Python's buffer protocol, over which arrays are made.
#[derive(Debug)]
#[pyclass(frozen, module = "npstow._npstow")]
pub(crate) struct Memory(Bytes);

#[derive(Debug)]
enum Bytes {
    /// Others see it, too: Python must not write.
    Shared(Buffer),
    /// Python's alone.
    Own(Own),
}

#[derive(Debug)]
struct Own {
    start: *mut u8,
    len: usize,
    /// Never touched again; it frees the bytes.
    _owner: BufferMut,
}

// SAFETY: `start` points to bytes that `_owner` owns, which may be sent to and dropped by any
// thread. Rust reads and writes them no more; what Python's threads do with them is up to Python,
// as with the memory of any array.
unsafe impl Send for Own {}
// SAFETY: as above: nothing is done through a reference but copying the pointer and the length.
unsafe impl Sync for Own {}

impl Memory {
    /// What others see, too.
    pub(crate) fn shared(bytes: Buffer) -> Self {
        Self(Bytes::Shared(bytes))
    }

    /// What nobody else has.
    pub(crate) fn own(mut owner: BufferMut) -> Self {
        let (start, len) = (owner.bytes_mut().as_mut_ptr(), owner.len());
        // Moving the owner does not move its bytes: they are a map or on the heap.
        Self(Bytes::Own(Own { start, len, _owner: owner }))
    }

    fn len(&self) -> usize {
        match &self.0 {
            Bytes::Shared(bytes) => bytes.len(),
            Bytes::Own(own) => own.len,
        }
    }
}

#[pymethods]
impl Memory {
    /// `nbytes` zeroed bytes that may be written to.
    #[new]
    fn new(nbytes: usize) -> PyResult<Self> {
        BufferMut::zeroed(nbytes).map(Self::own).map_err(crate::error::raise)
    }

    fn __len__(&self) -> usize {
        self.len()
    }

    /// # Safety
    /// Python calls it with a view that is its own to fill.
    // By value: that is how Python calls it.
    #[allow(clippy::needless_pass_by_value)]
    unsafe fn __getbuffer__(
        slf: Bound<'_, Self>,
        view: *mut ffi::Py_buffer,
        flags: c_int,
    ) -> PyResult<()> {
        if view.is_null() {
            return Err(PyBufferError::new_err("there is no view to fill"));
        }
        let memory = slf.get();
        let (start, readonly) = match &memory.0 {
            Bytes::Shared(bytes) => (bytes.as_ptr().cast_mut(), 1),
            Bytes::Own(own) => (own.start, 0),
        };
        let len =
            isize::try_from(memory.len()).map_err(|e| PyBufferError::new_err(e.to_string()))?;
        // SAFETY: `view` is not null and Python's to be filled. `start` points to `len` bytes that
        // live as long as `slf`, of which the view takes a reference. They may be written to
        // unless `readonly`, which refuses a view that asks for writing.
        let filled = unsafe {
            ffi::PyBuffer_FillInfo(view, slf.as_ptr(), start.cast::<c_void>(), len, readonly, flags)
        };
        if filled == 0 { Ok(()) } else { Err(PyErr::fetch(slf.py())) }
    }
}

/// A buffer that Python has given.
struct View(Box<ffi::Py_buffer>);

// SAFETY: a filled `Py_buffer` may be moved to another thread: what it points to is fixed until it
// is released, which is done by the thread that is then attached to the interpreter.
unsafe impl Send for View {}

impl View {
    /// Asks for the memory of an object, with its strides, and to write to it where the flags say
    /// so.
    fn of(object: &Bound<'_, PyAny>, flags: c_int) -> PyResult<Self> {
        let mut view = Box::new(ffi::Py_buffer::new());
        // SAFETY: `view` is an empty `Py_buffer` at an address that stays; `object` is alive.
        let done = unsafe { ffi::PyObject_GetBuffer(object.as_ptr(), &raw mut *view, flags) };
        if done == 0 { Ok(Self(view)) } else { Err(PyErr::fetch(object.py())) }
    }

    fn start(&self) -> *mut u8 {
        self.0.buf.cast()
    }

    fn len(&self) -> usize {
        usize::try_from(self.0.len).unwrap_or(0)
    }

    /// The shape and the strides, of a view that was asked for with them.
    fn layout(&self) -> Option<(Vec<usize>, Vec<isize>)> {
        let ndim = usize::try_from(self.0.ndim).ok()?;
        if ndim == 0 {
            return Some((Vec::new(), Vec::new()));
        }
        if self.0.shape.is_null() || self.0.strides.is_null() {
            return None;
        }
        // SAFETY: a buffer with `ndim` axes that was asked for with its strides has as many
        // lengths and strides, which are Python's until the view is released.
        let (shape, strides) = unsafe {
            let shape = std::slice::from_raw_parts(self.0.shape.cast_const(), ndim);
            (shape, std::slice::from_raw_parts(self.0.strides.cast_const(), ndim))
        };
        let shape = shape.iter().map(|&len| usize::try_from(len).ok()).collect::<Option<_>>()?;
        Some((shape, strides.to_vec()))
    }
}

impl Drop for View {
    fn drop(&mut self) {
        // Once the interpreter is gone, so is all of its memory.
        let _ = Python::try_attach(|_| {
            // SAFETY: this thread is attached, and the view was filled and not released before.
            unsafe { ffi::PyBuffer_Release(&raw mut *self.0) }
        });
    }
}

/// Memory of an array that is written to, all of it back to back.
pub(crate) struct Writable(View);

impl Writable {
    pub(crate) fn new(object: &Bound<'_, PyAny>) -> PyResult<Self> {
        View::of(object, ffi::PyBUF_WRITABLE | ffi::PyBUF_ANY_CONTIGUOUS).map(Self)
    }

    /// The bytes. What other threads of Python do to them meanwhile is up to their user, as it is
    /// where NumPy writes to an array without the interpreter's lock.
    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        if self.0.len() == 0 {
            return &mut [];
        }
        // SAFETY: the view holds `len` contiguous bytes at `start`, which may be written to since
        // that was asked for, and which stay there until the view is released. The borrow of
        // `self` keeps anybody in Rust from having them twice.
        unsafe { std::slice::from_raw_parts_mut(self.0.start(), self.0.len()) }
    }
}

/// Bytes of an object that are read where they are.
struct Borrowed {
    /// The first byte of all that the strides reach.
    start: *const u8,
    len: usize,
    _view: View,
}

// SAFETY: as for `View`; the bytes are only read.
unsafe impl Send for Borrowed {}

impl AsRef<[u8]> for Borrowed {
    fn as_ref(&self) -> &[u8] {
        // SAFETY: see `borrowed`: there are `len` bytes at `start` for as long as the view lives.
        unsafe { std::slice::from_raw_parts(self.start, self.len) }
    }
}

/// What an array of NumPy is in memory: the bytes that its strides reach, which of them is the
/// first of its first element, its shape and strides.
pub(crate) type Lent = (Buffer, usize, Vec<usize>, Vec<isize>);

/// An array whose class is NumPy's own, so that its buffer has its shape and strides.
pub(crate) fn lent(array: &Bound<'_, PyAny>, itemsize: usize) -> PyResult<Lent> {
    let view = View::of(array, ffi::PyBUF_STRIDES)?;
    let wrong = || PyTypeError::new_err("an array whose buffer is not the array's");
    let (shape, strides) = view.layout().ok_or_else(wrong)?;
    if isize::try_from(itemsize) != Ok(view.0.itemsize) {
        return Err(wrong());
    }
    if itemsize == 0 || shape.contains(&0) {
        return Ok((Buffer::default(), 0, shape, strides));
    }
    let (bytes, offset) = reached(view, itemsize, &shape, &strides)?;
    Ok((bytes, offset, shape, strides))
}

/// The bytes of an array where they are, and at which of them its first element begins.
///
/// The array has the given itemsize, shape and strides, and at least one byte.
pub(crate) fn borrowed(
    array: &Bound<'_, PyAny>,
    itemsize: usize,
    shape: &[usize],
    strides: &[isize],
) -> PyResult<(Buffer, usize)> {
    let view = View::of(array, ffi::PyBUF_STRIDES)?;
    // What the array says has to be what its buffer says: only that is memory.
    // Where an axis has one element, NumPy shows any stride it likes.
    let counts = |axis| shape.get(axis) != Some(&1);
    let agree = same(view.0.ndim, view.0.shape, shape, |_| true)
        && same(view.0.ndim, view.0.strides, strides, counts);
    if !agree || isize::try_from(itemsize) != Ok(view.0.itemsize) {
        return Err(PyTypeError::new_err("an array whose buffer is not the array's"));
    }
    reached(view, itemsize, shape, strides)
}

/// All that the strides of a buffer reach; it has these strides, and at least one element.
fn reached(
    view: View,
    itemsize: usize,
    shape: &[usize],
    strides: &[isize],
) -> PyResult<(Buffer, usize)> {
    let (mut before, mut after) = (0usize, itemsize);
    for (len, stride) in shape.iter().zip(strides) {
        let far = len.saturating_sub(1).saturating_mul(stride.unsigned_abs());
        let reach = if *stride < 0 { &mut before } else { &mut after };
        *reach = reach.saturating_add(far);
    }
    let len = before.saturating_add(after);
    if view.start().is_null() || isize::try_from(len).is_err() {
        return Err(PyTypeError::new_err("an array larger than memory"));
    }
    // SAFETY: the buffer's elements are where shape and strides say, from `before` bytes in front
    // of `buf` to `after` bytes behind it; NumPy keeps all of that within one allocation.
    let start = unsafe { view.start().cast_const().sub(before) };
    Ok((Buffer::from_owner(Borrowed { start, len, _view: view }), before))
}

/// Whether the lengths or strides of a buffer are these, on all axes that count.
fn same<T: Copy + TryInto<isize>>(
    ndim: c_int,
    found: *const isize,
    expected: &[T],
    counts: impl Fn(usize) -> bool,
) -> bool {
    if usize::try_from(ndim) != Ok(expected.len()) || (found.is_null() && !expected.is_empty()) {
        return false;
    }
    // SAFETY: a buffer with `ndim` axes that was asked for with its strides has as many lengths
    // and strides; that it has the array is known from here on.
    let at = |axis| unsafe { ptr::read(found.add(axis)) };
    let mut axes = expected.iter().enumerate().filter(|(axis, _)| counts(*axis));
    axes.all(|(axis, &n)| n.try_into().is_ok_and(|n| n == at(axis)))
}
