//! Reading: from a path, from bytes, from any source.
#![forbid(unsafe_code)]

use super::machine::run;
use super::options::Options;
use crate::value::Value;
use crate::{Buffer, FileSource, MemorySource, Result, Source};
use std::path::Path;
use std::sync::Arc;

/// Reads the pickle in a file; long strings and arrays stay there until they are asked for.
///
/// ```
/// use npstow::pickle;
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("x.pkl");
/// # std::fs::write(&path, b"\x80\x04K\x07.").unwrap();
/// assert_eq!(pickle::open(&path, &pickle::Options::default())?.as_int(), Some(7));
/// # Ok::<(), npstow::Error>(())
/// ```
///
/// # Errors
/// `Io`; `Corrupt`, `Limit` or `Unsupported`, with the offset of the opcode.
pub fn open(path: impl AsRef<Path>, options: &Options) -> Result<Value> {
    let path = path.as_ref();
    let source = Arc::new(FileSource::open(path)?);
    from_source(source, options).map_err(|e| e.in_path(path))
}

/// Reads the pickle that some bytes begin with.
///
/// # Errors
/// As [`open`].
pub fn from_bytes(bytes: impl Into<Buffer>, options: &Options) -> Result<Value> {
    from_source(Arc::new(MemorySource::new(bytes)), options)
}

/// Reads the pickle that a source begins with.
///
/// # Errors
/// As [`open`].
pub fn from_source(source: Arc<dyn Source>, options: &Options) -> Result<Value> {
    let done = run(source, 0, options)?;
    Ok(Value::new(Arc::new(done.graph), done.top))
}
