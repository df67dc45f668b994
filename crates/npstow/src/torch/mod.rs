//! PyTorch's checkpoints: trees of arrays, read without PyTorch and without running anything.
//!
//! `torch.save` writes a zip archive: a pickle (`data.pkl`) in which tensors are calls that name
//! storages, and each storage as a member (`data/0`). Before PyTorch 1.6 it wrote five pickles, one
//! after another, and the storages behind them. Both are read; tensors are arrays where their
//! storages lie in the file.
//!
//! | in the file | npstow |
//! |---|---|
//! | tensors, parameters, storages | arrays; views of one storage share its bytes |
//! | `bfloat16`, `float8_…` | `V2`, `V1`, as NumPy saves them; see [`MlType`](crate::MlType) |
//! | strides | rows and columns in place, all others gathered when the file is opened |
//! | state dictionaries | dictionaries; `_metadata` (versions of modules) is left out |
//! | quantized, sparse and meta tensors, tensors with a conjugate bit | objects: what they were made of |
//! | everything else | as in [`pickle`](crate::pickle) |
//! | the tar archives of PyTorch before 0.2 | refused by name |
#![forbid(unsafe_code)]

mod dtype;
mod legacy;
mod rebuild;
mod zip;

use crate::pickle::Pickle;
use crate::{Limits, Result, Source};
use std::sync::Arc;

/// Whether a file that begins with these bytes is a checkpoint.
pub(crate) fn sniff(start: &[u8]) -> bool {
    legacy::sniff(start) || zip::sniff(start)
}

/// A checkpoint as a container: the tensors by their paths in the pickle.
pub(crate) fn open(source: Arc<dyn Source>, start: &[u8], limits: &Limits) -> Result<Pickle> {
    match legacy::sniff(start) {
        true => legacy::open(&source, limits),
        false => zip::open(source, start, limits),
    }
}

#[cfg(test)]
mod tests;
