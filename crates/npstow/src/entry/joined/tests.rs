//! A joined array is read as the array of all rows would be.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used)]

use super::*;
use crate::codec::crc32;
use crate::entry::{BAND, Seal, read_many};
use crate::source::Counting;
use crate::{Dtype, ErrorKind, Limits, Order, Selection, Source};
use std::path::Path;
use std::sync::Mutex;

/// Rows of `row` that count on from `first`.
fn array(first: usize, rows: usize, row: &[usize]) -> Array {
    let len = rows * row.iter().product::<usize>();
    let values = (first..first + len).map(|n| u16::try_from(n % 65_521).unwrap()).collect();
    let shape: Vec<usize> = std::iter::once(rows).chain(row.iter().copied()).collect();
    Array::from_vec_shape::<u16>(values, &shape).unwrap()
}

/// The array in a source of its own, with a seal over its bytes and one before them.
fn stored(array: &Array, order: MemoryOrder) -> Entry {
    let array = array.to_contiguous(order).unwrap();
    let bytes = [b"x", array.bytes_in(order).unwrap()].concat();
    let seal = Seal { start: 0, len: bytes.len() as u64, crc32: crc32(&bytes) };
    let (source, limits) = (Arc::new(MemorySource::new(bytes)), Arc::new(Limits::default()));
    let (dtype, data) = (array.dtype().clone(), Data::Raw { offset: 1 });
    Entry::new(source, dtype, array.shape(), order, data, limits).unwrap().sealed(seal)
}

/// Parts of these numbers of rows in turns of memory order, and all rows as one array.
fn parts(rows: &[usize], row: &[usize]) -> (Vec<Entry>, Array) {
    let size = row.iter().product::<usize>();
    let mut first = 0;
    let mut parts = Vec::new();
    for (at, &n) in rows.iter().enumerate() {
        let order = if at % 3 == 1 { MemoryOrder::F } else { MemoryOrder::C };
        parts.push(stored(&array(first, n, row), order));
        first += n * size;
    }
    (parts, array(0, rows.iter().sum(), row))
}

fn same(read: &Array, whole: &Array, what: &str) {
    assert_eq!(read.shape(), whole.shape(), "{what}");
    assert_eq!(read.to_vec::<u16>().unwrap(), whole.to_vec::<u16>().unwrap(), "{what}");
}

#[test]
fn every_road_reads_all_rows() {
    for (rows, row) in [
        (&[3, 2, 0, 4, 1][..], &[2, 3][..]),
        (&[0, 0], &[2]),
        (&[1, 1, 1], &[]),
        (&[40_000, 30_000, 10], &[70, 2]),
    ] {
        let (parts, whole) = parts(rows, row);
        let joined = Entry::join(parts).unwrap();
        assert_eq!((joined.shape(), joined.offset()), (whole.shape(), None));
        assert_eq!(joined.stored_nbytes(), whole.nbytes() as u64);
        assert!(joined.check().is_ok());
        assert_eq!(joined.view().unwrap_err().kind(), ErrorKind::Unsupported);
        same(&joined.read().unwrap(), &whole, "read");
        same(&read_many(slice::from_ref(&joined)).unwrap()[0], &whole, "read_many");
        for order in [MemoryOrder::C, MemoryOrder::F] {
            let options = ReadOptions::default().memory_order(order).byte_order(Order::Big);
            let read = joined.read_with(&options).unwrap();
            assert!(read.is_contiguous(order) && read.dtype().to_string() == ">u2");
            same(&read, &whole, "read_with");
            let mut bytes = Vec::new();
            for piece in joined.pieces(order).unwrap() {
                let piece = piece.unwrap();
                assert!(piece.nbytes() <= BAND);
                bytes.extend_from_slice(piece.to_contiguous(order).unwrap().bytes().unwrap());
            }
            assert_eq!(bytes, whole.to_contiguous(order).unwrap().bytes().unwrap());
        }
    }
}

#[test]
fn selections_cross_the_parts() {
    let (parts, whole) = parts(&[3, 2, 0, 4, 1], &[4, 3]);
    let joined = Entry::join(parts).unwrap();
    for text in [
        "...",
        "0",
        "-1",
        "4, 1",
        "2:7",
        "::-1",
        "1::3",
        "-1:0:-2",
        "8:1:-3",
        "5:5",
        "3:5",
        "[9, 0, 3, 3, 8]",
        "[]",
        "None, 2:6",
        "..., 1",
        "1:, 2, [2, 0]",
        "[7, 1], ::2, None, 1",
        "2, [1, 3], 0",
        "3, :, [0, 2]",
        ":, [3, 0], ::-1",
        ":, 1:1",
        "0:10, None, ::2",
        "4:5, 1:2, 1:2",
    ] {
        let selection: Selection = text.parse().unwrap();
        same(&joined.read_slice(&selection).unwrap(), &whole.select(&selection).unwrap(), text);
    }
    for text in ["10", "-11", "0, 4"] {
        let e = joined.read_slice(&text.parse().unwrap()).unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Invalid, "{text}");
    }
    // Every slice, by steps of all signs.
    for start in -10..=10 {
        for step in [-4, -3, -1, 1, 2, 5] {
            let selection = Selection::all().step(start.., step).slice(1..3);
            let expected = whole.select(&selection).unwrap();
            same(&joined.read_slice(&selection).unwrap(), &expected, &selection.to_string());
        }
    }
}

#[test]
fn joined_again_it_stays_one_level() {
    let (parts, _) = parts(&[3, 2, 4], &[2]);
    let inner = Entry::join(parts[..2].to_vec()).unwrap();
    let outer = Entry::join(vec![inner, parts[2].clone()]).unwrap();
    let Data::Joined(joined) = outer.data() else { panic!() };
    assert_eq!((joined.parts().len(), &*joined.ends), (3, &[3, 5, 9][..]));
    same(&outer.read().unwrap(), &array(0, 9, &[2]), "outer");
    let alone = Entry::join(parts[..1].to_vec()).unwrap();
    assert_eq!(alone.offset(), Some(1));
}

#[test]
fn what_does_not_fit_is_named() {
    let first = stored(&array(0, 2, &[3]), MemoryOrder::C);
    let other = |array: &Array| {
        let other = stored(array, MemoryOrder::C).found_at(Path::new("b.npz"), "hit");
        let (at, e) = Entry::join(vec![first.clone(), first.clone(), other]).unwrap_err();
        assert_eq!((at, e.kind()), (2, ErrorKind::Mismatch));
        e.to_string()
    };
    let rows = other(&array(0, 2, &[4]));
    assert_eq!(rows, "b.npz: hit: expected rows of shape [3], found rows of shape [4]");
    let big = other(&array(0, 2, &[3]).to_order(Order::Big).unwrap());
    assert_eq!(big, "b.npz: hit: expected dtype <u2, found dtype >u2");
    assert!(other(&array(0, 3, &[])).contains("rows of shape []"));
    let scalar = array(0, 1, &[]).reshape(&[]).unwrap();
    assert!(other(&scalar).ends_with("expected an array with rows, found a 0-d array"));
    assert_eq!(Entry::join(Vec::new()).unwrap_err().1.kind(), ErrorKind::Invalid);
    let zero: Dtype = "V0".parse().unwrap();
    let source: Arc<dyn Source> = Arc::new(MemorySource::new(Vec::new()));
    let many = |rows| {
        let (data, limits) = (Data::Raw { offset: 0 }, Arc::new(Limits::default()));
        Entry::new(Arc::clone(&source), zero.clone(), &[rows], MemoryOrder::C, data, limits)
            .unwrap()
    };
    let most = usize::try_from(isize::MAX).unwrap();
    assert!(Entry::join(vec![many(most), many(most), many(2)]).is_err());
}

#[test]
fn damage_in_any_part_is_found_and_placed() {
    for broken in 0..4 {
        let (mut parts, _) = parts(&[3, 2, 0, 4], &[2]);
        let seal = parts[broken].seal.unwrap();
        let wrong = parts[broken].clone().sealed(Seal { crc32: !seal.crc32, ..seal });
        parts[broken] = wrong.found_at(Path::new("run.npz"), "hit");
        let joined = Entry::join(parts).unwrap();
        let is_told = |e: Error| {
            let text = e.to_string();
            assert!(
                text.starts_with("run.npz: hit: at byte 0: expected data with the CRC"),
                "{text}"
            );
        };
        is_told(joined.read().unwrap_err());
        for order in [MemoryOrder::C, MemoryOrder::F] {
            let options = ReadOptions::default().memory_order(order);
            is_told(joined.read_with(&options).unwrap_err());
            let pieces = joined.pieces(order).and_then(Iterator::collect::<Result<Vec<_>>>);
            is_told(pieces.unwrap_err());
        }
    }
    let (mut parts, _) = parts(&[0, 0], &[2]);
    let seal = parts[1].seal.unwrap();
    parts[1] = parts[1].clone().sealed(Seal { crc32: !seal.crc32, ..seal });
    assert!(Entry::join(parts).unwrap().pieces(MemoryOrder::C).is_err());
}

#[test]
fn parts_are_read_through_what_is_asked_for() {
    let (parts, whole) = parts(&[3, 2, 4], &[2]);
    let sources = Mutex::new(Vec::new());
    let wrap = |source| -> Arc<dyn Source> {
        let counting = Arc::new(Counting::over(source));
        sources.lock().unwrap().push(Arc::clone(&counting));
        counting
    };
    let joined = Entry::join(parts).unwrap().through(&wrap);
    let part = joined.read_slice(&"4:6, 0".parse().unwrap()).unwrap();
    same(&part, &whole.select(&"4:6, 0".parse().unwrap()).unwrap(), "through");
    // Nothing but the rows asked for: one of a part in F order, one of the next.
    let read: usize = sources.lock().unwrap().iter().map(|source| source.taken().1).sum();
    assert_eq!(read, 4);
}

#[test]
fn packed_parts_are_joined_too() {
    let row = [300, 20];
    let (parts, whole) = parts(&[5, 150, 0, 40], &row);
    let options = crate::npz::WriteOptions::default().compress(1);
    let mut writer = crate::npz::Writer::new(Vec::new(), &options).unwrap();
    for (at, part) in parts.iter().enumerate() {
        writer.add_entry(&format!("{at}"), part).unwrap();
    }
    let source = Arc::new(MemorySource::new(writer.finish().unwrap()));
    let file = crate::OpenOptions::default().open_source(source, "x.npz").unwrap();
    let packed: Vec<Entry> = file.arrays().unwrap().iter().map(|n| n.entry().unwrap()).collect();
    assert!(matches!(packed[1].data(), Data::Coded(coded) if coded.is_seekable()));
    // Half of them packed, and all of them.
    for entries in [packed.clone(), [&parts[..2], &packed[2..]].concat()] {
        let joined = Entry::join(entries).unwrap();
        same(&joined.read().unwrap(), &whole, "read");
        for order in [MemoryOrder::C, MemoryOrder::F] {
            let read = joined.read_with(&ReadOptions::default().memory_order(order)).unwrap();
            same(&read, &whole, "read_with");
            let mut bytes = Vec::new();
            for piece in joined.pieces(order).unwrap() {
                let piece = piece.unwrap().to_contiguous(order).unwrap();
                bytes.extend_from_slice(piece.bytes_in(order).unwrap());
            }
            assert!(bytes == whole.to_contiguous(order).unwrap().bytes().unwrap());
        }
        for text in ["150:160, 3", "[194, 4, 0, 100], :, 1", "::-7, ::50", "..., 0"] {
            let selection: Selection = text.parse().unwrap();
            let expected = whole.select(&selection).unwrap();
            same(&joined.read_slice(&selection).unwrap(), &expected, text);
        }
    }
}
