//! How elements of two dtypes are compared.
#![forbid(unsafe_code)]

use super::CompareOptions;
use super::number::{Number, Verdict, judge};
use crate::{Dtype, Kind, Scalar};
use std::ops::Range;

/// Made once for two arrays, whose elements are little-endian by then.
#[derive(Debug)]
pub(super) enum Rule {
    Numbers(Scalar, Scalar),
    /// Counts of one unit, one of which is "not a time".
    Times,
    /// Padded with zeros, which do not count.
    Texts,
    /// Byte by byte.
    Bytes,
    Fields(Vec<Field>),
    /// So many on each side, of these sizes.
    Items {
        rule: Box<Rule>,
        left: usize,
        right: usize,
    },
}

/// Where the field lies on each side.
#[derive(Debug)]
pub(super) struct Field {
    name: String,
    left: Range<usize>,
    right: Range<usize>,
    rule: Rule,
}

/// What the parts of one element came to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tally {
    pub(super) is_equal: bool,
    /// NaN where no numbers are apart.
    pub(super) difference: f64,
    pub(super) relative: f64,
}

impl Tally {
    pub(super) fn new() -> Self {
        Self { is_equal: true, difference: f64::NAN, relative: f64::NAN }
    }

    fn same(&mut self, is_same: bool) {
        self.is_equal &= is_same;
    }

    fn add(&mut self, verdict: Verdict) {
        if let Verdict::Apart { is_close, difference, relative } = verdict {
            self.is_equal &= is_close;
            // `max` takes the other one where one is NaN.
            self.difference = self.difference.max(difference);
            self.relative = self.relative.max(relative);
        }
    }
}

impl Rule {
    /// `None` where the two cannot be compared: a number and a string, dates of other units.
    pub(super) fn new(left: &Dtype, right: &Dtype) -> Option<Self> {
        match (left, right) {
            (Dtype::Scalar(left), Dtype::Scalar(right)) => Self::scalars(*left, *right),
            (Dtype::Array(left, lengths), Dtype::Array(right, others)) => {
                let rule = Box::new(Self::new(left, right).filter(|_| lengths == others)?);
                Some(Self::Items { rule, left: left.itemsize(), right: right.itemsize() })
            }
            (Dtype::Record(left), Dtype::Record(right)) => {
                let (left, right) = (left.fields(), right.fields());
                if left.len() != right.len() {
                    return None;
                }
                let range = |field: &crate::Field| {
                    field.offset()..field.offset() + field.dtype().itemsize()
                };
                let fields = left.iter().zip(right).map(|(left, right)| {
                    let rule = Self::new(left.dtype(), right.dtype());
                    let rule = rule.filter(|_| left.name() == right.name())?;
                    let name = left.name().to_owned();
                    Some(Field { name, left: range(left), right: range(right), rule })
                });
                Some(Self::Fields(fields.collect::<Option<_>>()?))
            }
            _ => None,
        }
    }

    fn scalars(left: Scalar, right: Scalar) -> Option<Self> {
        let is_number = |kind| {
            matches!(kind, Kind::Bool | Kind::Int | Kind::Uint | Kind::Float | Kind::Complex)
        };
        let kinds = (left.kind(), right.kind());
        match kinds {
            (a, b) if is_number(a) && is_number(b) => Some(Self::Numbers(left, right)),
            (a, b) if a != b => None,
            (Kind::Bytes | Kind::Str, _) => Some(Self::Texts),
            (Kind::Datetime | Kind::Timedelta, _) => {
                (left.unit() == right.unit()).then_some(Self::Times)
            }
            (Kind::Void, _) => (left.itemsize() == right.itemsize()).then_some(Self::Bytes),
            _ => None,
        }
    }

    /// Whether elements of the same bytes may be unequal all the same.
    pub(super) fn may_be_nan(&self) -> bool {
        let is_float = |scalar: &Scalar| matches!(scalar.kind(), Kind::Float | Kind::Complex);
        match self {
            Self::Numbers(left, right) => is_float(left) || is_float(right),
            Self::Times => true,
            Self::Texts | Self::Bytes => false,
            Self::Fields(fields) => fields.iter().any(|field| field.rule.may_be_nan()),
            Self::Items { rule, .. } => rule.may_be_nan(),
        }
    }

    pub(super) fn compare(
        &self,
        left: &[u8],
        right: &[u8],
        options: &CompareOptions,
        tally: &mut Tally,
    ) {
        match self {
            Self::Numbers(a, b) => {
                let is_same = a == b && significant(*a, left).eq(significant(*b, right));
                let numbers = (Number::read(*a, left), Number::read(*b, right));
                tally.add(judge(numbers.0, numbers.1, is_same, options));
            }
            Self::Times => {
                let is_never = |item: &[u8]| item == i64::MIN.to_le_bytes();
                let is_equal = left == right && (options.equal_nan || !is_never(left));
                tally.same(is_equal);
            }
            Self::Texts => tally.same(trimmed(left) == trimmed(right)),
            Self::Bytes => tally.same(left == right),
            Self::Fields(fields) => {
                for field in fields {
                    let (left, right) = field.parts(left, right);
                    field.rule.compare(left, right, options, tally);
                }
            }
            Self::Items { rule, left: step, right: other } => {
                let items =
                    left.chunks_exact((*step).max(1)).zip(right.chunks_exact((*other).max(1)));
                items.for_each(|(left, right)| rule.compare(left, right, options, tally));
            }
        }
    }

    /// The path of the first field that differs; `""` where elements have none.
    pub(super) fn field(&self, left: &[u8], right: &[u8], options: &CompareOptions) -> String {
        let differs = |rule: &Self, left: &[u8], right: &[u8]| {
            let mut tally = Tally::new();
            rule.compare(left, right, options, &mut tally);
            !tally.is_equal
        };
        match self {
            Self::Fields(fields) => {
                for field in fields {
                    let (left, right) = field.parts(left, right);
                    if differs(&field.rule, left, right) {
                        return match field.rule.field(left, right, options) {
                            inner if inner.is_empty() => field.name.clone(),
                            inner => format!("{}.{inner}", field.name),
                        };
                    }
                }
                String::new()
            }
            Self::Items { rule, left: step, right: other } => {
                let items =
                    left.chunks_exact((*step).max(1)).zip(right.chunks_exact((*other).max(1)));
                let mut items = items.filter(|(left, right)| differs(rule, left, right));
                items.next().map_or_else(String::new, |(l, r)| rule.field(l, r, options))
            }
            _ => String::new(),
        }
    }
}

impl Field {
    fn parts<'a>(&self, left: &'a [u8], right: &'a [u8]) -> (&'a [u8], &'a [u8]) {
        let left = left.get(self.left.clone()).unwrap_or_default();
        (left, right.get(self.right.clone()).unwrap_or_default())
    }
}

/// The bytes that make up the value: of an x87 float, ten.
fn significant(scalar: Scalar, item: &[u8]) -> impl Iterator<Item = &u8> {
    let width = match scalar.kind() {
        Kind::Float => item.len(),
        Kind::Complex => item.len() / 2,
        _ => 1,
    };
    let kept = if width > 8 { 10 } else { width };
    item.chunks(width.max(1)).flat_map(move |float| float.iter().take(kept))
}

fn trimmed(text: &[u8]) -> &[u8] {
    let len = text.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    text.get(..len).unwrap_or_default()
}
