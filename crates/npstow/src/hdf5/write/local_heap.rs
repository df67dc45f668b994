//! The local heap (HDF5 III.D): the names of a group of the old style.
#![forbid(unsafe_code)]

use super::emit::Emit;

/// What the head of the list of free blocks is where there are none.
const NO_FREE: u64 = 1;

/// Names one after another; the first one is empty.
#[derive(Debug)]
pub(crate) struct LocalHeap {
    data: Emit,
}

impl LocalHeap {
    const HEADER_LEN: u64 = 32;

    pub(crate) fn new() -> Self {
        let mut data = Emit::new();
        data.zeros(8);
        Self { data }
    }

    /// Adds a name and says where in the heap it begins.
    pub(crate) fn add(&mut self, name: &str) -> u64 {
        let at = self.data.len() as u64;
        self.data.bytes(name.as_bytes()).u8(0).pad(8);
        at
    }

    /// The heap as it stands at this address: header and names.
    pub(crate) fn write(mut self, address: u64) -> Vec<u8> {
        let mut out = Emit::with_capacity(self.data.len() + 32);
        out.bytes(b"HEAP").u32(0).u64(self.data.len() as u64).u64(NO_FREE);
        out.u64(address + Self::HEADER_LEN).bytes(&self.data.finish());
        out.finish()
    }

    /// The names with their places.
    #[cfg(test)]
    pub(crate) fn parse(bytes: &[u8], address: u64) -> crate::Result<Vec<(u64, String)>> {
        use crate::{Error, cursor::Cursor};
        let mut c = Cursor::new(bytes);
        if c.array::<8>("the signature")? != *b"HEAP\0\0\0\0" {
            return Err(Error::corrupt("a local heap", "other bytes").at(address));
        }
        let len = c.u64_le("the length")?;
        assert_eq!(c.u64_le("the free list")?, NO_FREE);
        assert_eq!(c.u64_le("the place of the data")?, address + Self::HEADER_LEN);
        let data = c.take(usize::try_from(len).unwrap(), "the names")?;
        let (mut at, mut names) = (0, Vec::new());
        while at < data.len() {
            let end = at + data[at..].iter().position(|&b| b == 0).unwrap();
            names.push((at as u64, String::from_utf8(data[at..end].to_vec()).unwrap()));
            at = (end + 1).next_multiple_of(8);
        }
        Ok(names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back_and_are_cut_nowhere() {
        let mut heap = LocalHeap::new();
        let at = ["a", "1234567", "12345678", "ä"].map(|name| heap.add(name));
        assert_eq!(at, [8, 16, 24, 40]);
        let bytes = heap.write(1000);
        let names = LocalHeap::parse(&bytes, 1000).unwrap();
        let names: Vec<_> = names.iter().map(|(at, name)| (*at, name.as_str())).collect();
        assert_eq!(names, [(0, ""), (8, "a"), (16, "1234567"), (24, "12345678"), (40, "ä")]);
        assert!((0..bytes.len()).all(|cut| LocalHeap::parse(&bytes[..cut], 1000).is_err()));
    }
}
