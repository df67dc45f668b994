//! `own WORKLOAD [OPTION…] FILE…`: one workload, once, with npstow. A program of its own, as the
//! ones in C++ are: the code of other libraries would lie between what is run of it.
#![deny(unsafe_code)]

mod hdf5;
#[allow(dead_code)] // The other program measures what it made, too.
mod measure;
mod npstow;
mod pattern;
mod pickled;
mod records;
mod source;
mod words;

use measure::Result;
use std::process::ExitCode;

fn main() -> ExitCode {
    words::run(run)
}

fn run(words: &[&str]) -> Result {
    match words {
        ["p12" | "p13", ..] => pickled::run(words),
        ["p15" | "p16", ..] => hdf5::run(words),
        _ => npstow::run(words),
    }
}
