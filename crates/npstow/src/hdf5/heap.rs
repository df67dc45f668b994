//! Global heaps: what has no fixed length (HDF5 III.E).
#![forbid(unsafe_code)]

use super::file::File;
use crate::cursor::Cursor;
use crate::{Buffer, Error, Result};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

/// A collection of objects, and where each of them is in it.
#[derive(Debug)]
struct Collection {
    bytes: Buffer,
    objects: HashMap<u16, Range<usize>>,
}

/// Bytes of collections that are kept for the next object.
const KEPT: usize = 64 << 20;

/// The collections read last.
#[derive(Debug, Default)]
pub(super) struct Heaps(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    collections: HashMap<u64, Arc<Collection>>,
    bytes: usize,
}

impl Heaps {
    /// The object of that index in the collection at an address.
    pub(super) fn object(&self, file: &File, address: u64, index: u32) -> Result<Buffer> {
        let collection = self.collection(file, address)?;
        let range = u16::try_from(index).ok().and_then(|index| collection.objects.get(&index));
        match range {
            Some(range) => collection.bytes.slice(range.clone()),
            None => {
                let expected = format!("the object {index} in a global heap");
                Err(Error::corrupt(expected, "none").at(file.base().saturating_add(address)))
            }
        }
    }

    fn collection(&self, file: &File, address: u64) -> Result<Arc<Collection>> {
        // What is kept is whole whatever happened to another thread.
        let kept = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = kept().collections.get(&address) {
            return Ok(Arc::clone(found));
        }
        let at = |e: Error| e.shift(file.base().saturating_add(address));
        let head = file.read(address, 8 + u64::from(file.sizes().length))?;
        let mut cursor = Cursor::new(&head);
        if cursor.take(4, "a signature")? != b"GCOL" {
            return Err(at(Error::corrupt("a global heap", "something else").at(0)));
        }
        cursor.take(4, "a version")?;
        let len = file.sizes().length(&mut cursor, "a length of a heap")?;
        let bytes = file.read(address, len)?;
        let objects = objects(file, &bytes).map_err(at)?;
        let collection = Arc::new(Collection { bytes, objects });
        let mut kept = kept();
        if kept.bytes > KEPT {
            *kept = Kept::default();
        }
        kept.bytes += collection.bytes.len();
        kept.collections.insert(address, Arc::clone(&collection));
        Ok(collection)
    }
}

/// What stands in front of a heap and of each object is as long as this, whatever its parts are.
fn head_len(length: u8) -> usize {
    (8 + usize::from(length)).next_multiple_of(8)
}

fn objects(file: &File, bytes: &[u8]) -> Result<HashMap<u16, Range<usize>>> {
    let mut cursor = Cursor::new(bytes);
    let head = head_len(file.sizes().length);
    let gap = head - 8 - usize::from(file.sizes().length);
    cursor.take(head, "a head of a heap")?;
    let mut objects = HashMap::new();
    while cursor.rest().len() >= head {
        let index = cursor.u16_le("an index")?;
        if index == 0 {
            // What is left is free.
            break;
        }
        cursor.take(6, "a number of references")?;
        let len = file.sizes().length(&mut cursor, "a length of an object")?;
        cursor.take(gap, "padding")?;
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        let start = usize::try_from(cursor.position()).unwrap_or(usize::MAX);
        cursor.take(len, "an object of a heap")?;
        objects.insert(index, start..start + len);
        let padding = (len.next_multiple_of(8) - len).min(cursor.rest().len());
        cursor.take(padding, "padding")?;
    }
    Ok(objects)
}
