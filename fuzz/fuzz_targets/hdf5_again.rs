//! HDF5 written again: whatever can be read and written in both forms has the same content there.
#![no_main]
#![forbid(unsafe_code)]

use libfuzzer_sys::fuzz_target;
use npstow::{Attribute, File, Limits, MemorySource, OpenOptions, Result, digest, hdf5};
use std::collections::BTreeMap;
use std::sync::Arc;

fn open(bytes: Vec<u8>) -> Result<File> {
    let limits = Limits::default().array_nbytes(1 << 20).members(200).depth(8).ratio(1100);
    OpenOptions::default().limits(limits).open_source(Arc::new(MemorySource::new(bytes)), "fuzz.h5")
}

/// The content of everything, by its name, where it can be read.
fn content(file: &File) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut all = BTreeMap::new();
    for node in file.leaves()? {
        if let Ok(hash) = node.entry().and_then(|entry| digest(&entry)) {
            all.insert(node.name().to_owned(), hash.to_vec());
        }
        for (name, attribute) in node.attributes().unwrap_or_default() {
            let said = match attribute {
                Attribute::Array(entry) => digest(&entry).map(Vec::from).ok(),
                Attribute::Text(text) => Some(text.into_bytes()),
                Attribute::Texts(texts) => Some(texts.join("\n").into_bytes()),
                _ => None,
            };
            all.extend(said.map(|said| (format!("{}@{name}", node.name()), said)));
        }
    }
    Ok(all)
}

fn check(bytes: &[u8]) -> Result<()> {
    let file = open(bytes.to_vec())?;
    let tree = file.root().to_tree()?;
    let wanted = content(&file)?;
    for options in [hdf5::WriteOptions::default(), hdf5::WriteOptions::default().latest()] {
        let mut again = Vec::new();
        // What is refused or cannot be read is in no file.
        if hdf5::write_to(&mut again, &tree, &options).is_err() {
            continue;
        }
        let written = open(again).expect("it is a file of HDF5");
        assert_eq!(content(&written).expect("its names can be read"), wanted);
    }
    Ok(())
}

fuzz_target!(|bytes: &[u8]| {
    if bytes.starts_with(b"\x89HDF\r\n\x1a\n") {
        let _ = check(bytes);
    }
});
