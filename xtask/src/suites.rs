//! The Python suites: every executable `tests/*.py` at the root of the checkout.
//!
//! A suite gets `NPSTOW`, the path of the release program, `NPSTOW_EXAMPLES`, the folder of the
//! library's examples, and `NPSTOW_CORPUS`, the shared corpus
//! where it lies next to the checkout. It exits 0 when all is well, 77 when it could not run at
//! all, and may end its output with `N passed, N failed` to have its checks counted.
#![forbid(unsafe_code)]

use crate::shell::{Result, capture, command, root, shown, target, write};
use crate::test::Count;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

/// So many suites run side by side: those that kill and wait leave a core to others.
const TOGETHER: usize = 2;

/// Runs all suites, one printed line each.
pub(crate) fn run(python: &Path, npstow: &Path, examples: &Path) -> Result<Count> {
    let mut total = Count::default();
    let folder = root().join("tests");
    // A suite that lacks the mark would be left out, and nobody would know.
    for path in scripts(&folder) {
        if !executable(&path) && crate::shell::read(&path)?.starts_with("#!") {
            return Err(format!("{}: a suite that is not executable", shown(&path)));
        }
    }
    let waiting = Mutex::new(suites(&folder).into_iter());
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
    let work = || {
        let mut count = Count::default();
        while let Some(suite) = next() {
            let mut command = command(python, &[]);
            command.env("NPSTOW", npstow).env("NPSTOW_EXAMPLES", examples);
            let (text, one) = one(command, &suite)?;
            // At once, so that lines of another suite do not come between.
            print!("{text}");
            count.add(one);
        }
        Ok(count)
    };
    let counts: Vec<Result<Count>> = thread::scope(|scope| {
        let workers: Vec<_> = (0..TOGETHER).map(|_| scope.spawn(work)).collect();
        let lost = || Err("a thread that ran suites panicked".to_owned());
        workers.into_iter().map(|worker| worker.join().unwrap_or_else(|_| lost())).collect()
    });
    for count in counts {
        total.add(count?);
    }
    Ok(total)
}

fn suites(folder: &Path) -> Vec<PathBuf> {
    let mut found = scripts(folder);
    found.retain(|path| executable(path));
    found
}

fn scripts(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut found: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    found.retain(|path| path.extension().is_some_and(|ending| ending == "py"));
    found.sort();
    found
}

#[cfg(unix)]
fn executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).is_ok_and(|about| about.permissions().mode() & 0o111 != 0)
}

/// Where files have no such mark, a first line for the shell is one.
#[cfg(not(unix))]
fn executable(path: &Path) -> bool {
    crate::shell::read(path).is_ok_and(|text| text.starts_with("#!"))
}

/// What is to be printed of a suite, which `python` runs, and its checks.
fn one(mut python: Command, suite: &Path) -> Result<(String, Count)> {
    let start = Instant::now();
    let name = shown(suite);
    let log = target().join("xtask").join(format!("{}.log", name.replace('/', "-")));
    write(&log, "")?;
    let file = fs::File::create(&log).map_err(|why| format!("{}: {why}", log.display()))?;
    let twin = file.try_clone().map_err(|why| format!("{}: {why}", log.display()))?;
    // To a file, in the order written: a suite may print much, and what it said last matters.
    python.arg(suite).env("PYTHONDONTWRITEBYTECODE", "1");
    if let Ok(corpus) = root().join("../shared/corpus").canonicalize() {
        python.env("NPSTOW_CORPUS", corpus);
    }
    let status =
        python.stdout(file).stderr(twin).status().map_err(|why| format!("{name}: {why}"))?;
    let text = String::from_utf8_lossy(&fs::read(&log).unwrap_or_default()).into_owned();
    let (verdict, count) = judge(status.code(), &text);
    let mut said = format!("suite {name}: {verdict} ({:.1} s)\n", start.elapsed().as_secs_f64());
    if count.failed > 0 {
        said += &(tail(&text, 60) + "\n");
    } else {
        for line in text.lines().filter(|line| line.to_lowercase().contains("skipped")) {
            said += &format!("  {line}\n");
        }
    }
    Ok((said, count))
}

/// What the exit code and the last line of a suite say.
fn judge(code: Option<i32>, text: &str) -> (String, Count) {
    let said = text.lines().rev().find(|line| !line.trim().is_empty()).and_then(Count::parse);
    match (code, said) {
        (Some(77), _) => ("SKIPPED".to_owned(), Count::default()),
        (Some(0), Some(count)) if count.failed == 0 => {
            (format!("{} checks ok", count.passed), count)
        }
        (Some(0), None) => ("ok".to_owned(), Count { passed: 1, failed: 0 }),
        (_, said) => {
            let mut count = said.unwrap_or_default();
            // Failed, whatever it counted.
            count.failed = count.failed.max(1);
            let code = code.map_or_else(|| "a signal".to_owned(), |code| format!("exit {code}"));
            (format!("FAILED with {code}, {} checks wrong", count.failed), count)
        }
    }
}

/// The last `most` lines.
fn tail(text: &str, most: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(most)..].join("\n")
}

/// Whether Python can be started at all; said before an hour of other work.
pub(crate) fn ready(python: &Path) -> Result {
    let (ok, text) = capture(&mut command(python, &["-c", "import numpy, ml_dtypes, pytest"]))?;
    if ok { Ok(()) } else { Err(format!("the Python environment is broken:\n{text}")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts() {
        let count = |code, text| {
            let count = judge(code, text).1;
            (count.passed, count.failed)
        };
        assert_eq!(count(Some(0), "…\n12 passed, 0 failed\n\n"), (12, 0));
        assert_eq!(count(Some(0), "fine"), (1, 0));
        assert_eq!(count(Some(77), "no corpus"), (0, 0));
        assert_eq!(count(Some(0), "11 passed, 1 failed"), (11, 1));
        assert_eq!(count(Some(1), "12 passed, 0 failed"), (12, 1));
        assert_eq!(count(None, ""), (0, 1));
        assert_eq!(tail("a\nb\nc", 2), "b\nc");
    }
}
