//! Arrays, scalars and dtypes of NumPy.
#![forbid(unsafe_code)]

use super::{Fill, Maker};
use crate::error::raise;
use crate::memory::{Memory, Writable};
use crate::{dtype, output, work};
use npstow::{
    ArrayForm, BufferMut, Dtype, DtypeForm, Entry, Form, MemoryOrder, Order, ReadOptions, Result,
    ValueRef,
};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{IntoPyDict, PyByteArray, PyTuple};
use std::collections::HashMap;

/// An array that is read when all else is made, without the interpreter's lock.
pub(super) struct Far {
    entry: Entry,
    memory: Writable,
}

/// Dtypes with something of their own, by the number of their values.
pub(super) type Dtypes<'py> = HashMap<usize, Bound<'py, PyAny>>;

/// Reads what was put off.
pub(super) fn read(
    py: Python<'_>,
    mut far: Vec<Far>,
    progress: Option<&Bound<'_, PyAny>>,
) -> PyResult<()> {
    if far.is_empty() {
        return Ok(());
    }
    let nbytes = far.iter().map(|far| far.entry.nbytes() as u64).sum();
    work::run(py, nbytes, progress, |watch| {
        let one = |far: &mut Far| watch.entry(&far.entry).read_into(far.memory.bytes_mut());
        far.iter_mut().try_for_each(one)
    })
}

impl<'py, 'a> Maker<'py, 'a> {
    /// An array that is no more than that; `None` for one that has parts.
    pub(super) fn array(
        &mut self,
        value: ValueRef<'a>,
        array: &ArrayForm<'a>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        if array.class.is_some() || array.mask.is_some() || array.state.is_some() {
            return Ok(None);
        }
        self.elements(value, array, true).map(Some)
    }

    /// The array that is within another one.
    pub(super) fn base(
        &mut self,
        value: ValueRef<'a>,
        array: &ArrayForm<'a>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.elements(value, array, false)
    }

    fn elements(
        &mut self,
        value: ValueRef<'a>,
        array: &ArrayForm<'a>,
        may_wait: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = self.py;
        let dtype = self.dtype_of(array.dtype, array.dtype_value)?;
        let shape = PyTuple::new(py, array.shape)?;
        let order = if array.order == MemoryOrder::F { 'F' } else { 'C' };
        let ndarray = output::ndarray(py)?;
        if let Some(objects) = array.objects.clone() {
            let empty = py.import(intern!(py, "numpy"))?.getattr(intern!(py, "empty"))?;
            let made = empty.call1((shape, dtype, order))?;
            let flat = made.call_method1(intern!(py, "ravel"), ('K',))?;
            let places = match order {
                'F' if array.shape.len() > 1 => Some(places(array.shape)),
                _ => None,
            };
            self.fills.push(Fill::Objects(flat, places, objects));
            return Ok(made);
        }
        if let Some(given) = array.buffer.and_then(|at| self.wishes.buffers.get(at)) {
            return ndarray.call1((shape, dtype, given, 0, py.None(), order));
        }
        let has_bytes = !array.shape.contains(&0) && array.dtype.itemsize() > 0;
        let place = array.offset.filter(|_| has_bytes);
        if let (Some(maps), Some(offset)) = (&self.wishes.maps, place) {
            let mapped = maps.call1((&dtype, &shape, order, offset))?;
            if !mapped.is_none() {
                return Ok(mapped);
            }
        }
        let native = array.dtype.to_order(Order::NATIVE);
        let is_swapped = self.wishes.is_native && native != *array.dtype;
        if let Some(held) = array.held.filter(|_| !is_swapped) {
            let memory = PyByteArray::new(py, held);
            return ndarray.call1((shape, dtype, memory, 0, py.None(), order));
        }
        let entry = Entry::try_from(&value.to_value()).map_err(raise)?;
        let read = || -> Result<BufferMut> {
            entry.check()?;
            let mut memory = BufferMut::zeroed(entry.nbytes())?;
            let options = ReadOptions::default();
            match (is_swapped, may_wait) {
                (true, _) => {
                    let options = options.byte_order(Order::NATIVE);
                    entry.read_into_with(memory.bytes_mut(), &options)?;
                }
                (false, false) => entry.read_into(memory.bytes_mut())?,
                (false, true) => {}
            }
            Ok(memory)
        };
        let memory = work::sized(py, entry.nbytes() as u64, read)?;
        let dtype = if is_swapped { dtype::exact(py, &native)? } else { dtype };
        let memory = Bound::new(py, Memory::own(memory))?;
        if may_wait && !is_swapped && entry.nbytes() > 0 {
            self.far.push(Far { entry, memory: Writable::new(&memory)? });
        }
        ndarray.call1((shape, dtype, memory, 0, py.None(), order))
    }

    /// An array as one of a subclass of NumPy's own; `None` for other classes.
    pub(super) fn subclass(
        &mut self,
        known: Option<&'static str>,
        base: &Bound<'py, PyAny>,
        mask: Option<&Bound<'py, PyAny>>,
        state: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let py = self.py;
        let state = state.filter(|state| !state.is_none());
        match (known, mask, state) {
            // There is no map behind it any more.
            (Some("numpy.memmap"), None, None) => Ok(Some(base.clone())),
            (Some("numpy.matrix" | "numpy.recarray" | "numpy.char.chararray"), None, None) => {
                let class = super::known::imported(py, known.unwrap_or_default())?;
                base.call_method1(intern!(py, "view"), (class,)).map(Some)
            }
            (Some("numpy.ma.MaskedArray"), Some(mask), fill) => {
                let class = super::known::imported(py, "numpy.ma.MaskedArray")?;
                let kwargs = [(intern!(py, "mask"), mask)].into_py_dict(py)?;
                let made = class.call((base,), Some(&kwargs))?;
                if let Some(fill) = fill {
                    made.setattr(intern!(py, "fill_value"), fill)?;
                }
                Ok(Some(made))
            }
            _ => Ok(None),
        }
    }

    pub(super) fn scalar(
        &mut self,
        value: ValueRef<'a>,
        (dtype, of): (&'a Dtype, Option<ValueRef<'a>>),
        bytes: Option<&'a [u8]>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = self.py;
        let dtype = self.dtype_of(dtype, of)?;
        let memory = match bytes {
            Some(bytes) => PyByteArray::new(py, bytes),
            None => {
                let far = value.to_value();
                let array = work::alone(py, || far.to_array())?;
                PyByteArray::new(py, array.bytes().unwrap_or_default())
            }
        };
        let array = output::ndarray(py)?.call1((PyTuple::empty(py), dtype, memory))?;
        array.get_item(PyTuple::empty(py))
    }

    /// A dtype as it is in the file.
    fn dtype_of(
        &mut self,
        dtype: &'a Dtype,
        value: Option<ValueRef<'a>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        match value.map(|value| (value, value.form())) {
            Some((value, Form::Dtype(form))) if form.class.is_some() || form.metadata.is_some() => {
                let Some(id) = value.id() else { return dtype::exact(self.py, dtype) };
                if let Some(known) = self.numpy.get(&id) {
                    return Ok(known.clone());
                }
                let made = self.dtype_form(&form)?;
                self.numpy.insert(id, made.clone());
                Ok(made)
            }
            _ => dtype::exact(self.py, dtype),
        }
    }

    pub(super) fn dtype_form(&mut self, form: &DtypeForm<'a>) -> PyResult<Bound<'py, PyAny>> {
        let py = self.py;
        let mut made = dtype::exact(py, form.dtype)?;
        let class = py.import(intern!(py, "numpy"))?.getattr(intern!(py, "dtype"))?;
        if form.class.and_then(ValueRef::known) == Some("numpy.record") {
            let record = super::known::imported(py, "numpy.record")?;
            made = class.call1(((record, made),))?;
        }
        if let Some(metadata) = form.metadata {
            // NumPy copies the dictionary, so all of it has to be there.
            let metadata = self.whole(metadata)?;
            let kwargs = [(intern!(py, "metadata"), metadata)].into_py_dict(py)?;
            let called = class.call((made,), Some(&kwargs));
            made = super::taken(py, self.wishes, "metadata of a dtype that it takes", called)?;
        }
        Ok(made)
    }
}

/// Where the elements of an array are in memory in Fortran's order, taken in the order of C.
fn places(shape: &[usize]) -> Vec<usize> {
    let count = shape.iter().product();
    let mut strides = Vec::with_capacity(shape.len());
    let mut stride = 1_usize;
    for length in shape {
        strides.push(stride);
        stride = stride.saturating_mul(*length);
    }
    let mut index = vec![0; shape.len()];
    let mut places = Vec::with_capacity(count);
    for _ in 0..count {
        places.push(index.iter().zip(&strides).map(|(at, stride)| at * stride).sum());
        for (at, length) in index.iter_mut().zip(shape).rev() {
            *at += 1;
            if *at < *length {
                break;
            }
            *at = 0;
        }
    }
    places
}
