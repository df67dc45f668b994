//! NumPy's arrays and scalars, in all the ways in which NumPy ever wrote them.
#![forbid(unsafe_code)]

use super::dtype::wrong_number;
use super::plain;
use crate::array::{MAX_NDIM, MemoryOrder, nbytes};
use crate::value::{
    ArrayNode, Cell, Graph, Known, Made, Node, Object, Payload, Run, ScalarNode, Span,
};
use crate::{Dtype, Error, Kind, Order, Record, Result, Scalar};

/// `_reconstruct(class, (0,), b'b')`: an array without elements, to be filled by its state.
pub(super) fn reconstruct(graph: &mut Graph, args: &[Cell]) -> Result<Option<Cell>> {
    let [class, shape, code] = *args else { return Ok(None) };
    empty(graph, class, shape, code)
}

/// `_mareconstruct(class, base, (0,), b'b')`: the same for masked arrays.
pub(super) fn reconstruct_masked(graph: &mut Graph, args: &[Cell]) -> Result<Option<Cell>> {
    let [class, base, shape, code] = *args else { return Ok(None) };
    if graph.known(base) != Known::Ndarray {
        return Ok(None);
    }
    empty(graph, class, shape, code)
}

fn empty(graph: &mut Graph, class: Cell, shape: Cell, code: Cell) -> Result<Option<Cell>> {
    let is_empty = graph.tuple(shape).is_some_and(|shape| shape == [Cell::small(0)]);
    let is_byte = match graph.node(code) {
        Some(Node::Bytes(span) | Node::Str(span)) => graph.store.held(span) == Some(b"b"),
        _ => false,
    };
    if !is_empty || !is_byte || !matches!(graph.node(class), Some(Node::Global(_))) {
        return Ok(None);
    }
    let class = Some(class).filter(|class| graph.known(*class) != Known::Ndarray);
    let dtype = Dtype::Scalar(Scalar::new(Kind::Int, Order::None, 1)?);
    let payload = Payload::Bytes(graph.store.add(&[]));
    let (order, shape) = (MemoryOrder::C, Box::from([0]));
    let (dtype_cell, state, mask) = (None, None, None);
    graph
        .push_array(ArrayNode { class, dtype, dtype_cell, shape, order, payload, state, mask })
        .map(Some)
}

/// What the state of an array says.
struct State {
    shape: Box<[usize]>,
    dtype: Dtype,
    dtype_cell: Cell,
    order: MemoryOrder,
    payload: Payload,
}

/// How many parts the state of an array has, at most: that of a masked one.
const MOST_PARTS: usize = 7;

/// The items of a tuple that has few; else nothing.
fn few<'a>(graph: &Graph, tuple: Cell, place: &'a mut [Cell; MOST_PARTS]) -> &'a [Cell] {
    let items = graph.tuple(tuple).unwrap_or_default();
    match place.get_mut(..items.len()) {
        Some(place) => {
            place.copy_from_slice(items);
            place
        }
        None => &[],
    }
}

/// `ndarray.__setstate__`. What a subclass adds is kept beside the array; where its state is all
/// its own, or the dtype is none that npstow knows, the array becomes an object.
pub(super) fn array_state(graph: &mut Graph, cell: Cell, at: usize, state: Cell) -> Result<()> {
    let Some(array) = graph.arrays.get(at) else { return Ok(()) };
    let class = array.class;
    let mut all = [Cell::NONE; MOST_PARTS];
    let parts = few(graph, state, &mut all);
    let is_state = |parts: &[Cell]| match *parts {
        [version, shape, _, _, _] => graph.int(version).is_some() && graph.tuple(shape).is_some(),
        [shape, _, _, _] => graph.tuple(shape).is_some(),
        _ => false,
    };
    let mut inside = [Cell::NONE; MOST_PARTS];
    let (parts, own, mask) = match *parts {
        // A masked array, or one of a subclass.
        [_, _, _, _, _, mask, fill] if class.is_some() => {
            (parts.get(..5).unwrap_or_default(), Some(fill), Some(mask))
        }
        [inner, own] if class.is_some() => (few(graph, inner, &mut inside), Some(own), None),
        _ => (parts, None, None),
    };
    if !is_state(parts) {
        if class.is_none() {
            return Err(Error::corrupt("the state of an array", graph.kind(state)));
        }
        return become_object(graph, cell, at, state);
    }
    let Some(read) = read_state(graph, parts)? else {
        return become_object(graph, cell, at, state);
    };
    let mask = match mask {
        Some(data) => Some(mask_array(graph, &read, data)?),
        None => None,
    };
    if let Some(array) = graph.arrays.get_mut(at) {
        let State { shape, dtype, dtype_cell, order, payload } = read;
        let dtype_cell = Some(dtype_cell);
        *array = ArrayNode { class, dtype, dtype_cell, shape, order, payload, state: own, mask };
    }
    Ok(())
}

/// The mask of an array: booleans of its shape.
fn mask_array(graph: &mut Graph, of: &State, data: Cell) -> Result<Cell> {
    let dtype = mask_dtype(&of.dtype)?;
    let payload = payload(graph, &of.shape, &dtype, data)?;
    let (class, dtype_cell, state, mask) = (None, None, None, None);
    let (shape, order) = (of.shape.clone(), of.order);
    graph.push_array(ArrayNode { class, dtype, dtype_cell, shape, order, payload, state, mask })
}

/// `numpy.ma.make_mask_descr`: a boolean in the place of each scalar.
fn mask_dtype(dtype: &Dtype) -> Result<Dtype> {
    match dtype {
        Dtype::Array(base, shape) => Dtype::array(mask_dtype(base)?, shape),
        Dtype::Record(record) => {
            let fields = record.fields().iter();
            let fields = fields.map(|f| Ok((f.name().to_owned(), mask_dtype(f.dtype())?)));
            Ok(Record::packed(fields.collect::<Result<Vec<_>>>()?)?.into())
        }
        Dtype::Scalar(_) => Scalar::new(Kind::Bool, Order::None, 1).map(Dtype::Scalar),
    }
}

/// An array that npstow has no form for is kept as the object that it is.
fn become_object(graph: &mut Graph, cell: Cell, at: usize, state: Cell) -> Result<()> {
    let class = graph.arrays.get(at).and_then(|array| array.class);
    let class = match class {
        Some(class) => class,
        None => graph.add_name("numpy", "ndarray", false)?,
    };
    let (items, pairs) = (Run::default(), Run::default());
    let state = Some(state);
    let object = Object { class, args: None, state, items, pairs, made: Made::Array };
    let made = graph.push_object(object)?;
    if let (Some(node), Some(place)) = (graph.node(made), cell.as_node()) {
        if let Some(place) = graph.nodes.get_mut(place) {
            *place = node;
        }
    }
    Ok(())
}

fn read_state(graph: &mut Graph, parts: &[Cell]) -> Result<Option<State>> {
    let (version, [shape, dtype_cell, fortran, data]) = match *parts {
        [version, shape, dtype, fortran, data] => {
            (graph.int(version), [shape, dtype, fortran, data])
        }
        // Before there was a version.
        [shape, dtype, fortran, data] => (Some(0), [shape, dtype, fortran, data]),
        _ => return Ok(None),
    };
    // NumPy knows no other ones either.
    if let Some(version) = version.filter(|version| !(0..=1).contains(version)) {
        return Err(Error::unsupported(format_args!("version {version} of an array's state")));
    }
    let Some(dtype) = graph.dtype(dtype_cell).map(|node| node.dtype.clone()) else {
        return Ok(None);
    };
    let shape = lengths(graph, shape)?;
    let is_fortran = match graph.int(fortran) {
        Some(flag) => flag != 0,
        None => return Err(Error::corrupt("a flag of the order", graph.kind(fortran))),
    };
    let order = if is_fortran { MemoryOrder::F } else { MemoryOrder::C };
    let payload = payload(graph, &shape, &dtype, data)?;
    Ok(Some(State { shape: shape.into(), dtype, dtype_cell, order, payload }))
}

pub(in crate::pickle) fn lengths(graph: &Graph, cell: Cell) -> Result<Vec<usize>> {
    let wrong = || Error::corrupt("a shape", graph.kind(cell));
    let lengths = graph.sequence(cell).ok_or_else(wrong)?;
    if lengths.len() > MAX_NDIM {
        return Err(Error::limit("a number of dimensions", MAX_NDIM as u64, lengths.len()));
    }
    // As many as there are: what collects results makes room for more.
    let mut shape = Vec::with_capacity(lengths.len());
    for length in lengths {
        let found = graph.int(*length).and_then(|length| usize::try_from(length).ok());
        let wrong = || wrong_number("a length of a shape", graph, *length);
        shape.push(found.ok_or_else(wrong)?);
    }
    Ok(shape)
}

/// The elements: as many as the shape says.
fn payload(graph: &mut Graph, shape: &[usize], dtype: &Dtype, data: Cell) -> Result<Payload> {
    let expected = nbytes(shape, dtype.itemsize())? as u64;
    if dtype.has_object() {
        let Some(Node::List(run)) = graph.node(data) else {
            return Err(Error::corrupt("a list of objects", graph.kind(data)));
        };
        let count = shape.iter().product::<usize>();
        if run.len() != count {
            return Err(Error::corrupt(format_args!("{count} objects"), run.len()));
        }
        return Ok(Payload::Objects(run.shared()));
    }
    if let Some(Node::FarBytes(span)) = graph.node(data) {
        // At least a byte for a character, at most two: the rest shows when it is read.
        if span.len() < expected || span.len() / 2 > expected {
            let found = format_args!("{} bytes of text", span.len());
            return Err(Error::corrupt(format_args!("{expected} bytes of elements"), found));
        }
        return Ok(Payload::Text(span));
    }
    let span = payload_bytes(graph, data)?;
    if span.len() != expected {
        let found = format_args!("{} bytes", span.len());
        return Err(Error::corrupt(format_args!("{expected} bytes of elements"), found));
    }
    Ok(Payload::Bytes(span))
}

/// Bytes of elements, which are text where Python 2 wrote them and they were taken for text.
fn payload_bytes(graph: &mut Graph, data: Cell) -> Result<Span> {
    let wrong = |graph: &Graph| Error::corrupt("the bytes of elements", graph.kind(data));
    match graph.node(data) {
        Some(Node::Bytes(span) | Node::ByteArray(span)) => Ok(span),
        Some(Node::Str(_)) => {
            let cell = plain::latin1(graph, data)?;
            match graph.node(cell) {
                Some(Node::Bytes(span)) => Ok(span),
                _ => Err(wrong(graph)),
            }
        }
        _ => Err(wrong(graph)),
    }
}

/// `_frombuffer(buffer, dtype, shape, order)`: how protocol 5 writes arrays.
pub(super) fn from_buffer(graph: &mut Graph, args: &[Cell]) -> Result<Option<Cell>> {
    let [data, dtype_cell, shape, order] = *args else { return Ok(None) };
    let Some(dtype) = graph.dtype(dtype_cell).map(|node| node.dtype.clone()) else {
        return Ok(None);
    };
    let order = match graph.text(order) {
        Some("C") => MemoryOrder::C,
        Some("F") => MemoryOrder::F,
        _ => return Err(Error::corrupt("the order 'C' or 'F'", graph.kind(order))),
    };
    if dtype.has_object() {
        return Err(Error::corrupt("elements that are bytes", "objects"));
    }
    let shape = lengths(graph, shape)?;
    let payload = payload(graph, &shape, &dtype, data)?;
    let (class, shape, dtype_cell) = (None, shape.into(), Some(dtype_cell));
    let (state, mask) = (None, None);
    graph
        .push_array(ArrayNode { class, dtype, dtype_cell, shape, order, payload, state, mask })
        .map(Some)
}

/// `scalar(dtype, bytes)`.
pub(super) fn scalar(graph: &mut Graph, args: &[Cell]) -> Result<Option<Cell>> {
    let (dtype_cell, data) = match *args {
        [dtype, data] => (dtype, Some(data)),
        [dtype] => (dtype, None),
        _ => return Ok(None),
    };
    let Some(dtype) = graph.dtype(dtype_cell).map(|node| node.dtype.clone()) else {
        return Ok(None);
    };
    if dtype.has_object() {
        // NumPy gives the object itself.
        return Ok(data.filter(|_| dtype.as_scalar().is_some()));
    }
    let bytes = match data {
        Some(data) => payload_bytes(graph, data)?,
        None => graph.store.add(&[]),
    };
    if bytes.len() != dtype.itemsize() as u64 {
        let expected = format_args!("a scalar of {} bytes", dtype.itemsize());
        return Err(Error::corrupt(expected, bytes.len()));
    }
    let dtype_cell = Some(dtype_cell);
    graph.push_scalar(ScalarNode { dtype, dtype_cell, bytes }).map(Some)
}
