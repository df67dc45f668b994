//! The central directory: what an archive holds, from one read at its end.
//!
//! The directory is the truth about an archive; local headers are held against it when their
//! member is read. Names are not copied: a member is a handful of numbers and a place in the
//! directory's bytes, so that hundreds of thousands cost little more than the read.
#![forbid(unsafe_code)]

use super::end::{self, End};
use super::names;
use super::zip::{CentralHeader, Flags, LocalHeader, Method};
use crate::cursor::Cursor;
use crate::{Buffer, Error, Limits, Result, Source};
use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// All members of an archive, in the directory's order.
#[derive(Debug)]
pub(super) struct Directory {
    bytes: Buffer,
    end: End,
    members: Vec<Member>,
    /// Names that are not UTF-8 as they are stored.
    decoded: Vec<String>,
    /// The members in the order of the file, where it is another.
    order: Option<Vec<u32>>,
    /// The members in the order of their names, made once many are looked up.
    sorted: OnceLock<Vec<u32>>,
    /// The members whose names others have, too.
    shared: OnceLock<HashSet<u32>>,
    lookups: AtomicU32,
}

/// What the directory says of a member; nothing of it has been held against the member itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member {
    /// Where its entry begins in the directory.
    at: usize,
    name_len: u16,
    /// Its place among the decoded names.
    decoded: Option<u32>,
    /// Whether its name is no path within the archive: it makes no groups, and is in no tree.
    pub(super) is_odd: bool,
    pub(super) flags: Flags,
    pub(super) method: Method,
    pub(super) crc32: u32,
    pub(super) packed_len: u64,
    pub(super) unpacked_len: u64,
    /// Where its local header is in the file.
    pub(super) offset: u64,
    /// Where the next member, or the directory, begins: it must end before.
    pub(super) limit: u64,
}

/// What a name stands for in a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Nothing,
    /// The only member of that name.
    One(usize),
    /// Several members have it: how many.
    Many(usize),
}

/// Up to here each lookup goes through the members; sorting them would cost more.
const SCANS: u32 = 4;

impl Directory {
    /// Reads the directory of an archive: one read of its tail, and a second one only where the
    /// directory does not fit in it.
    ///
    /// # Errors
    /// `Corrupt` where there is no archive, or its members overlap, or a name has a NUL; `Limit`;
    /// `Unsupported` for archives in several parts; `Io`.
    pub(super) fn read(source: &dyn Source, limits: &Limits) -> Result<Self> {
        Self::read_known(source, &[], limits)
    }

    /// As [`read`](Self::read), with some first bytes of the source at hand.
    pub(super) fn read_known(source: &dyn Source, start: &[u8], limits: &Limits) -> Result<Self> {
        end::find(source, start, limits)
    }

    /// Reads the entries of the directory that `end` describes; `bytes` are those of it.
    pub(super) fn parse(bytes: Buffer, end: End, limits: &Limits) -> Result<Self> {
        limits.check_members(end.entries).map_err(|e| e.at(end.at))?;
        // Places in the order of names are kept in 32 bits.
        let limits = &limits.clone().members(limits.max_members().min(u32::MAX.into()));
        let room = (bytes.len() / CentralHeader::SIZE) as u64;
        let room = usize::try_from(room.min(end.entries)).unwrap_or(0);
        let mut members = Vec::with_capacity(room);
        let mut decoded = Vec::new();
        let (mut at, mut total) = (0, 0u64);
        while at < bytes.len() {
            let mut cursor = Cursor::new(bytes.get(at..).unwrap_or_default());
            let place = end.start + at as u64;
            let header = CentralHeader::parse(&mut cursor).map_err(|e| e.shift(place))?;
            let member = Member::new(&header, at, &end, limits, &mut decoded);
            let member = member.map_err(|e| e.at(place))?;
            total = total.saturating_add(member.unpacked_len);
            members.push(member);
            limits.check_members(members.len() as u64).map_err(|e| e.at(place))?;
            at = at.saturating_add(usize::try_from(cursor.position()).unwrap_or(usize::MAX));
        }
        if !end.counts(members.len() as u64) {
            let expected = format_args!("{} members, as the end record says", end.entries);
            return Err(Error::corrupt(expected, members.len()).at(end.at));
        }
        limits.check_total(total).map_err(|e| e.at(end.start))?;
        let (sorted, shared) = (OnceLock::new(), OnceLock::new());
        let (order, lookups) = (None, AtomicU32::new(0));
        let mut new = Self { bytes, end, members, decoded, order, sorted, shared, lookups };
        new.bound()?;
        Ok(new)
    }

    /// Finds where each member has to end, and refuses those that reach into another one: the
    /// bombs of overlapping members, and what two readers could understand differently.
    fn bound(&mut self) -> Result<()> {
        if !self.members.is_sorted_by_key(|member| member.offset) {
            let mut order: Vec<u32> = (0..).take(self.members.len()).collect();
            order.sort_by_key(|&i| self.at(i).map_or(0, |member| member.offset));
            self.order = Some(order);
        }
        // Backwards: each member has to end where the one behind it begins.
        let mut limit = self.end.start;
        for place in (0..self.members.len()).rev() {
            let Some(i) = self.in_file(place) else { continue };
            let Some(member) = self.members.get(i) else { continue };
            let least = LocalHeader::SIZE as u64 + u64::from(member.name_len);
            let end =
                member.offset.checked_add(least).and_then(|at| at.checked_add(member.packed_len));
            if member.offset >= self.end.start {
                let expected = format_args!("a member in front of byte {limit}");
                let found = format_args!("its offset {}", member.offset);
                return Err(self.place(i, Error::corrupt(expected, found)));
            }
            if end.is_none_or(|end| end > limit) {
                let (offset, packed) = (member.offset, member.packed_len);
                let expected = format_args!("a member at {offset} that ends before byte {limit}");
                let found = format_args!("{packed} bytes of data, which overlap what is there");
                return Err(self.place(i, Error::corrupt(expected, found)));
            }
            let offset = member.offset;
            if let Some(member) = self.members.get_mut(i) {
                member.limit = limit;
            }
            limit = offset;
        }
        Ok(())
    }

    fn at(&self, i: u32) -> Option<&Member> {
        self.members.get(usize::try_from(i).ok()?)
    }

    /// Adds the name of a member (of its array) to an error, and where its entry is unless there is an offset.
    pub(super) fn place(&self, index: usize, error: Error) -> Error {
        let Some(member) = self.members.get(index) else { return error };
        let name = self.name(member);
        let error = error.in_member(names::array_name(name).unwrap_or(name));
        match error.offset() {
            Some(_) => error,
            None => error.at(self.end.start + member.at as u64),
        }
    }

    /// Where the archive ends, comment included.
    pub(super) fn end(&self) -> u64 {
        self.end.end
    }

    /// The members, in the directory's order.
    pub(super) fn members(&self) -> &[Member] {
        &self.members
    }

    /// The member at `index`.
    pub(super) fn member(&self, index: usize) -> Result<&Member> {
        let missing = || Error::not_found(format_args!("member {index}"));
        self.members.get(index).ok_or_else(missing)
    }

    /// The members, by index, that lie in a range of the file, whole or in part.
    pub(super) fn within(&self, range: Range<u64>) -> impl Iterator<Item = usize> {
        // The first member that begins behind the start; the one before may reach into the range.
        let (mut low, mut high) = (0, self.members.len());
        while low < high {
            let middle = low + (high - low) / 2;
            if self.begins(middle) <= range.start { low = middle + 1 } else { high = middle }
        }
        let places = low.saturating_sub(1)..self.members.len();
        places.take_while(move |&i| self.begins(i) < range.end).filter_map(|i| self.in_file(i))
    }

    /// The member at a place in the order of the file.
    fn in_file(&self, place: usize) -> Option<usize> {
        match &self.order {
            Some(order) => order.get(place).and_then(|&i| usize::try_from(i).ok()),
            None => Some(place),
        }
    }

    fn begins(&self, place: usize) -> u64 {
        self.in_file(place).and_then(|i| self.members.get(i)).map_or(0, |member| member.offset)
    }

    /// A member's name as it is stored, `.npy` included.
    pub(super) fn name(&self, member: &Member) -> &str {
        if let Some(index) = member.decoded {
            return usize::try_from(index).ok().and_then(|i| self.decoded.get(i)).map_or("", |s| s);
        }
        std::str::from_utf8(self.raw_name(member)).unwrap_or_default()
    }

    /// The bytes of [`name`](Self::name); they sort as the text does.
    pub(super) fn name_bytes(&self, member: &Member) -> &[u8] {
        if member.decoded.is_some() { self.name(member).as_bytes() } else { self.raw_name(member) }
    }

    /// The bytes of a member's name, which the local header has to repeat.
    pub(super) fn raw_name(&self, member: &Member) -> &[u8] {
        let start = member.at + CentralHeader::SIZE;
        self.bytes.get(start..start + usize::from(member.name_len)).unwrap_or_default()
    }

    /// A member's entry, all of it.
    pub(super) fn header(&self, member: &Member) -> Result<CentralHeader<'_>> {
        let mut cursor = Cursor::new(self.bytes.get(member.at..).unwrap_or_default());
        CentralHeader::parse(&mut cursor).map_err(|e| e.shift(self.end.start + member.at as u64))
    }

    /// Where the directory begins and where the archive ends, in the file.
    pub(super) fn extent(&self) -> Range<u64> {
        self.end.start..self.end.end
    }

    /// How many bytes stand in front of the archive: they are no part of its offsets.
    pub(super) fn prefix_len(&self) -> u64 {
        self.end.shift
    }

    /// The archive's comment.
    pub(super) fn comment(&self) -> &[u8] {
        &self.end.comment
    }

    /// How many bytes of the comment are behind the end of the file.
    pub(super) fn comment_cut(&self) -> u64 {
        self.end.comment_cut
    }

    /// The member of exactly this name.
    ///
    /// The first few lookups go through all members; after that they are sorted by name, so that
    /// thousands of lookups cost little each.
    pub(super) fn find(&self, name: &str) -> Found {
        let name = name.as_bytes();
        if self.sorted.get().is_none() && self.lookups.fetch_add(1, Ordering::Relaxed) < SCANS {
            let mut found =
                self.members.iter().enumerate().filter(|(_, m)| self.name_bytes(m) == name);
            let first = found.next().map(|(i, _)| i);
            return first.map_or(Found::Nothing, |i| Self::found(i, found.count() + 1));
        }
        let sorted = self.sorted();
        let start = sorted.partition_point(|&i| self.name_at(i) < name);
        let equal = sorted.iter().skip(start).take_while(|&&i| self.name_at(i) == name);
        match sorted.get(start) {
            Some(&i) if self.name_at(i) == name => Self::found(i as usize, equal.count()),
            _ => Found::Nothing,
        }
    }

    fn sorted(&self) -> &[u32] {
        self.sorted.get_or_init(|| {
            let mut order: Vec<u32> = (0..).take(self.members.len()).collect();
            order.sort_by_key(|&i| self.name_at(i));
            order
        })
    }

    fn shared(&self) -> impl Iterator<Item = &[u32]> {
        let groups = self.sorted().chunk_by(|&a, &b| self.name_at(a) == self.name_at(b));
        groups.filter(|group| group.len() > 1)
    }

    /// Whether another member has the name of this one.
    pub(super) fn is_shared(&self, index: usize) -> bool {
        let shared = self.shared.get_or_init(|| self.shared().flatten().copied().collect());
        u32::try_from(index).is_ok_and(|index| shared.contains(&index))
    }

    /// The names that several members have, and how many have each.
    pub(super) fn duplicates(&self) -> impl Iterator<Item = (&str, usize)> {
        self.shared().filter_map(|group| {
            let member = self.at(*group.first()?)?;
            Some((self.name(member), group.len()))
        })
    }

    fn found(index: usize, count: usize) -> Found {
        if count > 1 { Found::Many(count) } else { Found::One(index) }
    }

    fn name_at(&self, i: u32) -> &[u8] {
        self.at(i).map_or(&[], |member| self.name_bytes(member))
    }
}

impl Member {
    fn new(
        header: &CentralHeader<'_>,
        at: usize,
        end: &End,
        limits: &Limits,
        decoded: &mut Vec<String>,
    ) -> Result<Self> {
        // Most names are such that nothing needs to be asked about them; directories are long.
        let (mut text, mut is_odd) = (None, false);
        let offset = if names::is_simple(header.name, header.flags, header.extra) {
            Self::offset(header, end)
                .map_err(|e| e.in_member(&String::from_utf8_lossy(header.name)))?
        } else {
            let name = names::decode(header.name, header.flags, header.extra)?;
            let check = || {
                names::check(&name, limits)?;
                if name.ends_with('/') && header.unpacked_len > 0 {
                    let found = format_args!("{} bytes", header.unpacked_len);
                    return Err(Error::corrupt("a folder without data", found));
                }
                Self::offset(header, end)
            };
            let offset = check().map_err(|e| e.in_member(&name))?;
            is_odd = !names::is_plain_path(&name);
            if let Cow::Owned(name) = name {
                decoded.push(name);
                text = u32::try_from(decoded.len() - 1).ok();
            }
            offset
        };
        Ok(Self {
            at,
            name_len: u16::try_from(header.name.len()).unwrap_or(u16::MAX),
            decoded: text,
            is_odd,
            flags: header.flags,
            method: header.method,
            crc32: header.crc32,
            packed_len: header.packed_len,
            unpacked_len: header.unpacked_len,
            offset,
            limit: 0,
        })
    }

    /// Where the local header is in the file.
    fn offset(header: &CentralHeader<'_>, end: &End) -> Result<u64> {
        if header.disk != 0 {
            return Err(Error::unsupported("an archive in several parts"));
        }
        header.offset.checked_add(end.shift).ok_or_else(|| {
            let found = format_args!("its offset {}", header.offset);
            Error::corrupt("a member within the file", found)
        })
    }
}
