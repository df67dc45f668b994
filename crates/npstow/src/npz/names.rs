//! Names of members: in which letters they are, which are refused, and what the arrays are called.
#![forbid(unsafe_code)]

use super::zip::{Flags, UnicodePath, decode_cp437, find_extra};
use crate::error::quoted;
use crate::{Error, Limits, Result};
use std::borrow::Cow;

/// The text of a stored name: UTF-8 where the flag or Info-ZIP's extra field says so, else code
/// page 437 (APPNOTE appendix D). The field counts as it does for `unzip`, 7-Zip and Python from
/// 3.12 on, where it is sound and of this very name; else it is none. Borrowed where the stored bytes are that text already.
pub(super) fn decode<'a>(name: &'a [u8], flags: Flags, extra: &'a [u8]) -> Result<Cow<'a, str>> {
    if flags.has(Flags::UTF8) {
        return utf8(name).map(Cow::Borrowed);
    }
    if name.is_ascii() && extra.is_empty() {
        return utf8(name).map(Cow::Borrowed);
    }
    if let Some(payload) = find_extra(extra, UnicodePath::ID) {
        // APPNOTE 4.6.9: a field with another CRC belongs to a name that was changed since.
        let path = UnicodePath::parse(payload).ok().flatten();
        let path = path.filter(|path| path.name_crc32 == crate::codec::crc32(name));
        let text = path.and_then(|path| std::str::from_utf8(path.text).ok());
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            return Ok(Cow::Owned(text.to_owned()));
        }
    }
    match name.is_ascii() {
        true => utf8(name).map(Cow::Borrowed),
        false => Ok(Cow::Owned(decode_cp437(name))),
    }
}

/// Whether a name is one that no rule is about, whoever decodes it: letters, digits, `_` and `-`,
/// then `.npy`.
pub(super) fn is_simple(name: &[u8], flags: Flags, extra: &[u8]) -> bool {
    let Some((stem, b".npy")) = name.split_last_chunk() else { return false };
    !stem.is_empty()
        && stem.iter().all(|&byte| PLAIN[usize::from(byte)])
        && (extra.is_empty()
            || flags.has(Flags::UTF8)
            || find_extra(extra, UnicodePath::ID).is_none())
}

/// By each byte, whether it is one of [`is_simple`]'s.
static PLAIN: [bool; 256] = {
    let (mut plain, mut byte) = ([false; 256], 0);
    while byte < plain.len() {
        #[allow(clippy::cast_possible_truncation)] // Below 256.
        let it = byte as u8;
        plain[byte] = it.is_ascii_alphanumeric() || matches!(it, b'_' | b'-');
        byte += 1;
    }
    plain
};

fn utf8(name: &[u8]) -> Result<&str> {
    std::str::from_utf8(name).map_err(|_| {
        let found = quoted(&name.escape_ascii().to_string());
        Error::corrupt("a name in UTF-8", format_args!("'{found}'"))
    })
}

/// Whether a name is a path within the archive, and so is what the array in it is called: only such
/// names make groups and come into a tree.
pub(super) fn is_plain_path(name: &str) -> bool {
    unfit(name).is_none()
}

/// What a path would be that this name is not: it leads out of the archive, or two readers
/// understand it differently.
///
/// A trailing slash (a folder) is fine. A name like `w:0` is, too: it is no drive unless a slash
/// follows the colon.
fn unfit(name: &str) -> Option<&'static str> {
    let bytes = name.as_bytes();
    let drive = matches!(bytes, [letter, b':', b'/' | b'\\', ..] if letter.is_ascii_alphabetic());
    if drive || matches!(bytes.first(), Some(b'/' | b'\\')) {
        return Some("a name that begins within the archive");
    }
    let path = name.strip_suffix('/').unwrap_or(name);
    // An array called '..' is a member called '...npy'.
    for step in path.split('/').chain(array_name(name).and_then(|name| name.rsplit('/').next())) {
        // Backslashes separate steps for readers on Windows.
        if step.split('\\').any(|part| part == "..") || step == "." {
            return Some("a name without the steps '.' and '..'");
        }
        if step.is_empty() {
            return Some("a name without empty steps");
        }
    }
    None
}

/// Refuses names that cannot even be listed: with NUL, or of more groups in one another than the
/// limits let be made of them.
pub(super) fn check(name: &str, limits: &Limits) -> Result<()> {
    if name.as_bytes().contains(&0) {
        return refused("a name without NUL", name);
    }
    let steps = name.strip_suffix('/').unwrap_or(name).split('/').count();
    let most = limits.max_depth();
    if steps > most + 1 && is_plain_path(name) {
        return Err(Error::limit("groups in one another", most as u64, steps - 1));
    }
    Ok(())
}

/// As [`check`], and refuses what is no path, too: what is not written.
pub(super) fn check_new(name: &str, limits: &Limits) -> Result<()> {
    if is_simple(name.as_bytes(), Flags::UTF8, &[]) {
        return Ok(());
    }
    check(name, limits)?;
    unfit(name).map_or(Ok(()), |what| refused(what, name))
}

fn refused(what: &str, name: &str) -> Result<()> {
    Err(Error::corrupt(what, format_args!("the name '{}'", quoted(name))))
}

/// What the array in a member of this name is called: `None` unless the name ends in `.npy` and
/// something is in front of it.
pub(super) fn array_name(name: &str) -> Option<&str> {
    name.strip_suffix(".npy").filter(|rest| !rest.is_empty() && !rest.ends_with('/'))
}

/// Whether there is an [`array_name`], of the bytes of a name.
pub(super) fn is_array(name: &[u8]) -> bool {
    name.strip_suffix(b".npy").is_some_and(|rest| !rest.is_empty() && !rest.ends_with(b"/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_bytes_say_the_same_of_arrays() {
        for name in ["a.npy", "a/b.npy", ".npy", "a/.npy", "a", "a.npy/", "", "b.NPY", "...npy"] {
            assert_eq!(is_array(name.as_bytes()), array_name(name).is_some(), "{name}");
        }
    }

    fn with_path(name: &[u8], text: impl AsRef<[u8]>) -> Vec<u8> {
        let path = UnicodePath { name_crc32: crate::codec::crc32(name), text: text.as_ref() };
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
        // What is no name is no reason to refuse the archive: Python 3.11 knows nothing of the field.
        assert_eq!(told(b"x.npy", plain, &with_path(b"x.npy", "")), "x.npy");
        assert_eq!(told(b"x.npy", plain, &with_path(b"x.npy", b"\xff")), "x.npy");
        assert_eq!(told(b"x.npy", plain, b"up\x03\0\x01\x02\x03"), "x.npy");
        assert!(decode(b"\xff", Flags::UTF8, b"").is_err());
        assert!(matches!(decode(b"x", plain, b"").unwrap(), Cow::Borrowed("x")));
    }

    #[test]
    fn simple_names_are_what_the_rules_say_of_them() {
        let limits = Limits::default();
        let field = with_path(b"x.npy", "/y");
        for name in ["x.npy", "a-B_9.npy"] {
            assert!(is_simple(name.as_bytes(), Flags::default(), b""), "{name}");
            assert!(check_new(name, &limits).is_ok() && is_plain_path(name), "{name}");
        }
        for name in [
            ".npy", "x", "x.npz", "a/x.npy", "a\\x.npy", "..npy", "a.b.npy", "ä.npy", "a\0.npy", "",
        ] {
            assert!(!is_simple(name.as_bytes(), Flags::default(), b""), "{name}");
        }
        assert!(is_simple(b"x.npy", Flags::UTF8, &field));
        assert!(!is_simple(b"x.npy", Flags::default(), &field));
    }

    #[test]
    fn names_that_lead_elsewhere_are_no_paths() {
        let limits = Limits::default().depth(3);
        for name in [
            "x", "a/b.npy", "a/", "w:0", "b:0.npy", "..a", "a..", "a/...", "C:x", " ", "a\\b",
            ".x", "a/b/c/d",
        ] {
            assert!(check_new(name, &limits).is_ok() && is_plain_path(name), "{name}");
        }
        for name in [
            "",
            "/",
            "/x",
            "a//b",
            "a//",
            "//",
            "../x",
            "a/../b",
            "a/..",
            "..",
            ".",
            "./x",
            "a/./b",
            "\\x",
            "C:\\x",
            "c:/x",
            "..\\x",
            "a\\..\\b",
            "a/b\\..",
            "..npy",
            "a/...npy",
            "a/b/c//d/e",
        ] {
            assert!(check_new(name, &limits).is_err() && !is_plain_path(name), "{name}");
            // It can be read by that name.
            assert!(check(name, &limits).is_ok(), "{name}");
        }
        assert!(check("a\0", &limits).is_err() && check_new("a\0", &limits).is_err());
        let e = check("a/b/c/d/e", &limits).unwrap_err();
        assert_eq!(e.to_string(), "expected groups in one another of at most 3, found 4");
        let e = check_new("../\x1b[2J", &limits).unwrap_err();
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
