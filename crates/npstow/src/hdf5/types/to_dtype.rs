//! Which dtype a datatype is; the table is in the documentation of the module above.
#![forbid(unsafe_code)]

use super::floats;
use crate::error::quoted;
use crate::hdf5::object::datatype::{Bits, Class, Float, Member, Type};
use crate::{Dtype, Error, Field, Kind, Order, Record, Result, Scalar};

/// The dtype of a datatype. What NumPy has no dtype for is opaque bytes; what has no fixed length
/// is an object; a float that NumPy has not is one that holds it.
pub(in crate::hdf5) fn dtype(what: &Type) -> Result<Dtype> {
    if let Class::Float(float) = &what.class {
        if let Some(size) = floats::target(float, what.size) {
            return Ok(Scalar::new(Kind::Float, floats::order(float), size)?.into());
        }
    }
    part(what)
}

/// The dtype of a part of another one, which keeps its size.
fn part(what: &Type) -> Result<Dtype> {
    let scalar = |kind, order| Scalar::new(kind, order, what.size).map(Dtype::from);
    match &what.class {
        Class::Int { signed, bits } => match what.size {
            1 | 2 | 4 | 8 if fits(*bits, what.size) => {
                scalar(if *signed { Kind::Int } else { Kind::Uint }, bits.order)
            }
            _ => void(what.size),
        },
        Class::BitField(bits) => match what.size {
            1 | 2 | 4 | 8 => scalar(Kind::Uint, bits.order),
            _ => void(what.size),
        },
        Class::Float(float) if is_ieee(float, what.size) => scalar(Kind::Float, float.bits.order),
        Class::Text(..) => scalar(Kind::Bytes, Order::None),
        Class::Opaque { tag } => opaque(tag, what.size),
        Class::Compound(members) => compound(members, what),
        Class::Enum { base, names, values } => match is_boolean(base, names, values) {
            true => Ok(Scalar::new(Kind::Bool, Order::None, 1)?.into()),
            false => part(base),
        },
        Class::Array { base, shape } => Dtype::array(part(base)?, shape),
        Class::Complex(base) => match part(base)?.as_scalar() {
            Some(part) if is_complex(part, what.size) => scalar(Kind::Complex, part.order()),
            _ => void(what.size),
        },
        Class::Sequence(_) | Class::VariableText(_) | Class::Reference(0 | 1) => {
            Ok(Scalar::new(Kind::Object, Order::None, 8)?.into())
        }
        // Floats that NumPy has not, references of 1.12, times.
        Class::Float(_) | Class::Reference(_) | Class::Time => void(what.size),
    }
}

pub(in crate::hdf5) fn void(size: usize) -> Result<Dtype> {
    Ok(Scalar::new(Kind::Void, Order::None, size)?.into())
}

pub(super) fn fits(bits: Bits, size: usize) -> bool {
    bits.precision > 0 && usize::from(bits.offset) + usize::from(bits.precision) <= 8 * size
}

fn is_complex(part: Scalar, size: usize) -> bool {
    part.kind() == Kind::Float && part.itemsize() >= 4 && 2 * part.itemsize() == size
}

/// Whether a float is one of NumPy's: those of IEEE 754, and that of the x87.
pub(in crate::hdf5) fn is_ieee(float: &Float, size: usize) -> bool {
    if float.is_vax || float.bits.offset != 0 {
        return false;
    }
    let shape = (float.exponent, float.mantissa, float.bias, float.sign);
    match size {
        2 => shape == ((10, 5), (0, 10), 15, 15) && float.norm == 2,
        4 => shape == ((23, 8), (0, 23), 127, 31) && float.norm == 2,
        8 => shape == ((52, 11), (0, 52), 1023, 63) && float.norm == 2,
        16 => shape == ((64, 15), (0, 64), 16383, 79) && float.norm != 2,
        _ => false,
    }
}

/// h5py: `NUMPY:` and the dtype of a date, a duration or a text.
fn opaque(tag: &str, size: usize) -> Result<Dtype> {
    let told = tag.strip_prefix("NUMPY:").and_then(|text| Dtype::parse(text).ok());
    let tagged = |s: Scalar| matches!(s.kind(), Kind::Datetime | Kind::Timedelta | Kind::Str);
    let told =
        told.filter(|dtype| dtype.itemsize() == size && dtype.as_scalar().is_some_and(tagged));
    told.map_or_else(|| void(size), Ok)
}

/// h5py: an enumeration of one byte with FALSE and TRUE.
fn is_boolean(base: &Type, names: &[String], values: &[Vec<u8>]) -> bool {
    let mut pairs: Vec<(&str, &[u8])> =
        names.iter().map(String::as_str).zip(values.iter().map(Vec::as_slice)).collect();
    pairs.sort_unstable();
    base.size == 1
        && matches!(base.class, Class::Int { .. })
        && pairs == [("FALSE", &[0][..]), ("TRUE", &[1][..])]
}

/// The fields as h5py has them: in the order of the file, wherever they lie.
fn compound(members: &[Member], what: &Type) -> Result<Dtype> {
    if let Some(order) = complex(members, what)? {
        return Ok(Scalar::new(Kind::Complex, order, what.size)?.into());
    }
    let fields = members.iter().map(|member| {
        let dtype = part(&member.what).map_err(|e| match e.kind() {
            crate::ErrorKind::Unsupported => {
                let name = quoted(&member.name);
                Error::unsupported(format_args!("the field '{name}': {}", e.what()))
            }
            _ => e,
        })?;
        Ok(Field::new(member.name.as_str(), dtype, member.offset))
    });
    let fields = fields.collect::<Result<Vec<_>>>()?;
    if is_varied(what) {
        // Objects are as wide as NumPy has them; nobody asks where they were.
        let packed = fields.into_iter().map(|f| (f.name().to_owned(), f.dtype().clone()));
        return Ok(Record::packed(packed)?.into());
    }
    Ok(Record::new(fields, Some(what.size))?.into())
}

/// h5py's complex: two floats, `r` and `i`.
fn complex(members: &[Member], what: &Type) -> Result<Option<Order>> {
    let [real, imaginary] = members else { return Ok(None) };
    let is = real.name == "r"
        && imaginary.name == "i"
        && real.offset == 0
        && imaginary.offset == real.what.size
        && real.what == imaginary.what
        && matches!(real.what.class, Class::Float(_));
    if !is {
        return Ok(None);
    }
    let part = part(&real.what)?.as_scalar();
    Ok(part.filter(|part| is_complex(*part, what.size)).map(Scalar::order))
}

/// Whether elements, or parts of them, have no fixed length.
pub(in crate::hdf5) fn is_varied(what: &Type) -> bool {
    match &what.class {
        Class::Sequence(_) | Class::VariableText(_) | Class::Reference(0 | 1) => true,
        Class::Array { base, .. } => is_varied(base),
        Class::Compound(members) => members.iter().any(|member| is_varied(&member.what)),
        _ => false,
    }
}

/// What elements are, for people.
pub(in crate::hdf5) fn described(what: &Type) -> String {
    match &what.class {
        Class::VariableText(_) => "text".to_owned(),
        Class::Sequence(base) => format!("sequences of {}", described(base)),
        Class::Reference(0) => "references to objects".to_owned(),
        Class::Reference(1) => "references to regions".to_owned(),
        Class::Compound(members) if is_varied(what) => {
            let field = members.iter().find(|member| is_varied(&member.what));
            let field = field.map(|field| (quoted(&field.name), described(&field.what)));
            let (name, what) = field.unwrap_or_default();
            format!("records with the field '{name}' of {what}")
        }
        Class::Array { base, .. } if is_varied(what) => format!("arrays of {}", described(base)),
        _ => dtype(what).map_or_else(|_| "elements".to_owned(), |dtype| dtype.to_string()),
    }
}
