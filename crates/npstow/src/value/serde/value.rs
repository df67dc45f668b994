//! Values of a graph for serde.
#![forbid(unsafe_code)]

use super::element::Whole;
use super::object;
use super::own;
use super::{DEPTH, Fault, Outcome};
use crate::Error;
use crate::value::graph::{Cell, Content, Graph, Node, Payload, Run};
use crate::value::handle::Value;
use crate::value::meaning;
use crate::value::store::Span;
use ::serde::de::value::SeqDeserializer;
use ::serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};
use ::serde::forward_to_deserialize_any;
use std::slice::Iter;

/// A value on the way.
#[derive(Clone, Copy)]
pub(super) struct Of<'de> {
    pub(super) owner: &'de Value,
    pub(super) cell: Cell,
    pub(super) depth: usize,
}

impl<'de> Of<'de> {
    pub(super) fn graph(self) -> &'de Graph {
        self.owner.graph()
    }

    pub(super) fn handle(self) -> Value {
        Value::new(self.owner.graph().clone(), self.cell)
    }

    pub(super) fn wrong(self, expected: &str) -> Fault {
        Fault(Error::mismatch(expected, self.graph().kind(self.cell)))
    }

    /// Something within it.
    pub(super) fn inner(self, cell: Cell) -> Outcome<Self> {
        let depth = self.depth + 1;
        if depth > DEPTH {
            return Err(Error::limit("a depth of values", DEPTH as u64, depth).into());
        }
        Ok(Self { cell, depth, ..self })
    }

    pub(super) fn seq<V: Visitor<'de>>(self, cells: &'de [Cell], visitor: V) -> Outcome<V::Value> {
        let of = self.inner(self.cell)?;
        visitor.visit_seq(Cells { of, left: cells.iter() })
    }

    pub(super) fn map<V: Visitor<'de>>(self, cells: &'de [Cell], visitor: V) -> Outcome<V::Value> {
        let of = self.inner(self.cell)?;
        visitor.visit_map(Cells { of, left: cells.iter() })
    }

    pub(super) fn items(self, run: Run) -> &'de [Cell] {
        self.graph().items(run)
    }

    fn node<V: Visitor<'de>>(self, node: Node, visitor: V) -> Outcome<V::Value> {
        match node {
            Node::Int(value) => visitor.visit_i64(value),
            Node::BigInt(span) => big(self.held(span), visitor),
            Node::Float(value) => visitor.visit_f64(value),
            Node::Complex(re, im) => visitor.visit_seq(SeqDeserializer::new([re, im].into_iter())),
            Node::Str(_) => {
                visitor.visit_borrowed_str(self.graph().text(self.cell).unwrap_or_default())
            }
            Node::WideStr(_) | Node::FarStr(_) => {
                visitor.visit_string(self.handle().to_text()?.into_owned())
            }
            Node::Bytes(span) | Node::ByteArray(span) => match self.graph().store.held(span) {
                Some(bytes) => visitor.visit_borrowed_bytes(bytes),
                None => visitor.visit_byte_buf(self.handle().to_bytes()?.to_vec()),
            },
            Node::FarBytes(_) => visitor.visit_byte_buf(self.handle().to_bytes()?.to_vec()),
            Node::List(run) | Node::Tuple(run) | Node::Set(run) | Node::FrozenSet(run) => {
                self.seq(self.items(run), visitor)
            }
            Node::Dict(run) => self.map(self.items(run), visitor),
            Node::Array(_) => match self.graph().array(self.cell).map(|array| array.payload) {
                Some(Payload::Objects(run)) => self.objects(self.items(run), visitor),
                _ => self.elements(visitor),
            },
            Node::Scalar(_) => self.elements(visitor),
            Node::Object(_) => object::any(self, visitor),
            Node::Global(_) => {
                let (module, name) = self.graph().name(self.cell).unwrap_or_default();
                visitor.visit_string(format!("{module}.{name}"))
            }
            Node::Dtype(_) => match self.graph().dtype(self.cell) {
                Some(node) => visitor.visit_string(node.dtype.to_string()),
                None => Err(self.wrong("a dtype")),
            },
            Node::Persistent(id) => self.inner(id)?.deserialize_any(visitor),
            Node::Extension(_) => Err(self.wrong("data")),
        }
    }

    fn held(self, span: Span) -> &'de [u8] {
        self.graph().store.held(span).unwrap_or_default()
    }

    fn elements<V: Visitor<'de>>(self, visitor: V) -> Outcome<V::Value> {
        let whole = Whole::new(&self.handle().to_array()?)?;
        whole.part()?.deserialize_any(visitor)
    }

    /// An array of objects, axis by axis.
    fn objects<V: Visitor<'de>>(self, cells: &'de [Cell], visitor: V) -> Outcome<V::Value> {
        let shape = self.graph().array(self.cell).map(|array| &*array.shape).unwrap_or_default();
        Objects { of: self, shape, cells }.deserialize_any(visitor)
    }
}

/// An integer of more than 64 bits: two's complement, little-endian.
fn big<'de, V: Visitor<'de>>(bytes: &[u8], visitor: V) -> Outcome<V::Value> {
    let fill = if bytes.last().is_some_and(|byte| byte & 0x80 != 0) { 0xff } else { 0 };
    let mut wide = [fill; 17];
    match wide.get_mut(..bytes.len()) {
        Some(place) => place.copy_from_slice(bytes),
        None => return Err(Error::unsupported("an integer beyond 128 bits").into()),
    }
    let (low, high) = wide.split_at(16);
    let low: [u8; 16] = low.try_into().unwrap_or_default();
    let unsigned = u128::from_le_bytes(low);
    match high {
        [0] => match u64::try_from(unsigned) {
            Ok(value) => visitor.visit_u64(value),
            Err(_) => visitor.visit_u128(unsigned),
        },
        _ if low[15] & 0x80 != 0 => visitor.visit_i128(i128::from_le_bytes(low)),
        _ => Err(Error::unsupported("an integer beyond 128 bits").into()),
    }
}

impl<'de> Deserializer<'de> for Of<'de> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Outcome<V::Value> {
        match self.cell.content() {
            Content::None => visitor.visit_unit(),
            Content::Bool(value) => visitor.visit_bool(value),
            Content::Int(value) => visitor.visit_i64(value),
            Content::Node(_) => match self.graph().node(self.cell) {
                Some(node) => self.node(node, visitor),
                None => Err(self.wrong("a value")),
            },
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Outcome<V::Value> {
        match self.cell.content() {
            Content::None => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Outcome<V::Value> {
        match name {
            own::NAME => own::give(self.handle(), visitor),
            _ => visitor.visit_newtype_struct(self),
        }
    }

    /// Bytes are a sequence where one is asked for: `Vec<u8>`.
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Outcome<V::Value> {
        match self.graph().node(self.cell) {
            Some(Node::Bytes(_) | Node::ByteArray(_) | Node::FarBytes(_)) => {
                let bytes = self.handle().to_bytes()?;
                visitor.visit_seq(SeqDeserializer::new(bytes.iter().copied()))
            }
            Some(Node::Object(_)) => object::seq(self, visitor),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Outcome<V::Value> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Outcome<V::Value> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Outcome<V::Value> {
        match meaning::timedelta(self.graph(), self.cell) {
            Some(length) if name == "Duration" => object::duration(self, length, visitor),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Outcome<V::Value> {
        visitor.visit_enum(self)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Outcome<V::Value> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct map identifier
    }
}

/// Text names a variant without content, a dictionary of one key one with; members of Python's
/// enumerations are named where the file has their names.
impl<'de> EnumAccess<'de> for Of<'de> {
    type Error = Fault;
    type Variant = Variant<'de>;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Outcome<(S::Value, Variant<'de>)> {
        let graph = self.graph();
        if let Some(&[key, content]) = graph.dict(self.cell) {
            let content = Variant(Some(self.inner(content)?));
            return Ok((seed.deserialize(self.inner(key)?)?, content));
        }
        if let Some((_, name)) = graph.name(self.cell) {
            let name = name.rsplit('.').next().unwrap_or(name);
            let named = seed.deserialize(IntoDeserializer::<Fault>::into_deserializer(name))?;
            return Ok((named, Variant(None)));
        }
        let value = match graph.object(self.cell).and_then(|object| object.args) {
            // `Colour('red')`
            Some(args) => match graph.tuple(args) {
                Some(&[value]) => self.inner(value)?,
                _ => return Err(self.wrong("a variant of an enumeration")),
            },
            None => self,
        };
        match graph.text(value.cell) {
            Some(_) => Ok((seed.deserialize(value)?, Variant(None))),
            None => Err(value.wrong("the name of a variant")),
        }
    }
}

/// What is in a variant.
pub(super) struct Variant<'de>(Option<Of<'de>>);

impl<'de> Variant<'de> {
    fn content(self) -> Outcome<Of<'de>> {
        let missing = || Fault(Error::mismatch("what is in a variant", "its name alone"));
        self.0.ok_or_else(missing)
    }
}

impl<'de> VariantAccess<'de> for Variant<'de> {
    type Error = Fault;

    fn unit_variant(self) -> Outcome<()> {
        match self.0 {
            Some(of) if of.cell != Cell::NONE => Err(of.wrong("None")),
            _ => Ok(()),
        }
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Outcome<S::Value> {
        seed.deserialize(self.content()?)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Outcome<V::Value> {
        self.content()?.deserialize_seq(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Outcome<V::Value> {
        self.content()?.deserialize_any(visitor)
    }
}

/// Items, or keys and values by turns.
struct Cells<'de> {
    of: Of<'de>,
    left: Iter<'de, Cell>,
}

impl<'de> Cells<'de> {
    fn next<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Outcome<Option<S::Value>> {
        match self.left.next() {
            Some(&cell) => seed.deserialize(Of { cell, ..self.of }).map(Some),
            None => Ok(None),
        }
    }
}

impl<'de> SeqAccess<'de> for Cells<'de> {
    type Error = Fault;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Outcome<Option<S::Value>> {
        self.next(seed)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left.len())
    }
}

impl<'de> MapAccess<'de> for Cells<'de> {
    type Error = Fault;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Outcome<Option<S::Value>> {
        self.next(seed)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Outcome<S::Value> {
        let missing = || Fault(Error::invalid("a key without a value"));
        self.next(seed)?.ok_or_else(missing)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left.len() / 2)
    }
}

/// A part of an array of objects: all below some indices.
#[derive(Clone, Copy)]
struct Objects<'de> {
    of: Of<'de>,
    shape: &'de [usize],
    cells: &'de [Cell],
}

impl<'de> Deserializer<'de> for Objects<'de> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Outcome<V::Value> {
        match self.shape.split_first() {
            Some((&count, shape)) => {
                let step = self.cells.len().checked_div(count).unwrap_or(0).max(1);
                let inner = |cells| Objects { of: self.of, shape, cells };
                let rows = self.cells.chunks(step).take(count).map(inner);
                visitor.visit_seq(SeqDeserializer::new(rows))
            }
            None => match self.cells {
                [cell] => self.of.inner(*cell)?.deserialize_any(visitor),
                _ => Err(self.of.wrong("one object")),
            },
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Outcome<V::Value> {
        match (self.shape, self.cells) {
            ([], [cell]) => self.of.inner(*cell)?.deserialize_option(visitor),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Outcome<V::Value> {
        match (self.shape, self.cells) {
            ([], [cell]) => self.of.inner(*cell)?.deserialize_newtype_struct(name, visitor),
            _ => visitor.visit_newtype_struct(self),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, Fault> for Of<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> IntoDeserializer<'de, Fault> for Objects<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}
