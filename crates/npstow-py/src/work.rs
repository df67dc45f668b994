//! Long work: without the interpreter's lock, on all cores, stopped by Ctrl-C, with progress told.
//!
//! Python runs the handlers of signals in its main thread only, and only there can they stop what
//! goes on. So long work goes to a thread of its own, while the caller's waits, looks for signals,
//! and tells how far it is. What reads and writes asks between pieces whether to go on.
#![forbid(unsafe_code)]

use crate::error::raise;
use crate::held::Held;
use crate::pool;
use npstow::{Array, Buffer, Entry, Item, Result, Sink, Source, Tree};
use pyo3::prelude::*;
use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// Work on fewer bytes is over before anybody would want to stop it.
const LONG: u64 = 32 << 20;

/// Work on fewer bytes is done before another thread is awake.
pub(crate) const LIGHT: u64 = 64 << 10;

/// As many bytes, where nobody knows how many.
pub(crate) const UNKNOWN: u64 = u64::MAX;

/// How often a long piece of work is looked after.
const TICK: Duration = Duration::from_millis(50);

/// Bytes that are read or written between two questions whether to go on.
const PIECE: usize = 8 << 20;

/// Whether to go on, and how far it is.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    is_stopped: AtomicBool,
    total: AtomicU64,
    done: AtomicU64,
}

/// Does a piece of work that keeps to its thread: where it is not long, no other one is woken.
pub(crate) fn run_alone<T: Send>(
    py: Python<'_>,
    nbytes: u64,
    job: impl FnOnce(&Arc<Watch>) -> Result<T> + Send,
) -> PyResult<T> {
    if nbytes < LONG {
        return alone(py, || job(&Arc::default()));
    }
    run(py, nbytes, None, job)
}

/// Does a piece of work on about `nbytes` bytes.
///
/// `progress` is called with the bytes done and the bytes there are to do; what it raises stops
/// the work.
pub(crate) fn run<T: Send>(
    py: Python<'_>,
    nbytes: u64,
    progress: Option<&Bound<'_, PyAny>>,
    job: impl FnOnce(&Arc<Watch>) -> Result<T> + Send,
) -> PyResult<T> {
    if progress.is_none() && nbytes < LIGHT {
        return alone(py, || job(&Arc::default()));
    }
    run_outside(py, nbytes, progress, |watch| pool::install(|| job(watch)))
}

/// Does a piece of work on what other threads may have this moment; see [`run`].
///
/// A thread of the pool that waits for its helpers does other work of the pool meanwhile: would
/// that wait for what the thread holds, it waited for ever. So it is held by no thread of the pool.
pub(crate) fn run_on<T: Send, R: Send>(
    py: Python<'_>,
    nbytes: u64,
    held: &Held<T>,
    job: impl FnOnce(&mut T, &Arc<Watch>) -> Result<R> + Send,
) -> PyResult<R> {
    if nbytes < LIGHT {
        return alone(py, || held.with(|open| job(open, &Arc::default())));
    }
    run_outside(py, nbytes, None, |watch| held.with(|open| pool::install(|| job(open, watch))))
}

fn run_outside<T: Send>(
    py: Python<'_>,
    nbytes: u64,
    progress: Option<&Bound<'_, PyAny>>,
    job: impl FnOnce(&Arc<Watch>) -> Result<T> + Send,
) -> PyResult<T> {
    let watch = Arc::new(Watch::default());
    watch.total.store(nbytes, Ordering::Relaxed);
    if progress.is_none() && nbytes < LONG {
        return py.detach(|| job(&watch)).map_err(raise);
    }
    let progress = progress.map(|callable| callable.clone().unbind());
    let (done, raised) = py.detach(|| wait_for(&watch, progress.as_ref(), job));
    if let Some(raised) = raised {
        return Err(raised);
    }
    let done = done.map_err(raise)?;
    if let Some(progress) = progress {
        let total = watch.total.load(Ordering::Relaxed);
        progress.call1(py, (total, total))?;
    }
    Ok(done)
}

/// Does a short piece of work that may want all cores: on descriptions, on small files.
pub(crate) fn brief<T: Send>(
    py: Python<'_>,
    job: impl FnOnce() -> Result<T> + Send,
) -> PyResult<T> {
    py.detach(|| pool::install(job)).map_err(raise)
}

/// Does a piece of work on `nbytes` bytes that goes on to its end, whatever happens.
pub(crate) fn sized<T: Send>(
    py: Python<'_>,
    nbytes: u64,
    job: impl FnOnce() -> Result<T> + Send,
) -> PyResult<T> {
    if nbytes < LIGHT { alone(py, job) } else { brief(py, job) }
}

/// Does a short piece of work that one core does alone, without waking another. The interpreter's
/// lock is not held: what is waited for may be another thread.
pub(crate) fn alone<T: Send>(
    py: Python<'_>,
    job: impl FnOnce() -> Result<T> + Send,
) -> PyResult<T> {
    py.detach(|| npstow::alone(job)).map_err(raise)
}

/// The work in a thread, and what a signal's handler or `progress` has raised meanwhile.
fn wait_for<T: Send>(
    watch: &Arc<Watch>,
    progress: Option<&Py<PyAny>>,
    job: impl FnOnce(&Arc<Watch>) -> Result<T> + Send,
) -> (Result<T>, Option<PyErr>) {
    std::thread::scope(|scope| {
        let (sender, receiver) = channel();
        let working = scope.spawn(move || {
            let done = job(watch);
            // The receiver lives until the work is over.
            let _ = sender.send(());
            done
        });
        let mut raised = None;
        while let Err(RecvTimeoutError::Timeout) = receiver.recv_timeout(TICK) {
            if raised.is_none() {
                raised = Python::attach(|py| watch.look_after(py, progress)).err();
                watch.is_stopped.store(raised.is_some(), Ordering::Relaxed);
            }
        }
        match working.join() {
            Ok(done) => (done, raised),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

impl Watch {
    fn look_after(&self, py: Python<'_>, progress: Option<&Py<PyAny>>) -> PyResult<()> {
        py.check_signals()?;
        let Some(progress) = progress else { return Ok(()) };
        let total = self.total.load(Ordering::Relaxed);
        let done = self.done.load(Ordering::Relaxed).min(total);
        progress.call1(py, (done, total)).map(drop)
    }

    /// Fails where the work is to stop.
    fn go_on(&self) -> io::Result<()> {
        match self.is_stopped.load(Ordering::Relaxed) {
            true => Err(io::Error::other("stopped")),
            false => Ok(()),
        }
    }

    /// The same array, read under watch.
    pub(crate) fn entry(self: &Arc<Self>, entry: &Entry) -> Entry {
        entry.through(&|source| Arc::new(Watched { inner: source, watch: Arc::clone(self) }))
    }

    /// What makes watched sources of others; neighbours in a source are still told to be so.
    pub(crate) fn wrap(self: &Arc<Self>) -> impl Fn(Arc<dyn Source>) -> Arc<dyn Source> {
        let known = Known::default();
        move |source| known.watched(source, self)
    }

    /// The same tree, whose arrays are read under watch. Where `all`, those in memory are so, too,
    /// at the price of a copy of each piece.
    pub(crate) fn tree(self: &Arc<Self>, tree: Tree, all: bool) -> Result<Tree> {
        let known = Known::default();
        let wrap = |source| known.watched(source, self);
        tree.map(&mut |item| match item {
            Item::Entry(entry) => Ok(Item::Entry(entry.through(&wrap))),
            Item::Value(entry) => Ok(Item::Value(entry.through(&wrap))),
            Item::Array(array) if all => self.array(array),
            other => Ok(other),
        })
    }

    /// An array in memory, read under watch where it is large: at the price of a copy of each
    /// piece.
    pub(crate) fn array(self: &Arc<Self>, array: Array) -> Result<Item> {
        if !is_packed(&array) {
            return Ok(Item::Array(array));
        }
        let copied = |source| -> Arc<dyn Source> {
            Arc::new(Copied(Watched { inner: source, watch: Arc::clone(self) }))
        };
        Ok(Item::Entry(Entry::try_from(&array)?.through(&copied)))
    }

    /// Makes the work stop at its next piece.
    pub(crate) fn stop(&self) {
        self.is_stopped.store(true, Ordering::Relaxed);
    }
}

/// The sources that are watched already, by where they are in memory.
#[derive(Default)]
struct Known(RefCell<HashMap<usize, Arc<Watched>>>);

impl Known {
    fn watched(&self, source: Arc<dyn Source>, watch: &Arc<Watch>) -> Arc<dyn Source> {
        let identity = Arc::as_ptr(&source).cast::<u8>() as usize;
        let mut known = self.0.borrow_mut();
        let watched = || Arc::new(Watched { inner: source, watch: Arc::clone(watch) });
        let watched: Arc<Watched> = Arc::clone(known.entry(identity).or_insert_with(watched));
        watched
    }
}

/// Large enough to be watched, and as it would be written.
fn is_packed(array: &Array) -> bool {
    array.nbytes() > PIECE && (array.is_c_contiguous() || array.is_f_contiguous())
}

/// A source that asks whether to go on.
#[derive(Debug)]
struct Watched {
    inner: Arc<dyn Source>,
    watch: Arc<Watch>,
}

impl Source for Watched {
    fn len(&self) -> u64 {
        self.inner.len()
    }

    fn read_into(&self, offset: u64, dst: &mut [u8]) -> io::Result<()> {
        let mut at = offset;
        // What is empty is asked for, too.
        if dst.is_empty() {
            return self.inner.read_into(at, dst);
        }
        for piece in dst.chunks_mut(PIECE) {
            self.watch.go_on()?;
            self.inner.read_into(at, piece)?;
            at += piece.len() as u64;
            self.watch.done.fetch_add(piece.len() as u64, Ordering::Relaxed);
        }
        Ok(())
    }

    fn read(&self, offset: u64, len: usize) -> io::Result<Buffer> {
        self.watch.go_on()?;
        let bytes = self.inner.read(offset, len)?;
        self.watch.done.fetch_add(len as u64, Ordering::Relaxed);
        Ok(bytes)
    }

    fn view(&self, offset: u64, len: usize) -> Result<Buffer> {
        self.inner.view(offset, len)
    }

    fn in_memory(&self) -> Option<&[u8]> {
        self.inner.in_memory()
    }
}

/// A source in memory that does not say so: its bytes are asked for piece by piece.
#[derive(Debug)]
struct Copied(Watched);

impl Source for Copied {
    fn len(&self) -> u64 {
        self.0.len()
    }

    fn read_into(&self, offset: u64, dst: &mut [u8]) -> io::Result<()> {
        self.0.read_into(offset, dst)
    }

    fn view(&self, offset: u64, len: usize) -> Result<Buffer> {
        self.0.view(offset, len)
    }
}

/// A sink that asks whether to go on.
pub(crate) struct WatchedSink<'a> {
    pub(crate) inner: &'a mut dyn Sink,
    pub(crate) watch: &'a Watch,
}

impl Sink for WatchedSink<'_> {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        for piece in bytes.chunks(PIECE) {
            self.watch.go_on()?;
            self.inner.write_all(piece)?;
        }
        Ok(())
    }

    fn reserve(&mut self, len: u64) -> io::Result<()> {
        self.inner.reserve(len)
    }

    fn patch(&mut self, offset: u64, bytes: &[u8]) -> Option<io::Result<()>> {
        self.inner.patch(offset, bytes)
    }

    fn can_patch(&self) -> bool {
        self.inner.can_patch()
    }
}
