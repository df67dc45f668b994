//! zfp, the compressed format for arrays of numbers (HDF5's registered filter 32013): reading, in
//! all modes but the reversible one.
//!
//! An array is cut into blocks of 4 values on each axis. The values of a block are integers, or
//! floats with a common exponent; a transform has taken them apart by frequency, and the bits of
//! the coefficients come plane by plane, the highest first, until the budget is spent.
#![forbid(unsafe_code)]

mod block;
mod order;

use crate::{Error, Result};
use block::{Bits, Float, decode_float, decode_int};

/// What the numbers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Int32,
    Int64,
    Float,
    Double,
}

/// What a header says: of which shape an array is, and how much was kept of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    kind: Kind,
    /// The first axis runs fastest.
    shape: [usize; 4],
    axes: u32,
    budget: Budget,
}

/// How many bits a block has, and what was cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Budget {
    least: u64,
    most: u64,
    precision: u32,
    exponent: i64,
}

/// The smallest exponent that counts; one less means that nothing was cut off.
const LEAST_EXPONENT: i64 = -1074;

/// No block has more bits.
const MOST_BITS: u64 = 16_658;

impl Head {
    /// Parses the header that H5Z-ZFP keeps in the values of the filter, behind its versions.
    pub(crate) fn parse(values: &[u32]) -> Result<Self> {
        let values = values.get(1..).unwrap_or_default();
        let little: Vec<u8> = values.iter().flat_map(|n| n.to_le_bytes()).collect();
        let big: Vec<u8> = values.iter().flat_map(|n| n.to_be_bytes()).collect();
        let bytes = if little.starts_with(b"zfp") { little } else { big };
        if !bytes.starts_with(b"zfp") {
            let found = format!("{:?}", bytes.get(..4).unwrap_or_default());
            return Err(Error::corrupt("a header of zfp", found));
        }
        let mut bits = Bits::new(&bytes);
        bits.take(32)?;
        let kind = match bits.take(2)? {
            0 => Kind::Int32,
            1 => Kind::Int64,
            2 => Kind::Float,
            _ => Kind::Double,
        };
        let axes = u32::try_from(bits.take(2)?).unwrap_or(0) + 1;
        let mut shape = [1; 4];
        for length in shape.iter_mut().take(axes as usize) {
            let n = bits.take(48 / axes)? + 1;
            *length = usize::try_from(n).unwrap_or(usize::MAX);
        }
        // All 48 bits are there, whatever the number of axes.
        let budget = Budget::parse(&mut bits)?;
        Ok(Self { kind, shape, axes, budget })
    }

    fn itemsize(&self) -> usize {
        match self.kind {
            Kind::Int32 | Kind::Float => 4,
            Kind::Int64 | Kind::Double => 8,
        }
    }

    /// Unpacks an array into exactly `dst`, little-endian.
    pub(crate) fn unpack(&self, bytes: &[u8], dst: &mut [u8]) -> Result<()> {
        let count = self.shape.iter().try_fold(self.itemsize(), |n, &length| n.checked_mul(length));
        if count != Some(dst.len()) {
            let expected = format!("an array of {} bytes", dst.len());
            return Err(Error::corrupt(expected, format_args!("{:?} in zfp", self.shape)));
        }
        let mut bits = Bits::new(bytes);
        let [nx, ny, nz, nw] = self.shape;
        let steps = |n: usize| (0..n).step_by(4);
        for w in steps(nw) {
            for z in steps(nz) {
                for y in steps(ny) {
                    for x in steps(nx) {
                        self.block(&mut bits, [x, y, z, w], dst)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn block(&self, bits: &mut Bits<'_>, at: [usize; 4], dst: &mut [u8]) -> Result<()> {
        let budget = (self.budget.least, self.budget.most);
        let Budget { precision, exponent, .. } = self.budget;
        let cut = |e: i64| {
            let kept = (e - exponent + 2 * i64::from(self.axes) + 2).max(0);
            precision.min(u32::try_from(kept).unwrap_or(u32::MAX))
        };
        match self.kind {
            Kind::Int32 => {
                let values = decode_int::<i32>(bits, budget, precision, self.axes)?;
                self.place(at, &values, i32::to_le_bytes, dst);
            }
            Kind::Int64 => {
                let values = decode_int::<i64>(bits, budget, precision, self.axes)?;
                self.place(at, &values, i64::to_le_bytes, dst);
            }
            Kind::Float => {
                let values = decode_float::<f32>(bits, budget, &cut, self.axes)?;
                self.place(at, &values, f32::to_bytes, dst);
            }
            Kind::Double => {
                let values = decode_float::<f64>(bits, budget, &cut, self.axes)?;
                self.place(at, &values, f64::to_bytes, dst);
            }
        }
        Ok(())
    }

    /// Copies of a block what lies within the array.
    fn place<T: Copy, const N: usize>(
        &self,
        at: [usize; 4],
        values: &[T],
        bytes: impl Fn(T) -> [u8; N],
        dst: &mut [u8],
    ) {
        for (i, value) in values.iter().enumerate() {
            let (mut rest, mut flat, mut step, mut inside) = (i, 0, 1, true);
            for (start, length) in at.iter().zip(&self.shape) {
                let index = start + rest % 4;
                rest /= 4;
                inside &= index < *length;
                flat += index * step;
                step *= length;
            }
            if let Some(place) = dst.get_mut(flat * N..(flat + 1) * N).filter(|_| inside) {
                place.copy_from_slice(&bytes(*value));
            }
        }
    }
}

impl Budget {
    fn parse(bits: &mut Bits<'_>) -> Result<Self> {
        let mode = bits.take(12)?;
        let (whole, all) = (MOST_BITS, 64);
        let short = |n: u64| u32::try_from(n).unwrap_or(0);
        let budget = match mode {
            0..2048 => {
                Self { least: mode + 1, most: mode + 1, precision: all, exponent: LEAST_EXPONENT }
            }
            2048..2176 => {
                let precision = short(mode - 2047);
                Self { least: 1, most: whole, precision, exponent: LEAST_EXPONENT }
            }
            2176 => Self { least: 1, most: whole, precision: all, exponent: LEAST_EXPONENT - 1 },
            2177..0xfff => {
                let exponent = i64::from(short(mode)) + LEAST_EXPONENT - 2177;
                Self { least: 1, most: whole, precision: all, exponent }
            }
            _ => {
                let (least, most) = (bits.take(15)? + 1, bits.take(15)? + 1);
                let precision = short(bits.take(7)? + 1);
                let exponent = i64::from(short(bits.take(15)?)) - 16_495;
                Self { least, most, precision, exponent }
            }
        };
        if budget.exponent < LEAST_EXPONENT {
            return Err(Error::unsupported("the reversible mode of zfp"));
        }
        if budget.least > budget.most {
            return Err(Error::corrupt("a budget of zfp", format_args!("{budget:?}")));
        }
        Ok(budget)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What H5Z-ZFP wrote for 16 floats at 16 bits each.
    const VALUES: [u32; 4] = [269_504_785, 91_252_346, 242, 66_060_288];

    #[test]
    fn headers_of_every_number_of_axes() {
        let head = Head::parse(&VALUES).unwrap();
        assert_eq!((head.kind, head.shape, head.axes), (Kind::Float, [16, 1, 1, 1], 1));
        assert_eq!((head.budget.least, head.budget.most), (64, 64));
        let three = Head::parse(&[0, 91_252_346, 3_145_787, 1_072_693_296]).unwrap();
        assert_eq!((three.kind, three.shape), (Kind::Double, [4, 4, 4, 1]));
        for len in 0..VALUES.len() {
            assert!(Head::parse(&VALUES[..len]).is_err(), "{len}");
        }
        assert!(Head::parse(&[0, 1, 2, 3]).is_err());
    }

    #[test]
    fn blocks_of_nothing_are_zeros_and_ends_are_seen() {
        let head = Head::parse(&VALUES).unwrap();
        let mut dst = [0xff; 64];
        head.unpack(&[0; 32], &mut dst).unwrap();
        assert_eq!(dst, [0; 64]);
        assert!(head.unpack(&[0; 31], &mut dst).is_err());
        assert!(head.unpack(&[0; 32], &mut [0; 60]).is_err());
        // Whatever the bits are, there is an answer or an error.
        for byte in 1..=255 {
            head.unpack(&[byte; 32], &mut dst).unwrap();
        }
    }
}
