//! `NPFold_index.txt`: one key on each line, arrays end in `.npy`, groups do not.
#![forbid(unsafe_code)]

use super::names;
use crate::error::quoted;
use crate::{Error, Result};
use std::collections::HashSet;

pub(super) use crate::notes::INDEX;

/// How the file of an array ends.
pub(super) const NPY: &str = ".npy";

/// A line of the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// An array: its path from the group's folder, without `.npy`.
    Array(String),
    /// A group below: its path from the group's folder.
    Group(String),
}

impl Key {
    /// The parts of the line, without its end.
    fn line(&self) -> [&str; 2] {
        match self {
            Self::Array(stem) => [stem, NPY],
            Self::Group(name) => [name, ""],
        }
    }
}

/// Reads the keys, in order.
///
/// Stricter than NP.hh, which reads a blank line as the folder itself, again and again, and loads
/// what lies outside of the folder.
pub(super) fn parse(bytes: &[u8]) -> Result<Vec<Key>> {
    let text = utf8(bytes)?;
    let lines = text.split_inclusive('\n').map(|line| line.strip_suffix('\n').unwrap_or(line));
    // Where each is behind the one before, as mostly, none of them comes twice.
    let is_sorted = lines.clone().is_sorted_by(|one, next| one < next);
    let (mut keys, mut seen) = (Vec::new(), HashSet::new());
    let mut offset = 0;
    for key in lines {
        let place = |e: Error| e.at(offset);
        let wrong = |why: &str| {
            Error::corrupt(
                "the key of an array or a group",
                format_args!("'{}': {why}", quoted(key)),
            )
        };
        names::inside(key).map_err(|why| place(wrong(why)))?;
        if !is_sorted && !seen.insert(key) {
            return Err(place(wrong("it was there before")));
        }
        keys.push(match key.strip_suffix(NPY) {
            Some(stem) if stem.is_empty() || stem.ends_with('/') => {
                return Err(place(wrong("no name before '.npy'")));
            }
            Some(stem) => Key::Array(stem.to_owned()),
            None => Key::Group(key.to_owned()),
        });
        offset += key.len() as u64 + 1;
    }
    Ok(keys)
}

/// The text of an index. The keys were checked when the writer planned.
pub(super) fn write(keys: &[Key]) -> String {
    keys.iter().flat_map(|key| key.line().into_iter().chain(["\n"])).collect()
}

/// The text of a file that is to be UTF-8.
pub(super) fn utf8(bytes: &[u8]) -> Result<&str> {
    std::str::from_utf8(bytes).map_err(|e| {
        let at = e.valid_up_to();
        let found = bytes.get(at).map_or(0, |&byte| byte);
        Error::corrupt("text in UTF-8", format_args!("the byte {found:#04x}")).at(at as u64)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        parse(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn what_is_written_is_read() {
        let keys = [
            Key::Array("zeta".into()),
            Key::Array("sub/dir/array".into()),
            Key::Group("A000".into()),
            Key::Array("x.npy".into()),
        ];
        let text = write(&keys);
        assert_eq!(text, "zeta.npy\nsub/dir/array.npy\nA000\nx.npy.npy\n");
        assert_eq!(parse(text.as_bytes()).unwrap(), keys);
        // The last line feed is optional, as for std::getline.
        assert_eq!(parse(text.trim_end().as_bytes()).unwrap(), keys);
        assert_eq!(parse(b"").unwrap(), []);
    }

    #[test]
    fn every_prefix_reads_or_is_refused() {
        let text = "a.npy\nb/c.npy\nsub\n\u{3b1}.npy\n";
        for end in 0..text.len() {
            match parse(&text.as_bytes()[..end]) {
                Ok(keys) => assert!(keys.len() <= 4),
                Err(e) => assert!(e.offset().is_some_and(|at| at <= end as u64), "{e}"),
            }
        }
    }

    #[test]
    fn hostile_lines_are_refused_with_their_place() {
        for (line, why) in [
            ("", "it is empty"),
            ("a.npy\r", "a line end or NUL in it"),
            ("a\0.npy", "a line end or NUL in it"),
            ("/etc/passwd", "it begins at the root"),
            ("../outside.npy", "a step '..' leads out"),
            ("x/../../y.npy", "a step '..' leads out"),
            ("./a.npy", "a step '.'"),
            (".", "a step '.'"),
            ("a//b.npy", "an empty step"),
            ("a/", "an empty step"),
            ("a\\..\\b.npy", "a backslash"),
            ("C:x.npy", "a drive"),
            (".npy", "no name before '.npy'"),
            ("sub/.npy", "no name before '.npy'"),
            ("ok.npy", "it was there before"),
        ] {
            let e = told(&format!("ok.npy\n{line}\nz.npy\n"));
            assert!(e.starts_with("at byte 7: expected the key of an array or a group"), "{e}");
            assert!(e.contains(why), "{line:?}: {e}");
        }
        // Twice, next to one another and not; what is sorted otherwise, and what is not.
        for (text, at) in [("a\na\n", 2), ("a\nb\na\n", 4), ("b\na\nb\n", 4), ("a\nb\nb", 4)] {
            let e = told(text);
            assert!(e.starts_with(&format!("at byte {at}: ")) && e.contains("before"), "{e}");
        }
        let e = parse(b"a.npy\n\xff.npy\n").unwrap_err();
        assert_eq!(e.to_string(), "at byte 6: expected text in UTF-8, found the byte 0xff");
    }
}
