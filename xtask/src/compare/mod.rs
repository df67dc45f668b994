//! `cargo xtask compare`: npstow and its rivals side by side, and the page that says so.
//!
//! Absolute times drift by a third on a shared machine, so only ratios count that were taken next
//! to one another: in every round each contestant runs once, in a fresh process, and the rounds
//! begin with another contestant each. The bare minimum in C runs among them.
#![forbid(unsafe_code)]

mod contest;
mod inputs;
mod json;
mod machine;
mod options;
mod report;
mod stats;
mod tools;
mod workloads;

use crate::shell::{Result, read, root, shown, target, write};
use contest::Results;
use inputs::Inputs;
use options::Options;
use tools::Tools;

/// Runs what the words ask for and writes the page and the numbers.
///
/// `COMPARE.md` is written by a complete run at full size alone, unless `--out` names a file.
pub(crate) fn run(words: &[&str]) -> Result {
    let options = Options::parse(words)?;
    let machine = machine::Machine::describe(&options)?;
    let tools = Tools::build(&options)?;
    let inputs = Inputs::make(&options, &tools)?;
    let contests = workloads::all(&tools, &inputs, &options)?;
    let failures = read(&root().join("compare/failures.md"))?;
    let mut results: Vec<Results> = Vec::new();
    for contest in contests {
        println!("== {}", contest.title);
        results.push(contest.run(options.rounds)?);
        // After every workload: a run that is cut short has not been for nothing.
        let page = report::page(&options, &machine, &tools, &results, &failures);
        write(&target().join("compare.md"), &page)?;
        write(&target().join("compare.json"), &json::text(&options, &machine, &tools, &results))?;
    }
    let page = report::page(&options, &machine, &tools, &results, &failures);
    print!("{}", report::verdicts(&results));
    let out = match &options.out {
        Some(out) => out.clone(),
        None if options.trial().is_none() => root().join("COMPARE.md"),
        None => target().join("compare.md"),
    };
    write(&out, &page)?;
    println!("compare: {} and {}", out.display(), shown(&target().join("compare.json")));
    Ok(())
}
