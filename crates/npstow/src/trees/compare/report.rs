//! Differences, as data and as lines of text.
#![forbid(unsafe_code)]

use crate::array::Shape;
use crate::container::NodeKind;
use crate::error::quoted;
use crate::{Dtype, Error};
use std::fmt;

/// What [`compare`](super::compare) found.
#[derive(Debug, Default)]
pub struct Report {
    pub(super) differences: Vec<Difference>,
    pub(super) unread: Vec<Error>,
    pub(super) compared: usize,
}

impl Report {
    /// The differences, in the order of the left tree; what only the right one has comes last.
    #[must_use]
    pub fn differences(&self) -> &[Difference] {
        &self.differences
    }

    /// Why some arrays and attributes could not be compared.
    #[must_use]
    pub fn unread(&self) -> &[Error] {
        &self.unread
    }

    /// How many arrays and values both trees have.
    #[must_use]
    pub fn compared(&self) -> usize {
        self.compared
    }

    /// Whether everything was compared and nothing differs.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.differences.is_empty() && self.unread.is_empty()
    }
}

/// Something that differs, and where. As text, it is a line without the name.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The slash path of the array or group; `""` is the tree itself. Behind it, `@` and the name of
    /// an attribute that is no text.
    pub name: String,
    /// What differs.
    pub what: What,
}

/// One of two trees that are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The first one.
    Left,
    /// The second one.
    Right,
}

/// A difference between two things of the same name.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum What {
    /// It is only in one of the trees, and so is all that is below it.
    Missing {
        /// The tree that has it not.
        side: Side,
        /// What it is in the other one.
        kind: NodeKind,
    },
    /// One is a group and the other an array, or bytes that are no array.
    Kind {
        /// What the left one is.
        left: NodeKind,
        /// What the right one is.
        right: NodeKind,
    },
    /// The elements are of different types; byte order aside. Numbers are compared all the same,
    /// and so are strings and records of the same fields.
    Dtype {
        /// That of the left array.
        left: Dtype,
        /// That of the right array.
        right: Dtype,
    },
    /// The lengths of the axes differ; values are not compared then.
    Shape {
        /// Those of the left array.
        left: Vec<usize>,
        /// Those of the right array.
        right: Vec<usize>,
    },
    /// Some elements are not equal.
    Values(Box<Unequal>),
    /// Attributes have another content: texts, sequences, or bytes that are equal as numbers.
    Content,
    /// The value of a key of the metadata.
    Meta {
        /// The key.
        key: String,
        /// The value in the left tree, where there is one.
        left: Option<String>,
        /// The value in the right tree, where there is one.
        right: Option<String>,
    },
    /// Lines of the metadata that are no values of keys, or their order.
    MetaLines,
    /// The names of rows, or a list of strings.
    Names {
        /// The first one that differs.
        index: usize,
        /// What stands there in the left tree.
        left: Option<String>,
        /// What stands there in the right tree.
        right: Option<String>,
    },
    /// The labels of columns.
    Labels {
        /// The first one that differs.
        index: usize,
        /// What stands there in the left tree.
        left: Option<String>,
        /// What stands there in the right tree.
        right: Option<String>,
    },
}

/// How the values of two arrays differ.
#[derive(Clone, Debug, PartialEq)]
pub struct Unequal {
    /// How many elements differ.
    pub count: u64,
    /// Of how many.
    pub total: u64,
    /// The index of the first one that differs.
    pub first: Vec<usize>,
    /// Of a record, the field that differs there; fields within fields are separated by points.
    pub field: String,
    /// The left element there, as NumPy prints it.
    pub left: String,
    /// The right element there.
    pub right: String,
    /// The largest difference of two numbers, where numbers differ; `None` where all that differ
    /// are strings or not numbers.
    pub largest: Option<f64>,
    /// The index of the largest difference.
    pub largest_at: Vec<usize>,
    /// The largest difference as a part of the right number.
    pub relative: Option<f64>,
}

fn kind(kind: NodeKind) -> &'static str {
    match kind {
        NodeKind::Group => "a group",
        NodeKind::Array => "an array",
        NodeKind::Value => "a value",
    }
}

fn text(value: Option<&String>) -> String {
    value.map_or_else(|| "none".to_owned(), |value| format!("'{}'", quoted(value)))
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.what {
            What::Missing { side: Side::Left, kind: of } => {
                write!(f, "only on the right: {}", kind(*of))
            }
            What::Missing { side: Side::Right, kind: of } => {
                write!(f, "only on the left: {}", kind(*of))
            }
            What::Kind { left, right } => write!(f, "{} and {}", kind(*left), kind(*right)),
            What::Dtype { left, right } => {
                let (left, right) = (quoted(&left.to_string()), quoted(&right.to_string()));
                write!(f, "dtype {left} and {right}")
            }
            What::Shape { left, right } => write!(f, "shape {} and {}", Shape(left), Shape(right)),
            What::Values(unequal) => unequal.fmt(f),
            What::Content => f.write_str("another content"),
            What::Meta { key, left, right } => {
                let (left, right) = (text(left.as_ref()), text(right.as_ref()));
                write!(f, "metadata '{}': {left} and {right}", quoted(key))
            }
            What::MetaLines => f.write_str("metadata: other lines, or another order"),
            What::Names { index, left, right } => {
                write!(f, "name {index}: {} and {}", text(left.as_ref()), text(right.as_ref()))
            }
            What::Labels { index, left, right } => {
                write!(f, "label {index}: {} and {}", text(left.as_ref()), text(right.as_ref()))
            }
        }
    }
}

impl fmt::Display for Unequal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { count, total, left, right, .. } = self;
        write!(f, "{count} of {total} values differ, first at {}", Shape(&self.first))?;
        if !self.field.is_empty() {
            write!(f, " in the field '{}'", quoted(&self.field))?;
        }
        write!(f, ": {left} and {right}")?;
        if let Some(largest) = self.largest {
            write!(f, "; largest difference {largest} at {}", Shape(&self.largest_at))?;
        }
        match self.relative {
            Some(relative) => write!(f, ", largest relative {relative}"),
            None => Ok(()),
        }
    }
}
