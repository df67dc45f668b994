//! What a change that was never finished left behind an archive: whole members, one that breaks
//! off, or a directory that does.
//!
//! The members are gone through by their local headers, each where the one before ends, as long
//! as they are such as an edit of npstow writes them. What is of another kind is somebody's: it is
//! neither read over nor cut off.
#![forbid(unsafe_code)]

use super::member::ALIGN;
use super::names;
use super::scan::{STRUCTURES, Scan};
use super::zip::{Alignment, Flags, HeaderCopy, LocalHeader, Method, Zip64, fields};
use crate::cursor::Cursor;
use crate::npy;
use crate::{Buffer, Error, Limits, PartSource, Result, Source};
use std::ops::Range;
use std::sync::Arc;

/// What is read of a member at first: its header and the first bytes of an NPY header, mostly.
const START: usize = 512;

/// How much of an NPY header tells its length.
const MAGIC: usize = 12;

/// Whether all that stands from `at` on was left by an edit: nothing of it would be missed.
///
/// # Errors
/// `Io`; `Limit`.
pub(super) fn is_ours(source: &Arc<dyn Source>, mut at: u64) -> Result<bool> {
    while let Some(data) = member(&**source, at)? {
        if data.end >= source.len() {
            return Ok(true);
        }
        at = data.end;
    }
    let start = read(&**source, at, 4)?;
    if !STRUCTURES.iter().any(|signature| signature.starts_with(&start)) {
        return Ok(false);
    }
    // The new directory, or a header that breaks off. A part, so that nobody looks in front of it.
    let rest = PartSource::new(Arc::clone(source), at, source.len().saturating_sub(at))?;
    let rest: Arc<dyn Source> = Arc::new(rest);
    Ok(Scan::new(&rest, &Arc::new(Limits::default())).run()?.is_empty())
}

/// The first of these places that does not lie within the data of a member that an edit left
/// behind an archive that ends at `end`; `places` are in order.
///
/// # Errors
/// `Io`.
pub(super) fn outside(source: &dyn Source, end: u64, places: &[u64]) -> Result<Option<u64>> {
    let mut places = places.iter().copied().peekable();
    let mut at = end;
    while places.peek().is_some() {
        let Some(data) = member(source, at)? else { break };
        while places.next_if(|place| data.contains(place)).is_some() {}
        if places.peek().is_some_and(|place| *place < data.start) {
            break;
        }
        at = data.end;
    }
    Ok(places.next())
}

/// Where the data are of the member whose header is at `at`; `None` where there is none that an
/// edit has written.
fn member(source: &dyn Source, at: u64) -> Result<Option<Range<u64>>> {
    let mut bytes = read(source, at, START)?;
    let Ok(len) = LocalHeader::whole_len(&bytes) else { return Ok(None) };
    let wanted = usize::try_from(len).unwrap_or(usize::MAX).saturating_add(MAGIC);
    if wanted > bytes.len() {
        bytes = read(source, at, wanted)?;
    }
    let mut cursor = Cursor::new(&bytes);
    let Ok(header) = LocalHeader::parse(&mut cursor) else { return Ok(None) };
    let start = at + len;
    if !is_own(&header, start, cursor.rest()) {
        return Ok(None);
    }
    // Packed in blocks, and broken off before the true length was put in.
    let open = header.method != Method::STORED
        && header.crc32 == 0
        && header.packed_len == header.unpacked_len;
    let end = if open { u64::MAX } else { start.saturating_add(header.packed_len) };
    Ok(Some(start..end.min(source.len())))
}

/// Whether a header is as [`Member::local`](super::member::Member::local) makes it; `rest` are
/// the bytes behind it, which begin at `start` of the file.
fn is_own(header: &LocalHeader<'_>, start: u64, rest: &[u8]) -> bool {
    let needed = if header.zip64 { 45 } else { 20 };
    let own = |id| id == Alignment::ID || id == Zip64::ID;
    let plain = fields(header.extra).all(|field| field.is_ok_and(|field| own(field.id)));
    if header.flags.has(Flags::DESCRIPTOR) || header.needed != needed || !plain {
        return false;
    }
    let Ok(name) = names::decode(header.name, header.flags, &[]) else { return false };
    if header.method != Method::STORED || names::array_name(&name).is_none() {
        return true;
    }
    // Stored arrays are aligned in the file. Those of another archive that was put behind this
    // one seldom are.
    let len = npy::header_len(rest).filter(|&len| len <= 12 + HeaderCopy::MOST);
    len.is_none_or(|len| (start + len as u64) % u64::from(ALIGN) == 0)
}

/// Up to `len` bytes at `at`: fewer at the end of the file.
fn read(source: &dyn Source, at: u64, len: usize) -> Result<Buffer> {
    let there = source.len().saturating_sub(at);
    let len = len.min(usize::try_from(there).unwrap_or(usize::MAX));
    let failed = |e| Error::io("reading behind the archive", e).at(at);
    source.read(at, len).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::super::forge::{Forged, archive, archive_with};
    use super::super::{Editor, WriteOptions, write};
    use super::*;
    use crate::{Array, MemorySource, Tree};

    fn ours(bytes: &[u8], at: usize) -> bool {
        let source: Arc<dyn Source> = Arc::new(MemorySource::new(bytes.to_vec()));
        is_ours(&source, at as u64).unwrap()
    }

    fn numbers(len: u32) -> Array {
        Array::from_vec((0..len).collect())
    }

    /// An archive, and what it is after an edit of every kind.
    fn edited(options: &WriteOptions) -> (Vec<u8>, Vec<u8>) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.npz");
        let tree = Tree::new().with("a", numbers(5)).unwrap().with("b", numbers(700)).unwrap();
        write(&path, &tree).unwrap();
        let before = std::fs::read(&path).unwrap();
        let mut editor = Editor::open_with(&path, options).unwrap();
        editor.add("ä/long", &numbers(1000)).unwrap();
        editor.rename("b", "c").unwrap();
        editor.remove("a").unwrap();
        let notes = crate::Notes { names: vec!["one".to_owned()], ..crate::Notes::default() };
        editor.set_notes("", &notes).unwrap();
        editor.commit().unwrap();
        (before, std::fs::read(&path).unwrap())
    }

    #[test]
    fn what_an_edit_leaves_is_known_wherever_it_breaks_off() {
        for options in [WriteOptions::default(), WriteOptions::default().compress(1)] {
            let (before, after) = edited(&options);
            for len in before.len()..after.len() {
                assert!(ours(&after[..len], before.len()), "{len} of {}", after.len());
            }
        }
    }

    #[test]
    fn a_member_whose_length_was_not_known_yet_takes_the_rest() {
        let (before, _) = edited(&WriteOptions::default());
        let noise = Forged::new("x", &vec![b'P'; 5000]).deflated();
        let open = noise.change(|m| (m.crc32, m.unpacked_len) = (0, m.packed.len() as u64));
        let (member, _) = archive_with(&[open], b"");
        let bytes = [&before[..], &member[..40], &archive(&[Forged::new("y", b"")])].concat();
        assert!(ours(&bytes, before.len()));
    }

    #[test]
    fn places_are_looked_for_in_the_data_of_members() {
        let before = archive(&[Forged::new("a", b"")]);
        let end = before.len() as u64;
        let new = [Forged::new("x", &[1; 10]), Forged::new("y", b""), Forged::new("z", &[2; 20])];
        let (added, offsets) = archive_with(&new, b"");
        let source = MemorySource::new([&before[..], &added].concat());
        let outside = |places: &[u64]| outside(&source, end, places).unwrap();
        let (x, z) = (end + 31, end + offsets[2] + 31);
        let within = [x, x, x + 9, z, z + 19];
        assert_eq!(outside(&[]), None);
        assert_eq!(outside(&within), None);
        for place in [0, end - 1, end, x - 1, x + 10, end + offsets[1] + 31, z - 1, z + 20] {
            let mut places = [&within[..], &[place]].concat();
            places.sort_unstable();
            assert_eq!(outside(&places), Some(place));
        }
    }

    #[test]
    fn what_others_put_there_is_theirs() {
        let (before, _) = edited(&WriteOptions::default());
        let at = before.len();
        let aligned = || Forged::array("x", &numbers(3));
        let foreign = [
            // As NumPy and zipfile write: a descriptor; a time; arrays that lie anywhere.
            aligned().change(|m| m.descriptor = Some((true, false))),
            Forged::new("x", b"1").change(|m| m.local_extra = b"UT\x01\0\0".to_vec()),
            aligned(),
        ];
        for (i, member) in foreign.into_iter().enumerate() {
            let torn = archive(&[member, Forged::new("y", b"2")]);
            let bytes = [&before[..], &torn[..torn.len() - 10]].concat();
            assert!(!ours(&bytes, at), "{i}");
        }
        for junk in [&b"somebody's own"[..], b"\0\0\0\0", b"PQ"] {
            assert!(!ours(&[&before[..], junk].concat(), at));
        }
        // Members behind a directory, or within what cannot be read.
        let members = archive(&[Forged::new("x", b"1")]);
        for start in [&b"PK\x01\x02 and so on"[..], b"PK\x03\x04\xff\xff"] {
            assert!(ours(&[&before[..], start].concat(), at));
            assert!(!ours(&[&before[..], start, &members].concat(), at));
        }
    }
}
