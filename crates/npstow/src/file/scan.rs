//! What the pickles in a file of any format name, before anybody loads it.
#![forbid(unsafe_code)]

use super::{Format, OpenOptions, detect};
use crate::pickle::MOST;
use crate::pickle::Scan;
#[cfg(feature = "npz")]
use crate::{Entry, pickle::Verdict};
use crate::{Error, ErrorKind, FileSource, Limits, Result, Source};
use std::path::Path;
use std::sync::Arc;

/// Lists all that the pickles of a file name, whatever the format: pickles and dumps of joblib,
/// packed or not, arrays of objects in NPY, NPZ and folders, the pickles in other members of
/// archives, PyTorch's checkpoints, the values of shelves. Nothing is loaded for it.
///
/// What stands in a member, under a key or in a file beside is told by [`Mention::beside`]; offsets
/// are those there where it is packed or in pieces, else those in the file. The names of storages
/// in PyTorch's checkpoints are harmless.
///
/// ```
/// use npstow::{Array, Limits, Tree, pickle::Verdict};
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("run");
/// std::fs::write(&path, b"cposix\nsystem\n(S'true'\ntR.").unwrap();
/// assert_eq!(npstow::scan(&path, &Limits::default())?.verdict(), Verdict::Code);
/// # Ok::<(), npstow::Error>(())
/// ```
///
/// # Errors
/// `Unsupported` for HDF5, in which there are no pickles; `Corrupt` where an archive or a database
/// cannot be read; `Limit` beyond a million names; `Io`. That a pickle is broken is told in the answer.
///
/// [`Mention::beside`]: crate::pickle::Mention
pub fn scan(path: impl AsRef<Path>, limits: &Limits) -> Result<Scan> {
    let path = path.as_ref();
    let source = || Ok(Arc::new(FileSource::open(path)?) as Arc<dyn Source>);
    of_named(source, path, limits).map_err(|e| e.in_path(path))
}

/// The same of any source. `name` stands for the path, if there is one: databases of `dbm.dumb` and
/// old dumps of joblib have files beside it.
///
/// # Errors
/// As [`scan`].
pub fn scan_source(
    source: Arc<dyn Source>,
    name: impl AsRef<Path>,
    limits: &Limits,
) -> Result<Scan> {
    let name = name.as_ref();
    let place = |e: Error| if name.as_os_str().is_empty() { e } else { e.in_path(name) };
    of_named(|| Ok(source), name, limits).map_err(place)
}

fn of_named(
    source: impl FnOnce() -> Result<Arc<dyn Source>>,
    name: &Path,
    limits: &Limits,
) -> Result<Scan> {
    #[cfg(feature = "shelve")]
    if let Some(files) = crate::shelve::beside(name) {
        return crate::shelve::open_dumb(&files, limits)?.scan();
    }
    if name.is_dir() {
        return of_arrays(&OpenOptions::default().limits(limits.clone()).open(name)?, limits);
    }
    let source = source()?;
    #[cfg(feature = "joblib")]
    if let Some(packing) = crate::packed::sniff(&detect::start(&*source)?) {
        let (unpacked, damage) = crate::packed::unpack_damaged(packing, &*source, limits)?;
        let mut found = of_source(Arc::new(crate::MemorySource::new(unpacked)), name, limits)?;
        found.fault = damage.or(found.fault);
        return Ok(found);
    }
    of_source(source, name, limits)
}

/// What is in a source that is not packed.
fn of_source(source: Arc<dyn Source>, name: &Path, limits: &Limits) -> Result<Scan> {
    let start = detect::start(&*source)?;
    #[cfg(feature = "shelve")]
    if crate::shelve::sniff(&start) {
        return crate::shelve::Shelf::open(source, &start, limits)?.scan();
    }
    #[cfg(feature = "npz")]
    if start.starts_with(b"PK\x03\x04") || start.starts_with(b"PK\x05\x06") {
        return of_archive(source, limits);
    }
    let found = of_pickle(Arc::clone(&source), name, limits);
    let is_other = found.as_ref().is_err_and(|e| e.kind() == ErrorKind::Unsupported);
    let has_fault = found.as_ref().is_ok_and(|scan| scan.fault.is_some());
    if is_other || has_fault {
        // It may be a file of another format, which begins with opcodes like any bytes.
        match detect::detect(&*source, name, &start) {
            Ok(Format::Npy) => {
                let options = OpenOptions::default().limits(limits.clone());
                return of_arrays(&options.open_source(source, name)?, limits);
            }
            Ok(Format::Pickle | Format::Joblib | Format::Torch) | Err(_) => {}
            Ok(other) => {
                return Err(Error::unsupported(format_args!("scanning the format {other}")));
            }
        }
    }
    found
}

#[cfg(feature = "joblib")]
fn of_pickle(source: Arc<dyn Source>, name: &Path, limits: &Limits) -> Result<Scan> {
    crate::joblib::scan_unpacked(source, name.parent(), limits)
}

#[cfg(not(feature = "joblib"))]
fn of_pickle(source: Arc<dyn Source>, _: &Path, limits: &Limits) -> Result<Scan> {
    crate::pickle::scan(source, limits)
}

/// The arrays of objects of a file.
fn of_arrays(file: &super::File, limits: &Limits) -> Result<Scan> {
    let mut all = Scan::default();
    for node in file.arrays()? {
        let entry = node.entry()?;
        if entry.is_objects() {
            take(&mut all, entry.scan(limits)?, node.name())?;
        }
    }
    Ok(all)
}

/// Adds what was found in a part of the file.
fn take(all: &mut Scan, found: Scan, name: &str) -> Result<()> {
    let from = all.mentions.len();
    all.mentions.extend(found.mentions);
    if !name.is_empty() {
        let name: Arc<str> = name.into();
        let new = all.mentions.iter_mut().skip(from);
        new.filter(|mention| mention.beside.is_none())
            .for_each(|mention| mention.beside = Some(name.clone()));
    }
    all.pickles += found.pickles;
    if all.fault.is_none() {
        all.fault = found.fault.map(|e| e.in_member(name));
    }
    match all.mentions.len() > MOST {
        true => Err(Error::limit("a number of names", MOST as u64, "more")),
        false => Ok(()),
    }
}

/// Members that are pickles by their name: whoever loads the archive knows them.
#[cfg(feature = "npz")]
const PICKLE: &str = ".pkl";

/// Arrays of objects, and all other members that may be pickles.
#[cfg(feature = "npz")]
fn of_archive(source: Arc<dyn Source>, limits: &Limits) -> Result<Scan> {
    let archive = crate::npz::open_source(source, limits)?;
    let mut all = Scan::default();
    for name in archive.names() {
        let entry = archive.entry(name)?;
        if archive.is_array(name)? {
            if entry.is_objects() {
                take(&mut all, entry.scan(limits)?, name)?;
            }
            continue;
        }
        let is_pickle = name.ends_with(PICKLE);
        let Some(found) = of_member(&entry, is_pickle, limits)? else { continue };
        take(&mut all, found, name)?;
        // PyTorch runs the code beside it.
        if name.ends_with("/constants.pkl") && all.fault.is_none() {
            let what = "the code of TorchScript, which PyTorch runs";
            all.fault = Some(Error::unsupported(what).in_member(name));
        }
    }
    Ok(all)
}

/// A member that is no array; of one that does not say that it is a pickle, what it names.
#[cfg(feature = "npz")]
fn of_member(entry: &Entry, is_pickle: bool, limits: &Limits) -> Result<Option<Scan>> {
    let (source, start): (Arc<dyn Source>, u64) = match entry.offset() {
        Some(offset) => {
            let part =
                crate::PartSource::new(Arc::clone(entry.source()), offset, entry.nbytes() as u64)?;
            (Arc::new(part), offset)
        }
        None => (Arc::new(crate::MemorySource::new(entry.read()?.buffer().clone())), 0),
    };
    let mut first = [0; 2];
    let begins = source.read_into(0, &mut first).is_ok() && matches!(first, [0x80, 0..=5]);
    let mut found = match crate::pickle::scan(source, limits) {
        Err(e) if e.kind() == ErrorKind::Unsupported && !is_pickle => return Ok(None),
        found => found?,
    };
    // Any bytes begin with opcodes, and any words with a name.
    let is_said = found.fault.is_none() || begins || found.verdict() == Verdict::Code;
    if !is_pickle && (found.mentions.is_empty() || !is_said) {
        return Ok(None);
    }
    found.mentions.iter_mut().for_each(|mention| mention.offset += start);
    Ok(Some(found))
}

#[cfg(test)]
#[cfg(all(feature = "torch", feature = "shelve"))]
mod tests {
    use super::*;
    use crate::pickle::{Mention, Named};
    use crate::{MemorySource, npz};

    const OS: &[u8] = b"cos\nsystem\n(S'x'\ntR.";

    fn found(bytes: &[u8]) -> (Scan, Vec<(String, String)>) {
        let source = Arc::new(MemorySource::new(bytes.to_vec()));
        let scan = scan_source(source, "x", &Limits::default()).unwrap();
        let one = |mention: &Mention| match &mention.what {
            Named::Global { module, name } => Some((
                format!("{module}.{name}"),
                mention.beside.as_deref().unwrap_or_default().to_owned(),
            )),
            _ => None,
        };
        let names = scan.mentions.iter().filter_map(one).collect();
        (scan, names)
    }

    fn archive(members: &[(&str, &[u8])], level: Option<u8>) -> Vec<u8> {
        let options = npz::WriteOptions::default();
        let options = level.map_or(options.clone(), |level| options.compress(level));
        let mut writer = npz::Writer::new(Vec::new(), &options).unwrap();
        for (name, content) in members {
            writer.add_bytes(name, content).unwrap();
        }
        writer.finish().unwrap()
    }

    #[test]
    fn checkpoints_name_their_classes_and_storages() {
        for bytes in [
            &include_bytes!("../../../../corpus/torch/views-zip.pt")[..],
            include_bytes!("../../../../corpus/torch/views-old.pt"),
        ] {
            let (scan, names) = found(bytes);
            assert_eq!(scan.verdict(), Verdict::Harmless, "{:?}", scan.mentions);
            assert!(
                scan.fault.is_none()
                    && names.iter().any(|(name, _)| name.ends_with("_rebuild_tensor_v2"))
            );
            let storages = scan.mentions.iter().filter(|m| matches!(m.what, Named::Persistent(_)));
            assert!(storages.count() > 0);
        }
    }

    #[test]
    fn members_are_looked_into_whatever_they_are_called() {
        for level in [None, Some(6)] {
            for name in ["a/data.pkl", "odd", "data/0"] {
                let bytes = archive(&[("text.txt", b"cases\n"), (name, OS)], level);
                let (scan, names) = found(&bytes);
                assert_eq!(names, [("os.system".to_owned(), name.to_owned())], "{level:?}");
                assert_eq!(scan.verdict(), Verdict::Code);
                let at = usize::try_from(scan.mentions[0].offset).unwrap();
                assert!(level.is_some() || bytes[at..].starts_with(OS));
            }
        }
        let (scan, names) = found(&archive(&[("words", b"chapter one\ntwo\n")], None));
        assert!(names.is_empty() && scan.fault.is_none() && scan.verdict() == Verdict::Data);
        let (scan, _) = found(&archive(&[("a/data.pkl", b"N."), ("a/constants.pkl", b"N.")], None));
        assert!(scan.fault.unwrap().to_string().contains("TorchScript"));
        let (scan, _) = found(&archive(&[("a/data.pkl", b"N")], None));
        assert_eq!(scan.verdict(), Verdict::Unknown);
    }

    #[test]
    fn shelves_are_looked_into_key_by_key() {
        for bytes in [
            &include_bytes!("../../../../corpus/shelve/small.gdbm")[..],
            include_bytes!("../../../../corpus/shelve/small.sqlite"),
        ] {
            let (scan, _) = found(bytes);
            assert!(scan.pickles >= 30 && scan.fault.is_none() && scan.verdict() == Verdict::Data);
        }
    }
}
