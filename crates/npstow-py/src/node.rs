//! A named place in an open file, as `_npstow.Node`; `npstow.Node` makes a mapping of it.
#![forbid(unsafe_code)]

use crate::dtype::{self, nbytes};
use crate::error::{raise, raise_selection};
use crate::key::selection;
use crate::many;
use crate::memory::Writable;
use crate::output::{self, owned, shared};
use crate::source::FileObject;
use crate::varied;
use crate::work;
use npstow::trees::Glob;
use npstow::{
    Buffer, BufferMut, Data, Error, Limits, MemoryOrder, MemorySource, NodeKind, OpenOptions,
    Order, PreviewOptions, ReadOptions, Result, Selection, Source,
};
use pyo3::exceptions::PyUserWarning;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyDict, PyList, PyTuple};
use std::ffi::{CString, OsString};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A group, an array or a value of an open file.
#[derive(Debug)]
#[pyclass(frozen, module = "npstow._npstow")]
pub(crate) struct Node(pub(crate) npstow::Node);

/// The dtype, shape, memory order, bytes in memory, bytes in the file, offset, packing.
type Described<'py> = (
    Bound<'py, PyAny>,
    Bound<'py, PyTuple>,
    &'static str,
    usize,
    u64,
    Option<u64>,
    Option<&'static str>,
);

/// Metadata, names, labels.
pub(crate) type Noted = (String, Vec<String>, Vec<String>);

/// Opens a file of any format.
#[pyfunction]
#[pyo3(signature = (path, max_header_size=None, fill_missing=false))]
pub(crate) fn open(
    py: Python<'_>,
    path: PathBuf,
    max_header_size: Option<u64>,
    fill_missing: bool,
) -> PyResult<Node> {
    let is_much = is_packed(&path) && py.detach(|| is_long(&path));
    let open = || options(max_header_size, fill_missing).open(path);
    let file = match is_much {
        true => work::brief(py, open)?,
        false => work::alone(py, open)?,
    };
    if let Some(warning) = file.warning() {
        warn(py, &format!("{}: {warning}", file.path().display()))?;
    }
    Ok(Node(file.root()))
}

/// Whether a file is called packed as a whole: it is unpacked when it is opened, on all cores.
fn is_packed(path: &Path) -> bool {
    const ENDINGS: [&str; 8] = ["z", "gz", "tgz", "bz2", "xz", "lzma", "lz4", "zst"];
    let ending = path.extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|ending| ENDINGS.iter().any(|one| one.eq_ignore_ascii_case(ending)))
}

fn is_long(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|about| about.len() >= work::LIGHT)
}

fn warn(py: Python<'_>, text: &str) -> PyResult<()> {
    // Whoever called npstow's own functions, not those.
    PyErr::warn(py, &py.get_type::<PyUserWarning>(), &CString::new(text.replace('\0', "\\0"))?, 2)
}

/// Says what was left out of a file at and below a node.
pub(crate) fn warn_of_left_out(py: Python<'_>, node: &npstow::Node) -> PyResult<()> {
    let file = node.file().path().display();
    let each =
        |(path, why): (String, String)| warn(py, &format!("{file}: left out: {path}: {why}"));
    node.left_out().into_iter().try_for_each(each)
}

/// What a file object has: bytes, or what its `seek` and `read` give. The name is for errors.
#[derive(FromPyObject)]
pub(crate) enum Given<'py> {
    Bytes(PyBackedBytes),
    Object(Bound<'py, PyAny>),
}

#[pyfunction]
#[pyo3(signature = (given, name, max_header_size=None, fill_missing=false))]
pub(crate) fn open_given(
    py: Python<'_>,
    given: Given<'_>,
    name: OsString,
    max_header_size: Option<u64>,
    fill_missing: bool,
) -> PyResult<Node> {
    let source: Arc<dyn Source> = match given {
        Given::Bytes(bytes) => Arc::new(MemorySource::new(Buffer::from_owner(bytes))),
        Given::Object(object) => Arc::new(FileObject::new(&object)?),
    };
    // An object is asked by the thread that has it.
    let open = || options(max_header_size, fill_missing).open_source(source, name);
    Ok(Node(work::alone(py, open)?.root()))
}

fn options(max_header_size: Option<u64>, fill_missing: bool) -> OpenOptions {
    let limits = Limits::default().missing_parts(if fill_missing { u64::MAX } else { 0 });
    OpenOptions::default().limits(match max_header_size {
        Some(most) => limits.header_len(most),
        None => limits,
    })
}

/// The path of a file and the name in it, of `run.npz:photon`.
#[pyfunction]
pub(crate) fn split_place(typed: &str) -> (OsString, Option<String>) {
    let (path, name) = npstow::split_place(typed);
    (path.into(), name)
}

#[pymethods]
impl Node {
    #[getter]
    fn name(&self) -> &str {
        self.0.name()
    }

    // No `PathBuf`: Python's `pathlib` takes its time to be imported.
    #[getter]
    fn path(&self) -> OsString {
        self.0.file().path().as_os_str().to_owned()
    }

    /// What whoever opened the file should know of what was looked at until now.
    #[getter]
    fn warnings(&self) -> Vec<String> {
        self.0.file().warnings()
    }

    #[getter]
    fn format(&self) -> &'static str {
        self.0.file().format().name()
    }

    #[getter]
    fn kind(&self) -> &'static str {
        kind(self.0.kind())
    }

    fn children(&self, py: Python<'_>) -> PyResult<Vec<Self>> {
        let children = py.detach(|| self.0.children()).map_err(raise)?;
        Ok(children.into_iter().map(Self).collect())
    }

    /// The node under a slash path from here.
    fn get(&self, py: Python<'_>, path: &str) -> PyResult<Self> {
        let whole = match self.0.name() {
            "" => path.to_owned(),
            name => format!("{name}/{path}"),
        };
        py.detach(|| self.0.file().get(&whole)).map(Self).map_err(raise)
    }

    fn find(&self, py: Python<'_>, pattern: &str) -> PyResult<Vec<Self>> {
        let globs = Glob::list(pattern).map_err(raise)?;
        let found = py.detach(|| self.0.find(&globs)).map_err(raise)?;
        Ok(found.into_iter().map(Self).collect())
    }

    fn describe<'py>(&self, py: Python<'py>) -> PyResult<Described<'py>> {
        let entry = self.0.entry().map_err(raise)?;
        let packing = match entry.data() {
            Data::Coded(coded) => Some(coded.codec().name()),
            _ => None,
        };
        Ok((
            dtype::numpy(py, entry.dtype())?,
            PyTuple::new(py, entry.shape())?,
            order_name(entry.order()),
            entry.nbytes(),
            entry.stored_nbytes(),
            entry.offset(),
            packing,
        ))
    }

    /// Reads the array into new memory.
    #[pyo3(signature = (native=false, order=None, progress=None))]
    fn read<'py>(
        &self,
        py: Python<'py>,
        native: bool,
        order: Option<&str>,
        progress: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let entry = self.whole(py)?;
        let options = orders(native, order).map_err(raise)?;
        // Steps tell progress.
        let in_steps = progress.is_some();
        let own = work::run(py, entry.nbytes() as u64, progress, |watch| {
            output::read(&watch.entry(&entry), in_steps, &options)
        })?;
        let dtype = match native {
            true => entry.dtype().to_order(Order::NATIVE),
            false => entry.dtype().clone(),
        };
        let order = memory_order(order).map_err(raise)?.unwrap_or(entry.order());
        output::own(py, &dtype, entry.shape(), order, own)
    }

    /// Reads the array into the memory of another one, which is back to back in that order.
    #[pyo3(signature = (out, native, order, progress=None))]
    fn read_into<'py>(
        &self,
        py: Python<'py>,
        out: &Bound<'py, PyAny>,
        native: bool,
        order: &str,
        progress: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<()> {
        let entry = self.whole(py)?;
        let options = orders(native, Some(order)).map_err(raise)?;
        let mut out = Writable::new(out)?;
        work::run(py, entry.nbytes() as u64, progress, |watch| {
            watch.entry(&entry).read_into_with(out.bytes_mut(), &options)
        })
    }

    /// Reads a part of the array into new memory.
    fn slice<'py>(&self, py: Python<'py>, key: &Bound<'py, PyList>) -> PyResult<Bound<'py, PyAny>> {
        let (entry, selection) = (self.whole(py)?, selection(key)?);
        let shape = selection.resolve(entry.shape()).map_err(raise_selection)?.shape().to_vec();
        let nbytes = nbytes(&shape, entry.dtype()).map_err(raise)?;
        let job = |watch: &Arc<work::Watch>| {
            entry.check()?;
            let mut memory = BufferMut::zeroed(nbytes)?;
            watch.entry(&entry).read_slice_into(&selection, memory.bytes_mut())?;
            Ok(memory)
        };
        let memory = match entry.data() {
            // What is not packed comes read by read.
            Data::Raw { .. } => work::run_alone(py, nbytes as u64, job),
            // Of what is packed, all chunks that have a part of it are unpacked.
            _ => work::run(
                py,
                (entry.nbytes() as u64).min(work::LIGHT).max(nbytes as u64),
                None,
                job,
            ),
        }?;
        owned(py, entry.dtype(), &shape, entry.order(), memory)
    }

    /// The array where it lies in the mapped file.
    fn view<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        shared(py, &py.detach(|| self.0.view()).map_err(raise)?)
    }

    /// SHA-256 of the content.
    fn digest<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let nbytes = self.0.entry().map_err(raise)?.nbytes() as u64;
        let hash = work::run(py, nbytes, None, |watch| match self.0.kind() {
            NodeKind::Value => self.0.digest(),
            _ => npstow::digest(&watch.entry(&self.0.entry()?)),
        })?;
        Ok(PyBytes::new(py, &hash))
    }

    fn notes(&self, py: Python<'_>) -> PyResult<Noted> {
        let notes = py.detach(|| self.0.notes()).map_err(raise)?;
        Ok((notes.meta.as_str().to_owned(), notes.names, notes.labels))
    }

    /// Everything that is attached, whatever it is.
    fn attributes<'py>(&self, py: Python<'py>) -> PyResult<Vec<varied::Named<'py>>> {
        varied::attributes(py, &self.0)
    }

    /// The elements in C order where none has a fixed length.
    fn elements<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyList>>> {
        varied::elements(py, &self.0.entry().map_err(raise)?)
    }

    /// What NumPy would print, reading no more than that; of a group, nothing.
    fn preview(&self, py: Python<'_>, threshold: usize, edgeitems: usize) -> PyResult<String> {
        let options = PreviewOptions::default().threshold(threshold).edgeitems(edgeitems);
        let corners = || self.0.entry()?.corners(&Selection::all(), &options);
        Ok(work::alone(py, corners)?.to_string())
    }

    /// All arrays and values below a group, in memory, as a dictionary of arrays and dictionaries.
    /// Small ones share memory, which lives as long as any of them.
    #[pyo3(signature = (progress=None))]
    fn load<'py>(
        &self,
        py: Python<'py>,
        progress: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyDict>> {
        many::all(py, &self.0, progress)
    }
}

impl Node {
    /// The entry, of which elements are about to be read.
    fn whole(&self, py: Python<'_>) -> PyResult<npstow::Entry> {
        let entry = self.0.entry().map_err(raise)?;
        if !entry.left_out().is_empty() {
            warn_of_left_out(py, &self.0)?;
        }
        Ok(entry)
    }
}

fn orders(native: bool, order: Option<&str>) -> Result<ReadOptions> {
    let mut options = ReadOptions::default();
    if native {
        options = options.byte_order(Order::NATIVE);
    }
    Ok(match memory_order(order)? {
        Some(order) => options.memory_order(order),
        None => options,
    })
}

/// `None` keeps the file's order.
pub(crate) fn memory_order(text: Option<&str>) -> Result<Option<MemoryOrder>> {
    match text {
        None | Some("K") => Ok(None),
        Some("C") => Ok(Some(MemoryOrder::C)),
        Some("F") => Ok(Some(MemoryOrder::F)),
        Some(other) => {
            let what = format!("the order '{other}' (it is 'K', as it is, 'C' or 'F')");
            Err(Error::invalid(what))
        }
    }
}

fn order_name(order: MemoryOrder) -> &'static str {
    match order {
        MemoryOrder::F => "F",
        _ => "C",
    }
}

pub(crate) fn kind(kind: NodeKind) -> &'static str {
    match kind {
        NodeKind::Group => "group",
        NodeKind::Array => "array",
        _ => "value",
    }
}
