//! What the directory of an archive lists, whether or not the archive can be read by it: for
//! salvage, which holds what it finds against it.
#![forbid(unsafe_code)]

use super::directory::Directory;
use super::end;
use super::names;
use super::zip::{CentralHeader, Flags, Method};
use crate::cursor::Cursor;
use crate::{Error, ErrorKind, Limits, Result, Source};

/// All members that a directory lists.
#[derive(Debug)]
pub(super) struct Listing {
    /// Where the directory begins.
    pub(super) start: u64,
    /// How many bytes stand in front of the archive.
    pub(super) prefix: u64,
    pub(super) members: Vec<Listed>,
}

/// What is said of a member.
#[derive(Debug)]
pub(super) struct Listed {
    pub(super) name: String,
    pub(super) flags: Flags,
    pub(super) method: Method,
    pub(super) packed_len: u64,
    pub(super) unpacked_len: u64,
    /// Where its local header is in the file; `None` where that part of the file is missing.
    pub(super) offset: Option<u64>,
}

/// The listing of an archive; `None` where there is no directory, or one that makes no sense.
///
/// An archive that opens is listed as it opens. Else the directory at the very end counts, where
/// all of its entries can be read and are as many as they should be: names that are refused, a
/// start of the file that is missing or members that overlap do not make it wrong.
///
/// # Errors
/// `Io`; `Limit` for more members than there may be.
pub(super) fn read(source: &dyn Source, limits: &Limits) -> Result<Option<Listing>> {
    match Directory::read(source, limits) {
        Ok(directory) => return Ok(Some(of(&directory))),
        Err(e) if e.kind() == ErrorKind::Io => return Err(e),
        Err(_) => {}
    }
    match at_end(source, limits) {
        Ok(listing) => Ok(listing),
        Err(e) if matches!(e.kind(), ErrorKind::Io | ErrorKind::Limit) => Err(e),
        Err(_) => Ok(None),
    }
}

fn of(directory: &Directory) -> Listing {
    let one = |member: &super::directory::Member| Listed {
        name: directory.name(member).to_owned(),
        flags: member.flags,
        method: member.method,
        packed_len: member.packed_len,
        unpacked_len: member.unpacked_len,
        offset: Some(member.offset),
    };
    let members = directory.members().iter().map(one).collect();
    Listing { start: directory.extent().start, prefix: directory.prefix_len(), members }
}

fn at_end(source: &dyn Source, limits: &Limits) -> Result<Option<Listing>> {
    let Some((bytes, end, told)) = end::told(source)? else { return Ok(None) };
    let mut members = Vec::new();
    let mut at = 0;
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let mut cursor = Cursor::new(rest);
        let header = CentralHeader::parse(&mut cursor)?;
        let name = names::decode(header.name, header.flags, header.extra);
        let name = name.map_or_else(|_| header.name.escape_ascii().to_string(), Into::into);
        members.push(Listed {
            name,
            flags: header.flags,
            method: header.method,
            packed_len: header.packed_len,
            unpacked_len: header.unpacked_len,
            offset: place(header.offset, end.start, told),
        });
        limits.check_members(members.len() as u64)?;
        at = at.saturating_add(usize::try_from(cursor.position()).unwrap_or(usize::MAX));
    }
    if !end.counts(members.len() as u64) {
        return Err(Error::corrupt(format_args!("{} members", end.entries), members.len()));
    }
    Ok(Some(Listing { start: end.start, prefix: end.start.saturating_sub(told), members }))
}

/// Where something is in the file that is said to be at `offset`, as the directory, which is said
/// to be at `told`, is at `start`.
fn place(offset: u64, start: u64, told: u64) -> Option<u64> {
    offset.checked_add(start)?.checked_sub(told)
}

#[cfg(test)]
mod tests {
    use super::super::forge::{Forged, archive, archive_with};
    use super::*;
    use crate::MemorySource;

    fn listed(bytes: &[u8]) -> Option<Listing> {
        read(&MemorySource::new(bytes.to_vec()), &Limits::default()).unwrap()
    }

    fn places(listing: &Listing) -> Vec<(&str, Option<u64>)> {
        listing.members.iter().map(|one| (&*one.name, one.offset)).collect()
    }

    #[test]
    fn what_does_not_open_is_listed() {
        let members = ["n\0x", "/abs", "ok"].map(|name| Forged::new(name, b"data"));
        let (bytes, offsets) = archive_with(&members, b"comment");
        assert!(Directory::read(&MemorySource::new(bytes.clone()), &Limits::default()).is_err());
        let all = [("n\0x", Some(0)), ("/abs", Some(offsets[1])), ("ok", Some(offsets[2]))];
        let listing = listed(&bytes).unwrap();
        assert_eq!((places(&listing), listing.prefix), (all.to_vec(), 0));
        // Without its first 40 bytes, or with some in front of them.
        let listing = listed(&bytes[40..]).unwrap();
        let start = [("n\0x", None), ("/abs", None), ("ok", Some(offsets[2] - 40))];
        assert_eq!(places(&listing), start);
        let listing = listed(&[&b"#!/bin/sh\n"[..], &bytes].concat()).unwrap();
        assert_eq!((places(&listing)[1].1, listing.prefix), (Some(offsets[1] + 10), 10));
    }

    #[test]
    fn what_makes_no_sense_is_no_listing() {
        let bytes = archive(&[Forged::new("n\0x", b"data"), Forged::new("y", b"")]);
        assert!(listed(&bytes).is_some());
        let end = bytes.len() - 22;
        for len in 0..bytes.len() {
            assert!(listed(&bytes[..len]).is_none(), "{len}");
        }
        // Another count, another length, an entry that is none.
        for at in [end + 8, end + 10, end + 12, end - 47] {
            let mut wrong = bytes.clone();
            wrong[at] ^= 1;
            assert!(listed(&wrong).is_none(), "{at}");
        }
        let limits = Limits::default().members(1);
        let e = read(&MemorySource::new(bytes), &limits).unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Limit);
    }
}
