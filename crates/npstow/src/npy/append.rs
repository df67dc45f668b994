//! Rows added to a file in place, so that a crash at any moment leaves a file that reads.
//!
//! The new rows are written behind the old data, where no reader looks; then the number of rows
//! in the header is changed, in the digits that NumPy reserves for that, by one small write. A
//! reader sees the old number or the new one, and the rows of either are all there.
#![forbid(unsafe_code)]

use super::Header;
use crate::array::MemoryOrder;
use crate::array::batch::Batch;
use crate::sink::Locked;
use crate::{Array, AtomicFile, Dtype, Durability, Element, Error, FileSource, Limits, Result};
use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Adds the rows of `array` to the first axis of the array in an NPY file.
///
/// ```
/// use npstow::{Array, npy};
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("x.npy");
/// npy::write(&path, &Array::from_vec(vec![1u16, 2]))?;
/// npy::append(&path, &Array::from_vec(vec![3u16]))?;
/// assert_eq!(npy::read(&path)?.as_slice::<u16>()?, [1, 2, 3]);
/// # Ok::<(), npstow::Error>(())
/// ```
///
/// # Errors
/// As [`Appender::open`] and [`Appender::push`].
pub fn append(path: impl AsRef<Path>, array: &Array) -> Result<()> {
    let mut appender = Appender::open(path)?;
    appender.push(array)?;
    appender.finish().map(drop)
}

/// An NPY file open for more rows.
///
/// Rows count when [`commit`](Self::commit) or [`finish`](Self::finish) says so; those pushed
/// after the last commit are taken back when the appender is dropped. While it is open, other
/// appenders to the same file are refused; readers are not.
///
/// ```
/// use npstow::{Array, npy};
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("hits.npy");
/// npy::write(&path, &Array::from_vec(vec![1u16, 2]))?;
/// let mut hits = npy::Appender::open(&path)?;
/// hits.push_slice(&[3u16, 4, 5])?;
/// hits.commit()?;
/// assert_eq!(npy::read(&path)?.as_slice::<u16>()?, [1, 2, 3, 4, 5]);
/// # Ok::<(), npstow::Error>(())
/// ```
#[derive(Debug)]
pub struct Appender {
    path: PathBuf,
    file: Locked,
    header: Header,
    batch: Batch,
    durability: Durability,
    /// Rows in the header, and rows written behind them.
    rows: usize,
    pending: usize,
    /// Of those, the last ones, which wait to be written with others.
    held: Vec<u8>,
}

/// So many bytes are written at once; fewer wait for more.
const DIRECT: usize = 16 << 10;

/// So many bytes wait at most.
const HELD: usize = 64 << 10;

impl Appender {
    /// Opens an NPY file for more rows.
    ///
    /// # Errors
    /// `Corrupt` where the file ends before its data do, or goes on behind them
    /// ([`repair`](super::repair()) takes what is left of a crash away); `Unsupported` for
    /// objects and for Fortran order of several axes, whose rows do not lie together; `Io`, also
    /// where another appender has the file.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::open_with(path, Durability::default())
    }

    /// As [`open`](Self::open), with a choice of what each commit waits for. The default waits
    /// for the new rows before the header counts them, so that a power failure cannot leave a
    /// header that promises what was never written.
    ///
    /// # Errors
    /// As `open`.
    pub fn open_with(path: impl AsRef<Path>, durability: Durability) -> Result<Self> {
        let path = path.as_ref();
        Self::begin(path, durability).map_err(|e| e.in_path(path))
    }

    fn begin(path: &Path, durability: Durability) -> Result<Self> {
        let (file, header, len) = open_for_change(path)?;
        let Some((&rows, row_shape)) = header.shape().split_first() else {
            return Err(Error::invalid("a 0-d array has no rows to append to"));
        };
        if header.dtype().has_object() {
            return Err(Error::unsupported("appending to an object array"));
        }
        if header.order() == MemoryOrder::F && row_shape.iter().any(|&n| n != 1) {
            let what = "appending rows to an array in Fortran order (they would not lie together)";
            return Err(Error::unsupported(what));
        }
        let end = header.data_offset() + header.nbytes()? as u64;
        if len != end {
            let found = if len < end { "the end before that" } else { "more bytes behind it" };
            let expected =
                format!("the end of the file at byte {end} (npstow repair --dry-run says why)");
            return Err(Error::corrupt(expected, found).at(len.min(end)));
        }
        let batch = Batch::new(header.dtype().clone(), row_shape)?;
        let (path, pending, held) = (path.to_owned(), 0, Vec::new());
        Ok(Self { path, file, header, batch, durability, rows, pending, held })
    }

    /// What the elements are.
    #[must_use]
    pub fn dtype(&self) -> &Dtype {
        self.header.dtype()
    }

    /// The shape of a row.
    #[must_use]
    pub fn row_shape(&self) -> &[usize] {
        self.header.shape().get(1..).unwrap_or_default()
    }

    /// How many rows the file has, those not committed included.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows + self.pending
    }

    /// Adds the rows of an array of shape `(n, *row_shape)`, or one row of shape `row_shape`.
    ///
    /// Few bytes wait for more of them, or for the commit, before they are written.
    ///
    /// # Errors
    /// `Mismatch` for another dtype (byte order aside) or shape; `Io`, and the rows of this call
    /// are taken back.
    pub fn push(&mut self, array: &Array) -> Result<()> {
        let (rows, array) = self.batch.accept(array).map_err(|e| e.in_path(&self.path))?;
        let packed = array.to_contiguous(MemoryOrder::C)?;
        self.put(rows, packed.bytes_in(MemoryOrder::C).unwrap_or_default())
    }

    /// Adds rows given as consecutive elements.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    pub fn push_slice<T: Element>(&mut self, elements: &[T]) -> Result<()> {
        let (rows, bytes) = self.batch.accept_slice(elements).map_err(|e| e.in_path(&self.path))?;
        self.put(rows, bytes)
    }

    fn put(&mut self, rows: usize, bytes: &[u8]) -> Result<()> {
        self.file.changed().map_err(|e| Error::io("appending rows", e).in_path(&self.path))?;
        let total = self.rows().checked_add(rows).ok_or_else(|| Error::invalid("too many rows"))?;
        self.end(total)?;
        if bytes.len() >= DIRECT || self.held.len() + bytes.len() > HELD {
            self.flush()?;
        }
        if bytes.len() >= DIRECT {
            let end = self.end(self.rows())?;
            self.write_at(end, bytes)?;
        } else {
            self.held.extend_from_slice(bytes);
        }
        self.pending += rows;
        Ok(())
    }

    /// Writes the rows that wait; where that fails, they still do.
    fn flush(&mut self) -> Result<()> {
        if self.held.is_empty() {
            return Ok(());
        }
        let start = self.end(self.rows())?.saturating_sub(self.held.len() as u64);
        let held = std::mem::take(&mut self.held);
        let written = self.write_at(start, &held);
        self.held = held;
        written.map(|()| self.held.clear())
    }

    fn write_at(&mut self, end: u64, bytes: &[u8]) -> Result<()> {
        let failed = |e| Error::io("appending rows", e).at(end).in_path(&self.path);
        let file = self.file.changed().map_err(failed)?;
        let written = file.seek(SeekFrom::Start(end)).and_then(|_| file.write_all(bytes));
        written.map_err(|e| {
            // What was written of these rows would be in the way of the next ones.
            let _ = file.set_len(end);
            failed(e)
        })
    }

    /// Where the data of so many rows end.
    fn end(&self, rows: usize) -> Result<u64> {
        Ok(self.header.data_offset() + self.batch.nbytes_of(rows)? as u64)
    }

    fn shape_of(&self, rows: usize) -> Result<Header> {
        let mut shape = self.header.shape().to_vec();
        if let Some(first) = shape.first_mut() {
            *first = rows;
        }
        self.header.with_shape(&shape)
    }

    /// Makes the rows that were pushed count.
    ///
    /// # Errors
    /// `Io`, also where another file has taken the place of this one meanwhile; the file then has
    /// the rows of the commit before.
    pub fn commit(&mut self) -> Result<()> {
        if self.pending == 0 {
            return Ok(());
        }
        let path = self.path.clone();
        self.commit_rows().map_err(|e| e.in_path(path))
    }

    fn commit_rows(&mut self) -> Result<()> {
        self.file.still_at(&self.path)?;
        self.flush()?;
        let new = self.shape_of(self.rows())?;
        let failed = |e| Error::io("waiting for the rows", e);
        let file = self.file.changed().map_err(|e| Error::io("appending rows", e))?;
        if self.durability != Durability::None {
            file.sync_data().map_err(failed)?;
        }
        match replace_header(file, &self.header, &new)? {
            Some(header) => self.header = header,
            None => (self.file, self.header) = self.rewrite(&new)?,
        }
        // The header counts them, whatever comes of the wait.
        (self.rows, self.pending) = (self.rows(), 0);
        if matches!(self.durability, Durability::File | Durability::Full) {
            self.file.changed().and_then(|file| file.sync_data()).map_err(failed)?;
        }
        Ok(())
    }

    /// Writes the whole file anew with a header that has room; only for files whose writer left
    /// none (NumPy before 1.23, cnpy).
    fn rewrite(&mut self, new: &Header) -> Result<(Locked, Header)> {
        let failed = |e| Error::io("rewriting the file with a longer header", e);
        let bytes = new.to_bytes(None)?;
        let mut copy = AtomicFile::create(&self.path, self.durability)?;
        crate::Sink::write_all(&mut copy, &bytes).map_err(failed)?;
        let old = self.file.changed().map_err(failed)?;
        old.seek(SeekFrom::Start(self.header.data_offset())).map_err(failed)?;
        // In the kernel where it can: io::copy between files uses copy_file_range.
        io::copy(old, &mut copy.file()).map_err(failed)?;
        // Locked before it has a name: nobody comes between.
        let file = Locked::new(copy.file().try_clone().map_err(failed)?).map_err(failed)?;
        self.file.still_at(&self.path)?;
        copy.commit()?;
        Ok((file, new.clone().written(&bytes)?))
    }

    /// Commits what was pushed and closes the file; says how many rows it has.
    ///
    /// # Errors
    /// As [`commit`](Self::commit).
    pub fn finish(mut self) -> Result<usize> {
        self.commit()?;
        Ok(self.rows)
    }
}

impl Drop for Appender {
    fn drop(&mut self) {
        if self.pending > 0 {
            if let Ok(end) = self.end(self.rows) {
                // Nobody is left to tell; `repair` would do the same.
                let _ = self.file.changed().and_then(|file| file.set_len(end));
            }
        }
    }
}

/// Opens an NPY file for reading and writing, alone: its header and its length.
pub(super) fn open_for_change(path: &Path) -> Result<(Locked, Header, u64)> {
    let file = Locked::open(path)?;
    let clone = file.try_clone().map_err(|e| Error::io("opening for change", e))?;
    let source = FileSource::new(clone)?;
    let header = Header::read(&source, &Limits::default())?;
    Ok((file, header, crate::Source::len(&source)))
}

/// Changes the header in place, by one write of the bytes that differ. `None` where the new one
/// does not fit into the room of the old one.
pub(super) fn replace_header(
    file: &mut File,
    old: &Header,
    new: &Header,
) -> Result<Option<Header>> {
    let failed = |e| Error::io("changing the header", e).at(0);
    let len =
        usize::try_from(old.data_offset()).map_err(|_| Error::invalid("a header's length"))?;
    let Some(bytes) = new.to_bytes_of_len(len)? else { return Ok(None) };
    let mut there = vec![0; len];
    file.seek(SeekFrom::Start(0)).map_err(failed)?;
    io::Read::read_exact(file, &mut there).map_err(failed)?;
    let differs = |(a, b): (&u8, &u8)| a != b;
    let Some(first) = there.iter().zip(&bytes).position(differs) else {
        return new.clone().written(&bytes).map(Some);
    };
    let last = there.iter().zip(&bytes).rposition(differs).unwrap_or(first);
    file.seek(SeekFrom::Start(first as u64)).map_err(failed)?;
    file.write_all(&bytes[first..=last]).map_err(failed)?;
    new.clone().written(&bytes).map(Some)
}
