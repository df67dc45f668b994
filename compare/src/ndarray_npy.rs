//! ndarray-npy, as its documentation says to use it.

use crate::measure::{Outcome, Times, once, repeated};
use crate::{npstow, pattern};
use memmap2::Mmap;
use ndarray::{Array2, ArrayView2, Axis};
use ndarray_npy::ViewNpyExt;
use std::error::Error;
use std::fs::File;
use std::io;

type Result = std::result::Result<Outcome, Box<dyn Error>>;

pub(crate) fn read(file: &str) -> Result {
    let (outcome, array) = once(|| ndarray_npy::read_npy::<_, Array2<f32>>(file))?;
    Ok(outcome.check(pattern::sample(array.as_slice().ok_or("no C order")?)))
}

/// A map, and the header parsed into a view of it.
pub(crate) fn view(file: &str, times: Times) -> Result {
    let work = || {
        let map = map(file)?;
        ArrayView2::<f32>::view_npy(&map)?;
        Ok::<_, Box<dyn Error>>(map)
    };
    let (outcome, map) = repeated(times, work)?;
    let array = ArrayView2::<f32>::view_npy(&map)?;
    Ok(outcome.check(pattern::sample(array.as_slice().ok_or("no C order")?)))
}

pub(crate) fn write(file: &str, new: &str) -> Result {
    let source = npstow::source(file)?;
    let shape = (source.shape()[0], source.shape()[1]);
    let array = ArrayView2::from_shape(shape, source.as_slice::<f32>()?)?;
    Ok(once(|| ndarray_npy::write_npy(new, &array))?.0)
}

pub(crate) fn rows(file: &str) -> Result {
    let len = ArrayView2::<f32>::view_npy(&map(file)?)?.nrows();
    let rows = pattern::rows(len);
    let work = || {
        let map = map(file)?;
        let array = ArrayView2::<f32>::view_npy(&map)?;
        Ok::<_, Box<dyn Error>>(array.select(Axis(0), &rows))
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
