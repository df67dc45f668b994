//! Selections: any text of a shape; what is selected is what element by element says.
#![no_main]
#![forbid(unsafe_code)]

use libfuzzer_sys::fuzz_target;
use npstow::{Array, Limits, MemoryOrder, MemorySource, Selection, npy};
use std::sync::Arc;

fn elements(array: &Array) -> Vec<u8> {
    let array = array.to_contiguous(MemoryOrder::C).expect("it was selected");
    array.bytes_in(MemoryOrder::C).expect("it is contiguous").to_vec()
}

fuzz_target!(|input: ([u8; 4], bool, &str)| {
    let (lengths, fortran, text) = input;
    let shape = lengths.map(|n| usize::from(n % 6));
    let shape = &shape[..usize::from(lengths[0] % 5)];
    let Ok(selection) = text.parse::<Selection>() else { return };
    let order = if fortran { MemoryOrder::F } else { MemoryOrder::C };
    let len = shape.iter().product::<usize>();
    let bytes: Vec<u8> = (0..len).map(|i| i as u8).collect();
    let dtype = "|u1".parse().expect("a dtype");
    let array = Array::new(dtype, shape, order, bytes.into()).expect("it fits");
    let file = npy::to_bytes(&array, &npy::WriteOptions::default()).expect("it is plain");
    let entry = npy::open_source(Arc::new(MemorySource::new(file)), &Limits::default());
    // Lists may repeat what is there many times over.
    let resolved = selection.resolve(shape);
    if resolved.as_ref().is_ok_and(|r| r.shape().iter().product::<usize>() > 1 << 16) {
        return;
    }
    let (selected, read) =
        (array.select(&selection), entry.expect("it was written").read_slice(&selection));
    match (selected, read) {
        (Ok(selected), Ok(read)) => {
            assert_eq!(selected.shape(), read.shape());
            assert_eq!(elements(&selected), elements(&read));
        }
        (Err(a), Err(b)) => assert_eq!(a.kind(), b.kind()),
        (selected, read) => panic!("{selected:?} and {read:?}"),
    }
});
