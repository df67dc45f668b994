//! HDF5 files: trees of arrays with attributes, as h5py, MATLAB and many others keep them.
//!
//! Writing is our own, without libhdf5: forwards only, on all cores, the same bytes for the same
//! tree. By default a file has the form that everything since HDF5 1.6 opens.
//!
//! | NumPy | HDF5 |
//! |---|---|
//! | `i1` … `u8`, any order | integers of that order |
//! | `f2`, `f4`, `f8`, `f16` | IEEE floats of that order; 80 bits of the long double in 16 bytes |
//! | `?` | the enumeration `FALSE`, `TRUE` over one byte, as h5py has it |
//! | `c8`, `c16`, `c32` | a record of `r` and `i`, as h5py has it |
//! | `S` | strings of fixed length, padded with NUL, ASCII |
//! | `U`, `M8`, `m8` | opaque bytes with the tag `NUMPY:` and the dtype, as h5py reads and writes it |
//! | `V` | opaque bytes without a tag |
//! | records | compounds with the same offsets; a record of two floats `r` and `i` reads as complex |
//! | subarrays in records | arrays |
//! | text of attributes | strings of any length in UTF-8, as h5py keeps `str` |
//! | text, sequences, references, records and arrays of them, as read from HDF5 | the same, in the global heap; references lead to the same objects |
//! | metadata, names, labels | attributes |
//! | attributes read from HDF5 | the same, whatever they are |
//! | arrays read from HDF5 | the datatype that they had there; see below |
//! | committed datatypes, as read from HDF5 | the same, with their attributes |
//! | references to what is not written | refused by name |
//! | `O`, items of no bytes, overlapping fields, titles, records without fields | refused by name |
//!
//! # What becomes what
//!
//! | HDF5 | dtype |
//! |---|---|
//! | integers of 1, 2, 4, 8 bytes, of any order and precision | `i1` to `i8`, `u1` to `u8` |
//! | bit fields of these sizes | `u1` to `u8` |
//! | floats of IEEE 754, and of the x87 in 16 bytes | `f2`, `f4`, `f8`, `f16` |
//! | other floats (bfloat16, float8, those of a VAX), integers of other sizes, times | `V`, their bytes |
//! | enumerations | the integers they are made of; FALSE and TRUE in one byte: `b1` |
//! | records `r`, `i` of two floats; the complex class of 2.0 | `c8`, `c16`, `c32` |
//! | strings of a fixed length, of either character set | `S` |
//! | opaque | `V`; those that h5py tags `NUMPY:<M8[s]`, `NUMPY:<U4` and the like: `M8`, `m8`, `U` |
//! | arrays | subarrays |
//! | records, nested, with gaps | records, fields in the order of the file as in h5py |
//! | text, sequences, references to objects and regions | objects, one by one: [`Varied`](crate::Varied) |
//! | references of 1.12 | `V`, their bytes |
//! | a null dataspace | the shape `(0,)` |
//! | a virtual dataset: blocks at even distances, lists of blocks | the array that they make up |
//! | the same of single points, or of blocks that lie across one another | refused by name |
//! | a committed datatype | a value: the bytes of its message, as the latest form has them |
//!
//! # From HDF5 to HDF5
//!
//! An [`Entry`](crate::Entry) of a dataset or an attribute remembers what its datatype says beyond
//! the dtype, and the elements as they lie in the file: names of enumerations, character sets and
//! padding of strings, bit fields, precisions and paddings of bits, floats that NumPy has not, tags
//! of opaque bytes, times, records with such members, null dataspaces. Written to HDF5 it is the
//! same again, but for what the table names. Rows that are joined keep what all of them have. In a tree that was loaded, an array
//! keeps its datatype as long as it has its dtype, unless its elements were changed as they were
//! read. Other arrays in memory (NumPy's are), other formats, and `diff` have the dtype alone.
//! [`Draft::enumeration`] and [`Draft::utf8`] make such datatypes by hand.
//!
//! Elements without a fixed length are moved as they are, in whatever they lie in one another: their
//! bytes go from the heaps of one file into those of the other. A reference becomes one to the object
//! in the new file that was read from the one it led to, under whatever name it is written; a group
//! is such an object, too. What leads to an object that is not written (another part of the file,
//! rows that were joined, an array that took its place) is refused by the path of that object, and
//! so is what leads to nothing. Null references stay null.
//!
//! It remembers how a dataset is stored as well, and is stored so again as long as its shape is the
//! same and neither a [`Draft`] nor the options say otherwise: chunks, how far it may grow, shuffle,
//! deflate, fletcher32, the fill value. Filters that npstow does not write are left out, and
//! [`WriteOptions::compress`] packs the same chunks. In one piece are what was compact or virtual,
//! text and sequences, and datasets of which a row of chunks takes more than 1 GiB, or whose chunks
//! were not written for the most part.
//!
//! What has several names in the file, or is in a group that has, is one object again, with as many
//! names: arrays, committed datatypes, and groups with all that is in them, where nothing of what is
//! written of them was changed under one of the names. What was loaded into memory, joined, or
//! given attributes or a storage by a [`Draft`] is an object of its own; so is a group where it
//! leads to itself. Soft links to arrays are soft links again, where what they lead to is written
//! as well; soft links to groups become groups of soft links.
//!
//! | type in the file | written in the old form | in the latest |
//! |---|---|---|
//! | of one part | version 1 | version 1 |
//! | records, enumerations | version 1, or 2 with arrays in them; made of later ones | version 3 |
//! | arrays, also as axes of a member in version 1 | version 2 | version 3 |
//! | with floats of a VAX, or too long for a header with its padding | version 3: since HDF5 1.8 | version 3 |
//! | the complex class of 2.0 | h5py's record | h5py's record |
//! | of datasets and attributes: committed, or in the heap of shared messages | as if it were not | as if it were not |
//! | text, sequences, references to objects and regions | version 1, or that of what is in them | version 3 |
//! | the same in a file whose addresses are not of 8 bytes | with addresses of 8 bytes; refused by name in records | the same |
//! | references of 1.12 | refused by name | refused by name |
//! | the complex class of numbers that NumPy has not | opaque bytes; refused by name beside text and the like | the same |
//! | numbers that use less than half of their bits, which HDF5 refuses by default | what their dtype says; refused by name beside text and the like | the same |
//!
//! # What may grow
//!
//! [`append()`] and [`Appender`] add rows to the first axis of a dataset in place.
//!
//! | the dataset has | |
//! |---|---|
//! | chunks in a B-tree of version 1, as npstow writes them in both forms, and h5py but in the latest one | yes |
//! | a first axis without end, or with room up to its largest length | yes |
//! | shuffle, deflate, fletcher32, in this order; a fill value | yes |
//! | a type that npstow writes in the same way | yes |
//! | other filters, other types, texts and sequences | refused by name |
//! | a single chunk, a fixed or an extensible array, a B-tree of version 2, no chunks | refused by name |
//! | parts of other datasets, elements in other files | refused by name |
//! | a header of several blocks, or one that no single write within a page changes | refused by name |
//! | a file with a user block, another driver, an extension of its superblock, the mark of an open file | refused by name |
#![forbid(unsafe_code)]

mod append;
mod arrays;
mod assembly;
mod attributes;
mod beside;
mod border;
mod by_hand;
mod check;
mod chunks;
mod cut;
mod dataset;
mod draft;
mod elements;
mod external;
mod family;
mod file;
mod filters;
mod fractal;
mod headers;
mod heap;
mod image;
mod links;
mod mapped;
mod moved;
mod multi;
mod needs;
mod notes;
mod object;
mod options;
mod paths;
mod picked;
mod plan;
mod read;
mod reader;
mod repair;
mod segments;
mod sources;
mod superblock;
mod types;
mod varied;
mod write;
mod writer;

pub use append::{Appender, append};
pub use draft::{Draft, Value};
pub(crate) use notes::attached;
pub use options::{Storage, WriteOptions};
pub(crate) use reader::Hdf5;
pub use repair::{Repair, diagnose, repair};
pub use writer::{write, write_to, write_with};

#[cfg(test)]
mod tests;
