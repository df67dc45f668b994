//! NumPy's arrays and dtypes, as every NumPy from 1.13 to 2.x loads them.
#![forbid(unsafe_code)]

use super::out::Out;
use crate::array::MemoryOrder;
use crate::entry::{BAND, Entry};
use crate::pickle::opcode::code;
use crate::{Dtype, Error, Record, Result};
use std::collections::HashMap;

/// Dtypes that were written: whether one is laid out as in C is no part of being equal.
pub(super) type Dtypes = HashMap<(Dtype, bool), u32>;

/// A dtype; the second time it is remembered.
pub(super) fn dtype(out: &mut Out<'_>, seen: &mut Dtypes, dtype: &Dtype) -> Result<()> {
    let key = (dtype.clone(), any_aligned(dtype));
    if let Some(&at) = seen.get(&key) {
        return out.get(at);
    }
    out.name("numpy", "dtype")?;
    spec(out, dtype)?;
    out.tuple(1)?;
    out.op(code::REDUCE)?;
    let at = out.put()?;
    seen.insert(key, at);
    Ok(())
}

/// A record whose scalars are of a class: `numpy.dtype((numpy.record, …))`.
pub(super) fn dtype_of_class(
    out: &mut Out<'_>,
    (module, name): (&str, &str),
    dtype: &Dtype,
) -> Result<()> {
    out.name("numpy", "dtype")?;
    out.global(module, name)?;
    spec(out, dtype)?;
    out.tuple(2)?;
    out.tuple(1)?;
    out.op(code::REDUCE)
}

fn any_aligned(dtype: &Dtype) -> bool {
    match dtype {
        Dtype::Scalar(_) => false,
        Dtype::Array(base, _) => any_aligned(base),
        Dtype::Record(record) => {
            record.is_aligned() || record.fields().iter().any(|f| any_aligned(f.dtype()))
        }
    }
}

/// What `numpy.dtype` is called with: text, or a dictionary with the offsets of fields.
fn spec(out: &mut Out<'_>, dtype: &Dtype) -> Result<()> {
    match dtype {
        Dtype::Scalar(scalar) => out.text(scalar.typestr().as_bytes()),
        Dtype::Array(base, lengths) => {
            spec(out, base)?;
            shape(out, lengths)?;
            out.tuple(2)
        }
        Dtype::Record(record) => fields(out, record),
    }
}

fn fields(out: &mut Out<'_>, record: &Record) -> Result<()> {
    let fields = record.fields();
    out.op(code::EMPTY_DICT)?;
    out.op(code::MARK)?;
    out.text(b"names")?;
    list(out, fields, |out, field| out.text(field.name().as_bytes()))?;
    out.text(b"formats")?;
    list(out, fields, |out, field| spec(out, field.dtype()))?;
    out.text(b"offsets")?;
    list(out, fields, |out, field| out.size(field.offset()))?;
    if fields.iter().any(|field| field.title().is_some()) {
        out.text(b"titles")?;
        list(out, fields, |out, field| match field.title() {
            Some(title) => out.text(title.as_bytes()),
            None => out.op(code::NONE),
        })?;
    }
    out.text(b"itemsize")?;
    out.size(record.itemsize())?;
    if record.is_aligned() {
        out.text(b"aligned")?;
        out.bool(true)?;
    }
    out.op(code::SETITEMS)
}

fn list<T>(
    out: &mut Out<'_>,
    items: &[T],
    one: impl Fn(&mut Out<'_>, &T) -> Result<()>,
) -> Result<()> {
    out.op(code::EMPTY_LIST)?;
    out.op(code::MARK)?;
    items.iter().try_for_each(|item| one(out, item))?;
    out.op(code::APPENDS)
}

pub(super) fn shape(out: &mut Out<'_>, shape: &[usize]) -> Result<()> {
    if shape.len() > 3 {
        out.op(code::MARK)?;
    }
    shape.iter().try_for_each(|length| out.size(*length))?;
    out.tuple(shape.len())
}

/// The call that makes an array which its state fills.
pub(super) fn begin(out: &mut Out<'_>, masked: bool, class: Option<(&str, &str)>) -> Result<()> {
    match masked {
        true => {
            out.name("numpy.ma.core", "_mareconstruct")?;
            out.op(code::MARK)?;
            match class {
                Some((module, name)) => out.global(module, name)?,
                None => out.name("numpy.ma.core", "MaskedArray")?,
            }
            out.name("numpy", "ndarray")?;
        }
        false => {
            out.name("numpy.core.multiarray", "_reconstruct")?;
            match class {
                Some((module, name)) => out.global(module, name)?,
                None => out.name("numpy", "ndarray")?,
            }
        }
    }
    shape(out, &[0])?;
    // NumPy takes text as well, which protocol 2 has a short form for.
    match out.protocol {
        2 => out.text(b"b")?,
        _ => out.bytes(b"b")?,
    }
    out.op(if masked { code::TUPLE } else { code::TUPLE3 })?;
    out.op(code::REDUCE)
}

/// Whether an array is written as protocol 5 has it: in one call, its bytes first.
pub(super) fn is_one_call(out: &Out<'_>) -> bool {
    out.protocol >= 5 || out.between.is_some()
}

/// Where arrays begin in what joblib's `mmap_mode` maps: joblib's own begin at multiples of 16.
const ALIGNMENT: usize = 64;

/// An array as joblib has it: an object that says what it is, then the elements.
fn between(
    out: &mut Out<'_>,
    seen: &mut Dtypes,
    (entry, lying): (&Entry, Lying<'_>),
    is_raw: bool,
) -> Result<()> {
    out.name("joblib.numpy_pickle", "NumpyArrayWrapper")?;
    out.op(code::EMPTY_TUPLE)?;
    out.op(code::NEWOBJ)?;
    out.op(code::EMPTY_DICT)?;
    out.op(code::MARK)?;
    out.known_text("subclass")?;
    out.name("numpy", "ndarray")?;
    out.known_text("shape")?;
    shape(out, entry.shape())?;
    out.known_text("order")?;
    out.known_text(if entry.order() == MemoryOrder::F { "F" } else { "C" })?;
    out.known_text("dtype")?;
    dtype(out, seen, entry.dtype())?;
    out.known_text("allow_mmap")?;
    out.bool(is_raw)?;
    out.known_text("numpy_array_alignment_bytes")?;
    out.size(ALIGNMENT)?;
    out.op(code::SETITEMS)?;
    out.op(code::BUILD)?;
    // One byte for the number of bytes of padding, then those.
    let behind = out.offset() + 1;
    let padding = behind.next_multiple_of(ALIGNMENT as u64) - behind;
    let mut bytes = [0xff; ALIGNMENT];
    bytes[0] = u8::try_from(padding).unwrap_or_default();
    out.raw(bytes.get(..=usize::from(bytes[0])).unwrap_or_default())?;
    pieces(out, entry, lying)
}

/// The elements of an array where they lie in memory, in the array's own order; of what is read
/// from a source there are none, for whoever looks after that source is to see it read.
pub(super) type Lying<'a> = Option<&'a [u8]>;

/// An array of NumPy's own class.
pub(super) fn array(
    out: &mut Out<'_>,
    seen: &mut Dtypes,
    entry: &Entry,
    lying: Lying<'_>,
) -> Result<()> {
    if entry.dtype().has_object() {
        return Err(Error::unsupported("Python objects as elements of an array"));
    }
    if let Some(is_raw) = out.between {
        return between(out, seen, (entry, lying), is_raw);
    }
    let is_fortran = entry.order() == MemoryOrder::F;
    // NumPy cannot tell how many elements without bytes there are in a buffer.
    if is_one_call(out) && entry.dtype().itemsize() > 0 {
        out.name("numpy.core.numeric", "_frombuffer")?;
        out.op(code::MARK)?;
        out.begin_bytearray(entry.nbytes() as u64)?;
        pieces(out, entry, lying)?;
        dtype(out, seen, entry.dtype())?;
        shape(out, entry.shape())?;
        out.text(if is_fortran { b"F" } else { b"C" })?;
        out.op(code::TUPLE)?;
        return out.op(code::REDUCE);
    }
    begin(out, false, None)?;
    state(out, seen, entry, lying)?;
    out.op(code::TUPLE)?;
    out.op(code::BUILD)
}

/// The state of an array behind a mark, but for the end of the tuple.
fn state(out: &mut Out<'_>, seen: &mut Dtypes, entry: &Entry, lying: Lying<'_>) -> Result<()> {
    out.op(code::MARK)?;
    out.int(1)?;
    shape(out, entry.shape())?;
    dtype(out, seen, entry.dtype())?;
    out.bool(entry.order() == MemoryOrder::F)?;
    payload(out, entry, lying)
}

/// The elements as bytes.
pub(super) fn payload(out: &mut Out<'_>, entry: &Entry, lying: Lying<'_>) -> Result<()> {
    if out.protocol < 3 {
        // The length of the text is known when all of it is.
        let array = entry.read()?;
        return out.bytes(array.bytes().unwrap_or_default());
    }
    out.begin_bytes(entry.nbytes() as u64)?;
    pieces(out, entry, lying)
}

fn pieces(out: &mut Out<'_>, entry: &Entry, lying: Lying<'_>) -> Result<()> {
    if let Some(bytes) = lying {
        return bytes.chunks(BAND).try_for_each(|piece| out.raw(piece));
    }
    for piece in entry.pieces(entry.order())? {
        let piece = piece?.to_contiguous(entry.order())?;
        out.raw(piece.bytes_in(entry.order()).unwrap_or_default())?;
    }
    Ok(())
}
