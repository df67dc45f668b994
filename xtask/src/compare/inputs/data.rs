//! What P13 reads: how many of what there are, and the sum that is found in them.
#![forbid(unsafe_code)]

use super::elements::{element, positions};

/// A pickle of Python's data, as `compare/python/pattern.py` makes it.
pub(in super::super) struct Data {
    pub(in super::super) name: &'static str,
    pub(in super::super) title: &'static str,
    /// How many times as fast as CPython npstow has to be.
    pub(in super::super) least: f64,
    count: usize,
    /// What is found at a place.
    at: fn(usize) -> f64,
}

impl Data {
    pub(in super::super) const ALL: [Self; 4] = [
        Self {
            name: "ints",
            title: "a list of a million integers",
            least: 2.0,
            count: 1_000_000,
            at: element,
        },
        Self {
            name: "floats",
            title: "a dictionary of 200,000 floats by name",
            least: 2.0,
            count: 200_000,
            at: element,
        },
        Self {
            name: "records",
            title: "100,000 records: id, name, score, tags",
            least: 2.0,
            count: 100_000,
            at: |at| element(at) + whole(at) + whole(at % 7) + whole(at % 5),
        },
        Self {
            name: "arrays",
            title: "10,000 arrays of 16 f4 by name",
            least: 5.0,
            count: 10_000,
            at: |at| whole(at + 15),
        },
    ];

    /// What every reader reports.
    pub(in super::super) fn sum(&self) -> f64 {
        whole(self.count) + positions(self.count).map(self.at).sum::<f64>()
    }
}

#[allow(clippy::cast_precision_loss)] // A million at most.
fn whole(value: usize) -> f64 {
    value as f64
}
