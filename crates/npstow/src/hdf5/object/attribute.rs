//! Attributes: small arrays with names, in a header or in a heap (HDF5 IV.A.2.m).
#![forbid(unsafe_code)]

use super::datatype::Type;
use super::header::{Header, kind};
use super::shared;
use super::space::Space;
use crate::cursor::Cursor;
use crate::hdf5::file::File;
use crate::hdf5::read::{UNDEFINED, before_nul, text, unknown};
use crate::{Buffer, Error, Result};

/// An attribute, its elements still as they are in the file.
#[derive(Clone, Debug)]
pub(in crate::hdf5) struct Attribute {
    pub(in crate::hdf5) name: String,
    pub(in crate::hdf5) what: Type,
    /// The message that the type was read from.
    pub(in crate::hdf5) datatype: Buffer,
    pub(in crate::hdf5) space: Space,
    pub(in crate::hdf5) data: Buffer,
}

/// Takes a part of a message, which version 1 pads to whole 8 bytes.
fn part<'a>(cursor: &mut Cursor<'a>, len: u16, version: u8, what: &str) -> Result<&'a [u8]> {
    let len = usize::from(len);
    let padded = if version == 1 { len.next_multiple_of(8) } else { len };
    Ok(cursor.take(padded, what)?.get(..len).unwrap_or_default())
}

impl Attribute {
    /// Parses the body of a message; its datatype may lie elsewhere in the file.
    fn parse(file: &File, body: &Buffer) -> Result<Self> {
        let mut cursor = Cursor::new(body);
        let version = cursor.u8("an attribute")?;
        if !(1..=3).contains(&version) {
            return Err(unknown("an attribute of version", version).at(0));
        }
        // Version 1 has no flags there, but zero.
        let flags = cursor.u8("flags")?;
        let name_len = cursor.u16_le("a length of a name")?;
        let (type_len, space_len) = (cursor.u16_le("a length")?, cursor.u16_le("a length")?);
        if version == 3 {
            cursor.take(1, "a character set")?;
        }
        let name = text(before_nul(part(&mut cursor, name_len, version, "a name")?));
        let named = |e: Error| e.in_member(&format!("@{name}"));
        let at = cursor.position();
        let datatype = part(&mut cursor, type_len, version, "a datatype")?;
        let datatype = match flags & 1 {
            0 => {
                let start = usize::try_from(at).unwrap_or(usize::MAX);
                body.slice(start..start.saturating_add(datatype.len()))?
            }
            _ => shared::resolve(file, datatype, kind::DATATYPE)?,
        };
        let what = Type::parse(&datatype);
        let what = what.map_err(|e| named(if flags & 1 == 0 { e.shift(at) } else { e }))?;
        let at = cursor.position();
        let space = part(&mut cursor, space_len, version, "a dataspace")?;
        let space = match flags & 2 {
            0 => Space::parse(space, file.sizes()).map_err(|e| named(e.shift(at)))?,
            _ => {
                let space = shared::resolve(file, space, kind::DATASPACE)?;
                Space::parse(&space, file.sizes()).map_err(named)?
            }
        };
        let start = usize::try_from(cursor.position()).unwrap_or(usize::MAX);
        let data = body.slice(start..body.len())?;
        let count = if space.is_null { Some(0) } else { product(&space.shape) };
        let len = count.and_then(|n| n.checked_mul(what.size as u64));
        match len.and_then(|len| usize::try_from(len).ok()).filter(|len| *len <= data.len()) {
            Some(len) => Ok(Self { data: data.slice(0..len)?, name, what, datatype, space }),
            None => {
                let expected = format!("{:?} elements of {} bytes", space.shape, what.size);
                let found = format!("the end after {} bytes", data.len());
                Err(named(Error::corrupt(expected, found).at(start as u64)))
            }
        }
    }
}

fn product(shape: &[u64]) -> Option<u64> {
    if shape.contains(&0) {
        return Some(0);
    }
    shape.iter().try_fold(1u64, |n, &length| n.checked_mul(length))
}

/// All attributes of an object, in order of creation where that is kept; those that cannot be
/// read are errors of their own.
pub(in crate::hdf5) fn all(file: &File, header: &Header) -> Result<Vec<Result<Attribute>>> {
    let mut found = Vec::new();
    for message in header.all(kind::ATTRIBUTE) {
        let body = shared::body(file, message);
        let shift = |e: Error| if message.is_shared() { e } else { e.shift(message.offset) };
        found.push(body.and_then(|body| Attribute::parse(file, &body).map_err(shift)));
    }
    let Some(message) = header.find(kind::ATTRIBUTE_INFO) else { return Ok(found) };
    let Dense { heap, names, has_order } =
        dense(file, &message.body).map_err(|e| e.shift(message.offset))?;
    if heap == UNDEFINED || names == UNDEFINED {
        return Ok(found);
    }
    let mut objects = file.dense(heap, names)?;
    if has_order {
        objects.sort_by_key(|object| object.order);
    }
    let first = found.len();
    let at = |e: Error| match e.offset() {
        Some(_) => e.at(file.base().saturating_add(heap)),
        None => e,
    };
    for object in objects {
        let body = match object.is_shared {
            true => shared::in_heap(file, &object.bytes, kind::ATTRIBUTE),
            false => Ok(Buffer::from(object.bytes)),
        };
        found.push(body.and_then(|body| Attribute::parse(file, &body)).map_err(at));
    }
    if !has_order {
        // The tree has them by a hash of their names, which means nothing to anybody.
        let name = |one: &Result<Attribute>| one.as_ref().ok().map(|one| one.name.clone());
        found.get_mut(first..).unwrap_or_default().sort_by_key(name);
    }
    Ok(found)
}

/// Where the attributes of an object with many are.
struct Dense {
    heap: u64,
    names: u64,
    has_order: bool,
}

/// The heap and the B-tree of names of an object with many attributes (HDF5 IV.A.2.v).
fn dense(file: &File, body: &[u8]) -> Result<Dense> {
    let mut cursor = Cursor::new(body);
    let version = cursor.u8("information on attributes")?;
    if version != 0 {
        return Err(unknown("information on attributes of version", version).at(0));
    }
    let has_order = cursor.u8("flags")? & 1 != 0;
    if has_order {
        cursor.take(2, "an order of creation")?;
    }
    let heap = file.sizes().address(&mut cursor, "an address of a heap")?;
    let names = file.sizes().address(&mut cursor, "an address of a B-tree")?;
    Ok(Dense { heap, names, has_order })
}
