//! Checkpoints of PyTorch before 1.6: five pickles, and the storages behind them.
#![forbid(unsafe_code)]

use super::rebuild::{Places, Storage, rebuild, storages};
use crate::pickle::{Done, Options, Pickle, run};
use crate::value::Graph;
use crate::{Error, Limits, Order, Result, Source};
use std::collections::HashMap;
use std::sync::Arc;

/// The first pickle is this number, 0x1950a86a20f9469cfc6c.
const MAGIC: &[u8] = b"\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.";

/// The second one.
const PROTOCOL: i64 = 1001;

/// Whether a file begins as such a checkpoint, in whatever protocol of pickles.
pub(crate) fn sniff(start: &[u8]) -> bool {
    match start {
        // pickletools FRAME: protocol 4 may put what follows into one.
        [0x80, 4..=5, 0x95, _, _, _, _, _, _, _, _, rest @ ..] | [0x80, _, rest @ ..] => {
            rest.starts_with(MAGIC)
        }
        _ => false,
    }
}

pub(super) fn open(source: &Arc<dyn Source>, limits: &Limits) -> Result<Pickle> {
    let options = Options::default().limits(limits.clone());
    let next = |offset: u64| run(Arc::clone(source), offset, &options);
    let magic = next(0)?;
    let version = next(magic.end)?;
    if version.graph.int(version.top) != Some(PROTOCOL) {
        let what = format!("a checkpoint of a version that is not {PROTOCOL}");
        return Err(Error::unsupported(what).at(magic.end));
    }
    // What machine it was: elements and lengths are little-endian, whatever it says.
    let system = next(version.end)?;
    let Done { mut graph, top, end, .. } = next(system.end)?;
    let keys = next(end)?;
    let named = storages(&graph, Order::Little)?;
    let (places, behind) = places(&graph, &named, &keys, &**source)?;
    rebuild(&mut graph, &places, Order::Little)?;
    Pickle::made(graph, top, limits, behind, source.len())
}

/// Where the storages are, and where the last one ends: they stand in the order of their keys,
/// each behind the number of its elements.
fn places(
    graph: &Graph,
    named: &HashMap<String, Storage>,
    keys: &Done,
    source: &dyn Source,
) -> Result<(Places, u64)> {
    let list = keys.graph.sequence(keys.top);
    let wrong = || Error::corrupt("a list of keys", keys.graph.kind(keys.top));
    let list = list.ok_or_else(|| wrong().at(keys.end))?;
    let mut places = Places::new();
    let mut at = keys.end;
    for key in list {
        let key = keys.graph.text(*key).ok_or_else(|| wrong().at(keys.end))?;
        let Some(storage) = named.get(key) else {
            // How long its elements are is nowhere else.
            let unknown =
                graph.nodes.iter().any(|node| matches!(node, crate::value::Node::Persistent(_)));
            return Err(match unknown {
                true => Error::unsupported("a storage of a type that NumPy has not").at(at),
                false => Error::corrupt("the key of a storage", "another one").at(at),
            });
        };
        let mut count = [0; 8];
        source.read_into(at, &mut count).map_err(|e| Error::io("reading a length", e).at(at))?;
        if u64::from_le_bytes(count) != storage.count {
            let expected = format!("a storage of {} elements", storage.count);
            return Err(Error::corrupt(expected, u64::from_le_bytes(count)).at(at));
        }
        let (start, nbytes) = (at.saturating_add(8), storage.nbytes()?);
        let end = start.checked_add(nbytes).filter(|end| *end <= source.len());
        let Some(end) = end else {
            let expected = format!("{nbytes} bytes of a storage");
            let found = format!("the end after {}", source.len().saturating_sub(start));
            return Err(Error::corrupt(expected, found).at(start));
        };
        if places.insert(key.to_owned(), start).is_some() {
            return Err(Error::corrupt("one storage of a key", "two").at(at));
        }
        at = end;
    }
    Ok((places, at))
}
