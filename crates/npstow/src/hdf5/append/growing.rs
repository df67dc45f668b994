//! A dataset that grows: new chunks behind the end of the file, a new index behind them, and last
//! of all one write of the header that has the length and the place of the index.
#![forbid(unsafe_code)]

use super::disk::Disk;
use super::index::{self, RIGHT, Tail};
use super::target::{PAGE, Target};
use crate::hdf5::cut::{Cuts, pack};
use crate::hdf5::elements::Elements;
use crate::hdf5::plan::{Dataset, Grid, Stored};
use crate::hdf5::write::checksum::lookup3;
use crate::hdf5::write::chunk_index::Chunk;
use crate::{Array, Buffer, Durability, Error, MemoryOrder, Result, Selection, Source, parallel};

/// Rows are cut into chunks when about so many bytes of them are there.
const BAND: usize = 32 << 20;

/// Chunks are collected up to this size before they are written.
const PENDING: usize = 1 << 20;

/// See above.
#[derive(Debug)]
pub(super) struct Growing {
    pub(super) disk: Box<dyn Disk>,
    target: Target,
    durability: Durability,
    /// Bytes of a row, and lengths of its axes.
    row_len: usize,
    row_shape: Vec<usize>,
    /// Rows that the header counts, and rows behind them.
    rows: u64,
    added: u64,
    /// The rows that fill no row of chunks yet, from `rows` back to the last edge on; none as long
    /// as nobody has added any.
    rest: Option<Vec<u8>>,
    rest_rows: u64,
    /// Chunks that were written since the last commit, from that edge on.
    chunks: Vec<Chunk>,
    /// The end of the file when it was opened or committed to, and of what was written.
    end: u64,
    written: u64,
    is_broken: bool,
    /// Whether the file may tell of more than it told when it was opened.
    is_told: bool,
}

fn size(n: u64) -> usize {
    // Only of what lies in memory.
    usize::try_from(n).unwrap_or(usize::MAX)
}

impl Growing {
    pub(super) fn new(disk: Box<dyn Disk>, target: Target, durability: Durability) -> Self {
        let shape = target.entry.shape();
        let row_shape = shape.get(1..).unwrap_or_default().to_vec();
        let rows = shape.first().copied().unwrap_or(0) as u64;
        // The product fits: the row of an array that is there.
        let row_len = row_shape.iter().product::<usize>() * target.entry.dtype().itemsize();
        // Behind the file, not behind what the superblock says, which nothing vouches for in its
        // oldest form: what a crash has left there is lost.
        let end = target.len;
        Self {
            disk,
            target,
            durability,
            row_len,
            row_shape,
            rows,
            added: 0,
            rest: None,
            rest_rows: 0,
            chunks: Vec::new(),
            end,
            written: end.next_multiple_of(8),
            is_broken: false,
            is_told: false,
        }
    }

    pub(super) fn rows(&self) -> u64 {
        self.rows + self.added
    }

    pub(super) fn target(&self) -> &Target {
        &self.target
    }

    /// Rows of a chunk.
    fn chunk_rows(&self) -> u64 {
        self.target.grid.lengths.first().copied().unwrap_or(1).max(1)
    }

    /// The first row of those chunks that the rows behind the counted ones change.
    fn edge(&self) -> u64 {
        self.rows - self.rows % self.chunk_rows()
    }

    fn check(&self) -> Result<()> {
        match self.is_broken {
            true => {
                let why = std::io::Error::other("an earlier write has failed");
                Err(Error::io("appending rows", why))
            }
            false => Ok(()),
        }
    }

    /// Adds rows, of which these are the bytes in C order.
    pub(super) fn put(&mut self, rows: usize, bytes: &[u8]) -> Result<()> {
        self.check()?;
        let most = self.target.most;
        let total = self.rows().checked_add(rows as u64).filter(|total| *total <= most);
        if total.is_none_or(|total| total > i64::MAX.unsigned_abs()) {
            let expected = format!("at most {most} rows in all, as the dataset says");
            let found = format!("{rows} more behind {}", self.rows());
            return Err(Error::mismatch(expected, found));
        }
        if rows == 0 {
            return Ok(());
        }
        if self.row_len == 0 {
            self.added += rows as u64;
            return Ok(());
        }
        let put = self.put_bytes(bytes);
        self.is_broken = put.is_err();
        put
    }

    fn put_bytes(&mut self, bytes: &[u8]) -> Result<()> {
        let mut rest = match self.rest.take() {
            Some(rest) => rest,
            None => self.old_rows()?,
        };
        let chunk_rows = self.chunk_rows();
        let row_of_chunks = size(chunk_rows).saturating_mul(self.row_len);
        let band = (BAND / row_of_chunks).max(1).saturating_mul(row_of_chunks);
        let mut left = bytes;
        while !left.is_empty() {
            let (now, later) = left.split_at(band.saturating_sub(rest.len()).min(left.len()));
            rest.extend_from_slice(now);
            let rows = (now.len() / self.row_len) as u64;
            self.added += rows;
            self.rest_rows += rows;
            left = later;
            let whole = self.rest_rows / chunk_rows * chunk_rows;
            if whole > 0 {
                let behind = rest.split_off(size(whole) * self.row_len);
                let made = self.write_chunks(std::mem::replace(&mut rest, behind), size(whole))?;
                self.chunks.extend(made);
                self.rest_rows -= whole;
            }
        }
        self.rest = Some(rest);
        Ok(())
    }

    /// The rows that there are behind the last edge.
    fn old_rows(&mut self) -> Result<Vec<u8>> {
        self.rest_rows = self.rows - self.edge();
        if self.rest_rows == 0 {
            return Ok(Vec::new());
        }
        let row = |row: u64| i64::try_from(row).unwrap_or(i64::MAX);
        let range = Selection::rows(row(self.edge())..row(self.rows));
        let there = self.target.entry.read_slice(&range)?.to_contiguous(MemoryOrder::C)?;
        Ok(there.bytes_in(MemoryOrder::C).unwrap_or_default().to_vec())
    }

    /// Cuts rows that begin at an edge, packs their chunks and writes them.
    fn write_chunks(&mut self, bytes: Vec<u8>, rows: usize) -> Result<Vec<Chunk>> {
        let shape = [&[rows], &self.row_shape[..]].concat();
        let dtype = self.target.entry.dtype().clone();
        let array = Array::new(dtype, &shape, MemoryOrder::C, Buffer::from(bytes))?;
        let dataset = Dataset {
            is_null: false,
            path: String::new(),
            elements: Elements::Array(&array),
            datatype: Vec::new(),
            itemsize: array.dtype().itemsize(),
            shape: shape.iter().map(|&n| n as u64).collect(),
            most: None,
            stored: Stored::Contiguous,
            fill: Vec::new(),
            place: None,
        };
        let grid = Grid { counts: self.counts(rows as u64), ..self.target.grid.clone() };
        let (mut chunks, mut pending) = (Vec::new(), Vec::new());
        let work = |cut: Result<_>| cut.and_then(|cut| pack(&dataset, &grid, &cut));
        parallel::ordered(Cuts::new(&dataset, &grid)?, work, |packed| {
            let packed = packed?;
            let len = u32::try_from(packed.bytes.len()).map_err(|_| {
                Error::limit("a chunk (bytes)", u32::MAX.into(), packed.bytes.len())
            })?;
            let address = self.written + pending.len() as u64;
            chunks.push(Chunk { address, len });
            pending.extend_from_slice(&packed.bytes);
            if pending.len() >= PENDING { self.write(&mut pending) } else { Ok(()) }
        })?;
        self.write(&mut pending)?;
        Ok(chunks)
    }

    /// Writes bytes behind all that was written, and empties them.
    fn write(&mut self, bytes: &mut Vec<u8>) -> Result<()> {
        let at = self.written;
        self.disk.write_at(at, bytes).map_err(|e| Error::io("appending rows", e).at(at))?;
        self.written += bytes.len() as u64;
        bytes.clear();
        Ok(())
    }

    /// Chunks on each axis of so many rows.
    fn counts(&self, rows: u64) -> Vec<u64> {
        let mut counts = self.target.grid.counts.clone();
        if let Some(first) = counts.first_mut() {
            *first = rows.div_ceil(self.chunk_rows());
        }
        counts
    }

    /// Makes the rows count that were added.
    pub(super) fn commit(&mut self) -> Result<()> {
        self.check()?;
        if self.added == 0 {
            return Ok(());
        }
        let done = self.commit_rows();
        self.is_broken = done.is_err();
        done
    }

    fn commit_rows(&mut self) -> Result<()> {
        let (mut root, mut neighbours) = (self.target.root, Vec::new());
        if self.row_len > 0 {
            let grown = self.write_index()?;
            (root, neighbours) = (grown.root, grown.neighbours);
        }
        self.sync(false)?;
        let source = self.disk.source()?;
        self.is_told = true;
        self.write_end(&*source)?;
        self.sync(false)?;
        self.write_header(&*source, root)?;
        self.target.root = root;
        (self.rows, self.added) = (self.rows(), 0);
        self.end = self.written;
        self.written = self.end.next_multiple_of(8);
        self.write_neighbours(&neighbours)?;
        self.sync(true)
    }

    /// Waits for the disk; at the end only where that was asked for.
    fn sync(&mut self, is_last: bool) -> Result<()> {
        let is_waited_for = match self.durability {
            Durability::None => false,
            Durability::Replace => !is_last,
            Durability::File | Durability::Full => true,
        };
        if is_waited_for {
            self.disk.sync().map_err(|e| Error::io("waiting for the rows", e))?;
        }
        Ok(())
    }

    /// Writes the chunks that are not whole yet, and an index of all.
    fn write_index(&mut self) -> Result<index::Grown> {
        // Whatever happens to them now, a commit that fails is the last one.
        let mut chunks = std::mem::take(&mut self.chunks);
        if let Some(rest) = self.rest.clone().filter(|rest| !rest.is_empty()) {
            chunks.extend(self.write_chunks(rest, size(self.rest_rows))?);
        }
        let gap = self.written.next_multiple_of(8) - self.written;
        self.write(&mut vec![0; size(gap)])?;
        let first = self.edge();
        let counts = self.counts(self.rows() - first);
        debug_assert_eq!(chunks.len() as u64, counts.iter().product::<u64>());
        let Target { grid, itemsize, root, .. } = &self.target;
        let (lengths, itemsize) = (&grid.lengths, *itemsize);
        let tail = Tail { first, chunks: &chunks, counts: &counts, lengths, itemsize };
        let source = self.disk.source()?;
        let mut grown = index::grown(&*source, *root, &tail, self.written)?;
        self.write(&mut grown.bytes)?;
        Ok(grown)
    }

    /// Tells the new end of the file in the superblock (HDF5 II.A). As long as the header does not
    /// lead there, a larger one says nothing.
    fn write_end(&mut self, source: &dyn Source) -> Result<()> {
        let new = self.written.to_le_bytes();
        if self.target.superblock.version == 0 {
            return self.change(40, &new);
        }
        let start = source.read(0, 44).map_err(|e| Error::io("reading", e).at(0))?;
        let mut bytes = start.to_vec();
        if let Some(end) = bytes.get_mut(28..36) {
            end.copy_from_slice(&new);
        }
        let sum = lookup3(&bytes);
        bytes.extend(sum.to_le_bytes());
        self.change(28, bytes.get(28..).unwrap_or_default())
    }

    /// Changes the length and the place of the index, by one write of the bytes that differ.
    fn write_header(&mut self, source: &dyn Source, root: u64) -> Result<()> {
        let block = self.target.block;
        let there = source.read(block.start, size(block.len));
        let there = there.map_err(|e| Error::io("reading", e).at(block.start))?;
        let mut bytes = there.to_vec();
        for (at, new) in [(self.target.length_at, self.rows()), (self.target.root_at, root)] {
            let at = size(at - block.start);
            if let Some(field) = bytes.get_mut(at..at.saturating_add(8)) {
                field.copy_from_slice(&new.to_le_bytes());
            }
        }
        if block.is_checked {
            bytes.truncate(bytes.len().saturating_sub(4));
            let sum = lookup3(&bytes);
            bytes.extend(sum.to_le_bytes());
        }
        let differs = |(a, b): (&u8, &u8)| a != b;
        let pairs = || there.iter().zip(&bytes);
        let Some(first) = pairs().position(differs) else { return Ok(()) };
        let last = pairs().rposition(differs).unwrap_or(first);
        let changed = bytes.get(first..=last).unwrap_or_default();
        self.change(block.start + first as u64, changed)
    }

    /// Tells old nodes of an index which new ones are behind them. Nobody needs it to find a chunk,
    /// and the old index is as good with it.
    fn write_neighbours(&mut self, neighbours: &[(u64, u64)]) -> Result<()> {
        let source = self.disk.source()?;
        for (node, right) in neighbours {
            let is_node = source.read(*node, 5).is_ok_and(|head| head.starts_with(b"TREE\x01"));
            let at = node.saturating_add(RIGHT);
            // What lies on two pages could be left half written.
            if is_node && at / PAGE == (at + 7) / PAGE {
                self.change(at, &right.to_le_bytes())?;
            }
        }
        Ok(())
    }

    fn change(&mut self, at: u64, bytes: &[u8]) -> Result<()> {
        self.disk.write_at(at, bytes).map_err(|e| Error::io("changing the file", e).at(at))
    }
}

impl Drop for Growing {
    fn drop(&mut self) {
        // Where the file tells of it already, it is lost room and no harm.
        if self.written > self.end.next_multiple_of(8) && !(self.is_broken && self.is_told) {
            let _ = self.disk.set_len(self.end);
        }
    }
}
