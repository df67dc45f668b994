//! Many arrays at once, each into memory of the caller's.
#![forbid(unsafe_code)]

use super::many::{Part, SMALL, identity, neighbours, read_batch, small, take};
use super::{Data, Entry};
use crate::{Error, Result, parallel};

impl Entry {
    /// Reads many arrays, each into the memory beside it, as they lie in the file: neighbours
    /// with few, large reads, and on all cores.
    ///
    /// ```
    /// use npstow::{Array, Entry};
    /// let first = Entry::try_from(&Array::from_vec(vec![1u8, 2]))?;
    /// let second = Entry::try_from(&Array::from_vec(vec![3u8]))?;
    /// let mut memory = [0; 3];
    /// let (left, right) = memory.split_at_mut(2);
    /// Entry::read_all_into(vec![(&first, left), (&second, right)])?;
    /// assert_eq!(memory, [1, 2, 3]);
    /// # Ok::<(), npstow::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`read_into`](Self::read_into), of one of the arrays that have one. What the memory
    /// holds then is not defined.
    pub fn read_all_into(all: Vec<(&Self, &mut [u8])>) -> Result<()> {
        let (mut smalls, mut large, mut packed) = (Vec::new(), Vec::new(), Vec::new());
        for (index, (entry, dst)) in all.into_iter().enumerate() {
            if dst.len() != entry.nbytes {
                let expected = format_args!("memory of {} bytes", entry.nbytes);
                return entry.placed_in(Err(Error::mismatch(expected, dst.len())));
            }
            match &entry.data {
                Data::Raw { .. } if entry.nbytes <= SMALL => {
                    smalls.push((entry.placed_in(small(index, entry))?, dst));
                }
                Data::Raw { .. } => large.push((entry, dst)),
                _ => packed.push((entry, dst)),
            }
        }
        smalls.sort_by_key(|(part, _)| (identity(part.source), part.extent.start));
        let (parts, places): (Vec<_>, Vec<_>) = smalls.into_iter().unzip();
        read_batches(&parts, places)?;
        // Large ones one after another, since each keeps the machine busy by itself.
        let one = |(entry, dst): (&Self, &mut [u8])| entry.read_into(dst);
        large.into_iter().try_for_each(one)?;
        parallel::each(packed, one).map(drop)
    }
}

/// Reads small arrays, sorted by where they are, each into its own place.
fn read_batches(parts: &[Part<'_, &Entry>], places: Vec<&mut [u8]>) -> Result<()> {
    let (mut rest, mut places, mut batches) = (parts, places.into_iter(), Vec::new());
    while !rest.is_empty() {
        let (batch, after) = rest.split_at(neighbours(rest));
        batches.push((batch, places.by_ref().take(batch.len()).collect::<Vec<_>>()));
        rest = after;
    }
    let work = |(batch, places): (&[Part<'_, &Entry>], Vec<&mut [u8]>)| {
        let mut places = places.into_iter();
        read_batch(batch, |part, read| match places.next() {
            Some(dst) => take(part, read, dst),
            None => Ok(()),
        })
    };
    let placed = |(index, e): (usize, Error)| match parts.iter().find(|part| part.index == index) {
        Some(part) => part.what.placed(e),
        None => e,
    };
    parallel::each(batches, work).map(drop).map_err(placed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ErrorKind, Limits, MemoryOrder, MemorySource, Source};
    use std::sync::Arc;

    const LEN: usize = 3 << 20;

    fn entry(source: &Arc<dyn Source>, offset: usize, shape: &[usize]) -> Entry {
        let (data, dtype) = (Data::Raw { offset: offset as u64 }, "<u2".parse().unwrap());
        let limits = Arc::new(Limits::default());
        Entry::new(Arc::clone(source), dtype, shape, MemoryOrder::F, data, limits).unwrap()
    }

    #[test]
    fn each_gets_its_own_wherever_it_lies() {
        let bytes: Vec<u8> = (0..LEN).map(|i| (i * 7 % 251).to_le_bytes()[0]).collect();
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("x"), &bytes).unwrap();
        let on_disk = crate::FileSource::open(dir.path().join("x")).unwrap();
        let sources: [Arc<dyn Source>; 2] = [Arc::new(MemorySource::new(bytes)), Arc::new(on_disk)];
        let shapes: [&[usize]; 5] = [&[3], &[0, 4], &[], &[300, 400], &[SMALL / 2 + 1]];
        // Neither in the order of the file nor apart from one another, of both sources.
        let at = |n: usize| entry(&sources[n % 2], n * 37 % 40 * 61_001, shapes[n % 5]);
        let entries: Vec<Entry> = (0..40).map(at).collect();
        let mut places: Vec<Vec<u8>> = entries.iter().map(|e| vec![0xaa; e.nbytes()]).collect();
        let all = entries.iter().zip(places.iter_mut().map(Vec::as_mut_slice));
        Entry::read_all_into(all.collect()).unwrap();
        for (entry, place) in entries.iter().zip(&places) {
            assert_eq!(entry.read().unwrap().bytes(), Some(&place[..]));
        }
        Entry::read_all_into(Vec::new()).unwrap();
    }

    #[test]
    fn what_is_wrong_with_one_is_told() {
        let source: Arc<dyn Source> = Arc::new(MemorySource::new(vec![0; 100]));
        let (fine, cut) = (entry(&source, 0, &[5]), entry(&source, 90, &[6]));
        let e = Entry::read_all_into(vec![(&fine, &mut [0; 10]), (&cut, &mut [0; 12])]);
        let e = e.unwrap_err();
        assert_eq!((e.kind(), e.offset()), (ErrorKind::Corrupt, Some(90)));
        let e = Entry::read_all_into(vec![(&fine, &mut [0; 11])]).unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Mismatch);
    }
}
