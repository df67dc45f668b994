//! What a full read must find.
#![forbid(unsafe_code)]

use crate::codec::Crc32;
use crate::{Error, Result, Source};

/// A checksum over more than the elements: a member of an archive, its header included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seal {
    /// The bytes it is over, in the source; of packed data it is over all that they unpack to.
    pub(crate) start: u64,
    pub(crate) len: u64,
    pub(crate) crc32: u32,
}

impl Seal {
    pub(crate) fn check(&self, found: u32) -> Result<()> {
        if found != self.crc32 {
            let expected = format!("data with the CRC-32 {:08x}", self.crc32);
            return Err(Error::corrupt(expected, format!("{found:08x}")).at(self.start));
        }
        Ok(())
    }

    /// The end of what it is over.
    pub(super) fn end(&self) -> u64 {
        self.start.saturating_add(self.len)
    }

    /// Adds the bytes of a range of the source to a checksum.
    pub(super) fn hash(
        source: &dyn Source,
        range: std::ops::Range<u64>,
        crc: &mut Crc32,
    ) -> Result<()> {
        let mut bytes = [0; 8192];
        let mut at = range.start;
        while at < range.end {
            let step = usize::try_from(range.end - at).unwrap_or(usize::MAX).min(bytes.len());
            let bytes = &mut bytes[..step];
            source.read_into(at, bytes).map_err(|e| Error::io("reading the data", e).at(at))?;
            crc.update(bytes);
            at += step as u64;
        }
        Ok(())
    }
}

#[cfg(feature = "npz")]
#[cfg(test)]
mod tests {
    use super::super::{Data, Entry, ReadOptions, read_many};
    use super::*;
    use crate::{Dtype, ErrorKind, Limits, MemoryOrder, MemorySource, Order, codec};
    use std::sync::Arc;

    /// Bytes before the seal, of it before and behind the elements, and behind it.
    const AROUND: [usize; 4] = [3, 10, 7, 5];

    fn entry(bytes: &[u8], crc32: u32, descr: &str, shape: &[usize], order: MemoryOrder) -> Entry {
        let [before, head, tail, behind] = AROUND;
        let len = (bytes.len() - before - behind) as u64;
        let data = Data::Raw { offset: (before + head) as u64 };
        let source = Arc::new(MemorySource::new(bytes.to_vec()));
        let (dtype, limits) = (Dtype::parse(descr).unwrap(), Arc::new(Limits::default()));
        let entry = Entry::new(source, dtype, shape, order, data, limits).unwrap();
        assert_eq!(entry.nbytes() + before + head + tail + behind, bytes.len());
        entry.sealed(Seal { start: before as u64, len, crc32 })
    }

    /// What every road that reads all elements says.
    fn roads(entry: &Entry) -> Vec<(&'static str, Result<()>)> {
        let big = ReadOptions::default().byte_order(Order::Big);
        let other = ReadOptions::default().memory_order(entry.order().other());
        let mut own = vec![0; entry.nbytes()];
        let pieces = |order| entry.pieces(order)?.try_for_each(|piece| piece.map(drop));
        vec![
            ("read", entry.read().map(drop)),
            ("swapped", entry.read_with(&big).map(drop)),
            ("reordered", entry.read_with(&other).map(drop)),
            ("own memory", entry.read_into(&mut own)),
            ("pieces", pieces(entry.order())),
            ("other pieces", pieces(entry.order().other())),
            ("many", read_many(std::slice::from_ref(entry)).map(drop).map_err(|(_, e)| e)),
        ]
    }

    #[test]
    fn a_changed_byte_is_told_on_every_road_wherever_the_seal_is() {
        for (descr, shape) in [
            ("<u2", &[3, 4][..]),
            ("<u2", &[0, 4]),
            ("<u2", &[]),
            ("[('a', '<u2'), ('b', '|u1')]", &[5]),
            // Several blocks, and bands.
            ("<f8", &[1301, 1000]),
        ] {
            for order in [MemoryOrder::C, MemoryOrder::F] {
                let [before, head, tail, behind] = AROUND;
                let itemsize = Dtype::parse(descr).unwrap().itemsize();
                let nbytes = shape.iter().product::<usize>() * itemsize;
                let len = before + head + nbytes + tail + behind;
                let bytes: Vec<u8> = (0..len).map(|i| (i * 7 % 251).to_le_bytes()[0]).collect();
                let sealed = before..len - behind;
                let crc32 = codec::crc32(&bytes[sealed.clone()]);
                let told = |bytes: &[u8]| roads(&entry(bytes, crc32, descr, shape, order));
                for (road, answer) in told(&bytes) {
                    assert!(answer.is_ok(), "{road} of {descr} {shape:?}: {answer:?}");
                }
                let data = before + head;
                let spots = [0, before, data - 1, data, data + nbytes, sealed.end - 1, len - 1];
                for at in spots.into_iter().chain([data + nbytes / 2]) {
                    let mut changed = bytes.clone();
                    changed[at] ^= 0x10;
                    for (road, answer) in told(&changed) {
                        let kind = answer.as_ref().err().map(|e| (e.kind(), e.offset()));
                        let corrupt = (ErrorKind::Corrupt, Some(before as u64));
                        let expected = sealed.contains(&at).then_some(corrupt);
                        assert_eq!(kind, expected, "{road} of {descr} {shape:?}, byte {at}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_seal_beyond_the_end_is_told_before_anything_is_read() {
        let bytes = [0; 3 + 10 + 4 + 7 + 5];
        let mut entry = entry(&bytes, 0, "<u2", &[2], MemoryOrder::C);
        entry.seal = Some(Seal { start: 3, len: 27, crc32: 0 });
        for (road, answer) in roads(&entry) {
            let e = answer.unwrap_err();
            assert_eq!((e.kind(), e.offset()), (ErrorKind::Corrupt, Some(3)), "{road}");
        }
    }
}
