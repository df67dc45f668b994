//! Named arrays in memory (or described on disk): the input of every writer.
#![forbid(unsafe_code)]

use crate::{Array, Entry, Error, Result};
use std::collections::HashMap;

/// Named arrays and groups of them, in the order in which they were added.
///
/// A tree that is one array without a name is what a `.npy` file holds; `Tree::from(array)`
/// makes it.
///
/// ```
/// use npstow::{Array, Tree};
/// let tree = Tree::new()
///     .with("event/photon", Array::from_vec(vec![1.0f32, 2.0]))?
///     .with("event/hit", Array::from_vec(vec![7u8]))?;
/// assert_eq!(tree.names(), ["event"]);
/// assert_eq!(tree.arrays().len(), 2);
/// assert!(tree.get("event/hit").is_some());
/// # Ok::<(), npstow::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Tree {
    items: Vec<(String, Item)>,
    index: HashMap<String, usize>,
}

/// What stands under a name of a [`Tree`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Item {
    /// An array in memory.
    Array(Array),
    /// An array of a file, which is read when it is written.
    Entry(Entry),
    /// More names.
    Group(Tree),
}

impl Tree {
    /// A tree without names.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an item under a slash path, and the groups on the way to it.
    ///
    /// # Errors
    /// `Exists` where the name is taken; `Invalid` for an empty step (`a//b`), a NUL, or a path
    /// that leads through an array.
    pub fn insert(&mut self, path: &str, item: impl Into<Item>) -> Result<()> {
        if path.contains('\0') {
            return Err(Error::invalid("a NUL in a name"));
        }
        match path.split_once('/') {
            None => self.put(path, item.into()),
            Some((first, rest)) => {
                if first.is_empty() || rest.is_empty() {
                    return Err(Error::invalid(format_args!("an empty step in the name '{path}'")));
                }
                if !self.index.contains_key(first) {
                    self.put(first, Item::Group(Self::new()))?;
                }
                let at = self.index.get(first).copied().unwrap_or_default();
                match self.items.get_mut(at) {
                    Some((_, Item::Group(group))) => group.insert(rest, item),
                    _ => Err(Error::invalid(format_args!("'{first}' is an array, not a group"))),
                }
            }
        }
    }

    fn put(&mut self, name: &str, item: Item) -> Result<()> {
        let alone = name.is_empty() || self.index.contains_key("");
        if alone && !self.items.is_empty() && !self.index.contains_key(name) {
            return Err(Error::invalid("an array without a name beside other names"));
        }
        if self.index.contains_key(name) {
            return Err(Error::exists(format_args!("the name '{name}'")));
        }
        self.index.insert(name.to_owned(), self.items.len());
        self.items.push((name.to_owned(), item));
        Ok(())
    }

    /// [`insert`](Self::insert) for building a tree in one expression.
    ///
    /// # Errors
    /// As `insert`.
    pub fn with(mut self, path: &str, item: impl Into<Item>) -> Result<Self> {
        self.insert(path, item)?;
        Ok(self)
    }

    /// The item under a slash path.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&Item> {
        if let Some(&at) = self.index.get(path) {
            return self.items.get(at).map(|(_, item)| item);
        }
        let (first, rest) = path.split_once('/')?;
        match self.get(first)? {
            Item::Group(group) => group.get(rest),
            Item::Array(_) | Item::Entry(_) => None,
        }
    }

    /// Names and items of this level, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Item)> {
        self.items.iter().map(|(name, item)| (name.as_str(), item))
    }

    /// Names of this level, in order.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        self.iter().map(|(name, _)| name).collect()
    }

    /// Every array with its full path, in order, groups in depth.
    #[must_use]
    pub fn arrays(&self) -> Vec<(String, &Item)> {
        let mut found = Vec::new();
        // A stack of levels rather than recursion: trees may be as deep as their maker liked.
        let mut levels = vec![(String::new(), self.items.iter())];
        while let Some((prefix, items)) = levels.last_mut() {
            let Some((name, item)) = items.next() else {
                levels.pop();
                continue;
            };
            let path = format!("{prefix}{name}");
            match item {
                Item::Group(group) => levels.push((format!("{path}/"), group.items.iter())),
                Item::Array(_) | Item::Entry(_) => found.push((path, item)),
            }
        }
        found
    }

    /// How many names this level has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there are no names.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}

impl From<Array> for Item {
    fn from(array: Array) -> Self {
        Self::Array(array)
    }
}

impl From<&Array> for Item {
    fn from(array: &Array) -> Self {
        Self::Array(array.clone())
    }
}

impl From<Entry> for Item {
    fn from(entry: Entry) -> Self {
        Self::Entry(entry)
    }
}

impl From<Tree> for Item {
    fn from(tree: Tree) -> Self {
        Self::Group(tree)
    }
}

impl From<Item> for Tree {
    /// A tree that is one thing without a name.
    fn from(item: Item) -> Self {
        match item {
            Item::Group(tree) => tree,
            item => Self {
                items: vec![(String::new(), item)],
                index: HashMap::from([(String::new(), 0)]),
            },
        }
    }
}

impl From<Array> for Tree {
    fn from(array: Array) -> Self {
        Item::from(array).into()
    }
}

impl From<&Array> for Tree {
    fn from(array: &Array) -> Self {
        Item::from(array).into()
    }
}

impl From<Entry> for Tree {
    fn from(entry: Entry) -> Self {
        Item::from(entry).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    fn array() -> Array {
        Array::from_vec(vec![1u8])
    }

    #[test]
    fn names_are_kept_in_order_and_checked() {
        let mut tree = Tree::new();
        for name in ["b", "a/x", "a/y/z", "c"] {
            tree.insert(name, array()).unwrap();
        }
        assert_eq!(tree.names(), ["b", "a", "c"]);
        let paths: Vec<_> = tree.arrays().into_iter().map(|(path, _)| path).collect();
        assert_eq!(paths, ["b", "a/x", "a/y/z", "c"]);
        assert!(matches!(tree.get("a/y"), Some(Item::Group(_))));
        assert!(tree.get("a/y/w").is_none() && tree.get("b/x").is_none());
        for (name, kind) in [
            ("b", ErrorKind::Exists),
            ("a", ErrorKind::Exists),
            ("b/x", ErrorKind::Invalid),
            ("/x", ErrorKind::Invalid),
            ("a/", ErrorKind::Invalid),
            ("a//x", ErrorKind::Invalid),
            ("n\0", ErrorKind::Invalid),
            ("", ErrorKind::Invalid),
        ] {
            assert_eq!(tree.insert(name, array()).unwrap_err().kind(), kind, "{name:?}");
        }
    }

    #[test]
    fn one_array_without_a_name() {
        let mut tree = Tree::from(array());
        assert_eq!(tree.names(), [""]);
        assert!(tree.insert("a", array()).is_err());
        assert!(Tree::from(Item::from(Tree::new())).is_empty());
    }
}
