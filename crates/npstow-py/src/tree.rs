//! What Python gives to be written, as a tree: arrays, nodes of open files, notes.
#![forbid(unsafe_code)]
// What Python gives is taken out of its objects, and is ours.
#![allow(clippy::needless_pass_by_value)]

use crate::error::raise;
use crate::input::{Memo, array};
use crate::many;
use crate::node::{Node, Noted};
use crate::options::Saving;
use crate::work::{self, WatchedSink};
use npstow::{AtomicFile, Entry, Error, Format, Item, Meta, Notes, Tree, save_to, save_with};
use pyo3::exceptions::PyUserWarning;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::ffi::CString;
use std::path::{Path, PathBuf};

/// Arrays, groups and nodes with their paths, and notes with theirs.
#[derive(FromPyObject)]
pub(crate) struct Given<'py> {
    items: Vec<(String, Bound<'py, PyAny>)>,
    notes: Vec<(String, Noted)>,
}

pub(crate) fn notes((text, names, labels): Noted) -> Notes {
    Notes { meta: Meta::from_text(text), names, labels }
}

impl Given<'_> {
    /// The tree; nothing of a file is read for it.
    pub(crate) fn tree(self) -> PyResult<Tree> {
        let (mut tree, mut memo) = (Tree::new(), Memo::default());
        for (path, given) in &self.items {
            let (item, notes) = item(given, &mut memo)?;
            match item {
                Item::Group(group) if path.is_empty() => tree = group,
                item if path.is_empty() => tree = item.into(),
                item => tree.insert(path, item).map_err(raise)?,
            }
            if let Some(notes) = notes {
                tree.set_notes(path, notes).map_err(raise)?;
            }
        }
        for (path, noted) in self.notes {
            tree.set_notes(&path, notes(noted)).map_err(raise)?;
        }
        Ok(tree)
    }
}

/// What stands under a name, with its notes: a node of a file, an array, or `None`, a group.
fn item<'py>(given: &Bound<'py, PyAny>, memo: &mut Memo<'py>) -> PyResult<(Item, Option<Notes>)> {
    if given.is_none() {
        return Ok((Item::Group(Tree::new()), None));
    }
    let Ok(node) = given.cast::<Node>() else {
        return Ok((Item::Array(memo.array(given)?), None));
    };
    let node = &node.get().0;
    let mut tree = match many::is_light(given.py(), node) {
        true => work::alone(given.py(), || node.to_tree())?,
        false => work::brief(given.py(), || node.to_tree())?,
    };
    crate::node::warn_of_left_out(given.py(), node)?;
    let notes = tree.notes("").cloned();
    // What is alone has no name; a group is the tree itself, notes included.
    Ok(match tree.remove("") {
        Some(item) => (item, notes),
        None => (Item::Group(tree), None),
    })
}

/// Bytes of all arrays, in memory.
pub(crate) fn nbytes(tree: &Tree) -> u64 {
    let size = |(_, item): (String, &Item)| match item {
        Item::Array(array) => array.nbytes() as u64,
        Item::Entry(entry) | Item::Value(entry) => entry.nbytes() as u64,
        _ => 0,
    };
    tree.leaves().into_iter().map(size).sum()
}

/// What it takes to say where an array is, as bytes of another one.
pub(crate) const EACH: u64 = 128;

/// Bytes of all arrays, and what it takes to say where each of them is.
pub(crate) fn effort(tree: &Tree) -> u64 {
    nbytes(tree) + EACH * tree.leaves().len() as u64
}

/// Writes a tree to a path, atomically.
#[pyfunction]
#[pyo3(signature = (path, given, saving, progress=None))]
pub(crate) fn save_tree(
    py: Python<'_>,
    path: PathBuf,
    given: Given<'_>,
    saving: Saving,
    progress: Option<&Bound<'_, PyAny>>,
) -> PyResult<()> {
    let (options, durability) = saving.options().map_err(raise)?;
    let format = saving.format().map_err(raise)?.or_else(|| Format::of_path(&path));
    let is_noted = given.notes.iter().any(|(_, noted)| !notes(noted.clone()).is_empty());
    let tree = given.tree()?;
    if format == Some(Format::Npy) && tree.notes("").is_some() {
        not_kept(py, &path, is_noted)?;
    }
    let is_watched = progress.is_some();
    let total = if is_watched { nbytes(&tree) } else { effort(&tree) };
    work::run(py, total, progress, |watch| {
        let by_name = !matches!(format, Some(Format::Npy | Format::Npz)) || is_scattered(&tree);
        let tree = watch.tree(tree, is_watched || by_name)?;
        match format {
            // These can be stopped wherever they are.
            Some(format) if !by_name => {
                let mut file = AtomicFile::create(&path, durability)?;
                let mut sink = WatchedSink { inner: &mut file, watch };
                save_to(&mut sink, &tree, &options.format(format)).map_err(|e| e.in_path(&path))?;
                file.commit()
            }
            _ => save_with(&path, &tree, &options),
        }
    })
}

/// A `.npy` file has no place for notes: those that were asked for are refused, those of a file
/// that is converted are missed aloud.
fn not_kept(py: Python<'_>, path: &Path, is_asked_for: bool) -> PyResult<()> {
    let what = "metadata, names and labels in the format npy";
    if is_asked_for {
        return Err(raise(Error::unsupported(what).in_path(path)));
    }
    let text = CString::new(format!("{}: left out: {what}", path.display()))?;
    PyErr::warn(py, &py.get_type::<PyUserWarning>(), &text, 1)
}

/// Whether the tree is one array whose elements do not lie back to back: a `.npy` of it is made
/// without a copy by its path only.
fn is_scattered(tree: &Tree) -> bool {
    match tree.get("") {
        Some(Item::Array(array)) => !array.is_c_contiguous() && !array.is_f_contiguous(),
        _ => false,
    }
}

/// Writes notes beside a node of a file.
#[pyfunction]
#[pyo3(signature = (path, name, noted, durability=None))]
pub(crate) fn set_notes(
    py: Python<'_>,
    path: PathBuf,
    name: &str,
    noted: Noted,
    durability: Option<&str>,
) -> PyResult<()> {
    let (notes, durability) =
        (notes(noted), crate::options::durability(durability).map_err(raise)?);
    work::alone(py, || npstow::set_notes(path, name, &notes, durability))
}

/// SHA-256 of the content of an array in memory.
#[pyfunction]
pub(crate) fn digest<'py>(given: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyBytes>> {
    let entry = Entry::try_from(&array(given)?).map_err(raise)?;
    let py = given.py();
    let hash =
        work::run(py, entry.nbytes() as u64, None, |watch| npstow::digest(&watch.entry(&entry)))?;
    Ok(PyBytes::new(py, &hash))
}
