//! The part of a large array that a preview shows, without the rest.
#![forbid(unsafe_code)]

use super::{PreviewOptions, Shown, TOO_MUCH};
use crate::{Array, Dtype, Error, Result};
use std::fmt;

/// What a preview shows of an array: all of a small one, of a large one the corners.
///
/// [`Entry::corners`](crate::Entry::corners) reads it and nothing else; it prints as the whole
/// array would.
#[derive(Clone, Debug)]
pub struct Corners {
    /// Of the whole.
    shape: Vec<usize>,
    /// What is shown of it, side by side; nothing where that would be too much.
    array: Array,
    /// Which of its elements that are, by axes.
    axes: Option<Vec<Shown>>,
    options: PreviewOptions,
}

impl Corners {
    pub(crate) fn new(
        shape: Vec<usize>,
        array: Array,
        axes: Option<Vec<Shown>>,
        options: PreviewOptions,
    ) -> Self {
        Self { shape, array, axes, options }
    }

    /// What the elements are.
    #[must_use]
    pub fn dtype(&self) -> &Dtype {
        self.array.dtype()
    }

    /// The shape of the whole array.
    #[must_use]
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The same corners with other elements, to be shown as another type.
    ///
    /// # Errors
    /// Those of `change`; `Mismatch` where it gives another shape.
    pub fn map(self, change: impl FnOnce(&Array) -> Result<Array>) -> Result<Self> {
        let array = change(&self.array)?;
        if array.shape() != self.array.shape() {
            let expected = format!("shape {:?}", self.array.shape());
            return Err(Error::mismatch(expected, format_args!("shape {:?}", array.shape())));
        }
        Ok(Self { array, ..self })
    }
}

/// As [`Array::preview`] of the whole array.
impl fmt::Display for Corners {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.axes {
            Some(axes) => f.write_str(&self.array.print(Some(axes), &self.options)),
            None => f.write_str(TOO_MUCH),
        }
    }
}
