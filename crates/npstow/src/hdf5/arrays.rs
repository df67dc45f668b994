//! Arrays that index chunks: fixed ones, and extensible ones, which grow by blocks (HDF5 VII.C and
//! VII.D). The crate reads them too, but drops the checksums of all but their headers.
#![forbid(unsafe_code)]

use super::file::File;
use super::read::{UNDEFINED, unknown, unsigned};
use super::superblock::checked;
use crate::cursor::Cursor;
use crate::{Buffer, Error, Result};

/// A chunk by its place in the array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Numbered {
    pub(super) number: u64,
    pub(super) address: u64,
    /// Packed bytes; 0 where chunks are not packed.
    pub(super) len: u64,
    pub(super) skipped: u32,
}

/// An array that is being read.
struct Array<'a> {
    file: &'a File,
    /// Where its header is.
    header: u64,
    /// Bytes that may still be read: no two structures lie in one place.
    left: u64,
    entry_len: u64,
    /// Bytes of the length of a packed chunk; none where chunks are not packed.
    packed_len: Option<usize>,
    /// Entries of a page; 0 where there are no pages.
    page: u64,
    found: Vec<Numbered>,
}

/// The chunks of a fixed array.
pub(super) fn fixed(file: &File, address: u64) -> Result<Vec<Numbered>> {
    let mut array = Array::new(file, address);
    let sizes = file.sizes();
    let len = 8 + u64::from(sizes.length) + u64::from(sizes.offset);
    let head = array.block(address, len, b"FAHD")?;
    let place = |e: Error| e.shift(file.base() + address);
    let mut cursor = Cursor::new(&head);
    array.entries_of(&mut cursor).map_err(place)?;
    array.page = page(cursor.u8("a size of pages")?);
    let count = sizes.length(&mut cursor, "a number of chunks")?;
    let address = sizes.address(&mut cursor, "an address of chunks")?;
    if address == UNDEFINED {
        return Ok(array.found);
    }
    let before = 6 + u64::from(sizes.offset);
    if array.page == 0 || count <= array.page {
        let len = before.saturating_add(array.nbytes(count));
        let block = array.part(address, len, b"FADB")?;
        array.take(&block, before, (0, count))?;
        return Ok(array.found);
    }
    let pages = count.div_ceil(array.page);
    let len = before + pages.div_ceil(8);
    let made = array.part(address, len, b"FADB")?;
    let made = Bits { bytes: &made, before, first: 0 };
    array.pages(address.saturating_add(len + 4), &made, (0, count))?;
    Ok(array.found)
}

/// The chunks of an extensible array before the one of the number `end`.
pub(super) fn extensible(file: &File, address: u64, end: u64) -> Result<Vec<Numbered>> {
    let mut array = Array::new(file, address);
    let sizes = file.sizes();
    let len = 12 + 6 * u64::from(sizes.length) + u64::from(sizes.offset);
    let head = array.block(address, len, b"EAHD")?;
    let place = |e: Error| e.shift(file.base() + address);
    let mut cursor = Cursor::new(&head);
    array.entries_of(&mut cursor).map_err(place)?;
    let [bits, inline, least, pointers, page_bits] = cursor.array("sizes of an array")?;
    array.page = page(page_bits);
    for _ in 0..6 {
        sizes.length(&mut cursor, "a number of an array")?;
    }
    let address = sizes.address(&mut cursor, "an address of chunks")?;
    let powers = least.is_power_of_two() && pointers.is_power_of_two();
    if !powers || bits > 64 || u32::from(bits) < least.ilog2() {
        let found = format!("{least}, {pointers} and 2^{bits}");
        return Err(place(Error::corrupt("sizes that are powers of two", found)));
    }
    if address != UNDEFINED {
        let grown = Grown { bits, inline: inline.into(), least: least.into(), pointers, end };
        grown.read(&mut array, address)?;
    }
    Ok(array.found)
}

/// Entries of a page.
fn page(bits: u8) -> u64 {
    if bits == 0 { 0 } else { 1u64.checked_shl(bits.into()).unwrap_or(0) }
}

/// Which pages were made, from a bit of some bytes on.
struct Bits<'a> {
    bytes: &'a [u8],
    /// Bytes before those.
    before: u64,
    first: u64,
}

impl Bits<'_> {
    fn has(&self, number: u64) -> bool {
        let at = self.first.saturating_add(number);
        let byte = usize::try_from(self.before.saturating_add(at / 8)).ok();
        byte.and_then(|byte| self.bytes.get(byte)).is_some_and(|byte| byte << (at % 8) & 0x80 != 0)
    }
}

impl<'a> Array<'a> {
    fn new(file: &'a File, header: u64) -> Self {
        let (left, found) = (file.source().len(), Vec::new());
        Self { file, header, left, entry_len: 0, packed_len: None, page: 0, found }
    }

    /// The bytes at an address that have a checksum behind them, which must be right.
    fn block(&mut self, address: u64, len: u64, mark: &[u8]) -> Result<Buffer> {
        let place = |e: Error| e.shift(self.file.base().saturating_add(address));
        let all = len.saturating_add(4);
        let Some(left) = self.left.checked_sub(all) else {
            let found = format!("{all} more");
            return Err(place(Error::corrupt("an index of chunks within the file", found).at(0)));
        };
        self.left = left;
        let block = self.file.read(address, all)?;
        if !block.starts_with(mark) {
            let expected = format!("a part of an index of chunks, {}", mark.escape_ascii());
            return Err(place(Error::corrupt(expected, "something else").at(0)));
        }
        let len = checked(&block).map_err(place)?.len();
        block.slice(0..len)
    }

    /// A block behind the header, which says whose it is.
    fn part(&mut self, address: u64, len: u64, mark: &[u8]) -> Result<Buffer> {
        let block = self.block(address, len, mark)?;
        let mut cursor = Cursor::new(&block);
        let place = |e: Error| e.shift(self.file.base().saturating_add(address));
        cursor.take(6, "a signature").map_err(place)?;
        let at = cursor.position();
        let owner = self.file.sizes().address(&mut cursor, "the address of an array");
        let owner = owner.map_err(place)?;
        if owner != self.header {
            let expected = format!("a block of the index at {}", self.header);
            return Err(place(Error::corrupt(expected, format_args!("of that at {owner}")).at(at)));
        }
        Ok(block)
    }

    /// What a header begins with: what entries are.
    fn entries_of(&mut self, cursor: &mut Cursor<'_>) -> Result<()> {
        cursor.take(4, "a signature")?;
        let version = cursor.u8("a version")?;
        if version != 0 {
            return Err(unknown("an array of chunks of version", version).at(4));
        }
        let (kind, len) = (cursor.u8("what entries are")?, cursor.u8("a length of an entry")?);
        let address = self.file.sizes().offset;
        let more = len.checked_sub(address);
        self.packed_len = match (kind, more) {
            (0, Some(0)) => None,
            (1, Some(more @ 5..=12)) => Some(usize::from(more) - 4),
            _ => {
                let found = format!("{len} bytes of kind {kind}");
                return Err(Error::corrupt("an entry of a chunk", found).at(5));
            }
        };
        self.entry_len = len.into();
        Ok(())
    }

    /// Bytes of so many entries.
    fn nbytes(&self, count: u64) -> u64 {
        count.saturating_mul(self.entry_len)
    }

    /// Takes `count` entries behind some bytes, the first of which has the number `first`.
    fn take(&mut self, bytes: &[u8], before: u64, (first, count): (u64, u64)) -> Result<()> {
        let before = usize::try_from(before).unwrap_or(usize::MAX);
        let mut cursor = Cursor::new(bytes.get(before..).unwrap_or_default());
        for number in first..first.saturating_add(count) {
            let address = self.file.sizes().address(&mut cursor, "an address of a chunk")?;
            let (len, skipped) = match self.packed_len {
                Some(width) => (
                    unsigned(&mut cursor, width, "a length of a chunk")?,
                    cursor.u32_le("a mask of filters")?,
                ),
                None => (0, 0),
            };
            if address != UNDEFINED {
                self.found.push(Numbered { number, address, len, skipped });
            }
        }
        Ok(())
    }

    /// Takes the pages from an address on that were made.
    fn pages(&mut self, at: u64, made: &Bits<'_>, (first, count): (u64, u64)) -> Result<()> {
        let stride = self.nbytes(self.page).saturating_add(4);
        for number in (0..count.div_ceil(self.page.max(1))).filter(|&number| made.has(number)) {
            let start = number * self.page;
            let count = self.page.min(count - start);
            let at = at.saturating_add(number.saturating_mul(stride));
            let page = self.block(at, self.nbytes(count), b"")?;
            self.take(&page, 0, (first.saturating_add(start), count))?;
        }
        Ok(())
    }
}

/// What the header of an extensible array says of its blocks.
struct Grown {
    /// Of the largest number of entries.
    bits: u8,
    /// Entries in the index block itself.
    inline: u64,
    /// Entries of the smallest block.
    least: u64,
    /// Blocks that the smallest secondary block leads to.
    pointers: u8,
    end: u64,
}

impl Grown {
    /// Reads the index block, and all that it leads to.
    fn read(&self, array: &mut Array<'_>, address: u64) -> Result<()> {
        let sizes = array.file.sizes();
        let steps = u32::from(self.bits).saturating_sub(self.least.ilog2()) + 1;
        // So many steps lead to blocks right away, the others through secondary ones.
        let direct = (2 * self.pointers.ilog2()).min(steps);
        let addresses = 2 * (u64::from(self.pointers) - 1) + u64::from(steps - direct);
        let before = 6 + u64::from(sizes.offset);
        let inline = array.nbytes(self.inline);
        let len = before + inline + addresses * u64::from(sizes.offset);
        let block = array.part(address, len, b"EAIB")?;
        array.take(&block, before, (0, self.inline))?;
        let behind = usize::try_from(before + inline).unwrap_or(usize::MAX);
        let mut cursor = Cursor::new(block.get(behind..).unwrap_or_default());
        let mut first = self.inline;
        for step in 0..steps {
            let (count, blocks) = (self.least << step.div_ceil(2), 1u64 << (step / 2));
            let through = step >= direct;
            for _ in 0..if through { 1 } else { blocks } {
                let child = sizes.address(&mut cursor, "an address of a block")?;
                let there = child != UNDEFINED && first < self.end;
                match through {
                    true if there => self.secondary(array, child, first, (count, blocks))?,
                    false if there => self.data(array, child, (first, count), None)?,
                    _ => {}
                }
                let all = if through { count.saturating_mul(blocks) } else { count };
                first = first.saturating_add(all);
            }
        }
        Ok(())
    }

    /// What stands before the parts of a block: signature, version, kind, the array, its place.
    fn before(&self, array: &Array<'_>) -> u64 {
        6 + u64::from(array.file.sizes().offset) + u64::from(self.bits).div_ceil(8)
    }

    /// Pages of a block of so many entries; 0 where it has none.
    fn pages_of(array: &Array<'_>, count: u64) -> u64 {
        if array.page == 0 || count <= array.page { 0 } else { count.div_ceil(array.page) }
    }

    /// A secondary block: which pages of its blocks were made, and where the blocks are.
    fn secondary(
        &self,
        array: &mut Array<'_>,
        address: u64,
        mut first: u64,
        (count, blocks): (u64, u64),
    ) -> Result<()> {
        let sizes = array.file.sizes();
        let (before, pages) = (self.before(array), Self::pages_of(array, count));
        let bits = blocks.saturating_mul(pages.div_ceil(8));
        let addresses = blocks.saturating_mul(sizes.offset.into());
        let len = before.saturating_add(bits).saturating_add(addresses);
        let block = array.part(address, len, b"EASB")?;
        let behind = usize::try_from(before.saturating_add(bits)).unwrap_or(usize::MAX);
        let mut cursor = Cursor::new(block.get(behind..).unwrap_or_default());
        for number in 0..blocks {
            let child = sizes.address(&mut cursor, "an address of a block")?;
            if child != UNDEFINED && first < self.end {
                let made = Bits { bytes: &block, before, first: number.saturating_mul(pages) };
                self.data(array, child, (first, count), Some(&made))?;
            }
            first = first.saturating_add(count);
        }
        Ok(())
    }

    /// A block of entries, in pages where they are many.
    fn data(
        &self,
        array: &mut Array<'_>,
        address: u64,
        (first, count): (u64, u64),
        made: Option<&Bits<'_>>,
    ) -> Result<()> {
        let before = self.before(array);
        if Self::pages_of(array, count) == 0 {
            let len = before.saturating_add(array.nbytes(count));
            let block = array.part(address, len, b"EADB")?;
            return array.take(&block, before, (first, count));
        }
        let Some(made) = made else {
            let at = array.file.base().saturating_add(address);
            return Err(Error::corrupt("a block without pages", "one with pages").at(at));
        };
        array.part(address, before, b"EADB")?;
        array.pages(address.saturating_add(before + 4), made, (first, count))
    }
}

#[cfg(test)]
mod tests;
