//! A folder that appears whole or not at all, and takes the place of the old one.
//!
//! It is built beside its place under a temporary name, and changes places with the old folder in
//! one step (`renameat2` with `RENAME_EXCHANGE`; two renames where the system has no such call,
//! with a moment in between in which nothing is at the place). Who builds holds a lock on what
//! they build, so what a killed program left behind is known and cleared away.
#![forbid(unsafe_code)]

use super::ours;
use crate::sink::Owner;
use crate::{Durability, Error, Result};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// The folder under construction.
#[derive(Debug)]
pub(super) struct NewFolder {
    temporary: PathBuf,
    target: PathBuf,
    durability: Durability,
    /// Whether the new data are waited for.
    waits: bool,
    /// Whether each file is waited for by itself, rather than all of them in the end.
    by_file: bool,
    /// The folder, open and locked.
    #[cfg_attr(not(unix), allow(dead_code))]
    handle: Option<File>,
    placed: bool,
    owner: Owner,
}

/// Up to so many files are waited for one by one; for more the whole file system is, which is
/// one call.
const FEW: usize = 8;

impl NewFolder {
    /// Begins a folder of so many files that will be at `path`.
    pub(super) fn create(path: &Path, durability: Durability, files: usize) -> Result<Self> {
        let doing = |e| Error::io("creating the folder", e);
        let target = resolve(path).map_err(doing)?;
        let old = match fs::symlink_metadata(&target) {
            Ok(metadata) if metadata.is_dir() => Some(metadata),
            Ok(_) => return Err(Error::exists("a file in the place of the folder")),
            Err(e) if e.kind() == io::ErrorKind::NotFound => None,
            Err(e) => return Err(doing(e)),
        };
        if old.is_some() {
            match ours::check(&target) {
                // Somebody replaces it this moment; whoever comes later looks again, alone.
                Err(e) if e.io_error().is_some_and(|e| e.kind() == io::ErrorKind::NotFound) => {}
                done => done?,
            }
        }
        let (temporary, handle) = make_beside(&target).map_err(doing)?;
        let waits = match durability {
            Durability::None => false,
            Durability::Replace => old.is_some(),
            Durability::File | Durability::Full => true,
        };
        let by_file = waits && (files <= FEW || !cfg!(target_os = "linux"));
        let (placed, owner) = (false, Owner::new());
        let new = Self { temporary, target, durability, waits, by_file, handle, placed, owner };
        // From here on the temporary folder is removed when this value is dropped.
        if let Some(metadata) = old {
            fs::set_permissions(&new.temporary, metadata.permissions()).map_err(doing)?;
        }
        Ok(new)
    }

    /// Makes a folder in it.
    pub(super) fn folder(&self, path: &Path) -> io::Result<()> {
        fs::create_dir(self.temporary.join(path))
    }

    /// Makes a file in it.
    #[cfg(unix)]
    pub(super) fn file(&self, path: &Path) -> io::Result<File> {
        use rustix::fs::{Mode, OFlags};
        let Some(folder) = &self.handle else { return self.named_file(path) };
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(0o666);
        Ok(File::from(rustix::fs::openat(folder, path, flags, mode)?))
    }

    #[cfg(not(unix))]
    pub(super) fn file(&self, path: &Path) -> io::Result<File> {
        self.named_file(path)
    }

    fn named_file(&self, path: &Path) -> io::Result<File> {
        File::create_new(self.temporary.join(path))
    }

    /// Waits for a file, where each is waited for.
    pub(super) fn wrote(&self, file: &File) -> io::Result<()> {
        if self.by_file { file.sync_all() } else { Ok(()) }
    }

    /// Puts the new folder in the place of the old one, which is removed.
    pub(super) fn commit(mut self, folders: &[PathBuf]) -> Result<()> {
        let doing = |e| Error::io("replacing the folder", e);
        self.owner.check().map_err(doing)?;
        if self.waits {
            self.sync(folders).map_err(doing)?;
        }
        loop {
            let Some(_old) = lock_current(&self.target).map_err(doing)? else {
                match fs::rename(&self.temporary, &self.target) {
                    Ok(()) => break self.placed = true,
                    Err(e) if is_there(&e) && self.target.exists() => continue,
                    Err(e) => return Err(doing(e)),
                }
            };
            // Again: somebody may have put something there while the new one was built.
            ours::check(&self.target)?;
            self.exchange().map_err(doing)?;
            self.placed = true;
            let left = |e| Error::io("the new folder is in place; removing the old one", e);
            fs::remove_dir_all(&self.temporary).map_err(left)?;
            break;
        }
        if self.durability == Durability::Full {
            sync_folder(parent(&self.target)).map_err(doing)?;
        }
        Ok(())
    }

    fn sync(&self, folders: &[PathBuf]) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        if let (false, Some(handle)) = (self.by_file, &self.handle) {
            return Ok(rustix::fs::syncfs(handle)?);
        }
        folders.iter().try_for_each(|folder| sync_folder(&self.temporary.join(folder)))?;
        sync_folder(&self.temporary)
    }

    /// After this the old folder has the temporary name.
    fn exchange(&self) -> io::Result<()> {
        #[cfg(any(target_os = "linux", target_vendor = "apple"))]
        {
            use rustix::fs::{CWD, RenameFlags, renameat_with};
            use rustix::io::Errno;
            let flags = RenameFlags::EXCHANGE;
            match renameat_with(CWD, &self.temporary, CWD, &self.target, flags) {
                Ok(()) => return Ok(()),
                Err(Errno::NOSYS | Errno::INVAL | Errno::NOTSUP) => {}
                Err(e) => return Err(e.into()),
            }
        }
        let aside = self.temporary.with_extension("old");
        fs::rename(&self.target, &aside)?;
        if let Err(e) = fs::rename(&self.temporary, &self.target) {
            fs::rename(&aside, &self.target)?;
            return Err(e);
        }
        fs::rename(&aside, &self.temporary)
    }
}

impl Drop for NewFolder {
    fn drop(&mut self) {
        if !self.placed && self.owner.is_here() {
            // Nobody is left to tell.
            let _ = fs::remove_dir_all(&self.temporary);
        }
    }
}

/// The place with every link on the way followed: what a link points to is replaced, not the
/// link.
fn resolve(path: &Path) -> io::Result<PathBuf> {
    match fs::canonicalize(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound && fs::symlink_metadata(path).is_err() => {
            let name = path.file_name().ok_or(e)?;
            Ok(fs::canonicalize(parent(path))?.join(name))
        }
        resolved => resolved,
    }
}

fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn is_there(e: &io::Error) -> bool {
    matches!(e.kind(), io::ErrorKind::AlreadyExists | io::ErrorKind::DirectoryNotEmpty)
}

/// Temporary names depend on the target's alone: so what was left behind is found again.
fn temporary_name(target: &Path, count: u32) -> PathBuf {
    let name = target.file_name().unwrap_or_default();
    // FNV-1a, for a name that is never too long.
    let step = |hash: u64, &byte: &u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let hash = name.as_encoded_bytes().iter().fold(0xcbf2_9ce4_8422_2325, step);
    parent(target).join(format!(".npstow-{hash:016x}-{count}.tmp"))
}

/// Makes and locks a folder beside the target, clearing away what has no owner any more.
fn make_beside(target: &Path) -> io::Result<(PathBuf, Option<File>)> {
    let mut count = 0;
    loop {
        let path = temporary_name(target, count);
        match fs::create_dir(&path) {
            Ok(()) => match try_lock(&path) {
                Ok(Some(handle)) => return Ok((path, Some(handle))),
                // Another one took it for abandoned before it was locked.
                Ok(None) => count += 1,
                Err(_) => return Ok((path, None)),
            },
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
                if let Ok(Some(_abandoned)) = try_lock(&path) {
                    fs::remove_dir_all(&path)?;
                } else {
                    count += 1;
                }
            }
            Err(e) => return Err(e),
        }
    }
}

/// Opens and locks a folder; `None` where another has the lock, or the folder is another one now.
#[cfg(unix)]
fn try_lock(path: &Path) -> io::Result<Option<File>> {
    use rustix::fs::FlockOperation;
    use rustix::io::Errno;
    let folder = match open_folder(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        folder => folder?,
    };
    match rustix::fs::flock(&folder, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) if is_at(&folder, path) => Ok(Some(folder)),
        Ok(()) | Err(Errno::WOULDBLOCK) => Ok(None),
        Err(e) => Err(e.into()),
    }
}

#[cfg(unix)]
fn open_folder(path: &Path) -> io::Result<File> {
    use rustix::fs::{CWD, Mode, OFlags};
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(File::from(rustix::fs::openat(CWD, path, flags, Mode::empty())?))
}

#[cfg(unix)]
fn is_at(folder: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let (Ok(own), Ok(there)) = (folder.metadata(), fs::symlink_metadata(path)) else {
        return false;
    };
    (own.dev(), own.ino()) == (there.dev(), there.ino())
}

/// Without locks every name is tried once, and nothing is cleared away.
#[cfg(not(unix))]
fn try_lock(_: &Path) -> io::Result<Option<File>> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Locks the folder that is at the target now; `None` where there is none.
///
/// The lock keeps others from taking the old folder for abandoned while it is removed. One that
/// is held for long is somebody's own (`flock` around a script), and is not waited for.
#[cfg(unix)]
fn lock_current(target: &Path) -> io::Result<Option<Option<File>>> {
    const TRIES: u32 = 200;
    for _ in 0..TRIES {
        match try_lock(target) {
            Ok(None) if fs::symlink_metadata(target).is_err() => return Ok(None),
            Ok(None) => std::thread::sleep(std::time::Duration::from_millis(10)),
            Ok(Some(lock)) => return Ok(Some(Some(lock))),
            // A folder that cannot be opened or locked can still be replaced.
            Err(_) => break,
        }
    }
    Ok(Some(None))
}

#[cfg(not(unix))]
fn lock_current(target: &Path) -> io::Result<Option<Option<File>>> {
    Ok(target.try_exists()?.then_some(None))
}

#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;
    use std::io::Write;

    fn names(dir: &Path) -> Vec<String> {
        let name = |e: io::Result<fs::DirEntry>| e.unwrap().file_name().into_string().unwrap();
        let mut names: Vec<_> = fs::read_dir(dir).unwrap().map(name).collect();
        names.sort();
        names
    }

    fn build(path: &Path, durability: Durability, text: &str) -> NewFolder {
        let new = NewFolder::create(path, durability, 1).unwrap();
        new.folder(Path::new("sub")).unwrap();
        let mut file = new.file(Path::new("sub/a.npy")).unwrap();
        file.write_all(text.as_bytes()).unwrap();
        new.wrote(&file).unwrap();
        new
    }

    #[test]
    fn a_forked_process_places_and_removes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("run");
        let forked = || {
            let mut new = build(&target, Durability::None, "1");
            new.owner = Owner::parent();
            (new.temporary.clone(), new)
        };
        let (temporary, new) = forked();
        drop(new);
        assert!(temporary.join("sub/a.npy").exists());
        let (temporary, new) = forked();
        let e = new.commit(&[]).unwrap_err();
        assert!(e.to_string().contains("only it can go on"), "{e}");
        assert!(temporary.join("sub/a.npy").exists() && !target.exists());
    }

    #[test]
    fn the_old_folder_stays_until_the_commit() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("run");
        let read = || fs::read_to_string(target.join("sub/a.npy")).unwrap();
        build(&target, Durability::None, "0").commit(&[]).unwrap();
        for durability in [Durability::None, Durability::Replace, Durability::Full] {
            fs::write(target.join("sub/stale.npy"), b"x").unwrap();
            let new = build(&target, durability, "1");
            assert_eq!((read().as_str(), names(dir.path()).len()), ("0", 2));
            drop(new);
            assert_eq!((read().as_str(), names(dir.path())), ("0", vec!["run".to_owned()]));
            build(&target, durability, "1").commit(&[PathBuf::from("sub")]).unwrap();
            assert_eq!((read().as_str(), names(dir.path())), ("1", vec!["run".to_owned()]));
            assert_eq!(names(&target.join("sub")), ["a.npy"]);
            build(&target, Durability::None, "0").commit(&[]).unwrap();
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_and_permissions_are_kept() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let (real, link) = (dir.path().join("real"), dir.path().join("link"));
        fs::create_dir(&real).unwrap();
        fs::set_permissions(&real, fs::Permissions::from_mode(0o750)).unwrap();
        std::os::unix::fs::symlink("real", &link).unwrap();
        build(&link, Durability::None, "1").commit(&[]).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(real.join("sub/a.npy")).unwrap(), b"1");
        assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o750);
        std::os::unix::fs::symlink("nowhere", dir.path().join("broken")).unwrap();
        let e = NewFolder::create(&dir.path().join("broken"), Durability::None, 1).unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Io);
    }

    #[cfg(unix)]
    #[test]
    fn what_was_abandoned_is_cleared_away_and_what_is_not_is_left() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("run");
        // As a killed program leaves it.
        fs::create_dir_all(temporary_name(&target, 0).join("sub")).unwrap();
        let one = build(&target, Durability::None, "1");
        assert_eq!(one.temporary, temporary_name(&target, 0));
        let two = build(&target, Durability::None, "2");
        assert_eq!(two.temporary, temporary_name(&target, 1));
        two.commit(&[]).unwrap();
        one.commit(&[]).unwrap();
        assert_eq!(fs::read(target.join("sub/a.npy")).unwrap(), b"1");
        assert_eq!(names(dir.path()), ["run"]);
    }

    #[test]
    fn what_is_not_ours_is_not_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("run");
        fs::write(&target, b"a file").unwrap();
        let e = NewFolder::create(&target, Durability::None, 1).unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Exists);
        fs::remove_file(&target).unwrap();
        fs::create_dir(&target).unwrap();
        let new = build(&target, Durability::None, "1");
        // Put there while the new one is built.
        fs::write(target.join("thesis.tex"), b"precious").unwrap();
        let e = new.commit(&[]).unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Exists, "{e}");
        assert_eq!(names(dir.path()), ["run"]);
        assert_eq!(names(&target), ["thesis.tex"]);
        assert!(NewFolder::create(&dir.path().join("no/such"), Durability::None, 1).is_err());
    }

    #[test]
    fn many_writers_leave_one_whole_folder() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("run");
        std::thread::scope(|scope| {
            for writer in 0..4 {
                let target = &target;
                scope.spawn(move || {
                    for _ in 0..25 {
                        build(target, Durability::None, &writer.to_string()).commit(&[]).unwrap();
                    }
                });
            }
        });
        assert_eq!(fs::read(target.join("sub/a.npy")).unwrap().len(), 1);
        assert_eq!(names(dir.path()), ["run"]);
    }
}
