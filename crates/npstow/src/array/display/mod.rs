//! Arrays as NumPy prints them: `str(array)`, summarised, wrapped and aligned.
//!
//! The rules are those of `numpy/_core/arrayprint.py` (2.4): one formatter for the whole array is
//! made from the elements that are shown, then each is printed with it. What is not shown is
//! never looked at, so that a preview of a mapped file touches a few pages of it, and one of a
//! file that is not mapped needs [`Corners`] only.
#![forbid(unsafe_code)]

mod corners;
mod date;
mod digits;
mod float;
mod format;
mod number;

pub use corners::Corners;
pub(crate) use number::as_doubles;

use super::Array;
use format::{Format, Place};
use std::fmt;
use std::ops::Range;

/// Beyond so many elements even a summary is left out.
const MOST_SHOWN: usize = 1 << 20;

/// How [`Array::preview`] prints; the defaults are NumPy's.
///
/// ```
/// use npstow::{Array, PreviewOptions};
/// let a = Array::from_vec((0..100).map(f64::from).collect());
/// let options = PreviewOptions::default().threshold(10).edgeitems(2);
/// assert_eq!(a.preview(&options), "[ 0.  1. ... 98. 99.]");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreviewOptions {
    threshold: usize,
    edgeitems: usize,
    linewidth: usize,
    precision: usize,
}

impl Default for PreviewOptions {
    fn default() -> Self {
        Self { threshold: 1000, edgeitems: 3, linewidth: 75, precision: 8 }
    }
}

impl PreviewOptions {
    /// From how many elements on the middle is left out. Default 1000.
    #[must_use]
    pub fn threshold(mut self, elements: usize) -> Self {
        self.threshold = elements;
        self
    }

    /// How many elements of each end of an axis a summary shows, at least 1. Default 3.
    #[must_use]
    pub fn edgeitems(mut self, elements: usize) -> Self {
        self.edgeitems = elements.max(1);
        self
    }

    /// Characters on one line. Default 75.
    #[must_use]
    pub fn linewidth(mut self, characters: usize) -> Self {
        self.linewidth = characters;
        self
    }

    /// Digits after the point of a float. Default 8.
    #[must_use]
    pub fn precision(mut self, digits: usize) -> Self {
        self.precision = digits.min(1000);
        self
    }
}

/// As NumPy's `str(array)`. Where Python would fail or run code: objects are `<object>`, code
/// points that are none are escaped, dates without a unit are the numbers they are, and what
/// would show a million elements is `[...]`.
impl fmt::Display for Array {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.preview(&PreviewOptions::default()))
    }
}

impl Array {
    /// The array as NumPy's `numpy.array2string` prints it with these options; an array without
    /// axes as its one value. The cost is that of the elements shown.
    ///
    /// ```
    /// use npstow::Array;
    /// let a = Array::from_vec(vec![1.0f32, 0.1, f32::NAN, -2.5]).reshape(&[2, 2])?;
    /// assert_eq!(a.to_string(), "[[ 1.   0.1]\n [ nan -2.5]]");
    /// # Ok::<(), npstow::Error>(())
    /// ```
    #[must_use]
    pub fn preview(&self, options: &PreviewOptions) -> String {
        self.print(shown(&self.shape, options).as_deref(), options)
    }

    /// Prints what is shown of each axis; `None` where that is too much.
    fn print(&self, shown: Option<&[Shown]>, options: &PreviewOptions) -> String {
        if self.shape.is_empty() {
            return format::scalar(&self.dtype, self.item(self.offset), options);
        }
        if self.is_empty() {
            return "[]".to_owned();
        }
        let Some(shown) = shown else { return TOO_MUCH.to_owned() };
        let mut items = Vec::new();
        corners(self, shown, 0, self.offset, &mut items);
        let format = Format::new(&self.dtype, &items, Place::InArray, options);
        let page = Page { array: self, shown, format: &format };
        page.axis(0, self.offset, " ", options.linewidth)
    }
}

/// What stands for everything.
const TOO_MUCH: &str = "[...]";

/// The indices of one axis that are shown: the first ones, and the last ones.
pub(crate) type Shown = (usize, Range<usize>);

/// What is shown of each axis. `None` where that is too much: NumPy shows up to 6 elements of each
/// axis, which of very many axes is more than anyone reads, and of elements without bytes more
/// than memory holds.
pub(crate) fn shown(shape: &[usize], options: &PreviewOptions) -> Option<Vec<Shown>> {
    let len = shape.iter().fold(1_usize, |len, n| len.saturating_mul(*n));
    let is_summary = len > options.threshold;
    let shown = |length: &usize| {
        if is_summary && *length > 2 * options.edgeitems {
            (options.edgeitems, length - options.edgeitems..*length)
        } else {
            (0, 0..*length)
        }
    };
    let shown: Vec<Shown> = shape.iter().map(shown).collect();
    let count = |(lead, trail): &Shown| lead + trail.len();
    let total = shown.iter().try_fold(1_usize, |n, axis| n.checked_mul(count(axis)));
    total.is_some_and(|total| total <= MOST_SHOWN.max(options.threshold)).then_some(shown)
}

/// Everything that is shown, in order.
fn corners<'a>(
    array: &'a Array,
    shown: &[Shown],
    axis: usize,
    start: usize,
    items: &mut Vec<&'a [u8]>,
) {
    let Some((lead, trail)) = shown.get(axis) else { return items.push(array.item(start)) };
    for i in (0..*lead).chain(trail.clone()) {
        corners(array, shown, axis + 1, array.along(axis, start, i), items);
    }
}

impl Array {
    /// The position `i` steps along an axis.
    fn along(&self, axis: usize, start: usize, i: usize) -> usize {
        let stride = self.strides.get(axis).copied().unwrap_or(0);
        start.wrapping_add_signed(super::layout::signed(i).wrapping_mul(stride))
    }
}

/// Lines and brackets.
struct Page<'a> {
    array: &'a Array,
    shown: &'a [Shown],
    format: &'a Format,
}

impl Page<'_> {
    /// One axis from `start` on, in brackets; lines after the first begin with `indent`.
    fn axis(&self, axis: usize, start: usize, indent: &str, width: usize) -> String {
        let axes_left = self.shown.len() - axis;
        let (lead, trail) = &self.shown[axis];
        if axes_left == 1 {
            return self.row(axis, start, indent, width);
        }
        let separator = "\n".repeat(axes_left - 1);
        let inner_indent = format!("{indent} ");
        let nested = |i: usize| {
            let start = self.array.along(axis, start, i);
            self.axis(axis + 1, start, &inner_indent, width.saturating_sub(1))
        };
        let mut parts: Vec<String> = (0..*lead).map(nested).collect();
        if *lead > 0 {
            parts.push("...".to_owned());
        }
        parts.extend(trail.clone().map(nested));
        format!("[{}]", parts.join(&format!("{separator}{indent}")))
    }

    /// The last axis: elements, wrapped.
    fn row(&self, axis: usize, start: usize, indent: &str, width: usize) -> String {
        let (lead, trail) = &self.shown[axis];
        let word = |i| self.format.word(self.array.item(self.array.along(axis, start, i)));
        let mut line = Line {
            done: String::new(),
            line: indent.to_owned(),
            len: indent.len(),
            indent,
            // Room for the closing bracket.
            width: width.saturating_sub(1),
        };
        (0..*lead).for_each(|i| line.push(&word(i)));
        if *lead > 0 {
            line.push("...");
        }
        trail.clone().for_each(|i| line.push(&word(i)));
        let whole = line.done + &line.line;
        let text = whole.get(indent.len()..).unwrap_or_default();
        // Every word is followed by a space, also the last.
        format!("[{}]", text.strip_suffix(' ').unwrap_or(text))
    }
}

/// A line that is being filled, and those before it.
struct Line<'a> {
    done: String,
    line: String,
    /// Of `line`, in characters.
    len: usize,
    indent: &'a str,
    width: usize,
}

impl Line<'_> {
    fn push(&mut self, word: &str) {
        let len = word.chars().count();
        // A line of its own does not help a word that is alone on its line.
        if self.len + len > self.width && self.len > self.indent.len() {
            self.done.push_str(self.line.trim_end());
            self.done.push('\n');
            self.line = self.indent.to_owned();
            self.len = self.indent.len();
        }
        self.line.push_str(word);
        self.line.push(' ');
        self.len += len + 1;
    }
}

#[cfg(test)]
mod tests;
