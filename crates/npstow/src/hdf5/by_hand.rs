//! Datatypes made by hand, for what NumPy has no dtype for: enumerations, text in UTF-8.
#![forbid(unsafe_code)]

use super::draft::Draft;
use super::types::{enumeration, text_utf8};
use crate::{Dtype, Error, Item, Result};

impl Draft {
    /// Names the numbers of the array of integers under a path, which makes them an enumeration.
    /// Numbers without a name are written all the same.
    ///
    /// ```
    /// use npstow::{Array, Tree, hdf5};
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("run.h5");
    /// let tree = Tree::new().with("particle", Array::from_vec(vec![0u8, 1, 1]))?;
    /// let draft = hdf5::Draft::new(tree).enumeration("particle", &[("photon", 0), ("muon", 1)])?;
    /// draft.write(&path, &hdf5::WriteOptions::default())?;
    /// # Ok::<(), npstow::Error>(())
    /// ```
    ///
    /// # Errors
    /// `NotFound`; `Invalid` for what is no array of integers, without any name, for a name or a
    /// number given twice, a name that HDF5 cannot hold, a number that the dtype cannot; `Limit`.
    pub fn enumeration(self, path: &str, names: &[(&str, i128)]) -> Result<Self> {
        self.typed(path, |dtype| enumeration(dtype, names))
    }

    /// Says that the strings of fixed length under a path are in UTF-8.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` for what is no array of `S`.
    pub fn utf8(self, path: &str) -> Result<Self> {
        self.typed(path, text_utf8)
    }

    fn typed(mut self, path: &str, make: impl FnOnce(&Dtype) -> Result<Vec<u8>>) -> Result<Self> {
        let made = match self.tree.get(path) {
            Some(Item::Array(array)) => make(array.dtype()),
            Some(Item::Entry(entry)) => make(entry.dtype()),
            Some(_) => Err(Error::invalid("a datatype for what is no array")),
            None => return Err(Error::not_found(format_args!("the name '{path}'"))),
        };
        let made = made.map_err(|e| e.in_member(path))?;
        self.extras.set_datatype(path, made);
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hdf5::WriteOptions;
    use crate::{Array, ErrorKind, Tree};

    fn draft() -> Draft {
        let text = Array::new(
            "S3".parse().unwrap(),
            &[2],
            crate::MemoryOrder::C,
            b"\xc3\xa4\0b\0\0".to_vec().into(),
        );
        // In the order of names, in which they come back from the old form.
        let tree = Tree::new().with("f", Array::from_vec(vec![0.5f32])).unwrap();
        let tree = tree.with("g/x", Array::from_vec(vec![0i16, 1, -7])).unwrap();
        Draft::new(tree.with("s", text.unwrap()).unwrap())
    }

    #[test]
    fn what_is_made_by_hand_is_read_and_carried_on() {
        let names = [("A", 0), ("a longer name", -7), ("größe", 32_767)];
        let draft = draft().enumeration("g/x", &names).unwrap().utf8("s").unwrap();
        for options in [WriteOptions::default(), WriteOptions::default().latest()] {
            let mut bytes = Vec::new();
            draft.write_to(&mut bytes, &options).unwrap();
            let file = crate::OpenOptions::default();
            let open = |bytes: &[u8]| {
                let source = std::sync::Arc::new(crate::MemorySource::new(bytes.to_vec()));
                file.open_source(source, "x.h5").unwrap().root()
            };
            let tree = open(&bytes).to_tree().unwrap();
            let Some(Item::Entry(entry)) = tree.get("g/x") else { panic!() };
            assert_eq!(entry.read().unwrap().to_vec::<i16>().unwrap(), [0, 1, -7]);
            assert!(entry.native().is_some());
            let mut again = Vec::new();
            crate::hdf5::write_to(&mut again, &tree, &options).unwrap();
            assert!(again == bytes);
            // In memory it is what it was, as long as the dtype is the same.
            let tree = open(&bytes).load().unwrap();
            assert!(matches!(tree.get("g/x"), Some(Item::Array(_))));
            again.clear();
            crate::hdf5::write_to(&mut again, &tree, &options).unwrap();
            assert!(again == bytes);
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let kind = |path: &str, names: &[(&str, i128)]| {
            draft().enumeration(path, names).unwrap_err().kind()
        };
        assert_eq!(kind("x", &[("A", 0)]), ErrorKind::NotFound);
        assert_eq!(kind("", &[("A", 0)]), ErrorKind::NotFound);
        for path in ["g", "f", "s"] {
            assert_eq!(kind(path, &[("A", 0)]), ErrorKind::Invalid, "{path}");
        }
        let names: [&[(&str, i128)]; 6] = [
            &[],
            &[("A", 0), ("A", 1)],
            &[("A", 0), ("B", 0)],
            &[("", 0)],
            &[("A\0", 0)],
            &[("A", 32_768)],
        ];
        for names in names {
            assert_eq!(kind("g/x", names), ErrorKind::Invalid, "{names:?}");
        }
        assert_eq!(draft().utf8("g/x").unwrap_err().kind(), ErrorKind::Invalid);
    }
}
