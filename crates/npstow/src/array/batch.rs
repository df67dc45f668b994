//! Rows that are added to an array: what they must look like.
#![forbid(unsafe_code)]

use super::layout::nbytes;
use crate::{Array, Dtype, Element, Error, Order, Result};

/// What rows must look like.
#[derive(Clone, Debug)]
pub(crate) struct Batch {
    dtype: Dtype,
    row_shape: Vec<usize>,
    /// How many elements a row has.
    row_count: usize,
}

impl Batch {
    pub(crate) fn new(dtype: Dtype, row_shape: &[usize]) -> Result<Self> {
        nbytes(row_shape, dtype.itemsize())?;
        let row_count = row_shape.iter().product();
        Ok(Self { dtype, row_shape: row_shape.to_vec(), row_count })
    }

    /// How many bytes so many rows take.
    pub(crate) fn nbytes_of(&self, rows: usize) -> Result<usize> {
        nbytes(&[rows, self.row_count], self.dtype.itemsize())
    }

    /// The rows of `array` in the file's byte order, and how many there are.
    pub(crate) fn accept(&self, array: &Array) -> Result<(usize, Array)> {
        let rows = match array.shape() {
            shape if shape == self.row_shape => 1,
            [rows, rest @ ..] if *rest == self.row_shape => *rows,
            other => {
                let expected = format!("rows of shape {:?}", self.row_shape);
                return Err(Error::mismatch(expected, format_args!("shape {other:?}")));
            }
        };
        if *array.dtype() == self.dtype {
            return Ok((rows, array.clone()));
        }
        for order in [Order::Little, Order::Big] {
            if array.dtype().to_order(order) == self.dtype {
                return Ok((rows, array.to_order(order)?));
            }
        }
        let expected = format!("dtype {}", self.dtype);
        Err(Error::mismatch(expected, format_args!("dtype {}", array.dtype())))
    }

    /// The bytes of elements that make whole rows, and how many rows.
    pub(crate) fn accept_slice<'a, T: Element>(
        &self,
        elements: &'a [T],
    ) -> Result<(usize, &'a [u8])> {
        if !T::matches(&self.dtype) {
            let expected = format!("dtype {}", self.dtype);
            return Err(Error::mismatch(expected, format_args!("dtype {}", T::dtype())));
        }
        let row = self.row_count;
        // Rows of no elements cannot be counted so: none are given.
        let rows = elements.len().checked_div(row).unwrap_or(0);
        if rows * row != elements.len() {
            let expected = format!("whole rows of {row} elements");
            return Err(Error::mismatch(expected, format_args!("{} elements", elements.len())));
        }
        Ok((rows, T::bytes_of(elements)))
    }
}
