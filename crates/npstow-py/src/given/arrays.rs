//! Arrays, dtypes and scalars of NumPy.
#![forbid(unsafe_code)]

use super::kinds::Kind;
use super::{Fill, Taker, What, odd, refused};
use crate::error::raise;
use crate::{dtype, input};
use npstow::{ArrayExtra, MemoryOrder, Part};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};

/// What an array is beside its elements; its parts come in this order.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Beside {
    /// Of NumPy's own subclasses.
    pub(super) class: Option<&'static str>,
    has_dtype: bool,
    is_masked: bool,
}

impl<'py> Taker<'py> {
    /// An array of NumPy's own class whose elements are bytes, and nothing beside them.
    pub(super) fn plain_array(&mut self, array: &Bound<'py, PyAny>) -> PyResult<Option<Part>> {
        let dtype = array.getattr(intern!(self.py, "dtype"))?;
        if !self.is_plain(&dtype)? {
            return Ok(None);
        }
        let of = dtype::exact_library(&dtype)?;
        if of.has_object() {
            return Ok(None);
        }
        let array = input::array_of(&self.as_ndarray(array)?, of)?;
        self.builder.array(&array).map(Some).map_err(raise)
    }

    /// Whether a dtype has neither metadata nor a class of its own.
    fn is_plain(&mut self, dtype: &Bound<'py, PyAny>) -> PyResult<bool> {
        self.check(dtype)?;
        Ok(!has_metadata(dtype, 0)? && !self.is_record(dtype)?)
    }

    /// Refuses dtypes whose elements are no bytes.
    fn check(&mut self, dtype: &Bound<'py, PyAny>) -> PyResult<()> {
        match self.kinds.of(dtype)? {
            Kind::Other(name) => Err(refused(&name)),
            _ => Ok(()),
        }
    }

    fn is_record(&self, dtype: &Bound<'py, PyAny>) -> PyResult<bool> {
        let record =
            self.py.import(intern!(self.py, "numpy"))?.getattr(intern!(self.py, "record"))?;
        Ok(dtype.getattr(intern!(self.py, "type"))?.is(&record))
    }

    pub(super) fn plain_dtype(&mut self, dtype: &Bound<'py, PyAny>) -> PyResult<Option<Part>> {
        if has_metadata(dtype, 0)? { Ok(None) } else { self.dtype(dtype, None).map(Some) }
    }

    pub(super) fn dtype(
        &mut self,
        dtype: &Bound<'py, PyAny>,
        reduced: Option<(Part, Part)>,
    ) -> PyResult<Part> {
        let class = match self.is_record(dtype)? {
            true => Some(self.global("numpy", "record")?),
            false => None,
        };
        let of = dtype::exact_library(dtype)?;
        self.builder.dtype(&of, reduced, class).map_err(raise)
    }

    pub(super) fn plain_scalar(&mut self, scalar: &Bound<'py, PyAny>) -> PyResult<Option<Part>> {
        let dtype = scalar.getattr(intern!(self.py, "dtype"))?;
        // NumPy makes one for each scalar.
        self.kept.push(dtype.clone());
        self.check(&dtype)?;
        if has_metadata(&dtype, 0)? {
            return Ok(None);
        }
        let dtype = self.one(&dtype)?;
        self.scalar(scalar, dtype).map(Some)
    }

    pub(super) fn scalar(&mut self, scalar: &Bound<'py, PyAny>, dtype: Part) -> PyResult<Part> {
        self.kept.push(scalar.clone());
        let bytes = scalar.call_method0(intern!(self.py, "tobytes"))?.cast_into::<PyBytes>()?;
        self.builder.scalar(dtype, bytes.as_bytes()).map_err(raise)
    }

    fn as_ndarray(&self, array: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let ndarray = crate::output::ndarray(self.py)?;
        match array.get_type().is(ndarray) {
            true => Ok(array.clone()),
            false => array.call_method1(intern!(self.py, "view"), (ndarray,)),
        }
    }

    /// What an array needs that is made before it.
    pub(super) fn array_parts(
        &mut self,
        array: &Bound<'py, PyAny>,
        class: Option<&'static str>,
    ) -> PyResult<(What<'py>, Vec<Bound<'py, PyAny>>)> {
        let dtype = array.getattr(intern!(self.py, "dtype"))?;
        self.kept.push(dtype.clone());
        let beside = Beside { class, has_dtype: true, is_masked: false };
        Ok((What::Array(beside), vec![dtype]))
    }

    /// The same of a masked array, with its mask and its fill value.
    pub(super) fn masked_parts(
        &mut self,
        array: &Bound<'py, PyAny>,
    ) -> PyResult<(What<'py>, Vec<Bound<'py, PyAny>>)> {
        let py = self.py;
        let masked = py.import(intern!(py, "numpy.ma"))?;
        let dtype = array.getattr(intern!(py, "dtype"))?;
        let mut mask = masked.getattr(intern!(py, "getmaskarray"))?.call1((array,))?;
        if is_fortran(&self.as_ndarray(array)?)? {
            mask = py.import(intern!(py, "numpy"))?.call_method1("asfortranarray", (mask,))?;
        } else {
            mask = py.import(intern!(py, "numpy"))?.call_method1("ascontiguousarray", (mask,))?;
        }
        let shape = array.getattr(intern!(py, "shape"))?;
        let mask = mask.call_method1(intern!(py, "reshape"), (shape,))?;
        let fill = array.getattr(intern!(py, "_fill_value"))?;
        let parts = vec![dtype, mask, fill];
        self.kept.extend(parts.iter().cloned());
        let beside = Beside { class: None, has_dtype: true, is_masked: true };
        Ok((What::Array(beside), parts))
    }

    pub(super) fn array(
        &mut self,
        array: &Bound<'py, PyAny>,
        beside: &Beside,
        parts: &[Part],
    ) -> PyResult<Part> {
        let mut parts = parts.iter().copied();
        let mut next = |is_there: bool| if is_there { parts.next() } else { None };
        let dtype_part = next(beside.has_dtype).ok_or_else(odd)?;
        let (mask, state) = (next(beside.is_masked), next(beside.is_masked));
        let class = match (beside.class, beside.is_masked) {
            (Some(name), _) => Some(self.global("numpy", name)?),
            (None, true) => Some(self.global("numpy.ma", "MaskedArray")?),
            (None, false) => None,
        };
        let extra = ArrayExtra { class, dtype: Some(dtype_part), state, mask };
        self.elements(array, dtype_part, extra)
    }

    /// An array of these elements, which is a new one.
    pub(super) fn elements(
        &mut self,
        array: &Bound<'py, PyAny>,
        dtype_part: Part,
        extra: ArrayExtra,
    ) -> PyResult<Part> {
        let py = self.py;
        let base = self.as_ndarray(array)?;
        let dtype = dtype::exact_library(&array.getattr(intern!(py, "dtype"))?)?;
        let part = if dtype.has_object() {
            let order = if is_fortran(&base)? { MemoryOrder::F } else { MemoryOrder::C };
            let shape: Vec<usize> = base.getattr(intern!(py, "shape"))?.extract()?;
            let part = self.builder.objects(dtype_part, &shape, order).map_err(raise)?;
            let flat = base.call_method0(intern!(py, "ravel"))?;
            let list = flat.call_method0(intern!(py, "tolist"))?.cast_into::<PyList>()?;
            self.fills.push(Fill::Objects(part, list));
            part
        } else {
            self.builder.array(&input::array_of(&base, dtype)?).map_err(raise)?
        };
        self.builder.refine(part, extra).map_err(raise)?;
        Ok(part)
    }
}

/// Whether the elements are in Fortran's order, and not in that of C as well.
fn is_fortran(array: &Bound<'_, PyAny>) -> PyResult<bool> {
    let flags = array.getattr(intern!(array.py(), "flags"))?;
    flags.getattr(intern!(array.py(), "fnc"))?.extract()
}

/// Whether a dtype has metadata, or a part of it has; one that is deeper than the library lets
/// dtypes be is refused elsewhere.
fn has_metadata(dtype: &Bound<'_, PyAny>, depth: usize) -> PyResult<bool> {
    let py = dtype.py();
    if depth > dtype::DEPTH {
        return Ok(false);
    }
    if !dtype.getattr(intern!(py, "metadata"))?.is_none() {
        return Ok(true);
    }
    let base = dtype.getattr(intern!(py, "base"))?;
    if !base.is(dtype) {
        return has_metadata(&base, depth + 1);
    }
    let names = dtype.getattr(intern!(py, "names"))?;
    if names.is_none() {
        return Ok(false);
    }
    for name in names.try_iter()? {
        if has_metadata(&dtype.get_item(name?)?, depth + 1)? {
            return Ok(true);
        }
    }
    Ok(false)
}
