//! Values that were read, written again: shared parts once, cycles as they are.
#![forbid(unsafe_code)]

use super::numpy::{self, Dtypes};
use super::out::Out;
use super::plain::Plain;
use crate::entry::Entry;
use crate::pickle::opcode::code;
use crate::value::{ArrayNode, Cell, Content, Graph, Made, Node, Object, Payload, Run, Value};
use crate::{Error, Limits, Result};
use std::collections::HashMap;
use std::sync::Arc;

/// How many items are put into a container at once, as CPython does.
const BATCH: usize = 1000;

/// What is still to be written, the last first.
enum Task {
    Value(Cell),
    Op(u8),
    Text(&'static [u8]),
    Name(&'static str, &'static str),
    Int(i64),
    Bool(bool),
    Shape(Cell),
    /// A container was made: it can be met again.
    Memo(Cell),
    /// A tuple, or what is called with one: where it was made meanwhile, by a cycle through it, so
    /// many things on the stack are dropped and it is taken from the memo.
    Made {
        cell: Cell,
        op: u8,
        below: Below,
    },
    Dtype(Cell),
    /// The elements of an array, or the bytes of a scalar.
    Elements(Cell),
    /// A mark, and a state in front of its elements.
    Head(Cell),
    /// Text that was made.
    Own(String),
    /// The array that an object of a subclass is.
    Array(Cell),
}

/// What lies on the stack of the thing that is being made.
#[derive(Clone, Copy)]
enum Below {
    Mark,
    Things(usize),
}

pub(super) struct Values<'a> {
    value: &'a Value,
    graph: &'a Graph,
    /// How often each node is met; the memo is for those that are met again.
    met: Vec<u8>,
    memo: HashMap<usize, u32>,
    tasks: Vec<Task>,
    limits: Arc<Limits>,
    /// Where only data is written.
    plain: Option<Plain>,
}

impl<'a> Values<'a> {
    pub(super) fn new(value: &'a Value) -> Self {
        let graph: &Graph = value.graph();
        let met = meetings(graph, value.cell());
        let (memo, tasks) = (HashMap::new(), Vec::new());
        Self { value, graph, met, memo, tasks, limits: Arc::default(), plain: None }
    }

    /// Makes dictionaries of all that is no data.
    pub(super) fn only_data(mut self) -> Self {
        self.plain = Some(Plain::new(self.graph));
        self
    }

    pub(super) fn write(mut self, out: &mut Out<'_>, dtypes: &mut Dtypes) -> Result<()> {
        self.tasks.push(Task::Value(self.value.cell()));
        while let Some(task) = self.tasks.pop() {
            self.task(task, out, dtypes)?;
        }
        Ok(())
    }

    fn task(&mut self, task: Task, out: &mut Out<'_>, dtypes: &mut Dtypes) -> Result<()> {
        match task {
            Task::Op(op) => out.op(op),
            Task::Text(text) => out.text(text),
            Task::Name(module, name) => out.name(module, name),
            Task::Own(text) => out.text(text.as_bytes()),
            Task::Array(cell) => self.plain_array(cell, out, dtypes),
            Task::Int(value) => out.int(value),
            Task::Bool(value) => out.bool(value),
            Task::Memo(cell) => self.remember(cell, out),
            Task::Made { cell, op, below } => self.made(cell, op, below, out),
            Task::Value(cell) => self.value(cell, out, dtypes),
            Task::Dtype(cell) => {
                let array = self.graph.array(cell).map(|array| (&array.dtype, array.dtype_cell));
                let scalar = self.graph.scalar(cell).map(|s| (&s.dtype, s.dtype_cell));
                match array.or(scalar) {
                    Some((_, Some(cell))) => {
                        self.tasks.push(Task::Value(cell));
                        Ok(())
                    }
                    Some((dtype, None)) => numpy::dtype(out, dtypes, dtype),
                    None => Ok(()),
                }
            }
            Task::Shape(cell) => match self.graph.array(cell) {
                Some(array) => numpy::shape(out, &array.shape),
                None => Ok(()),
            },
            Task::Head(cell) => {
                let order = self.graph.array(cell).map(|array| array.order);
                let is_fortran = order == Some(crate::MemoryOrder::F);
                out.op(code::MARK)?;
                self.then([
                    Task::Int(1),
                    Task::Shape(cell),
                    Task::Dtype(cell),
                    Task::Bool(is_fortran),
                ]);
                Ok(())
            }
            Task::Elements(cell) => match self.graph.scalar(cell) {
                Some(scalar) => out.bytes(&self.graph.store.read(scalar.bytes)?),
                None => numpy::payload(out, &self.entry(cell)?, None),
            },
        }
    }

    fn then<const N: usize>(&mut self, tasks: [Task; N]) {
        self.tasks.extend(tasks.into_iter().rev());
    }

    fn entry(&self, cell: Cell) -> Result<Entry> {
        Entry::of_value(&Value::new(Arc::clone(self.value.graph()), cell), &self.limits)
    }

    /// Remembers what is met again.
    fn remember(&mut self, cell: Cell, out: &mut Out<'_>) -> Result<()> {
        let Some(id) = cell.as_node() else { return Ok(()) };
        if self.met.get(id).is_some_and(|met| *met > 1) && !self.memo.contains_key(&id) {
            let at = out.put()?;
            self.memo.insert(id, at);
        }
        Ok(())
    }

    fn made(&mut self, cell: Cell, op: u8, below: Below, out: &mut Out<'_>) -> Result<()> {
        let known = cell.as_node().and_then(|id| self.memo.get(&id).copied());
        let Some(at) = known else {
            out.op(op)?;
            return self.remember(cell, out);
        };
        match below {
            Below::Mark => out.op(code::POP_MARK)?,
            Below::Things(count) => (0..count).try_for_each(|_| out.op(code::POP))?,
        }
        out.get(at)
    }

    fn value(&mut self, cell: Cell, out: &mut Out<'_>, dtypes: &mut Dtypes) -> Result<()> {
        let id = match cell.content() {
            Content::None => return out.op(code::NONE),
            Content::Bool(value) => return out.bool(value),
            Content::Int(value) => return out.int(value),
            Content::Node(id) => id,
        };
        if let Some(&at) = self.memo.get(&id) {
            return out.get(at);
        }
        let Some(node) = self.graph.node(cell) else { return Ok(()) };
        if self.plain.as_ref().is_some_and(|plain| plain.is_object(self.graph, cell)) {
            return self.as_dict(node, cell, out);
        }
        if let Node::Set(run) | Node::FrozenSet(run) = node {
            if self.is_any_odd(run, 1) {
                let is_set = matches!(node, Node::Set(_));
                out.op(code::EMPTY_DICT)?;
                self.remember(cell, out)?;
                self.listed(if is_set { b"$set" } else { b"$frozenset" }, run, 1);
                return Ok(());
            }
        }
        match node {
            Node::List(run) => {
                out.op(code::EMPTY_LIST)?;
                self.remember(cell, out)?;
                self.batches(self.graph.items(run), 1, code::APPENDS);
            }
            Node::Dict(run) => {
                out.op(code::EMPTY_DICT)?;
                self.remember(cell, out)?;
                self.pairs(run);
            }
            Node::Tuple(run) => self.tuple(cell, self.graph.items(run), out)?,
            Node::Set(run) if out.protocol >= 4 => {
                out.op(code::EMPTY_SET)?;
                self.remember(cell, out)?;
                self.batches(self.graph.items(run), 1, code::ADDITEMS);
            }
            Node::FrozenSet(run) if out.protocol >= 4 => {
                out.op(code::MARK)?;
                self.tasks.push(Task::Made { cell, op: code::FROZENSET, below: Below::Mark });
                self.all(self.graph.items(run));
            }
            Node::Set(run) | Node::FrozenSet(run) => {
                let is_set = matches!(node, Node::Set(_));
                out.name("builtins", if is_set { "set" } else { "frozenset" })?;
                out.op(code::EMPTY_LIST)?;
                let below = Below::Things(2);
                self.then([Task::Op(code::TUPLE1), Task::Made { cell, op: code::REDUCE, below }]);
                self.batches(self.graph.items(run), 1, code::APPENDS);
            }
            Node::Array(_) => self.array(cell, out, dtypes)?,
            Node::Object(_) => self.object(cell, out)?,
            Node::Persistent(of) => {
                self.then([Task::Value(of), Task::Op(code::BINPERSID), Task::Memo(cell)]);
            }
            _ => self.single(node, cell, out, dtypes)?,
        }
        Ok(())
    }

    /// What is no data as a dictionary, in the form that it has in JSON.
    fn as_dict(&mut self, node: Node, cell: Cell, out: &mut Out<'_>) -> Result<()> {
        out.op(code::EMPTY_DICT)?;
        self.remember(cell, out)?;
        self.tasks.push(Task::Op(code::SETITEM));
        match node {
            Node::Global(_) => {
                let (module, name) = self.graph.name(cell).unwrap_or_default();
                let name = Task::Own(format!("{module}.{name}"));
                self.then([Task::Text(b"$global"), name]);
            }
            Node::Extension(number) => {
                self.then([Task::Text(b"$extension"), Task::Int(number.into())]);
            }
            Node::Persistent(id) => self.then([Task::Text(b"$persistent"), Task::Value(id)]),
            _ => self.object_parts(cell),
        }
        Ok(())
    }

    fn object_parts(&mut self, cell: Cell) {
        let array = self.graph.array(cell);
        let object = self.graph.object(cell);
        self.tasks.push(Task::Op(code::SETITEMS));
        if let Some(object) = object {
            if !object.pairs.is_empty() {
                self.pairs(object.pairs);
                self.then([Task::Text(b"pairs"), Task::Op(code::EMPTY_DICT)]);
            }
            if !object.items.is_empty() {
                self.batches(self.graph.items(object.items), 1, code::APPENDS);
                self.then([Task::Text(b"items"), Task::Op(code::EMPTY_LIST)]);
            }
        }
        let state = object.map_or_else(|| array.and_then(|array| array.state), |o| o.state);
        if let Some(state) = state {
            self.then([Task::Text(b"state"), Task::Value(state)]);
        }
        if let Some(args) = object.and_then(|object| object.args) {
            self.then([Task::Text(b"args"), Task::Value(args)]);
        }
        if let Some(mask) = array.and_then(|array| array.mask) {
            self.then([Task::Text(b"mask"), Task::Array(mask)]);
        }
        if array.is_some() {
            self.then([Task::Text(b"array"), Task::Array(cell)]);
        }
        let class = object.map(|object| object.class).or(array.and_then(|array| array.class));
        if let Some(class) = class {
            let class = match self.graph.name(class) {
                Some((module, name)) => Task::Own(format!("{module}.{name}")),
                None => Task::Value(class),
            };
            self.then([Task::Text(b"class"), class]);
        }
        self.then([Task::Text(b"$object"), Task::Op(code::EMPTY_DICT), Task::Op(code::MARK)]);
    }

    /// Values one after another.
    fn all(&mut self, cells: &[Cell]) {
        self.tasks.extend(cells.iter().rev().map(|cell| Task::Value(*cell)));
    }

    /// Items, or keys and values, into the container on the stack.
    fn batches(&mut self, cells: &[Cell], step: usize, op: u8) {
        for batch in cells.chunks(BATCH * step).rev() {
            self.tasks.push(Task::Op(op));
            self.all(batch);
            self.tasks.push(Task::Op(code::MARK));
        }
    }

    fn is_any_odd(&self, run: Run, step: usize) -> bool {
        self.plain.as_ref().is_some_and(|plain| plain.any(self.graph.items(run), step))
    }

    /// Keys and values into the dictionary on the stack.
    fn pairs(&mut self, run: Run) {
        match self.is_any_odd(run, 2) {
            true => self.listed(b"$dict", run, 2),
            false => self.batches(self.graph.items(run), 2, code::SETITEMS),
        }
    }

    /// Into the dictionary on the stack what no dictionary or set can hold, as JSON has it: a list,
    /// of pairs where there are values.
    fn listed(&mut self, name: &'static [u8], run: Run, step: usize) {
        let cells = self.graph.items(run);
        self.tasks.push(Task::Op(code::SETITEM));
        if step == 1 {
            self.batches(cells, 1, code::APPENDS);
        } else {
            for pair in cells.chunks(step).rev() {
                self.tasks.push(Task::Op(code::APPEND));
                self.batches(pair, 1, code::APPENDS);
                self.tasks.push(Task::Op(code::EMPTY_LIST));
            }
        }
        self.then([Task::Text(name), Task::Op(code::EMPTY_LIST)]);
    }

    fn tuple(&mut self, cell: Cell, items: &[Cell], out: &mut Out<'_>) -> Result<()> {
        let (op, below) = match items.len() {
            0 => {
                out.op(code::EMPTY_TUPLE)?;
                return self.remember(cell, out);
            }
            1 => (code::TUPLE1, Below::Things(1)),
            2 => (code::TUPLE2, Below::Things(2)),
            3 => (code::TUPLE3, Below::Things(3)),
            _ => {
                out.op(code::MARK)?;
                (code::TUPLE, Below::Mark)
            }
        };
        self.tasks.push(Task::Made { cell, op, below });
        self.all(items);
        Ok(())
    }

    fn object(&mut self, cell: Cell, out: &mut Out<'_>) -> Result<()> {
        let Some(&object) = self.graph.object(cell) else { return Ok(()) };
        if let Some(state) = object.state {
            self.then([Task::Value(state), Task::Op(code::BUILD)]);
        }
        self.batches(self.graph.items(object.pairs), 2, code::SETITEMS);
        self.batches(self.graph.items(object.items), 1, code::APPENDS);
        self.call(cell, &object, out)
    }

    /// The call that makes an object, as it was when it was read.
    fn call(&mut self, cell: Cell, object: &Object, out: &mut Out<'_>) -> Result<()> {
        let class = Task::Value(object.class);
        let args = match object.args {
            Some(args) => Task::Value(args),
            None => Task::Op(code::EMPTY_TUPLE),
        };
        let things = |op| Task::Made { cell, op, below: Below::Things(2) };
        let list = object.args.and_then(|args| self.graph.tuple(args)).unwrap_or_default();
        match object.made {
            Made::Call => self.then([class, args, things(code::REDUCE)]),
            Made::New => self.then([class, args, things(code::NEWOBJ)]),
            Made::NewNamed => self.named_call(cell, object, out.protocol),
            Made::Old => {
                self.tasks.push(Task::Made { cell, op: code::OBJ, below: Below::Mark });
                self.all(list);
                self.then([Task::Op(code::MARK), class]);
            }
            Made::Rebuilt => {
                let function = Task::Name("copyreg", "_reconstructor");
                let (base, state) = match list {
                    [base, state] => (Task::Value(*base), Task::Value(*state)),
                    _ => (Task::Name("builtins", "object"), Task::Op(code::NONE)),
                };
                let made = things(code::REDUCE);
                self.then([function, class, base, state, Task::Op(code::TUPLE3), made]);
            }
            Made::Array => {
                let function = Task::Name("numpy.core.multiarray", "_reconstruct");
                self.then([
                    function,
                    class,
                    Task::Int(0),
                    Task::Op(code::TUPLE1),
                    Task::Text(b"b"),
                    Task::Op(code::TUPLE3),
                    things(code::REDUCE),
                ]);
            }
        }
        Ok(())
    }

    /// `class.__new__(class, *args, **named)`, which protocol 4 has an opcode for; a function does
    /// the same below.
    fn named_call(&mut self, cell: Cell, object: &Object, protocol: u8) {
        let list = object.args.and_then(|args| self.graph.tuple(args)).unwrap_or_default();
        let Some((named, args)) = list.split_last() else { return };
        let class = Task::Value(object.class);
        let (named, has_opcode) = (Task::Value(*named), protocol >= 4);
        if has_opcode {
            let below = Below::Things(3);
            self.then([named, Task::Made { cell, op: code::NEWOBJ_EX, below }]);
        } else {
            let below = Below::Things(2);
            let made = Task::Made { cell, op: code::REDUCE, below };
            self.then([named, Task::Op(code::TUPLE3), made]);
        }
        self.tasks.push(Task::Op(code::TUPLE));
        self.all(args);
        self.then([class, Task::Op(code::MARK)]);
        if !has_opcode {
            self.tasks.push(Task::Name("copyreg", "__newobj_ex__"));
        }
    }

    fn array(&mut self, cell: Cell, out: &mut Out<'_>, dtypes: &mut Dtypes) -> Result<()> {
        let Some(array) = self.graph.array(cell) else { return Ok(()) };
        let own_dtype = array.dtype_cell.and_then(|cell| self.graph.dtype(cell));
        let is_plain = own_dtype.is_none_or(|node| node.class.is_none() && !node.has_metadata);
        let is_bytes = !matches!(array.payload, Payload::Objects(_));
        if array.class.is_none() && is_plain && is_bytes && numpy::is_one_call(out) {
            let entry = self.entry(cell)?;
            // The entry has the lengths of a subarray as axes, which is what the array had.
            numpy::array(out, dtypes, &entry, None)?;
            return self.remember(cell, out);
        }
        let masked = array.mask.is_some();
        let class = array.class.and_then(|class| self.graph.name_in(class, out.protocol));
        if array.class.is_some() && class.is_none() {
            return Err(Error::unsupported("an array of a class that has no name"));
        }
        numpy::begin(out, masked, class)?;
        self.remember(cell, out)?;
        self.array_state(cell, array, masked);
        Ok(())
    }

    /// An array of a subclass as one of NumPy's own class.
    fn plain_array(&mut self, cell: Cell, out: &mut Out<'_>, dtypes: &mut Dtypes) -> Result<()> {
        let Some(array) = self.graph.array(cell) else { return Ok(()) };
        if let Payload::Objects(_) = array.payload {
            numpy::begin(out, false, None)?;
            let without = ArrayNode { state: None, mask: None, ..array.clone() };
            self.array_state(cell, &without, false);
            return Ok(());
        }
        numpy::array(out, dtypes, &self.entry(cell)?, None)
    }

    fn array_state(&mut self, cell: Cell, array: &ArrayNode, masked: bool) {
        let own = array.state.filter(|_| !masked);
        self.tasks.push(Task::Op(code::BUILD));
        if let Some(own) = own {
            self.then([Task::Value(own), Task::Op(code::TUPLE2)]);
        }
        self.tasks.push(Task::Op(code::TUPLE));
        if let (true, Some(mask)) = (masked, array.mask) {
            let fill = array.state.map_or(Task::Op(code::NONE), Task::Value);
            self.then([Task::Elements(mask), fill]);
        }
        match array.payload {
            Payload::Objects(run) => {
                self.batches(self.graph.items(run), 1, code::APPENDS);
                self.tasks.push(Task::Op(code::EMPTY_LIST));
            }
            _ => self.tasks.push(Task::Elements(cell)),
        }
        self.tasks.push(Task::Head(cell));
    }

    /// What has nothing below it, or only a little.
    fn single(
        &mut self,
        node: Node,
        cell: Cell,
        out: &mut Out<'_>,
        dtypes: &mut Dtypes,
    ) -> Result<()> {
        let value = Value::new(Arc::clone(self.value.graph()), cell);
        let store = &self.graph.store;
        match node {
            Node::Int(value) => out.int(value)?,
            Node::BigInt(span) => out.long(store.held(span).unwrap_or_default())?,
            Node::Float(value) => out.float(value)?,
            Node::Complex(re, im) => {
                out.name("builtins", "complex")?;
                out.float(re)?;
                out.float(im)?;
                out.op(code::TUPLE2)?;
                out.op(code::REDUCE)?;
            }
            Node::Str(span) | Node::WideStr(span) => {
                out.text(store.held(span).unwrap_or_default())?;
            }
            Node::FarStr(_) => out.text(value.to_text()?.as_bytes())?,
            Node::Bytes(_) | Node::FarBytes(_) => out.bytes(&value.to_bytes()?)?,
            Node::ByteArray(_) => out.bytearray(&value.to_bytes()?)?,
            Node::Dtype(_) => return self.dtype(cell, out, dtypes),
            Node::Scalar(_) => {
                out.name("numpy.core.multiarray", "scalar")?;
                let below = Below::Things(2);
                let made = Task::Made { cell, op: code::REDUCE, below };
                let data = Task::Elements(cell);
                self.then([Task::Dtype(cell), data, Task::Op(code::TUPLE2), made]);
                return Ok(());
            }
            Node::Global(_) => {
                let (module, name) = self.graph.name_in(cell, out.protocol).unwrap_or_default();
                out.global(module, name)?;
            }
            Node::Extension(number) => extension(number, out)?,
            _ => {}
        }
        self.remember(cell, out)
    }

    fn dtype(&mut self, cell: Cell, out: &mut Out<'_>, dtypes: &mut Dtypes) -> Result<()> {
        let Some(node) = self.graph.dtype(cell) else { return Ok(()) };
        match (node.class, node.has_metadata, node.made_of) {
            (None, false, _) => numpy::dtype(out, dtypes, &node.dtype),
            (Some(class), false, _) => {
                let name = self.graph.name_in(class, out.protocol).unwrap_or_default();
                numpy::dtype_of_class(out, name, &node.dtype)?;
                self.remember(cell, out)
            }
            // Only the state of a dtype has a place for metadata.
            (_, true, (first, Some(state))) => {
                out.name("numpy", "dtype")?;
                self.then([
                    Task::Value(first),
                    Task::Bool(false),
                    Task::Bool(true),
                    Task::Op(code::TUPLE3),
                    Task::Op(code::REDUCE),
                    Task::Memo(cell),
                    Task::Value(state),
                    Task::Op(code::BUILD),
                ]);
                Ok(())
            }
            (_, true, (_, None)) => {
                Err(Error::unsupported("metadata within a dtype that was given no state"))
            }
        }
    }
}

/// How often each node is met below another one. Where a cycle closes at something that can only
/// be made when all that is in it is there, every container counts as met twice: it is written again
/// within itself, and has to find what it is made of in the memo then.
fn meetings(graph: &Graph, top: Cell) -> Vec<u8> {
    let mut met = vec![0_u8; graph.nodes.len()];
    let mut open = vec![false; graph.nodes.len()];
    let mut is_knotted = false;
    let (mut below, mut waiting) = (Vec::new(), vec![(top, false)]);
    while let Some((cell, is_left)) = waiting.pop() {
        let Some(id) = cell.as_node() else { continue };
        let (Some(count), Some(is_open)) = (met.get_mut(id), open.get_mut(id)) else { continue };
        if is_left {
            *is_open = false;
            continue;
        }
        *count = count.saturating_add(1);
        is_knotted |= *is_open && !matches!(graph.node(cell), Some(Node::List(_) | Node::Dict(_)));
        if *count == 1 {
            *is_open = true;
            waiting.push((cell, true));
            below.clear();
            graph.below(cell, &mut below);
            waiting.extend(below.iter().map(|cell| (*cell, false)));
        }
    }
    if is_knotted {
        met.iter_mut().for_each(|count| *count = count.saturating_add(1));
    }
    met
}

fn extension(number: u32, out: &mut Out<'_>) -> Result<()> {
    if let Ok(number) = u8::try_from(number) {
        out.op(code::EXT1)?;
        out.raw(&[number])
    } else if let Ok(number) = u16::try_from(number) {
        out.op(code::EXT2)?;
        out.raw(&number.to_le_bytes())
    } else {
        out.op(code::EXT4)?;
        out.raw(&number.to_le_bytes())
    }
}
