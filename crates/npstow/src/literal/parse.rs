//! The grammar: what `ast.literal_eval` of CPython 3.11 accepts.
//!
//! One pass over the bytes, recursion only where brackets open. Signs are not part of a number:
//! `-(1)` is a literal and `--1` is not, so every value carries what `literal_eval` looks at.
#![forbid(unsafe_code)]

use super::number::{Number, number, short, too_large};
use super::string::{Pieces, Prefix, prefix};
use super::{Literal, LiteralOptions, unique};
use crate::{Error, Result};

/// CPython's tokenizer stops at this many open brackets.
const MAX_DEPTH: usize = 200;

/// A value, and what it was made of.
enum Node {
    /// A number without sign: the only thing that takes a sign.
    Number(Number),
    /// A number with a sign: may stand left of a sum.
    Signed(Literal),
    /// Anything else.
    Other(Literal),
}

/// Where the parser is in the text.
pub(super) struct Parser<'a> {
    text: &'a str,
    pub(super) at: usize,
    /// Brackets that are open: within them newlines are blanks.
    pub(super) open: usize,
    depth: usize,
    longs: bool,
}

pub(super) fn parse(text: &str, options: &LiteralOptions) -> Result<Literal> {
    if let Some(at) = text.bytes().position(|b| b == 0) {
        return Err(Error::corrupt("a Python literal", "a NUL byte").at(offset(at)));
    }
    // literal_eval strips these before it parses, so the first line may be indented.
    let start = text.len() - text.trim_start_matches([' ', '\t']).len();
    let depth = options.depth.min(MAX_DEPTH);
    let mut parser = Parser { text, at: start, open: 0, depth, longs: options.python2_longs };
    parser.first_line()?;
    let mut value = parser.expression()?;
    parser.blanks()?;
    if parser.peek() == Some(b',') {
        value = Literal::Tuple(parser.items(value, None)?);
    }
    parser.end()?;
    Ok(value)
}

fn offset(at: usize) -> u64 {
    u64::try_from(at).unwrap_or(u64::MAX)
}

impl<'a> Parser<'a> {
    pub(super) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    pub(super) fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(super) fn expected(&self, expected: &str) -> Error {
        let rest = self.rest();
        let found = if rest.is_empty() { "the end of the text".to_owned() } else { short(rest) };
        Error::corrupt(expected, found).at(offset(self.at))
    }

    /// A value, or a real number plus or minus an imaginary one.
    fn expression(&mut self) -> Result<Literal> {
        let node = self.sum()?;
        self.value(node)
    }

    fn value(&self, node: Node) -> Result<Literal> {
        Ok(match node {
            Node::Signed(value) | Node::Other(value) => value,
            Node::Number(Number::Float(value)) => Literal::Float(value),
            Node::Number(Number::Imaginary(value)) => Literal::Complex(0.0, value),
            Node::Number(Number::Int(value)) => Literal::Int(
                i128::try_from(value)
                    .map_err(|_| too_large(&value.to_string()).at(offset(self.at)))?,
            ),
        })
    }

    fn sum(&mut self) -> Result<Node> {
        self.blanks()?;
        let left = self.unary()?;
        self.blanks()?;
        let Some(sign @ (b'+' | b'-')) = self.peek() else { return Ok(left) };
        #[expect(clippy::cast_precision_loss, reason = "rounded as CPython's float(int)")]
        let re = match left {
            Node::Number(Number::Int(value)) => value as f64,
            Node::Signed(Literal::Int(value)) => value as f64,
            Node::Number(Number::Float(value)) | Node::Signed(Literal::Float(value)) => value,
            _ => return Err(self.expected("no operator after this value")),
        };
        self.at += 1;
        self.blanks()?;
        let right_at = self.at;
        let Node::Number(Number::Imaginary(im)) = self.primary()? else {
            self.at = right_at;
            return Err(self.expected("an imaginary number"));
        };
        // As complex(re) ± complex(0, im), whose zeros have signs of their own.
        Ok(Node::Other(match sign {
            b'-' => Literal::Complex(re - 0.0, 0.0 - im),
            _ => Literal::Complex(re + 0.0, 0.0 + im),
        }))
    }

    fn unary(&mut self) -> Result<Node> {
        let Some(sign @ (b'+' | b'-')) = self.peek() else { return self.primary() };
        self.at += 1;
        self.blanks()?;
        let operand_at = self.at;
        let Node::Number(number) = self.primary()? else {
            self.at = operand_at;
            return Err(self.expected("a number without sign"));
        };
        let value = match number {
            Number::Float(value) if sign == b'-' => Literal::Float(-value),
            Number::Imaginary(value) if sign == b'-' => Literal::Complex(-0.0, -value),
            Number::Int(value) if sign == b'-' => match 0_i128.checked_sub_unsigned(value) {
                Some(value) => Literal::Int(value),
                None => return Err(too_large(&format!("-{value}")).at(offset(operand_at))),
            },
            plain => self.value(Node::Number(plain))?,
        };
        Ok(Node::Signed(value))
    }

    fn primary(&mut self) -> Result<Node> {
        let rest = self.rest().as_bytes();
        match rest.first() {
            Some(b'0'..=b'9') => self.number(),
            Some(b'.') if rest.get(1).is_some_and(u8::is_ascii_digit) => self.number(),
            Some(b'(') => self.bracket(Self::parentheses),
            Some(b'[') => self.bracket(|parser| {
                let items = parser.list(b']')?;
                Ok(Node::Other(Literal::List(items)))
            }),
            Some(b'{') => self.bracket(Self::braces),
            _ => match prefix(rest) {
                Some(prefix) => self.strings(prefix),
                None => self.name(),
            },
        }
    }

    fn number(&mut self) -> Result<Node> {
        let (value, len) = number(self.rest()).map_err(|e| e.shift(offset(self.at)))?;
        self.at += len;
        if self.longs {
            self.skip_long_marks();
        }
        let next = self.rest().chars().next();
        if next.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_' || !c.is_ascii()) {
            return Err(self.expected("the end of a number"));
        }
        Ok(Node::Number(value))
    }

    /// Drops names `L` after a number, as `numpy.lib.format._filter_header` does.
    fn skip_long_marks(&mut self) {
        loop {
            let kept = self.at;
            loop {
                match self.peek() {
                    Some(b' ' | b'\t' | 0x0c) => self.at += 1,
                    Some(b'\\') => {
                        self.at += 1;
                        if !self.newline() {
                            break;
                        }
                    }
                    _ => break,
                }
            }
            let mut chars = self.rest().chars();
            let ends = |c: char| {
                c.is_ascii() && !c.is_ascii_alphanumeric() && !matches!(c, '_' | '\'' | '"')
            };
            if chars.next() != Some('L') || !chars.next().is_none_or(ends) {
                // Blanks before anything else are not ours.
                self.at = kept;
                return;
            }
            self.at += 1;
        }
    }

    /// Reads what stands between two brackets and the closing one.
    fn bracket(&mut self, inner: impl FnOnce(&mut Self) -> Result<Node>) -> Result<Node> {
        if self.open >= self.depth {
            let limit = offset(self.depth);
            return Err(
                Error::limit("a depth of nested brackets", limit, "one more").at(offset(self.at))
            );
        }
        self.open += 1;
        self.at += 1;
        let node = inner(self)?;
        // The closing bracket was seen; what follows it is outside.
        self.open -= 1;
        self.at += 1;
        Ok(node)
    }

    /// `()`, `(1)` which is `1`, `(1,)`, `(1, 2)`.
    fn parentheses(&mut self) -> Result<Node> {
        self.blanks()?;
        if self.peek() == Some(b')') {
            return Ok(Node::Other(Literal::Tuple(Vec::new())));
        }
        let first = self.sum()?;
        self.blanks()?;
        match self.peek() {
            Some(b')') => Ok(first),
            Some(b',') => {
                let first = self.value(first)?;
                Ok(Node::Other(Literal::Tuple(self.items(first, Some(b')'))?)))
            }
            _ => Err(self.expected("',' or ')'")),
        }
    }

    /// Items up to `close`, the first of which may be missing.
    fn list(&mut self, close: u8) -> Result<Vec<Literal>> {
        self.blanks()?;
        if self.peek() == Some(close) {
            return Ok(Vec::new());
        }
        let first = self.expression()?;
        self.items(first, Some(close))
    }

    /// The items after `first`, up to `close` or, without one, to the end of the line. Stops at
    /// the closing bracket.
    fn items(&mut self, first: Literal, close: Option<u8>) -> Result<Vec<Literal>> {
        let mut items = vec![first];
        loop {
            self.blanks()?;
            let next = self.peek();
            if next == close || (close.is_none() && matches!(next, Some(b'\n' | b'\r' | b'#'))) {
                return Ok(items);
            }
            if next != Some(b',') {
                return Err(self.expected(match close {
                    Some(b']') => "',' or ']'",
                    Some(b')') => "',' or ')'",
                    Some(_) => "',' or '}'",
                    None => "',' or the end of the text",
                }));
            }
            self.at += 1;
            self.blanks()?;
            let next = self.peek();
            if next == close || (close.is_none() && matches!(next, Some(b'\n' | b'\r' | b'#'))) {
                return Ok(items);
            }
            items.push(self.expression()?);
        }
    }

    fn braces(&mut self) -> Result<Node> {
        let start = self.at - 1;
        self.blanks()?;
        if self.peek() == Some(b'}') {
            return Ok(Node::Other(Literal::Dict(Vec::new())));
        }
        let first = self.expression()?;
        self.blanks()?;
        let value = if self.peek() == Some(b':') {
            self.pairs(first)?.map(Literal::Dict)
        } else {
            unique::set(self.items(first, Some(b'}'))?).map(Literal::Set)
        };
        value.map(Node::Other).ok_or_else(|| {
            Error::corrupt("keys that Python can hash", "a list, dict or set").at(offset(start))
        })
    }

    /// The pairs of a dict, from the colon after the first key.
    fn pairs(&mut self, first: Literal) -> Result<Option<Vec<(Literal, Literal)>>> {
        let (mut keys, mut values) = (vec![first], Vec::new());
        loop {
            if self.peek() != Some(b':') {
                return Err(self.expected("':' after a key"));
            }
            self.at += 1;
            values.push(self.expression()?);
            self.blanks()?;
            if self.peek() == Some(b',') {
                self.at += 1;
                self.blanks()?;
            } else if self.peek() != Some(b'}') {
                return Err(self.expected("',' or '}'"));
            }
            if self.peek() == Some(b'}') {
                return Ok(unique::dict(keys, values));
            }
            keys.push(self.expression()?);
            self.blanks()?;
        }
    }

    /// A string, and those that follow it: Python joins neighbours.
    fn strings(&mut self, first: Prefix) -> Result<Node> {
        let mut pieces = Pieces::new(first);
        let mut next = Some(first);
        while let Some(piece) = next {
            if piece.formatted {
                return Err(self.expected("a literal, not a formatted string"));
            }
            if piece.bytes != first.bytes {
                return Err(self.expected("neighbouring strings all of text or all of bytes"));
            }
            let read = pieces.read(self.rest(), piece);
            self.at += read.map_err(|e| e.shift(offset(self.at)))?;
            self.blanks()?;
            next = prefix(self.rest().as_bytes());
        }
        Ok(Node::Other(match pieces {
            Pieces::Str(text) => Literal::Str(text),
            Pieces::Bytes(bytes) => Literal::Bytes(bytes),
        }))
    }

    fn name(&mut self) -> Result<Node> {
        let rest = self.rest();
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || !c.is_ascii();
        let len = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        let value = match rest.get(..len) {
            Some("None") => Literal::None,
            Some("True") => Literal::Bool(true),
            Some("False") => Literal::Bool(false),
            Some("set") => return self.empty_set(),
            _ => return Err(self.expected("a Python literal")),
        };
        self.at += len;
        Ok(Node::Other(value))
    }

    /// `set()`, the one call that `literal_eval` knows.
    fn empty_set(&mut self) -> Result<Node> {
        let start = self.at;
        self.at += 3;
        self.blanks()?;
        if self.peek() == Some(b'(') {
            let empty = self.bracket(|parser| {
                parser.blanks()?;
                if parser.peek() == Some(b')') {
                    return Ok(Node::Other(Literal::Set(Vec::new())));
                }
                Err(parser.expected("')', an empty set"))
            });
            return empty;
        }
        self.at = start;
        Err(self.expected("a Python literal"))
    }
}
