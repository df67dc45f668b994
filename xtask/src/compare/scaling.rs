//! How the time of npstow grows: at 1/64, 1/8 and the whole of each workload, on one core and on all.
//!
//! What a workload costs is a line: something to begin with, and so much for each array or byte. The
//! two smaller sizes foretell the largest one; a step that grows faster than its data shows there.
#![forbid(unsafe_code)]

use super::contest::{Check, Contest, Contestant};
use super::inputs::{Inputs, Size};
use super::options::Options;
use super::stats::{Line, Spread, digits};
use super::tools::Tools;
use super::workloads;
use crate::shell::Result;
use std::fmt::Write as _;
use std::thread;

/// By what the sizes are divided, the smallest first.
const DIVISORS: [usize; 3] = [64, 8, 1];

/// What grows with its data: number, mark, and what is counted.
const WORKLOADS: &[(&str, &str, Unit)] = &[
    ("p1", "", Unit::Large),
    ("p3", "new, memory", Unit::Large),
    ("p4", "read", Unit::Large),
    ("p4", "save", Unit::Large),
    ("p5", "", Unit::Many),
    ("p6", "", Unit::Many),
    ("p7", "", Unit::Many),
    ("p8", "load", Unit::Many),
    ("p8", "save", Unit::Many),
    ("p9", "smooth", Unit::Packed),
    ("p10", "smooth, NumPy's", Unit::Packed),
    ("p10", "smooth, npstow's", Unit::Packed),
];

/// What the cost is told for.
#[derive(Clone, Copy, PartialEq)]
enum Unit {
    /// The bytes of the large array.
    Large,
    /// The many arrays.
    Many,
    /// The bytes of the array to be packed.
    Packed,
}

impl Unit {
    fn name(self) -> &'static str {
        match self {
            Self::Large | Self::Packed => "MiB",
            Self::Many => "array",
        }
    }

    #[allow(clippy::cast_precision_loss)] // Far below 2^53.
    fn count(self, inputs: &Inputs) -> f64 {
        match self {
            Self::Large => (inputs.large_bytes() >> 20) as f64,
            Self::Packed => (inputs.smooth.nbytes >> 20) as f64,
            Self::Many => inputs.size.many as f64,
        }
    }
}

/// The medians of one workload at one number of cores, by size.
struct Curve {
    place: String,
    cores: &'static str,
    unit: Unit,
    /// How many units, and how many milliseconds.
    points: Vec<(f64, f64)>,
}

const ALL: &str = "all";
const ONE: &str = "one";

/// Runs everything at every size and tells it as a part of the page.
pub(super) fn run(options: &Options, tools: &Tools) -> Result<String> {
    let options = options.only(WORKLOADS.iter().map(|(key, ..)| *key));
    let mut curves = Vec::new();
    for divisor in DIVISORS {
        println!("== scaling: 1/{divisor}");
        let inputs = Inputs::make(&options, tools, Size::over(divisor))?;
        for contest in workloads::all(tools, &inputs, &options)? {
            let known =
                |found: &&(&str, &str, Unit)| found.0 == contest.key && found.1 == contest.mark;
            if let Some((.., unit)) = WORKLOADS.iter().find(known) {
                add(&mut curves, *unit, &inputs, alone(contest, inputs.size.many), options.rounds)?;
            }
        }
    }
    Ok(page(&curves))
}

/// npstow alone: on all cores, and on one of them.
fn alone(mut contest: Contest, many: usize) -> Contest {
    contest.contestants.truncate(1);
    contest.goals.clear();
    // What is short is measured more often.
    contest.times = contest.times.max(3);
    let Some(ours) = contest.contestants.pop() else { return contest };
    let with = |name: &str, before: &[&str]| {
        let many = format!("COMPARE_MANY={many}");
        let mut words: Vec<String> = before.iter().map(|word| (*word).to_owned()).collect();
        words.extend(["env".to_owned(), many.clone()]);
        words.extend(ours.words.iter().cloned());
        let check = match ours.check.clone() {
            Check::Found(path, look, sum) => {
                let look = ["env".to_owned(), many].into_iter().chain(look).collect();
                Check::Found(path, look, sum)
            }
            check => check,
        };
        Contestant { name: name.to_owned(), words, check, prepare: ours.prepare.clone() }
    };
    contest.contestants.push(with(ALL, &[]));
    if thread::available_parallelism().is_ok_and(|cores| cores.get() > 1) {
        contest.contestants.push(with(ONE, &["taskset", "-c", "0"]));
    }
    contest
}

fn add(
    curves: &mut Vec<Curve>,
    unit: Unit,
    inputs: &Inputs,
    contest: Contest,
    rounds: usize,
) -> Result {
    let place = format!("{} {}", contest.key.to_uppercase(), contest.mark).trim_end().to_owned();
    println!("-- {place}");
    for series in contest.run(rounds)?.series {
        let cores = if series.name == ONE { ONE } else { ALL };
        let point = (unit.count(inputs), Spread::of(&series.ms).median);
        match curves.iter_mut().find(|curve| curve.place == place && curve.cores == cores) {
            Some(curve) => curve.points.push(point),
            None => {
                curves.push(Curve { place: place.clone(), cores, unit, points: vec![point] });
            }
        }
    }
    Ok(())
}

fn page(curves: &[Curve]) -> String {
    let mut page = "\n## How it grows\n\n".to_owned();
    let _ = writeln!(
        page,
        "npstow in Rust, each workload at three sizes, on all cores and bound to one. *To begin with* and *for \
        each* are the line through the three medians, its distances taken relative to the times. *Foretold* is the \
        whole size's time over what the line through the two smaller ones says: above 1 something grows faster \
        than its data, below 1 a part that does not use all cores at first does later, or a fixed cost fades. \
        Alone: `cargo xtask compare --only scaling`.\n\n\
        | | cores | 1/64, ms | 1/8, ms | whole, ms | to begin with, ms | for each | foretold | one core over all |\n\
        |---|---|---|---|---|---|---|---|---|"
    );
    for curve in curves {
        let ms: Vec<String> = curve.points.iter().map(|(_, ms)| digits(*ms)).collect();
        let all = Line::through(&curve.points);
        let small = Line::through(curve.points.get(..2).unwrap_or_default());
        let (count, last) = curve.points.last().copied().unwrap_or_default();
        let foretold = last / small.at(count);
        let other = curves.iter().find(|one| one.place == curve.place && one.cores == ONE);
        let over = match other.and_then(|one| one.points.last()) {
            Some((_, one)) if curve.cores == ALL => digits(one / last),
            _ => "–".to_owned(),
        };
        let _ = writeln!(
            page,
            "| {} | {} | {} | {} | {} µs/{} | {} | {over} |",
            curve.place,
            curve.cores,
            ms.join(" | "),
            digits(all.start),
            digits(all.slope * 1e3),
            curve.unit.name(),
            digits(foretold),
        );
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_that_grows_faster_shows() {
        let curve = |cores, last| Curve {
            place: "P5".to_owned(),
            cores,
            unit: Unit::Many,
            points: vec![(62.0, 1.62), (500.0, 6.0), (4000.0, last)],
        };
        let text = page(&[curve(ALL, 41.0), curve(ONE, 82.0)]);
        assert!(text.contains("| P5 | all | 1.62 | 6.00 | 41.0 |"), "{text}");
        assert!(
            text.contains(" µs/array | 2.00 | – |") && text.contains("| 2.00 |\n| P5 | one |"),
            "{text}"
        );
    }
}
