//! HDF5: any bytes end in arrays, elements and attributes, or in an error; a part read is a part of
//! the whole.
#![no_main]
#![forbid(unsafe_code)]

use libfuzzer_sys::fuzz_target;
use npstow::{Attribute, Data, Entry, Limits, MemorySource, OpenOptions, Result, Selection};
use std::sync::Arc;

fn limits() -> Limits {
    Limits::default().array_nbytes(1 << 20).members(200).depth(8).ratio(1100)
}

fn read(entry: &Entry) -> Result<()> {
    if let Data::Varied(varied) = entry.data() {
        if entry.nbytes() > 0 {
            varied.item(0)?;
        }
        return varied.each_digested(&mut |_| {});
    }
    let whole = entry.read()?;
    let every_other = Selection::all().step(.., 2);
    if whole.ndim() > 0 {
        let part = entry.read_slice(&every_other)?;
        let same = whole.select(&every_other)?.to_contiguous(npstow::MemoryOrder::C)?;
        assert_eq!(part.bytes(), same.bytes());
    }
    Ok(())
}

fn check(bytes: &[u8]) -> Result<()> {
    let source = Arc::new(MemorySource::new(bytes.to_vec()));
    let file = OpenOptions::default().limits(limits()).open_source(source, "fuzz.h5")?;
    for node in file.leaves()? {
        let _ = node.entry().and_then(|entry| read(&entry));
        for (_, attribute) in node.attributes().unwrap_or_default() {
            if let Attribute::Array(entry) = attribute {
                let _ = read(&entry);
            }
        }
    }
    Ok(())
}

fuzz_target!(|bytes: &[u8]| {
    // Others have targets of their own.
    if bytes.starts_with(b"\x89HDF\r\n\x1a\n") {
        let _ = check(bytes);
    }
});
