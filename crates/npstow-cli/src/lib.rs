//! The `npstow` command; what it promises to scripts is in its manual page.
//!
//! It is a library so that others can bring the same command along: the Python wheel does.
#![forbid(unsafe_code)]

mod args;
mod cmd;
mod crew;
mod exit;
mod json;
mod place;
mod progress;
mod render;
mod table;
mod target;
mod value;

use std::ffi::OsString;

/// Does what the words of a command line say, the first of which is the program's name, and gives
/// the exit code: 0 done, 1 the data differ or are invalid, 2 wrong usage, 3 could not read or
/// write.
///
/// Answers go to standard output, errors to standard error.
///
/// ```
/// assert_eq!(npstow_cli::run(["npstow", "ls", "no/such/file"].map(Into::into)), 3);
/// ```
#[must_use]
pub fn run(words: impl IntoIterator<Item = OsString>) -> u8 {
    exit::report(args::parse(words).and_then(cmd::run)) as u8
}
