//! Checked reads over a slice, with the offset in every error.
#![forbid(unsafe_code)]

use crate::{Error, Result};

/// A place in a slice of a file; every read is checked, every error says at which byte.
#[derive(Clone, Debug)]
pub(crate) struct Cursor<'a> {
    /// What is left.
    rest: &'a [u8],
    position: usize,
}

impl<'a> Cursor<'a> {
    /// Starts at the first byte.
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, position: 0 }
    }

    /// How many bytes were read.
    pub(crate) fn position(&self) -> u64 {
        self.position as u64
    }

    /// The next `len` bytes; `what` names them in the error.
    #[inline]
    pub(crate) fn take(&mut self, len: usize, what: &str) -> Result<&'a [u8]> {
        let Some((taken, rest)) = self.rest.split_at_checked(len) else {
            return Err(self.short(len, what));
        };
        (self.rest, self.position) = (rest, self.position + len);
        Ok(taken)
    }

    /// The next `N` bytes.
    #[inline]
    pub(crate) fn array<const N: usize>(&mut self, what: &str) -> Result<[u8; N]> {
        let Some((taken, rest)) = self.rest.split_first_chunk() else {
            return Err(self.short(N, what));
        };
        (self.rest, self.position) = (rest, self.position + N);
        Ok(*taken)
    }

    /// Why so many bytes cannot be taken: apart, so that those who take them stay short.
    #[cold]
    #[inline(never)]
    fn short(&self, len: usize, what: &str) -> Error {
        let expected = format_args!("{len} bytes of {what}");
        Error::corrupt(expected, format_args!("the end after {}", self.rest.len()))
            .at(self.position())
    }

    /// The next byte.
    pub(crate) fn u8(&mut self, what: &str) -> Result<u8> {
        Ok(u8::from_le_bytes(self.array(what)?))
    }

    /// The next two bytes, little-endian.
    pub(crate) fn u16_le(&mut self, what: &str) -> Result<u16> {
        Ok(u16::from_le_bytes(self.array(what)?))
    }

    /// The next four bytes, little-endian.
    pub(crate) fn u32_le(&mut self, what: &str) -> Result<u32> {
        Ok(u32::from_le_bytes(self.array(what)?))
    }

    /// The next eight bytes, little-endian.
    pub(crate) fn u64_le(&mut self, what: &str) -> Result<u64> {
        Ok(u64::from_le_bytes(self.array(what)?))
    }

    /// What is left, without reading it.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_are_checked() {
        let mut c = Cursor::new(&[1, 2, 0, 3, 0, 0, 0, 9]);
        assert_eq!(c.u8("a").unwrap(), 1);
        assert_eq!(c.u16_le("b").unwrap(), 2);
        assert_eq!(c.u32_le("c").unwrap(), 3);
        let e = c.u16_le("the length").unwrap_err();
        assert_eq!(
            e.to_string(),
            "at byte 7: expected 2 bytes of the length, found the end after 1"
        );
        assert_eq!(c.position(), 7);
        assert_eq!(c.rest(), [9]);
        assert_eq!(c.u8("d").unwrap(), 9);
        assert!(c.u64_le("e").is_err());
        assert_eq!(
            Cursor::new(&[8, 7, 6, 5, 4, 3, 2, 1]).u64_le("f").unwrap(),
            0x0102_0304_0506_0708
        );
    }
}
