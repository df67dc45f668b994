//! Writing only data: what is no data to this library becomes a dictionary that says what it was.
#![forbid(unsafe_code)]

use crate::value::{Cell, Graph, Known, Made, Node, Object};

/// What becomes a dictionary, which is no key and no member of a set.
#[derive(Debug, Default)]
pub(super) struct Plain {
    /// By the number of the node: what is no data, and tuples and frozen sets that hold such.
    odd: Vec<bool>,
}

impl Plain {
    /// What a tuple or an object is made of was there before it.
    pub(super) fn new(graph: &Graph) -> Self {
        let mut plain = Self { odd: Vec::with_capacity(graph.nodes.len()) };
        for id in 0..graph.nodes.len() {
            let cell = Cell::node(id);
            let is_odd = match graph.node(cell) {
                Some(Node::Tuple(run) | Node::FrozenSet(run)) => plain.any(graph.items(run), 1),
                _ => !plain.is_data(graph, cell),
            };
            plain.odd.push(is_odd);
        }
        plain
    }

    /// Whether keys, or members, cannot be what they were.
    pub(super) fn any(&self, cells: &[Cell], step: usize) -> bool {
        let is_odd = |cell: &Cell| cell.as_node().and_then(|id| self.odd.get(id).copied());
        cells.iter().step_by(step).any(|cell| is_odd(cell) == Some(true))
    }

    /// Whether it is written as a dictionary that says what it was: loading it would not make data,
    /// or call something that is not in the table of this library.
    pub(super) fn is_object(&self, graph: &Graph, cell: Cell) -> bool {
        match graph.node(cell) {
            Some(Node::Tuple(_) | Node::FrozenSet(_)) => false,
            // What it was given meanwhile.
            Some(Node::Object(_)) => self.any(&[cell], 1) || !self.is_data(graph, cell),
            _ => self.any(&[cell], 1),
        }
    }

    fn is_data(&self, graph: &Graph, cell: Cell) -> bool {
        match graph.node(cell) {
            Some(Node::Global(_)) => {
                let known = graph.known(cell);
                !matches!(known, Known::No | Known::Getattr | Known::Memmap) && !known.is_wrapper()
            }
            Some(Node::Persistent(_) | Node::Extension(_)) => false,
            Some(Node::Object(_)) => {
                let Some(object) = graph.object(cell) else { return false };
                let args = object.args.and_then(|args| graph.tuple(args)).unwrap_or_default();
                !matches!(object.made, Made::Array | Made::NewNamed | Made::Old)
                    && is_class(graph.known(object.class))
                    && takes_state(graph, object)
                    && (graph.known(object.class) != Known::Fraction || is_fraction(graph, args))
                    && !self.any(args, 1)
                    && !self.any(graph.items(object.pairs), 2)
                    && !args.iter().any(|arg| self.has_odd_keys(graph, *arg))
            }
            Some(Node::Array(_)) => {
                let class = graph.array(cell).and_then(|array| array.class);
                class.is_none_or(|class| {
                    matches!(graph.known(class), Known::Subarray | Known::MaskedArray)
                })
            }
            _ => true,
        }
    }

    /// Of an argument that a container is made of: keys, or pairs that begin with such.
    fn has_odd_keys(&self, graph: &Graph, arg: Cell) -> bool {
        match graph.node(arg) {
            Some(Node::Dict(run)) => self.any(graph.items(run), 2),
            Some(Node::Set(run)) => self.any(graph.items(run), 1),
            Some(Node::List(run)) => graph.items(run).iter().any(|pair| {
                graph
                    .sequence(*pair)
                    .is_some_and(|pair| self.any(pair.get(..1).unwrap_or_default(), 1))
            }),
            _ => false,
        }
    }
}

/// Classes whose objects are what their arguments say.
fn is_class(known: Known) -> bool {
    matches!(
        known,
        Known::Datetime
            | Known::Date
            | Known::Time
            | Known::Timedelta
            | Known::Timezone
            | Known::Decimal
            | Known::Fraction
            | Known::Uuid
            | Known::Path
            | Known::OrderedDict
            | Known::DefaultDict
            | Known::Deque
            | Known::Counter
            | Known::Slice
            | Known::Range
            | Known::ArrayArray
            | Known::ReconstructArrayArray
            | Known::Data
    )
}

/// Whether Python puts the state into the object: where the class has no dictionary of attributes and
/// no method for it, loading fails.
fn takes_state(graph: &Graph, object: &Object) -> bool {
    let has_state = object.state.is_some_and(|state| state != Cell::NONE);
    let takes =
        matches!(graph.known(object.class), Known::OrderedDict | Known::Counter | Known::Uuid);
    takes || !has_state
}

/// Digits as Python writes them: from an exponent it would compute an integer of that length.
fn is_fraction(graph: &Graph, args: &[Cell]) -> bool {
    let is_part = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    match args {
        [text] => graph
            .text(*text)
            .is_some_and(|text| text.strip_prefix('-').unwrap_or(text).split('/').all(is_part)),
        _ => true,
    }
}
