//! The links of a group, in whichever of three ways they are kept.
#![forbid(unsafe_code)]

use super::header::{Header, kind};
use super::link::{Link, Target};
use crate::cursor::Cursor;
use crate::hdf5::file::File;
use crate::hdf5::read::{UNDEFINED, before_nul, text, unknown};
use crate::{Buffer, Error, Result};

/// Whether a header is that of a group.
pub(in crate::hdf5) fn is_group(header: &Header) -> bool {
    let is = |kind: u16| header.find(kind).is_some();
    is(kind::SYMBOL_TABLE) || is(kind::LINK_INFO) || is(kind::GROUP_INFO) || is(kind::LINK)
}

/// All links of a group: in order of creation where that is kept, else by name.
pub(in crate::hdf5) fn links(file: &File, header: &Header) -> Result<Vec<Link>> {
    let mut links = Vec::new();
    if let Some(message) = header.find(kind::SYMBOL_TABLE) {
        let mut cursor = Cursor::new(&message.body);
        let at = |e: Error| e.shift(message.offset);
        let tree = file.sizes().address(&mut cursor, "an address of a B-tree").map_err(at)?;
        let heap = file.sizes().address(&mut cursor, "an address of a heap").map_err(at)?;
        old(file, tree, heap, &mut links)?;
    }
    for message in header.all(kind::LINK) {
        let link = Link::parse(&message.body, file.sizes());
        links.push(link.map_err(|e| e.shift(message.offset))?);
    }
    if let Some(message) = header.find(kind::LINK_INFO) {
        let (heap, names) = dense(file, &message.body).map_err(|e| e.shift(message.offset))?;
        if heap != UNDEFINED && names != UNDEFINED {
            for object in file.dense(heap, names)? {
                let at = |e: Error| e.at(file.base().saturating_add(heap));
                links.push(Link::parse(&object.bytes, file.sizes()).map_err(at)?);
            }
        }
    }
    file.limits().check_members(links.len() as u64)?;
    if links.iter().all(|link| link.order.is_some()) {
        links.sort_by_key(|link| link.order);
    } else {
        links.sort_by(|a, b| a.name.as_bytes().cmp(b.name.as_bytes()));
    }
    Ok(links)
}

/// The heap and the B-tree of names of a group with many links (HDF5 IV.A.2.c).
fn dense(file: &File, body: &[u8]) -> Result<(u64, u64)> {
    let mut cursor = Cursor::new(body);
    let version = cursor.u8("information on links")?;
    if version != 0 {
        return Err(unknown("information on links of version", version).at(0));
    }
    if cursor.u8("flags")? & 1 != 0 {
        cursor.take(8, "an order of creation")?;
    }
    let heap = file.sizes().address(&mut cursor, "an address of a heap")?;
    Ok((heap, file.sizes().address(&mut cursor, "an address of a B-tree")?))
}

/// A group of old: symbol tables below a B-tree, names in a heap (HDF5 III.A.1, III.B, III.D).
fn old(file: &File, tree: u64, heap: u64, links: &mut Vec<Link>) -> Result<()> {
    let tables = file.structures().symbol_tables(tree)?;
    if tables.is_empty() {
        // Nothing is named; the heap may not even be there.
        return Ok(());
    }
    let names = names(file, heap)?;
    for address in tables {
        let head = file.read(address, 8)?;
        let at = |e: Error| e.shift(file.base() + address);
        if !head.starts_with(b"SNOD") {
            return Err(at(Error::corrupt("a symbol table", "something else").at(0)));
        }
        let count = u64::from(Cursor::new(head.get(6..).unwrap_or_default()).u16_le("a number")?);
        let entry = 24 + 2 * u64::from(file.sizes().offset);
        let bytes = file.read(address.saturating_add(8), count.saturating_mul(entry))?;
        let mut cursor = Cursor::new(&bytes);
        let at = |e: Error| e.shift(file.base() + address + 8);
        for _ in 0..count {
            links.push(symbol(file, &mut cursor, &names).map_err(at)?);
        }
        file.limits().check_members(links.len() as u64)?;
    }
    Ok(())
}

/// The bytes of a local heap.
pub(in crate::hdf5) fn names(file: &File, heap: u64) -> Result<Buffer> {
    let sizes = file.sizes();
    let head = file.read(heap, 8 + 2 * u64::from(sizes.length) + u64::from(sizes.offset))?;
    let at = |e: Error| e.shift(file.base() + heap);
    let mut cursor = Cursor::new(&head);
    if cursor.take(4, "a signature").map_err(at)? != b"HEAP" {
        return Err(at(Error::corrupt("a local heap", "something else").at(0)));
    }
    cursor.take(4, "a version").map_err(at)?;
    let len = sizes.length(&mut cursor, "a length of a heap").map_err(at)?;
    let _ = sizes.length(&mut cursor, "an offset").map_err(at)?;
    let address = sizes.address(&mut cursor, "an address of a heap").map_err(at)?;
    file.read(address, len)
}

fn symbol(file: &File, cursor: &mut Cursor<'_>, names: &[u8]) -> Result<Link> {
    let at = cursor.position();
    let sizes = file.sizes();
    let name =
        string(names, sizes.address(cursor, "an offset of a name")?).map_err(|e| e.at(at))?;
    let address = sizes.address(cursor, "an address of an object")?;
    let kind = cursor.u32_le("a type of a symbol")?;
    cursor.take(4, "padding")?;
    let scratch = cursor.take(16, "more of a symbol")?;
    let target = match kind {
        2 => {
            let offset = Cursor::new(scratch).u32_le("an offset of a link")?;
            Target::Soft(string(names, offset.into()).map_err(|e| e.at(at))?)
        }
        _ => Target::Hard(address),
    };
    Ok(Link { name, order: None, target })
}

/// The text at an offset of a heap, up to its NUL.
fn string(names: &[u8], offset: u64) -> Result<String> {
    let start = usize::try_from(offset).unwrap_or(usize::MAX);
    match names.get(start..) {
        Some(rest) if rest.contains(&0) => Ok(text(before_nul(rest))),
        _ => {
            let expected = format!("a name in a heap of {} bytes", names.len());
            Err(Error::corrupt(expected, format_args!("the offset {offset}")))
        }
    }
}
