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
            return Ok((self.direct(self.root, self.first_size)?, offset));
        }
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
            let child = self.entry(address, rows, u64::from(row) * self.width + column)?;
            if row < self.direct_rows() {
                return Ok((self.direct(child, size)?, inside));
            }
            (address, offset) = (child, inside);
            rows = (size / row_len).checked_ilog2().map_or(1, |n| n + 1);
        }
        Err(Error::limit("a depth of a fractal heap", DEPTH as u64, "more"))
    }

    /// The address of a block in a block of blocks.
    fn entry(&mut self, address: u64, rows: u32, number: u64) -> Result<u64> {
        let sizes = self.file.sizes();
        let head = 5 + u64::from(sizes.offset) + self.offset_len as u64;
        let entries = u64::from(rows).saturating_mul(self.width);
        let len = head + entries.saturating_mul(sizes.offset.into()) + 4;
        let bytes = self.keep(address, len, b"FHIB", Sum::Behind)?;
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

    fn direct(&mut self, address: u64, size: u64) -> Result<Buffer> {
        let sum = match self.has_sums {
            true => Sum::At(5 + usize::from(self.file.sizes().offset) + self.offset_len),
            false => Sum::Nowhere,
        };
        self.keep(address, size, b"FHDB", sum)
    }

    /// Reads a block, checks it, and keeps it.
    fn keep(&mut self, address: u64, len: u64, mark: &[u8], sum: Sum) -> Result<Buffer> {
        if let Some(block) = self.blocks.get(&address).filter(|block| block.len() as u64 == len) {
            return Ok(block.clone());
        }
        let block = self.file.read(address, len)?;
        let place = |e: Error| e.shift(self.file.base() + address);
        if !block.starts_with(mark) {
            return Err(place(Error::corrupt("a block of a fractal heap", "something else").at(0)));
        }
        sum.check(&block).map_err(place)?;
        if self.held > KEPT {
            self.blocks.clear();
            self.held = 0;
        }
        self.held += block.len();
        self.blocks.insert(address, block.clone());
        Ok(block)
    }
}
