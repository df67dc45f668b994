//! How a dump is packed: joblib's `compress`.
#![forbid(unsafe_code)]

use crate::packed::Method;
use crate::{Error, Result};
use std::fmt;
use std::path::Path;

/// What packs a dump; all of these joblib unpacks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Compressor {
    /// Nothing: arrays can be mapped where they are.
    #[default]
    None,
    /// zlib; levels 1 to 12, 3 by default.
    Zlib,
    /// gzip; levels 1 to 12, 3 by default.
    Gzip,
    /// bzip2; levels 1 to 9, 9 by default.
    Bzip2,
    /// LZMA in its older file format; levels 0 to 9, 6 by default. Only one core can pack it.
    Lzma,
    /// xz; levels 0 to 9, 6 by default.
    Xz,
    /// lz4; levels 0 to 2, which are the same: the slow ones are not there.
    Lz4,
}

impl Compressor {
    /// joblib's name for it: `zlib`, `gzip`, `bz2`, `lzma`, `xz`, `lz4`; `none`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Zlib => "zlib",
            Self::Gzip => "gzip",
            Self::Bzip2 => "bz2",
            Self::Lzma => "lzma",
            Self::Xz => "xz",
            Self::Lz4 => "lz4",
        }
    }

    /// The one that joblib calls so.
    ///
    /// ```
    /// use npstow::joblib::Compressor;
    /// assert_eq!(Compressor::of_name("bz2"), Some(Compressor::Bzip2));
    /// assert_eq!(Compressor::of_name("zip"), None);
    /// ```
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        let all =
            [Self::None, Self::Zlib, Self::Gzip, Self::Bzip2, Self::Lzma, Self::Xz, Self::Lz4];
        all.into_iter().find(|compressor| compressor.name() == name)
    }

    /// The one that joblib chooses for a path, by its extension: `.z`, `.gz`, `.bz2`, `.lzma`,
    /// `.xz`, `.lz4`.
    ///
    /// ```
    /// use npstow::joblib::Compressor;
    /// assert_eq!(Compressor::of_path("x.pkl.gz"), Some(Compressor::Gzip));
    /// assert_eq!(Compressor::of_path("x.joblib"), None);
    /// ```
    #[must_use]
    pub fn of_path(path: impl AsRef<Path>) -> Option<Self> {
        Some(match path.as_ref().extension()?.to_str()? {
            "z" => Self::Zlib,
            "gz" => Self::Gzip,
            "bz2" => Self::Bzip2,
            "lzma" => Self::Lzma,
            "xz" => Self::Xz,
            "lz4" => Self::Lz4,
            _ => return None,
        })
    }

    /// The way to pack, and the level; none where nothing is packed.
    pub(super) fn method(self, level: Option<u8>) -> Result<Option<(Method, u8)>> {
        let (method, levels, usual) = match self {
            Self::None if level.is_some_and(|level| level > 0) => {
                return Err(Error::invalid("a level without a compressor"));
            }
            Self::None => return Ok(None),
            Self::Zlib => (Method::Zlib, 1..=12, 3),
            Self::Gzip => (Method::Gzip, 1..=12, 3),
            Self::Bzip2 => (Method::Bzip2, 1..=9, 9),
            Self::Lzma => (Method::Lzma, 0..=9, 6),
            Self::Xz => (Method::Xz, 0..=9, 6),
            Self::Lz4 => (Method::Lz4, 0..=2, 0),
        };
        let level = level.unwrap_or(usual);
        if !levels.contains(&level) {
            let (from, to) = (levels.start(), levels.end());
            let what = format_args!("level {level} of {self} ({from} to {to})");
            return Err(Error::unsupported(what));
        }
        Ok(Some((method, level)))
    }
}

impl fmt::Display for Compressor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
