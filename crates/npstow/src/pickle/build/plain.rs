//! Python's own constructors, of the arguments that pickles have.
#![forbid(unsafe_code)]

use super::super::text::to_latin1;
use super::inert;
use crate::value::{Cell, Content, Graph, Known, Made, Node, Run};
use crate::{Error, Result};

/// `copyreg._reconstructor(class, base, state)`: how protocols 0 and 1 make objects.
pub(super) fn reconstructor(graph: &mut Graph, args: &[Cell]) -> Result<Option<Cell>> {
    let [class, base, state] = *args else { return Ok(None) };
    if super::check_callable(graph, class).is_err() {
        return Ok(None);
    }
    if graph.known(base) == Known::Object && state == Cell::NONE {
        return inert(graph, class, None, Made::Rebuilt).map(Some);
    }
    let run = graph.run(&[base, state])?;
    let args = graph.push(Node::Tuple(run));
    inert(graph, class, Some(args), Made::Rebuilt).map(Some)
}

/// `_codecs.encode(text, 'latin1')`: how protocols up to 2 write bytes in Python 3.
pub(super) fn encode(graph: &mut Graph, args: &[Cell]) -> Result<Option<Cell>> {
    let [text, encoding] = *args else { return Ok(None) };
    if !graph.text(encoding).is_some_and(is_latin1) {
        return Ok(None);
    }
    Ok(match graph.node(text) {
        Some(Node::Str(_)) => Some(latin1(graph, text)?),
        Some(Node::FarStr(span)) => Some(graph.push(Node::FarBytes(span))),
        _ => None,
    })
}

fn is_latin1(name: &str) -> bool {
    ["latin1", "latin-1", "latin_1", "iso-8859-1", "iso8859-1"].contains(&name)
}

/// The bytes of a string in Latin-1; those of ASCII are where they are.
pub(super) fn latin1(graph: &mut Graph, text: Cell) -> Result<Cell> {
    let read = graph.text(text).unwrap_or_default();
    if let (true, Some(Node::Str(span))) = (read.is_ascii(), graph.node(text)) {
        return Ok(graph.push(Node::Bytes(span)));
    }
    let Some(bytes) = to_latin1(read) else {
        return Err(Error::corrupt("characters of Latin-1", "others"));
    };
    let cell = graph.push_bytes(&bytes);
    graph.check_budget()?;
    Ok(cell)
}

/// `getattr(class, name)`: how members of enumerations are written. It stays a name.
pub(super) fn getattr(graph: &mut Graph, args: &[Cell]) -> Result<Option<Cell>> {
    let [class, attribute] = *args else { return Ok(None) };
    let (Some((module, name)), Some(attribute)) = (graph.name(class), graph.text(attribute)) else {
        return Ok(None);
    };
    let (module, name) = (module.to_owned(), format!("{name}.{attribute}"));
    let is_old = graph.is_old_name(class);
    let cell = graph.add_name(&module, &name, is_old)?;
    graph.check_budget()?;
    Ok(Some(cell))
}

pub(super) fn int(graph: &mut Graph, args: &[Cell]) -> Option<Cell> {
    match *args {
        [] => Some(Cell::small(0)),
        [one] => match graph.int(one) {
            Some(value) => Some(graph.push_int(value)),
            None => matches!(graph.node(one), Some(Node::BigInt(_))).then_some(one),
        },
        _ => None,
    }
}

pub(super) fn float(graph: &mut Graph, args: &[Cell]) -> Option<Cell> {
    match *args {
        [] => Some(graph.push(Node::Float(0.0))),
        [one] => number(graph, one).map(|value| graph.push(Node::Float(value))),
        _ => None,
    }
}

pub(super) fn bool(args: &[Cell]) -> Option<Cell> {
    match *args {
        [] => Some(Cell::FALSE),
        [one] => matches!(one.content(), Content::Bool(_)).then_some(one),
        _ => None,
    }
}

pub(super) fn str(graph: &mut Graph, args: &[Cell]) -> Option<Cell> {
    match *args {
        [] => Some(graph.push_text("")),
        [one] => match graph.node(one) {
            Some(Node::Str(_) | Node::WideStr(_) | Node::FarStr(_)) => Some(one),
            _ => None,
        },
        _ => None,
    }
}

/// `bytes(…)` and `bytearray(…)`: of nothing, of bytes, of text and its encoding.
pub(super) fn bytes(graph: &mut Graph, known: Known, args: &[Cell]) -> Result<Option<Cell>> {
    let node = if known == Known::Bytes { Node::Bytes } else { Node::ByteArray };
    let span = match *args {
        [] => graph.store.add(&[]),
        [one] => match graph.node(one) {
            Some(Node::Bytes(span) | Node::ByteArray(span)) => span,
            Some(Node::FarBytes(span)) => {
                let text = graph.store.read(span)?;
                let text = std::str::from_utf8(&text).ok();
                let wrong = || Error::corrupt("characters of Latin-1", "others");
                let bytes = text.and_then(to_latin1).ok_or_else(wrong)?;
                let span = graph.store.add(&bytes);
                graph.check_budget()?;
                span
            }
            // In Python 2, bytes are text where they are ASCII.
            Some(Node::Str(span)) if graph.text(one).is_some_and(str::is_ascii) => span,
            _ => return Ok(None),
        },
        [text, encoding] => {
            let known = graph.text(encoding).is_some_and(is_latin1);
            if !known || graph.text(text).is_none() {
                return Ok(None);
            }
            let cell = latin1(graph, text)?;
            match graph.node(cell) {
                Some(Node::Bytes(span)) => span,
                _ => return Ok(None),
            }
        }
        _ => return Ok(None),
    };
    Ok(Some(graph.push(node(span))))
}

fn number(graph: &Graph, cell: Cell) -> Option<f64> {
    match graph.node(cell) {
        Some(Node::Float(value)) => Some(value),
        // As Python: the nearest one.
        _ => graph.int(cell).map(|value| value as f64),
    }
}

pub(super) fn complex(graph: &mut Graph, args: &[Cell]) -> Option<Cell> {
    let (re, im) = match *args {
        [] => (0.0, 0.0),
        [re] => (number(graph, re)?, 0.0),
        [re, im] => (number(graph, re)?, number(graph, im)?),
        _ => return None,
    };
    Some(graph.push(Node::Complex(re, im)))
}

/// `list(…)` and the like, of nothing or of another container.
pub(super) fn container(graph: &mut Graph, known: Known, args: &[Cell]) -> Option<Cell> {
    let run = match *args {
        [] => Run::default(),
        [one] => match graph.node(one)? {
            Node::List(run) | Node::Tuple(run) | Node::Set(run) | Node::FrozenSet(run) => {
                run.shared()
            }
            _ => return None,
        },
        _ => return None,
    };
    Some(graph.push(match known {
        Known::List => Node::List(run),
        Known::Tuple => Node::Tuple(run),
        Known::Set => Node::Set(run),
        _ => Node::FrozenSet(run),
    }))
}
