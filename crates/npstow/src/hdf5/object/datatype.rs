//! Datatypes: what the elements are in the file, to the bit (HDF5 IV.A.2.d).
#![forbid(unsafe_code)]

use crate::cursor::Cursor;
use crate::hdf5::read::{before_nul, c_string, text, unknown, unsigned};
use crate::{Error, Order, Result};

/// A datatype: its class, and the bytes of an element.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::hdf5) struct Type {
    pub(in crate::hdf5) class: Class,
    pub(in crate::hdf5) size: usize,
}

/// Where in an element the bits of a number are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::hdf5) struct Bits {
    pub(in crate::hdf5) order: Order,
    pub(in crate::hdf5) offset: u16,
    pub(in crate::hdf5) precision: u16,
}

/// A binary float.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::hdf5) struct Float {
    pub(in crate::hdf5) bits: Bits,
    pub(in crate::hdf5) sign: u8,
    pub(in crate::hdf5) exponent: (u8, u8),
    pub(in crate::hdf5) mantissa: (u8, u8),
    pub(in crate::hdf5) bias: u32,
    /// 0: all bits of the mantissa are there; 1: the first one is set; 2: it is left out.
    pub(in crate::hdf5) norm: u8,
    pub(in crate::hdf5) is_vax: bool,
}

/// Character sets of strings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::hdf5) enum Charset {
    Ascii,
    Utf8,
}

/// What stands behind a string of a fixed length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::hdf5) enum Padding {
    /// A NUL, and whatever there was behind it.
    Terminated,
    /// NULs; there may be others in it.
    Nuls,
    /// Spaces.
    Spaces,
}

#[derive(Clone, Debug, PartialEq)]
pub(in crate::hdf5) enum Class {
    Int {
        signed: bool,
        bits: Bits,
    },
    Float(Float),
    Time,
    Text(Charset, Padding),
    BitField(Bits),
    Opaque {
        tag: String,
    },
    Compound(Vec<Member>),
    /// 0: an object; 1: a region of a dataset; others are those of 1.12.
    Reference(u8),
    Enum {
        base: Box<Type>,
        names: Vec<String>,
        values: Vec<Vec<u8>>,
    },
    Sequence(Box<Type>),
    VariableText(Charset),
    Array {
        base: Box<Type>,
        shape: Vec<usize>,
    },
    Complex(Box<Type>),
}

/// A field of a compound datatype.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::hdf5) struct Member {
    pub(in crate::hdf5) name: String,
    pub(in crate::hdf5) offset: usize,
    pub(in crate::hdf5) what: Type,
}

/// How deep datatypes may lie in one another.
pub(in crate::hdf5) const DEPTH: usize = 32;

impl Type {
    /// Parses a datatype, which may have padding behind it.
    pub(in crate::hdf5) fn parse(body: &[u8]) -> Result<Self> {
        parse(&mut Cursor::new(body), DEPTH)
    }
}

fn parse(cursor: &mut Cursor<'_>, depth: usize) -> Result<Type> {
    let at = cursor.position();
    let Some(depth) = depth.checked_sub(1) else {
        return Err(Error::limit("a depth of datatypes", DEPTH as u64, "more").at(at));
    };
    let head = cursor.u8("a datatype")?;
    let (class, version) = (head & 0x0f, head >> 4);
    let [low, middle, high] = cursor.array::<3>("flags of a datatype")?;
    let flags = u32::from_le_bytes([low, middle, high, 0]);
    let size = cursor.u32_le("a size of a datatype")?;
    let size = usize::try_from(size).map_err(|_| unknown("a datatype of bytes", size))?;
    if !(1..=5).contains(&version) {
        return Err(unknown("a datatype of version", version).at(at));
    }
    if size == 0 && !matches!(class, 3 | 5) {
        return Err(Error::corrupt("a datatype of at least one byte", 0).at(at));
    }
    let class = match class {
        0 => Class::Int { signed: low & 8 != 0, bits: bits(cursor, low)? },
        1 => Class::Float(float(cursor, version, low, middle)?),
        2 => {
            cursor.take(2, "a precision")?;
            Class::Time
        }
        3 => Class::Text(charset(low >> 4), padding(low & 0x0f)),
        4 => Class::BitField(bits(cursor, low)?),
        5 => {
            let tag = cursor.take(low.into(), "a tag")?;
            Class::Opaque { tag: text(before_nul(tag)) }
        }
        6 => Class::Compound(members(cursor, (flags & 0xffff, version), size, depth)?),
        7 => Class::Reference(low & 0x0f),
        8 => enumeration(cursor, (flags & 0xffff, version), depth)?,
        9 => {
            let base = parse(cursor, depth)?;
            match low & 0x0f {
                0 => Class::Sequence(Box::new(base)),
                1 => Class::VariableText(charset(middle)),
                other => return Err(unknown("a variable-length datatype of kind", other).at(at)),
            }
        }
        10 => array(cursor, version, depth)?,
        11 => Class::Complex(Box::new(parse(cursor, depth)?)),
        other => return Err(unknown("a datatype of class", other).at(at)),
    };
    check(Type { class, size }).map_err(|e| e.at(at))
}

/// Sizes that contradict one another.
fn check(what: Type) -> Result<Type> {
    let (size, needed) = match &what.class {
        Class::Compound(members) => {
            let ends = members.iter().map(|m| m.offset.saturating_add(m.what.size));
            (what.size, ends.max().unwrap_or(0))
        }
        Class::Array { base, shape } => {
            let all = shape.iter().try_fold(base.size, |n, &length| n.checked_mul(length));
            match all {
                Some(all) if all == what.size => (all, all),
                _ => {
                    let found = format!("{shape:?} of {} bytes each", base.size);
                    let expected = format!("an array of {} bytes", what.size);
                    return Err(Error::corrupt(expected, found));
                }
            }
        }
        Class::Enum { base, .. } => (what.size, base.size),
        Class::Complex(base) => (what.size, base.size.saturating_mul(2)),
        _ => (what.size, 0),
    };
    if needed > size {
        let expected = format!("a datatype of at least {needed} bytes");
        return Err(Error::corrupt(expected, size));
    }
    Ok(what)
}

fn order(low: u8) -> Order {
    if low & 1 == 0 { Order::Little } else { Order::Big }
}

fn bits(cursor: &mut Cursor<'_>, low: u8) -> Result<Bits> {
    let offset = cursor.u16_le("an offset of bits")?;
    Ok(Bits { order: order(low), offset, precision: cursor.u16_le("a precision")? })
}

fn float(cursor: &mut Cursor<'_>, version: u8, low: u8, sign: u8) -> Result<Float> {
    let bits = bits(cursor, low)?;
    let exponent = (cursor.u8("an exponent")?, cursor.u8("an exponent")?);
    let mantissa = (cursor.u8("a mantissa")?, cursor.u8("a mantissa")?);
    let bias = cursor.u32_le("a bias")?;
    // The sixth bit says nothing before the third version, as in the library.
    let (norm, is_vax) = ((low >> 4) & 3, version > 2 && low & 0x41 == 0x41);
    Ok(Float { bits, sign, exponent, mantissa, bias, norm, is_vax })
}

fn charset(bits: u8) -> Charset {
    if bits & 0x0f == 1 { Charset::Utf8 } else { Charset::Ascii }
}

fn padding(bits: u8) -> Padding {
    match bits {
        1 => Padding::Nuls,
        2 => Padding::Spaces,
        _ => Padding::Terminated,
    }
}

/// A name, which versions 1 and 2 pad to whole 8 bytes.
fn name(cursor: &mut Cursor<'_>, version: u8) -> Result<String> {
    raw_name(cursor, version).map(text)
}

/// The bytes of a name.
pub(in crate::hdf5) fn raw_name<'a>(cursor: &mut Cursor<'a>, version: u8) -> Result<&'a [u8]> {
    let start = cursor.position();
    let name = c_string(cursor, "a name of a member")?;
    if version < 3 {
        let used = cursor.position() - start;
        let padding = usize::try_from(used.next_multiple_of(8) - used).unwrap_or(0);
        cursor.take(padding, "padding")?;
    }
    Ok(name)
}

fn members(
    cursor: &mut Cursor<'_>,
    (count, version): (u32, u8),
    size: usize,
    depth: usize,
) -> Result<Vec<Member>> {
    let mut members = Vec::new();
    for _ in 0..count {
        let name = name(cursor, version)?;
        let offset = offset_of_member(cursor, version, size)?;
        let shape = if version == 1 { old_shape(cursor)? } else { Vec::new() };
        let base = parse(cursor, depth)?;
        let what = if shape.is_empty() { base } else { repeated(base, shape)? };
        members.push(Member { name, offset, what });
    }
    Ok(members)
}

/// Where a member begins in a record of this size.
pub(in crate::hdf5) fn offset_of_member(
    cursor: &mut Cursor<'_>,
    version: u8,
    size: usize,
) -> Result<usize> {
    // The bytes that an offset needs, as many as those of the size.
    let bits = usize::BITS - size.leading_zeros();
    let width = usize::try_from(bits.div_ceil(8)).unwrap_or(8).max(1);
    let width = if version < 3 { 4 } else { width };
    let offset = unsigned(cursor, width, "an offset of a member")?;
    Ok(usize::try_from(offset).unwrap_or(usize::MAX))
}

/// Version 1 has arrays in its members only: up to four axes.
pub(in crate::hdf5) fn old_shape(cursor: &mut Cursor<'_>) -> Result<Vec<usize>> {
    let axes = usize::from(cursor.u8("a number of axes")?);
    cursor.take(11, "a permutation")?;
    let lengths = (0..4).map(|_| cursor.u32_le("a length of an axis"));
    let lengths = lengths.collect::<Result<Vec<_>>>()?;
    if axes > lengths.len() {
        return Err(Error::corrupt("a member of at most 4 axes", axes));
    }
    Ok(lengths.iter().take(axes).map(|&n| usize::try_from(n).unwrap_or(usize::MAX)).collect())
}

fn repeated(base: Type, shape: Vec<usize>) -> Result<Type> {
    let all = shape.iter().try_fold(base.size, |n, &length| n.checked_mul(length));
    let size = all.ok_or_else(|| Error::corrupt("an array that fits in memory", "a larger one"))?;
    Ok(Type { class: Class::Array { base: Box::new(base), shape }, size })
}

fn enumeration(
    cursor: &mut Cursor<'_>,
    (count, version): (u32, u8),
    depth: usize,
) -> Result<Class> {
    let base = parse(cursor, depth)?;
    let names = (0..count).map(|_| name(cursor, version)).collect::<Result<_>>()?;
    let value = |_| cursor.take(base.size, "a value of an enumeration").map(<[u8]>::to_vec);
    let values = (0..count).map(value).collect::<Result<_>>()?;
    Ok(Class::Enum { base: Box::new(base), names, values })
}

fn array(cursor: &mut Cursor<'_>, version: u8, depth: usize) -> Result<Class> {
    let shape = axes(cursor, version)?;
    Ok(Class::Array { base: Box::new(parse(cursor, depth)?), shape })
}

/// The lengths of the axes of an array.
pub(in crate::hdf5) fn axes(cursor: &mut Cursor<'_>, version: u8) -> Result<Vec<usize>> {
    let axes = usize::from(cursor.u8("a number of axes")?);
    if version < 3 {
        cursor.take(3, "padding")?;
    }
    let length = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
    let shape = (0..axes).map(|_| cursor.u32_le("a length of an axis").map(length));
    let shape = shape.collect::<Result<Vec<_>>>()?;
    if version < 3 {
        cursor.take(4 * axes, "a permutation")?;
    }
    Ok(shape)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `<i4` of version 1.
    const INT: [u8; 12] = [0x10, 8, 0, 0, 4, 0, 0, 0, 0, 0, 32, 0];

    fn refused_when_cut(body: &[u8]) {
        for len in 0..body.len() {
            assert!(Type::parse(&body[..len]).is_err(), "{len}");
        }
    }

    #[test]
    fn numbers() {
        let bits = Bits { order: Order::Little, offset: 0, precision: 32 };
        let int = Type { class: Class::Int { signed: true, bits }, size: 4 };
        assert_eq!(Type::parse(&INT).unwrap(), int);
        refused_when_cut(&INT);
        let float = [0x11, 0x21, 31, 0, 4, 0, 0, 0, 0, 0, 32, 0, 23, 8, 0, 23, 127, 0, 0, 0];
        match Type::parse(&float).unwrap().class {
            Class::Float(float) => {
                assert_eq!((float.bits.order, float.norm, float.sign), (Order::Big, 2, 31));
                assert_eq!((float.exponent, float.mantissa, float.bias), ((23, 8), (0, 23), 127));
            }
            other => panic!("{other:?}"),
        }
        refused_when_cut(&float);
    }

    #[test]
    fn members_of_every_version() {
        let old = [&[0x16, 1, 0, 0, 8, 0, 0, 0][..], b"ab\0\0\0\0\0\0", &[4, 0, 0, 0, 1], &[0; 11]];
        let old = [&old.concat()[..], &[1, 0, 0, 0], &[0; 12], &INT].concat();
        let new = [&[0x36, 1, 0, 0, 8, 0, 0, 0][..], b"ab\0", &[4], &INT].concat();
        for (body, is_array) in [(old, true), (new, false)] {
            match Type::parse(&body).unwrap().class {
                Class::Compound(members) => {
                    assert_eq!((members[0].name.as_str(), members[0].offset), ("ab", 4));
                    assert_eq!(matches!(members[0].what.class, Class::Array { .. }), is_array);
                }
                other => panic!("{other:?}"),
            }
            refused_when_cut(&body);
        }
        // The member ends behind the record.
        let long = [&[0x36, 1, 0, 0, 7, 0, 0, 0][..], b"ab\0", &[4], &INT].concat();
        assert!(Type::parse(&long).is_err());
    }

    #[test]
    fn depth_ends() {
        let mut body = Vec::new();
        for _ in 0..40 {
            body.extend([0x39, 0, 0, 0, 16, 0, 0, 0]);
        }
        body.extend(INT);
        assert!(Type::parse(&body).is_err());
        assert!(Type::parse(&body[8 * 30..]).is_ok());
    }

    #[test]
    fn enums_arrays_and_the_like() {
        let booleans =
            [&[0x38, 2, 0, 0, 4, 0, 0, 0][..], &INT, b"F\0T\0", &[0, 0, 0, 0, 1, 0, 0, 0]];
        let booleans = booleans.concat();
        match Type::parse(&booleans).unwrap().class {
            Class::Enum { names, values, .. } => {
                assert_eq!(
                    (names, values[1].as_slice()),
                    (vec!["F".into(), "T".into()], &[1, 0, 0, 0][..])
                );
            }
            other => panic!("{other:?}"),
        }
        refused_when_cut(&booleans);
        let array = [&[0x3a, 0, 0, 0, 24, 0, 0, 0, 2, 2, 0, 0, 0, 3, 0, 0, 0][..], &INT].concat();
        assert!(
            matches!(Type::parse(&array).unwrap().class, Class::Array { shape, .. } if shape == [2, 3])
        );
        refused_when_cut(&array);
        let opaque = Type::parse(&[0x15, 2, 0, 0, 3, 0, 0, 0, b'a', 0]).unwrap();
        assert_eq!(opaque, Type { class: Class::Opaque { tag: "a".to_owned() }, size: 3 });
    }
}
