//! Dataspaces: lengths of axes (HDF5 IV.A.2.b).
#![forbid(unsafe_code)]

use crate::array::MAX_NDIM;
use crate::cursor::Cursor;
use crate::hdf5::read::{Sizes, unknown};
use crate::{Error, Result};

/// The extent of a dataset or an attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::hdf5) struct Space {
    /// Lengths of the axes; none for a scalar.
    pub(in crate::hdf5) shape: Vec<u64>,
    /// The largest lengths, where they are told; `u64::MAX` without a bound.
    pub(in crate::hdf5) most: Option<Vec<u64>>,
    /// Without any element, not even of length 0.
    pub(in crate::hdf5) is_null: bool,
}

impl Space {
    /// Parses the body of a message.
    pub(in crate::hdf5) fn parse(body: &[u8], sizes: Sizes) -> Result<Self> {
        let mut cursor = Cursor::new(body);
        let version = cursor.u8("a dataspace")?;
        let rank = usize::from(cursor.u8("a number of axes")?);
        let flags = cursor.u8("flags")?;
        let is_null = match version {
            1 => {
                cursor.take(5, "padding")?;
                false
            }
            2 => cursor.u8("a type of a dataspace")? == 2,
            _ => return Err(unknown("a dataspace of version", version).at(0)),
        };
        if rank > MAX_NDIM {
            return Err(Error::limit("a number of dimensions", MAX_NDIM as u64, rank).at(1));
        }
        let mut lengths = |what: &str| -> Result<Vec<u64>> {
            (0..rank).map(|_| sizes.length(&mut cursor, what)).collect()
        };
        let shape = lengths("a length of an axis")?;
        let most = if flags & 1 == 1 { Some(lengths("a largest length")?) } else { None };
        let most = most.map(|most| most.into_iter().map(|n| unbounded(n, sizes)).collect());
        Ok(Self { shape, most, is_null })
    }

    /// The shape as it is in memory; nothing is one axis of length 0.
    pub(in crate::hdf5) fn lengths(&self) -> Result<Vec<usize>> {
        if self.is_null {
            return Ok(vec![0]);
        }
        let one = |&n: &u64| {
            usize::try_from(n)
                .map_err(|_| Error::unsupported(format_args!("an axis of length {n} here")))
        };
        self.shape.iter().map(one).collect()
    }
}

/// All bits set mean that there is no bound.
fn unbounded(length: u64, sizes: Sizes) -> u64 {
    let all = u64::MAX >> (64 - 8 * u32::from(sizes.length));
    if length == all { u64::MAX } else { length }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes() -> Sizes {
        Sizes::new(8, 8).unwrap()
    }

    #[test]
    fn both_versions() {
        let mut old = vec![1, 2, 1, 0, 0, 0, 0, 0];
        for n in [3u64, 4, 3, u64::MAX] {
            old.extend(n.to_le_bytes());
        }
        let space = Space::parse(&old, sizes()).unwrap();
        assert_eq!((space.shape, space.most), (vec![3, 4], Some(vec![3, u64::MAX])));
        for len in 0..old.len() {
            assert!(Space::parse(&old[..len], sizes()).is_err(), "{len}");
        }
        let scalar = Space::parse(&[2, 0, 0, 0], sizes()).unwrap();
        assert_eq!((scalar.shape.len(), scalar.is_null), (0, false));
        let null = Space::parse(&[2, 0, 0, 2], sizes()).unwrap();
        assert_eq!((null.is_null, null.lengths().unwrap()), (true, vec![0]));
        assert!(Space::parse(&[3, 0, 0, 0], sizes()).is_err());
        assert!(Space::parse(&[2, 200, 0, 1], sizes()).is_err());
    }
}
