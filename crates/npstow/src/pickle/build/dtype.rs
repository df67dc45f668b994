//! `numpy.dtype` as it is pickled: a type string, and a state with everything else.
#![forbid(unsafe_code)]

use crate::error::quoted;
use crate::value::{Cell, DtypeNode, Graph, Known, Node};
use crate::{Dtype, Error, Field, Kind, Literal, LiteralOptions, Order, Record, Result, Scalar};

/// NumPy's `NPY_ITEM_HASOBJECT`, a flag of dtypes.
const HAS_OBJECT: i64 = 1;

/// That, `NPY_LIST_PICKLE` and `NPY_ITEM_IS_POINTER`: flags that only dtypes of objects have.
const OF_OBJECTS: i64 = 7;

/// NumPy's `NPY_ALIGNED_STRUCT`, a flag of dtypes.
const ALIGNED: i64 = 0x80;

/// `numpy.dtype(text, False, True)`; `None` where it is something else.
pub(super) fn make(graph: &mut Graph, args: &[Cell]) -> Result<Option<Cell>> {
    let Some(&first) = args.first() else { return Ok(None) };
    let bounds = &mut Bounds::new(graph);
    let mut depth = 0;
    let (dtype, class) = match (graph.known(first), graph.tuple(first)) {
        // `numpy.record`: its size comes with the state.
        (Known::Record, _) => (Some(void(0)?), Some(first)),
        (_, Some(&[class, of])) if graph.known(class) == Known::Record => {
            (spec(graph, of, 0, &mut depth, bounds)?, Some(class))
        }
        _ => (spec(graph, first, 0, &mut depth, bounds)?, None),
    };
    let Some(dtype) = dtype else { return Ok(None) };
    let scalars = MAX_SCALARS - bounds.scalars;
    let (has_metadata, made_of) = (bounds.has_metadata, (first, None));
    let metadata = None;
    graph
        .push_dtype(DtypeNode { dtype, metadata, has_metadata, made_of, class, depth, scalars })
        .map(Some)
}

/// What `numpy.dtype` may be called with: text, a base and a shape, a dictionary with the offsets
/// of fields.
fn spec(
    graph: &Graph,
    cell: Cell,
    depth: usize,
    deepest: &mut usize,
    bounds: &mut Bounds,
) -> Result<Option<Dtype>> {
    bounds.spend(1)?;
    *deepest = depth.max(*deepest);
    if depth >= MAX_DEPTH {
        return Err(too_deep());
    }
    if let Some(text) = text(graph, cell) {
        return parse(&text).map(Some);
    }
    if let Some(node) = part(graph, cell, bounds)? {
        *deepest = (*deepest).max(depth + node.depth);
        return if *deepest < MAX_DEPTH { Ok(Some(node.dtype.clone())) } else { Err(too_deep()) };
    }
    let depth = depth + 1;
    if let Some(&[base, shape]) = graph.tuple(cell) {
        let base = spec(graph, base, depth, deepest, bounds)?;
        let (Some(base), Some(shape)) = (base, lengths(graph, shape)) else {
            return Ok(None);
        };
        return Dtype::array(base, &shape).map(Some);
    }
    fields_of_spec(graph, cell, depth, deepest, bounds)
}

fn fields_of_spec(
    graph: &Graph,
    cell: Cell,
    depth: usize,
    deepest: &mut usize,
    bounds: &mut Bounds,
) -> Result<Option<Dtype>> {
    let Some(parts) = graph.dict(cell) else { return Ok(None) };
    let value = |name: &str| {
        let mut pairs = parts.chunks_exact(2);
        pairs.find_map(|pair| match *pair {
            [key, value] if graph.text(key) == Some(name) => Some(value),
            _ => None,
        })
    };
    let list = |name: &str| value(name).and_then(|cell| graph.sequence(cell));
    let (Some(names), Some(formats), Some(offsets)) =
        (list("names"), list("formats"), list("offsets"))
    else {
        return Ok(None);
    };
    if names.len() != formats.len() || names.len() != offsets.len() {
        return Err(Error::corrupt("as many formats and offsets as names", "others"));
    }
    let mut fields = Vec::with_capacity(names.len());
    for (at, ((name, format), offset)) in names.iter().zip(formats).zip(offsets).enumerate() {
        let offset = graph.int(*offset).and_then(|offset| usize::try_from(offset).ok());
        let format = spec(graph, *format, depth, deepest, bounds)?;
        let name = bounds.text(graph, *name)?;
        let (Some(name), Some(format), Some(offset)) = (name, format, offset) else {
            return Ok(None);
        };
        let mut field = Field::new(name, format, offset);
        let title = list("titles").and_then(|titles| titles.get(at)).copied();
        if let Some(title) = title.filter(|title| *title != Cell::NONE) {
            let Some(title) = bounds.text(graph, title)? else { return Ok(None) };
            field = field.with_title(title);
        }
        fields.push(field);
    }
    let size = value("itemsize").and_then(|size| graph.int(size));
    let size = size.and_then(|size| usize::try_from(size).ok());
    let record = Record::new(fields, size).map_err(as_corrupt)?;
    Ok(Some(match value("aligned") {
        Some(Cell::TRUE) => record.into_aligned().map_err(as_corrupt)?.into(),
        _ => record.into(),
    }))
}

/// How deep dtypes may lie in one another.
const MAX_DEPTH: usize = 64;

fn too_deep() -> Error {
    Error::limit("a depth of nested dtypes", MAX_DEPTH as u64, "one more")
}

/// How many scalars a dtype may be made of: parts may be shared, and walking them is not.
const MAX_SCALARS: u64 = 1 << 20;

/// What is left of the bounds of one dtype.
struct Bounds {
    scalars: u64,
    /// Bytes of names and titles: of all, and of one.
    names: u64,
    most_name: u64,
    /// Whether a part has metadata.
    has_metadata: bool,
}

impl Bounds {
    fn new(graph: &Graph) -> Self {
        let most_name = graph.most_name;
        // Each is in the file, and looked at as a key and as a name. In the header of an NPY, which
        // is bounded as well, they may be of Latin-1.
        let names = most_name.saturating_mul(4).max(graph.store.files_len().saturating_mul(2));
        Self { scalars: MAX_SCALARS, names, most_name, has_metadata: false }
    }

    fn spend(&mut self, scalars: u64) -> Result<()> {
        match self.scalars.checked_sub(scalars) {
            Some(left) => self.scalars = left,
            None => {
                return Err(Error::limit("a number of fields in all", MAX_SCALARS, "more"));
            }
        }
        Ok(())
    }

    /// A name or title of a field. A long one was left in the file and is fetched from there; one
    /// that is shared by many fields is copied for each, so all of them together are bounded.
    fn text(&mut self, graph: &Graph, cell: Cell) -> Result<Option<String>> {
        let Some(node @ (Node::Str(span) | Node::Bytes(span) | Node::FarStr(span))) =
            graph.node(cell)
        else {
            return Ok(None);
        };
        if span.len() > self.most_name {
            return Err(Error::limit("bytes of the name of a field", self.most_name, span.len()));
        }
        let Some(left) = self.names.checked_sub(span.len()) else {
            let found = "the same ones again and again";
            return Err(Error::limit("bytes of the names of fields in all", self.names, found));
        };
        self.names = left;
        if graph.store.held(span).is_some() {
            return Ok(text(graph, cell));
        }
        let read = graph.store.read(span)?;
        match (node, std::str::from_utf8(&read)) {
            (Node::Bytes(_), _) => Ok(Some(read.iter().map(|&byte| char::from(byte)).collect())),
            (_, Ok(name)) => Ok(Some(name.to_owned())),
            _ => Err(Error::corrupt("the name of a field in UTF-8", "other bytes")),
        }
    }
}

/// A part of another dtype, which has to fit into the bounds of that one.
fn part<'a>(graph: &'a Graph, cell: Cell, bounds: &mut Bounds) -> Result<Option<&'a DtypeNode>> {
    let Some(node) = graph.dtype(cell) else { return Ok(None) };
    bounds.spend(node.scalars)?;
    bounds.has_metadata |= node.has_metadata;
    if node.depth >= MAX_DEPTH {
        return Err(too_deep());
    }
    Ok(Some(node))
}

/// Text, which is bytes where Python 2 wrote it.
fn text(graph: &Graph, cell: Cell) -> Option<String> {
    match graph.node(cell)? {
        Node::Bytes(span) => {
            let bytes = graph.store.held(span)?;
            // Names of fields may be in Latin-1 there.
            Some(bytes.iter().map(|&byte| char::from(byte)).collect())
        }
        _ => graph.text(cell).map(str::to_owned),
    }
}

fn void(len: usize) -> Result<Dtype> {
    Scalar::new(Kind::Void, Order::None, len).map(Dtype::Scalar)
}

fn parse(text: &str) -> Result<Dtype> {
    // Objects have the size of a pointer: 4 where Python 2 ran on 32 bits.
    if matches!(text, "O4" | "O8" | "|O4" | "|O8") {
        return Scalar::new(Kind::Object, Order::None, 8).map(Dtype::Scalar);
    }
    Scalar::parse(text).map(Dtype::Scalar)
}

/// `numpy.dtype.__setstate__`.
pub(super) fn state(graph: &mut Graph, at: usize, state: Cell) -> Result<()> {
    let kind = graph.kind(state);
    let wrong = || Error::corrupt("the state of a dtype", kind);
    let parts = graph.tuple(state).ok_or_else(wrong)?.to_vec();
    let node = graph.dtypes.get(at).ok_or_else(wrong)?.clone();
    let State { version, order, subarray, names, fields, size, rest } = parted(graph, &parts)?;
    if !(0..=4).contains(&version) || rest.len() > 2 {
        return Err(Error::unsupported(format_args!("version {version} of a dtype's state")));
    }
    let number =
        |what: &str, cell| graph.int(cell).ok_or_else(|| Error::corrupt(what, graph.kind(cell)));
    let flags = match rest.first() {
        Some(&flags) => number("the flags of a dtype", flags)?,
        None => 0,
    };
    let sign = text(graph, order).ok_or_else(|| Error::corrupt("a byte order", graph.kind(order)));
    let order = byte_order(&sign?)?;
    let size = number("the size of a dtype", size)?;
    let names = if version < 2 { old_names(graph, fields)? } else { names };
    if (names == Cell::NONE) != (fields == Cell::NONE) {
        let found = format_args!("{} and {}", graph.kind(names), graph.kind(fields));
        return Err(Error::corrupt("names of fields and a dictionary of them", found));
    }
    let bounds = &mut Bounds::new(graph);
    bounds.spend(1)?;
    let mut depth = 0;
    let mut dtype = if subarray != Cell::NONE {
        sub(graph, subarray, &mut depth, bounds)?
    } else if names != Cell::NONE {
        record(graph, (names, fields), (size, flags), &mut depth, bounds)?
    } else {
        sized(&node.dtype, size, order)?
    };
    if !rest.is_empty() {
        check_flags(&dtype, flags)?;
    }
    let mut metadata = rest.get(1).copied();
    if let (Some(unit), Dtype::Scalar(scalar)) = (metadata, &dtype) {
        if matches!(scalar.kind(), Kind::Datetime | Kind::Timedelta) {
            let (scalar, own) = with_unit(graph, *scalar, unit)?;
            (dtype, metadata) = (Dtype::Scalar(scalar), own);
        }
    }
    let metadata = metadata.filter(|cell| *cell != Cell::NONE);
    if let Some(cell) = metadata {
        check_metadata(graph, cell)?;
    }
    if let Some(place) = graph.dtypes.get_mut(at) {
        let scalars = MAX_SCALARS - bounds.scalars;
        let has_metadata = metadata.is_some() || bounds.has_metadata;
        // Without metadata, what is written is made of the dtype alone.
        let made_of = (node.made_of.0, Some(state).filter(|_| has_metadata));
        *place = DtypeNode { dtype, metadata, has_metadata, made_of, depth, scalars, ..node };
    }
    Ok(())
}

/// The parts of a state that a dtype is made of.
struct State<'a> {
    version: i64,
    order: Cell,
    subarray: Cell,
    names: Cell,
    fields: Cell,
    size: Cell,
    /// Flags and metadata.
    rest: &'a [Cell],
}

/// The parts of a state by their number: it was one of the first things to be written, before there
/// was a version, and then the names of fields were among those in the dictionary.
fn parted<'a>(graph: &Graph, parts: &'a [Cell]) -> Result<State<'a>> {
    let none = Cell::NONE;
    let (version, [order, subarray, names, fields, size], rest) = match *parts {
        [order, subarray, fields, size, _] => {
            return Ok(State { version: 0, order, subarray, names: none, fields, size, rest: &[] });
        }
        [version, order, subarray, fields, size, _] => {
            (version, [order, subarray, none, fields, size], &[][..])
        }
        [version, order, subarray, names, fields, size, _, ref rest @ ..] => {
            (version, [order, subarray, names, fields, size], rest)
        }
        _ => {
            let what = format_args!("a dtype's state of {} parts", parts.len());
            return Err(Error::unsupported(what));
        }
    };
    let wrong = || Error::corrupt("the version of a dtype's state", graph.kind(version));
    let version = graph.int(version).ok_or_else(wrong)?;
    Ok(State { version, order, subarray, names, fields, size, rest })
}

/// The names of fields as versions 0 and 1 have them, whatever stands in the place of later ones:
/// under the key -1 of the dictionary.
fn old_names(graph: &Graph, fields: Cell) -> Result<Cell> {
    if fields == Cell::NONE {
        return Ok(Cell::NONE);
    }
    let wrong = || Error::corrupt("a dictionary of fields", graph.kind(fields));
    let mut pairs = graph.dict(fields).ok_or_else(wrong)?.chunks_exact(2).rev();
    let names = pairs.find_map(|pair| match *pair {
        [key, names] if graph.int(key) == Some(-1) => Some(names),
        _ => None,
    });
    names.ok_or_else(|| Error::corrupt("names of fields under the key -1", "none"))
}

/// A dictionary, or an object that may be a kind of one. NumPy takes whatever there is, and cannot
/// show it then.
fn check_metadata(graph: &Graph, cell: Cell) -> Result<()> {
    match graph.node(cell) {
        Some(Node::Dict(_) | Node::Object(_)) => Ok(()),
        _ => Err(Error::corrupt("a dictionary as the metadata of a dtype", graph.kind(cell))),
    }
}

/// NumPy believes the flags, whatever the dtype is: bytes are read as objects, or objects as bytes.
fn check_flags(dtype: &Dtype, flags: i64) -> Result<()> {
    let is_sound = match dtype.has_object() {
        true => flags & HAS_OBJECT != 0,
        false => flags & OF_OBJECTS == 0,
    };
    match is_sound {
        true => Ok(()),
        false => Err(Error::corrupt(format_args!("the flags of the dtype {dtype}"), flags)),
    }
}

fn byte_order(sign: &str) -> Result<Order> {
    Ok(match sign {
        "<" => Order::Little,
        ">" => Order::Big,
        "|" => Order::None,
        // Native: of the machine that wrote it, and there are few of the other kind.
        "=" => Order::NATIVE,
        _ => return Err(Error::corrupt("a byte order", format_args!("'{}'", quoted(sign)))),
    })
}

/// A scalar in its byte order; of strings and bytes the state has the size.
fn sized(dtype: &Dtype, size: i64, order: Order) -> Result<Dtype> {
    let Dtype::Scalar(scalar) = dtype else {
        return Err(Error::corrupt("a dtype without a state", "a second one"));
    };
    let mut scalar = *scalar;
    if matches!(scalar.kind(), Kind::Bytes | Kind::Str | Kind::Void) && size >= 0 {
        let len = usize::try_from(size).map_err(|_| Error::corrupt("a size", size))?;
        scalar = Scalar::new(scalar.kind(), Order::NATIVE, len)?;
    }
    Ok(Dtype::Scalar(scalar.to_order(order)))
}

fn lengths(graph: &Graph, cell: Cell) -> Option<Vec<usize>> {
    let one = |cell: &Cell| usize::try_from(graph.int(*cell)?).ok();
    match graph.tuple(cell) {
        Some(lengths) => lengths.iter().map(one).collect(),
        None => Some(vec![one(&cell)?]),
    }
}

/// A subarray: its base and its shape.
fn sub(graph: &Graph, cell: Cell, depth: &mut usize, bounds: &mut Bounds) -> Result<Dtype> {
    let wrong = || Error::corrupt("a dtype and a shape", graph.kind(cell));
    let &[base, shape] = graph.tuple(cell).ok_or_else(wrong)? else { return Err(wrong()) };
    let base = part(graph, base, bounds)?.ok_or_else(wrong)?;
    *depth = base.depth + 1;
    Dtype::array(base.dtype.clone(), &lengths(graph, shape).ok_or_else(wrong)?)
}

/// Named fields: the names in order, and a dictionary with what each is.
fn record(
    graph: &Graph,
    (names, fields): (Cell, Cell),
    (size, flags): (i64, i64),
    depth: &mut usize,
    bounds: &mut Bounds,
) -> Result<Dtype> {
    let wrong = |what: &str, cell| Error::corrupt(what, graph.kind(cell));
    let map = graph.dict(fields).ok_or_else(|| wrong("a dictionary of fields", fields))?;
    let names = graph.tuple(names).ok_or_else(|| wrong("names of fields", names))?;
    let mut by_name = std::collections::HashMap::new();
    for pair in map.chunks_exact(2) {
        if let [name, what] = *pair {
            // Titles are keys, too.
            if let Some(name) = bounds.text(graph, name)? {
                by_name.insert(name, what);
            }
        }
    }
    let mut made = Vec::with_capacity(names.len());
    for &cell in names {
        let name = bounds.text(graph, cell)?.ok_or_else(|| wrong("the name of a field", cell))?;
        let what = by_name.get(&name).copied();
        let (dtype, offset, title) = match what.and_then(|what| graph.tuple(what)) {
            Some(&[dtype, offset]) => (dtype, offset, None),
            Some(&[dtype, offset, title]) => (dtype, offset, Some(title)),
            _ => {
                let found = what.map_or("none", |what| graph.kind(what));
                return Err(Error::corrupt("the dtype and the offset of a field", found));
            }
        };
        let node = part(graph, dtype, bounds)?;
        let node = node.ok_or_else(|| wrong("the dtype of a field", dtype))?;
        *depth = (*depth).max(node.depth + 1);
        let dtype = node.dtype.clone();
        let place = graph.int(offset).and_then(|offset| usize::try_from(offset).ok());
        let place = place.ok_or_else(|| wrong_number("the offset of a field", graph, offset))?;
        let mut field = Field::new(name, dtype, place);
        if let Some(title) = title.filter(|title| *title != Cell::NONE) {
            let title = bounds.text(graph, title)?;
            let title = title.ok_or_else(|| Error::unsupported("a title that is no text"))?;
            field = field.with_title(title);
        }
        made.push(field);
    }
    let size = usize::try_from(size).map_err(|_| Error::corrupt("the size of a record", size))?;
    let record = Record::new(made, Some(size)).map_err(as_corrupt)?;
    let is_aligned = flags & ALIGNED != 0;
    let record = if is_aligned { record.into_aligned().map_err(as_corrupt)? } else { record };
    Ok(Dtype::from(record))
}

/// What is no number, or one that is below zero or too large.
pub(super) fn wrong_number(expected: &str, graph: &Graph, cell: Cell) -> Error {
    match graph.int(cell) {
        Some(number) => Error::corrupt(expected, number),
        None => Error::corrupt(expected, graph.kind(cell)),
    }
}

fn as_corrupt(e: Error) -> Error {
    match e.kind() {
        crate::ErrorKind::Invalid => Error::corrupt("fields that make a record", e.what()),
        _ => e,
    }
}

/// The unit of dates: `(metadata, (unit, multiple, …))`, and the metadata beside it.
fn with_unit(graph: &Graph, scalar: Scalar, cell: Cell) -> Result<(Scalar, Option<Cell>)> {
    let wrong = || Error::corrupt("the unit of a date", graph.kind(cell));
    let &[metadata, unit] = graph.tuple(cell).ok_or_else(wrong)? else { return Err(wrong()) };
    let (&[base, multiple] | &[base, multiple, _, _]) = graph.tuple(unit).ok_or_else(wrong)? else {
        return Err(wrong());
    };
    let base = text(graph, base).ok_or_else(wrong)?;
    let multiple = graph.int(multiple).ok_or_else(wrong)?;
    let own = match graph.dict(metadata) {
        Some([]) => None,
        _ => Some(metadata).filter(|cell| *cell != Cell::NONE),
    };
    if base == "generic" {
        return Ok((scalar.with_unit(None)?, own));
    }
    let text = format!("'<{}8[{multiple}{base}]'", scalar.kind().letter());
    let literal = Literal::parse(&text, &LiteralOptions::default())?;
    match Dtype::from_descr(&literal)? {
        Dtype::Scalar(read) => Ok((scalar.with_unit(read.unit())?, own)),
        _ => Err(wrong()),
    }
}
