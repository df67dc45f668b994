//! A folder as a container: listed at once, each file opened when it is asked for.
#![forbid(unsafe_code)]

use super::found::{Found, Group, Node, Refusal, What};
use super::index::{NPY, utf8};
use super::lint;
use super::pool::Pool;
use super::root::{Opened, Root};
use super::scan::scan;
use crate::container::{Child, Container, Fault, no_array};
use crate::entry::{Slots, keep_many, read_loaded};
use crate::error::quoted;
use crate::notes::{GROUP, Sidecar};
use crate::npy::{Header, ParseMemo};
use crate::{
    Array, Buffer, BufferMut, Data, Dtype, Entry, Error, Kind, Limits, Loaded, MemoryOrder,
    MemorySource, NodeKind, Notes, Order, Result, Scalar, Slot, Source, Wrap, npy, parallel,
};
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// An open folder of arrays.
#[derive(Debug)]
pub(crate) struct Folder {
    root: Arc<Root>,
    found: Found,
    limits: Arc<Limits>,
}

/// How often a folder is listed anew that is replaced while it is listed.
const ATTEMPTS: usize = 16;

/// How much of small files one call keeps in memory beyond their headers: whoever lists a million
/// of them has no use for the content.
const MOST_KEPT: usize = 256 << 20;

/// What describing many files one after another goes on with.
struct Desk<'a> {
    memo: ParseMemo,
    /// Small files: a run of them shares its memory.
    pool: Pool,
    /// How many bytes of small files are in memory.
    kept: &'a AtomicUsize,
}

/// Elements that are read with others lie at multiples of so many bytes.
const WORD: usize = 16;

/// An array or a value, described.
enum Described {
    Entry(Entry),
    /// A file in the pool, and the header that it begins with; without one it is a value.
    Pooled(Option<Arc<Header>>, Range<usize>),
}

impl<'a> Desk<'a> {
    fn new(kept: &'a AtomicUsize, files: usize) -> Self {
        Self { memo: ParseMemo::default(), pool: Pool::new(files), kept }
    }

    /// Keeps the file that was read last.
    fn keep(&mut self, len: usize) -> Range<usize> {
        self.kept.fetch_add(len, Ordering::Relaxed);
        self.pool.keep(len)
    }
}

/// An array in memory, or what is still to be read.
enum Kept {
    Array(Array),
    Entry(Entry),
}

/// What a run of nodes is in memory that nobody else has.
struct Own {
    memory: BufferMut,
    /// By their places in the run.
    placed: Vec<(usize, Slot)>,
    others: Vec<(usize, Entry)>,
}

/// What the bytes of a file are as elements.
fn octets() -> Result<Dtype> {
    Ok(Dtype::scalar(Scalar::new(Kind::Uint, Order::None, 1)?))
}

/// How many files one core describes before it looks for more: few where there are few, so that no
/// core is without; else enough to be worth memory of their own.
fn runs(ids: &[u64]) -> Vec<(usize, &[u64])> {
    let len = (ids.len() / (4 * parallel::width())).clamp(32, 128);
    ids.chunks(len).enumerate().map(|(run, ids)| (run * len, ids)).collect()
}

impl Folder {
    pub(crate) fn open(path: &Path, limits: &Limits) -> Result<Self> {
        let mut attempt = 1;
        loop {
            let root = Root::open(path).map_err(|e| Error::io("opening", e))?;
            let found = scan(&root, limits);
            // A folder that was replaced meanwhile may have been listed while it was removed, file
            // by file: what is at its path now is whole.
            let vanished = found.as_ref().err().is_none_or(|e| e.io_error().is_some());
            if vanished && !root.is_current() {
                if attempt < ATTEMPTS {
                    attempt += 1;
                    continue;
                }
                let gone = io::Error::from(io::ErrorKind::NotFound);
                return Err(Error::io("opening", root.gone(gone)));
            }
            let (root, limits) = (Arc::new(root), Arc::new(limits.clone()));
            return Ok(Self { root, found: found?, limits });
        }
    }

    fn node(&self, id: u64) -> Result<&Node> {
        let node = usize::try_from(id).ok().and_then(|id| self.found.nodes.get(id));
        node.ok_or_else(|| Error::not_found("a node of that number"))
    }

    fn group(&self, id: u64) -> Option<&Group> {
        match &self.node(id).ok()?.what {
            What::Group(group) => Some(group),
            _ => None,
        }
    }

    fn child_of(&self, group: &Group, name: &str) -> Option<u64> {
        let name_of = |id: u32| self.found.nodes.get(id as usize).map(Node::name);
        let at = group.sorted.binary_search_by(|&id| name_of(id).cmp(&Some(name))).ok()?;
        group.sorted.get(at).map(|&id| u64::from(id))
    }

    /// The array or the bytes of a node.
    fn describe(&self, id: u64, desk: &mut Desk<'_>) -> Result<Described> {
        let node = self.node(id)?;
        match &node.what {
            What::Group(_) => Err(no_array(node.name())),
            What::Refused(_, why) => Err(refused(*why, &self.found.path(node))),
            What::Property(table) => self.in_memory(&table.0).map(Described::Entry),
            What::Array => self.array(&self.found.path(node), desk),
            #[cfg(feature = "pickle")]
            What::Stack(stack) => self.stack(stack, desk).map(Described::Entry),
            What::Value => match self.take(&self.found.path(node), desk, &mut |_, _| false)? {
                Opened::Small(len) => Ok(Described::Pooled(None, desk.keep(len))),
                Opened::Large(file) => self.value(Arc::new(file)).map(Described::Entry),
            },
        }
    }

    fn array(&self, path: &Path, desk: &mut Desk<'_>) -> Result<Described> {
        let limits = &self.limits;
        // Header and data end where the file did: what came is all.
        let mut is_whole = |bytes: &[u8], memo: &mut ParseMemo| {
            let Ok(header) = memo.parse(bytes, limits) else { return false };
            let end = header.data_offset().saturating_add(header.nbytes().unwrap_or(0) as u64);
            // How long a pickle is, it alone says.
            !header.dtype().has_object() && end == bytes.len() as u64
        };
        match self.take(path, desk, &mut is_whole)? {
            Opened::Small(0) => Err(Error::corrupt("an NPY header", "an empty file").at(0)),
            Opened::Small(len) => {
                let header = desk.memo.parse(desk.pool.read(len), limits)?;
                Ok(Described::Pooled(Some(header), desk.keep(len)))
            }
            Opened::Large(file) => npy::open_source(Arc::new(file), limits).map(Described::Entry),
        }
    }

    fn take(
        &self,
        path: &Path,
        desk: &mut Desk<'_>,
        is_whole: &mut dyn FnMut(&[u8], &mut ParseMemo) -> bool,
    ) -> Result<Opened> {
        let Desk { memo, pool, kept } = desk;
        let room = match kept.load(Ordering::Relaxed) < MOST_KEPT {
            true => Some(pool.room()?),
            false => None,
        };
        self.root.take(path, room, &mut |bytes| is_whole(bytes, memo))
    }

    /// The files of a stack as one array.
    #[cfg(feature = "pickle")]
    fn stack(&self, stack: &super::stack::Stack, desk: &mut Desk<'_>) -> Result<Entry> {
        if stack.dtype.has_object() {
            return Err(Error::unsupported("a stack of arrays of Python objects"));
        }
        let part = |(path, shape): (PathBuf, Vec<usize>)| {
            let placed = |e: Error| e.in_member(&path.to_string_lossy());
            let entry = match self.take(&path, desk, &mut |_, _| false).map_err(placed)? {
                Opened::Small(len) => {
                    let bytes = Buffer::copy_of(desk.pool.read(len));
                    npy::open_source(Arc::new(MemorySource::new(bytes)), &self.limits)
                }
                Opened::Large(file) => npy::open_source(Arc::new(file), &self.limits),
            };
            let entry = entry.map_err(placed)?.found_at(self.root.path(), &path.to_string_lossy());
            if *entry.dtype() != stack.dtype || entry.shape() != shape {
                let expected = format!("{} of shape {shape:?}", stack.dtype);
                let found = format!("{} of shape {:?}", entry.dtype(), entry.shape());
                return Err(placed(Error::corrupt(expected, quoted(&found))));
            }
            Ok(entry)
        };
        let parts = stack.parts().map(part).collect::<Result<Vec<_>>>()?;
        Entry::join(parts).map_err(|(_, e)| e)
    }

    /// The bytes of a file as an array.
    fn value(&self, source: Arc<dyn Source>) -> Result<Entry> {
        let len = usize::try_from(source.len())
            .map_err(|_| Error::unsupported("a file larger than the address space"))?;
        let dtype = octets()?;
        let (data, limits) = (Data::Raw { offset: 0 }, Arc::clone(&self.limits));
        Entry::new(source, dtype, &[len], MemoryOrder::C, data, limits)
    }

    /// Describes nodes one after another; an error says which one it is about.
    fn describe_all(
        &self,
        ids: &[u64],
        desk: &mut Desk<'_>,
    ) -> Result<Vec<Described>, (usize, Error)> {
        let one = |(at, &id): (usize, &u64)| self.describe(id, desk).map_err(|e| (at, e));
        ids.iter().enumerate().map(one).collect()
    }

    /// The entries of nodes, whose small files share one memory.
    fn run(&self, ids: &[u64], kept: &AtomicUsize) -> Result<Vec<Entry>, (usize, Error)> {
        let mut desk = Desk::new(kept, ids.len());
        let described = self.describe_all(ids, &mut desk)?;
        let pool = desk.pool.finish().map_err(|e| (0, e))?.freeze();
        let entry = |(at, described): (usize, Described)| {
            let entry = match described {
                Described::Entry(entry) => Ok(entry),
                Described::Pooled(header, range) => {
                    pool.slice(range).and_then(|bytes| self.pooled(header.as_deref(), bytes))
                }
            };
            entry.map_err(|e| (at, e))
        };
        described.into_iter().enumerate().map(entry).collect()
    }

    /// As [`run`](Self::run), into memory that nobody else has: what it is, and which of the nodes
    /// lie where in it. Others are described.
    fn run_own(&self, ids: &[u64], kept: &AtomicUsize) -> Result<Own, (usize, Error)> {
        let mut desk = Desk::new(kept, ids.len());
        let described = self.describe_all(ids, &mut desk)?;
        let (mut placed, mut others) = (Vec::with_capacity(ids.len()), Vec::new());
        for (at, described) in described.into_iter().enumerate() {
            let (header, range) = match described {
                Described::Entry(entry) => {
                    others.push((at, entry));
                    continue;
                }
                Described::Pooled(header, range) => (header, range),
            };
            match self.slot(header.as_deref(), &range) {
                Some(slot) => placed.push((at, slot)),
                None => {
                    let bytes = Buffer::copy_of(desk.pool.get(range));
                    let entry = self.pooled(header.as_deref(), bytes).map_err(|e| (at, e))?;
                    others.push((at, entry));
                }
            }
        }
        let memory = desk.pool.finish().map_err(|e| (0, e))?;
        Ok(Own { memory, placed, others })
    }

    /// As [`run`](Self::run): arrays of what is in memory now, and descriptions of all else.
    fn run_kept(&self, ids: &[u64], kept: &AtomicUsize) -> Result<Vec<Kept>, (usize, Error)> {
        let mut desk = Desk::new(kept, ids.len());
        let described = self.describe_all(ids, &mut desk)?;
        let pool = desk.pool.finish().map_err(|e| (0, e))?.freeze();
        let keep = |(at, described): (usize, Described)| {
            let kept = match described {
                Described::Entry(entry) => Ok(Kept::Entry(entry)),
                Described::Pooled(header, range) => self.kept(header.as_deref(), range, &pool),
            };
            kept.map_err(|e| (at, e))
        };
        described.into_iter().enumerate().map(keep).collect()
    }

    fn kept(&self, header: Option<&Header>, range: Range<usize>, pool: &Buffer) -> Result<Kept> {
        let Some(elements) = self.elements(header, &range) else {
            return self.pooled(header, pool.slice(range)?).map(Kept::Entry);
        };
        let bytes = pool.slice(elements)?;
        let array = match header {
            Some(header) => {
                Array::new(header.dtype().clone(), header.shape(), header.order(), bytes)
            }
            None => Array::new(octets()?, &[bytes.len()], MemoryOrder::C, bytes),
        };
        array.map(Kept::Array)
    }

    /// Where in a pool the elements of a file are that all are there; what is wrong with others,
    /// their entries say.
    fn elements(&self, header: Option<&Header>, range: &Range<usize>) -> Option<Range<usize>> {
        let Some(header) = header else {
            self.limits.check_array(range.len() as u64).ok()?;
            return Some(range.clone());
        };
        let (skip, nbytes) = (usize::try_from(header.data_offset()).ok()?, header.nbytes().ok()?);
        self.limits.check_array(nbytes as u64).ok()?;
        let start = range.start.checked_add(skip)?;
        let end = start.checked_add(nbytes)?;
        (!header.dtype().has_object() && end <= range.end).then_some(start..end)
    }

    /// A file in a pool whose elements are where every machine likes to find them.
    fn slot(&self, header: Option<&Header>, range: &Range<usize>) -> Option<Slot> {
        let elements = self.elements(header, range)?;
        let (memory, offset) = (0, elements.start);
        if offset % WORD != 0 {
            return None;
        }
        let (dtype, shape, order) = match header {
            Some(header) => (header.dtype().clone(), header.shape().to_vec(), header.order()),
            None => (octets().ok()?, vec![elements.len()], MemoryOrder::C),
        };
        Some(Slot { dtype, shape, order, memory, offset })
    }

    /// What a file in memory holds: an array, or, without a header, its bytes.
    fn pooled(&self, header: Option<&Header>, bytes: Buffer) -> Result<Entry> {
        let source = Arc::new(MemorySource::new(bytes));
        match header {
            Some(header) => npy::entry_of(source, header, &self.limits),
            None => self.value(source),
        }
    }

    fn in_memory(&self, array: &Array) -> Result<Entry> {
        let source = Arc::new(MemorySource::new(array.buffer().clone()));
        let data = Data::Raw { offset: array.offset() as u64 };
        let (dtype, limits) = (array.dtype().clone(), Arc::clone(&self.limits));
        Entry::new(source, dtype, array.shape(), MemoryOrder::C, data, limits)
    }

    /// Where a text file beside a node lies.
    fn sidecar_path(&self, node: &Node, kind: Sidecar) -> PathBuf {
        let path = self.found.path(node);
        match node.what {
            What::Group(_) => path.join(format!("{GROUP}{}", kind.ending())),
            _ => path.with_file_name(format!("{}{}", node.stem(), kind.ending())),
        }
    }

    /// Where the notes of a node are, or would be; within the folder, whatever links there are.
    pub(super) fn text_path(&self, id: u64, kind: Sidecar) -> Result<PathBuf> {
        let node = self.node(id)?;
        if !matches!(node.what, What::Group(_) | What::Array) {
            return Err(Error::unsupported("notes beside what is neither an array nor a group"));
        }
        let path = self.sidecar_path(node, kind);
        let parent = path.parent().unwrap_or(Path::new(""));
        self.root.below(parent, true).map_err(|e| Error::io("opening the folder", e))?;
        Ok(self.root.path().join(path))
    }

    fn texts(&self, node: &Node) -> Result<Notes> {
        let mut notes = Notes::default();
        for kind in &node.sidecars {
            let path = self.sidecar_path(node, *kind);
            let most = self.limits.max_array_nbytes();
            let bytes = self.root.text(&path, most)?;
            let bytes = bytes.ok_or_else(|| Error::limit("a text file (bytes)", most, "more"))?;
            let placed = |e: Error| e.in_member(&path.to_string_lossy());
            kind.read(utf8(&bytes).map_err(placed)?, &mut notes);
        }
        Ok(notes)
    }
}

fn refused(why: Refusal, path: &Path) -> Error {
    let shown = quoted(&path.to_string_lossy());
    match why {
        Refusal::Missing => {
            Error::corrupt(format!("the file '{shown}', which the index lists"), "none")
        }
        Refusal::Link => Error::unsupported(format!(
            "'{shown}', a link that is broken, or leads out of the folder or through another one"
        )),
        Refusal::Kind => {
            Error::unsupported(format!("'{shown}', which is not what its name stands for"))
        }
        #[cfg(not(feature = "pickle"))]
        Refusal::Dask => Error::unsupported(
            "a stack of dask.array.to_npy_stack (its shape is in a pickle, 'info')",
        ),
    }
}

impl Container for Folder {
    fn kind(&self, id: u64) -> NodeKind {
        match self.node(id).map(|node| &node.what) {
            Ok(What::Group(_)) => NodeKind::Group,
            Ok(What::Value) | Err(_) => NodeKind::Value,
            Ok(What::Array | What::Property(_)) => NodeKind::Array,
            #[cfg(feature = "pickle")]
            Ok(What::Stack(_)) => NodeKind::Array,
            Ok(What::Refused(kind, _)) => *kind,
        }
    }

    fn children(&self, id: u64) -> Result<Vec<Child>> {
        let Some(group) = self.group(id) else { return Ok(Vec::new()) };
        let child = |&id: &u32| {
            let id = u64::from(id);
            Ok(Child { name: self.node(id)?.name().to_owned(), id })
        };
        group.children.iter().map(child).collect()
    }

    fn child(&self, id: u64, name: &str) -> Result<Option<Child>> {
        let Some(group) = self.group(id) else { return Ok(None) };
        // NPFold's users say `photon.npy`.
        let by_key = || {
            let id = self.child_of(group, name.strip_suffix(NPY)?)?;
            (self.kind(id) == NodeKind::Array).then_some(id)
        };
        let found = self.child_of(group, name).or_else(by_key);
        found.map(|id| Ok(Child { name: self.node(id)?.name().to_owned(), id })).transpose()
    }

    fn entry(&self, id: u64) -> Result<Entry> {
        let entries = self.run(&[id], &AtomicUsize::new(0)).map_err(|(_, e)| e)?;
        entries.into_iter().next().ok_or_else(|| no_array(""))
    }

    fn entries(&self, ids: &[u64]) -> Result<Vec<Entry>, (usize, Error)> {
        let kept = AtomicUsize::new(0);
        let described = parallel::each(runs(ids), |(first, ids)| {
            self.run(ids, &kept).map_err(|(at, e)| (first + at, e))
        })?;
        Ok(described.into_iter().flatten().collect())
    }

    fn load(&self, ids: &[u64]) -> Result<Vec<Array>, (usize, Error)> {
        let kept = AtomicUsize::new(0);
        let runs = parallel::each(runs(ids), |(first, ids)| {
            self.run_kept(ids, &kept).map_err(|(at, e)| (first + at, e))
        })?;
        let (mut arrays, mut places, mut others) =
            (Vec::with_capacity(ids.len()), Vec::new(), Vec::new());
        for (at, kept) in runs.into_iter().flatten().enumerate() {
            arrays.push(match kept {
                Kept::Array(array) => Some(array),
                Kept::Entry(entry) => {
                    places.push(at);
                    others.push(entry);
                    None
                }
            });
        }
        let named = |(at, e)| (places.get(at).copied().unwrap_or_default(), e);
        for (&at, array) in places.iter().zip(keep_many(&others).map_err(named)?) {
            if let Some(place) = arrays.get_mut(at) {
                *place = Some(array);
            }
        }
        Ok(arrays.into_iter().flatten().collect())
    }

    fn load_own(&self, ids: &[u64], wrap: Wrap<'_>) -> Result<Loaded, (usize, Error)> {
        let kept = AtomicUsize::new(0);
        let owned = parallel::each(runs(ids), |(first, ids)| {
            self.run_own(ids, &kept).map(|own| (first, own)).map_err(|(at, e)| (first + at, e))
        })?;
        let (mut slots, mut places, mut others) = (Slots::new(ids.len()), Vec::new(), Vec::new());
        for (first, own) in owned {
            let memory = slots.keep(own.memory);
            for (at, slot) in own.placed {
                slots.set(first + at, Slot { memory, ..slot });
            }
            for (at, entry) in own.others {
                places.push(first + at);
                others.push(entry.through(wrap));
            }
        }
        let named = |(at, e)| (places.get(at).copied().unwrap_or_default(), e);
        slots.join(&places, read_loaded(&others).map_err(named)?);
        Ok(slots.finish())
    }

    fn notes(&self, id: u64) -> Result<Notes> {
        let node = self.node(id)?;
        match &node.what {
            What::Property(table) => Ok(table.1.clone()),
            _ => self.texts(node),
        }
    }

    fn left_out(&self) -> Vec<(String, String)> {
        self.found.left_out.clone()
    }

    fn check(&self, faults: &mut Vec<Fault>) {
        faults.extend(self.found.remarks.iter().cloned().map(Fault::Note));
        for id in 0..self.found.nodes.len() as u64 {
            let Ok(node) = self.node(id) else { continue };
            let path = self.found.path(node);
            let path = path.to_string_lossy();
            match self.notes(id) {
                Err(e) => faults.push(Fault::Error(e.in_member(&path))),
                Ok(notes) => {
                    let has_meta = node.sidecars.contains(&Sidecar::Meta);
                    if has_meta && self.group(id).is_some() && notes.meta.is_empty() {
                        let file = self.sidecar_path(node, Sidecar::Meta);
                        let shown = quoted(&file.to_string_lossy());
                        faults.push(Fault::Note(format!("'{shown}' is empty: NPFold crashes")));
                    }
                }
            }
        }
        let describe = |id: u64| self.entry(id);
        faults.extend(lint::lint(&self.found, &describe).into_iter().map(Fault::Note));
    }
}
