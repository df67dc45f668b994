//! Arrays that were read together into memory that nobody else has: what bindings hand over.
#![forbid(unsafe_code)]

use super::many::{Taken, read_parts, small, take};
use super::{Data, Entry, ReadOptions, SMALL};
#[cfg(feature = "pickle")]
use crate::Value;
use crate::array::MemoryOrder;
use crate::{BufferMut, Dtype, Error, Result, Source, parallel};
use std::sync::Arc;

/// What every source is read through: one that counts, or asks whether to go on.
pub type Wrap<'a> = &'a dyn Fn(Arc<dyn Source>) -> Arc<dyn Source>;

/// Arrays that were read together, in memory that nobody else has, so that it may be written to.
/// Small ones share one of the memories.
///
/// ```
/// use npstow::{Array, Entry, Loaded};
/// let entry = Entry::try_from(&Array::from_vec(vec![1u8, 2]))?;
/// let loaded = Entry::read_all(&[entry])?;
/// let slot = &loaded.slots[0];
/// assert_eq!(loaded.memories[slot.memory].bytes()[slot.offset..][..2], [1, 2]);
/// # Ok::<(), npstow::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct Loaded {
    /// Where the elements are.
    pub memories: Vec<BufferMut>,
    /// The arrays, in the order in which they were asked for.
    pub slots: Vec<Slot>,
    /// Python objects, which are in no memory of elements and have no slot: the place of each among
    /// all that was asked for, in rising order.
    #[cfg(feature = "pickle")]
    pub objects: Vec<(usize, Value)>,
}

/// An array of a [`Loaded`].
#[derive(Clone, Debug)]
pub struct Slot {
    /// What its elements are.
    pub dtype: Dtype,
    /// How many there are along each axis.
    pub shape: Vec<usize>,
    /// Whether the first or the last axis is the fastest.
    pub order: MemoryOrder,
    /// Which of the memories it is in.
    pub memory: usize,
    /// Where its first byte is there.
    pub offset: usize,
}

/// Slots that are filled in any order.
pub(crate) struct Slots {
    memories: Vec<BufferMut>,
    slots: Vec<Option<Slot>>,
}

impl Slots {
    pub(crate) fn new(len: usize) -> Self {
        Self { memories: Vec::new(), slots: vec![None; len] }
    }

    /// Takes over a memory, which is called by what this returns.
    pub(crate) fn keep(&mut self, memory: BufferMut) -> usize {
        self.memories.push(memory);
        self.memories.len() - 1
    }

    pub(crate) fn set(&mut self, at: usize, slot: Slot) {
        if let Some(place) = self.slots.get_mut(at) {
            *place = Some(slot);
        }
    }

    #[cfg(any(feature = "npz", feature = "folder"))]
    /// Takes over arrays that were read by themselves, whose places these are.
    pub(crate) fn join(&mut self, places: &[usize], mut others: Loaded) {
        let memories: Vec<usize> = others.memories.drain(..).map(|own| self.keep(own)).collect();
        for (&at, slot) in places.iter().zip(others.slots) {
            let memory = memories.get(slot.memory).copied().unwrap_or_default();
            self.set(at, Slot { memory, ..slot });
        }
    }

    /// Those that were not filled yet.
    #[cfg(feature = "npz")]
    pub(crate) fn missing(&self) -> Vec<usize> {
        let missing = |(at, slot): (usize, &Option<Slot>)| slot.is_none().then_some(at);
        self.slots.iter().enumerate().filter_map(missing).collect()
    }

    pub(crate) fn finish(self) -> Loaded {
        let slots = self.slots.into_iter().flatten().collect();
        Loaded {
            memories: self.memories,
            slots,
            #[cfg(feature = "pickle")]
            objects: Vec::new(),
        }
    }
}

impl Entry {
    fn slot(&self, memory: usize, offset: usize) -> Slot {
        let (dtype, shape) = (self.dtype.clone(), self.shape.clone());
        Slot { dtype, shape, order: self.order, memory, offset }
    }

    /// Reads many arrays into memory that nobody else has: neighbours with few, large reads, and
    /// on all cores.
    ///
    /// # Errors
    /// As [`read`](Self::read), of one of the arrays that have one.
    pub fn read_all(entries: &[Self]) -> Result<Loaded> {
        let placed = |(at, e): (usize, Error)| match entries.get(at) {
            Some(entry) => entry.placed(e),
            None => e,
        };
        read_loaded(entries).map_err(placed)
    }
}

/// As [`Entry::read_all`]; an error says which one it is about.
pub(crate) fn read_loaded(entries: &[Entry]) -> Result<Loaded, (usize, Error)> {
    let mut slots = Slots::new(entries.len());
    let (mut smalls, mut others) = (Vec::new(), Vec::new());
    for (at, entry) in entries.iter().enumerate() {
        match &entry.data {
            Data::Raw { .. } if entry.nbytes <= SMALL => {
                smalls.push(small(at, entry).map_err(|e| (at, e))?);
            }
            // Told before anything is read: who has objects read otherwise begins anew.
            Data::Objects { offset } => return Err((at, super::objects(*offset))),
            _ => others.push((at, entry)),
        }
    }
    let (shared, taken) = read_parts(smalls, || (), |(), part, read, dst| take(part, read, dst))?;
    let memory = slots.keep(shared);
    for Taken { index, place, what, .. } in taken {
        slots.set(index, what.slot(memory, place));
    }
    let options = ReadOptions::default();
    let one = |(at, entry): (usize, &Entry)| match entry.read_own(&options) {
        Ok(own) => Ok((at, own)),
        Err(e) => Err((at, e)),
    };
    // Large ones one after another, since each keeps the machine busy by itself.
    let (large, packed): (Vec<_>, Vec<_>) =
        others.iter().partition(|(_, entry)| matches!(entry.data, Data::Raw { .. }));
    let mut own = large.into_iter().map(one).collect::<Result<Vec<_>, _>>()?;
    own.extend(parallel::each(packed, one)?);
    for (at, (memory, start)) in own {
        let memory = slots.keep(memory);
        if let Some(entry) = entries.get(at) {
            slots.set(at, entry.slot(memory, start));
        }
    }
    Ok(slots.finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Array, ErrorKind, Limits, MemorySource};

    #[test]
    fn many_arrays_are_read_as_each_by_itself() {
        let large = Array::from_vec((0..100_000u32).collect());
        let arrays = [
            Array::from_vec(vec![1u8, 2, 3]),
            large.reshape(&[100, 1000]).unwrap().transpose(),
            Array::from_vec(Vec::<f64>::new()),
            Array::from_vec(vec![1.5f64; 9]),
        ];
        let entries: Vec<Entry> = arrays.iter().map(|a| Entry::try_from(a).unwrap()).collect();
        let loaded = Entry::read_all(&entries).unwrap();
        assert_eq!(loaded.slots.len(), 4);
        // The small ones share a memory.
        assert_eq!(loaded.memories.len(), 2);
        for (slot, entry) in loaded.slots.iter().zip(&entries) {
            let alone = entry.read().unwrap();
            assert_eq!((&slot.dtype, &slot.shape[..]), (alone.dtype(), alone.shape()));
            assert_eq!(slot.order, entry.order());
            let bytes = &loaded.memories[slot.memory].bytes()[slot.offset..][..entry.nbytes()];
            assert_eq!(Some(bytes), alone.bytes_in(slot.order));
        }
        assert!(Entry::read_all(&[]).unwrap().slots.is_empty());
    }

    #[test]
    fn the_one_that_is_cut_off_is_told() {
        let source: Arc<dyn Source> = Arc::new(MemorySource::new(vec![0u8; 100]));
        let limits = Arc::new(Limits::default());
        let entry = |offset, shape: &[usize]| {
            let data = Data::Raw { offset };
            let (source, limits) = (Arc::clone(&source), Arc::clone(&limits));
            Entry::new(source, "<u2".parse().unwrap(), shape, MemoryOrder::C, data, limits).unwrap()
        };
        let (at, e) = read_loaded(&[entry(0, &[50]), entry(90, &[6])]).unwrap_err();
        assert_eq!((at, e.kind(), e.offset()), (1, ErrorKind::Corrupt, Some(90)));
        let (at, e) = read_loaded(&[entry(0, &[1 << 40]), entry(0, &[1])]).unwrap_err();
        assert_eq!((at, e.kind()), (0, ErrorKind::Corrupt));
    }
}
