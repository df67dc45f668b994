//! Rows added in place: what a crash at any byte leaves behind.

use super::support::counted;
use npstow::npy::{self, Appender, Repair};
use npstow::{Array, Durability, ErrorKind, MemoryOrder};
use std::path::PathBuf;

fn file(array: &Array) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.npy");
    npy::write(&path, array).unwrap();
    (dir, path)
}

#[test]
fn appended_is_what_one_save_writes() {
    for descr in super::support::descrs() {
        let whole = counted(&descr, &[12, 3], MemoryOrder::C);
        let (_dir, path) = file(&whole.select(&"0:5".parse().unwrap()).unwrap());
        for part in ["5:6", "6", "7:12", "12:"] {
            npy::append(&path, &whole.select(&part.parse().unwrap()).unwrap()).unwrap();
        }
        let bytes = npy::to_bytes(&whole, &npy::WriteOptions::default()).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), bytes, "{descr}");
    }
}

#[test]
fn the_count_may_grow_to_all_its_digits() {
    let (_dir, path) = file(&Array::from_vec(vec![0u8; 9]));
    let mut appender = Appender::open_with(&path, Durability::None).unwrap();
    for total in [10usize, 99, 100, 99_999, 100_000, 1_000_000] {
        let rows = total - appender.rows();
        appender.push(&Array::from_vec(vec![1u8; rows])).unwrap();
        appender.commit().unwrap();
        assert_eq!(npy::read(&path).unwrap().shape(), [total]);
    }
    let bytes = std::fs::read(&path).unwrap();
    let array = npy::read(&path).unwrap();
    assert_eq!(bytes, npy::to_bytes(&array, &npy::WriteOptions::default()).unwrap());
}

#[test]
fn several_pushes_are_one_commit_in_any_layout() {
    let whole = counted("<u4", &[12, 3], MemoryOrder::C);
    let part = |text: &str| whole.select(&text.parse().unwrap()).unwrap();
    let (_dir, path) = file(&part("0:5"));
    let mut appender = Appender::open(&path).unwrap();
    appender.push(&part("5")).unwrap();
    appender.push(&part("6:9").to_contiguous(MemoryOrder::F).unwrap()).unwrap();
    appender.push_slice(&part("9:11").to_vec::<u32>().unwrap()).unwrap();
    appender.push(&part("11:").to_order(npstow::Order::Big).unwrap()).unwrap();
    assert_eq!(appender.rows(), 12);
    assert_eq!(npy::read(&path).unwrap().shape(), [5, 3]);
    assert_eq!(appender.finish().unwrap(), 12);
    let bytes = npy::to_bytes(&whole, &npy::WriteOptions::default()).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), bytes);
}

#[test]
fn few_rows_at_a_time_are_as_many_at_once() {
    let whole: Vec<u32> = (0..200_000).collect();
    let (_dir, path) = file(&Array::from_slice(&whole[..10]));
    let mut appender = Appender::open_with(&path, Durability::None).unwrap();
    let mut rest = &whole[10..];
    // Less than what is written at once, just that, and more, before and behind what waits.
    for step in [1, 3000, 1, 4095, 4096, 4097, 4000, 4000, 4000, 4000, 4000, 20_000].iter().cycle()
    {
        let (part, behind) = rest.split_at(rest.len().min(*step));
        appender.push_slice(part).unwrap();
        assert_eq!(appender.rows(), whole.len() - behind.len());
        if step % 2 == 1 {
            appender.commit().unwrap();
            let read = npy::read(&path).unwrap();
            assert_eq!(read.as_slice::<u32>().unwrap(), &whole[..whole.len() - behind.len()]);
        }
        rest = behind;
        if rest.is_empty() {
            break;
        }
    }
    appender.push_slice(&[7u32; 5]).unwrap();
    drop(appender);
    let bytes = npy::to_bytes(&npy::read(&path).unwrap(), &npy::WriteOptions::default()).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), bytes);
    assert!(npy::read(&path).unwrap().shape()[0] <= whole.len());
}

#[test]
fn rows_without_elements_take_none() {
    let (_dir, path) = file(&counted("<u2", &[3, 0], MemoryOrder::C));
    let mut appender = Appender::open(&path).unwrap();
    let e = appender.push_slice(&[1u16, 2]).unwrap_err();
    assert_eq!((e.kind(), appender.rows()), (ErrorKind::Mismatch, 3));
    appender.push_slice::<u16>(&[]).unwrap();
    appender.push(&counted("<u2", &[4, 0], MemoryOrder::C)).unwrap();
    assert_eq!(appender.finish().unwrap(), 7);
    assert_eq!(std::fs::metadata(&path).unwrap().len(), 128);
    assert_eq!(npy::read(&path).unwrap().shape(), [7, 0]);
}

#[test]
fn a_header_without_room_is_replaced_with_the_file() {
    // As old NumPy and cnpy write it: padded to 16, no room for another digit.
    let text = "{'descr': '<i2', 'fortran_order': False, 'shape': (9, 1), }";
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    let padded = (10 + text.len() + 1).next_multiple_of(16) - 10;
    bytes.extend(u16::try_from(padded).unwrap().to_le_bytes());
    bytes.extend(format!("{text:<width$}\n", width = padded - 1).bytes());
    bytes.extend((0..18).collect::<Vec<u8>>());
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.npy");
    std::fs::write(&path, &bytes).unwrap();
    for rows in 10..1100 {
        let row = Array::from_vec_shape(vec![7i16], &[1, 1]).unwrap();
        npy::append(&path, &row).unwrap();
        let array = npy::read(&path).unwrap();
        assert_eq!(array.shape(), [rows, 1]);
        assert_eq!(array.as_slice::<i16>().unwrap()[..2], [0x0100, 0x0302]);
        assert_eq!(array.as_slice::<i16>().unwrap()[rows - 1], 7);
    }
}

#[test]
fn rows_that_do_not_fit_are_refused_and_change_nothing() {
    let (_dir, path) = file(&counted("<f4", &[5, 3], MemoryOrder::C));
    let before = std::fs::read(&path).unwrap();
    for (descr, shape) in [
        ("<i4", &[1, 3][..]),
        ("<f8", &[1, 3]),
        ("<f4", &[3, 1]),
        ("<f4", &[1, 2, 3]),
        ("<f4", &[4]),
    ] {
        let e = npy::append(&path, &counted(descr, shape, MemoryOrder::C)).unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Mismatch, "{descr} {shape:?}");
        assert_eq!(std::fs::read(&path).unwrap(), before);
    }
    // The same numbers in the other byte order are brought into the file's.
    let array = Array::from_vec_shape(vec![1.5f32, 2.5, 3.5], &[1, 3]).unwrap();
    npy::append(&path, &array.to_order(npstow::Order::Big).unwrap()).unwrap();
    let read = npy::read(&path).unwrap();
    assert_eq!(read.as_slice::<f32>().unwrap()[15..], [1.5, 2.5, 3.5]);
}

#[test]
fn what_cannot_grow_is_named() {
    let (_dir, path) = file(&counted("<f4", &[], MemoryOrder::C));
    assert_eq!(Appender::open(&path).unwrap_err().kind(), ErrorKind::Invalid);
    let (_dir, path) = file(&counted("<f4", &[3, 4], MemoryOrder::F));
    assert_eq!(Appender::open(&path).unwrap_err().kind(), ErrorKind::Unsupported);
    assert_eq!(Appender::open("no such file").unwrap_err().kind(), ErrorKind::Io);
}

#[test]
fn two_at_once_are_refused() {
    let (_dir, path) = file(&Array::from_vec(vec![1u8]));
    let first = Appender::open(&path).unwrap();
    assert_eq!(Appender::open(&path).unwrap_err().kind(), ErrorKind::Io);
    assert_eq!(npy::repair(&path).unwrap_err().kind(), ErrorKind::Io);
    drop(first);
    Appender::open(&path).unwrap();
}

#[test]
fn a_file_that_has_taken_the_place_is_left_alone() {
    let (_dir, path) = file(&Array::from_vec(vec![1u8]));
    let mut appender = Appender::open(&path).unwrap();
    appender.push_slice(&[2u8]).unwrap();
    npy::write(&path, &Array::from_vec(vec![7u8, 8])).unwrap();
    let e = appender.commit().unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Io);
    assert!(e.to_string().contains("another one has taken its place"), "{e}");
    drop(appender);
    assert_eq!(npy::read(&path).unwrap().as_slice::<u8>().unwrap(), [7, 8]);
    npy::append(&path, &Array::from_vec(vec![9u8])).unwrap();
    assert_eq!(npy::read(&path).unwrap().as_slice::<u8>().unwrap(), [7, 8, 9]);
}

#[test]
fn rows_that_were_not_committed_are_taken_back() {
    let (_dir, path) = file(&Array::from_vec(vec![1u8, 2]));
    let before = std::fs::read(&path).unwrap();
    let mut appender = Appender::open(&path).unwrap();
    appender.push_slice(&[3u8, 4]).unwrap();
    assert_eq!(appender.rows(), 4);
    drop(appender);
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

/// Every state that a crash can leave: so many bytes of the new rows, then so many bytes of the
/// header's change.
#[test]
fn a_crash_at_any_byte_leaves_the_old_rows_or_the_new() {
    let old = counted("<u4", &[9, 2], MemoryOrder::C);
    let new = counted("<u4", &[12, 2], MemoryOrder::C);
    let options = npy::WriteOptions::default();
    let (a, b) = (npy::to_bytes(&old, &options).unwrap(), npy::to_bytes(&new, &options).unwrap());
    let (dir, path) = file(&old);
    let mut states: Vec<Vec<u8>> =
        (a.len()..=b.len()).map(|end| [&a[..], &b[a.len()..end]].concat()).collect();
    states.push(b.clone());
    for state in states {
        std::fs::write(&path, &state).unwrap();
        let rows = npy::read(&path).unwrap().shape()[0];
        let expected = if state == b { 12 } else { 9 };
        assert_eq!(rows, expected);
        let trimmed = if expected == 12 { 0 } else { (state.len() - a.len()) as u64 };
        let plan = Repair { rows_before: rows as u64, rows_after: rows as u64, trimmed };
        assert_eq!(npy::diagnose(&path).unwrap(), plan);
        assert_eq!(Appender::open(&path).is_err(), trimmed > 0);
        assert_eq!(npy::repair(&path).unwrap(), plan);
        assert!(npy::repair(&path).unwrap().is_clean());
        assert_eq!(
            std::fs::read(&path).unwrap(),
            if expected == 12 { b.clone() } else { a.clone() }
        );
    }
    // The header's change is one write of the few bytes that differ.
    let differ = |(i, (x, y)): (usize, (&u8, &u8))| (x != y).then_some(i);
    let changed: Vec<_> = a[..128].iter().zip(&b[..128]).enumerate().filter_map(differ).collect();
    assert!(changed.last().unwrap() - changed[0] < 16);
    drop(dir);
}

#[test]
fn a_whole_file_needs_no_repair() {
    for descr in ["<u2", "|V0"] {
        for shape in super::support::SHAPES {
            for order in [MemoryOrder::C, MemoryOrder::F] {
                let (_dir, path) = file(&counted(descr, shape, order));
                let before = std::fs::read(&path).unwrap();
                let plan = npy::repair(&path).unwrap();
                assert!(plan.is_clean(), "{descr} {shape:?}: {plan:?}");
                assert_eq!(std::fs::read(&path).unwrap(), before, "{descr} {shape:?}");
            }
        }
    }
}

#[test]
fn a_file_cut_short_keeps_its_whole_rows() {
    for order in [MemoryOrder::C, MemoryOrder::F] {
        let array = counted("<u2", &[5, 3], order);
        let (_dir, path) = file(&array);
        let bytes = std::fs::read(&path).unwrap();
        for len in 128..bytes.len() {
            std::fs::write(&path, &bytes[..len]).unwrap();
            assert!(npy::read(&path).is_err());
            let row = if order == MemoryOrder::C { 6 } else { 10 };
            let repaired = npy::repair(&path).unwrap();
            assert_eq!(repaired.rows_after, (len as u64 - 128) / row);
            let read = npy::read(&path).unwrap();
            assert_eq!(read.nbytes() as u64, repaired.rows_after * row);
            assert_eq!(read.bytes().unwrap(), &bytes[128..128 + read.nbytes()]);
        }
    }
}

/// Found by fuzzing: a name written as an escape, in a version that cannot hold the letter itself.
#[test]
fn a_name_behind_an_escape_does_not_keep_a_file_from_growing() {
    let bytes =
        std::fs::read(super::support::project().join("corpus/fuzz/escaped_name_in_version_1.npy"));
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.npy");
    std::fs::write(&path, bytes.unwrap()).unwrap();
    npy::repair(&path).unwrap();
    let old = npy::read(&path).unwrap();
    npy::append(&path, &old).unwrap();
    let new = npy::read(&path).unwrap();
    assert_eq!((new.shape()[0], new.dtype()), (2 * old.shape()[0], old.dtype()));
}

#[test]
fn another_array_behind_is_no_damage() {
    let (_dir, path) = file(&Array::from_vec(vec![1u8]));
    let mut bytes = std::fs::read(&path).unwrap();
    bytes.extend(bytes.clone());
    std::fs::write(&path, &bytes).unwrap();
    assert_eq!(npy::repair(&path).unwrap_err().kind(), ErrorKind::Exists);
    assert!(Appender::open(&path).is_err());
    assert_eq!(std::fs::read(&path).unwrap(), bytes);
}
