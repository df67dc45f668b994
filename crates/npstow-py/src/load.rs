//! Arrays of files into memory of their own, as `numpy.load` does.
#![forbid(unsafe_code)]
// Arguments come from Python by value.
#![allow(clippy::needless_pass_by_value)]

use crate::error::raise;
use crate::{dtype, output, pool, work};
use npstow::npy::{Header, MAGIC, Version};
use npstow::{
    BufferMut, Data, Entry, Error, FileSource, Limits, Literal, LiteralOptions, MemoryOrder,
    Result, Source,
};
use pyo3::exceptions::PyUserWarning;
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How much of a file is read before it is known what it is: all of a small one.
const FIRST: u64 = 1024;

/// What a file turns out to be.
enum Found {
    Array(Start),
    /// An array of objects, whose pickle begins here.
    Objects(Start),
    /// Something else that Python looks at: see [`kind`].
    Other(&'static str),
}

/// An array, and what was read of it.
struct Start {
    entry: Entry,
    /// Whether Python 2 has written the header.
    is_old: bool,
    /// Where the elements begin.
    offset: u64,
    /// The first bytes of the elements.
    bytes: Vec<u8>,
}

/// Loads the array of a file; of what is no array, gives the word that says what it is, and of an
/// array of objects, where their pickle begins.
#[pyfunction]
#[pyo3(signature = (path, max_header, threads=None, progress=None))]
pub(crate) fn load<'py>(
    py: Python<'py>,
    path: PathBuf,
    max_header: u64,
    threads: Option<usize>,
    progress: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let limits = Limits::default().header_len(max_header);
    let place = |e: Error| e.in_path(&path);
    let found = py.detach(|| look(&path, limits).map_err(place)).map_err(raise)?;
    let start = match found {
        Found::Other(what) => return Ok(what.into_pyobject(py)?.into_any()),
        Found::Objects(start) => {
            warn(py, start.is_old)?;
            return Ok(start.offset.into_pyobject(py)?.into_any());
        }
        Found::Array(start) => start,
    };
    warn(py, start.is_old)?;
    let entry = &start.entry;
    let memory = work::run(py, entry.nbytes() as u64, progress, |watch| {
        pool::limited(threads, || read(&watch.entry(entry), &start.bytes).map_err(place))
    })?;
    output::owned(py, entry.dtype(), entry.shape(), entry.order(), memory)
}

fn look(path: &Path, limits: Limits) -> Result<Found> {
    let opening = |e| Error::io("opening", e);
    // Before it is opened: who opens a pipe is the one that its writer meets.
    let about = fs::metadata(path).map_err(opening)?;
    if about.is_dir() {
        return Err(opening(io::Error::from_raw_os_error(IS_FOLDER)));
    }
    if !about.is_file() {
        return Ok(Found::Other("stream"));
    }
    let file = File::open(path).map_err(opening)?;
    let source: Arc<dyn Source> = Arc::new(FileSource::new(file)?);
    let mut start = vec![0; usize::try_from(source.len().min(FIRST)).unwrap_or(0)];
    let failed = |e| Error::io("reading the header", e).at(0);
    source.read_into(0, &mut start).map_err(failed)?;
    if !start.starts_with(MAGIC) {
        return Ok(Found::Other(kind(&start)));
    }
    let len = Header::len_of(&start, &limits)?;
    if len > start.len() && len as u64 <= source.len() {
        start.resize(len, 0);
        source.read_into(0, &mut start).map_err(failed)?;
    }
    let header = Header::parse(&start, &limits)?;
    let mut begun = Start::new(source, &header, &start, limits)?;
    if header.dtype().has_object() {
        return Ok(Found::Objects(begun));
    }
    begun.bytes = start.split_off(len.min(start.len()));
    Ok(Found::Array(begun))
}

/// `EISDIR`, which the standard library has no number for.
const IS_FOLDER: i32 = 21;

impl Start {
    fn new(source: Arc<dyn Source>, header: &Header, text: &[u8], limits: Limits) -> Result<Self> {
        let (dtype, offset) = (header.dtype().clone(), header.data_offset());
        let data = Data::Raw { offset };
        let is_old = is_old(header.version(), text.get(..header_len(header)).unwrap_or_default());
        let limits = Arc::new(limits);
        let entry = Entry::new(source, dtype, header.shape(), header.order(), data, limits)?;
        Ok(Self { entry, is_old, offset, bytes: Vec::new() })
    }
}

fn header_len(header: &Header) -> usize {
    usize::try_from(header.data_offset()).unwrap_or(usize::MAX)
}

/// What a file that begins so is, unless it is an array: `zip`, `other`, or `empty`. A path that
/// is no regular file is a `stream`.
fn kind(start: &[u8]) -> &'static str {
    match start {
        [] => "empty",
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => "zip",
        _ => "other",
    }
}

/// The elements, of which the first bytes are known.
fn read(entry: &Entry, start: &[u8]) -> Result<BufferMut> {
    // Nothing is allocated for a mere claim.
    entry.check()?;
    let mut memory = BufferMut::zeroed(entry.nbytes())?;
    match start.get(..entry.nbytes()) {
        Some(all) => memory.bytes_mut().copy_from_slice(all),
        None => entry.read_into(memory.bytes_mut())?,
    }
    Ok(memory)
}

/// Whether a header has lengths as Python 2 wrote them: `3L`.
fn is_old(version: Version, header: &[u8]) -> bool {
    let long = |pair: &[u8]| matches!(pair, [digit, b'L'] if digit.is_ascii_digit());
    if version == Version::V3 || !header.windows(2).any(long) {
        return false;
    }
    // It may be in a name.
    let prefix = if version == Version::V1 { 10 } else { 12 };
    let text: String =
        header.get(prefix..).unwrap_or_default().iter().map(|&b| char::from(b)).collect();
    let new = LiteralOptions { python2_longs: false, ..LiteralOptions::default() };
    Literal::parse(&text, &new).is_err()
}

fn warn(py: Python<'_>, is_old: bool) -> PyResult<()> {
    if !is_old {
        return Ok(());
    }
    let text = c"Reading a header that Python 2 has written: save the file again to be rid of this warning.";
    PyErr::warn(py, &py.get_type::<PyUserWarning>(), text, 1)
}

/// How long the header that begins with these 12 bytes is.
#[pyfunction]
pub(crate) fn header_len_of(prefix: &[u8], max_header: u64) -> PyResult<usize> {
    Header::len_of(prefix, &Limits::default().header_len(max_header)).map_err(raise)
}

/// `numpy.dtype`, shape, whether it is in Fortran order, bytes of the elements.
type Described<'py> = (Bound<'py, PyAny>, Bound<'py, PyTuple>, bool, usize);

/// What a whole header says.
#[pyfunction]
pub(crate) fn parse_header<'py>(
    py: Python<'py>,
    header: &[u8],
    max_header: u64,
) -> PyResult<Described<'py>> {
    let limits = Limits::default().header_len(max_header);
    let parsed = Header::parse(header, &limits).map_err(raise)?;
    warn(py, is_old(parsed.version(), header))?;
    let nbytes = parsed.nbytes().map_err(raise)?;
    let dtype = dtype::numpy(py, parsed.dtype())?;
    let shape = PyTuple::new(py, parsed.shape())?;
    Ok((dtype, shape, parsed.order() == MemoryOrder::F, nbytes))
}

/// As [`parse_header`], of the file at a path that is to be mapped, and where its elements begin;
/// of what is no array, the word that says what it is.
#[pyfunction]
pub(crate) fn map_header<'py>(
    py: Python<'py>,
    path: PathBuf,
    max_header: u64,
) -> PyResult<(Bound<'py, PyAny>, u64)> {
    let limits = Limits::default().header_len(max_header);
    let place = |e: Error| e.in_path(&path);
    let looked = || match look(&path, limits)? {
        // What is not there cannot be mapped.
        Found::Array(start) => start.entry.check().map(|()| Found::Array(start)),
        other => Ok(other),
    };
    let start = match py.detach(|| looked().map_err(place)).map_err(raise)? {
        Found::Other(what) => return Ok((what.into_pyobject(py)?.into_any(), 0)),
        Found::Array(start) | Found::Objects(start) => start,
    };
    warn(py, start.is_old)?;
    let entry = &start.entry;
    let is_fortran = entry.order() == MemoryOrder::F;
    let shape = PyTuple::new(py, entry.shape())?;
    let described = (dtype::numpy(py, entry.dtype())?, shape, is_fortran);
    Ok((described.into_pyobject(py)?.into_any(), start.offset))
}
