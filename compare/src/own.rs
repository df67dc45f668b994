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

use measure::Result;
use std::process::ExitCode;

const USAGE: &str = "\
own WORKLOAD [OPTION] FILE...
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
  p16 save|pack earliest|latest FILE NEW  write it in one piece, or in packed chunks";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match run(&words) {
        Ok(outcome) => {
            println!("{outcome}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("own: {why}");
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[&str]) -> Result {
    match words {
        ["p12" | "p13", ..] => pickled::run(words),
        ["p15" | "p16", ..] => hdf5::run(words),
        _ => npstow::run(words),
    }
}
