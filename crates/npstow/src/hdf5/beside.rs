//! Files beside a file: those that external links, external storage and virtual datasets name.
//!
//! They are looked for in the folder of the file and below it, and nowhere else: a file that came
//! from elsewhere must not be able to show others of this machine. A name is a relative path
//! without `..`, and what it leads to must lie within the folder after all links of the file
//! system were followed.
#![forbid(unsafe_code)]

use super::file::File;
use crate::error::quoted;
use crate::{Error, FileSource, Limits, Result, Source};
use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The folder of a file, and what was opened in it.
#[derive(Debug, Default)]
pub(super) struct Beside {
    /// None for what is no file of the system.
    folder: Option<PathBuf>,
    opened: Mutex<HashMap<PathBuf, Arc<File>>>,
}

impl Beside {
    /// The folder of the file at a path, where that is what `source` is.
    pub(super) fn of(path: &Path, source: &dyn Source) -> Self {
        let is_it = std::fs::metadata(path).is_ok_and(|m| m.is_file() && m.len() == source.len());
        let folder = path.parent().map(|folder| match folder.as_os_str().is_empty() {
            true => PathBuf::from("."),
            false => folder.to_owned(),
        });
        let folder = folder.filter(|_| is_it).and_then(|folder| folder.canonicalize().ok());
        Self { folder, opened: Mutex::default() }
    }

    /// Where a name leads.
    fn path(&self, name: &str) -> Result<PathBuf> {
        let refused = |why: &str| {
            let what = format!("the file '{}', {why}", quoted(name));
            Error::unsupported(what)
        };
        let Some(folder) = &self.folder else {
            return Err(refused("which another file names that is not in a folder"));
        };
        let plain = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
        if name.is_empty() || !Path::new(name).components().all(plain) {
            return Err(refused("which is outside the folder of the file that names it"));
        }
        let path = folder.join(name);
        let path = path.canonicalize().map_err(|e| Error::io(format_args!("opening {name}"), e))?;
        if !path.starts_with(folder) || !path.is_file() {
            return Err(refused("which is outside the folder of the file that names it"));
        }
        Ok(path)
    }

    /// The bytes of a file of that name; `None` where there is none.
    pub(super) fn source(&self, name: &str) -> Result<Option<Arc<dyn Source>>> {
        match self.path(name) {
            Ok(path) => Ok(Some(Arc::new(FileSource::open(&path)?))),
            Err(e) if is_missing(&e) => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// The HDF5 file of that name; `None` where there is none.
    pub(super) fn open(
        self: &Arc<Self>,
        name: &str,
        limits: &Arc<Limits>,
    ) -> Result<Option<Arc<File>>> {
        let path = match self.path(name) {
            Ok(path) => path,
            Err(e) if is_missing(&e) => return Ok(None),
            Err(e) => return Err(e),
        };
        // What is in it is whole whatever happened to another thread.
        let opened = || self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = opened().get(&path) {
            return Ok(Some(Arc::clone(file)));
        }
        let source = Arc::new(FileSource::open(&path)?);
        // What is wrong with it is not wrong with the file that names it.
        let file = File::open(source, Arc::clone(limits), Arc::clone(self));
        let file = Arc::new(file.map_err(|e| e.in_path(&path))?);
        opened().insert(path, Arc::clone(&file));
        Ok(Some(file))
    }
}

fn is_missing(e: &Error) -> bool {
    e.io_error().is_some_and(|e| e.kind() == std::io::ErrorKind::NotFound)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ErrorKind, MemorySource};

    #[test]
    fn nothing_outside_the_folder_is_opened() {
        let dir = tempfile::tempdir().unwrap();
        let inner = dir.path().join("inner");
        std::fs::create_dir_all(inner.join("deep")).unwrap();
        for path in ["secret", "inner/main", "inner/next", "inner/deep/next"] {
            std::fs::write(dir.path().join(path), path).unwrap();
        }
        let source = FileSource::open(inner.join("main")).unwrap();
        let beside = Beside::of(&inner.join("main"), &source);
        for name in ["next", "./next", "deep/next"] {
            assert!(beside.source(name).unwrap().is_some(), "{name}");
        }
        assert!(beside.source("none").unwrap().is_none());
        // What is no HDF5 is told with its own name.
        let limits = Arc::new(Limits::default());
        let e = Arc::new(Beside::of(&inner.join("main"), &source)).open("next", &limits);
        let e = e.unwrap_err();
        assert!(e.path().is_some_and(|path| path.ends_with("inner/next")), "{e}");
        let absolute = dir.path().join("secret");
        for name in ["../secret", "deep/../../secret", "", "deep", absolute.to_str().unwrap()] {
            let e = beside.source(name).unwrap_err();
            assert_eq!(e.kind(), ErrorKind::Unsupported, "{name}");
        }
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(&absolute, inner.join("link")).unwrap();
            assert!(beside.source("link").is_err());
        }
        // Bytes that are no file have no folder, whatever they are called.
        let memory = MemorySource::new(vec![0; 3]);
        assert!(Beside::of(&inner.join("main"), &memory).source("next").is_err());
    }
}
