//! `npstow counts`: rows of arrays and values of metadata, a line for each group.
#![forbid(unsafe_code)]

use crate::args::Counts;
use crate::exit::Exit;
use crate::json::Json;
use crate::place::Place;
use crate::progress::Progress;
use crate::render;
use crate::table::Align;
use npstow::trees::{Glob, Table, counts, metadata};
use npstow::{Error, Result, Tree};

pub(super) fn run(args: &Counts) -> Result<Exit> {
    let place = Place::new(&args.path);
    let tree = place.node(&Progress::none())?.to_tree()?;
    let rows = counts(&tree, &args.names);
    if rows.columns().is_empty() && !args.names.is_empty() {
        let names: Vec<&str> = args.names.iter().map(Glob::as_str).collect();
        let what = format!("an array of the name '{}'", names.join(","));
        return Err(Error::not_found(what).in_member(&place.name).in_path(&place.path));
    }
    let meta = (!args.meta.is_empty()).then(|| metadata(&tree, &args.meta));
    if args.form.json {
        return super::print(&format!("{}\n", json(&place, &rows, meta.as_ref())));
    }
    let mut text = text(&rows, &tree);
    if let Some(meta) = meta.filter(|meta| !meta.columns().is_empty()) {
        text.push('\n');
        text.push_str(&table("NAME", &meta, Align::Left, String::clone));
    }
    super::print(&text)
}

fn total(rows: &Table<usize>, at: usize) -> usize {
    rows.rows()
        .filter_map(|(_, cells)| cells.get(at).copied().flatten())
        .fold(0, usize::saturating_add)
}

fn text(rows: &Table<usize>, tree: &Tree) -> String {
    let mut text = table("GROUP", rows, Align::Right, ToString::to_string);
    // One line needs no sum.
    if rows.rows().len() > 1 && tree.get("").is_none() {
        let sums = (0..rows.columns().len()).map(|at| total(rows, at).to_string());
        let mut lines = lines("GROUP", rows, ToString::to_string);
        lines.push(std::iter::once("total".to_owned()).chain(sums).collect());
        text = crate::table::aligned(&lines, |at| if at == 0 { Align::Left } else { Align::Right });
    }
    text
}

fn lines<T>(head: &str, table: &Table<T>, cell: impl Fn(&T) -> String) -> Vec<Vec<String>> {
    let head = std::iter::once(head.to_owned());
    let mut lines: Vec<Vec<String>> =
        vec![head.chain(table.columns().iter().map(|c| render::harmless(c))).collect()];
    for (path, cells) in table.rows() {
        // What was asked for itself, whatever its name: columns stay narrow.
        let path = if path.is_empty() { "." } else { path };
        let name = std::iter::once(render::harmless(path));
        let cells = cells.iter().map(|value| {
            value.as_ref().map_or_else(|| "-".to_owned(), |v| render::harmless(&cell(v)))
        });
        lines.push(name.chain(cells).collect());
    }
    lines
}

fn table<T>(head: &str, table: &Table<T>, align: Align, cell: impl Fn(&T) -> String) -> String {
    let lines = lines(head, table, cell);
    crate::table::aligned(&lines, |at| if at == 0 { Align::Left } else { align })
}

fn json(place: &Place, rows: &Table<usize>, meta: Option<&Table<String>>) -> Json {
    let totals =
        rows.columns().iter().enumerate().map(|(at, name)| (name.clone(), total(rows, at).into()));
    let mut object = vec![
        ("path", place.to_string().into()),
        ("groups", groups(rows, "counts", |n| (*n).into())),
        ("totals", Json::Map(totals.collect())),
    ];
    if let Some(meta) = meta {
        object.push(("metadata", groups(meta, "values", |value| value.as_str().into())));
    }
    Json::Object(object)
}

fn groups<T>(table: &Table<T>, what: &'static str, value: impl Fn(&T) -> Json) -> Json {
    let row = |(path, cells): (&str, &[Option<T>])| {
        let there = table.columns().iter().zip(cells);
        let there = there.filter_map(|(name, cell)| Some((name.clone(), value(cell.as_ref()?))));
        Json::Object(vec![("name", path.into()), (what, Json::Map(there.collect()))])
    };
    Json::List(table.rows().map(row).collect())
}
