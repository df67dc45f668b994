//! Files of the family driver: one file cut into members of one size (HDF5 II.B).
#![forbid(unsafe_code)]

use super::beside::Beside;
use super::multi;
use super::read::UNDEFINED;
use super::segments::{Segment, Segments};
use super::superblock::Superblock;
use crate::cursor::Cursor;
use crate::{Buffer, Error, Result, Source};
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
    beside: &Beside,
) -> Result<Option<Arc<dyn Source>>> {
    let superblock = Superblock::find(&**source)?;
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let told = match driver(&**source, &superblock)? {
        Driver::Family(size) => Some(size),
        Driver::Multi { body, at } => {
            let all = multi::members(source, name, &body, beside);
            return all.map(Some).map_err(|e| e.shift(at));
        }
        Driver::Plain => None,
    };
    let Some((head, number, tail)) = numbered(name) else {
        return match told {
            Some(_) => Err(Error::unsupported("a member of a family of files without a number")),
            None => Ok(None),
        };
    };
    let width = number.len();
    let size = match told {
        Some(size) => size,
        // Old ones do not say that they are one: the first one is too short.
        None if superblock.end != UNDEFINED && superblock.end > source.len() => {
            match beside.source(&format!("{head}{:0width$}{tail}", 1)) {
                Ok(Some(_)) => source.len(),
                _ => return Ok(None),
            }
        }
        None => return Ok(None),
    };
    if number.parse::<u64>() != Ok(0) {
        return Err(Error::unsupported("a member of a family of files that is not the first one"));
    }
    let len = source.len().min(size);
    let mut segments = vec![Segment { source: Arc::clone(source), offset: 0, len }];
    for number in 1..MOST {
        let Some(source) = beside.source(&format!("{head}{number:0width$}{tail}"))? else { break };
        let len = source.len().min(size);
        // The last one may be shorter; what is behind others is zeros.
        if let Some(last) = segments.last_mut() {
            last.len = size;
        }
        segments.push(Segment { source, offset: 0, len });
    }
    Ok(Some(Arc::new(Segments::new(segments))))
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
}

fn driver(source: &dyn Source, superblock: &Superblock) -> Result<Driver> {
    if superblock.driver == UNDEFINED {
        return Ok(Driver::Plain);
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
