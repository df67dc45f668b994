//! Keys of dictionaries and members of sets: no two are equal, and the last one counts.
#![forbid(unsafe_code)]

use crate::value::{Cell, Graph, Node, Run, Visits, key_hash, may_equal, same_key};
use crate::{Error, Result};
use std::collections::HashMap;

/// Few keys are compared one with another.
const FEW: usize = 8;

/// Checks and mends all dictionaries and sets when everything is there.
pub(in crate::pickle) fn finish(graph: &mut Graph) -> Result<()> {
    let visits = &mut Visits::new(graph);
    // Records have the same keys again and again.
    let mut before: Vec<Cell> = Vec::new();
    // Containers that are made of one list share its cells.
    let mut checked: HashMap<(Run, usize), Option<Run>> = HashMap::new();
    for id in 0..graph.nodes.len() {
        let Some(node) = graph.nodes.get(id).copied() else { break };
        let (run, step) = match node {
            Node::Dict(run) => (run, 2),
            Node::Set(run) | Node::FrozenSet(run) => (run, 1),
            _ => continue,
        };
        if run.len() <= step || is_as_before(graph.items(run), step, &mut before) {
            check_keys(graph, graph.items(run).get(..1).unwrap_or_default(), step)?;
            continue;
        }
        let is_long = run.len() / step > FEW;
        let known = if is_long { checked.get(&(run, step)).copied() } else { None };
        let mended = match known {
            Some(mended) => mended,
            None => unique(graph, run, step, visits)?,
        };
        if is_long {
            checked.insert((run, step), mended);
        }
        if let Some(run) = mended {
            let node = match node {
                Node::Dict(_) => Node::Dict(run),
                Node::Set(_) => Node::Set(run),
                _ => Node::FrozenSet(run),
            };
            if let Some(place) = graph.nodes.get_mut(id) {
                *place = node;
            }
            // Others with the same keys have them twice, too.
            before.clear();
        }
    }
    Ok(())
}

/// Whether the keys are those that were found sound just before; remembers them.
fn is_as_before(cells: &[Cell], step: usize, before: &mut Vec<Cell>) -> bool {
    if cells.len() / step > FEW {
        return false;
    }
    let keys = cells.iter().step_by(step);
    if keys.clone().eq(before.iter()) {
        return true;
    }
    before.clear();
    before.extend(keys);
    false
}

fn check_keys(graph: &Graph, cells: &[Cell], step: usize) -> Result<()> {
    for key in cells.iter().step_by(step) {
        if let Some(Node::List(_) | Node::Dict(_) | Node::Set(_) | Node::ByteArray(_)) =
            graph.node(*key)
        {
            let expected = "a key or member that cannot change";
            return Err(Error::corrupt(expected, graph.kind(*key)));
        }
    }
    Ok(())
}

/// The run without what comes again; `None` where nothing does.
fn unique(graph: &mut Graph, run: Run, step: usize, visits: &mut Visits) -> Result<Option<Run>> {
    let cells = graph.items(run);
    check_keys(graph, cells, step)?;
    let repeats = match cells.len() / step {
        0..=FEW => few_repeat(graph, cells, step, visits)?,
        _ => many_repeat(graph, cells, step, visits)?,
    };
    if !repeats {
        return Ok(None);
    }
    let mut kept: Vec<Cell> = Vec::with_capacity(cells.len());
    let mut places: HashMap<u64, Vec<usize>> = HashMap::new();
    for item in cells.chunks_exact(step) {
        let Some(key) = item.first() else { continue };
        let found = places.entry(key_hash(graph, *key, visits)?).or_default();
        let mut twin = None;
        for at in &*found {
            if let Some(other) = kept.get(*at) {
                if same_key(graph, *other, *key, visits)? {
                    twin = Some(*at);
                }
            }
        }
        match twin {
            // As in Python: the first key stays, with the last value.
            Some(at) => {
                if let (Some(place), Some(value)) = (kept.get_mut(at + 1), item.get(1)) {
                    *place = *value;
                }
            }
            None => {
                found.push(kept.len());
                kept.extend_from_slice(item);
            }
        }
    }
    graph.run(&kept).map(Some)
}

fn few_repeat(graph: &Graph, cells: &[Cell], step: usize, visits: &mut Visits) -> Result<bool> {
    for (at, key) in cells.iter().enumerate().step_by(step) {
        visits.spend(graph, *key)?;
        for other in cells.iter().take(at).step_by(step) {
            if key == other
                || (may_equal(graph, *key, *other) && same_key(graph, *key, *other, visits)?)
            {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

fn many_repeat(graph: &Graph, cells: &[Cell], step: usize, visits: &mut Visits) -> Result<bool> {
    let mut hashes = Vec::with_capacity(cells.len() / step);
    for key in cells.iter().step_by(step) {
        hashes.push(key_hash(graph, *key, visits)?);
    }
    hashes.sort_unstable();
    Ok(hashes.windows(2).any(|pair| matches!(pair, [a, b] if a == b)))
}
