//! Files made to hurt: each is refused, on every road, and nothing panics.

use super::support;
use npstow::{Limits, MemorySource, Selection, npy};
use std::sync::Arc;

/// What reading may never do is panic, abort or hang; what it says is up to the file.
fn survive(bytes: &[u8]) {
    let source = Arc::new(MemorySource::new(bytes.to_vec()));
    if let Ok(entry) = npy::open_source(source, &Limits::default()) {
        let _ = entry.read().map(|array| array.to_string());
        let _ = entry.view();
        let _ = entry.read_slice(&Selection::all());
        let _ = entry.read_slice(&"::-1".parse().unwrap());
    }
    let _ = npy::read_from(&mut &bytes[..]);
}

#[test]
fn every_hostile_file_is_refused() {
    let files = support::npy_files("corpus/hostile");
    assert!(files.len() > 20, "only {} hostile files", files.len());
    for path in files {
        let bytes = std::fs::read(&path).unwrap();
        survive(&bytes);
        let e = npy::read(&path).expect_err(&path.display().to_string());
        assert!(e.path() == Some(&*path) && !e.what().is_empty(), "{e}");
        assert!(e.to_string().lines().count() == 1 && e.to_string().len() < 2000, "{e}");
    }
}

#[test]
fn no_change_of_a_byte_panics() {
    let arrays = ["<f4", "[('a', '<i2'), ('b', '|S3', (2,))]", "<M8[25s]"];
    for descr in arrays {
        let array = support::counted(descr, &[2, 3], npstow::MemoryOrder::F);
        let bytes = npy::to_bytes(&array, &npy::WriteOptions::default()).unwrap();
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            for byte in [0, 9, 10, b'(', b'\'', b'9', b'-', 0x7f, 0xff, changed[at] ^ 1] {
                changed[at] = byte;
                survive(&changed);
            }
        }
    }
}
