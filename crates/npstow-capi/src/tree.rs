//! Named arrays in memory.

use crate::array::NpstowArray;
use crate::call::{ErrorOut, Text, done, look, make, need, slice};
use crate::error::NpstowStatus;
use crate::meta::NpstowMeta;
use crate::node::{
    NPSTOW_NODE_ARRAY, NPSTOW_NODE_GROUP, NPSTOW_NODE_VALUE, NpstowNode, NpstowNodeKind,
};
use crate::strings::NpstowStrings;
use crate::value::NpstowValue;
use npstow::{
    Array, Buffer, Data, Dtype, Entry, Error, Item, Limits, MemoryOrder, MemorySource, Notes,
    Result, Tree,
};
use std::ffi::c_void;
use std::sync::Arc;

/// Named arrays and groups of them, in the order in which they were added, with metadata beside
/// them. One thread at a time may change it; any number may look at it meanwhile nobody does.
pub struct NpstowTree {
    pub(crate) tree: Tree,
}

impl NpstowTree {
    pub(crate) fn boxed(tree: Tree) -> Box<Self> {
        Box::new(Self { tree })
    }
}

fn missing(path: &str) -> Error {
    Error::not_found(format_args!("the name '{path}'"))
}

/// The item under a path.
fn item<'a>(tree: &'a Tree, path: &str) -> Result<&'a Item> {
    tree.get(path).ok_or_else(|| missing(path))
}

/// The group under a path; the whole tree for "".
pub(crate) fn group<'a>(tree: &'a Tree, path: &str) -> Result<&'a Tree> {
    if path.is_empty() {
        return Ok(tree);
    }
    match item(tree, path)? {
        Item::Group(group) => Ok(group),
        _ => Err(Error::mismatch("a group", format_args!("the array '{path}'"))),
    }
}

/// The array of an item, read where it is not yet.
fn array(item: &Item, path: &str) -> Result<Array> {
    match item {
        Item::Array(array) => Ok(array.clone()),
        Item::Entry(entry) | Item::Value(entry) => entry.read(),
        _ => Err(Error::mismatch("an array", format_args!("the group '{path}'"))),
    }
}

/// An empty tree.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_tree_new() -> Option<Box<NpstowTree>> {
    look(None, || Some(NpstowTree::boxed(Tree::new())))
}

/// A copy, which shares the arrays; NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_tree_clone(tree: Option<&NpstowTree>) -> Option<Box<NpstowTree>> {
    look(None, || tree.map(|tree| NpstowTree::boxed(tree.tree.clone())))
}

/// Frees a tree; arrays that were taken from it stay.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_tree_free(tree: Option<Box<NpstowTree>>) {
    look((), || drop(tree));
}

fn insert(tree: Option<&mut NpstowTree>, path: Text, item: impl Into<Item>) -> Result<()> {
    need(tree, "tree")?.tree.insert(path.get("path")?, item)
}

/// Adds an array under a slash path, and the groups on the way to it. The elements are shared, not
/// copied. The path "" makes a tree that is one array, as a `.npy` file is.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_tree_insert(
    tree: Option<&mut NpstowTree>,
    path: Text,
    array: Option<&NpstowArray>,
    error: ErrorOut,
) -> NpstowStatus {
    done(error, || insert(tree, path, &need(array, "array")?.array))
}

/// Adds an array of an open file, which is read when the tree is written.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_tree_insert_node(
    tree: Option<&mut NpstowTree>,
    path: Text,
    node: Option<&NpstowNode>,
    error: ErrorOut,
) -> NpstowStatus {
    done(error, || {
        let node = need(node, "node")?;
        let notes = node.node.notes()?;
        let item = match node.node.kind() {
            npstow::NodeKind::Group => Item::Group(node.node.to_tree()?),
            npstow::NodeKind::Array => Item::Entry(node.node.entry()?),
            _ => Item::Value(node.node.entry()?),
        };
        let (tree, path) = (need(tree, "tree")?, path.get("path")?);
        tree.tree.insert(path, item)?;
        tree.tree.set_notes(path, notes)
    })
}

/// Adds a copy of another tree as a group (its arrays are shared); the path "" is refused unless
/// that tree is one array.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npstow_tree_insert_tree(
    tree: *mut NpstowTree,
    path: Text,
    other: *const NpstowTree,
    error: ErrorOut,
) -> NpstowStatus {
    done(error, || {
        // SAFETY: a handle or NULL, as everywhere. The reference ends before the next one begins,
        // for the two may be the same tree.
        let other = need(unsafe { other.as_ref() }, "other")?.tree.clone();
        // SAFETY: a handle or NULL, used by one thread.
        insert(unsafe { tree.as_mut() }, path, other)
    })
}

/// Adds a copy of bytes that are no array: a text beside arrays.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npstow_tree_insert_bytes(
    tree: Option<&mut NpstowTree>,
    path: Text,
    bytes: *const c_void,
    len: usize,
    error: ErrorOut,
) -> NpstowStatus {
    done(error, || {
        // SAFETY: the header asks for `len` bytes.
        let bytes = Buffer::copy_of(unsafe { slice::<u8>(bytes.cast(), len, "bytes")? });
        let source = Arc::new(MemorySource::new(bytes));
        let (dtype, raw) = (Dtype::parse("|u1")?, Data::Raw { offset: 0 });
        let limits = Arc::new(Limits::default());
        let entry = Entry::new(source, dtype, &[len], MemoryOrder::C, raw, limits)?;
        insert(tree, path, Item::Value(entry))
    })
}

/// Adds a value under a slash path: an array as such, any other object as what only formats of
/// Python objects can hold.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_tree_insert_value(
    tree: Option<&mut NpstowTree>,
    path: Text,
    value: Option<&NpstowValue>,
    error: ErrorOut,
) -> NpstowStatus {
    done(error, || insert(tree, path, Item::try_from(&need(value, "value")?.value)?))
}

/// Takes out what stands under a slash path, with its metadata.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_tree_remove(
    tree: Option<&mut NpstowTree>,
    path: Text,
    error: ErrorOut,
) -> NpstowStatus {
    done(error, || {
        let path = path.get("path")?;
        need(tree, "tree")?.tree.remove(path).map(drop).ok_or_else(|| missing(path))
    })
}

/// How many names the top level has; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_tree_len(tree: Option<&NpstowTree>) -> usize {
    tree.map_or(0, |tree| tree.tree.len())
}

/// The names of a group, in order; NULL or "" for the top level.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_tree_names(
    tree: Option<&NpstowTree>,
    path: Text,
    error: ErrorOut,
) -> Option<Box<NpstowStrings>> {
    make(error, || {
        let path = path.optional("path")?.unwrap_or("");
        Ok(Box::new(NpstowStrings::new(group(&need(tree, "tree")?.tree, path)?.names())))
    })
}

/// The slash paths of all arrays, in order, groups in depth.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_tree_arrays(
    tree: Option<&NpstowTree>,
    error: ErrorOut,
) -> Option<Box<NpstowStrings>> {
    make(error, || {
        let arrays = need(tree, "tree")?.tree.arrays();
        Ok(Box::new(NpstowStrings::new(arrays.iter().map(|(path, _)| path))))
    })
}

/// What stands under a slash path: one of `NPSTOW_NODE_…`; -1 where nothing does, and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_tree_kind(tree: Option<&NpstowTree>, path: Text) -> NpstowNodeKind {
    look(-1, || {
        let (Some(tree), Ok(path)) = (tree, path.get("path")) else { return -1 };
        match tree.tree.get(path) {
            Some(Item::Group(_)) => NPSTOW_NODE_GROUP,
            Some(Item::Value(_)) => NPSTOW_NODE_VALUE,
            Some(_) => NPSTOW_NODE_ARRAY,
            None if path.is_empty() => NPSTOW_NODE_GROUP,
            None => -1,
        }
    })
}

/// The array under a slash path, shared with the tree; one that is of a file is read. A value comes
/// as an array of bytes.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_tree_array(
    tree: Option<&NpstowTree>,
    path: Text,
    error: ErrorOut,
) -> Option<Box<NpstowArray>> {
    make(error, || {
        let path = path.get("path")?;
        Ok(NpstowArray::boxed(array(item(&need(tree, "tree")?.tree, path)?, path)?))
    })
}

/// A copy of the group under a slash path, which shares the arrays; "" for all of the tree.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_tree_subtree(
    tree: Option<&NpstowTree>,
    path: Text,
    error: ErrorOut,
) -> Option<Box<NpstowTree>> {
    make(error, || {
        let tree = &need(tree, "tree")?.tree;
        Ok(NpstowTree::boxed(group(tree, path.get("path")?)?.clone()))
    })
}

/// Metadata, names and labels beside what stands under a slash path, as a copy; "" is the tree
/// itself.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_tree_meta(
    tree: Option<&NpstowTree>,
    path: Text,
    error: ErrorOut,
) -> Option<Box<NpstowMeta>> {
    make(error, || {
        let (tree, path) = (&need(tree, "tree")?.tree, path.get("path")?);
        if !path.is_empty() {
            item(tree, path)?;
        }
        Ok(NpstowMeta::boxed(tree.notes(path).map_or_else(Notes::default, Notes::clone)))
    })
}

/// Sets metadata, names and labels beside what stands under a slash path, in the place of old ones;
/// "" is the tree itself.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_tree_set_meta(
    tree: Option<&mut NpstowTree>,
    path: Text,
    meta: Option<&NpstowMeta>,
    error: ErrorOut,
) -> NpstowStatus {
    done(error, || {
        let notes = need(meta, "meta")?.notes().clone();
        need(tree, "tree")?.tree.set_notes(path.get("path")?, notes)
    })
}
