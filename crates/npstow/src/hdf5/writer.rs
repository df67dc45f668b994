//! Writing: the elements of all arrays, one after another, then what leads to them.
//!
//! Where each thing lies is known before the first byte is written, unless chunks are packed:
//! then the superblock, which begins the file, is patched in at the end. Into a pipe, where that
//! cannot be done, packed chunks are held back until they have become too many; then they are
//! packed twice.
#![forbid(unsafe_code)]

use super::assembly::{Assembly, Place};
use super::cut::{Cut, Cuts, Packed, pack};
use super::draft::{Draft, Extras, named};
use super::elements::Elements;
use super::headers::Headers;
use super::links::{self, Links};
use super::options::WriteOptions;
use super::plan::{Dataset, Grid, Stored, datasets};
use super::write::chunk_index::Chunk;
use super::write::superblock::Superblock;
use crate::{AtomicFile, Error, Result, Sink, Tree, parallel};
use std::path::Path;

/// Arrays in one piece begin at multiples of this.
const ALIGN: u64 = 64;

/// Small pieces are collected up to this size before they are written.
const PENDING: usize = 256 << 10;

/// So much is held for a sink that cannot be patched.
const HELD: usize = 64 << 20;

/// Writes a tree as an HDF5 file, atomically: an old file stays as it was until the new one is
/// whole.
///
/// Groups are groups, arrays are datasets, metadata and names are attributes. What HDF5 cannot
/// hold is refused: Python objects, items of no bytes, titles and overlaps of fields.
///
/// ```
/// use npstow::{Array, Tree, hdf5};
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("run.h5");
/// let tree = Tree::new().with("event/hit", Array::from_vec(vec![1.5f32, 2.5]))?;
/// hdf5::write(&path, &tree)?;
/// # assert!(std::fs::read(&path).unwrap().starts_with(b"\x89HDF"));
/// # Ok::<(), npstow::Error>(())
/// ```
///
/// # Errors
/// `Io`; `Unsupported` and `Limit` for what HDF5 cannot hold.
pub fn write(path: impl AsRef<Path>, tree: &Tree) -> Result<()> {
    write_with(path, tree, &WriteOptions::default())
}

/// Writes a tree as an HDF5 file as the options say, atomically.
///
/// ```
/// use npstow::{Array, Tree, hdf5};
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("run.h5");
/// let tree = Tree::new().with("x", Array::from_vec(vec![0u8; 100_000]))?;
/// hdf5::write_with(&path, &tree, &hdf5::WriteOptions::default().compress(4))?;
/// # assert!(std::fs::metadata(&path).unwrap().len() < 10_000);
/// # Ok::<(), npstow::Error>(())
/// ```
///
/// # Errors
/// As [`write()`]; `Invalid` for a level that is not there.
pub fn write_with(path: impl AsRef<Path>, tree: &Tree, options: &WriteOptions) -> Result<()> {
    to_path(path.as_ref(), tree, &Extras::default(), options)
}

/// Writes a tree as an HDF5 file to a sink: memory, or a pipe by [`WriteSink`](crate::WriteSink).
///
/// ```
/// use npstow::{Array, Tree, hdf5};
/// let mut bytes = Vec::new();
/// let tree = Tree::new().with("x", Array::from_vec(vec![1u8]))?;
/// hdf5::write_to(&mut bytes, &tree, &hdf5::WriteOptions::default())?;
/// assert!(bytes.starts_with(b"\x89HDF\r\n\x1a\n"));
/// # Ok::<(), npstow::Error>(())
/// ```
///
/// # Errors
/// As [`write_with`].
pub fn write_to(sink: &mut dyn Sink, tree: &Tree, options: &WriteOptions) -> Result<()> {
    to_sink(sink, tree, &Extras::default(), options)
}

impl Draft {
    /// Writes the file, atomically.
    ///
    /// # Errors
    /// As [`write_with`].
    pub fn write(&self, path: impl AsRef<Path>, options: &WriteOptions) -> Result<()> {
        to_path(path.as_ref(), &self.tree, &self.extras, options)
    }

    /// Writes the file to a sink.
    ///
    /// # Errors
    /// As [`write_with`].
    pub fn write_to(&self, sink: &mut dyn Sink, options: &WriteOptions) -> Result<()> {
        to_sink(sink, &self.tree, &self.extras, options)
    }
}

fn to_path(path: &Path, tree: &Tree, extras: &Extras, options: &WriteOptions) -> Result<()> {
    let mut file = AtomicFile::create(path, options.durability)?;
    to_sink(&mut file, tree, extras, options).map_err(|e| e.in_path(path))?;
    file.commit()
}

fn to_sink(
    sink: &mut dyn Sink,
    tree: &Tree,
    extras: &Extras,
    options: &WriteOptions,
) -> Result<()> {
    options.check()?;
    let named = named(tree);
    let tree = named.as_ref().unwrap_or(tree);
    let mut datasets = datasets(tree, extras, options)?;
    let links = links::find(tree, extras, &mut datasets);
    let file = File { tree, extras, datasets, links, latest: options.latest };
    if let Some(places) = file.places()? {
        return file.write_planned(sink, &places);
    }
    if sink.can_patch() { file.write_patched(sink) } else { file.write_held(sink) }
}

/// What is written.
struct File<'a> {
    tree: &'a Tree,
    extras: &'a Extras,
    datasets: Vec<Dataset<'a>>,
    links: Links,
    latest: bool,
}

/// Work on one array, or on one chunk.
enum Job<'a> {
    Whole(usize),
    Chunk(usize, &'a Grid, Result<Cut<'a>>),
}

enum Done {
    Whole(usize),
    Chunk(usize, Result<Packed>),
}

impl File<'_> {
    fn superblock_len(&self) -> usize {
        if self.latest { Superblock::LATEST_LEN } else { Superblock::OLD_LEN }
    }

    /// Where everything will be, where that can be told without packing anything.
    fn places(&self) -> Result<Option<Vec<Place>>> {
        let mut at = self.superblock_len() as u64;
        let mut places = Vec::with_capacity(self.datasets.len());
        for dataset in &self.datasets {
            let nbytes = dataset.elements.nbytes() as u64;
            places.push(match &dataset.stored {
                Stored::Contiguous if nbytes == 0 => Place::Nowhere,
                Stored::Contiguous => {
                    let start = at.next_multiple_of(ALIGN);
                    at = start + nbytes;
                    Place::At(start)
                }
                Stored::Compact => Place::Compact(dataset.elements.to_vec()?),
                // It comes with the structures, if it comes at all.
                Stored::Varied(_) | Stored::Committed | Stored::Linked(_) | Stored::Soft(_) => {
                    Place::Nowhere
                }
                Stored::Chunked(grid) => {
                    let Some(len) = grid.stored_len() else { return Ok(None) };
                    let len = chunk_len(len)?;
                    let chunk = |n: u64| Chunk { address: at + n * u64::from(len), len };
                    let chunks: Vec<Chunk> = (0..grid.count()).map(chunk).collect();
                    at += grid.count() * u64::from(len);
                    Place::Chunks(chunks)
                }
            });
        }
        Ok(Some(places))
    }

    fn assemble(&self, places: &[Place], base: u64) -> Result<(Vec<u8>, Superblock)> {
        let write = |headers: Headers| {
            let assembly = Assembly::new(self.extras, self.latest, base, headers);
            assembly.write(self.tree, (&self.datasets, &self.links), places)
        };
        let (bytes, superblock, headers) = write(Headers::default())?;
        let Some(known) = headers.known() else { return Ok((bytes, superblock)) };
        // Something refers to something, and all that changes by that is what the addresses are.
        let len = bytes.len();
        drop(bytes);
        let (bytes, superblock, _) = write(known)?;
        if bytes.len() == len { Ok((bytes, superblock)) } else { Err(other_elements()) }
    }

    /// Everything in order: its place is known.
    fn write_planned(&self, sink: &mut dyn Sink, places: &[Place]) -> Result<()> {
        let end = places.iter().zip(&self.datasets).fold(0, |end, (place, dataset)| match place {
            Place::At(at) => at + dataset.elements.nbytes() as u64,
            Place::Chunks(chunks) => chunks.last().map_or(end, |c| c.address + u64::from(c.len)),
            Place::Nowhere | Place::Compact(_) => end,
        });
        let base = end.max(self.superblock_len() as u64).next_multiple_of(8);
        let (structures, superblock) = self.assemble(places, base)?;
        let len = base + structures.len() as u64;
        // What is not there is said before room is made for as much.
        for (dataset, place) in self.datasets.iter().zip(places) {
            if let (Elements::Entry(entry), false) = (dataset.elements, *place == Place::Nowhere) {
                entry.check().map_err(|e| e.in_member(&dataset.path))?;
            }
        }
        sink.reserve(len).map_err(|e| Error::io("asking for room", e))?;
        let mut out = Out::new(sink);
        out.write(&superblock.write())?;
        let written = self.write_elements(&mut out)?;
        same(&written, places)?;
        out.align(8)?;
        out.write(&structures)?;
        out.flush()
    }

    /// The superblock is written last, over zeros.
    fn write_patched(&self, sink: &mut dyn Sink) -> Result<()> {
        let mut out = Out::new(sink);
        out.write(&vec![0; self.superblock_len()])?;
        let places = self.write_elements(&mut out)?;
        out.align(8)?;
        let (structures, superblock) = self.assemble(&places, out.position())?;
        out.write(&structures)?;
        out.flush()?;
        let patched = sink.patch(0, &superblock.write()).unwrap_or_else(|| {
            Err(std::io::Error::other("a sink that says it can patch, and cannot"))
        });
        patched.map_err(|e| Error::io("writing", e).at(0))
    }

    /// What is packed is held as long as it is not too much; else it is packed once to learn how
    /// long it becomes, and once more.
    fn write_held(&self, sink: &mut dyn Sink) -> Result<()> {
        let mut held = Held::default();
        let mut out = Out::new(&mut held);
        out.write(&vec![0; self.superblock_len()])?;
        let places = self.write_elements(&mut out)?;
        out.align(8)?;
        let base = out.position();
        out.flush()?;
        let (structures, superblock) = self.assemble(&places, base)?;
        let mut out = Out::new(sink);
        out.write(&superblock.write())?;
        match held.bytes {
            Some(bytes) => out.write(bytes.get(self.superblock_len()..).unwrap_or_default())?,
            None => {
                let written = self.write_elements(&mut out)?;
                same(&written, &places)?;
                out.align(8)?;
            }
        }
        out.write(&structures)?;
        out.flush()
    }

    /// Writes the elements of all arrays, and says where they are. Chunks of all arrays are cut
    /// and packed side by side.
    fn write_elements(&self, out: &mut Out<'_>) -> Result<Vec<Place>> {
        let mut places: Vec<Place> = Vec::with_capacity(self.datasets.len());
        places.resize(self.datasets.len(), Place::Nowhere);
        if !self.datasets.iter().any(|dataset| matches!(dataset.stored, Stored::Chunked(_))) {
            for (dataset, place) in self.datasets.iter().zip(&mut places) {
                *place = write_whole(dataset, out)?;
            }
            return Ok(places);
        }
        let jobs =
            self.datasets.iter().enumerate().flat_map(|(index, dataset)| jobs(index, dataset));
        let work = |job: Job<'_>| match job {
            Job::Whole(index) => Done::Whole(index),
            Job::Chunk(index, grid, cut) => {
                Done::Chunk(index, cut.and_then(|cut| pack(&self.datasets[index], grid, &cut)))
            }
        };
        parallel::ordered(jobs, work, |done| {
            let index = match done {
                Done::Whole(index) | Done::Chunk(index, _) => index,
            };
            let dataset = &self.datasets[index];
            let placed =
                match done {
                    Done::Whole(_) => write_whole(dataset, out).map(|place| places[index] = place),
                    Done::Chunk(_, packed) => packed
                        .and_then(|packed| write_chunk(&packed, out))
                        .map(|chunk| match &mut places[index] {
                            Place::Chunks(chunks) => chunks.push(chunk),
                            other => *other = Place::Chunks(vec![chunk]),
                        }),
                };
            placed.map_err(|e| e.in_member(&dataset.path))
        })?;
        for (dataset, place) in self.datasets.iter().zip(&mut places) {
            if matches!(dataset.stored, Stored::Chunked(_)) && *place == Place::Nowhere {
                *place = Place::Chunks(Vec::new());
            }
        }
        Ok(places)
    }
}

/// The work on an array: as a whole, or chunk by chunk.
fn jobs<'a>(index: usize, dataset: &'a Dataset<'a>) -> Box<dyn Iterator<Item = Job<'a>> + 'a> {
    let Stored::Chunked(grid) = &dataset.stored else {
        return Box::new(std::iter::once(Job::Whole(index)));
    };
    match Cuts::new(dataset, grid) {
        Ok(cuts) => Box::new(cuts.map(move |cut| Job::Chunk(index, grid, cut))),
        Err(e) => Box::new(std::iter::once(Job::Chunk(index, grid, Err(e)))),
    }
}

fn write_whole(dataset: &Dataset<'_>, out: &mut Out<'_>) -> Result<Place> {
    let write = |out: &mut Out<'_>| {
        if matches!(dataset.stored, Stored::Compact) {
            return dataset.elements.to_vec().map(Place::Compact);
        }
        let nbytes = dataset.elements.nbytes() as u64;
        if nbytes == 0 || !matches!(dataset.stored, Stored::Contiguous) {
            return Ok(Place::Nowhere);
        }
        out.align(ALIGN)?;
        let at = out.position();
        dataset.elements.give(&mut |piece| out.write(piece))?;
        if out.position() != at + nbytes {
            let found = format!("{} of them", out.position() - at);
            return Err(Error::corrupt(format_args!("{nbytes} bytes of data"), found));
        }
        Ok(Place::At(at))
    };
    write(out).map_err(|e| e.in_member(&dataset.path))
}

fn write_chunk(packed: &Packed, out: &mut Out<'_>) -> Result<Chunk> {
    let len = chunk_len(packed.bytes.len())?;
    let address = out.position();
    out.write(&packed.bytes)?;
    Ok(Chunk { address, len })
}

fn chunk_len(len: usize) -> Result<u32> {
    u32::try_from(len).map_err(|_| Error::limit("a chunk (bytes)", u32::MAX.into(), len))
}

/// What was written lies where it was planned: nobody changed it in between.
fn same(written: &[Place], planned: &[Place]) -> Result<()> {
    if written == planned {
        return Ok(());
    }
    Err(other_elements())
}

fn other_elements() -> Error {
    Error::corrupt("the same elements as before", "others: they change while they are read")
}

/// A sink that knows how far it is, and collects what is small.
struct Out<'a> {
    sink: &'a mut dyn Sink,
    /// What was given to the sink; `pending` comes behind it.
    flushed: u64,
    pending: Vec<u8>,
}

impl<'a> Out<'a> {
    fn new(sink: &'a mut dyn Sink) -> Self {
        Self { sink, flushed: 0, pending: Vec::new() }
    }

    fn position(&self) -> u64 {
        self.flushed + self.pending.len() as u64
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        if self.pending.len() + bytes.len() <= PENDING {
            self.pending.extend_from_slice(bytes);
            return Ok(());
        }
        self.flush()?;
        if bytes.len() <= PENDING / 2 {
            self.pending.extend_from_slice(bytes);
            return Ok(());
        }
        self.give(bytes)
    }

    fn align(&mut self, align: u64) -> Result<()> {
        let gap = self.position().next_multiple_of(align) - self.position();
        let gap = usize::try_from(gap).expect("less than the alignment");
        self.write(&vec![0; gap])
    }

    fn flush(&mut self) -> Result<()> {
        let pending = std::mem::take(&mut self.pending);
        self.give(&pending)?;
        self.pending = pending;
        self.pending.clear();
        Ok(())
    }

    fn give(&mut self, bytes: &[u8]) -> Result<()> {
        self.sink.write_all(bytes).map_err(|e| Error::io("writing", e).at(self.flushed))?;
        self.flushed += bytes.len() as u64;
        Ok(())
    }
}

/// Holds what is written as long as it is not too much.
struct Held {
    bytes: Option<Vec<u8>>,
}

impl Default for Held {
    fn default() -> Self {
        Self { bytes: Some(Vec::new()) }
    }
}

impl Sink for Held {
    fn write_all(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        if let Some(held) = self.bytes.as_mut().filter(|held| held.len() + bytes.len() <= HELD) {
            held.extend_from_slice(bytes);
        } else {
            self.bytes = None;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
