//! Metadata as text, `key:value` on each line.
#![forbid(unsafe_code)]

use crate::error::raise;
use npstow::Meta;
use pyo3::prelude::*;

/// The value of a key, also where it has no text.
#[pyfunction]
pub(crate) fn meta_get(text: &str, key: &str) -> Option<String> {
    Meta::from_text(text).get_raw(key).map(str::to_owned)
}

/// The keys, each once, in the order of their first lines.
#[pyfunction]
pub(crate) fn meta_keys(text: &str) -> Vec<String> {
    let mut known = std::collections::HashSet::new();
    let meta = Meta::from_text(text);
    meta.iter().filter(|(key, _)| known.insert(*key)).map(|(key, _)| key.to_owned()).collect()
}

/// The text with that value for a key, or without the key.
#[pyfunction]
#[pyo3(signature = (text, key, value))]
pub(crate) fn meta_set(text: &str, key: &str, value: Option<&str>) -> PyResult<String> {
    let mut meta = Meta::from_text(text);
    match value {
        Some(value) => meta.set(key, value).map_err(raise)?,
        None => drop(meta.remove(key)),
    }
    Ok(meta.to_string())
}
