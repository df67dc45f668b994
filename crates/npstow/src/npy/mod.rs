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
//! | headers | those that NumPy reads, but for the oddities below: any key order, quote and spacing, Python 2 longs, no padding; a length of at most [`Limits::header_len`](crate::Limits::header_len) |
//! | dtypes | all of NumPy's; objects are described, and read and written with the feature `pickle`: see [`Entry::value`](crate::Entry::value) |
//! | shapes | 0 to 64 axes |
//! | bytes after the data | left alone, as by NumPy: another array may follow |
//!
//! What NumPy reads and npstow refuses, with an error that says so. NumPy never writes most of it:
//! only names, titles and units that a program has made so, and `f12` on 32-bit machines.
//!
//! | in the header | why not |
//! |---|---|
//! | names with a lone surrogate, `\ud800` (two of them that make a pair, too) | no text of UTF-8 holds one |
//! | characters by name, `\N{BULLET}` | they need the table of all names of Unicode |
//! | titles that are no text: numbers, tuples, `b'bytes'` | they are nothing to look a field up by |
//! | a field as a string or a dictionary, `['ab']`, `[{'a': 0, 'b': 1}]`; a dictionary or a set for the list of fields, `{}` | NumPy takes letters and keys for name and dtype by accident |
//! | one dtype under the name of another, `('<f4', '<i4')`; fields laid over a scalar | they are not in the file, or not what elements are |
//! | subarrays of empty subarrays | NumPy's own sizes contradict their shapes |
//! | dates counted in units of nothing, `<M8[0s]` | they tell no time |
//! | the dtypes `T` (strings of any length), `f12` and `c24` (long doubles) | such strings lie outside of the array; NumPy knows the others on 32-bit machines only |
//! | integers beyond 128 bits, brackets deeper than [`Limits::depth`](crate::Limits::depth) | bounds |
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
mod plain;
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
