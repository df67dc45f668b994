//! Paths as they are typed: a file, a name inside it, a dash.
#![forbid(unsafe_code)]

use crate::progress::Progress;
use npstow::{
    Error, ErrorKind, File, FileSource, Format, Limits, Node, NodeKind, OpenOptions, Result, Source,
};
use std::ffi::OsStr;
use std::fmt;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A file or a stream, and the name inside it that was typed.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) path: PathBuf,
    pub(crate) name: String,
}

/// How the standard input is typed, and how errors call it.
const STDIN: &str = "-";

/// Whether missing parts of virtual datasets are taken for the fill value, in all that is opened.
static FILL_MISSING: AtomicBool = AtomicBool::new(false);

/// From now on they are.
pub(crate) fn fill_missing() {
    FILL_MISSING.store(true, Ordering::Relaxed);
}

impl Place {
    pub(crate) fn new(typed: &OsStr) -> Self {
        let (path, name) = match typed.to_str() {
            Some(typed) => npstow::split_place(typed),
            // Names inside files are Unicode, so this can only be a path.
            None => (PathBuf::from(typed), None),
        };
        Self { path, name: name.unwrap_or_default() }
    }

    /// Adds steps to the name.
    pub(crate) fn join(mut self, name: &str) -> Self {
        if self.name.is_empty() {
            self.name.push_str(name);
            return self;
        }
        let name = name.trim_matches('/');
        if !name.is_empty() {
            self.name.push('/');
        }
        self.name.push_str(name);
        self
    }

    /// Opens the file; what is read of it counts as progress.
    pub(crate) fn open(&self, progress: &Progress) -> Result<File> {
        let mut options = OpenOptions::default();
        if FILL_MISSING.load(Ordering::Relaxed) {
            options = options.limits(Limits::default().missing_parts(u64::MAX));
        }
        if self.path.as_os_str() == STDIN {
            let mut input = io::stdin().lock();
            if input.is_terminal() {
                return Err(Error::invalid("standard input is a terminal, not a file"));
            }
            return options.open_reader(&mut input, STDIN);
        }
        if progress.is_shown() && self.path.is_file() {
            let source: Arc<dyn Source> = Arc::new(FileSource::open(&self.path)?);
            let source = progress.counted(source);
            let folder = self.path.parent().unwrap_or(Path::new(""));
            return options.folder(folder).open_source(Arc::new(source), &self.path);
        }
        options.open(&self.path)
    }

    /// Opens the file and finds the name in it.
    pub(crate) fn node(&self, progress: &Progress) -> Result<Node> {
        let file = self.open(progress)?;
        file.get(&self.name).map_err(|e| e.in_path(&self.path))
    }
}

/// As it would be typed.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path.to_string_lossy())?;
        if self.name.is_empty() { Ok(()) } else { write!(f, ":{}", self.name) }
    }
}

/// An error for `-`, which is a stream: only files are changed in place.
pub(crate) fn check_in_place(path: &Path) -> Result<()> {
    if path.as_os_str() == STDIN {
        let what = "a stream cannot be changed in place (a file of that name is ./-)";
        return Err(Error::invalid(what).in_path(path));
    }
    Ok(())
}

/// Why a file was not taken for one of a format: where it is of another one, that is all there is
/// to say.
pub(crate) fn not_a(wanted: Format, doing: &str, path: &Path, error: Error) -> Error {
    if !path.is_file() && !path.is_dir() {
        return error;
    }
    let what = match npstow::open(path).map(|file| file.format()) {
        Ok(format) if format != wanted => {
            Error::unsupported(format!("{doing} what is of the format {format}"))
        }
        Err(e) if e.kind() == ErrorKind::Unsupported => e,
        _ => error,
    };
    what.in_path(path)
}

/// A node and all below it, groups before their members; the root group itself is left out.
pub(crate) fn walk(top: Node) -> Result<Vec<Node>> {
    let mut found = Vec::new();
    let mut waiting = vec![top];
    while let Some(node) = waiting.pop() {
        if node.kind() == NodeKind::Group {
            waiting.extend(node.children()?.into_iter().rev());
            if node.name().is_empty() {
                continue;
            }
        }
        found.push(node);
    }
    Ok(found)
}

/// What an array is called that has no name: by the last step of its place, or its file.
pub(crate) fn name_of(from: &Place) -> Option<String> {
    let of_file = || from.path.file_stem().and_then(OsStr::to_str).filter(|stem| *stem != "-");
    let step = from.name.rsplit('/').next().filter(|step| !step.is_empty());
    step.or_else(of_file).map(str::to_owned)
}

/// How lists for people call a node: by its name, or by its file where it has none.
pub(crate) fn label(name: &str, path: &Path) -> String {
    if name.is_empty() { path.to_string_lossy().into_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_joined() {
        let at = |name: &str| Place { path: PathBuf::new(), name: name.to_owned() };
        assert_eq!(at("").join("").name, "");
        assert_eq!(at("").join("/a/b").name, "/a/b");
        assert_eq!(at("a").join("b").name, "a/b");
        assert_eq!(at("a").join("").name, "a");
        assert_eq!((at("a").to_string(), at("").to_string()), (":a".to_owned(), String::new()));
        let name = |path: &str, name: &str| {
            name_of(&Place { path: PathBuf::from(path), name: name.to_owned() })
        };
        assert_eq!(name("a/photon.npy", "").as_deref(), Some("photon"));
        assert_eq!(name("run.npz", "A000/hit").as_deref(), Some("hit"));
        assert_eq!(name("-", ""), None);
        assert_eq!(label("", Path::new("x.npy")), "x.npy");
        assert_eq!(label("a", Path::new("x.npz")), "a");
    }
}
