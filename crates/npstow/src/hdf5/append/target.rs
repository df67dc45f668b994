//! A dataset that is to grow: where its header says how long it is and where its index lies, or
//! why it cannot grow in place.
#![forbid(unsafe_code)]

use crate::hdf5::beside::Beside;
use crate::hdf5::dataset;
use crate::hdf5::file::File;
use crate::hdf5::object::datatype::{Charset, Class, Type};
use crate::hdf5::object::header::{self, First, Header, Message, kind};
use crate::hdf5::object::layout::{Index, Layout};
use crate::hdf5::object::shared;
use crate::hdf5::object::space::Space;
use crate::hdf5::object::storage::{Fill, Filter, filters};
use crate::hdf5::paths::follow;
use crate::hdf5::plan::Grid;
use crate::hdf5::read::UNDEFINED;
use crate::hdf5::superblock::Superblock;
use crate::hdf5::types::{Form, datatype};
use crate::hdf5::write::filters::{DEFLATE, FLETCHER32, SHUFFLE};
use crate::{Dtype, Entry, Error, Limits, Result, Source};
use std::path::Path;
use std::sync::Arc;

/// What is written at once is within a page: the system does not stop within one.
pub(super) const PAGE: u64 = 4096;

/// Chunks of more bytes are not made.
const MOST_CHUNK: u64 = 1 << 30;

/// A dataset, and the places of the file that change when it grows.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) superblock: Superblock,
    /// The length of the file.
    pub(super) len: u64,
    pub(super) entry: Entry,
    /// The largest number of rows; `u64::MAX` without an end.
    pub(super) most: u64,
    /// Chunks as they are made; `counts` are those of the whole dataset.
    pub(super) grid: Grid,
    pub(super) itemsize: u32,
    /// The root of the index of chunks.
    pub(super) root: u64,
    pub(super) block: First,
    /// Where the block has the length of the first axis, and the address of the index.
    pub(super) length_at: u64,
    pub(super) root_at: u64,
}

fn refused(why: impl std::fmt::Display) -> Error {
    Error::unsupported(format_args!("appending to {why}"))
}

impl Target {
    /// Finds the dataset of a name in a file.
    ///
    /// # Errors
    /// `NotFound`; `Unsupported` for what cannot grow in place, by name; `Corrupt`.
    pub(super) fn find(source: Arc<dyn Source>, path: &Path, name: &str) -> Result<Self> {
        let superblock = Superblock::find(&*source)?;
        check_file(&superblock, source.len())?;
        let beside = Arc::new(Beside::of(path, &*source));
        let limits = Arc::new(Limits::default());
        let file = Arc::new(File::made(source, superblock.clone(), limits, beside));
        let address = follow(&file, superblock.root, name)?;
        let header = header::read(&file, address)?;
        if header.find(kind::LAYOUT).is_none() {
            return Err(refused("what is no dataset"));
        }
        Self::of(&file, superblock, address, &header).map_err(|e| e.in_member(name))
    }

    fn of(file: &Arc<File>, superblock: Superblock, address: u64, header: &Header) -> Result<Self> {
        let block = header::first(file, address)?;
        let (space, length_at) = space(file, header)?;
        let (layout, root_at) = layout(file, header)?;
        let entry = dataset::entry(file, header)?;
        let itemsize = check_type(file, header, &entry, space.shape.len())?;
        let most = match space.most.as_deref().and_then(<[u64]>::first) {
            Some(&most) if space.shape.first().is_some_and(|&now| most > now) => most,
            _ => {
                let now = space.shape.first().copied().unwrap_or(0);
                return Err(refused(format_args!(
                    "a dataset whose first axis does not grow beyond {now}"
                )));
            }
        };
        let Layout::Chunked(chunks) = layout else {
            return Err(refused("a dataset without chunks"));
        };
        if chunks.itemsize != u64::from(itemsize) || chunks.chunk.len() != space.shape.len() {
            return Err(Error::corrupt(
                "chunks of the shape and the type of the dataset",
                "others",
            ));
        }
        let lengths: Vec<u64> = chunks.chunk.iter().map(|&n| n.into()).collect();
        let nbytes =
            lengths.iter().fold(u64::from(itemsize), |n, &length| n.saturating_mul(length));
        if nbytes > MOST_CHUNK {
            return Err(Error::limit("a chunk that is written anew (bytes)", MOST_CHUNK, nbytes));
        }
        let counts = space.shape.iter().zip(&lengths).map(|(n, length)| n.div_ceil(*length));
        let mut grid = Grid {
            counts: counts.collect(),
            nbytes: usize::try_from(nbytes).unwrap_or(usize::MAX),
            lengths,
            level: None,
            shuffle: false,
            fletcher32: false,
            fill: fill(file, header, itemsize)?,
        };
        if let Some(message) = header.find(kind::PIPELINE) {
            pipeline(&filters(&shared::body(file, message)?)?, itemsize, &mut grid)?;
        }
        let (root, len) = (chunks.address, file.source().len());
        let target =
            Self { superblock, len, entry, most, grid, itemsize, root, block, length_at, root_at };
        target.check_block()?;
        Ok(target)
    }

    /// What changes of the header: from the first byte to the last one.
    fn changes(&self) -> (u64, u64) {
        let fields = [self.length_at, self.root_at];
        let start = fields.into_iter().min().unwrap_or(0);
        let end = match self.block.is_checked {
            true => self.block.start + self.block.len,
            false => fields.into_iter().max().unwrap_or(0) + 8,
        };
        (start, end)
    }

    /// The header is changed by one write, or not at all.
    fn check_block(&self) -> Result<()> {
        let (start, end) = self.changes();
        if ![self.length_at, self.root_at].iter().all(|at| self.block.holds(*at, 8)) {
            return Err(refused("a dataset whose header is in several parts"));
        }
        if start / PAGE != (end - 1) / PAGE {
            let what = "a dataset whose header lies on two pages of the file, which no single write \
                        changes (written anew it lies elsewhere)";
            return Err(refused(what));
        }
        Ok(())
    }
}

/// Addresses are of 8 bytes from the start of the file on, and nothing is said of the file
/// that would have to be kept up to date.
fn check_file(superblock: &Superblock, len: u64) -> Result<()> {
    let Superblock { base, version, sizes, flags, end, extension, driver, .. } = superblock;
    if *version == 1 {
        return Err(refused("a file with a superblock of version 1"));
    }
    if (sizes.offset, sizes.length) != (8, 8) {
        let what = "a file whose addresses and lengths are not of 8 bytes";
        return Err(refused(what));
    }
    if *base != 0 {
        return Err(refused("a file with a user block"));
    }
    if *flags != 0 {
        return Err(refused("a file that is marked as open for writing (npstow repair)"));
    }
    if *driver != UNDEFINED {
        return Err(refused("a file of another driver than that of single files"));
    }
    if *extension != UNDEFINED {
        return Err(refused("a file with an extension of the superblock"));
    }
    if *end == UNDEFINED || *end > len {
        return Err(Error::corrupt(format_args!("a file of {end} bytes"), len).at(len));
    }
    Ok(())
}

fn own<'a>(header: &'a Header, kind: u16, what: &str) -> Result<&'a Message> {
    let mut all = header.all(kind);
    match (all.next(), all.next()) {
        (Some(message), None) if !message.is_shared() => Ok(message),
        (Some(_), None) => Err(refused(format_args!("a dataset whose {what} is shared"))),
        _ => Err(Error::corrupt(format_args!("one {what} of a dataset"), "none, or several")),
    }
}

/// The dataspace, and where it has the length of the first axis.
fn space(file: &File, header: &Header) -> Result<(Space, u64)> {
    let message = own(header, kind::DATASPACE, "dataspace")?;
    let space = Space::parse(&message.body, file.sizes()).map_err(|e| e.shift(message.offset))?;
    if space.is_null || space.shape.is_empty() {
        return Err(Error::invalid("a 0-d array has no rows to append to"));
    }
    // Version 1 has more padding.
    let head = if message.body.first() == Some(&1) { 8 } else { 4 };
    Ok((space, message.offset + head))
}

/// The layout, and where it has the address of an index that npstow writes.
fn layout(file: &File, header: &Header) -> Result<(Layout, u64)> {
    if header.find(kind::EXTERNAL_FILES).is_some() {
        return Err(refused("a dataset in other files"));
    }
    let message = own(header, kind::LAYOUT, "layout")?;
    let layout = Layout::parse(&message.body, file.sizes()).map_err(|e| e.shift(message.offset))?;
    let version = message.body.first().copied().unwrap_or(0);
    match &layout {
        Layout::Chunked(grid) if version == 3 && grid.index == Index::BTree1 => {
            Ok((layout, message.offset + 3))
        }
        Layout::Chunked(grid) => {
            let index = match grid.index {
                Index::BTree1 => "a layout of a version before 3",
                Index::Single(_) => "chunks without an index (a single one)",
                Index::Implicit => "chunks without an index",
                Index::FixedArray => "chunks in a fixed array",
                Index::ExtensibleArray => "chunks in an extensible array",
                Index::BTree2 => "chunks in a B-tree of version 2",
            };
            Err(refused(format_args!("a dataset with {index}")))
        }
        Layout::Virtual { .. } => Err(refused("a virtual dataset")),
        Layout::Compact { .. } | Layout::Contiguous { .. } => {
            Err(refused("a dataset without chunks"))
        }
    }
}

/// Elements are of a type that npstow writes in the same way; how many bytes they have.
fn check_type(file: &File, header: &Header, entry: &Entry, rank: usize) -> Result<u32> {
    let dtype = entry.dtype();
    if matches!(entry.data(), crate::Data::Varied(_)) {
        return Err(refused("text or sequences of no fixed length"));
    }
    let Some(message) = header.find(kind::DATATYPE) else {
        return Err(Error::corrupt("a datatype of a dataset", "none"));
    };
    let body = shared::body(file, message)?;
    let is_ours = |form| {
        let ours = datatype(dtype, form).unwrap_or_default();
        let rest = body.strip_prefix(&*ours);
        !ours.is_empty() && rest.is_some_and(|rest| rest.iter().all(|byte| *byte == 0))
    };
    if entry.shape().len() != rank || !(is_ours(Form::Old) || is_ours(Form::Latest)) {
        return Err(refused(stored(&Type::parse(&body)?, dtype)));
    }
    u32::try_from(dtype.itemsize()).map_err(|_| refused("elements of so many bytes"))
}

/// How elements are stored, where that is not as npstow stores those of their dtype.
fn stored(what: &Type, dtype: &Dtype) -> String {
    match &what.class {
        Class::Enum { names, .. } => {
            format!("an enumeration of {} names, which reads as {dtype}", names.len())
        }
        Class::Text(Charset::Utf8, _) => format!("strings in UTF-8 of {} bytes", what.size),
        Class::Text(..) => format!("strings of {} bytes that are not padded with NUL", what.size),
        Class::BitField(_) => format!("a bit field, which reads as {dtype}"),
        Class::Opaque { tag } => {
            format!("opaque bytes with the tag '{}'", crate::error::quoted(tag))
        }
        Class::Time => "times of HDF5".to_owned(),
        _ => format!("elements of {dtype} that are stored otherwise than npstow stores them"),
    }
}

/// What stands in chunks beyond the dataset.
fn fill(file: &File, header: &Header, itemsize: u32) -> Result<Vec<u8>> {
    let fill = match (header.find(kind::FILL), header.find(kind::OLD_FILL)) {
        (Some(message), _) => Fill::parse(&shared::body(file, message)?)?,
        (None, Some(message)) => Fill::parse_old(&shared::body(file, message)?)?,
        (None, None) => Fill::default(),
    };
    let bytes = fill.0.map(|bytes| bytes.to_vec()).unwrap_or_default();
    match bytes.len() as u64 {
        0 => Ok(Vec::new()),
        len if len == u64::from(itemsize) => Ok(bytes),
        len => Err(Error::corrupt(format_args!("a fill value of {itemsize} bytes"), len)),
    }
}

/// Takes the filters of a dataset for those that npstow packs with, in its order.
fn pipeline(said: &[Filter], itemsize: u32, grid: &mut Grid) -> Result<()> {
    let mut last = 0;
    for Filter { id, name, values } in said {
        let place = match (*id, &values[..]) {
            (SHUFFLE, [size]) if *size == itemsize => {
                grid.shuffle = true;
                1
            }
            (DEFLATE, [level]) if *level <= 9 => {
                grid.level = u8::try_from(*level).ok();
                2
            }
            (FLETCHER32, []) => {
                grid.fletcher32 = true;
                3
            }
            _ => 0,
        };
        if place <= last {
            let name = crate::error::quoted(name);
            let what = format_args!("chunks that the filter {id} '{name}' packs in this way");
            return Err(refused(what));
        }
        last = place;
    }
    Ok(())
}
