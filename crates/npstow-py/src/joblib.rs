//! Dumps of joblib, read as data and written.
#![forbid(unsafe_code)]
// Arguments come from Python by value.
#![allow(clippy::needless_pass_by_value)]

use crate::error::raise;
use crate::given::take;
use crate::pickle::{Origin, placed};
use crate::save::Target;
use crate::value::{Wishes, make};
use crate::work;
use npstow::joblib::{Compressor, WriteOptions, from_source, write_to};
use npstow::pickle::Options;
use npstow::{Error, Item, Tree};
use pyo3::prelude::*;
use std::path::PathBuf;

/// Reads a dump; files beside it are looked for in the folder. Where there is something that makes
/// maps, arrays that lie in the file as they are come from that.
#[pyfunction]
#[pyo3(signature = (origin, folder, native, maps=None, progress=None))]
pub(crate) fn joblib_load<'py>(
    py: Python<'py>,
    origin: Origin<'py>,
    folder: Option<PathBuf>,
    native: bool,
    maps: Option<Bound<'py, PyAny>>,
    progress: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let (source, path) = (origin.source(py)?, origin.path());
    let value = work::run(py, source.len(), None, |watch| {
        let read = from_source(watch.wrap()(source), folder.as_deref(), &Options::default());
        read.map_err(|e| placed(e, path))
    })?;
    let file = origin.path().map(ToOwned::to_owned);
    let wishes = Wishes { maps, is_native: native, file, ..Wishes::default() };
    make(py, &value, &wishes, progress)
}

/// Writes an object to a path, atomically, or to a file object.
#[pyfunction]
#[pyo3(signature = (object, target, compressor, level, protocol, progress=None))]
pub(crate) fn joblib_dump<'py>(
    py: Python<'py>,
    object: &Bound<'py, PyAny>,
    target: Target<'py>,
    compressor: &str,
    level: Option<u8>,
    protocol: u8,
    progress: Option<&Bound<'py, PyAny>>,
) -> PyResult<()> {
    let unknown = || raise(Error::unsupported(format_args!("the compressor '{compressor}'")));
    let compressor = Compressor::of_name(compressor).ok_or_else(unknown)?;
    let options = WriteOptions::default().compress(compressor, level).protocol(protocol);
    let value = take(object, protocol, None)?;
    let tree = Tree::from(Item::try_from(&value).map_err(raise)?);
    target.write(py, value.rough_nbytes(), (None, progress), |sink, _| {
        write_to(sink, &tree, &options)
    })
}
