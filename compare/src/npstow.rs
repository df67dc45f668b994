//! npstow, as its documentation says to use it.
#![forbid(unsafe_code)]

use crate::measure::{Outcome, Times, once, repeated};
use crate::pattern;
use npstow::{Array, BufferMut, Durability, MemoryOrder, Selection, npy};
use std::error::Error;

type Result = std::result::Result<Outcome, Box<dyn Error>>;

pub(crate) fn read(file: &str) -> Result {
    let (outcome, array) = once(|| npy::read(file))?;
    Ok(outcome.check(pattern::sample(array.as_slice()?)))
}

pub(crate) fn view(file: &str, times: Times) -> Result {
    let (outcome, array) = repeated(times, || npy::view(file))?;
    Ok(outcome.check(pattern::sample(array.as_slice()?)))
}

pub(crate) fn write(file: &str, new: &str, durability: &str) -> Result {
    let options = match durability {
        "none" => npy::WriteOptions::default().durability(Durability::None),
        _ => npy::WriteOptions::default(),
    };
    let array = source(file)?;
    Ok(once(|| npy::write_with(new, &array, &options))?.0)
}

pub(crate) fn rows(file: &str) -> Result {
    let rows = wanted(file)?;
    let work = || npy::open(file)?.read_slice(&Selection::all().list(rows));
    let (outcome, array) = once(work)?;
    Ok(outcome.check(pattern::sample_rows(array.as_slice()?)))
}

fn wanted(file: &str) -> std::result::Result<Vec<i64>, Box<dyn Error>> {
    let len = npy::open(file)?.shape()[0];
    Ok(pattern::rows(len).into_iter().map(i64::try_from).collect::<std::result::Result<_, _>>()?)
}

/// The array that is to be written, in memory of huge pages, whoever writes it.
pub(crate) fn source(file: &str) -> std::result::Result<Array, Box<dyn Error>> {
    let entry = npy::open(file)?;
    let mut memory = BufferMut::zeroed(entry.nbytes())?;
    entry.read_into(memory.bytes_mut())?;
    let array = Array::new("<f4".parse()?, entry.shape(), MemoryOrder::C, memory.freeze())?;
    Ok(array)
}
