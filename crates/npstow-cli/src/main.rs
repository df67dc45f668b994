//! The program.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    outlive_full_files();
    npstow_cli::run(std::env::args_os()).into()
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
