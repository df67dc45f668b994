//! Files beside a dump, which stay beside it: whatever a dump says, no other file is opened.
#![forbid(unsafe_code)]

use crate::error::quoted;
use crate::{Buffer, Error, FileSource, MemorySource, Result, Source};
use std::fs::{File, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Up to so many bytes are read at once, and the file is closed.
const SMALL: u64 = 64 << 10;

/// The folder that a dump lies in; none of what is in memory.
#[derive(Clone, Debug, Default)]
pub(super) struct Folder(Option<PathBuf>);

impl Folder {
    pub(super) fn new(path: Option<&Path>) -> Self {
        Self(path.map(Path::to_owned))
    }

    /// The file of this name. It is not kept open: old dumps have one for each array, which may be
    /// more than a process may have open.
    pub(super) fn open(&self, name: &str) -> Result<Arc<dyn Source>> {
        check_name(name)?;
        let Some(folder) = &self.0 else {
            let what = format_args!("the file '{}' beside a dump that is in memory", quoted(name));
            return Err(Error::unsupported(what));
        };
        let path = folder.join(name);
        let missing = |e: Error| match e.io_error().map(io::Error::kind) {
            Some(io::ErrorKind::NotFound) => {
                Error::not_found(format_args!("the file '{}' beside the dump", quoted(name)))
            }
            _ => e,
        };
        let (file, metadata) = open(&path).map_err(missing)?;
        let source = FileSource::new(file)?;
        if metadata.len() <= SMALL {
            let len = usize::try_from(source.len()).unwrap_or_default();
            let bytes = source.read(0, len).map_err(|e| Error::io("reading", e))?;
            return Ok(Arc::new(MemorySource::new(bytes)));
        }
        Ok(Arc::new(Reopened { path, len: metadata.len(), identity: identity(&metadata) }))
    }
}

/// A name and nothing else: no path, on no system.
fn check_name(name: &str) -> Result<()> {
    let is_name = !matches!(name, "" | "." | "..") && !name.contains(['/', '\\', ':', '\0']);
    match is_name {
        true => Ok(()),
        false => {
            let found = format_args!("'{}'", quoted(name));
            Err(Error::corrupt("the name of a file in the same folder", found))
        }
    }
}

#[cfg(unix)]
fn open(path: &Path) -> Result<(File, Metadata)> {
    use rustix::fs::{Mode, OFlags};
    // A pipe would wait for somebody to write.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let opened = rustix::fs::open(path, flags, Mode::empty());
    let file = File::from(opened.map_err(|e| match e {
        rustix::io::Errno::LOOP => Error::unsupported("a link as a file beside a dump"),
        e => Error::io("opening a file beside a dump", e.into()),
    })?);
    let metadata = file.metadata().map_err(|e| Error::io("asking for the length", e))?;
    Ok((file, metadata))
}

#[cfg(not(unix))]
fn open(path: &Path) -> Result<(File, Metadata)> {
    let failed = |e| Error::io("opening a file beside a dump", e);
    if std::fs::symlink_metadata(path).map_err(failed)?.is_symlink() {
        return Err(Error::unsupported("a link as a file beside a dump"));
    }
    let file = File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    Ok((file, metadata))
}

/// What tells a file from another one of its name.
type Identity = (u64, u64);

#[cfg(unix)]
fn identity(metadata: &Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino())
}

#[cfg(not(unix))]
fn identity(_: &Metadata) -> Identity {
    (0, 0)
}

/// A file that is opened whenever something of it is needed.
#[derive(Debug)]
struct Reopened {
    path: PathBuf,
    len: u64,
    identity: Identity,
}

impl Reopened {
    fn open(&self) -> Result<FileSource> {
        let (file, metadata) = open(&self.path)?;
        if (metadata.len(), identity(&metadata)) != (self.len, self.identity) {
            return Err(Error::mismatch("the file that was beside the dump", "another one"));
        }
        FileSource::new(file)
    }
}

impl Source for Reopened {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_into(&self, offset: u64, dst: &mut [u8]) -> io::Result<()> {
        self.open().map_err(io::Error::other)?.read_into(offset, dst)
    }

    fn view(&self, offset: u64, len: usize) -> Result<Buffer> {
        self.open()?.view(offset, len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_of_the_folder_are_opened() {
        let dir = tempfile::tempdir().unwrap();
        let inner = dir.path().join("inner");
        std::fs::create_dir(&inner).unwrap();
        std::fs::write(dir.path().join("secret"), b"x").unwrap();
        std::fs::write(inner.join("small"), b"abc").unwrap();
        std::fs::write(inner.join("large"), vec![7; 100_000]).unwrap();
        let folder = Folder::new(Some(&inner));
        assert_eq!(&*folder.open("small").unwrap().read(1, 2).unwrap(), b"bc");
        let large = folder.open("large").unwrap();
        assert_eq!(&*large.read(99_998, 2).unwrap(), &[7, 7]);
        assert_eq!(&*large.view(5, 2).unwrap(), &[7, 7]);
        assert!(large.read(99_999, 2).is_err());
        for name in ["../secret", "..", ".", "", "/etc/passwd", "a\\b", "C:x", "inner/small"] {
            assert!(folder.open(name).is_err(), "{name}");
        }
        assert!(folder.open("none").is_err() && Folder::new(None).open("small").is_err());
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(dir.path().join("secret"), inner.join("link")).unwrap();
            let e = folder.open("link").unwrap_err();
            assert_eq!(e.to_string(), "not supported: a link as a file beside a dump");
        }
        // Another file under the same name is not taken for the one that was listed.
        std::fs::rename(inner.join("large"), inner.join("old")).unwrap();
        std::fs::write(inner.join("large"), vec![8; 100_000]).unwrap();
        #[cfg(unix)]
        assert!(large.read(0, 1).is_err());
    }
}
