//! The arena that values lie in: flat tables, and cells that point into them.
//!
//! A list of a million small integers is a million cells of eight bytes and nothing else. What does
//! not fit into a cell is a node; runs of cells are what containers hold. Nothing here owns
//! another thing of its kind, so nothing is recursive: not dropping, not cloning, not walking.
#![forbid(unsafe_code)]

use super::known::Known;
use super::renamed;
use super::store::{Span, Store};
use crate::array::MemoryOrder;
use crate::{Dtype, Error, Result};
use std::num::NonZeroU64;
use std::ops::Range;

/// A value that is small, or the number of a node: two bits say which. They are never both zero,
/// so that no cell takes no more room than a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Cell(NonZeroU64);

const INT: NonZeroU64 = NonZeroU64::MIN;
const CONSTANT: NonZeroU64 = NonZeroU64::MIN.saturating_add(1);
const NODE: NonZeroU64 = NonZeroU64::MIN.saturating_add(2);

/// What a cell says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Content {
    None,
    Bool(bool),
    /// Of at most 62 bits.
    Int(i64),
    Node(usize),
}

impl Cell {
    pub(crate) const NONE: Self = Self(CONSTANT);
    pub(crate) const FALSE: Self = Self(CONSTANT.saturating_add(1 << 2));
    pub(crate) const TRUE: Self = Self(CONSTANT.saturating_add(2 << 2));

    /// The cell of an integer that fits.
    #[inline]
    pub(crate) fn int(value: i64) -> Option<Self> {
        let shifted = value << 2;
        (shifted >> 2 == value).then_some(Self(INT | u64::from_ne_bytes(shifted.to_ne_bytes())))
    }

    #[inline]
    pub(crate) fn small(value: i32) -> Self {
        Self(INT | u64::from_ne_bytes((i64::from(value) << 2).to_ne_bytes()))
    }

    #[inline]
    pub(crate) fn node(id: usize) -> Self {
        Self(NODE | (id as u64) << 2)
    }

    #[inline]
    pub(crate) fn content(self) -> Content {
        let bits = self.0.get();
        match bits & 3 {
            3 => Content::Node(usize::try_from(bits >> 2).unwrap_or(usize::MAX)),
            1 => Content::Int(i64::from_ne_bytes(bits.to_ne_bytes()) >> 2),
            _ if self == Self::NONE => Content::None,
            _ => Content::Bool(self == Self::TRUE),
        }
    }

    /// All of it as a number.
    pub(crate) fn number(self) -> u64 {
        self.0.get()
    }

    /// The cell that is this number, if one is.
    pub(crate) fn of_number(number: u64) -> Option<Self> {
        let cell = Self(NonZeroU64::new(number)?);
        let is_one = match number & 3 {
            1 | 3 => true,
            _ => [Self::NONE, Self::FALSE, Self::TRUE].contains(&cell),
        };
        is_one.then_some(cell)
    }

    #[inline]
    pub(crate) fn as_node(self) -> Option<usize> {
        match self.content() {
            Content::Node(id) => Some(id),
            _ => None,
        }
    }
}

/// Cells that lie side by side: the items of a container, with room behind them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Run {
    start: u32,
    len: u32,
    room: u32,
}

impl Run {
    pub(crate) fn len(self) -> usize {
        self.len as usize
    }

    pub(crate) fn is_empty(self) -> bool {
        self.len == 0
    }

    pub(crate) fn range(self) -> Range<usize> {
        let start = self.start as usize;
        start..start + self.len as usize
    }

    /// The same cells for another container: what that gets later does not come here.
    pub(crate) fn shared(self) -> Self {
        Self { room: self.len, ..self }
    }
}

/// What does not fit into a cell.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Node {
    Int(i64),
    /// Two's complement, little-endian.
    BigInt(Span),
    Float(f64),
    Complex(f64, f64),
    /// UTF-8, checked.
    Str(Span),
    /// UTF-8 with surrogates that stand alone, which Python allows.
    WideStr(Span),
    /// UTF-8 that was not read: long.
    FarStr(Span),
    Bytes(Span),
    ByteArray(Span),
    /// Bytes as characters below 256, in UTF-8 that was not read: long.
    FarBytes(Span),
    List(Run),
    Tuple(Run),
    Set(Run),
    FrozenSet(Run),
    /// Keys and values by turns.
    Dict(Run),
    Array(u32),
    Dtype(u32),
    Scalar(u32),
    Global(u32),
    Object(u32),
    /// What stands for something outside of the file, by its name.
    Persistent(Cell),
    /// A name by its number in a registry that is not in the file.
    Extension(u32),
}

/// A class or function: a name, and nothing else.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Name {
    /// Both in UTF-8, and in memory.
    module: Span,
    name: Span,
    known: Known,
    /// Whether it is one of Python 2: of a pickle of a protocol that has those.
    is_old: bool,
}

/// How an object came to be, so that it can be written again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Made {
    /// `class(*args)`
    Call,
    /// `class.__new__(class, *args)`
    New,
    /// `class.__new__(class, *args, **named)`; the names are the last of the arguments.
    NewNamed,
    /// An instance of a class of Python 2.
    Old,
    /// `copyreg._reconstructor(class, base, state)`; the arguments are base and state.
    Rebuilt,
    /// `_reconstruct(class, (0,), b'b')` of NumPy.
    Array,
}

/// An object that is data and nothing more.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Object {
    pub(crate) class: Cell,
    pub(crate) args: Option<Cell>,
    pub(crate) state: Option<Cell>,
    pub(crate) items: Run,
    pub(crate) pairs: Run,
    pub(crate) made: Made,
}

/// The elements of an array.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Payload {
    Bytes(Span),
    /// Bytes as characters below 256, in UTF-8.
    Text(Span),
    /// Objects, in C order.
    Objects(Run),
}

/// An array within a graph.
#[derive(Clone, Debug)]
pub(crate) struct ArrayNode {
    /// Where it is not `numpy.ndarray`.
    pub(crate) class: Option<Cell>,
    pub(crate) dtype: Dtype,
    /// The cell of the dtype, which may have metadata.
    pub(crate) dtype_cell: Option<Cell>,
    pub(crate) shape: Box<[usize]>,
    pub(crate) order: MemoryOrder,
    pub(crate) payload: Payload,
    /// What a subclass keeps beside the array.
    pub(crate) state: Option<Cell>,
    /// Of a masked array: an array of booleans.
    pub(crate) mask: Option<Cell>,
}

/// A dtype within a graph.
#[derive(Clone, Debug)]
pub(crate) struct DtypeNode {
    pub(crate) dtype: Dtype,
    pub(crate) metadata: Option<Cell>,
    /// Whether it has metadata, or a part of it has.
    pub(crate) has_metadata: bool,
    /// What NumPy's constructor was called with, and the state that was given then, where there is
    /// metadata: only that says where it belongs.
    pub(crate) made_of: (Cell, Option<Cell>),
    /// The class of its scalars, where that is none of NumPy's own: `numpy.record`.
    pub(crate) class: Option<Cell>,
    /// How deep others lie in it, and how many scalars it is made of.
    pub(crate) depth: usize,
    pub(crate) scalars: u64,
}

/// A NumPy scalar.
#[derive(Clone, Debug)]
pub(crate) struct ScalarNode {
    pub(crate) dtype: Dtype,
    pub(crate) dtype_cell: Option<Cell>,
    pub(crate) bytes: Span,
}

/// All values of a pickle.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    pub(crate) nodes: Vec<Node>,
    pub(crate) cells: Vec<Cell>,
    pub(crate) names: Vec<Name>,
    pub(crate) objects: Vec<Object>,
    pub(crate) arrays: Vec<ArrayNode>,
    pub(crate) dtypes: Vec<DtypeNode>,
    pub(crate) scalars: Vec<ScalarNode>,
    pub(crate) store: Store,
    /// How many bytes the name of a field may have.
    pub(crate) most_name: u64,
}

fn full(what: &str) -> Error {
    Error::limit(what, u64::from(u32::MAX), "one more")
}

fn number(len: usize, what: &str) -> Result<u32> {
    u32::try_from(len).map_err(|_| full(what))
}

impl Graph {
    /// Adds a node; there cannot be more than a file has bytes.
    #[inline]
    pub(crate) fn push(&mut self, node: Node) -> Cell {
        let id = self.nodes.len();
        self.nodes.push(node);
        Cell::node(id)
    }

    pub(crate) fn push_int(&mut self, value: i64) -> Cell {
        Cell::int(value).unwrap_or_else(|| self.push(Node::Int(value)))
    }

    pub(crate) fn push_text(&mut self, text: &str) -> Cell {
        let span = self.store.add(text.as_bytes());
        self.push(Node::Str(span))
    }

    pub(crate) fn push_bytes(&mut self, bytes: &[u8]) -> Cell {
        let span = self.store.add(bytes);
        self.push(Node::Bytes(span))
    }

    /// Adds a name; both parts are text that is in memory.
    pub(crate) fn push_name(&mut self, module: Span, name: Span, is_old: bool) -> Result<Cell> {
        let at = number(self.names.len(), "a number of names")?;
        let known = Known::of(self.held_text(module), self.held_text(name));
        self.names.push(Name { module, name, known, is_old });
        Ok(self.push(Node::Global(at)))
    }

    /// Adds a name that stands in no file.
    pub(crate) fn add_name(&mut self, module: &str, name: &str, is_old: bool) -> Result<Cell> {
        let module = self.store.add(module.as_bytes());
        let name = self.store.add(name.as_bytes());
        self.push_name(module, name, is_old)
    }

    fn held_text(&self, span: Span) -> &str {
        let bytes = self.store.held(span).unwrap_or_default();
        std::str::from_utf8(bytes).unwrap_or_default()
    }

    pub(crate) fn push_object(&mut self, object: Object) -> Result<Cell> {
        let at = number(self.objects.len(), "a number of objects")?;
        self.objects.push(object);
        Ok(self.push(Node::Object(at)))
    }

    pub(crate) fn push_array(&mut self, array: ArrayNode) -> Result<Cell> {
        let at = number(self.arrays.len(), "a number of arrays")?;
        self.arrays.push(array);
        Ok(self.push(Node::Array(at)))
    }

    pub(crate) fn push_dtype(&mut self, dtype: DtypeNode) -> Result<Cell> {
        let at = number(self.dtypes.len(), "a number of dtypes")?;
        self.dtypes.push(dtype);
        Ok(self.push(Node::Dtype(at)))
    }

    pub(crate) fn push_scalar(&mut self, scalar: ScalarNode) -> Result<Cell> {
        let at = number(self.scalars.len(), "a number of scalars")?;
        self.scalars.push(scalar);
        Ok(self.push(Node::Scalar(at)))
    }

    /// A run of these cells.
    pub(crate) fn run(&mut self, cells: &[Cell]) -> Result<Run> {
        let start = number(self.cells.len(), "a number of items")?;
        let len = number(cells.len(), "a number of items")?;
        number(self.cells.len() + cells.len(), "a number of items")?;
        self.cells.extend_from_slice(cells);
        Ok(Run { start, len, room: len })
    }

    /// A run with more cells. One that has no room moves to the end, with room for as many again:
    /// what is written in batches costs twice its cells at most.
    pub(crate) fn extended(&mut self, run: Run, more: &[Cell]) -> Result<Run> {
        if run.len == 0 {
            return self.run(more);
        }
        let end = run.start as usize + run.len();
        let needed = number(run.len() + more.len(), "a number of items")?;
        if end == self.cells.len() {
            number(end + more.len(), "a number of items")?;
            self.cells.extend_from_slice(more);
            return Ok(Run { len: needed, room: needed.max(run.room), ..run });
        }
        if needed <= run.room {
            if let Some(place) = self.cells.get_mut(end..end + more.len()) {
                place.copy_from_slice(more);
                return Ok(Run { len: needed, ..run });
            }
        }
        self.check_budget()?;
        let start = number(self.cells.len(), "a number of items")?;
        let room = needed.saturating_mul(2);
        number(self.cells.len() + room as usize, "a number of items")?;
        self.cells.extend_from_within(run.range());
        self.cells.extend_from_slice(more);
        self.cells.resize(start as usize + room as usize, Cell::NONE);
        Ok(Run { start, len: needed, room })
    }

    #[inline]
    pub(crate) fn items(&self, run: Run) -> &[Cell] {
        self.cells.get(run.range()).unwrap_or_default()
    }

    /// The node of a cell that has one.
    #[inline]
    pub(crate) fn node(&self, cell: Cell) -> Option<Node> {
        self.nodes.get(cell.as_node()?).copied()
    }

    /// The module and the name of a class or function.
    pub(crate) fn name(&self, cell: Cell) -> Option<(&str, &str)> {
        match self.node(cell)? {
            Node::Global(at) => {
                let name = self.names.get(at as usize)?;
                Some((self.held_text(name.module), self.held_text(name.name)))
            }
            _ => None,
        }
    }

    /// Whether there is a name in such a module.
    pub(crate) fn has_name_in(&self, module: impl Fn(&str) -> bool) -> bool {
        self.names.iter().any(|name| module(self.held_text(name.module)))
    }

    /// Whether a name is one of Python 2.
    pub(crate) fn is_old_name(&self, cell: Cell) -> bool {
        match self.node(cell) {
            Some(Node::Global(at)) => self.names.get(at as usize).is_some_and(|name| name.is_old),
            _ => false,
        }
    }

    /// A name as a pickle of some protocol has it: what Python 2 and 3 call it.
    pub(crate) fn name_in(&self, cell: Cell, protocol: u8) -> Option<(&str, &str)> {
        let (module, name) = self.name(cell)?;
        Some(match (self.is_old_name(cell), protocol <= renamed::LAST_OLD) {
            (true, false) => renamed::to_new(module, name),
            (false, true) => renamed::to_old(module, name),
            _ => (module, name),
        })
    }

    /// What a class or function is to this library.
    #[inline]
    pub(crate) fn known(&self, cell: Cell) -> Known {
        match self.node(cell) {
            Some(Node::Global(at)) => self.names.get(at as usize).map_or(Known::No, |n| n.known),
            _ => Known::No,
        }
    }

    pub(crate) fn object(&self, cell: Cell) -> Option<&Object> {
        match self.node(cell)? {
            Node::Object(at) => self.objects.get(at as usize),
            _ => None,
        }
    }

    pub(crate) fn array(&self, cell: Cell) -> Option<&ArrayNode> {
        match self.node(cell)? {
            Node::Array(at) => self.arrays.get(at as usize),
            _ => None,
        }
    }

    pub(crate) fn dtype(&self, cell: Cell) -> Option<&DtypeNode> {
        match self.node(cell)? {
            Node::Dtype(at) => self.dtypes.get(at as usize),
            _ => None,
        }
    }

    pub(crate) fn scalar(&self, cell: Cell) -> Option<&ScalarNode> {
        match self.node(cell)? {
            Node::Scalar(at) => self.scalars.get(at as usize),
            _ => None,
        }
    }

    /// What a value is, in words.
    pub(crate) fn kind(&self, cell: Cell) -> &'static str {
        let node = match cell.content() {
            Content::None => return "None",
            Content::Bool(_) => return "a boolean",
            Content::Int(_) => return "an integer",
            Content::Node(_) => self.node(cell),
        };
        match node {
            None => "nothing",
            Some(Node::Int(_) | Node::BigInt(_)) => "an integer",
            Some(Node::Float(_)) => "a float",
            Some(Node::Complex(..)) => "a complex number",
            Some(Node::Str(_) | Node::WideStr(_) | Node::FarStr(_)) => "a string",
            Some(Node::Bytes(_) | Node::FarBytes(_)) => "bytes",
            Some(Node::ByteArray(_)) => "a bytearray",
            Some(Node::List(_)) => "a list",
            Some(Node::Tuple(_)) => "a tuple",
            Some(Node::Set(_)) => "a set",
            Some(Node::FrozenSet(_)) => "a frozenset",
            Some(Node::Dict(_)) => "a dictionary",
            Some(Node::Array(_)) => "an array",
            Some(Node::Dtype(_)) => "a dtype",
            Some(Node::Scalar(_)) => "a NumPy scalar",
            Some(Node::Global(_)) => "a class or function",
            Some(Node::Object(_)) => "an object",
            Some(Node::Persistent(_)) => "a persistent identifier",
            Some(Node::Extension(_)) => "an extension",
        }
    }

    /// Refuses what copies things that are in the file once and are used again and again.
    pub(crate) fn check_budget(&self) -> Result<()> {
        let most = self.store.files_len().saturating_mul(8).saturating_add(1 << 20);
        let used = (self.cells.len() as u64).saturating_add(self.store.aside_len());
        if used > most {
            return Err(Error::limit("what a pickle makes of its bytes", most, used));
        }
        Ok(())
    }

    /// The text of a string that was read and has no surrogates.
    pub(crate) fn text(&self, cell: Cell) -> Option<&str> {
        match self.node(cell)? {
            Node::Str(span) => std::str::from_utf8(self.store.held(span)?).ok(),
            _ => None,
        }
    }

    /// An integer of 64 bits; booleans are integers in Python.
    pub(crate) fn int(&self, cell: Cell) -> Option<i64> {
        match cell.content() {
            Content::Int(value) => Some(value),
            Content::Bool(value) => Some(i64::from(value)),
            Content::None => None,
            Content::Node(_) => match self.node(cell)? {
                Node::Int(value) => Some(value),
                _ => None,
            },
        }
    }

    /// The items of a tuple.
    pub(crate) fn tuple(&self, cell: Cell) -> Option<&[Cell]> {
        match self.node(cell)? {
            Node::Tuple(run) => Some(self.items(run)),
            _ => None,
        }
    }

    /// The items of a tuple or a list.
    pub(crate) fn sequence(&self, cell: Cell) -> Option<&[Cell]> {
        match self.node(cell)? {
            Node::Tuple(run) | Node::List(run) => Some(self.items(run)),
            _ => None,
        }
    }

    /// Keys and values of a dictionary, by turns.
    pub(crate) fn dict(&self, cell: Cell) -> Option<&[Cell]> {
        match self.node(cell)? {
            Node::Dict(run) => Some(self.items(run)),
            _ => None,
        }
    }

    /// Everything directly below a cell, in order.
    pub(crate) fn below(&self, cell: Cell, found: &mut Vec<Cell>) {
        let Some(node) = self.node(cell) else { return };
        match node {
            Node::List(run)
            | Node::Tuple(run)
            | Node::Set(run)
            | Node::FrozenSet(run)
            | Node::Dict(run) => found.extend_from_slice(self.items(run)),
            Node::Persistent(id) => found.push(id),
            Node::Array(_) => {
                let Some(array) = self.array(cell) else { return };
                if let Payload::Objects(run) = array.payload {
                    found.extend_from_slice(self.items(run));
                }
                found.extend(array.class);
                found.extend(array.dtype_cell);
                found.extend(array.mask);
                found.extend(array.state);
            }
            Node::Dtype(_) => {
                let Some(dtype) = self.dtype(cell) else { return };
                found.extend(dtype.metadata);
                if dtype.has_metadata {
                    found.push(dtype.made_of.0);
                    found.extend(dtype.made_of.1);
                }
                found.extend(dtype.class);
            }
            Node::Scalar(_) => found.extend(self.scalar(cell).and_then(|s| s.dtype_cell)),
            Node::Object(_) => {
                let Some(object) = self.object(cell) else { return };
                found.push(object.class);
                found.extend(object.args);
                found.extend(object.state);
                found.extend_from_slice(self.items(object.items));
                found.extend_from_slice(self.items(object.pairs));
            }
            Node::Int(_)
            | Node::BigInt(_)
            | Node::Float(_)
            | Node::Complex(..)
            | Node::Str(_)
            | Node::WideStr(_)
            | Node::FarStr(_)
            | Node::Bytes(_)
            | Node::ByteArray(_)
            | Node::FarBytes(_)
            | Node::Global(_)
            | Node::Extension(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_hold_small_values() {
        for value in [0, 1, -1, 255, -70_000, (1 << 61) - 1, -(1 << 61)] {
            assert_eq!(Cell::int(value).unwrap().content(), Content::Int(value));
        }
        assert!(Cell::int(1 << 61).is_none() && Cell::int(i64::MIN).is_none());
        assert_eq!(Cell::small(-5).content(), Content::Int(-5));
        assert_eq!(Cell::NONE.content(), Content::None);
        assert_eq!(Cell::TRUE.content(), Content::Bool(true));
        assert_eq!(Cell::FALSE.content(), Content::Bool(false));
        assert_eq!(Cell::node(7).content(), Content::Node(7));
        for cell in [Cell::small(-3), Cell::TRUE, Cell::FALSE, Cell::NONE, Cell::node(9)] {
            assert_eq!(Cell::of_number(cell.number()), Some(cell));
        }
        assert!([0, 4, 14].into_iter().all(|none| Cell::of_number(none).is_none()));
        assert_eq!((size_of::<Option<Cell>>(), size_of::<Node>()), (8, 24));
    }

    #[test]
    fn runs_grow_and_keep_their_cells() {
        let mut graph = Graph::default();
        let cells = |range: Range<i32>| range.map(Cell::small).collect::<Vec<_>>();
        let (mut a, mut b) = (Run::default(), Run::default());
        for step in 0..100 {
            a = graph.extended(a, &cells(step * 3..step * 3 + 3)).unwrap();
            b = graph.extended(b, &cells(step..step + 1)).unwrap();
        }
        assert_eq!(graph.items(a), cells(0..300));
        assert_eq!(graph.items(b), cells(0..100));
        assert!(graph.cells.len() < 1600, "{}", graph.cells.len());
    }
}
