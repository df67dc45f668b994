//! Patterns over slash paths.
#![forbid(unsafe_code)]

use crate::error::quoted;
use crate::{Error, Result};
use std::fmt;
use std::str::FromStr;

/// A pattern that slash paths match or do not.
///
/// `*` is any text within one step, `**` any text across steps, and `**/` any number of whole
/// steps (or none); `?` is one character, `[a-z]` one of these, `[!a-z]` one of the others. What
/// has a meaning stands for itself in brackets: `[*]`.
///
/// ```
/// use npstow::trees::Glob;
/// let glob: Glob = "A*/**/hit[0-9]".parse()?;
/// assert!(glob.matches("A000/hit3") && glob.matches("A000/f000/deep/hit3"));
/// assert!(!glob.matches("A000/hits") && !glob.matches("B000/hit3"));
/// # Ok::<(), npstow::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob {
    text: String,
    tokens: Vec<Token>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Char(char),
    /// `?`
    One,
    /// `*`
    Within,
    /// `**`
    Across,
    /// `**/` where a step begins: at the beginning of a step,
    Boundary,
    /// and within one, which always follows it.
    Inside,
    /// `[…]`
    Class {
        is_negated: bool,
        ranges: Vec<(char, char)>,
    },
}

impl Glob {
    /// Patterns that are separated by commas; a comma in a name is `[,]`.
    ///
    /// # Errors
    /// As for parsing one.
    pub fn list(text: &str) -> Result<Vec<Self>> {
        let (mut globs, mut start, mut in_class) = (Vec::new(), 0, None);
        for (at, c) in text.char_indices() {
            match (c, in_class) {
                (',', None) => {
                    globs.push(text[start..at].parse()?);
                    start = at + 1;
                }
                ('[', None) => in_class = Some(at),
                // A bracket that comes first is one of the characters.
                (']', Some(open)) if !is_first(&text[open + 1..at]) => in_class = None,
                _ => {}
            }
        }
        globs.push(text[start..].parse()?);
        Ok(globs)
    }

    /// The pattern as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether there is anything in it but plain text.
    #[must_use]
    pub fn is_pattern(&self) -> bool {
        self.tokens.iter().any(|token| !matches!(token, Token::Char(_)))
    }

    /// Whether a path matches; takes at most as many steps as the pattern times the path is long.
    #[must_use]
    pub fn matches(&self, path: &str) -> bool {
        // All places in the pattern that the path so far may have come to.
        let mut now = vec![false; self.tokens.len() + 1];
        let mut next = now.clone();
        self.reach(0, &mut now);
        for c in path.chars() {
            next.fill(false);
            for (at, token) in self.tokens.iter().enumerate().filter(|(at, _)| now[*at]) {
                if let Some(to) = token.step(at, c) {
                    self.reach(to, &mut next);
                }
            }
            std::mem::swap(&mut now, &mut next);
        }
        now[self.tokens.len()]
    }

    /// Marks a place, and those that are reached from it with no character.
    fn reach(&self, mut at: usize, places: &mut [bool]) {
        loop {
            places[at] = true;
            at += match self.tokens.get(at) {
                Some(Token::Within | Token::Across) => 1,
                Some(Token::Boundary) => 2,
                _ => return,
            };
        }
    }
}

/// Whether a character after this part of a class would be the first of the class.
fn is_first(part: &str) -> bool {
    matches!(part, "" | "!" | "^")
}

impl Token {
    /// Where a character leads from here.
    fn step(&self, at: usize, c: char) -> Option<usize> {
        match self {
            Self::Char(own) => (*own == c).then_some(at + 1),
            Self::One | Self::Boundary => (c != '/').then_some(at + 1),
            Self::Within => (c != '/').then_some(at),
            Self::Across => Some(at),
            Self::Inside => Some(if c == '/' { at - 1 } else { at }),
            Self::Class { is_negated, ranges } => {
                let is_in = ranges.iter().any(|(first, last)| (*first..=*last).contains(&c));
                (c != '/' && is_in != *is_negated).then_some(at + 1)
            }
        }
    }
}

impl FromStr for Glob {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let text_of =
            |what| Error::invalid(format_args!("{what} in the pattern '{}'", quoted(text)));
        let path = text.trim_matches('/');
        let (mut tokens, mut rest) = (Vec::new(), path);
        while let Some(c) = rest.chars().next() {
            let begins_step = rest.len() == path.len()
                || matches!(tokens.last(), Some(Token::Char('/') | Token::Inside));
            rest = &rest[c.len_utf8()..];
            match c {
                '*' if rest.starts_with('*') => {
                    rest = rest.trim_start_matches('*');
                    match rest.strip_prefix('/').filter(|_| begins_step) {
                        Some(after) => {
                            rest = after;
                            tokens.extend([Token::Boundary, Token::Inside]);
                        }
                        None => tokens.push(Token::Across),
                    }
                }
                '*' => tokens.push(Token::Within),
                '?' => tokens.push(Token::One),
                '[' => {
                    let (class, after) =
                        class(rest).ok_or_else(|| text_of("a '[' without its ']'"))?;
                    tokens.push(class);
                    rest = after;
                }
                c => tokens.push(Token::Char(c)),
            }
        }
        Ok(Self { text: text.to_owned(), tokens })
    }
}

/// What stands behind a `[`, and the rest behind its `]`.
fn class(text: &str) -> Option<(Token, &str)> {
    let body = text.strip_prefix(['!', '^']);
    let (is_negated, body) = (body.is_some(), body.unwrap_or(text));
    // A bracket that comes first is one of the characters.
    let first = body.chars().next()?.len_utf8();
    let end = first + body.get(first..)?.find(']')?;
    let mut ranges = Vec::new();
    let mut chars = body[..end].chars().peekable();
    while let Some(c) = chars.next() {
        let mut ahead = chars.clone();
        match (ahead.next(), ahead.next()) {
            (Some('-'), Some(last)) => {
                ranges.push((c, last));
                chars = ahead;
            }
            _ => ranges.push((c, c)),
        }
    }
    Some((Token::Class { is_negated, ranges }, &body[end + 1..]))
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Whether a path matches any pattern; without patterns every path does.
pub(super) fn any(globs: &[Glob], path: &str) -> bool {
    globs.is_empty() || globs.iter().any(|glob| glob.matches(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_paths() {
        for (glob, yes, no) in [
            ("hit", &["hit"][..], &["hits", "a/hit", ""][..]),
            ("*", &["hit", ""], &["a/hit"]),
            ("*/hit", &["a/hit"], &["hit", "a/b/hit", "a/hits"]),
            ("**", &["hit", "a/b", ""], &[]),
            ("**/hit", &["hit", "a/hit", "a/b/hit"], &["xhit", "a/xhit", "hit/a"]),
            ("a/**", &["a/b", "a/b/c"], &["a", "ab/c"]),
            ("a/**/z", &["a/z", "a/b/z", "a/b/c/z"], &["az", "a/bz", "z", "a/b/z/c"]),
            ("a/**/**/z", &["a/z", "a/b/z", "a/b/c/z"], &["a/bz"]),
            ("a**z", &["az", "a/b/z", "abz"], &["a", "az/"]),
            ("a***", &["a", "a/b"], &["b"]),
            ("h?t", &["hit", "hüt"], &["ht", "h/t", "hiit"]),
            ("h[a-ix]t", &["hit", "hat", "hxt"], &["hot", "h-t"]),
            ("h[!a-i]t", &["hot"], &["hit", "h/t"]),
            ("h[^i]t", &["hot"], &["hit"]),
            ("x[]]y[*]z[-a]", &["x]y*z-", "x]y*za"], &["xaybza"]),
            ("/A*/", &["A", "A1"], &["/A/", "A/b"]),
            ("[z-a]", &[], &["a", "m", "z"]),
        ] {
            let glob: Glob = glob.parse().unwrap();
            for path in yes {
                assert!(glob.matches(path), "{glob} {path}");
            }
            for path in no {
                assert!(!glob.matches(path), "{glob} {path}");
            }
        }
    }

    #[test]
    fn brackets_must_close() {
        for text in ["a[", "a[]", "a[!]", "[^", "x/[a-"] {
            let e = text.parse::<Glob>().unwrap_err();
            assert_eq!(e.to_string(), format!("a '[' without its ']' in the pattern '{text}'"));
        }
    }

    #[test]
    fn lists_are_split_at_commas() {
        let list =
            |text| Glob::list(text).map(|l| l.iter().map(Glob::to_string).collect::<Vec<_>>());
        assert_eq!(list("a,b/*,c[,]d,[],]").unwrap(), ["a", "b/*", "c[,]d", "[],]"]);
        assert_eq!(list("a").unwrap(), ["a"]);
        assert!(list("a,[b").is_err());
        let globs = Glob::list("x,y*").unwrap();
        assert!(any(&globs, "x") && any(&globs, "yz") && !any(&globs, "z") && any(&[], "z"));
        assert!(!globs[0].is_pattern() && globs[1].is_pattern());
    }

    #[test]
    fn hostile_patterns_take_no_time() {
        let glob: Glob = "**/a*".repeat(50).parse().unwrap();
        let path = "a".repeat(2000) + &"/a".repeat(500) + "b/";
        assert!(!glob.matches(&path));
    }
}
