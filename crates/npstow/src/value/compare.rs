//! Which keys are equal in Python's sense, and what that costs.
//!
//! `1`, `1.0` and `True` are one key, tuples are equal where their items are, and what has no
//! equality that npstow knows is equal to itself alone.
#![forbid(unsafe_code)]

use super::graph::{Cell, Content, Graph, Node};
use super::integer::{of_float, trimmed};
use crate::{Error, Result};
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::OnceLock;

/// So many bytes are looked at in one go.
const PIECE: u64 = 64;

/// How much may be looked at: tuples and the keys of containers may be shared, and so be longer than
/// their file.
#[derive(Debug)]
pub(crate) struct Visits {
    left: u64,
    most: u64,
}

impl Visits {
    /// In proportion to what was read and made.
    pub(crate) fn new(graph: &Graph) -> Self {
        let len = graph.store.files_len().saturating_add(graph.store.aside_len());
        let len = len.saturating_add(graph.cells.len() as u64);
        let most = len.saturating_mul(16).saturating_add(1 << 16);
        Self { left: most, most }
    }

    /// Looks at a key; the longer its text is, the more that is.
    pub(crate) fn spend(&mut self, graph: &Graph, key: Cell) -> Result<()> {
        let len = match graph.node(key) {
            Some(
                Node::Str(span) | Node::WideStr(span) | Node::Bytes(span) | Node::BigInt(span),
            ) => span.len(),
            _ => 0,
        };
        match self.left.checked_sub(1 + len / PIECE) {
            Some(left) => self.left = left,
            None => return Err(Error::limit("a number of comparisons", self.most, "one more")),
        }
        Ok(())
    }
}

fn states() -> &'static [RandomState; 2] {
    static STATES: OnceLock<[RandomState; 2]> = OnceLock::new();
    STATES.get_or_init(|| [RandomState::new(), RandomState::new()])
}

/// A hash that is the same for keys that are equal; nobody can foresee it.
pub(crate) fn key_hash(graph: &Graph, key: Cell, visits: &mut Visits) -> Result<u64> {
    let [first, _] = states();
    hash(graph, key, first, visits)
}

/// Whether two keys of one hash are equal: by another hash, whose bits make it sure.
pub(crate) fn same_key(graph: &Graph, a: Cell, b: Cell, visits: &mut Visits) -> Result<bool> {
    let [_, second] = states();
    Ok(a == b || hash(graph, a, second, visits)? == hash(graph, b, second, visits)?)
}

/// Whether two keys could be equal, told at little cost.
pub(crate) fn may_equal(graph: &Graph, a: Cell, b: Cell) -> bool {
    match (graph.node(a), graph.node(b)) {
        (Some(Node::Str(a)), Some(Node::Str(b))) => {
            a.len() == b.len() && graph.store.held(a) == graph.store.held(b)
        }
        (Some(Node::Str(_)), _) | (_, Some(Node::Str(_))) => false,
        _ => true,
    }
}

fn hash(graph: &Graph, key: Cell, state: &RandomState, visits: &mut Visits) -> Result<u64> {
    let mut hasher = state.build_hasher();
    if put(graph, key, &mut hasher) {
        visits.spend(graph, key)?;
    } else {
        let mut waiting = vec![key];
        while let Some(cell) = waiting.pop() {
            visits.spend(graph, cell)?;
            match graph.node(cell) {
                Some(Node::Tuple(run)) => {
                    (b't', run.len()).hash(&mut hasher);
                    waiting.extend(graph.items(run).iter().rev());
                }
                // The order of members says nothing, so only their hashes are summed up.
                Some(Node::FrozenSet(run)) => {
                    let mut sum = 0_u64;
                    for member in graph.items(run) {
                        visits.spend(graph, *member)?;
                        let mut one = state.build_hasher();
                        if !put(graph, *member, &mut one) {
                            member.hash(&mut one);
                        }
                        sum = sum.wrapping_add(one.finish());
                    }
                    (b'f', run.len(), sum).hash(&mut hasher);
                }
                _ => {
                    put(graph, cell, &mut hasher);
                }
            }
        }
    }
    Ok(hasher.finish())
}

/// Puts what is no container into a hash; says whether it did.
fn put(graph: &Graph, cell: Cell, hasher: &mut impl Hasher) -> bool {
    if let Some(value) = graph.int(cell) {
        (b'i', value).hash(hasher);
        return true;
    }
    let Content::Node(id) = cell.content() else {
        cell.hash(hasher);
        return true;
    };
    match graph.node(cell) {
        // What is not equal to itself is a key by what it is: Python compares that first.
        Some(node) if is_nan(node) => (b'n', id).hash(hasher),
        Some(Node::Float(value)) => put_float(value, hasher),
        Some(Node::Complex(re, 0.0)) => put_float(re, hasher),
        Some(Node::Complex(re, im)) => {
            (b'c', (re + 0.0).to_bits(), (im + 0.0).to_bits()).hash(hasher);
        }
        Some(Node::BigInt(span)) => {
            (b'I', trimmed(graph.store.held(span).unwrap_or_default())).hash(hasher);
        }
        Some(Node::Str(span) | Node::WideStr(span)) => {
            hasher.write(graph.store.held(span).unwrap_or_default());
            hasher.write_u8(b's');
        }
        Some(Node::Bytes(span)) if graph.store.held(span).is_some() => {
            hasher.write(graph.store.held(span).unwrap_or_default());
            hasher.write_u8(b'b');
        }
        Some(Node::Global(_)) => {
            b'g'.hash(hasher);
            graph.name_in(cell, 3).hash(hasher);
        }
        Some(Node::Tuple(_) | Node::FrozenSet(_)) => return false,
        _ => (b'n', id).hash(hasher),
    }
    true
}

/// A float is the key that an integer of its value is.
fn put_float(value: f64, hasher: &mut impl Hasher) {
    match (whole(value), of_float(value)) {
        (Some(whole), _) => (b'i', whole).hash(hasher),
        (None, Some(bytes)) => (b'I', trimmed(&bytes)).hash(hasher),
        (None, None) => (b'd', value.to_bits()).hash(hasher),
    }
}

/// A number that is not equal to itself.
pub(super) fn is_nan(node: Node) -> bool {
    match node {
        Node::Float(value) => value.is_nan(),
        Node::Complex(re, im) => re.is_nan() || im.is_nan(),
        _ => false,
    }
}

/// A float that is an integer of 64 bits.
pub(super) fn whole(value: f64) -> Option<i64> {
    let bound = 2.0_f64.powi(63);
    // In these bounds the conversion is exact.
    #[allow(clippy::cast_possible_truncation)]
    (value.fract() == 0.0 && value >= -bound && value < bound).then_some(value as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Run;

    #[test]
    fn keys_are_equal_as_in_python() {
        let mut graph = Graph::default();
        let one = Cell::small(1);
        let float = graph.push(Node::Float(1.0));
        let text = graph.push_text("a");
        let again = graph.push_text("a");
        let bytes = graph.push_bytes(b"a");
        let mut big = |bytes: &[u8]| {
            let span = graph.store.add(bytes);
            graph.push(Node::BigInt(span))
        };
        let large = big(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
        let less = big(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff]);
        let floats = [2.0_f64.powi(80), -(2.0_f64.powi(80)), f64::INFINITY];
        let floats = floats.map(|value| graph.push(Node::Float(value)));
        let complex = graph.push(Node::Complex(2.0_f64.powi(80), 0.0));
        let mut pair = |items: &[Cell]| {
            let run = graph.run(items).unwrap();
            graph.push(Node::Tuple(run))
        };
        let (a, b) = (pair(&[one, text]), pair(&[Cell::TRUE, again]));
        let c = pair(&[one, bytes]);
        let empty = graph.push(Node::Tuple(Run::default()));
        let visits = &mut Visits::new(&graph);
        let mut same = |x, y| {
            let hashes = [x, y].map(|key| key_hash(&graph, key, visits).unwrap());
            let same = same_key(&graph, x, y, visits).unwrap();
            assert_eq!(same, hashes[0] == hashes[1]);
            same
        };
        assert!(same(one, float) && same(one, Cell::TRUE) && same(text, again) && same(a, b));
        assert!(!same(text, bytes) && !same(a, c) && !same(one, text) && !same(a, empty));
        assert!(same(large, floats[0]) && same(less, floats[1]) && same(large, complex));
        assert!(!same(large, floats[1]) && !same(large, floats[2]));
        assert!(!same(Cell::NONE, Cell::FALSE) && !same(Cell::small(0), text));
    }
}
