//! The objects that stand for arrays, and what belongs to them.
//!
//! `joblib.numpy_pickle.NumpyArrayWrapper` (0.10 and later), `NDArrayWrapper` and `ZNDArrayWrapper`
//! (up to 0.9) of joblib's sources are the specification.
#![forbid(unsafe_code)]

use super::side::Folder;
use crate::array::MemoryOrder;
use crate::error::quoted;
use crate::packed::{Packing, unpack};
use crate::pickle::{Beside, Machine, described};
use crate::value::{ArrayNode, Cell, Graph, Known, Made, Node, Object, Payload, Span};
use crate::{Data, Error, Result, npy};
use std::sync::Arc;

/// Reads what belongs to the objects.
#[derive(Debug)]
pub(super) struct Wrappers {
    folder: Folder,
    /// How many there were.
    pub(super) met: usize,
    /// Whether elements stay in the file, of small arrays as well.
    leaves: bool,
    keys: Keys,
}

impl Wrappers {
    pub(super) fn new(folder: Folder) -> Self {
        Self { folder, met: 0, leaves: false, keys: Keys::default() }
    }

    /// Elements are not kept in memory: whoever asks for them reads many at once from the file.
    pub(super) fn leaving_elements(self) -> Self {
        Self { leaves: true, ..self }
    }
}

impl Beside for Wrappers {
    fn read(
        &mut self,
        known: Known,
        object: Cell,
        machine: &mut Machine<'_>,
    ) -> Result<Option<Cell>> {
        self.met += 1;
        check_made(&machine.graph, object)?;
        let state = State::of(&machine.graph, object, known, &mut self.keys)?;
        match known {
            Known::JoblibArray => between(machine, &state, self.leaves).map(Some),
            Known::JoblibFile => self.file(machine, &state).map(Some),
            Known::JoblibZfile => self.zfile(machine, &state).map(Some),
            _ => Ok(None),
        }
    }
}

/// Refuses an object that was called into being: arguments set attributes, and have defaults.
fn check_made(graph: &Graph, object: Cell) -> Result<()> {
    let is_bare = |object: &&Object| {
        object.args.is_none() && matches!(object.made, Made::New | Made::Old | Made::Rebuilt)
    };
    match graph.object(object).filter(is_bare) {
        Some(_) => Ok(()),
        None => Err(Error::unsupported("an array of joblib's that is made by a call")),
    }
}

/// How many attributes any of the objects has.
const ATTRIBUTES: usize = 6;

/// The names of the last object's attributes. A dump has each name once, and comes back to it for
/// every array: that it is the same needs no look at its text.
#[derive(Debug, Default)]
struct Keys {
    of: Option<Known>,
    /// Each name in the order of the dump, and which attribute it is.
    places: [Option<(Cell, usize)>; ATTRIBUTES],
}

impl Keys {
    /// Which attribute the name is that comes at this place.
    fn place(&mut self, graph: &Graph, names: &[&str], at: usize, key: Cell) -> Result<usize> {
        let last = self.places.get(at).copied().flatten();
        if let Some((_, place)) = last.filter(|(last, _)| *last == key) {
            return Ok(place);
        }
        let wrong = || Error::corrupt("a name of an attribute", graph.kind(key));
        let name = bytes(graph, key).ok_or_else(wrong)?;
        let Some(place) = names.iter().position(|known| known.as_bytes() == name) else {
            let name = name.escape_ascii().to_string();
            let what = format_args!("an attribute '{}' of an array of joblib's", quoted(&name));
            return Err(Error::unsupported(what));
        };
        if let Some(last) = self.places.get_mut(at) {
            *last = Some((key, place));
        }
        Ok(place)
    }
}

/// The attributes of an object, by the names that joblib writes.
struct State {
    names: &'static [&'static str],
    values: [Option<Cell>; ATTRIBUTES],
}

impl State {
    /// Refuses what joblib does not write: an attribute may stand in for a method of the class.
    fn of(graph: &Graph, object: Cell, known: Known, keys: &mut Keys) -> Result<Self> {
        if keys.of != Some(known) {
            *keys = Keys { of: Some(known), ..Keys::default() };
        }
        let names: &[&str] = match known {
            Known::JoblibFile => &["filename", "subclass", "allow_mmap"],
            Known::JoblibZfile => &["filename", "init_args", "state"],
            _ => &[
                "subclass",
                "shape",
                "order",
                "dtype",
                "allow_mmap",
                "numpy_array_alignment_bytes",
            ],
        };
        let state = graph.object(object).and_then(|object| object.state).unwrap_or(Cell::NONE);
        let wrong = || Error::corrupt("the attributes of an array of joblib's", graph.kind(state));
        let mut values = [None; ATTRIBUTES];
        for (at, pair) in graph.dict(state).ok_or_else(wrong)?.chunks_exact(2).enumerate() {
            let [key, value] = pair else { continue };
            let place = keys.place(graph, names, at, *key)?;
            // The last of its name counts.
            if let Some(place) = values.get_mut(place) {
                *place = Some(*value);
            }
        }
        Ok(Self { names, values })
    }

    fn find(&self, name: &str) -> Option<Cell> {
        let place = self.names.iter().position(|known| *known == name)?;
        self.values.get(place).copied().flatten()
    }

    fn get(&self, name: &str) -> Result<Cell> {
        let missing = || Error::corrupt(format_args!("an attribute '{name}' of an array"), "none");
        self.find(name).ok_or_else(missing)
    }

    fn text<'g>(&self, graph: &'g Graph, name: &str) -> Result<&'g str> {
        let cell = self.get(name)?;
        let wrong = || Error::corrupt(format_args!("text as '{name}'"), graph.kind(cell));
        text(graph, cell).ok_or_else(wrong)
    }
}

/// Text, which Python 2 has as bytes.
fn bytes(graph: &Graph, cell: Cell) -> Option<&[u8]> {
    match graph.node(cell)? {
        Node::Str(span) => graph.store.held(span),
        Node::Bytes(span) if is_old(graph, span) => graph.store.held(span),
        _ => None,
    }
}

/// Whether bytes are a string of Python 2, by the opcode in front of them: the bytes of Python 3
/// are no text, and equal to none. No string that matters here is longer than a few bytes.
fn is_old(graph: &Graph, span: Span) -> bool {
    let Some(start) = span.offset() else { return false };
    let before = |len: u64| {
        let at = start.checked_sub(len)?;
        graph.store.held(Span::in_file(at, len))
    };
    match before(2) {
        Some([b'S', b'\'' | b'"']) => return true,
        Some(&[b'U', len]) if u64::from(len) == span.len() => return true,
        _ => {}
    }
    matches!(before(5), Some(&[b'T', a, b, c, d])
        if u64::from(u32::from_le_bytes([a, b, c, d])) == span.len())
}

fn text(graph: &Graph, cell: Cell) -> Option<&str> {
    std::str::from_utf8(bytes(graph, cell)?).ok()
}

/// An array whose elements stand behind the object, left there or kept: `NumpyArrayWrapper.read_array`.
fn between(machine: &mut Machine<'_>, state: &State, leaves: bool) -> Result<Cell> {
    let graph = &machine.graph;
    let order = match state.text(graph, "order")? {
        "C" => MemoryOrder::C,
        "F" => MemoryOrder::F,
        other => return Err(Error::corrupt("the order 'C' or 'F'", quoted(other))),
    };
    let (shape, dtype) = (state.get("shape")?, state.get("dtype")?);
    let is_flag = |length: &Cell| [Cell::TRUE, Cell::FALSE].contains(length);
    if graph.sequence(shape).is_some_and(|lengths| lengths.iter().any(is_flag)) {
        return Err(Error::corrupt("a length of a shape", "a bool"));
    }
    let class = state.find("subclass");
    let described = described(graph, class, shape, dtype, order)?;
    if described.array.dtype.has_object() {
        return machine.inner();
    }
    // Since 1.2 a byte says how many bytes of padding follow.
    let alignment = state.find("numpy_array_alignment_bytes");
    if alignment.is_some_and(|cell| cell != Cell::NONE) {
        let len = machine.byte()?;
        machine.take(len.into())?;
    }
    let span = match leaves {
        true => machine.skip(described.nbytes)?,
        false => machine.take(described.nbytes)?,
    };
    let array = ArrayNode { payload: Payload::Bytes(span), ..described.array };
    machine.graph.push_array(array)
}

impl Wrappers {
    /// An array in a `.npy` file beside: `NDArrayWrapper.read`.
    fn file(&self, machine: &mut Machine<'_>, state: &State) -> Result<Cell> {
        let name = state.text(&machine.graph, "filename")?.to_owned();
        let class = state.find("subclass");
        self.npy(machine, &name, class).map_err(|e| e.in_member(&name))
    }

    fn npy(&self, machine: &mut Machine<'_>, name: &str, class: Option<Cell>) -> Result<Cell> {
        let source = self.folder.open(name)?;
        let entry = npy::open_source(Arc::clone(&source), machine.limits())?;
        let offset = match entry.data() {
            Data::Objects { offset } => return machine.inner_of(source, name, *offset),
            Data::Raw { offset } => *offset,
            _ => return Err(Error::invalid("a .npy file without bytes or objects")),
        };
        entry.check()?;
        let span = machine.span_of(source, name, offset, entry.nbytes() as u64)?;
        let class = class.filter(|class| !machine.graph.known(*class).is_plain_array());
        let (dtype, shape, order) = (entry.dtype().clone(), entry.shape().into(), entry.order());
        let payload = Payload::Bytes(span);
        let (dtype_cell, state, mask) = (None, None, None);
        let array = ArrayNode { class, dtype, dtype_cell, shape, order, payload, state, mask };
        machine.graph.push_array(array)
    }

    /// An array whose bytes are packed in a file beside, with all else in the dump:
    /// `ZNDArrayWrapper.read`.
    fn zfile(&self, machine: &mut Machine<'_>, state: &State) -> Result<Cell> {
        let graph = &machine.graph;
        let name = state.text(graph, "filename")?.to_owned();
        let (made, parts) = (state.get("init_args")?, state.get("state")?);
        let class = graph.tuple(made).and_then(|args| args.first().copied());
        let Some([_, shape, dtype, fortran]) = graph.tuple(parts) else {
            return Err(Error::corrupt("the state of an array but its bytes", graph.kind(parts)));
        };
        let order = match graph.int(*fortran) {
            Some(0) => MemoryOrder::C,
            Some(_) => MemoryOrder::F,
            None => return Err(Error::corrupt("a flag of the order", graph.kind(*fortran))),
        };
        let described = described(graph, class, *shape, *dtype, order)?;
        if described.array.dtype.has_object() {
            return Err(Error::corrupt("elements that are bytes", "objects"));
        }
        let limits = machine.limits().clone();
        let unpacked = self.folder.open(&name).and_then(|source| {
            let start = source.read(0, 2.min(usize::try_from(source.len()).unwrap_or(2)));
            match start.as_deref() {
                Ok(b"ZF") => unpack(Packing::Zfile, &*source, &limits),
                _ => Err(Error::corrupt("a file that begins with ZF", "another one").at(0)),
            }
        });
        let bytes = unpacked.map_err(|e| e.in_member(&name))?;
        if bytes.len() as u64 != described.nbytes {
            let expected = format_args!("{} bytes of elements", described.nbytes);
            return Err(Error::corrupt(expected, bytes.len()).at(0).in_member(&name));
        }
        let span = machine.graph.store.give(bytes);
        let array = ArrayNode { payload: Payload::Bytes(span), ..described.array };
        machine.graph.push_array(array)
    }
}
