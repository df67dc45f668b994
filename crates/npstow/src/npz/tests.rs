//! Archives opened: whole, cut, flipped, hostile.
#![forbid(unsafe_code)]

use super::directory::{Directory, Found};
use super::forge::{Counting, Forged, archive, archive_with, directory};
use super::locate::{Located, Window, locate};
use super::zip::{EndRecord, Flags, Method, Zip64EndRecord, Zip64Locator, write_end};
use crate::{Error, ErrorKind, Limits, MemorySource, Result, Source};

fn open(bytes: &[u8]) -> Result<Directory> {
    Directory::read(&MemorySource::new(bytes.to_vec()), &Limits::default())
}

fn names(directory: &Directory) -> Vec<&str> {
    directory.members().iter().map(|member| directory.name(member)).collect()
}

fn located(bytes: &[u8], index: usize) -> Result<Located> {
    let source = MemorySource::new(bytes.to_vec());
    let directory = Directory::read(&source, &Limits::default())?;
    locate(&source, &directory, index, &mut Window::single())
}

/// Names and contents of a stored archive, checksums verified.
fn contents(source: &dyn Source, limits: &Limits) -> Result<Vec<(String, Vec<u8>)>> {
    let directory = Directory::read(source, limits)?;
    let mut window = Window::ahead();
    let mut all = Vec::new();
    for (index, member) in directory.members().iter().enumerate() {
        let found = locate(source, &directory, index, &mut window)?;
        let len = usize::try_from(member.packed_len).unwrap();
        let bytes = source.read(found.data_offset, len).map_err(|e| Error::io("reading", e))?;
        assert!(bytes.starts_with(&found.start));
        if crate::codec::crc32(&bytes) != member.crc32 {
            return Err(Error::corrupt("the checksum", "another"));
        }
        all.push((directory.name(member).to_owned(), bytes.to_vec()));
    }
    Ok(all)
}

fn three() -> Vec<Forged> {
    vec![
        Forged::new("a.npy", b"hello"),
        Forged::new("b/c.npy", b"").change(|m| m.zip64 = true),
        Forged::new("ä", &[7; 100]).change(|m| m.local_extra = b"\x35\xd9\x02\0\x40\0".to_vec()),
    ]
}

fn told(bytes: &[u8]) -> String {
    open(bytes).unwrap_err().to_string()
}

#[test]
fn members_are_listed_and_located() {
    let (bytes, offsets) = archive_with(&three(), b"a comment");
    let directory = open(&bytes).unwrap();
    assert_eq!(names(&directory), ["a.npy", "b/c.npy", "ä"]);
    assert_eq!((directory.comment(), directory.prefix_len()), (&b"a comment"[..], 0));
    assert_eq!(directory.extent().end, bytes.len() as u64);
    let places: Vec<_> = directory.members().iter().map(|m| (m.offset, m.limit)).collect();
    let start = directory.extent().start;
    assert_eq!(places, [(0, offsets[1]), (offsets[1], offsets[2]), (offsets[2], start)]);
    let source = MemorySource::new(bytes.clone());
    let all = contents(&source, &Limits::default()).unwrap();
    assert_eq!(all[0].1, b"hello");
    assert_eq!((all[1].1.len(), &all[2].1[..]), (0, &[7; 100][..]));
    assert_eq!(directory.header(&directory.members()[2]).unwrap().external, 0o600 << 16);
    for i in 0..2 * 4 {
        // The first lookups scan, the later ones are sorted.
        assert_eq!(directory.find("ä"), Found::One(2), "{i}");
        assert_eq!(directory.find("b"), Found::Nothing);
    }
    let empty = open(&archive(&[])).unwrap();
    assert!(empty.members().is_empty());
    assert_eq!(empty.find(""), Found::Nothing);
}

#[test]
fn two_reads_list_thousands_and_thirty_locate_them() {
    let many: Vec<_> = (0..4000).map(|i| Forged::new(&format!("x{i}.npy"), &[5; 1728])).collect();
    let source = Counting::new(archive(&many));
    let directory = Directory::read(&source, &Limits::default()).unwrap();
    // A look at the first member tells how much of the tail is worth reading.
    let (reads, read) = source.taken();
    assert!(reads == 2 && read < 700_000, "{reads} reads of {read} bytes");
    assert_eq!(directory.members().len(), 4000);
    assert_eq!(directory.find("x3999.npy"), Found::One(3999));
    locate(&source, &directory, 77, &mut Window::single()).unwrap();
    let (reads, read) = source.taken();
    assert!(reads == 1 && read < 512, "{reads} reads of {read} bytes");
    let mut window = Window::ahead();
    for i in 0..4000 {
        locate(&source, &directory, i, &mut window).unwrap();
    }
    let (reads, _) = source.taken();
    assert!(reads <= 30, "{reads}");

    // Members that are large are not read along.
    let large: Vec<_> = (0..5).map(|i| Forged::new(&format!("x{i}"), &vec![1; 300_000])).collect();
    let source = Counting::new(archive(&large));
    let directory = Directory::read(&source, &Limits::default()).unwrap();
    assert_eq!(source.taken(), (2, 230 + (64 << 10)));
    let mut window = Window::ahead();
    for i in 0..5 {
        locate(&source, &directory, i, &mut window).unwrap();
    }
    let (reads, read) = source.taken();
    assert!(reads == 5 && read < 5 * 512 + (256 << 10), "{reads} reads of {read} bytes");
}

#[test]
fn a_long_directory_takes_one_more_read() {
    let pad = b"\x02\0\xfc\xfe".iter().copied().chain(std::iter::repeat_n(0, 0xfefc));
    let pad: Vec<u8> = pad.collect();
    let name = |i| Forged::new(&format!("x{i}"), b"").change(|m| m.extra.clone_from(&pad));
    let source = Counting::new(archive(&(0..50).map(name).collect::<Vec<_>>()));
    let directory = Directory::read(&source, &Limits::default()).unwrap();
    assert_eq!(directory.members().len(), 50);
    let (reads, read) = source.taken();
    assert!(reads == 3 && read > 50 * 0xff00, "{reads} reads of {read} bytes");
}

#[test]
fn a_long_header_of_a_member_takes_a_second_read() {
    let pad = b"\x02\0\xfc\x0e".iter().copied().chain(std::iter::repeat_n(0, 0x0efc));
    let bytes = archive(&[Forged::new("x", b"data").change(|m| m.local_extra = pad.collect())]);
    let source = Counting::new(bytes);
    let directory = Directory::read(&source, &Limits::default()).unwrap();
    source.taken();
    let found = locate(&source, &directory, 0, &mut Window::single()).unwrap();
    assert_eq!(found.data_offset, 30 + 1 + 0x0f00);
    assert_eq!(source.taken().0, 2);
}

#[test]
fn cut_at_every_byte_it_is_refused() {
    let bytes = archive(&three());
    for len in 0..bytes.len() {
        assert!(open(&bytes[..len]).is_err(), "{len}");
    }
    // A comment that is cut short is taken, as by zipfile.
    let (bytes, _) = archive_with(&three(), b"comment");
    for len in bytes.len() - 7..bytes.len() {
        let directory = open(&bytes[..len]).unwrap();
        assert_eq!(directory.comment().len() + bytes.len() - len, 7);
    }
}

#[test]
fn flipped_bytes_are_refused_or_do_not_matter() {
    let bytes = archive(&three());
    let limits = Limits::default();
    let right = contents(&MemorySource::new(bytes.clone()), &limits).unwrap();
    let (mut refused, mut same) = (0, 0);
    for at in 0..bytes.len() {
        for flip in [0x01, 0x80, 0xff, 0x20] {
            let mut wrong = bytes.clone();
            wrong[at] ^= flip;
            match contents(&MemorySource::new(wrong), &limits) {
                Ok(all) => {
                    assert_eq!(all, right, "byte {at}");
                    same += 1;
                }
                Err(e) => {
                    assert_ne!(e.kind(), ErrorKind::Io, "byte {at}: {e}");
                    refused += 1;
                }
            }
        }
    }
    assert!(refused > same && same > 0, "{refused} and {same}");
}

#[test]
fn whatever_stands_around_the_archive() {
    let (plain, _) = archive_with(&three(), b"");
    let limits = Limits::default();
    let right = contents(&MemorySource::new(plain.clone()), &limits).unwrap();
    let long = vec![b'#'; 100_000];
    let fake = EndRecord { entries: 9, comment_len: 3, ..EndRecord::default() };
    let mut fake_bytes = Vec::new();
    fake.write(&mut fake_bytes);
    for (before, after) in [
        (&b"#!/bin/sh\n"[..], &b""[..]),
        (&long, b""),
        (b"", b"\0\0\0"),
        (b"", &long),
        (b"x", b"trailing"),
        (b"", &fake_bytes),
        (b"PK\x03\x04", b""),
    ] {
        let bytes = [before, &plain, after].concat();
        let directory = open(&bytes).unwrap();
        assert_eq!(directory.prefix_len(), before.len() as u64);
        assert_eq!(directory.extent().end, (before.len() + plain.len()) as u64);
        assert_eq!(contents(&MemorySource::new(bytes), &limits).unwrap(), right);
    }
    // The longest comment, with something like an end record in it.
    let mut comment = vec![b'c'; 65_535];
    comment[100..104].copy_from_slice(b"PK\x05\x06");
    let (bytes, _) = archive_with(&three(), &comment);
    assert_eq!(open(&bytes).unwrap().comment(), comment);
}

#[test]
fn an_edit_that_broke_off_leaves_the_old_archive() {
    let old = archive(&three());
    // The new member is an archive itself, stored; the edit broke off right behind it.
    let inner = archive(&[Forged::new("inner.npy", b"inner")]);
    let (new, _) = archive_with(&[Forged::new("new.zip", &inner)], b"");
    let end = 30 + 7 + inner.len();
    for len in [1, 29, 30, 37, 60, end - 1, end, end + 1, end + 30, new.len() - 1] {
        let bytes = [&old[..], &new[..len]].concat();
        let directory = open(&bytes).unwrap();
        assert_eq!(names(&directory), ["a.npy", "b/c.npy", "ä"], "{len}");
        assert_eq!(directory.extent().end, old.len() as u64);
    }
    // Far behind, where the first read does not reach.
    let bytes = [&old[..], &vec![b'P'; 5 << 20]].concat();
    assert_eq!(open(&bytes).unwrap().members().len(), 3);
}

#[test]
fn end_records_that_lead_nowhere_cost_a_bounded_search() {
    let mut bytes = archive(&three());
    let mut fake = Vec::new();
    EndRecord { directory_len: 60, directory_offset: 1, ..EndRecord::default() }.write(&mut fake);
    for _ in 0..100_000 {
        bytes.extend(&fake);
    }
    let e = open(&bytes).unwrap_err();
    assert!(matches!(e.kind(), ErrorKind::Corrupt | ErrorKind::Limit), "{e}");
}

#[test]
fn zip64_in_every_place() {
    let members: Vec<_> = three().into_iter().map(|m| m.change(|m| m.zip64 = true)).collect();
    let (plain, offsets) = archive_with(&members, b"");
    let limits = Limits::default();
    let right = contents(&MemorySource::new(plain.clone()), &limits).unwrap();
    let body = open(&plain).unwrap().extent().start;
    let dir = directory(&members, &offsets);
    let wide = Zip64EndRecord {
        rest_len: 44,
        entries_here: 3,
        entries: 3,
        directory_len: dir.len() as u64,
        directory_offset: body,
        ..Zip64EndRecord::default()
    };
    let end = EndRecord {
        entries_here: u16::MAX,
        entries: u16::MAX,
        directory_len: u32::MAX,
        directory_offset: u32::MAX,
        ..EndRecord::default()
    };
    let build =
        |prefix: &[u8], wide: &Zip64EndRecord, added: &[u8], moved: u64, end: &EndRecord<'_>| {
            let mut bytes = prefix.to_vec();
            bytes.extend(&plain[..usize::try_from(body).unwrap()]);
            bytes.extend(&dir);
            wide.write(&mut bytes);
            bytes.extend(added);
            let offset = body + dir.len() as u64 + moved;
            Zip64Locator { disk: 0, offset, disks: 1 }.write(&mut bytes);
            end.write(&mut bytes);
            bytes
        };
    let read = |bytes: Vec<u8>| contents(&MemorySource::new(bytes), &limits);
    assert_eq!(read(build(b"", &wide, b"", 0, &end)).unwrap(), right);
    assert_eq!(read(build(b"prefix", &wide, b"", 0, &end)).unwrap(), right);
    // The true numbers in the short record, too.
    let mut both = end;
    (both.entries, both.directory_len) = (3, u32::try_from(dir.len()).unwrap());
    assert_eq!(read(build(b"", &wide, b"", 0, &both)).unwrap(), right);
    let added = Zip64EndRecord { rest_len: 44 + 5, ..wide };
    assert_eq!(read(build(b"", &added, b"added", 0, &end)).unwrap(), right);

    both.entries = 2;
    let error = |bytes: Vec<u8>| read(bytes).unwrap_err().what().to_owned();
    assert_eq!(
        error(build(b"", &wide, b"", 0, &both)),
        "expected the same in the zip64 end record as in the end record, found something else"
    );
    let e = error(build(b"", &wide, b"", 1, &end));
    assert!(e.ends_with("found none that fits"), "{e}");
    let e = error(build(b"", &Zip64EndRecord { rest_len: 45, ..wide }, b"", 0, &end));
    assert!(e.ends_with("found none that fits"), "{e}");
    let disks = Zip64EndRecord { disk: 1, ..wide };
    let end = EndRecord { disk: u16::MAX, ..end };
    assert_eq!(
        error(build(b"", &disks, b"", 0, &end)),
        "not supported: an archive in several parts"
    );
}

#[test]
fn more_members_than_sixteen_bits_count() {
    let many: Vec<_> = (0..70_000).map(|i| Forged::new(&format!("{i}"), b"")).collect();
    let bytes = archive(&many);
    assert_eq!(open(&bytes).unwrap().members().len(), 70_000);
    // Without zip64 the number is known to 16 bits only, as old writers left it.
    let directory = open(&bytes).unwrap();
    let start = usize::try_from(directory.extent().start).unwrap();
    let mut short = bytes[..bytes.len() - 22 - 20 - 56].to_vec();
    let end = EndRecord {
        entries_here: 4_464,
        entries: 4_464,
        directory_len: u32::try_from(short.len() - start).unwrap(),
        directory_offset: u32::try_from(start).unwrap(),
        ..EndRecord::default()
    };
    end.write(&mut short);
    assert_eq!(open(&short).unwrap().members().len(), 70_000);
    let limits = Limits::default().members(69_999);
    for bytes in [bytes, short] {
        let e = Directory::read(&MemorySource::new(bytes), &limits).unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Limit);
    }
}

#[test]
fn data_descriptors_of_every_form() {
    for form in [(true, true), (true, false), (false, true), (false, false)] {
        for zip64 in [false, true] {
            let described = |m: Forged| {
                m.change(|m| {
                    m.descriptor = Some(form);
                    m.zip64 = zip64;
                })
            };
            let members: Vec<_> = three().into_iter().map(described).collect();
            let source = MemorySource::new(archive(&members));
            let all = contents(&source, &Limits::default()).unwrap();
            assert_eq!((all.len(), &all[0].1[..]), (3, &b"hello"[..]));
        }
    }
}

#[test]
fn duplicates_are_listed_and_counted() {
    let twice = [Forged::new("x", b"1"), Forged::new("y", b"2"), Forged::new("x", b"3")];
    let directory = open(&archive(&twice)).unwrap();
    assert_eq!(names(&directory), ["x", "y", "x"]);
    for _ in 0..6 {
        assert_eq!(directory.find("x"), Found::Many(2));
        assert_eq!(directory.find("y"), Found::One(1));
    }
}

#[test]
fn names_that_are_refused_are_told_with_their_place() {
    let name = "a\0b";
    let (bytes, _) = archive_with(&[Forged::new("ok", b""), Forged::new(name, b"")], b"");
    let e = open(&bytes).unwrap_err();
    assert_eq!((e.kind(), e.member()), (ErrorKind::Corrupt, Some(name)));
    // 30 + 2 and 30 + the name in front of the directory, whose first entry has 46 + 2 bytes.
    assert_eq!(e.offset(), Some(62 + name.len() as u64 + 48));
    assert!(e.what().starts_with("expected a name without NUL"), "{e}");
    let utf8 = Forged::new("x", b"").change(|m| (m.name, m.flags) = (vec![0xff], Flags::UTF8));
    assert_eq!(told(&archive(&[utf8])), "at byte 31: expected a name in UTF-8, found '\\xff'");
    let cp437 = Forged::new("x", b"").change(|m| m.name = vec![0x84]);
    let directory = open(&archive(&[cp437])).unwrap();
    assert_eq!((names(&directory), directory.find("ä")), (vec!["ä"], Found::One(0)));
    let deep = "d/".repeat(65) + "x";
    assert_eq!(open(&archive(&[Forged::new(&deep, b"")])).unwrap_err().kind(), ErrorKind::Limit);
    let folder = open(&archive(&[Forged::new("d/", b"")])).unwrap();
    assert_eq!(names(&folder), ["d/"]);
    assert!(open(&archive(&[Forged::new("d/", b"x")])).is_err());
}

#[test]
fn members_that_overlap_are_refused() {
    let members = [Forged::new("a", &[1; 40]), Forged::new("b", b"22")];
    let (bytes, offsets) = archive_with(&members, b"");
    let body = usize::try_from(open(&bytes).unwrap().extent().start).unwrap();
    let with = |members: &[Forged], offsets: &[u64], len: usize| {
        let mut bytes = bytes[..len].to_vec();
        let dir = directory(members, offsets);
        let count = members.len() as u64;
        bytes.extend(&dir);
        write_end(&mut bytes, count, dir.len() as u64, len as u64, b"").unwrap();
        bytes
    };
    assert!(open(&with(&members, &offsets, body)).is_ok());
    // The same data twice, within one another, one byte into the next, over the directory.
    for places in [[0, 0], [0, 40], [0, offsets[1] - 1], [offsets[1], 0]] {
        let e = open(&with(&members, &places, body)).map(|d| d.members().len());
        let swapped = places[0] > places[1];
        assert!(e.is_err(), "{places:?} {swapped}");
    }
    let swapped = [members[1].clone(), members[0].clone()];
    assert!(open(&with(&swapped, &[offsets[1], 0], body)).is_ok(), "any order is fine");
    let e = open(&with(&members, &offsets, body - 1)).unwrap_err();
    assert_eq!((e.kind(), e.member()), (ErrorKind::Corrupt, Some("b")));
    assert_eq!(
        e.what(),
        "expected a member at 71 that ends before byte 103, \
         found 2 bytes of data, which overlap what is there"
    );
    let far = [members[0].clone(), members[1].clone().change(|m| m.packed.clear())];
    assert!(open(&with(&far, &[0, u64::MAX - 5], body)).is_err());
    let e = open(&with(&far, &[0, 5000], body)).unwrap_err();
    assert_eq!(e.what(), "expected a member in front of byte 104, found its offset 5000");
}

/// The local header of the first hides the second in its extra field, and both have the same data.
#[test]
fn quoted_members_that_overlap_are_refused() {
    let kernel = Forged::new("b", &[3; 500]);
    let (second, _) = archive_with(std::slice::from_ref(&kernel), b"");
    let quoted = 30 + 1;
    let mut extra = vec![0x99, 0x99, quoted, 0];
    extra.extend(&second[..usize::from(quoted)]);
    let first = Forged::new("a", &[3; 500]).change(|m| m.local_extra = extra);
    let (mut bytes, _) = archive_with(std::slice::from_ref(&first), b"");
    let len = 30 + 1 + 4 + usize::from(quoted) + 500;
    bytes.truncate(len);
    let dir = directory(&[Forged::new("a", &[3; 500]), kernel.clone()], &[0, 35]);
    bytes.extend(&dir);
    write_end(&mut bytes, 2, dir.len() as u64, len as u64, b"").unwrap();
    assert_eq!(open(&bytes).unwrap_err().member(), Some("a"));

    // The same with data so short that only the local header tells.
    let kernel = Forged::new("b", b"");
    let (second, _) = archive_with(std::slice::from_ref(&kernel), b"");
    let mut extra = vec![0x99, 0x99, quoted, 0];
    extra.extend(&second[..usize::from(quoted)]);
    let first = Forged::new("a", b"").change(|m| m.local_extra = extra);
    let (mut bytes, _) = archive_with(std::slice::from_ref(&first), b"");
    let len = 30 + 1 + 4 + usize::from(quoted);
    bytes.truncate(len);
    let dir = directory(&[Forged::new("a", b""), kernel], &[0, 35]);
    bytes.extend(&dir);
    write_end(&mut bytes, 2, dir.len() as u64, len as u64, b"").unwrap();
    assert!(located(&bytes, 1).is_ok());
    let e = located(&bytes, 0).unwrap_err();
    assert_eq!(
        e.to_string(),
        "a: at byte 0: expected a member that ends before byte 35, \
         found 66 bytes of header and 0 of data"
    );
}

#[test]
fn absurd_numbers_are_refused_before_anything_is_allocated() {
    let end = |wide: Zip64EndRecord| {
        let mut bytes = b"some bytes in front".to_vec();
        let offset = bytes.len() as u64;
        wide.write(&mut bytes);
        Zip64Locator { disk: 0, offset, disks: 1 }.write(&mut bytes);
        let marks = EndRecord {
            entries_here: u16::MAX,
            entries: u16::MAX,
            directory_len: u32::MAX,
            directory_offset: u32::MAX,
            ..EndRecord::default()
        };
        marks.write(&mut bytes);
        bytes
    };
    let record = |entries, directory_len, directory_offset| Zip64EndRecord {
        rest_len: 44,
        entries_here: entries,
        entries,
        directory_len,
        directory_offset,
        ..Zip64EndRecord::default()
    };
    for (entries, len, offset, kind) in [
        (1 << 60, 19, 0, ErrorKind::Limit),
        (1 << 20, 19, 0, ErrorKind::Corrupt),
        (1, 1 << 60, 0, ErrorKind::Corrupt),
        (1, u64::MAX, 1, ErrorKind::Corrupt),
        (1, 5, u64::MAX, ErrorKind::Corrupt),
        (1, 20, 0, ErrorKind::Corrupt),
        (1, 0, 19, ErrorKind::Corrupt),
    ] {
        let e = open(&end(record(entries, len, offset))).unwrap_err();
        assert_eq!(e.kind(), kind, "{entries} {len} {offset}: {e}");
        assert!(e.offset().is_some(), "{e}");
    }
    assert!(told(&end(record(1, 20, 0))).contains("none that fits"));
    let mut short = Vec::new();
    EndRecord { directory_len: 1, ..EndRecord::default() }.write(&mut short);
    assert_eq!(
        told(&short),
        "at byte 0: expected a directory of 1 bytes, found only 0 in front of its end"
    );
    let mut short = vec![b'x'; 9];
    EndRecord { directory_offset: 10, ..EndRecord::default() }.write(&mut short);
    assert_eq!(told(&short), "at byte 9: expected the directory at byte 10, found it at 9");
    assert_eq!(
        told(b"no archive"),
        "at byte 10: expected the end record of a zip archive, \
         found none, as in a file that was cut short"
    );
    let e = Directory::read(&MemorySource::new(archive(&three())), &Limits::default().total(104));
    assert_eq!(e.unwrap_err().kind(), ErrorKind::Limit);
    let all = Directory::read(&MemorySource::new(archive(&three())), &Limits::default().total(105));
    assert!(all.is_ok());
}

#[test]
fn local_headers_must_agree() {
    let member =
        || Forged::new("x.npy", b"hello").change(|m| m.local_name = Some(b"x.npy".to_vec()));
    let good = archive(&[member()]);
    assert!(located(&good, 0).is_ok());
    for (at, bytes, what) in [
        (6, &[1, 0][..], "kind of data 'plain', as in the directory, found 'encrypted'"),
        (8, &[8, 0], "method 'stored', as in the directory, found 'deflate'"),
        (14, &[0, 0, 0, 0], "CRC-32 '3610a686', as in the directory, found '00000000'"),
        (18, &[4], "packed size '5', as in the directory, found '4'"),
        (22, &[0], "size '5', as in the directory, found '0'"),
        (30, b"y", "name 'x.npy', as in the directory, found 'y.npy'"),
    ] {
        let mut wrong = good.clone();
        wrong[at..at + bytes.len()].copy_from_slice(bytes);
        let e = located(&wrong, 0).unwrap_err();
        assert_eq!(
            e.to_string(),
            format!("x: at byte 0: expected the {what} in the member's own header")
        );
    }
    // With bit 3, zeros are fine and anything else is not.
    let mut open = good.clone();
    open[6] = 8;
    open[14..26].fill(0);
    assert!(located(&open, 0).is_ok());
    open[22] = 6;
    assert!(located(&open, 0).is_err());
    let longer = archive(&[member().change(|m| m.local_name = Some(b"x.npyz".to_vec()))]);
    assert_eq!(located(&longer, 0).unwrap_err().member(), Some("x"));
    let mut none = good.clone();
    none[0] = b'Q';
    assert_eq!(located(&none, 0).unwrap_err().offset(), Some(0));
    let mut letters = archive(&[Forged::new("ä", b"")]);
    letters[7] = 0;
    assert!(located(&letters, 0).unwrap_err().what().starts_with("expected the letters"));
}

#[test]
fn what_cannot_be_read_is_named() {
    let with = |flags| archive(&[Forged::new("x", b"hello").change(|m| m.flags = flags)]);
    for flags in [Flags::ENCRYPTED, Flags::STRONG, Flags::MASKED] {
        let e = located(&with(flags), 0).unwrap_err();
        assert_eq!(e.what(), "not supported: an encrypted member");
        assert_eq!((e.member(), e.offset()), (Some("x"), Some(36)));
    }
    assert_eq!(located(&with(Flags::PATCHED), 0).unwrap_err().kind(), ErrorKind::Unsupported);
    let stored = Forged::new("x", b"hello").change(|m| m.unpacked_len = 6);
    let e = located(&archive(&[stored]), 0).unwrap_err();
    assert_eq!(e.what(), "expected a stored member of 6 bytes, found 5 bytes");
    let deflated = Forged::new("x", b"hello").change(|m| {
        m.unpacked_len = 6;
        m.method = Method::DEFLATE;
    });
    assert!(located(&archive(&[deflated]), 0).is_ok());
    assert_eq!(located(&archive(&three()), 9).unwrap_err().kind(), ErrorKind::NotFound);
}

#[test]
fn two_archives_in_one_file_are_read_as_others_do_or_refused() {
    let inner = archive(&[Forged::new("i", b"inner")]);
    let (whole, end) = (archive(&three()), archive(&three()).len());
    // Others read the last one.
    let cases = [
        ([&whole[..], &inner].concat(), end, "right behind the first"),
        // Or with some bytes between them, or behind.
        ([&whole[..], b"\0\0\0", &inner].concat(), end + 3, "behind the first"),
        ([&whole[..], &inner, b"\n\n"].concat(), end, "right behind the first"),
        // Three: the last one is not within a member that was not finished.
        ([&whole[..], &inner, &inner].concat(), end, "right behind the first"),
        (archive_with(&three(), &inner).0, end, "in the comment of the first"),
        (
            archive_with(&three(), &[&inner[..], b"."].concat()).0,
            end,
            "in the comment of the first",
        ),
    ];
    for (bytes, place, what) in cases {
        let e = open(&bytes).unwrap_err();
        let start = format!("expected one archive, found another one at byte {place}, {what}, ");
        assert_eq!((e.kind(), e.offset()), (ErrorKind::Corrupt, Some(place as u64)), "{e}");
        assert!(e.what().starts_with(&start), "{e}");
    }
    // The same with a program in front.
    let dotted = archive_with(&three(), &[&inner[..], b"."].concat()).0;
    let e = told(&[&b"#!/bin/sh\n"[..], &dotted].concat());
    assert!(e.contains("in the comment of the first"), "{e}");
    // What stands in a comment and makes no sense is a comment.
    let (bytes, _) = archive_with(&three(), &inner[..inner.len() - 1]);
    assert_eq!(names(&open(&bytes).unwrap()), names(&open(&whole).unwrap()));
    // A program in front of an archive is no archive.
    let behind = [b"#!/bin/sh\n".to_vec(), inner, vec![0; 100]].concat();
    assert_eq!(names(&open(&behind).unwrap()), ["i"]);
}

#[test]
fn archives_in_members_are_not_taken_for_the_file() {
    let inner = archive(&[Forged::new("i", b"inner")]);
    let whole = archive(&three());
    // What was added when a change broke off is no archive yet, though it holds one or two.
    let holder =
        [Forged::new("first", b"1"), Forged::new("in.npz", &[&inner[..], &inner].concat())];
    let (added, offsets) = archive_with(&holder, b"");
    let start = usize::try_from(offsets[1]).unwrap() + 36;
    for len in [start + inner.len(), start + 2 * inner.len(), added.len() - 1] {
        let bytes = [&whole[..], &added[..len]].concat();
        assert_eq!(names(&open(&bytes).unwrap()), names(&open(&whole).unwrap()), "{len}");
    }
    // An array of bytes that others wrote behind it is no change of ours.
    let bytes = crate::Array::from_vec(inner.clone());
    let foreign = archive(&[Forged::array("u8", &bytes), Forged::new("z", b"")]);
    let e = told(&[&whole[..], &foreign[..foreign.len() - 5]].concat());
    assert!(e.starts_with("at byte") && e.contains("found another one at byte"), "{e}");
    // Where the directory is gone, that of a member is not taken for it, wherever it is cut.
    let holder = [Forged::new("a.npy", b"hello"), Forged::new("in.npz", &inner)];
    let (torn, offsets) = archive_with(&[&holder[..], &[Forged::new("z", &[7; 50])]].concat(), b"");
    let end = usize::try_from(offsets[1]).unwrap() + 36 + inner.len();
    for len in end + 1..torn.len() {
        let e = open(&torn[..len]).unwrap_err();
        assert_eq!((e.kind(), e.offset()), (ErrorKind::Corrupt, Some(len as u64)), "{e}");
        assert_eq!(
            e.what(),
            "expected the directory of the archive that begins the file, found only that of an \
             archive within it, at byte 76; `npstow salvage` finds the members"
        );
    }
}

#[test]
fn a_comment_with_many_ends_costs_a_bounded_search() {
    // Each has a directory in front that is nearly the whole file, and wrong at its end.
    let many: Vec<_> = (0..20_000).map(|i| Forged::new(&format!("{i}"), b"")).collect();
    let plain = archive(&many);
    let start = usize::try_from(open(&plain).unwrap().extent().start).unwrap();
    let mut comment = Vec::new();
    for _ in 0..2900 {
        let len = u32::try_from(plain.len() + comment.len() - start).unwrap();
        let end = EndRecord { directory_len: len, ..EndRecord::default() };
        end.write(&mut comment);
    }
    // So that none of them is the end of the file.
    comment.push(b'.');
    let (bytes, _) = archive_with(&many, &comment);
    let e = open(&bytes).unwrap_err();
    assert_eq!(
        e.what(),
        "expected passes over the file in search of a sound directory of at most 4, \
         found more (end records that lead nowhere)"
    );
}

#[test]
fn thousands_of_archives_behind_one_another_cost_one_walk() {
    let whole = archive(&three());
    // Empty ones within an endless row of members that seem to be left.
    let left = archive(&[Forged::new("", b"")])[..30].repeat(40_000);
    let held = archive(&[]).repeat(10_000);
    let bytes = [&whole[..], &left, &held].concat();
    let (len, source) = (bytes.len(), Counting::new(bytes));
    let e = Directory::read(&source, &Limits::default()).unwrap_err();
    let (reads, read) = source.taken();
    assert!(e.what().starts_with("expected one archive, found another one"), "{e}");
    assert!(reads < 150_000 && read < 40 * len, "{reads} reads of {read} bytes");
}
