//! Literals as Python prints them.
#![forbid(unsafe_code)]

use super::Literal;
use super::printable::is_printable;
use std::fmt::{self, Write};

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Bool(true) => f.write_str("True"),
            Self::Bool(false) => f.write_str("False"),
            Self::Int(value) => write!(f, "{value}"),
            Self::Float(value) => f.write_str(&python_float(*value)),
            Self::Complex(re, im) => write_complex(f, *re, *im),
            Self::Str(text) => write_str(f, text),
            Self::Bytes(bytes) => write_bytes(f, bytes),
            Self::Tuple(items) => {
                write_items(f, "(", items, if items.len() == 1 { ",)" } else { ")" })
            }
            Self::List(items) => write_items(f, "[", items, "]"),
            Self::Set(items) if items.is_empty() => f.write_str("set()"),
            Self::Set(items) => write_items(f, "{", items, "}"),
            Self::Dict(pairs) => {
                f.write_char('{')?;
                for (n, (key, value)) in pairs.iter().enumerate() {
                    let comma = if n == 0 { "" } else { ", " };
                    write!(f, "{comma}{key}: {value}")?;
                }
                f.write_char('}')
            }
        }
    }
}

fn write_items(
    f: &mut fmt::Formatter<'_>,
    open: &str,
    items: &[Literal],
    close: &str,
) -> fmt::Result {
    f.write_str(open)?;
    for (n, item) in items.iter().enumerate() {
        let comma = if n == 0 { "" } else { ", " };
        write!(f, "{comma}{item}")?;
    }
    f.write_str(close)
}

/// CPython's `complex.__repr__`: a real part of positive zero is left out.
fn write_complex(f: &mut fmt::Formatter<'_>, re: f64, im: f64) -> fmt::Result {
    let imaginary = plain_float(im);
    if re == 0.0 && re.is_sign_positive() {
        return write!(f, "{imaginary}j");
    }
    let plus = if imaginary.starts_with('-') { "" } else { "+" };
    write!(f, "({}{plus}{imaginary}j)", plain_float(re))
}

/// A float as Python's `repr` prints it: the shortest digits that read back as the same number.
fn python_float(value: f64) -> String {
    let mut text = plain_float(value);
    if value.is_finite() && !text.contains(['.', 'e']) {
        text.push_str(".0");
    }
    text
}

/// The same without the `.0` of whole numbers, as within complex numbers.
fn plain_float(value: f64) -> String {
    if value.is_nan() {
        return "nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let scientific = shortest(value);
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    // CPython, float_repr_style 'short': an exponent below -4 or from 16 on is written.
    if (-4..16).contains(&exponent) {
        return plain_digits(digits, exponent);
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.unsigned_abs())
}

/// The fewest digits that read back as the same number, as `d.ddde-7`.
///
/// Where two numbers of as few digits are equally near, as for 955559913685192.25, CPython takes
/// the even one and the standard library's shortest form the larger; its form of a fixed number of
/// digits rounds to even, so that one is asked with the length of the other.
fn shortest(value: f64) -> String {
    let shortest = format!("{value:e}");
    let digits = shortest.bytes().take_while(|b| *b != b'e').filter(u8::is_ascii_digit).count();
    let even = format!("{value:.*e}", digits.saturating_sub(1));
    if even != shortest && even.parse() == Ok(value) { even } else { shortest }
}

/// Digits `d.ddd` with the point moved by an exponent of -4 to 15.
fn plain_digits(digits: &str, exponent: i32) -> String {
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |digits| ("-", digits));
    let digits = digits.replace('.', "");
    if exponent < 0 {
        let zeros = usize::try_from(-exponent - 1).unwrap_or(0);
        return format!("{sign}0.{:0<zeros$}{digits}", "");
    }
    let whole = usize::try_from(exponent + 1).unwrap_or(1);
    match digits.split_at_checked(whole) {
        Some((whole, "")) => format!("{sign}{whole}"),
        Some((whole, rest)) => format!("{sign}{whole}.{rest}"),
        None => format!("{sign}{digits:0<whole$}"),
    }
}

/// Text as Python's `repr` prints it.
pub(crate) fn python_str_repr(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    // Writing to a String cannot fail.
    let _ = write_str(&mut out, text);
    out
}

/// Double quotes only where single ones would need an escape and double ones would not.
fn quote_for(bytes: &[u8]) -> char {
    if bytes.contains(&b'\'') && !bytes.contains(&b'"') { '"' } else { '\'' }
}

fn write_str(f: &mut impl Write, text: &str) -> fmt::Result {
    let quote = quote_for(text.as_bytes());
    f.write_char(quote)?;
    for c in text.chars() {
        match c {
            '\t' => f.write_str("\\t")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\\' => f.write_str("\\\\")?,
            _ if c == quote => write!(f, "\\{c}")?,
            _ if is_printable(c) => f.write_char(c)?,
            _ => match u32::from(c) {
                code @ ..=0xff => write!(f, "\\x{code:02x}")?,
                code @ ..=0xffff => write!(f, "\\u{code:04x}")?,
                code => write!(f, "\\U{code:08x}")?,
            },
        }
    }
    f.write_char(quote)
}

fn write_bytes(f: &mut impl Write, bytes: &[u8]) -> fmt::Result {
    let quote = quote_for(bytes);
    write!(f, "b{quote}")?;
    for &b in bytes {
        match b {
            b'\t' => f.write_str("\\t")?,
            b'\n' => f.write_str("\\n")?,
            b'\r' => f.write_str("\\r")?,
            b'\\' => f.write_str("\\\\")?,
            b' '..=b'~' if char::from(b) == quote => write!(f, "\\{quote}")?,
            b' '..=b'~' => f.write_char(char::from(b))?,
            _ => write!(f, "\\x{b:02x}")?,
        }
    }
    f.write_char(quote)
}
