//! Values and arrays as parts of the user's own types.
//!
//! serde hands over numbers, text and containers, and nothing else. So what asks for a value by a
//! name that nobody else has finds it in a place beside the road.
#![forbid(unsafe_code)]

use crate::{Array, Value};
use ::serde::de::{Deserialize, Deserializer, Error, Visitor};
use std::cell::RefCell;
use std::fmt;

/// What a newtype is called that is a value.
pub(super) const NAME: &str = "$npstow::Value";

thread_local! {
    static PLACE: RefCell<Option<Value>> = const { RefCell::new(None) };
}

/// Hands a value over to who asked for it by the name.
pub(super) fn give<'de, V: Visitor<'de>, E: Error>(
    value: Value,
    visitor: V,
) -> Result<V::Value, E> {
    PLACE.with_borrow_mut(|place| *place = Some(value));
    let made = visitor.visit_unit();
    // Where another type has the name, nobody takes it.
    PLACE.with_borrow_mut(Option::take);
    made
}

struct Taker;

impl<'de> Visitor<'de> for Taker {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of npstow")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        PLACE.with_borrow_mut(Option::take).ok_or_else(|| E::custom("a value of another library"))
    }
}

/// Only from another value: [`from_value`](crate::from_value).
impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(NAME, Taker)
    }
}

/// Only from a value: [`from_value`](crate::from_value).
impl<'de> Deserialize<'de> for Array {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer)?.to_array().map_err(D::Error::custom)
    }
}
