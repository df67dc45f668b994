//! A handle on a value, and what can be asked of it.
#![forbid(unsafe_code)]

use super::graph::{Cell, Content, Graph, Node, Payload, Run};
use super::integer::{decimal, hexadecimal};
use crate::array::{Array, MemoryOrder};
use crate::codec::latin1;
use crate::{Buffer, Dtype, Error, Result};
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// What a [`Value`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ValueKind {
    /// `None`
    None,
    /// `bool`
    Bool,
    /// `int`, of any size.
    Int,
    /// `float`
    Float,
    /// `complex`
    Complex,
    /// `str`
    Str,
    /// `bytes`
    Bytes,
    /// `bytearray`
    ByteArray,
    /// `list`
    List,
    /// `tuple`
    Tuple,
    /// `set`
    Set,
    /// `frozenset`
    FrozenSet,
    /// `dict`, in the order of insertion.
    Dict,
    /// `numpy.ndarray`, or a subclass of it.
    Array,
    /// `numpy.dtype`
    Dtype,
    /// A scalar of NumPy.
    Scalar,
    /// A class or function, by its name.
    Global,
    /// Any other object: its class, and what it was made of.
    Object,
    /// A name for something outside of the file.
    Persistent,
    /// A class or function, by its number in a registry outside of the file.
    Extension,
}

impl ValueKind {
    /// The name of the type in Python; `object` where it is none of Python's own or NumPy's.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "NoneType",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Float => "float",
            Self::Complex => "complex",
            Self::Str => "str",
            Self::Bytes => "bytes",
            Self::ByteArray => "bytearray",
            Self::List => "list",
            Self::Tuple => "tuple",
            Self::Set => "set",
            Self::FrozenSet => "frozenset",
            Self::Dict => "dict",
            Self::Array => "ndarray",
            Self::Dtype => "dtype",
            Self::Scalar => "scalar",
            Self::Global => "global",
            Self::Object => "object",
            Self::Persistent => "persistent",
            Self::Extension => "extension",
        }
    }
}

/// A Python object of a file, as data; cheap to clone.
///
/// ```
/// use npstow::pickle;
/// let bytes = b"(lp0\nI1\naS'two'\np1\na(dp2\ng1\nF3.5\nsa.".to_vec();
/// let list = pickle::from_bytes(bytes, &pickle::Options::default())?;
/// assert_eq!(list.len(), Some(3));
/// assert_eq!(list.item(0).unwrap().as_int(), Some(1));
/// assert_eq!(list.item(2).unwrap().get("two").unwrap().as_float(), Some(3.5));
/// assert_eq!(list.to_string(), "[1, 'two', {'two': 3.5}]");
/// # Ok::<(), npstow::Error>(())
/// ```
#[derive(Clone)]
pub struct Value {
    graph: Arc<Graph>,
    cell: Cell,
}

impl Value {
    pub(crate) fn new(graph: Arc<Graph>, cell: Cell) -> Self {
        Self { graph, cell }
    }

    pub(crate) fn graph(&self) -> &Arc<Graph> {
        &self.graph
    }

    pub(crate) fn cell(&self) -> Cell {
        self.cell
    }

    /// Another value of the same file.
    pub(crate) fn sibling(&self, cell: Cell) -> Self {
        self.at(cell)
    }

    fn at(&self, cell: Cell) -> Self {
        Self { graph: Arc::clone(&self.graph), cell }
    }

    fn node(&self) -> Option<Node> {
        self.graph.node(self.cell)
    }

    /// What it is.
    #[must_use]
    pub fn kind(&self) -> ValueKind {
        let node = match self.cell.content() {
            Content::None => return ValueKind::None,
            Content::Bool(_) => return ValueKind::Bool,
            Content::Int(_) => return ValueKind::Int,
            Content::Node(_) => self.node(),
        };
        match node {
            None => ValueKind::None,
            Some(Node::Int(_) | Node::BigInt(_)) => ValueKind::Int,
            Some(Node::Float(_)) => ValueKind::Float,
            Some(Node::Complex(..)) => ValueKind::Complex,
            Some(Node::Str(_) | Node::WideStr(_) | Node::FarStr(_)) => ValueKind::Str,
            Some(Node::Bytes(_) | Node::FarBytes(_)) => ValueKind::Bytes,
            Some(Node::ByteArray(_)) => ValueKind::ByteArray,
            Some(Node::List(_)) => ValueKind::List,
            Some(Node::Tuple(_)) => ValueKind::Tuple,
            Some(Node::Set(_)) => ValueKind::Set,
            Some(Node::FrozenSet(_)) => ValueKind::FrozenSet,
            Some(Node::Dict(_)) => ValueKind::Dict,
            Some(Node::Array(_)) => ValueKind::Array,
            Some(Node::Dtype(_)) => ValueKind::Dtype,
            Some(Node::Scalar(_)) => ValueKind::Scalar,
            Some(Node::Global(_)) => ValueKind::Global,
            Some(Node::Object(_)) => ValueKind::Object,
            Some(Node::Persistent(_)) => ValueKind::Persistent,
            Some(Node::Extension(_)) => ValueKind::Extension,
        }
    }

    /// Whether both are the very same object of a file, not only equal.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        self.cell == other.cell && Arc::ptr_eq(&self.graph, &other.graph)
    }

    /// A number that names this value among those of the same file: who has the same number is the
    /// same object.
    ///
    /// ```
    /// let list = npstow::pickle::from_bytes(b"(lp0\n(lp1\nag1\na.".to_vec(), &Default::default())?;
    /// let (first, second) = (list.item(0).unwrap(), list.item(1).unwrap());
    /// assert!(first.id() == second.id() && first.is(&second));
    /// assert!(list.by_id(first.id()).unwrap().is(&first));
    /// # Ok::<(), npstow::Error>(())
    /// ```
    #[must_use]
    pub fn id(&self) -> u64 {
        self.cell.number()
    }

    /// The value of the same file with that number.
    #[must_use]
    pub fn by_id(&self, id: u64) -> Option<Self> {
        let cell = Cell::of_number(id)?;
        let is_there = cell.as_node().is_none_or(|node| node < self.graph.nodes.len());
        is_there.then(|| self.at(cell))
    }

    /// The boolean.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self.cell.content() {
            Content::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// The integer, where it has at most 64 bits; booleans are integers in Python.
    #[must_use]
    pub fn as_int(&self) -> Option<i64> {
        self.graph.int(self.cell)
    }

    /// The integer as decimal digits, whatever its size; beyond 4300 digits in hexadecimal, as
    /// `0x…`, because that is what Python converts from text.
    #[must_use]
    pub fn to_digits(&self) -> Option<String> {
        if let Some(value) = self.as_int() {
            return Some(value.to_string());
        }
        match self.node()? {
            Node::BigInt(span) => {
                let bytes = self.graph.store.held(span)?;
                Some(decimal(bytes).unwrap_or_else(|| hexadecimal(bytes)))
            }
            _ => None,
        }
    }

    /// The float.
    #[must_use]
    pub fn as_float(&self) -> Option<f64> {
        match self.node()? {
            Node::Float(value) => Some(value),
            _ => None,
        }
    }

    /// The real and the imaginary part.
    #[must_use]
    pub fn as_complex(&self) -> Option<(f64, f64)> {
        match self.node()? {
            Node::Complex(re, im) => Some((re, im)),
            _ => None,
        }
    }

    /// The text, where it was read already; very long text is not, see [`to_text`](Self::to_text).
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        self.graph.text(self.cell)
    }

    /// The text of a string, read from the file where it is long.
    ///
    /// # Errors
    /// `Mismatch` where it is no string; `Unsupported` where surrogates stand alone in it, which
    /// is no text outside of Python; `Corrupt`; `Io`.
    pub fn to_text(&self) -> Result<Cow<'_, str>> {
        match self.node() {
            Some(Node::Str(_)) => Ok(Cow::Borrowed(self.as_str().unwrap_or_default())),
            Some(Node::FarStr(span)) => {
                let bytes = self.graph.store.read(span)?;
                let text = String::from_utf8(bytes.to_vec());
                let text = text.map_err(|e| {
                    let at = self.graph.store.place(span);
                    let at = at.saturating_add(e.utf8_error().valid_up_to() as u64);
                    Error::corrupt("text in UTF-8", "other bytes").at(at)
                });
                text.map(Cow::Owned)
            }
            Some(Node::WideStr(_)) => Err(Error::unsupported("text with a lone surrogate")),
            _ => Err(Error::mismatch("a string", self.graph.kind(self.cell))),
        }
    }

    /// The bytes of `bytes` or `bytearray`, where they were read already; many are not, see
    /// [`to_bytes`](Self::to_bytes).
    #[must_use]
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match self.node()? {
            Node::Bytes(span) | Node::ByteArray(span) => self.graph.store.held(span),
            _ => None,
        }
    }

    /// The bytes of `bytes` or `bytearray`, read from the file where they are many.
    ///
    /// # Errors
    /// `Mismatch` where it is neither; `Corrupt`; `Io`.
    pub fn to_bytes(&self) -> Result<Buffer> {
        match self.node() {
            Some(Node::Bytes(span) | Node::ByteArray(span)) => self.graph.store.read(span),
            Some(Node::FarBytes(span)) => from_latin1(&self.graph.store.read(span)?)
                .ok_or_else(|| Error::corrupt("characters of Latin-1", "others"))
                .map(Buffer::from),
            _ => Err(Error::mismatch("bytes", self.graph.kind(self.cell))),
        }
    }

    /// How many items a container has: pairs, of a dictionary.
    #[must_use]
    pub fn len(&self) -> Option<usize> {
        match self.node()? {
            Node::List(run) | Node::Tuple(run) | Node::Set(run) | Node::FrozenSet(run) => {
                Some(run.len())
            }
            Node::Dict(run) => Some(run.len() / 2),
            _ => None,
        }
    }

    /// Whether it is a container without items.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == Some(0)
    }

    /// The items of a list, tuple or set, or those that were added to an object; none of all else.
    #[must_use]
    pub fn items(&self) -> Items<'_> {
        let run = match self.node() {
            Some(Node::List(run) | Node::Tuple(run) | Node::Set(run) | Node::FrozenSet(run)) => run,
            Some(Node::Object(_)) => {
                self.graph.object(self.cell).map_or(Run::default(), |o| o.items)
            }
            _ => Run::default(),
        };
        Items { owner: self, cells: self.graph.items(run).iter() }
    }

    /// An item of a list or tuple.
    #[must_use]
    pub fn item(&self, index: usize) -> Option<Self> {
        let cells = self.graph.sequence(self.cell)?;
        cells.get(index).map(|cell| self.at(*cell))
    }

    /// Keys and values of a dictionary, or those that were set on an object; none of all else.
    #[must_use]
    pub fn pairs(&self) -> Pairs<'_> {
        let run = match self.node() {
            Some(Node::Dict(run)) => run,
            Some(Node::Object(_)) => {
                self.graph.object(self.cell).map_or(Run::default(), |o| o.pairs)
            }
            _ => Run::default(),
        };
        Pairs { owner: self, cells: self.graph.items(run).chunks_exact(2) }
    }

    /// The value under a key of text in a dictionary, or of what was set on an object.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<Self> {
        self.pairs().find(|(name, _)| name.as_str() == Some(key)).map(|(_, value)| value)
    }

    /// Module and name of a class or function.
    #[must_use]
    pub fn as_global(&self) -> Option<(&str, &str)> {
        self.graph.name(self.cell)
    }

    /// The class of an object, or of an array of a subclass.
    #[must_use]
    pub fn class(&self) -> Option<Self> {
        let class = match self.graph.array(self.cell) {
            Some(array) => array.class?,
            None => self.graph.object(self.cell)?.class,
        };
        Some(self.at(class))
    }

    /// What an object was made with: a tuple.
    #[must_use]
    pub fn args(&self) -> Option<Self> {
        self.graph.object(self.cell)?.args.map(|args| self.at(args))
    }

    /// The state that an object was given, or what a subclass keeps beside an array.
    #[must_use]
    pub fn state(&self) -> Option<Self> {
        let state = match self.graph.array(self.cell) {
            Some(array) => array.state,
            None => self.graph.object(self.cell)?.state,
        };
        state.map(|state| self.at(state))
    }

    /// Of a masked array, which elements are hidden: an array of booleans.
    #[must_use]
    pub fn mask(&self) -> Option<Self> {
        self.graph.array(self.cell)?.mask.map(|mask| self.at(mask))
    }

    /// The identifier of something outside of the file.
    #[must_use]
    pub fn persistent_id(&self) -> Option<Self> {
        match self.node()? {
            Node::Persistent(id) => Some(self.at(id)),
            _ => None,
        }
    }

    /// The number of an extension (PEP 307).
    #[must_use]
    pub fn extension(&self) -> Option<u32> {
        match self.node()? {
            Node::Extension(number) => Some(number),
            _ => None,
        }
    }

    /// The dtype of an array or a scalar, or the dtype that it is itself.
    #[must_use]
    pub fn dtype(&self) -> Option<&Dtype> {
        let graph = &self.graph;
        match self.node()? {
            Node::Array(_) => graph.array(self.cell).map(|array| &array.dtype),
            Node::Scalar(_) => graph.scalar(self.cell).map(|scalar| &scalar.dtype),
            Node::Dtype(_) => graph.dtype(self.cell).map(|node| &node.dtype),
            _ => None,
        }
    }

    /// The shape of an array.
    #[must_use]
    pub fn shape(&self) -> Option<&[usize]> {
        self.graph.array(self.cell).map(|array| &*array.shape)
    }

    /// Whether it is an array of NumPy's own class and bytes, and nothing beside them.
    pub(crate) fn is_plain_array(&self) -> bool {
        let Some(array) = self.graph.array(self.cell) else { return false };
        let dtype = array.dtype_cell.and_then(|cell| self.graph.dtype(cell));
        array.class.is_none()
            && !matches!(array.payload, Payload::Objects(_))
            && dtype.is_none_or(|dtype| dtype.class.is_none() && !dtype.has_metadata)
    }

    /// The objects of an array of objects, in C order: the last index runs fastest.
    #[must_use]
    pub fn objects(&self) -> Option<Items<'_>> {
        match self.graph.array(self.cell)?.payload {
            Payload::Objects(run) => {
                Some(Items { owner: self, cells: self.graph.items(run).iter() })
            }
            _ => None,
        }
    }

    /// Reads an array into memory, or a scalar as an array without axes.
    ///
    /// # Errors
    /// `Mismatch` where it is neither; `Unsupported` for an array of objects, see
    /// [`objects`](Self::objects); `Corrupt`; `Io`.
    pub fn to_array(&self) -> Result<Array> {
        if let Some(scalar) = self.graph.scalar(self.cell) {
            let bytes = self.graph.store.read(scalar.bytes)?;
            return Array::new(scalar.dtype.clone(), &[], MemoryOrder::C, bytes);
        }
        let Some(array) = self.graph.array(self.cell) else {
            return Err(Error::mismatch("an array", self.graph.kind(self.cell)));
        };
        let bytes = match array.payload {
            Payload::Bytes(span) => self.graph.store.read(span)?,
            Payload::Text(span) => {
                let text = self.graph.store.read(span)?;
                let bytes = from_latin1(&text);
                let wrong = || Error::corrupt("characters of Latin-1", "others");
                bytes.ok_or_else(|| wrong().at(self.graph.store.place(span)))?.into()
            }
            Payload::Objects(_) => return Err(Error::unsupported("objects as an array of bytes")),
        };
        Array::new(array.dtype.clone(), &array.shape, array.order, bytes)
    }

    /// Reads all strings of the file that were not read yet, to see whether they are sound.
    ///
    /// # Errors
    /// `Corrupt`, with the offset of the string; `Io`.
    pub fn check(&self) -> Result<()> {
        for (id, node) in self.graph.nodes.iter().enumerate() {
            let span = match node {
                Node::FarStr(span) | Node::FarBytes(span) => *span,
                _ => continue,
            };
            let value = self.at(Cell::node(id));
            let done = match node {
                Node::FarStr(_) => value.to_text().map(drop),
                _ => value.to_bytes().map(drop),
            };
            let at = self.graph.store.place(span);
            done.map_err(|e| if e.offset().is_none() { e.at(at) } else { e })?;
        }
        Ok(())
    }

    /// A value of a graph that is still being made, as Python prints it; long ones by their kind.
    pub(crate) fn shown(graph: &Graph, cell: Cell) -> String {
        match graph.text(cell) {
            Some(text) => crate::Literal::Str(text.to_owned()).to_string(),
            None => match graph.int(cell) {
                Some(value) => value.to_string(),
                None => graph.kind(cell).to_owned(),
            },
        }
    }

    /// How many values the file has in all.
    #[must_use]
    pub fn count(&self) -> usize {
        self.graph.nodes.len()
    }
}

/// UTF-8 as the bytes of Latin-1.
pub(super) fn from_latin1(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = vec![0; latin1::count(text)];
    latin1::decode(text, &mut bytes).then_some(bytes)
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Value({self})")
    }
}

/// The items of a [`Value`].
#[derive(Clone, Debug)]
pub struct Items<'a> {
    owner: &'a Value,
    cells: std::slice::Iter<'a, Cell>,
}

impl Iterator for Items<'_> {
    type Item = Value;

    fn next(&mut self) -> Option<Value> {
        self.cells.next().map(|cell| self.owner.at(*cell))
    }

    fn nth(&mut self, n: usize) -> Option<Value> {
        self.cells.nth(n).map(|cell| self.owner.at(*cell))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.cells.size_hint()
    }
}

impl ExactSizeIterator for Items<'_> {}

/// Keys and values of a [`Value`].
#[derive(Clone, Debug)]
pub struct Pairs<'a> {
    owner: &'a Value,
    cells: std::slice::ChunksExact<'a, Cell>,
}

impl Iterator for Pairs<'_> {
    type Item = (Value, Value);

    fn next(&mut self) -> Option<(Value, Value)> {
        match self.cells.next()? {
            [key, value] => Some((self.owner.at(*key), self.owner.at(*value))),
            _ => None,
        }
    }

    fn nth(&mut self, n: usize) -> Option<(Value, Value)> {
        if n > 0 {
            self.cells.nth(n - 1)?;
        }
        self.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.cells.size_hint()
    }
}

impl ExactSizeIterator for Pairs<'_> {}
