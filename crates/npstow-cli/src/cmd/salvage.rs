//! `npstow salvage`: what is whole in an archive that does not open.
#![forbid(unsafe_code)]

use crate::args::Salvage;
use crate::exit::Exit;
use crate::json::Json;
use crate::place::check_in_place;
use crate::render::harmless;
use crate::table::{self, Align};
use npstow::npz::{self, Recovered, SalvageOptions, State};
use npstow::{Error, Result};
use std::fs;
use std::path::Path;

pub(super) fn run(args: &Salvage) -> Result<Exit> {
    check_in_place(&args.source)?;
    let options = SalvageOptions::default();
    let options = if args.removed { options.removed() } else { options };
    let found = match &args.target {
        Some(target) => {
            check_in_place(target)?;
            apart(&args.source, target)?;
            npz::salvage_to_with(&args.source, target, &options)?
        }
        None => npz::salvage_with(&args.source, &options)?,
    };
    let is_whole = !found.iter().any(Recovered::is_missed);
    let exit = if is_whole && !found.is_empty() { Exit::Done } else { Exit::Invalid };
    match args.form.json {
        true => super::print(&format!("{}\n", json(args, &found)))?,
        false => super::print(&text(args, &found))?,
    };
    Ok(exit)
}

/// What was torn stays as it is: there may be more in it than was found.
fn apart(source: &Path, target: &Path) -> Result<()> {
    let (Ok(a), Ok(b)) = (fs::canonicalize(source), fs::canonicalize(target)) else {
        return Ok(());
    };
    if a == b {
        return Err(Error::invalid("what is salvaged goes into another file").in_path(target));
    }
    Ok(())
}

fn text(args: &Salvage, found: &[Recovered]) -> String {
    let path = args.source.to_string_lossy();
    let kept = found.iter().filter(|member| member.is_kept()).count();
    let mut lines = vec![["NAME", "OFFSET", "BYTES", "STATE"].map(str::to_owned).to_vec()];
    lines.extend(found.iter().map(|member| {
        let (offset, nbytes) = (member.offset.to_string(), member.packed_len.to_string());
        vec![harmless(&member.name), offset, nbytes, harmless(&state(member))]
    }));
    let align = |at| if at == 1 || at == 2 { Align::Right } else { Align::Left };
    let table = if found.is_empty() { String::new() } else { table::aligned(&lines, align) };
    let verb = if args.target.is_some() { "saved" } else { "can be saved" };
    let sum = match found.iter().filter(|member| member.removed && !member.is_kept()).count() {
        0 => format!("{path}: {kept} of {} members {verb}", found.len()),
        n => format!("{path}: {kept} of {} members {verb}, {n} removed", found.len()),
    };
    format!("{table}{}\n", harmless(&sum))
}

/// What is told of a member.
fn state(member: &Recovered) -> String {
    let state = match &member.state {
        State::Whole => "whole".to_owned(),
        State::Unsealed => "whole, as far as it tells its length; its checksum is gone".to_owned(),
        State::Damaged(why) => format!("damaged: {why}"),
        State::Cut(there) => format!("cut off after {there} bytes"),
        State::Lost(why) => format!("lost: {why}"),
        other => format!("{other:?}"),
    };
    match (member.removed, member.superseded) {
        (true, _) => format!("{state}; removed, the directory does not list it"),
        (_, true) => format!("{state}; another one of the name came later"),
        _ => state,
    }
}

fn json(args: &Salvage, found: &[Recovered]) -> Json {
    let member = |member: &Recovered| {
        let (state, what) = match &member.state {
            State::Whole => ("whole", Json::Null),
            State::Unsealed => ("unsealed", Json::Null),
            State::Damaged(why) => ("damaged", why.as_str().into()),
            State::Cut(there) => ("cut", (*there).into()),
            State::Lost(why) => ("lost", why.as_str().into()),
            other => ("other", format!("{other:?}").into()),
        };
        Json::Object(vec![
            ("name", member.name.as_str().into()),
            ("offset", member.offset.into()),
            ("nbytes", member.packed_len.into()),
            ("state", state.into()),
            ("what", what),
            ("superseded", member.superseded.into()),
            ("removed", member.removed.into()),
            ("kept", member.is_kept().into()),
        ])
    };
    Json::Object(vec![
        ("path", args.source.to_string_lossy().into_owned().into()),
        ("target", args.target.as_ref().map(|t| t.to_string_lossy().into_owned()).into()),
        ("members", Json::List(found.iter().map(member).collect())),
    ])
}
