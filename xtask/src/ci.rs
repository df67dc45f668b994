//! `cargo xtask ci`: every check, then all tests. CI calls this and nothing else.
#![forbid(unsafe_code)]

use crate::shell::{Result, cargo, check, root};
use crate::{capi, features, layers, lines, msrv, mutate, test, tree};
use std::time::Instant;

type Step = fn() -> Result;

/// In the order of what fails soonest.
const STEPS: &[(&str, Step)] = &[
    ("fmt", fmt),
    ("planted", mutate::planted),
    ("layers", layers::run),
    ("lines", lines::run),
    ("tree", tree::run),
    ("lint", lint),
    ("npstow.h", capi::check_header),
    ("features", features::run),
    ("msrv", msrv::run),
    ("doc", doc),
    ("leaves", leaves),
];

/// The check of that name.
pub(crate) fn step(name: &str) -> Option<Step> {
    STEPS.iter().find(|(own, _)| *own == name).map(|(_, step)| *step)
}

/// Runs all checks, even after one has failed, then the tests. In the closing line a check that
/// fails counts as one failure; those that hold are not counted as tests.
pub(crate) fn run() -> Result {
    let start = Instant::now();
    let mut failed = Vec::new();
    for (name, step) in STEPS {
        if !timed(name, *step) {
            failed.push(*name);
        }
    }
    let mut count = test::Count::default();
    let tests = || {
        count = test::all()?;
        if count.failed == 0 { Ok(()) } else { Err(format!("{} tests failed", count.failed)) }
    };
    if !timed("test", tests) {
        failed.push("test");
        count.failed = count.failed.max(1);
    }
    count.failed +=
        u64::try_from(failed.iter().filter(|name| **name != "test").count()).unwrap_or(0);
    println!("ci: {:.0} s in all", start.elapsed().as_secs_f64());
    if !failed.is_empty() {
        println!("ci: failed: {}", failed.join(", "));
    }
    count.close()
}

fn timed(name: &str, step: impl FnOnce() -> Result) -> bool {
    println!("== {name}");
    let start = Instant::now();
    let result = step();
    let seconds = start.elapsed().as_secs_f64();
    match &result {
        Ok(()) => println!("== {name}: ok, {seconds:.1} s"),
        Err(why) => println!("{why}\n== {name}: FAILED, {seconds:.1} s"),
    }
    result.is_ok()
}

fn fmt() -> Result {
    check(&mut cargo(&["fmt", "--all", "--check"]))
}

fn lint() -> Result {
    let words = ["clippy", "--quiet", "--workspace", "--all-targets", "--all-features"];
    check(cargo(&words).args(["--", "-D", "warnings"]))
}

/// Only the libraries: the command has the library's name, and their pages would collide.
fn doc() -> Result {
    let words = ["doc", "--quiet", "--no-deps", "--all-features", "--lib"];
    let mut doc = cargo(&words);
    doc.args(["-p", "npstow", "-p", "npstow-derive"]);
    check(doc.env("RUSTDOCFLAGS", "-D warnings -D missing_docs"))
}

/// The crates outside the workspace keep up with the library.
fn leaves() -> Result {
    for name in ["fuzz", "compare"] {
        let manifest = root().join(name).join("Cargo.toml");
        if manifest.exists() {
            let manifest = manifest.to_string_lossy();
            let words = ["check", "--quiet", "--all-targets", "--manifest-path", &manifest];
            let mut check_leaf = cargo(&words);
            if name == "fuzz" {
                // What a target alone may use is there only when fuzzing.
                check_leaf.env("RUSTFLAGS", "--cfg fuzzing");
            }
            check(&mut check_leaf)?;
        } else {
            println!("leaves: no {name} crate");
        }
    }
    Ok(())
}
