//! Bytes that are being put together.
#![forbid(unsafe_code)]

use super::checksum::lookup3;

/// Takes numbers, little-endian, one after another.
#[derive(Clone, Debug, Default)]
pub(crate) struct Emit(Vec<u8>);

impl Emit {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn with_capacity(len: usize) -> Self {
        Self(Vec::with_capacity(len))
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(bytes);
        self
    }

    pub(crate) fn u8(&mut self, n: u8) -> &mut Self {
        self.bytes(&[n])
    }

    pub(crate) fn u16(&mut self, n: u16) -> &mut Self {
        self.bytes(&n.to_le_bytes())
    }

    pub(crate) fn u32(&mut self, n: u32) -> &mut Self {
        self.bytes(&n.to_le_bytes())
    }

    pub(crate) fn u64(&mut self, n: u64) -> &mut Self {
        self.bytes(&n.to_le_bytes())
    }

    pub(crate) fn u32s(&mut self, all: impl IntoIterator<Item = u32>) -> &mut Self {
        all.into_iter().fold(self, Self::u32)
    }

    pub(crate) fn u64s(&mut self, all: impl IntoIterator<Item = u64>) -> &mut Self {
        all.into_iter().fold(self, Self::u64)
    }

    /// The lowest `width` bytes of a number, which must fit them.
    pub(crate) fn uint(&mut self, n: u64, width: usize) -> &mut Self {
        debug_assert!(width >= 8 || n >> (8 * width) == 0, "{n} in {width} bytes");
        self.bytes(n.to_le_bytes().get(..width).unwrap_or_default())
    }

    pub(crate) fn zeros(&mut self, len: usize) -> &mut Self {
        self.0.resize(self.0.len() + len, 0);
        self
    }

    /// Zeros up to a multiple of `align`.
    pub(crate) fn pad(&mut self, align: usize) -> &mut Self {
        self.0.resize(self.0.len().next_multiple_of(align), 0);
        self
    }

    /// Zeros up to a length.
    pub(crate) fn fill_to(&mut self, len: usize) -> &mut Self {
        debug_assert!(len >= self.0.len(), "{} bytes do not fit {len}", self.0.len());
        self.0.resize(len, 0);
        self
    }

    /// The checksum over everything so far.
    pub(crate) fn checksum(&mut self) -> &mut Self {
        let sum = lookup3(&self.0);
        self.u32(sum)
    }

    pub(crate) fn finish(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.0)
    }
}

/// How many bytes hold numbers up to `most`: the library's own `H5VM_limit_enc_size`.
pub(crate) fn width(most: u64) -> usize {
    usize::try_from(most.checked_ilog2().unwrap_or(0) / 8 + 1).unwrap_or(8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_little_endian_and_widths_are_the_librarys() {
        let mut out = Emit::new();
        out.u8(1).u16(2).uint(0x0003_0405, 3).pad(8).u32(9).fill_to(13);
        assert_eq!(out.finish(), [1, 2, 0, 5, 4, 3, 0, 0, 9, 0, 0, 0, 0]);
        let widths = [0, 1, 255, 256, 65_535, 65_536, u64::MAX].map(width);
        assert_eq!(widths, [1, 1, 1, 2, 2, 3, 8]);
    }
}
