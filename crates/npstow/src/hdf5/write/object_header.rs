//! Object headers (HDF5 IV.A): messages about an object, one after another.
#![forbid(unsafe_code)]

use super::emit::Emit;
use crate::{Error, Result};

/// One message: what it is about, its flags and its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    /// The place of an attribute among the attributes.
    pub(crate) order: u16,
    pub(crate) body: Vec<u8>,
}

impl Message {
    /// The most bytes of a body.
    pub(crate) const MOST: usize = 65_528;

    pub(crate) fn new(kind: u8, flags: u8, body: Vec<u8>) -> Self {
        Self { kind, flags, order: 0, body }
    }
}

/// How a header is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    /// As since the first version; everything reads it.
    V1,
    /// With a checksum and the order of attributes, since HDF5 1.8.
    V2,
}

/// The bytes of the header of an object that has so many names.
///
/// # Errors
/// `Limit` where there are more messages, or longer ones, than a header can hold.
pub(crate) fn write(version: Version, names: u32, messages: &[Message]) -> Result<Vec<u8>> {
    let longest = messages.iter().map(|message| message.body.len()).max().unwrap_or(0);
    if longest > Message::MOST {
        return Err(Error::limit("a message of a header", Message::MOST as u64, longest));
    }
    match version {
        Version::V1 => write_v1(names, messages),
        Version::V2 => Ok(write_v2(names, messages)),
    }
}

fn len_of(body: &[u8]) -> u16 {
    u16::try_from(body.len()).expect("bodies were checked")
}

fn write_v1(names: u32, messages: &[Message]) -> Result<Vec<u8>> {
    let count = u16::try_from(messages.len())
        .map_err(|_| Error::limit("messages of a header", u16::MAX.into(), messages.len()))?;
    let mut body = Emit::new();
    for message in messages {
        let len = message.body.len().next_multiple_of(8);
        body.u16(message.kind.into()).u16(u16::try_from(len).expect("bodies were checked"));
        body.u8(message.flags).zeros(3).bytes(&message.body).pad(8);
    }
    let len = body.len();
    let len = u32::try_from(len).map_err(|_| Error::limit("a header", u32::MAX.into(), len))?;
    let mut out = Emit::new();
    // Version, reserved, count, references to the object, length, padding.
    out.bytes(&[1, 0]).u16(count).u32(names).u32(len).u32(0).bytes(&body.finish());
    Ok(out.finish())
}

/// Bits of the flags: the order of attributes is kept, and indexed.
const ORDERED: u8 = 0x0c;

/// The message that says how many names an object has, and its flags: it is not shared.
const NAMES: (u8, u8) = (0x16, 4);

fn write_v2(names: u32, messages: &[Message]) -> Vec<u8> {
    let (kind, flags) = NAMES;
    // Where it is missing, there is one.
    let names =
        (names > 1).then(|| Message::new(kind, flags, Emit::new().u8(0).u32(names).finish()));
    let mut body = Emit::new();
    for message in messages.iter().chain(&names) {
        body.u8(message.kind).u16(len_of(&message.body)).u8(message.flags);
        body.u16(message.order).bytes(&message.body);
    }
    let len = body.len() as u64;
    // The length takes 1, 2, 4 or 8 bytes.
    let code = [0xff, 0xffff, 0xffff_ffff].iter().filter(|most| len > **most).count();
    let mut out = Emit::new();
    out.bytes(b"OHDR").u8(2).u8(ORDERED | u8::try_from(code).expect("at most 3"));
    out.uint(len, 1 << code).bytes(&body.finish());
    out.checksum().finish()
}

/// The messages of a header.
#[cfg(test)]
pub(crate) fn parse(bytes: &[u8]) -> Result<Vec<Message>> {
    use crate::cursor::Cursor;
    let mut c = Cursor::new(bytes);
    let mut messages = Vec::new();
    if c.array::<4>("the header")? != *b"OHDR" {
        let mut c = Cursor::new(bytes);
        assert_eq!(c.u16_le("the version")?, 1);
        let count = c.u16_le("the count")?;
        c.u32_le("names")?;
        let len = usize::try_from(c.u32_le("the length")?).unwrap();
        c.take(4, "padding")?;
        let mut c = Cursor::new(c.take(len, "messages")?);
        for _ in 0..count {
            let kind = u8::try_from(c.u16_le("a kind")?).unwrap();
            let len = c.u16_le("a length")?.into();
            let flags = c.u8("flags")?;
            c.take(3, "reserved")?;
            messages.push(Message::new(kind, flags, c.take(len, "a body")?.to_vec()));
        }
        assert!(c.rest().is_empty());
        return Ok(messages);
    }
    assert_eq!(c.u8("the version")?, 2);
    let code = c.u8("flags")? & 3;
    let len = c.take(1 << code, "the length")?;
    let len = len.iter().rev().fold(0, |n, b| n << 8 | usize::from(*b));
    let mut inner = Cursor::new(c.take(len, "messages")?);
    let end = usize::try_from(c.position()).unwrap();
    let sum = super::checksum::lookup3(&bytes[..end]);
    if c.u32_le("the checksum")? != sum {
        return Err(Error::corrupt("a header with its checksum", "another"));
    }
    while !inner.rest().is_empty() {
        let kind = inner.u8("a kind")?;
        let len = inner.u16_le("a length")?.into();
        let (flags, order) = (inner.u8("flags")?, inner.u16_le("an order")?);
        let body = inner.take(len, "a body")?.to_vec();
        messages.push(Message { kind, flags, order, body });
    }
    Ok(messages)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_come_back_and_are_cut_nowhere() {
        for (count, len) in [(0u16, 0), (1, 8), (3, 16), (20, 24), (3, 40_000)] {
            let message = |n: u16| {
                let kind = u8::try_from(n).unwrap();
                Message { order: n, ..Message::new(kind, kind % 2, vec![kind; len]) }
            };
            let messages: Vec<Message> = (0..count).map(message).collect();
            for version in [Version::V1, Version::V2] {
                let bytes = write(version, 1, &messages).unwrap();
                let mut expected = messages.clone();
                if version == Version::V1 {
                    expected.iter_mut().for_each(|message| message.order = 0);
                    assert_eq!(bytes.len() % 8, 0);
                }
                assert_eq!(parse(&bytes).unwrap(), expected);
                let step = (bytes.len() / 200).max(1);
                let cut = |n: usize| parse(&bytes[..n]).is_err();
                assert!((0..bytes.len()).step_by(step).all(cut), "{version:?} {count}");
            }
        }
    }

    /// As in a file of h5py 3.16.0.
    #[test]
    fn names_are_counted_where_h5py_counts_them() {
        let messages = [Message::new(3, 1, vec![7; 8])];
        let old = |names| write(Version::V1, names, &messages).unwrap();
        assert_eq!(
            (old(1)[4..8].to_vec(), old(3)[4..8].to_vec()),
            (vec![1, 0, 0, 0], vec![3, 0, 0, 0])
        );
        assert_eq!(old(1).len(), old(3).len());
        let new = |names| parse(&write(Version::V2, names, &messages).unwrap()).unwrap();
        assert_eq!(new(1), messages);
        assert_eq!(new(3)[1], Message::new(0x16, 4, vec![0, 3, 0, 0, 0]));
    }

    #[test]
    fn what_is_too_much_is_refused() {
        let long = Message::new(1, 0, vec![0; Message::MOST + 1]);
        assert!(write(Version::V2, 1, &[long]).is_err());
        let many = vec![Message::new(1, 0, Vec::new()); 65_536];
        assert!(write(Version::V1, 1, &many).is_err() && write(Version::V2, 1, &many).is_ok());
    }
}
