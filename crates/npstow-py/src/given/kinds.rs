//! Which types are data.
#![forbid(unsafe_code)]

use crate::value::Inert;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyType};
use std::collections::HashMap;

/// What an object is to who writes it.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// A class that is data, by the name that it has in files.
    Global(String, String),
    /// An `npstow.pickle.Global`, and the like.
    Name,
    Object,
    Persistent,
    Extension,
    Array,
    Subarray(&'static str),
    Masked,
    Dtype,
    Scalar,
    /// Its own `__reduce_ex__` says what it is made of.
    Reduced,
    /// Nothing of that: what it is, in words.
    Other(String),
}

/// Classes whose `__reduce_ex__` is Python's, and gives data.
const REDUCED: &[(&str, &str)] = &[
    ("datetime", "datetime"),
    ("datetime", "date"),
    ("datetime", "time"),
    ("datetime", "timedelta"),
    ("datetime", "timezone"),
    ("decimal", "Decimal"),
    ("fractions", "Fraction"),
    ("uuid", "UUID"),
    ("pathlib", "PurePosixPath"),
    ("pathlib", "PosixPath"),
    ("pathlib", "PureWindowsPath"),
    ("pathlib", "WindowsPath"),
    ("collections", "OrderedDict"),
    ("collections", "defaultdict"),
    ("collections", "deque"),
    ("collections", "Counter"),
    ("array", "array"),
    ("builtins", "slice"),
    ("builtins", "range"),
    ("builtins", "object"),
];

/// Other classes that may stand for themselves.
const CLASSES: &[(&str, &str)] = &[
    ("builtins", "int"),
    ("builtins", "float"),
    ("builtins", "bool"),
    ("builtins", "str"),
    ("builtins", "bytes"),
    ("builtins", "bytearray"),
    ("builtins", "complex"),
    ("builtins", "list"),
    ("builtins", "tuple"),
    ("builtins", "dict"),
    ("builtins", "set"),
    ("builtins", "frozenset"),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("numpy", "matrix"),
    ("numpy", "recarray"),
    ("numpy", "record"),
    ("numpy", "void"),
];

/// Kinds of types that were met, by where these are in memory.
pub(super) struct Kinds<'py> {
    py: Python<'py>,
    known: HashMap<usize, Kind>,
    /// Types stay where they are as long as they are kept.
    kept: Vec<Bound<'py, PyType>>,
    generic: Bound<'py, PyAny>,
    dtype: Bound<'py, PyAny>,
}

impl<'py> Kinds<'py> {
    pub(super) fn new(py: Python<'py>) -> PyResult<Self> {
        let numpy = py.import(intern!(py, "numpy"))?;
        let inert = Inert::new(py)?;
        let generic = numpy.getattr(intern!(py, "generic"))?;
        let dtype = numpy.getattr(intern!(py, "dtype"))?;
        let mut kinds = Self { py, known: HashMap::new(), kept: Vec::new(), generic, dtype };
        for (class, kind) in [
            (inert.object, Kind::Object),
            (inert.global, Kind::Name),
            (inert.persistent, Kind::Persistent),
            (inert.extension, Kind::Extension),
            (numpy.getattr(intern!(py, "ndarray"))?, Kind::Array),
            // There is no map behind it for who reads it.
            (numpy.getattr(intern!(py, "memmap"))?, Kind::Array),
            (numpy.getattr(intern!(py, "matrix"))?, Kind::Subarray("matrix")),
            (numpy.getattr(intern!(py, "recarray"))?, Kind::Subarray("recarray")),
            (numpy.getattr("char")?.getattr("chararray")?, Kind::Subarray("chararray")),
            (numpy.getattr("ma")?.getattr("MaskedArray")?, Kind::Masked),
        ] {
            kinds.known.insert(class.as_ptr() as usize, kind);
        }
        Ok(kinds)
    }

    pub(super) fn of(&mut self, object: &Bound<'py, PyAny>) -> PyResult<Kind> {
        let class = object.get_type();
        let at = class.as_ptr() as usize;
        if let Some(kind) = self.known.get(&at) {
            return Ok(kind.clone());
        }
        if let Ok(object) = object.cast::<PyType>() {
            return self.class(object);
        }
        let kind = if object.is_instance(&self.dtype)? {
            return self.dtype_kind(object);
        } else if object.is_instance(&self.generic)? {
            let own =
                object.getattr(intern!(self.py, "dtype"))?.getattr(intern!(self.py, "type"))?;
            if own.is(&class) { Kind::Scalar } else { other(&class)? }
        } else {
            match named(&class, REDUCED)? {
                Some(_) => Kind::Reduced,
                None if is_function(&class)? => return function(object),
                None => other(&class)?,
            }
        };
        self.kept.push(class);
        self.known.insert(at, kind.clone());
        Ok(kind)
    }

    /// A class as an object: a name, where it is that of data.
    fn class(&self, class: &Bound<'py, PyType>) -> PyResult<Kind> {
        if let Some((module, name)) = named(class, REDUCED)?.or(named(class, CLASSES)?) {
            return Ok(Kind::Global(module.to_owned(), name.to_owned()));
        }
        let module: String = class.module()?.extract()?;
        let (generic, name) = (self.generic.cast::<PyType>()?, class.name()?);
        if module == "numpy" && class.is_subclass(generic)? {
            let name = name.to_str()?;
            let found = self.py.import(intern!(self.py, "numpy"))?.getattr_opt(name)?;
            if found.is_some_and(|found| found.is(class)) {
                // The name that NumPy 1 and 2 have for it.
                let name = if name == "bool" { "bool_" } else { name };
                return Ok(Kind::Global(module, name.to_owned()));
            }
        }
        Ok(Kind::Other(format!("the class {module}.{}", class.qualname()?)))
    }

    /// Dtypes of others, and those that keep their elements elsewhere, are no bytes.
    fn dtype_kind(&self, dtype: &Bound<'py, PyAny>) -> PyResult<Kind> {
        let legacy = dtype.get_type().getattr_opt(intern!(self.py, "_legacy"))?;
        let is_legacy = legacy.map_or(Ok(true), |legacy| legacy.is_truthy())?;
        let builtin: i32 = dtype.getattr(intern!(self.py, "isbuiltin"))?.extract()?;
        if is_legacy && builtin != 2 {
            return Ok(Kind::Dtype);
        }
        Ok(Kind::Other(format!("the dtype {}", dtype.str()?)))
    }
}

/// The entry of a list that a class is: the class itself, as the interpreter has it.
fn named(
    class: &Bound<'_, PyType>,
    list: &'static [(&'static str, &'static str)],
) -> PyResult<Option<(&'static str, &'static str)>> {
    let name = class.name()?;
    let name = name.to_str()?;
    let Some((module, name)) = list.iter().find(|(_, known)| *known == name) else {
        return Ok(None);
    };
    // Whoever has an object of it has imported its module.
    let modules = class.py().import("sys")?.getattr("modules")?.cast_into::<PyDict>()?;
    let Some(found) = modules.get_item(module)? else { return Ok(None) };
    let found = found.getattr_opt(*name)?;
    Ok(found.filter(|found| found.is(class)).map(|_| (*module, *name)))
}

fn other(class: &Bound<'_, PyType>) -> PyResult<Kind> {
    let (module, name) = (class.module()?, class.qualname()?);
    Ok(Kind::Other(format!("an object of the class {module}.{name}")))
}

fn is_function(class: &Bound<'_, PyType>) -> PyResult<bool> {
    Ok(["function", "builtin_function_or_method", "method"].contains(&class.name()?.to_str()?))
}

fn function(function: &Bound<'_, PyAny>) -> PyResult<Kind> {
    let py = function.py();
    let module = function.getattr_opt(intern!(py, "__module__"))?;
    let name = function.getattr_opt(intern!(py, "__qualname__"))?;
    let text = |part: Option<Bound<'_, PyAny>>| {
        part.map_or(Ok("?".to_owned()), |p| Ok::<_, PyErr>(p.str()?.to_string()))
    };
    Ok(Kind::Other(format!("the function {}.{}", text(module)?, text(name)?)))
}
