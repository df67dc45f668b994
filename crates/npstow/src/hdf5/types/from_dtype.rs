//! A dtype as a datatype message (HDF5 IV.A.2.d), as h5py describes it.
#![forbid(unsafe_code)]

use crate::error::quoted;
use crate::hdf5::write::emit::{Emit, width};
use crate::hdf5::write::object_header::Message;
use crate::{Dtype, Error, Field, Kind, Order, Record, Result, Scalar};

/// In which form types with parts are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// As since the first version, which has no arrays: they come with the second.
    Old,
    /// Without padding.
    Latest,
}

/// Classes of datatypes.
pub(super) mod class {
    pub(crate) const INTEGER: u8 = 0;
    pub(crate) const FLOAT: u8 = 1;
    pub(crate) const TIME: u8 = 2;
    pub(crate) const STRING: u8 = 3;
    pub(crate) const BITS: u8 = 4;
    pub(crate) const OPAQUE: u8 = 5;
    pub(crate) const COMPOUND: u8 = 6;
    pub(crate) const REFERENCE: u8 = 7;
    pub(crate) const ENUM: u8 = 8;
    pub(crate) const VARIABLE: u8 = 9;
    pub(crate) const ARRAY: u8 = 10;
    pub(crate) const COMPLEX: u8 = 11;
}

/// The most axes of an array: `H5S_MAX_RANK`.
pub(crate) const MAX_RANK: usize = 32;

/// The error for more axes than HDF5 has.
pub(crate) fn too_many_axes(rank: usize) -> Error {
    Error::unsupported(format_args!("{rank} axes in HDF5 (at most {MAX_RANK})"))
}

/// The body of the message.
///
/// # Errors
/// `Unsupported`, naming the part that HDF5 has no type for; `Limit` where the message would not
/// fit a header.
pub(crate) fn datatype(dtype: &Dtype, form: Form) -> Result<Vec<u8>> {
    let version = match form {
        Form::Latest => 3,
        Form::Old if has_array(dtype) => 2,
        Form::Old => 1,
    };
    let mut out = Emit::new();
    put(&mut out, dtype, version)?;
    if out.len() > Message::MOST {
        let what = "the description of a dtype in a header of HDF5 (bytes)";
        return Err(Error::limit(what, Message::MOST as u64, out.len()));
    }
    Ok(out.finish())
}

/// Text of any length in UTF-8, as h5py keeps `str`, or in ASCII.
pub(crate) fn variable_text(utf8: bool) -> Vec<u8> {
    let mut out = Emit::new();
    begin(&mut out, 1, class::VARIABLE, [1, utf8.into(), 0], 16);
    integer(&mut out, 1, false, Order::None);
    out.finish()
}

/// Sequences of any length.
///
/// # Errors
/// As [`datatype`].
pub(crate) fn sequence(base: &Dtype, form: Form) -> Result<Vec<u8>> {
    let mut out = Emit::new();
    begin(&mut out, if form == Form::Latest { 3 } else { 1 }, class::VARIABLE, [0; 3], 16);
    out.bytes(&datatype(base, form)?);
    Ok(out.finish())
}

fn has_array(dtype: &Dtype) -> bool {
    match dtype {
        Dtype::Scalar(_) => false,
        Dtype::Array(..) => true,
        Dtype::Record(record) => record.fields().iter().any(|field| has_array(field.dtype())),
    }
}

/// Class, version, bits and size, which every type begins with.
pub(super) fn begin(out: &mut Emit, version: u8, class: u8, bits: [u8; 3], size: u32) {
    out.u8(version << 4 | class).bytes(&bits).u32(size);
}

/// Sizes are those of items, which are at most 2^31 - 1.
fn size_of(dtype: &Dtype) -> u32 {
    u32::try_from(dtype.itemsize()).expect("item sizes fit 31 bits")
}

fn put(out: &mut Emit, dtype: &Dtype, version: u8) -> Result<()> {
    if dtype.itemsize() == 0 {
        return Err(Error::unsupported(format_args!("items of no bytes ({dtype}) in HDF5")));
    }
    match dtype {
        Dtype::Scalar(scalar) => put_scalar(out, *scalar, version),
        Dtype::Array(base, shape) => put_array(out, dtype, base, shape, version),
        Dtype::Record(record) => put_record(out, dtype, record, version),
    }
}

fn put_scalar(out: &mut Emit, scalar: Scalar, version: u8) -> Result<()> {
    let (size, order) = (scalar.itemsize(), scalar.order());
    match scalar.kind() {
        Kind::Bool => truth(out, version),
        Kind::Int => integer(out, size_of(&scalar.into()), true, order),
        Kind::Uint => integer(out, size_of(&scalar.into()), false, order),
        Kind::Float => float(out, size, order),
        Kind::Complex => complex(out, size, order, version),
        // Padded with NUL, ASCII.
        Kind::Bytes => begin(out, 1, class::STRING, [1, 0, 0], size_of(&scalar.into())),
        Kind::Void => opaque(out, scalar, ""),
        // What h5py writes for dates, and reads for every dtype.
        Kind::Str | Kind::Datetime | Kind::Timedelta => {
            opaque(out, scalar, &format!("NUMPY:{scalar}"));
        }
        Kind::Object => return Err(Error::unsupported("Python objects in HDF5")),
    }
    Ok(())
}

fn integer(out: &mut Emit, size: u32, signed: bool, order: Order) {
    let bits = u8::from(order == Order::Big) | if signed { 8 } else { 0 };
    let precision = u16::try_from(8 * size).expect("integers are of at most 8 bytes");
    begin(out, 1, class::INTEGER, [bits, 0, 0], size);
    out.u16(0).u16(precision);
}

/// The layout of a float: its precision, its exponent and its mantissa.
struct Float {
    precision: u8,
    exponent: u8,
    mantissa: u8,
    bias: u32,
    /// Whether the first bit of the mantissa is left out.
    implied: bool,
}

fn float(out: &mut Emit, size: usize, order: Order) {
    let of = |precision, exponent, mantissa, bias| Float {
        precision,
        exponent,
        mantissa,
        bias,
        implied: precision != 80,
    };
    let layout = match size {
        2 => of(16, 5, 10, 15),
        4 => of(32, 8, 23, 127),
        8 => of(64, 11, 52, 1023),
        // The long double of x86: 80 bits and padding.
        _ => of(80, 15, 64, 16_383),
    };
    let bits = u8::from(order == Order::Big) | if layout.implied { 0x20 } else { 0 };
    let sign = layout.precision - 1;
    let size = u32::try_from(size).expect("floats are of at most 16 bytes");
    begin(out, 1, class::FLOAT, [bits, sign, 0], size);
    out.u16(0).u16(layout.precision.into());
    out.bytes(&[layout.mantissa, layout.exponent, 0, layout.mantissa]).u32(layout.bias);
}

/// h5py's enumeration for `bool`.
fn truth(out: &mut Emit, version: u8) {
    begin(out, version, class::ENUM, [2, 0, 0], 1);
    integer(out, 1, true, Order::None);
    for name in ["FALSE", "TRUE"] {
        put_name(out, name.as_bytes(), version);
    }
    out.bytes(&[0, 1]);
}

/// h5py's record for complex numbers.
fn complex(out: &mut Emit, size: usize, order: Order, version: u8) {
    let half = size / 2;
    let whole = u32::try_from(size).expect("complex numbers are of at most 32 bytes");
    begin(out, version, class::COMPOUND, [2, 0, 0], whole);
    for (name, offset) in [("r", 0), ("i", half)] {
        begin_member(out, name.as_bytes(), offset as u64, size as u64, version);
        float(out, half, order);
    }
}

/// Bytes that HDF5 does not look into, with a tag that says what they are.
fn opaque(out: &mut Emit, scalar: Scalar, tag: &str) {
    let len = tag.len().next_multiple_of(8);
    let bits = [u8::try_from(len).expect("tags are short"), 0, 0];
    begin(out, 1, class::OPAQUE, bits, size_of(&scalar.into()));
    out.bytes(tag.as_bytes()).zeros(len - tag.len());
}

fn put_array(
    out: &mut Emit,
    dtype: &Dtype,
    base: &Dtype,
    shape: &[usize],
    version: u8,
) -> Result<()> {
    if shape.len() > MAX_RANK {
        return Err(too_many_axes(shape.len()));
    }
    begin(out, version, class::ARRAY, [0; 3], size_of(dtype));
    let length = |length: &usize| u32::try_from(*length);
    let lengths = shape.iter().map(length).collect::<Result<Vec<u32>, _>>();
    put_axes(out, &lengths.expect("lengths within an item fit 31 bits"), version);
    put(out, base, version)
}

/// How many axes there are, and how long they are.
pub(super) fn put_axes(out: &mut Emit, lengths: &[u32], version: u8) {
    let rank = u8::try_from(lengths.len()).expect("ranks were checked, or read from a byte");
    out.u8(rank).zeros(if version < 3 { 3 } else { 0 }).u32s(lengths.iter().copied());
    if version < 3 {
        out.u32s((0..rank).map(u32::from));
    }
}

fn put_record(out: &mut Emit, dtype: &Dtype, record: &Record, version: u8) -> Result<()> {
    let fields = record.fields();
    if record.has_overlap() {
        return Err(Error::unsupported("fields that overlap in HDF5"));
    }
    if fields.is_empty() {
        return Err(Error::unsupported("a record without fields in HDF5"));
    }
    let count = u16::try_from(fields.len())
        .map_err(|_| Error::limit("fields of a record in HDF5", u16::MAX.into(), fields.len()))?;
    let [low, high] = count.to_le_bytes();
    begin(out, version, class::COMPOUND, [low, high, 0], size_of(dtype));
    for field in fields {
        put_field(out, field, record.itemsize(), version).map_err(|e| in_field(e, field.name()))?;
    }
    Ok(())
}

/// Says which field it is that HDF5 has no type for.
fn in_field(e: Error, name: &str) -> Error {
    match e.what().strip_prefix("not supported: ") {
        Some(what) => Error::unsupported(format_args!("{what} (in the field '{}')", quoted(name))),
        None => e,
    }
}

fn put_field(out: &mut Emit, field: &Field, size: usize, version: u8) -> Result<()> {
    let name = field.name();
    if let Some(title) = field.title() {
        let what = format!("the title '{}' of a field in HDF5", quoted(title));
        return Err(Error::unsupported(what));
    }
    if name.is_empty() || name.contains('\0') {
        let what = format!("the name '{}' of a field in HDF5", quoted(name));
        return Err(Error::unsupported(what));
    }
    begin_member(out, name.as_bytes(), field.offset() as u64, size as u64, version);
    put(out, field.dtype(), version)
}

/// What stands before the type of a member.
pub(super) fn begin_member(out: &mut Emit, name: &[u8], offset: u64, size: u64, version: u8) {
    put_name(out, name, version);
    let offset_width = if version < 3 { 4 } else { width(size) };
    out.uint(offset, offset_width);
    if version == 1 {
        // Its own axes, of which there are none: rank, reserved, order, reserved, lengths.
        out.zeros(28);
    }
}

pub(super) fn put_name(out: &mut Emit, name: &[u8], version: u8) {
    let len = name.len() + 1;
    let whole = if version < 3 { len.next_multiple_of(8) } else { len };
    out.bytes(name).zeros(1 + whole - len);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(dtype: &str, form: Form) -> String {
        let bytes = datatype(&dtype.parse().unwrap(), form).unwrap();
        bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
    }

    /// What `h5py.h5t.py_create` of h5py 3.16.0 encodes, without its first two bytes.
    #[test]
    fn types_are_h5pys() {
        let zeros = |n| vec!["00"; n].join(" ");
        let f4 = "11 20 1f 00 04 00 00 00 00 00 20 00 17 08 00 17 7f 00 00 00";
        let i1 = "10 08 00 00 01 00 00 00 00 00 08 00";
        for (dtype, expected) in [
            ("<i4", "10 08 00 00 04 00 00 00 00 00 20 00".to_owned()),
            (">u2", "10 01 00 00 02 00 00 00 00 00 10 00".to_owned()),
            ("<f2", "11 20 0f 00 02 00 00 00 00 00 10 00 0a 05 00 0a 0f 00 00 00".to_owned()),
            (">f4", "11 21 1f 00 04 00 00 00 00 00 20 00 17 08 00 17 7f 00 00 00".to_owned()),
            ("<f8", "11 20 3f 00 08 00 00 00 00 00 40 00 34 0b 00 34 ff 03 00 00".to_owned()),
            (">f16", "11 01 4f 00 10 00 00 00 00 00 50 00 40 0f 00 40 ff 3f 00 00".to_owned()),
            (
                "?",
                format!(
                    "18 02 00 00 01 00 00 00 {i1} 46 41 4c 53 45 00 00 00 54 52 55 45 00 00 00 00 00 01"
                ),
            ),
            (
                "<c8",
                format!(
                    "16 02 00 00 08 00 00 00 72 {} {f4} 69 00 00 00 00 00 00 00 04 {} {f4}",
                    zeros(39),
                    zeros(31)
                ),
            ),
            ("S5", "13 01 00 00 05 00 00 00".to_owned()),
            ("V3", "15 00 00 00 03 00 00 00".to_owned()),
            (
                "<M8[s]",
                "15 10 00 00 08 00 00 00 4e 55 4d 50 59 3a 3c 4d 38 5b 73 5d 00 00 00 00"
                    .to_owned(),
            ),
            (
                "<U5",
                "15 10 00 00 14 00 00 00 4e 55 4d 50 59 3a 3c 55 35 00 00 00 00 00 00 00"
                    .to_owned(),
            ),
            (
                "[('a','<f4',(2,3)),('b','i1')]",
                format!(
                    "26 02 00 00 19 00 00 00 61 {} 2a 00 00 00 18 00 00 00 02 00 00 00 02 00 00 00 \
                     03 00 00 00 00 00 00 00 01 00 00 00 {f4} 62 00 00 00 00 00 00 00 18 00 00 00 {i1}",
                    zeros(11)
                ),
            ),
            (
                "[('a','<f4'),('bcdefghij','i1')]",
                format!(
                    "16 02 00 00 05 00 00 00 61 {} {f4} 62 63 64 65 66 67 68 69 6a {} 04 {} {i1}",
                    zeros(39),
                    zeros(7),
                    zeros(31)
                ),
            ),
        ] {
            assert_eq!(hex(dtype, Form::Old), expected, "{dtype}");
        }
        let text = "19 01 01 00 10 00 00 00 10 00 00 00 01 00 00 00 00 00 08 00";
        let made: Vec<_> = variable_text(true).iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(made.join(" "), text);
    }

    #[test]
    fn latest_types_have_no_padding() {
        let i1 = "10 08 00 00 01 00 00 00 00 00 08 00";
        assert_eq!(
            hex("[('a','i1',(2,)),('b','i1')]", Form::Latest),
            format!(
                "36 02 00 00 03 00 00 00 61 00 00 3a 00 00 00 02 00 00 00 01 02 00 00 00 {i1} 62 00 02 {i1}"
            )
        );
    }

    #[test]
    fn what_hdf5_has_no_type_for_is_named() {
        let overlap = vec![
            Field::new("a", Dtype::parse("<i4").unwrap(), 0),
            Field::new("b", Dtype::parse("<i4").unwrap(), 2),
        ];
        for (dtype, expected) in [
            (Dtype::parse("O").unwrap(), "not supported: Python objects in HDF5"),
            (Dtype::parse("S0").unwrap(), "not supported: items of no bytes (|S0) in HDF5"),
            (
                Dtype::parse("[('x', 'i1'), ('y', 'V0')]").unwrap(),
                "not supported: items of no bytes (|V0) in HDF5 (in the field 'y')",
            ),
            (
                Dtype::parse("[(('t', 'x'), 'i1')]").unwrap(),
                "not supported: the title 't' of a field in HDF5 (in the field 'x')",
            ),
            (
                Record::new(overlap, None).unwrap().into(),
                "not supported: fields that overlap in HDF5",
            ),
        ] {
            let e = datatype(&dtype, Form::Old).unwrap_err();
            assert_eq!(e.to_string(), expected);
        }
        let many =
            Record::packed((0..4000).map(|n| (format!("f{n}"), Dtype::parse("i1").unwrap())));
        assert!(datatype(&many.unwrap().into(), Form::Old).is_err());
    }
}
