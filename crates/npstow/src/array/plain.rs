//! Scalars of NumPy that Rust has no type for, as plain memory.
//!
//! The only `unsafe` of the array layer: three marks that say "any bits will do", on types of one
//! field each. `bytemuck` does the casts; its derive macro would bring a dependency for these.
#![allow(unsafe_code)]

use bytemuck::{Pod, Zeroable};

/// A date as NumPy stores it: a count of the dtype's unit since 1970; see [`Datetime64::NAT`].
///
/// It stands for every unit: the array's dtype says which.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct Datetime64(pub i64);

/// A duration as NumPy stores it: a count of the dtype's unit; see [`Timedelta64::NAT`].
///
/// It stands for every unit: the array's dtype says which.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct Timedelta64(pub i64);

/// NumPy's `longdouble` of 16 bytes, as they lie in memory: on x86-64 ten bytes of x87 extended
/// precision and six that mean nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(C, align(16))]
pub struct LongDouble(pub [u8; 16]);

impl Datetime64 {
    /// "Not a time".
    pub const NAT: Self = Self(i64::MIN);
}

impl Timedelta64 {
    /// "Not a time".
    pub const NAT: Self = Self(i64::MIN);
}

// SAFETY: one i64, `repr(transparent)`: all bits zero is an i64.
unsafe impl Zeroable for Datetime64 {}
// SAFETY: one i64, `repr(transparent)`: any bits are valid, no padding, no interior mutability,
// no pointer, `Copy` and `'static`.
unsafe impl Pod for Datetime64 {}

// SAFETY: as for `Datetime64`.
unsafe impl Zeroable for Timedelta64 {}
// SAFETY: as for `Datetime64`.
unsafe impl Pod for Timedelta64 {}

// SAFETY: sixteen bytes; all zero is valid.
unsafe impl Zeroable for LongDouble {}
// SAFETY: `repr(C)` over `[u8; 16]` with alignment 16 and therefore size 16: no padding; any bits
// are valid, no interior mutability, no pointer, `Copy` and `'static`.
unsafe impl Pod for LongDouble {}

const _: () = assert!(size_of::<LongDouble>() == 16 && align_of::<LongDouble>() == 16);
