//! Archives changed in place: what is there afterwards, and after a crash.
#![forbid(unsafe_code)]

use super::super::forge::{self, Forged};
use super::super::locate::{Window, locate};
use super::*;
use crate::{ErrorKind, MemorySource, Tree, npy};

fn array(value: u8, len: usize) -> Array {
    Array::from_vec(vec![value; len])
}

/// Names and the bytes of each member; every local header agrees with the directory.
fn content(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let source = MemorySource::new(bytes.to_vec());
    let directory = Directory::read(&source, &Limits::default()).unwrap();
    let member = |index: usize| {
        let member = &directory.members()[index];
        let located = locate(&source, &directory, index, &mut Window::single()).unwrap();
        let len = usize::try_from(member.packed_len).unwrap();
        let data = source.read(located.data_offset, len).unwrap();
        assert_eq!(crate::codec::crc32(&data), member.crc32);
        assert_eq!(located.data_offset % 64, 0);
        (directory.name(member).to_owned(), data.to_vec())
    };
    (0..directory.members().len()).map(member).collect()
}

fn expected(items: &[(&str, u8, usize)]) -> Vec<(String, Vec<u8>)> {
    let member = |&(name, value, len): &(&str, u8, usize)| {
        let options = npy::WriteOptions::default();
        (format!("{name}.npy"), npy::to_bytes(&array(value, len), &options).unwrap())
    };
    items.iter().map(member).collect()
}

fn archive(path: &Path, items: &[(&str, u8, usize)]) {
    let mut tree = Tree::new();
    for &(name, value, len) in items {
        tree.insert(name, array(value, len)).unwrap();
    }
    super::super::write(path, &tree).unwrap();
}

#[test]
fn members_are_added_replaced_removed_and_renamed() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.npz");
    archive(&path, &[("a", 1, 5), ("g/b", 2, 70_000), ("g/c", 3, 9), ("d", 4, 0)]);
    let before = std::fs::read(&path).unwrap();
    let mut editor = Editor::open(&path).unwrap();
    assert_eq!(Editor::open(&path).unwrap_err().kind(), ErrorKind::Io);
    editor.add("e", &array(5, 300)).unwrap();
    editor.replace("a", &array(6, 7)).unwrap();
    editor.remove("d").unwrap();
    editor.rename("g", "h").unwrap();
    for (name, kind) in [("e", ErrorKind::Invalid), ("x", ErrorKind::NotFound)] {
        assert_eq!(editor.remove(name).unwrap_err().kind(), kind, "{name}");
    }
    assert_eq!(editor.add("h/b", &array(0, 1)).unwrap_err().kind(), ErrorKind::Exists);
    assert_eq!(editor.rename("h/b", "e").unwrap_err().kind(), ErrorKind::Invalid);
    assert_eq!(std::fs::read(&path).unwrap()[..before.len()], before);
    editor.commit().unwrap();
    let wanted = [("e", 5, 300), ("a", 6, 7), ("h/b", 2, 70_000), ("h/c", 3, 9)];
    let after = std::fs::read(&path).unwrap();
    assert_eq!(content(&after), expected(&wanted));
    assert_eq!(after[..before.len()], before);
    // A crash anywhere leaves the old archive.
    for len in before.len()..after.len() {
        let cut = content(&after[..len]);
        assert!(cut.len() == 4 && cut[0].0 == "a.npy" && cut[3].0 == "d.npy", "{len}");
    }
    let gained = compact(&path, Durability::default()).unwrap();
    let compacted = std::fs::read(&path).unwrap();
    assert_eq!((gained.before, gained.after), (after.len() as u64, compacted.len() as u64));
    assert!(gained.after < gained.before);
    assert_eq!(content(&compacted), expected(&wanted));
}

#[test]
fn an_array_and_a_group_of_one_name_are_not_taken_for_one_another() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.npz");
    archive(&path, &[("g/x", 1, 5), ("w", 2, 5)]);
    let mut editor = Editor::open(&path).unwrap();
    assert_eq!(editor.rename("w", "g").unwrap_err().kind(), ErrorKind::Exists);
    editor.rename("w", "g/w").unwrap();
    // As NumPy lets them be.
    editor.add("g", &array(3, 4)).unwrap();
    editor.commit().unwrap();
    let mut editor = Editor::open(&path).unwrap();
    for e in [editor.remove("g").unwrap_err(), editor.rename("g", "h").unwrap_err()] {
        assert_eq!(e.kind(), ErrorKind::Invalid);
        assert!(e.to_string().contains("'g' is a group, and an array, which is called 'g.npy'"));
    }
    editor.replace("g", &array(4, 4)).unwrap();
    editor.commit().unwrap();
    let bytes = std::fs::read(&path).unwrap();
    assert_eq!(content(&bytes), expected(&[("g/x", 1, 5), ("g/w", 2, 5), ("g", 4, 4)]));
    let mut editor = Editor::open(&path).unwrap();
    editor.remove("g.npy").unwrap();
    editor.remove("g").unwrap();
    editor.commit().unwrap();
    assert!(content(&std::fs::read(&path).unwrap()).is_empty());
}

#[test]
fn a_tree_takes_the_place_of_a_name() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.npz");
    archive(&path, &[("x", 1, 5), ("g/y", 2, 6), ("g/z", 3, 7)]);
    let mut editor = Editor::open(&path).unwrap();
    editor.replace_tree("g", &Tree::new().with("g/y", array(4, 4)).unwrap()).unwrap();
    editor.replace_tree("new", &Tree::new().with("new", array(5, 8)).unwrap()).unwrap();
    let taken = Tree::new().with("x", array(6, 8)).unwrap();
    assert_eq!(editor.replace_tree("nothing", &taken).unwrap_err().kind(), ErrorKind::Exists);
    editor.commit().unwrap();
    let bytes = std::fs::read(&path).unwrap();
    assert_eq!(content(&bytes), expected(&[("x", 1, 5), ("g/y", 4, 4), ("new", 5, 8)]));
}

#[test]
fn what_fails_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.npz");
    archive(&path, &[("x", 1, 5), ("g/y", 2, 6), ("g/z", 3, 7)]);
    let mut bytes = std::fs::read(&path).unwrap();
    let at = bytes.windows(5).position(|five| five == [1; 5]).unwrap();
    bytes[at] = 9;
    let damaged = dir.path().join("damaged.npz");
    std::fs::write(&damaged, bytes).unwrap();
    let bad = crate::open(&damaged).unwrap().root().to_tree().unwrap();
    let item = bad.get("x").unwrap();

    let mut editor = Editor::open(&path).unwrap();
    assert_eq!(editor.replace_item("x", item).unwrap_err().kind(), ErrorKind::Corrupt);
    let mut two = Tree::new().with("new", array(4, 4)).unwrap();
    two.insert("bad", item.clone()).unwrap();
    assert!(editor.add_tree(&two).is_err());
    assert!(editor.replace_tree("x", &two).is_err());
    assert!(editor.replace_item("g", &Item::from(two)).is_err());
    // The names are free again, and those of what stays are taken.
    editor.add("new", &array(5, 8)).unwrap();
    assert_eq!(editor.add("x", &array(5, 8)).unwrap_err().kind(), ErrorKind::Exists);
    editor.commit().unwrap();
    let bytes = std::fs::read(&path).unwrap();
    let all = [("x", 1, 5), ("g/y", 2, 6), ("g/z", 3, 7), ("new", 5, 8)];
    assert_eq!(content(&bytes), expected(&all));
    // Nor does it count as a change.
    let mut editor = Editor::open(&path).unwrap();
    assert!(editor.replace_item("x", item).is_err());
    editor.commit().unwrap();
    assert!(std::fs::read(&path).unwrap() == bytes);
}

#[test]
fn a_file_that_has_taken_the_place_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.npz");
    archive(&path, &[("a", 1, 5)]);
    let mut editor = Editor::open(&path).unwrap();
    editor.add("b", &array(2, 5)).unwrap();
    archive(&path, &[("c", 3, 5)]);
    let new = std::fs::read(&path).unwrap();
    assert_eq!(editor.commit().unwrap_err().kind(), ErrorKind::Io);
    assert_eq!(std::fs::read(&path).unwrap(), new);
}

#[test]
fn what_is_not_committed_is_taken_back() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.npz");
    archive(&path, &[("a", 1, 5)]);
    let before = std::fs::read(&path).unwrap();
    let mut editor = Editor::open(&path).unwrap();
    editor.add("b", &array(2, 3 << 20)).unwrap();
    drop(editor);
    assert_eq!(std::fs::read(&path).unwrap(), before);
    // What a crash leaves is taken away by the next change, or by repair.
    let mut torn = before.clone();
    torn.extend_from_slice(b"PK\x03\x04 and some more");
    for mend in [true, false] {
        std::fs::write(&path, &torn).unwrap();
        let found = diagnose(&path).unwrap();
        assert_eq!(found.trimmed, (torn.len() - before.len()) as u64);
        if mend {
            assert_eq!(repair(&path).unwrap(), found);
            assert_eq!(repair(&path).unwrap().trimmed, 0);
        } else {
            drop(Editor::open(&path).unwrap());
        }
        assert_eq!(std::fs::read(&path).unwrap(), before);
    }
    let mut foreign = before;
    foreign.extend_from_slice(b"somebody's own");
    std::fs::write(&path, &foreign).unwrap();
    assert_eq!(repair(&path).unwrap_err().kind(), ErrorKind::Corrupt);
    assert_eq!(std::fs::read(&path).unwrap(), foreign);
}

#[test]
fn nothing_is_cut_off_in_which_members_are() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.npz");
    archive(&path, &[("a", 1, 5)]);
    let whole = std::fs::read(&path).unwrap();
    let inner = forge::archive(&[Forged::array("i", &array(3, 4))]);
    let many = [Forged::array("f", &array(2, 9)), Forged::new("in.npz", &inner)];
    let foreign = forge::archive(&many);
    let torn = &foreign[..foreign.len() - 30];
    let script = b"#!/bin/sh\n";
    let leftover = b"PK\x03\x04 and some more";
    for (bytes, what) in [
        // An archive behind another one that lost its end, and one whose own end is gone.
        (&[&whole[..], torn].concat()[..], "one archive"),
        (&[&whole[..], &torn[..200]].concat(), "the end of the file"),
        (torn, "the directory of the archive that begins the file"),
        // The start is gone as well: the one in a member is all that can be read.
        (&torn[100..], "the end of the file"),
        (&[script, &whole[..], leftover].concat(), "the end of the file"),
    ] {
        std::fs::write(&path, bytes).unwrap();
        let edits: [&dyn Fn() -> Result<()>; 4] = [
            &|| diagnose(&path).map(drop),
            &|| repair(&path).map(drop),
            &|| Editor::open(&path).map(drop),
            &|| compact(&path, Durability::default()).map(drop),
        ];
        for edit in edits {
            let e = edit().unwrap_err();
            assert_eq!(e.kind(), ErrorKind::Corrupt, "{e}");
            assert!(e.what().starts_with(&format!("expected {what}")), "{e}");
            assert!(what == "one archive" || e.what().contains("npstow salvage"), "{e}");
            assert!(std::fs::read(&path).unwrap() == bytes);
        }
    }
}

#[test]
fn notes_go_with_what_they_stand_beside() {
    let notes = |text: &str| Notes {
        meta: crate::Meta::from_text(text),
        names: vec!["one".to_owned(), String::new()],
        labels: vec![text.trim().to_owned()],
    };
    let mut tree = Tree::new().with("g/a", array(1, 2)).unwrap().with("b", array(2, 3)).unwrap();
    for path in ["", "g", "g/a", "b"] {
        tree.set_notes(path, notes(&format!("path:{path}\n"))).unwrap();
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.npz");
    for options in [WriteOptions::default(), WriteOptions::default().compress(1)] {
        super::super::write_with(&path, &tree, &options).unwrap();
        let back = crate::open(&path).unwrap().load().unwrap();
        assert_eq!(back.names(), ["g", "b"]);
        for path in ["", "g", "g/a", "b"] {
            assert_eq!(back.notes(path), tree.notes(path), "{path}");
        }
    }
    let mut editor = Editor::open(&path).unwrap();
    editor.rename("b", "c").unwrap();
    editor.remove("g/a").unwrap();
    editor.add("g/d", &array(3, 1)).unwrap();
    editor.add_item("h", &Item::Group(tree.clone())).unwrap();
    let mut alone = Tree::new().with("i", array(4, 1)).unwrap();
    alone.set_notes("i", notes("alone\n")).unwrap();
    editor.add_tree(&alone).unwrap();
    editor.set_notes("g", &notes("new:1\n")).unwrap();
    editor.set_notes("", &Notes::default()).unwrap();
    assert_eq!(editor.set_notes("x", &notes("")).unwrap_err().kind(), ErrorKind::NotFound);
    editor.commit().unwrap();
    let back = crate::open(&path).unwrap().load().unwrap();
    let names: Vec<String> = back.leaves().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["c", "g/d", "h/g/a", "h/b", "i"]);
    for path in ["g", "g/a", "b"] {
        assert_eq!(back.notes(&format!("h/{path}")), tree.notes(path), "{path}");
    }
    assert_eq!((back.notes("h"), back.notes("i")), (tree.notes(""), alone.notes("i")));
    assert_eq!(back.notes("c"), tree.notes("b"));
    assert_eq!(back.notes("g"), Some(&notes("new:1\n")));
    assert!(back.notes("").is_none() && back.notes("g/d").is_none());
}
