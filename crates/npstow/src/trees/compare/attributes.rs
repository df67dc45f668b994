//! Attributes that are no text, and so no notes.
#![forbid(unsafe_code)]

use super::report::{Difference, Report, Side, What};
use super::{CompareOptions, values};
#[cfg(not(feature = "digest"))]
use crate::Error;
use crate::container::NodeKind;
use crate::{Entry, Notes, Order, Result, Tree};

/// Attributes and their names.
type Named<'a> = &'a [(String, Entry)];

/// What stands beside an item: text, and other attributes.
pub(super) struct Beside<'a> {
    pub(super) notes: Option<&'a Notes>,
    pub(super) others: Named<'a>,
}

impl<'a> Beside<'a> {
    pub(super) fn of(tree: &'a Tree, path: &str) -> Self {
        // A tree has no notes where one attribute is no text.
        match tree.attached(path).and_then(|attached| attached.lost.as_ref()) {
            Some(lost) => Self { notes: Some(&lost.notes), others: &lost.others },
            None => Self { notes: tree.notes(path), others: &[] },
        }
    }
}

/// Compares the attributes of one item by their names.
pub(super) fn compare(path: &str, (left, right): (Named<'_>, Named<'_>), report: &mut Report) {
    let find = |all: Named<'_>, name: &str| all.iter().position(|(n, _)| n == name);
    let place = |name: &str| format!("{path}@{name}");
    let missing = |name: &str, side| {
        let what = What::Missing { side, kind: NodeKind::Array };
        Difference { name: place(name), what }
    };
    for (name, own) in left {
        let Some((_, other)) = find(right, name).and_then(|at| right.get(at)) else {
            report.differences.push(missing(name, Side::Right));
            continue;
        };
        match unlike(own, other) {
            Ok(None) => {}
            Ok(Some(what)) => report.differences.push(Difference { name: place(name), what }),
            Err(e) => report.unread.push(e.in_member(&place(name))),
        }
    }
    let added = right.iter().filter(|(name, _)| find(left, name).is_none());
    report.differences.extend(added.map(|(name, _)| missing(name, Side::Left)));
}

/// How two attributes differ, if they do.
fn unlike(left: &Entry, right: &Entry) -> Result<Option<What>> {
    let dtypes = (left.dtype().clone(), right.dtype().clone());
    if dtypes.0.to_order(Order::Little) != dtypes.1.to_order(Order::Little) {
        return Ok(Some(What::Dtype { left: dtypes.0, right: dtypes.1 }));
    }
    if left.shape() != right.shape() {
        let (left, right) = (left.shape().to_vec(), right.shape().to_vec());
        return Ok(Some(What::Shape { left, right }));
    }
    if is_same(left, right)? {
        return Ok(None);
    }
    // Texts and sequences have no elements of a fixed length, and some bytes are equal as numbers.
    let is_varied = [left, right].iter().any(|one| matches!(one.data(), crate::Data::Varied(_)));
    let options = CompareOptions::default().equal_nan(true);
    let unequal = if is_varied { None } else { values::compare(left, right, &options)? };
    Ok(Some(unequal.map_or(What::Content, |unequal| What::Values(Box::new(unequal)))))
}

/// Whether the content is the same, to the last bit.
#[cfg(feature = "digest")]
fn is_same(left: &Entry, right: &Entry) -> Result<bool> {
    Ok(crate::digest(left)? == crate::digest(right)?)
}

/// Without digests nothing can be said.
#[cfg(not(feature = "digest"))]
fn is_same(_: &Entry, _: &Entry) -> Result<bool> {
    Err(Error::unsupported("comparing attributes that are no text, without the feature 'digest'"))
}
