//! hdf5-reader and hdf5-pure, which need no libhdf5. The crates that bind libhdf5 do their work with
//! the library that h5py uses.
#![forbid(unsafe_code)]

use crate::measure::{Failure, Result, once};
use crate::pattern;
use std::collections::HashMap;

/// Many arrays by name, as both crates give them: the shape is known to the dataset alone.
type Arrays = HashMap<String, Vec<f32>>;

/// The workloads, by their words.
pub(crate) fn run(words: &[&str]) -> Result {
    match *words {
        ["hdf5-reader", "p15", "load", file] => check_many(once(|| reader_many(file))?),
        ["hdf5-reader", "p16", "read", file] => {
            let (outcome, array) = once(|| {
                let file = hdf5_reader::Hdf5File::open(file)?;
                let array = file.dataset("array")?;
                Ok::<_, Failure>(array.read_array_parallel::<f32>()?)
            })?;
            let values = array.as_slice().ok_or("not in order")?;
            Ok(outcome.check(pattern::sample(values)))
        }
        ["hdf5-pure", "p15", "load", file] => check_many(once(|| pure_many(file))?),
        ["hdf5-pure", "p15", "save", new] => save(new),
        ["hdf5-pure", "p16", "read", file] => {
            let (outcome, values) = once(|| {
                let file = hdf5_pure::File::open(file)?;
                let array = file.dataset("array")?;
                Ok::<_, Failure>(array.read_f32()?)
            })?;
            Ok(outcome.check(pattern::sample(&values)))
        }
        _ => Err(crate::words::USAGE.into()),
    }
}

fn reader_many(file: &str) -> Result<Arrays> {
    let file = hdf5_reader::Hdf5File::open(file)?;
    let datasets = file.root_group().and_then(|root| root.datasets())?;
    let mut arrays = Arrays::new();
    for dataset in datasets {
        let array = dataset.read_array::<f32>()?;
        arrays.insert(dataset.name().to_owned(), array.into_raw_vec_and_offset().0);
    }
    Ok(arrays)
}

fn pure_many(file: &str) -> Result<Arrays> {
    let file = hdf5_pure::File::open(file)?;
    let names = file.root().datasets()?;
    let mut arrays = Arrays::new();
    for name in names {
        let values = file.dataset(&name).and_then(|dataset| dataset.read_f32());
        arrays.insert(name, values?);
    }
    Ok(arrays)
}

fn check_many((outcome, arrays): (crate::measure::Outcome, Arrays)) -> Result {
    let get = |name: &str, place| pattern::at(arrays.get(name)?, place);
    Ok(outcome.check(pattern::sample_many(arrays.len(), get)?))
}

fn save(new: &str) -> Result {
    let arrays: Vec<(String, Vec<f32>)> = pattern::many().collect();
    let shape = pattern::SHAPE.map(|length| length as u64);
    let work = || {
        let mut builder = hdf5_pure::FileBuilder::new();
        for (name, values) in &arrays {
            builder.create_dataset(name).with_f32_data(values).with_shape(&shape);
        }
        Ok::<_, Failure>(builder.write(new)?)
    };
    Ok(once(work)?.0)
}
