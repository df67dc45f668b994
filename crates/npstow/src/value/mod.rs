//! Python objects as data: what pickles and joblib dumps hold.
//!
//! All values of a file lie in one arena; a [`Value`] is a handle on one of them, two words large.
//! Shared parts are shared, cycles are ordinary, and nothing that walks them is recursive. Classes
//! and functions are names. Nothing is ever run.
#![forbid(unsafe_code)]

mod builder;
mod compare;
mod display;
mod equal;
mod form;
mod graft;
mod graph;
mod handle;
mod integer;
mod known;
mod made;
#[cfg(feature = "serde")]
mod meaning;
mod renamed;
#[cfg(feature = "serde")]
mod serde;
mod store;

pub use builder::{Part, ValueBuilder};
pub(crate) use compare::{Visits, key_hash, may_equal, same_key};
pub use form::{ArrayForm, DtypeForm, Form, ObjectForm, Refs, ValueRef};
pub(crate) use graph::{
    ArrayNode, Cell, Content, DtypeNode, Graph, Made, Node, Object, Payload, Run, ScalarNode,
};
pub use handle::{Items, Pairs, Value, ValueKind};
#[cfg(feature = "digest")]
pub(crate) use integer::hexadecimal;
pub(crate) use integer::{binary, trimmed};
pub(crate) use known::Known;
pub use made::ArrayExtra;
pub(crate) use renamed::{LAST_OLD, to_old};
#[cfg(feature = "serde")]
pub use serde::from_value;
pub(crate) use store::{Span, Store};
