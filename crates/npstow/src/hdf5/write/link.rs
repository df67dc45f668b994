//! Links of the latest form (HDF5 IV.A.2.g): the members of a group, as messages.
#![forbid(unsafe_code)]

use super::emit::Emit;
use crate::{Error, Result};

/// Where a member of a group leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// To the header of an object.
    Hard(u64),
    /// To a path.
    Soft(String),
}

/// A member of a group, with its place in the order of creation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) name: String,
    pub(crate) order: u64,
    pub(crate) target: Target,
}

/// Bits of the flags.
const HAS_ORDER: u8 = 4;
const HAS_KIND: u8 = 8;
const HAS_CHARSET: u8 = 16;

impl Link {
    /// The body of the message.
    ///
    /// # Errors
    /// `Invalid` for a target that is too long.
    pub(crate) fn write(&self) -> Result<Vec<u8>> {
        let (len, soft) = (self.name.len() as u64, matches!(self.target, Target::Soft(_)));
        // The length of the name takes 1, 2, 4 or 8 bytes.
        let code = [0xff, 0xffff].iter().filter(|most| len > **most).count();
        let is_text = !self.name.is_ascii();
        let mut out = Emit::new();
        let flags = HAS_ORDER + if soft { HAS_KIND } else { 0 };
        let flags = flags + if is_text { HAS_CHARSET } else { 0 };
        out.u8(1).u8(flags | u8::try_from(code).expect("at most 2"));
        if soft {
            out.u8(1);
        }
        out.u64(self.order);
        if is_text {
            out.u8(1);
        }
        out.uint(len, 1 << code).bytes(self.name.as_bytes());
        match &self.target {
            Target::Hard(address) => out.u64(*address),
            Target::Soft(path) => {
                let len = u16::try_from(path.len());
                let len = len.map_err(|_| Error::invalid("a soft link of 64 KiB"))?;
                out.u16(len).bytes(path.as_bytes())
            }
        };
        Ok(out.finish())
    }

    #[cfg(test)]
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self> {
        let mut c = crate::cursor::Cursor::new(bytes);
        assert_eq!(c.u8("the version")?, 1);
        let flags = c.u8("the flags")?;
        let kind = if flags & HAS_KIND > 0 { c.u8("the kind")? } else { 0 };
        let order = c.u64_le("the order")?;
        if flags & HAS_CHARSET > 0 {
            assert_eq!(c.u8("the character set")?, 1);
        }
        let len = c.take(1 << (flags & 3), "the length")?;
        let len = len.iter().rev().fold(0, |n, b| n << 8 | usize::from(*b));
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let name = text(c.take(len, "the name")?);
        let target = match kind {
            0 => Target::Hard(c.u64_le("the address")?),
            _ => {
                let len = c.u16_le("the length")?.into();
                Target::Soft(text(c.take(len, "the target")?))
            }
        };
        Ok(Self { name, order, target })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_come_back_and_are_cut_nowhere() {
        let names = ["a".to_owned(), "ä".to_owned(), "n".repeat(300), "n".repeat(70_000)];
        for (order, name) in (0..).zip(names) {
            for target in [Target::Hard(4096), Target::Soft("/a/b".to_owned())] {
                let link = Link { name: name.clone(), order, target };
                let bytes = link.write().unwrap();
                assert_eq!(Link::parse(&bytes).unwrap(), link);
                let step = (bytes.len() / 100).max(1);
                assert!((0..bytes.len()).step_by(step).all(|n| Link::parse(&bytes[..n]).is_err()));
            }
        }
        let long = Link { name: "x".into(), order: 0, target: Target::Soft("x".repeat(1 << 16)) };
        assert!(long.write().is_err());
    }

    #[test]
    fn soft_links_are_the_librarys() {
        // From the heap of a group that h5py 3.16.0 wrote.
        let link = Link { name: "n1".into(), order: 1, target: Target::Soft("/x".into()) };
        assert_eq!(link.write().unwrap(), *b"\x01\x0c\x01\x01\0\0\0\0\0\0\0\x02n1\x02\0/x");
    }
}
