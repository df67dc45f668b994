//! Operations on trees: whatever format they come from or go to.
//!
//! A tree of a file ([`Node::to_tree`](crate::Node::to_tree)) is described and not read, and so is
//! what these functions make of it: arrays are read when the result is saved, band by band, or
//! compared.
//!
//! | | |
//! |---|---|
//! | [`find`] | the paths that match patterns such as `A*/hit` or `**/photon` |
//! | [`select`] | chosen components as a tree of their own |
//! | [`concat()`] | the rows of many groups, one after another |
//! | [`compare`] | what differs between two trees, and by how much |
//! | [`counts`], [`metadata`] | rows of arrays, values of metadata: a line for each group |
//!
//! ```
//! use npstow::trees::{self, ConcatOptions, Glob, NotesPolicy};
//! use npstow::{Array, Tree};
//! let run = Tree::new()
//!     .with("A000/hit", Array::from_vec(vec![1i32, 2]))?
//!     .with("A000/photon", Array::from_vec(vec![0.5f32]))?
//!     .with("A001/hit", Array::from_vec(vec![3i32]))?;
//! assert_eq!(trees::counts(&run, &[]).columns(), ["hit", "photon"]);
//! let hits = trees::select(&run, &Glob::list("*/hit")?)?;
//! let events: Vec<_> = hits.groups().collect();
//! let all = trees::concat(&events, &ConcatOptions::new(NotesPolicy::First))?;
//! # let dir = tempfile::tempdir().unwrap();
//! # let path = dir.path().join("hits.npy");
//! npstow::save(&path, &trees::select(&all, &Glob::list("hit")?)?.remove("hit").unwrap().into())?;
//! assert_eq!(npstow::npy::read(&path)?.as_slice::<i32>()?, [1, 2, 3]);
//! # Ok::<(), npstow::Error>(())
//! ```
#![forbid(unsafe_code)]

mod compare;
mod concat;
mod counts;
mod glob;
mod select;

pub use compare::{CompareOptions, Difference, Report, Side, Unequal, What, compare};
pub use concat::{ConcatOptions, Missing, NotesPolicy, concat};
pub use counts::{Table, counts, metadata};
pub use glob::Glob;
pub use select::{find, select};
