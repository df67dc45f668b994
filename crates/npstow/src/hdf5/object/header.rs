//! Object headers: what is said of a group, a dataset or a committed datatype (HDF5 IV.A).
#![forbid(unsafe_code)]

use crate::cursor::Cursor;
use crate::hdf5::file::File;
use crate::hdf5::read::{UNDEFINED, unknown, unsigned};
use crate::hdf5::superblock::checked;
use crate::{Buffer, Error, Result};

/// Types of messages (HDF5 IV.A.2).
pub(in crate::hdf5) mod kind {
    pub(in crate::hdf5) const NIL: u16 = 0x00;
    pub(in crate::hdf5) const DATASPACE: u16 = 0x01;
    pub(in crate::hdf5) const LINK_INFO: u16 = 0x02;
    pub(in crate::hdf5) const DATATYPE: u16 = 0x03;
    pub(in crate::hdf5) const OLD_FILL: u16 = 0x04;
    pub(in crate::hdf5) const FILL: u16 = 0x05;
    pub(in crate::hdf5) const LINK: u16 = 0x06;
    pub(in crate::hdf5) const EXTERNAL_FILES: u16 = 0x07;
    pub(in crate::hdf5) const LAYOUT: u16 = 0x08;
    pub(in crate::hdf5) const GROUP_INFO: u16 = 0x0a;
    pub(in crate::hdf5) const PIPELINE: u16 = 0x0b;
    pub(in crate::hdf5) const ATTRIBUTE: u16 = 0x0c;
    pub(in crate::hdf5) const SHARED_TABLE: u16 = 0x0f;
    pub(in crate::hdf5) const CONTINUATION: u16 = 0x10;
    pub(in crate::hdf5) const SYMBOL_TABLE: u16 = 0x11;
    pub(in crate::hdf5) const DRIVER: u16 = 0x14;
    pub(in crate::hdf5) const ATTRIBUTE_INFO: u16 = 0x15;
    pub(in crate::hdf5) const REFERENCES: u16 = 0x16;
    pub(in crate::hdf5) const FREE_SPACE: u16 = 0x17;
    pub(in crate::hdf5) const CACHE_IMAGE: u16 = 0x18;
    /// The last one that this version of the format has.
    pub(in crate::hdf5) const LAST: u16 = 0x18;
}

/// A message of a header, its body not looked at.
#[derive(Clone, Debug)]
pub(in crate::hdf5) struct Message {
    pub(in crate::hdf5) kind: u16,
    pub(in crate::hdf5) flags: u8,
    pub(in crate::hdf5) body: Buffer,
    /// Where the body lies in the source.
    pub(in crate::hdf5) offset: u64,
}

/// Flags of messages.
const SHARED: u8 = 2;
const FAIL_IF_UNKNOWN: u8 = 0x80;

impl Message {
    /// Whether the body says where the message is, instead of being it.
    pub(in crate::hdf5) fn is_shared(&self) -> bool {
        self.flags & SHARED != 0
    }
}

/// All messages of an object, those of its continuations too.
#[derive(Clone, Debug, Default)]
pub(in crate::hdf5) struct Header {
    pub(in crate::hdf5) messages: Vec<Message>,
    /// Where it lies in the source.
    pub(in crate::hdf5) offset: u64,
    /// What the prefix says of names; version 2 has a message for it.
    names: Option<u32>,
}

impl Header {
    /// How many names the object has, as far as the header tells.
    pub(in crate::hdf5) fn names(&self) -> u32 {
        let told = || match self.find(kind::REFERENCES).map(|message| &*message.body) {
            Some(&[0, a, b, c, d, ..]) => u32::from_le_bytes([a, b, c, d]),
            _ => 1,
        };
        self.names.unwrap_or_else(told)
    }

    /// Whether it is that of a dataset, damaged or not: a committed datatype has a datatype and
    /// nothing else that says what elements are. So a dataset of which one message is lost is not
    /// taken for a datatype.
    pub(in crate::hdf5) fn is_dataset(&self) -> bool {
        let kinds = [
            kind::LAYOUT,
            kind::DATASPACE,
            kind::OLD_FILL,
            kind::FILL,
            kind::PIPELINE,
            kind::EXTERNAL_FILES,
        ];
        kinds.iter().any(|kind| self.find(*kind).is_some())
    }

    /// The first message of a kind.
    pub(in crate::hdf5) fn find(&self, kind: u16) -> Option<&Message> {
        self.messages.iter().find(|message| message.kind == kind)
    }

    /// All messages of a kind.
    pub(in crate::hdf5) fn all(&self, kind: u16) -> impl Iterator<Item = &Message> {
        self.messages.iter().filter(move |message| message.kind == kind)
    }
}

/// The most bytes that one header may have: messages are of at most 64 KiB each, and what is many
/// goes into heaps.
const MOST: u64 = 16 << 20;

/// A header being read: where to go on, and what is left to spend.
struct Reading<'a> {
    file: &'a File,
    /// What was read to find out how long the header is, and its address: most are no longer.
    start: (u64, &'a Buffer),
    header: Header,
    /// Blocks to be read: address and length.
    waiting: Vec<(u64, u64)>,
    left: u64,
}

/// Reads the header at an address.
pub(in crate::hdf5) fn read(file: &File, address: u64) -> Result<Header> {
    if address == UNDEFINED {
        return Err(Error::corrupt("an object header", "no address"));
    }
    let start = file.read_up_to(address, 512)?;
    let place = |e: Error| e.shift(file.base() + address);
    let offset = file.base().saturating_add(address);
    let (header, waiting, left) = (Header { offset, ..Header::default() }, Vec::new(), MOST);
    let mut reading = Reading { file, start: (address, &start), header, waiting, left };
    let v2 = match start.first_chunk::<4>() {
        Some(b"OHDR") => Some(second_prefix(&start).map_err(place)?),
        _ => None,
    };
    match v2 {
        Some(prefix) => reading.second(address, &prefix)?,
        None => {
            let (names, len) = first_prefix(&start).map_err(place)?;
            reading.header.names = Some(names);
            reading.first(address, len)?;
        }
    }
    Ok(reading.header)
}

/// The number of names, and the length of the messages, of the 16 bytes of a prefix of version 1.
fn first_prefix(start: &[u8]) -> Result<(u32, u64)> {
    let mut cursor = Cursor::new(start);
    let version = cursor.u8("an object header")?;
    if version != 1 {
        let found = format!("the byte {version}");
        return Err(Error::corrupt("an object header of version 1 or 2", found).at(0));
    }
    cursor.take(3, "a number of messages")?;
    let names = cursor.u32_le("a number of names")?;
    let len = cursor.u32_le("a length of messages")?;
    cursor.take(4, "padding")?;
    Ok((names, len.into()))
}

/// What a prefix of version 2 says.
struct Second {
    /// Bytes before the messages.
    len: u64,
    /// Bytes of messages.
    messages: u64,
    /// Whether messages have an order of creation.
    ordered: bool,
}

fn second_prefix(start: &[u8]) -> Result<Second> {
    let mut cursor = Cursor::new(start);
    cursor.take(4, "a signature")?;
    let version = cursor.u8("a version")?;
    if version != 2 {
        return Err(unknown("an object header of version", version).at(4));
    }
    let flags = cursor.u8("flags")?;
    if flags & 0x20 != 0 {
        cursor.take(16, "times")?;
    }
    if flags & 0x10 != 0 {
        cursor.take(4, "numbers of attributes")?;
    }
    let messages = unsigned(&mut cursor, 1 << (flags & 3), "a length of messages")?;
    Ok(Second { len: cursor.position(), messages, ordered: flags & 4 != 0 })
}

/// The block that a header begins with.
#[derive(Clone, Copy, Debug)]
pub(in crate::hdf5) struct First {
    /// Where it lies in the source, and its length; both with everything before the messages.
    pub(in crate::hdf5) start: u64,
    pub(in crate::hdf5) len: u64,
    /// Whether it ends with a checksum.
    pub(in crate::hdf5) is_checked: bool,
}

impl First {
    /// Whether so many bytes from an offset of the source on are messages of this block.
    pub(in crate::hdf5) fn holds(&self, offset: u64, len: u64) -> bool {
        let sum = if self.is_checked { 4 } else { 0 };
        offset >= self.start && offset.saturating_add(len) <= self.start + self.len - sum
    }
}

/// The first block of the header at an address.
pub(in crate::hdf5) fn first(file: &File, address: u64) -> Result<First> {
    let start = file.read_up_to(address, 512)?;
    let place = |e: Error| e.shift(file.base() + address);
    let is_checked = start.first_chunk::<4>() == Some(b"OHDR");
    let len = if is_checked {
        let prefix = second_prefix(&start).map_err(place)?;
        prefix.len.saturating_add(prefix.messages).saturating_add(4)
    } else {
        first_prefix(&start).map_err(place)?.1.saturating_add(16)
    };
    // All of it is there.
    file.read(address, len)?;
    Ok(First { start: file.position(address)?, len, is_checked })
}

impl Reading<'_> {
    /// The bytes at an address, without reading twice what is there.
    fn bytes(&self, address: u64, len: u64) -> Result<Buffer> {
        let (at, start) = self.start;
        let from = address.checked_sub(at).and_then(|from| usize::try_from(from).ok());
        let range = from.and_then(|from| Some(from..from.checked_add(usize::try_from(len).ok()?)?));
        match range.filter(|range| range.end <= start.len()) {
            Some(range) => {
                self.file.reach(address, len);
                start.slice(range)
            }
            None => self.file.read(address, len),
        }
    }

    fn spend(&mut self, len: u64, address: u64) -> Result<()> {
        match self.left.checked_sub(len) {
            Some(left) => self.left = left,
            None => {
                let what = "an object header (bytes)";
                let at = self.file.base().saturating_add(address);
                return Err(Error::limit(what, MOST, format_args!("{len} more")).at(at));
            }
        }
        Ok(())
    }

    fn first(&mut self, address: u64, len: u64) -> Result<()> {
        self.waiting.push((address.saturating_add(16), len));
        while let Some((address, len)) = self.waiting.pop() {
            // An empty block costs, too: nothing may go on for ever.
            self.spend(len.max(8), address)?;
            let block = self.bytes(address, len)?;
            let base = self.file.base() + address;
            self.messages(&block, base, Form::First).map_err(|e| e.shift(base))?;
        }
        Ok(())
    }

    fn second(&mut self, address: u64, prefix: &Second) -> Result<()> {
        let all = prefix.len.saturating_add(prefix.messages).saturating_add(4);
        self.spend(all, address)?;
        let form = Form::Second { ordered: prefix.ordered };
        self.block(address, all, prefix.len, form)?;
        while let Some((address, len)) = self.waiting.pop() {
            self.spend(len.max(8), address)?;
            self.block(address, len, 4, form)?;
        }
        Ok(())
    }

    /// A block of version 2: messages behind `skip` bytes, and a checksum over all.
    fn block(&mut self, address: u64, len: u64, skip: u64, form: Form) -> Result<()> {
        let block = self.bytes(address, len)?;
        let base = self.file.base() + address;
        let place = |e: Error| e.shift(base);
        let skip = usize::try_from(skip).unwrap_or(usize::MAX);
        if block.len() < skip.saturating_add(4) {
            return Err(place(Error::corrupt("a block of messages", format_args!("{len} bytes"))));
        }
        if !matches!(block.first_chunk::<4>(), Some(b"OHDR" | b"OCHK")) {
            return Err(place(Error::corrupt("a block that begins with OCHK", "another").at(0)));
        }
        let end = checked(&block).map_err(place)?.len();
        let messages = block.slice(skip..end)?;
        let base = base + skip as u64;
        self.messages(&messages, base, form).map_err(|e| e.shift(base))
    }

    /// Takes the messages of a block apart; `base` is where it lies in the source.
    fn messages(&mut self, block: &Buffer, base: u64, form: Form) -> Result<()> {
        let mut cursor = Cursor::new(block);
        let least = form.least();
        // What is too short for a message is a gap.
        while cursor.rest().len() >= least {
            let at = cursor.position();
            let (kind, len, flags) = match form {
                Form::First => {
                    let kind = cursor.u16_le("a type of a message")?;
                    let len = cursor.u16_le("a length")?;
                    let flags = cursor.u8("flags")?;
                    cursor.take(3, "padding")?;
                    (kind, len, flags)
                }
                Form::Second { ordered } => {
                    let kind = cursor.u8("a type of a message")?.into();
                    let (len, flags) = (cursor.u16_le("a length")?, cursor.u8("flags")?);
                    if ordered {
                        cursor.take(2, "an order")?;
                    }
                    (kind, len, flags)
                }
            };
            let start = usize::try_from(cursor.position()).unwrap_or(usize::MAX);
            cursor.take(len.into(), "a message")?;
            let body = block.slice(start..start + usize::from(len))?;
            match kind {
                kind::NIL => {}
                kind::CONTINUATION => {
                    let mut cursor = Cursor::new(&body);
                    let sizes = self.file.sizes();
                    let address = sizes.address(&mut cursor, "an address of messages");
                    let shift = |e: Error| e.shift(start as u64);
                    let address = address.map_err(shift)?;
                    let len = sizes.length(&mut cursor, "a length of messages").map_err(shift)?;
                    self.waiting.push((address, len));
                }
                kind if kind > kind::LAST && flags & FAIL_IF_UNKNOWN != 0 => {
                    return Err(unknown("a message of type", kind).at(at));
                }
                _ => {
                    let offset = base + start as u64;
                    self.header.messages.push(Message { kind, flags, body, offset });
                }
            }
        }
        Ok(())
    }
}

/// How messages are laid out.
#[derive(Clone, Copy)]
enum Form {
    First,
    Second { ordered: bool },
}

impl Form {
    /// Bytes in front of a body.
    fn least(self) -> usize {
        match self {
            Self::First => 8,
            Self::Second { ordered } => 4 + if ordered { 2 } else { 0 },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_counted_by_either_version() {
        let header = |body: &[u8], names| {
            let body = Buffer::copy_of(body);
            let message = Message { kind: kind::REFERENCES, flags: 0, body, offset: 0 };
            Header { messages: vec![message], names, ..Header::default() }.names()
        };
        let body = [0, 3, 0, 1, 0];
        assert_eq!((header(&body, None), header(&body, Some(7))), (0x1_0003, 7));
        // What cannot be read counts nothing.
        assert!((0..body.len()).all(|len| header(&body[..len], None) == 1));
        assert_eq!((header(&[1, 3, 0, 0, 0], None), Header::default().names()), (1, 1));
    }
}
