//! `run.npz:photon`: a file and a name inside it, in one text.
#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};

/// Splits what a user typed into a path that is there and the name inside it.
///
/// The longest path wins, so files with colons in their names stay reachable. Without any file
/// of that name, the text is taken as a path, and opening it says what is missing. A leading slash,
/// as HDF5 users write it, stays: archives may have such names, and [`File::get`](crate::File::get)
/// takes it for none where they do not.
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("run.npz");
/// # std::fs::write(&path, b"").unwrap();
/// let typed = format!("{}:event/photon", path.display());
/// assert_eq!(npstow::split_place(&typed), (path, Some("event/photon".to_owned())));
/// ```
#[must_use]
pub fn split_place(typed: &str) -> (PathBuf, Option<String>) {
    let whole = Path::new(typed);
    if typed == "-" || whole.exists() {
        return (whole.to_owned(), None);
    }
    for (colon, _) in typed.rmatch_indices(':') {
        let (path, name) = (&typed[..colon], &typed[colon + 1..]);
        if path == "-" || Path::new(path).exists() {
            return (PathBuf::from(path), Some(name.trim_end_matches('/').to_owned()));
        }
    }
    (whole.to_owned(), None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_path_wins() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        for name in ["a", "a:b"] {
            std::fs::write(at(name), b"").unwrap();
        }
        let split = |name: &str| split_place(at(name).to_str().unwrap());
        assert_eq!(split("a"), (at("a"), None));
        assert_eq!(split("a:b"), (at("a:b"), None));
        assert_eq!(split("a:b:/c/d"), (at("a:b"), Some("/c/d".to_owned())));
        assert_eq!(split("a:c"), (at("a"), Some("c".to_owned())));
        assert_eq!(split("no:c"), (at("no:c"), None));
        assert_eq!(split_place("-:x"), (PathBuf::from("-"), Some("x".to_owned())));
    }
}
