//! Any file: repaired, it reads; appended to, it has the rows of before and the new one.
#![no_main]
#![forbid(unsafe_code)]

use libfuzzer_sys::fuzz_target;
use npstow::{Durability, MemoryOrder, npy};
use std::path::PathBuf;

fuzz_target!(|bytes: &[u8]| {
    let path = PathBuf::from(format!("/dev/shm/npstow-fuzz-{}.npy", std::process::id()));
    std::fs::write(&path, bytes).expect("there is room");
    let before = npy::read(&path).ok();
    let told = npy::diagnose(&path).ok();
    let done = npy::repair(&path).ok();
    assert!(told.is_none_or(|told| done == Some(told) || npy::diagnose(&path).is_ok()));
    if done.is_some() {
        let after = npy::read(&path).expect("a repaired file is read");
        assert!(npy::diagnose(&path).expect("it is told").is_clean());
        if let Some(before) = &before {
            assert_eq!((before.dtype(), before.shape()), (after.dtype(), after.shape()));
            assert_eq!(before.bytes(), after.bytes());
        }
        append(&path, &after);
    } else {
        assert_eq!(std::fs::read(&path).expect("it is there"), bytes, "refused, yet changed");
    }
});

fn append(path: &PathBuf, old: &npstow::Array) {
    let Ok(mut appender) = npy::Appender::open_with(path, Durability::None) else { return };
    let first: npstow::Selection = "0:1".parse().expect("a selection");
    let row = old.select(&first).expect("it has rows, maybe none");
    if row.nbytes() > 1 << 16 || appender.push(&row).is_err() {
        return;
    }
    let rows = appender.finish().expect("there is room");
    let new = npy::read(path).expect("what was appended to is read");
    assert_eq!(new.shape()[0], rows);
    let part = new.select(&format!(":{}", old.shape()[0]).parse().expect("a selection"));
    let old = old.to_contiguous(MemoryOrder::C).expect("it was read");
    let part = part.expect("they are there").to_contiguous(MemoryOrder::C).expect("it was read");
    assert_eq!(old.bytes_in(MemoryOrder::C), part.bytes_in(MemoryOrder::C));
}
