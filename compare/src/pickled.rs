//! npstow's pickles, as its documentation says to use them.
#![forbid(unsafe_code)]

use crate::measure::{self, Result, once, repeated};
use crate::pattern;
use crate::records;
use npstow::pickle::{self, Options};
use npstow::{Value, ValueKind};

/// The workloads, by their words.
pub(crate) fn run(words: &[&str]) -> Result {
    match *words {
        ["p12", "load", file] => load(file),
        ["p12", "view", times, file] => view(file, measure::times(times)?),
        ["p13", "structs", file] => structs(file),
        ["p13", what @ ("ints" | "floats" | "records" | "arrays"), file] => values(what, file),
        _ => Err(crate::words::USAGE.into()),
    }
}

fn load(file: &str) -> Result {
    let (outcome, array) = once(|| npstow::open(file)?.get("")?.read())?;
    Ok(outcome.check(pattern::sample(array.as_slice()?)))
}

fn view(file: &str, times: measure::Times) -> Result {
    let (outcome, array) = repeated(times, || npstow::open(file)?.get("")?.view())?;
    // In a pickle, elements lie where they lie; what is not aligned is copied to be looked at.
    let whole = array.to_vec::<f32>()?;
    Ok(outcome.check(pattern::sample(&whole)))
}

fn values(what: &str, file: &str) -> Result {
    let (outcome, value) = once(|| pickle::open(file, &Options::default()))?;
    let sum = match what {
        "ints" => records::sum(value.len(), records::INTS, |at| number(&value.item(at)?)),
        "floats" => {
            records::sum(value.len(), records::FLOATS, |at| number(&value.get(&records::key(at))?))
        }
        "records" => records::sum(value.len(), records::RECORDS, |at| row(&value.item(at)?)),
        _ => records::sum(value.len(), records::ARRAYS, |at| {
            let array = value.get(&pattern::name(at))?.to_array().ok()?;
            array.as_slice::<f32>().ok()?.get(15).copied().map(f64::from)
        }),
    };
    Ok(outcome.check(sum?))
}

fn structs(file: &str) -> Result {
    let (outcome, rows) = once(|| {
        let value = pickle::open(file, &Options::default())?;
        npstow::from_value::<Vec<records::Row>>(&value)
    })?;
    let sum = records::sum(Some(rows.len()), records::RECORDS, |at| {
        rows.get(at).filter(|row| row.is_named()).map(records::Row::check)
    });
    Ok(outcome.check(sum?))
}

fn number(value: &Value) -> Option<f64> {
    match value.kind() {
        #[allow(clippy::cast_precision_loss)] // Below 2^53.
        ValueKind::Int => value.as_int().map(|value| value as f64),
        _ => value.as_float(),
    }
}

fn row(row: &Value) -> Option<f64> {
    let tags: Option<f64> = row.get("tags")?.items().map(|tag| number(&tag)).sum();
    Some(number(&row.get("id")?)? + number(&row.get("score")?)? + tags?)
}
