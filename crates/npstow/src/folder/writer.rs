//! Writing a tree as a folder: planned first, then all files side by side, then put in its place.
//!
//! What a small array costs: one call to create its file, one to write it, one to close it.
#![forbid(unsafe_code)]

use super::index::{self, INDEX, Key, NPY};
use super::names::{self, Seen};
use super::place::NewFolder;
use super::profile::Profile;
use super::scan::VALUES;
use super::sidecar::{GROUP, Sidecar};
use crate::entry::read_many;
use crate::error::quoted;
use crate::npy::{self, HeaderMemo, Payload, Plan as NpyPlan};
use crate::sink::reserve;
use crate::{
    Array, Durability, Entry, Error, Item, MemoryOrder, Notes, Result, Sink, Tree, parallel,
};
use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// How a folder is written.
///
/// ```
/// use npstow::{Durability, folder};
/// let options = folder::WriteOptions::default()
///     .profile(folder::Profile::NpFold)
///     .durability(Durability::Full);
/// ```
#[derive(Clone, Debug, Default)]
pub struct WriteOptions {
    profile: Profile,
    durability: Durability,
}

impl WriteOptions {
    /// For whom it is written. By default for npstow and NumPy.
    #[must_use]
    pub fn profile(mut self, profile: Profile) -> Self {
        self.profile = profile;
        self
    }

    /// What is waited for before the folder counts as saved.
    #[must_use]
    pub fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }
}

/// Writes a tree as a folder, atomically as a whole: an old folder stays as it was until the new
/// one is complete, and nothing of it is left then.
///
/// ```
/// use npstow::{Array, Tree, folder};
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("run");
/// let tree = Tree::new()
///     .with("photon", Array::from_vec(vec![1.0f32, 2.0]))?
///     .with("A000/hit", Array::from_vec(vec![7u32]))?;
/// folder::write(&path, &tree)?;
/// let hit = npstow::open(&path)?.get("A000/hit")?.read()?;
/// assert_eq!(hit.as_slice::<u32>()?, [7]);
/// # Ok::<(), npstow::Error>(())
/// ```
///
/// # Errors
/// `Exists` where a folder is to be replaced that holds anything but arrays and what belongs to
/// them; `Invalid` or `Exists` for names that some file system cannot hold or keep apart;
/// `Unsupported` for what the profile cannot hold; `Io`. The old folder is then as it was.
pub fn write(path: impl AsRef<Path>, tree: &Tree) -> Result<()> {
    write_with(path, tree, &WriteOptions::default())
}

/// Writes a tree as a folder as the options say.
///
/// # Errors
/// As [`write()`].
pub fn write_with(path: impl AsRef<Path>, tree: &Tree, options: &WriteOptions) -> Result<()> {
    let path = path.as_ref();
    write_tree(path, tree, options).map_err(|e| e.in_path(path))
}

fn write_tree(path: &Path, tree: &Tree, options: &WriteOptions) -> Result<()> {
    let plan = Plan::new(tree, options.profile)?;
    let new = NewFolder::create(path, options.durability, plan.files.len())?;
    for folder in &plan.folders {
        let shown = folder.to_string_lossy();
        new.folder(folder).map_err(|e| Error::io("creating the folder", e).in_member(&shown))?;
    }
    for batch in batches(&plan.files) {
        write_batch(&new, batch)?;
    }
    new.commit(&plan.folders)
}

/// What will be written, known before the first byte is.
struct Plan<'a> {
    profile: Profile,
    folders: Vec<PathBuf>,
    files: Vec<Planned<'a>>,
}

/// A file that will be written.
struct Planned<'a> {
    path: PathBuf,
    /// The item's name in the tree, for errors.
    name: String,
    content: Content<'a>,
}

enum Content<'a> {
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
    fn new(tree: &'a Tree, profile: Profile) -> Result<Self> {
        let mut plan = Self { profile, folders: Vec::new(), files: Vec::new() };
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
        let mut keys = Vec::with_capacity(arrays.len() + groups.len());
        for (at, array) in arrays.into_iter().enumerate() {
            while self.profile == Profile::Native {
                let Some((group, _)) = groups.next_if(|(_, before)| *before <= at) else { break };
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
        self.check_name(name, &format!("{stem}{NPY}"))?;
        if stem == GROUP {
            return Err(Error::invalid("'NPFold' is the name of a group's own text files"));
        }
        let file = format!("{stem}{NPY}");
        seen.add(&file)?;
        let options = self.profile.options(dtype, shape)?;
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
            if text.is_some() && stem == GROUP && kind == Sidecar::Labels {
                if self.profile == Profile::NpFold {
                    return Err(Error::unsupported("labels of a group, for NPFold"));
                }
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
    if group.is_empty() { name.to_owned() } else { format!("{group}/{name}") }
}

/// Arrays of files up to this size are read many at a time.
const SMALL: usize = 256 << 10;

/// How many files one core writes before it looks for more.
const RUN: usize = 32;

/// How much of them is in memory at once.
const BATCH: usize = 16 << 20;

/// Cuts the files into runs whose small arrays of files fit into memory.
fn batches<'b, 'a>(files: &'b [Planned<'a>]) -> impl Iterator<Item = &'b [Planned<'a>]> {
    let mut rest = files;
    std::iter::from_fn(move || {
        let mut held = 0usize;
        let fits = |file: &&Planned<'_>| {
            held += file.read_ahead().map_or(0, Entry::nbytes);
            held <= BATCH
        };
        let count = rest.iter().take_while(fits).count().max(1);
        let (batch, after) = rest.split_at_checked(count)?;
        rest = after;
        Some(batch)
    })
}

impl Planned<'_> {
    /// The array that is read with others before it is written.
    fn read_ahead(&self) -> Option<&Entry> {
        match &self.content {
            Content::Entry(entry, _) if entry.nbytes() <= SMALL => Some(*entry),
            _ => None,
        }
    }

    fn write(&self, new: &NewFolder, read: Option<&Array>, memo: &mut HeaderMemo) -> Result<()> {
        let failed = |e| Error::io("writing", e);
        let file = new.file(&self.path).map_err(|e| Error::io("creating", e))?;
        let mut out = OutFile(file);
        match (&self.content, read) {
            (Content::Array(array, options), _) => {
                NpyPlan::new(Payload::Array(array), options, memo)?.write(&mut out)?;
            }
            (Content::Entry(entry, options), read) => {
                let payload = read.map_or(Payload::Entry(entry), Payload::Array);
                NpyPlan::new(payload, options, memo)?.write(&mut out)?;
            }
            (Content::Text(text), _) => out.write_all(text.as_bytes()).map_err(failed)?,
            (Content::Value(entry), _) => {
                out.reserve(entry.nbytes() as u64).map_err(failed)?;
                for piece in entry.pieces(MemoryOrder::C)? {
                    out.write_all(piece?.bytes().unwrap_or_default()).map_err(failed)?;
                }
            }
        }
        new.wrote(&out.0).map_err(failed)
    }

    fn placed(&self, e: Error) -> Error {
        e.in_member(&self.name)
    }
}

fn write_batch(new: &NewFolder, batch: &[Planned<'_>]) -> Result<()> {
    let ahead: Vec<&Planned<'_>> =
        batch.iter().filter(|file| file.read_ahead().is_some()).collect();
    let entries: Vec<Entry> = ahead.iter().filter_map(|file| file.read_ahead().cloned()).collect();
    let named = |(at, e): (usize, Error)| match ahead.get(at) {
        Some(file) => file.placed(e),
        None => e,
    };
    let mut arrays = read_many(&entries).map_err(named)?.into_iter();
    let work: Vec<(&Planned<'_>, Option<Array>)> =
        batch.iter().map(|file| (file, file.read_ahead().and_then(|_| arrays.next()))).collect();
    parallel::each(work.chunks(RUN).collect(), |files: &[(&Planned<'_>, Option<Array>)]| {
        let mut memo = HeaderMemo::default();
        files.iter().try_for_each(|(file, array)| {
            file.write(new, array.as_ref(), &mut memo).map_err(|e| file.placed(e))
        })
    })?;
    Ok(())
}

/// A new file as a sink.
struct OutFile(File);

impl Sink for OutFile {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }

    fn reserve(&mut self, len: u64) -> io::Result<()> {
        reserve(&self.0, len)
    }
}
