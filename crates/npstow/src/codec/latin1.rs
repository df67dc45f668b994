//! Bytes that were written as characters below 256, in UTF-8: how protocols 0 to 2 of Python 3's
//! pickles hold arrays.
//!
//! Half of random bytes take two bytes of text, so a branch for each would be guessed wrongly half
//! of the time; the loop has none. Of the second byte of a pair, only one bit is not its own.
#![forbid(unsafe_code)]

use super::steps::{State, Step, Steps};

/// The first byte of a character of two, or nothing to wait for.
#[derive(Debug, Default)]
pub(super) struct Latin1 {
    first: u8,
}

/// The two bytes that characters from 128 to 255 begin with.
fn is_first(byte: u8) -> bool {
    byte & 0xfe == 0xc2
}

/// What is decoded so far: the last byte, how many came out, whether all was sound.
#[inline]
fn go(input: &[u8], output: &mut [u8], mut first: u8) -> (u8, usize, bool) {
    let (mut written, mut wrong) = (0, false);
    for &byte in input {
        // A second byte is 0x80 to 0xbf; 0xc3 in front of it means 0x40 more.
        let value = byte | (u8::from(first == 0xc3) << 6);
        wrong |= (byte & 0xc0 == 0x80) != is_first(first);
        wrong |= byte >= 0xc0 && !is_first(byte);
        if let Some(place) = output.get_mut(written) {
            *place = value;
        }
        written += usize::from(!is_first(byte));
        first = byte;
    }
    (first, written, !wrong)
}

/// The part of a text that ends with a whole character.
pub(crate) fn whole(text: &[u8]) -> &[u8] {
    match text.split_last() {
        Some((last, before)) if is_first(*last) => before,
        _ => text,
    }
}

/// How many characters there are.
pub(crate) fn count(text: &[u8]) -> usize {
    text.iter().filter(|byte| **byte & 0xc0 != 0x80).count()
}

/// Decodes whole characters into as many bytes; says whether that is what they were.
pub(crate) fn decode(text: &[u8], output: &mut [u8]) -> bool {
    let (first, written, sound) = go(text, output, 0);
    sound && !is_first(first) && written == output.len()
}

impl Steps for Latin1 {
    fn step(&mut self, input: &[u8], output: &mut [u8], is_end: bool) -> Step {
        let len = input.len().min(output.len());
        let (first, written, sound) = go(input.get(..len).unwrap_or_default(), output, self.first);
        self.first = first;
        let state = match () {
            () if !sound => State::Broken("characters beyond Latin-1".to_owned()),
            () if input.is_empty() && is_end && is_first(first) => State::Short,
            () if input.is_empty() && is_end => State::Ended(0),
            () => State::Going,
        };
        Step { read: len, written, state }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Codec, decode_into};

    #[test]
    fn every_byte_comes_back_and_others_are_refused() {
        let bytes: Vec<u8> = (0..=255).chain((0..=255).rev()).collect();
        let text: String = bytes.iter().map(|&byte| char::from(byte)).collect();
        let mut out = vec![0; bytes.len()];
        decode_into(Codec::LATIN1, text.as_bytes(), &mut out).unwrap();
        assert_eq!(out, bytes);
        for wrong in ["Ā", "aā", "€", "𝄞"] {
            assert!(decode_into(Codec::LATIN1, wrong.as_bytes(), &mut out[..1]).is_err());
        }
        for (packed, len) in [(&b"\xc3"[..], 0), (b"\xc3", 1), (b"\x80", 1), (b"\xc3a", 1)] {
            assert!(decode_into(Codec::LATIN1, packed, &mut out[..len]).is_err(), "{packed:?}");
        }
        for len in [0, 1, 3] {
            assert!(decode_into(Codec::LATIN1, "éa".as_bytes(), &mut out[..len]).is_err());
        }
    }
}
