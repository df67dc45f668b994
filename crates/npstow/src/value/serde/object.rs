//! Objects for serde: by what they mean, or by what they are made of.
#![forbid(unsafe_code)]

use super::element::Whole;
use super::value::Of;
use super::{Fault, Outcome};
use crate::value::graph::{Cell, Made, Node, Object};
use crate::value::known::Known;
use crate::value::meaning;
use crate::{Array, Dtype, Error, MemoryOrder};
use ::serde::de::value::{MapDeserializer, SeqDeserializer};
use ::serde::de::{Deserializer, Visitor};

/// An object as the thing that it is most likely wanted for.
pub(super) fn any<'de, V: Visitor<'de>>(of: Of<'de>, visitor: V) -> Outcome<V::Value> {
    let graph = of.graph();
    let Some(object) = graph.object(of.cell) else { return Err(of.wrong("an object")) };
    if let Some(text) = meaning::text(graph, of.cell) {
        return visitor.visit_string(text);
    }
    if let Some((days, seconds, micros)) = meaning::timedelta(graph, of.cell) {
        // Nearly three hundred thousand years fit without a loss, of microseconds too.
        #[allow(clippy::cast_precision_loss)]
        let seconds = days as f64 * 86_400.0 + seconds as f64 + micros as f64 / 1e6;
        return visitor.visit_f64(seconds);
    }
    if let Some(pairs) = pairs(of, object) {
        return of.map(pairs, visitor);
    }
    if let Some(list) = listed_pairs(of, object) {
        return visitor.visit_map(MapDeserializer::new(list.into_iter()));
    }
    if let Some(items) = items(of, object) {
        return of.seq(items, visitor);
    }
    if let Some(array) = machine_array(of, object)? {
        return Whole::new(&array)?.part()?.deserialize_any(visitor);
    }
    let state = object.state.filter(|state| graph.dict(*state).is_some());
    match (state, object.args) {
        (Some(state), _) => of.map(graph.dict(state).unwrap_or_default(), visitor),
        // A namedtuple, a slice, a range: what it was made of.
        (None, Some(args)) => of.seq(graph.tuple(args).unwrap_or_default(), visitor),
        (None, None) if object.state.is_none() => of.map(&[], visitor),
        _ => Err(of.wrong("data")),
    }
}

/// An object as a sequence.
pub(super) fn seq<'de, V: Visitor<'de>>(of: Of<'de>, visitor: V) -> Outcome<V::Value> {
    let Some(object) = of.graph().object(of.cell) else { return Err(of.wrong("a sequence")) };
    match (items(of, object), object.args, object.state) {
        (Some(items), ..) => of.seq(items, visitor),
        (None, Some(args), None) if is_tuple(of, object) => {
            of.seq(of.graph().tuple(args).unwrap_or_default(), visitor)
        }
        _ => any(of, visitor),
    }
}

/// Whether an object is only what it was made of: a namedtuple, a slice.
fn is_tuple(of: Of<'_>, object: &Object) -> bool {
    let known = of.graph().known(object.class);
    pairs(of, object).is_none() && known != Known::ReconstructArrayArray
}

/// Keys and values of what is a dictionary.
fn pairs<'de>(of: Of<'de>, object: &Object) -> Option<&'de [Cell]> {
    if !object.pairs.is_empty() {
        return Some(of.items(object.pairs));
    }
    let graph = of.graph();
    let args = object.args.and_then(|args| graph.tuple(args)).unwrap_or_default();
    match (graph.known(object.class), args) {
        // `Counter({'a': 1})`
        (Known::Counter | Known::OrderedDict, &[dict]) | (Known::DefaultDict, &[_, dict]) => {
            graph.dict(dict)
        }
        (Known::Counter | Known::OrderedDict | Known::DefaultDict, [] | [_]) => Some(&[]),
        _ => None,
    }
}

/// `OrderedDict([[key, value], …])`, as Python 2 has it.
fn listed_pairs<'de>(of: Of<'de>, object: &Object) -> Option<Vec<(Of<'de>, Of<'de>)>> {
    let graph = of.graph();
    let (Known::OrderedDict, &[list]) = (graph.known(object.class), graph.tuple(object.args?)?)
    else {
        return None;
    };
    let pair = |cell: &Cell| match *graph.sequence(*cell)? {
        [key, value] => Some((of.inner(key).ok()?, of.inner(value).ok()?)),
        _ => None,
    };
    graph.sequence(list)?.iter().map(pair).collect()
}

/// What `array.array` calls the formats of machines, by their numbers.
const MACHINES: [&str; 18] = [
    "|u1", "|i1", "<u2", ">u2", "<i2", ">i2", "<u4", ">u4", "<i4", ">i4", "<u8", ">u8", "<i8",
    ">i8", "<f4", ">f4", "<f8", ">f8",
];

/// `_array_reconstructor(array, typecode, format, bytes)`
fn machine_array(of: Of<'_>, object: &Object) -> Outcome<Option<Array>> {
    let graph = of.graph();
    let args = object.args.and_then(|args| graph.tuple(args)).unwrap_or_default();
    let (Known::ReconstructArrayArray, &[_, _, format, data]) = (graph.known(object.class), args)
    else {
        return Ok(None);
    };
    let format = graph.int(format).and_then(|number| usize::try_from(number).ok());
    let Some(descr) = format.and_then(|number| MACHINES.get(number)) else {
        return Err(Error::unsupported("an array of characters of UTF-16 or UTF-32").into());
    };
    let dtype = Dtype::parse(descr)?;
    let bytes = of.inner(data)?.handle().to_bytes()?;
    let count = bytes.len() / dtype.itemsize();
    Ok(Some(Array::new(dtype, &[count], MemoryOrder::C, bytes)?))
}

/// Items of what is a list.
fn items<'de>(of: Of<'de>, object: &Object) -> Option<&'de [Cell]> {
    if !object.items.is_empty() {
        return Some(of.items(object.items));
    }
    let graph = of.graph();
    let args = object.args.and_then(|args| graph.tuple(args)).unwrap_or_default();
    let run = |cell: &Cell| match graph.node(*cell) {
        Some(Node::List(run) | Node::Tuple(run)) => Some(of.items(run)),
        _ => None,
    };
    match (graph.known(object.class), args) {
        (Known::Deque, [] | [_]) => args.first().map_or(Some(&[][..]), run),
        // `deque([…], maxlen)`, `array('d', […])`
        (Known::Deque, [items, _]) | (Known::ArrayArray, [_, items]) => run(items),
        // `class MyList(list)`, as protocols 0 and 1 have it.
        _ if object.made == Made::Rebuilt => args.get(1).and_then(run),
        _ => None,
    }
}

/// A `timedelta` as serde has `std::time::Duration`: seconds and nanoseconds.
pub(super) fn duration<'de, V: Visitor<'de>>(
    of: Of<'de>,
    (days, seconds, micros): (i64, i64, i64),
    visitor: V,
) -> Outcome<V::Value> {
    let total = days.checked_mul(86_400).and_then(|all| all.checked_add(seconds));
    let parts = [total, micros.checked_mul(1000)].map(|part| u64::try_from(part?).ok());
    let [Some(seconds), Some(nanos)] = parts else {
        return Err(of.wrong("a length of time that is not below zero"));
    };
    visitor.visit_seq(SeqDeserializer::<_, Fault>::new([seconds, nanos].into_iter()))
}
