//! Selections against brute force, and against what NumPy answered.
#![forbid(unsafe_code)]

use super::super::convert::tests::{Random, plainly};
use super::super::{Array, MemoryOrder};
use super::{Index, Selection};
use crate::{Buffer, Dtype};

fn random_slice(random: &mut Random) -> Index {
    let mut number = |none: usize| {
        let n = random.below(none);
        (n < 16).then(|| i64::try_from(n).unwrap() - 8)
    };
    let (start, stop) = (number(24), number(24));
    Index::Slice { start, stop, step: [1, 1, 2, 3, -1, -2, -9][random.below(7)] }
}

/// Python's own definition of a slice, index by index.
fn picked(start: Option<i64>, stop: Option<i64>, step: i64, n: i64) -> Vec<i64> {
    let (low, high) = if step > 0 { (0, n) } else { (-1, n - 1) };
    let bound = |i: Option<i64>, default| {
        i.map_or(default, |i| (if i < 0 { i + n } else { i }).clamp(low, high))
    };
    let (mut i, stop) = if step > 0 {
        (bound(start, 0), bound(stop, n))
    } else {
        (bound(start, n - 1), bound(stop, -1))
    };
    let mut indices = Vec::new();
    while if step > 0 { i < stop } else { i > stop } {
        indices.push(i);
        i += step;
    }
    indices
}

#[test]
fn runs_are_the_elements_one_by_one() {
    let mut random = Random(7);
    for _ in 0..3000 {
        let shape: Vec<usize> = (0..random.below(5)).map(|_| random.below(7)).collect();
        let mut indices = Vec::new();
        // For each axis of the array, what is picked.
        let mut picks: Vec<Vec<i64>> = Vec::new();
        let mut has_list = false;
        for length in &shape {
            let n = i64::try_from(*length).unwrap();
            match random.below(6) {
                0 if n > 0 && !has_list => {
                    let list: Vec<i64> = (0..random.below(5))
                        .map(|_| i64::try_from(random.below(2 * *length)).unwrap() - n)
                        .collect();
                    picks.push(list.iter().map(|i| i.rem_euclid(n)).collect());
                    indices.push(Index::List(list));
                    has_list = true;
                }
                _ => {
                    let index = random_slice(&mut random);
                    if let Index::Slice { start, stop, step } = index {
                        picks.push(picked(start, stop, step, n));
                    }
                    indices.push(index);
                }
            }
        }
        let itemsize = [1, 2, 12][random.below(3)];
        let dtype = Dtype::parse(&format!("V{itemsize}")).unwrap();
        let n = shape.iter().product::<usize>() * itemsize;
        let data: Vec<u8> = (0..n).map(|i| (i * 7 % 251).to_le_bytes()[0]).collect();
        let order = [MemoryOrder::C, MemoryOrder::F][random.below(2)];
        let array = Array::new(dtype, &shape, order, Buffer::from(data)).unwrap();

        let mut want = vec![Vec::new()];
        for pick in &picks {
            let longer = |index: &Vec<usize>| {
                let index = index.clone();
                pick.iter().map(move |i| [&index[..], &[usize::try_from(*i).unwrap()]].concat())
            };
            want = want.iter().flat_map(longer).collect::<Vec<Vec<usize>>>();
        }
        let want: Vec<u8> =
            want.iter().flat_map(|index| array.element(index).unwrap().to_vec()).collect();

        let selection = Selection::from(indices);
        let resolved = selection.resolve(&shape).unwrap();
        let lengths: Vec<usize> = picks.iter().map(Vec::len).collect();
        assert_eq!(resolved.shape(), lengths, "{selection} of {shape:?}");
        let mut found = Vec::new();
        let mut before: Option<(isize, usize)> = None;
        for (start, len) in resolved.runs(array.strides(), itemsize) {
            let at = start.unsigned_abs();
            assert!(start >= 0 && len > 0);
            found.extend_from_slice(&array.buffer()[at..at + len]);
            assert!(before.is_none_or(|(s, l)| s.unsigned_abs() + l != at), "not joined");
            before = Some((start, len));
        }
        assert!(found == want, "{selection} of {shape:?}");
        assert!(plainly(&array.select(&selection).unwrap()) == want, "{selection} of {shape:?}");
    }
}

#[test]
fn whole_inner_axes_are_one_run() {
    let runs = |text: &str, shape: &[usize]| {
        let strides = super::super::strides(shape, 4, MemoryOrder::C);
        let resolved = text.parse::<Selection>().unwrap().resolve(shape).unwrap();
        resolved.runs(&strides, 4).collect::<Vec<_>>()
    };
    assert_eq!(runs("", &[10, 20, 30]), [(0, 24_000)]);
    assert_eq!(runs("2:4", &[10, 20, 30]), [(4800, 4800)]);
    assert_eq!(runs("[3,4,5,9]", &[10, 20, 30]), [(7200, 7200), (21_600, 2400)]);
    assert_eq!(runs("::-1, 0", &[2, 3]), [(12, 4), (0, 4)]);
    assert_eq!(runs("5, 5, 5", &[10, 20, 30]), [((5 * 600 + 5 * 30 + 5) * 4, 4)]);
    assert_eq!(runs("", &[]), [(0, 4)]);
    assert_eq!(runs("3:3", &[10]), []);
}

#[test]
fn requests_that_make_no_sense_name_axis_and_length() {
    let why =
        |text: &str| text.parse::<Selection>().unwrap().resolve(&[5, 4]).unwrap_err().to_string();
    assert_eq!(why(":, 4"), "index 4 is out of bounds for axis 1 with size 4");
    assert_eq!(why("[0, -6]"), "index -6 is out of bounds for axis 0 with size 5");
    assert_eq!(why("0, 0, 0"), "too many indices: the array has 2 axes, but 3 were indexed");
    assert_eq!(why(":, ::0"), "the step of a slice is zero for axis 1 with size 4");
    assert_eq!(why("..., ..."), "an index can only have a single ellipsis ('...')");
    assert!(why("[0], [1]").contains("more than one list"));
    let huge = Selection::all().step(i64::MIN..=i64::MAX, i64::MIN);
    assert_eq!(huge.resolve(&[3]).unwrap().shape(), [0]);
    assert_eq!(Selection::all().step(.., i64::MIN).resolve(&[3]).unwrap().shape(), [1]);
    assert!(Selection::from(vec![Index::NewAxis; 65]).resolve(&[]).is_err());
}

#[test]
fn ranges_of_rust_mean_what_they_mean_in_rust() {
    use std::ops::Bound;
    let picks = |selection: Selection| {
        let array = Array::from_vec((0..10_u8).collect());
        array.select(&selection).unwrap().to_vec::<u8>().unwrap()
    };
    assert_eq!(picks(Selection::rows(7..)), [7, 8, 9]);
    assert_eq!(picks(Selection::rows(..=1)), [0, 1]);
    assert_eq!(picks(Selection::rows(-3..-1)), [7, 8]);
    assert_eq!(picks(Selection::rows(-3..=-2)), [7, 8]);
    // The last one included is no place to stop at that counts from the end.
    assert_eq!(picks(Selection::rows(-3..=-1)), [7, 8, 9]);
    let above = (Bound::Excluded(7), Bound::Unbounded);
    assert_eq!(picks(Selection::rows(above)), [8, 9]);
    assert_eq!(picks(Selection::all().step(2..=8, 3)), [2, 5, 8]);
}

/// `corpus/selections.tsv`: shape, selection, and NumPy's shape and elements of
/// `arange(...).reshape(shape)[selection]`, or its refusal.
#[test]
fn numpy_answers_the_same() {
    let mut cases = 0;
    for line in include_str!("../../../../../corpus/selections.tsv").lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let [shape, text, want_shape, want] = fields[..] else { continue };
        let numbers = |text: &str| -> Vec<usize> {
            text.split(' ').filter(|n| !n.is_empty()).map(|n| n.parse().unwrap()).collect()
        };
        let shape = numbers(shape);
        let n = shape.iter().product::<usize>();
        let array = Array::from_vec((0..u16::try_from(n).unwrap()).collect::<Vec<_>>());
        let array = array.reshape(&shape).unwrap();
        let found = text.parse::<Selection>().and_then(|selection| array.select(&selection));
        cases += 1;
        match found {
            Err(e) => assert_eq!(want_shape, "refused", "{text} of {shape:?}: {e}"),
            Ok(found) => {
                assert_ne!(want_shape, "refused", "{text} of {shape:?}");
                assert_eq!(found.shape(), numbers(want_shape), "{text} of {shape:?}");
                let values: Vec<usize> =
                    found.to_vec::<u16>().unwrap().into_iter().map(usize::from).collect();
                assert_eq!(values, numbers(want), "{text} of {shape:?}");
            }
        }
    }
    assert!(cases > 500);
}
