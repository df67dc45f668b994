//! The middle and the spread of a few numbers.
#![forbid(unsafe_code)]

/// Median, smallest and largest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Spread {
    pub(super) median: f64,
    pub(super) least: f64,
    pub(super) most: f64,
}

impl Spread {
    /// Of at least one number.
    pub(super) fn of(values: &[f64]) -> Self {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let at = |index: usize| sorted.get(index).copied().unwrap_or(f64::NAN);
        let half = sorted.len() / 2;
        let median = if sorted.len() % 2 == 1 { at(half) } else { (at(half - 1) + at(half)) / 2.0 };
        Self { median, least: at(0), most: at(sorted.len() - 1) }
    }

    /// Of `over / under`, round by round.
    pub(super) fn of_ratios(over: &[f64], under: &[f64]) -> Self {
        Self::of(&over.iter().zip(under).map(|(over, under)| over / under).collect::<Vec<_>>())
    }
}

/// Three digits that count, whatever the size.
pub(super) fn digits(value: f64) -> String {
    let decimals = match value.abs() {
        v if v >= 100.0 => 0,
        v if v >= 10.0 => 1,
        v if v >= 1.0 => 2,
        _ => 3,
    };
    format!("{value:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn middle_and_ends() {
        let odd = Spread::of(&[3.0, 1.0, 2.0]);
        assert_eq!((odd.median, odd.least, odd.most), (2.0, 1.0, 3.0));
        assert_eq!(Spread::of(&[4.0, 1.0, 2.0, 3.0]).median, 2.5);
        assert_eq!(Spread::of_ratios(&[2.0, 6.0, 4.0], &[1.0, 2.0, 4.0]).median, 2.0);
        let texts = [1234.5, 12.34, 1.234, 0.0456].map(digits);
        assert_eq!(texts, ["1234", "12.3", "1.23", "0.046"]);
    }
}
