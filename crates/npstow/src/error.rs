//! One error type for everything: what was expected, what was found, and where.
#![forbid(unsafe_code)]

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// A result whose error is npstow's.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, and where: the path, the member, the byte.
///
/// The text reads `path: member: at byte 45: expected …, found …`; parts that are not known are
/// left out. Programs branch on [`Error::kind`].
///
/// ```
/// use npstow::{Error, ErrorKind};
/// let e = Error::corrupt("a tuple of lengths for 'shape'", "[2, -3]").at(45).in_path("bad.npy");
/// assert_eq!(e.kind(), ErrorKind::Corrupt);
/// assert_eq!(e.offset(), Some(45));
/// assert_eq!(
///     e.to_string(),
///     "bad.npy: at byte 45: expected a tuple of lengths for 'shape', found [2, -3]"
/// );
/// ```
#[derive(Debug)]
pub struct Error(Box<Inner>);

/// Who has to act on an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The operating system refused: no such file, no permission, no space left.
    Io,
    /// The file is damaged or was never of its format.
    Corrupt,
    /// The file is valid (or may be), but npstow does not do this.
    Unsupported,
    /// A bound of [`Limits`](crate::Limits) was reached.
    Limit,
    /// The data are fine but not what the caller asked for: another dtype, shape or layout.
    Mismatch,
    /// No such name in the file.
    NotFound,
    /// The name or file is there already.
    Exists,
    /// The caller's request makes no sense: an axis that is not there, a zero step.
    Invalid,
}

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    what: String,
    path: Option<PathBuf>,
    member: Option<String>,
    offset: Option<u64>,
    source: Option<io::Error>,
}

impl Error {
    fn new(kind: ErrorKind, what: String) -> Self {
        Self(Box::new(Inner { kind, what, path: None, member: None, offset: None, source: None }))
    }

    /// The file breaks a rule of its format: what the rule wants, and what stands there.
    #[cold]
    pub fn corrupt(expected: impl fmt::Display, found: impl fmt::Display) -> Self {
        Self::new(ErrorKind::Corrupt, format!("expected {expected}, found {found}"))
    }

    /// The file or the request is beyond what npstow does: name the thing.
    #[cold]
    pub fn unsupported(what: impl fmt::Display) -> Self {
        Self::new(ErrorKind::Unsupported, format!("not supported: {what}"))
    }

    /// A bound was reached: what it bounds, the bound, and what was asked for.
    #[cold]
    pub fn limit(what: impl fmt::Display, limit: u64, found: impl fmt::Display) -> Self {
        Self::new(ErrorKind::Limit, format!("expected {what} of at most {limit}, found {found}"))
    }

    /// The data are not what the caller asked for.
    #[cold]
    pub fn mismatch(expected: impl fmt::Display, found: impl fmt::Display) -> Self {
        Self::new(ErrorKind::Mismatch, format!("expected {expected}, found {found}"))
    }

    /// Nothing of that name is there.
    #[cold]
    pub fn not_found(what: impl fmt::Display) -> Self {
        Self::new(ErrorKind::NotFound, format!("not found: {what}"))
    }

    /// Something of that name is there already.
    #[cold]
    pub fn exists(what: impl fmt::Display) -> Self {
        Self::new(ErrorKind::Exists, format!("exists already: {what}"))
    }

    /// The request makes no sense.
    #[cold]
    pub fn invalid(what: impl fmt::Display) -> Self {
        Self::new(ErrorKind::Invalid, what.to_string())
    }

    /// The operating system refused; `doing` says what was tried, as in "reading the header".
    ///
    /// Where a [`Source`](crate::Source) gave an error of ours as an [`io::Error`], this is it.
    #[cold]
    pub fn io(doing: impl fmt::Display, source: io::Error) -> Self {
        let source = match source.downcast::<Self>() {
            Ok(ours) => return ours,
            Err(source) => source,
        };
        let mut e = Self::new(ErrorKind::Io, format!("{doing}: {source}"));
        e.0.source = Some(source);
        e
    }

    /// Says at which byte of the file the error is.
    #[must_use]
    pub fn at(mut self, offset: u64) -> Self {
        self.0.offset = Some(offset);
        self
    }

    /// Moves a known offset by `base`: a parser reports relative to its slice, its caller knows
    /// where the slice lies.
    #[must_use]
    pub fn shift(mut self, base: u64) -> Self {
        self.0.offset = self.0.offset.map(|o| o.saturating_add(base));
        self
    }

    /// Says in which member the error is; the innermost name given first stays.
    #[must_use]
    pub fn in_member(mut self, name: &str) -> Self {
        if self.0.member.is_none() && !name.is_empty() {
            self.0.member = Some(name.to_owned());
        }
        self
    }

    /// Says in which file the error is; the first path given stays.
    #[must_use]
    pub fn in_path(mut self, path: impl AsRef<Path>) -> Self {
        if self.0.path.is_none() {
            self.0.path = Some(path.as_ref().to_owned());
        }
        self
    }

    /// Who has to act.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The file, where known.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.0.path.as_deref()
    }

    /// The member of the file, where known.
    #[must_use]
    pub fn member(&self) -> Option<&str> {
        self.0.member.as_deref()
    }

    /// The byte of the file (or of the decoded member) where the error is, where known.
    #[must_use]
    pub fn offset(&self) -> Option<u64> {
        self.0.offset
    }

    /// The text without the place.
    #[must_use]
    pub fn what(&self) -> &str {
        &self.0.what
    }

    /// The operating system's error behind this one, where there is one.
    #[must_use]
    pub fn io_error(&self) -> Option<&io::Error> {
        self.0.source.as_ref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(path) = &self.0.path {
            write!(f, "{}: ", Escaped(&path.to_string_lossy()))?;
        }
        if let Some(member) = &self.0.member {
            // Names of members may be 64 KiB long; paths are short, and somebody wants to open them.
            write!(f, "{}: ", quoted(member))?;
        }
        if let Some(offset) = self.0.offset {
            write!(f, "at byte {offset}: ")?;
        }
        f.write_str(&self.0.what)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_ref().map(|e| e as _)
    }
}

/// Text of a file made fit for a terminal and a log: control characters are escaped.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            if is_harmful(c) { write!(f, "{}", c.escape_default())? } else { write!(f, "{c}")? }
        }
        Ok(())
    }
}

/// Characters that act on a terminal, or that reorder or hide text around them.
pub(crate) fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Makes text from a file harmless: for a terminal, a log or an error; at most 200 characters.
pub(crate) fn quoted(text: &str) -> String {
    let cut: String = text.chars().take(200).collect();
    let more = if cut.len() < text.len() { "…" } else { "" };
    format!("{}{more}", Escaped(&cut))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_is_told_once_and_in_order() {
        let e = Error::corrupt("a", "b").at(3).shift(7).in_member("x").in_member("y");
        assert_eq!(Error::invalid("a").in_member(&"x".repeat(65_000)).to_string().len(), 206);
        let e = e.in_path("f.npz").in_path("g.npz");
        assert_eq!(e.to_string(), "f.npz: x: at byte 10: expected a, found b");
        assert_eq!((e.offset(), e.member()), (Some(10), Some("x")));
        assert_eq!(e.path(), Some(Path::new("f.npz")));
    }

    #[test]
    fn text_from_files_cannot_reach_the_terminal() {
        assert_eq!(quoted("a\x1b[2J\u{202e}"), "a\\u{1b}[2J\\u{202e}");
        let e = Error::invalid("x").in_path("a\nb");
        assert_eq!(e.to_string(), "a\\nb: x");
        assert_eq!(quoted(&"z".repeat(300)).chars().count(), 201);
    }

    #[test]
    fn ours_is_found_again_in_an_io_error() {
        let ours = io::Error::other(Error::corrupt("a", "b").at(3));
        let e = Error::io("reading", ours);
        assert_eq!((e.kind(), e.offset()), (ErrorKind::Corrupt, Some(3)));
        let e = Error::io("reading", io::Error::other("x"));
        assert_eq!((e.kind(), e.to_string()), (ErrorKind::Io, "reading: x".to_owned()));
    }

    #[test]
    fn errors_are_small() {
        assert_eq!(size_of::<Error>(), size_of::<usize>());
    }
}
