//! Reading: from a path, a source; one member by its name, or all of them.
#![forbid(unsafe_code)]

use super::container::Npz;
use crate::container::{Container, no_path};
use crate::{Array, Entry, Error, FileSource, Limits, Loaded, Result, Source, Tree, Wrap};
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Opens an NPZ archive; only its directory is read.
///
/// # Errors
/// `Io`; `Corrupt` where there is no directory, its members overlap, or a name has a NUL; `Limit`; `Unsupported` for archives in several parts.
pub fn open(path: impl AsRef<Path>) -> Result<Reader> {
    let path = path.as_ref();
    let opened = || open_source(Arc::new(FileSource::open(path)?), &Limits::default());
    let mut reader = opened().map_err(|e| e.in_path(path))?;
    reader.path = Some(path.to_owned());
    Ok(reader)
}

/// Opens an NPZ archive in any source.
///
/// # Errors
/// As [`open`].
pub fn open_source(source: Arc<dyn Source>, limits: &Limits) -> Result<Reader> {
    Ok(Reader { npz: Npz::open(source, limits)?, path: None })
}

/// Reads all arrays of an NPZ archive into memory, checksums verified.
///
/// Members that are no arrays are left out; [`crate::open()`] lists them as well.
///
/// # Errors
/// As [`open`] and [`Reader::read_all`]; `Exists` or `Invalid` where two names do not fit into one
/// tree; `Unsupported` for a name that is no path (`../x`).
pub fn read(path: impl AsRef<Path>) -> Result<Tree> {
    let path = path.as_ref();
    let mut tree = Tree::new();
    let reader = open(path)?;
    if let Some(odd) = reader.npz.odd_array() {
        return Err(reader.placed(no_path(odd), odd));
    }
    for (name, array) in reader.read_all()? {
        tree.insert(&name, array).map_err(|e| e.in_member(&name).in_path(path))?;
    }
    Ok(tree)
}

/// An open archive: its arrays by name, of which nothing is read until it is asked for.
///
/// A name is that of the member without `.npy`, as NumPy has it; slashes stay as they are.
///
/// ```
/// use npstow::{Array, Tree, npz};
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("run.npz");
/// npz::write(&path, &Tree::new().with("x", Array::from_vec(vec![1i64, 2]))?)?;
/// let archive = npz::open(&path)?;
/// assert_eq!(archive.names().collect::<Vec<_>>(), ["x"]);
/// assert_eq!(archive.read("x")?.as_slice::<i64>()?, [1, 2]);
/// let last = archive.entry("x")?.read_slice(&"-1:".parse()?)?;
/// assert_eq!(last.as_slice::<i64>()?, [2]);
/// # Ok::<(), npstow::Error>(())
/// ```
pub struct Reader {
    npz: Npz,
    path: Option<PathBuf>,
}

impl Reader {
    /// The names of all arrays and other members, in the archive's order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.npz.listed().map(|(name, _)| name)
    }

    /// The names of all members as they are stored, `.npy` included, in the archive's order: notes
    /// and empty groups, too.
    pub fn members(&self) -> impl Iterator<Item = &str> {
        let directory = self.npz.archive().directory();
        directory.members().iter().map(|member| directory.name(member))
    }

    /// Which of the [`members`](Self::members) has a name: the one that is stored under it, else
    /// the one with `.npy`. It is an array unless [`is_array`](Self::is_array) says otherwise.
    ///
    /// # Errors
    /// `Corrupt` where several members have the name.
    pub fn position(&self, name: &str) -> Result<Option<usize>> {
        self.npz.member(name).map_err(|e| self.placed(e, name))
    }

    /// Whether a member is an array: it is called `.npy`, or begins as one. Of others, `entry`
    /// describes the bytes.
    ///
    /// # Errors
    /// `NotFound`; `Corrupt` where several members have the name.
    pub fn is_array(&self, name: &str) -> Result<bool> {
        let index = self.npz.named(name).map_err(|e| self.placed(e, name))?;
        Ok(self.npz.kind(self.npz.id(index)) == crate::NodeKind::Array)
    }

    /// The archive's comment, as its bytes.
    #[must_use]
    pub fn comment(&self) -> &[u8] {
        self.npz.archive().directory().comment()
    }

    /// The description of an array. A member that is no array is described as its bytes.
    ///
    /// # Errors
    /// `NotFound`; `Corrupt` where several members have the name, or the member's own header and
    /// the directory do not agree; `Unsupported` for encrypted members, and for methods that
    /// this build does not unpack.
    pub fn entry(&self, name: &str) -> Result<Entry> {
        let entry = self.npz.named(name).and_then(|index| self.npz.entry(self.npz.id(index)));
        entry.map_err(|e| self.placed(e, name))
    }

    /// The descriptions of many arrays and other members, as [`entry`](Self::entry) has them: what
    /// lies side by side in the file comes with one read.
    ///
    /// # Errors
    /// As `entry`, of one of those that have one.
    pub fn entries(&self, names: &[&str]) -> Result<Vec<Entry>> {
        self.npz.entries(&self.ids(names)?).map_err(|(at, e)| {
            let name = names.get(at).copied().unwrap_or_default();
            self.placed(e, name)
        })
    }

    /// A member as the bytes that it is, whatever it is: of an array, its whole `.npy`. So is an
    /// array of objects had, for somebody who trusts its pickle.
    ///
    /// # Errors
    /// As [`entry`](Self::entry).
    pub fn bytes_of(&self, name: &str) -> Result<Entry> {
        let entry = self.npz.named(name).and_then(|index| self.npz.bytes_of(index));
        entry.map_err(|e| self.placed(e, name))
    }

    /// Reads an array into new memory; its checksum is verified.
    ///
    /// # Errors
    /// As [`entry`](Self::entry) and [`Entry::read`].
    pub fn read(&self, name: &str) -> Result<Array> {
        self.entry(name)?.read().map_err(|e| self.placed(e, name))
    }

    /// Shows a stored array where it lies in the mapped file; see [`Entry::view`] for the caveat.
    /// Its checksum is not looked at.
    ///
    /// # Errors
    /// As [`entry`](Self::entry) and `Entry::view`.
    pub fn view(&self, name: &str) -> Result<Array> {
        self.entry(name)?.view().map_err(|e| self.placed(e, name))
    }

    /// Reads all arrays, in the archive's order: with few, large reads, and on all cores.
    ///
    /// Small arrays share an allocation, which lives as long as any of them.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_all(&self) -> Result<Vec<(String, Array)>> {
        let listed = self.npz.listed().map(|(name, index)| (name, self.npz.id(index)));
        let arrays = listed.filter(|(_, id)| self.npz.kind(*id) == crate::NodeKind::Array);
        let (names, ids): (Vec<&str>, Vec<u64>) = arrays.unzip();
        let failed = |(at, e): (usize, Error)| {
            let name = names.get(at).copied().unwrap_or_default();
            self.placed(e, name)
        };
        let arrays = self.npz.load(&ids).map_err(failed)?;
        Ok(names.iter().map(|&name| name.to_owned()).zip(arrays).collect())
    }

    /// Reads many of the [`members`](Self::members), which are called by their places, into memory
    /// that nobody else has, through what `wrap` makes of the file: one that counts, or asks
    /// whether to go on. What is there of a small array is shared with its neighbours; see
    /// [`Loaded`].
    ///
    /// # Errors
    /// As [`read`](Self::read), of one of those that have one.
    pub fn load_own(&self, places: Range<usize>, wrap: Wrap<'_>) -> Result<Loaded> {
        let name = |at: usize| self.member(at).map_or("", |(name, _)| name);
        let place = |at| match self.npz.alone(at) {
            Ok(()) => Ok(self.npz.id(at)),
            Err(e) => Err(self.placed(e, name(at))),
        };
        let ids = places.clone().map(place).collect::<Result<Vec<u64>>>()?;
        let placed = |(at, e): (usize, Error)| self.placed(e, name(places.start + at));
        self.npz.load_own(&ids, wrap).map_err(placed)
    }

    /// The description of one of the [`members`](Self::members), and whether it is an array; else
    /// its bytes are described.
    ///
    /// # Errors
    /// As [`entry`](Self::entry).
    pub fn describe(&self, place: usize) -> Result<(Entry, bool)> {
        let id = self.npz.id(place);
        let entry = self.npz.alone(place).and_then(|()| self.npz.entry(id)).map_err(|e| {
            let name = self.member(place).map_or("", |(name, _)| name);
            self.placed(e, name)
        })?;
        Ok((entry, self.npz.kind(id) == crate::NodeKind::Array))
    }

    /// One of the [`members`](Self::members), and its unpacked size in bytes, header included.
    #[must_use]
    pub fn member(&self, place: usize) -> Option<(&str, u64)> {
        let directory = self.npz.archive().directory();
        let member = directory.members().get(place)?;
        Some((directory.name(member), member.unpacked_len))
    }

    fn ids(&self, names: &[&str]) -> Result<Vec<u64>> {
        let id = |&name: &&str| match self.npz.named(name) {
            Ok(index) => Ok(self.npz.id(index)),
            Err(e) => Err(self.placed(e, name)),
        };
        names.iter().map(id).collect()
    }

    fn placed(&self, e: Error, name: &str) -> Error {
        let e = e.in_member(name);
        match &self.path {
            Some(path) => e.in_path(path),
            None => e,
        }
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let members = self.npz.archive().directory().members().len();
        write!(f, "Reader({:?}, {members} members)", self.path)
    }
}
