//! The middle and the spread of a few numbers.
#![forbid(unsafe_code)]

/// Median, smallest and largest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Spread {
    pub(super) median: f64,
    pub(super) least: f64,
    pub(super) most: f64,
    /// Where the median of many more rounds would be, with a certainty of 95 % where there are
    /// at least 6 numbers.
    pub(super) sure: (f64, f64),
}

impl Spread {
    /// Of at least one number.
    pub(super) fn of(values: &[f64]) -> Self {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let at = |index: usize| sorted.get(index).copied().unwrap_or(f64::NAN);
        let half = sorted.len() / 2;
        let median = if sorted.len() % 2 == 1 { at(half) } else { (at(half - 1) + at(half)) / 2.0 };
        let last = sorted.len() - 1;
        let place = surely_below(sorted.len());
        Self { median, least: at(0), most: at(last), sure: (at(place), at(last - place)) }
    }

    /// Of `over / under`, round by round.
    pub(super) fn of_ratios(over: &[f64], under: &[f64]) -> Self {
        Self::of(&over.iter().zip(under).map(|(over, under)| over / under).collect::<Vec<_>>())
    }
}

/// How many of so many numbers, drawn by chance, are below the true median and as many above it,
/// with a certainty of 95 %: whether each is, is the toss of a coin.
fn surely_below(count: usize) -> usize {
    let (mut chance, mut sum, mut below) =
        (0.5f64.powi(i32::try_from(count).unwrap_or(i32::MAX)), 0.0, 0);
    // The chance that at most `below` are on one side, for either side.
    for heads in 0..count / 2 {
        sum += 2.0 * chance;
        if sum > 0.05 {
            break;
        }
        below = heads;
        #[allow(clippy::cast_precision_loss)] // Some dozens.
        let next = (count - heads) as f64 / (heads + 1) as f64;
        chance *= next;
    }
    below
}

/// `start + slope * x`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Line {
    pub(super) start: f64,
    pub(super) slope: f64,
}

impl Line {
    /// The line nearest to the points, the distances taken relative to their heights.
    pub(super) fn through(points: &[(f64, f64)]) -> Self {
        let (mut w, mut wx, mut wy, mut wxx, mut wxy) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for (x, y) in points {
            let weight = 1.0 / (y * y);
            w += weight;
            wx += weight * x;
            wy += weight * y;
            wxx += weight * x * x;
            wxy += weight * x * y;
        }
        let slope = (w * wxy - wx * wy) / (w * wxx - wx * wx);
        Self { start: (wy - slope * wx) / w, slope }
    }

    pub(super) fn at(self, x: f64) -> f64 {
        self.start + self.slope * x
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
    fn lines() {
        let line = Line::through(&[(1.0, 12.0), (10.0, 30.0), (100.0, 210.0)]);
        assert!((line.start - 10.0).abs() < 1e-9 && (line.slope - 2.0).abs() < 1e-9);
        assert!((line.at(5.0) - 20.0).abs() < 1e-9);
    }

    #[test]
    fn middle_and_ends() {
        let odd = Spread::of(&[3.0, 1.0, 2.0]);
        assert_eq!((odd.median, odd.least, odd.most), (2.0, 1.0, 3.0));
        assert_eq!(Spread::of(&[4.0, 1.0, 2.0, 3.0]).median, 2.5);
        let many: Vec<f64> = (1..=21u8).map(f64::from).collect();
        assert_eq!(Spread::of(&many).sure, (6.0, 16.0));
        assert_eq!(Spread::of(&many[..7]).sure, (1.0, 7.0));
        assert_eq!(Spread::of(&many[..3]).sure, (1.0, 3.0));
        assert_eq!(Spread::of_ratios(&[2.0, 6.0, 4.0], &[1.0, 2.0, 4.0]).median, 2.0);
        let texts = [1234.5, 12.34, 1.234, 0.0456].map(digits);
        assert_eq!(texts, ["1234", "12.3", "1.23", "0.046"]);
    }
}
