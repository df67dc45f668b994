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

use measure::Result;
use std::process::ExitCode;

const USAGE: &str = "\
rivals LIBRARY WORKLOAD [OPTION] FILE..., LIBRARY one of ndarray-npy, npyz, safetensors,
    serde-pickle, hdf5-reader, hdf5-pure, deflate
  p1 FILE                          read it into new memory
  p2 first|again FILE              open a view of it
  p3 [none|default] FILE NEW       write the array of FILE to NEW
  p4|p6|p10 NAME FILE              read an array of an archive
  p4|p9 save [LEVEL] FILE NEW      write the array of FILE to the archive NEW, stored or packed
  p5|p8 load|view PATH             read the many arrays of an archive or a folder
  p7|p8 save NEW                   write them
  p11 FILE                         1000 rows of it
  append FILE NEW                  the rows of FILE, 100 at a time
  p12 load|view FILE               read the array of a pickle, or open a view of it
  p13 ints|floats|records|structs|arrays FILE
                                   read the Python data of a pickle
  p14 load|one FILE                read a dump of joblib: the many arrays, or one
  p14 save NEW, p14 pack FILE NEW  write them; the array of FILE, packed
  p15 load FILE                    read the many arrays of an HDF5 file
  p15 save earliest|latest NEW     write them
  p16 read FILE                    read the one array of an HDF5 file
  p16 save|pack earliest|latest FILE NEW  write it in one piece, or in packed chunks
deflate p9 LEVEL FILE, p10 blocks LEVEL FILE, p10 stream FILE: packing and unpacking alone";

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

fn run(words: &[&str]) -> Result {
    match words {
        ["ndarray-npy", words @ ..] => ndarray_npy::run(words),
        ["npyz", words @ ..] => npyz::run(words),
        ["safetensors", words @ ..] => safetensors::run(words),
        ["hdf5-reader" | "hdf5-pure", ..] => hdf5_crates::run(words),
        ["serde-pickle", words @ ..] => serde_pickle::run(words),
        ["deflate", words @ ..] => deflate::run(words),
        _ => Err(USAGE.into()),
    }
}
