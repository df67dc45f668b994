//! Python's equality of keys: `1`, `1.0`, `True` and `1+0j` are one key of a dict.
//!
//! Keys are kept in order, so that a crafted dict cannot make reading quadratic; a hash that cannot
//! be attacked would ask the system for random numbers to read a header of three keys.
#![forbid(unsafe_code)]

use super::Literal;
use std::collections::BTreeMap;

/// A key in the form in which equal keys are identical.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Key<'a> {
    None,
    Int(i128),
    /// Bits of the real and the imaginary part of what is no integer; never a negative zero.
    Number(u64, u64),
    Str(&'a str),
    Bytes(&'a [u8]),
    Tuple(Vec<Key<'a>>),
}

/// `None` where Python says "unhashable type": lists, dicts, sets, and tuples that hold one.
fn key(value: &Literal) -> Option<Key<'_>> {
    Some(match value {
        Literal::None => Key::None,
        Literal::Bool(value) => Key::Int(i128::from(*value)),
        Literal::Int(value) => Key::Int(*value),
        Literal::Float(re) => number(*re, 0.0),
        Literal::Complex(re, im) => number(*re, *im),
        Literal::Str(text) => Key::Str(text),
        Literal::Bytes(bytes) => Key::Bytes(bytes),
        Literal::Tuple(items) => Key::Tuple(items.iter().map(key).collect::<Option<_>>()?),
        Literal::List(_) | Literal::Dict(_) | Literal::Set(_) => return None,
    })
}

fn number(re: f64, im: f64) -> Key<'static> {
    // 2^127: floats below it (and not below its negative) are exact as i128 when whole.
    const END: f64 = 170_141_183_460_469_231_731_687_303_715_884_105_728.0;
    if im == 0.0 && re.trunc() == re && (-END..END).contains(&re) {
        #[expect(clippy::cast_possible_truncation, reason = "whole and in range")]
        return Key::Int(re as i128);
    }
    // Adding zero makes a negative zero positive.
    Key::Number((re + 0.0).to_bits(), (im + 0.0).to_bits())
}

/// Keeps the first of equal elements; `None` where one is not hashable.
pub(super) fn set(items: Vec<Literal>) -> Option<Vec<Literal>> {
    let mut seen = BTreeMap::new();
    let mut keep = Vec::with_capacity(items.len());
    for item in &items {
        keep.push(seen.insert(key(item)?, ()).is_none());
    }
    drop(seen);
    Some(items.into_iter().zip(keep).filter_map(|(item, keep)| keep.then_some(item)).collect())
}

/// Keeps the first of equal keys with the last of their values; `None` where one is not hashable.
pub(super) fn dict(keys: Vec<Literal>, values: Vec<Literal>) -> Option<Vec<(Literal, Literal)>> {
    let mut first = BTreeMap::new();
    let mut place = Vec::with_capacity(keys.len());
    let mut kept = 0_usize;
    for one in &keys {
        let at = *first.entry(key(one)?).or_insert(kept);
        kept += usize::from(at == kept);
        place.push(at);
    }
    drop(first);
    let mut pairs: Vec<(Literal, Literal)> = Vec::with_capacity(kept);
    for ((key, value), at) in keys.into_iter().zip(values).zip(place) {
        match pairs.get_mut(at) {
            Some(pair) => pair.1 = value,
            None => pairs.push((key, value)),
        }
    }
    Some(pairs)
}
