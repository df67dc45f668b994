//! Floats as text: one by one, and aligned in an array.
#![forbid(unsafe_code)]

use super::digits::{Binary, Digits, Places, digits};
use super::number::{Float, Width, compare};
use std::cmp::Ordering;

/// What happens to zeros at the end of a fraction: NumPy's `trim`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trim {
    /// `k`: zeros are added up to this many places.
    Fill(usize),
    /// `.`: none, the point stays.
    ToPoint,
    /// `0`: one at least.
    ToZero,
    /// `-`: none, and no point without a fraction.
    All,
}

/// Sign, digits before the point, after the point, exponent.
struct Parts {
    whole: String,
    fraction: String,
    exponent: Option<i32>,
}

fn text(digits: &[u8]) -> String {
    digits.iter().map(|digit| char::from(b'0' + digit)).collect()
}

fn sign(is_negative: bool, is_plus: bool) -> &'static str {
    match (is_negative, is_plus) {
        (true, _) => "-",
        (false, true) => "+",
        (false, false) => "",
    }
}

impl Parts {
    fn positional(sign: &str, found: &Digits) -> Self {
        let zeros = |n: i32| "0".repeat(usize::try_from(n).unwrap_or(0));
        let digits = text(&found.digits);
        let (whole, fraction) = match usize::try_from(found.exponent) {
            Err(_) => ("0".to_owned(), zeros(-found.exponent - 1) + &digits),
            Ok(exponent) if exponent + 1 >= digits.len() => {
                let missing = found.exponent + 1 - i32::try_from(digits.len()).unwrap_or(0);
                (digits + &zeros(missing), String::new())
            }
            Ok(exponent) => {
                let (whole, fraction) = digits.split_at(exponent + 1);
                (whole.to_owned(), fraction.to_owned())
            }
        };
        Self { whole: format!("{sign}{whole}"), fraction, exponent: None }
    }

    fn scientific(sign: &str, found: &Digits) -> Self {
        let digits = text(&found.digits);
        let (whole, fraction) = digits.split_at(1);
        Self {
            whole: format!("{sign}{whole}"),
            fraction: fraction.to_owned(),
            exponent: Some(found.exponent),
        }
    }

    fn trimmed(mut self, trim: Trim) -> Self {
        match trim {
            Trim::Fill(places) => {
                let missing = places.saturating_sub(self.fraction.len());
                self.fraction.push_str(&"0".repeat(missing));
            }
            _ => self.fraction.truncate(self.fraction.trim_end_matches('0').len()),
        }
        if trim == Trim::ToZero && self.fraction.is_empty() {
            self.fraction.push('0');
        }
        self
    }

    /// The exponent with its sign and at least so many digits.
    fn exponent_text(&self, least: usize) -> String {
        self.exponent.map_or_else(String::new, |exponent| {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("e{sign}{:0least$}", exponent.unsigned_abs())
        })
    }
}

/// A float on its own, as `str` of a NumPy scalar.
pub(super) fn scalar(float: Float, width: Width) -> String {
    lone(float, width, Trim::ToZero, false)
}

/// A complex number on its own; its parts have no `.0`.
pub(super) fn complex_scalar(real: Float, imaginary: Float, width: Width) -> String {
    if let Float::Finite { is_negative: false, value: Binary { mantissa: 0, .. } } = real {
        return lone(imaginary, width, Trim::All, false) + "j";
    }
    let real = lone(real, width, Trim::All, false);
    format!("({real}{}j)", lone(imaginary, width, Trim::All, true))
}

fn lone(float: Float, width: Width, trim: Trim, is_plus: bool) -> String {
    let (is_negative, value) = match float {
        Float::Nan => return format!("{}nan", sign(false, is_plus)),
        Float::Infinite { is_negative } => return format!("{}inf", sign(is_negative, is_plus)),
        Float::Finite { is_negative, value } => (is_negative, value),
    };
    let sign = sign(is_negative, is_plus);
    let found = digits(value, Places::All, None, None);
    let (small, large) = width.scalar_range();
    let is_positional = value.mantissa == 0
        || (compare(value, small) != Ordering::Less && compare(value, large) == Ordering::Less);
    let parts = if is_positional {
        Parts::positional(sign, &found).trimmed(trim)
    } else {
        Parts::scientific(sign, &found).trimmed(Trim::All)
    };
    let point = if parts.fraction.is_empty() { "" } else { "." };
    format!("{}{point}{}{}", parts.whole, parts.fraction, parts.exponent_text(2))
}

/// How all floats of an array are written: NumPy's `FloatingFormat`.
#[derive(Clone, Debug)]
pub(super) struct FloatFormat {
    width: Width,
    is_plus: bool,
    /// Digits of the exponent, where there is one.
    exponent: Option<usize>,
    precision: usize,
    before: usize,
    after: usize,
}

impl FloatFormat {
    /// For the floats that are shown; `is_plus` writes a plus sign.
    pub(super) fn new(
        floats: impl Iterator<Item = Float> + Clone,
        width: Width,
        is_plus: bool,
        precision: usize,
    ) -> Self {
        let finite = floats.clone().filter_map(|float| match float {
            Float::Finite { is_negative, value } => Some((is_negative, value)),
            _ => None,
        });
        let mut format = Self { width, is_plus, exponent: None, precision, before: 0, after: 0 };
        let most = i32::try_from(precision).unwrap_or(i32::MAX);
        if format.needs_exponent(finite.clone().map(|(_, value)| value)) {
            let (mut exponent, mut places) = (0, 0);
            for (is_negative, value) in finite {
                let found = digits(value, Places::All, Some(most.saturating_add(1)), None);
                let sign = sign(is_negative, is_plus);
                let parts = Parts::scientific(sign, &found).trimmed(Trim::ToPoint);
                format.before = format.before.max(parts.whole.len());
                places = places.max(parts.fraction.len());
                exponent = exponent.max(parts.exponent_text(2).len() - 2);
            }
            format.precision = places;
            format.exponent = Some(exponent);
            // For the length of what is not finite alone.
            format.after = exponent + 2 + places;
        } else {
            for (is_negative, value) in finite {
                let found = digits(value, Places::Fraction, Some(most), None);
                let sign = sign(is_negative, is_plus);
                let parts = Parts::positional(sign, &found).trimmed(Trim::ToPoint);
                format.before = format.before.max(parts.whole.len());
                format.after = format.after.max(parts.fraction.len());
            }
        }
        let is_special = |float: &Float| !matches!(float, Float::Finite { .. });
        if floats.clone().any(|float| is_special(&float)) {
            let mut floats = floats;
            let has_sign = is_plus || floats.any(|f| f == Float::Infinite { is_negative: true });
            let room = (3 + usize::from(has_sign)).saturating_sub(format.after + 1);
            format.before = format.before.max(room);
        }
        format
    }

    fn needs_exponent(&self, values: impl Iterator<Item = Binary>) -> bool {
        let mut range: Option<(Binary, Binary)> = None;
        for value in values.filter(|value| value.mantissa != 0) {
            let (small, large) = range.unwrap_or((value, value));
            let smaller = if compare(value, small) == Ordering::Less { value } else { small };
            let larger = if compare(value, large) == Ordering::Greater { value } else { large };
            range = Some((smaller, larger));
        }
        range.is_some_and(|(small, large)| {
            compare(large, self.width.array_cutoff()) != Ordering::Less
                || compare(small, self.width.small()) == Ordering::Less
                || self.width.is_wide_apart(large, small)
        })
    }

    /// One float, padded on both sides.
    pub(super) fn word(&self, float: Float) -> String {
        let width = self.before + self.after + 1;
        let (is_negative, value) = match float {
            Float::Nan => {
                return format!("{:>width$}", sign(false, self.is_plus).to_owned() + "nan");
            }
            Float::Infinite { is_negative } => {
                return format!("{:>width$}", sign(is_negative, self.is_plus).to_owned() + "inf");
            }
            Float::Finite { is_negative, value } => (is_negative, value),
        };
        let sign = sign(is_negative, self.is_plus);
        let places = i32::try_from(self.precision).unwrap_or(i32::MAX);
        let before = self.before;
        if let Some(least) = self.exponent {
            let count = Some(places.saturating_add(1));
            let found = digits(value, Places::All, count, count);
            let parts = Parts::scientific(sign, &found).trimmed(Trim::Fill(self.precision));
            let exponent = parts.exponent_text(least);
            return format!("{:>before$}.{}{exponent}", parts.whole, parts.fraction);
        }
        let found = digits(value, Places::Fraction, Some(places), Some(0));
        let parts = Parts::positional(sign, &found).trimmed(Trim::ToPoint);
        let after = self.after;
        format!("{:>before$}.{:<after$}", parts.whole, parts.fraction)
    }
}
