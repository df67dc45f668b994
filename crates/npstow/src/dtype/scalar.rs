//! One number, string, date or object: its kind, byte order, size and unit.
#![forbid(unsafe_code)]

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
    /// `f`: binary float of 2, 4, 8 bytes, or long double (12 or 16).
    Float,
    /// `c`: two floats; 8, 16 bytes, or long double (24 or 32).
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

impl Scalar {
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

    /// The unit of a date or duration; `None` for generic ones and all other kinds.
    #[must_use]
    pub fn unit(self) -> Option<Unit> {
        self.unit
    }
}
