//! The plug for reading: what a format answers about a file.
#![forbid(unsafe_code)]

use crate::{Entry, Error, Result};
use std::fmt;

/// What a node of a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NodeKind {
    /// It has children.
    Group,
    /// It has elements.
    Array,
}

/// A named node below another one.
#[derive(Clone, Debug)]
pub(crate) struct Child {
    /// The last step of its path.
    pub(crate) name: String,
    /// How the container calls it.
    pub(crate) id: u64,
}

/// A file of some format as a tree; node 0 is the root.
pub(crate) trait Container: Send + Sync + fmt::Debug {
    /// What node `id` is.
    fn kind(&self, id: u64) -> NodeKind;

    /// The nodes directly below a group, in the file's order.
    fn children(&self, id: u64) -> Result<Vec<Child>>;

    /// The node of that name directly below a group.
    fn child(&self, id: u64, name: &str) -> Result<Option<Child>> {
        Ok(self.children(id)?.into_iter().find(|child| child.name == name))
    }

    /// The array at node `id`.
    fn entry(&self, id: u64) -> Result<Entry>;

    /// Notes and data attached to a node.
    fn attributes(&self, id: u64) -> Result<Vec<(String, Entry)>> {
        let _ = id;
        Ok(Vec::new())
    }
}

/// The error for reading elements of a group.
pub(crate) fn no_array(name: &str) -> Error {
    Error::mismatch("an array", format_args!("the group '{name}'"))
}
