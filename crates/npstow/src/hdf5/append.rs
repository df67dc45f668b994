//! Rows added to a dataset in place, so that a crash at any moment leaves a file that reads.
//!
//! Whatever is new is written behind the end of the file: chunks, the last chunks anew where they
//! were not full, and the nodes of the index from there on. Then the superblock tells the new end,
//! and last the header of the dataset gets its new length and the place of the new index, by one
//! small write. A reader sees the old rows or the new ones.
//!
//! What a commit costs, beside its rows: chunks that the last rows do not fill are written anew by
//! the next commit, and so are one or two nodes of the index for each of its levels, some 2 to 4 KiB each. The room of
//! the old ones is lost until the file is written anew. So rows are best committed by whole
//! chunks, or datasets made with chunks of as many rows as come together.
#![forbid(unsafe_code)]

mod disk;
mod growing;
mod index;
mod target;

use self::disk::Disk;
use self::growing::Growing;
use self::target::Target;
use crate::array::MemoryOrder;
use crate::array::batch::Batch;
use crate::sink::Locked;
use crate::{Array, Dtype, Durability, Element, Error, Result};
use std::path::{Path, PathBuf};

/// Adds the rows of `array` to the first axis of a dataset.
///
/// ```
/// use npstow::{Array, Tree, hdf5};
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("run.h5");
/// let tree = Tree::new().with("hit", Array::from_vec(vec![1u16, 2]))?;
/// let growing = hdf5::Storage::chunked(&[1024]).resizable(&[None]);
/// hdf5::Draft::new(tree).storage("hit", growing)?.write(&path, &Default::default())?;
/// hdf5::append(&path, "hit", &Array::from_vec(vec![3u16]))?;
/// let hit = npstow::open(&path)?.get("hit")?.read()?;
/// assert_eq!(hit.as_slice::<u16>()?, [1, 2, 3]);
/// # Ok::<(), npstow::Error>(())
/// ```
///
/// # Errors
/// As [`Appender::open`] and [`Appender::push`].
pub fn append(path: impl AsRef<Path>, name: &str, array: &Array) -> Result<()> {
    let mut appender = Appender::open(path, name)?;
    appender.push(array)?;
    appender.finish().map(drop)
}

/// A dataset open for more rows.
///
/// Rows count when [`commit`](Self::commit) or [`finish`](Self::finish) says so; those pushed
/// after the last commit are taken back when the appender is dropped. While it is open, other
/// appenders to the same file are refused, and so is libhdf5 where it locks files.
///
/// A commit writes chunks anew that the rows before it did not fill, and some nodes of the index;
/// the room of the old ones is lost. Where rows come one by one, push them and commit now and then.
///
/// ```
/// use npstow::{Array, Tree, hdf5};
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("run.h5");
/// # let tree = Tree::new().with("hit", Array::from_vec(vec![1u16, 2]))?;
/// # let growing = hdf5::Storage::chunked(&[1024]).resizable(&[None]);
/// # hdf5::Draft::new(tree).storage("hit", growing)?.write(&path, &Default::default())?;
/// let mut hits = hdf5::Appender::open(&path, "hit")?;
/// hits.push_slice(&[3u16, 4, 5])?;
/// hits.commit()?;
/// assert_eq!(npstow::open(&path)?.get("hit")?.read()?.len(), 5);
/// # Ok::<(), npstow::Error>(())
/// ```
#[derive(Debug)]
pub struct Appender {
    path: PathBuf,
    name: String,
    batch: Batch,
    growing: Growing,
}

impl Appender {
    /// Opens a dataset for more rows: one in chunks whose first axis may grow, as npstow writes
    /// it, and h5py where it was not told to write the latest form.
    ///
    /// # Errors
    /// `NotFound`; `Unsupported` for what cannot grow in place, by name: other storage, other
    /// indices and filters, elements that npstow stores otherwise, files with a user block, marked
    /// as open, or of other drivers; `Corrupt`; `Io`, also where another program has the file.
    pub fn open(path: impl AsRef<Path>, name: &str) -> Result<Self> {
        Self::open_with(path, name, Durability::default())
    }

    /// As [`open`](Self::open), with a choice of what each commit waits for. The default waits
    /// for the new rows before the header counts them.
    ///
    /// # Errors
    /// As `open`.
    pub fn open_with(path: impl AsRef<Path>, name: &str, durability: Durability) -> Result<Self> {
        let path = path.as_ref();
        let open = || {
            let disk = Box::new(Locked::open(path)?);
            Self::on(disk, path, name, durability)
        };
        open().map_err(|e: Error| e.in_path(path))
    }

    fn on(disk: Box<dyn Disk>, path: &Path, name: &str, durability: Durability) -> Result<Self> {
        let target = Target::find(disk.source()?, path, name)?;
        let row_shape = target.entry.shape().get(1..).unwrap_or_default();
        let batch = Batch::new(target.entry.dtype().clone(), row_shape)?;
        let growing = Growing::new(disk, target, durability);
        Ok(Self { path: path.to_owned(), name: name.to_owned(), batch, growing })
    }

    fn told<T>(&self, result: Result<T>) -> Result<T> {
        result.map_err(|e| e.in_member(&self.name).in_path(&self.path))
    }

    /// What the elements are.
    #[must_use]
    pub fn dtype(&self) -> &Dtype {
        self.growing.target().entry.dtype()
    }

    /// The shape of a row.
    #[must_use]
    pub fn row_shape(&self) -> &[usize] {
        self.growing.target().entry.shape().get(1..).unwrap_or_default()
    }

    /// How many rows the dataset has, those not committed included.
    #[must_use]
    pub fn rows(&self) -> usize {
        usize::try_from(self.growing.rows()).unwrap_or(usize::MAX)
    }

    /// Adds the rows of an array of shape `(n, *row_shape)`, or one row of shape `row_shape`.
    ///
    /// # Errors
    /// `Mismatch` for another dtype (byte order aside) or shape, and for more rows than the first
    /// axis may have; `Io`: nothing more is taken then, and the file has the rows of the last
    /// commit.
    pub fn push(&mut self, array: &Array) -> Result<()> {
        let pushed = self.batch.accept(array).and_then(|(rows, array)| {
            let packed = array.to_contiguous(MemoryOrder::C)?;
            self.growing.put(rows, packed.bytes_in(MemoryOrder::C).unwrap_or_default())
        });
        self.told(pushed)
    }

    /// Adds rows given as consecutive elements.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    pub fn push_slice<T: Element>(&mut self, elements: &[T]) -> Result<()> {
        let accepted = self.batch.accept_slice(elements);
        let pushed = accepted.and_then(|(rows, bytes)| self.growing.put(rows, bytes));
        self.told(pushed)
    }

    /// Makes the rows that were pushed count.
    ///
    /// # Errors
    /// `Io`, also where another file has taken the place of this one meanwhile; the file then has
    /// the rows of the commit before. Nothing more is taken.
    pub fn commit(&mut self) -> Result<()> {
        let there = self.growing.disk.still_at(&self.path);
        let done = there.and_then(|()| self.growing.commit());
        self.told(done)
    }

    /// Commits what was pushed and closes the file; says how many rows the dataset has.
    ///
    /// # Errors
    /// As [`commit`](Self::commit).
    pub fn finish(mut self) -> Result<usize> {
        self.commit()?;
        Ok(self.rows())
    }
}

#[cfg(test)]
mod tests;
