//! Arrays that are described but not loaded, and the only code that reads payloads.
//!
//! A format says what is stored and where; everything that costs time is here, once, for every
//! format and every language. What is counted on each road:
//!
//! * `read`: one allocation of the array's size, one pass of reads straight into it. A change of
//!   byte order is done block by block while the block is in cache; a change of memory order
//!   reads bands of a few MiB and scatters them, so memory stays the array and a constant.
//! * `view`: no allocation and no copy.
//! * `read_slice`: reads only the runs of bytes that the selection touches; runs that lie close
//!   together are read as one.
#![forbid(unsafe_code)]

use crate::array::{
    Array, MemoryOrder, Selection, Strided, bands, copy_strided, for_blocks, nbytes, strides,
    swap_by,
};
use crate::dtype::SwapPlan;
use crate::{BufferMut, Dtype, Error, Limits, Order, Result, Source};
use std::sync::Arc;

/// How many bytes are treated at once where they pass through the processor.
const BLOCK: usize = 1 << 20;

/// How much is read at once where elements are brought into another order.
pub(crate) const BAND: usize = 8 << 20;

/// Where the elements of an [`Entry`] are, and in which form.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Data {
    /// The very bytes, from this offset of the source on: anyone may read them.
    Raw {
        /// The first byte.
        offset: u64,
    },
    /// Python objects as a pickle, from this offset of the source on: described, not read.
    Objects {
        /// The first byte of the pickle.
        offset: u64,
    },
}

/// An array on disk: its dtype, shape and order are known, its elements are not read yet.
///
/// ```
/// use npstow::{Array, npy};
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("x.npy");
/// # npy::write(&path, &Array::from_vec(vec![1i64, 2, 3, 4]))?;
/// let entry = npy::open(&path)?;
/// assert_eq!((entry.shape(), entry.offset()), (&[4][..], Some(128)));
/// let last_two = entry.read_slice(&"-2:".parse()?)?;
/// assert_eq!(last_two.as_slice::<i64>()?, [3, 4]);
/// # Ok::<(), npstow::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Entry {
    source: Arc<dyn Source>,
    dtype: Dtype,
    shape: Vec<usize>,
    order: MemoryOrder,
    data: Data,
    nbytes: usize,
    limits: Arc<Limits>,
}

/// How an array is to lie in memory once it is read. By default as in the file.
///
/// ```
/// use npstow::{MemoryOrder, Order, ReadOptions};
/// let for_a_c_library = ReadOptions::default().byte_order(Order::NATIVE).memory_order(MemoryOrder::C);
/// ```
#[derive(Clone, Debug, Default)]
pub struct ReadOptions {
    byte_order: Option<Order>,
    memory_order: Option<MemoryOrder>,
}

impl ReadOptions {
    /// Brings every element into this byte order; [`Order::NATIVE`] is what programs compute with.
    #[must_use]
    pub fn byte_order(mut self, order: Order) -> Self {
        self.byte_order = Some(order);
        self
    }

    /// Brings the elements into this memory order.
    #[must_use]
    pub fn memory_order(mut self, order: MemoryOrder) -> Self {
        self.memory_order = Some(order);
        self
    }
}

impl Entry {
    /// Describes an array in `source`.
    ///
    /// # Errors
    /// `Invalid` where the size in bytes is beyond what memory can hold.
    pub fn new(
        source: Arc<dyn Source>,
        dtype: Dtype,
        shape: &[usize],
        order: MemoryOrder,
        data: Data,
        limits: Arc<Limits>,
    ) -> Result<Self> {
        let nbytes = nbytes(shape, dtype.itemsize())?;
        Ok(Self { source, dtype, shape: shape.to_vec(), order, data, nbytes, limits })
    }

    /// What the elements are, in the file's byte order.
    #[must_use]
    pub fn dtype(&self) -> &Dtype {
        &self.dtype
    }

    /// Lengths of the axes.
    #[must_use]
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// In which order the elements lie in the file.
    #[must_use]
    pub fn order(&self) -> MemoryOrder {
        self.order
    }

    /// Size of the elements in memory, in bytes.
    #[must_use]
    pub fn nbytes(&self) -> usize {
        self.nbytes
    }

    /// Where and how the elements are stored.
    #[must_use]
    pub fn data(&self) -> &Data {
        &self.data
    }

    /// Where the bytes come from.
    #[must_use]
    pub fn source(&self) -> &Arc<dyn Source> {
        &self.source
    }

    /// Where the very bytes of the array begin in the file, for those who read them on their own
    /// (another process, a GPU); `None` where they are encoded.
    #[must_use]
    pub fn offset(&self) -> Option<u64> {
        match self.data {
            Data::Raw { offset } => Some(offset),
            Data::Objects { .. } => None,
        }
    }

    /// The offset of the raw bytes, all of which are there.
    fn raw(&self) -> Result<u64> {
        let offset = match self.data {
            Data::Raw { offset } => offset,
            Data::Objects { offset } => {
                let what = "the payload of an object array (a pickle)";
                return Err(Error::unsupported(what).at(offset));
            }
        };
        let there = self.source.len().saturating_sub(offset);
        if (self.nbytes as u64) > there {
            return Err(Error::corrupt(
                format_args!("{} bytes of data", self.nbytes),
                format_args!("the end after {there}"),
            )
            .at(offset));
        }
        Ok(offset)
    }

    /// Says whether the elements are all there, without reading them.
    ///
    /// # Errors
    /// `Corrupt` where the file ends before the data do; `Unsupported` for objects.
    pub fn check(&self) -> Result<()> {
        self.raw().map(drop)
    }

    /// Reads the array into new memory that nobody else can change.
    ///
    /// # Errors
    /// `Corrupt` where the file ends before the data do (nothing is allocated then);
    /// `Unsupported` for objects; `Limit`; `Io`.
    pub fn read(&self) -> Result<Array> {
        self.read_with(&ReadOptions::default())
    }

    /// Reads the array in the byte order and memory order asked for.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_with(&self, options: &ReadOptions) -> Result<Array> {
        self.raw()?;
        self.limits.check_array(self.nbytes as u64)?;
        let mut buffer = BufferMut::zeroed(self.nbytes)?;
        self.fill(buffer.bytes_mut(), options)?;
        let dtype =
            options.byte_order.map_or_else(|| self.dtype.clone(), |o| self.dtype.to_order(o));
        let order = options.memory_order.unwrap_or(self.order);
        Array::new(dtype, &self.shape, order, buffer.freeze())
    }

    /// Reads the bytes of the array into the caller's memory, as they lie in the file.
    ///
    /// # Errors
    /// `Mismatch` unless `dst` has exactly [`nbytes`](Self::nbytes) bytes; else as
    /// [`read`](Self::read). What `dst` holds after an error is not defined.
    pub fn read_into(&self, dst: &mut [u8]) -> Result<()> {
        self.read_into_with(dst, &ReadOptions::default())
    }

    /// Reads the array into the caller's memory, in the orders asked for.
    ///
    /// # Errors
    /// As [`read_into`](Self::read_into).
    pub fn read_into_with(&self, dst: &mut [u8], options: &ReadOptions) -> Result<()> {
        if dst.len() != self.nbytes {
            let expected = format_args!("memory of {} bytes", self.nbytes);
            return Err(Error::mismatch(expected, dst.len()));
        }
        self.fill(dst, options)
    }

    fn fill(&self, dst: &mut [u8], options: &ReadOptions) -> Result<()> {
        let offset = self.raw()?;
        let itemsize = self.dtype.itemsize();
        let swap = options.byte_order.map_or(SwapPlan::Nothing, |o| self.dtype.swaps_to(o));
        if options.memory_order.is_some_and(|o| self.differs(o)) {
            return self.fill_reordered(offset, dst, &swap);
        }
        if swap == SwapPlan::Nothing {
            return self.bytes_into(offset, dst);
        }
        // Read and swap one block after the other, while it is in cache; blocks side by side.
        let block = (BLOCK / itemsize.max(1)).max(1) * itemsize.max(1);
        for_blocks(dst, block, |index, bytes| {
            self.bytes_into(offset + (index * block) as u64, bytes)?;
            swap_by(bytes, itemsize, &swap);
            Ok(())
        })
    }

    /// Whether elements in this memory order lie otherwise than in the file.
    fn differs(&self, order: MemoryOrder) -> bool {
        order != self.order && self.shape.iter().filter(|&&n| n != 1).count() > 1 && self.nbytes > 0
    }

    /// Reads bands that are contiguous in the file and scatters each into the other order.
    fn fill_reordered(&self, offset: u64, dst: &mut [u8], swap: &SwapPlan) -> Result<()> {
        let itemsize = self.dtype.itemsize();
        // In the file's own order the last axis is the fastest.
        let mut lengths = self.shape.clone();
        let mut to = strides(&self.shape, itemsize, self.order.other());
        if self.order == MemoryOrder::F {
            lengths.reverse();
            to.reverse();
        }
        let mut scratch = BufferMut::zeroed(BAND.min(self.nbytes).max(itemsize))?;
        let mut position = offset;
        for band in bands::bands(&lengths, itemsize, BAND) {
            let shape = band.iter().map(ExactSizeIterator::len).collect::<Vec<_>>();
            let len = nbytes(&shape, itemsize)?;
            let bytes = &mut scratch.bytes_mut()[..len];
            self.bytes_into(position, bytes)?;
            swap_by(bytes, itemsize, swap);
            let start = band.iter().zip(&to).map(|(r, s)| r.start * s.unsigned_abs()).sum();
            let from = strides(&shape, itemsize, MemoryOrder::C);
            let from = Strided { bytes: &*bytes, offset: 0, strides: &from };
            let into = Strided { bytes: &mut *dst, offset: start, strides: &to };
            copy_strided(&shape, itemsize, into, &from);
            position += len as u64;
        }
        Ok(())
    }

    fn bytes_into(&self, offset: u64, dst: &mut [u8]) -> Result<()> {
        let failed = |e| Error::io("reading the data", e).at(offset);
        self.source.read_into(offset, dst).map_err(failed)
    }

    /// Shows the array where it lies in the mapped file, without reading it.
    ///
    /// The file is mapped on the first view. Another process that changes the file changes what
    /// is seen, and one that cuts it short makes this process crash (`SIGBUS`) when the missing
    /// part is touched. [`read`](Self::read) has no such danger.
    ///
    /// # Errors
    /// `Unsupported` where the source cannot be mapped or the elements are objects; `Corrupt`
    /// where the file ends before the data do.
    pub fn view(&self) -> Result<Array> {
        let offset = self.raw()?;
        let buffer = self.source.view(offset, self.nbytes)?;
        Array::new(self.dtype.clone(), &self.shape, self.order, buffer)
    }

    /// Reads a part of the array: slices, indices, a list of rows; touches only what is needed.
    ///
    /// The result is contiguous, in the memory order of the file.
    ///
    /// # Errors
    /// `Invalid` where the selection does not fit the shape; else as [`read`](Self::read).
    pub fn read_slice(&self, selection: &Selection) -> Result<Array> {
        let offset = self.raw()?;
        let mut selected = selection.resolve(&self.shape)?;
        let itemsize = self.dtype.itemsize();
        let strides = strides(&self.shape, itemsize, self.order);
        let shape = selected.shape().to_vec();
        let nbytes = nbytes(&shape, itemsize)?;
        self.limits.check_array(nbytes as u64)?;
        if self.order == MemoryOrder::F {
            selected = selected.reversed();
        }
        let mut buffer = BufferMut::zeroed(nbytes)?;
        let runs = selected.runs(&strides, itemsize);
        Gather::new(self, offset, buffer.bytes_mut()).run(runs)?;
        Array::new(self.dtype.clone(), &shape, self.order, buffer.freeze())
    }
}

/// Reads runs of bytes one after another into contiguous memory.
struct Gather<'a> {
    entry: &'a Entry,
    offset: u64,
    dst: &'a mut [u8],
    filled: usize,
    /// Runs that will be read as one: their extent, and each one's place.
    group: Vec<(usize, usize)>,
    low: usize,
    high: usize,
    scratch: Vec<u8>,
}

/// Bytes between two runs that are read along rather than skipped: what a system call costs.
const GAP: usize = 4096;

impl<'a> Gather<'a> {
    fn new(entry: &'a Entry, offset: u64, dst: &'a mut [u8]) -> Self {
        let (group, scratch) = (Vec::new(), Vec::new());
        Self { entry, offset, dst, filled: 0, group, low: 0, high: 0, scratch }
    }

    fn run(mut self, runs: impl Iterator<Item = (isize, usize)>) -> Result<()> {
        let start = usize::try_from(self.offset).unwrap_or(usize::MAX);
        let memory = self.entry.source.in_memory().and_then(|bytes| bytes.get(start..));
        for (at, len) in runs {
            let at = usize::try_from(at)
                .map_err(|_| Error::invalid("a selection that begins before the array"))?;
            if let Some(run) = memory.and_then(|bytes| bytes.get(at..at + len)) {
                self.dst[self.filled..self.filled + len].copy_from_slice(run);
                self.filled += len;
                continue;
            }
            let joined = self.low.min(at)..self.high.max(at + len);
            let near = at <= self.high + GAP && at + len + GAP >= self.low;
            if !self.group.is_empty() && (!near || joined.len() > BLOCK) {
                self.flush()?;
            }
            if self.group.is_empty() {
                (self.low, self.high) = (at, at + len);
            } else {
                (self.low, self.high) = (joined.start, joined.end);
            }
            self.group.push((at, len));
        }
        self.flush()
    }

    fn flush(&mut self) -> Result<()> {
        let offset = self.offset + self.low as u64;
        if let [(_, len)] = self.group[..] {
            self.entry.bytes_into(offset, &mut self.dst[self.filled..self.filled + len])?;
            self.filled += len;
        } else if !self.group.is_empty() {
            self.scratch.resize(self.high - self.low, 0);
            self.entry.bytes_into(offset, &mut self.scratch)?;
            for &(at, len) in &self.group {
                let run = &self.scratch[at - self.low..at - self.low + len];
                self.dst[self.filled..self.filled + len].copy_from_slice(run);
                self.filled += len;
            }
        }
        self.group.clear();
        Ok(())
    }
}
