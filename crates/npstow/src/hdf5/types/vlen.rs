//! Elements that have no fixed length: text and sequences, whose bytes are in a global heap.
#![forbid(unsafe_code)]

use super::bits::repaired;
use super::reference::{self, Region};
use super::to_dtype::{described, dtype, is_varied};
use crate::cursor::Cursor;
use crate::hdf5::file::File;
use crate::hdf5::object::datatype::{Charset, Class, Type};
use crate::hdf5::read::{UNDEFINED, before_nul};
use crate::{Array, Buffer, Dtype, Entry, Error, Index, MemoryOrder, Order, Result, Selection};
use crate::{Varied, VariedForm, VariedItem};
use std::any::Any;
use std::sync::Arc;

/// An array of such elements.
#[derive(Debug)]
pub(in crate::hdf5) struct Elements {
    pub(in crate::hdf5) file: Arc<File>,
    /// What is in the file: lengths and places.
    pub(in crate::hdf5) raw: Entry,
    pub(in crate::hdf5) what: Type,
    /// The message that the type was read from.
    pub(in crate::hdf5) datatype: Buffer,
}

/// How many bytes elements may come to in all: more than the file has, since objects of a heap may
/// be used by several; but not for ever.
pub(in crate::hdf5) struct Budget(u64);

impl Budget {
    pub(in crate::hdf5) fn new(file: &File) -> Self {
        Self(file.source().len().saturating_mul(16).saturating_add(1 << 28))
    }

    pub(in crate::hdf5) fn spend(&mut self, len: u64) -> Result<()> {
        match self.0.checked_sub(len) {
            Some(left) => {
                self.0 = left;
                Ok(())
            }
            None => {
                let what = "elements without a fixed length (bytes, against those of the file)";
                Err(Error::limit(what, 16, "more"))
            }
        }
    }
}

impl Varied for Elements {
    fn raw(&self) -> &Entry {
        &self.raw
    }

    fn what(&self) -> String {
        described(&self.what)
    }

    fn form(&self) -> VariedForm {
        match &self.what.class {
            Class::VariableText(charset) => VariedForm::Text { utf8: *charset == Charset::Utf8 },
            Class::Sequence(base) => match dtype(base) {
                Ok(dtype @ Dtype::Scalar(_)) if !is_varied(base) => VariedForm::Sequence(dtype),
                _ => VariedForm::Other,
            },
            _ => VariedForm::Other,
        }
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }

    fn item(&self, number: usize) -> Result<VariedItem> {
        let mut rest = number;
        let mut at = Vec::new();
        for &length in self.raw.shape().iter().rev() {
            let index = rest.checked_rem(length);
            let index = index.ok_or_else(|| Error::invalid("an element of an empty array"))?;
            rest /= length;
            at.push(Index::At(i64::try_from(index).unwrap_or(i64::MAX)));
        }
        if rest > 0 {
            return Err(Error::invalid(format_args!("the element {number} of fewer")));
        }
        at.reverse();
        let one = self.raw.read_slice(&Selection::from(at))?;
        let bytes = one.bytes().unwrap_or_default();
        item(&self.file, &self.what, bytes, &mut Budget::new(&self.file))
    }

    fn each_digested(&self, take: &mut dyn FnMut(&[u8])) -> Result<()> {
        let mut budget = Budget::new(&self.file);
        let mut out = Vec::new();
        for piece in self.raw.pieces(MemoryOrder::C)? {
            let piece = piece?;
            let bytes = piece.bytes_in(MemoryOrder::C).unwrap_or_default();
            for element in bytes.chunks_exact(self.what.size.max(1)) {
                out.clear();
                digested(&self.file, &self.what, element, &mut budget, &mut out)?;
                take(&out);
            }
        }
        Ok(())
    }
}

/// The bytes of a sequence: how many elements, and where they are; none where there are none.
pub(in crate::hdf5) fn sequence(
    file: &File,
    what: &Type,
    item: &[u8],
    base: usize,
    budget: &mut Budget,
) -> Result<(u32, Buffer)> {
    let mut cursor = Cursor::new(item);
    let count = cursor.u32_le("a length of a sequence")?;
    let address = file.sizes().address(&mut cursor, "an address of a heap")?;
    let index = cursor.u32_le("an index in a heap")?;
    let len = u64::from(count).saturating_mul(base as u64);
    if count == 0 || address == UNDEFINED || (address == 0 && index == 0) {
        return Ok((0, Buffer::default()));
    }
    budget.spend(len)?;
    let bytes = file.heaps().object(file, address, index)?;
    let len = usize::try_from(len).unwrap_or(usize::MAX);
    if len > bytes.len() {
        let expected = format!("{count} elements of {}", described(what));
        let found = format!("{} bytes", bytes.len());
        return Err(Error::corrupt(expected, found).at(file.base().saturating_add(address)));
    }
    Ok((count, bytes.slice(0..len)?))
}

/// How many elements of an array one element of a sequence is.
fn elements_of(what: &Type) -> u64 {
    match &what.class {
        Class::Array { base, shape } => {
            shape.iter().fold(elements_of(base), |n, &length| n.saturating_mul(length as u64))
        }
        _ => 1,
    }
}

/// The digest's form of an element.
fn digested(
    file: &File,
    what: &Type,
    item: &[u8],
    budget: &mut Budget,
    out: &mut Vec<u8>,
) -> Result<()> {
    match &what.class {
        Class::Sequence(base) => {
            let (count, bytes) = sequence(file, what, item, base.size, budget)?;
            // Of arrays, their elements are counted: those of the array that NumPy makes of all.
            let all = u64::from(count).saturating_mul(elements_of(base));
            out.extend(all.to_le_bytes());
            for element in bytes.chunks_exact(base.size.max(1)) {
                digested(file, base, element, budget, out)?;
            }
        }
        Class::VariableText(_) => {
            let (_, bytes) = sequence(file, what, item, 1, budget)?;
            text(before_nul(&bytes), out);
        }
        Class::Reference(0) => {
            text(reference::object(file, item)?.as_deref().unwrap_or("").as_bytes(), out);
        }
        Class::Reference(1) => {
            let region = reference::region(file, item)?;
            text(region.as_ref().map(Region::to_string).unwrap_or_default().as_bytes(), out);
        }
        Class::Compound(members) if dtype(what)?.as_record().is_some() => {
            for member in members {
                let field = item.get(member.offset..member.offset.saturating_add(member.what.size));
                digested(file, &member.what, field.unwrap_or_default(), budget, out)?;
            }
        }
        Class::Array { base, .. } => {
            for element in item.chunks_exact(base.size.max(1)) {
                digested(file, base, element, budget, out)?;
            }
        }
        _ => {
            let mut item = repaired(what, item.to_vec());
            little(&dtype(what)?, &mut item);
            out.extend(item);
        }
    }
    Ok(())
}

/// Brings a scalar into little-endian; the padding of x87 floats becomes zero.
fn little(dtype: &Dtype, item: &mut [u8]) {
    use crate::Kind;
    let Some(scalar) = dtype.as_scalar() else { return };
    let width = match scalar.kind() {
        Kind::Complex => scalar.itemsize() / 2,
        _ => scalar.itemsize(),
    };
    if scalar.order() == Order::Big && scalar.kind() != Kind::Str {
        item.chunks_exact_mut(width.max(1)).for_each(<[u8]>::reverse);
    }
    if width == 16 && matches!(scalar.kind(), Kind::Float | Kind::Complex) {
        let padding = item.chunks_exact_mut(width).filter_map(|float| float.get_mut(10..));
        padding.for_each(|bytes| bytes.fill(0));
    }
}

fn text(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend((bytes.len() as u64).to_le_bytes());
    out.extend(bytes);
}

/// An element for people.
fn item(file: &File, what: &Type, bytes: &[u8], budget: &mut Budget) -> Result<VariedItem> {
    Ok(match &what.class {
        Class::Sequence(base) if !is_varied(base) => {
            let (count, bytes) = sequence(file, what, bytes, base.size, budget)?;
            let count = usize::try_from(count).unwrap_or(usize::MAX);
            VariedItem::Array(array(base, &[count], &bytes)?)
        }
        Class::Sequence(base) => {
            let (_, bytes) = sequence(file, what, bytes, base.size, budget)?;
            let elements = bytes.chunks_exact(base.size.max(1));
            let items = elements.map(|element| item(file, base, element, budget));
            VariedItem::List(items.collect::<Result<_>>()?)
        }
        Class::VariableText(_) => {
            let (_, bytes) = sequence(file, what, bytes, 1, budget)?;
            match std::str::from_utf8(before_nul(&bytes)) {
                Ok(text) => VariedItem::Text(text.to_owned()),
                Err(_) => VariedItem::Bytes(before_nul(&bytes).to_vec()),
            }
        }
        Class::Reference(0) => VariedItem::Path(reference::object(file, bytes)?),
        Class::Reference(1) => {
            VariedItem::Path(reference::region(file, bytes)?.as_ref().map(Region::to_string))
        }
        Class::Compound(members) => {
            let mut fields = Vec::new();
            for member in members {
                let end = member.offset.saturating_add(member.what.size);
                let field = bytes.get(member.offset..end).unwrap_or_default();
                fields.push((member.name.clone(), item(file, &member.what, field, budget)?));
            }
            VariedItem::Record(fields)
        }
        Class::Array { base, .. } if is_varied(base) => {
            let elements = bytes.chunks_exact(base.size.max(1));
            let items = elements.map(|element| item(file, base, element, budget));
            VariedItem::List(items.collect::<Result<_>>()?)
        }
        _ => VariedItem::Array(array(what, &[], bytes)?),
    })
}

/// Elements of a fixed length as an array.
fn array(what: &Type, shape: &[usize], bytes: &[u8]) -> Result<Array> {
    let bytes = repaired(what, bytes.to_vec());
    Array::new(dtype(what)?, shape, MemoryOrder::C, Buffer::from(bytes))
}
