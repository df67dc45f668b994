//! Where objects of other files lie in a new one: what references to them become.
#![forbid(unsafe_code)]

use super::file::File;
use crate::entry::Place;
use crate::error::quoted;
use crate::{Error, Result};
use std::collections::HashMap;

/// The headers of a file that is being put together. References may lead to what is written later:
/// so it is put together twice, if anything refers to anything, and all are known the second time.
#[derive(Debug, Default)]
pub(super) struct Headers {
    /// Which objects they were, their paths in the new file, and their addresses.
    written: Vec<(Place, String, u64)>,
    known: Option<HashMap<Place, Vec<(String, u64)>>>,
    was_asked: bool,
}

impl Headers {
    /// Keeps in mind where an object was written that may be one of another file.
    pub(super) fn keep(&mut self, place: Option<Place>, path: &str, header: u64) {
        self.written.extend(place.map(|place| (place, path.to_owned(), header)));
    }

    /// What is known the second time; none if nobody asked.
    pub(super) fn known(self) -> Option<Self> {
        if !self.was_asked {
            return None;
        }
        let mut known: HashMap<Place, Vec<(String, u64)>> = HashMap::new();
        for (place, path, header) in self.written {
            known.entry(place).or_default().push((path, header));
        }
        Some(Self { known: Some(known), ..Self::default() })
    }

    /// The address in the new file of the object at one in another file; anything the first time.
    ///
    /// # Errors
    /// `Unsupported` for what is not written, by its path.
    pub(super) fn of(&mut self, file: &File, address: u64) -> Result<u64> {
        self.was_asked = true;
        let Some(known) = &self.known else { return Ok(0) };
        let found = known.get(&Place { file: file.number(), address });
        match found.map(Vec::as_slice) {
            Some([(_, header)]) => Ok(*header),
            Some(several @ [(_, first), ..]) => {
                // Under the name that readers find first there, or under any.
                let path = file.path_of(address)?.unwrap_or_default();
                let same = several.iter().find(|(known, _)| path.strip_prefix('/') == Some(known));
                Ok(same.map_or(*first, |(_, header)| *header))
            }
            _ => Err(match file.path_of(address)? {
                Some(path) => Error::unsupported(format_args!(
                    "a reference to '{}', which is not in the new file of HDF5",
                    quoted(&path)
                )),
                None => Error::unsupported("a reference to nothing in a new file of HDF5"),
            }),
        }
    }
}
