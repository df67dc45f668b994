//! `cargo xtask test`: all tests, with Rust, a C compiler and Python 3.11 on the machine.
#![forbid(unsafe_code)]

use crate::shell::{Result, capture, cargo, check, target, write};
use crate::{capi, python, suites, transcript, venv};
use std::path::PathBuf;
use std::time::Instant;

/// Checks that held and checks that did not.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

impl Count {
    pub(crate) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }

    /// Reads `N passed, N failed`, the whole of a line.
    pub(crate) fn parse(line: &str) -> Option<Self> {
        let (passed, rest) = line.trim().split_once(" passed, ")?;
        let failed = rest.strip_suffix(" failed")?;
        Some(Self { passed: passed.parse().ok()?, failed: failed.parse().ok()? })
    }

    /// Sums the lines `test result: ok. 3 passed; 0 failed; …` of cargo.
    fn of_cargo(text: &str) -> Self {
        let mut total = Self::default();
        for line in text.lines().filter(|line| line.starts_with("test result: ")) {
            let number = |word| {
                let before = line.split(word).next()?.rsplit([' ', ';']).next()?;
                before.parse::<u64>().ok()
            };
            total.passed += number(" passed").unwrap_or(0);
            total.failed += number(" failed").unwrap_or(0);
        }
        total
    }

    /// The closing line, alone on its line, and an error where something failed.
    pub(crate) fn close(self) -> Result {
        println!("{} passed, {} failed", self.passed, self.failed);
        if self.failed == 0 { Ok(()) } else { Err("not everything passed".to_owned()) }
    }
}

/// Runs all tests and prints the closing line.
pub(crate) fn run() -> Result {
    all()?.close()
}

/// Runs all tests; failures are counted, an error is something that kept them from running.
pub(crate) fn all() -> Result<Count> {
    let interpreter = venv::python()?;
    suites::ready(&interpreter)?;
    let npstow = program()?;
    let mut total = rust()?;
    total.add(transcript::check(&npstow)?);
    total.add(suites::run(&interpreter, &npstow, &examples()?)?);
    total.add(python::all(&interpreter)?);
    total.add(capi::all(&interpreter)?);
    Ok(total)
}

/// Rewrites the transcripts.
pub(crate) fn bless() -> Result {
    transcript::bless(&program()?)
}

/// The release build of the command.
fn program() -> Result<PathBuf> {
    check(&mut cargo(&["build", "--quiet", "--release", "-p", "npstow-cli"]))?;
    Ok(target().join("release").join(if cfg!(windows) { "npstow.exe" } else { "npstow" }))
}

/// Where the library's examples are, which the suites feed: of the build that the tests are of,
/// which checks for overflows and takes no minute to link.
fn examples() -> Result<PathBuf> {
    check(&mut cargo(&["build", "--quiet", "--workspace", "--all-features", "--examples"]))?;
    Ok(target().join("debug/examples"))
}

/// Unit, integration and documentation tests. What cargo prints goes to a file and is shown only
/// where something failed, so that the numbers in our output are counted once.
fn rust() -> Result<Count> {
    let start = Instant::now();
    let words = ["test", "--workspace", "--all-features", "--no-fail-fast", "--color", "never"];
    let (ok, text) = capture(&mut cargo(&words))?;
    write(&target().join("xtask/cargo-test.log"), &text)?;
    let mut count = Count::of_cargo(&text);
    if !ok {
        println!("{}", telling(&text));
        count.failed = count.failed.max(1);
    }
    let (ok, seconds) = (count.passed, start.elapsed().as_secs_f64());
    println!("cargo test: {ok} tests ok, {} wrong ({seconds:.1} s)", count.failed);
    Ok(count)
}

/// The lines of cargo's output that help somebody whose tests failed.
fn telling(text: &str) -> String {
    let noise = |line: &&str| {
        let line = line.trim_start();
        let starts = ["Compiling ", "Running ", "running ", "test result: ok"];
        line.is_empty()
            || starts.iter().any(|start| line.starts_with(start))
            || line.ends_with("... ok")
    };
    text.lines().filter(|line| !noise(line)).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read() {
        let text = "test a ... ok\ntest result: ok. 12 passed; 0 failed; 1 ignored; 0 measured\n\
            test result: FAILED. 3 passed; 2 failed; 0 ignored\n9 passed; 9 failed";
        assert_eq!(Count::of_cargo(text), Count { passed: 15, failed: 2 });
        assert_eq!(Count::parse("4 passed, 1 failed"), Some(Count { passed: 4, failed: 1 }));
        assert_eq!(Count::parse("= 4 passed in 0.1s ="), None);
        assert!(Count { passed: 1, failed: 0 }.close().is_ok());
        assert!(Count { passed: 1, failed: 1 }.close().is_err());
    }
}
