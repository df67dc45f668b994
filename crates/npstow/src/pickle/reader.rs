//! Reading: from a path, from bytes, from any source.
#![forbid(unsafe_code)]

use super::beside::Beside;

use super::options::Options;
use super::paths::{Place, places};
use super::run::{run, run_beside};
use crate::container::{Child, Container, Fault, NodeKind};
use crate::value::{Cell, Graph, Value};
use crate::{Buffer, Entry, Error, FileSource, Limits, MemorySource, Result, Source};
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// Reads the pickle in a file; long strings and arrays stay there until they are asked for.
///
/// ```
/// use npstow::pickle;
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("x.pkl");
/// # std::fs::write(&path, b"\x80\x04K\x07.").unwrap();
/// assert_eq!(pickle::open(&path, &pickle::Options::default())?.as_int(), Some(7));
/// # Ok::<(), npstow::Error>(())
/// ```
///
/// # Errors
/// `Io`; `Corrupt`, `Limit` or `Unsupported`, with the offset of the opcode.
pub fn open(path: impl AsRef<Path>, options: &Options) -> Result<Value> {
    let path = path.as_ref();
    let source = Arc::new(FileSource::open(path)?);
    from_source(source, options).map_err(|e| e.in_path(path))
}

/// Reads the pickle that some bytes begin with.
///
/// # Errors
/// As [`open`].
pub fn from_bytes(bytes: impl Into<Buffer>, options: &Options) -> Result<Value> {
    from_source(Arc::new(MemorySource::new(bytes)), options)
}

/// Reads the pickle that a source begins with.
///
/// # Errors
/// As [`open`].
pub fn from_source(source: Arc<dyn Source>, options: &Options) -> Result<Value> {
    let done = run(source, 0, options)?;
    Ok(Value::new(Arc::new(done.graph), done.top))
}

/// Reads the pickle that begins at an offset of a source; gives where it ends, too: another one may
/// stand there.
///
/// ```
/// use npstow::{MemorySource, pickle};
/// let two = std::sync::Arc::new(MemorySource::new(b"I1\n.I2\n.".to_vec()));
/// let (first, end) = pickle::from_source_at(two.clone(), 0, &Default::default())?;
/// let (second, _) = pickle::from_source_at(two, end, &Default::default())?;
/// assert_eq!((first.as_int(), second.as_int()), (Some(1), Some(2)));
/// # Ok::<(), npstow::Error>(())
/// ```
///
/// # Errors
/// As [`open`].
pub fn from_source_at(
    source: Arc<dyn Source>,
    offset: u64,
    options: &Options,
) -> Result<(Value, u64)> {
    let done = run(source, offset, options)?;
    Ok((Value::new(Arc::new(done.graph), done.top), done.end))
}

/// The object that a pickle within a source is, and where the pickle ends.
pub(crate) fn unpickle(
    source: Arc<dyn Source>,
    offset: u64,
    limits: &Limits,
) -> Result<(Value, u64)> {
    from_source_at(source, offset, &Options::default().limits(limits.clone()))
}

/// Reads a pickle, with somebody who reads what stands beside the opcodes.
#[cfg(feature = "joblib")]
pub(crate) fn from_source_beside(
    source: Arc<dyn Source>,
    options: &Options,
    beside: &mut dyn Beside,
) -> Result<Value> {
    let done = run_beside(source, 0, options, Some(beside))?;
    Ok(Value::new(Arc::new(done.graph), done.top))
}

/// How far the beginning of a file is looked at to tell a pickle without a head.
const SNIFFED: u64 = 4096;

/// Whether a file looks like a pickle of protocol 0 or 1, which begin with nothing of their own:
/// the machine runs on it without a fault, up to the end or as far as is looked.
#[cfg(any(feature = "shelve", not(feature = "joblib")))]
pub(crate) fn sniff(source: &dyn Source) -> bool {
    sniff_beside(source, None)
}

/// The same, with somebody who reads what stands beside the opcodes.
pub(crate) fn sniff_beside(source: &dyn Source, beside: Option<&mut dyn Beside>) -> bool {
    let len = source.len().min(SNIFFED);
    let Ok(start) = source.read(0, usize::try_from(len).unwrap_or_default()) else { return false };
    let whole = len == source.len();
    match run_beside(Arc::new(MemorySource::new(start)), 0, &Options::default(), beside) {
        Ok(_) => true,
        // Where it ends because no more was read, it may go on.
        Err(e) => !whole && (e.what().contains("the end") || e.what().ends_with("no newline")),
    }
}

/// A pickle as a container: arrays by their paths.
pub(crate) struct Pickle {
    value: Value,
    places: Vec<Place>,
    limits: Arc<Limits>,
    end: u64,
    len: u64,
}

impl fmt::Debug for Pickle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pickle({} places)", self.places.len())
    }
}

impl Pickle {
    pub(crate) fn open(
        source: Arc<dyn Source>,
        limits: &Limits,
        beside: Option<&mut dyn Beside>,
    ) -> Result<Self> {
        let len = source.len();
        let is_plain = beside.is_none();
        let options = Options::default().limits(limits.clone());
        let done = run_beside(source, 0, &options, beside)?;
        // Joblib keeps arrays beside such names.
        let is_joblib = |module: &str| module.ends_with("joblib.numpy_pickle");
        if is_plain && done.graph.has_name_in(is_joblib) {
            return Err(Error::unsupported("a dump of joblib"));
        }
        Self::made(done.graph, done.top, limits, done.end, len)
    }

    /// A container of values that were made already; `end` is where their pickle ends, `len` where
    /// its file does.
    pub(crate) fn made(
        graph: Graph,
        top: Cell,
        limits: &Limits,
        end: u64,
        len: u64,
    ) -> Result<Self> {
        let places = places(&graph, top, limits)?;
        let value = Value::new(Arc::new(graph), top);
        Ok(Self { value, places, limits: Arc::new(limits.clone()), end, len })
    }

    fn place(&self, id: u64) -> Result<&Place> {
        let place = usize::try_from(id).ok().and_then(|id| self.places.get(id));
        place.ok_or_else(|| Error::not_found("a place in a pickle"))
    }

    fn at(&self, id: u64) -> Result<Value> {
        Ok(Value::new(Arc::clone(self.value.graph()), self.place(id)?.cell))
    }
}

impl Container for Pickle {
    fn kind(&self, id: u64) -> NodeKind {
        self.place(id).map_or(NodeKind::Value, |place| place.kind)
    }

    fn children(&self, id: u64) -> Result<Vec<Child>> {
        let child = |at: &usize| {
            let name = self.places.get(*at).map(|place| place.name.clone()).unwrap_or_default();
            Child { name, id: *at as u64 }
        };
        Ok(self.place(id)?.children.iter().map(child).collect())
    }

    fn find(&self, path: &str) -> Result<Option<u64>> {
        // A step may have a slash of its own: `args/0`.
        let (mut id, mut rest) = (0, path);
        loop {
            let place = self.place(id)?;
            let next = place.children.iter().find_map(|at| {
                let name = self.places.get(*at)?.name.as_str();
                let rest = rest.strip_prefix(name)?;
                match rest.strip_prefix('/') {
                    Some(rest) => Some((*at as u64, rest)),
                    None => rest.is_empty().then_some((*at as u64, "")),
                }
            });
            match next {
                Some((found, "")) => return Ok(Some(found)),
                Some((found, after)) => (id, rest) = (found, after),
                None => return Ok(None),
            }
        }
    }

    fn entry(&self, id: u64) -> Result<Entry> {
        Entry::of_value(&self.at(id)?, &self.limits)
    }

    fn value(&self, id: u64) -> Result<Option<Value>> {
        self.at(id).map(Some)
    }

    fn check(&self, faults: &mut Vec<Fault>) {
        if let Err(e) = self.value.check() {
            faults.push(Fault::Error(e));
        }
        if self.end < self.len {
            let (rest, end) = (self.len - self.end, self.end);
            let note = format!("{rest} bytes behind the pickle, from byte {end} on");
            faults.push(Fault::Note(note));
        }
    }
}
