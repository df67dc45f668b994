//! Arrays whose bytes are characters of Latin-1, unpacked whole: band by band, on all cores.
//!
//! How far a part of the text goes in the array is not known before its characters are counted,
//! which is much faster than decoding them. Memory is the array and a band.
#![forbid(unsafe_code)]

use super::coded::Coded;
use super::{BLOCK, Entry};
use crate::codec::latin1;
use crate::{BufferMut, Error, Result, parallel};

/// How much text is read at once.
const BAND: usize = 16 << 20;

impl Entry {
    /// Fills `dst`, which is as long as all of the text has characters.
    pub(super) fn unpack_latin1(&self, coded: &Coded, dst: &mut [u8]) -> Result<()> {
        let wrong = |at: u64| Error::corrupt("characters of Latin-1", "others").at(at);
        let len = usize::try_from(coded.packed_len).unwrap_or(usize::MAX);
        let mut band = BufferMut::zeroed(len.min(BAND))?;
        let (mut done, mut rest) = (0_u64, dst);
        while done < coded.packed_len {
            let left = usize::try_from(coded.packed_len - done).unwrap_or(usize::MAX);
            let bytes = band.bytes_mut().get_mut(..left.min(BAND)).unwrap_or_default();
            let offset = coded.offset.saturating_add(done);
            let counts = self.read_and_count(offset, bytes)?;
            let text = latin1::whole(bytes);
            if text.is_empty() {
                return Err(wrong(offset));
            }
            let mut pieces = Vec::with_capacity(counts.len());
            let (mut waiting, mut end) = (text, 0);
            for count in counts {
                // The second byte of a character belongs to the first one.
                end = bytes.len().min(end + BLOCK);
                let cut = end + usize::from(bytes.get(end).is_some_and(|b| latin1::is_second(*b)));
                let start = text.len() - waiting.len();
                let (block, after) = waiting.split_at(cut.min(text.len()).saturating_sub(start));
                waiting = after;
                // One that is cut in two by the end of the band comes with the next one.
                let count = if end == bytes.len() { latin1::count(block) } else { count };
                if count > rest.len() {
                    let expected = format_args!("{} bytes of elements", coded.unpacked_len);
                    return Err(Error::corrupt(expected, "more").at(coded.offset));
                }
                let (piece, behind) = rest.split_at_mut(count);
                rest = behind;
                pieces.push((block, piece));
            }
            let decode = |(block, piece): (&[u8], &mut [u8])| match latin1::decode(block, piece) {
                true => Ok(()),
                false => Err(wrong(offset)),
            };
            parallel::each(pieces, decode)?;
            done += text.len() as u64;
        }
        if !rest.is_empty() {
            let found = format_args!("{} of them", coded.unpacked_len - rest.len() as u64);
            let expected = format_args!("{} bytes of elements", coded.unpacked_len);
            return Err(Error::corrupt(expected, found).at(coded.offset));
        }
        Ok(())
    }

    /// Reads a band; tells how many characters begin in each block of it.
    fn read_and_count(&self, offset: u64, band: &mut [u8]) -> Result<Vec<usize>> {
        let blocks: Vec<(usize, &mut [u8])> = band.chunks_mut(BLOCK).enumerate().collect();
        parallel::each(blocks, |(at, block)| {
            self.bytes_into(offset.saturating_add((at * BLOCK) as u64), block)?;
            Ok(latin1::count(block))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Codec;
    use crate::entry::Data;
    use crate::{Buffer, Dtype, Limits, MemoryOrder, MemorySource};
    use std::sync::Arc;

    fn entry(text: Vec<u8>, len: usize) -> Entry {
        let (offset, packed_len, unpacked_len) = (0, text.len() as u64, len as u64);
        let (codec, skip, blocks) = (Codec::LATIN1, 0, None);
        let coded = Coded { codec, offset, packed_len, unpacked_len, skip, blocks };
        let source = Arc::new(MemorySource::new(Buffer::from(text)));
        let (dtype, data) = (Dtype::parse("u1").unwrap(), Data::Coded(Arc::new(coded)));
        Entry::new(source, dtype, &[len], MemoryOrder::C, data, Arc::new(Limits::default()))
            .unwrap()
    }

    #[test]
    fn whole_and_in_parts_it_is_the_same() {
        // Pairs lie across the borders of blocks and bands.
        for lead in [0, 1] {
            let mut bytes = vec![b'x'; lead];
            bytes.extend((0..20_000_000_u32).map(|n| u8::try_from(n % 256).unwrap()));
            let text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
            let entry = entry(text.into_bytes(), bytes.len());
            assert_eq!(entry.read().unwrap().bytes().unwrap(), bytes);
            let part = entry.read_slice(&"9999990:10000010".parse().unwrap()).unwrap();
            assert_eq!(part.bytes().unwrap(), &bytes[9_999_990..10_000_010]);
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for (text, len) in [("é", 0), ("é", 2), ("€", 1), ("€", 3), ("aé", 1), ("", 1)] {
            assert!(entry(text.into(), len).read().is_err(), "{text} {len}");
        }
        assert!(entry(vec![0xc3], 1).read().is_err() && entry(vec![0x80], 1).read().is_err());
    }
}
