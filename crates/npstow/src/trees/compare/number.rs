//! Numbers of all widths, one like the other.
#![forbid(unsafe_code)]

use super::CompareOptions;
use crate::array::as_doubles;
use crate::{Kind, Order, Scalar};

/// A number: two parts, each as the sum of two doubles, which hold integers of 64 bits and long
/// doubles exactly.
#[derive(Clone, Copy, Debug)]
pub(super) struct Number {
    real: [f64; 2],
    imaginary: [f64; 2],
    /// Not for long doubles that are beyond all doubles.
    is_exact: bool,
}

impl Number {
    /// Reads a little-endian element.
    pub(super) fn read(scalar: Scalar, item: &[u8]) -> Self {
        let real = |(real, is_exact)| Self { real, imaginary: [0.0; 2], is_exact };
        match scalar.kind() {
            Kind::Float => real(float(item)),
            Kind::Complex => {
                let (first, second) = item.split_at(item.len() / 2);
                let (first, second) = (float(first), float(second));
                let is_exact = first.1 && second.1;
                Self { real: first.0, imaginary: second.0, is_exact }
            }
            kind => real((integer(item, kind == Kind::Int), true)),
        }
    }

    fn is_nan(self) -> bool {
        self.real[0].is_nan() || self.imaginary[0].is_nan()
    }

    fn is_finite(self) -> bool {
        self.real[0].is_finite() && self.imaginary[0].is_finite()
    }

    fn size(self) -> f64 {
        size(self.real[0], self.imaginary[0])
    }
}

fn size(real: f64, imaginary: f64) -> f64 {
    if imaginary == 0.0 { real.abs() } else { real.hypot(imaginary) }
}

fn float(item: &[u8]) -> ([f64; 2], bool) {
    if let Ok(bytes) = item.try_into() {
        return ([f64::from_le_bytes(bytes), 0.0], true);
    }
    match item.try_into() {
        Ok(bytes) => ([f32::from_le_bytes(bytes).into(), 0.0], true),
        Err(_) => as_doubles(item, Order::Little),
    }
}

#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)]
fn integer(item: &[u8], is_signed: bool) -> [f64; 2] {
    let is_negative = is_signed && item.last().is_some_and(|last| *last > 0x7f);
    let mut bytes = [if is_negative { 0xff } else { 0 }; 16];
    for (to, from) in bytes.iter_mut().zip(item) {
        *to = *from;
    }
    let whole = i128::from_le_bytes(bytes);
    // What a double loses of 64 bits fits another one.
    let high = whole as f64;
    [high, (whole - high as i128) as f64]
}

/// How two elements compare.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Verdict {
    /// Nothing is between them.
    Same,
    /// They are apart, and how far: as they are, and as a part of the right one; NaN where that
    /// cannot be said.
    Apart { is_close: bool, difference: f64, relative: f64 },
}

/// As `numpy.isclose`. `is_same` says whether the elements are of one type and of the same bytes.
pub(super) fn judge(
    left: Number,
    right: Number,
    is_same: bool,
    options: &CompareOptions,
) -> Verdict {
    let unknown = Verdict::Apart { is_close: false, difference: f64::NAN, relative: f64::NAN };
    if left.is_nan() || right.is_nan() {
        let is_equal = options.equal_nan && left.is_nan() && right.is_nan();
        return if is_equal { Verdict::Same } else { unknown };
    }
    if is_same {
        return Verdict::Same;
    }
    if !left.is_exact || !right.is_exact {
        return unknown;
    }
    if left.real == right.real && left.imaginary == right.imaginary {
        return Verdict::Same;
    }
    let apart = |a: [f64; 2], b: [f64; 2]| (a[0] - b[0]) + (a[1] - b[1]);
    let difference = size(apart(left.real, right.real), apart(left.imaginary, right.imaginary));
    let most = options.atol + options.rtol * right.size();
    let is_close = right.is_finite() && difference <= most;
    Verdict::Apart { is_close, difference, relative: difference / right.size() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(typestr: &str, item: &[u8]) -> Number {
        Number::read(Scalar::parse(typestr).unwrap(), item)
    }

    #[test]
    fn integers_are_exact() {
        let options = CompareOptions::default();
        let at = |n: i64| read("<i8", &n.to_le_bytes());
        let difference = |a: i64, b: i64| match judge(at(a), at(b), false, &options) {
            Verdict::Same => 0.0,
            Verdict::Apart { is_close, difference, .. } => {
                assert!(!is_close);
                difference
            }
        };
        assert_eq!(difference(i64::MAX, i64::MAX - 1), 1.0);
        assert_eq!(difference(i64::MIN, i64::MIN + 3), 3.0);
        assert_eq!(difference((1 << 53) + 1, 1 << 53), 1.0);
        assert_eq!(difference(-5, -5), 0.0);
        assert_eq!(difference(i64::MIN, i64::MAX), 2f64.powi(64));
        let unsigned = read("<u8", &u64::MAX.to_le_bytes());
        assert_ne!(judge(unsigned, at(-1), false, &options), Verdict::Same);
        assert_eq!(judge(read("|u1", &[200]), at(200), false, &options), Verdict::Same);
        assert_eq!(judge(read("|i1", &[200]), at(-56), false, &options), Verdict::Same);
        assert_eq!(judge(read("|b1", &[1]), at(1), false, &options), Verdict::Same);
    }

    #[test]
    fn tolerances_are_those_of_isclose() {
        let x = |value: f64| read("<f8", &value.to_le_bytes());
        let close = |a: f64, b: f64, rtol: f64, atol: f64| {
            let options = CompareOptions::default().rtol(rtol).atol(atol);
            !matches!(judge(x(a), x(b), false, &options), Verdict::Apart { is_close: false, .. })
        };
        assert!(close(1.5, 1.0, 0.0, 0.5) && !close(1.5, 1.0, 0.0, 0.49));
        // The part is one of the right number.
        assert!(close(100.0, 111.0, 0.1, 0.0) && !close(111.0, 100.0, 0.1, 0.0));
        let infinity = f64::INFINITY;
        assert!(close(infinity, infinity, 0.0, 0.0) && !close(infinity, -infinity, 1.0, 1.0));
        assert!(!close(1.0, infinity, 1.0, 1.0) && !close(infinity, 1.0, 1.0, 1e300));
        assert!(close(0.0, -0.0, 0.0, 0.0));
        assert!(!close(5e-324, 0.0, 0.0, 0.0));
        assert!(!close(f64::NAN, f64::NAN, 1.0, 1.0));
        let equal = CompareOptions::default().equal_nan(true);
        assert_eq!(judge(x(f64::NAN), x(f64::NAN), false, &equal), Verdict::Same);
        assert_ne!(judge(x(f64::NAN), x(1.0), false, &equal), Verdict::Same);
    }

    #[test]
    fn widths_are_compared_by_value() {
        let options = CompareOptions::default();
        let single = read("<f4", &0.1f32.to_le_bytes());
        let double = read("<f8", &f64::from(0.1f32).to_le_bytes());
        let half = read("<f2", &0x3c01u16.to_le_bytes());
        assert_eq!(judge(single, double, false, &options), Verdict::Same);
        let one = read("<f8", &(1.0 + 2f64.powi(-10)).to_le_bytes());
        assert_eq!(judge(half, one, false, &options), Verdict::Same);
        let complex = read("<c8", &[1f32.to_le_bytes(), 2f32.to_le_bytes()].concat());
        let other = read("<c16", &[4f64.to_le_bytes(), 6f64.to_le_bytes()].concat());
        let Verdict::Apart { difference, .. } = judge(complex, other, false, &options) else {
            panic!()
        };
        assert_eq!(difference, 5.0);
    }

    /// An x87 number: sign and exponent, mantissa.
    fn long(exponent: u16, mantissa: u64) -> Number {
        let bytes = [&mantissa.to_le_bytes()[..], &exponent.to_le_bytes(), &[0; 6]].concat();
        read("<f16", &bytes)
    }

    #[test]
    fn long_doubles_keep_their_digits() {
        let options = CompareOptions::default().rtol(1e-20);
        let one = 1 << 63;
        assert_eq!(judge(long(16383, one), long(16383, one), false, &options), Verdict::Same);
        let Verdict::Apart { is_close, difference, .. } =
            judge(long(16383, one + 1), long(16383, one), false, &options)
        else {
            panic!()
        };
        assert_eq!((is_close, difference), (false, 2f64.powi(-63)));
        assert_eq!(
            judge(long(16383, one), read("<f8", &1f64.to_le_bytes()), false, &options),
            Verdict::Same
        );
        // Beyond all doubles only the very same are equal.
        for exponent in [32000, 100] {
            let (a, b) = (long(exponent, one), long(exponent, one + 1));
            let close = CompareOptions::default().rtol(1.0).atol(1.0);
            assert!(matches!(judge(a, b, false, &close), Verdict::Apart { is_close: false, .. }));
            assert_eq!(judge(a, a, true, &close), Verdict::Same);
        }
        assert_eq!(judge(long(0, 0), long(0x8000, 0), false, &options), Verdict::Same);
    }
}
