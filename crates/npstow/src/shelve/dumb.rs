//! `dbm.dumb`: values in one file, and where they lie in a text beside it.
#![forbid(unsafe_code)]

use super::{Piece, Record};
use crate::error::quoted;
use crate::{Error, Literal, LiteralOptions, Result};
use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The two files of a database, the text first, by the name of one of them or their common name;
/// `None` where they are not both there, or the text is none of a database.
pub(crate) fn beside(path: &Path) -> Option<[PathBuf; 2]> {
    let with = |stem: &Path, ending: &str| {
        let mut name = OsString::from(stem);
        name.push(ending);
        PathBuf::from(name)
    };
    let stem = match path.extension().and_then(|extension| extension.to_str()) {
        Some("dir" | "dat") => path.with_extension(""),
        _ if path.exists() => return None,
        _ => path.to_owned(),
    };
    let files = [with(&stem, ".dir"), with(&stem, ".dat")];
    let [text, values] = &files;
    (text.is_file() && values.is_file() && is_text(text)).then_some(files)
}

/// Whether a file begins as a line of such a text, or is empty.
fn is_text(path: &Path) -> bool {
    use std::io::Read;
    let Ok(file) = std::fs::File::open(path) else { return false };
    let mut start = Vec::new();
    if file.take(1).read_to_end(&mut start).is_err() {
        return false;
    }
    matches!(start[..], [] | [b'\'' | b'"'])
}

/// The records that a text names: `'key', (512, 20)`, a line each. A later line of a key counts.
pub(super) fn records(text: &[u8], values_len: u64) -> Result<Vec<Record>> {
    let mut records: Vec<Record> = Vec::new();
    let mut known: HashMap<Vec<u8>, usize> = HashMap::new();
    let mut at = 0u64;
    for line in text.split(|&byte| byte == b'\n') {
        let start = at;
        at += line.len() as u64 + 1;
        let line = line.trim_ascii_end();
        if line.is_empty() {
            continue;
        }
        let record = record(line, values_len).map_err(|e| e.at(start))?;
        match known.get(&record.key).and_then(|&at| records.get_mut(at)) {
            Some(old) => *old = record,
            None => {
                known.insert(record.key.clone(), records.len());
                records.push(record);
            }
        }
    }
    Ok(records)
}

fn record(line: &[u8], values_len: u64) -> Result<Record> {
    // CPython reads it as Latin-1, a character for each byte of the key.
    let text: String = line.iter().map(|&byte| char::from(byte)).collect();
    let wrong = || Error::corrupt("'key', (offset, length)", quoted(&text));
    let options = LiteralOptions { python2_longs: true, depth: 4 };
    let Ok(Literal::Tuple(parts)) = Literal::parse(&format!("({text})"), &options) else {
        return Err(wrong());
    };
    let [Literal::Str(key), Literal::Tuple(place)] = &parts[..] else { return Err(wrong()) };
    let [Literal::Int(offset), Literal::Int(len)] = place[..] else { return Err(wrong()) };
    let key = key.chars().map(|c| u8::try_from(c).map_err(|_| wrong())).collect::<Result<_>>()?;
    let (Ok(offset), Ok(len)) = (u64::try_from(offset), u64::try_from(len)) else {
        return Err(wrong());
    };
    if offset.checked_add(len).is_none_or(|end| end > values_len) {
        let expected = format!("a value within the {values_len} bytes of the other file");
        return Err(Error::corrupt(expected, format_args!("{len} bytes at {offset}")));
    }
    Ok(Record { key, value: vec![Piece { offset, len }] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_records() {
        let text = b"'a', (0, 5)\n\"it's\", (512, 3)\n'\\xe9\\n', (1024, 0)\n'a', (1024, 7)\n";
        let found = records(text, 1031).unwrap();
        let of = |key: &[u8], offset, len| Record {
            key: key.to_vec(),
            value: vec![Piece { offset, len }],
        };
        assert_eq!(found, [of(b"a", 1024, 7), of(b"it's", 512, 3), of(b"\xe9\n", 1024, 0)]);
        assert_eq!(records(b"", 0).unwrap(), []);
        let e = records(text, 1030).unwrap_err();
        assert_eq!(e.offset(), Some(49));
    }

    #[test]
    fn other_lines_are_refused() {
        for line in [
            "'a'",
            "'a', 5",
            "'a', (1, 2, 3)",
            "'a', (-1, 2)",
            "'\\u20ac', (0, 0)",
            "b'a', (0, 0)",
            "x",
        ] {
            assert!(records(line.as_bytes(), 100).is_err(), "{line}");
        }
    }
}
