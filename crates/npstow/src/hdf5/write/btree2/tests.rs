#![forbid(unsafe_code)]

use super::*;
use crate::hdf5::write::checksum::lookup3;
use crate::{Error, Result, cursor::Cursor};

/// Reads a tree back by what its header says alone.
fn parse(bytes: &[u8], kind: Kind, header: u64) -> Result<Vec<Vec<u8>>> {
    let at = |address: u64| {
        let start = usize::try_from(address).unwrap_or(usize::MAX);
        bytes.get(start..).ok_or_else(|| Error::corrupt("a node", "the end").at(address))
    };
    let head = at(header)?;
    let mut c = Cursor::new(head);
    checked(head, 34)?;
    if c.array::<6>("the signature")? != [b'B', b'T', b'H', b'D', 0, kind.number()] {
        return Err(Error::corrupt("a header", "other bytes"));
    }
    let node_len = usize::try_from(c.u32_le("the length of nodes")?).unwrap();
    let record_len = usize::from(c.u16_le("the length of records")?);
    let depth = usize::from(c.u16_le("the depth")?);
    c.take(2, "split and merge")?;
    let root = c.u64_le("the root")?;
    let own = usize::from(c.u16_le("its records")?);
    let all = usize::try_from(c.u64_le("all records")?).unwrap();
    // By the rules of the library (`H5B2__hdr_init`).
    let leaf = (node_len - 10) / record_len;
    let mut levels = vec![(leaf, 0)];
    for _ in 0..depth {
        let (below, below_width) = levels[levels.len() - 1];
        let pointer = 8 + width(leaf as u64) + below_width;
        let most = (node_len - (10 + pointer)) / (record_len + pointer);
        let all = (most + 1) * below + most;
        levels.push((all, width(all as u64)));
    }
    let reader = Reader { at: &at, record_len, node_len, levels };
    let mut found = Vec::new();
    if all > 0 {
        reader.node(root, depth, own, &mut found)?;
    }
    assert_eq!(found.len(), all);
    Ok(found)
}

struct Reader<'a, A> {
    at: &'a A,
    record_len: usize,
    node_len: usize,
    levels: Vec<(usize, usize)>,
}

impl<'a, A: Fn(u64) -> Result<&'a [u8]>> Reader<'_, A> {
    fn node(
        &self,
        address: u64,
        depth: usize,
        own: usize,
        found: &mut Vec<Vec<u8>>,
    ) -> Result<usize> {
        let bytes = (self.at)(address)?;
        let mut c = Cursor::new(bytes);
        let signature = if depth == 0 { b"BTLF" } else { b"BTIN" };
        if c.array::<4>("the signature")? != *signature {
            return Err(Error::corrupt("a node", "other bytes").at(address));
        }
        c.take(2, "version and kind")?;
        let records: Vec<&[u8]> =
            (0..own).map(|_| c.take(self.record_len, "a record")).collect::<Result<_>>()?;
        let mut total = own;
        if depth > 0 {
            for child in 0..=own {
                let address = c.u64_le("a child")?;
                let count_width = width(self.levels[0].0 as u64);
                let own = uint(c.take(count_width, "its records")?);
                let all = uint(c.take(self.levels[depth - 1].1, "all records")?);
                let below = self.node(address, depth - 1, own, found)?;
                assert!(depth == 1 || below == all);
                total += below;
                found.extend(records.get(child).map(|record| record.to_vec()));
            }
        } else {
            found.extend(records.iter().map(|record| record.to_vec()));
        }
        let end = usize::try_from(c.position()).unwrap();
        checked(bytes, end)?;
        if bytes.len() < self.node_len {
            return Err(Error::corrupt("a whole node", bytes.len()));
        }
        Ok(total)
    }
}

fn uint(bytes: &[u8]) -> usize {
    bytes.iter().rev().fold(0, |n, byte| n << 8 | usize::from(*byte))
}

/// The checksum behind so many bytes.
fn checked(bytes: &[u8], len: usize) -> Result<()> {
    let sum = bytes.get(len..len + 4).ok_or_else(|| Error::corrupt("a checksum", "the end"))?;
    match u32::from_le_bytes(sum.try_into().unwrap()) == lookup3(&bytes[..len]) {
        true => Ok(()),
        false => Err(Error::corrupt("another checksum", "this")),
    }
}

#[test]
fn trees_of_every_depth_come_back() {
    for kind in
        [Kind::Huge, Kind::LinkNames, Kind::LinkOrder, Kind::AttributeNames, Kind::AttributeOrder]
    {
        for count in [0u64, 1, 2, 20, 21, 29, 45, 46, 47, 100, 1000, 9999, 10_001, 70_000] {
            let records: Vec<Vec<u8>> = (0..count)
                .map(|n| {
                    let mut record = n.to_be_bytes().to_vec();
                    record.resize(kind.record_len(), 7);
                    record
                })
                .collect();
            // A tree does not begin a file.
            let written = write(kind, &records, 24);
            let bytes = [vec![0; 24], written.bytes].concat();
            assert_eq!(parse(&bytes, kind, written.header).unwrap(), records, "{kind:?} {count}");
        }
    }
}

#[test]
fn trees_are_cut_nowhere() {
    let records: Vec<Vec<u8>> = (0..60u8).map(|n| vec![n; 11]).collect();
    let written = write(Kind::LinkNames, &records, 0);
    let (bytes, header) = (written.bytes, written.header);
    assert!((0..bytes.len()).all(|cut| parse(&bytes[..cut], Kind::LinkNames, header).is_err()));
}
