//! Rust source as a list of words and symbols, without comments and without the insides of texts.
//!
//! Enough for the checks of this program: they look at names, braces and lines, never at types.
#![forbid(unsafe_code)]

use std::ops::Range;

/// A word, a symbol (`::` is one) or a literal, with its line counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    pub(crate) text: &'a str,
    pub(crate) line: usize,
    pub(crate) kind: Kind,
}

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Word,
    Symbol,
    Literal,
}

/// Takes `text` apart. Text that is not Rust gives some tokens too, never an error.
pub(crate) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut list = Vec::new();
    let mut at = 0;
    let mut line = 1;
    while at < text.len() {
        let (end, kind) = next(text.as_bytes(), at);
        if let Some(kind) = kind {
            list.push(Token { text: text.get(at..end).unwrap_or(""), line, kind });
        }
        line += text.as_bytes()[at..end].iter().filter(|&&byte| byte == b'\n').count();
        at = end;
    }
    list
}

/// The end of the piece that begins at `at`, and its kind; `None` for white space and comments.
fn next(text: &[u8], at: usize) -> (usize, Option<Kind>) {
    let rest = &text[at..];
    match rest[0] {
        byte if byte.is_ascii_whitespace() => (at + 1, None),
        b'/' if rest.starts_with(b"//") => (at + line_comment(rest), None),
        b'/' if rest.starts_with(b"/*") => (at + block_comment(rest), None),
        b'"' => (at + quoted(rest, b'"'), Some(Kind::Literal)),
        b'\'' => (at + char_or_lifetime(rest), Some(Kind::Literal)),
        byte if byte.is_ascii_digit() => (at + number(rest), Some(Kind::Literal)),
        byte if is_word(byte) => word(text, at),
        _ if rest.starts_with(b"::") => (at + 2, Some(Kind::Symbol)),
        _ => (at + 1, Some(Kind::Symbol)),
    }
}

fn is_word(byte: u8) -> bool {
    byte == b'_' || byte.is_ascii_alphanumeric() || byte >= 0x80
}

fn line_comment(rest: &[u8]) -> usize {
    rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len())
}

/// Block comments nest.
fn block_comment(rest: &[u8]) -> usize {
    let (mut at, mut depth) = (0, 0);
    while at < rest.len() {
        if rest[at..].starts_with(b"/*") {
            (at, depth) = (at + 2, depth + 1);
        } else if rest[at..].starts_with(b"*/") {
            (at, depth) = (at + 2, depth - 1);
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    at
}

fn quoted(rest: &[u8], end: u8) -> usize {
    let mut at = 1;
    while at < rest.len() {
        match rest[at] {
            b'\\' => at += 2,
            byte if byte == end => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

fn char_or_lifetime(rest: &[u8]) -> usize {
    let Some(&first) = rest.get(1) else { return 1 };
    if first == b'\\' {
        return quoted(rest, b'\'');
    }
    // A character may take up to four bytes; a lifetime has no closing quote.
    let width = 1 + rest[2..].iter().take_while(|&&byte| (0x80..0xc0).contains(&byte)).count();
    if rest.get(1 + width) == Some(&b'\'') {
        return width + 2;
    }
    1 + rest[1..].iter().take_while(|&&byte| is_word(byte)).count()
}

fn number(rest: &[u8]) -> usize {
    let mut at = 0;
    while let Some(&byte) = rest.get(at) {
        let fraction = byte == b'.' && rest.get(at + 1).is_some_and(u8::is_ascii_digit);
        if !is_word(byte) && !fraction {
            break;
        }
        at += 1;
    }
    at
}

/// A word, or the literal that its letters are the prefix of: `b""`, `r#""#`, `c""`, `b''`.
fn word(text: &[u8], at: usize) -> (usize, Option<Kind>) {
    let rest = &text[at..];
    let len = rest.iter().take_while(|&&byte| is_word(byte)).count();
    let tail = &rest[len..];
    let hashes = tail.iter().take_while(|&&byte| byte == b'#').count();
    match &rest[..len] {
        b"r" | b"br" | b"cr" if tail.get(hashes) == Some(&b'"') => {
            let close: Vec<u8> = [b"\"".as_slice(), &b"#".repeat(hashes)].concat();
            let body = &tail[hashes + 1..];
            let end = body.windows(close.len()).position(|window| window == close);
            let used = end.map_or(body.len(), |end| end + close.len());
            (at + len + hashes + 1 + used, Some(Kind::Literal))
        }
        b"b" | b"c" if tail.first() == Some(&b'"') => {
            (at + len + quoted(tail, b'"'), Some(Kind::Literal))
        }
        b"b" if tail.first() == Some(&b'\'') => {
            (at + len + quoted(tail, b'\''), Some(Kind::Literal))
        }
        b"r" if hashes == 1 => {
            let name = tail[1..].iter().take_while(|&&byte| is_word(byte)).count();
            (at + len + 1 + name, Some(Kind::Word))
        }
        _ => (at + len, Some(Kind::Word)),
    }
}

/// The index after the bracket that closes the one at `open`, of any kind.
pub(crate) fn close(tokens: &[Token<'_>], open: usize) -> usize {
    let mut depth = 0usize;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        match token.text {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
    }
    tokens.len()
}

/// The tokens that are part of the program, and the lines of items that exist only in tests.
pub(crate) fn without_tests<'a>(list: &[Token<'a>]) -> (Vec<Token<'a>>, Vec<Range<usize>>) {
    let mut kept = Vec::new();
    let mut lines = Vec::new();
    let mut at = 0;
    while at < list.len() {
        let inner = list.get(at + 1).is_some_and(|token| token.text == "!");
        let open = at + 1 + usize::from(inner);
        let attribute =
            list[at].text == "#" && list.get(open).is_some_and(|token| token.text == "[");
        if !attribute || !is_test(&list[open..close(list, open)]) {
            kept.push(list[at]);
            at += 1;
            continue;
        }
        let end = if inner { list.len() } else { item_end(list, close(list, open)) };
        lines.push(list[at].line..list[end - 1].line + 1);
        at = end;
    }
    (kept, lines)
}

/// `[test]`, `[cfg(test)]`, `[cfg(all(test, …))]`, but not `[cfg(not(test))]`.
fn is_test(attribute: &[Token<'_>]) -> bool {
    let has = |word| attribute.iter().any(|token| token.text == word);
    match attribute.get(1).map(|token| token.text) {
        Some("test") => attribute.len() == 3,
        Some("cfg") => has("test") && !has("not") && !has("any"),
        _ => false,
    }
}

/// The index after the item that begins at `at`: further attributes, then up to `;` or a body.
fn item_end(list: &[Token<'_>], mut at: usize) -> usize {
    while at < list.len() {
        match list[at].text {
            ";" => return at + 1,
            // A field or an arm at the end of what holds it.
            "}" => return at,
            "{" => {
                let end = close(list, at);
                let tail = list.get(end).is_some_and(|token| token.text == ";");
                return end + usize::from(tail);
            }
            "(" | "[" => at = close(list, at),
            _ => at += 1,
        }
    }
    list.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(source: &str) -> Vec<&str> {
        tokens(source).iter().map(|token| token.text).collect()
    }

    #[test]
    fn comments_and_texts_hide_nothing_and_reveal_nothing() {
        let source =
            "a /* b /* c */ d */ e // f\n\"g { \\\" h\" r#\"i \" j\"# 'k' '\\'' &'l m b'n'";
        let expected = ["a", "e", "\"g { \\\" h\"", "r#\"i \" j\"#", "'k'", "'\\''", "&", "'l"];
        assert_eq!(texts(source)[..8], expected);
        assert_eq!(texts(source)[8..], ["m", "b'n'"]);
        assert_eq!(
            texts("'é' 'é r#type 1.5e3 0..4"),
            ["'é'", "'é", "r#type", "1.5e3", "0", ".", ".", "4"]
        );
        assert_eq!(texts("a::b: c"), ["a", "::", "b", ":", "c"]);
    }

    #[test]
    fn any_text_ends() {
        let hard = "/* \" r#\" ' '\\ \u{20ac}' b' 0. ::: }";
        for (at, _) in hard.char_indices() {
            tokens(&hard[at..]);
            without_tests(&tokens(&hard[..at]));
        }
    }

    #[test]
    fn lines_are_counted_through_texts() {
        let list = tokens("a\n\"b\nc\"\nd /*\n*/ e");
        let lines: Vec<usize> = list.iter().map(|token| token.line).collect();
        assert_eq!(lines, [1, 2, 4, 5]);
    }

    #[test]
    fn test_items_are_left_out() {
        let source = "fn a() {}\n#[cfg(test)]\nuse x::{y, z};\n#[cfg(not(test))] fn b() {}\n\
            #[cfg(all(test, unix))]\n#[allow(dead_code)]\nmod tests { fn c() { } }\nfn d() {}";
        let list = tokens(source);
        let (kept, lines) = without_tests(&list);
        let names: Vec<&str> =
            kept.windows(2).filter(|pair| pair[0].text == "fn").map(|pair| pair[1].text).collect();
        assert_eq!(names, ["a", "b", "d"]);
        assert_eq!(lines, [2..4, 5..8]);
    }
}
