//! A dataset or an attribute as an entry.
#![forbid(unsafe_code)]

use super::chunks;
use super::external;
use super::file::File;
use super::filters::filter;
use super::mapped::{self, Mapped};
use super::object::attribute::Attribute;
use super::object::datatype::{Class, Type};
use super::object::header::{Header, Message, kind};
use super::object::layout::{Grid, Layout};
use super::object::shared;
use super::object::space::Space;
use super::object::storage::{self, Fill, filters};
use super::read::UNDEFINED;
use super::sources::Sources;
use super::types::Form;
use super::types::bits::{needs_repair, repaired, repaired_size};
use super::types::carried::{carried, has_place, is_carried, refers};
use super::types::to_dtype::{described, dtype, is_varied, void};
use super::types::vlen::Elements;
use super::write::filters::{DEFLATE, FLETCHER32, SHUFFLE};
use crate::array::{MemoryOrder, nbytes};
use crate::chunk::{Chunked, Filter, Stored};
use crate::entry::{Kept, Native};
use crate::{Buffer, Data, Dtype, Entry, Error, MemorySource, Result, Scalar, Source};
use std::sync::Arc;

/// Everything that a header says of a dataset.
#[derive(Clone)]
struct Said {
    space: Space,
    what: Type,
    /// The message that the type was read from.
    datatype: Buffer,
    layout: Layout,
    /// Where the body of the layout lies in the source.
    layout_offset: u64,
    fill: Fill,
    packed: Vec<storage::Filter>,
    filters: Vec<Arc<dyn Filter>>,
    /// The message that names other files.
    external: Option<Buffer>,
}

/// An error of a parser, counted from the start of the source.
fn placed<T>(message: &Message, result: Result<T>) -> Result<T> {
    result.map_err(|e| if message.is_shared() { e } else { e.shift(message.offset) })
}

fn parsed<T>(
    file: &File,
    header: &Header,
    kind: u16,
    parse: impl FnOnce(&Buffer) -> Result<T>,
) -> Result<Option<T>> {
    let Some(message) = header.find(kind) else { return Ok(None) };
    let body = shared::body(file, message)?;
    placed(message, parse(&body)).map(Some)
}

impl Said {
    fn read(file: &File, header: &Header) -> Result<Self> {
        let lacks = |what: &str| {
            Error::corrupt(format_args!("{what} of a dataset"), "none").at(header.offset)
        };
        let sizes = file.sizes();
        let space = parsed(file, header, kind::DATASPACE, |body| Space::parse(body, sizes))?;
        let what = parsed(file, header, kind::DATATYPE, |body| {
            Type::parse(body).map(|what| (what, body.clone()))
        })?;
        let (what, datatype) = what.ok_or_else(|| lacks("a datatype"))?;
        let layout = parsed(file, header, kind::LAYOUT, |body| Layout::parse(body, sizes))?;
        let fill = match parsed(file, header, kind::FILL, Fill::parse)? {
            Some(fill) => fill,
            None => parsed(file, header, kind::OLD_FILL, Fill::parse_old)?.unwrap_or_default(),
        };
        let filters = parsed(file, header, kind::PIPELINE, |body| filters(body))?;
        let packed = filters.unwrap_or_default();
        let filters = packed.iter().map(filter).collect::<Result<_>>()?;
        Ok(Self {
            space: space.ok_or_else(|| lacks("a dataspace"))?,
            what,
            datatype,
            layout: layout.ok_or_else(|| lacks("a layout"))?,
            layout_offset: header.find(kind::LAYOUT).map_or(0, |message| message.offset),
            fill,
            packed,
            filters,
            external: header.find(kind::EXTERNAL_FILES).map(|message| message.body.clone()),
        })
    }
}

/// Makes elements what their dtype says, after they were unpacked.
#[derive(Debug)]
struct Repair(Type);

impl Filter for Repair {
    fn name(&self) -> &str {
        ""
    }

    fn decode(&self, bytes: &[u8], _: usize) -> Result<Vec<u8>> {
        Ok(repaired(&self.0, bytes.to_vec()))
    }
}

/// What makes elements what their dtype says, and how many bytes each has before. Elements of no
/// fixed length are taken as they are: their parts are looked at one by one.
fn repairing(what: &Type) -> Option<(Arc<dyn Filter>, usize)> {
    let needed = !is_varied(what) && needs_repair(what);
    needed.then(|| -> (Arc<dyn Filter>, usize) { (Arc::new(Repair(what.clone())), what.size) })
}

/// Bytes of an element in memory.
fn itemsize(what: &Type) -> usize {
    if is_varied(what) { what.size } else { repaired_size(what) }
}

/// The entry of a dataset.
pub(super) fn entry(file: &Arc<File>, header: &Header) -> Result<Entry> {
    entry_within(file, header, (mapped::DEPTH, &mut Sources::default())).map(|(entry, _)| entry)
}

/// The entry of a dataset, where virtual ones may be made of one another so deep; and which virtual
/// one it is.
pub(super) fn entry_within(
    file: &Arc<File>,
    header: &Header,
    (depth, sources): (usize, &mut Sources),
) -> Result<(Entry, Option<Arc<Mapped>>)> {
    let said = Said::read(file, header)?;
    let mut mapped = None;
    let entry = made(file, &said, (depth, &mut *sources), &mut mapped)?;
    let changed =
        |what: Type| made(file, &Said { what, ..said.clone() }, (depth, sources), &mut None);
    let native = native((&said.what, &said.datatype), said.space.is_null, &entry, changed)?;
    let native = match kept(&said, file.source().len(), native.as_ref()) {
        None => native,
        kept => Some(Native { kept, ..native.unwrap_or_default() }),
    };
    Ok((entry.with_native(native), mapped))
}

/// A file without elements takes so little.
const SMALL: u64 = 16 << 20;

/// No byte of deflate stands for more bytes.
const REACH: u64 = 1032;

/// So much is taken in at once when chunks are written: a row of them.
const MOST_ROW: u64 = 1 << 30;

/// How a dataset is stored, as far as that is written in the same way again: chunks, unless a file
/// of this length has them for the most part unwritten.
fn kept(said: &Said, len: u64, native: Option<&Native>) -> Option<Kept> {
    let (shape, size) = (&said.space.shape, said.what.size as u64);
    if said.space.is_null || is_varied(&said.what) {
        return None;
    }
    // Elements that become others are no longer such as the fill value.
    let is_same = !needs_repair(&said.what) || native.is_some_and(|one| one.datatype.is_some());
    let fill = said.fill.0.clone().filter(|fill| is_same && fill.len() as u64 == size);
    let mut kept = Kept {
        shape: shape.clone(),
        chunk: Vec::new(),
        most: None,
        shuffle: false,
        level: None,
        fletcher32: false,
        fill,
    };
    match &said.layout {
        Layout::Chunked(grid) if grid.chunk.len() == shape.len() => {
            let chunk: Vec<u64> = grid.chunk.iter().map(|&n| n.into()).collect();
            if is_there(shape, &chunk, size, len) {
                kept.chunk = chunk;
                kept.most.clone_from(&said.space.most);
                said.packed.iter().for_each(|filter| keep(&mut kept, filter));
            }
        }
        _ => {}
    }
    (!kept.chunk.is_empty() || kept.fill.is_some()).then_some(kept)
}

/// Whether all chunks may be in a file of this length, so that writing them takes no more than
/// reading them did.
fn is_there(shape: &[u64], chunk: &[u64], size: u64, len: u64) -> bool {
    let product = |n: u64, all: &[u64]| all.iter().fold(n, |n, &one| n.saturating_mul(one));
    let nbytes = product(size, shape);
    if nbytes == 0 {
        return true;
    }
    let counts: Vec<u64> = shape.iter().zip(chunk).map(|(n, one)| n.div_ceil(*one)).collect();
    let claimed = SMALL.max(len.saturating_mul(REACH));
    let row = product(size, shape.get(1..).unwrap_or_default());
    let rows = chunk.first().copied().unwrap_or(1).min(shape.first().copied().unwrap_or(1));
    nbytes <= claimed
        && product(size, chunk) <= claimed.min(MOST_ROW)
        && row.saturating_mul(rows) <= MOST_ROW
        // Each has an address in an index, and a byte.
        && product(1, &counts) <= (SMALL >> 8).max(len / 9)
}

/// Keeps a filter that is written, too.
fn keep(kept: &mut Kept, storage::Filter { id, values, .. }: &storage::Filter) {
    match *id {
        DEFLATE => {
            let level = values.first().map_or(6, |&level| level.min(9));
            kept.level = u8::try_from(level).ok();
        }
        SHUFFLE => kept.shuffle = true,
        FLETCHER32 => kept.fletcher32 = true,
        _ => {}
    }
}

/// What of a type is carried where the elements are written again; `changed` gives the same
/// elements as another type.
fn native(
    (what, datatype): (&Type, &Buffer),
    is_null: bool,
    entry: &Entry,
    changed: impl FnOnce(Type) -> Result<Entry>,
) -> Result<Option<Native>> {
    let is_carried = match is_null {
        true => has_place(what),
        // Sizes that contradict one another are nothing to hand on.
        false => {
            let size = if needs_repair(what) { repaired_size(what) } else { what.size };
            is_carried(what) && !is_varied(what) && entry.dtype().itemsize() == size
        }
    };
    if !is_null && refers(what) {
        return Ok(Some(Native { is_stale: true, ..Native::default() }));
    }
    if !is_carried && !is_null {
        return Ok(None);
    }
    let elements = match is_carried && !is_null && needs_repair(what) {
        true => Some(changed(Type { class: Class::Opaque { tag: String::new() }, ..*what })?),
        false => None,
    };
    let datatype = is_carried.then(|| datatype.clone());
    Ok(Some(Native { datatype, elements, is_null, ..Native::default() }))
}

/// The entry of a committed datatype: the bytes that say what it is, as the latest form has them,
/// so that they are the same in every file; as they are where npstow would not write them.
pub(super) fn committed(file: &Arc<File>, header: &Header) -> Result<Entry> {
    let Some(message) = header.find(kind::DATATYPE) else {
        return Err(Error::unsupported("an object that is no group, dataset or datatype"));
    };
    let body = shared::body(file, message)?;
    let bytes = carried(&body, Form::Latest).map_or_else(|_| body.clone(), Buffer::from);
    let (dtype, shape) = (Scalar::parse("u1")?.into(), [bytes.len()]);
    let (source, limits) = (Arc::new(MemorySource::new(bytes)), Arc::clone(file.limits()));
    let entry = Entry::new(source, dtype, &shape, MemoryOrder::C, Data::Inline, limits)?;
    Ok(entry.with_native(Some(Native { committed: Some(body), ..Native::default() })))
}

fn made(
    file: &Arc<File>,
    said: &Said,
    within: (usize, &mut Sources),
    virtual_one: &mut Option<Arc<Mapped>>,
) -> Result<Entry> {
    let mut shape = said.space.lengths()?;
    let varied = is_varied(&said.what);
    let dtype = dtype(&said.what)?;
    let raw = if varied { void(said.what.size)? } else { dtype.clone() };
    let mut source = Arc::clone(file.source());
    let data = match (&said.layout, &said.external) {
        (Layout::Contiguous { .. }, Some(names)) => {
            let len = nbytes(&shape, said.what.size)? as u64;
            source = external::source(file, names, len)?;
            alone(said, &shape, (0, len), &*source)?
        }
        (Layout::Virtual { .. }, _) if varied || needs_repair(&said.what) => {
            let what = format!("a virtual dataset of {}", described(&said.what));
            return Err(Error::unsupported(what));
        }
        (Layout::Virtual { address, index }, _) => {
            let (place, whole) = ((*address, *index), (&shape[..], &dtype));
            let mapped = Mapped::open(file, place, whole, said.fill.0.clone(), within)?;
            shape = mapped.shape().to_vec();
            let mapped = virtual_one.insert(Arc::new(mapped));
            Data::Composed(Arc::<Mapped>::clone(mapped))
        }
        _ => data(file, said, &shape)?,
    };
    let limits = Arc::clone(file.limits());
    let raw = Entry::new(source, raw, &shape, MemoryOrder::C, data, limits)?;
    let what = (said.what.clone(), &said.datatype);
    if varied { elements(file, raw, what, dtype) } else { Ok(raw) }
}

/// The entry of an attribute.
pub(super) fn attribute(file: &Arc<File>, attribute: Attribute) -> Result<Entry> {
    let Attribute { what, datatype, space, data, .. } = attribute;
    let entry = inline(file, (what.clone(), &datatype), &space, data.clone())?;
    let changed = |what: Type| inline(file, (what, &datatype), &space, data);
    let native = native((&what, &datatype), space.is_null, &entry, changed)?;
    Ok(entry.with_native(native))
}

/// Elements that lie in a header.
fn inline(
    file: &Arc<File>,
    (what, datatype): (Type, &Buffer),
    space: &Space,
    data: Buffer,
) -> Result<Entry> {
    let varied = is_varied(&what);
    let dtype = dtype(&what)?;
    let raw = if varied { void(what.size)? } else { dtype.clone() };
    let data = match !varied && needs_repair(&what) {
        true => Buffer::from(repaired(&what, data.to_vec())),
        false => data,
    };
    let source: Arc<dyn Source> = Arc::new(MemorySource::new(data));
    let limits = Arc::clone(file.limits());
    let shape = space.lengths()?;
    let raw = Entry::new(source, raw, &shape, MemoryOrder::C, Data::Raw { offset: 0 }, limits)?;
    if varied { elements(file, raw, (what, datatype), dtype) } else { Ok(raw) }
}

fn elements(
    file: &Arc<File>,
    raw: Entry,
    (what, datatype): (Type, &Buffer),
    dtype: Dtype,
) -> Result<Entry> {
    let (source, shape) = (Arc::clone(raw.source()), raw.shape().to_vec());
    let datatype = datatype.clone();
    let elements = Elements { file: Arc::clone(file), raw, what, datatype };
    let (data, limits) = (Data::Varied(Arc::new(elements)), Arc::clone(file.limits()));
    Entry::new(source, dtype, &shape, MemoryOrder::C, data, limits)
}

fn data(file: &Arc<File>, said: &Said, shape: &[usize]) -> Result<Data> {
    let itemsize = said.what.size;
    let len = nbytes(shape, itemsize)? as u64;
    match &said.layout {
        Layout::Compact { len: 0, .. } | Layout::Contiguous { address: UNDEFINED, .. } => {
            unwritten(said, shape)
        }
        Layout::Compact { start, len: there } => {
            if (*there as u64) < len {
                let expected = format!("{len} bytes of data");
                return Err(Error::corrupt(expected, there).at(said.layout_offset));
            }
            let offset = said.layout_offset.saturating_add(*start as u64);
            alone(said, shape, (offset, len), &**file.source())
        }
        Layout::Contiguous { address, .. } => {
            alone(said, shape, (file.position(*address)?, len), &**file.source())
        }
        Layout::Chunked(grid) => chunked(file, said, shape, grid),
        Layout::Virtual { .. } => Err(Error::unsupported("a virtual dataset of HDF5")),
    }
}

/// Elements that lie one after another.
fn alone(
    said: &Said,
    shape: &[usize],
    (offset, len): (u64, u64),
    source: &dyn Source,
) -> Result<Data> {
    let there = source.len();
    let repair = repairing(&said.what);
    if repair.is_none() || len == 0 {
        return Ok(Data::Raw { offset });
    }
    let chunk = bands(shape, said.what.size);
    let each = nbytes(&chunk, said.what.size)? as u64;
    let load = move || {
        // Held against the file before a list is made that is as long as what is claimed.
        let there = there.saturating_sub(offset);
        if len > there {
            let found = format!("the end after {there}");
            return Err(Error::corrupt(format_args!("{len} bytes of data"), found).at(offset));
        }
        let starts = (0..len.div_ceil(each.max(1))).map(|number| (number, number * each));
        let band = |(number, start): (u64, u64)| Stored {
            number,
            offset: offset + start,
            len: each.min(len - start),
            skipped: 0,
        };
        Ok(starts.map(band).collect())
    };
    let chunked = Chunked::new(shape, &chunk, itemsize(&said.what), load)?;
    Ok(Data::Chunked(Arc::new(chunked.repaired(repair).short())))
}

/// As many rows as are worth being treated at once.
const BAND: usize = 1 << 20;

fn bands(shape: &[usize], itemsize: usize) -> Vec<usize> {
    let mut chunk: Vec<usize> = shape.iter().map(|&n| n.max(1)).collect();
    let row = chunk.iter().skip(1).fold(itemsize, |n, &length| n.saturating_mul(length));
    if let Some(rows) = chunk.first_mut() {
        *rows = (*rows).min((BAND / row.max(1)).max(1));
    }
    chunk
}

/// Elements of which none was ever written.
fn unwritten(said: &Said, shape: &[usize]) -> Result<Data> {
    let itemsize = itemsize(&said.what);
    let chunked = Chunked::new(shape, &bands(shape, itemsize), itemsize, || Ok(Vec::new()))?;
    Ok(Data::Chunked(Arc::new(filled(chunked, said))))
}

fn filled(chunked: Chunked, said: &Said) -> Chunked {
    match &said.fill.0 {
        // A fill value of variable length lies in a heap as elements do.
        Some(fill) if fill.len() == said.what.size => {
            let fill = if is_varied(&said.what) {
                fill.to_vec()
            } else {
                repaired(&said.what, fill.to_vec())
            };
            chunked.filled(Buffer::from(fill))
        }
        _ => chunked,
    }
}

fn chunked(file: &Arc<File>, said: &Said, shape: &[usize], grid: &Grid) -> Result<Data> {
    if grid.itemsize != said.what.size as u64 {
        let expected = format!("chunks of elements of {} bytes", said.what.size);
        return Err(Error::corrupt(expected, grid.itemsize).at(said.layout_offset));
    }
    let chunk = grid.lengths();
    let load = {
        let (file, space, grid) = (Arc::clone(file), said.space.clone(), grid.clone());
        move || chunks::stored(&file, &space, &grid)
    };
    let chunked = Chunked::new(shape, &chunk, itemsize(&said.what), load)
        .map_err(|e| e.at(said.layout_offset))?
        .repaired(repairing(&said.what))
        .packed(said.filters.clone(), grid.plain_edges);
    Ok(Data::Chunked(Arc::new(filled(chunked, said))))
}
