//! One writer at a time.
#![forbid(unsafe_code)]

use std::fs::File;
use std::io;
use std::ops::{Deref, DerefMut};

/// A file that is changed in place, locked against others who do the same; readers are not kept
/// out.
///
/// The lock belongs to the open file, which a forked process holds open as well: closing it here
/// would leave it locked there. So it is given back by name.
#[derive(Debug)]
pub(crate) struct Locked(File);

impl Locked {
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
            Ok(()) | Err(Errno::NOLCK | Errno::NOSYS | Errno::OPNOTSUPP) => Ok(Self(file)),
            Err(e) => Err(e.into()),
        }
    }

    /// Nothing is locked on systems without such locks.
    #[cfg(not(unix))]
    pub(crate) fn new(file: File) -> io::Result<Self> {
        Ok(Self(file))
    }
}

#[cfg(unix)]
impl Drop for Locked {
    fn drop(&mut self) {
        // Where there was no lock, there is none to give back.
        let _ = rustix::fs::flock(&self.0, rustix::fs::FlockOperation::Unlock);
    }
}

impl Deref for Locked {
    type Target = File;

    fn deref(&self) -> &File {
        &self.0
    }
}

impl DerefMut for Locked {
    fn deref_mut(&mut self) -> &mut File {
        &mut self.0
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
}
