//! Joined groups: their rows, their notes, and what is refused.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used)]

use super::*;
use crate::{Array, ErrorKind};

fn rows(values: &[i32]) -> Array {
    Array::from_slice(values)
}

fn notes(meta: &str, names: &[&str], labels: &[&str]) -> Notes {
    let owned = |list: &[&str]| list.iter().map(|&s| s.to_owned()).collect();
    Notes { meta: Meta::from_text(meta), names: owned(names), labels: owned(labels) }
}

fn values(tree: &Tree, path: &str) -> Vec<i32> {
    let Some(Item::Entry(entry)) = tree.get(path) else { panic!("{path}") };
    entry.read().unwrap().to_vec().unwrap()
}

fn joined(groups: &[(&str, &Tree)], notes: NotesPolicy) -> Result<Tree> {
    concat(groups, &ConcatOptions::new(notes))
}

/// Two events with arrays at two levels, and notes everywhere.
fn events() -> (Tree, Tree) {
    let event = |first: i32, n: i32| {
        let values: Vec<i32> = (first..first + n).collect();
        let mut tree = Tree::new()
            .with("hit", rows(&values))
            .and_then(|tree| tree.with("deep/hit", rows(&values[1..])))
            .and_then(|tree| tree.with("empty", Tree::new()))
            .unwrap();
        let names: Vec<String> = values.iter().map(|n| format!("row{n}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        tree.set_notes("", notes(&format!("run:7\nevent:{first}\n"), &["a"], &[])).unwrap();
        tree.set_notes("hit", notes("unit:mm\n", &names, &["x"])).unwrap();
        tree.set_notes("deep", notes("free line\n", &[], &[])).unwrap();
        tree
    };
    (event(0, 3), event(10, 2))
}

#[test]
fn rows_follow_one_another() {
    let (first, second) = events();
    let all = joined(&[("A", &first), ("B", &second)], NotesPolicy::Drop).unwrap();
    assert_eq!(all.names(), ["hit", "deep", "empty"]);
    assert_eq!(values(&all, "hit"), [0, 1, 2, 10, 11]);
    assert_eq!(values(&all, "deep/hit"), [1, 2, 11]);
    for path in ["", "hit", "deep", "deep/hit"] {
        assert!(all.notes(path).is_none());
    }
    // Arrays alone, as files of one array have them.
    let (a, b) = (Tree::from(rows(&[1])), Tree::from(rows(&[2, 3])));
    let all = joined(&[("a.npy", &a), ("b.npy", &b)], NotesPolicy::First).unwrap();
    assert_eq!((all.names(), values(&all, "")), (vec![""], vec![1, 2, 3]));
    assert_eq!(joined(&[], NotesPolicy::Drop).unwrap_err().kind(), ErrorKind::Invalid);
}

#[test]
fn notes_are_kept_as_the_policy_says() {
    let (first, second) = events();
    let groups = [("A", &first), ("B", &second)];
    let all = joined(&groups, NotesPolicy::First).unwrap();
    assert_eq!(all.notes("").unwrap(), first.notes("").unwrap());
    assert_eq!(all.notes("deep").unwrap().meta.as_str(), "free line\n");
    // Names of rows go with their rows.
    let names = ["row0", "row1", "row2", "row10", "row11"];
    assert_eq!(*all.notes("hit").unwrap(), notes("unit:mm\n", &names, &["x"]));

    let all = joined(&groups, NotesPolicy::Join).unwrap();
    assert_eq!(*all.notes("").unwrap(), notes("run:7\nevent:0\nevent:10\n", &["a"], &[]));
    assert_eq!(*all.notes("hit").unwrap(), notes("unit:mm\n", &names, &["x"]));
}

#[test]
fn notes_that_must_agree_are_held_to_it() {
    let list = |names: &[&str], labels: &[&str]| {
        let mut tree = Tree::new().with("mt", Array::from_vec(Vec::<i32>::new())).unwrap();
        tree.set_notes("mt", notes("", names, labels)).unwrap();
        tree
    };
    let (air, water, none) = (list(&["Air"], &[]), list(&["Water"], &[]), list(&[], &["x"]));
    let both = |second: &Tree, policy| joined(&[("A", &air), ("B", second)], policy);
    let names = |tree: Tree| tree.notes("mt").unwrap().names.clone();
    assert_eq!(names(both(&water, NotesPolicy::First).unwrap()), ["Air"]);
    assert_eq!(names(both(&air, NotesPolicy::Join).unwrap()), ["Air"]);
    let mixed = both(&none, NotesPolicy::Join).unwrap();
    assert_eq!(*mixed.notes("mt").unwrap(), notes("", &["Air"], &["x"]));
    let e = both(&water, NotesPolicy::Join).unwrap_err();
    let text = r#"B/mt: expected the names of the other groups, ["Air"], found ["Water"]"#;
    assert_eq!((e.kind(), e.to_string().as_str()), (ErrorKind::Mismatch, text));
}

#[test]
fn groups_must_be_alike() {
    let one = |path: &str, item: Item| Tree::new().with(path, item).unwrap();
    let first = one("hit", rows(&[1]).into());
    let refused = |second: &Tree| {
        joined(&[("A000", &first), ("A001", second)], NotesPolicy::Drop).unwrap_err().to_string()
    };
    let floats = Array::from_vec(vec![1f32]);
    let text = "A001/hit: expected dtype <i4, found dtype <f4";
    assert_eq!(refused(&one("hit", floats.into())), text);
    let wide = rows(&[1, 2]).reshape(&[1, 2]).unwrap();
    let text = "A001/hit: expected rows of shape [], found rows of shape [2]";
    assert_eq!(refused(&one("hit", wide.into())), text);
    let text = "A001: expected the array 'hit', which 'A000' has, found none";
    assert_eq!(refused(&Tree::new()), text);
    let more = first.clone().with("photon", rows(&[2])).unwrap();
    let text = "A000: expected the array 'photon', which 'A001' has, found none";
    assert_eq!(refused(&more), text);
    let alone = Tree::from(rows(&[1]));
    let e = joined(&[("a.npy", &alone), ("A001", &first)], NotesPolicy::Drop).unwrap_err();
    assert_eq!(e.to_string(), "A001: expected one array, as 'a.npy' is, found a group");
    let value = Item::Value(Entry::try_from(&Array::from_vec(vec![1u8])).unwrap());
    let text = "A001/hit: not supported: joining bytes that are no array";
    assert_eq!(refused(&one("hit", value)), text);
    let text = "A001/hit: expected an array, as in another group, found a group";
    assert_eq!(refused(&one("hit", Tree::new().into())), text);
}

#[test]
fn what_is_missing_may_be_skipped() {
    let tree = |hit: Option<&[i32]>| {
        let tree = Tree::new().with("photon", rows(&[9])).unwrap();
        hit.map_or_else(|| Ok(tree.clone()), |hit| tree.clone().with("hit", rows(hit))).unwrap()
    };
    let (a, b, c) = (tree(None), tree(Some(&[1, 2])), tree(Some(&[3])));
    let options = ConcatOptions::new(NotesPolicy::Join).missing(Missing::Skip);
    let all = concat(&[("a", &a), ("b", &b), ("c", &c)], &options).unwrap();
    assert_eq!((values(&all, "hit"), values(&all, "photon")), (vec![1, 2, 3], vec![9, 9, 9]));
}

#[test]
fn attributes_that_are_no_text_are_kept_refused_or_dropped() {
    use crate::tree::{Attached, Lost};
    let run = Entry::try_from(&Array::from_vec(vec![1u8])).unwrap();
    let all = vec![("run".to_owned(), run)];
    let lost = Lost { why: "a number".to_owned(), notes: Notes::default(), others: all.clone() };
    let mut with = Tree::new().with("hit", rows(&[1])).unwrap();
    let attached = Attached {
        all,
        lost: Some(lost),
        #[cfg(feature = "hdf5")]
        place: None,
    };
    with.set_attached("hit", attached).unwrap();
    let without = Tree::new().with("hit", rows(&[2])).unwrap();
    let groups = [("a", &with), ("b", &without)];
    let names = |tree: &Tree| tree.attached("hit").map(|attached| attached.all[0].0.clone());
    let first = joined(&groups, NotesPolicy::First).unwrap();
    assert_eq!(names(&first).as_deref(), Some("run"));
    assert_eq!(values(&first, "hit"), [1, 2]);
    let second = joined(&[groups[1], groups[0]], NotesPolicy::First).unwrap();
    assert_eq!(names(&second), None);
    assert_eq!(names(&joined(&groups, NotesPolicy::Drop).unwrap()), None);
    let e = joined(&groups, NotesPolicy::Join).unwrap_err();
    assert!(e.to_string().contains("hit: not supported: joining attributes"), "{e}");
}

#[cfg(feature = "pickle")]
#[test]
fn objects_are_not_joined_and_that_is_said() {
    // numpy.array([None, 'two'], dtype=object)
    let bytes = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR\
        (I1\n(I2\ntcnumpy\ndtype\n(S'O8'\ntRI00\n(lNaS'two'\natb.";
    let value = crate::pickle::from_bytes(bytes.to_vec(), &Default::default()).unwrap();
    let tree = Tree::new().with("x", Entry::try_from(&value).unwrap()).unwrap();
    let e = joined(&[("a", &tree), ("b", &tree)], NotesPolicy::First).unwrap_err();
    assert_eq!((e.kind(), e.member()), (ErrorKind::Unsupported, Some("a/x")));
    assert!(e.to_string().ends_with("not supported: joining arrays of Python objects"), "{e}");
}
