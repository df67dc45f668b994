//! Python's `shelve`: databases whose values are pickles, as trees of objects by their keys.
//!
//! The databases are those of `dbm`: `dbm.dumb` (two files, `.dat` and `.dir`), `dbm.gnu` (one file,
//! written on any kind of machine), and `dbm.sqlite3` (from Python 3.13 on). They are read where
//! they are, without the libraries that wrote them; nothing is locked and nothing is written.
//!
//! | in the file | npstow |
//! |---|---|
//! | values that are pickles | as in [`pickle`](crate::pickle), below their keys |
//! | other values | bytes |
//! | keys with slashes | paths |
//! | keys that are no paths: empty, not UTF-8 | read by their names alone, in no tree |
//! | `dbm.ndbm`, other tables of `SQLite` | refused by name |
#![forbid(unsafe_code)]

mod dumb;
mod gnu;
mod reader;
mod sqlite;

pub(crate) use dumb::beside;
pub(crate) use reader::{Shelf, open_dumb};
pub(crate) use sqlite::check_closed;

/// Whether a file that begins with these bytes is a database of one file.
pub(crate) fn sniff(start: &[u8]) -> bool {
    gnu::sniff(start) || sqlite::sniff(start)
}

use crate::{Buffer, Error, MemorySource, PartSource, Result, Source};
use std::sync::Arc;

/// A key, and where its value lies: in pieces, one after another.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Record {
    key: Vec<u8>,
    value: Vec<Piece>,
}

/// Some bytes of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Piece {
    offset: u64,
    len: u64,
}

/// Bytes that a file has to have.
fn read(source: &dyn Source, offset: u64, len: u64) -> Result<Buffer> {
    let end = offset.checked_add(len).filter(|end| *end <= source.len());
    let size = usize::try_from(len).ok().filter(|_| end.is_some());
    let Some(size) = size else {
        let there = source.len().saturating_sub(offset);
        let found = format!("the end after {there}");
        return Err(Error::corrupt(format_args!("{len} bytes"), found).at(offset));
    };
    source.read(offset, size).map_err(|e| Error::io("reading a database", e).at(offset))
}

/// The bytes of some pieces.
fn gather(source: &dyn Source, pieces: &[Piece]) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for piece in pieces {
        bytes.extend_from_slice(&read(source, piece.offset, piece.len)?);
    }
    Ok(bytes)
}

/// A value as a source of its own: in place where it lies in one piece.
fn value(source: &Arc<dyn Source>, pieces: &[Piece]) -> Result<Arc<dyn Source>> {
    match pieces {
        [one] => Ok(Arc::new(PartSource::new(Arc::clone(source), one.offset, one.len)?)),
        pieces => Ok(Arc::new(MemorySource::new(gather(&**source, pieces)?))),
    }
}

#[cfg(test)]
mod tests;
