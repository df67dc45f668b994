//! Elements that come from several places, and can only be had all at once.
#![forbid(unsafe_code)]

use crate::{Limits, Result};
use std::fmt;

/// An array that is put together from others: a virtual dataset.
pub trait Composed: fmt::Debug + Send + Sync {
    /// What it is, for listings.
    fn what(&self) -> String;

    /// What it should be made of and is not there, and what stands in its place.
    fn left_out(&self) -> &[String] {
        &[]
    }

    /// Says whether there is enough of it.
    ///
    /// # Errors
    /// As [`Entry::check`](crate::Entry::check).
    fn check(&self, nbytes: usize, limits: &Limits) -> Result<()>;

    /// Writes all elements, in C order and the byte order of the entry's dtype, into exactly `dst`.
    ///
    /// # Errors
    /// As [`Entry::read`](crate::Entry::read).
    fn fill(&self, dst: &mut [u8]) -> Result<()>;
}
