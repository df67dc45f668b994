//! Where a tree goes: a file, a folder, standard output.
#![forbid(unsafe_code)]

use crate::exit::complain;
use crate::json::Json;
use crate::place::{Place, name_of};
use crate::progress::Progress;
use crate::render::harmless;
use npstow::{
    Data, Entry, Error, Format, Item, Result, SaveOptions, Tree, Value, WriteSink, save_to,
    save_with,
};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, IsTerminal};
use std::path::Path;

/// What was typed for DST, and the format that it stands for.
#[derive(Debug)]
pub(crate) struct Target<'a> {
    path: &'a Path,
    format: Format,
    is_stdout: bool,
    is_quiet: bool,
}

impl<'a> Target<'a> {
    /// `to`: the format that was asked for; else the name of the target says it; where it has no
    /// name, it is that of the source.
    pub(crate) fn new(
        typed: &'a OsStr,
        to: Option<Format>,
        of_source: Format,
        (json, is_quiet): (bool, bool),
    ) -> Result<Self> {
        let (path, is_stdout) = (Path::new(typed), typed == "-");
        if is_stdout && json {
            return Err(Error::invalid("standard output cannot take both the data and --json"));
        }
        if is_stdout && io::stdout().is_terminal() {
            return Err(Error::invalid("standard output is a terminal: give a file or a pipe"));
        }
        // Pipes and devices have no extension to go by.
        let has_no_name = is_stdout || is_special(path);
        let named = || if has_no_name { Some(of_source) } else { Format::of_path(path) };
        match to.or_else(named) {
            Some(format) => Ok(Self { path, format, is_stdout, is_quiet }),
            None => {
                let extension = path.extension().map(OsStr::to_string_lossy).unwrap_or_default();
                let what = format!("'.{}' names no format (--to does)", harmless(&extension));
                Err(Error::invalid(what).in_path(path))
            }
        }
    }

    /// Whether it is this file or folder, by whatever path.
    pub(crate) fn is(&self, path: &Path) -> bool {
        let real = |path: &Path| fs::canonicalize(path).ok();
        !self.is_stdout && real(self.path).is_some_and(|known| real(path) == Some(known))
    }

    /// The format that it will be in.
    pub(crate) fn format(&self) -> Format {
        self.format
    }

    /// Whether it keeps Python's objects as they are.
    pub(crate) fn has_objects(&self) -> bool {
        matches!(self.format, Format::Pickle | Format::Joblib)
    }

    /// Saves a tree; `from` is where it comes from, for arrays that have no name of their own.
    pub(crate) fn save(
        &self,
        tree: Tree,
        from: &Place,
        options: SaveOptions,
        progress: &Progress,
    ) -> Result<()> {
        let tree = self.fitting(tree, from)?;
        if self.has_no_notes() && has_notes(&tree) && !self.is_quiet {
            let path = self.path.to_string_lossy();
            complain(&format!(
                "{path}: left out: metadata, names or labels, which {} has no place for",
                if self.format == Format::Npy { ".npy" } else { "a pickle" }
            ));
        }
        // What cannot be read is found out before anything is made.
        for (name, item) in tree.leaves() {
            if let Item::Entry(entry) | Item::Value(entry) = item {
                if entry.is_objects() {
                    let at = |e: Error| e.in_member(&name).in_path(&from.path);
                    self.holds_objects(item, entry).map_err(at)?;
                    continue;
                }
                // Elements without a fixed length have a place there.
                if self.format != Format::Hdf5 || !matches!(entry.data(), Data::Varied(_)) {
                    entry.check()?;
                }
            }
        }
        let tree = progress.watch(vec![tree])?.pop().unwrap_or_default();
        let options = options.format(self.format);
        if self.is_stdout {
            let saved = save_to(&mut WriteSink(stdout()?), &tree, &options);
            return saved.map_err(|e| e.in_path(self.path));
        }
        save_with(self.path, &tree, &options)
    }

    /// Whether Python objects that can be read can be written: arrays of them in all formats that
    /// NumPy pickles them in, others in pickles.
    fn holds_objects(&self, item: &Item, entry: &Entry) -> Result<()> {
        let value = entry.value()?;
        let is_array = matches!(item, Item::Entry(_));
        match self.format {
            Format::Pickle | Format::Joblib => return Ok(()),
            Format::Npy | Format::Npz | Format::Folder if is_array && value.objects().is_some() => {
                return Ok(());
            }
            _ => {}
        }
        match own_dtype(&value).filter(|_| is_array) {
            Some(dtype) => {
                let what = format!("an array of the dtype {dtype}, which pickles alone can hold");
                Err(Error::unsupported(harmless(&what)))
            }
            None => entry.check(),
        }
    }

    fn has_no_notes(&self) -> bool {
        self.format == Format::Npy || self.has_objects()
    }

    /// One array in a file of one array, else names for all.
    fn fitting(&self, tree: Tree, from: &Place) -> Result<Tree> {
        let is_alone = tree.get("").is_some();
        if self.format == Format::Npy && !is_alone {
            let e = Error::invalid("a .npy file holds one array: name one, as in run.npz:photon");
            return Err(e.in_path(&from.path));
        }
        if self.has_no_notes() || !is_alone {
            return Ok(tree);
        }
        match name_of(from) {
            Some(name) => under(tree, &name),
            None => Ok(tree),
        }
    }

    /// What is told at the end.
    pub(crate) fn answer(&self) -> Result<Vec<(&'static str, Json)>> {
        let nbytes = nbytes(self.path)
            .map_err(|e| Error::io("looking at the result", e).in_path(self.path))?;
        Ok(vec![
            ("path", self.path.to_string_lossy().into_owned().into()),
            ("format", self.format.name().into()),
            ("nbytes", nbytes.into()),
        ])
    }
}

/// The dtype of an array that npstow has no elements of, as the pickle makes it.
fn own_dtype(value: &Value) -> Option<Value> {
    let state = value.state().filter(|_| value.shape().is_none())?;
    state.item(2)
}

/// Whether there is metadata anywhere.
fn has_notes(tree: &Tree) -> bool {
    let is_noted = |path: &str| tree.notes(path).is_some();
    let mut groups = vec![(String::new(), tree)];
    while let Some((path, group)) = groups.pop() {
        if is_noted(&path) {
            return true;
        }
        for (name, item) in group.iter() {
            let path = if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
            match item {
                Item::Group(inner) => groups.push((path, inner)),
                _ if is_noted(&path) => return true,
                _ => {}
            }
        }
    }
    false
}

fn is_special(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir())
}

/// A tree under a name; one array without a name is then called so.
pub(crate) fn under(mut tree: Tree, name: &str) -> Result<Tree> {
    // A group takes along what stands beside it.
    if tree.get("").is_none() {
        return Tree::new().with(name, Item::Group(tree));
    }
    let from = tree.clone();
    let item = tree.remove("").unwrap_or(Item::Group(Tree::new()));
    let mut tree = Tree::new().with(name, item)?;
    tree.copy_notes(name, &from, "")?;
    Ok(tree)
}

/// The bytes of a file, or of all files of a folder.
pub(crate) fn nbytes(path: &Path) -> io::Result<u64> {
    let metadata = fs::symlink_metadata(path)?;
    if !metadata.is_dir() {
        return Ok(fs::metadata(path)?.len());
    }
    fs::read_dir(path)?.map(|child| nbytes(&child?.path())).sum()
}

/// Standard output without the line buffering that text wants.
#[cfg(unix)]
fn stdout() -> Result<File> {
    use std::os::fd::AsFd;
    let owned = io::stdout().as_fd().try_clone_to_owned();
    owned.map(File::from).map_err(|e| Error::io("opening standard output", e))
}

#[cfg(windows)]
fn stdout() -> Result<File> {
    use std::os::windows::io::AsHandle;
    let owned = io::stdout().as_handle().try_clone_to_owned();
    owned.map(File::from).map_err(|e| Error::io("opening standard output", e))
}

#[cfg(test)]
mod tests {
    use super::*;
    use npstow::{Array, Meta, Notes};

    #[test]
    fn what_has_no_name_gets_one() {
        let mut tree = Tree::from(Array::from_vec(vec![1u8]));
        let notes = Notes { meta: Meta::from_text("k:v\n"), ..Notes::default() };
        tree.set_notes("", notes.clone()).unwrap();
        let tree = under(tree, "x").unwrap();
        assert_eq!((tree.names(), tree.notes("x")), (vec!["x"], Some(&notes)));
    }

    #[test]
    fn formats_are_those_of_names_unless_asked_for() {
        let of = |typed: &str, to| {
            Target::new(OsStr::new(typed), to, Format::Npy, (false, false)).map(|t| t.format)
        };
        assert_eq!(of("x.npz", None).unwrap(), Format::Npz);
        assert_eq!(of("x", None).unwrap(), Format::Folder);
        assert_eq!(of("x.txt", Some(Format::Npz)).unwrap(), Format::Npz);
        assert_eq!(
            of("x.txt", None).unwrap_err().to_string(),
            "x.txt: '.txt' names no format (--to does)"
        );
        assert!(Target::new(OsStr::new("-"), None, Format::Npy, (true, false)).is_err());
    }
}
