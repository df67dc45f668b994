//! Dtypes against NumPy: `corpus/dtypes.tsv`, written by `corpus/gen_dtypes.py`.
#![forbid(unsafe_code)]

use crate::{Dtype, Field, Literal, LiteralOptions, Record};

/// Where npstow refuses on purpose what NumPy takes, and why.
const REFUSED: &[(&str, &str)] = &[
    ("StringDType", "strings of any length lie outside of the array"),
    ("inconsistent", "NumPy's sizes of subarrays of empty subarrays contradict their shapes"),
    ("('<f4', '<i4')", "one dtype under the name of another: NumPy's dtype.type is not in a file"),
    ("('<f4', 2, 3)", "NumPy does not look at the 3"),
    ("['ab']", "NumPy takes a string of two letters for a name and a dtype"),
    ("{}", "a dict is no list of fields"),
    ("[((1, 'n'), '<f4')]", "NumPy keeps any object as a title"),
];

fn literal(text: &str) -> Literal {
    Literal::parse(text, &LiteralOptions { depth: 200, ..LiteralOptions::default() }).unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// The row as npstow would have written it.
fn row(text: &str) -> String {
    let Ok(dtype) = Dtype::from_descr(&literal(text)) else {
        return format!("{text}\trefused\t-\t-\t-");
    };
    let descr = dtype.to_descr().map_or_else(|_| "no descr".to_owned(), |d| d.to_string());
    let (itemsize, alignment) = (dtype.itemsize(), dtype.alignment());
    let mut item: Vec<u8> = (1_u8..).take(itemsize.min(97)).collect();
    let swapped = if dtype.has_object() || !(1..=96).contains(&itemsize) {
        "-".to_owned()
    } else {
        dtype.swaps().apply(&mut item);
        hex(&item)
    };
    format!("{text}\t{descr}\t{itemsize}\t{alignment}\t{swapped}")
}

#[test]
fn every_descr_is_what_numpy_makes_of_it() {
    let truth = include_str!("../../../../corpus/dtypes.tsv");
    let mut differ = Vec::new();
    for line in truth.lines().filter(|line| !line.starts_with('#')) {
        let cells: Vec<&str> = line.split('\t').collect();
        let ours = row(cells[0]);
        let excused = REFUSED.iter().any(|(one, _)| *one == cells[0] || *one == cells[1]);
        if excused != (ours != line) || (excused && !ours.contains("\trefused\t")) {
            differ.push(format!("numpy {line}\n  our {ours}"));
        }
    }
    assert!(differ.is_empty(), "{} differ:\n{}", differ.len(), differ.join("\n"));
}

/// What a descr says is read back as the same dtype, whatever it was made from.
#[test]
fn descrs_come_back() {
    let truth = include_str!("../../../../corpus/dtypes.tsv");
    for line in truth.lines().filter(|line| !line.starts_with('#')) {
        let text = line.split('\t').next().unwrap();
        let Ok(dtype) = Dtype::from_descr(&literal(text)) else { continue };
        let Ok(descr) = dtype.to_descr() else { continue };
        assert_eq!(Dtype::from_descr(&descr).unwrap(), dtype, "{text}");
        assert_eq!(Dtype::parse(&dtype.to_string()).unwrap(), dtype, "{text}");
        let there = dtype.to_order(crate::Order::SWAPPED);
        let plan = dtype.swaps_to(crate::Order::SWAPPED);
        assert_eq!(there.swaps_to(crate::Order::SWAPPED), super::SwapPlan::Nothing, "{text}");
        assert_eq!(there.itemsize(), dtype.itemsize());
        if dtype.is_native() && !dtype.has_object() {
            assert_eq!(plan, dtype.swaps(), "{text}");
            assert_eq!(there.to_order(crate::Order::NATIVE), dtype);
        }
    }
}

#[test]
fn aligned_layouts_are_numpys() {
    let truth = include_str!("../../../../corpus/layouts.tsv");
    for line in truth.lines().filter(|line| !line.starts_with('#')) {
        let cells: Vec<&str> = line.split('\t').collect();
        let Dtype::Record(packed) = Dtype::from_descr(&literal(cells[0])).unwrap() else {
            panic!("{line}")
        };
        let fields = packed.fields().iter().map(|f: &Field| (f.name(), f.dtype().clone()));
        let record = Record::aligned(fields).unwrap();
        let offsets: Vec<usize> = record.fields().iter().map(Field::offset).collect();
        let (size, alignment) = (record.itemsize(), record.alignment());
        let ours = format!("{}\t{size}\t{alignment}\t{offsets:?}", cells[0]);
        assert_eq!(ours, line);
        assert!(record.is_aligned());
    }
}
