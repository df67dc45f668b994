//! Messages that lie elsewhere: with a committed datatype, or in the heap of shared messages
//! (HDF5 IV.A.2, "shared message").
#![forbid(unsafe_code)]

use super::header::{self, Message, kind};
use crate::cursor::Cursor;
use crate::hdf5::file::File;
use crate::hdf5::read::{UNDEFINED, unknown};
use crate::{Buffer, Error, Result};

/// Where a message is.
enum Place {
    /// In the object header at this address.
    Object(u64),
    /// In the heap of shared messages, under this name.
    Heap([u8; 8]),
}

fn place(file: &File, body: &[u8]) -> Result<Place> {
    let mut cursor = Cursor::new(body);
    let version = cursor.u8("a shared message")?;
    let in_heap = match version {
        1 => {
            // An entry of a symbol table of old: a name, which says nothing here.
            cursor.take(7 + usize::from(file.sizes().length), "padding")?;
            false
        }
        2 => {
            cursor.take(1, "a type of sharing")?;
            false
        }
        3 => cursor.u8("a type of sharing")? == 1,
        _ => return Err(unknown("a shared message of version", version).at(0)),
    };
    if in_heap {
        return Ok(Place::Heap(cursor.array("a name in a heap")?));
    }
    Ok(Place::Object(file.sizes().address(&mut cursor, "an address of a message")?))
}

/// The body of a message, wherever it is.
pub(in crate::hdf5) fn body(file: &File, message: &Message) -> Result<Buffer> {
    match message.is_shared() {
        false => Ok(message.body.clone()),
        true => resolve(file, &message.body, message.kind).map_err(|e| match e.offset() {
            None => e.at(message.offset),
            Some(_) => e,
        }),
    }
}

/// The body of a message of this kind, of which `shared` says where it is.
pub(in crate::hdf5) fn resolve(file: &File, shared: &[u8], kind: u16) -> Result<Buffer> {
    match place(file, shared)? {
        Place::Object(address) => {
            let header = header::read(file, address)?;
            match header.find(kind) {
                // One step is enough: what is shared is no reference again.
                Some(message) if !message.is_shared() => Ok(message.body.clone()),
                _ => {
                    let what = format!("a message of type {kind} that is shared");
                    Err(Error::corrupt(what, "none").at(file.base().saturating_add(address)))
                }
            }
        }
        Place::Heap(id) => in_heap(file, &id, kind),
    }
}

/// A message in the heap that the table of shared messages has for its kind (HDF5 IV.A.2.p).
pub(in crate::hdf5) fn in_heap(file: &File, id: &[u8], kind: u16) -> Result<Buffer> {
    let none = || Error::corrupt("a table of shared messages", "none");
    if file.extension() == UNDEFINED {
        return Err(none());
    }
    let extension = header::read(file, file.extension())?;
    let table = extension.find(kind::SHARED_TABLE).ok_or_else(none)?;
    let mut cursor = Cursor::new(&table.body);
    cursor.take(1, "a version")?;
    let address = file.sizes().address(&mut cursor, "an address of a table")?;
    let count = u64::from(cursor.u8("a number of indices")?);
    let entry = 16 + 2 * u64::from(file.sizes().offset);
    let bytes = file.read(address, 4 + count * entry)?;
    let at = |e: Error| e.shift(file.base().saturating_add(address));
    let heap = heap_of(file, &bytes, count, kind).map_err(at)?;
    let heap = heap.ok_or_else(|| at(Error::corrupt("a heap of such messages", "none").at(0)))?;
    Ok(Buffer::from(file.heap_object(heap, id)?))
}

fn heap_of(file: &File, table: &[u8], count: u64, kind: u16) -> Result<Option<u64>> {
    let mut cursor = Cursor::new(table);
    if cursor.take(4, "a signature")? != b"SMTB" {
        return Err(Error::corrupt("the signature SMTB", "another").at(0));
    }
    for _ in 0..count {
        cursor.take(2, "a version")?;
        let kinds = cursor.u16_le("types of messages")?;
        cursor.take(12, "sizes of an index")?;
        let _ = file.sizes().address(&mut cursor, "an address of an index")?;
        let heap = file.sizes().address(&mut cursor, "an address of a heap")?;
        if kind < 16 && kinds >> kind & 1 == 1 {
            return Ok(Some(heap));
        }
    }
    Ok(None)
}
