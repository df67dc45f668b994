//! Rows of several arrays as one array, of which nothing is read until it is asked for.
#![forbid(unsafe_code)]

use super::pieces::Pieces;
use super::{Data, Entry, ReadOptions};
use crate::array::{Array, MemoryOrder, Resolved, Strided, Where, copy_strided, nbytes, strides};
use crate::{BufferMut, Error, MemorySource, Result, parallel};
use std::ops::Range;
use std::slice;
use std::sync::Arc;

/// Arrays whose rows follow one another as the rows of one array; see
/// [`concat()`](crate::trees::concat).
#[derive(Clone, Debug)]
pub struct Joined {
    parts: Box<[Entry]>,
    /// Behind the last row of each part.
    ends: Box<[usize]>,
}

impl Joined {
    /// The arrays, in order.
    #[must_use]
    pub fn parts(&self) -> &[Entry] {
        &self.parts
    }

    /// The same with every part changed.
    pub(super) fn map(&self, change: impl Fn(&Entry) -> Entry) -> Self {
        Self { parts: self.parts.iter().map(change).collect(), ends: self.ends.clone() }
    }

    /// Each part, and which rows of the whole it has.
    fn iter(&self) -> impl Iterator<Item = (&Entry, Range<usize>)> {
        let starts = std::iter::once(&0).chain(&self.ends);
        self.parts
            .iter()
            .zip(starts.zip(&self.ends))
            .map(|(part, (&start, &end))| (part, start..end))
    }

    /// Whether a part can only be unpacked from its start.
    pub(super) fn is_packed(&self) -> bool {
        self.parts.iter().any(|part| matches!(part.data, Data::Coded(_)))
    }
}

impl Entry {
    /// One array of the rows of several, in C order. They must have one dtype and rows of one
    /// shape; an error says which one does not fit.
    pub(crate) fn join(parts: Vec<Self>) -> Result<Self, (usize, Error)> {
        let Some(first) = parts.first().cloned() else {
            return Err((0, Error::invalid("no arrays to join")));
        };
        let mut rows = 0usize;
        let (mut flat, mut ends) = (Vec::with_capacity(parts.len()), Vec::new());
        for (at, part) in parts.into_iter().enumerate() {
            let fits = first.fits(&part).map_err(|e| (at, part.placed(e)))?;
            let before = rows;
            rows = rows.checked_add(fits).ok_or_else(|| (at, Error::invalid("too many rows")))?;
            match &part.data {
                // Never one within another.
                Data::Joined(inner) => {
                    ends.extend(inner.ends.iter().map(|end| before + end));
                    flat.extend(inner.parts.iter().cloned());
                }
                _ => {
                    ends.push(rows);
                    flat.push(part);
                }
            }
        }
        if flat.len() == 1 {
            return Ok(first);
        }
        let shape: Vec<usize> =
            std::iter::once(rows).chain(first.shape.iter().skip(1).copied()).collect();
        #[cfg(feature = "hdf5")]
        let native = super::Native::joined(&flat);
        let data = Data::Joined(Arc::new(Joined { parts: flat.into(), ends: ends.into() }));
        let source = Arc::new(MemorySource::new(Vec::new()));
        let whole = Self::new(source, first.dtype, &shape, MemoryOrder::C, data, first.limits);
        #[cfg(feature = "hdf5")]
        let whole = whole.map(|whole| whole.with_native(native));
        whole.map_err(|e| (0, e))
    }

    /// The number of rows of an array that can follow this one.
    fn fits(&self, next: &Self) -> Result<usize> {
        if next.dtype != self.dtype {
            let expected = format!("dtype {}", self.dtype);
            return Err(Error::mismatch(expected, format_args!("dtype {}", next.dtype)));
        }
        let (Some((_, row)), Some((rows, other))) =
            (self.shape.split_first(), next.shape.split_first())
        else {
            return Err(Error::mismatch("an array with rows", "a 0-d array"));
        };
        if row != other {
            let expected = format!("rows of shape {row:?}");
            return Err(Error::mismatch(expected, format_args!("rows of shape {other:?}")));
        }
        Ok(*rows)
    }

    /// Reads every part into its place.
    pub(super) fn fill_joined(
        joined: &Joined,
        mut dst: &mut [u8],
        options: &ReadOptions,
    ) -> Result<()> {
        let options = options.clone().memory_order(MemoryOrder::C);
        let mut places = Vec::with_capacity(joined.parts.len());
        for part in &joined.parts {
            let (place, rest) = dst.split_at_mut(part.nbytes);
            places.push((part, place));
            dst = rest;
        }
        parallel::each(places, |(part, place)| part.read_into_with(place, &options)).map(drop)
    }

    /// Reads what a selection picks of every part, each part once.
    pub(super) fn gather_joined(
        &self,
        joined: &Joined,
        selected: &Resolved,
        dst: &mut [u8],
    ) -> Result<()> {
        let itemsize = self.dtype.itemsize();
        let to = strides(selected.shape(), itemsize, MemoryOrder::C);
        for (part, rows) in joined.iter() {
            let Some((picked, place)) = selected.in_rows(&rows) else { continue };
            let shape = picked.shape().to_vec();
            let len = nbytes(&shape, itemsize)?;
            if let Some(start) =
                place.contiguous(&shape, &to).filter(|_| !part.differs(MemoryOrder::C))
            {
                part.placed_in(part.gather(picked, &mut dst[start..start + len]))?;
                continue;
            }
            let mut scratch = BufferMut::zeroed(len)?;
            part.placed_in(part.gather(picked, scratch.bytes_mut()))?;
            let from = strides(&shape, itemsize, part.order);
            scatter(&shape, itemsize, (&mut *dst, &to), (scratch.bytes(), &from), &place);
        }
        Ok(())
    }
}

/// Copies what was read of a part to its rows of the result.
fn scatter(
    shape: &[usize],
    itemsize: usize,
    (dst, to): (&mut [u8], &[isize]),
    (src, from): (&[u8], &[isize]),
    place: &Where,
) {
    match place {
        Where::Everywhere => {
            let into = Strided { bytes: dst, offset: 0, strides: to };
            copy_strided(shape, itemsize, into, &Strided { bytes: src, offset: 0, strides: from });
        }
        Where::From { axis, start } => {
            let offset = start * to[*axis].unsigned_abs();
            let into = Strided { bytes: dst, offset, strides: to };
            copy_strided(shape, itemsize, into, &Strided { bytes: src, offset: 0, strides: from });
        }
        Where::At { axis, indices } => {
            let mut one = shape.to_vec();
            one[*axis] = 1;
            for (row, index) in indices.iter().enumerate() {
                let offset = index * to[*axis].unsigned_abs();
                let into = Strided { bytes: &mut *dst, offset, strides: to };
                let offset = row * from[*axis].unsigned_abs();
                copy_strided(&one, itemsize, into, &Strided { bytes: src, offset, strides: from });
            }
        }
    }
}

/// One pass over the rows of all parts; the seals of all are checked on the way.
pub(super) struct JoinedPass<'a> {
    parts: slice::Iter<'a, Entry>,
    pieces: Option<Pieces<'a>>,
    /// What is read and not passed on yet, and how much of it was.
    held: Option<(Array, usize)>,
}

impl<'a> JoinedPass<'a> {
    pub(super) fn new(joined: &'a Joined) -> Self {
        Self { parts: joined.parts.iter(), pieces: None, held: None }
    }

    pub(super) fn fill(&mut self, mut dst: &mut [u8], last: bool) -> Result<()> {
        while !dst.is_empty() {
            let Some((array, used)) = &mut self.held else {
                if !self.advance()? {
                    return Err(Error::corrupt("more rows", "the end of the last part"));
                }
                continue;
            };
            let there = array.bytes_in(MemoryOrder::C).unwrap_or_default();
            let there = there.get(*used..).unwrap_or_default();
            let (now, later) = dst.split_at_mut(there.len().min(dst.len()));
            now.copy_from_slice(&there[..now.len()]);
            *used += now.len();
            if now.len() == there.len() {
                self.held = None;
            }
            dst = later;
        }
        // What is left has no elements, but may have a seal.
        while last && self.advance()? {}
        Ok(())
    }

    /// Reads the next piece; says whether there is one.
    fn advance(&mut self) -> Result<bool> {
        loop {
            if let Some(piece) = self.pieces.as_mut().and_then(Iterator::next) {
                self.held = Some((piece?.to_contiguous(MemoryOrder::C)?, 0));
                return Ok(true);
            }
            let Some(part) = self.parts.next() else { return Ok(false) };
            self.pieces = Some(part.pieces(MemoryOrder::C)?);
        }
    }
}

#[cfg(all(test, feature = "npz"))]
mod tests;
