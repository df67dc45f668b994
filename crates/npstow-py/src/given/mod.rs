//! Objects of Python as values of the library: what is data, and nothing else.
//!
//! The other way round of `value`, and as it, not recursive: what can change is made empty and filled
//! later; what cannot is made when its parts are. Only exact types are taken: an object of a class
//! of one's own is more than the builtin that it extends, and is refused by its name.
#![forbid(unsafe_code)]

mod arrays;
mod kinds;
mod object;

use crate::error::raise;
use crate::value::Inert;
use kinds::{Kind, Kinds};
use npstow::{Error, Part, Value, ValueBuilder};
use pyo3::exceptions::PyUnicodeEncodeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{
    PyBool, PyByteArray, PyBytes, PyComplex, PyDict, PyFloat, PyFrozenSet, PyInt, PyList, PySet,
    PyString, PyTuple,
};
use std::collections::{HashMap, HashSet};

/// Longer strings are the same only where they are one object.
const LONGEST: usize = 256;

/// A part of a container that is still to be filled.
enum Fill<'py> {
    List(Part, Bound<'py, PyList>),
    Set(Part, Bound<'py, PyAny>),
    Dict(Part, Bound<'py, PyDict>),
    /// An `npstow.Object`.
    Object(Part, Bound<'py, PyAny>),
    /// What `__reduce_ex__` says beside the call: state, items, keys with values.
    Reduced(Part, [Bound<'py, PyAny>; 3]),
    /// An array of objects, and they.
    Objects(Part, Bound<'py, PyList>),
}

/// Something that is made when its parts are.
struct Frame<'py> {
    object: Bound<'py, PyAny>,
    what: What<'py>,
    parts: Vec<Bound<'py, PyAny>>,
    next: usize,
    start: usize,
}

/// What is made of the parts.
enum What<'py> {
    Tuple,
    FrozenSet,
    Persistent,
    /// An `npstow.Object`: its class, and its arguments.
    Object,
    /// One that is an array: its class, its dtype, its state.
    Subclass,
    /// The call that makes an object of a class that is data: how, and what follows.
    Reduced(&'static str, [Bound<'py, PyAny>; 3]),
    /// A dtype with metadata.
    Dtype,
    /// A scalar of such a dtype.
    Scalar,
    /// An array, and what there is beside it.
    Array(arrays::Beside),
}

/// Makes a value of objects.
pub(crate) struct Taker<'py> {
    py: Python<'py>,
    builder: ValueBuilder,
    protocol: u8,
    persistent_id: Option<Bound<'py, PyAny>>,
    inert: Inert<'py>,
    kinds: Kinds<'py>,
    /// What was taken, by where it is in memory.
    taken: HashMap<usize, Part>,
    texts: HashMap<String, Part>,
    bytes: HashMap<Vec<u8>, Part>,
    globals: HashMap<(String, String), Part>,
    /// Objects that nobody else keeps, so that their places are not used again.
    kept: Vec<Bound<'py, PyAny>>,
    frames: Vec<Frame<'py>>,
    stack: Vec<Part>,
    fills: Vec<Fill<'py>>,
    /// Persistent identifiers: these have none of their own.
    ids: HashSet<usize>,
}

/// The value that an object is.
pub(crate) fn take<'py>(
    object: &Bound<'py, PyAny>,
    protocol: u8,
    persistent_id: Option<Bound<'py, PyAny>>,
) -> PyResult<Value> {
    let py = object.py();
    let mut taker = Taker {
        py,
        builder: ValueBuilder::default(),
        protocol,
        persistent_id,
        inert: Inert::new(py)?,
        kinds: Kinds::new(py)?,
        taken: HashMap::new(),
        texts: HashMap::new(),
        bytes: HashMap::new(),
        globals: HashMap::new(),
        kept: Vec::new(),
        frames: Vec::new(),
        stack: Vec::new(),
        fills: Vec::new(),
        ids: HashSet::new(),
    };
    let top = taker.one(object)?;
    while let Some(fill) = taker.fills.pop() {
        taker.fill(fill)?;
    }
    taker.builder.finish(top).map_err(raise)
}

fn place(object: &Bound<'_, PyAny>) -> usize {
    object.as_ptr() as usize
}

impl<'py> Taker<'py> {
    /// An object; what can change may still be empty.
    fn one(&mut self, object: &Bound<'py, PyAny>) -> PyResult<Part> {
        let base = self.frames.len();
        if let Some(part) = self.quick(object)? {
            return Ok(part);
        }
        self.open(object)?;
        loop {
            let Some(frame) = self.frames.last_mut() else { return Err(odd()) };
            if let Some(part) = frame.parts.get(frame.next).cloned() {
                frame.next += 1;
                match self.quick(&part)? {
                    Some(part) => self.stack.push(part),
                    None => self.open(&part)?,
                }
                continue;
            }
            let Some(frame) = self.frames.pop() else { return Err(odd()) };
            let part = self.close(&frame)?;
            self.taken.insert(place(&frame.object), part);
            if self.frames.len() == base {
                return Ok(part);
            }
            self.stack.push(part);
        }
    }

    fn all(&mut self, objects: impl IntoIterator<Item = Bound<'py, PyAny>>) -> PyResult<Vec<Part>> {
        objects.into_iter().map(|object| self.one(&object)).collect()
    }

    /// What needs nothing, or was taken before, or can be filled later.
    fn quick(&mut self, object: &Bound<'py, PyAny>) -> PyResult<Option<Part>> {
        let at = place(object);
        if self.persistent_id.is_some() {
            if let Some(part) = self.taken.get(&at) {
                return Ok(Some(*part));
            }
            if self.has_id(object)? {
                return Ok(None);
            }
        }
        if let Some(part) = self.leaf(object)? {
            return Ok(Some(part));
        }
        if let Some(part) = self.taken.get(&at) {
            return Ok(Some(*part));
        }
        let part = if let Ok(list) = object.cast_exact::<PyList>() {
            let part = self.builder.list().map_err(raise)?;
            self.fills.push(Fill::List(part, list.clone()));
            part
        } else if let Ok(dict) = object.cast_exact::<PyDict>() {
            let part = self.builder.dict().map_err(raise)?;
            self.fills.push(Fill::Dict(part, dict.clone()));
            part
        } else if object.cast_exact::<PySet>().is_ok() {
            let part = self.builder.set_of_none().map_err(raise)?;
            self.fills.push(Fill::Set(part, object.clone()));
            part
        } else {
            match self.single(object)? {
                Some(part) => part,
                None => return Ok(None),
            }
        };
        self.taken.insert(at, part);
        Ok(Some(part))
    }

    /// Numbers, text and bytes.
    fn leaf(&mut self, object: &Bound<'py, PyAny>) -> PyResult<Option<Part>> {
        let builder = &mut self.builder;
        let part = if let Ok(text) = object.cast_exact::<PyString>() {
            return self.text(text).map(Some);
        } else if object.cast_exact::<PyInt>().is_ok() {
            match object.extract::<i64>() {
                Ok(value) => builder.int(value),
                Err(_) => return self.big_int(object).map(Some),
            }
        } else if let Ok(value) = object.cast_exact::<PyFloat>() {
            builder.float(value.value())
        } else if object.is_none() {
            Ok(builder.none())
        } else if let Ok(value) = object.cast_exact::<PyBool>() {
            Ok(builder.bool(value.is_true()))
        } else if let Ok(bytes) = object.cast_exact::<PyBytes>() {
            return self.bytes(bytes.as_bytes()).map(Some);
        } else {
            return Ok(None);
        };
        part.map(Some).map_err(raise)
    }

    /// The same text is the same part: what was the same object by chance is no part of a file.
    fn text(&mut self, text: &Bound<'py, PyString>) -> PyResult<Part> {
        let read = match text.to_str() {
            Ok(read) => read,
            Err(e) if e.is_instance_of::<PyUnicodeEncodeError>(self.py) => {
                let how = (intern!(self.py, "utf-8"), intern!(self.py, "surrogatepass"));
                let bytes = text.call_method1(intern!(self.py, "encode"), how)?;
                let bytes = bytes.cast_into::<PyBytes>()?;
                return self.builder.wide_text(bytes.as_bytes()).map_err(raise);
            }
            Err(e) => return Err(e),
        };
        if read.len() > LONGEST {
            if let Some(part) = self.taken.get(&place(text)) {
                return Ok(*part);
            }
            let part = self.builder.text(read).map_err(raise)?;
            self.taken.insert(place(text), part);
            return Ok(part);
        }
        if let Some(part) = self.texts.get(read) {
            return Ok(*part);
        }
        let part = self.builder.text(read).map_err(raise)?;
        self.texts.insert(read.to_owned(), part);
        Ok(part)
    }

    fn bytes(&mut self, bytes: &[u8]) -> PyResult<Part> {
        if bytes.len() > LONGEST {
            return self.builder.bytes(bytes).map_err(raise);
        }
        if let Some(part) = self.bytes.get(bytes) {
            return Ok(*part);
        }
        let part = self.builder.bytes(bytes).map_err(raise)?;
        self.bytes.insert(bytes.to_vec(), part);
        Ok(part)
    }

    fn big_int(&mut self, object: &Bound<'py, PyAny>) -> PyResult<Part> {
        let py = self.py;
        let bits: usize = object.call_method0(intern!(py, "bit_length"))?.extract()?;
        let kwargs = PyDict::new(py);
        kwargs.set_item(intern!(py, "signed"), true)?;
        let args = (bits / 8 + 1, intern!(py, "little"));
        let bytes = object.call_method(intern!(py, "to_bytes"), args, Some(&kwargs))?;
        self.builder.big_int(bytes.cast_into::<PyBytes>()?.as_bytes()).map_err(raise)
    }

    /// What has no parts that Python would show: names, plain arrays and dtypes.
    fn single(&mut self, object: &Bound<'py, PyAny>) -> PyResult<Option<Part>> {
        if let Ok(value) = object.cast_exact::<PyComplex>() {
            return self.builder.complex(value.real(), value.imag()).map(Some).map_err(raise);
        }
        if let Ok(bytes) = object.cast_exact::<PyByteArray>() {
            return self.builder.bytearray(&bytes.to_vec()).map(Some).map_err(raise);
        }
        if object.cast_exact::<PyTuple>().is_ok() || object.cast_exact::<PyFrozenSet>().is_ok() {
            return Ok(None);
        }
        match self.kinds.of(object)? {
            Kind::Global(module, name) => self.global(&module, &name).map(Some),
            Kind::Name => {
                let (module, name) = self.name_of(object)?;
                self.global(&module, &name).map(Some)
            }
            Kind::Extension => {
                let code = object.getattr(intern!(self.py, "code"))?.extract()?;
                self.builder.extension(code).map(Some).map_err(raise)
            }
            Kind::Array => self.plain_array(object),
            Kind::Dtype => self.plain_dtype(object),
            Kind::Scalar => self.plain_scalar(object),
            Kind::Reduced | Kind::Object | Kind::Persistent | Kind::Masked | Kind::Subarray(_) => {
                Ok(None)
            }
            Kind::Other(name) => Err(refused(&name)),
        }
    }

    fn name_of(&self, global: &Bound<'py, PyAny>) -> PyResult<(String, String)> {
        let of = |name| global.getattr(name)?.extract();
        Ok((of(intern!(self.py, "module"))?, of(intern!(self.py, "name"))?))
    }

    fn global(&mut self, module: &str, name: &str) -> PyResult<Part> {
        let key = (module.to_owned(), name.to_owned());
        if let Some(part) = self.globals.get(&key) {
            return Ok(*part);
        }
        let part = self.builder.global(module, name).map_err(raise)?;
        self.globals.insert(key, part);
        Ok(part)
    }

    /// Whether the caller has a persistent identifier for an object that was not asked about yet.
    fn has_id(&mut self, object: &Bound<'py, PyAny>) -> PyResult<bool> {
        if self.ids.contains(&place(object)) {
            return Ok(false);
        }
        let Some(ask) = &self.persistent_id else { return Ok(false) };
        let id = ask.call1((object,))?;
        if id.is_none() {
            return Ok(false);
        }
        self.ids.insert(place(&id));
        self.kept.push(object.clone());
        self.kept.push(id.clone());
        let parts = vec![id];
        let start = self.stack.len();
        let frame = Frame { object: object.clone(), what: What::Persistent, parts, next: 0, start };
        self.frames.push(frame);
        Ok(true)
    }

    /// Begins something that has parts.
    fn open(&mut self, object: &Bound<'py, PyAny>) -> PyResult<()> {
        if self.frames.last().is_some_and(|f| f.next == 0 && matches!(f.what, What::Persistent)) {
            // `has_id` has done so.
            return Ok(());
        }
        let (what, parts) = if let Ok(tuple) = object.cast_exact::<PyTuple>() {
            (What::Tuple, tuple.iter().collect())
        } else if object.cast_exact::<PyFrozenSet>().is_ok() {
            (What::FrozenSet, self.sorted(object)?)
        } else {
            self.parts(object)?
        };
        self.frames.push(Frame {
            object: object.clone(),
            what,
            parts,
            next: 0,
            start: self.stack.len(),
        });
        Ok(())
    }

    fn parts(
        &mut self,
        object: &Bound<'py, PyAny>,
    ) -> PyResult<(What<'py>, Vec<Bound<'py, PyAny>>)> {
        let of = |name| object.getattr(name);
        match self.kinds.of(object)? {
            Kind::Object => {
                let (cls, array) = (of(intern!(self.py, "cls"))?, of(intern!(self.py, "array"))?);
                if array.is_none() {
                    return Ok((What::Object, vec![cls, of(intern!(self.py, "args"))?]));
                }
                let dtype = array.getattr(intern!(self.py, "dtype"))?;
                self.kept.push(dtype.clone());
                Ok((What::Subclass, vec![cls, dtype, of(intern!(self.py, "state"))?]))
            }
            Kind::Persistent => Ok((What::Persistent, vec![of(intern!(self.py, "id"))?])),
            Kind::Reduced => self.reduced(object),
            Kind::Dtype => {
                let said = object.call_method0(intern!(self.py, "__reduce__"))?;
                let parts = vec![said.get_item(1)?.get_item(0)?, said.get_item(2)?];
                self.kept.push(said);
                Ok((What::Dtype, parts))
            }
            Kind::Scalar => {
                let dtype = of(intern!(self.py, "dtype"))?;
                self.kept.push(dtype.clone());
                Ok((What::Scalar, vec![dtype]))
            }
            Kind::Array => self.array_parts(object, None),
            Kind::Subarray(name) => self.array_parts(object, Some(name)),
            Kind::Masked => self.masked_parts(object),
            _ => Err(odd()),
        }
    }

    /// The members of a set in an order that is always the same.
    fn sorted(&self, set: &Bound<'py, PyAny>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let module = self.py.import(intern!(self.py, "npstow._value"))?;
        let list = module.getattr(intern!(self.py, "in_order"))?.call1((set,))?;
        Ok(list.cast_into::<PyList>()?.iter().collect())
    }

    fn close(&mut self, frame: &Frame<'py>) -> PyResult<Part> {
        let parts = self.stack.split_off(frame.start);
        let first = parts.first().copied().ok_or_else(odd);
        match &frame.what {
            What::Tuple => self.builder.tuple(&parts).map_err(raise),
            What::FrozenSet => self.builder.frozenset_of(&parts).map_err(raise),
            What::Persistent => self.builder.persistent(first?).map_err(raise),
            What::Object => self.object(&frame.object, &parts),
            What::Subclass => self.subclass(&frame.object, &parts),
            What::Reduced(made, rest) => self.close_reduced(made, &parts, rest),
            What::Dtype => match *parts {
                [first, state] => self.dtype(&frame.object, Some((first, state))),
                _ => Err(odd()),
            },
            What::Scalar => self.scalar(&frame.object, first?),
            What::Array(beside) => self.array(&frame.object, beside, &parts),
        }
    }

    fn fill(&mut self, fill: Fill<'py>) -> PyResult<()> {
        match fill {
            Fill::List(part, list) => {
                let parts = self.all(list.iter())?;
                self.builder.fill(part, &parts).map_err(raise)
            }
            Fill::Objects(part, list) => {
                let parts = self.all(list.iter())?;
                self.kept.push(list.into_any());
                self.builder.fill(part, &parts).map_err(raise)
            }
            Fill::Set(part, set) => {
                let parts = self.sorted(&set)?;
                let parts = self.all(parts)?;
                self.builder.fill(part, &parts).map_err(raise)
            }
            Fill::Dict(part, dict) => {
                let parts = self.pairs(&dict)?;
                self.builder.fill(part, &parts).map_err(raise)
            }
            Fill::Object(part, object) => self.fill_object(part, &object),
            Fill::Reduced(part, rest) => self.fill_reduced(part, &rest),
        }
    }

    fn pairs(&mut self, dict: &Bound<'py, PyDict>) -> PyResult<Vec<Part>> {
        let mut parts = Vec::with_capacity(dict.len().saturating_mul(2));
        // A list of its own: the caller's functions may change the dictionary.
        for pair in dict.items().iter() {
            let pair = pair.cast_into::<PyTuple>()?;
            parts.push(self.one(&pair.get_item(0)?)?);
            parts.push(self.one(&pair.get_item(1)?)?);
        }
        Ok(parts)
    }
}

/// The error for what is no data.
fn refused(name: &str) -> PyErr {
    raise(Error::unsupported(format_args!("{name} in a pickle of data")))
}

fn odd() -> PyErr {
    raise(Error::invalid("objects that cannot be taken one after another"))
}
