//! B-trees of version 2 (HDF5 III.A.2): the names of what lies in fractal heaps.
#![forbid(unsafe_code)]

use super::UNDEFINED;
use super::emit::{Emit, width};

/// What a tree holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Where objects lie that are too large for a heap: address, length, number.
    Huge,
    /// Links by the hash of their name: hash, place in the heap.
    LinkNames,
    /// Links by their order of creation: order, place in the heap.
    LinkOrder,
    /// Attributes by the hash of their name: place in the heap, flags, order, hash.
    AttributeNames,
    /// Attributes by their order of creation: place in the heap, flags, order.
    AttributeOrder,
}

impl Kind {
    fn number(self) -> u8 {
        match self {
            Self::Huge => 1,
            Self::LinkNames => 5,
            Self::LinkOrder => 6,
            Self::AttributeNames => 8,
            Self::AttributeOrder => 9,
        }
    }

    pub(crate) fn record_len(self) -> usize {
        match self {
            Self::Huge => 24,
            Self::LinkNames => 11,
            Self::LinkOrder => 15,
            Self::AttributeNames => 17,
            Self::AttributeOrder => 13,
        }
    }
}

/// Signature, version, kind, checksum.
const OVERHEAD: usize = 10;

/// The library's own length of nodes, and one for trees of very many.
const NODE_LENS: [usize; 2] = [512, 8192];
const MANY: usize = 10_000;

/// What a node of some depth can hold.
#[derive(Clone, Copy, Debug)]
struct Level {
    /// Records of the node itself.
    most: usize,
    /// How many bytes the number of all records below a node takes.
    all_width: usize,
}

/// The numbers that follow from the lengths of nodes and records.
#[derive(Debug)]
struct Layout {
    node_len: usize,
    record_len: usize,
    count_width: usize,
    levels: Vec<Level>,
}

impl Layout {
    fn new(kind: Kind, count: usize) -> Self {
        let node_len = NODE_LENS[usize::from(count > MANY)];
        let record_len = kind.record_len();
        let most = (node_len - OVERHEAD) / record_len;
        let count_width = width(most as u64);
        let mut levels = vec![Level { most, all_width: 0 }];
        let mut all = most;
        while all < count {
            let below = levels[levels.len() - 1].all_width;
            let pointer = 8 + count_width + below;
            let most = (node_len - OVERHEAD - pointer) / (record_len + pointer);
            all = (most + 1) * all + most;
            levels.push(Level { most, all_width: width(all as u64) });
        }
        Self { node_len, record_len, count_width, levels }
    }

    fn depth(&self) -> usize {
        self.levels.len() - 1
    }
}

/// A node that was written: where it is, its own records, and all records below it.
#[derive(Clone, Copy, Debug)]
struct Place {
    address: u64,
    own: usize,
    all: usize,
}

/// Makes a tree of records that are in order: its bytes, of which the header comes last.
pub(crate) fn write(kind: Kind, records: &[Vec<u8>], address: u64) -> Written {
    debug_assert!(records.iter().all(|record| record.len() == kind.record_len()));
    let layout = Layout::new(kind, records.len());
    let mut out = Emit::new();
    let root = match records.is_empty() {
        true => Place { address: UNDEFINED, own: 0, all: 0 },
        false => node(&layout, kind, layout.depth(), records, (&mut out, address)),
    };
    let header = address + out.len() as u64;
    let mut head = Emit::new();
    let number = |n: usize, what| u16::try_from(n).expect(what);
    head.bytes(b"BTHD").bytes(&[0, kind.number()]);
    head.u32(u32::try_from(layout.node_len).expect("nodes are of 512 or 8192 bytes"));
    head.u16(number(layout.record_len, "records are of at most 24 bytes"));
    head.u16(number(layout.depth(), "a tree is not so deep"));
    // Split and merge at so many per cent.
    head.bytes(&[100, 40]).u64(root.address);
    head.u16(number(root.own, "a node has at most a thousand records")).u64(root.all as u64);
    out.bytes(&head.checksum().finish());
    Written { bytes: out.finish(), header }
}

/// A tree, or a heap, in the file: its bytes from an address on, and where its header is.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) bytes: Vec<u8>,
    pub(crate) header: u64,
}

/// Writes a node after those below it; records are spread evenly.
fn node(
    layout: &Layout,
    kind: Kind,
    depth: usize,
    records: &[Vec<u8>],
    (out, base): (&mut Emit, u64),
) -> Place {
    let mut own: Vec<&[u8]> = Vec::new();
    let mut children = Vec::new();
    if depth == 0 {
        own.extend(records.iter().map(Vec::as_slice));
    } else {
        // So few children that each of them can hold its part, with a record between any two.
        let below = capacity(layout, depth - 1);
        let count = (records.len() + 1).div_ceil(below + 1).max(2);
        let left = records.len() - (count - 1);
        let mut at = 0;
        for child in 0..count {
            let part = left / count + usize::from(child < left % count);
            let records_of = &records[at..at + part];
            children.push(node(layout, kind, depth - 1, records_of, (&mut *out, base)));
            at += part;
            if let Some(between) = records.get(at) {
                own.push(between);
                at += 1;
            }
        }
    }
    let address = base + out.len() as u64;
    out.bytes(&bytes(layout, kind, depth, &own, &children));
    Place { address, own: own.len(), all: records.len() }
}

/// How many records there can be in a node and below it.
fn capacity(layout: &Layout, depth: usize) -> usize {
    let leaf = layout.levels[0].most;
    layout.levels[1..=depth].iter().fold(leaf, |all, level| (level.most + 1) * all + level.most)
}

fn bytes(layout: &Layout, kind: Kind, depth: usize, own: &[&[u8]], children: &[Place]) -> Vec<u8> {
    let mut out = Emit::with_capacity(layout.node_len);
    out.bytes(if depth == 0 { b"BTLF" } else { b"BTIN" }).bytes(&[0, kind.number()]);
    for record in own {
        out.bytes(record);
    }
    for child in children {
        out.u64(child.address).uint(child.own as u64, layout.count_width);
        if depth > 1 {
            out.uint(child.all as u64, layout.levels[depth - 1].all_width);
        }
    }
    out.checksum().fill_to(layout.node_len).finish()
}

#[cfg(test)]
mod tests;
