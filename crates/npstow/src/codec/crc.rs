//! CRC-32, as zip archives have it (ISO 3309).
#![forbid(unsafe_code)]

/// A checksum under way; those of neighbouring blocks can be taken apart and combined.
#[derive(Clone, Debug, Default)]
pub(crate) struct Crc32 {
    #[cfg(feature = "npz")]
    state: crc32fast::Hasher,
}

impl Crc32 {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn of(bytes: &[u8]) -> Self {
        let mut crc = Self::new();
        crc.update(bytes);
        crc
    }
}

#[cfg(feature = "npz")]
impl Crc32 {
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.state.update(bytes);
    }

    /// Goes on with the checksum of the bytes that follow.
    pub(crate) fn combine(&mut self, next: &Self) {
        self.state.combine(&next.state);
    }

    pub(crate) fn finish(self) -> u32 {
        self.state.finalize()
    }
}

/// Without a format that has checksums nothing is ever sealed.
#[cfg(not(feature = "npz"))]
impl Crc32 {
    pub(crate) fn update(&mut self, _: &[u8]) {}

    pub(crate) fn combine(&mut self, _: &Self) {}

    pub(crate) fn finish(self) -> u32 {
        0
    }
}

/// The checksum of `bytes`.
pub(crate) fn crc32(bytes: &[u8]) -> u32 {
    Crc32::of(bytes).finish()
}

/// The checksum of `bytes`, taken on all cores where there are many.
pub(crate) fn crc32_of_many(bytes: &[u8]) -> u32 {
    crate::parallel::summed(bytes, Crc32::of, Crc32::combine).finish()
}

#[cfg(all(test, feature = "npz"))]
mod tests {
    use super::*;
    use crate::parallel::PART;

    #[test]
    fn many_bytes_have_the_checksum_that_they_have_in_one() {
        let bytes: Vec<u8> =
            (0..5 * PART + 17).map(|i| u8::try_from(i * 7 % 251).unwrap()).collect();
        for len in [0, 1, PART - 1, PART, PART + 1, 3 * PART, bytes.len()] {
            let bytes = &bytes[..len];
            assert_eq!(crc32_of_many(bytes), crc32(bytes), "{len}");
            assert_eq!(crate::alone(|| crc32_of_many(bytes)), crc32(bytes), "{len}");
        }
    }

    #[test]
    fn blocks_are_combined() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        let (mut a, mut b) = (Crc32::new(), Crc32::new());
        a.update(b"1234");
        b.update(b"56789");
        a.combine(&b);
        assert_eq!(a.finish(), 0xcbf4_3926);
    }
}
