//! The words of both programs, and what they print.
#![forbid(unsafe_code)]

use crate::measure::Result;
use std::process::ExitCode;

pub(crate) const USAGE: &str = "\
own WORKLOAD [OPTION] FILE...
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

/// Runs what the command line says and prints what it cost, as one line of JSON.
pub(crate) fn run(work: fn(&[&str]) -> Result) -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match work(&words) {
        Ok(outcome) => {
            println!("{outcome}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}
