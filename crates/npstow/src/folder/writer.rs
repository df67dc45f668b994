//! Writing a tree as a folder: planned first, then all files side by side, then put in its place.
//!
//! What a small array costs: one call to create its file, one to write it, one to close it.
#![forbid(unsafe_code)]

use super::place::NewFolder;
use super::plan::{Content, Plan, Planned};
use super::profile::Profile;
use crate::entry::read_many;
use crate::npy::{self, HeaderMemo, Payload, Plan as NpyPlan};
use crate::sink::reserve;
use crate::{Array, Durability, Entry, Error, MemoryOrder, Result, Sink, Tree, parallel};
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

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
    array: Option<npy::WriteOptions>,
}

impl WriteOptions {
    /// For whom it is written. By default for npstow and NumPy.
    #[must_use]
    pub fn profile(mut self, profile: Profile) -> Self {
        self.profile = profile;
        self
    }

    /// How each array is written: its orders, and the version of its header. NPFold knows one way
    /// alone, so its profile refuses this.
    #[must_use]
    pub fn array(mut self, options: npy::WriteOptions) -> Self {
        self.array = Some(options);
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
    if options.array.is_some() && options.profile == Profile::NpFold {
        return Err(Error::unsupported("orders and versions of NPY, for NPFold"));
    }
    tree.check_attached()?;
    let plan = Plan::new(tree, options.profile, options.array.clone().unwrap_or_default())?;
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

/// Arrays of files up to this size are read many at a time.
const SMALL: usize = 256 << 10;

/// How many files one core writes before it looks for more.
const RUN: usize = 32;

/// How much they hold, unless it is a single one.
const RUN_NBYTES: usize = 1 << 20;

/// How much of them is in memory at once.
const BATCH: usize = 16 << 20;

/// Cuts the files into batches whose small arrays of files fit into memory.
fn batches<'b, 'a>(files: &'b [Planned<'a>]) -> impl Iterator<Item = &'b [Planned<'a>]> {
    cut(files, |files| {
        let mut held = 0usize;
        let fits = |file: &&Planned<'_>| {
            held = held.saturating_add(file.read_ahead().map_or(0, Entry::nbytes));
            held <= BATCH
        };
        files.iter().take_while(fits).count()
    })
}

/// Cuts a batch into what one core writes: many small files, or a large one.
fn runs<'b, 'a>(work: &'b [Job<'b, 'a>]) -> impl Iterator<Item = &'b [Job<'b, 'a>]> {
    cut(work, |work| {
        let mut sum = 0usize;
        let fits = |(file, _): &&Job<'_, '_>| {
            sum = sum.saturating_add(file.nbytes());
            sum <= RUN_NBYTES
        };
        work.iter().take(RUN).take_while(fits).count()
    })
}

/// Cuts a list where `fits` says how many of the first ones belong together, at least one.
fn cut<T>(items: &[T], mut fits: impl FnMut(&[T]) -> usize) -> impl Iterator<Item = &[T]> {
    let mut rest = items;
    std::iter::from_fn(move || {
        let (part, after) = rest.split_at_checked(fits(rest).max(1))?;
        rest = after;
        Some(part)
    })
}

impl Planned<'_> {
    /// The array that is read with others before it is written.
    fn read_ahead(&self) -> Option<&Entry> {
        match &self.content {
            // Objects are not read as bytes.
            Content::Entry(entry, _) if entry.dtype().has_object() => None,
            Content::Entry(entry, _) if entry.nbytes() <= SMALL => Some(*entry),
            _ => None,
        }
    }

    fn nbytes(&self) -> usize {
        match &self.content {
            Content::Array(array, _) => array.nbytes(),
            Content::Entry(entry, _) | Content::Value(entry) => entry.nbytes(),
            Content::Text(text) => text.len(),
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
    // What cannot be read is said of where it was found, not of the new folder.
    let named = |(at, e): (usize, Error)| match (entries.get(at), ahead.get(at)) {
        (Some(entry), Some(file)) => file.placed(entry.placed(e)),
        _ => e,
    };
    let mut arrays = read_many(&entries).map_err(named)?.into_iter();
    let work: Vec<Job<'_, '_>> =
        batch.iter().map(|file| (file, file.read_ahead().and_then(|_| arrays.next()))).collect();
    let runs = runs(&work).collect();
    parallel::each(runs, |files| write_run(new, files))?;
    Ok(())
}

/// A file, and its array where that was read ahead.
type Job<'b, 'a> = (&'b Planned<'a>, Option<Array>);

fn write_run(new: &NewFolder, files: &[Job<'_, '_>]) -> Result<()> {
    let mut memo = HeaderMemo::default();
    files.iter().try_for_each(|(file, array)| {
        file.write(new, array.as_ref(), &mut memo).map_err(|e| file.placed(e))
    })
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
