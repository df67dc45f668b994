//! Values as they are borrowed: for who makes objects of another language of them.
//!
//! A [`Value`] keeps its file alive, which is counted with every copy. A [`ValueRef`] costs nothing:
//! a million values are walked without a count and without an allocation.
#![forbid(unsafe_code)]

use super::graph::{ArrayNode, Cell, Content, Graph, Made, Node, Payload, Run};
use super::handle::Value;
use super::known::Known;
use super::store::Span;
use crate::{Dtype, MemoryOrder};
use std::sync::Arc;

/// A protocol that has the names of Python 3.
const NEW: u8 = 4;

/// A value for as long as somebody else keeps its file.
///
/// ```
/// use npstow::{Form, pickle};
/// let value = pickle::from_bytes(b"(lp0\nI1\na(lp1\nag1\na.".to_vec(), &Default::default())?;
/// let Form::List(items) = value.to_ref().form() else { panic!("no list") };
/// let items: Vec<_> = items.collect();
/// assert!(matches!(items[0].form(), Form::Int(1)));
/// // The second and the third are one list.
/// assert_eq!(items[1].id(), items[2].id());
/// # Ok::<(), npstow::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ValueRef<'a> {
    graph: &'a Arc<Graph>,
    cell: Cell,
}

/// What a value is, and what is in it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Form<'a> {
    /// `None`
    None,
    /// `True` or `False`
    Bool(bool),
    /// An integer of at most 64 bits.
    Int(i64),
    /// A larger one: two's complement, little-endian.
    BigInt(&'a [u8]),
    /// A float.
    Float(f64),
    /// The real and the imaginary part.
    Complex(f64, f64),
    /// Text.
    Str(&'a str),
    /// UTF-8 with surrogates that stand alone, which Python allows.
    WideStr(&'a [u8]),
    /// Text that was not read yet: see [`Value::to_text`].
    FarStr,
    /// Bytes, unless they were not read yet: see [`Value::to_bytes`].
    Bytes(Option<&'a [u8]>),
    /// The same of a `bytearray`.
    ByteArray(Option<&'a [u8]>),
    /// A list.
    List(Refs<'a>),
    /// A tuple.
    Tuple(Refs<'a>),
    /// A set.
    Set(Refs<'a>),
    /// A set that cannot change.
    FrozenSet(Refs<'a>),
    /// A dictionary: keys and values by turns.
    Dict(Refs<'a>),
    /// An array.
    Array(ArrayForm<'a>),
    /// A dtype.
    Dtype(DtypeForm<'a>),
    /// A NumPy scalar: its dtype, the value that the dtype is in the file, and its bytes, unless
    /// they were not read yet: see [`Value::to_array`].
    Scalar(&'a Dtype, Option<ValueRef<'a>>, Option<&'a [u8]>),
    /// The module and the name of a class or function, as Python 3 has them.
    Global(&'a str, &'a str),
    /// An object that is data and nothing more.
    Object(ObjectForm<'a>),
    /// What stands for something outside of the file, by this identifier.
    Persistent(ValueRef<'a>),
    /// A name by its number in a registry that is not in the file.
    Extension(u32),
}

/// An array, and what belongs to it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ArrayForm<'a> {
    /// Its class, where that is not `numpy.ndarray`.
    pub class: Option<ValueRef<'a>>,
    /// The type of the elements.
    pub dtype: &'a Dtype,
    /// The value that the dtype is in the file: it may have metadata.
    pub dtype_value: Option<ValueRef<'a>>,
    /// The lengths of the axes.
    pub shape: &'a [usize],
    /// The order of the elements in memory.
    pub order: MemoryOrder,
    /// Bytes that are in memory already, as they lie there.
    pub held: Option<&'a [u8]>,
    /// Which of the buffers that were given has the elements.
    pub buffer: Option<usize>,
    /// Where the elements lie in the file as they are; of a packed dump, in what it unpacks to.
    pub offset: Option<u64>,
    /// The elements, where they are objects: in C order.
    pub objects: Option<Refs<'a>>,
    /// What a subclass keeps beside the array; of a masked array the fill value.
    pub state: Option<ValueRef<'a>>,
    /// Of a masked array: an array of booleans.
    pub mask: Option<ValueRef<'a>>,
}

/// A dtype, and what belongs to it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DtypeForm<'a> {
    /// The dtype.
    pub dtype: &'a Dtype,
    /// A dictionary.
    pub metadata: Option<ValueRef<'a>>,
    /// The class of its scalars, where that is none of NumPy's own.
    pub class: Option<ValueRef<'a>>,
}

/// An object, and what it is made of.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ObjectForm<'a> {
    /// What was called to make it.
    pub class: ValueRef<'a>,
    /// What that was called with: a tuple.
    pub args: Option<ValueRef<'a>>,
    /// What it was given then.
    pub state: Option<ValueRef<'a>>,
    /// What was added to it.
    pub items: Refs<'a>,
    /// What was set on it: keys and values by turns.
    pub pairs: Refs<'a>,
    /// In a word, how it was made: see [`ObjectForm::ways`].
    pub made: &'static str,
}

const WAYS: [(&str, Made); 6] = [
    ("call", Made::Call),
    ("new", Made::New),
    ("named", Made::NewNamed),
    ("old", Made::Old),
    ("rebuilt", Made::Rebuilt),
    ("array", Made::Array),
];

impl ObjectForm<'_> {
    /// The words for how an object is made: `call` of its class; `new`, by its `__new__`; `named`,
    /// the same, and the last of the arguments are named; `old`, of a class of Python 2; `rebuilt`,
    /// as protocols 0 and 1 make it; `array`, of a subclass of arrays.
    pub fn ways() -> impl Iterator<Item = &'static str> {
        WAYS.iter().map(|(word, _)| *word)
    }
}

impl Made {
    fn word(self) -> &'static str {
        WAYS.iter().find(|(_, made)| *made == self).map_or("call", |(word, _)| word)
    }

    /// The way of that name.
    pub(super) fn of_word(word: &str) -> Option<Self> {
        WAYS.iter().find(|(known, _)| *known == word).map(|(_, made)| *made)
    }
}

/// Values one after another.
#[derive(Clone, Debug)]
pub struct Refs<'a> {
    graph: &'a Arc<Graph>,
    cells: std::slice::Iter<'a, Cell>,
}

impl<'a> Iterator for Refs<'a> {
    type Item = ValueRef<'a>;

    #[inline]
    fn next(&mut self) -> Option<ValueRef<'a>> {
        self.cells.next().map(|cell| ValueRef { graph: self.graph, cell: *cell })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.cells.size_hint()
    }
}

impl ExactSizeIterator for Refs<'_> {}

impl Value {
    /// The same value, borrowed.
    #[must_use]
    pub fn to_ref(&self) -> ValueRef<'_> {
        ValueRef { graph: self.graph(), cell: self.cell() }
    }

    /// How many bytes the values of its file take in all, strings and arrays included, roughly: to
    /// say how far work on them is.
    #[must_use]
    pub fn rough_nbytes(&self) -> u64 {
        let graph = self.graph();
        let cells = (graph.nodes.len() as u64 + graph.cells.len() as u64) * 8;
        let payload = |array: &ArrayNode| match array.payload {
            Payload::Bytes(span) | Payload::Text(span) => span.len(),
            Payload::Objects(_) => 0,
        };
        graph.arrays.iter().map(payload).fold(cells, u64::saturating_add)
    }
}

impl<'a> ValueRef<'a> {
    /// The value, which keeps its file alive.
    #[must_use]
    pub fn to_value(self) -> Value {
        Value::new(Arc::clone(self.graph), self.cell)
    }

    /// Its number among the values of its file, which are fewer than [`Value::count`]: what has the
    /// same number is the same object. Small integers, booleans and `None` have none.
    #[inline]
    #[must_use]
    pub fn id(self) -> Option<usize> {
        self.cell.as_node()
    }

    /// What it is.
    #[must_use]
    pub fn form(self) -> Form<'a> {
        let node = match self.cell.content() {
            Content::None => return Form::None,
            Content::Bool(value) => return Form::Bool(value),
            Content::Int(value) => return Form::Int(value),
            Content::Node(_) => self.graph.node(self.cell),
        };
        let held = |span: Span| self.graph.store.held(span);
        match node {
            None => Form::None,
            Some(Node::Int(value)) => Form::Int(value),
            Some(Node::BigInt(span)) => Form::BigInt(held(span).unwrap_or_default()),
            Some(Node::Float(value)) => Form::Float(value),
            Some(Node::Complex(re, im)) => Form::Complex(re, im),
            Some(Node::Str(_)) => Form::Str(self.graph.text(self.cell).unwrap_or_default()),
            Some(Node::WideStr(span)) => Form::WideStr(held(span).unwrap_or_default()),
            Some(Node::FarStr(_)) => Form::FarStr,
            Some(Node::Bytes(span)) => Form::Bytes(held(span)),
            Some(Node::FarBytes(_)) => Form::Bytes(None),
            Some(Node::ByteArray(span)) => Form::ByteArray(held(span)),
            Some(Node::List(run)) => Form::List(self.refs(run)),
            Some(Node::Tuple(run)) => Form::Tuple(self.refs(run)),
            Some(Node::Set(run)) => Form::Set(self.refs(run)),
            Some(Node::FrozenSet(run)) => Form::FrozenSet(self.refs(run)),
            Some(Node::Dict(run)) => Form::Dict(self.refs(run)),
            Some(Node::Global(_)) => {
                let (module, name) = self.graph.name_in(self.cell, NEW).unwrap_or_default();
                Form::Global(module, name)
            }
            Some(Node::Persistent(id)) => Form::Persistent(self.at(id)),
            Some(Node::Extension(number)) => Form::Extension(number),
            Some(Node::Array(_) | Node::Dtype(_) | Node::Scalar(_) | Node::Object(_)) => {
                self.compound().unwrap_or(Form::None)
            }
        }
    }

    fn compound(self) -> Option<Form<'a>> {
        let graph = self.graph;
        let at = |cell: Option<Cell>| cell.map(|cell| self.at(cell));
        Some(match graph.node(self.cell)? {
            Node::Array(_) => {
                let array = graph.array(self.cell)?;
                let (held, buffer, objects) = match array.payload {
                    Payload::Bytes(span) => (graph.store.held(span), span.given(), None),
                    Payload::Text(_) => (None, None, None),
                    Payload::Objects(run) => (None, None, Some(self.refs(run))),
                };
                let offset = match array.payload {
                    Payload::Bytes(span) => self.offset_of(span),
                    _ => None,
                };
                Form::Array(ArrayForm {
                    class: at(array.class),
                    dtype: &array.dtype,
                    dtype_value: at(array.dtype_cell),
                    shape: &array.shape,
                    order: array.order,
                    held,
                    buffer,
                    offset,
                    objects,
                    state: at(array.state),
                    mask: at(array.mask),
                })
            }
            Node::Dtype(_) => {
                let node = graph.dtype(self.cell)?;
                let (metadata, class) = (at(node.metadata), at(node.class));
                Form::Dtype(DtypeForm { dtype: &node.dtype, metadata, class })
            }
            Node::Scalar(_) => {
                let scalar = graph.scalar(self.cell)?;
                let bytes = graph.store.held(scalar.bytes);
                Form::Scalar(&scalar.dtype, at(scalar.dtype_cell), bytes)
            }
            _ => {
                let object = graph.object(self.cell)?;
                Form::Object(ObjectForm {
                    class: self.at(object.class),
                    args: at(object.args),
                    state: at(object.state),
                    items: self.refs(object.items),
                    pairs: self.refs(object.pairs),
                    made: object.made.word(),
                })
            }
        })
    }

    /// Where bytes lie in the file itself, not in one beside it.
    fn offset_of(self, span: Span) -> Option<u64> {
        let (number, _, offset) = self.graph.store.locate(span.offset()?)?;
        (number == 0).then_some(offset)
    }

    fn at(self, cell: Cell) -> Self {
        Self { graph: self.graph, cell }
    }

    fn refs(self, run: Run) -> Refs<'a> {
        Refs { graph: self.graph, cells: self.graph.items(run).iter() }
    }

    /// Of a class or function that this library knows to be data: its name in the form that it has
    /// today, such as `datetime.datetime`, whatever it was called by the program that wrote it.
    #[must_use]
    pub fn known(self) -> Option<&'static str> {
        self.graph.known(self.cell).today(self.graph.name(self.cell)?.1)
    }
}

impl Known {
    /// The name of today.
    fn today(self, name: &str) -> Option<&'static str> {
        Some(match self {
            Self::Int => "builtins.int",
            Self::Float => "builtins.float",
            Self::Bool => "builtins.bool",
            Self::Str => "builtins.str",
            Self::Bytes => "builtins.bytes",
            Self::ByteArray => "builtins.bytearray",
            Self::Complex => "builtins.complex",
            Self::List => "builtins.list",
            Self::Tuple => "builtins.tuple",
            Self::Dict => "builtins.dict",
            Self::Set => "builtins.set",
            Self::FrozenSet => "builtins.frozenset",
            Self::Object => "builtins.object",
            Self::Slice => "builtins.slice",
            Self::Range => "builtins.range",
            Self::Datetime => "datetime.datetime",
            Self::Date => "datetime.date",
            Self::Time => "datetime.time",
            Self::Timedelta => "datetime.timedelta",
            Self::Timezone => "datetime.timezone",
            Self::Decimal => "decimal.Decimal",
            Self::Fraction => "fractions.Fraction",
            Self::Uuid => "uuid.UUID",
            Self::OrderedDict => "collections.OrderedDict",
            Self::DefaultDict => "collections.defaultdict",
            Self::Deque => "collections.deque",
            Self::Counter => "collections.Counter",
            Self::ArrayArray => "array.array",
            Self::ReconstructArrayArray => "array._array_reconstructor",
            Self::Ndarray => "numpy.ndarray",
            Self::Dtype => "numpy.dtype",
            Self::MaskedArray => "numpy.ma.MaskedArray",
            Self::Record if name == "void" => "numpy.void",
            Self::Record => "numpy.record",
            Self::Path => match name {
                "PurePosixPath" => "pathlib.PurePosixPath",
                "PosixPath" => "pathlib.PosixPath",
                "PureWindowsPath" => "pathlib.PureWindowsPath",
                _ => "pathlib.WindowsPath",
            },
            Self::Memmap => "numpy.memmap",
            Self::Subarray => match name {
                "matrix" => "numpy.matrix",
                "recarray" => "numpy.recarray",
                _ => "numpy.char.chararray",
            },
            Self::Data if name == "SafeUUID" => "uuid.SafeUUID",
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pickle::{Options, from_bytes};

    #[test]
    fn forms_say_what_values_are() {
        let bytes =
            b"(I7\nF1.5\nVa\nS'b'\n(lp0\nI01\nNcdecimal\nDecimal\n(V1\ntRcos\nsystem\nPx\nt.";
        let value = from_bytes(bytes.to_vec(), &Options::default()).unwrap();
        let Form::Tuple(parts) = value.to_ref().form() else { panic!("{value}") };
        assert_eq!(parts.len(), 10);
        let parts: Vec<ValueRef<'_>> = parts.collect();
        assert!(matches!(parts[0].form(), Form::Int(7)) && parts[0].id().is_none());
        assert!(matches!(parts[1].form(), Form::Float(x) if x == 1.5));
        assert!(matches!(parts[2].form(), Form::Str("a")));
        assert!(matches!(parts[4].form(), Form::List(items) if items.len() == 0));
        assert!(matches!((parts[5].form(), parts[6].form()), (Form::Bool(true), Form::None)));
        let Form::Object(object) = parts[6 + 1].form() else { panic!("{:?}", parts[7]) };
        assert_eq!((object.class.known(), object.made), (Some("decimal.Decimal"), "call"));
        assert!(matches!(object.args.unwrap().form(), Form::Tuple(args) if args.len() == 1));
        assert!(matches!(parts[8].form(), Form::Global("os", "system")));
        assert!(matches!(parts[9].form(), Form::Persistent(_)));
        let system = from_bytes(b"cos\nsystem\n.".to_vec(), &Options::default()).unwrap();
        assert!(matches!(system.to_ref().form(), Form::Global("os", "system")));
        assert!(system.to_ref().known().is_none());
        assert!(system.to_ref().to_value().is(&system));
    }

    #[test]
    fn ways_have_words_and_back() {
        for word in ObjectForm::ways() {
            assert_eq!(Made::of_word(word).unwrap().word(), word);
        }
        assert!(Made::of_word("eval").is_none());
    }
}
