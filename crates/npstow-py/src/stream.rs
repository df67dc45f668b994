//! What is written to a file object of Python: made in a thread, written by the caller's.
//!
//! The caller's thread alone calls the object, so that Ctrl-C ends a write that waits (for a pipe
//! that nobody reads), and an object that belongs to a thread stays with it.
#![forbid(unsafe_code)]
// Arguments come from Python by value.
#![allow(clippy::needless_pass_by_value)]

use crate::error::raise;
use crate::pool;
use crate::work::{self, Watch};
use npstow::{Result, Sink};
use pyo3::exceptions::PyBlockingIOError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

/// So much is made before it is written.
const PIECE: usize = 1 << 20;

/// So many pieces wait to be written.
const WAITING: usize = 4;

/// How often a caller with nothing to write looks for signals.
const TICK: Duration = Duration::from_millis(50);

/// Writes what `job` gives, about `nbytes` bytes, to a file object.
pub(crate) fn pour(
    object: &Bound<'_, PyAny>,
    nbytes: u64,
    progress: Option<&Bound<'_, PyAny>>,
    job: impl FnOnce(&mut dyn Sink, &Arc<Watch>) -> Result<()> + Send,
) -> PyResult<()> {
    let py = object.py();
    let watch = Arc::new(Watch::default());
    let writer = Writer::new(object)?;
    if nbytes < PIECE as u64 {
        let made = work::sized(py, nbytes, || collected(|sink| job(sink, &watch)))?;
        writer.write(&made)?;
        return told(progress, nbytes, nbytes);
    }
    let (sender, receiver) = sync_channel(WAITING);
    std::thread::scope(|scope| {
        let make = |sink: &mut dyn Sink| job(sink, &watch);
        let made = scope.spawn(move || pool::install(|| given(sender, make)));
        // Once nobody is there to write it, the next piece fails to be given.
        let written = writer.write_all(receiver, nbytes, progress);
        if written.is_err() {
            watch.stop();
        }
        match py.detach(|| made.join()) {
            Ok(made) => written.and_then(|()| made.map_err(raise)),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })?;
    told(progress, nbytes, nbytes)
}

fn told(progress: Option<&Bound<'_, PyAny>>, done: u64, total: u64) -> PyResult<()> {
    progress.map_or(Ok(()), |progress| progress.call1((done, total)).map(drop))
}

fn collected(job: impl FnOnce(&mut dyn Sink) -> Result<()>) -> Result<Vec<u8>> {
    let mut bytes = Unpatched(Vec::new());
    job(&mut bytes)?;
    Ok(bytes.0)
}

/// Gives pieces to whoever writes them.
fn given(sender: SyncSender<Vec<u8>>, job: impl FnOnce(&mut dyn Sink) -> Result<()>) -> Result<()> {
    let mut pieces = Pieces { sender, piece: Vec::with_capacity(PIECE) };
    job(&mut pieces)?;
    pieces.give().map_err(|e| npstow::Error::io("writing", e))
}

/// Memory that makes the same bytes as a pipe would get.
struct Unpatched(Vec<u8>);

impl Sink for Unpatched {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }
}

struct Pieces {
    sender: SyncSender<Vec<u8>>,
    piece: Vec<u8>,
}

impl Pieces {
    fn give(&mut self) -> io::Result<()> {
        let piece = std::mem::replace(&mut self.piece, Vec::with_capacity(PIECE));
        self.sender.send(piece).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

impl Sink for Pieces {
    fn write_all(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(PIECE - self.piece.len()));
            self.piece.extend_from_slice(now);
            bytes = later;
            if self.piece.len() == PIECE {
                self.give()?;
            }
        }
        Ok(())
    }
}

/// The file object.
struct Writer<'py> {
    write: Bound<'py, PyAny>,
    /// Whether a write may take fewer bytes than it was given, and say so.
    is_raw: bool,
}

impl<'py> Writer<'py> {
    fn new(object: &Bound<'py, PyAny>) -> PyResult<Self> {
        let py = object.py();
        let raw = py.import("io")?.getattr(intern!(py, "RawIOBase"))?;
        let is_raw = object.is_instance(&raw)?;
        Ok(Self { write: object.getattr(intern!(py, "write"))?, is_raw })
    }

    fn write_all(
        &self,
        mut receiver: Receiver<Vec<u8>>,
        total: u64,
        progress: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<()> {
        let py = self.write.py();
        let mut done = 0;
        loop {
            let got;
            (receiver, got) = py.detach(move || {
                let got = receiver.recv_timeout(TICK);
                (receiver, got)
            });
            match got {
                Ok(piece) => {
                    self.write(&piece)?;
                    done += piece.len() as u64;
                    told(progress, done.min(total), total)?;
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
            py.check_signals()?;
        }
    }

    fn write(&self, mut bytes: &[u8]) -> PyResult<()> {
        let py = self.write.py();
        while !bytes.is_empty() {
            let written = self.write.call1((PyBytes::new(py, bytes),))?;
            if !self.is_raw {
                return Ok(());
            }
            if written.is_none() {
                return Err(PyBlockingIOError::new_err("the file takes nothing now"));
            }
            bytes = bytes.get(written.extract::<usize>()?..).unwrap_or_default();
        }
        Ok(())
    }
}
