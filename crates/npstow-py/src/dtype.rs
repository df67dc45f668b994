//! Dtypes across the border: always as the literal `descr`, as NumPy's own files have them.
#![forbid(unsafe_code)]

use crate::error::raise;
use npstow::{Dtype, Error};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// `numpy.dtype`s by what they are: thousands of arrays often have a handful of different ones.
static KNOWN: PyOnceLock<Mutex<HashMap<Dtype, Py<PyAny>>>> = PyOnceLock::new();

/// How many are kept; a program with more different ones starts anew.
const MOST: usize = 1024;

/// The `numpy.dtype`.
pub(crate) fn numpy<'py>(py: Python<'py>, dtype: &Dtype) -> PyResult<Bound<'py, PyAny>> {
    let known = KNOWN.get_or_init(py, Mutex::default);
    // Nothing of Python runs while the lock is held.
    let found = || {
        let known = known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(dtype).map(|found| found.clone_ref(py))
    };
    if let Some(found) = found() {
        return Ok(found.into_bound(py));
    }
    let made = make(py, dtype)?;
    let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
    let old = if known.len() >= MOST { std::mem::take(&mut *known) } else { HashMap::new() };
    known.insert(dtype.clone(), made.clone().unbind());
    drop(known);
    // Only now: what is dropped is Python's.
    drop(old);
    Ok(made)
}

fn make<'py>(py: Python<'py>, dtype: &Dtype) -> PyResult<Bound<'py, PyAny>> {
    if let Some(scalar) = dtype.as_scalar() {
        static NUMPY_DTYPE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        return NUMPY_DTYPE.import(py, "numpy", "dtype")?.call1((scalar.typestr(),));
    }
    let descr = dtype.to_descr().map_err(raise)?.to_string();
    let descr = py.import("ast")?.call_method1("literal_eval", (descr,))?;
    py.import("numpy.lib.format")?.call_method1("descr_to_dtype", (descr,))
}

/// The dtype of a `numpy.dtype` that has no objects in it.
///
/// As NumPy does for its files, it warns of metadata, which gets lost.
pub(crate) fn library(dtype: &Bound<'_, PyAny>) -> PyResult<Dtype> {
    let py = dtype.py();
    let plain = dtype.getattr(pyo3::intern!(py, "metadata"))?.is_none()
        && dtype.getattr(pyo3::intern!(py, "names"))?.is_none();
    if plain {
        let typestr = dtype.getattr(pyo3::intern!(py, "str"))?;
        return parse(&format!("'{}'", typestr.extract::<String>()?));
    }
    let descr = py.import("numpy.lib.format")?.call_method1("dtype_to_descr", (dtype,))?;
    parse(&descr.repr()?.extract::<String>()?)
}

pub(crate) fn parse(descr: &str) -> PyResult<Dtype> {
    Dtype::parse(descr).map_err(raise)
}

/// Bytes of an array of this shape.
pub(crate) fn nbytes(shape: &[usize], dtype: &Dtype) -> npstow::Result<usize> {
    let nbytes = shape.iter().try_fold(dtype.itemsize(), |all, len| all.checked_mul(*len));
    nbytes.ok_or_else(|| Error::invalid("an array larger than memory"))
}
