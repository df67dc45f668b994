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
    outlive_full_files();
    let done = args::parse(std::env::args_os()).and_then(cmd::run);
    exit::report(done).into()
}

/// A file that may not grow further (`ulimit -f`) makes a write fail, and does not end the process:
/// the signal only sets a flag that nobody looks at.
fn outlive_full_files() {
    #[cfg(unix)]
    {
        use signal_hook::{consts::SIGXFSZ, flag};
        // Where it cannot be done, the process ends as others do.
        let _ = flag::register(SIGXFSZ, std::sync::Arc::default());
    }
}
