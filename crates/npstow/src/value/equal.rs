//! Whether two values are equal, of one file or of two.
#![forbid(unsafe_code)]

use super::compare::{Visits, is_nan, key_hash, whole};
use super::graph::{Cell, Content, Graph, Node, Payload};
use super::handle::Value;
use super::integer::{of_float, trimmed};
use crate::array::MemoryOrder;
use crate::{Error, Order, Result};
use std::collections::{HashMap, HashSet};

impl Value {
    /// Whether two values are equal as Python has it: numbers by their value, whatever their type,
    /// dictionaries and sets whatever the order of their keys, tuples never to lists. Beyond Python:
    /// NaN is equal to NaN, arrays and scalars of NumPy are equal where dtype (but for the byte
    /// order), shape and bytes are, and objects where their classes are and all that they were made
    /// of. Keys that are objects themselves have to come in the same order.
    ///
    /// ```
    /// use npstow::pickle;
    /// let read = |bytes: &[u8]| pickle::from_bytes(bytes.to_vec(), &Default::default());
    /// assert!(read(b"(I1\nF2.0\nl.")?.equals(&read(b"(F1.0\nI2\nl.")?)?);
    /// assert!(!read(b"(I1\nl.")?.equals(&read(b"(I1\nt.")?)?);
    /// # Ok::<(), npstow::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Limit` where shared parts make too much to be compared; whatever reading long strings and
    /// arrays needs.
    pub fn equals(&self, other: &Self) -> Result<bool> {
        if self.is(other) {
            return Ok(true);
        }
        let mut work = Work::new(self, other);
        work.pairs.push((self.cell(), other.cell()));
        while let Some((a, b)) = work.pairs.pop() {
            work.left = work.left.checked_sub(1).ok_or_else(|| work.too_much())?;
            if !work.pair(a, b)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Pairs that have to be equal, and those that are looked at already: cycles end there.
struct Work<'a> {
    a: (&'a Value, &'a Graph),
    b: (&'a Value, &'a Graph),
    pairs: Vec<(Cell, Cell)>,
    seen: HashSet<(usize, usize)>,
    /// How many pairs may be looked at: what is shared makes more of them than there are values.
    left: u64,
    most: u64,
}

/// A number of Python.
#[derive(PartialEq)]
enum Number {
    Int(i64),
    /// Two's complement without what says nothing.
    Big(Vec<u8>),
    Float(u64),
    Complex(Box<Number>, Box<Number>),
}

impl<'a> Work<'a> {
    fn new(a: &'a Value, b: &'a Value) -> Self {
        let (first, second): (&Graph, &Graph) = (a.graph(), b.graph());
        let len =
            |graph: &Graph| (graph.nodes.len() as u64).saturating_add(graph.cells.len() as u64);
        let most = len(first).saturating_add(len(second)).saturating_mul(16);
        let most = most.saturating_add(1 << 20);
        let (pairs, seen) = (Vec::new(), HashSet::new());
        Self { a: (a, first), b: (b, second), pairs, seen, left: most, most }
    }

    fn too_much(&self) -> Error {
        Error::limit("a number of comparisons", self.most, "one more")
    }

    fn pair(&mut self, a: Cell, b: Cell) -> Result<bool> {
        let (first, second) = (self.a.1, self.b.1);
        match (a.content(), b.content()) {
            (Content::None, Content::None) => return Ok(true),
            (Content::None, _) | (_, Content::None) => return Ok(false),
            _ => {}
        }
        match (number(first, a), number(second, b)) {
            (Some(a), Some(b)) => return Ok(a == b),
            (None, None) => {}
            _ => return Ok(false),
        }
        let (Some(a_id), Some(b_id)) = (a.as_node(), b.as_node()) else { return Ok(false) };
        if !self.seen.insert((a_id, b_id)) {
            return Ok(true);
        }
        let (Some(x), Some(y)) = (first.node(a), second.node(b)) else { return Ok(false) };
        match (x, y) {
            (Node::List(x), Node::List(y)) | (Node::Tuple(x), Node::Tuple(y)) => {
                Ok(self.in_order(first.items(x), second.items(y)))
            }
            (Node::Set(x) | Node::FrozenSet(x), Node::Set(y) | Node::FrozenSet(y)) => {
                self.by_key(first.items(x), second.items(y), 1)
            }
            (Node::Dict(x), Node::Dict(y)) => self.by_key(first.items(x), second.items(y), 2),
            (Node::Persistent(x), Node::Persistent(y)) => {
                self.pairs.push((x, y));
                Ok(true)
            }
            (Node::Extension(x), Node::Extension(y)) => Ok(x == y),
            // Under the names of Python 3, whatever the protocol had.
            (Node::Global(_), Node::Global(_)) => Ok(first.name_in(a, 3) == second.name_in(b, 3)),
            (Node::Object(_), Node::Object(_)) => Ok(self.objects(a, b)),
            (Node::Array(_), Node::Array(_)) => self.arrays(a, b),
            (Node::Scalar(_), Node::Scalar(_)) => self.elements(a, b),
            (Node::Dtype(_), Node::Dtype(_)) => Ok(self.dtypes(a, b)),
            _ => self.texts(x, y, (a, b)),
        }
    }

    fn in_order(&mut self, a: &[Cell], b: &[Cell]) -> bool {
        let is_as_long = a.len() == b.len();
        if is_as_long {
            self.pairs.extend(a.iter().copied().zip(b.iter().copied()));
        }
        is_as_long
    }

    fn maybe(&mut self, a: Option<Cell>, b: Option<Cell>) -> bool {
        match (a, b) {
            (Some(a), Some(b)) => self.pairs.push((a, b)),
            (None, None) => {}
            _ => return false,
        }
        true
    }

    /// Dictionaries and sets: each key with the one that has its hash, and objects in their order.
    fn by_key(&mut self, a: &[Cell], b: &[Cell], step: usize) -> Result<bool> {
        if a.len() != b.len() {
            return Ok(false);
        }
        let (first, second) = (self.a.1, self.b.1);
        let mut visits = (Visits::new(first), Visits::new(second));
        let mut places: HashMap<u64, &[Cell]> = HashMap::new();
        let mut left = Vec::new();
        for item in b.chunks_exact(step) {
            let Some(key) = item.first() else { continue };
            let hash = key_hash(second, *key, &mut visits.1)?;
            if has_objects(second, *key) || places.insert(hash, item).is_some() {
                left.push(item);
            }
        }
        let mut rest = left.into_iter();
        for item in a.chunks_exact(step) {
            let Some(key) = item.first() else { continue };
            let found = match has_objects(first, *key) {
                true => rest.next(),
                false => places.remove(&key_hash(first, *key, &mut visits.0)?),
            };
            match found {
                Some(found) => self.pairs.extend(item.iter().copied().zip(found.iter().copied())),
                None => return Ok(false),
            }
        }
        Ok(true)
    }

    fn objects(&mut self, a: Cell, b: Cell) -> bool {
        let (Some(&x), Some(&y)) = (self.a.1.object(a), self.b.1.object(b)) else { return false };
        self.pairs.push((x.class, y.class));
        self.maybe(x.args, y.args)
            && self.maybe(x.state, y.state)
            && self.in_order(self.a.1.items(x.items), self.b.1.items(y.items))
            && self.in_order(self.a.1.items(x.pairs), self.b.1.items(y.pairs))
    }

    fn dtypes(&mut self, a: Cell, b: Cell) -> bool {
        let (Some(x), Some(y)) = (self.a.1.dtype(a), self.b.1.dtype(b)) else { return false };
        x.dtype == y.dtype && self.maybe(x.metadata, y.metadata) && self.maybe(x.class, y.class)
    }

    fn arrays(&mut self, a: Cell, b: Cell) -> Result<bool> {
        let (Some(x), Some(y)) = (self.a.1.array(a), self.b.1.array(b)) else { return Ok(false) };
        if x.shape != y.shape
            || !self.maybe(x.class, y.class)
            || !self.maybe(x.state, y.state)
            || !self.maybe(x.mask, y.mask)
        {
            return Ok(false);
        }
        match (x.payload, y.payload) {
            (Payload::Objects(x), Payload::Objects(y)) => {
                Ok(self.in_order(self.a.1.items(x), self.b.1.items(y)))
            }
            (Payload::Objects(_), _) | (_, Payload::Objects(_)) => Ok(false),
            _ => self.elements(a, b),
        }
    }

    /// The bytes of arrays and scalars.
    fn elements(&self, a: Cell, b: Cell) -> Result<bool> {
        let (a, b) = (self.a.0.sibling(a), self.b.0.sibling(b));
        let dtype = |value: &Value| value.dtype().map(|dtype| dtype.to_order(Order::NATIVE));
        if dtype(&a) != dtype(&b) {
            return Ok(false);
        }
        let read = |value: &Value| value.to_array()?.to_native()?.to_contiguous(MemoryOrder::C);
        let (a, b) = (read(&a)?, read(&b)?);
        Ok(a.bytes() == b.bytes())
    }

    /// Text and bytes.
    fn texts(&self, x: Node, y: Node, (a, b): (Cell, Cell)) -> Result<bool> {
        let is_text = |node| matches!(node, Node::Str(_) | Node::WideStr(_) | Node::FarStr(_));
        let is_bytes =
            |node| matches!(node, Node::Bytes(_) | Node::ByteArray(_) | Node::FarBytes(_));
        if is_text(x) && is_text(y) {
            let text = |graph: &Graph, node| match node {
                Node::Str(span) | Node::WideStr(span) | Node::FarStr(span) => {
                    graph.store.read(span)
                }
                _ => Ok(crate::Buffer::default()),
            };
            if let (Some(a), Some(b)) = (self.a.1.text(a), self.b.1.text(b)) {
                return Ok(a == b);
            }
            return Ok(*text(self.a.1, x)? == *text(self.b.1, y)?);
        }
        if is_bytes(x) && is_bytes(y) {
            return Ok(*self.a.0.sibling(a).to_bytes()? == *self.b.0.sibling(b).to_bytes()?);
        }
        Ok(false)
    }
}

/// Whether a key is, or has directly in it, what has no hash but its own.
fn has_objects(graph: &Graph, key: Cell) -> bool {
    let is_object = |cell: &Cell| {
        !matches!(
            graph.node(*cell),
            None | Some(
                Node::Int(_)
                    | Node::BigInt(_)
                    | Node::Float(_)
                    | Node::Complex(..)
                    | Node::Str(_)
                    | Node::WideStr(_)
                    | Node::Global(_)
            )
        ) && !matches!(graph.node(*cell), Some(Node::Bytes(span)) if graph.store.held(span).is_some())
            || graph.node(*cell).is_some_and(is_nan)
    };
    match graph.node(key) {
        Some(Node::Tuple(run) | Node::FrozenSet(run)) => graph.items(run).iter().any(is_object),
        _ => is_object(&key),
    }
}

fn number(graph: &Graph, cell: Cell) -> Option<Number> {
    if let Some(value) = graph.int(cell) {
        return Some(Number::Int(value));
    }
    match graph.node(cell)? {
        Node::BigInt(span) => Some(Number::Big(trimmed(graph.store.held(span)?).to_vec())),
        Node::Float(value) => Some(float(value)),
        Node::Complex(re, 0.0) => Some(float(re)),
        Node::Complex(re, im) => Some(Number::Complex(Box::new(float(re)), Box::new(float(im)))),
        _ => None,
    }
}

fn float(value: f64) -> Number {
    if let Some(whole) = whole(value) {
        return Number::Int(whole);
    }
    if value.is_nan() {
        return Number::Float(f64::NAN.to_bits());
    }
    match of_float(value) {
        Some(bytes) => Number::Big(trimmed(&bytes).to_vec()),
        None => Number::Float(value.to_bits()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Array, Part, ValueBuilder};

    fn list_of(make: impl Fn(&mut ValueBuilder) -> Result<Part>) -> Value {
        let mut builder = ValueBuilder::default();
        let list = builder.list().unwrap();
        let part = make(&mut builder).unwrap();
        builder.push(list, part).unwrap();
        builder.finish(list).unwrap()
    }

    #[test]
    fn numbers_are_equal_by_value() {
        let big = |digits: &'static str| list_of(move |b| b.digits(digits));
        let float = |value: f64| list_of(move |b| b.float(value));
        for (a, b, expected) in [
            (list_of(|b| b.int(1)), float(1.0), true),
            (list_of(|b| Ok(b.bool(true))), list_of(|b| b.complex(1.0, 0.0)), true),
            (big("36893488147419103232"), float(2.0_f64.powi(65)), true),
            (big("-36893488147419103232"), float(-(2.0_f64.powi(65))), true),
            (big("36893488147419103233"), float(2.0_f64.powi(65)), false),
            (big("-9223372036854775808"), float(-(2.0_f64.powi(63))), true),
            (float(f64::NAN), float(-f64::NAN), true),
            (float(0.0), float(-0.0), true),
            (float(f64::INFINITY), float(f64::MAX), false),
            (list_of(|b| b.complex(1.0, 2.0)), list_of(|b| b.complex(1.0, 2.0)), true),
            (list_of(|b| Ok(b.none())), list_of(|b| Ok(b.bool(false))), false),
            (list_of(|b| b.text("a")), list_of(|b| b.bytes(b"a")), false),
            (list_of(|b| b.bytearray(b"a")), list_of(|b| b.bytes(b"a")), true),
            (list_of(|b| b.int(0)), list_of(ValueBuilder::list), false),
        ] {
            assert_eq!(a.equals(&b).unwrap(), expected, "{a} {b}");
            assert_eq!(b.equals(&a).unwrap(), expected, "{b} {a}");
        }
    }

    fn dict(pairs: &[(&str, i64)]) -> Value {
        let mut builder = ValueBuilder::default();
        let dict = builder.dict().unwrap();
        for (key, value) in pairs {
            let (key, value) = (builder.text(key).unwrap(), builder.int(*value).unwrap());
            builder.set(dict, key, value).unwrap();
        }
        builder.finish(dict).unwrap()
    }

    #[test]
    fn dictionaries_whatever_their_order() {
        let a = dict(&[("x", 1), ("y", 2)]);
        assert!(a.equals(&dict(&[("y", 2), ("x", 1)])).unwrap());
        for other in [&[("y", 1), ("x", 2)][..], &[("x", 1)], &[("x", 1), ("z", 2)]] {
            assert!(!a.equals(&dict(other)).unwrap());
        }
    }

    #[test]
    fn cycles_and_depth() {
        let knot = |len: usize| {
            let mut builder = ValueBuilder::default();
            let first = builder.list().unwrap();
            let mut last = first;
            for _ in 1..len {
                let next = builder.list().unwrap();
                builder.push(last, next).unwrap();
                last = next;
            }
            builder.push(last, first).unwrap();
            builder.finish(first).unwrap()
        };
        assert!(knot(2).equals(&knot(3)).unwrap());
        assert!(knot(100_000).equals(&knot(1)).unwrap());
        assert!(!knot(1).equals(&list_of(ValueBuilder::list)).unwrap());
    }

    #[test]
    fn names_are_equal_whatever_the_protocol() {
        use crate::pickle;
        let read = |bytes: &[u8]| pickle::from_bytes(bytes.to_vec(), &pickle::Options::default());
        let old = read(b"c__builtin__\nslice\n(I1\nI2\nNtR.").unwrap();
        let new = read(b"\x80\x04cbuiltins\nslice\n(K\x01K\x02NtR.").unwrap();
        let other = read(b"\x80\x04cbuiltins\nslice\n(K\x01K\x03NtR.").unwrap();
        assert!(old.equals(&new).unwrap() && new.equals(&old).unwrap());
        assert!(!old.equals(&other).unwrap());
        // Keys that are not equal to themselves are so many as there are objects.
        let nan = b"G\x7f\xf8\0\0\0\0\0\0".as_slice();
        let twice = read(&[b"}(", nan, b"K\x01", nan, b"K\x02u."].concat()).unwrap();
        let once = read(&[b"}(", nan, b"q\0K\x01h\0K\x02u."].concat()).unwrap();
        let within = read(&[b"}(", nan, b"q\0\x85K\x01h\0\x85K\x02u."].concat()).unwrap();
        assert_eq!((twice.len(), once.len(), within.len()), (Some(2), Some(1), Some(1)));
        assert!(twice.equals(&twice).unwrap() && !twice.equals(&once).unwrap());
        for protocol in 2..=5 {
            let options = pickle::WriteOptions::default().protocol(protocol);
            let again = pickle::to_bytes(&twice, &options).unwrap();
            assert!(read(&again).unwrap().equals(&twice).unwrap(), "{protocol}");
        }
        // Zeros in front of a long integer say nothing.
        let keys = [
            b"(L100000000000000000000L\nI1\nd.".as_slice(),
            b"\x80\x04}\x8a\x09\0\0\x10\x63\x2d\x5e\xc7\x6b\x05K\x01s.",
        ];
        let [a, b] = keys.map(|bytes| read(bytes).unwrap());
        assert!(a.equals(&b).unwrap(), "{a} {b}");
        let keys = [b"(c__builtin__\nset\nI1\nd.".as_slice(), b"\x80\x04}cbuiltins\nset\nK\x01s."];
        let [a, b] = keys.map(|bytes| read(bytes).unwrap());
        assert!(a.equals(&b).unwrap(), "{a} {b}");
        for protocol in 2..=5 {
            let options = pickle::WriteOptions::default().protocol(protocol);
            assert!(
                read(&pickle::to_bytes(&old, &options).unwrap()).unwrap().equals(&old).unwrap()
            );
        }
    }

    #[test]
    fn what_is_shared_in_two_ways_is_bounded() {
        // Each list of the first with each of the second.
        let lists = |turn: bool| {
            let mut builder = ValueBuilder::default();
            let all = builder.list().unwrap();
            let one = builder.int(1).unwrap();
            let lists: Vec<Part> = (0..100)
                .map(|_| {
                    let list = builder.list().unwrap();
                    (0..2000).for_each(|_| builder.push(list, one).unwrap());
                    list
                })
                .collect();
            for n in 0..10_000 {
                let at = if turn { n % 100 } else { n / 100 };
                builder.push(all, lists[at]).unwrap();
            }
            builder.finish(all).unwrap()
        };
        let e = lists(true).equals(&lists(false)).unwrap_err();
        assert!(e.to_string().contains("a number of comparisons"), "{e}");
        assert!(lists(true).equals(&lists(true)).unwrap());
    }

    #[test]
    fn arrays_by_dtype_shape_and_bytes() {
        let one = |array: Array| list_of(move |b| b.array(&array));
        let a = one(Array::from_vec(vec![1i32, 2]));
        assert!(a.equals(&one(Array::from_vec(vec![1i32, 2]))).unwrap());
        for other in [Array::from_vec(vec![1i64, 2]).to_native().unwrap(), {
            Array::from_vec(vec![1i32, 3])
        }] {
            assert!(!a.equals(&one(other)).unwrap());
        }
        assert!(!a.equals(&one(Array::from_vec(vec![1i32, 2]).reshape(&[2, 1]).unwrap())).unwrap());
    }
}
