//! Python literals: what NPY headers are written in.
//!
//! The language is that of `ast.literal_eval` of CPython 3.11. Nothing is evaluated but signs and
//! the sum of a real and an imaginary number.
//!
//! Differences from CPython, all of them refusals: integers beyond 128 bits, `\N{…}` escapes, lone
//! surrogates, `...`, and `set` in parentheses of its own. Nesting is bounded by
//! [`LiteralOptions::depth`], and text is read in time linear in its length.
#![forbid(unsafe_code)]

mod blank;
mod number;
mod parse;
mod print;
mod printable;
mod string;
#[cfg(test)]
mod truth;
mod unique;

pub(crate) use print::python_str_repr;

use crate::Result;

/// A Python value that can be written as a literal.
///
/// Printing it gives exactly Python's `repr`; sets are printed in the order in which they were
/// written, Python's own order being that of hashes.
///
/// ```
/// use npstow::{Literal, LiteralOptions};
/// let value = Literal::parse("{'shape': (2, 0x10), 'x': -1.50}", &LiteralOptions::default())?;
/// assert_eq!(value.to_string(), "{'shape': (2, 16), 'x': -1.5}");
/// # Ok::<(), npstow::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Literal {
    /// `None`
    None,
    /// `True` or `False`
    Bool(bool),
    /// An integer of at most 128 bits.
    Int(i128),
    /// A float.
    Float(f64),
    /// A complex number: real part, imaginary part.
    Complex(f64, f64),
    /// Text.
    Str(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// `(1, 2)`
    Tuple(Vec<Literal>),
    /// `[1, 2]`
    List(Vec<Literal>),
    /// `{'a': 1}`, in the order written; no two keys are equal in Python's sense.
    Dict(Vec<(Literal, Literal)>),
    /// `{1, 2}`, in the order written; no two elements are equal in Python's sense.
    Set(Vec<Literal>),
}

/// How [`Literal::parse`] reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiteralOptions {
    /// Whether `3L`, a long integer of Python 2, is read as `3`. Default: no.
    pub python2_longs: bool,
    /// How many brackets may be open at once. Default 64, at most 200 (CPython's own bound).
    pub depth: usize,
}

impl Default for LiteralOptions {
    fn default() -> Self {
        Self { python2_longs: false, depth: 64 }
    }
}

impl Literal {
    /// Reads a text that is one Python literal, as `ast.literal_eval` does.
    ///
    /// # Errors
    ///
    /// `Corrupt` where the text is no literal, `Unsupported` for what npstow does not hold (see
    /// the module), `Limit` where brackets are nested too deep. The offset is that of the byte
    /// in `text`.
    pub fn parse(text: &str, options: &LiteralOptions) -> Result<Self> {
        parse::parse(text, options)
    }
}
