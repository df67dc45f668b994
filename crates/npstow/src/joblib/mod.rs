//! joblib's dumps: pickles that keep the elements of their arrays beside the opcodes.
//!
//! ```
//! use npstow::{Array, Tree, joblib};
//! # let dir = tempfile::tempdir().unwrap();
//! # let path = dir.path().join("model.joblib");
//! let tree = Tree::new().with("weight", Array::from_vec(vec![1.5f32, 2.5]))?;
//! joblib::write(&path, &tree, &joblib::WriteOptions::default())?;
//! let value = joblib::open(&path, &Default::default())?;
//! let weight = value.get("weight").unwrap().to_array()?;
//! assert_eq!(weight.as_slice::<f32>()?, [1.5, 2.5]);
//! # Ok::<(), npstow::Error>(())
//! ```
//!
//! What is read: everything that joblib has written from 0.8 on, with Python 2 or 3.
//!
//! * Since 0.10 an object of the class `NumpyArrayWrapper` says what an array is, and its elements
//!   stand behind that in the same file; since 1.2 they are aligned. Of objects as elements a
//!   pickle stands there.
//! * Up to 0.9 the elements are in files beside: `x.pkl_01.npy`, or packed as `x.pkl_01.npy.z`.
//!   Such a file has to lie in the folder of the dump, and may be no link.
//! * The whole may be packed: with zlib (up to 0.9 behind `ZF` and a length), gzip, bzip2, xz,
//!   LZMA, lz4 or Zstandard, which is told by the content. It is unpacked into memory then.
//!
//! Objects of all other classes are data, as in [`pickle`](crate::pickle): nothing is ever run.
//!
//! What is written, joblib 1.2 and later load; without compression also by `mmap_mode`, for each
//! array begins at a multiple of 64 bytes.
#![forbid(unsafe_code)]

mod compress;
mod reader;
mod scan;
mod side;
mod wrapper;
mod writer;

pub use compress::Compressor;
pub(crate) use reader::{Dump, sniff};
pub use reader::{from_bytes, from_source, open};
pub use scan::scan;
pub(crate) use scan::scan_unpacked;
pub use writer::{WriteOptions, to_bytes, write, write_to};

#[cfg(test)]
mod tests;
