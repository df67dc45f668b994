//! Arrays to files and streams, as `numpy.save` and `numpy.savez` do.
#![forbid(unsafe_code)]
// What Python gives is taken out of its objects, and is ours.
#![allow(clippy::needless_pass_by_value)]

use crate::error::raise;
use crate::held::Held;
use crate::tree::EACH;
use crate::work::{self, Watch, WatchedSink};
use crate::{dtype, input, pool, stream};
use npstow::npy::{self, Header, Version};
use npstow::{AtomicFile, Dtype, Durability, Error, Item, MemoryOrder, Result, Sink, npz};
use pyo3::Borrowed;
use pyo3::exceptions::{PyUserWarning, PyValueError};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyString};
use std::path::PathBuf;
use std::sync::Arc;

/// Saves an array to a path, atomically, or to a file object.
#[pyfunction]
#[pyo3(signature = (target, array, threads=None, progress=None))]
pub(crate) fn save(
    py: Python<'_>,
    target: Target<'_>,
    array: &Bound<'_, PyAny>,
    threads: Option<usize>,
    progress: Option<&Bound<'_, PyAny>>,
) -> PyResult<()> {
    let array = input::array(array)?;
    warn(py, array.dtype(), array.shape())?;
    let write = |sink: &mut dyn Sink, _: Option<&Arc<Watch>>| npy::write_to(sink, &array);
    target.write(py, array.nbytes() as u64, (threads, progress), write)
}

/// A member of an archive: an array, or the bytes of an NPY file of objects.
pub(crate) enum Member<'py> {
    Objects(PyBackedBytes),
    Array(Bound<'py, PyAny>),
}

impl<'a, 'py> FromPyObject<'a, 'py> for Member<'py> {
    type Error = PyErr;

    fn extract(member: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        Ok(match member.is_instance_of::<PyBytes>() {
            true => Self::Objects(member.extract()?),
            false => Self::Array(member.to_owned()),
        })
    }
}

/// Saves arrays by the names of their members to a path, atomically, or to a file object.
#[pyfunction]
#[pyo3(signature = (target, members, level=None, threads=None, progress=None))]
pub(crate) fn savez(
    py: Python<'_>,
    target: Target<'_>,
    members: Vec<(String, Member<'_>)>,
    level: Option<u8>,
    threads: Option<usize>,
    progress: Option<&Bound<'_, PyAny>>,
) -> PyResult<()> {
    let mut options = npz::WriteOptions::default();
    if let Some(level) = level {
        options = options.compress(level);
    }
    let (mut runs, mut nbytes, mut memo) = (Vec::new(), 0, input::Memo::default());
    let count = members.len();
    for (name, member) in members {
        match member {
            Member::Objects(bytes) => {
                nbytes += bytes.len() as u64;
                runs.push(Run::Objects(name, bytes));
            }
            Member::Array(array) => {
                let array = memo.array(&array)?;
                warn(py, array.dtype(), array.shape())?;
                nbytes += array.nbytes() as u64;
                match runs.last_mut() {
                    Some(Run::Arrays(run)) => run.push((name, Item::Array(array))),
                    _ => runs.push(Run::Arrays(vec![(name, Item::Array(array))])),
                }
            }
        }
    }
    let write = |sink: &mut dyn Sink, watch: Option<&Arc<Watch>>| {
        let mut writer = npz::Writer::new(Through(sink), &options)?;
        for run in &runs {
            match run {
                Run::Arrays(items) => match watch.filter(|_| level.is_some()) {
                    Some(watch) => writer.add_all(&watched(items, watch)?)?,
                    None => writer.add_all(items)?,
                },
                Run::Objects(name, bytes) => writer.add_objects(name, bytes)?,
            }
        }
        writer.finish().map(drop)
    };
    let places = if progress.is_some() { 0 } else { EACH * count as u64 };
    target.write(py, nbytes + places, (threads, progress), write)
}

/// The same arrays, which ask whether to go on as they are read: what is packed for a stream is
/// all packed before the first byte of it is written.
fn watched(items: &[(String, Item)], watch: &Arc<Watch>) -> Result<Vec<(String, Item)>> {
    let one = |(name, item): &(String, Item)| match item.clone() {
        Item::Array(array) => Ok((name.clone(), watch.array(array)?)),
        other => Ok((name.clone(), other)),
    };
    items.iter().map(one).collect()
}

/// Members that are written with one call.
enum Run {
    Arrays(Vec<(String, Item)>),
    Objects(String, PyBackedBytes),
}

/// Where it is saved.
pub(crate) enum Target<'py> {
    Path(PathBuf),
    Object(Bound<'py, PyAny>),
}

impl<'a, 'py> FromPyObject<'a, 'py> for Target<'py> {
    type Error = PyErr;

    /// Text (or bytes) is a path, all else a file object.
    fn extract(target: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        if target.is_instance_of::<PyString>() || target.is_instance_of::<PyBytes>() {
            return target.extract().map(Self::Path);
        }
        Ok(Self::Object(target.to_owned()))
    }
}

impl Target<'_> {
    pub(crate) fn write(
        self,
        py: Python<'_>,
        nbytes: u64,
        (threads, progress): (Option<usize>, Option<&Bound<'_, PyAny>>),
        job: impl FnOnce(&mut dyn Sink, Option<&Arc<Watch>>) -> Result<()> + Send,
    ) -> PyResult<()> {
        let path = match self {
            Self::Path(path) => path,
            Self::Object(object) => {
                let job = |sink: &mut dyn Sink, watch: &Arc<Watch>| {
                    pool::limited(threads, || job(sink, Some(watch)))
                };
                return stream::pour(&object, nbytes, progress, job);
            }
        };
        let write = |watch: &Watch| {
            let mut file = AtomicFile::create(&path, Durability::default())?;
            let mut sink = WatchedSink { inner: &mut file, watch };
            job(&mut sink, None).map_err(|e| e.in_path(&path))?;
            file.commit()
        };
        let job = |watch: &Arc<Watch>| pool::limited(threads, || write(watch));
        work::run(py, nbytes, progress, job)
    }
}

/// A sink that is lent.
struct Through<'a>(&'a mut dyn Sink);

impl Sink for Through<'_> {
    fn write_all(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.0.write_all(bytes)
    }

    fn reserve(&mut self, len: u64) -> std::io::Result<()> {
        self.0.reserve(len)
    }

    fn patch(&mut self, offset: u64, bytes: &[u8]) -> Option<std::io::Result<()>> {
        self.0.patch(offset, bytes)
    }

    fn can_patch(&self) -> bool {
        self.0.can_patch()
    }
}

/// The header of an NPY file, as NumPy writes it; the dtype is a literal, as `dtype_to_descr` has
/// it.
#[pyfunction]
#[pyo3(signature = (descr, shape, fortran_order, version=None))]
pub(crate) fn make_header(
    py: Python<'_>,
    descr: &Bound<'_, PyAny>,
    shape: Vec<usize>,
    fortran_order: bool,
    version: Option<(u8, u8)>,
) -> PyResult<Vec<u8>> {
    let versions = [Version::V1, Version::V2, Version::V3];
    let known = |version| versions.into_iter().find(|known| known.numbers() == version);
    let version = match version {
        None => None,
        Some(version) => Some(known(version).ok_or_else(|| {
            let (major, minor) = version;
            let text = "the format has the versions (1, 0), (2, 0) and (3, 0)";
            PyValueError::new_err(format!("{text}, not ({major}, {minor})"))
        })?),
    };
    let dtype = dtype::parse(&descr.repr()?.extract::<String>()?)?;
    let order = if fortran_order { MemoryOrder::F } else { MemoryOrder::C };
    let header = Header::new(dtype, &shape, order).and_then(|header| header.to_bytes(version));
    let header = header.map_err(raise)?;
    if version.is_none() {
        told(py, &header)?;
    }
    Ok(header)
}

/// Warns, as NumPy does, of an array whose header older versions of NumPy do not read.
fn warn(py: Python<'_>, dtype: &Dtype, shape: &[usize]) -> PyResult<()> {
    // Other dtypes have short headers without letters.
    if dtype.as_record().is_none() {
        return Ok(());
    }
    let header = Header::new(dtype.clone(), shape, MemoryOrder::C);
    let header = header.and_then(|header| header.to_bytes(None)).map_err(raise)?;
    told(py, &header)
}

fn told(py: Python<'_>, header: &[u8]) -> PyResult<()> {
    let text = match header.get(6) {
        Some(2) => {
            c"Saved in format 2.0, for the header is long: NumPy before 1.9 does not read it"
        }
        Some(3) => c"Saved in format 3.0, for its letters: NumPy before 1.17 does not read it",
        _ => return Ok(()),
    };
    PyErr::warn(py, &py.get_type::<PyUserWarning>(), text, 1)
}

/// A file that takes the place of the old one when it is whole, for what Python writes itself.
#[derive(Debug)]
#[pyclass(frozen, module = "npstow._npstow")]
pub(crate) struct NewFile(Held<AtomicFile>);

#[pymethods]
impl NewFile {
    #[new]
    fn new(path: PathBuf) -> PyResult<Self> {
        let file = AtomicFile::create(path, Durability::default()).map_err(raise)?;
        Ok(Self(Held::new(file)))
    }

    fn write(&self, py: Python<'_>, bytes: &Bound<'_, PyAny>) -> PyResult<usize> {
        let bytes = input::bytes(bytes)?;
        let write = |file: &mut AtomicFile| file.write_all(&bytes);
        py.detach(|| self.0.with(|file| write(file).map_err(|e| Error::io("writing", e))))
            .map_err(raise)?;
        Ok(bytes.len())
    }

    /// Puts it in the place of the old one, unless that was done already.
    fn commit(&self, py: Python<'_>) -> PyResult<()> {
        py.detach(|| match self.0.close()? {
            Some(file) => file.commit(),
            None => Ok(()),
        })
        .map_err(raise)
    }

    /// Forgets it, unless it was committed.
    fn discard(&self, py: Python<'_>) {
        py.detach(|| drop(self.0.take()));
    }
}
