//! Many arrays at once: few large reads, one allocation, all cores.
#![forbid(unsafe_code)]

use super::{Data, Entry};
use crate::codec;
use crate::{Array, BufferMut, Error, Result, Source, parallel};
use std::cell::RefCell;
use std::ops::Range;

/// Arrays up to this size share an allocation and reads; larger ones are worth their own.
pub(crate) const SMALL: usize = 256 << 10;

/// How much of a source is read at once for neighbours: half of a core's cache, and little enough
/// to be worth its pages where there are not many.
const BATCH: u64 = 512 << 10;

/// Bytes between neighbours that are read along.
const GAP: u64 = 32 << 10;

/// Each array begins on such a boundary.
const ALIGN: usize = 64;

/// Something small to be read: where it is, and how much room it needs in the common memory.
pub(crate) struct Part<'a, T> {
    pub(crate) source: &'a dyn Source,
    /// What is read of the source.
    pub(crate) extent: Range<u64>,
    /// The most that is kept of it.
    pub(crate) room: usize,
    /// Whose it is.
    pub(crate) index: usize,
    pub(crate) what: T,
}

/// Where a part lies in the common memory, and what became of it.
pub(crate) struct Taken<T, R> {
    pub(crate) index: usize,
    pub(crate) place: usize,
    pub(crate) what: T,
    pub(crate) result: R,
}

/// The common memory of parts, and what became of each.
pub(crate) type Shared<T, R> = (BufferMut, Vec<Taken<T, R>>);

/// Reads all of `entries`, in their order; an error says which one it is about.
///
/// Small arrays lie in one allocation, which lives as long as any of them.
pub(crate) fn read_many(entries: &[Entry]) -> Result<Vec<Array>, (usize, Error)> {
    let mut arrays: Vec<Option<Array>> = Vec::with_capacity(entries.len());
    let (mut smalls, mut others) = (Vec::new(), Vec::new());
    for (index, entry) in entries.iter().enumerate() {
        arrays.push(None);
        match &entry.data {
            Data::Raw { .. } if entry.nbytes <= SMALL => {
                smalls.push(small(index, entry).map_err(|e| (index, e))?);
            }
            _ => others.push((index, entry)),
        }
    }
    for (index, array) in read_smalls(smalls)? {
        if let Some(place) = arrays.get_mut(index) {
            *place = Some(array);
        }
    }
    for (index, array) in read_others(&others)? {
        if let Some(place) = arrays.get_mut(index) {
            *place = Some(array);
        }
    }
    Ok(arrays.into_iter().flatten().collect())
}

/// As [`read_many`], of sources that were made for these entries alone: what lies in memory
/// already stays where it is.
#[cfg(feature = "folder")]
pub(crate) fn keep_many(entries: &[Entry]) -> Result<Vec<Array>, (usize, Error)> {
    let held = |entry: &Entry| {
        let is_held = matches!(entry.data, Data::Raw { .. })
            && entry.seal.is_none()
            && entry.source.in_memory().is_some();
        is_held.then(|| {
            entry.limits.check_array(entry.nbytes as u64)?;
            entry.view()
        })
    };
    let mut arrays = Vec::with_capacity(entries.len());
    let mut others = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        let array = held(entry).transpose().map_err(|e| (index, e))?;
        if array.is_none() {
            others.push(index);
        }
        arrays.push(array);
    }
    let rest: Vec<Entry> = others.iter().filter_map(|&at| entries.get(at).cloned()).collect();
    let named = |(at, e)| (others.get(at).copied().unwrap_or_default(), e);
    for (&at, array) in others.iter().zip(read_many(&rest).map_err(named)?) {
        if let Some(place) = arrays.get_mut(at) {
            *place = Some(array);
        }
    }
    Ok(arrays.into_iter().flatten().collect())
}

pub(super) fn small(index: usize, entry: &Entry) -> Result<Part<'_, &Entry>> {
    let offset = entry.raw()?;
    entry.limits.check_array(entry.nbytes as u64)?;
    // The elements, and what else their seal is over.
    let extent = match &entry.seal {
        Some(seal) => seal.start..seal.end(),
        None => offset..offset + entry.nbytes as u64,
    };
    Ok(Part { source: &*entry.source, extent, room: entry.nbytes, index, what: entry })
}

/// Takes the elements out of what was read.
pub(super) fn take(part: &Part<'_, &Entry>, read: &[u8], dst: &mut [u8]) -> Result<()> {
    let entry = part.what;
    if let Some(seal) = &entry.seal {
        seal.check(codec::crc32(read))?;
    }
    let offset = entry.raw()?;
    let start = offset.checked_sub(part.extent.start).and_then(|at| usize::try_from(at).ok());
    let elements = start.and_then(|start| read.get(start..start.checked_add(entry.nbytes)?));
    dst.copy_from_slice(elements.ok_or_else(|| gone(offset))?);
    Ok(())
}

fn gone(offset: u64) -> Error {
    Error::corrupt("the data", "less of them").at(offset)
}

fn read_smalls(smalls: Vec<Part<'_, &Entry>>) -> Result<Vec<(usize, Array)>, (usize, Error)> {
    let (shared, taken) = read_parts(smalls, || (), |(), part, read, dst| take(part, read, dst))?;
    let shared = shared.freeze();
    let array = |small: Taken<&Entry, ()>| {
        let (entry, index) = (small.what, small.index);
        let bytes = shared.slice(small.place..small.place + entry.nbytes);
        let array = bytes
            .and_then(|bytes| Array::new(entry.dtype.clone(), &entry.shape, entry.order, bytes));
        array.map(|array| (index, array)).map_err(|e| (index, e))
    };
    taken.into_iter().map(array).collect()
}

/// Where a source is in memory: what tells two of them apart.
pub(super) fn identity(source: &dyn Source) -> usize {
    std::ptr::from_ref(source).cast::<u8>() as usize
}

/// Reads parts of sources with few reads and on all cores: `take` gets the bytes of each, in the
/// order of the sources, and the room it has in the common memory. What it makes use of from one
/// part to the next is made by `start` for each read.
pub(crate) fn read_parts<T: Copy + Send + Sync, R: Send, M>(
    mut parts: Vec<Part<'_, T>>,
    start: impl Fn() -> M + Send + Sync,
    take: impl Fn(&mut M, &Part<'_, T>, &[u8], &mut [u8]) -> Result<R> + Send + Sync,
) -> Result<Shared<T, R>, (usize, Error)> {
    let key = |part: &Part<'_, T>| (identity(part.source), part.extent.start);
    if !parts.is_sorted_by_key(key) {
        parts.sort_by_key(key);
    }
    let aligned = |part: &Part<'_, T>| part.room.next_multiple_of(ALIGN);
    let total = parts.iter().fold(0usize, |total, part| total.saturating_add(aligned(part)));
    let first = parts.first().map_or(0, |part| part.index);
    let mut memory = BufferMut::zeroed(total).map_err(|e| (first, e))?;
    let mut batches = Vec::new();
    let (mut rest, mut bytes, mut place) = (&parts[..], memory.bytes_mut(), 0);
    while !rest.is_empty() {
        let (batch, after) = rest.split_at(neighbours(rest));
        let len: usize = batch.iter().map(aligned).sum();
        let (dst, left) = bytes.split_at_mut(len);
        batches.push((batch, place, dst));
        (rest, bytes, place) = (after, left, place + len);
    }
    let work = |(batch, mut place, mut dst): (&[Part<'_, T>], usize, &mut [u8])| {
        let (mut memo, mut all) = (start(), Vec::with_capacity(batch.len()));
        read_batch(batch, |part, read| {
            let (own, rest) = std::mem::take(&mut dst).split_at_mut(aligned(part));
            let result = take(&mut memo, part, read, &mut own[..part.room])?;
            all.push(Taken { index: part.index, place, what: part.what, result });
            (dst, place) = (rest, place + own.len());
            Ok(())
        })?;
        Ok(all)
    };
    let taken = parallel::each(batches, work)?;
    let mut all = Vec::with_capacity(parts.len());
    taken.into_iter().for_each(|batch| all.extend(batch));
    Ok((memory, all))
}

/// How many of the first ones are read with one read.
pub(super) fn neighbours<T>(parts: &[Part<'_, T>]) -> usize {
    let Some(first) = parts.first() else { return 0 };
    let mut end = first.extent.end;
    let more = parts.iter().skip(1).take_while(|next| {
        let near = identity(first.source) == identity(next.source)
            && next.extent.start <= end.saturating_add(GAP)
            && next.extent.end.max(end) - first.extent.start <= BATCH;
        end = end.max(next.extent.end);
        near
    });
    1 + more.count()
}

/// Reads the extents of a batch, and calls `each` with the bytes of every part.
pub(super) fn read_batch<T>(
    batch: &[Part<'_, T>],
    mut each: impl FnMut(&Part<'_, T>, &[u8]) -> Result<()>,
) -> Result<(), (usize, Error)> {
    let Some(first) = batch.first() else { return Ok(()) };
    let start = first.extent.start;
    let end = batch.iter().map(|part| part.extent.end).max().unwrap_or_default();
    let mut all = |bytes: &[u8], base: u64| {
        for part in batch {
            let within = |at: u64| usize::try_from(at.checked_sub(base)?).ok();
            let range = within(part.extent.start).zip(within(part.extent.end));
            let read = range.and_then(|(start, end)| bytes.get(start..end));
            let done =
                read.ok_or_else(|| gone(part.extent.start)).and_then(|read| each(part, read));
            done.map_err(|e| (part.index, e))?;
        }
        Ok(())
    };
    if let Some(bytes) = first.source.in_memory() {
        return all(bytes, 0);
    }
    SCRATCH.with_borrow_mut(|scratch| {
        let len = usize::try_from(end - start).unwrap_or(usize::MAX);
        if scratch.as_ref().is_none_or(|scratch| scratch.len() < len) {
            // Once it is large, it is as large as it will mostly be: its pages come all at once.
            let whole = usize::try_from(BATCH).unwrap_or(usize::MAX);
            let room = if len < whole / 4 { len } else { len.max(whole) };
            *scratch = Some(BufferMut::zeroed(room).map_err(|e| (first.index, e))?);
        }
        let read = scratch.as_mut().and_then(|scratch| scratch.bytes_mut().get_mut(..len));
        let read = read.unwrap_or_default();
        let failed = |e| (first.index, Error::io("reading the data", e).at(start));
        first.source.read_into(start, read).map_err(failed)?;
        all(read, start)
    })
}

thread_local! {
    /// What a batch is read into: memory that was touched before costs no page faults.
    static SCRATCH: RefCell<Option<BufferMut>> = const { RefCell::new(None) };
}

/// Large arrays one after another, since each keeps the machine busy by itself; what is packed
/// side by side.
fn read_others(others: &[(usize, &Entry)]) -> Result<Vec<(usize, Array)>, (usize, Error)> {
    let one = |&(index, entry): &(usize, &Entry)| match entry.read() {
        Ok(array) => Ok((index, array)),
        Err(e) => Err((index, e)),
    };
    let (large, packed): (Vec<_>, Vec<_>) =
        others.iter().partition(|(_, entry)| matches!(entry.data, Data::Raw { .. }));
    let mut arrays = large.into_iter().map(one).collect::<Result<Vec<_>, _>>()?;
    arrays.extend(parallel::each(packed, one)?);
    Ok(arrays)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Counting;
    use crate::{Dtype, ErrorKind, Limits, MemoryOrder, MemorySource};
    use std::sync::Arc;

    fn counting(len: usize) -> Vec<u8> {
        (0..len).map(|i| (i * 7 % 251).to_le_bytes()[0]).collect()
    }

    fn entry(source: &Arc<dyn Source>, offset: usize, shape: &[usize], limits: &Limits) -> Entry {
        let (data, dtype) = (Data::Raw { offset: offset as u64 }, Dtype::parse("<u2").unwrap());
        let (source, limits) = (Arc::clone(source), Arc::new(limits.clone()));
        Entry::new(source, dtype, shape, MemoryOrder::F, data, limits).unwrap()
    }

    #[test]
    fn each_array_is_its_own_wherever_it_lies() {
        let bytes = counting(6 << 20);
        let sources: [Arc<dyn Source>; 2] =
            [Arc::new(Counting::new(bytes.clone())), Arc::new(MemorySource::new(bytes))];
        let shapes: [&[usize]; 7] =
            [&[3], &[], &[0, 4], &[7, 5], &[64], &[300, 400], &[SMALL / 2 + 1]];
        let mut entries = Vec::new();
        for n in 0..80 {
            // Neither in the order of the file nor apart from one another, of both sources.
            let offset = n * 37 % 80 * 61_001;
            entries.push(entry(&sources[n % 2], offset, shapes[n % 7], &Limits::default()));
        }
        let arrays = read_many(&entries).unwrap();
        assert_eq!(arrays.len(), entries.len());
        for (n, (array, entry)) in arrays.iter().zip(&entries).enumerate() {
            let alone = entry.read().unwrap();
            assert_eq!((array.dtype(), array.shape()), (alone.dtype(), alone.shape()), "{n}");
            assert!(array.bytes() == alone.bytes() && array.strides() == alone.strides(), "{n}");
        }
        assert!(read_many(&[]).unwrap().is_empty());
    }

    #[test]
    fn neighbours_come_with_one_read() {
        let source = Arc::new(Counting::new(counting(3 << 20)));
        let shared: Arc<dyn Source> = source.clone();
        let near = |n: usize| entry(&shared, n * 2000, &[500], &Limits::default());
        read_many(&(0..250).rev().map(near).collect::<Vec<_>>()).unwrap();
        assert_eq!(source.taken().0, 1);
        read_many(&(0..500).map(near).collect::<Vec<_>>()).unwrap();
        assert_eq!(source.taken().0, 2);
        let far = |n: usize| entry(&shared, n * 100_000, &[500], &Limits::default());
        read_many(&(0..20).map(far).collect::<Vec<_>>()).unwrap();
        assert_eq!(source.taken().0, 20);
    }

    #[test]
    fn an_error_says_which_one() {
        let source: Arc<dyn Source> = Arc::new(MemorySource::new(counting(100)));
        let limits = Limits::default();
        let fine = entry(&source, 0, &[10], &limits);
        let cut = entry(&source, 90, &[6], &limits);
        let strict = entry(&source, 0, &[10], &limits.array_nbytes(19));
        let (at, e) = read_many(&[fine.clone(), cut, fine.clone()]).unwrap_err();
        assert_eq!((at, e.kind(), e.offset()), (1, ErrorKind::Corrupt, Some(90)));
        let (at, e) = read_many(&[fine.clone(), fine, strict]).unwrap_err();
        assert_eq!((at, e.kind()), (2, ErrorKind::Limit));
    }
}
