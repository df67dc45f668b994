//! Arrays of objects, shelves and checkpoints: any bytes end in values or an error.
#![no_main]
#![forbid(unsafe_code)]

use libfuzzer_sys::fuzz_target;
use npstow::{Limits, MemorySource, NodeKind, OpenOptions};
use std::sync::Arc;

fn limits() -> Limits {
    Limits::default().array_nbytes(1 << 20).members(500).total(4 << 20).depth(16).ratio(1100)
}

fuzz_target!(|bytes: &[u8]| {
    let options = OpenOptions::default().limits(limits());
    let source = Arc::new(MemorySource::new(bytes.to_vec()));
    let Ok(file) = options.open_source(source, "x") else { return };
    let faults = file.verify();
    let Ok(leaves) = file.leaves() else { return };
    for node in leaves {
        let Ok(entry) = node.entry() else { continue };
        if entry.is_objects() {
            let Ok(value) = entry.value() else { continue };
            let _ = value.to_string();
            if entry.check().is_err() && node.kind() == NodeKind::Array {
                // What was read is written, and read again as the same.
                let tree = npstow::Tree::from(npstow::Item::Entry(entry.clone()));
                let npy = npstow::SaveOptions::default().format(npstow::Format::Npy);
                let mut written = Vec::new();
                if value.objects().is_some()
                    && npstow::save_to(&mut written, &tree, &npy).is_ok()
                {
                    let source = Arc::new(MemorySource::new(written));
                    let again = npstow::npy::open_source(source, &limits());
                    if let Ok(again) = again.and_then(|entry| entry.value()) {
                        assert_eq!(again.shape(), value.shape());
                    }
                }
            }
        } else if entry.nbytes() < 1 << 20 {
            let read = node.read();
            // A file without faults has arrays that can be read.
            assert!(read.is_ok() || faults.as_ref().is_ok_and(|faults| !faults.is_empty()));
        }
    }
});
