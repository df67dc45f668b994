//! A file, or what is below a node of it, as a tree: described, or read into memory.
#![forbid(unsafe_code)]

use super::Node;
#[cfg(any(feature = "pickle", feature = "hdf5"))]
use crate::ErrorKind;
use crate::container::{NodeKind, no_path};
#[cfg(feature = "hdf5")]
use crate::entry::{Native, read_many};
use crate::{Array, Entry, Error, Item, Loaded, Result, Tree, Wrap};

/// Everything below `top`, with nothing read but descriptions.
pub(super) fn describe(top: &Node, with_notes: bool) -> Result<Tree> {
    collect(top, with_notes, |nodes, ids| {
        let entries = top.file().0.container.entries(ids)?;
        let item = |(node, entry): (&&Node, Entry)| {
            let entry = entry.found_at(node.file().path(), node.name());
            match node.kind() {
                NodeKind::Value => Item::Value(entry),
                _ => Item::Entry(entry),
            }
        };
        Ok(nodes.iter().zip(entries).map(item).collect())
    })
}

/// Everything below `top`, in memory.
pub(super) fn load(top: &Node) -> Result<Tree> {
    #[cfg(feature = "hdf5")]
    let natives = std::cell::RefCell::new(Vec::new());
    #[cfg_attr(not(feature = "hdf5"), allow(unused_mut))]
    let mut tree = collect(top, true, |nodes, ids| {
        #[cfg(feature = "hdf5")]
        if top.file().format() == super::Format::Hdf5 {
            return typed(top, nodes, ids, &mut natives.borrow_mut());
        }
        let arrays = match top.file().0.container.load(ids) {
            // There may be Python objects among them, which are in no memory of elements.
            #[cfg(feature = "pickle")]
            Err((at, e)) if e.kind() == ErrorKind::Unsupported => {
                return with_objects(top, nodes, ids, (at, e));
            }
            arrays => arrays?,
        };
        let item = |(at, (node, array)): (usize, (&&Node, Array))| match node.kind() {
            NodeKind::Value => Entry::try_from(&array).map(Item::Value).map_err(|e| (at, e)),
            _ => Ok(Item::Array(array)),
        };
        nodes.iter().zip(arrays).enumerate().map(item).collect()
    })?;
    #[cfg(feature = "hdf5")]
    for (path, native) in natives.into_inner() {
        tree.set_native(&path, native);
    }
    Ok(tree)
}

/// Arrays in memory of HDF5, and what they are in the file beyond their dtypes.
#[cfg(feature = "hdf5")]
fn typed(
    top: &Node,
    nodes: &[&Node],
    ids: &[u64],
    natives: &mut Vec<(String, Native)>,
) -> Result<Vec<Item>, (usize, Error)> {
    let entries = top.file().0.container.entries(ids)?;
    let mut items = Vec::with_capacity(nodes.len());
    for ((at, node), array) in nodes.iter().enumerate().zip(read_many(&entries)?) {
        items.push(match node.kind() {
            NodeKind::Value => {
                let entry = Entry::try_from(&array).map_err(|e| (at, e))?;
                let native = entries.get(at).and_then(Entry::native).cloned();
                Item::Value(entry.with_native(native))
            }
            _ => Item::Array(array),
        });
        if let Some(native) = entries.get(at).and_then(Entry::native) {
            let is_top = node.id() == top.id();
            let path = if is_top { "" } else { relative(node.name(), top.name()) };
            natives.push((path.to_owned(), native.clone()));
        }
    }
    Ok(items)
}

/// Arrays in memory, and Python objects as values; `failed` is what was said without those.
#[cfg(feature = "pickle")]
fn with_objects(
    top: &Node,
    nodes: &[&Node],
    ids: &[u64],
    failed: (usize, Error),
) -> Result<Vec<Item>, (usize, Error)> {
    let container = &top.file().0.container;
    let entries = container.entries(ids)?;
    let (objects, arrays) = parted(&entries);
    if objects.is_empty() {
        return Err(failed);
    }
    let mut items: Vec<Option<Item>> = vec![None; ids.len()];
    for at in objects {
        let (Some(entry), Some(node)) = (entries.get(at), nodes.get(at)) else { continue };
        let value = entry.value().map_err(|e| (at, e))?;
        let entry = entry.clone().found_at(node.file().path(), node.name());
        let is_array = node.kind() == NodeKind::Array && value.objects().is_some();
        let item = if is_array { Item::Entry(entry) } else { Item::Value(entry) };
        if let Some(place) = items.get_mut(at) {
            *place = Some(item);
        }
    }
    let named = |(at, e)| (arrays.get(at).copied().unwrap_or_default(), e);
    let array_ids: Vec<u64> = arrays.iter().filter_map(|&at| ids.get(at).copied()).collect();
    let read = container.load(&array_ids).map_err(named)?;
    for (&at, array) in arrays.iter().zip(read) {
        let is_value = nodes.get(at).is_some_and(|node| node.kind() == NodeKind::Value);
        let item = match is_value {
            true => Item::Value(Entry::try_from(&array).map_err(|e| (at, e))?),
            false => Item::Array(array),
        };
        if let Some(place) = items.get_mut(at) {
            *place = Some(item);
        }
    }
    Ok(items.into_iter().flatten().collect())
}

/// The places of Python objects, and those of all else.
#[cfg(feature = "pickle")]
fn parted(entries: &[Entry]) -> (Vec<usize>, Vec<usize>) {
    (0..entries.len()).partition(|&at| entries.get(at).is_some_and(Entry::is_objects))
}

/// Everything below `top`, in memory that nobody else has.
pub(super) fn load_own(top: &Node, wrap: Wrap<'_>) -> Result<(Vec<(String, NodeKind)>, Loaded)> {
    let nodes = top.walk()?;
    let leaves = leaves(top, &nodes)?;
    let ids: Vec<u64> = leaves.iter().map(|node| node.id()).collect();
    let loaded = match top.file().0.container.load_own(&ids, wrap) {
        // As above: files without objects, which are nearly all, are not looked through for some.
        #[cfg(feature = "pickle")]
        Err((at, e)) if e.kind() == ErrorKind::Unsupported => {
            own_with_objects(top, &ids, wrap, (at, e))
        }
        loaded => loaded,
    };
    let loaded = loaded.map_err(|e| named(&leaves, e))?;
    let is_below = |node: &&Node| node.id() != top.id() || node.kind() != NodeKind::Group;
    let path = |node: &Node| match node.id() == top.id() {
        true => String::new(),
        false => relative(node.name(), top.name()).to_owned(),
    };
    let below = nodes.iter().filter(is_below).map(|node| (path(node), node.kind()));
    Ok((below.collect(), loaded))
}

/// Arrays in memory that nobody else has, and Python objects beside them; `failed` is what was said
/// without those.
#[cfg(feature = "pickle")]
fn own_with_objects(
    top: &Node,
    ids: &[u64],
    wrap: Wrap<'_>,
    failed: (usize, Error),
) -> Result<Loaded, (usize, Error)> {
    let container = &top.file().0.container;
    let entries = container.entries(ids)?;
    let (objects, arrays) = parted(&entries);
    if objects.is_empty() {
        return Err(failed);
    }
    let named = |(at, e)| (arrays.get(at).copied().unwrap_or_default(), e);
    let array_ids: Vec<u64> = arrays.iter().filter_map(|&at| ids.get(at).copied()).collect();
    let mut loaded = container.load_own(&array_ids, wrap).map_err(named)?;
    for at in objects {
        let Some(entry) = entries.get(at) else { continue };
        let value = entry.through(wrap).value().map_err(|e| (at, e))?;
        loaded.objects.push((at, value));
    }
    Ok(loaded)
}

/// The arrays and values among `nodes`, which have to be paths.
fn leaves<'a>(top: &Node, nodes: &'a [Node]) -> Result<Vec<&'a Node>> {
    let leaves: Vec<&Node> = nodes.iter().filter(|node| node.kind() != NodeKind::Group).collect();
    match leaves.iter().find(|leaf| leaf.is_odd() && leaf.id() != top.id()) {
        Some(odd) => Err(odd.placed(no_path(odd.name()))),
        None => Ok(leaves),
    }
}

/// An error is about one of the leaves.
fn named(leaves: &[&Node], (at, e): (usize, Error)) -> Error {
    match leaves.get(at) {
        Some(leaf) => leaf.placed(e),
        None => e,
    }
}

type Made<T> = Result<Vec<T>, (usize, Error)>;

fn collect(
    top: &Node,
    with_notes: bool,
    make: impl Fn(&[&Node], &[u64]) -> Made<Item>,
) -> Result<Tree> {
    let nodes = top.walk()?;
    let leaves = leaves(top, &nodes)?;
    let ids: Vec<u64> = leaves.iter().map(|node| node.id()).collect();
    let mut items = make(&leaves, &ids).map_err(|e| named(&leaves, e))?.into_iter();
    let mut tree = Tree::new();
    if leaves.len() + 1 == nodes.len() {
        // All on one level, below the top.
        tree.reserve(leaves.len());
    }
    for node in &nodes {
        let is_top = node.id() == top.id();
        let item = match node.kind() {
            NodeKind::Group => Item::Group(Tree::new()),
            _ => items.next().ok_or_else(|| Error::invalid("fewer items than names"))?,
        };
        let path = relative(node.name(), top.name());
        match item {
            Item::Group(_) if is_top => {}
            item if is_top => tree = item.into(),
            item => tree.insert(path, item).map_err(|e| node.placed(e))?,
        }
        #[cfg(feature = "hdf5")]
        if node.kind() == NodeKind::Group {
            if let Some(place) = node.file().0.container.place_of(node.id()) {
                tree.set_place(if is_top { "" } else { path }, place);
            }
        }
        if with_notes {
            note(&mut tree, if is_top { "" } else { path }, node)?;
        }
    }
    Ok(tree)
}

/// The part of a name below another one.
pub(super) fn relative<'a>(name: &'a str, top: &str) -> &'a str {
    match name.strip_prefix(top) {
        Some(rest) if !top.is_empty() => rest.trim_start_matches('/'),
        _ => name,
    }
}

/// Brings along what stands beside a node.
fn note(tree: &mut Tree, path: &str, node: &Node) -> Result<()> {
    #[cfg(feature = "hdf5")]
    if node.file().format() == super::Format::Hdf5 {
        let all = node.attributes()?;
        if all.is_empty() {
            return Ok(());
        }
        let (notes, mut attached) = crate::hdf5::attached(all).map_err(|e| node.placed(e))?;
        attached.place = node.file().0.container.place_of(node.id()).map(|(place, _)| place);
        if let Some(notes) = notes {
            tree.set_notes(path, notes)?;
        }
        return tree.set_attached(path, attached);
    }
    let notes = node.notes()?;
    if !notes.is_empty() {
        tree.set_notes(path, notes)?;
    }
    Ok(())
}
