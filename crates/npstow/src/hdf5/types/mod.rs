//! Datatypes of HDF5 as NumPy's, and elements that have no fixed length.
#![forbid(unsafe_code)]

pub(super) mod between;
pub(super) mod bits;
pub(super) mod carried;
mod enumeration;
pub(super) mod floats;
mod from_dtype;
pub(super) mod reference;
pub(super) mod to_dtype;
pub(super) mod vlen;

pub(super) use enumeration::{enumeration, text_utf8};
pub(super) use from_dtype::{Form, MAX_RANK, datatype, sequence, too_many_axes, variable_text};
