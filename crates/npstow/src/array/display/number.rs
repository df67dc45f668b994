//! Numbers as they lie in memory: integers and floats of every width and order.
#![forbid(unsafe_code)]

use super::digits::Binary;
use crate::{Kind, Order, Scalar};
use std::cmp::Ordering;

/// The bytes of one number, the lowest first.
fn little(item: &[u8], order: Order) -> [u8; 16] {
    let mut bytes = [0; 16];
    for (to, from) in bytes.iter_mut().zip(item) {
        *to = *from;
    }
    if order == Order::Big {
        bytes[..item.len().min(16)].reverse();
    }
    bytes
}

/// An integer, date or duration.
pub(super) fn integer(item: &[u8], scalar: Scalar) -> i128 {
    let bits = i128::from_le_bytes(little(item, scalar.order()));
    let unused = 128 - 8 * u32::try_from(item.len().clamp(1, 16)).unwrap_or(16);
    if scalar.kind() == Kind::Uint {
        bits
    } else {
        // The sign is spread over the bits that are not there.
        bits << unused >> unused
    }
}

/// A float of any width.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Float {
    Nan,
    Infinite { is_negative: bool },
    Finite { is_negative: bool, value: Binary },
}

/// The four formats of floats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Width {
    Half,
    Single,
    Double,
    /// x87: 64 bits of mantissa, the first of them written out.
    Extended,
}

impl Width {
    /// By the size of one float in bytes.
    pub(super) fn of(itemsize: usize) -> Self {
        match itemsize {
            2 => Self::Half,
            4 => Self::Single,
            8 => Self::Double,
            _ => Self::Extended,
        }
    }

    /// Bits of the fraction and of the exponent.
    fn layout(self) -> (u32, u32) {
        match self {
            Self::Half => (10, 5),
            Self::Single => (23, 8),
            Self::Double => (52, 11),
            Self::Extended => (63, 15),
        }
    }

    /// Reads one float.
    pub(super) fn read(self, item: &[u8], order: Order) -> Float {
        let mut bits = u128::from_le_bytes(little(item, order));
        let (fraction_bits, exponent_bits) = self.layout();
        let mut leading = 0;
        if self == Self::Extended {
            // Takes the written first bit out, so that the rest is as in the others.
            leading = bits >> 63 & 1;
            bits = bits & ((1 << 63) - 1) | (bits >> 1 & !((1 << 63) - 1));
        }
        let fraction = u64::try_from(bits & ((1 << fraction_bits) - 1)).unwrap_or(0);
        let most = (1_u32 << exponent_bits) - 1;
        let biased = u32::try_from(bits >> fraction_bits & u128::from(most)).unwrap_or(0);
        let is_negative = bits >> (fraction_bits + exponent_bits) & 1 == 1;
        if biased == most {
            return if fraction == 0 { Float::Infinite { is_negative } } else { Float::Nan };
        }
        let bias = (most >> 1) + fraction_bits;
        let is_normal = if self == Self::Extended { leading == 1 } else { biased > 0 };
        let hidden = if is_normal { 1_u64 << fraction_bits } else { 0 };
        let value = Binary {
            mantissa: fraction | hidden,
            exponent: i32::try_from(biased.max(1)).unwrap_or(0) - i32::try_from(bias).unwrap_or(0),
            is_uneven: is_normal && fraction == 0 && biased > 1,
        };
        Float::Finite { is_negative, value }
    }

    /// From this on NumPy writes arrays with exponents: `min(8, finfo.precision)` digits.
    pub(super) fn array_cutoff(self) -> Binary {
        double(match self {
            Self::Half => 1e3,
            Self::Single => 1e6,
            Self::Double | Self::Extended => 1e8,
        })
    }

    /// Below this NumPy writes arrays with exponents: 0.0001 in the array's own type.
    pub(super) fn small(self) -> Binary {
        match self {
            Self::Half => Self::Half.constant(0x068e),
            Self::Single => Self::Single.constant(0.0001_f32.to_bits().into()),
            Self::Double | Self::Extended => double(0.0001),
        }
    }

    /// The numbers that a lone float of this type is written without an exponent between.
    pub(super) fn scalar_range(self) -> (Binary, Binary) {
        let small = match self {
            // 0.0001 as a long double.
            Self::Extended => {
                Binary { mantissa: 0xd1b7_1758_e219_652c, exponent: -77, is_uneven: false }
            }
            _ => double(0.0001),
        };
        let large = match self {
            Self::Half => 1e3,
            Self::Single => 1e6,
            Self::Double | Self::Extended => 1e16,
        };
        (small, double(large))
    }

    fn constant(self, bits: u64) -> Binary {
        match self.read(&bits.to_le_bytes(), Order::Little) {
            Float::Finite { value, .. } => value,
            _ => Binary { mantissa: 0, exponent: 0, is_uneven: false },
        }
    }

    /// Whether `large / small > 1000`, divided as this type divides.
    pub(super) fn is_wide_apart(self, large: Binary, small: Binary) -> bool {
        match self {
            Self::Double => as_double(large) / as_double(small) > 1000.0,
            Self::Half | Self::Single => {
                // Exact: they were no wider to begin with.
                #[allow(clippy::cast_possible_truncation)]
                let (large, small) = (as_double(large) as f32, as_double(small) as f32);
                // A half rounds all up to half its step above 1000 down to it.
                large / small > if self == Self::Half { 1000.25 } else { 1000.0 }
            }
            Self::Extended => {
                let product = u128::from(small.mantissa) * 1000;
                wide_cmp((large.mantissa.into(), large.exponent), (product, small.exponent))
                    == Ordering::Greater
            }
        }
    }
}

fn double(value: f64) -> Binary {
    Width::Double.constant(value.to_bits())
}

/// A float of any width as the sum of two doubles; long doubles have more digits than one, and
/// some of them are beyond all doubles, which is told.
pub(crate) fn as_doubles(item: &[u8], order: Order) -> ([f64; 2], bool) {
    let (is_negative, value) = match Width::of(item.len()).read(item, order) {
        Float::Nan => return ([f64::NAN, 0.0], true),
        Float::Infinite { is_negative: true } => return ([f64::NEG_INFINITY, 0.0], true),
        Float::Infinite { is_negative: false } => return ([f64::INFINITY, 0.0], true),
        Float::Finite { is_negative, value } => (is_negative, value),
    };
    // The smallest double is 2^-1074, the largest just below 2^1024; a mantissa has 64 bits.
    let is_exact = value.mantissa == 0 || (-1074..=1024 - 64).contains(&value.exponent);
    if value.mantissa == 0 || !is_exact {
        return ([0.0; 2], is_exact);
    }
    // A double has 53 bits.
    let low = value.mantissa & 0x7ff;
    let part = |mantissa| as_double(Binary { mantissa, ..value });
    let (upper, lower) = (part(value.mantissa - low), part(low));
    // The nearest double, and what is left: one pair for each value.
    let high = upper + lower;
    let low = lower - (high - upper);
    (if is_negative { [-high, -low] } else { [high, low] }, is_exact)
}

/// Exact for all but long doubles.
fn as_double(value: Binary) -> f64 {
    #[allow(clippy::cast_precision_loss)]
    let mantissa = value.mantissa as f64;
    // In two steps: the smallest number is no product of a mantissa and a normal power.
    let half = value.exponent / 2;
    mantissa * 2f64.powi(half) * 2f64.powi(value.exponent - half)
}

/// Compares positive floats.
pub(super) fn compare(a: Binary, b: Binary) -> Ordering {
    wide_cmp((a.mantissa.into(), a.exponent), (b.mantissa.into(), b.exponent))
}

fn wide_cmp(a: (u128, i32), b: (u128, i32)) -> Ordering {
    if a.0 == 0 || b.0 == 0 {
        return a.0.cmp(&b.0);
    }
    let normal = |(mantissa, exponent): (u128, i32)| {
        let zeros = mantissa.leading_zeros();
        (exponent - i32::try_from(zeros).unwrap_or(0), mantissa << zeros)
    };
    normal(a).cmp(&normal(b))
}
