//! One number, string, date or object: its kind, byte order, size and unit.
#![forbid(unsafe_code)]

use super::typestr;
use crate::{Error, Result};
use std::fmt;

/// The largest item, in bytes: NumPy holds item sizes in a C int.
pub(super) const MAX_ITEMSIZE: usize = 0x7fff_ffff;

/// NumPy's kind of a scalar: the letter in `dtype.kind`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// `b`: one byte, 0 or 1.
    Bool,
    /// `i`: signed integer of 1, 2, 4 or 8 bytes.
    Int,
    /// `u`: unsigned integer of 1, 2, 4 or 8 bytes.
    Uint,
    /// `f`: binary float of 2, 4, 8 bytes, or the long double of 16 bytes.
    Float,
    /// `c`: two floats: 8, 16 bytes, or two long doubles, 32 bytes.
    Complex,
    /// `S`: bytes of fixed length, padded with NUL.
    Bytes,
    /// `U`: text of fixed length in UTF-32 code points, padded with NUL.
    Str,
    /// `V`: bytes without meaning.
    Void,
    /// `M`: 64-bit count of units since 1970.
    Datetime,
    /// `m`: 64-bit count of units.
    Timedelta,
    /// `O`: a Python object; the payload is a pickle, the size is that of a pointer.
    Object,
}

/// Byte order of a scalar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Order {
    /// `<`
    Little,
    /// `>`
    Big,
    /// `|`: single bytes and strings of bytes have none.
    None,
}

impl Order {
    /// The machine's own.
    pub const NATIVE: Self = if cfg!(target_endian = "little") { Self::Little } else { Self::Big };
    /// The other one.
    pub const SWAPPED: Self = if cfg!(target_endian = "little") { Self::Big } else { Self::Little };
}

/// Base unit of a date or a duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum UnitBase {
    /// `Y`
    Year,
    /// `M`
    Month,
    /// `W`
    Week,
    /// `D`
    Day,
    /// `h`
    Hour,
    /// `m`
    Minute,
    /// `s`
    Second,
    /// `ms`
    Millisecond,
    /// `us`
    Microsecond,
    /// `ns`
    Nanosecond,
    /// `ps`
    Picosecond,
    /// `fs`
    Femtosecond,
    /// `as`
    Attosecond,
}

/// Unit of a date or a duration: `25s` is 25 times [`UnitBase::Second`]. A generic date or
/// duration (`<m8` without brackets) has no unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Unit {
    /// How many base units one count is; at least 1.
    pub multiple: u32,
    /// What is counted.
    pub base: UnitBase,
}

/// A dtype without parts: what NumPy calls a built-in scalar type, with its byte order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Scalar {
    pub(super) kind: Kind,
    pub(super) order: Order,
    pub(super) size: usize,
    pub(super) unit: Option<Unit>,
}

impl Kind {
    /// The letter in type strings.
    #[must_use]
    pub fn letter(self) -> char {
        match self {
            Self::Bool => 'b',
            Self::Int => 'i',
            Self::Uint => 'u',
            Self::Float => 'f',
            Self::Complex => 'c',
            Self::Bytes => 'S',
            Self::Str => 'U',
            Self::Void => 'V',
            Self::Datetime => 'M',
            Self::Timedelta => 'm',
            Self::Object => 'O',
        }
    }
}

impl Order {
    /// The sign in type strings.
    #[must_use]
    pub fn sign(self) -> char {
        match self {
            Self::Little => '<',
            Self::Big => '>',
            Self::None => '|',
        }
    }
}

impl Scalar {
    /// A scalar of a kind, an order and a size in bytes. What has no byte order (single bytes,
    /// `S`, `V`, `O`) gets [`Order::None`] whatever is given.
    ///
    /// ```
    /// use npstow::{Kind, Order, Scalar};
    /// assert_eq!(Scalar::new(Kind::Float, Order::Little, 4)?.typestr(), "<f4");
    /// assert_eq!(Scalar::new(Kind::Int, Order::Little, 1)?.typestr(), "|i1");
    /// # Ok::<(), npstow::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `Unsupported` where the kind has no such size, `Limit` beyond 2^31 - 1 bytes (NumPy's own
    /// bound), `Invalid` where the kind needs an order and none is given.
    pub fn new(kind: Kind, order: Order, itemsize: usize) -> Result<Self> {
        if itemsize > MAX_ITEMSIZE {
            return Err(Error::limit("an item size (bytes)", 0x7fff_ffff, itemsize));
        }
        let is_size = match kind {
            Kind::Bool => itemsize == 1,
            Kind::Int | Kind::Uint => matches!(itemsize, 1 | 2 | 4 | 8),
            Kind::Float => matches!(itemsize, 2 | 4 | 8 | 16),
            Kind::Complex => matches!(itemsize, 8 | 16 | 32),
            Kind::Datetime | Kind::Timedelta | Kind::Object => itemsize == 8,
            Kind::Str => itemsize % 4 == 0,
            Kind::Bytes | Kind::Void => true,
        };
        if !is_size {
            let letter = kind.letter();
            return Err(Error::unsupported(format!("the kind '{letter}' in {itemsize} bytes")));
        }
        let order = match kind {
            Kind::Bool | Kind::Bytes | Kind::Void | Kind::Object => Order::None,
            Kind::Int | Kind::Uint if itemsize == 1 => Order::None,
            _ if order == Order::None => {
                let letter = kind.letter();
                return Err(Error::invalid(format!("the kind '{letter}' needs a byte order")));
            }
            _ => order,
        };
        Ok(Self { kind, order, size: itemsize, unit: None })
    }

    /// The same date or duration counted in a unit; `None` for the generic one.
    ///
    /// # Errors
    ///
    /// `Invalid` where the kind has no unit, or the multiple is not of 1 to 2^31 - 1.
    pub fn with_unit(self, unit: Option<Unit>) -> Result<Self> {
        if unit.is_some() && !matches!(self.kind, Kind::Datetime | Kind::Timedelta) {
            return Err(Error::invalid(format!("the kind '{}' has no unit", self.kind.letter())));
        }
        if unit.is_some_and(|unit| !(1..=0x7fff_ffff).contains(&unit.multiple)) {
            return Err(Error::invalid("the multiple of a unit is of 1 to 2147483647"));
        }
        Ok(Self { unit, ..self })
    }

    /// Reads a type string or a name of `numpy.dtype` for one scalar: `<f8`, `>M8[25s]`, `int`.
    ///
    /// # Errors
    ///
    /// `Corrupt` for what NumPy does not know, `Unsupported` for what it knows and npstow does not
    /// hold, `Limit` for sizes beyond NumPy's.
    pub fn parse(text: &str) -> Result<Self> {
        typestr::scalar(text)
    }

    /// The type string, as NumPy's `dtype.str`.
    #[must_use]
    pub fn typestr(self) -> String {
        self.to_string()
    }

    /// The kind.
    #[must_use]
    pub fn kind(self) -> Kind {
        self.kind
    }

    /// The byte order; [`Order::None`] where bytes have none.
    #[must_use]
    pub fn order(self) -> Order {
        self.order
    }

    /// Size in bytes (also for `U`, whose `descr` counts code points of four bytes).
    #[must_use]
    pub fn itemsize(self) -> usize {
        self.size
    }

    /// Where in memory NumPy puts items: at multiples of this.
    #[must_use]
    pub fn alignment(self) -> usize {
        match self.kind {
            Kind::Bool | Kind::Bytes | Kind::Void => 1,
            Kind::Str => 4,
            Kind::Complex => self.size / 2,
            Kind::Object | Kind::Datetime | Kind::Timedelta => 8,
            Kind::Int | Kind::Uint | Kind::Float => self.size,
        }
    }

    /// The unit of a date or duration; `None` for generic ones and all other kinds.
    #[must_use]
    pub fn unit(self) -> Option<Unit> {
        self.unit
    }

    /// The same in another byte order; what has none stays as it is, and nothing loses its own.
    #[must_use]
    pub fn to_order(self, order: Order) -> Self {
        if self.order == Order::None || order == Order::None {
            return self;
        }
        Self { order, ..self }
    }

    /// A string or void of no bytes, which takes its size from what follows: `('S', 3)`.
    pub(super) fn is_unsized(self) -> bool {
        self.size == 0 && matches!(self.kind, Kind::Bytes | Kind::Str | Kind::Void)
    }
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.order.sign(), self.kind.letter())?;
        match self.kind {
            Kind::Object => {}
            Kind::Str => write!(f, "{}", self.size / 4)?,
            _ => write!(f, "{}", self.size)?,
        }
        self.unit.map_or(Ok(()), |unit| write!(f, "[{unit}]"))
    }
}
