//! `rivals LIBRARY WORKLOAD [OPTION…] FILE…`: one workload, once, with one library.
//!
//! A process measures one thing and ends, so that no library runs on the memory that another has
//! warmed. It prints one line of JSON: the milliseconds, the memory before and at the peak, and a
//! sum over a few elements by which the harness sees that everyone got the same data.
#![deny(unsafe_code)]

mod deflate;
mod hdf5_crates;
mod measure;
mod ndarray_npy;
mod npyz;
mod pattern;
#[allow(dead_code)] // No other library reads arrays of pickles.
mod records;
mod safetensors;
mod serde_pickle;
mod source;
mod words;

use measure::Result;
use std::process::ExitCode;

fn main() -> ExitCode {
    words::run(run)
}

fn run(words: &[&str]) -> Result {
    match words {
        ["ndarray-npy", words @ ..] => ndarray_npy::run(words),
        ["npyz", words @ ..] => npyz::run(words),
        ["safetensors", words @ ..] => safetensors::run(words),
        ["hdf5-reader" | "hdf5-pure", ..] => hdf5_crates::run(words),
        ["serde-pickle", words @ ..] => serde_pickle::run(words),
        ["deflate", words @ ..] => deflate::run(words),
        _ => Err(words::USAGE.into()),
    }
}
