//! Elements without a fixed length: text, sequences, references, and records of them.
#![forbid(unsafe_code)]

use super::Entry;
use crate::{Array, Dtype, Error, Result};
use std::any::Any;
use std::fmt;

/// One element of an array without a fixed length.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Item {
    /// Text.
    Text(String),
    /// Bytes that were to be text and are no UTF-8.
    Bytes(Vec<u8>),
    /// What has a fixed length: a scalar is an array without axes.
    Array(Array),
    /// A sequence.
    List(Vec<Item>),
    /// The fields of a record.
    Record(Vec<(String, Item)>),
    /// The path of another object; none where it leads nowhere.
    Path(Option<String>),
}

/// What all elements of an array are, for who writes them elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Form {
    /// Text: UTF-8 where that is said, else ASCII.
    Text {
        /// Whether the character set is UTF-8.
        utf8: bool,
    },
    /// Sequences of this dtype.
    Sequence(Dtype),
    /// Anything else: references, sequences of sequences, records with such fields.
    Other,
}

/// An array whose elements have no fixed length.
///
/// The dtype of its [`Entry`] is NumPy's `object`, or a record with such fields; elements come one
/// by one.
pub trait Varied: fmt::Debug + Send + Sync {
    /// What of the elements has a fixed length, as it is in the file.
    fn raw(&self) -> &Entry;

    /// What the elements are, for listings: `text`, `sequence of <i4`.
    fn what(&self) -> String;

    /// What all elements are.
    fn form(&self) -> Form {
        Form::Other
    }

    /// The element of that number, counted in C order.
    ///
    /// # Errors
    /// `Invalid` where there is none; as [`Entry::read`].
    fn item(&self, number: usize) -> Result<Item>;

    /// Gives the bytes that make up the content digest, element by element.
    ///
    /// # Errors
    /// As [`Entry::read`].
    fn each_digested(&self, take: &mut dyn FnMut(&[u8])) -> Result<()>;

    /// The elements themselves, for the format that they are of.
    fn as_any(&self) -> Option<&dyn Any> {
        None
    }

    /// The error for who wants the bytes of the elements.
    fn refused(&self) -> Error {
        Error::unsupported(format_args!("the bytes of {}, which have no fixed length", self.what()))
    }
}
