//! Units of dates and durations: `[25s]`, `[D/2]`.
#![forbid(unsafe_code)]

use super::typestr::c_int;
use super::{Unit, UnitBase};
use crate::error::quoted;
use crate::{Error, Result};
use std::fmt;

impl UnitBase {
    /// From the coarsest to the finest.
    const ALL: [(Self, &'static str); 13] = [
        (Self::Year, "Y"),
        (Self::Month, "M"),
        (Self::Week, "W"),
        (Self::Day, "D"),
        (Self::Hour, "h"),
        (Self::Minute, "m"),
        (Self::Second, "s"),
        (Self::Millisecond, "ms"),
        (Self::Microsecond, "us"),
        (Self::Nanosecond, "ns"),
        (Self::Picosecond, "ps"),
        (Self::Femtosecond, "fs"),
        (Self::Attosecond, "as"),
    ];

    /// How NumPy writes it: `s`, `ms`, `us`.
    #[must_use]
    pub fn symbol(self) -> &'static str {
        Self::ALL.iter().find(|(base, _)| *base == self).map_or("", |(_, symbol)| symbol)
    }

    /// The finer units that a divisor may lead to, and how many of them one unit holds: NumPy's
    /// own table (`_multiples_table` in its datetime.c), which takes a month for 4 weeks or 30
    /// days and a year for 52 weeks or 365 days.
    fn divisions(self) -> &'static [(u32, Self)] {
        match self {
            Self::Year => &[(12, Self::Month), (52, Self::Week), (365, Self::Day)],
            Self::Month => &[(4, Self::Week), (30, Self::Day), (720, Self::Hour)],
            Self::Week => &[(7, Self::Day), (168, Self::Hour), (10_080, Self::Minute)],
            Self::Day => &[(24, Self::Hour), (1440, Self::Minute), (86_400, Self::Second)],
            Self::Hour => &[(60, Self::Minute), (3600, Self::Second)],
            Self::Minute => &[(60, Self::Second), (60_000, Self::Millisecond)],
            Self::Second => &[(1000, Self::Millisecond), (1_000_000, Self::Microsecond)],
            Self::Millisecond => &[(1000, Self::Microsecond), (1_000_000, Self::Nanosecond)],
            Self::Microsecond => &[(1000, Self::Nanosecond), (1_000_000, Self::Picosecond)],
            Self::Nanosecond => &[(1000, Self::Picosecond), (1_000_000, Self::Femtosecond)],
            Self::Picosecond => &[(1000, Self::Femtosecond), (1_000_000, Self::Attosecond)],
            Self::Femtosecond => &[(1000, Self::Attosecond)],
            Self::Attosecond => &[],
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.multiple != 1 {
            write!(f, "{}", self.multiple)?;
        }
        f.write_str(self.base.symbol())
    }
}

impl Unit {
    /// Reads `[25s]`, brackets included; `[generic]` and nothing at all are no unit.
    pub(super) fn parse(text: &str) -> Result<Option<Self>> {
        if text.is_empty() {
            return Ok(None);
        }
        let bad = || Error::corrupt("a unit such as [ns], [25s] or [D/2]", quoted(text));
        let inner = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')).ok_or_else(bad)?;
        let (counted, divisor) = match inner.split_once('/') {
            Some((counted, divisor)) => (counted, c_int(divisor).ok_or_else(bad)?),
            None => (inner, 1),
        };
        let symbol_at = counted.find(|c: char| c.is_alphabetic()).ok_or_else(bad)?;
        let (multiple, symbol) = counted.split_at(symbol_at);
        let multiple = if multiple.is_empty() { 1 } else { c_int(multiple).ok_or_else(bad)? };
        // It ends a Python process.
        if divisor == 0 {
            return Err(bad());
        }
        // NumPy takes a count of nothing.
        if multiple == 0 {
            return Err(Error::unsupported(format!("the unit {}", quoted(text))));
        }
        if symbol == "generic" {
            return if divisor == 1 { Ok(None) } else { Err(bad()) };
        }
        let symbol = if symbol == "μs" { "us" } else { symbol };
        let base = UnitBase::ALL.iter().find(|(_, s)| *s == symbol).ok_or_else(bad)?.0;
        Self { multiple, base }.divided_by(divisor).ok_or_else(bad).map(Some)
    }

    /// The same span in a finer unit, so that no divisor is needed.
    fn divided_by(self, divisor: u32) -> Option<Self> {
        if divisor == 1 {
            return Some(self);
        }
        let exact = |(count, _): &&(u32, UnitBase)| count % divisor == 0;
        let (count, base) = self.base.divisions().iter().find(exact)?;
        let multiple = self.multiple.checked_mul(count / divisor)?;
        i32::try_from(multiple).ok()?;
        Some(Self { multiple, base: *base })
    }
}
