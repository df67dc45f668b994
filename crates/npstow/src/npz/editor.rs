//! Changing an archive in place: what is there stays where it is, what is new comes behind it.
//!
//! New members are written behind the end of the archive, where no reader looks, then a new
//! directory and a new end record. Until the last byte of that is written, the old directory is
//! the archive's; a crash before leaves some bytes behind the archive, which npstow and Python's
//! `zipfile` (up to 64 KiB of them) read over, and which the next change or
//! [`repair`](super::repair()) takes away.
#![forbid(unsafe_code)]

use super::copy::{copy_bytes, copy_member};
use super::directory::{Directory, Found};
use super::front;
use super::leftover;
use super::notes::{self, Beside};
use super::options::WriteOptions;
use super::writer::Writer;
use crate::error::quoted;
use crate::sink::Locked;
use crate::{
    Array, AtomicFile, Durability, Entry, Error, FileSource, Item, Limits, Notes, Result, Sink,
    Source, Tree,
};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// An archive open for changes; they count when [`commit`](Self::commit) says so.
///
/// While it is open, other editors of the same file are refused; readers are not, and see the
/// old archive. What was not committed is taken back when the editor is dropped. A change that
/// fails changes nothing; those before it and after it count.
///
/// Nothing that stays is written again: adding costs what is added. What was replaced or removed
/// goes on taking room until the archive is [compacted](compact()).
///
/// ```
/// use npstow::{Array, Tree, npz};
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("run.npz");
/// npz::write(&path, &Tree::new().with("a", Array::from_vec(vec![1u8]))?)?;
/// let mut editor = npz::Editor::open(&path)?;
/// editor.add("b", &Array::from_vec(vec![2u8]))?;
/// editor.replace("a", &Array::from_vec(vec![3u8, 4]))?;
/// editor.commit()?;
/// let file = npstow::open(&path)?;
/// assert_eq!(file.get("a")?.read()?.as_slice::<u8>()?, [3, 4]);
/// # Ok::<(), npstow::Error>(())
/// ```
#[derive(Debug)]
pub struct Editor {
    path: PathBuf,
    source: FileSource,
    directory: Directory,
    beside: Beside,
    /// Whether each member of the old directory stays.
    stays: Vec<bool>,
    /// Those that do not, in the order in which they were taken out.
    dropped: Vec<usize>,
    writer: Writer<Tail>,
    changed: bool,
}

impl Editor {
    /// Opens an archive for changes.
    ///
    /// # Errors
    /// `Corrupt` where it is no archive; `Io`, also where another editor has it.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::open_with(path, &WriteOptions::default())
    }

    /// As [`open`](Self::open); the options say how new members are written, and what a commit
    /// waits for.
    ///
    /// # Errors
    /// As `open`; `Invalid` for a level that is not there.
    pub fn open_with(path: impl AsRef<Path>, options: &WriteOptions) -> Result<Self> {
        let path = path.as_ref();
        Self::begin(path, options).map_err(|e| e.in_path(path))
    }

    fn begin(path: &Path, options: &WriteOptions) -> Result<Self> {
        let (file, source, directory) = open_for_change(path)?;
        let end = directory.end();
        let (durability, path) = (options.durability, path.to_owned());
        let tail = Tail { file, path: path.clone(), old_len: end, durability, committed: false };
        let mut writer = Writer::resume(tail, end, options)?;
        let mut stays = Vec::new();
        for member in directory.members() {
            // Names of what stays are taken; where two members have one, it is taken all the same.
            writer.claim(directory.name(member));
            stays.push(true);
        }
        let beside = Beside::new(&directory);
        let dropped = Vec::new();
        Ok(Self { path, source, directory, beside, stays, dropped, writer, changed: false })
    }

    fn place<T>(&self, result: Result<T>, name: &str) -> Result<T> {
        result.map_err(|e| e.in_member(name).in_path(&self.path))
    }

    /// Adds an array under a new name.
    ///
    /// # Errors
    /// `Exists` where the name is taken; else as [`Writer::add`].
    pub fn add(&mut self, name: &str, array: &Array) -> Result<()> {
        self.add_item(name, &Item::from(array))
    }

    /// Adds an array of another file, piece by piece.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    pub fn add_entry(&mut self, name: &str, entry: &Entry) -> Result<()> {
        self.add_item(name, &Item::from(entry.clone()))
    }

    /// Adds what stands under a name of a tree: an array, a value, a group with all that is in
    /// it, notes included.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    pub fn add_item(&mut self, name: &str, item: &Item) -> Result<()> {
        let done = self.attempt(|editor| editor.writer.add_below(name, item));
        self.place(done, name)
    }

    /// Does something as a whole: where it fails, nothing has changed.
    fn attempt(&mut self, work: impl FnOnce(&mut Self) -> Result<()>) -> Result<()> {
        let (changed, dropped, mark) = (self.changed, self.dropped.len(), self.writer.mark());
        self.changed = true;
        let done = work(self);
        if done.is_err() {
            self.changed = changed;
            let mut names = Vec::new();
            for index in self.dropped.drain(dropped..) {
                if let Some(stays) = self.stays.get_mut(index) {
                    *stays = true;
                }
                let member = self.directory.members().get(index);
                names.extend(member.map(|member| self.directory.name(member).to_owned()));
            }
            self.writer.undo(mark);
            names.iter().for_each(|name| self.writer.claim(name));
        }
        done
    }

    /// Takes a member out, and gives its name free.
    fn drop_member(&mut self, index: usize) {
        if let Some(stays) = self.stays.get_mut(index) {
            *stays = false;
            self.dropped.push(index);
        }
        if let Some(member) = self.directory.members().get(index) {
            self.writer.release(self.directory.name(member));
        }
    }

    /// Adds everything in a tree, notes included, beside what is there.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    pub fn add_tree(&mut self, tree: &Tree) -> Result<()> {
        let done = self.attempt(|editor| editor.writer.add_tree(tree));
        self.place(done, "")
    }

    /// Puts an array in the place of the one of that name, or adds it.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    pub fn replace(&mut self, name: &str, array: &Array) -> Result<()> {
        self.replace_item(name, &Item::from(array))
    }

    /// Puts what stands under a name of a tree in the place of what has that name here.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    pub fn replace_item(&mut self, name: &str, item: &Item) -> Result<()> {
        let done = self.attempt(|editor| {
            editor.remove_any(name)?;
            editor.writer.add_below(name, item)
        });
        self.place(done, name)
    }

    /// Adds everything in a tree, in the place of what has the name `name` here.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    pub fn replace_tree(&mut self, name: &str, tree: &Tree) -> Result<()> {
        let done = self.attempt(|editor| {
            editor.remove_any(name)?;
            editor.writer.add_tree(tree)
        });
        self.place(done, "")
    }

    /// Takes out what has the name, if anything has.
    fn remove_any(&mut self, name: &str) -> Result<()> {
        match self.find(name) {
            Err(e) if e.kind() == crate::ErrorKind::NotFound => Ok(()),
            found => {
                let indices = self.place(found, name)?;
                self.drop_members(indices);
                Ok(())
            }
        }
    }

    fn drop_members(&mut self, indices: Vec<usize>) {
        indices.into_iter().for_each(|index| self.drop_member(index));
        self.changed = true;
    }

    /// Takes an array, a value, or a group with all that is in it out of the archive.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` for what was added since the last commit, and for the name of an array
    /// and a group: of these the array is called `name.npy`.
    pub fn remove(&mut self, name: &str) -> Result<()> {
        let indices = self.find_one(name);
        let indices = self.place(indices, name)?;
        self.drop_members(indices);
        Ok(())
    }

    /// Gives an array, a value, or a group another name; the data are copied behind the others,
    /// as they are packed.
    ///
    /// # Errors
    /// `NotFound`; `Exists` where the new name is taken, also where a group has that of an array;
    /// `Invalid`, also as [`remove`](Self::remove); `Io`.
    pub fn rename(&mut self, from: &str, to: &str) -> Result<()> {
        let done = self.attempt(|editor| editor.rename_all(from, to));
        self.place(done, from)
    }

    /// Writes notes beside an array, a group, or (as `""`) the archive, in the place of old ones.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` for names or labels with line ends; `Io`.
    pub fn set_notes(&mut self, name: &str, notes: &Notes) -> Result<()> {
        let done = self.attempt(|editor| editor.replace_notes(name, notes));
        self.place(done, name)
    }

    fn replace_notes(&mut self, name: &str, notes: &Notes) -> Result<()> {
        let found = if name.is_empty() { Vec::new() } else { self.find(name)? };
        let array = format!("{name}.npy");
        let is_array = found.first().and_then(|&i| self.directory.members().get(i));
        let is_array = is_array.is_some_and(|member| self.directory.name(member) == array);
        let owner = if is_array { name.to_owned() } else { format!("{name}/") };
        let old: Vec<usize> = self.beside.members_of(&owner).iter().map(|(_, i)| *i).collect();
        old.into_iter().for_each(|index| self.drop_member(index));
        for (member, text) in notes::members(&owner, notes)? {
            self.writer.add_bytes(&member, text.as_bytes())?;
        }
        Ok(())
    }

    fn rename_all(&mut self, from: &str, to: &str) -> Result<()> {
        let indices = self.find_one(from)?;
        let mut moves = Vec::new();
        for index in indices {
            let Some(member) = self.directory.members().get(index) else { continue };
            let old = self.directory.name(member);
            let rest = old.strip_prefix(from).unwrap_or(old);
            moves.push((index, format!("{to}{rest}")));
        }
        if let Some((_, taken)) = moves.iter().find(|(_, new)| self.writer.has(new)) {
            return Err(Error::exists(format_args!("the name '{}'", quoted(taken))));
        }
        // A group may grow; an array of its name would be called otherwise from then on.
        let is_array = |(_, new): &(usize, String)| *new == format!("{to}.npy");
        if moves.iter().any(is_array) && !self.below(to).is_empty() {
            return Err(Error::exists(format_args!("a group of the name '{}'", quoted(to))));
        }
        for (index, new) in moves {
            copy_member(&mut self.writer, &self.source, &self.directory, index, &new)?;
            self.drop_member(index);
        }
        Ok(())
    }

    /// The members that a name stands for: one, or all of a group.
    fn find(&self, name: &str) -> Result<Vec<usize>> {
        let stays = |index: &usize| self.stays.get(*index).copied().unwrap_or(false);
        for whole in [name.to_owned(), format!("{name}.npy")] {
            match self.directory.find(&whole) {
                Found::One(index) if stays(&index) => {
                    // Its notes go with it.
                    let beside = self.beside.members_of(notes::owner_of(&whole));
                    let beside = beside.iter().map(|(_, index)| *index).filter(stays);
                    return Ok(std::iter::once(index).chain(beside).collect());
                }
                Found::Many(count) => {
                    let what = format!("{count} members have the name '{}'", quoted(&whole));
                    return Err(Error::invalid(what));
                }
                _ => {}
            }
        }
        let below = self.below(name);
        if !below.is_empty() {
            return Ok(below);
        }
        if self.writer.has(name) || self.writer.has(&format!("{name}.npy")) {
            return Err(Error::invalid("what was added is not in the archive before the commit"));
        }
        Err(Error::not_found(format_args!("the name '{}'", quoted(name))))
    }

    /// As [`find`](Self::find), where no array and group have the one name.
    fn find_one(&self, name: &str) -> Result<Vec<usize>> {
        let found = self.find(name)?;
        let array = format!("{name}.npy");
        let first = found.first().and_then(|&index| self.directory.members().get(index));
        let is_array = first.is_some_and(|member| self.directory.name(member) == array);
        if is_array && !self.below(name).is_empty() {
            let name = quoted(name);
            let what =
                format_args!("'{name}' is a group, and an array, which is called '{name}.npy'");
            return Err(Error::invalid(what));
        }
        Ok(found)
    }

    /// The members of a group, and what is beside them.
    fn below(&self, name: &str) -> Vec<usize> {
        let group = format!("{}/", name.trim_end_matches('/'));
        let members = self.directory.members().iter().enumerate();
        members
            .filter(|(_, member)| !member.is_odd)
            .filter(|(_, member)| self.directory.name(member).starts_with(&group))
            .map(|(index, _)| index)
            .filter(|index| self.stays.get(*index).copied().unwrap_or(false))
            .collect()
    }

    /// Makes the changes count.
    ///
    /// # Errors
    /// `Io`, also where another file has taken the place of this one meanwhile; the archive is
    /// then as it was.
    pub fn commit(mut self) -> Result<()> {
        if !self.changed {
            return Ok(());
        }
        let path = std::mem::take(&mut self.path);
        self.finish().map_err(|e| e.in_path(path))
    }

    fn finish(self) -> Result<()> {
        let Self { directory, stays, writer, .. } = self;
        let mut kept = Vec::new();
        let mut count = 0;
        for (member, _) in directory.members().iter().zip(&stays).filter(|(_, stays)| **stays) {
            let mut header = directory.header(member)?;
            // Offsets count from the start of the file from now on.
            header.offset = member.offset;
            header.write(&mut kept)?;
            count += 1;
        }
        let comment = directory.comment().to_vec();
        let mut tail = writer.finish_edit((kept, count), &comment, Tail::wait)?;
        tail.wait()?;
        tail.committed = true;
        Ok(())
    }
}

/// The archive's file, written behind its old end.
#[derive(Debug)]
struct Tail {
    file: Locked,
    path: PathBuf,
    old_len: u64,
    durability: Durability,
    committed: bool,
}

impl Tail {
    /// Waits for the disk, as the durability says: an archive that is there is not to be lost.
    fn wait(&mut self) -> Result<()> {
        self.file.still_at(&self.path)?;
        if self.durability == Durability::None {
            return Ok(());
        }
        let waited = self.file.changed().and_then(|file| file.sync_data());
        waited.map_err(|e| Error::io("waiting for the disk", e))
    }
}

impl Sink for Tail {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.changed()?.write_all(bytes)
    }

    fn patch(&mut self, offset: u64, bytes: &[u8]) -> Option<io::Result<()>> {
        let mut patch = || {
            let file = self.file.changed()?;
            file.seek(SeekFrom::Start(offset))?;
            file.write_all(bytes)?;
            file.seek(SeekFrom::End(0)).map(drop)
        };
        Some(patch())
    }

    fn can_patch(&self) -> bool {
        true
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        if !self.committed {
            // Nobody is left to tell; the next change or `repair` would do the same.
            let _ = self.file.changed().and_then(|file| file.set_len(self.old_len));
        }
    }
}

/// Opens an archive alone, without what an unfinished change left behind it; positioned at its
/// end.
fn open_for_change(path: &Path) -> Result<(Locked, FileSource, Directory)> {
    let failed = |e| Error::io("opening for change", e);
    let mut file = Locked::open(path)?;
    let source = |file: &Locked| FileSource::new(file.try_clone().map_err(failed)?);
    let whole: Arc<dyn Source> = Arc::new(source(&file)?);
    let (directory, leftover) = sound(&whole)?;
    let end = directory.end();
    if leftover > 0 {
        file.changed().and_then(|file| file.set_len(end)).map_err(failed)?;
    }
    let source = source(&file)?;
    file.changed().and_then(|file| file.seek(SeekFrom::Start(end))).map_err(failed)?;
    Ok((file, source, directory))
}

/// The directory of an archive, and how many bytes behind it a change left that was not finished.
///
/// Whatever else is there is refused: it may be members of an archive that lost its end. So is
/// everything behind an archive with something in front, which may be within another one.
fn sound(source: &Arc<dyn Source>) -> Result<(Directory, u64)> {
    let directory = Directory::read(&**source, &Limits::default())?;
    let end = directory.end();
    let more = source.len().saturating_sub(end);
    if more > 0 && (directory.prefix_len() > 0 || !leftover::is_ours(source, end)?) {
        let expected = format_args!("the end of the file at byte {end}");
        let found = format_args!(
            "{more} bytes that no change has left; `npstow salvage` finds what is in them"
        );
        return Err(Error::corrupt(expected, found).at(end));
    }
    Ok((directory, more))
}

/// What [`repair`] has done, or would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repair {
    /// Bytes behind the archive that an unfinished change left, and that are cut off.
    pub trimmed: u64,
}

/// Says what [`repair`] would do, and changes nothing.
///
/// # Errors
/// As `repair`.
pub fn diagnose(path: impl AsRef<Path>) -> Result<Repair> {
    let path = path.as_ref();
    let look = || {
        let source: Arc<dyn Source> = Arc::new(FileSource::open(path)?);
        sound(&source).map(|(_, trimmed)| Repair { trimmed })
    };
    look().map_err(|e: Error| e.in_path(path))
}

/// Takes away what a change that was not finished left behind an archive; what was there before
/// the change is whole again, for every reader.
///
/// # Errors
/// `Corrupt` where there is no archive (see [`salvage_to`](super::salvage_to) for what can be
/// had of it), or where the bytes behind it are of another kind; `Io`.
pub fn repair(path: impl AsRef<Path>) -> Result<Repair> {
    let path = path.as_ref();
    let found = diagnose(path)?;
    let mend = || {
        let (file, ..) = open_for_change(path)?;
        file.sync_all().map_err(|e| Error::io("repairing", e))
    };
    if found.trimmed > 0 {
        mend().map_err(|e| e.in_path(path))?;
    }
    Ok(found)
}

/// What [`compact`] has gained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compacted {
    /// Length of the file before, in bytes.
    pub before: u64,
    /// Length of the file after.
    pub after: u64,
}

/// Writes an archive anew without what was replaced or removed, and puts it in the place of the
/// old one. Members are copied as they are packed; stored arrays are aligned so that they can be
/// mapped, whoever wrote them. What stands in front of an archive, as the program of one that
/// unpacks itself, stays there, up to the first member that was removed.
///
/// # Errors
/// `Corrupt` where it is no archive; `Io`; the old file is then as it was.
pub fn compact(path: impl AsRef<Path>, durability: Durability) -> Result<Compacted> {
    let path = path.as_ref();
    rewrite(path, durability).map_err(|e| e.in_path(path))
}

fn rewrite(path: &Path, durability: Durability) -> Result<Compacted> {
    // Held until the new file is in its place.
    let (file, source, directory) = open_for_change(path)?;
    let source: Arc<dyn Source> = Arc::new(source);
    let mut writer = Writer::new(AtomicFile::create(path, durability)?, &WriteOptions::default())?;
    copy_bytes(&mut writer, &*source, 0, front::len(&source, &directory)?)?;
    for (index, member) in directory.members().iter().enumerate() {
        let name = directory.name(member);
        copy_member(&mut writer, &*source, &directory, index, name)
            .map_err(|e| e.in_member(name))?;
    }
    writer.set_comment(directory.comment());
    let after = writer.len_when_finished()?;
    let new = writer.finish()?;
    file.still_at(path)?;
    new.commit()?;
    Ok(Compacted { before: source.len(), after })
}

#[cfg(test)]
mod tests;
