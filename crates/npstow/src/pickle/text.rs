//! Numbers and strings that are written as text, and strings that have to be decoded.
#![forbid(unsafe_code)]

use super::options::Python2;
use crate::codec::latin1;
use crate::error::quoted as shown;
use crate::value::{Cell, Graph, Node, Span, Store, binary};
use crate::{Error, Result};

/// CPython reads no longer text for an integer: the work grows with the square of the digits.
const MOST_DIGITS: usize = 4300;

fn wrong(expected: &str, line: &[u8]) -> Error {
    let line = String::from_utf8_lossy(line.get(..200).unwrap_or(line));
    Error::corrupt(expected, format_args!("'{}'", shown(&line)))
}

fn trimmed(line: &[u8]) -> &[u8] {
    line.trim_ascii()
}

/// A number that is not below zero.
pub(super) fn number(line: &[u8]) -> Result<u64> {
    let text = std::str::from_utf8(trimmed(line)).ok();
    text.and_then(|text| text.parse().ok()).ok_or_else(|| wrong("a number", line))
}

/// pickletools INT: `00` and `01` are booleans. CPython asks C first, for which `010` is eight, as
/// it was for Python 2.
pub(super) fn int(graph: &mut Graph, line: Span) -> Result<Cell> {
    let bytes = graph.store.held(line).unwrap_or_default();
    let may_be_bool = matches!(bytes, [first, b'0' | b'1'] if !(b'1'..=b'9').contains(first));
    let start = bytes.iter().position(|byte| !is_space(byte)).unwrap_or_default();
    let (negative, digits) = signed(to_nul(bytes.get(start..).unwrap_or_default()));
    let is_octal = matches!(digits, [b'0', _, ..]) && digits.iter().all(|d| is_digit(*d, 8));
    let cell = if is_octal {
        let value = small(negative, digits, 8).ok_or_else(|| wrong("an integer", bytes))?;
        graph.push_int(value)
    } else {
        literal(graph, line)?
    };
    Ok(match graph.int(cell) {
        Some(0) if may_be_bool => Cell::FALSE,
        Some(1) if may_be_bool => Cell::TRUE,
        _ => cell,
    })
}

/// pickletools LONG: perhaps with an `L` at its end.
pub(super) fn long(graph: &mut Graph, line: Span) -> Result<Cell> {
    let bytes = graph.store.held(line).unwrap_or_default();
    let line = match (bytes, line.offset()) {
        ([.., b'L'], Some(offset)) => Span::in_file(offset, line.len() - 1),
        _ => line,
    };
    literal(graph, line)
}

/// White space of Python and C.
fn is_space(byte: &u8) -> bool {
    matches!(byte, b' ' | 9..=13)
}

fn is_digit(byte: u8, radix: u32) -> bool {
    char::from(byte).is_digit(radix)
}

/// Whether there is a minus, and what comes behind a sign.
fn signed(text: &[u8]) -> (bool, &[u8]) {
    match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] | digits => (false, digits),
    }
}

/// An integer of 64 bits, of digits that are some.
fn small(negative: bool, digits: &[u8], radix: u32) -> Option<i64> {
    digits.iter().try_fold(0_i64, |n, digit| {
        let digit = i64::from(char::from(*digit).to_digit(radix)?);
        let n = n.checked_mul(radix.into())?;
        if negative { n.checked_sub(digit) } else { n.checked_add(digit) }
    })
}

/// What `int(line, 0)` of Python takes: `0x10`, `0o17`, `0b1` and `1_000`, too.
fn literal(graph: &mut Graph, line: Span) -> Result<Cell> {
    let line = to_nul(graph.store.held(line).unwrap_or_default());
    let start = line.iter().position(|byte| !is_space(byte)).unwrap_or_default();
    let end = line.iter().rposition(|byte| !is_space(byte)).map_or(0, |last| last + 1);
    let (negative, text) = signed(line.get(start..end).unwrap_or_default());
    let (radix, text) = match text {
        [b'0', b'x' | b'X', digits @ ..] => (16, digits.strip_prefix(b"_").unwrap_or(digits)),
        [b'0', b'o' | b'O', digits @ ..] => (8, digits.strip_prefix(b"_").unwrap_or(digits)),
        [b'0', b'b' | b'B', digits @ ..] => (2, digits.strip_prefix(b"_").unwrap_or(digits)),
        digits => (10, digits),
    };
    let mut digits = Vec::new();
    for part in text.split(|byte| *byte == b'_') {
        if part.is_empty() || !part.iter().all(|digit| is_digit(*digit, radix)) {
            return Err(wrong("an integer", line));
        }
        digits.extend_from_slice(part);
    }
    // It could be meant as octal.
    if radix == 10 && digits.first() == Some(&b'0') && digits.iter().any(|digit| *digit != b'0') {
        return Err(wrong("an integer", line));
    }
    if let Some(value) = small(negative, &digits, radix) {
        return Ok(graph.push_int(value));
    }
    if radix == 10 && digits.len() > MOST_DIGITS {
        return Err(Error::limit("an integer (digits)", MOST_DIGITS as u64, digits.len()));
    }
    let span = graph.store.add(&binary(&digits, radix, negative));
    Ok(binary_long(graph, span))
}

/// pickletools LONG1: two's complement, little-endian; no bytes are zero.
pub(super) fn binary_long(graph: &mut Graph, span: Span) -> Cell {
    let bytes = graph.store.held(span).unwrap_or_default();
    let fill = if bytes.last().is_some_and(|byte| byte & 0x80 != 0) { 0xff } else { 0 };
    let used = bytes.iter().rposition(|&byte| byte != fill).map_or(0, |at| at + 1);
    // The sign needs its bit.
    let last = used.checked_sub(1).and_then(|at| bytes.get(at)).unwrap_or(&fill);
    let sign = usize::from(last & 0x80 != fill & 0x80);
    if used + sign <= 8 {
        let mut value = [fill; 8];
        value.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
        return graph.push_int(i64::from_le_bytes(value));
    }
    graph.push(Node::BigInt(span))
}

/// What C's reader of CPython takes: no white space, nothing behind the largest number.
pub(super) fn float(line: &[u8]) -> Result<f64> {
    let text = std::str::from_utf8(to_nul(line)).map_err(|_| wrong("a float", line))?;
    let value: f64 = text.parse().map_err(|_| wrong("a float", line))?;
    if value.is_infinite() && text.contains(|c: char| c.is_ascii_digit()) {
        return Err(wrong("a float of 64 bits", line));
    }
    Ok(value)
}

/// For CPython's reader, which is in C, text ends at a zero.
fn to_nul(line: &[u8]) -> &[u8] {
    line.split(|byte| *byte == 0).next().unwrap_or(line)
}

/// pickletools STRING: a string in quotes, with the escapes of Python 2.
pub(super) fn quoted(store: &mut Store, line: Span) -> Result<Span> {
    let bytes = store.held(line).unwrap_or_default();
    let ([b'\'', inner @ .., b'\''] | [b'"', inner @ .., b'"']) = bytes else {
        return Err(wrong("a string in quotes", bytes));
    };
    if !inner.contains(&b'\\') {
        let offset = line.offset().unwrap_or_default();
        return Ok(Span::in_file(offset + 1, line.len() - 2));
    }
    let decoded = unescaped(inner)?;
    Ok(store.add(&decoded))
}

fn unescaped(mut bytes: &[u8]) -> Result<Vec<u8>> {
    let mut out = Vec::with_capacity(bytes.len());
    while let Some(at) = bytes.iter().position(|&byte| byte == b'\\') {
        let (plain, rest) = bytes.split_at(at);
        out.extend_from_slice(plain);
        let taken = match *rest {
            [_, b'x', high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                out.push(hex(&[high, low]).to_le_bytes()[0]);
                4
            }
            [_, b'x', ..] => return Err(wrong("two hexadecimal digits behind \\x", rest)),
            [_, first @ b'0'..=b'7', ..] => {
                let more = rest.iter().skip(2).take(2).take_while(|d| (b'0'..=b'7').contains(d));
                let (value, len) = more.fold((u32::from(first - b'0'), 2), |(n, len), digit| {
                    (n * 8 + u32::from(digit - b'0'), len + 1)
                });
                out.push(value.to_le_bytes()[0]);
                len
            }
            [_, letter, ..] => {
                match plain_escape(letter) {
                    Some(byte) => out.push(byte),
                    None => out.extend_from_slice(&[b'\\', letter]),
                }
                2
            }
            _ => return Err(wrong("something behind a backslash", rest)),
        };
        bytes = rest.get(taken..).unwrap_or_default();
    }
    out.extend_from_slice(bytes);
    Ok(out)
}

fn plain_escape(letter: u8) -> Option<u8> {
    Some(match letter {
        b'\\' | b'\'' | b'"' => letter,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'a' => 7,
        b'b' => 8,
        b'v' => 11,
        b'f' => 12,
        _ => return None,
    })
}

fn hex(digits: &[u8]) -> u32 {
    let text = std::str::from_utf8(digits).unwrap_or_default();
    u32::from_str_radix(text, 16).unwrap_or_default()
}

/// pickletools UNICODE: Latin-1 with `\u` and `\U` escapes, `raw-unicode-escape`.
pub(super) fn raw_unicode(store: &mut Store, line: Span) -> Result<Node> {
    let bytes = store.held(line).unwrap_or_default();
    if bytes.is_ascii() && !bytes.contains(&b'\\') {
        return Ok(Node::Str(line));
    }
    let mut out = Vec::with_capacity(bytes.len() + 16);
    let mut rest = bytes;
    while let [byte, after @ ..] = rest {
        rest = after;
        if *byte != b'\\' {
            push_code(u32::from(*byte), &mut out);
            continue;
        }
        let len = match after {
            [b'u', ..] => 4,
            [b'U', ..] => 8,
            // A backslash takes the next character along, whatever it is.
            [next, after @ ..] => {
                out.push(b'\\');
                push_code(u32::from(*next), &mut out);
                rest = after;
                continue;
            }
            [] => {
                out.push(b'\\');
                continue;
            }
        };
        let digits = after.get(1..=len).filter(|d| d.iter().all(u8::is_ascii_hexdigit));
        let digits = digits.ok_or_else(|| wrong("hexadecimal digits behind \\u", after))?;
        let code = hex(digits);
        if code > 0x10_ffff {
            return Err(Error::corrupt("a character of Unicode", format_args!("{code:#x}")));
        }
        push_code(code, &mut out);
        rest = after.get(1 + len..).unwrap_or_default();
    }
    let is_text = std::str::from_utf8(&out).is_ok();
    let span = store.add(&out);
    Ok(if is_text { Node::Str(span) } else { Node::WideStr(span) })
}

/// A code point in UTF-8, surrogates too.
pub(super) fn push_code(code: u32, out: &mut Vec<u8>) {
    if let Some(c) = char::from_u32(code) {
        out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    } else {
        let [low, middle, ..] = code.to_le_bytes();
        let high = 0xe0 | middle >> 4;
        let middle = 0x80 | (middle & 0x0f) << 2 | low >> 6;
        out.extend_from_slice(&[high, middle, 0x80 | low & 0x3f]);
    }
}

/// UTF-8 in which surrogates may stand, as CPython's `surrogatepass` has it.
pub(super) fn wide(bytes: &[u8], span: Span) -> Result<Node> {
    let mut rest = bytes;
    while let Err(e) = std::str::from_utf8(rest) {
        let bad = rest.get(e.valid_up_to()..).unwrap_or_default();
        match bad {
            [0xed, 0xa0..=0xbf, 0x80..=0xbf, after @ ..] => rest = after,
            _ => return Err(wrong("text in UTF-8", bad)),
        }
    }
    Ok(Node::WideStr(span))
}

/// A `str` of Python 2.
pub(super) fn old_string(store: &mut Store, span: Span, strings: Python2) -> Result<Node> {
    let Some(bytes) = store.held(span) else { return Ok(Node::Bytes(span)) };
    match strings {
        Python2::Bytes => Ok(Node::Bytes(span)),
        _ if bytes.is_ascii() => Ok(Node::Str(span)),
        Python2::Auto => Ok(Node::Bytes(span)),
        Python2::Ascii => Err(wrong("text in ASCII", bytes)),
        Python2::Utf8 if std::str::from_utf8(bytes).is_ok() => Ok(Node::Str(span)),
        Python2::Utf8 => Err(wrong("text in UTF-8", bytes)),
        Python2::Latin1 => {
            let text: String = bytes.iter().map(|&byte| char::from(byte)).collect();
            Ok(Node::Str(store.add(text.as_bytes())))
        }
    }
}

/// Text as the bytes of Latin-1.
pub(super) fn to_latin1(text: &str) -> Option<Vec<u8>> {
    let mut bytes = vec![0; latin1::count(text.as_bytes())];
    latin1::decode(text.as_bytes(), &mut bytes).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_numbers_become_binary() {
        for (digits, negative, bytes) in [
            ("0", false, &[0][..]),
            ("255", false, &[255, 0]),
            ("256", true, &[0, 255, 255]),
            ("18446744073709551616", false, &[0, 0, 0, 0, 0, 0, 0, 0, 1, 0]),
        ] {
            assert_eq!(binary(digits.as_bytes(), 10, negative), bytes, "{digits}");
        }
        for (digits, radix, bytes) in [
            ("0", 2, &[0, 0][..]),
            ("1ff", 16, &[255, 1, 0]),
            ("777", 8, &[255, 1, 0]),
            ("111111111", 2, &[255, 1, 0]),
        ] {
            assert_eq!(binary(digits.as_bytes(), radix, false), bytes, "{digits}");
        }
        assert_eq!(binary(b"ff", 16, true), [1, 255]);
        let mut graph = Graph::default();
        for (bytes, value) in [
            (&[][..], Some(0)),
            (&[0xff], Some(-1)),
            (&[0xff, 0], Some(255)),
            (&[0, 0, 0, 0, 0, 0, 0, 0x80], Some(i64::MIN)),
            (&[0, 0, 0, 0, 0, 0, 0, 0x80, 0], None),
            (&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0, 0], Some(i64::MAX)),
        ] {
            let span = graph.store.add(bytes);
            let cell = binary_long(&mut graph, span);
            assert_eq!(graph.int(cell), value, "{bytes:?}");
        }
    }

    #[test]
    fn escapes_of_python_2() {
        assert_eq!(unescaped(br"a\x41\101\0b\n\\\'\q").unwrap(), b"aAA\0b\n\\'\\q");
        assert!(unescaped(br"\x4").is_err() && unescaped(b"\\").is_err());
    }
}
