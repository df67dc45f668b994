//! Names of files: what leads out of a folder, what other systems cannot keep apart or hold.
#![forbid(unsafe_code)]

use super::marks::{is_mark, is_replaced};
use crate::error::quoted;
use crate::{Error, Result};
use std::collections::HashMap;

/// What may stand in no name that goes into a line of text.
pub(super) const LINE_ENDS: [char; 3] = ['\n', '\r', '\0'];

/// The name that NPFold gives the array that is added under a number: `k007`.
///
/// ```
/// assert_eq!(npstow::folder::numbered('k', 7), "k007");
/// ```
#[must_use]
pub fn numbered(prefix: char, number: usize) -> String {
    format!("{prefix}{number:03}")
}

/// The name under which NPFold's key is found here: without `.npy`, or without the `.txt` that
/// NPFold replaces by it.
///
/// ```
/// use npstow::folder::name_of_key;
/// assert_eq!((name_of_key("a.npy"), name_of_key("x.txt"), name_of_key("a")), ("a", "x", "a"));
/// ```
#[must_use]
pub fn name_of_key(key: &str) -> &str {
    key.strip_suffix(".npy").or_else(|| key.strip_suffix(".txt")).unwrap_or(key)
}

/// Says why a path in a file might lead out of its folder, on any system.
pub(super) fn inside(path: &str) -> Result<(), &'static str> {
    // Almost all names are one step of such characters.
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    if !path.is_empty() && !path.starts_with('.') && path.bytes().all(plain) {
        return Ok(());
    }
    if path.is_empty() {
        return Err("it is empty");
    }
    if path.contains(LINE_ENDS) {
        return Err("a line end or NUL in it");
    }
    if path.starts_with('/') {
        return Err("it begins at the root");
    }
    for step in path.split('/') {
        match step {
            "" => return Err("an empty step"),
            "." => return Err("a step '.'"),
            ".." => return Err("a step '..' leads out"),
            _ if step.contains('\\') => return Err("a backslash, which parts steps on Windows"),
            _ if has_drive(step) => return Err("a drive, as on Windows"),
            _ => {}
        }
    }
    Ok(())
}

fn has_drive(step: &str) -> bool {
    let mut chars = step.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic()) && chars.next() == Some(':')
}

/// Says why a file or folder of this name is not written: somewhere it would be another, or none.
pub(super) fn writable(name: &str) -> Result<(), &'static str> {
    inside(name)?;
    if name.contains('/') {
        return Err("a slash in it");
    }
    if name.ends_with(['.', ' ']) {
        return Err("Windows drops a '.' or space at its end");
    }
    if cfg!(windows) && name.contains(['<', '>', ':', '"', '|', '?', '*']) {
        return Err("a character that Windows does not allow");
    }
    if is_device(name) {
        return Err("a device of this name on Windows");
    }
    Ok(())
}

/// Devices that Windows finds in every folder, whatever the extension.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or(name).trim_end();
    if stem.len() > "CONOUT$".len() {
        return false;
    }
    let devices = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"];
    if devices.iter().any(|device| stem.eq_ignore_ascii_case(device)) {
        return true;
    }
    let port = stem
        .split_at_checked("COM".len())
        .filter(|(kind, _)| kind.eq_ignore_ascii_case("COM") || kind.eq_ignore_ascii_case("LPT"));
    let port = port.map(|(_, digit)| digit);
    // Windows takes the superscript digits as well.
    port.is_some_and(|digit| {
        let mut chars = digit.chars();
        let known =
            chars.next().is_some_and(|c| matches!(c, '0'..='9' | '\u{b9}' | '\u{b2}' | '\u{b3}'));
        known && chars.next().is_none()
    })
}

/// The names of one folder, to find those that some file system takes for the same.
#[derive(Debug, Default)]
pub(super) struct Seen {
    by_case: HashMap<String, Option<String>>,
    /// Names with other characters than ASCII, by what normalisation cannot change.
    by_form: HashMap<String, Vec<String>>,
}

impl Seen {
    /// Adds a name.
    ///
    /// Without Unicode's tables of compositions it errs on the safe side: two names that differ
    /// in letters with marks alone, one of them not in normal form, count as the same.
    pub(super) fn add(&mut self, name: &str) -> Result<()> {
        let same = |other: &str| {
            let why =
                if name == other { "" } else { ": in case or Unicode form alone they differ" };
            let what = format!("the file '{}' beside '{}'{why}", quoted(name), quoted(other));
            Error::exists(what)
        };
        let folded = match name.is_ascii() {
            true => name.to_ascii_lowercase(),
            false => name.chars().flat_map(fold).collect(),
        };
        // Most names are as they are without case.
        let own = (folded != name).then(|| name.to_owned());
        if let Some(folded) = self.by_case.get_key_value(&folded) {
            return Err(same(folded.1.as_deref().unwrap_or(folded.0)));
        }
        self.by_case.insert(folded, own);
        if name.is_ascii() {
            return Ok(());
        }
        let others = self.by_form.entry(form(name)).or_default();
        let loose = |name: &str| name.chars().any(|c| is_mark(c) || is_replaced(c));
        if let Some(other) = others.iter().find(|other| loose(name) || loose(other)) {
            return Err(same(other));
        }
        others.push(name.to_owned());
        Ok(())
    }
}

/// A letter without its case.
fn fold(c: char) -> impl Iterator<Item = char> {
    // The two characters that normalisation makes ASCII, Kelvin's K aside, which case does.
    let c = match c {
        '\u{37e}' => ';',
        '\u{1fef}' => '`',
        c => c,
    };
    c.to_lowercase().flat_map(char::to_uppercase).flat_map(char::to_lowercase)
}

/// The name with one sign for each letter that is not ASCII or carries marks.
fn form(name: &str) -> String {
    let mut form = String::with_capacity(name.len());
    for c in name.chars() {
        if is_mark(c) && form.pop().is_some() {
            form.push('\u{fffd}');
            continue;
        }
        let folded: String = fold(c).collect();
        form.push_str(if folded.is_ascii() { &folded } else { "\u{fffd}" });
    }
    form
}

/// Names of `fold.py`'s `Fold` that an array of the same name would hide.
pub(super) const FOLD_ATTRIBUTES: [&str; 27] = [
    "BaseLabel",
    "CommonNames",
    "Concatenate",
    "IsFold",
    "IsQuiet",
    "Load",
    "LoadConcat",
    "MultiLoad",
    "abbrev",
    "base",
    "baselabel",
    "brief",
    "desc",
    "get_names",
    "globals",
    "globals_prefix",
    "is_concat",
    "kwa",
    "load",
    "names",
    "order",
    "paths",
    "quiet",
    "relbase",
    "stems",
    "symbol",
    "txts",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_not_written() {
        for name in
            ["a", "a.b", "photon_1", "\u{b5}m", ".hidden", "COM", "COM12", "console", "ns::x"]
        {
            assert_eq!(writable(name), Ok(()), "{name}");
        }
        for name in [
            "",
            ".",
            "..",
            "a/b",
            "/a",
            "a\\b",
            "c:",
            "C:x",
            "a\nb",
            "a\r",
            "a\0",
            "a.",
            "a ",
            "con",
            "NUL.npy",
            "aux.tar.npy",
            "com1",
            "Lpt9.npy",
            "COM\u{b9}",
            "PRN .x",
            "conout$",
        ] {
            assert!(writable(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn names_that_file_systems_take_for_the_same() {
        let same = [
            ("a", "A"),
            ("stra\u{df}e", "STRASSE"),
            ("\u{3c3}", "\u{3c2}"),
            ("\u{e9}", "e\u{301}"),
            ("\u{e9}", "E\u{301}"),
            ("caf\u{e9}x", "cafe\u{301}x"),
            ("\u{1ec7}", "e\u{323}\u{302}"),
            ("\u{1ec7}", "e\u{302}\u{323}"),
            ("\u{212b}", "\u{c5}"),
            ("\u{2126}", "\u{3a9}"),
            ("\u{212a}", "k"),
            ("\u{37e}", ";"),
            ("\u{ac01}", "\u{1100}\u{1161}\u{11a8}"),
            ("\u{958}", "\u{915}\u{93c}"),
            ("\u{f900}", "\u{8c48}"),
        ];
        for (a, b) in same {
            for (a, b) in [(a, b), (b, a)] {
                let mut seen = Seen::default();
                seen.add(a).unwrap();
                let e = seen.add(b).unwrap_err();
                assert_eq!(e.kind(), crate::ErrorKind::Exists, "{a} {b}");
            }
        }
        let mut seen = Seen::default();
        for name in
            ["\u{3b1}", "\u{3b2}", "\u{e4}", "\u{e9}", "a", "e", "ae", "e\u{301}x", "", "\u{8c48}"]
        {
            seen.add(name).unwrap();
        }
        assert!(seen.add("a").is_err());
    }
}
