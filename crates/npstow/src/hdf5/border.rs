//! The border to the crate `hdf5-reader`: its types and errors go no further.
//!
//! The crate reads the infrastructure of the format: B-trees of both versions, and fractal heaps
//! that are packed. What lies in object headers is read by ours, since the crate leaves out what we
//! need of it (precisions, links, committed datatypes, the complex class), and refuses a whole
//! header for one message that it does not know.
#![forbid(unsafe_code)]

use super::read::Sizes;
use crate::{Error, Result, Source};
use hdf5_reader::btree_v1::{BTreeV1Key, collect_btree_v1_leaves_storage};
use hdf5_reader::btree_v2::{BTreeV2Header, BTreeV2Record, collect_btree_v2_records_storage};
use hdf5_reader::chunk_index::collect_v2_chunk_entries_storage;
use hdf5_reader::error::Error as CrateError;
use hdf5_reader::fractal_heap::{FractalHeap, FractalHeapDirectBlockCache};
use hdf5_reader::{Storage, StorageBuffer};
use std::sync::Arc;

/// A source as the crate's storage, from its superblock on.
#[derive(Debug)]
struct Adapter {
    source: Arc<dyn Source>,
    base: u64,
}

impl Storage for Adapter {
    fn len(&self) -> u64 {
        self.source.len().saturating_sub(self.base)
    }

    fn read_range(&self, offset: u64, len: usize) -> Result<StorageBuffer, CrateError> {
        let position =
            offset.checked_add(self.base).ok_or(CrateError::OffsetOutOfBounds(offset))?;
        let bytes = self.source.read(position, len)?;
        StorageBuffer::from_shared_owner(Arc::new(bytes), 0, len)
    }
}

/// Structures of a file that the crate reads.
pub(super) struct Structures {
    storage: Adapter,
    sizes: Sizes,
}

impl std::fmt::Debug for Structures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Structures").field("storage", &self.storage).finish_non_exhaustive()
    }
}

/// A chunk as an index has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Indexed {
    /// Of its first element, on every axis.
    pub(super) origin: Vec<u64>,
    pub(super) address: u64,
    /// Packed bytes; 0 where the index does not say, for they are not packed.
    pub(super) len: u64,
    pub(super) skipped: u32,
}

impl Structures {
    pub(super) fn new(source: Arc<dyn Source>, base: u64, sizes: Sizes) -> Self {
        Self { storage: Adapter { source, base }, sizes }
    }

    /// An error of the crate as one of ours.
    fn failed(&self, what: &str, address: u64, e: CrateError) -> Error {
        let at = address.saturating_add(self.storage.base);
        match e {
            CrateError::Io(e) if e.kind() != std::io::ErrorKind::UnexpectedEof => {
                Error::io(format_args!("reading {what}"), e).at(at)
            }
            CrateError::Io(_) => {
                let len = self.storage.source.len();
                Error::corrupt(what, format_args!("the end of the file after {len} bytes")).at(at)
            }
            e => Error::corrupt(what, e).at(at),
        }
    }

    /// The addresses of the symbol tables of a group, in order of their names.
    pub(super) fn symbol_tables(&self, address: u64) -> Result<Vec<u64>> {
        let (offset, length) = (self.sizes.offset, self.sizes.length);
        let leaves = collect_btree_v1_leaves_storage(
            &self.storage,
            address,
            offset,
            length,
            None,
            &[],
            None,
        );
        let leaves = leaves.map_err(|e| self.failed("a B-tree of a group", address, e))?;
        Ok(leaves.into_iter().map(|(_, child)| child).collect())
    }

    /// Chunks in a B-tree of version 1.
    pub(super) fn btree_1(&self, address: u64, chunk: &[u32]) -> Result<Vec<Indexed>> {
        let (offset, length) = (self.sizes.offset, self.sizes.length);
        let rank = u32::try_from(chunk.len()).unwrap_or(u32::MAX);
        let leaves = collect_btree_v1_leaves_storage(
            &self.storage,
            address,
            offset,
            length,
            Some(rank),
            chunk,
            None,
        );
        let leaves = leaves.map_err(|e| self.failed("a B-tree of chunks", address, e))?;
        let chunk = |(key, child): (BTreeV1Key, u64)| match key {
            BTreeV1Key::RawData { chunk_size, filter_mask, mut offsets } => {
                offsets.truncate(chunk.len());
                let (len, skipped) = (u64::from(chunk_size), filter_mask);
                Ok(Indexed { origin: offsets, address: child, len, skipped })
            }
            BTreeV1Key::Group { .. } => {
                Err(Error::corrupt("a B-tree of chunks", "one of a group").at(address))
            }
        };
        leaves.into_iter().map(chunk).collect()
    }

    /// Chunks in a B-tree of version 2.
    pub(super) fn btree_2(&self, address: u64, chunk: &[u32]) -> Result<Vec<Indexed>> {
        let (offset, length) = (self.sizes.offset, self.sizes.length);
        let rank = u32::try_from(chunk.len()).unwrap_or(u32::MAX);
        let entries = collect_v2_chunk_entries_storage(
            &self.storage,
            address,
            offset,
            length,
            rank,
            chunk,
            None,
        );
        entries
            .map(|entries| entries.into_iter().map(indexed).collect())
            .map_err(|e| self.failed("a B-tree of chunks", address, e))
    }

    /// The names that the B-tree at an address has: of objects in a fractal heap.
    pub(super) fn names(&self, address: u64) -> Result<Vec<Name>> {
        let (offset, length) = (self.sizes.offset, self.sizes.length);
        let tree = |e| self.failed("a B-tree of names", address, e);
        let header = BTreeV2Header::parse_at_storage(&self.storage, address, offset, length);
        let header = header.map_err(tree)?;
        let records = collect_btree_v2_records_storage(
            &self.storage,
            &header,
            offset,
            length,
            None,
            &[],
            None,
        );
        let one = |record: BTreeV2Record| match record {
            BTreeV2Record::LinkNameHash { heap_id, .. } => {
                Ok(Name { id: heap_id, is_shared: false, order: 0 })
            }
            BTreeV2Record::AttributeNameHash { heap_id, flags, creation_order, .. } => {
                Ok(Name { id: heap_id, is_shared: flags & 2 != 0, order: creation_order })
            }
            other => {
                let found = format!("{other:?}").chars().take(60).collect::<String>();
                Err(Error::corrupt("a record of a name", found).at(address))
            }
        };
        records.map_err(tree)?.into_iter().map(one).collect()
    }

    /// The fractal heap at an address.
    pub(super) fn heap(&self, address: u64) -> Result<Heap<'_>> {
        let (offset, length) = (self.sizes.offset, self.sizes.length);
        let heap = FractalHeap::parse_at_storage(&self.storage, address, offset, length);
        let heap = heap.map_err(|e| self.failed("a fractal heap", address, e))?;
        let blocks = FractalHeapDirectBlockCache::default();
        Ok(Heap { structures: self, address, heap, blocks })
    }
}

/// The name of an object in a fractal heap.
pub(super) struct Name {
    pub(super) id: Vec<u8>,
    /// Whether it lies in the heap of shared messages.
    pub(super) is_shared: bool,
    /// When it was made, where the tree has that.
    pub(super) order: u32,
}

/// A fractal heap, its blocks kept.
pub(super) struct Heap<'a> {
    structures: &'a Structures,
    address: u64,
    heap: FractalHeap,
    blocks: FractalHeapDirectBlockCache,
}

impl Heap<'_> {
    /// One object of it.
    pub(super) fn get(&mut self, id: &[u8]) -> Result<Vec<u8>> {
        let sizes = self.structures.sizes;
        let object = self.heap.get_object_storage_cached(
            id,
            &self.structures.storage,
            sizes.offset,
            sizes.length,
            &mut self.blocks,
        );
        let failed = |e| self.structures.failed("an object of a fractal heap", self.address, e);
        object.map_err(failed)
    }
}

fn indexed(entry: hdf5_reader::chunk_index::ChunkEntry) -> Indexed {
    let (len, skipped) = (entry.size, entry.filter_mask);
    Indexed { origin: entry.offsets, address: entry.address, len, skipped }
}

/// Filters of the crate: their numbers are those of the format.
pub(super) mod filters {
    use crate::{Error, Result};
    use hdf5_reader::filters;

    fn failed(name: &str, e: hdf5_reader::error::Error) -> Error {
        Error::corrupt(format_args!("bytes packed with {name}"), e)
    }

    pub(in crate::hdf5) fn nbit(bytes: &[u8], values: &[u32], most: usize) -> Result<Vec<u8>> {
        filters::nbit::decompress_with_limit(bytes, values, most).map_err(|e| failed("nbit", e))
    }

    pub(in crate::hdf5) fn szip(bytes: &[u8], values: &[u32], most: usize) -> Result<Vec<u8>> {
        filters::szip::decompress_with_limit(bytes, values, most).map_err(|e| failed("szip", e))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ErrorKind, MemorySource};

    #[test]
    fn a_tree_behind_the_end_says_how_long_the_file_is() {
        let source = Arc::new(MemorySource::new(vec![0; 40]));
        let structures = Structures::new(source, 0, Sizes { offset: 8, length: 8 });
        for read in [structures.btree_1(64, &[4]), structures.btree_2(64, &[4])] {
            let e = read.unwrap_err();
            assert_eq!(e.kind(), ErrorKind::Corrupt);
            let found =
                "at byte 64: expected a B-tree of chunks, found the end of the file after 40 bytes";
            assert_eq!(e.to_string(), found);
        }
    }
}
