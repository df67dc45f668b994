//! `npstow append`: rows added to a file in place.
#![forbid(unsafe_code)]

use crate::args::Append;
use crate::exit::Exit;
use crate::json::Json;
use crate::place::{Place, check_in_place, not_a};
use crate::progress::Progress;
use crate::render::{self, harmless};
use npstow::{Appender, Entry, Error, Format, Result, Selection, npy};
use std::path::Path;

/// Rows are read and written in pieces of about this size.
const PIECE: usize = 32 << 20;

pub(super) fn run(args: &Append, quiet: bool) -> Result<Exit> {
    check_in_place(&args.target)?;
    let target = Place::new(args.target.as_os_str());
    let is_within = !target.name.is_empty();
    if is_within && target.open(&Progress::none())?.format() != Format::Hdf5 {
        let what = "adding rows within another file: write it anew, and replace it (add --replace)";
        return Err(Error::unsupported(what).in_member(&target.name).in_path(&target.path));
    }
    let place = Place::new(&args.source);
    let node = place.node(&Progress::none())?;
    let source = node.entry()?;
    let in_source = |e: Error| e.in_member(&place.name).in_path(&place.path);
    source.check().map_err(in_source)?;
    if !is_within {
        let there = npy::open(&args.target);
        let there = there.map_err(|e| unfit(&args.target, e))?;
        fits(source.shape(), there.shape()).map_err(|e| e.in_path(&args.target))?;
    }
    let mut target = Appender::open_with(&args.target, args.durability.get())?;
    let shape = [&[target.rows()], target.row_shape()].concat();
    fits(source.shape(), &shape).map_err(|e| e.in_path(&args.target))?;
    let before = target.rows();
    let progress = Progress::new(quiet);
    progress.expect((source.nbytes() as u64).saturating_mul(args.repeat));
    for _ in 0..args.repeat {
        for piece in pieces(&source) {
            let rows = source.read_slice(&piece).map_err(in_source)?;
            target.push(&rows)?;
            progress.add(rows.nbytes() as u64);
        }
        target.commit()?;
    }
    let rows = target.finish()?;
    drop(progress);
    super::say_left_out(&node);
    let path = args.target.to_string_lossy();
    if args.form.json {
        let json = Json::Object(vec![
            ("path", path.as_ref().into()),
            ("rows_before", before.into()),
            ("rows_after", rows.into()),
        ]);
        return super::print(&format!("{json}\n"));
    }
    if quiet {
        return Ok(Exit::Done);
    }
    super::print(&format!("{}: {rows} rows, {} of them new\n", harmless(&path), rows - before))
}

/// Why rows cannot be added to a file as a whole.
fn unfit(path: &Path, error: Error) -> Error {
    match npstow::open(path).map(|file| file.format()) {
        // A dataset of it may grow; the library says how it is named.
        Ok(Format::Hdf5) => Appender::open(path).err().unwrap_or(error),
        _ => not_a(Format::Npy, "adding rows to", path, error),
    }
}

/// Axes are told here: the library also takes one row without the axis of rows, and a file that
/// was named by mistake should not look like one.
fn fits(source: &[usize], target: &[usize]) -> Result<()> {
    let (Some(_), Some((_, row))) = (source.first(), target.split_first()) else {
        return Err(Error::mismatch("arrays with rows", "a 0-d array"));
    };
    if source.get(1..) != Some(row) {
        let lengths: Vec<_> = std::iter::once(&0).chain(row).copied().collect();
        let expected = format!("shape (n{}", &render::shape(&lengths)[2..]);
        return Err(Error::mismatch(expected, format!("shape {}", render::shape(source))));
    }
    Ok(())
}

/// The parts of the source that are read one after another; one empty part where it has no rows,
/// so that its dtype is looked at all the same.
fn pieces(source: &Entry) -> Vec<Selection> {
    let rows = source.shape().first().copied().unwrap_or(0);
    let step = (PIECE / (source.nbytes() / rows.max(1)).max(1)).max(1);
    let index = |at: usize| i64::try_from(at.min(rows)).unwrap_or(i64::MAX);
    let piece = |at: usize| Selection::rows(index(at)..index(at.saturating_add(step)));
    (0..rows.max(1)).step_by(step).map(piece).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use npstow::ErrorKind;

    #[test]
    fn rows_must_be_alike() {
        assert!(fits(&[5, 4, 4], &[2, 4, 4]).is_ok());
        assert!(fits(&[0], &[2]).is_ok());
        for (source, target) in [
            (&[4, 4][..], &[2, 4, 4][..]),
            (&[5, 3], &[2, 4]),
            (&[], &[2]),
            (&[1], &[]),
            (&[], &[]),
        ] {
            let e = fits(source, target).unwrap_err();
            assert_eq!(e.kind(), ErrorKind::Mismatch, "{source:?} {target:?}");
        }
    }
}
