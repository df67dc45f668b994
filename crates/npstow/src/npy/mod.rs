//! NPY: one array in a file, as `np.save` writes it.
//!
//! The format is [NEP 1](https://numpy.org/neps/nep-0001-npy-format.html) with the versions of
//! `numpy.lib.format`: six magic bytes, a version, the length of a header, a header that is a
//! Python literal with the keys `descr`, `fortran_order` and `shape`, and the elements as they
//! lie in memory.
//!
//! | | npstow |
//! |---|---|
//! | versions | 1.0, 2.0, 3.0 read and written; which one is written is NumPy's choice, or yours |
//! | headers | every header that NumPy reads: any key order, quote and spacing, Python 2 longs, no padding; a length of at most [`Limits::header_len`](crate::Limits::header_len) |
//! | dtypes | all of NumPy's; objects are described, their payload (a pickle) is refused |
//! | shapes | 0 to 64 axes |
//! | bytes after the data | left alone, as by NumPy: another array may follow |
//!
//! Reading an array, and a part of it:
//! ```
//! use npstow::{Array, Selection, npy};
//! # let dir = tempfile::tempdir().unwrap();
//! # let path = dir.path().join("x.npy");
//! npy::write(&path, &Array::from_vec_shape(vec![1f32, 2., 3., 4., 5., 6.], &[3, 2])?)?;
//! let x = npy::read(&path)?;
//! assert_eq!(x.shape(), [3, 2]);
//! assert_eq!(x.as_slice::<f32>()?[5], 6.0);
//! let column = npy::open(&path)?.read_slice(&"::2, 1".parse()?)?;
//! assert_eq!(column.as_slice::<f32>()?, [2.0, 6.0]);
//! # Ok::<(), npstow::Error>(())
//! ```
#![forbid(unsafe_code)]

mod append;
mod header;
mod map;
mod reader;
mod repair;
mod rows;
mod writer;

pub use append::{Appender, append};
pub(crate) use header::ParseMemo;
pub use header::{Header, Version};
pub use map::{ArrayMut, MapMode, create, map_mut};
pub(crate) use reader::{Npy, entry_of};
pub use reader::{open, open_source, read, read_from, view};
pub use repair::{Repair, diagnose, repair};
pub use rows::RowWriter;
pub(crate) use writer::{HeaderMemo, Payload, Plan};
pub use writer::{WriteOptions, to_bytes, write, write_entry, write_to, write_with};

/// The first bytes of every NPY file.
pub const MAGIC: &[u8; 6] = b"\x93NUMPY";

/// The length of the whole header that these bytes begin with, where they begin with one.
pub(crate) fn header_len(start: &[u8]) -> Option<usize> {
    Header::whole_len(start, &crate::Limits::default()).ok().map(|(_, len)| len)
}

/// Whether a file that begins with these bytes is NPY.
pub(crate) fn sniff(start: &[u8]) -> bool {
    start.starts_with(MAGIC)
}
