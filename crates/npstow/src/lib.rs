//! npstow: NumPy arrays at rest.
#![deny(unsafe_code)]

mod buffer;
mod cursor;
mod dtype;
mod error;
mod limits;
mod literal;

pub use buffer::{Buffer, BufferMut};
pub use dtype::{Dtype, Field, Kind, Order, Record, Scalar, Unit, UnitBase};
pub use error::{Error, ErrorKind, Result};
pub use limits::Limits;
