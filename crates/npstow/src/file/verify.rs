//! Reading everything to see whether it is there and sound.
#![forbid(unsafe_code)]

use super::{File, Node, OpenOptions};
use crate::container::Fault;
use crate::error::quoted;
use crate::{Data, Dtype, Entry, Error, Kind, Result};
use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

/// Reads all of a file: structure, sizes, and values that have invalid patterns.
///
/// Returns what it found; nothing where all is well. Memory stays bounded.
///
/// ```
/// use npstow::{Array, Tree};
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("x.npy");
/// npstow::save(&path, &Tree::from(Array::from_vec(vec![true, false])))?;
/// assert!(npstow::verify(&path)?.is_empty());
/// # let io = |e| npstow::Error::io("damaging", e);
/// let mut bytes = std::fs::read(&path).map_err(io)?;
/// bytes[129] = 7; // no boolean
/// std::fs::write(&path, bytes).map_err(io)?;
/// assert_eq!(npstow::verify(&path)?.len(), 1);
/// # Ok::<(), npstow::Error>(())
/// ```
///
/// # Errors
/// As [`open`](crate::open()): a file that cannot be opened has no faults to list.
pub fn verify(path: impl AsRef<Path>) -> Result<Vec<Fault>> {
    OpenOptions::default().open(path)?.verify()
}

impl File {
    /// As [`verify()`], for a file that is open.
    ///
    /// # Errors
    /// Where the names cannot be read.
    pub fn verify(&self) -> Result<Vec<Fault>> {
        let mut faults = Vec::new();
        self.0.container.check(&mut faults);
        for fault in &mut faults {
            if let Fault::Error(e) = fault {
                let known = std::mem::replace(e, Error::invalid(""));
                *e = known.in_path(self.path());
            }
        }
        let mut told = HashSet::new();
        for node in self.leaves()? {
            if check(&node, &mut faults) {
                told.insert(node.name().to_owned());
            }
        }
        let others = self.left_out().into_iter().filter(|(path, _)| !told.contains(path));
        faults.extend(others.map(|(path, why)| note(&path, &why)));
        Ok(faults)
    }
}

fn note(path: &str, why: &str) -> Fault {
    Fault::Note(format!("{}: {why}", quoted(path)))
}

/// Checks an array; whether parts of it were left out, each of which is told.
fn check(node: &Node, faults: &mut Vec<Fault>) -> bool {
    let place = |e: Error| Fault::Error(e.in_member(node.name()).in_path(node.file().path()));
    match node.entry() {
        Ok(entry) => {
            check_entry(node, &entry, faults, &place);
            let parts = entry.left_out();
            faults.extend(parts.iter().map(|why| note(node.name(), why)));
            !parts.is_empty()
        }
        Err(e) => {
            faults.push(place(e));
            false
        }
    }
}

fn check_entry(
    node: &Node,
    entry: &Entry,
    faults: &mut Vec<Fault>,
    place: &dyn Fn(Error) -> Fault,
) {
    #[cfg(feature = "pickle")]
    if matches!(entry.data(), Data::Value(_)) {
        // The whole graph was read when the file was opened.
        return;
    }
    #[cfg(feature = "pickle")]
    if entry.is_objects() {
        return match check_objects(entry) {
            Ok(note) => faults.extend(note.map(Fault::Note)),
            Err(e) => faults.push(place(e)),
        };
    }
    let sound = check_values(entry).map_err(|e| faults.push(place(e))).is_ok();
    #[cfg(feature = "npy")]
    if sound && node.file().format() == super::Format::Npy {
        follow(entry, faults, place);
    }
}

/// Reads objects, and long strings among them; what comes behind their pickle is worth a note.
#[cfg(feature = "pickle")]
fn check_objects(entry: &Entry) -> Result<Option<String>> {
    let read = entry.read_objects()?;
    read.value.check()?;
    let note = || format!("{} bytes behind the data, from byte {} on", read.behind, read.end);
    Ok((read.behind > 0).then(note))
}

/// Reads every element; booleans must be 0 or 1.
fn check_values(entry: &Entry) -> Result<()> {
    if let Data::Varied(varied) = entry.data() {
        return varied.each_digested(&mut |_| {});
    }
    let booleans = has_booleans(entry.dtype());
    let itemsize = entry.dtype().itemsize();
    // Of what is packed, offsets count from the first element.
    let mut offset = entry.offset().unwrap_or_default();
    for piece in entry.pieces(entry.order())? {
        let piece = piece?;
        let bytes = piece.bytes().unwrap_or_default();
        let items = bytes.chunks_exact(itemsize.max(1)).enumerate();
        for (i, item) in items.take_while(|_| booleans) {
            if let Some(at) = no_boolean(entry.dtype(), item) {
                let error = Error::corrupt("a boolean of 0 or 1", item.get(at).unwrap_or(&0));
                return Err(error.at(offset + (i * itemsize + at) as u64));
            }
        }
        offset += bytes.len() as u64;
    }
    Ok(())
}

fn has_booleans(dtype: &Dtype) -> bool {
    match dtype {
        Dtype::Scalar(scalar) => scalar.kind() == Kind::Bool,
        Dtype::Array(base, _) => has_booleans(base),
        Dtype::Record(record) => record.fields().iter().any(|f| has_booleans(f.dtype())),
    }
}

/// Where in an item a boolean is neither 0 nor 1. Walks the dtype for each item: a plan of all
/// places could be as long as a hostile header likes.
fn no_boolean(dtype: &Dtype, item: &[u8]) -> Option<usize> {
    match dtype {
        Dtype::Scalar(scalar) if scalar.kind() == Kind::Bool => {
            item.first().filter(|&&byte| byte > 1).map(|_| 0)
        }
        Dtype::Scalar(_) => None,
        Dtype::Array(base, _) => {
            let step = base.itemsize().max(1);
            let mut items = item.chunks_exact(step).enumerate();
            items.find_map(|(i, item)| no_boolean(base, item).map(|at| i * step + at))
        }
        Dtype::Record(record) => record.fields().iter().find_map(|field| {
            let start = field.offset();
            let bytes = item.get(start..start + field.dtype().itemsize())?;
            no_boolean(field.dtype(), bytes).map(|at| start + at)
        }),
    }
}

/// What stands behind the array in an NPY file: nothing, more arrays, or bytes that NumPy leaves
/// alone.
#[cfg(feature = "npy")]
fn follow(entry: &Entry, faults: &mut Vec<Fault>, place: &dyn Fn(Error) -> Fault) {
    let mut entry = entry.clone();
    while let Data::Raw { offset } = entry.data() {
        let end = offset + entry.nbytes() as u64;
        let source = Arc::clone(entry.source());
        let rest = source.len().saturating_sub(end);
        let start = source.read(end, usize::try_from(rest.min(6)).unwrap_or(0));
        if rest == 0 {
            return;
        }
        if !start.is_ok_and(|bytes| crate::npy::sniff(&bytes)) {
            let note = format!("{rest} bytes behind the data, from byte {end} on");
            return faults.push(Fault::Note(note));
        }
        let next = crate::PartSource::new(source, end, rest)
            .and_then(|part| crate::npy::open_source(Arc::new(part), &crate::Limits::default()))
            .and_then(|next| check_values(&next).map(|()| next));
        match next {
            Ok(next) => {
                faults.push(Fault::Note(format!("another array behind the data, at byte {end}")));
                // Offsets of the next one count from its own start; go on from there.
                entry = next;
            }
            Err(e) => return faults.push(place(e.shift(end))),
        }
    }
}
