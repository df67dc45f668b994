//! Dtypes across the border: always as the literal `descr`, as NumPy's own files have them.
#![forbid(unsafe_code)]

use crate::error::raise;
use npstow::{Dtype, Error, Field, Record};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyList, PyString, PyTuple};
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
    // HDF5 has records whose fields lie in another order, which no `descr` says.
    let Ok(descr) = dtype.to_descr().map(|descr| descr.to_string()) else {
        return exact(py, dtype);
    };
    let descr = py.import("ast")?.call_method1("literal_eval", (descr,))?;
    py.import("numpy.lib.format")?.call_method1("descr_to_dtype", (descr,))
}

/// The `numpy.dtype` with all that a pickle knows of it: objects, titles, fields that overlap, and
/// whether a record is laid out as in C.
pub(crate) fn exact<'py>(py: Python<'py>, dtype: &Dtype) -> PyResult<Bound<'py, PyAny>> {
    let class = py.import(intern!(py, "numpy"))?.getattr(intern!(py, "dtype"))?;
    match dtype {
        // No deeper than the library lets dtypes be.
        Dtype::Array(base, shape) => class.call1(((exact(py, base)?, PyTuple::new(py, shape)?),)),
        Dtype::Record(record) => {
            let fields = record.fields();
            let spec = PyDict::new(py);
            let list = |make: &dyn Fn(&Field) -> PyResult<Bound<'py, PyAny>>| {
                PyList::new(py, fields.iter().map(make).collect::<PyResult<Vec<_>>>()?)
            };
            spec.set_item("names", list(&|f| Ok(PyString::new(py, f.name()).into_any()))?)?;
            spec.set_item("formats", list(&|f| exact(py, f.dtype()))?)?;
            spec.set_item("offsets", list(&|f| Ok(f.offset().into_pyobject(py)?.into_any()))?)?;
            spec.set_item("itemsize", record.itemsize())?;
            if fields.iter().any(|field| field.title().is_some()) {
                spec.set_item("titles", list(&|f| Ok(f.title().into_pyobject(py)?.into_any()))?)?;
            }
            class.call1((spec, record.is_aligned()))
        }
        // A scalar, and dtypes to come.
        _ => numpy(py, dtype),
    }
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

/// How deep dtypes may lie in one another.
pub(crate) const DEPTH: usize = 32;

/// The dtype of a `numpy.dtype` as a pickle has it: see [`exact`].
pub(crate) fn exact_library(dtype: &Bound<'_, PyAny>) -> PyResult<Dtype> {
    part(dtype, 0)
}

fn part(dtype: &Bound<'_, PyAny>, depth: usize) -> PyResult<Dtype> {
    let py = dtype.py();
    if depth > DEPTH {
        return Err(raise(Error::limit("a depth of nested dtypes", DEPTH as u64, "more")));
    }
    let sub = dtype.getattr(intern!(py, "subdtype"))?;
    if !sub.is_none() {
        let (base, shape): (Bound<'_, PyAny>, Vec<usize>) = sub.extract()?;
        return Dtype::array(part(&base, depth + 1)?, &shape).map_err(raise);
    }
    let names = dtype.getattr(intern!(py, "names"))?;
    if names.is_none() {
        let typestr = dtype.getattr(intern!(py, "str"))?;
        return parse(&format!("'{}'", typestr.extract::<String>()?));
    }
    let fields = dtype.getattr(intern!(py, "fields"))?;
    let mut made = Vec::new();
    for name in names.extract::<Vec<String>>()? {
        let field = fields.get_item(&name)?;
        let of = part(&field.get_item(0)?, depth + 1)?;
        let mut one = Field::new(name, of, field.get_item(1)?.extract()?);
        if field.len()? > 2 {
            let title = field.get_item(2)?;
            let text = title.extract::<String>();
            let wrong = |_| raise(Error::unsupported("a title that is no text"));
            one = one.with_title(text.map_err(wrong)?);
        }
        made.push(one);
    }
    let itemsize: usize = dtype.getattr(intern!(py, "itemsize"))?.extract()?;
    let record = Record::new(made, Some(itemsize)).map_err(raise)?;
    let is_aligned: bool = dtype.getattr(intern!(py, "isalignedstruct"))?.extract()?;
    let record = if is_aligned { record.into_aligned().map_err(raise)? } else { record };
    Ok(record.into())
}

pub(crate) fn parse(descr: &str) -> PyResult<Dtype> {
    Dtype::parse(descr).map_err(raise)
}

/// Bytes of an array of this shape.
pub(crate) fn nbytes(shape: &[usize], dtype: &Dtype) -> npstow::Result<usize> {
    let nbytes = shape.iter().try_fold(dtype.itemsize(), |all, len| all.checked_mul(*len));
    nbytes.ok_or_else(|| Error::invalid("an array larger than memory"))
}
