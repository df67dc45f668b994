//! HDF5's filter 6: numbers less the smallest one, in as few bits as the largest difference needs;
//! floats are rounded to decimal digits first.
#![forbid(unsafe_code)]

use crate::cursor::Cursor;
use crate::{Error, Result};

/// What the values of the filter say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ScaleOffset {
    /// Decimal digits behind the point; none for integers.
    digits: Option<i32>,
    count: usize,
    size: usize,
    is_big: bool,
    /// All bits are kept: nothing was done.
    is_plain: bool,
    /// What the largest number of bits stands for.
    fill: Option<[u8; 8]>,
}

/// Bytes before the packed numbers.
const HEAD: usize = 21;

impl ScaleOffset {
    /// Takes the values of the filter.
    pub(crate) fn parse(values: &[u32]) -> Result<Self> {
        let [scale, factor, count, class, size, _, order, has_fill, fill @ ..] = values else {
            let found = format!("{} values", values.len());
            return Err(Error::corrupt("8 values of scale-offset", found));
        };
        let size = usize::try_from(*size).unwrap_or(0);
        if !matches!(size, 1 | 2 | 4 | 8) || (*class == 1 && size < 4) || *class > 1 {
            let found = format!("class {class} of {size} bytes");
            return Err(Error::corrupt("numbers of 1, 2, 4 or 8 bytes", found));
        }
        if *class == 1 && *scale != 0 {
            return Err(Error::unsupported("scale-offset of floats by exponents"));
        }
        let mut bytes = [0; 8];
        let words = fill.iter().flat_map(|word| word.to_le_bytes());
        bytes.iter_mut().zip(words).take(size).for_each(|(place, byte)| *place = byte);
        Ok(Self {
            digits: (*class == 1).then_some(i32::from_ne_bytes(factor.to_ne_bytes())),
            count: usize::try_from(*count).unwrap_or(usize::MAX),
            size,
            is_big: *order == 1,
            is_plain: *class == 0 && usize::try_from(*factor).is_ok_and(|bits| bits == 8 * size),
            fill: (*has_fill == 1).then_some(bytes),
        })
    }

    /// How many bytes the numbers take.
    pub(crate) fn unpacked_len(&self) -> usize {
        self.count.saturating_mul(self.size)
    }

    /// Unpacks all numbers into exactly `dst`.
    pub(crate) fn unpack(&self, bytes: &[u8], dst: &mut [u8]) -> Result<()> {
        if self.count.checked_mul(self.size) != Some(dst.len()) {
            let found = format!("{} numbers of {}", self.count, self.size);
            return Err(Error::corrupt(format_args!("{} bytes", dst.len()), found));
        }
        let mut cursor = Cursor::new(bytes);
        if self.is_plain {
            dst.copy_from_slice(cursor.take(dst.len(), "numbers")?);
            return Ok(());
        }
        let bits = cursor.u32_le("a number of bits")?;
        let width = usize::from(cursor.u8("a width")?);
        let mut least = [0; 8];
        let low = cursor.take(width.min(16), "the smallest number")?;
        least.iter_mut().zip(low).for_each(|(place, byte)| *place = *byte);
        let all = u32::try_from(8 * self.size).unwrap_or(64);
        if bits > all {
            let expected = format!("numbers of at most {all} bits");
            return Err(Error::corrupt(expected, bits).at(0));
        }
        let packed = bytes.get(HEAD..).unwrap_or_default();
        if bits == all {
            // As they were, but little-endian like all that is packed.
            dst.copy_from_slice(Cursor::new(packed).take(dst.len(), "numbers")?);
            if self.is_big {
                dst.chunks_exact_mut(self.size).for_each(<[u8]>::reverse);
            }
            return Ok(());
        }
        let needed = (self.count as u128 * u128::from(bits)).div_ceil(8);
        if needed > packed.len() as u128 {
            let found = format!("{} bytes", packed.len());
            return Err(Error::corrupt(format_args!("{needed} bytes of numbers"), found).at(21));
        }
        let mut at = 0;
        for item in dst.chunks_exact_mut(self.size) {
            let number = take(packed, at, bits);
            at += u64::from(bits);
            let whole = self.number(number, bits, least);
            if let Some(low) = whole.get(..self.size) {
                item.copy_from_slice(low);
            }
            if self.is_big {
                item.reverse();
            }
        }
        Ok(())
    }

    /// The bytes of a number, little-endian.
    fn number(&self, number: u64, bits: u32, least: [u8; 8]) -> [u8; 8] {
        let largest = (1u64 << bits) - 1;
        if let Some(fill) = self.fill.filter(|_| number == largest) {
            return fill;
        }
        match self.digits {
            None => u64::from_le_bytes(least).wrapping_add(number).to_le_bytes(),
            Some(digits) if self.size == 4 => {
                let [a, b, c, d, ..] = least;
                let least = f32::from_le_bytes([a, b, c, d]);
                // Fewer than 32 bits, of which the highest is no sign.
                let number = i32::try_from(number).unwrap_or(i32::MAX);
                // As the library has it, in floats of 32 bits.
                #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)]
                let value = number as f32 / 10f64.powi(digits) as f32 + least;
                let mut whole = [0; 8];
                whole.iter_mut().zip(value.to_le_bytes()).for_each(|(p, byte)| *p = byte);
                whole
            }
            Some(digits) => {
                #[allow(clippy::cast_precision_loss)]
                let number = i64::try_from(number).unwrap_or(i64::MAX) as f64;
                (number / 10f64.powi(digits) + f64::from_le_bytes(least)).to_le_bytes()
            }
        }
    }
}

/// A number of so many bits, the highest first; that they are there was checked.
fn take(bytes: &[u8], at: u64, bits: u32) -> u64 {
    let mut number = 0u64;
    let (mut at, mut left) = (at, bits);
    while left > 0 {
        let byte = usize::try_from(at / 8).ok().and_then(|i| bytes.get(i)).copied().unwrap_or(0);
        let offset = u32::try_from(at % 8).unwrap_or(0);
        let count = left.min(8 - offset);
        let part = (u64::from(byte) >> (8 - offset - count)) & ((1 << count) - 1);
        number = number << count | part;
        at += u64::from(count);
        left -= count;
    }
    number
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(bits: u32, least: [u8; 8], numbers: &[u8]) -> Vec<u8> {
        [&bits.to_le_bytes()[..], &[8], &least, &[0; 8], numbers].concat()
    }

    #[test]
    fn integers_of_both_orders_and_the_fill_value() {
        let filter = ScaleOffset::parse(&[2, 0, 3, 0, 2, 1, 0, 1, 99, 0]).unwrap();
        // 1, 7 (the fill value) and 2 in 3 bits each, less -5.
        let bytes = packed(3, (-5i64).to_le_bytes(), &[0b0011_1101, 0b0000_0000]);
        let mut dst = [0; 6];
        filter.unpack(&bytes, &mut dst).unwrap();
        let expected = [-4i16, 99, -3].map(i16::to_le_bytes).concat();
        assert_eq!(dst, expected[..]);
        let big = ScaleOffset::parse(&[2, 0, 3, 0, 2, 1, 1, 0]).unwrap();
        big.unpack(&bytes, &mut dst).unwrap();
        assert_eq!(dst, [-4i16, 2, -3].map(i16::to_be_bytes).concat()[..]);
        for len in 0..bytes.len() {
            assert!(filter.unpack(&bytes[..len], &mut dst).is_err(), "{len}");
        }
        // Numbers that need all their bits are little-endian in the file, too.
        let whole = packed(16, [0; 8], &[0, 0x80, 0xff, 0x7f, 5, 0]);
        for (filter, expected) in [
            (&filter, [-32768i16, 32767, 5].map(i16::to_le_bytes)),
            (&big, [-32768i16, 32767, 5].map(i16::to_be_bytes)),
        ] {
            filter.unpack(&whole, &mut dst).unwrap();
            assert_eq!(dst, expected.concat()[..]);
        }
        assert!(filter.unpack(&packed(17, [0; 8], &[0; 9]), &mut dst).is_err());
        assert!(filter.unpack(&bytes, &mut [0; 7]).is_err());
    }

    #[test]
    fn floats_in_decimal_digits() {
        let filter = ScaleOffset::parse(&[0, 2, 2, 1, 4, 0, 0, 0]).unwrap();
        let mut least = [0; 8];
        least[..4].copy_from_slice(&1.5f32.to_le_bytes());
        let mut dst = [0; 8];
        filter.unpack(&packed(8, least, &[25, 0]), &mut dst).unwrap();
        assert_eq!(dst, [1.75f32, 1.5].map(f32::to_le_bytes).concat()[..]);
        assert!(ScaleOffset::parse(&[1, 2, 2, 1, 4, 0, 0, 0]).is_err());
        assert!(ScaleOffset::parse(&[0, 2, 2]).is_err());
    }
}
