//! What is to be written, whoever writes it.
#![forbid(unsafe_code)]

use crate::measure::Result;
use npstow::{Array, BufferMut, MemoryOrder, npy};

/// The array of a file, in memory of huge pages.
pub(crate) fn source(file: &str) -> Result<Array> {
    let entry = npy::open(file)?;
    let mut memory = BufferMut::zeroed(entry.nbytes())?;
    entry.read_into(memory.bytes_mut())?;
    let array = Array::new("<f4".parse()?, entry.shape(), MemoryOrder::C, memory.freeze())?;
    Ok(array)
}
