//! One block of zfp: bit planes to coefficients, coefficients to values.
#![forbid(unsafe_code)]

use super::order;
use crate::{Error, Result};

/// Values on one axis of a block.
const SIDE: usize = 4;

/// A stream of bits, the lowest of each byte first.
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    /// The next bit.
    at: u64,
}

impl<'a> Bits<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    fn bit(&mut self) -> Result<bool> {
        let byte = usize::try_from(self.at / 8).ok().and_then(|at| self.bytes.get(at));
        let Some(byte) = byte else {
            return Err(Error::corrupt("more bits of zfp", "the end of a chunk"));
        };
        let bit = byte >> (self.at % 8) & 1 == 1;
        self.at += 1;
        Ok(bit)
    }

    /// A number of up to 64 bits.
    pub(super) fn take(&mut self, count: u32) -> Result<u64> {
        let mut number = 0;
        for at in 0..count {
            number |= u64::from(self.bit()?) << at;
        }
        Ok(number)
    }

    fn skip(&mut self, count: u64) -> Result<()> {
        self.at = self.at.saturating_add(count);
        if self.at > 8 * self.bytes.len() as u64 {
            return Err(Error::corrupt("more bits of zfp", "the end of a chunk"));
        }
        Ok(())
    }
}

/// Integers whose sums may run over, as zfp's do.
pub(super) trait Int: Copy + Default {
    const BITS: u32;
    fn plus(self, other: Self) -> Self;
    fn minus(self, other: Self) -> Self;
    fn half(self) -> Self;
    fn twice(self) -> Self;
    /// From a number to the base -2.
    fn from_negabinary(number: u64) -> Self;
}

macro_rules! int {
    ($int:ty, $uint:ty) => {
        impl Int for $int {
            const BITS: u32 = <$int>::BITS;
            fn plus(self, other: Self) -> Self {
                self.wrapping_add(other)
            }
            fn minus(self, other: Self) -> Self {
                self.wrapping_sub(other)
            }
            fn half(self) -> Self {
                self >> 1
            }
            fn twice(self) -> Self {
                self.wrapping_shl(1)
            }
            #[allow(clippy::cast_possible_truncation)] // Planes above the width are never set.
            fn from_negabinary(number: u64) -> Self {
                const MASK: $uint = <$uint>::MAX / 3 * 2;
                let number = ((number as $uint) ^ MASK).wrapping_sub(MASK);
                <$int>::from_ne_bytes(number.to_ne_bytes())
            }
        }
    };
}
int!(i32, u32);
int!(i64, u64);

/// Floats that are an integer times a power of two.
pub(super) trait Float: Copy + Default {
    type Int: Int;
    type Bytes;
    /// Bits of an exponent, and what is taken off it.
    const EXPONENT: (u32, i64);
    fn scaled(int: Self::Int, exponent: i64) -> Self;
    fn to_bytes(self) -> Self::Bytes;
}

/// Two to the power of a number, subnormal ones too.
fn power(exponent: i64) -> f64 {
    let half = exponent / 2;
    let one = |e: i64| f64::from_bits(u64::try_from(e + 1023).unwrap_or(0) << 52);
    one(half) * one(exponent - half)
}

impl Float for f32 {
    type Int = i32;
    type Bytes = [u8; 4];
    const EXPONENT: (u32, i64) = (8, 127);
    // The product is rounded as that of two floats of 32 bits.
    #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)]
    fn scaled(int: i32, exponent: i64) -> Self {
        (power(exponent - 30) as f32) * (int as f32)
    }
    fn to_bytes(self) -> [u8; 4] {
        self.to_le_bytes()
    }
}

impl Float for f64 {
    type Int = i64;
    type Bytes = [u8; 8];
    const EXPONENT: (u32, i64) = (11, 1023);
    #[allow(clippy::cast_precision_loss)]
    fn scaled(int: i64, exponent: i64) -> Self {
        power(exponent - 62) * (int as f64)
    }
    fn to_bytes(self) -> [u8; 8] {
        self.to_le_bytes()
    }
}

fn size(axes: u32) -> usize {
    SIDE.pow(axes)
}

/// A block of floats; `cut` says how many planes there are below an exponent.
pub(super) fn decode_float<F: Float>(
    bits: &mut Bits<'_>,
    (least, most): (u64, u64),
    cut: &dyn Fn(i64) -> u32,
    axes: u32,
) -> Result<Vec<F>> {
    if !bits.bit()? {
        bits.skip(least.saturating_sub(1))?;
        return Ok(vec![F::default(); size(axes)]);
    }
    let (width, bias) = F::EXPONENT;
    let exponent = i64::try_from(bits.take(width)?).unwrap_or(0) - bias;
    let used = 1 + u64::from(width);
    let budget = (least.saturating_sub(used), most.saturating_sub(used));
    let ints = decode_int::<F::Int>(bits, budget, cut(exponent), axes)?;
    Ok(ints.into_iter().map(|int| F::scaled(int, exponent)).collect())
}

/// A block of integers.
pub(super) fn decode_int<I: Int>(
    bits: &mut Bits<'_>,
    (least, most): (u64, u64),
    precision: u32,
    axes: u32,
) -> Result<Vec<I>> {
    let mut planes = vec![0; size(axes)];
    let used = decode_planes(bits, most, (I::BITS, precision), &mut planes)?;
    bits.skip(least.saturating_sub(used))?;
    let order: &[u8] = match axes {
        1 => &order::ONE,
        2 => &order::TWO,
        3 => &order::THREE,
        _ => &order::FOUR,
    };
    let mut values = vec![I::default(); planes.len()];
    for (&at, &plane) in order.iter().zip(&planes) {
        if let Some(place) = values.get_mut(usize::from(at)) {
            *place = I::from_negabinary(plane);
        }
    }
    transform(&mut values, axes);
    Ok(values)
}

/// Reads planes of bits from the highest on; gives how many bits were used.
fn decode_planes(
    bits: &mut Bits<'_>,
    most: u64,
    (width, precision): (u32, u32),
    data: &mut [u64],
) -> Result<u64> {
    let lowest = width.saturating_sub(precision);
    let (mut left, mut known) = (most, 0);
    let mut plane = width;
    while left > 0 && plane > lowest {
        plane -= 1;
        // Coefficients that have had a bit before have each one of their own.
        for number in data.iter_mut().take(known) {
            if left == 0 {
                break;
            }
            left -= 1;
            *number |= u64::from(bits.bit()?) << plane;
        }
        // Of the others, a bit says whether any has one, and then where the next one is.
        while left > 0 && known < data.len() {
            left -= 1;
            if !bits.bit()? {
                break;
            }
            while left > 0 && known + 1 < data.len() {
                left -= 1;
                if bits.bit()? {
                    break;
                }
                known += 1;
            }
            if let Some(number) = data.get_mut(known) {
                *number |= 1 << plane;
            }
            known += 1;
        }
    }
    Ok(most - left)
}

/// Undoes the transform along every axis, the slowest first.
fn transform<I: Int>(values: &mut [I], axes: u32) {
    for axis in (0..axes).rev() {
        let step = SIDE.pow(axis);
        for start in 0..values.len() {
            if start / step % SIDE == 0 {
                lift(values, start, step);
            }
        }
    }
}

fn lift<I: Int>(values: &mut [I], start: usize, step: usize) {
    let at = |i: usize| start + i * step;
    let value = |i: usize| values.get(at(i)).copied().unwrap_or_default();
    let (mut x, mut y, mut z, mut w) = (value(0), value(1), value(2), value(3));
    y = y.plus(w.half());
    w = w.minus(y.half());
    y = y.plus(w);
    w = w.twice().minus(y);
    z = z.plus(x);
    x = x.twice().minus(z);
    y = y.plus(z);
    z = z.twice().minus(y);
    w = w.plus(x);
    x = x.twice().minus(w);
    for (i, value) in [x, y, z, w].into_iter().enumerate() {
        if let Some(place) = values.get_mut(at(i)) {
            *place = value;
        }
    }
}
