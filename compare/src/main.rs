//! `rivals WORKLOAD LIBRARY [OPTION…] FILE…`: one workload, once, with one library.
//!
//! A process measures one thing and ends, so that no library runs on the memory that another has
//! warmed. It prints one line of JSON: the milliseconds, the memory before and at the peak, and a
//! sum over a few elements by which the harness sees that everyone got the same data.
#![deny(unsafe_code)]

mod measure;
mod ndarray_npy;
mod npstow;
mod npyz;
mod pattern;

use measure::Outcome;
use std::process::ExitCode;

const USAGE: &str = "\
rivals p1 npstow|ndarray-npy|npyz FILE                       read it into new memory
rivals p2 npstow|ndarray-npy first|again FILE                open a view of it
rivals p3 npstow none|default FILE NEW                       write the array of FILE to NEW
rivals p3 ndarray-npy|npyz FILE NEW
rivals p11 npstow|ndarray-npy FILE                           1000 rows of it";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match run(&words) {
        Ok(outcome) => {
            println!("{outcome}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("rivals: {why}");
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[&str]) -> Result<Outcome, Box<dyn std::error::Error>> {
    match *words {
        ["p1", "npstow", file] => npstow::read(file),
        ["p1", "ndarray-npy", file] => ndarray_npy::read(file),
        ["p1", "npyz", file] => npyz::read(file),
        ["p2", "npstow", times, file] => npstow::view(file, measure::times(times)?),
        ["p2", "ndarray-npy", times, file] => ndarray_npy::view(file, measure::times(times)?),
        ["p3", "npstow", durability, file, new] => npstow::write(file, new, durability),
        ["p3", "ndarray-npy", file, new] => ndarray_npy::write(file, new),
        ["p3", "npyz", file, new] => npyz::write(file, new),
        ["p11", "npstow", file] => npstow::rows(file),
        ["p11", "ndarray-npy", file] => ndarray_npy::rows(file),
        _ => Err(USAGE.into()),
    }
}
