//! All arrays below a node, into memory that may be written to.
#![forbid(unsafe_code)]

use crate::memory::Memory;
use crate::{output, work};
use npstow::{Node, NodeKind, Result, Slot};
use pyo3::exceptions::PyIndexError;
use pyo3::prelude::*;

/// Arrays by their paths, and `None` for groups.
pub(crate) type Loaded<'py> = Vec<(String, Option<Bound<'py, PyAny>>)>;

/// All arrays and values at and below the node, by their paths from there, and `None` for groups,
/// in front of what is in them. Small ones share memory, which lives as long as any of them.
pub(crate) fn all<'py>(
    py: Python<'py>,
    node: &Node,
    progress: Option<&Bound<'py, PyAny>>,
) -> PyResult<Loaded<'py>> {
    // How much there is to do is known only where all was described: that takes its own reading.
    let total = match progress {
        Some(_) => work::brief(py, || nbytes(node))?,
        None => work::UNKNOWN,
    };
    let (nodes, loaded) = work::run(py, total, progress, |watch| node.load_own(&watch.wrap()))?;
    crate::node::warn_of_left_out(py, node)?;
    let mut made = made(py, loaded)?.into_iter();
    let mut array = |kind| if kind == NodeKind::Group { None } else { made.next() };
    Ok(nodes.into_iter().map(|(path, kind)| (path, array(kind))).collect())
}

/// The arrays that were loaded.
pub(crate) fn made(py: Python<'_>, loaded: npstow::Loaded) -> PyResult<Vec<Bound<'_, PyAny>>> {
    let own = |memory| Bound::new(py, Memory::own(memory));
    let memories = loaded.memories.into_iter().map(own).collect::<PyResult<Vec<_>>>()?;
    let array = |slot: Slot| {
        let memory = memories.get(slot.memory).ok_or_else(|| PyIndexError::new_err("memory"))?;
        output::made(py, &slot.dtype, &slot.shape, slot.order, memory, slot.offset)
    };
    loaded.slots.into_iter().map(array).collect()
}

/// Bytes of all arrays and values at and below a node.
fn nbytes(node: &Node) -> Result<u64> {
    let tree = node.to_data_tree()?;
    Ok(crate::tree::nbytes(&tree))
}
