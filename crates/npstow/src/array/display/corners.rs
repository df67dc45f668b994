//! The part of a large array that a preview shows, without the rest.
#![forbid(unsafe_code)]

use super::{PreviewOptions, Shown, TOO_MUCH, shown};
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
    options: PreviewOptions,
}

impl Corners {
    pub(crate) fn new(shape: Vec<usize>, array: Array, options: PreviewOptions) -> Self {
        Self { shape, array, options }
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
        let Some(axes) = shown(&self.shape, &self.options) else { return f.write_str(TOO_MUCH) };
        // What is left out of the middle is not there: the last ones follow the first.
        let here = |(lead, trail): &Shown| (*lead, *lead..*lead + trail.len());
        let axes: Vec<Shown> = axes.iter().map(here).collect();
        f.write_str(&self.array.print(Some(&axes), &self.options))
    }
}
