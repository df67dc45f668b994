//! What is written where: every array with its type, its shape and its storage.
#![forbid(unsafe_code)]

use super::draft::{Extras, check_step};
use super::elements::{Elements, committed};
use super::options::{Kind, Storage, WriteOptions};
use super::types::carried::carried;
use super::types::{Form, MAX_RANK, too_many_axes};
use super::varied::varied_type;
use super::write::filters::{DEFLATE, FLETCHER32, SHUFFLE};
use super::write::message::Filter;
use crate::entry::{Kept, Names, Native, Place};
use crate::{Buffer, Data, Error, Item, Result, Tree, Varied};
use std::sync::Arc;

/// Chunks of our own choice have at most so many bytes: they fit the library's cache.
const CHUNK: u64 = 512 << 10;

/// Smaller arrays are not cut unless that was asked for by name: an index takes more.
const SMALL: usize = 1 << 10;

/// The most bytes of an array within its header: a message less its own fields.
const MOST_COMPACT: usize = 65_520;

/// The most bytes of a fill value: a message less its own fields.
const MOST_FILL: usize = 65_520;

/// How long an axis without end is taken for where it is short yet.
const GROWING: u64 = 1024;

/// An array to be written.
#[derive(Debug)]
pub(super) struct Dataset<'a> {
    pub(super) path: String,
    pub(super) elements: Elements<'a>,
    pub(super) datatype: Vec<u8>,
    pub(super) itemsize: usize,
    pub(super) shape: Vec<u64>,
    /// Whether it has no shape at all, and no elements.
    pub(super) is_null: bool,
    /// How far it may grow.
    pub(super) most: Option<Vec<u64>>,
    pub(super) stored: Stored,
    /// What stands where nothing was written: an element, or nothing for zeros.
    pub(super) fill: Vec<u8>,
    /// Which object of a file it was.
    pub(super) place: Option<(Place, Names)>,
}

#[derive(Debug)]
pub(super) enum Stored {
    Contiguous,
    Compact,
    Chunked(Grid),
    /// In one piece, elements in the global heap.
    Varied(Arc<dyn Varied>),
    /// Without elements: a datatype.
    Committed,
    /// As another name of the array of this number, which comes before it.
    Linked(usize),
    /// A soft link to the array of this path.
    Soft(String),
}

/// How an array is cut, and what its chunks go through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Grid {
    /// Of a chunk.
    pub(super) lengths: Vec<u64>,
    /// Chunks on each axis.
    pub(super) counts: Vec<u64>,
    /// Bytes of a chunk.
    pub(super) nbytes: usize,
    pub(super) level: Option<u8>,
    pub(super) shuffle: bool,
    pub(super) fletcher32: bool,
    /// What stands in a chunk beyond the array: an element, or nothing for zeros.
    pub(super) fill: Vec<u8>,
}

impl Grid {
    /// The filters in the order in which chunks go through them.
    pub(super) fn filters(&self, itemsize: usize) -> Vec<Filter> {
        let filter = |id, name, optional, values| Filter { id, name, optional, values };
        let itemsize = u32::try_from(itemsize).expect("item sizes fit 31 bits");
        let mut filters = Vec::new();
        if self.shuffle {
            filters.push(filter(SHUFFLE, "shuffle", true, vec![itemsize]));
        }
        if let Some(level) = self.level {
            // The library knows levels up to 9.
            filters.push(filter(DEFLATE, "deflate", true, vec![level.min(9).into()]));
        }
        if self.fletcher32 {
            filters.push(filter(FLETCHER32, "fletcher32", false, Vec::new()));
        }
        filters
    }

    /// How long each chunk is in the file, where that is known before it is made.
    pub(super) fn stored_len(&self) -> Option<usize> {
        let checksum = if self.fletcher32 { 4 } else { 0 };
        self.level.is_none().then_some(self.nbytes + checksum)
    }

    pub(super) fn count(&self) -> u64 {
        self.counts.iter().product()
    }
}

/// Everything of a tree that has elements, in the tree's order.
///
/// # Errors
/// What HDF5 cannot hold, with the path of it.
pub(super) fn datasets<'a>(
    tree: &'a Tree,
    extras: &Extras,
    options: &WriteOptions,
) -> Result<Vec<Dataset<'a>>> {
    let mut datasets = Vec::new();
    for (path, item) in tree.leaves() {
        let planned = dataset(&path, item, tree.native(&path), extras, options);
        datasets.push(planned.map_err(|e| e.in_member(&path))?);
    }
    Ok(datasets)
}

fn dataset<'a>(
    path: &str,
    item: &'a Item,
    loaded: Option<&'a Native>,
    extras: &Extras,
    options: &WriteOptions,
) -> Result<Dataset<'a>> {
    check_step(path.rsplit('/').next().unwrap_or(path))?;
    let elements = Elements::new(item)?;
    let shape = elements.shape();
    let form = if options.latest { Form::Latest } else { Form::Old };
    if shape.len() > MAX_RANK {
        return Err(too_many_axes(shape.len()));
    }
    let (path, stored_as) = (path.to_owned(), extras.storage(path));
    let native = elements.native().or(loaded);
    let is_null = native.is_some_and(|native| native.is_null);
    let shape: Vec<u64> = shape.iter().map(|&n| n as u64).collect();
    let planned = Dataset {
        path,
        elements,
        datatype: Vec::new(),
        itemsize: 0,
        shape,
        is_null,
        most: None,
        stored: Stored::Contiguous,
        fill: Vec::new(),
        place: elements.native().and_then(|native| Some((native.place?, native.names))),
    };
    let varied = varied(item).filter(|_| !is_null);
    if let Some((stored, datatype, itemsize)) = apart(item, varied, form)? {
        if stored_as.is_some() {
            let what = varied.map_or("a datatype, which has no elements".to_owned(), |varied| {
                format!("{}, which have no fixed length", varied.what())
            });
            return Err(Error::unsupported(format!("a storage for {what}")));
        }
        return Ok(Dataset { datatype, itemsize, stored, ..planned });
    }
    if is_null && stored_as.is_some() {
        return Err(Error::unsupported("a storage for an array without a shape"));
    }
    whole(planned, native, (extras, stored_as), options)
}

/// Elements of a fixed length, as they are stored.
fn whole<'a>(
    planned: Dataset<'a>,
    native: Option<&'a Native>,
    (extras, stored_as): (&Extras, Option<&Storage>),
    options: &WriteOptions,
) -> Result<Dataset<'a>> {
    let form = if options.latest { Form::Latest } else { Form::Old };
    let Dataset { path, elements, shape, is_null, .. } = &planned;
    let (datatype, elements) = match extras.datatype(path) {
        Some(by_hand) => (carried(by_hand, form)?, *elements),
        None => elements.typed(native, form)?,
    };
    let (itemsize, nbytes) = (elements.dtype().itemsize(), elements.nbytes());
    let kept = native.and_then(|native| native.kept.as_ref());
    let kept = kept.filter(|kept| kept.shape == *shape && !is_null);
    let (mut stored, most) = match stored_as {
        Some(storage) => stored(storage, shape, itemsize, nbytes)?,
        None if *is_null => (Stored::Contiguous, None),
        None => stored_again(options, kept, shape, (itemsize, nbytes))?,
    };
    let fill = kept.and_then(|kept| kept.fill.as_ref());
    // A type by hand may read other values in the same bytes.
    let is_fit = |fill: &&Buffer| {
        fill.len() == itemsize && itemsize <= MOST_FILL && extras.datatype(path).is_none()
    };
    let fill = fill.filter(is_fit).map(|fill| fill.to_vec()).unwrap_or_default();
    if let Stored::Chunked(grid) = &mut stored {
        grid.fill.clone_from(&fill);
    }
    Ok(Dataset { elements, datatype, itemsize, most, stored, fill, ..planned })
}

/// What is stored in a way of its own, with its datatype and the bytes of an element: a datatype,
/// and elements without a fixed length.
fn apart(
    item: &Item,
    varied: Option<&Arc<dyn Varied>>,
    form: Form,
) -> Result<Option<(Stored, Vec<u8>, usize)>> {
    Ok(match (committed(item), varied) {
        (Some(body), _) => Some((Stored::Committed, carried(body, form)?, 1)),
        (None, Some(varied)) => {
            let (datatype, itemsize) = varied_type(&**varied, form)?;
            Some((Stored::Varied(Arc::clone(varied)), datatype, itemsize))
        }
        (None, None) => None,
    })
}

/// As asked for; else as it was in the file that it comes from. Filters that are asked for without
/// the chunks are those of the chunks that there are.
fn stored_again(
    options: &WriteOptions,
    kept: Option<&Kept>,
    shape: &[u64],
    (itemsize, nbytes): (usize, usize),
) -> Result<(Stored, Option<Vec<u64>>)> {
    let grows = options.resizable && !shape.is_empty();
    let asked = options.storage.as_ref().filter(|_| !shape.is_empty());
    let small = nbytes < SMALL && !grows;
    let grown = |storage: Storage| if grows { growing(storage, shape) } else { storage };
    let is_open = |asked: &Storage| asked.kind == Kind::Chunked(Vec::new()) && asked.most.is_none();
    if let Some(kept) = kept.filter(|kept| !kept.chunk.is_empty() && asked.is_none_or(is_open)) {
        let mut storage = match asked.filter(|_| !small) {
            Some(asked) => {
                Storage { fletcher32: asked.fletcher32 || kept.fletcher32, ..asked.clone() }
            }
            None => Storage {
                level: kept.level,
                shuffle: kept.shuffle,
                fletcher32: kept.fletcher32,
                ..Storage::contiguous()
            },
        };
        storage.kind = Kind::Chunked(kept.chunk.clone());
        let end = |&n: &u64| (n < u64::MAX).then_some(n);
        storage.most = kept.most.as_ref().map(|most| most.iter().map(end).collect());
        // What HDF5 would not have made is not made again.
        if let Ok(stored) = stored(&grown(storage), shape, itemsize, nbytes) {
            return Ok(stored);
        }
    }
    let storage = asked.filter(|_| !small).cloned().unwrap_or_default();
    stored(&grown(storage), shape, itemsize, nbytes)
}

/// The same without an end on the first axis.
fn growing(storage: Storage, shape: &[u64]) -> Storage {
    let mut most = storage.most.clone().unwrap_or_default();
    if most.is_empty() {
        most.extend(shape.iter().map(|&n| Some(n)));
    }
    if let Some(first) = most.first_mut() {
        *first = None;
    }
    storage.resizable(&most)
}

/// Elements without a fixed length, where that is what an item has.
fn varied(item: &Item) -> Option<&Arc<dyn Varied>> {
    match item {
        Item::Entry(entry) => match entry.data() {
            Data::Varied(varied) => Some(varied),
            _ => None,
        },
        _ => None,
    }
}

fn stored(
    storage: &Storage,
    shape: &[u64],
    itemsize: usize,
    nbytes: usize,
) -> Result<(Stored, Option<Vec<u64>>)> {
    match &storage.kind {
        Kind::Contiguous => Ok((Stored::Contiguous, None)),
        Kind::Compact if nbytes > MOST_COMPACT => {
            Err(Error::limit("a compact array (bytes)", MOST_COMPACT as u64, nbytes))
        }
        Kind::Compact => Ok((Stored::Compact, None)),
        Kind::Chunked(lengths) => {
            if shape.is_empty() {
                return Err(Error::invalid("chunks of an array without axes"));
            }
            let most = storage.most.as_deref().map(|most| most_of(most, shape)).transpose()?;
            let lengths = match lengths.is_empty() {
                true => chosen(shape, most.as_deref(), itemsize),
                false => lengths.clone(),
            };
            let nbytes = chunk_nbytes(&lengths, most.as_deref().unwrap_or(shape), itemsize)?;
            let counts = shape.iter().zip(&lengths).map(|(n, length)| n.div_ceil(*length));
            let grid = Grid {
                counts: counts.collect(),
                lengths,
                nbytes,
                level: storage.level,
                shuffle: storage.shuffle,
                fletcher32: storage.fletcher32,
                fill: Vec::new(),
            };
            Ok((Stored::Chunked(grid), most))
        }
    }
}

/// How far each axis may grow; what has no end is the largest number.
fn most_of(most: &[Option<u64>], shape: &[u64]) -> Result<Vec<u64>> {
    let ends: Vec<u64> = most.iter().map(|end| end.unwrap_or(u64::MAX)).collect();
    if ends.len() != shape.len() || ends.iter().zip(shape).any(|(end, n)| end < n) {
        return Err(Error::invalid(format!("the shape {shape:?} that may grow up to {most:?}")));
    }
    Ok(ends)
}

/// The lengths of chunks that are runs of elements in C order.
fn chosen(shape: &[u64], most: Option<&[u64]>, itemsize: usize) -> Vec<u64> {
    let mut lengths = vec![1; shape.len()];
    let mut inner = (itemsize as u64).max(1);
    for axis in (0..shape.len()).rev() {
        let end = most.map_or(shape[axis], |most| most[axis]);
        let whole = if end > shape[axis] { shape[axis].max(GROWING).min(end) } else { end };
        lengths[axis] = whole.min(CHUNK / inner).max(1);
        inner = inner.saturating_mul(lengths[axis]);
        if lengths[axis] < whole {
            break;
        }
    }
    lengths
}

/// The bytes of a chunk, whose lengths must fit the axes.
fn chunk_nbytes(lengths: &[u64], ends: &[u64], itemsize: usize) -> Result<usize> {
    let fits = |(length, end): (&u64, &u64)| (1..=(*end).max(1)).contains(length);
    if lengths.len() != ends.len() || !lengths.iter().zip(ends).all(fits) {
        return Err(Error::invalid(format!("chunks of {lengths:?} in an array of {ends:?}")));
    }
    let most = u64::from(u32::MAX);
    let mut nbytes = itemsize as u64;
    for length in lengths {
        nbytes = nbytes.saturating_mul(*length);
    }
    if nbytes > most - 4 {
        return Err(Error::limit("a chunk (bytes)", most - 4, nbytes));
    }
    usize::try_from(nbytes).map_err(|_| Error::limit("a chunk (bytes)", most, nbytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_of_our_choice_are_runs_that_fit() {
        let end = u64::MAX;
        for (shape, most, expected) in [
            (&[10u64][..], None, &[10u64][..]),
            (&[1_000_000], None, &[131_072]),
            (&[1000, 1000], None, &[131, 1000]),
            (&[3, 4, 1_000_000], None, &[1, 1, 131_072]),
            (&[0, 5], Some(&[end, 5][..]), &[1024, 5]),
            (&[5, 0], Some(&[5, 7][..]), &[5, 7]),
            (&[4096, 7], Some(&[end, end][..]), &[128, 1024]),
        ] {
            assert_eq!(chosen(shape, most, 4), expected, "{shape:?}");
            assert!(chunk_nbytes(expected, most.unwrap_or(shape), 4).is_ok());
        }
        assert_eq!(chosen(&[3, 3], None, 1 << 20), [1, 1]);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let of = |storage: Storage, shape: &[u64]| {
            let nbytes = usize::try_from(shape.iter().product::<u64>()).unwrap();
            stored(&storage, shape, 1, nbytes).unwrap_err().kind()
        };
        use crate::ErrorKind::{Invalid, Limit};
        assert_eq!(of(Storage::compact(), &[70_000]), Limit);
        assert_eq!(of(Storage::chunked(&[5]), &[]), Invalid);
        assert_eq!(of(Storage::chunked(&[5]), &[4]), Invalid);
        assert_eq!(of(Storage::chunked(&[0]), &[4]), Invalid);
        assert_eq!(of(Storage::chunked(&[1, 1]), &[4]), Invalid);
        assert_eq!(of(Storage::chunked(&[]).resizable(&[Some(3)]), &[4]), Invalid);
        assert_eq!(of(Storage::chunked(&[1 << 32]), &[1 << 33]), Limit);
        assert!(stored(&Storage::chunked(&[5]).resizable(&[None]), &[4], 1, 4).is_ok());
    }
}
