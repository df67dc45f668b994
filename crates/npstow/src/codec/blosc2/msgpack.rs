//! The little of msgpack that headers of frames are made of: numbers and arrays whose marks are known.
#![forbid(unsafe_code)]

use crate::cursor::Cursor;
use crate::{Error, Result};

/// A number of msgpack, big-endian, of so many bytes behind its mark.
pub(super) fn number<const N: usize>(
    cursor: &mut Cursor<'_>,
    mark: u8,
    what: &str,
) -> Result<usize> {
    let found = cursor.u8(what)?;
    if found != mark {
        let found = format!("the mark {found:#x}");
        return Err(Error::corrupt(format_args!("{what} with the mark {mark:#x}"), found));
    }
    let bytes: [u8; N] = cursor.array(what)?;
    let value = bytes.iter().fold(0u64, |value, byte| value << 8 | u64::from(*byte));
    let limit = 1u64 << (8 * N - 1);
    usize::try_from(value)
        .ok()
        .filter(|_| value < limit)
        .ok_or_else(|| Error::corrupt(format_args!("{what} that is not negative"), value))
}

/// Reads the mark of an array of msgpack: how many members it has.
pub(super) fn members(cursor: &mut Cursor<'_>, what: &str) -> Result<usize> {
    let mark = cursor.u8(what)?;
    if mark & 0xf0 != 0x90 {
        return Err(Error::corrupt(format_args!("{what}, an array"), format!("{mark:#x}")));
    }
    Ok(usize::from(mark & 15))
}

/// Reads an array of so many numbers.
pub(super) fn numbers<const N: usize>(
    cursor: &mut Cursor<'_>,
    (mark, count): (u8, usize),
    what: &str,
) -> Result<Vec<usize>> {
    let found = members(cursor, what)?;
    if found != count {
        return Err(Error::corrupt(format_args!("{what} of {count} axes"), found));
    }
    (0..count).map(|_| number::<N>(cursor, mark, what)).collect()
}
