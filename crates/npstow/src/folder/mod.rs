//! Folders of `.npy` files, as trees; with NPFold's index and text files where they are there.
#![forbid(unsafe_code)]

mod index;
mod marks;
mod names;
mod profile;
mod property;
mod sidecar;
pub mod transport;

pub use names::{name_of_key, numbered};
pub use profile::Profile;
