//! Values into the user's own types, by serde.
#![forbid(unsafe_code)]

mod element;
mod object;
mod own;
mod value;

use super::handle::Value;
use crate::{Error, Result};
use ::serde::Deserialize;
use std::fmt;

/// Makes a type of the user's own of a value: what [serde](https://serde.rs) derives, does.
///
/// Dictionaries and objects with attributes become structs and maps; lists, tuples and sets become
/// sequences; arrays become sequences of sequences, arrays of records sequences of structs; what
/// is `None` an `Option`. A NumPy scalar is a number. Dates and times are text as in RFC 3339, so
/// are decimal numbers, fractions, UUIDs and paths; a `timedelta` is a number of seconds, or a
/// `std::time::Duration`. Text and bytes can be borrowed from the value. A field may be an
/// [`Array`](crate::Array), whatever its dtype, or a [`Value`] for what is looked at later.
///
/// ```
/// use npstow::{Array, pickle};
/// #[derive(serde::Deserialize)]
/// struct Model<'a> {
///     name: &'a str,
///     layers: Vec<usize>,
///     rate: Option<f64>,
/// }
/// # let bytes = b"(dS'name'\nS'net'\nsS'layers'\n(lI3\naI4\nasS'rate'\nNs.".to_vec();
/// // pickle.dumps({"name": "net", "layers": [3, 4], "rate": None})
/// let value = pickle::from_bytes(bytes, &pickle::Options::default())?;
/// let model: Model = npstow::from_value(&value)?;
/// assert_eq!((model.name, model.layers, model.rate), ("net", vec![3, 4], None));
/// # Ok::<(), npstow::Error>(())
/// ```
///
/// # Errors
/// `Mismatch` where the value is not what the type asks for; `Limit` for what is nested deeper
/// than 128 levels, as all that holds itself is; whatever reading arrays and long text needs.
pub fn from_value<'de, T: Deserialize<'de>>(value: &'de Value) -> Result<T> {
    let of = value::Of { owner: value, cell: value.cell(), depth: 0 };
    T::deserialize(of).map_err(|fault| fault.0)
}

/// How deep values may lie in one another: what the types of the user are made by is recursive.
const DEPTH: usize = 128;

/// An error, for serde.
#[derive(Debug)]
struct Fault(Error);

type Outcome<T> = std::result::Result<T, Fault>;

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Fault {}

impl ::serde::de::Error for Fault {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(Error::mismatch("what the type asks for", message))
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

#[cfg(test)]
mod tests;
