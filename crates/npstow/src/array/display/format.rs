//! One formatter for all elements of an array: NumPy's `_get_format_function`.
#![forbid(unsafe_code)]

use super::PreviewOptions;
use super::date::{NAT, date, duration};
use super::float::{FloatFormat, complex_scalar, scalar as float_scalar};
use super::number::{Float, Width, integer};
use crate::array::strings::{code_points, trimmed};
use crate::literal::python_str_repr;
use crate::{Dtype, Kind, Literal, Scalar};
use std::fmt::Write;

/// How elements are written.
#[derive(Clone, Debug)]
pub(super) enum Format {
    Bool {
        is_padded: bool,
    },
    Int(Scalar, usize),
    Float(Scalar, FloatFormat),
    /// In a record that is printed on its own: as a number on its own.
    LoneFloat(Scalar),
    Complex(Scalar, Box<(FloatFormat, FloatFormat)>),
    Time(Scalar, usize),
    Text(Scalar),
    Record(Vec<Member>),
    Sub {
        inner: Box<Format>,
        shape: Box<[usize]>,
        options: PreviewOptions,
    },
}

/// Where elements are printed: Python prints the parts of a record without axes as it prints
/// numbers on their own, but for the bools of a subarray in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    InArray,
    Alone,
    InSubarrayAlone,
}

/// A field of a record.
#[derive(Clone, Debug)]
pub(super) struct Member {
    offset: usize,
    itemsize: usize,
    format: Format,
}

/// The one value of an array without axes: `str` of a NumPy scalar.
pub(super) fn scalar(dtype: &Dtype, item: &[u8], options: &PreviewOptions) -> String {
    let Dtype::Scalar(scalar) = dtype else {
        return Format::new(dtype, &[item], Place::Alone, options).word(item);
    };
    match scalar.kind() {
        Kind::Bool => if item.iter().any(|b| *b != 0) { "True" } else { "False" }.to_owned(),
        Kind::Int | Kind::Uint => integer(item, *scalar).to_string(),
        Kind::Float => float_scalar(float(item, *scalar), Width::of(item.len())),
        Kind::Complex => {
            let (real, imaginary) = complex(item, *scalar);
            complex_scalar(real, imaginary, Width::of(item.len() / 2))
        }
        Kind::Datetime => date(count(item, *scalar), scalar.unit()),
        Kind::Timedelta => duration(count(item, *scalar), scalar.unit()),
        Kind::Bytes => format!("np.bytes_({})", word(item, *scalar)),
        Kind::Str => {
            let codes = code_points(item, scalar.order());
            let plain: Option<String> = codes.into_iter().map(char::from_u32).collect();
            plain.unwrap_or_else(|| word(item, *scalar))
        }
        Kind::Void | Kind::Object => word(item, *scalar),
    }
}

/// Text that needs no alignment.
fn word(item: &[u8], scalar: Scalar) -> String {
    match scalar.kind() {
        Kind::Bytes => Literal::Bytes(trimmed(item).to_vec()).to_string(),
        Kind::Str => str_repr(&code_points(item, scalar.order())),
        Kind::Void => {
            let mut text = "b'".to_owned();
            for byte in item {
                // Writing to a String cannot fail.
                let _ = write!(text, "\\x{byte:02X}");
            }
            text + "'"
        }
        _ => "<object>".to_owned(),
    }
}

/// Python's `repr` of a string, also of one that holds surrogates or numbers that Python refuses.
fn str_repr(codes: &[u32]) -> String {
    let plain: Option<String> = codes.iter().map(|code| char::from_u32(*code)).collect();
    if let Some(text) = plain {
        return python_str_repr(&text);
    }
    let has = |c: char| codes.contains(&u32::from(c));
    let quote = if has('\'') && !has('"') { '"' } else { '\'' };
    let mut text = String::from(quote);
    for code in codes {
        match char::from_u32(*code) {
            Some(c) if c == quote => text.extend(['\\', c]),
            Some(c @ ('\'' | '"')) => text.push(c),
            Some(c) => {
                let one = python_str_repr(c.encode_utf8(&mut [0; 4]));
                text.push_str(one.get(1..one.len() - 1).unwrap_or_default());
            }
            None if *code <= 0xffff => text.push_str(&format!("\\u{code:04x}")),
            None => text.push_str(&format!("\\U{code:08x}")),
        }
    }
    text.push(quote);
    text
}

fn float(item: &[u8], scalar: Scalar) -> Float {
    Width::of(item.len()).read(item, scalar.order())
}

fn complex(item: &[u8], scalar: Scalar) -> (Float, Float) {
    let (real, imaginary) = item.split_at(item.len() / 2);
    (float(real, scalar), float(imaginary, scalar))
}

fn count(item: &[u8], scalar: Scalar) -> i64 {
    i64::try_from(integer(item, scalar)).unwrap_or(NAT)
}

impl Format {
    /// For the elements that are shown.
    pub(super) fn new(
        dtype: &Dtype,
        items: &[&[u8]],
        place: Place,
        options: &PreviewOptions,
    ) -> Self {
        match dtype {
            Dtype::Scalar(scalar) => Self::of_scalar(*scalar, items, place, options),
            Dtype::Array(base, shape) => {
                let size = base.itemsize();
                // Parts without bytes are all the same, and may be very many.
                let count = item_count(shape).min(if size == 0 { 1 } else { usize::MAX });
                let parts = items.iter().flat_map(|item| {
                    (0..count).map(move |i| item.get(i * size..(i + 1) * size).unwrap_or_default())
                });
                let inner: Vec<&[u8]> = parts.collect();
                let place = if place == Place::InArray { place } else { Place::InSubarrayAlone };
                let inner = Box::new(Self::new(base, &inner, place, options));
                Self::Sub { inner, shape: shape.clone(), options: options.clone() }
            }
            Dtype::Record(record) => {
                let member = |field: &crate::Field| {
                    let (offset, itemsize) = (field.offset(), field.dtype().itemsize());
                    let part = |item: &&'_ [u8]| offset..(offset + itemsize).min(item.len());
                    let items: Vec<&[u8]> =
                        items.iter().map(|item| item.get(part(item)).unwrap_or_default()).collect();
                    let format = Self::new(field.dtype(), &items, place, options);
                    Member { offset, itemsize, format }
                };
                Self::Record(record.fields().iter().map(member).collect())
            }
        }
    }

    fn of_scalar(scalar: Scalar, items: &[&[u8]], place: Place, options: &PreviewOptions) -> Self {
        match scalar.kind() {
            Kind::Bool => Self::Bool { is_padded: place != Place::Alone },
            Kind::Int | Kind::Uint => {
                let numbers = items.iter().map(|item| integer(item, scalar));
                let range = [numbers.clone().min(), numbers.max()];
                let lengths = range.iter().flatten().map(|number| number.to_string().len());
                Self::Int(scalar, lengths.max().unwrap_or(0))
            }
            Kind::Float if place != Place::InArray => Self::LoneFloat(scalar),
            Kind::Float => {
                let floats = items.iter().map(|item| float(item, scalar));
                let width = Width::of(scalar.itemsize());
                Self::Float(scalar, FloatFormat::new(floats, width, false, options.precision))
            }
            Kind::Complex => {
                let width = Width::of(scalar.itemsize() / 2);
                let real = items.iter().map(|item| complex(item, scalar).0);
                let real = FloatFormat::new(real, width, false, options.precision);
                let imaginary = items.iter().map(|item| complex(item, scalar).1);
                let imaginary = FloatFormat::new(imaginary, width, true, options.precision);
                Self::Complex(scalar, Box::new((real, imaginary)))
            }
            Kind::Datetime | Kind::Timedelta => {
                let counts = items.iter().map(|item| count(item, scalar));
                let times = counts.clone().filter(|count| *count != NAT);
                let range = [times.clone().min(), times.max()];
                let lengths = range.iter().flatten().map(|count| time(*count, scalar).len());
                let nat = counts.into_iter().any(|count| count == NAT);
                let width = lengths.max().unwrap_or(0).max(if nat { 5 } else { 0 });
                Self::Time(scalar, width)
            }
            Kind::Bytes | Kind::Str | Kind::Void | Kind::Object => Self::Text(scalar),
        }
    }

    /// One element.
    pub(super) fn word(&self, item: &[u8]) -> String {
        match self {
            Self::Bool { is_padded } => match (item.iter().any(|byte| *byte != 0), is_padded) {
                (true, true) => " True",
                (true, false) => "True",
                (false, _) => "False",
            }
            .to_owned(),
            Self::Int(scalar, width) => format!("{:>width$}", integer(item, *scalar)),
            Self::Float(scalar, format) => format.word(float(item, *scalar)),
            Self::LoneFloat(scalar) => float_scalar(float(item, *scalar), Width::of(item.len())),
            Self::Complex(scalar, formats) => {
                let (real, imaginary) = complex(item, *scalar);
                let imaginary = formats.1.word(imaginary);
                let digits = imaginary.trim_end();
                let spaces = imaginary.get(digits.len()..).unwrap_or_default();
                format!("{}{digits}j{spaces}", formats.0.word(real))
            }
            Self::Time(scalar, width) => format!("{:>width$}", time(count(item, *scalar), *scalar)),
            Self::Text(scalar) => word(item, *scalar),
            Self::Record(members) => {
                let words: Vec<String> = members
                    .iter()
                    .map(|member| {
                        let range = member.offset..member.offset + member.itemsize;
                        member.format.word(item.get(range).unwrap_or_default())
                    })
                    .collect();
                let comma = if words.len() == 1 { "," } else { "" };
                format!("({}{comma})", words.join(", "))
            }
            Self::Sub { inner, shape, options } => {
                // Brackets without anything in them cost no bytes of the file, however many.
                if item.is_empty() && brackets(shape) > MOST_EMPTY {
                    return "[...]".to_owned();
                }
                let is_summary = item_count(shape) > options.threshold;
                inner.sub(item, shape, is_summary, options.edgeitems)
            }
        }
    }

    /// A subarray in one line.
    fn sub(&self, item: &[u8], shape: &[usize], is_summary: bool, edge: usize) -> String {
        let Some((length, rest)) = shape.split_first() else { return self.word(item) };
        let size = item.len().checked_div(*length).unwrap_or(0);
        let one = |i: usize| {
            let part = item.get(i * size..(i + 1) * size).unwrap_or_default();
            self.sub(part, rest, is_summary, edge)
        };
        let words: Vec<String> = if is_summary && *length > 2 * edge {
            let last = (length - edge..*length).map(one);
            (0..edge).map(one).chain(["...".to_owned()]).chain(last).collect()
        } else {
            (0..*length).map(one).collect()
        };
        format!("[{}]", words.join(", "))
    }
}

/// So many brackets of a subarray without bytes are shown.
const MOST_EMPTY: usize = 1000;

/// How many brackets a subarray is printed with, those of its elements left aside.
fn brackets(shape: &[usize]) -> usize {
    let mut level = 1_usize;
    let mut all = 0_usize;
    for length in shape {
        all = all.saturating_add(level);
        level = level.saturating_mul(*length);
    }
    all.max(level)
}

/// How many elements a subarray has; the bound on a dtype's size holds for them.
fn item_count(shape: &[usize]) -> usize {
    shape.iter().fold(1, |count, length| count.saturating_mul(*length))
}

/// A date in quotes, or the count of a duration.
fn time(count: i64, scalar: Scalar) -> String {
    match scalar.kind() {
        _ if count == NAT => "'NaT'".to_owned(),
        Kind::Datetime => format!("'{}'", date(count, scalar.unit())),
        _ => count.to_string(),
    }
}
