//! Memory of the library as arrays of NumPy.
#![forbid(unsafe_code)]

use crate::dtype;
use crate::memory::Memory;
use npstow::{Array, BufferMut, Dtype, Entry, MemoryOrder, ReadOptions, Result, Slot};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyTuple;

/// Reads an array into memory of its own: that, and where the elements begin there. In steps the
/// memory has just the elements; else it is the fastest way, and it may have more.
pub(crate) fn read(
    entry: &Entry,
    in_steps: bool,
    options: &ReadOptions,
) -> Result<(BufferMut, usize)> {
    if !in_steps {
        return entry.read_own(options);
    }
    // Nothing is allocated for a mere claim.
    entry.check()?;
    let mut memory = BufferMut::zeroed(entry.nbytes())?;
    entry.read_into_with(memory.bytes_mut(), options)?;
    Ok((memory, 0))
}

/// A `numpy.ndarray` over the part of a memory that begins so far in it; nobody else has it.
pub(crate) fn own<'py>(
    py: Python<'py>,
    dtype: &Dtype,
    shape: &[usize],
    order: MemoryOrder,
    (memory, start): (BufferMut, usize),
) -> PyResult<Bound<'py, PyAny>> {
    made(py, dtype, shape, order, &Bound::new(py, Memory::own(memory))?, start)
}

/// A `numpy.ndarray` over memory that it alone has.
pub(crate) fn owned<'py>(
    py: Python<'py>,
    dtype: &Dtype,
    shape: &[usize],
    order: MemoryOrder,
    memory: BufferMut,
) -> PyResult<Bound<'py, PyAny>> {
    own(py, dtype, shape, order, (memory, 0))
}

/// A `numpy.ndarray` over memory that is filled in this order from `offset` on.
pub(crate) fn made<'py>(
    py: Python<'py>,
    dtype: &Dtype,
    shape: &[usize],
    order: MemoryOrder,
    memory: &Bound<'py, Memory>,
    offset: usize,
) -> PyResult<Bound<'py, PyAny>> {
    let letter = if order == MemoryOrder::F { 'F' } else { 'C' };
    let shape = PyTuple::new(py, shape)?;
    ndarray(py)?.call1((shape, dtype::numpy(py, dtype)?, memory, offset, py.None(), letter))
}

/// So many arrays like the one of a slot, that far apart: the parts of one array with an axis more,
/// which costs a third of making each by itself.
pub(crate) fn made_alike<'py>(
    py: Python<'py>,
    slot: &Slot,
    (count, step): (usize, usize),
    memory: &Bound<'py, Memory>,
    arrays: &mut Vec<Bound<'py, PyAny>>,
) -> PyResult<()> {
    let mut stride = slot.dtype.itemsize();
    let mut lens = vec![stride; slot.shape.len()];
    let mut axes: Vec<usize> = (0..lens.len()).collect();
    if slot.order != MemoryOrder::F {
        axes.reverse();
    }
    for axis in axes {
        lens[axis] = stride;
        stride = stride.saturating_mul(slot.shape[axis]);
    }
    let shape = PyTuple::new(py, [&[count], &slot.shape[..]].concat())?;
    let strides = PyTuple::new(py, [&[step], &lens[..]].concat())?;
    let dtype = dtype::numpy(py, &slot.dtype)?;
    // NumPy holds it against the memory.
    let all = ndarray(py)?.call1((shape, dtype, memory, slot.offset, strides))?;
    for part in all.try_iter()? {
        arrays.push(part?);
    }
    Ok(())
}

/// The class of arrays.
pub(crate) fn ndarray(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    static NDARRAY: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    NDARRAY.import(py, "numpy", "ndarray")
}

/// A `numpy.ndarray` over memory that others see, too: it is not writable.
pub(crate) fn shared<'py>(py: Python<'py>, array: &Array) -> PyResult<Bound<'py, PyAny>> {
    let memory = Bound::new(py, Memory::shared(array.buffer().clone()))?;
    let (shape, strides) = (PyTuple::new(py, array.shape())?, PyTuple::new(py, array.strides())?);
    let dtype = dtype::numpy(py, array.dtype())?;
    ndarray(py)?.call1((shape, dtype, memory, array.offset(), strides))
}
