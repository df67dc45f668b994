//! Reads over a region of a file in the sizes that its superblock names.
#![forbid(unsafe_code)]

use crate::cursor::Cursor;
use crate::{Error, Result};

/// How many bytes addresses and lengths take in a file (HDF5 II.A).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sizes {
    pub(super) offset: u8,
    pub(super) length: u8,
}

/// An address without anything behind it: all bits set.
pub(super) const UNDEFINED: u64 = u64::MAX;

impl Sizes {
    /// Checks what a superblock says.
    pub(super) fn new(offset: u8, length: u8) -> Result<Self> {
        if [offset, length].iter().all(|n| matches!(n, 2 | 4 | 8)) {
            return Ok(Self { offset, length });
        }
        let found = format!("{offset} and {length}");
        Err(Error::corrupt("addresses and lengths of 2, 4 or 8 bytes", found))
    }

    /// An address; [`UNDEFINED`] where all of its bits are set.
    pub(super) fn address(self, cursor: &mut Cursor<'_>, what: &str) -> Result<u64> {
        let address = unsigned(cursor, self.offset.into(), what)?;
        let all = u64::MAX >> (64 - 8 * u32::from(self.offset));
        Ok(if address == all { UNDEFINED } else { address })
    }

    /// A length.
    pub(super) fn length(self, cursor: &mut Cursor<'_>, what: &str) -> Result<u64> {
        unsigned(cursor, self.length.into(), what)
    }
}

/// An unsigned number of up to 8 bytes, little-endian.
pub(super) fn unsigned(cursor: &mut Cursor<'_>, len: usize, what: &str) -> Result<u64> {
    let at = cursor.position();
    let bytes = cursor.take(len, what)?;
    let mut whole = [0; 8];
    match whole.get_mut(..len) {
        Some(place) => place.copy_from_slice(bytes),
        None => {
            let expected = format!("{what} of at most 8 bytes");
            return Err(Error::corrupt(expected, format_args!("{len}")).at(at));
        }
    }
    Ok(u64::from_le_bytes(whole))
}

/// Text up to a NUL, which is taken along.
pub(super) fn c_string<'a>(cursor: &mut Cursor<'a>, what: &str) -> Result<&'a [u8]> {
    let rest = cursor.rest();
    match rest.iter().position(|&byte| byte == 0) {
        Some(len) => Ok(cursor.take(len + 1, what)?.get(..len).unwrap_or_default()),
        None => {
            let found = format!("{} bytes without it", rest.len());
            Err(Error::corrupt(format_args!("{what} that ends with NUL"), found)
                .at(cursor.position()))
        }
    }
}

/// The bytes before the first NUL, or all.
pub(super) fn before_nul(bytes: &[u8]) -> &[u8] {
    bytes.split(|&byte| byte == 0).next().unwrap_or_default()
}

/// A name of a file as text. HDF5 does not keep to UTF-8; what is none is shown with marks.
pub(super) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A version or a number that is not one of those known.
pub(super) fn unknown(what: &str, found: impl std::fmt::Display) -> Error {
    Error::unsupported(format_args!("{what} {found} in HDF5"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_every_size() {
        let bytes = [0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0];
        let four = Sizes::new(4, 4).unwrap();
        let mut cursor = Cursor::new(&bytes);
        assert_eq!(four.address(&mut cursor, "an address").unwrap(), UNDEFINED);
        assert_eq!(four.length(&mut cursor, "a length").unwrap(), 1);
        let mut cursor = Cursor::new(&bytes);
        assert_eq!(Sizes::new(8, 8).unwrap().address(&mut cursor, "a").unwrap(), 0x1_ffff_ffff);
        assert!(four.length(&mut cursor, "a length").is_err());
        assert!(Sizes::new(3, 8).is_err() && Sizes::new(8, 0).is_err());
        assert!(unsigned(&mut Cursor::new(&[0; 9]), 9, "a number").is_err());
    }

    #[test]
    fn strings_end_with_nul() {
        let mut cursor = Cursor::new(b"ab\0c");
        assert_eq!(c_string(&mut cursor, "a name").unwrap(), b"ab");
        assert!(c_string(&mut cursor, "a name").is_err());
        assert_eq!(before_nul(b"ab\0c"), b"ab");
        assert_eq!(before_nul(b"ab"), b"ab");
    }
}
