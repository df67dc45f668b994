//! What stands beside the opcodes: the elements of arrays between them, and files beside the file.
//!
//! joblib writes such. An object of a class of joblib's stands for an array; when it gets its
//! state, whoever was asked for reads what belongs to it, and the array takes its place. A plain
//! pickle has nobody to ask: there such an object stays one.
#![forbid(unsafe_code)]

use super::build::lengths;
use super::feed::Feed;
use super::machine::{Machine, NO_FRAME};
use crate::array::{MemoryOrder, nbytes};
use crate::value::{ArrayNode, Cell, Graph, Known, Node, Payload, Span};
use crate::{Error, Limits, Result, Source};
use std::fmt;
use std::sync::Arc;

/// Reads what stands beside the opcodes.
pub(crate) trait Beside {
    /// What the object stands for, which is of a class of joblib's and has its state; none where
    /// it stays an object.
    fn read(
        &mut self,
        known: Known,
        object: Cell,
        machine: &mut Machine<'_>,
    ) -> Result<Option<Cell>>;
}

impl Machine<'_> {
    /// Puts what an object stands for into its place.
    pub(super) fn built(&mut self, object: Cell) -> Result<()> {
        let class = self.graph.object(object).map(|object| object.class);
        let known = class.map_or(Known::No, |class| self.graph.known(class));
        if !known.is_wrapper() {
            return Ok(());
        }
        // While it reads, nobody is asked: what is within is a plain pickle.
        let Some(beside) = self.beside.take() else { return Ok(()) };
        let done = beside.read(known, object, self);
        self.beside = Some(beside);
        let Some(cell) = done? else { return Ok(()) };
        match (self.graph.node(cell), object.as_node()) {
            // Whoever remembers the object gets the array.
            (Some(node @ Node::Array(_)), Some(id)) => self.set_node(id, node),
            _ => {
                self.pop()?;
                self.push(cell);
            }
        }
        Ok(())
    }

    pub(crate) fn limits(&self) -> &Limits {
        self.options().max()
    }

    /// The next byte behind the opcodes.
    pub(crate) fn byte(&mut self) -> Result<u8> {
        self.check_outside_of_frame()?;
        let [byte] = self.bytes()?;
        Ok(byte)
    }

    /// The next bytes, which stay in the file where they are many.
    pub(crate) fn take(&mut self, len: u64) -> Result<Span> {
        self.check_outside_of_frame()?;
        self.feed.string(&mut self.graph.store, len)
    }

    /// The next bytes, which stay in the file unless they are few.
    pub(crate) fn skip(&mut self, len: u64) -> Result<Span> {
        self.check_outside_of_frame()?;
        self.feed.skip(&mut self.graph.store, len)
    }

    /// The value of the pickle that stands here.
    pub(crate) fn inner(&mut self) -> Result<Cell> {
        self.check_outside_of_frame()?;
        self.inner_opcodes()
    }

    fn inner_opcodes(&mut self) -> Result<Cell> {
        let stack = std::mem::take(&mut self.stack);
        let marks = std::mem::take(&mut self.marks);
        let floor = std::mem::take(&mut self.floor);
        let memo = std::mem::take(&mut self.memo);
        let far_memo = std::mem::take(&mut self.far_memo);
        let memoized = std::mem::take(&mut self.memoized);
        let protocol = std::mem::take(&mut self.protocol);
        let frame_end = std::mem::replace(&mut self.frame_end, NO_FRAME);
        let done = self.run_opcodes();
        let done = done.and_then(|top| self.check_frame_ended().map(|()| top));
        (self.stack, self.marks, self.floor) = (stack, marks, floor);
        (self.memo, self.far_memo, self.memoized) = (memo, far_memo, memoized);
        self.protocol = protocol;
        self.frame_end = frame_end;
        done
    }

    /// The value of the pickle in another file, from an offset on.
    pub(crate) fn inner_of(
        &mut self,
        source: Arc<dyn Source>,
        name: &str,
        offset: u64,
    ) -> Result<Cell> {
        let most = self.limits().max_total();
        let behind = self.feed.offset();
        let base = self.graph.store.add_beside(source, name)?;
        self.feed = Feed::new(&mut self.graph.store, base.saturating_add(offset), most);
        let done = self.inner_opcodes();
        self.feed = Feed::new(&mut self.graph.store, behind, most);
        // Offsets are those in that file.
        done.map_err(|e| match e.offset() {
            Some(at) => e.at(at.saturating_sub(base)),
            None => e,
        })
    }

    /// An array whose elements are bytes of another file.
    pub(crate) fn span_of(
        &mut self,
        source: Arc<dyn Source>,
        name: &str,
        offset: u64,
        len: u64,
    ) -> Result<Span> {
        let base = self.graph.store.add_beside(source, name)?;
        Ok(Span::in_file(base.saturating_add(offset), len))
    }
}

/// What the state of an object of joblib's says of an array.
pub(crate) struct Described {
    pub(crate) array: ArrayNode,
    /// How many bytes its elements have, where they are bytes.
    pub(crate) nbytes: u64,
}

impl fmt::Debug for Described {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Described({} bytes)", self.nbytes)
    }
}

/// Describes an array by the cells of its parts; the elements are still none.
pub(crate) fn described(
    graph: &Graph,
    class: Option<Cell>,
    shape: Cell,
    dtype: Cell,
    order: MemoryOrder,
) -> Result<Described> {
    let known = graph.dtype(dtype).map(|node| node.dtype.clone());
    let wrong =
        || Error::unsupported(format_args!("{} as the dtype of an array", graph.kind(dtype)));
    let known = known.ok_or_else(wrong)?;
    let shape = lengths(graph, shape)?;
    let nbytes = nbytes(&shape, known.itemsize())? as u64;
    let class = class.filter(|class| !graph.known(*class).is_plain_array());
    let payload = Payload::Bytes(Span::in_file(0, 0));
    let (shape, dtype_cell, state, mask) = (shape.into(), Some(dtype), None, None);
    let array = ArrayNode { class, dtype: known, dtype_cell, shape, order, payload, state, mask };
    Ok(Described { array, nbytes })
}
