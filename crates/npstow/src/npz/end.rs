//! Finding the directory: the end record, and the zip64 record where there is one.
//!
//! An archive that is whole ends with its end record, so one read of the tail tells all. Where
//! bytes follow (an edit that was never finished, a transfer that added some), the end record is
//! searched backwards through the file, and only one with a sound directory in front counts.
//!
//! A file with two archives is refused: readers that search less, or more, see another one. An
//! archive within a member of one that lost its end is not that one.
#![forbid(unsafe_code)]

use super::directory::Directory;
use super::leftover;
use super::zip::{CentralHeader, EndRecord, Flags, LocalHeader, Zip64EndRecord, Zip64Locator};
use crate::cursor::Cursor;
use crate::{Buffer, Error, ErrorKind, Limits, Result, Source};
use std::cmp::Ordering;

/// What is read at first: half of the file at most, but no less and no more than this.
const LEAST: u64 = 64 << 10;
const MOST: u64 = 2 << 20;

/// From this length on it is worth a guess how much of the tail is needed: new memory costs more
/// than the copy into it.
const GUESSED: u64 = 256 << 10;

/// How much is read at once when searching backwards.
const WINDOW: u64 = 1 << 20;

/// Where a directory is, as its end record says.
#[derive(Clone, Debug)]
pub(super) struct End {
    /// Where its first end record (zip64 or not) is: right behind the directory.
    pub(super) at: u64,
    /// Where the directory begins.
    pub(super) start: u64,
    /// What all offsets have to be shifted by: the length of what stands in front of the archive.
    pub(super) shift: u64,
    /// How many members it is said to have.
    pub(super) entries: u64,
    /// Whether that number has all its bits.
    wide: bool,
    /// Where the archive ends, comment included.
    pub(super) end: u64,
    pub(super) comment: Buffer,
    /// How many bytes of the comment the file ends before.
    pub(super) comment_cut: u64,
}

impl End {
    /// Whether this many members are as many as it says. Without zip64 only 16 bits are known.
    pub(super) fn counts(&self, members: u64) -> bool {
        if self.wide { members == self.entries } else { members & 0xffff == self.entries }
    }

    /// The end of a directory that was made for members found without one; `len` is the length
    /// of the file, all of which they may take.
    pub(super) fn made(len: u64, entries: u64) -> Self {
        let (at, start, end) = (len, len, len);
        let (comment, comment_cut) = (Buffer::default(), 0);
        Self { at, start, shift: 0, entries, wide: true, end, comment, comment_cut }
    }

    /// Reads the end record at `at`, and the zip64 record in front of it.
    fn read(view: &View<'_>, at: u64) -> Result<Self> {
        let (mut end, told) = Self::told(view, at)?;
        // As zipfile: the directory ends where the end record begins, wherever it says it is.
        end.shift = end.start.checked_sub(told).ok_or_else(|| {
            let expected = format_args!("the directory at byte {told}");
            Error::corrupt(expected, format_args!("it at {}", end.start)).at(end.at)
        })?;
        Ok(end)
    }

    /// As [`read`](Self::read), with the place where the directory is said to be, and without
    /// the shift: what is told may lie behind where it is, as in a file that lost its start.
    fn told(view: &View<'_>, at: u64) -> Result<(Self, u64)> {
        let size = EndRecord::SIZE as u64;
        let bytes = view.read(at, size)?;
        let record = EndRecord::parse(&mut Cursor::new(&bytes)).map_err(|e| e.shift(at))?;
        let rest = view.source.len().saturating_sub(at + size);
        let comment = view.read(at + size, rest.min(record.comment_len.into()))?;
        let end = at + size + comment.len() as u64;
        let comment_cut = u64::from(record.comment_len).saturating_sub(comment.len() as u64);
        let (wide, first) = match zip64(view, at)? {
            Some((wide, first)) if record.agrees(&wide) => (Some(wide), first),
            Some((_, first)) => {
                let expected = "the same in the zip64 end record as in the end record";
                return Err(Error::corrupt(expected, "something else").at(first));
            }
            None => (None, at),
        };
        let record = wide.unwrap_or(Zip64EndRecord {
            disk: record.disk.into(),
            directory_disk: record.directory_disk.into(),
            entries_here: record.entries_here.into(),
            entries: record.entries.into(),
            directory_len: record.directory_len.into(),
            directory_offset: record.directory_offset.into(),
            ..Zip64EndRecord::default()
        });
        let parts = (record.disk, record.directory_disk) != (0, 0);
        if parts || record.entries_here != record.entries {
            return Err(Error::unsupported("an archive in several parts").at(first));
        }
        let start = first.checked_sub(record.directory_len).ok_or_else(|| {
            let expected = format_args!("a directory of {} bytes", record.directory_len);
            Error::corrupt(expected, format_args!("only {first} in front of its end")).at(first)
        })?;
        let (wide, entries) = (wide.is_some(), record.entries);
        let new = Self { at: first, start, shift: 0, entries, wide, end, comment, comment_cut };
        Ok((new, record.directory_offset))
    }
}

/// The zip64 record in front of an end record, and where it is; `None` without a locator.
fn zip64(view: &View<'_>, at: u64) -> Result<Option<(Zip64EndRecord, u64)>> {
    let Some(locator_at) = at.checked_sub(Zip64Locator::SIZE as u64) else { return Ok(None) };
    let bytes = view.read(locator_at, Zip64Locator::SIZE as u64)?;
    if !bytes.starts_with(Zip64Locator::SIGNATURE) {
        return Ok(None);
    }
    let locator = Zip64Locator::parse(&mut Cursor::new(&bytes)).map_err(|e| e.shift(locator_at))?;
    if locator.disk != 0 || locator.disks > 1 {
        return Err(Error::unsupported("an archive in several parts").at(locator_at));
    }
    // Right in front of the locator, unless somebody added to the record: then where the locator
    // says, which no prefix may have moved.
    let size = Zip64EndRecord::SIZE as u64;
    let near = locator_at.checked_sub(size);
    for place in [near, Some(locator.offset)] {
        let Some(place) = place.filter(|&p| p.checked_add(size).is_some_and(|e| e <= locator_at))
        else {
            continue;
        };
        let bytes = view.read(place, size)?;
        let Ok(record) = Zip64EndRecord::parse(&mut Cursor::new(&bytes)) else { continue };
        let behind = place.checked_add(12).and_then(|at| at.checked_add(record.rest_len));
        let start = place.checked_sub(record.directory_len);
        let shift = start.and_then(|start| start.checked_sub(record.directory_offset));
        let told = shift.and_then(|shift| locator.offset.checked_add(shift));
        if behind == Some(locator_at) && told == Some(place) {
            return Ok(Some((record, place)));
        }
    }
    let expected = format_args!("the zip64 end record at byte {}", locator.offset);
    Err(Error::corrupt(expected, "none that fits").at(locator_at))
}

/// The source, with its tail at hand.
struct View<'a> {
    source: &'a dyn Source,
    tail: Buffer,
    tail_at: u64,
}

impl<'a> View<'a> {
    /// Reads the tail; `start` are some first bytes of the source, where they are at hand.
    fn new(source: &'a dyn Source, start: &[u8]) -> Result<Self> {
        let len = source.len();
        let mut tail_len = len.min((len / 2).clamp(LEAST, MOST));
        if tail_len > GUESSED && source.in_memory().is_none() {
            let guess = guess(source, start);
            tail_len = guess.map_or(tail_len, |guess| guess.clamp(LEAST, tail_len));
        }
        let tail_at = len - tail_len;
        let none = View { source, tail: Buffer::default(), tail_at: len };
        let tail = none.read(tail_at, tail_len)?;
        Ok(View { source, tail, tail_at })
    }

    /// Bytes of the file: from the tail where they are in it.
    fn read(&self, offset: u64, len: u64) -> Result<Buffer> {
        let failed = |e| Error::io("reading the directory", e).at(offset);
        let there = self.source.len().saturating_sub(offset);
        if len > there {
            let found = format_args!("the end after {there}");
            return Err(Error::corrupt(format_args!("{len} bytes"), found).at(offset));
        }
        let too_long = || Error::unsupported("a directory larger than the address space");
        let len = usize::try_from(len).map_err(|_| too_long().at(offset))?;
        let within = offset.checked_sub(self.tail_at).and_then(|at| usize::try_from(at).ok());
        if let Some(start) = within {
            if let Some(end) = start.checked_add(len).filter(|&end| end <= self.tail.len()) {
                return self.tail.slice(start..end);
            }
        }
        self.source.read(offset, len).map_err(failed)
    }

    /// Whether the end record at `at` and its comment are the last bytes of the file.
    fn reaches_end(&self, at: u64) -> bool {
        let size = EndRecord::SIZE as u64;
        let record = self.read(at, size);
        let record = record.and_then(|bytes| {
            EndRecord::parse(&mut Cursor::new(&bytes)).map(|record| record.comment_len)
        });
        record.is_ok_and(|comment_len| at + size + u64::from(comment_len) == self.source.len())
    }

    /// Reads the whole directory that `end` describes.
    fn directory(&self, end: End, limits: &Limits) -> Result<Directory> {
        let mut bytes = self.read(end.start, end.at - end.start)?;
        if bytes.len() < self.tail.len() / 2 {
            // A small directory is not to keep the whole tail in memory.
            bytes = Buffer::copy_of(&bytes);
        }
        Directory::parse(bytes, end, limits)
    }
}

/// Finds the directory of an archive and reads it.
pub(super) fn find(source: &dyn Source, start: &[u8], limits: &Limits) -> Result<Directory> {
    let view = View::new(source, start)?;
    let mut search = Search::new(&view, limits);
    let Some(at) = ends(&view.tail, view.tail_at).find(|&at| view.reaches_end(at)) else {
        return search.run(None);
    };
    let directory = view.directory(End::read(&view, at)?, limits)?;
    // An archive within an archive, at whose end an edit broke off, looks like one with
    // something in front: then the file begins like an archive, too.
    if directory.prefix_len() > 0 && begins_like_one(&view) {
        return search.run(Some(directory));
    }
    search.comment(&directory)?;
    Ok(directory)
}

/// How long the directory is if all members are like the first one, and what follows it. Where
/// they are not, a second read brings what is missing.
fn guess(source: &dyn Source, start: &[u8]) -> Option<u64> {
    const NAME: usize = 200;
    let read;
    let start = match start.len() {
        0 => {
            read = source.read(0, LocalHeader::SIZE + NAME).ok()?;
            &*read
        }
        _ => start,
    };
    let header = LocalHeader::parse(&mut Cursor::new(start)).ok()?;
    let len = LocalHeader::whole_len(start).ok()?.checked_add(header.packed_len)?;
    // Sizes that were not known when the header was written tell nothing.
    if header.packed_len == 0 && header.flags.has(Flags::DESCRIPTOR) {
        return None;
    }
    let count = source.len() / len + 1;
    // NumPy has zip64 fields in all local headers. npstow has not, and repeats NPY headers in the
    // directory.
    let copy = if header.zip64 { 8 } else { 96 };
    let entry = CentralHeader::SIZE as u64 + header.name.len() as u64 + copy;
    count.checked_mul(entry)?.checked_add(4 << 10)
}

fn begins_like_one(view: &View<'_>) -> bool {
    let start = view.read(0, 4);
    start.is_ok_and(|bytes| {
        bytes.starts_with(LocalHeader::SIGNATURE) || bytes.starts_with(EndRecord::SIGNATURE)
    })
}

/// Where end records may be in `bytes`, the last one first; `at` is where the bytes begin.
fn ends(bytes: &[u8], at: u64) -> impl Iterator<Item = u64> {
    // The first byte of the signature is rare enough in most data to be looked for alone.
    let starts = bytes.iter().enumerate().rev().filter(|(_, byte)| **byte == b'P');
    let found = starts.filter(|(i, _)| {
        bytes.get(*i..).is_some_and(|rest| rest.starts_with(EndRecord::SIGNATURE))
    });
    found.map(move |(i, _)| at + i as u64)
}

/// A search for end records with a sound directory in front of them.
struct Search<'a> {
    view: &'a View<'a>,
    limits: &'a Limits,
    /// Each attempt costs a few reads and its directory; all together no more than a few passes
    /// over the file.
    budget: u64,
    first_error: Option<Error>,
}

/// How many passes over the file a search may take.
const PASSES: u64 = 4;

impl<'a> Search<'a> {
    fn new(view: &'a View<'a>, limits: &'a Limits) -> Self {
        let budget = view.source.len().saturating_mul(PASSES).saturating_add(1 << 20);
        Self { view, limits, budget, first_error: None }
    }

    fn spend(&mut self, cost: u64) -> Result<()> {
        let too_many = || {
            let what = "passes over the file in search of a sound directory";
            Error::limit(what, PASSES, "more (end records that lead nowhere)")
        };
        self.budget = self.budget.checked_sub(cost).ok_or_else(too_many)?;
        Ok(())
    }

    /// The directory of the end record at `at`; `None` where it is not sound.
    fn attempt(&mut self, at: u64) -> Result<Option<Directory>> {
        self.spend(256)?;
        let end = End::read(self.view, at);
        if let Ok(end) = &end {
            self.spend(end.end - end.start)?;
        }
        let look = |end| {
            looks_sound(self.view, &end)?;
            self.view.directory(end, self.limits)
        };
        match end.and_then(look) {
            Ok(directory) => Ok(Some(directory)),
            Err(e) if matches!(e.kind(), ErrorKind::Limit | ErrorKind::Io) => Err(e),
            Err(e) => {
                self.first_error.get_or_insert(e);
                Ok(None)
            }
        }
    }

    /// Refuses a comment with an archive in it: others read that one.
    fn comment(&mut self, outer: &Directory) -> Result<()> {
        let comment = outer.comment();
        let start = outer.end().saturating_sub(comment.len() as u64);
        for at in ends(comment, start) {
            if let Some(inner) = self.attempt(at)? {
                return Err(two_archives(outer.end(), inner.prefix_len().max(start)));
            }
        }
        Ok(())
    }

    /// Goes back through the file to the last sound directory of an archive without a prefix.
    /// Those with one may be of archives in members; `whole` is one that reaches the end.
    fn run(mut self, whole: Option<Directory>) -> Result<Directory> {
        let view = self.view;
        // Where the archives begin that were passed, and the last one of them.
        let mut passed: Vec<u64> = Vec::new();
        let mut inner = None;
        let mut upper = view.source.len();
        while upper > 0 {
            let start = upper.saturating_sub(WINDOW);
            // A signature may lie across two windows.
            let stop = (upper + 3).min(view.source.len());
            let window = view.read(start, stop - start)?;
            for at in ends(&window, start) {
                let Some(directory) = self.attempt(at)? else { continue };
                if directory.prefix_len() > 0 {
                    passed.push(directory.prefix_len());
                    inner.get_or_insert(directory);
                    continue;
                }
                // What a change that broke off had added is no archive yet, though it may hold
                // some. Other programs read those that stand anywhere else.
                passed.sort_unstable();
                return match leftover::outside(view.source, directory.end(), &passed)? {
                    Some(place) => Err(two_archives(directory.end(), place)),
                    None => Ok(directory),
                };
            }
            upper = start;
        }
        match (whole, inner) {
            (Some(directory), _) => self.comment(&directory).map(|()| directory),
            (None, Some(inner)) if begins_like_one(view) => Err(torn(view, &inner)),
            (None, Some(inner)) => Ok(inner),
            (None, None) => Err(self.first_error.unwrap_or_else(|| nothing(view))),
        }
    }
}

/// The directory at the very end of a file, as bytes, with its end record and the place where it
/// is said to be: whether or not the archive can be read by it.
pub(super) fn told(source: &dyn Source) -> Result<Option<(Buffer, End, u64)>> {
    let view = View::new(source, &[])?;
    let Some(at) = ends(&view.tail, view.tail_at).find(|&at| view.reaches_end(at)) else {
        return Ok(None);
    };
    let (end, told) = End::told(&view, at)?;
    Ok(Some((view.read(end.start, end.at - end.start)?, end, told)))
}

fn nothing(view: &View<'_>) -> Error {
    let expected = "the end record of a zip archive";
    Error::corrupt(expected, "none, as in a file that was cut short").at(view.source.len())
}

fn torn(view: &View<'_>, inner: &Directory) -> Error {
    let expected = "the directory of the archive that begins the file";
    let at = inner.prefix_len();
    let found = format_args!(
        "only that of an archive within it, at byte {at}; `npstow salvage` finds the members"
    );
    Error::corrupt(expected, found).at(view.source.len())
}

/// For a file whose first archive ends at `end`, where another one begins at `start`.
fn two_archives(end: u64, start: u64) -> Error {
    let place = match start.cmp(&end) {
        Ordering::Less => "in the comment of the first",
        Ordering::Equal => "right behind the first",
        Ordering::Greater => "behind the first",
    };
    let found = format_args!("another one at byte {start}, {place}, which ends at byte {end}");
    Error::corrupt("one archive", found).at(start)
}

/// A cheap look before a directory is read: it begins with an entry, or is empty.
fn looks_sound(view: &View<'_>, end: &End) -> Result<()> {
    let len = (end.at - end.start).min(4);
    if len == 0 || &*view.read(end.start, len)? == CentralHeader::SIGNATURE {
        return Ok(());
    }
    Err(Error::corrupt("the entries of a directory", "something else").at(end.start))
}
