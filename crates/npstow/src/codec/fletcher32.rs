//! Fletcher's checksum over words of 16 bits, as HDF5's filter 3 has it behind a chunk.
#![forbid(unsafe_code)]

use crate::{Error, Result};

/// The checksum: words are big-endian, a last odd byte is the upper half of one.
pub(crate) fn sum(bytes: &[u8]) -> u32 {
    let (mut low, mut high) = (0u32, 0u32);
    let fold = |n: u32| (n & 0xffff) + (n >> 16);
    // As many words as the sums can take before they overflow.
    for block in bytes.chunks(720) {
        for word in block.chunks(2) {
            let word = match *word {
                [first, second] => u16::from_be_bytes([first, second]),
                [first] => u16::from_be_bytes([first, 0]),
                _ => 0,
            };
            low += u32::from(word);
            high += low;
        }
        (low, high) = (fold(low), fold(high));
    }
    (fold(high) << 16) | fold(low)
}

/// The bytes before the checksum, which must be right. Versions of HDF5 before 1.6.3 wrote it with
/// the bytes of each word exchanged; that is right too.
pub(crate) fn checked(bytes: &[u8]) -> Result<&[u8]> {
    let Some((bytes, stored)) = bytes.split_last_chunk::<4>() else {
        let found = format!("{} bytes", bytes.len());
        return Err(Error::corrupt("a checksum behind a chunk", found));
    };
    let (made, [a, b, c, d]) = (sum(bytes), *stored);
    let stored = u32::from_le_bytes(*stored);
    if made != stored && made != u32::from_le_bytes([b, a, d, c]) {
        let expected = format!("a chunk with the checksum {stored:08x}");
        return Err(Error::corrupt(expected, format_args!("{made:08x}")));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damage_is_seen() {
        for len in [0, 1, 2, 719, 720, 721, 5000] {
            let bytes: Vec<u8> = (0..len).map(|i| u8::try_from(i * 7 % 256).unwrap()).collect();
            let mut with = bytes.clone();
            with.extend(sum(&bytes).to_le_bytes());
            assert_eq!(checked(&with).unwrap(), bytes);
            let [a, b, c, d] = sum(&bytes).to_le_bytes();
            assert!(checked(&[&bytes[..], &[b, a, d, c]].concat()).is_ok());
            if len > 1 {
                with[1] ^= 0x10;
                assert!(checked(&with).is_err());
            }
        }
        assert!(checked(&[1, 2, 3]).is_err());
    }

    #[test]
    fn checksums_are_those_of_the_library() {
        // By hand: words 0x0102 and 0x0300.
        assert_eq!(sum(&[1, 2, 3]), (0x0102 * 2 + 0x0300) << 16 | 0x0402);
        assert_eq!(sum(&[]), 0);
        let naive = |bytes: &[u8]| {
            let words = bytes
                .chunks(2)
                .map(|w| u64::from(w[0]) * 256 + w.get(1).map_or(0, |b| u64::from(*b)));
            let (low, high) = words.fold((0u64, 0u64), |(l, h), w| (l + w, h + l + w));
            (low % 65_535, high % 65_535)
        };
        let bytes: Vec<u8> = (1..=250).cycle().take(100_001).collect();
        let (made, (low, high)) = (sum(&bytes), naive(&bytes));
        assert_eq!((u64::from(made & 0xffff), u64::from(made >> 16)), (low, high));
    }
}
