//! Databases that gdbm and `SQLite` wrote, whole and damaged.
#![forbid(unsafe_code)]

use crate::{File, MemorySource, OpenOptions, Result};
use std::sync::Arc;

const FILES: &[(&str, usize, &[u8])] = &[
    ("gdbm", 30, include_bytes!("../../../../corpus/shelve/small.gdbm")),
    ("sqlite", 44, include_bytes!("../../../../corpus/shelve/small.sqlite")),
];

fn open(bytes: &[u8]) -> Result<File> {
    OpenOptions::default().open_source(Arc::new(MemorySource::new(bytes.to_vec())), "shelf")
}

/// Every name with its value, where all can be read.
fn content(bytes: &[u8]) -> Option<Vec<(String, String)>> {
    let leaves = open(bytes).ok()?.leaves().ok()?;
    let one = |node: &crate::Node| Some((node.name().to_owned(), node.value().ok()?.to_string()));
    leaves.iter().map(one).collect()
}

#[test]
fn keys_have_their_values() {
    for (name, count, bytes) in FILES {
        let file = open(bytes).unwrap();
        assert_eq!(file.format().name(), "shelve");
        assert_eq!(content(bytes).unwrap().len(), *count, "{name}");
        let of = |path: &str| file.get(path).unwrap().value().unwrap().to_string();
        assert_eq!(
            (of("a"), of("list"), of("é")),
            ("1".into(), "[1, 'two', 3.0]".into(), "b'abc'".into())
        );
        assert_eq!(of("n5"), "[0, 1, 2, 3, 4]");
        let all = file.root().value().unwrap();
        assert_eq!((all.len(), all.get("a").unwrap().as_int()), (Some(*count), Some(1)), "{name}");
        assert!(file.get("none").is_err() && file.get("a/b").is_err());
    }
    let gdbm = open(FILES[0].2).unwrap();
    assert_eq!(gdbm.get("group/x").unwrap().value().unwrap().to_string(), "{'k': (1, 2)}");
    assert_eq!(gdbm.get("n1").unwrap().value().unwrap().as_str(), Some("changed"));
    assert!(gdbm.get("n3").is_err());
    let sqlite = open(FILES[1].2).unwrap();
    assert_eq!(sqlite.get("long").unwrap().value().unwrap().as_str().unwrap().len(), 2000);
}

#[test]
fn damage_is_told_or_does_nothing() {
    for (name, _, bytes) in FILES {
        let whole = content(bytes).unwrap();
        for len in (0..bytes.len()).step_by(7) {
            // Room that nothing is in may be missing.
            let found = content(&bytes[..len]);
            assert!(found.is_none_or(|found| found == whole), "{name} cut at {len}");
        }
        for at in (0..bytes.len()).step_by(3) {
            let mut changed = bytes.to_vec();
            changed[at] ^= 0xff;
            let _ = content(&changed);
        }
    }
}

#[test]
fn pages_that_lead_back_have_an_end() {
    let (_, _, sqlite) = FILES[1];
    // The table's root: a page of pages, of which each leads to itself then.
    let root = (1..sqlite.len() / 512).find(|page| sqlite[page * 512] == 5).unwrap();
    let mut changed = sqlite.to_vec();
    let number = u32::try_from(root + 1).unwrap().to_be_bytes();
    changed[root * 512 + 8..root * 512 + 12].copy_from_slice(&number);
    let e = open(&changed).unwrap_err();
    assert!(e.to_string().contains("a page met twice"), "{e}");
    let other = [&b"SQLite format 3\0\x02\0"[..], &[0; 500]].concat();
    assert!(open(&other).is_err());
}

#[test]
fn buckets_that_are_too_many_are_refused() {
    let (_, _, gdbm) = FILES[0];
    let mut changed = gdbm.to_vec();
    // A directory as long as the file, of all kinds of offsets.
    let len = u32::try_from(gdbm.len() / 8 * 8).unwrap();
    changed[8..16].copy_from_slice(&0u64.to_le_bytes());
    changed[16..20].copy_from_slice(&len.to_le_bytes());
    assert!(open(&changed).is_err());
    let mut big = gdbm.to_vec();
    big[..4].reverse();
    assert!(open(&big).is_err(), "numbers in another byte order");
}
