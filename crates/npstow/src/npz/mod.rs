//! NPZ: a zip archive of NPY files, as `np.savez` writes it.
#![forbid(unsafe_code)]
// Until the reader is in place.
#![allow(dead_code, unused_imports)]

mod directory;
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

pub use writer::{WriteOptions, Writer, write, write_to, write_with};
