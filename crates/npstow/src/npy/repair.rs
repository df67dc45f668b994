//! What a crash can leave behind, told and mended.
#![forbid(unsafe_code)]

use super::append::{open_for_change, replace_header};
use super::{Header, sniff};
use crate::array::MemoryOrder;
use crate::{Error, FileSource, Limits, Result, Source};
use std::path::Path;

/// What is wrong with the end of an NPY file, and what [`repair`] does about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repair {
    /// Rows (of the axis that lies outermost in the file) that the header promises.
    pub rows_before: u64,
    /// Rows that are wholly there; fewer only where the file was cut short.
    pub rows_after: u64,
    /// Bytes behind the last whole row, which are cut off.
    pub trimmed: u64,
}

impl Repair {
    /// Whether nothing is to be done.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.rows_before == self.rows_after && self.trimmed == 0
    }
}

/// Says what [`repair`] would do, and changes nothing.
///
/// ```
/// use npstow::{Array, npy};
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("x.npy");
/// npy::write(&path, &Array::from_vec(vec![1u16, 2]))?;
/// assert!(npy::diagnose(&path)?.is_clean());
/// # Ok::<(), npstow::Error>(())
/// ```
///
/// # Errors
/// As `repair`.
pub fn diagnose(path: impl AsRef<Path>) -> Result<Repair> {
    let path = path.as_ref();
    let look = || {
        let source = FileSource::open(path)?;
        let header = Header::read(&source, &Limits::default())?;
        plan(&header, &source)
    };
    look().map_err(|e: Error| e.in_path(path))
}

/// Makes an NPY file whole again after a crash of whoever wrote it.
///
/// Bytes behind the data (the torn tail of an append that was not committed) are cut off. Where
/// the file ends before its data do, the header is made to count the rows that are wholly there.
///
/// ```
/// use npstow::{Array, npy};
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("x.npy");
/// npy::write(&path, &Array::from_vec(vec![1u16, 2, 3]))?;
/// # let io = |e| npstow::Error::io("cutting", e);
/// std::fs::OpenOptions::new().write(true).open(&path).map_err(io)?.set_len(133).map_err(io)?;
/// assert!(npy::read(&path).is_err());
/// let done = npy::repair(&path)?;
/// assert_eq!((done.rows_before, done.rows_after, done.trimmed), (3, 2, 1));
/// assert_eq!(npy::read(&path)?.as_slice::<u16>()?, [1, 2]);
/// # Ok::<(), npstow::Error>(())
/// ```
///
/// # Errors
/// `Corrupt` where the header itself is damaged; `Exists` where another array follows in the same
/// file, which is no damage; `Unsupported` for objects and a 0-d array that is cut short; `Io`.
pub fn repair(path: impl AsRef<Path>) -> Result<Repair> {
    let path = path.as_ref();
    mend(path).map_err(|e| e.in_path(path))
}

fn mend(path: &Path) -> Result<Repair> {
    let (mut file, header, _) = open_for_change(path)?;
    let failed = |e| Error::io("repairing", e);
    let source = FileSource::new(file.try_clone().map_err(failed)?)?;
    let plan = plan(&header, &source)?;
    if plan.is_clean() {
        return Ok(plan);
    }
    let rows = usize::try_from(plan.rows_after).map_err(|_| Error::invalid("too many rows"))?;
    let mut shape = header.shape().to_vec();
    if let Some(outermost) = outermost(&mut shape, header.order()) {
        *outermost = rows;
    }
    let new = header.with_shape(&shape)?;
    let file = file.changed().map_err(failed)?;
    // The header first: it then counts fewer rows than are there, never more.
    if new != header && replace_header(file, &header, &new)?.is_none() {
        return Err(Error::unsupported("repairing a header without room for the change"));
    }
    file.set_len(new.data_offset() + new.nbytes()? as u64).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    Ok(plan)
}

fn outermost(shape: &mut [usize], order: MemoryOrder) -> Option<&mut usize> {
    match order {
        MemoryOrder::C => shape.first_mut(),
        MemoryOrder::F => shape.last_mut(),
    }
}

fn plan(header: &Header, source: &dyn Source) -> Result<Repair> {
    if header.dtype().has_object() {
        return Err(Error::unsupported("repairing an object array (its payload is a pickle)"));
    }
    let nbytes = header.nbytes()? as u64;
    let there = source.len().saturating_sub(header.data_offset());
    let mut shape = header.shape().to_vec();
    let rows = outermost(&mut shape, header.order()).map_or(1, |n| *n as u64);
    if there >= nbytes {
        let end = header.data_offset() + nbytes;
        let start = source.read(end, usize::try_from(there - nbytes).unwrap_or(0).min(6));
        if start.is_ok_and(|bytes| sniff(&bytes)) {
            let what = "another array behind this one, which is no damage";
            return Err(Error::exists(what).at(end));
        }
        return Ok(Repair { rows_before: rows, rows_after: rows, trimmed: there - nbytes });
    }
    if shape.is_empty() {
        return Err(Error::unsupported("repairing a 0-d array that is cut short"));
    }
    // Fewer bytes than promised, so there are rows, and none of them is empty.
    let row = (nbytes / rows.max(1)).max(1);
    Ok(Repair { rows_before: rows, rows_after: there / row, trimmed: there % row })
}
