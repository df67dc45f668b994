//! What stands behind a fault: Python may take what npstow refuses, and go on.
#![forbid(unsafe_code)]

use super::machine::{Machine, Met};
use super::opcode::{Form, code, opcode};
use crate::value::{Cell, Span};
use crate::{Error, ErrorKind, Result};

/// Opcodes that leave something on the stack in place of what they take.
const MAKES: &[u8] = &[
    code::REDUCE,
    code::OBJ,
    code::NEWOBJ,
    code::NEWOBJ_EX,
    code::STACK_GLOBAL,
    code::BINPERSID,
    code::NEXT_BUFFER,
    code::READONLY_BUFFER,
];

/// What comes behind an opcode that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Opcodes,
    /// It was the last one of its pickle.
    End,
    /// Bytes that Python cannot read either, or too many.
    Nothing,
}

impl Machine<'_> {
    /// Runs what is left of a pickle that has a fault, over all that fails in it as well, so that
    /// the names which `pickletools.genops` would list are met. Says whether it came to the end.
    pub(super) fn go_on(&mut self, fault: &Error) -> Result<bool> {
        let mut next = self.pass(fault);
        while next == Next::Opcodes {
            next = match self.run_opcodes() {
                Ok(_) => Next::End,
                Err(e) if e.kind() == ErrorKind::Io => return Err(e),
                Err(e) => self.pass(&e),
            };
        }
        Ok(next == Next::End)
    }

    /// Passes the opcode that failed: the stack is left as Python would leave it.
    fn pass(&mut self, fault: &Error) -> Next {
        // It was done before it was found to reach out of its frame.
        if std::mem::take(&mut self.has_crossed) {
            return Next::Opcodes;
        }
        // Nothing was taken where there is no more, or too much of something.
        if self.feed.offset() <= self.at {
            return Next::Nothing;
        }
        let held = self.graph.store.held(Span::in_file(self.at, 1)).unwrap_or_default();
        let Some(opcode) = held.first().and_then(|byte| opcode(*byte)) else {
            return Next::Nothing;
        };
        // What follows an opcode is taken before anything is done; where that fails, the error has
        // a place of its own.
        let follows = opcode.form != Form::Nothing;
        if follows && fault.offset() != Some(self.at) {
            return Next::Nothing;
        }
        if opcode.code == code::STOP {
            return Next::End;
        }
        if opcode.code == code::STACK_GLOBAL {
            self.meet(Cell::NONE);
        }
        let is_silent = matches!(
            opcode.code,
            code::PUT | code::BINPUT | code::LONG_BINPUT | code::PROTO | code::FRAME
        );
        if MAKES.contains(&opcode.code) || (follows && !is_silent) {
            self.push(Cell::NONE);
        }
        Next::Opcodes
    }

    /// Whether bytes that are in memory are text.
    pub(super) fn is_text(&self, span: Span) -> bool {
        self.graph.store.held(span).is_some_and(|bytes| std::str::from_utf8(bytes).is_ok())
    }

    /// Whether somebody could have given this name: elements of arrays begin like pickles, too.
    pub(super) fn is_named(&self, met: &Met) -> bool {
        let is_part = |part: &str| {
            !part.is_empty() && !part.contains(|c: char| c.is_control() || c.is_whitespace())
        };
        self.graph.name(met.cell).is_some_and(|(module, name)| is_part(module) && is_part(name))
    }
}
