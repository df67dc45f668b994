//! The oldest Rust we build with, as far as it can be held without that toolchain.
#![forbid(unsafe_code)]

use crate::manifest;
use crate::shell::{Result, capture, cargo, output, read, root};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// What users of the library need; the leaves may ask for more.
const LIBRARY: &str = "1.85";
const LEAF: &str = "1.88";
const LIBRARIES: &[&str] = &["npstow", "npstow-derive"];

/// Checks the `rust-version` fields, ours and those of what the library depends on, and that the
/// library uses no newer part of std.
pub(crate) fn run() -> Result {
    let mut faults = fields()?;
    faults.extend(dependencies()?);
    if !faults.is_empty() {
        return Err(faults.join("\n"));
    }
    println!("msrv: {LIBRARY} for the libraries, {LEAF} for the rest");
    let words = ["clippy", "--quiet", "--no-deps", "-p", "npstow", "-p", "npstow-derive"];
    let lint = ["--all-features", "--", "-D", "clippy::incompatible_msrv"];
    let (ok, text) = capture(cargo(&words).args(lint))?;
    if ok { Ok(()) } else { Err(text) }
}

/// Our own fields.
fn fields() -> Result<Vec<String>> {
    let workspace = read(&root().join("Cargo.toml"))?;
    let shared = manifest::text(&workspace, "workspace.package", "rust-version").unwrap_or("");
    let mut faults = Vec::new();
    let crates = fs::read_dir(root().join("crates")).map_err(|why| format!("crates: {why}"))?;
    let mut folders: Vec<PathBuf> = crates.flatten().map(|entry| entry.path()).collect();
    folders.extend(["xtask", "fuzz", "compare"].map(|name| root().join(name)));
    for folder in folders {
        let path = folder.join("Cargo.toml");
        if !path.exists() {
            continue;
        }
        let text = read(&path)?;
        let name = manifest::text(&text, "package", "name").unwrap_or("?");
        let own = manifest::text(&text, "package", "rust-version").unwrap_or(shared);
        let expected = if LIBRARIES.contains(&name) { LIBRARY } else { LEAF };
        if own != expected {
            faults.push(format!("{name}: rust-version is {own}, expected {expected}"));
        }
    }
    Ok(faults)
}

/// Crates under the library that ask for a newer Rust, as far as their sources are here.
fn dependencies() -> Result<Vec<String>> {
    let words = ["tree", "-p", "npstow", "--all-features", "-e", "normal", "--prefix", "none"];
    let tree = output(cargo(&words).arg("--no-dedupe"))?;
    let mut faults = Vec::new();
    let mut lines: Vec<&str> = tree.lines().collect();
    lines.sort_unstable();
    lines.dedup();
    for line in lines {
        let mut words = line.split(' ');
        let (Some(name), Some(version)) = (words.next(), words.next()) else { continue };
        let folder = format!("{name}-{}", version.trim_start_matches('v'));
        let Some(manifest) = source(&folder) else { continue };
        let text = read(&manifest)?;
        let needs = manifest::text(&text, "package", "rust-version").unwrap_or("1.0");
        if minor(needs) > minor(LIBRARY) {
            faults.push(format!(
                "{name} {version} needs Rust {needs}, the library promises {LIBRARY}"
            ));
        }
    }
    Ok(faults)
}

/// The manifest of a crate in cargo's own cache.
fn source(folder: &str) -> Option<PathBuf> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(Path::new(&env::var_os("HOME")?).join(".cargo")))?;
    let registries = fs::read_dir(home.join("registry/src")).ok()?;
    let mut manifests =
        registries.flatten().map(|entry| entry.path().join(folder).join("Cargo.toml"));
    manifests.find(|path| path.exists())
}

fn minor(version: &str) -> u32 {
    version.split('.').nth(1).and_then(|minor| minor.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::minor;

    #[test]
    fn versions_compare_as_numbers() {
        assert!(minor("1.9") < minor("1.85"));
        assert_eq!(minor("1.85.1"), minor("1.85"));
    }
}
