//! `npstow meta`: what is noted beside arrays and groups.
#![forbid(unsafe_code)]

use crate::args::{Meta, MetaAction};
use crate::exit::Exit;
use crate::json::Json;
use crate::place::{Place, check_in_place};
use crate::progress::Progress;
use crate::render::{harmless, harmless_lines};
use npstow::{Durability, Error, Notes, Result, set_notes};
use std::ffi::OsStr;

pub(super) fn run(args: &Meta) -> Result<Exit> {
    match &args.action {
        MetaAction::Get { path, key, form } => get(path, key.as_deref(), form.json),
        MetaAction::Set { path, key, value, durability } => {
            change(path, durability.get(), |notes| notes.meta.set(key, value))
        }
        MetaAction::Rm { path, keys, durability } => change(path, durability.get(), |notes| {
            keys.iter().try_for_each(|key| match notes.meta.remove(key) {
                0 => Err(absent(key)),
                _ => Ok(()),
            })
        }),
    }
}

fn absent(key: &str) -> Error {
    Error::not_found(format!("the key '{}' in the metadata", harmless(key)))
}

fn get(path: &OsStr, key: Option<&str>, json: bool) -> Result<Exit> {
    let place = Place::new(path);
    let notes = place.node(&Progress::none())?.notes()?;
    let Some(key) = key else {
        return match json {
            true => super::print(&format!("{}\n", all(&place, &notes))),
            false => super::print(&ended(&harmless_lines(notes.meta.as_str()))),
        };
    };
    let at = |e: Error| e.in_member(&place.name).in_path(&place.path);
    let value = notes.meta.get(key).ok_or_else(|| at(absent(key)))?;
    match json {
        true => super::print(&format!("{}\n", Json::from(value))),
        false => super::print(&format!("{}\n", harmless(value))),
    }
}

/// The last line of a file may have no end.
fn ended(text: &str) -> String {
    let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    format!("{text}{end}")
}

fn all(place: &Place, notes: &Notes) -> Json {
    let mut meta: Vec<(String, Json)> = Vec::new();
    let mut free = Vec::new();
    for line in notes.meta.lines() {
        let Some((key, value)) = line.split_once(':') else {
            free.push(line.into());
            continue;
        };
        // Where a key stands on several lines the last one counts.
        match meta.iter_mut().find(|(known, _)| known == key) {
            Some((_, old)) => *old = value.into(),
            None => meta.push((key.to_owned(), value.into())),
        }
    }
    let list =
        |texts: &[String]| Json::List(texts.iter().map(|text| text.as_str().into()).collect());
    Json::Object(vec![
        ("path", place.to_string().into()),
        ("meta", Json::Map(meta)),
        ("lines", Json::List(free)),
        ("names", list(&notes.names)),
        ("labels", list(&notes.labels)),
    ])
}

fn change(
    path: &OsStr,
    durability: Durability,
    change: impl FnOnce(&mut Notes) -> Result<()>,
) -> Result<Exit> {
    let place = Place::new(path);
    check_in_place(&place.path)?;
    let node = place.node(&Progress::none())?;
    let mut notes = node.notes()?;
    let at = |e: Error| e.in_member(&place.name).in_path(&place.path);
    change(&mut notes).map_err(at)?;
    set_notes(&place.path, node.name(), &notes, durability)?;
    Ok(Exit::Done)
}
