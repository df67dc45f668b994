//! Reading everything to see whether it is there and sound.
#![forbid(unsafe_code)]

use super::{File, Node, OpenOptions};
use crate::container::Fault;
use crate::error::quoted;
use crate::{Data, Dtype, Entry, Error, Kind, Order, Result};
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
        #[cfg(feature = "npy")]
        if self.format() == super::Format::Npy {
            // What is behind the array is looked at with it.
            told.insert(String::new());
        }
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
    Fault::Note(match path {
        "" => why.to_owned(),
        _ => format!("{}: {why}", quoted(path)),
    })
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
    if sound && matches!(node.file().format(), super::Format::Npy | super::Format::Folder) {
        follow(node.name(), entry, faults, place);
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

/// Reads every element: booleans must be 0 or 1, and text of code points that there are.
fn check_values(entry: &Entry) -> Result<()> {
    if let Data::Varied(varied) = entry.data() {
        return varied.each_digested(&mut |_| {});
    }
    let is_checked = has_invalid(entry.dtype());
    let itemsize = entry.dtype().itemsize();
    // Of what is packed, offsets count from the first element.
    let mut offset = entry.offset().unwrap_or_default();
    for piece in entry.pieces(entry.order())? {
        let piece = piece?;
        let bytes = piece.bytes().unwrap_or_default();
        let items = bytes.chunks_exact(itemsize.max(1)).enumerate();
        for (i, item) in items.take_while(|_| is_checked) {
            if let Some((at, error)) = invalid(entry.dtype(), item) {
                return Err(error.at(offset + (i * itemsize + at) as u64));
            }
        }
        offset += bytes.len() as u64;
    }
    Ok(())
}

/// Whether there are bytes that are no value of the dtype.
fn has_invalid(dtype: &Dtype) -> bool {
    match dtype {
        Dtype::Scalar(scalar) => matches!(scalar.kind(), Kind::Bool | Kind::Str),
        Dtype::Array(base, _) => has_invalid(base),
        Dtype::Record(record) => record.fields().iter().any(|f| has_invalid(f.dtype())),
    }
}

/// Where in an item a boolean is neither 0 nor 1, or a code point beyond Unicode. Walks the dtype
/// for each item: a plan of all places could be as long as a hostile header likes.
fn invalid(dtype: &Dtype, item: &[u8]) -> Option<(usize, Error)> {
    match dtype {
        Dtype::Scalar(scalar) if scalar.kind() == Kind::Bool => {
            let byte = item.first().filter(|&&byte| byte > 1)?;
            Some((0, Error::corrupt("a boolean of 0 or 1", byte)))
        }
        Dtype::Scalar(scalar) if scalar.kind() == Kind::Str => {
            let code = |four: &[u8]| {
                let four = four.try_into().unwrap_or_default();
                match scalar.order() {
                    Order::Big => u32::from_be_bytes(four),
                    _ => u32::from_le_bytes(four),
                }
            };
            // NumPy lets surrogates be.
            let mut codes = item.chunks_exact(4).map(code).enumerate();
            let (i, code) = codes.find(|&(_, code)| code > u32::from(char::MAX))?;
            Some((4 * i, Error::corrupt("a code point up to 10ffff", format_args!("{code:x}"))))
        }
        Dtype::Scalar(_) => None,
        Dtype::Array(base, _) => {
            let step = base.itemsize().max(1);
            let mut items = item.chunks_exact(step).enumerate();
            items.find_map(|(i, item)| {
                let (at, error) = invalid(base, item)?;
                Some((i * step + at, error))
            })
        }
        Dtype::Record(record) => record.fields().iter().find_map(|field| {
            let start = field.offset();
            let bytes = item.get(start..start + field.dtype().itemsize())?;
            let (at, error) = invalid(field.dtype(), bytes)?;
            Some((start + at, error))
        }),
    }
}

/// What stands behind the array of an NPY file, or of one in a folder: nothing, more arrays, or
/// bytes that NumPy leaves alone.
#[cfg(feature = "npy")]
fn follow(name: &str, entry: &Entry, faults: &mut Vec<Fault>, place: &dyn Fn(Error) -> Fault) {
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
            return faults
                .push(note(name, &format!("{rest} bytes behind the data, from byte {end} on")));
        }
        let next = crate::PartSource::new(source, end, rest)
            .and_then(|part| crate::npy::open_source(Arc::new(part), &crate::Limits::default()))
            .and_then(|next| check_values(&next).map(|()| next));
        match next {
            Ok(next) => {
                faults.push(note(name, &format!("another array behind the data, at byte {end}")));
                // Offsets of the next one count from its own start; go on from there.
                entry = next;
            }
            Err(e) => return faults.push(place(e.shift(end))),
        }
    }
}
