//! Decimal digits of a binary float: the shortest that tell it from its neighbours, cut off or
//! continued at a place. NumPy calls the method Dragon4 (Steele and White; R. Juckett).
//!
//! The value is the fraction `value / scale` of whole numbers; digits are taken off its front.
//! Plain arithmetic on long numbers is fast enough for what fits a screen.
#![forbid(unsafe_code)]

use std::cmp::Ordering;

/// A positive float: `mantissa * 2^exponent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Binary {
    pub(super) mantissa: u64,
    pub(super) exponent: i32,
    /// A power of two, whose lower neighbour is nearer than the upper one.
    pub(super) is_uneven: bool,
}

/// Where digits are counted from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Places {
    /// From the first digit on.
    All,
    /// From the point on.
    Fraction,
}

/// Digits, the first of which stands for that many times `10^exponent`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Digits {
    pub(super) digits: Vec<u8>,
    pub(super) exponent: i32,
}

/// The shortest digits, at least `least` and at most `most` of them where given.
pub(super) fn digits(
    value: Binary,
    places: Places,
    most: Option<i32>,
    least: Option<i32>,
) -> Digits {
    if value.mantissa == 0 {
        return Digits { digits: vec![0], exponent: 0 };
    }
    let mut state = State::new(value);
    let bits = 63 - i32::try_from(value.mantissa.leading_zeros()).unwrap_or(0);
    // At most one too small; see Juckett. The exponent is that of the digit before the first.
    let log = (f64::from(bits + value.exponent) * std::f64::consts::LOG10_2 - 0.69).ceil();
    #[allow(clippy::cast_possible_truncation)] // Of a number below 20,000.
    let mut exponent = log as i32;
    if let (Places::Fraction, Some(most)) = (places, most) {
        // The value may lie behind all places that are wanted: it is then rounded into the last.
        if exponent <= -most {
            exponent = 1 - most;
        }
    }
    state.scale_by(exponent);
    if state.value.cmp(&state.scale) == Ordering::Less {
        state.next_digit();
    } else {
        exponent += 1;
    }
    let from = |count: i32| match places {
        Places::All => exponent - count,
        Places::Fraction => -count,
    };
    let last = most.map(from);
    let not_before = least.map_or(exponent, |least| from(least).min(exponent));
    let first = exponent - 1;
    let is_even = value.mantissa % 2 == 0;
    let mut digits = Vec::new();
    loop {
        exponent -= 1;
        let digit = state.take_digit();
        let (low, high) = state.is_within(is_even);
        if ((low || high) && exponent <= not_before) || Some(exponent) == last {
            let is_down = if low == high { state.rounds_down(digit) } else { low };
            return finish(digits, digit, is_down, first);
        }
        digits.push(digit);
        state.next_digit();
    }
}

/// The last digit, rounded, with what is carried.
fn finish(mut digits: Vec<u8>, digit: u8, is_down: bool, first: i32) -> Digits {
    digits.push(digit);
    if is_down {
        return Digits { digits, exponent: first };
    }
    while let Some(digit) = digits.pop() {
        if digit < 9 {
            digits.push(digit + 1);
            return Digits { digits, exponent: first };
        }
    }
    Digits { digits: vec![1], exponent: first + 1 }
}

/// What is left of the value, and half the way to its neighbours, in units of `scale`.
struct State {
    value: Big,
    scale: Big,
    low_margin: Big,
    high_margin: Big,
}

impl State {
    fn new(value: Binary) -> Self {
        // Twice everything, so that half a step is whole; four times for uneven neighbours.
        let spare = 1 + u32::from(value.is_uneven);
        let shift = value.exponent.unsigned_abs();
        let (up, down) = if value.exponent >= 0 { (shift, 0) } else { (0, shift) };
        Self {
            value: Big::from(value.mantissa).shifted(up + spare),
            scale: Big::from(1).shifted(down + spare),
            low_margin: Big::from(1).shifted(up),
            high_margin: Big::from(1).shifted(up + spare - 1),
        }
    }

    /// Divides by a power of ten.
    fn scale_by(&mut self, exponent: i32) {
        for _ in 0..exponent {
            self.scale.times_ten();
        }
        for _ in exponent..0 {
            self.next_digit();
        }
    }

    fn next_digit(&mut self) {
        self.value.times_ten();
        self.low_margin.times_ten();
        self.high_margin.times_ten();
    }

    /// Takes the digit before the point off.
    fn take_digit(&mut self) -> u8 {
        let mut digit = 0;
        while digit < 9 && self.value.cmp(&self.scale) != Ordering::Less {
            self.value.subtract(&self.scale);
            digit += 1;
        }
        digit
    }

    /// Whether the digits so far, and one more in the last place, still mean this float. Its
    /// margins belong to it where its mantissa is even.
    fn is_within(&self, is_even: bool) -> (bool, bool) {
        let low = self.value.cmp(&self.low_margin);
        let high = self.value.plus(&self.high_margin).cmp(&self.scale);
        let equal = |ordering| is_even && ordering == Ordering::Equal;
        (low == Ordering::Less || equal(low), high == Ordering::Greater || equal(high))
    }

    /// Whether what is left is less than half; half goes to the even digit.
    fn rounds_down(&self, digit: u8) -> bool {
        match self.value.plus(&self.value).cmp(&self.scale) {
            Ordering::Less => true,
            Ordering::Equal => digit % 2 == 0,
            Ordering::Greater => false,
        }
    }
}

/// A long natural number: 32-bit digits, the lowest first, no zeros on top.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Big(Vec<u32>);

impl Big {
    fn from(value: u64) -> Self {
        let mut big = Self(vec![low(value), low(value >> 32)]);
        big.trim();
        big
    }

    fn trim(&mut self) {
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
    }

    fn shifted(self, bits: u32) -> Self {
        let mut shifted = vec![0; (bits / 32) as usize];
        let mut carry = 0;
        for digit in self.0 {
            let wide = u64::from(digit) << (bits % 32) | carry;
            shifted.push(low(wide));
            carry = wide >> 32;
        }
        shifted.push(low(carry));
        let mut big = Self(shifted);
        big.trim();
        big
    }

    fn times_ten(&mut self) {
        let mut carry = 0;
        for digit in &mut self.0 {
            let wide = u64::from(*digit) * 10 + carry;
            *digit = low(wide);
            carry = wide >> 32;
        }
        if carry > 0 {
            self.0.push(low(carry));
        }
    }

    fn plus(&self, other: &Self) -> Self {
        let (long, short) =
            if self.0.len() >= other.0.len() { (self, other) } else { (other, self) };
        let mut sum = long.0.clone();
        let mut carry = 0;
        for (i, digit) in sum.iter_mut().enumerate() {
            let wide = u64::from(*digit) + u64::from(short.0.get(i).copied().unwrap_or(0)) + carry;
            *digit = low(wide);
            carry = wide >> 32;
        }
        if carry > 0 {
            sum.push(low(carry));
        }
        Self(sum)
    }

    /// Subtracts a number that is not larger.
    fn subtract(&mut self, other: &Self) {
        let mut borrow = false;
        for (i, digit) in self.0.iter_mut().enumerate() {
            let (less, first) = digit.overflowing_sub(other.0.get(i).copied().unwrap_or(0));
            let (less, second) = less.overflowing_sub(u32::from(borrow));
            *digit = less;
            borrow = first || second;
        }
        self.trim();
    }

    fn cmp(&self, other: &Self) -> Ordering {
        let by_length = self.0.len().cmp(&other.0.len());
        by_length.then_with(|| self.0.iter().rev().cmp(other.0.iter().rev()))
    }
}

/// The lower half.
fn low(value: u64) -> u32 {
    u32::try_from(value & 0xffff_ffff).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shortest(value: f64) -> String {
        let bits = value.to_bits();
        let (fraction, biased) = (bits & ((1 << 52) - 1), i32::try_from(bits >> 52).unwrap());
        let binary = Binary {
            mantissa: fraction | 1 << 52,
            exponent: biased - 1075,
            is_uneven: fraction == 0 && biased > 1,
        };
        let Digits { digits, exponent } = digits(binary, Places::All, None, None);
        let text: String = digits.iter().map(|digit| char::from(b'0' + digit)).collect();
        let (first, rest) = text.split_at(1);
        let point = if rest.is_empty() { "" } else { "." };
        format!("{first}{point}{rest}e{exponent}")
    }

    #[test]
    fn doubles_have_the_digits_that_rust_gives_them() {
        let mut value = 1.234_567e-300_f64;
        while value < 1e300 {
            assert_eq!(shortest(value), format!("{value:e}"));
            value *= 1.7;
        }
        // Of two equally near, Python and NumPy take the even digit; Rust does not.
        assert_eq!(shortest(2f64.powi(-25)), "2.9802322387695312e-8");
        for power in -1000..1000 {
            let value = 2f64.powi(power);
            let found = shortest(value);
            assert_eq!(found.parse::<f64>(), Ok(value));
            assert_eq!(found.len(), format!("{value:e}").len());
        }
    }
}
