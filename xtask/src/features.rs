//! The library builds with no feature, with each one alone, with those of each crate that stands on
//! it, and with all, without a warning.
#![forbid(unsafe_code)]

use crate::manifest;
use crate::shell::{Result, capture, cargo, read, root};

/// Checks each set of features; clippy is `cargo check` that can deny our warnings alone.
pub(crate) fn run() -> Result {
    let manifest = read(&root().join("crates/npstow/Cargo.toml"))?;
    let names = manifest::table(&manifest, "features").into_iter().map(|(name, _)| name.to_owned());
    let mut sets: Vec<String> = names.collect();
    for dependent in ["npstow-cli", "npstow-py", "npstow-capi"] {
        let manifest = read(&root().join("crates").join(dependent).join("Cargo.toml"))?;
        let used = used_by(&manifest).ok_or("no features of npstow in its manifest");
        sets.push(used.map_err(|e| format!("{dependent}: {e}"))?);
    }
    let named = sets.iter().map(|set| vec!["--features", set]);
    let sets: Vec<_> = [vec![], vec!["--all-features"]].into_iter().chain(named).collect();
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

/// The features of the library that the manifest of another crate asks for.
fn used_by(manifest: &str) -> Option<String> {
    let table = manifest::table(manifest, "dependencies");
    let (_, npstow) = table.into_iter().find(|(name, _)| *name == "npstow")?;
    let (_, list) = npstow.split_once("features = [")?;
    Some(list.split('"').skip(1).step_by(2).collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_of_a_dependency() {
        let manifest = "[dependencies]\nnpstow = { path = \"a\", features = [\"npy\", \"npz\"] }\n";
        assert_eq!(used_by(manifest).as_deref(), Some("npy,npz"));
        assert_eq!(used_by("[dependencies]\n"), None);
    }
}
