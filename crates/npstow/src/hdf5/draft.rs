//! A tree with what HDF5 keeps beside it: attributes, soft links, storage.
#![forbid(unsafe_code)]

use super::options::Storage;
use crate::{Array, Dtype, Entry, Error, Item, Notes, Result, Tree};
use std::collections::HashMap;

/// The name that an array without one gets, as in archives.
const UNNAMED: &str = "arr_0";

/// A file to be: a [`Tree`], and what HDF5 keeps beside arrays and groups.
///
/// ```
/// use npstow::{Array, Tree, hdf5};
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("run.h5");
/// let tree = Tree::new().with("event/hit", Array::from_vec(vec![1.5f32, 2.5]))?;
/// let draft = hdf5::Draft::new(tree)
///     .attribute("event/hit", "unit", "mm")?
///     .attribute("", "version", &Array::from_vec(vec![3i32]))?
///     .soft_link("latest", "/event/hit")?
///     .storage("event/hit", hdf5::Storage::chunked(&[64]).resizable(&[None]))?;
/// draft.write(&path, &hdf5::WriteOptions::default())?;
/// # assert!(std::fs::read(&path).unwrap().starts_with(b"\x89HDF"));
/// # Ok::<(), npstow::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Draft {
    pub(super) tree: Tree,
    pub(super) extras: Extras,
}

/// What stands beside a tree.
#[derive(Clone, Debug, Default)]
pub(super) struct Extras {
    beside: HashMap<String, Beside>,
    /// Names and targets, by the path of the group.
    links: HashMap<String, Vec<(String, String)>>,
}

#[derive(Clone, Debug, Default)]
struct Beside {
    attributes: Vec<(String, Value)>,
    storage: Option<Storage>,
    /// A datatype that takes the place of what the dtype would be.
    datatype: Option<Vec<u8>>,
}

/// The value of an attribute.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Value {
    /// Elements, of no axes for a single one.
    Array(Array),
    /// Elements of a file, read when they are written: also such without a fixed length.
    Entry(Entry),
    /// Text, kept as h5py keeps `str`.
    Text(String),
    /// Several texts on one axis.
    Texts(Vec<String>),
    /// A type without a value: `h5py.Empty`.
    Empty(Dtype),
}

impl From<Array> for Value {
    fn from(array: Array) -> Self {
        Self::Array(array)
    }
}

impl From<&Array> for Value {
    fn from(array: &Array) -> Self {
        Self::Array(array.clone())
    }
}

impl From<Entry> for Value {
    fn from(entry: Entry) -> Self {
        Self::Entry(entry)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Vec<String>> for Value {
    fn from(texts: Vec<String>) -> Self {
        Self::Texts(texts)
    }
}

impl Draft {
    /// A file of this tree. An array without a name gets that of an archive: `arr_0`.
    #[must_use]
    pub fn new(tree: Tree) -> Self {
        Self { tree: named(&tree).unwrap_or(tree), extras: Extras::default() }
    }

    /// Adds an attribute to the array or group under a path; `""` is the root.
    ///
    /// # Errors
    /// `NotFound`; `Exists` where it has an attribute of that name; `Invalid` for a name that
    /// HDF5 cannot hold.
    pub fn attribute(mut self, path: &str, name: &str, value: impl Into<Value>) -> Result<Self> {
        check_name(name)?;
        let beside = self.beside(path)?;
        if beside.attributes.iter().any(|(other, _)| other == name) {
            return Err(Error::exists(format_args!("the attribute '{name}'")).in_member(path));
        }
        beside.attributes.push((name.to_owned(), value.into()));
        Ok(self)
    }

    /// Says how the array under a path is stored.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` for a group, and for a level of deflate that is not there.
    pub fn storage(mut self, path: &str, storage: Storage) -> Result<Self> {
        storage.check()?;
        if path.is_empty() || matches!(self.tree.get(path), Some(Item::Group(_))) {
            return Err(Error::invalid("a storage for a group").in_member(path));
        }
        self.beside(path)?.storage = Some(storage);
        Ok(self)
    }

    /// Adds a name that leads to another path, whatever is there, beside those of the tree.
    ///
    /// # Errors
    /// `NotFound` where the group of the name is not in the tree; `Exists`; `Invalid` for a name
    /// or path that HDF5 cannot hold.
    pub fn soft_link(mut self, path: &str, target: &str) -> Result<Self> {
        let (group, name) = path.rsplit_once('/').unwrap_or(("", path));
        check_step(name)?;
        if target.is_empty() || target.contains('\0') {
            return Err(Error::invalid("an empty path or a NUL in a soft link").in_member(path));
        }
        if !group.is_empty() && !matches!(self.tree.get(group), Some(Item::Group(_))) {
            return Err(Error::not_found(format_args!("the group '{group}'")));
        }
        let links = self.extras.links.entry(group.to_owned()).or_default();
        if self.tree.get(path).is_some() || links.iter().any(|(other, _)| other == name) {
            return Err(Error::exists(format_args!("the name '{path}'")));
        }
        links.push((name.to_owned(), target.to_owned()));
        Ok(self)
    }

    fn beside(&mut self, path: &str) -> Result<&mut Beside> {
        if !path.is_empty() && self.tree.get(path).is_none() {
            return Err(Error::not_found(format_args!("the name '{path}'")));
        }
        Ok(self.extras.beside.entry(path.to_owned()).or_default())
    }
}

impl Extras {
    pub(super) fn storage(&self, path: &str) -> Option<&Storage> {
        self.beside.get(path).and_then(|beside| beside.storage.as_ref())
    }

    /// Sets the datatype of an array that was seen to be there.
    pub(super) fn set_datatype(&mut self, path: &str, datatype: Vec<u8>) {
        self.beside.entry(path.to_owned()).or_default().datatype = Some(datatype);
    }

    pub(super) fn datatype(&self, path: &str) -> Option<&[u8]> {
        self.beside.get(path).and_then(|beside| beside.datatype.as_deref())
    }

    /// Whether anything stands beside the array or group under a path, links in it among them.
    pub(super) fn has(&self, path: &str) -> bool {
        self.beside.contains_key(path) || self.links.contains_key(path)
    }

    pub(super) fn attributes(&self, path: &str) -> &[(String, Value)] {
        self.beside.get(path).map_or(&[], |beside| &beside.attributes)
    }

    pub(super) fn links(&self, group: &str) -> &[(String, String)] {
        self.links.get(group).map_or(&[], Vec::as_slice)
    }
}

/// The same tree where its only array has no name.
pub(super) fn named(tree: &Tree) -> Option<Tree> {
    let item = tree.get("")?.clone();
    let mut named = Tree::new().with(UNNAMED, item).ok()?;
    named.copy_notes(UNNAMED, tree, "").ok()?;
    Some(named)
}

/// Notes as attributes: each key of the metadata, then names and labels.
///
/// # Errors
/// `Unsupported` for metadata that would not be the same again.
pub(super) fn of_notes(notes: &Notes) -> Result<Vec<(String, Value)>> {
    let mut values: Vec<(String, Value)> = Vec::new();
    for line in notes.meta.lines() {
        let (key, value) = line.split_once(':').unwrap_or(("", line));
        let why = match key {
            "" => "without a key",
            "names" | "labels" => "under a key that names or labels have",
            _ if values.iter().any(|(other, _)| other == key) => "under a key that is there",
            _ => "",
        };
        if !why.is_empty() {
            let line = crate::error::quoted(line);
            let what = format!("the line '{line}' of metadata, {why}, as an attribute of HDF5");
            return Err(Error::unsupported(what));
        }
        values.push((key.to_owned(), value.into()));
    }
    for (key, texts) in [("names", &notes.names), ("labels", &notes.labels)] {
        if !texts.is_empty() {
            values.push((key.to_owned(), texts.clone().into()));
        }
    }
    Ok(values)
}

/// Whether a link can have this name.
pub(super) fn check_step(name: &str) -> Result<()> {
    if name == "." {
        return Err(Error::invalid("the name '.', which is the group itself in HDF5"));
    }
    if name.contains('/') {
        return Err(Error::invalid("a slash in a name"));
    }
    check_name(name)
}

pub(super) fn check_name(name: &str) -> Result<()> {
    if name.is_empty() || name.contains('\0') {
        return Err(Error::invalid("an empty name or a NUL in one"));
    }
    // Lengths of the names of attributes are of 16 bits, with the NUL behind them.
    let most = usize::from(u16::MAX) - 1;
    if name.len() > most {
        return Err(Error::limit("a name in HDF5 (bytes)", most as u64, name.len()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ErrorKind, Meta};

    fn draft() -> Draft {
        Draft::new(Tree::new().with("a/x", Array::from_vec(vec![1u8])).unwrap())
    }

    #[test]
    fn what_is_not_there_or_there_already_is_told() {
        let kind = |draft: Result<Draft>| draft.unwrap_err().kind();
        assert_eq!(kind(draft().attribute("b", "u", "mm")), ErrorKind::NotFound);
        assert_eq!(kind(draft().attribute("a", "", "mm")), ErrorKind::Invalid);
        assert_eq!(kind(draft().attribute("a", &"n".repeat(65_535), "mm")), ErrorKind::Limit);
        let twice = draft().attribute("a/x", "u", "mm").unwrap().attribute("a/x", "u", "cm");
        assert_eq!(kind(twice), ErrorKind::Exists);
        assert_eq!(kind(draft().storage("a", Storage::compact())), ErrorKind::Invalid);
        assert_eq!(kind(draft().storage("", Storage::compact())), ErrorKind::Invalid);
        assert_eq!(kind(draft().storage("y", Storage::compact())), ErrorKind::NotFound);
        assert_eq!(
            kind(draft().storage("a/x", Storage::default().deflate(13))),
            ErrorKind::Invalid
        );
        assert_eq!(kind(draft().soft_link("b/x", "/a")), ErrorKind::NotFound);
        assert_eq!(kind(draft().soft_link("a/x", "/a")), ErrorKind::Exists);
        assert_eq!(kind(draft().soft_link("a/.", "/a")), ErrorKind::Invalid);
        assert_eq!(kind(draft().soft_link("l", "")), ErrorKind::Invalid);
        let twice = draft().soft_link("l", "/a").unwrap().soft_link("l", "/a");
        assert_eq!(kind(twice), ErrorKind::Exists);
    }

    #[test]
    fn notes_are_attributes_where_they_come_back() {
        let notes = |text: &str| Notes {
            meta: Meta::from_text(text),
            names: vec!["n".into()],
            labels: Vec::new(),
        };
        let values = of_notes(&notes("a:1\nb:x:y\n")).unwrap();
        assert_eq!(values.len(), 3);
        assert!(matches!(&values[1], (key, Value::Text(text)) if key == "b" && text == "x:y"));
        assert!(
            matches!(&values[2], (key, Value::Texts(texts)) if key == "names" && texts == &["n"])
        );
        for text in ["free\n", "a:1\na:2\n", "names:1\n", ":v\n", "\n"] {
            assert_eq!(
                of_notes(&notes(text)).unwrap_err().kind(),
                ErrorKind::Unsupported,
                "{text:?}"
            );
        }
    }

    #[test]
    fn an_array_without_a_name_gets_one() {
        let mut tree = Tree::from(Array::from_vec(vec![1u8]));
        tree.set_notes("", Notes { meta: Meta::from_text("k:v\n"), ..Notes::default() }).unwrap();
        let draft = Draft::new(tree);
        assert_eq!(draft.tree.names(), ["arr_0"]);
        assert!(draft.tree.notes("arr_0").is_some());
    }
}
