//! Writing: layouts, orders, sinks, and what happens when it fails.

use super::roads::elements;
use super::support::counted;
use npstow::npy::{self, RowWriter, WriteOptions};
use npstow::{Array, Durability, ErrorKind, MemoryOrder, Order, Sink};

#[test]
fn views_are_written_as_what_they_show() {
    let base = counted("<u2", &[6, 5, 4], MemoryOrder::C);
    for text in ["::2", "::-1", ":, ::2", ":, :, ::-1", "1:3, 2", "..., 0", "4:1", "None, ::3, 1:"]
    {
        let view = base.select(&text.parse().unwrap()).unwrap();
        for view in [view.clone(), view.transpose()] {
            let bytes = npy::to_bytes(&view, &WriteOptions::default()).unwrap();
            let read = npy::read_from(&mut &bytes[..]).unwrap().unwrap();
            assert_eq!(read.shape(), view.shape(), "{text}");
            assert_eq!(elements(&read), elements(&view), "{text}");
        }
    }
}

#[test]
fn orders_are_those_asked_for() {
    let array = counted("<i4", &[50, 40], MemoryOrder::C);
    for order in [MemoryOrder::C, MemoryOrder::F] {
        for bytes in [Order::Little, Order::Big] {
            let options = WriteOptions::default().memory_order(order).byte_order(bytes);
            let written = npy::to_bytes(&array, &options).unwrap();
            let read = npy::read_from(&mut &written[..]).unwrap().unwrap();
            assert!(read.bytes_in(order).is_some());
            assert_eq!(read.dtype(), &array.dtype().to_order(bytes));
            assert_eq!(elements(&read.to_native().unwrap()), elements(&array));
            // From a file, band by band, the bytes are the same.
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("x.npy");
            npy::write(&path, &array).unwrap();
            let mut streamed = Vec::new();
            npy::write_entry(&mut streamed, &npy::open(&path).unwrap(), &options).unwrap();
            assert_eq!(streamed, written);
        }
    }
}

#[test]
fn rows_make_the_file_that_one_save_makes() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.npy");
    for rows in [0usize, 1, 9, 10, 12_345] {
        let whole = Array::from_vec_shape((0..rows as u32 * 3).collect(), &[rows, 3]).unwrap();
        let mut writer = RowWriter::create(&path, "<u4".parse().unwrap(), &[3]).unwrap();
        for row in 0..rows {
            let at = format!("{row}").parse().unwrap();
            writer.push(&whole.select(&at).unwrap()).unwrap();
        }
        assert_eq!(writer.finish().unwrap(), rows);
        let bytes = npy::to_bytes(&whole, &WriteOptions::default()).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), bytes);
    }
    let writer = RowWriter::create(&path, "<u4".parse().unwrap(), &[3]).unwrap();
    drop(writer);
    assert_eq!(npy::read(&path).unwrap().shape(), [12_345, 3]);
    let e = RowWriter::create("/dev/null", "<u4".parse().unwrap(), &[3]).unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Unsupported);
}

#[test]
fn rows_of_any_size_and_layout_stay_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.npy");
    let whole = counted("<u4", &[300_000, 3], MemoryOrder::C);
    let part = |text: &str| whole.select(&text.parse().unwrap()).unwrap();
    let mut writer = RowWriter::create(&path, "<u4".parse().unwrap(), &[3]).unwrap();
    writer.push(&part("0")).unwrap();
    // More than is collected before it is written.
    writer.push(&part("1:200000")).unwrap();
    writer.push(&part("200000:200002").to_contiguous(MemoryOrder::F).unwrap()).unwrap();
    writer.push_slice(&part("200002:299999").to_vec::<u32>().unwrap()).unwrap();
    writer.push(&part("-1").to_order(Order::Big).unwrap()).unwrap();
    assert_eq!(writer.finish().unwrap(), 300_000);
    let bytes = npy::to_bytes(&whole, &WriteOptions::default()).unwrap();
    assert!(std::fs::read(&path).unwrap() == bytes);
}

/// NumPy refuses a file whose elements are said to be subarrays.
#[test]
fn the_lengths_of_a_subarray_become_axes() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.npy");
    let dtype = || npstow::Dtype::parse("('<u4', (2, 3))").unwrap();
    let map = npy::create(&path, dtype(), &[4], MemoryOrder::C).unwrap();
    assert_eq!((map.shape(), map.dtype().to_string()), (&[4, 2, 3][..], "<u4".to_owned()));
    assert_eq!(npy::read(&path).unwrap().shape(), [4, 2, 3]);
    let whole = counted("<u4", &[4, 2, 3], MemoryOrder::C);
    let mut writer = RowWriter::create(&path, dtype(), &[]).unwrap();
    writer.push(&whole.select(&"0".parse().unwrap()).unwrap()).unwrap();
    writer
        .push_slice(&whole.select(&"1:".parse().unwrap()).unwrap().to_vec::<u32>().unwrap())
        .unwrap();
    assert_eq!(writer.finish().unwrap(), 4);
    let bytes = npy::to_bytes(&whole, &WriteOptions::default()).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), bytes);
}

/// NumPy says Fortran order only of what has no other.
#[test]
fn one_axis_has_one_order() {
    let options = WriteOptions::default().memory_order(MemoryOrder::F);
    let four = [&[][..], &[5], &[1, 5, 1], &[0, 5, 3]].map(|shape| ("<i4", shape));
    // Elements without bytes lie in both orders, however many axes they have.
    for (descr, shape) in four.into_iter().chain([("|V0", &[3, 4][..])]) {
        let array = counted(descr, shape, MemoryOrder::C);
        let c = npy::to_bytes(&array, &WriteOptions::default()).unwrap();
        assert!(c == npy::to_bytes(&array, &options).unwrap(), "{descr} {shape:?}");
    }
}

/// A sink that fails after so many bytes, as a full disk does.
struct Full(usize);

impl Sink for Full {
    fn write_all(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.0 = self.0.checked_sub(bytes.len()).ok_or(std::io::ErrorKind::StorageFull)?;
        Ok(())
    }
}

#[test]
fn a_full_disk_is_told() {
    let array = counted("<f8", &[100, 100], MemoryOrder::C);
    let view = array.select(&"::2, ::2".parse().unwrap()).unwrap();
    for array in [&array, &view] {
        for room in [0, 100, 5000] {
            let e = npy::write_to(&mut Full(room), array).unwrap_err();
            assert_eq!(e.kind(), ErrorKind::Io);
            assert_eq!(e.io_error().unwrap().kind(), std::io::ErrorKind::StorageFull);
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_device_that_is_full_is_told() {
    let array = counted("<f8", &[1000], MemoryOrder::C);
    let e = npy::write("/dev/full", &array).unwrap_err();
    assert_eq!(e.io_error().unwrap().kind(), std::io::ErrorKind::StorageFull);
}

#[test]
fn a_save_that_fails_leaves_the_old_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.npy");
    npy::write(&path, &Array::from_vec(vec![1u8])).unwrap();
    let before = std::fs::read(&path).unwrap();
    let greek = counted("[('\u{3bb}', '<f4')]", &[2], MemoryOrder::C);
    let options = WriteOptions::default().version(npy::Version::V1);
    let e = npy::write_with(&path, &greek, &options).unwrap_err();
    assert_eq!((e.kind(), e.path()), (ErrorKind::Unsupported, Some(&*path)));
    assert_eq!(std::fs::read(&path).unwrap(), before);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    for durability in [Durability::None, Durability::Replace, Durability::File, Durability::Full] {
        npy::write_with(&path, &greek, &WriteOptions::default().durability(durability)).unwrap();
        assert_eq!(npy::read(&path).unwrap().bytes(), greek.bytes());
    }
}
