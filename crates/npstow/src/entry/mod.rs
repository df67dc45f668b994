//! Arrays that are described but not loaded, and the only code that reads payloads.
//!
//! A format says what is stored and where; everything that costs time is here, once, for every
//! format and every language. What is counted on each road:
//!
//! * `read`: one allocation of the array's size, one pass of reads straight into it. A change of
//!   byte order is done block by block while the block is in cache; a change of memory order
//!   reads bands of a few MiB and scatters them, so memory stays the array and a constant. A
//!   checksum is taken of each block while it is in cache.
//! * `view`: no allocation and no copy.
//! * `read_slice`: reads only the runs of bytes that the selection touches; runs that lie close
//!   together are read as one. Of what is packed in blocks, only the blocks touched are unpacked.
//! * `corners`: as `read_slice`, of the few elements that are printed.
//! * `read_many` and `read_all`: neighbours in a file come with one read, and share one allocation.
#![forbid(unsafe_code)]

mod coded;
mod composed;
mod gather;
mod into;
mod joined;
#[cfg(feature = "pickle")]
mod latin1;
mod loaded;
mod many;
#[cfg(feature = "hdf5")]
mod native;
#[cfg(feature = "pickle")]
mod object;
mod origin;
mod own;
#[cfg(feature = "pickle")]
mod pickled;
mod pieces;
mod seal;
mod varied;

pub use coded::Coded;
#[cfg(feature = "npz")]
pub(crate) use coded::{Blocks, decoded_start};
pub use composed::Composed;
pub use joined::Joined;
#[cfg(any(feature = "npz", feature = "folder"))]
pub(crate) use loaded::Slots;
pub(crate) use loaded::read_loaded;
pub use loaded::{Loaded, Slot, Wrap};
pub(crate) use many::SMALL;
#[cfg(feature = "folder")]
pub(crate) use many::keep_many;
pub(crate) use many::read_many;
#[cfg(feature = "npz")]
pub(crate) use many::{Part, Taken, read_parts};
#[cfg(feature = "hdf5")]
pub(crate) use native::{Kept, Names, Native, Place};
pub(crate) use pieces::Pieces;
pub use pieces::Rows;
pub(crate) use seal::Seal;
pub use varied::{Form as VariedForm, Item as VariedItem, Varied};

use crate::array::{
    Array, Corners, MemoryOrder, PreviewOptions, Resolved, Selection, Strided, bands, copy_strided,
    for_blocks, map_blocks, nbytes, peeled, shown, strides, swap_by,
};
use crate::chunk::Chunked;
use crate::codec::Crc32;
use crate::dtype::SwapPlan;
use crate::{Buffer, BufferMut, Dtype, Error, Limits, Order, Result, Source};
use gather::{Gather, gather_coded};
use origin::Origin;
use std::sync::Arc;

/// How many bytes are treated at once where they pass through the processor.
const BLOCK: usize = 1 << 20;

/// How much one core reads at once where bytes are only moved: two huge pages. Two cores that
/// fault and fill huge pages side by side were 1.4 times as fast as one.
const READ_BLOCK: usize = 4 << 20;

/// How much is read before it is looked at again: it is in cache then.
const CACHED: usize = 256 << 10;

/// Unpacked elements that begin on such a boundary can be used where they are.
const UNPACKED_ALIGN: usize = 16;

/// How much is read at once where elements are brought into another order.
pub(crate) const BAND: usize = 8 << 20;

/// Where the elements of an [`Entry`] are, and in which form.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Data {
    /// The very bytes, from this offset of the source on: anyone may read them.
    Raw {
        /// The first byte.
        offset: u64,
    },
    /// Packed as one stream: a deflated member of an archive.
    Coded(Arc<Coded>),
    /// Python objects as a pickle, from this offset of the source (or of what it unpacks to) on:
    /// described, not read.
    Objects {
        /// The first byte of the pickle.
        offset: u64,
    },
    /// The rows of several arrays, one after another.
    Joined(Arc<Joined>),
    /// In memory, decoded when the file was opened: the source is that memory.
    Inline,
    /// Python objects, or one that is no array: read when the file was opened.
    #[cfg(feature = "pickle")]
    Value(crate::Value),
    /// In chunks, each packed by itself.
    Chunked(Arc<Chunked>),
    /// Elements without a fixed length: text, sequences, references.
    Varied(Arc<dyn Varied>),
    /// Put together from other arrays.
    Composed(Arc<dyn Composed>),
}

/// An array on disk: its dtype, shape and order are known, its elements are not read yet.
///
/// ```
/// use npstow::{Array, npy};
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("x.npy");
/// # npy::write(&path, &Array::from_vec(vec![1i64, 2, 3, 4]))?;
/// let entry = npy::open(&path)?;
/// assert_eq!((entry.shape(), entry.offset()), (&[4][..], Some(128)));
/// let last_two = entry.read_slice(&"-2:".parse()?)?;
/// assert_eq!(last_two.as_slice::<i64>()?, [3, 4]);
/// # Ok::<(), npstow::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Entry {
    source: Arc<dyn Source>,
    dtype: Dtype,
    shape: Vec<usize>,
    order: MemoryOrder,
    data: Data,
    nbytes: usize,
    limits: Arc<Limits>,
    seal: Option<Seal>,
    origin: Option<Arc<Origin>>,
    /// What the elements are in the file, where that is more.
    #[cfg(feature = "hdf5")]
    native: Option<Arc<Native>>,
    /// Of objects: how they are read.
    #[cfg(feature = "pickle")]
    pickled: Option<Arc<pickled::Pickled>>,
}

/// How an array is to lie in memory once it is read. By default as in the file.
///
/// ```
/// use npstow::{MemoryOrder, Order, ReadOptions};
/// let for_a_c_library = ReadOptions::default().byte_order(Order::NATIVE).memory_order(MemoryOrder::C);
/// ```
#[derive(Clone, Debug, Default)]
pub struct ReadOptions {
    byte_order: Option<Order>,
    memory_order: Option<MemoryOrder>,
}

impl ReadOptions {
    /// Brings every element into this byte order; [`Order::NATIVE`] is what programs compute with.
    #[must_use]
    pub fn byte_order(mut self, order: Order) -> Self {
        self.byte_order = Some(order);
        self
    }

    /// Brings the elements into this memory order.
    #[must_use]
    pub fn memory_order(mut self, order: MemoryOrder) -> Self {
        self.memory_order = Some(order);
        self
    }
}

impl Entry {
    /// Describes an array in `source`.
    ///
    /// # Errors
    /// `Invalid` where the size in bytes is beyond what memory can hold.
    pub fn new(
        source: Arc<dyn Source>,
        dtype: Dtype,
        shape: &[usize],
        order: MemoryOrder,
        data: Data,
        limits: Arc<Limits>,
    ) -> Result<Self> {
        let nbytes = nbytes(shape, dtype.itemsize())?;
        let shape = shape.to_vec();
        Ok(Self {
            source,
            dtype,
            shape,
            order,
            data,
            nbytes,
            limits,
            seal: None,
            origin: None,
            #[cfg(feature = "hdf5")]
            native: None,
            #[cfg(feature = "pickle")]
            pickled: None,
        })
    }

    /// Says what a full read must find.
    #[must_use]
    pub(crate) fn sealed(mut self, seal: Seal) -> Self {
        self.seal = Some(seal);
        self
    }

    /// What the elements are, in the file's byte order.
    #[must_use]
    pub fn dtype(&self) -> &Dtype {
        &self.dtype
    }

    /// Lengths of the axes.
    #[must_use]
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// In which order the elements lie in the file.
    #[must_use]
    pub fn order(&self) -> MemoryOrder {
        self.order
    }

    /// Size of the elements in memory, in bytes.
    #[must_use]
    pub fn nbytes(&self) -> usize {
        self.nbytes
    }

    /// Where and how the elements are stored.
    #[must_use]
    pub fn data(&self) -> &Data {
        &self.data
    }

    /// Where the bytes come from; joined arrays have none of their own, but those of their parts.
    #[must_use]
    pub fn source(&self) -> &Arc<dyn Source> {
        &self.source
    }

    /// Where the very bytes of the array begin in the file, for those who read them on their own
    /// (another process, a GPU); `None` where they are encoded.
    #[must_use]
    pub fn offset(&self) -> Option<u64> {
        match self.data {
            Data::Raw { offset } => Some(offset),
            _ => None,
        }
    }

    /// How many bytes the elements take in the file; of objects, all up to the end of the source.
    #[must_use]
    pub fn stored_nbytes(&self) -> u64 {
        match &self.data {
            Data::Raw { .. } | Data::Inline => self.nbytes as u64,
            #[cfg(feature = "pickle")]
            Data::Value(_) => 0,
            Data::Coded(coded) => coded.packed_len,
            Data::Objects { offset } => self.source.len().saturating_sub(*offset),
            Data::Joined(joined) => joined.parts().iter().map(Self::stored_nbytes).sum(),
            // What cannot be found takes nothing; reading it says why.
            Data::Chunked(chunked) => chunked.stored_nbytes().unwrap_or(0),
            Data::Varied(varied) => varied.raw().stored_nbytes(),
            Data::Composed(_) => 0,
        }
    }

    /// Which parts of a virtual dataset of HDF5 are not there: their elements are the fill value.
    #[must_use]
    pub fn left_out(&self) -> &[String] {
        match &self.data {
            Data::Composed(composed) => composed.left_out(),
            _ => &[],
        }
    }

    /// The offset of the raw bytes, all of which are there.
    fn raw(&self) -> Result<u64> {
        let offset = match &self.data {
            Data::Raw { offset } => *offset,
            Data::Inline => 0,
            #[cfg(feature = "pickle")]
            Data::Value(value) => return Err(object::no_bytes(value)),
            Data::Coded(coded) => {
                let what = format!("the very bytes of data packed with {}", coded.codec.name());
                return Err(Error::unsupported(what).at(coded.offset));
            }
            Data::Objects { offset } => return Err(objects(*offset)),
            Data::Joined(_) => {
                return Err(Error::unsupported("the very bytes of rows from several arrays"));
            }
            Data::Chunked(_) => return Err(Error::unsupported("the very bytes of data in chunks")),
            Data::Varied(varied) => return Err(varied.refused()),
            Data::Composed(composed) => {
                let what = format!("the very bytes of {}", composed.what());
                return Err(Error::unsupported(what));
            }
        };
        let there = self.source.len().saturating_sub(offset);
        if (self.nbytes as u64) > there {
            return Err(Error::corrupt(
                format_args!("{} bytes of data", self.nbytes),
                format_args!("the end after {there}"),
            )
            .at(offset));
        }
        if let Some(seal) = self.seal.filter(|seal| seal.end() > self.source.len()) {
            let expected = format_args!("{} bytes", seal.len);
            let there = self.source.len().saturating_sub(seal.start);
            return Err(Error::corrupt(expected, format_args!("{there}")).at(seal.start));
        }
        Ok(offset)
    }

    /// Says whether the elements are all there, as far as that is known without reading them.
    ///
    /// # Errors
    /// `Corrupt` where the file ends before the data do; `Limit` for packed data that claim to
    /// be out of proportion; `Unsupported` for objects.
    pub fn check(&self) -> Result<()> {
        self.placed_in(match &self.data {
            Data::Raw { .. } | Data::Inline => self.raw().map(drop),
            #[cfg(feature = "pickle")]
            Data::Value(value) => Err(object::no_bytes(value)),
            Data::Coded(coded) => coded.check(&*self.source, self.nbytes, &self.limits),
            Data::Objects { offset } => Err(objects(*offset)),
            Data::Joined(joined) => joined.parts().iter().try_for_each(Self::check),
            Data::Chunked(chunked) => chunked.check(&*self.source, self.nbytes, &self.limits),
            Data::Varied(varied) => Err(varied.refused()),
            Data::Composed(composed) => composed.check(self.nbytes, &self.limits),
        })
    }

    /// As [`check`](Self::check) before a part is read, of which the size is not known yet:
    /// [`check_unwritten`](Self::check_unwritten) comes when it is.
    fn check_part(&self) -> Result<()> {
        match &self.data {
            Data::Chunked(chunked) => chunked.check_packed(&self.limits),
            Data::Joined(joined) => joined.parts().iter().try_for_each(Self::check_part),
            Data::Composed(_) => Ok(()),
            _ => self.check(),
        }
    }

    /// An error for more that was never written than is in proportion, of so many bytes asked for.
    fn check_unwritten(&self, asked: usize) -> Result<()> {
        match &self.data {
            Data::Chunked(chunked) => {
                chunked.check_unwritten(&*self.source, (asked, self.nbytes), &self.limits)
            }
            Data::Joined(joined) => {
                joined.parts().iter().try_for_each(|part| part.check_unwritten(asked))
            }
            Data::Composed(composed) => composed.check(asked, &self.limits),
            _ => Ok(()),
        }
    }

    /// Reads the array into new memory that nobody else can change.
    ///
    /// # Errors
    /// `Corrupt` where the file ends before the data do (nothing is allocated then);
    /// `Unsupported` for objects; `Limit`; `Io`.
    pub fn read(&self) -> Result<Array> {
        self.read_with(&ReadOptions::default())
    }

    /// Reads the array in the byte order and memory order asked for.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_with(&self, options: &ReadOptions) -> Result<Array> {
        self.placed_in(self.read_as(options))
    }

    fn read_as(&self, options: &ReadOptions) -> Result<Array> {
        self.check()?;
        self.limits.check_array(self.nbytes as u64)?;
        let order = options.memory_order.unwrap_or(self.order);
        let dtype =
            options.byte_order.map_or_else(|| self.dtype.clone(), |o| self.dtype.to_order(o));
        let buffer = match self.shared(order, options) {
            Some(buffer) => buffer,
            None => {
                let (memory, start) = self.fresh(order, options)?;
                memory.freeze().slice(start..start + self.nbytes)?
            }
        };
        Array::new(dtype, &self.shape, order, buffer)
    }

    /// New memory with the elements in it, and where they begin there.
    fn fresh(&self, order: MemoryOrder, options: &ReadOptions) -> Result<(BufferMut, usize)> {
        match &self.data {
            Data::Coded(coded) if !self.differs(order) && coded.is_all(self.nbytes) => {
                self.unpack(coded, options)
            }
            _ => self.filled(options),
        }
    }

    /// New memory with just the elements; what is packed comes in steps.
    fn filled(&self, options: &ReadOptions) -> Result<(BufferMut, usize)> {
        let mut memory = BufferMut::zeroed(self.nbytes)?;
        self.fill(memory.bytes_mut(), options)?;
        Ok((memory, 0))
    }

    /// The elements where they lie, if they lie as they are asked for in memory that is ours alone.
    fn shared(&self, order: MemoryOrder, options: &ReadOptions) -> Option<Buffer> {
        let Data::Raw { offset } = self.data else { return None };
        let swap = options.byte_order.map_or(SwapPlan::Nothing, |o| self.dtype.swaps_to(o));
        // What has a checksum is read, so that it is compared.
        if self.seal.is_some() || self.differs(order) || swap != SwapPlan::Nothing {
            return None;
        }
        let buffer = self.source.shared(offset, self.nbytes)?;
        (buffer.as_ptr().addr() % UNPACKED_ALIGN == 0).then_some(buffer)
    }

    /// Unpacks a whole stream in one go; the elements stay where they lie behind the header.
    fn unpack(&self, coded: &Coded, options: &ReadOptions) -> Result<(BufferMut, usize)> {
        let mut whole = self.unpack_whole(coded)?;
        let mut start = usize::try_from(coded.skip)
            .map_err(|_| Error::unsupported("a header larger than the address space"))?;
        if start % UNPACKED_ALIGN != 0 {
            whole.bytes_mut().copy_within(start..start + self.nbytes, 0);
            start = 0;
        }
        self.swap(&mut whole.bytes_mut()[start..start + self.nbytes], options)?;
        Ok((whole, start))
    }

    /// Brings elements that were read into the byte order asked for, on all cores.
    fn swap(&self, bytes: &mut [u8], options: &ReadOptions) -> Result<()> {
        let swap = options.byte_order.map_or(SwapPlan::Nothing, |o| self.dtype.swaps_to(o));
        if swap == SwapPlan::Nothing {
            return Ok(());
        }
        let itemsize = self.dtype.itemsize();
        for_blocks(bytes, self.block(), |_, bytes| {
            swap_by(bytes, itemsize, &swap);
            Ok(())
        })
    }

    /// A block of whole elements.
    fn block(&self) -> usize {
        let itemsize = self.dtype.itemsize().max(1);
        (BLOCK / itemsize).max(1) * itemsize
    }

    /// Reads the bytes of the array into the caller's memory, as they lie in the file.
    ///
    /// # Errors
    /// `Mismatch` unless `dst` has exactly [`nbytes`](Self::nbytes) bytes; else as
    /// [`read`](Self::read). What `dst` holds after an error is not defined.
    pub fn read_into(&self, dst: &mut [u8]) -> Result<()> {
        self.read_into_with(dst, &ReadOptions::default())
    }

    /// Reads the array into the caller's memory, in the orders asked for.
    ///
    /// # Errors
    /// As [`read_into`](Self::read_into).
    pub fn read_into_with(&self, dst: &mut [u8], options: &ReadOptions) -> Result<()> {
        if dst.len() != self.nbytes {
            let expected = format_args!("memory of {} bytes", self.nbytes);
            return Err(Error::mismatch(expected, dst.len()));
        }
        self.placed_in(self.fill(dst, options))
    }

    fn fill(&self, dst: &mut [u8], options: &ReadOptions) -> Result<()> {
        self.check()?;
        if options.memory_order.is_some_and(|o| self.differs(o)) {
            if let Data::Composed(composed) = &self.data {
                return self.fill_composed(&**composed, dst, options);
            }
            let swap = options.byte_order.map_or(SwapPlan::Nothing, |o| self.dtype.swaps_to(o));
            return self.fill_reordered(dst, &swap);
        }
        match &self.data {
            Data::Coded(coded) => {
                self.unpack_into(coded, coded.skip, dst)?;
                self.swap(dst, options)
            }
            Data::Joined(joined) => Self::fill_joined(joined, dst, options),
            Data::Chunked(chunked) => {
                chunked.read_into(&*self.source, dst)?;
                self.swap(dst, options)
            }
            Data::Composed(composed) => {
                composed.fill(&self.whole(), dst)?;
                self.swap(dst, options)
            }
            _ => self.fill_raw(self.raw()?, dst, options),
        }
    }

    /// Reads, checks and swaps one block after the other, while it is in cache; blocks side by
    /// side.
    fn fill_raw(&self, offset: u64, dst: &mut [u8], options: &ReadOptions) -> Result<()> {
        let itemsize = self.dtype.itemsize();
        let swap = options.byte_order.map_or(SwapPlan::Nothing, |o| self.dtype.swaps_to(o));
        let len = dst.len() as u64;
        let plain = swap == SwapPlan::Nothing && self.seal.is_none();
        let block = if plain { READ_BLOCK } else { self.block() };
        let crcs = map_blocks(dst, block, |index, bytes| {
            let at = offset + (index * block) as u64;
            let mut crc = Crc32::new();
            if self.seal.is_none() {
                self.bytes_into(at, bytes)?;
            } else {
                for (step, piece) in bytes.chunks_mut(CACHED).enumerate() {
                    self.bytes_into(at + (step * CACHED) as u64, piece)?;
                    crc.update(piece);
                }
            }
            swap_by(bytes, itemsize, &swap);
            Ok(crc)
        })?;
        let Some(seal) = &self.seal else { return Ok(()) };
        let mut crc = Crc32::new();
        Seal::hash(&*self.source, seal.start..offset, &mut crc)?;
        crcs.iter().for_each(|part| crc.combine(part));
        Seal::hash(&*self.source, offset + len..seal.end(), &mut crc)?;
        seal.check(crc.finish())
    }

    /// Whether elements in this memory order lie otherwise than in the file.
    fn differs(&self, order: MemoryOrder) -> bool {
        order != self.order && self.shape.iter().filter(|&&n| n != 1).count() > 1 && self.nbytes > 0
    }

    /// Reads bands that are contiguous in the file and scatters each into the other order.
    fn fill_reordered(&self, dst: &mut [u8], swap: &SwapPlan) -> Result<()> {
        let itemsize = self.dtype.itemsize();
        // In the file's own order the last axis is the fastest.
        let mut lengths = self.shape.clone();
        let mut to = strides(&self.shape, itemsize, self.order.other());
        if self.order == MemoryOrder::F {
            lengths.reverse();
            to.reverse();
        }
        let mut scratch = BufferMut::zeroed(BAND.min(self.nbytes).max(itemsize))?;
        let mut pass = self.pass()?;
        let mut bands = bands::bands(&lengths, itemsize, BAND).peekable();
        while let Some(band) = bands.next() {
            let shape = band.iter().map(ExactSizeIterator::len).collect::<Vec<_>>();
            let len = nbytes(&shape, itemsize)?;
            let bytes = &mut scratch.bytes_mut()[..len];
            pass.fill(bytes, bands.peek().is_none())?;
            swap_by(bytes, itemsize, swap);
            let start = band.iter().zip(&to).map(|(r, s)| r.start * s.unsigned_abs()).sum();
            let from = strides(&shape, itemsize, MemoryOrder::C);
            let from = Strided { bytes: &*bytes, offset: 0, strides: &from };
            let into = Strided { bytes: &mut *dst, offset: start, strides: &to };
            copy_strided(&shape, itemsize, into, &from);
        }
        Ok(())
    }

    fn bytes_into(&self, offset: u64, dst: &mut [u8]) -> Result<()> {
        let failed = |e| Error::io("reading the data", e).at(offset);
        self.source.read_into(offset, dst).map_err(failed)
    }

    /// Shows the array where it lies in the mapped file, without reading it.
    ///
    /// The file is mapped on the first view. Another process that changes the file changes what
    /// is seen, and one that cuts it short makes this process crash (`SIGBUS`) when the missing
    /// part is touched. [`read`](Self::read) has no such danger.
    ///
    /// # Errors
    /// `Unsupported` where the source cannot be mapped, or the elements are packed or objects;
    /// `Corrupt` where the file ends before the data do. A checksum is not looked at.
    pub fn view(&self) -> Result<Array> {
        let offset = self.placed_in(self.raw())?;
        let buffer = self.placed_in(self.source.view(offset, self.nbytes))?;
        Array::new(self.dtype.clone(), &self.shape, self.order, buffer)
    }

    /// Reads a part of the array: slices, indices, a list of rows; touches only what is needed.
    ///
    /// The result is contiguous, in the memory order of the file.
    ///
    /// # Errors
    /// `Invalid` where the selection does not fit the shape; else as [`read`](Self::read).
    pub fn read_slice(&self, selection: &Selection) -> Result<Array> {
        self.placed_in(self.slice(selection))
    }

    /// Reads a part of the array into the caller's memory, in the memory order of the file.
    ///
    /// ```
    /// use npstow::{Array, Entry};
    /// let array = Array::from_vec(vec![1u8, 2, 3, 4]);
    /// let mut last = [0; 2];
    /// Entry::try_from(&array)?.read_slice_into(&"-2:".parse()?, &mut last)?;
    /// assert_eq!(last, [3, 4]);
    /// # Ok::<(), npstow::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Mismatch` unless `dst` has exactly the bytes of the part; else as
    /// [`read_slice`](Self::read_slice). What `dst` holds after an error is not defined.
    pub fn read_slice_into(&self, selection: &Selection, dst: &mut [u8]) -> Result<()> {
        self.placed_in(self.slice_into(selection, dst))
    }

    /// Reads of a part of the array what a preview shows: all where it is small, else the corners,
    /// however large the rest is.
    ///
    /// ```
    /// use npstow::{Array, Entry, PreviewOptions, Selection};
    /// let array = Array::from_vec((0..3000).collect::<Vec<i32>>()).reshape(&[1000, 3])?;
    /// let entry = Entry::try_from(&array)?;
    /// let options = PreviewOptions::default().edgeitems(1);
    /// let corners = entry.corners(&Selection::all(), &options)?;
    /// assert_eq!(corners.shape(), [1000, 3]);
    /// assert_eq!(corners.to_string(), array.preview(&options));
    /// # Ok::<(), npstow::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`read_slice`](Self::read_slice).
    pub fn corners(&self, selection: &Selection, options: &PreviewOptions) -> Result<Corners> {
        self.placed_in(self.read_corners(selection, options))
    }

    fn read_corners(&self, selection: &Selection, options: &PreviewOptions) -> Result<Corners> {
        self.check_part()?;
        let selected = selection.resolve(&self.shape)?;
        let mut shape = selected.shape().to_vec();
        let selected_axes = shape.len();
        // Arrays have the lengths of a subarray as axes.
        shape.extend(peeled(self.dtype.clone()).1);
        let mut axes = shown(&shape, options);
        let array = match &axes {
            Some(axes) => self.read_selected(selected.corners(axes))?,
            None => Array::new(self.dtype.clone(), &[0], self.order, Buffer::from(Vec::new()))?,
        };
        // What is left out of the middle is not there: the last ones follow the first.
        for (lead, trail) in axes.iter_mut().flatten().take(selected_axes) {
            *trail = *lead..*lead + trail.len();
        }
        Ok(Corners::new(shape, array, axes, options.clone()))
    }

    fn slice(&self, selection: &Selection) -> Result<Array> {
        self.check_part()?;
        self.read_selected(selection.resolve(&self.shape)?)
    }

    fn slice_into(&self, selection: &Selection, dst: &mut [u8]) -> Result<()> {
        self.check_part()?;
        let selected = selection.resolve(&self.shape)?;
        let nbytes = nbytes(selected.shape(), self.dtype.itemsize())?;
        self.check_unwritten(nbytes)?;
        if dst.len() != nbytes {
            return Err(Error::mismatch(format_args!("memory of {nbytes} bytes"), dst.len()));
        }
        self.gather(selected, dst)
    }

    fn read_selected(&self, selected: Resolved) -> Result<Array> {
        let shape = selected.shape().to_vec();
        let nbytes = nbytes(&shape, self.dtype.itemsize())?;
        self.check_unwritten(nbytes)?;
        self.limits.check_array(nbytes as u64)?;
        let mut buffer = BufferMut::zeroed(nbytes)?;
        self.gather(selected, buffer.bytes_mut())?;
        Array::new(self.dtype.clone(), &shape, self.order, buffer.freeze())
    }

    /// Fills `dst` with what is selected, in the memory order of the file.
    fn gather(&self, mut selected: Resolved, dst: &mut [u8]) -> Result<()> {
        if let Data::Joined(joined) = &self.data {
            return self.gather_joined(joined, &selected, dst);
        }
        if let Data::Chunked(chunked) = &self.data {
            // Chunks are in C order.
            return chunked.gather(&*self.source, &selected, dst);
        }
        if let Data::Composed(composed) = &self.data {
            return self.gather_composed(&**composed, &selected, dst);
        }
        let itemsize = self.dtype.itemsize();
        let strides = strides(&self.shape, itemsize, self.order);
        if self.order == MemoryOrder::F {
            selected = selected.reversed();
        }
        let runs = selected.runs(&strides, itemsize);
        match &self.data {
            Data::Coded(coded) => gather_coded(self, coded, dst, runs),
            _ => Gather::new(self, self.raw()?, dst).run(runs),
        }
    }
}

fn objects(offset: u64) -> Error {
    Error::unsupported("the payload of an object array (a pickle)").at(offset)
}

#[cfg(all(test, feature = "npz"))]
mod tests;
