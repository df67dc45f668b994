//! Named arrays in memory (or described on disk): the input of every writer.
#![forbid(unsafe_code)]

use crate::{Array, Entry, Error, Notes, Result};
#[cfg(feature = "hdf5")]
use crate::{
    Dtype,
    entry::{Names, Native, Place},
};
use std::collections::HashMap;
use std::collections::hash_map::Entry as MapEntry;
use std::sync::Arc;

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
    items: Vec<Slot>,
    index: HashMap<Arc<str>, usize>,
    notes: Option<Box<Notes>>,
    attached: Option<Box<Attached>>,
    /// Which group of a file it is, and what is known of its names.
    #[cfg(feature = "hdf5")]
    place: Option<(Place, Names)>,
}

/// A name of a level, and what stands under it.
#[derive(Clone, Debug)]
struct Slot {
    name: Arc<str>,
    item: Item,
    /// Of an item that is no group; a group has its own.
    notes: Option<Box<Notes>>,
    attached: Option<Box<Attached>>,
    /// What an array was in its file.
    #[cfg(feature = "hdf5")]
    native: Option<Box<Was>>,
}

/// What an array in memory was in its file, with the dtype and the shape that it had when it was
/// read.
#[cfg(feature = "hdf5")]
#[derive(Clone, Debug)]
struct Was {
    dtype: Dtype,
    shape: Vec<usize>,
    native: Native,
}

impl Slot {
    fn new(name: Arc<str>, item: Item) -> Self {
        Self {
            name,
            item,
            notes: None,
            attached: None,
            #[cfg(feature = "hdf5")]
            native: None,
        }
    }
}

/// The notes of an item, and its attributes.
type BesideMut<'a> = (&'a mut Option<Box<Notes>>, &'a mut Option<Box<Attached>>);

/// Attributes that are more than text, as a file has them beside an item.
#[derive(Clone, Debug)]
pub(crate) struct Attached {
    pub(crate) all: Vec<(String, Entry)>,
    /// What the notes do not say; `None` where they say all.
    pub(crate) lost: Option<Lost>,
    /// The object that has them.
    #[cfg(feature = "hdf5")]
    pub(crate) place: Option<Place>,
}

/// Attributes of which some are no text, so that the item has no notes.
#[derive(Clone, Debug)]
pub(crate) struct Lost {
    /// Why the first of them is none.
    pub(crate) why: String,
    /// What is text.
    pub(crate) notes: Notes,
    /// What is not.
    pub(crate) others: Vec<(String, Entry)>,
}

/// What stands under a name of a [`Tree`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Item {
    /// An array in memory.
    Array(Array),
    /// An array of a file, which is read when it is written.
    Entry(Entry),
    /// What is no array. Bytes of a file, as an array of bytes: a member of an archive that is not
    /// `.npy`, a text beside the arrays of a folder. A Python object, as such.
    Value(Entry),
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
                match self.items.get_mut(at).map(|slot| &mut slot.item) {
                    Some(Item::Group(group)) => group.insert(rest, item),
                    _ => Err(Error::invalid(format_args!("'{first}' is an array, not a group"))),
                }
            }
        }
    }

    /// Makes room for as many more names on this level.
    pub(crate) fn reserve(&mut self, names: usize) {
        self.items.reserve(names);
        self.index.reserve(names);
    }

    fn put(&mut self, name: &str, item: Item) -> Result<()> {
        // What has no name is the only item, so the first one tells.
        let unnamed = self.items.first().map(|slot| slot.name.is_empty());
        if unnamed.is_some_and(|unnamed| unnamed != name.is_empty()) {
            return Err(Error::invalid("an array without a name beside other names"));
        }
        let name: Arc<str> = name.into();
        match self.index.entry(Arc::clone(&name)) {
            MapEntry::Occupied(_) => return Err(Error::exists(format_args!("the name '{name}'"))),
            MapEntry::Vacant(place) => place.insert(self.items.len()),
        };
        self.items.push(Slot::new(name, item));
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
        self.slot(path).map(|slot| &slot.item)
    }

    fn slot(&self, path: &str) -> Option<&Slot> {
        if let Some(&at) = self.index.get(path) {
            return self.items.get(at);
        }
        let (first, rest) = path.split_once('/')?;
        match self.get(first)? {
            Item::Group(group) => group.slot(rest),
            Item::Array(_) | Item::Entry(_) | Item::Value(_) => None,
        }
    }

    /// What is written beside the item under a slash path; `""` is the tree itself.
    #[must_use]
    pub fn notes(&self, path: &str) -> Option<&Notes> {
        if path.is_empty() && !self.index.contains_key("") {
            return self.notes.as_deref();
        }
        let slot = self.slot(path)?;
        match &slot.item {
            Item::Group(group) => group.notes.as_deref(),
            _ => slot.notes.as_deref(),
        }
    }

    /// Writes notes beside the item under a slash path, in the place of old ones; `""` is the
    /// tree itself.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn set_notes(&mut self, path: &str, notes: Notes) -> Result<()> {
        let notes = (!notes.is_empty()).then(|| Box::new(notes));
        // They take the place of all that a file had there.
        let (old, attached) = self.beside_mut(path)?;
        (*old, *attached) = (notes, None);
        Ok(())
    }

    /// Brings along what another tree has beside one of its items, where it has something: notes,
    /// and attributes of HDF5 that are more than text.
    ///
    /// # Errors
    /// `NotFound` where there is no item under `path`.
    pub fn copy_notes(&mut self, path: &str, from: &Self, from_path: &str) -> Result<()> {
        if let Some(notes) = from.notes(from_path) {
            self.set_notes(path, notes.clone())?;
        }
        #[cfg(feature = "hdf5")]
        if let Some(native) = from.native(from_path) {
            let place = from.place(from_path).filter(|_| self.is_like(path, from, from_path));
            self.set_native(path, Native { place, ..native.clone() });
        }
        #[cfg(feature = "hdf5")]
        if let Some(place) = from.level(from_path).and_then(|group| group.place) {
            self.set_place(path, place);
        }
        match from.attached(from_path) {
            Some(attached) => self.set_attached(path, attached.clone()),
            None => Ok(()),
        }
    }

    /// Attributes that a file has beside the item under a slash path.
    pub(crate) fn attached(&self, path: &str) -> Option<&Attached> {
        if path.is_empty() && !self.index.contains_key("") {
            return self.attached.as_deref();
        }
        let slot = self.slot(path)?;
        match &slot.item {
            Item::Group(group) => group.attached.as_deref(),
            _ => slot.attached.as_deref(),
        }
    }

    /// Sets what [`attached`](Self::attached) gives; the notes stay as they are.
    pub(crate) fn set_attached(&mut self, path: &str, attached: Attached) -> Result<()> {
        *self.beside_mut(path)?.1 = Some(Box::new(attached));
        Ok(())
    }

    /// What the array in memory under a slash path was in its file, as long as its dtype is the
    /// same.
    #[cfg(feature = "hdf5")]
    pub(crate) fn native(&self, path: &str) -> Option<&Native> {
        let Slot { item: Item::Array(array), native, .. } = self.slot(path)? else { return None };
        let Was { dtype, native, .. } = native.as_deref()?;
        let is_it = array.dtype() == dtype && (!native.is_null || array.shape() == [0]);
        is_it.then_some(native)
    }

    /// Says what the array in memory under a slash path was in its file; of elements that were
    /// changed when they were read, only which they were.
    #[cfg(feature = "hdf5")]
    pub(crate) fn set_native(&mut self, path: &str, mut native: Native) {
        let Some(slot) = self.slot_mut(path) else { return };
        let Item::Array(array) = &slot.item else { return };
        if native.elements.is_some() {
            native = Native { place: native.place, ..Native::default() };
        }
        let (dtype, shape) = (array.dtype().clone(), array.shape().to_vec());
        slot.native = Some(Box::new(Was { dtype, shape, native }));
    }

    /// Whether an array in memory has the dtype and the shape of one of another tree.
    #[cfg(feature = "hdf5")]
    fn is_like(&self, path: &str, other: &Self, other_path: &str) -> bool {
        match (self.get(path), other.get(other_path)) {
            (Some(Item::Array(one)), Some(Item::Array(other))) => {
                one.dtype() == other.dtype() && one.shape() == other.shape()
            }
            _ => false,
        }
    }

    /// Which object of an open file the item under a slash path is; `""` is the tree itself.
    #[cfg(feature = "hdf5")]
    pub(crate) fn place(&self, path: &str) -> Option<Place> {
        if let Some(group) = self.level(path) {
            return group.place.map(|(place, _)| place);
        }
        let Slot { item, native, .. } = self.slot(path)?;
        match item {
            Item::Group(_) => None,
            Item::Entry(entry) | Item::Value(entry) => entry.native()?.place,
            Item::Array(array) => {
                let was = native.as_deref()?;
                let is_it = *array.dtype() == was.dtype && array.shape() == was.shape;
                was.native.place.filter(|_| is_it)
            }
        }
    }

    /// Which group of an open file this is, where that may have several names.
    #[cfg(feature = "hdf5")]
    pub(crate) fn shared(&self) -> Option<&Place> {
        self.place.as_ref().filter(|(_, names)| *names == Names::Several).map(|(place, _)| place)
    }

    /// Says which group of an open file the one under a slash path is; `""` is the tree itself.
    #[cfg(feature = "hdf5")]
    pub(crate) fn set_place(&mut self, path: &str, place: (Place, Names)) {
        if path.is_empty() && !self.index.contains_key("") {
            self.place = Some(place);
        } else if let Some(Slot { item: Item::Group(group), .. }) = self.slot_mut(path) {
            group.place = Some(place);
        }
    }

    /// The group under a slash path; `""` is the tree itself.
    #[cfg(feature = "hdf5")]
    fn level(&self, path: &str) -> Option<&Self> {
        if path.is_empty() && !self.index.contains_key("") {
            return Some(self);
        }
        match &self.slot(path)?.item {
            Item::Group(group) => Some(group),
            _ => None,
        }
    }

    #[cfg(feature = "hdf5")]
    fn slot_mut(&mut self, path: &str) -> Option<&mut Slot> {
        if let Some(&at) = self.index.get(path) {
            return self.items.get_mut(at);
        }
        let (first, rest) = path.split_once('/')?;
        let at = self.index.get(first).copied()?;
        match &mut self.items.get_mut(at)?.item {
            Item::Group(group) => group.slot_mut(rest),
            _ => None,
        }
    }

    /// Refuses attributes that notes cannot tell, for formats that have nothing else.
    ///
    /// # Errors
    /// `Unsupported`, naming the first one.
    pub(crate) fn check_attached(&self) -> Result<()> {
        let check = |path: &str, attached: Option<&Attached>| match attached
            .and_then(|attached| attached.lost.as_ref())
        {
            Some(lost) => Err(Error::unsupported(&lost.why).in_member(path)),
            None => Ok(()),
        };
        check("", self.attached.as_deref())?;
        let mut levels = vec![(String::new(), self.items.iter())];
        while let Some((prefix, items)) = levels.last_mut() {
            let Some(slot) = items.next() else {
                levels.pop();
                continue;
            };
            match &slot.item {
                Item::Group(group) => {
                    let path = [prefix, &*slot.name].concat();
                    check(&path, group.attached.as_deref())?;
                    levels.push((format!("{path}/"), group.items.iter()));
                }
                _ if slot.attached.is_none() => {}
                _ => check(&[prefix, &*slot.name].concat(), slot.attached.as_deref())?,
            }
        }
        Ok(())
    }

    fn beside_mut(&mut self, path: &str) -> Result<BesideMut<'_>> {
        if path.is_empty() && !self.index.contains_key("") {
            return Ok((&mut self.notes, &mut self.attached));
        }
        let (first, rest) = match self.index.contains_key(path) {
            true => (path, ""),
            false => path.split_once('/').unwrap_or((path, "")),
        };
        let at = self.index.get(first).copied();
        match at.and_then(|at| self.items.get_mut(at)) {
            Some(Slot { item: Item::Group(group), .. }) => group.beside_mut(rest),
            Some(slot) if rest.is_empty() => Ok((&mut slot.notes, &mut slot.attached)),
            _ => Err(Error::not_found(format_args!("the name '{path}'"))),
        }
    }

    /// Takes an item out, and its notes with it.
    pub fn remove(&mut self, path: &str) -> Option<Item> {
        if let Some(at) = self.index.remove(path) {
            self.index.values_mut().filter(|other| **other > at).for_each(|other| *other -= 1);
            return (at < self.items.len()).then(|| self.items.remove(at).item);
        }
        let (first, rest) = path.split_once('/')?;
        let at = self.index.get(first).copied()?;
        match &mut self.items.get_mut(at)?.item {
            Item::Group(group) => group.remove(rest),
            Item::Array(_) | Item::Entry(_) | Item::Value(_) => None,
        }
    }

    /// Names and items of this level, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Item)> {
        self.items.iter().map(|slot| (&*slot.name, &slot.item))
    }

    /// The groups of this level with their names, in order.
    pub fn groups(&self) -> impl Iterator<Item = (&str, &Self)> {
        self.iter().filter_map(|(name, item)| match item {
            Item::Group(group) => Some((name, group)),
            _ => None,
        })
    }

    /// Names of this level, in order.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        self.iter().map(|(name, _)| name).collect()
    }

    /// Every array with its full path, in order, groups in depth.
    #[must_use]
    pub fn arrays(&self) -> Vec<(String, &Item)> {
        let mut all = self.leaves();
        all.retain(|(_, item)| !matches!(item, Item::Value(_)));
        all
    }

    /// Every array and value with its full path, in order, groups in depth.
    #[must_use]
    pub fn leaves(&self) -> Vec<(String, &Item)> {
        let mut found = Vec::new();
        // A stack of levels rather than recursion: trees may be as deep as their maker liked.
        let mut levels = vec![(String::new(), self.items.iter())];
        while let Some((prefix, items)) = levels.last_mut() {
            let Some(slot) = items.next() else {
                levels.pop();
                continue;
            };
            let path = [prefix, &*slot.name].concat();
            match &slot.item {
                Item::Group(group) => levels.push((format!("{path}/"), group.items.iter())),
                item => found.push((path, item)),
            }
        }
        found
    }

    /// The paths of groups that hold nothing and have no notes.
    pub(crate) fn empty_groups(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut levels = vec![(String::new(), self.items.iter())];
        while let Some((prefix, items)) = levels.last_mut() {
            let Some(slot) = items.next() else {
                levels.pop();
                continue;
            };
            let Item::Group(group) = &slot.item else { continue };
            let path = [prefix, &*slot.name].concat();
            if group.is_empty() && group.notes.is_none() {
                found.push(path);
            } else {
                levels.push((format!("{path}/"), group.items.iter()));
            }
        }
        found
    }

    /// The same tree with every item changed that is no group; notes stay.
    ///
    /// ```
    /// use npstow::{Array, Item, Tree};
    /// let tree = Tree::new().with("a/x", Array::from_vec(vec![1u8, 2, 3]))?;
    /// let first = tree.map(&mut |item| match item {
    ///     Item::Array(array) => array.select(&"0".parse()?).map(Item::Array),
    ///     other => Ok(other),
    /// })?;
    /// let Some(Item::Array(x)) = first.get("a/x") else { panic!() };
    /// assert!(x.shape().is_empty());
    /// # Ok::<(), npstow::Error>(())
    /// ```
    ///
    /// # Errors
    /// The first one of `change`.
    pub fn map(mut self, change: &mut dyn FnMut(Item) -> Result<Item>) -> Result<Self> {
        let items = std::mem::take(&mut self.items).into_iter().map(|slot| {
            let item = match slot.item {
                Item::Group(group) => Item::Group(group.map(change)?),
                item => change(item)?,
            };
            Ok(Slot { item, ..slot })
        });
        self.items = items.collect::<Result<_>>()?;
        Ok(self)
    }

    /// Everything that has notes: its path, whether it is a group, and the notes.
    pub(crate) fn noted(&self) -> Vec<(String, bool, &Notes)> {
        let mut found: Vec<(String, bool, &Notes)> = Vec::new();
        found.extend(self.notes.as_deref().map(|notes| (String::new(), true, notes)));
        let mut levels = vec![(String::new(), self.items.iter())];
        while let Some((prefix, items)) = levels.last_mut() {
            let Some(slot) = items.next() else {
                levels.pop();
                continue;
            };
            match &slot.item {
                Item::Group(group) => {
                    let path = [prefix, &*slot.name].concat();
                    let notes = group.notes.as_deref();
                    found.extend(notes.map(|notes| (path.clone(), true, notes)));
                    levels.push((format!("{path}/"), group.items.iter()));
                }
                _ => found.extend(
                    slot.notes
                        .as_deref()
                        .map(|notes| ([prefix, &*slot.name].concat(), false, notes)),
                ),
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

#[cfg(feature = "pickle")]
impl TryFrom<&crate::Value> for Item {
    type Error = Error;

    /// A Python object, or an array within one.
    fn try_from(value: &crate::Value) -> Result<Self> {
        let limits = Arc::default();
        Ok(match value.is_plain_array() {
            true => Self::Entry(Entry::of_value(value, &limits)?),
            // An array of a subclass is more than its elements.
            false => Self::Value(Entry::of_object(value, &limits)?),
        })
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
                items: vec![Slot::new("".into(), item)],
                index: HashMap::from([("".into(), 0)]),
                ..Self::default()
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
        assert_eq!(tree.groups().map(|(name, group)| (name, group.len())).last(), Some(("a", 2)));
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
    fn notes_lie_beside_items() {
        let notes = |text: &str| Notes { meta: crate::Meta::from_text(text), ..Notes::default() };
        let mut tree = Tree::new().with("a/x", array()).unwrap().with("b", array()).unwrap();
        for (path, text) in [("", "k:0\n"), ("a", "k:1\n"), ("a/x", "k:2\n"), ("b", "k:3\n")] {
            tree.set_notes(path, notes(text)).unwrap();
            assert_eq!(tree.notes(path).unwrap().meta.as_str(), text, "{path}");
        }
        assert!(tree.notes("a/y").is_none());
        assert_eq!(tree.set_notes("c", notes("k:4\n")).unwrap_err().kind(), ErrorKind::NotFound);
        tree.set_notes("b", Notes::default()).unwrap();
        assert!(tree.notes("b").is_none());
        assert!(tree.remove("a/x").is_some() && tree.remove("a/x").is_none());
        assert_eq!((tree.names(), tree.arrays().len()), (vec!["a", "b"], 1));
        assert!(tree.remove("a").is_some());
        assert!(tree.get("b").is_some());
    }

    #[test]
    fn one_array_without_a_name() {
        let mut tree = Tree::from(array());
        assert_eq!(tree.names(), [""]);
        assert!(tree.insert("a", array()).is_err());
        assert!(Tree::from(Item::from(Tree::new())).is_empty());
    }
}
