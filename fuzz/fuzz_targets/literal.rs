//! Python literals: any text ends in a value or an error, and what is printed reads back.
#![no_main]
#![forbid(unsafe_code)]

use libfuzzer_sys::fuzz_target;
use npstow::{Literal, LiteralOptions};

fuzz_target!(|text: &str| {
    for python2_longs in [false, true] {
        let options = LiteralOptions { python2_longs, ..LiteralOptions::default() };
        let Ok(value) = Literal::parse(text, &options) else { continue };
        if !survives(&value) {
            continue;
        }
        let printed = value.to_string();
        let again = Literal::parse(&printed, &options).expect("what we print is a literal");
        assert_eq!(again.to_string(), printed);
    }
});

/// Python's own `repr` loses two things: what it prints for the value of `1e400` is no literal, and
/// a zero in a complex number may come back with the other sign (`(-0-4j)` as `-4j` and back).
fn survives(value: &Literal) -> bool {
    match value {
        Literal::Float(number) => number.is_finite(),
        Literal::Complex(real, imaginary) => {
            [real, imaginary].iter().all(|part| part.is_finite() && **part != 0.0)
        }
        Literal::Tuple(items) | Literal::List(items) | Literal::Set(items) => {
            items.iter().all(survives)
        }
        Literal::Dict(pairs) => pairs.iter().all(|(key, value)| survives(key) && survives(value)),
        _ => true,
    }
}
