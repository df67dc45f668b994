//! Numbers as Python's tokenizer reads them.
#![forbid(unsafe_code)]

use crate::error::quoted;
use crate::{Error, Result};
use std::borrow::Cow;

/// A number without sign.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Number {
    /// Up to 128 bits, so that the most negative `i128` can follow a minus.
    Int(u128),
    Float(f64),
    Imaginary(f64),
}

/// Reads the number at the start of `text` (which starts with a digit, or a point and a digit);
/// gives it and its length in bytes. Errors carry the offset in `text`.
pub(super) fn number(text: &str) -> Result<(Number, usize)> {
    let bytes = text.as_bytes();
    let (value, len) = match (bytes.first(), bytes.get(1)) {
        (Some(b'0'), Some(b'x' | b'X')) => radix(text, 16)?,
        (Some(b'0'), Some(b'o' | b'O')) => radix(text, 8)?,
        (Some(b'0'), Some(b'b' | b'B')) => radix(text, 2)?,
        _ => decimal(text)?,
    };
    Ok((value, len))
}

/// Digits of a base after their prefix; one underscore may stand before each digit.
fn radix(text: &str, base: u32) -> Result<(Number, usize)> {
    let bytes = text.as_bytes();
    let mut at = 2;
    let mut value = Some(0_u128);
    loop {
        let digit_at = if bytes.get(at) == Some(&b'_') { at + 1 } else { at };
        let Some(digit) = bytes.get(digit_at).and_then(|b| char::from(*b).to_digit(base)) else {
            break;
        };
        value = push_digit(value, base, digit);
        at = digit_at + 1;
    }
    if at == 2 {
        return Err(bad(format!("a digit of base {base}"), text, at));
    }
    Ok((Number::Int(whole(value, text, at)?), at))
}

fn push_digit(value: Option<u128>, base: u32, digit: u32) -> Option<u128> {
    value?.checked_mul(u128::from(base))?.checked_add(u128::from(digit))
}

fn whole(value: Option<u128>, text: &str, len: usize) -> Result<u128> {
    value.ok_or_else(|| too_large(text.get(..len).unwrap_or(text)))
}

/// The refusal of an integer that `i128` cannot hold.
pub(super) fn too_large(digits: &str) -> Error {
    Error::unsupported(format!("an integer of more than 128 bits, {}", short(digits))).at(0)
}

fn decimal(text: &str) -> Result<(Number, usize)> {
    let bytes = text.as_bytes();
    let whole_end = digits(text, 0)?;
    let mut at = whole_end;
    if bytes.get(at) == Some(&b'.') {
        at += 1;
        if bytes.get(at).is_some_and(u8::is_ascii_digit) {
            at = digits(text, at)?;
        }
    }
    let exponent_at = at;
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        let sign = matches!(bytes.get(at + 1), Some(b'+' | b'-'));
        let from = at + 1 + usize::from(sign);
        // Whatever else follows an 'e' is no number, and no literal either.
        if !bytes.get(from).is_some_and(u8::is_ascii_digit) {
            return Err(bad("a digit of the exponent", text, from));
        }
        at = digits(text, from)?;
    }
    let spelled = text.get(..at).unwrap_or_default();
    let imaginary = matches!(bytes.get(at), Some(b'j' | b'J'));
    if imaginary || exponent_at > whole_end || at > exponent_at {
        let value = float(spelled)?;
        return Ok(match imaginary {
            true => (Number::Imaginary(value), at + 1),
            false => (Number::Float(value), at),
        });
    }
    // Zeros may stand before a zero only: 007 was octal once, and is refused now.
    if bytes.first() == Some(&b'0') && bytes.iter().take(at).any(|b| matches!(b, b'1'..=b'9')) {
        return Err(bad("an integer without leading zeros", text, 0));
    }
    let mut value = Some(0);
    for b in spelled.bytes().filter(|b| *b != b'_') {
        value = push_digit(value, 10, u32::from(b - b'0'));
    }
    Ok((Number::Int(whole(value, spelled, at)?), at))
}

/// Where the digits that start at `from` end. Single underscores may stand between digits.
fn digits(text: &str, from: usize) -> Result<usize> {
    let bytes = text.as_bytes();
    let mut at = from;
    loop {
        match bytes.get(at) {
            Some(b'0'..=b'9') => at += 1,
            Some(b'_') if at > from && bytes.get(at + 1).is_some_and(u8::is_ascii_digit) => at += 2,
            Some(b'_') => return Err(bad("digits around '_'", text, at)),
            _ => return Ok(at),
        }
    }
}

fn float(spelled: &str) -> Result<f64> {
    let plain = if spelled.contains('_') {
        Cow::Owned(spelled.replace('_', ""))
    } else {
        Cow::Borrowed(spelled)
    };
    plain.parse().map_err(|_| bad("a number", spelled, 0))
}

fn bad(expected: impl std::fmt::Display, text: &str, at: usize) -> Error {
    let found = short(text);
    Error::corrupt(expected, found).at(u64::try_from(at).unwrap_or(u64::MAX))
}

/// The start of the text, for an error.
pub(super) fn short(text: &str) -> String {
    let end = text.char_indices().nth(40).map_or(text.len(), |(at, _)| at);
    let more = if end < text.len() { "…" } else { "" };
    format!("{}{more}", quoted(text.get(..end).unwrap_or_default()))
}
