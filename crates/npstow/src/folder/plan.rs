//! What a tree becomes as a folder: which files, with which names, in which order.
#![forbid(unsafe_code)]

use super::found::VALUES;
use super::index::{self, INDEX, Key, NPY};
use super::names::{self, Seen};
use super::profile::Profile;
use crate::error::quoted;
use crate::notes::{GROUP, Sidecar};
use crate::{Array, Entry, Error, Item, Notes, Result, Tree, npy};
use std::path::PathBuf;

/// What will be written, known before the first byte is.
pub(super) struct Plan<'a> {
    profile: Profile,
    /// How arrays are written where the profile lets them be as they are.
    array: npy::WriteOptions,
    pub(super) folders: Vec<PathBuf>,
    pub(super) files: Vec<Planned<'a>>,
}

/// A file that will be written.
pub(super) struct Planned<'a> {
    pub(super) path: PathBuf,
    /// The item's name in the tree, for errors.
    pub(super) name: String,
    pub(super) content: Content<'a>,
}

pub(super) enum Content<'a> {
    Array(&'a Array, npy::WriteOptions),
    Entry(&'a Entry, npy::WriteOptions),
    Value(&'a Entry),
    Text(String),
}

/// A group that is being planned.
struct Level<'a> {
    tree: &'a Tree,
    folder: PathBuf,
    name: String,
}

impl<'a> Plan<'a> {
    pub(super) fn new(tree: &'a Tree, profile: Profile, array: npy::WriteOptions) -> Result<Self> {
        let mut plan = Self { profile, array, folders: Vec::new(), files: Vec::new() };
        let mut waiting = vec![Level { tree, folder: PathBuf::new(), name: String::new() }];
        while let Some(level) = waiting.pop() {
            let mut below = plan.level(&level).map_err(|e| e.in_member(&level.name))?;
            below.reverse();
            plan.folders.extend(below.iter().rev().map(|level| level.folder.clone()));
            waiting.append(&mut below);
        }
        Ok(plan)
    }

    /// Plans the files of a group; gives the groups below that need a folder.
    fn level(&mut self, level: &Level<'a>) -> Result<Vec<Level<'a>>> {
        let (mut seen, mut below) = (Seen::default(), Vec::new());
        let (mut arrays, mut others, mut values) = (Vec::new(), Vec::new(), String::new());
        self.notes(level, GROUP, "", level.tree.notes(""), &mut seen)?;
        for (name, item) in level.tree.iter() {
            let whole = join(&level.name, name);
            let placed = |e: Error| e.in_member(&whole);
            match item {
                Item::Group(tree) => {
                    self.check_name(name, name).map_err(placed)?;
                    if name.ends_with(NPY) {
                        let found = quoted(name);
                        let what = format!(
                            "the group '{found}': its line of the index would be an array's"
                        );
                        return Err(placed(Error::invalid(what)));
                    }
                    seen.add(name).map_err(placed)?;
                    others.push((Key::Group(name.to_owned()), arrays.len()));
                    // NPFold: an empty group is a line of the index without a folder.
                    if !tree.is_empty() || tree.notes("").is_some() {
                        below.push(Level { tree, folder: level.folder.join(name), name: whole });
                    }
                }
                Item::Value(entry) => {
                    self.check_value(level.tree, name).map_err(placed)?;
                    seen.add(name).map_err(placed)?;
                    values.push_str(name);
                    values.push('\n');
                    self.put(level, name, &whole, Content::Value(entry));
                }
                Item::Array(_) | Item::Entry(_) => {
                    let stem = self.array(level, name, item, &mut seen).map_err(placed)?;
                    arrays.push(Key::Array(stem));
                }
            }
        }
        if !values.is_empty() {
            seen.add(VALUES)?;
            self.put(level, VALUES, "", Content::Text(values));
        }
        seen.add(INDEX)?;
        let keys = self.keys(arrays, others);
        self.put(level, INDEX, "", Content::Text(index::write(&keys)));
        Ok(below)
    }

    /// The index: NPFold's own has all arrays first, ours the order of the tree; either reads both.
    fn keys(&self, arrays: Vec<Key>, groups: Vec<(Key, usize)>) -> Vec<Key> {
        let mut groups = groups.into_iter().peekable();
        let by_tree = self.profile == Profile::Native;
        let mut keys = Vec::with_capacity(arrays.len() + groups.len());
        for (at, array) in arrays.into_iter().enumerate() {
            while let Some((group, _)) = groups.next_if(|(_, before)| by_tree && *before <= at) {
                keys.push(group);
            }
            keys.push(array);
        }
        keys.extend(groups.map(|(group, _)| group));
        keys
    }

    /// Plans an array and the text files beside it; gives the stem of its file.
    fn array(
        &mut self,
        level: &Level<'a>,
        name: &str,
        item: &'a Item,
        seen: &mut Seen,
    ) -> Result<String> {
        let (dtype, shape) = match item {
            Item::Array(array) => (array.dtype(), array.shape()),
            Item::Entry(entry) => (entry.dtype(), entry.shape()),
            Item::Value(_) | Item::Group(_) => return Err(Error::invalid("no array")),
        };
        if name.is_empty() {
            return Err(Error::invalid("a folder holds arrays with names, not one without"));
        }
        // An array is called `x.npy` where `x` is something else; its file is then that.
        let aside = name
            .strip_suffix(NPY)
            .filter(|stem| matches!(level.tree.get(stem), Some(Item::Group(_) | Item::Value(_))));
        let stem = aside.unwrap_or(name);
        let file = [stem, NPY].concat();
        self.check_name(name, &file)?;
        if stem == GROUP {
            return Err(Error::invalid("'NPFold' is the name of a group's own text files"));
        }
        seen.add(&file)?;
        let options = self.profile.options(dtype, shape, &self.array)?;
        let whole = join(&level.name, name);
        let content = match item {
            Item::Entry(entry) => Content::Entry(entry, options),
            Item::Array(array) => Content::Array(array, options),
            Item::Value(_) | Item::Group(_) => return Err(Error::invalid("no array")),
        };
        self.put(level, &file, &whole, content);
        self.notes(level, stem, &whole, level.tree.notes(name), seen)?;
        Ok(stem.to_owned())
    }

    /// Plans the text files beside an array, or those of a group.
    fn notes(
        &mut self,
        level: &Level<'a>,
        stem: &str,
        name: &str,
        notes: Option<&Notes>,
        seen: &mut Seen,
    ) -> Result<()> {
        let none = Notes::default();
        let notes = notes.unwrap_or(&none);
        for kind in Sidecar::ALL {
            let text = kind.write(notes)?;
            let lost = stem == GROUP && kind == Sidecar::Labels;
            if lost && text.is_some() && self.profile == Profile::NpFold {
                return Err(Error::unsupported("labels of a group, for NPFold"));
            }
            // NPFold always writes the names of a group.
            let always = stem == GROUP && kind == Sidecar::Names;
            let Some(text) = text.or_else(|| always.then(String::new)) else { continue };
            let file = format!("{stem}{}", kind.ending());
            seen.add(&file)?;
            self.put(level, &file, name, Content::Text(text));
        }
        Ok(())
    }

    fn put(&mut self, level: &Level<'a>, file: &str, name: &str, content: Content<'a>) {
        let (path, name) = (level.folder.join(file), name.to_owned());
        self.files.push(Planned { path, name, content });
    }

    fn check_name(&self, name: &str, file: &str) -> Result<()> {
        let refused =
            |why: &str| Error::invalid(format!("the name '{}' for a file: {why}", quoted(name)));
        names::inside(name).and_then(|()| names::writable(file)).map_err(refused)?;
        if self.profile == Profile::NpFold {
            if name.contains('$') {
                return Err(refused("NP.hh takes what follows '$' from the environment"));
            }
            if name.ends_with(NPY) {
                return Err(refused("NPFold takes what ends in '.npy' for an array's file"));
            }
        }
        Ok(())
    }

    /// A file that is no array must not be taken for one, or for notes.
    fn check_value(&self, tree: &Tree, name: &str) -> Result<()> {
        if self.profile == Profile::NpFold {
            return Err(Error::unsupported("a file that is no array, for NPFold, which loses it"));
        }
        self.check_name(name, name)?;
        let taken = |stem: &str| {
            stem == GROUP || matches!(tree.get(stem), Some(Item::Array(_) | Item::Entry(_)))
        };
        let reserved = name.ends_with(NPY) || name == INDEX || name == VALUES;
        if reserved || Sidecar::split(name).is_some_and(|(stem, _)| taken(stem)) {
            let what = format!("the file '{}': it would be read as something else", quoted(name));
            return Err(Error::invalid(what));
        }
        Ok(())
    }
}

fn join(group: &str, name: &str) -> String {
    if group.is_empty() { name.to_owned() } else { [group, "/", name].concat() }
}
