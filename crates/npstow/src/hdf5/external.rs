//! Elements in other files: external storage (HDF5 IV.A.2.h).
#![forbid(unsafe_code)]

use super::file::File;
use super::object::group::names;
use super::read::{before_nul, text, unknown};
use super::segments::{Segment, Segments};
use crate::cursor::Cursor;
use crate::error::quoted;
use crate::{Error, Result, Source};
use std::sync::Arc;

/// The bytes of a dataset, `len` of them, from the files that a message names.
pub(super) fn source(file: &File, body: &[u8], len: u64) -> Result<Arc<dyn Source>> {
    let mut cursor = Cursor::new(body);
    let version = cursor.u8("external files")?;
    if version != 1 {
        return Err(unknown("external files of version", version).at(0));
    }
    cursor.take(3, "padding")?;
    cursor.u16_le("a number of places")?;
    let count = cursor.u16_le("a number of files")?;
    let heap = file.sizes().address(&mut cursor, "an address of a heap")?;
    let names = names(file, heap)?;
    let (mut segments, mut left) = (Vec::new(), len);
    for _ in 0..count {
        let at = file.sizes().length(&mut cursor, "an offset of a name")?;
        let offset = file.sizes().length(&mut cursor, "an offset in a file")?;
        let size = file.sizes().length(&mut cursor, "a length in a file")?;
        let name = usize::try_from(at).ok().and_then(|at| names.get(at..)).unwrap_or_default();
        let name = text(before_nul(name));
        let Some(source) = file.beside().source(&name)? else {
            let what = format!("the file '{}' of external storage", quoted(&name));
            return Err(Error::not_found(what));
        };
        let len = size.min(left);
        left -= len;
        segments.push(Segment { source, offset, len });
    }
    if left > 0 {
        let found = format!("{left} fewer in external files");
        return Err(Error::corrupt(format_args!("{len} bytes of data"), found));
    }
    Ok(Arc::new(Segments::new(segments)))
}
