//! What stands in front of an archive: the program of one that unpacks itself, or a user's own
//! bytes, and behind those the members that an edit has removed.
#![forbid(unsafe_code)]

use super::directory::Directory;
use super::scan::Scan;
use super::zip::EndRecord;
use crate::cursor::Cursor;
use crate::{Error, Limits, PartSource, Result, Source};
use std::sync::Arc;

/// How many bytes in front of the members are somebody's. Offsets may count them or not.
///
/// Members that are whole and in no directory were removed. Those of another archive that was put
/// in front look the same.
///
/// # Errors
/// `Io`; `Limit`, where the search takes too many passes.
pub(super) fn len(source: &Arc<dyn Source>, directory: &Directory) -> Result<u64> {
    let offsets = directory.members().iter().map(|member| member.offset);
    let first = offsets.min().unwrap_or(directory.extent().start);
    let front: Arc<dyn Source> = Arc::new(PartSource::new(Arc::clone(source), 0, first)?);
    match Scan::new(&front, &Arc::new(Limits::default())).first()? {
        Some(removed) => Ok(removed),
        None => without_ends(&*front),
    }
}

/// The length without the end records of archives without members, to which members were added.
fn without_ends(front: &dyn Source) -> Result<u64> {
    let mut len = front.len();
    while let Some(at) = len.checked_sub(EndRecord::SIZE as u64) {
        let bytes = front.read(at, EndRecord::SIZE);
        let bytes = bytes.map_err(|e| Error::io("looking at what is in front", e).at(at))?;
        match EndRecord::parse(&mut Cursor::new(&bytes)) {
            Ok(end) if (end.entries, end.directory_len, end.comment.len()) == (0, 0, 0) => len = at,
            _ => break,
        }
    }
    Ok(len)
}

#[cfg(test)]
mod tests {
    use super::super::forge::{Forged, archive};
    use super::super::{Editor, compact, write};
    use crate::{Array, Durability, Tree};
    use std::path::Path;

    const PROGRAM: &[u8] = b"#!/bin/sh\nexec unzip \"$0\"\n";

    fn numbers(value: u8, len: usize) -> Array {
        Array::from_vec(vec![value; len])
    }

    fn plain(path: &Path) -> Vec<u8> {
        let tree = Tree::new().with("a", numbers(1, 5000)).unwrap();
        write(path, &tree.with("b", numbers(2, 70)).unwrap()).unwrap();
        std::fs::read(path).unwrap()
    }

    /// What is in front after each of some edits, each of them compacted; `front` always is.
    fn compacted(path: &Path, front: &[u8]) -> Vec<u8> {
        compact(path, Durability::None).unwrap();
        let bytes = std::fs::read(path).unwrap();
        assert!(bytes.starts_with(front));
        let ours = [&b"PK\x03\x04"[..], b"PK\x05\x06"];
        assert!(ours.iter().any(|start| bytes[front.len()..].starts_with(start)));
        bytes
    }

    #[test]
    fn it_stays_and_what_was_removed_behind_it_goes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.npz");
        let front = [&b"PK\x03\x04 a header of mine "[..], PROGRAM].concat();
        for front in [PROGRAM, b"MZ", b"PK\x05\x06 and so on", &front, b"", &[0; 5000]] {
            std::fs::write(&path, [front, &plain(&path)].concat()).unwrap();
            // Once with offsets that do not count what is in front, then with such as do.
            let whole = compacted(&path, front);
            assert_eq!(compacted(&path, front), whole);
            for name in ["a", "b"] {
                let mut editor = Editor::open(&path).unwrap();
                editor.remove(name).unwrap();
                editor.commit().unwrap();
                assert!(compacted(&path, front).len() < whole.len() - 5000, "{front:?}");
            }
            let empty = compacted(&path, front).len();
            assert_eq!(empty, front.len() + 22);
            let mut editor = Editor::open(&path).unwrap();
            editor.add("a", &numbers(1, 5000)).unwrap();
            editor.add("b", &numbers(2, 70)).unwrap();
            editor.commit().unwrap();
            assert_eq!(compacted(&path, front).len(), whole.len());
        }
    }

    #[test]
    fn bytes_that_offsets_count_stand_behind_others_that_they_do_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.npz");
        let members = [Forged::new("filler", PROGRAM), Forged::array("x", &numbers(3, 9))];
        let bytes = archive(&members);
        // The first member becomes bytes that are none, and the directory lists the second.
        std::fs::write(&path, &bytes).unwrap();
        let mut editor = Editor::open(&path).unwrap();
        editor.remove("filler").unwrap();
        editor.commit().unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[..2].copy_from_slice(b"ZZ");
        let counted = bytes.windows(4).position(|four| four == b"PK\x03\x04").unwrap();
        let front = [PROGRAM, &bytes[..counted]].concat();
        std::fs::write(&path, [PROGRAM, &bytes].concat()).unwrap();
        let whole = compacted(&path, &front);
        assert_eq!(compacted(&path, &front), whole);
    }
}
