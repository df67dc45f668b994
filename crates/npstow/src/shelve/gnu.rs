//! `dbm.gnu`: a directory of buckets of hashed keys.
//!
//! A header says where the directory is; that has the offset of a bucket for each prefix of a hash,
//! a bucket as often as it has prefixes; a bucket has the places of keys, with their values behind
//! them. Numbers are in the byte order of the machine that wrote them; offsets have 4 or 8 bytes.
#![forbid(unsafe_code)]

use super::{Piece, Record, read};
use crate::{Error, Limits, Result, Source};
use std::collections::HashSet;

/// Numbers that files begin with, and how long their offsets are. The last of each kind has a longer
/// header; the first one was written by all machines, with the offsets that each has.
const MAGICS: &[(u32, usize, u64)] = &[
    (0x1357_9acd, 4, 0),
    (0x1357_9acf, 8, 0),
    (0x1357_9ad0, 4, 0),
    (0x1357_9ad1, 8, 0),
    (0x1357_9ace, 8, 0),
];

/// Available places that each bucket begins with.
const AVAILABLE: u64 = 6;

/// So much of a key stands in the bucket as well.
const SMALL: u64 = 4;

/// How numbers are written.
#[derive(Clone, Copy)]
struct Form {
    big: bool,
    /// The size of offsets.
    width: usize,
}

fn form(start: &[u8]) -> Option<Form> {
    let magic = *start.first_chunk::<4>()?;
    let of = |big: bool, magic: u32| {
        let found = MAGICS.iter().find(|(known, ..)| *known == magic);
        found.map(|(_, width, _)| Form { big, width: *width })
    };
    of(false, u32::from_le_bytes(magic)).or_else(|| of(true, u32::from_be_bytes(magic)))
}

pub(super) fn sniff(start: &[u8]) -> bool {
    form(start).is_some()
}

impl Form {
    /// The number of `len` bytes at `at`; that it is there was seen to.
    fn number(self, bytes: &[u8], at: usize, len: usize) -> Result<u64> {
        let short = || Error::corrupt("a number of a database", "the end");
        let bytes = at.checked_add(len).and_then(|end| bytes.get(at..end)).ok_or_else(short)?;
        let add = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        Ok(match self.big {
            true => bytes.iter().fold(0, add),
            false => bytes.iter().rev().fold(0, add),
        })
    }

    /// The header of a bucket: where the number of its elements is, and where they begin.
    fn bucket(self) -> (usize, usize) {
        match self.width {
            // An int, six of an int and an offset, two ints; aligned as C does.
            8 => (108, 112),
            _ => (56, 60),
        }
    }

    /// How long an element of a bucket is: a hash, the start of the key, an offset and two sizes.
    fn element(self) -> usize {
        4 + 4 + self.width + 8
    }
}

/// All records, in the order of their buckets.
pub(super) fn records(source: &dyn Source, limits: &Limits) -> Result<Vec<Record>> {
    let head = read(source, 0, source.len().min(64))?;
    let form = form(&head).ok_or_else(|| Error::corrupt("a database of gdbm", "none").at(0))?;
    let width = form.width;
    let int = |at: usize| form.number(&head, at, 4).map_err(|e| e.at(at as u64));
    let directory = form.number(&head, 8, width).map_err(|e| e.at(8))?;
    let (size, bucket_len, elements) = (int(8 + width)?, int(16 + width)?, int(20 + width)?);
    let (_, start) = form.bucket();
    let room = bucket_len.saturating_sub(start as u64) / form.element() as u64;
    if elements == 0 || elements > room || size == 0 || size % width as u64 != 0 {
        let expected = format!("buckets of at most {room} elements, and a directory of offsets");
        let found = format!("{elements} elements, {size} bytes of directory");
        return Err(Error::corrupt(expected, found).at(8));
    }
    let offsets = read(source, directory, size)?;
    let (mut seen, mut records) = (HashSet::new(), Vec::new());
    for at in (0..offsets.len()).step_by(width) {
        let offset = form.number(&offsets, at, width)?;
        if !seen.insert(offset) {
            continue;
        }
        // Buckets do not overlap, so there are no more of them than fit.
        if (seen.len() as u64).saturating_mul(bucket_len) > source.len() {
            let expected = format!("buckets that fit into {} bytes", source.len());
            let found = format!("{} of {bucket_len} bytes", seen.len());
            return Err(Error::corrupt(expected, found).at(directory));
        }
        let bucket = read(source, offset, bucket_len)?;
        read_bucket(source, form, (&bucket, offset), elements, &mut records)?;
        limits.check_members(records.len() as u64)?;
    }
    Ok(records)
}

fn read_bucket(
    source: &dyn Source,
    form: Form,
    (bucket, offset): (&[u8], u64),
    elements: u64,
    records: &mut Vec<Record>,
) -> Result<()> {
    let (count_at, start) = form.bucket();
    let expected = form.number(bucket, count_at, 4)?;
    let before = records.len();
    let mut at = start;
    for _ in 0..elements {
        let number = |add: usize, len: usize| form.number(bucket, at + add, len);
        // A hash has 31 bits; this one stands for no element.
        if number(0, 4)? != 0xffff_ffff {
            let place = number(8, form.width)?;
            let (key_len, len) = (number(8 + form.width, 4)?, number(12 + form.width, 4)?);
            let key = read(source, place, key_len)?.to_vec();
            let value = Piece { offset: place.saturating_add(key_len), len };
            if value.offset.saturating_add(len) > source.len() {
                let there = source.len().saturating_sub(value.offset);
                let found = format!("the end after {there}");
                let expected = format!("a value of {len} bytes");
                return Err(Error::corrupt(expected, found).at(value.offset));
            }
            records.push(Record { key, value: vec![value] });
        }
        at += form.element();
    }
    let found = (records.len() - before) as u64;
    if found != expected {
        let expected = format!("a bucket of {expected} elements");
        return Err(Error::corrupt(expected, found).at(offset));
    }
    Ok(())
}

const _: () = assert!(4 + AVAILABLE * 8 + 8 == 60 && SMALL == 4);
