//! A file that a crashed program left open: whole, and marked as being written to.
#![forbid(unsafe_code)]

use super::reader::Hdf5;
use super::superblock::Superblock;
use super::write::checksum::lookup3;
use crate::container::{Container, Fault};
use crate::{Error, FileSource, Limits, Result, Source};
use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;

/// What [`repair`] did, or what [`diagnose`] says is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Repair {
    /// Whether the file was marked as open for writing.
    pub was_open: bool,
}

/// Where the mark is: behind the signature, the version and two sizes (HDF5 II.A).
const FLAGS: usize = 11;

/// Says what [`repair`] would do.
///
/// # Errors
/// As `repair`.
pub fn diagnose(path: impl AsRef<Path>) -> Result<Repair> {
    let path = path.as_ref();
    let look = || {
        let source = FileSource::open(path)?;
        let superblock = Superblock::find(&source)?;
        Ok(Repair { was_open: superblock.is_open() })
    };
    look().map_err(|e: Error| e.in_path(path))
}

/// Takes away the mark that a program left which crashed while it had the file open for writing:
/// other programs refuse such a file. Nothing else is changed, and nothing at all where the file
/// is damaged.
///
/// ```
/// use npstow::{Array, Tree, hdf5};
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("run.h5");
/// hdf5::write(&path, &Tree::new().with("x", Array::from_vec(vec![1u8]))?)?;
/// assert!(!hdf5::repair(&path)?.was_open);
/// # Ok::<(), npstow::Error>(())
/// ```
///
/// # Errors
/// `Corrupt` where the structure of the file is damaged; `Io`.
pub fn repair(path: impl AsRef<Path>) -> Result<Repair> {
    let path = path.as_ref();
    mend(path).map_err(|e| e.in_path(path))
}

fn mend(path: &Path) -> Result<Repair> {
    let failed = |e| Error::io("opening for repair", e);
    let mut file = OpenOptions::new().read(true).write(true).open(path).map_err(failed)?;
    let source: Arc<dyn Source> = Arc::new(FileSource::new(file.try_clone().map_err(failed)?)?);
    let superblock = Superblock::find(&*source)?;
    if !superblock.is_open() {
        return Ok(Repair { was_open: false });
    }
    check(&source, path)?;
    let new = closed(&*source, &superblock)?;
    write(&mut file, superblock.base, &new).map_err(|e| Error::io("repairing", e))?;
    Ok(Repair { was_open: true })
}

/// What is damaged is not to look whole.
fn check(source: &Arc<dyn Source>, path: &Path) -> Result<()> {
    let file = Hdf5::open(Arc::clone(source), path, &Limits::default())?;
    let mut faults = Vec::new();
    file.check(&mut faults);
    for fault in faults {
        if let Fault::Error(e) = fault {
            return Err(e);
        }
    }
    Ok(())
}

/// The superblock without its mark.
fn closed(source: &dyn Source, superblock: &Superblock) -> Result<Vec<u8>> {
    let len = 12 + 4 * usize::from(superblock.sizes.offset);
    let read = source.read(superblock.base, len);
    let mut bytes = read.map_err(|e| Error::io("reading", e).at(superblock.base))?.to_vec();
    if let Some(flags) = bytes.get_mut(FLAGS) {
        *flags = 0;
    }
    let sum = lookup3(&bytes);
    bytes.extend(sum.to_le_bytes());
    Ok(bytes)
}

fn write(file: &mut File, at: u64, bytes: &[u8]) -> std::io::Result<()> {
    file.seek(SeekFrom::Start(at))?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hdf5::{WriteOptions, write_to};
    use crate::{Array, Tree};

    /// A file of version 3 with its mark set, `user` bytes behind its start.
    fn open_file(user: usize) -> Vec<u8> {
        let tree = Tree::new().with("x", Array::from_vec(vec![1u8, 2, 3])).unwrap();
        let mut bytes = Vec::new();
        write_to(&mut bytes, &tree, &WriteOptions::default().latest()).unwrap();
        assert_eq!(bytes[8], 3);
        bytes[FLAGS] = 5;
        let sum = lookup3(&bytes[..44]);
        bytes[44..48].copy_from_slice(&sum.to_le_bytes());
        [vec![b' '; user], bytes].concat()
    }

    #[test]
    fn the_mark_goes_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.h5");
        for user in [0, 512] {
            let before = open_file(user);
            std::fs::write(&path, &before).unwrap();
            assert!(crate::open(&path).unwrap().get("x").is_ok());
            assert!(diagnose(&path).unwrap().was_open);
            assert_eq!(std::fs::read(&path).unwrap(), before);
            assert!(repair(&path).unwrap().was_open);
            let after = std::fs::read(&path).unwrap();
            let changed: Vec<usize> =
                (0..before.len()).filter(|&at| before[at] != after[at]).collect();
            assert!(changed.iter().all(|at| [11, 44, 45, 46, 47].contains(&(at - user))));
            assert!(!repair(&path).unwrap().was_open);
            assert_eq!(crate::open(&path).unwrap().get("x").unwrap().read().unwrap().len(), 3);
        }
    }

    #[test]
    fn what_is_damaged_stays_marked() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.h5");
        let mut bytes = open_file(0);
        // The checksum of the root group.
        let last = bytes.len() - 1;
        bytes.truncate(last);
        std::fs::write(&path, &bytes).unwrap();
        assert!(repair(&path).is_err());
        assert_eq!(std::fs::read(&path).unwrap(), bytes);
        std::fs::write(&path, b"no file of that kind").unwrap();
        assert!(diagnose(&path).is_err() && repair(&path).is_err());
        assert!(repair(dir.path().join("none")).is_err());
    }
}
