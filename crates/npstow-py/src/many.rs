//! All arrays below a node, into memory that may be written to.
#![forbid(unsafe_code)]

use crate::memory::Memory;
use crate::value::{Wishes, make};
use crate::{output, work};
use npstow::{Dtype, Node, NodeKind, Result, Slot};
use pyo3::exceptions::{PyIndexError, PyKeyError};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::collections::HashMap;
use std::path::Path;
use std::{fs, io};

/// All arrays and values below a group, as a dictionary of arrays and dictionaries. Small ones
/// share memory, which lives as long as any of them.
pub(crate) fn all<'py>(
    py: Python<'py>,
    node: &Node,
    progress: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyDict>> {
    // How much there is to do is known only where all was described: that takes its own reading.
    let total = match progress {
        Some(_) => work::brief(py, || nbytes(node))?,
        // What is in few bytes may be packed, or lie in other files.
        None if is_light(py, node) => work::alone(py, || nbytes(node))?,
        None => work::UNKNOWN,
    };
    let (nodes, mut loaded) = work::run(py, total, progress, |watch| node.load_own(&watch.wrap()))?;
    crate::node::warn_of_left_out(py, node)?;
    let objects = std::mem::take(&mut loaded.objects);
    let mut leaves = made(py, loaded)?;
    if !objects.is_empty() {
        leaves = with_objects(py, node, (&nodes, leaves), &objects)?;
    }
    nested(py, &nodes, leaves)
}

/// The arrays with the objects among them, each in its place.
fn with_objects<'py>(
    py: Python<'py>,
    node: &Node,
    (nodes, arrays): (&[(String, NodeKind)], Vec<Bound<'py, PyAny>>),
    objects: &[(usize, npstow::Value)],
) -> PyResult<Vec<Bound<'py, PyAny>>> {
    let paths: Vec<&str> = nodes
        .iter()
        .filter_map(|(path, kind)| (*kind != NodeKind::Group).then_some(path.as_str()))
        .collect();
    let mut wishes = Wishes::of(node);
    let (mut leaves, mut arrays) = (Vec::with_capacity(paths.len()), arrays.into_iter());
    for (at, value) in objects {
        leaves.extend(arrays.by_ref().take(at.saturating_sub(leaves.len())));
        let below = paths.get(*at).copied().unwrap_or_default();
        wishes.member = match node.name() {
            "" => below.to_owned(),
            name => format!("{name}/{below}"),
        };
        leaves.push(make(py, value, &wishes, None)?);
    }
    leaves.extend(arrays);
    Ok(leaves)
}

/// Whether the file is so short that one thread has described all that is in it before another is
/// awake.
pub(crate) fn is_light(py: Python<'_>, node: &Node) -> bool {
    let path = node.file().path();
    py.detach(|| stored_len(path)).is_ok_and(|len| len.is_some_and(|len| len < work::LIGHT))
}

/// Bytes of a file, or of the few ones of a folder that has no others in it.
fn stored_len(path: &Path) -> io::Result<Option<u64>> {
    const FEW: usize = 16;
    let about = fs::metadata(path)?;
    if !about.is_dir() {
        return Ok(about.is_file().then_some(about.len()));
    }
    let mut total = 0;
    for (count, file) in fs::read_dir(path)?.enumerate() {
        let about = file?.metadata()?;
        if count >= FEW || !about.is_file() {
            return Ok(None);
        }
        total += about.len();
    }
    Ok(Some(total))
}

/// What is below a group: paths, groups in front of what is in them, and what is no group.
fn nested<'py>(
    py: Python<'py>,
    nodes: &[(String, NodeKind)],
    arrays: Vec<Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyDict>> {
    let (tree, mut groups, mut arrays) = (PyDict::new(py), HashMap::new(), arrays.into_iter());
    // What is in a group mostly follows one another.
    let mut last = ("", tree.clone());
    for (path, kind) in nodes {
        let (above, step) = path.rsplit_once('/').unwrap_or(("", path));
        if above != last.0 {
            let group = if above.is_empty() { Some(&tree) } else { groups.get(above) };
            last = (above, group.ok_or_else(|| PyKeyError::new_err(path.clone()))?.clone());
        }
        if *kind == NodeKind::Group {
            let group = PyDict::new(py);
            last.1.set_item(step, &group)?;
            groups.insert(path.as_str(), group);
        } else {
            last.1.set_item(step, arrays.next())?;
        }
    }
    Ok(tree)
}

/// The arrays that were loaded.
pub(crate) fn made(py: Python<'_>, loaded: npstow::Loaded) -> PyResult<Vec<Bound<'_, PyAny>>> {
    let own = |memory| Bound::new(py, Memory::own(memory));
    let memories = loaded.memories.into_iter().map(own).collect::<PyResult<Vec<_>>>()?;
    let (mut arrays, mut rest) = (Vec::with_capacity(loaded.slots.len()), &loaded.slots[..]);
    while let Some(slot) = rest.first() {
        let memory = memories.get(slot.memory).ok_or_else(|| PyIndexError::new_err("memory"))?;
        let (count, step) = alike(rest);
        if count > 1 {
            output::made_alike(py, slot, (count, step), memory, &mut arrays)?;
        } else {
            let (shape, order, offset) = (&slot.shape, slot.order, slot.offset);
            arrays.push(output::made(py, &slot.dtype, shape, order, memory, offset)?);
        }
        rest = rest.get(count..).unwrap_or_default();
    }
    Ok(arrays)
}

/// How many axes an array of any NumPy may have.
const MOST_AXES: usize = 32;

/// How many of the first ones differ in nothing but where they are, at equal distances, and that
/// distance. They are the parts of one array with another axis, if they are such: an element is no
/// array, and a subarray adds axes of its own.
fn alike(slots: &[Slot]) -> (usize, usize) {
    let step = match slots {
        [first, second, ..] => second.offset.checked_sub(first.offset).filter(|&step| step > 0),
        _ => None,
    };
    let is_part = |slot: &Slot| {
        (1..MOST_AXES).contains(&slot.shape.len()) && !matches!(slot.dtype, Dtype::Array(..))
    };
    let (Some(step), true) = (step, slots.first().is_some_and(is_part)) else { return (1, 0) };
    let follows = |pair: &&[Slot]| match pair {
        [a, b] => {
            (a.memory, a.order) == (b.memory, b.order)
                && a.offset.checked_add(step) == Some(b.offset)
                && a.shape == b.shape
                && a.dtype == b.dtype
        }
        _ => false,
    };
    (1 + slots.windows(2).take_while(follows).count(), step)
}

/// Bytes of all arrays and values at and below a node.
fn nbytes(node: &Node) -> Result<u64> {
    let tree = node.to_data_tree()?;
    Ok(crate::tree::nbytes(&tree))
}
