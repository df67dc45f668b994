//! Previews against NumPy's own.
#![forbid(unsafe_code)]

use super::PreviewOptions;
use crate::{Array, Buffer, Dtype, MemoryOrder};

fn options(text: &str) -> PreviewOptions {
    text.split(',').filter(|one| !one.is_empty()).fold(PreviewOptions::default(), |options, one| {
        let (name, number) = one.split_once('=').unwrap();
        let number = number.parse().unwrap();
        match name {
            "threshold" => options.threshold(number),
            "edgeitems" => options.edgeitems(number),
            "linewidth" => options.linewidth(number),
            _ => options.precision(number),
        }
    })
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn previews_are_numpys() {
    let (mut cases, mut wrong) = (0, Vec::new());
    for line in include_str!("../../../../../corpus/previews.tsv").lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let [descr, shape, _, said, data, want] = fields[..] else { continue };
        let shape: Vec<usize> =
            shape.split(' ').filter(|n| !n.is_empty()).map(|n| n.parse().unwrap()).collect();
        let dtype = Dtype::parse(descr).unwrap();
        let array = Array::new(dtype, &shape, MemoryOrder::C, Buffer::from(bytes(data))).unwrap();
        let found = array.preview(&options(said)).replace('\\', "\\\\").replace('\n', "\\n");
        cases += 1;
        if found != want {
            wrong.push(format!("{descr} {shape:?} {said} {data}\n  found {found}\n  NumPy {want}"));
        }
    }
    assert!(cases > 900, "{cases}");
    let shown: Vec<String> =
        wrong.iter().map(|w| w.chars().take(1200).collect()).take(12).collect();
    assert!(wrong.is_empty(), "{} of {cases} differ:\n{}", wrong.len(), shown.join("\n"));
}

#[test]
fn what_is_not_shown_is_not_touched() {
    // One byte seen as 2^60 numbers: walking them all would not end.
    let one = Buffer::from(vec![7_u8]);
    let dtype = Dtype::parse("u1").unwrap();
    let array = Array::from_parts(dtype, vec![1 << 30, 1 << 30], vec![0, 0], 0, one).unwrap();
    assert_eq!(array.to_string().lines().nth(3), Some(" ..."));
    let objects =
        Array::new(Dtype::parse("O").unwrap(), &[1], MemoryOrder::C, Buffer::from(vec![0; 8]));
    assert_eq!(objects.unwrap().to_string(), "[<object>]");
}

/// The hash is of NumPy 2.4.6, by `corpus/gen_halves.py`.
#[test]
fn every_half_float_is_printed_as_numpy_prints_it() {
    let dtype = Dtype::parse("<f2").unwrap();
    let mut code = 0xcbf2_9ce4_8422_2325_u64;
    for bits in 0..=u16::MAX {
        let data = Buffer::copy_of(&bits.to_le_bytes());
        let array = Array::new(dtype.clone(), &[], MemoryOrder::C, data).unwrap();
        let separator = if bits == 0 { "" } else { "\n" };
        for byte in format!("{separator}{array}").bytes() {
            code = (code ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    assert_eq!(code, 0x7563_6774_db3f_c6a2);
}

#[test]
fn subarrays_of_nothing_cost_nothing() {
    let shown = |dtype: &str| {
        let dtype = Dtype::parse(dtype).unwrap();
        let data = Buffer::from(vec![0; dtype.itemsize()]);
        Array::new(dtype, &[1], MemoryOrder::C, data).unwrap().to_string()
    };
    assert_eq!(shown("[('a', 'u1', (2, 0))]"), "[([[], []],)]");
    let deep = format!("[('a', 'u1', ({} 0))]", "4, ".repeat(26));
    assert_eq!(shown(&deep), "[([...],)]");
}
