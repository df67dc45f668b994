//! Headers in the very words of `np.save`, of arrays without fields: nearly all there are.
//!
//! Everything else, and everything that is wrong, is left to the parser of literals, which is the
//! reference: what is read here is what it reads.
#![forbid(unsafe_code)]

use crate::array::MAX_NDIM;
use crate::array::MemoryOrder;
use crate::{Dtype, Literal};

/// What the text of a header says.
#[derive(Debug, PartialEq)]
pub(super) struct Plain {
    pub(super) dtype: Dtype,
    pub(super) order: MemoryOrder,
    pub(super) shape: Vec<usize>,
}

impl Plain {
    /// `{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }`, spaces, a line feed; none of
    /// any other text.
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        let (descr, rest) = until_quote(text.strip_prefix(b"{'descr': '")?)?;
        let rest = rest.strip_prefix(b"', 'fortran_order': ")?;
        let (order, rest) = match rest.strip_prefix(b"False, 'shape': (") {
            Some(rest) => (MemoryOrder::C, rest),
            None => (MemoryOrder::F, rest.strip_prefix(b"True, 'shape': (")?),
        };
        let (shape, rest) = lengths(rest)?;
        let (end, padding) = rest.strip_prefix(b", }")?.split_last()?;
        if *end != b'\n' || padding.iter().any(|&byte| byte != b' ') {
            return None;
        }
        let dtype = Dtype::from_descr(&Literal::Str(descr.to_owned())).ok()?;
        Some(Self { dtype, order, shape })
    }
}

/// The letters and digits of a type in front of a quote.
fn until_quote(text: &[u8]) -> Option<(&str, &[u8])> {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"<>|=?[]".contains(byte);
    let len = text.iter().position(|byte| !is_plain(byte))?;
    let (descr, rest) = text.split_at(len);
    Some((std::str::from_utf8(descr).ok()?, rest))
}

/// The lengths of a shape, as Python shows a tuple, up to its end.
fn lengths(mut text: &[u8]) -> Option<(Vec<usize>, &[u8])> {
    let mut lengths = Vec::new();
    if let Some(rest) = text.strip_prefix(b")") {
        return Some((lengths, rest));
    }
    loop {
        let (length, rest) = number(text)?;
        lengths.push(length);
        text = match (rest, lengths.len()) {
            ([b',', b')', rest @ ..], 1) | ([b')', rest @ ..], 2..=MAX_NDIM) => {
                return Some((lengths, rest));
            }
            ([b',', b' ', rest @ ..], ..MAX_NDIM) => rest,
            _ => return None,
        };
    }
}

/// A number of no more digits than fit for certain, as Python shows it.
fn number(text: &[u8]) -> Option<(usize, &[u8])> {
    const MOST: usize = if usize::BITS < 64 { 9 } else { 18 };
    let len = text.iter().position(|byte| !byte.is_ascii_digit())?;
    let (digits, rest) = text.split_at(len);
    if !(1..=MOST).contains(&len) || (len > 1 && digits.starts_with(b"0")) {
        return None;
    }
    let number = digits.iter().fold(0, |number, digit| number * 10 + usize::from(digit - b'0'));
    Some((number, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::npy::{Header, Version};
    use crate::{Limits, Result};

    fn parsed(text: &[u8], version: Version) -> [Result<Header>; 2] {
        let mut bytes = b"\x93NUMPY".to_vec();
        bytes.extend([version.numbers().0, 0]);
        match version {
            Version::V1 => bytes.extend(u16::try_from(text.len()).unwrap().to_le_bytes()),
            _ => bytes.extend(u32::try_from(text.len()).unwrap().to_le_bytes()),
        }
        let len = bytes.len() + text.len();
        let literal = Header::parse_literal(version, len, text, &Limits::default());
        let start = bytes.len() as u64;
        bytes.extend(text);
        [Header::parse(&bytes, &Limits::default()), literal.map_err(|e| e.shift(start))]
    }

    fn shown(result: &Result<Header>) -> String {
        match result {
            Ok(header) => format!("{header:?}"),
            Err(e) => e.to_string(),
        }
    }

    #[test]
    fn both_roads_lead_to_the_same_header() {
        let texts = [
            "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 30), }    \n",
            "{'descr': '|S12', 'fortran_order': True, 'shape': (), }\n",
            "{'descr': '<M8[ns]', 'fortran_order': False, 'shape': (1000,), }  \n",
            "{'descr': '|b1', 'fortran_order': False, 'shape': (0, 1, 2, 3, 4), }\n",
        ];
        let mut plain = 0;
        for text in texts.map(str::as_bytes) {
            assert!(Plain::parse(text).is_some());
            for at in 0..text.len() {
                for byte in 0..=u8::MAX {
                    // Another byte in its place, one more, one less.
                    let (before, behind) = text.split_at(at);
                    let changed = [
                        [before, &[byte], &behind[1..]].concat(),
                        [before, &[byte], behind].concat(),
                        [before, &behind[1..]].concat(),
                    ];
                    for text in &changed[..if byte == 0 { 3 } else { 2 }] {
                        plain += usize::from(Plain::parse(text).is_some());
                        let [fast, slow] = parsed(text, Version::V1);
                        assert_eq!(shown(&fast), shown(&slow), "{}", text.escape_ascii());
                    }
                }
            }
        }
        assert!(plain > 200, "{plain}");
    }

    #[test]
    fn what_is_not_in_the_words_of_numpy_is_left_to_the_other_parser() {
        let dims = |count: usize| "1, ".repeat(count - 1) + "1";
        let shapes = [
            "(1)",
            "(1 ,)",
            "(01,)",
            "(+1,)",
            "(1L,)",
            "(1,2)",
            "(1, 2,)",
            "[1]",
            "(-1,)",
            "(1000000000000000000,)",
            "(99999999999999999999,)",
            "(1,, 2)",
            "(,)",
        ];
        for shape in shapes.map(str::to_owned).into_iter().chain([format!("({})", dims(65))]) {
            let text = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }} \n");
            assert!(Plain::parse(text.as_bytes()).is_none(), "{shape}");
            for version in [Version::V1, Version::V2, Version::V3] {
                let [fast, slow] = parsed(text.as_bytes(), version);
                assert_eq!(shown(&fast), shown(&slow), "{shape}");
            }
        }
        let most =
            format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}), }}\n", dims(64));
        assert_eq!(Plain::parse(most.as_bytes()).unwrap().shape.len(), 64);
        // Too large an array is told by the other parser as well.
        let large =
            "{'descr': '<f8', 'fortran_order': False, 'shape': (999999999999999999, 9), }\n";
        assert!(Plain::parse(large.as_bytes()).is_some());
        let [fast, slow] = parsed(large.as_bytes(), Version::V1);
        assert!(fast.is_err());
        assert_eq!(shown(&fast), shown(&slow));
    }
}
