//! This run held against an earlier one: the same verdicts?
#![forbid(unsafe_code)]

use super::measured::Measured;
use super::options::Options;
use super::report::Verdict;
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
    goals: HashMap<(String, String), Verdict>,
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
                let verdict = Verdict::parse(goal)?;
                goals.insert((place.clone(), verdict.goal.clone()), verdict);
            }
        }
        let npstow = text(&all["versions"]["npstow"]).unwrap_or_default();
        Some(Self { date: text(&all["date"])?, npstow, goals })
    }

    /// What differs, as a part of the page.
    pub(super) fn part(&self, results: &[Measured]) -> String {
        let (mut same, mut other, mut unsure, mut lines) = (0usize, 0usize, 0usize, String::new());
        for result in results {
            let place = &result.place;
            for verdict in &result.verdicts {
                let Some(last) = self.goals.get(&(place.clone(), verdict.goal.clone())) else {
                    continue;
                };
                let agrees = (last.missed <= 1.0) == (verdict.missed <= 1.0);
                same += usize::from(agrees);
                other += usize::from(!agrees);
                unsure += usize::from(!agrees && (last.is_unsure() || verdict.is_unsure()));
                let change = last.missed / verdict.missed;
                if !agrees || !(1.0 / NEWS..=NEWS).contains(&change) {
                    let Verdict { goal, measured, .. } = verdict;
                    let (then, before, now) = (last.text(), &last.measured, verdict.text());
                    let _ = writeln!(
                        lines,
                        "| {place} | {goal} | {before} | {then} | {measured} | {now} |"
                    );
                }
            }
        }
        let Self { date, npstow, .. } = self;
        let mut part = format!(
            "\n## Against the last run\n\nOn {date}, npstow {npstow}: {same} verdicts are the same, \
            {other} are not, of which {unsure} are unsure in one of the two runs.\n"
        );
        if !lines.is_empty() {
            let _ = write!(
                part,
                "What has another verdict, or came nearer to its goal or went away from it by a quarter:\n\n\
                | | goal | then | | now | |\n|---|---|---|---|---|---|\n{lines}"
            );
        }
        part
    }
}

#[cfg(test)]
mod tests {
    use super::Last;
    use serde_json::{Value, json};

    fn run(missed: f64, sure: [f64; 2]) -> Value {
        let goal =
            json!({"goal": "g", "measured": "2 times as fast", "missed": missed, "sure": sure});
        let run = json!({
            "date": "2026-01-01", "npstow": "0", "processor": "x", "rounds": 7, "quick": false,
        });
        let workload = json!({
            "key": "p1", "place": "P1", "goals": [goal], "run": run, "text": "", "series": [],
        });
        json!({"date": "2026-01-01", "versions": {"npstow": "0"}, "workloads": [workload]})
    }

    #[test]
    fn earlier_goals_are_found() {
        let last = Last::of(&run(0.5, [0.4, 0.6])).unwrap();
        let found = last.goals.get(&("P1".to_owned(), "g".to_owned())).unwrap();
        assert_eq!((found.missed, found.measured.as_str()), (0.5, "2 times as fast"));
        assert!(Last::of(&json!({"date": "x"})).is_none());
        assert!(last.part(&[]).contains("2026-01-01"));
    }

    #[test]
    fn verdicts_that_more_rounds_could_turn_are_counted_apart() {
        let part = |then: Value, now: Value| {
            let now = super::super::measured::all(&now).unwrap();
            Last::of(&then).unwrap().part(&now)
        };
        let (met, missed) = (run(0.9, [0.8, 0.95]), run(1.2, [1.1, 1.3]));
        let told = part(met.clone(), met.clone());
        assert!(told.contains("1 verdicts are the same, 0 are not"), "{told}");
        let told = part(met.clone(), missed);
        assert!(told.contains("0 verdicts are the same, 1 are not, of which 0 are"), "{told}");
        let told = part(met, run(1.1, [0.9, 1.2]));
        assert!(told.contains("0 verdicts are the same, 1 are not, of which 1 are"), "{told}");
        assert!(told.contains("| met | 2 times as fast | **missed** by 10 %, unsure |"), "{told}");
    }
}
