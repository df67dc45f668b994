//! What files of a folder may hold: any index, any text beside an array, any message.
//!
//! The first byte says which file the rest is of. What opens can be listed, read and written
//! again, and reads the same then.
#![no_main]
#![forbid(unsafe_code)]

use libfuzzer_sys::fuzz_target;
use npstow::folder::{self, Profile, WriteOptions, transport};
use npstow::{Array, Meta, Notes, Tree};
use std::fs;
use std::path::Path;

const FILES: [&str; 7] = [
    "NPFold_index.txt",
    "NPFold_meta.txt",
    "a_meta.txt",
    "a_names.txt",
    "a_labels.txt",
    "npstow_values.txt",
    "property.txt",
];

fuzz_target!(|bytes: &[u8]| {
    let Some((&which, text)) = bytes.split_first() else { return };
    let which = usize::from(which) % (FILES.len() + 1);
    let Some(file) = FILES.get(which) else { return messages(text) };
    let top = format!("/dev/shm/npstow-fuzz-{}", std::process::id());
    let (path, copy) = (format!("{top}/run"), format!("{top}/copy"));
    let _ = fs::remove_dir_all(&top);
    fs::create_dir_all(format!("{path}/sub")).expect("there is room");
    npstow::npy::write(format!("{path}/a.npy"), &Array::from_vec(vec![1u8, 2])).expect("it fits");
    fs::write(format!("{path}/sub/value"), b"bytes").expect("it fits");
    if *file != "property.txt" {
        fs::write(format!("{path}/NPFold_index.txt"), b"a.npy\nsub\n").expect("it fits");
    }
    fs::write(format!("{path}/{file}"), text).expect("it fits");
    if let Ok(run) = npstow::open(&path) {
        assert!(run.verify().is_ok());
        for node in run.leaves().expect("it was listed") {
            let _ = (node.entry(), node.notes(), node.read());
        }
        if let Ok(tree) = run.load() {
            again(&tree, Path::new(&copy));
        }
    }
    let _ = fs::remove_dir_all(&top);
});

fn again(tree: &Tree, copy: &Path) {
    let native = WriteOptions::default();
    for options in [native.clone().profile(Profile::NpFold), native] {
        if folder::write_with(copy, tree, &options).is_err() {
            continue;
        }
        let back = npstow::open(copy).and_then(|file| file.load()).expect("we read what we wrote");
        assert_eq!(names(tree), names(&back));
        for (name, _) in tree.leaves() {
            assert_eq!(notes(tree, &name), notes(&back, &name), "{name}");
        }
    }
}

/// Metadata of line ends alone are none for NPFold, and are not written.
fn notes(tree: &Tree, name: &str) -> Notes {
    let mut notes = tree.notes(name).cloned().unwrap_or_default();
    if notes.meta.as_str().trim_matches('\n').is_empty() {
        notes.meta = Meta::new();
    }
    notes
}

fn names(tree: &Tree) -> Vec<String> {
    let mut names: Vec<String> = tree.leaves().into_iter().map(|(name, _)| name).collect();
    names.sort();
    names
}

fn messages(bytes: &[u8]) {
    let mut reader = bytes;
    while let Ok(Some(message)) = transport::read_message(&mut reader) {
        let mut written = Vec::new();
        if transport::write_message(&mut written, &message.array, &message.meta).is_ok() {
            let back = transport::read_message(&mut &written[..]).expect("we read what we wrote");
            let back = back.expect("there is one");
            assert_eq!((back.array.shape(), &back.meta), (message.array.shape(), &message.meta));
        }
    }
    if let Ok(message) = transport::read_body(&mut &bytes[..]) {
        let mut written = Vec::new();
        let _ = transport::write_body(&mut written, &message.array, &Meta::new());
    }
}
