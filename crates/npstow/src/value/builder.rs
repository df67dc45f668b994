//! Values that a program makes, part by part.
#![forbid(unsafe_code)]

use super::compare::{Visits, key_hash, same_key};
use super::graft::Grafts;
use super::graph::{ArrayNode, Cell, Graph, Node, Payload, Run};
use super::handle::Value;
use super::integer::{binary, decimal};
use crate::array::{Array, MemoryOrder};
use crate::{Error, Result};
use std::collections::HashMap;
use std::sync::Arc;

/// How many decimal digits an integer may have; Python converts no more from text.
const MOST_DIGITS: usize = 4300;

/// A value within a [`ValueBuilder`]: good for that one alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Part(pub(super) Cell);

impl Part {
    /// A number for it, which is never zero.
    #[must_use]
    pub fn number(self) -> u64 {
        self.0.number()
    }

    /// The part of that number, if it is one.
    #[must_use]
    pub fn of_number(number: u64) -> Option<Self> {
        Cell::of_number(number).map(Self)
    }
}

/// Makes a [`Value`]. Parts may be put into several containers, and a list or dictionary into
/// itself: the same part is the same object.
///
/// ```
/// use npstow::ValueBuilder;
/// let mut builder = ValueBuilder::default();
/// let (one, x) = (builder.int(1)?, builder.text("x")?);
/// let pair = builder.tuple(&[one, x])?;
/// let list = builder.list()?;
/// builder.push(list, pair)?;
/// builder.push(list, pair)?;
/// let dict = builder.dict()?;
/// let key = builder.text("pairs")?;
/// builder.set(dict, key, list)?;
/// let value = builder.finish(dict)?;
/// assert_eq!(value.to_string(), "{'pairs': [(1, 'x'), (1, 'x')]}");
/// # Ok::<(), npstow::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct ValueBuilder {
    pub(super) graph: Graph,
    /// What is in containers that were added to: laid out in the end.
    runs: HashMap<usize, Vec<Cell>>,
    /// Of dictionaries and sets, where the keys of a hash are.
    keys: HashMap<usize, HashMap<u64, Vec<usize>>>,
    pub(super) grafts: Grafts,
}

impl ValueBuilder {
    pub(super) fn room(&self) -> Result<()> {
        if self.grafts.is_torn {
            return Err(Error::invalid("a builder after a value that it could not take over"));
        }
        // Runs and tables count in 32 bits, cells in 62.
        if u32::try_from(self.graph.nodes.len()).is_err() {
            return Err(Error::limit("a number of values", u64::from(u32::MAX), "one more"));
        }
        Ok(())
    }

    pub(super) fn part(&mut self, node: Node) -> Result<Part> {
        self.room()?;
        Ok(Part(self.graph.push(node)))
    }

    /// The cell of a part that is here.
    pub(super) fn cell(&self, part: Part) -> Result<Cell> {
        match part.0.as_node() {
            Some(id) if id >= self.graph.nodes.len() => {
                Err(Error::invalid("a part of another builder"))
            }
            _ => Ok(part.0),
        }
    }

    pub(super) fn cells(&self, parts: &[Part]) -> Result<Vec<Cell>> {
        parts.iter().map(|part| self.cell(*part)).collect()
    }

    /// `None`
    #[must_use]
    pub fn none(&self) -> Part {
        Part(Cell::NONE)
    }

    /// `True` or `False`
    #[must_use]
    pub fn bool(&self, value: bool) -> Part {
        Part(if value { Cell::TRUE } else { Cell::FALSE })
    }

    /// An integer.
    ///
    /// # Errors
    /// `Limit` beyond four billion parts, as everywhere here.
    pub fn int(&mut self, value: i64) -> Result<Part> {
        self.room()?;
        Ok(Part(self.graph.push_int(value)))
    }

    /// An integer of 128 bits.
    ///
    /// # Errors
    /// `Limit`
    pub fn long(&mut self, value: i128) -> Result<Part> {
        match i64::try_from(value) {
            Ok(value) => self.int(value),
            Err(_) => {
                let span = self.graph.store.add(&value.to_le_bytes());
                self.part(Node::BigInt(span))
            }
        }
    }

    /// An integer of any size from its decimal digits.
    ///
    /// # Errors
    /// `Invalid` for what are none, `Limit` beyond 4300 digits.
    pub fn digits(&mut self, digits: &str) -> Result<Part> {
        if let Ok(value) = digits.parse::<i128>() {
            return self.long(value);
        }
        let (negative, only) = match digits.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, digits.strip_prefix('+').unwrap_or(digits)),
        };
        if only.is_empty() || !only.bytes().all(|byte| byte.is_ascii_digit()) {
            let found = crate::Literal::Str(digits.chars().take(40).collect());
            return Err(Error::invalid(format_args!("the integer {found}")));
        }
        if only.len() > MOST_DIGITS {
            return Err(Error::limit("an integer (digits)", MOST_DIGITS as u64, only.len()));
        }
        let bytes = binary(only.as_bytes(), 10, negative);
        // Zeros in front make long digits of a short number.
        if let Some(value) = decimal(&bytes).and_then(|text| text.parse::<i128>().ok()) {
            return self.long(value);
        }
        let span = self.graph.store.add(&bytes);
        self.part(Node::BigInt(span))
    }

    /// A float.
    ///
    /// # Errors
    /// `Limit`
    pub fn float(&mut self, value: f64) -> Result<Part> {
        self.part(Node::Float(value))
    }

    /// A complex number.
    ///
    /// # Errors
    /// `Limit`
    pub fn complex(&mut self, re: f64, im: f64) -> Result<Part> {
        self.part(Node::Complex(re, im))
    }

    /// A copy of a text.
    ///
    /// # Errors
    /// `Limit`
    pub fn text(&mut self, text: &str) -> Result<Part> {
        let span = self.graph.store.add(text.as_bytes());
        self.part(Node::Str(span))
    }

    /// A copy of bytes.
    ///
    /// # Errors
    /// `Limit`
    pub fn bytes(&mut self, bytes: &[u8]) -> Result<Part> {
        let span = self.graph.store.add(bytes);
        self.part(Node::Bytes(span))
    }

    /// A copy of bytes, as what Python can change.
    ///
    /// # Errors
    /// `Limit`
    pub fn bytearray(&mut self, bytes: &[u8]) -> Result<Part> {
        let span = self.graph.store.add(bytes);
        self.part(Node::ByteArray(span))
    }

    /// A list without items.
    ///
    /// # Errors
    /// `Limit`
    pub fn list(&mut self) -> Result<Part> {
        self.part(Node::List(Run::default()))
    }

    /// A tuple of these.
    ///
    /// # Errors
    /// `Invalid` for parts of another builder; `Limit`.
    pub fn tuple(&mut self, items: &[Part]) -> Result<Part> {
        let cells = self.cells(items)?;
        let run = self.graph.run(&cells)?;
        self.part(Node::Tuple(run))
    }

    /// A set without members.
    ///
    /// # Errors
    /// `Limit`
    pub fn set_of_none(&mut self) -> Result<Part> {
        self.part(Node::Set(Run::default()))
    }

    /// A frozenset of these; those that are equal count once.
    ///
    /// # Errors
    /// `Invalid` for what can be no member, and for parts of another builder; `Limit`.
    pub fn frozenset(&mut self, members: &[Part]) -> Result<Part> {
        let set = self.part(Node::Set(Run::default()))?;
        members.iter().try_for_each(|member| self.push(set, *member))?;
        let cells = set.0.as_node().and_then(|id| self.runs.remove(&id));
        let run = self.graph.run(&cells.unwrap_or_default())?;
        self.part(Node::FrozenSet(run))
    }

    /// A dictionary without pairs.
    ///
    /// # Errors
    /// `Limit`
    pub fn dict(&mut self) -> Result<Part> {
        self.part(Node::Dict(Run::default()))
    }

    /// An array, whose elements are shared.
    ///
    /// # Errors
    /// `Limit`; whatever bringing the elements together needs.
    pub fn array(&mut self, array: &Array) -> Result<Part> {
        let is_f = array.is_f_contiguous() && !array.is_c_contiguous();
        let order = if is_f { MemoryOrder::F } else { MemoryOrder::C };
        let packed = array.to_contiguous(order)?;
        let (start, len) = (packed.offset(), packed.nbytes());
        let bytes = packed.buffer().slice(start..start + len)?;
        self.room()?;
        let payload = Payload::Bytes(self.graph.store.give(bytes));
        let (dtype, shape) = (packed.dtype().clone(), packed.shape().into());
        let (class, dtype_cell, state, mask) = (None, None, None, None);
        let node = ArrayNode { class, dtype, dtype_cell, shape, order, payload, state, mask };
        self.graph.push_array(node).map(Part)
    }

    /// A value of a file, or of another builder, with all below it; what is shared there, and with
    /// other values of that file, is shared here.
    ///
    /// # Errors
    /// `Limit`
    pub fn value(&mut self, value: &Value) -> Result<Part> {
        self.graft(value).map(Part)
    }

    /// Adds an item to the end of a list, or a member to a set.
    ///
    /// # Errors
    /// `Invalid` for what is neither, and for what can be no member; `Limit`.
    pub fn push(&mut self, container: Part, item: Part) -> Result<()> {
        let (container, item) = (self.cell(container)?, self.cell(item)?);
        match (self.graph.node(container), container.as_node()) {
            (Some(Node::List(_)), Some(id)) => {
                self.run(id).push(item);
                Ok(())
            }
            (Some(Node::Set(_)), Some(id)) => self.put(id, item, None),
            _ => Err(self.wrong("a list or a set", container)),
        }
    }

    /// Sets the value under a key of a dictionary; what was there before is replaced.
    ///
    /// # Errors
    /// `Invalid` for what is no dictionary, and for what can be no key; `Limit`.
    pub fn set(&mut self, dict: Part, key: Part, value: Part) -> Result<()> {
        let (dict, key, value) = (self.cell(dict)?, self.cell(key)?, self.cell(value)?);
        match (self.graph.node(dict), dict.as_node()) {
            (Some(Node::Dict(_)), Some(id)) => self.put(id, key, Some(value)),
            _ => Err(self.wrong("a dictionary", dict)),
        }
    }

    pub(super) fn wrong(&self, expected: &str, found: Cell) -> Error {
        Error::invalid(format_args!("{} where {expected} is needed", self.graph.kind(found)))
    }

    fn put(&mut self, id: usize, key: Cell, value: Option<Cell>) -> Result<()> {
        if let Some(Node::List(_) | Node::Dict(_) | Node::Set(_) | Node::ByteArray(_)) =
            self.graph.node(key)
        {
            return Err(self.wrong("a key or member that cannot change", key));
        }
        self.know_keys(id, usize::from(value.is_some()) + 1)?;
        let visits = &mut Visits::new(&self.graph);
        let hash = key_hash(&self.graph, key, visits)?;
        let graph = &self.graph;
        let run = self.runs.entry(id).or_default();
        let found = self.keys.entry(id).or_default().entry(hash).or_default();
        for at in &*found {
            let Some(other) = run.get(*at) else { continue };
            if same_key(graph, *other, key, visits)? {
                if let (Some(place), Some(value)) = (run.get_mut(at + 1), value) {
                    *place = value;
                }
                return Ok(());
            }
        }
        found.push(run.len());
        run.push(key);
        run.extend(value);
        Ok(())
    }

    /// What is in a container that can be changed: of one that was grafted, what it came with.
    fn run(&mut self, id: usize) -> &mut Vec<Cell> {
        let graph = &self.graph;
        self.runs.entry(id).or_insert_with(|| match graph.nodes.get(id) {
            Some(Node::List(run) | Node::Set(run) | Node::Dict(run)) => graph.items(*run).to_vec(),
            _ => Vec::new(),
        })
    }

    /// Takes up the keys of a dictionary or the members of a set.
    fn know_keys(&mut self, id: usize, step: usize) -> Result<()> {
        if self.keys.contains_key(&id) {
            return Ok(());
        }
        let cells = self.run(id).clone();
        let visits = &mut Visits::new(&self.graph);
        let mut keys: HashMap<u64, Vec<usize>> = HashMap::new();
        for (at, key) in cells.iter().enumerate().step_by(step) {
            keys.entry(key_hash(&self.graph, *key, visits)?).or_default().push(at);
        }
        self.keys.insert(id, keys);
        Ok(())
    }

    /// The value that a part is. The parts of this builder are spent.
    ///
    /// # Errors
    /// `Invalid` for a part of another builder; `Limit` beyond four billion items.
    pub fn finish(mut self, top: Part) -> Result<Value> {
        self.room()?;
        let top = self.cell(top)?;
        let mut runs: Vec<(usize, Vec<Cell>)> = self.runs.drain().collect();
        // In the order in which they were made: nothing is by chance.
        runs.sort_unstable_by_key(|(id, _)| *id);
        for (id, cells) in runs {
            let run = self.graph.run(&cells)?;
            if let Some(Node::List(place) | Node::Set(place) | Node::Dict(place)) =
                self.graph.nodes.get_mut(id)
            {
                *place = run;
            }
        }
        Ok(Value::new(Arc::new(self.graph), top))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_of_all_sizes() {
        let mut builder = ValueBuilder::default();
        let list = builder.list().unwrap();
        let big = "170141183460469231731687303715884105728";
        for text in ["0", "-5", "+7", "0000000000000000000000000000000000000000000000000009", big] {
            let part = builder.digits(text).unwrap();
            builder.push(list, part).unwrap();
        }
        let long = builder.long(i128::MIN).unwrap();
        builder.push(list, long).unwrap();
        for bad in ["", "-", "1x", "--1", "0x10", &"9".repeat(4301)] {
            assert!(builder.digits(bad).is_err(), "{bad}");
        }
        let value = builder.finish(list).unwrap();
        assert_eq!(value.to_string(), format!("[0, -5, 7, 9, {big}, -{big}]"));
        assert_eq!(value.item(3).unwrap().as_int(), Some(9));
    }

    #[test]
    fn the_same_key_is_set_again_and_what_changes_is_no_key() {
        let mut builder = ValueBuilder::default();
        let (dict, set) = (builder.dict().unwrap(), builder.set_of_none().unwrap());
        let (one, float) = (builder.int(1).unwrap(), builder.float(1.0).unwrap());
        let (a, b) = (builder.text("a").unwrap(), builder.text("b").unwrap());
        builder.set(dict, one, a).unwrap();
        builder.set(dict, float, b).unwrap();
        for member in [one, float, a] {
            builder.push(set, member).unwrap();
        }
        let frozen = builder.frozenset(&[a, one, a]).unwrap();
        builder.set(dict, frozen, set).unwrap();
        for bad in [dict, set] {
            let e = builder.set(dict, bad, one).unwrap_err();
            assert!(e.to_string().contains("a key or member that cannot change"), "{e}");
        }
        assert!(builder.push(one, a).is_err() && builder.set(set, a, a).is_err());
        let value = builder.finish(dict).unwrap();
        assert_eq!(value.to_string(), "{1: 'b', frozenset({'a', 1}): {1, 'a'}}");
    }

    #[test]
    fn lists_within_themselves_and_parts_of_others() {
        let mut builder = ValueBuilder::default();
        let list = builder.list().unwrap();
        builder.push(list, list).unwrap();
        let mut other = ValueBuilder::default();
        assert!(other.tuple(&[list]).is_err() && other.finish(list).is_err());
        assert_eq!(Part::of_number(list.number()), Some(list));
        assert_eq!(Part::of_number(0), None);
        assert_eq!(builder.finish(list).unwrap().to_string(), "[[...]]");
    }
}
