//! Which bytes of an item change places when its byte order changes.
#![forbid(unsafe_code)]

use super::{Dtype, Kind, Order, Record, Scalar};

/// The byte groups of one item that are reversed to get from one byte order to the other.
///
/// The plan is a tree as the dtype is: its size is bounded by the dtype's, not by its counts.
/// Where fields overlap no plan can be right; see [`Record::has_overlap`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SwapPlan {
    /// No byte moves.
    Nothing,
    /// The item is nothing but groups of this many bytes, back to back; each is reversed.
    Uniform(usize),
    /// Parts of the item, in ascending order; the bytes between them stay.
    Parts(Vec<SwapPart>),
}

/// `count` parts of `nbytes` each, back to back from `offset`, each of them swapped by `plan`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SwapPart {
    pub(crate) offset: usize,
    pub(crate) nbytes: usize,
    pub(crate) count: usize,
    /// Never [`SwapPlan::Nothing`].
    pub(crate) plan: SwapPlan,
}

impl SwapPlan {
    #[cfg(test)]
    /// Swaps one item in place. Bytes beyond the end of `item` are left alone, not missed.
    pub(crate) fn apply(&self, item: &mut [u8]) {
        match self {
            Self::Nothing | Self::Uniform(0) => {}
            Self::Uniform(width) => item.chunks_exact_mut(*width).for_each(<[u8]>::reverse),
            Self::Parts(parts) => {
                for part in parts.iter().filter(|part| part.nbytes > 0) {
                    let bytes = item.get_mut(part.offset..).unwrap_or_default();
                    for one in bytes.chunks_exact_mut(part.nbytes).take(part.count) {
                        part.plan.apply(one);
                    }
                }
            }
        }
    }
}

impl Dtype {
    #[cfg(test)]
    /// The plan that reverses everything that has a byte order: NumPy's `byteswap`.
    pub(crate) fn swaps(&self) -> SwapPlan {
        plan(self, &|_| true)
    }

    /// The plan that brings items of this dtype to `order`: only what is not yet in it moves.
    pub(crate) fn swaps_to(&self, order: Order) -> SwapPlan {
        plan(self, &|scalar| scalar.order() != order && order != Order::None)
    }
}

fn plan(dtype: &Dtype, wanted: &dyn Fn(Scalar) -> bool) -> SwapPlan {
    match dtype {
        Dtype::Scalar(scalar) => match scalar.swap_width() {
            Some(width) if scalar.itemsize() > 0 && wanted(*scalar) => SwapPlan::Uniform(width),
            _ => SwapPlan::Nothing,
        },
        Dtype::Array(base, shape) => match plan(base, wanted) {
            SwapPlan::Parts(parts) => {
                let count = shape.iter().fold(1_usize, |n, len| n.saturating_mul(*len));
                let nbytes = base.itemsize();
                match count {
                    0 => SwapPlan::Nothing,
                    1 => SwapPlan::Parts(parts),
                    _ => SwapPlan::Parts(vec![SwapPart {
                        offset: 0,
                        nbytes,
                        count,
                        plan: SwapPlan::Parts(parts),
                    }]),
                }
            }
            same if dtype.itemsize() > 0 => same,
            _ => SwapPlan::Nothing,
        },
        Dtype::Record(record) => record_plan(record, wanted),
    }
}

fn record_plan(record: &Record, wanted: &dyn Fn(Scalar) -> bool) -> SwapPlan {
    let mut parts: Vec<SwapPart> = Vec::new();
    for field in record.fields() {
        let nbytes = field.dtype().itemsize();
        match plan(field.dtype(), wanted) {
            SwapPlan::Nothing => {}
            _ if nbytes == 0 => {}
            plan @ SwapPlan::Uniform(_) => {
                parts.push(SwapPart { offset: field.offset(), nbytes, count: 1, plan });
            }
            // Parts of parts are lifted, so that a record in a record costs nothing.
            SwapPlan::Parts(inner) => parts.extend(
                inner.into_iter().map(|p| SwapPart { offset: p.offset + field.offset(), ..p }),
            ),
        }
    }
    parts.sort_by_key(|part| part.offset);
    let mut merged: Vec<SwapPart> = Vec::with_capacity(parts.len());
    for part in parts {
        match merged.last_mut() {
            Some(last)
                if last.count == 1
                    && part.count == 1
                    && last.plan == part.plan
                    && matches!(part.plan, SwapPlan::Uniform(_))
                    && last.offset + last.nbytes == part.offset =>
            {
                last.nbytes += part.nbytes;
            }
            _ => merged.push(part),
        }
    }
    match merged.as_slice() {
        [] => SwapPlan::Nothing,
        [SwapPart { offset: 0, nbytes, count: 1, plan: plan @ SwapPlan::Uniform(_) }]
            if *nbytes == record.itemsize() =>
        {
            plan.clone()
        }
        _ => SwapPlan::Parts(merged),
    }
}

impl Scalar {
    /// Bytes of one group; `None` where bytes have no order. Objects have none: their payload is
    /// a pickle, callers refuse them.
    fn swap_width(self) -> Option<usize> {
        match self.kind() {
            Kind::Bool | Kind::Bytes | Kind::Void | Kind::Object => None,
            Kind::Int | Kind::Uint | Kind::Float | Kind::Datetime | Kind::Timedelta => {
                Some(self.itemsize()).filter(|size| *size > 1)
            }
            Kind::Complex => Some(self.itemsize() / 2),
            Kind::Str => Some(4),
        }
    }
}
