//! Sealed arrays, and many at once.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used)]

use super::*;
use crate::codec::crc32;
use crate::{ErrorKind, FileSource, MemorySource};

/// `head`, elements, `tail` for each array, one after another with gaps between.
struct Archive {
    bytes: Vec<u8>,
    entries: Vec<(u64, Vec<usize>, Seal)>,
}

impl Archive {
    fn new(lengths: &[usize]) -> Self {
        let (mut bytes, mut entries) = (vec![9; 5], Vec::new());
        for (i, &len) in lengths.iter().enumerate() {
            let start = bytes.len();
            bytes.extend_from_slice(b"head");
            let offset = bytes.len() as u64;
            let value = |n: usize| u16::try_from((n * 31 + i * 7) % 65_521).unwrap();
            bytes.extend((0..len).flat_map(|n| value(n).to_le_bytes()));
            bytes.extend_from_slice(&b"tail"[..i % 4]);
            let seal = Seal {
                start: start as u64,
                len: (bytes.len() - start) as u64,
                crc32: crc32(&bytes[start..]),
            };
            entries.push((offset, vec![len], seal));
            bytes.extend(std::iter::repeat_n(0, i * 100 % 900));
        }
        Self { bytes, entries }
    }

    fn entries(&self, source: &Arc<dyn Source>) -> Vec<Entry> {
        let limits = Arc::new(Limits::default());
        let entry = |(offset, shape, seal): &(u64, Vec<usize>, Seal)| {
            let (source, data) = (Arc::clone(source), Data::Raw { offset: *offset });
            let dtype = "<u2".parse().unwrap();
            let limits = Arc::clone(&limits);
            Entry::new(source, dtype, shape, MemoryOrder::C, data, limits).unwrap().sealed(*seal)
        };
        self.entries.iter().map(entry).collect()
    }

    fn sources(&self, dir: &std::path::Path) -> [Arc<dyn Source>; 2] {
        let path = dir.join("archive");
        std::fs::write(&path, &self.bytes).unwrap();
        let memory = MemorySource::new(self.bytes.clone());
        [Arc::new(memory), Arc::new(FileSource::open(path).unwrap())]
    }
}

/// Small and large ones, and some that are read in blocks side by side.
const LENGTHS: &[usize] = &[0, 1, 50, 3, 200_000, 1000, 7, 3_000_001, 12, 0, 400];

#[test]
fn many_are_each_alone() {
    let archive = Archive::new(LENGTHS);
    let dir = tempfile::tempdir().unwrap();
    for source in archive.sources(dir.path()) {
        let entries = archive.entries(&source);
        let many = read_many(&entries).unwrap();
        assert_eq!(many.len(), entries.len());
        for (array, entry) in many.iter().zip(&entries) {
            let alone = entry.read().unwrap();
            assert_eq!((array.shape(), array.bytes()), (entry.shape(), alone.bytes()));
            assert_eq!(array.as_slice::<u16>().unwrap(), alone.as_slice::<u16>().unwrap());
        }
        // Whatever the order they are asked for in.
        let backwards: Vec<Entry> = entries.iter().rev().cloned().collect();
        let many = read_many(&backwards).unwrap();
        for (array, entry) in many.iter().zip(&backwards) {
            assert_eq!(array.bytes(), entry.read().unwrap().bytes());
        }
    }
    assert!(read_many(&[]).unwrap().is_empty());
}

#[test]
fn a_seal_is_checked_on_every_full_read() {
    let archive = Archive::new(LENGTHS);
    let dir = tempfile::tempdir().unwrap();
    for (index, (offset, shape, seal)) in archive.entries.iter().enumerate() {
        let (first, last) = (seal.start, seal.start + seal.len - 1);
        let middle = offset + shape[0] as u64;
        for at in [first, middle.min(last), last] {
            let mut broken =
                Archive { bytes: archive.bytes.clone(), entries: archive.entries.clone() };
            broken.bytes[usize::try_from(at).unwrap()] ^= 1;
            for source in broken.sources(dir.path()) {
                let entries = broken.entries(&source);
                let entry = &entries[index];
                let is_corrupt = |e: &Error| e.kind() == ErrorKind::Corrupt;
                assert!(is_corrupt(&entry.read().unwrap_err()), "{index} {at}");
                let mut memory = vec![0; entry.nbytes()];
                assert!(is_corrupt(&entry.read_into(&mut memory).unwrap_err()));
                let native = ReadOptions::default().byte_order(Order::Big);
                assert!(is_corrupt(&entry.read_with(&native).unwrap_err()));
                let pieces =
                    entry.pieces(MemoryOrder::C).and_then(Iterator::collect::<Result<Vec<_>>>);
                assert!(is_corrupt(&pieces.unwrap_err()));
                let (found, e) = read_many(&entries).unwrap_err();
                assert!(found == index && is_corrupt(&e), "{index} {found} {at}");
                // Parts are read without it.
                assert!(entry.read_slice(&Selection::rows(0..1)).is_ok());
            }
        }
    }
}

#[test]
fn sealed_arrays_change_order_too() {
    let values: Vec<u8> = (0..=251).cycle().take(1200 * 1000 * 2).collect();
    let crc32 = crc32(&values);
    let seal = Seal { start: 0, len: values.len() as u64, crc32 };
    let source: Arc<dyn Source> = Arc::new(MemorySource::new(values.clone()));
    let limits = Arc::new(Limits::default());
    for order in [MemoryOrder::C, MemoryOrder::F] {
        let (source, dtype) = (Arc::clone(&source), "<u2".parse::<Dtype>().unwrap());
        let data = Data::Raw { offset: 0 };
        let plain =
            Entry::new(source, dtype, &[1200, 1000], order, data, Arc::clone(&limits)).unwrap();
        let sealed = plain.clone().sealed(seal);
        let wrong = plain.clone().sealed(Seal { crc32: !crc32, ..seal });
        for wanted in [MemoryOrder::C, MemoryOrder::F] {
            let options = ReadOptions::default().memory_order(wanted).byte_order(Order::Big);
            let expected = plain.read_with(&options).unwrap();
            assert_eq!(sealed.read_with(&options).unwrap().bytes(), expected.bytes());
            assert_eq!(wrong.read_with(&options).unwrap_err().kind(), ErrorKind::Corrupt);
            let pieces: Vec<Array> = sealed.pieces(wanted).unwrap().map(Result::unwrap).collect();
            let bytes: Vec<u8> = pieces
                .iter()
                .flat_map(|piece| piece.to_contiguous(wanted).unwrap().bytes().unwrap().to_vec())
                .collect();
            let native = ReadOptions::default().memory_order(wanted);
            assert_eq!(bytes, plain.read_with(&native).unwrap().bytes().unwrap());
            assert!(wrong.pieces(wanted).and_then(Iterator::collect::<Result<Vec<_>>>).is_err());
        }
    }
}

#[test]
fn rows_come_in_bands_however_they_are_stored() {
    let array = Array::from_vec((0..23 * 6u16).collect::<Vec<_>>()).reshape(&[23, 2, 3]).unwrap();
    let turned = array.to_contiguous(MemoryOrder::F).unwrap();
    let expected = array.bytes().unwrap();
    for stored in [&array, &turned] {
        let entry = Entry::try_from(stored).unwrap();
        for at_once in [0, 1, 4, 23, 100, usize::MAX] {
            let bands: Vec<_> = entry.rows(at_once).unwrap().map(Result::unwrap).collect();
            let rows: usize = bands.iter().map(|band| band.shape()[0]).sum();
            let joined: Vec<u8> = bands
                .iter()
                .flat_map(|band| band.bytes_in(MemoryOrder::C).unwrap())
                .copied()
                .collect();
            assert_eq!((rows, &joined[..]), (23, expected), "{at_once}");
            if at_once == 4 {
                assert_eq!((bands.len(), bands[5].shape()), (6, &[3, 2, 3][..]));
            }
        }
    }
    let none = Array::from_vec(Vec::<u8>::new()).reshape(&[0, 3]).unwrap();
    assert_eq!(Entry::try_from(&none).unwrap().rows(0).unwrap().count(), 0);
    let one = Array::from_vec(vec![1u8]).reshape(&[]).unwrap();
    let e = Entry::try_from(&one).unwrap().rows(1).map(drop).unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Mismatch);
}

#[test]
fn the_last_band_of_sealed_rows_is_an_error_where_the_seal_is_broken() {
    let mut archive = Archive::new(&[1000]);
    let at = usize::try_from(archive.entries[0].0).unwrap();
    let source: Arc<dyn Source> = Arc::new(MemorySource::new(archive.bytes.clone()));
    let whole = archive.entries(&source)[0].rows(300).unwrap().map(Result::unwrap).count();
    assert_eq!(whole, 4);
    archive.bytes[at + 7] ^= 1;
    let source: Arc<dyn Source> = Arc::new(MemorySource::new(archive.bytes.clone()));
    let entry = archive.entries(&source).remove(0);
    let bands: Vec<_> = entry.rows(300).unwrap().collect();
    let good: Vec<bool> = bands.iter().map(Result::is_ok).collect();
    assert_eq!(good, [true, true, true, false]);
    assert_eq!(bands[3].as_ref().unwrap_err().kind(), ErrorKind::Corrupt);
}
