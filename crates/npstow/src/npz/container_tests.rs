//! Archives as trees: listed, described, read, refused.
#![forbid(unsafe_code)]

use super::container::Npz;
use super::forge::{Counting, Forged, archive, archive_with};
use super::zip::{Flags, Method};
use crate::container::{Container, NodeKind};
use crate::entry::read_many;
use crate::{
    Array, ErrorKind, Fault, File, Item, Limits, MemorySource, OpenOptions, Result, Selection,
    Source, Tree, npy,
};
use std::sync::Arc;

fn numbers(from: i64) -> Array {
    Array::from_vec((from..from + 10).collect())
}

fn open(bytes: Vec<u8>) -> Result<File> {
    OpenOptions::default().open_source(Arc::new(MemorySource::new(bytes)), "a.npz")
}

fn npz(source: Arc<dyn Source>) -> Npz {
    Npz::open(source, &Limits::default()).unwrap()
}

fn tree() -> Vec<Forged> {
    vec![
        Forged::array("x", &numbers(0)).copied(),
        Forged::new("read me", b"text"),
        Forged::array("g/y", &numbers(1)),
        Forged::array("x/z", &numbers(2)),
        Forged::new("empty/", b""),
        Forged::array("g/h/w", &numbers(3)),
    ]
}

#[test]
fn slashes_make_groups_in_the_order_of_the_archive() {
    let file = open(archive(&tree())).unwrap();
    assert_eq!(file.format().name(), "npz");
    let named = |node: &crate::Node| (node.name().to_owned(), node.kind());
    let top: Vec<_> = file.root().children().unwrap().iter().map(named).collect();
    let kinds = [
        // Its group has the short name.
        ("x.npy", NodeKind::Array),
        ("read me", NodeKind::Value),
        ("g", NodeKind::Group),
        ("x", NodeKind::Group),
        ("empty", NodeKind::Group),
    ];
    assert_eq!(top, kinds.map(|(name, kind)| (name.to_owned(), kind)));
    let leaves: Vec<_> = file.leaves().unwrap().iter().map(|n| n.name().to_owned()).collect();
    assert_eq!(leaves, ["x.npy", "read me", "g/y", "g/h/w", "x/z"]);
    for (name, from) in [("x", 0), ("g/y", 1), ("x/z", 2), ("g/h/w", 3)] {
        let array = file.get(name).unwrap().read().unwrap();
        assert_eq!(array.as_slice::<i64>().unwrap()[0], from, "{name}");
    }
    let node = file.get("g").unwrap().get("h").unwrap().get("w").unwrap();
    assert_eq!((node.name(), node.shape().unwrap()), ("g/h/w", vec![10]));
    assert!(file.get("empty").unwrap().children().unwrap().is_empty());
    let text = file.get("read me").unwrap().read().unwrap();
    assert_eq!(text.as_slice::<u8>().unwrap(), b"text");
    for name in ["y", "g/x", "g/h/w/v", "read", "g/y/z"] {
        assert_eq!(file.get(name).unwrap_err().kind(), ErrorKind::NotFound, "{name}");
    }
    let e = file.get("g").unwrap().read().unwrap_err();
    assert_eq!(e.to_string(), "a.npz: g: expected an array, found the group 'g'");
    assert!(file.verify().unwrap().is_empty());
}

#[test]
fn a_tree_in_memory_and_one_described_are_the_same() {
    let mut members = tree();
    members.remove(3);
    let file = open(archive(&members)).unwrap();
    let (loaded, described) = (file.load().unwrap(), file.root().to_tree().unwrap());
    assert_eq!(loaded.names(), ["x", "read me", "g", "empty"]);
    assert_eq!(described.names(), loaded.names());
    let Some(Item::Array(w)) = loaded.get("g/h/w") else { panic!() };
    assert_eq!(w.as_slice::<i64>().unwrap()[0], 3);
    let Some(Item::Value(text)) = loaded.get("read me") else { panic!() };
    assert_eq!(text.read().unwrap().as_slice::<u8>().unwrap(), b"text");
    assert!(matches!(described.get("g/y"), Some(Item::Entry(_))));
    // Where an array and a group have one name, the array is called as its member is.
    let both = open(archive(&tree())).unwrap().load().unwrap();
    assert!(matches!((both.get("x.npy"), both.get("x/z")), (Some(_), Some(_))));
}

#[test]
fn names_with_and_without_the_extension() {
    let bytes = archive(&[
        Forged::new("a", b"plain"),
        Forged::array("a", &numbers(1)),
        Forged::array("b.npy", &numbers(2)),
        Forged::array("b", &numbers(3)),
        Forged::array("c", &numbers(4)).change(|m| m.name = b"c".to_vec()),
        Forged::new(".npy", b"odd"),
    ]);
    let file = open(bytes).unwrap();
    let shown: Vec<_> =
        file.leaves().unwrap().iter().map(|n| (n.name().to_owned(), n.kind())).collect();
    let (array, value) = (NodeKind::Array, NodeKind::Value);
    let right = [
        ("a", value),
        ("a.npy", array),
        ("b.npy.npy", array),
        ("b", array),
        ("c", array),
        (".npy", value),
    ];
    assert_eq!(shown, right.map(|(name, kind)| (name.to_owned(), kind)));
    // The stored name wins, as for NumPy.
    let first = |name: &str| {
        let array = file.get(name).unwrap().read().unwrap();
        array.as_slice::<i64>().map_or(-1, |all| all[0])
    };
    for (name, number) in
        [("a", -1), ("a.npy", 1), ("b.npy", 3), ("b.npy.npy", 2), ("b", 3), ("c", 4), (".npy", -1)]
    {
        assert_eq!(first(name), number, "{name}");
    }
    for node in file.leaves().unwrap() {
        assert_eq!(file.get(node.name()).unwrap().kind(), node.kind(), "{}", node.name());
    }
}

#[test]
fn names_that_occur_twice_are_listed_and_refused_by_name() {
    let file = open(archive(&[
        Forged::array("x", &numbers(0)),
        Forged::array("y", &numbers(1)),
        Forged::array("x", &numbers(2)),
    ]));
    let file = file.unwrap();
    let leaves = file.leaves().unwrap();
    let firsts: Vec<i64> =
        leaves.iter().map(|node| node.read().unwrap().as_slice::<i64>().unwrap()[0]).collect();
    assert_eq!(firsts, [0, 1, 2]);
    let e = file.get("x").unwrap_err();
    assert_eq!(e.to_string(), "a.npz: x: expected one member of the name 'x.npy', found 2");
    let notes = file.verify().unwrap();
    assert!(matches!(&notes[..], [Fault::Note(n)] if n == "2 members of the name 'x.npy'"));
}

#[test]
fn a_listing_of_ten_thousand_is_one_read() {
    let many: Vec<_> = (0..10_000)
        .map(|i| {
            Forged::array(
                &format!("x{i}"),
                &Array::from_vec(vec![u64::try_from(i).unwrap(); i % 7]),
            )
            .copied()
        })
        .collect();
    let source = Arc::new(Counting::new(archive(&many)));
    let dynamic: Arc<dyn Source> = Arc::clone(&source) as _;
    let file = OpenOptions::default().open_source(dynamic, "a.npz").unwrap();
    assert_eq!(source.taken().0, 2, "one for the format, one for the directory");
    let nodes = file.arrays().unwrap();
    for (i, node) in nodes.iter().enumerate() {
        let entry = node.entry().unwrap();
        assert_eq!((entry.shape(), entry.dtype().to_string()), (&[i % 7][..], "<u8".into()));
        assert!(entry.offset().is_some());
    }
    assert_eq!((nodes.len(), source.taken().0), (10_000, 0));
    // Now one of them: its own header is looked at once.
    let array = nodes[5005].read().unwrap();
    assert_eq!(array.as_slice::<u64>().unwrap(), [0u64; 0]);
    let array = nodes[5006].read().unwrap();
    assert_eq!(array.as_slice::<u64>().unwrap(), [5006; 1]);
    source.taken();
    nodes[5006].read().unwrap();
    assert_eq!(source.taken().0, 2, "header and elements for the checksum");
    // All of them: the reads of the elements serve for the comparison.
    let tree = file.load().unwrap();
    assert_eq!(tree.len(), 10_000);
    let (reads, _) = source.taken();
    assert!(reads < 12, "{reads}");
}

#[test]
fn what_npstow_writes_is_listed_from_the_directory() {
    let mut tree = Tree::new();
    for i in 0..100 {
        tree.insert(&format!("g{}/x{i}", i % 3), numbers(i)).unwrap();
    }
    let mut bytes = Vec::new();
    super::write_to(&mut bytes, &tree, &super::WriteOptions::default()).unwrap();
    let source = Arc::new(Counting::new(bytes));
    let dynamic: Arc<dyn Source> = Arc::clone(&source) as _;
    let file = OpenOptions::default().open_source(dynamic, "a.npz").unwrap();
    source.taken();
    let nodes = file.arrays().unwrap();
    for node in &nodes {
        let offset = node.entry().unwrap().offset().unwrap();
        assert_eq!((offset % 64, node.shape().unwrap()), (0, vec![10]));
    }
    assert_eq!((nodes.len(), source.taken().0), (100, 0));
    for node in &nodes {
        let first = node.read().unwrap().as_slice::<i64>().unwrap()[0];
        assert!(node.name().ends_with(&format!("x{first}")));
    }
    assert!(file.verify().unwrap().is_empty());
}

#[test]
fn thousands_without_copies_come_with_few_reads() {
    let many: Vec<_> = (0..4000).map(|i| Forged::array(&format!("x{i}"), &numbers(i))).collect();
    let source = Arc::new(Counting::new(archive(&many)));
    let npz = npz(Arc::clone(&source) as _);
    let ids: Vec<u64> = (1..=4000).rev().collect();
    source.taken();
    let entries = npz.entries(&ids).unwrap();
    assert!(source.taken().0 <= 30);
    let arrays = read_many(&entries).unwrap();
    for (i, array) in arrays.iter().enumerate() {
        let from = 3999 - i64::try_from(i).unwrap();
        assert_eq!(array.as_slice::<i64>().unwrap()[0], from);
    }
}

#[test]
fn one_member_is_read_and_nothing_else() {
    let many: Vec<_> = (0..3000).map(|i| Forged::array(&format!("x{i}"), &numbers(i))).collect();
    let source = Arc::new(Counting::new(archive(&many)));
    let npz = npz(Arc::clone(&source) as _);
    source.taken();
    let id = npz.find("x1234").unwrap().unwrap();
    let array = npz.entry(id).unwrap().read().unwrap();
    assert_eq!(array.as_slice::<i64>().unwrap()[0], 1234);
    let (reads, read) = source.taken();
    assert!(reads <= 3 && read < 1024, "{reads} reads of {read} bytes");
}

#[test]
fn a_copy_that_lies_is_found_when_the_member_is_read() {
    let right = || Forged::array("x", &numbers(7)).copied();
    let wrong = [
        // Another shape, another header length, another version.
        Forged::array("x", &Array::from_vec(vec![0i64; 11])).copied().extra,
        right().change(|m| m.extra[7] += 64).extra,
        right().change(|m| m.extra[11] = 2).extra,
    ];
    for extra in wrong {
        let members = [
            Forged::array("w", &numbers(1)),
            right().change(|m| m.extra = extra),
            Forged::new("padding", &[0; 4000]),
        ];
        let bytes = archive(&members);
        let counting: Arc<dyn Source> = Arc::new(Counting::new(bytes.clone()));
        let file = OpenOptions::default().open_source(counting, "a.npz").unwrap();
        let read = |file: &File| {
            let node = file.get("x")?;
            let slice = node.read_slice(&"0:1".parse::<Selection>()?);
            let view = node.view();
            let whole = node.read();
            assert_eq!((slice.is_ok(), view.is_ok()), (whole.is_ok(), whole.is_ok()));
            whole
        };
        let e = read(&file).unwrap_err();
        assert_eq!((e.kind(), e.member()), (ErrorKind::Corrupt, Some("x")), "{e}");
        assert!(file.get("w").unwrap().read().is_ok());
        // In memory the member is looked at when it is described.
        assert!(open(bytes).unwrap().get("x").unwrap().entry().is_err());
    }
    let good = [Forged::array("w", &numbers(1)), right()];
    let counting: Arc<dyn Source> = Arc::new(Counting::new(archive(&good)));
    let file = OpenOptions::default().open_source(counting, "a.npz").unwrap();
    assert!(file.get("x").unwrap().read().is_ok());
    // Another place is told by where the next member begins: then it is no copy of ours.
    let moved = right().change(|m| m.extra[5] += 1);
    assert!(open(archive(&[moved])).unwrap().get("x").unwrap().read().is_ok());
    // A version that is not known is no copy.
    let later = right().change(|m| m.extra[4] = 9);
    assert!(open(archive(&[later])).unwrap().get("x").unwrap().read().is_ok());
}

#[test]
fn checksums_are_verified_on_full_reads() {
    let mut bytes = archive(&[Forged::array("x", &numbers(0)), Forged::new("v", b"value")]);
    let file = open(bytes.clone()).unwrap();
    let offset = file.get("x").unwrap().entry().unwrap().offset().unwrap();
    let at = usize::try_from(offset).unwrap() + 79;
    bytes[at] ^= 1;
    let file = open(bytes.clone()).unwrap();
    let node = file.get("x").unwrap();
    let e = node.read().unwrap_err();
    assert_eq!((e.kind(), e.member()), (ErrorKind::Corrupt, Some("x")));
    assert!(e.what().starts_with("expected data with the CRC-32"), "{e}");
    assert!(node.read_slice(&"0:5".parse().unwrap()).is_ok());
    assert!(node.view().is_ok());
    assert_eq!(file.verify().unwrap().len(), 1);
    assert!(file.load().is_err());
    let value = bytes.len() - 22 - 2 * 46 - 6 - 1;
    assert_eq!(bytes[value], b'e');
    bytes[value] ^= 1;
    assert!(open(bytes).unwrap().get("v").unwrap().read().is_err());
}

#[test]
fn what_cannot_be_read_is_refused_by_name_and_nothing_else() {
    let bytes = archive(&[
        Forged::array("good", &numbers(0)),
        Forged::array("secret", &numbers(0)).change(|m| m.flags = Flags::ENCRYPTED),
        Forged::array("old", &numbers(0)).change(|m| m.method = Method(6)),
        Forged::array("new", &numbers(0)).change(|m| m.method = Method(1234)),
        Forged::new("no.npy", b"no header"),
        Forged::array("short", &numbers(0)).change(|m| {
            m.packed.truncate(200);
            m.unpacked_len = 200;
            m.crc32 = crate::codec::crc32(&m.packed);
        }),
    ]);
    let file = open(bytes).unwrap();
    assert_eq!(file.arrays().unwrap().len(), 6);
    assert!(file.get("good").unwrap().read().is_ok());
    let told = |name: &str| file.get(name).unwrap().entry().unwrap_err().to_string();
    for (name, what) in [
        ("secret", "not supported: an encrypted member"),
        ("old", "not supported: a member packed with Implode"),
        ("new", "not supported: a member packed with method 1234"),
        ("no", "expected the NPY magic '\\x93NUMPY', found no hea"),
        ("short", "expected 80 bytes of data, found the end after 72"),
    ] {
        let text = told(name);
        assert!(text.starts_with(&format!("a.npz: {name}: at byte ")), "{text}");
        assert!(text.ends_with(what), "{text}");
    }
    assert_eq!(file.verify().unwrap().len(), 5);
}

#[test]
fn bytes_around_an_archive_are_noted() {
    let (plain, _) = archive_with(&[Forged::array("x", &numbers(0))], b"");
    let bytes = [b"#!\n", &plain[..], b"tail"].concat();
    let file = open(bytes).unwrap();
    let notes = |file: &File| -> Vec<String> {
        let text = |fault| match fault {
            Fault::Note(text) => text,
            Fault::Error(e) => panic!("{e}"),
        };
        file.verify().unwrap().into_iter().map(text).collect()
    };
    let end = plain.len() + 3;
    let behind = format!("4 bytes behind the archive, from byte {end} on");
    assert_eq!(notes(&file), [behind.as_str(), "3 bytes in front of the archive"]);
    let (said, _) = archive_with(&[Forged::array("x", &numbers(0))], b"comment");
    assert!(notes(&open(said.clone()).unwrap()).is_empty());
    let cut = open(said[..said.len() - 3].to_vec()).unwrap();
    assert_eq!(notes(&cut), ["3 bytes of the comment are missing"]);
    let array = file.get("x").unwrap().read().unwrap();
    assert_eq!(array.len(), 10);
}

#[test]
fn the_typed_reader_gives_names_and_arrays() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.npz");
    let members = [
        Forged::array("x", &numbers(0)),
        Forged::new("v", b"value"),
        Forged::array("g/y", &numbers(5)).copied(),
    ];
    std::fs::write(&path, archive_with(&members, b"said").0).unwrap();
    let reader = super::open(&path).unwrap();
    assert_eq!(reader.names().collect::<Vec<_>>(), ["x", "v", "g/y"]);
    assert_eq!(reader.comment(), b"said");
    let all = reader.read_all().unwrap();
    let names: Vec<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["x", "g/y"]);
    assert_eq!(reader.read("g/y").unwrap().as_slice::<i64>().unwrap()[0], 5);
    assert_eq!(reader.view("x").unwrap().to_string(), "[0 1 2 3 4 5 6 7 8 9]");
    assert_eq!(reader.read("v").unwrap().as_slice::<u8>().unwrap(), b"value");
    let e = reader.read("g").unwrap_err();
    assert_eq!((e.kind(), e.path()), (ErrorKind::NotFound, Some(&*path)));
    let tree = super::read(&path).unwrap();
    assert_eq!(tree.names(), ["x", "g"]);
    assert!(super::open(dir.path().join("none")).is_err());
}

#[test]
fn object_arrays_are_described() {
    let mut bytes = b"\x93NUMPY\x01\0\x36\0".to_vec();
    bytes.extend(b"{'descr': '|O', 'fortran_order': False, 'shape': (1,)}");
    assert!(npy::Header::parse(&bytes, &Limits::default()).is_ok());
    bytes.extend(b"\x80\x04N.........");
    let file = open(archive(&[Forged::new("o.npy", &bytes)])).unwrap();
    let node = file.get("o").unwrap();
    assert_eq!(node.shape().unwrap(), [1]);
    let e = node.read().unwrap_err();
    assert_eq!((e.kind(), e.offset()), (ErrorKind::Unsupported, Some(30 + 5 + 64)));
}

/// A long array that is not all the same, deflated in blocks by the writer.
fn seekable() -> (Vec<i32>, Vec<u8>) {
    let values: Vec<i32> = (0..2_000_000).map(|i| i / 7).collect();
    let tree = Tree::new()
        .with("long", Array::from_vec(values.clone()))
        .and_then(|tree| tree.with("short", numbers(4)))
        .unwrap();
    let mut bytes = Vec::new();
    let options = super::WriteOptions::default().compress(6);
    super::write_to(&mut bytes, &tree, &options).unwrap();
    (values, bytes)
}

#[test]
fn a_slice_of_a_deflated_array_touches_its_blocks() {
    let (values, bytes) = seekable();
    let len = bytes.len();
    let source = Arc::new(Counting::new(bytes));
    let dynamic: Arc<dyn Source> = Arc::clone(&source) as _;
    let file = OpenOptions::default().open_source(dynamic, "a.npz").unwrap();
    source.taken();
    let node = file.get("long").unwrap();
    let entry = node.entry().unwrap();
    assert_eq!((entry.shape(), source.taken().0), (&[2_000_000][..], 0));
    let slice = node.read_slice(&"1500000:1500010".parse().unwrap()).unwrap();
    assert_eq!(slice.as_slice::<i32>().unwrap(), &values[1_500_000..1_500_010]);
    let (reads, read) = source.taken();
    assert!(reads <= 3 && read < len / 4, "{reads} reads of {read} of {len} bytes");
    assert_eq!(node.read().unwrap().as_slice::<i32>().unwrap(), values);
    assert!(file.verify().unwrap().is_empty());
    let e = node.view().unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Unsupported);
}

/// What is done to the bytes of an archive.
type Change<'a> = &'a dyn Fn(&mut [u8]);

#[test]
fn block_indexes_that_lie_are_refused() {
    let (values, bytes) = seekable();
    let at = bytes.windows(4).rposition(|four| four == [0x6e, 0x62, 2 + 4 * 8, 0]).unwrap();
    assert_eq!((bytes[at + 4], bytes[at + 5]), (1, 20));
    let read = |change: &dyn Fn(&mut [u8])| -> Result<Vec<i32>> {
        let mut bytes = bytes.clone();
        change(&mut bytes[at..]);
        let read = open(bytes)?.get("long")?.read()?;
        Ok(read.as_slice::<i32>()?.to_vec())
    };
    assert_eq!(read(&|_| {}).unwrap(), values);
    // A version that is not known: one stream, as for others.
    assert_eq!(read(&|field| field[4] = 2).unwrap(), values);
    // One of other data, as a program leaves it that copies fields which it does not know: the
    // same. (Not with assert_eq: the values are long.)
    let others: [Change<'_>; 4] =
        [&|field| field[5] = 21, &|field| field[5] = 19, &|field| field[5] = 255, &|field| {
            field[6] ^= 1;
        }];
    for (i, change) in others.into_iter().enumerate() {
        assert!(read(change).unwrap() == values, "{i}");
    }
    // Two blocks that together are as long as before.
    let e = read(&|field| {
        field[6] = field[6].wrapping_add(4);
        field[10] = field[10].wrapping_sub(4);
    });
    let e = e.map(|values| values.len()).unwrap_err();
    assert_eq!((e.kind(), e.member()), (ErrorKind::Corrupt, Some("long")), "{e}");
}

#[test]
fn fields_of_ours_that_were_copied_to_other_data_count_for_nothing() {
    let old = Forged::array("x", &Array::from_vec(vec![0i64; 11])).copied();
    // As `ZipFile.writestr` does it: our fields in both headers, whatever the data are now.
    let copied = |new: Forged| {
        let extra = old.extra.clone();
        new.change(|m| (m.extra, m.local_extra) = (extra.clone(), extra))
    };
    let members = [
        copied(Forged::array("x", &numbers(7))),
        copied(Forged::array("y", &numbers(8)).deflated()),
        Forged::array("z", &numbers(9)),
    ];
    let bytes = archive(&members);
    let sources: [Arc<dyn Source>; 2] =
        [Arc::new(MemorySource::new(bytes.clone())), Arc::new(Counting::new(bytes))];
    for source in sources {
        let file = OpenOptions::default().open_source(source, "a.npz").unwrap();
        for (name, from) in [("x", 7), ("y", 8), ("z", 9)] {
            let node = file.get(name).unwrap();
            assert_eq!(node.shape().unwrap(), [10], "{name}");
            assert_eq!(node.read().unwrap().as_slice::<i64>().unwrap()[0], from, "{name}");
        }
        assert_eq!(file.load().unwrap().len(), 3);
        assert!(file.verify().unwrap().is_empty());
    }
}

#[test]
fn deflated_members_are_described_and_read() {
    let members = || {
        [
            Forged::array("x", &numbers(1)).deflated(),
            Forged::new("v", b"value value value").deflated(),
            Forged::array("y", &numbers(2))
                .deflated()
                .change(|m| m.descriptor = Some((true, true))),
            Forged::array("z", &numbers(3)).deflated().change(|m| m.crc32 ^= 1),
            // A header longer than what is read with the local header.
            Forged::new("long.npy", &long_header()).deflated(),
            Forged::array("cut", &numbers(5)).deflated().change(|m| m.packed.truncate(60)),
        ]
    };
    let sources: [Arc<dyn Source>; 2] = [
        Arc::new(MemorySource::new(archive(&members()))),
        Arc::new(Counting::new(archive(&members()))),
    ];
    for source in sources {
        let file = OpenOptions::default().open_source(source, "a.npz").unwrap();
        let first = |name: &str| -> Result<i64> {
            let array = file.get(name)?.read()?;
            Ok(array.as_slice::<i64>()?[0])
        };
        assert_eq!((first("x").unwrap(), first("y").unwrap()), (1, 2));
        let value = file.get("v").unwrap();
        assert_eq!(value.kind(), NodeKind::Value);
        assert_eq!(value.read().unwrap().as_slice::<u8>().unwrap(), b"value value value");
        let sum = first("z");
        assert!(sum.unwrap_err().what().starts_with("expected data with the CRC-32"));
        assert!(file.get("z").unwrap().read_slice(&"2".parse().unwrap()).is_ok());
        assert_eq!(file.get("long").unwrap().shape().unwrap(), [3]);
        assert_eq!(file.get("long").unwrap().read().unwrap().len(), 3);
        assert!(file.get("cut").unwrap().read().is_err());
        assert_eq!(file.verify().unwrap().len(), 2);
    }
}

/// Three bytes behind a header whose many field names do not pack well.
fn long_header() -> Vec<u8> {
    let mut text = String::from("{'descr': [");
    let mut state = 1u32;
    for _ in 0..400 {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        text += &format!("('{state:08x}', '|V0'), ");
    }
    text += "('b', '|u1')], 'fortran_order': False, 'shape': (3,)}\n";
    let mut bytes = b"\x93NUMPY\x01\0".to_vec();
    bytes.extend(u16::try_from(text.len()).unwrap().to_le_bytes());
    bytes.extend(text.as_bytes());
    bytes.extend(b"\x01\x02\x03");
    bytes
}

#[test]
fn claims_out_of_proportion_are_refused() {
    let zeros = Array::from_vec(vec![0u8; 8 << 20]);
    let bytes = archive(&[Forged::array("zeros", &zeros).deflated()]);
    assert!(bytes.len() < 10_000);
    let with = |limits: Limits| {
        let source = Arc::new(MemorySource::new(bytes.clone()));
        let file = OpenOptions::default().limits(limits).open_source(source, "a.npz")?;
        file.get("zeros")?.read().map(|array| array.len())
    };
    assert_eq!(with(Limits::default()).unwrap(), 8 << 20);
    for limits in [
        Limits::default().ratio(100),
        Limits::default().total(1 << 20),
        Limits::default().array_nbytes(1 << 20),
        Limits::default().members(0),
    ] {
        assert_eq!(with(limits.clone()).unwrap_err().kind(), ErrorKind::Limit, "{limits:?}");
    }
}

#[test]
fn an_array_beside_a_group_of_its_name_keeps_its_member() {
    let members = [
        Forged::array("a", &numbers(0)),
        Forged::array("a/x", &numbers(1)),
        Forged::array("g/b", &numbers(2)),
        Forged::array("g/b/y", &numbers(3)),
        Forged::new("empty/", b""),
    ];
    let dir = tempfile::tempdir().unwrap();
    let (first, second) = (dir.path().join("1.npz"), dir.path().join("2.npz"));
    std::fs::write(&first, archive(&members)).unwrap();
    let names = |path: &std::path::Path| {
        let names: Vec<String> =
            crate::npz::open(path).unwrap().names().map(str::to_owned).collect();
        names
    };
    let file = crate::open(&first).unwrap();
    let tree = file.load().unwrap();
    assert_eq!(tree.names(), ["a.npy", "a", "g", "empty"]);
    assert!(matches!(tree.get("g/b.npy"), Some(Item::Array(_))));
    assert!(matches!(tree.get("empty"), Some(Item::Group(group)) if group.is_empty()));
    assert_eq!(file.get("a").unwrap().read().unwrap().as_slice::<i64>().unwrap()[0], 0);
    crate::save(&second, &tree).unwrap();
    // NumPy finds the same keys.
    assert_eq!(names(&second), names(&first));
    assert_eq!(crate::open(&second).unwrap().load().unwrap().names(), tree.names());
    crate::npz::write_with(&second, &tree, &crate::npz::WriteOptions::default().compress(1))
        .unwrap();
    assert_eq!(names(&second), names(&first));
    // The folder that is made of it becomes the same archive again.
    let folder = dir.path().join("folder");
    crate::save(&folder, &tree).unwrap();
    crate::save(&second, &crate::open(&folder).unwrap().load().unwrap()).unwrap();
    assert_eq!(names(&second), names(&first));
    assert_eq!(crate::open(&second).unwrap().load().unwrap().names(), ["a.npy", "a", "g", "empty"]);
}

#[test]
fn a_packed_folder_of_npfold_has_its_order_and_no_index() {
    let members = [
        Forged::array("a", &numbers(0)),
        Forged::array("b", &numbers(1)),
        Forged::new("NPFold_index.txt", b"b.npy\nsub\na.npy\n"),
        Forged::array("sub/y", &numbers(2)),
        Forged::array("sub/x", &numbers(3)),
        Forged::array("sub/w", &numbers(3)),
        Forged::new("sub/NPFold_index.txt", b"x.npy\ny.npy\n"),
        Forged::new("note.txt", b"a value"),
    ];
    let tree = open(archive(&members)).unwrap().load().unwrap();
    assert_eq!(tree.names(), ["b", "sub", "a", "note.txt"]);
    let Some(Item::Group(sub)) = tree.get("sub") else { panic!() };
    assert_eq!(sub.names(), ["x", "y", "w"]);
    let dir = tempfile::tempdir().unwrap();
    crate::save(dir.path().join("run"), &tree).unwrap();
    assert_eq!(crate::open(dir.path().join("run")).unwrap().load().unwrap().names(), tree.names());
}

/// A source of which one thread waits in a long read until a second job has begun.
#[cfg(feature = "parallel")]
#[derive(Debug)]
struct Meeting {
    inner: MemorySource,
    /// Who was first, whether another one waits, whether the second job has begun.
    seen: std::sync::Mutex<(Option<std::thread::ThreadId>, bool, bool)>,
    changed: std::sync::Condvar,
}

#[cfg(feature = "parallel")]
impl Meeting {
    fn change(&self, change: impl FnOnce(&mut (Option<std::thread::ThreadId>, bool, bool))) {
        change(&mut self.seen.lock().unwrap());
        self.changed.notify_all();
    }
}

#[cfg(feature = "parallel")]
impl Source for Meeting {
    fn len(&self) -> u64 {
        self.inner.len()
    }

    fn read_into(&self, offset: u64, dst: &mut [u8]) -> std::io::Result<()> {
        let own = std::thread::current().id();
        if dst.len() >= 64 << 10 {
            let mut seen = self.seen.lock().unwrap();
            if *seen.0.get_or_insert(own) != own && !seen.2 {
                seen.1 = true;
                self.changed.notify_all();
                drop(self.changed.wait_while(seen, |seen| !seen.2).unwrap());
            }
        }
        self.inner.read_into(offset, dst)
    }

    fn view(&self, offset: u64, len: usize) -> Result<crate::Buffer> {
        self.inner.view(offset, len)
    }
}

/// Where reading waits for another thread, this one may begin with a job that wants the same.
#[cfg(feature = "parallel")]
#[test]
fn a_job_that_is_done_while_the_order_of_groups_is_read_may_want_it_too() {
    let index = vec![b'\n'; 24 << 20];
    let members = [Forged::array("a", &numbers(0)), Forged::new("NPFold_index.txt", &index)];
    let (seen, changed) = Default::default();
    let inner = MemorySource::new(archive(&members));
    let source = Arc::new(Meeting { inner, seen, changed });
    let file = OpenOptions::default().open_source(Arc::clone(&source) as _, "a.npz").unwrap();
    source.change(|seen| *seen = (None, false, false));
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    let (send, receive) = std::sync::mpsc::channel();
    let job = |is_second: bool| {
        let (file, send, source) = (file.clone(), send.clone(), Arc::clone(&source));
        pool.spawn(move || {
            if is_second {
                source.change(|seen| seen.2 = true);
            }
            let names = file.leaves().map(|leaves| leaves.len());
            source.change(|seen| seen.1 = true);
            send.send(names.unwrap()).unwrap();
        });
    };
    job(false);
    // Until the one thread waits for the other (or did all by itself).
    drop(source.changed.wait_while(source.seen.lock().unwrap(), |seen| !seen.1).unwrap());
    job(true);
    // Only a fault takes so long.
    let most = std::time::Duration::from_secs(100);
    for _ in 0..2 {
        assert_eq!(receive.recv_timeout(most), Ok(1), "both are done");
    }
}

#[test]
fn notes_in_other_letters_are_told_and_can_be_left_behind() {
    let members = [
        Forged::array("g/a", &numbers(0)),
        Forged::new("g/a_meta.txt", b"where:Z\xfcrich\n"),
        Forged::new("g/NPFold_names.txt", b"\xff"),
    ];
    let file = open(archive(&members)).unwrap();
    let e = file.get("g/a").unwrap().notes().unwrap_err();
    let expected =
        "a.npz: g/a: at byte 7: expected text in UTF-8 in 'g/a_meta.txt', found the byte 0xfc";
    assert_eq!(e.to_string(), expected);
    let faults = file.verify().unwrap();
    assert_eq!(faults.len(), 2, "{faults:?}");
    assert!(format!("{faults:?}").contains("'g/NPFold_names.txt'"), "{faults:?}");
    assert!(file.root().to_tree().is_err() && file.load().is_err());
    assert_eq!(file.root().to_data_tree().unwrap().names(), ["g"]);
}

#[cfg(feature = "zstd")]
#[test]
fn what_a_codec_says_is_told() {
    let nonsense = |method| {
        Forged::array("x", &numbers(0)).change(|m| (m.method, m.packed) = (method, vec![b'?'; 90]))
    };
    for method in [Method::ZSTD, Method::DEFLATE, Method::LZMA, Method::BZIP2] {
        let file = open(archive(&[nonsense(method)])).unwrap();
        let e = file.get("x").unwrap().read().unwrap_err();
        assert_eq!((e.kind(), e.member()), (ErrorKind::Corrupt, Some("x")), "{e}");
        assert!(e.what().starts_with("expected packed data, found "), "{e}");
    }
}

#[cfg(feature = "lzma")]
#[test]
fn a_mark_at_the_end_of_lzma_needs_no_flag() {
    use lzma_rust2::{LzmaOptions, LzmaWriter};
    use std::io::Write;
    let table = Array::from_vec((0..40_000i64).collect()).reshape(&[200, 200]).unwrap();
    let member = Forged::array("x", &table).change(|m| {
        let options = LzmaOptions::with_preset(1);
        let mut writer = LzmaWriter::new_no_header(Vec::new(), &options, true).unwrap();
        let mut packed = vec![9, 4, 5, 0, writer.props()];
        // A window that nobody has memory for.
        packed.extend([0xff; 4]);
        writer.write_all(&m.packed).unwrap();
        packed.extend(writer.finish().unwrap());
        (m.method, m.packed) = (Method::LZMA, packed);
    });
    let broken = member.clone().change(|m| m.crc32 ^= 1);
    for flags in [Flags::default(), Flags::LZMA_MARK] {
        let file = open(archive(&[member.clone().change(|m| m.flags = flags)])).unwrap();
        let node = file.get("x").unwrap();
        assert_eq!(node.read().unwrap().bytes(), table.bytes());
        let columns: Selection = ":, 7".parse().unwrap();
        let part = node.read_slice(&columns).unwrap();
        assert_eq!(
            part.to_vec::<i64>().unwrap(),
            (0..200).map(|i| i * 200 + 7).collect::<Vec<_>>()
        );
        let mut own = vec![0; table.nbytes()];
        node.read_into(&mut own).unwrap();
        assert_eq!(table.bytes(), Some(&own[..]));
        assert!(file.verify().unwrap().is_empty());
        let broken = open(archive(&[broken.clone().change(|m| m.flags = flags)])).unwrap();
        assert!(broken.get("x").unwrap().read().is_err());
        assert_eq!(broken.verify().unwrap().len(), 1);
    }
}

#[test]
fn objects_are_described_however_short_their_pickle_is() {
    let header = npy::Header::new("|O".parse().unwrap(), &[2], crate::MemoryOrder::C).unwrap();
    // Shorter than two pointers.
    let npy = [&header.to_bytes(None).unwrap()[..], b"a pickle"].concat();
    for member in [Forged::new("o.npy", &npy), Forged::new("o.npy", &npy).deflated()] {
        let file = open(archive(&[member])).unwrap();
        let entry = file.get("o").unwrap().entry().unwrap();
        assert!(entry.dtype().has_object() && entry.shape() == [2]);
        assert_eq!(entry.read().unwrap_err().kind(), ErrorKind::Unsupported);
    }
}
