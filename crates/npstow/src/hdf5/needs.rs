//! Reads a region of a virtual dataset: only the parts that meet it, and of what they are made of
//! only what is needed.
//!
//! What is needed of each dataset is told first, from the top down; so one that many parts are of
//! is put together once, however deep virtual datasets are made of one another.
#![forbid(unsafe_code)]

use super::mapped::{Mapped, Part};
use super::picked::{Region, Runs};
use super::sources::Source;
use super::types::between::{Between, between};
use crate::array::{Array, MemoryOrder, nbytes, swap_by};
use crate::{BufferMut, Composed as _, Dtype, Error, Index, Result, Selection};
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::Arc;

type Key = (u64, u64);

/// So much of a dataset that is not virtual is read at once for all parts that are of it.
const AT_ONCE: usize = 64 << 20;

/// So much of such datasets is kept.
const KEPT: usize = 256 << 20;

/// What is needed of a dataset.
#[derive(Debug)]
struct Need {
    region: Region,
    /// Parts that still wait for it.
    users: usize,
}

/// A region that was read.
#[derive(Debug)]
struct Held {
    region: Region,
    array: Array,
}

/// A walk over all datasets that a virtual one is made of.
#[derive(Debug, Default)]
pub(super) struct Reading {
    needs: HashMap<Key, Need>,
    held: HashMap<Key, Arc<Held>>,
    held_len: usize,
    /// How often a dataset was read.
    #[cfg(test)]
    pub(super) reads: usize,
}

/// Writes the elements of a region, in C order, into exactly `dst`.
pub(super) fn read(
    mapped: &Mapped,
    region: impl Iterator<Item = Range<u64>>,
    dst: &mut [u8],
) -> Result<()> {
    let region: Region = region.collect();
    let mut reading = Reading::default();
    reading.plan(mapped, &region)?;
    reading.fill(mapped, &region, dst)
}

impl Reading {
    /// Finds what is needed of every dataset. Those that are made of others come before them.
    pub(super) fn plan(&mut self, mapped: &Mapped, region: &[Range<u64>]) -> Result<()> {
        let mut waiting = BTreeMap::new();
        self.ask(mapped, region, &mut waiting)?;
        while let Some(((_, key), nested)) = waiting.pop_last() {
            let Some(need) = self.needs.get(&key) else { continue };
            let region = need.region.clone();
            self.ask(&nested, &region, &mut waiting)?;
        }
        Ok(())
    }

    fn ask(
        &mut self,
        mapped: &Mapped,
        region: &[Range<u64>],
        waiting: &mut BTreeMap<(usize, Key), Arc<Mapped>>,
    ) -> Result<()> {
        for part in mapped.parts.iter().filter(|part| part.meets(region)) {
            let needed = part.needed(region)?;
            let Source { key, nested, .. } = &part.source;
            let none = || Need { region: vec![0..0; needed.len()], users: 0 };
            let need = self.needs.entry(*key).or_insert_with(none);
            need.users += 1;
            for (axis, more) in need.region.iter_mut().zip(needed) {
                *axis = match (axis.is_empty(), more.is_empty()) {
                    (true, _) => more,
                    (_, true) => axis.clone(),
                    _ => axis.start.min(more.start)..axis.end.max(more.end),
                };
            }
            if let Some(nested) = nested {
                waiting.entry((nested.height, *key)).or_insert_with(|| Arc::clone(nested));
            }
        }
        Ok(())
    }

    /// Puts a region together.
    pub(super) fn fill(
        &mut self,
        mapped: &Mapped,
        region: &[Range<u64>],
        dst: &mut [u8],
    ) -> Result<()> {
        let itemsize = mapped.dtype.itemsize();
        match &mapped.fill {
            Some(fill) if fill.len() == itemsize => {
                let items = dst.chunks_exact_mut(itemsize.max(1));
                items.for_each(|item| item.copy_from_slice(fill));
            }
            _ => dst.fill(0),
        }
        for part in mapped.parts.iter().filter(|part| part.meets(region)) {
            // Said before anything is read.
            between(part.source.entry.dtype(), &mapped.dtype)?;
            let held = self.source(mapped, part, region)?;
            part.copy(region, &mapped.dtype, &held, dst)?;
            self.done(part.source.key);
        }
        Ok(())
    }

    /// What a part needs of its dataset, or more.
    fn source(&mut self, above: &Mapped, part: &Part, region: &[Range<u64>]) -> Result<Arc<Held>> {
        let Source { key, entry, nested } = &part.source;
        if let Some(held) = self.held.get(key) {
            return Ok(Arc::clone(held));
        }
        let (all, users) = match self.needs.get(key) {
            Some(need) => (need.region.clone(), need.users),
            None => (part.needed(region)?, 1),
        };
        let len = bytes_of(&all, entry.dtype())?;
        let fits = users > 1 && len <= AT_ONCE && self.held_len.saturating_add(len) <= KEPT;
        #[cfg(test)]
        {
            self.reads += 1;
        }
        let (held, is_kept) = match nested {
            Some(nested) => {
                nested.check(len, &above.limits)?;
                above.limits.check_array(self.held_len.saturating_add(len) as u64)?;
                let mut bytes = BufferMut::zeroed(len)?;
                self.fill(nested, &all, bytes.bytes_mut())?;
                let (dtype, shape) = (entry.dtype().clone(), shape_of(&all));
                let array = Array::new(dtype, &shape, MemoryOrder::C, bytes.freeze())?;
                (Held { region: all, array }, true)
            }
            None if fits => (leaf(&part.source, all)?, true),
            None => (leaf(&part.source, part.needed(region)?)?, false),
        };
        let held = Arc::new(held);
        if is_kept {
            self.held_len = self.held_len.saturating_add(len);
            self.held.insert(*key, Arc::clone(&held));
        }
        Ok(held)
    }

    /// Lets go of a dataset that no other part waits for.
    fn done(&mut self, key: Key) {
        let Some(need) = self.needs.get_mut(&key) else { return };
        need.users = need.users.saturating_sub(1);
        if need.users == 0 {
            if let Some(held) = self.held.remove(&key) {
                self.held_len = self.held_len.saturating_sub(held.array.nbytes());
            }
        }
    }
}

fn bytes_of(region: &[Range<u64>], dtype: &Dtype) -> Result<usize> {
    nbytes(&shape_of(region), dtype.itemsize())
}

fn shape_of(region: &[Range<u64>]) -> Vec<usize> {
    let len = |axis: &Range<u64>| usize::try_from(axis.end - axis.start).unwrap_or(usize::MAX);
    region.iter().map(len).collect()
}

/// A region of a dataset that is not virtual.
fn leaf(source: &Source, region: Region) -> Result<Held> {
    let entry = &source.entry;
    let array = match bytes_of(&region, entry.dtype())? == entry.nbytes() {
        true => entry.read()?,
        false => {
            let signed = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
            let slice = |axis: &Range<u64>| Index::Slice {
                start: Some(signed(axis.start)),
                stop: Some(signed(axis.end)),
                step: 1,
            };
            let slices: Vec<Index> = region.iter().map(slice).collect();
            entry.read_slice(&Selection::from(slices))?
        }
    };
    Ok(Held { region, array })
}

impl Part {
    /// Whether some of it may be in a region.
    fn meets(&self, region: &[Range<u64>]) -> bool {
        let extent = self.to.extent();
        let mut axes = extent.iter().zip(region);
        self.to.count() > 0 && axes.all(|(own, of)| own.start < of.end && of.start < own.end)
    }

    /// The region of its dataset that a region of the virtual one needs.
    fn needed(&self, region: &[Range<u64>]) -> Result<Region> {
        let extent = self.to.extent();
        let mut axes = extent.iter().zip(region);
        if axes.all(|(own, of)| of.start <= own.start && own.end <= of.end) {
            return Ok(self.from.extent());
        }
        let whole = self.from.extent();
        let mut needed = vec![0..0; whole.len()];
        self.pairs(region, &whole, |runs, (_, ahead), _, count| {
            runs.widen(&mut needed, ahead, count);
            Ok(())
        })?;
        Ok(needed)
    }

    /// Calls `take` with elements that lie one after another in both regions: where they are in
    /// that of the source, how far behind the start of their run, where they go, and how many.
    fn pairs(
        &self,
        region: &[Range<u64>],
        source: &[Range<u64>],
        mut take: impl FnMut(&Runs<'_>, (usize, u64), usize, u64) -> Result<()>,
    ) -> Result<()> {
        let mut from = Runs::new(&self.from, source);
        let (mut items, mut first, mut next) = (0..0, 0, 0);
        self.to.within(region, |number, place, len| {
            if number != next {
                from.seek(number);
                items = 0..0;
            }
            let (mut place, mut left) = (usize::try_from(place).unwrap_or(usize::MAX), len);
            while left > 0 {
                if items.is_empty() {
                    let Some(run) = from.next() else { break };
                    (first, items) = (run.start, run);
                }
                let there = usize::try_from(left).unwrap_or(usize::MAX);
                let count = items.len().min(there);
                let ahead = items.start.wrapping_sub(first) as u64;
                take(&from, (items.start, ahead), place, count as u64)?;
                items.start += count;
                place += count;
                left -= count as u64;
            }
            next = number.saturating_add(len);
            Ok(())
        })
    }

    fn copy(
        &self,
        region: &[Range<u64>],
        dtype: &Dtype,
        held: &Held,
        dst: &mut [u8],
    ) -> Result<()> {
        let own = self.source.entry.dtype();
        let change = between(own, dtype)?;
        let swap = match change {
            Between::Ordered(order) => Some(own.swaps_to(order)),
            _ => None,
        };
        let (len, itemsize) = (own.itemsize(), dtype.itemsize());
        let bytes = held.array.bytes();
        let bytes = bytes.ok_or_else(|| Error::unsupported("a part that is not in one piece"))?;
        self.pairs(region, &held.region, |_, (item, _), place, count| {
            let count = usize::try_from(count).unwrap_or(usize::MAX);
            let source = bytes.get(stretch(item, count, len));
            let target = dst.get_mut(stretch(place, count, itemsize));
            let (Some(source), Some(target)) = (source, target) else {
                return Err(Error::corrupt("elements within a region", "others"));
            };
            change.put_all((source, len), (&mut *target, itemsize));
            if let Some(swap) = &swap {
                swap_by(target, itemsize, swap);
            }
            Ok(())
        })
    }
}

/// The bytes of elements that lie one after another.
fn stretch(first: usize, count: usize, itemsize: usize) -> Range<usize> {
    let start = first.saturating_mul(itemsize);
    start..start.saturating_add(count.saturating_mul(itemsize))
}
