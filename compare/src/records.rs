//! P13: what Python's data are, and what is looked at of them: the same in every language.
#![forbid(unsafe_code)]

/// How many there are of what each file holds.
pub(crate) const INTS: usize = 1_000_000;
pub(crate) const FLOATS: usize = 200_000;
pub(crate) const RECORDS: usize = 100_000;
pub(crate) const ARRAYS: usize = 10_000;

/// Eight places among so many.
pub(crate) fn places(count: usize) -> impl Iterator<Item = usize> {
    (0..8).map(move |step| (count - 1) * step / 7)
}

/// The sum over eight places, and how many there are; `None` where something is not there.
pub(crate) fn sum(
    count: Option<usize>,
    expected: usize,
    mut at: impl FnMut(usize) -> Option<f64>,
) -> Result<f64, String> {
    if count != Some(expected) {
        return Err(format!("{count:?} values"));
    }
    #[allow(clippy::cast_precision_loss)] // A million at most.
    let mut total = expected as f64;
    for place in places(expected) {
        total += at(place).ok_or_else(|| format!("nothing at place {place}"))?;
    }
    Ok(total)
}

/// The key of a float.
pub(crate) fn key(at: usize) -> String {
    format!("key{at:06}")
}

/// A record, for those who want one of their own.
#[derive(serde::Deserialize)]
pub(crate) struct Row {
    pub(crate) id: u32,
    pub(crate) name: String,
    pub(crate) score: f64,
    pub(crate) tags: Vec<u8>,
}

impl Row {
    /// What is looked at of it.
    pub(crate) fn check(&self) -> f64 {
        f64::from(self.id) + self.score + f64::from(self.tags.iter().sum::<u8>())
    }

    /// Whether it has the name that it should have.
    pub(crate) fn is_named(&self) -> bool {
        self.name == format!("name{}", self.id)
    }
}
