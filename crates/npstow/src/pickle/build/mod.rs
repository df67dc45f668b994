//! What calls and states make: the constructors of the table, and inert objects for all else.
#![forbid(unsafe_code)]

mod dtype;
mod keys;
mod numpy;
mod plain;

pub(super) use keys::finish;
pub(super) use numpy::lengths;

use crate::value::{Cell, Graph, Known, Made, Node, Object, Run};
use crate::{Error, Result};

/// What `function(*args)` makes.
pub(super) fn call(graph: &mut Graph, function: Cell, args: Cell, made: Made) -> Result<Cell> {
    check_callable(graph, function)?;
    let Some(Node::Tuple(run)) = graph.node(args) else {
        return Err(Error::corrupt("a tuple of arguments", graph.kind(args)));
    };
    let known = graph.known(function);
    if known != Known::No {
        let is_dropped = made == Made::New && drops_arguments(known);
        let taken = if is_dropped { Run::default() } else { run };
        if let Some(cell) = known_call(graph, known, taken)? {
            return Ok(cell);
        }
    }
    let args = (!run.is_empty()).then_some(args);
    inert(graph, function, args, made)
}

/// Whether `__new__` of a class takes any arguments and heeds none: `__init__` does, which does not
/// run then.
fn drops_arguments(known: Known) -> bool {
    matches!(known, Known::List | Known::Set | Known::Dict | Known::ByteArray)
}

fn inert(graph: &mut Graph, class: Cell, args: Option<Cell>, made: Made) -> Result<Cell> {
    let (items, pairs) = (Run::default(), Run::default());
    graph.push_object(Object { class, args, state: None, items, pairs, made })
}

/// What `class.__new__(class, *args, **named)` makes.
pub(super) fn call_named(graph: &mut Graph, class: Cell, args: Cell, named: Cell) -> Result<Cell> {
    check_callable(graph, class)?;
    let Some(Node::Tuple(run)) = graph.node(args) else {
        return Err(Error::corrupt("a tuple of arguments", graph.kind(args)));
    };
    match graph.node(named) {
        Some(Node::Dict(names)) if names.is_empty() => call(graph, class, args, Made::New),
        Some(Node::Dict(_)) if drops_arguments(graph.known(class)) => {
            call(graph, class, args, Made::New)
        }
        Some(Node::Dict(_)) => {
            graph.check_budget()?;
            let mut all = graph.items(run).to_vec();
            all.push(named);
            let run = graph.run(&all)?;
            let args = graph.push(Node::Tuple(run));
            inert(graph, class, Some(args), Made::NewNamed)
        }
        _ => Err(Error::corrupt("a dictionary of arguments", graph.kind(named))),
    }
}

/// Refuses what nobody can call; what may be called is called by nobody.
pub(super) fn check_callable(graph: &Graph, function: Cell) -> Result<()> {
    match graph.node(function) {
        Some(Node::Global(_) | Node::Object(_) | Node::Extension(_) | Node::Persistent(_)) => {
            Ok(())
        }
        _ => Err(Error::corrupt("a class or function", graph.kind(function))),
    }
}

/// Gives a state to what is on top of the stack.
pub(super) fn state(graph: &mut Graph, target: Cell, state: Cell) -> Result<()> {
    match graph.node(target) {
        Some(Node::Array(at)) => numpy::array_state(graph, target, at as usize, state),
        Some(Node::Dtype(at)) => dtype::state(graph, at as usize, state),
        Some(Node::Object(at)) => match graph.objects.get_mut(at as usize) {
            Some(object) if object.state.is_none() => {
                object.state = Some(state);
                Ok(())
            }
            _ => Err(Error::unsupported("a second state of an object")),
        },
        _ => Err(Error::corrupt("an object that takes a state", graph.kind(target))),
    }
}

/// What a constructor of the table makes; `None` where that remains an object.
fn known_call(graph: &mut Graph, known: Known, args: Run) -> Result<Option<Cell>> {
    let list = graph.items(args);
    // Constructors that do something here take few arguments.
    let mut few = [Cell::NONE; 4];
    let Some(few) = few.get_mut(..list.len()) else { return Ok(None) };
    few.copy_from_slice(list);
    let few = &*few;
    match known {
        Known::Reconstructor => plain::reconstructor(graph, few),
        Known::NewNamed => match *few {
            [class, args, named] => call_named(graph, class, args, named).map(Some),
            _ => Ok(None),
        },
        Known::Encode => plain::encode(graph, few),
        Known::Getattr => plain::getattr(graph, few),
        Known::Int => Ok(plain::int(graph, few)),
        Known::Float => Ok(plain::float(graph, few)),
        Known::Bool => Ok(plain::bool(few)),
        Known::Str => Ok(plain::str(graph, few)),
        Known::Bytes | Known::ByteArray => plain::bytes(graph, known, few),
        Known::Complex => Ok(plain::complex(graph, few)),
        Known::List | Known::Tuple | Known::Set | Known::FrozenSet => {
            Ok(plain::container(graph, known, few))
        }
        Known::Dict => Ok(few.is_empty().then(|| graph.push(Node::Dict(Run::default())))),
        Known::ReconstructArray => numpy::reconstruct(graph, few),
        Known::ReconstructMasked => numpy::reconstruct_masked(graph, few),
        Known::FromBuffer => numpy::from_buffer(graph, few),
        Known::Scalar => numpy::scalar(graph, few),
        Known::Dtype => dtype::make(graph, few),
        _ => Ok(None),
    }
}
