//! serde-pickle: values of its own, and structs.
#![forbid(unsafe_code)]

use crate::measure::{Result, once};
use crate::records::{self, Row};
use serde_pickle::{DeOptions, HashableValue, Value};
use std::fs;

/// The workloads, by their words.
pub(crate) fn run(words: &[&str]) -> Result {
    match *words {
        ["p13", what @ ("ints" | "floats" | "records"), file] => values(what, file),
        ["p13", "structs", file] => structs(file),
        _ => Err(crate::words::USAGE.into()),
    }
}

fn values(what: &str, file: &str) -> Result {
    let (outcome, value) = once(|| {
        let bytes = fs::read(file)?;
        serde_pickle::value_from_slice(&bytes, DeOptions::new()).map_err(std::io::Error::other)
    })?;
    let sum = match (what, &value) {
        ("ints", Value::List(list)) => {
            records::sum(Some(list.len()), records::INTS, |at| number(list.get(at)?))
        }
        ("floats", Value::Dict(dict)) => records::sum(Some(dict.len()), records::FLOATS, |at| {
            number(dict.get(&HashableValue::String(records::key(at)))?)
        }),
        ("records", Value::List(list)) => {
            records::sum(Some(list.len()), records::RECORDS, |at| row(list.get(at)?))
        }
        _ => Err("something else".to_owned()),
    };
    Ok(outcome.check(sum?))
}

fn number(value: &Value) -> Option<f64> {
    match value {
        #[allow(clippy::cast_precision_loss)] // Below 2^53.
        Value::I64(value) => Some(*value as f64),
        Value::F64(value) => Some(*value),
        _ => None,
    }
}

fn row(value: &Value) -> Option<f64> {
    let Value::Dict(row) = value else { return None };
    let field = |name: &str| row.get(&HashableValue::String(name.to_owned()));
    let Value::List(tags) = field("tags")? else { return None };
    let tags: Option<f64> = tags.iter().map(number).sum();
    Some(number(field("id")?)? + number(field("score")?)? + tags?)
}

fn structs(file: &str) -> Result {
    let (outcome, rows) = once(|| {
        let bytes = fs::read(file)?;
        serde_pickle::from_slice::<Vec<Row>>(&bytes, DeOptions::new())
            .map_err(std::io::Error::other)
    })?;
    let sum = records::sum(Some(rows.len()), records::RECORDS, |at| {
        rows.get(at).filter(|row| row.is_named()).map(Row::check)
    });
    Ok(outcome.check(sum?))
}
