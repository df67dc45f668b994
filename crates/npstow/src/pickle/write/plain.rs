//! Writing only data: what is no data to this library becomes a dictionary that says what it was.
#![forbid(unsafe_code)]

use crate::value::{Cell, Graph, Known, Made, Node};

/// How deep arguments of arguments are looked at.
const DEPTH: usize = 8;

/// Whether loading it makes data, and calls nothing that is not in the table of this library.
pub(super) fn is_data(graph: &Graph, cell: Cell) -> bool {
    is_data_at(graph, cell, DEPTH)
}

fn is_data_at(graph: &Graph, cell: Cell, depth: usize) -> bool {
    match graph.node(cell) {
        Some(Node::Global(_)) => {
            let known = graph.known(cell);
            !matches!(known, Known::No | Known::Getattr | Known::Memmap) && !known.is_wrapper()
        }
        Some(Node::Persistent(_) | Node::Extension(_)) => false,
        Some(Node::Object(_)) => {
            let Some(object) = graph.object(cell) else { return false };
            let Some(depth) = depth.checked_sub(1) else { return false };
            let args = object.args.and_then(|args| graph.tuple(args)).unwrap_or_default();
            let plain = !matches!(object.made, Made::Array | Made::NewNamed | Made::Old);
            plain
                && is_class(graph.known(object.class))
                && args.iter().all(|arg| is_data_at(graph, *arg, depth))
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
