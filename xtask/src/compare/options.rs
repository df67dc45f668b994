//! What is asked for on the command line.
#![forbid(unsafe_code)]

use crate::shell::{Result, target};
use std::env;
use std::path::{Path, PathBuf};

/// The workloads, by their numbers in the table of goals.
pub(super) const WORKLOADS: &[&str] = &[
    "p1", "p2", "p3", "p4", "p5", "p6", "p7", "p8", "p9", "p10", "p11", "append", "p12", "p13",
    "p14", "p15", "p16", "p17", "small", "import", "scaling", "weight",
];

/// What is run, where, and how often.
#[derive(Clone)]
pub(super) struct Options {
    /// A sixteenth of the size of what is large.
    pub(super) quick: bool,
    only: Vec<String>,
    /// `COMPARE.md` is to have what is measured in the place of what it has of the same workloads.
    pub(super) update: bool,
    /// The numbers of an earlier run, to be held against.
    pub(super) against: Option<PathBuf>,
    /// Rounds that count; one more comes before them.
    pub(super) rounds: usize,
    /// Where inputs and outputs lie: in memory, where the machine has such a folder.
    pub(super) dir: PathBuf,
    /// A folder on the disk.
    pub(super) disk: PathBuf,
    /// The page, where it is not to be `COMPARE.md`.
    pub(super) out: Option<PathBuf>,
    /// Checkouts of C++ libraries: name and folder.
    pub(super) checkouts: Vec<(String, PathBuf)>,
    /// The command as it was given, without paths.
    pub(super) command: String,
}

impl Options {
    pub(super) fn parse(words: &[&str]) -> Result<Self> {
        let memory = Path::new("/dev/shm");
        let disk = target().join("compare");
        let mut options = Self {
            quick: false,
            only: Vec::new(),
            update: false,
            against: None,
            rounds: 7,
            dir: if memory.is_dir() { memory.to_path_buf() } else { disk.clone() },
            disk,
            out: None,
            checkouts: Vec::new(),
            command: "cargo xtask compare".to_owned(),
        };
        // Paths are taken from where the caller stands.
        let path = |word: &str| env::current_dir().unwrap_or_default().join(word);
        let mut words = words.iter().copied();
        while let Some(word) = words.next() {
            if word == "--quick" || word == "--update" {
                *(if word == "--quick" { &mut options.quick } else { &mut options.update }) = true;
                options.command.push_str(&format!(" {word}"));
                continue;
            }
            let value = words.next().ok_or_else(|| format!("'{word}' needs a value"))?;
            let mut shown = value;
            match word {
                "--only" => options.only = value.split(',').map(str::to_lowercase).collect(),
                "--rounds" => {
                    let number = value.parse().ok().filter(|&number: &usize| number > 0);
                    options.rounds = number.ok_or_else(|| format!("'{value}' is no number"))?;
                }
                "--dir" => (options.dir, shown) = (path(value), "DIR"),
                "--against" => (options.against, shown) = (Some(path(value)), ""),
                "--out" => (options.out, shown) = (Some(path(value)), ""),
                "--cnpy" | "--libnpy" | "--nphh" => {
                    let name = word.trim_start_matches('-').to_owned();
                    options.checkouts.push((name, path(value)));
                    shown = "DIR";
                }
                _ => return Err(format!("compare has no option '{word}'")),
            }
            if !shown.is_empty() {
                options.command.push_str(&format!(" {word} {shown}"));
            }
        }
        if let Some(name) = options.only.iter().find(|name| !WORKLOADS.contains(&name.as_str())) {
            return Err(format!("no workload '{name}'; there are {}", WORKLOADS.join(", ")));
        }
        if options.update && (options.quick || options.rounds < 7) {
            return Err("a trial run updates nothing".to_owned());
        }
        Ok(options)
    }

    /// The same for other workloads.
    pub(super) fn only<'a>(&self, keys: impl Iterator<Item = &'a str>) -> Self {
        Self { only: keys.map(str::to_owned).collect(), ..self.clone() }
    }

    /// Whether a workload is to be run.
    pub(super) fn wants(&self, key: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|name| name == key)
    }

    /// Whether one of several workloads is to be run.
    pub(super) fn wants_any(&self, keys: &[&str]) -> bool {
        keys.iter().any(|key| self.wants(key))
    }

    /// Why this run may not speak for the project, if it may not.
    pub(super) fn trial(&self) -> Option<String> {
        let reasons = [
            (self.quick, "large arrays of 1/16 of the size"),
            (self.rounds < 7, "fewer than 7 rounds"),
            (!self.only.is_empty() && !self.update, "not all workloads"),
        ];
        let reasons: Vec<&str> =
            reasons.iter().filter(|(holds, _)| *holds).map(|(_, why)| *why).collect();
        (!reasons.is_empty()).then(|| reasons.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::Options;

    #[test]
    fn words() {
        let all = Options::parse(&[]).unwrap();
        assert!(all.trial().is_none() && all.wants("p1") && all.rounds == 7);
        let words = ["--quick", "--only", "p1,P3", "--cnpy", "/somewhere", "--rounds", "9"];
        let some = Options::parse(&words).unwrap();
        assert!(some.quick && some.wants("p3") && !some.wants("p11") && some.trial().is_some());
        assert_eq!(some.command, "cargo xtask compare --quick --only p1,P3 --cnpy DIR --rounds 9");
        let update = Options::parse(&["--update", "--only", "p15"]).unwrap();
        assert!(update.update && update.trial().is_none() && !update.wants("weight"));
        assert!(Options::parse(&["--update", "--quick"]).is_err());
        for bad in [&["--only", "p99"][..], &["--rounds", "0"], &["--fast"], &["--fast", "1"]] {
            assert!(Options::parse(bad).is_err());
        }
    }
}
