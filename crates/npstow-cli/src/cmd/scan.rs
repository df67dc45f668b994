//! `npstow scan`: what the pickles in a file name, and what is known of it.
#![forbid(unsafe_code)]

use crate::args::Scan as Args;
use crate::exit::{Exit, complain};
use crate::json::Json;
use crate::place::Place;
use crate::render::harmless;
use crate::table::{self, Align};
use npstow::pickle::{Mention, Named, Scan, Verdict};
use npstow::{Error, Limits, MemorySource, Result, read_stream};
use std::fmt::Write;
use std::sync::Arc;

pub(super) fn run(args: &Args) -> Result<Exit> {
    let place = Place::new(&args.path);
    if !place.name.is_empty() {
        return Err(Error::invalid("scan takes a whole file").in_path(&place.path));
    }
    let limits = Limits::default();
    let found = if place.path.as_os_str() == "-" {
        let bytes = read_stream(&mut std::io::stdin().lock(), u64::MAX)?;
        npstow::scan_source(Arc::new(MemorySource::new(bytes)), &place.path, &limits)?
    } else {
        npstow::scan(&place.path, &limits)?
    };
    let fault = found.fault.as_ref();
    if args.form.json {
        super::print(&format!("{}\n", json(&place, &found)))?;
    } else {
        super::print(&text(&found))?;
        if let Some(e) = fault {
            complain(&format!("{}: {e}", place.path.display()));
        }
    }
    Ok(exit(&found))
}

/// Only what is known to hold data, in a file that is whole, is fine.
fn exit(found: &Scan) -> Exit {
    match found.fault.is_none() && found.verdict() <= Verdict::Harmless {
        true => Exit::Done,
        false => Exit::Invalid,
    }
}

fn name(mention: &Mention) -> String {
    match &mention.what {
        Named::Global { module, name } => format!("{module}.{name}"),
        Named::Extension(number) => format!("(extension {number})"),
        Named::Persistent(id) => format!("(persistent {id})"),
        other => format!("{other:?}"),
    }
}

fn text(found: &Scan) -> String {
    let mut lines = Vec::new();
    if !found.mentions.is_empty() {
        lines.push(["OFFSET", "CLASS", "NAME"].map(str::to_owned).to_vec());
    }
    for mention in &found.mentions {
        let beside = mention.beside.as_deref().map(|file| format!("  (in {})", harmless(file)));
        let within = match mention.depth {
            0 => beside.unwrap_or_default(),
            1 => "  (in a pickle within)".to_owned(),
            depth => format!("  (in a pickle {depth} deep within)"),
        };
        let name = harmless(&name(mention)) + &within;
        lines.push(vec![mention.offset.to_string(), mention.verdict.to_string(), name]);
    }
    let align = |at| if at == 0 { Align::Right } else { Align::Left };
    let mut text = table::aligned(&lines, align);
    let verdict = match found.verdict() {
        Verdict::Data => "only data",
        Verdict::Harmless => "data, and classes that are known to be harmless",
        Verdict::Unknown if found.fault.is_some() => "broken: nothing is known of the rest",
        Verdict::Unknown => "names of which nothing is known",
        _ => "names that are known to run code",
    };
    let count = found.mentions.len();
    let _ = writeln!(text, "{verdict} ({count} names in {} pickles)", found.pickles);
    text
}

fn json(place: &Place, found: &Scan) -> Json {
    let mention = |mention: &Mention| {
        let mut all: Vec<(&'static str, Json)> = vec![("offset", mention.offset.into())];
        match &mention.what {
            Named::Global { module, name } => {
                all.push(("module", (&**module).into()));
                all.push(("name", (&**name).into()));
            }
            Named::Extension(number) => all.push(("extension", u64::from(*number).into())),
            Named::Persistent(id) => all.push(("persistent", (&**id).into())),
            _ => {}
        }
        all.push(("class", mention.verdict.name().into()));
        all.push(("depth", mention.depth.into()));
        if let Some(file) = &mention.beside {
            all.push(("file", (&**file).into()));
        }
        Json::Object(all)
    };
    Json::Object(vec![
        ("path", place.path.to_string_lossy().as_ref().into()),
        ("verdict", found.verdict().name().into()),
        ("pickles", found.pickles.into()),
        ("globals", Json::List(found.mentions.iter().map(mention).collect())),
        ("error", found.fault.as_ref().map_or(Json::Null, super::fault)),
    ])
}
