//! The library's modules use one another in one direction only.
//!
//! Code in `#[cfg(test)]` is free: a test may use a format to make its data.
#![forbid(unsafe_code)]

use crate::paths::{depth, root_names};
use crate::shell::{Result, files, read, root, shown};
use crate::tokens::{Token, tokens, without_tests};
use crate::unsafety;
use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::Path;

/// The layers, first first: a module may use those of earlier lines, never its own line's.
/// A new top-level module of the library needs a place here.
const LAYERS: &[&[&str]] = &[
    &["error", "parallel"],
    &["limits"],
    &["buffer", "cursor", "literal", "notes"],
    &["dtype"],
    &["array", "source", "sink", "codec"],
    &["value", "chunk", "packed"],
    &["entry"],
    &["container", "digest", "tree"],
    &["trees"],
    &["hdf5", "pickle"],
    &["npy"],
    &["npz", "folder", "joblib"],
    &["torch", "shelve"],
    &["file"],
];

/// Formats never import one another, except those that are defined in terms of another.
const FORMATS: &[&str] = &["npy", "hdf5", "pickle", "npz", "folder", "joblib", "torch", "shelve"];
const BUILT_ON: &[(&str, &str)] = &[
    ("npy", "pickle"),
    ("npz", "npy"),
    ("npz", "pickle"),
    ("folder", "npy"),
    ("folder", "pickle"),
    ("joblib", "npy"),
    ("joblib", "pickle"),
    ("shelve", "pickle"),
    ("torch", "pickle"),
    ("torch", "npz"),
];

/// What each name at the crate's root stands for: re-exports of `lib.rs`.
type Exports<'a> = HashMap<&'a str, Vec<&'a str>>;

/// Checks the library's modules, and that unsafe code is where the list says.
pub(crate) fn run() -> Result {
    let src = root().join("crates/npstow/src");
    let lib = read(&src.join("lib.rs"))?;
    let lib = tokens(&lib);
    let exports = exports(&lib);
    let mut faults = Vec::new();
    let mut count = 0;
    for path in files(&src, "rs") {
        let text = read(&path)?;
        let all = tokens(&text);
        let own = path.strip_prefix(&src).unwrap_or(&path);
        count += 1;
        let mut found = unsafety::faults(own, &all);
        found.extend(uses(own, &all, &exports));
        faults
            .extend(found.into_iter().map(|(line, why)| format!("{}:{line}: {why}", shown(&path))));
    }
    let python = root().join("crates/npstow-py/src");
    for path in files(&python, "rs") {
        let text = read(&path)?;
        let found =
            unsafety::faults_in_python(path.strip_prefix(&python).unwrap_or(&path), &tokens(&text));
        let found = found.into_iter();
        faults.extend(found.map(|(line, why)| format!("{}:{line}: {why}", shown(&path))));
    }
    if faults.is_empty() {
        println!("layers: {count} files, every use goes up");
        return Ok(());
    }
    Err(format!("{} faults\n{}", faults.len(), faults.join("\n")))
}

/// The faults of one file: line and reason.
fn uses(path: &Path, all: &[Token<'_>], exports: &Exports<'_>) -> Vec<(usize, String)> {
    let module = module(path);
    if module == "lib" || path.file_stem().is_some_and(is_tests) {
        return Vec::new();
    }
    let (own, _) = without_tests(all);
    let mut faults = Vec::new();
    for (name, line) in root_names(&own, depth(path), "npstow") {
        let modules = match exports.get(name) {
            Some(modules) if line_of(name).is_none() => modules.clone(),
            _ => vec![name],
        };
        // A name may be a type of ours and a macro of another crate; one road that is allowed will do.
        let reasons: Vec<String> =
            modules.iter().filter_map(|used| forbidden(&module, used)).collect();
        if reasons.len() == modules.len() {
            faults.extend(reasons.first().map(|why| (line, why.clone())));
        }
    }
    faults
}

/// Files of tests alone: `tests.rs`, and `..._tests.rs` where there are several.
fn is_tests(stem: &OsStr) -> bool {
    let stem = stem.to_string_lossy();
    stem == "tests" || stem.ends_with("_tests")
}

/// The top-level module that the file at `path` (from `src`) belongs to.
fn module(path: &Path) -> String {
    let first = path.components().next().map(|part| part.as_os_str().to_string_lossy());
    first.map_or_else(String::new, |name| name.trim_end_matches(".rs").to_owned())
}

fn line_of(module: &str) -> Option<usize> {
    LAYERS.iter().position(|line| line.contains(&module))
}

/// Why `module` may not use `used`, if it may not.
fn forbidden(module: &str, used: &str) -> Option<String> {
    let Some(own) = line_of(module) else {
        return Some(format!("module '{module}' is in no layer (xtask/src/layers.rs)"));
    };
    match used {
        "*" => return Some("a glob of the crate's root hides what is used".to_owned()),
        "self" => return Some("the crate's root under another name hides what is used".to_owned()),
        _ if used == module || used.starts_with("external ") => return None,
        _ => {}
    }
    let Some(other) = line_of(used) else {
        return Some(format!("'crate::{used}' is in no layer (xtask/src/layers.rs)"));
    };
    if other >= own {
        return Some(format!("'{module}' uses '{used}', which is not in a layer above it"));
    }
    let formats = FORMATS.contains(&module) && FORMATS.contains(&used);
    if formats && !BUILT_ON.contains(&(module, used)) {
        return Some(format!("format '{module}' uses format '{used}'"));
    }
    None
}

/// The names that `lib.rs` re-exports, and the modules they come from.
fn exports<'a>(lib: &[Token<'a>]) -> Exports<'a> {
    let mut map = Exports::new();
    for at in lib.iter().enumerate().filter(|(_, token)| token.text == "use").map(|(at, _)| at) {
        let mut words = lib[at + 1..].iter().take_while(|token| token.text != ";").peekable();
        while words.next_if(|token| ["crate", "self", "::"].contains(&token.text)).is_some() {}
        let Some(from) = words.next().map(|token| token.text) else { continue };
        let module = if line_of(from).is_some() { from } else { "external " };
        for token in words {
            map.entry(token.text).or_default().push(module);
        }
    }
    map
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIB: &str = "mod error; pub use error::{Error, Result}; pub use npy::Header as NpyHeader;
        pub use dtype::Record; pub use npstow_derive::Record; pub use file::open;";

    fn faults(path: &str, source: &str) -> Vec<String> {
        let lib = tokens(LIB);
        let list = tokens(source);
        uses(Path::new(path), &list, &exports(&lib)).into_iter().map(|(_, why)| why).collect()
    }

    #[test]
    fn up_is_fine() {
        assert!(faults("file/mod.rs", "use crate::{npy, npz::Reader, Error, Result};").is_empty());
        assert!(faults("npz/reader.rs", "use crate::npy::Header; use super::zip;").is_empty());
        assert!(faults("entry.rs", "use crate::Record; use crate::entry::x;").is_empty());
        assert!(faults("npz/container_tests.rs", "use crate::open;").is_empty());
        assert!(faults("dtype/mod.rs", "#[cfg(test)] mod tests { use crate::npy::x; }").is_empty());
    }

    #[test]
    fn planted_violations_are_found() {
        let planted = [
            ("dtype/descr.rs", "use crate::npy::Header;"),
            ("dtype/descr.rs", "use crate::{literal::{Literal, x}, npy::{Header}};"),
            ("dtype/descr.rs", "use super::super::npy::Header;"),
            ("dtype/descr.rs", "use super::{scalar, super::{error, npy}};"),
            ("dtype/mod.rs", "use super::array::Array;"),
            ("dtype/mod.rs", "fn f() { crate::file::open() }"),
            ("dtype/mod.rs", "use crate::NpyHeader;"),
            ("dtype/mod.rs", "use crate::{self as k};"),
            ("dtype/mod.rs", "use crate::*;"),
            ("array/mod.rs", "use crate::source::Source;"),
            ("cursor.rs", "use crate::buffer::Buffer;"),
            ("error.rs", "use crate::limits::Limits;"),
            ("npz/mod.rs", "use crate::hdf5;"),
            ("joblib/mod.rs", "use crate::folder;"),
            ("npy/reader.rs", "use crate::open;"),
            ("npy/reader.rs", "use crate::novelty::x;"),
            ("novelty.rs", "use crate::error::Error;"),
        ];
        for (path, source) in planted {
            assert_eq!(faults(path, source).len(), 1, "{path}: {source}");
        }
    }
}
