//! Dtypes as text: the `descr` where there is one, NumPy's dict where not.
#![forbid(unsafe_code)]

use super::{Dtype, Record};
use crate::literal::python_str_repr;
use std::fmt::{self, Display};

impl Display for Dtype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self, self.to_descr()) {
            (Self::Scalar(scalar), _) => scalar.fmt(f),
            (_, Ok(descr)) => descr.fmt(f),
            (_, Err(_)) => inner(f, self),
        }
    }
}

/// A dtype within another: strings have quotes here.
fn inner(f: &mut fmt::Formatter<'_>, dtype: &Dtype) -> fmt::Result {
    match (dtype, dtype.to_descr()) {
        (_, Ok(descr)) => descr.fmt(f),
        (Dtype::Array(base, shape), Err(_)) => {
            f.write_str("(")?;
            inner(f, base)?;
            f.write_str(", (")?;
            for (n, length) in shape.iter().enumerate() {
                write!(f, "{}{length}", if n == 0 { "" } else { ", " })?;
            }
            f.write_str(if shape.len() == 1 { ",))" } else { "))" })
        }
        (Dtype::Record(record), Err(_)) => dict(f, record),
        (Dtype::Scalar(scalar), Err(_)) => scalar.fmt(f),
    }
}

/// `{'names': …, 'formats': …, 'offsets': …, 'titles': …, 'itemsize': …}`, as NumPy prints it.
fn dict(f: &mut fmt::Formatter<'_>, record: &Record) -> fmt::Result {
    let fields = record.fields();
    let comma = |n: usize| if n == 0 { "" } else { ", " };
    f.write_str("{'names': [")?;
    for (n, field) in fields.iter().enumerate() {
        write!(f, "{}{}", comma(n), python_str_repr(field.name()))?;
    }
    f.write_str("], 'formats': [")?;
    for (n, field) in fields.iter().enumerate() {
        f.write_str(comma(n))?;
        inner(f, field.dtype())?;
    }
    f.write_str("], 'offsets': [")?;
    for (n, field) in fields.iter().enumerate() {
        write!(f, "{}{}", comma(n), field.offset())?;
    }
    if fields.iter().any(|field| field.title().is_some()) {
        f.write_str("], 'titles': [")?;
        for (n, field) in fields.iter().enumerate() {
            let title = field.title().map_or_else(|| "None".to_owned(), python_str_repr);
            write!(f, "{}{title}", comma(n))?;
        }
    }
    write!(f, "], 'itemsize': {}", record.itemsize())?;
    f.write_str(if record.is_aligned() { ", 'aligned': True}" } else { "}" })
}
