//! Views and owned arrays of the `ndarray` crate (feature `ndarray`).
#![forbid(unsafe_code)]

use super::element::private::CastError;
use super::layout::{extent, is_contiguous, signed};
use super::{Array, Element, MemoryOrder, Shape};
use crate::{Buffer, Dtype, Error, Result};
use ndarray::{ArrayBase, ArrayView, ArrayViewD, Axis, Data, Dimension, IxDyn, ShapeBuilder};

impl Array {
    /// The array as a view of the `ndarray` crate, strides and all; no copy.
    ///
    /// ```
    /// use npstow::Array;
    /// let a = Array::from_vec(vec![1.0f64, 2.0, 3.0, 4.0, 5.0, 6.0]).reshape(&[2, 3])?;
    /// let t = a.transpose();
    /// let view = t.view::<f64, ndarray::Ix2>()?;
    /// assert_eq!((view.dim(), view[[2, 0]]), ((3, 2), 3.0));
    /// # Ok::<(), npstow::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Mismatch`, and which of these it is: another dtype or byte order, another number of
    /// axes, memory that is not aligned, strides that are no whole elements, a bool that is none
    /// (also between the elements of a strided view).
    pub fn view<T: Element, D: Dimension>(&self) -> Result<ArrayView<'_, T, D>> {
        self.expect_dtype::<T>()?;
        let inner = match T::dtype() {
            Dtype::Array(_, shape) => shape.len(),
            _ => 0,
        };
        let outer = self.ndim().saturating_sub(inner);
        let (shape, sub) = self.shape.split_at(outer);
        let (strides, sub_strides) = self.strides.split_at(outer);
        if !is_contiguous(sub, sub_strides, self.dtype.itemsize(), MemoryOrder::C) {
            let sub = Shape(sub);
            return Err(Error::mismatch(format_args!("C-contiguous elements {sub}"), "strides"));
        }
        let (before, after) = extent(shape, strides, size_of::<T>())?;
        let bytes = if before + after == 0 {
            &[]
        } else {
            self.data.get(self.offset - before..self.offset + after).unwrap_or_default()
        };
        let items = T::slice_of(bytes).map_err(|e| reason::<T>(e, strides))?;
        let mut steps = Vec::with_capacity(outer);
        // ndarray wants the steps of an array without elements to stay within nothing.
        let moves = |length: usize| length > 1 && !shape.contains(&0);
        for (length, stride) in shape.iter().zip(strides) {
            if stride % signed(size_of::<T>()) != 0 && moves(*length) {
                return Err(reason::<T>(CastError::Length, strides));
            }
            steps.push(if moves(*length) { stride.unsigned_abs() / size_of::<T>() } else { 0 });
        }
        let layout = IxDyn(shape).strides(IxDyn(&steps));
        let mut view: ArrayViewD<'_, T> = ArrayView::from_shape(layout, items)
            .map_err(|e| Error::mismatch("a layout that ndarray takes", e))?;
        for (axis, (length, stride)) in shape.iter().zip(strides).enumerate() {
            if *stride < 0 && moves(*length) {
                view.invert_axis(Axis(axis));
            }
        }
        view.into_dimensionality::<D>().map_err(|_| wrong_axes::<D>(outer))
    }

    /// A copy of the array as an owned array of the `ndarray` crate; byte order and alignment do
    /// not matter.
    ///
    /// # Errors
    /// `Mismatch` where the dtype or the number of axes is another; `Io` where there is no memory.
    pub fn to_ndarray<T: Element, D: Dimension>(&self) -> Result<ndarray::Array<T, D>> {
        if let Ok(view) = self.view::<T, D>() {
            return Ok(view.to_owned());
        }
        let values = self.to_vec::<T>()?;
        let inner = match T::dtype() {
            Dtype::Array(_, shape) => shape.len(),
            _ => 0,
        };
        let shape = &self.shape[..self.ndim().saturating_sub(inner)];
        let array = ndarray::Array::from_shape_vec(IxDyn(shape), values)
            .map_err(|e| Error::mismatch("a shape that ndarray takes", e))?;
        array.into_dimensionality::<D>().map_err(|_| wrong_axes::<D>(shape.len()))
    }
}

fn wrong_axes<D: Dimension>(found: usize) -> Error {
    let wanted = D::NDIM.map_or_else(|| "any number of".to_owned(), |n| n.to_string());
    Error::mismatch(format_args!("an array of {wanted} axes"), format_args!("{found}"))
}

fn reason<T>(error: CastError, strides: &[isize]) -> Error {
    let (size, alignment) = (size_of::<T>(), align_of::<T>());
    match error {
        CastError::Misaligned => Error::mismatch(
            format_args!("memory aligned to {alignment} bytes (see to_ndarray)"),
            "another address",
        ),
        CastError::Length => Error::mismatch(
            format_args!("strides of whole elements of {size} bytes (see to_contiguous)"),
            format_args!("{strides:?}"),
        ),
        CastError::Invalid => Error::mismatch("valid values in the whole view", "others"),
    }
}

/// Takes over an owned array's memory and strides; a view is copied.
///
/// ```
/// let a = ndarray::array![[1u8, 2], [3, 4]].reversed_axes();
/// let a = npstow::Array::from(a);
/// assert!(a.is_f_contiguous());
/// ```
///
/// # Panics
/// Where the array has more than 64 axes, NumPy's bound.
impl<T: Element, S: Data<Elem = T>, D: Dimension> From<ArrayBase<S, D>> for Array {
    fn from(array: ArrayBase<S, D>) -> Self {
        let array = array.into_owned();
        let shape = array.shape().to_vec();
        let size = signed(size_of::<T>());
        let strides = array.strides().iter().map(|stride| stride * size).collect();
        let (values, start) = array.into_raw_vec_and_offset();
        let offset = start.unwrap_or(0) * size_of::<T>();
        let all = Self::from_vec(values);
        let data: Buffer = all.data;
        let parts = Self::from_parts(T::dtype(), shape, strides, offset, data);
        parts.expect("ndarray keeps its elements within its vector")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Order;
    use ndarray::{Ix1, Ix2, Ix3, Slice, array};

    #[test]
    fn views_have_the_elements_of_the_array() {
        let a = Array::from_vec((0..24_i32).collect::<Vec<_>>()).reshape(&[2, 3, 4]).unwrap();
        for text in ["", "::-1, 1:, ::2", "..., ::-3", "0:0", "1:2, ::-1"] {
            let part = a.select(&text.parse().unwrap()).unwrap();
            let view = part.view::<i32, Ix3>().unwrap();
            assert_eq!(view.shape(), part.shape(), "{text}");
            let values: Vec<i32> = view.iter().copied().collect();
            assert_eq!(values, part.to_vec::<i32>().unwrap(), "{text}");
        }
        assert_eq!(a.view::<[i32; 4], Ix2>().unwrap()[[1, 2]], [20, 21, 22, 23]);
        let why = |e: Error| e.to_string();
        assert_eq!(why(a.view::<i32, Ix2>().unwrap_err()), "expected an array of 2 axes, found 3");
        assert!(why(a.view::<u32, Ix3>().unwrap_err()).contains("dtype <u4"));
        let swapped = a.to_order(Order::SWAPPED).unwrap();
        assert!(swapped.view::<i32, Ix3>().is_err());
        assert_eq!(swapped.to_ndarray::<i32, Ix3>().unwrap(), a.view::<i32, Ix3>().unwrap());
    }

    #[test]
    fn fields_of_records_are_strided_views() {
        let dtype = Dtype::parse("[('a', '<f4'), ('b', '<f4', (2,))]").unwrap();
        let data = Array::from_vec(vec![1_f32, 2.0, 3.0, 4.0, 5.0, 6.0]).view_as(dtype, &[]);
        assert!(data.is_err());
        let rows = Array::from_vec(vec![1_f32, 2.0, 3.0, 4.0, 5.0, 6.0]).reshape(&[2, 3]).unwrap();
        let dtype = Dtype::parse("[('a', '<f4'), ('b', '<f4', (2,))]").unwrap();
        let records = rows.view_as(dtype, &[]).unwrap();
        assert_eq!(records.field("a").unwrap().view::<f32, Ix1>().unwrap(), array![1.0, 4.0]);
        let b = records.field("b").unwrap();
        assert_eq!(b.view::<f32, Ix2>().unwrap(), array![[2.0, 3.0], [5.0, 6.0]]);
    }

    #[test]
    fn owned_arrays_come_in_without_a_copy() {
        let mut owned =
            ndarray::Array::from_shape_fn((3, 4), |(i, j)| i * 10 + j).mapv(|n| n as u64);
        owned.invert_axis(Axis(1));
        let place = owned.as_ptr().cast::<u8>();
        let want = owned.clone();
        let taken = Array::from(owned);
        assert_eq!(taken.strides(), [32, -8]);
        assert_eq!(taken.buffer()[taken.offset()..].as_ptr(), place);
        assert_eq!(taken.view::<u64, Ix2>().unwrap(), want);
        let sliced = want.slice_axis(Axis(0), Slice::from(1..));
        let sliced = Array::from(sliced.slice_axis(Axis(1), Slice::new(0, None, 2)));
        assert_eq!(sliced.to_vec::<u64>().unwrap(), [13, 11, 23, 21]);
        assert_eq!(Array::from(ndarray::arr0(7_u8)).to_vec::<u8>().unwrap(), [7]);
    }
}
