//! Arrays that are parts of Python objects, and the objects themselves, as entries.
#![forbid(unsafe_code)]

use super::{Coded, Data, Entry};
use crate::array::MemoryOrder;
use crate::codec::Codec;
use crate::value::{Payload, Value, ValueKind};
use crate::{Buffer, Dtype, Error, Kind, Limits, MemorySource, Order, Result, Scalar, Source};
use std::sync::Arc;

/// The error for the bytes of what has none.
pub(super) fn no_bytes(value: &Value) -> Error {
    match value.kind() {
        ValueKind::Array => Error::unsupported("Python objects as elements of an array"),
        kind => Error::unsupported(format_args!("a Python {} as an array", kind.name())),
    }
}

impl Entry {
    /// Describes the array that a value is: where it lies in the file, if it lies there. What is no
    /// array, and an array of objects, is described as objects.
    pub(crate) fn of_value(value: &Value, limits: &Arc<Limits>) -> Result<Self> {
        let limits = Arc::clone(limits);
        let store = &value.graph().store;
        let file = || match store.source() {
            Some(source) => Arc::clone(source),
            None => Arc::new(MemorySource::new(Buffer::default())) as Arc<dyn Source>,
        };
        let Some(array) = value.graph().array(value.cell()) else {
            return Self::of_object(value, &limits);
        };
        let (dtype, shape) = (array.dtype.clone(), &*array.shape);
        let (source, data) = match array.payload {
            Payload::Objects(_) => (file(), Data::Value(value.clone())),
            // What came from another file is decoded here.
            Payload::Text(span) if span.offset().is_none() => {
                let read = value.to_array()?;
                (Arc::new(MemorySource::new(read.buffer().clone())) as _, Data::Inline)
            }
            Payload::Text(span) => {
                let at = span.offset().and_then(|offset| store.locate(offset));
                let (source, offset) = match at {
                    Some((_, source, offset)) => (Arc::clone(source), offset),
                    None => (file(), 0),
                };
                let unpacked_len = crate::array::nbytes(shape, dtype.itemsize())? as u64;
                let (codec, packed_len, skip) = (Codec::LATIN1, span.len(), 0);
                let blocks = None;
                let coded = Coded { codec, offset, packed_len, unpacked_len, skip, blocks };
                (source, Data::Coded(Arc::new(coded)))
            }
            Payload::Bytes(span) => match span.offset().and_then(|offset| store.locate(offset)) {
                Some((_, source, offset)) => (Arc::clone(source), Data::Raw { offset }),
                None => (Arc::new(MemorySource::new(store.read(span)?)) as _, Data::Inline),
            },
        };
        // An array has no subarray for its dtype: the lengths of one are axes.
        let (dtype, shape) = match dtype {
            Dtype::Array(base, sub) => ((*base).clone(), [shape, &sub].concat()),
            dtype => (dtype, shape.to_vec()),
        };
        Self::new(source, dtype, &shape, array.order, data, limits)
    }

    /// Describes a value as an object, whatever it is.
    pub(crate) fn of_object(value: &Value, limits: &Arc<Limits>) -> Result<Self> {
        let source = match value.graph().store.source() {
            Some(source) => Arc::clone(source),
            None => Arc::new(MemorySource::new(Buffer::default())) as Arc<dyn Source>,
        };
        let dtype = Dtype::Scalar(Scalar::new(Kind::Object, Order::None, 8)?);
        let data = Data::Value(value.clone());
        Self::new(source, dtype, &[], MemoryOrder::C, data, Arc::clone(limits))
    }
}

impl TryFrom<&Value> for Entry {
    type Error = Error;

    /// The elements of an array, of a subclass too; any other value as an object.
    fn try_from(value: &Value) -> Result<Self> {
        Self::of_value(value, &Arc::default())
    }
}
