//! Archives: any bytes end in arrays or an error, on every road; and salvage finds what is whole.
#![no_main]
#![forbid(unsafe_code)]

use libfuzzer_sys::fuzz_target;
use npstow::{Array, Limits, MemorySource, NodeKind, OpenOptions, Result, Source, npz};
use npstow_fuzz::Far;
use std::sync::Arc;

fn limits() -> Limits {
    Limits::default().array_nbytes(1 << 20).members(200).total(4 << 20).depth(8).ratio(1100)
}

fn same(a: &Array, b: &Array) {
    assert_eq!((a.dtype(), a.shape()), (b.dtype(), b.shape()));
    assert_eq!(a.to_owned_bytes(), b.to_owned_bytes());
}

trait Bytes {
    fn to_owned_bytes(&self) -> Vec<u8>;
}

impl Bytes for Array {
    fn to_owned_bytes(&self) -> Vec<u8> {
        let array = self.to_contiguous(npstow::MemoryOrder::C).expect("it was read");
        array.bytes_in(npstow::MemoryOrder::C).expect("it is contiguous").to_vec()
    }
}

fn check(bytes: &[u8]) -> Result<()> {
    let near: Arc<dyn Source> = Arc::new(MemorySource::new(bytes.to_vec()));
    let far: Arc<dyn Source> = Arc::new(Far(bytes.to_vec()));
    let open = |source: &Arc<dyn Source>| {
        OpenOptions::default().limits(limits()).open_source(Arc::clone(source), "fuzz.npz")
    };
    let (near, far) = (open(&near), open(&far));
    assert_eq!(near.is_ok(), far.is_ok());
    let (near, far) = (near?, far?);
    let (all, others) = (near.leaves()?, far.leaves()?);
    assert_eq!(all.len(), others.len());
    for (node, other) in all.iter().zip(&others) {
        assert_eq!((node.name(), node.kind()), (other.name(), other.kind()));
        assert!(node.kind() != NodeKind::Group);
        let (read, again) = (node.read(), other.read());
        assert_eq!(read.is_ok(), again.is_ok(), "{read:?} and {again:?}");
        let Ok(read) = read else { continue };
        same(&read, &again?);
        same(&read, &node.read_slice(&npstow::Selection::all())?);
        if let Ok(view) = node.view() {
            same(&read, &view);
        }
        // By name it is the same, or there are several.
        if let Ok(found) = near.get(node.name()) {
            if found.kind() == node.kind() {
                same(&read, &found.read()?);
            }
        }
    }
    if let Ok(tree) = far.load() {
        assert!(tree.leaves().len() == all.len());
    }
    let _ = near.verify()?;
    Ok(())
}

fuzz_target!(|bytes: &[u8]| {
    let _ = check(bytes);
    let source: Arc<dyn Source> = Arc::new(MemorySource::new(bytes.to_vec()));
    let _ = npz::salvage_source(&source, &limits());
});
