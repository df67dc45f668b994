//! An open folder: names are looked up below it and nowhere else.
//!
//! On Linux the kernel sees to that (`openat2` with `RESOLVE_BENEATH`), and the folder stays the
//! same one even where another takes its place meanwhile: a reader never mixes the two. Elsewhere,
//! and on kernels before 5.6, paths are resolved and compared.
#![forbid(unsafe_code)]

use super::lazy::{LazyFile, Stamp};
use crate::error::quoted;
use crate::{Error, Result};
use std::ffi::OsString;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What a name in a folder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Folder,
    Link,
    /// A device, a socket, a pipe.
    Other,
}

impl Kind {
    fn of(metadata: &Metadata) -> Self {
        match metadata {
            m if m.is_file() => Self::File,
            m if m.is_dir() => Self::Folder,
            m if m.is_symlink() => Self::Link,
            _ => Self::Other,
        }
    }
}

/// A folder from which files are opened.
#[derive(Debug)]
pub(super) struct Root {
    path: PathBuf,
    #[cfg(target_os = "linux")]
    fd: std::os::fd::OwnedFd,
}

/// Files up to this size are read whole when they are opened.
pub(super) const SMALL: usize = 16 << 10;

/// A file as it was found.
#[derive(Debug)]
pub(super) enum Opened {
    /// All of it, so many bytes, is at the start of the room.
    Small(usize),
    /// A source that opens the file for each read.
    Large(LazyFile),
}

impl Root {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        #[cfg(target_os = "linux")]
        let fd = {
            use rustix::fs::{CWD, Mode, OFlags};
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
            rustix::fs::openat(CWD, path, flags, Mode::empty())?
        };
        Ok(Self {
            path: path.to_owned(),
            #[cfg(target_os = "linux")]
            fd,
        })
    }

    /// The path it was opened by.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Opens what is at a path below, through links that stay below.
    pub(super) fn below(&self, path: &Path, folder: bool) -> io::Result<File> {
        #[cfg(target_os = "linux")]
        {
            use rustix::fs::{Mode, OFlags, ResolveFlags};
            use rustix::io::Errno;
            // Opening a pipe must not wait for its writer.
            let mut flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
            if folder {
                flags |= OFlags::DIRECTORY;
            }
            let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
            let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
            // While anything is renamed anywhere, the kernel may not be sure, and says so.
            for _ in 0..128 {
                match rustix::fs::openat2(&self.fd, path, flags, Mode::empty(), resolve) {
                    Ok(fd) => return Ok(File::from(fd)),
                    Err(Errno::AGAIN) => {}
                    Err(Errno::NOSYS | Errno::PERM) => break,
                    Err(e) => return Err(e.into()),
                }
            }
        }
        let whole = fs::canonicalize(self.path.join(path))?;
        if !whole.starts_with(fs::canonicalize(&self.path)?) {
            return Err(leads_out());
        }
        open_file(&whole, folder)
    }

    /// As `below`, with the path in the error.
    fn file(&self, path: &Path) -> Result<File> {
        self.below(path, false).map_err(|e| failed("opening", path, self.gone(e)))
    }

    /// Says so where what is missing went with the whole folder.
    pub(super) fn gone(&self, e: io::Error) -> io::Error {
        match e.kind() {
            io::ErrorKind::NotFound if !self.is_current() => {
                io::Error::new(e.kind(), "the folder was replaced meanwhile")
            }
            _ => e,
        }
    }

    /// What a link at the end of this path leads to.
    pub(super) fn follow(&self, path: &Path) -> Result<Kind> {
        let metadata = self.file(path)?.metadata().map_err(|e| failed("asking about", path, e))?;
        Ok(Kind::of(&metadata))
    }

    /// The names in a folder below, sorted by their bytes.
    pub(super) fn list(&self, path: &Path) -> Result<Vec<(OsString, Kind)>> {
        let mut found = self.names(path).map_err(|e| failed("listing", path, e))?;
        found.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        Ok(found)
    }

    #[cfg(target_os = "linux")]
    fn names(&self, path: &Path) -> io::Result<Vec<(OsString, Kind)>> {
        use rustix::fs::{Dir, FileType};
        use std::os::unix::ffi::OsStringExt;
        let mut found = Vec::new();
        for entry in Dir::new(self.below(path, true)?)? {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if matches!(name, b"." | b"..") {
                continue;
            }
            let name = OsString::from_vec(name.to_vec());
            let kind = match entry.file_type() {
                FileType::RegularFile => Kind::File,
                FileType::Directory => Kind::Folder,
                FileType::Symlink => Kind::Link,
                // Some file systems do not tell.
                FileType::Unknown => {
                    Kind::of(&fs::symlink_metadata(self.path.join(path).join(&name))?)
                }
                _ => Kind::Other,
            };
            found.push((name, kind));
        }
        Ok(found)
    }

    #[cfg(not(target_os = "linux"))]
    fn names(&self, path: &Path) -> io::Result<Vec<(OsString, Kind)>> {
        let _ = self.below(path, true)?;
        let mut found = Vec::new();
        for entry in fs::read_dir(self.path.join(path))? {
            let entry = entry?;
            let kind = entry.file_type()?;
            let kind = match kind {
                kind if kind.is_file() => Kind::File,
                kind if kind.is_dir() => Kind::Folder,
                kind if kind.is_symlink() => Kind::Link,
                _ => Kind::Other,
            };
            found.push((entry.file_name(), kind));
        }
        Ok(found)
    }

    /// Opens a file: a small one is read whole, of others the length is known.
    ///
    /// It is read into `room`, which has a byte more than a small one; without that, nothing is read.
    /// Where `is_whole` says so of what came at once, the end of the file is not asked for: a small
    /// array costs one call to open, one to read, one to close.
    pub(super) fn take(
        self: &Arc<Self>,
        path: &Path,
        room: Option<&mut [u8]>,
        is_whole: &mut dyn FnMut(&[u8]) -> bool,
    ) -> Result<Opened> {
        let mut file = self.file(path)?;
        if let Some(room) = room {
            let read = read_small(&mut file, room, is_whole);
            let len = read.map_err(|e| failed("reading", path, e))?;
            if len <= SMALL {
                return Ok(Opened::Small(len));
            }
        }
        let metadata = file.metadata().map_err(|e| failed("asking about", path, e))?;
        if !metadata.is_file() {
            return Err(no_file(path));
        }
        Ok(Opened::Large(LazyFile::new(Arc::clone(self), path, Stamp::of(&metadata))))
    }

    /// All of a text file, unless it has more bytes than `most`.
    pub(super) fn text(&self, path: &Path, most: u64) -> Result<Option<Vec<u8>>> {
        let file = self.file(path)?;
        let mut bytes = Vec::new();
        let more = most.saturating_add(1);
        file.take(more).read_to_end(&mut bytes).map_err(|e| failed("reading", path, e))?;
        Ok((bytes.len() as u64 <= most).then_some(bytes))
    }

    /// The first two bytes of a file; zeros where it has fewer.
    pub(super) fn start(&self, path: &Path) -> Result<[u8; 2]> {
        let mut bytes = [0; 2];
        let mut file = self.file(path)?;
        read_small(&mut file, &mut bytes, &mut |_| false)
            .map_err(|e| failed("reading", path, e))?;
        Ok(bytes)
    }

    /// Whether this is still the folder at its path.
    pub(super) fn is_current(&self) -> bool {
        #[cfg(target_os = "linux")]
        {
            use std::os::unix::fs::MetadataExt;
            let (Ok(own), Ok(now)) = (rustix::fs::fstat(&self.fd), fs::metadata(&self.path)) else {
                return false;
            };
            (own.st_dev, own.st_ino) == (now.dev(), now.ino())
        }
        #[cfg(not(target_os = "linux"))]
        true
    }
}

/// Reads until the buffer is full, the file ends, or what came first is whole.
fn read_small(
    file: &mut File,
    bytes: &mut [u8],
    is_whole: &mut dyn FnMut(&[u8]) -> bool,
) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match file.read(rest) {
            Ok(0) => break,
            Ok(len) => {
                filled += len;
                if filled == len && is_whole(bytes.get(..len).unwrap_or_default()) {
                    break;
                }
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(filled)
}

fn leads_out() -> io::Error {
    io::Error::from(io::ErrorKind::CrossesDevices)
}

pub(super) fn failed(doing: &str, path: &Path, e: io::Error) -> Error {
    let shown = quoted(&path.to_string_lossy());
    match e.kind() {
        io::ErrorKind::CrossesDevices => {
            Error::unsupported(format!("'{shown}', a link that leads out of the folder"))
        }
        _ if path.as_os_str().is_empty() => Error::io(doing, e),
        _ => Error::io(format!("{doing} '{shown}'"), e),
    }
}

fn no_file(path: &Path) -> Error {
    let shown = quoted(&path.to_string_lossy());
    Error::unsupported(format!("'{shown}', which is no regular file"))
}

#[cfg(unix)]
fn open_file(path: &Path, _: bool) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    // O_NONBLOCK, by the name that rustix has for it: a pipe must not wait for its writer.
    let flags = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or_default();
    fs::OpenOptions::new().read(true).custom_flags(flags).open(path)
}

#[cfg(windows)]
fn open_file(path: &Path, folder: bool) -> io::Result<File> {
    use std::os::windows::fs::OpenOptionsExt;
    // FILE_FLAG_BACKUP_SEMANTICS, without which folders cannot be opened.
    let flags = if folder { 0x0200_0000 } else { 0 };
    fs::OpenOptions::new().read(true).custom_flags(flags).open(path)
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use crate::{ErrorKind, Source};
    use std::os::unix::fs::symlink;

    fn setup() -> (tempfile::TempDir, Arc<Root>) {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("in/sub")).unwrap();
        fs::write(dir.path().join("out.txt"), b"secret").unwrap();
        fs::write(dir.path().join("in/a"), b"small").unwrap();
        fs::write(dir.path().join("in/sub/b"), vec![7; SMALL + 5]).unwrap();
        let root = Arc::new(Root::open(&dir.path().join("in")).unwrap());
        (dir, root)
    }

    fn whole(root: &Arc<Root>, path: &str) -> Result<(Opened, Vec<u8>)> {
        let mut bytes = vec![0; SMALL + 1];
        let opened = root.take(Path::new(path), Some(&mut bytes), &mut |_| false)?;
        Ok((opened, bytes))
    }

    fn is(found: Result<(Opened, Vec<u8>)>, text: &[u8]) -> bool {
        matches!(found, Ok((Opened::Small(len), bytes)) if bytes[..len] == *text)
    }

    #[test]
    fn files_are_taken_whole_or_opened_for_each_read() {
        let (dir, root) = setup();
        assert!(is(whole(&root, "a"), b"small"));
        let Opened::Large(a) = root.take(Path::new("a"), None, &mut |_| false).unwrap() else {
            panic!("kept")
        };
        assert_eq!(a.len(), 5);
        let (Opened::Large(b), _) = whole(&root, "sub/b").unwrap() else { panic!("small") };
        let mut two = [0; 2];
        b.read_into(SMALL as u64, &mut two).unwrap();
        assert_eq!(two, [7, 7]);
        assert_eq!(b.view(3, 4).unwrap().len(), 4);
        assert!(b.view(u64::MAX, 4).is_err() && b.view(SMALL as u64, 6).is_err());
        assert!(b.read_into(SMALL as u64 + 4, &mut two).is_err());
        fs::write(dir.path().join("in/sub/b"), b"other").unwrap();
        let e = b.read_into(0, &mut two).unwrap_err();
        assert_eq!(e.to_string(), "the file changed meanwhile");
    }

    #[test]
    fn nothing_outside_is_reached() {
        let (dir, root) = setup();
        let inside = dir.path().join("in");
        symlink("../out.txt", inside.join("up")).unwrap();
        symlink(dir.path().join("out.txt"), inside.join("absolute")).unwrap();
        symlink("..", inside.join("parent")).unwrap();
        symlink("a", inside.join("fine")).unwrap();
        symlink("nowhere", inside.join("broken")).unwrap();
        for path in
            ["up", "absolute", "parent/out.txt", "parent", "../out.txt", "sub/../../out.txt"]
        {
            let e = whole(&root, path).unwrap_err();
            assert_eq!(e.kind(), ErrorKind::Unsupported, "{path}: {e}");
            assert!(root.follow(Path::new(path)).is_err());
        }
        assert_eq!(root.follow(Path::new("fine")).unwrap(), Kind::File);
        assert_eq!(root.follow(Path::new("broken")).unwrap_err().kind(), ErrorKind::Io);
        assert!(root.list(Path::new("parent")).is_err());
        let names = root.list(Path::new("")).unwrap();
        let links = names.iter().filter(|(_, kind)| *kind == Kind::Link).count();
        assert_eq!((names.len(), links), (7, 5));
    }

    #[test]
    fn the_folder_stays_the_same_one() {
        let (dir, root) = setup();
        let inside = dir.path().join("in");
        assert!(root.is_current());
        fs::rename(&inside, dir.path().join("old")).unwrap();
        fs::create_dir(&inside).unwrap();
        fs::write(inside.join("a"), b"new").unwrap();
        if cfg!(target_os = "linux") {
            assert!(is(whole(&root, "a"), b"small"));
            assert!(!root.is_current());
        }
    }
}
