//! Fill values and filters of a dataset (HDF5 IV.A.2.e, f, l).
#![forbid(unsafe_code)]

use crate::cursor::Cursor;
use crate::hdf5::read::{before_nul, text, unknown};
use crate::{Buffer, Error, Result};

/// What stands where nothing was written: the bytes of one element, or zeros.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::hdf5) struct Fill(pub(in crate::hdf5) Option<Buffer>);

impl Fill {
    /// Parses the body of the message that is in use since 1.6.
    pub(in crate::hdf5) fn parse(body: &Buffer) -> Result<Self> {
        let mut cursor = Cursor::new(body);
        let defined = match cursor.u8("a fill value")? {
            version @ (1 | 2) => {
                cursor.take(2, "times")?;
                cursor.u8("whether there is a fill value")? != 0 || version == 1
            }
            3 => cursor.u8("flags")? & 0x20 != 0,
            version => return Err(unknown("a fill value of version", version).at(0)),
        };
        if defined { Self::value(body, &mut cursor) } else { Ok(Self::default()) }
    }

    /// Parses the body of the message of old.
    pub(in crate::hdf5) fn parse_old(body: &Buffer) -> Result<Self> {
        Self::value(body, &mut Cursor::new(body))
    }

    fn value(body: &Buffer, cursor: &mut Cursor<'_>) -> Result<Self> {
        let len = cursor.u32_le("a length of a fill value")?;
        // A negative length says that there is none.
        let len = match i32::try_from(len) {
            Ok(0) | Err(_) => return Ok(Self::default()),
            Ok(len) => usize::try_from(len).unwrap_or(0),
        };
        let start = usize::try_from(cursor.position()).unwrap_or(usize::MAX);
        cursor.take(len, "a fill value")?;
        Ok(Self(Some(body.slice(start..start + len)?)))
    }
}

/// A filter that chunks went through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::hdf5) struct Filter {
    pub(in crate::hdf5) id: u16,
    pub(in crate::hdf5) name: String,
    pub(in crate::hdf5) values: Vec<u32>,
}

/// As many filters as a mask of those that were skipped has bits.
const MOST: usize = 32;

/// Parses the body of a message: filters in the order in which they were applied.
pub(in crate::hdf5) fn filters(body: &[u8]) -> Result<Vec<Filter>> {
    let mut cursor = Cursor::new(body);
    let version = cursor.u8("filters")?;
    let count = usize::from(cursor.u8("a number of filters")?);
    if count > MOST {
        return Err(Error::limit("a number of filters", MOST as u64, count).at(1));
    }
    match version {
        1 => drop(cursor.take(6, "padding")?),
        2 => {}
        _ => return Err(unknown("filters of version", version).at(0)),
    }
    (0..count).map(|_| filter(&mut cursor, version)).collect()
}

fn filter(cursor: &mut Cursor<'_>, version: u8) -> Result<Filter> {
    let id = cursor.u16_le("a filter")?;
    // Version 2 leaves out the names of those that the format itself has.
    let named = version == 1 || id >= 256;
    let name_len = if named { usize::from(cursor.u16_le("a length of a name")?) } else { 0 };
    cursor.take(2, "flags")?;
    let count = cursor.u16_le("a number of values")?;
    let padded = if version == 1 { name_len.next_multiple_of(8) } else { name_len };
    let name = text(before_nul(cursor.take(padded, "a name of a filter")?));
    let values = (0..count).map(|_| cursor.u32_le("a value of a filter"));
    let values = values.collect::<Result<Vec<_>>>()?;
    if version == 1 && count % 2 == 1 {
        cursor.take(4, "padding")?;
    }
    Ok(Filter { id, name, values })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fill_values_of_every_version() {
        let fill = |bytes: &[u8]| Fill::parse(&Buffer::copy_of(bytes));
        let seven = Fill(Some(Buffer::copy_of(&[7])));
        assert_eq!(fill(&[1, 0, 0, 1, 1, 0, 0, 0, 7]).unwrap(), seven);
        assert_eq!(fill(&[2, 0, 0, 1, 1, 0, 0, 0, 7]).unwrap(), seven);
        assert_eq!(fill(&[2, 0, 0, 0]).unwrap(), Fill(None));
        assert_eq!(fill(&[3, 0x20, 1, 0, 0, 0, 7]).unwrap(), seven);
        assert_eq!(fill(&[3, 0x10]).unwrap(), Fill(None));
        assert_eq!(Fill::parse_old(&Buffer::copy_of(&[1, 0, 0, 0, 7])).unwrap(), seven);
        assert_eq!(fill(&[1, 0, 0, 1, 0xff, 0xff, 0xff, 0xff]).unwrap(), Fill(None));
        for bad in [&[][..], &[3], &[3, 0x20, 2, 0, 0, 0, 7], &[9, 0]] {
            assert!(fill(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn filters_of_both_versions() {
        let old = [
            &[1, 1, 0, 0, 0, 0, 0, 0][..],
            &[1, 0, 8, 0, 1, 0, 1, 0],
            b"deflate\0",
            &[6, 0, 0, 0, 0, 0, 0, 0],
        ];
        let old = old.concat();
        let deflate = |name: &str| Filter { id: 1, name: name.to_owned(), values: vec![6] };
        assert_eq!(filters(&old).unwrap(), [deflate("deflate")]);
        for len in 0..old.len() {
            assert!(filters(&old[..len]).is_err(), "{len}");
        }
        assert_eq!(filters(&[2, 1, 1, 0, 1, 0, 1, 0, 6, 0, 0, 0]).unwrap(), [deflate("")]);
        // As long as a length can be, and longer yet with its padding.
        let long = [&[1, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0xff, 0xff, 0, 0, 0, 0], &[b'x'; 65536][..]];
        assert_eq!(filters(&long.concat()).unwrap()[0].name.len(), 65536);
        assert!(filters(&[2, 33]).is_err() && filters(&[3, 0]).is_err());
    }
}
