//! Values as JSON: arrays, text, and elements without a fixed length.
#![forbid(unsafe_code)]

use crate::json::Json;
use crate::render;
use npstow::{Array, Data, Entry, Kind, Result, VariedItem};

/// An attribute: text as it is, everything else as an array.
///
/// # Errors
/// As reading it.
pub(crate) fn entry(entry: &Entry) -> Result<Json> {
    if entry.shape().is_empty() {
        if let Data::Varied(varied) = entry.data() {
            return item(varied.item(0)?);
        }
        let array = entry.read()?;
        if let Some(text) = text(&array) {
            return Ok(text.into());
        }
        if let Some(value) = number(&array.to_native()?) {
            let inner = vec![("descr", render::descr(array.dtype())?), ("value", value)];
            return Ok(Json::Object(vec![("$scalar", Json::Object(inner))]));
        }
    }
    let hash = npstow::digest(entry)?;
    render::array(entry.dtype(), entry.shape(), &hash)
}

/// The text of a string of fixed length that is in UTF-8, without the padding.
fn text(array: &Array) -> Option<String> {
    let scalar = array.dtype().as_scalar().filter(|scalar| scalar.kind() == Kind::Bytes);
    let bytes = scalar.and_then(|_| array.bytes())?;
    let end = bytes.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
    let text = bytes.get(..end).and_then(|bytes| std::str::from_utf8(bytes).ok());
    text.map(str::to_owned)
}

/// The value of a number in the machine's byte order that JSON has.
fn number(array: &Array) -> Option<Json> {
    /// Integers beyond this are no numbers to many who read JSON.
    const EXACT: u64 = 1 << 53;
    let scalar = array.dtype().as_scalar()?;
    let bytes = array.bytes()?;
    let signed = match (scalar.kind(), bytes) {
        (Kind::Bool, [byte]) => return Some((*byte != 0).into()),
        (Kind::Float, [a, b, c, d]) => {
            return Some(f64::from(f32::from_ne_bytes([*a, *b, *c, *d])).into());
        }
        (Kind::Float, [..]) => return bytes.try_into().ok().map(|b| f64::from_ne_bytes(b).into()),
        (Kind::Int, [a]) => i64::from(i8::from_ne_bytes([*a])),
        (Kind::Int, [a, b]) => i64::from(i16::from_ne_bytes([*a, *b])),
        (Kind::Int, [a, b, c, d]) => i64::from(i32::from_ne_bytes([*a, *b, *c, *d])),
        (Kind::Int, [..]) => i64::from_ne_bytes(bytes.try_into().ok()?),
        (Kind::Uint, [a]) => i64::from(*a),
        (Kind::Uint, [a, b]) => i64::from(u16::from_ne_bytes([*a, *b])),
        (Kind::Uint, [a, b, c, d]) => i64::from(u32::from_ne_bytes([*a, *b, *c, *d])),
        (Kind::Uint, [..]) => i64::try_from(u64::from_ne_bytes(bytes.try_into().ok()?)).ok()?,
        _ => return None,
    };
    if signed.unsigned_abs() > EXACT {
        return Some(Json::Object(vec![("$int", signed.to_string().into())]));
    }
    Some(u64::try_from(signed).map_or(Json::Negative(signed), Json::Number))
}

/// An element without a fixed length.
///
/// # Errors
/// As describing an array.
pub(crate) fn item(item: VariedItem) -> Result<Json> {
    Ok(match item {
        VariedItem::Text(text) => text.into(),
        VariedItem::Bytes(bytes) => Json::bytes(&bytes),
        VariedItem::List(items) => {
            Json::List(items.into_iter().map(self::item).collect::<Result<_>>()?)
        }
        VariedItem::Record(fields) => {
            let field = |(name, item)| Ok((name, self::item(item)?));
            Json::Map(fields.into_iter().map(field).collect::<Result<_>>()?)
        }
        VariedItem::Path(path) => path.into(),
        VariedItem::Array(array) => entry(&Entry::try_from(&array)?)?,
        _ => Json::Null,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_value() {
        let json = |array: Array| {
            let scalar = array.reshape(&[]).unwrap();
            entry(&Entry::try_from(&scalar).unwrap()).unwrap().to_string()
        };
        let one = |descr: &str, value: &str| {
            format!(r#"{{"$scalar": {{"descr": "{descr}", "value": {value}}}}}"#)
        };
        assert_eq!(json(Array::from_vec(vec![-7i16])), one("<i2", "-7"));
        assert_eq!(json(Array::from_vec(vec![7u64])), one("<u8", "7"));
        assert_eq!(json(Array::from_vec(vec![0.5f32])), one("<f4", "0.5"));
        assert_eq!(json(Array::from_vec(vec![true])), one("|b1", "true"));
        let large = json(Array::from_vec(vec![i64::MIN]));
        assert_eq!(large, one("<i8", r#"{"$int": "-9223372036854775808"}"#));
    }
}
