//! What a dump names, before anybody loads it.
#![forbid(unsafe_code)]

use super::reader::beginning;
use super::side::Folder;
use super::wrapper::Wrappers;
use crate::pickle::{self, Mention, Scan, Verdict, scan_beside};
use crate::{Limits, MemorySource, Result, Source, packed};
use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

/// Lists all that a dump names, packed or not, and the pickles in it and in the files beside it,
/// which are looked for in `folder`. Nothing is loaded for it. A pickle without anything of
/// joblib's is listed as by [`pickle::scan`].
///
/// The elements of arrays between the opcodes are no opcodes for joblib, but they are for
/// `pickle.load`: what that would meet in them before it fails is listed as well, behind the rest.
///
/// ```
/// use npstow::{MemorySource, joblib, pickle};
/// let bytes = b"cposix\nsystem\n(S'true'\ntR.".to_vec();
/// let source = std::sync::Arc::new(MemorySource::new(bytes));
/// let scan = joblib::scan(source, None, &Default::default())?;
/// assert_eq!((scan.mentions[0].offset, scan.verdict()), (0, pickle::Verdict::Code));
/// # Ok::<(), npstow::Error>(())
/// ```
///
/// Of a packed dump that is damaged, what comes out of it in front of the damage is looked into:
/// joblib runs that first.
///
/// # Errors
/// As [`pickle::scan`]; `Limit` for what unpacks to too much.
pub fn scan(source: Arc<dyn Source>, folder: Option<&Path>, limits: &Limits) -> Result<Scan> {
    let start = beginning(&*source)?;
    let Some(packing) = packed::sniff(&start) else {
        return scan_unpacked(source, folder, limits);
    };
    let (unpacked, damage) = packed::unpack_damaged(packing, &*source, limits)?;
    let mut scan = scan_unpacked(Arc::new(MemorySource::new(unpacked)), folder, limits)?;
    scan.fault = damage.or(scan.fault);
    Ok(scan)
}

/// The same of what is not packed.
pub(crate) fn scan_unpacked(
    source: Arc<dyn Source>,
    folder: Option<&Path>,
    limits: &Limits,
) -> Result<Scan> {
    let mut wrappers = Wrappers::new(Folder::new(folder));
    let mut scan = scan_beside(Arc::clone(&source), limits, Some(&mut wrappers))?;
    if wrappers.met > 0 {
        let plain = pickle::scan(source, limits)?;
        let known: HashSet<_> = scan.mentions.iter().map(|m| (m.offset, m.depth)).collect();
        let named: HashSet<_> = scan.mentions.iter().map(|m| (m.offset, m.what.clone())).collect();
        // In the pickle of an array of objects the same opcodes are read, with another memory: what
        // they name is nonsense, unless somebody has seen to it that it is not.
        let is_new = |m: &Mention| match known.contains(&(m.offset, m.depth)) {
            true => m.verdict == Verdict::Code && !named.contains(&(m.offset, m.what.clone())),
            false => true,
        };
        scan.mentions.extend(plain.mentions.into_iter().filter(is_new));
    }
    Ok(scan)
}
