//! The `npstow` command; what it promises to scripts is in its manual page.
#![forbid(unsafe_code)]

mod args;
mod cmd;
mod exit;
mod json;
mod place;
mod progress;
mod render;
mod target;

use std::process::ExitCode;

fn main() -> ExitCode {
    let done = args::parse(std::env::args_os()).and_then(cmd::run);
    exit::report(done).into()
}
