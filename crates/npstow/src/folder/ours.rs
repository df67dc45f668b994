//! Whether a folder holds nothing but what npstow and NPFold write, and no array that it does not
//! list: only then is it replaced.
#![forbid(unsafe_code)]

use super::found::VALUES;
use super::index::{INDEX, NPY};
use super::root::Root;
use super::scan::scan;
use crate::error::quoted;
use crate::notes::Sidecar;
use crate::notes::lines;
use crate::{Error, Limits, Result};
use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// An error that names the first thing that nobody here wrote, or that no reader of the folder sees:
/// an array that somebody put beside those of an index would be gone without having been looked at.
///
/// # Errors
/// `Exists`; `Io`.
pub(super) fn check(top: &Path) -> Result<()> {
    let listed = listed(top)?;
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
            let path = folder.join(&name);
            let is_known = kind.is_file() && name.to_str().is_some_and(known);
            let is_hidden = name.to_string_lossy().ends_with(NPY) && !listed.contains(&path);
            if !is_known || is_hidden {
                let shown = quoted(&path.to_string_lossy());
                let what = match is_known {
                    true => "an array that is not listed (`npstow verify` says why)",
                    false => "neither array nor text beside one",
                };
                let kept = "in the folder, which is not replaced";
                return Err(Error::exists(format!("'{shown}' {kept}: {what}")));
            }
        }
    }
    Ok(())
}

/// The files that whoever opens the folder finds.
fn listed(top: &Path) -> Result<HashSet<PathBuf>> {
    let root = Root::open(top);
    let root = root.map_err(|e| Error::io("looking at the folder to be replaced", e))?;
    match scan(&root, &Limits::default()) {
        Ok(found) => Ok(found.nodes.iter().map(|node| found.path(node)).collect()),
        Err(e) if e.io_error().is_some() => Err(e),
        Err(e) => Err(Error::exists(format!(
            "the folder, which is not replaced: what is in it cannot be listed ({e})"
        ))),
    }
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
        for (file, text) in [
            ("x.npy", ""),
            ("x_meta.txt", ""),
            ("NPFold_index.txt", "x.npy\na\n"),
            ("a/NPFold_names.txt", ""),
            ("a/b/y.npy", ""),
        ] {
            fs::write(top.join(file), text).unwrap();
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
        // What no reader would see: beside an index, and in names that are left out.
        fs::create_dir(top.join("a/_p")).unwrap();
        for hidden in ["z.npy", "a/.z.npy", "a/_p/z.npy"] {
            fs::write(top.join(hidden), b"").unwrap();
            let e = check(top).unwrap_err();
            assert_eq!(e.kind(), ErrorKind::Exists);
            assert!(e.to_string().contains(&format!("'{hidden}' in the folder")), "{e}");
            fs::remove_file(top.join(hidden)).unwrap();
        }
        check(top).unwrap();
        fs::write(top.join("NPFold_index.txt"), "x.npy\nx.npy\na\n").unwrap();
        let e = check(top).unwrap_err();
        assert!(e.kind() == ErrorKind::Exists && e.to_string().contains("before"), "{e}");
        fs::write(top.join("NPFold_index.txt"), "x.npy\na\n").unwrap();
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("x.npy", top.join("link.npy")).unwrap();
            assert_eq!(check(top).unwrap_err().kind(), ErrorKind::Exists);
        }
    }
}
