//! Elements without a fixed length on their way into the global heap: text and sequences.
#![forbid(unsafe_code)]

use super::attributes::Ground;
use super::moved;
use super::types::{Form, sequence, variable_text};
use super::write::emit::Emit;
use super::write::global_heap::{Collection, HeapId};
use crate::cursor::Cursor;
use crate::{Error, Order, Result, Varied, VariedForm};

/// What stands for one element: a length, and where in which heap it is.
const REFERENCE_LEN: usize = 16;

/// How much is collected before it goes into the heap.
const BATCH: usize = 1 << 20;

/// The type of such elements, and the bytes of what stands for one of them: as their file of HDF5
/// has it, or that of text, or of sequences of scalars.
///
/// # Errors
/// `Unsupported` for others, and for what has no place in a new file.
pub(super) fn varied_type(varied: &dyn Varied, form: Form) -> Result<(Vec<u8>, usize)> {
    if let Some(elements) = moved::as_they_are(varied)? {
        return moved::typed(elements, form);
    }
    let datatype = match varied.form() {
        VariedForm::Text { utf8 } => variable_text(utf8),
        VariedForm::Sequence(base) => sequence(&base.to_order(Order::Little), form)?,
        VariedForm::Other => {
            let what = format!("{} in a new file of HDF5", varied.what());
            return Err(Error::unsupported(what));
        }
    };
    Ok((datatype, REFERENCE_LEN))
}

/// Puts all elements into the heap, and gives what stands for them.
///
/// # Errors
/// As reading them; `Limit` for one of 4 GiB or more.
pub(super) fn varied_data(varied: &dyn Varied, ground: &mut impl Ground) -> Result<Vec<u8>> {
    if let Some(elements) = moved::as_they_are(varied)? {
        let mut out = Vec::new();
        moved::each(elements, ground, |_, bytes| {
            out.extend(bytes);
            Ok(())
        })?;
        return Ok(out);
    }
    let mut heap = Batch::default();
    let (mut out, mut failed) = (Emit::new(), None);
    // The digest's form of an element is its length, and its bytes in little-endian.
    varied.each_digested(&mut |element| {
        if failed.is_none() {
            let added = heap.add(element).and_then(|()| heap.flush_full(&mut out, ground));
            failed = added.err();
        }
    })?;
    match failed {
        Some(e) => Err(e),
        None => heap.flush(&mut out, ground).map(|()| out.finish()),
    }
}

/// Texts as what stands for them.
///
/// # Errors
/// `Unsupported` for a NUL, which ends a text in HDF5; `Limit`.
pub(super) fn texts_at(texts: &[&str], ground: &mut impl Ground) -> Result<Vec<u8>> {
    if texts.iter().any(|text| text.contains('\0')) {
        return Err(Error::unsupported("a NUL in a text of HDF5"));
    }
    let (mut heap, mut out) = (Batch::default(), Emit::new());
    for text in texts {
        heap.push(text.len() as u64, some(text.as_bytes()))?;
    }
    heap.flush(&mut out, ground)?;
    Ok(out.finish())
}

/// Of what is made anew, what is empty is nowhere.
fn some(bytes: &[u8]) -> Option<Vec<u8>> {
    (!bytes.is_empty()).then(|| bytes.to_vec())
}

/// Elements that are not in the heap yet.
#[derive(Default)]
pub(super) struct Batch {
    elements: Vec<(u32, Option<Vec<u8>>)>,
    held: usize,
}

impl Batch {
    fn add(&mut self, digested: &[u8]) -> Result<()> {
        let mut cursor = Cursor::new(digested);
        let count = cursor.u64_le("a length of an element")?;
        self.push(count, some(cursor.rest()))
    }

    /// Adds an element of so many parts, or one that is nowhere.
    pub(super) fn push(&mut self, count: u64, bytes: Option<Vec<u8>>) -> Result<()> {
        let most = u64::from(u32::MAX);
        let count = u32::try_from(count);
        let count = count.map_err(|_| Error::limit("the length of an element", most, "more"))?;
        self.held += bytes.as_ref().map_or(0, Vec::len);
        self.elements.push((count, bytes));
        Ok(())
    }

    /// Empties it where it holds enough.
    pub(super) fn flush_full(&mut self, out: &mut Emit, ground: &mut impl Ground) -> Result<()> {
        if self.held < BATCH { Ok(()) } else { self.flush(out, ground) }
    }

    /// Empties it, and says what stands for the elements.
    pub(super) fn flush(&mut self, out: &mut Emit, ground: &mut impl Ground) -> Result<()> {
        let elements = std::mem::take(&mut self.elements);
        self.held = 0;
        let full: Vec<&[u8]> = elements.iter().filter_map(|(_, bytes)| bytes.as_deref()).collect();
        let mut ids = ground.objects(&full)?.into_iter();
        for (count, bytes) in &elements {
            let id = match bytes {
                None => HeapId { address: 0, index: 0 },
                Some(_) => ids.next().expect("there is one for each element"),
            };
            out.u32(*count).u64(id.address).u32(id.index);
        }
        Ok(())
    }
}

/// The length of a collection of the global heap for these objects: whole if it is not too long,
/// but with room for the first one in any case.
pub(super) fn collection_len(objects: &[&[u8]]) -> usize {
    const MOST: usize = 1 << 20;
    let room = |object: &&[u8]| Collection::room_of(object.len());
    let mut all = 0;
    for object in objects {
        all += room(object);
        if all > MOST {
            break;
        }
    }
    let first = objects.first().map_or(0, room);
    Collection::len_for(all.min(MOST).max(first))
}
