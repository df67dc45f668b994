//! Layouts: where the elements of a dataset are (HDF5 IV.A.2.i).
#![forbid(unsafe_code)]

use crate::cursor::Cursor;
use crate::hdf5::read::{Sizes, unknown, unsigned};
use crate::{Error, Result};

/// Where the elements of a dataset are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::hdf5) enum Layout {
    /// In the message itself: from this byte of its body on, so many.
    Compact { start: usize, len: usize },
    /// One after another; `UNDEFINED` where nothing was written.
    Contiguous { address: u64, len: Option<u64> },
    /// In chunks.
    Chunked(Grid),
    /// Parts of other datasets, as an object of a global heap says.
    Virtual { address: u64, index: u32 },
}

/// Chunks of a dataset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::hdf5) struct Grid {
    /// Lengths of a chunk.
    pub(in crate::hdf5) chunk: Vec<u32>,
    /// Bytes of an element.
    pub(in crate::hdf5) itemsize: u64,
    pub(in crate::hdf5) index: Index,
    /// `UNDEFINED` where nothing was written.
    pub(in crate::hdf5) address: u64,
    /// Whether chunks that stand over the edge are stored as they are.
    pub(in crate::hdf5) plain_edges: bool,
}

/// How chunks are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::hdf5) enum Index {
    BTree1,
    /// The one chunk, with its packed length and the filters that were skipped.
    Single(Option<(u64, u32)>),
    /// One after another, all there.
    Implicit,
    FixedArray,
    ExtensibleArray,
    BTree2,
}

impl Layout {
    /// Parses the body of a message.
    pub(in crate::hdf5) fn parse(body: &[u8], sizes: Sizes) -> Result<Self> {
        let mut cursor = Cursor::new(body);
        match cursor.u8("a layout")? {
            1 | 2 => Self::parse_old(&mut cursor, sizes),
            version @ 3..=5 => Self::parse_new(&mut cursor, version, sizes),
            version => Err(unknown("a layout of version", version).at(0)),
        }
    }

    fn parse_old(cursor: &mut Cursor<'_>, sizes: Sizes) -> Result<Self> {
        let axes = usize::from(cursor.u8("a number of axes")?);
        let class = cursor.u8("a class of layouts")?;
        cursor.take(5, "padding")?;
        let address = match class {
            0 => 0,
            _ => sizes.address(cursor, "an address of data")?,
        };
        let lengths: Result<Vec<u32>> = (0..axes).map(|_| cursor.u32_le("a length")).collect();
        let lengths = lengths?;
        match class {
            0 => {
                let len = cursor.u32_le("a length of data")?;
                Self::compact(cursor, len)
            }
            1 => Ok(Self::Contiguous { address, len: None }),
            2 => {
                let (chunk, itemsize) = split(lengths.into_iter().map(u64::from).collect())?;
                let (index, plain_edges) = (Index::BTree1, false);
                Ok(Self::Chunked(Grid { chunk, itemsize, index, address, plain_edges }))
            }
            class => Err(unknown("a layout of class", class).at(2)),
        }
    }

    fn compact(cursor: &mut Cursor<'_>, len: u32) -> Result<Self> {
        let start = usize::try_from(cursor.position()).unwrap_or(usize::MAX);
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        cursor.take(len, "data")?;
        Ok(Self::Compact { start, len })
    }

    fn parse_new(cursor: &mut Cursor<'_>, version: u8, sizes: Sizes) -> Result<Self> {
        match cursor.u8("a class of layouts")? {
            0 => {
                let len = cursor.u16_le("a length of data")?;
                Self::compact(cursor, len.into())
            }
            1 => {
                let address = sizes.address(cursor, "an address of data")?;
                let len = sizes.length(cursor, "a length of data")?;
                Ok(Self::Contiguous { address, len: Some(len) })
            }
            2 if version == 3 => {
                let axes = usize::from(cursor.u8("a number of axes")?);
                let address = sizes.address(cursor, "an address of an index")?;
                let lengths = (0..axes).map(|_| cursor.u32_le("a length").map(u64::from));
                let (chunk, itemsize) = split(lengths.collect::<Result<_>>()?)?;
                let (index, plain_edges) = (Index::BTree1, false);
                Ok(Self::Chunked(Grid { chunk, itemsize, index, address, plain_edges }))
            }
            2 => Ok(Self::Chunked(Grid::parse(cursor, sizes)?)),
            3 if version >= 4 => {
                let address = sizes.address(cursor, "an address of a heap")?;
                Ok(Self::Virtual { address, index: cursor.u32_le("an index")? })
            }
            class => Err(unknown("a layout of class", class).at(1)),
        }
    }
}

impl Grid {
    /// Lengths of a chunk, as those of arrays in memory are.
    pub(in crate::hdf5) fn lengths(&self) -> Vec<usize> {
        self.chunk.iter().map(|&n| usize::try_from(n).unwrap_or(usize::MAX)).collect()
    }

    /// Chunks of version 4 and 5, behind the class.
    fn parse(cursor: &mut Cursor<'_>, sizes: Sizes) -> Result<Self> {
        let flags = cursor.u8("flags")?;
        let axes = usize::from(cursor.u8("a number of axes")?);
        let width = usize::from(cursor.u8("a width of lengths")?);
        let lengths = (0..axes).map(|_| unsigned(cursor, width, "a length"));
        let (chunk, itemsize) = split(lengths.collect::<Result<_>>()?)?;
        let at = cursor.position();
        let index = match cursor.u8("a type of an index")? {
            1 if flags & 2 != 0 => {
                let len = sizes.length(cursor, "a packed length")?;
                Index::Single(Some((len, cursor.u32_le("a mask of filters")?)))
            }
            1 => Index::Single(None),
            2 => Index::Implicit,
            3 => {
                cursor.take(1, "a size of pages")?;
                Index::FixedArray
            }
            4 => {
                cursor.take(5, "sizes of an array")?;
                Index::ExtensibleArray
            }
            5 => {
                cursor.take(6, "sizes of nodes")?;
                Index::BTree2
            }
            other => return Err(unknown("an index of chunks of type", other).at(at)),
        };
        let address = sizes.address(cursor, "an address of an index")?;
        Ok(Self { chunk, itemsize, index, address, plain_edges: flags & 1 != 0 })
    }
}

/// Lengths of a chunk, of which the last is that of an element in bytes.
fn split(mut lengths: Vec<u64>) -> Result<(Vec<u32>, u64)> {
    let wrong = || Error::corrupt("lengths of a chunk that are not 0", "others");
    let itemsize = lengths.pop().filter(|n| *n > 0).ok_or_else(wrong)?;
    let length = |n: u64| u32::try_from(n).ok().filter(|n| *n > 0).ok_or_else(wrong);
    Ok((lengths.into_iter().map(length).collect::<Result<_>>()?, itemsize))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hdf5::read::UNDEFINED;

    fn sizes() -> Sizes {
        Sizes::new(8, 8).unwrap()
    }

    fn refused_when_cut(body: &[u8]) {
        for len in 0..body.len() {
            assert!(Layout::parse(&body[..len], sizes()).is_err(), "{len}");
        }
    }

    #[test]
    fn every_class_of_version_3() {
        let compact = [3, 0, 2, 0, 7, 8];
        assert_eq!(Layout::parse(&compact, sizes()).unwrap(), Layout::Compact { start: 4, len: 2 });
        refused_when_cut(&compact);
        let contiguous = [&[3, 1][..], &[0xff; 8], &[9, 0, 0, 0, 0, 0, 0, 0]].concat();
        let layout = Layout::parse(&contiguous, sizes()).unwrap();
        assert_eq!(layout, Layout::Contiguous { address: UNDEFINED, len: Some(9) });
        refused_when_cut(&contiguous);
        let chunked = [&[3, 2, 2][..], &[8, 0, 0, 0, 0, 0, 0, 0], &[5, 0, 0, 0, 4, 0, 0, 0]];
        let chunked = chunked.concat();
        let (chunk, index, address) = (vec![5], Index::BTree1, 8);
        let grid = Grid { chunk, itemsize: 4, index, address, plain_edges: false };
        assert_eq!(Layout::parse(&chunked, sizes()).unwrap(), Layout::Chunked(grid));
        refused_when_cut(&chunked);
        assert!(Layout::parse(&[3, 3, 0, 0], sizes()).is_err());
        assert!(Layout::parse(&[6, 1], sizes()).is_err());
    }

    #[test]
    fn indices_of_version_4() {
        let single =
            [&[4, 2, 2, 2, 1, 5, 4, 1][..], &[9, 0, 0, 0, 0, 0, 0, 0], &[1, 0, 0, 0], &[7; 8]];
        let single = single.concat();
        match Layout::parse(&single, sizes()).unwrap() {
            Layout::Chunked(grid) => {
                assert_eq!((grid.index, grid.chunk), (Index::Single(Some((9, 1))), vec![5]));
            }
            other => panic!("{other:?}"),
        }
        refused_when_cut(&single);
        let none = [4, 2, 0, 2, 1, 0, 4, 1];
        assert!(Layout::parse(&none, sizes()).is_err());
    }
}
