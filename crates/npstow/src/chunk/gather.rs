//! Selected elements: only the chunks that they are in are unpacked.
#![forbid(unsafe_code)]

use super::{Chunked, Stored};
use crate::array::{MemoryOrder, Resolved, strides};
use crate::{Result, Source, parallel};

/// The selected indices of one axis that lie in one chunk: where in the chunk, and where in the
/// result, in bytes.
#[derive(Debug)]
struct Picked {
    chunk: usize,
    places: Vec<(usize, usize)>,
}

impl Chunked {
    /// Fills `dst` with what is selected, in C order of the result.
    pub(crate) fn gather(
        &self,
        source: &dyn Source,
        selected: &Resolved,
        dst: &mut [u8],
    ) -> Result<()> {
        if dst.is_empty() {
            return Ok(());
        }
        self.index()?;
        let axes = self.picked(selected);
        let mut at = vec![0; axes.len()];
        let mut batch = Vec::new();
        loop {
            let picked: Vec<&Picked> =
                axes.iter().zip(&at).filter_map(|(axis, &at)| axis.get(at)).collect();
            let number = self.counts.iter().zip(&picked).fold(0u64, |n, (&count, picked)| {
                n.saturating_mul(count as u64).saturating_add(picked.chunk as u64)
            });
            match self.stored(number)? {
                Some(chunk) => batch.push((*chunk, picked)),
                None => self.spread(None, &picked, dst),
            }
            let more = step(&mut at, axes.iter().map(Vec::len));
            if batch.len() >= 2 * parallel::width() || !more {
                self.unpack(source, std::mem::take(&mut batch), dst)?;
            }
            if !more {
                return Ok(());
            }
        }
    }

    fn unpack(
        &self,
        source: &dyn Source,
        batch: Vec<(Stored, Vec<&Picked>)>,
        dst: &mut [u8],
    ) -> Result<()> {
        let one = |(chunk, picked): (Stored, Vec<_>)| Ok((self.decode(source, &chunk)?, picked));
        for (bytes, picked) in parallel::each(batch, one)? {
            self.spread(Some(bytes.bytes()), &picked, dst);
        }
        Ok(())
    }

    /// For every axis, the chunks touched, and what is picked of each.
    fn picked(&self, selected: &Resolved) -> Vec<Vec<Picked>> {
        let into = strides(selected.shape(), self.itemsize, MemoryOrder::C);
        let from = strides(&self.chunk, self.itemsize, MemoryOrder::C);
        let step = |stride: Option<&isize>| stride.map_or(0, |s| s.unsigned_abs());
        let axes = selected.axes(self.shape.len()).into_iter().enumerate();
        axes.map(|(axis, (indices, to))| {
            let chunk = self.chunk.get(axis).copied().unwrap_or(1).max(1);
            let (from, into) = (step(from.get(axis)), step(to.and_then(|to| into.get(to))));
            let place =
                |(i, index): (usize, usize)| (index / chunk, (index % chunk * from, i * into));
            let mut places: Vec<_> = indices.into_iter().enumerate().map(place).collect();
            places.sort_by_key(|(chunk, _)| *chunk);
            let mut picked: Vec<Picked> = Vec::new();
            for (chunk, place) in places {
                match picked.last_mut() {
                    Some(last) if last.chunk == chunk => last.places.push(place),
                    _ => picked.push(Picked { chunk, places: vec![place] }),
                }
            }
            picked
        })
        .collect()
    }

    /// Copies what is picked of a chunk, or the fill value for want of one.
    fn spread(&self, bytes: Option<&[u8]>, picked: &[&Picked], dst: &mut [u8]) {
        let Some((last, outer)) = picked.split_last() else {
            return self.copy(bytes, (0, 0), 1, dst);
        };
        let runs = runs(&last.places, self.itemsize);
        let mut at = vec![0; outer.len()];
        loop {
            let base = outer.iter().zip(&at).fold((0, 0), |(from, to), (picked, &at)| {
                let (f, t) = picked.places.get(at).copied().unwrap_or_default();
                (from + f, to + t)
            });
            for (from, to, count) in &runs {
                self.copy(bytes, (base.0 + from, base.1 + to), *count, dst);
            }
            if !step(&mut at, outer.iter().map(|picked| picked.places.len())) {
                return;
            }
        }
    }

    fn copy(&self, bytes: Option<&[u8]>, (from, to): (usize, usize), count: usize, dst: &mut [u8]) {
        let len = count * self.itemsize;
        let Some(dst) = dst.get_mut(to..to + len) else { return };
        match bytes {
            None => self.fill(dst),
            Some(bytes) => {
                if let Some(bytes) = bytes.get(from..from + len) {
                    dst.copy_from_slice(bytes);
                }
            }
        }
    }
}

/// Places that follow one another on both sides, as one.
fn runs(places: &[(usize, usize)], itemsize: usize) -> Vec<(usize, usize, usize)> {
    let mut runs: Vec<(usize, usize, usize)> = Vec::new();
    for &(from, to) in places {
        match runs.last_mut() {
            Some((f, t, count))
                if *f + *count * itemsize == from && *t + *count * itemsize == to =>
            {
                *count += 1;
            }
            _ => runs.push((from, to, 1)),
        }
    }
    runs
}

/// Goes on to the next of so many places on each axis; false behind the last one.
fn step(
    at: &mut [usize],
    counts: impl DoubleEndedIterator<Item = usize> + ExactSizeIterator,
) -> bool {
    for (at, count) in at.iter_mut().zip(counts).rev() {
        *at += 1;
        if *at < count {
            return true;
        }
        *at = 0;
    }
    false
}
