//! Which format a file is in: one table, by content; the name only breaks ties.
#![forbid(unsafe_code)]

use crate::error::quoted;
use crate::{Buffer, Error, Result, Source};
use std::fmt;
use std::path::Path;

/// A way in which NumPy data are kept at rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// One array: `np.save`.
    Npy,
    /// A zip archive of arrays: `np.savez`.
    Npz,
    /// A folder of `.npy` files.
    Folder,
    /// Python's `pickle`.
    Pickle,
    /// `joblib.dump`.
    Joblib,
    /// HDF5.
    Hdf5,
    /// `torch.save`.
    Torch,
    /// Python's `shelve`.
    Shelve,
}

impl Format {
    /// The name in listings: `npy`, `npz`, `folder`, `pickle`, `joblib`, `hdf5`, `torch`,
    /// `shelve`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Npy => "npy",
            Self::Npz => "npz",
            Self::Folder => "folder",
            Self::Pickle => "pickle",
            Self::Joblib => "joblib",
            Self::Hdf5 => "hdf5",
            Self::Torch => "torch",
            Self::Shelve => "shelve",
        }
    }

    /// The format that a path to be written names: by its extension, or a folder where it ends in
    /// a slash or has no extension.
    #[must_use]
    pub fn of_path(path: &Path) -> Option<Self> {
        if path.as_os_str().to_string_lossy().ends_with('/') {
            return Some(Self::Folder);
        }
        let Some(extension) = path.extension() else { return Some(Self::Folder) };
        let extension = extension.to_str()?.to_ascii_lowercase();
        // joblib's own way of saying how a dump is packed.
        if matches!(&*extension, "z" | "gz" | "bz2" | "xz" | "lzma" | "lz4") {
            let inner = Path::new(path.file_stem()?);
            let is_joblib = inner.extension().is_some_and(|e| e.eq_ignore_ascii_case("joblib"));
            return is_joblib.then_some(Self::Joblib);
        }
        Some(match &*extension {
            "npy" => Self::Npy,
            "npz" => Self::Npz,
            "pkl" | "pickle" => Self::Pickle,
            "joblib" => Self::Joblib,
            "pt" | "pth" => Self::Torch,
            // Not "nc" and "mat": netCDF and MATLAB have rules of their own for what is in HDF5.
            "h5" | "hdf5" | "hdf" => Self::Hdf5,
            _ => return None,
        })
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The error for a format that is known and not read, or not written.
pub(super) fn lacks(doing: &str, format: Format) -> Error {
    let why = match format {
        Format::Npy
        | Format::Npz
        | Format::Folder
        | Format::Pickle
        | Format::Joblib
        | Format::Hdf5 => {
            format!(" (this build is without the feature '{format}')")
        }
        Format::Torch | Format::Shelve => String::new(),
    };
    Error::unsupported(format_args!("{doing} the format {format}{why}"))
}

/// First bytes that tell a format or a packing that is not read.
const MAGICS: &[(&[u8], &str)] = &[
    (b"\x1f\x8b", "a gzip file"),
    (b"BZh", "a bzip2 file"),
    (b"\xfd7zXZ\0", "an xz file"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard file"),
    (b"\x04\x22\x4d\x18", "an lz4 file"),
    (b"\x0e\x03\x13\x01", "an HDF4 file"),
    (b"CDF\x01", "a netCDF-3 file"),
    (b"CDF\x02", "a netCDF-3 file"),
    (b"CDF\x05", "a netCDF-3 file"),
];

/// How many bytes are read to tell the format: what an archive begins with is in them, too.
const START: usize = 256;

/// The first bytes, as many as it takes to tell the format.
pub(super) fn start(source: &dyn Source) -> Result<Buffer> {
    let len = usize::try_from(source.len()).map_or(START, |len| len.min(START));
    source.read(0, len).map_err(|e| Error::io("reading the first bytes", e))
}

/// Tells the format; `start` is what the source begins with.
pub(super) fn detect(source: &dyn Source, path: &Path, start: &[u8]) -> Result<Format> {
    #[cfg(feature = "torch")]
    if crate::torch::sniff(start) {
        return Ok(Format::Torch);
    }
    #[cfg(feature = "shelve")]
    if crate::shelve::sniff(start) {
        return Ok(Format::Shelve);
    }
    let start = start.get(..8).unwrap_or(start);
    #[cfg(feature = "npy")]
    if crate::npy::sniff(start) {
        return Ok(Format::Npy);
    }
    if start.starts_with(b"PK\x03\x04") || start.starts_with(b"PK\x05\x06") {
        return Ok(Format::Npz);
    }
    if is_hdf5(source) {
        return Ok(Format::Hdf5);
    }
    // pickletools PROTO: protocols 2 to 5 begin with it. A dump of joblib without arrays is a
    // pickle like any other: then the name says which of both it is.
    let named = Format::of_path(path);
    if matches!(start[..], [0x80, 2..=5, ..]) {
        return Ok(named.filter(|format| *format == Format::Joblib).unwrap_or(Format::Pickle));
    }
    if is_tar(source) {
        let what = "a tar archive (PyTorch's checkpoints were such before 0.2)";
        return Err(Error::unsupported(what));
    }
    if let Some((_, what)) = MAGICS.iter().find(|(magic, _)| start.starts_with(magic)) {
        return Err(Error::unsupported(what));
    }
    #[cfg(feature = "joblib")]
    use crate::joblib::sniff;
    #[cfg(all(feature = "pickle", not(feature = "joblib")))]
    use crate::pickle::sniff;
    #[cfg(feature = "pickle")]
    if named.is_none_or(|format| format == Format::Folder) && sniff(source) {
        return Ok(Format::Pickle);
    }
    // The name breaks the tie: its parser says what is wrong.
    match named {
        Some(format @ (Format::Npy | Format::Npz | Format::Pickle | Format::Joblib)) => Ok(format),
        // An archive is found from its end: something else may stand in front of it.
        _ if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("zip")) => Ok(Format::Npz),
        _ if start.is_empty() => Err(Error::corrupt("a file of arrays", "an empty file").at(0)),
        _ => {
            let found = quoted(&start.escape_ascii().to_string());
            Err(Error::corrupt("a file of arrays", format_args!("'{found}'")).at(0))
        }
    }
}

/// POSIX ustar: the magic stands at 257.
fn is_tar(source: &dyn Source) -> bool {
    let mut magic = [0; 5];
    source.len() >= 512 && source.read_into(257, &mut magic).is_ok() && magic == *b"ustar"
}

/// HDF5 II.A: the signature is at 0 or at 512, 1024, 2048 ...
fn is_hdf5(source: &dyn Source) -> bool {
    let mut offset = 0;
    while offset + 8 <= source.len() {
        let mut signature = [0; 8];
        if source.read_into(offset, &mut signature).is_ok() && signature == *b"\x89HDF\r\n\x1a\n" {
            return true;
        }
        offset = if offset == 0 { 512 } else { offset * 2 };
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemorySource;

    #[test]
    fn the_content_decides_and_the_name_breaks_ties() {
        let told = |bytes: &[u8], path: &str| {
            let told = detect(&MemorySource::new(bytes.to_vec()), Path::new(path), bytes);
            told.map(Format::name)
        };
        assert_eq!(told(b"PK\x03\x04", "x.npy").unwrap(), "npz");
        assert_eq!(told(b"\x89HDF\r\n\x1a\n", "x").unwrap(), "hdf5");
        let mut late = vec![0; 2048];
        late.extend_from_slice(b"\x89HDF\r\n\x1a\n");
        assert_eq!(told(&late, "x").unwrap(), "hdf5");
        assert_eq!(told(b"\x80\x04\x95", "x.bin").unwrap(), "pickle");
        assert_eq!(told(b"", "x.npy").unwrap(), "npy");
        assert_eq!(told(b"#!/bin/sh\n", "x.npz").unwrap(), "npz");
        assert_eq!(told(b"#!/bin/sh\n", "x.ZIP").unwrap(), "npz");
        assert!(told(b"", "x.txt").is_err());
        let e = told(b"\x1f\x8b\x08", "x.npy.gz").unwrap_err();
        assert_eq!(e.to_string(), "not supported: a gzip file");
        let e = told(b"hello\x1b[2J", "x.txt").unwrap_err();
        assert_eq!(e.to_string(), "at byte 0: expected a file of arrays, found 'hello\\x1b[2'");
    }

    #[test]
    fn extensions_name_formats() {
        let of = |path| Format::of_path(Path::new(path));
        assert_eq!(of("a/b.npy"), Some(Format::Npy));
        assert_eq!(of("a/b.H5"), Some(Format::Hdf5));
        assert_eq!(of("a/b"), Some(Format::Folder));
        assert_eq!(of("a/b.d/"), Some(Format::Folder));
        assert_eq!([of("a/b.txt"), of("a/b.mat"), of("a/b.nc")], [None; 3]);
        assert_eq!(of("a/b.joblib.GZ"), Some(Format::Joblib));
        assert_eq!(of("a/b.pkl.gz"), None);
    }
}
