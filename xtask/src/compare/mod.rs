//! `cargo xtask compare`: npstow and its rivals side by side, and the page that says so.
//!
//! Absolute times drift by a third on a shared machine, so only ratios count that were taken next
//! to one another: in every round each contestant runs once, in a fresh process, and the rounds
//! begin with another contestant each. The bare minimum in C runs among them.
#![forbid(unsafe_code)]

mod against;
mod contest;
mod inputs;
mod json;
mod machine;
mod options;
mod plot;
mod report;
mod scaling;
mod stats;
mod tools;
mod weight;
mod workloads;

use crate::shell::{Result, read, root, shown, target};
use inputs::{Inputs, Size};
use options::Options;
use report::Page;
use tools::Tools;

/// Runs what the words ask for and writes the page, the plot and the numbers.
///
/// `COMPARE.md` and what lies beside it are written by a complete run at full size alone, unless
/// `--out` names a file.
pub(crate) fn run(words: &[&str]) -> Result {
    let options = Options::parse(words)?;
    let machine = machine::Machine::describe(&options)?;
    let last = against::Last::find(&options)?;
    let tools = Tools::build(&options)?;
    let size = if options.quick { Size::QUICK } else { Size::FULL };
    let mut page = Page {
        options: &options,
        machine: &machine,
        tools: &tools,
        results: Vec::new(),
        parts: Vec::new(),
    };
    {
        let inputs = Inputs::make(&options, &tools, size)?;
        for contest in workloads::all(&tools, &inputs, &options)? {
            println!("== {}", contest.title);
            page.results.push(contest.run(options.rounds)?);
            // After every workload: a run that is cut short has not been for nothing.
            page.write(&target().join("compare.md"))?;
        }
    }
    if options.wants("scaling") {
        page.parts.push(scaling::run(&options, &tools)?);
    }
    if options.wants("weight") {
        page.parts.push(weight::run(&tools)?);
    }
    if let Some(last) = last {
        page.parts.push(last.part(&page.results));
    }
    page.parts.push(format!("\n{}", read(&root().join("compare/failures.md"))?));
    print!("{}", report::verdicts(&page.results));
    page.write(&target().join("compare.md"))?;
    let out = match &options.out {
        Some(out) => out.clone(),
        None if options.trial().is_none() => root().join("COMPARE.md"),
        None => target().join("compare.md"),
    };
    page.write(&out)?;
    println!("compare: {}", shown(&out));
    Ok(())
}
