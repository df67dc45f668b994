//! A file that appears whole or not at all, and replaces the old one only when it is complete.
//!
//! The new file has no name while it is written (`O_TMPFILE`), so that nothing is left behind
//! even by a killed process; only for the moment between linking and renaming has it a temporary
//! one. File systems that cannot do this get a temporary name in the same folder from the start.
#![forbid(unsafe_code)]

use super::{Owner, Sink};
use crate::{Error, Result};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// What must be on the disk before a save counts as done.
///
/// Whatever the choice, a crash of the program leaves the old file or the new one. The choice is
/// about a crash of the machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Durability {
    /// Nothing is waited for: a power failure soon after may leave an empty or partial new file.
    None,
    /// The new data are waited for where an old file is replaced: what was there before is never
    /// lost. A file that is new is not waited for.
    #[default]
    Replace,
    /// The new data are always waited for.
    File,
    /// The new data and the folder's entry are waited for: after a save the file is there.
    Full,
}

/// A [`Sink`] that becomes the file at its path when [`commit`](AtomicFile::commit) is called.
///
/// Dropped without that, it leaves the old file as it was. A symbolic link is followed, so what it
/// points to is replaced; the old file's permissions are kept, and its owner and group where the
/// system lets. Of several names of one file (hard links) only this one stands for the new file:
/// the others keep the old one. What is no regular file (a pipe, a terminal, `/dev/null`) is
/// written to directly, since it cannot be replaced.
///
/// ```
/// use npstow::{AtomicFile, Durability, Sink};
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("notes.bin");
/// let mut file = AtomicFile::create(&path, Durability::default())?;
/// file.write_all(b"all or nothing").unwrap();
/// assert!(!path.exists());
/// file.commit()?;
/// assert_eq!(std::fs::read(&path).unwrap(), b"all or nothing");
/// # Ok::<(), npstow::Error>(())
/// ```
#[derive(Debug)]
pub struct AtomicFile {
    file: File,
    place: Place,
    target: PathBuf,
    durability: Durability,
    replaces: bool,
    owner: Owner,
}

/// Where the bytes are before the commit.
#[derive(Debug)]
enum Place {
    /// A file without a name.
    Unnamed,
    /// A temporary name beside the target; taken out when the file is committed.
    Named(Option<PathBuf>),
    /// The target itself, which is no regular file.
    Direct,
}

impl AtomicFile {
    /// Begins a file that will be at `path`.
    ///
    /// # Errors
    /// `Io` where the folder is not there or not writable, or an old file is write-protected.
    pub fn create(path: impl AsRef<Path>, durability: Durability) -> Result<Self> {
        let path = path.as_ref();
        Self::begin(path, durability).map_err(|e| Error::io("creating", e).in_path(path))
    }

    fn begin(path: &Path, durability: Durability) -> io::Result<Self> {
        let owner = Owner::new();
        // `/dev/stdout` may be a link to a pipe, which has no path to follow it to.
        if fs::metadata(path).is_ok_and(|about| !about.is_file() && !about.is_dir()) {
            let file = OpenOptions::new().write(true).open(path)?;
            let (place, target) = (Place::Direct, path.to_owned());
            return Ok(Self { file, place, target, durability, replaces: false, owner });
        }
        let target = follow_links(path)?;
        let old = match OpenOptions::new().write(true).open(&target) {
            Ok(old) => Some(old),
            Err(e) if e.kind() == io::ErrorKind::NotFound => None,
            Err(e) => return Err(e),
        };
        let old_metadata = old.as_ref().map(File::metadata).transpose()?;
        if let (Some(file), Some(metadata)) = (old, &old_metadata) {
            if !metadata.is_file() {
                let place = Place::Direct;
                return Ok(Self { file, place, target, durability, replaces: false, owner });
            }
        }
        let (file, place) = open_beside(&target)?;
        // From here on the temporary name is removed when this value is dropped.
        let replaces = old_metadata.is_some();
        let new = Self { file, place, target, durability, replaces, owner };
        if let Some(metadata) = old_metadata {
            // Before the permissions: a change of owner takes some of them away.
            keep_owner(&new.file, &metadata);
            new.file.set_permissions(metadata.permissions())?;
        }
        Ok(new)
    }

    /// The file under construction, to be mapped or given its length.
    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// Whether bytes can be written again at an earlier place: not so where the target is a pipe
    /// or a terminal.
    pub(crate) fn can_seek(&self) -> bool {
        !matches!(self.place, Place::Direct)
    }

    /// Overwrites bytes that were written before; the next write goes on at the end.
    pub(crate) fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.owner.check()?;
        self.file.seek(SeekFrom::Start(offset))?;
        self.file.write_all(bytes)?;
        self.file.seek(SeekFrom::End(0)).map(drop)
    }

    /// Puts the new file in the place of the old one.
    ///
    /// # Errors
    /// `Io`, also in a process that was forked from the one that began the file; the old file is
    /// then as it was.
    pub fn commit(self) -> Result<()> {
        let target = self.target.clone();
        self.finish().map_err(|e| Error::io("replacing the file", e).in_path(target))
    }

    fn finish(mut self) -> io::Result<()> {
        self.owner.check()?;
        if matches!(self.place, Place::Direct) {
            return self.file.flush();
        }
        let wait = match self.durability {
            Durability::None => false,
            Durability::Replace => self.replaces,
            Durability::File | Durability::Full => true,
        };
        if wait {
            self.file.sync_all()?;
        }
        self.rename()?;
        if self.durability == Durability::Full {
            sync_folder(&self.target)?;
        }
        Ok(())
    }

    fn rename(&mut self) -> io::Result<()> {
        if let Place::Unnamed = self.place {
            // Where there was a file, it will be there still.
            let linked = (!self.replaces).then(|| link_unnamed(&self.file, &self.target));
            match linked {
                Some(Ok(())) => return Ok(()),
                Some(Err(e)) if e.kind() != io::ErrorKind::AlreadyExists => return Err(e),
                Some(Err(_)) | None => {}
            }
            let name = with_free_name(&self.target, |name| link_unnamed(&self.file, name))?.1;
            self.place = Place::Named(Some(name));
        }
        if let Place::Named(name) = &mut self.place {
            if let Some(from) = name.as_ref() {
                fs::rename(from, &self.target)?;
            }
            *name = None;
        }
        Ok(())
    }
}

impl Drop for AtomicFile {
    fn drop(&mut self) {
        if let Place::Named(Some(name)) = &self.place {
            if self.owner.is_here() {
                // Nobody is left to tell.
                let _ = fs::remove_file(name);
            }
        }
    }
}

impl Sink for AtomicFile {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.owner.check()?;
        self.file.write_all(bytes)
    }

    fn reserve(&mut self, len: u64) -> io::Result<()> {
        // What is no file has no room to ask for.
        if matches!(self.place, Place::Direct) { Ok(()) } else { reserve(&self.file, len) }
    }

    fn patch(&mut self, offset: u64, bytes: &[u8]) -> Option<io::Result<()>> {
        self.can_seek().then(|| self.write_at(offset, bytes))
    }

    fn can_patch(&self) -> bool {
        self.can_seek()
    }
}

/// Gives a file the owner and the group of the old one. Only root gives files away, and who is in
/// a group may give them to it; else the file is ours, which is no failure.
#[cfg(unix)]
fn keep_owner(file: &File, old: &fs::Metadata) {
    use std::os::unix::fs::{MetadataExt, fchown};
    let both = |about: &fs::Metadata| (about.uid(), about.gid());
    if file.metadata().is_ok_and(|new| both(&new) == both(old)) {
        return;
    }
    if fchown(file, Some(old.uid()), Some(old.gid())).is_err() {
        let _ = fchown(file, None, Some(old.gid()));
    }
}

#[cfg(not(unix))]
fn keep_owner(_: &File, _: &fs::Metadata) {}

/// Asks the system for the room of a file that is to have `len` bytes.
#[cfg(target_os = "linux")]
pub(crate) fn reserve(file: &File, len: u64) -> io::Result<()> {
    use rustix::fs::FallocateFlags;
    use rustix::io::Errno;
    // A small file costs less than the call.
    if len < RESERVE_FROM || in_memory(file) {
        return Ok(());
    }
    match rustix::fs::fallocate(file, FallocateFlags::empty(), 0, len) {
        Ok(()) | Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) => Ok(()),
        Err(e) => Err(e.into()),
    }
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn reserve(_: &File, _: u64) -> io::Result<()> {
    Ok(())
}

/// From this length on the system is asked for all of a file's room before it is written.
#[cfg(target_os = "linux")]
const RESERVE_FROM: u64 = 1 << 20;

/// Whether the file lies in memory (tmpfs): asking for room walks all pages there, and writing
/// them does it once more, for 4 % of a large save.
#[cfg(target_os = "linux")]
fn in_memory(file: &File) -> bool {
    const TMPFS_MAGIC: i128 = 0x0102_1994;
    // The width of the field differs between machines.
    rustix::fs::fstatfs(file).is_ok_and(|about| i128::from(about.f_type) == TMPFS_MAGIC)
}

/// The path that a chain of symbolic links ends at, whether or not anything is there.
fn follow_links(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    // The kernel's own bound on links in a path.
    for _ in 0..40 {
        match fs::read_link(&path) {
            Ok(to) => path = path.parent().unwrap_or(Path::new("")).join(to),
            Err(_) => return Ok(path),
        }
    }
    // The system's own word for it.
    match fs::metadata(&path) {
        Err(e) => Err(e),
        Ok(_) => Err(io::Error::other("too many symbolic links")),
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(target_os = "linux")]
fn open_beside(target: &Path) -> io::Result<(File, Place)> {
    use rustix::fs::{Mode, OFlags};
    // Linking an unnamed file to a name goes through /proc.
    if Path::new("/proc/self/fd").exists() {
        let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(0o666);
        if let Ok(fd) = rustix::fs::open(folder_of(target), flags, mode) {
            return Ok((File::from(fd), Place::Unnamed));
        }
    }
    open_named(target)
}

#[cfg(not(target_os = "linux"))]
fn open_beside(target: &Path) -> io::Result<(File, Place)> {
    open_named(target)
}

fn open_named(target: &Path) -> io::Result<(File, Place)> {
    let open = |name: &Path| OpenOptions::new().read(true).write(true).create_new(true).open(name);
    let (file, name) = with_free_name(target, open)?;
    Ok((file, Place::Named(Some(name))))
}

#[cfg(target_os = "linux")]
fn link_unnamed(file: &File, name: &Path) -> io::Result<()> {
    use rustix::fs::{AtFlags, CWD};
    use std::os::fd::AsRawFd;
    let from = format!("/proc/self/fd/{}", file.as_raw_fd());
    rustix::fs::linkat(CWD, from, CWD, name, AtFlags::SYMLINK_FOLLOW)?;
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn link_unnamed(_: &File, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Does `make` with temporary names beside `target` until one is free.
fn with_free_name<T>(
    target: &Path,
    make: impl Fn(&Path) -> io::Result<T>,
) -> io::Result<(T, PathBuf)> {
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    loop {
        let count = COUNTER.fetch_add(1, Ordering::Relaxed);
        // Not derived from the target's name: that may be as long as names can be.
        let name = format!(".npstow-{}-{count}.tmp", std::process::id());
        let path = folder_of(target).join(name);
        match make(&path) {
            Ok(made) => return Ok((made, path)),
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(e),
        }
    }
}

#[cfg(unix)]
fn sync_folder(target: &Path) -> io::Result<()> {
    File::open(folder_of(target))?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(dir: &Path) -> Vec<String> {
        let name = |e: io::Result<fs::DirEntry>| e.unwrap().file_name().into_string().unwrap();
        let mut names: Vec<_> = fs::read_dir(dir).unwrap().map(name).collect();
        names.sort();
        names
    }

    #[test]
    fn the_old_file_stays_until_the_commit() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        for durability in
            [Durability::None, Durability::Replace, Durability::File, Durability::Full]
        {
            fs::write(&path, b"old").unwrap();
            let mut file = AtomicFile::create(&path, durability).unwrap();
            file.write_all(b"new").unwrap();
            assert_eq!(fs::read(&path).unwrap(), b"old");
            drop(file);
            assert_eq!(fs::read(&path).unwrap(), b"old");
            let mut file = AtomicFile::create(&path, durability).unwrap();
            file.reserve(3 << 20).unwrap();
            file.write_all(b"new").unwrap();
            file.commit().unwrap();
            assert_eq!(&fs::read(&path).unwrap()[..3], b"new");
            assert_eq!(names(dir.path()), ["f"]);
        }
    }

    #[test]
    fn a_named_temporary_does_the_same() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("f");
        for commit in [false, true] {
            let (file, place) = open_named(&target).unwrap();
            let (target, durability) = (target.clone(), Durability::None);
            let owner = Owner::new();
            let mut file = AtomicFile { file, place, target, durability, replaces: false, owner };
            assert_eq!(names(dir.path()).len(), 1);
            file.write_all(b"x").unwrap();
            if commit {
                file.commit().unwrap();
            } else {
                drop(file);
            }
            assert_eq!(names(dir.path()), if commit { vec!["f"] } else { vec![] });
        }
    }

    #[test]
    fn a_forked_process_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("f");
        let (file, place) = open_named(&target).unwrap();
        let forked = |file: &File| {
            let Place::Named(name) = &place else { panic!("{place:?}") };
            let (target, place) = (target.clone(), Place::Named(name.clone()));
            let (file, owner) = (file.try_clone().unwrap(), Owner::parent());
            AtomicFile { file, place, target, durability: Durability::None, replaces: false, owner }
        };
        assert!(forked(&file).write_all(b"y").is_err());
        assert!(forked(&file).patch(0, b"y").unwrap().is_err());
        let e = forked(&file).commit().unwrap_err();
        assert!(e.to_string().contains("only it can go on"), "{e}");
        assert_eq!(file.metadata().unwrap().len(), 0);
        assert_eq!(names(dir.path()).len(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn links_permissions_and_special_files_are_respected() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let (real, link) = (dir.path().join("real"), dir.path().join("link"));
        fs::write(&real, b"old").unwrap();
        fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink("real", &link).unwrap();
        let mut file = AtomicFile::create(&link, Durability::None).unwrap();
        file.write_all(b"new").unwrap();
        file.commit().unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&real).unwrap(), b"new");
        assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);

        let mut file = AtomicFile::create("/dev/null", Durability::Full).unwrap();
        file.write_all(b"gone").unwrap();
        file.commit().unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
    }

    #[cfg(unix)]
    #[test]
    fn owner_and_group_are_kept_and_hard_links_are_split() {
        use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
        let dir = tempfile::tempdir().unwrap();
        let (path, other) = (dir.path().join("f"), dir.path().join("other"));
        fs::write(&path, b"old").unwrap();
        fs::hard_link(&path, &other).unwrap();
        // Without the right to give files away, those of this user have to do.
        let _ = chown(&path, Some(12_345), Some(23_456));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o4750)).unwrap();
        let old = fs::metadata(&path).unwrap();
        let mut file = AtomicFile::create(&path, Durability::None).unwrap();
        file.write_all(b"new").unwrap();
        file.commit().unwrap();
        let new = fs::metadata(&path).unwrap();
        let about = |of: &fs::Metadata| (of.uid(), of.gid(), of.permissions().mode());
        assert_eq!(about(&new), about(&old));
        assert_eq!(
            (fs::read(&path).unwrap(), fs::read(&other).unwrap()),
            (b"new".into(), b"old".into())
        );
        assert_eq!(fs::metadata(&other).unwrap().ino(), old.ino());
    }

    #[test]
    fn a_folder_that_is_not_there_is_an_error() {
        let e = AtomicFile::create("no/such/folder/f", Durability::None).unwrap_err();
        assert_eq!(e.kind(), crate::ErrorKind::Io);
    }
}
