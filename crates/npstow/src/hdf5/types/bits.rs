//! Elements that are not in the file what their dtype says: numbers that do not use all of their
//! bits, strings with something else than NULs behind them.
#![forbid(unsafe_code)]

use super::floats;
use super::to_dtype::{dtype, fits};
use crate::Order;
use crate::hdf5::object::datatype::{Bits, Class, Padding, Type};

/// Whether elements have to be changed to be what their dtype says.
pub(in crate::hdf5) fn needs_repair(what: &Type) -> bool {
    match &what.class {
        Class::Float(float) => floats::target(float, what.size).is_some(),
        _ => has_odd_parts(what),
    }
}

/// Bytes of an element once it is what its dtype says.
pub(in crate::hdf5) fn repaired_size(what: &Type) -> usize {
    match &what.class {
        Class::Float(float) => floats::target(float, what.size).unwrap_or(what.size),
        _ => what.size,
    }
}

/// The elements as their dtype says.
pub(in crate::hdf5) fn repaired(what: &Type, mut bytes: Vec<u8>) -> Vec<u8> {
    if let Class::Float(float) = &what.class {
        return match floats::target(float, what.size) {
            Some(target) => floats::converted(float, what.size, target, &bytes),
            None => bytes,
        };
    }
    if has_odd_parts(what) {
        repair(what, &mut bytes);
    }
    bytes
}

fn has_odd_parts(what: &Type) -> bool {
    match &what.class {
        Class::Int { bits, .. } => is_odd(*bits, what.size),
        Class::Text(_, padding) => *padding != Padding::Nuls,
        Class::Enum { base, .. } | Class::Array { base, .. } => has_odd_parts(base),
        Class::Compound(members) => {
            dtype(what).is_ok_and(|dtype| dtype.as_record().is_some())
                && members.iter().any(|member| has_odd_parts(&member.what))
        }
        _ => false,
    }
}

fn is_odd(bits: Bits, size: usize) -> bool {
    fits(bits, size) && matches!(size, 1 | 2 | 4 | 8) && usize::from(bits.precision) != 8 * size
}

/// Changes elements where they lie.
fn repair(what: &Type, bytes: &mut [u8]) {
    match &what.class {
        Class::Enum { base, .. } | Class::Array { base, .. } => return repair(base, bytes),
        _ => {}
    }
    for item in bytes.chunks_exact_mut(what.size.max(1)) {
        match &what.class {
            Class::Int { signed, bits } if is_odd(*bits, what.size) => {
                number(*signed, *bits, item);
            }
            Class::Text(_, padding) => pad(*padding, item),
            Class::Compound(members) => {
                for member in members {
                    let end = member.offset.saturating_add(member.what.size);
                    if let Some(field) = item.get_mut(member.offset..end) {
                        repair(&member.what, field);
                    }
                }
            }
            _ => {}
        }
    }
}

/// Makes what is behind a string NULs.
fn pad(padding: Padding, item: &mut [u8]) {
    let len = match padding {
        Padding::Nuls => return,
        Padding::Terminated => item.iter().position(|&byte| byte == 0),
        Padding::Spaces => {
            Some(item.iter().rposition(|&byte| byte != b' ').map_or(0, |last| last + 1))
        }
    };
    if let Some(rest) = len.and_then(|len| item.get_mut(len..)) {
        rest.fill(0);
    }
}

/// Brings the bits of a number to the low end, and its sign to all above.
fn number(signed: bool, bits: Bits, item: &mut [u8]) {
    let is_big = bits.order == Order::Big;
    if is_big {
        item.reverse();
    }
    let mut whole = [0; 8];
    let len = item.len();
    if let Some(place) = whole.get_mut(..len) {
        place.copy_from_slice(item);
    }
    let left = 64 - u32::from(bits.precision);
    let top = (u64::from_le_bytes(whole) >> bits.offset) << left;
    let value = match signed {
        true => (i64::from_le_bytes(top.to_le_bytes()) >> left).to_le_bytes(),
        false => (top >> left).to_le_bytes(),
    };
    if let Some(low) = value.get(..len) {
        item.copy_from_slice(low);
    }
    if is_big {
        item.reverse();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hdf5::object::datatype::{Charset, Member};

    fn odd(signed: bool, order: Order, (offset, precision): (u16, u16), size: usize) -> Type {
        Type { class: Class::Int { signed, bits: Bits { order, offset, precision } }, size }
    }

    #[test]
    fn signs_and_orders() {
        // -3 in 5 bits, 2 bits up.
        let what = odd(true, Order::Little, (2, 5), 2);
        assert!(needs_repair(&what));
        let bytes = vec![0b1111_0101, 0xff, 0b0000_1100, 0];
        assert_eq!(repaired(&what, bytes), [0xfd, 0xff, 3, 0]);
        let bytes = vec![0xff, 0b1111_0101];
        assert_eq!(repaired(&odd(true, Order::Big, (2, 5), 2), bytes.clone()), [0xff, 0xfd]);
        assert_eq!(repaired(&odd(false, Order::Big, (2, 5), 2), bytes), [0, 0b11101]);
        assert!(!needs_repair(&odd(true, Order::Big, (0, 16), 2)));
        assert!(!needs_repair(&odd(true, Order::Big, (9, 16), 2)));
    }

    #[test]
    fn strings_end_with_nuls() {
        let text = |padding| Type { class: Class::Text(Charset::Ascii, padding), size: 4 };
        let bytes = b"a\0bcab  ";
        assert_eq!(repaired(&text(Padding::Terminated), bytes.to_vec()), b"a\0\0\0ab  ");
        assert_eq!(repaired(&text(Padding::Spaces), bytes.to_vec()), b"a\0bcab\0\0");
        assert!(!needs_repair(&text(Padding::Nuls)));
        let what = text(Padding::Spaces);
        let member = Member { name: "a".to_owned(), offset: 1, what };
        let record = Type { class: Class::Compound(vec![member]), size: 6 };
        assert_eq!(repaired(&record, b" ab   ".to_vec()), b" ab\0\0 ");
    }
}
