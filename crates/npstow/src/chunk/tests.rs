#![forbid(unsafe_code)]

use super::*;
use crate::{Array, Data, Dtype, Entry, MemoryOrder, MemorySource, Order, ReadOptions, Selection};

/// Adds one to every byte: something that can be seen to have been undone.
#[derive(Debug)]
struct PlusOne;

impl Filter for PlusOne {
    fn name(&self) -> &str {
        "plus-one"
    }

    fn decode(&self, bytes: &[u8], _: usize) -> Result<Vec<u8>> {
        Ok(bytes.iter().map(|byte| byte.wrapping_sub(1)).collect())
    }
}

/// A filter that stops at some byte of what it got.
#[derive(Debug)]
struct Broken;

impl Filter for Broken {
    fn name(&self) -> &str {
        "broken"
    }

    fn decode(&self, _: &[u8], _: usize) -> Result<Vec<u8>> {
        Err(Error::corrupt("a block", "none").at(u64::MAX - 1))
    }
}

/// An array in chunks, of which some are missing; and what it should be.
fn made(shape: &[usize], chunk: &[usize], missing: u64, packed: bool) -> (Entry, Array) {
    let count: usize = shape.iter().product();
    let fill = 0x0102_0304u32;
    let mut values: Vec<u32> = (0..count).map(|i| u32::try_from(i).unwrap() * 7 + 1).collect();
    let counts: Vec<usize> = shape.iter().zip(chunk).map(|(n, c)| n.div_ceil(*c)).collect();
    let chunks: usize = counts.iter().product();
    let cells: usize = chunk.iter().product();
    let mut bytes = vec![0xee; 3];
    let mut stored = Vec::new();
    // Backwards, so that the order of the file is not that of the grid.
    for number in (0..chunks as u64).rev() {
        let mut rest = usize::try_from(number).unwrap();
        let mut at = vec![0; shape.len()];
        for axis in (0..shape.len()).rev() {
            at[axis] = rest % counts[axis] * chunk[axis];
            rest /= counts[axis];
        }
        let offset = bytes.len() as u64;
        for cell in 0..cells {
            let (mut rest, mut flat, mut step, mut inside) = (cell, 0, 1, true);
            for axis in (0..shape.len()).rev() {
                let index = at[axis] + rest % chunk[axis];
                rest /= chunk[axis];
                inside &= index < shape[axis];
                flat += index * step;
                step *= shape[axis];
            }
            let value = if inside { values[flat] } else { 0xdead };
            if inside && missing > 0 && number % missing == 1 {
                values[flat] = fill;
            }
            bytes.extend(value.to_le_bytes().map(|b| b.wrapping_add(packed.into())));
        }
        if missing == 0 || number % missing != 1 {
            let len = 4 * cells as u64;
            stored.push(Stored { number, offset, len, skipped: 0 });
        }
    }
    let filters: Vec<Arc<dyn Filter>> = if packed { vec![Arc::new(PlusOne)] } else { Vec::new() };
    let chunked = Chunked::new(shape, chunk, 4, move || Ok(stored.clone())).unwrap();
    let chunked = chunked.filled(Buffer::copy_of(&fill.to_le_bytes())).packed(filters, false);
    let data = Data::Chunked(Arc::new(chunked));
    let source = Arc::new(MemorySource::new(bytes));
    let dtype: Dtype = "<u4".parse().unwrap();
    let limits = Arc::new(Limits::default());
    let entry = Entry::new(source, dtype, shape, MemoryOrder::C, data, limits).unwrap();
    (entry, Array::from_vec(values).reshape(shape).unwrap())
}

const CASES: &[(&[usize], &[usize])] = &[
    (&[], &[]),
    (&[10], &[3]),
    (&[10], &[20]),
    (&[100], &[1]),
    (&[7, 9], &[2, 9]),
    (&[7, 9], &[7, 2]),
    (&[7, 9], &[3, 4]),
    (&[5, 6, 7], &[2, 6, 7]),
    (&[5, 6, 7], &[2, 4, 3]),
    (&[64, 3], &[1, 3]),
];

#[test]
fn whole_arrays_and_parts_agree_with_numpy_rules() {
    let selections =
        ["...", "::-1", "1:3", "-1", "[2, 0, 2]", "1::3", "..., 1", "..., ::-2", "5:5"];
    for (shape, chunk) in CASES {
        for (missing, packed) in [(0, false), (0, true), (2, true), (3, false)] {
            let (entry, array) = made(shape, chunk, missing, packed);
            let values = array.to_vec::<u32>().unwrap();
            assert_eq!(
                entry.read().unwrap().to_vec::<u32>().unwrap(),
                values,
                "{shape:?} {chunk:?}"
            );
            let big = ReadOptions::default().byte_order(Order::Big).memory_order(MemoryOrder::F);
            assert_eq!(entry.read_with(&big).unwrap().to_vec::<u32>().unwrap(), values);
            for selection in selections {
                let selection: Selection = selection.parse().unwrap();
                let Ok(expected) = array.select(&selection) else { continue };
                let part = entry.read_slice(&selection).unwrap();
                assert_eq!(part.shape(), expected.shape());
                let (part, expected) = (part.to_vec::<u32>(), expected.to_vec::<u32>());
                assert_eq!(part.unwrap(), expected.unwrap(), "{shape:?} {chunk:?} {selection}");
            }
            for order in [MemoryOrder::C, MemoryOrder::F] {
                let pieces = entry.pieces(order).unwrap().map(Result::unwrap);
                let pieces = pieces.map(|piece| piece.to_contiguous(order).unwrap());
                let bytes: Vec<u8> =
                    pieces.flat_map(|piece| piece.bytes_in(order).unwrap().to_vec()).collect();
                let expected = array.to_contiguous(order).unwrap();
                assert_eq!(bytes, expected.bytes_in(order).unwrap());
            }
        }
    }
}

#[test]
fn nothing_is_allocated_for_claims() {
    let shape = [1 << 20, 1 << 20];
    let none = || Ok(Vec::new());
    let chunked = Chunked::new(&shape, &[1 << 10, 1 << 10], 4, none).unwrap();
    let source = MemorySource::new(vec![0; 100]);
    let e = chunked.check(&source, 1 << 42, &Limits::default()).unwrap_err();
    assert!(e.to_string().contains("never written"), "{e}");
    let tiny = || Ok(vec![Stored { number: 0, offset: 0, len: 5, skipped: 0 }]);
    let chunked = Chunked::new(&[1 << 28], &[1 << 28], 4, tiny).unwrap();
    let chunked = chunked.packed(vec![Arc::new(PlusOne)], false);
    assert!(chunked.check(&source, 1 << 30, &Limits::default()).is_err());
    assert!(Chunked::new(&[4], &[0], 4, none).is_err());
    assert!(Chunked::new(&[4], &[1, 1], 4, none).is_err());
}

#[test]
fn parts_of_what_is_mostly_unwritten_are_read() {
    let shape = [1 << 20, 1 << 20];
    let one = || Ok(vec![Stored { number: 1, offset: 0, len: 4, skipped: 0 }]);
    let chunked = Chunked::new(&shape, &[1, 4], 1, one).unwrap();
    let data = Data::Chunked(Arc::new(chunked.filled(Buffer::copy_of(&[9]))));
    let (source, dtype) = (Arc::new(MemorySource::new(vec![1, 2, 3, 4])), "|u1".parse().unwrap());
    let limits = Arc::new(Limits::default());
    let entry = Entry::new(source, dtype, &shape, MemoryOrder::C, data, limits).unwrap();
    let part = entry.read_slice(&"0, 3:9".parse().unwrap()).unwrap();
    assert_eq!(part.to_vec::<u8>().unwrap(), [9, 1, 2, 3, 4, 9]);
    let mut dst = [0; 2];
    entry.read_slice_into(&"-1, -2:".parse().unwrap(), &mut dst).unwrap();
    assert_eq!(dst, [9, 9]);
    let corners = entry.corners(&Selection::all(), &crate::PreviewOptions::default()).unwrap();
    assert_eq!(corners.shape(), shape);
    for e in [
        entry.read().unwrap_err(),
        entry.pieces(MemoryOrder::C).err().unwrap(),
        entry.read_slice(&"::2".parse().unwrap()).unwrap_err(),
        entry.read_slice_into(&"...".parse().unwrap(), &mut dst).unwrap_err(),
    ] {
        assert!(e.to_string().contains("never written"), "{e}");
    }
}

#[test]
fn corners_of_subarrays_are_those_of_the_array() {
    let options = crate::PreviewOptions::default();
    for (count, inner) in [(3_usize, 2_usize), (0, 2), (600, 2), (2000, 2), (3, 2000), (40, 900)] {
        let bytes: Vec<u8> =
            (0..count * inner).flat_map(|n| u32::try_from(n).unwrap().to_le_bytes()).collect();
        let dtype = Dtype::array("<u4".parse().unwrap(), &[inner]).unwrap();
        let (source, limits) = (Arc::new(MemorySource::new(bytes)), Arc::new(Limits::default()));
        let data = Data::Raw { offset: 0 };
        let entry = Entry::new(source, dtype, &[count], MemoryOrder::C, data, limits).unwrap();
        let corners = entry.corners(&Selection::all(), &options).unwrap();
        assert_eq!(corners.shape(), [count, inner]);
        let whole = entry.read().unwrap().preview(&options);
        assert_eq!(corners.to_string(), whole, "{count} of {inner}");
    }
}

#[test]
fn damaged_chunks_say_where() {
    let short = || Ok(vec![Stored { number: 0, offset: 7, len: 3, skipped: 0 }]);
    let chunked = Chunked::new(&[4], &[4], 1, short).unwrap();
    let source = MemorySource::new(vec![0; 100]);
    let e = chunked.read_into(&source, &mut [0; 4]).unwrap_err();
    assert_eq!(e.offset(), Some(7));
    // Where in its input a filter stopped says nothing of the file.
    let whole = || Ok(vec![Stored { number: 0, offset: 7, len: 4, skipped: 0 }]);
    let broken = Chunked::new(&[4], &[4], 1, whole).unwrap().packed(vec![Arc::new(Broken)], false);
    let e = broken.read_into(&source, &mut [0; 4]).unwrap_err();
    assert_eq!(e.offset(), Some(7), "{e}");
    // A filter that was skipped is not undone.
    let skipped = || Ok(vec![Stored { number: 0, offset: 0, len: 4, skipped: 1 }]);
    let chunked =
        Chunked::new(&[4], &[4], 1, skipped).unwrap().packed(vec![Arc::new(PlusOne)], false);
    let mut dst = [1; 4];
    chunked.read_into(&MemorySource::new(vec![5; 4]), &mut dst).unwrap();
    assert_eq!(dst, [5; 4]);
}
