//! What differs between two trees, as dictionaries.
#![forbid(unsafe_code)]

use crate::error::raise;
use crate::node::kind;
use crate::tree::{Given, nbytes};
use crate::work;
use npstow::trees::{CompareOptions, Difference, Side, Unequal, What, compare};
use npstow::{Dtype, Error};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

/// Differences, why some arrays were not read, and how many were compared.
type Compared<'py> = (Vec<Bound<'py, PyDict>>, Vec<String>, usize);

/// Compares two trees.
#[pyfunction]
#[pyo3(signature = (left, right, rtol, atol, equal_nan, notes))]
pub(crate) fn diff<'py>(
    py: Python<'py>,
    left: Given<'py>,
    right: Given<'py>,
    rtol: f64,
    atol: f64,
    equal_nan: bool,
    notes: bool,
) -> PyResult<Compared<'py>> {
    let (left, right) = (left.tree()?, right.tree()?);
    let options = CompareOptions::default().rtol(rtol).atol(atol).equal_nan(equal_nan).notes(notes);
    let report = work::run(py, nbytes(&left) + nbytes(&right), None, |watch| {
        let (left, right) = (watch.tree(left, true)?, watch.tree(right, true)?);
        compare(&left, &right, &options)
    })?;
    let differences = report.differences().iter().map(|one| dict(py, one));
    let unread = report.unread().iter().map(Error::to_string).collect();
    Ok((differences.collect::<PyResult<_>>()?, unread, report.compared()))
}

fn dict<'py>(py: Python<'py>, of: &Difference) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("name", &of.name)?;
    dict.set_item("text", of.to_string())?;
    match &of.what {
        What::Missing { side, kind: of } => {
            let (left, right) = match side {
                Side::Left => (None, Some(kind(*of))),
                Side::Right => (Some(kind(*of)), None),
            };
            both(&dict, "missing", left, right)?;
        }
        What::Kind { left, right } => both(&dict, "kind", kind(*left), kind(*right))?,
        What::Dtype { left, right } => both(&dict, "dtype", descr(left)?, descr(right)?)?,
        What::Shape { left, right } => {
            both(&dict, "shape", PyTuple::new(py, left)?, PyTuple::new(py, right)?)?;
        }
        What::Values(unequal) => values(&dict, unequal)?,
        What::Meta { key, left, right } => {
            both(&dict, "meta", left, right)?;
            dict.set_item("key", key)?;
        }
        What::MetaLines => both(&dict, "meta lines", py.None(), py.None())?,
        What::Names { index, left, right } => {
            both(&dict, "names", left, right)?;
            dict.set_item("index", index)?;
        }
        What::Labels { index, left, right } => {
            both(&dict, "labels", left, right)?;
            dict.set_item("index", index)?;
        }
        What::Content => both(&dict, "content", py.None(), py.None())?,
        // Differences to come have their text at least.
        _ => both(&dict, "other", py.None(), py.None())?,
    }
    Ok(dict)
}

fn both<'py, T: IntoPyObject<'py>>(
    dict: &Bound<'py, PyDict>,
    what: &str,
    left: T,
    right: T,
) -> PyResult<()> {
    dict.set_item("what", what)?;
    dict.set_item("left", left)?;
    dict.set_item("right", right)
}

fn values(dict: &Bound<'_, PyDict>, unequal: &Unequal) -> PyResult<()> {
    both(dict, "values", &unequal.left, &unequal.right)?;
    dict.set_item("count", unequal.count)?;
    dict.set_item("total", unequal.total)?;
    dict.set_item("index", PyTuple::new(dict.py(), &unequal.first)?)?;
    dict.set_item("field", &unequal.field)?;
    dict.set_item("largest", unequal.largest)?;
    dict.set_item("relative", unequal.relative)
}

/// As `numpy.lib.format.dtype_to_descr` has it, as text.
fn descr(dtype: &Dtype) -> PyResult<String> {
    Ok(dtype.to_descr().map_err(raise)?.to_string())
}
