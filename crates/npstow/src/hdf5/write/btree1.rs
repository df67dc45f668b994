//! B-trees of version 1 (HDF5 III.A.1): the members of old groups, the chunks of datasets.
#![forbid(unsafe_code)]

use super::UNDEFINED;
use super::emit::Emit;

/// What a tree leads to, and the size of its nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    /// 0 for groups, 1 for chunks.
    pub(crate) kind: u8,
    /// Half the children of a node.
    pub(crate) k: u16,
    pub(crate) key_len: usize,
}

impl Shape {
    const HEADER_LEN: usize = 24;

    pub(crate) fn most(self) -> usize {
        2 * usize::from(self.k)
    }

    pub(crate) fn node_len(self) -> usize {
        Self::HEADER_LEN + self.most() * 8 + (self.most() + 1) * self.key_len
    }
}

/// A tree in the file: its bytes from an address on, and where its root is.
#[derive(Debug)]
pub(crate) struct Built {
    pub(crate) bytes: Vec<u8>,
    pub(crate) root: u64,
}

/// Makes a tree of as many levels as it needs, whose nodes are full but for the last of each.
///
/// There is one key more than children: a child lies between the keys on both sides of it.
pub(crate) fn build(shape: Shape, keys: &[u8], children: &[u64], address: u64) -> Built {
    debug_assert_eq!(keys.len(), (children.len() + 1) * shape.key_len);
    let mut out = Emit::with_capacity((children.len() / shape.most() + 2) * shape.node_len());
    let (mut keys, mut children) = (keys.to_vec(), children.to_vec());
    let mut level = 0;
    loop {
        let first = address + out.len() as u64;
        let count = children.len().div_ceil(shape.most()).max(1);
        let place = |node: usize| first + (node * shape.node_len()) as u64;
        let key = |at: usize| &keys[at * shape.key_len..(at + 1) * shape.key_len];
        let mut above = Vec::with_capacity((count + 1) * shape.key_len);
        for node in 0..count {
            let start = node * shape.most();
            let end = (start + shape.most()).min(children.len());
            let siblings = (
                node.checked_sub(1).map_or(UNDEFINED, place),
                if node + 1 < count { place(node + 1) } else { UNDEFINED },
            );
            let stop = out.len() + shape.node_len();
            begin(&mut out, shape, level, end - start, siblings);
            for (at, child) in children.iter().enumerate().take(end).skip(start) {
                out.bytes(key(at)).u64(*child);
            }
            if end > start {
                out.bytes(key(end));
            }
            out.fill_to(stop);
            above.extend_from_slice(key(start));
        }
        if count == 1 {
            return Built { bytes: out.finish(), root: first };
        }
        above.extend_from_slice(key(children.len()));
        children = (0..count).map(place).collect();
        keys = above;
        level += 1;
    }
}

/// A key of a tree and what it leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) key: Vec<u8>,
    pub(crate) child: u64,
}

/// Makes the nodes of one level, of which the first has this neighbour to its left and this
/// address, and gives what the level above has of them. `end` is the key behind all.
pub(crate) fn level(
    shape: Shape,
    level: u8,
    items: &[Item],
    end: &[u8],
    (left, address): (u64, u64),
) -> (Vec<u8>, Vec<Item>) {
    let len = shape.node_len() as u64;
    let (mut out, mut above) = (Emit::new(), Vec::new());
    let mut left = left;
    for (number, part) in (1u64..).zip(items.chunks(shape.most())) {
        let at = address + out.len() as u64;
        let behind = items.get(above.len() * shape.most() + part.len());
        let right = if behind.is_some() { address + number * len } else { UNDEFINED };
        let stop = out.len() + shape.node_len();
        begin(&mut out, shape, level, part.len(), (left, right));
        for item in part {
            out.bytes(&item.key).u64(item.child);
        }
        out.bytes(behind.map_or(end, |item| &item.key)).fill_to(stop);
        above.extend(part.first().map(|first| Item { key: first.key.clone(), child: at }));
        left = at;
    }
    (out.finish(), above)
}

fn begin(out: &mut Emit, shape: Shape, level: u8, count: usize, (left, right): (u64, u64)) {
    let count = u16::try_from(count).expect("a node has at most 2k children");
    out.bytes(b"TREE").bytes(&[shape.kind, level]).u16(count).u64(left).u64(right);
}

/// A node, for the tests: level, siblings, keys, children.
#[cfg(test)]
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) level: u8,
    pub(crate) left: u64,
    pub(crate) right: u64,
    pub(crate) keys: Vec<Vec<u8>>,
    pub(crate) children: Vec<u64>,
}

#[cfg(test)]
impl Node {
    pub(crate) fn parse(bytes: &[u8], shape: Shape) -> crate::Result<Self> {
        use crate::{Error, cursor::Cursor};
        let mut c = Cursor::new(bytes);
        if c.array::<5>("the signature")? != [b'T', b'R', b'E', b'E', shape.kind] {
            return Err(Error::corrupt("a node of a B-tree", "other bytes"));
        }
        let level = c.u8("the level")?;
        let count = usize::from(c.u16_le("the count")?);
        let (left, right) = (c.u64_le("a sibling")?, c.u64_le("a sibling")?);
        let mut c = Cursor::new(c.take(shape.node_len() - 24, "keys and children")?);
        let (mut keys, mut children) = (Vec::new(), Vec::new());
        for _ in 0..count {
            keys.push(c.take(shape.key_len, "a key")?.to_vec());
            children.push(c.u64_le("a child")?);
        }
        if count > 0 {
            keys.push(c.take(shape.key_len, "a key")?.to_vec());
        }
        Ok(Self { level, left, right, keys, children })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape = Shape { kind: 0, k: 2, key_len: 8 };

    /// Everything below a node, and the depth.
    fn walk(built: &Built, address: u64, at: u64, found: &mut Vec<u64>) -> u8 {
        let start = usize::try_from(at - address).unwrap();
        let node = Node::parse(&built.bytes[start..], SHAPE).unwrap();
        for (child, keys) in node.children.iter().zip(node.keys.windows(2)) {
            assert!(keys[0] <= keys[1]);
            if node.level == 0 {
                // The child n lies between the keys n and n + 1.
                assert_eq!(u64::from_be_bytes(keys[0][..].try_into().unwrap()), *child);
                found.push(*child);
            } else {
                assert_eq!(walk(built, address, *child, found), node.level - 1);
            }
        }
        node.level
    }

    #[test]
    fn every_child_is_found_in_order() {
        for count in [0, 1, 4, 5, 16, 17, 64, 65, 300] {
            let keys: Vec<u8> = (0..=count).flat_map(u64::to_be_bytes).collect();
            let children: Vec<u64> = (0..count).collect();
            let built = build(SHAPE, &keys, &children, 4096);
            let mut found = Vec::new();
            let depth = walk(&built, 4096, built.root, &mut found);
            assert_eq!(found, children);
            let levels = [(4, 0), (16, 1), (64, 2), (256, 3), (1024, 4)];
            let expected = levels.iter().find(|(most, _)| count <= *most).unwrap().1;
            assert_eq!(depth, expected, "{count}");
        }
    }

    #[test]
    fn siblings_know_one_another_and_nodes_are_cut_nowhere() {
        let keys: Vec<u8> = (0..=9).flat_map(u64::to_be_bytes).collect();
        let built = build(SHAPE, &keys, &[1, 2, 3, 4, 5, 6, 7, 8, 9], 0);
        let len = SHAPE.node_len() as u64;
        let at = |n: u64| {
            let start = usize::try_from(n * len).unwrap();
            Node::parse(&built.bytes[start..], SHAPE).unwrap()
        };
        assert_eq!([at(0).left, at(0).right], [UNDEFINED, len]);
        assert_eq!([at(1).left, at(1).right], [0, 2 * len]);
        assert_eq!([at(2).left, at(2).right], [len, UNDEFINED]);
        assert_eq!((at(3).level, at(3).children, built.root), (1, vec![0, len, 2 * len], 3 * len));
        let node = &built.bytes[..SHAPE.node_len()];
        assert!((0..node.len()).all(|cut| Node::parse(&node[..cut], SHAPE).is_err()));
    }
}
