//! Adler-32, which ends a stream of zlib (RFC 1950).
#![forbid(unsafe_code)]

/// The largest prime below 2¹⁶.
const BASE: u32 = 65521;

/// A checksum under way; those of neighbouring blocks can be taken apart and combined.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Adler32 {
    sum: u32,
    len: u64,
}

impl Adler32 {
    /// Of no bytes.
    pub(crate) fn new() -> Self {
        Self { sum: 1, len: 0 }
    }

    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self { sum: libdeflater::adler32(bytes), len: bytes.len() as u64 }
    }

    /// Goes on with the checksum of the bytes that follow.
    pub(crate) fn combine(&mut self, next: Self) {
        let (a, b) = (self.sum & 0xffff, self.sum >> 16);
        let (c, d) = (next.sum & 0xffff, next.sum >> 16);
        // Both of the first sums begin with 1, so one of them counts once too often, and each of
        // the bytes before goes into the second sum once for each byte that follows.
        let len = u32::try_from(next.len % u64::from(BASE)).unwrap_or_default();
        let first = (a + c + BASE - 1) % BASE;
        let carried = u64::from(a + BASE - 1) * u64::from(len) % u64::from(BASE);
        let carried = u32::try_from(carried).unwrap_or_default();
        let second = (b + d + carried) % BASE;
        self.sum = second << 16 | first;
        self.len += next.len;
    }

    pub(crate) fn finish(self) -> u32 {
        self.sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_combined() {
        let bytes: Vec<u8> = (0..300_000u32).map(|i| i.wrapping_mul(i).to_le_bytes()[1]).collect();
        let whole = Adler32::of(&bytes).finish();
        for step in [1, 7, 65_521, 100_000, 299_999] {
            let mut sum = Adler32::new();
            bytes.chunks(step).for_each(|chunk| sum.combine(Adler32::of(chunk)));
            assert_eq!(sum.finish(), whole, "{step}");
        }
        assert_eq!(Adler32::of(b"Wikipedia").finish(), 0x11e6_0398);
    }
}
