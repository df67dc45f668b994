#![forbid(unsafe_code)]

use crate::hdf5::{Draft, WriteOptions, write_to};
use crate::{Array, Data, Entry, ErrorKind, Item, MemoryOrder, MemorySource, OpenOptions};
use crate::{Result, Tree};
use std::sync::Arc;

/// Made by `corpus/gen_hdf5.py`.
const NESTED: &[u8] = include_bytes!("../../../../../corpus/hdf5/nested.h5");
const FOUR: &[u8] = include_bytes!("../../../../../corpus/hdf5/nested_four.h5");

fn tree(bytes: &[u8], path: &str) -> Result<Tree> {
    let source = Arc::new(MemorySource::new(bytes.to_vec()));
    let file = OpenOptions::default().open_source(source, "x.h5")?;
    let root = file.root();
    if path.is_empty() { root.to_tree() } else { root.get(path)?.to_tree() }
}

fn written(tree: &Tree, options: &WriteOptions) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    write_to(&mut bytes, tree, options)?;
    Ok(bytes)
}

fn forms() -> [WriteOptions; 2] {
    [WriteOptions::default(), WriteOptions::default().latest()]
}

/// What a digest sees of elements.
fn digested(entry: &Entry) -> Result<Vec<u8>> {
    let mut all = Vec::new();
    match entry.data() {
        Data::Varied(varied) => varied.each_digested(&mut |bytes| all.extend(bytes))?,
        _ => {
            for piece in entry.pieces(MemoryOrder::C)? {
                all.extend(piece?.bytes_in(MemoryOrder::C).unwrap_or_default());
            }
        }
    }
    Ok(all)
}

/// What a digest sees of everything in a tree.
fn told(tree: &Tree) -> Result<Vec<(String, Vec<u8>)>> {
    let mut found = Vec::new();
    for path in
        ["", "a"].map(str::to_owned).into_iter().chain(tree.leaves().into_iter().map(|one| one.0))
    {
        if let Some(Item::Entry(entry)) = tree.get(&path) {
            found.push((path.clone(), digested(entry)?));
        }
        for (name, entry) in tree.attached(&path).iter().flat_map(|attached| &attached.all) {
            found.push((format!("{path}@{name}"), digested(entry)?));
        }
    }
    Ok(found)
}

#[test]
fn written_again_they_are_the_same() {
    let (nested, mut four) = (tree(NESTED, "").unwrap(), tree(FOUR, "").unwrap());
    for form in forms() {
        let e = written(&four, &form).unwrap_err();
        assert_eq!((e.member(), e.kind()), (Some("records"), ErrorKind::Unsupported));
        assert!(e.to_string().contains("addresses that are not of 8 bytes"), "{e}");
    }
    four.remove("records");
    for from in [nested, four] {
        let want = told(&from).unwrap();
        assert!(want.len() >= 8 && want.iter().all(|(_, bytes)| !bytes.is_empty()));
        for form in forms() {
            let again = tree(&written(&from, &form).unwrap(), "").unwrap();
            assert_eq!(told(&again).unwrap(), want);
            let third = tree(&written(&again, &WriteOptions::default()).unwrap(), "").unwrap();
            assert_eq!(told(&third).unwrap(), want);
        }
    }
}

#[test]
fn references_lead_to_what_is_written_and_to_nothing_else() {
    let say = |tree: &Tree| written(tree, &WriteOptions::default()).unwrap_err().to_string();
    let mut from = tree(NESTED, "").unwrap();
    let x = from.remove("a/x").unwrap();
    assert!(say(&from).contains("a@part: not supported: a reference to '/a/x', which is not in"));
    // Under another name it is the same dataset.
    from.insert("b", x).unwrap();
    let again = tree(&written(&from, &WriteOptions::default()).unwrap(), "").unwrap();
    let told = told(&again).unwrap();
    let part = told.iter().find(|(name, _)| name == "a@part").unwrap();
    assert!(part.1.ends_with(b"/b|2|[[0, 1], [0, 2]]"), "{told:?}");
    // Another array under the old name is not.
    from.remove("b");
    from.insert("a/x", Array::from_vec(vec![1i16, 2])).unwrap();
    assert!(say(&from).contains("a reference to '/a/x'"));
    // Part of a file, and the same file opened twice.
    let (one, two) = (tree(NESTED, "lists").unwrap(), tree(NESTED, "a").unwrap());
    assert!(say(&one).contains("a reference to '/a/x'"));
    let Some(Item::Entry(lists)) = one.get("") else { panic!() };
    let both = Tree::new().with("a", Item::Group(two)).unwrap().with("lists", lists.clone());
    assert!(say(&both.unwrap()).contains("a reference to '/a/x'"));
}

#[test]
fn arrays_in_memory_are_still_what_they_were() {
    let source = Arc::new(MemorySource::new(NESTED.to_vec()));
    let file = OpenOptions::default().open_source(source, "x.h5").unwrap();
    let loaded = file.root().get("a").unwrap().load().unwrap();
    assert!(matches!(loaded.get("x"), Some(Item::Array(_))));
    for form in forms() {
        let again = tree(&written(&loaded, &form).unwrap(), "").unwrap();
        let told = told(&again).unwrap();
        let of = |name: &str| told.iter().find(|one| one.0 == name).unwrap().1.clone();
        assert!(of("x@to").ends_with(b"/x") && of("@part").ends_with(b"/x|2|[[0, 1], [0, 2]]"));
    }
    // A region of other elements would be another one.
    let row = loaded.map(&mut |item| match item {
        Item::Array(array) => array.select(&"0".parse()?).map(Item::Array),
        other => Ok(other),
    });
    let e = written(&row.unwrap(), &WriteOptions::default()).unwrap_err();
    assert!(e.to_string().contains("a reference to '/a/x'"), "{e}");
}

#[test]
fn a_draft_takes_references_too() {
    let from = tree(NESTED, "").unwrap();
    let Some(Item::Entry(lists)) = from.get("lists") else { panic!() };
    let (lists, mut bytes) = (lists.clone(), Vec::new());
    let draft = Draft::new(from).attribute("none", "lists", lists).unwrap();
    draft.write_to(&mut bytes, &WriteOptions::default()).unwrap();
    let told = told(&tree(&bytes, "").unwrap()).unwrap();
    let of = |name: &str| &told.iter().find(|one| one.0 == name).unwrap().1;
    assert_eq!(of("none@lists"), of("lists"));
}

/// Writes a file again; what is written can be read wherever the file can.
fn again(bytes: &[u8]) -> Result<()> {
    let from = tree(bytes, "")?;
    for form in forms() {
        let written = written(&from, &form)?;
        let want = told(&from)?;
        assert_eq!(told(&tree(&written, "")?)?, want);
    }
    Ok(())
}

#[test]
fn cut_anywhere_it_is_an_error() {
    assert!(again(NESTED).is_ok());
    for len in (0..NESTED.len() - 1).step_by(29) {
        assert!(again(&NESTED[..len]).is_err(), "{len}");
    }
}

#[test]
fn damaged_anywhere_it_ends() {
    for at in (0..NESTED.len()).step_by(11) {
        for change in [1, 0x80] {
            let mut bytes = NESTED.to_vec();
            bytes[at] ^= change;
            let _ = again(&bytes);
        }
    }
}

#[test]
fn what_cannot_be_read_is_said_of_the_file_that_it_is_in() {
    let texts = tree(FOUR, "").unwrap();
    let texts = texts.leaves().into_iter().find_map(|(path, _)| match texts.get(&path) {
        Some(Item::Entry(entry)) if matches!(entry.data(), Data::Varied(_)) => Some(entry.clone()),
        _ => None,
    });
    let plain = Tree::new().with("old", texts.unwrap()).unwrap();
    let mut bytes = written(&plain, &WriteOptions::default()).unwrap();
    let heap = bytes.windows(4).position(|four| four == b"GCOL").unwrap();
    bytes[heap] = b'X';
    let Some(Item::Entry(damaged)) = tree(&bytes, "").unwrap().get("old").cloned() else {
        panic!("no array");
    };
    let said = |e: crate::Error| {
        assert_eq!(e.kind(), ErrorKind::Corrupt, "{e}");
        let path = e.path().map(|path| path.to_string_lossy().into_owned());
        (path.unwrap_or_default(), e.member().unwrap_or_default().to_owned())
    };
    let expected = ("x.h5".to_owned(), "old".to_owned());
    let Data::Varied(varied) = damaged.data() else { panic!("{damaged:?}") };
    let each = (0..damaged.shape().iter().product()).find_map(|at| varied.item(at).err());
    assert_eq!(said(each.unwrap()), expected);
    assert_eq!(said(varied.each_digested(&mut |_| {}).unwrap_err()), expected);
    let dir = tempfile::tempdir().unwrap();
    let new = Tree::new().with("new", damaged.clone()).unwrap();
    let e = crate::hdf5::write(dir.path().join("y.h5"), &new).unwrap_err();
    assert_eq!(said(e), expected);
    let draft = Draft::new(Tree::new()).attribute("", "t", damaged).unwrap();
    let e = draft.write(dir.path().join("z.h5"), &WriteOptions::default()).unwrap_err();
    assert_eq!(said(e), expected);
}
