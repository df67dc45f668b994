//! The types of `ml_dtypes`, which NumPy saves as `V2`, `V1` or unsigned integers.
//!
//! A file does not say which of them it holds, so that they are viewed as such on request only.
//! One formula decodes them all; the tests hold it against `ml_dtypes` for every code.
#![forbid(unsafe_code)]

use super::{Array, Element, MemoryOrder, named};
use crate::error::quoted;
use crate::{BufferMut, Error, Kind, Order, Result};
use std::fmt;
use std::str::FromStr;

/// A number format of Python's `ml_dtypes`.
///
/// ```
/// use npstow::{Array, Buffer, Dtype, MemoryOrder, MlType};
/// let saved = Buffer::from(vec![0x80, 0x3f, 0x00, 0xc0]);
/// let saved = Array::new(Dtype::parse("V2")?, &[2], MemoryOrder::C, saved)?;
/// let weights = saved.view_ml("bfloat16".parse()?)?;
/// assert_eq!(weights.to_f32()?.as_slice::<f32>()?, [1.0, -2.0]);
/// # Ok::<(), npstow::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MlType {
    /// The upper half of a float32.
    Bfloat16,
    /// As IEEE 754: 3 bits of exponent, 4 of mantissa.
    Float8E3m4,
    /// As IEEE 754: 4 bits of exponent, 3 of mantissa.
    Float8E4m3,
    /// Finite, no negative zero, bias 11.
    Float8E4m3b11fnuz,
    /// Finite; one NaN of each sign.
    Float8E4m3fn,
    /// Finite, no negative zero, bias 8.
    Float8E4m3fnuz,
    /// As IEEE 754: 5 bits of exponent, 2 of mantissa.
    Float8E5m2,
    /// Finite, no negative zero, bias 16.
    Float8E5m2fnuz,
    /// A power of two.
    Float8E8m0fnu,
    /// Six bits in a byte, without NaN.
    Float6E2m3fn,
    /// Six bits in a byte, without NaN.
    Float6E3m2fn,
    /// Four bits in a byte, without NaN.
    Float4E2m1fn,
    /// Two bits in a byte.
    Int2,
    /// Two bits in a byte.
    Uint2,
    /// Four bits in a byte.
    Int4,
    /// Four bits in a byte.
    Uint4,
}

/// What the largest codes mean.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Special {
    /// Infinity and NaN where all bits of the exponent are set.
    Ieee,
    /// NaN where all bits are set.
    LastIsNan,
    /// NaN instead of negative zero.
    NegativeZeroIsNan,
    /// Nothing but numbers.
    None,
}

/// How bits are read.
enum Layout {
    /// A sign, then exponent and mantissa of so many bits.
    Float { exponent: u32, mantissa: u32, bias: i32, special: Special },
    /// `2^(code - 127)`, the last code is NaN.
    Power,
    /// A whole number of so many bits.
    Integer { bits: u32, is_signed: bool },
}

impl MlType {
    /// All of them, with the names that `ml_dtypes` gives them.
    pub const ALL: [(Self, &'static str); 16] = [
        (Self::Bfloat16, "bfloat16"),
        (Self::Float8E3m4, "float8_e3m4"),
        (Self::Float8E4m3, "float8_e4m3"),
        (Self::Float8E4m3b11fnuz, "float8_e4m3b11fnuz"),
        (Self::Float8E4m3fn, "float8_e4m3fn"),
        (Self::Float8E4m3fnuz, "float8_e4m3fnuz"),
        (Self::Float8E5m2, "float8_e5m2"),
        (Self::Float8E5m2fnuz, "float8_e5m2fnuz"),
        (Self::Float8E8m0fnu, "float8_e8m0fnu"),
        (Self::Float6E2m3fn, "float6_e2m3fn"),
        (Self::Float6E3m2fn, "float6_e3m2fn"),
        (Self::Float4E2m1fn, "float4_e2m1fn"),
        (Self::Int2, "int2"),
        (Self::Uint2, "uint2"),
        (Self::Int4, "int4"),
        (Self::Uint4, "uint4"),
    ];

    /// The name in `ml_dtypes`.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(ml, _)| *ml == self).map_or("", |(_, name)| name)
    }

    /// Bytes of one element.
    #[must_use]
    pub fn itemsize(self) -> usize {
        if self == Self::Bfloat16 { 2 } else { 1 }
    }

    fn layout(self) -> Layout {
        let float =
            |exponent, mantissa, bias, special| Layout::Float { exponent, mantissa, bias, special };
        match self {
            Self::Bfloat16 => float(8, 7, 127, Special::Ieee),
            Self::Float8E3m4 => float(3, 4, 3, Special::Ieee),
            Self::Float8E4m3 => float(4, 3, 7, Special::Ieee),
            Self::Float8E4m3b11fnuz => float(4, 3, 11, Special::NegativeZeroIsNan),
            Self::Float8E4m3fn => float(4, 3, 7, Special::LastIsNan),
            Self::Float8E4m3fnuz => float(4, 3, 8, Special::NegativeZeroIsNan),
            Self::Float8E5m2 => float(5, 2, 15, Special::Ieee),
            Self::Float8E5m2fnuz => float(5, 2, 16, Special::NegativeZeroIsNan),
            Self::Float8E8m0fnu => Layout::Power,
            Self::Float6E2m3fn => float(2, 3, 1, Special::None),
            Self::Float6E3m2fn => float(3, 2, 3, Special::None),
            Self::Float4E2m1fn => float(2, 1, 1, Special::None),
            Self::Int2 => Layout::Integer { bits: 2, is_signed: true },
            Self::Uint2 => Layout::Integer { bits: 2, is_signed: false },
            Self::Int4 => Layout::Integer { bits: 4, is_signed: true },
            Self::Uint4 => Layout::Integer { bits: 4, is_signed: false },
        }
    }

    /// The value of a code, exactly. Bits that the type does not have mean what they mean to
    /// `ml_dtypes`: a sign for floats, nothing for integers.
    ///
    /// ```
    /// use npstow::MlType;
    /// assert_eq!(MlType::Float8E4m3fn.decode(0x7e), 448.0);
    /// ```
    #[must_use]
    pub fn decode(self, code: u16) -> f32 {
        if self == Self::Bfloat16 {
            return f32::from_bits(u32::from(code) << 16);
        }
        let code = u32::from(code) & 0xff;
        match self.layout() {
            Layout::Float { exponent, mantissa, bias, special } => {
                float(code, (exponent, mantissa, bias), special)
            }
            Layout::Power if code == 0xff => f32::NAN,
            // 2^-127 has no exponent of its own.
            Layout::Power if code == 0 => f32::from_bits(1 << 22),
            Layout::Power => f32::from_bits(code << 23),
            Layout::Integer { bits, is_signed } => {
                let value = code & ((1 << bits) - 1);
                let is_negative = is_signed && value >> (bits - 1) == 1;
                exact(value) - if is_negative { exact(1 << bits) } else { 0.0 }
            }
        }
    }
}

/// A number of few bits.
fn exact(number: u32) -> f32 {
    u16::try_from(number).map_or(f32::NAN, f32::from)
}

/// `2^exponent`, in the range of normal numbers.
fn power(exponent: i32) -> f32 {
    f32::from_bits(u32::try_from(exponent + 127).unwrap_or(0) << 23)
}

fn float(code: u32, (exponent, mantissa, bias): (u32, u32, i32), special: Special) -> f32 {
    let fraction = code & ((1 << mantissa) - 1);
    let most = (1 << exponent) - 1;
    let biased = code >> mantissa & most;
    // Any bit beyond those of the type is a sign to ml_dtypes.
    let is_negative = code >> (mantissa + exponent) != 0;
    let is_top = biased == most;
    let magnitude = match special {
        Special::Ieee if is_top && fraction == 0 => f32::INFINITY,
        Special::Ieee if is_top => f32::NAN,
        Special::LastIsNan if is_top && fraction == (1 << mantissa) - 1 => f32::NAN,
        Special::NegativeZeroIsNan if is_negative && biased == 0 && fraction == 0 => f32::NAN,
        _ => {
            let hidden = u32::from(biased > 0) << mantissa;
            let places = bias + i32::try_from(mantissa).unwrap_or(0);
            let exponent = i32::try_from(biased.max(1)).unwrap_or(0) - places;
            exact(fraction | hidden) * power(exponent)
        }
    };
    if is_negative { -magnitude } else { magnitude }
}

impl fmt::Display for MlType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for MlType {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let known = Self::ALL.iter().find(|(_, name)| *name == text);
        known.map(|(ml, _)| *ml).ok_or_else(|| {
            Error::unsupported(format_args!("the type '{}' of ml_dtypes", quoted(text)))
        })
    }
}

/// An array whose bytes are numbers of `ml_dtypes`; see [`Array::view_ml`].
#[derive(Clone, Debug)]
pub struct MlArray {
    array: Array,
    ml: MlType,
}

impl Array {
    /// The same bytes as numbers of `ml_dtypes`: where they were saved as `V2` or `V1`, or as
    /// unsigned integers of that size. No copy.
    ///
    /// # Errors
    /// `Mismatch` where the dtype is another.
    pub fn view_ml(&self, ml: MlType) -> Result<MlArray> {
        let size = ml.itemsize();
        let fits = self.dtype.as_scalar().is_some_and(|scalar| {
            matches!(scalar.kind(), Kind::Void | Kind::Uint) && scalar.itemsize() == size
        });
        if !fits {
            return Err(Error::mismatch(
                format_args!("elements of dtype |V{size} or u{size} to view as {ml}"),
                named(&self.dtype),
            ));
        }
        Ok(MlArray { array: self.clone(), ml })
    }
}

impl MlArray {
    /// The array as it was saved.
    #[must_use]
    pub fn array(&self) -> &Array {
        &self.array
    }

    /// What its bytes mean.
    #[must_use]
    pub fn ml_type(&self) -> MlType {
        self.ml
    }

    /// The values, all of which a `f32` holds exactly, in a C-contiguous array.
    ///
    /// # Errors
    /// `Limit` and `Io` where there is no memory for it.
    pub fn to_f32(&self) -> Result<Array> {
        let array = self.array.to_contiguous(MemoryOrder::C)?;
        let bytes = array.bytes().unwrap_or_default();
        let nbytes = super::count(array.shape(), size_of::<f32>())? * size_of::<f32>();
        let mut values = BufferMut::zeroed(nbytes)?;
        let to = values.bytes_mut().chunks_exact_mut(size_of::<f32>());
        if self.ml == MlType::Bfloat16 {
            let order = array.dtype().as_scalar().map(crate::Scalar::order);
            for (to, from) in to.zip(bytes.chunks_exact(2)) {
                let mut code = [0; 2];
                code.copy_from_slice(from);
                // What has no order (`V2`) is taken for little-endian, as nearly all are.
                let code = match order {
                    Some(Order::Big) => u16::from_be_bytes(code),
                    _ => u16::from_le_bytes(code),
                };
                to.copy_from_slice(&self.ml.decode(code).to_ne_bytes());
            }
        } else {
            let table: Vec<f32> = (0..=255).map(|code| self.ml.decode(code)).collect();
            for (to, from) in to.zip(bytes) {
                to.copy_from_slice(&table[usize::from(*from)].to_ne_bytes());
            }
        }
        Array::new(f32::dtype(), array.shape(), MemoryOrder::C, values.freeze())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Buffer, Dtype};

    fn bits(value: f32) -> String {
        if value.is_nan() { "nan".to_owned() } else { format!("{:x}", value.to_bits()) }
    }

    #[test]
    fn every_code_means_what_ml_dtypes_says() {
        let mut seen = 0;
        for line in include_str!("../../../../corpus/ml_dtypes.tsv").lines() {
            let [name, _, want] = line.split('\t').collect::<Vec<_>>()[..] else { continue };
            let ml: MlType = name.parse().unwrap();
            seen += 1;
            if ml == MlType::Bfloat16 {
                let mut code = 0xcbf2_9ce4_8422_2325_u64;
                for bits16 in 0..=u16::MAX {
                    let separator = if bits16 == 0 { "" } else { " " };
                    for byte in format!("{separator}{}", bits(ml.decode(bits16))).bytes() {
                        code = (code ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
                    }
                }
                assert_eq!(format!("fnv1a {code:x}"), want);
            } else {
                let codes = Buffer::from((0..=255).collect::<Vec<u8>>());
                let array = Array::new(Dtype::parse("V1").unwrap(), &[256], MemoryOrder::C, codes);
                let values = array.unwrap().view_ml(ml).unwrap().to_f32().unwrap();
                let found: Vec<String> = values.iter::<f32>().unwrap().map(bits).collect();
                assert_eq!(found.join(" "), want, "{name}");
            }
        }
        assert_eq!(seen, MlType::ALL.len());
    }

    #[test]
    fn only_bytes_that_may_be_such_numbers_are_viewed() {
        let two = |descr| {
            Array::new(
                Dtype::parse(descr).unwrap(),
                &[1],
                MemoryOrder::C,
                Buffer::from(vec![0, 64]),
            )
        };
        for (descr, want) in [("V2", 2.0), ("<u2", 2.0)] {
            let values = two(descr).unwrap().view_ml(MlType::Bfloat16).unwrap().to_f32().unwrap();
            assert_eq!(values.to_vec::<f32>().unwrap(), [want]);
        }
        for descr in ["<f2", "<i2", "S2"] {
            assert!(two(descr).unwrap().view_ml(MlType::Bfloat16).is_err());
        }
        let e = two("V2").unwrap().view_ml(MlType::Int4).unwrap_err().to_string();
        assert_eq!(e, "expected elements of dtype |V1 or u1 to view as int4, found |V2");
        assert!("float9".parse::<MlType>().is_err());
    }
}
