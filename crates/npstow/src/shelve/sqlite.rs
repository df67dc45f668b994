//! `dbm.sqlite3`: the table `Dict` of an `SQLite` database, a row for each key.
//!
//! <https://sqlite.org/fileformat2.html>: pages, B-trees of rows in them, and rows that are longer
//! than a page in chains of others.
#![forbid(unsafe_code)]

use super::{Piece, Record, gather, read};
use crate::{Buffer, Error, Limits, Result, Source};
use std::ffi::OsString;
use std::path::Path;

const MAGIC: &[u8] = b"SQLite format 3\0";

pub(super) fn sniff(start: &[u8]) -> bool {
    start.starts_with(MAGIC)
}

/// Refuses a database with a log beside it: what it says counts, and is not read.
pub(crate) fn check_closed(path: &Path) -> Result<()> {
    for ending in ["-wal", "-journal"] {
        let mut log = OsString::from(path);
        log.push(ending);
        if std::fs::metadata(&log).is_ok_and(|log| log.len() > 0) {
            let what =
                format!("a database that is open, or was not closed (its log '{ending}' is there)");
            return Err(Error::unsupported(what));
        }
    }
    Ok(())
}

/// All rows of the table, in its order.
pub(super) fn records(source: &dyn Source, limits: &Limits) -> Result<Vec<Record>> {
    let pages = Pages::open(source)?;
    let none = || Error::unsupported("an SQLite database without the table of dbm.sqlite3");
    let mut root = None;
    for row in pages.rows(1, limits)? {
        let columns = row.columns(source)?;
        let text = |at: usize| columns.get(at).map(|c| gather(source, c)).transpose();
        if text(0)?.as_deref() == Some(b"table") && text(1)?.as_deref() == Some(b"Dict") {
            let number = text(3)?.ok_or_else(none)?;
            root = Some(number.iter().fold(0u64, |n, &byte| n << 8 | u64::from(byte)));
        }
    }
    let rows = pages.rows(root.ok_or_else(none)?, limits)?;
    rows.iter().map(|row| row.record(source)).collect()
}

/// The pages of a database.
struct Pages<'a> {
    source: &'a dyn Source,
    size: u64,
    /// How much of each page is used.
    usable: u64,
    count: u64,
}

/// A row: the bytes of its record.
struct Row {
    pieces: Vec<Piece>,
}

/// A number of 7 bits in each byte, the first first; the ninth has 8. How long it is as well.
fn varint(bytes: &[u8]) -> Result<(u64, usize)> {
    let mut number = 0u64;
    for (at, &byte) in bytes.iter().take(9).enumerate() {
        if at == 8 {
            return Ok((number << 8 | u64::from(byte), 9));
        }
        number = number << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Ok((number, at + 1));
        }
    }
    Err(Error::corrupt("a number of a row", "the end"))
}

fn number(bytes: &[u8], at: usize, len: usize) -> Result<u64> {
    let short = || Error::corrupt("a number of a page", "the end");
    let bytes = at.checked_add(len).and_then(|end| bytes.get(at..end)).ok_or_else(short)?;
    Ok(bytes.iter().fold(0, |number, &byte| number << 8 | u64::from(byte)))
}

impl<'a> Pages<'a> {
    fn open(source: &'a dyn Source) -> Result<Self> {
        let head = read(source, 0, 100)?;
        // A size of 1 stands for 65536.
        let size = match number(&head, 16, 2)? {
            1 => 65536,
            size => size,
        };
        let usable = size.saturating_sub(number(&head, 20, 1)?);
        if !size.is_power_of_two() || size < 512 || usable < 480 {
            return Err(Error::corrupt("pages of 512 to 65536 bytes", size).at(16));
        }
        Ok(Self { source, size, usable, count: source.len() / size })
    }

    /// A page, and where it begins.
    fn page(&self, number: u64) -> Result<(Buffer, u64)> {
        if number == 0 || number > self.count {
            let expected = format!("one of {} pages", self.count);
            return Err(Error::corrupt(expected, format_args!("number {number}")));
        }
        let offset = (number - 1) * self.size;
        Ok((read(self.source, offset, self.size)?, offset))
    }

    /// The rows of the table whose B-tree begins at a page.
    fn rows(&self, root: u64, limits: &Limits) -> Result<Vec<Row>> {
        let mut rows = Vec::new();
        let mut waiting = vec![root];
        let mut visits = 0;
        while let Some(number) = waiting.pop() {
            visits += 1;
            if visits > self.count {
                return Err(Error::corrupt("a tree of pages", "a page met twice"));
            }
            let (page, offset) = self.page(number)?;
            let found =
                self.visit(&page, number, offset, &mut rows).map_err(|e| match e.offset() {
                    None => e.at(offset),
                    Some(_) => e,
                })?;
            waiting.extend(found.into_iter().rev());
            limits.check_members(rows.len() as u64)?;
        }
        Ok(rows)
    }

    /// The pages below one, or its rows.
    fn visit(&self, page: &[u8], of: u64, offset: u64, rows: &mut Vec<Row>) -> Result<Vec<u64>> {
        // The first page begins with the header of the database.
        let head = if of == 1 { 100 } else { 0 };
        let kind = number(page, head, 1)?;
        let count = number(page, head + 3, 2)?;
        let (is_leaf, first) = match kind {
            0x0d => (true, head + 8),
            0x05 => (false, head + 12),
            other => {
                let found = format!("one of the kind {other}");
                return Err(Error::corrupt("a page of a table", found).at(offset));
            }
        };
        let mut below = Vec::new();
        for at in 0..usize::try_from(count).unwrap_or(usize::MAX) {
            let cell = number(page, first + 2 * at, 2)?;
            let cell = usize::try_from(cell).unwrap_or(usize::MAX);
            match is_leaf {
                true => rows.push(self.row(page, cell, offset)?),
                false => below.push(number(page, cell, 4)?),
            }
        }
        if !is_leaf {
            below.push(number(page, head + 8, 4)?);
        }
        Ok(below)
    }

    /// A cell of a leaf: the length of its record, its number, and the record, as much as fits.
    fn row(&self, page: &[u8], cell: usize, offset: u64) -> Result<Row> {
        let rest = |at: usize| page.get(at..).unwrap_or_default();
        let (len, a) = varint(rest(cell))?;
        let (_, b) = varint(rest(cell + a))?;
        if len > self.source.len() {
            return Err(Error::corrupt("a row within the file", format_args!("{len} bytes")));
        }
        let start = (cell + a + b) as u64;
        // File format 1.6: how much of a long record stands in the page.
        let (most, step) = (self.usable - 35, self.usable - 4);
        let least = (self.usable - 12) * 32 / 255 - 23;
        let local = match len <= most {
            true => len,
            false => {
                let own = least + (len - least) % step;
                if own <= most { own } else { least }
            }
        };
        if start + local > page.len() as u64 {
            return Err(Error::corrupt("a row within its page", format_args!("{local} bytes")));
        }
        let mut pieces = vec![Piece { offset: offset + start, len: local }];
        let mut left = len - local;
        let mut next = match left {
            0 => 0,
            _ => number(page, usize::try_from(start + local).unwrap_or(usize::MAX), 4)?,
        };
        while left > 0 {
            let (page, offset) = self.page(next)?;
            let len = left.min(step);
            pieces.push(Piece { offset: offset + 4, len });
            (left, next) = (left - len, number(&page, 0, 4)?);
        }
        Ok(Row { pieces })
    }
}

impl Row {
    /// Where the columns lie.
    fn columns(&self, source: &dyn Source) -> Result<Vec<Vec<Piece>>> {
        // The head of a record stands in the page: that of two columns is short.
        let Some(first) = self.pieces.first() else { return Ok(Vec::new()) };
        let start = read(source, first.offset, first.len.min(64))?;
        let (head_len, mut at) = varint(&start)?;
        let mut position = head_len;
        let mut columns = Vec::new();
        while (at as u64) < head_len {
            let (kind, len) = varint(start.get(at..).unwrap_or_default())?;
            at += len;
            // File format 2.1: serial types.
            let len = match kind {
                0 | 8 | 9 => 0,
                1..=4 => kind,
                5 => 6,
                6 | 7 => 8,
                10 | 11 => return Err(Error::corrupt("a type of a column", kind)),
                _ => (kind - 12) / 2,
            };
            columns.push(self.part(position, len)?);
            position = position.saturating_add(len);
        }
        Ok(columns)
    }

    /// Some bytes of the record.
    fn part(&self, start: u64, len: u64) -> Result<Vec<Piece>> {
        let (mut skip, mut left) = (start, len);
        let mut found = Vec::new();
        for piece in &self.pieces {
            if left == 0 {
                break;
            }
            let own = piece.len.saturating_sub(skip).min(left);
            if own > 0 {
                found.push(Piece { offset: piece.offset + skip, len: own });
            }
            skip = skip.saturating_sub(piece.len);
            left -= own;
        }
        if left > 0 {
            return Err(Error::corrupt("a column within its row", format_args!("{len} bytes")));
        }
        Ok(found)
    }

    fn record(&self, source: &dyn Source) -> Result<Record> {
        match &self.columns(source)?[..] {
            [key, value] => Ok(Record { key: gather(source, key)?, value: value.clone() }),
            other => {
                Err(Error::corrupt("a key and a value", format_args!("{} columns", other.len())))
            }
        }
    }
}
