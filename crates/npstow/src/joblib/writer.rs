//! Writing dumps that joblib loads: of trees, and of values that were read.
#![forbid(unsafe_code)]

use super::compress::Compressor;
use crate::packed::Packer;
use crate::pickle::{WriteOptions as PickleOptions, write_between};
use crate::{AtomicFile, Durability, Item, Result, Sink, Tree, Value};
use std::path::Path;

/// How a dump is written.
///
/// ```
/// use npstow::joblib::{self, Compressor, WriteOptions};
/// let value = npstow::pickle::from_bytes(b"(I1\nI2\nt.".to_vec(), &Default::default())?;
/// let packed = WriteOptions::default().compress(Compressor::Gzip, Some(9));
/// let bytes = joblib::to_bytes(&value, &packed)?;
/// assert!(bytes.starts_with(b"\x1f\x8b"));
/// assert_eq!(joblib::from_bytes(bytes, &Default::default())?.to_string(), "(1, 2)");
/// # Ok::<(), npstow::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct WriteOptions {
    compressor: Compressor,
    level: Option<u8>,
    pickle: PickleOptions,
}

impl WriteOptions {
    /// What packs the dump, and how hard it tries; without a level, as it usually does.
    #[must_use]
    pub fn compress(mut self, compressor: Compressor, level: Option<u8>) -> Self {
        (self.compressor, self.level) = (compressor, level);
        self
    }

    /// How the objects are written: the protocol, 4 by default, whether only data are, and what is
    /// waited for.
    #[must_use]
    pub fn pickle(mut self, options: PickleOptions) -> Self {
        self.pickle = options;
        self
    }

    /// The protocol, 2 to 5.
    #[must_use]
    pub fn protocol(mut self, protocol: u8) -> Self {
        self.pickle = self.pickle.protocol(protocol);
        self
    }

    /// What is waited for before the file counts as saved.
    #[must_use]
    pub fn durability(mut self, durability: Durability) -> Self {
        self.pickle = self.pickle.durability(durability);
        self
    }

    fn check(&self) -> Result<()> {
        self.compressor.method(self.level)?;
        self.pickle.check()
    }
}

/// A value as the bytes of a dump.
///
/// # Errors
/// `Unsupported` for what the protocol cannot hold, or a level that the compressor has not;
/// whatever reading arrays needs.
pub fn to_bytes(value: &Value, options: &WriteOptions) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    write_to(&mut bytes, &Tree::from(Item::try_from(value)?), options)?;
    Ok(bytes)
}

/// Writes a tree to a file, atomically: groups are dictionaries, one thing without a name is
/// itself. The path's extension has no say in how it is packed; see [`Compressor::of_path`].
///
/// # Errors
/// As [`to_bytes`]; `Io`.
pub fn write(path: impl AsRef<Path>, tree: &Tree, options: &WriteOptions) -> Result<()> {
    let path = path.as_ref();
    options.check()?;
    let mut file = AtomicFile::create(path, options.pickle.durability)?;
    write_to(&mut file, tree, options).map_err(|e| e.in_path(path))?;
    file.commit()
}

/// Writes a tree to a sink: memory, or a pipe by [`WriteSink`](crate::WriteSink).
///
/// # Errors
/// As [`write()`].
pub fn write_to(sink: &mut dyn Sink, tree: &Tree, options: &WriteOptions) -> Result<()> {
    options.check()?;
    let Some((method, level)) = options.compressor.method(options.level)? else {
        return write_between(sink, tree, &options.pickle, true);
    };
    let mut packer = Packer::new(method, level, sink)?;
    write_between(&mut packer, tree, &options.pickle, false)?;
    packer.finish()
}
