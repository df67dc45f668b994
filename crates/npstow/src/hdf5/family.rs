//! Files of the family driver: one file cut into members of one size (HDF5 II.B).
#![forbid(unsafe_code)]

use super::beside::Beside;
use super::file::File;
use super::multi;
use super::object::header::{self, kind};
use super::read::UNDEFINED;
use super::segments::{Segment, Segments};
use super::superblock::{SIGNATURE, Superblock};
use crate::cursor::Cursor;
use crate::error::quoted;
use crate::{Buffer, Error, Limits, Result, Source};
use std::path::Path;
use std::sync::Arc;

/// The most members that are looked for.
const MOST: u64 = 1 << 16;

/// What stands before that which a driver has to say, and the most that is read of it: six names.
const HEAD: usize = 16;
const LONGEST: usize = 64 << 10;

/// All files of which this is the first one; `None` where a file stands for itself.
pub(super) fn members(
    source: &Arc<dyn Source>,
    path: &Path,
    limits: &Arc<Limits>,
    beside: &Arc<Beside>,
) -> Result<Option<Arc<dyn Source>>> {
    let superblock = Superblock::find(&**source)?;
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let end = match superblock.end {
        UNDEFINED => UNDEFINED,
        end => end.saturating_add(superblock.base),
    };
    let size = match driver(source, superblock, limits, beside)? {
        Driver::Family(size) => size,
        Driver::Multi { body, at } => {
            let all = multi::members(source, name, &body, beside);
            return all.map(Some).map_err(|e| e.shift(at));
        }
        Driver::Untold => return Ok(untold(source, name, end, beside)),
        Driver::Plain => return Ok(None),
    };
    let Some((head, number, tail)) = numbered(name) else {
        return Err(Error::unsupported("a member of a family of files without a number"));
    };
    if number.parse::<u64>() != Ok(0) {
        return Err(Error::unsupported("a member of a family of files that is not the first one"));
    }
    let segments = family(source, (head, number.len(), tail), (size, end), beside)?;
    Ok(Some(Arc::new(Segments::new(segments))))
}

/// The members that hold the bytes before `end`, as many as there are. All are of one size but the
/// last, which may be shorter.
fn family(
    first: &Arc<dyn Source>,
    (head, width, tail): (&str, usize, &str),
    (size, end): (u64, u64),
    beside: &Beside,
) -> Result<Vec<Segment>> {
    if size == 0 {
        return Err(Error::corrupt("members of a family of some size", "0 bytes").at(0));
    }
    let mut segments =
        vec![Segment { source: Arc::clone(first), offset: 0, len: first.len().min(size) }];
    for number in 1..end.div_ceil(size).min(MOST) {
        let name = format!("{head}{number:0width$}{tail}");
        let Some(source) = beside.source(&name)? else { break };
        if let Some(last) = segments.last().filter(|last| last.source.len() != size) {
            let expected = format!("{size} bytes in the member before '{}'", quoted(&name));
            return Err(Error::corrupt(expected, last.source.len()));
        }
        // Only the first one has it: this is a file of its own.
        if begins_a_file(&*source) {
            let expected = format!("a member of a family in '{}'", quoted(&name));
            return Err(Error::corrupt(expected, "an HDF5 file of its own"));
        }
        let len = source.len().min(size);
        segments.push(Segment { source, offset: 0, len });
    }
    Ok(segments)
}

fn begins_a_file(source: &dyn Source) -> bool {
    source.read(0, SIGNATURE.len()).is_ok_and(|bytes| bytes.starts_with(SIGNATURE))
}

/// The members of a family that does not say that it is one. It looks like a file that was cut, so
/// all must fit: the files beside it end where the file is said to end, to the byte.
fn untold(
    first: &Arc<dyn Source>,
    name: &str,
    end: u64,
    beside: &Beside,
) -> Option<Arc<dyn Source>> {
    let size = first.len();
    if end == UNDEFINED || end <= size {
        return None;
    }
    let (head, number, tail) = numbered(name)?;
    if number.parse::<u64>() != Ok(0) {
        return None;
    }
    // What cannot be read is none: the file stands for itself, and is too short.
    let segments = family(first, (head, number.len(), tail), (size, end), beside).ok()?;
    let there = segments.iter().fold(0u64, |n, segment| n.saturating_add(segment.source.len()));
    let all: Arc<dyn Source> = Arc::new(Segments::new(segments));
    (there == end).then_some(all)
}

/// Which driver wrote a file, where it keeps more than one.
enum Driver {
    Plain,
    /// How long each member is.
    Family(u64),
    /// What is said of the files, and where it stands.
    Multi {
        body: Buffer,
        at: u64,
    },
    /// Nothing is said, as in all files of which there is but one, and in old families.
    Untold,
}

fn driver(
    source: &Arc<dyn Source>,
    superblock: Superblock,
    limits: &Arc<Limits>,
    beside: &Arc<Beside>,
) -> Result<Driver> {
    if superblock.version >= 2 {
        return told_by_message(source, superblock, limits, beside);
    }
    if superblock.driver == UNDEFINED {
        return Ok(Driver::Untold);
    }
    let at = superblock.base.saturating_add(superblock.driver);
    let Ok(block) = source.read(at, HEAD) else { return Ok(Driver::Plain) };
    let mut cursor = Cursor::new(&block);
    cursor.take(4, "a version")?;
    let len = cursor.u32_le("a length of a block")?;
    let is_family = match cursor.take(8, "a driver")? {
        b"NCSAfami" => true,
        b"NCSAmult" => false,
        _ => return Ok(Driver::Plain),
    };
    let at = at.saturating_add(HEAD as u64);
    let len = if is_family { 8 } else { len as usize };
    if len > LONGEST {
        return Err(Error::limit("the block of a driver (bytes)", LONGEST as u64, len).at(at));
    }
    let body = source.read(at, len);
    let body = body.map_err(|e| Error::io("reading the block of a driver", e).at(at))?;
    match is_family {
        true => Ok(Driver::Family(Cursor::new(&body).u64_le("a size of a member")?)),
        false => Ok(Driver::Multi { body, at }),
    }
}

/// What the extension of newer superblocks says of the driver (HDF5 IV.A.2.u).
fn told_by_message(
    source: &Arc<dyn Source>,
    superblock: Superblock,
    limits: &Arc<Limits>,
    beside: &Arc<Beside>,
) -> Result<Driver> {
    if superblock.extension == UNDEFINED {
        return Ok(Driver::Plain);
    }
    let file = File::made(Arc::clone(source), superblock, Arc::clone(limits), Arc::clone(beside));
    // It may lie in another member.
    let Ok(header) = header::read(&file, file.extension()) else { return Ok(Driver::Untold) };
    let Some(message) = header.find(kind::DRIVER) else { return Ok(Driver::Plain) };
    let place = |e: Error| e.shift(message.offset);
    let mut cursor = Cursor::new(&message.body);
    cursor.take(1, "a version").map_err(place)?;
    let name = cursor.take(8, "a driver").map_err(place)?;
    cursor.take(2, "a length").map_err(place)?;
    match name {
        b"NCSAfami" => cursor.u64_le("a size of a member").map(Driver::Family).map_err(place),
        _ => Ok(Driver::Plain),
    }
}

/// What is before the last number of a name, the number, and what is behind it.
fn numbered(name: &str) -> Option<(&str, &str, &str)> {
    // Not one of the extension, as in `.h5`.
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let end = stem.rfind(|c: char| c.is_ascii_digit())? + 1;
    let (front, tail) = name.split_at_checked(end)?;
    let start = front.rfind(|c: char| !c.is_ascii_digit()).map_or(0, |at| {
        at + front.get(at..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8)
    });
    let (head, number) = front.split_at_checked(start)?;
    Some((head, number, tail))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hdf5::write::object_header;

    /// A file with one array, in the oldest form or the latest.
    fn file(is_latest: bool) -> Vec<u8> {
        use crate::hdf5::{WriteOptions, write_to};
        let options = if is_latest { WriteOptions::default().latest() } else { Default::default() };
        let array = crate::Array::from_slice(&[7i32; 900]);
        let tree = crate::Tree::new().with("a", array).unwrap();
        let mut bytes = Vec::new();
        write_to(&mut bytes, &tree, &options).unwrap();
        bytes
    }

    /// The same, and a driver that says how long members are: of two members the first has it.
    fn told(is_latest: bool, size: Option<u64>) -> (Vec<u8>, usize) {
        let mut bytes = file(is_latest);
        let at = bytes.len().next_multiple_of(8);
        bytes.resize(at, 0);
        let size = size.unwrap_or(at as u64 + 100);
        let mut put = |start: usize, n: u64| {
            bytes[start..start + 8].copy_from_slice(&n.to_le_bytes());
        };
        put(if is_latest { 20 } else { 48 }, at as u64);
        put(if is_latest { 28 } else { 40 }, at as u64 + 150);
        if is_latest {
            let sum = crate::hdf5::write::checksum::lookup3(&bytes[..44]);
            bytes[44..48].copy_from_slice(&sum.to_le_bytes());
            let body = [&b"\0NCSAfami\x08\0"[..], &size.to_le_bytes()].concat();
            let message = object_header::Message::new(0x14, 0, body);
            bytes.extend(object_header::write(object_header::Version::V2, 1, &[message]).unwrap());
        } else {
            bytes.extend(b"\0\0\0\0\x08\0\0\0NCSAfami");
            bytes.extend(size.to_le_bytes());
        }
        bytes.resize(at + 150, 9);
        (bytes, at + 100)
    }

    /// What the first of some files stands for that lie in one folder.
    fn opened(files: &[(&str, &[u8])]) -> Result<Option<Vec<u8>>> {
        let dir = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            std::fs::write(dir.path().join(name), bytes).unwrap();
        }
        let path = dir.path().join(files[0].0);
        let source: Arc<dyn Source> = Arc::new(crate::FileSource::open(&path).unwrap());
        let (limits, beside) = (Arc::new(Limits::default()), Arc::new(Beside::of(&path, &*source)));
        let all = members(&source, &path, &limits, &beside)?;
        Ok(all.map(|all| all.read(0, usize::try_from(all.len()).unwrap()).unwrap().to_vec()))
    }

    #[test]
    fn a_file_that_was_cut_is_no_family() {
        for whole in [file(false), file(true)] {
            for len in [100, whole.len() / 2, whole.len() - 8] {
                let (cut, rest) = whole.split_at(len);
                let alone = |files: &[(&str, &[u8])]| opened(files).unwrap().is_none();
                assert!(alone(&[("run_0.h5", cut), ("run_1.h5", &whole)]), "{len}");
                assert!(alone(&[("run_0.h5", cut), ("run_1.h5", &whole[..whole.len() - len])]));
                assert!(alone(&[("run_0.h5", cut), ("run_1.h5", b"")]), "{len}");
                assert!(alone(&[("run_0.h5", cut), ("run_1.h5", &[rest, b"x"].concat())]));
                assert!(alone(&[("run_7.h5", cut), ("run_8.h5", rest)]), "{len}");
                assert!(alone(&[("run.h5", cut), ("run1.h5", rest)]), "{len}");
            }
            assert!(opened(&[("run_0.h5", &whole), ("run_1.h5", &whole)]).unwrap().is_none());
        }
    }

    #[test]
    fn old_families_fit_to_the_byte() {
        let whole = file(false);
        let size = whole.len().div_ceil(3);
        let (first, rest) = whole.split_at(size);
        let (second, third) = rest.split_at(size);
        let all = [("f_0.h5", first), ("f_1.h5", second), ("f_2.h5", third)];
        assert_eq!(opened(&all).unwrap(), Some(whole.clone()));
        assert_eq!(opened(&all[..2]).unwrap(), None);
        assert_eq!(opened(&[all[0], all[2]]).unwrap(), None);
        for (second, third) in [(&rest[..size - 1], &rest[size - 1..]), (second, &third[1..])] {
            let other = [all[0], ("f_1.h5", second), ("f_2.h5", third)];
            assert_eq!(opened(&other).unwrap(), None);
        }
        // What is behind the end is no part of it.
        let more = [all[0], all[1], all[2], ("f_3.h5", &whole[..])];
        assert_eq!(opened(&more).unwrap(), Some(whole.clone()));
    }

    #[test]
    fn what_says_that_it_is_a_family_is_one() {
        for is_latest in [false, true] {
            let (whole, size) = told(is_latest, None);
            let (first, last) = whole.split_at(size);
            let all = opened(&[("f_0.h5", first), ("f_1.h5", last), ("f_2.h5", &whole)]);
            assert_eq!(all.unwrap().unwrap(), whole);
            assert_eq!(opened(&[("f_0.h5", first)]).unwrap().unwrap(), first);
            let failed = |files: &[(&str, &[u8])]| opened(files).unwrap_err();
            let e = failed(&[("f_1.h5", first), ("f_2.h5", last)]);
            assert_eq!(e.kind(), crate::ErrorKind::Unsupported);
            let e = failed(&[("f_0.h5", &first[..size - 1]), ("f_1.h5", last)]);
            assert_eq!(e.kind(), crate::ErrorKind::Corrupt);
            let e = failed(&[("f_0.h5", first), ("f_1.h5", &whole)]);
            assert!(e.to_string().contains("file of its own"), "{e}");
            let none = told(is_latest, Some(0)).0;
            assert_eq!(failed(&[("f_0.h5", &none)]).kind(), crate::ErrorKind::Corrupt);
        }
    }

    #[test]
    fn the_last_number_counts() {
        assert_eq!(numbered("v16-000001.x"), Some(("v16-", "000001", ".x")));
        assert_eq!(numbered("7"), Some(("", "7", "")));
        assert_eq!(numbered("f07.h5"), Some(("f", "07", ".h5")));
        assert_eq!(numbered("f.h5"), None);
        assert_eq!(numbered("é12é"), Some(("é", "12", "é")));
        assert_eq!(numbered("none.x"), None);
    }
}
