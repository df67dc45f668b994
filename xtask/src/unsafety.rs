//! Where unsafe code may stand: a short list, everything else forbids it.
#![forbid(unsafe_code)]

use crate::tokens::{Token, close};
use std::path::Path;

/// Files of `crates/npstow/src` that may contain unsafe code.
const ALLOWED: &[&str] = &["buffer/aligned.rs", "source/mmap.rs", "array/plain.rs"];

/// Files of `crates/npstow-py/src` that may contain unsafe code.
const ALLOWED_IN_PYTHON: &[&str] = &["memory.rs"];

/// What is wrong with unsafe code in the file of the library at `path` (from `src`): line and
/// reason.
pub(crate) fn faults(path: &Path, tokens: &[Token<'_>]) -> Vec<(usize, String)> {
    faults_but(ALLOWED, path, tokens)
}

/// As [`faults`], of the Python package.
pub(crate) fn faults_in_python(path: &Path, tokens: &[Token<'_>]) -> Vec<(usize, String)> {
    faults_but(ALLOWED_IN_PYTHON, path, tokens)
}

fn faults_but(list: &[&str], path: &Path, tokens: &[Token<'_>]) -> Vec<(usize, String)> {
    if list.iter().any(|allowed| path == Path::new(allowed)) {
        return Vec::new();
    }
    let mut faults = Vec::new();
    // `forbid` reaches children, so the parents of the list stay at `deny`.
    let parent = |allowed: &&str| Path::new(*allowed).with_file_name("mod.rs") == path;
    let denies = path == Path::new("lib.rs") || list.iter().any(parent);
    let levels: &[&str] = if denies { &["deny", "forbid"] } else { &["forbid"] };
    let first = tokens
        .windows(3)
        .position(|three| three[0].text == "#" && three[1].text == "!" && three[2].text == "[");
    let attribute: String = match first {
        Some(at) => tokens[at + 2..close(tokens, at + 2)].iter().map(|token| token.text).collect(),
        None => String::new(),
    };
    if !levels.iter().any(|level| attribute == format!("[{level}(unsafe_code)]")) {
        faults
            .push((1, format!("the first inner attribute is not #![{}(unsafe_code)]", levels[0])));
    }
    for (at, token) in tokens.iter().enumerate() {
        let allowed = token.text == "unsafe_code" && at > 1 && tokens[at - 2].text == "allow";
        if token.text == "unsafe" || allowed {
            faults.push((
                token.line,
                "unsafe code outside the list (xtask/src/unsafety.rs)".to_owned(),
            ));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokens::tokens;

    fn count(path: &str, source: &str) -> usize {
        faults(Path::new(path), &tokens(source)).len()
    }

    #[test]
    fn planted_faults_are_found() {
        assert_eq!(count("npy/mod.rs", "//! Docs.\n#![forbid(unsafe_code)]\nfn f() {}"), 0);
        assert_eq!(count("npy/mod.rs", "//! #![forbid(unsafe_code)]\nfn f() {}"), 1);
        assert_eq!(count("npy/mod.rs", "#![deny(unsafe_code)]"), 1);
        assert_eq!(count("npy/mod.rs", "#![forbid(unsafe_code)] fn f() { unsafe {} }"), 1);
        assert_eq!(count("buffer/mod.rs", "#![deny(unsafe_code)]"), 0);
        assert_eq!(count("buffer/mod.rs", "#![deny(unsafe_code)] #[allow(unsafe_code)] mod x;"), 1);
        assert_eq!(count("buffer/aligned.rs", "unsafe fn f() {}"), 0);
        assert_eq!(count("memory.rs", "#![forbid(unsafe_code)] unsafe fn f() {}"), 1);
        let python = |path| faults_in_python(Path::new(path), &tokens("unsafe fn f() {}")).len();
        assert_eq!((python("memory.rs"), python("node.rs")), (0, 2));
        assert_eq!(count("lib.rs", "#![deny(unsafe_code)]"), 0);
    }
}
