//! Pickles: any bytes end in values or an error, the same from memory and from a file; what was
//! read is written, read again, and is what it was.
#![no_main]
#![forbid(unsafe_code)]

use libfuzzer_sys::fuzz_target;
use npstow::pickle::{self, Named, Options, Python2, WriteOptions};
use npstow::{Limits, MemorySource, OpenOptions, Source, Value};
use npstow_fuzz::Far;
use std::sync::Arc;

fn limits() -> Limits {
    Limits::default().array_nbytes(1 << 20).members(2000).total(4 << 20).depth(16).values(1 << 16)
}

/// Whether names stay what they are in every protocol: those that Python 2 had do not.
fn keeps_names(source: &Arc<dyn Source>) -> bool {
    let Ok(scan) = pickle::scan(Arc::clone(source), &limits()) else { return false };
    scan.mentions.iter().all(|mention| match &mention.what {
        Named::Global { module, name } => {
            let known = ["numpy", "numpy.core.multiarray", "datetime", "decimal", "mine"];
            known.contains(&&**module) && !name.contains(['.', '\n'])
        }
        _ => true,
    })
}

/// Whether it is short when it is printed: shared parts are printed wherever they are.
fn is_short(value: &Value) -> bool {
    let (mut waiting, mut count) = (vec![value.clone()], 0);
    while let Some(value) = waiting.pop() {
        count += 1;
        if count > 20_000 {
            return false;
        }
        waiting.extend(value.items());
        waiting.extend(value.objects().into_iter().flatten());
        waiting.extend(value.pairs().flat_map(|(key, value)| [key, value]));
        waiting.extend([value.args(), value.state(), value.persistent_id()].into_iter().flatten());
    }
    true
}

fn written(value: &Value, keeps: bool) {
    let json = is_short(value).then(|| value.to_json().ok()).flatten();
    for protocol in 2..=5 {
        let options = WriteOptions::default().protocol(protocol);
        let Ok(bytes) = pickle::to_bytes(value, &options) else { continue };
        let again = pickle::from_bytes(bytes.clone(), &Options::default());
        let again = again.unwrap_or_else(|e| panic!("protocol {protocol}: {e}: {bytes:?}"));
        assert_eq!(value.kind(), again.kind());
        if let (true, Some(json)) = (keeps, &json) {
            assert_eq!(json, &again.to_json().expect("it was shown before"), "{protocol}");
        }
        let clean = pickle::to_bytes(value, &options.only_data(true));
        if let Ok(clean) = clean {
            let source: Arc<dyn Source> = Arc::new(MemorySource::new(clean));
            let scan = pickle::scan(source, &limits()).expect("few names");
            let mut outer = scan.mentions.iter().filter(|mention| mention.depth == 0);
            assert!(outer.all(|mention| mention.verdict == pickle::Verdict::Data), "{scan:?}");
        }
    }
}

fuzz_target!(|bytes: &[u8]| {
    let near: Arc<dyn Source> = Arc::new(MemorySource::new(bytes.to_vec()));
    let far: Arc<dyn Source> = Arc::new(Far(bytes.to_vec()));
    for strings in [Python2::Auto, Python2::Bytes, Python2::Latin1, Python2::Ascii, Python2::Utf8] {
        let options = Options::default().strings(strings).limits(limits());
        let options = options.buffers(vec![npstow::Buffer::from_static(b"12345678")]);
        let read = pickle::from_source(Arc::clone(&near), &options);
        let other = pickle::from_source(Arc::clone(&far), &options);
        match (&read, &other) {
            (Ok(a), Ok(b)) if is_short(a) => assert_eq!(a.to_string(), b.to_string()),
            (Ok(a), Ok(b)) => assert_eq!(a.count(), b.count()),
            (Err(a), Err(b)) => assert_eq!(a.to_string(), b.to_string()),
            _ => panic!("{read:?} and {other:?}"),
        }
        if let (Ok(value), Python2::Auto) = (&read, strings) {
            written(value, keeps_names(&near));
        }
    }
    let open = OpenOptions::default().limits(limits());
    let Ok(file) = open.open_source(Arc::clone(&far), "fuzz.pkl") else { return };
    for node in file.leaves().unwrap_or_default() {
        if let (Ok(array), Ok(view)) = (node.read(), node.view()) {
            assert_eq!((array.dtype(), array.shape()), (view.dtype(), view.shape()));
        }
        let value = node.value();
        if file.get(node.name()).is_ok() && value.is_ok_and(|value| is_short(&value)) {
            let _ = node.digest();
        }
    }
    let _ = file.verify();
});
