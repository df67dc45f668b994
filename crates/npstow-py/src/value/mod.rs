//! Values of a pickle as objects of Python: builtins, arrays, and `npstow.Object` for all else.
//!
//! Nothing here is recursive. What can change (a list, a dictionary, an object) is made empty and
//! filled later, from a list of what is still to be filled; so cycles close by themselves. What
//! cannot change is made when its parts are, from a stack of frames.
#![forbid(unsafe_code)]

mod arrays;
mod known;
mod leaf;
mod object;

pub(crate) use object::Inert;

use crate::error::raise;
use arrays::Far;
use known::{Recipe, Shell};
use npstow::{Error, Form, Refs, Value, ValueRef};
use object::Parts;
use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFrozenSet, PyList, PySet, PyTuple};
use std::collections::HashMap;
use std::path::PathBuf;

/// How deep values may be in which something has to be whole before it is used: the metadata of
/// dtypes, persistent identifiers.
const DEPTH: usize = 16;

/// What a key may be made of in all: to hash tuples means to walk them.
const KEYS: u64 = 1 << 24;

/// How deep tuples may lie in one another within a key: to hash them is recursive.
const KEY_DEPTH: usize = 200;

/// What the caller wants, beside the values.
#[derive(Default)]
pub(crate) struct Wishes<'py> {
    /// Makes objects of persistent identifiers.
    pub(crate) persistent_load: Option<Bound<'py, PyAny>>,
    /// The buffers that were pickled out of band.
    pub(crate) buffers: Vec<Bound<'py, PyAny>>,
    /// Makes arrays of the places of their elements in the file.
    pub(crate) maps: Option<Bound<'py, PyAny>>,
    /// Whether arrays are brought into the byte order of this machine.
    pub(crate) is_native: bool,
    /// The file that the value is from, and the member of it, which errors name.
    pub(crate) file: Option<PathBuf>,
    pub(crate) member: String,
}

impl Wishes<'_> {
    /// For the value of a node.
    pub(crate) fn of(node: &npstow::Node) -> Self {
        let (file, member) = (Some(node.file().path().to_owned()), node.name().to_owned());
        Self { file, member, ..Self::default() }
    }

    fn raise(&self, e: Error) -> PyErr {
        let e = e.in_member(&self.member);
        raise(match &self.file {
            Some(file) => e.in_path(file),
            None => e,
        })
    }
}

/// A part of a container that is still to be filled.
enum Fill<'py, 'a> {
    List(Bound<'py, PyList>, Refs<'a>),
    Set(Bound<'py, PySet>, Refs<'a>),
    Dict(Bound<'py, PyDict>, Refs<'a>),
    /// A dictionary of a class of its own, or a deque.
    Shell(Bound<'py, PyAny>, Shell<'a>),
    Object(Bound<'py, PyAny>, Parts<'a>),
    /// A flat array of objects, where each of them goes, and how many were set.
    Objects(Bound<'py, PyAny>, Option<Vec<usize>>, Refs<'a>),
}

/// Something that is made when its parts are.
struct Frame<'a> {
    node: ValueRef<'a>,
    what: What<'a>,
    parts: Vec<ValueRef<'a>>,
    next: usize,
    /// Where its parts are on the stack.
    start: usize,
}

/// What is made of the parts.
#[derive(Clone)]
enum What<'a> {
    Tuple,
    FrozenSet,
    /// An object that is rebuilt by the class of this name.
    Call(Recipe),
    /// An object with a class, arguments, or an array.
    Object(Parts<'a>),
    /// A `defaultdict`, whose factory comes first.
    Default(Refs<'a>),
    Persistent,
}

/// Makes objects of the values of one file.
pub(crate) struct Maker<'py, 'a> {
    py: Python<'py>,
    wishes: &'a Wishes<'py>,
    inert: &'a Inert<'py>,
    /// What was made, by the number of its value; `None` while it is being made.
    made: Vec<Option<Bound<'py, PyAny>>>,
    frames: Vec<Frame<'a>>,
    stack: Vec<Bound<'py, PyAny>>,
    fills: Vec<Fill<'py, 'a>>,
    far: Vec<Far>,
    /// Names of classes, by the numbers of their values.
    names: HashMap<usize, Bound<'py, PyAny>>,
    texts: leaf::Texts<'py>,
    numpy: arrays::Dtypes<'py>,
    depth: usize,
    keys: u64,
}

/// Makes the object that a value is.
pub(crate) fn make<'py>(
    py: Python<'py>,
    value: &Value,
    wishes: &Wishes<'py>,
    progress: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let inert = Inert::new(py)?;
    let mut made = Vec::new();
    let count = value.count() as u64;
    let failed = |_| wishes.raise(Error::limit("memory for values", count, "too many"));
    made.try_reserve_exact(value.count()).map_err(failed)?;
    made.resize(value.count(), None);
    let mut maker = Maker {
        py,
        wishes,
        inert: &inert,
        made,
        frames: Vec::new(),
        stack: Vec::new(),
        fills: Vec::new(),
        far: Vec::new(),
        names: HashMap::new(),
        texts: leaf::Texts::default(),
        numpy: arrays::Dtypes::default(),
        depth: 0,
        keys: KEYS,
    };
    let object = {
        let _quiet = NoCollection::new(py)?;
        maker.whole(value.to_ref())?
    };
    let far = std::mem::take(&mut maker.far);
    drop(maker);
    arrays::read(py, far, progress)?;
    Ok(object)
}

/// What Python says of a key or member that has no hash, in words of a file.
fn hashed<T>(py: Python<'_>, wishes: &Wishes<'_>, done: PyResult<T>) -> PyResult<T> {
    taken(py, wishes, "a key or member that has a hash", done)
}

/// What Python says of the wrong type of something, in words of a file.
fn taken<T>(py: Python<'_>, wishes: &Wishes<'_>, what: &str, done: PyResult<T>) -> PyResult<T> {
    done.map_err(|e| match e.is_instance_of::<PyTypeError>(py) {
        true => wishes.raise(Error::corrupt(what, e.value(py))),
        false => e,
    })
}

/// The search for cycles rests meanwhile: all that is made is still needed, and walking it again
/// and again takes longer than making it.
struct NoCollection<'py>(Option<Bound<'py, PyAny>>);

impl<'py> NoCollection<'py> {
    fn new(py: Python<'py>) -> PyResult<Self> {
        let gc = py.import(intern!(py, "gc"))?;
        if !gc.call_method0(intern!(py, "isenabled"))?.is_truthy()? {
            return Ok(Self(None));
        }
        gc.call_method0(intern!(py, "disable"))?;
        Ok(Self(Some(gc.into_any())))
    }
}

impl Drop for NoCollection<'_> {
    fn drop(&mut self) {
        if let Some(gc) = &self.0 {
            // It has no reason to fail.
            let _ = gc.call_method0(intern!(gc.py(), "enable"));
        }
    }
}

impl<'py, 'a> Maker<'py, 'a> {
    /// A value with all that is in it.
    fn whole(&mut self, value: ValueRef<'a>) -> PyResult<Bound<'py, PyAny>> {
        if self.depth >= DEPTH {
            let what = "a depth of values that have to be whole";
            return Err(self.wishes.raise(Error::limit(what, DEPTH as u64, "more")));
        }
        self.depth += 1;
        let made = self.one(value)?;
        while let Some(fill) = self.fills.pop() {
            self.fill(fill)?;
        }
        self.depth -= 1;
        Ok(made)
    }

    /// A value; what can change may still be empty.
    fn one(&mut self, value: ValueRef<'a>) -> PyResult<Bound<'py, PyAny>> {
        if let Some(made) = self.quick(value)? {
            return Ok(made);
        }
        let base = self.frames.len();
        self.open(value)?;
        loop {
            let Some(frame) = self.frames.last_mut() else { return Err(self.odd("no frame")) };
            if let Some(&part) = frame.parts.get(frame.next) {
                frame.next += 1;
                match self.quick(part)? {
                    Some(made) => self.stack.push(made),
                    None => self.open(part)?,
                }
                continue;
            }
            let Some(frame) = self.frames.pop() else { return Err(self.odd("no frame")) };
            let made = self.close(&frame)?;
            if let Some(place) = frame.node.id().and_then(|id| self.made.get_mut(id)) {
                *place = Some(made.clone());
            }
            if self.frames.len() == base {
                return Ok(made);
            }
            self.stack.push(made);
        }
    }

    fn odd(&self, what: &str) -> PyErr {
        self.wishes.raise(Error::corrupt("values that can be made one after another", what))
    }

    /// A value that needs nothing, or was made before, or can be filled later.
    fn quick(&mut self, value: ValueRef<'a>) -> PyResult<Option<Bound<'py, PyAny>>> {
        if let Some(found) = value.id().and_then(|id| self.made.get(id)?.as_ref()) {
            if found.is_none() {
                return Err(self.odd("one that is within itself"));
            }
            return Ok(Some(found.clone()));
        }
        let form = value.form();
        let made = match form {
            Form::List(items) => self.list(items)?,
            Form::Set(members) => {
                let set = PySet::empty(self.py)?;
                self.fills.push(Fill::Set(set.clone(), members));
                set.into_any()
            }
            Form::Dict(cells) => self.dict(cells)?,
            Form::Tuple(items) if items.len() == 0 => PyTuple::empty(self.py).into_any(),
            Form::Array(array) => match self.array(value, &array)? {
                Some(made) => made,
                None => return Ok(None),
            },
            Form::Object(object) => match known::shell(self.py, &object)? {
                Some((made, shell)) => {
                    self.fills.push(Fill::Shell(made.clone(), shell));
                    made
                }
                None => return Ok(None),
            },
            Form::Tuple(_) | Form::FrozenSet(_) | Form::Persistent(_) => return Ok(None),
            form => return self.leaf(value, &form),
        };
        self.remember(value, &made);
        Ok(Some(made))
    }

    fn remember(&mut self, value: ValueRef<'a>, made: &Bound<'py, PyAny>) {
        if let Some(place) = value.id().and_then(|id| self.made.get_mut(id)) {
            *place = Some(made.clone());
        }
    }

    /// As far as it needs nothing that has parts, a list is filled at once.
    fn list(&mut self, mut items: Refs<'a>) -> PyResult<Bound<'py, PyAny>> {
        let list = PyList::empty(self.py);
        loop {
            let rest = items.clone();
            let Some(item) = items.next() else { break };
            match self.plain(item)? {
                Some(item) => list.append(item)?,
                None => {
                    self.fills.push(Fill::List(list.clone(), rest));
                    break;
                }
            }
        }
        Ok(list.into_any())
    }

    fn dict(&mut self, mut cells: Refs<'a>) -> PyResult<Bound<'py, PyAny>> {
        let dict = PyDict::new(self.py);
        loop {
            let rest = cells.clone();
            let (Some(key), Some(value)) = (cells.next(), cells.next()) else { break };
            let pair = match self.plain_key(key)? {
                Some(key) => self.plain(value)?.map(|value| (key, value)),
                None => None,
            };
            match pair {
                Some((key, value)) => hashed(self.py, self.wishes, dict.set_item(key, value))?,
                None => {
                    self.fills.push(Fill::Dict(dict.clone(), rest));
                    break;
                }
            }
        }
        Ok(dict.into_any())
    }

    /// Begins something that has parts.
    fn open(&mut self, value: ValueRef<'a>) -> PyResult<()> {
        let (what, parts) = match value.form() {
            Form::Tuple(items) => (What::Tuple, items.collect()),
            Form::FrozenSet(members) => (What::FrozenSet, members.collect()),
            Form::Persistent(id) => (What::Persistent, vec![id]),
            Form::Object(object) => match known::recipe(&object) {
                Some((recipe, parts)) => (What::Call(recipe), parts),
                None => self.open_object(&object),
            },
            Form::Array(array) => {
                let parts = Parts::of_array(value, &array);
                let class = array.class.into_iter();
                let parts_of = class.chain(array.mask).chain(array.state).collect();
                (What::Object(parts), parts_of)
            }
            _ => return Err(self.odd("what has no parts")),
        };
        if let Some(place) = value.id().and_then(|id| self.made.get_mut(id)) {
            *place = Some(self.py.None().into_bound(self.py));
        }
        self.frames.push(Frame { node: value, what, parts, next: 0, start: self.stack.len() });
        Ok(())
    }

    fn open_object(&self, object: &npstow::ObjectForm<'a>) -> (What<'a>, Vec<ValueRef<'a>>) {
        if let Some((factory, pairs)) = known::default(object) {
            return (What::Default(pairs), factory.into_iter().collect());
        }
        // A class with a name is that name, also where it is one of data.
        let class = Some(object.class).filter(|class| !matches!(class.form(), Form::Global(..)));
        let parts: Vec<_> = class.into_iter().chain(object.args).collect();
        (What::Object(Parts::of(object)), parts)
    }

    /// Makes something of its parts.
    fn close(&mut self, frame: &Frame<'a>) -> PyResult<Bound<'py, PyAny>> {
        let parts = self.stack.split_off(frame.start);
        let py = self.py;
        match &frame.what {
            What::Tuple => Ok(PyTuple::new(py, parts)?.into_any()),
            What::FrozenSet => {
                frame.parts.iter().try_for_each(|member| self.check_key(*member))?;
                Ok(hashed(py, self.wishes, PyFrozenSet::new(py, parts))?.into_any())
            }
            What::Call(recipe) => match known::call(py, *recipe, &parts)? {
                Some(made) => Ok(made),
                // What the class does not take is kept as it is.
                None => self.inert_call(frame.node),
            },
            What::Object(of) if of.array.is_some() => self.close_array(frame.node, of, parts),
            What::Object(of) => self.close_object(frame.node, of),
            What::Default(pairs) => {
                let factory = parts.first();
                let may_be = |it: &Bound<'py, PyAny>| it.is_none() || it.is_callable();
                if factory.is_some_and(|it| !may_be(it) || self.inert.is_one(it)) {
                    return self.inert_call(frame.node);
                }
                let made = known::default_dict(py, factory)?;
                let shell = Shell::Pairs(pairs.clone());
                self.fills.push(Fill::Shell(made.clone(), shell));
                Ok(made)
            }
            What::Persistent => self.persistent(frame, parts),
        }
    }

    fn persistent(
        &mut self,
        frame: &Frame<'a>,
        parts: Vec<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let id = parts.into_iter().next().ok_or_else(|| self.odd("no identifier"))?;
        let Some(load) = self.wishes.persistent_load.clone() else {
            return self.inert.persistent(&id);
        };
        if let Some(part) = frame.parts.first() {
            // All that is in it has to be there.
            self.whole(*part)?;
        }
        load.call1((id,))
    }

    /// Fills a container; what is found in it and can change is filled later.
    fn fill(&mut self, fill: Fill<'py, 'a>) -> PyResult<()> {
        match fill {
            Fill::List(list, items) => {
                for item in items {
                    let item = self.one(item)?;
                    list.append(item)?;
                }
            }
            Fill::Set(set, members) => {
                for member in members {
                    let key = self.key(member)?;
                    hashed(self.py, self.wishes, set.add(key))?;
                }
            }
            Fill::Dict(dict, cells) => self.fill_dict(&dict, cells)?,
            Fill::Shell(made, shell) => self.fill_shell(&made, shell)?,
            Fill::Object(made, parts) => self.fill_object(&made, &parts)?,
            Fill::Objects(flat, places, items) => {
                for (at, item) in items.enumerate() {
                    let item = self.one(item)?;
                    let at =
                        places.as_ref().and_then(|places| places.get(at)).copied().unwrap_or(at);
                    flat.set_item(at, item)?;
                }
            }
        }
        Ok(())
    }

    fn fill_dict(&mut self, dict: &Bound<'py, PyDict>, mut cells: Refs<'a>) -> PyResult<()> {
        while let (Some(key), Some(value)) = (cells.next(), cells.next()) {
            let key = self.key(key)?;
            let value = self.one(value)?;
            hashed(self.py, self.wishes, dict.set_item(key, value))?;
        }
        Ok(())
    }

    /// A key of a dictionary or a member of a set.
    fn key(&mut self, key: ValueRef<'a>) -> PyResult<Bound<'py, PyAny>> {
        if let Some(key) = self.plain_key(key)? {
            return Ok(key);
        }
        self.check_key(key)?;
        self.one(key)
    }

    /// Refuses keys whose hash would take for ever, or more stack than there is.
    fn check_key(&mut self, key: ValueRef<'a>) -> PyResult<()> {
        let mut waiting = vec![(key, 0)];
        while let Some((part, depth)) = waiting.pop() {
            if depth > KEY_DEPTH {
                let what = "a depth of tuples in a key";
                return Err(self.wishes.raise(Error::limit(what, KEY_DEPTH as u64, "more")));
            }
            let Some(left) = self.keys.checked_sub(1) else {
                return Err(self.wishes.raise(Error::limit("values in keys", KEYS, "more")));
            };
            self.keys = left;
            match part.form() {
                Form::Tuple(items) | Form::FrozenSet(items) => {
                    waiting.extend(items.map(|item| (item, depth + 1)));
                }
                Form::Object(object) => {
                    waiting.extend(object.args.into_iter().map(|args| (args, depth + 1)));
                    waiting.extend(object.class.id().map(|_| (object.class, depth + 1)));
                }
                Form::Persistent(id) => waiting.push((id, depth + 1)),
                _ => {}
            }
        }
        Ok(())
    }
}
