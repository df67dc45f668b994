//! Folders of `.npy` files, as trees; with NPFold's index and text files where they are there.
#![forbid(unsafe_code)]

mod index;
mod lint;
mod marks;
mod names;
mod ours;
mod place;
mod profile;
mod property;
mod reader;
mod root;
mod scan;
mod sidecar;
pub mod transport;
mod writer;

pub use names::{name_of_key, numbered};
pub use profile::Profile;
pub(crate) use reader::Folder;
pub use writer::{WriteOptions, write, write_with};

#[cfg(test)]
mod tests;
