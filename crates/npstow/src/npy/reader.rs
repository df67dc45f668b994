//! Reading: from a path, a source, a stream.
#![forbid(unsafe_code)]

use super::Header;
use crate::container::{Child, Container, NodeKind};
use crate::entry::Data;
use crate::source::read_growing;
use crate::{Array, BufferMut, Entry, Error, FileSource, Limits, Result, Source};
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

/// Opens the array of an NPY file; only the header is read.
///
/// ```
/// use npstow::{Array, npy};
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("x.npy");
/// npy::write(&path, &Array::from_vec(vec![1u16, 2, 3]))?;
/// let entry = npy::open(&path)?;
/// assert_eq!((entry.dtype().to_string().as_str(), entry.shape()), ("<u2", &[3][..]));
/// assert_eq!(entry.read_slice(&"-1".parse()?)?.as_slice::<u16>()?, [3]);
/// # Ok::<(), npstow::Error>(())
/// ```
///
/// # Errors
/// `Io`; `Corrupt`, `Limit` or `Unsupported` for a header that is not read. That the data are
/// all there is checked when they are read.
pub fn open(path: impl AsRef<Path>) -> Result<Entry> {
    let path = path.as_ref();
    let source = Arc::new(FileSource::open(path)?);
    open_source(source, &Limits::default()).map_err(|e| e.in_path(path))
}

/// Opens the array of NPY bytes in any source.
///
/// ```
/// use npstow::{Array, Limits, MemorySource, npy};
/// let bytes = npy::to_bytes(&Array::from_vec(vec![1u8, 2]), &npy::WriteOptions::default())?;
/// let source = std::sync::Arc::new(MemorySource::new(bytes));
/// let entry = npy::open_source(source, &Limits::default())?;
/// assert_eq!(entry.read()?.as_slice::<u8>()?, [1, 2]);
/// # Ok::<(), npstow::Error>(())
/// ```
///
/// # Errors
/// As [`open`].
pub fn open_source(source: Arc<dyn Source>, limits: &Limits) -> Result<Entry> {
    let header = Header::read(&*source, limits)?;
    entry_of(source, &header, &Arc::new(limits.clone()))
}

/// The array that a header at the start of a source describes.
pub(crate) fn entry_of(
    source: Arc<dyn Source>,
    header: &Header,
    limits: &Arc<Limits>,
) -> Result<Entry> {
    let offset = header.data_offset();
    let data = match header.dtype().has_object() {
        true => Data::Objects { offset },
        false => Data::Raw { offset },
    };
    let limits = Arc::clone(limits);
    let dtype = header.dtype().clone();
    let entry = Entry::new(source, dtype, header.shape(), header.order(), data, limits)?;
    #[cfg(feature = "pickle")]
    if header.dtype().has_object() {
        return Ok(entry.pickled(None, crate::pickle::unpickle));
    }
    Ok(entry)
}

/// Reads the array of an NPY file into new memory, as `np.load` does.
///
/// Pipes and other things that are no regular files are read as streams.
///
/// ```
/// use npstow::{Array, npy};
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("x.npy");
/// npy::write(&path, &Array::from_vec(vec![0.5f64, 1.5]))?;
/// assert_eq!(npy::read(&path)?.as_slice::<f64>()?, [0.5, 1.5]);
/// # Ok::<(), npstow::Error>(())
/// ```
///
/// # Errors
/// As [`open`] and [`Entry::read`].
pub fn read(path: impl AsRef<Path>) -> Result<Array> {
    let path = path.as_ref();
    let place = |e: Error| e.in_path(path);
    let file = File::open(path).map_err(|e| place(Error::io("opening", e)))?;
    let read = || match FileSource::regular(file)? {
        Ok(source) => open_source(Arc::new(source), &Limits::default())?.read(),
        Err(mut stream) => read_from(&mut stream)?
            .ok_or_else(|| Error::corrupt("an NPY header", "an empty stream")),
    };
    read().map_err(place)
}

/// Maps an NPY file and shows its array without reading it; see [`Entry::view`] for the caveat.
///
/// ```
/// use npstow::{Array, npy};
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("x.npy");
/// npy::write(&path, &Array::from_vec(vec![0.5f64, 1.5]))?;
/// let array = npy::view(&path)?;
/// let values: &[f64] = array.as_slice()?; // in the file itself
/// assert_eq!(values, [0.5, 1.5]);
/// # Ok::<(), npstow::Error>(())
/// ```
///
/// # Errors
/// As [`open`] and [`Entry::view`].
pub fn view(path: impl AsRef<Path>) -> Result<Array> {
    let path = path.as_ref();
    open(path)?.view().map_err(|e| e.in_path(path))
}

/// Reads the next array from a stream: a pipe, a socket, a file at its position. `None` at the
/// end.
///
/// Exactly the array is consumed, so several that were written one after another are read by as
/// many calls. Memory grows with the data that arrive, not with what the header declares.
///
/// ```
/// use npstow::{Array, npy};
/// let mut stream = Vec::new();
/// npy::write_to(&mut stream, &Array::from_vec(vec![1u8]))?;
/// npy::write_to(&mut stream, &Array::from_vec(vec![2.0f64]))?;
/// let mut reader = &stream[..];
/// assert_eq!(npy::read_from(&mut reader)?.unwrap().as_slice::<u8>()?, [1]);
/// assert_eq!(npy::read_from(&mut reader)?.unwrap().as_slice::<f64>()?, [2.0]);
/// assert!(npy::read_from(&mut reader)?.is_none());
/// # Ok::<(), npstow::Error>(())
/// ```
///
/// # Errors
/// `Corrupt` where the stream ends within an array; `Unsupported` for objects; `Limit`; `Io`.
pub fn read_from(reader: &mut dyn Read) -> Result<Option<Array>> {
    let limits = Limits::default();
    let Some(header) = Header::read_stream(reader, &limits)? else { return Ok(None) };
    if header.dtype().has_object() {
        let what = "the payload of an object array (a pickle)";
        return Err(Error::unsupported(what).at(header.data_offset()));
    }
    let nbytes = header.nbytes()?;
    limits.check_array(nbytes as u64)?;
    let bytes: BufferMut = read_growing(reader, header.data_offset(), nbytes)?;
    Array::new(header.dtype().clone(), header.shape(), header.order(), bytes.freeze()).map(Some)
}

/// An NPY file as a container: the root is the array.
#[derive(Debug)]
pub(crate) struct Npy(Entry);

impl Npy {
    pub(crate) fn open(source: Arc<dyn Source>, limits: &Limits) -> Result<Self> {
        open_source(source, limits).map(Self)
    }
}

impl Container for Npy {
    fn kind(&self, _: u64) -> NodeKind {
        NodeKind::Array
    }

    fn children(&self, _: u64) -> Result<Vec<Child>> {
        Ok(Vec::new())
    }

    fn entry(&self, _: u64) -> Result<Entry> {
        Ok(self.0.clone())
    }

    /// What `np.save` has put behind the array: whoever reads the file by its name gets the first.
    fn left_out(&self) -> Vec<(String, String)> {
        let Data::Raw { offset } = self.0.data() else { return Vec::new() };
        let (source, end) = (self.0.source(), offset + self.0.nbytes() as u64);
        let len = usize::try_from(source.len().saturating_sub(end).min(6)).unwrap_or(0);
        if len == 0 || !source.read(end, len).is_ok_and(|bytes| super::sniff(&bytes)) {
            return Vec::new();
        }
        vec![(String::new(), format!("another array behind the data, at byte {end}"))]
    }
}
