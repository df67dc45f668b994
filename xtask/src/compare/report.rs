//! The results as a page for people.
#![forbid(unsafe_code)]

use super::contest::{Clock, Goal, Results, Series};
use super::machine::Machine;
use super::measured::Measured;
use super::options::Options;
use super::stats::{Spread, digits};
use super::tools::Tools;
use super::{json, misses, plot};
use crate::shell::{Result, write};
use std::fmt::Write as _;
use std::path::Path;

/// What became of a goal.
pub(super) struct Verdict {
    pub(super) goal: String,
    pub(super) measured: String,
    /// By which factor it was missed, 1 where it was met.
    pub(super) missed: f64,
    /// The same at either end of where the median surely is; what does not vary by chance has none.
    pub(super) sure: Option<(f64, f64)>,
    /// What the bare minimum comes to, where a goal is a ratio that it has, too.
    pub(super) limit: Option<String>,
}

impl Verdict {
    pub(super) fn text(&self) -> String {
        let unsure = if self.is_unsure() { ", unsure" } else { "" };
        if self.missed <= 1.0 {
            format!("met{unsure}")
        } else {
            format!("**missed** by {:.0} %{unsure}", ((self.missed - 1.0) * 100.0).max(1.0))
        }
    }

    /// Whether more rounds could turn it round.
    pub(super) fn is_unsure(&self) -> bool {
        self.sure.is_some_and(|(low, high)| (low <= 1.0) != (high <= 1.0))
    }
}

impl Results {
    fn series(&self, name: &str) -> Option<&Series> {
        self.series.iter().find(|series| series.name == name)
    }

    /// How many bytes a contestant has made.
    #[allow(clippy::cast_precision_loss)] // Far below 2^53.
    fn size(&self, name: &str) -> Option<f64> {
        self.series(name)?.made_len.map(|len| len as f64)
    }

    pub(super) fn verdicts(&self) -> Vec<Verdict> {
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
                let limit = self.limit(rival, *least);
                let sure = Some((least / ratio.sure.1, least / ratio.sure.0));
                Verdict { goal, measured, missed: least / ratio.median, sure, limit }
            }
            Goal::Within { ours, limit, most } => {
                let ratio = Spread::of_ratios(&self.series(ours)?.ms, &self.series(limit)?.ms);
                let goal = format!("{ours}: at most {most} times the {limit}");
                let measured = format!("{} times", spread(ratio));
                let sure = Some((ratio.sure.0 / most, ratio.sure.1 / most));
                Verdict { goal, measured, missed: ratio.median / most, sure, limit: None }
            }
            Goal::Under { ours, ms } => {
                let us: Vec<f64> = self.series(ours)?.ms.iter().map(|ms| ms * 1e3).collect();
                let us = Spread::of(&us);
                let goal = format!("{ours}: at most {} µs", digits(ms * 1e3));
                Verdict {
                    goal,
                    measured: format!("{} µs", spread(us)),
                    missed: us.median / (ms * 1e3),
                    sure: Some((us.sure.0 / (ms * 1e3), us.sure.1 / (ms * 1e3))),
                    limit: None,
                }
            }
            Goal::Smaller { ours, rival, most } => {
                let ratio = self.size(ours)? / self.size(rival)?;
                let goal = match *most {
                    most if most <= 1.0 => format!("{ours}: not larger than {rival}"),
                    most => format!("{ours}: at most {most} times the size of {rival}"),
                };
                let measured = format!("{} times the size", digits(ratio));
                Verdict { goal, measured, missed: ratio / most, sure: None, limit: None }
            }
            Goal::Memory { ours, kb, text } => {
                let extra = Spread::of(&self.series(ours)?.extra_kb);
                let goal = format!("{ours}: at most {text} of memory");
                // The most, not the median: memory does not vary by chance.
                let measured = format!("{} MiB", digits(extra.most / 1024.0));
                Verdict { goal, measured, missed: extra.most / kb, sure: None, limit: None }
            }
        })
    }

    /// How many times as fast as a rival the fastest program is that does the bare minimum.
    /// Where that is less than what is asked of npstow, it says so.
    fn limit(&self, rival: &str, least: f64) -> Option<String> {
        let rival = &self.series(rival)?.ms;
        let limits = self.series.iter().filter(|series| series.name.starts_with("limit"));
        let ratios = limits.map(|limit| Spread::of_ratios(rival, &limit.ms).median);
        let limit = ratios.reduce(f64::max)?;
        Some(digits(limit) + if limit < least { ", below the goal" } else { "" })
    }
}

fn spread(spread: Spread) -> String {
    let Spread { median, least, most, .. } = spread;
    format!("{} ({} to {})", digits(median), digits(least), digits(most))
}

/// The goals and what became of them, for the terminal.
pub(super) fn verdicts(results: &[Measured]) -> String {
    let mut text = String::new();
    for result in results {
        let key = &result.key;
        for verdict in &result.verdicts {
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

/// What `COMPARE.md` is made of.
pub(super) struct Page<'a> {
    pub(super) options: &'a Options,
    pub(super) machine: &'a Machine,
    pub(super) tools: &'a Tools,
    pub(super) results: Vec<Measured>,
    /// What stands behind the workloads, by what it is called on the command line.
    pub(super) parts: Vec<(String, String)>,
}

impl Page<'_> {
    /// Writes the page, and the plot and the numbers that lie beside it in `compare/`.
    pub(super) fn write(&self, out: &Path) -> Result {
        let beside = out.parent().unwrap_or(Path::new("")).join("compare");
        write(&beside.join("speed.svg"), &plot::svg(&self.results))?;
        write(&beside.join("speed.json"), &json::text(self)?)?;
        write(out, &whole(self))
    }
}

fn whole(page: &Page) -> String {
    let mut text = "# Speed, measured\n\n".to_owned();
    let Page { options, machine, tools, results, parts } = page;
    let (command, date) = (&options.command, &machine.date);
    let _ = writeln!(
        text,
        "<!-- Written by `cargo xtask compare`; edits are lost. -->\n\n\
        `{command}` made this page on {date}; each workload says when it was measured, and how often. Only ratios mean \
        something elsewhere: in each round (after one that does not count; 3 or 5 times as many for short work) every \
        contestant ran once, one after another, in a fresh process, in an order that turns from round to round. The \
        programs were copied to where they ran from, as an installation does. All of Python ran with \
        `OPENBLAS_NUM_THREADS=1`, but the imports and the listings: the threads that NumPy's OpenBLAS begins spin for \
        the first tenth of a second, which leaves whoever uses all cores right behind the imports with one core less \
        (P8 load by npstow: 29 ms then, 21 without). Times are medians; a ratio is taken within a round, and given as median (smallest to largest). *Memory* is the peak \
        of resident memory less what was resident before the work. *Limit* is a program that does the bare minimum. \
        Everyone's data were compared by a few elements; NumPy has read what was written, after the first round and the \
        last. Nothing was dropped from the page cache. Before each run of P1, P3, P4 and P10 another process touches \
        two or three times as much memory as the array has and gives it back: the host of a virtual machine takes idle \
        memory away, and whoever gets it next would pay for its return."
    );
    if let Some(why) = options.trial() {
        let _ = writeln!(text, "\n**A trial run ({why}): not the numbers to quote.**");
    }
    text.push_str("\n| machine | |\n|---|---|\n");
    for (name, value) in &machine.lines {
        let _ = writeln!(text, "| {name} | {value} |");
    }
    text.push_str("\n| version | |\n|---|---|\n");
    for (name, value) in &tools.versions {
        let _ = writeln!(text, "| {name} | {value} |");
    }
    let all = || results.iter().flat_map(|result| &result.verdicts);
    let met = all().filter(|verdict| verdict.missed <= 1.0).count();
    let (missed, unsure) = (all().count() - met, all().filter(|one| one.is_unsure()).count());
    let _ = write!(
        text,
        "\n## Goals\n\n{met} are met and {missed} missed; of {unsure}, met or missed, more rounds could say \
        otherwise: the goal is within the interval that has the median of many more rounds in it with a certainty of \
        95 %, and they are called *unsure*. *Limit*: how many times as fast as the rival a program is that does the \
        bare minimum, in the same run; where its name does not say otherwise, on one core, so npstow with two may be \
        faster than it.\n\n\
        | | goal | measured | | limit |\n|---|---|---|---|---|\n",
    );
    for Measured { place, verdicts, .. } in results {
        for verdict in verdicts {
            let (goal, measured) = (&verdict.goal, &verdict.measured);
            let (text_of, limit) = (verdict.text(), verdict.limit.as_deref().unwrap_or_default());
            let _ = writeln!(text, "| {place} | {goal} | {measured} | {text_of} | {limit} |");
        }
    }
    text.push_str(&misses::text(results));
    text.push_str(
        "\n![How many times as fast npstow is as each of the others](compare/speed.svg)\n",
    );
    results.iter().for_each(|result| text.push_str(&result.text));
    parts.iter().for_each(|(_, part)| text.push_str(part));
    text
}

/// The workload's number and what tells its conditions apart.
pub(super) fn place(result: &Results) -> String {
    let contest = &result.contest;
    format!("{} {}", contest.key.to_uppercase(), contest.mark).trim_end().to_owned()
}

/// A workload's part of the page; `run` says when it was measured.
pub(super) fn table(result: &Results, file_system: Option<&str>, run: &str) -> String {
    let contest = &result.contest;
    let mut page = format!("\n## {}\n\n{}\n", contest.title, contest.note);
    if let Some(system) = file_system {
        let _ = writeln!(page, "File system: {system}.");
    }
    let _ = writeln!(page, "{run} Alone: `cargo xtask compare --only {}`.\n", contest.key);
    let sized = result.series.iter().any(|series| series.made_len.is_some());
    let (head, rule) = if sized { (" made, MiB |", "---|") } else { ("", "") };
    let _ = writeln!(page, "| | ms | times npstow | memory, MiB |{head}\n|---|---|---|---|{rule}");
    let Some(first) = result.series.first() else { return page };
    for series in &result.series {
        let ratio = match series.name == first.name {
            true => "1".to_owned(),
            false => spread(Spread::of_ratios(&series.ms, &first.ms)),
        };
        let memory = match contest.clock {
            Clock::Inside => digits(Spread::of(&series.extra_kb).most / 1024.0),
            Clock::Process => "–".to_owned(),
        };
        let made = match result.size(&series.name) {
            Some(len) => format!(" {} |", digits(len / f64::from(1 << 20))),
            None if sized => " – |".to_owned(),
            None => String::new(),
        };
        let ms = digits(Spread::of(&series.ms).median);
        let _ = writeln!(page, "| {} | {ms} | {ratio} | {memory} |{made}", series.name);
    }
    page
}
