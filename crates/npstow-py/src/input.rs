//! Arrays of NumPy as arrays of the library, where they lie in memory.
#![forbid(unsafe_code)]

use crate::dtype;
use crate::error::raise;
use crate::memory::{borrowed, lent};
use crate::output::ndarray;
use npstow::{Array, Buffer, Dtype, MemoryOrder};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyMemoryView;

/// A `numpy.ndarray` as it is, without a copy, whatever its strides. It is held for as long as
/// anything of it is.
pub(crate) fn array(array: &Bound<'_, PyAny>) -> PyResult<Array> {
    let py = array.py();
    let dtype = dtype::library(&array.getattr(intern!(py, "dtype"))?)?;
    array_of(array, dtype)
}

/// The last dtype of many arrays, most of which often have the same.
#[derive(Default)]
pub(crate) struct Memo<'py>(Option<(Bound<'py, PyAny>, Dtype)>);

impl<'py> Memo<'py> {
    /// As [`array()`].
    pub(crate) fn array(&mut self, array: &Bound<'py, PyAny>) -> PyResult<Array> {
        let found = array.getattr(intern!(array.py(), "dtype"))?;
        if let Some((_, dtype)) = self.0.as_ref().filter(|(old, _)| old.is(&found)) {
            return array_of(array, dtype.clone());
        }
        let dtype = dtype::library(&found)?;
        self.0 = Some((found, dtype.clone()));
        array_of(array, dtype)
    }
}

/// As [`array()`], of a dtype that is known.
pub(crate) fn array_of(array: &Bound<'_, PyAny>, dtype: Dtype) -> PyResult<Array> {
    let py = array.py();
    let itemsize = dtype.itemsize();
    if itemsize > 0 && array.get_type().is(ndarray(py)?) {
        // Of a few dtypes (dates, for one) NumPy has no buffers.
        if let Ok((bytes, offset, shape, strides)) = lent(array, itemsize) {
            return match shape.contains(&0) {
                true => Array::new(dtype, &shape, MemoryOrder::C, bytes),
                false => Array::from_parts(dtype, shape, strides, offset, bytes),
            }
            .map_err(raise);
        }
    }
    let shape: Vec<usize> = array.getattr(intern!(py, "shape"))?.extract()?;
    if dtype.itemsize() == 0 || shape.contains(&0) {
        let nothing = Buffer::from(Vec::new());
        return Array::new(dtype, &shape, MemoryOrder::C, nothing).map_err(raise);
    }
    let strides: Vec<isize> = array.getattr(intern!(py, "strides"))?.extract()?;
    let (bytes, offset) = match borrowed(array, itemsize, &shape, &strides) {
        Ok(found) => found,
        // NumPy has no buffers of some dtypes (dates, for one): their bytes have one.
        Err(_) => borrowed(&as_void(array, itemsize)?, itemsize, &shape, &strides)?,
    };
    Array::from_parts(dtype, shape, strides, offset, bytes).map_err(raise)
}

/// The bytes of any object that has them, back to back.
pub(crate) fn bytes(object: &Bound<'_, PyAny>) -> PyResult<Buffer> {
    let view = PyMemoryView::from(object)?;
    let flat = view.call_method1(intern!(object.py(), "cast"), ("B",))?;
    let len: usize = flat.getattr(intern!(object.py(), "nbytes"))?.extract()?;
    if len == 0 {
        return Ok(Buffer::default());
    }
    Ok(borrowed(&flat, 1, &[len], &[1])?.0)
}

fn as_void<'py>(array: &Bound<'py, PyAny>, itemsize: usize) -> PyResult<Bound<'py, PyAny>> {
    let py = array.py();
    let ndarray = py.import("numpy")?.getattr("ndarray")?;
    // Of subclasses, too, it is the plain view.
    let void = (format!("V{itemsize}"), ndarray);
    array.call_method1(intern!(py, "view"), void)
}
