//! Whether a folder holds nothing but what npstow and NPFold write: only then is it replaced.
#![forbid(unsafe_code)]

use super::found::VALUES;
use super::index::{INDEX, NPY};
use crate::error::quoted;
use crate::notes::Sidecar;
use crate::notes::lines;
use crate::{Error, Result};
use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// An error that names the first thing that nobody here wrote.
///
/// # Errors
/// `Exists`; `Io`.
pub(super) fn check(top: &Path) -> Result<()> {
    let mut waiting = vec![PathBuf::new()];
    while let Some(folder) = waiting.pop() {
        let whole = top.join(&folder);
        let failed = |e| Error::io("looking at the folder to be replaced", e);
        let values = values(&whole).map_err(failed)?;
        for entry in fs::read_dir(&whole).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let (name, kind) = (entry.file_name(), entry.file_type().map_err(failed)?);
            if kind.is_dir() {
                waiting.push(folder.join(name));
                continue;
            }
            let known = |name: &str| {
                name == INDEX
                    || name == VALUES
                    || name.ends_with(NPY)
                    || Sidecar::split(name).is_some()
                    || values.contains(name)
            };
            if !kind.is_file() || !name.to_str().is_some_and(known) {
                let path = folder.join(name);
                let shown = quoted(&path.to_string_lossy());
                let what =
                    "in the folder, which is not replaced: neither array nor text beside one";
                return Err(Error::exists(format!("'{shown}' {what}")));
            }
        }
    }
    Ok(())
}

/// The files that the folder says are its own.
fn values(folder: &Path) -> io::Result<HashSet<String>> {
    match fs::read_to_string(folder.join(VALUES)) {
        Ok(text) => Ok(lines(&text).map(str::to_owned).collect()),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(HashSet::new()),
        Err(e) => Err(e),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    #[test]
    fn foreign_files_are_found_at_any_depth() {
        let dir = tempfile::tempdir().unwrap();
        let top = dir.path();
        check(top).unwrap();
        fs::create_dir_all(top.join("a/b")).unwrap();
        for file in ["x.npy", "x_meta.txt", "NPFold_index.txt", "a/NPFold_names.txt", "a/b/y.npy"] {
            fs::write(top.join(file), b"").unwrap();
        }
        check(top).unwrap();
        for foreign in ["a/b/readme.md", ".DS_Store", "a/notes.txt", "a/.git"] {
            fs::write(top.join(foreign), b"").unwrap();
            let e = check(top).unwrap_err();
            assert_eq!(e.kind(), ErrorKind::Exists);
            assert!(e.to_string().contains(foreign), "{e}");
            fs::remove_file(top.join(foreign)).unwrap();
        }
        fs::write(top.join("a/npstow_values.txt"), "notes.txt\n").unwrap();
        fs::write(top.join("a/notes.txt"), b"").unwrap();
        check(top).unwrap();
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("x.npy", top.join("link.npy")).unwrap();
            assert_eq!(check(top).unwrap_err().kind(), ErrorKind::Exists);
        }
    }
}
