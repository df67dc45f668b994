//! The datasets that virtual ones are made of: each is found and described once, however many
//! parts are of it.
#![forbid(unsafe_code)]

use super::dataset;
use super::file::File;
use super::mapped::{Mapped, too_deep};
use super::object::header;
use super::paths::follow;
use crate::{Entry, Result};
use std::collections::HashMap;
use std::sync::Arc;

/// A dataset of which a virtual one has parts.
#[derive(Clone, Debug)]
pub(super) struct Source {
    /// The number of its file, and its address there.
    pub(super) key: (u64, u64),
    pub(super) entry: Entry,
    /// What it is made of, where it is virtual itself.
    pub(super) nested: Option<Arc<Mapped>>,
}

impl Source {
    /// How many virtual datasets lead from one to the next from here on.
    pub(super) fn height(&self) -> usize {
        self.nested.as_ref().map_or(0, |nested| nested.height)
    }
}

/// A file, and the address of a dataset in it; `None` where one of them is not there.
type Place = Option<(Arc<File>, u64)>;

/// What was found so far for one dataset.
#[derive(Debug, Default)]
pub(super) struct Sources {
    places: HashMap<(u64, String, String), Place>,
    found: HashMap<(u64, u64), Source>,
    /// Parts that name one of them.
    parts: u64,
}

impl Sources {
    /// The dataset of a name in the file of another name; `None` where it or its file is not there.
    pub(super) fn find(
        &mut self,
        file: &Arc<File>,
        names: &(String, String),
        depth: usize,
    ) -> Result<Option<Source>> {
        self.parts += 1;
        file.limits().check_members(self.parts)?;
        let name = (file.number(), names.0.clone(), names.1.clone());
        let place = match self.places.get(&name) {
            Some(place) => place.clone(),
            None => self.places.entry(name).or_insert(place(file, names)?).clone(),
        };
        let Some((other, address)) = place else { return Ok(None) };
        let key = (other.number(), address);
        if let Some(source) = self.found.get(&key) {
            return if source.height() <= depth {
                Ok(Some(source.clone()))
            } else {
                Err(too_deep())
            };
        }
        let header = header::read(&other, address)?;
        let (entry, nested) = dataset::entry_within(&other, &header, (depth, &mut *self))?;
        let source = Source { key, entry, nested };
        self.found.insert(key, source.clone());
        Ok(Some(source))
    }
}

#[cfg(test)]
impl Sources {
    /// How many datasets were described.
    pub(super) fn count(&self) -> usize {
        self.found.len()
    }
}

fn place(file: &Arc<File>, (name, path): &(String, String)) -> Result<Place> {
    let other = match name.as_str() {
        "." => Some(Arc::clone(file)),
        name => file.beside().open(name, file.limits())?,
    };
    let Some(other) = other else { return Ok(None) };
    match follow(&other, other.superblock().root, path) {
        Err(e) if e.kind() == crate::ErrorKind::NotFound => Ok(None),
        address => Ok(Some((other, address?))),
    }
}
