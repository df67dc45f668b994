//! Whether a folder holds nothing but what npstow and NPFold write, and no array that it does not
//! list: only then is it replaced.
#![forbid(unsafe_code)]

use super::found::VALUES;
use super::index::{INDEX, NPY};
use super::root::{Kind, Root};
use super::scan::scan;
use crate::error::quoted;
use crate::notes::{GROUP, Sidecar, lines};
use crate::{Error, Limits, Result};
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// An error that names the first thing that nobody here wrote, or that no reader of the folder sees:
/// an array that somebody put beside those of an index would be gone without having been looked at.
///
/// # Errors
/// `Exists`; `Io`.
pub(super) fn check(top: &Path) -> Result<()> {
    // The folder that is there now, whatever takes its place meanwhile.
    let root = Root::open(top);
    let root = root.map_err(|e| Error::io("looking at the folder to be replaced", e))?;
    let hidden = hidden(&root)?;
    let mut waiting = vec![PathBuf::new()];
    while let Some(folder) = waiting.pop() {
        let names = root.list(&folder)?;
        let own = match names.iter().any(|(name, _)| name == VALUES) {
            true => root.text(&folder.join(VALUES), Limits::default().max_array_nbytes())?,
            false => None,
        };
        let own = String::from_utf8(own.unwrap_or_default()).unwrap_or_default();
        let values: HashSet<&str> = lines(&own).collect();
        // Notes stand beside an array, or beside the folder's index; without them they are others'.
        let stems = names.iter().filter_map(|(name, _)| name.to_str()?.strip_suffix(NPY));
        let stems: HashSet<&str> = stems.collect();
        for (name, kind) in &names {
            if *kind == Kind::Folder {
                waiting.push(folder.join(name));
                continue;
            }
            let known = |name: &str| {
                name == INDEX
                    || name == VALUES
                    || name.ends_with(NPY)
                    || Sidecar::split(name)
                        .is_some_and(|(stem, _)| stem == GROUP || stems.contains(stem))
                    || values.contains(name)
            };
            let is_known = *kind == Kind::File && name.to_str().is_some_and(known);
            let is_array = || name.to_string_lossy().ends_with(NPY);
            let is_below = |above: &PathBuf| folder.join(name).starts_with(above);
            if !is_known || (is_array() && hidden.iter().any(is_below)) {
                let path = folder.join(name);
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

/// Where arrays would be that whoever opens the folder does not find.
fn hidden(root: &Root) -> Result<Vec<PathBuf>> {
    match scan(root, &Limits::default()) {
        Ok(found) => Ok(found.hidden),
        Err(e) if e.io_error().is_some() => Err(e),
        Err(e) => Err(Error::exists(format!(
            "the folder, which is not replaced: what is in it cannot be listed ({e})"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;
    use std::fs;

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
        for foreign in
            ["a/b/readme.md", ".DS_Store", "a/notes.txt", "a/.git", "z_names.txt", "a/all_meta.txt"]
        {
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
