//! An array piece by piece, for those who pass it on: writers, digests, checks.
#![forbid(unsafe_code)]

use super::coded::Decoder;
use super::joined::JoinedPass;
use super::{BAND, Data, Entry, Seal};
use crate::array::{Array, MemoryOrder, bands, nbytes};
use crate::chunk::Chunked;
use crate::codec::Crc32;
use crate::{BufferMut, Error, Result, Source};
use std::fmt;
use std::iter::Peekable;
use std::ops::Range;

/// One pass over the elements as they follow one another in the file; what is sealed is checked
/// behind the last ones.
pub(super) struct Pass<'a> {
    entry: &'a Entry,
    road: Road<'a>,
}

enum Road<'a> {
    Raw { position: u64, sealed: Option<(Crc32, Seal)> },
    Packed { position: u64, decoder: Option<Box<Decoder<'a>>> },
    Joined(Box<JoinedPass<'a>>),
    Chunked { chunked: &'a Chunked, position: usize, band: BufferMut, held: Option<usize> },
}

impl Entry {
    pub(super) fn pass(&self) -> Result<Pass<'_>> {
        let road = match &self.data {
            Data::Coded(coded) => {
                let decoder = Some(Box::new(Decoder::new(self, coded, true)?));
                Road::Packed { position: coded.skip, decoder }
            }
            Data::Joined(joined) => Road::Joined(Box::new(JoinedPass::new(joined))),
            Data::Chunked(chunked) => {
                let band = BufferMut::zeroed(0)?;
                Road::Chunked { chunked, position: 0, band, held: None }
            }
            _ => {
                let position = self.raw()?;
                let mut sealed = self.seal.map(|seal| (Crc32::new(), seal));
                if let Some((crc, seal)) = &mut sealed {
                    Seal::hash(&*self.source, seal.start..position, crc)?;
                }
                Road::Raw { position, sealed }
            }
        };
        Ok(Pass { entry: self, road })
    }
}

impl Pass<'_> {
    /// Reads the next bytes; `last` says that no more are wanted.
    pub(super) fn fill(&mut self, dst: &mut [u8], last: bool) -> Result<()> {
        match &mut self.road {
            Road::Raw { position, sealed } => {
                self.entry.bytes_into(*position, dst)?;
                *position += dst.len() as u64;
                let Some((crc, seal)) = sealed else { return Ok(()) };
                crc.update(dst);
                if last {
                    Seal::hash(&*self.entry.source, *position..seal.end(), crc)?;
                    seal.check(crc.clone().finish())?;
                }
                Ok(())
            }
            Road::Packed { position, decoder } => {
                if let Some(decoder) = decoder {
                    decoder.read(*position, dst)?;
                    *position += dst.len() as u64;
                }
                match decoder.take_if(|_| last) {
                    Some(decoder) => decoder.finish(),
                    None => Ok(()),
                }
            }
            Road::Joined(pass) => pass.fill(dst, last),
            Road::Chunked { chunked, position, band, held } => {
                let source = &*self.entry.source;
                fill_chunked(chunked, source, (position, band, held), dst, self.entry.nbytes)
            }
        }
    }
}

/// Copies the next bytes from the band of chunks that they are in, which is kept for those that
/// follow.
fn fill_chunked(
    chunked: &Chunked,
    source: &dyn Source,
    (position, band, held): (&mut usize, &mut BufferMut, &mut Option<usize>),
    dst: &mut [u8],
    nbytes: usize,
) -> Result<()> {
    let band_nbytes = chunked.band_rows().saturating_mul(chunked.row_nbytes()).max(1);
    let mut rest = dst;
    while !rest.is_empty() {
        let wanted = *position / band_nbytes;
        let start = wanted.saturating_mul(band_nbytes);
        if *held != Some(wanted) {
            let len = band_nbytes.min(nbytes.saturating_sub(start));
            if band.len() != len {
                *band = BufferMut::zeroed(len)?;
            }
            *held = None;
            chunked.read_bands(source, wanted, band.bytes_mut())?;
            *held = Some(wanted);
        }
        let there = band.bytes().get(*position - start..).unwrap_or_default();
        if there.is_empty() {
            return Err(Error::invalid("more bytes than an array has"));
        }
        let (now, later) = rest.split_at_mut(there.len().min(rest.len()));
        now.copy_from_slice(there.get(..now.len()).unwrap_or_default());
        *position += now.len();
        rest = later;
    }
    Ok(())
}

/// Walks an array in bands of a few MiB in the order of elements that is asked for.
///
/// Memory stays bounded where the file has that order, or can be read at any place. What is
/// sealed is checked all the same: the last piece may be an error.
pub(crate) struct Pieces<'a> {
    entry: &'a Entry,
    order: MemoryOrder,
    origin: Origin<'a>,
    bands: Peekable<bands::Bands>,
}

enum Origin<'a> {
    Pass(Pass<'a>),
    /// Another order than the file's: selections, of what can be read at any place.
    Slices,
    /// Packed in another order: taken into memory.
    Memory(Array),
}

impl Entry {
    /// The array in pieces of this order.
    pub(crate) fn pieces(&self, order: MemoryOrder) -> Result<Pieces<'_>> {
        self.check()?;
        self.placed_in(self.begin(order))
    }

    fn begin(&self, order: MemoryOrder) -> Result<Pieces<'_>> {
        let mut lengths = self.shape.clone();
        if order == MemoryOrder::F {
            lengths.reverse();
        }
        self.begin_with(order, bands::bands(&lengths, self.dtype.itemsize(), BAND))
    }

    fn begin_with(&self, order: MemoryOrder, bands: bands::Bands) -> Result<Pieces<'_>> {
        let mut bands = bands.peekable();
        // Without a piece there is nobody to be told at the end.
        let empty = bands.peek().is_none();
        let origin = match &self.data {
            Data::Coded(_) if empty || self.differs(order) => Origin::Memory(self.read()?),
            Data::Composed(_) => Origin::Memory(self.read()?),
            // Read for the seals of the parts.
            Data::Joined(_) if empty => Origin::Memory(self.read()?),
            Data::Joined(joined) if self.differs(order) => match joined.is_packed() {
                true => Origin::Memory(self.read()?),
                false => {
                    joined.parts().iter().try_for_each(Self::check_seal)?;
                    Origin::Slices
                }
            },
            _ if self.seal.is_some() && (empty || self.differs(order)) => {
                self.check_seal()?;
                Origin::Slices
            }
            _ if self.differs(order) => Origin::Slices,
            _ => Origin::Pass(self.pass()?),
        };
        Ok(Pieces { entry: self, order, origin, bands })
    }

    /// Reads the array in bands of `at_once` rows (of its first axis), the last one of fewer; 0 makes
    /// bands of some MiB. The elements of a band are in C order, in the file's byte order.
    ///
    /// What is packed is unpacked once, and a checksum over all is checked: the last band may be an
    /// error. Memory holds one band, unless the file is packed in Fortran order.
    ///
    /// ```
    /// use npstow::{Array, Entry};
    /// let array = Array::from_vec((0..10).collect::<Vec<i32>>()).reshape(&[5, 2])?;
    /// let mut sums = Vec::new();
    /// for band in Entry::try_from(&array)?.rows(2)? {
    ///     sums.push(band?.as_slice::<i32>()?.iter().sum::<i32>());
    /// }
    /// assert_eq!(sums, [6, 22, 17]);
    /// # Ok::<(), npstow::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Mismatch` for an array without axes; else as [`read`](Self::read).
    pub fn rows(&self, at_once: usize) -> Result<Rows<'_>> {
        self.placed_in(self.check_rows())?;
        self.check()?;
        let row = self.nbytes / self.shape.first().copied().unwrap_or(1).max(1);
        let step = if at_once == 0 { BAND / row.max(1) } else { at_once };
        let bands = bands::rows(&self.shape, step.max(1));
        Ok(Rows(self.placed_in(self.begin_with(MemoryOrder::C, bands))?))
    }

    fn check_rows(&self) -> Result<()> {
        match self.shape.is_empty() {
            true => Err(Error::mismatch("an array with rows", "one without axes")),
            false => Ok(()),
        }
    }

    /// Reads all that a seal of raw bytes is over.
    fn check_seal(&self) -> Result<()> {
        let Some(seal) = &self.seal else { return Ok(()) };
        let mut crc = Crc32::new();
        self.placed_in(Seal::hash(&*self.source, seal.start..seal.end(), &mut crc))?;
        self.placed_in(seal.check(crc.finish()))
    }
}

/// A walk over the rows of an [`Entry`], band by band; see [`Entry::rows`].
pub struct Rows<'a>(Pieces<'a>);

impl fmt::Debug for Rows<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Rows").field(self.0.entry).finish()
    }
}

impl Iterator for Rows<'_> {
    type Item = Result<Array>;

    fn next(&mut self) -> Option<Self::Item> {
        let band = self.0.next()?;
        // A selection of a file in Fortran order comes in that order.
        let band = band.and_then(|band| band.to_contiguous(MemoryOrder::C));
        if band.is_err() {
            // What follows an error is not to be relied on.
            self.0.bands = bands::rows(&[0], 1).peekable();
        }
        Some(band)
    }
}

impl Pieces<'_> {
    fn piece(&mut self, mut band: Vec<Range<usize>>) -> Result<Array> {
        if self.order == MemoryOrder::F {
            band.reverse();
        }
        let last = self.bands.peek().is_none();
        match &mut self.origin {
            Origin::Slices => self.entry.read_slice(&bands::selection(&band)),
            Origin::Memory(array) => array.select(&bands::selection(&band)),
            Origin::Pass(pass) => {
                let shape: Vec<usize> = band.iter().map(ExactSizeIterator::len).collect();
                let len = nbytes(&shape, self.entry.dtype.itemsize())?;
                let mut buffer = BufferMut::zeroed(len)?;
                pass.fill(buffer.bytes_mut(), last)?;
                let dtype = self.entry.dtype.clone();
                // The pass is in the file's order; where the two do not differ, either will do.
                Array::new(dtype, &shape, self.order, buffer.freeze())
            }
        }
    }
}

impl Iterator for Pieces<'_> {
    type Item = Result<Array>;

    fn next(&mut self) -> Option<Self::Item> {
        let band = self.bands.next()?;
        let piece = self.piece(band);
        Some(self.entry.placed_in(piece))
    }
}
