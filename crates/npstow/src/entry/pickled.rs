//! Arrays of Python objects that lie in a file as a pickle, which is read when somebody asks for it.
#![forbid(unsafe_code)]

use super::{Coded, Data, Entry, Seal};
use crate::codec::Crc32;
use crate::value::Made;
use crate::{Error, Limits, MemorySource, PartSource, Result, Source, Value};
use std::sync::{Arc, OnceLock};

/// Reads the pickle at an offset: the object, and where the pickle ends.
pub(crate) type Unpickle = fn(Arc<dyn Source>, u64, &Limits) -> Result<(Value, u64)>;

/// How the objects of an array are read, and what was read.
#[derive(Debug)]
pub(super) struct Pickled {
    packed: Option<Arc<Coded>>,
    unpickle: Unpickle,
    read: OnceLock<Read>,
}

/// Objects that were read, and how many bytes come behind their pickle.
#[derive(Clone, Debug)]
pub(crate) struct Read {
    pub(crate) value: Value,
    pub(crate) end: u64,
    pub(crate) behind: u64,
}

impl Entry {
    /// Says how the objects are read; `packed` is the stream that the pickle lies in, if one does.
    #[must_use]
    pub(crate) fn pickled(mut self, packed: Option<Arc<Coded>>, unpickle: Unpickle) -> Self {
        self.pickled = Some(Arc::new(Pickled { packed, unpickle, read: OnceLock::new() }));
        self
    }

    /// Whether the elements are Python objects, or this is one that is no array.
    #[must_use]
    pub fn is_objects(&self) -> bool {
        matches!(self.data, Data::Objects { .. } | Data::Value(_))
    }

    /// The Python object that this is: an array of objects with all that is in it. The first time
    /// it is read, as data: nothing in it is run. Large arrays in it stay in the file.
    ///
    /// ```
    /// use npstow::{Tree, npy};
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("x.npy");
    /// // numpy.array([None, 'two'], dtype=object)
    /// let bytes = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR\
    ///     (I1\n(I2\ntcnumpy\ndtype\n(S'O8'\ntRI00\n(lNaS'two'\natb.";
    /// # let pickle = dir.path().join("x.pkl");
    /// # std::fs::write(&pickle, bytes).unwrap();
    /// let array = npstow::open(&pickle)?.root().entry()?;
    /// npstow::save(&path, &Tree::from(array))?;
    /// let objects = npy::open(&path)?.value()?;
    /// assert_eq!(objects.objects().unwrap().nth(1).unwrap().as_str(), Some("two"));
    /// # Ok::<(), npstow::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Mismatch` where the elements are no objects; `Corrupt` where the file is damaged, and where
    /// the pickle holds no array of this dtype and shape; `Limit`; `Io`.
    pub fn value(&self) -> Result<Value> {
        if let Data::Value(value) = &self.data {
            return Ok(value.clone());
        }
        self.read_objects().map(|read| read.value.clone())
    }

    /// The objects, and where their pickle ends.
    pub(crate) fn read_objects(&self) -> Result<&Read> {
        self.placed_in(self.unpickled())
    }

    fn unpickled(&self) -> Result<&Read> {
        let Data::Objects { offset } = &self.data else {
            return Err(Error::mismatch("Python objects", format_args!("{} elements", self.dtype)));
        };
        let Some(pickled) = &self.pickled else { return Err(super::objects(*offset)) };
        if let Some(read) = pickled.read.get() {
            return Ok(read);
        }
        let source = self.pickle_source(pickled)?;
        let len = source.len();
        let (value, end) = (pickled.unpickle)(source, *offset, &self.limits)?;
        self.check_objects(&value).map_err(|e| e.at(*offset))?;
        let read = Read { value, end, behind: len.saturating_sub(end) };
        Ok(pickled.read.get_or_init(|| read))
    }

    /// What the pickle of these objects lies in, and where it begins.
    #[cfg(feature = "pickle")]
    pub(crate) fn pickle_place(&self) -> Result<(Arc<dyn Source>, u64)> {
        let (Data::Objects { offset }, Some(pickled)) = (&self.data, &self.pickled) else {
            let found = format_args!("{} elements", self.dtype);
            return Err(Error::mismatch("Python objects in a pickle", found));
        };
        Ok((self.pickle_source(pickled)?, *offset))
    }

    /// What the pickle lies in: no byte of it belongs to somebody else, and its checksum is right.
    fn pickle_source(&self, pickled: &Pickled) -> Result<Arc<dyn Source>> {
        if let Some(coded) = &pickled.packed {
            coded.check(&*self.source, 0, &self.limits)?;
            self.limits.check_array(coded.unpacked_len)?;
            return Ok(Arc::new(MemorySource::new(self.unpack_whole(coded)?.freeze())));
        }
        let Some(seal) = &self.seal else { return Ok(Arc::clone(&self.source)) };
        let source = PartSource::new(Arc::clone(&self.source), 0, seal.end())?;
        let mut crc = Crc32::new();
        Seal::hash(&source, seal.start..seal.end(), &mut crc)?;
        seal.check(crc.finish())?;
        Ok(Arc::new(source))
    }

    /// NumPy takes whatever the pickle makes; what is no such array was not written by it.
    fn check_objects(&self, value: &Value) -> Result<()> {
        let expected = || format!("an array of dtype {} and shape {:?}", self.dtype, self.shape);
        let made = value.graph().object(value.cell()).map(|object| object.made);
        let found = match (value.dtype(), value.shape()) {
            (Some(dtype), Some(shape)) if *dtype == self.dtype && *shape == *self.shape => {
                return Ok(());
            }
            (Some(dtype), Some(shape)) => format!("one of {dtype} and {shape:?}"),
            // An array of a class that has a state of its own, whose shape nobody knows.
            _ if made == Some(Made::Array) => return Ok(()),
            _ => format!("a Python {}", value.kind().name()),
        };
        Err(Error::corrupt(expected(), crate::error::quoted(&found)))
    }
}
