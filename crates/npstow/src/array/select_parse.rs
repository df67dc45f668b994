//! Selections as text: what stands between the brackets in NumPy.
#![forbid(unsafe_code)]

use super::{Index, Selection};
use crate::error::quoted;
use crate::{Error, Result};
use std::str::FromStr;

impl FromStr for Selection {
    type Err = Error;

    /// Reads `10:20, ::2`, `...`, `-1`, `[1, 5, 7], :`, `None`. An outer pair of brackets is that of
    /// the indexing, as in `[:, 0, ::-1]` and `[[1, 5, 7]]`; around nothing but numbers it is a
    /// list.
    fn from_str(text: &str) -> Result<Self> {
        let text = text.trim();
        if let Some(inner) = outer(text, '(', ')').filter(|inner| !inner.contains('(')) {
            return terms(inner).map(Self::from);
        }
        match outer(text, '[', ']') {
            Some(inner) if list(inner).is_err() => terms(inner).map(Self::from),
            _ => terms(text).map(Self::from),
        }
    }
}

/// What lies in brackets that enclose the whole text.
fn outer(text: &str, open: char, close: char) -> Option<&str> {
    let inner = text.strip_prefix(open)?.strip_suffix(close)?;
    // `[1], [2]` starts and ends with brackets that are not a pair.
    let mut depth = 0_usize;
    for c in inner.chars() {
        if c == open {
            depth += 1;
        } else if c == close {
            depth = depth.checked_sub(1)?;
        }
    }
    (depth == 0).then_some(inner)
}

fn wrong(text: &str, why: &str) -> Error {
    Error::invalid(format_args!("expected {why}, found '{}'", quoted(text)))
}

fn terms(text: &str) -> Result<Vec<Index>> {
    let mut indices = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let end = match rest.strip_prefix('[') {
            Some(_) => rest.find(']').ok_or_else(|| wrong(rest, "a closing bracket"))? + 1,
            None => 0,
        };
        let comma = rest.get(end..).and_then(|after| after.find(',')).map(|at| at + end);
        let (one, after) = match comma {
            Some(at) => (rest.get(..at), rest.get(at + 1..)),
            None => (Some(rest), Some("")),
        };
        indices.push(term(one.unwrap_or_default().trim())?);
        rest = after.unwrap_or_default().trim();
    }
    Ok(indices)
}

fn term(text: &str) -> Result<Index> {
    match text {
        "..." | "Ellipsis" => return Ok(Index::Ellipsis),
        "None" | "newaxis" | "np.newaxis" => return Ok(Index::NewAxis),
        _ => {}
    }
    if let Some(inner) = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')) {
        return list(inner).map(Index::List);
    }
    if !text.contains(':') {
        return number(text).map(Index::At);
    }
    let mut parts = text.split(':').map(|part| match part.trim() {
        "" | "None" => Ok(None),
        part => number(part).map(Some),
    });
    let mut next = || parts.next().unwrap_or(Ok(None));
    let (start, stop, step) = (next()?, next()?, next()?.unwrap_or(1));
    if parts.next().is_some() {
        return Err(wrong(text, "start:stop:step"));
    }
    Ok(Index::Slice { start, stop, step })
}

fn list(text: &str) -> Result<Vec<i64>> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(Vec::new());
    }
    text.strip_suffix(',').unwrap_or(text).split(',').map(|one| number(one.trim())).collect()
}

fn number(text: &str) -> Result<i64> {
    text.parse().map_err(|_| wrong(text, "an index, a slice, a list of indices, '...' or 'None'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Selection {
        text.parse().unwrap()
    }

    #[test]
    fn everything_that_stands_between_brackets() {
        let all = Selection::all;
        assert_eq!(read("10:20, ::2"), all().slice(10..20).step(.., 2));
        assert_eq!(read("[:, 0, ::-1]"), all().slice(..).at(0).step(.., -1));
        assert_eq!(read("..."), all().ellipsis());
        assert_eq!(read(" -1 "), all().at(-1));
        assert_eq!(read("[1,5,7], :"), all().list([1, 5, 7]).slice(..));
        assert_eq!(read("[1, 5]"), all().list([1, 5]));
        assert_eq!(read("[[1, 5]]"), all().list([1, 5]));
        assert_eq!(read("[[1], None]"), all().list([1]).new_axis());
        assert_eq!(read("[1], 2:[3]".split_once(", ").unwrap().0), all().list([1]));
        assert_eq!(read("[], ..."), all().list([]).ellipsis());
        assert_eq!(read("(1, 2)"), all().at(1).at(2));
        assert_eq!(read("1,"), all().at(1));
        assert_eq!(read(""), all());
        assert_eq!(read("None:3:None"), all().slice(..3));
    }

    #[test]
    fn printing_gives_what_was_read() {
        for text in ["10:20, ::2", "..., -1", "[1, 5], None", ":", "::-1"] {
            assert_eq!(read(text).to_string(), text);
        }
    }

    #[test]
    fn what_is_no_index_is_quoted() {
        for text in [
            "a",
            "1:2:3:4",
            "1.5",
            "[1",
            "[1:2], [3",
            ",",
            "1,,2",
            "True",
            "[[1],[2]]]",
            "[[[1, 5]]]",
            "99999999999999999999",
        ] {
            let found = text.parse::<Selection>();
            assert!(found.is_err(), "{text}: {found:?}");
        }
    }
}
