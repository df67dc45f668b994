//! Fractal heaps without filters: objects of up to the size of a block, kept in blocks that double
//! (HDF5 III.G). The crate looks for the objects of large heaps in the wrong place.
#![forbid(unsafe_code)]

use super::file::File;
use super::read::{UNDEFINED, unsigned};
use super::superblock::{check, checked};
use crate::cursor::Cursor;
use crate::{Buffer, Error, Result};
use std::collections::HashMap;

/// The header of a heap, and the blocks that were read.
#[derive(Debug)]
pub(super) struct Fractal<'a> {
    file: &'a File,
    address: u64,
    /// Blocks in a row.
    width: u64,
    first_size: u64,
    most_size: u64,
    /// Bytes of an offset and of a length in the name of an object.
    offset_len: usize,
    length_len: usize,
    root: u64,
    /// Rows of the root; 0 where it is a block of objects itself.
    rows: u16,
    has_sums: bool,
    blocks: HashMap<u64, Buffer>,
    held: usize,
}

/// Where a block has its checksum.
#[derive(Clone, Copy)]
enum Sum {
    Nowhere,
    Behind,
    /// Within it, where it counts as zeros.
    At(usize),
}

impl Sum {
    fn check(self, block: &[u8]) -> Result<()> {
        match self {
            Self::Nowhere => Ok(()),
            Self::Behind => checked(block).map(drop),
            Self::At(at) => {
                let stored =
                    Cursor::new(block.get(at..).unwrap_or_default()).array("a checksum")?;
                let mut bytes = block.to_vec();
                bytes.get_mut(at..at + 4).unwrap_or_default().fill(0);
                check(&bytes, u32::from_le_bytes(stored)).map_err(|e| e.at(at as u64))
            }
        }
    }
}

/// Bytes of blocks that are kept.
const KEPT: usize = 32 << 20;

/// How deep blocks of blocks may lie in one another: each one has half of the sizes at least.
const DEPTH: usize = 64;

impl<'a> Fractal<'a> {
    /// Reads the header; `None` for a heap whose blocks are packed.
    pub(super) fn open(file: &'a File, address: u64) -> Result<Option<Self>> {
        let sizes = file.sizes();
        let head = 22 + 12 * u64::from(sizes.length) + 3 * u64::from(sizes.offset) + 4;
        let bytes = file.read(address, head)?;
        let at = |e: Error| e.shift(file.base() + address);
        Self::parse(file, address, &bytes).map_err(at)
    }

    fn parse(file: &'a File, address: u64, bytes: &[u8]) -> Result<Option<Self>> {
        let sizes = file.sizes();
        let mut cursor = Cursor::new(bytes);
        if cursor.take(4, "a signature")? != b"FRHP" {
            return Err(Error::corrupt("a fractal heap", "something else").at(0));
        }
        cursor.take(3, "a version")?;
        let filters = cursor.u16_le("a length of filters")?;
        let flags = cursor.u8("flags")?;
        let most_object = cursor.u32_le("a length of objects")?;
        let mut length = |what: &str| sizes.length(&mut cursor, what);
        length("a number of large objects")?;
        let _ = sizes.address(&mut cursor, "an address")?;
        sizes.length(&mut cursor, "free space")?;
        let _ = sizes.address(&mut cursor, "an address")?;
        for _ in 0..8 {
            sizes.length(&mut cursor, "a number of a heap")?;
        }
        let width = cursor.u16_le("blocks in a row")?.into();
        let first_size = sizes.length(&mut cursor, "a size of blocks")?;
        let most_size = sizes.length(&mut cursor, "a size of blocks")?;
        let bits = cursor.u16_le("bits of an offset")?;
        cursor.take(2, "a number of rows")?;
        let root = sizes.address(&mut cursor, "an address of the root")?;
        let rows = cursor.u16_le("rows of the root")?;
        if filters > 0 {
            return Ok(None);
        }
        checked(bytes)?;
        let power = |n: u64| n.is_power_of_two();
        if width == 0 || !power(width) || !power(first_size) || !power(most_size) || bits > 64 {
            let found = format!("{width} blocks of {first_size} to {most_size} bytes");
            return Err(Error::corrupt("blocks whose sizes are powers of two", found));
        }
        let offset_len = usize::from(bits).div_ceil(8);
        // As many bytes as the longest object of a block needs.
        let most = most_size.min(most_object.into());
        let length_len = usize::try_from((64 - most.leading_zeros()).div_ceil(8)).unwrap_or(8);
        let (blocks, held) = (HashMap::new(), 0);
        let has_sums = flags & 2 != 0;
        Ok(Some(Self {
            file,
            address,
            width,
            first_size,
            most_size,
            offset_len,
            length_len,
            root,
            rows,
            has_sums,
            blocks,
            held,
        }))
    }

    /// The object of a name, where it is one that lies in blocks; `None` for others.
    pub(super) fn get(&mut self, id: &[u8]) -> Result<Option<Vec<u8>>> {
        let mut cursor = Cursor::new(id);
        // Bits 4 and 5: 0 for those in blocks.
        if cursor.u8("a name of an object")? & 0x30 != 0 {
            return Ok(None);
        }
        let offset = unsigned(&mut cursor, self.offset_len, "an offset of an object")?;
        let len = unsigned(&mut cursor, self.length_len, "a length of an object")?;
        let (block, start) = self.block(offset)?;
        let start = usize::try_from(start).unwrap_or(usize::MAX);
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        match start.checked_add(len).and_then(|end| block.get(start..end)) {
            Some(object) => Ok(Some(object.to_vec())),
            None => {
                let found = format!("{len} bytes at {start}");
                let expected = format!("an object in a block of {} bytes", block.len());
                Err(Error::corrupt(expected, found).at(self.file.base() + self.address))
            }
        }
    }

    /// Bytes of a block in a row, and where the row begins.
    fn row(&self, row: u32) -> (u64, u64) {
        match row.checked_sub(1) {
            None => (self.first_size, 0),
            Some(n) => {
                let size = self.first_size.checked_shl(n).unwrap_or(u64::MAX);
                (size, size.saturating_mul(self.width))
            }
        }
    }

    /// Rows of blocks that hold objects, not blocks.
    fn direct_rows(&self) -> u32 {
        self.most_size.ilog2().saturating_sub(self.first_size.ilog2()) + 2
    }

    /// The block that an offset of the heap lies in, and where in it.
    fn block(&mut self, offset: u64) -> Result<(Buffer, u64)> {
        if self.rows == 0 {
            return Ok((self.direct(self.root, self.first_size, 0)?, offset));
        }
        let all = offset;
        let (mut address, mut rows, mut offset) = (self.root, u32::from(self.rows), offset);
        for _ in 0..DEPTH {
            let row_len = self.first_size.saturating_mul(self.width);
            let row = (offset / row_len).checked_ilog2().map_or(0, |n| n + 1);
            let (size, start) = self.row(row);
            let column = (offset - start) / size;
            let inside = offset - start - column * size;
            if row >= rows {
                let found = format!("row {row}");
                return Err(Error::corrupt(format_args!("one of {rows} rows"), found)
                    .at(self.file.base().saturating_add(address)));
            }
            let number = u64::from(row) * self.width + column;
            let child = self.entry((address, all - offset), rows, number)?;
            if row < self.direct_rows() {
                return Ok((self.direct(child, size, all - inside)?, inside));
            }
            (address, offset) = (child, inside);
            rows = (size / row_len).checked_ilog2().map_or(1, |n| n + 1);
        }
        Err(Error::limit("a depth of a fractal heap", DEPTH as u64, "more"))
    }

    /// The address of a block in a block of blocks.
    fn entry(&mut self, (address, start): (u64, u64), rows: u32, number: u64) -> Result<u64> {
        let sizes = self.file.sizes();
        let head = 5 + u64::from(sizes.offset) + self.offset_len as u64;
        let entries = u64::from(rows).saturating_mul(self.width);
        let len = head + entries.saturating_mul(sizes.offset.into()) + 4;
        let bytes = self.keep((address, len), start, b"FHIB", Sum::Behind)?;
        let at = head + number * u64::from(sizes.offset);
        let at = usize::try_from(at).unwrap_or(usize::MAX);
        let mut cursor = Cursor::new(bytes.get(at..).unwrap_or_default());
        let child = sizes.address(&mut cursor, "an address of a block")?;
        if child == UNDEFINED {
            let at = self.file.base().saturating_add(address);
            return Err(Error::corrupt("a block of a fractal heap", "none").at(at));
        }
        Ok(child)
    }

    fn direct(&mut self, address: u64, size: u64, start: u64) -> Result<Buffer> {
        let sum = match self.has_sums {
            true => Sum::At(5 + usize::from(self.file.sizes().offset) + self.offset_len),
            false => Sum::Nowhere,
        };
        self.keep((address, size), start, b"FHDB", sum)
    }

    /// Holds against this heap what a block says: whose it is, and where in the heap it begins.
    fn check_owner(&self, block: &[u8], start: u64) -> Result<()> {
        let mut cursor = Cursor::new(block);
        cursor.take(5, "a signature")?;
        let at = cursor.position();
        let owner = self.file.sizes().address(&mut cursor, "the address of a heap")?;
        if owner != self.address {
            let expected = format!("a block of the heap at {}", self.address);
            return Err(Error::corrupt(expected, format_args!("of that at {owner}")).at(at));
        }
        let at = cursor.position();
        let found = unsigned(&mut cursor, self.offset_len, "an offset of a block")?;
        if found != start {
            let expected = format!("a block from the offset {start} on");
            return Err(Error::corrupt(expected, format_args!("from {found} on")).at(at));
        }
        Ok(())
    }

    /// Reads a block that begins at an offset of the heap, checks it, and keeps it.
    fn keep(
        &mut self,
        (address, len): (u64, u64),
        start: u64,
        mark: &[u8],
        sum: Sum,
    ) -> Result<Buffer> {
        let base = self.file.base();
        let place = |e: Error| e.shift(base.saturating_add(address));
        if let Some(block) = self.blocks.get(&address).filter(|block| block.len() as u64 == len) {
            let block = block.clone();
            self.check_owner(&block, start).map_err(place)?;
            return Ok(block);
        }
        let block = self.file.read(address, len)?;
        if !block.starts_with(mark) {
            return Err(place(Error::corrupt("a block of a fractal heap", "something else").at(0)));
        }
        sum.check(&block).map_err(place)?;
        self.check_owner(&block, start).map_err(place)?;
        if self.held > KEPT {
            self.blocks.clear();
            self.held = 0;
        }
        self.held += block.len();
        self.blocks.insert(address, block.clone());
        Ok(block)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hdf5::beside::Beside;
    use crate::hdf5::write::emit::Emit;
    use crate::hdf5::write::superblock::Superblock;
    use crate::{Limits, MemorySource};
    use std::sync::Arc;

    /// Where the header is, the block of blocks, and two blocks of 64 bytes.
    const PLACES: [u64; 4] = [48, 194, 229, 293];

    /// A heap at 48; which heaps its blocks say they are of, and where in it, can be told.
    fn heap(owners: [u64; 3], starts: [u16; 3], children: [u64; 2]) -> File {
        let mut out = Emit::new();
        out.bytes(&Superblock::Latest { end: 0, root: 0 }.write());
        let mut head = Emit::new();
        head.bytes(b"FRHP").u8(0).u16(7).u16(0).u8(2).u32(64).zeros(32 + 64).u16(2);
        head.u64s([64, 64]).u16(16).u16(1).u64(PLACES[1]).u16(1);
        out.bytes(&head.checksum().finish());
        let mut index = Emit::new();
        index.bytes(b"FHIB").u8(0).u64(owners[0]).u16(starts[0]).u64s(children);
        out.bytes(&index.checksum().finish());
        for number in [1, 2] {
            let begin = |sum: u32| {
                let mut block = Emit::new();
                block.bytes(b"FHDB").u8(0).u64(owners[number]).u16(starts[number]).u32(sum);
                block.bytes(&[b'a' + u8::try_from(number).unwrap(); 45]).finish()
            };
            let sum = crate::hdf5::write::checksum::lookup3(&begin(0));
            out.bytes(&begin(sum));
        }
        let (limits, beside) = (Arc::new(Limits::default()), Arc::new(Beside::default()));
        File::open(Arc::new(MemorySource::new(out.finish())), limits, beside).unwrap()
    }

    /// One object of each of the two blocks.
    fn objects(file: &File) -> Result<[Vec<u8>; 2]> {
        let mut heap = Fractal::open(file, PLACES[0])?.unwrap();
        let mut object = |offset: u8| heap.get(&[0, offset, 0, 3]).map(Option::unwrap);
        Ok([object(20)?, object(64 + 20)?])
    }

    #[test]
    fn blocks_of_another_heap_are_refused() {
        let [head, _, first, second] = PLACES;
        let (ours, starts, children) = ([head; 3], [0, 0, 64], [first, second]);
        let good = objects(&heap(ours, starts, children)).unwrap();
        assert_eq!(good, [b"bbb", b"ccc"]);
        let refused = |owners, starts, children, expected: &str| {
            let e = objects(&heap(owners, starts, children)).unwrap_err();
            assert_eq!(e.kind(), crate::ErrorKind::Corrupt);
            assert!(e.to_string().contains(expected), "{e}");
        };
        for other in 0..3 {
            let (mut owners, mut moved) = (ours, starts);
            owners[other] = 4711;
            refused(owners, starts, children, "a block of the heap at 48");
            moved[other] += 1;
            refused(ours, moved, children, "a block from the offset");
        }
        refused(ours, starts, [second, first], "a block from the offset 0 on");
        // One that was read before is looked at again.
        refused(ours, starts, [first, first], "a block from the offset 64 on");
    }
}
