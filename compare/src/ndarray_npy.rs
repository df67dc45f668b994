//! ndarray-npy, as its documentation says to use it.

use crate::measure::{self, Failure, Result, Times, once, repeated};
use crate::{pattern, source::source};
use memmap2::Mmap;
use ndarray::{Array2, ArrayView2, Axis};
use ndarray_npy::{NpzReader, NpzWriter, ViewNpyExt};
use std::collections::HashMap;
use std::fs::File;
use std::io;

/// The workloads, by their words.
pub(crate) fn run(words: &[&str]) -> Result {
    match *words {
        ["p1", file] => read(file),
        ["p2", times, file] => view(file, measure::times(times)?),
        ["p3", file, new] => write(file, new),
        ["p4", "save", file, new] => save_one(file, new, NpzWriter::new),
        ["p9", "save", file, new] => save_one(file, new, NpzWriter::new_compressed),
        ["p5", "load", file] => load(file),
        ["p7", "save", new] => save(new),
        ["p4" | "p6" | "p10", name, file] => read_one(name, file),
        ["p11", file] => rows(file),
        _ => Err(crate::words::USAGE.into()),
    }
}

fn read(file: &str) -> Result {
    let (outcome, array) = once(|| ndarray_npy::read_npy::<_, Array2<f32>>(file))?;
    Ok(outcome.check(pattern::sample(array.as_slice().ok_or("no C order")?)))
}

/// A map, and the header parsed into a view of it.
fn view(file: &str, times: Times) -> Result {
    let work = || {
        let map = map(file)?;
        ArrayView2::<f32>::view_npy(&map)?;
        Ok::<_, Failure>(map)
    };
    let (outcome, map) = repeated(times, work)?;
    let array = ArrayView2::<f32>::view_npy(&map)?;
    Ok(outcome.check(pattern::sample(array.as_slice().ok_or("no C order")?)))
}

fn write(file: &str, new: &str) -> Result {
    let source = source(file)?;
    let shape = (source.shape()[0], source.shape()[1]);
    let array = ArrayView2::from_shape(shape, source.as_slice::<f32>()?)?;
    Ok(once(|| ndarray_npy::write_npy(new, &array))?.0)
}

fn rows(file: &str) -> Result {
    let len = ArrayView2::<f32>::view_npy(&map(file)?)?.nrows();
    let rows = pattern::rows(len);
    let work = || {
        let map = map(file)?;
        let array = ArrayView2::<f32>::view_npy(&map)?;
        Ok::<_, Failure>(array.select(Axis(0), &rows))
    };
    let (outcome, array) = once(work)?;
    Ok(outcome.check(pattern::sample_rows(array.as_slice().ok_or("no C order")?)))
}

fn map(file: &str) -> io::Result<Mmap> {
    let file = File::open(file)?;
    // SAFETY: the harness made the file and nobody changes it while this process runs.
    #[allow(unsafe_code)]
    unsafe {
        Mmap::map(&file)
    }
}

fn read_one(name: &str, file: &str) -> Result {
    let work = || {
        let array: Array2<f32> = NpzReader::new(File::open(file)?)?.by_name(name)?;
        Ok::<_, Failure>(array)
    };
    let (outcome, array) = once(work)?;
    Ok(outcome.check(pattern::sample(array.as_slice().ok_or("no C order")?)))
}

fn load(file: &str) -> Result {
    let work = || {
        let mut archive = NpzReader::new(File::open(file)?)?;
        let mut arrays = HashMap::new();
        for name in archive.names()? {
            let array: Array2<f32> = archive.by_name(&name)?;
            arrays.insert(name, array);
        }
        Ok::<_, Failure>(arrays)
    };
    let (outcome, arrays) = once(work)?;
    let get = |name: &str, place| pattern::at(arrays.get(name)?.as_slice()?, place);
    Ok(outcome.check(pattern::sample_many(arrays.len(), get)?))
}

fn save_one(file: &str, new: &str, writer: fn(File) -> NpzWriter<File>) -> Result {
    let source = source(file)?;
    let shape = (source.shape()[0], source.shape()[1]);
    let array = ArrayView2::from_shape(shape, source.as_slice::<f32>()?)?;
    let work = || {
        let mut archive = writer(File::create(new)?);
        archive.add_array("array", &array)?;
        archive.finish()?;
        Ok::<_, Failure>(())
    };
    Ok(once(work)?.0)
}

fn save(new: &str) -> Result {
    let mut arrays = Vec::new();
    for (name, values) in pattern::many() {
        arrays.push((name, Array2::from_shape_vec(pattern::SHAPE, values)?));
    }
    let work = || {
        let mut archive = NpzWriter::new(File::create(new)?);
        for (name, array) in &arrays {
            archive.add_array(name.as_str(), array)?;
        }
        archive.finish()?;
        Ok::<_, Failure>(())
    };
    Ok(once(work)?.0)
}
