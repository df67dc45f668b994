//! JSON, as much of it as the answers need.
#![forbid(unsafe_code)]

use crate::render::is_harmful;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use npstow::Literal;
use std::fmt::{self, Write};

/// A JSON value to be printed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    Number(u64),
    Negative(i64),
    Float(f64),
    Text(String),
    List(Vec<Json>),
    /// In this order.
    Object(Vec<(&'static str, Json)>),
    /// An object whose keys come from a file.
    Map(Vec<(String, Json)>),
}

impl Json {
    /// Bytes as a value: base64 of RFC 4648, 4.
    pub(crate) fn bytes(bytes: &[u8]) -> Self {
        Self::Object(vec![("$bytes", STANDARD.encode(bytes).into())])
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Json {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Json {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<u64> for Json {
    fn from(value: u64) -> Self {
        Self::Number(value)
    }
}

impl From<usize> for Json {
    fn from(value: usize) -> Self {
        Self::Number(value as u64)
    }
}

impl From<f64> for Json {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

impl<T: Into<Json>> From<Option<T>> for Json {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl From<Vec<Json>> for Json {
    fn from(items: Vec<Json>) -> Self {
        Self::List(items)
    }
}

impl From<&[usize]> for Json {
    fn from(items: &[usize]) -> Self {
        Self::List(items.iter().map(|&n| n.into()).collect())
    }
}

/// NumPy's `descr`, tuples as lists.
impl From<&Literal> for Json {
    fn from(literal: &Literal) -> Self {
        match literal {
            Literal::None => Self::Null,
            Literal::Bool(value) => (*value).into(),
            Literal::Str(text) => text.as_str().into(),
            Literal::Int(n) => match u64::try_from(*n) {
                Ok(n) => n.into(),
                Err(_) => n.to_string().into(),
            },
            Literal::Tuple(items) | Literal::List(items) => {
                Self::List(items.iter().map(Into::into).collect())
            }
            other => other.to_string().into(),
        }
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Number(n) => write!(f, "{n}"),
            Self::Negative(n) => write!(f, "{n}"),
            // The shortest digits that read back; what JSON has no number for is an object.
            Self::Float(value) if value.is_finite() => write!(f, "{value:?}"),
            Self::Float(value) => {
                let text = format!("{value}").to_lowercase();
                Self::Object(vec![("$float", text.into())]).fmt(f)
            }
            Self::Text(text) => string(f, text),
            Self::List(items) => {
                f.write_char('[')?;
                for (i, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if i == 0 { "" } else { ", " })?;
                }
                f.write_char(']')
            }
            Self::Object(items) => {
                f.write_char('{')?;
                for (i, (key, value)) in items.iter().enumerate() {
                    write!(f, "{}\"{key}\": {value}", if i == 0 { "" } else { ", " })?;
                }
                f.write_char('}')
            }
            Self::Map(items) => {
                f.write_char('{')?;
                for (i, (key, value)) in items.iter().enumerate() {
                    f.write_str(if i == 0 { "" } else { ", " })?;
                    string(f, key)?;
                    write!(f, ": {value}")?;
                }
                f.write_char('}')
            }
        }
    }
}

/// RFC 8259, 7; what acts on a terminal is escaped too, which changes nothing for a program.
fn string(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_char('"')?;
    for c in text.chars() {
        match c {
            '"' | '\\' => write!(f, "\\{c}")?,
            c if is_harmful(c) => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    write!(f, "\\u{unit:04x}")?;
                }
            }
            c => f.write_char(c)?,
        }
    }
    f.write_char('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_value() {
        let json = Json::Object(vec![
            ("a", Json::Null),
            ("b", true.into()),
            ("c", Json::from(&[1usize, 0][..])),
            ("d", Json::Object(Vec::new())),
            ("e", Some(u64::MAX).into()),
        ]);
        assert_eq!(
            json.to_string(),
            r#"{"a": null, "b": true, "c": [1, 0], "d": {}, "e": 18446744073709551615}"#
        );
        let floats = [0.5, 1.0, -0.0, 1e300, f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
        assert_eq!(
            Json::List(floats.map(Json::from).into()).to_string(),
            r#"[0.5, 1.0, -0.0, 1e300, {"$float": "nan"}, {"$float": "inf"}, {"$float": "-inf"}]"#
        );
    }

    #[test]
    fn bytes_in_base64() {
        for (bytes, text) in [
            (&b""[..], ""),
            (b"f", "Zg=="),
            (b"fo", "Zm8="),
            (b"foo", "Zm9v"),
            (b"\xff\xef\xfe", "/+/+"),
        ] {
            assert_eq!(Json::bytes(bytes).to_string(), format!(r#"{{"$bytes": "{text}"}}"#));
        }
        let map = Json::Map(vec![("a\"".to_owned(), Json::Null), ("b".to_owned(), true.into())]);
        assert_eq!(map.to_string(), r#"{"a\"": null, "b": true}"#);
    }

    #[test]
    fn text_cannot_break_out() {
        let text = Json::from("\"\\\n\u{7f}\u{9b}\u{202e}\u{e0001}é");
        assert_eq!(text.to_string(), r#""\"\\\u000a\u007f\u009b\u202e\udb40\udc01é""#);
    }

    #[test]
    fn descr_as_numpy_has_it() {
        let descr = Literal::parse("[('x', '<f4'), ('y', '|u1', (2, 3))]", &Default::default());
        let json = Json::from(&descr.unwrap());
        assert_eq!(json.to_string(), r#"[["x", "<f4"], ["y", "|u1", [2, 3]]]"#);
    }
}
