//! Which top-level modules of a crate a source file names, however the path is written.
//!
//! `crate::a::B`, `use crate::{a, b::{C, D}}`, `super::super::a`, `self::super::super::a`, paths
//! from within inline modules: all of them come down to "the first name after the crate's root".
#![forbid(unsafe_code)]

use crate::tokens::{Kind, Token, close};
use std::path::Path;

/// A name at the crate's root, and the line that uses it.
pub(crate) type Use<'a> = (&'a str, usize);

/// How many modules deep the file at `path` (from `src`) is: 0 for `lib.rs`, 1 for `a/mod.rs`.
pub(crate) fn depth(path: &Path) -> usize {
    let folders = path.components().count() - 1;
    let own = path.file_stem().is_some_and(|stem| stem != "mod" && stem != "lib");
    folders + usize::from(own)
}

/// All names at the crate's root that `tokens` use; `krate` is the crate's own name.
///
/// `*` stands for everything (`crate::*`), `self` for the root under another name.
pub(crate) fn root_names<'a>(tokens: &[Token<'a>], depth: usize, krate: &str) -> Vec<Use<'a>> {
    let mut found = Vec::new();
    let mut inline = Vec::new();
    let mut braces = 0usize;
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        match token.text {
            "{" => braces += 1,
            "}" => {
                braces = braces.saturating_sub(1);
                if inline.last() == Some(&braces) {
                    inline.pop();
                }
            }
            "mod" if text(tokens, at + 2) == "{" => inline.push(braces),
            _ => {}
        }
        if begins_path(tokens, at, krate) {
            at = tree(tokens, at, depth + inline.len(), krate, &mut found);
        } else {
            at += 1;
        }
    }
    found
}

fn text<'a>(tokens: &[Token<'a>], at: usize) -> &'a str {
    tokens.get(at).map_or("", |token| token.text)
}

fn begins_path(tokens: &[Token<'_>], at: usize, krate: &str) -> bool {
    let root = [krate, "crate", "super", "self"].contains(&text(tokens, at));
    // `::npstow::x` is the crate too, but `x::npstow` is not.
    let led = at >= 2 && text(tokens, at - 1) == "::" && path_word(&tokens[at - 2]);
    let renamed = text(tokens, at + 1) == "as" && at > 0 && text(tokens, at - 1) == "use";
    root && !led && (text(tokens, at + 1) == "::" || renamed)
}

fn path_word(token: &Token<'_>) -> bool {
    token.kind == Kind::Word && !["use", "in", "return", "as"].contains(&token.text)
}

/// Follows one path of a use tree from a module `depth` deep; returns the index after it.
fn tree<'a>(
    tokens: &[Token<'a>],
    mut at: usize,
    mut depth: usize,
    krate: &str,
    found: &mut Vec<Use<'a>>,
) -> usize {
    while let Some(token) = tokens.get(at) {
        match token.text {
            "{" => return group(tokens, at, depth, krate, found),
            "crate" => depth = 0,
            name if name == krate => depth = 0,
            "super" => depth = depth.saturating_sub(1),
            "self" => {}
            name => {
                if depth == 0 && (token.kind == Kind::Word || name == "*") {
                    found.push((name, token.line));
                }
                return at + 1;
            }
        }
        if text(tokens, at + 1) != "::" {
            if depth == 0 {
                found.push(("self", token.line));
            }
            return at + 1;
        }
        at += 2;
    }
    at
}

fn group<'a>(
    tokens: &[Token<'a>],
    open: usize,
    depth: usize,
    krate: &str,
    found: &mut Vec<Use<'a>>,
) -> usize {
    let end = close(tokens, open);
    let mut at = open + 1;
    while at + 1 < end {
        at = tree(tokens, at, depth, krate, found);
        // The rest of this branch lies inside a module already named.
        while at + 1 < end && text(tokens, at) != "," {
            at = if text(tokens, at) == "{" { close(tokens, at) } else { at + 1 };
        }
        at += 1;
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokens::tokens;

    fn names(source: &str, depth: usize) -> Vec<&str> {
        root_names(&tokens(source), depth, "npstow").into_iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn depth_of_files() {
        for (path, expected) in
            [("lib.rs", 0), ("cursor.rs", 1), ("npy/mod.rs", 1), ("npy/header.rs", 2)]
        {
            assert_eq!(depth(Path::new(path)), expected, "{path}");
        }
    }

    #[test]
    fn plain_and_grouped() {
        assert_eq!(names("use crate::npy::Header; fn f() -> crate::Error {}", 1), ["npy", "Error"]);
        assert_eq!(
            names("use crate::{a, b::{c, d::e}, f as g, h::*}; crate::i()", 1),
            ["a", "b", "f", "h", "i"]
        );
        assert_eq!(names("use {crate::a, std::fmt, crate::{b}};", 1), ["a", "b"]);
        assert_eq!(names("pub(crate) fn f() {} pub(in crate::a) fn g() {}", 1), ["a"]);
    }

    #[test]
    fn climbing() {
        assert_eq!(names("use super::super::npy::x; use super::own;", 2), ["npy"]);
        assert_eq!(names("use super::{own, super::file};", 2), ["file"]);
        assert_eq!(names("use self::super::super::{a, b};", 2), ["a", "b"]);
        assert_eq!(names("use super::a;", 1), ["a"]);
        assert_eq!(
            names(
                "mod m { use super::own; mod n { use super::super::super::a; } } use super::b;",
                1
            ),
            ["a", "b"]
        );
    }

    #[test]
    fn roads_round_the_check() {
        assert_eq!(
            names("use crate as k; use crate::{self as l}; use crate::*;", 1),
            ["self", "self", "*"]
        );
        assert_eq!(names("use ::npstow::a; use npstow::{b};", 1), ["a", "b"]);
        assert_eq!(names("use super as k;", 1), ["self"]);
        assert_eq!(names("macro_rules! m { () => { $crate::a::b() } }", 1), ["a"]);
        assert_eq!(names("self.super_; other::npstow::x; self::own::y()", 1), [] as [&str; 0]);
    }
}
