//! This run held against an earlier one: the same verdicts?
#![forbid(unsafe_code)]

use super::measured::Measured;
use super::options::Options;
use crate::shell::{Result, read, root};
use serde_json::Value;
use std::collections::HashMap;
use std::fmt::Write as _;

/// What is told although the verdict is the same: a goal that came nearer or went away by more.
const NEWS: f64 = 1.25;

/// The goals of an earlier run.
pub(super) struct Last {
    date: String,
    npstow: String,
    goals: HashMap<(String, String), Goal>,
}

struct Goal {
    measured: String,
    missed: f64,
}

impl Last {
    /// The run that `--against` names, or the one that lies in the checkout.
    pub(super) fn find(options: &Options) -> Result<Option<Self>> {
        let own = root().join("compare/speed.json");
        let path = match &options.against {
            Some(path) => path,
            None if own.exists() => &own,
            None => return Ok(None),
        };
        let failed = |why: &dyn std::fmt::Display| format!("{}: {why}", path.display());
        let all: Value = serde_json::from_str(&read(path)?).map_err(|why| failed(&why))?;
        Self::of(&all).ok_or_else(|| failed(&"no numbers of a run")).map(Some)
    }

    fn of(all: &Value) -> Option<Self> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let mut goals = HashMap::new();
        for workload in all["workloads"].as_array()? {
            let place = text(&workload["place"])?;
            for goal in workload["goals"].as_array()? {
                let (measured, missed) = (text(&goal["measured"])?, goal["missed"].as_f64()?);
                goals.insert((place.clone(), text(&goal["goal"])?), Goal { measured, missed });
            }
        }
        let npstow = text(&all["versions"]["npstow"]).unwrap_or_default();
        Some(Self { date: text(&all["date"])?, npstow, goals })
    }

    /// What differs, as a part of the page.
    pub(super) fn part(&self, results: &[Measured]) -> String {
        let (mut same, mut lines) = (0usize, String::new());
        for result in results {
            let place = &result.place;
            for verdict in &result.verdicts {
                let Some(last) = self.goals.get(&(place.clone(), verdict.goal.clone())) else {
                    continue;
                };
                let agrees = (last.missed <= 1.0) == (verdict.missed <= 1.0);
                same += usize::from(agrees);
                let change = last.missed / verdict.missed;
                if !agrees || !(1.0 / NEWS..=NEWS).contains(&change) {
                    let (goal, before, now) = (&verdict.goal, &last.measured, &verdict.measured);
                    let _ = writeln!(
                        lines,
                        "| {place} | {goal} | {before} | {now} | {} |",
                        verdict.text()
                    );
                }
            }
        }
        let Self { date, npstow, .. } = self;
        let mut part = format!(
            "\n## Against the last run\n\nOn {date}, npstow {npstow}: {same} verdicts are the same.\n"
        );
        if !lines.is_empty() {
            let _ = write!(
                part,
                "What has another verdict, or came nearer to its goal or went away from it by a quarter:\n\n\
                | | goal | then | now | |\n|---|---|---|---|---|\n{lines}"
            );
        }
        part
    }
}

#[cfg(test)]
mod tests {
    use super::Last;
    use serde_json::json;

    #[test]
    fn earlier_goals_are_found() {
        let goal = json!({"goal": "g", "measured": "2 times as fast", "missed": 0.5});
        let workload = json!({"place": "P1", "goals": [goal]});
        let all =
            json!({"date": "2026-01-01", "versions": {"npstow": "0"}, "workloads": [workload]});
        let last = Last::of(&all).unwrap();
        let found = last.goals.get(&("P1".to_owned(), "g".to_owned())).unwrap();
        assert_eq!((found.missed, found.measured.as_str()), (0.5, "2 times as fast"));
        assert!(Last::of(&json!({"date": "x"})).is_none());
        assert!(last.part(&[]).contains("2026-01-01"));
    }
}
