//! Folders as a whole: written, read, hostile.
#![forbid(unsafe_code)]

use super::{Folder, Profile, WriteOptions, write, write_with};
use crate::container::{Container, Fault};
use crate::entry::read_many;
use crate::{
    Array, Entry, Error, ErrorKind, Item, Limits, Meta, NodeKind, Notes, Order, Tree, npy,
};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

fn open(path: &Path) -> Folder {
    Folder::open(path, &Limits::default()).unwrap()
}

fn id(folder: &Folder, name: &str) -> u64 {
    folder.find(name).unwrap().unwrap_or_else(|| panic!("no {name}"))
}

fn entry(folder: &Folder, name: &str) -> Result<Entry, Error> {
    folder.entry(id(folder, name))
}

/// Every name with what it is, in order.
fn listed(folder: &Folder) -> Vec<String> {
    let mut found = Vec::new();
    let mut waiting = vec![(String::new(), 0)];
    while let Some((name, id)) = waiting.pop() {
        let kind = match folder.kind(id) {
            NodeKind::Group => 'g',
            NodeKind::Array => 'a',
            NodeKind::Value => 'v',
        };
        if id != 0 {
            found.push(format!("{kind} {name}"));
        }
        for child in folder.children(id).unwrap().into_iter().rev() {
            let path = if name.is_empty() { child.name } else { format!("{name}/{}", child.name) };
            waiting.push((path, child.id));
        }
    }
    found
}

fn remarks(folder: &Folder) -> Vec<String> {
    let mut faults = Vec::new();
    folder.check(&mut faults);
    let told = |fault| match fault {
        Fault::Note(text) => text,
        Fault::Error(e) => format!("error: {e}"),
    };
    faults.into_iter().map(told).collect()
}

fn array(n: u8) -> Array {
    Array::from_vec(vec![n; 3])
}

fn notes(text: &str) -> Notes {
    let names = vec!["one".to_owned(), String::new()];
    Notes { meta: Meta::from_text(text), names, labels: vec!["x[mm]".to_owned()] }
}

fn value(text: &str) -> Item {
    let tree = Tree::from(Array::from_slice(text.as_bytes()));
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("v.npy");
    crate::save(&path, &tree).unwrap();
    let bytes = fs::read(&path).unwrap();
    let source = std::sync::Arc::new(crate::MemorySource::new(bytes));
    Item::Value(npy::open_source(source, &Limits::default()).unwrap())
}

/// A folder with these files; `.npy` files hold an array, others their text.
fn made(files: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        match name.ends_with(".npy") && text.is_empty() {
            true => npy::write(&path, &array(1)).unwrap(),
            false => fs::write(&path, text).unwrap(),
        }
    }
    dir
}

#[test]
fn a_tree_comes_back_in_order_with_all_that_is_beside_it() {
    let mut tree = Tree::new();
    for name in ["zeta", "sub/dir/x", "alpha", "sub/y", "\u{3b1}"] {
        tree.insert(name, array(u8::try_from(name.len()).unwrap())).unwrap();
    }
    tree.insert("readme.md", value("hello")).unwrap();
    tree.insert("empty", Tree::new()).unwrap();
    for (name, text) in [("", "k:0\nfree"), ("zeta", "k:1\n"), ("sub", "k:2\n"), ("sub/y", "k:3")] {
        tree.set_notes(name, notes(text)).unwrap();
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("run");
    write(&path, &tree).unwrap();
    let folder = open(&path);
    let names = [
        "a zeta",
        "g sub",
        "g sub/dir",
        "a sub/dir/x",
        "a sub/y",
        "a alpha",
        "a \u{3b1}",
        "g empty",
        "v readme.md",
    ];
    assert_eq!(listed(&folder), names);
    assert_eq!(
        entry(&folder, "sub/dir/x").unwrap().read().unwrap().as_slice::<u8>().unwrap(),
        [9; 3]
    );
    // As NPFold's users call it.
    assert_eq!(id(&folder, "sub/y.npy"), id(&folder, "sub/y"));
    assert!(folder.find("sub.npy").unwrap().is_none() && folder.find("y").unwrap().is_none());
    let text = entry(&folder, "readme.md").unwrap().read().unwrap();
    assert_eq!(text.as_slice::<u8>().unwrap(), b"hello");
    for (name, text) in [("", "k:0\nfree"), ("zeta", "k:1\n"), ("sub", "k:2\n"), ("sub/y", "k:3")] {
        let at = if name.is_empty() { 0 } else { id(&folder, name) };
        assert_eq!(folder.notes(at).unwrap(), notes(text), "{name}");
    }
    assert!(folder.notes(id(&folder, "alpha")).unwrap().is_empty());
    let index = fs::read_to_string(path.join("NPFold_index.txt")).unwrap();
    assert_eq!(index, "zeta.npy\nsub\nalpha.npy\n\u{3b1}.npy\nempty\n");
    assert!(!path.join("empty").exists() && !path.join("sub/dir/NPFold_meta.txt").exists());
    assert_eq!(fs::read(path.join("sub/dir/NPFold_names.txt")).unwrap(), b"");
    assert_eq!(remarks(&folder), Vec::<String>::new());
    // And as a tree of the facade, written once more from the files themselves.
    let again = dir.path().join("again");
    let described = crate::open(&path).unwrap().root().to_tree().unwrap();
    crate::save(&again, &described).unwrap();
    assert_eq!(listed(&open(&again)), names);
    // In its own place, too: what is read is the old folder.
    crate::save(&path, &described).unwrap();
    assert_eq!(listed(&open(&path)), names);
}

#[test]
fn arrays_are_called_by_their_file_where_something_else_has_the_name() {
    let mut tree = Tree::new().with("hit/x", array(1)).unwrap().with("hit.npy", array(2)).unwrap();
    tree.insert("log", value("text")).unwrap();
    tree.insert("log.npy", array(3)).unwrap();
    tree.insert("b.npy", array(4)).unwrap();
    tree.insert("b", array(5)).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("run");
    write(&path, &tree).unwrap();
    for file in ["hit.npy", "log.npy", "b.npy", "b.npy.npy"] {
        assert!(path.join(file).is_file(), "{file}");
    }
    let folder = open(&path);
    for (name, n) in [("hit/x", 1), ("hit.npy", 2), ("log.npy", 3), ("b.npy", 4), ("b", 5)] {
        let read = entry(&folder, name).unwrap().read().unwrap();
        assert_eq!(read.as_slice::<u8>().unwrap(), [n; 3], "{name}");
    }
    let told = remarks(&folder).join("\n");
    assert!(told.contains("'hit.npy' is an array and a group"), "{told}");
}

#[test]
fn missing_and_damaged_files_are_told_by_name() {
    let dir = made(&[
        ("NPFold_index.txt", "a.npy\ngone.npy\ntorn.npy\nsub\nsub/lost.npy\nfolder.npy\n"),
        ("a.npy", ""),
        ("torn.npy", "\u{93}NUMPY"),
        ("folder.npy/x.npy", ""),
        ("stale.npy", ""),
        ("stale_meta.txt", "k:v\n"),
        ("old/x.npy", ""),
        ("a_names.txt", "n\n"),
        ("other_meta.txt", "text"),
        (".DS_Store", "x"),
    ]);
    let folder = open(dir.path());
    let names = ["a a", "a gone", "a torn", "g sub", "a sub/lost", "a folder", "v other_meta.txt"];
    assert_eq!(listed(&folder), names);
    assert!(entry(&folder, "a").is_ok());
    let e = entry(&folder, "gone").unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Corrupt);
    assert_eq!(e.to_string(), "expected the file 'gone.npy', which the index lists, found none");
    assert!(entry(&folder, "sub/lost").unwrap_err().to_string().contains("'sub/lost.npy'"));
    assert_eq!(entry(&folder, "torn").unwrap_err().kind(), ErrorKind::Corrupt);
    assert_eq!(entry(&folder, "folder").unwrap_err().kind(), ErrorKind::Unsupported);
    let (at, e) = folder.entries(&[id(&folder, "a"), id(&folder, "gone")]).unwrap_err();
    assert_eq!((at, e.kind()), (1, ErrorKind::Corrupt));
    let told = remarks(&folder).join("\n");
    for what in ["'stale_meta.txt' is not", "no NPFold_names"] {
        assert!(told.contains(what), "{what}: {told}");
    }
    // What somebody put beside the arrays of an index is told without being asked for.
    let why = "not in the index: left over, or put there by hand".to_owned();
    let left_out = ["old", "stale.npy"].map(|path| (path.to_owned(), why.clone()));
    assert_eq!(folder.left_out(), left_out);
    let e = write(dir.path(), &Tree::new()).unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Exists);
    assert_eq!(folder.notes(id(&folder, "a")).unwrap().names, ["n"]);
}

#[test]
fn memory_of_ones_own_holds_what_shared_memory_does() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x");
    let mut tree = Tree::new();
    for n in 0..100u32 {
        let len = if n == 40 { 300_000 } else { n / 20 * 900 };
        tree.insert(&format!("a{n}"), Array::from_vec((n..n + len).collect())).unwrap();
    }
    write(&path, &tree).unwrap();
    fs::write(path.join("note.txt"), "a value").unwrap();
    fs::write(path.join("nothing.txt"), "").unwrap();
    let ids = |folder: &Folder| -> Vec<u64> {
        folder.children(0).unwrap().into_iter().map(|child| child.id).collect()
    };
    let folder = open(&path);
    let loaded = folder.load_own(&ids(&folder), &|source| source).unwrap();
    let arrays = folder.load(&ids(&folder)).unwrap();
    assert_eq!((arrays.len(), loaded.slots.len()), (102, 102));
    for (array, slot) in arrays.iter().zip(&loaded.slots) {
        let bytes = &loaded.memories[slot.memory].bytes()[slot.offset..][..array.nbytes()];
        assert_eq!((&slot.dtype, &slot.shape[..]), (array.dtype(), array.shape()));
        assert_eq!(Some(bytes), array.bytes_in(slot.order));
        assert!(bytes.is_empty() || bytes.as_ptr().align_offset(64) == 0);
    }
    // What is wrong is the same, and is told of the same one.
    let wrong = |folder: &Folder, at: usize, kind: ErrorKind| {
        let (a, e) = folder.load(&ids(folder)).unwrap_err();
        let (b, own) = folder.load_own(&ids(folder), &|source| source).unwrap_err();
        assert_eq!((a, e.kind(), e.to_string()), (b, own.kind(), own.to_string()));
        assert_eq!((a, e.kind()), (at, kind), "{e}");
    };
    let limits = Limits::default().array_nbytes(14_000);
    wrong(&Folder::open(&path, &limits).unwrap(), 80, ErrorKind::Limit);
    let whole = fs::read(path.join("a70.npy")).unwrap();
    fs::write(path.join("a70.npy"), &whole[..whole.len() - 1]).unwrap();
    wrong(&folder, 70, ErrorKind::Corrupt);
    fs::write(path.join("a70.npy"), &whole[..50]).unwrap();
    wrong(&folder, 70, ErrorKind::Corrupt);
}

#[test]
fn keys_with_slashes_make_groups() {
    let dir = made(&[
        ("NPFold_index.txt", "a/x.npy\na/b/y.npy\na/x2.npy\nsub\nsub/z.npy\nm/n\n"),
        ("NPFold_names.txt", ""),
        ("a/x.npy", ""),
        ("a/x_labels.txt", "l\n"),
        ("a/x2.npy", ""),
        ("a/b/y.npy", ""),
        ("a/note.txt", "1 2 3"),
        ("sub/NPFold_index.txt", "z.npy\nw.npy\n"),
        ("sub/z.npy", ""),
        ("sub/w.npy", ""),
        ("m/n/deep.npy", ""),
    ]);
    let folder = open(dir.path());
    let names = [
        "g a",
        "a a/x",
        "g a/b",
        "a a/b/y",
        "a a/x2",
        "v a/note.txt",
        "g sub",
        "a sub/z",
        "a sub/w",
        "g m",
        "g m/n",
        "a m/n/deep",
    ];
    assert_eq!(listed(&folder), names);
    assert_eq!(folder.notes(id(&folder, "a/x")).unwrap().labels, ["l"]);
    assert!(!remarks(&folder).join("\n").contains("left over"));
}

#[test]
fn without_an_index_every_file_has_its_say() {
    let dir = made(&[
        ("b.npy", ""),
        ("a.npy", ""),
        ("a_meta.txt", "k:v\n"),
        ("a_names.txt", "n\n"),
        ("RINDEX.txt", "1.55 *eV 1.33\n15.5 *eV 1.40\n"),
        ("a.txt", "1 2 3"),
        ("lost_meta.txt", "1 2 3"),
        ("words.txt", "no numbers here"),
        ("log.bin", "x"),
        ("_hidden/x.npy", ""),
        (".dot.npy", ""),
        ("sub/x.npy", ""),
        ("sub/empty/deep/y.npy", ""),
    ]);
    fs::create_dir(dir.path().join("void")).unwrap();
    let folder = open(dir.path());
    let names = [
        "a RINDEX",
        "a a",
        "a b",
        "v a.txt",
        "v log.bin",
        "v lost_meta.txt",
        "v words.txt",
        "g sub",
        "a sub/x",
        "g sub/empty",
        "g sub/empty/deep",
        "a sub/empty/deep/y",
        "g void",
    ];
    assert_eq!(listed(&folder), names);
    let table = entry(&folder, "RINDEX").unwrap();
    assert_eq!(table.shape(), [2, 2]);
    assert_eq!(table.read().unwrap().as_slice::<f64>().unwrap(), [1.55, 1.33, 15.5, 1.4]);
    assert_eq!(folder.notes(id(&folder, "RINDEX")).unwrap().meta.get("units"), Some("eV"));
    assert_eq!(folder.notes(id(&folder, "a")).unwrap().meta.get("k"), Some("v"));
    let told = remarks(&folder).join("\n");
    assert!(told.contains("'_hidden' is left out") && told.contains("'.dot.npy' is left out"));
}

/// `{'chunks': ((2, 1), (2,)), 'dtype': numpy.dtype('<i4'), 'axis': AXIS}`.
#[cfg(feature = "pickle")]
fn info_of_dask(axis: u8) -> Vec<u8> {
    let mut info = b"\x80\x02}(U\x06chunksK\x02K\x01\x86K\x02\x85\x86U\x05dtypecnumpy\ndtype\nU\x03<i4\x85RU\x04axisK".to_vec();
    info.extend([axis, b'u', b'.']);
    info
}

#[cfg(feature = "pickle")]
#[test]
fn stacks_of_dask_are_one_array() {
    let dir = made(&[("0.npy", ""), ("1.npy", ""), ("stack/info", "")]);
    let stack = dir.path().join("stack");
    let rows = Array::from_vec_shape(vec![1i32, 2, 3, 4, 5, 6], &[3, 2]).unwrap();
    let part = |text: &str| rows.select(&text.parse().unwrap()).unwrap();
    npy::write(stack.join("0.npy"), &part(":2")).unwrap();
    npy::write(stack.join("1.npy"), &part("2:")).unwrap();
    fs::write(stack.join("info"), info_of_dask(0)).unwrap();
    let folder = open(dir.path());
    assert_eq!(listed(&folder), ["a 0", "a 1", "a stack"]);
    let same = |array: Array| assert_eq!(array.to_vec::<i32>().unwrap(), [1, 2, 3, 4, 5, 6]);
    same(entry(&folder, "stack").unwrap().read().unwrap());
    let alone = open(&stack);
    assert_eq!(alone.kind(0), NodeKind::Array);
    same(alone.entry(0).unwrap().read().unwrap());
    // A file that is not what the pickle says, and one that is missing.
    npy::write(stack.join("1.npy"), &part(":1, :1")).unwrap();
    let e = open(&stack).entry(0).unwrap_err();
    assert!(e.to_string().contains("expected <i4 of shape [1, 2]"), "{e}");
    fs::remove_file(stack.join("1.npy")).unwrap();
    assert!(open(&stack).entry(0).is_err());
    // Along another axis they are arrays of their own, and so are they without such a pickle.
    for other in [&info_of_dask(1)[..], b"\x80\x04}.", b"about"] {
        fs::write(stack.join("info"), other).unwrap();
        let answer = Folder::open(&stack, &Limits::default());
        match other {
            [.., 1, b'u', b'.'] => assert!(answer.is_err()),
            _ => assert_eq!(listed(&answer.unwrap()), ["a 0", "v info"]),
        }
    }
}

#[cfg(unix)]
#[test]
fn links_stay_inside() {
    use std::os::unix::fs::symlink;
    let outer =
        made(&[("secret.npy", ""), ("out/x.npy", ""), ("in/a.npy", ""), ("in/run/b.npy", "")]);
    let inside = outer.path().join("in");
    symlink("a.npy", inside.join("same.npy")).unwrap();
    symlink("../secret.npy", inside.join("up.npy")).unwrap();
    symlink("/etc", inside.join("etc")).unwrap();
    symlink("../out", inside.join("out")).unwrap();
    symlink("run", inside.join("latest")).unwrap();
    symlink(".", inside.join("self")).unwrap();
    symlink("gone", inside.join("broken.npy")).unwrap();
    symlink("../secret.npy", inside.join("run/c.txt")).unwrap();
    let folder = open(&inside);
    let all = listed(&folder);
    for name in
        ["a a", "a same", "a up", "v etc", "v out", "a latest/b", "a self/a", "v latest/c.txt"]
    {
        assert!(all.iter().any(|found| found == name), "{name}: {all:?}");
    }
    assert!(all.len() < 40, "{all:?}");
    assert!(entry(&folder, "same").is_ok() && entry(&folder, "self/run/b").is_ok());
    for name in ["up", "etc", "out", "broken", "run/c.txt", "self/latest", "self/self"] {
        let e = entry(&folder, name).unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Unsupported, "{name}: {e}");
    }
    // What an index says makes no difference.
    let index = "up.npy\nout\nself\nout/x.npy\n";
    fs::write(inside.join("NPFold_index.txt"), index).unwrap();
    let folder = open(&inside);
    for name in ["up", "out"] {
        assert!(entry(&folder, name).is_err(), "{name}");
    }
    assert!(folder.find("out/x").unwrap().is_none_or(|id| folder.entry(id).is_err()));
    // An index that is elsewhere is none of ours.
    fs::write(outer.path().join("index.txt"), "a.npy\n").unwrap();
    fs::remove_file(inside.join("NPFold_index.txt")).unwrap();
    symlink("../index.txt", inside.join("NPFold_index.txt")).unwrap();
    let e = Folder::open(&inside, &Limits::default()).unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Unsupported);
}

#[cfg(target_os = "linux")]
#[test]
fn pipes_are_not_waited_for() {
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    let dir = made(&[("a.npy", "")]);
    for name in ["p.npy", "pipe"] {
        let mode = Mode::from_raw_mode(0o600);
        mknodat(CWD, dir.path().join(name), FileType::Fifo, mode, 0).unwrap();
    }
    let folder = open(dir.path());
    assert_eq!(listed(&folder), ["a a", "a p", "v pipe"]);
    for name in ["p", "pipe"] {
        assert_eq!(entry(&folder, name).unwrap_err().kind(), ErrorKind::Unsupported);
    }
    // Where it comes in between listing and opening.
    fs::remove_file(dir.path().join("a.npy")).unwrap();
    let mode = Mode::from_raw_mode(0o600);
    mknodat(CWD, dir.path().join("a.npy"), FileType::Fifo, mode, 0).unwrap();
    assert!(entry(&folder, "a").is_err());
}

#[test]
fn hostile_indexes_are_refused_at_once() {
    for index in
        ["../x.npy\n", "/etc/passwd\n", "a\n\nb\n", "a.npy\r\n", "a.npy\na.npy\n", "s/..\n"]
    {
        let dir = made(&[("run/NPFold_index.txt", index), ("run/a.npy", ""), ("x.npy", "")]);
        let e = Folder::open(&dir.path().join("run"), &Limits::default()).unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Corrupt, "{index:?}");
        assert!(e.offset().is_some() && e.member() == Some("NPFold_index.txt"), "{e}");
        // Also below.
        let e = Folder::open(dir.path(), &Limits::default()).unwrap_err();
        assert_eq!(e.member(), Some("run/NPFold_index.txt"));
    }
    let dir = made(&[("NPFold_index.txt", "a.npy\nb.npy\nc.npy\n")]);
    let e = Folder::open(dir.path(), &Limits::default().members(2)).unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Limit);
    let dir =
        made(&[("NPFold_index.txt", "a.npy\n"), ("npstow_values.txt", "../x\nb\n"), ("a.npy", "")]);
    assert_eq!(listed(&open(dir.path())), ["a a"]);
}

#[test]
fn files_are_not_kept_open() {
    let mut tree = Tree::new();
    for i in 0..300u16 {
        let large = Array::from_vec(vec![i; 10_000]);
        tree.insert(&format!("x{i:03}"), large).unwrap();
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("run");
    write(&path, &tree).unwrap();
    let folder = open(&path);
    let ids: Vec<u64> = folder.children(0).unwrap().iter().map(|child| child.id).collect();
    let entries = folder.entries(&ids).unwrap();
    if cfg!(target_os = "linux") {
        let count = fs::read_dir("/proc/self/fd").unwrap().count();
        assert!(count < 200, "{count} files are open");
    }
    let arrays = read_many(&entries).unwrap();
    for (i, array) in (0..300u16).zip(&arrays) {
        assert_eq!(array.as_slice::<u16>().unwrap(), vec![i; 10_000]);
    }
    assert_eq!(entries[7].view().unwrap().as_slice::<u16>().unwrap()[9], 7);
    // Replaced as a whole: whoever holds the old folder is told, and reads nothing of the new one.
    let new = Tree::new().with("x007", Array::from_vec(vec![9u16; 10_000])).unwrap();
    write(&path, &new).unwrap();
    if cfg!(target_os = "linux") {
        let e = entries[7].read().unwrap_err();
        assert!(e.to_string().contains("the folder was replaced meanwhile"), "{e}");
        assert!(entry(&folder, "x008").is_err());
    }
    assert_eq!(listed(&open(&path)), ["a x007"]);
}

#[test]
fn for_npfold_arrays_are_converted_or_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("run");
    let options = WriteOptions::default().profile(Profile::NpFold);
    let table = Array::from_vec_shape((0..6i32).collect(), &[2, 3]).unwrap();
    let tree = Tree::new()
        .with("sub/flags", Array::from_vec(vec![true, false]))
        .unwrap()
        .with("big", table.transpose().to_order(Order::Big).unwrap())
        .unwrap();
    write_with(&path, &tree, &options).unwrap();
    let index = fs::read_to_string(path.join("NPFold_index.txt")).unwrap();
    assert_eq!(index, "big.npy\nsub\n");
    let folder = open(&path);
    assert_eq!(
        entry(&folder, "big").unwrap().read().unwrap().as_slice::<i32>().unwrap(),
        [0, 3, 1, 4, 2, 5]
    );
    assert_eq!(
        entry(&folder, "sub/flags").unwrap().read().unwrap().as_slice::<u8>().unwrap(),
        [1, 0]
    );
    assert_eq!(remarks(&folder), Vec::<String>::new());
    // From files as well.
    let native = dir.path().join("native");
    write(&native, &tree).unwrap();
    assert!(remarks(&open(&native)).join("\n").contains("NP.hh does not read 1 arrays: 'big'"));
    let described = crate::open(&native).unwrap().root().to_tree().unwrap();
    write_with(&path, &described, &options).unwrap();
    assert_eq!(remarks(&open(&path)), Vec::<String>::new());

    let mut labels = Tree::new().with("a", array(1)).unwrap();
    labels.set_notes("", notes("k:v\n")).unwrap();
    let refused = [
        Tree::new().with("g/x", Array::from_vec_shape(vec![1u8], &[]).unwrap()),
        Tree::new().with("g/x$y", array(1)),
        Tree::new().with("g/x.npy", array(1)),
        Tree::new().with("log", value("text")),
        Ok(labels),
    ];
    for tree in refused {
        let e = write_with(&path, tree.as_ref().unwrap(), &options).unwrap_err();
        assert!(matches!(e.kind(), ErrorKind::Unsupported | ErrorKind::Invalid), "{e}");
        write(&native, &tree.unwrap()).unwrap();
        crate::open(&native).unwrap().load().unwrap();
    }
    // Nothing was lost on the way.
    assert_eq!(listed(&open(&path)), ["a big", "g sub", "a sub/flags"]);
}

#[test]
fn names_that_would_be_lost_are_refused_before_anything_is_made() {
    let two = |a: &str, b: &str| Tree::new().with(a, array(1)).unwrap().with(b, array(2)).unwrap();
    let mut broken = Tree::new().with("a", array(1)).unwrap();
    broken.set_notes("a", Notes { names: vec!["x\ny".into()], ..Notes::default() }).unwrap();
    let mut beside = Tree::new().with("a", array(1)).unwrap();
    beside.insert("a_meta.txt", value("k:v")).unwrap();
    let mut stale = Tree::new().with("a", array(1)).unwrap();
    stale.insert("stray.npy", value("k:v")).unwrap();
    let mut noted = two("a", "a_META.TXT/x");
    noted.set_notes("a", notes("k:v")).unwrap();
    let mut own = Tree::new();
    own.insert("NPFold_index.txt", value("k:v")).unwrap();
    let trees = [
        Tree::from(array(1)),
        two("a", "A"),
        two("g/\u{e9}", "g/e\u{301}"),
        two("a", ".."),
        two("a", "con"),
        two("x", "b\\c"),
        two("x", "l\nf"),
        two("x", "group./y"),
        two("x", "NPFold"),
        two("x", "NPFold_names.txt/y"),
        two("x", "g.npy/y"),
        broken,
        beside,
        stale,
        noted,
        own,
    ];
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("run");
    for tree in &trees {
        let Err(e) = write(&path, tree) else { panic!("{:?}", tree.names()) };
        assert!(matches!(e.kind(), ErrorKind::Invalid | ErrorKind::Exists), "{e}");
        assert_eq!(e.path(), Some(path.as_path()));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }
    let e = write(&path, &two("g/\u{e9}", "g/e\u{301}")).unwrap_err();
    assert!(e.to_string().contains("in case or Unicode form alone"), "{e}");
    assert_eq!(e.member(), Some("g/e\u{301}"));
}

#[test]
fn what_fails_half_way_leaves_the_old_folder() {
    let dir = made(&[("src/a.npy", ""), ("src/b.npy", "")]);
    let path = dir.path().join("run");
    write(&path, &Tree::new().with("old", array(1)).unwrap()).unwrap();
    let mut tree = crate::open(dir.path().join("src")).unwrap().root().to_tree().unwrap();
    // Shorter than it was when it was described: read from its own file, which is torn by then.
    let torn = dir.path().join("torn.npy");
    npy::write(&torn, &Array::from_vec(vec![1.0f64; 100_000])).unwrap();
    tree.insert("sub/torn", npy::open(&torn).unwrap()).unwrap();
    fs::OpenOptions::new().write(true).open(&torn).unwrap().set_len(300_000).unwrap();
    let e = write(&path, &tree).unwrap_err();
    assert_eq!((e.member(), e.path()), (Some("sub/torn"), Some(path.as_path())), "{e}");
    assert_eq!(listed(&open(&path)), ["a old"]);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 3);
}

#[cfg(feature = "npz")]
#[test]
fn what_cannot_be_read_is_said_of_the_file_that_it_is_in() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("crc.npz");
    crate::npz::write(&path, &Tree::new().with("g/x", array(7)).unwrap()).unwrap();
    let mut bytes = fs::read(&path).unwrap();
    // The last byte of the member, before the directory.
    let end = bytes.windows(4).position(|four| four == b"PK\x01\x02").unwrap();
    bytes[end - 1] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let tree = crate::open(&path).unwrap().root().to_tree().unwrap();
    let tree = Tree::new().with("new", tree.get("g/x").unwrap().clone()).unwrap();
    let e = write(dir.path().join("run"), &tree).unwrap_err();
    assert_eq!((e.member(), e.path()), (Some("g/x"), Some(path.as_path())), "{e}");
}

#[test]
fn lint_names_what_other_readers_stumble_over() {
    let dir = made(&[
        ("NPFold_index.txt", "names.npy\na.npy\na_meta.npy\n$x.npy\nsub\nNPFold.npy\n"),
        ("NPFold_names.txt", ""),
        ("NPFold_meta.txt", ""),
        ("names.npy", ""),
        ("a.npy", ""),
        ("a_meta.npy", ""),
        ("a_meta.txt", "k:v\n"),
        ("$x.npy", ""),
        ("NPFold.npy", ""),
        ("sub/x.npy", ""),
    ]);
    npy::write(dir.path().join("a.npy"), &Array::from_vec(vec![true])).unwrap();
    let told = remarks(&open(dir.path())).join("\n");
    for what in [
        "'names' hides",
        "'a_meta': for fold.py also",
        "'$x': NP.hh",
        "'sub' has no index",
        "'NPFold': its text files",
        "'NPFold_meta.txt' is empty",
        "NP.hh does not read 1 arrays: 'a'",
    ] {
        assert!(told.contains(what), "{what}: {told}");
    }
    assert_eq!(told.lines().count(), 7, "{told}");
    // Texts that are no text.
    fs::write(dir.path().join("a_meta.txt"), b"k:\xff\n").unwrap();
    let told = remarks(&open(dir.path())).join("\n");
    assert!(told.contains("error: a_meta.txt: at byte 2: expected text in UTF-8"), "{told}");
}
