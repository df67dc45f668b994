//! Comma strings: `i4, (2,3)f8`, as `_commastring` of `numpy/_core/_internal.py` reads them.
#![forbid(unsafe_code)]

use super::descr::subarray;
use super::{Dtype, Order, Record, typestr};
use crate::error::quoted;
use crate::{Error, Literal, LiteralOptions, Result};

/// What `numpy.dtype` makes of a `str`.
pub(super) fn dtype(text: &str) -> Result<Dtype> {
    if is_list(text) { commas(text) } else { typestr::scalar(text).map(Dtype::Scalar) }
}

/// NumPy's `_check_for_commastring`: a number or an empty tuple comes first, or there is a comma
/// outside of square brackets.
fn is_list(text: &str) -> bool {
    let bytes = text.as_bytes();
    let unordered = match bytes {
        [b'<' | b'>' | b'|' | b'=', rest @ ..] => rest,
        _ => bytes,
    };
    if unordered.first().is_some_and(u8::is_ascii_digit) {
        return true;
    }
    if bytes.starts_with(b"()") || (unordered.starts_with(b"()") && bytes.len() > 3) {
        return true;
    }
    let mut open = 0_isize;
    for b in bytes {
        match b {
            b'[' => open += 1,
            b']' => open -= 1,
            b',' if open == 0 => return true,
            _ => {}
        }
    }
    false
}

/// One item of a comma string, and where it ends.
struct Item<'a> {
    order: Option<char>,
    repeats: &'a str,
    dtype: &'a str,
    len: usize,
}

/// The regular expression `format_re`: an order, repeats, an order, a dtype, each of which may
/// be missing.
fn item(text: &str) -> Result<Item<'_>> {
    let bytes = text.as_bytes();
    let skip = |from: usize, is: &dyn Fn(u8) -> bool| {
        from + bytes.iter().skip(from).take_while(|b| is(**b)).count()
    };
    let sign =
        |at: usize| bytes.get(at).copied().filter(|b| matches!(b, b'<' | b'>' | b'|' | b'='));
    let one = |at: usize, byte: u8| at + usize::from(bytes.get(at) == Some(&byte));

    let first = sign(0);
    let repeats_at = usize::from(first.is_some());
    let mut at = skip(repeats_at, &|b| b == b' ');
    at = skip(one(at, b'('), &|b| b == b' ' || b == b',' || b.is_ascii_digit());
    at = skip(one(at, b')'), &|b| b == b' ');
    let repeats = text.get(repeats_at..at).unwrap_or_default();
    let second = sign(at);
    let dtype_at = at + usize::from(second.is_some());
    at = skip(dtype_at, &|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'?');
    if bytes.get(at) == Some(&b'[') {
        let end = skip(at + 1, &|b| b.is_ascii_alphanumeric() || b == b',' || b == b'.');
        if end > at + 1 && bytes.get(end) == Some(&b']') {
            at = end + 1;
        }
    }
    Ok(Item {
        order: item_order(first, second)?,
        repeats,
        dtype: text.get(dtype_at..at).unwrap_or_default(),
        len: at,
    })
}

/// The order that is not this machine's; an order may be said twice, but not two of them.
fn item_order(first: Option<u8>, second: Option<u8>) -> Result<Option<char>> {
    let native = if Order::NATIVE == Order::Little { '<' } else { '>' };
    let named = |sign: u8| if sign == b'=' { native } else { char::from(sign) };
    let order = match (first.map(named), second.map(named)) {
        (Some(a), Some(b)) if a != b => {
            return Err(Error::corrupt("one byte order", format!("'{a}' and '{b}'")));
        }
        (a, b) => a.or(b),
    };
    Ok(order.filter(|sign| *sign != '|' && *sign != native))
}

fn commas(text: &str) -> Result<Dtype> {
    let is_space = |c: char| c.is_whitespace() || matches!(c, '\x1c'..='\x1f');
    let bad = || Error::corrupt("dtypes with commas between them", quoted(text));
    let mut formats = Vec::new();
    let mut has_comma = false;
    let mut rest = text;
    while !rest.is_empty() {
        let found = item(rest)?;
        rest = rest.get(found.len..).unwrap_or_default();
        if !rest.is_empty() {
            let next = rest.trim_start_matches(is_space);
            if next.is_empty() {
                rest = next;
            } else {
                rest = next.strip_prefix(',').ok_or_else(bad)?.trim_start_matches(is_space);
                has_comma = true;
            }
        }
        // NumPy leaves out a last item that is empty.
        let is_empty = found.order.is_none() && found.repeats.is_empty() && found.dtype.is_empty();
        if is_empty && rest.is_empty() {
            break;
        }
        formats.push(format(&found)?);
    }
    if has_comma {
        if formats.is_empty() {
            return Err(bad());
        }
        let named = formats.into_iter().enumerate();
        return Record::packed(named.map(|(n, dtype)| (format!("f{n}"), dtype))).map(Dtype::from);
    }
    formats.pop().ok_or_else(bad)
}

fn format(item: &Item<'_>) -> Result<Dtype> {
    let base = match item.order {
        Some(sign) => dtype(&format!("{sign}{}", item.dtype))?,
        None => dtype(item.dtype)?,
    };
    if item.repeats.is_empty() {
        return Ok(base);
    }
    let repeats = Literal::parse(item.repeats, &LiteralOptions::default())?;
    subarray(base, &repeats)
}
