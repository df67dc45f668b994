//! The elements of two arrays, side by side, band by band.
#![forbid(unsafe_code)]

use super::CompareOptions;
use super::report::Unequal;
use super::rule::{Rule, Tally};
use crate::entry::Pieces;
use crate::error::quoted;
use crate::{Array, Buffer, Dtype, Entry, Kind, MemoryOrder, Order, Result};

/// So many bytes are looked at as a whole first: most of what is compared is the same.
const BLOCK: usize = 64 << 10;

/// How the elements of two arrays of the same shape differ, if they do. Nothing is said about
/// those that cannot be compared, such as numbers and strings; their dtypes say enough.
pub(super) fn compare(
    left: &Entry,
    right: &Entry,
    options: &CompareOptions,
) -> Result<Option<Unequal>> {
    let dtypes = (left.dtype().to_order(Order::Little), right.dtype().to_order(Order::Little));
    let Some(rule) = Rule::new(&dtypes.0, &dtypes.1) else {
        // Objects say so themselves.
        left.check()?;
        right.check()?;
        return Ok(None);
    };
    let mut left_stream = Stream::new(left)?;
    let mut right_stream = Stream::new(right)?;
    let is_one = dtypes.0 == dtypes.1;
    let mut found = Found {
        dtypes,
        rule,
        options,
        is_one,
        at: 0,
        count: 0,
        first: None,
        largest: None,
        relative: None,
    };
    loop {
        let (left, right) = (left_stream.next()?, right_stream.next()?);
        let elements = left.len().min(right.len());
        if elements == 0 {
            break;
        }
        found.block(left.bytes(elements), right.bytes(elements));
        left_stream.used += elements;
        right_stream.used += elements;
    }
    Ok(found.report(left.shape()))
}

/// How Python objects differ, if they do: one by one in arrays of them, which have the same shape.
#[cfg(feature = "pickle")]
pub(super) fn compare_objects(left: &Entry, right: &Entry) -> Result<Option<Unequal>> {
    let values = (left.value()?, right.value()?);
    if values.0.equals(&values.1)? {
        return Ok(None);
    }
    let (mut count, mut first, mut total) = (0, None, 1);
    if let (Some(items), Some(others)) = (values.0.objects(), values.1.objects()) {
        total = items.len() as u64;
        for (at, (item, other)) in items.zip(others).enumerate() {
            if !item.equals(&other)? {
                count += 1;
                first.get_or_insert((at as u64, item, other));
            }
        }
    }
    // Where no element does, the arrays differ: in their classes, or in what these add to them.
    let (at, one, other) = first.unwrap_or((0, values.0, values.1));
    let print = |value: &crate::Value| quoted(&value.to_string());
    let (largest, relative) = (None, None);
    Ok(Some(Unequal {
        count: count.max(1),
        total,
        first: index(at, left.shape()),
        field: String::new(),
        left: print(&one),
        right: print(&other),
        largest,
        largest_at: Vec::new(),
        relative,
    }))
}

/// The elements of an array in C order, little-endian.
struct Stream<'a> {
    pieces: Pieces<'a>,
    itemsize: usize,
    held: Option<Array>,
    /// Elements of what is held that were looked at.
    used: usize,
}

/// The next elements of a stream.
struct Run<'a> {
    bytes: &'a [u8],
    itemsize: usize,
}

impl<'a> Run<'a> {
    fn len(&self) -> usize {
        self.bytes.len() / self.itemsize.max(1)
    }

    fn bytes(&self, elements: usize) -> &'a [u8] {
        self.bytes.get(..elements * self.itemsize).unwrap_or_default()
    }
}

impl<'a> Stream<'a> {
    fn new(entry: &'a Entry) -> Result<Self> {
        let itemsize = entry.dtype().itemsize();
        Ok(Self { pieces: entry.pieces(MemoryOrder::C)?, itemsize, held: None, used: 0 })
    }

    /// What comes next, none at the end.
    fn next(&mut self) -> Result<Run<'_>> {
        let is_used = |array: &Array, used: usize| used >= array.len();
        while self.held.as_ref().is_none_or(|array| is_used(array, self.used)) {
            let Some(piece) = self.pieces.next() else {
                return Ok(Run { bytes: &[], itemsize: self.itemsize });
            };
            let piece = piece?.to_order(Order::Little)?.to_contiguous(MemoryOrder::C)?;
            (self.held, self.used) = (Some(piece), 0);
        }
        let bytes = self.held.as_ref().and_then(|array| array.bytes_in(MemoryOrder::C));
        let bytes = bytes.and_then(|bytes| bytes.get(self.used * self.itemsize..));
        Ok(Run { bytes: bytes.unwrap_or_default(), itemsize: self.itemsize })
    }
}

/// What was found so far.
struct Found<'a> {
    dtypes: (Dtype, Dtype),
    rule: Rule,
    options: &'a CompareOptions,
    /// Whether both sides have one dtype.
    is_one: bool,
    /// How many elements were looked at.
    at: u64,
    count: u64,
    first: Option<First>,
    largest: Option<(f64, u64)>,
    relative: Option<f64>,
}

struct First {
    at: u64,
    field: String,
    left: String,
    right: String,
}

impl Found<'_> {
    /// Compares as many elements on each side.
    fn block(&mut self, left: &[u8], right: &[u8]) {
        let (a, b) = (self.dtypes.0.itemsize().max(1), self.dtypes.1.itemsize().max(1));
        let step = (BLOCK / a.max(b)).max(1);
        for (left, right) in left.chunks(step * a).zip(right.chunks(step * b)) {
            if self.is_one && left == right && self.is_surely_equal(left) {
                self.at += (left.len() / a) as u64;
                continue;
            }
            for (left, right) in left.chunks_exact(a).zip(right.chunks_exact(b)) {
                self.element(left, right);
                self.at += 1;
            }
        }
    }

    /// Whether elements equal themselves: they are not NaN, or that counts as equal.
    fn is_surely_equal(&self, bytes: &[u8]) -> bool {
        if self.options.equal_nan || !self.rule.may_be_nan() {
            return true;
        }
        match self.dtypes.0.as_scalar().map(|scalar| (scalar.kind(), scalar.itemsize())) {
            Some((Kind::Float, 4) | (Kind::Complex, 8)) => {
                let mut items = bytes.chunks_exact(4);
                items.all(|i| !f32::from_le_bytes([i[0], i[1], i[2], i[3]]).is_nan())
            }
            Some((Kind::Float, 8) | (Kind::Complex, 16)) => {
                let double = |i: &[u8]| [i[0], i[1], i[2], i[3], i[4], i[5], i[6], i[7]];
                let mut items = bytes.chunks_exact(8);
                items.all(|item| !f64::from_le_bytes(double(item)).is_nan())
            }
            _ => false,
        }
    }

    fn element(&mut self, left: &[u8], right: &[u8]) {
        let mut tally = Tally::new();
        self.rule.compare(left, right, self.options, &mut tally);
        if !tally.difference.is_nan()
            && self.largest.is_none_or(|(most, _)| tally.difference > most)
        {
            self.largest = Some((tally.difference, self.at));
        }
        if tally.relative.is_finite() && self.relative.is_none_or(|most| tally.relative > most) {
            self.relative = Some(tally.relative);
        }
        if tally.is_equal {
            return;
        }
        self.count += 1;
        if self.first.is_none() {
            let field = self.rule.field(left, right, self.options);
            let (a, b) = (shown(&self.dtypes.0, left), shown(&self.dtypes.1, right));
            self.first = Some(First { at: self.at, field, left: a, right: b });
        }
    }

    fn report(self, shape: &[usize]) -> Option<Unequal> {
        let first = self.first?;
        let largest = self.largest.filter(|(most, _)| *most > 0.0);
        Some(Unequal {
            count: self.count,
            total: self.at,
            first: index(first.at, shape),
            field: first.field,
            left: first.left,
            right: first.right,
            largest: largest.map(|(most, _)| most),
            largest_at: largest.map_or_else(Vec::new, |(_, at)| index(at, shape)),
            relative: self.relative.filter(|_| largest.is_some()),
        })
    }
}

/// One element as NumPy prints it.
fn shown(dtype: &Dtype, item: &[u8]) -> String {
    let array = Array::new(dtype.clone(), &[], MemoryOrder::C, Buffer::copy_of(item));
    array.map_or_else(|e| e.to_string(), |array| quoted(&array.to_string()))
}

/// The index of an element that is counted in C order.
fn index(mut at: u64, shape: &[usize]) -> Vec<usize> {
    let mut index = vec![0; shape.len()];
    for (place, &length) in index.iter_mut().zip(shape).rev() {
        let length = (length as u64).max(1);
        *place = usize::try_from(at % length).unwrap_or(usize::MAX);
        at /= length;
    }
    index
}
