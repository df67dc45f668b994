//! One writer at a time.
#![forbid(unsafe_code)]

use std::fs::File;
use std::io;

/// Locks a file that is to be changed in place against others who do the same; readers are not
/// kept out.
///
/// # Errors
/// `WouldBlock` where another one has it.
#[cfg(unix)]
pub(crate) fn lock_alone(file: &File) -> io::Result<()> {
    use rustix::fs::{FlockOperation, flock};
    use rustix::io::Errno;
    match flock(file, FlockOperation::NonBlockingLockExclusive) {
        // Network file systems without locks: no worse off than without npstow.
        Ok(()) | Err(Errno::NOLCK | Errno::NOSYS | Errno::OPNOTSUPP) => Ok(()),
        Err(e) => Err(e.into()),
    }
}

/// Nothing is locked on systems without such locks.
#[cfg(not(unix))]
pub(crate) fn lock_alone(_: &File) -> io::Result<()> {
    Ok(())
}
