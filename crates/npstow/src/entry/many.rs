//! Many arrays at once: few large reads, one allocation, all cores.
#![forbid(unsafe_code)]

use super::{Data, Entry};
use crate::codec;
use crate::{Array, Buffer, BufferMut, Error, Result, Source, parallel};
use std::cell::RefCell;
use std::ops::Range;
use std::sync::Arc;

/// Arrays up to this size share an allocation and reads; larger ones are worth their own.
const SMALL: usize = 256 << 10;

/// How much of a source is read at once for neighbours.
const BATCH: u64 = 1 << 20;

/// Bytes between neighbours that are read along.
const GAP: u64 = 32 << 10;

/// Each array begins on such a boundary.
const ALIGN: usize = 64;

/// A small array: whose it is, and where its bytes go in the common memory.
struct Small<'a> {
    index: usize,
    entry: &'a Entry,
    offset: u64,
    /// What is read: the elements, and what else their seal is over.
    extent: Range<u64>,
    place: usize,
}

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
                smalls.push(Small::new(index, entry).map_err(|e| (index, e))?);
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

impl<'a> Small<'a> {
    fn new(index: usize, entry: &'a Entry) -> Result<Self> {
        let offset = entry.raw()?;
        entry.limits.check_array(entry.nbytes as u64)?;
        let extent = match &entry.seal {
            Some(seal) => seal.start..seal.end(),
            None => offset..offset + entry.nbytes as u64,
        };
        Ok(Self { index, entry, offset, extent, place: 0 })
    }

    /// Takes the elements out of what was read from `base` on.
    fn take(&self, read: &[u8], base: u64, dst: &mut [u8]) -> Result<()> {
        let within = |range: Range<u64>| {
            let start = usize::try_from(range.start.checked_sub(base)?).ok()?;
            let end = usize::try_from(range.end.checked_sub(base)?).ok()?;
            read.get(start..end)
        };
        let gone = || Error::corrupt("the data", "less of them").at(self.offset);
        if let Some(seal) = &self.entry.seal {
            seal.check(codec::crc32(within(self.extent.clone()).ok_or_else(gone)?))?;
        }
        let end = self.offset + self.entry.nbytes as u64;
        dst.copy_from_slice(within(self.offset..end).ok_or_else(gone)?);
        Ok(())
    }
}

/// Where the bytes of a source begin in memory: what tells two sources apart.
fn identity(source: &Arc<dyn Source>) -> usize {
    Arc::as_ptr(source).cast::<u8>() as usize
}

fn read_smalls(mut smalls: Vec<Small<'_>>) -> Result<Vec<(usize, Array)>, (usize, Error)> {
    let key = |small: &Small<'_>| (identity(&small.entry.source), small.extent.start);
    smalls.sort_by_key(key);
    let mut total = 0usize;
    for small in &mut smalls {
        small.place = total;
        total = total.saturating_add(small.entry.nbytes.next_multiple_of(ALIGN));
    }
    let first = smalls.first().map_or(0, |small| small.index);
    let mut memory = BufferMut::zeroed(total).map_err(|e| (first, e))?;
    let mut batches = Vec::new();
    let (mut rest, mut bytes) = (&smalls[..], memory.bytes_mut());
    while !rest.is_empty() {
        let (batch, after) = rest.split_at(neighbours(rest));
        let start = batch.first().map_or(0, |small| small.place);
        let len = after.first().map_or(total, |small| small.place) - start;
        let (dst, left) = bytes.split_at_mut(len);
        batches.push((batch, dst));
        (rest, bytes) = (after, left);
    }
    parallel::each(batches, |(batch, dst)| read_batch(batch, dst))?;
    let shared = memory.freeze();
    smalls.iter().map(|small| Ok((small.index, small.array(&shared)?))).collect()
}

impl Small<'_> {
    fn array(&self, shared: &Buffer) -> Result<Array, (usize, Error)> {
        let entry = self.entry;
        let bytes = shared.slice(self.place..self.place + entry.nbytes);
        bytes
            .and_then(|bytes| Array::new(entry.dtype.clone(), &entry.shape, entry.order, bytes))
            .map_err(|e| (self.index, e))
    }
}

/// How many of the first ones are read with one read.
fn neighbours(smalls: &[Small<'_>]) -> usize {
    let Some(first) = smalls.first() else { return 0 };
    let mut end = first.extent.end;
    let more = smalls.iter().skip(1).take_while(|next| {
        let near = Arc::ptr_eq(&first.entry.source, &next.entry.source)
            && next.extent.start <= end.saturating_add(GAP)
            && next.extent.end.max(end) - first.extent.start <= BATCH;
        end = end.max(next.extent.end);
        near
    });
    1 + more.count()
}

fn read_batch(batch: &[Small<'_>], dst: &mut [u8]) -> Result<(), (usize, Error)> {
    let Some(first) = batch.first() else { return Ok(()) };
    let source = &first.entry.source;
    let end = batch.iter().map(|small| small.extent.end).max().unwrap_or_default();
    let range = first.extent.start..end;
    if let Some(bytes) = source.in_memory() {
        return take_all(batch, bytes, 0, dst);
    }
    SCRATCH.with_borrow_mut(|scratch| {
        let len = usize::try_from(range.end - range.start).unwrap_or(usize::MAX);
        if scratch.len() < len {
            scratch.resize(len, 0);
        }
        let read = scratch.get_mut(..len).unwrap_or_default();
        let failed = |e| (first.index, Error::io("reading the data", e).at(range.start));
        source.read_into(range.start, read).map_err(failed)?;
        take_all(batch, read, range.start, dst)
    })
}

thread_local! {
    /// What a batch is read into: memory that was touched before costs no page faults.
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Takes all arrays of a batch out of what was read from `base` on.
fn take_all(
    batch: &[Small<'_>],
    read: &[u8],
    base: u64,
    dst: &mut [u8],
) -> Result<(), (usize, Error)> {
    let Some(first) = batch.first() else { return Ok(()) };
    for small in batch {
        let start = small.place - first.place;
        let place = &mut dst[start..start + small.entry.nbytes];
        small.take(read, base, place).map_err(|e| (small.index, e))?;
    }
    Ok(())
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
    use crate::{Dtype, ErrorKind, Limits, MemoryOrder, MemorySource};
    use std::io;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// Bytes that are read, not shown, and how often.
    #[derive(Debug, Default)]
    struct Read(Vec<u8>, AtomicUsize);

    impl Source for Read {
        fn len(&self) -> u64 {
            self.0.len() as u64
        }

        fn read_into(&self, offset: u64, dst: &mut [u8]) -> io::Result<()> {
            self.1.fetch_add(1, Ordering::Relaxed);
            let start = usize::try_from(offset).unwrap();
            dst.copy_from_slice(&self.0[start..start + dst.len()]);
            Ok(())
        }

        fn view(&self, _: u64, _: usize) -> Result<Buffer> {
            Err(Error::unsupported("showing what is read"))
        }
    }

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
        let sources: [Arc<dyn Source>; 2] = [
            Arc::new(Read(bytes.clone(), AtomicUsize::new(0))),
            Arc::new(MemorySource::new(bytes)),
        ];
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
        let source = Arc::new(Read(counting(3 << 20), AtomicUsize::new(0)));
        let shared: Arc<dyn Source> = source.clone();
        let near = |n: usize| entry(&shared, n * 2000, &[500], &Limits::default());
        read_many(&(0..500).rev().map(near).collect::<Vec<_>>()).unwrap();
        assert_eq!(source.1.swap(0, Ordering::Relaxed), 1);
        let far = |n: usize| entry(&shared, n * 100_000, &[500], &Limits::default());
        read_many(&(0..20).map(far).collect::<Vec<_>>()).unwrap();
        assert_eq!(source.1.load(Ordering::Relaxed), 20);
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
