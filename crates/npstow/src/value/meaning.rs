//! What objects of Python's standard library mean: dates, decimal numbers, paths, as text.
//!
//! Each of them stays the object that it is; this reads its arguments.
#![forbid(unsafe_code)]

use super::graph::{Cell, Graph, Node};
use super::known::Known;
use std::fmt::Write;

/// The text that says what an object means, as other languages read it: RFC 3339 for dates and
/// times, digits, paths with slashes.
pub(crate) fn text(graph: &Graph, cell: Cell) -> Option<String> {
    let object = graph.object(cell)?;
    let args = object.args.and_then(|args| graph.tuple(args)).unwrap_or_default();
    match graph.known(object.class) {
        Known::Datetime => datetime(graph, args),
        Known::Date => match *bytes(graph, *args.first()?)?.as_slice() {
            [high, low, month, day] => Some(date([high, low, month, day])),
            _ => None,
        },
        Known::Time => time_with_zone(graph, args),
        Known::Decimal => match *args {
            [digits] => graph.text(digits).map(str::to_owned),
            _ => None,
        },
        Known::Fraction => match *args {
            [whole] => graph.text(whole).map(str::to_owned),
            [above, below] => Some(format!("{}/{}", graph.int(above)?, graph.int(below)?)),
            _ => None,
        },
        Known::Uuid => uuid(graph, object.state?),
        Known::Path => {
            let parts: Option<Vec<&str>> = args.iter().map(|part| graph.text(*part)).collect();
            let parts = parts?;
            // The first part of an absolute path is its root.
            let root = parts.first().is_some_and(|first| first.ends_with(['/', '\\']));
            let joined = parts.get(usize::from(root)..)?.join("/");
            Some(if root { format!("{}{joined}", parts.first()?) } else { joined })
        }
        _ => None,
    }
}

/// How long a `timedelta` is: days, seconds, microseconds.
pub(crate) fn timedelta(graph: &Graph, cell: Cell) -> Option<(i64, i64, i64)> {
    let object = graph.object(cell)?;
    if graph.known(object.class) != Known::Timedelta {
        return None;
    }
    let args = object.args.and_then(|args| graph.tuple(args)).unwrap_or_default();
    let part = |at: usize| args.get(at).map_or(Some(0), |cell| graph.int(*cell));
    Some((part(0)?, part(1)?, part(2)?))
}

/// The bytes that dates are made of; Python 2 wrote them as text.
fn bytes(graph: &Graph, cell: Cell) -> Option<Vec<u8>> {
    match graph.node(cell)? {
        Node::Bytes(span) => graph.store.held(span).map(<[u8]>::to_vec),
        Node::Str(span) => super::handle::from_latin1(graph.store.held(span)?),
        _ => None,
    }
}

fn date([high, low, month, day]: [u8; 4]) -> String {
    // The highest bit of the month says which of two equal times is meant (PEP 495).
    format!("{:04}-{:02}-{day:02}", u16::from_be_bytes([high, low]), month & 0x7f)
}

fn time([hour, minute, second, a, b, c]: [u8; 6]) -> String {
    let mut text = format!("{:02}:{minute:02}:{second:02}", hour & 0x7f);
    match u32::from_be_bytes([0, a, b, c]) {
        0 => {}
        micros => {
            let _ = write!(text, ".{micros:06}");
        }
    }
    text
}

fn datetime(graph: &Graph, args: &[Cell]) -> Option<String> {
    let bytes: [u8; 10] = bytes(graph, *args.first()?)?.try_into().ok()?;
    let [high, low, month, day, at @ ..] = bytes;
    let zone = zone(graph, args.get(1))?;
    Some(format!("{}T{}{zone}", date([high, low, month, day]), time(at)))
}

fn time_with_zone(graph: &Graph, args: &[Cell]) -> Option<String> {
    let at: [u8; 6] = bytes(graph, *args.first()?)?.try_into().ok()?;
    Some(format!("{}{}", time(at), zone(graph, args.get(1))?))
}

/// The offset of a `timezone`; nothing where there is none. Other zones have rules that no file
/// holds.
fn zone(graph: &Graph, cell: Option<&Cell>) -> Option<String> {
    let Some(&cell) = cell.filter(|cell| **cell != Cell::NONE) else { return Some(String::new()) };
    if let Some(("datetime", "timezone.utc")) = graph.name(cell) {
        return Some("+00:00".to_owned());
    }
    let object = graph.object(cell)?;
    if graph.known(object.class) != Known::Timezone {
        return None;
    }
    let offset = *graph.tuple(object.args?)?.first()?;
    let (days, seconds, _) = timedelta(graph, offset)?;
    let seconds = days.checked_mul(86_400)?.checked_add(seconds)?;
    let (sign, seconds) = if seconds < 0 { ('-', -seconds) } else { ('+', seconds) };
    let mut text = format!("{sign}{:02}:{:02}", seconds / 3600, seconds / 60 % 60);
    if seconds % 60 != 0 {
        let _ = write!(text, ":{:02}", seconds % 60);
    }
    Some(text)
}

fn uuid(graph: &Graph, state: Cell) -> Option<String> {
    let pairs = graph.dict(state)?;
    let value = pairs.chunks_exact(2).find_map(|pair| match *pair {
        [key, value] if graph.text(key) == Some("int") => Some(value),
        _ => None,
    })?;
    let mut wide = [0_u8; 16];
    match graph.node(value) {
        Some(Node::BigInt(span)) => {
            let bytes = graph.store.held(span)?;
            let (bytes, sign) = bytes.split_at_checked(16).unwrap_or((bytes, &[]));
            if sign.iter().any(|byte| *byte != 0) {
                return None;
            }
            wide.get_mut(..bytes.len())?.copy_from_slice(bytes);
        }
        _ => wide
            .get_mut(..8)?
            .copy_from_slice(&u64::try_from(graph.int(value)?).ok()?.to_le_bytes()),
    }
    let hex = format!("{:032x}", u128::from_le_bytes(wide));
    let part = |from, to| hex.get(from..to).unwrap_or_default();
    Some(format!(
        "{}-{}-{}-{}-{}",
        part(0, 8),
        part(8, 12),
        part(12, 16),
        part(16, 20),
        part(20, 32)
    ))
}
