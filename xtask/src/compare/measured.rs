//! What a contest came to, as it is kept: a page may be made of several runs.
#![forbid(unsafe_code)]

use super::contest::Results;
use super::report::{Verdict, place, table};
use super::stats::Spread;
use crate::shell::Result;
use serde_json::{Value, json};

/// A workload under one condition.
pub(super) struct Measured {
    pub(super) key: String,
    pub(super) place: String,
    pub(super) verdicts: Vec<Verdict>,
    /// Its part of the page.
    pub(super) text: String,
    pub(super) series: Vec<Series>,
    pub(super) run: Run,
}

/// What one contestant needed.
pub(super) struct Series {
    pub(super) name: String,
    /// How many times as long as npstow.
    pub(super) ratio: Spread,
    numbers: Value,
}

/// When, of what, where and how often it was measured.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) date: String,
    pub(super) npstow: String,
    pub(super) processor: String,
    pub(super) rounds: u64,
    pub(super) quick: bool,
}

impl Run {
    /// Why its numbers may not speak for the project, if they may not.
    fn trial(&self) -> &'static str {
        match (self.quick, self.rounds < 7) {
            (true, _) => " **A trial: large arrays of 1/16 of the size.**",
            (false, true) => " **A trial: fewer than 7 rounds.**",
            (false, false) => "",
        }
    }

    pub(super) fn text(&self) -> String {
        let Self { date, npstow, processor, rounds, .. } = self;
        format!("On {date}, npstow {npstow}, {rounds} rounds, on {processor}.{}", self.trial())
    }
}

impl Measured {
    pub(super) fn new(results: &Results, file_system: Option<&str>, run: &Run) -> Self {
        let of = |series: &super::contest::Series| {
            let first = results.series.first().map_or(&[][..], |first| &first.ms);
            let numbers =
                json!({"ms": series.ms, "extra_kb": series.extra_kb, "made": series.made_len});
            let ratio = Spread::of_ratios(&series.ms, first);
            Series { name: series.name.clone(), ratio, numbers }
        };
        Self {
            key: results.contest.key.to_owned(),
            place: place(results),
            verdicts: results.verdicts(),
            text: table(results, file_system, &run.text()),
            series: results.series.iter().map(of).collect(),
            run: run.clone(),
        }
    }

    pub(super) fn json(&self) -> Value {
        let series = self.series.iter().map(|series| {
            let Spread { median, least, most, sure: (low, high) } = series.ratio;
            let ratio = [median, least, most, low, high];
            json!({"name": series.name, "ratio": ratio, "numbers": series.numbers})
        });
        let goals = self.verdicts.iter().map(|verdict| {
            let Verdict { goal, measured, missed, sure, limit } = verdict;
            let sure = sure.map(|(low, high)| [low, high]);
            json!({"goal": goal, "measured": measured, "missed": missed, "sure": sure, "limit": limit})
        });
        let Run { date, npstow, processor, rounds, quick } = &self.run;
        json!({
            "key": self.key,
            "place": self.place,
            "run": {
                "date": date, "npstow": npstow, "processor": processor, "rounds": rounds, "quick": quick,
            },
            "goals": goals.collect::<Vec<_>>(),
            "series": series.collect::<Vec<_>>(),
            "text": self.text,
        })
    }

    /// What [`json`](Self::json) has made.
    pub(super) fn parse(value: &Value) -> Option<Self> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let series = |value: &Value| {
            let at = |index: usize| value["ratio"][index].as_f64();
            let (median, least, most) = (at(0)?, at(1)?, at(2)?);
            let sure = range(&value["ratio"], 3).unwrap_or((least, most));
            let ratio = Spread { median, least, most, sure };
            Some(Series { name: text(&value["name"])?, ratio, numbers: value["numbers"].clone() })
        };
        let run = &value["run"];
        Some(Self {
            key: text(&value["key"])?,
            place: text(&value["place"])?,
            verdicts: value["goals"]
                .as_array()?
                .iter()
                .map(Verdict::parse)
                .collect::<Option<_>>()?,
            text: text(&value["text"])?,
            series: value["series"].as_array()?.iter().map(series).collect::<Option<_>>()?,
            run: Run {
                date: text(&run["date"])?,
                npstow: text(&run["npstow"])?,
                processor: text(&run["processor"])?,
                rounds: run["rounds"].as_u64()?,
                quick: run["quick"].as_bool()?,
            },
        })
    }
}

impl Verdict {
    /// A goal of a run that was kept.
    pub(super) fn parse(value: &Value) -> Option<Self> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let (goal, measured) = (text(&value["goal"])?, text(&value["measured"])?);
        let (sure, limit) = (range(&value["sure"], 0), text(&value["limit"]));
        Some(Self { goal, measured, missed: value["missed"].as_f64()?, sure, limit })
    }
}

/// Two numbers of a list; runs before these were kept have none.
fn range(value: &Value, start: usize) -> Option<(f64, f64)> {
    Some((value[start].as_f64()?, value[start + 1].as_f64()?))
}

/// All workloads of the numbers of a run.
pub(super) fn all(numbers: &Value) -> Result<Vec<Measured>> {
    let all = numbers["workloads"].as_array();
    let all = all.and_then(|all| all.iter().map(Measured::parse).collect());
    all.ok_or_else(|| "no numbers of a run".to_owned())
}

/// What was measured now in the place of what was measured before; the order is that of `order`.
pub(super) fn renewed(old: Vec<Measured>, new: Vec<Measured>, order: &[&str]) -> Vec<Measured> {
    let keep = |old: &Measured| !new.iter().any(|new| new.key == old.key);
    let mut all: Vec<Measured> = old.into_iter().filter(keep).collect();
    all.extend(new);
    all.sort_by_key(|one| order.iter().position(|key| *key == one.key));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(key: &str, date: &str) -> Measured {
        let ratio = Spread { median: 2.0, least: 1.5, most: 2.5, sure: (1.75, 2.25) };
        let series = Series { name: "rival".to_owned(), ratio, numbers: json!({"ms": [1.0]}) };
        let goal = "npstow: not slower than rival".to_owned();
        let measured = "2.00 times as fast".to_owned();
        let limit = Some("3.00".to_owned());
        let sure = Some((0.4, 0.6));
        let verdict = Verdict { goal, measured, missed: 0.5, sure, limit };
        Measured {
            key: key.to_owned(),
            place: key.to_uppercase(),
            verdicts: vec![verdict],
            text: format!("## {key}\n"),
            series: vec![series],
            run: Run {
                date: date.to_owned(),
                npstow: "0.1.0".to_owned(),
                processor: "a processor".to_owned(),
                rounds: 7,
                quick: false,
            },
        }
    }

    #[test]
    fn kept_numbers_are_the_same() {
        let before = measured("p1", "2026-01-01");
        let numbers = json!({"workloads": [before.json()]});
        let after = all(&numbers).unwrap();
        assert_eq!(after.first().unwrap().json(), before.json());
        assert!(all(&json!({"workloads": [{"key": "p1"}]})).is_err());
        assert!(all(&json!({})).is_err());
    }

    #[test]
    fn a_part_is_renewed_in_its_place() {
        let old = ["p1", "p2", "p2", "p3"].map(|key| measured(key, "2026-01-01"));
        let new = vec![measured("p2", "2026-01-02")];
        let all = renewed(old.into(), new, &["p1", "p2", "p3"]);
        let all: Vec<(&str, &str)> =
            all.iter().map(|one| (one.key.as_str(), one.run.date.as_str())).collect();
        assert_eq!(all, [("p1", "2026-01-01"), ("p2", "2026-01-02"), ("p3", "2026-01-01")]);
    }

    #[test]
    fn trials_say_so() {
        let mut run = measured("p1", "2026-01-01").run;
        assert_eq!(run.text(), "On 2026-01-01, npstow 0.1.0, 7 rounds, on a processor.");
        run.rounds = 5;
        assert!(run.text().ends_with("**A trial: fewer than 7 rounds.**"));
    }
}
