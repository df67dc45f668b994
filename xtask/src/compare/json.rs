//! The results as JSON for the next run.
#![forbid(unsafe_code)]

use super::report::{Page, place};
use crate::shell::Result;
use serde_json::{Map, Value, json};

/// Everything measured, for the next run to be held against.
pub(super) fn text(page: &Page) -> Result<String> {
    let machine: Map<String, Value> =
        page.machine.lines.iter().map(|(name, text)| ((*name).to_owned(), json!(text))).collect();
    let versions: Map<String, Value> =
        page.tools.versions.iter().map(|(name, text)| (name.clone(), json!(text))).collect();
    let workloads: Vec<Value> = page
        .results
        .iter()
        .map(|result| {
            let series = result.series.iter().map(|series| {
                let (name, made) = (&series.name, series.made_len);
                json!({"name": name, "ms": series.ms, "extra_kb": series.extra_kb, "made": made})
            });
            let goals = result.verdicts().into_iter().map(|verdict| {
                let (goal, measured) = (verdict.goal, verdict.measured);
                json!({"goal": goal, "measured": measured, "missed": verdict.missed})
            });
            json!({
                "place": place(result),
                "title": result.contest.title,
                "series": series.collect::<Vec<_>>(),
                "goals": goals.collect::<Vec<_>>(),
            })
        })
        .collect();
    let all = json!({
        "command": page.options.command,
        "date": page.machine.date,
        "quick": page.options.quick,
        "rounds": page.options.rounds,
        "machine": machine,
        "versions": versions,
        "workloads": workloads,
    });
    let text = serde_json::to_string_pretty(&all).map_err(|why| why.to_string())?;
    Ok(text + "\n")
}
