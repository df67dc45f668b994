//! Fractal heaps (HDF5 III.G): links and attributes of groups and objects that have many.
//!
//! What is known beforehand fits one direct block, which is the root: the library makes more of
//! them when it adds to the heap. Objects that are too large for it stand by themselves in the
//! file, with a B-tree that says where.
#![forbid(unsafe_code)]

use super::UNDEFINED;
use super::btree2::{self, Kind, Written};
use super::emit::Emit;
use crate::{Error, Result};

/// Larger objects are huge.
const MOST_MANAGED: usize = 4096;

/// The library's own largest direct block; ours may have to be larger.
const MOST_BLOCK: usize = 65_536;

/// Beyond this a block would not fit the numbers that lead to it.
const END: usize = 1 << 30;

/// Direct blocks of a row.
const WIDTH: u16 = 4;

/// The kinds of heaps, which differ in sizes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Of {
    Links,
    Attributes,
}

impl Of {
    /// How long an identifier is.
    fn id_len(self) -> usize {
        match self {
            Self::Links => 7,
            Self::Attributes => 8,
        }
    }

    fn offset_width(self) -> usize {
        self.id_len() - 3
    }

    fn least_block(self) -> usize {
        match self {
            Self::Links => 512,
            Self::Attributes => 1024,
        }
    }

    /// Signature, version, address of the heap, place of the block, checksum.
    fn block_header_len(self) -> usize {
        5 + 8 + self.offset_width() + 4
    }
}

/// Objects that are collected before their addresses are known.
#[derive(Debug)]
pub(crate) struct FractalHeap {
    of: Of,
    managed: Emit,
    count: u64,
    huge: Vec<Vec<u8>>,
}

impl FractalHeap {
    const HEADER_LEN: u64 = 146;

    pub(crate) fn new(of: Of) -> Self {
        Self { of, managed: Emit::new(), count: 0, huge: Vec::new() }
    }

    /// Adds an object and gives its identifier.
    ///
    /// # Errors
    /// `Limit` where the heap becomes too large.
    pub(crate) fn add(&mut self, object: &[u8]) -> Result<Vec<u8>> {
        let mut id = Emit::new();
        if object.len() > MOST_MANAGED {
            self.huge.push(object.to_vec());
            id.u8(0x10).uint(self.huge.len() as u64, self.of.id_len() - 1);
            return Ok(id.finish());
        }
        let at = self.of.block_header_len() + self.managed.len();
        if at + object.len() > END {
            return Err(Error::limit("links or attributes of one object (bytes)", END as u64, at));
        }
        id.u8(0).uint(at as u64, self.of.offset_width()).uint(object.len() as u64, 2);
        self.managed.bytes(object);
        self.count += 1;
        Ok(id.finish())
    }

    /// The heap as it stands from this address on.
    pub(crate) fn write(mut self, address: u64) -> Written {
        let mut out = Emit::new();
        let (mut records, mut huge_len) = (Vec::new(), 0);
        for (at, object) in (1u64..).zip(&self.huge) {
            let mut record = Emit::new();
            record.u64(address + out.len() as u64).u64(object.len() as u64).u64(at);
            records.push(record.finish());
            huge_len += object.len() as u64;
            out.bytes(object);
        }
        let mut huge_tree = UNDEFINED;
        if !records.is_empty() {
            let written = btree2::write(Kind::Huge, &records, address + out.len() as u64);
            out.bytes(&written.bytes);
            huge_tree = written.header;
        }
        // The header comes right behind the block, which says where it is.
        let used = self.of.block_header_len() + self.managed.len();
        let least = self.of.least_block();
        let block_len = if self.count > 0 { used.next_power_of_two().max(least) } else { 0 };
        let root = address + out.len() as u64;
        let header = root + block_len as u64;
        if self.count > 0 {
            let block = self.block(header, block_len);
            out.bytes(&block);
        }
        let sizes = Sizes { huge_tree, huge_len, block_len, used, root };
        out.bytes(&self.header(&sizes));
        debug_assert_eq!(address + out.len() as u64, header + Self::HEADER_LEN);
        Written { bytes: out.finish(), header }
    }

    fn block(&mut self, header: u64, len: usize) -> Vec<u8> {
        let mut out = Emit::with_capacity(len);
        out.bytes(b"FHDB").u8(0).u64(header).zeros(self.of.offset_width());
        let at = out.len();
        out.u32(0).bytes(&self.managed.finish()).fill_to(len);
        let mut bytes = out.finish();
        // Over the whole block, with zeros in its own place.
        let sum = super::checksum::lookup3(&bytes);
        bytes[at..at + 4].copy_from_slice(&sum.to_le_bytes());
        bytes
    }

    fn header(&self, sizes: &Sizes) -> Vec<u8> {
        let least = sizes.block_len.max(self.of.least_block());
        let id_len = u16::try_from(self.of.id_len()).expect("7 or 8");
        let bits = u16::try_from(8 * self.of.offset_width()).expect("32 or 40");
        let most = u32::try_from(MOST_MANAGED).expect("4096");
        let free = if sizes.block_len > 0 { sizes.block_len - sizes.used } else { 0 };
        let (len, huge) = (sizes.block_len as u64, self.huge.len() as u64);
        let mut out = Emit::new();
        // Blocks have checksums; nothing is filtered.
        out.bytes(b"FRHP").u8(0).u16(id_len).u16(0).u8(2).u32(most).u64(huge).u64(sizes.huge_tree);
        // Free bytes, nobody who keeps them, all and allocated bytes, where the next block goes.
        out.u64(free as u64).u64(UNDEFINED).u64(len).u64(len).u64(0).u64(self.count);
        out.u64(sizes.huge_len).u64(huge).u64(0).u64(0);
        out.u16(WIDTH).u64(least as u64).u64(least.max(MOST_BLOCK) as u64).u16(bits).u16(1);
        out.u64(if self.count > 0 { sizes.root } else { UNDEFINED }).u16(0);
        out.checksum().finish()
    }
}

/// What the header tells of the rest.
#[derive(Debug)]
struct Sizes {
    huge_tree: u64,
    huge_len: u64,
    block_len: usize,
    used: usize,
    root: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cursor::Cursor;
    use crate::hdf5::write::checksum::lookup3;

    /// An object by its identifier, by what the bytes say alone.
    fn parse(bytes: &[u8], header: u64, id: &[u8]) -> Result<Vec<u8>> {
        let at = |offset: u64| {
            let start = usize::try_from(offset).unwrap_or(usize::MAX);
            bytes.get(start..).ok_or_else(|| Error::corrupt("a place", "the end").at(offset))
        };
        let mut c = Cursor::new(at(header)?);
        let head = c.take(142, "the header")?;
        assert_eq!(c.u32_le("the checksum")?, lookup3(head));
        let word = |at: usize| u64::from_le_bytes(head[at..at + 8].try_into().unwrap());
        let (huge, root, least) = (word(22), word(132), word(112));
        let number = |bytes: &[u8]| bytes.iter().rev().fold(0, |n, b| n << 8 | u64::from(*b));
        if id[0] == 0x10 {
            let found = number(&id[1..]);
            let mut c = Cursor::new(at(huge)?);
            c.take(16, "the tree")?;
            let mut leaf = Cursor::new(at(c.u64_le("its root")?)?);
            leaf.take(6 + 24 * usize::try_from(found - 1).unwrap(), "records")?;
            let (address, len) = (leaf.u64_le("an address")?, leaf.u64_le("a length")?);
            assert_eq!(leaf.u64_le("a number")?, found);
            return Ok(Cursor::new(at(address)?)
                .take(usize::try_from(len).unwrap(), "an object")?
                .to_vec());
        }
        let mut c = Cursor::new(at(root)?);
        let block = c.take(usize::try_from(least).unwrap(), "the block")?;
        let place = block.len() - usize::try_from(word(30)).unwrap();
        let (offset, len) = (number(&id[1..id.len() - 2]), number(&id[id.len() - 2..]));
        assert!(usize::try_from(offset + len).unwrap() <= place && block.starts_with(b"FHDB"));
        Ok(Cursor::new(&block[usize::try_from(offset).unwrap()..])
            .take(usize::try_from(len).unwrap(), "an object")?
            .to_vec())
    }

    #[test]
    fn objects_come_back_and_are_cut_nowhere() {
        for of in [Of::Links, Of::Attributes] {
            for count in [0usize, 1, 8, 60, 3000] {
                let mut heap = FractalHeap::new(of);
                let object = |n: usize| {
                    // As many huge ones as one leaf of their tree can hold.
                    let len = if n % 20 == 7 && n < 400 { 5000 + n } else { 20 + n % 50 };
                    vec![u8::try_from(n % 251).unwrap(); len]
                };
                let ids: Vec<_> = (0..count).map(|n| heap.add(&object(n)).unwrap()).collect();
                let written = heap.write(48);
                let bytes = [vec![0; 48], written.bytes].concat();
                for (n, id) in ids.iter().enumerate() {
                    assert_eq!(id.len(), of.id_len());
                    assert_eq!(parse(&bytes, written.header, id).unwrap(), object(n), "{n}");
                }
                if count == 8 {
                    let cut = |len: usize| parse(&bytes[..len], written.header, &ids[0]).is_err();
                    assert!((0..bytes.len()).all(cut));
                }
            }
        }
    }
}
