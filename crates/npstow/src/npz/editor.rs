//! Changing an archive in place: what is there stays where it is, what is new comes behind it.
//!
//! New members are written behind the end of the archive, where no reader looks, then a new
//! directory and a new end record. Until the last byte of that is written, the old directory is
//! the archive's; a crash before leaves some bytes behind the archive, which npstow and Python's
//! `zipfile` (up to 64 KiB of them) read over, and which the next change or
//! [`repair`](super::repair()) takes away.
#![forbid(unsafe_code)]

use super::copy::copy_member;
use super::directory::{Directory, Found};
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
/// mapped, whoever wrote them.
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
    let mut writer = Writer::new(AtomicFile::create(path, durability)?, &WriteOptions::default())?;
    for (index, member) in directory.members().iter().enumerate() {
        let name = directory.name(member);
        copy_member(&mut writer, &source, &directory, index, name)
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
mod tests {
    use super::super::forge::{self, Forged};
    use super::super::locate::{Window, locate};
    use super::*;
    use crate::{ErrorKind, MemorySource, Tree, npy};

    fn array(value: u8, len: usize) -> Array {
        Array::from_vec(vec![value; len])
    }

    /// Names and the bytes of each member; every local header agrees with the directory.
    fn content(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
        let source = MemorySource::new(bytes.to_vec());
        let directory = Directory::read(&source, &Limits::default()).unwrap();
        let member = |index: usize| {
            let member = &directory.members()[index];
            let located = locate(&source, &directory, index, &mut Window::single()).unwrap();
            let len = usize::try_from(member.packed_len).unwrap();
            let data = source.read(located.data_offset, len).unwrap();
            assert_eq!(crate::codec::crc32(&data), member.crc32);
            assert_eq!(located.data_offset % 64, 0);
            (directory.name(member).to_owned(), data.to_vec())
        };
        (0..directory.members().len()).map(member).collect()
    }

    fn expected(items: &[(&str, u8, usize)]) -> Vec<(String, Vec<u8>)> {
        let member = |&(name, value, len): &(&str, u8, usize)| {
            let options = npy::WriteOptions::default();
            (format!("{name}.npy"), npy::to_bytes(&array(value, len), &options).unwrap())
        };
        items.iter().map(member).collect()
    }

    fn archive(path: &Path, items: &[(&str, u8, usize)]) {
        let mut tree = Tree::new();
        for &(name, value, len) in items {
            tree.insert(name, array(value, len)).unwrap();
        }
        super::super::write(path, &tree).unwrap();
    }

    #[test]
    fn members_are_added_replaced_removed_and_renamed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.npz");
        archive(&path, &[("a", 1, 5), ("g/b", 2, 70_000), ("g/c", 3, 9), ("d", 4, 0)]);
        let before = std::fs::read(&path).unwrap();
        let mut editor = Editor::open(&path).unwrap();
        assert_eq!(Editor::open(&path).unwrap_err().kind(), ErrorKind::Io);
        editor.add("e", &array(5, 300)).unwrap();
        editor.replace("a", &array(6, 7)).unwrap();
        editor.remove("d").unwrap();
        editor.rename("g", "h").unwrap();
        for (name, kind) in [("e", ErrorKind::Invalid), ("x", ErrorKind::NotFound)] {
            assert_eq!(editor.remove(name).unwrap_err().kind(), kind, "{name}");
        }
        assert_eq!(editor.add("h/b", &array(0, 1)).unwrap_err().kind(), ErrorKind::Exists);
        assert_eq!(editor.rename("h/b", "e").unwrap_err().kind(), ErrorKind::Invalid);
        assert_eq!(std::fs::read(&path).unwrap()[..before.len()], before);
        editor.commit().unwrap();
        let wanted = [("e", 5, 300), ("a", 6, 7), ("h/b", 2, 70_000), ("h/c", 3, 9)];
        let after = std::fs::read(&path).unwrap();
        assert_eq!(content(&after), expected(&wanted));
        assert_eq!(after[..before.len()], before);
        // A crash anywhere leaves the old archive.
        for len in before.len()..after.len() {
            let cut = content(&after[..len]);
            assert!(cut.len() == 4 && cut[0].0 == "a.npy" && cut[3].0 == "d.npy", "{len}");
        }
        let gained = compact(&path, Durability::default()).unwrap();
        let compacted = std::fs::read(&path).unwrap();
        assert_eq!((gained.before, gained.after), (after.len() as u64, compacted.len() as u64));
        assert!(gained.after < gained.before);
        assert_eq!(content(&compacted), expected(&wanted));
    }

    #[test]
    fn an_array_and_a_group_of_one_name_are_not_taken_for_one_another() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.npz");
        archive(&path, &[("g/x", 1, 5), ("w", 2, 5)]);
        let mut editor = Editor::open(&path).unwrap();
        assert_eq!(editor.rename("w", "g").unwrap_err().kind(), ErrorKind::Exists);
        editor.rename("w", "g/w").unwrap();
        // As NumPy lets them be.
        editor.add("g", &array(3, 4)).unwrap();
        editor.commit().unwrap();
        let mut editor = Editor::open(&path).unwrap();
        for e in [editor.remove("g").unwrap_err(), editor.rename("g", "h").unwrap_err()] {
            assert_eq!(e.kind(), ErrorKind::Invalid);
            assert!(
                e.to_string().contains("'g' is a group, and an array, which is called 'g.npy'")
            );
        }
        editor.replace("g", &array(4, 4)).unwrap();
        editor.commit().unwrap();
        let bytes = std::fs::read(&path).unwrap();
        assert_eq!(content(&bytes), expected(&[("g/x", 1, 5), ("g/w", 2, 5), ("g", 4, 4)]));
        let mut editor = Editor::open(&path).unwrap();
        editor.remove("g.npy").unwrap();
        editor.remove("g").unwrap();
        editor.commit().unwrap();
        assert!(content(&std::fs::read(&path).unwrap()).is_empty());
    }

    #[test]
    fn a_tree_takes_the_place_of_a_name() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.npz");
        archive(&path, &[("x", 1, 5), ("g/y", 2, 6), ("g/z", 3, 7)]);
        let mut editor = Editor::open(&path).unwrap();
        editor.replace_tree("g", &Tree::new().with("g/y", array(4, 4)).unwrap()).unwrap();
        editor.replace_tree("new", &Tree::new().with("new", array(5, 8)).unwrap()).unwrap();
        let taken = Tree::new().with("x", array(6, 8)).unwrap();
        assert_eq!(editor.replace_tree("nothing", &taken).unwrap_err().kind(), ErrorKind::Exists);
        editor.commit().unwrap();
        let bytes = std::fs::read(&path).unwrap();
        assert_eq!(content(&bytes), expected(&[("x", 1, 5), ("g/y", 4, 4), ("new", 5, 8)]));
    }

    #[test]
    fn what_fails_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.npz");
        archive(&path, &[("x", 1, 5), ("g/y", 2, 6), ("g/z", 3, 7)]);
        let mut bytes = std::fs::read(&path).unwrap();
        let at = bytes.windows(5).position(|five| five == [1; 5]).unwrap();
        bytes[at] = 9;
        let damaged = dir.path().join("damaged.npz");
        std::fs::write(&damaged, bytes).unwrap();
        let bad = crate::open(&damaged).unwrap().root().to_tree().unwrap();
        let item = bad.get("x").unwrap();

        let mut editor = Editor::open(&path).unwrap();
        assert_eq!(editor.replace_item("x", item).unwrap_err().kind(), ErrorKind::Corrupt);
        let mut two = Tree::new().with("new", array(4, 4)).unwrap();
        two.insert("bad", item.clone()).unwrap();
        assert!(editor.add_tree(&two).is_err());
        assert!(editor.replace_tree("x", &two).is_err());
        assert!(editor.replace_item("g", &Item::from(two)).is_err());
        // The names are free again, and those of what stays are taken.
        editor.add("new", &array(5, 8)).unwrap();
        assert_eq!(editor.add("x", &array(5, 8)).unwrap_err().kind(), ErrorKind::Exists);
        editor.commit().unwrap();
        let bytes = std::fs::read(&path).unwrap();
        let all = [("x", 1, 5), ("g/y", 2, 6), ("g/z", 3, 7), ("new", 5, 8)];
        assert_eq!(content(&bytes), expected(&all));
        // Nor does it count as a change.
        let mut editor = Editor::open(&path).unwrap();
        assert!(editor.replace_item("x", item).is_err());
        editor.commit().unwrap();
        assert!(std::fs::read(&path).unwrap() == bytes);
    }

    #[test]
    fn a_file_that_has_taken_the_place_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.npz");
        archive(&path, &[("a", 1, 5)]);
        let mut editor = Editor::open(&path).unwrap();
        editor.add("b", &array(2, 5)).unwrap();
        archive(&path, &[("c", 3, 5)]);
        let new = std::fs::read(&path).unwrap();
        assert_eq!(editor.commit().unwrap_err().kind(), ErrorKind::Io);
        assert_eq!(std::fs::read(&path).unwrap(), new);
    }

    #[test]
    fn what_is_not_committed_is_taken_back() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.npz");
        archive(&path, &[("a", 1, 5)]);
        let before = std::fs::read(&path).unwrap();
        let mut editor = Editor::open(&path).unwrap();
        editor.add("b", &array(2, 3 << 20)).unwrap();
        drop(editor);
        assert_eq!(std::fs::read(&path).unwrap(), before);
        // What a crash leaves is taken away by the next change, or by repair.
        let mut torn = before.clone();
        torn.extend_from_slice(b"PK\x03\x04 and some more");
        for mend in [true, false] {
            std::fs::write(&path, &torn).unwrap();
            let found = diagnose(&path).unwrap();
            assert_eq!(found.trimmed, (torn.len() - before.len()) as u64);
            if mend {
                assert_eq!(repair(&path).unwrap(), found);
                assert_eq!(repair(&path).unwrap().trimmed, 0);
            } else {
                drop(Editor::open(&path).unwrap());
            }
            assert_eq!(std::fs::read(&path).unwrap(), before);
        }
        let mut foreign = before;
        foreign.extend_from_slice(b"somebody's own");
        std::fs::write(&path, &foreign).unwrap();
        assert_eq!(repair(&path).unwrap_err().kind(), ErrorKind::Corrupt);
        assert_eq!(std::fs::read(&path).unwrap(), foreign);
    }

    #[test]
    fn nothing_is_cut_off_in_which_members_are() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.npz");
        archive(&path, &[("a", 1, 5)]);
        let whole = std::fs::read(&path).unwrap();
        let inner = forge::archive(&[Forged::array("i", &array(3, 4))]);
        let many = [Forged::array("f", &array(2, 9)), Forged::new("in.npz", &inner)];
        let foreign = forge::archive(&many);
        let torn = &foreign[..foreign.len() - 30];
        let script = b"#!/bin/sh\n";
        let leftover = b"PK\x03\x04 and some more";
        for (bytes, what) in [
            // An archive behind another one that lost its end, and one whose own end is gone.
            (&[&whole[..], torn].concat()[..], "one archive"),
            (&[&whole[..], &torn[..200]].concat(), "the end of the file"),
            (torn, "the directory of the archive that begins the file"),
            // The start is gone as well: the one in a member is all that can be read.
            (&torn[100..], "the end of the file"),
            (&[script, &whole[..], leftover].concat(), "the end of the file"),
        ] {
            std::fs::write(&path, bytes).unwrap();
            let edits: [&dyn Fn() -> Result<()>; 4] = [
                &|| diagnose(&path).map(drop),
                &|| repair(&path).map(drop),
                &|| Editor::open(&path).map(drop),
                &|| compact(&path, Durability::default()).map(drop),
            ];
            for edit in edits {
                let e = edit().unwrap_err();
                assert_eq!(e.kind(), ErrorKind::Corrupt, "{e}");
                assert!(e.what().starts_with(&format!("expected {what}")), "{e}");
                assert!(what == "one archive" || e.what().contains("npstow salvage"), "{e}");
                assert!(std::fs::read(&path).unwrap() == bytes);
            }
        }
    }

    #[test]
    fn notes_go_with_what_they_stand_beside() {
        let notes = |text: &str| Notes {
            meta: crate::Meta::from_text(text),
            names: vec!["one".to_owned(), String::new()],
            labels: vec![text.trim().to_owned()],
        };
        let mut tree =
            Tree::new().with("g/a", array(1, 2)).unwrap().with("b", array(2, 3)).unwrap();
        for path in ["", "g", "g/a", "b"] {
            tree.set_notes(path, notes(&format!("path:{path}\n"))).unwrap();
        }
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.npz");
        for options in [WriteOptions::default(), WriteOptions::default().compress(1)] {
            super::super::write_with(&path, &tree, &options).unwrap();
            let back = crate::open(&path).unwrap().load().unwrap();
            assert_eq!(back.names(), ["g", "b"]);
            for path in ["", "g", "g/a", "b"] {
                assert_eq!(back.notes(path), tree.notes(path), "{path}");
            }
        }
        let mut editor = Editor::open(&path).unwrap();
        editor.rename("b", "c").unwrap();
        editor.remove("g/a").unwrap();
        editor.add("g/d", &array(3, 1)).unwrap();
        editor.add_item("h", &Item::Group(tree.clone())).unwrap();
        let mut alone = Tree::new().with("i", array(4, 1)).unwrap();
        alone.set_notes("i", notes("alone\n")).unwrap();
        editor.add_tree(&alone).unwrap();
        editor.set_notes("g", &notes("new:1\n")).unwrap();
        editor.set_notes("", &Notes::default()).unwrap();
        assert_eq!(editor.set_notes("x", &notes("")).unwrap_err().kind(), ErrorKind::NotFound);
        editor.commit().unwrap();
        let back = crate::open(&path).unwrap().load().unwrap();
        let names: Vec<String> = back.leaves().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["c", "g/d", "h/g/a", "h/b", "i"]);
        for path in ["g", "g/a", "b"] {
            assert_eq!(back.notes(&format!("h/{path}")), tree.notes(path), "{path}");
        }
        assert_eq!((back.notes("h"), back.notes("i")), (tree.notes(""), alone.notes("i")));
        assert_eq!(back.notes("c"), tree.notes("b"));
        assert_eq!(back.notes("g"), Some(&notes("new:1\n")));
        assert!(back.notes("").is_none() && back.notes("g/d").is_none());
    }
}
