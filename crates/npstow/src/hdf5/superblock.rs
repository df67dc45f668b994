//! The superblock: where everything begins (HDF5 II.A).
#![forbid(unsafe_code)]

use super::read::{Sizes, UNDEFINED, unknown};
use super::write::checksum::lookup3;
use crate::cursor::Cursor;
use crate::{Error, Result, Source};

/// HDF5 II.A: what a superblock begins with.
pub(crate) const SIGNATURE: &[u8; 8] = b"\x89HDF\r\n\x1a\n";

/// What the superblock says of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Superblock {
    /// Where it stands in the source; all addresses count from there.
    pub(super) base: u64,
    pub(super) version: u8,
    pub(super) sizes: Sizes,
    /// Not zero while a file is open for writing; versions 0 to 2 leave it behind.
    pub(super) flags: u32,
    /// Address of the end of the file, counted as all others are.
    pub(super) end: u64,
    /// The object header of the root group.
    pub(super) root: u64,
    /// The object header with what more there is to say of the file.
    pub(super) extension: u64,
    /// What the driver says that wrote the file, where it is said.
    pub(super) driver: u64,
}

/// As long as any superblock is.
const MOST: u64 = 128;

impl Superblock {
    /// Finds the superblock of a file: at 0, or at 512, 1024, 2048 … behind a user block.
    pub(super) fn find(source: &dyn Source) -> Result<Self> {
        let mut base = 0u64;
        while base.saturating_add(8) <= source.len() {
            let len = usize::try_from((source.len() - base).min(MOST)).unwrap_or(0);
            let bytes = source.read(base, len).map_err(|e| Error::io("reading", e).at(base))?;
            if bytes.starts_with(SIGNATURE) {
                return Self::parse(&bytes, base).map_err(|e| e.shift(base));
            }
            base = if base == 0 { 512 } else { base.saturating_mul(2) };
        }
        Err(Error::corrupt("the signature of HDF5", "none").at(0))
    }

    /// Parses the bytes from the signature on.
    pub(super) fn parse(bytes: &[u8], base: u64) -> Result<Self> {
        let mut cursor = Cursor::new(bytes);
        cursor.take(SIGNATURE.len(), "a signature")?;
        match cursor.u8("a version of the superblock")? {
            version @ (0 | 1) => Self::parse_old(&mut cursor, version, base),
            version @ (2 | 3) => Self::parse_new(bytes, &mut cursor, version, base),
            version => Err(unknown("the superblock of version", version).at(8)),
        }
    }

    fn parse_old(cursor: &mut Cursor<'_>, version: u8, base: u64) -> Result<Self> {
        let versions = cursor.take(4, "versions")?;
        if let [free, group, _, header] = versions {
            if (*free, *group, *header) != (0, 0, 0) {
                return Err(unknown("the structures of versions", format!("{versions:?}")).at(9));
            }
        }
        let sizes = cursor.take(2, "sizes of addresses")?;
        let sizes = match sizes {
            [offset, length] => Sizes::new(*offset, *length).map_err(|e| e.at(13))?,
            _ => return Err(Error::corrupt("two sizes", "others").at(13)),
        };
        cursor.take(5, "sizes of nodes")?;
        let flags = cursor.u32_le("flags")?;
        if version == 1 {
            cursor.take(4, "a size of nodes")?;
        }
        let counted = sizes.address(cursor, "a base address")?;
        let _ = sizes.address(cursor, "an address of free space")?;
        let end = end(sizes.address(cursor, "the end of the file")?, counted);
        let driver = sizes.address(cursor, "an address of a driver")?;
        let _ = sizes.address(cursor, "an offset of a name")?;
        let root = sizes.address(cursor, "the address of the root group")?;
        Ok(Self { base, version, sizes, flags, end, root, extension: UNDEFINED, driver })
    }

    fn parse_new(bytes: &[u8], cursor: &mut Cursor<'_>, version: u8, base: u64) -> Result<Self> {
        let (offset, length) = (cursor.u8("a size")?, cursor.u8("a size")?);
        let sizes = Sizes::new(offset, length).map_err(|e| e.at(9))?;
        let flags = cursor.u8("flags")?.into();
        let counted = sizes.address(cursor, "a base address")?;
        let extension = sizes.address(cursor, "the address of the extension")?;
        let end = end(sizes.address(cursor, "the end of the file")?, counted);
        let root = sizes.address(cursor, "the address of the root group")?;
        let at = cursor.position();
        let checked = usize::try_from(at).ok().and_then(|at| bytes.get(..at)).unwrap_or_default();
        check(checked, cursor.u32_le("a checksum")?).map_err(|e| e.at(at))?;
        Ok(Self { base, version, sizes, flags, end, root, extension, driver: UNDEFINED })
    }

    /// Whether a program that wrote to the file did not close it.
    pub(super) fn is_open(&self) -> bool {
        self.version >= 3 && self.flags != 0
    }
}

/// The end as an address: unlike others it is told from the start of the file, of which the base
/// address was the place of the superblock when it was written.
fn end(told: u64, base: u64) -> u64 {
    match (told, base) {
        (UNDEFINED, _) | (_, UNDEFINED) => told,
        _ => told.saturating_sub(base),
    }
}

/// The bytes before the checksum that ends a block, which must be right.
pub(super) fn checked(block: &[u8]) -> Result<&[u8]> {
    let Some((bytes, stored)) = block.split_last_chunk::<4>() else {
        return Err(Error::corrupt("a checksum", format_args!("{} bytes", block.len())).at(0));
    };
    check(bytes, u32::from_le_bytes(*stored)).map_err(|e| e.at(bytes.len() as u64))?;
    Ok(bytes)
}

/// Holds bytes against their checksum.
pub(super) fn check(bytes: &[u8], stored: u32) -> Result<()> {
    let made = lookup3(bytes);
    if made != stored {
        let expected = format!("the checksum {stored:08x}");
        return Err(Error::corrupt(expected, format_args!("{made:08x}")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemorySource;

    fn version_2() -> Vec<u8> {
        let mut bytes = SIGNATURE.to_vec();
        bytes.extend([2, 8, 8, 0]);
        for address in [0u64, u64::MAX, 4096, 48] {
            bytes.extend(address.to_le_bytes());
        }
        let sum = lookup3(&bytes);
        bytes.extend(sum.to_le_bytes());
        bytes
    }

    #[test]
    fn it_is_found_behind_a_user_block() {
        let mut bytes = vec![b'x'; 1024];
        bytes.extend(version_2());
        let found = Superblock::find(&MemorySource::new(bytes)).unwrap();
        assert_eq!(
            (found.base, found.root, found.end, found.extension),
            (1024, 48, 4096, UNDEFINED)
        );
        assert!(Superblock::find(&MemorySource::new(vec![0; 5000])).is_err());
        assert!(Superblock::find(&MemorySource::new(Vec::new())).is_err());
    }

    #[test]
    fn cut_anywhere_it_is_refused() {
        let bytes = version_2();
        for len in 8..bytes.len() {
            assert!(Superblock::parse(&bytes[..len], 0).is_err(), "{len}");
        }
        let mut damaged = bytes;
        damaged[20] ^= 1;
        assert!(Superblock::parse(&damaged, 0).is_err());
    }
}
