//! Saving a tree: the format by the path, atomically.
#![forbid(unsafe_code)]

use super::Format;
use crate::{Durability, Error, Result, Tree};
use std::path::Path;

/// Saves a tree in the format that the path's extension names; an old file is replaced only when
/// the new one is whole.
///
/// # Errors
/// `Unsupported` for a format that is not written; `Invalid` where the format cannot hold the
/// tree (a `.npy` file holds one array without a name); `Io`.
pub fn save(path: impl AsRef<Path>, tree: &Tree) -> Result<()> {
    save_with(path, tree, &SaveOptions::default())
}

/// How a tree is saved.
#[derive(Clone, Debug, Default)]
pub struct SaveOptions {
    format: Option<Format>,
    durability: Durability,
}

impl SaveOptions {
    /// The format, whatever the path's extension.
    #[must_use]
    pub fn format(mut self, format: Format) -> Self {
        self.format = Some(format);
        self
    }

    /// What is waited for before the file counts as saved.
    #[must_use]
    pub fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }
}

/// Saves a tree as the options say.
///
/// # Errors
/// As [`save()`].
pub fn save_with(path: impl AsRef<Path>, tree: &Tree, options: &SaveOptions) -> Result<()> {
    let path = path.as_ref();
    let format = options.format.or_else(|| Format::of_path(path));
    let saved = match format {
        #[cfg(feature = "npy")]
        Some(Format::Npy) => save_npy(path, tree, options),
        #[cfg(feature = "npz")]
        Some(Format::Npz) => {
            let write = crate::npz::WriteOptions::default().durability(options.durability);
            crate::npz::write_with(path, tree, &write)
        }
        #[cfg(feature = "folder")]
        Some(Format::Folder) => {
            let write = crate::folder::WriteOptions::default().durability(options.durability);
            crate::folder::write_with(path, tree, &write)
        }
        Some(other) => Err(super::detect::lacks("writing", other)),
        None => Err(Error::invalid("the extension names no format that npstow writes")),
    };
    saved.map_err(|e| e.in_path(path))
}

#[cfg(feature = "npy")]
fn save_npy(path: &Path, tree: &Tree, options: &SaveOptions) -> Result<()> {
    use crate::{AtomicFile, Item, npy};
    let mut items = tree.iter();
    let (Some(("", item)), None) = (items.next(), items.next()) else {
        let found = format!("the names {:?}", tree.names());
        return Err(Error::invalid(format!(
            "a .npy file holds one array without a name, not {found}"
        )));
    };
    let write = npy::WriteOptions::default().durability(options.durability);
    match item {
        Item::Array(array) => npy::write_with(path, array, &write),
        Item::Entry(entry) => {
            let mut file = AtomicFile::create(path, options.durability)?;
            npy::write_entry(&mut file, entry, &write)?;
            file.commit()
        }
        Item::Group(_) => Err(Error::invalid("a .npy file holds one array, not a group")),
        Item::Value(_) => Err(Error::invalid("a .npy file holds an array, not other bytes")),
    }
}
