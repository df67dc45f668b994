//! Tests of writing.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::cast_possible_truncation)]

use super::super::directory::Directory;
use super::super::zip::LocalHeader;
use super::*;
use crate::{ErrorKind, MemoryOrder, MemorySource, OpenOptions, WriteSink};
use std::sync::Arc;

fn tree() -> Tree {
    let large: Vec<u32> = (0..700_000).collect();
    let columns = Array::from_vec_shape((0..600i16).collect(), &[20, 30]).unwrap();
    Tree::new()
        .with("a", Array::from_vec(vec![1.0f32, 2.0]))
        .and_then(|tree| tree.with("event/large", Array::from_vec(large)))
        .and_then(|tree| tree.with("event/transposed", columns.transpose()))
        .and_then(|tree| tree.with("event/every", columns.select(&"::3, ::-2".parse()?)?))
        .and_then(|tree| tree.with("größe", Array::from_vec(vec![7u8])))
        .and_then(|tree| tree.with("empty", Array::from_vec(Vec::<f64>::new())))
        .unwrap()
}

fn bytes(options: &WriteOptions) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_to(&mut bytes, &tree(), options).unwrap();
    bytes
}

#[test]
fn a_pipe_gets_the_same_bytes_as_a_file() {
    for options in [WriteOptions::default(), WriteOptions::default().compress(3)] {
        let direct = bytes(&options);
        let mut piped = WriteSink(Vec::new());
        write_to(&mut piped, &tree(), &options).unwrap();
        assert!(direct == piped.0);
        assert!(direct == bytes(&options));
    }
    let stored = bytes(&WriteOptions::default());
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.npz");
    write(&path, &tree()).unwrap();
    assert!(stored == std::fs::read(path).unwrap());
}

#[test]
fn stored_arrays_can_be_mapped() {
    let bytes = bytes(&WriteOptions::default());
    let source = MemorySource::new(bytes.clone());
    let directory = Directory::read(&source, &Limits::default()).unwrap();
    assert_eq!(directory.members().len(), tree().arrays().len());
    for (member, (name, item)) in directory.members().iter().zip(tree().arrays()) {
        assert_eq!(directory.name(member), format!("{name}.npy"));
        assert_eq!(member.packed_len, member.unpacked_len);
        let Item::Array(array) = item else { panic!() };
        let npy = npy::to_bytes(array, &npy::WriteOptions::default()).unwrap();
        let at = usize::try_from(member.offset).unwrap();
        let header = LocalHeader::parse(&mut crate::cursor::Cursor::new(&bytes[at..])).unwrap();
        let start = at + LocalHeader::SIZE + header.name.len() + header.extra.len();
        assert_eq!(start % 64, 0);
        assert!(bytes[start..start + npy.len()] == npy);
        assert_eq!((header.crc32, member.crc32), (crate::codec::crc32(&npy), header.crc32));
    }
}

#[test]
fn names_are_checked() {
    let mut writer = Writer::new(Vec::new(), &WriteOptions::default()).unwrap();
    let array = Array::from_vec(vec![1u8]);
    writer.add("a", &array).unwrap();
    writer.add_bytes("notes.txt", b"free text").unwrap();
    use crate::ErrorKind::{Exists, Invalid};
    for (name, kind) in [("a", Exists), ("../b", Invalid), ("/c", Invalid), ("d\0", Invalid)] {
        assert_eq!(writer.add(name, &array).unwrap_err().kind(), kind, "{name:?}");
    }
    assert_eq!(writer.add_bytes("b.npy", b"x").unwrap_err().kind(), Invalid);
    assert_eq!(writer.add_bytes("notes.txt", b"x").unwrap_err().kind(), Exists);
    let npy = npy::to_bytes(&array, &npy::WriteOptions::default()).unwrap();
    for no_objects in [&b""[..], b"x", &npy] {
        assert_eq!(writer.add_objects("o", no_objects).unwrap_err().kind(), Invalid);
    }
    let objects = String::from_utf8_lossy(&npy[10..]).replace("'|u1',", "'|O', ").into_bytes();
    let objects = [&npy[..10], &objects, b" pickle"].concat();
    writer.add_objects("o", &objects[..]).unwrap();
    let bytes = writer.finish().unwrap();
    let directory = Directory::read(&MemorySource::new(bytes), &Limits::default()).unwrap();
    let names: Vec<&str> = directory.members().iter().map(|m| directory.name(m)).collect();
    assert_eq!(names, ["a.npy", "notes.txt", "o.npy"]);
    let e = Writer::new(Vec::new(), &WriteOptions::default().compress(13)).unwrap_err();
    assert_eq!(e.kind(), Invalid);
}

#[test]
fn an_array_that_would_be_called_as_another_one_is_refused() {
    let one = || Array::from_vec(vec![1u8]);
    for (a, b) in [("x", "x.npy"), ("x.npy", "x"), ("g/x.npy", "g/x"), ("x.npy", "x.npy.npy")] {
        let tree = Tree::new().with(a, one()).unwrap().with(b, one()).unwrap();
        let mut sink = Vec::new();
        let e = write_to(&mut sink, &tree, &WriteOptions::default()).unwrap_err();
        assert!(e.kind() == ErrorKind::Invalid && e.to_string().contains("beside"), "{e}");
    }
    // In another group, or beside what is no array, the name is free.
    let tree = Tree::new().with("x.npy", one()).unwrap().with("g/x", one()).unwrap();
    write_to(&mut Vec::new(), &tree, &WriteOptions::default()).unwrap();
    let tree = Tree::new().with("x.npy", one()).unwrap().with("x/y", one()).unwrap();
    write_to(&mut Vec::new(), &tree, &WriteOptions::default()).unwrap();
}

#[test]
fn many_members_keep_their_order_and_names() {
    let array = Array::from_vec(vec![7u8; 100]);
    let name = |i: u32| if i % 2 == 0 { format!("g{i}/x") } else { format!("g{}", i - 1) };
    let items: Vec<(String, Item)> = (0..200).map(|i| (name(i), (&array).into())).collect();
    for options in [WriteOptions::default(), WriteOptions::default().compress(1)] {
        let mut writer = Writer::new(Vec::new(), &options).unwrap();
        writer.add_all(&items).unwrap();
        let e = writer.add_all(&items[3..]).unwrap_err();
        assert_eq!((e.kind(), e.member()), (ErrorKind::Exists, Some("g2")));
        let unnamed = [(String::new(), (&array).into())];
        let e = writer.add_all(&unnamed).unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Invalid);
        let bytes = writer.finish().unwrap();
        let reader =
            super::super::open_source(Arc::new(MemorySource::new(bytes)), &Limits::default());
        let reader = reader.unwrap();
        let stored: Vec<&str> = reader.members().collect();
        let expected: Vec<String> = items.iter().map(|(name, _)| format!("{name}.npy")).collect();
        assert_eq!(stored, expected);
        let entries = reader.entries(&stored).unwrap();
        assert!(entries.iter().all(|entry| entry.read().unwrap().bytes() == array.bytes()));
        let whole = reader.bytes_of("g0/x.npy").unwrap().read().unwrap();
        assert_eq!(whole.nbytes(), 128 + 100);
        assert_eq!(
            (reader.position("g2").unwrap(), reader.position("x").unwrap()),
            (Some(3), None)
        );
        assert!(reader.is_array("g2/x").unwrap());
        assert_eq!(reader.entries(&["g0.npy", "no"]).unwrap_err().member(), Some("no"));
    }
}

#[test]
fn memory_order_is_kept() {
    let bytes = bytes(&WriteOptions::default());
    let needle = b"'fortran_order': True, 'shape': (30, 20)";
    assert!(bytes.windows(needle.len()).any(|part| part == needle));
    assert_eq!(MemoryOrder::F.other(), MemoryOrder::C);
}

#[test]
fn arrays_that_differ_in_one_thing_have_each_its_own_header() {
    let two = Array::from_vec(vec![1u16, 2, 3, 4]).reshape(&[2, 2]).unwrap();
    let four = Array::from_vec(vec![1i16, 2, 3, 4]).reshape(&[2, 2]).unwrap();
    let flat = Array::from_vec(vec![1u16, 2, 3, 4]);
    let all = [&two, &two.transpose(), &two, &four, &two, &flat, &flat, &two.transpose(), &flat];
    for level in [None, Some(1)] {
        let options = level
            .map_or_else(WriteOptions::default, |level| WriteOptions::default().compress(level));
        let mut writer = Writer::new(Vec::new(), &options).unwrap();
        for (at, array) in all.iter().enumerate() {
            writer.add(&at.to_string(), array).unwrap();
        }
        let source = Arc::new(MemorySource::new(writer.finish().unwrap()));
        let back = OpenOptions::default().open_source(source, "a.npz").unwrap();
        for (at, array) in all.iter().enumerate() {
            let found = back.get(&at.to_string()).unwrap().read().unwrap();
            let seen = (found.dtype(), found.shape(), found.strides());
            assert_eq!(seen, (array.dtype(), array.shape(), array.strides()), "{at}");
            assert_eq!(
                found.to_contiguous(MemoryOrder::C).unwrap().bytes(),
                array.to_contiguous(MemoryOrder::C).unwrap().bytes()
            );
        }
    }
}
