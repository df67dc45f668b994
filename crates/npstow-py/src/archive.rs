//! Archives as `numpy.load` has them: members by name, read when they are asked for.
#![forbid(unsafe_code)]
// Arguments come from Python by value.
#![allow(clippy::needless_pass_by_value)]

use crate::error::raise_zip;
use crate::memory::Memory;
use crate::source::FileObject;
use crate::{dtype, many, output, pool, work};
use npstow::{
    Buffer, BufferMut, Data, Entry, Error, FileSource, Limits, MemoryOrder, MemorySource,
    ReadOptions, Source, npz,
};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyList, PyString, PyTuple};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};

/// An open archive.
#[derive(Debug)]
#[pyclass(frozen, module = "npstow._npstow")]
pub(crate) struct Archive {
    open: Mutex<Option<Arc<npz::Reader>>>,
    /// What it is read from, unless that is bytes.
    file: Option<Arc<Closable>>,
    /// The names, once it is closed.
    kept: OnceLock<Kept>,
    path: Option<PathBuf>,
    threads: Option<usize>,
}

/// What still has the names of a closed archive.
#[derive(Debug)]
enum Kept {
    /// Its file is closed.
    Reader(Arc<npz::Reader>),
    Names(Vec<String>),
}

/// A file that can be let go of while its directory is still looked at.
#[derive(Debug)]
struct Closable {
    inner: RwLock<Option<Arc<dyn Source>>>,
    len: u64,
    /// The descriptor of the system's file, while it is open.
    number: i32,
}

impl Closable {
    fn new(source: Arc<dyn Source>, number: i32) -> Arc<Self> {
        Arc::new(Self { len: source.len(), inner: RwLock::new(Some(source)), number })
    }

    fn close(&self) {
        let closed = self.inner.write().unwrap_or_else(PoisonError::into_inner).take();
        drop(closed);
    }

    fn inner(&self) -> Option<Arc<dyn Source>> {
        self.inner.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Source for Closable {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_into(&self, offset: u64, dst: &mut [u8]) -> io::Result<()> {
        self.inner().ok_or_else(|| io::Error::other("the file is closed"))?.read_into(offset, dst)
    }

    fn read(&self, offset: u64, len: usize) -> io::Result<Buffer> {
        self.inner().ok_or_else(|| io::Error::other("the file is closed"))?.read(offset, len)
    }

    fn view(&self, offset: u64, len: usize) -> npstow::Result<Buffer> {
        self.inner().ok_or_else(|| Error::invalid("the file is closed"))?.view(offset, len)
    }
}

/// Members up to this size are read ahead.
const SMALL: u64 = 64 << 10;

/// So many bytes are read ahead at most.
const MOST: u64 = 4 << 20;

fn lock<T>(held: &Mutex<T>) -> MutexGuard<'_, T> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `numpy.dtype`, shape, whether it is in Fortran order, where the elements begin.
type Placed<'py> = (Bound<'py, PyAny>, Bound<'py, PyTuple>, bool, u64);

fn closed() -> PyErr {
    PyValueError::new_err("the archive is closed")
}

impl Archive {
    fn of(
        source: Arc<dyn Source>,
        path: Option<PathBuf>,
        max_header: u64,
        threads: Option<usize>,
    ) -> npstow::Result<Self> {
        let limits = Limits::default().header_len(max_header);
        let reader = npz::open_source(source, &limits).map_err(|e| placed(e, path.as_deref()))?;
        let open = Mutex::new(Some(Arc::new(reader)));
        Ok(Self { open, file: None, kept: OnceLock::new(), path, threads })
    }

    /// As [`of`](Self::of), of what can be closed.
    fn of_file(
        file: Arc<Closable>,
        path: Option<PathBuf>,
        max_header: u64,
        threads: Option<usize>,
    ) -> npstow::Result<Self> {
        let source: Arc<dyn Source> = file.clone();
        let archive = Self::of(source, path, max_header, threads)?;
        Ok(Self { file: Some(file), ..archive })
    }

    fn reader(&self) -> PyResult<Arc<npz::Reader>> {
        lock(&self.open).clone().ok_or_else(closed)
    }

    fn raise(&self, e: Error) -> PyErr {
        raise_zip(placed(e, self.path.as_deref()))
    }
}

#[cfg(unix)]
fn descriptor(file: &File) -> i32 {
    std::os::fd::AsRawFd::as_raw_fd(file)
}

#[cfg(not(unix))]
fn descriptor(_: &File) -> i32 {
    -1
}

fn placed(e: Error, path: Option<&Path>) -> Error {
    match path {
        Some(path) => e.in_path(path),
        None => e,
    }
}

#[pymethods]
impl Archive {
    /// Opens the archive at a path.
    #[staticmethod]
    #[pyo3(signature = (path, max_header, threads=None))]
    fn open(
        py: Python<'_>,
        path: PathBuf,
        max_header: u64,
        threads: Option<usize>,
    ) -> PyResult<Self> {
        let opened = || {
            let failed = |e: io::Error| Error::io("opening", e).in_path(&path);
            let file = File::open(&path).map_err(failed)?;
            let number = descriptor(&file);
            let source = Arc::new(FileSource::new(file).map_err(|e| e.in_path(&path))?);
            let file = Closable::new(source, number);
            Self::of_file(file, Some(path.clone()), max_header, threads)
        };
        py.detach(opened).map_err(raise_zip)
    }

    /// Opens the bytes of an archive.
    #[staticmethod]
    #[pyo3(signature = (bytes, max_header, threads=None))]
    fn of_bytes(bytes: PyBackedBytes, max_header: u64, threads: Option<usize>) -> PyResult<Self> {
        let source = MemorySource::new(Buffer::from_owner(bytes));
        Self::of(Arc::new(source), None, max_header, threads).map_err(raise_zip)
    }

    /// Opens the archive in a file object, which is read when that is needed.
    #[staticmethod]
    #[pyo3(signature = (object, max_header, threads=None))]
    fn of_object(
        object: &Bound<'_, PyAny>,
        max_header: u64,
        threads: Option<usize>,
    ) -> PyResult<Self> {
        let file = Closable::new(Arc::new(FileObject::new(object)?), -1);
        Self::of_file(file, None, max_header, threads).map_err(raise_zip)
    }

    /// The names of all members as they are stored, of a closed archive, too.
    fn names<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        self.listed(py, |name| name)
    }

    /// As `names`, without `.npy`.
    fn files<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        self.listed(py, |name| name.strip_suffix(".npy").unwrap_or(name))
    }

    /// The descriptor of the system's file; -1 where there is none.
    fn fileno(&self) -> i32 {
        let is_open = lock(&self.open).is_some();
        self.file.as_ref().filter(|_| is_open).map_or(-1, |file| file.number)
    }

    /// The member of a name, which is at this place: an array, or bytes; `None` for an array of
    /// objects.
    #[pyo3(signature = (name, place, progress=None))]
    fn get<'py>(
        &self,
        py: Python<'py>,
        name: &str,
        place: usize,
        progress: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let reader = self.reader()?;
        if name.ends_with('/') {
            // A folder's place, as `zip -r` makes it.
            return Ok(PyBytes::new(py, b"").into_any());
        }
        let described = py.detach(|| reader.describe(place));
        let (entry, is_array) = described.map_err(|e| self.raise(e.in_member(name)))?;
        if matches!(entry.data(), Data::Objects { .. }) {
            return Ok(py.None().into_bound(py));
        }
        // Bytes are the whole of their memory, and steps tell progress.
        let in_steps = !is_array || progress.is_some();
        let own = self.own(py, &entry, name, (in_steps, progress))?;
        match is_array {
            true => output::own(py, entry.dtype(), entry.shape(), entry.order(), own),
            false => Ok(PyBytes::new(py, own.0.bytes()).into_any()),
        }
    }

    /// Which of `names` has a name.
    fn position(&self, name: &str) -> PyResult<Option<usize>> {
        self.reader()?.position(name).map_err(|e| self.raise(e))
    }

    /// At most so many arrays from a place on, as far as they are small, all read at once.
    fn ahead<'py>(
        &self,
        py: Python<'py>,
        from: usize,
        count: usize,
    ) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let reader = self.reader()?;
        let mut total = 0;
        let small = |&place: &usize| {
            let Some((name, len)) = reader.member(place) else { return false };
            total += len;
            name.ends_with(".npy") && len <= SMALL && total <= MOST
        };
        let places = from..from.saturating_add(count);
        let places = from..from + places.take_while(small).count();
        if places.is_empty() {
            return Ok(Vec::new());
        }
        let load = || reader.load_own(places, &|source| source);
        let load = || match total < work::LIGHT {
            true => npstow::alone(load),
            false => pool::install(|| pool::limited(self.threads, load)),
        };
        many::made(py, py.detach(load).map_err(|e| self.raise(e))?)
    }

    /// All of a member as bytes, whatever it is.
    fn raw<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, Memory>> {
        let reader = self.reader()?;
        let entry = py.detach(|| reader.bytes_of(name)).map_err(|e| self.raise(e))?;
        let (memory, _) = self.own(py, &entry, name, (true, None))?;
        Bound::new(py, Memory::own(memory))
    }

    /// Where the elements of an array lie in the file; `None` where they are packed, or objects,
    /// or there are none, or it is no array.
    fn place<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Option<Placed<'py>>> {
        let reader = self.reader()?;
        let found = || {
            let entry = reader.entry(name)?;
            let offset = entry.offset().filter(|_| entry.nbytes() > 0);
            let Some(offset) = offset.filter(|_| reader.is_array(name).is_ok_and(|is| is)) else {
                return Ok(None);
            };
            entry.check()?;
            // A byte of it, so that the member is held against the directory.
            let failed = |e| Error::io("reading the data", e).at(offset);
            entry.source().read_into(offset, &mut [0]).map_err(failed)?;
            Ok(Some((entry, offset)))
        };
        let Some((entry, offset)) = py.detach(found).map_err(|e| self.raise(e))? else {
            return Ok(None);
        };
        let dtype = dtype::numpy(py, entry.dtype())?;
        let shape = PyTuple::new(py, entry.shape())?;
        Ok(Some((dtype, shape, entry.order() == MemoryOrder::F, offset)))
    }

    /// Closes the file once nobody reads it any more.
    fn close(&self) {
        let Some(reader) = lock(&self.open).take() else { return };
        let kept = match &self.file {
            Some(file) => {
                file.close();
                Kept::Reader(reader)
            }
            None => Kept::Names(reader.members().map(str::to_owned).collect()),
        };
        // Nobody else has taken the reader out.
        let _ = self.kept.set(kept);
    }
}

impl Archive {
    /// What is made of the names of all members.
    fn listed<'py>(
        &self,
        py: Python<'py>,
        shown: impl Fn(&str) -> &str,
    ) -> PyResult<Bound<'py, PyList>> {
        let open = lock(&self.open).clone();
        let text = |name: &str| PyString::new(py, shown(name));
        let names: Vec<_> = match (&open, self.kept.get()) {
            (Some(reader), _) | (None, Some(Kept::Reader(reader))) => {
                reader.members().map(text).collect()
            }
            (None, Some(Kept::Names(names))) => names.iter().map(|name| text(name)).collect(),
            (None, None) => Vec::new(),
        };
        PyList::new(py, names)
    }

    /// What an entry of the archive holds: memory, and where it begins there.
    fn own(
        &self,
        py: Python<'_>,
        entry: &Entry,
        name: &str,
        (in_steps, progress): (bool, Option<&Bound<'_, PyAny>>),
    ) -> PyResult<(BufferMut, usize)> {
        let nbytes = entry.nbytes();
        let read = |entry: &Entry| output::read(entry, in_steps, &ReadOptions::default());
        if nbytes as u64 <= SMALL && progress.is_none() {
            // Threads would cost more than they do.
            let read = py.detach(|| npstow::alone(|| read(entry)));
            return read.map_err(|e: Error| self.raise(e.in_member(name)));
        }
        let read = work::run(py, nbytes as u64, progress, |watch| {
            Ok(pool::limited(self.threads, || read(&watch.entry(entry))))
        });
        read?.map_err(|e: Error| self.raise(e.in_member(name)))
    }
}
