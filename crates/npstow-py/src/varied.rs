//! Elements without a fixed length, and attributes, as Python's objects.
#![forbid(unsafe_code)]

use crate::error::raise;
use crate::output::shared;
use crate::work;
use npstow::{Attribute, Data, Entry, Error, Limits, Result, VariedItem};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyTuple};

/// The elements of an array of which none has a fixed length, in C order.
pub(crate) fn elements<'py>(
    py: Python<'py>,
    entry: &Entry,
) -> PyResult<Option<Bound<'py, PyList>>> {
    let Data::Varied(varied) = entry.data() else { return Ok(None) };
    let count = entry.shape().iter().product();
    let read = || -> Result<Vec<VariedItem>> {
        // As many as the file has places for, not as many as it claims.
        varied.raw().check()?;
        // Heaps may be used by many elements: a walk over all says whether that is bounded.
        varied.each_digested(&mut |_| {})?;
        (0..count).map(|number| varied.item(number)).collect()
    };
    let items = work::sized(py, varied.raw().nbytes() as u64, read)?;
    let list = PyList::empty(py);
    for item in items {
        list.append(object(py, item, Limits::default().max_depth())?)?;
    }
    Ok(Some(list))
}

/// Text is `str`, a record a tuple, a reference the path of its target or `None`.
fn object<'py>(py: Python<'py>, item: VariedItem, depth: usize) -> PyResult<Bound<'py, PyAny>> {
    let deep = || raise(Error::limit("a depth of sequences", 0, "more"));
    let below = depth.checked_sub(1).ok_or_else(deep)?;
    Ok(match item {
        VariedItem::Text(text) => text.into_pyobject(py)?.into_any(),
        VariedItem::Bytes(bytes) => PyBytes::new(py, &bytes).into_any(),
        VariedItem::Array(array) if array.shape().is_empty() => {
            // An element, as NumPy gives it.
            shared(py, &array)?.get_item(PyTuple::empty(py))?
        }
        VariedItem::Array(array) => shared(py, &array)?.call_method0("copy")?,
        VariedItem::List(items) => {
            let list = PyList::empty(py);
            for item in items {
                list.append(object(py, item, below)?)?;
            }
            list.into_any()
        }
        VariedItem::Record(fields) => {
            let fields = fields.into_iter().map(|(_, item)| object(py, item, below));
            PyTuple::new(py, fields.collect::<PyResult<Vec<_>>>()?)?.into_any()
        }
        VariedItem::Path(path) => path.into_pyobject(py)?,
        other => {
            let what = format!("an element like {other:?} in Python");
            return Err(raise(Error::unsupported(what)));
        }
    })
}

/// The dtype and shape of elements without a fixed length.
type Form<'py> = (Bound<'py, PyAny>, Bound<'py, PyTuple>);

/// The name of an attribute, its value, and what a list of elements is to become.
pub(crate) type Named<'py> = (String, Bound<'py, PyAny>, Option<Form<'py>>);

/// The attributes of a node.
pub(crate) fn attributes<'py>(py: Python<'py>, node: &npstow::Node) -> PyResult<Vec<Named<'py>>> {
    let all = py.detach(|| node.attributes()).map_err(raise)?;
    let one = |(name, attribute)| {
        Ok(match attribute {
            Attribute::Text(text) => (name, text.into_pyobject(py)?.into_any(), None),
            Attribute::Texts(texts) => (name, texts.into_pyobject(py)?, None),
            Attribute::Array(entry) => match elements(py, &entry)? {
                Some(list) => {
                    let shape = PyTuple::new(py, entry.shape())?;
                    let dtype = crate::dtype::numpy(py, entry.dtype())?;
                    (name, list.into_any(), Some((dtype, shape)))
                }
                None => {
                    let array = work::sized(py, entry.nbytes() as u64, || entry.read())?;
                    (name, shared(py, &array)?.call_method0("copy")?, None)
                }
            },
            _ => return Err(raise(Error::unsupported("an attribute of this kind in Python"))),
        })
    };
    all.into_iter().map(one).collect()
}
