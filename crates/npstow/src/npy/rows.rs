//! Rows pushed one after another, their number unknown at the start.
#![forbid(unsafe_code)]

use super::Header;
use crate::array::MemoryOrder;
use crate::array::batch::Batch;
use crate::{Array, AtomicFile, Dtype, Durability, Element, Error, Result, Sink};
use std::io;
use std::path::Path;

/// Writes an NPY file row by row; the file appears, complete, when it is finished.
///
/// NumPy leaves room in the header for the length of the first axis, so the number of rows is
/// written last and the file has the very bytes of an `np.save` of all rows.
///
/// ```
/// use npstow::{Array, npy};
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("hits.npy");
/// let mut rows = npy::RowWriter::create(&path, "<f4".parse()?, &[3])?;
/// rows.push_slice(&[1f32, 2.0, 3.0])?;
/// rows.push(&Array::from_vec_shape(vec![4f32, 5., 6., 7., 8., 9.], &[2, 3])?)?;
/// assert_eq!(rows.finish()?, 3);
/// assert_eq!(npy::read(&path)?.shape(), [3, 3]);
/// # Ok::<(), npstow::Error>(())
/// ```
#[derive(Debug)]
pub struct RowWriter {
    file: AtomicFile,
    header: Header,
    batch: Batch,
    rows: usize,
    pending: Vec<u8>,
    /// Whether a write has failed: nobody knows how much of it is in the file.
    is_broken: bool,
}

/// Rows are collected up to this size before they are written.
const PENDING: usize = 1 << 20;

impl RowWriter {
    /// Begins a file of rows of this dtype and shape.
    ///
    /// # Errors
    /// `Io`; `Unsupported` for objects and dtypes without a `descr`.
    pub fn create(path: impl AsRef<Path>, dtype: Dtype, row_shape: &[usize]) -> Result<Self> {
        Self::create_with(path, dtype, row_shape, Durability::default())
    }

    /// As [`create`](Self::create), with a choice of what is waited for at the end.
    ///
    /// # Errors
    /// As `create`.
    pub fn create_with(
        path: impl AsRef<Path>,
        dtype: Dtype,
        row_shape: &[usize],
        durability: Durability,
    ) -> Result<Self> {
        let path = path.as_ref();
        Self::begin(path, dtype, row_shape, durability).map_err(|e| e.in_path(path))
    }

    fn begin(path: &Path, dtype: Dtype, row: &[usize], durability: Durability) -> Result<Self> {
        if dtype.has_object() {
            return Err(Error::unsupported("writing an object array (its payload is a pickle)"));
        }
        let shape: Vec<usize> = std::iter::once(0).chain(row.iter().copied()).collect();
        let header = Header::new(dtype, &shape, MemoryOrder::C)?;
        let batch =
            Batch::new(header.dtype().clone(), header.shape().get(1..).unwrap_or_default())?;
        let bytes = header.to_bytes(None)?;
        let header = header.written(&bytes)?;
        let file = AtomicFile::create(path, durability)?;
        if !file.can_seek() {
            return Err(Error::unsupported(
                "rows of unknown number to what is no regular file (the header comes first)",
            ));
        }
        Ok(Self { file, header, batch, rows: 0, pending: bytes, is_broken: false })
    }

    /// Adds the rows of an array of shape `(n, *row_shape)`, or one row of shape `row_shape`.
    ///
    /// # Errors
    /// `Mismatch` for another dtype (byte order aside) or shape; `Io`: a part of the rows may then
    /// be written, so nothing more is taken, and [`finish`](Self::finish) fails.
    pub fn push(&mut self, array: &Array) -> Result<()> {
        let (rows, array) = self.batch.accept(array)?;
        match array.bytes_in(MemoryOrder::C) {
            Some(bytes) => self.put(rows, bytes),
            None => {
                let packed = array.to_contiguous(MemoryOrder::C)?;
                self.put(rows, packed.bytes_in(MemoryOrder::C).unwrap_or_default())
            }
        }
    }

    /// Adds rows given as consecutive elements.
    ///
    /// # Errors
    /// `Mismatch` for another dtype or a number that does not make whole rows; `Io` as
    /// [`push`](Self::push).
    pub fn push_slice<T: Element>(&mut self, elements: &[T]) -> Result<()> {
        let (rows, bytes) = self.batch.accept_slice(elements)?;
        self.put(rows, bytes)
    }

    fn put(&mut self, rows: usize, bytes: &[u8]) -> Result<()> {
        self.check()?;
        let total = self.rows.checked_add(rows);
        let total = total.ok_or_else(|| Error::invalid("too many rows"))?;
        if self.pending.len() + bytes.len() > PENDING {
            self.write_pending()?;
        }
        if bytes.len() > PENDING {
            self.write(|file| file.write_all(bytes))?;
        } else {
            self.pending.extend_from_slice(bytes);
        }
        self.rows = total;
        Ok(())
    }

    fn write_pending(&mut self) -> Result<()> {
        let pending = std::mem::take(&mut self.pending);
        self.write(|file| file.write_all(&pending))
    }

    fn write(&mut self, work: impl FnOnce(&mut AtomicFile) -> io::Result<()>) -> Result<()> {
        self.check()?;
        let written = work(&mut self.file);
        self.is_broken = written.is_err();
        written.map_err(|e| Error::io("writing rows", e))
    }

    /// What follows a write that has failed would lie in the wrong place.
    fn check(&self) -> Result<()> {
        match self.is_broken {
            true => Err(Error::io("writing rows", io::Error::other("an earlier write has failed"))),
            false => Ok(()),
        }
    }

    /// Writes the number of rows and puts the file in its place; says how many rows there are.
    ///
    /// # Errors
    /// `Io`, also where one of the pushes had it; an old file is then as it was.
    pub fn finish(mut self) -> Result<usize> {
        self.write_pending()?;
        let mut shape = self.header.shape().to_vec();
        if let Some(first) = shape.first_mut() {
            *first = self.rows;
        }
        let bytes = Header::new(self.header.dtype().clone(), &shape, MemoryOrder::C)?
            .to_bytes(Some(self.header.version()))?;
        if bytes.len() as u64 != self.header.data_offset() {
            return Err(Error::invalid("more rows than the header has digits for"));
        }
        self.write(|file| file.write_at(0, &bytes))?;
        self.file.commit()?;
        Ok(self.rows)
    }
}
