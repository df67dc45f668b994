//! NPY bytes on every road: memory, stream, slices and other orders agree, or all refuse.
#![no_main]
#![forbid(unsafe_code)]

use libfuzzer_sys::fuzz_target;
use npstow::{
    Array, Limits, MemoryOrder, MemorySource, Order, ReadOptions, Result, Selection, npy,
};
use std::io::Read;
use std::sync::Arc;

/// A reader that gives a few bytes at a time.
struct Drops<'a>(&'a [u8]);

impl Read for Drops<'_> {
    fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
        let len = to.len().min(7);
        self.0.read(&mut to[..len])
    }
}

fn elements(array: &Array) -> Vec<u8> {
    let array = array.to_contiguous(MemoryOrder::C).expect("it was read");
    array.bytes_in(MemoryOrder::C).expect("it is contiguous").to_vec()
}

fn same(a: &Array, b: &Array) {
    assert_eq!((a.dtype(), a.shape()), (b.dtype(), b.shape()));
    assert_eq!(elements(a), elements(b));
}

fn check(bytes: &[u8]) -> Result<()> {
    let limits = Limits::default().array_nbytes(1 << 20);
    let stream = npy::read_from(&mut Drops(bytes));
    let entry = npy::open_source(Arc::new(MemorySource::new(bytes.to_vec())), &limits)?;
    if entry.nbytes() > 1 << 20 {
        return Ok(());
    }
    let whole = entry.read();
    assert_eq!(whole.is_ok(), stream.is_ok());
    let whole = whole?;
    same(&whole, &stream?.expect("there is an array"));
    same(&whole, &entry.view()?);
    same(&whole, &entry.read_slice(&Selection::all())?);
    for order in [MemoryOrder::C, MemoryOrder::F] {
        let options = ReadOptions::default().memory_order(order).byte_order(Order::NATIVE);
        same(&whole.to_native()?, &entry.read_with(&options)?);
    }
    let _ = whole.to_string();
    // What is read can be written, and is the same again.
    let written = npy::to_bytes(&whole, &npy::WriteOptions::default())?;
    same(&whole, &npy::read_from(&mut &written[..])?.expect("there is an array"));
    let mut streamed = Vec::new();
    npy::write_entry(&mut streamed, &entry, &npy::WriteOptions::default())?;
    assert_eq!(streamed, written);
    Ok(())
}

fuzz_target!(|bytes: &[u8]| {
    let _ = check(bytes);
});
