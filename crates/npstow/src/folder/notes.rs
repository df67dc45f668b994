//! Notes written beside what is in a folder already.
#![forbid(unsafe_code)]

use super::Folder;
use crate::container::Container;
use crate::error::quoted;
use crate::notes::Sidecar;
use crate::{AtomicFile, Durability, Error, Limits, NodeKind, Notes, Result, Sink};
use std::fs;
use std::io;
use std::path::Path;

/// Writes notes beside an array or a group of a folder, or (as `""`) the folder itself, in the
/// place of old ones; nothing else is touched.
///
/// Each text file is replaced as a whole; there are up to three of them.
///
/// ```
/// use npstow::{Array, Durability, Tree, folder};
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("run");
/// folder::write(&path, &Tree::new().with("hit", Array::from_vec(vec![1u8]))?)?;
/// let mut notes = npstow::open(&path)?.get("hit")?.notes()?;
/// notes.meta.set("unit", "mm")?;
/// folder::set_notes(&path, "hit", &notes, Durability::default())?;
/// assert_eq!(npstow::open(&path)?.get("hit")?.notes()?.meta.get("unit"), Some("mm"));
/// # Ok::<(), npstow::Error>(())
/// ```
///
/// # Errors
/// `NotFound`; `Invalid` for names or labels with line ends; `Unsupported` beside what is no
/// array and no group; `Io`.
pub fn set_notes(
    path: impl AsRef<Path>,
    name: &str,
    notes: &Notes,
    durability: Durability,
) -> Result<()> {
    let path = path.as_ref();
    let done = write(path, name, notes, durability);
    done.map_err(|e| e.in_member(name).in_path(path))
}

fn write(path: &Path, name: &str, notes: &Notes, durability: Durability) -> Result<()> {
    let folder = Folder::open(path, &Limits::default())?;
    let id = match name {
        "" => Some(0),
        name => folder.find(name)?,
    };
    let id = id.ok_or_else(|| Error::not_found(format_args!("the name '{}'", quoted(name))))?;
    let is_group = folder.kind(id) == NodeKind::Group;
    // All texts are made before the first one is written.
    let mut texts = Vec::new();
    for kind in Sidecar::ALL {
        // NPFold always writes the names of a group.
        let always = is_group && kind == Sidecar::Names;
        let text = kind.write(notes)?.or_else(|| always.then(String::new));
        texts.push((folder.text_path(id, kind)?, text));
    }
    for (file, text) in texts {
        match text {
            Some(text) => {
                let mut out = AtomicFile::create(&file, durability)?;
                out.write_all(text.as_bytes()).map_err(|e| Error::io("writing notes", e))?;
                out.commit()?;
            }
            None => match fs::remove_file(&file) {
                Err(e) if e.kind() != io::ErrorKind::NotFound => {
                    return Err(Error::io("removing old notes", e));
                }
                _ => {}
            },
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Array, ErrorKind, Item, Meta, Tree};

    fn notes(text: &str, names: &[&str]) -> Notes {
        let names = names.iter().map(|&name| name.to_owned()).collect();
        Notes { meta: Meta::from_text(text), names, labels: vec!["l".to_owned()] }
    }

    fn array() -> Item {
        Array::from_vec(vec![1u8]).into()
    }

    fn run(path: &Path) {
        let value = Item::Value((&Array::from_vec(vec![65u8])).try_into().unwrap());
        let mut tree = Tree::new();
        for (name, item) in [("hit", array()), ("A000/hit", array()), ("A000/x.txt", value)] {
            tree.insert(name, item).unwrap();
        }
        tree.set_notes("A000/hit", notes("old:1\n", &["one"])).unwrap();
        crate::folder::write(path, &tree).unwrap();
    }

    #[test]
    fn notes_are_replaced_and_nothing_else_is() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("run");
        run(&path);
        let before = crate::open(&path).unwrap().load().unwrap();
        for name in ["", "hit", "A000", "A000/hit"] {
            let new = notes(&format!("at:{name}\nfree\n"), &["a", "", "b"]);
            set_notes(&path, name, &new, Durability::Full).unwrap();
            let file = crate::open(&path).unwrap();
            assert_eq!(file.get(name).unwrap().notes().unwrap(), new, "{name}");
            assert!(file.verify().unwrap().is_empty());
        }
        let after = crate::open(&path).unwrap().load().unwrap();
        let leaves =
            |tree: &Tree| tree.leaves().into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        assert_eq!(leaves(&after), leaves(&before));
        for name in ["", "hit", "A000", "A000/hit"] {
            set_notes(&path, name, &Notes::default(), Durability::None).unwrap();
            let node = crate::open(&path).unwrap().get(name).unwrap();
            assert!(node.notes().unwrap().is_empty(), "{name}");
        }
        // What NPFold wants is there, and what crashes it is not.
        for group in ["", "A000"] {
            let file = |name: &str| path.join(group).join(name);
            assert_eq!(fs::read(file("NPFold_names.txt")).unwrap(), b"");
            assert!(!file("NPFold_meta.txt").exists() && !file("hit_meta.txt").exists());
            assert!(!file("hit_names.txt").exists() && !file("hit_labels.txt").exists());
        }
    }

    #[test]
    fn a_folder_of_other_programs_gets_its_notes_too() {
        let dir = tempfile::tempdir().unwrap();
        crate::npy::write(dir.path().join("x.npy"), &Array::from_vec(vec![1u8])).unwrap();
        for name in ["x", ""] {
            let new = notes("k:v\n", &["n"]);
            set_notes(dir.path(), name, &new, Durability::default()).unwrap();
            let node = crate::open(dir.path()).unwrap().get(name).unwrap();
            assert_eq!(node.notes().unwrap(), new, "{name:?}");
        }
    }

    #[test]
    fn what_cannot_be_noted_is_left_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("run");
        run(&path);
        let refused = |name: &str, notes: &Notes| {
            let e = set_notes(&path, name, notes, Durability::default()).unwrap_err();
            assert_eq!(e.path(), Some(&*path));
            e.kind()
        };
        let new = notes("k:v\n", &[]);
        assert_eq!(refused("A001", &new), ErrorKind::NotFound);
        assert_eq!(refused("../run/hit", &new), ErrorKind::NotFound);
        assert_eq!(refused("A000/x.txt", &new), ErrorKind::Unsupported);
        assert_eq!(refused("A000/hit", &notes("k:v\n", &["a\nb"])), ErrorKind::Invalid);
        let node = crate::open(&path).unwrap().get("A000/hit").unwrap();
        assert_eq!(node.notes().unwrap(), notes("old:1\n", &["one"]));
    }
}
