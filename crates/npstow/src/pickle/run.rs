//! Running the machine on a file.
#![forbid(unsafe_code)]

use super::beside::Beside;
use super::machine::Machine;
use super::options::Options;
use crate::value::{Cell, Graph};
use crate::{Result, Source};
use std::sync::Arc;

/// What ran: the values, the one on top, and where the pickle ends.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) graph: Graph,
    pub(crate) top: Cell,
    pub(crate) end: u64,
}

/// Runs a pickle that begins at `offset`.
pub(crate) fn run(source: Arc<dyn Source>, offset: u64, options: &Options) -> Result<Done> {
    run_beside(source, offset, options, None)
}

/// The same, with somebody who reads what stands beside the opcodes.
pub(crate) fn run_beside(
    source: Arc<dyn Source>,
    offset: u64,
    options: &Options,
    mut beside: Option<&mut dyn Beside>,
) -> Result<Done> {
    let mut machine = Machine::new(source, offset, options);
    machine.beside = match &mut beside {
        Some(beside) => Some(&mut **beside),
        None => None,
    };
    let top = machine.run()?;
    Ok(machine.done(top))
}

impl Machine<'_> {
    pub(crate) fn done(mut self, top: Cell) -> Done {
        self.graph.store.settle();
        Done { graph: self.graph, top, end: self.feed.offset() }
    }
}
