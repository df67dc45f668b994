//! Every road to the same bytes gives the same array.

use super::support;
use npstow::{
    Array, ErrorKind, Limits, MemoryOrder, MemorySource, Order, PartSource, ReadOptions, Selection,
    Source, npy,
};
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

/// A reader that gives one byte at a time.
pub struct Drops<'a>(pub &'a [u8]);

impl Read for Drops<'_> {
    fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
        let len = to.len().min(1);
        self.0.read(&mut to[..len])
    }
}

/// Element by element in C order, so that neither layout nor strides matter.
pub fn elements(array: &Array) -> Vec<u8> {
    let array = array.to_contiguous(MemoryOrder::C).unwrap();
    array.bytes_in(MemoryOrder::C).unwrap().to_vec()
}

fn same(a: &Array, b: &Array, road: &str) {
    assert_eq!((a.dtype(), a.shape()), (b.dtype(), b.shape()), "{road}");
    assert_eq!(elements(a), elements(b), "{road}");
}

/// Reads the file on all roads; says whether it could be read at all.
fn check(path: &Path) -> bool {
    let bytes = std::fs::read(path).unwrap();
    let read = npy::read(path);
    let memory: Arc<dyn Source> = Arc::new(MemorySource::new(bytes.clone()));
    let entry = npy::open_source(Arc::clone(&memory), &Limits::default());
    let Ok(array) = read else {
        let kind = read.unwrap_err().kind();
        let others = [
            npy::view(path).err(),
            npy::read_from(&mut &bytes[..]).err(),
            entry.and_then(|e| e.read()).err(),
        ];
        for other in others {
            let other = other.map(|e| e.kind());
            // A stream that is empty has no array; a file that is empty is damaged.
            assert!(other == Some(kind) || bytes.is_empty(), "{path:?}: {other:?}, not {kind:?}");
        }
        return false;
    };
    let entry = entry.unwrap();
    same(&array, &npy::view(path).unwrap(), "view");
    same(&array, &npy::read_from(&mut &bytes[..]).unwrap().unwrap(), "stream");
    same(&array, &npy::read_from(&mut Drops(&bytes)).unwrap().unwrap(), "byte by byte");
    same(&array, &entry.read().unwrap(), "memory");
    let mut prefixed = vec![0xee; 3];
    prefixed.extend_from_slice(&bytes);
    let part = PartSource::new(Arc::new(MemorySource::new(prefixed)), 3, bytes.len() as u64);
    let part = npy::open_source(Arc::new(part.unwrap()), &Limits::default()).unwrap();
    same(&array, &part.read().unwrap(), "part");
    same(&array, &entry.read_slice(&Selection::all()).unwrap(), "slice of everything");
    let mut own = vec![0; entry.nbytes()];
    entry.read_into(&mut own).unwrap();
    assert_eq!(own, array.bytes().unwrap());
    for memory in [MemoryOrder::C, MemoryOrder::F] {
        let options = ReadOptions::default().memory_order(memory).byte_order(Order::NATIVE);
        let read = npy::open(path).unwrap().read_with(&options).unwrap();
        assert!(read.dtype().is_native() && read.bytes_in(memory).is_some());
        same(&read, &array.to_native().unwrap(), "other order");
    }
    true
}

#[test]
fn all_roads_agree_on_generated_files() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.npy");
    for descr in support::descrs() {
        for shape in support::SHAPES {
            for order in [MemoryOrder::C, MemoryOrder::F] {
                npy::write(&path, &support::counted(&descr, shape, order)).unwrap();
                assert!(check(&path), "{descr} {shape:?}");
            }
        }
    }
}

#[test]
fn all_roads_agree_on_small_files_of_others() {
    let mut files = support::npy_files("examples/data");
    files.extend(support::npy_files("corpus/headers"));
    files.extend(support::npy_files("corpus/fuzz"));
    files.extend(support::shared_npy_files());
    let read = files.iter().filter(|path| check(path)).count();
    assert!(read > 20, "{read} of {}", files.len());
}

#[test]
fn large_arrays_change_their_order_in_bands() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.npy");
    // Larger than a band in each direction, and with an odd item size.
    for (descr, shape) in [
        (">f8", &[3000, 1001][..]),
        ("<f4", &[2, 3_000_001]),
        ("|V3", &[3_000_001, 2]),
        (">i2", &[7, 500, 1200]),
        // No block of bytes is one of whole items.
        ("[('a', '>i2'), ('b', '|u1')]", &[701, 1000]),
    ] {
        for order in [MemoryOrder::C, MemoryOrder::F] {
            let array = support::counted(descr, shape, order);
            npy::write(&path, &array).unwrap();
            assert!(check(&path), "{descr} {shape:?} {order:?}");
        }
    }
}

#[test]
fn memory_of_another_length_is_not_filled() {
    let array = support::counted("<f4", &[2, 3], MemoryOrder::C);
    let bytes = npy::to_bytes(&array, &npy::WriteOptions::default()).unwrap();
    let entry = npy::open_source(Arc::new(MemorySource::new(bytes)), &Limits::default()).unwrap();
    let other = ReadOptions::default().memory_order(MemoryOrder::F);
    for len in [0, 20, 23, 25, 48] {
        let mut own = vec![0xee; len];
        for e in [entry.read_into(&mut own), entry.read_into_with(&mut own, &other)] {
            assert_eq!(e.unwrap_err().kind(), ErrorKind::Mismatch, "{len}");
        }
        assert_eq!(own, vec![0xee; len]);
    }
}

#[test]
fn an_array_larger_than_allowed_is_not_read() {
    let array = support::counted("<f4", &[2, 3], MemoryOrder::C);
    let bytes = npy::to_bytes(&array, &npy::WriteOptions::default()).unwrap();
    let open = |most| {
        let source = Arc::new(MemorySource::new(bytes.clone()));
        npy::open_source(source, &Limits::default().array_nbytes(most)).unwrap()
    };
    let other = ReadOptions::default().memory_order(MemoryOrder::F);
    let all = Selection::all();
    for read in [open(23).read(), open(23).read_with(&other), open(23).read_slice(&all)] {
        assert_eq!(read.unwrap_err().kind(), ErrorKind::Limit);
    }
    for read in [open(24).read(), open(24).read_with(&other), open(24).read_slice(&all)] {
        same(&read.unwrap(), &array, "as much as is allowed");
    }
    // What is selected counts, and what takes no memory does not.
    assert_eq!(open(23).read_slice(&"1".parse().unwrap()).unwrap().shape(), [3]);
    let twice = open(24).read_slice(&"[0, 1, 1]".parse().unwrap());
    assert_eq!(twice.unwrap_err().kind(), ErrorKind::Limit);
    same(&open(0).view().unwrap(), &array, "view");
}

#[test]
fn truncated_at_every_byte_is_an_error_on_every_road() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.npy");
    let mut small: Vec<_> = support::descrs()
        .iter()
        .map(|descr| support::counted(descr, &[2, 2], MemoryOrder::F))
        .map(|array| npy::to_bytes(&array, &npy::WriteOptions::default()).unwrap())
        .collect();
    for file in support::npy_files("corpus/headers") {
        small.push(std::fs::read(file).unwrap());
    }
    for bytes in small.iter().filter(|bytes| bytes.len() < 2000) {
        let Ok(Some(whole)) = npy::read_from(&mut &bytes[..]) else { continue };
        let mut taken = &bytes[..];
        npy::read_from(&mut taken).unwrap();
        let end = bytes.len() - taken.len();
        for cut in 0..end {
            let cut_bytes = &bytes[..cut];
            let memory = Arc::new(MemorySource::new(cut_bytes.to_vec()));
            let e = npy::open_source(memory, &Limits::default()).and_then(|e| e.read());
            assert_eq!(e.unwrap_err().kind(), ErrorKind::Corrupt, "{cut}");
            let stream = npy::read_from(&mut &cut_bytes[..]);
            assert!(stream.is_err() || (cut == 0 && stream.unwrap().is_none()));
        }
        std::fs::write(&path, &bytes[..end - usize::from(whole.nbytes() > 0)]).unwrap();
        assert_eq!(npy::read(&path).is_err(), whole.nbytes() > 0);
        assert_eq!(npy::view(&path).is_err(), whole.nbytes() > 0);
    }
}

#[test]
fn more_than_four_billion_elements_in_a_sparse_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.npy");
    let len = (1usize << 32) + 5;
    let map = npy::create(&path, "|u1".parse().unwrap(), &[len], MemoryOrder::C);
    // Without sparse files or address space there is nothing to test.
    let Ok(mut map) = map else {
        eprintln!("SKIPPED: no sparse file of 4 GiB here");
        return;
    };
    map.bytes_mut()[len - 2] = 42;
    drop(map);
    let entry = npy::open(&path).unwrap();
    assert_eq!(entry.nbytes(), len);
    let tail = entry.read_slice(&"-3:".parse().unwrap()).unwrap();
    assert_eq!(tail.as_slice::<u8>().unwrap(), [0, 42, 0]);
    let rows = entry.read_slice(&Selection::all().list([-2, 0, 1 << 32])).unwrap();
    assert_eq!(rows.as_slice::<u8>().unwrap(), [42, 0, 0]);
    assert_eq!(npy::view(&path).unwrap().as_slice::<u8>().unwrap()[len - 2], 42);
}
