//! Calls that rebuild tensors, in the values of a pickle: arrays take their places.
#![forbid(unsafe_code)]

use super::dtype;
use crate::array::{MAX_NDIM, MemoryOrder, nbytes, strides};
use crate::value::{ArrayNode, Cell, Content, Graph, Known, Node, Payload, Span};
use crate::{Array, Dtype, Error, Order, Result};
use std::collections::HashMap;

/// What a pickle says of a storage.
#[derive(Clone, Debug)]
pub(super) struct Storage {
    pub(super) key: String,
    pub(super) dtype: Dtype,
    /// How many elements it has.
    pub(super) count: u64,
    /// The first element of a view of it, and how many that has.
    view: Option<(u64, u64)>,
}

impl Storage {
    pub(super) fn nbytes(&self) -> Result<u64> {
        let nbytes = self.count.checked_mul(self.dtype.itemsize() as u64);
        nbytes.ok_or_else(|| Error::corrupt("a storage of fewer than 2^64 bytes", self.count))
    }
}

/// The identifier of a storage: `('storage', torch.FloatStorage, '0', 'cpu', 12)`, in old files with
/// a view `('key', 2, 4)` or `None` behind it. `None` for what is none that is known.
pub(super) fn storage(graph: &Graph, id: Cell, order: Order) -> Result<Option<Storage>> {
    let Some([kind, class, key, _, count, view @ ..]) = graph.tuple(id) else { return Ok(None) };
    if graph.text(*kind) != Some("storage") {
        return Ok(None);
    }
    let Some(class) = graph.name(*class) else { return Ok(None) };
    let Some(dtype) = dtype::of_storage(class, order)? else { return Ok(None) };
    let key = graph.text(*key).ok_or_else(|| Error::corrupt("the key of a storage", "none"))?;
    let view = match view.first().and_then(|view| graph.tuple(*view)) {
        Some([_, offset, count]) => Some((size(graph, *offset)?, size(graph, *count)?)),
        _ => None,
    };
    Ok(Some(Storage { key: key.to_owned(), dtype, count: size(graph, *count)?, view }))
}

fn size(graph: &Graph, cell: Cell) -> Result<u64> {
    let size = graph.int(cell).and_then(|size| u64::try_from(size).ok());
    size.ok_or_else(|| Error::corrupt("a length or an offset", graph.kind(cell)))
}

fn sizes(graph: &Graph, cell: Cell) -> Result<Vec<usize>> {
    let lengths = graph.sequence(cell);
    let lengths = lengths.ok_or_else(|| Error::corrupt("a shape", graph.kind(cell)))?;
    if lengths.len() > MAX_NDIM {
        return Err(Error::limit("a number of dimensions", MAX_NDIM as u64, lengths.len()));
    }
    let too_large = |_| Error::unsupported("a length beyond the address space");
    lengths.iter().map(|cell| usize::try_from(size(graph, *cell)?).map_err(too_large)).collect()
}

/// Every storage that a pickle names, by its key.
pub(super) fn storages(graph: &Graph, order: Order) -> Result<HashMap<String, Storage>> {
    let mut found: HashMap<String, Storage> = HashMap::new();
    for id in graph.nodes.iter().filter_map(persistent) {
        let Some(storage) = storage(graph, id, order)? else { continue };
        if let Some(other) = found.get(&storage.key) {
            let same = (&other.dtype, other.count) == (&storage.dtype, storage.count);
            if !same {
                let found = format!("another one of the key '{}'", storage.key);
                return Err(Error::corrupt("one storage", crate::error::quoted(&found)));
            }
        }
        found.insert(storage.key.clone(), storage);
    }
    Ok(found)
}

fn persistent(node: &Node) -> Option<Cell> {
    match node {
        Node::Persistent(id) => Some(*id),
        _ => None,
    }
}

/// Where storages lie: the first byte of each, by its key.
pub(super) type Places = HashMap<String, u64>;

/// Puts arrays in the places of tensors, parameters and storages, and dictionaries in those of
/// state dictionaries.
pub(super) fn rebuild(graph: &mut Graph, places: &Places, order: Order) -> Result<()> {
    // Tensors first: they look at the storages.
    for id in 0..graph.nodes.len() {
        if let Some(array) = tensor(graph, Cell::node(id), places, order)? {
            put_array(graph, id, array)?;
        }
    }
    for id in 0..graph.nodes.len() {
        let cell = Cell::node(id);
        if let Some(array) = whole(graph, cell, places, order)? {
            put_array(graph, id, array)?;
        } else if let Some(node) = parameter(graph, cell).or_else(|| dictionary(graph, cell)) {
            put(graph, id, node);
        }
    }
    Ok(())
}

fn put_array(graph: &mut Graph, id: usize, array: ArrayNode) -> Result<()> {
    let made = graph.push_array(array)?;
    if let Some(node) = graph.node(made) {
        put(graph, id, node);
    }
    Ok(())
}

fn put(graph: &mut Graph, id: usize, node: Node) {
    if let Some(place) = graph.nodes.get_mut(id) {
        *place = node;
    }
}

/// The arguments of a call of a function of `torch._utils`.
fn arguments(graph: &Graph, cell: Cell) -> Option<(&str, &[Cell])> {
    let object = graph.object(cell)?;
    match graph.name(object.class)? {
        ("torch._utils", name) => Some((name, graph.tuple(object.args?)?)),
        _ => None,
    }
}

/// The array that a call makes; `None` for what is no tensor, or one that is more than that.
fn tensor(
    graph: &mut Graph,
    cell: Cell,
    places: &Places,
    order: Order,
) -> Result<Option<ArrayNode>> {
    let Some((name, args)) = arguments(graph, cell) else { return Ok(None) };
    let (args, dtype, metadata) = match (name, args) {
        ("_rebuild_tensor", [storage, offset, shape, steps]) => {
            ([*storage, *offset, *shape, *steps], None, None)
        }
        ("_rebuild_tensor_v2", [storage, offset, shape, steps, _, _, metadata @ ..]) => {
            ([*storage, *offset, *shape, *steps], None, metadata.first())
        }
        ("_rebuild_tensor_v3", [storage, offset, shape, steps, _, _, dtype, metadata @ ..]) => {
            ([*storage, *offset, *shape, *steps], Some(*dtype), metadata.first())
        }
        _ => return Ok(None),
    };
    // A conjugate bit, for one, says that the elements are not those of the storage.
    let is_plain = metadata.is_none_or(|metadata| {
        metadata.content() == Content::None || graph.dict(*metadata).is_some_and(<[Cell]>::is_empty)
    });
    let [of, offset, shape, steps] = args;
    let Some(id) = graph.node(of).as_ref().and_then(persistent).filter(|_| is_plain) else {
        return Ok(None);
    };
    let Some(mut storage) = storage(graph, id, order)? else { return Ok(None) };
    let itemsize = storage.dtype.itemsize() as u64;
    if let Some(cell) = dtype {
        let Some(name) = graph.name(cell) else { return Ok(None) };
        let Some(dtype) = dtype::of_name(name, order)? else { return Ok(None) };
        // The storage is untyped: its elements are bytes.
        storage.count = storage.count.saturating_mul(itemsize) / (dtype.itemsize() as u64).max(1);
        storage.dtype = dtype;
    }
    let layout = Layout {
        offset: size(graph, offset)?,
        shape: sizes(graph, shape)?,
        steps: sizes(graph, steps)?,
    };
    array(graph, &storage, &layout, places).map(Some)
}

/// A storage that stands for itself.
fn whole(
    graph: &mut Graph,
    cell: Cell,
    places: &Places,
    order: Order,
) -> Result<Option<ArrayNode>> {
    let Some(id) = graph.node(cell).as_ref().and_then(persistent) else { return Ok(None) };
    let Some(storage) = storage(graph, id, order)? else { return Ok(None) };
    let count = storage.view.map_or(storage.count, |(_, count)| count);
    let length = usize::try_from(count)
        .map_err(|_| Error::unsupported("a storage beyond the address space"))?;
    let layout = Layout { offset: 0, shape: vec![length], steps: vec![1] };
    array(graph, &storage, &layout, places).map(Some)
}

/// The array that a parameter is.
fn parameter(graph: &Graph, cell: Cell) -> Option<Node> {
    match arguments(graph, cell)? {
        ("_rebuild_parameter", [data, ..]) => {
            graph.node(*data).filter(|node| matches!(node, Node::Array(_)))
        }
        _ => None,
    }
}

/// The dictionary that a state dictionary is: an `OrderedDict` with nothing beside its pairs but
/// the versions of modules. Python 2 gives it a list of pairs.
fn dictionary(graph: &mut Graph, cell: Cell) -> Option<Node> {
    let object = *graph.object(cell)?;
    if graph.known(object.class) != Known::OrderedDict || !object.items.is_empty() {
        return None;
    }
    if let Some(state) = object.state {
        match graph.dict(state)? {
            [] => {}
            [key, _] if graph.text(*key) == Some("_metadata") => {}
            _ => return None,
        }
    }
    let pairs = match object.args.and_then(|args| graph.tuple(args)) {
        None | Some([]) => return Some(Node::Dict(object.pairs)),
        Some([pairs]) if object.pairs.is_empty() => graph.sequence(*pairs)?,
        Some(_) => return None,
    };
    let pair = |pair: &Cell| graph.sequence(*pair).filter(|pair| pair.len() == 2);
    let cells: Vec<&[Cell]> = pairs.iter().map(pair).collect::<Option<_>>()?;
    let cells = cells.concat();
    graph.run(&cells).ok().map(Node::Dict)
}

/// How a tensor lies in its storage, in elements.
struct Layout {
    offset: u64,
    shape: Vec<usize>,
    steps: Vec<usize>,
}

impl Layout {
    /// Behind the last element; checks the numbers against one another.
    fn end(&self) -> Result<u64> {
        let (shape, steps) = (&self.shape, &self.steps);
        if shape.len() != steps.len() {
            return Err(Error::corrupt(format_args!("{} strides", shape.len()), steps.len()));
        }
        if shape.contains(&0) {
            return Ok(self.offset);
        }
        let axes = shape.iter().zip(steps);
        let last = axes.map(|(n, step)| (*n as u64 - 1).checked_mul(*step as u64));
        let last = last.fold(self.offset.checked_add(1), |sum, reach| sum?.checked_add(reach?));
        last.ok_or_else(|| Error::corrupt("a view within a storage", "one of 2^64 elements"))
    }

    /// In which order the elements lie side by side, if they do.
    fn order(&self) -> Option<MemoryOrder> {
        [MemoryOrder::C, MemoryOrder::F].into_iter().find(|order| {
            let expected = strides(&self.shape, 1, *order);
            let mut axes = self.shape.iter().zip(&self.steps).zip(&expected);
            axes.all(|((n, step), expected)| *n == 1 || *step == expected.unsigned_abs())
        })
    }
}

fn array(
    graph: &mut Graph,
    storage: &Storage,
    layout: &Layout,
    places: &Places,
) -> Result<ArrayNode> {
    let (first, count) = storage.view.unwrap_or((0, storage.count));
    let fits = first.checked_add(count).is_some_and(|end| end <= storage.count);
    if !fits || layout.end()? > count {
        let expected = format!("a view within the {count} elements of the storage");
        let found = format!("one up to element {}", layout.end()?);
        return Err(Error::corrupt(expected, found));
    }
    let missing = || Error::corrupt(format_args!("the storage '{}'", storage.key), "none");
    let start = *places.get(&storage.key).ok_or_else(missing)?;
    let itemsize = storage.dtype.itemsize() as u64;
    let start = start.saturating_add((first + layout.offset).saturating_mul(itemsize));
    let nbytes = nbytes(&layout.shape, storage.dtype.itemsize())?;
    let (payload, order) = match layout.order() {
        _ if nbytes == 0 => (Payload::Bytes(graph.store.add(&[])), MemoryOrder::C),
        Some(order) => (Payload::Bytes(Span::in_file(start, nbytes as u64)), order),
        None => (gathered(graph, storage, layout, start, nbytes)?, MemoryOrder::C),
    };
    let (shape, dtype) = (layout.shape.clone().into(), storage.dtype.clone());
    let (class, dtype_cell, state, mask) = (None, None, None, None);
    Ok(ArrayNode { class, dtype, dtype_cell, shape, order, payload, state, mask })
}

/// The elements of a view that do not lie side by side.
fn gathered(
    graph: &mut Graph,
    storage: &Storage,
    layout: &Layout,
    start: u64,
    nbytes: usize,
) -> Result<Payload> {
    let len = graph.store.source().map_or(0, |source| source.len());
    // A step of zero makes much of little.
    let most = len.saturating_mul(8).saturating_add(1 << 20);
    let used = graph.store.aside_len().saturating_add(nbytes as u64);
    if used > most {
        return Err(Error::limit("what views make of a checkpoint (bytes)", most, used));
    }
    let itemsize = storage.dtype.itemsize();
    let reach = (layout.end()? - layout.offset).saturating_mul(itemsize as u64);
    let bytes = graph.store.read(Span::in_file(start, reach))?;
    let steps = layout.steps.iter().map(|step| {
        let step = step.checked_mul(itemsize).and_then(|step| isize::try_from(step).ok());
        step.ok_or_else(|| Error::unsupported("a stride beyond the address space"))
    });
    let steps = steps.collect::<Result<Vec<_>>>()?;
    let array = Array::from_parts(storage.dtype.clone(), layout.shape.clone(), steps, 0, bytes)?;
    let array = array.to_contiguous(MemoryOrder::C)?;
    Ok(Payload::Bytes(graph.store.add(array.bytes().unwrap_or_default())))
}
