//! safetensors, as its documentation says to use it: names, shapes and bytes, no checksums.
#![forbid(unsafe_code)]

use crate::measure::{Failure, Result, once};
use crate::pattern;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors, serialize_to_file};
use std::collections::HashMap;
use std::fs;
use std::path::Path;

/// The workloads, by their words.
pub(crate) fn run(words: &[&str]) -> Result {
    match *words {
        ["p5", "view", file] => view(file),
        ["p5", "load", file] => load(file),
        ["p6", name, file] => read_one(name, file),
        ["p7", "save", new] => save(new),
        _ => Err(crate::words::USAGE.into()),
    }
}

/// The file in memory, and what it says of each array: all that the library does.
fn view(file: &str) -> Result {
    let mut bytes = Vec::new();
    let place = &mut bytes;
    let work = move || {
        let bytes = place;
        *bytes = fs::read(file)?;
        Ok::<_, Failure>(SafeTensors::deserialize(bytes)?)
    };
    let (outcome, tensors) = once(work)?;
    let get = |name: &str, place| pattern::at(&floats(tensors.tensor(name).ok()?.data()), place);
    Ok(outcome.check(pattern::sample_many(tensors.len(), get)?))
}

/// Arrays of floats by their names: what a program can compute with and pass on.
fn load(file: &str) -> Result {
    let work = || {
        let bytes = fs::read(file)?;
        let tensors = SafeTensors::deserialize(&bytes)?;
        let tensors = tensors.iter().map(|(name, view)| (name.to_owned(), floats(view.data())));
        Ok::<_, Failure>(tensors.collect::<HashMap<String, Vec<f32>>>())
    };
    let (outcome, arrays) = once(work)?;
    let get = |name: &str, place| pattern::at(arrays.get(name)?, place);
    Ok(outcome.check(pattern::sample_many(arrays.len(), get)?))
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    let (values, _) = bytes.as_chunks();
    values.iter().map(|value| f32::from_le_bytes(*value)).collect()
}

fn read_one(name: &str, file: &str) -> Result {
    let work = || {
        let bytes = fs::read(file)?;
        let tensors = SafeTensors::deserialize(&bytes)?;
        Ok::<_, Failure>(floats(tensors.tensor(name)?.data()))
    };
    let (outcome, values) = once(work)?;
    Ok(outcome.check(pattern::sample(&values)))
}

fn save(new: &str) -> Result {
    let arrays: Vec<(String, Vec<u8>)> = pattern::many()
        .map(|(name, values)| (name, values.iter().flat_map(|value| value.to_le_bytes()).collect()))
        .collect();
    let mut views = Vec::new();
    for (name, bytes) in &arrays {
        views.push((name, TensorView::new(Dtype::F32, pattern::SHAPE.to_vec(), bytes)?));
    }
    Ok(once(|| serialize_to_file(views, None, Path::new(new)))?.0)
}
