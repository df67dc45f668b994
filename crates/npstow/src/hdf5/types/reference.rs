//! References: to objects, and to regions of datasets (HDF5 IV.A.2.d, class 7).
#![forbid(unsafe_code)]

use crate::cursor::Cursor;
use crate::hdf5::file::File;
use crate::hdf5::object::selection::Selected;
use crate::hdf5::read::UNDEFINED;
use crate::{Error, Result};
use std::fmt;

/// What a reference to an object that is in no group is shown as.
const DANGLING: &str = "!dangling";

/// The path of an object; none for the null reference.
pub(in crate::hdf5) fn object(file: &File, item: &[u8]) -> Result<Option<String>> {
    let address = file.sizes().address(&mut Cursor::new(item), "a reference")?;
    match address {
        0 | UNDEFINED => Ok(None),
        address => Ok(Some(path(file, address)?)),
    }
}

fn path(file: &File, address: u64) -> Result<String> {
    Ok(file.path_of(address)?.unwrap_or_else(|| DANGLING.to_owned()))
}

/// A part of a dataset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::hdf5) struct Region {
    path: String,
    points: u64,
    /// The first and the last indices, where anything is selected.
    bounds: Option<(Vec<u64>, Vec<u64>)>,
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path == DANGLING {
            return f.write_str(DANGLING);
        }
        let list = |numbers: &[u64]| {
            let numbers: Vec<String> = numbers.iter().map(u64::to_string).collect();
            format!("[{}]", numbers.join(", "))
        };
        match &self.bounds {
            Some((low, high)) => {
                write!(f, "{}|{}|[{}, {}]", self.path, self.points, list(low), list(high))
            }
            None => write!(f, "{}|{}|null", self.path, self.points),
        }
    }
}

/// The region that a reference is to; none for the null reference.
pub(in crate::hdf5) fn region(file: &File, item: &[u8]) -> Result<Option<Region>> {
    let mut cursor = Cursor::new(item);
    let heap = file.sizes().address(&mut cursor, "an address of a heap")?;
    let index = cursor.u32_le("an index in a heap")?;
    if matches!(heap, 0 | UNDEFINED) {
        return Ok(None);
    }
    let bytes = file.heaps().object(file, heap, index)?;
    let at = |e: Error| match e.offset() {
        Some(_) => e.at(file.base().saturating_add(heap)),
        None => e,
    };
    let mut cursor = Cursor::new(&bytes);
    let address = file.sizes().address(&mut cursor, "an address of a dataset").map_err(at)?;
    let path = path(file, address)?;
    let selection = Selected::parse(&mut cursor).map_err(at)?;
    let (points, bounds) = match selection {
        Selected::All => match file.shape_of(address)? {
            shape if shape.contains(&0) => (0, None),
            shape => {
                let points = shape.iter().fold(1u64, |n, &length| n.saturating_mul(length));
                let high = shape.iter().map(|n| n - 1).collect();
                (points, Some((vec![0; shape.len()], high)))
            }
        },
        selection => selection.bounds(),
    };
    Ok(Some(Region { path, points, bounds }))
}
