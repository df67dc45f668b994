//! Files changed in place: archives, and arrays that grow.
#![forbid(unsafe_code)]
// What Python gives is taken out of its objects, and is ours.
#![allow(clippy::needless_pass_by_value)]

use crate::error::raise;
use crate::held::Held;
use crate::input::array;
use crate::node::Noted;
use crate::options::{Saving, durability};
use crate::tree::{Given, effort, notes};
use crate::{pool, work};
use npstow::{Appender as Appended, Format, Result, npz};
use pyo3::prelude::*;
use std::path::PathBuf;

/// An archive open for changes.
#[derive(Debug)]
#[pyclass(frozen, module = "npstow._npstow")]
pub(crate) struct Editor(Held<npz::Editor>);

/// An array of a file, open for more rows.
#[derive(Debug)]
#[pyclass(frozen, module = "npstow._npstow")]
pub(crate) struct Appender(Held<Appended>);

#[pymethods]
impl Editor {
    #[new]
    fn new(py: Python<'_>, path: PathBuf, saving: Saving) -> PyResult<Self> {
        let options = saving.npz().map_err(raise)?;
        let editor = work::alone(py, || npz::Editor::open_with(path, &options))?;
        Ok(Self(Held::new(editor)))
    }

    /// Adds a tree beside what is there; what has the name `replaced` goes.
    #[pyo3(signature = (given, replaced=None))]
    fn put(&self, py: Python<'_>, given: Given<'_>, replaced: Option<&str>) -> PyResult<()> {
        let tree = given.tree()?;
        work::run_on(py, effort(&tree), &self.0, |editor, watch| {
            let tree = watch.tree(tree, true)?;
            match replaced {
                Some(name) => editor.replace_tree(name, &tree),
                None => editor.add_tree(&tree),
            }
        })
    }

    fn remove(&self, py: Python<'_>, name: &str) -> PyResult<()> {
        work::alone(py, || self.0.with(|editor| editor.remove(name)))
    }

    fn rename(&self, py: Python<'_>, from: &str, to: &str) -> PyResult<()> {
        work::alone(py, || self.0.with(|editor| editor.rename(from, to)))
    }

    fn set_notes(&self, py: Python<'_>, name: &str, noted: Noted) -> PyResult<()> {
        let notes = notes(noted);
        work::alone(py, || self.0.with(|editor| editor.set_notes(name, &notes)))
    }

    fn commit(&self, py: Python<'_>) -> PyResult<()> {
        work::alone(py, || self.0.take()?.commit())
    }

    /// Takes back what was not committed; does nothing where that was done.
    fn discard(&self, py: Python<'_>) {
        py.detach(|| drop(self.0.take()));
    }

    #[getter]
    fn is_open(&self, py: Python<'_>) -> bool {
        py.detach(|| self.0.is_open())
    }
}

#[pymethods]
impl Appender {
    #[new]
    #[pyo3(signature = (path, durability=None))]
    fn new(py: Python<'_>, path: PathBuf, durability: Option<&str>) -> PyResult<Self> {
        let durability = self::durability(durability).map_err(raise)?;
        let appender = work::alone(py, || Appended::open_with(path, durability))?;
        Ok(Self(Held::new(appender)))
    }

    #[getter]
    fn rows(&self, py: Python<'_>) -> PyResult<usize> {
        work::alone(py, || self.0.with(|appender| Ok(appender.rows())))
    }

    fn push(&self, rows: &Bound<'_, PyAny>) -> PyResult<()> {
        let (py, rows) = (rows.py(), array(rows)?);
        let are_few = rows.nbytes() <= FEW;
        work::alone(py, || self.0.with(|appender| spread(appender, are_few, |it| it.push(&rows))))
    }

    fn commit(&self, py: Python<'_>) -> PyResult<()> {
        work::alone(py, || self.0.with(|appender| spread(appender, true, Appended::commit)))
    }

    /// Commits and closes; says how many rows there are.
    fn finish(&self, py: Python<'_>) -> PyResult<usize> {
        let finish = |appender: &mut Appended| {
            appender.commit()?;
            Ok(appender.rows())
        };
        work::alone(py, || spread(&mut self.0.take()?, true, finish))
    }

    /// Takes back what was not committed; does nothing where that was done.
    fn discard(&self, py: Python<'_>) {
        py.detach(|| drop(self.0.take()));
    }

    #[getter]
    fn is_open(&self, py: Python<'_>) -> bool {
        py.detach(|| self.0.is_open())
    }
}

/// Rows of so many bytes are written by the thread that brings them.
const FEW: usize = 1 << 20;

/// Does something with an appender: on all cores, where rows may be packed, or are many.
fn spread<T: Send>(
    appender: &mut Appended,
    are_few: bool,
    job: impl FnOnce(&mut Appended) -> Result<T> + Send,
) -> Result<T> {
    match appender.format() {
        Format::Npy if are_few => job(appender),
        _ => pool::install(|| job(appender)),
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
