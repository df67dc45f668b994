//! Links: names in groups and what they lead to (HDF5 IV.A.2.g).
#![forbid(unsafe_code)]

use crate::cursor::Cursor;
use crate::hdf5::read::{Sizes, before_nul, text, unknown, unsigned};
use crate::{Error, Result};

/// A name in a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::hdf5) struct Link {
    pub(in crate::hdf5) name: String,
    /// When it was made, where the group keeps that.
    pub(in crate::hdf5) order: Option<u64>,
    pub(in crate::hdf5) target: Target,
}

/// What a link leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::hdf5) enum Target {
    /// The object header at this address.
    Hard(u64),
    /// A path in this file.
    Soft(String),
    /// A path in another file.
    External { file: String, path: String },
    /// Something that a program has registered.
    UserDefined(u8),
}

impl Link {
    /// Parses the body of a message.
    pub(in crate::hdf5) fn parse(body: &[u8], sizes: Sizes) -> Result<Self> {
        let mut cursor = Cursor::new(body);
        let version = cursor.u8("a link")?;
        if version != 1 {
            return Err(unknown("a link of version", version).at(0));
        }
        let flags = cursor.u8("flags")?;
        let kind = if flags & 8 != 0 { cursor.u8("a type of a link")? } else { 0 };
        let order = match flags & 4 {
            0 => None,
            _ => Some(cursor.u64_le("an order of creation")?),
        };
        if flags & 0x10 != 0 {
            cursor.take(1, "a character set")?;
        }
        let len = unsigned(&mut cursor, 1 << (flags & 3), "a length of a name")?;
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        let name = text(cursor.take(len, "a name of a link")?);
        let target = match kind {
            0 => Target::Hard(sizes.address(&mut cursor, "an address of an object")?),
            1 => Target::Soft(text(before_nul(value(&mut cursor)?))),
            64 => external(value(&mut cursor)?)?,
            other => Target::UserDefined(other),
        };
        Ok(Self { name, order, target })
    }
}

fn value<'a>(cursor: &mut Cursor<'a>) -> Result<&'a [u8]> {
    let len = cursor.u16_le("a length of a link")?;
    cursor.take(len.into(), "what a link says")
}

/// A byte of version and flags, the name of the file, and the path in it.
fn external(value: &[u8]) -> Result<Target> {
    let wrong = || Error::corrupt("a file and a path of an external link", "others");
    let (_, names) = value.split_first().ok_or_else(wrong)?;
    let mut names = names.split(|&byte| byte == 0);
    match (names.next(), names.next()) {
        (Some(file), Some(path)) => Ok(Target::External { file: text(file), path: text(path) }),
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes() -> Sizes {
        Sizes::new(8, 8).unwrap()
    }

    #[test]
    fn every_kind() {
        let hard = [&[1, 0, 1, b'a'][..], &9u64.to_le_bytes()].concat();
        let link = Link { name: "a".to_owned(), order: None, target: Target::Hard(9) };
        assert_eq!(Link::parse(&hard, sizes()).unwrap(), link);
        let soft = [&[1, 0x1c, 1][..], &5u64.to_le_bytes(), &[1, 1, b'b', 2, 0], b"/x"].concat();
        let target = Target::Soft("/x".to_owned());
        let link = Link { name: "b".to_owned(), order: Some(5), target };
        assert_eq!(Link::parse(&soft, sizes()).unwrap(), link);
        let external = [&[1, 8, 64, 1, b'c', 7, 0, 0][..], b"f.h\0/\0"].concat();
        let target = Target::External { file: "f.h".to_owned(), path: "/".to_owned() };
        assert_eq!(Link::parse(&external, sizes()).unwrap().target, target);
        for body in [&hard, &soft, &external] {
            for len in 0..body.len() {
                assert!(Link::parse(&body[..len], sizes()).is_err(), "{len}");
            }
        }
        assert!(Link::parse(&[2, 0], sizes()).is_err());
    }
}
