//! Tables with a line for each group: how many rows its arrays have, what its metadata say.
#![forbid(unsafe_code)]

use super::glob::{Glob, any};
use super::select::walk;
use crate::{Item, Tree};
use std::collections::HashMap;

/// A table with named lines and named columns, some cells of which are empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table<T> {
    columns: Vec<String>,
    rows: Vec<(String, Vec<Option<T>>)>,
}

impl<T> Table<T> {
    /// The names of the columns.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The lines: the path they are about (`""` is the tree itself), and a cell for each column.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = (&str, &[Option<T>])> {
        self.rows.iter().map(|(path, cells)| (path.as_str(), &**cells))
    }

    /// The cell of a line and a column, where there is one and it is not empty.
    #[must_use]
    pub fn get(&self, path: &str, column: &str) -> Option<&T> {
        let at = self.columns.iter().position(|name| name == column)?;
        let (_, cells) = self.rows.iter().find(|(name, _)| name == path)?;
        cells.get(at)?.as_ref()
    }
}

/// A table that is being filled, cell by cell.
struct Maker<T> {
    table: Table<T>,
    /// Where columns and lines are, by their names.
    columns: HashMap<String, usize>,
    rows: HashMap<String, usize>,
}

impl<T> Maker<T> {
    fn new() -> Self {
        let table = Table { columns: Vec::new(), rows: Vec::new() };
        Self { table, columns: HashMap::new(), rows: HashMap::new() }
    }

    fn put(&mut self, path: &str, column: &str, value: Option<T>) {
        let Table { columns, rows } = &mut self.table;
        let at = match self.columns.get(column) {
            Some(&at) => at,
            None => {
                self.columns.insert(column.to_owned(), columns.len());
                columns.push(column.to_owned());
                columns.len() - 1
            }
        };
        let row = match self.rows.get(path) {
            Some(&row) => row,
            None => {
                self.rows.insert(path.to_owned(), rows.len());
                rows.push((path.to_owned(), Vec::new()));
                rows.len() - 1
            }
        };
        let cells = &mut rows[row].1;
        while cells.len() <= at {
            cells.push(None);
        }
        cells[at] = value;
    }

    /// Brings the columns into the order of the patterns that they were asked for by, and gives
    /// every line as many cells.
    fn ordered(self, globs: &[Glob]) -> Table<T> {
        let mut table = self.table;
        let rank = |name: &String| globs.iter().position(|glob| glob.matches(name));
        let mut order: Vec<usize> = (0..table.columns.len()).collect();
        order.sort_by_cached_key(|&at| rank(&table.columns[at]));
        table.columns = order.iter().map(|&at| table.columns[at].clone()).collect();
        for (_, cells) in &mut table.rows {
            cells.resize_with(order.len(), || None);
            let mut old: Vec<Option<T>> = std::mem::take(cells);
            *cells = order.iter().map(|&at| old[at].take()).collect();
        }
        table
    }
}

/// How many rows the arrays of each group have: a line for every group that holds an array whose
/// name matches one of the patterns, a column for every name. Nothing is read for it.
///
/// A cell is empty where the group has no such array, or one without axes.
///
/// ```
/// use npstow::{Array, Tree, trees::{self, Glob}};
/// let run = Tree::new()
///     .with("A000/genstep", Array::from_vec(vec![0u8; 3]))?
///     .with("A000/hit", Array::from_vec(vec![0u8; 7]))?
///     .with("A001/genstep", Array::from_vec(vec![0u8; 4]))?;
/// let table = trees::counts(&run, &Glob::list("hit,genstep")?);
/// assert_eq!(table.columns(), ["hit", "genstep"]);
/// let rows: Vec<_> = table.rows().collect();
/// assert_eq!(rows[0], ("A000", &[Some(7), Some(3)][..]));
/// assert_eq!(rows[1], ("A001", &[None, Some(4)][..]));
/// # Ok::<(), npstow::Error>(())
/// ```
#[must_use]
pub fn counts(tree: &Tree, names: &[Glob]) -> Table<usize> {
    let mut table = Maker::new();
    for (path, item) in walk(tree) {
        let shape = match item {
            Item::Array(array) => array.shape(),
            Item::Entry(entry) => entry.shape(),
            Item::Value(_) | Item::Group(_) => continue,
        };
        let (group, name) = path.rsplit_once('/').unwrap_or(("", &path));
        if any(names, name) {
            table.put(group, name, shape.first().copied());
        }
    }
    table.ordered(names)
}

/// What the metadata of groups and arrays say: a line for each that has a key which matches one
/// of the patterns, a column for each key.
///
/// ```
/// use npstow::{Array, Meta, Notes, Tree, trees::{self, Glob}};
/// let mut run = Tree::new().with("A000/hit", Array::from_vec(vec![0u8; 3]))?;
/// let notes = |text: &str| Notes { meta: Meta::from_text(text), ..Notes::default() };
/// run.set_notes("A000", notes("time:0.5\nhost:here\n"))?;
/// let table = trees::metadata(&run, &Glob::list("t*")?);
/// assert_eq!(table.get("A000", "time"), Some(&"0.5".to_owned()));
/// assert_eq!(table.columns(), ["time"]);
/// # Ok::<(), npstow::Error>(())
/// ```
#[must_use]
pub fn metadata(tree: &Tree, keys: &[Glob]) -> Table<String> {
    let mut table = Maker::new();
    let paths = walk(tree).into_iter().map(|(path, _)| path);
    // The tree itself comes first, unless it is one array, whose path is the same.
    let root = tree.get("").is_none().then(String::new);
    for path in root.into_iter().chain(paths) {
        let Some(notes) = tree.notes(&path) else { continue };
        // Where a key stands on several lines the last one counts, as it does for `Meta::get`.
        for (key, value) in notes.meta.iter().filter(|(key, _)| any(keys, key)) {
            table.put(&path, key, Some(value.to_owned()));
        }
    }
    table.ordered(keys)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Array, Meta, Notes};

    #[test]
    fn every_group_that_has_one_has_a_line() {
        let array = |n: usize| Array::from_vec(vec![0u8; n]);
        let mut tree = Tree::new();
        for (path, n) in [("A/hit", 2), ("A/f/hit", 3), ("A/photon", 4), ("B/x", 5), ("run", 1)] {
            tree.insert(path, array(n)).unwrap();
        }
        tree.insert("B/one", Array::from_vec(vec![0u8]).reshape(&[]).unwrap()).unwrap();
        let table = counts(&tree, &[]);
        assert_eq!(table.columns(), ["hit", "photon", "x", "one", "run"]);
        let rows: Vec<_> = table.rows().collect();
        assert_eq!(rows.len(), 4);
        assert_eq!(rows[0], ("A", &[Some(2), Some(4), None, None, None][..]));
        assert_eq!(rows[1], ("A/f", &[Some(3), None, None, None, None][..]));
        assert_eq!(rows[2], ("B", &[None, None, Some(5), None, None][..]));
        assert_eq!(rows[3], ("", &[None, None, None, None, Some(1)][..]));
        let table = counts(&tree, &Glob::list("p*,hit,zz").unwrap());
        assert_eq!(table.columns(), ["photon", "hit"]);
        assert_eq!(table.rows().map(|(path, _)| path).collect::<Vec<_>>(), ["A", "A/f"]);
        assert_eq!((table.get("A", "hit"), table.get("A/f", "photon")), (Some(&2), None));
        assert_eq!((table.get("B", "hit"), table.get("A", "zz")), (None, None));
        assert_eq!(counts(&Tree::from(array(9)), &[]).get("", ""), Some(&9));
    }

    #[test]
    fn metadata_of_groups_and_arrays() {
        let notes = |text: &str| Notes { meta: Meta::from_text(text), ..Notes::default() };
        let mut tree = Tree::new().with("A/run", Array::from_vec(vec![1])).unwrap();
        tree.set_notes("", notes("k:root\n")).unwrap();
        tree.set_notes("A", notes("t:1\nk:a\nt:2\nfree line\n")).unwrap();
        tree.set_notes("A/run", notes("other:3\n")).unwrap();
        let table = metadata(&tree, &Glob::list("t,k").unwrap());
        assert_eq!(table.columns(), ["t", "k"]);
        let text = |s: &str| Some(s.to_owned());
        let rows: Vec<_> = table.rows().collect();
        assert_eq!(rows[0], ("", &[None, text("root")][..]));
        assert_eq!(rows[1], ("A", &[text("2"), text("a")][..]));
        assert_eq!(rows.len(), 2);
        assert_eq!(metadata(&tree, &[]).get("A/run", "other"), text("3").as_ref());
        let mut alone = Tree::from(Array::from_vec(vec![1]));
        alone.set_notes("", notes("k:v\n")).unwrap();
        assert_eq!(metadata(&alone, &[]).rows().len(), 1);
    }
}
