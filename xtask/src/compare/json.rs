//! The results as JSON for the next run.
#![forbid(unsafe_code)]

use super::report::Page;
use crate::shell::Result;
use serde_json::{Map, Value, json};

/// Everything measured, for the next run to be held against or to renew a part of.
pub(super) fn text(page: &Page) -> Result<String> {
    let machine: Map<String, Value> =
        page.machine.lines.iter().map(|(name, text)| ((*name).to_owned(), json!(text))).collect();
    let versions: Map<String, Value> =
        page.tools.versions.iter().map(|(name, text)| (name.clone(), json!(text))).collect();
    let workloads: Vec<Value> = page.results.iter().map(super::measured::Measured::json).collect();
    let parts: Vec<Value> =
        page.parts.iter().map(|(name, text)| json!({"name": name, "text": text})).collect();
    let all = json!({
        "command": page.options.command,
        "date": page.machine.date,
        "machine": machine,
        "versions": versions,
        "workloads": workloads,
        "parts": parts,
    });
    let text = serde_json::to_string_pretty(&all).map_err(|why| why.to_string())?;
    Ok(text + "\n")
}

/// The parts behind the workloads of such numbers, by their names.
pub(super) fn parts(numbers: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let part = |value: &Value| Some((text(&value["name"])?, text(&value["text"])?));
    numbers["parts"].as_array().map(|all| all.iter().filter_map(part).collect()).unwrap_or_default()
}

/// The versions that such numbers are of.
pub(super) fn versions(numbers: &Value) -> Vec<(String, String)> {
    let one =
        |(name, version): (&String, &Value)| Some((name.clone(), version.as_str()?.to_owned()));
    numbers["versions"]
        .as_object()
        .map(|all| all.iter().filter_map(one).collect())
        .unwrap_or_default()
}
