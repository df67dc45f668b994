//! npstow and HDF5.
#![forbid(unsafe_code)]

use crate::measure::{Result, once};
use crate::npstow::{load, many};
use crate::pattern;
use crate::source::source;
use npstow::hdf5::{Draft, Storage, WriteOptions};
use npstow::{Array, Tree};

/// The workloads, by their words.
pub(crate) fn run(words: &[&str]) -> Result {
    match *words {
        ["p15", "load", file] => load(file),
        ["p15", "save", form, new] => save(form, new),
        ["p16", "read", file] => read(file),
        ["p16", "save", form, file, new] => save_one(form, Storage::contiguous(), file, new),
        ["p16", "pack", form, file, new] => {
            // Chunks as the rival has them.
            let array = source(file)?;
            let rows = (1u64 << 20) / (4 * array.shape()[1] as u64);
            let lengths = [rows.min(array.shape()[0] as u64), array.shape()[1] as u64];
            let storage = Storage::chunked(&lengths).shuffle().deflate(4);
            write(&Tree::new().with("array", array)?, form, Some(storage), new)
        }
        _ => Err(crate::words::USAGE.into()),
    }
}

fn options(form: &str) -> WriteOptions {
    match form {
        "latest" => WriteOptions::default().latest(),
        _ => WriteOptions::default(),
    }
}

fn save(form: &str, new: &str) -> Result {
    let tree = many()?;
    let options = options(form);
    Ok(once(|| npstow::hdf5::write_with(new, &tree, &options))?.0)
}

fn read(file: &str) -> Result {
    let (outcome, array): (_, Array) = once(|| npstow::open(file)?.get("array")?.read())?;
    Ok(outcome.check(pattern::sample(array.as_slice()?)))
}

fn save_one(form: &str, storage: Storage, file: &str, new: &str) -> Result {
    write(&Tree::new().with("array", source(file)?)?, form, Some(storage), new)
}

fn write(tree: &Tree, form: &str, storage: Option<Storage>, new: &str) -> Result {
    let mut draft = Draft::new(tree.clone());
    if let Some(storage) = storage {
        draft = draft.storage("array", storage)?;
    }
    let options = options(form);
    Ok(once(|| draft.write(new, &options))?.0)
}
