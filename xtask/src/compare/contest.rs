//! Contestants in alternation, each run a fresh process.
#![forbid(unsafe_code)]

use super::inputs::check_written;
use super::stats::{Spread, digits};
use crate::shell::{Result, check, command, output};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// What the clock is held to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Clock {
    /// The contestant times its work and reports it.
    Inside,
    /// The life of the process, from here.
    Process,
}

/// How it is seen that a contestant did the work.
#[derive(Clone)]
pub(super) enum Check {
    /// It reports this sum.
    Sum(f64),
    /// It has written a file with so many elements.
    Written(PathBuf, usize),
    /// It has written something in which NumPy finds this sum, as the command says that is put to it.
    Found(PathBuf, Vec<String>, f64),
    /// It prints this.
    Says(&'static str),
}

/// What is done before a run, off the clock.
#[derive(Clone)]
pub(super) enum Prepare {
    Nothing,
    /// Nothing is there, and the disk is done with the last one.
    New(PathBuf),
    /// A file is there, and all of it is on the disk.
    Replace(PathBuf, PathBuf),
}

/// A library, or a way to use it.
pub(super) struct Contestant {
    pub(super) name: String,
    pub(super) words: Vec<String>,
    pub(super) check: Check,
    pub(super) prepare: Prepare,
}

/// What must hold between the contestants; names are theirs.
pub(super) enum Goal {
    /// `ours` takes at most `1 / least` of the time of `rival`.
    Faster { ours: &'static str, rival: &'static str, least: f64 },
    /// `ours` takes at most `most` times as long as `limit`.
    Within { ours: &'static str, limit: &'static str, most: f64 },
    /// `ours` takes at most so many milliseconds.
    Under { ours: &'static str, ms: f64 },
    /// What `ours` makes is at most `most` times as large as what `rival` makes.
    Smaller { ours: &'static str, rival: &'static str, most: f64 },
    /// `ours` needs at most so much memory.
    Memory { ours: &'static str, kb: f64, text: String },
}

/// One workload under one condition.
pub(super) struct Contest {
    pub(super) key: &'static str,
    /// What tells it apart from others of the same number.
    pub(super) mark: &'static str,
    pub(super) title: String,
    pub(super) note: String,
    pub(super) clock: Clock,
    /// Short workloads run so many times as many rounds.
    pub(super) times: usize,
    pub(super) contestants: Vec<Contestant>,
    pub(super) goals: Vec<Goal>,
    /// A program that touches memory and gives it back, before each run, where memory is the work.
    pub(super) warm: Option<Vec<String>>,
}

/// What a contestant needed, round by round.
pub(super) struct Series {
    pub(super) name: String,
    pub(super) ms: Vec<f64>,
    /// Peak of resident memory less what was resident before the work.
    pub(super) extra_kb: Vec<f64>,
    /// Of what is made, where something is: the same in every round.
    pub(super) made_len: Option<u64>,
}

/// One run of a contestant.
struct Run {
    ms: f64,
    extra_kb: f64,
    made_len: Option<u64>,
}

/// A contest that has been run.
pub(super) struct Results {
    pub(super) contest: Contest,
    pub(super) series: Vec<Series>,
}

impl Contest {
    /// Runs all rounds, the first of which does not count.
    pub(super) fn run(self, rounds: usize) -> Result<Results> {
        let mut series: Vec<Series> = self.contestants.iter().map(Series::of).collect();
        let count = self.contestants.len();
        let last = rounds * self.times;
        for round in 0..=last {
            for step in 0..count {
                // Forwards and backwards by turns, from another start each time: nobody always
                // runs after the same one.
                let step = if round % 2 == 0 { step } else { count - 1 - step };
                let turn = (round + step) % count;
                let Some(contestant) = self.contestants.get(turn) else { continue };
                let run = contestant.run(self.clock, self.warm.as_deref())?;
                if round == 0 || round == last {
                    contestant.look()?;
                }
                if let Some(series) = series.get_mut(turn) {
                    series.add(&run, round > 0)?;
                }
            }
        }
        for contestant in &self.contestants {
            contestant.prepare.clear();
        }
        for one in &series {
            println!("{:>12} ms  {}", digits(Spread::of(&one.ms).median), one.name);
        }
        Ok(Results { contest: self, series })
    }
}

impl Series {
    fn of(contestant: &Contestant) -> Self {
        let name = contestant.name.clone();
        Self { name, ms: Vec::new(), extra_kb: Vec::new(), made_len: None }
    }

    fn add(&mut self, run: &Run, counts: bool) -> Result {
        if let (Some(old), Some(new)) = (self.made_len, run.made_len)
            && old != new
        {
            return Err(format!("{} made {old} bytes, then {new}", self.name));
        }
        self.made_len = run.made_len;
        if counts {
            self.ms.push(run.ms);
            self.extra_kb.push(run.extra_kb);
        }
        Ok(())
    }
}

impl Contestant {
    fn run(&self, clock: Clock, warm: Option<&[String]>) -> Result<Run> {
        self.prepare.run()?;
        if let Some(warm) = warm {
            check(&mut of(warm))?;
        }
        let mut command = of(&self.words);
        let start = Instant::now();
        let said = output(&mut command).map_err(|why| format!("{}: {why}", self.name))?;
        let life = start.elapsed().as_secs_f64() * 1e3;
        // Libraries may print what they like before the last line.
        let line = said.lines().last().unwrap_or_default();
        let field = |key: &str| {
            field(line, key).ok_or_else(|| format!("{}: no '{key}' in '{line}'", self.name))
        };
        let right = match &self.check {
            Check::Sum(sum) => field("check")?.to_bits() == sum.to_bits(),
            Check::Written(path, len) => check_written(path, *len).map(|()| true)?,
            Check::Found(path, ..) => path.exists(),
            Check::Says(text) => said.contains(text),
        };
        if !right {
            return Err(format!("{} did something else: '{line}'", self.name));
        }
        let made_len = match &self.check {
            Check::Found(path, ..) => {
                Some(size(path).map_err(|why| format!("{}: {why}", self.name))?)
            }
            _ => whole(line, "made"),
        };
        match clock {
            Clock::Process => Ok(Run { ms: life, extra_kb: 0.0, made_len }),
            Clock::Inside => {
                let extra_kb = field("maxrss_kb")? - field("before_kb")?;
                Ok(Run { ms: field("ms")?, extra_kb, made_len })
            }
        }
    }

    /// Lets NumPy read what has been written.
    ///
    /// In the first round and the last: it takes longer than the work that is measured.
    fn look(&self) -> Result {
        let Check::Found(path, words, sum) = &self.check else { return Ok(()) };
        let said = output(of(words).arg(path)).map_err(|why| format!("{}: {why}", self.name))?;
        match said.trim().parse::<f64>() {
            Ok(found) if found.to_bits() == sum.to_bits() => Ok(()),
            _ => Err(format!("{}: NumPy finds {}, not {sum}", self.name, said.trim())),
        }
    }
}

impl Prepare {
    fn run(&self) -> Result {
        let done = match self {
            Self::Nothing => Ok(()),
            Self::New(path) => absent(path).and_then(|()| settle(path.parent().unwrap_or(path))),
            Self::Replace(path, input) => {
                let there = if path.exists() { Ok(()) } else { fs::copy(input, path).map(drop) };
                there.and_then(|()| settle(path))
            }
        };
        done.map_err(|why| format!("before a run: {why}"))
    }

    fn clear(&self) {
        if let Self::New(path) | Self::Replace(path, _) = self {
            // It would be replaced all the same.
            let _ = absent(path);
        }
    }
}

fn of(words: &[String]) -> Command {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (program, words) = words.split_first().unwrap_or((&"", &[]));
    command(program, words)
}

fn absent(path: &Path) -> std::io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(_) => Ok(()),
    }
}

/// How long a file is, or all files of a folder are.
fn size(path: &Path) -> std::io::Result<u64> {
    let found = fs::metadata(path)?;
    if !found.is_dir() {
        return Ok(found.len());
    }
    fs::read_dir(path)?.map(|entry| entry?.metadata().map(|found| found.len())).sum()
}

/// Waits until the disk has what was written: nobody pays for the writes of another.
fn settle(path: &Path) -> std::io::Result<()> {
    File::open(path)?.sync_all()
}

/// The number of a key in one line of flat JSON.
fn field(line: &str, key: &str) -> Option<f64> {
    text(line, key)?.parse().ok()
}

fn whole(line: &str, key: &str) -> Option<u64> {
    text(line, key)?.parse().ok()
}

fn text<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    let rest = line.split_once(&format!("\"{key}\":"))?.1;
    rest.split([',', '}']).next().map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::{field, whole};

    #[test]
    fn fields_are_found() {
        let line = "{\"ms\": 1.5, \"before_kb\": 7, \"maxrss_kb\": 12, \"check\": 55}";
        assert_eq!((field(line, "ms"), field(line, "check")), (Some(1.5), Some(55.0)));
        assert_eq!((field(line, "kb"), whole(line, "made")), (None, None));
        assert_eq!(whole("{\"check\": 1, \"made\": 77}", "made"), Some(77));
    }
}
