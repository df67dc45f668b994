//! The results as JSON for the next run.
#![forbid(unsafe_code)]

use super::contest::Results;
use super::machine::Machine;
use super::options::Options;
use super::tools::Tools;
use std::fmt::Write as _;

/// Everything measured, for the next run to be held against.
pub(super) fn text(
    options: &Options,
    machine: &Machine,
    tools: &Tools,
    results: &[Results],
) -> String {
    let pairs = |pairs: &mut dyn Iterator<Item = (&str, &str)>| {
        let pairs = pairs.map(|(name, value)| format!("{}: {}", quoted(name), quoted(value)));
        format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
    };
    let numbers = |numbers: &[f64]| {
        let numbers = numbers.iter().map(|number| format!("{number}")).collect::<Vec<_>>();
        format!("[{}]", numbers.join(", "))
    };
    let mut text = format!(
        "{{\n\"command\": {}, \"date\": {}, \"quick\": {}, \"rounds\": {},\n",
        quoted(&options.command),
        quoted(&machine.date),
        options.quick,
        options.rounds
    );
    let lines = pairs(&mut machine.lines.iter().map(|(name, value)| (*name, value.as_str())));
    let versions =
        pairs(&mut tools.versions.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let _ = writeln!(text, "\"machine\": {lines},\n\"versions\": {versions},\n\"workloads\": [");
    let mut contests = Vec::new();
    for result in results {
        let series: Vec<String> = result
            .series
            .iter()
            .map(|series| {
                let (name, ms) = (quoted(&series.name), numbers(&series.ms));
                let extra = numbers(&series.extra_kb);
                let made = series.made_len.map_or("null".to_owned(), |len| len.to_string());
                format!(
                    "  {{\"name\": {name}, \"ms\": {ms}, \"extra_kb\": {extra}, \"made\": {made}}}"
                )
            })
            .collect();
        let goals: Vec<String> = result
            .verdicts()
            .iter()
            .map(|verdict| {
                let (goal, measured) = (quoted(&verdict.goal), quoted(&verdict.measured));
                let met = verdict.missed <= 1.0;
                format!("  {{\"goal\": {goal}, \"measured\": {measured}, \"met\": {met}}}")
            })
            .collect();
        let (key, title) = (quoted(result.contest.key), quoted(&result.contest.title));
        contests.push(format!(
            " {{\"key\": {key}, \"title\": {title}, \"series\": [\n{}],\n \"goals\": [\n{}]}}",
            series.join(",\n"),
            goals.join(",\n")
        ));
    }
    let _ = writeln!(text, "{}\n]}}", contests.join(",\n"));
    text
}

/// A JSON string; nothing of ours has control characters.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
