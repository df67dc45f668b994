//! Values of one graph taken into another: what is shared stays shared.
#![forbid(unsafe_code)]

use super::builder::ValueBuilder;
use super::graph::{ArrayNode, Cell, DtypeNode, Graph, Node, Object, Payload, Run, ScalarNode};
use super::handle::Value;
use crate::{Error, Result};
use std::collections::HashMap;
use std::sync::Arc;

/// What was taken over so far.
#[derive(Debug, Default)]
pub(super) struct Grafts {
    /// The new cell of each node, by the number of its graph and its own.
    cells: HashMap<(usize, usize), Cell>,
    graphs: Vec<Arc<Graph>>,
    /// Nodes that have a place and no content yet.
    waiting: Vec<(usize, usize)>,
    /// Something was taken over in part.
    pub(super) is_torn: bool,
}

impl ValueBuilder {
    /// Takes over a value and all below it.
    pub(super) fn graft(&mut self, value: &Value) -> Result<Cell> {
        self.room()?;
        let done = self.graft_all(value);
        self.grafts.is_torn = done.is_err();
        done
    }

    fn graft_all(&mut self, value: &Value) -> Result<Cell> {
        let known = self.grafts.graphs.iter().rposition(|graph| Arc::ptr_eq(graph, value.graph()));
        let graph = match known {
            Some(at) => at,
            None => {
                self.grafts.graphs.push(Arc::clone(value.graph()));
                self.grafts.graphs.len() - 1
            }
        };
        let from = Arc::clone(value.graph());
        let top = self.place(&from, graph, value.cell())?;
        while let Some((old, new)) = self.grafts.waiting.pop() {
            let node = self.take(&from, graph, old)?;
            if let Some(place) = self.graph.nodes.get_mut(new) {
                *place = node;
            }
        }
        Ok(top)
    }

    /// The cell that a cell has here; where it has none yet, it gets a place.
    fn place(&mut self, from: &Graph, graph: usize, cell: Cell) -> Result<Cell> {
        let Some(old) = cell.as_node() else { return Ok(cell) };
        if let Some(new) = self.grafts.cells.get(&(graph, old)) {
            return Ok(*new);
        }
        if from.nodes.get(old).is_none() {
            return Ok(Cell::NONE);
        }
        self.room()?;
        let new = self.graph.push(Node::Int(0));
        self.grafts.cells.insert((graph, old), new);
        self.grafts.waiting.push((old, self.graph.nodes.len() - 1));
        Ok(new)
    }

    fn maybe(&mut self, from: &Graph, graph: usize, cell: Option<Cell>) -> Result<Option<Cell>> {
        cell.map(|cell| self.place(from, graph, cell)).transpose()
    }

    fn run_of(&mut self, from: &Graph, graph: usize, run: Run) -> Result<Run> {
        let cells = from.items(run).iter().map(|cell| self.place(from, graph, *cell));
        let cells = cells.collect::<Result<Vec<Cell>>>()?;
        self.graph.run(&cells)
    }

    /// A node as it is here.
    fn take(&mut self, from: &Graph, graph: usize, old: usize) -> Result<Node> {
        let store = &from.store;
        let node = *from.nodes.get(old).ok_or_else(|| Error::invalid("a node of no graph"))?;
        Ok(match node {
            Node::Int(_) | Node::Float(_) | Node::Complex(..) | Node::Extension(_) => node,
            Node::BigInt(span) => Node::BigInt(self.graph.store.take(store, span)?),
            Node::Str(span) => Node::Str(self.graph.store.take(store, span)?),
            Node::WideStr(span) => Node::WideStr(self.graph.store.take(store, span)?),
            Node::FarStr(span) => Node::FarStr(self.graph.store.take(store, span)?),
            Node::Bytes(span) => Node::Bytes(self.graph.store.take(store, span)?),
            Node::ByteArray(span) => Node::ByteArray(self.graph.store.take(store, span)?),
            Node::FarBytes(span) => Node::FarBytes(self.graph.store.take(store, span)?),
            Node::List(run) => Node::List(self.run_of(from, graph, run)?),
            Node::Tuple(run) => Node::Tuple(self.run_of(from, graph, run)?),
            Node::Set(run) => Node::Set(self.run_of(from, graph, run)?),
            Node::FrozenSet(run) => Node::FrozenSet(self.run_of(from, graph, run)?),
            Node::Dict(run) => Node::Dict(self.run_of(from, graph, run)?),
            Node::Persistent(id) => Node::Persistent(self.place(from, graph, id)?),
            Node::Global(_)
            | Node::Object(_)
            | Node::Array(_)
            | Node::Dtype(_)
            | Node::Scalar(_) => {
                let cell = self.entry(from, graph, Cell::node(old))?;
                // The table has it now; its node goes where the place is.
                let node = self.graph.node(cell);
                self.graph.nodes.pop();
                node.ok_or_else(|| Error::invalid("a node of no graph"))?
            }
        })
    }

    /// What has a table of its own, added to that table and as the last node.
    fn entry(&mut self, from: &Graph, graph: usize, cell: Cell) -> Result<Cell> {
        if let Some((module, name)) = from.name(cell) {
            return self.graph.add_name(module, name, from.is_old_name(cell));
        }
        if let Some(&Object { class, args, state, items, pairs, made }) = from.object(cell) {
            let class = self.place(from, graph, class)?;
            let args = self.maybe(from, graph, args)?;
            let state = self.maybe(from, graph, state)?;
            let items = self.run_of(from, graph, items)?;
            let pairs = self.run_of(from, graph, pairs)?;
            return self.graph.push_object(Object { class, args, state, items, pairs, made });
        }
        if let Some(array) = from.array(cell) {
            let class = self.maybe(from, graph, array.class)?;
            let dtype_cell = self.maybe(from, graph, array.dtype_cell)?;
            let state = self.maybe(from, graph, array.state)?;
            let mask = self.maybe(from, graph, array.mask)?;
            let payload = match array.payload {
                Payload::Bytes(span) => Payload::Bytes(self.graph.store.take(&from.store, span)?),
                Payload::Text(span) => Payload::Text(self.graph.store.take(&from.store, span)?),
                Payload::Objects(run) => Payload::Objects(self.run_of(from, graph, run)?),
            };
            let own = ArrayNode { class, dtype_cell, payload, state, mask, ..array.clone() };
            return self.graph.push_array(own);
        }
        if let Some(dtype) = from.dtype(cell) {
            let metadata = self.maybe(from, graph, dtype.metadata)?;
            let class = self.maybe(from, graph, dtype.class)?;
            let (first, state) = dtype.made_of;
            let made_of = (self.place(from, graph, first)?, self.maybe(from, graph, state)?);
            let dtype = DtypeNode { metadata, made_of, class, ..dtype.clone() };
            return self.graph.push_dtype(dtype);
        }
        let scalar = from.scalar(cell).ok_or_else(|| Error::invalid("a node of no graph"))?;
        let dtype_cell = self.maybe(from, graph, scalar.dtype_cell)?;
        let bytes = self.graph.store.take(&from.store, scalar.bytes)?;
        self.graph.push_scalar(ScalarNode { dtype_cell, bytes, ..scalar.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pickle::{self, Options};
    use crate::{MemoryOrder, Part};

    fn again(value: &Value) -> Value {
        let mut builder = ValueBuilder::default();
        let part = builder.value(value).unwrap();
        builder.finish(part).unwrap()
    }

    #[test]
    fn whatever_is_read_is_taken_over() {
        let long = format!("(X\x00\x20\x00\x00{}K\x01l.", "x".repeat(0x2000));
        let far =
            [b"\x80\x05\x96\x00\x00\x10\0\0\0\0\0".as_slice(), &[7; 0x10_0000], b"."].concat();
        let array = crate::Array::from_vec((0..6_i32).collect()).reshape(&[2, 3]).unwrap();
        let tree = crate::Tree::from(array.transpose());
        let mut arrays: Vec<u8> = Vec::new();
        pickle::write_to(&mut arrays, &tree, &pickle::WriteOptions::default().protocol(2)).unwrap();
        for bytes in [
            b"(lp0\nI1\naF2.5\nag0\naL99999999999999999999\naNaI01\na.".to_vec(),
            b"\x80\x04cos\nsystem\n(S'x'\ntRq\x00}(K\x01h\x00u\x86.".to_vec(),
            b"\x80\x04(ccopy_reg\n_reconstructor\n(cm\nC\nc__builtin__\nobject\nNtR}X\x01\0\0\0aK\x02sbt.".to_vec(),
            b"\x80\x04\x8f(K\x01K\x02\x90P7\n\x82\x09\x87.".to_vec(),
            b"\x80\x02cdatetime\ndate\nX\x04\0\0\0abcd\x85R.".to_vec(),
            long.into_bytes(),
            far,
            arrays,
        ] {
            let value = pickle::from_bytes(bytes, &Options::default()).unwrap();
            let copy = again(&value);
            assert_eq!(copy.to_string(), value.to_string());
            assert!(copy.equals(&value).unwrap() && value.equals(&copy).unwrap());
            for protocol in 2..=5 {
                let options = pickle::WriteOptions::default().protocol(protocol);
                let written = |value| pickle::to_bytes(value, &options).unwrap();
                assert_eq!(written(&copy), written(&value));
                let third = again(&copy);
                assert_eq!(written(&third), written(&value));
            }
            if let Ok(array) = value.to_array() {
                let both = [array, copy.to_array().unwrap()];
                let both = both.map(|array| array.to_contiguous(MemoryOrder::C).unwrap());
                assert_eq!(both[0].bytes(), both[1].bytes());
            }
        }
    }

    #[test]
    fn what_is_shared_stays_shared_and_grafts_can_be_changed() {
        let bytes = b"(lp0\n(lp1\nI1\naag1\na.".to_vec();
        let list = pickle::from_bytes(bytes, &Options::default()).unwrap();
        let mut builder = ValueBuilder::default();
        let [one, two, all]: [Part; 3] =
            [list.item(0).unwrap(), list.item(1).unwrap(), list.clone()]
                .map(|value| builder.value(&value).unwrap());
        assert_eq!(one, two);
        let five = builder.int(5).unwrap();
        builder.push(one, five).unwrap();
        let made = builder.finish(all).unwrap();
        assert_eq!(made.to_string(), "[[1, 5], [1, 5]]");
        assert!(made.item(0).unwrap().is(&made.item(1).unwrap()));
        // Of another builder, and one that is as deep as it is long.
        let mut deep = pickle::from_bytes(b"]q\x00.".to_vec(), &Options::default()).unwrap();
        for _ in 0..300 {
            let mut builder = ValueBuilder::default();
            let (list, below) = (builder.list().unwrap(), builder.value(&deep).unwrap());
            builder.push(list, below).unwrap();
            deep = builder.finish(list).unwrap();
        }
        assert!(deep.to_string().starts_with("[[[[") && again(&deep).equals(&deep).unwrap());
    }
}
