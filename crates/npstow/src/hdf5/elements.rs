//! The elements of an array in C order, piece by piece, wherever they are.
#![forbid(unsafe_code)]

use super::types::carried::carried;
use super::types::{Form, datatype};
use crate::entry::{BAND, Native, Pieces};
use crate::{Array, Buffer, BufferMut, Dtype, Entry, Error, ErrorKind, Item, MemoryOrder, Result};

/// What is written: an array in memory, or one of another file.
#[derive(Clone, Copy, Debug)]
pub(super) enum Elements<'a> {
    Array(&'a Array),
    Entry(&'a Entry),
}

/// The datatype that an item is, as the file that it comes from has it.
pub(super) fn committed(item: &Item) -> Option<&Buffer> {
    let Item::Value(entry) = item else { return None };
    entry.native()?.committed.as_ref()
}

/// Some bytes, lent or owned.
#[derive(Clone, Debug)]
pub(super) enum Bytes<'a> {
    Lent(&'a [u8]),
    Owned(Buffer),
}

impl Bytes<'_> {
    pub(super) fn get(&self) -> &[u8] {
        match self {
            Self::Lent(bytes) => bytes,
            Self::Owned(buffer) => buffer,
        }
    }
}

impl<'a> Elements<'a> {
    /// # Errors
    /// `Unsupported` for what is no array.
    pub(super) fn new(item: &'a Item) -> Result<Self> {
        match item {
            Item::Array(array) => Ok(Self::Array(array)),
            Item::Entry(entry) => Ok(Self::Entry(entry)),
            Item::Value(entry) if committed(item).is_some() => Ok(Self::Entry(entry)),
            Item::Value(_) => {
                let what = "bytes that are no array, and no datatype of HDF5, in a new file of it";
                Err(Error::unsupported(what))
            }
            Item::Group(_) => Err(Error::invalid("a group in the place of an array")),
        }
    }

    /// What the elements are in a file that they were read from, where that is more than a dtype.
    pub(super) fn native(&self) -> Option<&'a Native> {
        match self {
            Self::Array(_) => None,
            Self::Entry(entry) => entry.native(),
        }
    }

    /// The datatype of the elements, and the elements as they are of that type.
    ///
    /// # Errors
    /// What HDF5 has no type for.
    pub(super) fn typed(self, native: Option<&'a Native>, form: Form) -> Result<(Vec<u8>, Self)> {
        if native.is_some_and(|native| native.is_stale) {
            return Err(Error::unsupported("references of HDF5 1.12 in a new file of HDF5"));
        }
        let Some(Native { datatype: Some(native), elements, is_null, .. }) = native else {
            return Ok((datatype(self.dtype(), form)?, self));
        };
        if !is_null {
            // What is refused is refused whatever it was.
            datatype(self.dtype(), form)?;
        }
        Ok((carried(native, form)?, elements.as_ref().map_or(self, Self::Entry)))
    }

    /// Says of an error of reading them where they were found; what a new file has no place for
    /// is said of the name there.
    pub(super) fn unread(self, e: Error) -> Error {
        match (self, e.kind()) {
            (Self::Entry(entry), ErrorKind::Corrupt | ErrorKind::Io) => entry.placed(e),
            _ => e,
        }
    }

    pub(super) fn dtype(&self) -> &'a Dtype {
        match self {
            Self::Array(array) => array.dtype(),
            Self::Entry(entry) => entry.dtype(),
        }
    }

    pub(super) fn shape(&self) -> &'a [usize] {
        match self {
            Self::Array(array) => array.shape(),
            Self::Entry(entry) => entry.shape(),
        }
    }

    pub(super) fn nbytes(&self) -> usize {
        match self {
            Self::Array(array) => array.nbytes(),
            Self::Entry(entry) => entry.nbytes(),
        }
    }

    /// All elements in order; a few MiB at a time unless they lie so in memory.
    pub(super) fn pieces(self) -> Result<Run<'a>> {
        Ok(match self {
            Self::Array(array) => match array.bytes_in(MemoryOrder::C) {
                Some(bytes) => Run::Whole(Some(bytes)),
                None => Run::Packed { array, next: 0 },
            },
            Self::Entry(entry) => Run::Read(Box::new(entry.pieces(MemoryOrder::C)?)),
        })
    }

    /// Gives all bytes in order.
    pub(super) fn give(self, out: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        self.pieces()?.try_for_each(|piece| out(piece?.get()))
    }

    /// All bytes in order: of what is small.
    pub(super) fn to_vec(self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.give(&mut |piece| {
            bytes.extend_from_slice(piece);
            Ok(())
        })?;
        Ok(bytes)
    }
}

/// The pieces of [`Elements::pieces`].
pub(super) enum Run<'a> {
    Whole(Option<&'a [u8]>),
    /// Elements that do not lie back to back, from the next one on.
    Packed {
        array: &'a Array,
        next: usize,
    },
    Read(Box<Pieces<'a>>),
}

impl<'a> Iterator for Run<'a> {
    type Item = Result<Bytes<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Whole(bytes) => bytes.take().map(|bytes| Ok(Bytes::Lent(bytes))),
            Self::Packed { array, next } => {
                let start = *next;
                let count = (BAND / array.dtype().itemsize().max(1)).max(1);
                let end = (start + count).min(array.len());
                *next = end;
                (start < end).then(|| packed(array, start..end))
            }
            Self::Read(pieces) => pieces.next().map(|piece| contiguous(&piece?)),
        }
    }
}

fn packed(array: &Array, range: std::ops::Range<usize>) -> Result<Bytes<'static>> {
    let mut buffer = BufferMut::zeroed(range.len() * array.dtype().itemsize())?;
    array.pack_range(MemoryOrder::C, range, buffer.bytes_mut());
    Ok(Bytes::Owned(buffer.freeze()))
}

/// A piece is C-ordered or of a single run, but a selection may be a view.
fn contiguous(piece: &Array) -> Result<Bytes<'static>> {
    let piece = piece.to_contiguous(MemoryOrder::C)?;
    let (offset, len) = (piece.offset(), piece.nbytes());
    Ok(Bytes::Owned(piece.buffer().slice(offset..offset + len)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_layout_gives_the_same_bytes() {
        let array = Array::from_vec((0..24).collect::<Vec<i32>>()).reshape(&[2, 3, 4]).unwrap();
        for text in ["...", "::-1, ::2, 1", "0, 0, 1", "1:1", ":, 1:"] {
            for array in [array.clone(), array.transpose()] {
                let array = array.select(&text.parse().unwrap()).unwrap();
                let entry = Entry::try_from(&array).unwrap();
                let expected = array.to_contiguous(MemoryOrder::C).unwrap();
                for elements in [Elements::Array(&array), Elements::Entry(&entry)] {
                    let mut bytes = Vec::new();
                    let mut take = |piece: &[u8]| {
                        bytes.extend_from_slice(piece);
                        Ok(())
                    };
                    elements.give(&mut take).unwrap();
                    assert_eq!(bytes, expected.bytes().unwrap(), "{text}");
                    assert_eq!(elements.nbytes(), bytes.len());
                }
            }
        }
        let value = Item::Value(Entry::try_from(&array).unwrap());
        assert!(Elements::new(&value).is_err());
    }
}
