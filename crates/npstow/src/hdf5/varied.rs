//! Elements without a fixed length on their way into the global heap: text and sequences.
#![forbid(unsafe_code)]

use super::attributes::Ground;
use super::types::{Form, sequence, variable_text};
use super::write::emit::Emit;
use super::write::global_heap::{Collection, HeapId};
use crate::cursor::Cursor;
use crate::{Error, Order, Result, Varied, VariedForm};

/// What stands for one element: a length, and where in which heap it is.
pub(super) const REFERENCE_LEN: usize = 16;

/// How much is collected before it goes into the heap.
const BATCH: usize = 1 << 20;

/// The type of such elements.
///
/// # Errors
/// `Unsupported` for references, and for sequences of anything but scalars.
pub(super) fn varied_type(varied: &dyn Varied, form: Form) -> Result<Vec<u8>> {
    match varied.form() {
        VariedForm::Text { utf8 } => Ok(variable_text(utf8)),
        VariedForm::Sequence(base) => sequence(&base.to_order(Order::Little), form),
        VariedForm::Other => {
            let what = format!("{} in a new file of HDF5", varied.what());
            Err(Error::unsupported(what))
        }
    }
}

/// Puts all elements into the heap, and gives what stands for them.
///
/// # Errors
/// As reading them; `Limit` for one of 4 GiB or more.
pub(super) fn varied_data(varied: &dyn Varied, ground: &mut impl Ground) -> Result<Vec<u8>> {
    let mut heap = Batch::default();
    let (mut out, mut failed) = (Emit::new(), None);
    // The digest's form of an element is its length, and its bytes in little-endian.
    varied.each_digested(&mut |element| {
        if failed.is_none() {
            let added = heap.add(element).and_then(|()| heap.flush(BATCH, &mut out, ground));
            failed = added.err();
        }
    })?;
    match failed {
        Some(e) => Err(e),
        None => heap.flush(0, &mut out, ground).map(|()| out.finish()),
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
        heap.push(text.len() as u64, text.as_bytes())?;
    }
    heap.flush(0, &mut out, ground)?;
    Ok(out.finish())
}

/// Elements that are not in the heap yet.
#[derive(Default)]
struct Batch {
    elements: Vec<(u32, Vec<u8>)>,
    held: usize,
}

impl Batch {
    fn add(&mut self, digested: &[u8]) -> Result<()> {
        let mut cursor = Cursor::new(digested);
        let count = cursor.u64_le("a length of an element")?;
        self.push(count, cursor.rest())
    }

    fn push(&mut self, count: u64, bytes: &[u8]) -> Result<()> {
        let most = u64::from(u32::MAX);
        let count = u32::try_from(count);
        let count = count.map_err(|_| Error::limit("the length of an element", most, "more"))?;
        self.held += bytes.len();
        self.elements.push((count, bytes.to_vec()));
        Ok(())
    }

    /// Empties it where it holds as much.
    fn flush(&mut self, least: usize, out: &mut Emit, ground: &mut impl Ground) -> Result<()> {
        if self.held < least {
            return Ok(());
        }
        let elements = std::mem::take(&mut self.elements);
        self.held = 0;
        // What is empty is nowhere.
        let full: Vec<&[u8]> =
            elements.iter().map(|(_, bytes)| &**bytes).filter(|bytes| !bytes.is_empty()).collect();
        let mut ids = ground.objects(&full)?.into_iter();
        for (count, bytes) in &elements {
            let id = match bytes.is_empty() {
                true => HeapId { address: 0, index: 0 },
                false => ids.next().expect("there is one for each element"),
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
