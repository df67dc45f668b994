//! What elements are in their file, where that is more than a dtype says.
#![forbid(unsafe_code)]

use super::Entry;
use crate::{Buffer, Source};
use std::sync::Arc;

/// What a file of HDF5 says of elements beyond their dtype, for those who write it again.
#[derive(Clone, Debug, Default)]
pub(crate) struct Native {
    /// The datatype as the file has it; `None` where the dtype says it all.
    pub(crate) datatype: Option<Buffer>,
    /// The elements as they lie in the file, as opaque bytes, where they are changed when they are
    /// read.
    pub(crate) elements: Option<Entry>,
    /// Whether they are places of their file, which say nothing in another one.
    pub(crate) is_stale: bool,
    /// Whether there is no shape either.
    pub(crate) is_null: bool,
    /// How the elements are stored, where that is more than one after another.
    pub(crate) kept: Option<Kept>,
    /// The datatype that this is, under a name of its own.
    pub(crate) committed: Option<Buffer>,
    /// Which object they are, for what refers to it.
    pub(crate) place: Option<Place>,
    /// What is known of its names.
    pub(crate) names: Names,
}

/// What is known of the names of an object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Names {
    #[default]
    One,
    /// It has others, or a group that it is in has some.
    Several,
    /// This one is a soft link or leads out of the file, or is below such a one: not its own.
    Lent,
}

/// An object of an open file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    /// No two open files have the same number.
    pub(crate) file: u64,
    /// Of its header.
    pub(crate) address: u64,
}

/// How elements of a shape are stored, and what stands where none were written.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) shape: Vec<u64>,
    /// Lengths of a chunk; none where the elements lie in one piece.
    pub(crate) chunk: Vec<u64>,
    /// How far each axis may grow; `u64::MAX` without an end.
    pub(crate) most: Option<Vec<u64>>,
    pub(crate) shuffle: bool,
    /// The level of deflate.
    pub(crate) level: Option<u8>,
    pub(crate) fletcher32: bool,
    /// The bytes of an element, as they lie in the file.
    pub(crate) fill: Option<Buffer>,
}

impl Entry {
    /// Says what the elements are in their file.
    #[must_use]
    pub(crate) fn with_native(mut self, native: Option<Native>) -> Self {
        self.native = native.map(Arc::new);
        self
    }

    /// Says which object of its file it is, and what is known of its names.
    #[must_use]
    pub(crate) fn with_place(mut self, (place, names): (Place, Names)) -> Self {
        let native = Arc::make_mut(self.native.get_or_insert_default());
        (native.place, native.names) = (Some(place), names);
        self
    }

    /// What the elements are in their file, where that is more than the dtype says.
    pub(crate) fn native(&self) -> Option<&Native> {
        self.native.as_deref()
    }
}

impl Native {
    pub(super) fn elements(&mut self) -> Option<&mut Entry> {
        self.elements.as_mut()
    }

    /// The same, read through what `wrap` makes of each source.
    pub(super) fn through(&self, wrap: &dyn Fn(Arc<dyn Source>) -> Arc<dyn Source>) -> Self {
        let elements = self.elements.as_ref().map(|entry| entry.through(wrap));
        Self { elements, ..self.clone() }
    }

    /// What all parts of an array are, if they are the same.
    pub(super) fn joined(parts: &[Entry]) -> Option<Self> {
        let natives: Option<Vec<&Self>> = parts.iter().map(Entry::native).collect();
        let natives = natives?;
        let datatype = natives.first()?.datatype.clone()?;
        if natives.iter().any(|native| native.datatype.as_deref() != Some(&*datatype)) {
            return None;
        }
        let changed: Vec<Entry> = natives.iter().filter_map(|one| one.elements.clone()).collect();
        let elements = match changed.len() {
            0 => None,
            count if count == natives.len() => Some(Entry::join(changed).ok()?),
            _ => return None,
        };
        Some(Self { datatype: Some(datatype), elements, ..Self::default() })
    }
}
