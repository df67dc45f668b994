//! Elements in chunks: a grid, an index that says where each chunk is, and filters that each of
//! them went through.
//!
//! A whole array is read band by band along its first axis, side by side; a chunk that makes up
//! the whole of a band is unpacked where it belongs, others are unpacked beside it and copied.
//! Where there are fewer bands than cores, chunks are unpacked side by side and copied one after
//! another. A part touches only the chunks that it needs. Nothing is allocated for what a file
//! merely claims: the bytes of a chunk are held against its packed length first.
#![forbid(unsafe_code)]

mod gather;
mod whole;

use crate::array::nbytes;
use crate::{Buffer, BufferMut, Error, Limits, Result, Source};
use std::fmt;
use std::sync::{Arc, OnceLock};

/// A step of packing, to be undone.
pub(crate) trait Filter: fmt::Debug + Send + Sync {
    /// Its name in listings; none for a step that is no packing.
    fn name(&self) -> &str;

    /// How many times further than deflate it packs bytes that are all the same, at least.
    fn reach(&self) -> u64 {
        1
    }

    /// Undoes it. `expected` is what the chunk has in the end; what comes of one step may be a
    /// little more, and nobody should allocate much more.
    fn decode(&self, bytes: &[u8], expected: usize) -> Result<Vec<u8>>;

    /// Undoes it into exactly `dst`.
    fn decode_into(&self, bytes: &[u8], dst: &mut [u8]) -> Result<()> {
        let made = self.decode(bytes, dst.len())?;
        if made.len() != dst.len() {
            let found = format!("{} unpacked with {}", made.len(), self.name());
            return Err(Error::corrupt(format_args!("a chunk of {} bytes", dst.len()), found));
        }
        dst.copy_from_slice(&made);
        Ok(())
    }
}

/// Where a chunk is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stored {
    /// Its place in the grid, counted in C order.
    pub(crate) number: u64,
    pub(crate) offset: u64,
    /// Packed bytes.
    pub(crate) len: u64,
    /// A bit for each filter that was left out.
    pub(crate) skipped: u32,
}

/// What finds the chunks of an array, when they are needed.
type Load = dyn Fn() -> Result<Vec<Stored>> + Send + Sync;

/// An array in chunks.
pub struct Chunked {
    shape: Vec<usize>,
    chunk: Vec<usize>,
    /// Chunks on each axis.
    counts: Vec<usize>,
    itemsize: usize,
    chunk_nbytes: usize,
    /// What stands where nothing was written; zeros where it is not told.
    fill: Option<Buffer>,
    /// In the order in which they were applied.
    filters: Vec<Arc<dyn Filter>>,
    /// What makes elements that were unpacked what their dtype says.
    repair: Option<(Arc<dyn Filter>, usize)>,
    is_short: bool,
    /// Chunks that stand over the edge went through no filter.
    plain_edges: bool,
    load: Box<Load>,
    /// Sorted by number, each number once.
    index: OnceLock<Vec<Stored>>,
}

impl fmt::Debug for Chunked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chunked")
            .field("shape", &self.shape)
            .field("chunk", &self.chunk)
            .field("filters", &self.filters)
            .finish_non_exhaustive()
    }
}

/// The bytes that an array may have beyond those that are stored: what was never written.
const UNWRITTEN: u64 = 1 << 30;

impl Chunked {
    /// Describes an array. Chunks have as many axes as the array, and no length of 0.
    ///
    /// # Errors
    /// `Corrupt` where they have not; `Limit` where a chunk does not fit in memory.
    pub(crate) fn new(
        shape: &[usize],
        chunk: &[usize],
        itemsize: usize,
        load: impl Fn() -> Result<Vec<Stored>> + Send + Sync + 'static,
    ) -> Result<Self> {
        if chunk.len() != shape.len() || chunk.contains(&0) {
            let expected = format!("chunks for an array of shape {shape:?}");
            return Err(Error::corrupt(expected, format_args!("{chunk:?}")));
        }
        let counts = shape.iter().zip(chunk).map(|(&n, &c)| n.div_ceil(c)).collect();
        let chunk_nbytes = nbytes(chunk, itemsize)?;
        Ok(Self {
            shape: shape.to_vec(),
            chunk: chunk.to_vec(),
            counts,
            itemsize,
            chunk_nbytes,
            fill: None,
            filters: Vec::new(),
            repair: None,
            is_short: false,
            plain_edges: false,
            load: Box::new(load),
            index: OnceLock::new(),
        })
    }

    /// Says what stands where nothing was written: the bytes of one element.
    pub(crate) fn filled(mut self, fill: Buffer) -> Self {
        let all_zero = fill.iter().all(|&byte| byte == 0);
        self.fill = (fill.len() == self.itemsize && !all_zero).then_some(fill);
        self
    }

    /// Says how chunks are packed.
    pub(crate) fn packed(mut self, filters: Vec<Arc<dyn Filter>>, plain_edges: bool) -> Self {
        (self.filters, self.plain_edges) = (filters, plain_edges);
        self
    }

    /// Adds a step that comes last of all when chunks are read, and that no mask leaves out; and
    /// the bytes of an element before it.
    pub(crate) fn repaired(mut self, step: Option<(Arc<dyn Filter>, usize)>) -> Self {
        self.repair = step;
        self
    }

    /// Says that the last band of chunks may be stored shorter than a chunk is.
    pub(crate) fn short(mut self) -> Self {
        self.is_short = true;
        self
    }

    /// Lengths of a chunk.
    #[must_use]
    pub fn chunk(&self) -> &[usize] {
        &self.chunk
    }

    /// The names of the filters in the order in which they were applied; empty where chunks are
    /// not packed.
    #[must_use]
    pub fn filters(&self) -> Vec<&str> {
        self.filters.iter().map(|filter| filter.name()).filter(|name| !name.is_empty()).collect()
    }

    /// How many bytes the chunks take in the file.
    ///
    /// # Errors
    /// Where their index cannot be read.
    pub fn stored_nbytes(&self) -> Result<u64> {
        Ok(self.index()?.iter().fold(0, |n, chunk| n.saturating_add(chunk.len)))
    }

    fn index(&self) -> Result<&[Stored]> {
        if let Some(index) = self.index.get() {
            return Ok(index);
        }
        let mut index = (self.load)()?;
        let all = self.counts.iter().try_fold(1u64, |n, &c| n.checked_mul(c as u64));
        let all = all.unwrap_or(u64::MAX);
        // What was cut off when the array became shorter may still be there.
        index.retain(|chunk| chunk.number < all);
        index.sort_by_key(|chunk| chunk.number);
        index.dedup_by_key(|chunk| chunk.number);
        Ok(self.index.get_or_init(|| index))
    }

    /// The stored chunk of that number.
    fn stored(&self, number: u64) -> Result<Option<&Stored>> {
        let index = self.index()?;
        let at = index.binary_search_by_key(&number, |chunk| chunk.number);
        Ok(at.ok().and_then(|at| index.get(at)))
    }

    /// An error unless the array is in proportion to what is stored of it.
    pub(crate) fn check(&self, source: &dyn Source, nbytes: usize, limits: &Limits) -> Result<()> {
        self.check_packed(limits)?;
        self.check_unwritten(source, (nbytes, nbytes), limits)
    }

    /// An error unless the chunks are in proportion to what they unpack to.
    pub(crate) fn check_packed(&self, limits: &Limits) -> Result<()> {
        let index = self.index()?;
        let reach = self.filters.iter().fold(1u64, |n, f| n.saturating_mul(f.reach()));
        for chunk in index.iter().filter(|_| !self.filters.is_empty()) {
            let ratio = limits.check_ratio(chunk.len, self.chunk_nbytes as u64, reach);
            ratio.map_err(|e| e.at(chunk.offset))?;
        }
        Ok(())
    }

    /// An error unless what is `asked` for of the array's `nbytes` and was never written is in
    /// proportion to the file.
    pub(crate) fn check_unwritten(
        &self,
        source: &dyn Source,
        (asked, nbytes): (usize, usize),
        limits: &Limits,
    ) -> Result<()> {
        let written = (self.index()?.len() as u64).saturating_mul(self.chunk_nbytes as u64);
        // None of a part may have been written.
        let unwritten = (nbytes as u64).saturating_sub(written).min(asked as u64);
        let most = UNWRITTEN.max(source.len().saturating_mul(limits.max_ratio()));
        if unwritten > most && limits.max_ratio() != u64::MAX {
            let what = "elements that were never written (bytes)";
            return Err(Error::limit(what, most, unwritten));
        }
        Ok(())
    }

    /// Whether a chunk stands over the edge of the array.
    fn is_cut(&self, number: u64) -> bool {
        let extent = self.extent(number);
        extent.iter().zip(&self.chunk).any(|(range, &length)| range.len() < length)
    }

    /// Unpacks a chunk into exactly its bytes.
    fn decode_into(&self, source: &dyn Source, chunk: &Stored, dst: &mut [u8]) -> Result<()> {
        let Some((repair, itemsize)) = &self.repair else {
            return self.unpack_into(source, chunk, dst);
        };
        let mut bytes = BufferMut::zeroed(nbytes(&self.chunk, *itemsize)?)?;
        self.unpack_into(source, chunk, bytes.bytes_mut())?;
        repair.decode_into(bytes.bytes(), dst)
    }

    fn unpack_into(&self, source: &dyn Source, chunk: &Stored, dst: &mut [u8]) -> Result<()> {
        // Offsets of a filter are those in what it got, which lies nowhere in the file.
        let place = |e: Error| e.at(chunk.offset);
        let is_on = |at: &usize| {
            u32::try_from(*at).is_ok_and(|at| at >= 32 || chunk.skipped >> at & 1 == 0)
        };
        let plain = self.plain_edges && self.is_cut(chunk.number);
        let mut active = (0..self.filters.len()).filter(is_on).collect::<Vec<_>>();
        if plain {
            active.clear();
        }
        let Some((first, others)) = active.split_first() else {
            let there = if self.is_short { usize::try_from(chunk.len).ok() } else { None };
            let len = there.unwrap_or(dst.len()).min(dst.len());
            return read_plain(source, chunk, dst.get_mut(..len).unwrap_or_default());
        };
        let len = usize::try_from(chunk.len)
            .map_err(|_| Error::unsupported("a chunk larger than the address space"))?;
        let read = source.read(chunk.offset, len);
        let packed = read.map_err(|e| unread(chunk, e))?;
        let mut bytes: Option<Vec<u8>> = None;
        for at in others.iter().rev() {
            let Some(filter) = self.filters.get(*at) else { continue };
            let from = bytes.as_deref().unwrap_or(&packed);
            bytes = Some(filter.decode(from, dst.len()).map_err(place)?);
        }
        let from = bytes.as_deref().unwrap_or(&packed);
        match self.filters.get(*first) {
            Some(filter) => filter.decode_into(from, dst).map_err(place),
            None => Ok(()),
        }
    }

    /// Unpacks a chunk into memory of its own.
    fn decode(&self, source: &dyn Source, chunk: &Stored) -> Result<BufferMut> {
        let mut bytes = BufferMut::zeroed(self.chunk_nbytes)?;
        self.decode_into(source, chunk, bytes.bytes_mut())?;
        Ok(bytes)
    }

    /// Writes the fill value all over.
    fn fill(&self, dst: &mut [u8]) {
        match &self.fill {
            None => dst.fill(0),
            Some(fill) => {
                dst.chunks_exact_mut(fill.len().max(1)).for_each(|item| item.copy_from_slice(fill));
            }
        }
    }
}

/// The place in a grid of the chunk whose first element this is.
pub(crate) fn number(counts: &[usize], chunk: &[usize], origin: &[u64]) -> Option<u64> {
    if origin.len() != chunk.len() {
        return None;
    }
    let mut number = 0u64;
    for ((&count, &length), &first) in counts.iter().zip(chunk).zip(origin) {
        let at = first / (length as u64).max(1);
        if at >= count as u64 {
            return None;
        }
        number = number.checked_mul(count as u64)?.checked_add(at)?;
    }
    Some(number)
}

fn read_plain(source: &dyn Source, chunk: &Stored, dst: &mut [u8]) -> Result<()> {
    if chunk.len < dst.len() as u64 {
        let expected = format!("a chunk of {} bytes", dst.len());
        return Err(Error::corrupt(expected, chunk.len).at(chunk.offset));
    }
    source.read_into(chunk.offset, dst).map_err(|e| unread(chunk, e))
}

/// A chunk that the file is too short for is a fault of the file.
fn unread(chunk: &Stored, e: std::io::Error) -> Error {
    let error = match e.kind() {
        std::io::ErrorKind::UnexpectedEof => {
            Error::corrupt(format_args!("a chunk of {} bytes", chunk.len), "the end of the file")
        }
        _ => Error::io("reading a chunk", e),
    };
    error.at(chunk.offset)
}

#[cfg(test)]
mod tests;
