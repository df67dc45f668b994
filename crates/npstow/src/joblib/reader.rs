//! Reading: from a path, from bytes, from any source.
#![forbid(unsafe_code)]

use super::side::Folder;
use super::wrapper::Wrappers;
use crate::packed::{Unpacked, sniff as packing, unpack};
use crate::pickle::{Options, Pickle, from_source_beside, sniff_beside};
use crate::{Buffer, Error, FileSource, Limits, MemorySource, Result, Source, Value};
use std::path::Path;
use std::sync::Arc;

/// Reads the dump in a file, packed or not. The elements of arrays stay there until they are asked
/// for, unless they are packed.
///
/// ```
/// use npstow::joblib;
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("x.joblib");
/// # std::fs::write(&path, b"\x80\x04K\x07.").unwrap();
/// assert_eq!(joblib::open(&path, &Default::default())?.as_int(), Some(7));
/// # Ok::<(), npstow::Error>(())
/// ```
///
/// # Errors
/// `Io`; `Corrupt`, `Limit` or `Unsupported`, with the offset in the unpacked dump, or the name of
/// the file beside that is at fault.
pub fn open(path: impl AsRef<Path>, options: &Options) -> Result<Value> {
    let path = path.as_ref();
    let source = Arc::new(FileSource::open(path)?);
    let folder = path.parent().unwrap_or(Path::new(""));
    from_source(source, Some(folder), options).map_err(|e| e.in_path(path))
}

/// Reads the dump that some bytes are. It may have no files beside it.
///
/// # Errors
/// As [`open`].
pub fn from_bytes(bytes: impl Into<Buffer>, options: &Options) -> Result<Value> {
    from_source(Arc::new(MemorySource::new(bytes)), None, options)
}

/// Reads the dump that a source is. Files beside it, which dumps of joblib up to 0.9 have, are
/// looked for in `folder` and nowhere else.
///
/// # Errors
/// As [`open`].
pub fn from_source(
    source: Arc<dyn Source>,
    folder: Option<&Path>,
    options: &Options,
) -> Result<Value> {
    let source = unpacked(source, options.max())?;
    let mut wrappers = Wrappers::new(Folder::new(folder));
    from_source_beside(source, options, &mut wrappers)
}

/// As much as tells how a source is packed.
pub(super) fn beginning(source: &dyn Source) -> Result<Buffer> {
    let len = usize::try_from(source.len()).map_or(16, |len| len.min(16));
    source.read(0, len).map_err(|e| Error::io("reading the first bytes", e).at(0))
}

/// What a source holds that may be packed.
pub(super) fn unpacked(source: Arc<dyn Source>, limits: &Limits) -> Result<Arc<dyn Source>> {
    match packing(&beginning(&*source)?) {
        Some(packing) => Ok(Arc::new(Unpacked::new(unpack(packing, &*source, limits)?))),
        None => Ok(source),
    }
}

/// A dump as a container.
#[derive(Debug)]
pub(crate) struct Dump {
    pub(crate) pickle: Pickle,
    /// Whether any of joblib's objects was met: else it is a pickle like any other.
    pub(crate) is_joblib: bool,
}

impl Dump {
    /// Opens what is not packed.
    pub(crate) fn open(
        source: Arc<dyn Source>,
        folder: Option<&Path>,
        limits: &Limits,
    ) -> Result<Self> {
        let mut wrappers = Wrappers::new(Folder::new(folder)).leaving_elements();
        let pickle = Pickle::open(source, limits, Some(&mut wrappers))?;
        Ok(Self { pickle, is_joblib: wrappers.met > 0 })
    }
}

/// Whether a file looks like a dump of protocol 0 or 1, which begin with nothing of their own.
pub(crate) fn sniff(source: &dyn Source) -> bool {
    sniff_beside(source, Some(&mut Wrappers::new(Folder::default())))
}
