//! Scans of pickles: no name that a pickle brings is left out, whether it can be read or not.
#![no_main]
#![forbid(unsafe_code)]

use libfuzzer_sys::fuzz_target;
use npstow::pickle::{self, Argument, Named, Options};
use npstow::{Limits, MemorySource};
use std::sync::Arc;

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits::default().total(4 << 20).values(1 << 16);
    let source = Arc::new(MemorySource::new(bytes.to_vec()));
    let Ok(scan) = pickle::scan(source, &limits) else { return };
    let outer: Vec<_> = scan.mentions.iter().filter(|mention| mention.depth == 0).collect();
    assert!(outer.windows(2).all(|pair| pair[0].offset < pair[1].offset));
    // Every opcode that names something, up to the one that a fault is at.
    let end = match &scan.fault {
        Some(e) => e.offset().unwrap_or(u64::MAX),
        None => scan.end,
    };
    for opcode in pickle::opcodes(bytes).map_while(Result::ok) {
        let names = matches!(
            opcode.name,
            "GLOBAL" | "STACK_GLOBAL" | "INST" | "EXT1" | "EXT2" | "EXT4" | "PERSID" | "BINPERSID"
        );
        if !names || opcode.offset >= end {
            continue;
        }
        let Some(found) = outer.iter().find(|mention| mention.offset == opcode.offset) else {
            panic!("{opcode:?} is not in {scan:?}");
        };
        if let (Argument::Lines(first, second), Named::Global { module, name }) =
            (opcode.argument, &found.what)
        {
            assert_eq!((first, second), (module.as_bytes(), name.as_bytes()));
        }
    }
    // What can be read has an end, and the scan knows it.
    let read = pickle::from_bytes(bytes.to_vec(), &Options::default().limits(limits));
    if read.is_ok() {
        assert!(scan.pickles > 0 && scan.end > 0 && scan.end <= bytes.len() as u64);
    }
});
