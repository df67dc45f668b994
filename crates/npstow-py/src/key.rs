//! What stands between brackets in Python, as a selection.
#![forbid(unsafe_code)]

use npstow::{Index, Selection};
use pyo3::buffer::PyBuffer;
use pyo3::exceptions::{PyIndexError, PyTypeError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyEllipsis, PyInt, PyList, PySlice};

/// The selection of a list of indices: whole numbers, slices, `...`, `None`, lists of whole
/// numbers, arrays of `int64`. Whatever else NumPy takes was turned into these, or refused.
pub(crate) fn selection(key: &Bound<'_, PyList>) -> PyResult<Selection> {
    Ok(key.iter().map(|item| index(&item)).collect::<PyResult<Vec<Index>>>()?.into())
}

fn index(item: &Bound<'_, PyAny>) -> PyResult<Index> {
    if item.is_none() {
        return Ok(Index::NewAxis);
    }
    if item.is_instance_of::<PyEllipsis>() {
        return Ok(Index::Ellipsis);
    }
    if let Ok(slice) = item.cast::<PySlice>() {
        let bound = |name| -> PyResult<Option<i64>> { number(&slice.getattr(name)?) };
        let (start, stop, step) = (bound("start")?, bound("stop")?, bound("step")?);
        return Ok(Index::Slice { start, stop, step: step.unwrap_or(1) });
    }
    if let Ok(list) = item.cast::<PyList>() {
        let beyond = |_| PyIndexError::new_err("an index beyond what any axis has");
        return Ok(Index::List(list.extract().map_err(beyond)?));
    }
    if !item.is_instance_of::<PyInt>() && item.hasattr(intern!(item.py(), "dtype"))? {
        return Ok(Index::List(PyBuffer::<i64>::get(item)?.to_vec(item.py())?));
    }
    match number(item)? {
        Some(at) => Ok(Index::At(at)),
        None => Err(PyTypeError::new_err("an index is a whole number, a slice, or a list")),
    }
}

/// A whole number; beyond what any axis has, the largest or smallest.
fn number(item: &Bound<'_, PyAny>) -> PyResult<Option<i64>> {
    if item.is_none() {
        return Ok(None);
    }
    if let Ok(number) = item.cast::<PyInt>().map_err(PyErr::from).and_then(|int| int.extract()) {
        return Ok(Some(number));
    }
    let whole = item.py().import("operator")?.call_method1("index", (item,))?;
    if let Ok(number) = whole.extract() {
        return Ok(Some(number));
    }
    Ok(Some(if whole.lt(0)? { i64::MIN } else { i64::MAX }))
}
