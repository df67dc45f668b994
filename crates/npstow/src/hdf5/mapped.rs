//! Virtual datasets: parts of other datasets, put together (HDF5 IV.A.2.i, VIII).
#![forbid(unsafe_code)]

use super::file::File;
use super::needs;
use super::object::selection::{Axis, Selected};
use super::picked::Picked;
use super::read::{UNDEFINED, c_string, text, unknown};
use super::sources::{Source, Sources};
use crate::cursor::Cursor;
use crate::error::quoted;
use crate::{Buffer, Composed, Dtype, Error, Limits, Result};
use std::ops::Range;
use std::sync::Arc;

/// A part of another dataset, and where it goes.
#[derive(Clone, Debug)]
struct Mapping {
    file: String,
    path: String,
    from: Selected,
    to: Selected,
}

/// A mapping whose source was found.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) source: Source,
    pub(super) from: Picked,
    pub(super) to: Picked,
}

/// A virtual dataset.
#[derive(Debug)]
pub(super) struct Mapped {
    shape: Vec<usize>,
    pub(super) dtype: Dtype,
    pub(super) fill: Option<Buffer>,
    pub(super) parts: Vec<Part>,
    /// Parts that may be missing and are.
    left_out: Vec<String>,
    /// How many virtual datasets lead from one to the next here, this one among them.
    pub(super) height: usize,
    pub(super) limits: Arc<Limits>,
}

/// How deep virtual datasets may be made of one another.
pub(super) const DEPTH: usize = 8;

/// The most files that a pattern of names may stand for.
const MOST_FILES: u64 = 1 << 14;

/// Flags of a part, since version 1: what it shares with another part.
const SHARED_FILE: u8 = 1;
const SHARED_PATH: u8 = 2;
const SAME_FILE: u8 = 4;

/// All mappings; of a dataset that has none there is no heap.
fn mappings(file: &File, address: u64, index: u32) -> Result<Vec<Mapping>> {
    if address == UNDEFINED {
        return Ok(Vec::new());
    }
    let bytes = file.heaps().object(file, address, index)?;
    parse(file, &bytes).map_err(|e| e.at(file.base().saturating_add(address)))
}

/// Parses the object of a global heap that says what a dataset is made of.
fn parse(file: &File, bytes: &[u8]) -> Result<Vec<Mapping>> {
    let mut cursor = Cursor::new(bytes);
    let version = cursor.u8("a virtual dataset")?;
    if version > 1 {
        return Err(unknown("a virtual dataset of version", version).at(0));
    }
    let count = file.sizes().length(&mut cursor, "a number of parts")?;
    file.limits().check_members(count)?;
    let mut mappings: Vec<Mapping> = Vec::new();
    for _ in 0..count {
        let flags = if version == 1 { cursor.u8("flags")? } else { 0 };
        if flags & !(SHARED_FILE | SHARED_PATH | SAME_FILE) != 0 {
            return Err(unknown("a part of a virtual dataset with flags", flags));
        }
        let name = match flags {
            flags if flags & SAME_FILE != 0 => ".".to_owned(),
            flags if flags & SHARED_FILE != 0 => shared(file, &mut cursor, &mappings)?.file.clone(),
            _ => text(c_string(&mut cursor, "a name of a file")?),
        };
        let path = match flags & SHARED_PATH {
            0 => text(c_string(&mut cursor, "a name of a dataset")?),
            _ => shared(file, &mut cursor, &mappings)?.path.clone(),
        };
        let from = Selected::parse(&mut cursor)?;
        let to = Selected::parse(&mut cursor)?;
        mappings.push(Mapping { file: name, path, from, to });
    }
    Ok(mappings)
}

/// The earlier part that is named by its number.
fn shared<'a>(
    file: &File,
    cursor: &mut Cursor<'_>,
    mappings: &'a [Mapping],
) -> Result<&'a Mapping> {
    let number = file.sizes().length(cursor, "a number of a part")?;
    let found = usize::try_from(number).ok().and_then(|number| mappings.get(number));
    found.ok_or_else(|| Error::corrupt("a part before this one", number).at(cursor.position()))
}

impl Mapped {
    /// Finds all parts. Axes without a bound are as long as the parts make them.
    pub(super) fn open(
        file: &Arc<File>,
        (address, index): (u64, u32),
        (shape, dtype): (&[usize], &Dtype),
        fill: Option<Buffer>,
        (depth, sources): (usize, &mut Sources),
    ) -> Result<Self> {
        let Some(depth) = depth.checked_sub(1) else {
            return Err(too_deep());
        };
        let mut lengths: Vec<u64> = shape.iter().map(|&n| n as u64).collect();
        let (mut parts, mut left_out) = (Vec::new(), Vec::new());
        // What has no bound counts for nothing before it was found.
        let mappings = mappings(file, address, index)?;
        for mapping in &mappings {
            if let Some(axis) = unlimited(&mapping.to) {
                if let Some(length) = lengths.get_mut(axis) {
                    *length = 0;
                }
            }
        }
        for mapping in &mappings {
            let Some(part) =
                mapping.find(file, &mut lengths, (depth, &mut *sources), &mut parts)?
            else {
                continue;
            };
            if left_out.len() as u64 >= file.limits().max_missing_parts() {
                // The library shows the fill value; nobody could tell it from data.
                return Err(Error::not_found(format_args!("{part}, a part of a virtual dataset")));
            }
            left_out.push(format!("the fill value is in the place of {part}, which is missing"));
        }
        let missing = lengths.iter().zip(shape).find(|(now, then)| **now < **then as u64);
        if let Some((now, then)) = missing {
            let what = format!("parts of a virtual dataset: {then} rows were there, {now} are");
            return Err(Error::not_found(what));
        }
        parts.iter().try_for_each(|part: &Part| part.to.check(&lengths, "the dataset"))?;
        let shape = lengths.iter().map(|&n| usize::try_from(n).unwrap_or(usize::MAX)).collect();
        let heights = parts.iter().map(|part: &Part| part.source.height());
        let height = heights.max().unwrap_or(0) + 1;
        let (dtype, limits) = (dtype.clone(), Arc::clone(file.limits()));
        Ok(Self { shape, dtype, fill, parts, left_out, height, limits })
    }

    /// Lengths of the axes.
    pub(super) fn shape(&self) -> &[usize] {
        &self.shape
    }
}

/// An error for too many virtual datasets that are made of one another.
pub(super) fn too_deep() -> Error {
    Error::limit("a depth of virtual datasets", DEPTH as u64, "more")
}

/// The axis of a selection that has no bound.
fn unlimited(selected: &Selected) -> Option<usize> {
    match selected {
        Selected::Regular(axes) => axes.iter().position(Axis::is_unlimited),
        _ => None,
    }
}

impl Mapping {
    /// Adds the parts; says of one that is not there which it is.
    fn find(
        &self,
        file: &Arc<File>,
        lengths: &mut [u64],
        (depth, sources): (usize, &mut Sources),
        parts: &mut Vec<Part>,
    ) -> Result<Option<String>> {
        let pattern = |text: &str| text.replace("%%", "").contains("%b");
        if !pattern(&self.file) && !pattern(&self.path) {
            let names = (self.file.replace("%%", "%"), self.path.replace("%%", "%"));
            let Some(source) = sources.find(file, &names, depth)? else {
                return Ok(Some(named(&names)));
            };
            parts.extend(self.part(source, &names, lengths, None)?);
            return Ok(None);
        }
        for number in 0..MOST_FILES {
            let name = |text: &str| {
                let parts: Vec<String> =
                    text.split("%%").map(|part| part.replace("%b", &number.to_string())).collect();
                parts.join("%")
            };
            let names = (name(&self.file), name(&self.path));
            let Some(source) = sources.find(file, &names, depth)? else { return Ok(None) };
            parts.extend(self.part(source, &names, lengths, Some(number))?);
        }
        Err(Error::limit("a number of files of a virtual dataset", MOST_FILES, "more"))
    }

    /// Which elements go where; `number` is that of a block, where each has a file of its own.
    fn part(
        &self,
        source: Source,
        names: &(String, String),
        lengths: &mut [u64],
        number: Option<u64>,
    ) -> Result<Option<Part>> {
        let extent: Vec<u64> = source.entry.shape().iter().map(|&n| n as u64).collect();
        let from = Picked::new(&self.from, &extent, None)?;
        from.check(&extent, &named(names))?;
        let all = from.count();
        let to = match (unlimited(&self.to), &self.to) {
            (Some(axis), Selected::Regular(axes)) => {
                let mut axes = axes.clone();
                let Some(open) = axes.get_mut(axis) else { return Ok(None) };
                let wanted = match number {
                    Some(number) => {
                        *open = open.block_of(number);
                        None
                    }
                    None => {
                        let others = axes.iter().enumerate().filter(|(i, _)| *i != axis);
                        let others = others.fold(1u64, |n, (_, a)| n.saturating_mul(a.len()));
                        Some((axis, all / others.max(1)))
                    }
                };
                let to = Picked::new(&Selected::Regular(axes), lengths, wanted)?;
                let end = to.ends().get(axis).copied().unwrap_or(0);
                if let Some(length) = lengths.get_mut(axis) {
                    *length = (*length).max(end);
                }
                to
            }
            _ => Picked::new(&self.to, lengths, None)?,
        };
        if to.count() != all {
            let found = format!("{all} elements of {} for {}", named(names), to.count());
            return Err(Error::corrupt("parts of a virtual dataset that fit", found));
        }
        Ok(Some(Part { source, from, to }))
    }
}

/// The names of a file and of a dataset in it, for people.
fn named((file, path): &(String, String)) -> String {
    format!("'{}' in '{}'", quoted(path), quoted(file))
}

impl Composed for Mapped {
    fn what(&self) -> String {
        let missing = self.left_out.len();
        let count = self.parts.len() + missing;
        let parts = if count == 1 { "part" } else { "parts" };
        match missing {
            0 => format!("a virtual dataset of {count} {parts}"),
            _ => format!("a virtual dataset of {count} {parts}, {missing} missing"),
        }
    }

    fn left_out(&self) -> &[String] {
        &self.left_out
    }

    fn check(&self, nbytes: usize, limits: &Limits) -> Result<()> {
        let parts: u64 = self.parts.iter().map(|part| part.source.entry.nbytes() as u64).sum();
        let most = (1 << 30) + parts.saturating_mul(limits.max_ratio());
        if nbytes as u64 > most {
            return Err(Error::limit("a virtual dataset (bytes)", most, nbytes));
        }
        Ok(())
    }

    fn fill(&self, region: &[Range<usize>], dst: &mut [u8]) -> Result<()> {
        needs::read(self, region.iter().map(|axis| axis.start as u64..axis.end as u64), dst)
    }
}

#[cfg(test)]
mod tests;
