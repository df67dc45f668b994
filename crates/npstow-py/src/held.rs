//! What is open until it is closed, for one thread at a time.
#![forbid(unsafe_code)]

use npstow::{Error, Result};
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Something open, or nothing where it is closed.
///
/// A child made by `fork` is refused before it waits: a thread that had it at that moment is not
/// there to give it back.
#[derive(Debug)]
pub(crate) struct Held<T> {
    open: Mutex<Option<T>>,
    process: u32,
}

impl<T> Held<T> {
    pub(crate) fn new(open: T) -> Self {
        Self { open: Mutex::new(Some(open)), process: std::process::id() }
    }

    /// Does something with it, while other threads wait: not to be called in a thread of the pool.
    ///
    /// # Errors
    /// `Invalid` where it is closed; `Io` in another process.
    pub(crate) fn with<R>(&self, job: impl FnOnce(&mut T) -> Result<R>) -> Result<R> {
        job(self.lock()?.as_mut().ok_or_else(closed)?)
    }

    /// Takes it out: it is closed from now on.
    ///
    /// # Errors
    /// `Invalid` where it is closed already; `Io` in another process.
    pub(crate) fn take(&self) -> Result<T> {
        self.close()?.ok_or_else(closed)
    }

    /// As [`take`](Self::take), but for nothing where it is closed already.
    ///
    /// # Errors
    /// `Io` in another process.
    pub(crate) fn close(&self) -> Result<Option<T>> {
        Ok(self.lock()?.take())
    }

    /// Whether it is open; in another process, too, so that who goes on there is refused.
    pub(crate) fn is_open(&self) -> bool {
        self.lock().map_or(true, |open| open.is_some())
    }

    fn lock(&self) -> Result<MutexGuard<'_, Option<T>>> {
        let (began, own) = (self.process, std::process::id());
        if began != own {
            let e =
                format!("process {began} began this, and only it can go on; this is process {own}");
            return Err(Error::io("going on", io::Error::other(e)));
        }
        Ok(self.open.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn closed() -> Error {
    Error::invalid("it is closed")
}
