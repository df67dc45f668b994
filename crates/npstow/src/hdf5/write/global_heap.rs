//! The global heap (HDF5 III.E): texts of any length, in collections.
#![forbid(unsafe_code)]

use super::emit::Emit;

/// A collection of objects that is being filled; its room in the file is given already.
#[derive(Debug)]
pub(crate) struct Collection {
    address: u64,
    len: usize,
    objects: Emit,
    count: u16,
}

/// Where an object of the global heap lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HeapId {
    pub(crate) address: u64,
    pub(crate) index: u32,
}

impl Collection {
    /// The library makes none that is smaller.
    pub(crate) const LEAST: usize = 4096;

    const HEADER_LEN: usize = 16;

    /// How much room an object of so many bytes takes.
    pub(crate) fn room_of(len: usize) -> usize {
        16 + len.next_multiple_of(8)
    }

    /// How long a collection is that holds so much.
    pub(crate) fn len_for(room: usize) -> usize {
        (Self::HEADER_LEN + room).max(Self::LEAST).next_multiple_of(8)
    }

    pub(crate) fn new(address: u64, len: usize) -> Self {
        Self { address, len, objects: Emit::new(), count: 0 }
    }

    pub(crate) fn address(&self) -> u64 {
        self.address
    }

    /// Adds an object; none where it does not fit.
    pub(crate) fn add(&mut self, bytes: &[u8]) -> Option<HeapId> {
        let room = Self::room_of(bytes.len());
        if Self::HEADER_LEN + self.objects.len() + room > self.len || self.count == u16::MAX {
            return None;
        }
        self.count += 1;
        // Its index, how often it is referred to, reserved, its length.
        self.objects.u16(self.count).u16(1).u32(0).u64(bytes.len() as u64);
        self.objects.bytes(bytes).pad(8);
        Some(HeapId { address: self.address, index: self.count.into() })
    }

    pub(crate) fn write(&mut self) -> Vec<u8> {
        let mut out = Emit::with_capacity(self.len);
        out.bytes(b"GCOL").u32(1).u64(self.len as u64).bytes(&self.objects.finish());
        // What is free is the object 0, where there is room for its header.
        let free = self.len - out.len();
        if free >= 16 {
            out.u64(0).u64(free as u64);
        }
        out.fill_to(self.len).finish()
    }

    /// The objects with their indexes.
    #[cfg(test)]
    pub(crate) fn parse(bytes: &[u8]) -> crate::Result<Vec<(u16, Vec<u8>)>> {
        use crate::{Error, cursor::Cursor};
        let mut c = Cursor::new(bytes);
        if c.array::<8>("the signature")? != *b"GCOL\x01\0\0\0" {
            return Err(Error::corrupt("a global heap", "other bytes"));
        }
        let len = c.u64_le("the length")?;
        let body = c.take(usize::try_from(len).unwrap() - 16, "objects")?;
        let (mut c, mut objects) = (Cursor::new(body), Vec::new());
        while c.rest().len() >= 16 {
            let index = c.u16_le("an index")?;
            c.take(6, "references")?;
            let len = usize::try_from(c.u64_le("a length")?).unwrap();
            if index == 0 {
                assert_eq!(len, c.rest().len() + 16);
                break;
            }
            objects.push((index, c.take(len, "an object")?.to_vec()));
            c.take(len.next_multiple_of(8) - len, "padding")?;
        }
        Ok(objects)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_come_back_and_are_cut_nowhere() {
        for fill in [0, 1, 4040, 4048, 4064] {
            let mut heap = Collection::new(512, Collection::len_for(0));
            let objects: [&[u8]; 3] = [b"abc", b"12345678", &vec![7; fill]];
            let mut expected = Vec::new();
            for object in objects {
                match heap.add(object) {
                    Some(id) => expected.push((u16::try_from(id.index).unwrap(), object.to_vec())),
                    None => assert!(object.len() > 4000),
                }
            }
            let bytes = heap.write();
            assert_eq!(bytes.len(), 4096);
            assert_eq!(Collection::parse(&bytes).unwrap(), expected);
            assert!((0..bytes.len()).all(|cut| Collection::parse(&bytes[..cut]).is_err()));
        }
        assert_eq!(Collection::len_for(Collection::room_of(5000)), 16 + 16 + 5000);
    }
}
