//! What is open until it is closed, for one thread at a time.
#![forbid(unsafe_code)]

use npstow::{Error, Result};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Something open, or nothing where it is closed.
#[derive(Debug)]
pub(crate) struct Held<T>(Mutex<Option<T>>);

impl<T> Held<T> {
    pub(crate) fn new(open: T) -> Self {
        Self(Mutex::new(Some(open)))
    }

    /// Does something with it, while other threads wait: not to be called in a thread of the pool.
    ///
    /// # Errors
    /// `Invalid` where it is closed.
    pub(crate) fn with<R>(&self, job: impl FnOnce(&mut T) -> Result<R>) -> Result<R> {
        job(self.lock().as_mut().ok_or_else(closed)?)
    }

    /// Takes it out: it is closed from now on.
    ///
    /// # Errors
    /// `Invalid` where it is closed already.
    pub(crate) fn take(&self) -> Result<T> {
        self.lock().take().ok_or_else(closed)
    }

    pub(crate) fn is_open(&self) -> bool {
        self.lock().is_some()
    }

    fn lock(&self) -> MutexGuard<'_, Option<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn closed() -> Error {
    Error::invalid("it is closed")
}
