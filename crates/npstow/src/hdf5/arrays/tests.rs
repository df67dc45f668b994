#![forbid(unsafe_code)]

use super::*;
use crate::hdf5::beside::Beside;
use crate::hdf5::write::checksum::lookup3;
use crate::hdf5::write::emit::Emit;
use crate::hdf5::write::superblock::Superblock;
use crate::{Limits, MemorySource};
use std::sync::Arc;

/// A file that begins with a superblock, and what follows.
struct Made(Emit);

impl Made {
    fn new() -> Self {
        let mut out = Emit::new();
        out.bytes(&Superblock::Latest { end: 0, root: 0 }.write());
        Self(out)
    }

    fn place(&mut self, bytes: &mut Emit) -> u64 {
        let at = self.0.len() as u64;
        self.0.bytes(&bytes.checksum().finish());
        at
    }

    /// Bytes that have no meaning, and no checksum.
    fn gap(&mut self, len: usize) {
        self.0.bytes(&vec![0xee; len]);
    }
}

fn open(bytes: Vec<u8>) -> Result<File> {
    let (limits, beside) = (Arc::new(Limits::default()), Arc::new(Beside::default()));
    File::open(Arc::new(MemorySource::new(bytes)), limits, beside)
}

fn begin(mark: &[u8], packed: bool) -> Emit {
    let mut out = Emit::new();
    out.bytes(mark).u8(0).u8(packed.into());
    if !matches!(mark, b"FAHD" | b"EAHD") {
        out.u64(48);
    }
    out
}

/// Entries of these numbers; every fifth chunk was never written.
fn entries(out: &mut Emit, numbers: std::ops::Range<u64>, packed: bool) {
    for number in numbers {
        out.u64(if number % 5 == 4 { UNDEFINED } else { 1000 + number });
        if packed {
            out.uint(number % 1000 + 1, 2).u32(3);
        }
    }
}

fn expected(numbers: impl Iterator<Item = u64>, packed: bool) -> Vec<Numbered> {
    let chunk = |number: u64| {
        let (len, skipped) = if packed { (number % 1000 + 1, 3) } else { (0, 0) };
        Numbered { number, address: 1000 + number, len, skipped }
    };
    numbers.filter(|number| number % 5 != 4).map(chunk).collect()
}

fn entry_len(packed: bool) -> u8 {
    if packed { 14 } else { 8 }
}

fn fixed_head(count: u64, place: u64, packed: bool, page_bits: u8) -> Emit {
    let mut head = begin(b"FAHD", packed);
    head.u8(entry_len(packed)).u8(page_bits).u64(count).u64(place);
    head
}

/// Eleven chunks, in one block.
fn fixed_plain(packed: bool) -> Vec<u8> {
    let mut made = Made::new();
    made.place(&mut fixed_head(11, 48 + 28, packed, 10));
    let mut block = begin(b"FADB", packed);
    entries(&mut block, 0..11, packed);
    assert_eq!(made.place(&mut block), 76);
    made.0.finish()
}

/// Eleven chunks in pages of four, of which the second was never made.
fn fixed_paged() -> Vec<u8> {
    let mut made = Made::new();
    made.place(&mut fixed_head(11, 48 + 28, true, 2));
    made.place(begin(b"FADB", true).u8(0b1010_0000));
    for page in 0..3 {
        let mut out = Emit::new();
        entries(&mut out, page * 4..(page * 4 + 4).min(11), true);
        match page {
            1 => made.gap(out.len() + 4),
            _ => drop(made.place(&mut out)),
        }
    }
    made.0.finish()
}

/// Two entries in the index, blocks from two entries on, pages of four: of the 66 chunks that there
/// can be, blocks of two right away, those of four and eight through secondary ones.
fn grown(packed: bool) -> (Vec<u8>, Vec<u64>) {
    let mut made = Made::new();
    let index = 48 + 12 + 48 + 8 + 4;
    let mut head = begin(b"EAHD", packed);
    head.u8(entry_len(packed)).bytes(&[6, 2, 2, 2, 2]).zeros(48).u64(index);
    made.place(&mut head);
    // Steps of 1 block of 2, 1 of 4, 2 of 4, 2 of 8, 4 of 8, 4 of 16; two lead to blocks directly.
    let mut block = begin(b"EAIB", packed);
    entries(&mut block, 0..2, packed);
    let inside = block.len() + 8 * (2 + 4) + 4;
    let here = |made: &Made| made.0.len() as u64;
    let (mut blocks, mut numbers) = (Emit::new(), vec![0, 1]);
    let start = here(&made) + inside as u64;
    let put = |blocks: &mut Emit, out: &mut Emit| {
        let at = start + blocks.len() as u64;
        blocks.bytes(&out.checksum().finish());
        at
    };
    for (first, count, place) in [(2, 2, 0), (4, 4, 2)] {
        let mut out = begin(b"EADB", packed);
        entries(out.u8(place), first..first + count, packed);
        block.u64(put(&mut blocks, &mut out));
        numbers.extend(first..first + count);
    }
    // The step of two blocks of four is not there; then two blocks of two pages, half of them made.
    block.u64(UNDEFINED);
    let mut second = begin(b"EASB", packed);
    second.u8(14).bytes(&[0b1001_0000, 0]);
    for (first, made_page, place) in [(16, 0, 14), (24, 1, 22)] {
        let mut out = begin(b"EADB", packed);
        second.u64(put(&mut blocks, out.u8(place)));
        for page in 0..2 {
            let mut out = Emit::new();
            let numbers_of = first + page * 4..first + page * 4 + 4;
            entries(&mut out, numbers_of.clone(), packed);
            if page == made_page {
                put(&mut blocks, &mut out);
                numbers.extend(numbers_of);
            } else {
                blocks.zeros(out.len() + 4);
            }
        }
    }
    block.u64(put(&mut blocks, &mut second)).u64(UNDEFINED).u64(UNDEFINED);
    assert_eq!(made.place(&mut block), index);
    made.0.bytes(&blocks.finish());
    (made.0.finish(), numbers)
}

#[test]
fn fixed_arrays_are_read() {
    for packed in [false, true] {
        let file = open(fixed_plain(packed)).unwrap();
        assert_eq!(fixed(&file, 48).unwrap(), expected(0..11, packed));
    }
    let file = open(fixed_paged()).unwrap();
    assert_eq!(fixed(&file, 48).unwrap(), expected((0..4).chain(8..11), true));
    let mut made = Made::new();
    made.place(&mut fixed_head(11, UNDEFINED, false, 10));
    assert_eq!(fixed(&open(made.0.finish()).unwrap(), 48).unwrap(), []);
}

#[test]
fn extensible_arrays_are_read() {
    for packed in [false, true] {
        let (bytes, numbers) = grown(packed);
        let file = open(bytes).unwrap();
        let all = expected(numbers.iter().copied(), packed);
        assert_eq!(extensible(&file, 48, 66).unwrap(), all);
        // Blocks that only hold what comes later are not looked at.
        let some = expected(0..4, packed);
        assert_eq!(extensible(&file, 48, 4).unwrap(), some);
    }
}

#[test]
fn damage_anywhere_is_seen() {
    let one = |file: File| fixed(&file, 48);
    let other = |file: File| extensible(&file, 48, 66);
    assert_eq!(harmless(&fixed_plain(false), one), 0);
    assert_eq!(harmless(&fixed_plain(true), one), 0);
    // Pages that were never made.
    assert_eq!(harmless(&fixed_paged(), one), 4 * 14 + 4);
    assert_eq!(harmless(&grown(true).0, other), 2 * (4 * 14 + 4));
}

/// How many bytes may be others: all that is read is the same then. Cut anywhere, it is refused.
fn harmless(bytes: &[u8], read: impl Fn(File) -> Result<Vec<Numbered>>) -> usize {
    let good = read(open(bytes.to_vec()).unwrap()).unwrap();
    let same = |at: &usize| {
        assert!(read(open(bytes[..*at].to_vec()).unwrap()).is_err(), "{at}");
        let mut other = bytes.to_vec();
        other[*at] ^= 4;
        let read = open(other).and_then(&read);
        assert!(read.is_err() || read.as_ref().is_ok_and(|read| *read == good), "{at}");
        read.is_ok()
    };
    (48..bytes.len()).filter(same).count()
}

/// Another byte in the block that a mark begins, and the checksum that goes with it.
fn forged(mut bytes: Vec<u8>, mark: &[u8], at: usize) -> Vec<u8> {
    let start = bytes.windows(4).position(|four| four == mark).unwrap();
    let is_end = |end: &usize| lookup3(&bytes[start..*end]).to_le_bytes() == bytes[*end..*end + 4];
    let end = (start + 14..bytes.len() - 3).find(is_end).unwrap();
    bytes[start + at] ^= 1;
    let sum = lookup3(&bytes[start..end]);
    bytes[end..end + 4].copy_from_slice(&sum.to_le_bytes());
    bytes
}

#[test]
fn blocks_of_another_array_are_refused() {
    let refused = |read: Result<Vec<Numbered>>, expected: &str| {
        let e = read.unwrap_err();
        assert_eq!(e.kind(), crate::ErrorKind::Corrupt);
        assert!(e.to_string().contains(expected), "{e}");
    };
    for bytes in [fixed_plain(false), fixed_plain(true), fixed_paged()] {
        let file = open(forged(bytes, b"FADB", 6)).unwrap();
        refused(fixed(&file, 48), "a block of the index at 48");
    }
    for mark in [b"EAIB", b"EASB", b"EADB"] {
        let file = open(forged(grown(true).0, mark, 6)).unwrap();
        refused(extensible(&file, 48, 66), "a block of the index at 48");
    }
}

#[test]
fn what_is_claimed_costs_nothing() {
    for count in [1 << 20, 1 << 40, u64::MAX] {
        for page_bits in [0, 1, 10, 63, 255] {
            let mut made = Made::new();
            made.place(&mut fixed_head(count, 76, false, page_bits));
            made.place(&mut begin(b"FADB", false));
            assert!(fixed(&open(made.0.finish()).unwrap(), 48).is_err());
        }
    }
    // Every block is the same one.
    let mut made = Made::new();
    let index = 48 + 12 + 48 + 8 + 4;
    let mut head = begin(b"EAHD", false);
    made.place(head.u8(8).bytes(&[32, 0, 4, 128, 0]).zeros(48).u64(index));
    let steps = 32 - 2 + 1 - 14;
    let block = index + 14 + 8 * (254 + steps) + 4;
    let mut out = begin(b"EAIB", false);
    out.u64s((0..254).map(|_| block)).u64s((0..steps).map(|_| UNDEFINED));
    assert_eq!(made.place(&mut out), index);
    made.gap(1 << 20);
    let e = extensible(&open(made.0.finish()).unwrap(), 48, u64::MAX).unwrap_err();
    assert_eq!(e.kind(), crate::ErrorKind::Corrupt);
    for sizes in [[65, 0, 4, 4, 0], [32, 0, 3, 4, 0], [32, 0, 4, 0, 0], [1, 0, 4, 4, 0]] {
        let mut made = Made::new();
        made.place(begin(b"EAHD", false).u8(8).bytes(&sizes).zeros(48).u64(index));
        assert!(extensible(&open(made.0.finish()).unwrap(), 48, 9).is_err(), "{sizes:?}");
    }
}
