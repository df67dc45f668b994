//! npyz, as its documentation says to use it.
#![forbid(unsafe_code)]

use crate::measure::{Outcome, once};
use crate::{npstow, pattern};
use npyz::{NpyFile, WriterBuilder};
use std::error::Error;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write};

type Result = std::result::Result<Outcome, Box<dyn Error>>;

pub(crate) fn read(file: &str) -> Result {
    let work = || NpyFile::new(BufReader::new(File::open(file)?))?.into_vec::<f32>();
    let (outcome, values) = once(work)?;
    Ok(outcome.check(pattern::sample(&values)))
}

pub(crate) fn write(file: &str, new: &str) -> Result {
    let source = npstow::source(file)?;
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
