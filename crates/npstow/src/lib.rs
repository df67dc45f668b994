//! npstow: NumPy arrays at rest.
#![deny(unsafe_code)]

mod buffer;
mod cursor;
mod dtype;
mod error;
mod limits;
mod literal;
mod sink;
mod source;

pub use buffer::{Buffer, BufferMut};
pub use dtype::{Dtype, Field, Kind, Order, Record, Scalar, Unit, UnitBase};
pub use error::{Error, ErrorKind, Result};
pub use limits::Limits;
pub use sink::{AtomicFile, Durability, Sink, WriteSink};
pub use source::{FileSource, MemorySource, PartSource, Source, read_stream};
