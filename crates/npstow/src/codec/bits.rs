//! The bits of a deflate stream, least significant first (RFC 1951 3.1.1).
#![forbid(unsafe_code)]

/// A place in a stream of bits.
///
/// Behind the last byte come zeros without end, so that a symbol can be looked up before it is
/// known how long it is. Who takes bits has to look at the [`position`](Self::position) in the end.
#[derive(Clone, Debug)]
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    /// The byte that the next refill starts with.
    next: usize,
    /// The next bits; those above `count` are the right ones too, or zero.
    buffer: u64,
    /// How many bits were counted into the buffer: in the low six bits, which is all that a shift
    /// looks at, so that nothing has to cut off the others.
    count: u32,
}

impl<'a> Bits<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, next: 0, buffer: 0, count: 0 }
    }

    /// The next bits, of which at least 56 are there after [`refill`](Self::refill).
    #[inline(always)]
    pub(super) fn buffer(&self) -> u64 {
        self.buffer
    }

    #[inline(always)]
    pub(super) fn refill(&mut self) {
        let word = match self.bytes.get(self.next..).and_then(<[u8]>::first_chunk) {
            Some(eight) => u64::from_le_bytes(*eight),
            None => last_word(self.bytes, self.next),
        };
        // Bits that are there already come again where they are.
        self.buffer |= word << (self.count & 63);
        self.next += (!self.count >> 3 & 7) as usize;
        self.count |= 56;
    }

    /// Goes on by the number of bits that stands in the low six bits of `len`.
    #[inline(always)]
    pub(super) fn skip(&mut self, len: u32) {
        self.buffer >>= len & 63;
        self.count = self.count.wrapping_sub(len);
    }

    /// The next `len` bits, at most 16.
    pub(super) fn take(&mut self, len: u32) -> u16 {
        self.refill();
        let [low, high, ..] = (self.buffer & ((1 << len) - 1)).to_le_bytes();
        self.skip(len);
        u16::from_le_bytes([low, high])
    }

    /// How many bits were taken.
    pub(super) fn position(&self) -> usize {
        self.next * 8 - (self.count & 63) as usize
    }

    /// The next `len` bytes from the next byte border on, if they are there.
    pub(super) fn bytes(&mut self, len: usize) -> Option<&'a [u8]> {
        let start = self.position().div_ceil(8);
        let taken = self.bytes.get(start..)?.get(..len)?;
        *self = Self { bytes: self.bytes, next: start + len, buffer: 0, count: 0 };
        Some(taken)
    }
}

/// The bytes from `next` on, which are fewer than eight, with zeros behind.
#[cold]
fn last_word(bytes: &[u8], next: usize) -> u64 {
    let rest = bytes.get(next..).unwrap_or_default();
    rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_come_lowest_first_and_bytes_from_the_next_border() {
        let bytes: Vec<u8> = (0..40).map(|i| i * 6 + 11).collect();
        let all: Vec<u16> = (0..320).map(|i| u16::from(bytes[i / 8] >> (i % 8) & 1)).collect();
        for len in 1..=16 {
            let mut bits = Bits::new(&bytes);
            for at in (0..320 - len).step_by(len) {
                assert_eq!(bits.position(), at);
                let expected = (0..len).map(|i| all[at + i] << i).sum::<u16>();
                assert_eq!(bits.take(u32::try_from(len).unwrap()), expected, "{len} at {at}");
            }
            let border = bits.position().div_ceil(8);
            assert_eq!(bits.bytes(40 - border), Some(&bytes[border..]));
            assert_eq!(bits.bytes(1), None);
        }
    }

    #[test]
    fn behind_the_end_are_zeros() {
        let mut bits = Bits::new(&[0xff]);
        assert_eq!(bits.take(16), 0xff);
        assert_eq!((bits.take(16), bits.position()), (0, 32));
        assert_eq!(bits.bytes(0), None);
    }
}
