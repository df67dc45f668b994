//! Dates and durations as text: ISO 8601, as `numpy.datetime_as_string`.
#![forbid(unsafe_code)]

use crate::{Unit, UnitBase};

/// "Not a time".
pub(super) const NAT: i64 = i64::MIN;

/// A date, without quotes. Counts wrap around where NumPy's do.
pub(super) fn date(count: i64, unit: Option<Unit>) -> String {
    if count == NAT {
        return "NaT".to_owned();
    }
    let Some(unit) = unit else { return count.to_string() };
    let count = count.wrapping_mul(i64::from(unit.multiple));
    match unit.base {
        UnitBase::Year => year(1970_i64.wrapping_add(count)),
        UnitBase::Month => {
            let years = 1970 + count.div_euclid(12);
            format!("{}-{:02}", year(years), count.rem_euclid(12) + 1)
        }
        UnitBase::Week => day(i128::from(count.wrapping_mul(7))),
        UnitBase::Day => day(i128::from(count)),
        _ => moment(i128::from(count), unit.base),
    }
}

/// C's `%04d`, whose width counts the sign.
fn year(year: i64) -> String {
    format!("{year:04}")
}

/// Days since 1970 in the Gregorian calendar, which is taken to hold for ever.
fn day(days: i128) -> String {
    // Eras of 400 years, which start on the first of March of year 0 (H. Hinnant's algorithm).
    let shifted = days + 719_468;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let years = year_of_era + era * 400 + i128::from(month <= 2);
    let years = i64::try_from(years).unwrap_or(i64::MAX);
    format!("{}-{month:02}-{day:02}", year(years))
}

/// Hours and finer.
fn moment(count: i128, base: UnitBase) -> String {
    // How many of them a second has, or how many seconds it has.
    let (per_second, seconds, places) = match base {
        UnitBase::Hour => (1, 3600, 0),
        UnitBase::Minute => (1, 60, 0),
        UnitBase::Millisecond => (1000, 1, 3),
        UnitBase::Microsecond => (1_000_000, 1, 6),
        UnitBase::Nanosecond => (1_000_000_000, 1, 9),
        UnitBase::Picosecond => (1_000_000_000_000, 1, 12),
        UnitBase::Femtosecond => (1_000_000_000_000_000, 1, 15),
        UnitBase::Attosecond => (1_000_000_000_000_000_000, 1, 18),
        _ => (1, 1, 0),
    };
    let (whole, part) = (count.div_euclid(per_second) * seconds, count.rem_euclid(per_second));
    let (days, of_day) = (whole.div_euclid(86_400), whole.rem_euclid(86_400));
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    let day = day(days);
    match base {
        UnitBase::Hour => format!("{day}T{hour:02}"),
        UnitBase::Minute => format!("{day}T{hour:02}:{minute:02}"),
        UnitBase::Second => format!("{day}T{hour:02}:{minute:02}:{second:02}"),
        _ => format!("{day}T{hour:02}:{minute:02}:{second:02}.{part:0places$}"),
    }
}

/// A duration on its own: `25 days`.
pub(super) fn duration(count: i64, unit: Option<Unit>) -> String {
    if count == NAT {
        return "NaT".to_owned();
    }
    let multiple = unit.map_or(1, |unit| i64::from(unit.multiple));
    let name = match unit.map(|unit| unit.base) {
        None => "generic time units",
        Some(UnitBase::Year) => "years",
        Some(UnitBase::Month) => "months",
        Some(UnitBase::Week) => "weeks",
        Some(UnitBase::Day) => "days",
        Some(UnitBase::Hour) => "hours",
        Some(UnitBase::Minute) => "minutes",
        Some(UnitBase::Second) => "seconds",
        Some(UnitBase::Millisecond) => "milliseconds",
        Some(UnitBase::Microsecond) => "microseconds",
        Some(UnitBase::Nanosecond) => "nanoseconds",
        Some(UnitBase::Picosecond) => "picoseconds",
        Some(UnitBase::Femtosecond) => "femtoseconds",
        Some(UnitBase::Attosecond) => "attoseconds",
    };
    format!("{} {name}", count.wrapping_mul(multiple))
}
