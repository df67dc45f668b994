//! What differs between two trees.
#![forbid(unsafe_code)]

mod attributes;
mod number;
mod report;
mod rule;
mod values;

pub use report::{Difference, Report, Side, Unequal, What};

use self::attributes::Beside;
use super::select::walk;
use crate::container::NodeKind;
use crate::{Dtype, Entry, Error, Item, Notes, Order, Result, Tree};

/// When two values count as equal. By default only where they are the same number, string, or
/// date; byte order, memory order and padding never matter.
///
/// ```
/// use npstow::trees::CompareOptions;
/// let as_numpy_isclose = CompareOptions::default().rtol(1e-5).atol(1e-8);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CompareOptions {
    rtol: f64,
    atol: f64,
    equal_nan: bool,
    notes: bool,
}

impl Default for CompareOptions {
    fn default() -> Self {
        Self { rtol: 0.0, atol: 0.0, equal_nan: false, notes: true }
    }
}

impl CompareOptions {
    /// How far numbers may be apart, as a part of the right one. Default 0.
    ///
    /// As for `numpy.isclose`, numbers are equal where
    /// `|left - right| <= atol + rtol * |right|`; this is computed with double precision, and
    /// exactly for integers.
    #[must_use]
    pub fn rtol(mut self, part: f64) -> Self {
        self.rtol = part;
        self
    }

    /// How far numbers may be apart. Default 0.
    #[must_use]
    pub fn atol(mut self, difference: f64) -> Self {
        self.atol = difference;
        self
    }

    /// Whether "not a number" equals itself, and "not a time" too. Default: not, as in NumPy.
    #[must_use]
    pub fn equal_nan(mut self, is_equal: bool) -> Self {
        self.equal_nan = is_equal;
        self
    }

    /// Whether metadata, names and labels are looked at. Default: they are.
    #[must_use]
    pub fn notes(mut self, are_compared: bool) -> Self {
        self.notes = are_compared;
        self
    }

    fn check(&self) -> Result<()> {
        for (name, value) in [("rtol", self.rtol), ("atol", self.atol)] {
            if value.is_nan() || value < 0.0 {
                return Err(Error::invalid(format_args!("a tolerance {name} of {value}")));
            }
        }
        Ok(())
    }
}

/// Compares two trees: names, kinds, dtypes, shapes, values, and notes. Neither is taken into
/// memory: arrays are read band by band.
///
/// Attributes of HDF5 that are no text are compared by their names and digests, without a tolerance.
/// Their differences stand under the name of what they are attached to, `@`, and their own.
///
/// What cannot be read is no difference; it stands in [`Report::unread`], and the rest is
/// compared all the same.
///
/// ```
/// use npstow::trees::{self, CompareOptions, What};
/// use npstow::{Array, Tree};
/// let left = Tree::new().with("x", Array::from_vec(vec![1.0f64, 2.0, 3.0]))?;
/// let right = Tree::new().with("x", Array::from_vec(vec![1.0f64, 2.5, 3.0]))?;
/// let report = trees::compare(&left, &right, &CompareOptions::default())?;
/// let What::Values(unequal) = &report.differences()[0].what else { panic!() };
/// assert_eq!((unequal.count, &unequal.first[..], unequal.largest), (1, &[1][..], Some(0.5)));
/// assert!(trees::compare(&left, &right, &CompareOptions::default().atol(0.5))?.is_same());
/// # Ok::<(), npstow::Error>(())
/// ```
///
/// # Errors
/// `Invalid` for a tolerance that is negative or not a number.
pub fn compare(left: &Tree, right: &Tree, options: &CompareOptions) -> Result<Report> {
    options.check()?;
    let mut report = Report::default();
    let mut comparison = Comparison { left, right, options, report: &mut report };
    comparison.notes("");
    let mut skipped: Option<String> = None;
    let is_below = |skipped: &Option<String>, path: &str| {
        skipped.as_ref().is_some_and(|top| path.starts_with(top))
    };
    for (path, item) in walk(left) {
        if !is_below(&skipped, &path) && !comparison.items(&path, item) {
            skipped = Some(format!("{path}/"));
        }
    }
    skipped = None;
    for (path, item) in walk(right) {
        if is_below(&skipped, &path) {
            continue;
        }
        match left.get(&path) {
            Some(own) if kind(own) == kind(item) => continue,
            // That they are of two kinds was told.
            Some(_) => {}
            None => comparison.missing(&path, Side::Left, kind(item)),
        }
        skipped = Some(format!("{path}/"));
    }
    Ok(report)
}

fn kind(item: &Item) -> NodeKind {
    match item {
        Item::Array(_) | Item::Entry(_) => NodeKind::Array,
        Item::Value(_) => NodeKind::Value,
        Item::Group(_) => NodeKind::Group,
    }
}

struct Comparison<'a> {
    left: &'a Tree,
    right: &'a Tree,
    options: &'a CompareOptions,
    report: &'a mut Report,
}

impl Comparison<'_> {
    fn differs(&mut self, path: &str, what: What) {
        self.report.differences.push(Difference { name: path.to_owned(), what });
    }

    fn missing(&mut self, path: &str, side: Side, kind: NodeKind) {
        self.differs(path, What::Missing { side, kind });
    }

    /// Compares what stands under a name of the left tree; says whether what is below it can be.
    fn items(&mut self, path: &str, left: &Item) -> bool {
        let Some(right) = self.right.get(path) else {
            self.missing(path, Side::Right, kind(left));
            return false;
        };
        let kinds = (kind(left), kind(right));
        if kinds.0 != kinds.1 {
            self.differs(path, What::Kind { left: kinds.0, right: kinds.1 });
            return false;
        }
        // The notes of one thing without a name are those of the tree.
        if !path.is_empty() {
            self.notes(path);
        }
        if kinds.0 != NodeKind::Group {
            self.report.compared += 1;
            if let Err(e) = self.arrays(path, left, right) {
                self.report.unread.push(e.in_member(path));
            }
        }
        true
    }

    fn arrays(&mut self, path: &str, left: &Item, right: &Item) -> Result<()> {
        let (Some(left), Some(right)) = (entry(left)?, entry(right)?) else { return Ok(()) };
        let little = |dtype: &Dtype| dtype.to_order(Order::Little);
        if little(left.dtype()) != little(right.dtype()) {
            let (left, right) = (left.dtype().clone(), right.dtype().clone());
            self.differs(path, What::Dtype { left, right });
        }
        if left.shape() != right.shape() {
            let (left, right) = (left.shape().to_vec(), right.shape().to_vec());
            self.differs(path, What::Shape { left, right });
            return Ok(());
        }
        #[cfg(feature = "pickle")]
        if left.is_objects() && right.is_objects() {
            if let Some(unequal) = values::compare_objects(&left, &right)? {
                self.differs(path, What::Values(Box::new(unequal)));
            }
            return Ok(());
        }
        if let Some(unequal) = values::compare(&left, &right, self.options)? {
            self.differs(path, What::Values(Box::new(unequal)));
        }
        Ok(())
    }

    fn notes(&mut self, path: &str) {
        if !self.options.notes {
            return;
        }
        let none = Notes::default();
        let (left, right) = (Beside::of(self.left, path), Beside::of(self.right, path));
        let others = (left.others, right.others);
        let (left, right) = (left.notes.unwrap_or(&none), right.notes.unwrap_or(&none));
        let mut found = Vec::new();
        metadata(left, right, &mut found);
        if let Some((index, left, right)) = lists(&left.names, &right.names) {
            found.push(What::Names { index, left, right });
        }
        if let Some((index, left, right)) = lists(&left.labels, &right.labels) {
            found.push(What::Labels { index, left, right });
        }
        found.into_iter().for_each(|what| self.differs(path, what));
        attributes::compare(path, others, self.report);
    }
}

fn entry(item: &Item) -> Result<Option<Entry>> {
    match item {
        Item::Array(array) => Entry::try_from(array).map(Some),
        Item::Entry(entry) | Item::Value(entry) => Ok(Some(entry.clone())),
        Item::Group(_) => Ok(None),
    }
}

/// Every key whose values differ; where none does, whether the texts do.
fn metadata(left: &Notes, right: &Notes, found: &mut Vec<What>) {
    // A line end at the end of a file is no line.
    if left.meta.lines().eq(right.meta.lines()) {
        return;
    }
    let before = found.len();
    let mut known = std::collections::HashSet::new();
    for (key, _) in left.meta.iter().chain(right.meta.iter()) {
        let (left, right) = (left.meta.get_raw(key), right.meta.get_raw(key));
        if known.insert(key) && left != right {
            let (left, right) = (left.map(str::to_owned), right.map(str::to_owned));
            found.push(What::Meta { key: key.to_owned(), left, right });
        }
    }
    if found.len() == before {
        found.push(What::MetaLines);
    }
}

/// The first place where two lists differ, and what stands there.
fn lists(left: &[String], right: &[String]) -> Option<(usize, Option<String>, Option<String>)> {
    let length = left.len().max(right.len());
    let index = (0..length).find(|&at| left.get(at) != right.get(at))?;
    Some((index, left.get(index).cloned(), right.get(index).cloned()))
}

#[cfg(test)]
mod tests;
