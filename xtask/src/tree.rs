//! How many crates a user of the library takes in.
#![forbid(unsafe_code)]

use crate::shell::{Result, cargo, output};
use std::collections::BTreeSet;

/// With default features, the library itself counted.
const MOST: usize = 15;

/// Counts the crates under the library.
pub(crate) fn run() -> Result {
    let tree = output(&mut cargo(&["tree", "-p", "npstow", "-e", "normal", "--prefix", "none"]))?;
    // "name vX.Y.Z" and perhaps "(*)" or a path; two versions of a crate are two crates.
    let crates: BTreeSet<Vec<&str>> =
        tree.lines().map(|line| line.split(' ').take(2).collect()).collect();
    println!("tree: {} crates of at most {MOST}", crates.len());
    if crates.len() > MOST { Err(tree) } else { Ok(()) }
}
