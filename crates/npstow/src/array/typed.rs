//! Arrays as slices of Rust values, and back.
#![forbid(unsafe_code)]

use super::element::private::CastError;
use super::{Array, Element, MemoryOrder, Shape, count, named, peeled};
use crate::{Buffer, BufferMut, Dtype, Error, Order, Result};
use std::slice;
use std::vec;

/// A vector as an owner of bytes.
struct Owner<T>(Vec<T>);

impl<T: Element> AsRef<[u8]> for Owner<T> {
    fn as_ref(&self) -> &[u8] {
        T::bytes_of(&self.0)
    }
}

impl Array {
    /// An array of one axis that takes over the vector's memory; no copy. Elements that are
    /// subarrays add axes: `Vec<[f32; 4]>` gives `(n, 4)`.
    ///
    /// ```
    /// let a = npstow::Array::from_vec(vec![[1i64, 2], [3, 4], [5, 6]]);
    /// assert_eq!(a.shape(), [3, 2]);
    /// ```
    #[must_use]
    pub fn from_vec<T: Element>(values: Vec<T>) -> Self {
        let (dtype, sub) = peeled(T::dtype());
        let shape = [&[values.len()], &*sub].concat();
        Self::over(dtype, shape, Buffer::from_owner(Owner(values)))
    }

    /// An array of one axis, with a copy of the values.
    #[must_use]
    pub fn from_slice<T: Element>(values: &[T]) -> Self {
        let (dtype, sub) = peeled(T::dtype());
        let shape = [&[values.len()], &*sub].concat();
        Self::over(dtype, shape, Buffer::copy_of(T::bytes_of(values)))
    }

    /// An array of a shape that takes over the vector's memory, in C order; no copy.
    ///
    /// # Errors
    /// `Mismatch` where the shape does not have as many elements as the vector.
    pub fn from_vec_shape<T: Element>(values: Vec<T>, shape: &[usize]) -> Result<Self> {
        if count(shape, size_of::<T>())? != values.len() {
            let found = values.len();
            return Err(Error::mismatch(
                format_args!("elements for shape {}", Shape(shape)),
                format_args!("{found}"),
            ));
        }
        Self::new(T::dtype(), shape, MemoryOrder::C, Buffer::from_owner(Owner(values)))
    }

    /// What lies in Rust memory back to back has neither too many bytes nor another length.
    fn over(dtype: Dtype, shape: Vec<usize>, data: Buffer) -> Self {
        let strides = super::strides(&shape, dtype.itemsize(), MemoryOrder::C);
        Self { dtype, shape, strides, offset: 0, data }
    }

    /// The elements as a slice of Rust values, in C order; no copy.
    ///
    /// ```
    /// use npstow::Array;
    /// let a = Array::from_vec(vec![1u16, 2, 3, 4]).reshape(&[2, 2])?;
    /// assert_eq!(a.as_slice::<u16>()?, [1, 2, 3, 4]);
    /// assert_eq!(a.as_slice::<[u16; 2]>()?, [[1, 2], [3, 4]]);
    /// let why = a.as_slice::<i16>().unwrap_err().to_string();
    /// assert_eq!(why, "expected elements of dtype <i2, found <u2");
    /// # Ok::<(), npstow::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Mismatch`, and which of these it is: another dtype, another byte order (see
    /// [`Array::to_native`]), not C-contiguous (see [`Array::to_contiguous`]), not aligned, a bool
    /// or code point that is none.
    pub fn as_slice<T: Element>(&self) -> Result<&[T]> {
        self.expect_dtype::<T>()?;
        self.expect_c_contiguous()?;
        self.cast()
    }

    /// Rows of the first axis as Rust values: `(n, 4, 4)` of `f4` as a slice of structs of
    /// sixteen `f32`; or an array of such records, as [`Array::as_slice`]. No copy.
    ///
    /// ```
    /// use npstow::Array;
    /// let a = Array::from_vec(vec![0f32; 32]).reshape(&[2, 4, 4])?;
    /// assert_eq!(a.as_rows::<[f32; 16]>()?.len(), 2);
    /// # Ok::<(), npstow::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Array::as_slice`], and where a row has another number of elements than `T`.
    pub fn as_rows<T: Element>(&self) -> Result<&[T]> {
        if self.expect_dtype::<T>().is_ok() {
            return self.as_slice();
        }
        let wanted = T::dtype();
        let Some((leaf, leaves)) = uniform(&wanted) else { return self.as_slice() };
        if leaf != self.dtype {
            return Err(differs(&leaf, &self.dtype));
        }
        let row =
            self.shape.get(1..).ok_or_else(|| Error::mismatch("at least one axis", "none"))?;
        if row.iter().product::<usize>() != leaves {
            return Err(Error::mismatch(
                format_args!("rows of {leaves} elements"),
                format_args!("shape {}", Shape(&self.shape)),
            ));
        }
        self.expect_c_contiguous()?;
        self.cast()
    }

    /// The elements as Rust values in C order, whatever the array's layout and byte order.
    ///
    /// # Errors
    /// `Mismatch` where the dtype is another or a value is none of the type; `Io` where there is
    /// no memory.
    pub fn to_vec<T: Element>(&self) -> Result<Vec<T>> {
        let array = self.to_native()?.to_contiguous(MemoryOrder::C)?;
        array.expect_dtype::<T>()?;
        if let Ok(values) = array.cast::<T>() {
            return Ok(values.to_vec());
        }
        let bytes = array.bytes().unwrap_or_default();
        let mut aligned = BufferMut::zeroed(bytes.len())?;
        aligned.bytes_mut().copy_from_slice(bytes);
        let data = aligned.freeze();
        Self { data, offset: 0, ..array }.cast::<T>().map(<[T]>::to_vec)
    }

    /// The elements one by one in C order. Where [`Array::as_slice`] would do, nothing is copied;
    /// otherwise they are brought into order first.
    ///
    /// # Errors
    /// As [`Array::to_vec`].
    pub fn iter<T: Element>(&self) -> Result<Iter<'_, T>> {
        Ok(Iter(match self.as_slice::<T>() {
            Ok(values) => Values::Here(values.iter()),
            Err(_) => Values::Copied(self.to_vec::<T>()?.into_iter()),
        }))
    }

    /// That elements, with as many trailing axes as `T` has, are values of `T`.
    pub(super) fn expect_dtype<T: Element>(&self) -> Result<()> {
        let wanted = T::dtype();
        let axes = match &wanted {
            Dtype::Array(_, shape) => shape.len(),
            _ => 0,
        };
        let item = |dtype: Dtype| match self.ndim().checked_sub(axes) {
            _ if axes == 0 => Some(dtype),
            Some(at) => Some(Dtype::Array(dtype.into(), self.shape[at..].into())),
            None => None,
        };
        if item(self.dtype.clone()).is_some_and(|item| T::matches(&item)) {
            return Ok(());
        }
        if item(self.dtype.to_order(Order::NATIVE)).is_some_and(|item| T::matches(&item)) {
            return Err(Error::mismatch(
                "elements in this machine's byte order (see to_native)",
                named(&self.dtype),
            ));
        }
        if axes > 0 && peeled(wanted.clone()).0 == self.dtype {
            let shape = Shape(&self.shape);
            return Err(Error::mismatch(
                format_args!("elements {} in the last axes", named(&wanted)),
                format_args!("shape {shape}"),
            ));
        }
        Err(differs(&wanted, &self.dtype))
    }

    /// The bytes as values; that dtype and layout are right was checked.
    fn cast<T: Element>(&self) -> Result<&[T]> {
        let bytes = self.bytes().unwrap_or_default();
        T::slice_of(bytes).map_err(|e| match e {
            CastError::Misaligned => Error::mismatch(
                format_args!("memory aligned to {} bytes", align_of::<T>()),
                format_args!("{} bytes beyond", bytes.as_ptr().addr() % align_of::<T>()),
            ),
            CastError::Length => Error::mismatch(
                format_args!("whole elements of {} bytes", size_of::<T>()),
                format_args!("{} bytes", bytes.len()),
            ),
            CastError::Invalid => {
                let mut items = bytes.chunks_exact(size_of::<T>());
                let at = items.position(|item| T::read(item).is_none()).unwrap_or_default();
                let item = bytes.chunks_exact(size_of::<T>()).nth(at).unwrap_or_default();
                let shown = &item[..item.len().min(16)];
                Error::mismatch(
                    format_args!("a valid value of dtype {}", named(&T::dtype())),
                    format_args!("the bytes {shown:02x?} in element {at}"),
                )
            }
        })
    }
}

fn differs(wanted: &Dtype, found: &Dtype) -> Error {
    Error::mismatch(format_args!("elements of dtype {}", named(wanted)), named(found))
}

/// The one scalar that a dtype consists of, back to back and without padding, and how often.
fn uniform(dtype: &Dtype) -> Option<(Dtype, usize)> {
    match dtype {
        Dtype::Scalar(_) => Some((dtype.clone(), 1)),
        Dtype::Array(base, shape) => {
            let (leaf, leaves) = uniform(base)?;
            Some((leaf, shape.iter().try_fold(leaves, |n, length| n.checked_mul(*length))?))
        }
        Dtype::Record(record) => {
            let mut found: Option<(Dtype, usize)> = None;
            for field in record.fields() {
                let (leaf, leaves) = uniform(field.dtype())?;
                found = match found {
                    None => Some((leaf, leaves)),
                    Some((same, sum)) if same == leaf => Some((same, sum.checked_add(leaves)?)),
                    Some(_) => return None,
                };
            }
            found.filter(|(leaf, leaves)| {
                !record.has_overlap()
                    && leaf.itemsize().checked_mul(*leaves) == Some(record.itemsize())
            })
        }
    }
}

/// The elements of an [`Array`] as Rust values; see [`Array::iter`].
#[derive(Clone, Debug)]
pub struct Iter<'a, T>(Values<'a, T>);

#[derive(Clone, Debug)]
enum Values<'a, T> {
    Here(slice::Iter<'a, T>),
    Copied(vec::IntoIter<T>),
}

impl<T: Copy> Iterator for Iter<'_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        match &mut self.0 {
            Values::Here(values) => values.next().copied(),
            Values::Copied(values) => values.next(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match &self.0 {
            Values::Here(values) => values.size_hint(),
            Values::Copied(values) => values.size_hint(),
        }
    }
}

impl<T: Copy> ExactSizeIterator for Iter<'_, T> {}
