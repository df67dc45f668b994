//! Folders of `.npy` files as trees, with what NPFold keeps beside the arrays.
//!
//! [NPFold](https://github.com/simoncblyth/np) saves trees of arrays as folders: an index of keys
//! (`NPFold_index.txt`), a `.npy` file for each array, text files for metadata, names and labels
//! (`x_meta.txt`, `x_names.txt`, `x_labels.txt`; `NPFold_…` for a group), a folder for each group.
//!
//! | | npstow |
//! |---|---|
//! | opening | lists each folder once; a file is opened when its array is asked for, and closed again |
//! | with an index | arrays and groups are what the index lists, in its order; a file that is missing is an error of that array, arrays and folders that it does not list are [left out](crate::File::left_out), and told of |
//! | without | every `.npy` file, sorted by name, and folders, as NPFold loads them: those whose names begin with `_` are left out, and a text of numbers (`1.55 *eV 1.33`) is the table that NPFold makes of it |
//! | other files | values: their bytes on request; names that begin with a dot are left out |
//! | `nodata` mode | always: shapes, types, notes come from headers and texts; elements when they are read |
//! | lists of strings | the array of shape `(0,)` and its [names](crate::Notes::names) |
//! | links | those that stay in the folder are followed, once; others are refused |
//! | names | as the file without `.npy`; where a group or another file has that name, with it |
//! | dask's `to_npy_stack` | one array with the feature `pickle`, along the first axis; along others its files are arrays of their own |
//!
//! Written is the same layout ([`write()`]): [`Profile::Native`] takes every dtype and order,
//! files that are no arrays (listed in `npstow_values.txt`) and the order of the tree;
//! [`Profile::NpFold`] only what NP.hh reads. Either way a tree takes its place as a whole: a
//! reader sees the old one or the new one, and no file of the old one stays. A folder that holds
//! anything else is not replaced, nor one with an array that no reader would find there: one that
//! the index does not list, or whose name is left out. Names are refused that lead out of the folder, or that some
//! file system cannot hold or keep apart: reserved ones, and those that differ in case or in
//! Unicode's normal form alone.
//!
//! ```
//! use npstow::{Array, Notes, Tree, folder};
//! # let dir = tempfile::tempdir().unwrap();
//! # let path = dir.path().join("run");
//! let mut tree = Tree::new().with("A000/photon", Array::from_vec(vec![0.5f32, 1.5]))?;
//! let mut notes = Notes::default();
//! notes.meta.set("creator", "a simulation")?;
//! tree.set_notes("A000", notes)?;
//! folder::write(&path, &tree)?;
//!
//! let run = npstow::open(&path)?;
//! assert_eq!(run.get("A000")?.notes()?.meta.get("creator"), Some("a simulation"));
//! assert_eq!(run.get("A000/photon")?.read()?.as_slice::<f32>()?, [0.5, 1.5]);
//! # Ok::<(), npstow::Error>(())
//! ```
#![forbid(unsafe_code)]

mod found;
mod index;
mod lazy;
mod lint;
mod listing;
mod marks;
mod names;
mod notes;
mod ours;
mod place;
mod plan;
mod pool;
mod profile;
mod property;
mod reader;
mod root;
mod scan;
#[cfg(feature = "pickle")]
mod stack;
pub mod transport;
mod writer;

pub use names::{name_of_key, numbered};
pub use notes::set_notes;
pub use profile::Profile;
pub(crate) use reader::Folder;
pub use writer::{WriteOptions, write, write_with};

#[cfg(test)]
mod tests;
