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
mod measured;
mod misses;
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
use machine::Machine;
use measured::{Measured, Run};
use options::Options;
use report::Page;
use tools::Tools;

/// Runs what the words ask for and writes the page, the plot and the numbers.
///
/// `COMPARE.md` and what lies beside it are written by a complete run at full size alone, unless
/// `--out` names a file, or `--update` puts some workloads in the place of what was there of them.
pub(crate) fn run(words: &[&str]) -> Result {
    let options = Options::parse(words)?;
    let machine = Machine::describe(&options)?;
    let numbers = root().join("compare/speed.json");
    let old = match options.update {
        true => serde_json::from_str(&read(&numbers)?).map_err(|why| why.to_string())?,
        false => serde_json::Value::Null,
    };
    let last = against::Last::find(&options)?;
    let mut tools = Tools::build(&options)?;
    for (name, version) in json::versions(&old) {
        if !tools.versions.iter().any(|(own, _)| *own == name) {
            tools.versions.push((name, version));
        }
    }
    let (results, parts) = (Vec::new(), Vec::new());
    let mut page = Page { options: &options, machine: &machine, tools: &tools, results, parts };
    measure(&mut page)?;
    if options.update {
        let new = std::mem::take(&mut page.results);
        page.results = measured::renewed(measured::all(&old)?, new, options::WORKLOADS);
    }
    for (key, text) in json::parts(&old) {
        if !page.parts.iter().any(|(own, _)| *own == key) {
            page.parts.push((key, text));
        }
    }
    page.parts.sort_by_key(|(key, _)| PARTS.iter().position(|part| part == key));
    if let Some(last) = last {
        page.parts.retain(|(key, _)| key != "against");
        page.parts.push(("against".to_owned(), last.part(&page.results)));
    }
    let failures = format!("\n{}", read(&root().join("compare/failures.md"))?);
    page.parts.retain(|(key, _)| key != "failures");
    page.parts.push(("failures".to_owned(), failures));
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

/// What stands behind the workloads, in this order.
const PARTS: &[&str] = &["scaling", "weight", "against"];

/// Runs the workloads that are asked for, and writes the page after each: a run that is cut short
/// has not been for nothing.
fn measure(page: &mut Page<'_>) -> Result {
    let Page { options, machine, tools, .. } = *page;
    let size = if options.quick { Size::QUICK } else { Size::FULL };
    let npstow = tools.versions.iter().find(|(name, _)| name == "npstow");
    let run = Run {
        date: machine.date.clone(),
        npstow: npstow.map(|(_, version)| version.clone()).unwrap_or_default(),
        processor: machine.processor().to_owned(),
        rounds: options.rounds as u64,
        quick: options.quick,
    };
    let inputs = Inputs::make(options, tools, size)?;
    for contest in workloads::all(tools, &inputs, options)? {
        println!("== {}", contest.title);
        let system = (contest.key == "p3").then(|| match contest.title.contains("disk") {
            true => machine.disk_fs.as_str(),
            false => machine.memory_fs.as_str(),
        });
        let results = contest.run(options.rounds)?;
        page.results.push(Measured::new(&results, system, &run));
        page.write(&target().join("compare.md"))?;
    }
    drop(inputs);
    if options.wants("scaling") {
        page.parts.push(("scaling".to_owned(), scaling::run(options, tools)?));
    }
    if options.wants("weight") {
        page.parts.push(("weight".to_owned(), weight::run(tools)?));
    }
    Ok(())
}
