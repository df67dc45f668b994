//! Dumps of joblib, packed or not: any bytes end in values or an error, the same from memory and
//! from a file; what was read is written, read again, and is what it was.
#![no_main]
#![forbid(unsafe_code)]

use libfuzzer_sys::fuzz_target;
use npstow::joblib::{self, Compressor, WriteOptions};
use npstow::pickle::Options;
use npstow::{Limits, MemorySource, OpenOptions, Source, Value};
use npstow_fuzz::Far;
use std::sync::Arc;

fn limits() -> Limits {
    Limits::default().array_nbytes(1 << 20).members(2000).total(4 << 20).depth(16).values(1 << 16)
}

fn written(value: &Value) {
    let compressors = [Compressor::None, Compressor::Zlib, Compressor::Lz4, Compressor::Gzip];
    for (protocol, compressor) in (2..=5).zip(compressors) {
        let options = WriteOptions::default().protocol(protocol).compress(compressor, None);
        let Ok(bytes) = joblib::to_bytes(value, &options) else { continue };
        let again = joblib::from_bytes(bytes.clone(), &Options::default());
        let again = again.unwrap_or_else(|e| panic!("protocol {protocol}: {e}: {bytes:?}"));
        assert_eq!(value.kind(), again.kind());
    }
}

fuzz_target!(|bytes: &[u8]| {
    let near: Arc<dyn Source> = Arc::new(MemorySource::new(bytes.to_vec()));
    let far: Arc<dyn Source> = Arc::new(Far(bytes.to_vec()));
    let options = Options::default().limits(limits());
    let read = joblib::from_source(Arc::clone(&near), None, &options);
    let other = joblib::from_source(Arc::clone(&far), None, &options);
    match (&read, &other) {
        (Ok(a), Ok(b)) => assert_eq!((a.kind(), a.count()), (b.kind(), b.count())),
        (Err(a), Err(b)) => assert_eq!(a.to_string(), b.to_string()),
        _ => panic!("{read:?} and {other:?}"),
    }
    if let Ok(value) = &read {
        written(value);
    }
    let _ = joblib::scan(Arc::clone(&near), None, &limits());
    let open = OpenOptions::default().limits(limits());
    let Ok(file) = open.open_source(Arc::clone(&far), "fuzz.joblib") else { return };
    for node in file.leaves().unwrap_or_default() {
        if let (Ok(array), Ok(view)) = (node.read(), node.view()) {
            assert_eq!((array.dtype(), array.shape()), (view.dtype(), view.shape()));
        }
    }
    let _ = file.verify();
});
