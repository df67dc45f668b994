//! What users attach to arrays and groups: metadata, names and labels.
//!
//! The form is that of NPFold's text files, so that it passes through folders unchanged: metadata
//! is text with a `key:value` on each line, names and labels are lists of lines.
#![forbid(unsafe_code)]

mod sidecar;

pub(crate) use sidecar::{GROUP, INDEX, Sidecar, VALUES};

use crate::error::quoted;
use crate::{Error, Result};
use std::fmt;
use std::str::FromStr;

/// Metadata, names and labels of an array or a group.
///
/// ```
/// use npstow::{Meta, Notes};
/// let mut notes = Notes::default();
/// notes.meta.set("creator", "simulation")?;
/// notes.names = vec!["red".into(), "green".into()];
/// assert!(!notes.is_empty());
/// # Ok::<(), npstow::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notes {
    /// Metadata: lines of `key:value`.
    pub meta: Meta,
    /// Names of the rows of an array, or a list of strings on its own.
    pub names: Vec<String>,
    /// Labels of the columns of an array.
    pub labels: Vec<String>,
}

impl Notes {
    /// Whether nothing is noted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.meta.is_empty() && self.names.is_empty() && self.labels.is_empty()
    }
}

/// Metadata as text: `key:value` on each line, other lines are kept as they are.
///
/// The text stays as it was read; what is set changes its own lines only. A key goes up to the
/// first `:` of its line, the value is the rest, spaces included. Where a key stands on several
/// lines the last one counts.
///
/// ```
/// use npstow::Meta;
/// let mut meta = Meta::from_text("run:7\na free line\nurl:http://host:80/x\n");
/// assert_eq!(meta.get("url"), Some("http://host:80/x"));
/// assert_eq!(meta.get_as::<u32>("run")?, Some(7));
/// meta.set("run", 8)?;
/// meta.set_float("scale", 0.1234567890123456)?;
/// assert_eq!(
///     meta.as_str(),
///     "run:8\na free line\nurl:http://host:80/x\nscale:0.1234567890123456\n"
/// );
/// # Ok::<(), npstow::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Meta {
    text: String,
}

impl Meta {
    /// No metadata.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the text of a metadata file as it is.
    pub fn from_text(text: impl Into<String>) -> Self {
        Self { text: text.into() }
    }

    /// The text, as it would be written to a file.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether there is no text.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The lines, in order.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        lines(&self.text)
    }

    /// Keys and values, in order; lines without a `:` are left out.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.lines().filter_map(|line| line.split_once(':'))
    }

    /// The value of a key, or of the first one that has a value where several are given as
    /// `"A|B"`. A value without text counts as absent, as it does for NPFold.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        key.split('|').filter_map(|key| self.get_raw(key)).find(|value| !value.is_empty())
    }

    /// The value of exactly this key, also where it has no text.
    #[must_use]
    pub fn get_raw(&self, key: &str) -> Option<&str> {
        self.iter().filter(|(name, _)| *name == key).last().map(|(_, value)| value)
    }

    /// The value of a key as a number or anything else that is made from text; `None` where it is
    /// absent (as for [`get`](Self::get)).
    ///
    /// # Errors
    /// `Mismatch` where the text is no such thing; spaces around it do not matter.
    pub fn get_as<T: FromStr>(&self, key: &str) -> Result<Option<T>> {
        let Some(value) = self.get(key) else { return Ok(None) };
        value.trim().parse().map(Some).map_err(|_| {
            let expected = format!("a value of '{}' for '{}'", type_name::<T>(), quoted(key));
            Error::mismatch(expected, format_args!("'{}'", quoted(value)))
        })
    }

    /// Gives a key a value: on every line where it stands already, else on a new line.
    ///
    /// # Errors
    /// `Invalid` where key or value would not be read back: a key that is empty or holds `:` or
    /// `|`, a line end in either.
    pub fn set(&mut self, key: &str, value: impl fmt::Display) -> Result<()> {
        let value = value.to_string();
        check(key, &value)?;
        let line = format!("{key}:{value}");
        let mut text = String::with_capacity(self.text.len() + line.len() + 1);
        let mut found = false;
        for old in self.text.split_inclusive('\n') {
            if old.trim_end_matches('\n').split_once(':').is_some_and(|(name, _)| name == key) {
                found = true;
                text.push_str(&line);
                text.push_str(if old.ends_with('\n') { "\n" } else { "" });
            } else {
                text.push_str(old);
            }
        }
        if !found {
            if !text.is_empty() && !text.ends_with('\n') {
                text.push('\n');
            }
            text.push_str(&line);
            text.push('\n');
        }
        self.text = text;
        Ok(())
    }

    /// As [`set`](Self::set) for a number: the fewest digits that read back as the same number.
    ///
    /// # Errors
    /// As `set`.
    pub fn set_float(&mut self, key: &str, value: f64) -> Result<()> {
        // `Debug` has an exponent where `Display` would have hundreds of zeros.
        let text = format!("{value:?}");
        self.set(key, text.strip_suffix(".0").unwrap_or(&text))
    }

    /// Takes out every line of a key; says how many there were.
    pub fn remove(&mut self, key: &str) -> usize {
        let is_it = |line: &&str| line.split_once(':').is_some_and(|(name, _)| name == key);
        let count = self.lines().filter(is_it).count();
        if count > 0 {
            let kept = self.text.split_inclusive('\n');
            self.text = kept.filter(|line| !is_it(&line.trim_end_matches('\n'))).collect();
        }
        count
    }
}

impl fmt::Display for Meta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The lines of a text; a line feed at its end begins no further line.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive('\n').map(|line| line.strip_suffix('\n').unwrap_or(line))
}

fn check(key: &str, value: &str) -> Result<()> {
    if key.is_empty() || key.contains([':', '|', '\n', '\r']) {
        let what =
            format!("the key '{}' of metadata: empty, or with ':', '|' or a line end", quoted(key));
        return Err(Error::invalid(what));
    }
    if value.contains(['\n', '\r']) {
        let what = format!("a line end in the value of '{}'", quoted(key));
        return Err(Error::invalid(what));
    }
    Ok(())
}

fn type_name<T>() -> &'static str {
    let whole = std::any::type_name::<T>();
    whole.rsplit("::").next().unwrap_or(whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    #[test]
    fn the_last_line_counts_and_empty_is_absent() {
        let meta = Meta::from_text("a:1\nfree\na:2\nb:\nc::x: \n:nokey");
        assert_eq!(meta.get("a"), Some("2"));
        assert_eq!((meta.get("b"), meta.get_raw("b")), (None, Some("")));
        assert_eq!(meta.get("c"), Some(":x: "));
        assert_eq!(meta.get("free"), None);
        assert_eq!(meta.get_raw(""), Some("nokey"));
        assert_eq!(meta.get("b|zz|a"), Some("2"));
        assert_eq!(meta.get("b|zz"), None);
        assert_eq!(meta.iter().count(), 5);
        assert_eq!(meta.lines().nth(1), Some("free"));
        assert_eq!(Meta::new().lines().count(), 0);
    }

    #[test]
    fn getters_are_strict() {
        let meta = Meta::from_text("i:-8\nbig:12345678901234567890\nf: 0.5 \ns:hello\nempty:\n");
        assert_eq!(meta.get_as::<i32>("i").unwrap(), Some(-8));
        assert_eq!(meta.get_as::<u64>("big").unwrap(), Some(12_345_678_901_234_567_890));
        assert_eq!(meta.get_as::<f64>("f").unwrap(), Some(0.5));
        assert_eq!(meta.get_as::<i32>("empty").unwrap(), None);
        assert_eq!(meta.get_as::<i32>("zz|i").unwrap(), Some(-8));
        for key in ["s", "big", "f"] {
            let e = meta.get_as::<i32>(key).unwrap_err();
            assert_eq!(e.kind(), ErrorKind::Mismatch);
        }
        let e = meta.get_as::<i32>("s").unwrap_err();
        assert_eq!(e.to_string(), "expected a value of 'i32' for 's', found 'hello'");
    }

    #[test]
    fn setting_changes_its_lines_only() {
        let mut meta = Meta::from_text("a:1\nfree\nab:3\na:2");
        meta.set("a", "x y").unwrap();
        assert_eq!(meta.as_str(), "a:x y\nfree\nab:3\na:x y");
        meta.set("new", 5).unwrap();
        assert_eq!(meta.as_str(), "a:x y\nfree\nab:3\na:x y\nnew:5\n");
        assert_eq!((meta.remove("a"), meta.remove("a")), (2, 0));
        assert_eq!(meta.as_str(), "free\nab:3\nnew:5\n");
        assert_eq!(meta.to_string(), meta.as_str());
        for (key, value) in [("", "v"), ("a:b", "v"), ("a|b", "v"), ("a\n", "v"), ("a", "v\nw:x")] {
            assert_eq!(meta.set(key, value).unwrap_err().kind(), ErrorKind::Invalid, "{key:?}");
        }
        assert_eq!(meta.as_str(), "free\nab:3\nnew:5\n");
    }

    #[test]
    fn floats_read_back() {
        let mut meta = Meta::new();
        for value in [0.123_456_789_012_345_6, 123_456_789.25, 1e300, 5e-324, -0.0, 3.0, f64::MAX] {
            meta.set_float("x", value).unwrap();
            let back = meta.get_as::<f64>("x").unwrap().unwrap();
            assert_eq!(back.to_bits(), value.to_bits(), "{meta}");
            assert!(meta.as_str().len() < 30);
        }
        meta.set_float("x", f64::NAN).unwrap();
        assert!(meta.get_as::<f64>("x").unwrap().unwrap().is_nan());
    }

    #[test]
    fn notes_know_when_they_are_empty() {
        let full = [
            Notes { meta: Meta::from_text("a"), ..Notes::default() },
            Notes { names: vec![String::new()], ..Notes::default() },
            Notes { labels: vec!["x".into()], ..Notes::default() },
        ];
        assert!(Notes::default().is_empty() && full.iter().all(|notes| !notes.is_empty()));
    }
}
