//! `npstow.Object` and the like: what is no data is held by them, and does nothing.
#![forbid(unsafe_code)]

use super::known::Shell;
use super::{Fill, Maker, hashed};
use crate::error::raise;
use npstow::{ArrayForm, Error, Form, ObjectForm, Refs, ValueRef};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};

/// The classes, which are Python's: `_value.py`.
pub(crate) struct Inert<'py> {
    pub(crate) object: Bound<'py, PyAny>,
    new: Bound<'py, PyAny>,
    pub(crate) global: Bound<'py, PyAny>,
    pub(crate) persistent: Bound<'py, PyAny>,
    pub(crate) extension: Bound<'py, PyAny>,
}

impl<'py> Inert<'py> {
    pub(crate) fn new(py: Python<'py>) -> PyResult<Self> {
        let module = py.import(intern!(py, "npstow._value"))?;
        let object = module.getattr(intern!(py, "Object"))?;
        Ok(Self {
            new: object.getattr(intern!(py, "__new__"))?,
            object,
            global: module.getattr(intern!(py, "Global"))?,
            persistent: module.getattr(intern!(py, "Persistent"))?,
            extension: module.getattr(intern!(py, "Extension"))?,
        })
    }

    pub(super) fn global(&self, module: &str, name: &str) -> PyResult<Bound<'py, PyAny>> {
        self.global.call1((module, name))
    }

    pub(super) fn persistent(&self, id: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.persistent.call1((id,))
    }

    pub(super) fn extension(&self, number: u32) -> PyResult<Bound<'py, PyAny>> {
        self.extension.call1((number,))
    }

    /// Whether it is one of these: they can be called by nobody.
    pub(super) fn is_one(&self, object: &Bound<'py, PyAny>) -> bool {
        [&self.object, &self.global, &self.persistent, &self.extension]
            .into_iter()
            .any(|class| object.get_type().is(class))
    }
}

/// What an object is filled with, beside what it is made of.
#[derive(Clone)]
pub(super) struct Parts<'a> {
    made: &'static str,
    state: Option<ValueRef<'a>>,
    items: Option<Refs<'a>>,
    pairs: Option<Refs<'a>>,
    /// The array that it is, and whether it has a class, a mask, a state of its own.
    pub(super) array: Option<(ValueRef<'a>, [bool; 3])>,
}

impl<'a> Parts<'a> {
    pub(super) fn of(object: &ObjectForm<'a>) -> Self {
        let some = |refs: &Refs<'a>| Some(refs.clone()).filter(|refs| refs.len() > 0);
        Self {
            made: object.made,
            state: object.state,
            items: some(&object.items),
            pairs: some(&object.pairs),
            array: None,
        }
    }

    pub(super) fn of_array(value: ValueRef<'a>, array: &ArrayForm<'a>) -> Self {
        let has = [array.class.is_some(), array.mask.is_some(), array.state.is_some()];
        let state = array.state;
        Self { made: "array", state, items: None, pairs: None, array: Some((value, has)) }
    }
}

impl<'py, 'a> Maker<'py, 'a> {
    /// An object of its class and its arguments, which are made; all else comes later.
    pub(super) fn close_object(
        &mut self,
        value: ValueRef<'a>,
        of: &Parts<'a>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let Form::Object(object) = value.form() else {
            return Err(raise(Error::invalid("an object that is none")));
        };
        let class = self.inert_class(object.class)?;
        let args = match object.args {
            Some(args) => self.one(args)?,
            None => PyTuple::empty(self.py).into_any(),
        };
        self.object(&class, args, of)
    }

    fn object(
        &mut self,
        class: &Bound<'py, PyAny>,
        args: Bound<'py, PyAny>,
        of: &Parts<'a>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = self.py;
        let made = self.inert.new.call1((&self.inert.object,))?;
        made.setattr(intern!(py, "cls"), class)?;
        made.setattr(intern!(py, "args"), args)?;
        made.setattr(intern!(py, "state"), py.None())?;
        made.setattr(intern!(py, "items"), PyList::empty(py))?;
        made.setattr(intern!(py, "pairs"), PyDict::new(py))?;
        made.setattr(intern!(py, "array"), py.None())?;
        made.setattr(intern!(py, "made"), of.made)?;
        if of.state.is_some() || of.items.is_some() || of.pairs.is_some() {
            self.fills.push(Fill::Object(made.clone(), of.clone()));
        }
        Ok(made)
    }

    /// An object whose class would have been called, had it taken the arguments.
    pub(super) fn inert_call(&mut self, value: ValueRef<'a>) -> PyResult<Bound<'py, PyAny>> {
        let Form::Object(object) = value.form() else {
            return Err(raise(Error::invalid("an object that is none")));
        };
        self.close_object(value, &Parts::of(&object))
    }

    /// A class by its name, whatever it is.
    fn inert_class(&mut self, class: ValueRef<'a>) -> PyResult<Bound<'py, PyAny>> {
        match class.form() {
            Form::Global(module, name) => {
                if let Some(known) = class.id().and_then(|id| self.names.get(&id)) {
                    return Ok(known.clone());
                }
                let made = self.inert.global(module, name)?;
                if let Some(id) = class.id() {
                    self.names.insert(id, made.clone());
                }
                Ok(made)
            }
            _ => self.one(class),
        }
    }

    /// An array that is more than an array.
    pub(super) fn close_array(
        &mut self,
        value: ValueRef<'a>,
        of: &Parts<'a>,
        parts: Vec<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let Form::Array(array) = value.form() else {
            return Err(raise(Error::invalid("an array that is none")));
        };
        let has = of.array.map_or([false; 3], |(_, has)| has);
        let mut parts = parts.into_iter();
        let mut next = |has: bool| if has { parts.next() } else { None };
        let (class, mask, state) = (next(has[0]), next(has[1]), next(has[2]));
        let known = array.class.and_then(ValueRef::known);
        let base = self.base(value, &array)?;
        if let Some(made) = self.subclass(known, &base, mask.as_ref(), state.as_ref())? {
            return Ok(made);
        }
        let class = match array.class {
            Some(class) => self.inert_class(class)?,
            None => class.ok_or_else(|| raise(Error::invalid("an array of no class")))?,
        };
        let args = PyTuple::empty(self.py).into_any();
        let made = self.object(&class, args, of)?;
        made.setattr(intern!(self.py, "array"), base)?;
        Ok(made)
    }

    pub(super) fn fill_object(
        &mut self,
        made: &Bound<'py, PyAny>,
        parts: &Parts<'a>,
    ) -> PyResult<()> {
        let py = self.py;
        if let Some(state) = parts.state {
            let state = self.one(state)?;
            made.setattr(intern!(py, "state"), state)?;
        }
        if let Some(items) = parts.items.clone() {
            let list = made.getattr(intern!(py, "items"))?;
            let list = list.cast_into::<PyList>()?;
            for item in items {
                let item = self.one(item)?;
                list.append(item)?;
            }
        }
        if let Some(pairs) = parts.pairs.clone() {
            let dict = made.getattr(intern!(py, "pairs"))?.cast_into::<PyDict>()?;
            self.fill_dict(&dict, pairs)?;
        }
        Ok(())
    }

    pub(super) fn fill_shell(
        &mut self,
        made: &Bound<'py, PyAny>,
        shell: Shell<'a>,
    ) -> PyResult<()> {
        match shell {
            Shell::Pairs(mut cells) => {
                while let (Some(key), Some(value)) = (cells.next(), cells.next()) {
                    let (key, value) = (self.key(key)?, self.one(value)?);
                    hashed(self.py, self.wishes, made.set_item(key, value))?;
                }
            }
            Shell::Listed(pairs) => {
                for pair in pairs {
                    let (Form::List(mut pair) | Form::Tuple(mut pair)) = pair.form() else {
                        continue;
                    };
                    if let (Some(key), Some(value)) = (pair.next(), pair.next()) {
                        let (key, value) = (self.key(key)?, self.one(value)?);
                        hashed(self.py, self.wishes, made.set_item(key, value))?;
                    }
                }
            }
            Shell::Items(first, more) => {
                let mut append = None;
                for item in first.chain(more) {
                    let item = self.one(item)?;
                    let append = match &append {
                        Some(append) => append,
                        None => append.insert(made.getattr(intern!(self.py, "append"))?),
                    };
                    append.call1((item,))?;
                }
            }
        }
        Ok(())
    }
}
