//! Files changed in place: archives, and arrays that grow.
#![forbid(unsafe_code)]
// What Python gives is taken out of its objects, and is ours.
#![allow(clippy::needless_pass_by_value)]

use crate::error::raise;
use crate::input::array;
use crate::node::Noted;
use crate::options::{Saving, durability};
use crate::tree::{Given, nbytes, notes};
use crate::work;
use npstow::{Error, ErrorKind, Format, Result, npz};
use pyo3::prelude::*;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// An archive open for changes.
#[derive(Debug)]
#[pyclass(frozen, module = "npstow._npstow")]
pub(crate) struct Editor(Mutex<Option<npz::Editor>>);

/// An array of a file, open for more rows.
#[derive(Debug)]
#[pyclass(frozen, module = "npstow._npstow")]
pub(crate) struct Appender(Mutex<Option<npstow::Appender>>);

fn lock<T>(held: &Mutex<T>) -> MutexGuard<'_, T> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}

fn closed() -> Error {
    Error::invalid("it is closed")
}

#[pymethods]
impl Editor {
    #[new]
    fn new(py: Python<'_>, path: PathBuf, saving: Saving) -> PyResult<Self> {
        let options = saving.npz().map_err(raise)?;
        let editor = work::brief(py, || npz::Editor::open_with(path, &options))?;
        Ok(Self(Mutex::new(Some(editor))))
    }

    /// Adds a tree beside what is there; what has the name `replaced` goes.
    #[pyo3(signature = (given, replaced=None))]
    fn put(&self, py: Python<'_>, given: Given<'_>, replaced: Option<&str>) -> PyResult<()> {
        let tree = given.tree()?;
        work::run(py, nbytes(&tree), None, |watch| {
            let tree = watch.tree(tree, true)?;
            self.with(|editor| {
                match replaced.map(|name| editor.remove(name)) {
                    Some(Err(e)) if e.kind() != ErrorKind::NotFound => return Err(e),
                    _ => {}
                }
                editor.add_tree(&tree)
            })
        })
    }

    fn remove(&self, py: Python<'_>, name: &str) -> PyResult<()> {
        work::brief(py, || self.with(|editor| editor.remove(name)))
    }

    fn rename(&self, py: Python<'_>, from: &str, to: &str) -> PyResult<()> {
        work::brief(py, || self.with(|editor| editor.rename(from, to)))
    }

    fn set_notes(&self, py: Python<'_>, name: &str, noted: Noted) -> PyResult<()> {
        let notes = notes(noted);
        work::brief(py, || self.with(|editor| editor.set_notes(name, &notes)))
    }

    fn commit(&self, py: Python<'_>) -> PyResult<()> {
        work::brief(py, || lock(&self.0).take().ok_or_else(closed)?.commit())
    }

    /// Takes back what was not committed; does nothing where that was done.
    fn discard(&self, py: Python<'_>) {
        py.detach(|| drop(lock(&self.0).take()));
    }

    #[getter]
    fn is_open(&self, py: Python<'_>) -> bool {
        py.detach(|| lock(&self.0).is_some())
    }
}

impl Editor {
    fn with<T>(&self, change: impl FnOnce(&mut npz::Editor) -> Result<T>) -> Result<T> {
        change(lock(&self.0).as_mut().ok_or_else(closed)?)
    }
}

#[pymethods]
impl Appender {
    #[new]
    #[pyo3(signature = (path, durability=None))]
    fn new(py: Python<'_>, path: PathBuf, durability: Option<&str>) -> PyResult<Self> {
        let durability = self::durability(durability).map_err(raise)?;
        let appender = work::brief(py, || npstow::Appender::open_with(path, durability))?;
        Ok(Self(Mutex::new(Some(appender))))
    }

    #[getter]
    fn rows(&self, py: Python<'_>) -> PyResult<usize> {
        work::alone(py, || self.with(|appender| Ok(appender.rows())))
    }

    fn push(&self, rows: &Bound<'_, PyAny>) -> PyResult<()> {
        let (py, rows) = (rows.py(), array(rows)?);
        let push = |appender: &mut npstow::Appender| appender.push(&rows);
        // What is large, or packed, wants all cores.
        let is_light = |appender: &npstow::Appender| {
            appender.format() == Format::Npy && rows.nbytes() <= LIGHT
        };
        let pushed = work::alone(py, || {
            self.with(|appender| is_light(appender).then(|| push(appender)).transpose())
        })?;
        match pushed {
            Some(()) => Ok(()),
            None => work::brief(py, || self.with(push)),
        }
    }

    fn commit(&self, py: Python<'_>) -> PyResult<()> {
        work::brief(py, || self.with(npstow::Appender::commit))
    }

    /// Commits and closes; says how many rows there are.
    fn finish(&self, py: Python<'_>) -> PyResult<usize> {
        work::brief(py, || lock(&self.0).take().ok_or_else(closed)?.finish())
    }

    /// Takes back what was not committed; does nothing where that was done.
    fn discard(&self, py: Python<'_>) {
        py.detach(|| drop(lock(&self.0).take()));
    }

    #[getter]
    fn is_open(&self, py: Python<'_>) -> bool {
        py.detach(|| lock(&self.0).is_some())
    }
}

/// Rows of so many bytes are written by the thread that brings them.
const LIGHT: usize = 1 << 20;

impl Appender {
    fn with<T>(&self, change: impl FnOnce(&mut npstow::Appender) -> Result<T>) -> Result<T> {
        change(lock(&self.0).as_mut().ok_or_else(closed)?)
    }
}

/// Writes an archive anew without what was replaced or removed; says how long it was and is.
#[pyfunction]
#[pyo3(signature = (path, durability=None))]
pub(crate) fn compact(
    py: Python<'_>,
    path: PathBuf,
    durability: Option<&str>,
) -> PyResult<(u64, u64)> {
    let durability = self::durability(durability).map_err(raise)?;
    let done = work::brief(py, || npz::compact(path, durability))?;
    Ok((done.before, done.after))
}
