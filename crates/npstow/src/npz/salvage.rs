//! What can be had of an archive whose end is missing or torn.
#![forbid(unsafe_code)]

use super::copy::copy_member;
use super::directory::Directory;
use super::end::End;
use super::names;
use super::scan::{Scan, Scanned, State};
use super::writer::{WriteOptions, Writer};
use super::zip::CentralHeader;
use crate::{AtomicFile, Buffer, FileSource, Limits, Result, Source};
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

/// A member that was found without the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recovered {
    /// What it is called: the name of the array, or of the member where it is none.
    pub name: String,
    /// Where its local header is in the file.
    pub offset: u64,
    /// How many bytes it takes in the file, as far as they are told.
    pub packed_len: u64,
    /// How much of it is there.
    pub state: State,
    /// Whether another member of the same name is whole: the last such one is the array.
    pub superseded: bool,
}

/// Looks for the members of an archive by their local headers, as if there were no directory, and
/// reads each of them to see whether it is whole.
///
/// Where a directory is there, what was found is held against it: what it lists and what is not
/// there is [lost](State::Lost); what was removed or replaced and not
/// [compacted](super::compact()) since is found as well, and is [no longer part](State::Removed)
/// of the archive.
///
/// # Errors
/// `Io`; `Limit`.
pub fn salvage(path: impl AsRef<Path>) -> Result<Vec<Recovered>> {
    let path = path.as_ref();
    let look = || salvage_source(&(Arc::new(FileSource::open(path)?) as _), &Limits::default());
    look().map_err(|e| e.in_path(path))
}

/// As [`salvage()`], in any source.
///
/// # Errors
/// As `salvage`.
pub fn salvage_source(source: &Arc<dyn Source>, limits: &Limits) -> Result<Vec<Recovered>> {
    Ok(told(&scan(source, limits)?))
}

/// All members that are found or listed, in the order of the file.
fn scan(source: &Arc<dyn Source>, limits: &Limits) -> Result<Vec<Scanned>> {
    let mut found = Scan::new(source, &Arc::new(limits.clone())).run()?;
    let Ok(directory) = Directory::read(&**source, limits) else { return Ok(found) };
    let listed: HashSet<u64> = directory.members().iter().map(|member| member.offset).collect();
    // What lies behind the directory was added by a change that was never finished.
    let old = directory.prefix_len()..directory.extent().start;
    for member in &mut found {
        let is_there = matches!(member.state, State::Whole | State::Unsealed);
        if is_there && old.contains(&member.offset) && !listed.contains(&member.offset) {
            member.state = State::Removed;
        }
    }
    let seen: HashSet<u64> = found.iter().map(|member| member.offset).collect();
    for member in directory.members().iter().filter(|member| !seen.contains(&member.offset)) {
        found.push(Scanned {
            name: directory.name(member).to_owned(),
            raw_name: directory.raw_name(member).to_vec(),
            extra: Vec::new(),
            flags: member.flags,
            method: member.method,
            time: 0,
            date: 0,
            offset: member.offset,
            data_offset: member.offset,
            crc32: member.crc32,
            packed_len: member.packed_len,
            unpacked_len: member.unpacked_len,
            state: State::Lost,
        });
    }
    found.sort_by_key(|member| member.offset);
    Ok(found)
}

/// Writes the members that [`salvage()`] finds whole to a new archive, as they are packed; of
/// several with one name the last. Says what was found.
///
/// The new archive appears, complete, at the end; where it is to take the place of the old one,
/// that stays until then.
///
/// ```
/// use npstow::{Array, Tree, npz};
/// # let dir = tempfile::tempdir().unwrap();
/// # let (torn, saved) = (dir.path().join("torn.npz"), dir.path().join("saved.npz"));
/// let tree = Tree::new()
///     .with("a", Array::from_vec(vec![1i32, 2]))?
///     .with("b", Array::from_vec(vec![3i32]))?;
/// npz::write(&torn, &tree)?;
/// let bytes = std::fs::read(&torn).unwrap();
/// std::fs::write(&torn, &bytes[..bytes.len() / 2]).unwrap();
/// assert!(npstow::open(&torn).is_err());
/// let found = npz::salvage_to(&torn, &saved)?;
/// assert_eq!((found[0].name.as_str(), &found[0].state), ("a", &npz::State::Whole));
/// assert_eq!(npz::open(&saved)?.read("a")?.as_slice::<i32>()?, [1, 2]);
/// # Ok::<(), npstow::Error>(())
/// ```
///
/// # Errors
/// As `salvage`; `Io` where the new archive cannot be written.
pub fn salvage_to(source: impl AsRef<Path>, target: impl AsRef<Path>) -> Result<Vec<Recovered>> {
    let (path, target) = (source.as_ref(), target.as_ref());
    let look = || {
        let source: Arc<dyn Source> = Arc::new(FileSource::open(path)?);
        let found = scan(&source, &Limits::default())?;
        Ok((source, found))
    };
    let (source, found) = look().map_err(|e: crate::Error| e.in_path(path))?;
    let recovered = told(&found);
    let kept = found.iter().zip(&recovered).filter(|(_, told)| told.is_kept()).map(|(m, _)| m);
    let options = WriteOptions::default();
    let mut writer = Writer::new(AtomicFile::create(target, crate::Durability::Replace)?, &options)
        .map_err(|e| e.in_path(target))?;
    copy_all(&*source, &kept.collect::<Vec<_>>(), &mut writer).map_err(|e| e.in_path(path))?;
    writer.finish().map_err(|e| e.in_path(target))?.commit()?;
    Ok(recovered)
}

impl Recovered {
    /// Whether [`salvage_to`] writes it.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        matches!(self.state, State::Whole | State::Unsealed) && !self.superseded
    }
}

/// What was found, with what counts among members of one name.
fn told(found: &[Scanned]) -> Vec<Recovered> {
    // The last one that is whole, else the last one that seems so.
    let mut last: HashMap<&str, usize> = HashMap::new();
    for state in [State::Unsealed, State::Whole] {
        let equal = found.iter().enumerate().filter(|(_, member)| member.state == state);
        last.extend(equal.map(|(i, member)| (member.name.as_str(), i)));
    }
    let one = |(i, member): (usize, &Scanned)| Recovered {
        name: names::array_name(&member.name).unwrap_or(&member.name).to_owned(),
        offset: member.offset,
        packed_len: member.packed_len,
        state: member.state.clone(),
        superseded: last.get(member.name.as_str()).is_some_and(|&last| last != i),
    };
    found.iter().enumerate().map(one).collect()
}

/// Copies members by way of a directory made for them.
fn copy_all(
    source: &dyn Source,
    members: &[&Scanned],
    writer: &mut Writer<AtomicFile>,
) -> Result<()> {
    let mut bytes = Vec::new();
    for member in members {
        let entry = CentralHeader {
            made_by: 3 << 8 | 20,
            needed: 20,
            flags: member.flags,
            method: member.method,
            time: member.time,
            date: member.date,
            crc32: member.crc32,
            packed_len: member.packed_len,
            unpacked_len: member.unpacked_len,
            name: &member.raw_name,
            extra: &member.extra,
            external: 0o600 << 16,
            offset: member.offset,
            ..CentralHeader::default()
        };
        entry.write(&mut bytes)?;
    }
    let end = End::made(source.len(), members.len() as u64);
    let directory = Directory::parse(Buffer::from(bytes), end, &Limits::none())?;
    for (index, member) in directory.members().iter().enumerate() {
        copy_member(writer, source, &directory, index, directory.name(member))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::forge::{Forged, archive, archive_with};
    use super::super::zip::Flags;
    use super::*;
    use crate::{Array, MemorySource};

    fn numbers(from: i64) -> Array {
        Array::from_vec((from..from + 10).collect())
    }

    fn found(bytes: &[u8]) -> Vec<Recovered> {
        let source: Arc<dyn Source> = Arc::new(MemorySource::new(bytes.to_vec()));
        salvage_source(&source, &Limits::default()).unwrap()
    }

    fn states(bytes: &[u8]) -> Vec<(String, State)> {
        found(bytes).into_iter().map(|one| (one.name, one.state)).collect()
    }

    fn three() -> Vec<Forged> {
        let described = |m: Forged, form| m.change(|m| m.descriptor = Some(form));
        vec![
            Forged::array("a", &numbers(0)).change(|m| m.zip64 = true),
            described(Forged::array("g/b", &numbers(1)), (true, true)),
            described(Forged::new("c", b"value"), (false, false)),
            described(Forged::new("d", b""), (true, false)),
            described(Forged::array("ä", &numbers(2)), (false, true)),
        ]
    }

    #[test]
    fn cut_anywhere_the_members_before_are_whole() {
        let (bytes, _) = archive_with(&three(), b"comment");
        let names = ["a", "g/b", "c", "d", "ä"];
        let all = states(&bytes);
        assert_eq!(all.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), names);
        assert!(all.iter().all(|(_, state)| *state == State::Whole), "{all:?}");
        // Where each member ends: its data, or what tells their length, and the next signature
        // where the descriptor has none.
        for len in 0..bytes.len() {
            let part = states(&bytes[..len]);
            for (at, (name, state)) in part.iter().enumerate() {
                assert_eq!(name, names[at]);
                let last = at + 1 == part.len();
                assert!(
                    *state == State::Whole
                        || last && matches!(state, State::Cut(_) | State::Unsealed),
                    "{len}: {part:?}"
                );
            }
        }
    }

    #[test]
    fn damage_stays_where_it_is() {
        let (bytes, offsets) = archive_with(&three(), b"");
        for (at, offset) in offsets.iter().enumerate() {
            let Some(data) = [30 + 5 + 20, 30 + 7, 31, 0, 30 + 6].get(at).filter(|&&d| d > 0)
            else {
                continue;
            };
            let mut bytes = bytes.clone();
            bytes[usize::try_from(*offset).unwrap() + data] ^= 1;
            let told = states(&bytes);
            for (i, (name, state)) in told.iter().enumerate() {
                let damaged = matches!(state, State::Damaged(why) if why.contains("CRC-32"));
                assert_eq!(damaged, i == at, "{at}: {name} {state:?}");
            }
        }
        // A header that is gone takes its own member along.
        let mut bytes = bytes.clone();
        bytes[usize::try_from(offsets[1]).unwrap()] = 0;
        let told = states(&bytes[..bytes.len() - 22]);
        assert_eq!(told.iter().map(|(n, _)| n.as_str()).collect::<Vec<_>>(), ["a", "c", "d", "ä"]);
    }

    #[test]
    fn where_a_directory_is_there_it_counts() {
        let (bytes, offsets) = archive_with(&three(), b"");
        let mut damaged = bytes.clone();
        damaged[usize::try_from(offsets[1]).unwrap()] = 0;
        let told = states(&damaged);
        assert_eq!((told.len(), &told[1]), (5, &("g/b".to_owned(), State::Lost)));
        let dir = tempfile::tempdir().unwrap();
        let (path, saved) = (dir.path().join("a.npz"), dir.path().join("saved.npz"));
        std::fs::write(&path, &bytes).unwrap();
        let mut editor = super::super::Editor::open(&path).unwrap();
        editor.remove("a").unwrap();
        editor.replace("ä", &numbers(7)).unwrap();
        editor.commit().unwrap();
        let told = salvage_to(&path, &saved).unwrap();
        let removed: Vec<bool> = told.iter().map(|one| one.state == State::Removed).collect();
        assert_eq!(removed, [true, false, false, false, true, false]);
        assert_eq!(told.iter().filter(|one| one.is_kept()).count(), 4);
        assert_eq!(super::super::open(&saved).unwrap().names().count(), 4);
    }

    #[test]
    fn what_no_new_archive_can_hold_is_told() {
        let odd = |name: &[u8]| {
            let name = name.to_vec();
            Forged::new("x", b"data").change(|m| m.name.clone_from(&name))
        };
        let future = Forged::new("f", b"data").change(|m| m.method = super::super::zip::Method(98));
        let members =
            [odd(b"/abs"), odd(b"../y"), odd(b"a\\..\\b"), future, Forged::new("ok", b"1")];
        let (bytes, _) = archive_with(&members, b"");
        // As if there were no directory.
        let end = bytes.len() - 22 - 10;
        let told = states(&bytes[..end]);
        let damaged: Vec<bool> =
            told.iter().map(|(_, state)| matches!(state, State::Damaged(_))).collect();
        assert_eq!(damaged, [true, true, true, true, false], "{told:?}");
    }

    #[test]
    fn thousands_of_members_cost_two_passes() {
        let many: Vec<_> =
            (0..3000).map(|i| Forged::array(&format!("x{i}"), &numbers(i))).collect();
        let counting = Arc::new(super::super::forge::Counting::new(archive(&many)));
        let source: Arc<dyn Source> = counting.clone();
        assert_eq!(salvage_source(&source, &Limits::default()).unwrap().len(), 3000);
        let (_, read) = counting.taken();
        let len = usize::try_from(source.len()).unwrap();
        assert!(read < 4 * len, "{read} of {len}");
    }

    #[test]
    fn archives_in_whole_members_stay_there() {
        let inner = archive(&[Forged::array("inner", &numbers(5))]);
        let members = [Forged::new("x.zip", &inner), Forged::array("y", &numbers(6))];
        let bytes = archive(&members);
        let names: Vec<String> = states(&bytes).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["x.zip", "y"]);
        // Signatures in data are no members.
        let noise = Forged::new("n", b"PK\x03\x04 and PK\x07\x08, PK\x01\x02 PK\x05\x06");
        let bytes = archive(&[noise.change(|m| m.descriptor = Some((true, false)))]);
        assert_eq!(states(&bytes), [("n".to_owned(), State::Whole)]);
    }

    #[test]
    fn what_is_whole_is_written_to_a_new_archive() {
        let dir = tempfile::tempdir().unwrap();
        let (torn, saved) = (dir.path().join("torn.npz"), dir.path().join("saved.npz"));
        let mut members = three();
        members.insert(0, Forged::array("a", &numbers(100)));
        members.push(Forged::array("s", &numbers(0)).change(|m| m.flags = Flags::ENCRYPTED));
        let (bytes, offsets) = archive_with(&members, b"");
        std::fs::write(&torn, &bytes[..usize::try_from(offsets[6]).unwrap() + 60]).unwrap();
        assert!(crate::open(&torn).is_err());
        let told = salvage_to(&torn, &saved).unwrap();
        assert_eq!(told, salvage(&torn).unwrap());
        let kept: Vec<&str> =
            told.iter().filter(|one| one.is_kept()).map(|one| one.name.as_str()).collect();
        assert_eq!(kept, ["a", "g/b", "c", "d", "ä"]);
        assert!(told[0].superseded && told[0].state == State::Whole);
        let reader = super::super::open(&saved).unwrap();
        assert_eq!(reader.names().collect::<Vec<_>>(), kept);
        for (name, from) in [("a", 0), ("g/b", 1), ("ä", 2)] {
            assert_eq!(reader.view(name).unwrap().as_slice::<i64>().unwrap()[0], from);
            assert!(reader.read(name).is_ok());
        }
        assert_eq!(reader.read("c").unwrap().as_slice::<u8>().unwrap(), b"value");
        assert!(crate::verify(&saved).unwrap().is_empty());
        // In its own place.
        salvage_to(&torn, &torn).unwrap();
        assert_eq!(std::fs::read(&torn).unwrap(), std::fs::read(&saved).unwrap());
        std::fs::write(&torn, b"no archive at all").unwrap();
        assert!(salvage_to(&torn, &saved).unwrap().is_empty());
        assert!(super::super::open(&saved).unwrap().names().next().is_none());
    }

    #[test]
    fn data_that_tell_their_own_length_need_no_descriptor() {
        for packed in [true, false] {
            let member = Forged::array("x", &numbers(3));
            let member = if packed { member.deflated() } else { member };
            let len = 30 + 5 + member.packed.len();
            let member = member.change(|m| m.descriptor = Some((true, true)));
            let (bytes, _) = archive_with(&[member], b"");
            for more in 0..16 {
                let told = states(&bytes[..len + more]);
                assert_eq!(told, [("x".to_owned(), State::Unsealed)], "{packed} {more}");
            }
            assert_eq!(states(&bytes[..len + 24]), [("x".to_owned(), State::Whole)]);
            assert!(matches!(states(&bytes[..len - 1])[0].1, State::Cut(_)));
            let dir = tempfile::tempdir().unwrap();
            let (torn, saved) = (dir.path().join("torn.npz"), dir.path().join("saved.npz"));
            std::fs::write(&torn, &bytes[..len + 3]).unwrap();
            salvage_to(&torn, &saved).unwrap();
            let array = super::super::open(&saved).unwrap().read("x").unwrap();
            assert_eq!(array.as_slice::<i64>().unwrap()[0], 3);
        }
        // Neither a value nor a sum that is wrong can be taken for whole.
        let value = Forged::new("v", b"value").change(|m| m.descriptor = Some((true, true)));
        let (bytes, _) = archive_with(&[value], b"");
        assert_eq!(states(&bytes[..36]), [("v".to_owned(), State::Cut(5))]);
    }

    #[test]
    fn headers_that_lead_nowhere_cost_a_bounded_search() {
        let open = Forged::new("x", b"").change(|m| m.descriptor = Some((true, false)));
        let (bytes, _) = archive_with(&[open], b"");
        let many = bytes[..31].repeat(100_000);
        let source: Arc<dyn Source> = Arc::new(MemorySource::new(many));
        let e = salvage_source(&source, &Limits::default());
        assert!(e.is_err_and(|e| e.kind() == crate::ErrorKind::Limit));
    }
}
