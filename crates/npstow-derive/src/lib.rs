//! `#[derive(Record)]`: a `#[repr(C)]` struct as a NumPy structured dtype.
//!
//! Use it through `npstow` with its feature `derive`.
//!
//! ```
//! use npstow::{Array, Dtype, Element, Record};
//!
//! #[derive(Clone, Copy, Debug, PartialEq, Record)]
//! #[repr(C)]
//! struct Photon {
//!     position: [f32; 3],
//!     time: f32,
//! }
//!
//! // Records, without a copy; and the same bytes as floats (n, 2, 2), and back.
//! let photons = vec![Photon { position: [1.0, 2.0, 3.0], time: 4.0 }; 10];
//! let records = Array::from_vec(photons);
//! assert_eq!(records.dtype().to_string(), "[('position', '<f4', (3,)), ('time', '<f4')]");
//! let floats = records.view_as(Dtype::parse("<f4")?, &[2, 2])?;
//! assert_eq!(floats.shape(), [10, 2, 2]);
//! let photons: &[Photon] = floats.as_rows()?;
//! assert_eq!(photons[9].time, 4.0);
//! # Ok::<(), npstow::Error>(())
//! ```
//!
//! Attributes of fields: `#[npstow(rename = "x")]` gives another name, `#[npstow(title = "t")]`
//! NumPy's second name; `#[npstow(bytes)]` makes `[u8; N]` the dtype `S` of N bytes;
//! `#[npstow(pad)]` leaves a field out of the dtype, for bytes that keep others aligned.
//!
//! A bool (and any other field of which not every bit pattern is a value) is checked when an
//! array is read as a slice.
//!
//! # What does not compile
//!
//! Padding that nobody wrote down, since its bytes would be undefined in a file:
//! ```compile_fail
//! #[derive(Clone, Copy, npstow::Record)]
//! #[repr(C)]
//! struct Padded { a: u8, b: u32 }
//! ```
//! A layout that Rust may choose:
//! ```compile_fail
//! #[derive(Clone, Copy, npstow::Record)]
//! struct AnyLayout { a: u32, b: u32 }
//! ```
//! Generics, tuples, enums:
//! ```compile_fail
//! #[derive(Clone, Copy, npstow::Record)]
//! #[repr(C)]
//! struct Generic<T> { a: T }
//! ```
//! ```compile_fail
//! #[derive(Clone, Copy, npstow::Record)]
//! #[repr(C)]
//! struct Tuple(u32, u32);
//! ```
//! Fields that are no elements:
//! ```compile_fail
//! #[derive(Clone, Copy, npstow::Record)]
//! #[repr(C)]
//! struct Borrowed { a: &'static u8 }
//! ```
//! One name twice, `bytes` on something else, an attribute that does not exist:
//! ```compile_fail
//! #[derive(Clone, Copy, npstow::Record)]
//! #[repr(C)]
//! struct Twice { #[npstow(rename = "b")] a: u32, b: u32 }
//! ```
//! ```compile_fail
//! #[derive(Clone, Copy, npstow::Record)]
//! #[repr(C)]
//! struct NoBytes { #[npstow(bytes)] a: u32 }
//! ```
//! ```compile_fail
//! #[derive(Clone, Copy, npstow::Record)]
//! #[repr(C)]
//! struct Unknown { #[npstow(name = "b")] a: u32 }
//! ```
//! The same with what each of them lacks:
//! ```
//! #[derive(Clone, Copy, npstow::Record)]
//! #[repr(C)]
//! struct Fine {
//!     a: u8,
//!     #[npstow(pad)]
//!     _to_four: [u8; 3],
//!     #[npstow(rename = "c")]
//!     b: u32,
//!     #[npstow(bytes)]
//!     d: [u8; 4],
//! }
//! ```
#![forbid(unsafe_code)]

mod expand;
mod fields;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Makes a `#[repr(C)]` struct an `npstow::Element`: a record whose fields are the struct's.
///
/// See the documentation of this crate for attributes and examples.
#[proc_macro_derive(Record, attributes(npstow))]
pub fn derive_record(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    expand::record(&input).unwrap_or_else(syn::Error::into_compile_error).into()
}
