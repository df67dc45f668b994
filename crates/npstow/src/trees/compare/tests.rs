//! What is told of two trees, from names to the last bit of a value.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used)]

use super::*;
use crate::{Array, Buffer, Data, ErrorKind, Limits, MemoryOrder, MemorySource, Meta};
use std::sync::Arc;

fn told(left: &Tree, right: &Tree, options: &CompareOptions) -> Vec<String> {
    let report = compare(left, right, options).unwrap();
    assert!(report.unread().is_empty(), "{report:?}");
    assert_eq!(report.is_same(), report.differences().is_empty());
    report.differences().iter().map(|d| format!("{}: {d}", d.name)).collect()
}

/// The one difference of two arrays.
fn between(left: &Array, right: &Array, options: &CompareOptions) -> Option<String> {
    let mut told = told(&left.into(), &right.into(), options);
    assert!(told.len() <= 1, "{told:?}");
    told.pop()
}

fn exactly(left: &Array, right: &Array) -> Option<String> {
    between(left, right, &CompareOptions::default())
}

fn raw(descr: &str, shape: &[usize], bytes: &[u8]) -> Array {
    Array::new(descr.parse().unwrap(), shape, MemoryOrder::C, Buffer::copy_of(bytes)).unwrap()
}

#[test]
fn names_and_kinds() {
    let array = |n: u8| Array::from_vec(vec![n]);
    let value = || Item::Value(Entry::try_from(&array(1)).unwrap());
    let mut left = Tree::new();
    let mut right = Tree::new();
    for (path, item) in [
        ("same", array(1).into()),
        ("g/gone", array(1).into()),
        ("lost/a", array(1).into()),
        ("lost/b", array(1).into()),
        ("kind", array(1).into()),
        ("value", value()),
        ("deep/x", array(2).into()),
    ] {
        left.insert(path, item).unwrap();
    }
    for (path, item) in [
        ("new/a/b", array(1).into()),
        ("deep/x", array(3).into()),
        ("same", array(1).into()),
        ("g/added", value()),
        ("kind/of", array(1).into()),
        ("value", array(1).into()),
    ] {
        right.insert(path, item).unwrap();
    }
    assert_eq!(
        told(&left, &right, &CompareOptions::default()),
        [
            "g/gone: only on the left: an array",
            "lost: only on the left: a group",
            "kind: an array and a group",
            "value: a value and an array",
            "deep/x: 1 of 1 values differ, first at (0,): 2 and 3; largest difference 1 at (0,), \
             largest relative 0.3333333333333333",
            "new: only on the right: a group",
            "g/added: only on the right: a value",
        ]
    );
    let report = compare(&left, &left, &CompareOptions::default()).unwrap();
    assert_eq!((report.is_same(), report.compared()), (true, 7));
}

#[test]
fn shapes_and_dtypes() {
    let a = Array::from_vec(vec![1i32, 2, 3, 4]);
    let text = exactly(&a, &a.reshape(&[2, 2]).unwrap());
    assert_eq!(text.unwrap(), ": shape (4,) and (2, 2)");
    // How it is stored is no difference.
    let whole = Array::from_vec((0..12).map(f64::from).collect()).reshape(&[3, 4]).unwrap();
    for other in [
        whole.to_order(Order::Big).unwrap(),
        whole.to_contiguous(MemoryOrder::F).unwrap(),
        whole
            .select(&"::-1, ::-1".parse().unwrap())
            .unwrap()
            .select(&"::-1, ::-1".parse().unwrap())
            .unwrap(),
    ] {
        assert_eq!(exactly(&whole, &other), None);
    }
    let double = Array::from_vec(vec![1f64, 2.0, 3.5, 4.0]);
    let told = told(&a.clone().into(), &double.into(), &CompareOptions::default());
    assert_eq!(told[0], ": dtype <i4 and <f8");
    assert!(told[1].starts_with(": 1 of 4 values differ, first at (2,): 3 and 3.5; "), "{told:?}");
    let strings = Array::from_strings(&["a", "b", "c", "d"]).unwrap();
    assert_eq!(exactly(&a, &strings).unwrap(), ": dtype <i4 and <U1");
}

#[test]
fn tolerances_and_nan() {
    let nan = f32::NAN;
    let a = Array::from_vec(vec![1f32, nan, f32::INFINITY, 4.0, 0.0]).reshape(&[5, 1]).unwrap();
    let b = Array::from_vec(vec![1.5f32, nan, f32::INFINITY, 4.25, -0.0]).reshape(&[5, 1]).unwrap();
    let options = CompareOptions::default();
    assert_eq!(
        exactly(&a, &b).unwrap(),
        ": 3 of 5 values differ, first at (0, 0): 1.0 and 1.5; largest difference 0.5 at (0, 0), \
         largest relative 0.3333333333333333"
    );
    assert_eq!(between(&a, &b, &options.atol(0.5).equal_nan(true)), None);
    let text = between(&a, &b, &options.rtol(0.1).equal_nan(true)).unwrap();
    assert!(text.starts_with(": 1 of 5 values differ, first at (0, 0)"), "{text}");
    // The same bytes, but NaN is no equal of itself.
    assert_eq!(exactly(&a, &a).unwrap(), ": 1 of 5 values differ, first at (1, 0): nan and nan");
    assert_eq!(between(&a, &a, &options.equal_nan(true)), None);
    for wrong in [options.rtol(-1.0), options.atol(f64::NAN)] {
        let e = compare(&Tree::new(), &Tree::new(), &wrong).unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Invalid);
    }
}

#[test]
fn every_kind_is_compared_by_its_value() {
    let one = |descr: &str, left: &[u8], right: &[u8]| {
        exactly(&raw(descr, &[], left), &raw(descr, &[], right))
    };
    let differ = |what: &str| Some(format!(": 1 of 1 values differ, first at (): {what}"));
    assert_eq!(one("S3", b"ab\0", b"abc"), differ("np.bytes_(b'ab') and np.bytes_(b'abc')"));
    assert_eq!(one("V2", &[1, 0], &[1, 1]), differ("b'\\x01\\x00' and b'\\x01\\x01'"));
    assert_eq!(one("V2", &[1, 0], &[1, 0]), None);
    let days = |n: i64| n.to_le_bytes();
    assert_eq!(one("<M8[D]", &days(0), &days(1)), differ("1970-01-01 and 1970-01-02"));
    assert_eq!(one("<m8[s]", &days(i64::MIN), &days(i64::MIN)), differ("NaT and NaT"));
    let nat = raw("<m8[s]", &[], &days(i64::MIN));
    assert_eq!(between(&nat, &nat, &CompareOptions::default().equal_nan(true)), None);
    assert_eq!(
        one("|b1", &[0], &[1]).unwrap().split(';').next(),
        differ("False and True").as_deref()
    );
    // Strings of other widths are the same string.
    let (short, long) = (raw("S2", &[], b"ab"), raw("S4", &[], b"ab\0\0"));
    assert_eq!(exactly(&short, &long).unwrap(), ": dtype |S2 and |S4");
    // Padding of a long double means nothing.
    let long = |last: u8| {
        let mut bytes = [0u8; 16];
        (bytes[7], bytes[8], bytes[9], bytes[15]) = (0x80, 0xff, 0x3f, last);
        raw("<f16", &[], &bytes)
    };
    assert_eq!(exactly(&long(0), &long(7)), None);
}

#[test]
fn records_tell_their_field() {
    let descr = "[('a', 'u1'), ('in', [('x', '<f4'), ('y', '<i2', (2,))])]";
    let bytes = |a: u8, x: f32, y: [i16; 2]| {
        let y = y.map(i16::to_le_bytes).concat();
        [&[a][..], &x.to_le_bytes(), &y].concat()
    };
    let left = raw(descr, &[2], &[bytes(1, 0.5, [1, 2]), bytes(3, 0.5, [4, 5])].concat());
    let right = raw(descr, &[2], &[bytes(1, 0.5, [1, 2]), bytes(3, 0.5, [4, 9])].concat());
    assert_eq!(
        exactly(&left, &right).unwrap(),
        ": 1 of 2 values differ, first at (1,) in the field 'in.y': (3, (0.5, [4, 5])) and \
         (3, (0.5, [4, 9])); largest difference 4 at (1,), largest relative 0.4444444444444444"
    );
    // Another layout of the same fields, with bytes between them that mean nothing.
    let padded = "[('a', 'u1'), ('', 'V3'), ('b', '<i4')]";
    let (a, b) = (
        raw(padded, &[1], &[1, 9, 9, 9, 2, 0, 0, 0]),
        raw(padded, &[1], &[1, 0, 0, 0, 2, 0, 0, 0]),
    );
    assert_eq!(exactly(&a, &b), None);
    let packed = raw("[('a', 'u1'), ('b', '>i4')]", &[1], &[1, 0, 0, 0, 2]);
    let told = told(&a.into(), &packed.into(), &CompareOptions::default());
    assert_eq!(told.len(), 1);
    assert!(told[0].starts_with(": dtype "), "{told:?}");
}

#[test]
fn large_arrays_are_compared_across_bands() {
    let values: Vec<u16> = (0..6_000_000u32).map(|n| u16::try_from(n % 60_000).unwrap()).collect();
    let left = Array::from_vec(values.clone()).reshape(&[6000, 1000]).unwrap();
    let wide: Vec<u64> = values.iter().map(|&n| n.into()).collect();
    let right = Array::from_vec(wide.clone()).reshape(&[6000, 1000]).unwrap();
    let same = told(&left.clone().into(), &right.into(), &CompareOptions::default());
    assert_eq!(same, [": dtype <u2 and <u8"]);
    let mut other = values;
    other[5_999_999] += 7;
    other[4_500_001] += 1;
    let right = Array::from_vec(other).reshape(&[6000, 1000]).unwrap();
    let right = right.to_contiguous(MemoryOrder::F).unwrap();
    let text = exactly(&left, &right).unwrap();
    assert!(
        text.starts_with(": 2 of 6000000 values differ, first at (4500, 1): 1 and 2;"),
        "{text}"
    );
    assert!(text.contains("largest difference 7 at (5999, 999)"), "{text}");
}

#[test]
fn notes_are_compared_unless_not_wanted() {
    let tree = |meta: &str, names: &[&str], labels: &[&str]| {
        let mut tree = Tree::new().with("g/x", Array::from_vec(vec![1u8])).unwrap();
        let owned = |list: &[&str]| list.iter().map(|&s| s.to_owned()).collect();
        let notes =
            Notes { meta: Meta::from_text(meta), names: owned(names), labels: owned(labels) };
        for path in ["", "g", "g/x"] {
            tree.set_notes(path, notes.clone()).unwrap();
        }
        tree
    };
    let left = tree("a:1\nb:2\nfree\n", &["x"], &["l"]);
    let right = tree("b:3\nfree\nc:4", &["x", "y"], &["m"]);
    let all = told(&left, &right, &CompareOptions::default());
    for (at, path) in ["", "g", "g/x"].iter().enumerate() {
        let expected = [
            "metadata 'a': '1' and none",
            "metadata 'b': '2' and '3'",
            "metadata 'c': none and '4'",
            "name 1: none and 'y'",
            "label 0: 'l' and 'm'",
        ];
        let expected = expected.map(|text| format!("{path}: {text}"));
        assert_eq!(all[at * 5..(at + 1) * 5], expected);
    }
    assert!(told(&left, &right, &CompareOptions::default().notes(false)).is_empty());
    let other = tree("b:2\na:1\nfree\n", &["x"], &["l"]);
    let text = ": metadata: other lines, or another order";
    assert_eq!(told(&left, &other, &CompareOptions::default())[0], text);
    let ended = tree("a:1\nb:2\nfree", &["x"], &["l"]);
    assert!(told(&left, &ended, &CompareOptions::default()).is_empty());
    // Of one array without a name they are told once.
    let alone = |meta: &str| {
        let mut tree = Tree::from(Array::from_vec(vec![1u8]));
        let notes = Notes { meta: Meta::from_text(meta), ..Notes::default() };
        tree.set_notes("", notes).unwrap();
        tree
    };
    let told = told(&alone("k:1\n"), &alone("k:2\n"), &CompareOptions::default());
    assert_eq!(told, [": metadata 'k': '1' and '2'"]);
}

#[test]
fn what_cannot_be_read_does_not_stop_the_rest() {
    let entry = |descr: &str, data: Data| {
        let source = Arc::new(MemorySource::new(vec![0; 4]));
        let (dtype, limits) = (descr.parse().unwrap(), Arc::new(Limits::default()));
        Entry::new(source, dtype, &[1], MemoryOrder::C, data, limits).unwrap()
    };
    let tree = |last: u8| {
        Tree::new()
            .with("object", entry("O", Data::Objects { offset: 0 }))
            .and_then(|tree| tree.with("torn", entry("<f8", Data::Raw { offset: 0 })))
            .and_then(|tree| tree.with("x", Array::from_vec(vec![last])))
            .unwrap()
    };
    let report = compare(&tree(1), &tree(2), &CompareOptions::default()).unwrap();
    assert_eq!(report.differences().len(), 1);
    let told: Vec<String> = report.unread().iter().map(Error::to_string).collect();
    assert_eq!(told.len(), 2);
    assert!(told[0].starts_with("object: at byte 0: not supported: the payload"), "{told:?}");
    assert!(told[1].starts_with("torn: at byte 0: expected 8 bytes of data"), "{told:?}");
    let same = compare(&tree(1), &tree(1), &CompareOptions::default()).unwrap();
    assert!(!same.is_same() && same.differences().is_empty());
}
