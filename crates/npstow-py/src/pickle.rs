//! Pickles: read as data, looked through, written.
#![forbid(unsafe_code)]
// Arguments come from Python by value.
#![allow(clippy::needless_pass_by_value)]

use crate::error::raise;
use crate::given::take;
use crate::node::Node;
use crate::save::Target;
use crate::source::FileObject;
use crate::value::{Wishes, make};
use crate::{input, work};
use npstow::pickle::{self, Named, Options, Python2, WriteOptions};
use npstow::{
    Error, FileSource, Format, Item, Limits, MemorySource, Result, Source, Tree, Value, joblib,
};
use pyo3::Borrowed;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyString};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where a pickle is: at a path, in a file object, or in anything that has bytes.
pub(crate) enum Origin<'py> {
    Path(PathBuf),
    Object(Bound<'py, PyAny>),
    Bytes(Bound<'py, PyAny>),
}

impl<'a, 'py> FromPyObject<'a, 'py> for Origin<'py> {
    type Error = PyErr;

    /// Text is a path, what has `read` a file object.
    fn extract(given: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        if given.is_instance_of::<PyString>() {
            return given.extract().map(Self::Path);
        }
        match given.hasattr("read")? {
            true => Ok(Self::Object(given.to_owned())),
            false => Ok(Self::Bytes(given.to_owned())),
        }
    }
}

impl Origin<'_> {
    pub(crate) fn source(&self, py: Python<'_>) -> PyResult<Arc<dyn Source>> {
        Ok(match self {
            Self::Path(path) => {
                let opened = py.detach(|| FileSource::open(path).map_err(|e| e.in_path(path)));
                Arc::new(opened.map_err(raise)?)
            }
            Self::Object(object) => Arc::new(FileObject::new(object)?),
            Self::Bytes(bytes) => Arc::new(MemorySource::new(input::bytes(bytes)?)),
        })
    }

    /// The path, where it is one.
    pub(crate) fn path(&self) -> Option<&Path> {
        match self {
            Self::Path(path) => Some(path),
            _ => None,
        }
    }
}

/// The same error, in the file where it is.
pub(crate) fn placed(e: Error, path: Option<&Path>) -> Error {
    match path {
        Some(path) => e.in_path(path),
        None => e,
    }
}

/// How strings of Python 2 are read.
fn strings(encoding: &str) -> Result<Python2> {
    Ok(match encoding.to_ascii_lowercase().replace('_', "-").as_str() {
        "auto" => Python2::Auto,
        "bytes" => Python2::Bytes,
        "latin1" | "latin-1" | "iso-8859-1" | "iso8859-1" => Python2::Latin1,
        "ascii" | "us-ascii" => Python2::Ascii,
        "utf-8" | "utf8" => Python2::Utf8,
        _ => {
            let what =
                format!("the encoding '{encoding}' (it is auto, bytes, latin1, ascii, utf-8)");
            return Err(Error::unsupported(what));
        }
    })
}

/// Reads the pickle at an offset; gives what it holds, and where it ends.
#[pyfunction]
#[pyo3(signature = (origin, offset, encoding, buffers=Vec::new(), persistent_load=None, progress=None))]
pub(crate) fn pickle_load<'py>(
    py: Python<'py>,
    origin: Origin<'py>,
    offset: u64,
    encoding: &str,
    buffers: Vec<Bound<'py, PyAny>>,
    persistent_load: Option<Bound<'py, PyAny>>,
    progress: Option<&Bound<'py, PyAny>>,
) -> PyResult<(Bound<'py, PyAny>, u64)> {
    let options = Options::default().strings(strings(encoding).map_err(raise)?);
    let given = buffers.iter().map(input::bytes).collect::<PyResult<Vec<_>>>()?;
    let options = options.buffers(given);
    let (source, path) = (origin.source(py)?, origin.path());
    let (value, end) = work::run(py, source.len(), None, |watch| {
        let source = watch.wrap()(source);
        pickle::from_source_at(source, offset, &options).map_err(|e| placed(e, path))
    })?;
    let file = origin.path().map(ToOwned::to_owned);
    let wishes = Wishes { persistent_load, buffers, file, ..Wishes::default() };
    Ok((make(py, &value, &wishes, progress)?, end))
}

/// Whether a source begins as pickles do, from protocol 2 on.
fn is_pickle(source: &dyn Source) -> bool {
    let mut start = [0];
    source.read_into(0, &mut start).is_ok() && start == [0x80]
}

/// What a file holds that is neither an array nor an archive: a pickle, or what else holds objects.
#[pyfunction]
#[pyo3(signature = (path, encoding, progress=None))]
pub(crate) fn load_value<'py>(
    py: Python<'py>,
    path: PathBuf,
    encoding: &str,
    progress: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let options = Options::default().strings(strings(encoding).map_err(raise)?);
    let source = Origin::Path(path.clone()).source(py)?;
    let folder = path.parent();
    let value = work::run(py, source.len(), None, |watch| {
        let read = joblib::from_source(watch.wrap()(Arc::clone(&source)), folder, &options);
        // It may be of another format, whose own words say what is wrong with it.
        read.or_else(|e| match npstow::open(&path) {
            Ok(file) if !matches!(file.format(), Format::Pickle | Format::Joblib) => {
                file.root().value()
            }
            Err(other) if !is_pickle(&*source) => Err(other),
            _ => Err(e.in_path(&path)),
        })
    })?;
    make(py, &value, &Wishes { file: Some(path), ..Wishes::default() }, progress)
}

/// The object that a node of a file is, with all below it.
#[pyfunction]
#[pyo3(signature = (node, persistent_load=None, progress=None))]
pub(crate) fn value_of<'py>(
    py: Python<'py>,
    node: Py<Node>,
    persistent_load: Option<Bound<'py, PyAny>>,
    progress: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let node = &node.get().0;
    let value = work::alone(py, || node.value())?;
    make(py, &value, &Wishes { persistent_load, ..Wishes::of(node) }, progress)
}

/// What a pickle names: offset, module, name, verdict, how deep within other pickles it is; how
/// many pickles there are, where the first ends, the worst verdict, and what is wrong with it.
type Scanned<'py> = (Bound<'py, PyList>, usize, u64, &'static str, Option<PyErr>);

#[pyfunction]
pub(crate) fn pickle_scan<'py>(py: Python<'py>, origin: Origin<'py>) -> PyResult<Scanned<'py>> {
    let (source, path) = (origin.source(py)?, origin.path());
    let scan = work::run(py, source.len(), None, |watch| {
        let name = path.unwrap_or(Path::new(""));
        npstow::scan_source(watch.wrap()(source), name, &Limits::default())
            .map_err(|e| placed(e, path))
    })?;
    let verdict = scan.verdict().name();
    let mentions = PyList::empty(py);
    for mention in &scan.mentions {
        let (module, name) = match &mention.what {
            Named::Global { module, name } => (Some(&**module), name.to_string()),
            Named::Extension(number) => (None, format!("(extension {number})")),
            Named::Persistent(id) => (None, format!("(persistent {id})")),
            other => (None, format!("{other:?}")),
        };
        mentions.append((mention.offset, module, name, mention.verdict.name(), mention.depth))?;
    }
    let fault = scan.fault.map(|e| raise(placed(e, path)));
    Ok((mentions, scan.pickles, scan.end, verdict, fault))
}

/// Writes an object to a path, atomically, or to a file object; without either, gives the bytes.
#[pyfunction]
#[pyo3(signature = (object, target, protocol, persistent_id=None, progress=None))]
pub(crate) fn pickle_dump<'py>(
    py: Python<'py>,
    object: &Bound<'py, PyAny>,
    target: Option<Target<'py>>,
    protocol: u8,
    persistent_id: Option<Bound<'py, PyAny>>,
    progress: Option<&Bound<'py, PyAny>>,
) -> PyResult<Option<Bound<'py, PyBytes>>> {
    let options = WriteOptions::default().protocol(protocol);
    let value = take(object, protocol, persistent_id)?;
    write(py, value, target, options, progress)
}

/// Writes a pickle anew with nothing in it but data.
#[pyfunction]
pub(crate) fn pickle_launder<'py>(
    py: Python<'py>,
    origin: Origin<'py>,
    target: Option<Target<'py>>,
    protocol: u8,
    encoding: &str,
) -> PyResult<Option<Bound<'py, PyBytes>>> {
    let options = Options::default().strings(strings(encoding).map_err(raise)?);
    let (source, path) = (origin.source(py)?, origin.path());
    let value = work::run(py, source.len(), None, |_| {
        pickle::from_source(source, &options).map_err(|e| placed(e, path))
    })?;
    let options = WriteOptions::default().protocol(protocol).only_data(true);
    write(py, value, target, options, None)
}

fn write<'py>(
    py: Python<'py>,
    value: Value,
    target: Option<Target<'py>>,
    options: WriteOptions,
    progress: Option<&Bound<'py, PyAny>>,
) -> PyResult<Option<Bound<'py, PyBytes>>> {
    let Some(target) = target else {
        let bytes =
            work::run(py, value.rough_nbytes(), None, |_| pickle::to_bytes(&value, &options))?;
        return Ok(Some(PyBytes::new(py, &bytes)));
    };
    let tree = Tree::from(Item::try_from(&value).map_err(raise)?);
    target.write(py, value.rough_nbytes(), (None, progress), |sink, _| {
        pickle::write_to(sink, &tree, &options)
    })?;
    Ok(None)
}
