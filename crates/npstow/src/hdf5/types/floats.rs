//! Floats that NumPy has not, made those that it has, without any loss: bfloat16, float8, floats
//! of fewer bits, those of a VAX.
#![forbid(unsafe_code)]

use super::to_dtype::is_ieee;
use crate::Order;
use crate::hdf5::object::datatype::Float;

/// Bytes, bits of the mantissa, largest and smallest exponent of NumPy's floats; as h5py chooses.
const TARGETS: [(usize, u8, i64, i64); 3] =
    [(2, 10, 16, -14), (4, 23, 128, -126), (8, 52, 1024, -1022)];

/// Into how many bytes a float goes; none where it is NumPy's already, or goes into none.
pub(in crate::hdf5) fn target(float: &Float, size: usize) -> Option<usize> {
    let (exponent, mantissa) = (float.exponent.1, float.mantissa.1);
    let inside = |(at, len): (u8, u8)| len > 0 && usize::from(at) + usize::from(len) <= 8 * size;
    let makes_sense = inside(float.exponent)
        && inside(float.mantissa)
        && exponent <= 15
        && usize::from(float.sign) < 8 * size;
    if is_ieee(float, size) || !makes_sense || size > 8 {
        return None;
    }
    let bias = i64::from(float.bias);
    let (largest, smallest) = ((1i64 << exponent) - bias - 1, 1 - bias);
    let fits = |(_, bits, most, least): &&(usize, u8, i64, i64)| {
        mantissa <= *bits && largest <= *most && smallest >= *least
    };
    TARGETS.iter().find(fits).map(|(bytes, ..)| *bytes)
}

/// The order of what [`converted`] gives.
pub(in crate::hdf5) fn order(float: &Float) -> Order {
    if float.is_vax { Order::Little } else { float.bits.order }
}

/// The elements in floats of `target` bytes.
pub(in crate::hdf5) fn converted(
    float: &Float,
    size: usize,
    target: usize,
    bytes: &[u8],
) -> Vec<u8> {
    let mut all = Vec::with_capacity(bytes.len() / size.max(1) * target);
    for item in bytes.chunks_exact(size.max(1)) {
        let value = value(float, whole(float, item));
        let start = all.len();
        match target {
            2 => all.extend(half(value).to_le_bytes()),
            #[allow(clippy::cast_possible_truncation)] // It fits, else it were another target.
            4 => all.extend((value as f32).to_le_bytes()),
            _ => all.extend(value.to_le_bytes()),
        }
        if order(float) == Order::Big {
            all.get_mut(start..).unwrap_or_default().reverse();
        }
    }
    all
}

/// The bits of an element as one number.
fn whole(float: &Float, item: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    let words = item.chunks(2).rev().flatten();
    let place = bytes.iter_mut();
    if float.is_vax {
        // Words of 16 bits, the highest first.
        place.zip(words).for_each(|(place, byte)| *place = *byte);
    } else if float.bits.order == Order::Big {
        place.zip(item.iter().rev()).for_each(|(place, byte)| *place = *byte);
    } else {
        place.zip(item).for_each(|(place, byte)| *place = *byte);
    }
    u64::from_le_bytes(bytes)
}

fn field(whole: u64, (at, len): (u8, u8)) -> u64 {
    whole.checked_shr(at.into()).unwrap_or(0) & (u64::MAX >> (64 - u32::from(len.clamp(1, 64))))
}

#[allow(clippy::cast_precision_loss)] // A mantissa has at most 52 bits.
fn value(float: &Float, whole: u64) -> f64 {
    let (exponent, mantissa) = (field(whole, float.exponent), field(whole, float.mantissa));
    let bits = i32::from(float.mantissa.1);
    let is_implied = float.norm == 2;
    let highest = u64::MAX >> (64 - u32::from(float.exponent.1.clamp(1, 64)));
    let power = i32::try_from(exponent).unwrap_or(0) - i32::try_from(float.bias).unwrap_or(0);
    let size = if exponent == highest && !float.is_vax {
        if mantissa == 0 { f64::INFINITY } else { f64::NAN }
    } else if exponent == 0 && mantissa == 0 {
        0.0
    } else if exponent == 0 && is_implied {
        scaled(mantissa as f64, power + 1 - bits)
    } else if is_implied {
        scaled((mantissa | 1 << bits) as f64, power - bits)
    } else {
        scaled(mantissa as f64, power + 1 - bits)
    };
    if field(whole, (float.sign, 1)) == 1 { -size } else { size }
}

/// In two steps, since one power may be too small where the product is not.
fn scaled(value: f64, power: i32) -> f64 {
    let half = power / 2;
    value * 2f64.powi(half) * 2f64.powi(power - half)
}

/// The bits of a float16 that has exactly this value.
fn half(value: f64) -> u16 {
    let bits = value.to_bits();
    let sign = u16::try_from(bits >> 48 & 0x8000).unwrap_or(0);
    let exponent = i64::try_from(bits >> 52 & 0x7ff).unwrap_or(0) - 1023;
    let mantissa = bits & ((1 << 52) - 1);
    let small = |n: u64| u16::try_from(n).unwrap_or(0);
    if value.is_nan() {
        sign | 0x7e00
    } else if exponent > 15 {
        sign | 0x7c00
    } else if exponent >= -14 {
        sign | small(u64::try_from(exponent + 15).unwrap_or(0) << 10 | mantissa >> 42)
    } else if value == 0.0 {
        sign
    } else {
        let shift = u32::try_from(-14 - exponent).unwrap_or(63);
        sign | small((mantissa | 1 << 52).checked_shr(42 + shift).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hdf5::object::datatype::Bits;

    fn float(order: Order, exponent: (u8, u8), mantissa: (u8, u8), bias: u32) -> Float {
        let bits = Bits { order, offset: 0, precision: 0 };
        let sign = exponent.0 + exponent.1;
        Float { bits, sign, exponent, mantissa, bias, norm: 2, is_vax: false }
    }

    #[test]
    fn bfloat16_is_the_upper_half_of_a_float() {
        let what = float(Order::Little, (7, 8), (0, 7), 127);
        assert_eq!(target(&what, 2), Some(4));
        for value in [1.0f32, -2.5, 0.0, f32::INFINITY, 1e-39, 3e38] {
            let upper = (value.to_bits() >> 16).to_le_bytes();
            let bytes = [upper[0], upper[1]];
            let back = converted(&what, 2, 4, &bytes);
            assert_eq!(back[2..], bytes, "{value}");
        }
    }

    #[test]
    fn float8_goes_into_float16() {
        let e5m2 = float(Order::Little, (2, 5), (0, 2), 15);
        assert_eq!(target(&e5m2, 1), Some(2));
        for byte in (0..=0x7b).chain(0x80..=0xfb) {
            // It is the upper half of a float16.
            assert_eq!(converted(&e5m2, 1, 2, &[byte]), [0, byte], "{byte:x}");
        }
        let e4m3 = float(Order::Big, (3, 4), (0, 3), 7);
        // 0x01: the smallest one, 2^-9, which float16 has as 0x1800.
        assert_eq!(converted(&e4m3, 1, 2, &[1]), [0x18, 0]);
    }

    #[test]
    fn those_of_numpy_and_those_too_large_stay() {
        let double = float(Order::Little, (52, 11), (0, 52), 1023);
        assert_eq!(target(&double, 8), None);
        let wide = float(Order::Little, (40, 15), (0, 40), 16383);
        assert_eq!(target(&wide, 8), None);
        assert_eq!(half(6e-8f64.min(2f64.powi(-24))), 1);
    }
}
