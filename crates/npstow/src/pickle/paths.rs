//! The arrays in a graph by their paths: keys of dictionaries, positions in lists, parts of objects.
//!
//! What holds an array is a group, what holds none is a value. Something is found anew by every
//! path to it, so that the tree of paths may be larger than the graph; it is bounded. Where a path
//! comes back to where it was, it ends.
#![forbid(unsafe_code)]

use crate::container::NodeKind;
use crate::value::{Cell, Graph, Node, Payload, Value};
use crate::{Error, Limits, Result};

/// A node of the tree.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) name: String,
    pub(super) cell: Cell,
    pub(super) kind: NodeKind,
    pub(super) children: Vec<usize>,
}

/// The tree below a value; the first place is the value itself.
pub(super) fn places(graph: &Graph, top: Cell, limits: &Limits) -> Result<Vec<Place>> {
    let holds = Holds::new(graph);
    let mut places: Vec<Place> = Vec::new();
    // Those that the task is within: never more than groups may be deep.
    let mut open: Vec<Cell> = Vec::new();
    // Entering a place, or leaving it.
    let mut tasks = vec![Task::Enter { cell: top, name: String::new(), parent: None, depth: 0 }];
    while let Some(task) = tasks.pop() {
        let (cell, name, parent, depth) = match task {
            Task::Leave => {
                open.pop();
                continue;
            }
            Task::Own(cell, parent) => {
                let (name, kind) = (String::from("array"), NodeKind::Array);
                let children = Vec::new();
                add(&mut places, Some(parent), Place { name, cell, kind, children });
                continue;
            }
            Task::Enter { cell, name, parent, depth } => (cell, name, parent, depth),
        };
        let kind = match graph.node(cell) {
            _ if open.contains(&cell) => NodeKind::Value,
            _ if holds.below(cell) => NodeKind::Group,
            Some(Node::Array(_)) => NodeKind::Array,
            _ => NodeKind::Value,
        };
        limits.check_members(places.len() as u64 + 1)?;
        let at = add(&mut places, parent, Place { name, cell, kind, children: Vec::new() });
        if kind != NodeKind::Group {
            continue;
        }
        if depth >= limits.max_depth() {
            return Err(Error::limit("a depth of groups", limits.max_depth() as u64, depth + 1));
        }
        open.push(cell);
        tasks.push(Task::Leave);
        let start = tasks.len();
        if graph.array(cell).is_some() {
            tasks.push(Task::Own(cell, at));
        }
        let depth = depth + 1;
        steps(graph, cell, Names::Needed, &mut |name, cell| {
            tasks.push(Task::Enter { cell, name: name.to_text(), parent: Some(at), depth });
        });
        tasks.get_mut(start..).unwrap_or_default().reverse();
    }
    Ok(places)
}

enum Task {
    Enter {
        cell: Cell,
        name: String,
        parent: Option<usize>,
        depth: usize,
    },
    /// The array that a group is beside what is in it.
    Own(Cell, usize),
    /// Leaving the last group that was entered.
    Leave,
}

fn add(places: &mut Vec<Place>, parent: Option<usize>, place: Place) -> usize {
    let at = places.len();
    places.push(place);
    if let Some(parent) = parent.and_then(|parent| places.get_mut(parent)) {
        parent.children.push(at);
    }
    at
}

/// The name of a step, made only where it is needed.
enum Name<'a> {
    Key(&'a str),
    Int(i64),
    At(usize),
    In(&'static str, usize),
    Fixed(&'static str),
}

impl Name<'_> {
    fn to_text(&self) -> String {
        match self {
            Self::Key(key) => (*key).to_owned(),
            Self::Int(value) => value.to_string(),
            Self::At(at) => at.to_string(),
            Self::In(name, at) => format!("{name}/{at}"),
            Self::Fixed(name) => (*name).to_owned(),
        }
    }
}

impl Value {
    /// The value under a slash path from here, whether it holds an array or not; "" is the value
    /// itself. A step is a key of a dictionary, a position in a list, or a part of an object, named as
    /// the nodes of a [`File`](crate::File) are: `weights/0`, `args`, `args/1`, `state/x`.
    ///
    /// ```
    /// let value = npstow::pickle::from_bytes(b"(S'a'\n(I1\nI2\ntd.".to_vec(), &Default::default())?;
    /// assert_eq!(value.find("a/1").unwrap().as_int(), Some(2));
    /// assert!(value.find("a/2").is_none() && value.find("b").is_none());
    /// # Ok::<(), npstow::Error>(())
    /// ```
    #[must_use]
    pub fn find(&self, path: &str) -> Option<Self> {
        let graph: &Graph = self.graph();
        let (mut cell, mut rest) = (self.cell(), path);
        while !rest.is_empty() {
            (cell, rest) = step(graph, cell, rest)?;
        }
        Some(self.sibling(cell))
    }
}

/// The value that the path's first step leads to, and what is left of the path.
fn step<'p>(graph: &Graph, cell: Cell, path: &'p str) -> Option<(Cell, &'p str)> {
    let cut = |name: &str| {
        let rest = path.strip_prefix(name)?;
        if rest.is_empty() { Some(rest) } else { rest.strip_prefix('/') }
    };
    if let Some(cells) = graph.sequence(cell) {
        let name = path.split('/').next().unwrap_or_default();
        let at = name.parse::<usize>().ok().filter(|at| at.to_string() == name)?;
        return Some((*cells.get(at)?, cut(name)?));
    }
    if graph.array(cell).is_some() {
        if let Some(rest) = cut("array") {
            return Some((cell, rest));
        }
    }
    // All of the arguments, or one of them by the next step.
    if let Some(args) = graph.object(cell).and_then(|object| object.args) {
        if let Some(rest) = cut("args") {
            return Some((args, rest));
        }
    }
    let mut found = None;
    steps(graph, cell, Names::Needed, &mut |name, below| {
        if found.is_none() {
            found = match name {
                Name::Key(key) | Name::Fixed(key) => cut(key),
                name => cut(&name.to_text()),
            }
            .map(|rest| (below, rest));
        }
    });
    found
}

/// Whether anyone looks at the names of steps: those of dictionaries are text to be checked.
#[derive(Clone, Copy, PartialEq)]
enum Names {
    Needed,
    Unused,
}

/// Everything below a value, by the step to it.
fn steps(graph: &Graph, cell: Cell, names: Names, found: &mut dyn FnMut(Name<'_>, Cell)) {
    let Some(node) = graph.node(cell) else { return };
    let all = |run, found: &mut dyn FnMut(Name<'_>, Cell), name: fn(usize) -> Name<'static>| {
        graph.items(run).iter().enumerate().for_each(|(at, item)| found(name(at), *item));
    };
    match node {
        Node::List(run) | Node::Tuple(run) | Node::Set(run) | Node::FrozenSet(run) => {
            all(run, found, Name::At);
        }
        Node::Dict(run) => dict(graph, graph.items(run), names, found),
        Node::Array(_) => {
            let Some(array) = graph.array(cell) else { return };
            if let Payload::Objects(run) = array.payload {
                all(run, found, |at| Name::In("items", at));
            }
            if let Some(mask) = array.mask {
                found(Name::Fixed("mask"), mask);
            }
            if let Some(state) = array.state {
                found(Name::Fixed("state"), state);
            }
        }
        Node::Object(_) => {
            let Some(object) = graph.object(cell) else { return };
            if graph.name(object.class).is_none() {
                found(Name::Fixed("class"), object.class);
            }
            if let Some(Node::Tuple(args)) = object.args.and_then(|args| graph.node(args)) {
                all(args, found, |at| Name::In("args", at));
            }
            if let Some(state) = object.state {
                found(Name::Fixed("state"), state);
            }
            all(object.items, found, |at| Name::In("items", at));
            let pairs = graph.items(object.pairs).chunks_exact(2).enumerate();
            for (at, pair) in pairs {
                if let [_, value] = *pair {
                    found(Name::In("pairs", at), value);
                }
            }
        }
        Node::Persistent(id) => found(Name::Fixed("id"), id),
        _ => {}
    }
}

/// Keys that are text, or integers, are steps; a dictionary with others has its pairs numbered.
fn dict(graph: &Graph, cells: &[Cell], names: Names, found: &mut dyn FnMut(Name<'_>, Cell)) {
    let pairs = || cells.chunks_exact(2).filter_map(|pair| Some((*pair.first()?, *pair.last()?)));
    let is_step = |key: &&str| !key.is_empty() && !key.contains(['/', '\0']);
    let text = |(key, _): (Cell, Cell)| graph.text(key).filter(is_step);
    let int = |(key, _): (Cell, Cell)| graph.int(key).filter(|_| graph.kind(key) == "an integer");
    if names == Names::Needed {
        if let Some(keys) = pairs().map(text).collect::<Option<Vec<_>>>() {
            keys.iter().zip(pairs()).for_each(|(key, (_, value))| found(Name::Key(key), value));
            return;
        }
        if let Some(keys) = pairs().map(int).collect::<Option<Vec<_>>>() {
            keys.iter().zip(pairs()).for_each(|(key, (_, value))| found(Name::Int(*key), value));
            return;
        }
    }
    for (at, (key, value)) in pairs().enumerate() {
        found(Name::In("pairs", at), value);
        // A key may hold an array as well: an object of a class that says how.
        if graph.object(key).is_some() || graph.tuple(key).is_some() {
            found(Name::In("keys", at), key);
        }
    }
}

/// Which nodes have an array somewhere below.
struct Holds {
    below: Vec<bool>,
}

impl Holds {
    fn new(graph: &Graph) -> Self {
        let mut below = vec![false; graph.nodes.len()];
        if graph.arrays.is_empty() {
            return Self { below };
        }
        // From arrays upwards: who is directly above whom. Of each node the last pair in which it is
        // below, and of each pair the one before of the same node.
        let mut last: Vec<Option<usize>> = vec![None; graph.nodes.len()];
        let mut pairs: Vec<(usize, Option<usize>)> = Vec::new();
        let mut waiting = Vec::new();
        for id in 0..graph.nodes.len() {
            let cell = Cell::node(id);
            if graph.array(cell).is_some() {
                waiting.push(id);
            }
            steps(graph, cell, Names::Unused, &mut |_, child| {
                let child = child.as_node().filter(|_| may_hold(graph, child));
                if let Some(last) = child.and_then(|child| last.get_mut(child)) {
                    pairs.push((id, last.replace(pairs.len())));
                }
            });
        }
        while let Some(id) = waiting.pop() {
            // Once is enough: whoever comes again finds all above marked.
            let mut next = last.get_mut(id).and_then(Option::take);
            while let Some((parent, before)) = next.and_then(|at| pairs.get(at)) {
                if let Some(place) = below.get_mut(*parent).filter(|place| !**place) {
                    *place = true;
                    waiting.push(*parent);
                }
                next = *before;
            }
        }
        Self { below }
    }

    fn below(&self, cell: Cell) -> bool {
        cell.as_node().and_then(|id| self.below.get(id)).is_some_and(|holds| *holds)
    }
}

fn may_hold(graph: &Graph, cell: Cell) -> bool {
    matches!(
        graph.node(cell),
        Some(
            Node::List(_)
                | Node::Tuple(_)
                | Node::Set(_)
                | Node::FrozenSet(_)
                | Node::Dict(_)
                | Node::Array(_)
                | Node::Object(_)
                | Node::Persistent(_)
        )
    )
}

#[cfg(test)]
mod tests {
    use crate::pickle;

    #[test]
    fn values_are_found_as_nodes_are_named() {
        // {'a': [1, {5: 'x'}]}; m.C(7) with a state, an item and a pair; {'a/b': 1, (): [2]}
        let bytes = b"\x80\x04}X\x01\0\0\0a](K\x01}K\x05X\x01\0\0\0xses\
            cm\nC\nK\x07\x85R}X\x01\0\0\0sK\x08sbK\x09aK\x0aK\x0bs\
            }(X\x03\0\0\0a/bK\x01)]K\x02au\x87.";
        let all = pickle::from_bytes(bytes.to_vec(), &pickle::Options::default()).unwrap();
        for (path, found) in [
            ("0/a/0", "1"),
            ("0/a/1/5", "'x'"),
            ("1/args", "(7,)"),
            ("1/args/0", "7"),
            ("1/state/s", "8"),
            ("1/items/0", "9"),
            ("1/pairs/0", "11"),
            ("2/pairs/0", "1"),
            ("2/pairs/1/0", "2"),
            ("2/keys/1", "()"),
        ] {
            assert_eq!(all.find(path).map(|v| v.to_string()).as_deref(), Some(found), "{path}");
        }
        assert!(all.find("").unwrap().is(&all));
        for path in ["3", "-1", "+0", "00", "0/b", "0/a/1/5/x", "1/args/1", "2/a/b", "/0"] {
            assert!(all.find(path).is_none(), "{path}");
        }
    }
}
