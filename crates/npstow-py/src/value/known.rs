//! Classes whose objects are data: the one table of what is imported, and how it is called.
//!
//! What a file names is looked up here and nowhere else. A file that names something of the table
//! in a way that its class does not take gets an inert object.
#![forbid(unsafe_code)]

use npstow::{Form, ObjectForm, Refs, ValueRef};
use pyo3::exceptions::{PyException, PyMemoryError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyList, PyTuple};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Integers of more bytes are no parts of fractions: to bring these to lowest terms takes long.
const FRACTION: usize = 4096;

/// Scalar types of NumPy, which models keep beside their arrays.
const SCALARS: &[&str] = &[
    "bool",
    "bool_",
    "int8",
    "int16",
    "int32",
    "int64",
    "intc",
    "intp",
    "longlong",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "uintc",
    "uintp",
    "ulonglong",
    "float16",
    "float32",
    "float64",
    "longdouble",
    "complex64",
    "complex128",
    "clongdouble",
    "str_",
    "bytes_",
    "datetime64",
    "timedelta64",
    "object_",
];

/// The class itself, of one that is data.
pub(super) fn class<'py>(
    py: Python<'py>,
    value: ValueRef<'_>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let Form::Global(module, name) = value.form() else { return Ok(None) };
    match value.known() {
        Some("array._array_reconstructor") => Ok(None),
        Some(known) => imported(py, known).map(Some),
        None if module == "numpy" && SCALARS.contains(&name) => {
            let name = if name == "bool" { "bool_" } else { name };
            py.import(intern!(py, "numpy"))?.getattr(name).map(Some)
        }
        None => Ok(None),
    }
}

/// What was imported before, by its name.
static CLASSES: PyOnceLock<Mutex<HashMap<&'static str, Py<PyAny>>>> = PyOnceLock::new();

/// Something of the table by its name.
pub(super) fn imported<'py>(py: Python<'py>, known: &'static str) -> PyResult<Bound<'py, PyAny>> {
    let classes = CLASSES.get_or_init(py, Mutex::default);
    // Nothing of Python runs while the lock is held.
    let found = || {
        let classes = classes.lock().unwrap_or_else(PoisonError::into_inner);
        classes.get(known).map(|found| found.clone_ref(py))
    };
    if let Some(found) = found() {
        return Ok(found.into_bound(py));
    }
    let here = match known {
        // Only the pure ones can be made everywhere.
        "pathlib.WindowsPath" if cfg!(not(windows)) => "pathlib.PureWindowsPath",
        "pathlib.PosixPath" if cfg!(windows) => "pathlib.PurePosixPath",
        known => known,
    };
    let (module, name) = here.rsplit_once('.').unwrap_or(("builtins", here));
    let made = py.import(module)?.getattr(name)?;
    classes.lock().unwrap_or_else(PoisonError::into_inner).insert(known, made.clone().unbind());
    Ok(made)
}

/// How an object is made of its parts, all of which are there.
#[derive(Clone, Copy, Debug)]
pub(super) enum Recipe {
    /// The class is called with them.
    Call(&'static str),
    /// Of `array.array`: a letter, and then the items.
    Items,
    /// An integer, and how safe it is.
    Uuid,
}

/// The recipe for an object that cannot change, and its parts.
pub(super) fn recipe<'a>(object: &ObjectForm<'a>) -> Option<(Recipe, Vec<ValueRef<'a>>)> {
    let known = object.class.known()?;
    if object.items.len() > 0
        || object.pairs.len() > 0
        || !matches!(object.made, "call" | "new" | "rebuilt")
    {
        return None;
    }
    if known == "uuid.UUID" {
        return uuid(object).map(|parts| (Recipe::Uuid, parts));
    }
    if object.state.is_some() {
        return None;
    }
    let args: Vec<ValueRef<'a>> = match object.args?.form() {
        Form::Tuple(args) => args.collect(),
        _ => return None,
    };
    if known == "array.array" {
        let [letter, items] = *args else { return None };
        return match items.form() {
            Form::List(items) if items.clone().all(|item| is_number(item)) => {
                Some((Recipe::Items, std::iter::once(letter).chain(items).collect()))
            }
            Form::Str(_) | Form::Bytes(_) => Some((Recipe::Call(known), args)),
            _ => None,
        };
    }
    let is_fine = match known {
        "datetime.datetime" | "datetime.date" | "datetime.time" | "datetime.timedelta"
        | "datetime.timezone" | "builtins.slice" | "builtins.range" => {
            args.iter().all(|arg| is_whole(*arg))
        }
        "decimal.Decimal" => matches!(*args, [one] if matches!(one.form(), Form::Str(_))),
        "fractions.Fraction" => is_fraction(&args),
        "array._array_reconstructor" => {
            args.first().is_some_and(|class| class.known() == Some("array.array"))
        }
        known if known.starts_with("pathlib.") => {
            args.iter().all(|arg| matches!(arg.form(), Form::Str(_)))
        }
        _ => false,
    };
    is_fine.then_some((Recipe::Call(known), args))
}

fn is_number(item: ValueRef<'_>) -> bool {
    matches!(
        item.form(),
        Form::Int(_) | Form::Float(_) | Form::Bool(_) | Form::BigInt(_) | Form::Str(_)
    )
}

/// Whether a part is all there as soon as it is made.
fn is_whole(part: ValueRef<'_>) -> bool {
    !matches!(part.form(), Form::List(_) | Form::Dict(_) | Form::Set(_))
}

/// Two integers, or their text: what `str` of a fraction gives, and no power of ten that would take
/// all memory.
fn is_fraction(args: &[ValueRef<'_>]) -> bool {
    match *args {
        [text] => {
            let Form::Str(text) = text.form() else { return false };
            let digits = text.strip_prefix('-').unwrap_or(text);
            text.len() < FRACTION
                && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'/')
        }
        [above, below] => [above, below].into_iter().all(|part| match part.form() {
            Form::Int(_) => true,
            Form::BigInt(bytes) => bytes.len() < FRACTION,
            _ => false,
        }),
        _ => false,
    }
}

/// `int` and `is_safe` of the state.
fn uuid<'a>(object: &ObjectForm<'a>) -> Option<Vec<ValueRef<'a>>> {
    if let Some(args) = object.args {
        match args.form() {
            Form::Tuple(args) if args.len() == 0 => {}
            _ => return None,
        }
    }
    let Form::Dict(mut cells) = object.state?.form() else { return None };
    let (mut int, mut safe) = (None, None);
    while let (Some(key), Some(value)) = (cells.next(), cells.next()) {
        match key.form() {
            Form::Str("int") => int = Some(value),
            Form::Str("is_safe") => safe = Some(value),
            _ => return None,
        }
    }
    let int = int.filter(|int| matches!(int.form(), Form::Int(_) | Form::BigInt(_)))?;
    Some(std::iter::once(int).chain(safe).collect())
}

/// What a recipe makes; `None` where the class does not take its parts.
pub(super) fn call<'py>(
    py: Python<'py>,
    recipe: Recipe,
    parts: &[Bound<'py, PyAny>],
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let made = match recipe {
        Recipe::Call(known) => imported(py, known)?.call1(PyTuple::new(py, parts)?),
        Recipe::Items => match parts.split_first() {
            Some((letter, items)) => {
                let items = PyList::new(py, items)?;
                imported(py, "array.array")?.call1((letter, items))
            }
            None => return Ok(None),
        },
        Recipe::Uuid => {
            let kwargs = PyDict::new(py);
            if let Some(int) = parts.first() {
                kwargs.set_item("int", int)?;
            }
            if let Some(safe) = parts.get(1) {
                let safe = match safe.hasattr("value")? {
                    true => safe.clone(),
                    false => match py.import("uuid")?.getattr("SafeUUID")?.call1((safe,)) {
                        Ok(safe) => safe,
                        Err(_) => return Ok(None),
                    },
                };
                kwargs.set_item("is_safe", safe)?;
            }
            imported(py, "uuid.UUID")?.call((), Some(&kwargs))
        }
    };
    taken(py, made)
}

/// Whether a class has taken its parts; what no class decides is raised.
fn taken<'py>(
    py: Python<'py>,
    made: PyResult<Bound<'py, PyAny>>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    match made {
        Ok(made) => Ok(Some(made)),
        Err(e) if !e.is_instance_of::<PyException>(py) || e.is_instance_of::<PyMemoryError>(py) => {
            Err(e)
        }
        Err(_) => Ok(None),
    }
}

/// What a container of a class of its own is filled with.
pub(super) enum Shell<'a> {
    /// Keys and values by turns.
    Pairs(Refs<'a>),
    /// Pairs within a list.
    Listed(Refs<'a>),
    Items(Refs<'a>, Refs<'a>),
}

fn none<'a>(object: &ObjectForm<'a>) -> Refs<'a> {
    // None of the items: the end of them.
    let mut refs = object.items.clone();
    refs.by_ref().for_each(drop);
    refs
}

/// A container that can change, still empty.
pub(super) fn shell<'py, 'a>(
    py: Python<'py>,
    object: &ObjectForm<'a>,
) -> PyResult<Option<(Bound<'py, PyAny>, Shell<'a>)>> {
    let Some(known) = object.class.known() else { return Ok(None) };
    if object.state.is_some() || !matches!(object.made, "call" | "new") {
        return Ok(None);
    }
    let args: Vec<ValueRef<'a>> = match object.args.map(ValueRef::form) {
        None => Vec::new(),
        Some(Form::Tuple(args)) => args.collect(),
        Some(_) => return Ok(None),
    };
    let (no_items, no_pairs) = (object.items.len() == 0, object.pairs.len() == 0);
    let shell = match (known, &*args) {
        ("collections.OrderedDict" | "collections.Counter", []) if no_items => {
            Shell::Pairs(object.pairs.clone())
        }
        ("collections.OrderedDict", &[list]) if no_items && no_pairs => match list.form() {
            Form::List(pairs) if pairs.clone().all(is_pair) => Shell::Listed(pairs),
            _ => return Ok(None),
        },
        ("collections.Counter", &[dict]) if no_items && no_pairs => match dict.form() {
            Form::Dict(cells) => Shell::Pairs(cells),
            _ => return Ok(None),
        },
        ("collections.deque", rest) if no_pairs => return deque(py, object, rest),
        ("builtins.object", []) if no_items && no_pairs => Shell::Items(none(object), none(object)),
        _ => return Ok(None),
    };
    Ok(Some((imported(py, known)?.call0()?, shell)))
}

fn is_pair(item: ValueRef<'_>) -> bool {
    matches!(item.form(), Form::List(pair) | Form::Tuple(pair) if pair.len() == 2)
}

fn deque<'py, 'a>(
    py: Python<'py>,
    object: &ObjectForm<'a>,
    args: &[ValueRef<'a>],
) -> PyResult<Option<(Bound<'py, PyAny>, Shell<'a>)>> {
    let (first, most) = match *args {
        [] => (none(object), None),
        [first] => match first.form() {
            Form::List(items) | Form::Tuple(items) => (items, None),
            _ => return Ok(None),
        },
        [first, most] => match (first.form(), most.form()) {
            (Form::List(items) | Form::Tuple(items), Form::Int(most)) => (items, Some(most)),
            (Form::List(items) | Form::Tuple(items), Form::None) => (items, None),
            _ => return Ok(None),
        },
        _ => return Ok(None),
    };
    let made = imported(py, "collections.deque")?.call1((PyTuple::empty(py), most));
    Ok(taken(py, made)?.map(|made| (made, Shell::Items(first, object.items.clone()))))
}

/// The factory of a `defaultdict`, if it has one, and its pairs.
pub(super) fn default<'a>(object: &ObjectForm<'a>) -> Option<(Option<ValueRef<'a>>, Refs<'a>)> {
    let is_one = object.class.known() == Some("collections.defaultdict")
        && object.state.is_none()
        && object.items.len() == 0
        && matches!(object.made, "call" | "new");
    if !is_one {
        return None;
    }
    let mut args = match object.args.map(ValueRef::form) {
        None => return Some((None, object.pairs.clone())),
        Some(Form::Tuple(args)) => args,
        Some(_) => return None,
    };
    match (args.next(), args.next()) {
        (None, _) => Some((None, object.pairs.clone())),
        (Some(factory), None) if matches!(factory.form(), Form::Global(..) | Form::None) => {
            Some((Some(factory), object.pairs.clone()))
        }
        _ => None,
    }
}

/// An empty `defaultdict`.
pub(super) fn default_dict<'py>(
    py: Python<'py>,
    factory: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    imported(py, "collections.defaultdict")?.call1((factory,))
}
