//! Files of the drivers 'multi' and 'split': each kind of data in a file of its own (HDF5 II.B).
#![forbid(unsafe_code)]

use super::beside::Beside;
use super::read::c_string;
use crate::cursor::Cursor;
use crate::error::quoted;
use crate::{Buffer, Error, Result, Source};
use std::io;
use std::sync::Arc;

/// Kinds of data that may have a file of their own.
const KINDS: usize = 6;

/// What the driver says of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Member {
    /// The address of its first byte.
    start: u64,
    /// Its name, with `%s` for what the names of all have in common.
    name: String,
}

/// Takes the block of the driver apart, from the map of kinds on.
fn parse(body: &[u8]) -> Result<Vec<Member>> {
    let mut cursor = Cursor::new(body);
    let map = cursor.take(KINDS, "a map of kinds to files")?;
    cursor.take(2, "padding")?;
    let known = |&file: &u8| usize::from(file) <= KINDS && file > 0;
    if !map.iter().all(known) {
        return Err(Error::corrupt("files of the numbers 1 to 6", format_args!("{map:?}")).at(0));
    }
    // The places of files stand in the order in which the map has them first.
    let mut seen = Vec::new();
    for file in map {
        if !seen.contains(&file) {
            seen.push(file);
        }
    }
    let mut starts = Vec::new();
    for _ in &seen {
        starts.push(cursor.u64_le("the first address of a file")?);
        cursor.take(8, "the last address of a file")?;
    }
    let mut members = Vec::new();
    for start in starts {
        let at = cursor.position();
        let bytes = c_string(&mut cursor, "the name of a file")?;
        let name = std::str::from_utf8(bytes);
        let name = name.map_err(|_| Error::corrupt("a name in UTF-8", "other bytes").at(at))?;
        members.push(Member { start, name: name.to_owned() });
        // Names take whole words, their NULs included.
        let len = bytes.len() + 1;
        let padding = len.next_multiple_of(8) - len;
        cursor.take(padding.min(cursor.rest().len()), "padding")?;
    }
    Ok(members)
}

/// All files as one, of which `source` is the first; `body` is what its driver says.
pub(super) fn members(
    source: &Arc<dyn Source>,
    own: &str,
    body: &[u8],
    beside: &Beside,
) -> Result<Arc<dyn Source>> {
    let members = parse(body)?;
    let first = members.iter().find(|member| member.start == 0);
    let common = first.and_then(|first| common(own, &first.name));
    let Some(common) = common else {
        let what = format!("'{}' as a file of the drivers 'multi' and 'split'", quoted(own));
        return Err(Error::unsupported(what));
    };
    let mut parts = Vec::new();
    for member in members {
        if member.start == 0 {
            parts.push((0, Arc::clone(source)));
            continue;
        }
        let name = member.name.replacen("%s", common, 1);
        match beside.source(&name)? {
            Some(source) => parts.push((member.start, source)),
            None => return Err(Error::not_found(format_args!("the file '{}'", quoted(&name)))),
        }
    }
    parts.sort_by_key(|part| part.0);
    Ok(Arc::new(Placed(parts)))
}

/// What stands for `%s` in a name.
fn common<'a>(own: &'a str, name: &str) -> Option<&'a str> {
    let (head, tail) = name.split_once("%s")?;
    own.strip_prefix(head)?.strip_suffix(tail)
}

/// Sources and where each begins, in this order.
#[derive(Debug)]
struct Placed(Vec<(u64, Arc<dyn Source>)>);

impl Placed {
    /// The source that holds `len` bytes at an address, and where in it.
    fn find(&self, offset: u64, len: usize) -> io::Result<(&Arc<dyn Source>, u64)> {
        let (start, source) = self
            .0
            .iter()
            .rev()
            .find(|(start, _)| *start <= offset)
            .ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))?;
        // None has what belongs to the next.
        let next = self.0.iter().map(|part| part.0).find(|next| next > start);
        let end = next.unwrap_or(u64::MAX).min(start.saturating_add(source.len()));
        match offset.checked_add(len as u64) {
            Some(last) if last <= end => Ok((source, offset - start)),
            _ => {
                let what = format!("{len} bytes at {offset} of a file up to {end}");
                Err(io::Error::new(io::ErrorKind::UnexpectedEof, what))
            }
        }
    }
}

impl Source for Placed {
    fn len(&self) -> u64 {
        let end = |(start, source): &(u64, Arc<dyn Source>)| start.saturating_add(source.len());
        self.0.iter().map(end).max().unwrap_or(0)
    }

    fn read_into(&self, offset: u64, dst: &mut [u8]) -> io::Result<()> {
        let (source, at) = self.find(offset, dst.len())?;
        source.read_into(at, dst)
    }

    fn read(&self, offset: u64, len: usize) -> io::Result<Buffer> {
        let (source, at) = self.find(offset, len)?;
        source.read(at, len)
    }

    fn view(&self, offset: u64, len: usize) -> Result<Buffer> {
        let (source, at) =
            self.find(offset, len).map_err(|e| Error::io("viewing", e).at(offset))?;
        source.view(at, len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemorySource;

    /// As a split file has it: metadata from 0 on, arrays from 2048 on.
    fn split() -> Vec<u8> {
        let mut bytes = vec![1, 1, 3, 1, 1, 1, 0, 0];
        for number in [0u64, 100, 2048, 4000] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.extend(b"%s-m.h5\0%s-raw.h5\0\0\0\0\0\0\0");
        bytes
    }

    #[test]
    fn blocks_of_drivers_are_taken_apart_and_cut_ones_refused() {
        let bytes = split();
        let members = parse(&bytes).unwrap();
        let member = |start, name: &str| Member { start, name: name.to_owned() };
        assert_eq!(members, [member(0, "%s-m.h5"), member(2048, "%s-raw.h5")]);
        for len in 0..bytes.len() - 6 {
            assert!(parse(&bytes[..len]).is_err(), "{len}");
        }
        let mut strange = bytes;
        strange[1] = 9;
        assert!(parse(&strange).is_err());
    }

    #[test]
    fn each_file_has_what_is_between_its_start_and_the_next() {
        let part =
            |bytes: &[u8]| -> Arc<dyn Source> { Arc::new(MemorySource::new(bytes.to_vec())) };
        let all = Placed(vec![(0, part(b"abcdefgh")), (5, part(b"xyz")), (1 << 60, part(b"far"))]);
        assert_eq!((all.len(), &*all.read(1, 4).unwrap()), ((1 << 60) + 3, &b"bcde"[..]));
        assert_eq!(&*all.view(6, 2).unwrap(), b"yz");
        assert_eq!(&*all.read(1 << 60, 3).unwrap(), b"far");
        for (offset, len) in [(4, 2), (7, 2), (8, 1), (1 << 60, 4), (u64::MAX, 1)] {
            assert!(all.read(offset, len).is_err(), "{offset}");
        }
    }

    #[test]
    fn files_are_looked_for_beside_the_first_one_and_nowhere_else() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x-m.h5");
        std::fs::write(&path, b"meta").unwrap();
        let source: Arc<dyn Source> = Arc::new(crate::FileSource::open(&path).unwrap());
        let beside = Beside::of(&path, &*source);
        let open = |own: &str, body: &[u8]| members(&source, own, body, &beside);
        let e = open("x-m.h5", &split()).unwrap_err();
        assert!(e.to_string().contains("x-raw.h5"), "{e}");
        std::fs::write(dir.path().join("x-raw.h5"), b"raw").unwrap();
        let all = open("x-m.h5", &split()).unwrap();
        assert_eq!(
            (&*all.read(0, 4).unwrap(), &*all.read(2049, 2).unwrap()),
            (&b"meta"[..], &b"aw"[..])
        );
        assert!(open("renamed.h5", &split()).is_err());
        let mut outside = split();
        outside[48..57].copy_from_slice(b"../%s.h5\0");
        assert!(open("x-m.h5", &outside).is_err());
    }
}
