//! All arrays below a node, into memory that may be written to.
#![forbid(unsafe_code)]

use crate::memory::Memory;
use crate::output::made;
use crate::pool;
use crate::work::{self, Watch};
use npstow::{BufferMut, Entry, Error, Item, Node, Result};
use pyo3::prelude::*;
use std::sync::Arc;

/// Arrays by their paths, and `None` for groups.
pub(crate) type Loaded<'py> = Vec<(String, Option<Bound<'py, PyAny>>)>;

/// All arrays and values at and below the node, by their paths from there, and `None` for groups,
/// in front of what is in them. Small ones share memory, which lives as long as any of them.
pub(crate) fn all<'py>(
    py: Python<'py>,
    node: &Node,
    progress: Option<&Bound<'py, PyAny>>,
) -> PyResult<Loaded<'py>> {
    let named = work::brief(py, || entries(node))?;
    let entries: Vec<&Entry> = named.iter().filter_map(|(_, entry)| entry.as_ref()).collect();
    let mut made = arrays(py, &entries, None, progress)?.into_iter();
    let mut array = |entry: &Option<Entry>| entry.as_ref().and_then(|_| made.next());
    Ok(named.iter().map(|(path, entry)| (path.clone(), array(entry))).collect())
}

/// Many arrays. Small ones share memory, which lives as long as any of them.
pub(crate) fn arrays<'py>(
    py: Python<'py>,
    entries: &[&Entry],
    threads: Option<usize>,
    progress: Option<&Bound<'py, PyAny>>,
) -> PyResult<Vec<Bound<'py, PyAny>>> {
    let total = entries.iter().map(|entry| entry.nbytes() as u64).sum();
    let job = |watch: &Arc<Watch>| pool::limited(threads, || load(entries, watch));
    let loaded = work::run(py, total, progress, job)?;
    let shared = Bound::new(py, Memory::own(loaded.shared))?;
    let (mut own, mut places) = (loaded.own.into_iter(), loaded.places.into_iter());
    let array = |entry: &&Entry| {
        let (memory, offset) = match (places.next().flatten(), own.as_slice().is_empty()) {
            (None, false) => (own.next().map(|memory| Bound::new(py, Memory::own(memory))), 0),
            (place, _) => (None, place.unwrap_or_default()),
        };
        let memory = memory.transpose()?.unwrap_or_else(|| shared.clone());
        made(py, entry.dtype(), entry.shape(), entry.order(), &memory, offset)
    };
    entries.iter().map(array).collect()
}

/// What many arrays were read into: the memory of the small ones and each one's place in it, and
/// the memories of the others, in order.
struct Read {
    shared: BufferMut,
    places: Vec<Option<usize>>,
    own: Vec<BufferMut>,
}

/// Arrays up to this size share memory.
const SMALL: usize = 256 << 10;

/// Every array begins on such a boundary.
const ALIGN: usize = 64;

fn load(entries: &[&Entry], watch: &Arc<Watch>) -> Result<Read> {
    entries.iter().try_for_each(|entry| entry.check())?;
    let (mut places, mut own, mut len) = (Vec::with_capacity(entries.len()), Vec::new(), 0usize);
    for entry in entries {
        if entry.nbytes() > SMALL {
            places.push(None);
            own.push(BufferMut::zeroed(entry.nbytes())?);
        } else {
            places.push(Some(len));
            len += entry.nbytes().next_multiple_of(ALIGN);
        }
    }
    let mut shared = BufferMut::zeroed(len)?;
    let (mut rest, mut owns) = (shared.bytes_mut(), own.iter_mut());
    let watched = watch.entries(entries);
    let mut all = Vec::with_capacity(entries.len());
    for entry in &watched {
        let dst = if entry.nbytes() > SMALL {
            owns.next().map(BufferMut::bytes_mut).unwrap_or_default()
        } else {
            let (room, after) = rest.split_at_mut(entry.nbytes().next_multiple_of(ALIGN));
            rest = after;
            room.get_mut(..entry.nbytes()).unwrap_or_default()
        };
        all.push((entry, dst));
    }
    Entry::read_all_into(all)?;
    Ok(Read { shared, places, own })
}

/// The arrays, values and groups below a node, by their paths from there.
fn entries(node: &Node) -> Result<Vec<(String, Option<Entry>)>> {
    let tree = node.to_tree()?;
    let mut found = Vec::new();
    // A stack of levels rather than recursion: files may be as deep as their makers liked.
    let mut levels = vec![(String::new(), tree.iter())];
    while let Some((prefix, items)) = levels.last_mut() {
        let Some((name, item)) = items.next() else {
            levels.pop();
            continue;
        };
        let path = format!("{prefix}{name}");
        match item {
            Item::Group(group) => {
                found.push((path.clone(), None));
                levels.push((format!("{path}/"), group.iter()));
            }
            Item::Entry(entry) | Item::Value(entry) => found.push((path, Some(entry.clone()))),
            // A tree of a file has nothing in memory.
            _ => return Err(Error::unsupported(format!("reading what is under '{path}'"))),
        }
    }
    Ok(found)
}
