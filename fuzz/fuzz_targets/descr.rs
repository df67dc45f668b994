//! Dtypes: any text ends in a dtype or an error, and a dtype is the same after its `descr`.
#![no_main]
#![forbid(unsafe_code)]

use libfuzzer_sys::fuzz_target;
use npstow::{Dtype, Literal, LiteralOptions, Order};

fuzz_target!(|text: &str| {
    let literal = Literal::parse(text, &LiteralOptions::default());
    let dtypes = [Dtype::parse(text), literal.and_then(|value| Dtype::from_descr(&value))];
    for dtype in dtypes.into_iter().flatten() {
        assert!(dtype.to_order(Order::Big).itemsize() == dtype.itemsize());
        assert!(dtype.alignment() >= 1);
        let _ = dtype.to_string();
        let Ok(descr) = dtype.to_descr() else { continue };
        let again = Dtype::from_descr(&descr).expect("our own descr is read");
        assert_eq!(again.itemsize(), dtype.itemsize());
        assert_eq!(again.to_descr().expect("a dtype from a descr has one"), descr);
    }
});
