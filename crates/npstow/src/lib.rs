#![deny(unsafe_code)]
// Without all formats nobody uses some of what formats are made of.
#![cfg_attr(
    not(all(
        feature = "npz",
        feature = "folder",
        feature = "joblib",
        feature = "torch",
        feature = "shelve",
        feature = "hdf5"
    )),
    allow(dead_code, unused_imports, unused_variables)
)]
#![doc = include_str!("../../../README.md")]

// The layers, from the bottom up; `cargo xtask layers` holds the modules to this order.
mod error;
mod limits;
mod parallel;

mod buffer;
mod cursor;
mod literal;
mod notes;

mod dtype;

mod array;
mod codec;
mod sink;
mod source;

#[cfg(feature = "npz")]
mod packed;

mod chunk;
#[cfg(feature = "pickle")]
mod value;

mod entry;

mod container;
#[cfg(feature = "digest")]
mod digest;
mod tree;

pub mod trees;

#[cfg(feature = "hdf5")]
pub mod hdf5;
#[cfg(feature = "npy")]
pub mod npy;
#[cfg(feature = "pickle")]
pub mod pickle;

#[cfg(feature = "npz")]
pub mod npz;

#[cfg(feature = "shelve")]
pub mod shelve;
#[cfg(feature = "torch")]
pub mod torch;

#[cfg(feature = "folder")]
pub mod folder;

#[cfg(feature = "joblib")]
pub mod joblib;

mod file;

/// For what `#[derive(Record)]` writes out; nothing here is promised.
#[doc(hidden)]
pub use array::private as __private;
pub use array::{
    Array, Corners, Datetime64, Element, Index, Iter, LongDouble, MemoryOrder, MlArray, MlType,
    PreviewOptions, Resolved, Selection, Timedelta64,
};
pub use buffer::{Buffer, BufferMut};
pub use chunk::Chunked;
pub use codec::Codec;
#[cfg(fuzzing)]
#[doc(hidden)]
pub use codec::fuzzing as __fuzzing;
pub use container::{Attribute, Fault, NodeKind};
#[cfg(feature = "digest")]
pub use digest::digest;
pub use dtype::{Dtype, Field, Kind, Order, Record, Scalar, Unit, UnitBase};
pub use entry::{
    Coded, Composed, Data, Entry, Joined, Loaded, ReadOptions, Rows, Slot, Varied, VariedForm,
    VariedItem, Wrap,
};
pub use error::{Error, ErrorKind, Result};
pub use file::{
    Appender, File, Format, Node, OpenOptions, SaveOptions, append, open, save, save_to, save_with,
    set_notes, split_place, verify,
};
#[cfg(feature = "pickle")]
pub use file::{scan, scan_source};
pub use limits::Limits;
pub use literal::{Literal, LiteralOptions};
pub use notes::{Meta, Notes};
#[cfg(feature = "derive")]
pub use npstow_derive::Record;
#[doc(inline)]
pub use parallel::alone;
pub use sink::{AtomicFile, Durability, Sink, WriteSink};
pub use source::{FileSource, MemorySource, PartSource, Source, read_stream};
pub use tree::{Item, Tree};
#[cfg(feature = "serde")]
pub use value::from_value;
#[cfg(feature = "pickle")]
pub use value::{ArrayExtra, ArrayForm, DtypeForm, Form, ObjectForm, Refs, ValueRef};
#[cfg(feature = "pickle")]
pub use value::{Items, Pairs, Part, Value, ValueBuilder, ValueKind};

#[cfg(all(test, feature = "derive"))]
extern crate self as npstow;
