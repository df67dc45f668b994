//! An index of chunks that goes on: new nodes from the place on where chunks change, and all
//! nodes before it as they are, in the old index and in the new one.
//!
//! So the old index stays whole, and what is new is a node or two of each level, however many
//! chunks there are.
#![forbid(unsafe_code)]

use crate::cursor::Cursor;
use crate::hdf5::read::UNDEFINED;
use crate::hdf5::write::btree1::{self, Item};
use crate::hdf5::write::chunk_index::{self, Chunk};
use crate::{Error, Result, Source};

/// More levels than any index has: each of them has 32 times the children of the one below.
const DEEPEST: u8 = 12;

/// A node of an index.
#[derive(Debug)]
struct Node {
    level: u8,
    left: u64,
    /// Keys as they are in the file, each with what it leads to.
    items: Vec<Item>,
}

/// The offsets of a key: on every axis, and of the bytes of an element.
fn offsets(key: &[u8]) -> impl Iterator<Item = u64> {
    let words = key.get(8..).unwrap_or_default().chunks_exact(8);
    words.map(|word| word.iter().rev().fold(0, |n, byte| n << 8 | u64::from(*byte)))
}

impl Node {
    fn parse(bytes: &[u8], rank: usize) -> Result<Self> {
        let shape = chunk_index::shape(rank);
        let mut cursor = Cursor::new(bytes);
        let head = cursor.array::<5>("a node of an index")?;
        if head != *b"TREE\x01" {
            return Err(Error::corrupt("a node of an index of chunks", "other bytes").at(0));
        }
        let level = cursor.u8("a level")?;
        let count = usize::from(cursor.u16_le("a number of chunks")?);
        if count > shape.most() {
            let expected = format!("at most {} chunks of a node", shape.most());
            return Err(Error::corrupt(expected, count).at(6));
        }
        let left = cursor.u64_le("a node before")?;
        cursor.take(8, "a node behind")?;
        let mut items: Vec<Item> = Vec::with_capacity(count);
        for _ in 0..count {
            let at = cursor.position();
            let key = cursor.take(shape.key_len, "a key")?.to_vec();
            if items.last().is_some_and(|last| offsets(&last.key).ge(offsets(&key))) {
                return Err(Error::corrupt("keys in order", "others").at(at));
            }
            let child = cursor.u64_le("an address of a chunk")?;
            items.push(Item { key, child });
        }
        Ok(Self { level, left, items })
    }

    fn read(source: &dyn Source, address: u64, rank: usize) -> Result<Self> {
        let len = chunk_index::shape(rank).node_len();
        let there = source.len().saturating_sub(address);
        let len = usize::try_from(there).unwrap_or(usize::MAX).min(len);
        let read = source.read(address, len).map_err(|e| Error::io("reading", e).at(address));
        Self::parse(&read?, rank).map_err(|e| e.shift(address))
    }

    /// How many items begin before these offsets.
    fn before(&self, cut: &[u64]) -> usize {
        let cut = || cut.iter().copied().chain([0]);
        self.items.iter().take_while(|item| offsets(&item.key).lt(cut())).count()
    }
}

/// What stays of one level: items in front of those that change, and the node before them.
#[derive(Debug)]
struct Kept {
    items: Vec<Item>,
    left: u64,
}

/// Chunks of a dataset from some row on: those that were there go.
#[derive(Debug)]
pub(super) struct Tail<'a> {
    /// The first row of them.
    pub(super) first: u64,
    /// With the last axis running fastest.
    pub(super) chunks: &'a [Chunk],
    /// Chunks on each axis, from that row on.
    pub(super) counts: &'a [u64],
    /// Lengths of a chunk, and of an element.
    pub(super) lengths: &'a [u64],
    pub(super) itemsize: u32,
}

/// An index that was made: what is new of it, and where it begins.
#[derive(Debug)]
pub(super) struct Grown {
    pub(super) bytes: Vec<u8>,
    pub(super) root: u64,
    /// Old nodes before new ones, and what lies behind each now.
    pub(super) neighbours: Vec<(u64, u64)>,
}

/// The place of a node's neighbour to the right within it.
pub(super) const RIGHT: u64 = 16;

/// What stays of an index, from the leaves up.
fn kept(source: &dyn Source, root: u64, cut: &[u64]) -> Result<Vec<Kept>> {
    let mut levels = Vec::new();
    if root == UNDEFINED {
        return Ok(levels);
    }
    let rank = cut.len();
    let mut address = root;
    let mut node = Node::read(source, address, rank)?;
    if node.level > DEEPEST {
        let expected = format!("at most {DEEPEST} levels of an index");
        return Err(Error::corrupt(expected, node.level).at(address.saturating_add(5)));
    }
    loop {
        let before = node.before(cut);
        let Node { level, left, mut items } = node;
        // A root stands alone, whatever it says.
        let left = if address == root { UNDEFINED } else { left };
        items.truncate(before);
        if level == 0 || before == 0 {
            if before == 0 && address != root {
                let what = "a node that begins where the one above it says";
                return Err(Error::corrupt(what, "another").at(address));
            }
            levels.push(Kept { items, left });
            break;
        }
        // The last of them may have chunks on both sides of the cut.
        let Some(last) = items.pop() else { break };
        levels.push(Kept { items, left });
        address = last.child;
        node = Node::read(source, address, rank)?;
        if node.level != level - 1 {
            let expected = format!("a node of level {}", level - 1);
            return Err(Error::corrupt(expected, node.level).at(address.saturating_add(5)));
        }
    }
    levels.reverse();
    Ok(levels)
}

/// Makes the index of a dataset whose chunks end as `tail` says; what is new of it lies at
/// `address`.
///
/// # Errors
/// `Corrupt` where the old index is damaged, as far as it was looked at.
pub(super) fn grown(
    source: &dyn Source,
    root: u64,
    tail: &Tail<'_>,
    address: u64,
) -> Result<Grown> {
    let rank = tail.lengths.len();
    let mut cut = vec![0; rank];
    if let Some(first) = cut.first_mut() {
        *first = tail.first;
    }
    let old = kept(source, root, &cut)?;
    let (mut items, end) =
        chunk_index::items(tail.chunks, tail.counts, tail.lengths, tail.itemsize, tail.first);
    let shape = chunk_index::shape(rank);
    let (mut bytes, mut neighbours) = (Vec::new(), Vec::new());
    let mut old = old.into_iter().peekable();
    for level in 0.. {
        let Kept { items: mut before, left } =
            old.next().unwrap_or(Kept { items: Vec::new(), left: UNDEFINED });
        before.append(&mut items);
        let at = address + bytes.len() as u64;
        let (made, above) = btree1::level(shape, level, &before, &end, (left, at));
        bytes.extend_from_slice(&made);
        if left != UNDEFINED {
            neighbours.push((left, at));
        }
        // A level above holds more than these nodes, or has to hold several of them.
        let is_needed = above.len() > 1 || old.by_ref().peek().is_some();
        if let ([root], false) = (&above[..], is_needed) {
            return Ok(Grown { bytes, root: root.child, neighbours });
        }
        items = above;
    }
    unreachable!("each level has less nodes than the one below")
}
