//! Whole files, read back by what stands in them.
#![forbid(unsafe_code)]

use crate::hdf5::write::btree1::{Node, Shape};
use crate::hdf5::write::local_heap::LocalHeap;
use crate::hdf5::write::message::kind;
use crate::hdf5::write::object_header::{self, Message};
use crate::hdf5::write::superblock::{GROUP_INTERNAL_K, Superblock};
use crate::hdf5::write::symbol_table::{Cached, SymbolNode};
use crate::hdf5::{Draft, Storage, WriteOptions, write, write_to, write_with};
use crate::{Array, Entry, ErrorKind, Item, MemoryOrder, Meta, Notes, Tree, WriteSink};

fn at(bytes: &[u8], address: u64) -> &[u8] {
    &bytes[usize::try_from(address).unwrap()..]
}

fn word(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap())
}

/// The body of the only message of a kind.
fn body(messages: &[Message], kind: u8) -> &[u8] {
    let mut found = messages.iter().filter(|message| message.kind == kind);
    let body = &found.next().unwrap().body;
    assert!(found.next().is_none());
    body
}

/// Names and headers of a group of the old style, in order.
fn members(bytes: &[u8], tree: u64, heap: u64) -> Vec<(String, u64, Cached)> {
    let names = LocalHeap::parse(at(bytes, heap), heap).unwrap();
    let name = |offset| names.iter().find(|(at, _)| *at == offset).unwrap().1.clone();
    let shape = Shape { kind: 0, k: GROUP_INTERNAL_K, key_len: 8 };
    let (mut nodes, mut found) = (vec![tree], Vec::new());
    while let Some(address) = nodes.pop() {
        let node = Node::parse(at(bytes, address), shape).unwrap();
        if node.level > 0 {
            nodes.extend(node.children.iter().rev());
            continue;
        }
        for (child, keys) in node.children.iter().zip(node.keys.windows(2)) {
            let entries = SymbolNode::parse(at(bytes, *child)).unwrap().0;
            // A child holds the names behind its first key, up to its second one.
            let key = |at: usize| name(word(&keys[at], 0));
            assert_eq!(entries.last().map(|e| name(e.name)), Some(key(1)));
            assert!(entries.iter().all(|e| name(e.name) > key(0)));
            found.extend(entries.into_iter().map(|e| (name(e.name), e.header, e.cached)));
        }
    }
    found
}

/// The bytes of every contiguous array by its path.
fn arrays(bytes: &[u8], tree: u64, heap: u64, path: &str, found: &mut Vec<(String, Vec<u8>)>) {
    for (name, header, cached) in members(bytes, tree, heap) {
        let path = format!("{path}/{name}");
        match cached {
            Cached::Group { tree, heap } => {
                let messages = object_header::parse(at(bytes, header)).unwrap();
                let table = body(&messages, kind::SYMBOL_TABLE);
                assert_eq!((word(table, 0), word(table, 8)), (tree, heap));
                arrays(bytes, tree, heap, &path, found);
            }
            _ => {
                let messages = object_header::parse(at(bytes, header)).unwrap();
                let layout = body(&messages, kind::LAYOUT);
                assert_eq!(layout[..2], [3, 1]);
                let (address, len) = (word(layout, 2), word(layout, 10));
                let len = usize::try_from(len).unwrap();
                let data = if len > 0 { &at(bytes, address)[..len] } else { &[] };
                assert!(len == 0 || address % 64 == 0);
                found.push((path, data.to_vec()));
            }
        }
    }
}

fn written(tree: &Tree, options: &WriteOptions) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_to(&mut bytes, tree, options).unwrap();
    bytes
}

/// Arrays of every layout in memory, in groups of every size.
fn sample() -> Tree {
    let array = Array::from_vec((0..240).collect::<Vec<i32>>()).reshape(&[6, 40]).unwrap();
    let mut tree = Tree::new();
    for n in 0..700 {
        tree.insert(&format!("many/x{n}"), Array::from_vec(vec![n; 3])).unwrap();
    }
    for (name, text) in [("whole", "..."), ("part", "::2, ::-3"), ("none", "2:2"), ("one", "3, 7")]
    {
        let part = array.select(&text.parse().unwrap()).unwrap();
        tree.insert(&format!("a/{name}"), &part).unwrap();
        tree.insert(&format!("a/b/turned {name}"), part.transpose()).unwrap();
    }
    tree.insert("empty", Tree::new()).unwrap();
    tree
}

#[test]
fn old_files_lead_to_every_array() {
    let tree = sample();
    let bytes = written(&tree, &WriteOptions::default());
    let Superblock::Old { end, root, tree: table, heap } = Superblock::parse(&bytes).unwrap()
    else {
        panic!("another superblock")
    };
    assert_eq!(end, bytes.len() as u64);
    assert!(object_header::parse(at(&bytes, root)).is_ok());
    let mut found = Vec::new();
    arrays(&bytes, table, heap, "", &mut found);
    let mut expected = Vec::new();
    for (path, item) in tree.arrays() {
        let Item::Array(array) = item else { panic!("{path}") };
        let array = array.to_contiguous(MemoryOrder::C).unwrap();
        expected.push((format!("/{path}"), array.bytes().unwrap().to_vec()));
    }
    // Groups of the old style are in the order of their names.
    expected.sort_by(|a, b| a.0.split('/').cmp(b.0.split('/')));
    assert_eq!(found, expected);
}

#[test]
fn the_same_tree_is_the_same_file_wherever_it_goes() {
    let mut tree = sample();
    let noise: Vec<u32> =
        (0..400_000u32).map(|n| n.wrapping_mul(2_654_435_761) >> (n % 13)).collect();
    tree.insert("noise", Array::from_vec(noise)).unwrap();
    let packed = WriteOptions::default().compress(1);
    for options in [WriteOptions::default(), WriteOptions::default().latest(), packed] {
        let bytes = written(&tree, &options);
        assert_eq!(written(&tree, &options), bytes);
        let mut piped = Vec::new();
        write_to(&mut WriteSink(&mut piped), &tree, &options).unwrap();
        assert!(piped == bytes);
        let dir = tempfile::tempdir().unwrap();
        write_with(dir.path().join("x.h5"), &tree, &options).unwrap();
        assert!(std::fs::read(dir.path().join("x.h5")).unwrap() == bytes);
        #[cfg(feature = "parallel")]
        for threads in [1, 3] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            assert!(pool.install(|| written(&tree, &options)) == bytes);
        }
    }
}

#[test]
fn chunks_are_the_same_from_memory_and_from_a_file() {
    let array = Array::from_vec((0..90_000).collect::<Vec<i32>>()).reshape(&[300, 30, 10]).unwrap();
    let entry = Entry::try_from(&array).unwrap();
    for (chunks, filtered) in [([7, 30, 10], true), ([300, 1, 3], false), ([1, 29, 9], true)] {
        let storage = Storage::chunked(&chunks).shuffle();
        let storage = if filtered { storage.deflate(3).fletcher32() } else { storage };
        let bytes = |item: Item| {
            let draft = Draft::new(Tree::new().with("x", item).unwrap());
            let mut bytes = Vec::new();
            let draft = draft.storage("x", storage.clone()).unwrap();
            draft.write_to(&mut bytes, &WriteOptions::default()).unwrap();
            bytes
        };
        let turned = array.transpose().to_contiguous(MemoryOrder::C).unwrap().transpose();
        let expected = bytes(Item::from(&array));
        assert!(bytes(Item::from(entry.clone())) == expected);
        assert!(bytes(Item::from(&turned)) == expected);
        assert!(bytes(Entry::try_from(&turned).unwrap().into()) == expected);
    }
}

#[test]
fn rows_of_chunks_and_pieces_of_a_file_need_not_end_together() {
    let array = Array::from_vec((0..3_100_000).collect::<Vec<i32>>());
    let array = array.reshape(&[3100, 1000]).unwrap();
    let entry = Entry::try_from(&array).unwrap();
    for lengths in [[900, 1000], [2300, 900], [7, 500]] {
        let options = WriteOptions::default().storage(Storage::chunked(&lengths));
        let of = |item: Item| written(&Tree::new().with("x", item).unwrap(), &options);
        assert!(of(Item::from(&array)) == of(Item::from(entry.clone())), "{lengths:?}");
    }
}

#[test]
fn an_error_says_where_and_leaves_the_old_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.h5");
    write(&path, &Tree::new()).unwrap();
    let old = std::fs::read(&path).unwrap();
    let objects = Array::from_vec(vec![1u8]);
    let mut tree = Tree::new().with("a/x", &objects).unwrap();
    let notes = Notes { meta: Meta::from_text("no key\n"), ..Notes::default() };
    tree.set_notes("a/x", notes).unwrap();
    let e = write(&path, &tree).unwrap_err();
    assert_eq!((e.kind(), e.member()), (ErrorKind::Unsupported, Some("a/x")));
    assert_eq!(e.path(), Some(&*path));
    let dot = Tree::new().with("a/.", &objects).unwrap();
    assert_eq!(write(&path, &dot).unwrap_err().kind(), ErrorKind::Invalid);
    let group = Tree::new().with("./x", &objects).unwrap();
    assert_eq!(write(&path, &group).unwrap_err().kind(), ErrorKind::Invalid);
    let texts = Draft::new(Tree::new()).attribute("", "t", "a\0b").unwrap();
    let e = texts.write(&path, &WriteOptions::default()).unwrap_err();
    assert_eq!((e.kind(), e.member()), (ErrorKind::Unsupported, Some("@t")));
    assert_eq!(std::fs::read(&path).unwrap(), old);
}

/// A sink that holds no room to be asked for.
#[derive(Default)]
struct NoRoom(Vec<u8>);

impl crate::Sink for NoRoom {
    fn write_all(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn reserve(&mut self, len: u64) -> std::io::Result<()> {
        Err(std::io::Error::other(format!("{len} bytes were asked for")))
    }
}

#[test]
fn no_room_is_asked_for_what_a_file_only_claims() {
    let mut bytes = Vec::new();
    let array = Array::from_vec(vec![1i64; 4]);
    crate::npy::write_to(&mut bytes, &array).unwrap();
    let shape = bytes.windows(4).position(|four| four == b"(4,)").unwrap();
    let end = bytes.iter().rposition(|&byte| byte == b' ').unwrap() - 20;
    bytes.copy_within(shape + 4..end, shape + 13);
    bytes[shape..shape + 13].copy_from_slice(b"(4000000000,)");
    let source = std::sync::Arc::new(crate::MemorySource::new(bytes));
    let file = crate::OpenOptions::default().open_source(source, "x.npy").unwrap();
    let entry = file.root().entry().unwrap();
    assert_eq!(entry.shape(), [4_000_000_000]);
    let tree = Tree::new().with("x", entry.clone()).unwrap();
    let e = write_to(&mut NoRoom::default(), &tree, &WriteOptions::default()).unwrap_err();
    assert_eq!((e.kind(), e.member()), (ErrorKind::Corrupt, Some("x")), "{e}");
    let tree = Tree::from(Item::Entry(entry));
    let npy = crate::SaveOptions::default().format(crate::Format::Npy);
    let e = crate::save_to(&mut NoRoom::default(), &tree, &npy).unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Corrupt, "{e}");
}
