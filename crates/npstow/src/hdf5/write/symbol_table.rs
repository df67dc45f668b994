//! Symbol table nodes (HDF5 III.B and III.C): the members of a group of the old style.
#![forbid(unsafe_code)]

use super::emit::Emit;
use super::superblock::GROUP_LEAF_K;

/// What an entry says about its object, so that nobody has to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cached {
    Nothing,
    Group {
        tree: u64,
        heap: u64,
    },
    /// A soft link: where in the group's heap its target is.
    Link {
        target: u64,
    },
}

/// A member of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SymbolEntry {
    /// Where in the group's heap its name is.
    pub(crate) name: u64,
    pub(crate) header: u64,
    pub(crate) cached: Cached,
}

impl SymbolEntry {
    const LEN: usize = 40;

    pub(crate) fn write(&self, out: &mut Emit) {
        out.u64(self.name).u64(self.header);
        match self.cached {
            Cached::Nothing => out.u64(0).zeros(16),
            Cached::Group { tree, heap } => out.u64(1).u64(tree).u64(heap),
            Cached::Link { target } => out.u64(2).u64(target).zeros(8),
        };
    }

    #[cfg(test)]
    pub(crate) fn parse(c: &mut crate::cursor::Cursor<'_>) -> crate::Result<Self> {
        let (name, header) = (c.u64_le("a name")?, c.u64_le("a header")?);
        let kind = c.u64_le("what is cached")?;
        let (first, second) = (c.u64_le("an address")?, c.u64_le("an address")?);
        let cached = match kind {
            0 => Cached::Nothing,
            1 => Cached::Group { tree: first, heap: second },
            2 => Cached::Link { target: first },
            other => return Err(crate::Error::corrupt("0 to 2 for what is cached", other)),
        };
        Ok(Self { name, header, cached })
    }
}

/// Some members of a group, in the order of their names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SymbolNode(pub(crate) Vec<SymbolEntry>);

impl SymbolNode {
    /// The most entries of a node.
    pub(crate) const MOST: usize = 2 * GROUP_LEAF_K as usize;

    pub(crate) const LEN: usize = 8 + Self::MOST * SymbolEntry::LEN;

    pub(crate) fn write(&self, out: &mut Emit) {
        let end = out.len() + Self::LEN;
        let count = u16::try_from(self.0.len()).expect("a node has at most 8 entries");
        out.bytes(b"SNOD").bytes(&[1, 0]).u16(count);
        self.0.iter().for_each(|entry| entry.write(out));
        out.fill_to(end);
    }

    #[cfg(test)]
    pub(crate) fn parse(bytes: &[u8]) -> crate::Result<Self> {
        let mut c = crate::cursor::Cursor::new(bytes);
        if c.array::<6>("the signature")? != *b"SNOD\x01\0" {
            return Err(crate::Error::corrupt("a symbol table node", "other bytes"));
        }
        let count = c.u16_le("the count")?;
        let mut room = crate::cursor::Cursor::new(c.take(Self::LEN - 8, "the entries")?);
        (0..count).map(|_| SymbolEntry::parse(&mut room)).collect::<crate::Result<_>>().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_come_back_and_are_cut_nowhere() {
        let cached =
            [Cached::Nothing, Cached::Group { tree: 9, heap: 8 }, Cached::Link { target: 24 }];
        let entry = |at: u64| SymbolEntry {
            name: 8 * at,
            header: 1000 + at,
            cached: cached[usize::try_from(at % 3).unwrap()],
        };
        for count in 0..=8 {
            let node = SymbolNode((0..count).map(entry).collect());
            let mut out = Emit::new();
            node.write(&mut out);
            let bytes = out.finish();
            assert_eq!(bytes.len(), SymbolNode::LEN);
            assert_eq!(SymbolNode::parse(&bytes).unwrap(), node);
            assert!((0..bytes.len()).all(|cut| SymbolNode::parse(&bytes[..cut]).is_err()));
        }
    }
}
