//! `npstow diff`: what differs between two files, whatever their formats.
#![forbid(unsafe_code)]

use crate::args::Diff;
use crate::exit::{Exit, complain};
use crate::json::Json;
use crate::place::Place;
use crate::progress::Progress;
use crate::render::{self, harmless};
use npstow::trees::{CompareOptions, Difference, Report, Side, Unequal, What, compare};
use npstow::{NodeKind, Result};
use std::fmt::Write;

pub(super) fn run(args: &Diff, quiet: bool) -> Result<Exit> {
    let places = (Place::new(&args.left), Place::new(&args.right));
    let none = Progress::none();
    let nodes = [places.0.node(&none)?, places.1.node(&none)?];
    let trees = vec![nodes[0].to_tree()?, nodes[1].to_tree()?];
    let progress = Progress::new(quiet);
    let trees = progress.watch(trees)?;
    let options = CompareOptions::default()
        .rtol(args.rtol)
        .atol(args.atol)
        .equal_nan(!args.strict_nan)
        .notes(!args.data_only);
    let report = compare(&trees[0], &trees[1], &options)?;
    drop((trees, progress));
    nodes.iter().for_each(super::say_left_out);
    if args.form.json {
        super::print(&format!("{}\n", json(&places, &report)?))?;
    } else {
        let mut text = String::new();
        for difference in report.differences() {
            let name = match difference.name.as_str() {
                "" => places.0.to_string(),
                name => name.to_owned(),
            };
            let _ = writeln!(text, "{}", harmless(&format!("{name}: {difference}")));
        }
        super::print(&text)?;
        report.unread().iter().for_each(|e| complain(&e.to_string()));
    }
    Ok(exit(&report))
}

/// What differs outweighs what could not be compared.
fn exit(report: &Report) -> Exit {
    if !report.differences().is_empty() {
        return Exit::Invalid;
    }
    report.unread().first().map_or(Exit::Done, |e| e.kind().into())
}

fn json(places: &(Place, Place), report: &Report) -> Result<Json> {
    let differences = report.differences().iter().map(difference).collect::<Result<Vec<_>>>()?;
    let unread = report.unread().iter().map(super::fault);
    Ok(Json::Object(vec![
        ("left", places.0.to_string().into()),
        ("right", places.1.to_string().into()),
        ("same", report.is_same().into()),
        ("compared", report.compared().into()),
        ("differences", differences.into()),
        ("unread", unread.collect::<Vec<_>>().into()),
    ]))
}

fn difference(difference: &Difference) -> Result<Json> {
    let mut object = vec![("name", difference.name.as_str().into())];
    let mut both = |what: &str, left: Json, right: Json| {
        object.extend([("what", what.into()), ("left", left), ("right", right)]);
    };
    match &difference.what {
        What::Missing { side, kind: of } => {
            let side = if *side == Side::Left { "left" } else { "right" };
            object.extend([("what", "missing".into()), ("side", side.into()), ("kind", kind(*of))]);
        }
        What::Kind { left, right } => both("kind", kind(*left), kind(*right)),
        What::Dtype { left, right } => {
            both("dtype", render::descr(left)?, render::descr(right)?);
        }
        What::Shape { left, right } => both("shape", (&**left).into(), (&**right).into()),
        What::Values(unequal) => {
            both("values", unequal.left.as_str().into(), unequal.right.as_str().into());
            object.extend(values(unequal));
        }
        What::Meta { key, left, right } => {
            both("meta", left.clone().into(), right.clone().into());
            object.push(("key", key.as_str().into()));
        }
        What::MetaLines => object.push(("what", "meta lines".into())),
        What::Names { index, left, right } => {
            both("names", left.clone().into(), right.clone().into());
            object.push(("index", (*index).into()));
        }
        What::Labels { index, left, right } => {
            both("labels", left.clone().into(), right.clone().into());
            object.push(("index", (*index).into()));
        }
        What::Content => object.push(("what", "content".into())),
        // Differences to come have their text at least.
        _ => object.push(("what", difference.to_string().into())),
    }
    Ok(Json::Object(object))
}

fn values(unequal: &Unequal) -> [(&'static str, Json); 7] {
    let largest_at = unequal.largest.map(|_| Json::from(&*unequal.largest_at));
    [
        ("count", unequal.count.into()),
        ("total", unequal.total.into()),
        ("first", (&*unequal.first).into()),
        ("field", unequal.field.as_str().into()),
        ("largest", unequal.largest.into()),
        ("largest_at", largest_at.into()),
        ("relative", unequal.relative.into()),
    ]
}

fn kind(kind: NodeKind) -> Json {
    render::kind(kind).into()
}
