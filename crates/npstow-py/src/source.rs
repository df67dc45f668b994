//! A file object of Python as a source: read by its `seek` and `read`, one thread at a time.
#![forbid(unsafe_code)]
// Arguments come from Python by value.
#![allow(clippy::needless_pass_by_value)]

use npstow::{Buffer, Error, Result, Source};
use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::MutexExt;
use pyo3::types::PyBytes;
use std::io;
use std::sync::{Mutex, PoisonError};

/// So much is asked for at once.
const PIECE: usize = 8 << 20;

/// An object with `seek` and `read`, whose position is ours to move.
#[derive(Debug)]
pub(crate) struct FileObject {
    object: Py<PyAny>,
    len: u64,
    /// Whose turn it is to move the position.
    turn: Mutex<()>,
}

impl FileObject {
    pub(crate) fn new(object: &Bound<'_, PyAny>) -> PyResult<Self> {
        let len = object.call_method1(intern!(object.py(), "seek"), (0, 2))?;
        // Some give nothing back.
        let len =
            if len.is_none() { object.call_method0(intern!(object.py(), "tell"))? } else { len };
        Ok(Self { object: object.clone().unbind(), len: len.extract()?, turn: Mutex::new(()) })
    }

    fn fill(&self, py: Python<'_>, offset: u64, dst: &mut [u8]) -> PyResult<usize> {
        let object = self.object.bind(py);
        object.call_method1(intern!(py, "seek"), (offset,))?;
        let mut filled = 0;
        while let Some(rest) = dst.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            let got = object.call_method1(intern!(py, "read"), (rest.len().min(PIECE),))?;
            let bytes = got.cast::<PyBytes>()?.as_bytes();
            let Some(place) = rest.get_mut(..bytes.len()) else {
                return Err(PyTypeError::new_err("read() gave more bytes than it was asked for"));
            };
            if bytes.is_empty() {
                break;
            }
            place.copy_from_slice(bytes);
            filled += bytes.len();
        }
        Ok(filled)
    }
}

impl Source for FileObject {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_into(&self, offset: u64, dst: &mut [u8]) -> io::Result<()> {
        let filled = Python::attach(|py| {
            // It waits without the interpreter, which whoever has the turn needs.
            let _turn = self.turn.lock_py_attached(py).unwrap_or_else(PoisonError::into_inner);
            self.fill(py, offset, dst)
        });
        match filled.map_err(io::Error::other)? {
            filled if filled == dst.len() => Ok(()),
            _ => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    fn view(&self, offset: u64, _: usize) -> Result<Buffer> {
        Err(Error::unsupported("a view of a file object's bytes").at(offset))
    }
}
