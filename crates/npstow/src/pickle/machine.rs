//! The machine that a pickle is a program for: a stack, a memo, and nothing that could do harm.
//!
//! Each opcode checks the types that it works on, as CPython's does, and every error says at which
//! byte. What costs time is the loop over opcodes: most of them push one cell of eight bytes.
//! Strings are spans of what was read; only those that need decoding are copied. A name is kept as
//! a name. What a call makes is decided by `build`, which knows a fixed table of constructors; all
//! else becomes an inert object.
//!
//! Every opcode is at least a byte and adds at most one node, so memory is a multiple of the file's
//! size whatever the file says; a memo with holes is a hash map. Shared parts are shared.
#![forbid(unsafe_code)]

use super::beside::Beside;
use super::build;
use super::feed::Feed;
use super::opcode::{code, negative, no_opcode};
use super::options::{Options, Python2};
use super::text;
use crate::value::{Cell, Graph, LAST_OLD, Made, Node, Object, Run, Span};
use crate::{Error, ErrorKind, Result, Source};
use std::collections::HashMap;
use std::sync::Arc;

/// How far behind its end the memo may be written and still be a table.
const GAP: usize = 1 << 10;

/// The highest protocol there is.
const HIGHEST: u8 = 5;

/// The end of a frame that there is not.
pub(super) const NO_FRAME: u64 = u64::MAX;

/// A name that was met, and where.
#[derive(Clone, Copy, Debug)]
pub(super) struct Met {
    pub(super) offset: u64,
    pub(super) cell: Cell,
}

/// The machine.
pub(crate) struct Machine<'o> {
    pub(crate) graph: Graph,
    pub(super) feed: Feed,
    options: &'o Options,
    pub(super) stack: Vec<Cell>,
    pub(super) marks: Vec<usize>,
    /// Where the stack begins for now: behind the last mark.
    pub(super) floor: usize,
    pub(super) memo: Vec<Option<Cell>>,
    /// Of numbers far behind the end of the memo.
    pub(super) far_memo: HashMap<u64, Cell>,
    pub(super) memoized: u64,
    buffers: std::slice::Iter<'o, crate::Buffer>,
    pub(super) protocol: u8,
    /// Every name, extension and persistent identifier, where somebody asks for them.
    pub(super) met: Option<Vec<Met>>,
    /// Who reads what stands beside the opcodes.
    pub(super) beside: Option<&'o mut dyn Beside>,
    /// The offset of the opcode at work.
    pub(super) at: u64,
    /// Where the frame ends that the machine is in; [`NO_FRAME`] outside of frames.
    pub(super) frame_end: u64,
    /// Whether frames and opcodes did not fit; and whether it was the opcode at work.
    pub(super) is_misframed: bool,
    pub(super) has_crossed: bool,
    /// How many nodes there may be.
    most: u64,
}

impl<'o> Machine<'o> {
    pub(super) fn new(source: Arc<dyn Source>, offset: u64, options: &'o Options) -> Self {
        // In an NPY it would be in the header.
        let most_name = options.limits.max_header_len();
        let mut graph = Graph { most_name, ..Graph::default() };
        graph.store.set_source(source);
        let feed = Feed::new(&mut graph.store, offset, options.limits.max_total());
        Self {
            graph,
            feed,
            options,
            stack: Vec::new(),
            marks: Vec::new(),
            floor: 0,
            memo: Vec::new(),
            far_memo: HashMap::new(),
            memoized: 0,
            buffers: options.buffers.iter(),
            protocol: 0,
            met: None,
            beside: None,
            at: offset,
            frame_end: NO_FRAME,
            is_misframed: false,
            has_crossed: false,
            most: options.limits.max_values(),
        }
    }

    /// Runs up to the end; gives what is on top then.
    pub(super) fn run(&mut self) -> Result<Cell> {
        let top = self.run_opcodes()?;
        build::finish(&mut self.graph)?;
        Ok(top)
    }

    pub(super) fn options(&self) -> &Options {
        self.options
    }

    pub(super) fn run_opcodes(&mut self) -> Result<Cell> {
        loop {
            let at = self.feed.offset();
            if at >= self.frame_end {
                self.leave_frame(at)?;
            }
            self.at = at;
            if self.graph.nodes.len() as u64 > self.most {
                return Err(Error::limit("a number of values", self.most, "more").at(self.at));
            }
            let [byte] = self.feed.array(&mut self.graph.store).map_err(|e| match e.kind() {
                ErrorKind::Corrupt => {
                    Error::corrupt("an opcode", "the end of the file").at(self.feed.offset())
                }
                _ => e,
            })?;
            if byte == code::STOP {
                return self.pop().map_err(|e| e.at(self.at));
            }
            if let Err(e) = self.step(byte) {
                return Err(if e.offset().is_none() { e.at(self.at) } else { e });
            }
        }
    }

    /// One opcode but the last.
    #[inline]
    fn step(&mut self, byte: u8) -> Result<()> {
        // What comes by the million stands first; the rest is in tables of their own.
        match byte {
            code::BININT1 => {
                let [value] = self.bytes()?;
                self.push(Cell::small(value.into()));
            }
            code::BININT2 => {
                let value = u16::from_le_bytes(self.bytes()?);
                self.push(Cell::small(value.into()));
            }
            code::BININT => {
                let value = i32::from_le_bytes(self.bytes()?);
                self.push(Cell::small(value));
            }
            code::BINFLOAT => {
                let value = f64::from_be_bytes(self.bytes()?);
                self.push_node(Node::Float(value));
            }
            code::MEMOIZE => {
                let top = self.top()?;
                self.memoize(self.memoized, top);
            }
            code::BINPUT => {
                let [at] = self.bytes()?;
                let top = self.top()?;
                self.memoize(at.into(), top);
            }
            code::BINGET => {
                let [at] = self.bytes()?;
                self.get(at.into())?;
            }
            code::LONG_BINGET => {
                let at = u32::from_le_bytes(self.bytes()?);
                self.get(at.into())?;
            }
            code::SHORT_BINUNICODE => {
                let [len] = self.bytes()?;
                self.text(len.into())?;
            }
            code::BINUNICODE => {
                let len = u32::from_le_bytes(self.bytes()?);
                self.text(len.into())?;
            }
            code::MARK => {
                self.marks.push(self.stack.len());
                self.floor = self.stack.len();
            }
            code::NONE => self.push(Cell::NONE),
            code::NEWTRUE => self.push(Cell::TRUE),
            code::NEWFALSE => self.push(Cell::FALSE),
            code::TUPLE2 => self.tuple_of(2)?,
            code::EMPTY_DICT => self.push_node(Node::Dict(Run::default())),
            code::EMPTY_LIST => self.push_node(Node::List(Run::default())),
            code::APPENDS => self.fill(Self::append)?,
            code::SETITEMS => self.fill(Self::set_items)?,
            _ => return self.other(byte),
        }
        Ok(())
    }

    /// Containers.
    fn other(&mut self, byte: u8) -> Result<()> {
        match byte {
            code::EMPTY_TUPLE => self.push_node(Node::Tuple(Run::default())),
            code::TUPLE1 => self.tuple_of(1)?,
            code::TUPLE3 => self.tuple_of(3)?,
            code::TUPLE => {
                let run = self.marked()?;
                self.push_node(Node::Tuple(run));
            }
            code::LIST => {
                let run = self.marked()?;
                self.push_node(Node::List(run));
            }
            code::DICT => {
                let run = self.marked()?;
                check_pairs(run.len())?;
                self.push_node(Node::Dict(run));
            }
            code::FROZENSET => {
                let run = self.marked()?;
                self.push_node(Node::FrozenSet(run));
            }
            code::EMPTY_SET => self.push_node(Node::Set(Run::default())),
            code::ADDITEMS => self.fill(Self::add_items)?,
            code::APPEND => {
                let item = self.pop()?;
                let top = self.top()?;
                self.append(top, &[item])?;
            }
            code::SETITEM => {
                let value = self.pop()?;
                let key = self.pop()?;
                let top = self.top()?;
                self.set_items(top, &[key, value])?;
            }
            _ => return self.control(byte),
        }
        Ok(())
    }

    /// The stack and the memo; what the machine itself is told.
    fn control(&mut self, byte: u8) -> Result<()> {
        match byte {
            code::POP => self.drop_top()?,
            code::DUP => {
                let top = self.top()?;
                self.push(top);
            }
            code::POP_MARK => {
                let start = self.pop_mark()?;
                self.stack.truncate(start);
            }
            code::GET => {
                let at = self.line_number()?;
                self.get(at)?;
            }
            code::PUT => {
                let at = self.line_number()?;
                let top = self.top()?;
                self.memoize(at, top);
            }
            code::LONG_BINPUT => {
                let at = u32::from_le_bytes(self.bytes()?);
                let top = self.top()?;
                self.memoize(at.into(), top);
            }
            code::PROTO => {
                let [protocol] = self.bytes()?;
                if protocol > HIGHEST {
                    return Err(Error::unsupported(format_args!("pickle protocol {protocol}")));
                }
                self.protocol = protocol;
            }
            code::FRAME => {
                let len = u64::from_le_bytes(self.bytes()?);
                if len > self.feed.left() {
                    let left = self.feed.left();
                    let expected = format_args!("a frame of {len} bytes");
                    return Err(Error::corrupt(expected, format_args!("the end after {left}")));
                }
                self.enter_frame(len)?;
            }
            _ => return self.number(byte),
        }
        Ok(())
    }

    /// Numbers.
    fn number(&mut self, byte: u8) -> Result<()> {
        match byte {
            code::INT => {
                let line = self.line()?;
                let cell = text::int(&mut self.graph, line)?;
                self.push(cell);
            }
            code::LONG => {
                let line = self.line()?;
                let cell = text::long(&mut self.graph, line)?;
                self.push(cell);
            }
            code::FLOAT => {
                let line = self.line()?;
                let value = text::float(self.held(line))?;
                self.push_node(Node::Float(value));
            }
            code::LONG1 => {
                let [len] = self.bytes()?;
                self.long(len.into())?;
            }
            code::LONG4 => {
                let len = self.signed_len()?;
                self.long(len)?;
            }
            _ => return self.characters(byte),
        }
        Ok(())
    }

    /// Strings.
    fn characters(&mut self, byte: u8) -> Result<()> {
        match byte {
            code::STRING => {
                let line = self.line()?;
                let span = text::quoted(&mut self.graph.store, line)?;
                self.old_string(span)?;
            }
            code::UNICODE => {
                let line = self.line()?;
                let node = text::raw_unicode(&mut self.graph.store, line)?;
                self.push_node(node);
            }
            code::SHORT_BINSTRING => {
                let [len] = self.bytes()?;
                self.binary_string(len.into())?;
            }
            code::BINSTRING => {
                let len = self.signed_len()?;
                self.binary_string(len)?;
            }
            code::BINUNICODE8 => {
                let len = u64::from_le_bytes(self.bytes()?);
                self.text(len)?;
            }
            code::SHORT_BINBYTES => {
                let [len] = self.bytes()?;
                self.string(len.into(), Node::Bytes)?;
            }
            code::BINBYTES => {
                let len = u32::from_le_bytes(self.bytes()?);
                self.string(len.into(), Node::Bytes)?;
            }
            code::BINBYTES8 => {
                let len = u64::from_le_bytes(self.bytes()?);
                self.string(len, Node::Bytes)?;
            }
            code::BYTEARRAY8 => {
                let len = u64::from_le_bytes(self.bytes()?);
                self.string(len, Node::ByteArray)?;
            }
            _ => return self.called(byte),
        }
        Ok(())
    }

    /// Calls.
    fn called(&mut self, byte: u8) -> Result<()> {
        match byte {
            code::INST => {
                let class = self.name_lines()?;
                let args = self.marked()?;
                self.old_instance(class, args)?;
            }
            code::OBJ => {
                let run = self.marked()?;
                let items = self.graph.items(run).to_vec();
                let Some((class, args)) = items.split_first() else {
                    return Err(Error::corrupt("a class", "nothing"));
                };
                let args = self.graph.run(args)?;
                self.old_instance(*class, args)?;
            }
            code::REDUCE => {
                let args = self.pop()?;
                let function = self.pop()?;
                let made = build::call(&mut self.graph, function, args, Made::Call)?;
                self.push(made);
            }
            code::NEWOBJ => {
                let args = self.pop()?;
                let class = self.pop()?;
                let made = build::call(&mut self.graph, class, args, Made::New)?;
                self.push(made);
            }
            code::NEWOBJ_EX => {
                let named = self.pop()?;
                let args = self.pop()?;
                let class = self.pop()?;
                let made = build::call_named(&mut self.graph, class, args, named)?;
                self.push(made);
            }
            code::BUILD => {
                let state = self.pop()?;
                let top = self.top()?;
                build::state(&mut self.graph, top, state)?;
                if self.beside.is_some() {
                    self.built(top)?;
                }
            }
            _ => return self.outside(byte),
        }
        Ok(())
    }

    /// Names, and what else comes from outside.
    fn outside(&mut self, byte: u8) -> Result<()> {
        match byte {
            code::GLOBAL => {
                let name = self.name_lines()?;
                self.push(name);
            }
            code::STACK_GLOBAL => self.stack_global()?,
            code::EXT1 => {
                let [number] = self.bytes()?;
                self.extension(number.into())?;
            }
            code::EXT2 => {
                let number = u16::from_le_bytes(self.bytes()?);
                self.extension(number.into())?;
            }
            code::EXT4 => {
                let number = i32::from_le_bytes(self.bytes()?);
                self.extension(number)?;
            }
            code::PERSID => {
                let line = self.line()?;
                let id = self.graph.push(Node::Str(line));
                check_ascii(self.held(line))?;
                self.persistent(id);
            }
            code::BINPERSID => {
                let id = self.pop()?;
                self.persistent(id);
            }
            code::NEXT_BUFFER => {
                let Some(buffer) = self.buffers.next() else {
                    let given = self.options.buffers.len();
                    let what = "a buffer from outside of the file";
                    return Err(Error::mismatch(what, format_args!("{given} that were given")));
                };
                let span = self.graph.store.give(buffer.clone());
                self.push_node(Node::ByteArray(span));
            }
            code::READONLY_BUFFER => {
                let top = self.pop()?;
                let Some(Node::ByteArray(span) | Node::Bytes(span)) = self.graph.node(top) else {
                    return Err(self.wrong("a buffer", top));
                };
                self.push_node(Node::Bytes(span));
            }
            other => return Err(no_opcode(other)),
        }
        Ok(())
    }

    // The stack.

    #[inline]
    pub(super) fn push(&mut self, cell: Cell) {
        self.stack.push(cell);
    }

    #[inline]
    fn push_node(&mut self, node: Node) {
        let cell = self.graph.push(node);
        self.stack.push(cell);
    }

    #[inline]
    pub(super) fn pop(&mut self) -> Result<Cell> {
        if self.stack.len() <= self.floor {
            return Err(self.nothing());
        }
        self.stack.pop().ok_or_else(|| self.nothing())
    }

    #[inline]
    fn top(&self) -> Result<Cell> {
        match self.stack.last() {
            Some(top) if self.stack.len() > self.floor => Ok(*top),
            _ => Err(self.nothing()),
        }
    }

    #[cold]
    fn nothing(&self) -> Error {
        let found = if self.marks.is_empty() { "an empty stack" } else { "a mark" };
        Error::corrupt("a value", found)
    }

    /// As CPython has it, a mark may be dropped as well.
    fn drop_top(&mut self) -> Result<()> {
        if self.stack.len() == self.floor && !self.marks.is_empty() {
            return self.pop_mark().map(drop);
        }
        self.pop().map(drop)
    }

    /// Takes the last mark away; where it was.
    #[inline]
    fn pop_mark(&mut self) -> Result<usize> {
        let start = self.marks.pop().ok_or_else(|| Error::corrupt("a mark", "none"))?;
        self.floor = self.marks.last().copied().unwrap_or_default();
        Ok(start)
    }

    /// What is above the last mark, as a run.
    fn marked(&mut self) -> Result<Run> {
        let start = self.pop_mark()?;
        let run = self.graph.run(self.stack.get(start..).unwrap_or_default())?;
        self.stack.truncate(start);
        Ok(run)
    }

    fn tuple_of(&mut self, len: usize) -> Result<()> {
        let start = self.stack.len().checked_sub(len).filter(|start| *start >= self.floor);
        let start = start.ok_or_else(|| self.nothing())?;
        let run = self.graph.run(self.stack.get(start..).unwrap_or_default())?;
        self.stack.truncate(start);
        self.push_node(Node::Tuple(run));
        Ok(())
    }

    /// Puts what is above the last mark into the container below it.
    fn fill(&mut self, put: fn(&mut Self, Cell, &[Cell]) -> Result<()>) -> Result<()> {
        let start = self.pop_mark()?;
        let below = start.checked_sub(1).filter(|at| *at >= self.floor);
        let Some(target) = below.and_then(|at| self.stack.get(at).copied()) else {
            return Err(self.nothing());
        };
        let stack = std::mem::take(&mut self.stack);
        let done = put(self, target, stack.get(start..).unwrap_or_default());
        self.stack = stack;
        self.stack.truncate(start);
        done
    }

    fn append(&mut self, target: Cell, items: &[Cell]) -> Result<()> {
        let Some(id) = target.as_node() else { return Err(self.wrong("a list", target)) };
        match self.graph.nodes.get(id).copied() {
            Some(Node::List(run)) => {
                let run = self.graph.extended(run, items)?;
                self.set_node(id, Node::List(run));
            }
            Some(Node::Object(at)) => {
                let graph = &mut self.graph;
                let run = graph.objects.get(at as usize).map(|o| o.items).unwrap_or_default();
                let run = graph.extended(run, items)?;
                if let Some(object) = graph.objects.get_mut(at as usize) {
                    object.items = run;
                }
            }
            _ => return Err(self.wrong("a list", target)),
        }
        Ok(())
    }

    fn add_items(&mut self, target: Cell, items: &[Cell]) -> Result<()> {
        let Some(id) = target.as_node() else { return Err(self.wrong("a set", target)) };
        match self.graph.nodes.get(id).copied() {
            Some(Node::Set(run)) => {
                let run = self.graph.extended(run, items)?;
                self.set_node(id, Node::Set(run));
                Ok(())
            }
            Some(Node::Object(_)) => self.append(target, items),
            _ => Err(self.wrong("a set", target)),
        }
    }

    fn set_items(&mut self, target: Cell, pairs: &[Cell]) -> Result<()> {
        check_pairs(pairs.len())?;
        let Some(id) = target.as_node() else { return Err(self.wrong("a dictionary", target)) };
        match self.graph.nodes.get(id).copied() {
            Some(Node::Dict(run)) => {
                let run = self.graph.extended(run, pairs)?;
                self.set_node(id, Node::Dict(run));
            }
            Some(Node::Object(at)) => {
                let graph = &mut self.graph;
                let run = graph.objects.get(at as usize).map(|o| o.pairs).unwrap_or_default();
                let run = graph.extended(run, pairs)?;
                if let Some(object) = graph.objects.get_mut(at as usize) {
                    object.pairs = run;
                }
            }
            _ => return Err(self.wrong("a dictionary", target)),
        }
        Ok(())
    }

    pub(super) fn set_node(&mut self, id: usize, node: Node) {
        if let Some(place) = self.graph.nodes.get_mut(id) {
            *place = node;
        }
    }

    #[cold]
    fn wrong(&self, expected: &str, found: Cell) -> Error {
        Error::corrupt(expected, self.graph.kind(found))
    }

    // The memo.

    #[inline]
    fn memoize(&mut self, number: u64, cell: Cell) {
        let at = usize::try_from(number).unwrap_or(usize::MAX);
        if let Some(place) = self.memo.get_mut(at) {
            self.memoized += u64::from(place.is_none());
            *place = Some(cell);
        } else if at == self.memo.len() && self.far_memo.is_empty() {
            self.memo.push(Some(cell));
            self.memoized += 1;
        } else {
            self.memoize_far(number, at, cell);
        }
    }

    #[cold]
    fn memoize_far(&mut self, number: u64, at: usize, cell: Cell) {
        if at < self.memo.len() + GAP && self.far_memo.is_empty() {
            self.memo.resize(at, None);
            self.memo.push(Some(cell));
            self.memoized += 1;
        } else if self.far_memo.insert(number, cell).is_none() {
            self.memoized += 1;
        }
    }

    #[inline]
    fn get(&mut self, number: u64) -> Result<()> {
        let at = usize::try_from(number).unwrap_or(usize::MAX);
        let cell = match self.memo.get(at) {
            Some(cell) => *cell,
            None => self.far_memo.get(&number).copied(),
        };
        let missing =
            || Error::corrupt("something remembered", format_args!("none of number {number}"));
        self.push(cell.ok_or_else(missing)?);
        Ok(())
    }

    // What follows opcodes.

    #[inline]
    pub(super) fn bytes<const N: usize>(&mut self) -> Result<[u8; N]> {
        self.feed.array(&mut self.graph.store)
    }

    fn line(&mut self) -> Result<Span> {
        self.feed.line(&mut self.graph.store)
    }

    fn held(&self, span: Span) -> &[u8] {
        self.graph.store.held(span).unwrap_or_default()
    }

    fn line_number(&mut self) -> Result<u64> {
        let line = self.line()?;
        text::number(self.held(line))
    }

    fn signed_len(&mut self) -> Result<u64> {
        let len = i32::from_le_bytes(self.bytes()?);
        u64::try_from(len).map_err(|_| negative(len))
    }

    fn string(&mut self, len: u64, node: fn(Span) -> Node) -> Result<()> {
        let span = self.feed.string(&mut self.graph.store, len)?;
        self.push_node(node(span));
        Ok(())
    }

    #[inline]
    fn text(&mut self, len: u64) -> Result<()> {
        let span = self.feed.string(&mut self.graph.store, len)?;
        let node = match self.graph.store.held(span) {
            Some(bytes) if std::str::from_utf8(bytes).is_ok() => Node::Str(span),
            Some(bytes) => text::wide(bytes, span)?,
            None => Node::FarStr(span),
        };
        self.push_node(node);
        Ok(())
    }

    fn long(&mut self, len: u64) -> Result<()> {
        let span = self.feed.held(&mut self.graph.store, len)?;
        let cell = text::binary_long(&mut self.graph, span);
        self.push(cell);
        Ok(())
    }

    /// A `str` of Python 2: bytes that may be text.
    fn binary_string(&mut self, len: u64) -> Result<()> {
        let store = &mut self.graph.store;
        let span = match self.options.strings {
            Python2::Auto | Python2::Bytes => self.feed.string(store, len)?,
            _ => self.feed.held(store, len)?,
        };
        self.old_string(span)
    }

    fn old_string(&mut self, span: Span) -> Result<()> {
        let node = text::old_string(&mut self.graph.store, span, self.options.strings)?;
        self.push_node(node);
        Ok(())
    }

    // Names and objects.

    fn name_lines(&mut self) -> Result<Cell> {
        let (module, name) = (self.line()?, self.line()?);
        for part in [module, name] {
            if !self.is_text(part) {
                return Err(Error::corrupt("a name in UTF-8", "other bytes"));
            }
        }
        self.name(module, name)
    }

    fn stack_global(&mut self) -> Result<()> {
        let name = self.pop()?;
        let module = self.pop()?;
        let [module, name] = [module, name].map(|part| match self.graph.node(part) {
            Some(Node::Str(span)) => Ok(span),
            // A scan takes strings of Python 2 for bytes, and Python for text.
            Some(Node::Bytes(span)) if self.met.is_some() && self.is_text(span) => Ok(span),
            _ => Err(self.wrong("the strings of a name", part)),
        });
        let cell = self.name(module?, name?)?;
        self.push(cell);
        Ok(())
    }

    fn name(&mut self, module: Span, name: Span) -> Result<Cell> {
        let cell = self.graph.push_name(module, name, self.protocol <= LAST_OLD)?;
        self.meet(cell);
        Ok(cell)
    }

    pub(super) fn meet(&mut self, cell: Cell) {
        if let Some(met) = &mut self.met {
            met.push(Met { offset: self.at, cell });
        }
    }

    fn extension(&mut self, number: i32) -> Result<()> {
        // pickletools EXT4: zero and below are not allowed.
        let number = u32::try_from(number).ok().filter(|number| *number > 0);
        let number =
            number.ok_or_else(|| Error::corrupt("an extension's number", "zero or less"))?;
        let cell = self.graph.push(Node::Extension(number));
        self.meet(cell);
        self.push(cell);
        Ok(())
    }

    fn persistent(&mut self, id: Cell) {
        let cell = self.graph.push(Node::Persistent(id));
        self.meet(cell);
        self.push(cell);
    }

    fn old_instance(&mut self, class: Cell, args: Run) -> Result<()> {
        if args.is_empty() {
            build::check_callable(&self.graph, class)?;
            let (items, pairs) = (Run::default(), Run::default());
            let object = Object { class, args: None, state: None, items, pairs, made: Made::Old };
            let cell = self.graph.push_object(object)?;
            self.push(cell);
            return Ok(());
        }
        let args = self.graph.push(Node::Tuple(args));
        let made = build::call(&mut self.graph, class, args, Made::Old)?;
        self.push(made);
        Ok(())
    }
}

fn check_pairs(len: usize) -> Result<()> {
    if len % 2 != 0 {
        return Err(Error::corrupt("keys and values by pairs", format_args!("{len} of them")));
    }
    Ok(())
}

/// pickletools PERSID: the identifier is ASCII.
fn check_ascii(bytes: &[u8]) -> Result<()> {
    if !bytes.is_ascii() {
        return Err(Error::corrupt("a persistent identifier in ASCII", "other bytes"));
    }
    Ok(())
}
