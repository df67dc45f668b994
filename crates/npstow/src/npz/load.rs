//! Reading all of an archive: small stored members come with few reads, in which each is held
//! against the directory, checked and copied while it is in cache, on all cores.
//!
//! What is described first and read then, as [`Container::entries`](crate::container::Container)
//! and [`read_many`] do it, reads most bytes twice: once for the headers, once for the elements.
#![forbid(unsafe_code)]

use super::container::{Npz, seal};
use super::groups::Place;
use super::locate::{self, ALONG, readable};
use super::names;
use super::zip::{LocalHeader, Method};
use crate::container::Container;
use crate::entry::{
    Loaded, Part, SMALL, Slot, Slots, Taken, Wrap, read_loaded, read_many, read_parts,
};
use crate::npy::{Header, ParseMemo};
use crate::{Array, Buffer, BufferMut, Entry, Error, Result, Source, codec};
use std::sync::Arc;

/// A member that is read with its neighbours.
#[derive(Clone, Copy)]
struct Small {
    /// Its place in the directory.
    index: usize,
}

/// Reads the arrays and values of `ids`, in their order; an error says which one it is about.
pub(super) fn load(npz: &Npz, ids: &[u64]) -> Result<Vec<Array>, (usize, Error)> {
    let mut arrays: Vec<Option<Array>> = vec![None; ids.len()];
    let (shared, taken) = smalls(npz, ids, npz.archive().file())?;
    let shared = shared.freeze();
    for small in taken {
        let at = small.index;
        let array = array(&small, &shared).map_err(|e| (at, e))?;
        if let Some(place) = arrays.get_mut(at) {
            *place = array;
        }
    }
    // What is large, packed or no array, and what did not lie where it was read.
    let missing = |&at: &usize| arrays.get(at).is_some_and(Option::is_none);
    let others: Vec<usize> = (0..ids.len()).filter(missing).collect();
    let other_ids: Vec<u64> = others.iter().filter_map(|&at| ids.get(at).copied()).collect();
    let named = |(at, e)| (others.get(at).copied().unwrap_or_default(), e);
    let entries = npz.entries(&other_ids).map_err(named)?;
    for (&at, array) in others.iter().zip(read_many(&entries).map_err(named)?) {
        if let Some(place) = arrays.get_mut(at) {
            *place = Some(array);
        }
    }
    // None is missing now: grown step by step, it would be moved again and again.
    let mut all = Vec::with_capacity(arrays.len());
    all.extend(arrays.into_iter().flatten());
    Ok(all)
}

/// As [`load`], into memory that nobody else has, through what `wrap` makes of the file.
pub(super) fn load_own(npz: &Npz, ids: &[u64], wrap: Wrap<'_>) -> Result<Loaded, (usize, Error)> {
    let mut slots = Slots::new(ids.len());
    let source = wrap(Arc::clone(npz.archive().shared_file()));
    let (shared, taken) = smalls(npz, ids, &*source)?;
    let memory = slots.keep(shared);
    for Taken { index, place: offset, result, .. } in taken {
        if let Some(header) = result {
            let (dtype, shape) = (header.dtype().clone(), header.shape().to_vec());
            slots.set(index, Slot { dtype, shape, order: header.order(), memory, offset });
        }
    }
    let missing = slots.missing();
    let other_ids: Vec<u64> = missing.iter().filter_map(|&at| ids.get(at).copied()).collect();
    let named = |(at, e)| (missing.get(at).copied().unwrap_or_default(), e);
    let entries = npz.entries(&other_ids).map_err(named)?;
    let entries: Vec<Entry> = entries.iter().map(|entry| entry.through(wrap)).collect();
    slots.join(&missing, read_loaded(&entries).map_err(named)?);
    Ok(slots.finish())
}

/// What became of small members: `None` for one that is for others to read.
type Smalls = (BufferMut, Vec<Taken<Small, Option<Arc<Header>>>>);

/// Reads the small ones of `ids`.
fn smalls(npz: &Npz, ids: &[u64], source: &dyn Source) -> Result<Smalls, (usize, Error)> {
    let part = |(at, &id): (usize, &u64)| small(npz, at, id, source);
    let mut parts = Vec::with_capacity(ids.len());
    parts.extend(ids.iter().enumerate().filter_map(part));
    let take = |memo: &mut ParseMemo, part: &Part<'_, Small>, read: &[u8], dst: &mut [u8]| {
        let index = part.what.index;
        take(npz, index, memo, read, dst).map_err(|e| npz.archive().directory().place(index, e))
    };
    read_parts(parts, ParseMemo::default, take)
}

/// A stored member that is called an array and is small, and the bytes that it should lie in.
fn small<'a>(npz: &Npz, at: usize, id: u64, source: &'a dyn Source) -> Option<Part<'a, Small>> {
    let directory = npz.archive().directory();
    let Place::Member(index) = Place::of(id, directory.members().len()) else { return None };
    let member = directory.members().get(index)?;
    let room = usize::try_from(member.unpacked_len).ok().filter(|&len| len <= SMALL)?;
    let stored = member.method == Method::STORED && readable(member).is_ok();
    if !stored || !names::is_array(directory.name_bytes(member)) {
        return None;
    }
    let header = LocalHeader::SIZE as u64 + directory.raw_name(member).len() as u64 + ALONG;
    let end = member.limit.min(member.offset.saturating_add(header + member.packed_len));
    Some(Part { source, extent: member.offset..end, room, index: at, what: Small { index } })
}

/// Checks a member, and copies its elements; its header, or `None` where it is for others to read.
fn take(
    npz: &Npz,
    index: usize,
    memo: &mut ParseMemo,
    read: &[u8],
    dst: &mut [u8],
) -> Result<Option<Arc<Header>>> {
    let archive = npz.archive();
    let member = archive.directory().member(index)?;
    let Some(found) = locate::within(archive.directory(), member, read)? else { return Ok(None) };
    let header = memo.parse(found.data, archive.limits());
    let header = header.map_err(|e| e.shift(found.data_offset))?;
    let skip = usize::try_from(header.data_offset()).unwrap_or(usize::MAX);
    let own = found.data.get(..skip).unwrap_or_default();
    archive.compare(member, own, found.data_offset, found.extra_len)?;
    archive.checked(index);
    if header.dtype().has_object() {
        return Ok(None);
    }
    let nbytes = header.nbytes()?;
    archive.limits().check_array(nbytes as u64)?;
    let elements = skip.checked_add(nbytes).and_then(|end| found.data.get(skip..end));
    let Some(elements) = elements else { return Ok(None) };
    seal(member, found.data_offset).check(codec::crc32(found.data))?;
    dst[..nbytes].copy_from_slice(elements);
    Ok(Some(header))
}

fn array(small: &Taken<Small, Option<Arc<Header>>>, shared: &Buffer) -> Result<Option<Array>> {
    let Some(header) = &small.result else { return Ok(None) };
    let bytes = shared.slice(small.place..small.place + header.nbytes()?)?;
    Array::new(header.dtype().clone(), header.shape(), header.order(), bytes).map(Some)
}

#[cfg(test)]
mod tests {
    use super::super::forge::{Counting, Forged, archive};
    use crate::{Array, Item, MemorySource, OpenOptions, Slot, Source};
    use std::sync::Arc;

    fn mixed() -> Vec<u8> {
        let ones = |n: u16| Array::from_vec((0..n).collect());
        let pad = b"\x02\0\x40\x02".iter().copied().chain(std::iter::repeat_n(0, 0x240));
        archive(&[
            Forged::array("a", &ones(5)).copied(),
            Forged::array("g/b", &ones(300)),
            // Its own header is longer than what is read along.
            Forged::array("long", &ones(9)).change(|m| m.local_extra = pad.collect()),
            Forged::new("note.txt", b"no array"),
            Forged::array("g/c", &ones(0)),
            Forged::array("d", &Array::from_vec(vec![1.5f64; 4])).change(|m| m.zip64 = true),
        ])
    }

    /// The bytes of each member, where all could be read.
    type Read = Option<Vec<Vec<u8>>>;

    /// What reading one after another says, and what loading says.
    fn roads(source: Arc<dyn Source>) -> Option<(Read, Read)> {
        let file = OpenOptions::default().open_source(source, "x.npz").ok()?;
        let bytes = |array: &Array| array.bytes().unwrap().to_vec();
        let leaves = file.leaves().ok()?;
        let alone = leaves.iter().map(|node| node.read().ok().as_ref().map(bytes)).collect();
        let tree = file.load().ok();
        let all = tree.map(|tree| {
            let item = |(_, item): &(String, &Item)| match item {
                Item::Array(array) => bytes(array),
                Item::Value(entry) => bytes(&entry.read().unwrap()),
                other => panic!("{other:?}"),
            };
            tree.leaves().iter().map(item).collect()
        });
        let own = file.root().load_own(&|source| source).ok().map(|(_, loaded)| {
            let slot = |slot: &Slot| {
                let nbytes = slot.shape.iter().product::<usize>() * slot.dtype.itemsize();
                loaded.memories[slot.memory].bytes()[slot.offset..][..nbytes].to_vec()
            };
            loaded.slots.iter().map(slot).collect()
        });
        assert_eq!(all, own);
        Some((alone, all))
    }

    #[test]
    fn loading_and_reading_say_the_same_whatever_byte_is_changed() {
        let good = mixed();
        let (alone, all) = roads(Arc::new(MemorySource::new(good.clone()))).unwrap();
        assert_eq!(alone, all);
        assert_eq!(all.unwrap().len(), 6);
        let (mut opened, mut told) = (0, 0);
        for at in 0..good.len() {
            let mut bytes = good.clone();
            bytes[at] ^= 0x41;
            let Some((alone, all)) = roads(Arc::new(MemorySource::new(bytes.clone()))) else {
                continue;
            };
            opened += 1;
            told += usize::from(alone.is_none());
            assert_eq!(alone, all, "byte {at}");
            assert_eq!(roads(Arc::new(Counting::new(bytes))).unwrap().1, all, "read, byte {at}");
        }
        // Damage of the data is told; that of names, times and notes may not be.
        assert!(opened > 1000 && told > 900, "{opened} {told}");
    }
}
