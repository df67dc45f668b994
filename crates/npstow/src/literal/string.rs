//! Strings and bytes as Python's tokenizer reads them, one piece at a time.
#![forbid(unsafe_code)]

use super::number::short;
use crate::{Error, Result};

/// How a piece is spelled: what its prefix says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Prefix {
    pub(super) bytes: bool,
    pub(super) raw: bool,
    /// `f'…'`: an expression, not a literal.
    pub(super) formatted: bool,
    /// Letters before the quote.
    pub(super) len: usize,
}

/// The prefix of a string at the start of `text`; `None` where none starts.
pub(super) fn prefix(text: &[u8]) -> Option<Prefix> {
    let letters = text.iter().take(3).take_while(|b| b.is_ascii_alphabetic()).count();
    if !matches!(text.get(letters), Some(b'\'' | b'"')) {
        return None;
    }
    let mut lower = [0_u8; 2];
    for (to, from) in lower.iter_mut().zip(text.iter().take(letters)) {
        *to = from.to_ascii_lowercase();
    }
    let (bytes, raw, formatted) = match (letters, &lower) {
        (0, _) | (1, b"u\0") => (false, false, false),
        (1, b"r\0") => (false, true, false),
        (1, b"b\0") => (true, false, false),
        (2, b"br" | b"rb") => (true, true, false),
        (1, b"f\0") | (2, b"fr" | b"rf") => (false, false, true),
        _ => return None,
    };
    Some(Prefix { bytes, raw, formatted, len: letters })
}

/// What the pieces read so far make together.
#[derive(Debug)]
pub(super) enum Pieces {
    Str(String),
    Bytes(Vec<u8>),
}

impl Pieces {
    pub(super) fn new(prefix: Prefix) -> Self {
        if prefix.bytes { Self::Bytes(Vec::new()) } else { Self::Str(String::new()) }
    }

    fn push_str(&mut self, text: &str, at: usize) -> Result<()> {
        match self {
            Self::Str(out) => out.push_str(text),
            Self::Bytes(out) => {
                if let Some(bad) = text.bytes().position(|b| !b.is_ascii()) {
                    let found = short(text.get(bad..).unwrap_or_default());
                    return Err(error("ASCII characters in bytes", found, at + bad));
                }
                out.extend_from_slice(text.as_bytes());
            }
        }
        Ok(())
    }

    /// A character by its number; bytes keep the low eight bits, as CPython does.
    fn push_code(&mut self, code: u32, at: usize) -> Result<()> {
        match self {
            Self::Str(out) => match char::from_u32(code) {
                Some(c) => out.push(c),
                None if (0xd800..0xe000).contains(&code) => {
                    return Err(Error::unsupported(format!("the lone surrogate \\u{code:04x}"))
                        .at(offset(at)));
                }
                None => return Err(error("a character of Unicode", format!("{code:#x}"), at)),
            },
            Self::Bytes(out) => out.push((code & 0xff).try_into().unwrap_or(0)),
        }
        Ok(())
    }

    /// Reads the piece at the start of `text`, prefix included; gives its length. Errors carry
    /// the offset in `text`.
    pub(super) fn read(&mut self, text: &str, prefix: Prefix) -> Result<usize> {
        let bytes = text.as_bytes();
        let quote = bytes.get(prefix.len).copied().unwrap_or(b'\'');
        let triple = [quote; 3];
        let is_triple = bytes.get(prefix.len..).is_some_and(|rest| rest.starts_with(&triple));
        let mut at = prefix.len + if is_triple { 3 } else { 1 };
        let mut plain_from = at;
        loop {
            let Some(&b) = bytes.get(at) else {
                return Err(error("the end of the string", "the end of the text", at));
            };
            let closes = b == quote
                && (!is_triple || bytes.get(at..).is_some_and(|rest| rest.starts_with(&triple)));
            let is_newline = matches!(b, b'\n' | b'\r');
            if !closes && b != b'\\' && !(is_newline && (!is_triple || b == b'\r')) {
                at += 1;
                continue;
            }
            self.push_str(text.get(plain_from..at).unwrap_or_default(), plain_from)?;
            if closes {
                return Ok(at + if is_triple { 3 } else { 1 });
            }
            if is_newline && !is_triple {
                return Err(error("the end of the string", "the end of the line", at));
            }
            at = if is_newline {
                self.push_str("\n", at)?;
                at + newline_len(bytes, at)
            } else if prefix.raw {
                self.raw_escape(text, at)?
            } else {
                self.escape(text, at)?
            };
            plain_from = at;
        }
    }

    /// In raw strings a backslash stands for itself, but what follows it cannot end the string.
    fn raw_escape(&mut self, text: &str, at: usize) -> Result<usize> {
        self.push_str("\\", at)?;
        match text.as_bytes().get(at + 1) {
            Some(b'\n' | b'\r') => {
                self.push_str("\n", at)?;
                Ok(at + 1 + newline_len(text.as_bytes(), at + 1))
            }
            Some(b @ (b'\\' | b'\'' | b'"')) => {
                self.push_code(u32::from(*b), at)?;
                Ok(at + 2)
            }
            _ => Ok(at + 1),
        }
    }

    /// Reads the escape whose backslash stands at `at`; gives where it ends.
    fn escape(&mut self, text: &str, at: usize) -> Result<usize> {
        let bytes = text.as_bytes();
        let simple = match bytes.get(at + 1) {
            Some(b'\n' | b'\r') => return Ok(at + 1 + newline_len(bytes, at + 1)),
            Some(b @ (b'\\' | b'\'' | b'"')) => *b,
            Some(b'a') => 0x07,
            Some(b'b') => 0x08,
            Some(b'f') => 0x0c,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'v') => 0x0b,
            Some(b'0'..=b'7') => return self.octal(bytes, at),
            Some(b'x') => return self.hexadecimal(text, at, 2),
            Some(b'u') if matches!(self, Self::Str(_)) => return self.hexadecimal(text, at, 4),
            Some(b'U') if matches!(self, Self::Str(_)) => return self.hexadecimal(text, at, 8),
            Some(b'N') if matches!(self, Self::Str(_)) => {
                let rest = short(text.get(at..).unwrap_or_default());
                return Err(
                    Error::unsupported(format!("characters by name, {rest}")).at(offset(at))
                );
            }
            // An unknown escape stands for itself, backslash and all.
            _ => {
                self.push_str("\\", at)?;
                return Ok(at + 1);
            }
        };
        self.push_code(u32::from(simple), at)?;
        Ok(at + 2)
    }

    fn octal(&mut self, bytes: &[u8], at: usize) -> Result<usize> {
        let digits = bytes.iter().skip(at + 1).take(3).take_while(|b| matches!(b, b'0'..=b'7'));
        let (code, len) = digits.fold((0, 0), |(v, n), b| (v * 8 + u32::from(b - b'0'), n + 1));
        self.push_code(code, at)?;
        Ok(at + 1 + len)
    }

    fn hexadecimal(&mut self, text: &str, at: usize, len: usize) -> Result<usize> {
        let digits = text.get(at + 2..at + 2 + len).unwrap_or_default();
        if digits.len() != len || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            let found = short(text.get(at..).unwrap_or_default());
            return Err(error(format!("{len} hexadecimal digits in an escape"), found, at));
        }
        // Eight hexadecimal digits always fit.
        self.push_code(u32::from_str_radix(digits, 16).unwrap_or(u32::MAX), at)?;
        Ok(at + 2 + len)
    }
}

/// CPython reads `\r\n` and a lone `\r` as one newline, in strings too.
fn newline_len(bytes: &[u8], at: usize) -> usize {
    if bytes.get(at) == Some(&b'\r') && bytes.get(at + 1) == Some(&b'\n') { 2 } else { 1 }
}

fn error(expected: impl std::fmt::Display, found: impl std::fmt::Display, at: usize) -> Error {
    Error::corrupt(expected, found).at(offset(at))
}

fn offset(at: usize) -> u64 {
    u64::try_from(at).unwrap_or(u64::MAX)
}
