//! Notes changed in place, whatever the format.
#![forbid(unsafe_code)]

use super::Format;
use crate::{Durability, Error, Notes, Result};
use std::path::Path;

/// Writes notes beside an array or a group of a file, or (as `""`) the file itself, in the place
/// of old ones. Arrays are not touched.
///
/// Folders have them in text files, archives in members of the same names; nothing else does.
///
/// ```
/// use npstow::{Array, Durability, Tree};
/// # #[cfg(feature = "folder")] {
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("run");
/// npstow::save(&path, &Tree::new().with("hit", Array::from_vec(vec![1u8]))?)?;
/// let mut notes = npstow::open(&path)?.root().notes()?;
/// notes.meta.set("creator", "a simulation")?;
/// npstow::set_notes(&path, "", &notes, Durability::default())?;
/// assert_eq!(npstow::open(&path)?.root().notes()?, notes);
/// # }
/// # Ok::<(), npstow::Error>(())
/// ```
///
/// # Errors
/// As [`open`](crate::open()); `NotFound`; `Unsupported` where the format keeps no notes, or this
/// build does not write it; `Invalid` for names or labels with line ends; `Io`.
pub fn set_notes(
    path: impl AsRef<Path>,
    name: &str,
    notes: &Notes,
    durability: Durability,
) -> Result<()> {
    let path = path.as_ref();
    match super::open(path)?.format() {
        #[cfg(feature = "folder")]
        Format::Folder => crate::folder::set_notes(path, name, notes, durability),
        #[cfg(feature = "npz")]
        Format::Npz => {
            let options = crate::npz::WriteOptions::default().durability(durability);
            let mut editor = crate::npz::Editor::open_with(path, &options)?;
            editor.set_notes(name, notes)?;
            editor.commit()
        }
        format => {
            let _ = (name, notes, durability);
            let what = format!("metadata, names and labels in the format {format}");
            Err(Error::unsupported(what).in_path(path))
        }
    }
}
