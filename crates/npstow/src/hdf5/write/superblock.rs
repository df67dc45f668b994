//! The superblock (HDF5 II.A): how the file begins.
#![forbid(unsafe_code)]

use super::UNDEFINED;
use super::emit::Emit;
use super::symbol_table::{Cached, SymbolEntry};
use crate::hdf5::superblock::SIGNATURE;

/// Half the entries of a symbol table node.
pub(crate) const GROUP_LEAF_K: u16 = 4;
/// Half the children of a node of a group's B-tree.
pub(crate) const GROUP_INTERNAL_K: u16 = 16;

/// What a file is and where its root lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Superblock {
    /// Version 0, which everything reads: the root is a group of the old style.
    Old { end: u64, root: u64, tree: u64, heap: u64 },
    /// Version 3, with a checksum.
    Latest { end: u64, root: u64 },
}

impl Superblock {
    pub(crate) const OLD_LEN: usize = 96;
    pub(crate) const LATEST_LEN: usize = 48;

    pub(crate) fn write(&self) -> Vec<u8> {
        let mut out = Emit::new();
        out.bytes(SIGNATURE);
        match *self {
            Self::Old { end, root, tree, heap } => {
                // Versions of superblock, free space, root entry; reserved; of shared messages.
                out.bytes(&[0, 0, 0, 0, 0, 8, 8, 0]).u16(GROUP_LEAF_K).u16(GROUP_INTERNAL_K);
                out.u32(0).u64(0).u64(UNDEFINED).u64(end).u64(UNDEFINED);
                let cached = Cached::Group { tree, heap };
                SymbolEntry { name: 0, header: root, cached }.write(&mut out);
            }
            Self::Latest { end, root } => {
                out.bytes(&[3, 8, 8, 0]).u64(0).u64(UNDEFINED).u64(end).u64(root).checksum();
            }
        }
        out.finish()
    }

    #[cfg(test)]
    pub(crate) fn parse(bytes: &[u8]) -> crate::Result<Self> {
        use crate::{Error, cursor::Cursor};
        let mut c = Cursor::new(bytes);
        if c.array::<8>("the signature")? != *SIGNATURE {
            return Err(Error::corrupt("the signature of HDF5", "other bytes").at(0));
        }
        match c.u8("the version")? {
            0 => {
                c.take(15, "versions and sizes")?;
                let places = [0; 4].map(|_: u8| c.u64_le("an address"));
                let [base, space, end, driver] = places;
                assert_eq!((base?, space?, driver?), (0, UNDEFINED, UNDEFINED));
                let entry = SymbolEntry::parse(&mut c)?;
                let Cached::Group { tree, heap } = entry.cached else {
                    return Err(Error::corrupt("a root group", "something else"));
                };
                Ok(Self::Old { end: end?, root: entry.header, tree, heap })
            }
            3 => {
                c.take(3, "sizes")?;
                c.take(16, "addresses")?;
                let (end, root) = (c.u64_le("the end")?, c.u64_le("the root")?);
                let sum = super::checksum::lookup3(&bytes[..44]);
                assert_eq!(c.u32_le("the checksum")?, sum);
                Ok(Self::Latest { end, root })
            }
            other => Err(Error::unsupported(format_args!("superblock version {other}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_come_back_and_are_cut_nowhere() {
        let old = Superblock::Old { end: 5000, root: 96, tree: 136, heap: 680 };
        let latest = Superblock::Latest { end: 77, root: 48 };
        for (block, len) in [(old, Superblock::OLD_LEN), (latest, Superblock::LATEST_LEN)] {
            let bytes = block.write();
            assert_eq!(bytes.len(), len);
            assert_eq!(Superblock::parse(&bytes).unwrap(), block);
            assert!((0..len).all(|cut| Superblock::parse(&bytes[..cut]).is_err()), "{block:?}");
        }
    }

    #[test]
    fn the_old_one_is_h5pys() {
        // The first bytes of a file by h5py 3.16.0.
        let block = Superblock::Old { end: 0x2b48, root: 0x60, tree: 0x88, heap: 0x2a8 };
        let head = *b"\x89HDF\r\n\x1a\n\0\0\0\0\0\x08\x08\0\x04\0\x10\0\0\0\0\0";
        assert_eq!(block.write()[..24], head);
    }
}
