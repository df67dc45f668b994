//! Reading a part gives what selecting from the whole gives, and touches little else.

use super::roads::elements;
use super::support;
use npstow::{ErrorKind, Limits, MemoryOrder, PreviewOptions, Result, Selection, Source, npy};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A source that counts what is read of it.
#[derive(Debug, Default)]
pub struct Counted {
    bytes: Vec<u8>,
    pub reads: AtomicU64,
    pub read: AtomicU64,
    /// The most that one read asked for.
    pub largest: AtomicU64,
}

impl Counted {
    pub fn new(bytes: Vec<u8>) -> Arc<Self> {
        Arc::new(Self { bytes, ..Self::default() })
    }
}

impl Source for Counted {
    fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn read_into(&self, offset: u64, dst: &mut [u8]) -> io::Result<()> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.read.fetch_add(dst.len() as u64, Ordering::Relaxed);
        self.largest.fetch_max(dst.len() as u64, Ordering::Relaxed);
        let start = usize::try_from(offset).unwrap();
        dst.copy_from_slice(&self.bytes[start..start + dst.len()]);
        Ok(())
    }

    fn view(&self, _: u64, _: usize) -> Result<npstow::Buffer> {
        unreachable!("a slice is read, not mapped")
    }
}

#[test]
fn slices_of_files_are_slices_of_arrays() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.npy");
    let selections = [
        ":",
        "1",
        "-1",
        "::2",
        "::-1",
        "1:3, ::2",
        "..., 0",
        "0, ...",
        ":, ::-2",
        "[2, 0, 2]",
        "[1], 1:",
        ":, [0, -1]",
        "None, 1",
        "5:2",
        "0:100:3, -1",
        "..., None",
        "1:2, 1:2, 1:2",
        "::-1, ::-1, ::-1",
        "[0, 1], ..., ::-1",
    ];
    for (descr, shape) in
        [("<f8", &[7, 5, 4][..]), ("|V3", &[6, 7]), (">u2", &[9]), ("<c16", &[5, 1, 4])]
    {
        for order in [MemoryOrder::C, MemoryOrder::F] {
            let array = support::counted(descr, shape, order);
            npy::write(&path, &array).unwrap();
            let on_disk = npy::open(&path).unwrap();
            for text in selections {
                let selection = text.parse().unwrap();
                let Ok(expected) = array.select(&selection) else {
                    let e = on_disk.read_slice(&selection).unwrap_err();
                    assert_eq!(e.kind(), ErrorKind::Invalid, "{text} of {shape:?}");
                    continue;
                };
                let got = on_disk.read_slice(&selection).unwrap();
                assert_eq!(got.shape(), expected.shape(), "{text} of {shape:?} {order:?}");
                assert_eq!(elements(&got), elements(&expected), "{text} of {shape:?} {order:?}");
                // The caller's memory gets the same bytes, and has to have room for just them.
                let mut own = vec![0xaa; got.nbytes()];
                on_disk.read_slice_into(&selection, &mut own).unwrap();
                assert_eq!(Some(&own[..]), got.bytes(), "{text} of {shape:?} {order:?}");
                own.push(0);
                let e = on_disk.read_slice_into(&selection, &mut own).unwrap_err();
                assert_eq!(e.kind(), ErrorKind::Mismatch, "{text} of {shape:?}");
            }
        }
    }
}

#[test]
fn a_slice_touches_only_what_it_needs() {
    // 1000 rows of 4000 bytes, and the header.
    let array = support::counted("<f4", &[1000, 1000], MemoryOrder::C);
    let bytes = npy::to_bytes(&array, &npy::WriteOptions::default()).unwrap();
    for (text, most_reads, most_bytes) in [
        ("500", 1, 4000),
        ("10:20", 1, 40_000),
        // Far apart: one read each, nothing between.
        ("[0, 500, 999]", 3, 12_000),
        ("::250", 4, 16_000),
        // Close together: reading along is cheaper than another call.
        ("5, ::2", 1, 4000),
        ("0:100, 0", 100, 400 * 1000),
        ("7:7", 0, 0),
    ] {
        let source = Counted::new(bytes.clone());
        let entry = npy::open_source(source.clone(), &Limits::default()).unwrap();
        let opening = (source.reads.load(Ordering::Relaxed), source.read.load(Ordering::Relaxed));
        assert!(opening.0 <= 1 && opening.1 <= 256, "opening costs {opening:?}");
        entry.read_slice(&text.parse().unwrap()).unwrap();
        let reads = source.reads.load(Ordering::Relaxed) - opening.0;
        let read = source.read.load(Ordering::Relaxed) - opening.1;
        assert!(reads <= most_reads && read <= most_bytes, "{text}: {reads} reads, {read} bytes");
    }
}

/// Reading along what lies between must not become reading everything.
#[test]
fn a_column_takes_bounded_memory() {
    let array = support::counted("<f4", &[3000, 1000], MemoryOrder::C);
    let bytes = npy::to_bytes(&array, &npy::WriteOptions::default()).unwrap();
    let source = Counted::new(bytes);
    let entry = npy::open_source(source.clone(), &Limits::default()).unwrap();
    let selection = ":, 7".parse().unwrap();
    let column = entry.read_slice(&selection).unwrap();
    assert_eq!(elements(&column), elements(&array.select(&selection).unwrap()));
    let (reads, largest) = (&source.reads, &source.largest);
    assert!(reads.load(Ordering::Relaxed) < 20 && largest.load(Ordering::Relaxed) <= 1 << 20);
}

#[test]
fn reading_everything_is_one_read() {
    let array = support::counted("<f4", &[300, 1000], MemoryOrder::F);
    let bytes = npy::to_bytes(&array, &npy::WriteOptions::default()).unwrap();
    let source = Counted::new(bytes);
    npy::open_source(source.clone(), &Limits::default()).unwrap().read().unwrap();
    assert_eq!(source.reads.load(Ordering::Relaxed), 2);
}

/// A preview of the corners is one of the whole, in any order and of any part.
#[test]
fn corners_print_as_the_whole() {
    let parts =
        ["...", "::-1", "..., ::-2", "[9, 3, 3, 0, 1, 8, 7, 2]", "None, 3:", "5, ...", "7:7"];
    for shape in [&[][..], &[3], &[40], &[0, 9], &[12, 9], &[10, 8, 9], &[10, 2, 7, 8]] {
        for order in [MemoryOrder::C, MemoryOrder::F] {
            let whole = support::counted("<i2", shape, order);
            let source = Counted::new(npy::to_bytes(&whole, &Default::default()).unwrap());
            let entry = npy::open_source(source, &Limits::default()).unwrap();
            for part in parts {
                let part: Selection = part.parse().unwrap();
                let Ok(array) = whole.select(&part) else {
                    let e = entry.corners(&part, &PreviewOptions::default()).unwrap_err();
                    assert_eq!(e.kind(), ErrorKind::Invalid);
                    continue;
                };
                for options in [(5, 1), (5, 3), (50, 2), (1000, 3)] {
                    let options =
                        PreviewOptions::default().threshold(options.0).edgeitems(options.1);
                    let corners = entry.corners(&part, &options).unwrap();
                    assert_eq!(corners.shape(), array.shape());
                    assert_eq!(corners.to_string(), array.preview(&options), "{shape:?} {part}");
                }
            }
        }
    }
}

#[test]
fn corners_are_all_that_is_read() {
    for order in [MemoryOrder::C, MemoryOrder::F] {
        let whole = support::counted("<u4", &[500, 400, 6], order);
        let source = Counted::new(npy::to_bytes(&whole, &Default::default()).unwrap());
        let entry = npy::open_source(Arc::clone(&source) as _, &Limits::default()).unwrap();
        let before = source.read.load(Ordering::Relaxed);
        let options = PreviewOptions::default();
        let corners = entry.corners(&Selection::all(), &options).unwrap();
        assert_eq!(corners.to_string(), whole.preview(&options));
        let read = source.read.load(Ordering::Relaxed) - before;
        assert!(read < 200_000, "{read} of {}", whole.nbytes());
    }
    // Of very many axes nothing is shown, and nothing read.
    let whole = support::counted("|u1", &[7; 8], MemoryOrder::C);
    let entry = npstow::Entry::try_from(&whole).unwrap();
    let corners = entry.corners(&Selection::all(), &PreviewOptions::default()).unwrap();
    assert_eq!((corners.to_string().as_str(), corners.shape()), ("[...]", whole.shape()));
    let e = corners.map(|_| Ok(support::counted("|u1", &[1], MemoryOrder::C))).unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Mismatch);
}
