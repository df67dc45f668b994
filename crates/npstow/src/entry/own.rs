//! Reading into new memory that nobody else has: what bindings hand over.
#![forbid(unsafe_code)]

use super::{Entry, ReadOptions};
use crate::{BufferMut, Result};

/// What is longer comes in steps, between which it can be stopped: a second is unpacked at once.
const AT_ONCE: usize = if cfg!(test) { 2 << 20 } else { 1 << 30 };

impl Entry {
    /// Reads the array into new memory that nobody else has, so that it may be written to; the
    /// elements begin at the second number, and what is around them means nothing.
    ///
    /// Faster than [`read_into`](Self::read_into) where the elements are one packed stream, which
    /// the fast decoder unpacks as a whole, with the header in front of them. That decoder does not
    /// look at what is behind the end of a stream. What is longer than 1 GiB comes in steps all the
    /// same, so that whoever wrapped the source may stop it.
    ///
    /// ```
    /// use npstow::{Array, Entry, ReadOptions};
    /// let entry = Entry::try_from(&Array::from_vec(vec![1u8, 2]))?;
    /// let (mut memory, start) = entry.read_own(&ReadOptions::default())?;
    /// assert_eq!(memory.bytes_mut()[start..][..2], [1, 2]);
    /// # Ok::<(), npstow::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_own(&self, options: &ReadOptions) -> Result<(BufferMut, usize)> {
        let read = || {
            self.check()?;
            self.limits.check_array(self.nbytes as u64)?;
            match self.nbytes > AT_ONCE {
                true => self.filled(options),
                false => self.fresh(options.memory_order.unwrap_or(self.order), options),
            }
        };
        self.placed_in(read())
    }
}

#[cfg(feature = "npz")]
#[cfg(test)]
mod tests {
    use super::super::{Data, Seal, coded::Coded};
    use super::*;
    use crate::codec::{self, Codec};
    use crate::{Error, Limits, MemoryOrder, MemorySource, Order};
    use std::sync::Arc;

    /// 20,000 numbers, as [`packed`].
    fn entry(around: (usize, usize), cut: usize, sum: u32) -> Entry {
        packed([200, 100], around, cut, sum)
    }

    /// Numbers with so many bytes before and behind them, packed as one stream that lacks so many
    /// bytes at its end; `sum` is 0 where its checksum is right.
    fn packed(shape: [usize; 2], (skip, behind): (usize, usize), cut: usize, sum: u32) -> Entry {
        let mut bytes = vec![7; skip];
        let numbers = (0..shape[0] * shape[1]).map(|n| u16::try_from(n & 0xffff).unwrap());
        bytes.extend(numbers.flat_map(|n| n.wrapping_mul(n).to_le_bytes()));
        bytes.resize(bytes.len() + behind, 9);
        let mut packed = Vec::new();
        codec::encode(Codec::DEFLATE, 1, &bytes, &mut packed).unwrap();
        packed.truncate(packed.len() - cut);
        let (packed_len, unpacked_len) = (packed.len() as u64, bytes.len() as u64);
        let (offset, skip, codec) = (0, skip as u64, Codec::DEFLATE);
        let coded = Coded { codec, offset, packed_len, unpacked_len, skip, blocks: None };
        let (source, limits) = (MemorySource::new(packed), Arc::new(Limits::default()));
        let (dtype, data) = ("<u2".parse().unwrap(), Data::Coded(Arc::new(coded)));
        let order = MemoryOrder::C;
        let entry = Entry::new(Arc::new(source), dtype, &shape, order, data, limits).unwrap();
        let crc32 = codec::crc32(&bytes) ^ sum;
        entry.sealed(Seal { start: 0, len: unpacked_len, crc32 })
    }

    fn wishes() -> Vec<ReadOptions> {
        let plain = ReadOptions::default;
        let [c, f] = [MemoryOrder::C, MemoryOrder::F].map(|order| plain().memory_order(order));
        let big = plain().byte_order(Order::Big);
        vec![plain(), c, f.clone(), big, f.byte_order(Order::Big)]
    }

    #[test]
    fn what_is_packed_is_the_same_on_every_road_whatever_lies_around_it() {
        for around in
            [(0, 0), (128, 0), (80, 3), (5, 2_500), (96, 4_000), (96, 4_001), (64, 3 << 20)]
        {
            let entry = entry(around, 0, 0);
            for wish in wishes() {
                let mut exact = vec![0; entry.nbytes()];
                entry.read_into_with(&mut exact, &wish).unwrap();
                let array = entry.read_with(&wish).unwrap();
                let order = wish.memory_order.unwrap_or(MemoryOrder::C);
                assert_eq!(array.bytes_in(order), Some(&exact[..]), "{around:?} {wish:?}");
                let (memory, start) = entry.read_own(&wish).unwrap();
                assert_eq!(memory.bytes()[start..][..exact.len()], exact, "{around:?} {wish:?}");
                // What is much is not kept.
                assert!(memory.len() <= exact.len() + 4096);
            }
        }
    }

    #[test]
    fn what_is_damaged_is_refused_on_every_road() {
        let told = |entry: &Entry| {
            wishes().into_iter().for_each(|wish| {
                let kind = |e: &Error| e.kind();
                let own = entry.read_own(&wish).map(drop).unwrap_err();
                let read = entry.read_with(&wish).map(drop).unwrap_err();
                let into = entry.read_into_with(&mut vec![0; entry.nbytes()], &wish).unwrap_err();
                assert_eq!((kind(&own), own.to_string()), (kind(&read), read.to_string()));
                assert_eq!(kind(&own), kind(&into));
            });
        };
        for around in [(128, 0), (5, 9), (64, 3 << 20)] {
            told(&entry(around, 0, 1));
            let len = entry(around, 0, 0).source.len();
            for cut in (1..len).step_by(1009).chain([len - 1, len]) {
                told(&entry(around, usize::try_from(cut).unwrap(), 0));
            }
        }
    }

    #[test]
    fn what_is_long_comes_in_steps_and_is_the_same() {
        for rows in [AT_ONCE / 2048, AT_ONCE / 2048 + 1] {
            let entry = packed([rows, 1024], (64, 0), 0, 0);
            for wish in wishes() {
                let mut exact = vec![0; entry.nbytes()];
                entry.read_into_with(&mut exact, &wish).unwrap();
                let (memory, start) = entry.read_own(&wish).unwrap();
                assert_eq!(memory.bytes()[start..][..exact.len()], exact, "{wish:?}");
                // Whoever unpacks at once has the header in front.
                let is_turned = wish.memory_order.is_some_and(|order| order == MemoryOrder::F);
                let at_once = exact.len() <= AT_ONCE && !is_turned;
                assert_eq!(start > 0, at_once, "{rows} {wish:?}");
            }
        }
    }

    #[test]
    fn no_more_memory_is_fetched_ahead_than_is_in_proportion_to_the_file() {
        let coded = |packed_len, unpacked_len| {
            let (offset, skip, codec) = (0, 0, Codec::DEFLATE);
            Coded { codec, offset, packed_len, unpacked_len, skip, blocks: None }
        };
        assert_eq!(coded(1000, 2500).ahead(), 2500);
        assert_eq!(coded(1000, 1 << 40).ahead(), 8000);
        assert_eq!(coded(0, 1 << 40).ahead(), 0);
    }
}
