//! What a superblock extension says of a file (HDF5 II.C).
#![forbid(unsafe_code)]

use super::header::{Header, kind};
use crate::cursor::Cursor;
use crate::hdf5::read::{Sizes, UNDEFINED, unknown};
use crate::{Error, Result};

/// Where the image of a metadata cache is: address and length.
pub(in crate::hdf5) fn cache_image(header: &Header, sizes: Sizes) -> Result<Option<(u64, u64)>> {
    let Some(message) = header.find(kind::CACHE_IMAGE) else { return Ok(None) };
    let mut cursor = Cursor::new(&message.body);
    let at = |e: Error| e.shift(message.offset);
    let version = cursor.u8("an image of a metadata cache").map_err(at)?;
    if version != 0 {
        return Err(at(unknown("an image of a metadata cache of version", version).at(0)));
    }
    let address = sizes.address(&mut cursor, "an address of an image").map_err(at)?;
    let len = sizes.length(&mut cursor, "a length of an image").map_err(at)?;
    Ok(Some((address, len)).filter(|(address, _)| *address != UNDEFINED))
}

/// Looks at what is said of free space, which reading has no use for (HDF5 IV.A.2.x).
pub(in crate::hdf5) fn check_free_space(header: &Header, sizes: Sizes) -> Result<()> {
    let Some(message) = header.find(kind::FREE_SPACE) else { return Ok(()) };
    free_space(&message.body, sizes).map_err(|e| e.shift(message.offset))
}

fn free_space(body: &[u8], sizes: Sizes) -> Result<()> {
    let mut cursor = Cursor::new(body);
    let version = cursor.u8("information on free space")?;
    let strategy = cursor.u8("a strategy for free space")?;
    let managers = match version {
        0 => {
            sizes.length(&mut cursor, "a threshold")?;
            // Only where all of it persists there are addresses.
            if strategy == 1 { 6 } else { 0 }
        }
        1 => {
            let persists = cursor.u8("whether free space persists")?;
            sizes.length(&mut cursor, "a threshold")?;
            sizes.length(&mut cursor, "a size of pages")?;
            cursor.take(2, "a threshold of pages")?;
            sizes.address(&mut cursor, "an end of a file")?;
            if persists == 1 { 12 } else { 0 }
        }
        _ => return Err(unknown("information on free space of version", version).at(0)),
    };
    for _ in 0..managers {
        sizes.address(&mut cursor, "an address of free space")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_space_is_all_there() {
        let sizes = Sizes::new(8, 8).unwrap();
        let old = [&[0, 1][..], &[0; 8 + 48]].concat();
        let new = [&[1, 1, 1][..], &[0; 8 + 8 + 2 + 8 + 96]].concat();
        for body in [old, new] {
            assert!(free_space(&body, sizes).is_ok());
            for len in 0..body.len() {
                assert!(free_space(&body[..len], sizes).is_err(), "{len}");
            }
        }
        assert!(free_space(&[&[0, 2][..], &[0; 8]].concat(), sizes).is_ok());
        assert!(free_space(&[2, 0], sizes).is_err());
    }
}
