//! Where an entry was found: what its errors say, and through what it is read.
#![forbid(unsafe_code)]

use super::{Data, Entry};
use crate::array::{Array, MemoryOrder};
use crate::{Error, Limits, MemorySource, Result, Source, Varied, VariedForm, VariedItem};
use std::any::Any;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The file and the name in it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Origin {
    path: PathBuf,
    member: String,
}

impl Entry {
    /// Says where it was found; every error of reading it says so too.
    #[must_use]
    pub(crate) fn found_at(mut self, path: &Path, member: &str) -> Self {
        self.origin = Some(Arc::new(Origin { path: path.to_owned(), member: member.to_owned() }));
        if let Data::Varied(elements) = &self.data {
            let raw = elements.raw().clone().found_at(path, member);
            self.data = Data::Varied(Arc::new(Found { elements: Arc::clone(elements), raw }));
        }
        #[cfg(feature = "hdf5")]
        if let Some(elements) = self.native.as_mut().and_then(|one| Arc::make_mut(one).elements()) {
            elements.origin.clone_from(&self.origin);
        }
        self
    }

    /// Adds the file and the name, where they are known.
    pub(crate) fn placed(&self, e: Error) -> Error {
        match &self.origin {
            Some(origin) => e.in_member(&origin.member).in_path(&origin.path),
            None => e,
        }
    }

    pub(crate) fn placed_in<T>(&self, result: Result<T>) -> Result<T> {
        result.map_err(|e| self.placed(e))
    }

    /// The same array, read through what `wrap` makes of each source: one that counts, or keeps
    /// what was read.
    ///
    /// ```
    /// use npstow::{Array, Entry};
    /// # fn counting(source: std::sync::Arc<dyn npstow::Source>) -> std::sync::Arc<dyn npstow::Source> { source }
    /// let entry = Entry::try_from(&Array::from_vec(vec![1u8, 2]))?;
    /// assert_eq!(entry.through(&counting).read()?.as_slice::<u8>()?, [1, 2]);
    /// # Ok::<(), npstow::Error>(())
    /// ```
    #[must_use]
    pub fn through(&self, wrap: &dyn Fn(Arc<dyn Source>) -> Arc<dyn Source>) -> Self {
        let mut entry = self.clone();
        match &self.data {
            Data::Joined(joined) => {
                entry.data = Data::Joined(Arc::new(joined.map(|part| part.through(wrap))));
            }
            _ => entry.source = wrap(Arc::clone(&self.source)),
        }
        #[cfg(feature = "hdf5")]
        if let Some(native) = &self.native {
            entry.native = Some(Arc::new(native.through(wrap)));
        }
        entry
    }
}

/// Elements without a fixed length, whose errors say where they were found, too.
#[derive(Debug)]
struct Found {
    elements: Arc<dyn Varied>,
    raw: Entry,
}

impl Varied for Found {
    fn raw(&self) -> &Entry {
        &self.raw
    }

    fn what(&self) -> String {
        self.elements.what()
    }

    fn form(&self) -> VariedForm {
        self.elements.form()
    }

    fn item(&self, number: usize) -> Result<VariedItem> {
        self.raw.placed_in(self.elements.item(number))
    }

    fn each_digested(&self, take: &mut dyn FnMut(&[u8])) -> Result<()> {
        self.raw.placed_in(self.elements.each_digested(take))
    }

    fn as_any(&self) -> Option<&dyn Any> {
        self.elements.as_any()
    }

    fn refused(&self) -> Error {
        self.elements.refused()
    }
}

/// An array in memory, described as one of a file; a copy is made only where its elements do not
/// lie back to back.
impl TryFrom<&Array> for Entry {
    type Error = Error;

    fn try_from(array: &Array) -> Result<Self> {
        let packed;
        let (array, order) = match (array.is_c_contiguous(), array.is_f_contiguous()) {
            (true, _) => (array, MemoryOrder::C),
            (false, true) => (array, MemoryOrder::F),
            (false, false) => {
                packed = array.to_contiguous(MemoryOrder::C)?;
                (&packed, MemoryOrder::C)
            }
        };
        // What does not lie back to back has elements elsewhere; this one's first is its lowest.
        let (offset, nbytes) = (array.offset(), array.nbytes());
        let bytes = array.buffer().slice(offset..offset + nbytes)?;
        let (source, data) = (Arc::new(MemorySource::new(bytes)), Data::Raw { offset: 0 });
        let (dtype, limits) = (array.dtype().clone(), Arc::new(Limits::default()));
        Self::new(source, dtype, array.shape(), order, data, limits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ErrorKind, Selection};

    #[test]
    fn arrays_become_entries_whatever_their_layout() {
        let array = Array::from_vec((0..24).collect::<Vec<i32>>()).reshape(&[2, 3, 4]).unwrap();
        let picked = |text: &str| array.select(&text.parse().unwrap()).unwrap();
        for array in [
            array.clone(),
            array.transpose(),
            picked("1, 1:"),
            picked("::-1, ::2, 1"),
            picked("0, 0, 3"),
            picked("1:1"),
        ] {
            let entry = Entry::try_from(&array).unwrap();
            assert_eq!(entry.shape(), array.shape());
            let read = entry.read().unwrap();
            assert_eq!(read.to_vec::<i32>().unwrap(), array.to_vec::<i32>().unwrap());
            let first = entry.read_slice(&"...".parse().unwrap()).unwrap();
            assert_eq!(first.to_vec::<i32>().unwrap(), array.to_vec::<i32>().unwrap());
        }
    }

    #[test]
    fn errors_say_where_the_array_is() {
        let source = Arc::new(MemorySource::new(vec![0; 3]));
        let (dtype, data) = ("<i2".parse().unwrap(), Data::Raw { offset: 1 });
        let limits = Arc::new(Limits::default());
        let entry = Entry::new(source, dtype, &[3], MemoryOrder::C, data, limits).unwrap();
        let entry = entry.found_at(Path::new("run.npz"), "hit");
        let text = "run.npz: hit: at byte 1: expected 6 bytes of data, found the end after 2";
        assert_eq!(entry.check().unwrap_err().to_string(), text);
        assert_eq!(entry.read().unwrap_err().to_string(), text);
        assert_eq!(entry.view().unwrap_err().to_string(), text);
        assert_eq!(entry.read_into(&mut [0; 6]).unwrap_err().to_string(), text);
        assert_eq!(entry.read_slice(&Selection::all()).unwrap_err().to_string(), text);
        let pieces = entry.pieces(MemoryOrder::C).err().unwrap();
        assert_eq!((pieces.to_string().as_str(), pieces.kind()), (text, ErrorKind::Corrupt));
    }
}
