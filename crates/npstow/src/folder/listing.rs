//! The names in one folder.
#![forbid(unsafe_code)]

use super::root::{Kind, Root};
use crate::Result;
use crate::notes::{GROUP, Sidecar};
use std::borrow::Cow;
use std::cell::Cell;
use std::ffi::{OsStr, OsString};
use std::path::Path;

/// The names in a folder; each is taken once.
#[derive(Default)]
pub(super) struct Listing {
    names: Vec<(OsString, Kind, Cell<bool>)>,
    /// Whether any of them is that of a text file beside an array.
    has_texts: bool,
    /// Where the last name was found.
    last: Cell<usize>,
}

impl Listing {
    pub(super) fn read(root: &Root, path: &Path) -> Result<Self> {
        let names = root.list(path)?;
        let beside = |name: &OsString| {
            Sidecar::split(name.to_str().unwrap_or_default()).is_some_and(|(stem, _)| stem != GROUP)
        };
        let has_texts = names.iter().any(|(name, _)| beside(name));
        let names = names.into_iter().map(|(name, kind)| (name, kind, Cell::new(false))).collect();
        Ok(Self { names, has_texts, last: Cell::new(0) })
    }

    fn at(&self, name: &str) -> Option<&(OsString, Kind, Cell<bool>)> {
        let order =
            |entry: &(OsString, Kind, Cell<bool>)| entry.0.as_os_str().cmp(OsStr::new(name));
        // Most indexes are sorted: what is asked for is where the last one was, or behind it.
        let last = self.last.get();
        let near = (last..last.saturating_add(2))
            .find(|&at| self.names.get(at).is_some_and(|entry| order(entry).is_eq()));
        let at = near.or_else(|| self.names.binary_search_by(order).ok())?;
        self.last.set(at);
        self.names.get(at)
    }

    /// The text files beside an array.
    pub(super) fn beside(&self, stem: &str) -> Vec<Sidecar> {
        if !self.has_texts {
            return Vec::new();
        }
        let there = |kind: &Sidecar| self.take_file(&format!("{stem}{}", kind.ending()));
        Sidecar::ALL.into_iter().filter(there).collect()
    }

    pub(super) fn kind(&self, name: &str) -> Option<Kind> {
        self.at(name).map(|entry| entry.1)
    }

    /// What the name is, and that it has been dealt with.
    pub(super) fn take(&self, name: &str) -> Option<Kind> {
        let (_, kind, taken) = self.at(name)?;
        taken.set(true);
        Some(*kind)
    }

    /// Whether there is a file, or a link that may lead to one; deals with it.
    pub(super) fn take_file(&self, name: &str) -> bool {
        matches!(self.take(name), Some(Kind::File | Kind::Link))
    }

    /// Whether every name is such a one.
    pub(super) fn all(&self, fits: impl Fn(Option<&str>) -> bool) -> bool {
        self.names.iter().all(|(name, _, _)| fits(name.to_str()))
    }

    /// What has not been dealt with.
    pub(super) fn rest(&self) -> impl Iterator<Item = (&OsStr, Kind)> {
        self.names.iter().filter(|entry| !entry.2.get()).map(|entry| (entry.0.as_os_str(), entry.1))
    }
}

/// A name as text; bytes that are no text are written out.
pub(super) fn text_of(name: &OsStr) -> Cow<'_, str> {
    match name.to_str() {
        Some(text) => text.into(),
        None => name.as_encoded_bytes().escape_ascii().to_string().into(),
    }
}
