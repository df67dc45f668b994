//! Rows added to an array in place, whatever the format.
#![forbid(unsafe_code)]

use super::{Format, split_place};
use crate::{Array, Dtype, Durability, Error, Result};
use std::path::Path;

/// Adds the rows of `array` to the first axis of an array in place: of an NPY file, or of a dataset
/// within an HDF5 file, typed as `run.h5:event/hit`.
///
/// ```
/// use npstow::Array;
/// # #[cfg(feature = "npy")] {
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("x.npy");
/// npstow::npy::write(&path, &Array::from_vec(vec![1u16, 2]))?;
/// npstow::append(&path, &Array::from_vec(vec![3u16]))?;
/// assert_eq!(npstow::open(&path)?.get("")?.read()?.as_slice::<u16>()?, [1, 2, 3]);
/// # }
/// # Ok::<(), npstow::Error>(())
/// ```
///
/// # Errors
/// As [`Appender::open`] and [`Appender::push`].
pub fn append(place: impl AsRef<Path>, array: &Array) -> Result<()> {
    let mut appender = Appender::open(place)?;
    appender.push(array)?;
    appender.finish().map(drop)
}

/// An array of a file, open for more rows.
///
/// Rows count when [`commit`](Self::commit) or [`finish`](Self::finish) says so; those pushed
/// after the last commit are taken back when the appender is dropped. While it is open, other
/// appenders to the same file are refused. What a commit costs is said where the formats have
/// theirs: `npy::Appender`, `hdf5::Appender`.
#[derive(Debug)]
pub struct Appender(Kind);

#[derive(Debug)]
enum Kind {
    #[cfg(feature = "npy")]
    Npy(Box<crate::npy::Appender>),
    #[cfg(feature = "hdf5")]
    Hdf5(Box<crate::hdf5::Appender>),
}

/// Does the same with an appender of either format.
macro_rules! either {
    ($kind:expr, $appender:ident => $does:expr) => {
        match $kind {
            #[cfg(feature = "npy")]
            Kind::Npy($appender) => $does,
            #[cfg(feature = "hdf5")]
            Kind::Hdf5($appender) => $does,
            #[cfg(not(any(feature = "npy", feature = "hdf5")))]
            #[allow(unreachable_patterns)]
            _ => unreachable!("no format can be appended to"),
        }
    };
}

impl Appender {
    /// Opens an array for more rows.
    ///
    /// # Errors
    /// As those of the formats; `Unsupported` for other formats, by name, and for a part of a
    /// file that is no dataset of HDF5.
    pub fn open(place: impl AsRef<Path>) -> Result<Self> {
        Self::open_with(place, Durability::default())
    }

    /// As [`open`](Self::open), with a choice of what each commit waits for.
    ///
    /// # Errors
    /// As `open`.
    pub fn open_with(place: impl AsRef<Path>, durability: Durability) -> Result<Self> {
        let place = place.as_ref();
        let (path, name) = match place.to_str() {
            Some(typed) => split_place(typed),
            // Names inside files are Unicode, so this can only be a path.
            None => (place.to_owned(), None),
        };
        match name.filter(|name| !name.is_empty()) {
            Some(name) => Self::within(&path, &name, durability),
            None => Self::alone(&path, durability),
        }
    }

    /// An array within a file.
    fn within(path: &Path, name: &str, durability: Durability) -> Result<Self> {
        let format = super::open(path)?.format();
        if format != Format::Hdf5 {
            let what = "adding rows within another file than one of HDF5: write it anew, and \
                        replace it";
            return Err(Error::unsupported(what).in_member(name).in_path(path));
        }
        #[cfg(feature = "hdf5")]
        return crate::hdf5::Appender::open_with(path, name, durability)
            .map(|appender| Self(Kind::Hdf5(Box::new(appender))));
        #[cfg(not(feature = "hdf5"))]
        {
            let _ = durability;
            Err(Error::unsupported("HDF5 in this build").in_path(path))
        }
    }

    /// The array that a file is.
    fn alone(path: &Path, durability: Durability) -> Result<Self> {
        #[cfg(feature = "npy")]
        let opened = crate::npy::Appender::open_with(path, durability)
            .map(|appender| Self(Kind::Npy(Box::new(appender))));
        #[cfg(not(feature = "npy"))]
        let opened = {
            let _ = durability;
            Err(Error::unsupported("NPY in this build").in_path(path))
        };
        opened.map_err(|e| other_format(path, e))
    }

    /// The format of the file: [`Format::Npy`] or [`Format::Hdf5`].
    #[must_use]
    pub fn format(&self) -> Format {
        match self.0 {
            #[cfg(feature = "npy")]
            Kind::Npy(_) => Format::Npy,
            #[cfg(feature = "hdf5")]
            Kind::Hdf5(_) => Format::Hdf5,
            #[cfg(not(any(feature = "npy", feature = "hdf5")))]
            _ => unreachable!("no format can be appended to"),
        }
    }

    /// What the elements are.
    #[must_use]
    pub fn dtype(&self) -> &Dtype {
        either!(&self.0, appender => appender.dtype())
    }

    /// The shape of a row.
    #[must_use]
    pub fn row_shape(&self) -> &[usize] {
        either!(&self.0, appender => appender.row_shape())
    }

    /// How many rows the array has, those not committed included.
    #[must_use]
    pub fn rows(&self) -> usize {
        either!(&self.0, appender => appender.rows())
    }

    /// Adds the rows of an array of shape `(n, *row_shape)`, or one row of shape `row_shape`.
    ///
    /// # Errors
    /// `Mismatch` for another dtype (byte order aside) or shape; `Io`.
    pub fn push(&mut self, array: &Array) -> Result<()> {
        either!(&mut self.0, appender => appender.push(array))
    }

    /// Makes the rows that were pushed count.
    ///
    /// # Errors
    /// `Io`, also where another file has taken the place of this one meanwhile; the file then has
    /// the rows of the commit before.
    pub fn commit(&mut self) -> Result<()> {
        either!(&mut self.0, appender => appender.commit())
    }

    /// Commits what was pushed and closes the file; says how many rows the array has.
    ///
    /// # Errors
    /// As [`commit`](Self::commit).
    pub fn finish(self) -> Result<usize> {
        either!(self.0, appender => appender.finish())
    }
}

/// Why a file was not taken for an NPY file: where it is of another format, that is all there is to
/// say.
fn other_format(path: &Path, error: Error) -> Error {
    if !path.is_file() && !path.is_dir() {
        return error;
    }
    match super::open(path).map(|file| file.format()) {
        Ok(Format::Npy) => error,
        Ok(Format::Hdf5) => {
            let file = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
            let file = crate::error::quoted(&file);
            let what = format!(
                "adding rows to a file of HDF5 as a whole: name a dataset of it, as {file}:NAME"
            );
            Error::unsupported(what).in_path(path)
        }
        Ok(format) => {
            let what = format!("adding rows to what is of the format {format}");
            Error::unsupported(what).in_path(path)
        }
        Err(e) if e.kind() == crate::ErrorKind::Unsupported => e.in_path(path),
        Err(_) => error,
    }
}

#[cfg(all(test, feature = "npy", feature = "hdf5"))]
mod tests {
    use super::*;
    use crate::{ErrorKind, Tree, hdf5};

    #[test]
    fn both_formats_grow_and_others_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        let array = Array::from_vec(vec![1u8, 2]);
        crate::npy::write(at("x.npy"), &array).unwrap();
        let storage = hdf5::Storage::chunked(&[8]).resizable(&[None]);
        let draft = hdf5::Draft::new(Tree::new().with("a/x", array.clone()).unwrap());
        let draft = draft.storage("a/x", storage).unwrap();
        draft.write(at("x.h5"), &hdf5::WriteOptions::default()).unwrap();
        for place in ["x.npy", "x.h5:a/x", "x.h5:/a/x"] {
            let mut appender = Appender::open(at(place)).unwrap();
            assert_eq!((appender.rows() % 2, appender.row_shape()), (0, &[][..]));
            assert_eq!(appender.dtype().to_string(), "|u1");
            let rows = appender.rows();
            appender.push(&array).unwrap();
            appender.commit().unwrap();
            assert_eq!(appender.finish().unwrap(), rows + 2);
            append(at(place), &array).unwrap();
        }
        let read = |name: &str, place| crate::open(at(name)).unwrap().get(place).unwrap().read();
        assert_eq!(read("x.npy", "").unwrap().as_slice::<u8>().unwrap(), [1, 2, 1, 2, 1, 2]);
        assert_eq!(read("x.h5", "a/x").unwrap().len(), 10);
        let kind = |place: &str| append(at(place), &array).unwrap_err().kind();
        assert_eq!(kind("x.h5"), ErrorKind::Unsupported);
        assert_eq!(kind("x.npy:a"), ErrorKind::Unsupported);
        assert_eq!(kind("x.h5:b"), ErrorKind::NotFound);
        assert_eq!(kind("none.npy"), ErrorKind::Io);
    }
}
