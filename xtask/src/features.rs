//! The library builds with no feature, with each one alone, and with all, without a warning.
#![forbid(unsafe_code)]

use crate::manifest;
use crate::shell::{Result, capture, cargo, read, root};

/// Checks each set of features; clippy is `cargo check` that can deny our warnings alone.
pub(crate) fn run() -> Result {
    let manifest = read(&root().join("crates/npstow/Cargo.toml"))?;
    let mut sets = vec![Vec::new()];
    for (name, _) in manifest::table(&manifest, "features") {
        sets.push(vec!["--features", name]);
    }
    sets.push(vec!["--all-features"]);
    let mut faults = Vec::new();
    for set in &sets {
        let head = ["clippy", "--quiet", "-p", "npstow", "--no-deps", "--no-default-features"];
        let words = [&head, set.as_slice(), &["--", "-D", "warnings"]].concat();
        let (ok, text) = capture(&mut cargo(&words))?;
        if !ok {
            faults.push(format!("npstow with {}:\n{text}", set.last().unwrap_or(&"no feature")));
        }
    }
    println!("features: {} sets", sets.len());
    if faults.is_empty() { Ok(()) } else { Err(faults.join("\n")) }
}
