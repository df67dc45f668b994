//! Objects by what makes them: `npstow.Object`, and what `__reduce_ex__` says.
#![forbid(unsafe_code)]

use super::kinds::Kind;
use super::{Fill, Taker, What, odd};
use crate::error::raise;
use npstow::{ArrayExtra, Error, Part};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple, PyType};

impl<'py> Taker<'py> {
    /// An `npstow.Object` of its class and its arguments.
    pub(super) fn object(&mut self, object: &Bound<'py, PyAny>, parts: &[Part]) -> PyResult<Part> {
        let &[class, args] = parts else { return Err(odd()) };
        let of = |name| object.getattr(name);
        let made: String = of(intern!(self.py, "made"))?.extract()?;
        let part = self.builder.object(class, Some(args), &made).map_err(raise)?;
        self.fills.push(Fill::Object(part, object.clone()));
        Ok(part)
    }

    /// An `npstow.Object` that is an array of a subclass.
    pub(super) fn subclass(
        &mut self,
        object: &Bound<'py, PyAny>,
        parts: &[Part],
    ) -> PyResult<Part> {
        let &[class, dtype, state] = parts else { return Err(odd()) };
        let array = object.getattr(intern!(self.py, "array"))?;
        if !matches!(self.kinds.of(&array)?, Kind::Array) {
            return Err(raise(Error::invalid("an array of an object that is no numpy.ndarray")));
        }
        let has_state = !object.getattr(intern!(self.py, "state"))?.is_none();
        let state = Some(state).filter(|_| has_state);
        let extra = ArrayExtra { class: Some(class), state, dtype: Some(dtype), mask: None };
        self.elements(&array, dtype, extra)
    }

    pub(super) fn fill_object(&mut self, part: Part, object: &Bound<'py, PyAny>) -> PyResult<()> {
        let of = |name| object.getattr(name);
        let state = of(intern!(self.py, "state"))?;
        let state = if state.is_none() { None } else { Some(self.one(&state)?) };
        let items = of(intern!(self.py, "items"))?.cast_into::<PyList>()?;
        let items = self.all(items.iter())?;
        let pairs = of(intern!(self.py, "pairs"))?.cast_into::<PyDict>()?;
        let pairs = self.pairs(&pairs)?;
        self.builder.equip(part, state, &items, &pairs).map_err(raise)
    }

    /// What an object of a class of Python's says of itself.
    pub(super) fn reduced(
        &mut self,
        object: &Bound<'py, PyAny>,
    ) -> PyResult<(What<'py>, Vec<Bound<'py, PyAny>>)> {
        let py = self.py;
        let said = object.call_method1(intern!(py, "__reduce_ex__"), (self.protocol,))?;
        let said = said.cast_into::<PyTuple>()?;
        self.kept.push(said.clone().into_any());
        let at = |at: usize| -> PyResult<Bound<'py, PyAny>> {
            if at < said.len() { said.get_item(at) } else { Ok(py.None().into_bound(py)) }
        };
        let (function, args) = (at(0)?, at(1)?.cast_into::<PyTuple>()?);
        let rest = [at(2)?, at(3)?, at(4)?];
        if function.cast::<PyType>().is_ok() {
            let args = args.into_any();
            return Ok((What::Reduced("call", rest), vec![function, args]));
        }
        let name: String = function.getattr(intern!(py, "__name__"))?.extract()?;
        match name.as_str() {
            "__newobj__" => {
                let class = args.get_item(0)?;
                let args = args.get_slice(1, args.len());
                self.kept.push(args.clone().into_any());
                Ok((What::Reduced("new", rest), vec![class, args.into_any()]))
            }
            "_array_reconstructor" => {
                let global = self.inert.global.call1(("array", name))?;
                self.kept.push(global.clone());
                Ok((What::Reduced("call", rest), vec![global, args.into_any()]))
            }
            _ => {
                let what = format!("{} made by {name}", object.get_type().qualname()?);
                Err(raise(Error::unsupported(what)))
            }
        }
    }

    pub(super) fn close_reduced(
        &mut self,
        made: &str,
        parts: &[Part],
        rest: &[Bound<'py, PyAny>; 3],
    ) -> PyResult<Part> {
        let &[class, args] = parts else { return Err(odd()) };
        let part = self.builder.object(class, Some(args), made).map_err(raise)?;
        if rest.iter().any(|part| !part.is_none()) {
            self.fills.push(Fill::Reduced(part, rest.clone()));
        }
        Ok(part)
    }

    pub(super) fn fill_reduced(
        &mut self,
        part: Part,
        [state, items, pairs]: &[Bound<'py, PyAny>; 3],
    ) -> PyResult<()> {
        let state = if state.is_none() { None } else { Some(self.one(state)?) };
        let mut added = Vec::new();
        if !items.is_none() {
            for item in items.try_iter()? {
                let item = item?;
                added.push(self.one(&item)?);
                self.kept.push(item);
            }
        }
        let mut set = Vec::new();
        if !pairs.is_none() {
            for pair in pairs.try_iter()? {
                let (key, value): (Bound<'py, PyAny>, Bound<'py, PyAny>) = pair?.extract()?;
                set.push(self.one(&key)?);
                set.push(self.one(&value)?);
                self.kept.push(key);
                self.kept.push(value);
            }
        }
        self.builder.equip(part, state, &added, &set).map_err(raise)
    }
}
