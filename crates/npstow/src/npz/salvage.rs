//! What can be had of an archive whose end is missing or torn.
#![forbid(unsafe_code)]

use super::copy::copy_member;
use super::directory::Directory;
use super::end::End;
use super::listing::{self, Listed};
use super::names;
use super::options::WriteOptions;
use super::scan::{self, Scan, Scanned, State};
use super::writer::Writer;
use super::zip::{CentralHeader, LocalHeader};
use crate::cursor::Cursor;
use crate::error::quoted;
use crate::{AtomicFile, Buffer, Error, FileSource, Limits, Result, Source};
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

/// A member that was found without the directory, or that the directory lists.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recovered {
    /// What it is called: the name of the array, or of the member where it is none.
    pub name: String,
    /// Where its local header is in the file, or should be.
    pub offset: u64,
    /// How many bytes it takes in the file, as far as they are told.
    pub packed_len: u64,
    /// How much of it is there.
    pub state: State,
    /// Whether a later member of the same name is whole: the last such one counts.
    pub superseded: bool,
    /// Whether there is a directory that does not list it any more: it was removed or replaced.
    pub removed: bool,
    kept: bool,
}

impl Recovered {
    /// Whether [`salvage_to`] writes it, or wrote it.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        self.kept
    }

    /// Whether something is missing without it: it is part of the archive and cannot be saved.
    #[must_use]
    pub fn is_missed(&self) -> bool {
        !self.kept && !self.superseded && !self.removed
    }
}

/// What is salvaged. By default what the archive holds.
///
/// ```
/// use npstow::npz;
/// let with_what_was_removed = npz::SalvageOptions::default().removed();
/// ```
#[derive(Clone, Debug, Default)]
pub struct SalvageOptions {
    removed: bool,
}

impl SalvageOptions {
    /// Saves what was removed, too, unless another member has its name.
    #[must_use]
    pub fn removed(mut self) -> Self {
        self.removed = true;
        self
    }
}

/// Looks for the members of an archive by their local headers, as if there were no directory, and
/// reads each of them to see whether it is whole.
///
/// Where there is a directory, what was found is held against it. What it lists and what is not at
/// its place is [lost](State::Lost). What stands in front of it and is not listed was removed or
/// replaced, and not [compacted](super::compact()) since. What stands behind it was added by a
/// change that was not finished, or the end of the archive is missing: it counts.
///
/// # Errors
/// `Io`; `Limit`.
pub fn salvage(path: impl AsRef<Path>) -> Result<Vec<Recovered>> {
    salvage_with(path, &SalvageOptions::default())
}

/// As [`salvage()`], as the options say.
///
/// # Errors
/// As `salvage`.
pub fn salvage_with(path: impl AsRef<Path>, options: &SalvageOptions) -> Result<Vec<Recovered>> {
    let path = path.as_ref();
    let look = || {
        let source: Arc<dyn Source> = Arc::new(FileSource::open(path)?);
        Ok(told(&scan(&source, &Limits::default())?, options))
    };
    look().map_err(|e: Error| e.in_path(path))
}

/// As [`salvage()`], in any source.
///
/// # Errors
/// As `salvage`.
pub fn salvage_source(source: &Arc<dyn Source>, limits: &Limits) -> Result<Vec<Recovered>> {
    Ok(told(&scan(source, limits)?, &SalvageOptions::default()))
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
    salvage_to_with(source, target, &SalvageOptions::default())
}

/// As [`salvage_to`], as the options say.
///
/// # Errors
/// As `salvage_to`.
pub fn salvage_to_with(
    source: impl AsRef<Path>,
    target: impl AsRef<Path>,
    options: &SalvageOptions,
) -> Result<Vec<Recovered>> {
    let (path, target) = (source.as_ref(), target.as_ref());
    let look = || {
        let source: Arc<dyn Source> = Arc::new(FileSource::open(path)?);
        let found = scan(&source, &Limits::default())?;
        Ok((source, found))
    };
    let (source, found) = look().map_err(|e: Error| e.in_path(path))?;
    let recovered = told(&found, options);
    let kept = found.iter().zip(&recovered).filter(|(_, told)| told.kept);
    let kept: Vec<&Scanned> = kept.map(|(found, _)| &found.member).collect();
    let options = WriteOptions::default();
    let mut writer = Writer::new(AtomicFile::create(target, crate::Durability::Replace)?, &options)
        .map_err(|e| e.in_path(target))?;
    copy_all(&*source, &kept, &mut writer).map_err(|e| e.in_path(path))?;
    writer.finish().map_err(|e| e.in_path(target))?.commit()?;
    Ok(recovered)
}

/// A member, and whether the directory lists it any more.
struct Judged {
    member: Scanned,
    removed: bool,
}

/// All members that are found or listed, in the order of the file.
fn scan(source: &Arc<dyn Source>, limits: &Limits) -> Result<Vec<Judged>> {
    let found = Scan::new(source, &Arc::new(limits.clone())).run()?;
    let mut all: Vec<_> =
        found.into_iter().map(|member| Judged { member, removed: false }).collect();
    let Some(listing) = listing::read(&**source, limits)? else { return Ok(all) };
    if all.first().is_some_and(|first| first.member.offset < listing.prefix) {
        // The directory of another archive: one within this, or put behind it.
        return Ok(all);
    }
    let listed: HashSet<u64> = listing.members.iter().filter_map(|one| one.offset).collect();
    for one in &mut all {
        one.removed = one.member.offset < listing.start && !listed.contains(&one.member.offset);
    }
    let seen: HashMap<u64, &str> =
        all.iter().map(|one| (one.member.offset, &*one.member.name)).collect();
    let mut lost = Vec::new();
    for one in &listing.members {
        let there = one.offset.and_then(|at| seen.get(&at));
        if there != Some(&&*one.name) {
            lost.push(Judged { member: missing(source, one, limits)?, removed: false });
        }
    }
    all.append(&mut lost);
    all.sort_by_key(|one| one.member.offset);
    Ok(all)
}

/// A member that is listed and was not found, with the reason.
fn missing(source: &Arc<dyn Source>, listed: &Listed, limits: &Limits) -> Result<Scanned> {
    let unfit = scan::unfit(&listed.name, listed.flags, listed.method, limits);
    let why = match (listed.offset, unfit) {
        (_, Err(e)) => e.what().to_owned(),
        (None, _) => "the start of the file is missing".to_owned(),
        (Some(at), _) => not_at(&**source, at, listed)?,
    };
    let offset = listed.offset.unwrap_or(0);
    Ok(Scanned {
        name: listed.name.clone(),
        raw_name: Vec::new(),
        extra: Vec::new(),
        flags: listed.flags,
        method: listed.method,
        time: 0,
        date: 0,
        offset,
        data_offset: offset,
        crc32: 0,
        packed_len: listed.packed_len,
        unpacked_len: listed.unpacked_len,
        state: State::Lost(why),
    })
}

/// Why no member was found at this place.
fn not_at(source: &dyn Source, at: u64, listed: &Listed) -> Result<String> {
    let there = source.len().saturating_sub(at);
    let longest = (LocalHeader::SIZE + 2 * usize::from(u16::MAX)) as u64;
    let len = usize::try_from(longest.min(there)).unwrap_or(0);
    let start = source.read(at.min(source.len()), len);
    let start = start.map_err(|e| Error::io("looking for a member", e).at(at))?;
    Ok(match LocalHeader::parse(&mut Cursor::new(&start)) {
        Err(e) => e.what().to_owned(),
        Ok(header) if header.name != listed.name.as_bytes() => {
            let found = header.name.escape_ascii().to_string();
            format!("expected its name in its own header, found '{}'", quoted(&found))
        }
        Ok(_) => "its place is within another member".to_owned(),
    })
}

/// What was found, with what counts among members of one name.
fn told(found: &[Judged], options: &SalvageOptions) -> Vec<Recovered> {
    // The last one that is whole, else the last one that seems so; rather one that was not removed.
    let mut last: HashMap<&str, usize> = HashMap::new();
    for removed in [true, false].into_iter().filter(|&removed| options.removed || !removed) {
        for state in [State::Unsealed, State::Whole] {
            let equal = found.iter().enumerate();
            let equal =
                equal.filter(|(_, one)| one.member.state == state && one.removed == removed);
            last.extend(equal.map(|(i, one)| (one.member.name.as_str(), i)));
        }
    }
    let one = |(i, one): (usize, &Judged)| {
        let member = &one.member;
        let best = last.get(member.name.as_str());
        Recovered {
            name: names::array_name(&member.name).unwrap_or(&member.name).to_owned(),
            offset: member.offset,
            packed_len: member.packed_len,
            state: member.state.clone(),
            superseded: best.is_some_and(|&best| best > i),
            removed: one.removed,
            kept: best == Some(&i),
        }
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
    use super::super::forge::{Counting, Forged, archive, archive_with};
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
        let why = "expected the header of a member 'PK\\x03\\x04', found '\\x00K\\x03\\x04'";
        assert_eq!((told.len(), &told[1]), (5, &("g/b".to_owned(), State::Lost(why.to_owned()))));
        let dir = tempfile::tempdir().unwrap();
        let (path, saved) = (dir.path().join("a.npz"), dir.path().join("saved.npz"));
        std::fs::write(&path, &bytes).unwrap();
        let mut editor = super::super::Editor::open(&path).unwrap();
        editor.remove("a").unwrap();
        editor.replace("ä", &numbers(7)).unwrap();
        editor.commit().unwrap();
        let told = salvage_to(&path, &saved).unwrap();
        let removed: Vec<bool> = told.iter().map(|one| one.removed).collect();
        assert_eq!(removed, [true, false, false, false, true, false]);
        assert!(told.iter().all(|one| one.is_kept() != one.removed && !one.is_missed()));
        assert_eq!(super::super::open(&saved).unwrap().names().count(), 4);
        // What was removed comes back when asked for, but not in the place of another.
        let told = salvage_to_with(&path, &saved, &SalvageOptions::default().removed()).unwrap();
        let kept: Vec<bool> = told.iter().map(Recovered::is_kept).collect();
        assert_eq!(kept, [true, true, true, true, false, true]);
        let reader = super::super::open(&saved).unwrap();
        for (name, from) in [("a", 0), ("ä", 7)] {
            assert_eq!(reader.read(name).unwrap().as_slice::<i64>().unwrap()[0], from);
        }
        assert_eq!(salvage_with(&path, &SalvageOptions::default().removed()).unwrap(), told);
        // Where the one that counts is damaged, the old one does not make up for it.
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[usize::try_from(told[5].offset).unwrap() + 200] ^= 1;
        let told = found(&bytes);
        assert!(told[5].is_missed() && told[4].removed && !told[4].is_kept());
    }

    #[test]
    fn what_is_behind_a_directory_counts() {
        let old = archive(&three());
        let new = [Forged::array("a", &numbers(70)), Forged::array("z", &numbers(80))];
        let (bytes, offsets) = archive_with(&new, b"");
        let told = found(&[&old[..], &bytes[..usize::try_from(offsets[1]).unwrap() + 90]].concat());
        assert!(told[0].superseded && !told[0].removed && !told[0].is_missed());
        assert!(told[5].is_kept() && told[6].is_missed());
        assert_eq!((&*told[6].name, &told[6].state), ("z", &State::Cut(55)));
    }

    #[test]
    fn a_file_without_its_start_misses_what_was_there() {
        let (bytes, offsets) = archive_with(&three(), b"");
        let told = found(&bytes[100..]);
        assert_eq!(told.len(), 5);
        let why = State::Lost("the start of the file is missing".to_owned());
        assert_eq!((&*told[0].name, &told[0].state), ("a", &why));
        assert!(told[0].is_missed() && told[1..].iter().all(Recovered::is_kept));
        assert_eq!(told[1].offset, offsets[1] - 100);
    }

    #[test]
    fn directories_of_other_archives_do_not_count() {
        let inner = archive(&[Forged::array("inner", &numbers(5))]);
        let holder = [Forged::array("a", &numbers(0)), Forged::new("in.npz", &inner)];
        // Cut right behind the archive in it, whose directory now ends the file.
        let (bytes, offsets) = archive_with(&holder, b"");
        let end = usize::try_from(offsets[1]).unwrap() + 36 + inner.len();
        let told = found(&bytes[..end]);
        assert!(told.len() == 2 && told.iter().all(Recovered::is_kept), "{told:?}");
        let told = found(&[archive(&three()), inner.clone()].concat());
        assert!(told.len() == 6 && told.iter().all(Recovered::is_kept), "{told:?}");
        let told = found(&archive_with(&three(), &inner).0);
        assert!(told.len() == 6 && told.iter().all(Recovered::is_kept), "{told:?}");
        // A program in front is no archive.
        let bytes = [&b"#!/bin/sh\n"[..], &archive(&three())].concat();
        let told = found(&bytes);
        assert!(told.len() == 5 && told.iter().all(|one| one.is_kept() && !one.removed));
    }

    #[test]
    fn what_no_new_archive_can_hold_is_told() {
        let odd = |name: &[u8]| {
            let name = name.to_vec();
            Forged::new("x", b"data").change(|m| m.name.clone_from(&name))
        };
        let packed = |method| {
            let content = archive(&[Forged::new("within", b"1")]);
            Forged::new("f", &content).change(|m| m.method = super::super::zip::Method(method))
        };
        let secret = Forged::new("s", b"data").change(|m| m.flags = Flags::ENCRYPTED);
        let members = [
            (odd(b"/abs"), "expected a name that begins within the archive, found the name '/abs'"),
            (odd(b"../y"), "expected a name without the steps '.' and '..', found the name '../y'"),
            (odd(b"\\x"), "expected a name that begins within the archive, found the name '\\x'"),
            (packed(98), "not supported: a member packed with PPMd"),
            (secret, "not supported: an encrypted member"),
            (odd(b"n\0"), "expected a name without NUL, found the name 'n\\u{0}'"),
            (packed(1234), "not supported: a member packed with method 1234"),
            (Forged::new("ok", b"1"), ""),
        ];
        let (members, reasons): (Vec<_>, Vec<_>) = members.into_iter().unzip();
        let (bytes, _) = archive_with(&members, b"");
        let lost = |told: &[(String, State)]| -> Vec<String> {
            let why = told.iter().map(|(_, state)| match state {
                State::Lost(why) => why.clone(),
                _ => String::new(),
            });
            why.collect()
        };
        let told = states(&bytes);
        // A method that nobody knows is taken for data until the directory tells of it.
        let within = told.iter().position(|(name, _)| name == "within").unwrap();
        assert_eq!(lost(&told[..within]), reasons[..within]);
        assert_eq!(told[within + 1..], [("ok".to_owned(), State::Whole)]);
        // As if there were no directory. A name that nobody writes is taken for data, too.
        let told = states(&bytes[..bytes.len() - 22 - 10]);
        assert_eq!(lost(&told)[..5], reasons[..5]);
        assert_eq!(told.last().unwrap(), &("ok".to_owned(), State::Whole));
    }

    #[test]
    fn a_name_that_is_another_in_its_own_header_is_told() {
        let member = Forged::array("a", &numbers(0)).change(|m| {
            m.local_name = Some(b"b.npy".to_vec());
        });
        let told = found(&archive(&[member]));
        assert!(told[0].name == "b" && told[0].is_kept());
        let why = "expected its name in its own header, found 'b.npy'";
        assert_eq!((&*told[1].name, &told[1].state), ("a", &State::Lost(why.to_owned())));
    }

    #[test]
    fn thousands_of_members_cost_few_passes() {
        type Change = fn(Forged) -> Forged;
        let forms: [Change; 4] = [
            |m| m,
            Forged::deflated,
            |m| m.change(|m| m.descriptor = Some((true, false))),
            |m| m.deflated().change(|m| m.descriptor = Some((true, true))),
        ];
        let long = Array::from_vec((0..40_000).collect::<Vec<i64>>());
        for (form, change) in forms.into_iter().enumerate() {
            let small = (0..10_000).map(|i| change(Forged::array(&format!("x{i}"), &numbers(i))));
            let large = (0..30).map(|i| change(Forged::array(&format!("y{i}"), &long)));
            for many in [small.collect::<Vec<_>>(), large.collect()] {
                let bytes = archive(&many);
                // Whole, and without its end, which is looked for in the whole file.
                for len in [bytes.len(), bytes.len() - 30] {
                    let counting = Arc::new(Counting::new(bytes[..len].to_vec()));
                    let source: Arc<dyn Source> = counting.clone();
                    let told = salvage_source(&source, &Limits::default()).unwrap();
                    assert!(told.len() == many.len() && told.iter().all(Recovered::is_kept));
                    let (reads, read) = counting.taken();
                    let most = if len < bytes.len() { 2 * len + (3 << 20) } else { 2 * len };
                    let told = format!("{form}: {reads} reads, {read} of {len} bytes");
                    assert!(read < most && reads < 30, "{told}");
                }
            }
        }
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
