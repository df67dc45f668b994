//! `cargo xtask fuzz`: builds the targets of `fuzz/` for libFuzzer and runs them.
//!
//! Without cargo-fuzz: its flags are few, and a stable toolchain takes them with
//! `RUSTC_BOOTSTRAP=1`.
#![forbid(unsafe_code)]

use crate::manifest;
use crate::shell::{Result, cargo, check, command, read, root, shown};
use std::fs;
use std::path::Path;

/// Coverage for libFuzzer, and the address sanitizer, which also lets it bound single allocations.
const FLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares \
    -Zsanitizer=address -Cdebug-assertions -Coverflow-checks --cfg fuzzing";
const TRIPLE: &str = "x86_64-unknown-linux-gnu";

/// `[--seconds N] [TARGET…]`; without names, all targets.
pub(crate) fn run(words: &[&str]) -> Result {
    let manifest = read(&root().join("fuzz/Cargo.toml"))?;
    let all = manifest::bins(&manifest);
    let (seconds, chosen) = arguments(words, &all)?;
    check(
        cargo(&["build", "--release", "--manifest-path", "fuzz/Cargo.toml", "--target", TRIPLE])
            .env("RUSTC_BOOTSTRAP", "1")
            .env("RUSTFLAGS", FLAGS)
            .env_remove("CARGO_TARGET_DIR"),
    )?;
    let mut findings = Vec::new();
    for target in &chosen {
        println!("== fuzz {target} for {seconds} s");
        if one(target, seconds).is_err() {
            findings.push(*target);
        }
    }
    println!("fuzz: {} targets, {} with findings", chosen.len(), findings.len());
    if findings.is_empty() {
        return Ok(());
    }
    Err(format!("findings in {}; the inputs are in fuzz/artifacts", findings.join(", ")))
}

fn arguments<'a>(words: &[&'a str], all: &[&'a str]) -> Result<(u64, Vec<&'a str>)> {
    let (seconds, names) = match words {
        ["--seconds", number, names @ ..] => {
            (number.parse().map_err(|_| format!("'{number}' is no number of seconds"))?, names)
        }
        names => (300, names),
    };
    if let Some(unknown) = names.iter().find(|name| !all.contains(name)) {
        return Err(format!("no fuzz target '{unknown}'; there are {}", all.join(", ")));
    }
    Ok((seconds, if names.is_empty() { all.to_vec() } else { names.to_vec() }))
}

/// Runs one target over its grown corpus and its seeds: `fuzz/seeds/<target>`, else the files of the
/// format in `corpus/`, that its name begins with, else all of them.
fn one(target: &str, seconds: u64) -> Result {
    let fuzz = root().join("fuzz");
    let corpus = fuzz.join("corpus").join(target);
    let artifacts = fuzz.join("artifacts").join(target);
    for folder in [&corpus, &artifacts] {
        fs::create_dir_all(folder).map_err(|why| format!("{}: {why}", folder.display()))?;
    }
    let program = fuzz.join("target").join(TRIPLE).join("release").join(target);
    let mut run = command(program, &["-timeout=10", "-rss_limit_mb=2048", "-malloc_limit_mb=512"]);
    run.arg(format!("-max_total_time={seconds}"));
    run.arg(format!("-artifact_prefix={}/", shown(&artifacts)));
    run.args(["-print_final_stats=1", "-print_funcs=0", "-verbosity=0"]);
    let words = fuzz.join("seeds").join(format!("{target}.dict"));
    if words.exists() {
        run.arg(format!("-dict={}", shown(&words)));
    }
    run.arg(shown(&corpus));
    let (own, all) = (fuzz.join("seeds").join(target), root().join("corpus"));
    let of_format = all.join(target.split('_').next().unwrap_or(target));
    let seeds = [own, of_format, all];
    run.args(seeds.iter().find(|folder| folder.exists()).map(|folder| shown(Path::new(folder))));
    check(&mut run)
}

#[cfg(test)]
mod tests {
    use super::arguments;

    #[test]
    fn words() {
        let all = ["a", "b"];
        assert_eq!(arguments(&[], &all).unwrap(), (300, vec!["a", "b"]));
        assert_eq!(arguments(&["--seconds", "5", "b"], &all).unwrap(), (5, vec!["b"]));
        assert!(arguments(&["c"], &all).is_err());
        assert!(arguments(&["--seconds", "x"], &all).is_err());
    }
}
