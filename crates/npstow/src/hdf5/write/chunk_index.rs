//! The index of chunks (HDF5 III.A.1, node type 1): which part of a dataset lies where.
#![forbid(unsafe_code)]

use super::UNDEFINED;
use super::btree1::{Built, Item, Shape, build};
use super::emit::Emit;

/// Half the children of a node: what superblocks of version 0 stand for.
const K: u16 = 32;

/// A chunk as it lies in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chunk {
    pub(crate) address: u64,
    pub(crate) len: u32,
}

/// What the nodes of an index look like.
pub(crate) fn shape(rank: usize) -> Shape {
    // Length, mask, and an offset for every axis and for the bytes of an element.
    Shape { kind: 1, k: K, key_len: 8 + 8 * (rank + 1) }
}

/// Makes the index of all chunks of a grid, given with the last axis running fastest; the root
/// is undefined where there are none.
pub(crate) fn write(
    chunks: &[Chunk],
    counts: &[u64],
    lengths: &[u64],
    itemsize: u32,
    address: u64,
) -> Built {
    if chunks.is_empty() {
        return Built { bytes: Vec::new(), root: UNDEFINED };
    }
    let shape = shape(lengths.len());
    let mut keys = Emit::with_capacity((chunks.len() + 1) * shape.key_len);
    let mut at = vec![0; lengths.len()];
    let mut last = at.clone();
    for chunk in chunks {
        // No filter was left out.
        keys.u32(chunk.len).u32(0);
        keys.u64s(at.iter().zip(lengths).map(|(at, length)| at * length)).u64(0);
        last.clone_from(&at);
        step(&mut at, counts);
    }
    // What ends the last chunk is behind it on every axis.
    let ends = last.iter().zip(lengths).map(|(at, length)| (at + 1) * length);
    keys.u64(0).u64s(ends).u64(itemsize.into());
    let children: Vec<u64> = chunks.iter().map(|chunk| chunk.address).collect();
    build(shape, &keys.finish(), &children, address)
}

/// The chunks of a grid that begins at a row, as the leaves of an index have them, and the key that
/// ends the last one.
pub(crate) fn items(
    chunks: &[Chunk],
    counts: &[u64],
    lengths: &[u64],
    itemsize: u32,
    first: u64,
) -> (Vec<Item>, Vec<u8>) {
    let mut at = vec![0; lengths.len()];
    let mut last = at.clone();
    // Offsets on all axes of what lies so many chunks further.
    let place = |at: &[u64], further: u64| -> Vec<u64> {
        let mut place: Vec<u64> = at
            .iter()
            .zip(lengths)
            .map(|(at, length)| (at + further).saturating_mul(*length))
            .collect();
        if let Some(row) = place.first_mut() {
            *row = row.saturating_add(first);
        }
        place
    };
    let mut items = Vec::with_capacity(chunks.len());
    for chunk in chunks {
        let mut key = Emit::with_capacity(shape(lengths.len()).key_len);
        key.u32(chunk.len).u32(0).u64s(place(&at, 0)).u64(0);
        items.push(Item { key: key.finish(), child: chunk.address });
        last.clone_from(&at);
        step(&mut at, counts);
    }
    let end = Emit::new().u64(0).u64s(place(&last, 1)).u64(itemsize.into()).finish();
    (items, end)
}

/// The next place of a grid, with the last axis running fastest.
pub(crate) fn step(at: &mut [u64], counts: &[u64]) {
    for (at, count) in at.iter_mut().zip(counts).rev() {
        *at += 1;
        if *at < *count {
            return;
        }
        *at = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hdf5::write::btree1::Node;

    #[test]
    fn offsets_are_those_of_the_grid() {
        let chunk = |n: u64| Chunk { address: 100 * n, len: 7 };
        let chunks: Vec<Chunk> = (1..=4).map(chunk).collect();
        let built = write(&chunks, &[2, 2], &[3, 2], 8, 0);
        let node = Node::parse(&built.bytes, shape(2)).unwrap();
        let words = |key: &[u8]| -> Vec<u64> {
            key[8..].chunks(8).map(|w| u64::from_le_bytes(w.try_into().unwrap())).collect()
        };
        let offsets: Vec<_> = node.keys.iter().map(|key| words(key)).collect();
        // The last one is what h5py 3.16.0 writes for the same dataset.
        assert_eq!(offsets, [[0, 0, 0], [0, 2, 0], [3, 0, 0], [3, 2, 0], [6, 4, 8]]);
        assert_eq!(node.children, [100, 200, 300, 400]);
        assert_eq!(node.keys[0][..8], [7, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(write(&[], &[0], &[3], 8, 0).root, UNDEFINED);
    }

    #[test]
    fn grids_are_walked_in_order() {
        let mut at = vec![0, 0];
        let walked: Vec<_> = (0..6)
            .map(|_| {
                let now = at.clone();
                step(&mut at, &[2, 3]);
                now
            })
            .collect();
        assert_eq!(walked, [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2]]);
    }
}
