//! Datatypes that are carried from one file to another: what they say beyond a dtype is kept, in a
//! version that the form asked for has.
//!
//! Names, tags, precisions and paddings are copied as they stand. What changes from version to
//! version is how types with parts put these one after another: padded names and wide offsets up
//! to version 2, axes of members in version 1 only.
#![forbid(unsafe_code)]

use super::from_dtype::{Form, begin, begin_member, class, put_axes, put_name};
use super::to_dtype::{dtype, fits, is_ieee};
use crate::cursor::Cursor;
use crate::hdf5::object::datatype::{
    Bits, Charset, Class, DEPTH, Float, Padding, Type, axes, offset_of_member, old_shape, raw_name,
};
use crate::hdf5::read::unknown;
use crate::hdf5::write::emit::Emit;
use crate::hdf5::write::object_header::Message;
use crate::{Dtype, Error, Kind, Order, Result};

/// The datatype in this form.
///
/// # Errors
/// `Corrupt` for what is no datatype; `Unsupported` for one that has no place in a new file;
/// `Limit` where it would not fit a header.
pub(in crate::hdf5) fn carried(body: &[u8], form: Form) -> Result<Vec<u8>> {
    let what = Type::parse(body)?;
    if !has_place(&what) {
        return Err(Error::unsupported("a datatype that has no place in a new file of HDF5"));
    }
    let oldest = match form {
        Form::Old => oldest(&what),
        Form::Latest => LATEST,
    };
    // Padding may be too much for a header.
    for version in [oldest, LATEST] {
        let mut out = Emit::new();
        put(&mut out, &mut Cursor::new(body), version, DEPTH)?;
        if out.len() <= Message::MOST {
            return Ok(out.finish());
        }
    }
    let what = "the description of a datatype in a header of HDF5 (bytes)";
    Err(Error::limit(what, Message::MOST as u64, body.len()))
}

/// What HDF5 knows since 1.8: no padding, and the order of bytes of a VAX.
const LATEST: u8 = 3;

/// The oldest version that has a word for a type.
fn oldest(what: &Type) -> u8 {
    match &what.class {
        Class::Float(float) if float.is_vax => LATEST,
        Class::Array { base, .. } => oldest(base).max(2),
        Class::Enum { base, .. } | Class::Sequence(base) | Class::Complex(base) => oldest(base),
        Class::Compound(members) => {
            members.iter().map(|member| oldest(&member.what)).max().unwrap_or(1)
        }
        _ => 1,
    }
}

/// Whether a type says more than its dtype, and can be carried.
pub(in crate::hdf5) fn is_carried(what: &Type) -> bool {
    says_more(what) && has_place(what)
}

/// Whether a dtype made of a type would be written as another type.
fn says_more(what: &Type) -> bool {
    let whole =
        |bits: &Bits| fits(*bits, what.size) && usize::from(bits.precision) == 8 * what.size;
    match &what.class {
        // One byte has an order in HDF5, if one likes.
        Class::Int { bits, .. } if what.size == 1 => !whole(bits) || bits.order == Order::Big,
        Class::Int { bits, .. } => !(whole(bits) && matches!(what.size, 2 | 4 | 8)),
        Class::Float(float) => !is_numpys(float, what.size),
        Class::Text(charset, padding) => (*charset, *padding) != (Charset::Ascii, Padding::Nuls),
        Class::Opaque { tag } => !tag.is_empty(),
        Class::Compound(members) => members.iter().any(|member| says_more(&member.what)),
        Class::Array { base, .. } | Class::Complex(base) => says_more(base),
        Class::BitField(_) | Class::Time | Class::Enum { .. } => true,
        Class::Sequence(_) | Class::VariableText(_) | Class::Reference(_) => false,
    }
}

/// Whether a float is just what a dtype of it would be written as.
fn is_numpys(float: &Float, size: usize) -> bool {
    let precision = if size == 16 { 80 } else { 8 * size };
    is_ieee(float, size)
        && usize::from(float.bits.precision) == precision
        && (size < 16 || float.norm == 0)
}

/// Whether there are references of 1.12 in a type: addresses of the file that they are in.
pub(in crate::hdf5) fn refers(what: &Type) -> bool {
    match &what.class {
        Class::Reference(kind) => *kind >= 2,
        Class::Compound(members) => members.iter().any(|member| refers(&member.what)),
        Class::Array { base, .. } | Class::Sequence(base) => refers(base),
        _ => false,
    }
}

/// Whether a type can be written: references of 1.12 are places of their file, the complex class
/// is written as h5py has complex numbers, if it is one of NumPy's, and numbers that use less than
/// half of their bits are what HDF5 itself takes for damaged.
pub(in crate::hdf5) fn has_place(what: &Type) -> bool {
    match &what.class {
        Class::Int { bits, .. } | Class::BitField(bits) | Class::Float(Float { bits, .. }) => {
            what.size == 1 || usize::from(bits.precision) >= 4 * what.size
        }
        Class::Reference(kind) => *kind < 2,
        Class::Compound(members) => members.iter().all(|member| has_place(&member.what)),
        Class::Array { base, .. } | Class::Enum { base, .. } | Class::Sequence(base) => {
            has_place(base)
        }
        Class::Complex(_) => {
            let scalar = dtype(what).ok().as_ref().and_then(Dtype::as_scalar);
            scalar.is_some_and(|scalar| scalar.kind() == Kind::Complex)
        }
        _ => true,
    }
}

/// What stands for an element in a heap: a length, an address of 8 bytes, a number.
const IN_HEAP: u32 = 16;

/// References to objects, which are addresses, and to regions, which lie in a heap.
const REFERENCES: [u32; 2] = [8, 12];

/// Reads a type and writes it in another version; the bytes of an element. Places in a file take as
/// many bytes as in ours.
fn put(out: &mut Emit, cursor: &mut Cursor<'_>, version: u8, depth: usize) -> Result<u32> {
    let at = cursor.position();
    let Some(depth) = depth.checked_sub(1) else {
        return Err(Error::limit("a depth of datatypes", DEPTH as u64, "more").at(at));
    };
    let head = cursor.u8("a datatype")?;
    let (class, from) = (head & 0x0f, head >> 4);
    let bits = cursor.array::<3>("flags of a datatype")?;
    let mut size = cursor.u32_le("a size of a datatype")?;
    let [low, middle, _] = bits;
    let count = u16::from_le_bytes([low, middle]);
    let is_vax = class == class::FLOAT && from > 2 && low & 0x41 == 0x41;
    match class {
        class::VARIABLE => size = IN_HEAP,
        class::REFERENCE => size = REFERENCES.get(usize::from(low & 0x0f)).copied().unwrap_or(size),
        _ => {}
    }
    match class {
        // It says the same as a record; of an array, the size is not known yet.
        class::COMPLEX | class::ARRAY => {}
        class::COMPOUND | class::ENUM | class::VARIABLE => {
            begin(out, version, class, bits, size);
        }
        _ => begin(out, if is_vax { LATEST } else { 1 }, class, bits, size),
    }
    match class {
        class::INTEGER | class::BITS => copy(out, cursor, 4)?,
        class::FLOAT => copy(out, cursor, 12)?,
        class::TIME => copy(out, cursor, 2)?,
        class::STRING | class::REFERENCE => {}
        class::OPAQUE => copy(out, cursor, low.into())?,
        class::COMPOUND => {
            for _ in 0..count {
                put_member(out, cursor, (from, version), size, depth)?;
            }
        }
        class::ENUM => put_values(out, cursor, (count, from, version), depth)?,
        class::VARIABLE => drop(put(out, cursor, version, depth)?),
        class::ARRAY => {
            let (shape, mut base) = (lengths(axes(cursor, from)?), Emit::new());
            let each = put(&mut base, cursor, version, depth)?;
            size = shape.iter().fold(each, |n, &length| n.saturating_mul(length));
            begin(out, version, class, bits, size);
            put_axes(out, &shape, version);
            out.bytes(&base.finish());
        }
        class::COMPLEX => {
            let mut base = Emit::new();
            let half = put(&mut base, cursor, version, depth)?;
            put_complex(out, (size, half), &base.finish(), version);
        }
        other => return Err(unknown("a datatype of class", other).at(at)),
    }
    Ok(size)
}

/// Copies what is the same in every version.
fn copy(out: &mut Emit, cursor: &mut Cursor<'_>, len: usize) -> Result<()> {
    out.bytes(cursor.take(len, "properties of a datatype")?);
    Ok(())
}

fn lengths(shape: Vec<usize>) -> Vec<u32> {
    shape.into_iter().map(|length| u32::try_from(length).unwrap_or(u32::MAX)).collect()
}

fn put_member(
    out: &mut Emit,
    cursor: &mut Cursor<'_>,
    (from, version): (u8, u8),
    size: u32,
    depth: usize,
) -> Result<()> {
    let name = raw_name(cursor, from)?;
    let offset = offset_of_member(cursor, from, size as usize)?;
    let shape = if from == 1 { old_shape(cursor)? } else { Vec::new() };
    begin_member(out, name, offset as u64, size.into(), version);
    let was = cursor.rest().get(4..8).map(<[u8]>::to_vec);
    let mut base = Emit::new();
    let each = put(&mut base, cursor, version, depth)?;
    if was.as_deref() != Some(&each.to_le_bytes()) {
        // The members behind it would have to move, in every element.
        let what = "records with places in a file of addresses that are not of 8 bytes";
        return Err(Error::unsupported(what));
    }
    if shape.is_empty() {
        out.bytes(&base.finish());
        return Ok(());
    }
    // Axes of the member, which are a type of their own since version 2.
    let shape = lengths(shape);
    let whole = shape.iter().fold(each, |n, &length| n.saturating_mul(length));
    begin(out, version, class::ARRAY, [0; 3], whole);
    put_axes(out, &shape, version);
    out.bytes(&base.finish());
    Ok(())
}

fn put_values(
    out: &mut Emit,
    cursor: &mut Cursor<'_>,
    (count, from, version): (u16, u8, u8),
    depth: usize,
) -> Result<()> {
    let size = put(out, cursor, version, depth)?;
    for _ in 0..count {
        put_name(out, raw_name(cursor, from)?, version);
    }
    for _ in 0..count {
        out.bytes(cursor.take(size as usize, "a value of an enumeration")?);
    }
    Ok(())
}

/// h5py's record for complex numbers, of any two parts.
fn put_complex(out: &mut Emit, (size, half): (u32, u32), base: &[u8], version: u8) {
    begin(out, version, class::COMPOUND, [2, 0, 0], size);
    for (name, offset) in [("r", 0), ("i", half)] {
        begin_member(out, name.as_bytes(), offset.into(), size.into(), version);
        out.bytes(base);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;
    use crate::hdf5::types::datatype;

    fn bytes(hex: &str) -> Vec<u8> {
        let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
        let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16);
        digits.chunks(2).map(|pair| byte(pair).unwrap()).collect()
    }

    const ODD: &str = "10080000 02000000 0200 0c00";
    const RECORD_OLD: &str = "26030000 0c000000 \
        6300000000000000 01000000 28020000 01000000 10080000 01000000 00000800 \
        4100000000000000 4243440000000000 01ff \
        6269670000000000 02000000 13120000 03000000 \
        6100000000000000 06000000 2a000000 06000000 01000000 03000000 00000000 \
        14010000 02000000 00001000";
    const RECORD_NEW: &str = "36030000 0c000000 \
        6300 01 38020000 01000000 10080000 01000000 00000800 4100 42434400 01ff \
        62696700 02 13120000 03000000 \
        6100 06 3a000000 06000000 01 03000000 14010000 02000000 00001000";

    /// What h5py 3.16.0 encodes with HDF5 2.0.0, which has 5 for the version of the latest form.
    fn pairs() -> Vec<(Vec<u8>, Vec<u8>)> {
        let odd = format!("18010000 02000000 {ODD} 6f6e650000000000 0400");
        let odd_new = format!("38010000 02000000 {ODD} 6f6e6500 0400");
        let pairs = [
            (&odd[..], &odd_new[..]),
            (RECORD_OLD, RECORD_NEW),
            ("14010000 02000000 00001000", "14010000 02000000 00001000"),
            ("13120000 06000000", "13120000 06000000"),
            ("12000000 04000000 2000", "12000000 04000000 2000"),
            ("15080000 03000000 6120746167000000", "15080000 03000000 6120746167000000"),
            (ODD, ODD),
            ("10090000 01000000 00000800", "10090000 01000000 00000800"),
            ("17000000 08000000", "17000000 08000000"),
        ];
        pairs.map(|(old, new)| (bytes(old), bytes(new))).to_vec()
    }

    #[test]
    fn every_type_goes_into_either_form_and_back() {
        for (old, new) in pairs() {
            for body in [&old, &new] {
                assert_eq!(carried(body, Form::Old).unwrap(), old, "{body:x?}");
                assert_eq!(carried(body, Form::Latest).unwrap(), new, "{body:x?}");
            }
            // Version 5, as HDF5 2.0 writes types with parts, is read as 3 is.
            let mut newest = new.clone();
            newest[0] = newest[0] & 0x0f | if new[0] >> 4 == 3 { 0x50 } else { 0x10 };
            assert_eq!(carried(&newest, Form::Old).unwrap(), old);
        }
        for dtype in ["<i4", "?", "c16", "S3", "U2", "V5", "[('a','>f4',(2,3)),('b','?',(1,))]"] {
            let dtype = dtype.parse().unwrap();
            let of = |form| datatype(&dtype, form).unwrap();
            for body in [of(Form::Old), of(Form::Latest)] {
                assert_eq!(carried(&body, Form::Old).unwrap(), of(Form::Old), "{dtype}");
                assert_eq!(carried(&body, Form::Latest).unwrap(), of(Form::Latest), "{dtype}");
            }
        }
    }

    #[test]
    fn cut_anywhere_it_is_an_error() {
        for (old, new) in pairs() {
            for body in [old, new] {
                for len in 0..body.len() {
                    assert!(carried(&body[..len], Form::Old).is_err(), "{len} of {body:x?}");
                    let mut cursor = Cursor::new(&body[..len]);
                    assert!(put(&mut Emit::new(), &mut cursor, 1, DEPTH).is_err(), "{len}");
                }
            }
        }
    }

    #[test]
    fn damaged_anywhere_it_ends() {
        for (old, new) in pairs() {
            for body in [old, new] {
                for at in 0..body.len() {
                    for change in [1, 2, 0x10, 0x80, 0xff] {
                        let mut damaged = body.clone();
                        damaged[at] ^= change;
                        for form in [Form::Old, Form::Latest] {
                            if let Ok(body) = carried(&damaged, form) {
                                assert!(Type::parse(&body).is_ok(), "{damaged:x?}");
                            }
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn axes_of_members_become_arrays() {
        let member = [&b"a\0\0\0\0\0\0\0"[..], &[0; 4], &[1], &[0; 11], &[3, 0, 0, 0], &[0; 12]];
        let old = [&bytes("16010000 06000000")[..], &member.concat(), &bytes(ODD)].concat();
        let new = format!("36010000 06000000 6100 00 3a000000 06000000 01 03000000 {ODD}");
        assert_eq!(carried(&old, Form::Latest).unwrap(), bytes(&new));
        let again = carried(&old, Form::Old).unwrap();
        assert_eq!((again[0], Type::parse(&again).unwrap()), (0x26, Type::parse(&old).unwrap()));
    }

    #[test]
    fn what_only_the_new_form_has_is_in_it() {
        let vax = "61 1f00 04000000 0000 2000 17 08 00 17 81000000";
        let record = bytes(&format!("36010000 04000000 6100 00 31 {vax}"));
        assert_eq!(carried(&record, Form::Old).unwrap(), record);
        // Before the third version the sixth bit says nothing.
        let not = bytes(&format!("11 {vax}"));
        assert_eq!(carried(&not, Form::Latest).unwrap(), not);
        // Names that are padded take more than a header has.
        let names: Vec<u8> = (0..9000u32).flat_map(|n| [65 + (n % 50) as u8, 0]).collect();
        let head = bytes("38282300 01000000 10080000 01000000 00000800");
        let many = [head, names, vec![0; 9000]].concat();
        assert_eq!(carried(&many, Form::Old).unwrap(), many);
        let head = bytes("38d0dd00 01000000 10080000 01000000 00000800");
        let names: Vec<u8> = (0..0xddd0u32).flat_map(|_| [65, 0]).collect();
        let more = [head, names, vec![0; 0xddd0]].concat();
        assert_eq!(carried(&more, Form::Latest).unwrap_err().kind(), ErrorKind::Limit);
    }

    #[test]
    fn complex_numbers_become_records_and_others_have_no_place() {
        let float = "11201f00 04000000 0000 2000 17 08 00 17 7f000000";
        let complex = bytes(&format!("5b000000 08000000 {float}"));
        let dtype = "<c8".parse().unwrap();
        for form in [Form::Old, Form::Latest] {
            assert_eq!(carried(&complex, form).unwrap(), datatype(&dtype, form).unwrap());
        }
        let of_bits = bytes("5b000000 04000000 14000000 02000000 0000 1000");
        let unused = bytes("10080000 04000000 0000 0f00");
        for body in [of_bits, unused, bytes("47020000 40000000")] {
            assert_eq!(carried(&body, Form::Latest).unwrap_err().kind(), ErrorKind::Unsupported);
            assert!(!is_carried(&Type::parse(&body).unwrap()));
        }
    }

    #[test]
    fn what_a_dtype_says_is_not_carried() {
        let carried = |body: &[u8]| is_carried(&Type::parse(body).unwrap());
        for dtype in
            ["<i4", ">u8", "<f2", ">f8", "<f16", "c16", "S3", "V5", "[('a','>f4',(2,)),('b','S1')]"]
        {
            assert!(!carried(&datatype(&dtype.parse().unwrap(), Form::Old).unwrap()), "{dtype}");
        }
        for (old, _) in pairs().into_iter().filter(|(old, _)| old[0] & 0x0f != 7) {
            assert!(carried(&old), "{old:x?}");
        }
    }
}
