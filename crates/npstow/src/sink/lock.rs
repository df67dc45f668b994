//! One writer at a time.
#![forbid(unsafe_code)]

use super::Owner;
use crate::{Error, Result};
use std::fs::{File, OpenOptions};
use std::io;
use std::ops::Deref;
use std::path::Path;

/// A file that is changed in place, locked against others who do the same; readers are not kept
/// out.
///
/// The lock belongs to the open file, which a forked process holds open as well: closing it here
/// would leave it locked there. So it is given back by name, and only by the process that locked
/// it; the other one changes nothing.
#[derive(Debug)]
pub(crate) struct Locked {
    file: File,
    owner: Owner,
}

fn looking(e: io::Error) -> Error {
    Error::io("looking whether the file is still there", e)
}

/// How often a file that was replaced is opened again: who meets so many is told.
const ATTEMPTS: usize = 10;

impl Locked {
    /// Opens the file at a path for reading and writing, and locks it. It is the one that is at
    /// the path once it is locked: another writer may put a new file there between the two, and
    /// what is then written to the old one would be gone with it.
    ///
    /// # Errors
    /// `Io`, also where another writer has it.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        Self::open_by(path, || OpenOptions::new().read(true).write(true).open(path))
    }

    fn open_by(path: &Path, mut open: impl FnMut() -> io::Result<File>) -> Result<Self> {
        for _ in 0..ATTEMPTS {
            let file = open().map_err(|e| Error::io("opening for change", e))?;
            let locked = Self::new(file);
            let locked =
                locked.map_err(|e| Error::io("locking the file against other writers", e))?;
            if locked.is_at(path).map_err(looking)? {
                return Ok(locked);
            }
        }
        Err(Error::io("opening for change", io::Error::other("it is replaced again and again")))
    }

    fn of(file: File) -> Self {
        Self { file, owner: Owner::new() }
    }

    /// The file, to change it.
    ///
    /// # Errors
    /// In a process that has it from the one that locked it.
    pub(crate) fn changed(&mut self) -> io::Result<&mut File> {
        self.owner.check()?;
        Ok(&mut self.file)
    }

    /// An error where the path stands for another file by now, or for none: what is written to
    /// this one is lost.
    pub(crate) fn still_at(&self, path: &Path) -> Result<()> {
        match self.is_at(path) {
            Ok(true) => Ok(()),
            Ok(false) => Err(looking(io::Error::other("another one has taken its place"))),
            Err(e) => Err(looking(e)),
        }
    }

    #[cfg(unix)]
    fn is_at(&self, path: &Path) -> io::Result<bool> {
        use std::os::unix::fs::MetadataExt;
        let (ours, there) = (self.metadata()?, path.metadata()?);
        Ok((ours.dev(), ours.ino()) == (there.dev(), there.ino()))
    }

    /// Files that are open are not replaced there.
    #[cfg(not(unix))]
    fn is_at(&self, _: &Path) -> io::Result<bool> {
        Ok(true)
    }

    /// Locks the file.
    ///
    /// # Errors
    /// `WouldBlock` where another writer has it.
    #[cfg(unix)]
    pub(crate) fn new(file: File) -> io::Result<Self> {
        use rustix::fs::{FlockOperation, flock};
        use rustix::io::Errno;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            // Network file systems without locks: no worse off than without npstow.
            Ok(()) | Err(Errno::NOLCK | Errno::NOSYS | Errno::OPNOTSUPP) => Ok(Self::of(file)),
            Err(Errno::AGAIN) => {
                let what = "another program is changing it";
                Err(io::Error::new(io::ErrorKind::WouldBlock, what))
            }
            Err(e) => Err(e.into()),
        }
    }

    /// Nothing is locked on systems without such locks.
    #[cfg(not(unix))]
    pub(crate) fn new(file: File) -> io::Result<Self> {
        Ok(Self::of(file))
    }
}

#[cfg(unix)]
impl Drop for Locked {
    fn drop(&mut self) {
        if self.owner.is_here() {
            // Where there was no lock, there is none to give back.
            let _ = rustix::fs::flock(&self.file, rustix::fs::FlockOperation::Unlock);
        }
    }
}

impl Deref for Locked {
    type Target = File;

    fn deref(&self) -> &File {
        &self.file
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn the_lock_is_not_kept_by_who_has_the_file_open_too() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        let first = Locked::new(File::create(&path).unwrap()).unwrap();
        // As a process has it that was forked meanwhile.
        let clone = first.try_clone().unwrap();
        let e = Locked::new(File::open(&path).unwrap()).unwrap_err();
        assert_eq!(e.kind(), io::ErrorKind::WouldBlock);
        drop(first);
        Locked::new(File::open(&path).unwrap()).unwrap();
        drop(clone);
    }

    #[test]
    fn a_forked_process_changes_nothing_and_gives_no_lock_back() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        let first = Locked::new(File::create(&path).unwrap()).unwrap();
        let file = first.try_clone().unwrap();
        let mut forked = Locked { file, owner: Owner::parent() };
        let e = forked.changed().unwrap_err();
        assert!(e.to_string().contains("only it can go on"), "{e}");
        drop(forked);
        assert!(Locked::new(File::open(&path).unwrap()).is_err());
        drop(first);
        Locked::new(File::open(&path).unwrap()).unwrap();
    }

    #[test]
    fn what_is_locked_is_what_the_path_stands_for() {
        let dir = tempfile::tempdir().unwrap();
        let (path, new) = (dir.path().join("f"), dir.path().join("new"));
        // Opens the file, and another one takes its place before it is locked, so many times.
        let open = |times: usize| {
            std::fs::write(&path, b"old").unwrap();
            let mut left = times;
            Locked::open_by(&path, || {
                let file = File::open(&path)?;
                if left > 0 {
                    left -= 1;
                    std::fs::write(&new, b"new one")?;
                    std::fs::rename(&new, &path)?;
                }
                Ok(file)
            })
        };
        for (times, len) in [(0, 3), (1, 7), (ATTEMPTS - 1, 7)] {
            let file = open(times).unwrap();
            assert_eq!(file.metadata().unwrap().len(), len, "{times}");
            file.still_at(&path).unwrap();
        }
        assert!(open(ATTEMPTS).is_err());
        let file = Locked::open(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert!(file.still_at(&path).is_err());
    }
}
