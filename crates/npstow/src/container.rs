//! The plug for reading: what a format answers about a file.
#![forbid(unsafe_code)]

use crate::entry::{Loaded, Wrap, read_loaded, read_many};
#[cfg(feature = "hdf5")]
use crate::entry::{Names, Place};
use crate::{Array, Entry, Error, Notes, Result};
use std::fmt;

/// What a node of a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NodeKind {
    /// It has children.
    Group,
    /// It has elements.
    Array,
    /// It is something else: bytes whose meaning the format does not tell.
    Value,
}

/// Something that is attached to a node.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Attribute {
    /// An array, or a scalar.
    Array(Entry),
    /// Text.
    Text(String),
    /// Several texts: names of rows, labels of columns.
    Texts(Vec<String>),
}

/// Something that [`verify`](crate::verify()) found.
#[derive(Debug)]
#[non_exhaustive]
pub enum Fault {
    /// The data are damaged, or npstow cannot read them.
    Error(Error),
    /// The data are as the format allows; the user may want to know.
    Note(String),
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

    /// The node under a slash path without empty steps; where more than one has it, the array.
    fn find(&self, path: &str) -> Result<Option<u64>> {
        let mut id = 0;
        for step in path.split('/') {
            match self.child(id, step)? {
                Some(child) => id = child.id,
                None => return Ok(None),
            }
        }
        Ok(Some(id))
    }

    /// Whether the name of a node is no path, so that it stands below the root as it is.
    fn is_odd(&self, id: u64) -> bool {
        let _ = id;
        false
    }

    /// The node below the root whose name is exactly this one, which is no path.
    fn find_odd(&self, name: &str) -> Result<Option<u64>> {
        let _ = name;
        Ok(None)
    }

    /// The array at node `id`; a value is the array of its bytes.
    fn entry(&self, id: u64) -> Result<Entry>;

    /// Which object of which open file a node is, and what is known of its names.
    #[cfg(feature = "hdf5")]
    fn place_of(&self, id: u64) -> Option<(Place, Names)> {
        let _ = id;
        None
    }

    /// The Python object at node `id`: an array of objects, or anything in formats that hold such.
    #[cfg(feature = "pickle")]
    fn value(&self, id: u64) -> Result<Option<crate::Value>> {
        if self.kind(id) != NodeKind::Array {
            return Ok(None);
        }
        let entry = self.entry(id)?;
        if entry.is_objects() { entry.value().map(Some) } else { Ok(None) }
    }

    /// The arrays and values at several nodes; an error says which one it is about.
    fn entries(&self, ids: &[u64]) -> Result<Vec<Entry>, (usize, Error)> {
        let one = |(at, &id)| self.entry(id).map_err(|e| (at, e));
        ids.iter().enumerate().map(one).collect()
    }

    /// The arrays and values at several nodes, in memory; an error says which one it is about.
    fn load(&self, ids: &[u64]) -> Result<Vec<Array>, (usize, Error)> {
        read_many(&self.entries(ids)?)
    }

    /// The arrays and values at several nodes, in memory that nobody else has, read through what
    /// `wrap` makes of each source; an error says which one it is about.
    fn load_own(&self, ids: &[u64], wrap: Wrap<'_>) -> Result<Loaded, (usize, Error)> {
        let entries = self.entries(ids)?;
        read_loaded(&entries.iter().map(|entry| entry.through(wrap)).collect::<Vec<_>>())
    }

    /// Arrays and the like that are attached to a node, in the file's order.
    fn attributes(&self, id: u64) -> Result<Vec<(String, Attribute)>> {
        let notes = self.notes(id)?;
        let text = |(key, value): (&str, &str)| (key.to_owned(), Attribute::Text(value.to_owned()));
        let mut attributes: Vec<_> = notes.meta.iter().map(text).collect();
        for (name, texts) in [("names", notes.names), ("labels", notes.labels)] {
            if !texts.is_empty() {
                attributes.push((name.to_owned(), Attribute::Texts(texts)));
            }
        }
        Ok(attributes)
    }

    /// What is written beside a node for people: notes, names of rows, labels of columns.
    fn notes(&self, id: u64) -> Result<Notes> {
        let _ = id;
        Ok(Notes::default())
    }

    /// What who opened the file should know, though everything can be read.
    fn warning(&self) -> Option<String> {
        None
    }

    /// What of the file has not been looked at, of what was asked for until now: links to other
    /// files that were not followed, by their paths, and why.
    fn left_out(&self) -> Vec<(String, String)> {
        Vec::new()
    }

    /// Looks at the structure as a whole, beyond what opening did; the elements are read by
    /// others.
    fn check(&self, faults: &mut Vec<Fault>) {
        let _ = faults;
    }
}

/// The error for reading elements of a group.
pub(crate) fn no_array(name: &str) -> Error {
    match name {
        "" => Error::mismatch("the name of an array in it, as in run.npz:photon", "none"),
        _ => Error::mismatch("an array", format_args!("the group '{name}'")),
    }
}

/// The error for a name that is no path where a tree is made of it.
pub(crate) fn no_path(name: &str) -> Error {
    let name = crate::error::quoted(name);
    Error::unsupported(format_args!("the name '{name}' in a tree (it can be read by itself)"))
}
