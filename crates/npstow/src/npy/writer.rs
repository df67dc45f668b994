//! Writing: the bytes that `np.save` would write, to a file, to memory, to a pipe.
//!
//! An array that is contiguous leaves in one write; others pass through a buffer of a few MiB.
#![forbid(unsafe_code)]

use super::{Header, Version};
use crate::array::{MemoryOrder, swap_by};
use crate::dtype::SwapPlan;
use crate::entry::BAND;
use crate::{Array, AtomicFile, BufferMut, Dtype, Durability, Entry, Error, Order, Result, Sink};
use std::path::Path;
use std::sync::Arc;

/// Payloads up to this size leave together with the header, in one system call.
const SMALL: usize = 64 << 10;

/// How an array is written. By default as `np.save` of NumPy 2.x does: byte order as it is,
/// Fortran order only where the array has no other, and the first version that can hold the
/// header.
///
/// ```
/// use npstow::{Durability, MemoryOrder, npy};
/// let options = npy::WriteOptions::default()
///     .version(npy::Version::V2)
///     .memory_order(MemoryOrder::C)
///     .durability(Durability::Full);
/// ```
#[derive(Clone, Debug, Default)]
pub struct WriteOptions {
    version: Option<Version>,
    memory_order: Option<MemoryOrder>,
    byte_order: Option<Order>,
    durability: Durability,
    stored_as: Option<Dtype>,
}

impl WriteOptions {
    /// Writes this version of the format, or fails where it cannot hold the header.
    #[must_use]
    pub fn version(mut self, version: Version) -> Self {
        self.version = Some(version);
        self
    }

    /// Writes the elements in this order.
    #[must_use]
    pub fn memory_order(mut self, order: MemoryOrder) -> Self {
        self.memory_order = Some(order);
        self
    }

    /// Writes the elements in this byte order.
    #[must_use]
    pub fn byte_order(mut self, order: Order) -> Self {
        self.byte_order = Some(order);
        self
    }

    /// Calls the elements something else of the same size and order: what other readers know.
    pub(crate) fn stored_as(mut self, dtype: Dtype) -> Self {
        self.stored_as = Some(dtype);
        self
    }

    /// What is waited for before a file counts as saved; used by the functions that take a path.
    #[must_use]
    pub fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }
}

/// Writes an array to a file, atomically: an old file stays as it was until the new one is whole.
///
/// ```
/// use npstow::{Array, npy};
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("x.npy");
/// let array = Array::from_vec_shape(vec![1i32, 2, 3, 4, 5, 6], &[2, 3])?;
/// npy::write(&path, &array)?;
/// assert_eq!(npy::read(&path)?.shape(), [2, 3]);
/// # Ok::<(), npstow::Error>(())
/// ```
///
/// # Errors
/// `Io`; `Unsupported` for dtypes without a `descr`.
pub fn write(path: impl AsRef<Path>, array: &Array) -> Result<()> {
    write_with(path, array, &WriteOptions::default())
}

/// Writes an array to a file as the options say, atomically.
///
/// ```
/// use npstow::{Array, Order, npy};
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("x.npy");
/// let options = npy::WriteOptions::default().byte_order(Order::Big).version(npy::Version::V2);
/// npy::write_with(&path, &Array::from_vec(vec![1u16]), &options)?;
/// assert_eq!(npy::open(&path)?.dtype().to_string(), ">u2");
/// # Ok::<(), npstow::Error>(())
/// ```
///
/// # Errors
/// As [`write()`]; `Unsupported` where the version cannot hold the header.
pub fn write_with(path: impl AsRef<Path>, array: &Array, options: &WriteOptions) -> Result<()> {
    let path = path.as_ref();
    let plan = Plan::new(Payload::Array(array), options, &mut HeaderMemo::default())
        .map_err(|e| e.in_path(path))?;
    let mut file = AtomicFile::create(path, options.durability)?;
    plan.write(&mut file).map_err(|e| e.in_path(path))?;
    file.commit()
}

/// Writes an array to a sink: memory, or a pipe by [`WriteSink`](crate::WriteSink).
///
/// ```
/// use npstow::{Array, WriteSink, npy};
/// let mut stream = WriteSink(std::io::sink()); // or a socket, a pipe, a compressor
/// npy::write_to(&mut stream, &Array::from_vec(vec![1u8, 2]))?;
/// # Ok::<(), npstow::Error>(())
/// ```
///
/// # Errors
/// As [`write()`].
pub fn write_to(sink: &mut dyn Sink, array: &Array) -> Result<()> {
    Plan::new(Payload::Array(array), &WriteOptions::default(), &mut HeaderMemo::default())?
        .write(sink)
}

/// Writes an array of a file to a sink, piece by piece: memory stays bounded, whatever the size.
///
/// ```
/// use npstow::{Array, AtomicFile, Durability, MemoryOrder, npy};
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("x.npy");
/// # let copy = dir.path().join("y.npy");
/// npy::write(&path, &Array::from_vec_shape(vec![1u8, 2, 3, 4], &[2, 2])?)?;
/// let mut file = AtomicFile::create(&copy, Durability::default())?;
/// let options = npy::WriteOptions::default().memory_order(MemoryOrder::F);
/// npy::write_entry(&mut file, &npy::open(&path)?, &options)?;
/// file.commit()?;
/// assert_eq!(npy::read(&copy)?.bytes(), Some(&[1u8, 3, 2, 4][..]));
/// # Ok::<(), npstow::Error>(())
/// ```
///
/// # Errors
/// As [`write()`] and [`Entry::read_slice`].
pub fn write_entry(sink: &mut dyn Sink, entry: &Entry, options: &WriteOptions) -> Result<()> {
    Plan::new(Payload::Entry(entry), options, &mut HeaderMemo::default())?.write(sink)
}

/// The bytes of an NPY file that holds the array.
///
/// ```
/// use npstow::{Array, npy};
/// let bytes = npy::to_bytes(&Array::from_vec(vec![1u8, 2]), &npy::WriteOptions::default())?;
/// assert_eq!((bytes.len(), &bytes[128..]), (130, &[1, 2][..]));
/// # Ok::<(), npstow::Error>(())
/// ```
///
/// # Errors
/// As [`write()`].
pub fn to_bytes(array: &Array, options: &WriteOptions) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    Plan::new(Payload::Array(array), options, &mut HeaderMemo::default())?.write(&mut bytes)?;
    Ok(bytes)
}

/// What is written: an array in memory, or one of a file.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Payload<'a> {
    Array(&'a Array),
    Entry(&'a Entry),
}

/// What will be written, known before the first byte is.
#[derive(Debug)]
pub(crate) struct Plan<'a> {
    payload: Payload<'a>,
    /// The elements, where they lie in memory as they are to be written.
    lying: Option<&'a [u8]>,
    header: Arc<[u8]>,
    nbytes: usize,
    order: MemoryOrder,
    swap: SwapPlan,
    /// Of objects: what stands behind the header.
    pickle: Option<Vec<u8>>,
}

/// The last header that was made: many arrays of one file look alike.
#[derive(Debug, Default)]
pub(crate) struct HeaderMemo(Option<Made>);

/// A header, and what it was made of.
#[derive(Debug)]
struct Made {
    dtype: Dtype,
    shape: Vec<usize>,
    order: MemoryOrder,
    version: Option<Version>,
    bytes: Arc<[u8]>,
    /// How many bytes the elements have.
    nbytes: usize,
}

impl HeaderMemo {
    fn made(
        &mut self,
        dtype: &Dtype,
        shape: &[usize],
        order: MemoryOrder,
        version: Option<Version>,
    ) -> Result<&Made> {
        let is_same = |made: &Made| {
            made.shape == shape
                && made.order == order
                && made.version == version
                && made.dtype == *dtype
        };
        let made = match self.0.take() {
            Some(made) if is_same(&made) => made,
            _ => {
                let header = Header::new(dtype.clone(), shape, order)?;
                let (bytes, nbytes) = (header.to_bytes(version)?.into(), header.nbytes()?);
                Made { dtype: dtype.clone(), shape: shape.to_vec(), order, version, bytes, nbytes }
            }
        };
        Ok(self.0.insert(made))
    }
}

impl<'a> Plan<'a> {
    pub(crate) fn new(
        payload: Payload<'a>,
        options: &WriteOptions,
        memo: &mut HeaderMemo,
    ) -> Result<Self> {
        let (dtype, shape) = match payload {
            Payload::Array(array) => (array.dtype(), array.shape()),
            Payload::Entry(entry) => (entry.dtype(), entry.shape()),
        };
        let pickle = match dtype.has_object() {
            true => Some(pickle(payload, options)?),
            false => None,
        };
        let order = options.memory_order.unwrap_or_else(|| payload.order());
        let swapped = options.byte_order.map(|order| dtype.to_order(order));
        let swap = options.byte_order.map_or(SwapPlan::Nothing, |order| dtype.swaps_to(order));
        // NumPy: what is contiguous in both orders is written as C.
        let both = shape.iter().filter(|&&n| n != 1).count() <= 1
            || shape.contains(&0)
            || dtype.itemsize() == 0;
        let order = if both { MemoryOrder::C } else { order };
        let stored = options.stored_as.clone().or(swapped);
        let made = memo.made(stored.as_ref().unwrap_or(dtype), shape, order, options.version)?;
        let header = Arc::clone(&made.bytes);
        let nbytes = pickle.as_ref().map_or(made.nbytes, Vec::len);
        let lying = match payload {
            Payload::Array(array) if swap == SwapPlan::Nothing => array.bytes_in(order),
            _ => None,
        };
        Ok(Self { payload, lying, header, nbytes, order, swap, pickle })
    }

    /// The header, padding included.
    pub(crate) fn header(&self) -> &[u8] {
        &self.header
    }

    /// Length of header and elements.
    pub(crate) fn len(&self) -> u64 {
        (self.header.len() + self.nbytes) as u64
    }

    /// The elements as they are to be written, where they lie so in memory.
    pub(crate) fn contiguous(&self) -> Option<&[u8]> {
        self.pickle.as_deref().or(self.lying)
    }

    /// Gives the elements piece by piece, at most a few MiB at a time unless they lie in memory.
    pub(crate) fn elements(&self, out: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        match (self.contiguous(), self.payload) {
            (Some(bytes), _) => out(bytes),
            (None, Payload::Array(array)) => give_array(out, array, self.order, &self.swap),
            (None, Payload::Entry(entry)) => give_pieces(out, entry, self.order, &self.swap),
        }
    }

    /// Writes header and elements.
    pub(crate) fn write(self, sink: &mut dyn Sink) -> Result<()> {
        if let (Payload::Entry(entry), None) = (self.payload, &self.pickle) {
            // Said before room is made for as much.
            entry.check()?;
        }
        sink.reserve(self.len()).map_err(|e| Error::io("asking for room", e))?;
        let mut out = Out { sink, written: 0 };
        match self.contiguous() {
            Some(bytes) if bytes.len() <= SMALL => {
                let mut both = Vec::with_capacity(self.header.len() + bytes.len());
                both.extend_from_slice(&self.header);
                both.extend_from_slice(bytes);
                out.write(&both)
            }
            _ => {
                out.write(&self.header)?;
                self.elements(&mut |bytes| out.write(bytes))
            }
        }
    }
}

/// A sink that knows how far it is, for errors.
struct Out<'a> {
    sink: &'a mut dyn Sink,
    written: u64,
}

impl Out<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.sink.write_all(bytes).map_err(|e| Error::io("writing", e).at(self.written))?;
        self.written += bytes.len() as u64;
        Ok(())
    }
}

impl Payload<'_> {
    /// The order NumPy would choose: Fortran only for what is contiguous in no other.
    fn order(&self) -> MemoryOrder {
        match self {
            Self::Array(a) if a.is_c_contiguous() || !a.is_f_contiguous() => MemoryOrder::C,
            Self::Array(_) => MemoryOrder::F,
            Self::Entry(entry) => entry.order(),
        }
    }
}

/// `numpy.lib.format.write_array` pickles an array of objects as a whole.
#[cfg(feature = "pickle")]
fn pickle(payload: Payload<'_>, options: &WriteOptions) -> Result<Vec<u8>> {
    let entry = match payload {
        Payload::Entry(entry) if entry.is_objects() => entry,
        _ => return Err(Error::unsupported("objects that are no Python objects")),
    };
    let value = entry.value()?;
    if value.objects().is_none() {
        let kind = value.kind().name();
        return Err(Error::unsupported(format_args!("a Python {kind} as an array")));
    }
    let dtype = entry.dtype();
    if options.byte_order.is_some_and(|order| dtype.swaps_to(order) != SwapPlan::Nothing) {
        return Err(Error::unsupported("another byte order of an array of objects"));
    }
    let lengths = entry.shape().iter().filter(|&&n| n != 1).count();
    if options.memory_order.is_some_and(|order| order != entry.order()) && lengths > 1 {
        return Err(Error::unsupported("another memory order of an array of objects"));
    }
    crate::pickle::to_bytes(&value, &crate::pickle::WriteOptions::default())
}

#[cfg(not(feature = "pickle"))]
fn pickle(_: Payload<'_>, _: &WriteOptions) -> Result<Vec<u8>> {
    Err(Error::unsupported("writing an object array (its payload is a pickle)"))
}

fn give_array(
    out: &mut dyn FnMut(&[u8]) -> Result<()>,
    array: &Array,
    order: MemoryOrder,
    swap: &SwapPlan,
) -> Result<()> {
    let itemsize = array.dtype().itemsize();
    if array.nbytes() == 0 {
        return Ok(());
    }
    let piece = (BAND / itemsize).max(1);
    let len = array.len().min(piece) * itemsize;
    let mut buffer = BufferMut::zeroed(len)?;
    for start in (0..array.len()).step_by(piece) {
        let range = start..array.len().min(start + piece);
        let bytes = &mut buffer.bytes_mut()[..range.len() * itemsize];
        array.pack_range(order, range, bytes);
        swap_by(bytes, itemsize, swap);
        out(bytes)?;
    }
    Ok(())
}

fn give_pieces(
    out: &mut dyn FnMut(&[u8]) -> Result<()>,
    entry: &Entry,
    order: MemoryOrder,
    swap: &SwapPlan,
) -> Result<()> {
    let itemsize = entry.dtype().itemsize();
    let mut swapped = Vec::new();
    for piece in entry.pieces(order)? {
        let part = piece?.to_contiguous(order)?;
        let bytes = part.bytes_in(order).unwrap_or_default();
        if *swap == SwapPlan::Nothing {
            out(bytes)?;
            continue;
        }
        swapped.clear();
        swapped.extend_from_slice(bytes);
        swap_by(&mut swapped, itemsize, swap);
        out(&swapped)?;
    }
    Ok(())
}
