//! The results as a page for people and as JSON for the next run.
#![forbid(unsafe_code)]

use super::contest::{Clock, Goal, Results, Series};
use super::machine::Machine;
use super::options::Options;
use super::stats::{Spread, digits};
use super::tools::Tools;
use std::fmt::Write as _;

/// What became of a goal.
struct Verdict {
    goal: String,
    measured: String,
    /// By which factor it was missed, 1 where it was met.
    missed: f64,
}

impl Verdict {
    fn text(&self) -> String {
        if self.missed <= 1.0 {
            "met".to_owned()
        } else {
            format!("**missed** by {:.0} %", ((self.missed - 1.0) * 100.0).max(1.0))
        }
    }
}

impl Results {
    fn series(&self, name: &str) -> Option<&Series> {
        self.series.iter().find(|series| series.name == name)
    }

    fn verdicts(&self) -> Vec<Verdict> {
        self.contest.goals.iter().filter_map(|goal| self.verdict(goal)).collect()
    }

    fn verdict(&self, goal: &Goal) -> Option<Verdict> {
        Some(match goal {
            Goal::Faster { ours, rival, least } => {
                let ratio = Spread::of_ratios(&self.series(rival)?.ms, &self.series(ours)?.ms);
                let goal = match *least {
                    least if least <= 1.0 => format!("{ours}: not slower than {rival}"),
                    least => format!("{ours}: {least} times as fast as {rival}"),
                };
                let measured = format!("{} times as fast", spread(ratio));
                Verdict { goal, measured, missed: least / ratio.median }
            }
            Goal::Within { ours, limit, most } => {
                let ratio = Spread::of_ratios(&self.series(ours)?.ms, &self.series(limit)?.ms);
                let goal = format!("{ours}: at most {most} times the {limit}");
                let measured = format!("{} times", spread(ratio));
                Verdict { goal, measured, missed: ratio.median / most }
            }
            Goal::Under { ours, ms } => {
                let us: Vec<f64> = self.series(ours)?.ms.iter().map(|ms| ms * 1e3).collect();
                let us = Spread::of(&us);
                let goal = format!("{ours}: at most {} µs", digits(ms * 1e3));
                Verdict {
                    goal,
                    measured: format!("{} µs", spread(us)),
                    missed: us.median / (ms * 1e3),
                }
            }
            Goal::Memory { ours, kb, text } => {
                let extra = Spread::of(&self.series(ours)?.extra_kb);
                let goal = format!("{ours}: at most {text} of memory");
                // The most, not the median: memory does not vary by chance.
                let measured = format!("{} MiB", digits(extra.most / 1024.0));
                Verdict { goal, measured, missed: extra.most / kb }
            }
        })
    }
}

fn spread(spread: Spread) -> String {
    let Spread { median, least, most } = spread;
    format!("{} ({} to {})", digits(median), digits(least), digits(most))
}

/// The goals and what became of them, for the terminal.
pub(super) fn verdicts(results: &[Results]) -> String {
    let mut text = String::new();
    for result in results {
        let key = result.contest.key;
        for verdict in result.verdicts() {
            let _ = writeln!(
                text,
                "{key}: {}: {}: {}",
                verdict.goal,
                verdict.measured,
                verdict.text().replace('*', "")
            );
        }
    }
    text
}

/// The whole of `COMPARE.md`.
pub(super) fn page(
    options: &Options,
    machine: &Machine,
    tools: &Tools,
    results: &[Results],
) -> String {
    let mut page = "# Speed, measured\n\n".to_owned();
    let (command, rounds, date) = (&options.command, options.rounds, &machine.date);
    let _ = writeln!(
        page,
        "<!-- Written by `cargo xtask compare`; edits are lost. -->\n\n\
        `{command}` made this page on {date}. Only ratios mean something elsewhere: in each of {rounds} rounds (after one \
        that does not count; 3 or 5 times as many for work of microseconds) every contestant ran once, one after \
        another, in a fresh process, in an order that turns from round to round. Times are medians; a ratio is taken \
        within a round, and given as median (smallest to largest). *Memory* is the peak of resident memory less \
        what was resident before the work. *Limit* is a C program that does the bare minimum. Everyone's data were \
        compared by a few elements. Nothing was dropped from the page cache. Before each run \
        of P1 and P3 another process touches two or three times as much memory as the array has and gives it back: \
        the host of a virtual machine takes idle memory away, and whoever gets it next would pay for its return."
    );
    if let Some(why) = options.trial() {
        let _ = writeln!(page, "\n**A trial run ({why}): not the numbers to quote.**");
    }
    page.push_str("\n| machine | |\n|---|---|\n");
    for (name, value) in &machine.lines {
        let _ = writeln!(page, "| {name} | {value} |");
    }
    page.push_str("\n| version | |\n|---|---|\n");
    for (name, value) in &tools.versions {
        let _ = writeln!(page, "| {name} | {value} |");
    }
    page.push_str("\n## Goals\n\n| | goal | measured | |\n|---|---|---|---|\n");
    for result in results {
        for verdict in result.verdicts() {
            let (goal, measured) = (&verdict.goal, &verdict.measured);
            let place = place(result);
            let _ = writeln!(page, "| {place} | {goal} | {measured} | {} |", verdict.text());
        }
    }
    for result in results {
        table(&mut page, machine, result);
    }
    page
}

/// The workload's number and what tells its conditions apart.
fn place(result: &Results) -> String {
    let title = &result.contest.title;
    let number = title.split(':').next().unwrap_or_default();
    let marks = [
        ("first time", "first"),
        ("again", "again"),
        ("new file in memory", "new, memory"),
        ("old file in memory", "replacing, memory"),
        ("new file on the disk", "new, disk"),
        ("old file on the disk", "replacing, disk"),
    ];
    let mark = marks.iter().find(|(words, _)| title.contains(words));
    mark.map_or(number.to_owned(), |(_, mark)| format!("{number} {mark}"))
}

fn table(page: &mut String, machine: &Machine, result: &Results) {
    let contest = &result.contest;
    let _ = writeln!(page, "\n## {}\n\n{}", contest.title, contest.note);
    if contest.key == "p3" {
        let disk = contest.title.contains("disk");
        let system = if disk { &machine.disk_fs } else { &machine.memory_fs };
        let _ = writeln!(page, "File system: {system}.");
    }
    let _ = writeln!(page, "Alone: `cargo xtask compare --only {}`.\n", contest.key);
    page.push_str("| | ms | times npstow | memory, MiB |\n|---|---|---|---|\n");
    let Some(first) = result.series.first() else { return };
    for series in &result.series {
        let ratio = match series.name == first.name {
            true => "1".to_owned(),
            false => spread(Spread::of_ratios(&series.ms, &first.ms)),
        };
        let memory = match contest.clock {
            Clock::Inside => digits(Spread::of(&series.extra_kb).most / 1024.0),
            Clock::Process => "–".to_owned(),
        };
        let ms = digits(Spread::of(&series.ms).median);
        let _ = writeln!(page, "| {} | {ms} | {ratio} | {memory} |", series.name);
    }
}

/// Everything measured, for the next run to be held against.
pub(super) fn json(
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
                format!("  {{\"name\": {name}, \"ms\": {ms}, \"extra_kb\": {extra}}}")
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
