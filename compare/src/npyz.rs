//! npyz, as its documentation says to use it.
#![forbid(unsafe_code)]

use crate::measure::{Result, once};
use crate::{pattern, source::source};
use npyz::npz::{NpzArchive, NpzWriter};
use npyz::{NpyFile, WriterBuilder};
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write};
use zip::CompressionMethod;
use zip::write::FileOptions;

/// The workloads, by their words.
pub(crate) fn run(words: &[&str]) -> Result {
    match *words {
        ["p1", file] => read(file),
        ["p3", file, new] => write(file, new),
        ["p4", "save", file, new] => save_one(file, new),
        ["p5", "load", file] => load(file),
        ["p7", "save", new] => save(new),
        ["p4" | "p6" | "p10", name, file] => read_one(name, file),
        _ => Err(crate::words::USAGE.into()),
    }
}

fn read(file: &str) -> Result {
    let work = || NpyFile::new(BufReader::new(File::open(file)?))?.into_vec::<f32>();
    let (outcome, values) = once(work)?;
    Ok(outcome.check(pattern::sample(&values)))
}

fn write(file: &str, new: &str) -> Result {
    let source = source(file)?;
    let shape = [source.shape()[0] as u64, source.shape()[1] as u64];
    let values = source.as_slice::<f32>()?;
    let work = || {
        let mut file = BufWriter::new(File::create(new)?);
        let options = npyz::WriteOptions::new().default_dtype().shape(&shape);
        let mut writer = options.writer(&mut file).begin_nd()?;
        writer.extend(values.iter().copied())?;
        writer.finish()?;
        file.flush()
    };
    Ok(once::<_, io::Error>(work)?.0)
}

fn read_one(name: &str, file: &str) -> Result {
    let work = || {
        let mut archive = NpzArchive::open(file)?;
        let array = archive.by_name(name)?.ok_or_else(|| missing(name))?;
        array.into_vec::<f32>()
    };
    let (outcome, values) = once(work)?;
    Ok(outcome.check(pattern::sample(&values)))
}

fn missing(name: &str) -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, format!("no array '{name}'"))
}

fn load(file: &str) -> Result {
    let work = || {
        let mut archive = NpzArchive::open(file)?;
        let names: Vec<String> = archive.array_names().map(str::to_owned).collect();
        let mut arrays = HashMap::new();
        for name in names {
            let array = archive.by_name(&name)?.ok_or_else(|| missing(&name))?;
            let values = array.into_vec::<f32>()?;
            arrays.insert(name, values);
        }
        Ok::<_, io::Error>(arrays)
    };
    let (outcome, arrays) = once(work)?;
    let get = |name: &str, place| pattern::at(arrays.get(name)?, place);
    Ok(outcome.check(pattern::sample_many(arrays.len(), get)?))
}

fn stored() -> FileOptions {
    FileOptions::default().compression_method(CompressionMethod::Stored).large_file(true)
}

fn save_one(file: &str, new: &str) -> Result {
    let source = source(file)?;
    let shape = [source.shape()[0] as u64, source.shape()[1] as u64];
    let values = source.as_slice::<f32>()?;
    let work = || {
        let mut archive = NpzWriter::create(new)?;
        add(&mut archive, "array", values, &shape)?;
        archive.zip_writer().finish()?.flush()
    };
    Ok(once::<_, io::Error>(work)?.0)
}

fn save(new: &str) -> Result {
    let arrays: Vec<_> = pattern::many().collect();
    let shape = pattern::SHAPE.map(|len| len as u64);
    let work = || {
        let mut archive = NpzWriter::create(new)?;
        for (name, values) in &arrays {
            add(&mut archive, name, values, &shape)?;
        }
        archive.zip_writer().finish()?.flush()
    };
    Ok(once::<_, io::Error>(work)?.0)
}

fn add(
    archive: &mut NpzWriter<BufWriter<File>>,
    name: &str,
    values: &[f32],
    shape: &[u64],
) -> io::Result<()> {
    let builder = archive.array(name, stored())?;
    let mut writer = builder.default_dtype().shape(shape).begin_nd()?;
    writer.extend(values.iter().copied())?;
    writer.finish()
}
