//! Python objects as JSON: the form that is shown to programs, and hashed.
//!
//! What JSON has is itself; all else is an object of one key that begins with a dollar sign.
#![forbid(unsafe_code)]

use super::digest;
use crate::entry::Entry;
use crate::value::{Cell, Content, Graph, Node, Payload, Value, hexadecimal};
use crate::{Dtype, Error, Kind, Limits, Literal, Order, Result, Scalar};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::collections::HashMap;
use std::fmt::Write;
use std::sync::Arc;

/// How many values are written at most: shared parts are written wherever they are.
const MOST: usize = 1 << 24;

/// What shared parts may add to the JSON of a file, in bytes.
const SHARED: u64 = 256 << 20;

impl Value {
    /// The value as JSON without white space. Arrays are told by dtype, shape and digest.
    ///
    /// `null`, booleans, text, integers up to 2^53, finite floats, lists, and dictionaries whose
    /// keys are text that does not begin with `$` are themselves. Others are objects of one key:
    /// `$int`, `$float`, `$complex`, `$bytes`, `$bytearray`, `$tuple`, `$set`, `$frozenset`, `$dict`,
    /// `$array`, `$scalar`, `$dtype`, `$global`, `$object`, `$persistent`, `$extension`; and `$ref`
    /// where a cycle closes.
    ///
    /// ```
    /// use npstow::pickle;
    /// let pair = pickle::from_bytes(b"K\x01F1.0\n\x86.".to_vec(), &pickle::Options::default())?;
    /// assert_eq!(pair.to_json()?, r#"{"$tuple":[1,1.0]}"#);
    /// # Ok::<(), npstow::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Limit` where shared parts make it longer than any file should be; whatever reading arrays
    /// and long strings needs.
    pub fn to_json(&self) -> Result<String> {
        let mut out = String::new();
        Writer::new(self).write(self.cell(), &mut out)?;
        Ok(out)
    }
}

/// What is still to be written, the last first.
enum Task {
    Value(Cell, Step),
    Text(&'static str),
    Key(String),
    Leave(usize),
}

/// A step of the path to a value.
enum Step {
    None,
    Name(&'static str),
    Key(String),
    At(usize),
    /// A place in something that has a name in front of it.
    In(&'static str, usize),
}

struct Writer<'a> {
    value: &'a Value,
    graph: &'a Graph,
    limits: Arc<Limits>,
    /// Containers that we are in, and how long the path to them is.
    open: HashMap<usize, usize>,
    path: Vec<String>,
    digests: HashMap<usize, String>,
    count: usize,
    /// How long the JSON may be: in proportion to the file, and some more for what is shared.
    most: u64,
}

impl<'a> Writer<'a> {
    fn new(value: &'a Value) -> Self {
        let (open, path, digests) = (HashMap::new(), Vec::new(), HashMap::new());
        let (graph, limits) = (&**value.graph(), Arc::default());
        let len = graph.store.source().map_or(0, |source| source.len());
        let most = len.saturating_mul(8).saturating_add(SHARED);
        Self { value, graph, limits, open, path, digests, count: 0, most }
    }

    fn write(&mut self, top: Cell, out: &mut String) -> Result<()> {
        let mut tasks = vec![Task::Value(top, Step::None)];
        while let Some(task) = tasks.pop() {
            match task {
                Task::Text(text) => out.push_str(text),
                Task::Key(key) => string(&key, out),
                Task::Leave(id) => {
                    if let Some(len) = self.open.remove(&id) {
                        self.path.truncate(len);
                    }
                }
                Task::Value(cell, step) => {
                    self.count += 1;
                    if self.count > MOST {
                        return Err(Error::limit(
                            "a number of values in JSON",
                            MOST as u64,
                            "more",
                        ));
                    }
                    self.value(cell, step, &mut tasks, out)?;
                    if out.len() as u64 > self.most {
                        return Err(Error::limit("JSON (bytes)", self.most, "more"));
                    }
                }
            }
        }
        Ok(())
    }

    fn value(
        &mut self,
        cell: Cell,
        step: Step,
        tasks: &mut Vec<Task>,
        out: &mut String,
    ) -> Result<()> {
        let id = match cell.content() {
            Content::None => return put(out, "null"),
            Content::Bool(true) => return put(out, "true"),
            Content::Bool(false) => return put(out, "false"),
            Content::Int(value) => return put(out, &int(value)),
            Content::Node(id) => id,
        };
        let Some(node) = self.graph.node(cell) else { return put(out, "null") };
        if !matches!(
            node,
            Node::List(_)
                | Node::Tuple(_)
                | Node::Set(_)
                | Node::FrozenSet(_)
                | Node::Dict(_)
                | Node::Object(_)
                | Node::Persistent(_)
                | Node::Array(_)
        ) {
            return self.single(node, cell, out);
        }
        if let Some(len) = self.open.get(&id) {
            let path = self.path.get(..*len + 1).unwrap_or(&self.path).concat();
            out.push_str("{\"$ref\":");
            string(&format!("#{path}"), out);
            return put(out, "}");
        }
        self.open.insert(id, self.path.len());
        self.path.push(match step {
            Step::None => String::new(),
            Step::Name(name) => format!("/{name}"),
            // RFC 6901, 3.
            Step::Key(key) => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
            Step::At(at) => format!("/{at}"),
            Step::In(name, at) => format!("/{name}/{at}"),
        });
        let start = tasks.len();
        self.container(node, cell, id, tasks, out)?;
        tasks.push(Task::Leave(id));
        // What comes first is taken from the stack first.
        tasks.get_mut(start..).unwrap_or_default().reverse();
        Ok(())
    }

    /// Pushes what is in a container, the first first.
    fn container(
        &mut self,
        node: Node,
        cell: Cell,
        id: usize,
        tasks: &mut Vec<Task>,
        out: &mut String,
    ) -> Result<()> {
        let graph = self.graph;
        let (start, end, run) = match node {
            Node::List(run) => ("[", "]", run),
            Node::Tuple(run) => ("{\"$tuple\":[", "]}", run),
            Node::Set(run) => ("{\"$set\":[", "]}", run),
            Node::FrozenSet(run) => ("{\"$frozenset\":[", "]}", run),
            Node::Dict(run) => {
                self.dict(graph.items(run), tasks);
                return Ok(());
            }
            Node::Object(_) => {
                self.object(cell, tasks);
                return Ok(());
            }
            Node::Persistent(of) => {
                tasks.push(Task::Text("{\"$persistent\":"));
                tasks.push(Task::Value(of, Step::None));
                tasks.push(Task::Text("}"));
                return Ok(());
            }
            _ => return self.array(cell, id, tasks, out),
        };
        tasks.push(Task::Text(start));
        list(graph.items(run), Step::At, tasks);
        tasks.push(Task::Text(end));
        Ok(())
    }

    fn dict(&self, cells: &[Cell], tasks: &mut Vec<Task>) {
        let keys = cells.iter().step_by(2);
        let plain =
            keys.clone().all(|key| self.graph.text(*key).is_some_and(|k| !k.starts_with('$')));
        if !plain {
            tasks.push(Task::Text("{\"$dict\":"));
            pairs(cells, "", tasks);
            tasks.push(Task::Text("}"));
            return;
        }
        tasks.push(Task::Text("{"));
        for (at, pair) in cells.chunks_exact(2).enumerate() {
            let [key, value] = *pair else { continue };
            let key = self.graph.text(key).unwrap_or_default().to_owned();
            tasks.push(Task::Text(if at == 0 { "" } else { "," }));
            tasks.push(Task::Key(key.clone()));
            tasks.push(Task::Text(":"));
            tasks.push(Task::Value(value, Step::Key(key)));
        }
        tasks.push(Task::Text("}"));
    }

    fn object(&self, cell: Cell, tasks: &mut Vec<Task>) {
        let Some(object) = self.graph.object(cell) else { return };
        tasks.push(Task::Text("{\"$object\":{\"class\":"));
        self.class(object.class, tasks);
        if let Some(args) = object.args.and_then(|args| self.graph.tuple(args)) {
            tasks.push(Task::Text(",\"args\":["));
            list(args, |at| Step::In("args", at), tasks);
            tasks.push(Task::Text("]"));
        }
        if let Some(state) = object.state {
            tasks.push(Task::Text(",\"state\":"));
            tasks.push(Task::Value(state, Step::Name("state")));
        }
        if !object.items.is_empty() {
            tasks.push(Task::Text(",\"items\":["));
            list(self.graph.items(object.items), |at| Step::In("items", at), tasks);
            tasks.push(Task::Text("]"));
        }
        if !object.pairs.is_empty() {
            tasks.push(Task::Text(",\"pairs\":"));
            pairs(self.graph.items(object.pairs), "pairs", tasks);
        }
        tasks.push(Task::Text("}}"));
    }

    /// A class by its name; one that is made by a call is a value itself.
    fn class(&self, class: Cell, tasks: &mut Vec<Task>) {
        match self.graph.name(class) {
            Some((module, name)) => tasks.push(Task::Key(format!("{module}.{name}"))),
            None => tasks.push(Task::Value(class, Step::Name("class"))),
        }
    }

    fn array(
        &mut self,
        cell: Cell,
        id: usize,
        tasks: &mut Vec<Task>,
        out: &mut String,
    ) -> Result<()> {
        let Some(array) = self.graph.array(cell) else { return Ok(()) };
        let value = Value::new(Arc::clone(self.value.graph()), cell);
        let entry = Entry::of_value(&value, &self.limits)?;
        out.push_str("{\"$array\":{\"descr\":");
        descr(entry.dtype(), out);
        out.push_str(",\"shape\":[");
        for (at, length) in entry.shape().iter().enumerate() {
            let _ = write!(out, "{}{length}", if at == 0 { "" } else { "," });
        }
        out.push(']');
        if let Payload::Objects(run) = array.payload {
            tasks.push(Task::Text(",\"items\":["));
            list(self.graph.items(run), |at| Step::In("items", at), tasks);
            tasks.push(Task::Text("]"));
        } else {
            let hash = match self.digests.get(&id) {
                Some(hash) => hash.clone(),
                None => hex(&digest(&entry)?),
            };
            let _ = write!(out, ",\"sha256\":\"{hash}\"");
            self.digests.insert(id, hash);
        }
        for (name, cell) in [(",\"mask\":", array.mask), (",\"state\":", array.state)] {
            if let Some(cell) = cell {
                tasks.push(Task::Text(name));
                let step = if name.contains("mask") { "mask" } else { "state" };
                tasks.push(Task::Value(cell, Step::Name(step)));
            }
        }
        if let Some(class) = array.class {
            tasks.push(Task::Text(",\"class\":"));
            self.class(class, tasks);
        }
        tasks.push(Task::Text("}}"));
        Ok(())
    }

    /// What has nothing below it.
    fn single(&self, node: Node, cell: Cell, out: &mut String) -> Result<()> {
        let value = Value::new(Arc::clone(self.value.graph()), cell);
        match node {
            Node::Int(value) => out.push_str(&int(value)),
            Node::BigInt(span) => {
                let hex = || hexadecimal(self.graph.store.held(span).unwrap_or_default());
                let _ = write!(out, "{{\"$int\":\"{}\"}}", value.to_digits().unwrap_or_else(hex));
            }
            Node::Float(value) => float(value, out),
            Node::Complex(re, im) => {
                out.push_str("{\"$complex\":[");
                float(re, out);
                out.push(',');
                float(im, out);
                out.push_str("]}");
            }
            Node::Str(_) | Node::FarStr(_) => string(&value.to_text()?, out),
            Node::WideStr(span) => wide(self.graph.store.held(span).unwrap_or_default(), out),
            Node::Bytes(_) | Node::FarBytes(_) | Node::ByteArray(_) => {
                let array = matches!(node, Node::ByteArray(_));
                let name = if array { "$bytearray" } else { "$bytes" };
                let text = STANDARD.encode(&*value.to_bytes()?);
                let _ = write!(out, "{{\"{name}\":\"{text}\"}}");
            }
            Node::Dtype(_) => {
                out.push_str("{\"$dtype\":");
                if let Some(dtype) = value.dtype() {
                    descr(dtype, out);
                }
                out.push('}');
            }
            Node::Scalar(_) => {
                out.push_str("{\"$scalar\":{\"descr\":");
                let array = value.to_array()?;
                descr(array.dtype(), out);
                out.push_str(",\"value\":");
                element(array.dtype(), array.bytes().unwrap_or_default(), out);
                out.push_str("}}");
            }
            Node::Global(_) => {
                let (module, name) = self.graph.name(cell).unwrap_or_default();
                out.push_str("{\"$global\":");
                string(&format!("{module}.{name}"), out);
                out.push('}');
            }
            Node::Extension(number) => {
                let _ = write!(out, "{{\"$extension\":{number}}}");
            }
            _ => {}
        }
        Ok(())
    }
}

fn put(out: &mut String, text: &str) -> Result<()> {
    out.push_str(text);
    Ok(())
}

fn list(cells: &[Cell], step: impl Fn(usize) -> Step, tasks: &mut Vec<Task>) {
    for (at, cell) in cells.iter().enumerate() {
        if at > 0 {
            tasks.push(Task::Text(","));
        }
        tasks.push(Task::Value(*cell, step(at)));
    }
}

fn pairs(cells: &[Cell], name: &'static str, tasks: &mut Vec<Task>) {
    tasks.push(Task::Text("["));
    for (at, pair) in cells.chunks_exact(2).enumerate() {
        let [key, value] = *pair else { continue };
        let step = || if name.is_empty() { Step::At(at) } else { Step::In(name, at) };
        tasks.push(Task::Text(if at == 0 { "[" } else { ",[" }));
        tasks.push(Task::Value(key, step()));
        tasks.push(Task::Text(","));
        tasks.push(Task::Value(value, step()));
        tasks.push(Task::Text("]"));
    }
    tasks.push(Task::Text("]"));
}

/// Integers that a double holds are numbers, others are text.
fn int(value: i64) -> String {
    match value.unsigned_abs() <= 1 << 53 {
        true => value.to_string(),
        false => format!("{{\"$int\":\"{value}\"}}"),
    }
}

fn float(value: f64, out: &mut String) {
    let _ = match value {
        value if value.is_nan() => write!(out, "{{\"$float\":\"nan\"}}"),
        value if value.is_infinite() => {
            write!(out, "{{\"$float\":\"{}inf\"}}", if value > 0.0 { "" } else { "-" })
        }
        value => write!(out, "{value:?}"),
    };
}

/// RFC 8259, 7.
fn string(text: &str, out: &mut String) {
    out.push('"');
    text.chars().for_each(|c| character(c, out));
    out.push('"');
}

fn character(c: char, out: &mut String) {
    match c {
        '"' | '\\' => {
            out.push('\\');
            out.push(c);
        }
        c if crate::error::is_harmful(c) => {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
        c => out.push(c),
    }
}

/// Text with lone surrogates, which JSON has escapes for.
fn wide(bytes: &[u8], out: &mut String) {
    out.push('"');
    let mut rest = bytes;
    while let Err(e) = std::str::from_utf8(rest) {
        let (text, after) = rest.split_at(e.valid_up_to());
        std::str::from_utf8(text).unwrap_or_default().chars().for_each(|c| character(c, out));
        let [_, middle, last, after @ ..] = after else { break };
        let code = 0xd000 | u32::from(middle & 0x3f) << 6 | u32::from(last & 0x3f);
        let _ = write!(out, "\\u{code:04x}");
        rest = after;
    }
    std::str::from_utf8(rest).unwrap_or_default().chars().for_each(|c| character(c, out));
    out.push('"');
}

fn descr(dtype: &Dtype, out: &mut String) {
    match dtype.to_descr() {
        Ok(descr) => literal(&descr, out),
        // Overlapping fields have none: told as the size that they take.
        Err(_) => {
            let _ = write!(out, "\"|V{}\"", dtype.itemsize());
        }
    }
}

/// NumPy's `descr`, tuples as lists.
fn literal(value: &Literal, out: &mut String) {
    match value {
        Literal::Str(text) => string(text, out),
        Literal::Int(n) => {
            let _ = write!(out, "{n}");
        }
        Literal::Tuple(items) | Literal::List(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                literal(item, out);
            }
            out.push(']');
        }
        other => string(&other.to_string(), out),
    }
}

/// One element: as a number where it is one, text where it is text, else its bytes.
fn element(dtype: &Dtype, bytes: &[u8], out: &mut String) {
    let Dtype::Scalar(scalar) = dtype else {
        let text = STANDARD.encode(bytes);
        let _ = write!(out, "{{\"$bytes\":\"{text}\"}}");
        return;
    };
    let mut little = bytes.to_vec();
    if scalar.order() == Order::Big {
        let unit = match scalar.kind() {
            Kind::Complex => scalar.itemsize() / 2,
            Kind::Str => 4,
            _ => scalar.itemsize(),
        };
        little.chunks_exact_mut(unit.max(1)).for_each(<[u8]>::reverse);
    }
    if !number(*scalar, &little, out) {
        let text = STANDARD.encode(bytes);
        let _ = write!(out, "{{\"$bytes\":\"{text}\"}}");
    }
}

fn number(scalar: Scalar, bytes: &[u8], out: &mut String) -> bool {
    let mut wide = [0_u8; 8];
    let Some(low) = wide.get_mut(..bytes.len().min(8)) else { return false };
    low.copy_from_slice(bytes.get(..low.len()).unwrap_or_default());
    let unsigned = u64::from_le_bytes(wide);
    let shift = 64_u32.saturating_sub(8 * u32::try_from(bytes.len()).unwrap_or(8));
    let signed = i64::from_ne_bytes(unsigned.to_ne_bytes()).checked_shl(shift).unwrap_or_default()
        >> shift.min(63);
    match (scalar.kind(), bytes.len()) {
        (Kind::Bool, _) => out.push_str(if unsigned == 0 { "false" } else { "true" }),
        (Kind::Int | Kind::Datetime | Kind::Timedelta, _) => out.push_str(&int(signed)),
        (Kind::Uint, _) if unsigned <= 1 << 53 => {
            let _ = write!(out, "{unsigned}");
        }
        (Kind::Uint, _) => {
            let _ = write!(out, "{{\"$int\":\"{unsigned}\"}}");
        }
        (Kind::Float, 4) => float(f64::from(f32::from_bits(low_u32(unsigned))), out),
        (Kind::Float, 8) => float(f64::from_bits(unsigned), out),
        (Kind::Str, _) => {
            let codes = bytes.chunks_exact(4).map(|code| {
                let code: [u8; 4] = code.try_into().unwrap_or_default();
                char::from_u32(u32::from_le_bytes(code))
            });
            match codes.collect::<Option<String>>() {
                Some(text) => string(text.trim_end_matches('\0'), out),
                None => return false,
            }
        }
        _ => return false,
    }
    true
}

fn low_u32(value: u64) -> u32 {
    u32::try_from(value & 0xffff_ffff).unwrap_or_default()
}

fn hex(hash: &[u8; 32]) -> String {
    hash.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
