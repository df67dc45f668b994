//! Saving a tree: the format by the path, atomically.
#![forbid(unsafe_code)]

use super::Format;
use crate::{Durability, Error, Result, Sink, Tree};
use std::path::Path;

/// Saves a tree in the format that the path's extension names; an old file is replaced only when
/// the new one is whole.
///
/// ```
/// use npstow::{Array, Tree};
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("run");
/// # #[cfg(feature = "folder")] {
/// let tree = Tree::new().with("hit", Array::from_vec(vec![1u8]))?;
/// npstow::save(&path, &tree)?; // without an extension: a folder
/// assert_eq!(npstow::open(&path)?.get("hit")?.read()?.as_slice::<u8>()?, [1]);
/// # }
/// # Ok::<(), npstow::Error>(())
/// ```
///
/// # Errors
/// `Unsupported` for a format that is not written; `Invalid` where the format cannot hold the
/// tree (a `.npy` file holds one array without a name); `Io`.
pub fn save(path: impl AsRef<Path>, tree: &Tree) -> Result<()> {
    save_with(path, tree, &SaveOptions::default())
}

/// How a tree is saved. A format refuses options that it has no use for.
///
/// ```
/// use npstow::{Durability, SaveOptions};
/// # #[cfg(feature = "npz")] {
/// let small = SaveOptions::default().compress(6).durability(Durability::Full);
/// # let dir = tempfile::tempdir().unwrap();
/// let tree = npstow::Tree::new().with("x", npstow::Array::from_vec(vec![0u8; 1000]))?;
/// npstow::save_with(dir.path().join("x.npz"), &tree, &small)?;
/// let refused = npstow::save_with(dir.path().join("x.npy"), &tree, &small).unwrap_err();
/// assert!(refused.to_string().ends_with("not supported: compression in the format npy"));
/// # }
/// # Ok::<(), npstow::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct SaveOptions {
    format: Option<Format>,
    durability: Durability,
    level: Option<u8>,
    #[cfg(feature = "npy")]
    array: Option<crate::npy::WriteOptions>,
    #[cfg(feature = "folder")]
    profile: Option<crate::folder::Profile>,
    #[cfg(feature = "pickle")]
    pickle: Option<crate::pickle::WriteOptions>,
    #[cfg(feature = "joblib")]
    compressor: Option<crate::joblib::Compressor>,
    #[cfg(feature = "hdf5")]
    hdf5: Option<crate::hdf5::WriteOptions>,
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

    /// Compresses every array; the levels are those of the format, 6 is what others call normal.
    /// For NPZ and HDF5 they go from 0 to 12, for joblib they are those of the compressor.
    #[must_use]
    pub fn compress(mut self, level: u8) -> Self {
        self.level = Some(level);
        self
    }

    /// How each array is written where the format keeps arrays as NPY: its orders, and the
    /// version of its header.
    #[cfg(feature = "npy")]
    #[must_use]
    pub fn array(mut self, options: crate::npy::WriteOptions) -> Self {
        self.array = Some(options);
        self
    }

    /// What packs a dump of joblib. By default what the path's extension says, as in
    /// `x.joblib.gz`; else zlib where a level is given, and nothing where none is.
    #[cfg(feature = "joblib")]
    #[must_use]
    pub fn compressor(mut self, compressor: crate::joblib::Compressor) -> Self {
        self.compressor = Some(compressor);
        self
    }

    /// How a pickle is written, or the objects of a dump of joblib: the protocol, and whether only
    /// data are.
    #[cfg(feature = "pickle")]
    #[must_use]
    pub fn pickle(mut self, options: crate::pickle::WriteOptions) -> Self {
        self.pickle = Some(options);
        self
    }

    /// For whom a folder is written: by default for npstow and NumPy.
    #[cfg(feature = "folder")]
    #[must_use]
    pub fn profile(mut self, profile: crate::folder::Profile) -> Self {
        self.profile = Some(profile);
        self
    }

    /// How an HDF5 file is written; durability and compression asked for here go before.
    #[cfg(feature = "hdf5")]
    #[must_use]
    pub fn hdf5(mut self, options: crate::hdf5::WriteOptions) -> Self {
        self.hdf5 = Some(options);
        self
    }

    /// Refuses what a format has no use for.
    fn check(&self, format: Format) -> Result<()> {
        let refused =
            |what: &str| Err(Error::unsupported(format_args!("{what} in the format {format}")));
        if self.level.is_some() && !matches!(format, Format::Npz | Format::Joblib | Format::Hdf5) {
            return refused("compression");
        }
        #[cfg(feature = "npy")]
        if self.array.is_some() && !matches!(format, Format::Npy | Format::Npz | Format::Folder) {
            return refused("orders and versions of NPY");
        }
        #[cfg(feature = "pickle")]
        if self.pickle.is_some() && !matches!(format, Format::Pickle | Format::Joblib) {
            return refused("a protocol of pickles");
        }
        #[cfg(feature = "joblib")]
        if self.compressor.is_some() && format != Format::Joblib {
            return refused("a compressor of joblib's");
        }
        #[cfg(feature = "folder")]
        if self.profile.is_some() && format != Format::Folder {
            return refused("a profile of folders");
        }
        #[cfg(feature = "hdf5")]
        if self.hdf5.is_some() && format != Format::Hdf5 {
            return refused("a form or a storage of HDF5");
        }
        Ok(())
    }

    #[cfg(feature = "npy")]
    fn npy(&self) -> crate::npy::WriteOptions {
        self.array.clone().unwrap_or_default().durability(self.durability)
    }

    #[cfg(feature = "npz")]
    fn npz(&self) -> crate::npz::WriteOptions {
        let options = crate::npz::WriteOptions::default().durability(self.durability);
        let options = options.array(self.npy());
        match self.level {
            Some(level) => options.compress(level),
            None => options,
        }
    }

    #[cfg(feature = "joblib")]
    fn joblib(&self, path: &Path) -> crate::joblib::WriteOptions {
        use crate::joblib::Compressor;
        let named = self.compressor.or_else(|| Compressor::of_path(path));
        let compressor = match (named, self.level) {
            (Some(compressor), _) => compressor,
            (None, Some(_)) => Compressor::Zlib,
            (None, None) => Compressor::None,
        };
        crate::joblib::WriteOptions::default()
            .compress(compressor, self.level)
            .pickle(self.pickle.clone().unwrap_or_default())
            .durability(self.durability)
    }

    #[cfg(feature = "hdf5")]
    fn to_hdf5(&self) -> crate::hdf5::WriteOptions {
        let options = self.hdf5.clone().unwrap_or_default().durability(self.durability);
        match self.level {
            Some(level) => options.compress(level),
            None => options,
        }
    }

    #[cfg(feature = "folder")]
    fn folder(&self) -> crate::folder::WriteOptions {
        let options = crate::folder::WriteOptions::default().durability(self.durability);
        let options = options.profile(self.profile.unwrap_or_default());
        match &self.array {
            Some(array) => options.array(array.clone()),
            None => options,
        }
    }
}

/// Saves a tree as the options say.
///
/// ```
/// use npstow::{Array, Durability, Format, SaveOptions, Tree};
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("x.dat");
/// let options = SaveOptions::default().format(Format::Npy).durability(Durability::Full);
/// npstow::save_with(&path, &Tree::from(Array::from_vec(vec![1u8])), &options)?;
/// assert_eq!(npstow::open(&path)?.format(), Format::Npy);
/// # Ok::<(), npstow::Error>(())
/// ```
///
/// # Errors
/// As [`save()`]; `Unsupported` for an option that the format has no use for.
pub fn save_with(path: impl AsRef<Path>, tree: &Tree, options: &SaveOptions) -> Result<()> {
    let path = path.as_ref();
    let format = options.format.or_else(|| Format::of_path(path));
    let saved =
        format.ok_or_else(|| Error::invalid("the extension names no format that npstow writes"));
    let saved = saved.and_then(|format| {
        options.check(format)?;
        match format {
            #[cfg(feature = "npy")]
            Format::Npy => save_npy(path, tree, options),
            #[cfg(feature = "npz")]
            Format::Npz => crate::npz::write_with(path, tree, &options.npz()),
            #[cfg(feature = "folder")]
            Format::Folder => crate::folder::write_with(path, tree, &options.folder()),
            #[cfg(feature = "pickle")]
            Format::Pickle => {
                let pickle = options.pickle.clone().unwrap_or_default();
                crate::pickle::write(path, tree, &pickle.durability(options.durability))
            }
            #[cfg(feature = "joblib")]
            Format::Joblib => crate::joblib::write(path, tree, &options.joblib(path)),
            #[cfg(feature = "hdf5")]
            Format::Hdf5 => crate::hdf5::write_with(path, tree, &options.to_hdf5()),
            other => Err(super::detect::lacks("writing", other)),
        }
    });
    saved.map_err(|e| e.in_path(path))
}

/// Writes a tree to a sink: memory, or a pipe by [`WriteSink`](crate::WriteSink). The options
/// must name the format.
///
/// ```
/// use npstow::{Array, Format, SaveOptions, Tree, save_to};
/// let mut bytes = Vec::new();
/// let npy = SaveOptions::default().format(Format::Npy);
/// save_to(&mut bytes, &Tree::from(Array::from_vec(vec![1u8])), &npy)?;
/// assert!(bytes.starts_with(b"\x93NUMPY"));
/// # Ok::<(), npstow::Error>(())
/// ```
///
/// # Errors
/// As [`save_with`]; `Unsupported` for a format that is no single file.
pub fn save_to(sink: &mut dyn Sink, tree: &Tree, options: &SaveOptions) -> Result<()> {
    let format = options.format.ok_or_else(|| Error::invalid("a stream without a format"))?;
    options.check(format)?;
    match format {
        #[cfg(feature = "npy")]
        Format::Npy => write_npy(sink, tree, options),
        #[cfg(feature = "npz")]
        Format::Npz => crate::npz::write_to(sink, tree, &options.npz()),
        #[cfg(feature = "pickle")]
        Format::Pickle => {
            crate::pickle::write_to(sink, tree, &options.pickle.clone().unwrap_or_default())
        }
        #[cfg(feature = "joblib")]
        Format::Joblib => crate::joblib::write_to(sink, tree, &options.joblib(Path::new(""))),
        #[cfg(feature = "hdf5")]
        Format::Hdf5 => crate::hdf5::write_to(sink, tree, &options.to_hdf5()),
        Format::Folder => Err(Error::unsupported("writing a folder to a stream")),
        other => Err(super::detect::lacks("writing", other)),
    }
}

#[cfg(feature = "npy")]
fn save_npy(path: &Path, tree: &Tree, options: &SaveOptions) -> Result<()> {
    if let crate::Item::Array(array) = alone(tree)? {
        return crate::npy::write_with(path, array, &options.npy());
    }
    let mut file = crate::AtomicFile::create(path, options.durability)?;
    write_npy(&mut file, tree, options)?;
    file.commit()
}

#[cfg(feature = "npy")]
fn write_npy(sink: &mut dyn Sink, tree: &Tree, options: &SaveOptions) -> Result<()> {
    use crate::{Item, npy};
    tree.check_attached()?;
    match alone(tree)? {
        Item::Array(array) => npy::write_entry(sink, &array.try_into()?, &options.npy()),
        Item::Entry(entry) => npy::write_entry(sink, entry, &options.npy()),
        Item::Group(_) => Err(Error::invalid("a .npy file holds one array, not a group")),
        Item::Value(_) => Err(Error::invalid("a .npy file holds an array, not other bytes")),
    }
}

/// The one thing without a name.
#[cfg(feature = "npy")]
fn alone(tree: &Tree) -> Result<&crate::Item> {
    let mut items = tree.iter();
    match (items.next(), items.next()) {
        (Some(("", item)), None) => Ok(item),
        _ => {
            let found = format!("the names {:?}", tree.names());
            Err(Error::invalid(format!("a .npy file holds one array without a name, not {found}")))
        }
    }
}
