//! Length of files and functions, and what could panic in a parser.
#![forbid(unsafe_code)]

use crate::shell::{Result, files, read, root, shown};
use crate::tokens::{Kind, Token, close, tokens, without_tests};
use std::collections::BTreeSet;

/// The wall for a file.
const FILE: usize = 800;
/// Worth a look, tests left out.
const FILE_LONG: usize = 300;
/// The wall for the body of a function: lines with code on them, as clippy counts.
const FUNCTION: usize = 60;

/// Tables of data, which may be as long as they are.
const DATA_TABLES: &[&str] = &[];

/// Code that reads bytes or text of a file: nothing in it may panic.
const PARSERS: &[&str] = &["/header.rs", "/literal/", "/cursor.rs", "/descr.rs"];

/// Checks every Rust file of the project.
pub(crate) fn run() -> Result {
    let mut faults = Vec::new();
    let mut long = Vec::new();
    let mut panics = Panics::default();
    let mut count = 0;
    for folder in ["crates", "xtask", "fuzz", "compare"] {
        for path in files(&root().join(folder), "rs") {
            let text = read(&path)?;
            let path = shown(&path);
            let report = Report::of(&text);
            count += 1;
            if !DATA_TABLES.contains(&path.as_str()) {
                let whole = text.lines().count();
                if whole > FILE {
                    faults.push(format!("{path}: {whole} lines, the wall is {FILE}"));
                } else if report.lines > FILE_LONG {
                    long.push(format!("{path} {}", report.lines));
                }
            }
            for (name, lines) in report.functions.iter().filter(|(_, lines)| *lines > FUNCTION) {
                faults.push(format!("{path}: fn {name}: {lines} lines, the wall is {FUNCTION}"));
            }
            // `truth.rs` holds tests alone.
            let parser = path.starts_with("crates/npstow/src") && !path.ends_with("/truth.rs");
            if parser && PARSERS.iter().any(|part| path.contains(part)) {
                for line in &report.panics.lines {
                    faults.push(format!("{path}:{line}: unwrap or expect in a parser"));
                }
                panics.indexing += report.panics.indexing;
                panics.lines.extend(&report.panics.lines);
            }
        }
    }
    println!(
        "lines: {count} files; parsers: {} unwrap or expect, {} indexing",
        panics.lines.len(),
        panics.indexing
    );
    if !long.is_empty() {
        println!("lines: over {FILE_LONG}: {}", long.join(", "));
    }
    if faults.is_empty() { Ok(()) } else { Err(faults.join("\n")) }
}

/// What one file holds outside its tests.
struct Report {
    lines: usize,
    functions: Vec<(String, usize)>,
    panics: Panics,
}

/// The lines of `unwrap` and `expect`, and the number of index expressions.
#[derive(Default)]
struct Panics {
    lines: Vec<usize>,
    indexing: usize,
}

impl Report {
    fn of(text: &str) -> Self {
        let all = tokens(text);
        let (own, tests) = without_tests(&all);
        let tests: usize = tests.iter().map(ExactSizeIterator::len).sum();
        Self {
            lines: text.lines().count().saturating_sub(tests),
            functions: functions(&own),
            panics: panics(&own),
        }
    }
}

/// Every function with a body: its name and the lines of the body that have code on them.
fn functions(own: &[Token<'_>]) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    for at in 0..own.len() {
        let named = own.get(at + 1).is_some_and(|token| token.kind == Kind::Word);
        if own[at].text != "fn" || !named {
            continue;
        }
        let mut open = at + 2;
        while open < own.len() && ![";", "{"].contains(&own[open].text) {
            open = if ["(", "["].contains(&own[open].text) { close(own, open) } else { open + 1 };
        }
        if own.get(open).is_some_and(|token| token.text == "{") {
            let body = &own[open + 1..close(own, open).saturating_sub(1).max(open + 1)];
            let lines: BTreeSet<usize> = body.iter().map(|token| token.line).collect();
            found.push((own[at + 1].text.to_owned(), lines.len()));
        }
    }
    found
}

fn panics(own: &[Token<'_>]) -> Panics {
    let mut found = Panics::default();
    for pair in own.windows(3) {
        let [before, token, after] = pair else { continue };
        let call = before.text == "." && after.text == "(";
        if call && ["unwrap", "expect"].contains(&token.text) {
            found.lines.push(token.line);
        }
        // `x[`, `f()[`, `x[0][`, `f()?[`; not `#[`, `![`, `&[`, `: [`, `in [`.
        let keyword = ["in", "return", "mut", "else", "match", "dyn", "if", "break"];
        let value = (before.kind == Kind::Word && !keyword.contains(&before.text))
            || [")", "]", "?"].contains(&before.text);
        if token.text == "[" && value {
            found.indexing += 1;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_without_tests() {
        let text = "fn a() {}\n\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\n";
        let report = Report::of(text);
        assert_eq!(report.lines, 2);
        assert_eq!(report.functions, [("a".to_owned(), 0)]);
    }

    #[test]
    fn function_bodies() {
        let text = "trait T { fn a(); fn b(x: [u8; 2]) -> u8 where u8: Copy {\n // why\n 1\n\n + {\n 2 }\n } }";
        assert_eq!(Report::of(text).functions, [("b".to_owned(), 3)]);
        let long = format!("fn f() {{\n{}}}", "x();\n".repeat(FUNCTION + 1));
        assert_eq!(Report::of(&long).functions, [("f".to_owned(), FUNCTION + 1)]);
    }

    #[test]
    fn panics_are_counted() {
        let text = "#[a] fn f() -> [u8; 2] { x.unwrap(); y.unwrap_or(0);\n z.expect(\"w\"); v[0][1]; \
            for a in [1] {} vec![2]; &[3]; \"s.unwrap()\" }\n#[test] fn t() { x.unwrap() }";
        let panics = Report::of(text).panics;
        assert_eq!((panics.lines, panics.indexing), (vec![1, 2], 2));
    }
}
