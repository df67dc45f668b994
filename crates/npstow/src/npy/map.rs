//! Arrays that are changed through a map of their file (`open_memmap`).
#![forbid(unsafe_code)]

use super::Header;
use crate::array::private::CastError;
use crate::array::{Element, MemoryOrder};
use crate::error::quoted;
use crate::source::MapMut;
use crate::{AtomicFile, Dtype, Durability, Error, FileSource, Limits, Result, Sink, Source};
use std::fs::OpenOptions;
use std::path::Path;

/// Where changes to a mapped array go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MapMode {
    /// Into the file: NumPy's `r+`.
    ReadWrite,
    /// Nowhere but into this process: NumPy's `c`.
    CopyOnWrite,
}

/// An array in a mapped file that can be changed.
///
/// The caveat of [`Entry::view`](crate::Entry::view) holds: a file that another process cuts
/// short crashes whoever touches the missing part.
///
/// ```
/// use npstow::{MemoryOrder, npy};
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("big.npy");
/// let mut big = npy::create(&path, "<f8".parse()?, &[1000, 1000], MemoryOrder::C)?;
/// big.as_mut_slice::<f64>()?[5] = 1.5;
/// big.flush()?;
/// assert_eq!(npy::view(&path)?.as_slice::<f64>()?[5], 1.5);
/// # Ok::<(), npstow::Error>(())
/// ```
#[derive(Debug)]
pub struct ArrayMut {
    header: Header,
    start: usize,
    map: MapMut,
}

/// Creates an NPY file of zeros and maps it for writing; it may be larger than memory.
///
/// The file appears at once and takes up only what is written to it, where the file system has
/// sparse files. An old file is replaced.
///
/// ```
/// use npstow::{MemoryOrder, npy};
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("x.npy");
/// let mut counts = npy::create(&path, "<u4".parse()?, &[3], MemoryOrder::C)?;
/// counts.as_mut_slice::<u32>()?[1] += 1;
/// drop(counts);
/// assert_eq!(npy::read(&path)?.as_slice::<u32>()?, [0, 1, 0]);
/// # Ok::<(), npstow::Error>(())
/// ```
///
/// # Errors
/// `Io`; `Unsupported` for objects and dtypes without a `descr`.
pub fn create(
    path: impl AsRef<Path>,
    dtype: Dtype,
    shape: &[usize],
    order: MemoryOrder,
) -> Result<ArrayMut> {
    let path = path.as_ref();
    begin(path, dtype, shape, order).map_err(|e| e.in_path(path))
}

fn begin(path: &Path, dtype: Dtype, shape: &[usize], order: MemoryOrder) -> Result<ArrayMut> {
    if dtype.has_object() {
        return Err(Error::unsupported("mapping an object array"));
    }
    let header = Header::new(dtype, shape, order)?;
    let bytes = header.to_bytes(None)?;
    let header = header.written(&bytes)?;
    let len = bytes.len() as u64 + header.nbytes()? as u64;
    let failed = |e| Error::io("creating", e);
    let mut file = AtomicFile::create(path, Durability::None)?;
    if !file.can_seek() {
        return Err(Error::unsupported("mapping what is no regular file"));
    }
    file.write_all(&bytes).map_err(failed)?;
    file.file().set_len(len).map_err(failed)?;
    let map = MapMut::shared(file.file(), len).map_err(|e| Error::io("mapping", e))?;
    file.commit()?;
    Ok(ArrayMut { header, start: bytes.len(), map })
}

/// Maps the array of an NPY file so that it can be changed. To only look, use
/// [`view`](super::view()).
///
/// ```
/// use npstow::{Array, npy};
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("x.npy");
/// npy::write(&path, &Array::from_vec(vec![1.0f32, 2.0]))?;
/// npy::map_mut(&path, npy::MapMode::CopyOnWrite)?.as_mut_slice::<f32>()?[0] = 7.0;
/// npy::map_mut(&path, npy::MapMode::ReadWrite)?.as_mut_slice::<f32>()?[1] = 8.0;
/// assert_eq!(npy::read(&path)?.as_slice::<f32>()?, [1.0, 8.0]);
/// # Ok::<(), npstow::Error>(())
/// ```
///
/// # Errors
/// As [`open`](super::open()) and [`Entry::view`](crate::Entry::view).
pub fn map_mut(path: impl AsRef<Path>, mode: MapMode) -> Result<ArrayMut> {
    let path = path.as_ref();
    map_file(path, mode).map_err(|e| e.in_path(path))
}

fn map_file(path: &Path, mode: MapMode) -> Result<ArrayMut> {
    let write = mode == MapMode::ReadWrite;
    let file = OpenOptions::new().read(true).write(write).open(path);
    let file = file.map_err(|e| Error::io("opening", e))?;
    let clone = file.try_clone().map_err(|e| Error::io("opening", e))?;
    let source = FileSource::new(clone)?;
    let header = Header::read(&source, &Limits::default())?;
    if header.dtype().has_object() {
        return Err(Error::unsupported("mapping an object array").at(header.data_offset()));
    }
    let end = header.data_offset() + header.nbytes()? as u64;
    if source.len() < end {
        let expected = format_args!("{} bytes of data", end - header.data_offset());
        let there = source.len().saturating_sub(header.data_offset());
        let found = format_args!("the end after {there}");
        return Err(Error::corrupt(expected, found).at(header.data_offset()));
    }
    let map = match mode {
        MapMode::ReadWrite => MapMut::shared(&file, end),
        MapMode::CopyOnWrite => MapMut::private(&file, end),
    };
    let map = map.map_err(|e| Error::io("mapping", e))?;
    let start = usize::try_from(header.data_offset())
        .map_err(|_| Error::unsupported("a header larger than the address space"))?;
    Ok(ArrayMut { header, start, map })
}

impl ArrayMut {
    /// What the elements are.
    #[must_use]
    pub fn dtype(&self) -> &Dtype {
        self.header.dtype()
    }

    /// Lengths of the axes.
    #[must_use]
    pub fn shape(&self) -> &[usize] {
        self.header.shape()
    }

    /// In which order the elements lie.
    #[must_use]
    pub fn order(&self) -> MemoryOrder {
        self.header.order()
    }

    /// The elements as they lie in the file.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.map.bytes().get(self.start..).unwrap_or_default()
    }

    /// The elements as they lie in the file, to be changed.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        let start = self.start;
        self.map.bytes_mut().get_mut(start..).unwrap_or_default()
    }

    /// The elements, in the file's order.
    ///
    /// # Errors
    /// `Mismatch` for another dtype or byte order, or a file whose header does not align its data.
    pub fn as_slice<T: Element>(&self) -> Result<&[T]> {
        self.expect::<T>()?;
        T::slice_of(self.bytes()).map_err(|e| refused::<T>(e))
    }

    /// The elements, in the file's order, to be changed.
    ///
    /// # Errors
    /// As [`as_slice`](Self::as_slice).
    pub fn as_mut_slice<T: Element>(&mut self) -> Result<&mut [T]> {
        self.expect::<T>()?;
        T::slice_of_mut(self.bytes_mut()).map_err(|e| refused::<T>(e))
    }

    fn expect<T: Element>(&self) -> Result<()> {
        if T::matches(self.dtype()) {
            return Ok(());
        }
        let expected = format!("elements of dtype {}", T::dtype());
        Err(Error::mismatch(expected, quoted(&self.dtype().to_string())))
    }

    /// Waits until the changes are on the disk. Other processes see them without that.
    ///
    /// # Errors
    /// `Io`.
    pub fn flush(&self) -> Result<()> {
        self.map.flush().map_err(|e| Error::io("writing the map back", e))
    }
}

/// Why the mapped bytes are no values of a type.
fn refused<T>(why: CastError) -> Error {
    match why {
        CastError::Misaligned => Error::mismatch(
            format_args!("data aligned to {} bytes", align_of::<T>()),
            "a header that does not align them",
        ),
        CastError::Length => Error::mismatch("whole elements", "a part of one"),
        CastError::Invalid => Error::mismatch("booleans of 0 or 1", "another byte"),
    }
}
