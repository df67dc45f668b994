//! Integers of any size, as pickles hold them: two's complement, little-endian.
#![forbid(unsafe_code)]

/// Beyond these bytes an integer has more than 4300 digits, and Python refuses to print it.
const MOST_BYTES: usize = 1786;

/// Decimal digits; `None` where there are too many.
pub(crate) fn decimal(bytes: &[u8]) -> Option<String> {
    if bytes.len() > MOST_BYTES {
        return None;
    }
    let (negative, mut words) = magnitude(bytes);
    let mut groups: Vec<u32> = Vec::new();
    while !words.is_empty() {
        let mut rest = 0_u64;
        for word in words.iter_mut().rev() {
            let value = rest << 32 | u64::from(*word);
            *word = u32::try_from(value / 1_000_000_000).unwrap_or(u32::MAX);
            rest = value % 1_000_000_000;
        }
        groups.push(u32::try_from(rest).unwrap_or_default());
        while words.last() == Some(&0) {
            words.pop();
        }
    }
    let mut text = if negative { "-".to_owned() } else { String::new() };
    match groups.pop() {
        None => return Some("0".to_owned()),
        Some(first) => text.push_str(&first.to_string()),
    }
    groups.iter().rev().for_each(|group| text.push_str(&format!("{group:09}")));
    Some(text)
}

/// Hexadecimal digits, as Python's `hex`.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    let (negative, mut words) = magnitude(bytes);
    let first = words.pop().unwrap_or_default();
    let mut text = format!("{}0x{first:x}", if negative { "-" } else { "" });
    words.iter().rev().for_each(|word| text.push_str(&format!("{word:08x}")));
    text
}

/// Two's complement, little-endian, of digits to base 2, 8, 10 or 16.
pub(crate) fn binary(digits: &[u8], radix: u32, negative: bool) -> Vec<u8> {
    let mut bytes = match radix {
        10 => of_decimal(digits),
        _ => of_bits(digits, radix),
    };
    bytes.push(0);
    if negative {
        negate(&mut bytes);
    }
    bytes
}

fn negate(bytes: &mut [u8]) {
    let mut carry = true;
    for byte in bytes {
        (*byte, carry) = (!*byte).overflowing_add(u8::from(carry));
    }
}

/// Two's complement of a float that is an integer of more than 63 bits.
pub(super) fn of_float(value: f64) -> Option<Vec<u8>> {
    let bits = value.to_bits();
    // IEEE 754: eleven bits of exponent, 52 of a mantissa whose first bit is not written.
    let exponent = (bits >> 52) & 0x7ff;
    let shift = usize::try_from(exponent.checked_sub(1075)?).ok()?;
    if !value.is_finite() {
        return None;
    }
    let mantissa = (bits & ((1 << 52) - 1)) | 1 << 52;
    let mut bytes = vec![0; shift / 8];
    bytes.extend((u128::from(mantissa) << (shift % 8)).to_le_bytes());
    if value < 0.0 {
        negate(&mut bytes);
    }
    Some(bytes)
}

fn value(digit: u8, radix: u32) -> u64 {
    char::from(digit).to_digit(radix).unwrap_or_default().into()
}

fn of_decimal(digits: &[u8]) -> Vec<u8> {
    let mut bytes: Vec<u8> = Vec::new();
    for chunk in digits.chunks(9) {
        let scale = 10_u64.pow(u32::try_from(chunk.len()).unwrap_or(9));
        let mut carry = chunk.iter().fold(0, |n, digit| n * 10 + value(*digit, 10));
        for byte in &mut bytes {
            carry += u64::from(*byte) * scale;
            *byte = carry.to_le_bytes()[0];
            carry >>= 8;
        }
        while carry > 0 {
            bytes.push(carry.to_le_bytes()[0]);
            carry >>= 8;
        }
    }
    bytes
}

/// Digits of so many bits each, which takes no longer than they are.
fn of_bits(digits: &[u8], radix: u32) -> Vec<u8> {
    let (mut bytes, mut waiting, mut bits) = (Vec::new(), 0_u64, 0);
    for digit in digits.iter().rev() {
        waiting |= value(*digit, radix) << bits;
        bits += radix.trailing_zeros();
        if bits >= 8 {
            bytes.push(waiting.to_le_bytes()[0]);
            waiting >>= 8;
            bits -= 8;
        }
    }
    if bits > 0 {
        bytes.push(waiting.to_le_bytes()[0]);
    }
    bytes
}

/// Two's complement without bytes that say nothing.
pub(crate) fn trimmed(mut bytes: &[u8]) -> &[u8] {
    while let [rest @ .., last] = bytes {
        let fill = match rest.last() {
            Some(below) if below & 0x80 != 0 => 0xff,
            _ => 0,
        };
        if rest.is_empty() || *last != fill {
            break;
        }
        bytes = rest;
    }
    bytes
}

/// The sign, and the absolute value in words, the lowest first.
fn magnitude(bytes: &[u8]) -> (bool, Vec<u32>) {
    let negative = bytes.last().is_some_and(|byte| byte & 0x80 != 0);
    let fill = if negative { 0xff } else { 0 };
    let mut words = Vec::with_capacity(bytes.len() / 4 + 1);
    let mut carry = negative;
    for chunk in bytes.chunks(4) {
        let mut word = [fill; 4];
        word.iter_mut().zip(chunk).for_each(|(to, from)| *to = *from);
        let word = u32::from_le_bytes(word);
        if negative {
            let (word, next) = (!word).overflowing_add(u32::from(carry));
            words.push(word);
            carry = next;
        } else {
            words.push(word);
        }
    }
    // Only of the smallest number of its length is there one bit more.
    if negative && carry && words.iter().all(|word| *word == 0) {
        words.push(1);
    }
    while words.last() == Some(&0) {
        words.pop();
    }
    (negative, words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_of_long_integers() {
        for (bytes, text, hex) in [
            (&[0, 0, 0, 0, 0, 0, 0, 0, 1][..], "18446744073709551616", "0x10000000000000000"),
            (&[0, 0, 0, 0, 0, 0, 0, 0, 0xff], "-18446744073709551616", "-0x10000000000000000"),
            (&[0xff; 9], "-1", "-0x1"),
            (&[0, 0x80], "-32768", "-0x8000"),
            (&[0, 0, 0, 0x80], "-2147483648", "-0x80000000"),
            (&[0, 0xca, 0x9a, 0x3b], "1000000000", "0x3b9aca00"),
            (&[], "0", "0x0"),
        ] {
            assert_eq!((decimal(bytes).as_deref(), &*hexadecimal(bytes)), (Some(text), hex));
        }
        assert!(decimal(&[1; MOST_BYTES + 1]).is_none());
        assert_eq!(hexadecimal(&[1; 9]), "0x10101010101010101");
    }
}
