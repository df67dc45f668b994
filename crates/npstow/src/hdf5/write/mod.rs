//! The structures of the HDF5 file format, each in a file of its own: plain data to bytes.
//!
//! Offsets and lengths are of 8 bytes, and every number is little-endian. What a structure points
//! to must have its address first, so a file is put together from the leaves up.
#![forbid(unsafe_code)]

pub(super) mod btree1;
pub(super) mod btree2;
pub(super) mod checksum;
pub(super) mod chunk_index;
pub(super) mod emit;
pub(super) mod filters;
pub(super) mod fractal_heap;
pub(super) mod global_heap;
pub(super) mod link;
pub(super) mod local_heap;
pub(super) mod message;
pub(super) mod object_header;
pub(super) mod superblock;
pub(super) mod symbol_table;

pub(super) use super::read::UNDEFINED;
