//! What is one object in files that are written, and what is not.
#![forbid(unsafe_code)]

use crate::container::Container;
use crate::entry::{Names, Native, Place};
use crate::hdf5::types::carried::carried;
use crate::hdf5::types::{Form, datatype};
use crate::hdf5::write::object_header;
use crate::hdf5::{Draft, Hdf5, Storage, WriteOptions, write_to};
use crate::{
    Array, Buffer, Entry, ErrorKind, Item, Limits, MemorySource, Meta, Notes, OpenOptions, Tree,
};
use std::path::Path;
use std::sync::Arc;

/// Made by `corpus/gen_hdf5.py`: `group/array` and `group/again` are one object, to which `soft`
/// leads.
const OLD: &[u8] = include_bytes!("../../../../../corpus/hdf5/old.h5");
const NEW: &[u8] = include_bytes!("../../../../../corpus/hdf5/new.h5");
const ONE: [&str; 3] = ["group/array", "group/again", "soft"];

fn forms() -> [WriteOptions; 3] {
    [WriteOptions::default(), WriteOptions::default().latest(), WriteOptions::default().compress(1)]
}

fn open(bytes: &[u8]) -> crate::File {
    let source = Arc::new(MemorySource::new(bytes.to_vec()));
    OpenOptions::default().open_source(source, "x.h5").unwrap()
}

/// What is written again of a file.
fn tree(bytes: &[u8]) -> Tree {
    let mut tree = open(bytes).root().to_tree().unwrap();
    tree.remove("references");
    tree
}

fn written(tree: &Tree, options: &WriteOptions) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_to(&mut bytes, tree, options).unwrap();
    bytes
}

fn drafted(draft: &Draft) -> Vec<u8> {
    let mut bytes = Vec::new();
    draft.write_to(&mut bytes, &WriteOptions::default()).unwrap();
    bytes
}

/// Where the object under a path is, and how many names its header counts; nowhere, if neither it
/// nor a group that it is in has several.
fn object(bytes: &[u8], path: &str) -> Option<(u64, u32)> {
    let source = Arc::new(MemorySource::new(bytes.to_vec()));
    let file = Hdf5::open(source, Path::new("x.h5"), &Limits::default()).unwrap();
    let (Place { address, .. }, names) = file.place_of(file.find(path).unwrap().unwrap())?;
    if names == Names::One {
        return None;
    }
    let header = &bytes[usize::try_from(address).unwrap()..];
    let count = |bytes: &[u8]| u32::from_le_bytes(bytes.try_into().unwrap());
    if !header.starts_with(b"OHDR") {
        return Some((address, count(&header[4..8])));
    }
    let messages = object_header::parse(header).unwrap();
    let told = messages.iter().find(|message| message.kind == 0x16);
    Some((address, told.map_or(1, |message| count(&message.body[1..]))))
}

#[test]
fn what_was_one_is_one_again() {
    for from in [OLD, NEW] {
        for options in forms() {
            let bytes = written(&tree(from), &options);
            let first = object(&bytes, ONE[0]);
            assert_eq!(first.map(|(_, names)| names), Some(2));
            assert!(ONE.iter().all(|path| object(&bytes, path) == first));
            assert_eq!(object(&bytes, "plane"), None);
            let again = written(&tree(&bytes), &options);
            assert_eq!(object(&again, "soft").map(|(_, names)| names), Some(2));
            assert_eq!(again.len(), bytes.len());
            let array = open(&again).get("soft").unwrap().read().unwrap();
            assert_eq!(array.to_vec::<f64>().unwrap(), [0.0, 1.0, 2.0]);
            // In memory, nobody knows who changed what.
            let loaded = written(&tree(from).map(&mut loaded).unwrap(), &options);
            assert!(ONE.iter().all(|path| object(&loaded, path).is_none()));
        }
    }
}

fn loaded(item: Item) -> crate::Result<Item> {
    match item {
        Item::Entry(entry) if !matches!(entry.data(), crate::Data::Varied(_)) => {
            entry.read().map(Item::Array)
        }
        item => Ok(item),
    }
}

/// A group of an array and a group, all of which may have other names.
fn group(file: u64) -> Tree {
    let place = |address| Place { file, address };
    let item = |address| {
        let entry = Entry::try_from(&Array::from_vec(vec![1i32; 50])).unwrap();
        Item::Entry(entry.with_place((place(address), Names::Several)))
    };
    let mut group = Tree::new().with("sub/y", item(2)).unwrap().with("x", item(1)).unwrap();
    group.set_place("", (place(3), Names::Several));
    group.set_place("sub", (place(4), Names::Several));
    group
}

/// Three names of a group.
fn groups() -> Tree {
    let tree = Tree::new().with("a", group(1)).unwrap().with("b", group(1)).unwrap();
    tree.with("c/d", group(1)).unwrap()
}

fn names(bytes: &[u8], path: &str) -> u32 {
    object(bytes, path).map_or(0, |(_, names)| names)
}

#[test]
fn groups_are_one_with_all_that_is_in_them() {
    let alone = Tree::new().with("a", group(2)).unwrap();
    for options in forms() {
        let first = written(&groups(), &options);
        for bytes in [&first, &written(&tree(&first), &options)] {
            // Names in order are read in the same order from either form.
            assert!(*bytes == first);
            assert_eq!(names(bytes, "a"), 3);
            for (path, others) in [("a", ["b", "c/d"]), ("a/sub/y", ["b/sub/y", "c/d/sub/y"])] {
                assert!(others.iter().all(|other| object(bytes, other) == object(bytes, path)));
            }
            assert_eq!((names(bytes, "b/sub"), names(bytes, "b/x")), (1, 1));
            assert_eq!(names(bytes, "c"), 0);
            let elements = bytes.windows(40).filter(|part| **part == [1, 0, 0, 0].repeat(10)[..]);
            assert!(elements.count() < 100, "elements are there twice");
        }
        assert!(first.len() < written(&alone, &options).len() + 2000);
    }
}

#[test]
fn what_was_changed_is_one_of_its_own() {
    let notes = |text: &str| Notes { meta: Meta::from_text(text), ..Notes::default() };
    let value = || Array::from_vec(vec![2i32; 50]);
    let changed = |change: &dyn Fn(&mut Tree)| {
        let mut tree = groups();
        change(&mut tree);
        written(&tree, &WriteOptions::default())
    };
    let draft = || Draft::new(groups());
    let cases = [
        ("another member", changed(&|tree| tree.insert("b/z", value()).unwrap()), 1),
        ("notes", changed(&|tree| tree.set_notes("b", notes("k:v\n")).unwrap()), 1),
        ("notes within", changed(&|tree| tree.set_notes("b/sub", notes("k:v\n")).unwrap()), 2),
        ("an attribute", drafted(&draft().attribute("b", "k", "v").unwrap()), 1),
        ("a soft link", drafted(&draft().soft_link("b/sub/l", "/a").unwrap()), 2),
        ("a member less", changed(&|tree| drop(tree.remove("b/sub/y"))), 1),
    ];
    for (what, bytes, of_y) in cases {
        // The other two are one still, and so are the arrays, which nobody changed. What is in a
        // group that is another one has no name of its own there.
        assert_eq!((names(&bytes, "a"), names(&bytes, "b")), (2, 0), "{what}");
        assert_eq!(object(&bytes, "c/d"), object(&bytes, "a"), "{what}");
        assert_eq!((names(&bytes, "b/x"), names(&bytes, "a/sub/y")), (2, of_y), "{what}");
    }
    let replaced = changed(&|tree| {
        tree.remove("b/sub/y").unwrap();
        tree.insert("b/sub/y", value()).unwrap();
    });
    let chunked = Storage::chunked(&[10]);
    let cases = [
        ("other elements", replaced, 2),
        ("notes", changed(&|tree| tree.set_notes("b/sub/y", notes("k:v\n")).unwrap()), 1),
        ("an attribute", drafted(&draft().attribute("b/sub/y", "k", "v").unwrap()), 1),
        ("a storage", drafted(&draft().storage("b/sub/y", chunked).unwrap()), 1),
        ("a type", drafted(&draft().enumeration("b/sub/y", &[("A", 1)]).unwrap()), 1),
    ];
    for (what, bytes, value) in cases {
        assert_eq!((names(&bytes, "a"), names(&bytes, "b/x")), (2, 2), "{what}");
        assert_eq!((names(&bytes, "b"), names(&bytes, "b/sub/y")), (0, 0), "{what}");
        let read = open(&bytes).get("b/sub/y").unwrap().read().unwrap();
        assert_eq!(read.to_vec::<i32>().unwrap(), vec![value; 50], "{what}");
    }
    // What was opened twice may have been changed in between.
    let two = Tree::new().with("a", group(2)).unwrap();
    let two = two.with("b", group(3)).unwrap();
    assert_eq!(object(&written(&two, &WriteOptions::default()), "a"), None);
}

#[test]
fn rows_that_are_joined_are_new() {
    let tree = tree(NEW);
    let part = Tree::new().with("a", tree.get("group/array").unwrap().clone()).unwrap();
    let part = part.with("b", tree.get("group/again").unwrap().clone()).unwrap();
    let options = crate::trees::ConcatOptions::new(crate::trees::NotesPolicy::First);
    let joined = crate::trees::concat(&[("1", &part), ("2", &part)], &options).unwrap();
    let bytes = written(&joined, &WriteOptions::default());
    assert_eq!((object(&bytes, "a"), object(&bytes, "b")), (None, None));
    assert_eq!(open(&bytes).get("b").unwrap().read().unwrap().shape(), [6]);
    assert_eq!(names(&written(&part, &WriteOptions::default()), "b"), 2);
}

#[test]
fn counts_that_lie_do_no_harm() {
    let (at, _) = object(OLD, ONE[0]).unwrap();
    let at = usize::try_from(at).unwrap() + 4;
    for count in [0u32, 1, 2, u32::MAX] {
        let mut lying = OLD.to_vec();
        lying[at..at + 4].copy_from_slice(&count.to_le_bytes());
        let bytes = written(&tree(&lying), &WriteOptions::default());
        let expected = if count > 1 { 2 } else { 0 };
        assert_eq!(names(&bytes, ONE[1]), expected, "{count}");
        let read = open(&bytes).get(ONE[1]).unwrap().read().unwrap();
        assert_eq!(read.to_vec::<f64>().unwrap(), [0.0, 1.0, 2.0]);
    }
}

/// Datatypes under names of their own, with an attribute.
fn types(bodies: &[Vec<u8>]) -> Tree {
    let mut tree = Tree::new();
    for (number, body) in bodies.iter().enumerate() {
        let entry = Entry::try_from(&Array::from_vec(body.clone())).unwrap();
        let native = Native { committed: Some(Buffer::copy_of(body)), ..Native::default() };
        let path = format!("t{number}");
        tree.insert(&path, Item::Value(entry.with_native(Some(native)))).unwrap();
        let notes = Notes { meta: Meta::from_text("k:v\n"), ..Notes::default() };
        tree.set_notes(&path, notes).unwrap();
    }
    tree
}

#[test]
fn datatypes_are_objects_and_say_the_same_in_every_form() {
    let dtypes = ["<i4", "?", "c16", "S3", "U2", "V5", "[('a','>f4',(2,3)),('b','?',(1,))]"];
    let body = |dtype: &&str| datatype(&dtype.parse().unwrap(), Form::Old).unwrap();
    let bodies: Vec<Vec<u8>> = dtypes.iter().map(body).collect();
    for options in forms() {
        let bytes = written(&types(&bodies), &options);
        for bytes in [&bytes, &written(&tree(&bytes), &WriteOptions::default().latest())] {
            let file = open(bytes);
            for (number, body) in bodies.iter().enumerate() {
                let node = file.get(&format!("t{number}")).unwrap();
                assert_eq!(node.kind(), crate::NodeKind::Value);
                let array = node.entry().unwrap().read().unwrap();
                assert_eq!(array.bytes().unwrap(), carried(body, Form::Latest).unwrap());
                assert_eq!(node.notes().unwrap().meta.as_str(), "k:v\n");
            }
            let loaded = written(&file.load().unwrap(), &options);
            assert_eq!(open(&loaded).get("t6").unwrap().kind(), crate::NodeKind::Value);
        }
        for len in 0..bytes.len() {
            let source = Arc::new(MemorySource::new(bytes[..len].to_vec()));
            let file = Hdf5::open(source, Path::new("x.h5"), &Limits::default());
            let Ok(file) = file else { continue };
            for child in file.children(0).unwrap_or_default() {
                drop((file.entry(child.id), file.attributes(child.id)));
            }
        }
    }
}

#[test]
fn bytes_of_other_origin_are_refused() {
    let bytes = Entry::try_from(&Array::from_vec(b"a text".to_vec())).unwrap();
    let refused = |tree: &Tree| {
        let e = write_to(&mut Vec::new(), tree, &WriteOptions::default()).unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Unsupported, "{e}");
        e.to_string()
    };
    let text = refused(&Tree::new().with("readme", Item::Value(bytes)).unwrap());
    assert!(text.contains("readme") && text.contains("no datatype"), "{text}");
    // A reference of 1.12, which is a place of its file.
    refused(&types(&[vec![0x47, 2, 0, 0, 64, 0, 0, 0]]));
    let storage = Storage::chunked(&[1]);
    let draft = Draft::new(types(&[datatype(&"<i4".parse().unwrap(), Form::Old).unwrap()]));
    let draft = draft.storage("t0", storage).unwrap();
    let e = draft.write_to(&mut Vec::new(), &WriteOptions::default()).unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Unsupported);
}
