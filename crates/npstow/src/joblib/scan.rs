//! What a dump names, before anybody loads it.
#![forbid(unsafe_code)]

use super::reader::unpacked;
use super::side::Folder;
use super::wrapper::Wrappers;
use crate::pickle::{self, Mention, Scan, Verdict, scan_beside};
use crate::{Error, Limits, MemorySource, Result, Source, packed};
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
/// As [`pickle::scan`].
// By value, as all that is read from a source.
#[allow(clippy::needless_pass_by_value)]
pub fn scan(source: Arc<dyn Source>, folder: Option<&Path>, limits: &Limits) -> Result<Scan> {
    let (source, damage) = match unpacked(Arc::clone(&source), limits) {
        Ok(unpacked) => (unpacked, None),
        Err(e) => match in_front_of_damage(&*source, limits)? {
            Some(source) => (source, Some(e)),
            None => return Err(e),
        },
    };
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
    scan.fault = damage.or(scan.fault);
    Ok(scan)
}

/// What can be unpacked of a damaged dump, if that is what it is.
fn in_front_of_damage(source: &dyn Source, limits: &Limits) -> Result<Option<Arc<dyn Source>>> {
    let len = usize::try_from(source.len()).map_or(16, |len| len.min(16));
    let start = source.read(0, len).map_err(|e| Error::io("reading the first bytes", e).at(0))?;
    let Some(packing) = packed::sniff(&start) else { return Ok(None) };
    let bytes = packed::unpack_damaged(packing, source, limits)?;
    Ok(Some(Arc::new(MemorySource::new(bytes))))
}
