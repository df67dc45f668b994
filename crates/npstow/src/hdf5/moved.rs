//! Elements of one file of HDF5 on their way into another, as they are: what lies in its heaps goes
//! into ours, and references lead to where objects are in the new file.
#![forbid(unsafe_code)]

use super::attributes::Ground;
use super::file::File;
use super::object::datatype::{Class, Member, Type};
use super::read::UNDEFINED;
use super::types::carried::{carried, has_place};
use super::types::to_dtype::{described, dtype, is_varied};
use super::types::vlen::{Budget, Elements, sequence};
use super::types::{Form, MAX_RANK, datatype, too_many_axes};
use super::varied::Batch;
use super::write::emit::Emit;
use crate::cursor::Cursor;
use crate::{Error, MemoryOrder, Result, Varied, VariedForm};

/// So many elements are treated at once.
const PART: usize = 1 << 14;

/// Elements that are written as their file has them; none for those that are made anew: such as
/// come from elsewhere, and text and sequences of what is not carried.
///
/// # Errors
/// `Unsupported` for what is neither.
pub(super) fn as_they_are(varied: &dyn Varied) -> Result<Option<&Elements>> {
    let elements = varied.as_any().and_then(|elements| elements.downcast_ref::<Elements>());
    let Some(elements) = elements else { return Ok(None) };
    match (check(&elements.what), varied.form()) {
        (Ok(()), _) => Ok(Some(elements)),
        (Err(e), VariedForm::Other) => Err(e),
        (Err(_), _) => Ok(None),
    }
}

/// Refuses what has no place in a new file.
fn check(what: &Type) -> Result<()> {
    if !is_varied(what) {
        if !has_place(what) {
            let what = format!("{} within elements without a fixed length", described(what));
            return Err(Error::unsupported(format_args!("{what}, in a new file of HDF5")));
        }
        return datatype(&dtype(what)?, Form::Latest).map(drop);
    }
    match &what.class {
        Class::Sequence(base) => check(base),
        Class::Array { shape, .. } if shape.len() > MAX_RANK => Err(too_many_axes(shape.len())),
        Class::Array { base, shape } if !shape.is_empty() && what.size > 0 => check(base),
        Class::Array { .. } => Err(Error::unsupported("items of no bytes in HDF5")),
        Class::Compound(members) => {
            let mut members: Vec<&Member> = members.iter().collect();
            members.sort_by_key(|member| member.offset);
            let overlaps = |pair: &[&Member]| match pair {
                [first, second] => first.offset.saturating_add(first.what.size) > second.offset,
                _ => false,
            };
            if members.windows(2).any(overlaps) {
                return Err(Error::unsupported("fields that overlap in HDF5"));
            }
            members.iter().try_for_each(|member| check(&member.what))
        }
        _ => Ok(()),
    }
}

/// The type of the elements in the new file, and the bytes of one of them there.
pub(super) fn typed(elements: &Elements, form: Form) -> Result<(Vec<u8>, usize)> {
    let body = carried(&elements.datatype, form)?;
    let itemsize = Type::parse(&body)?.size;
    Ok((body, itemsize))
}

/// Gives the elements as they are in the new file, piece by piece.
pub(super) fn each<G: Ground>(
    elements: &Elements,
    ground: &mut G,
    mut take: impl FnMut(&mut G, Vec<u8>) -> Result<()>,
) -> Result<()> {
    let Elements { file, raw, what, .. } = elements;
    let mut mover = Mover { file, budget: Budget::new(file) };
    for piece in raw.pieces(MemoryOrder::C)? {
        let piece = piece?;
        let bytes = piece.bytes_in(MemoryOrder::C).unwrap_or_default();
        let size = what.size.max(1);
        for part in bytes.chunks(size.saturating_mul(PART)) {
            let items: Vec<&[u8]> = part.chunks_exact(size).collect();
            let moved = mover.elements(what, &items, ground)?;
            take(ground, moved)?;
        }
    }
    Ok(())
}

/// What moves the elements of a file.
struct Mover<'a> {
    file: &'a File,
    budget: Budget,
}

impl Mover<'_> {
    /// Elements of a type as they are in the new file, one after another.
    fn elements(
        &mut self,
        what: &Type,
        items: &[&[u8]],
        ground: &mut impl Ground,
    ) -> Result<Vec<u8>> {
        if !is_varied(what) {
            return Ok(items.concat());
        }
        match &what.class {
            Class::Sequence(base) => self.sequences(what, Some(base), items, ground),
            Class::VariableText(_) => self.sequences(what, None, items, ground),
            Class::Reference(0) => {
                let mut out = Emit::with_capacity(8 * items.len());
                for item in items {
                    let address =
                        self.file.sizes().address(&mut Cursor::new(item), "a reference")?;
                    out.u64(self.header_of(address, ground)?);
                }
                Ok(out.finish())
            }
            Class::Reference(_) => self.regions(items, ground),
            Class::Array { base, .. } => {
                let size = base.size.max(1);
                let parts = items.iter().flat_map(|item| item.chunks_exact(size));
                let parts: Vec<&[u8]> = parts.collect();
                self.elements(base, &parts, ground)
            }
            Class::Compound(members) => self.records(what, members, items, ground),
            _ => Ok(items.concat()),
        }
    }

    /// Null references stay such.
    fn header_of(&self, address: u64, ground: &mut impl Ground) -> Result<u64> {
        match address {
            0 | UNDEFINED => Ok(0),
            address => ground.header_of(self.file, address),
        }
    }

    fn records(
        &mut self,
        what: &Type,
        members: &[Member],
        items: &[&[u8]],
        ground: &mut impl Ground,
    ) -> Result<Vec<u8>> {
        let mut out = items.concat();
        for member in members.iter().filter(|member| is_varied(&member.what)) {
            let range = member.offset..member.offset.saturating_add(member.what.size);
            let fields = items.iter().map(|item| item.get(range.clone()).unwrap_or_default());
            let fields: Vec<&[u8]> = fields.collect();
            let moved = self.elements(&member.what, &fields, ground)?;
            let moved = moved.chunks_exact(member.what.size.max(1));
            for (record, field) in out.chunks_exact_mut(what.size.max(1)).zip(moved) {
                if let Some(place) = record.get_mut(range.clone()) {
                    place.copy_from_slice(field);
                }
            }
        }
        Ok(out)
    }

    /// Sequences of a type, or text.
    fn sequences(
        &mut self,
        what: &Type,
        base: Option<&Type>,
        items: &[&[u8]],
        ground: &mut impl Ground,
    ) -> Result<Vec<u8>> {
        let (mut heap, mut out) = (Batch::default(), Emit::with_capacity(16 * items.len()));
        let size = base.map_or(1, |base| base.size);
        for item in items {
            let (count, bytes) = sequence(self.file, what, item, size, &mut self.budget)?;
            let bytes = match base {
                _ if count == 0 && self.is_nowhere(item)? => None,
                Some(base) if is_varied(base) => {
                    let parts: Vec<&[u8]> = bytes.chunks_exact(size.max(1)).collect();
                    Some(self.elements(base, &parts, ground)?)
                }
                _ => Some(bytes.to_vec()),
            };
            heap.push(count.into(), bytes)?;
            heap.flush_full(&mut out, ground)?;
        }
        heap.flush(&mut out, ground)?;
        Ok(out.finish())
    }

    /// libhdf5 tells text that is nowhere from such as is empty.
    fn is_nowhere(&self, item: &[u8]) -> Result<bool> {
        let mut cursor = Cursor::new(item);
        cursor.u32_le("a length of a sequence")?;
        let address = self.file.sizes().address(&mut cursor, "an address of a heap")?;
        Ok(matches!(address, 0 | UNDEFINED))
    }

    /// References to regions: in a heap, the address of a dataset and what is selected of it.
    fn regions(&mut self, items: &[&[u8]], ground: &mut impl Ground) -> Result<Vec<u8>> {
        let sizes = self.file.sizes();
        let mut out = Emit::with_capacity(12 * items.len());
        for item in items {
            let mut cursor = Cursor::new(item);
            let heap = sizes.address(&mut cursor, "an address of a heap")?;
            let index = cursor.u32_le("an index in a heap")?;
            if matches!(heap, 0 | UNDEFINED) {
                out.zeros(12);
                continue;
            }
            let bytes = self.file.heaps().object(self.file, heap, index)?;
            self.budget.spend(bytes.len() as u64)?;
            let mut cursor = Cursor::new(&bytes);
            let address = sizes.address(&mut cursor, "an address of a dataset");
            let address = address.map_err(|e| e.at(self.file.base().saturating_add(heap)))?;
            let mut region = Emit::with_capacity(8 + cursor.rest().len());
            region.u64(self.header_of(address, ground)?).bytes(cursor.rest());
            for id in ground.objects(&[&region.finish()])? {
                out.u64(id.address).u32(id.index);
            }
        }
        Ok(out.finish())
    }
}

#[cfg(test)]
mod tests;
