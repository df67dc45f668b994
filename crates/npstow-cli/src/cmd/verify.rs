//! `npstow verify`: reads everything, and says what is wrong with it.
#![forbid(unsafe_code)]

use crate::args::Verify;
use crate::exit::{Exit, complain};
use crate::json::Json;
use crate::place::Place;
use crate::progress::Progress;
use crate::render::harmless;
use npstow::{Error, Fault, Result};
use std::fmt::Write;

pub(super) fn run(args: &Verify, quiet: bool) -> Result<Exit> {
    let place = Place::new(&args.path);
    if !place.name.is_empty() {
        return Err(Error::invalid("verify takes a whole file").in_path(&place.path));
    }
    let progress = Progress::new(quiet);
    let checked = check(&place, &progress);
    drop(progress);
    let found = match checked {
        Ok(found) => found,
        // A file that does not even open has that one fault.
        Err(e) if args.form.json && Exit::from(e.kind()) == Exit::Invalid => vec![Fault::Error(e)],
        Err(e) => return Err(e),
    };
    let exit = worst(&found);
    if args.form.json {
        super::print(&format!("{}\n", json(&place, exit, &found)))?;
        return Ok(exit);
    }
    let mut notes = String::new();
    let path = place.path.to_string_lossy();
    for fault in &found {
        match fault {
            Fault::Error(e) => complain(&e.to_string()),
            Fault::Note(note) => drop(writeln!(notes, "{}", harmless(&format!("{path}: {note}")))),
            other => complain(&format!("{path}: {other:?}")),
        }
    }
    if !quiet {
        super::print(&notes)?;
    }
    Ok(exit)
}

fn check(place: &Place, progress: &Progress) -> Result<Vec<Fault>> {
    let file = place.open(progress)?;
    let sizes =
        file.arrays()?.into_iter().map(|node| node.entry().map_or(0, |e| e.nbytes() as u64));
    progress.expect(sizes.sum());
    file.verify()
}

/// Invalid data outweigh data that could not be judged; notes weigh nothing.
fn worst(found: &[Fault]) -> Exit {
    Exit::worst(found.iter().map(|fault| match fault {
        Fault::Error(e) => Exit::from(e.kind()),
        Fault::Note(_) => Exit::Done,
        _ => Exit::Invalid,
    }))
}

fn json(place: &Place, exit: Exit, found: &[Fault]) -> Json {
    let (mut faults, mut notes) = (Vec::new(), Vec::new());
    for fault in found {
        match fault {
            Fault::Note(note) => notes.push(note.as_str().into()),
            Fault::Error(e) => faults.push(super::fault(e)),
            other => faults.push(format!("{other:?}").into()),
        }
    }
    Json::Object(vec![
        ("path", place.path.to_string_lossy().into_owned().into()),
        ("valid", (exit == Exit::Done).into()),
        ("faults", faults.into()),
        ("notes", notes.into()),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damage_outweighs_what_is_not_read() {
        let corrupt = || Fault::Error(Error::corrupt("a", "b"));
        let unread = || Fault::Error(Error::unsupported("a"));
        let note = || Fault::Note("a".to_owned());
        assert_eq!(worst(&[]), Exit::Done);
        assert_eq!(worst(&[note()]), Exit::Done);
        assert_eq!(worst(&[note(), unread()]), Exit::Failed);
        assert_eq!(worst(&[unread(), corrupt(), unread()]), Exit::Invalid);
    }
}
