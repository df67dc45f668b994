//! Records: named fields at offsets, with padding, titles and subarrays.
#![forbid(unsafe_code)]

use super::Dtype;

/// A structured dtype: fields at explicit offsets, so that padding is merely absence.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Record {
    pub(super) fields: Box<[Field]>,
    pub(super) size: usize,
    pub(super) aligned: bool,
}

/// One field of a [`Record`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Field {
    pub(super) name: Box<str>,
    pub(super) title: Option<Box<str>>,
    pub(super) offset: usize,
    pub(super) dtype: Dtype,
}
