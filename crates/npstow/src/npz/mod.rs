//! NPZ: a zip archive of NPY files, as `np.savez` writes it.
#![forbid(unsafe_code)]
// Until the reader is in place.
#![allow(dead_code, unused_imports)]

mod content;
mod copy;
mod directory;
mod editor;
mod end;
#[cfg(test)]
mod forge;
mod locate;
mod member;
mod names;
#[cfg(test)]
mod tests;
mod writer;
mod zip;

pub use editor::{Compacted, Editor, Repair, compact, diagnose, repair};
pub use writer::{WriteOptions, Writer, write, write_to, write_with};
