//! The text files beside arrays: metadata, names and labels.
#![forbid(unsafe_code)]

use super::{Meta, Notes, lines};
use crate::error::quoted;
use crate::{Error, Result};

/// What no line may hold.
const LINE_ENDS: [char; 3] = ['\n', '\r', '\0'];

/// The stem of a group's own files; no array may have it.
pub(crate) const GROUP: &str = "NPFold";

/// The index of a group, beside its files.
pub(crate) const INDEX: &str = "NPFold_index.txt";

/// Names of the files of a group that are no arrays, one on each line: npstow's own, since
/// NPFold's index has no place for them.
pub(crate) const VALUES: &str = "npstow_values.txt";

/// What a text file beside an array holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Sidecar {
    Meta,
    Names,
    Labels,
}

impl Sidecar {
    pub(crate) const ALL: [Self; 3] = [Self::Meta, Self::Names, Self::Labels];

    /// How its file's name goes on after the stem of the array.
    pub(crate) fn ending(self) -> &'static str {
        match self {
            Self::Meta => "_meta.txt",
            Self::Names => "_names.txt",
            Self::Labels => "_labels.txt",
        }
    }

    /// The stem that a file of this name stands beside.
    pub(crate) fn split(name: &str) -> Option<(&str, Self)> {
        Self::ALL.into_iter().find_map(|kind| Some((name.strip_suffix(kind.ending())?, kind)))
    }

    /// Puts the content of such a file where it belongs.
    pub(crate) fn read(self, text: &str, notes: &mut Notes) {
        match self {
            // Nothing but line ends is no metadata, and is not written either.
            Self::Meta if text.trim_matches('\n').is_empty() => {}
            Self::Meta => notes.meta = Meta::from_text(text),
            Self::Names => notes.names = lines(text).map(str::to_owned).collect(),
            Self::Labels => notes.labels = lines(text).map(str::to_owned).collect(),
        }
    }

    /// The content of the file; `None` where there is none to write.
    pub(crate) fn write(self, notes: &Notes) -> Result<Option<String>> {
        Ok(match self {
            // Text of line ends alone would crash NPFold::load, as an empty file does.
            Self::Meta => {
                let text = notes.meta.as_str();
                (!text.trim_matches('\n').is_empty()).then(|| text.to_owned())
            }
            Self::Names => list("name", &notes.names)?,
            Self::Labels => list("label", &notes.labels)?,
        })
    }
}

/// One on each line; an empty one is an empty line.
fn list(what: &str, items: &[String]) -> Result<Option<String>> {
    let mut text = String::with_capacity(items.iter().map(|item| item.len() + 1).sum());
    for item in items {
        if item.contains(LINE_ENDS) {
            let what = format!("the {what} '{}': a line end or NUL in it", quoted(item));
            return Err(Error::invalid(what));
        }
        text.push_str(item);
        text.push('\n');
    }
    Ok((!items.is_empty()).then_some(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_come_back() {
        let meta = Meta::from_text("k:v # note\nfree\n");
        let names = vec!["one".to_owned(), String::new(), "two words".to_owned()];
        let notes = Notes { meta, names, labels: vec!["x[mm]".to_owned()] };
        let mut back = Notes::default();
        for kind in Sidecar::ALL {
            let text = kind.write(&notes).unwrap().unwrap();
            kind.read(&text, &mut back);
        }
        assert_eq!(back, notes);
        for kind in Sidecar::ALL {
            assert_eq!(kind.write(&Notes::default()).unwrap(), None);
        }
        let blank = Notes { meta: Meta::from_text("\n\n"), ..Notes::default() };
        assert_eq!(Sidecar::Meta.write(&blank).unwrap(), None);
    }

    #[test]
    fn lines_that_would_break_are_refused() {
        for bad in ["a\nb", "a\r", "a\0b"] {
            let notes = Notes { names: vec![bad.into()], ..Notes::default() };
            assert!(Sidecar::Names.write(&notes).is_err(), "{bad:?}");
            let notes = Notes { labels: vec![bad.into()], ..Notes::default() };
            assert!(Sidecar::Labels.write(&notes).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn endings_tell_the_stem() {
        assert_eq!(Sidecar::split("a_meta_names.txt"), Some(("a_meta", Sidecar::Names)));
        assert_eq!(Sidecar::split("NPFold_meta.txt"), Some((GROUP, Sidecar::Meta)));
        assert_eq!(Sidecar::split("a_meta.text"), None);
    }
}
