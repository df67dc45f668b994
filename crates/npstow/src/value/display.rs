//! Values as Python prints them.
#![forbid(unsafe_code)]

use super::graph::{Cell, Content, Graph, Node};
use super::handle::Value;
use super::integer::{decimal, hexadecimal};
use super::store::Span;
use crate::Literal;
use std::collections::HashSet;
use std::fmt;

/// What is printed at most: shared parts are printed wherever they are, and may be many.
const MOST: usize = 1 << 20;

/// What is still to be printed, the last first.
enum Task {
    Value(Cell),
    Text(&'static str),
    /// A container is behind us.
    Leave(usize),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let graph: &Graph = self.graph();
        let mut open = HashSet::new();
        let mut tasks = vec![Task::Value(self.cell())];
        let mut count = 0;
        while let Some(task) = tasks.pop() {
            match task {
                Task::Text(text) => f.write_str(text)?,
                Task::Leave(id) => {
                    open.remove(&id);
                }
                Task::Value(cell) => {
                    count += 1 + printed_len(graph, cell) / 256;
                    if count > MOST {
                        return f.write_str("...");
                    }
                    value(graph, cell, f, &mut tasks, &mut open)?;
                }
            }
        }
        Ok(())
    }
}

fn value(
    graph: &Graph,
    cell: Cell,
    f: &mut fmt::Formatter<'_>,
    tasks: &mut Vec<Task>,
    open: &mut HashSet<usize>,
) -> fmt::Result {
    let id = match cell.content() {
        Content::None => return f.write_str("None"),
        Content::Bool(true) => return f.write_str("True"),
        Content::Bool(false) => return f.write_str("False"),
        Content::Int(value) => return write!(f, "{value}"),
        Content::Node(id) => id,
    };
    let Some(node) = graph.node(cell) else { return f.write_str("<nothing>") };
    let (start, end, cells, is_dict) = match node {
        Node::List(run) => ("[", "]", graph.items(run), false),
        Node::Tuple(run) if run.len() == 1 => ("(", ",)", graph.items(run), false),
        Node::Tuple(run) => ("(", ")", graph.items(run), false),
        Node::Set(run) if run.is_empty() => return f.write_str("set()"),
        Node::Set(run) => ("{", "}", graph.items(run), false),
        Node::FrozenSet(run) if run.is_empty() => return f.write_str("frozenset()"),
        Node::FrozenSet(run) => ("frozenset({", "})", graph.items(run), false),
        Node::Dict(run) => ("{", "}", graph.items(run), true),
        Node::Object(_) => return object(graph, cell, f, tasks, (open, id)),
        node => return single(graph, node, cell, f, tasks),
    };
    if !open.insert(id) {
        return write!(f, "{start}...{}", end.trim_start_matches(','));
    }
    f.write_str(start)?;
    tasks.push(Task::Leave(id));
    tasks.push(Task::Text(end));
    for (at, item) in cells.iter().enumerate().rev() {
        tasks.push(Task::Value(*item));
        match at {
            0 => {}
            at if is_dict && at % 2 == 1 => tasks.push(Task::Text(": ")),
            _ => tasks.push(Task::Text(", ")),
        }
    }
    Ok(())
}

/// How long a string is, for the bound of what is printed.
fn printed_len(graph: &Graph, cell: Cell) -> usize {
    let len = match graph.node(cell) {
        Some(Node::Str(span) | Node::WideStr(span) | Node::Bytes(span) | Node::ByteArray(span)) => {
            span.len()
        }
        _ => 0,
    };
    usize::try_from(len).unwrap_or(usize::MAX)
}

/// `module.Class(args, state=…, items=…, pairs=…)`
fn object(
    graph: &Graph,
    cell: Cell,
    f: &mut fmt::Formatter<'_>,
    tasks: &mut Vec<Task>,
    (open, id): (&mut HashSet<usize>, usize),
) -> fmt::Result {
    let Some(object) = graph.object(cell) else { return Ok(()) };
    if !open.insert(id) {
        return f.write_str("<...>");
    }
    let mut parts = Vec::new();
    let list = |parts: &mut Vec<Task>, cells: &[Cell], step: usize| {
        for (at, item) in cells.iter().enumerate() {
            match at {
                0 => {}
                at if step == 2 && at % 2 == 1 => parts.push(Task::Text(": ")),
                _ => parts.push(Task::Text(", ")),
            }
            parts.push(Task::Value(*item));
        }
    };
    parts.push(Task::Value(object.class));
    parts.push(Task::Text("("));
    let args = object.args.and_then(|args| graph.tuple(args)).unwrap_or_default();
    list(&mut parts, args, 1);
    let mut comma = if args.is_empty() { "" } else { ", " };
    if let Some(state) = object.state {
        parts.extend([Task::Text(comma), Task::Text("state="), Task::Value(state)]);
        comma = ", ";
    }
    for (name, end, run, step) in
        [("items=[", "]", object.items, 1), ("pairs={", "}", object.pairs, 2)]
    {
        if !run.is_empty() {
            parts.extend([Task::Text(comma), Task::Text(name)]);
            list(&mut parts, graph.items(run), step);
            parts.push(Task::Text(end));
            comma = ", ";
        }
    }
    parts.extend([Task::Text(")"), Task::Leave(id)]);
    tasks.extend(parts.into_iter().rev());
    Ok(())
}

/// What has nothing below it that is printed.
fn single(
    graph: &Graph,
    node: Node,
    cell: Cell,
    f: &mut fmt::Formatter<'_>,
    tasks: &mut Vec<Task>,
) -> fmt::Result {
    let held = |span: Span| graph.store.held(span);
    match node {
        Node::Int(value) => write!(f, "{value}"),
        Node::BigInt(span) => {
            let bytes = held(span).unwrap_or_default();
            f.write_str(&decimal(bytes).unwrap_or_else(|| hexadecimal(bytes)))
        }
        Node::Float(value) => write!(f, "{}", Literal::Float(value)),
        Node::Complex(re, im) => write!(f, "{}", Literal::Complex(re, im)),
        Node::Str(_) => {
            write!(f, "{}", Literal::Str(graph.text(cell).unwrap_or_default().to_owned()))
        }
        Node::WideStr(span) => f.write_str(&wide(held(span).unwrap_or_default())),
        Node::FarStr(span) => write!(f, "<str of {} bytes>", span.len()),
        Node::FarBytes(span) => write!(f, "<bytes in {} bytes of text>", span.len()),
        Node::Bytes(span) | Node::ByteArray(span) => {
            let is_array = matches!(node, Node::ByteArray(_));
            let (start, end) = if is_array { ("bytearray(", ")") } else { ("", "") };
            match held(span) {
                Some(bytes) => write!(f, "{start}{}{end}", Literal::Bytes(bytes.to_vec())),
                None => write!(f, "{start}<{} bytes>{end}", span.len()),
            }
        }
        Node::Array(_) => {
            let Some(array) = graph.array(cell) else { return Ok(()) };
            let lengths = array.shape.iter().map(|n| Literal::Int(*n as i128)).collect();
            write!(f, "<array {} {}>", array.dtype, Literal::Tuple(lengths))
        }
        Node::Dtype(_) => match graph.dtype(cell) {
            Some(node) => write!(f, "dtype({})", node.dtype),
            None => Ok(()),
        },
        Node::Scalar(_) => {
            let Some(scalar) = graph.scalar(cell) else { return Ok(()) };
            write!(f, "<scalar {}>", scalar.dtype)
        }
        Node::Global(_) => match graph.name(cell) {
            Some((module, name)) => write!(f, "{module}.{name}"),
            None => Ok(()),
        },
        Node::Persistent(id) => {
            tasks.extend([Task::Text(">"), Task::Value(id)]);
            f.write_str("<persistent ")
        }
        Node::Extension(number) => write!(f, "<extension {number}>"),
        _ => Ok(()),
    }
}

/// Text with lone surrogates, which Python prints as escapes.
fn wide(bytes: &[u8]) -> String {
    let mut out = String::from("'");
    let mut rest = bytes;
    loop {
        let (text, after) = match std::str::from_utf8(rest) {
            Ok(text) => (text, None),
            Err(e) => {
                let (text, after) = rest.split_at(e.valid_up_to());
                (std::str::from_utf8(text).unwrap_or_default(), Some(after))
            }
        };
        let quoted = Literal::Str(text.to_owned()).to_string();
        out.push_str(quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default());
        match after {
            Some([0xed, middle, last, more @ ..]) => {
                let code = 0xd000 | u32::from(middle & 0x3f) << 6 | u32::from(last & 0x3f);
                out.push_str(&format!("\\u{code:04x}"));
                rest = more;
            }
            _ => break,
        }
    }
    out.push('\'');
    out
}
