//! Elements of arrays, and NumPy's scalars.
#![forbid(unsafe_code)]

use super::{Fault, Outcome};
use crate::dtype::{Dtype, Kind, Order, Scalar};
use crate::{Array, Error, MemoryOrder};
use ::serde::de::value::SeqDeserializer;
use ::serde::de::{DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use ::serde::forward_to_deserialize_any;

/// An array in C order and little-endian.
pub(super) struct Whole {
    array: Array,
}

impl Whole {
    pub(super) fn new(array: &Array) -> Outcome<Self> {
        Ok(Self { array: array.to_order(Order::Little)?.to_contiguous(MemoryOrder::C)? })
    }

    pub(super) fn part(&self) -> Outcome<Part<'_>> {
        let bytes = self.array.bytes_in(MemoryOrder::C);
        let bytes = bytes.ok_or_else(|| Error::invalid("an array that is not contiguous"))?;
        Ok(Part { dtype: self.array.dtype(), shape: self.array.shape(), bytes })
    }
}

/// A part of an array: all below some indices. Without axes it is an element.
#[derive(Clone, Copy)]
pub(super) struct Part<'a> {
    dtype: &'a Dtype,
    shape: &'a [usize],
    bytes: &'a [u8],
}

impl<'de> Deserializer<'de> for Part<'_> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Outcome<V::Value> {
        if !self.shape.is_empty() {
            return visitor.visit_seq(Rows { of: self, next: 0 });
        }
        match self.dtype {
            Dtype::Scalar(scalar) => one(*scalar, self.bytes, visitor),
            Dtype::Array(base, shape) => {
                Part { dtype: base, shape, bytes: self.bytes }.deserialize_any(visitor)
            }
            Dtype::Record(_) => visitor.visit_map(Fields { of: self, next: 0 }),
        }
    }

    /// Numbers are never missing.
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Outcome<V::Value> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Outcome<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// The rows of an array.
struct Rows<'a> {
    of: Part<'a>,
    next: usize,
}

impl<'de> SeqAccess<'de> for Rows<'_> {
    type Error = Fault;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Outcome<Option<S::Value>> {
        let Some((&count, inner)) = self.of.shape.split_first() else { return Ok(None) };
        if self.next >= count {
            return Ok(None);
        }
        let len = self.of.bytes.len() / count;
        let bytes = self.of.bytes.get(self.next * len..(self.next + 1) * len);
        self.next += 1;
        let bytes = bytes.unwrap_or_default();
        seed.deserialize(Part { shape: inner, bytes, ..self.of }).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.of.shape.first()?.saturating_sub(self.next))
    }
}

/// The fields of a record.
struct Fields<'a> {
    of: Part<'a>,
    next: usize,
}

impl<'de> MapAccess<'de> for Fields<'_> {
    type Error = Fault;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Outcome<Option<S::Value>> {
        let field = self.of.dtype.as_record().and_then(|record| record.fields().get(self.next));
        match field {
            Some(field) => seed.deserialize(field.name().into_deserializer()).map(Some),
            None => Ok(None),
        }
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Outcome<S::Value> {
        let field = self.of.dtype.as_record().and_then(|record| record.fields().get(self.next));
        let field = field.ok_or_else(|| Error::invalid("a field beyond the last one"))?;
        self.next += 1;
        let end = field.offset().saturating_add(field.dtype().itemsize());
        let bytes = self.of.bytes.get(field.offset()..end).unwrap_or_default();
        seed.deserialize(Part { dtype: field.dtype(), shape: &[], bytes })
    }
}

/// A scalar; its bytes are little-endian.
fn one<'de, V: Visitor<'de>>(scalar: Scalar, bytes: &[u8], visitor: V) -> Outcome<V::Value> {
    let mut wide = [0; 8];
    let unsupported =
        || Fault(Error::unsupported(format_args!("{} as a number", scalar.typestr())));
    if let (Kind::Complex, 8 | 16) = (scalar.kind(), bytes.len()) {
        let (re, im) = bytes.split_at(bytes.len() / 2);
        let parts = [float(re), float(im)].map(|part| part.ok_or_else(unsupported));
        let [re, im] = parts;
        return visitor.visit_seq(SeqDeserializer::new([re?, im?].into_iter()));
    }
    if let (Some(place), true) = (wide.get_mut(..bytes.len()), bytes.len() <= 8) {
        place.copy_from_slice(bytes);
    }
    let unsigned = u64::from_le_bytes(wide);
    match (scalar.kind(), bytes.len()) {
        (Kind::Bool, _) => visitor.visit_bool(unsigned != 0),
        (Kind::Uint, 1..=8) => visitor.visit_u64(unsigned),
        (Kind::Int | Kind::Datetime | Kind::Timedelta, len @ 1..=8) => {
            let shift = 64 - 8 * len;
            visitor.visit_i64((i64::from_le_bytes(wide) << shift) >> shift)
        }
        (Kind::Float, _) => visitor.visit_f64(float(bytes).ok_or_else(unsupported)?),
        (Kind::Bytes, _) => visitor.visit_byte_buf(trimmed(bytes).to_vec()),
        (Kind::Void, _) => visitor.visit_byte_buf(bytes.to_vec()),
        (Kind::Str, _) => {
            let codes = bytes.chunks_exact(4).map(|code| {
                let code: [u8; 4] = code.try_into().unwrap_or_default();
                char::from_u32(u32::from_le_bytes(code))
            });
            let text: Option<String> = codes.collect();
            let text = text.ok_or_else(|| Error::unsupported("text with a lone surrogate"))?;
            visitor.visit_string(text.trim_end_matches('\0').to_owned())
        }
        _ => Err(unsupported()),
    }
}

/// NumPy pads strings with zeros.
fn trimmed(bytes: &[u8]) -> &[u8] {
    let len = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |at| at + 1);
    bytes.get(..len).unwrap_or_default()
}

fn float(bytes: &[u8]) -> Option<f64> {
    Some(match bytes.len() {
        2 => half(u16::from_le_bytes(bytes.try_into().ok()?)),
        4 => f64::from(f32::from_le_bytes(bytes.try_into().ok()?)),
        8 => f64::from_le_bytes(bytes.try_into().ok()?),
        _ => return None,
    })
}

/// IEEE 754 binary16.
fn half(bits: u16) -> f64 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f64::from(bits & 0x3ff));
    sign * match exponent {
        0 => fraction * 2.0_f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1024.0 + fraction) * 2.0_f64.powi(exponent - 25),
    }
}
