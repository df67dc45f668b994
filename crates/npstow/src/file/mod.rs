//! The facade: any path as a tree of named arrays, any tree to a path.
#![forbid(unsafe_code)]

mod append;
mod collect;
mod detect;
mod node;
mod notes;
mod place;
mod save;
#[cfg(feature = "pickle")]
mod scan;
mod verify;

pub use append::{Appender, append};
pub use detect::Format;
pub use node::Node;
pub use notes::set_notes;
pub use place::split_place;
pub use save::{SaveOptions, save, save_to, save_with};
#[cfg(feature = "pickle")]
pub use scan::{scan, scan_source};
pub use verify::verify;

use crate::container::{Container, NodeKind};
use crate::error::quoted;
use crate::{Error, FileSource, Limits, MemorySource, Result, Source, read_stream};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Opens a file of any format that npstow reads; told by its content, not by its name.
///
/// Only what is needed to list it is read.
///
/// ```
/// use npstow::{Array, Tree};
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("x.npy");
/// npstow::save(&path, &Tree::from(Array::from_vec(vec![1.0f32, 2.0])))?;
/// let file = npstow::open(&path)?;
/// let x = file.get("")?.read()?;
/// assert_eq!(x.as_slice::<f32>()?, [1.0, 2.0]);
/// # Ok::<(), npstow::Error>(())
/// ```
///
/// # Errors
/// `Io`; `Unsupported` for a format that this build does not read, by its name; `Corrupt`.
pub fn open(path: impl AsRef<Path>) -> Result<File> {
    OpenOptions::default().open(path)
}

/// How a file is opened.
#[derive(Clone, Debug, Default)]
pub struct OpenOptions {
    limits: Limits,
    folder: Option<PathBuf>,
}

impl OpenOptions {
    /// Bounds what the file may claim.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Where files beside the file are looked for, which old dumps of joblib have: by default
    /// where the path says, and nowhere for what is opened without one.
    #[must_use]
    pub fn folder(mut self, path: impl Into<PathBuf>) -> Self {
        self.folder = Some(path.into());
        self
    }

    /// Opens the file at `path`. A pipe or another stream is taken into memory first.
    ///
    /// # Errors
    /// As [`open()`].
    pub fn open(&self, path: impl AsRef<Path>) -> Result<File> {
        let path = path.as_ref();
        let place = |e: Error| e.in_path(path);
        #[cfg(feature = "shelve")]
        if let Some(files) = crate::shelve::beside(path) {
            let (path, format) = (path.to_owned(), Format::Shelve);
            let shelf = crate::shelve::open_dumb(&files, &self.limits).map_err(place)?;
            return Ok(File(Arc::new(Opened { path, format, container: Box::new(shelf) })));
        }
        let metadata = std::fs::metadata(path).map_err(|e| place(Error::io("opening", e)))?;
        if metadata.is_dir() {
            let (path, format) = (path.to_owned(), Format::Folder);
            let container = self.open_folder(&path).map_err(place)?;
            return Ok(File(Arc::new(Opened { path, format, container })));
        }
        let source = self.source(path, metadata.is_file()).map_err(place)?;
        let file = match &self.folder {
            Some(_) => self.open_source(source, path)?,
            None => {
                let folder = path.parent().unwrap_or(Path::new(""));
                self.clone().folder(folder).open_source(source, path)?
            }
        };
        #[cfg(feature = "shelve")]
        if file.format() == Format::Shelve {
            crate::shelve::check_closed(path).map_err(place)?;
        }
        Ok(file)
    }

    #[cfg(feature = "folder")]
    fn open_folder(&self, path: &Path) -> Result<Box<dyn Container>> {
        Ok(Box::new(crate::folder::Folder::open(path, &self.limits)?))
    }

    #[cfg(not(feature = "folder"))]
    fn open_folder(&self, _: &Path) -> Result<Box<dyn Container>> {
        Err(detect::lacks("reading", Format::Folder))
    }

    fn source(&self, path: &Path, regular: bool) -> Result<Arc<dyn Source>> {
        if regular {
            return Ok(Arc::new(FileSource::open(path)?));
        }
        let opened = std::fs::File::open(path).map_err(|e| Error::io("opening", e));
        self.stream(&mut opened?, path)
    }

    fn stream(&self, reader: &mut dyn Read, name: &Path) -> Result<Arc<dyn Source>> {
        // The first bytes say whether it is worth it: what is no file of arrays may have no end.
        let mut start = Vec::new();
        let first = reader.take(FIRST).read_to_end(&mut start);
        first.map_err(|e| Error::io("reading", e).at(0))?;
        #[cfg(feature = "npz")]
        let is_packed = crate::packed::sniff(&start).is_some();
        #[cfg(not(feature = "npz"))]
        let is_packed = false;
        if !is_packed {
            detect::detect(&MemorySource::new(start.clone()), name, &start)?;
        }
        let most = self.limits.max_array_nbytes();
        let most = most.saturating_add(self.limits.max_header_len());
        let mut all = start.as_slice().chain(reader);
        Ok(Arc::new(MemorySource::new(read_stream(&mut all, most)?)))
    }

    /// Opens the bytes of a file that come from a stream, such as standard input; `name` stands
    /// for the path in errors.
    ///
    /// # Errors
    /// As [`open()`].
    pub fn open_reader(&self, reader: &mut dyn Read, name: impl AsRef<Path>) -> Result<File> {
        let name = name.as_ref();
        let source = self.stream(reader, name).map_err(|e| e.in_path(name))?;
        self.open_source(source, name)
    }

    /// Opens the bytes of a file in any source; `name` stands for the path in errors.
    ///
    /// # Errors
    /// As [`open()`].
    pub fn open_source(&self, source: Arc<dyn Source>, name: impl AsRef<Path>) -> Result<File> {
        let name = name.as_ref();
        let opened = self.opened(source, name).map_err(|e| e.in_path(name))?;
        Ok(File(Arc::new(opened)))
    }

    fn opened(&self, source: Arc<dyn Source>, name: &Path) -> Result<Opened> {
        let start = detect::start(&*source)?;
        #[cfg(feature = "npz")]
        let (source, start) = match crate::packed::sniff(&start) {
            Some(packing) => {
                let unpacked = crate::packed::unpack(packing, &*source, &self.limits)?;
                let source = Arc::new(crate::packed::Unpacked::new(unpacked)) as Arc<dyn Source>;
                let start = detect::start(&*source)?;
                (source, start)
            }
            None => (source, start),
        };
        let format = detect::detect(&*source, name, &start)?;
        let (format, container) = self.container(format, source, (&start, name))?;
        Ok(Opened { path: name.to_owned(), format, container })
    }

    // By value: a format keeps the source.
    // A build without formats opens nothing.
    #[allow(clippy::needless_pass_by_value, unreachable_code)]
    fn container(
        &self,
        format: Format,
        source: Arc<dyn Source>,
        (start, name): (&[u8], &Path),
    ) -> Result<(Format, Box<dyn Container>)> {
        let _ = (start, name);
        match format {
            #[cfg(feature = "npy")]
            Format::Npy => Ok((format, Box::new(crate::npy::Npy::open(source, &self.limits)?))),
            #[cfg(feature = "npz")]
            Format::Npz => {
                Ok((format, Box::new(crate::npz::Npz::open_known(source, start, &self.limits)?)))
            }
            #[cfg(feature = "joblib")]
            Format::Pickle | Format::Joblib => {
                // What it is shows when it is read.
                let folder = self.folder.as_deref();
                let dump = crate::joblib::Dump::open(source, folder, &self.limits)?;
                let format = if dump.is_joblib { Format::Joblib } else { format };
                Ok((format, Box::new(dump.pickle)))
            }
            #[cfg(all(feature = "pickle", not(feature = "joblib")))]
            Format::Pickle => {
                Ok((format, Box::new(crate::pickle::Pickle::open(source, &self.limits, None)?)))
            }
            #[cfg(feature = "hdf5")]
            Format::Hdf5 => {
                Ok((format, Box::new(crate::hdf5::Hdf5::open(source, name, &self.limits)?)))
            }
            #[cfg(feature = "torch")]
            Format::Torch => {
                Ok((format, Box::new(crate::torch::open(source, start, &self.limits)?)))
            }
            #[cfg(feature = "shelve")]
            Format::Shelve => {
                Ok((format, Box::new(crate::shelve::Shelf::open(source, start, &self.limits)?)))
            }
            other => Err(detect::lacks("reading", other)),
        }
    }
}

/// How much of a stream is read before it is known what it is.
const FIRST: u64 = 64 << 10;

/// An open file: a tree of named arrays, of which nothing is read until it is asked for.
#[derive(Clone, Debug)]
pub struct File(Arc<Opened>);

#[derive(Debug)]
struct Opened {
    path: PathBuf,
    format: Format,
    container: Box<dyn Container>,
}

impl File {
    /// The path it was opened by.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// What whoever opened it should know, though everything can be read: an HDF5 file that was
    /// never closed.
    #[must_use]
    pub fn warning(&self) -> Option<String> {
        self.0.container.warning()
    }

    /// The paths of what was left out of the groups and arrays that were looked at until now, and
    /// why: links of HDF5 that lead nowhere, to a group that they are in, or to other files that are
    /// missing or outside the folder of this one, and virtual datasets of which parts are missing;
    /// arrays and folders in a folder whose index does not list them.
    #[must_use]
    pub fn left_out(&self) -> Vec<(String, String)> {
        self.0.container.left_out()
    }

    /// All that whoever opened it should know, a sentence each: [`warning`](Self::warning), and
    /// what was [left out](Self::left_out).
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let left_out = self.left_out().into_iter().map(|(path, why)| match path.as_str() {
            "" => why,
            _ => format!("{path}: {why}"),
        });
        self.warning().into_iter().chain(left_out).collect()
    }

    /// In which format it is.
    #[must_use]
    pub fn format(&self) -> Format {
        self.0.format
    }

    /// The node that everything is below; of a `.npy` file, the array itself.
    #[must_use]
    pub fn root(&self) -> Node {
        Node::root(self.clone())
    }

    /// The node under a slash path; `""` is the root. Empty steps count for nothing, unless a node
    /// has just that name.
    ///
    /// # Errors
    /// `NotFound`; whatever reading the names needs.
    pub fn get(&self, path: &str) -> Result<Node> {
        let steps: Vec<&str> = path.split('/').filter(|step| !step.is_empty()).collect();
        if steps.is_empty() {
            return Ok(self.root());
        }
        let place = |e: Error| e.in_member(path).in_path(self.path());
        let steps = steps.join("/");
        if steps != path {
            if let Some(id) = self.0.container.find_odd(path).map_err(place)? {
                return Ok(Node::at(self.clone(), id, path));
            }
        }
        let path = steps;
        match self.0.container.find(&path).map_err(|e| e.in_member(&path).in_path(self.path()))? {
            Some(id) => Ok(Node::at(self.clone(), id, &path)),
            None => {
                let what = format!("the name '{}'", quoted(&path));
                Err(Error::not_found(what).in_path(self.path()))
            }
        }
    }

    /// Every array of the file, in the file's order, groups in depth.
    ///
    /// # Errors
    /// Whatever reading the names needs.
    pub fn arrays(&self) -> Result<Vec<Node>> {
        let mut arrays = self.leaves()?;
        arrays.retain(|node| node.kind() == NodeKind::Array);
        Ok(arrays)
    }

    /// Every array and value of the file, in the file's order, groups in depth.
    ///
    /// # Errors
    /// Whatever reading the names needs.
    pub fn leaves(&self) -> Result<Vec<Node>> {
        let mut leaves = self.root().walk()?;
        leaves.retain(|node| node.kind() != NodeKind::Group);
        Ok(leaves)
    }

    /// Reads all of the file into memory; see [`Node::load`].
    ///
    /// # Errors
    /// As `Node::load`.
    pub fn load(&self) -> Result<crate::Tree> {
        self.root().load()
    }
}
