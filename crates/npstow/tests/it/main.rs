//! The library from outside, one file per topic.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::cast_possible_truncation)]

mod append;
mod facade;
mod files;
mod full;
mod header;
mod hostile;
mod map;
mod roads;
mod slices;
mod stream;
mod sync;
mod write;

mod support;
