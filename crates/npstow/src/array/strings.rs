//! Elements that are text: `S` and `U`.
#![forbid(unsafe_code)]

use super::{Array, MemoryOrder, named};
use crate::{BufferMut, Dtype, Error, Kind, Order, Result, Scalar};
use std::io;

impl Array {
    /// An array of one axis of text, `U` of as many characters as the longest has.
    ///
    /// ```
    /// let names = npstow::Array::from_strings(&["µ", "pion"])?;
    /// assert_eq!(names.to_strings()?, ["µ", "pion"]);
    /// # Ok::<(), npstow::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Invalid` for text that ends with NUL, which NumPy takes for padding; `Limit` beyond
    /// 2^31 - 1 bytes in one element; `Io` where there is no memory.
    pub fn from_strings(texts: &[impl AsRef<str>]) -> Result<Self> {
        if let Some(at) = texts.iter().position(|text| text.as_ref().ends_with('\0')) {
            return Err(Error::invalid(format_args!("text that ends with NUL in element {at}")));
        }
        let longest = texts.iter().map(|text| text.as_ref().chars().count()).max();
        // NumPy makes `<U1` of nothing and of empty text.
        let itemsize = longest.unwrap_or(0).max(1).saturating_mul(4);
        let dtype = Dtype::Scalar(Scalar::new(Kind::Str, Order::NATIVE, itemsize)?);
        let nbytes = super::count(&[texts.len()], itemsize)? * itemsize;
        let mut data = BufferMut::zeroed(nbytes)?;
        for (item, text) in data.bytes_mut().chunks_exact_mut(itemsize).zip(texts) {
            for (code, c) in item.chunks_exact_mut(4).zip(text.as_ref().chars()) {
                code.copy_from_slice(&u32::from(c).to_ne_bytes());
            }
        }
        Self::new(dtype, &[texts.len()], MemoryOrder::C, data.freeze())
    }

    /// The elements of an array of text (`U`, or `S` that is UTF-8) in C order, without the NULs
    /// that pad them.
    ///
    /// # Errors
    /// `Mismatch` where the dtype is neither; `Corrupt` where an element holds no text: a code
    /// point beyond Unicode, bytes that are no UTF-8.
    pub fn to_strings(&self) -> Result<Vec<String>> {
        let scalar = self.dtype.as_scalar();
        match scalar.map(|scalar| (scalar.kind(), scalar.order())) {
            Some((Kind::Str, order)) => self.decoded(|at, item| {
                decode_utf32(item, order).map_err(|code| {
                    Error::corrupt(
                        format_args!("text in element {at}"),
                        format_args!("the code point {code:#x}"),
                    )
                })
            }),
            Some((Kind::Bytes, _)) => self.decoded(|at, item| {
                let text = std::str::from_utf8(trimmed(item));
                text.map(str::to_owned).map_err(|e| {
                    let byte = item.get(e.valid_up_to()).copied().unwrap_or_default();
                    Error::corrupt(
                        format_args!("UTF-8 in element {at}"),
                        format_args!("the byte {byte:#04x}"),
                    )
                })
            }),
            _ => Err(Error::mismatch("elements of text (S or U)", named(&self.dtype))),
        }
    }

    /// The elements of an array of byte strings (`S`) in C order, without the NULs that pad them.
    ///
    /// # Errors
    /// `Mismatch` where the dtype is another.
    pub fn to_byte_strings(&self) -> Result<Vec<Vec<u8>>> {
        match self.dtype.as_scalar() {
            Some(scalar) if scalar.kind() == Kind::Bytes => {
                self.decoded(|_, item| Ok(trimmed(item).to_vec()))
            }
            _ => Err(Error::mismatch("elements of byte strings (S)", named(&self.dtype))),
        }
    }

    fn decoded<T>(&self, decode: impl Fn(usize, &[u8]) -> Result<T>) -> Result<Vec<T>> {
        let array = self.to_contiguous(MemoryOrder::C)?;
        let bytes = array.bytes().unwrap_or_default();
        let size = self.dtype.itemsize();
        let mut all = Vec::new();
        // Elements of no bytes may be more than memory can hold.
        all.try_reserve_exact(self.len()).map_err(|_| {
            let memory = io::Error::from(io::ErrorKind::OutOfMemory);
            Error::io(format_args!("decoding {} elements", self.len()), memory)
        })?;
        for at in 0..self.len() {
            all.push(decode(at, bytes.get(at * size..(at + 1) * size).unwrap_or_default())?);
        }
        Ok(all)
    }
}

/// Without the NULs at the end, which NumPy does not tell from padding.
pub(super) fn trimmed(item: &[u8]) -> &[u8] {
    let len = item.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    item.get(..len).unwrap_or_default()
}

/// The code points of an element of `U`, without the NULs at the end.
pub(super) fn code_points(item: &[u8], order: Order) -> Vec<u32> {
    let code = |bytes: &[u8]| {
        let mut four = [0; 4];
        four.copy_from_slice(bytes);
        if order == Order::Big { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) }
    };
    let mut codes: Vec<u32> = item.chunks_exact(4).map(code).collect();
    codes.truncate(codes.iter().rposition(|code| *code != 0).map_or(0, |last| last + 1));
    codes
}

/// The text of an element of `U`, or the code point that is none.
pub(super) fn decode_utf32(item: &[u8], order: Order) -> Result<String, u32> {
    let codes = code_points(item, order);
    codes.into_iter().map(|code| char::from_u32(code).ok_or(code)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Buffer;

    #[test]
    fn text_is_trimmed_and_checked() {
        let array = |descr: &str, bytes: &[u8]| {
            let dtype = Dtype::parse(descr).unwrap();
            let n = bytes.len() / dtype.itemsize();
            Array::new(dtype, &[n], MemoryOrder::C, Buffer::copy_of(bytes)).unwrap()
        };
        let s = array("S3", b"a\0b\xc3\xa9\0\0\0\0");
        assert_eq!(s.to_strings().unwrap(), ["a\0b", "é", ""]);
        assert_eq!(s.to_byte_strings().unwrap(), [&b"a\0b"[..], b"\xc3\xa9", b""]);
        let e = array("S2", b"ok\xff\0").to_strings().unwrap_err();
        assert_eq!(e.to_string(), "expected UTF-8 in element 1, found the byte 0xff");
        assert_eq!(array(">U2", b"\0\0\0A\0\0\0\0").to_strings().unwrap(), ["A"]);
        let e = array("<U1", b"A\0\0\0\0\xd8\0\0").to_strings().unwrap_err();
        assert_eq!(e.to_string(), "expected text in element 1, found the code point 0xd800");
        assert!(array("<u1", b"a").to_strings().is_err());
    }

    #[test]
    fn nothing_and_empty_text_take_one_character_as_in_numpy() {
        assert_eq!(Array::from_strings(&["", ""]).unwrap().dtype().itemsize(), 4);
        assert_eq!(Array::from_strings(&[""; 0]).unwrap().shape(), [0]);
        assert!(Array::from_strings(&["a\0"]).is_err());
    }
}
