//! Arrays: a dtype, a shape, strides and shared bytes.
//!
//! An [`Array`] never changes and is cheap to clone; slicing, transposing and taking a field give
//! views of the same bytes. What makes a copy says so.
#![deny(unsafe_code)]

pub(crate) mod bands;
#[cfg(any(feature = "npy", feature = "hdf5"))]
pub(crate) mod batch;
mod convert;
mod display;
mod element;
mod layout;
mod ml;
#[cfg(feature = "ndarray")]
mod nd;
mod plain;
mod record;
#[cfg(all(test, feature = "derive"))]
mod record_tests;
mod select;
mod select_parse;
mod strings;
mod typed;

pub(crate) use convert::{Strided, copy_strided, for_blocks, map_blocks, swap_by};
pub use display::{Corners, PreviewOptions};
pub(crate) use display::{Shown, as_doubles, shown};
pub use element::{Element, private};
pub use layout::MemoryOrder;
pub(crate) use layout::{MAX_NDIM, Shape, count, nbytes, strides};
pub use ml::{MlArray, MlType};
pub use plain::{Datetime64, LongDouble, Timedelta64};
pub(crate) use select::Where;
pub use select::{Index, Resolved, Selection};
pub use typed::Iter;

use crate::error::quoted;
use crate::{Buffer, BufferMut, Dtype, Error, Order, Result};
use std::borrow::Cow;
use std::ops::Range;

/// An array in memory: what every reader returns and every writer takes.
///
/// ```
/// use npstow::{Array, MemoryOrder};
/// let a = Array::from_vec_shape(vec![1.5f32, 2.5, 3.5, 4.5, 5.5, 6.5], &[2, 3])?;
/// assert_eq!((a.shape(), a.strides(), a.nbytes()), (&[2, 3][..], &[12, 4][..], 24));
/// let t = a.transpose();
/// assert!(t.is_f_contiguous() && t.as_slice::<f32>().is_err());
/// assert_eq!(t.to_contiguous(MemoryOrder::C)?.as_slice::<f32>()?, [1.5, 4.5, 2.5, 5.5, 3.5, 6.5]);
/// # Ok::<(), npstow::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Array {
    dtype: Dtype,
    shape: Vec<usize>,
    /// In bytes.
    strides: Vec<isize>,
    /// Of element `[0, 0, …]` in `data`. With shape, strides and item size it was checked that
    /// every element lies within `data`, and that the number of elements fits an `isize`.
    offset: usize,
    data: Buffer,
}

impl Array {
    /// An array whose elements are `data`, back to back in the given order.
    ///
    /// As in NumPy, an array has no subarray for its dtype: the lengths of one become axes.
    ///
    /// # Errors
    /// `Mismatch` where `data` is not as long as dtype and shape say, `Limit` where no machine
    /// could hold them.
    pub fn new(dtype: Dtype, shape: &[usize], order: MemoryOrder, data: Buffer) -> Result<Self> {
        let (dtype, sub) = peeled(dtype);
        let shape = [shape, &sub].concat();
        let itemsize = dtype.itemsize();
        // The product was checked by `count`.
        let nbytes = count(&shape, itemsize)? * itemsize;
        if data.len() != nbytes {
            let shape = Shape(&shape);
            return Err(Error::mismatch(
                format_args!("{nbytes} bytes for shape {shape} of {}", named(&dtype)),
                format_args!("{} bytes", data.len()),
            ));
        }
        let strides = strides(&shape, itemsize, order);
        Ok(Self { dtype, shape, strides, offset: 0, data })
    }

    /// An array of any layout over `data`: `offset` is where element `[0, 0, …]` starts, `strides`
    /// are in bytes and may be negative or zero.
    ///
    /// # Errors
    /// `Invalid` where an element would not lie within `data`, `Limit` as [`Array::new`].
    pub fn from_parts(
        dtype: Dtype,
        mut shape: Vec<usize>,
        mut strides: Vec<isize>,
        offset: usize,
        data: Buffer,
    ) -> Result<Self> {
        if shape.len() != strides.len() {
            let (shape, strides) = (shape.len(), strides.len());
            return Err(Error::invalid(format_args!("{strides} strides for {shape} axes")));
        }
        let (dtype, sub) = peeled(dtype);
        let itemsize = dtype.itemsize();
        shape.extend_from_slice(&sub);
        count(&shape, itemsize)?;
        strides.extend(layout::strides(&sub, itemsize, MemoryOrder::C));
        let (before, after) = layout::extent(&shape, &strides, itemsize)?;
        let within =
            offset >= before && offset.checked_add(after).is_some_and(|end| end <= data.len());
        if !within {
            return Err(Error::invalid(format_args!(
                "{} with strides {strides:?} from byte {offset} does not lie within {} bytes",
                Shape(&shape),
                data.len()
            )));
        }
        Ok(Self { dtype, shape, strides, offset, data })
    }

    /// What the elements are.
    #[must_use]
    pub fn dtype(&self) -> &Dtype {
        &self.dtype
    }

    /// The length of each axis.
    #[must_use]
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// For each axis, how many bytes on the next element lies.
    #[must_use]
    pub fn strides(&self) -> &[isize] {
        &self.strides
    }

    /// The number of axes.
    #[must_use]
    pub fn ndim(&self) -> usize {
        self.shape.len()
    }

    /// The number of elements.
    #[must_use]
    pub fn len(&self) -> usize {
        if self.is_empty() { 0 } else { self.shape.iter().product() }
    }

    /// Whether there are no elements.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.shape.contains(&0)
    }

    /// The number of bytes that the elements take, without gaps between them.
    #[must_use]
    pub fn nbytes(&self) -> usize {
        self.len() * self.dtype.itemsize()
    }

    /// Whether the elements lie back to back with the last index running fastest.
    ///
    /// NumPy's relaxed rules: axes of length one do not matter, an array without elements is
    /// contiguous in both orders.
    #[must_use]
    pub fn is_c_contiguous(&self) -> bool {
        self.is_contiguous(MemoryOrder::C)
    }

    /// Whether the elements lie back to back with the first index running fastest.
    #[must_use]
    pub fn is_f_contiguous(&self) -> bool {
        self.is_contiguous(MemoryOrder::F)
    }

    /// Whether the elements lie back to back in that order.
    #[must_use]
    pub fn is_contiguous(&self, order: MemoryOrder) -> bool {
        layout::is_contiguous(&self.shape, &self.strides, self.dtype.itemsize(), order)
    }

    /// The bytes of all elements as they lie in memory, where they lie back to back in one of
    /// the two orders.
    #[must_use]
    pub fn bytes(&self) -> Option<&[u8]> {
        if !self.is_c_contiguous() && !self.is_f_contiguous() {
            return None;
        }
        // Contiguous strides are positive but on axes of length one, so the first element in
        // memory is element [0, 0, …].
        self.data.get(self.offset..self.offset + self.nbytes())
    }

    /// The memory that this array is a view of; it may hold more than the array.
    #[must_use]
    pub fn buffer(&self) -> &Buffer {
        &self.data
    }

    /// Where element `[0, 0, …]` starts in [`Array::buffer`].
    #[must_use]
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// The bytes of one element.
    ///
    /// # Errors
    /// `Invalid` where the index does not have as many numbers as the array has axes, or one of
    /// them is beyond its axis.
    pub fn element(&self, index: &[usize]) -> Result<&[u8]> {
        if index.len() != self.ndim() {
            let (found, ndim) = (index.len(), self.ndim());
            return Err(Error::invalid(format_args!("{found} indices for {ndim} axes")));
        }
        let mut start = layout::signed(self.offset);
        for (axis, (i, length)) in index.iter().zip(&self.shape).enumerate() {
            if i >= length {
                return Err(Error::invalid(format_args!(
                    "index {i} is out of bounds for axis {axis} with size {length}"
                )));
            }
            start += layout::signed(*i) * self.strides[axis];
        }
        Ok(self.item(start.unsigned_abs()))
    }

    /// The bytes of the element that starts there.
    fn item(&self, start: usize) -> &[u8] {
        &self.data[start..start + self.dtype.itemsize()]
    }

    /// The part that a selection picks, with NumPy's rules of indexing. Slices and single
    /// indices give a view; a list of indices copies.
    ///
    /// ```
    /// use npstow::{Array, Selection};
    /// let a = Array::from_vec((0..12).collect()).reshape(&[3, 4])?;
    /// let part = a.select(&"1:, ::-2".parse()?)?;
    /// assert_eq!(part.to_vec::<i32>()?, [7, 5, 11, 9]);
    /// # Ok::<(), npstow::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Invalid` where the selection does not fit the shape; `Io` where a copy finds no memory.
    pub fn select(&self, selection: &Selection) -> Result<Self> {
        let resolved = selection.resolve(&self.shape)?;
        if let Some((start, strides)) = resolved.view(&self.strides) {
            let shape = resolved.shape().to_vec();
            let offset = if shape.contains(&0) { 0 } else { self.moved(start) };
            return Ok(Self {
                dtype: self.dtype.clone(),
                shape,
                strides,
                offset,
                data: self.data.clone(),
            });
        }
        let itemsize = self.dtype.itemsize();
        let mut copy = BufferMut::zeroed(count(resolved.shape(), itemsize)? * itemsize)?;
        let mut rest = copy.bytes_mut();
        for (start, len) in resolved.runs(&self.strides, itemsize) {
            let start = self.moved(start);
            let (dst, after) = rest.split_at_mut(len);
            dst.copy_from_slice(&self.data[start..start + len]);
            rest = after;
        }
        Self::new(self.dtype.clone(), resolved.shape(), MemoryOrder::C, copy.freeze())
    }

    /// A position relative to element `[0, 0, …]`, in the buffer. It is that of an element, so it
    /// is not negative.
    fn moved(&self, by: isize) -> usize {
        self.offset.wrapping_add_signed(by)
    }

    /// The same elements with the axes in reverse order; no copy.
    #[must_use]
    pub fn transpose(&self) -> Self {
        let mut reversed = self.clone();
        reversed.shape.reverse();
        reversed.strides.reverse();
        reversed
    }

    /// The same elements, in C order, in another shape; a view where the array is C-contiguous,
    /// otherwise a copy.
    ///
    /// # Errors
    /// `Mismatch` where the number of elements differs; `Io` where a copy finds no memory.
    pub fn reshape(&self, shape: &[usize]) -> Result<Self> {
        let itemsize = self.dtype.itemsize();
        if count(shape, itemsize)? != self.len() {
            return Err(Error::mismatch(
                format_args!("a shape of {} elements", self.len()),
                Shape(shape),
            ));
        }
        let mut reshaped = self.to_contiguous(MemoryOrder::C)?;
        reshaped.strides = strides(shape, itemsize, MemoryOrder::C);
        reshaped.shape = shape.to_vec();
        Ok(reshaped)
    }

    /// One field of an array of records, by its name or title; a view. The lengths of a subarray
    /// become axes.
    ///
    /// ```
    /// use npstow::{Array, Buffer, Dtype, MemoryOrder};
    /// let dtype = Dtype::parse("[('id', 'u1'), ('xy', 'u1', (2,))]")?;
    /// let a = Array::new(dtype, &[2], MemoryOrder::C, Buffer::from(vec![1, 2, 3, 4, 5, 6]))?;
    /// let xy = a.field("xy")?;
    /// assert_eq!((xy.shape(), xy.strides()), (&[2, 2][..], &[3, 1][..]));
    /// assert_eq!(xy.to_vec::<u8>()?, [2, 3, 5, 6]);
    /// # Ok::<(), npstow::Error>(())
    /// ```
    ///
    /// # Errors
    /// `NotFound` where there is no such field, `Mismatch` where the elements are no records.
    pub fn field(&self, name: &str) -> Result<Self> {
        let record = self.dtype.as_record().ok_or_else(|| {
            Error::mismatch("an array of records", format_args!("dtype {}", named(&self.dtype)))
        })?;
        let field = record
            .field(name)
            .ok_or_else(|| Error::not_found(format_args!("the field '{}'", quoted(name))))?;
        let offset = if self.is_empty() { 0 } else { self.offset + field.offset() };
        let (shape, strides) = (self.shape.clone(), self.strides.clone());
        Self::from_parts(field.dtype().clone(), shape, strides, offset, self.data.clone())
    }

    /// All of the elements as they lie in memory, where they lie back to back in that order.
    #[must_use]
    pub fn bytes_in(&self, order: MemoryOrder) -> Option<&[u8]> {
        if !self.is_contiguous(order) {
            return None;
        }
        self.data.get(self.offset..self.offset + self.nbytes())
    }

    /// The same values in the byte order of this machine; a copy only where they are not.
    ///
    /// # Errors
    /// As [`Array::to_order`].
    pub fn to_native(&self) -> Result<Self> {
        self.to_order(Order::NATIVE)
    }

    /// The same values in a byte order; a copy only where they are in another. A copy keeps the
    /// memory order where it is one of the two, and is C-contiguous otherwise.
    ///
    /// # Errors
    /// `Unsupported` for records whose fields overlap, `Io` where a copy finds no memory.
    pub fn to_order(&self, order: Order) -> Result<Self> {
        let dtype = self.dtype.to_order(order);
        if dtype == self.dtype {
            return Ok(self.clone());
        }
        if self.dtype.has_overlap() {
            let dtype = named(&self.dtype);
            return Err(Error::unsupported(format_args!("swapping bytes of overlapping {dtype}")));
        }
        let keeps_f = self.is_f_contiguous() && !self.is_c_contiguous();
        let memory = if keeps_f { MemoryOrder::F } else { MemoryOrder::C };
        let mut copy = BufferMut::zeroed(self.nbytes())?;
        convert::pack(self, memory, copy.bytes_mut(), &self.dtype.swaps_to(order));
        Self::new(dtype, &self.shape, memory, copy.freeze())
    }

    /// The same elements back to back in the given order; a copy only where they are not.
    ///
    /// # Errors
    /// `Io` where a copy finds no memory.
    pub fn to_contiguous(&self, order: MemoryOrder) -> Result<Self> {
        if self.is_contiguous(order) {
            return Ok(self.clone());
        }
        let mut copy = BufferMut::zeroed(self.nbytes())?;
        convert::pack(self, order, copy.bytes_mut(), &crate::dtype::SwapPlan::Nothing);
        Self::new(self.dtype.clone(), &self.shape, order, copy.freeze())
    }

    /// Copies the elements `range`, counted in the given order, into `dst`, which they fill.
    /// A writer streams an array of any layout through a bounded buffer so.
    pub(crate) fn pack_range(&self, order: MemoryOrder, range: Range<usize>, dst: &mut [u8]) {
        convert::pack_range(self, order, range, dst);
    }

    /// The same bytes as elements of another dtype: each row of the first axis becomes a row of
    /// shape `row_shape`. Records `(n,)` become floats `(n, 4, 4)` so, and back; no copy.
    ///
    /// ```
    /// use npstow::{Array, Dtype};
    /// let a = Array::from_vec(vec![0.5f32; 12]).reshape(&[2, 2, 3])?;
    /// let points = a.view_as(Dtype::parse("[('x', '<f4'), ('y', '<f4'), ('z', '<f4')]")?, &[2])?;
    /// assert_eq!(points.shape(), [2, 2]);
    /// # Ok::<(), npstow::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Mismatch` where the array is not C-contiguous or its rows have another number of bytes;
    /// `Unsupported` where Python objects are involved.
    pub fn view_as(&self, dtype: Dtype, row_shape: &[usize]) -> Result<Self> {
        if dtype.has_object() || self.dtype.has_object() {
            return Err(Error::unsupported("a view of Python objects as something else"));
        }
        self.expect_c_contiguous()?;
        let (rows, row) = self
            .shape
            .split_first()
            .ok_or_else(|| Error::mismatch("an array of at least one axis", "0 axes"))?;
        let (dtype, sub) = peeled(dtype);
        let itemsize = dtype.itemsize();
        let shape = [&[*rows], row_shape, &sub].concat();
        let row_len = count(row, self.dtype.itemsize())? * self.dtype.itemsize();
        let new_len = count(&shape[1..], itemsize)? * itemsize;
        if row_len != new_len {
            return Err(Error::mismatch(
                format_args!("rows of {row_len} bytes"),
                format_args!("{new_len} bytes for {} of {}", Shape(&shape[1..]), named(&dtype)),
            ));
        }
        count(&shape, itemsize)?;
        let strides = strides(&shape, itemsize, MemoryOrder::C);
        Ok(Self { dtype, shape, strides, offset: self.offset, data: self.data.clone() })
    }

    fn expect_c_contiguous(&self) -> Result<()> {
        if self.is_c_contiguous() {
            return Ok(());
        }
        let found: Cow<'_, str> = if self.is_f_contiguous() {
            "Fortran order".into()
        } else {
            format!("strides {:?} for shape {}", self.strides, Shape(&self.shape)).into()
        };
        Err(Error::mismatch("C-contiguous elements (see to_contiguous)", found))
    }
}

/// A dtype and the lengths of its subarrays, from the outermost on.
pub(crate) fn peeled(dtype: Dtype) -> (Dtype, Vec<usize>) {
    let mut lengths = Vec::new();
    let mut dtype = dtype;
    while let Dtype::Array(base, shape) = dtype {
        lengths.extend_from_slice(&shape);
        dtype = Dtype::clone(&base);
    }
    (dtype, lengths)
}

/// A dtype for an error: harmless and not too long.
fn named(dtype: &Dtype) -> String {
    quoted(&dtype.to_string())
}

#[cfg(test)]
mod tests;
