//! Names of members: in which letters they are, which are refused, and what the arrays are called.
#![forbid(unsafe_code)]

use super::zip::{Flags, UnicodePath, decode_cp437, find_extra};
use crate::error::quoted;
use crate::{Error, Limits, Result};
use std::borrow::Cow;

/// The text of a stored name: UTF-8 where the flag or Info-ZIP's extra field says so, else code
/// page 437 (APPNOTE appendix D). Borrowed where the stored bytes are that text already.
pub(super) fn decode<'a>(name: &'a [u8], flags: Flags, extra: &'a [u8]) -> Result<Cow<'a, str>> {
    if flags.has(Flags::UTF8) {
        return utf8(name).map(Cow::Borrowed);
    }
    if name.is_ascii() && extra.is_empty() {
        return utf8(name).map(Cow::Borrowed);
    }
    if let Some(payload) = find_extra(extra, UnicodePath::ID) {
        // APPNOTE 4.6.9: a field with another CRC belongs to a name that was changed since.
        let path = UnicodePath::parse(payload)?;
        if let Some(path) = path.filter(|path| path.name_crc32 == crate::codec::crc32(name)) {
            return utf8(path.text).map(|text| Cow::Owned(text.to_owned()));
        }
    }
    match name.is_ascii() {
        true => utf8(name).map(Cow::Borrowed),
        false => Ok(Cow::Owned(decode_cp437(name))),
    }
}

fn utf8(name: &[u8]) -> Result<&str> {
    std::str::from_utf8(name).map_err(|_| {
        let found = quoted(&name.escape_ascii().to_string());
        Error::corrupt("a name in UTF-8", format_args!("'{found}'"))
    })
}

/// Refuses names that lead out of the archive or that two readers understand differently.
///
/// A trailing slash (a folder) is fine. A name like `w:0` is, too: it is no drive unless a slash
/// follows the colon.
pub(super) fn check(name: &str, limits: &Limits) -> Result<()> {
    let refused =
        |what: &str| Err(Error::corrupt(what, format_args!("the name '{}'", quoted(name))));
    let bytes = name.as_bytes();
    if bytes.contains(&0) {
        return refused("a name without NUL");
    }
    let drive = matches!(bytes, [letter, b':', b'/' | b'\\', ..] if letter.is_ascii_alphabetic());
    if drive || matches!(bytes.first(), Some(b'/' | b'\\')) {
        return refused("a name that begins within the archive");
    }
    let mut depth = 0;
    for step in name.strip_suffix('/').unwrap_or(name).split('/') {
        // Backslashes separate steps for readers on Windows.
        if step.split('\\').any(|part| part == "..") || step == "." {
            return refused("a name without the steps '.' and '..'");
        }
        if step.is_empty() {
            return refused("a name without empty steps");
        }
        depth += 1;
    }
    let most = limits.max_depth();
    if depth > most + 1 {
        return Err(Error::limit("groups in one another", most as u64, depth - 1));
    }
    Ok(())
}

/// What the array in a member of this name is called: `None` unless the name ends in `.npy` and
/// something is in front of it.
pub(super) fn array_name(name: &str) -> Option<&str> {
    name.strip_suffix(".npy").filter(|rest| !rest.is_empty() && !rest.ends_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_path(name: &[u8], text: &str) -> Vec<u8> {
        let path = UnicodePath { name_crc32: crate::codec::crc32(name), text: text.as_bytes() };
        let mut extra = Vec::new();
        path.write(&mut extra).unwrap();
        extra
    }

    #[test]
    fn names_are_decoded_as_they_say() {
        let told =
            |name: &[u8], flags, extra: &[u8]| decode(name, flags, extra).unwrap().to_string();
        let plain = Flags::default();
        assert_eq!(told(b"x.npy", plain, b""), "x.npy");
        assert_eq!(told(b"x.npy", plain, b"\x02\0\0\0"), "x.npy");
        assert_eq!(told("ä.npy".as_bytes(), Flags::UTF8, b""), "ä.npy");
        assert_eq!(told("ä.npy".as_bytes(), plain, b""), "├ñ.npy");
        assert_eq!(told(b"\x84.npy", plain, b""), "ä.npy");
        assert_eq!(told(b"_.npy", plain, &with_path(b"_.npy", "λ.npy")), "λ.npy");
        assert_eq!(told(b"\x84.npy", plain, &with_path(b"_.npy", "λ.npy")), "ä.npy");
        assert!(decode(b"\xff", Flags::UTF8, b"").is_err());
        assert!(matches!(decode(b"x", plain, b"").unwrap(), Cow::Borrowed("x")));
    }

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        let limits = Limits::default().depth(3);
        for name in [
            "x", "a/b.npy", "a/", "w:0", "b:0.npy", "..a", "a..", "a/...", "C:x", " ", "a\\b",
            ".x", "a/b/c/d",
        ] {
            assert!(check(name, &limits).is_ok(), "{name}");
        }
        for name in [
            "", "/", "/x", "a//b", "a//", "//", "../x", "a/../b", "a/..", "..", ".", "./x",
            "a/./b", "a\0", "\\x", "C:\\x", "c:/x", "..\\x", "a\\..\\b", "a/b\\..",
        ] {
            assert!(check(name, &limits).is_err(), "{name}");
        }
        let e = check("a/b/c/d/e", &limits).unwrap_err();
        assert_eq!(e.to_string(), "expected groups in one another of at most 3, found 4");
        let e = check("../\x1b[2J", &limits).unwrap_err();
        assert_eq!(
            e.to_string(),
            "expected a name without the steps '.' and '..', found the name '../\\u{1b}[2J'"
        );
    }

    #[test]
    fn arrays_lose_their_extension() {
        assert_eq!(array_name("a/x.npy"), Some("a/x"));
        assert_eq!(array_name("x.npy.npy"), Some("x.npy"));
        for name in ["x", "x.NPY", ".npy", "a/.npy", "x.npy/", "npy"] {
            assert_eq!(array_name(name), None, "{name}");
        }
    }
}
