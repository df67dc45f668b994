//! Named places in an open file.

use crate::call::{ErrorOut, Text, c_string, done, look, make, need, put, slice_mut};
use crate::error::NpstowStatus;
use crate::file::NpstowFile;
use crate::meta::NpstowMeta;
use crate::options::{NpstowOrder, order_number};
use crate::strings::NpstowStrings;
use crate::tree::NpstowTree;
use crate::value::NpstowValue;
use npstow::trees::Glob;
use npstow::{Data, Entry, Error, MemoryOrder, Node, NodeKind, Result};
use std::ffi::{CString, c_char};
use std::ptr;
use std::sync::OnceLock;

/// What a name stands for: one of `NPSTOW_NODE_…`.
pub type NpstowNodeKind = i32;
/// More names.
pub const NPSTOW_NODE_GROUP: NpstowNodeKind = 0;
/// An array.
pub const NPSTOW_NODE_ARRAY: NpstowNodeKind = 1;
/// Bytes that are no array; described and read as an array of bytes.
pub const NPSTOW_NODE_VALUE: NpstowNodeKind = 2;

/// A group, an array or a value of an open file, of which nothing is read until it is asked for.
/// It may be used by several threads at once, and keeps its file open.
pub struct NpstowNode {
    pub(crate) node: Node,
    name: CString,
    descr: OnceLock<CString>,
    /// Kept, because each question about the array would read its header again.
    entry: OnceLock<Entry>,
}

impl NpstowNode {
    pub(crate) fn boxed(node: Node) -> Box<Self> {
        let name = c_string(node.name());
        Box::new(Self { node, name, descr: OnceLock::new(), entry: OnceLock::new() })
    }
}

pub(crate) fn kind_number(kind: NodeKind) -> NpstowNodeKind {
    match kind {
        NodeKind::Group => NPSTOW_NODE_GROUP,
        NodeKind::Array => NPSTOW_NODE_ARRAY,
        _ => NPSTOW_NODE_VALUE,
    }
}

/// The node under a slash path from here.
fn below(node: &Node, path: &str) -> Result<Node> {
    match node.name() {
        "" => node.file().get(path),
        name if path.is_empty() => node.file().get(name),
        name => node.file().get(&format!("{name}/{path}")),
    }
}

pub(crate) fn entry(node: Option<&NpstowNode>) -> Result<Entry> {
    let node = need(node, "node")?;
    if let Some(entry) = node.entry.get() {
        return Ok(entry.clone());
    }
    let entry = node.node.entry()?;
    Ok(node.entry.get_or_init(|| entry).clone())
}

/// Another handle of the same node; NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_node_clone(node: Option<&NpstowNode>) -> Option<Box<NpstowNode>> {
    look(None, || node.map(|node| NpstowNode::boxed(node.node.clone())))
}

/// Frees a handle of a node.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_node_free(node: Option<Box<NpstowNode>>) {
    look((), || drop(node));
}

/// The slash path from the root, "" for the root itself; NULL for NULL. It lives as long as the
/// handle.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_node_name(node: Option<&NpstowNode>) -> *const c_char {
    node.map_or(ptr::null(), |node| node.name.as_ptr())
}

/// Group, array or value; -1 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_node_kind(node: Option<&NpstowNode>) -> NpstowNodeKind {
    look(-1, || node.map_or(-1, |node| kind_number(node.node.kind())))
}

/// The file that the node is in, as a handle of its own.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_node_file(
    node: Option<&NpstowNode>,
    error: ErrorOut,
) -> Option<Box<NpstowFile>> {
    make(error, || Ok(NpstowFile::boxed(need(node, "node")?.node.file().clone())))
}

/// The names directly below a group, in the file's order; none below arrays and values.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_node_names(
    node: Option<&NpstowNode>,
    error: ErrorOut,
) -> Option<Box<NpstowStrings>> {
    make(error, || {
        let node = &need(node, "node")?.node;
        let children = node.children()?;
        let prefix = if node.name().is_empty() { 0 } else { node.name().len() + 1 };
        let names = children.iter().map(|child| child.name().get(prefix..).unwrap_or_default());
        Ok(Box::new(NpstowStrings::new(names)))
    })
}

/// The node under a slash path from here; "" is the node itself.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_node_get(
    node: Option<&NpstowNode>,
    path: Text,
    error: ErrorOut,
) -> Option<Box<NpstowNode>> {
    make(error, || Ok(NpstowNode::boxed(below(&need(node, "node")?.node, path.get("path")?)?)))
}

/// Whether there is a node under a slash path from here; false for NULL, and where the names
/// cannot be read: `npstow_node_get` tells.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_node_has(node: Option<&NpstowNode>, path: Text) -> bool {
    look(false, || {
        let found = need(node, "node").and_then(|node| below(&node.node, path.get("path")?));
        found.is_ok()
    })
}

/// The slash paths, counted from this node, of what matches one of the patterns, which are
/// separated by commas (`*`, `?`, `[0-9]` within a step, `**` across steps); groups before their
/// members. Nothing but names is read for it.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_node_find(
    node: Option<&NpstowNode>,
    globs: Text,
    error: ErrorOut,
) -> Option<Box<NpstowStrings>> {
    make(error, || {
        let node = &need(node, "node")?.node;
        let found = node.find(&Glob::list(globs.get("globs")?)?)?;
        let prefix = if node.name().is_empty() { 0 } else { node.name().len() + 1 };
        let names = found.iter().map(|found| found.name().get(prefix..).unwrap_or_default());
        Ok(Box::new(NpstowStrings::new(names)))
    })
}

/// Reads the node and all below it into memory, as `npstow_file_load`.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_node_load(
    node: Option<&NpstowNode>,
    error: ErrorOut,
) -> Option<Box<NpstowTree>> {
    make(error, || Ok(NpstowTree::boxed(need(node, "node")?.node.load()?)))
}

/// The node and all below it as a tree whose arrays are described but not read, with all metadata:
/// what `npstow_save_tree` takes to write another format, array by array, and what summaries of
/// many events need.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_node_to_tree(
    node: Option<&NpstowNode>,
    error: ErrorOut,
) -> Option<Box<NpstowTree>> {
    make(error, || Ok(NpstowTree::boxed(need(node, "node")?.node.to_tree()?)))
}

/// What the elements are, as NumPy's `descr`: "<f4", "[('x', '<f4'), ('id', '<i8')]". It lives as
/// long as the handle.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_node_descr(node: Option<&NpstowNode>, error: ErrorOut) -> *const c_char {
    let descr = make(error, || {
        let entry = entry(node)?;
        let node = need(node, "node")?;
        let text = || c_string(&entry.dtype().to_string());
        Ok(node.descr.get_or_init(text).as_ptr())
    });
    descr.unwrap_or(ptr::null())
}

/// The number of axes.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_node_ndim(
    node: Option<&NpstowNode>,
    ndim: Option<&mut usize>,
    error: ErrorOut,
) -> NpstowStatus {
    put(error, ndim, "ndim", || Ok(entry(node)?.shape().len()))
}

/// The lengths of the `ndim` axes, into `shape`, which has room for just as many.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npstow_node_shape(
    node: Option<&NpstowNode>,
    shape: *mut usize,
    ndim: usize,
    error: ErrorOut,
) -> NpstowStatus {
    done(error, || {
        let entry = entry(node)?;
        let own = axes(&entry, ndim)?;
        // SAFETY: the header asks for room for `ndim` lengths.
        unsafe { slice_mut(shape, ndim, "shape")? }.copy_from_slice(own);
        Ok(())
    })
}

/// For each of the `ndim` axes, how many bytes on the next element lies where the elements are read
/// as they are; into `strides`, which has room for just as many.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npstow_node_strides(
    node: Option<&NpstowNode>,
    strides: *mut isize,
    ndim: usize,
    error: ErrorOut,
) -> NpstowStatus {
    done(error, || {
        let entry = entry(node)?;
        let shape = axes(&entry, ndim)?;
        // SAFETY: the header asks for room for `ndim` strides.
        let strides = unsafe { slice_mut(strides, ndim, "strides")? };
        // The product of all lengths but zeros was checked when the header was read.
        let mut stride = isize::try_from(entry.dtype().itemsize()).unwrap_or(isize::MAX);
        let order: Vec<usize> = match entry.order() {
            MemoryOrder::F => (0..ndim).collect(),
            _ => (0..ndim).rev().collect(),
        };
        for axis in order {
            let (Some(place), Some(&n)) = (strides.get_mut(axis), shape.get(axis)) else {
                continue;
            };
            // As in arrays: without elements there is nothing to step over.
            *place = if shape.contains(&0) { 0 } else { stride };
            stride = stride.saturating_mul(isize::try_from(n.max(1)).unwrap_or(isize::MAX));
        }
        Ok(())
    })
}

/// The lengths of the axes, where there are as many.
fn axes(entry: &Entry, ndim: usize) -> Result<&[usize]> {
    match entry.shape().len() {
        found if found == ndim => Ok(entry.shape()),
        found => Err(Error::mismatch(format!("{ndim} axes"), format!("{found} axes"))),
    }
}

/// Bytes of one element.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_node_itemsize(
    node: Option<&NpstowNode>,
    itemsize: Option<&mut usize>,
    error: ErrorOut,
) -> NpstowStatus {
    put(error, itemsize, "itemsize", || Ok(entry(node)?.dtype().itemsize()))
}

/// Bytes of all elements in memory.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_node_nbytes(
    node: Option<&NpstowNode>,
    nbytes: Option<&mut u64>,
    error: ErrorOut,
) -> NpstowStatus {
    put(error, nbytes, "nbytes", || Ok(entry(node)?.nbytes() as u64))
}

/// Bytes that the elements take in the file: fewer than in memory where they are packed.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_node_stored_nbytes(
    node: Option<&NpstowNode>,
    nbytes: Option<&mut u64>,
    error: ErrorOut,
) -> NpstowStatus {
    put(error, nbytes, "nbytes", || Ok(entry(node)?.stored_nbytes()))
}

/// In which order the elements lie in the file, `NPSTOW_ORDER_C` or `NPSTOW_ORDER_F`.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_node_order(
    node: Option<&NpstowNode>,
    order: Option<&mut NpstowOrder>,
    error: ErrorOut,
) -> NpstowStatus {
    put(error, order, "order", || Ok(order_number(entry(node)?.order())))
}

/// The byte of the file (of the `.npy` file, in a folder) where the elements lie as they are, for
/// readers of your own; `NPSTOW_UNSUPPORTED` where they are packed or otherwise not in one piece.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_node_offset(
    node: Option<&NpstowNode>,
    offset: Option<&mut u64>,
    error: ErrorOut,
) -> NpstowStatus {
    put(error, offset, "offset", || {
        let entry = entry(node)?;
        entry.offset().ok_or_else(|| {
            let why = match entry.data() {
                Data::Coded(coded) => format!("packed with {}", coded.codec().name()),
                Data::Objects { .. } | Data::Value(_) => "a pickle of Python objects".to_owned(),
                _ => "joined from several files".to_owned(),
            };
            let node = node.map_or("", |node| node.node.name());
            Error::unsupported(format!("the offset of elements that are {why}")).in_member(node)
        })
    })
}

/// SHA-256 of the content, into 32 bytes; it does not depend on format, byte order or memory
/// order.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npstow_node_digest(
    node: Option<&NpstowNode>,
    digest: *mut u8,
    error: ErrorOut,
) -> NpstowStatus {
    done(error, || {
        let node = &need(node, "node")?.node;
        // SAFETY: the header asks for room for 32 bytes.
        unsafe { slice_mut(digest, 32, "digest")? }.copy_from_slice(&node.digest()?);
        Ok(())
    })
}

/// The Python object here, of a pickle: all of it, of a group too. `NPSTOW_MISMATCH` where the format
/// holds none.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_node_value(
    node: Option<&NpstowNode>,
    error: ErrorOut,
) -> Option<Box<NpstowValue>> {
    make(error, || Ok(NpstowValue::boxed(need(node, "node")?.node.value()?)))
}

/// Metadata, names and labels beside the node, as a copy.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_node_meta(
    node: Option<&NpstowNode>,
    error: ErrorOut,
) -> Option<Box<NpstowMeta>> {
    make(error, || Ok(NpstowMeta::boxed(need(node, "node")?.node.notes()?)))
}
