//! Time and memory of one piece of work in this process.
#![forbid(unsafe_code)]

use std::error::Error;
use std::fmt;
use std::fs;
use std::time::{Duration, Instant};

/// How often a workload that takes microseconds is repeated where its second time is asked for.
const AGAIN: usize = 1000;

/// What one workload cost.
pub(crate) struct Outcome {
    time: Duration,
    before_kb: u64,
    peak_kb: u64,
    check: f64,
    made_len: Option<usize>,
}

impl Outcome {
    /// What was found in the result, once the clock has stopped.
    pub(crate) fn check(mut self, sum: f64) -> Self {
        self.check = sum;
        self
    }

    /// How many bytes were made, where they are in no file.
    pub(crate) fn made(mut self, len: usize) -> Self {
        self.made_len = Some(len);
        self
    }
}

/// Why a library failed, in its words.
pub(crate) type Failure = Box<dyn Error + Send + Sync>;

/// What a library makes of one workload.
pub(crate) type Result<T = Outcome> = std::result::Result<T, Failure>;

/// Does the work once; what it makes is handed back undropped, so that freeing is not measured.
pub(crate) fn once<T, E>(
    work: impl FnOnce() -> std::result::Result<T, E>,
) -> std::result::Result<(Outcome, T), E> {
    let before_kb = reset_peak();
    let start = Instant::now();
    let made = work()?;
    let time = start.elapsed();
    let peak_kb = status("VmHWM:");
    Ok((Outcome { time, before_kb, peak_kb, check: 0.0, made_len: None }, made))
}

/// Does the work once, or many times with the median as its time, what it makes dropped in between.
pub(crate) fn repeated<T, E>(
    times: Times,
    mut work: impl FnMut() -> std::result::Result<T, E>,
) -> std::result::Result<(Outcome, T), E> {
    let (mut outcome, mut made) = once(&mut work)?;
    if let Times::Again = times {
        let mut all = Vec::with_capacity(AGAIN);
        for _ in 0..AGAIN {
            let start = Instant::now();
            made = work()?;
            all.push(start.elapsed());
        }
        all.sort();
        outcome.time = all[AGAIN / 2];
    }
    Ok((outcome, made))
}

/// Whether the first time in a process counts, or the next ones.
#[derive(Clone, Copy)]
pub(crate) enum Times {
    First,
    Again,
}

/// Reads `first` or `again`.
pub(crate) fn times(word: &str) -> std::result::Result<Times, String> {
    match word {
        "first" => Ok(Times::First),
        "again" => Ok(Times::Again),
        _ => Err(format!("'{word}' is neither first nor again")),
    }
}

/// Sets the kernel's record of the peak to what is resident now, and says how much that is.
fn reset_peak() -> u64 {
    // Where the system does not allow it, the peak so far stays: too high a baseline, never too low.
    let _ = fs::write("/proc/self/clear_refs", "5");
    status("VmHWM:")
}

fn status(key: &str) -> u64 {
    let text = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(key));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = self.time.as_secs_f64() * 1e3;
        let Self { before_kb, peak_kb, check, .. } = self;
        write!(
            f,
            "{{\"ms\": {ms:.6}, \"before_kb\": {before_kb}, \"maxrss_kb\": {peak_kb}, \"check\": {check:.0}"
        )?;
        if let Some(len) = self.made_len {
            write!(f, ", \"made\": {len}")?;
        }
        f.write_str("}")
    }
}
